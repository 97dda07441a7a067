/* worker/config/config_kafka.h: which librdkafka properties a user may set, and to what.
 *
 * Owns:    nothing.
 * Threads: any, one conf per thread.
 */
#ifndef LEAT_WORKER_CONFIG_KAFKA_H
#define LEAT_WORKER_CONFIG_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

typedef struct leat_property_probe {
    const char *name;
    const char *value;
    bool secret; /* never shown; neither is the value of a property that holds secrets */
} leat_property_probe;

/* Sets the property on a throw-away configuration; `why` says what is wrong with it. */
bool leat_config_try_property(rd_kafka_conf_t *conf, const leat_property_probe *probe,
                              char *why, size_t size);

#endif
