#ifndef CPORTICO_OPENSSL_H
#define CPORTICO_OPENSSL_H

// What Portico asks of OpenSSL 3, in its own words. No OpenSSL header is seen through this one.
//
// Every verb clears OpenSSL's error queue before it begins and leaves nothing in it. Objects are
// freed by the verb of their own name; what was made from an object keeps alive what it needs,
// except where it is said.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Takes bytes that end with the call.
typedef void (*portico_sink)(void *owner, const uint8_t *bytes, size_t count);

// Errors ---------------------------------------------------------------------------------------

/// OpenSSL's text for an error code; lives for ever.
const char *portico_error_text(uint64_t code);
/// OpenSSL's text for why a certificate was not believed; lives for ever.
const char *portico_verify_text(uint64_t code);

// Certificates ---------------------------------------------------------------------------------

/// A leaf, the chain that is sent with it, and its private key.
typedef struct portico_certificate portico_certificate;

enum portico_certificate_status {
    PORTICO_CERTIFICATE_READ,
    PORTICO_CERTIFICATE_CHAIN_UNREADABLE,
    PORTICO_CERTIFICATE_KEY_UNREADABLE,
    PORTICO_CERTIFICATE_MISSING,
    PORTICO_CERTIFICATE_MALFORMED,
    PORTICO_CERTIFICATE_KEY_MISSING,
    PORTICO_CERTIFICATE_KEY_ENCRYPTED,
    PORTICO_CERTIFICATE_KEY_UNSUPPORTED,
    PORTICO_CERTIFICATE_KEY_WEAK,
    PORTICO_CERTIFICATE_KEY_DIFFERS,
    PORTICO_CERTIFICATE_OUT_OF_ORDER,
};

typedef struct {
    enum portico_certificate_status status;
    /// Counted from 1: the certificate that is malformed, or whose issuer does not follow it.
    size_t position;
    /// errno where something is unreadable; bits of strength where a key is weak.
    int detail;
} portico_certificate_result;

/// From PEM in memory; NULL and a result that is not READ if anything is wrong.
portico_certificate *_Nullable portico_certificate_read(
    const uint8_t *_Nullable chain, size_t chain_count, const uint8_t *_Nullable key,
    size_t key_count, portico_certificate_result *result);
/// From PEM files.
portico_certificate *_Nullable portico_certificate_open(
    const char *chain_path, const char *key_path, portico_certificate_result *result);
void portico_certificate_free(portico_certificate *certificate);

enum portico_key_kind {
    PORTICO_KEY_RSA,
    PORTICO_KEY_RSA_PSS,
    PORTICO_KEY_ECDSA,
    PORTICO_KEY_ED25519,
    PORTICO_KEY_ED448,
};
enum portico_key_kind portico_certificate_kind(const portico_certificate *certificate);
/// Seconds since 1970.
int64_t portico_certificate_begins(const portico_certificate *certificate);
int64_t portico_certificate_ends(const portico_certificate *certificate);
/// Tells a leaf from every other one that is alive.
const void *portico_certificate_identity(const portico_certificate *certificate);

/// Calls once for each name: DNS names as text, addresses as their 4 or 16 bytes. Names are the
/// subject's alternative names; the common name only where there is none of these.
void portico_certificate_names(
    const portico_certificate *certificate, void *owner,
    void (*dns)(void *owner, const uint8_t *bytes, size_t count),
    void (*address)(void *owner, const uint8_t *bytes, size_t count));

/// The 4 or 16 bytes of an address in text; 0 if the text is none.
size_t portico_address_parse(const char *text, uint8_t *bytes);

typedef struct {
    const char *common_name;
    /// Alternative names, each followed by a line feed; addresses are recognised.
    const char *names;
    bool is_rsa;
    bool is_authority;
    int64_t begins, ends;
} portico_draft;

/// Makes a key pair and a certificate for it, signed by the issuer or, without one, by itself.
bool portico_draft_sign(
    const portico_draft *draft, const portico_certificate *_Nullable issuer,
    void *certificate_owner, void *key_owner, portico_sink sink);

// Contexts -------------------------------------------------------------------------------------

/// What connections under one set of names share: certificates, at most one of each kind of key.
typedef struct portico_server portico_server;

/// The key that seals (`sealing`) or that opens tickets of the name in the first 16 bytes; then 32
/// bytes for AES-256 and 32 for HMAC. Answers 0 = unknown, 1 = current, 2 = to be renewed.
typedef int (*portico_ticket_lookup)(void *keys, uint8_t *key, bool sealing);

/// `alpn` is in the form of RFC 7301 §3.1, best first. `keys` must outlive every connection.
portico_server *_Nullable portico_server_make(
    bool tls13_only, const uint8_t *_Nullable alpn, size_t alpn_count, long ticket_seconds,
    portico_ticket_lookup lookup, void *keys);
/// 0, or the error code.
uint64_t portico_server_add(portico_server *server, const portico_certificate *certificate);
void portico_server_free(portico_server *server);

/// What connections to origins share.
typedef struct portico_client portico_client;
enum portico_trust {
    PORTICO_TRUST_SYSTEM,
    PORTICO_TRUST_FILE,
    PORTICO_TRUST_PEM,
    PORTICO_TRUST_ALL,
};

/// `authorities` is a path or PEM, as `trust` says. NULL: no certificate could be read from it.
portico_client *_Nullable portico_client_make(
    enum portico_trust trust, const uint8_t *_Nullable authorities, size_t authorities_count,
    const uint8_t *_Nullable alpn, size_t alpn_count);
/// For tests: TLS 1.2 at most, and only these signature algorithms (unless empty).
bool portico_client_restrict(portico_client *client, bool tls12, const char *signatures);
void portico_client_free(portico_client *client);

// Connections ----------------------------------------------------------------------------------

typedef struct portico_tls portico_tls;

/// Where a step reads ciphertext and where it puts what must be sent.
typedef struct {
    const uint8_t *_Nullable input;
    size_t input_count;
    portico_sink sink;
    void *owner;
} portico_wire;

enum portico_status {
    PORTICO_DONE,
    PORTICO_WANTS_INPUT,
    /// A server has read the client's name and waits for `portico_tls_choose`.
    PORTICO_WANTS_CHOICE,
    /// The peer said close_notify.
    PORTICO_CLOSED,
    /// The peer said a fatal alert; the code is the alert's.
    PORTICO_ALERTED,
    /// The peer's certificate is not believed; the code is for `portico_verify_text`.
    PORTICO_UNVERIFIED,
    /// The peer's bytes were refused; the code is for `portico_error_text`.
    PORTICO_REFUSED,
    /// We failed; the code is for `portico_error_text`.
    PORTICO_BROKEN,
};

typedef struct {
    enum portico_status status;
    /// Bytes of input that are done with.
    size_t used;
    /// Bytes of plaintext read or written.
    size_t moved;
    uint64_t code;
} portico_step;

/// The server must outlive the connection.
portico_tls *_Nullable portico_tls_accept(portico_server *server);
/// `name` is a host name or an address; `session` what `portico_tls_session` gave, or NULL.
portico_tls *_Nullable portico_tls_connect(
    portico_client *client, const char *name, const uint8_t *_Nullable session,
    size_t session_count);
void portico_tls_free(portico_tls *tls);

portico_step portico_tls_handshake(portico_tls *tls, portico_wire wire);
bool portico_tls_choose(portico_tls *tls, portico_server *server);
portico_step portico_tls_read(portico_tls *tls, portico_wire wire, uint8_t *plain, size_t room);
/// Makes one record of at most 16384 bytes.
portico_step portico_tls_write(
    portico_tls *tls, portico_wire wire, const uint8_t *plain, size_t count);
/// Says close_notify, once.
void portico_tls_close(portico_tls *tls, portico_wire wire);

/// Decrypted bytes that can be read without input.
size_t portico_tls_pending(const portico_tls *tls);
/// Gives record buffers back that hold nothing.
void portico_tls_rest(portico_tls *tls);

/// The name that the client asked for, printable ASCII, or NULL; lives as long as the connection.
const char *_Nullable portico_tls_name(const portico_tls *tls);
/// 0x0303 for TLS 1.2, 0x0304 for TLS 1.3.
int portico_tls_version(const portico_tls *tls);
/// Lives for ever.
const char *portico_tls_cipher(const portico_tls *tls);
/// The chosen protocol's name, not terminated; lives as long as the connection.
size_t portico_tls_alpn(const portico_tls *tls, const uint8_t *_Nullable *_Nonnull name);
bool portico_tls_resumed(const portico_tls *tls);
/// Identity of the leaf with which a server answered.
const void *_Nullable portico_tls_identity(const portico_tls *tls);
/// Hands over what a later connection can be resumed with; false if there is nothing yet.
bool portico_tls_session(const portico_tls *tls, void *owner, portico_sink sink);

// Digests and randomness -----------------------------------------------------------------------

void portico_sha256(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest);
void portico_hmac_sha256(
    const uint8_t *_Nullable key, size_t key_count, const uint8_t *_Nullable bytes, size_t count,
    uint8_t *digest);
/// 20 bytes. Only where a protocol of others asks for it.
void portico_hmac_sha1(
    const uint8_t *_Nullable key, size_t key_count, const uint8_t *_Nullable bytes, size_t count,
    uint8_t *digest);
bool portico_equal(const uint8_t *left, const uint8_t *right, size_t count);
bool portico_random(uint8_t *bytes, size_t count);

#pragma clang assume_nonnull end

#endif
