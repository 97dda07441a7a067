/* One event: what it brings, what it is answered, and what it changes. */
#include "features/aggregate/aggregate_internal.h"

#include "base/msgpack.h"

#include <inttypes.h>
#include <math.h>

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

/* Makes it the event at work. False: it cannot be applied, and is marked. */
static bool read_event(leat_aggregates *aggregates, leat_batch *batch, leat_event *event)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    const leat_slice *captures = leat_batch_captures(batch, event);
    leat_aggregate_input *input = aggregates->inputs;
    for (uint32_t i = 0; i < spec->n_entities; i++) {
        aggregates->times[i] = time_of(event, spec->entities[i].ahead_ns);
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
    }
    return true;
}

/* ---- what it is answered, and what it changes ---- */

static void answer(const leat_aggregates *aggregates, leat_kept_state *const *states,
                   double *answers)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    for (uint32_t i = 0; i < spec->n_entities; i++)
        if (states[i] && states[i]->is_known)
            leat_state_answer(&spec->entities[i].state, &states[i]->state,
                              aggregates->times[i],
                              answers + spec->entities[i].first_answer);
}

/* Whether the state has not seen the event yet: one of this lane's alone never has. */
static leat_status is_new_to(const leat_kept_state *kept, leat_batch *batch,
                             const leat_event *event, const leat_partition *partition,
                             bool *is_new)
{
    *is_new = true;
    return kept->shared
               ? leat_shared_state_note(kept->shared, &batch->arena, partition->mark_id,
                                        event->offset, is_new)
               : LEAT_OK;
}

static leat_status apply_one(leat_aggregates *aggregates, uint32_t entity,
                             leat_kept_state *kept, const leat_aggregate_input *inputs)
{
    leat_status status =
        leat_state_apply(&aggregates->spec->entities[entity].state, &kept->state,
                         aggregates->times[entity], inputs);
    if (status == LEAT_OK && kept->shared)
        kept->shared->is_changed = true;
    else if (status == LEAT_OK)
        leat_state_table_changed(&aggregates->table, kept);
    return status;
}

static void apply(leat_aggregates *aggregates, leat_batch *batch, const leat_event *event,
                  const leat_partition *partition, leat_kept_state *const *states)
{
    const leat_aggregates_spec *spec = aggregates->spec;
    const leat_aggregate_input *inputs = aggregates->inputs;
    for (uint32_t i = 0; i < spec->n_entities;
         inputs += spec->entities[i++].state.n_inputs) {
        bool is_new = false;
        if (!states[i])
            continue;
        leat_status status = states[i]->is_known
                                 ? is_new_to(states[i], batch, event, partition, &is_new)
                                 : LEAT_E_UNAVAILABLE;
        if (status == LEAT_OK && is_new)
            status = apply_one(aggregates, i, states[i], inputs);
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
        leat_log_limited(&aggregates->behind, LEAT_AGGREGATES_LOG_NS, LEAT_LOG_WARN,
                         "aggregates",
                         "%s/%d: offset %" PRId64 " may be committed by another worker; "
                         "the batch is given up",
                         event->topic, event->partition, event->offset);
        return;
    }
    answer(aggregates, states, answers);
    leat_counter_add(&aggregates->stats.unanswered, 1);
    leat_log_limited(&aggregates->unanswered, LEAT_AGGREGATES_LOG_NS, LEAT_LOG_WARN,
                     "aggregates",
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
    if (!event->has_time || !read_event(aggregates, batch, event))
        return; /* whenever it comes: it was applied as little before */
    if (!partition->is_owned) {
        leat_counter_add(&aggregates->stats.unavailable, aggregates->spec->n_entities);
        return;
    }
    if (event->offset <= partition->applied) {
        repeat(aggregates, event, partition, states, answers);
        return;
    }
    answer(aggregates, states, answers);
    double *kept = leat_journal_add(&partition->journal, event->offset);
    if (!kept) {
        leat_counter_add(&aggregates->stats.unavailable, aggregates->spec->n_entities);
        return;
    }
    memcpy(kept, answers, aggregates->spec->n_answers * sizeof *answers);
    apply(aggregates, batch, event, partition, states);
    partition->applied = event->offset;
    partition->is_unsaved = true;
    *outcome = LEAT_OUTCOME_APPLIED;
}

/* Leaves those states that are to be answered from and applied to again; not where a write
 * that was thought lost has come to pass: its answer stands. False: none. */
static bool find_overtaken(leat_aggregates *aggregates, const leat_event *event,
                           const leat_partition *partition,
                           leat_kept_state *const *states)
{
    bool is_any = false;
    for (uint32_t i = 0; i < aggregates->spec->n_entities; i++) {
        const leat_shared_state *shared = states[i] ? states[i]->shared : NULL;
        bool is_overtaken =
            shared && shared->is_overtaken &&
            !leat_shared_state_has_seen(shared, partition->mark_id, event->offset);
        aggregates->overtaken[i] = is_overtaken ? states[i] : NULL;
        is_any |= is_overtaken;
    }
    return is_any;
}

void leat_aggregates_redo_event(leat_aggregates *aggregates, leat_batch *batch,
                                leat_event *event)
{
    uint32_t index = leat_batch_event_index(batch, event);
    const leat_partition *partition = aggregates->partition_of[index];
    if (aggregates->outcomes[index] != LEAT_OUTCOME_APPLIED ||
        !find_overtaken(aggregates, event, partition,
                        leat_states_of(aggregates, index)) ||
        !read_event(aggregates, batch, event))
        return;
    double *answers = leat_answers_of(aggregates, index);
    answer(aggregates, aggregates->overtaken, answers);
    double *kept = leat_journal_find(&partition->journal, event->offset);
    if (kept)
        memcpy(kept, answers, aggregates->spec->n_answers * sizeof *answers);
    apply(aggregates, batch, event, partition, aggregates->overtaken);
}
