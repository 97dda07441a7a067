/* features/aggregate/aggregate_internal.h: what the rooms of aggregates share. aggregate.c finds
 * states, aggregate_event.c answers and applies an event, aggregate_write.c saves states.
 *
 * Owns:    as aggregate.h says.
 * Threads: one lane.
 */
#ifndef LEAT_FEATURES_AGGREGATE_INTERNAL_H
#define LEAT_FEATURES_AGGREGATE_INTERNAL_H

#include "base/clock.h"
#include "base/log.h"
#include "features/aggregate/aggregate.h"
#include "features/aggregate/partition.h"
#include "features/aggregate/shared_state.h"
#include "features/aggregate/state_table.h"

/* How often a thing is said that may be true of every event. */
#define LEAT_AGGREGATES_LOG_NS (60 * LEAT_SEC)

/* What became of an event. */
typedef enum leat_outcome {
    LEAT_OUTCOME_NONE,     /* takes no part */
    LEAT_OUTCOME_UNKNOWN,  /* its partition is not owned */
    LEAT_OUTCOME_REPEATED, /* was applied before, and is answered */
    LEAT_OUTCOME_APPLIED,  /* now */
} leat_outcome;

struct leat_aggregates {
    const leat_aggregates_spec *spec;
    bool is_alone;
    bool waits; /* rather than to go on without Redis */
    leat_state_table table;
    leat_kept_state nowhere; /* what there is no memory for: never known */
    leat_partitions partitions;
    leat_commits commits;         /* of NULLs: nobody knows */
    leat_aggregate_input *inputs; /* of the event at work: [of all entities] */
    int64_t *times;               /* [n_entities]: when it counts as having happened */
    leat_kept_state *
        *overtaken; /* [n_entities]: its states that it is applied to again */
    leat_aggregates_stats stats;
    leat_log_limit refused, strange, unanswered, behind;

    /* of the batch under way, in its arena */
    leat_partition **partition_of; /* [n_events]; NULL: takes no part */
    leat_kept_state **states;      /* [n_events][n_entities]; NULL: has no name */
    leat_kept_state **reads;       /* [n_reads]: those that Redis is asked for */
    leat_outcome *outcomes;        /* [n_events] */
    double *answers;               /* [n_events][n_answers] */
    uint32_t n_reads;
    uint32_t read_command;
    bool is_behind; /* somebody else has committed events of it, or may have */
};

/* The states of one event: [n_entities]. */
static inline leat_kept_state **leat_states_of(const leat_aggregates *aggregates,
                                               uint32_t event)
{
    return aggregates->states + (size_t)event * aggregates->spec->n_entities;
}

/* The word that a state stands under, in the arena; data NULL: out of memory. */
leat_slice leat_aggregates_key(const leat_aggregates *aggregates, leat_arena *arena,
                               const leat_kept_state *kept);

/* Logs Redis's words, once a minute. */
void leat_aggregates_report(leat_aggregates *aggregates, const leat_redis *redis,
                            uint32_t command);

static inline double *leat_answers_of(const leat_aggregates *aggregates, uint32_t event)
{
    return aggregates->answers + (size_t)event * aggregates->spec->n_answers;
}

/* Asks for the states of `reads`, and takes them. */
void leat_aggregates_ask_states(leat_aggregates *aggregates, leat_batch *batch,
                                leat_redis *redis);
void leat_aggregates_take_states(leat_aggregates *aggregates, leat_batch *batch,
                                 const leat_redis *redis);

/* Answers the event from states that were read again, and applies it to them. */
void leat_aggregates_redo_event(leat_aggregates *aggregates, leat_batch *batch,
                                leat_event *event);

/* Answers the event from the states that are known, and applies it; or finds what it was
 * answered before. */
void leat_aggregates_take_event(leat_aggregates *aggregates, leat_batch *batch,
                                leat_event *event);

#endif
