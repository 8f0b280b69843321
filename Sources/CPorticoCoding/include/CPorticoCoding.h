#ifndef CPORTICO_CODING_H
#define CPORTICO_CODING_H

// zlib, Brotli and Zstandard behind one streaming verb. No header of theirs is seen through this one.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum portico_coding { PORTICO_CODING_GZIP, PORTICO_CODING_BROTLI, PORTICO_CODING_ZSTD };

enum portico_coding_step {
    /// Take what there is; output may be kept back for a better result.
    PORTICO_CODING_GO,
    /// All that was given is to be readable by the other side.
    PORTICO_CODING_FLUSH,
    /// Nothing more comes.
    PORTICO_CODING_FINISH,
};

enum portico_coding_progress {
    /// All input is taken, and what the step asks for is in the output.
    PORTICO_CODING_WANTS_INPUT,
    /// Call again with room.
    PORTICO_CODING_WANTS_ROOM,
    /// The coded stream has ended.
    PORTICO_CODING_ENDED,
    /// What was to be decoded is no such stream, or memory is exhausted.
    PORTICO_CODING_FAILED,
};

/// Turns a stream into another one: an encoder or a decoder.
typedef struct portico_coder portico_coder;

/// `level` in the library's own scale. `size` is how many bytes will come, 0 where that is not
/// known: small inputs get small windows. `window` bounds the memory that the other side needs:
/// the binary logarithm of the bytes. NULL where memory is exhausted.
portico_coder *_Nullable portico_encoder_new(
    enum portico_coding coding, int level, int window, uint64_t size);
/// Streams that need more memory than a window of 2^`window` bytes fail.
portico_coder *_Nullable portico_decoder_new(enum portico_coding coding, int window);
void portico_coder_free(portico_coder *coder);

/// Takes up to `count` bytes and makes up to `room`; says how many of each.
enum portico_coding_progress portico_coder_run(
    portico_coder *coder, enum portico_coding_step step, const uint8_t *_Nullable input,
    size_t count, size_t *taken, uint8_t *output, size_t room, size_t *made);

#pragma clang assume_nonnull end

#endif
