#include "worker/config/config_kafka.h"

#include "worker/config/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What delivery rests on, and what would load foreign code; aliases too. */
static const struct {
    const char *name;
    const char *instead;
} owned[] = {
    {"group.id", "use source.group"},
    {"metadata.broker.list", "use bootstrap.servers"},
    {"auto.offset.reset", "use source.start and source.out_of_range"},
    {"enable.auto.commit", "Leat commits what was acknowledged"},
    {"auto.commit.enable", "Leat commits what was acknowledged"},
    {"enable.auto.offset.store", "Leat stores what was acknowledged"},
    {"auto.commit.interval.ms", "Leat commits every second"},
    {"enable.partition.eof", "Leat sets it"},
    {"statistics.interval.ms", "Leat sets it"},
    {"isolation.level", "Leat reads what was committed"},
    {"transactional.id", "use delivery and transaction.id_prefix"},
    {"acks", "Leat needs all acknowledgements"},
    {"request.required.acks", "Leat needs all acknowledgements"},
    {"enable.idempotence", "Leat needs it on"},
    {"retries", "Leat waits for brokers as long as they are away"},
    {"message.send.max.retries", "Leat waits for brokers as long as they are away"},
    {"delivery.report.only.error", "Leat needs every report"},
    {"enable.gapless.guarantee", "Leat goes back by itself"},
    {"queue.buffering.max.messages", "Leat bounds what is in flight"},
    {"queue.buffering.max.kbytes", "Leat bounds what is in flight"},
    {"queue.buffering.max.ms", "use linger.ms"},
    {"plugin.library.paths", "Leat loads no plugins"},
};

static const char *owner_says(const char *name)
{
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (!strcmp(name, owned[i].name))
            return owned[i].instead;
    return NULL;
}

/* librdkafka repeats a refused value in its message. */
static bool is_secret(const leat_property_probe *probe)
{
    static const char *const marks[] = {
        "password", "secret",  ".pem",    "oauthbearer.config",
        "ssl.key",  "ssl_key", "username"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strstr(probe->name, marks[i]))
            return true;
    return probe->secret;
}

/* librdkafka's table of properties, for people, is the one place that has every name. */
static void explain_unknown(const char *name, char *why, size_t size)
{
    char *table = NULL, *rest = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&table, &length);
    if (!out)
        return;
    rd_kafka_conf_properties_show(out);
    leat_nearest nearest = leat_nearest_to(name);
    if (!fclose(out))
        for (char *row = strtok_r(table, "\n", &rest); row;
             row = strtok_r(NULL, "\n", &rest)) {
            row[strcspn(row, " ")] = 0;
            if (!owner_says(row))
                leat_nearest_offer(&nearest, row);
        }
    char hint[LEAT_NEAREST_HINT];
    snprintf(why, size, "librdkafka has no such property%s",
             leat_nearest_hint(&nearest, hint));
    free(table);
}

bool leat_config_try_property(rd_kafka_conf_t *conf, const leat_property_probe *probe,
                              char *why, size_t size)
{
    why[0] = 0;
    const char *instead = owner_says(probe->name);
    if (instead) {
        snprintf(why, size, "this property is not yours to set: %s", instead);
        return false;
    }
    rd_kafka_conf_res_t result =
        rd_kafka_conf_set(conf, probe->name, probe->value, why, size);
    if (result == RD_KAFKA_CONF_UNKNOWN)
        explain_unknown(probe->name, why, size);
    else if (result != RD_KAFKA_CONF_OK && is_secret(probe))
        snprintf(why, size,
                 "librdkafka refuses the value, which may be a secret and is "
                 "not shown");
    why[strcspn(why, "\n")] = 0;
    return result == RD_KAFKA_CONF_OK;
}
