/* Making a lane from the configuration and the plan. */
#include "base/log.h"
#include "worker/lane_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_TICKETS = 4096 };

static void name_parts(leat_lane *lane, const leat_config *config, uint32_t number)
{
    snprintf(lane->part, sizeof lane->part, "lane %u", number);
    snprintf(lane->task, sizeof lane->task, "%u", number);
    snprintf(lane->consumer_part, sizeof lane->consumer_part, "lane %u consumer", number);
    snprintf(lane->producer_part, sizeof lane->producer_part, "lane %u producer", number);
    snprintf(lane->connector, sizeof lane->connector, "leat:%s", config->source.group);
    snprintf(lane->transactional_id, sizeof lane->transactional_id, "%s-%u",
             config->transaction.id_prefix, number);
}

/* Static members of one name fence each other: each lane has the worker's, and its number. */
static const char *value_for(leat_lane *lane, const leat_pair *pair)
{
    if (strcmp(pair->name, "group.instance.id") != 0)
        return pair->value;
    snprintf(lane->instance_id, sizeof lane->instance_id, "%.240s-%s", pair->value,
             lane->task);
    return lane->instance_id;
}

static leat_properties copy_pairs(leat_lane *lane, leat_property **at,
                                  const leat_pairs *pairs)
{
    leat_properties made = {pairs->n, *at};
    for (uint32_t i = 0; i < pairs->n; i++)
        *(*at)++ = (leat_property){pairs->at[i].name, value_for(lane, &pairs->at[i])};
    return made;
}

/* An earlier life may have left one open: the lane goes back before it begins. */
static leat_status open_transaction(leat_lane *lane, const leat_config *config,
                                    leat_error *error)
{
    const leat_transaction_spec spec = {.max_wait_ns = config->transaction.max_wait_ns,
                                        .max_events = config->transaction.max_events,
                                        .part = lane->producer_part};
    lane->must_go_back = true;
    return leat_transaction_new(&lane->transaction, &spec, lane->sink, error);
}

static leat_status open_clients(leat_lane *lane, const leat_config *config,
                                leat_error *error)
{
    static const char *const out_of_range[] = {"error", "earliest", "latest"};
    size_t n = config->kafka.n + config->source.kafka.n + config->sink.kafka.n;
    lane->properties = calloc(n + 1, sizeof *lane->properties);
    if (!lane->properties)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a lane");
    bool transactional = config->delivery == LEAT_DELIVERY_EXACTLY_ONCE;
    leat_property *at = lane->properties;
    leat_properties common = copy_pairs(lane, &at, &config->kafka);
    leat_source_spec source = {
        .n_topics = config->source.topics.n,
        .topics = config->source.topics.at,
        .group = config->source.group,
        .start = config->source.start == LEAT_START_LATEST ? LEAT_START_AT_END
                                                           : LEAT_START_AT_BEGINNING,
        .out_of_range = out_of_range[config->source.out_of_range],
        .transactional = transactional,
        .common = common,
        .consumer = copy_pairs(lane, &at, &config->source.kafka),
        .part = lane->consumer_part,
    };
    leat_sink_spec sink = {
        .topic = config->sink.topic,
        .features_topic = config->sink.features,
        .dead_letter_topic = config->dead_letter.topic,
        .n_headers = config->sink.headers.n,
        .headers = config->sink.headers.at,
        .headers_of = leat_source_headers,
        .dead_letter = {.connector = lane->connector, .task = lane->task},
        .transactional_id = transactional ? lane->transactional_id : NULL,
        .common = common,
        .producer = copy_pairs(lane, &at, &config->sink.kafka),
        .part = lane->producer_part,
        .max_events = config->window.max_events,
    };
    leat_status status = leat_sink_new(&lane->sink, &sink, lane->ledger, error);
    if (status == LEAT_OK)
        status = leat_source_new(&lane->source, &source, error);
    if (status == LEAT_OK && transactional)
        status = open_transaction(lane, config, error);
    return status;
}

static leat_status open_stages(leat_lane *lane, const leat_plan *plan, leat_error *error)
{
    leat_status status =
        leat_decoder_new(&lane->decoder, &plan->schema, leat_source_header, error);
    if (status == LEAT_OK && leat_features_wanted(&plan->features))
        status = leat_features_new(&lane->features, &plan->features, error);
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
        if (made->features)
            leat_features_follow(made->features,
                                 (leat_commits){made->source, leat_source_committed,
                                                leat_source_ask_committed});
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
    leat_transaction_free(lane->transaction);
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
