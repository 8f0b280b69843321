#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The image libraries in a few verbs. Pixels are always four bytes, red, green, blue, alpha (not
   premultiplied), rows `stride` bytes apart; only a CMYK reader yields C, M, Y, K in their place.
   Every function reports a status; none of them prints, aborts or jumps out. A reader keeps a
   pointer to the source bytes: the caller holds them until it closes the reader. */

enum {
  PX_IMAGE_OK = 0,
  PX_IMAGE_DAMAGED = 1,     /* coded data is missing or wrong */
  PX_IMAGE_UNSUPPORTED = 2, /* a kind of this format that is not read */
  PX_IMAGE_NO_MEMORY = 3,
  PX_IMAGE_TOO_LARGE = 4, /* a bound given by the caller was passed */
  PX_IMAGE_END = 5        /* no further frame */
};

/* What an encoder made; px_bytes_free gives it back. */
typedef struct {
  uint8_t *bytes;
  size_t length, capacity;
} px_bytes;

void px_bytes_free(px_bytes *bytes);

/* ---- JPEG ---- */

enum { PX_JPEG_GREY = 1, PX_JPEG_COLOUR = 3, PX_JPEG_CMYK = 4 };

typedef struct {
  uint32_t width, height;
  int32_t kind;      /* PX_JPEG_…; CMYK stands for YCCK too */
  bool progressive;  /* several scans: all coefficients are held before the first row */
  bool inverted;     /* CMYK as Adobe stores it: 255 is no ink */
  uint64_t coefficient_bytes; /* what libjpeg will hold when there are several scans */
} px_jpeg_info;

typedef struct px_jpeg_reader px_jpeg_reader;

px_jpeg_reader *px_jpeg_open(const uint8_t *bytes, size_t length, px_jpeg_info *info, int *status);
/* Begins to decode at `eighths`/8 of the size (1…8). More scans than `scans` are PX_IMAGE_TOO_LARGE. */
int px_jpeg_start(px_jpeg_reader *reader, int eighths, int scans, uint32_t *width, uint32_t *height);
/* The next `count` rows. */
int px_jpeg_read(px_jpeg_reader *reader, uint8_t *rows, size_t stride, uint32_t count);
/* Whether data was missing, known when the last row was read. */
int px_jpeg_finish(px_jpeg_reader *reader);
void px_jpeg_close(px_jpeg_reader *reader);

typedef struct {
  int quality; /* 1…100 */
  bool progressive, optimized, grey, full_chroma;
  size_t limit; /* give up with PX_IMAGE_TOO_LARGE beyond so many bytes; 0 for none */
} px_jpeg_options;

int px_jpeg_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                   const px_jpeg_options *options, px_bytes *out);

/* ---- PNG ---- */

typedef struct px_png_reader px_png_reader;

px_png_reader *px_png_open(const uint8_t *bytes, size_t length, uint32_t *width, uint32_t *height,
                           bool *alpha, bool *interlaced, int *status);
/* The next row; of a picture that is not interlaced. */
int px_png_read(px_png_reader *reader, uint8_t *row);
/* All rows at once. */
int px_png_read_all(px_png_reader *reader, uint8_t *rows, size_t stride, uint32_t height);
void px_png_close(px_png_reader *reader);

typedef struct {
  int kind; /* bytes a pixel in the file: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha */
  int level; /* of zlib, 1…9 */
} px_png_options;

int px_png_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                  const px_png_options *options, px_bytes *out);
/* A palette of `count` colours of four bytes; `indexes` has one byte a pixel. */
int px_png_encode_indexed(const uint8_t *indexes, uint32_t width, uint32_t height,
                          const uint8_t *palette, int count, px_bytes *out);

/* Inflates a zlib stream of at most `limit` bytes. */
int px_inflate(const uint8_t *bytes, size_t length, size_t limit, px_bytes *out);
uint32_t px_crc32(const uint8_t *bytes, size_t length);

/* ---- GIF ---- */

typedef struct px_gif_reader px_gif_reader;

/* `width` and `height` as the caller read them from the screen descriptor; the reader holds one
   canvas of that size, and a second one when a frame asks for what was there before. */
px_gif_reader *px_gif_open(const uint8_t *bytes, size_t length, int *status);
/* Draws the next frame onto the canvas, which stays the reader's. */
int px_gif_next(px_gif_reader *reader, const uint8_t **canvas, uint32_t *milliseconds);
void px_gif_close(px_gif_reader *reader);

typedef struct px_gif_writer px_gif_writer;

/* `loop` as in a NETSCAPE block, 0 for ever; below 0: none is written. */
px_gif_writer *px_gif_create(uint32_t width, uint32_t height, int loop, int *status);
/* One frame: indexes into `count` colours of four bytes, `transparent` an index or -1. `disposal`
   as in the file: 1 stays, 2 is cleared. */
int px_gif_add(px_gif_writer *writer, const uint8_t *indexes, uint32_t left, uint32_t top,
               uint32_t width, uint32_t height, const uint8_t *palette, int count, int transparent,
               int disposal, uint32_t milliseconds);
int px_gif_finish(px_gif_writer *writer, px_bytes *out);
void px_gif_discard(px_gif_writer *writer);

/* ---- WebP ---- */

typedef struct {
  uint32_t width, height, frames;
  int32_t loop;
  bool alpha, lossless, animated;
  size_t icc_offset, icc_length, exif_offset, exif_length, xmp_offset, xmp_length;
} px_webp_info;

int px_webp_inspect(const uint8_t *bytes, size_t length, px_webp_info *info);
int px_webp_decode(const uint8_t *bytes, size_t length, uint8_t *rows, size_t stride,
                   uint32_t width, uint32_t height);

typedef struct px_webp_reader px_webp_reader;
px_webp_reader *px_webp_open(const uint8_t *bytes, size_t length, int *status);
int px_webp_next(px_webp_reader *reader, const uint8_t **canvas, uint32_t *milliseconds);
void px_webp_close(px_webp_reader *reader);

typedef struct {
  int quality; /* 1…100 */
  int method;  /* 0 fast … 6 thorough */
  bool lossless, alpha;
} px_webp_options;

int px_webp_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                   const px_webp_options *options, px_bytes *out);

typedef struct px_webp_writer px_webp_writer;
px_webp_writer *px_webp_create(uint32_t width, uint32_t height, int loop,
                               const px_webp_options *options, int *status);
int px_webp_add(px_webp_writer *writer, const uint8_t *pixels, size_t stride,
                uint32_t milliseconds);
int px_webp_finish(px_webp_writer *writer, px_bytes *out);
void px_webp_discard(px_webp_writer *writer);

/* Puts an EXIF or XMP chunk into a finished file. */
int px_webp_annotate(const uint8_t *bytes, size_t length, const uint8_t *exif, size_t exif_length,
                     const uint8_t *xmp, size_t xmp_length, px_bytes *out);

/* ---- AVIF ---- */

typedef struct {
  uint32_t width, height, frames;
  int32_t depth;
  bool alpha;
  int32_t turns;  /* quarter turns against the clock (irot), applied first */
  int32_t mirror; /* -1 none, 0 top and bottom exchanged, 1 left and right exchanged (imir) */
  const uint8_t *icc;
  size_t icc_length;
  const uint8_t *exif;
  size_t exif_length;
} px_avif_info;

typedef struct px_avif_reader px_avif_reader;
px_avif_reader *px_avif_open(const uint8_t *bytes, size_t length, uint32_t max_side,
                             uint32_t max_pixels, px_avif_info *info, int *status);
int px_avif_decode(px_avif_reader *reader, uint8_t *rows, size_t stride);
void px_avif_close(px_avif_reader *reader);

typedef struct {
  int quality; /* 1…100 */
  int speed;   /* 0 thorough … 10 fast */
  bool alpha, full_chroma;
} px_avif_options;

int px_avif_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                   const px_avif_options *options, const uint8_t *exif, size_t exif_length,
                   px_bytes *out);

/* ---- Colour ---- */

typedef struct px_colour px_colour;

/* From an ICC profile to sRGB, for pixels of that PX_JPEG_… kind. NULL when the profile is broken, is
   for another kind of pixels (then `unusable` is true), or changes nothing worth the work. */
px_colour *px_colour_open(const uint8_t *profile, size_t length, int kind, bool inverted,
                          bool *unusable);
/* In place; CMYK becomes RGBA. Grey pixels come and go as RGBA. */
void px_colour_convert(px_colour *colour, uint8_t *pixels, size_t count);
void px_colour_close(px_colour *colour);
/* CMYK to RGBA by the plain formula, in place. */
void px_cmyk_to_rgba(uint8_t *pixels, size_t count, bool inverted);

/* ---- Kernels ---- */

/* One output row as the weighted sum of `taps` source rows of `count` values. */
void px_weigh_rows_8(const uint8_t *const *rows, const float *weights, int taps, float *out,
                     size_t count);
void px_weigh_rows_16(const uint16_t *const *rows, const float *weights, int taps, float *out,
                      size_t count);
/* One output row of `width` pixels: pixel i is the sum of `taps` pixels from `starts[i]` on, weighted by
   `weights[i * taps …]`. The row must be readable for `taps` pixels from each start. */
void px_weigh_pixels(const float *row, const int32_t *starts, const float *weights, int taps,
                     float *out, size_t width);
/* Rounds and clamps to bytes. */
void px_store_row(const float *row, uint8_t *out, size_t pixels);
/* Values are colour times alpha (0…65025), alpha times 255. */
void px_store_row_premultiplied(const float *row, uint8_t *out, size_t pixels);
void px_premultiply_row(const uint8_t *row, uint16_t *out, size_t pixels);

/* Whether all alphas are 255; whether each pixel is grey. */
bool px_is_opaque(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height);
bool px_is_grey(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height);
/* Composites over one colour (four bytes), in place. */
void px_flatten(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                const uint8_t *colour);
/* Turns by an EXIF orientation (2…8) into `out`, whose rows are packed. */
void px_orient(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
               int orientation, uint8_t *out);
/* Composites `count` pixels of `source` over `target` in place. */
void px_over(uint8_t *target, const uint8_t *source, size_t count);
/* Each colour channel through a table of 256, then its distance from grey times `saturation`. */
void px_tone(uint8_t *pixels, size_t count, const uint8_t *table, float saturation);
/* A Gaussian of `sigma` pixels, as three running means along each axis, in place. The colour at an
   edge goes on beyond it. */
int px_blur(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, double sigma);
/* Unsharp mask: `blurred` is the same picture after px_blur, packed like it. */
void px_sharpen(uint8_t *pixels, const uint8_t *blurred, size_t count, float amount, float threshold);
/* Only black and white pixels: luma of 128 and more is white, or Atkinson's diffusion. */
int px_black_and_white(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, bool diffuse);
/* Mean SSIM of two luma planes. */
double px_ssim(const uint8_t *a, const uint8_t *b, uint32_t width, uint32_t height);
void px_luma(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, uint8_t *out);

/* ---- Palettes ---- */

/* The colours of a picture when they are at most 256: their number and an index for each pixel; 0
   when there are more. */
int px_palette_exact(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                     uint8_t *palette, uint8_t *indexes);
/* At most `most` colours that stand for all, and an index for each pixel, with error diffusion.
   `cut`: alpha is all or nothing (GIF). Pixels without alpha share one colour, which is the last
   one. The number of colours, or 0 when memory is exhausted. */
int px_palette_made(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, int most,
                    bool cut, uint8_t *palette, uint8_t *indexes);
