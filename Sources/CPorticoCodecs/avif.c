#include <avif/avif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

struct px_avif_reader {
  avifDecoder *codec;
  uint32_t width, height;
};

static int status_of(avifResult result) {
  switch (result) {
    case AVIF_RESULT_OK:
      return PX_IMAGE_OK;
    case AVIF_RESULT_OUT_OF_MEMORY:
      return PX_IMAGE_NO_MEMORY;
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
      return PX_IMAGE_UNSUPPORTED;
    default:
      return PX_IMAGE_DAMAGED;
  }
}

px_avif_reader *px_avif_open(const uint8_t *bytes, size_t length, uint32_t max_side,
                             uint32_t max_pixels, px_avif_info *info, int *status) {
  px_avif_reader *reader = calloc(1, sizeof *reader);
  *status = PX_IMAGE_NO_MEMORY;
  if (reader == NULL) return NULL;
  reader->codec = avifDecoderCreate();
  if (reader->codec == NULL) {
    free(reader);
    return NULL;
  }
  avifDecoder *codec = reader->codec;
  codec->maxThreads = 1;
  codec->ignoreXMP = AVIF_TRUE;
  codec->imageDimensionLimit = max_side;
  codec->imageSizeLimit = max_pixels < AVIF_DEFAULT_IMAGE_SIZE_LIMIT ? max_pixels : AVIF_DEFAULT_IMAGE_SIZE_LIMIT;
  codec->imageCountLimit = 100000;
  codec->strictFlags = AVIF_STRICT_ENABLED & ~(AVIF_STRICT_PIXI_REQUIRED | AVIF_STRICT_CLAP_VALID);
  avifResult result = avifDecoderSetIOMemory(codec, bytes, length);
  if (result == AVIF_RESULT_OK) result = avifDecoderParse(codec);
  if (result != AVIF_RESULT_OK) {
    *status = status_of(result);
    px_avif_close(reader);
    return NULL;
  }
  const avifImage *image = codec->image;
  *info = (px_avif_info){
      .width = image->width,
      .height = image->height,
      .frames = codec->imageCount < 1 ? 1 : (uint32_t)codec->imageCount,
      .depth = (int32_t)image->depth,
      .alpha = codec->alphaPresent,
      .turns = (image->transformFlags & AVIF_TRANSFORM_IROT) ? image->irot.angle & 3 : 0,
      .mirror = (image->transformFlags & AVIF_TRANSFORM_IMIR) ? image->imir.mode & 1 : -1,
      .icc = image->icc.data,
      .icc_length = image->icc.size,
      .exif = image->exif.data,
      .exif_length = image->exif.size,
  };
  reader->width = image->width;
  reader->height = image->height;
  *status = PX_IMAGE_OK;
  return reader;
}

int px_avif_decode(px_avif_reader *reader, uint8_t *rows, size_t stride) {
  avifResult result = avifDecoderNextImage(reader->codec);
  if (result != AVIF_RESULT_OK) return status_of(result);
  const avifImage *image = reader->codec->image;
  /* The stream may contradict its container. */
  if (image->width != reader->width || image->height != reader->height) return PX_IMAGE_DAMAGED;
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, image);
  rgb.format = AVIF_RGB_FORMAT_RGBA;
  rgb.depth = 8;
  rgb.pixels = rows;
  rgb.rowBytes = (uint32_t)stride;
  return status_of(avifImageYUVToRGB(image, &rgb));
}

void px_avif_close(px_avif_reader *reader) {
  if (reader == NULL) return;
  avifDecoderDestroy(reader->codec);
  free(reader);
}

int px_avif_encode(const uint8_t *pixels, size_t stride, uint32_t width, uint32_t height,
                   const px_avif_options *options, const uint8_t *exif, size_t exif_length,
                   px_bytes *out) {
  avifImage *image = avifImageCreate(
      width, height, 8, options->full_chroma ? AVIF_PIXEL_FORMAT_YUV444 : AVIF_PIXEL_FORMAT_YUV420);
  avifEncoder *codec = avifEncoderCreate();
  avifRWData data = AVIF_DATA_EMPTY;
  avifResult result = AVIF_RESULT_OUT_OF_MEMORY;
  if (image != NULL && codec != NULL) {
    /* sRGB in the coefficients of JPEG. */
    image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
    image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
    image->yuvRange = AVIF_RANGE_FULL;
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.format = AVIF_RGB_FORMAT_RGBA;
    rgb.ignoreAlpha = !options->alpha;
    rgb.pixels = (uint8_t *)pixels;
    rgb.rowBytes = (uint32_t)stride;
    if (exif_length > 0) avifImageSetMetadataExif(image, exif, exif_length);
    int quantizer = ((100 - options->quality) * 63 + 50) / 100;
    codec->codecChoice = AVIF_CODEC_CHOICE_AOM;
    codec->maxThreads = 1;
    codec->speed = options->speed;
    codec->minQuantizer = 0;
    codec->maxQuantizer = 63;
    codec->minQuantizerAlpha = 0;
    codec->maxQuantizerAlpha = 63;
    char level[8];
    snprintf(level, sizeof level, "%d", quantizer);
    avifEncoderSetCodecSpecificOption(codec, "end-usage", "q");
    avifEncoderSetCodecSpecificOption(codec, "cq-level", level);
    avifEncoderSetCodecSpecificOption(codec, "color:tune", "ssim");
    result = avifImageRGBToYUV(image, &rgb);
    if (result == AVIF_RESULT_OK) result = avifEncoderWrite(codec, image, &data);
  }
  int status = status_of(result);
  if (status == PX_IMAGE_OK && !px_bytes_append(out, data.data, data.size)) {
    status = PX_IMAGE_NO_MEMORY;
  }
  avifRWDataFree(&data);
  if (codec != NULL) avifEncoderDestroy(codec);
  if (image != NULL) avifImageDestroy(image);
  return status;
}
