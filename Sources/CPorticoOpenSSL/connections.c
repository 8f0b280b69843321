#include "objects.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

portico_tls *portico_tls_of(SSL *ssl) { return BIO_get_data(SSL_get_rbio(ssl)); }

static portico_tls *make(SSL_CTX *context) {
    ERR_clear_error();
    portico_tls *tls = calloc(1, sizeof *tls);
    BIO *bio = BIO_new(portico_library_get()->wire);
    SSL *ssl = SSL_new(context);
    if (!tls || !bio || !ssl) {
        SSL_free(ssl);
        BIO_free(bio);
        free(tls);
        return NULL;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(ssl, bio, bio);
    tls->ssl = ssl;
    return tls;
}

portico_tls *portico_tls_accept(portico_server *server) {
    portico_tls *tls = make(server->context);
    if (!tls) return NULL;
    tls->server = server;
    SSL_set_accept_state(tls->ssl);
    return tls;
}

static bool expect(SSL *ssl, const char *name) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1) return true;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return *name && X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
        && SSL_set_tlsext_host_name(ssl, name) == 1;
}

portico_tls *portico_tls_connect(
    portico_client *client, const char *name, const uint8_t *session, size_t session_count) {
    portico_tls *tls = make(client->context);
    if (!tls) return NULL;
    SSL_set_connect_state(tls->ssl);
    if (!expect(tls->ssl, name) || !(tls->name = strdup(name))) {
        portico_tls_free(tls);
        ERR_clear_error();
        return NULL;
    }
    // A session that cannot be read costs a full handshake and nothing else.
    if (session_count > 0) {
        const unsigned char *bytes = session;
        SSL_SESSION *earlier = d2i_SSL_SESSION(NULL, &bytes, (long)session_count);
        if (earlier) SSL_set_session(tls->ssl, earlier);
        SSL_SESSION_free(earlier);
        ERR_clear_error();
    }
    return tls;
}

void portico_tls_free(portico_tls *tls) {
    SSL_free(tls->ssl);
    free(tls->name);
    free(tls);
}

// Choice ---------------------------------------------------------------------------------------

// The first name of the server_name extension (RFC 6066 §3), or NULL. What is malformed is refused
// by OpenSSL itself a moment later.
static char *asked_name(SSL *ssl) {
    const unsigned char *bytes;
    size_t count;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &count)) return NULL;
    if (count < 5 || bytes[2] != TLSEXT_NAMETYPE_host_name) return NULL;
    size_t length = (size_t)bytes[3] << 8 | bytes[4];
    if (length == 0 || length > 255 || length > count - 5) return NULL;
    // A name with other bytes is nobody's, and would only trouble the logs.
    for (size_t index = 0; index < length; index++)
        if (bytes[5 + index] <= 0x20 || bytes[5 + index] >= 0x7F) return NULL;
    return strndup((const char *)bytes + 5, length);
}

int portico_on_client_hello(SSL *ssl, int *alert, void *argument) {
    (void)alert, (void)argument;
    portico_tls *tls = portico_tls_of(ssl);
    if (tls->chosen) return SSL_CLIENT_HELLO_SUCCESS;
    free(tls->name);
    tls->name = asked_name(ssl);
    return SSL_CLIENT_HELLO_RETRY;
}

// Binds tickets to the name under which they were given: RFC 6066 §3 forbids to resume under
// another one, and OpenSSL does not look at it.
static bool bind_tickets(portico_tls *tls) {
    uint8_t folded[256], digest[32];
    size_t count = 0;
    for (const char *name = tls->name; *name && count < sizeof folded; name++)
        folded[count++] = (uint8_t)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);
    portico_sha256(folded, count, digest);
    return SSL_set_session_id_context(tls->ssl, digest, sizeof digest) == 1;
}

bool portico_tls_choose(portico_tls *tls, portico_server *server) {
    tls->chosen = true;
    return SSL_set_SSL_CTX(tls->ssl, server->context) && (!tls->name || bind_tickets(tls));
}

// Steps ----------------------------------------------------------------------------------------

static void begin(portico_tls *tls, portico_wire wire) {
    ERR_clear_error();
    tls->wire = wire;
}

// The error that says most: the first one of the TLS layer, else the first.
static unsigned long telling_error(void) {
    unsigned long first = 0, code;
    while ((code = ERR_get_error()) != 0) {
        if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
            ERR_clear_error();
            return code;
        }
        if (!first) first = code;
    }
    return first;
}

static void explain(portico_tls *tls, portico_step *step) {
    unsigned long code = telling_error();
    int reason = ERR_GET_REASON(code);
    step->code = code;
    step->status = PORTICO_REFUSED;
    if (code == 0 || ERR_GET_LIB(code) != ERR_LIB_SSL || reason == ERR_R_MALLOC_FAILURE
        || reason == ERR_R_INTERNAL_ERROR) {
        step->status = PORTICO_BROKEN;
    } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        step->status = PORTICO_UNVERIFIED;
        step->code = (uint64_t)SSL_get_verify_result(tls->ssl);
    } else if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
        step->status = PORTICO_ALERTED;
        step->code = (uint64_t)(reason - SSL_AD_REASON_OFFSET);
    }
}

static portico_step end(portico_tls *tls, int answer, size_t given, size_t moved) {
    portico_step step = {.used = given - tls->wire.input_count, .moved = moved};
    switch (SSL_get_error(tls->ssl, answer)) {
        case SSL_ERROR_NONE: step.status = PORTICO_DONE; break;
        case SSL_ERROR_WANT_READ: step.status = PORTICO_WANTS_INPUT; break;
        case SSL_ERROR_WANT_CLIENT_HELLO_CB: step.status = PORTICO_WANTS_CHOICE; break;
        case SSL_ERROR_ZERO_RETURN: step.status = PORTICO_CLOSED; break;
        default: explain(tls, &step);
    }
    ERR_clear_error();
    memset(&tls->wire, 0, sizeof tls->wire);
    return step;
}

portico_step portico_tls_handshake(portico_tls *tls, portico_wire wire) {
    begin(tls, wire);
    return end(tls, SSL_do_handshake(tls->ssl), wire.input_count, 0);
}

portico_step portico_tls_read(portico_tls *tls, portico_wire wire, uint8_t *plain, size_t room) {
    size_t moved = 0;
    begin(tls, wire);
    int answer = SSL_read_ex(tls->ssl, plain, room, &moved);
    return end(tls, answer, wire.input_count, moved);
}

portico_step portico_tls_write(
    portico_tls *tls, portico_wire wire, const uint8_t *plain, size_t count) {
    size_t moved = 0;
    begin(tls, wire);
    int answer = SSL_write_ex(tls->ssl, plain, count < 16384 ? count : 16384, &moved);
    return end(tls, answer, wire.input_count, moved);
}

void portico_tls_close(portico_tls *tls, portico_wire wire) {
    if (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) return;
    begin(tls, wire);
    int answer = SSL_shutdown(tls->ssl);
    end(tls, answer, wire.input_count, 0);
}

size_t portico_tls_pending(const portico_tls *tls) { return (size_t)SSL_pending(tls->ssl); }

void portico_tls_rest(portico_tls *tls) { SSL_free_buffers(tls->ssl); }

// Answers --------------------------------------------------------------------------------------

const char *portico_tls_name(const portico_tls *tls) { return tls->name; }

int portico_tls_version(const portico_tls *tls) { return SSL_version(tls->ssl); }

const char *portico_tls_cipher(const portico_tls *tls) { return SSL_get_cipher_name(tls->ssl); }

size_t portico_tls_alpn(const portico_tls *tls, const uint8_t **name) {
    unsigned int count = 0;
    SSL_get0_alpn_selected(tls->ssl, name, &count);
    return count;
}

bool portico_tls_resumed(const portico_tls *tls) { return SSL_session_reused(tls->ssl) == 1; }

const void *portico_tls_identity(const portico_tls *tls) { return SSL_get_certificate(tls->ssl); }

bool portico_tls_session(const portico_tls *tls, void *owner, portico_sink sink) {
    SSL_SESSION *session = SSL_get_session(tls->ssl);
    unsigned char *bytes = NULL;
    if (!session || !SSL_SESSION_is_resumable(session)) return false;
    int count = i2d_SSL_SESSION(session, &bytes);
    if (count > 0) sink(owner, bytes, (size_t)count);
    OPENSSL_free(bytes);
    return count > 0;
}
