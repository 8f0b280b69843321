#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A TOML document as a list of nodes in depth-first order, with the places at which keys and
   values stand in the text. Lines and columns count from 1; a column counts code points; 0 means
   that the place is not known. */

enum {
  PX_TOML_TABLE,
  PX_TOML_ARRAY,
  PX_TOML_STRING,
  PX_TOML_INTEGER,
  PX_TOML_FLOAT,
  PX_TOML_BOOLEAN,
  PX_TOML_TIME
};

typedef struct {
  /* Both not terminated, UTF-8, owned by the document; key is NULL in arrays and at the root. */
  const char *key, *text;
  size_t key_length, text_length;
  int64_t integer; /* also 0 or 1 of a boolean */
  double number;
  size_t children; /* direct ones; they follow at once, each with its own behind it */
  uint32_t key_line, key_column, line, column;
  int32_t kind;
} px_toml_node;

typedef struct px_toml px_toml;

/* Never NULL but when memory is exhausted. The text is not kept. */
px_toml *px_toml_parse(const char *text, size_t length);
void px_toml_free(px_toml *document);

/* The reason why the text is no TOML, with its place; NULL when it is. */
const char *px_toml_fault(const px_toml *document, uint32_t *line, uint32_t *column);
/* The first node is the root. Lives as long as the document; NULL when there is a fault. */
const px_toml_node *px_toml_nodes(const px_toml *document, size_t *count);

#ifdef __cplusplus
}
#endif
