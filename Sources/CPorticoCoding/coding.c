#include "CPorticoCoding.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct portico_coder {
    enum portico_coding coding;
    bool encodes, has_ended;
    union {
        z_stream zlib;
        BrotliEncoderState *brotli_encoder;
        BrotliDecoderState *brotli_decoder;
        ZSTD_CCtx *zstd_encoder;
        ZSTD_DCtx *zstd_decoder;
    };
};

/// The smallest window that holds `size` bytes, within what the library allows.
static int window_for(uint64_t size, int least, int most) {
    int window = least;
    while (size != 0 && window < most && (1ull << window) < size) window++;
    return size == 0 ? most : window;
}

portico_coder *portico_encoder_new(
    enum portico_coding coding, int level, int window, uint64_t size) {
    portico_coder *coder = calloc(1, sizeof *coder);
    if (!coder) return NULL;
    coder->coding = coding;
    coder->encodes = true;
    bool made = false;
    switch (coding) {
    case PORTICO_CODING_GZIP: {
        // 9 is broken in old versions of zlib; 16 asks for gzip's head and tail.
        int bits = window_for(size, 10, window < 15 ? window : 15);
        made = deflateInit2(
                   &coder->zlib, level, Z_DEFLATED, bits + 16, bits < 13 ? bits - 5 : 8,
                   Z_DEFAULT_STRATEGY) == Z_OK;
        break;
    }
    case PORTICO_CODING_BROTLI:
        coder->brotli_encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
        made = coder->brotli_encoder != NULL;
        if (!made) break;
        BrotliEncoderSetParameter(coder->brotli_encoder, BROTLI_PARAM_QUALITY, (uint32_t)level);
        BrotliEncoderSetParameter(
            coder->brotli_encoder, BROTLI_PARAM_LGWIN,
            (uint32_t)window_for(size, 10, window < 24 ? window : 24));
        BrotliEncoderSetParameter(
            coder->brotli_encoder, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
        if (size > 0 && size < UINT32_MAX) {
            BrotliEncoderSetParameter(
                coder->brotli_encoder, BROTLI_PARAM_SIZE_HINT, (uint32_t)size);
        }
        break;
    case PORTICO_CODING_ZSTD:
        coder->zstd_encoder = ZSTD_createCCtx();
        made = coder->zstd_encoder != NULL;
        if (!made) break;
        ZSTD_CCtx_setParameter(coder->zstd_encoder, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(
            coder->zstd_encoder, ZSTD_c_windowLog, window_for(size, 10, window));
        if (size > 0) ZSTD_CCtx_setPledgedSrcSize(coder->zstd_encoder, size);
        break;
    }
    if (made) return coder;
    free(coder);
    return NULL;
}

portico_coder *portico_decoder_new(enum portico_coding coding, int window) {
    portico_coder *coder = calloc(1, sizeof *coder);
    if (!coder) return NULL;
    coder->coding = coding;
    bool made = false;
    switch (coding) {
    case PORTICO_CODING_GZIP: made = inflateInit2(&coder->zlib, 15 + 16) == Z_OK; break;
    case PORTICO_CODING_BROTLI:
        // RFC 7932 windows end at 2^24, which is what a decoder allocates as the stream grows.
        coder->brotli_decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        made = coder->brotli_decoder != NULL;
        break;
    case PORTICO_CODING_ZSTD:
        coder->zstd_decoder = ZSTD_createDCtx();
        made = coder->zstd_decoder != NULL;
        if (made) ZSTD_DCtx_setParameter(coder->zstd_decoder, ZSTD_d_windowLogMax, window);
        break;
    }
    if (made) return coder;
    free(coder);
    return NULL;
}

void portico_coder_free(portico_coder *coder) {
    switch (coder->coding) {
    case PORTICO_CODING_GZIP:
        if (coder->encodes) deflateEnd(&coder->zlib);
        else inflateEnd(&coder->zlib);
        break;
    case PORTICO_CODING_BROTLI:
        if (coder->encodes) BrotliEncoderDestroyInstance(coder->brotli_encoder);
        else BrotliDecoderDestroyInstance(coder->brotli_decoder);
        break;
    case PORTICO_CODING_ZSTD:
        if (coder->encodes) ZSTD_freeCCtx(coder->zstd_encoder);
        else ZSTD_freeDCtx(coder->zstd_decoder);
        break;
    }
    free(coder);
}

static enum portico_coding_progress run_zlib(
    portico_coder *coder, enum portico_coding_step step, const uint8_t *input, size_t count,
    size_t *taken, uint8_t *output, size_t room, size_t *made) {
    z_stream *stream = &coder->zlib;
    uInt given = count > UINT_MAX ? UINT_MAX : (uInt)count;
    uInt free_room = room > UINT_MAX ? UINT_MAX : (uInt)room;
    stream->next_in = (Bytef *)input;
    stream->avail_in = given;
    stream->next_out = output;
    stream->avail_out = free_room;
    int result;
    if (coder->encodes) {
        // Behind a cut-off input nothing is flushed: its rest comes with the next call.
        int flush = given < count                     ? Z_NO_FLUSH
                    : step == PORTICO_CODING_FINISH ? Z_FINISH
                    : step == PORTICO_CODING_FLUSH  ? Z_SYNC_FLUSH
                                                    : Z_NO_FLUSH;
        result = deflate(stream, flush);
    } else {
        if (coder->has_ended && count > 0) {
            // RFC 1952 §2.2: members follow each other.
            if (inflateReset(stream) != Z_OK) return PORTICO_CODING_FAILED;
            coder->has_ended = false;
            stream->next_in = (Bytef *)input;
            stream->avail_in = given;
            stream->next_out = output;
            stream->avail_out = free_room;
        }
        result = coder->has_ended ? Z_STREAM_END : inflate(stream, Z_NO_FLUSH);
    }
    *taken = given - stream->avail_in;
    *made = free_room - stream->avail_out;
    if (result == Z_STREAM_END) {
        coder->has_ended = true;
        return *taken < count && !coder->encodes ? PORTICO_CODING_WANTS_ROOM
                                                 : PORTICO_CODING_ENDED;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) return PORTICO_CODING_FAILED;
    if (stream->avail_out == 0 || *taken < count) return PORTICO_CODING_WANTS_ROOM;
    return PORTICO_CODING_WANTS_INPUT;
}

static enum portico_coding_progress run_brotli(
    portico_coder *coder, enum portico_coding_step step, const uint8_t *input, size_t count,
    size_t *taken, uint8_t *output, size_t room, size_t *made) {
    size_t left = count, free_room = room;
    if (coder->encodes) {
        BrotliEncoderOperation operation = step == PORTICO_CODING_FINISH ? BROTLI_OPERATION_FINISH
                                           : step == PORTICO_CODING_FLUSH
                                               ? BROTLI_OPERATION_FLUSH
                                               : BROTLI_OPERATION_PROCESS;
        bool worked = BrotliEncoderCompressStream(
            coder->brotli_encoder, operation, &left, &input, &free_room, &output, NULL);
        *taken = count - left;
        *made = room - free_room;
        if (!worked) return PORTICO_CODING_FAILED;
        if (BrotliEncoderIsFinished(coder->brotli_encoder)) return PORTICO_CODING_ENDED;
        if (left > 0 || BrotliEncoderHasMoreOutput(coder->brotli_encoder)) {
            return PORTICO_CODING_WANTS_ROOM;
        }
        return PORTICO_CODING_WANTS_INPUT;
    }
    BrotliDecoderResult result = BrotliDecoderDecompressStream(
        coder->brotli_decoder, &left, &input, &free_room, &output, NULL);
    *taken = count - left;
    *made = room - free_room;
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return left > 0 ? PORTICO_CODING_FAILED : PORTICO_CODING_ENDED;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return PORTICO_CODING_WANTS_INPUT;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return PORTICO_CODING_WANTS_ROOM;
    case BROTLI_DECODER_RESULT_ERROR: break;
    }
    return PORTICO_CODING_FAILED;
}

static enum portico_coding_progress run_zstd(
    portico_coder *coder, enum portico_coding_step step, const uint8_t *input, size_t count,
    size_t *taken, uint8_t *output, size_t room, size_t *made) {
    // Behind a frame's end the library would ask for the head of another one.
    if (coder->has_ended && count == 0) return PORTICO_CODING_ENDED;
    ZSTD_inBuffer from = {input, count, 0};
    ZSTD_outBuffer to = {output, room, 0};
    size_t result;
    if (coder->encodes) {
        ZSTD_EndDirective directive = step == PORTICO_CODING_FINISH  ? ZSTD_e_end
                                      : step == PORTICO_CODING_FLUSH ? ZSTD_e_flush
                                                                     : ZSTD_e_continue;
        result = ZSTD_compressStream2(coder->zstd_encoder, &to, &from, directive);
    } else {
        result = ZSTD_decompressStream(coder->zstd_decoder, &to, &from);
    }
    *taken = from.pos;
    *made = to.pos;
    if (ZSTD_isError(result)) return PORTICO_CODING_FAILED;
    if (coder->encodes) {
        bool is_through = step == PORTICO_CODING_GO ? from.pos == count : result == 0;
        if (!is_through) return PORTICO_CODING_WANTS_ROOM;
        return step == PORTICO_CODING_FINISH ? PORTICO_CODING_ENDED : PORTICO_CODING_WANTS_INPUT;
    }
    // RFC 8878 §3: frames follow each other; between two of them nothing is missing.
    coder->has_ended = result == 0;
    if (from.pos < count || (to.pos == room && result != 0)) return PORTICO_CODING_WANTS_ROOM;
    return result == 0 ? PORTICO_CODING_ENDED : PORTICO_CODING_WANTS_INPUT;
}

enum portico_coding_progress portico_coder_run(
    portico_coder *coder, enum portico_coding_step step, const uint8_t *input, size_t count,
    size_t *taken, uint8_t *output, size_t room, size_t *made) {
    *taken = 0;
    *made = 0;
    if (room == 0) return PORTICO_CODING_WANTS_ROOM;
    switch (coder->coding) {
    case PORTICO_CODING_GZIP:
        return run_zlib(coder, step, input, count, taken, output, room, made);
    case PORTICO_CODING_BROTLI:
        return run_brotli(coder, step, input, count, taken, output, room, made);
    case PORTICO_CODING_ZSTD:
        return run_zstd(coder, step, input, count, taken, output, room, made);
    }
    return PORTICO_CODING_FAILED;
}
