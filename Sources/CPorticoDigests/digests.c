#include <openssl/evp.h>

#include "CPorticoDigests.h"

static size_t digest(const EVP_MD *kind, const uint8_t *bytes, size_t count, uint8_t *into) {
    unsigned length = 0;
    return EVP_Digest(bytes ? bytes : (const uint8_t *)"", count, into, &length, kind, NULL) == 1
        ? length
        : 0;
}

size_t portico_digest_md5(const uint8_t *bytes, size_t count, uint8_t *into) {
    return digest(EVP_md5(), bytes, count, into);
}

size_t portico_digest_sha1(const uint8_t *bytes, size_t count, uint8_t *into) {
    return digest(EVP_sha1(), bytes, count, into);
}
