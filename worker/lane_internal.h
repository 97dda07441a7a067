/* worker/lane_internal.h: what the rooms of the lane share. lane.c leads batches, settle.c
 * settles what they published, lane_new.c makes a lane. */
#ifndef LEAT_WORKER_LANE_INTERNAL_H
#define LEAT_WORKER_LANE_INTERNAL_H

#include "base/clock.h"
#include "consumers/decode.h"
#include "consumers/source.h"
#include "features/features.h"
#include "producers/sink.h"
#include "producers/transaction.h"
#include "runtime/session.h"
#include "worker/lane.h"
#include "worker/refusals.h"

enum { LEAT_TRANSACTIONAL_ID_SIZE = 256 };

struct leat_lane {
    char part[24];
    char task[12];
    char consumer_part[32];
    char producer_part[32];
    char connector[80];
    char instance_id[256];
    char transactional_id[LEAT_TRANSACTIONAL_ID_SIZE];
    leat_property *properties; /* of both clients: what the specs point into */
    leat_plan *plan;
    leat_window window;
    leat_source *source;
    leat_decoder *decoder;
    leat_features *features; /* NULL without lookups */
    leat_session *session;
    leat_sink *sink;
    leat_transaction *transaction; /* NULL: at least once */
    leat_ledger *ledger;
    leat_batch batch;
    leat_refusals refusals;
    bool must_go_back;   /* to what is settled, before anything is read */
    bool gave_up_batch;  /* read, not published: partitions that stay must be rewound */
    uint64_t measure_ns; /* when partitions are measured next */
    leat_lane_meters meters;
    atomic_bool stopping;
    atomic_bool halting;
    bool has_halted;
};

/* The lane gets on: once a turn, and wherever it lawfully waits. */
static inline void leat_lane_beat(leat_lane *lane)
{
    leat_counter_set(&lane->meters.beat_ns, leat_now_ns());
}

/* Serves acknowledgements and settles, where it is time. OK, ABORTED, REFUSED or an error. */
leat_status leat_lane_settle_when_due(leat_lane *lane, leat_error *error) LEAT_MUST_CHECK;

/* Waits for every acknowledgement and settles. OK, ABORTED, REFUSED or an error. */
leat_status leat_lane_settle_now(leat_lane *lane, uint64_t deadline_ns,
                                 leat_error *error) LEAT_MUST_CHECK;

/* While the lane waits for something else than events: acknowledgements come in, what can be
 * settled is, and the group does not take the lane for dead. */
leat_status leat_lane_serve(leat_lane *lane, int timeout_ms,
                            leat_error *error) LEAT_MUST_CHECK;

/* Forgets what is published and not settled: it will be published again. */
void leat_lane_forget(leat_lane *lane);

/* Takes back what was forgotten, as far as that can be done until the deadline. */
void leat_lane_take_back(leat_lane *lane, uint64_t deadline_ns);

/* A step of going back, until must_go_back is off. */
leat_status leat_lane_go_back(leat_lane *lane, leat_error *error) LEAT_MUST_CHECK;

/* Counts a change of the assignment that was answered. */
void leat_lane_meter_rebalance(leat_lane *lane, leat_change change);

/* Settles what it can before partitions go, and answers the group. */
leat_status leat_lane_rebalance(leat_lane *lane, leat_error *error) LEAT_MUST_CHECK;

#endif
