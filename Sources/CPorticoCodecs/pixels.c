#include <math.h>
#include <string.h>

#include "CPorticoCodecs.h"

bool px_is_opaque(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height) {
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + y * stride;
    uint8_t all = 255;
    for (uint32_t x = 0; x < width; x++) all &= row[x * 4 + 3];
    if (all != 255) return false;
  }
  return true;
}

bool px_is_grey(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height) {
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + y * stride;
    uint8_t apart = 0;
    for (uint32_t x = 0; x < width; x++) {
      apart |= (row[x * 4] ^ row[x * 4 + 1]) | (row[x * 4] ^ row[x * 4 + 2]);
    }
    if (apart != 0) return false;
  }
  return true;
}

/* `source` over `target`, both with straight alpha. */
static void blend(uint8_t *out, const uint8_t *source, const uint8_t *target) {
  unsigned a = source[3];
  if (a == 255) {
    memmove(out, source, 4);
    return;
  }
  if (a == 0) {
    memmove(out, target, 4);
    return;
  }
  /* All weights in 1/255 of 255. */
  unsigned below = target[3] * (255 - a), above = a * 255, sum = above + below;
  for (int c = 0; c < 3; c++) {
    out[c] = (uint8_t)((source[c] * above + target[c] * below + sum / 2) / sum);
  }
  out[3] = (uint8_t)((sum + 127) / 255);
}

void px_flatten(uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                const uint8_t *colour) {
  for (uint32_t y = 0; y < height; y++) {
    uint8_t *row = pixels + y * stride;
    for (uint32_t x = 0; x < width; x++) {
      if (row[x * 4 + 3] != 255) blend(row + x * 4, row + x * 4, colour);
    }
  }
}

void px_over(uint8_t *target, const uint8_t *source, size_t count) {
  for (size_t i = 0; i < count; i++) blend(target + i * 4, source + i * 4, target + i * 4);
}

void px_orient(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
               int orientation, uint8_t *out) {
  /* Where the stored pixel (x, y) goes: steps in `out` for one to the right and one down. */
  ptrdiff_t across, down, origin;
  ptrdiff_t w = width, h = height;
  switch (orientation) {
    case 2: across = -1, down = w, origin = w - 1; break;
    case 3: across = -1, down = -w, origin = w * h - 1; break;
    case 4: across = 1, down = -w, origin = w * (h - 1); break;
    case 5: across = h, down = 1, origin = 0; break;
    case 6: across = h, down = -1, origin = h - 1; break;
    case 7: across = -h, down = -1, origin = w * h - 1; break;
    case 8: across = -h, down = 1, origin = h * (w - 1); break;
    default: across = 1, down = w, origin = 0; break;
  }
  /* In tiles, so that a turn touches few lines of the cache at once. */
  enum { TILE = 32 };
  for (uint32_t top = 0; top < height; top += TILE) {
    uint32_t bottom = top + TILE < height ? top + TILE : height;
    for (uint32_t left = 0; left < width; left += TILE) {
      uint32_t right = left + TILE < width ? left + TILE : width;
      for (uint32_t y = top; y < bottom; y++) {
        const uint8_t *row = pixels + y * stride;
        ptrdiff_t at = origin + down * (ptrdiff_t)y + across * (ptrdiff_t)left;
        for (uint32_t x = left; x < right; x++, at += across) memcpy(out + at * 4, row + x * 4, 4);
      }
    }
  }
}

void px_tone(uint8_t *pixels, size_t count, const uint8_t *table, float saturation) {
  for (size_t i = 0; i < count; i++) {
    uint8_t *pixel = pixels + i * 4;
    if (saturation == 1) {
      for (int c = 0; c < 3; c++) pixel[c] = table[pixel[c]];
      continue;
    }
    float values[3] = {table[pixel[0]], table[pixel[1]], table[pixel[2]]};
    float luma = values[0] * 0.2126f + values[1] * 0.7152f + values[2] * 0.0722f;
    for (int c = 0; c < 3; c++) {
      float value = luma + (values[c] - luma) * saturation + 0.5f;
      pixel[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
  }
}

void px_luma(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, uint8_t *out) {
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + y * stride;
    uint8_t *line = out + (size_t)y * width;
    for (uint32_t x = 0; x < width; x++) {
      line[x] = (uint8_t)((row[x * 4] * 77u + row[x * 4 + 1] * 150u + row[x * 4 + 2] * 29u + 128) >> 8);
    }
  }
}
