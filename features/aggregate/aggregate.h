/* features/aggregate/aggregate.h: features over what was seen of an entity, kept in Redis.
 *
 * A part of the stage of features, with the lookups. In a batch:
 *
 *   begin, acquire  partitions that are new here (partition.h), in a trip of its own
 *   ask    finds the entities of the batch, and asks for the states that are not in
 *          memory, in the lookups' trip
 *   take   answers each event from its entities' states and applies it, in order; an
 *          event that was applied before is answered from the journal
 *   write  has Redis keep the states that changed, in a second trip, before anything is
 *          published; a shared state that another lane has changed meanwhile is read and
 *          applied again
 *   fill   writes the answers to the columns
 *
 * Every event that could be decoded is applied, whether it can be scored or not. Where
 * the entity is the key of a topic's records, one lane alone sees it, and keeps its state
 * in memory (state_table.h); any other entity is shared by lanes, and is read for every batch
 * (shared_state.h). docs/decisions/020 says why it is so.
 *
 *   missing      the entity has no name in this event, or nothing was seen of it
 *   unavailable  Redis did not answer: the event is not applied either, which is counted,
 *                or what `on_unavailable` says; where a batch waits, it waits for its
 *                states to be read, and to be written
 *
 * What cannot be written is written with a later batch, as long as memory lasts.
 *
 * Owns:    states in memory, partitions. Not the spec, which lives in the plan.
 * Threads: one lane.
 * Fails:   new: E_MEMORY. write: ABORTED when a partition is somebody else's by now, or
 *          nobody says that it is not: nothing of the batch may be published, and it has
 *          to come again; AGAIN when the batch waits until it could be written: call it
 *          again.
 */
#ifndef LEAT_FEATURES_AGGREGATE_H
#define LEAT_FEATURES_AGGREGATE_H

#include "base/batch.h"
#include "base/meter.h"
#include "features/aggregate/state_describe.h"
#include "features/feed.h"
#include "features/redis/redis.h"

/* A column that an answer feeds. */
typedef struct leat_aggregate_feature {
    const char *name; /* "card_1h.count", for messages */
    uint32_t column;  /* index into schema->columns */
    uint32_t window;  /* that it is of, in the order of the configuration */
    uint32_t answer;  /* its first number, in the answer of the entity */
    uint32_t n;       /* numbers: more than one is a sequence */
} leat_aggregate_feature;

/* A value of the event that is aggregated. */
typedef struct leat_aggregate_source {
    const char *name; /* "card_1h.spent", for messages */
    uint32_t capture; /* index into schema->captures */
    bool is_hashed;   /* distinct ones are counted: any scalar will do */
} leat_aggregate_source;

/* All aggregates of one entity. */
typedef struct leat_entity_spec {
    const char *name; /* its path, for messages */
    uint32_t capture; /* the entity's name; LEAT_NO_CAPTURE: the record's key */
    leat_on_unavailable on_unavailable;
    bool is_shared;     /* several lanes see its events */
    const char *prefix; /* of its keys in Redis */
    uint64_t ahead_ns;  /* how far an event may be ahead of its record's timestamp */
    uint64_t keep_ms;   /* how long Redis keeps a state behind its last event */
    leat_state_spec state;
    leat_state_names names;               /* for people */
    const leat_aggregate_source *sources; /* [state.n_inputs] */
    uint32_t first_answer;                /* among the answers of all entities */
    uint32_t n_features;
    const leat_aggregate_feature *features;
} leat_entity_spec;

typedef struct leat_aggregates_spec {
    uint32_t n_entities;
    const leat_entity_spec *entities;
    const char *base;   /* that the keys of partitions begin with */
    uint32_t digest;    /* of what makes answers what they are */
    uint32_t n_answers; /* of all entities */
    uint32_t n_windows; /* of all entities */
    size_t max_bytes;   /* of states in memory */
} leat_aggregates_spec;

/* What the group has committed of a partition, by its slot. */
typedef struct leat_commits {
    void *source;
    /* As far as is known: below this offset no event comes again; -1: unknown. */
    int64_t (*known)(const void *source, uint32_t slot);
    /* As the group says when it is asked, whoever has committed it; -1: nothing. AGAIN: it
     * does not say. Waits. */
    leat_status (*ask)(void *source, uint32_t slot, int64_t *committed);
} leat_commits;

/* Written by the lane, to be read by any thread. */
typedef struct leat_aggregates_stats {
    leat_counter applied;
    leat_counter repeated;    /* were applied before: answered from the journal */
    leat_counter unanswered;  /* of these, whose answer was not kept any more */
    leat_counter late;        /* older than what is kept: not applied */
    leat_counter unavailable; /* not applied, since Redis did not answer */
    leat_counter reads;       /* states */
    leat_counter writes;
    leat_counter conflicts;  /* shared states that had to be read again */
    leat_counter lost;       /* states that were dropped before they were written */
    leat_counter fenced;     /* batches given up */
    leat_counter unsaved;    /* states that Redis does not have, now */
    leat_feed_stats *values; /* [n_windows]: columns of events */
} leat_aggregates_stats;

typedef struct leat_aggregates leat_aggregates;

/* is_alone: without Redis, everything stays in memory: for events that are no stream. */
leat_status leat_aggregates_new(leat_aggregates **aggregates,
                                const leat_aggregates_spec *spec, bool is_alone,
                                leat_error *error) LEAT_MUST_CHECK;
void leat_aggregates_free(leat_aggregates *aggregates);

/* Who knows what is committed; without, nothing is ever forgotten. */
void leat_aggregates_follow(leat_aggregates *aggregates, leat_commits commits);

void leat_aggregates_begin(leat_aggregates *aggregates, leat_batch *batch);
void leat_aggregates_acquire(leat_aggregates *aggregates, leat_batch *batch,
                             leat_redis *redis, uint64_t timeout_ns);
void leat_aggregates_ask(leat_aggregates *aggregates, leat_batch *batch,
                         leat_redis *redis);
/* Whether the batch has to wait: for a partition to be acquired (then before ask), or for
 * states that were asked for. */
bool leat_aggregates_must_acquire(const leat_aggregates *aggregates);
bool leat_aggregates_must_wait(const leat_aggregates *aggregates,
                               const leat_redis *redis);

void leat_aggregates_take(leat_aggregates *aggregates, leat_batch *batch,
                          const leat_redis *redis);
leat_status leat_aggregates_write(leat_aggregates *aggregates, leat_batch *batch,
                                  leat_redis *redis, uint64_t timeout_ns) LEAT_MUST_CHECK;
void leat_aggregates_fill(leat_aggregates *aggregates, leat_batch *batch);

const leat_aggregates_stats *leat_aggregates_read(const leat_aggregates *aggregates);

#endif
