#pragma once
#include "CPorticoCodecs.h"

/* Room for `more` bytes behind what is there; false when memory is exhausted. */
bool px_bytes_reserve(px_bytes *bytes, size_t more);
bool px_bytes_append(px_bytes *bytes, const void *data, size_t length);
