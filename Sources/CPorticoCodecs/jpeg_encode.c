#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "bytes.h"

enum { CHUNK = 16384 };

/* All that is needed after a jump lies here: setjmp has its address, so that the compiler does not
   believe what it knew before the call. */
typedef struct {
  struct jpeg_compress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_destination_mgr manager;
  uint8_t *line;
  px_bytes *out;
  size_t limit;
  int status;
  jmp_buf escape;
} sink;

static sink *sink_of(j_common_ptr codec) { return (sink *)codec->client_data; }

static void on_error(j_common_ptr codec) {
  sink *target = sink_of(codec);
  if (target->status == PX_IMAGE_OK) target->status = PX_IMAGE_DAMAGED;
  longjmp(target->escape, 1);
}

static void no_output(j_common_ptr codec) { (void)codec; }
static void no_message(j_common_ptr codec, int level) {
  (void)codec;
  (void)level;
}

static void give_room(j_compress_ptr codec) {
  sink *target = sink_of((j_common_ptr)codec);
  if (target->limit != 0 && target->out->length > target->limit) {
    target->status = PX_IMAGE_TOO_LARGE;
    longjmp(target->escape, 1);
  }
  if (!px_bytes_reserve(target->out, CHUNK)) {
    target->status = PX_IMAGE_NO_MEMORY;
    longjmp(target->escape, 1);
  }
  target->manager.next_output_byte = target->out->bytes + target->out->length;
  target->manager.free_in_buffer = target->limit != 0 ? 2048 : CHUNK;
}

static boolean on_full(j_compress_ptr codec) {
  sink *target = sink_of((j_common_ptr)codec);
  target->out->length += target->limit != 0 ? 2048 : CHUNK;
  give_room(codec);
  return TRUE;
}

static void on_end(j_compress_ptr codec) {
  sink *target = sink_of((j_common_ptr)codec);
  target->out->length =
      (size_t)(target->manager.next_output_byte - target->out->bytes);
}

int px_jpeg_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                   const px_jpeg_options *options, px_bytes *out) {
  sink target = {.out = out, .limit = options->limit};
  struct jpeg_compress_struct *codec = &target.codec;
  codec->err = jpeg_std_error(&target.errors);
  target.errors.error_exit = on_error;
  target.errors.emit_message = no_message;
  target.errors.output_message = no_output;
  codec->client_data = &target;
  if (setjmp(target.escape) != 0) {
    if (codec->mem != NULL) jpeg_destroy_compress(codec);
    free(target.line);
    px_bytes_free(out);
    return target.status;
  }
  jpeg_create_compress(codec);
  codec->client_data = &target;
  target.manager.init_destination = give_room;
  target.manager.empty_output_buffer = on_full;
  target.manager.term_destination = on_end;
  codec->dest = &target.manager;
  codec->image_width = width;
  codec->image_height = height;
  codec->input_components = options->grey ? 1 : 4;
  codec->in_color_space = options->grey ? JCS_GRAYSCALE : JCS_EXT_RGBX;
  jpeg_set_defaults(codec);
  jpeg_set_quality(codec, options->quality, TRUE);
  codec->optimize_coding = options->optimized;
  if (options->full_chroma && !options->grey) {
    codec->comp_info[0].h_samp_factor = 1;
    codec->comp_info[0].v_samp_factor = 1;
  }
  if (options->progressive) jpeg_simple_progression(codec);
  jpeg_start_compress(codec, TRUE);
  if (options->grey) {
    target.line = malloc(width);
    if (target.line == NULL) {
      target.status = PX_IMAGE_NO_MEMORY;
      longjmp(target.escape, 1);
    }
  }
  while (codec->next_scanline < height) {
    const uint8_t *row = pixels + codec->next_scanline * stride;
    if (options->grey) {
      for (uint32_t x = 0; x < width; x++) target.line[x] = row[x * 4];
      JSAMPROW one = target.line;
      jpeg_write_scanlines(codec, &one, 1);
    } else {
      JSAMPROW rows[16];
      uint32_t count = height - codec->next_scanline;
      if (count > 16) count = 16;
      for (uint32_t i = 0; i < count; i++) rows[i] = (JSAMPROW)(row + i * stride);
      jpeg_write_scanlines(codec, rows, count);
    }
  }
  jpeg_finish_compress(codec);
  jpeg_destroy_compress(codec);
  free(target.line);
  if (target.limit != 0 && out->length > target.limit) {
    px_bytes_free(out);
    return PX_IMAGE_TOO_LARGE;
  }
  return PX_IMAGE_OK;
}
