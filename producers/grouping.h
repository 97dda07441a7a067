/* producers/grouping.h: the order in which the predictions of a batch are published.
 *
 * librdkafka keeps a queue for each partition of the topic, with a lock and a list of its
 * own, and its sending thread walks one list after another. Where records come partition by
 * partition, less of what both threads touch is out of their caches: the bare loop
 * (bench/bare_loop.c) costs a seventh less than with the same records as the keys happen
 * to fall, Leat an eighth.
 *
 * Within a partition the order of the batch stands, so events of one key stay in their
 * order. How many partitions there are is learned from the delivery reports of that topic,
 * and where a key goes is Java's choice, the one that the producer makes unless its partitioner is
 * configured: were either wrong, the grouping would gain nothing, and no record would go
 * anywhere else.
 *
 * Owns:    nothing; what `of` points to is the caller's.
 * Threads: one lane.
 */
#ifndef LEAT_PRODUCERS_GROUPING_H
#define LEAT_PRODUCERS_GROUPING_H

#include "base/batch.h"

#include <librdkafka/rdkafka.h>

/* More than this are as many as a batch has events: nothing comes together. */
enum { LEAT_MAX_GROUPS = 256 };

typedef struct leat_grouping {
    const rd_kafka_topic_t *topic; /* of the predictions */
    uint32_t n_partitions;         /* of it, that have been seen */
    uint8_t *of;                   /* [max_events]: the group of each event */
} leat_grouping;

/* A record was delivered, to whatever topic. */
void leat_grouping_learn(leat_grouping *grouping, const rd_kafka_message_t *record);

/* The events that have a prediction to publish, group by group; how many. */
uint32_t leat_grouping_apply(leat_grouping *grouping, leat_batch *batch,
                             leat_event **events);

#endif
