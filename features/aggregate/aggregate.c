/* From events to states, from Redis to memory and back.
 *
 * What is known of a batch (which partition, which states an event has) lies in the
 * batch's arena; what outlives it are the partitions and the table of states.
 */
#include "features/aggregate/aggregate.h"

#include "features/aggregate/aggregate_internal.h"
#include "features/key_text.h"
#include "features/redis/command.h"
#include "features/redis/scripts.h"

#include <stdlib.h>

static bool takes_part(const leat_event *event)
{
    return event->status == LEAT_OK && !event->is_skipped;
}

/* Redis's words in a refusal. */
static leat_slice words_of(const leat_redis *redis, uint32_t command)
{
    leat_slice words = leat_redis_value(redis, command, 0);
    words.size = words.size < 200 ? words.size : 200;
    return words;
}

void leat_aggregates_report(leat_aggregates *aggregates, const leat_redis *redis,
                            uint32_t command)
{
    leat_slice words = words_of(redis, command);
    leat_log_limited(&aggregates->refused, LEAT_AGGREGATES_LOG_NS, LEAT_LOG_WARN,
                     "aggregates", "refused: %.*s", (int)words.size,
                     (const char *)words.data);
}

/* ---- acquiring partitions ---- */

static bool has_unowned(const leat_aggregates *aggregates)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++) {
        const leat_partition *partition = aggregates->partitions.at[i];
        if (partition && partition->is_in_batch && !partition->is_owned)
            return true;
    }
    return false;
}

/* Notes whose partition each event is. */
static void find_partitions(leat_aggregates *aggregates, leat_batch *batch)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++)
        if (aggregates->partitions.at[i])
            aggregates->partitions.at[i]->is_in_batch = false;
    for (uint32_t i = 0; i < batch->n_events; i++) {
        const leat_event *event = &batch->events[i];
        leat_partition *partition =
            takes_part(event) ? leat_partitions_of(&aggregates->partitions, event) : NULL;
        aggregates->partition_of[i] = partition;
        if (!partition)
            continue;
        partition->is_in_batch = true;
        partition->is_owned |= aggregates->is_alone;
    }
}

static leat_status ask_acquire(leat_partition *partition, leat_batch *batch,
                               leat_redis *redis)
{
    leat_command command;
    leat_command_init(&command, &batch->arena, 5);
    leat_command_add_text(&command, "EVAL");
    leat_command_add_text(&command, LEAT_SCRIPT_ACQUIRE);
    leat_command_add_text(&command, "2");
    leat_command_add(&command, partition->record_key);
    leat_command_add(&command, partition->journal_key);
    partition->acquired = leat_redis_n_asked(redis);
    return leat_command_ask(&command, redis, LEAT_REPLY_VALUES, LEAT_N_ACQUIRED);
}

static void take_acquired(leat_aggregates *aggregates, leat_partition *partition,
                          const leat_redis *redis)
{
    leat_reply_kind kind = leat_redis_kind(redis, partition->acquired);
    leat_slice acquired[LEAT_N_ACQUIRED];
    if (kind == LEAT_REPLY_ERROR)
        leat_aggregates_report(aggregates, redis, partition->acquired);
    if (kind != LEAT_REPLY_VALUES)
        return;
    for (uint32_t i = 0; i < LEAT_N_ACQUIRED; i++)
        acquired[i] = leat_redis_value(redis, partition->acquired, i);
    leat_status status = leat_partition_take(partition, acquired);
    if (status != LEAT_OK)
        leat_log_limited(
            &aggregates->strange, LEAT_AGGREGATES_LOG_NS, LEAT_LOG_ERROR, "aggregates",
            "%.*s: %s; aggregates are unavailable there", (int)partition->record_key.size,
            (const char *)partition->record_key.data, leat_status_text(status));
}

/* A trip of its own, since which states are needed shows only when it is known who had
 * the partition before. It happens once an assignment. */
static void acquire(leat_aggregates *aggregates, leat_batch *batch, leat_redis *redis,
                    uint64_t timeout_ns)
{
    leat_partitions *partitions = &aggregates->partitions;
    leat_redis_reset(redis);
    for (uint32_t i = 0; i < partitions->n; i++) {
        leat_partition *partition = partitions->at[i];
        if (partition && partition->is_in_batch && !partition->is_owned &&
            ask_acquire(partition, batch, redis) != LEAT_OK)
            return;
    }
    leat_redis_send(redis, timeout_ns);
    if (leat_redis_receive(redis) != LEAT_OK)
        return;
    for (uint32_t i = 0; i < partitions->n; i++) {
        leat_partition *partition = partitions->at[i];
        if (partition && partition->is_in_batch && !partition->is_owned)
            take_acquired(aggregates, partition, redis);
    }
}

/* ---- asking for states ---- */

static bool lay_out(leat_aggregates *aggregates, leat_batch *batch)
{
    size_t n = batch->n_events, n_states = n * aggregates->spec->n_entities;
    aggregates->partition_of =
        leat_arena_calloc(&batch->arena, n, sizeof *aggregates->partition_of);
    aggregates->states =
        leat_arena_calloc(&batch->arena, n_states, sizeof *aggregates->states);
    aggregates->reads =
        leat_arena_alloc(&batch->arena, n_states * sizeof *aggregates->reads);
    aggregates->outcomes =
        leat_arena_calloc(&batch->arena, n, sizeof *aggregates->outcomes);
    aggregates->answers = leat_arena_alloc(
        &batch->arena, n * aggregates->spec->n_answers * sizeof *aggregates->answers);
    aggregates->n_reads = 0;
    return aggregates->partition_of && aggregates->states && aggregates->reads &&
           aggregates->outcomes && aggregates->answers;
}

/* The entity's name in this event: OK, E_MISSING, E_MEMORY; E_TYPE marks the event. */
static leat_status find_name(leat_batch *batch, leat_event *event,
                             const leat_entity_spec *entity, leat_slice *name)
{
    if (entity->capture == LEAT_NO_CAPTURE) {
        *name = event->key;
        return name->data ? LEAT_OK : LEAT_E_MISSING;
    }
    leat_value value;
    leat_status status = leat_key_text(
        &batch->arena, leat_batch_captures(batch, event)[entity->capture], name, &value);
    if (status == LEAT_E_TYPE)
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_TYPE,
                        "aggregates: the entity %s is %s; it takes a string, an integer "
                        "or a bool",
                        entity->name, leat_value_type_text(value.type));
    return status;
}

/* Shared states are another one's in every batch: they are read each time. */
static leat_state_key key_for(const leat_aggregates *aggregates,
                              const leat_entity_spec *entity, const leat_event *event,
                              const leat_partition *partition)
{
    leat_state_key key = {.slot = event->slot, .tenure = partition->tenure};
    if (!entity->is_shared)
        return key;
    key.slot = UINT32_MAX;
    key.tenure = aggregates->is_alone ? 0 : (uint32_t)aggregates->table.batch;
    return key;
}

/* NULL: the event does not name the entity. */
static leat_kept_state *find_state(leat_aggregates *aggregates, leat_batch *batch,
                                   leat_event *event, uint32_t i)
{
    const leat_entity_spec *entity = &aggregates->spec->entities[i];
    const leat_partition *partition =
        aggregates->partition_of[leat_batch_event_index(batch, event)];
    leat_state_key key = key_for(aggregates, entity, event, partition);
    key.entity = i;
    leat_status status = find_name(batch, event, entity, &key.text);
    if (status == LEAT_E_MISSING || status == LEAT_E_TYPE)
        return NULL;
    leat_kept_state *kept =
        status == LEAT_OK ? leat_state_table_get(&aggregates->table, key) : NULL;
    return kept ? kept : &aggregates->nowhere;
}

static void find_states(leat_aggregates *aggregates, leat_batch *batch, leat_event *event)
{
    leat_kept_state **states =
        leat_states_of(aggregates, leat_batch_event_index(batch, event));
    for (uint32_t i = 0; i < aggregates->spec->n_entities; i++) {
        states[i] = find_state(aggregates, batch, event, i);
        if (!states[i] || states[i]->is_known || states[i]->is_asked)
            continue;
        states[i]->is_known = aggregates->is_alone;
        if (aggregates->is_alone)
            continue;
        states[i]->is_asked = true;
        aggregates->reads[aggregates->n_reads++] = states[i];
    }
}

leat_slice leat_aggregates_key(const leat_aggregates *aggregates, leat_arena *arena,
                               const leat_kept_state *kept)
{
    const leat_entity_spec *entity = &aggregates->spec->entities[kept->key.entity];
    const leat_slice pieces[] = {leat_slice_of(entity->prefix), kept->key.text};
    return leat_slice_join(arena, pieces, 2);
}

void leat_aggregates_ask_states(leat_aggregates *aggregates, leat_batch *batch,
                                leat_redis *redis)
{
    leat_command command;
    if (!aggregates->n_reads)
        return;
    leat_command_init(&command, &batch->arena, 1 + aggregates->n_reads);
    leat_command_add_text(&command, "MGET");
    for (uint32_t i = 0; i < aggregates->n_reads; i++)
        leat_command_add(&command, leat_aggregates_key(aggregates, &batch->arena,
                                                       aggregates->reads[i]));
    aggregates->read_command = leat_redis_n_asked(redis);
    leat_counter_add(&aggregates->stats.reads, aggregates->n_reads);
    if (leat_command_ask(&command, redis, LEAT_REPLY_VALUES, aggregates->n_reads) !=
        LEAT_OK)
        aggregates->read_command = UINT32_MAX;
}

void leat_aggregates_begin(leat_aggregates *aggregates, leat_batch *batch)
{
    leat_state_table_begin(&aggregates->table);
    if (!lay_out(aggregates, batch))
        aggregates->partition_of = NULL;
    else
        find_partitions(aggregates, batch);
}

void leat_aggregates_acquire(leat_aggregates *aggregates, leat_batch *batch,
                             leat_redis *redis, uint64_t timeout_ns)
{
    if (aggregates->partition_of && has_unowned(aggregates) && leat_redis_may_ask(redis))
        acquire(aggregates, batch, redis, timeout_ns);
}

bool leat_aggregates_must_acquire(const leat_aggregates *aggregates)
{
    return aggregates->waits && aggregates->partition_of && has_unowned(aggregates);
}

/* A refusal that lasts is waited for as well: somebody has to mend it. */
bool leat_aggregates_must_wait(const leat_aggregates *aggregates, const leat_redis *redis)
{
    return aggregates->waits && aggregates->partition_of && aggregates->n_reads &&
           aggregates->read_command != UINT32_MAX &&
           leat_redis_kind(redis, aggregates->read_command) != LEAT_REPLY_VALUES;
}

void leat_aggregates_ask(leat_aggregates *aggregates, leat_batch *batch,
                         leat_redis *redis)
{
    if (!aggregates->partition_of)
        return;
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (aggregates->partition_of[i] && aggregates->partition_of[i]->is_owned)
            find_states(aggregates, batch, &batch->events[i]);
    leat_aggregates_ask_states(aggregates, batch, redis);
}

/* ---- taking states ---- */

/* The state's bytes to the state; what precedes those of a shared one to its head. */
static leat_status read_state(leat_aggregates *aggregates, leat_batch *batch,
                              leat_kept_state *kept, leat_slice bytes)
{
    const leat_entity_spec *entity = &aggregates->spec->entities[kept->key.entity];
    leat_status status = LEAT_OK;
    if (entity->is_shared)
        status = leat_shared_state_read(&kept->shared, &batch->arena, bytes, &bytes);
    if (status != LEAT_OK || !bytes.data)
        return status;
    status = leat_state_check(&entity->state, bytes);
    return status == LEAT_OK ? leat_state_load(&entity->state, &kept->state, bytes)
                             : status;
}

/* Bytes that are no state of ours would answer every event wrongly: better none. */
static void take_state(leat_aggregates *aggregates, leat_batch *batch,
                       leat_kept_state *kept, leat_slice bytes)
{
    kept->state.size = 0;
    leat_status status = read_state(aggregates, batch, kept, bytes);
    kept->is_known = status != LEAT_E_MEMORY;
    if (status != LEAT_E_FORMAT)
        return;
    leat_log_limited(&aggregates->strange, LEAT_AGGREGATES_LOG_NS, LEAT_LOG_ERROR,
                     "aggregates",
                     "%s%.*s holds no state of these aggregates: it begins afresh",
                     aggregates->spec->entities[kept->key.entity].prefix,
                     kept->key.text.size < 100 ? (int)kept->key.text.size : 100,
                     (const char *)kept->key.text.data);
}

void leat_aggregates_take_states(leat_aggregates *aggregates, leat_batch *batch,
                                 const leat_redis *redis)
{
    uint32_t command = aggregates->read_command;
    leat_reply_kind kind = LEAT_REPLY_NONE;
    if (aggregates->n_reads && command != UINT32_MAX)
        kind = leat_redis_kind(redis, command);
    if (kind == LEAT_REPLY_ERROR)
        leat_aggregates_report(aggregates, redis, command);
    for (uint32_t i = 0; i < aggregates->n_reads; i++) {
        aggregates->reads[i]->is_asked = false;
        if (kind == LEAT_REPLY_VALUES)
            take_state(aggregates, batch, aggregates->reads[i],
                       leat_redis_value(redis, command, i));
    }
}

void leat_aggregates_take(leat_aggregates *aggregates, leat_batch *batch,
                          const leat_redis *redis)
{
    if (!aggregates->partition_of)
        return;
    leat_aggregates_take_states(aggregates, batch, redis);
    aggregates->is_behind = false;
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (aggregates->partition_of[i] && takes_part(&batch->events[i]))
            leat_aggregates_take_event(aggregates, batch, &batch->events[i]);
}

/* ---- making ---- */

leat_status leat_aggregates_new(leat_aggregates **aggregates,
                                const leat_aggregates_spec *spec, bool is_alone,
                                leat_error *error)
{
    leat_aggregates *made = calloc(1, sizeof *made);
    uint32_t n_inputs = 1;
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "aggregates: out of memory");
    made->spec = spec;
    made->is_alone = is_alone;
    made->nowhere.is_asked = true;
    for (uint32_t i = 0; i < spec->n_entities; i++) {
        n_inputs += spec->entities[i].state.n_inputs;
        made->waits |=
            !is_alone && spec->entities[i].on_unavailable == LEAT_UNAVAILABLE_WAIT;
    }
    leat_state_table_init(&made->table, is_alone ? SIZE_MAX : spec->max_bytes);
    leat_partitions_init(&made->partitions, spec->base, spec->digest, spec->n_answers);
    made->inputs = calloc(n_inputs, sizeof *made->inputs);
    made->times = calloc(spec->n_entities, sizeof *made->times);
    made->overtaken = calloc(spec->n_entities, sizeof(leat_kept_state *));
    made->stats.values = calloc(spec->n_windows, sizeof *made->stats.values);
    if (!made->inputs || !made->times || !made->overtaken || !made->stats.values) {
        leat_aggregates_free(made);
        return leat_error_set(error, LEAT_E_MEMORY, "aggregates: out of memory");
    }
    *aggregates = made;
    return LEAT_OK;
}

void leat_aggregates_free(leat_aggregates *aggregates)
{
    if (!aggregates)
        return;
    leat_state_table_fini(&aggregates->table);
    leat_partitions_fini(&aggregates->partitions);
    free(aggregates->stats.values);
    free(aggregates->inputs);
    free(aggregates->times);
    free(aggregates->overtaken);
    free(aggregates);
}

void leat_aggregates_follow(leat_aggregates *aggregates, leat_commits commits)
{
    aggregates->commits = commits;
}

const leat_aggregates_stats *leat_aggregates_read(const leat_aggregates *aggregates)
{
    return &aggregates->stats;
}
