/* The second trip: what changed goes to Redis, in one call, before anything of the batch is
 * published. */
#include "features/aggregate/aggregate_internal.h"

#include "base/clock.h"
#include "features/redis/command.h"
#include "features/redis/scripts.h"

/* What one state more may take Redis to write: after an outage there are many. */
#define STATE_NS UINT64_C(20000)

/* How long states that others change are tried again, in time-outs. */
enum { N_TIMEOUTS = 4 };

static bool must_write(const leat_partition *partition)
{
    return partition && partition->is_unsaved;
}

static int64_t find_committed(const leat_aggregates *aggregates, uint32_t slot)
{
    const leat_commits *commits = &aggregates->commits;
    return commits->known ? commits->known(commits->source, slot) : -1;
}

/* States that nobody may write any more: somebody else has had their partition. */
static void drop_strangers(leat_aggregates *aggregates)
{
    leat_state_table *table = &aggregates->table;
    for (leat_kept_state *kept = table->unsaved.oldest, *next; kept; kept = next) {
        next = kept->newer;
        const leat_partition *partition = aggregates->partitions.at[kept->key.slot];
        if (kept->key.tenure == partition->tenure)
            continue;
        table->n_lost++;
        leat_state_table_drop(table, kept);
    }
}

/* Answers that nobody will ask for again. */
static void forget_committed(leat_aggregates *aggregates)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++)
        if (aggregates->partitions.at[i] && aggregates->partitions.at[i]->is_in_batch)
            leat_journal_forget(&aggregates->partitions.at[i]->journal,
                                find_committed(aggregates, i));
}

static uint32_t count_partitions(leat_aggregates *aggregates)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < aggregates->partitions.n; i++)
        n += must_write(aggregates->partitions.at[i]);
    return n;
}

/* Shared states that the batch has changed: each was read, so each is in `reads`. */
static bool is_to_write(const leat_kept_state *kept)
{
    return kept->shared && kept->shared->is_changed;
}

static uint32_t count_shared(const leat_aggregates *aggregates)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < aggregates->n_reads; i++)
        n += is_to_write(aggregates->reads[i]);
    return n;
}

/* ---- the command ---- */

static void add_keys(leat_aggregates *aggregates, leat_arena *arena,
                     leat_command *command)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++) {
        const leat_partition *partition = aggregates->partitions.at[i];
        if (!must_write(partition))
            continue;
        leat_command_add(command, partition->record_key);
        leat_command_add(command, partition->journal_key);
    }
    for (leat_kept_state *kept = aggregates->table.unsaved.oldest; kept;
         kept = kept->newer)
        leat_command_add(command, leat_aggregates_key(aggregates, arena, kept));
    for (uint32_t i = 0; i < aggregates->n_reads; i++)
        if (is_to_write(aggregates->reads[i]))
            leat_command_add(
                command, leat_aggregates_key(aggregates, arena, aggregates->reads[i]));
}

/* In the order that LEAT_SCRIPT_WRITE reads. */
static void add_partition(leat_aggregates *aggregates, leat_arena *arena, uint32_t slot,
                          leat_command *command)
{
    leat_partition *partition = aggregates->partitions.at[slot];
    leat_slice chunk = leat_journal_chunk(&partition->journal, arena);
    leat_command_add_integer(command, (int64_t)partition->token);
    leat_command_add_integer(command, (int64_t)++partition->n_writes);
    leat_command_add_integer(command, partition->applied);
    leat_command_add_integer(command, partition->applied);
    leat_command_add(command, chunk);
    leat_command_add_integer(command, find_committed(aggregates, slot));
}

static int64_t keep_ms(const leat_aggregates *aggregates, const leat_kept_state *kept)
{
    return (int64_t)aggregates->spec->entities[kept->key.entity].keep_ms;
}

static leat_slice bytes_of(const leat_kept_state *kept)
{
    return (leat_slice){kept->state.data, kept->state.size};
}

static void add_shared(leat_aggregates *aggregates, leat_arena *arena,
                       const leat_kept_state *kept, leat_command *command)
{
    leat_slice value = leat_shared_state_write(kept->shared, arena, bytes_of(kept));
    if (!value.data)
        command->pieces = NULL; /* out of memory, as the command says it */
    leat_command_add(command, value);
    leat_command_add_integer(command, keep_ms(aggregates, kept));
    leat_command_add(command, kept->shared->version);
}

static void add_values(leat_aggregates *aggregates, leat_arena *arena,
                       leat_command *command)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++)
        if (must_write(aggregates->partitions.at[i]))
            add_partition(aggregates, arena, i, command);
    for (leat_kept_state *kept = aggregates->table.unsaved.oldest; kept;
         kept = kept->newer) {
        leat_command_add(command, bytes_of(kept));
        leat_command_add_integer(command, keep_ms(aggregates, kept));
    }
    for (uint32_t i = 0; i < aggregates->n_reads; i++)
        if (is_to_write(aggregates->reads[i]))
            add_shared(aggregates, arena, aggregates->reads[i], command);
}

static leat_status ask_write(leat_aggregates *aggregates, leat_arena *arena,
                             leat_redis *redis, uint32_t n_partitions, uint32_t n_owned,
                             uint32_t n_shared)
{
    leat_command command;
    leat_command_init(&command, arena, 5 + 8 * n_partitions + 3 * n_owned + 4 * n_shared);
    leat_command_add_text(&command, "EVAL");
    leat_command_add_text(&command, LEAT_SCRIPT_WRITE);
    leat_command_add_integer(&command, 2 * (int64_t)n_partitions + n_owned + n_shared);
    add_keys(aggregates, arena, &command);
    leat_command_add_integer(&command, n_partitions);
    leat_command_add_integer(&command, n_owned);
    add_values(aggregates, arena, &command);
    return leat_command_ask(&command, redis, LEAT_REPLY_TEXT, 0);
}

/* ---- the answer ---- */

static leat_status note_saved(leat_aggregates *aggregates)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++)
        if (must_write(aggregates->partitions.at[i])) {
            leat_journal_saved(&aggregates->partitions.at[i]->journal);
            aggregates->partitions.at[i]->is_unsaved = false;
        }
    leat_state_table_saved(&aggregates->table);
    leat_counter_add(&aggregates->stats.writes, 1);
    return LEAT_OK;
}

static bool ends_with(leat_slice words, leat_slice key)
{
    return words.size >= key.size &&
           !memcmp(words.data + words.size - key.size, key.data, key.size);
}

/* Somebody else has the partition. Nothing was written. */
static leat_status give_up(leat_aggregates *aggregates, leat_slice words)
{
    for (uint32_t i = 0; i < aggregates->partitions.n; i++) {
        leat_partition *partition = aggregates->partitions.at[i];
        if (must_write(partition) && ends_with(words, partition->record_key))
            leat_partition_disown(partition);
    }
    leat_counter_add(&aggregates->stats.fenced, 1);
    leat_log(LEAT_LOG_WARN, "aggregates",
             "%.*s: another worker has this partition; the batch is given up",
             (int)words.size, (const char *)words.data);
    return LEAT_ABORTED;
}

/* The next number of "3 17 42", or UINT32_MAX; the text has no NUL behind it. */
static uint32_t take_number(leat_slice *text)
{
    uint32_t number = 0, n = 0;
    while (n < text->size && text->data[n] == ' ')
        n++;
    if (n == text->size)
        return UINT32_MAX;
    for (; n < text->size && text->data[n] >= '0' && text->data[n] <= '9'; n++)
        number = number * 10 + (text->data[n] - (uint32_t)'0');
    *text = (leat_slice){text->data + n, text->size - n};
    return number;
}

/* "CONFLICT 3 17": the numbers, ascending, of shared states in the order of the command. */
static leat_status note_overtaken(leat_aggregates *aggregates, leat_slice words)
{
    size_t skipped = strlen("CONFLICT");
    leat_slice text = {words.data + skipped, words.size - (uint32_t)skipped};
    uint32_t number = 0, overtaken = take_number(&text);
    for (uint32_t i = 0; i < aggregates->n_reads; i++) {
        leat_kept_state *kept = aggregates->reads[i];
        if (!is_to_write(kept))
            continue;
        kept->shared->is_changed = false;
        kept->shared->is_overtaken = number++ == overtaken;
        if (kept->shared->is_overtaken)
            overtaken = take_number(&text);
    }
    return LEAT_AGAIN;
}

static bool begins_with(leat_slice words, const char *word)
{
    size_t n = strlen(word);
    return words.size >= n && !memcmp(words.data, word, n);
}

static leat_status take_written(leat_aggregates *aggregates, const leat_redis *redis)
{
    leat_slice words = leat_redis_value(redis, 0, 0);
    leat_reply_kind kind = leat_redis_kind(redis, 0);
    if (kind == LEAT_REPLY_TEXT)
        return begins_with(words, "CONFLICT ") ? note_overtaken(aggregates, words)
                                               : note_saved(aggregates);
    if (kind == LEAT_REPLY_ERROR && begins_with(words, "FENCED "))
        return give_up(aggregates, words);
    if (kind == LEAT_REPLY_ERROR)
        leat_aggregates_report(aggregates, redis, 0);
    return LEAT_OK;
}

/* ---- rounds ---- */

/* OK, whether it could be written or not; AGAIN when shared states were overtaken; ABORTED. */
static leat_status write_once(leat_aggregates *aggregates, leat_batch *batch,
                              leat_redis *redis, uint64_t timeout_ns)
{
    uint32_t n_partitions = count_partitions(aggregates);
    uint32_t n_owned = aggregates->table.n_unsaved, n_shared = count_shared(aggregates);
    leat_redis_reset(redis);
    if (!n_partitions || ask_write(aggregates, &batch->arena, redis, n_partitions,
                                   n_owned, n_shared) != LEAT_OK)
        return LEAT_OK;
    leat_redis_send(redis, timeout_ns + (n_owned + n_shared) * STATE_NS);
    return leat_redis_receive(redis) == LEAT_OK ? take_written(aggregates, redis)
                                                : LEAT_OK;
}

/* Reads those that were overtaken, and applies the batch's events to them again. */
static void catch_up(leat_aggregates *aggregates, leat_batch *batch, leat_redis *redis,
                     uint64_t timeout_ns)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < aggregates->n_reads; i++) {
        leat_kept_state *kept = aggregates->reads[i];
        if (!kept->shared || !kept->shared->is_overtaken)
            continue;
        kept->is_known = false;
        aggregates->reads[i] = aggregates->reads[n];
        aggregates->reads[n++] = kept;
    }
    uint32_t n_reads = aggregates->n_reads;
    leat_counter_add(&aggregates->stats.conflicts, n);
    aggregates->n_reads = n; /* they alone, for now */
    leat_redis_reset(redis);
    leat_aggregates_ask_states(aggregates, batch, redis);
    leat_redis_send(redis, timeout_ns);
    (void)!leat_redis_receive(redis);
    leat_aggregates_take_states(aggregates, batch, redis);
    for (uint32_t i = 0; i < n; i++)
        aggregates->reads[i]->shared->is_overtaken = aggregates->reads[i]->is_known;
    for (uint32_t i = 0; i < batch->n_events; i++)
        leat_aggregates_redo_event(aggregates, batch, &batch->events[i]);
    for (uint32_t i = 0; i < n; i++)
        aggregates->reads[i]->shared->is_overtaken = false;
    aggregates->n_reads = n_reads;
}

/* What lanes share and could not be written is lost: nobody may overwrite it later. */
static void drop_shared(leat_aggregates *aggregates)
{
    for (uint32_t i = 0; i < aggregates->n_reads; i++) {
        leat_kept_state *kept = aggregates->reads[i];
        aggregates->table.n_lost += is_to_write(kept);
        if (kept->shared)
            kept->shared->is_changed = false;
    }
}

/* A batch that is given up comes again, and what was applied of partitions that are still the
 * lane's is not applied then: they are written without the one that is lost. */
static leat_status write_all(leat_aggregates *aggregates, leat_batch *batch,
                             leat_redis *redis, uint64_t timeout_ns)
{
    uint64_t give_up_ns = leat_now_ns() + N_TIMEOUTS * timeout_ns;
    bool is_given_up = false;
    leat_status status;
    do {
        drop_strangers(aggregates);
        status = write_once(aggregates, batch, redis, timeout_ns);
        is_given_up |= status == LEAT_ABORTED;
        if (status == LEAT_AGAIN && leat_now_ns() < give_up_ns)
            catch_up(aggregates, batch, redis, timeout_ns);
    } while (status == LEAT_AGAIN || status == LEAT_ABORTED);
    return is_given_up ? LEAT_ABORTED : status;
}

leat_status leat_aggregates_write(leat_aggregates *aggregates, leat_batch *batch,
                                  leat_redis *redis, uint64_t timeout_ns)
{
    if (aggregates->is_alone)
        return note_saved(aggregates);
    forget_committed(aggregates);
    leat_status status = LEAT_OK;
    if (leat_redis_may_ask(redis))
        status = write_all(aggregates, batch, redis, timeout_ns);
    if (aggregates->is_behind) {
        leat_counter_add(&aggregates->stats.fenced, status != LEAT_ABORTED);
        status = LEAT_ABORTED;
    }
    if (status == LEAT_OK && aggregates->waits && count_partitions(aggregates))
        status = LEAT_AGAIN;
    else
        drop_shared(aggregates);
    leat_counter_set(&aggregates->stats.unsaved, aggregates->table.n_unsaved);
    leat_counter_set(&aggregates->stats.lost, aggregates->table.n_lost);
    return status;
}
