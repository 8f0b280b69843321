#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "CPorticoCodecs.h"

/* Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004): Gaussian windows of 11 pixels and
   sigma 1.5, those that lie wholly inside. */

enum { TAPS = 11, SUMS = 5 };

static float similarity(float a, float b, float aa, float bb, float ab) {
  const float c1 = 6.5025f, c2 = 58.5225f;
  float va = aa - a * a, vb = bb - b * b, vab = ab - a * b;
  return ((2 * a * b + c1) * (2 * vab + c2)) / ((a * a + b * b + c1) * (va + vb + c2));
}

/* A picture smaller than a window is one window. */
static double at_once(const uint8_t *a, const uint8_t *b, size_t count) {
  double sums[SUMS] = {0};
  for (size_t i = 0; i < count; i++) {
    double x = a[i], y = b[i];
    sums[0] += x;
    sums[1] += y;
    sums[2] += x * x;
    sums[3] += y * y;
    sums[4] += x * y;
  }
  for (int s = 0; s < SUMS; s++) sums[s] /= (double)count;
  return similarity((float)sums[0], (float)sums[1], (float)sums[2], (float)sums[3],
                    (float)sums[4]);
}

double px_ssim(const uint8_t *a, const uint8_t *b, uint32_t width, uint32_t height) {
  if (width < TAPS || height < TAPS) return at_once(a, b, (size_t)width * height);
  float *lines = malloc((size_t)width * SUMS * 2 * sizeof(float));
  if (lines == NULL) return 0;
  float *means = lines + (size_t)width * SUMS;
  float weights[TAPS], all = 0;
  for (int t = 0; t < TAPS; t++) {
    weights[t] = expf(-(float)((t - 5) * (t - 5)) / 4.5f);
    all += weights[t];
  }
  for (int t = 0; t < TAPS; t++) weights[t] /= all;
  float *restrict sa = lines, *restrict sb = sa + width, *restrict saa = sb + width;
  float *restrict sbb = saa + width, *restrict sab = sbb + width;
  double sum = 0;
  for (uint32_t y = 0; y + TAPS <= height; y++) {
    memset(lines, 0, (size_t)width * SUMS * sizeof(float));
    for (int t = 0; t < TAPS; t++) {
      const uint8_t *ra = a + (size_t)(y + (uint32_t)t) * width;
      const uint8_t *rb = b + (size_t)(y + (uint32_t)t) * width;
      float w = weights[t];
      for (uint32_t x = 0; x < width; x++) {
        float va = ra[x], vb = rb[x];
        sa[x] += va * w;
        sb[x] += vb * w;
        saa[x] += va * va * w;
        sbb[x] += vb * vb * w;
        sab[x] += va * vb * w;
      }
    }
    uint32_t inside = width - TAPS + 1;
    memset(means, 0, (size_t)width * SUMS * sizeof(float));
    for (int s = 0; s < SUMS; s++) {
      const float *line = lines + (size_t)s * width;
      float *restrict mean = means + (size_t)s * width;
      for (int t = 0; t < TAPS; t++) {
        float w = weights[t];
        for (uint32_t x = 0; x < inside; x++) mean[x] += line[x + (uint32_t)t] * w;
      }
    }
    float row = 0;
    for (uint32_t x = 0; x < inside; x++) {
      row += similarity(means[x], means[x + width], means[x + (size_t)width * 2], means[x + (size_t)width * 3],
                        means[x + (size_t)width * 4]);
    }
    sum += row;
  }
  free(lines);
  return sum / ((double)(width - TAPS + 1) * (height - TAPS + 1));
}
