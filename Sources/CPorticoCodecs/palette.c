#include <stdlib.h>
#include <string.h>

#include "CPorticoCodecs.h"

int px_palette_exact(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                     uint8_t *palette, uint8_t *indexes) {
  /* Open addressing: the colour, and its index plus one. */
  uint32_t colours[1024];
  uint16_t found[1024] = {0};
  int count = 0;
  uint32_t last = 0;
  int last_index = -1;
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = pixels + y * stride;
    for (uint32_t x = 0; x < width; x++) {
      uint32_t colour;
      memcpy(&colour, row + x * 4, 4);
      /* What cannot be seen has no colour. */
      if (row[x * 4 + 3] == 0) colour = 0;
      if (colour != last || last_index < 0) {
        uint32_t slot = (colour * 2654435761u) >> 22;
        while (found[slot] != 0 && colours[slot] != colour) slot = (slot + 1) & 1023;
        if (found[slot] == 0) {
          if (count == 256) return 0;
          colours[slot] = colour;
          found[slot] = (uint16_t)(count + 1);
          memcpy(palette + count * 4, &colour, 4);
          count++;
        }
        last = colour;
        last_index = found[slot] - 1;
      }
      *indexes++ = (uint8_t)last_index;
    }
  }
  return count;
}

/* ---- Making a palette ---- */

/* A cell of the colour cube: five bits a colour channel, three of alpha. */
enum { CELLS = 1 << 18 };

static inline uint32_t cell_of(int r, int g, int b, int a) {
  return (uint32_t)((r >> 3) << 13 | (g >> 3) << 8 | (b >> 3) << 3 | a >> 5);
}

typedef struct {
  float weight;
  float mean[4];
} entry;

typedef struct {
  int from, to;
  int axis;
  double gain; /* the weighted variance along `axis` */
} span;

static void measure(const entry *entries, span *box) {
  double weight = 0, sum[4] = {0}, squares[4] = {0};
  for (int i = box->from; i < box->to; i++) {
    double w = entries[i].weight;
    weight += w;
    for (int c = 0; c < 4; c++) {
      sum[c] += w * entries[i].mean[c];
      squares[c] += w * entries[i].mean[c] * entries[i].mean[c];
    }
  }
  box->gain = -1;
  for (int c = 0; c < 4; c++) {
    double variance = squares[c] - sum[c] * sum[c] / weight;
    if (variance > box->gain) {
      box->gain = variance;
      box->axis = c;
    }
  }
  if (box->to - box->from < 2) box->gain = -1;
}

/* Cuts at the mean along the axis: the entries below it come first. */
static int cut_at_mean(entry *entries, const span *box) {
  double weight = 0, sum = 0;
  for (int i = box->from; i < box->to; i++) {
    weight += entries[i].weight;
    sum += (double)entries[i].weight * entries[i].mean[box->axis];
  }
  float mean = (float)(sum / weight);
  int low = box->from, high = box->to;
  while (low < high) {
    if (entries[low].mean[box->axis] <= mean) {
      low++;
    } else {
      entry swapped = entries[low];
      entries[low] = entries[--high];
      entries[high] = swapped;
    }
  }
  if (low == box->from) low++;
  if (low == box->to) low--;
  return low;
}

static int nearest(float palette[][4], int count, const float *colour) {
  int best = 0;
  float least = 1e30f;
  for (int i = 0; i < count; i++) {
    float r = palette[i][0] - colour[0], g = palette[i][1] - colour[1];
    float b = palette[i][2] - colour[2], a = palette[i][3] - colour[3];
    float apart = r * r * 0.6f + g * g + b * b * 0.4f + a * a;
    if (apart < least) {
      least = apart;
      best = i;
    }
  }
  return best;
}

static int collect(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, bool cut,
                   entry *cells, bool *clear) {
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *p = pixels + y * stride;
    for (uint32_t x = 0; x < width; x++, p += 4) {
      int a = cut ? (p[3] >= 128 ? 255 : 0) : p[3];
      if (a == 0) {
        *clear = true;
        continue;
      }
      entry *cell = &cells[cell_of(p[0], p[1], p[2], a)];
      cell->weight += 1;
      cell->mean[0] += p[0];
      cell->mean[1] += p[1];
      cell->mean[2] += p[2];
      cell->mean[3] += (float)a;
    }
  }
  int used = 0;
  for (int i = 0; i < CELLS; i++) {
    if (cells[i].weight == 0) continue;
    entry one = cells[i];
    for (int c = 0; c < 4; c++) one.mean[c] /= one.weight;
    cells[used++] = one;
  }
  return used;
}

static int choose(entry *entries, int used, int most, float palette[][4]) {
  span boxes[256];
  int count = 0;
  if (used > 0 && most > 0) {
    boxes[0] = (span){0, used, 0, 0};
    measure(entries, &boxes[0]);
    count = 1;
  }
  while (count > 0 && count < most) {
    int widest = 0;
    for (int i = 1; i < count; i++) {
      if (boxes[i].gain > boxes[widest].gain) widest = i;
    }
    if (boxes[widest].gain <= 0) break;
    int at = cut_at_mean(entries, &boxes[widest]);
    boxes[count] = (span){at, boxes[widest].to, 0, 0};
    boxes[widest].to = at;
    measure(entries, &boxes[widest]);
    measure(entries, &boxes[count]);
    count++;
  }
  for (int i = 0; i < count; i++) {
    double weight = 0, sum[4] = {0};
    for (int j = boxes[i].from; j < boxes[i].to; j++) {
      weight += entries[j].weight;
      for (int c = 0; c < 4; c++) sum[c] += (double)entries[j].weight * entries[j].mean[c];
    }
    for (int c = 0; c < 4; c++) palette[i][c] = (float)(sum[c] / weight);
  }
  /* Two rounds of k-means over the cells: boxes are cut by axes, colours are not. */
  for (int round = 0; round < 2 && count > 1; round++) {
    double sums[256][5] = {{0}};
    for (int j = 0; j < used; j++) {
      int i = nearest(palette, count, entries[j].mean);
      for (int c = 0; c < 4; c++) sums[i][c] += (double)entries[j].weight * entries[j].mean[c];
      sums[i][4] += entries[j].weight;
    }
    for (int i = 0; i < count; i++) {
      if (sums[i][4] == 0) continue;
      for (int c = 0; c < 4; c++) palette[i][c] = (float)(sums[i][c] / sums[i][4]);
    }
  }
  return count;
}

static float clamped(float value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

int px_palette_made(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height, int most,
                    bool cut, uint8_t *palette, uint8_t *indexes) {
  entry *cells = calloc(CELLS, sizeof(entry));
  int16_t *cache = malloc(CELLS * sizeof(int16_t));
  size_t line = ((size_t)width + 2) * 3;
  float *errors = calloc(line * 2, sizeof(float));
  int count = 0;
  if (cells != NULL && cache != NULL && errors != NULL) {
    bool clear = false;
    float colours[256][4];
    int used = collect(pixels, stride, width, height, cut, cells, &clear);
    count = choose(cells, used, clear ? most - 1 : most, colours);
    for (int i = 0; i < count; i++) {
      for (int c = 0; c < 4; c++) {
        colours[i][c] = (float)(int)(clamped(colours[i][c]) + 0.5f);
        palette[i * 4 + c] = (uint8_t)colours[i][c];
      }
    }
    int hole = count;
    if (clear) memset(palette + count++ * 4, 0, 4);
    memset(cache, 0xFF, CELLS * sizeof(int16_t));
    for (uint32_t y = 0; y < height; y++) {
      float *here = errors + (y & 1) * line + 3, *below = errors + ((y + 1) & 1) * line + 3;
      memset(below - 3, 0, line * sizeof(float));
      /* Every other row backwards, so that errors do not drift to one side. */
      int step = (y & 1) ? -1 : 1;
      for (uint32_t n = 0; n < width; n++) {
        ptrdiff_t x = step > 0 ? (ptrdiff_t)n : (ptrdiff_t)(width - 1 - n);
        const uint8_t *p = pixels + y * stride + (size_t)x * 4;
        int a = cut ? (p[3] >= 128 ? 255 : 0) : p[3];
        uint8_t *index = indexes + (size_t)y * width + (size_t)x;
        if (a == 0) {
          *index = (uint8_t)hole;
          continue;
        }
        float wanted[4] = {0, 0, 0, (float)a};
        for (int c = 0; c < 3; c++) wanted[c] = clamped(p[c] + here[x * 3 + c]);
        uint32_t cell = cell_of((int)wanted[0], (int)wanted[1], (int)wanted[2], a);
        if (cache[cell] < 0) cache[cell] = (int16_t)nearest(colours, hole, wanted);
        int chosen = cache[cell];
        *index = (uint8_t)chosen;
        for (int c = 0; c < 3; c++) {
          /* Floyd and Steinberg, at three quarters: less noise, still no bands. */
          float error = (wanted[c] - colours[chosen][c]) * (0.75f / 16);
          here[(x + step) * 3 + c] += error * 7;
          below[(x - step) * 3 + c] += error * 3;
          below[x * 3 + c] += error * 5;
          below[(x + step) * 3 + c] += error;
        }
      }
    }
  }
  free(cells);
  free(cache);
  free(errors);
  return count;
}
