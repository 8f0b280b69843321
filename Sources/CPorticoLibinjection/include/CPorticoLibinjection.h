#ifndef CPORTICO_LIBINJECTION_H
#define CPORTICO_LIBINJECTION_H

// libinjection's two detectors. Debian has no package of it; libmodsecurity3 exports them, and
// is opened when the first rule needs them, so that nobody else pays.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Opens the library, once per process; false where it, or one of the two, is missing. Any
/// thread, any number of times.
bool portico_libinjection_open(void);
/// Whether it is an injection of SQL; `fingerprint` then holds at most 7 bytes and a zero. Only
/// after a successful opening.
bool portico_libinjection_sqli(const uint8_t *_Nullable bytes, size_t count, char *fingerprint);
/// Whether it is an injection of script. Only after a successful opening.
bool portico_libinjection_xss(const uint8_t *_Nullable bytes, size_t count);

#pragma clang assume_nonnull end
#endif
