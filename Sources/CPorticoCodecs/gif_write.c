#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

struct px_gif_writer {
  GifFileType *file;
  px_bytes out;
};

static int on_write(GifFileType *file, const GifByteType *data, int count) {
  px_gif_writer *writer = file->UserData;
  return px_bytes_append(&writer->out, data, (size_t)count) ? count : 0;
}

px_gif_writer *px_gif_create(uint32_t width, uint32_t height, int loop, int *status) {
  px_gif_writer *writer = calloc(1, sizeof *writer);
  *status = PX_IMAGE_NO_MEMORY;
  if (writer == NULL) return NULL;
  if (width > 65535 || height > 65535) {
    *status = PX_IMAGE_TOO_LARGE;
    free(writer);
    return NULL;
  }
  int error = 0;
  writer->file = EGifOpen(writer, on_write, &error);
  if (writer->file == NULL) {
    free(writer);
    return NULL;
  }
  EGifSetGifVersion(writer->file, true);
  bool good = EGifPutScreenDesc(writer->file, (int)width, (int)height, 8, 0, NULL) == GIF_OK;
  if (good && loop >= 0) {
    uint8_t block[3] = {1, (uint8_t)loop, (uint8_t)(loop >> 8)};
    good = EGifPutExtensionLeader(writer->file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
           EGifPutExtensionBlock(writer->file, 11, "NETSCAPE2.0") == GIF_OK &&
           EGifPutExtensionBlock(writer->file, 3, block) == GIF_OK &&
           EGifPutExtensionTrailer(writer->file) == GIF_OK;
  }
  if (!good) {
    px_gif_discard(writer);
    return NULL;
  }
  *status = PX_IMAGE_OK;
  return writer;
}

int px_gif_add(px_gif_writer *writer, const uint8_t *indexes, uint32_t left, uint32_t top,
               uint32_t width, uint32_t height, const uint8_t *palette, int count, int transparent,
               int disposal, uint32_t milliseconds) {
  int size = 2;
  while (size < count) size *= 2;
  GifColorType colours[256] = {{0}};
  for (int i = 0; i < count; i++) {
    colours[i] = (GifColorType){palette[i * 4], palette[i * 4 + 1], palette[i * 4 + 2]};
  }
  uint32_t hundredths = (milliseconds + 5) / 10;
  GraphicsControlBlock control = {.DisposalMode = disposal,
                                  .DelayTime = hundredths > 65535 ? 65535 : (int)hundredths,
                                  .TransparentColor = transparent};
  GifByteType block[4];
  EGifGCBToExtension(&control, block);
  ColorMapObject *map = GifMakeMapObject(size, colours);
  if (map == NULL) return PX_IMAGE_NO_MEMORY;
  bool good = EGifPutExtension(writer->file, GRAPHICS_EXT_FUNC_CODE, 4, block) == GIF_OK &&
              EGifPutImageDesc(writer->file, (int)left, (int)top, (int)width, (int)height, false,
                               map) == GIF_OK;
  for (uint32_t y = 0; good && y < height; y++) {
    good = EGifPutLine(writer->file, (GifPixelType *)indexes + (size_t)y * width, (int)width) ==
           GIF_OK;
  }
  GifFreeMapObject(map);
  return good ? PX_IMAGE_OK : PX_IMAGE_NO_MEMORY;
}

int px_gif_finish(px_gif_writer *writer, px_bytes *out) {
  int error;
  bool good = EGifCloseFile(writer->file, &error) == GIF_OK;
  if (good) {
    *out = writer->out;
  } else {
    px_bytes_free(&writer->out);
  }
  free(writer);
  return good ? PX_IMAGE_OK : PX_IMAGE_NO_MEMORY;
}

void px_gif_discard(px_gif_writer *writer) {
  if (writer == NULL) return;
  int error;
  EGifCloseFile(writer->file, &error);
  px_bytes_free(&writer->out);
  free(writer);
}
