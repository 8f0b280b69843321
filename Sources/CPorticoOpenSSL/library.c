#include "objects.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <string.h>

static portico_library library;
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

// A BIO over the wire of the step that runs: reads straight from the caller's ciphertext, writes
// straight into the caller's buffer. It owns nothing, so an idle connection holds nothing in it.

static int wire_read(BIO *bio, char *bytes, int count) {
    portico_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count <= 0) return 0;
    size_t given = (size_t)count < tls->wire.input_count ? (size_t)count : tls->wire.input_count;
    if (given == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(bytes, tls->wire.input, given);
    tls->wire.input += given;
    tls->wire.input_count -= given;
    return (int)given;
}

static int wire_write(BIO *bio, const char *bytes, int count) {
    portico_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (count <= 0) return 0;
    tls->wire.sink(tls->wire.owner, (const uint8_t *)bytes, (size_t)count);
    return count;
}

static long wire_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int wire_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

static void prepare(void) {
    library.wire = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "portico wire");
    if (library.wire) {
        BIO_meth_set_read(library.wire, wire_read);
        BIO_meth_set_write(library.wire, wire_write);
        BIO_meth_set_ctrl(library.wire, wire_control);
        BIO_meth_set_create(library.wire, wire_create);
    }
    library.aes256 = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    library.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    library.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

const portico_library *portico_library_get(void) {
    if (!CRYPTO_THREAD_run_once(&once, prepare)) abort();
    // Without these OpenSSL is not installed as it must be; nothing could go on.
    if (!library.wire || !library.aes256 || !library.sha256 || !library.hmac) abort();
    return &library;
}

const char *portico_error_text(uint64_t code) {
    const char *text = ERR_reason_error_string((unsigned long)code);
    return text ? text : "unknown error";
}

const char *portico_verify_text(uint64_t code) {
    return X509_verify_cert_error_string((long)code);
}

void portico_sha256(const uint8_t *bytes, size_t count, uint8_t *digest) {
    if (!EVP_Digest(bytes, count, digest, NULL, portico_library_get()->sha256, NULL)) abort();
}

static void portico_hmac(
    char *name, const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count,
    uint8_t *digest, size_t digest_count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(portico_library_get()->hmac);
    // A key must be there, even an empty one.
    if (!context || !EVP_MAC_init(context, key ? key : digest, key_count, parameters)
        || !EVP_MAC_update(context, bytes, count) || !EVP_MAC_final(context, digest, NULL, digest_count))
        abort();
    EVP_MAC_CTX_free(context);
}

void portico_hmac_sha256(
    const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count, uint8_t *digest) {
    char name[] = "SHA256";
    portico_hmac(name, key, key_count, bytes, count, digest, 32);
}

void portico_hmac_sha1(
    const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count, uint8_t *digest) {
    char name[] = "SHA1";
    portico_hmac(name, key, key_count, bytes, count, digest, 20);
}

bool portico_equal(const uint8_t *left, const uint8_t *right, size_t count) {
    return CRYPTO_memcmp(left, right, count) == 0;
}

bool portico_random(uint8_t *bytes, size_t count) {
    ERR_clear_error();
    bool made = RAND_bytes_ex(NULL, bytes, count, 0) == 1;
    ERR_clear_error();
    return made;
}
