/* Settling: when an event counts as done, and what happens when that cannot be told.
 *
 * Design notes: at least once
 *
 *   An event is settled when its prediction, or its dead letter, was acknowledged by the
 *   brokers, and so was everything before it. Offsets are stored then and committed
 *   within a second. Whatever happens earlier (a crash, a rebalance that came too fast, a
 *   delivery that failed) makes the event come again; nothing makes it be passed over.
 *
 *   Before partitions go, what was published is flushed and committed. Where that cannot
 *   be done in time, the ledger is cleared and the partitions that stay are rewound too:
 *   a record whose fate is unknown must be published again before any later one settles.
 *
 * Design notes: exactly once
 *
 *   An event is settled when the transaction that holds its prediction and its offset is
 *   committed. Transactions are ended by time or by count, and before partitions go;
 *   whatever happens earlier takes the transaction back, as if it had never been.
 *
 * In both, going back is one thing: forget what is published and not settled, have it taken
 * back, return to what is settled. With transactions that can take a while (the brokers have to
 * say how the last one ended), so it is done in steps, between which the lane stays a member of
 * its group and hears that it is to stop.
 */
#include "base/clock.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "worker/lane_internal.h"

enum { AGAIN_MS = 20 };

static const uint64_t MEASURE_NS = 50 * LEAT_MS; /* how often partitions are measured */
static const uint64_t COMMIT_NS = 2 * LEAT_SEC;  /* of a deadline, for the commit */
static const uint64_t END_NS = 10 * LEAT_SEC; /* for a transaction's acknowledgements */
static const uint64_t REVOKE_NS = 10 * LEAT_SEC; /* to settle before partitions go */

static void meter_ticket(const leat_ticket *ticket, void *opaque)
{
    leat_lane *lane = opaque;
    int64_t late_ms = leat_real_ms() - ticket->oldest;
    if (ticket->oldest == INT64_MAX || late_ms < 0)
        return;
    leat_histogram_add(&lane->meters.latency, (uint64_t)late_ms * 1000, 1);
    leat_distribution_add(&lane->meters.end_to_end, &leat_bounds_end_to_end,
                          (uint64_t)late_ms * LEAT_MS);
}

static void meter_partitions(leat_lane *lane)
{
    leat_counter_set(&lane->meters.lag, leat_source_measure(lane->source));
    leat_counter_set(&lane->meters.assigned, leat_source_n_assigned(lane->source));
    lane->measure_ns = leat_now_ns() + MEASURE_NS;
}

static void store_settled(leat_lane *lane)
{
    const leat_mark *marks;
    uint32_t n = leat_ledger_settled(lane->ledger, &marks, meter_ticket, lane);
    leat_source_store(lane->source, marks, n);
    if (leat_now_ns() >= lane->measure_ns)
        meter_partitions(lane);
}

/* ---- at least once ---- */

/* Where the coordinator refuses, since the group has moved on, nothing is wrong but that some
 * events come again. */
static leat_status commit_offsets(leat_lane *lane, uint64_t deadline_ns,
                                  leat_error *error)
{
    leat_status status = leat_sink_flush(lane->sink, deadline_ns - COMMIT_NS, error);
    store_settled(lane);
    leat_error uncommitted;
    leat_status committed = leat_source_commit(lane->source, deadline_ns, &uncommitted);
    if (status == LEAT_OK && committed == LEAT_E_TIMEOUT) {
        *error = uncommitted;
        return committed;
    }
    if (committed != LEAT_OK)
        leat_log(LEAT_LOG_WARN, lane->part, "%s; those events will be scored again",
                 uncommitted.msg);
    return status;
}

/* ---- exactly once ---- */

static leat_status commit_transaction(leat_lane *lane, uint64_t deadline_ns,
                                      leat_error *error)
{
    if (lane->must_go_back)
        return LEAT_ABORTED; /* what is in it was forgotten */
    if (!leat_ledger_is_whole(lane->ledger))
        return LEAT_ABORTED; /* an error ended a batch half-way */
    const leat_mark *marks;
    uint32_t n = leat_ledger_all(lane->ledger, &marks);
    rd_kafka_topic_partition_list_t *offsets =
        leat_source_offsets(lane->source, marks, n);
    leat_status status = leat_transaction_commit(
        lane->transaction, offsets, leat_source_group(lane->source), deadline_ns, error);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (status == LEAT_OK)
        store_settled(lane);
    return status;
}

/* ---- either ---- */

leat_status leat_lane_settle_now(leat_lane *lane, uint64_t deadline_ns, leat_error *error)
{
    leat_status status = lane->transaction ? commit_transaction(lane, deadline_ns, error)
                                           : commit_offsets(lane, deadline_ns, error);
    leat_lane_beat(lane);
    return status;
}

leat_status leat_lane_settle_when_due(leat_lane *lane, leat_error *error)
{
    leat_status status = leat_sink_serve(lane->sink, 0, error);
    if (status != LEAT_OK)
        return status;
    if (lane->transaction) {
        if (leat_transaction_is_due(lane->transaction))
            return leat_lane_settle_now(lane, leat_now_ns() + END_NS, error);
    } else {
        store_settled(lane);
    }
    return LEAT_OK;
}

leat_status leat_lane_serve(leat_lane *lane, int timeout_ms, leat_error *error)
{
    leat_lane_beat(lane);
    leat_status status = leat_sink_serve(lane->sink, timeout_ms, error);
    if (status == LEAT_OK && !lane->transaction)
        store_settled(lane);
    leat_status alive = leat_source_keep_alive(lane->source, error);
    return status == LEAT_OK ? alive : status;
}

/* ---- going back ---- */

void leat_lane_forget(leat_lane *lane)
{
    if (!lane->transaction)
        store_settled(lane);
    leat_ledger_clear(lane->ledger);
    leat_counter_add(&lane->meters.rewinds, 1);
    lane->gave_up_batch = false;
    lane->must_go_back = true;
}

/* A step of it; AGAIN when there are more. */
static leat_status take_back(leat_lane *lane, leat_error *error)
{
    return lane->transaction ? leat_transaction_restore(lane->transaction, error)
                             : leat_sink_abort(lane->sink, error);
}

void leat_lane_take_back(leat_lane *lane, uint64_t deadline_ns)
{
    leat_error error;
    leat_ledger_clear(lane->ledger);
    while (take_back(lane, &error) == LEAT_AGAIN && leat_ms_until(deadline_ns))
        ;
}

leat_status leat_lane_go_back(leat_lane *lane, leat_error *error)
{
    leat_status status = take_back(lane, error);
    if (status == LEAT_OK)
        status = leat_source_rewind(lane->source);
    if (status == LEAT_OK)
        lane->must_go_back = false;
    if (status != LEAT_AGAIN)
        return status;
    leat_sleep_ms(AGAIN_MS);
    return leat_source_pending(lane->source) != LEAT_CHANGE_NONE
               ? leat_lane_rebalance(lane, error)
               : leat_source_keep_alive(lane->source, error);
}

/* ---- rebalances ---- */

static void settle_before_they_go(leat_lane *lane)
{
    leat_error unsettled;
    leat_status status =
        leat_lane_settle_now(lane, leat_now_ns() + REVOKE_NS, &unsettled);
    if (status < 0)
        leat_log(LEAT_LOG_WARN, lane->part,
                 "before partitions go: %s; their next owner scores those events again",
                 unsettled.msg);
}

/* A lane that was lost is no member until the group assigns something again. */
void leat_lane_meter_rebalance(leat_lane *lane, leat_change change)
{
    leat_counter_add(&lane->meters.rebalances, 1);
    meter_partitions(lane);
    if (change != LEAT_CHANGE_REVOKE)
        leat_counter_set(&lane->meters.joined, change != LEAT_CHANGE_LOST);
    leat_lane_beat(lane);
}

leat_status leat_lane_rebalance(leat_lane *lane, leat_error *error)
{
    leat_change change = leat_source_pending(lane->source);
    leat_status status = LEAT_OK;
    if (change == LEAT_CHANGE_REVOKE && !lane->must_go_back)
        settle_before_they_go(lane);
    /* What is left in the ledger may or may not have been delivered: it is taken back before
     * the next owner publishes it. */
    if (change != LEAT_CHANGE_ASSIGN &&
        (lane->gave_up_batch || !leat_ledger_is_empty(lane->ledger))) {
        leat_lane_forget(lane);
        status = take_back(lane, error);
    }
    if (status >= LEAT_OK)
        status = leat_source_rebalance(lane->source, error);
    if (leat_source_has_lapsed(lane->source))
        leat_lane_forget(lane);
    LEAT_FAIL_POINT("in_rebalance");
    leat_lane_meter_rebalance(lane, change);
    return status;
}
