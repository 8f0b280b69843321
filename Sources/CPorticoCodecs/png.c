#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

struct px_png_reader {
  png_structp codec;
  png_infop info;
  const uint8_t *bytes;
  size_t length, offset;
  jmp_buf escape;
  int status;
};

static void no_warning(png_structp codec, png_const_charp text) {
  (void)codec;
  (void)text;
}

static void on_error(png_structp codec, png_const_charp text) {
  (void)text;
  px_png_reader *reader = png_get_error_ptr(codec);
  if (reader->status == PX_IMAGE_OK) reader->status = PX_IMAGE_DAMAGED;
  longjmp(reader->escape, 1);
}

static void on_read(png_structp codec, png_bytep target, size_t count) {
  px_png_reader *reader = png_get_io_ptr(codec);
  if (reader->length - reader->offset < count) png_error(codec, "end");
  memcpy(target, reader->bytes + reader->offset, count);
  reader->offset += count;
}

px_png_reader *px_png_open(const uint8_t *bytes, size_t length, uint32_t *width, uint32_t *height,
                           bool *alpha, bool *interlaced, int *status) {
  px_png_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    *status = PX_IMAGE_NO_MEMORY;
    return NULL;
  }
  reader->bytes = bytes;
  reader->length = length;
  if (setjmp(reader->escape) != 0) {
    *status = reader->status;
    px_png_close(reader);
    return NULL;
  }
  reader->codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, no_warning);
  if (reader->codec != NULL) reader->info = png_create_info_struct(reader->codec);
  if (reader->info == NULL) {
    *status = PX_IMAGE_NO_MEMORY;
    px_png_close(reader);
    return NULL;
  }
  png_structp codec = reader->codec;
  png_infop info = reader->info;
  png_set_read_fn(codec, reader, on_read);
  /* Of what is not needed for the pixels, nothing is read: no text is inflated, no profile kept. */
  png_set_keep_unknown_chunks(codec, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_chunk_malloc_max(codec, 4 << 20);
  png_set_benign_errors(codec, 1);
  png_read_info(codec, info);
  int depth = png_get_bit_depth(codec, info);
  int colour = png_get_color_type(codec, info);
  *width = png_get_image_width(codec, info);
  *height = png_get_image_height(codec, info);
  *interlaced = png_get_interlace_type(codec, info) != PNG_INTERLACE_NONE;
  bool keyed = png_get_valid(codec, info, PNG_INFO_tRNS) != 0;
  *alpha = keyed || (colour & PNG_COLOR_MASK_ALPHA) != 0;
  if (depth == 16) png_set_scale_16(codec);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(codec);
  if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(codec);
  if (keyed) png_set_tRNS_to_alpha(codec);
  if ((colour & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(codec);
  if (!*alpha) png_set_filler(codec, 0xFF, PNG_FILLER_AFTER);
  if (*interlaced) png_set_interlace_handling(codec);
  png_read_update_info(codec, info);
  if (png_get_rowbytes(codec, info) != (size_t)*width * 4) {
    *status = PX_IMAGE_UNSUPPORTED;
    px_png_close(reader);
    return NULL;
  }
  *status = PX_IMAGE_OK;
  return reader;
}

int px_png_read(px_png_reader *reader, uint8_t *row) {
  if (setjmp(reader->escape) != 0) return reader->status;
  png_read_row(reader->codec, row, NULL);
  return PX_IMAGE_OK;
}

int px_png_read_all(px_png_reader *reader, uint8_t *rows, size_t stride, uint32_t height) {
  if (setjmp(reader->escape) != 0) return reader->status;
  int passes = png_get_interlace_type(reader->codec, reader->info) == PNG_INTERLACE_NONE ? 1 : 7;
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(reader->codec, rows + y * stride, NULL);
  }
  return PX_IMAGE_OK;
}

void px_png_close(px_png_reader *reader) {
  if (reader == NULL) return;
  if (reader->codec != NULL) png_destroy_read_struct(&reader->codec, &reader->info, NULL);
  free(reader);
}

/* ---- Writing ---- */

typedef struct {
  px_bytes *out;
  int status;
  jmp_buf escape;
} sink;

static void on_write_error(png_structp codec, png_const_charp text) {
  (void)text;
  sink *target = png_get_error_ptr(codec);
  if (target->status == PX_IMAGE_OK) target->status = PX_IMAGE_DAMAGED;
  longjmp(target->escape, 1);
}

static void on_write(png_structp codec, png_bytep data, size_t length) {
  sink *target = png_get_io_ptr(codec);
  if (!px_bytes_append(target->out, data, length)) {
    target->status = PX_IMAGE_NO_MEMORY;
    png_error(codec, "memory");
  }
}

static void on_flush(png_structp codec) { (void)codec; }

int px_png_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                  const px_png_options *options, px_bytes *out) {
  sink target = {.out = out};
  png_structp volatile codec = NULL;
  png_infop volatile info = NULL;
  uint8_t *volatile line = NULL;
  if (setjmp(target.escape) != 0) goto failed;
  codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, &target, on_write_error, no_warning);
  if (codec != NULL) info = png_create_info_struct(codec);
  line = malloc((size_t)width * 4);
  if (info == NULL || line == NULL) {
    target.status = PX_IMAGE_NO_MEMORY;
    goto failed;
  }
  png_set_write_fn(codec, &target, on_write, on_flush);
  png_set_compression_level(codec, options->level);
  png_set_filter(codec, 0, PNG_ALL_FILTERS);
  static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                              PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_IHDR(codec, info, width, height, 8, types[options->kind], PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(codec, info);
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + y * stride;
    switch (options->kind) {
      case 1:
        for (uint32_t x = 0; x < width; x++) line[x] = row[x * 4];
        break;
      case 2:
        for (uint32_t x = 0; x < width; x++) {
          line[x * 2] = row[x * 4];
          line[x * 2 + 1] = row[x * 4 + 3];
        }
        break;
      case 3:
        for (uint32_t x = 0; x < width; x++) memcpy(line + x * 3, row + x * 4, 3);
        break;
      default:
        memcpy(line, row, (size_t)width * 4);
        break;
    }
    png_write_row(codec, line);
  }
  png_write_end(codec, NULL);
failed:
  if (codec != NULL) {
    png_structp used = codec;
    png_infop described = info;
    png_destroy_write_struct(&used, &described);
  }
  free(line);
  if (target.status != PX_IMAGE_OK) px_bytes_free(out);
  return target.status;
}

int px_png_encode_indexed(const uint8_t *indexes, uint32_t width, uint32_t height,
                          const uint8_t *palette, int count, px_bytes *out) {
  sink target = {.out = out};
  png_structp volatile codec = NULL;
  png_infop volatile info = NULL;
  if (setjmp(target.escape) != 0) goto failed;
  codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, &target, on_write_error, no_warning);
  if (codec != NULL) info = png_create_info_struct(codec);
  if (info == NULL) {
    target.status = PX_IMAGE_NO_MEMORY;
    goto failed;
  }
  png_color colours[256];
  uint8_t alphas[256];
  int translucent = 0;
  for (int i = 0; i < count; i++) {
    colours[i] = (png_color){palette[i * 4], palette[i * 4 + 1], palette[i * 4 + 2]};
    alphas[i] = palette[i * 4 + 3];
    if (alphas[i] != 255) translucent = i + 1;
  }
  int depth = count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8;
  png_set_write_fn(codec, &target, on_write, on_flush);
  png_set_compression_level(codec, 9);
  png_set_filter(codec, 0, PNG_FILTER_NONE);
  png_set_IHDR(codec, info, width, height, depth, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_PLTE(codec, info, colours, count);
  if (translucent > 0) png_set_tRNS(codec, info, alphas, translucent, NULL);
  png_write_info(codec, info);
  if (depth < 8) png_set_packing(codec);
  for (uint32_t y = 0; y < height; y++) {
    png_write_row(codec, indexes + (size_t)y * width);
  }
  png_write_end(codec, NULL);
failed:
  if (codec != NULL) {
    png_structp used = codec;
    png_infop described = info;
    png_destroy_write_struct(&used, &described);
  }
  if (target.status != PX_IMAGE_OK) px_bytes_free(out);
  return target.status;
}
