#include "bytes.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void px_bytes_free(px_bytes *bytes) {
  free(bytes->bytes);
  *bytes = (px_bytes){0};
}

bool px_bytes_reserve(px_bytes *bytes, size_t more) {
  if (bytes->capacity - bytes->length >= more) return true;
  if (more > SIZE_MAX / 4 || bytes->length > SIZE_MAX / 4) return false;
  size_t wanted = bytes->length + more;
  size_t capacity = bytes->capacity < 4096 ? 4096 : bytes->capacity;
  while (capacity < wanted) capacity += capacity / 2;
  uint8_t *grown = realloc(bytes->bytes, capacity);
  if (grown == NULL) return false;
  bytes->bytes = grown;
  bytes->capacity = capacity;
  return true;
}

bool px_bytes_append(px_bytes *bytes, const void *data, size_t length) {
  if (!px_bytes_reserve(bytes, length)) return false;
  memcpy(bytes->bytes + bytes->length, data, length);
  bytes->length += length;
  return true;
}

int px_inflate(const uint8_t *bytes, size_t length, size_t limit, px_bytes *out) {
  z_stream stream = {0};
  if (length > UINT32_MAX) return PX_IMAGE_TOO_LARGE;
  /* zlib's frame or gzip's, whichever it begins with. */
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return PX_IMAGE_NO_MEMORY;
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)length;
  int status = PX_IMAGE_OK;
  for (;;) {
    if (out->length > limit) {
      status = PX_IMAGE_TOO_LARGE;
      break;
    }
    if (!px_bytes_reserve(out, 16384)) {
      status = PX_IMAGE_NO_MEMORY;
      break;
    }
    stream.next_out = out->bytes + out->length;
    stream.avail_out = 16384;
    int result = inflate(&stream, Z_NO_FLUSH);
    out->length += 16384 - stream.avail_out;
    if (result == Z_STREAM_END) break;
    if (result != Z_OK) {
      status = PX_IMAGE_DAMAGED;
      break;
    }
  }
  inflateEnd(&stream);
  if (status == PX_IMAGE_OK && out->length > limit) status = PX_IMAGE_TOO_LARGE;
  if (status != PX_IMAGE_OK) px_bytes_free(out);
  return status;
}

uint32_t px_crc32(const uint8_t *bytes, size_t length) {
  return (uint32_t)crc32_z(0, bytes, length);
}
