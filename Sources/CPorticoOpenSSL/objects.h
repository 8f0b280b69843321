#ifndef PORTICO_OBJECTS_H
#define PORTICO_OBJECTS_H

// What the files of this shim share; Swift does not see it.

#include "CPorticoOpenSSL.h"

#include <openssl/ssl.h>

struct portico_certificate {
    X509 *leaf;
    STACK_OF(X509) *chain;
    EVP_PKEY *key;
    enum portico_key_kind kind;
};

struct portico_server {
    SSL_CTX *context;
    portico_ticket_lookup lookup;
    void *keys;
    size_t alpn_count;
    uint8_t alpn[];
};

struct portico_client {
    SSL_CTX *context;
};

struct portico_tls {
    SSL *ssl;
    // The context under which the connection began; tickets are asked of it.
    portico_server *server;
    // Set for the length of one step only.
    portico_wire wire;
    char *name;
    bool chosen;
};

// The algorithms that are used often. OpenSSL 3 looks each up by name on every use otherwise.
typedef struct {
    BIO_METHOD *wire;
    EVP_CIPHER *aes256;
    EVP_MD *sha256;
    EVP_MAC *hmac;
} portico_library;
const portico_library *portico_library_get(void);

// The connection that a callback is about.
portico_tls *portico_tls_of(SSL *ssl);
// Reads what the client asks for, then pauses the handshake until a choice has been made.
int portico_on_client_hello(SSL *ssl, int *alert, void *argument);

#endif
