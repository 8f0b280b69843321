#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "CPorticoCodecs.h"

struct px_gif_reader {
  GifFileType *file;
  const uint8_t *bytes;
  size_t length, offset;
  uint32_t width, height;
  uint8_t *canvas, *before, *line;
  /* What happens to the last frame before the next one is drawn. */
  int disposal;
  uint32_t left, top, right, bottom;
};

static int on_read(GifFileType *file, GifByteType *target, int count) {
  px_gif_reader *reader = file->UserData;
  size_t rest = reader->length - reader->offset;
  size_t taken = count < 0 ? 0 : (size_t)count < rest ? (size_t)count : rest;
  memcpy(target, reader->bytes + reader->offset, taken);
  reader->offset += taken;
  return (int)taken;
}

px_gif_reader *px_gif_open(const uint8_t *bytes, size_t length, int *status) {
  px_gif_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    *status = PX_IMAGE_NO_MEMORY;
    return NULL;
  }
  reader->bytes = bytes;
  reader->length = length;
  int error = 0;
  reader->file = DGifOpen(reader, on_read, &error);
  *status = PX_IMAGE_DAMAGED;
  if (reader->file != NULL && reader->file->SWidth > 0 && reader->file->SHeight > 0) {
    reader->width = (uint32_t)reader->file->SWidth;
    reader->height = (uint32_t)reader->file->SHeight;
    reader->canvas = calloc((size_t)reader->width * reader->height, 4);
    reader->line = malloc(65536);
    *status = reader->canvas == NULL || reader->line == NULL ? PX_IMAGE_NO_MEMORY : PX_IMAGE_OK;
  }
  if (*status != PX_IMAGE_OK) {
    px_gif_close(reader);
    return NULL;
  }
  return reader;
}

/* Leaves the canvas as the last frame's disposal wants it. */
static void dispose(px_gif_reader *reader) {
  size_t stride = (size_t)reader->width * 4;
  size_t span = (size_t)(reader->right - reader->left) * 4;
  if (reader->disposal == DISPOSE_BACKGROUND) {
    for (uint32_t y = reader->top; y < reader->bottom; y++) {
      memset(reader->canvas + y * stride + reader->left * 4, 0, span);
    }
  } else if (reader->disposal == DISPOSE_PREVIOUS && reader->before != NULL) {
    for (uint32_t y = reader->top; y < reader->bottom; y++) {
      size_t at = y * stride + reader->left * 4;
      memcpy(reader->canvas + at, reader->before + at, span);
    }
  }
  reader->disposal = DISPOSAL_UNSPECIFIED;
}

static int draw(px_gif_reader *reader, const GraphicsControlBlock *control) {
  GifFileType *file = reader->file;
  if (DGifGetImageDesc(file) == GIF_ERROR) return PX_IMAGE_DAMAGED;
  const GifImageDesc *image = &file->Image;
  if (image->Width <= 0 || image->Height <= 0) return PX_IMAGE_DAMAGED;
  dispose(reader);
  size_t stride = (size_t)reader->width * 4;
  uint32_t left = (uint32_t)image->Left, top = (uint32_t)image->Top;
  uint32_t right = left + (uint32_t)image->Width, bottom = top + (uint32_t)image->Height;
  /* What lies outside of the screen is read and not drawn. */
  reader->left = left < reader->width ? left : reader->width;
  reader->top = top < reader->height ? top : reader->height;
  reader->right = right < reader->width ? right : reader->width;
  reader->bottom = bottom < reader->height ? bottom : reader->height;
  reader->disposal = control->DisposalMode;
  if (reader->disposal == DISPOSE_PREVIOUS) {
    if (reader->before == NULL) reader->before = malloc(stride * reader->height);
    if (reader->before == NULL) return PX_IMAGE_NO_MEMORY;
    memcpy(reader->before, reader->canvas, stride * reader->height);
  }
  uint8_t colours[256][4] = {{0}};
  const ColorMapObject *map = image->ColorMap != NULL ? image->ColorMap : file->SColorMap;
  for (int i = 0; i < 256; i++) {
    /* Without any palette, grey by index, as browsers and Pillow show it. An index beyond the
       palette is black. */
    uint8_t grey = map == NULL ? (uint8_t)i : 0;
    colours[i][0] = map != NULL && i < map->ColorCount ? map->Colors[i].Red : grey;
    colours[i][1] = map != NULL && i < map->ColorCount ? map->Colors[i].Green : grey;
    colours[i][2] = map != NULL && i < map->ColorCount ? map->Colors[i].Blue : grey;
    colours[i][3] = 255;
  }
  static const uint32_t begins[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
  uint32_t height = (uint32_t)image->Height, width = (uint32_t)image->Width;
  int passes = image->Interlace ? 4 : 1;
  for (int pass = 0; pass < passes; pass++) {
    uint32_t step = image->Interlace ? steps[pass] : 1;
    for (uint32_t y = image->Interlace ? begins[pass] : 0; y < height; y += step) {
      if (DGifGetLine(file, reader->line, (int)width) == GIF_ERROR) return PX_IMAGE_DAMAGED;
      if (top + y >= reader->height) continue;
      uint8_t *row = reader->canvas + (top + y) * stride;
      for (uint32_t x = reader->left; x < reader->right; x++) {
        int index = reader->line[x - left];
        if (index != control->TransparentColor) memcpy(row + x * 4, colours[index], 4);
      }
    }
  }
  return PX_IMAGE_OK;
}

int px_gif_next(px_gif_reader *reader, const uint8_t **canvas, uint32_t *milliseconds) {
  GraphicsControlBlock control = {.TransparentColor = NO_TRANSPARENT_COLOR};
  for (;;) {
    GifRecordType type;
    if (DGifGetRecordType(reader->file, &type) == GIF_ERROR) return PX_IMAGE_DAMAGED;
    if (type == TERMINATE_RECORD_TYPE) return PX_IMAGE_END;
    if (type == IMAGE_DESC_RECORD_TYPE) {
      int status = draw(reader, &control);
      *canvas = reader->canvas;
      *milliseconds = (uint32_t)control.DelayTime * 10;
      return status;
    }
    if (type != EXTENSION_RECORD_TYPE) continue;
    int code;
    GifByteType *block;
    if (DGifGetExtension(reader->file, &code, &block) == GIF_ERROR) return PX_IMAGE_DAMAGED;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != NULL && block[0] >= 4) {
      DGifExtensionToGCB(block[0], block + 1, &control);
    }
    while (block != NULL) {
      if (DGifGetExtensionNext(reader->file, &block) == GIF_ERROR) return PX_IMAGE_DAMAGED;
    }
  }
}

void px_gif_close(px_gif_reader *reader) {
  if (reader == NULL) return;
  int error;
  if (reader->file != NULL) DGifCloseFile(reader->file, &error);
  free(reader->canvas);
  free(reader->before);
  free(reader->line);
  free(reader);
}
