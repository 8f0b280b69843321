#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "CPorticoCodecs.h"

/* Four floats a pixel, as one vector. */
typedef float four __attribute__((vector_size(16), aligned(4)));

/* One mean over 2·whole + 1 pixels and a `part` of one more on either side: a box of any width. */
static void box(const four *in, four *out, int64_t count, int64_t whole, float part) {
  float scale = 1 / (2 * ((float)whole + part) + 1);
  four first = in[0], last = in[count - 1];
#define AT(i) ((i) < 0 ? first : (i) >= count ? last : in[i])
  four sum = first * (float)(whole + 1);
  int64_t inside = whole < count - 1 ? whole : count - 1;
  for (int64_t i = 1; i <= inside; i++) sum += in[i];
  sum += last * (float)(whole - inside);
  for (int64_t x = 0; x < count; x++) {
    four left = AT(x - whole - 1), right = AT(x + whole + 1);
    out[x] = (sum + (left + right) * part) * scale;
    sum += right - AT(x - whole);
  }
#undef AT
}

/* A line of `count` pixels, `step` bytes apart, in place. `lines` has room for two of them. */
static void blur_line(uint8_t *pixels, size_t step, uint32_t count, int64_t whole, float part,
                      four *lines) {
  four *a = lines, *b = lines + count;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *p = pixels + i * step;
    float alpha = p[3] * (1 / 255.0f);
    a[i] = (four){p[0] * alpha, p[1] * alpha, p[2] * alpha, p[3]};
  }
  box(a, b, count, whole, part);
  box(b, a, count, whole, part);
  box(a, b, count, whole, part);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *p = pixels + i * step;
    float alpha = b[i][3] < 0 ? 0 : b[i][3] > 255 ? 255 : b[i][3];
    float scale = alpha < 0.5f ? 0 : 255 / alpha;
    for (int c = 0; c < 3; c++) {
      float value = b[i][c] * scale + 0.5f;
      p[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    p[3] = (uint8_t)(alpha + 0.5f);
  }
}

int px_blur(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, double sigma) {
  uint32_t longer = width > height ? width : height;
  four *lines = malloc((size_t)longer * 2 * sizeof(four));
  if (lines == NULL) return PX_IMAGE_NO_MEMORY;
  /* Three boxes have three times the variance of one. With weight 1 up to `whole` and `part` at
     whole + 1, a box's variance is (S + 2·part·(whole+1)²) / (2·whole + 1 + 2·part). */
  double variance = sigma * sigma / 3;
  double whole = floor((sqrt(12 * variance + 1) - 1) / 2);
  double squares = whole * (whole + 1) * (2 * whole + 1) / 3;
  double part = (variance * (2 * whole + 1) - squares) / (2 * ((whole + 1) * (whole + 1) - variance));
  if (!(part >= 0)) part = 0;
  if (part > 1) part = 1;
  for (uint32_t y = 0; y < height; y++) {
    blur_line(pixels + y * stride, 4, width, (int64_t)whole, (float)part, lines);
  }
  for (uint32_t x = 0; x < width; x++) {
    blur_line(pixels + x * 4, stride, height, (int64_t)whole, (float)part, lines);
  }
  free(lines);
  return PX_IMAGE_OK;
}

void px_sharpen(uint8_t *pixels, const uint8_t *blurred, size_t count, float amount,
                float threshold) {
  for (size_t i = 0; i < count * 4; i++) {
    if ((i & 3) == 3) continue;
    float apart = (float)pixels[i] - (float)blurred[i];
    if (fabsf(apart) <= threshold && threshold > 0) continue;
    float value = pixels[i] + apart * amount + 0.5f;
    pixels[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

int px_black_and_white(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                       bool diffuse) {
  /* Three lines of errors, two pixels of margin on either side. */
  size_t span = (size_t)width + 4;
  float *errors = calloc(span * 3, sizeof(float));
  if (errors == NULL) return PX_IMAGE_NO_MEMORY;
  for (uint32_t y = 0; y < height; y++) {
    uint8_t *row = pixels + y * stride;
    float *here = errors + (y % 3) * span + 2, *next = errors + ((y + 1) % 3) * span + 2;
    float *after = errors + ((y + 2) % 3) * span + 2;
    for (uint32_t x = 0; x < width; x++) {
      uint8_t *p = row + x * 4;
      float luma = p[0] * 0.2126f + p[1] * 0.7152f + p[2] * 0.0722f;
      if (diffuse) luma += here[x];
      uint8_t value = luma >= 128 ? 255 : 0;
      memset(p, value, 3);
      if (!diffuse) continue;
      /* Three quarters of the error go on. */
      float eighth = (luma - value) / 8;
      here[x + 1] += eighth;
      here[x + 2] += eighth;
      next[(ptrdiff_t)x - 1] += eighth;
      next[x] += eighth;
      next[x + 1] += eighth;
      after[x] += eighth;
    }
    memset(here - 2, 0, span * sizeof(float));
  }
  free(errors);
  return PX_IMAGE_OK;
}
