#include "worker/brokers.h"

#include "base/client/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "worker/config/nearest.h"
#include "worker/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AWAIT_MS = 2000, SLICE_MS = 100, SCRAM_MENDED = 0x020601ff };

typedef struct inquiry {
    rd_kafka_t *client;
    const char *servers;
    bool refused; /* the credentials */
    bool uses_scram;
    char last[200]; /* what went wrong last, in librdkafka's words */
} inquiry;

/* Takes `reason` down without what only librdkafka's authors can use: where in OpenSSL it
 * happened ("../ssl/x.c:1889:f error:0A000086:SSL routines::"), and in which state. */
static void note_trouble(inquiry *self, const char *reason)
{
    static const char routines[] = "SSL routines::";
    const char *place = strstr(reason, "../ssl/");
    const char *words = place ? strstr(place, routines) : NULL;
    int before = words ? (int)(place - reason) : 0;
    words = words ? words + strlen(routines) : reason;
    const char *state = strstr(words, " (after ");
    int size = state ? (int)(state - words) : (int)strlen(words);
    snprintf(self->last, sizeof self->last, "%.*s%.*s", before, reason, size, words);
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    inquiry *self = opaque;
    if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        self->refused = true;
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !self->last[0])
        note_trouble(self, reason);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility,
                   const char *text)
{
    (void)level;
    leat_log(LEAT_LOG_DEBUG, "librdkafka", "%s %s: %s", rd_kafka_name(rk), facility,
             text);
}

static leat_status open_client(inquiry *self, const leat_config *config,
                               leat_error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, self);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < config->kafka.n; i++) {
        const leat_property property = {config->kafka.at[i].name,
                                        config->kafka.at[i].value};
        status = leat_client_set(conf, (leat_properties){1, &property}, error);
        if (!strcmp(property.name, "bootstrap.servers"))
            self->servers = property.value;
        if (!strncmp(property.name, "sasl.mechanism", 14))
            self->uses_scram = !strncasecmp(property.value, "SCRAM", 5);
    }
    char why[160];
    if (status == LEAT_OK) {
        self->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
        if (!self->client)
            status = leat_error_set(error, LEAT_E_CONFIG, "Kafka client: %s", why);
    }
    if (status != LEAT_OK)
        rd_kafka_conf_destroy(conf);
    return status;
}

/* A broker that takes the connection and hangs up, in whatever words, expects another
 * protocol. */
static const char *hint(const inquiry *self)
{
    bool reached = self->last[0] && !strstr(self->last, "Connect to") &&
                   !strstr(self->last, "resolve") && !strstr(self->last, "certificate");
    return reached ? " (is kafka.security.protocol what they want?)" : "";
}

/* librdkafka's pull request 4895: it repeated a nonce that Kafka has compared since 4.0. */
static const char *scram_hint(const inquiry *self)
{
    return self->uses_scram && rd_kafka_version() < SCRAM_MENDED
               ? "; this librdkafka is older than 2.6.1 and cannot do SCRAM with Kafka 4"
               : "";
}

/* librdkafka waits out the time-out on a wrong password; asking in slices ends it early.
 */
static leat_status ask(inquiry *self, int timeout_ms,
                       const struct rd_kafka_metadata **metadata, leat_error *error)
{
    uint64_t deadline_ns = leat_now_ns() + (uint64_t)timeout_ms * LEAT_MS;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int ms; !self->refused && (ms = leat_ms_until(deadline_ns)) > 0;) {
        err = rd_kafka_metadata(self->client, 1, NULL, metadata,
                                ms < SLICE_MS * 10 ? ms : SLICE_MS * 10);
        if (!err)
            return LEAT_OK;
        rd_kafka_poll(self->client, SLICE_MS);
    }
    if (self->refused)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "the brokers at %s refuse the credentials%s: %s",
                              self->servers, scram_hint(self), self->last);
    return leat_error_set(error, LEAT_E_UNAVAILABLE, "no broker of %s answers: %s%s",
                          self->servers,
                          self->last[0] ? self->last : rd_kafka_err2str(err), hint(self));
}

static leat_status find_topic(const inquiry *self,
                              const struct rd_kafka_metadata *metadata, const char *key,
                              const char *topic, leat_error *error)
{
    leat_nearest nearest = leat_nearest_to(topic);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *at = &metadata->topics[i];
        leat_nearest_offer(&nearest, at->topic);
        if (strcmp(at->topic, topic) != 0)
            continue;
        if (!at->err)
            return LEAT_OK;
        return leat_error_set(error, LEAT_E_CONFIG, "%s: topic '%s' on %s: %s", key,
                              topic, self->servers, rd_kafka_err2str(at->err));
    }
    char hint[LEAT_NEAREST_HINT];
    return leat_error_set(error, LEAT_E_CONFIG,
                          "%s: there is no topic '%s' on %s%s (Leat creates no topics)",
                          key, topic, self->servers, leat_nearest_hint(&nearest, hint));
}

/* What is missing besides is named too, so that one look is enough. */
static void find_one(const inquiry *self, const struct rd_kafka_metadata *metadata,
                     const char *key, const char *topic, leat_status *status,
                     leat_error *error)
{
    leat_error other;
    if (!find_topic(self, metadata, key, topic, &other))
        return;
    if (!*status) {
        *error = other;
    } else {
        leat_error before = *error;
        leat_error_set(error, before.code, "%s; nor is there '%s' (%s)", before.msg,
                       topic, key);
    }
    *status = error->code;
}

static leat_status find_topics(const inquiry *self,
                               const struct rd_kafka_metadata *metadata,
                               const leat_config *config, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < config->source.topics.n; i++)
        find_one(self, metadata, "source.topics", config->source.topics.at[i], &status,
                 error);
    find_one(self, metadata, "sink.topic", config->sink.topic, &status, error);
    if (config->sink.features)
        find_one(self, metadata, "sink.features", config->sink.features, &status, error);
    if (config->dead_letter.topic)
        find_one(self, metadata, "dead_letter.topic", config->dead_letter.topic, &status,
                 error);
    return status;
}

leat_status leat_brokers_check(const leat_config *config, int timeout_ms,
                               leat_error *error)
{
    inquiry self = {.servers = "?"};
    const struct rd_kafka_metadata *metadata;
    leat_status status = open_client(&self, config, error);
    if (status != LEAT_OK)
        return status;
    status = ask(&self, timeout_ms, &metadata, error);
    if (status == LEAT_OK) {
        status = find_topics(&self, metadata, config, error);
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_destroy(self.client);
    if (status != LEAT_OK)
        leat_error_prefix(error, "%s: ", config->file);
    return status;
}

leat_status leat_brokers_await(const leat_config *config, leat_error *error)
{
    leat_log_limit limit = {0};
    leat_status status;
    while ((status = leat_brokers_check(config, AWAIT_MS, error)) == LEAT_E_UNAVAILABLE) {
        leat_log_limited(&limit, 10 * LEAT_SEC, LEAT_LOG_WARN, "kafka",
                         "%s; trying again", error->msg);
        const char *signal = leat_signals_wait(0);
        if (!signal)
            continue;
        leat_log(LEAT_LOG_INFO, "leat", "%s: stopped, before anything was read", signal);
        return LEAT_END;
    }
    return status;
}
