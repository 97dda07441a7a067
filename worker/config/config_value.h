/* worker/config/config_value.h: one YAML scalar to one typed field, by a row of the table.
 *
 * Owns:    the context is the loader's, for one load.
 * Threads: main.
 * Fails:   E_CONFIG, E_UNSUPPORTED, E_MEMORY: "file:line:column: key: what was found,
 *          what is allowed".
 */
#ifndef LEAT_WORKER_CONFIG_VALUE_H
#define LEAT_WORKER_CONFIG_VALUE_H

#include "worker/config/config.h"
#include "worker/config/config_table.h"

#include <librdkafka/rdkafka.h>

enum { LEAT_CONFIG_MAX_TRAIL = 8 }; /* the table is not deeper */

typedef struct leat_config_context {
    leat_config *config;
    leat_error *error;
    rd_kafka_conf_t *probe; /* a throw-away that Kafka properties are tried on */
    uint32_t depth;
    const char *trail[LEAT_CONFIG_MAX_TRAIL]; /* the names that led to the current key */
} leat_config_context;

/* Fills the error with the place, the current key and the message. */
leat_status leat_config_refuse(leat_config_context *context, leat_status code,
                               leat_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "expected ..., found ...". */
leat_status leat_config_mismatch(leat_config_context *context, const leat_key *key,
                                 const leat_yaml *node);

/* Reads any type but SECTION, MAP and LIST into `field`. */
leat_status leat_config_read_scalar(leat_config_context *context, const leat_key *key,
                                    const leat_yaml *node, void *field) LEAT_MUST_CHECK;

#endif
