#include "features/redis/redis_tls.h"

#ifdef LEAT_WITH_REDIS_TLS

#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

struct leat_redis_tls {
    SSL_CTX *context;
    const char *host; /* the spec's */
    const SSL *ssl;   /* the connection's */
    char trouble[128];
};

bool leat_redis_has_tls(void)
{
    return true;
}

static leat_status refuse(leat_error *error, const char *key, const char *file)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return leat_error_set(error, LEAT_E_CONFIG, "redis.tls.%s: %s: %s", key, file,
                          why ? why : "cannot be used");
}

/* Without a CA, those that the system trusts. */
static leat_status load(SSL_CTX *context, const leat_redis_spec *spec, leat_error *error)
{
    if (spec->tls_ca && SSL_CTX_load_verify_locations(context, spec->tls_ca, NULL) != 1)
        return refuse(error, "ca", spec->tls_ca);
    if (!spec->tls_ca && SSL_CTX_set_default_verify_paths(context) != 1)
        return refuse(error, "ca", "the system's");
    if (spec->tls_cert &&
        SSL_CTX_use_certificate_chain_file(context, spec->tls_cert) != 1)
        return refuse(error, "cert", spec->tls_cert);
    if (spec->tls_key &&
        SSL_CTX_use_PrivateKey_file(context, spec->tls_key, SSL_FILETYPE_PEM) != 1)
        return refuse(error, "key", spec->tls_key);
    return LEAT_OK;
}

leat_status leat_redis_tls_new(leat_redis_tls **tls, const leat_redis_spec *spec,
                               leat_error *error)
{
    leat_redis_tls *made = calloc(1, sizeof *made);
    if (made)
        made->context = SSL_CTX_new(TLS_client_method());
    if (!made || !made->context) {
        leat_redis_tls_free(made);
        return leat_error_set(error, LEAT_E_MEMORY, "redis: no memory for TLS");
    }
    made->host = spec->host;
    SSL_CTX_set_min_proto_version(made->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(made->context, SSL_VERIFY_PEER, NULL);
    leat_status status = load(made->context, spec, error);
    if (status == LEAT_OK)
        *tls = made;
    else
        leat_redis_tls_free(made);
    return status;
}

void leat_redis_tls_free(leat_redis_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

/* The certificate must be of that host, be it a name or an address. */
static bool expect_host(SSL *ssl, const char *host)
{
    struct in6_addr address;
    bool is_address = inet_pton(AF_INET, host, &address) == 1 ||
                      inet_pton(AF_INET6, host, &address) == 1;
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

leat_status leat_redis_tls_start(leat_redis_tls *tls, redisContext *context)
{
    SSL *ssl = SSL_new(tls->context);
    ERR_clear_error();
    if (!ssl)
        return LEAT_E_MEMORY;
    if (!expect_host(ssl, tls->host)) {
        SSL_free(ssl);
        return LEAT_E_MEMORY;
    }
    tls->ssl = ssl;
    if (redisInitiateSSL(context, ssl) == REDIS_OK)
        return LEAT_OK; /* the connection owns it */
    tls->ssl = NULL;
    SSL_free(ssl);
    return LEAT_E_UNAVAILABLE;
}

const char *leat_redis_tls_trouble(leat_redis_tls *tls)
{
    long verified = tls->ssl ? SSL_get_verify_result(tls->ssl) : X509_V_OK;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    if (verified == X509_V_OK)
        return reason;
    snprintf(tls->trouble, sizeof tls->trouble, "certificate verify failed: %s",
             X509_verify_cert_error_string(verified));
    return tls->trouble;
}

#else

bool leat_redis_has_tls(void)
{
    return false;
}

leat_status leat_redis_tls_new(leat_redis_tls **tls, const leat_redis_spec *spec,
                               leat_error *error)
{
    (void)tls;
    (void)spec;
    return leat_error_set(error, LEAT_E_UNSUPPORTED,
                          "redis: TLS is not in this build, which needs hiredis_ssl "
                          "(hiredis 1.0 or newer)");
}

void leat_redis_tls_free(leat_redis_tls *tls)
{
    (void)tls;
}

leat_status leat_redis_tls_start(leat_redis_tls *tls, redisContext *context)
{
    (void)tls;
    (void)context;
    return LEAT_E_UNSUPPORTED;
}

const char *leat_redis_tls_trouble(leat_redis_tls *tls)
{
    (void)tls;
    return NULL;
}

#endif
