#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "CPorticoPCRE2.h"

#include <stdlib.h>

struct portico_pattern {
    pcre2_code *code;
    uint32_t groups, shortest;
    bool fast;
};

struct portico_match {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

portico_pattern *portico_pattern_compile(
    const uint8_t *bytes, size_t count, int *code, size_t *offset) {
    *code = PCRE2_ERROR_NOMEMORY;
    *offset = 0;
    portico_pattern *pattern = calloc(1, sizeof *pattern);
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!pattern || !context) goto failed;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    pattern->code = pcre2_compile(
        bytes ? bytes : (const uint8_t *)"", count,
        PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_NEVER_UTF, code, offset, context);
    if (!pattern->code) goto failed;
    pcre2_compile_context_free(context);
    // Without machine code it is interpreted, slower and with the same answers.
    pattern->fast = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &pattern->groups);
    pcre2_pattern_info(pattern->code, PCRE2_INFO_MINLENGTH, &pattern->shortest);
    return pattern;
failed:
    pcre2_compile_context_free(context);
    free(pattern);
    return NULL;
}

void portico_pattern_free(portico_pattern *pattern) {
    pcre2_code_free(pattern->code);
    free(pattern);
}

size_t portico_pattern_groups(const portico_pattern *pattern) { return pattern->groups; }
size_t portico_pattern_shortest(const portico_pattern *pattern) { return pattern->shortest; }
bool portico_pattern_is_fast(const portico_pattern *pattern) { return pattern->fast; }

void portico_pattern_text(int code, char *text, size_t capacity) {
    if (pcre2_get_error_message(code, (PCRE2_UCHAR8 *)text, capacity) == PCRE2_ERROR_BADDATA) {
        text[0] = 0;
    }
}

portico_match *portico_match_make(
    uint32_t groups, uint32_t match_limit, uint32_t depth_limit, uint32_t heap_kib) {
    portico_match *match = calloc(1, sizeof *match);
    if (!match) return NULL;
    match->data = pcre2_match_data_create(groups, NULL);
    match->context = pcre2_match_context_create(NULL);
    // The pages beyond the first are taken when a match needs them.
    match->stack = pcre2_jit_stack_create(32 << 10, 1 << 20, NULL);
    if (!match->data || !match->context || !match->stack) {
        portico_match_free(match);
        return NULL;
    }
    pcre2_set_match_limit(match->context, match_limit);
    pcre2_set_depth_limit(match->context, depth_limit);
    pcre2_set_heap_limit(match->context, heap_kib);
    pcre2_jit_stack_assign(match->context, NULL, match->stack);
    return match;
}

void portico_match_free(portico_match *match) {
    pcre2_match_data_free(match->data);
    pcre2_match_context_free(match->context);
    pcre2_jit_stack_free(match->stack);
    free(match);
}

int portico_match_run(
    portico_match *match, const portico_pattern *pattern, const uint8_t *bytes, size_t count) {
    // Saves the setting-up; what is shorter cannot match.
    if (count < pattern->shortest) return PORTICO_MATCH_NO;
    if (!bytes) bytes = (const uint8_t *)"";
    int result = pattern->fast
        ? pcre2_jit_match(pattern->code, bytes, count, 0, 0, match->data, match->context)
        : pcre2_match(pattern->code, bytes, count, 0, 0, match->data, match->context);
    if (result > 0) return result;
    switch (result) {
    case 0:
        // More groups than there is room for; the first are there.
        return (int)pcre2_get_ovector_count(match->data);
    case PCRE2_ERROR_NOMATCH: return PORTICO_MATCH_NO;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
    case PCRE2_ERROR_NOMEMORY: return PORTICO_MATCH_LIMIT;
    default: return PORTICO_MATCH_FAILED;
    }
}

const size_t *portico_match_offsets(const portico_match *match) {
    return pcre2_get_ovector_pointer(match->data);
}
