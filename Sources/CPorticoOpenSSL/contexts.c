#include "objects.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>

// Mozilla's "intermediate" without DHE: clients that know DHE and not ECDHE are gone, and DHE is
// the dearest handshake that a stranger can ask for.
static const char ciphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers13[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";

static SSL_CTX *make_context(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context) return NULL;
    SSL_CTX_set_mode(
        context,
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
            | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    // No cipher preference of ours: a client without AES in hardware puts ChaCha20 first.
    SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION)
        && SSL_CTX_set_ciphersuites(context, ciphers13)
        && SSL_CTX_set1_groups_list(context, groups))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

// Servers --------------------------------------------------------------------------------------

static int on_alpn(
    SSL *ssl, const unsigned char **chosen, unsigned char *chosen_count,
    const unsigned char *offered, unsigned int offered_count, void *argument) {
    (void)ssl;
    const portico_server *server = argument;
    unsigned char *found = NULL;
    // Who offers only what we do not speak is refused (RFC 7301 §3.2): going on in another
    // protocol is what cross-protocol attacks live on.
    if (SSL_select_next_proto(
            &found, chosen_count, server->alpn, (unsigned)server->alpn_count, offered,
            offered_count)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static int on_ticket(
    SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
    int sealing) {
    const portico_library *library = portico_library_get();
    const portico_server *server = portico_tls_of(ssl)->server;
    uint8_t key[16 + 32 + 32] = {0};
    char digest[] = "SHA256";
    if (!sealing) memcpy(key, name, 16);
    int answer = server->lookup(server->keys, key, sealing);
    if (answer == 0) return 0;
    if (sealing) {
        memcpy(name, key, 16);
        if (RAND_bytes(iv, 16) != 1) return -1;
    }
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key + 48, 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool good = EVP_CipherInit_ex2(cipher, library->aes256, key + 16, iv, sealing, NULL) == 1
        && EVP_MAC_CTX_set_params(mac, parameters) == 1;
    OPENSSL_cleanse(key, sizeof key);
    return good ? answer : -1;
}

portico_server *portico_server_make(
    bool tls13_only, const uint8_t *alpn, size_t alpn_count, long ticket_seconds,
    portico_ticket_lookup lookup, void *keys) {
    static const unsigned char purpose[] = "portico";
    ERR_clear_error();
    portico_server *server = calloc(1, sizeof *server + alpn_count);
    SSL_CTX *context = make_context(TLS_server_method());
    if (!server || !context || !SSL_CTX_set_cipher_list(context, ciphers12)
        || !SSL_CTX_set_session_id_context(context, purpose, sizeof purpose - 1)
        || (tls13_only && !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION))) {
        SSL_CTX_free(context);
        free(server);
        ERR_clear_error();
        return NULL;
    }
    server->context = context;
    server->lookup = lookup;
    server->keys = keys;
    server->alpn_count = alpn_count;
    if (alpn_count > 0) {
        memcpy(server->alpn, alpn, alpn_count);
        SSL_CTX_set_alpn_select_cb(context, on_alpn, server);
    }
    SSL_CTX_set_client_hello_cb(context, portico_on_client_hello, NULL);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    SSL_CTX_set_timeout(context, ticket_seconds);
    // One ticket: a client that opens several connections at once gets one on each of them.
    SSL_CTX_set_num_tickets(context, 1);
    return server;
}

uint64_t portico_server_add(portico_server *server, const portico_certificate *certificate) {
    ERR_clear_error();
    bool added = SSL_CTX_use_cert_and_key(
                     server->context, certificate->leaf, certificate->key, certificate->chain, 0)
        == 1;
    uint64_t code = added ? 0 : ERR_peek_last_error();
    ERR_clear_error();
    return code;
}

void portico_server_free(portico_server *server) {
    SSL_CTX_free(server->context);
    free(server);
}

// Clients --------------------------------------------------------------------------------------

static bool trust_pem(SSL_CTX *context, const uint8_t *pem, size_t count) {
    BIO *bio = BIO_new_mem_buf(pem, (int)count);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    bool found = false;
    X509 *authority;
    while (bio && (authority = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        found = X509_STORE_add_cert(store, authority) == 1 || found;
        X509_free(authority);
    }
    BIO_free(bio);
    return found;
}

static bool trust_file(SSL_CTX *context, const uint8_t *path, size_t count) {
    char text[4096];
    if (count >= sizeof text) return false;
    memcpy(text, path, count);
    text[count] = 0;
    return SSL_CTX_load_verify_file(context, text) == 1;
}

portico_client *portico_client_make(
    enum portico_trust trust, const uint8_t *authorities, size_t authorities_count,
    const uint8_t *alpn, size_t alpn_count) {
    ERR_clear_error();
    SSL_CTX *context = make_context(TLS_client_method());
    portico_client *client = calloc(1, sizeof *client);
    bool good = context && client;
    if (good) {
        client->context = context;
        SSL_CTX_set_verify(
            context, trust == PORTICO_TRUST_ALL ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
        switch (trust) {
            case PORTICO_TRUST_SYSTEM:
                good = SSL_CTX_set_default_verify_paths(context) == 1;
                break;
            case PORTICO_TRUST_FILE:
                good = trust_file(context, authorities, authorities_count);
                break;
            case PORTICO_TRUST_PEM:
                good = trust_pem(context, authorities, authorities_count);
                break;
            case PORTICO_TRUST_ALL:
                break;
        }
    }
    // This verb answers 0 for success.
    if (good && alpn_count > 0)
        good = SSL_CTX_set_alpn_protos(context, alpn, (unsigned)alpn_count) == 0;
    ERR_clear_error();
    if (good) return client;
    SSL_CTX_free(context);
    free(client);
    return NULL;
}

bool portico_client_restrict(portico_client *client, bool tls12, const char *signatures) {
    ERR_clear_error();
    bool good = (!tls12 || SSL_CTX_set_max_proto_version(client->context, TLS1_2_VERSION))
        && (!*signatures || SSL_CTX_set1_sigalgs_list(client->context, signatures));
    ERR_clear_error();
    return good;
}

void portico_client_free(portico_client *client) {
    SSL_CTX_free(client->context);
    free(client);
}
