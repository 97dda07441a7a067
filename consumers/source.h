/* consumers/source.h: the input topics, as one lane sees them.
 *
 * Design notes: a rebalance is handled in the lane's loop, not in a callback
 *
 *   1. librdkafka calls back from within consumer_poll. The callback copies the list of
 *      partitions, notes whether they come or go, and returns. librdkafka then waits: it
 *      hands out no event of the group until it is answered, and the group's coordinator
 *      gives partitions that go to nobody else meanwhile.
 *   2. fill() first returns the events that it already has, and REBALANCE on the next
 *      call.
 *   3. The lane settles what it owes (the partitions are still its own), or clears its
 *      ledger when they are lost, and calls rebalance(), which answers.
 *
 * So events, acknowledgements and the assignment change in one thread and in one order.
 *
 * Design notes: where reading starts (start.c)
 *
 *   A group that has no offset for a topic starts at its end or its beginning. "The end"
 *   is a moment, and a crash before the first commit would make it a later moment: the
 *   events between are lost. So the end is committed for the whole topic before anyone
 *   reads it.
 *
 * Owns:    the consumer, its records until released, its position in every partition.
 * Threads: one lane; new: main.
 * Fails:   E_CONFIG, E_KAFKA, E_UNAVAILABLE (credentials), E_MEMORY; positive: REBALANCE.
 */
#ifndef LEAT_CONSUMERS_SOURCE_H
#define LEAT_CONSUMERS_SOURCE_H

#include "base/batch.h"
#include "base/client/client.h"
#include "base/ledger.h"
#include "consumers/partition_meters.h"
#include "consumers/window.h"

#include <stdbool.h>

typedef enum leat_start_at {
    LEAT_START_AT_END,
    LEAT_START_AT_BEGINNING,
} leat_start_at;

typedef struct leat_source_spec {
    size_t n_topics;
    const char *const *topics;
    const char *group;
    leat_start_at start;
    const char *out_of_range; /* "error", "earliest", "latest": from there on */
    bool transactional;     /* a transaction commits the offsets: store() commits none */
    leat_properties common; /* of every client */
    leat_properties consumer; /* of the consumer alone */
    const char *part;         /* who speaks in the log */
} leat_source_spec;

typedef struct leat_source leat_source;

/* Subscribes; the assignment comes through fill. */
leat_status leat_source_new(leat_source **source, const leat_source_spec *spec,
                            leat_error *error) LEAT_MUST_CHECK;
void leat_source_free(leat_source *source);

/* Adds events to an empty batch until the window closes; returns with none when `wake_ns`
 * passes first. REBALANCE: call rebalance() before the next fill. */
leat_status leat_source_fill(leat_source *source, leat_batch *batch,
                             const leat_window *window, uint64_t wake_ns,
                             leat_error *error) LEAT_MUST_CHECK;

/* Gives the records of the batch's events back to librdkafka. */
void leat_source_release(leat_source *source, leat_batch *batch);

/* What the pending rebalance does. */
typedef enum leat_change {
    LEAT_CHANGE_NONE,
    LEAT_CHANGE_ASSIGN,  /* partitions come */
    LEAT_CHANGE_REVOKE,  /* partitions go; they are still ours: what is settled before the
                           answer may be committed */
    LEAT_CHANGE_LOST,    /* partitions are gone, to somebody else by now */
    LEAT_CHANGE_REPLACE, /* all are gone likewise, and partitions come */
} leat_change;

leat_change leat_source_pending(const leat_source *source);

/* Answers the pending rebalance. Where partitions go, the ledger must be empty. */
leat_status leat_source_rebalance(leat_source *source, leat_error *error) LEAT_MUST_CHECK;

/* Notes what is done, and commits once a second what was noted, without waiting (commit.c):
 * call it often, with n = 0 too. */
void leat_source_store(leat_source *source, const leat_mark *marks, uint32_t n);

/* Commits all that was stored, now. E_TIMEOUT at the deadline; E_KAFKA when the
 * coordinator refuses: the new owner of the partitions gets those events again. */
leat_status leat_source_commit(leat_source *source, uint64_t deadline_ns,
                               leat_error *error) LEAT_MUST_CHECK;

/* The offset of the partition below which nothing comes again, as far as is known: what the
 * group has committed. -1: unknown. Both are for leat_commits of features/aggregate/aggregate.h. */
int64_t leat_source_committed(const void *source, uint32_t slot);

/* What the group says that it has committed, whoever did; -1: nothing. Where that is beyond what
 * was stored, somebody else has had the partition, and the next rewind goes there. AGAIN when the
 * coordinator does not say within seconds. */
leat_status leat_source_ask_committed(void *source, uint32_t slot,
                                      int64_t *committed) LEAT_MUST_CHECK;

/* What a transaction commits: the marks as offsets, for the caller to destroy, and the
 * membership under which they were read, NULL when the source is no member; the source's own,
 * valid until rebalance() or rewind(). */
rd_kafka_topic_partition_list_t *leat_source_offsets(const leat_source *source,
                                                     const leat_mark *marks, uint32_t n);
const rd_kafka_consumer_group_metadata_t *leat_source_group(const leat_source *source);

/* With transactions: whether the group took this member for gone, without a word, while it had
 * partitions that it has still. Where it reads may be behind another owner's commits: it has to
 * be rewound. */
bool leat_source_has_lapsed(const leat_source *source);

/* Goes back to what was stored, or, with transactions, to what the group has committed: the next
 * fill reads the events behind it again. OK, or AGAIN when the coordinator does not say. */
leat_status leat_source_rewind(leat_source *source) LEAT_MUST_CHECK;

/* Keeps the membership while the lane waits for something else than fill: polls, with
 * everything paused, when a second has passed without. */
leat_status leat_source_keep_alive(leat_source *source,
                                   leat_error *error) LEAT_MUST_CHECK;

/* Pauses what is assigned now, until the next fill. */
void leat_source_pause(leat_source *source);

/* Leaves the group: answers what is pending, then closes. E_TIMEOUT when librdkafka has not
 * closed by the deadline; the source must not be freed then, since librdkafka would wait for
 * it without a bound: it goes with the process. */
leat_status leat_source_close(leat_source *source, uint64_t deadline_ns,
                              leat_error *error) LEAT_MUST_CHECK;

/* The last header of that name: a leat_header_find. */
leat_slice leat_source_header(const leat_event *event, const char *name);

/* The record's headers, or NULL: for dead letters. Valid until release. */
const rd_kafka_headers_t *leat_source_headers(const leat_event *event);

/* Measures (measure.c). count: the batch's events were led to their end. measure: brings lag
 * and assignment of every partition up to date; the lag of all of them, that is the events
 * between what was taken and the end, as far as the last fetches told. */
void leat_source_count(leat_source *source, const leat_batch *batch);
uint64_t leat_source_measure(leat_source *source);

/* To be read by any thread, as long as the source lives. */
const leat_partition_meters *leat_source_meters(const leat_source *source);

/* Partitions assigned now. */
uint32_t leat_source_n_assigned(const leat_source *source);

#endif
