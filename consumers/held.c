/* Records taken from librdkafka that are in no batch yet: those that came while everything was
 * paused, and the one that did not fit. */
#include "consumers/source_internal.h"

#include <stdlib.h>

rd_kafka_message_t *leat_source_take_held(leat_source *source)
{
    if (source->first_held == source->n_held) {
        source->first_held = source->n_held = 0;
        return NULL;
    }
    return source->held[source->first_held++];
}

leat_status leat_source_hold(leat_source *source, rd_kafka_message_t *record,
                             leat_error *error)
{
    if (source->n_held == source->max_held) {
        uint32_t room = source->max_held ? 2 * source->max_held : 64;
        rd_kafka_message_t **held =
            realloc(source->held, room * sizeof(rd_kafka_message_t *));
        if (!held) {
            rd_kafka_message_destroy(record);
            return leat_error_set(error, LEAT_E_MEMORY, "no memory for held records");
        }
        source->held = held;
        source->max_held = room;
    }
    source->held[source->n_held++] = record;
    return LEAT_OK;
}

/* The held ones are older than what polling gives, so `record` was either the first of
 * them or came when none was left. */
leat_status leat_source_put_back(leat_source *source, rd_kafka_message_t *record,
                                 leat_error *error)
{
    if (source->first_held) {
        source->held[--source->first_held] = record;
        return LEAT_OK;
    }
    return leat_source_hold(source, record, error);
}

void leat_source_drop_held(leat_source *source)
{
    uint32_t kept = 0;
    for (uint32_t i = source->first_held; i < source->n_held; i++) {
        rd_kafka_message_t *record = source->held[i];
        uint32_t slot = leat_source_slot_of(source, record);
        if (slot != UINT32_MAX && source->slots[slot].assigned)
            source->held[kept++] = record;
        else
            rd_kafka_message_destroy(record);
    }
    source->first_held = 0;
    source->n_held = kept;
}

void leat_source_clear_held(leat_source *source)
{
    for (uint32_t i = source->first_held; i < source->n_held; i++)
        rd_kafka_message_destroy(source->held[i]);
    source->first_held = source->n_held = 0;
}
