#include <lcms2.h>
#include <stdlib.h>
#include <string.h>

#include "CPorticoCodecs.h"

struct px_colour {
  cmsHTRANSFORM transform;
  int kind;
  uint8_t greys[256][4]; /* of a grey profile: what each value becomes */
};

static void no_report(cmsContext context, cmsUInt32Number code, const char *text) {
  (void)context;
  (void)code;
  (void)text;
}

/* Whether no colour of a grid of 9×9×9 moves by more than two steps: an sRGB profile, mostly, of
   which there are many versions. */
static bool changes_nothing(px_colour *colour) {
  uint8_t before[9 * 4], after[9 * 4];
  for (int r = 0; r < 9; r++) {
    for (int g = 0; g < 9; g++) {
      for (int b = 0; b < 9; b++) {
        uint8_t *pixel = before + b * 4;
        pixel[0] = (uint8_t)(r * 255 / 8);
        pixel[1] = (uint8_t)(g * 255 / 8);
        pixel[2] = (uint8_t)(b * 255 / 8);
        pixel[3] = 255;
      }
      memcpy(after, before, sizeof after);
      px_colour_convert(colour, after, 9);
      for (int i = 0; i < 9 * 4; i++) {
        if (abs(before[i] - after[i]) > 2) return false;
      }
    }
  }
  return true;
}

px_colour *px_colour_open(const uint8_t *profile, size_t length, int kind, bool inverted,
                          bool *unusable) {
  *unusable = true;
  if (length < 128 || length > UINT32_MAX) return NULL;
  cmsContext context = cmsCreateContext(NULL, NULL);
  if (context == NULL) return NULL;
  cmsSetLogErrorHandlerTHR(context, no_report);
  px_colour *colour = calloc(1, sizeof *colour);
  cmsHPROFILE source = cmsOpenProfileFromMemTHR(context, profile, (cmsUInt32Number)length);
  cmsHPROFILE target = cmsCreate_sRGBProfileTHR(context);
  if (colour != NULL && source != NULL && target != NULL) {
    cmsColorSpaceSignature space = cmsGetColorSpace(source);
    cmsUInt32Number flags = cmsFLAGS_COPY_ALPHA;
    colour->kind = kind;
    if (kind == PX_JPEG_COLOUR && space == cmsSigRgbData) {
      colour->transform = cmsCreateTransformTHR(context, source, TYPE_RGBA_8, target, TYPE_RGBA_8,
                                                INTENT_PERCEPTUAL, flags);
    } else if (kind == PX_JPEG_CMYK && space == cmsSigCmykData) {
      colour->transform = cmsCreateTransformTHR(
          context, source, inverted ? TYPE_CMYK_8_REV : TYPE_CMYK_8, target, TYPE_RGBA_8,
          INTENT_PERCEPTUAL, 0);
    } else if (kind == PX_JPEG_GREY && space == cmsSigGrayData) {
      cmsHTRANSFORM transform = cmsCreateTransformTHR(context, source, TYPE_GRAY_8, target,
                                                      TYPE_RGBA_8, INTENT_PERCEPTUAL, 0);
      if (transform != NULL) {
        uint8_t values[256];
        for (int i = 0; i < 256; i++) values[i] = (uint8_t)i;
        cmsDoTransform(transform, values, colour->greys, 256);
        /* A grey stays one. */
        for (int i = 0; i < 256; i++) colour->greys[i][0] = colour->greys[i][2] = colour->greys[i][1];
      }
      colour->transform = transform;
    }
  }
  if (source != NULL) cmsCloseProfile(source);
  if (target != NULL) cmsCloseProfile(target);
  if (colour != NULL && colour->transform == NULL) {
    free(colour);
    colour = NULL;
  }
  if (colour == NULL) {
    cmsDeleteContext(context);
    return NULL;
  }
  *unusable = false;
  if (kind == PX_JPEG_COLOUR && changes_nothing(colour)) {
    px_colour_close(colour);
    return NULL;
  }
  return colour;
}

void px_colour_convert(px_colour *colour, uint8_t *pixels, size_t count) {
  if (colour->kind == PX_JPEG_GREY) {
    for (size_t i = 0; i < count; i++) memcpy(pixels + i * 4, colour->greys[pixels[i * 4]], 3);
    return;
  }
  while (count > 0) {
    size_t part = count < (1 << 20) ? count : (1 << 20);
    cmsDoTransform(colour->transform, pixels, pixels, (cmsUInt32Number)part);
    if (colour->kind == PX_JPEG_CMYK) {
      for (size_t i = 0; i < part; i++) pixels[i * 4 + 3] = 255;
    }
    pixels += part * 4;
    count -= part;
  }
}

void px_colour_close(px_colour *colour) {
  if (colour == NULL) return;
  cmsContext context = cmsGetTransformContextID(colour->transform);
  cmsDeleteTransform(colour->transform);
  cmsDeleteContext(context);
  free(colour);
}

void px_cmyk_to_rgba(uint8_t *pixels, size_t count, bool inverted) {
  uint8_t flip = inverted ? 0 : 255;
  for (size_t i = 0; i < count; i++) {
    uint8_t *pixel = pixels + i * 4;
    unsigned black = pixel[3] ^ flip;
    for (int c = 0; c < 3; c++) {
      unsigned product = (unsigned)(pixel[c] ^ flip) * black + 128;
      pixel[c] = (uint8_t)((product + (product >> 8)) >> 8);
    }
    pixel[3] = 255;
  }
}
