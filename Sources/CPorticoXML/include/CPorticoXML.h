#ifndef CPORTICO_XML_H
#define CPORTICO_XML_H

// What Portico asks of libxml2: the texts and attribute values of a document, in its order. No
// entity is expanded but the five that XML defines, no document type is loaded, no file and no
// network are touched.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum portico_xml_status {
    PORTICO_XML_READ,
    PORTICO_XML_MALFORMED,
    /// The document declares an entity.
    PORTICO_XML_ENTITY,
    /// The receiver has enough.
    PORTICO_XML_STOPPED,
    PORTICO_XML_NO_MEMORY,
};

typedef struct {
    /// A piece of a text or CDATA node, UTF-8; not 0 to stop.
    int (*text)(void *owner, const uint8_t *bytes, size_t count);
    /// An attribute's name without prefix, and its value; not 0 to stop.
    int (*attribute)(
        void *owner, const uint8_t *name, size_t name_count, const uint8_t *value,
        size_t value_count);
} portico_xml_receiver;

/// Reads a whole document. What was received before a fault stays received. `line` is where it
/// ended, counted from 1.
enum portico_xml_status portico_xml_read(
    const uint8_t *_Nullable bytes, size_t count, portico_xml_receiver receiver, void *owner,
    size_t *line);

#pragma clang assume_nonnull end
#endif
