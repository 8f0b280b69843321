#pragma once
#include "CPorticoNgHTTP2.h"

#include <nghttp2/nghttp2.h>

/// Pieces of the library's memory that are kept: below PIECE_STEP * PIECE_CLASSES bytes.
enum { PIECE_STEP = 64, PIECE_CLASSES = 9, MOST_KEPT = 256 };

struct portico_h2 {
    nghttp2_session *session;
    portico_h2_calls calls;
    void *owner;
    // The header section that is being decoded.
    uint8_t *bytes;
    size_t byte_count, byte_room;
    portico_h2_line *lines;
    size_t line_count, line_room;
    bool is_cut;
    // The one that is being sent.
    nghttp2_nv *nv;
    size_t nv_room;
    bool was_refused;
    bool took;
    size_t memory, kept;
    struct piece *pieces[PIECE_CLASSES];
    portico_h2_options options;
};

/// Callbacks of the receiving and the sending side.
void portico_h2_set_receiving(nghttp2_session_callbacks *callbacks);
void portico_h2_set_sending(nghttp2_session_callbacks *callbacks);
