#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
/* After jpeglib.h; for the names of its warnings. */
#include <jerror.h>

#include "CPorticoCodecs.h"

struct px_jpeg_reader {
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  int status;
  int scans;
  bool damaged;
};

static px_jpeg_reader *owner(j_common_ptr codec) { return (px_jpeg_reader *)codec->client_data; }

static void on_error(j_common_ptr codec) {
  px_jpeg_reader *reader = owner(codec);
  if (reader->status == PX_IMAGE_OK) {
    reader->status = codec->err->msg_code == JERR_OUT_OF_MEMORY ? PX_IMAGE_NO_MEMORY : PX_IMAGE_DAMAGED;
  }
  longjmp(reader->escape, 1);
}

/* A warning that coded data ran out or made no sense: libjpeg goes on and fills with grey. A missing
   end mark alone (JWRN_JPEG_EOF), and bytes between segments, lose nothing. */
static void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;
  codec->err->num_warnings++;
  switch (codec->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
      owner(codec)->damaged = true;
      break;
    default:
      break;
  }
}

static void no_output(j_common_ptr codec) { (void)codec; }

static void on_progress(j_common_ptr codec) {
  px_jpeg_reader *reader = owner(codec);
  if (codec->is_decompressor && reader->scans > 0 &&
      reader->codec.input_scan_number > reader->scans) {
    reader->status = PX_IMAGE_TOO_LARGE;
    longjmp(reader->escape, 1);
  }
}

px_jpeg_reader *px_jpeg_open(const uint8_t *bytes, size_t length, px_jpeg_info *info, int *status) {
  px_jpeg_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    *status = PX_IMAGE_NO_MEMORY;
    return NULL;
  }
  struct jpeg_decompress_struct *codec = &reader->codec;
  codec->err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = on_error;
  reader->errors.emit_message = on_message;
  reader->errors.output_message = no_output;
  codec->client_data = reader;
  if (setjmp(reader->escape) != 0) {
    *status = reader->status;
    px_jpeg_close(reader);
    return NULL;
  }
  jpeg_create_decompress(codec);
  codec->client_data = reader;
  reader->progress.progress_monitor = on_progress;
  codec->progress = &reader->progress;
  jpeg_mem_src(codec, bytes, length);
  jpeg_read_header(codec, TRUE);
  info->width = codec->image_width;
  info->height = codec->image_height;
  info->progressive = jpeg_has_multiple_scans(codec);
  info->inverted = codec->saw_Adobe_marker;
  info->kind = codec->num_components == 1   ? PX_JPEG_GREY
               : codec->num_components == 3 ? PX_JPEG_COLOUR
               : codec->num_components == 4 ? PX_JPEG_CMYK
                                            : 0;
  /* One coefficient block of 64 shorts for each 8×8 samples of each component. */
  int across = codec->max_h_samp_factor * 8, down = codec->max_v_samp_factor * 8;
  uint64_t columns = (codec->image_width + across - 1) / across;
  uint64_t lines = (codec->image_height + down - 1) / down;
  info->coefficient_bytes = 0;
  for (int i = 0; i < codec->num_components; i++) {
    jpeg_component_info *component = &codec->comp_info[i];
    info->coefficient_bytes += columns * component->h_samp_factor * lines *
                               component->v_samp_factor * sizeof(JBLOCK);
  }
  *status = info->kind == 0 ? PX_IMAGE_UNSUPPORTED : PX_IMAGE_OK;
  if (*status != PX_IMAGE_OK) {
    px_jpeg_close(reader);
    return NULL;
  }
  return reader;
}

int px_jpeg_start(px_jpeg_reader *reader, int eighths, int scans, uint32_t *width,
                  uint32_t *height) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape) != 0) return reader->status;
  reader->scans = scans;
  codec->scale_num = (unsigned)eighths;
  codec->scale_denom = 8;
  codec->out_color_space = codec->num_components == 4 ? JCS_CMYK : JCS_EXT_RGBA;
  codec->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(codec);
  *width = codec->output_width;
  *height = codec->output_height;
  return PX_IMAGE_OK;
}

int px_jpeg_read(px_jpeg_reader *reader, uint8_t *rows, size_t stride, uint32_t count) {
  struct jpeg_decompress_struct *codec = &reader->codec;
  if (setjmp(reader->escape) != 0) return reader->status;
  JSAMPROW lines[16];
  while (count > 0) {
    uint32_t batch = count < 16 ? count : 16;
    for (uint32_t i = 0; i < batch; i++) lines[i] = rows + i * stride;
    JDIMENSION got = jpeg_read_scanlines(codec, lines, batch);
    if (got == 0 || reader->damaged) return reader->status = PX_IMAGE_DAMAGED;
    rows += got * stride;
    count -= got;
  }
  return PX_IMAGE_OK;
}

int px_jpeg_finish(px_jpeg_reader *reader) {
  if (setjmp(reader->escape) != 0) return reader->status;
  if (reader->codec.output_scanline >= reader->codec.output_height) {
    jpeg_finish_decompress(&reader->codec);
  }
  return reader->damaged ? PX_IMAGE_DAMAGED : PX_IMAGE_OK;
}

void px_jpeg_close(px_jpeg_reader *reader) {
  if (reader == NULL) return;
  /* Destroying frees memory and reports nothing. */
  if (reader->codec.mem != NULL) jpeg_destroy_decompress(&reader->codec);
  free(reader);
}
