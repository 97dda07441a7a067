/* The page that everything serves: how a batch goes its way.
 *
 *   fill -> decode -> send, receive -> run -> publish -> settle
 *
 * What settling means, and what happens when it fails, is settle.c.
 */
#include "base/clock.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "worker/lane_internal.h"

enum { SERVE_MS = 20, HALTED_MS = 100 };

static const uint64_t IDLE_NS = 100 * LEAT_MS;  /* how late a stop may be heard */
static const uint64_t OWING_NS = 5 * LEAT_MS;   /* while acknowledgements are awaited */
static const uint64_t MODEL_NS = 50 * LEAT_MS;  /* how long a model runs in one go */
static const uint64_t DRAIN_NS = 10 * LEAT_SEC; /* to settle at the end, */
static const uint64_t TAKE_BACK_NS = 2 * LEAT_SEC; /* of it to take back what is not */

static leat_status score(leat_lane *lane, leat_error *error)
{
    leat_batch *batch = &lane->batch;
    leat_status status = LEAT_OK;
    while (status == LEAT_OK &&
           leat_session_run(lane->session, batch->inputs, batch->n_rows, &batch->output,
                            MODEL_NS) == LEAT_MORE)
        status = leat_lane_serve(lane, 0, error);
    return status;
}

static bool must_let_go(const leat_lane *lane)
{
    return atomic_load(&lane->stopping) || atomic_load(&lane->halting) ||
           leat_source_pending(lane->source) > LEAT_CHANGE_ASSIGN;
}

static leat_status make_room(leat_lane *lane, leat_error *error)
{
    leat_status status = leat_lane_serve(lane, SERVE_MS, error);
    return status == LEAT_OK ? leat_lane_settle_when_due(lane, error) : status;
}

/* AGAIN when the brokers take nothing while the lane is asked to stop, or to give partitions
 * up: so is the batch then, and it will be read again. */
static leat_status publish(leat_lane *lane, leat_error *error)
{
    leat_status status;
    do {
        status = lane->transaction
                     ? leat_transaction_begin(lane->transaction, lane->batch.n_events)
                     : LEAT_OK;
        if (status == LEAT_OK)
            status = leat_sink_publish(lane->sink, &lane->plan->prediction, &lane->batch,
                                       error);
        if (status != LEAT_AGAIN || must_let_go(lane))
            return status;
        status = make_room(lane, error);
    } while (status == LEAT_OK);
    return status;
}

/* AGAIN when the batch has to wait for Redis, while the lane is asked to stop or to give
 * partitions up: nothing of it is published, and it will be read again. */
static leat_status look_up(leat_lane *lane, leat_error *error)
{
    leat_status status;
    leat_features_send(lane->features, &lane->batch);
    do {
        status = leat_features_receive(lane->features, &lane->batch);
        if (status != LEAT_AGAIN || must_let_go(lane))
            return status;
        status = make_room(lane, error);
    } while (status == LEAT_OK);
    return status;
}

static void meter_batch(leat_lane *lane)
{
    const leat_batch *batch = &lane->batch;
    const leat_sink_meters *sink = leat_sink_read(lane->sink);
    uint64_t skipped = 0, unavailable = 0;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        const leat_event *event = &batch->events[i];
        skipped += event->is_skipped;
        unavailable +=
            event->status == LEAT_OK && event->quality == LEAT_QUALITY_UNAVAILABLE;
    }
    leat_batch_meters_end(&lane->meters.way, batch);
    leat_source_count(lane->source, batch);
    leat_counter_add(&lane->meters.events, batch->n_events);
    leat_counter_add(&lane->meters.batches, 1);
    leat_counter_add(&lane->meters.skipped, skipped);
    leat_counter_add(&lane->meters.unavailable, unavailable);
    leat_counter_set(&lane->meters.predictions, leat_counter_read(&sink->predictions));
    leat_counter_set(&lane->meters.feature_records,
                     leat_counter_read(&sink->feature_records));
    leat_counter_set(&lane->meters.dead_letters, leat_counter_read(&sink->dead_letters));
}

static leat_status lead(leat_lane *lane, leat_error *error)
{
    leat_batch *batch = &lane->batch;
    leat_batch_meters *meters = &lane->meters.way;
    leat_status status = LEAT_OK;
    leat_batch_meters_begin(meters, batch);
    leat_decoder_run(lane->decoder, batch);
    leat_batch_meters_lap(meters, LEAT_STAGE_DECODE);
    if (lane->features) {
        status = look_up(lane, error);
        leat_batch_meters_lap(meters, LEAT_STAGE_FEATURES);
        LEAT_FAIL_POINT("after_features");
    }
    if (status == LEAT_OK)
        status = score(lane, error);
    leat_batch_meters_lap(meters, LEAT_STAGE_MODEL);
    leat_refusals_mark(&lane->refusals, batch);
    if (status == LEAT_OK)
        status = publish(lane, error);
    leat_batch_meters_lap(meters, LEAT_STAGE_PUBLISH);
    LEAT_FAIL_POINT("after_produce");
    if (status == LEAT_OK)
        meter_batch(lane);
    return status;
}

static uint64_t wake_at(const leat_lane *lane)
{
    uint64_t now = leat_now_ns();
    if (leat_ledger_is_empty(lane->ledger))
        return now + IDLE_NS;
    return lane->transaction ? leat_transaction_due_ns(lane->transaction)
                             : now + OWING_NS;
}

/* A lane that looks for a refused record settles each batch while it has it in hand. */
static leat_status settle(leat_lane *lane, leat_error *error)
{
    if (!leat_refusals_is_careful(&lane->refusals) || !lane->batch.n_events)
        return leat_lane_settle_when_due(lane, error);
    leat_status status = leat_lane_settle_now(lane, leat_now_ns() + DRAIN_NS, error);
    if (status == LEAT_OK && leat_refusals_passed(&lane->refusals, &lane->batch))
        leat_log(LEAT_LOG_WARN, lane->part,
                 "no record is refused by itself: where that comes again, set "
                 "sink.kafka's batch.size below the topic's max.message.bytes");
    if (status != LEAT_E_TIMEOUT)
        return status;
    leat_log(LEAT_LOG_WARN, lane->part, "%s; those events are scored again", error->msg);
    return LEAT_ABORTED; /* brokers come back */
}

static leat_status note_refusal(leat_lane *lane, leat_error *error)
{
    uint64_t n_unsettled = leat_ledger_n_tickets(lane->ledger) * lane->window.max_events;
    leat_lane_forget(lane);
    return leat_refusals_note(&lane->refusals, &lane->batch, n_unsettled,
                              leat_sink_why(lane->sink), error);
}

/* What was published before and not settled is taken back; it will be published again when
 * somebody has mended what was wrong. */
static void halt(leat_lane *lane)
{
    lane->has_halted = true;
    lane->must_go_back = true; /* nothing settles any more */
    leat_lane_take_back(lane, leat_now_ns() + DRAIN_NS);
    leat_source_pause(lane->source);
}

/* One turn of a lane that has halted: deliveries and the group are answered, no more. */
static leat_status stay(leat_lane *lane, leat_error *error)
{
    if (!lane->has_halted)
        halt(lane);
    leat_status status = leat_sink_serve(lane->sink, HALTED_MS, error);
    leat_change change = leat_source_pending(lane->source);
    if (status < 0 || change == LEAT_CHANGE_NONE)
        return status < 0 ? status : leat_source_keep_alive(lane->source, error);
    status = leat_source_rebalance(lane->source, error);
    leat_source_pause(lane->source);
    leat_lane_meter_rebalance(lane, change);
    return status;
}

static leat_status turn(leat_lane *lane, leat_error *error)
{
    leat_lane_beat(lane);
    if (atomic_load_explicit(&lane->halting, memory_order_relaxed))
        return stay(lane, error);
    if (lane->must_go_back)
        return leat_lane_go_back(lane, error);
    leat_window window = leat_refusals_window(&lane->refusals, &lane->window);
    leat_status status = leat_batch_reset(&lane->batch, &lane->plan->schema,
                                          leat_session_output(lane->session));
    if (status == LEAT_OK)
        status =
            leat_source_fill(lane->source, &lane->batch, &window, wake_at(lane), error);
    if (status == LEAT_REBALANCE)
        return leat_lane_rebalance(lane, error);
    if (status == LEAT_OK && lane->batch.n_events)
        status = lead(lane, error);
    if (status == LEAT_OK)
        status = settle(lane, error);
    if (status == LEAT_REFUSED)
        status = note_refusal(lane, error);
    leat_source_release(lane->source, &lane->batch);
    if (status == LEAT_ABORTED)
        leat_lane_forget(lane);
    if (status == LEAT_AGAIN)
        lane->gave_up_batch = true;
    return status < 0 ? status : LEAT_OK;
}

/* A lane that failed settles what it can, too: that much is true. */
static leat_status settle_last(leat_lane *lane, leat_error *error)
{
    uint64_t deadline_ns = leat_now_ns() + DRAIN_NS;
    leat_status status = leat_lane_settle_now(lane, deadline_ns - TAKE_BACK_NS, error);
    if (status == LEAT_OK)
        return LEAT_OK;
    leat_log(LEAT_LOG_WARN, lane->part,
             "not all is settled, and will be scored again: %s",
             status < 0 ? error->msg : leat_status_text(status));
    leat_lane_take_back(lane, deadline_ns);
    return status < 0 ? status : LEAT_OK;
}

/* Probes say it now; settling may take a while. */
static void tell_failure(leat_lane *lane, const leat_error *error)
{
    lane->meters.failure = *error;
    atomic_store_explicit(&lane->meters.failed, true, memory_order_release);
}

leat_status leat_lane_run(leat_lane *lane, leat_error *error)
{
    leat_status status = LEAT_OK;
    while (!atomic_load(&lane->stopping) && status == LEAT_OK)
        status = turn(lane, error);
    if (status != LEAT_OK)
        tell_failure(lane, error);
    if (atomic_load(&lane->halting))
        return status;
    leat_error unsettled;
    leat_status settled = settle_last(lane, &unsettled);
    if (status != LEAT_OK || settled == LEAT_OK)
        return status;
    *error = unsettled;
    return settled;
}

leat_status leat_lane_leave(leat_lane *lane, uint64_t deadline_ns, leat_error *error)
{
    return leat_source_close(lane->source, deadline_ns, error);
}

void leat_lane_stop(leat_lane *lane)
{
    atomic_store(&lane->stopping, true);
}

void leat_lane_halt(leat_lane *lane)
{
    atomic_store(&lane->halting, true);
}

const leat_lane_meters *leat_lane_read(const leat_lane *lane)
{
    return &lane->meters;
}
