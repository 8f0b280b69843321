#include <string.h>

#include "CPorticoCodecs.h"

/* The resampler's inner loops, in the compiler's vector extensions. Each is compiled for the
   processor's baseline and, on x86, once more for AVX2; which runs is asked once a call.

   Down the columns first (px_weigh_rows), where neighbours in memory are neighbours in a vector and
   most of the work of a reduction lies; then along the rows that are left (px_weigh_pixels), where
   a pixel's four channels are one vector. Floats: no rounding between the two. */

typedef float four __attribute__((vector_size(16), aligned(4)));
typedef float eight __attribute__((vector_size(32), aligned(4)));
typedef uint8_t eight_bytes __attribute__((vector_size(8), aligned(1)));
typedef uint16_t eight_words __attribute__((vector_size(16), aligned(2)));
typedef int32_t eight_ints __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define BOTH(result, name, parameters, call)                                         \
  __attribute__((target("avx2,fma"))) static result name##_wide parameters { name##_any call; } \
  result name parameters {                                                            \
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {            \
      name##_wide call;                                                               \
    } else {                                                                          \
      name##_any call;                                                                \
    }                                                                                 \
  }
#else
#define BOTH(result, name, parameters, call) \
  result name parameters { name##_any call; }
#endif

#define WEIGH_ROWS(name, element, vector)                                                \
  INLINE void name##_any(const element *const *rows, const float *weights, int taps,      \
                         float *out, size_t count) {                                      \
    size_t i = 0;                                                                         \
    for (; i + 32 <= count; i += 32) {                                                    \
      eight a = {0}, b = {0}, c = {0}, d = {0};                                           \
      for (int t = 0; t < taps; t++) {                                                    \
        const element *row = rows[t] + i;                                                 \
        float w = weights[t];                                                             \
        a += __builtin_convertvector(*(const vector *)row, eight) * w;                    \
        b += __builtin_convertvector(*(const vector *)(row + 8), eight) * w;              \
        c += __builtin_convertvector(*(const vector *)(row + 16), eight) * w;             \
        d += __builtin_convertvector(*(const vector *)(row + 24), eight) * w;             \
      }                                                                                   \
      *(eight *)(out + i) = a;                                                            \
      *(eight *)(out + i + 8) = b;                                                        \
      *(eight *)(out + i + 16) = c;                                                       \
      *(eight *)(out + i + 24) = d;                                                       \
    }                                                                                     \
    for (; i < count; i++) {                                                              \
      float sum = 0;                                                                      \
      for (int t = 0; t < taps; t++) sum += rows[t][i] * weights[t];                      \
      out[i] = sum;                                                                       \
    }                                                                                     \
  }

WEIGH_ROWS(px_weigh_rows_8, uint8_t, eight_bytes)
WEIGH_ROWS(px_weigh_rows_16, uint16_t, eight_words)

BOTH(void, px_weigh_rows_8,
     (const uint8_t *const *rows, const float *weights, int taps, float *out, size_t count),
     (rows, weights, taps, out, count))
BOTH(void, px_weigh_rows_16,
     (const uint16_t *const *rows, const float *weights, int taps, float *out, size_t count),
     (rows, weights, taps, out, count))

INLINE void px_weigh_pixels_any(const float *row, const int32_t *starts, const float *weights,
                                int taps, float *out, size_t width) {
  for (size_t x = 0; x < width; x++) {
    const float *from = row + (size_t)starts[x] * 4;
    const float *w = weights + x * (size_t)taps;
    eight pair = {0}, other = {0};
    int t = 0;
    for (; t + 4 <= taps; t += 4) {
      eight first = {w[t], w[t], w[t], w[t], w[t + 1], w[t + 1], w[t + 1], w[t + 1]};
      eight second = {w[t + 2], w[t + 2], w[t + 2], w[t + 2],
                      w[t + 3], w[t + 3], w[t + 3], w[t + 3]};
      pair += *(const eight *)(from + t * 4) * first;
      other += *(const eight *)(from + t * 4 + 8) * second;
    }
    pair += other;
    four sum = __builtin_shufflevector(pair, pair, 0, 1, 2, 3) +
               __builtin_shufflevector(pair, pair, 4, 5, 6, 7);
    for (; t < taps; t++) sum += *(const four *)(from + t * 4) * w[t];
    *(four *)(out + x * 4) = sum;
  }
}

BOTH(void, px_weigh_pixels,
     (const float *row, const int32_t *starts, const float *weights, int taps, float *out,
      size_t width),
     (row, starts, weights, taps, out, width))

INLINE void px_store_row_any(const float *row, uint8_t *out, size_t pixels) {
  for (size_t i = 0; i < pixels * 4; i++) {
    float value = row[i] + 0.5f;
    value = value < 0 ? 0 : value;
    value = value > 255 ? 255 : value;
    out[i] = (uint8_t)(int32_t)value;
  }
}

BOTH(void, px_store_row, (const float *row, uint8_t *out, size_t pixels), (row, out, pixels))

void px_store_row_premultiplied(const float *row, uint8_t *out, size_t pixels) {
  for (size_t i = 0; i < pixels; i++) {
    float weight = row[i * 4 + 3];
    float alpha = weight / 255.0f + 0.5f;
    alpha = alpha < 0 ? 0 : alpha > 255 ? 255 : alpha;
    uint8_t kept = (uint8_t)alpha;
    out[i * 4 + 3] = kept;
    float scale = kept == 0 || weight <= 0 ? 0 : 255.0f / weight;
    for (int c = 0; c < 3; c++) {
      float value = row[i * 4 + c] * scale + 0.5f;
      value = value < 0 ? 0 : value > 255 ? 255 : value;
      out[i * 4 + c] = (uint8_t)value;
    }
  }
}

INLINE void px_premultiply_row_any(const uint8_t *row, uint16_t *out, size_t pixels) {
  for (size_t i = 0; i < pixels; i++) {
    unsigned alpha = row[i * 4 + 3];
    out[i * 4] = (uint16_t)(row[i * 4] * alpha);
    out[i * 4 + 1] = (uint16_t)(row[i * 4 + 1] * alpha);
    out[i * 4 + 2] = (uint16_t)(row[i * 4 + 2] * alpha);
    out[i * 4 + 3] = (uint16_t)(255 * alpha);
  }
}

BOTH(void, px_premultiply_row, (const uint8_t *row, uint16_t *out, size_t pixels),
     (row, out, pixels))
