#ifndef CPORTICO_NGHTTP2_H
#define CPORTICO_NGHTTP2_H

// What Portico asks of libnghttp2, in its own words. No header of nghttp2 is seen through this one.
//
// A session takes bytes and gives bytes. What it has understood it tells by calls that are made
// from within `portico_h2_receive` and `portico_h2_send` only; the calls may use every verb that
// submits something, and neither of these two.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct portico_h2 portico_h2;

/// A field line within a block of bytes: `name` from name_start to name_end, and so on.
typedef struct {
    uint32_t name_start, name_end, value_start, value_end;
    /// When sending: a value that is never the same twice has no place in the peer's table.
    uint32_t is_unique;
} portico_h2_line;

/// A whole header section as it was decoded, pseudo-header fields included.
typedef struct {
    const uint8_t *_Nullable bytes;
    size_t byte_count;
    const portico_h2_line *_Nullable lines;
    size_t line_count;
    /// More than the limits allow came; what is here is its beginning.
    bool is_cut;
    bool ends_stream;
    /// Whether this is the first one of a stream that the peer began.
    bool is_request;
} portico_h2_block;

/// What a stream has to send.
typedef struct {
    size_t count;
    /// Nothing follows these bytes.
    bool is_last;
    /// … but trailers, which are submitted from within the call.
    bool has_trailers;
} portico_h2_supply;

/// How a session tells. `stream` is what `block` returned, or NULL for a stream of which the owner
/// has never heard.
typedef struct {
    /// The head of a frame has come that the library does not skip; `is_open`: for a stream that there
    /// is. False: the connection ends here.
    bool (*begins)(void *owner, uint8_t type, int32_t id, bool is_open);
    /// A whole header section; returns what shall stand for the stream, or NULL.
    void *_Nullable (*_Nonnull block)(
        void *owner, int32_t id, void *_Nullable stream, const portico_h2_block *block);
    void (*data)(
        void *owner, int32_t id, void *_Nullable stream, const uint8_t *bytes, size_t count);
    /// A DATA frame of padding alone, which ends nothing.
    void (*padding)(void *owner);
    /// The peer has ended its side by a DATA frame.
    void (*end)(void *owner, void *stream);
    /// The stream is closed: 0 in good order, else the code of the reset, ours or the peer's.
    void (*closed)(void *owner, void *stream, uint32_t code);
    /// The last frame of our side has been given away.
    void (*sent_end)(void *owner, void *stream);
    void (*sent_reset)(void *owner, int32_t id, uint32_t code);
    void (*goaway)(void *owner, int32_t last_id, uint32_t code);
    void (*settings)(void *owner);
    void (*pong)(void *owner);
    /// How much the stream has to send now, at most `room` of it.
    portico_h2_supply (*supply)(void *owner, void *stream, size_t room);
    /// Takes the head of a DATA frame, and with it the next `count` bytes of the stream.
    void (*take)(void *owner, void *stream, const uint8_t *head, size_t head_count, size_t count);
} portico_h2_calls;

typedef struct {
    bool is_server;
    uint32_t max_streams;
    /// Window of each stream, and of the connection.
    int32_t stream_window, connection_window;
    /// A decoded header section larger than this in bytes (names, values, four for each line) or
    /// lines is cut.
    size_t max_block_bytes, max_block_lines;
    /// The library's own memory for this session; beyond it, the session fails.
    size_t max_memory;
} portico_h2_options;

enum portico_h2_result {
    PORTICO_H2_DONE,
    /// `begins` said no.
    PORTICO_H2_REFUSED,
    /// Too many frames wait to be sent that only answer the peer's.
    PORTICO_H2_FLOODED,
    /// What came is not HTTP/2.
    PORTICO_H2_NOT_HTTP2,
    /// Out of the session's memory, or of everybody's.
    PORTICO_H2_EXHAUSTED,
};

/// NULL when there is no memory. `owner` is not kept alive.
portico_h2 *_Nullable portico_h2_make(
    const portico_h2_options *options, const portico_h2_calls *calls, void *owner);
/// Streams that are still open are not told.
void portico_h2_free(portico_h2 *session);

/// Reads all of `bytes`.
enum portico_h2_result portico_h2_receive(
    portico_h2 *session, const uint8_t *_Nullable bytes, size_t count);
/// Whether `block` has returned something for the stream, which is not closed yet.
bool portico_h2_knows(portico_h2 *session, int32_t id);
/// The next bytes to send, or 0; they live until the next call. A DATA frame's are given to `take`
/// instead: then 1 is returned and `*bytes` is NULL. Below 0: the session has failed.
ptrdiff_t portico_h2_send(portico_h2 *session, const uint8_t *_Nullable *_Nonnull bytes);
bool portico_h2_wants_send(portico_h2 *session);
/// Whether the session has come to its end: nothing to send, nothing to wait for.
bool portico_h2_is_over(portico_h2 *session);
/// Frames that wait to be sent, DATA not counted.
size_t portico_h2_backlog(portico_h2 *session);
/// Bytes of memory that the session holds.
size_t portico_h2_memory(portico_h2 *session);
/// Gives back what is only needed while header sections come and go.
void portico_h2_rest(portico_h2 *session);

/// Pseudo-header fields of a request, as ranges like those of a line; `protocol` of RFC 8441 has a
/// name_end of 0 where there is none.
typedef struct {
    uint32_t method_start, method_end, scheme_is_https, authority_start, authority_end;
    uint32_t path_start, path_end, is_websocket;
} portico_h2_target;

/// Submits an interim (`is_final` false) or final response head. `has_body`: DATA follows, by
/// `supply`. `length` is written as content-length unless it is negative.
bool portico_h2_respond(
    portico_h2 *session, int32_t id, void *stream, uint32_t status, const uint8_t *bytes,
    const portico_h2_line *_Nullable lines, size_t count, int64_t length, bool is_final,
    bool has_body);
/// Submits a request and returns the stream's id; below 0 when none can be made.
int32_t portico_h2_request(
    portico_h2 *session, void *stream, const portico_h2_target *target, const uint8_t *bytes,
    const portico_h2_line *_Nullable lines, size_t count, int64_t length, bool has_body);
/// Within `supply` only.
bool portico_h2_trailers(
    portico_h2 *session, int32_t id, const uint8_t *bytes, const portico_h2_line *_Nullable lines,
    size_t count);
/// There is more to supply after there was nothing.
void portico_h2_resume(portico_h2 *session, int32_t id);
/// The owner has done with bytes that `data` brought.
void portico_h2_consume(portico_h2 *session, int32_t id, size_t count);
void portico_h2_reset(portico_h2 *session, int32_t id, uint32_t code);
/// RFC 9218: urgency 0 to 7.
void portico_h2_prioritise(portico_h2 *session, int32_t id, uint32_t urgency, bool is_incremental);
/// First step of a graceful end: no new streams, please (RFC 9113 §6.8); and a PING behind it.
void portico_h2_announce_end(portico_h2 *session);
/// Second step: what comes after the streams that are known is not looked at.
void portico_h2_go_away(portico_h2 *session, uint32_t code);
/// Ends at once: only the GOAWAY is still to be sent.
void portico_h2_terminate(portico_h2 *session, uint32_t code);

/// What the peer said in its SETTINGS.
uint32_t portico_h2_peer_max_streams(portico_h2 *session);
bool portico_h2_peer_allows_connect_protocol(portico_h2 *session);

#pragma clang assume_nonnull end

#endif
