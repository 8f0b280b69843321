#include "objects.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

static int refuse_password(char *bytes, int room, int writing, void *asked) {
    (void)bytes, (void)room, (void)writing;
    *(bool *)asked = true;
    return -1;
}

void portico_certificate_free(portico_certificate *certificate) {
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    free(certificate);
}

static enum portico_certificate_status read_chain(
    portico_certificate *made, BIO *bio, size_t *position) {
    made->chain = sk_X509_new_null();
    if (!made->chain) abort();
    for (*position = 1;; ++*position) {
        X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!next) {
            if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
                return PORTICO_CERTIFICATE_MALFORMED;
            return made->leaf ? PORTICO_CERTIFICATE_READ : PORTICO_CERTIFICATE_MISSING;
        }
        if (!made->leaf)
            made->leaf = next;
        else if (!sk_X509_push(made->chain, next))
            abort();
    }
}

static enum portico_certificate_status read_key(portico_certificate *made, BIO *bio, int *detail) {
    bool asked = false;
    made->key = PEM_read_bio_PrivateKey(bio, NULL, refuse_password, &asked);
    if (asked) return PORTICO_CERTIFICATE_KEY_ENCRYPTED;
    if (!made->key) return PORTICO_CERTIFICATE_KEY_MISSING;
    switch (EVP_PKEY_get_base_id(made->key)) {
        case EVP_PKEY_RSA: made->kind = PORTICO_KEY_RSA; break;
        case EVP_PKEY_RSA_PSS: made->kind = PORTICO_KEY_RSA_PSS; break;
        case EVP_PKEY_EC: made->kind = PORTICO_KEY_ECDSA; break;
        case EVP_PKEY_ED25519: made->kind = PORTICO_KEY_ED25519; break;
        case EVP_PKEY_ED448: made->kind = PORTICO_KEY_ED448; break;
        default: return PORTICO_CERTIFICATE_KEY_UNSUPPORTED;
    }
    // 112 bits are RSA 2048; OpenSSL's security level 2 would refuse less when it is used.
    *detail = EVP_PKEY_get_security_bits(made->key);
    if (*detail < 112) return PORTICO_CERTIFICATE_KEY_WEAK;
    return PORTICO_CERTIFICATE_READ;
}

static enum portico_certificate_status judge(portico_certificate *made, size_t *position) {
    if (X509_check_private_key(made->leaf, made->key) != 1) return PORTICO_CERTIFICATE_KEY_DIFFERS;
    X509 *current = made->leaf;
    for (int index = 0; index < sk_X509_num(made->chain); index++) {
        X509 *next = sk_X509_value(made->chain, index);
        *position = (size_t)index + 1;
        if (X509_NAME_cmp(X509_get_issuer_name(current), X509_get_subject_name(next)) != 0)
            return PORTICO_CERTIFICATE_OUT_OF_ORDER;
        current = next;
    }
    return PORTICO_CERTIFICATE_READ;
}

static portico_certificate *make(BIO *chain, BIO *key, portico_certificate_result *result) {
    portico_certificate *made = calloc(1, sizeof *made);
    if (!made) abort();
    result->status = read_chain(made, chain, &result->position);
    if (result->status == PORTICO_CERTIFICATE_READ)
        result->status = read_key(made, key, &result->detail);
    if (result->status == PORTICO_CERTIFICATE_READ) result->status = judge(made, &result->position);
    ERR_clear_error();
    if (result->status == PORTICO_CERTIFICATE_READ) return made;
    portico_certificate_free(made);
    return NULL;
}

portico_certificate *portico_certificate_read(
    const uint8_t *chain, size_t chain_count, const uint8_t *key, size_t key_count,
    portico_certificate_result *result) {
    ERR_clear_error();
    memset(result, 0, sizeof *result);
    BIO *chain_bio = BIO_new_mem_buf(chain ? (const void *)chain : "", (int)chain_count);
    BIO *key_bio = BIO_new_mem_buf(key ? (const void *)key : "", (int)key_count);
    if (!chain_bio || !key_bio) abort();
    portico_certificate *made = make(chain_bio, key_bio, result);
    BIO_free(chain_bio);
    BIO_free(key_bio);
    return made;
}

portico_certificate *portico_certificate_open(
    const char *chain_path, const char *key_path, portico_certificate_result *result) {
    ERR_clear_error();
    memset(result, 0, sizeof *result);
    portico_certificate *made = NULL;
    BIO *key_bio = NULL;
    errno = 0;
    BIO *chain_bio = BIO_new_file(chain_path, "r");
    if (!chain_bio) {
        result->status = PORTICO_CERTIFICATE_CHAIN_UNREADABLE;
        result->detail = errno;
    } else if (!(key_bio = BIO_new_file(key_path, "r"))) {
        result->status = PORTICO_CERTIFICATE_KEY_UNREADABLE;
        result->detail = errno;
    } else {
        made = make(chain_bio, key_bio, result);
    }
    BIO_free(chain_bio);
    BIO_free(key_bio);
    ERR_clear_error();
    return made;
}

enum portico_key_kind portico_certificate_kind(const portico_certificate *certificate) {
    return certificate->kind;
}

static int64_t seconds(const ASN1_TIME *time) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, rest = 0;
    if (!epoch) abort();
    ASN1_TIME_diff(&days, &rest, epoch, time);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + rest;
}

int64_t portico_certificate_begins(const portico_certificate *certificate) {
    return seconds(X509_get0_notBefore(certificate->leaf));
}

int64_t portico_certificate_ends(const portico_certificate *certificate) {
    return seconds(X509_get0_notAfter(certificate->leaf));
}

const void *portico_certificate_identity(const portico_certificate *certificate) {
    return certificate->leaf;
}

void portico_certificate_names(
    const portico_certificate *certificate, void *owner,
    void (*dns)(void *, const uint8_t *, size_t),
    void (*address)(void *, const uint8_t *, size_t)) {
    ERR_clear_error();
    bool found = false;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate->leaf, NID_subject_alt_name, NULL, NULL);
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        const ASN1_STRING *text = NULL;
        if (name->type == GEN_DNS) {
            text = name->d.dNSName;
            dns(owner, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
        } else if (name->type == GEN_IPADD) {
            text = name->d.iPAddress;
            address(owner, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
        }
        found = found || text;
    }
    GENERAL_NAMES_free(names);
    const X509_NAME *subject = X509_get_subject_name(certificate->leaf);
    int last = found ? -1 : X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (last >= 0) {
        const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
        unsigned char *utf8 = NULL;
        int count = ASN1_STRING_to_UTF8(&utf8, text);
        if (count > 0) dns(owner, utf8, (size_t)count);
        OPENSSL_free(utf8);
    }
    ERR_clear_error();
}

size_t portico_address_parse(const char *text, uint8_t *bytes) {
    ERR_clear_error();
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ERR_clear_error();
    if (!address) return 0;
    size_t count = (size_t)ASN1_STRING_length(address);
    memcpy(bytes, ASN1_STRING_get0_data(address), count);
    ASN1_OCTET_STRING_free(address);
    return count;
}

// Drafts ---------------------------------------------------------------------------------------

static bool add_names(X509 *leaf, const char *lines) {
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool good = names != NULL;
    for (const char *end; good && (end = strchr(lines, '\n')); lines = end + 1) {
        char text[256];
        size_t count = (size_t)(end - lines);
        if (count == 0 || count >= sizeof text) {
            good = false;
            break;
        }
        memcpy(text, lines, count);
        text[count] = 0;
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
        ERR_clear_error();
        if (address) {
            GENERAL_NAME_set0_value(name, GEN_IPADD, address);
        } else {
            ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
            ASN1_STRING_set(dns, text, (int)count);
            GENERAL_NAME_set0_value(name, GEN_DNS, dns);
        }
        good = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (good && sk_GENERAL_NAME_num(names) > 0)
        good = X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return good;
}

static bool add(X509 *leaf, X509V3_CTX *context, int kind, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, kind, value);
    bool good = extension && X509_add_ext(leaf, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool fill(
    X509 *leaf, EVP_PKEY *key, const portico_draft *draft, const portico_certificate *issuer) {
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof serial) != 1) return false;
    serial[0] = (serial[0] & 0x7F) | 0x40;  // positive, and always of the same length
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(leaf));
    BN_free(number);

    X509_NAME *subject = X509_get_subject_name(leaf);
    good = good && X509_set_version(leaf, X509_VERSION_3) && X509_set_pubkey(leaf, key)
        && ASN1_TIME_set(X509_getm_notBefore(leaf), (time_t)draft->begins)
        && ASN1_TIME_set(X509_getm_notAfter(leaf), (time_t)draft->ends)
        && X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_UTF8, (const unsigned char *)draft->common_name, -1, -1, 0)
        && X509_set_issuer_name(leaf, issuer ? X509_get_subject_name(issuer->leaf) : subject);

    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer ? issuer->leaf : leaf, leaf, NULL, NULL, 0);
    bool authority = draft->is_authority;
    return good && add_names(leaf, draft->names)
        && add(leaf, &context, NID_subject_key_identifier, "hash")
        && (!issuer || add(leaf, &context, NID_authority_key_identifier, "keyid"))
        && add(leaf, &context, NID_basic_constraints,
               authority ? "critical,CA:TRUE" : "critical,CA:FALSE")
        && add(leaf, &context, NID_key_usage,
               authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature")
        && (authority || add(leaf, &context, NID_ext_key_usage, "serverAuth"))
        && X509_sign(leaf, issuer ? issuer->key : key, EVP_sha256()) > 0;
}

static bool hand_over(BIO *bio, void *owner, portico_sink sink) {
    char *bytes = NULL;
    long count = BIO_get_mem_data(bio, &bytes);
    if (count > 0) sink(owner, (const uint8_t *)bytes, (size_t)count);
    return count > 0;
}

bool portico_draft_sign(
    const portico_draft *draft, const portico_certificate *issuer, void *certificate_owner,
    void *key_owner, portico_sink sink) {
    ERR_clear_error();
    EVP_PKEY *key = draft->is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *leaf = X509_new();
    BIO *certificate_bio = BIO_new(BIO_s_mem());
    BIO *key_bio = BIO_new(BIO_s_mem());
    bool good = key && leaf && certificate_bio && key_bio && fill(leaf, key, draft, issuer)
        && PEM_write_bio_X509(certificate_bio, leaf)
        && PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL)
        && hand_over(certificate_bio, certificate_owner, sink)
        && hand_over(key_bio, key_owner, sink);
    BIO_free(certificate_bio);
    BIO_free(key_bio);
    X509_free(leaf);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}
