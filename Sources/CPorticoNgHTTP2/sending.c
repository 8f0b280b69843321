#include "session.h"

#include <stdlib.h>
#include <string.h>

static void *stream_of(portico_h2 *h2, int32_t id) {
    return nghttp2_session_get_stream_user_data(h2->session, id);
}

static ssize_t on_read(
    nghttp2_session *session, int32_t id, uint8_t *buffer, size_t room, uint32_t *flags,
    nghttp2_data_source *source, void *user) {
    portico_h2 *h2 = user;
    (void)session, (void)buffer, (void)source;
    void *stream = stream_of(h2, id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    portico_h2_supply supply = h2->calls.supply(h2->owner, stream, room);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (supply.is_last) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (supply.has_trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    } else if (supply.count == 0) {
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)supply.count;
}

static int on_send_data(
    nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t count,
    nghttp2_data_source *source, void *user) {
    portico_h2 *h2 = user;
    (void)session, (void)source;
    void *stream = stream_of(h2, frame->hd.stream_id);
    if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    // Nobody asked for padding.
    h2->calls.take(h2->owner, stream, head, 9, count);
    h2->took = true;
    return 0;
}

static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    portico_h2 *h2 = user;
    (void)session;
    switch (frame->hd.type) {
        case NGHTTP2_RST_STREAM:
            h2->calls.sent_reset(
                h2->owner, frame->hd.stream_id, frame->rst_stream.error_code);
            break;
        case NGHTTP2_HEADERS:
        case NGHTTP2_DATA:
            if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
                void *stream = stream_of(h2, frame->hd.stream_id);
                if (stream) h2->calls.sent_end(h2->owner, stream);
            }
            break;
        default: break;
    }
    return 0;
}

static int on_frame_not_sent(
    nghttp2_session *session, const nghttp2_frame *frame, int error, void *user) {
    (void)user;
    // A head that the library would not encode: its stream must not wait for ever. Those whose
    // stream is gone, or that were never to begin, are told by other calls.
    if (frame->hd.type == NGHTTP2_HEADERS && error != NGHTTP2_ERR_STREAM_CLOSED &&
        error != NGHTTP2_ERR_STREAM_CLOSING && error != NGHTTP2_ERR_START_STREAM_NOT_ALLOWED)
        nghttp2_submit_rst_stream(
            session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
    return 0;
}

/// Wanted by the library, called only by a function that is not used.
static ssize_t on_send(
    nghttp2_session *session, const uint8_t *bytes, size_t count, int flags, void *user) {
    (void)session, (void)bytes, (void)count, (void)flags, (void)user;
    return NGHTTP2_ERR_WOULDBLOCK;
}

void portico_h2_set_sending(nghttp2_session_callbacks *callbacks) {
    nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, on_frame_not_sent);
}

ptrdiff_t portico_h2_send(portico_h2 *h2, const uint8_t **bytes) {
    // A session that came to an error has nothing more to say than why.
    h2->took = false;
    *bytes = NULL;
    ssize_t count = nghttp2_session_mem_send(h2->session, bytes);
    if (count != 0) return count;
    return h2->took ? 1 : 0;
}

// Heads --------------------------------------------------------------------------------------------

static nghttp2_nv *room_for(portico_h2 *h2, size_t count) {
    if (h2->nv_room < count) {
        size_t room = count < 32 ? 32 : count;
        nghttp2_nv *made = realloc(h2->nv, room * sizeof *made);
        if (!made) return NULL;
        h2->nv = made;
        h2->nv_room = room;
    }
    return h2->nv;
}

static nghttp2_nv pair(
    const char *name, size_t name_count, const uint8_t *value, size_t value_count, uint8_t flags) {
    // The names given here live for ever; values are copied.
    return (nghttp2_nv){
        (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, name_count, value_count,
        flags | NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

static size_t add_lines(
    nghttp2_nv *nv, const uint8_t *bytes, const portico_h2_line *lines, size_t count) {
    for (size_t index = 0; index < count; index++) {
        const portico_h2_line *line = lines + index;
        nv[index] = (nghttp2_nv){
            (uint8_t *)(uintptr_t)bytes + line->name_start,
            (uint8_t *)(uintptr_t)bytes + line->value_start, line->name_end - line->name_start,
            line->value_end - line->value_start,
            line->is_unique ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
    }
    return count;
}

static size_t write_decimal(uint8_t *digits, uint64_t number) {
    uint8_t turned[20];
    size_t count = 0;
    do {
        turned[count++] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number);
    for (size_t index = 0; index < count; index++) digits[index] = turned[count - 1 - index];
    return count;
}

bool portico_h2_respond(
    portico_h2 *h2, int32_t id, void *stream, uint32_t status, const uint8_t *bytes,
    const portico_h2_line *lines, size_t count, int64_t length, bool is_final, bool has_body) {
    nghttp2_nv *nv = room_for(h2, count + 2);
    if (!nv) return false;
    uint8_t code[3] = {
        (uint8_t)('0' + status / 100 % 10), (uint8_t)('0' + status / 10 % 10),
        (uint8_t)('0' + status % 10)};
    uint8_t digits[20];
    size_t used = 0;
    nv[used++] = pair(":status", 7, code, 3, 0);
    used += add_lines(nv + used, bytes, lines, count);
    if (length >= 0) {
        size_t digit_count = write_decimal(digits, (uint64_t)length);
        nv[used++] = pair("content-length", 14, digits, digit_count, 0);
    }
    nghttp2_data_provider provider = {{.ptr = stream}, on_read};
    int failed =
        is_final ? nghttp2_submit_response(h2->session, id, nv, used, has_body ? &provider : NULL)
                 : nghttp2_submit_headers(
                       h2->session, NGHTTP2_FLAG_NONE, id, NULL, nv, used, NULL);
    return failed == 0;
}

int32_t portico_h2_request(
    portico_h2 *h2, void *stream, const portico_h2_target *target, const uint8_t *bytes,
    const portico_h2_line *lines, size_t count, int64_t length, bool has_body) {
    nghttp2_nv *nv = room_for(h2, count + 7);
    if (!nv) return -1;
    uint8_t digits[20];
    size_t used = 0;
    if (target->is_websocket)
        nv[used++] = pair(":method", 7, (const uint8_t *)"CONNECT", 7, 0);
    else
        nv[used++] = pair(
            ":method", 7, bytes + target->method_start, target->method_end - target->method_start,
            0);
    nv[used++] = pair(
        ":scheme", 7, (const uint8_t *)"https", target->scheme_is_https ? 5 : 4, 0);
    nv[used++] = pair(
        ":authority", 10, bytes + target->authority_start,
        target->authority_end - target->authority_start, 0);
    if (target->path_end > target->path_start)
        nv[used++] = pair(
            ":path", 5, bytes + target->path_start, target->path_end - target->path_start, 0);
    else
        nv[used++] = pair(":path", 5, (const uint8_t *)"/", 1, 0);
    if (target->is_websocket)
        nv[used++] = pair(":protocol", 9, (const uint8_t *)"websocket", 9, 0);
    used += add_lines(nv + used, bytes, lines, count);
    // Trailers are always passed on; gRPC does not go without.
    nv[used++] = pair("te", 2, (const uint8_t *)"trailers", 8, 0);
    if (length >= 0) {
        size_t digit_count = write_decimal(digits, (uint64_t)length);
        nv[used++] = pair("content-length", 14, digits, digit_count, 0);
    }
    nghttp2_data_provider provider = {{.ptr = stream}, on_read};
    return nghttp2_submit_request(
        h2->session, NULL, nv, used, has_body ? &provider : NULL, stream);
}

bool portico_h2_trailers(
    portico_h2 *h2, int32_t id, const uint8_t *bytes, const portico_h2_line *lines, size_t count) {
    nghttp2_nv *nv = room_for(h2, count);
    if (!nv) return false;
    return nghttp2_submit_trailer(h2->session, id, nv, add_lines(nv, bytes, lines, count)) == 0;
}

void portico_h2_resume(portico_h2 *h2, int32_t id) {
    nghttp2_session_resume_data(h2->session, id);
}
