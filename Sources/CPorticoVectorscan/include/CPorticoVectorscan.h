#ifndef CPORTICO_VECTORSCAN_H
#define CPORTICO_VECTORSCAN_H

// What Portico asks of Vectorscan: sets of literals, looked for all at once.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A compiled set; may be used by any number of threads at once.
typedef struct portico_literals portico_literals;
/// What one thread needs to scan; grows to what the sets need that it is used with.
typedef struct portico_scratch portico_scratch;

typedef struct {
    /// Into the bytes given beside it; neither may be empty.
    size_t offset, count;
    /// Reported for it; several literals may share one.
    uint32_t id;
} portico_literal;

/// NULL if the set is empty or Vectorscan refuses it; `text` then holds its sentence. With
/// `once`, an id is reported at most once a scan.
portico_literals *_Nullable portico_literals_compile(
    const uint8_t *bytes, const portico_literal *literals, size_t count, bool caseless, bool once,
    char *text, size_t capacity);
void portico_literals_free(portico_literals *literals);
/// Bytes of memory.
size_t portico_literals_size(const portico_literals *literals);

portico_scratch *_Nullable portico_scratch_make(void);
void portico_scratch_free(portico_scratch *scratch);

/// Sets bit `id` for each literal that occurs. False where the scan could not be done: no memory.
bool portico_literals_scan(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *_Nullable bytes,
    size_t count, uint64_t *bits);
/// Whether any occurs: 1, 0, or -1 where the scan could not be done.
int portico_literals_occur(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *_Nullable bytes,
    size_t count);
/// The occurrence that ends first (of several, the lowest id): 1, 0, or -1.
int portico_literals_first(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *_Nullable bytes,
    size_t count, uint32_t *id, size_t *end);

#pragma clang assume_nonnull end
#endif
