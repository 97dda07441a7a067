#include "worker/brokers.h"

#include "base/client/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "worker/config/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AWAIT_MS = 10000, SLICE_MS = 100 };

typedef struct inquiry {
    rd_kafka_t *client;
    const char *servers;
    bool refused;   /* the credentials */
    char last[140]; /* what went wrong last, in librdkafka's words */
} inquiry;

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    inquiry *self = opaque;
    if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        self->refused = true;
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !self->last[0])
        snprintf(self->last, sizeof self->last, "%s", reason);
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
                   !strstr(self->last, "resolve");
    return reached ? " (is kafka.security.protocol what they want?)" : "";
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
                              "the brokers at %s refuse the credentials: %s",
                              self->servers, self->last);
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

static leat_status find_topics(const inquiry *self,
                               const struct rd_kafka_metadata *metadata,
                               const leat_config *config, leat_error *error)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; status == LEAT_OK && i < config->source.topics.n; i++)
        status = find_topic(self, metadata, "source.topics", config->source.topics.at[i],
                            error);
    if (status == LEAT_OK)
        status = find_topic(self, metadata, "sink.topic", config->sink.topic, error);
    if (status == LEAT_OK && config->dead_letter.topic)
        status = find_topic(self, metadata, "dead_letter.topic",
                            config->dead_letter.topic, error);
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
    leat_status status;
    while ((status = leat_brokers_check(config, AWAIT_MS, error)) == LEAT_E_UNAVAILABLE)
        leat_log(LEAT_LOG_WARN, "kafka", "%s; trying again", error->msg);
    return status;
}
