#include "base/client/client.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>

leat_status leat_client_set(rd_kafka_conf_t *conf, leat_properties properties,
                            leat_error *error)
{
    for (size_t i = 0; i < properties.n; i++) {
        const leat_property *property = &properties.at[i];
        char why[200];
        if (rd_kafka_conf_set(conf, property->name, property->value, why, sizeof why) !=
            RD_KAFKA_CONF_OK)
            return leat_error_set(error, LEAT_E_CONFIG, "Kafka property %s: %s",
                                  property->name, why);
    }
    return LEAT_OK;
}

/* librdkafka tells a connection's failure to its log and to the error callback; the
 * callback's line is the one that people get, and the log is detail. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility,
                   const char *text)
{
    (void)level;
    leat_log(LEAT_LOG_DEBUG, "librdkafka", "%s %s: %s", rk ? rd_kafka_name(rk) : "",
             facility, text);
}

/* A wrong password does not mend itself, and a worker that waits for it looks healthy. */
static int ends_client(int err)
{
    return err == RD_KAFKA_RESP_ERR__FATAL || err == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           err == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

void leat_client_end(leat_client *client, const rd_kafka_t *rk, int err,
                     const char *reason)
{
    char why[256];
    bool fatal = err == RD_KAFKA_RESP_ERR__FATAL;
    if (fatal)
        err = rd_kafka_fatal_error((rd_kafka_t *)rk, why, sizeof why);
    leat_log(LEAT_LOG_ERROR, client->part, "%s", fatal ? why : reason);
    atomic_store(&client->fatal, err);
}

/* Were the consumer to wait, and the topic created again, librdkafka would go on in the new one
 * where it was in the old one, and pass over what comes before. */
static bool is_gone(const rd_kafka_t *rk, int err)
{
    return err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION &&
           rd_kafka_type(rk) == RD_KAFKA_CONSUMER;
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    leat_client *client = opaque;
    if (is_gone(rk, err) && !client->gone[0]) {
        snprintf(client->gone, sizeof client->gone, "%s", reason);
        atomic_store(&client->fatal, err);
        return;
    }
    if (ends_client(err)) {
        leat_client_end(client, rk, err, reason);
        return;
    }
    leat_log_limited(&client->log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN, client->part,
                     "%s (%s)", reason, rd_kafka_err2name(err));
}

/* Once it has called an interceptor, an rd_kafka_new that fails has freed interceptors that the
 * configuration still points to (librdkafka's issue 4142): it must not be destroyed. */
static void discard(const leat_client *client, rd_kafka_conf_t *conf)
{
    static rd_kafka_conf_t *volatile kept; /* for leak checkers to find */
    if (client->is_intercepted)
        kept = conf;
    else
        rd_kafka_conf_destroy(conf);
    (void)kept;
}

leat_status leat_client_open(leat_client *client, const leat_client_spec *spec,
                             leat_error *error)
{
    *client = (leat_client){.part = spec->part, .owner = spec->owner};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    leat_status status = LEAT_OK;
    for (size_t i = 0; status == LEAT_OK && i < spec->n_layers; i++)
        status = leat_client_set(conf, spec->layers[i], error);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    spec->hook(conf);
    char why[200];
    if (status == LEAT_OK) {
        client->handle = rd_kafka_new(spec->type, conf, why, sizeof why);
        if (client->handle) /* conf is its own now */
            return LEAT_OK;
        status = leat_error_set(error, LEAT_E_CONFIG, "%s: %s", spec->part, why);
    }
    discard(client, conf);
    return status;
}

leat_status leat_client_check(const leat_client *client, leat_error *error)
{
    int fatal = atomic_load(&client->fatal);
    if (!fatal)
        return LEAT_OK;
    if (client->gone[0])
        return leat_error_set(error, LEAT_E_KAFKA, "%s; was the topic deleted?",
                              client->gone);
    char why[200] = "";
    if (!rd_kafka_fatal_error(client->handle, why, sizeof why))
        return leat_error_set(error, LEAT_E_CONFIG,
                              "%s: the brokers refuse the credentials: %s", client->part,
                              rd_kafka_err2str(fatal));
    return leat_error_set(error, LEAT_E_KAFKA, "%s: %s: %s", client->part,
                          rd_kafka_err2name(fatal), why);
}
