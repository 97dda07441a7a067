/* The page that everything serves: how a batch goes its way.
 *
 *   fill -> decode -> send, receive -> run -> publish -> settle
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
 */
#include "worker/lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "consumers/decode.h"
#include "consumers/source.h"
#include "features/lookup.h"
#include "producers/sink.h"
#include "runtime/session.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_TICKETS = 4096, SERVE_MS = 20, HALTED_MS = 100 };

static const uint64_t IDLE_NS = 100 * LEAT_MS;   /* how late a stop may be heard */
static const uint64_t OWING_NS = 5 * LEAT_MS;    /* while acknowledgements are awaited */
static const uint64_t SETTLE_NS = 50 * LEAT_MS;  /* how often offsets are stored */
static const uint64_t MODEL_NS = 50 * LEAT_MS;   /* how long a model runs in one go */
static const uint64_t COMMIT_NS = 2 * LEAT_SEC;  /* of the two below, for the commit */
static const uint64_t REVOKE_NS = 10 * LEAT_SEC; /* to settle before partitions go */
static const uint64_t DRAIN_NS = 10 * LEAT_SEC;  /* to settle at the end */

struct leat_lane {
    char part[24];
    char task[12];
    char consumer_part[32];
    char producer_part[32];
    char connector[80];
    leat_property *properties; /* of both clients: what the specs point into */
    leat_plan *plan;
    leat_window window;
    leat_source *source;
    leat_decoder *decoder;
    leat_features *features; /* NULL without lookups */
    leat_session *session;
    leat_sink *sink;
    leat_ledger *ledger;
    leat_batch batch;
    bool gave_up_batch; /* read, not published: partitions that stay must be rewound */
    uint64_t settle_ns; /* when offsets are stored next */
    leat_lane_meters meters;
    atomic_bool stopping;
    atomic_bool halting;
    bool has_halted;
};

/* The lane gets on: once a turn, and wherever it lawfully waits. */
static void beat(leat_lane *lane)
{
    leat_counter_set(&lane->meters.beat_ns, leat_now_ns());
}

/* ---- settling ---- */

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

static void store_settled(leat_lane *lane)
{
    const leat_mark *marks;
    uint32_t n = leat_ledger_settled(lane->ledger, &marks, meter_ticket, lane);
    leat_source_store(lane->source, marks, n);
    lane->settle_ns = leat_now_ns() + SETTLE_NS;
    leat_counter_set(&lane->meters.lag, leat_source_measure(lane->source));
    leat_counter_set(&lane->meters.assigned, leat_source_n_assigned(lane->source));
}

/* Serves acknowledgements and, when due, stores what they settled. */
static leat_status settle_when_due(leat_lane *lane, leat_error *error)
{
    leat_status status = leat_sink_serve(lane->sink, 0, error);
    if (status == LEAT_OK && leat_now_ns() >= lane->settle_ns)
        store_settled(lane);
    return status;
}

/* Waits for every acknowledgement and commits. Where the coordinator refuses, since the group
 * has moved on, nothing is wrong but that some events come again. */
static leat_status settle_now(leat_lane *lane, uint64_t deadline_ns, leat_error *error)
{
    leat_status status = leat_sink_flush(lane->sink, deadline_ns - COMMIT_NS, error);
    store_settled(lane);
    leat_error uncommitted;
    leat_status committed = leat_source_commit(lane->source, deadline_ns, &uncommitted);
    beat(lane);
    if (status == LEAT_OK && committed == LEAT_E_TIMEOUT) {
        *error = uncommitted;
        return committed;
    }
    if (committed != LEAT_OK)
        leat_log(LEAT_LOG_WARN, lane->part, "%s; those events will be scored again",
                 uncommitted.msg);
    return status;
}

/* What was published and not acknowledged is published again. */
static leat_status go_back(leat_lane *lane, leat_error *error)
{
    leat_counter_add(&lane->meters.rewinds, 1);
    store_settled(lane);
    leat_ledger_clear(lane->ledger);
    leat_sink_abort(lane->sink);
    return leat_source_rewind(lane->source, error);
}

/* Whatever could not be settled before partitions go is forgotten; partitions that stay
 * go back to where they are settled. */
static leat_status give_up(leat_lane *lane, leat_error *error)
{
    leat_error unsettled;
    if (leat_source_pending(lane->source) == LEAT_CHANGE_REVOKE &&
        settle_now(lane, leat_now_ns() + REVOKE_NS, &unsettled) < 0)
        leat_log(LEAT_LOG_WARN, lane->part,
                 "before partitions go: %s; their next owner scores those events again",
                 unsettled.msg);
    bool unknown = !leat_ledger_is_empty(lane->ledger); /* whether it was delivered */
    leat_ledger_clear(lane->ledger);
    if (unknown)
        leat_sink_abort(lane->sink);
    leat_status status = leat_source_rebalance(lane->source, error);
    beat(lane);
    if (status == LEAT_OK && (unknown || lane->gave_up_batch))
        status = leat_source_rewind(lane->source, error);
    lane->gave_up_batch = false;
    return status;
}

/* A lane that was lost is no member until the group assigns something again. */
static void meter_rebalance(leat_lane *lane, leat_change change)
{
    leat_counter_add(&lane->meters.rebalances, 1);
    leat_counter_set(&lane->meters.assigned, leat_source_n_assigned(lane->source));
    leat_counter_set(&lane->meters.lag, leat_source_measure(lane->source));
    if (change != LEAT_CHANGE_REVOKE)
        leat_counter_set(&lane->meters.joined, change == LEAT_CHANGE_ASSIGN);
    beat(lane);
}

static leat_status rebalance(leat_lane *lane, leat_error *error)
{
    leat_change change = leat_source_pending(lane->source);
    leat_status status = change == LEAT_CHANGE_ASSIGN
                             ? leat_source_rebalance(lane->source, error)
                             : give_up(lane, error);
    meter_rebalance(lane, change);
    return status;
}

/* ---- halted ---- */

/* What was published before and not settled will be published again: by whoever reads it
 * when somebody has mended what was wrong. */
static leat_status halt(leat_lane *lane)
{
    lane->has_halted = true;
    leat_ledger_clear(lane->ledger);
    leat_sink_abort(lane->sink);
    leat_source_pause(lane->source);
    return LEAT_OK;
}

/* One turn of a lane that has halted: deliveries and the group are answered, no more. */
static leat_status stay(leat_lane *lane, leat_error *error)
{
    if (!lane->has_halted)
        return halt(lane);
    leat_status status = leat_sink_serve(lane->sink, HALTED_MS, error);
    leat_change change = leat_source_pending(lane->source);
    if (status < 0 || change == LEAT_CHANGE_NONE)
        return status < 0 ? status : leat_source_keep_alive(lane->source, error);
    status = leat_source_rebalance(lane->source, error);
    leat_source_pause(lane->source);
    meter_rebalance(lane, change);
    return status;
}

/* ---- one batch ---- */

/* While the lane waits for something else than events: acknowledgements come in, and the
 * group does not take it for dead. */
static leat_status serve(leat_lane *lane, int timeout_ms, leat_error *error)
{
    beat(lane);
    leat_status status = leat_sink_serve(lane->sink, timeout_ms, error);
    if (status == LEAT_OK)
        store_settled(lane);
    leat_status alive = leat_source_keep_alive(lane->source, error);
    return status == LEAT_OK ? alive : status;
}

static leat_status score(leat_lane *lane, leat_error *error)
{
    leat_batch *batch = &lane->batch;
    leat_status status = LEAT_OK;
    while (status == LEAT_OK &&
           leat_session_run(lane->session, batch->inputs, batch->n_rows, &batch->output,
                            MODEL_NS) == LEAT_MORE)
        status = serve(lane, 0, error);
    return status;
}

/* AGAIN when the brokers take nothing while the lane is asked to stop, or to give partitions
 * up: so is the batch then, and it will be read again. */
static leat_status publish(leat_lane *lane, leat_error *error)
{
    leat_status status;
    while ((status = leat_sink_publish(lane->sink, &lane->plan->prediction, &lane->batch,
                                       error)) == LEAT_AGAIN &&
           !atomic_load(&lane->stopping) &&
           leat_source_pending(lane->source) <= LEAT_CHANGE_ASSIGN) {
        leat_status served = serve(lane, SERVE_MS, error);
        if (served != LEAT_OK)
            return served;
    }
    return status;
}

static void meter_batch(leat_lane *lane)
{
    const leat_batch *batch = &lane->batch;
    const leat_sink_meters *sink = leat_sink_read(lane->sink);
    uint64_t skipped = 0, unavailable = 0;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        const leat_event *event = &batch->events[i];
        skipped += !event->n && event->status == LEAT_OK;
        unavailable += event->n && event->quality == LEAT_QUALITY_UNAVAILABLE;
    }
    leat_batch_meters_end(&lane->meters.way, batch);
    leat_source_count(lane->source, batch);
    leat_counter_add(&lane->meters.events, batch->n_events);
    leat_counter_add(&lane->meters.batches, 1);
    leat_counter_add(&lane->meters.skipped, skipped);
    leat_counter_add(&lane->meters.unavailable, unavailable);
    leat_counter_set(&lane->meters.predictions, leat_counter_read(&sink->predictions));
    leat_counter_set(&lane->meters.dead_letters, leat_counter_read(&sink->dead_letters));
}

static leat_status lead(leat_lane *lane, leat_error *error)
{
    leat_batch *batch = &lane->batch;
    leat_batch_meters *meters = &lane->meters.way;
    leat_batch_meters_begin(meters, batch);
    leat_decoder_run(lane->decoder, batch);
    leat_batch_meters_lap(meters, LEAT_STAGE_DECODE);
    if (lane->features) {
        leat_features_send(lane->features, batch);
        leat_features_receive(lane->features, batch);
        leat_batch_meters_lap(meters, LEAT_STAGE_FEATURES);
    }
    leat_status status = score(lane, error);
    leat_batch_meters_lap(meters, LEAT_STAGE_MODEL);
    if (status == LEAT_OK)
        status = publish(lane, error);
    leat_batch_meters_lap(meters, LEAT_STAGE_PUBLISH);
    if (status == LEAT_OK)
        meter_batch(lane);
    return status;
}

static uint64_t wake_at(const leat_lane *lane)
{
    return leat_now_ns() + (leat_ledger_is_empty(lane->ledger) ? IDLE_NS : OWING_NS);
}

static leat_status turn(leat_lane *lane, leat_error *error)
{
    beat(lane);
    if (atomic_load_explicit(&lane->halting, memory_order_relaxed))
        return stay(lane, error);
    leat_status status = leat_batch_reset(&lane->batch, &lane->plan->schema,
                                          leat_session_output(lane->session));
    if (status == LEAT_OK)
        status = leat_source_fill(lane->source, &lane->batch, &lane->window,
                                  wake_at(lane), error);
    if (status == LEAT_REBALANCE)
        return rebalance(lane, error);
    if (status == LEAT_OK && lane->batch.n_events)
        status = lead(lane, error);
    leat_source_release(lane->source, &lane->batch);
    if (status == LEAT_OK)
        status = settle_when_due(lane, error);
    if (status == LEAT_AGAIN) {
        lane->gave_up_batch = true;
        return LEAT_OK;
    }
    return status == LEAT_ABORTED ? go_back(lane, error) : status;
}

/* A lane that failed commits what is settled, too: that much is true. */
static leat_status settle_last(leat_lane *lane, leat_error *error)
{
    leat_status status = settle_now(lane, leat_now_ns() + DRAIN_NS, error);
    if (status != LEAT_OK)
        leat_log(LEAT_LOG_WARN, lane->part,
                 "not all is settled, and will be scored again: %s",
                 status < 0 ? error->msg : leat_status_text(status));
    return status == LEAT_ABORTED ? LEAT_OK : status;
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

/* ---- making one ---- */

static leat_properties copy_pairs(leat_property **at, const leat_pairs *pairs)
{
    leat_properties made = {pairs->n, *at};
    for (uint32_t i = 0; i < pairs->n; i++)
        *(*at)++ = (leat_property){pairs->at[i].name, pairs->at[i].value};
    return made;
}

static void name_parts(leat_lane *lane, const leat_config *config, uint32_t number)
{
    snprintf(lane->part, sizeof lane->part, "lane %u", number);
    snprintf(lane->task, sizeof lane->task, "%u", number);
    snprintf(lane->consumer_part, sizeof lane->consumer_part, "lane %u consumer", number);
    snprintf(lane->producer_part, sizeof lane->producer_part, "lane %u producer", number);
    snprintf(lane->connector, sizeof lane->connector, "leat:%s", config->source.group);
}

static leat_status open_clients(leat_lane *lane, const leat_config *config,
                                leat_error *error)
{
    static const char *const out_of_range[] = {"error", "earliest", "latest"};
    size_t n = config->kafka.n + config->source.kafka.n + config->sink.kafka.n;
    lane->properties = calloc(n + 1, sizeof *lane->properties);
    if (!lane->properties)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a lane");
    leat_property *at = lane->properties;
    leat_properties common = copy_pairs(&at, &config->kafka);
    leat_source_spec source = {
        .n_topics = config->source.topics.n,
        .topics = config->source.topics.at,
        .group = config->source.group,
        .start = config->source.start == LEAT_START_LATEST ? LEAT_START_AT_END
                                                           : LEAT_START_AT_BEGINNING,
        .out_of_range = out_of_range[config->source.out_of_range],
        .common = common,
        .consumer = copy_pairs(&at, &config->source.kafka),
        .part = lane->consumer_part,
    };
    leat_sink_spec sink = {
        .topic = config->sink.topic,
        .dead_letter_topic = config->dead_letter.topic,
        .n_headers = config->sink.headers.n,
        .headers = config->sink.headers.at,
        .headers_of = leat_source_headers,
        .dead_letter = {.connector = lane->connector, .task = lane->task},
        .common = common,
        .producer = copy_pairs(&at, &config->sink.kafka),
        .part = lane->producer_part,
        .max_events = config->window.max_events,
    };
    leat_status status = leat_sink_new(&lane->sink, &sink, lane->ledger, error);
    return status == LEAT_OK ? leat_source_new(&lane->source, &source, error) : status;
}

static leat_status open_stages(leat_lane *lane, const leat_plan *plan, leat_error *error)
{
    leat_status status =
        leat_decoder_new(&lane->decoder, &plan->schema, leat_source_header, error);
    if (status == LEAT_OK && plan->n_lookups) {
        status = leat_features_new(&lane->features, &plan->redis, error);
        if (status == LEAT_OK)
            status = leat_features_adopt(lane->features, plan->lookups, plan->n_lookups);
    }
    if (status == LEAT_OK)
        status = leat_session_new(&lane->session, plan->model, LEAT_SCORE_PREDICT);
    return status;
}

leat_status leat_lane_new(leat_lane **lane, const leat_config *config, leat_plan *plan,
                          uint32_t number, leat_error *error)
{
    leat_lane *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a lane");
    name_parts(made, config, number);
    made->plan = leat_plan_retain(plan);
    made->window = (leat_window){.max_events = config->window.max_events,
                                 .max_wait_ns = config->window.max_wait_ns,
                                 .max_bytes = config->window.max_bytes};
    error->code = LEAT_OK;
    leat_status status = leat_batch_init(&made->batch, config->window.max_events);
    if (status == LEAT_OK)
        status = leat_ledger_new(&made->ledger, MAX_TICKETS);
    if (status == LEAT_OK)
        status = open_stages(made, plan, error);
    if (status == LEAT_OK)
        status = open_clients(made, config, error);
    if (status == LEAT_OK) {
        made->meters.partitions = leat_source_meters(made->source);
        made->meters.features =
            made->features ? leat_features_read_stats(made->features) : NULL;
        *lane = made;
        return LEAT_OK;
    }
    leat_lane_free(made);
    if (error->code != status) /* a part that reports a status alone */
        leat_error_set(error, status, "lane %u: %s", number, leat_status_text(status));
    return status;
}

void leat_lane_free(leat_lane *lane)
{
    if (!lane)
        return;
    leat_source_free(lane->source);
    leat_sink_free(lane->sink);
    leat_session_free(lane->session);
    leat_features_free(lane->features);
    leat_decoder_free(lane->decoder);
    leat_batch_fini(&lane->batch);
    leat_ledger_free(lane->ledger);
    leat_plan_release(lane->plan);
    free(lane->properties);
    free(lane);
}
