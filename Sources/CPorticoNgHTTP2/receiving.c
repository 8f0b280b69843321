#include "session.h"

#include <stdlib.h>
#include <string.h>

static void *stream_of(portico_h2 *h2, int32_t id) {
    return nghttp2_session_get_stream_user_data(h2->session, id);
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *user) {
    portico_h2 *h2 = user;
    (void)session;
    int32_t id = head->stream_id;
    if (h2->calls.begins(h2->owner, head->type, id, id && stream_of(h2, id))) return 0;
    h2->was_refused = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    portico_h2 *h2 = user;
    (void)session, (void)frame;
    h2->byte_count = h2->line_count = 0;
    h2->is_cut = false;
    return 0;
}

/// Room for `count` more items behind those that are held; false without memory.
static bool grow(void **items, size_t size, size_t held, size_t count, size_t *room) {
    if (*room - held >= count) return true;
    size_t wanted = *room ? *room * 2 : 4096 / size;
    while (wanted < held + count) wanted *= 2;
    void *made = realloc(*items, wanted * size);
    if (!made) return false;
    *items = made;
    *room = wanted;
    return true;
}

static int on_header(
    nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_count,
    const uint8_t *value, size_t value_count, uint8_t flags, void *user) {
    portico_h2 *h2 = user;
    (void)session, (void)frame, (void)flags;
    if (h2->is_cut) return 0;
    size_t held = h2->byte_count + 4 * h2->line_count;
    if (h2->line_count == h2->options.max_block_lines || held > h2->options.max_block_bytes ||
        name_count + value_count + 4 > h2->options.max_block_bytes - held) {
        // The rest is still decoded: the table of the connection lives on.
        h2->is_cut = true;
        return 0;
    }
    if (!grow((void **)&h2->bytes, 1, h2->byte_count, name_count + value_count, &h2->byte_room) ||
        !grow((void **)&h2->lines, sizeof *h2->lines, h2->line_count, 1, &h2->line_room)) {
        h2->is_cut = true;
        return 0;
    }
    uint32_t start = (uint32_t)h2->byte_count;
    memcpy(h2->bytes + start, name, name_count);
    memcpy(h2->bytes + start + name_count, value, value_count);
    h2->byte_count += name_count + value_count;
    h2->lines[h2->line_count++] = (portico_h2_line){
        start, start + (uint32_t)name_count, start + (uint32_t)name_count,
        (uint32_t)h2->byte_count, 0};
    return 0;
}

static void take_block(portico_h2 *h2, const nghttp2_frame *frame) {
    int32_t id = frame->hd.stream_id;
    bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    portico_h2_block block = {
        .bytes = h2->bytes,
        .byte_count = h2->byte_count,
        .lines = h2->lines,
        .line_count = h2->line_count,
        .is_cut = h2->is_cut,
        .ends_stream = frame->hd.flags & NGHTTP2_FLAG_END_STREAM,
        .is_request = is_request,
    };
    void *before = stream_of(h2, id);
    void *after = h2->calls.block(h2->owner, id, before, &block);
    if (after != before) nghttp2_session_set_stream_user_data(h2->session, id, after);
    h2->byte_count = h2->line_count = 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    portico_h2 *h2 = user;
    (void)session;
    switch (frame->hd.type) {
        case NGHTTP2_HEADERS: take_block(h2, frame); break;
        case NGHTTP2_DATA:
            if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
                void *stream = stream_of(h2, frame->hd.stream_id);
                if (stream) h2->calls.end(h2->owner, stream);
            } else if (frame->hd.length && frame->hd.length == frame->data.padlen) {
                h2->calls.padding(h2->owner);
            }
            break;
        case NGHTTP2_SETTINGS:
            if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) h2->calls.settings(h2->owner);
            break;
        case NGHTTP2_PING:
            if (frame->hd.flags & NGHTTP2_FLAG_ACK) h2->calls.pong(h2->owner);
            break;
        case NGHTTP2_GOAWAY:
            h2->calls.goaway(h2->owner, frame->goaway.last_stream_id, frame->goaway.error_code);
            break;
        default: break;
    }
    return 0;
}

static int on_data(
    nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t count,
    void *user) {
    portico_h2 *h2 = user;
    (void)session, (void)flags;
    h2->calls.data(h2->owner, id, stream_of(h2, id), bytes, count);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
    portico_h2 *h2 = user;
    void *stream = stream_of(h2, id);
    if (stream) {
        nghttp2_session_set_stream_user_data(session, id, NULL);
        h2->calls.closed(h2->owner, stream, code);
    }
    return 0;
}

void portico_h2_set_receiving(nghttp2_session_callbacks *callbacks) {
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
}

enum portico_h2_result portico_h2_receive(
    portico_h2 *h2, const uint8_t *bytes, size_t count) {
    h2->was_refused = false;
    ssize_t read = nghttp2_session_mem_recv(h2->session, bytes, count);
    if (read >= 0) return PORTICO_H2_DONE;
    switch (read) {
        case NGHTTP2_ERR_CALLBACK_FAILURE:
            return h2->was_refused ? PORTICO_H2_REFUSED : PORTICO_H2_EXHAUSTED;
        case NGHTTP2_ERR_FLOODED: return PORTICO_H2_FLOODED;
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC: return PORTICO_H2_NOT_HTTP2;
        default: return PORTICO_H2_EXHAUSTED;
    }
}

bool portico_h2_knows(portico_h2 *h2, int32_t id) { return stream_of(h2, id) != NULL; }

void portico_h2_consume(portico_h2 *h2, int32_t id, size_t count) {
    nghttp2_session_consume(h2->session, id, count);
}
