#ifndef CPORTICO_DIGESTS_H
#define CPORTICO_DIGESTS_H

// The two digests that SecLang's transformations name, from OpenSSL's libcrypto.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Writes 16 bytes; returns how many, 0 where OpenSSL has no MD5 to give.
size_t portico_digest_md5(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest);
/// Writes 20 bytes; returns how many, 0 where OpenSSL has no SHA-1 to give.
size_t portico_digest_sha1(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest);

#pragma clang assume_nonnull end
#endif
