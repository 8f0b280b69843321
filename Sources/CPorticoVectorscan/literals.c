#include <hs/hs.h>

#include "CPorticoVectorscan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

// A set is Vectorscan's database itself.
static hs_database_t *database(const portico_literals *literals) {
    return (hs_database_t *)literals;
}

struct portico_scratch {
    hs_scratch_t *room;
};

portico_literals *portico_literals_compile(
    const uint8_t *bytes, const portico_literal *literals, size_t count, bool caseless, bool once,
    char *text, size_t capacity) {
    if (capacity) text[0] = 0;
    if (!count || count > UINT_MAX) return NULL;
    const char **starts = calloc(count, sizeof *starts);
    size_t *counts = calloc(count, sizeof *counts);
    unsigned *ids = calloc(count, sizeof *ids), *flags = calloc(count, sizeof *flags);
    hs_database_t *made = NULL;
    if (starts && counts && ids && flags) {
        for (size_t i = 0; i < count; i++) {
            starts[i] = (const char *)bytes + literals[i].offset;
            counts[i] = literals[i].count;
            ids[i] = literals[i].id;
            flags[i] = (caseless ? HS_FLAG_CASELESS : 0) | (once ? HS_FLAG_SINGLEMATCH : 0);
        }
        hs_compile_error_t *error = NULL;
        hs_error_t status = hs_compile_lit_multi(
            starts, flags, ids, counts, (unsigned)count, HS_MODE_BLOCK, NULL, &made, &error);
        if (status != HS_SUCCESS) {
            made = NULL;
            if (error && error->message && capacity) {
                strncpy(text, error->message, capacity - 1);
                text[capacity - 1] = 0;
            }
        }
        if (error) hs_free_compile_error(error);
    }
    free(starts);
    free(counts);
    free(ids);
    free(flags);
    return (portico_literals *)made;
}

void portico_literals_free(portico_literals *literals) { hs_free_database(database(literals)); }

size_t portico_literals_size(const portico_literals *literals) {
    size_t size = 0;
    hs_database_size(database(literals), &size);
    return size;
}

portico_scratch *portico_scratch_make(void) { return calloc(1, sizeof(portico_scratch)); }

void portico_scratch_free(portico_scratch *scratch) {
    if (scratch->room) hs_free_scratch(scratch->room);
    free(scratch);
}

static bool scan(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *bytes, size_t count,
    match_event_handler handler, void *context) {
    if (!count) return true;
    if (count > UINT_MAX) return false;
    hs_error_t status = HS_INVALID;
    if (scratch->room) {
        status = hs_scan(
            database(literals), (const char *)bytes, (unsigned)count, 0, scratch->room, handler,
            context);
    }
    if (status == HS_INVALID) {
        // The first scan of this set: its room is larger than what the others needed.
        if (hs_alloc_scratch(database(literals), &scratch->room) != HS_SUCCESS) return false;
        status = hs_scan(
            database(literals), (const char *)bytes, (unsigned)count, 0, scratch->room, handler,
            context);
    }
    return status == HS_SUCCESS || status == HS_SCAN_TERMINATED;
}

static int set_bit(
    unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    (void)from, (void)to, (void)flags;
    uint64_t *bits = context;
    bits[id >> 6] |= 1ULL << (id & 63);
    return 0;
}

bool portico_literals_scan(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *bytes, size_t count,
    uint64_t *bits) {
    return scan(literals, scratch, bytes, count, set_bit, bits);
}

static int stop(
    unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    (void)id, (void)from, (void)to, (void)flags;
    *(int *)context = 1;
    return 1;
}

int portico_literals_occur(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *bytes,
    size_t count) {
    int found = 0;
    return scan(literals, scratch, bytes, count, stop, &found) ? found : -1;
}

struct first {
    unsigned long long end;
    unsigned id;
};

// Vectorscan promises no order: each occurrence is looked at.
static int keep_first(
    unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    (void)from, (void)flags;
    struct first *first = context;
    if (to < first->end || (to == first->end && id < first->id)) {
        first->end = to;
        first->id = id;
    }
    return 0;
}

int portico_literals_first(
    const portico_literals *literals, portico_scratch *scratch, const uint8_t *bytes, size_t count,
    uint32_t *id, size_t *end) {
    struct first first = {ULLONG_MAX, UINT_MAX};
    if (!scan(literals, scratch, bytes, count, keep_first, &first)) return -1;
    if (first.end == ULLONG_MAX) return 0;
    *id = first.id;
    *end = (size_t)first.end;
    return 1;
}
