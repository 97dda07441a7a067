/* One event: what it brings, what it is answered, and what it changes. */
#include "features/aggregate/aggregate_internal.h"

#include "base/log.h"
#include "base/msgpack.h"

#include <inttypes.h>
#include <math.h>

#define LOG_PERIOD_NS (UINT64_C(60) * 1000000000)

/* ---- what it brings ---- */

static uint64_t hash_bytes(uint8_t kind, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ kind) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9); /* splitmix64: all bits */
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* Numbers that are equal are one value: 3, 3.0 and true beside 1. */
static uint64_t hash_number(double number)
{
    double shown = number == 0 ? 0 : number; /* -0 too */
    return hash_bytes('n', &shown, sizeof shown);
}

static leat_status read_input(const leat_aggregate_source *source, leat_slice capture,
                              leat_aggregate_input *input, leat_value *value)
{
    *input = (leat_aggregate_input){.number = NAN};
    leat_cursor cursor = leat_cursor_over(capture);
    if (!capture.data || leat_msgpack_read(&cursor, value) != LEAT_OK ||
        value->type == LEAT_VALUE_NIL)
        return LEAT_OK;
    bool is_text = value->type == LEAT_VALUE_STR || value->type == LEAT_VALUE_BIN;
    if (source->is_hashed && is_text) {
        input->hash = hash_bytes('t', value->as.bytes, value->size);
        input->is_present = true;
        return LEAT_OK;
    }
    if (leat_value_number(value, &input->number) != LEAT_OK)
        return LEAT_E_TYPE;
    input->is_present = !isnan(input->number);
    input->hash = source->is_hashed ? hash_number(input->number) : 0;
    return LEAT_OK;
}

/* False: the event cannot be applied, and is marked. */
static bool read_inputs(leat_aggregates *aggregates, leat_batch *batch, leat_event *event)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    const leat_slice *captures = leat_batch_captures(batch, event);
    leat_aggregate_input *input = aggregates->inputs;
    for (uint32_t i = 0; i < spec->n_entities; i++)
        for (uint32_t j = 0; j < spec->entities[i].state.n_inputs; j++, input++) {
            const leat_aggregate_source *source = &spec->entities[i].sources[j];
            leat_value value;
            if (read_input(source, captures[source->capture], input, &value) == LEAT_OK)
                continue;
            leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_TYPE,
                            "aggregate %s: %s is %s, expected a number%s", source->name,
                            batch->schema->captures[source->capture].text,
                            leat_value_type_text(value.type),
                            source->is_hashed ? " or a string" : "");
            return false;
        }
    return true;
}

/* When the event counts as having happened: a date far ahead must not push out what is
 * kept. Nanoseconds since 1970. */
static int64_t time_of(const leat_event *event, uint64_t ahead_ns)
{
    const int64_t most = INT64_MAX / INT64_C(1000000000) - 1;
    int64_t seconds = event->time.seconds;
    seconds = seconds > most ? most : seconds < -most ? -most : seconds;
    int64_t time = seconds * INT64_C(1000000000) + event->time.nanoseconds;
    if (event->timestamp < 0 || event->timestamp > most * 1000)
        return time;
    int64_t latest = event->timestamp * INT64_C(1000000);
    latest = (uint64_t)(INT64_MAX - latest) > ahead_ns ? latest + (int64_t)ahead_ns
                                                       : INT64_MAX;
    return time < latest ? time : latest;
}

/* ---- what it is answered, and what it changes ---- */

/* Which states of an event are meant. */
typedef bool leat_state_filter(const leat_kept_state *kept, const leat_event *event);

static bool is_any(const leat_kept_state *kept, const leat_event *event)
{
    (void)kept;
    (void)event;
    return true;
}

static uint64_t mark_of(const leat_event *event)
{
    return leat_state_mark_id(event->topic, event->partition);
}

/* To be answered and applied again; not where a write that was thought lost has come to
 * pass: its answer stands. */
static bool is_overtaken(const leat_kept_state *kept, const leat_event *event)
{
    return kept->shared && kept->shared->is_overtaken &&
           !leat_shared_state_has_seen(kept->shared, mark_of(event), event->offset);
}

static void answer(const leat_aggregates *aggregates, const leat_event *event,
                   leat_kept_state *const *states, leat_state_filter *wanted,
                   double *answers)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    for (uint32_t i = 0; i < spec->n_entities; i++)
        if (states[i] && states[i]->is_known && wanted(states[i], event))
            leat_state_answer(&spec->entities[i].state, &states[i]->state,
                              time_of(event, spec->entities[i].ahead_ns),
                              answers + spec->entities[i].first_answer);
}

/* Whether a shared state has not seen the event yet. */
static leat_status is_new_to(leat_shared_state *shared, leat_batch *batch,
                             const leat_event *event, bool *is_new)
{
    *is_new = true;
    return shared ? leat_shared_state_note(shared, &batch->arena, mark_of(event),
                                           event->offset, is_new)
                  : LEAT_OK;
}

static leat_status apply_one(leat_aggregates *aggregates, leat_batch *batch,
                             const leat_event *event, const leat_entity_spec *entity,
                             leat_kept_state *kept, const leat_aggregate_input *inputs)
{
    bool is_new;
    if (!kept->is_known)
        return LEAT_E_UNAVAILABLE;
    leat_status status = is_new_to(kept->shared, batch, event, &is_new);
    if (status != LEAT_OK || !is_new)
        return status;
    status = leat_state_apply(&entity->state, &kept->state,
                              time_of(event, entity->ahead_ns), inputs);
    if (status == LEAT_OK && kept->shared)
        kept->shared->is_changed = true;
    else if (status == LEAT_OK)
        leat_state_table_changed(&aggregates->table, kept);
    return status;
}

static void apply(leat_aggregates *aggregates, leat_batch *batch, const leat_event *event,
                  leat_kept_state *const *states, leat_state_filter *wanted)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    const leat_aggregate_input *inputs = aggregates->inputs;
    for (uint32_t i = 0; i < spec->n_entities;
         inputs += spec->entities[i++].state.n_inputs) {
        if (!states[i] || !wanted(states[i], event))
            continue;
        leat_status status =
            apply_one(aggregates, batch, event, &spec->entities[i], states[i], inputs);
        leat_counter_add(status == LEAT_OK     ? &aggregates->stats.applied
                         : status == LEAT_MORE ? &aggregates->stats.late
                                               : &aggregates->stats.unavailable,
                         1);
    }
}

/* An event whose answer is gone was committed once. Whether it is still: then it is not this
 * lane's to answer. */
static bool may_be_committed(const leat_aggregates *aggregates, leat_partition *partition,
                             const leat_event *event)
{
    const leat_commits *commits = &aggregates->commits;
    int64_t committed;
    if (!partition->is_set_back)
        partition->is_set_back =
            !commits->ask ||
            (commits->ask(commits->source, event->slot, &committed) == LEAT_OK &&
             committed <= event->offset);
    return !partition->is_set_back;
}

/* It was applied before. Where its answer is gone, the present one has to do; but not for a
 * lane that has lost the partition and does not know it. */
static void repeat(leat_aggregates *aggregates, const leat_event *event,
                   leat_partition *partition, leat_kept_state *const *states,
                   double *answers)
{
    const double *kept = leat_journal_find(&partition->journal, event->offset);
    leat_counter_add(&aggregates->stats.repeated, 1);
    if (kept) {
        memcpy(answers, kept, aggregates->spec->n_answers * sizeof *answers);
        return;
    }
    if (aggregates->is_behind || may_be_committed(aggregates, partition, event)) {
        aggregates->is_behind = true;
        leat_log_limited(&aggregates->behind, LOG_PERIOD_NS, LEAT_LOG_WARN, "aggregates",
                         "%s/%d: offset %" PRId64 " may be committed by another worker; "
                         "the batch is given up",
                         event->topic, event->partition, event->offset);
        return;
    }
    answer(aggregates, event, states, is_any, answers);
    leat_counter_add(&aggregates->stats.unanswered, 1);
    leat_log_limited(&aggregates->unanswered, LOG_PERIOD_NS, LEAT_LOG_WARN, "aggregates",
                     "%s/%d: offset %" PRId64 " was aggregated before (up to %" PRId64
                     " was), and what it was answered then is not kept: it is answered "
                     "from now. To aggregate it again, raise redis.generation",
                     event->topic, event->partition, event->offset, partition->applied);
}

void leat_aggregates_take_event(leat_aggregates *aggregates, leat_batch *batch,
                                leat_event *event)
{
    uint32_t index = leat_batch_event_index(batch, event);
    leat_partition *partition = aggregates->partition_of[index];
    leat_kept_state **states = leat_states_of(aggregates, index);
    double *answers = leat_answers_of(aggregates, index);
    leat_outcome *outcome = &aggregates->outcomes[index];
    for (uint32_t i = 0; i < aggregates->spec->n_answers; i++)
        answers[i] = NAN;
    *outcome = partition->is_owned ? LEAT_OUTCOME_REPEATED : LEAT_OUTCOME_UNKNOWN;
    if (!event->has_time || !read_inputs(aggregates, batch, event))
        return; /* whenever it comes: it was applied as little before */
    if (!partition->is_owned) {
        leat_counter_add(&aggregates->stats.unavailable, aggregates->spec->n_entities);
        return;
    }
    if (event->offset <= partition->applied) {
        repeat(aggregates, event, partition, states, answers);
        return;
    }
    answer(aggregates, event, states, is_any, answers);
    double *kept = leat_journal_add(&partition->journal, event->offset);
    if (!kept) {
        leat_counter_add(&aggregates->stats.unavailable, aggregates->spec->n_entities);
        return;
    }
    memcpy(kept, answers, aggregates->spec->n_answers * sizeof *answers);
    apply(aggregates, batch, event, states, is_any);
    partition->applied = event->offset;
    partition->is_unsaved = true;
    *outcome = LEAT_OUTCOME_APPLIED;
}

void leat_aggregates_redo_event(leat_aggregates *aggregates, leat_batch *batch,
                                leat_event *event)
{
    uint32_t index = leat_batch_event_index(batch, event);
    leat_kept_state **states = leat_states_of(aggregates, index);
    bool is_touched = false;
    for (uint32_t i = 0; i < aggregates->spec->n_entities; i++)
        is_touched |= states[i] && is_overtaken(states[i], event);
    if (aggregates->outcomes[index] != LEAT_OUTCOME_APPLIED || !is_touched ||
        !read_inputs(aggregates, batch, event))
        return;
    double *answers = leat_answers_of(aggregates, index);
    answer(aggregates, event, states, is_overtaken, answers);
    double *kept =
        leat_journal_find(&aggregates->partition_of[index]->journal, event->offset);
    if (kept)
        memcpy(kept, answers, aggregates->spec->n_answers * sizeof *answers);
    apply(aggregates, batch, event, states, is_overtaken);
}
