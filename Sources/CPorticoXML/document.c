#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "CPorticoXML.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

struct reading {
    portico_xml_receiver receiver;
    void *owner;
    xmlParserCtxtPtr parser;
    enum portico_xml_status status;
};

static void stop(struct reading *reading, enum portico_xml_status status) {
    if (reading->status != PORTICO_XML_READ) return;
    reading->status = status;
    xmlStopParser(reading->parser);
}

static void receive_text(void *context, const xmlChar *text, int count) {
    struct reading *reading = context;
    if (reading->status != PORTICO_XML_READ || count <= 0) return;
    if (reading->receiver.text(reading->owner, text, (size_t)count)) {
        stop(reading, PORTICO_XML_STOPPED);
    }
}

static void begin_element(
    void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int spaces_count,
    const xmlChar **spaces, int count, int defaulted, const xmlChar **attributes) {
    (void)name, (void)prefix, (void)uri, (void)spaces_count, (void)spaces, (void)defaulted;
    struct reading *reading = context;
    for (int i = 0; i < count && reading->status == PORTICO_XML_READ; i++) {
        // Name, prefix, namespace, begin and end of the value.
        const xmlChar **attribute = attributes + 5 * (size_t)i;
        if (reading->receiver.attribute(
                reading->owner, attribute[0], strlen((const char *)attribute[0]), attribute[3],
                (size_t)(attribute[4] - attribute[3]))) {
            stop(reading, PORTICO_XML_STOPPED);
        }
    }
}

static xmlEntityPtr predefined_entity(void *context, const xmlChar *name) {
    (void)context;
    return xmlGetPredefinedEntity(name);
}

// A document that declares entities says one thing to us and another to who expands them.
static void refuse_entity(
    void *context, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content) {
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    stop(context, PORTICO_XML_ENTITY);
}

static void refuse_unparsed(
    void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id,
    const xmlChar *notation) {
    (void)name, (void)public_id, (void)system_id, (void)notation;
    stop(context, PORTICO_XML_ENTITY);
}

static void refuse_reference(void *context, const xmlChar *name) {
    (void)name;
    stop(context, PORTICO_XML_ENTITY);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

enum portico_xml_status portico_xml_read(
    const uint8_t *bytes, size_t count, portico_xml_receiver receiver, void *owner, size_t *line) {
    *line = 1;
    if (!count || count > INT_MAX) return PORTICO_XML_MALFORMED;
    pthread_once(&once, xmlInitParser);
    struct reading reading = {receiver, owner, NULL, PORTICO_XML_READ};
    // What is not set is not done: no tree, no comments, no entities, no sentences on stderr.
    xmlSAXHandler handler;
    memset(&handler, 0, sizeof handler);
    handler.initialized = XML_SAX2_MAGIC;
    handler.characters = receive_text;
    handler.ignorableWhitespace = receive_text;
    handler.cdataBlock = receive_text;
    handler.startElementNs = begin_element;
    handler.getEntity = predefined_entity;
    handler.entityDecl = refuse_entity;
    handler.unparsedEntityDecl = refuse_unparsed;
    handler.reference = refuse_reference;
    reading.parser = xmlCreatePushParserCtxt(&handler, &reading, NULL, 0, NULL);
    if (!reading.parser) return PORTICO_XML_NO_MEMORY;
    xmlCtxtUseOptions(
        reading.parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlParseChunk(reading.parser, (const char *)bytes, (int)count, 0);
    if (reading.status == PORTICO_XML_READ) xmlParseChunk(reading.parser, NULL, 0, 1);
    if (reading.parser->input && reading.parser->input->line > 0) {
        *line = (size_t)reading.parser->input->line;
    }
    if (reading.status == PORTICO_XML_READ && !reading.parser->wellFormed) {
        reading.status = reading.parser->errNo == XML_ERR_NO_MEMORY ? PORTICO_XML_NO_MEMORY
                                                                    : PORTICO_XML_MALFORMED;
    }
    if (reading.parser->myDoc) xmlFreeDoc(reading.parser->myDoc);
    reading.parser->myDoc = NULL;
    xmlFreeParserCtxt(reading.parser);
    return reading.status;
}
