#ifndef CPORTICO_PCRE2_H
#define CPORTICO_PCRE2_H

// What Portico asks of PCRE2, in its own words: byte patterns (never UTF) in which "." matches
// every byte and "^" and "$" match at every line, as SecLang's @rx has them.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A compiled pattern; may be used by any number of threads at once.
typedef struct portico_pattern portico_pattern;

/// NULL if the text is no pattern; then `code` is PCRE2's number for why, `offset` where.
portico_pattern *_Nullable portico_pattern_compile(
    const uint8_t *_Nullable bytes, size_t count, int *code, size_t *offset);
void portico_pattern_free(portico_pattern *pattern);
/// Capturing groups, the whole match not counted.
size_t portico_pattern_groups(const portico_pattern *pattern);
/// The length in bytes below which nothing can match.
size_t portico_pattern_shortest(const portico_pattern *pattern);
/// Whether machine code was made of it.
bool portico_pattern_is_fast(const portico_pattern *pattern);
/// PCRE2's sentence for a code, ended by a zero.
void portico_pattern_text(int code, char *text, size_t capacity);

/// What one thread needs to match: room for offsets, limits, a stack.
typedef struct portico_match portico_match;

/// NULL without memory. Keeps the offsets of the first `groups` groups (the whole match is one).
portico_match *_Nullable portico_match_make(
    uint32_t groups, uint32_t match_limit, uint32_t depth_limit, uint32_t heap_kib);
void portico_match_free(portico_match *match);

enum { PORTICO_MATCH_NO = -1, PORTICO_MATCH_LIMIT = -2, PORTICO_MATCH_FAILED = -3 };

/// How many groups have offsets (1 and more), or one of the above.
int portico_match_run(
    portico_match *match, const portico_pattern *pattern, const uint8_t *_Nullable bytes,
    size_t count);
/// Pairs of begin and end; a group that took no part has SIZE_MAX.
const size_t *portico_match_offsets(const portico_match *match);

#pragma clang assume_nonnull end
#endif
