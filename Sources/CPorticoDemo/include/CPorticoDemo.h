#ifndef CPORTICO_DEMO_H
#define CPORTICO_DEMO_H

#include <stddef.h>
#include <stdint.h>

/// A photograph of the demo shop. Everything it points to lives as long as the program.
struct portico_demo_photograph {
    /// The file's name, "mug.jpg".
    const char *name;
    /// "image/jpeg" or "image/png".
    const char *content_type;
    const uint8_t *bytes;
    size_t length;
};

size_t portico_demo_photograph_count(void);

/// `index` is below the count.
struct portico_demo_photograph portico_demo_photograph_at(size_t index);

/// The repository's config.toml; not ended by NUL.
const uint8_t *portico_demo_configuration(size_t *length);

/// A file that it names. What it points to lives as long as the program.
struct portico_demo_file {
    /// From the top of the repository: "rules/main.conf".
    const char *path;
    const uint8_t *bytes;
    size_t length;
};

size_t portico_demo_file_count(void);

/// `index` is below the count.
struct portico_demo_file portico_demo_file_at(size_t index);

#endif
