/* consumers/source_internal.h: what the rooms of the source share. source.c fills batches,
 * rebalance.c answers rebalances, start.c finds where reading starts, position.c knows where
 * each partition stands, out_of_range.c goes on where there is nothing, commit.c tells the
 * group, join.c knows when that must wait, pause.c stops fetching. */
#ifndef LEAT_CONSUMERS_SOURCE_INTERNAL_H
#define LEAT_CONSUMERS_SOURCE_INTERNAL_H

#include "consumers/source.h"

#include <stdatomic.h>
#include <stdbool.h>

/* What the coordinator knows of where processing of a partition goes on. */
typedef enum leat_commit {
    LEAT_COMMIT_DONE, /* all of it */
    LEAT_COMMIT_OWED, /* not what was stored last */
    LEAT_COMMIT_SENT, /* all of it, when the answer to come is a good one */
} leat_commit;

/* A partition that this source has met. Its index is the `slot` of events and marks. */
typedef struct leat_slot {
    rd_kafka_topic_t *handle; /* librdkafka's, as records carry it; NULL: not met yet */
    const char *topic;        /* interned: the lane compares pointers */
    int32_t partition; /* negative: what comes of its events moves nothing any more */
    int64_t next;      /* where processing goes on: the start, then what was stored */
    int64_t taken;     /* where reading goes on: behind the last record taken */
    bool assigned;
    uint32_t epoch;     /* rises whenever it is assigned */
    leat_commit commit; /* of `next` */
    int64_t sent;       /* what the commit under way says */
    int64_t committed;  /* what the group is known to have: nothing below comes again */
} leat_slot;

/* What librdkafka's threads were seen to do for the membership. */
typedef struct leat_join {
    atomic_bool is_joining;             /* a JoinGroup was sent; the lane takes it back */
    atomic_uint_least64_t joining_ns;   /* when */
    atomic_uint_least64_t heartbeat_ns; /* when the last one was answered */
    atomic_uint n_sent;                 /* JoinGroups */
    atomic_uint n_synced;  /* of these, when the last SyncGroup was answered */
    unsigned n_assigned;   /* the lane's: of these, when the last assignment came, */
    unsigned n_revoked;    /* and the last revoke */
    uint64_t answered_ns;  /* the lane's: when it answered a rebalance last */
    bool keeps_partitions; /* likewise: the protocol is cooperative */
} leat_join;

struct leat_source {
    rd_kafka_t *consumer;
    rd_kafka_queue_t *closing; /* the last revoke comes through it */
    leat_client client;
    leat_source_spec spec;
    uint64_t polled_ns;

    uint32_t n_slots;
    uint32_t max_slots;
    leat_slot *slots;
    leat_arena names;   /* of topics */
    uint32_t last_slot; /* the memo of slot_of */

    /* The rebalance that waits for an answer, as the callback left it. */
    leat_change change;
    rd_kafka_topic_partition_list_t *changing;
    leat_join join;

    /* Assigned partitions that wait for their start to be known; NULL: none. */
    rd_kafka_topic_partition_list_t *starting;
    uint64_t start_again_ns;

    rd_kafka_consumer_group_metadata_t *group; /* NULL: no member, or no transactions */
    char *member;    /* librdkafka's: its name in that group; NULL with it */
    bool has_lapsed; /* it came back under another name, with its partitions */
    rd_kafka_queue_t *commit_answers;
    bool committing;    /* whether one is to come */
    uint64_t commit_ns; /* when the next commit is due */

    bool paused;
    bool is_astray;           /* reading may not stand where `taken` says */
    rd_kafka_message_t *held; /* did not fit the last batch */

    bool closed;
    bool is_topic_gone;

    leat_partition_meters meters; /* one a slot */
};

/* The slot of a partition, made when it is new; UINT32_MAX when out of memory. */
uint32_t leat_source_slot(leat_source *source, const char *topic, int32_t partition);
uint32_t leat_source_slot_of(leat_source *source, const rd_kafka_message_t *record);

/* A new slot for the partition of that one, where reading goes on at `at`: what still comes of
 * the old slot's events moves it no more. UINT32_MAX when out of memory. */
uint32_t leat_source_replace_slot(leat_source *source, uint32_t slot, int64_t at);

/* The assigned partitions, each at `taken`; for the caller to destroy. */
rd_kafka_topic_partition_list_t *leat_source_positions(const leat_source *source);

/* Has every partition read on from `taken`, whatever librdkafka does with it now. AGAIN, after a
 * moment, when it is not done with something else yet. */
leat_status leat_source_realign(leat_source *source, leat_error *error) LEAT_MUST_CHECK;

/* The topic (a slot's) is not what it was: nothing is committed for it any more. */
void leat_source_drop_topic(leat_source *source, const char *topic);

/* Destroys a list, if there is one. */
static inline void leat_source_forget(rd_kafka_topic_partition_list_t **list)
{
    if (*list)
        rd_kafka_topic_partition_list_destroy(*list);
    *list = NULL;
}

static inline void leat_source_clear_held(leat_source *source)
{
    if (source->held)
        rd_kafka_message_destroy(source->held);
    source->held = NULL;
}

/* rebalance.c: the callback, and the partitions that waited for their start. */
void leat_source_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                              rd_kafka_topic_partition_list_t *partitions, void *opaque);
leat_status leat_source_start_waiting(leat_source *source, leat_error *error);

/* Whether has_rejoined() is true of partitions that are here; if so, a LOST is pending. */
bool leat_source_is_left_behind(leat_source *source);

/* Assigns partitions anew that librdkafka reads no more: from `taken` on. */
leat_status leat_source_read_again(leat_source *source,
                                   rd_kafka_topic_partition_list_t *partitions,
                                   leat_error *error) LEAT_MUST_CHECK;

/* Answers what is pending on the way out: partitions that come are not taken. */
leat_status leat_source_decline(leat_source *source, leat_error *error) LEAT_MUST_CHECK;

/* start.c: puts an offset on every partition of the list whose start is known by now: another
 * member may have to commit it first, and brokers need not answer. Sorts the list. */
void leat_source_find_start(leat_source *source,
                            rd_kafka_topic_partition_list_t *partitions);

/* The committed offsets of a list: an answer for every partition, or an error. */
rd_kafka_resp_err_t leat_source_fetch_committed(leat_source *source,
                                                rd_kafka_topic_partition_list_t *list);

/* out_of_range.c: stops, or goes on where the spec says, when `record` reports that there is
 * nothing at its partition's offset. */
leat_status leat_source_go_on(leat_source *source, const rd_kafka_message_t *record,
                              leat_error *error) LEAT_MUST_CHECK;

/* commit.c: notes the membership that transactions are to be committed with, once a rebalance is
 * answered; has_kept: partitions from before it. Renew: of the same member, if it still is. */
void leat_source_note_group(leat_source *source, bool has_kept);
void leat_source_renew_group(leat_source *source);
void leat_source_forget_group(leat_source *source);

/* Commits a list and waits for the coordinator's answer. */
leat_status leat_source_commit_list(leat_source *source,
                                    rd_kafka_topic_partition_list_t *offsets,
                                    uint64_t deadline_ns,
                                    leat_error *error) LEAT_MUST_CHECK;

/* join.c: has `join` kept. While a member may join, nothing must be committed. */
void leat_source_watch_joins(rd_kafka_conf_t *conf);
bool leat_source_may_join(const leat_source *source);

/* Whether the eager protocol has moved on without the lane: neither what was assigned last, nor
 * the right to commit, is its own any more. */
bool leat_source_has_rejoined(const leat_source *source);

/* Whether the cooperative one has, past a revoke that the lane has not answered. */
bool leat_source_has_overtaken(const leat_source *source);

/* Until that is over, or the deadline. */
leat_status leat_source_await_join(leat_source *source, uint64_t deadline_ns,
                                   leat_error *error) LEAT_MUST_CHECK;

/* source.c: hears what there is of the group, while the source is astray; look: and fetches
 * nothing meanwhile. */
leat_status leat_source_hear(leat_source *source, int timeout_ms,
                             leat_error *error) LEAT_MUST_CHECK;
leat_status leat_source_look(leat_source *source, int timeout_ms,
                             leat_error *error) LEAT_MUST_CHECK;

/* pause.c: what leat_source_pause has paused. */
void leat_source_resume(leat_source *source);

#endif
