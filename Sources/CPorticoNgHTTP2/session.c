#include "session.h"

#include <stdlib.h>
#include <string.h>

// Memory: what the library holds for one session is counted, and has an end. Whatever a peer finds
// to make it hoard, it costs that peer its connection.
//
// Small pieces are kept for the next stream: thirty streams come and go together, and the
// allocator's own cache of freed pieces holds seven of a size.

struct piece {
    /// Without this head.
    size_t size;
    struct piece *next;
};

static size_t class_of(size_t size) { return (size + PIECE_STEP - 1) / PIECE_STEP; }

static void *take_memory(size_t size, void *user) {
    portico_h2 *h2 = user;
    size_t class = class_of(size);
    if (class < PIECE_CLASSES && h2->pieces[class]) {
        struct piece *piece = h2->pieces[class];
        h2->pieces[class] = piece->next;
        h2->kept--;
        return piece + 1;
    }
    if (class < PIECE_CLASSES) size = class * PIECE_STEP;
    if (size > h2->options.max_memory || h2->memory > h2->options.max_memory - size) return NULL;
    struct piece *piece = malloc(sizeof *piece + size);
    if (!piece) return NULL;
    piece->size = size;
    h2->memory += size;
    return piece + 1;
}

static void free_memory(void *block, void *user) {
    portico_h2 *h2 = user;
    if (!block) return;
    struct piece *piece = (struct piece *)block - 1;
    size_t class = piece->size / PIECE_STEP;
    if (class < PIECE_CLASSES && h2->kept < MOST_KEPT) {
        piece->next = h2->pieces[class];
        h2->pieces[class] = piece;
        h2->kept++;
        return;
    }
    h2->memory -= piece->size;
    free(piece);
}

static void *take_zeroed(size_t count, size_t size, void *user) {
    if (size && count > SIZE_MAX / size) return NULL;
    void *made = take_memory(count * size, user);
    if (made) memset(made, 0, count * size);
    return made;
}

static void *change_memory(void *block, size_t size, void *user) {
    if (!block) return take_memory(size, user);
    size_t before = ((struct piece *)block - 1)->size;
    if (size <= before) return block;
    void *made = take_memory(size, user);
    if (!made) return NULL;
    memcpy(made, block, before);
    free_memory(block, user);
    return made;
}

static void free_kept(portico_h2 *h2) {
    for (size_t class = 0; class < PIECE_CLASSES; class++)
        while (h2->pieces[class]) {
            struct piece *piece = h2->pieces[class];
            h2->pieces[class] = piece->next;
            h2->memory -= piece->size;
            free(piece);
        }
    h2->kept = 0;
}

// What is the same for all sessions of a role.

static nghttp2_session_callbacks *make_callbacks(void) {
    nghttp2_session_callbacks *made;
    if (nghttp2_session_callbacks_new(&made) != 0) return NULL;
    portico_h2_set_receiving(made);
    portico_h2_set_sending(made);
    return made;
}

static nghttp2_option *make_option(const portico_h2_options *options) {
    nghttp2_option *made;
    if (nghttp2_option_new(&made) != 0) return NULL;
    // Windows open as the consumer reads, not as bytes come.
    nghttp2_option_set_no_auto_window_update(made, 1);
    // Heads are judged by Portico, by the rules of HTTP/1.1 and those of RFC 9113 §8.2 and §8.3.
    nghttp2_option_set_no_http_messaging(made, 1);
    nghttp2_option_set_no_closed_streams(made, 1);
    // Origins send up to 384 KiB of fields; the default would refuse more than 64.
    nghttp2_option_set_max_send_header_block_length(made, 1 << 20);
    if (options->is_server)
        nghttp2_option_set_builtin_recv_extension_type(made, NGHTTP2_PRIORITY_UPDATE);
    else
        nghttp2_option_set_peer_max_concurrent_streams(made, 100);
    return made;
}

static bool submit_preface(portico_h2 *h2) {
    const portico_h2_options *options = &h2->options;
    nghttp2_settings_entry entries[5];
    size_t count = 0;
    entries[count++] = (nghttp2_settings_entry){
        NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)options->stream_window};
    entries[count++] = (nghttp2_settings_entry){
        NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)options->max_block_bytes};
    if (options->is_server) {
        entries[count++] = (nghttp2_settings_entry){
            NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options->max_streams};
        entries[count++] =
            (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1};
        entries[count++] =
            (nghttp2_settings_entry){NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1};
    } else {
        entries[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    }
    if (nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, entries, count) != 0) return false;
    return nghttp2_session_set_local_window_size(
               h2->session, NGHTTP2_FLAG_NONE, 0, options->connection_window) == 0;
}

portico_h2 *portico_h2_make(
    const portico_h2_options *options, const portico_h2_calls *calls, void *owner) {
    portico_h2 *h2 = calloc(1, sizeof *h2);
    if (!h2) return NULL;
    h2->options = *options;
    h2->calls = *calls;
    h2->owner = owner;
    nghttp2_mem memory = {h2, take_memory, free_memory, take_zeroed, change_memory};
    nghttp2_session_callbacks *callbacks = make_callbacks();
    nghttp2_option *option = make_option(options);
    int failed = !callbacks || !option;
    if (!failed)
        failed = (options->is_server ? nghttp2_session_server_new3 : nghttp2_session_client_new3)(
            &h2->session, callbacks, h2, option, &memory);
    if (callbacks) nghttp2_session_callbacks_del(callbacks);
    if (option) nghttp2_option_del(option);
    if (failed || !submit_preface(h2)) {
        portico_h2_free(h2);
        return NULL;
    }
    return h2;
}

void portico_h2_free(portico_h2 *h2) {
    nghttp2_session_del(h2->session);
    free_kept(h2);
    free(h2->bytes);
    free(h2->lines);
    free(h2->nv);
    free(h2);
}

bool portico_h2_is_over(portico_h2 *h2) {
    return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

bool portico_h2_wants_send(portico_h2 *h2) { return nghttp2_session_want_write(h2->session); }

size_t portico_h2_backlog(portico_h2 *h2) {
    return nghttp2_session_get_outbound_queue_size(h2->session);
}

size_t portico_h2_memory(portico_h2 *h2) {
    return h2->memory + h2->byte_room + h2->line_room * sizeof *h2->lines +
           h2->nv_room * sizeof *h2->nv;
}

void portico_h2_rest(portico_h2 *h2) {
    // A section that is half read stays.
    if (h2->byte_count == 0 && h2->line_count == 0) {
        free(h2->bytes);
        free(h2->lines);
        h2->bytes = NULL;
        h2->lines = NULL;
        h2->byte_room = h2->line_room = 0;
    }
    free(h2->nv);
    h2->nv = NULL;
    h2->nv_room = 0;
    free_kept(h2);
}

void portico_h2_reset(portico_h2 *h2, int32_t id, uint32_t code) {
    nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, id, code);
}

void portico_h2_prioritise(portico_h2 *h2, int32_t id, uint32_t urgency, bool is_incremental) {
    nghttp2_extpri priority = {urgency, is_incremental};
    nghttp2_session_change_extpri_stream_priority(h2->session, id, &priority, 0);
}

void portico_h2_announce_end(portico_h2 *h2) {
    nghttp2_submit_shutdown_notice(h2->session);
    nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
}

void portico_h2_go_away(portico_h2 *h2, uint32_t code) {
    nghttp2_submit_goaway(
        h2->session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h2->session), code,
        NULL, 0);
}

void portico_h2_terminate(portico_h2 *h2, uint32_t code) {
    nghttp2_session_terminate_session(h2->session, code);
}

uint32_t portico_h2_peer_max_streams(portico_h2 *h2) {
    return nghttp2_session_get_remote_settings(
        h2->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool portico_h2_peer_allows_connect_protocol(portico_h2 *h2) {
    return nghttp2_session_get_remote_settings(
               h2->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}
