#include "features/aggregate/partition.h"

#include "features/aggregate/shared_state.h"

#include <stdlib.h>

void leat_partitions_init(leat_partitions *partitions, const char *base, uint32_t digest,
                          uint32_t n_answers)
{
    *partitions =
        (leat_partitions){.base = base, .digest = digest, .n_answers = n_answers};
    leat_arena_init(&partitions->arena, 4096);
}

void leat_partitions_fini(leat_partitions *partitions)
{
    for (uint32_t i = 0; i < partitions->n; i++)
        if (partitions->at[i]) {
            leat_journal_fini(&partitions->at[i]->journal);
            free(partitions->at[i]);
        }
    free(partitions->at);
    leat_arena_fini(&partitions->arena);
    *partitions = (leat_partitions){0};
}

static leat_slice name_key(leat_partitions *partitions, const char *what,
                           const leat_event *event)
{
    char *text = leat_arena_printf(&partitions->arena, "%s:%s:%s/%d", partitions->base,
                                   what, event->topic, event->partition);
    return (leat_slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

static leat_partition *new_partition(leat_partitions *partitions, const leat_event *event)
{
    leat_partition *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->applied = -1;
    made->mark_id = leat_state_mark_id(event->topic, event->partition);
    leat_journal_init(&made->journal, partitions->digest, partitions->n_answers);
    made->record_key = name_key(partitions, "partition", event);
    made->journal_key = name_key(partitions, "journal", event);
    if (made->record_key.data && made->journal_key.data)
        return made;
    free(made);
    return NULL;
}

static bool has_room(leat_partitions *partitions, uint32_t slot)
{
    if (slot < partitions->n)
        return true;
    uint32_t n = slot + 16;
    leat_partition **at = realloc(partitions->at, n * sizeof(leat_partition *));
    if (!at)
        return false;
    for (uint32_t i = partitions->n; i < n; i++)
        at[i] = NULL;
    partitions->at = at;
    partitions->n = n;
    return true;
}

leat_partition *leat_partitions_of(leat_partitions *partitions, const leat_event *event)
{
    if (!has_room(partitions, event->slot))
        return NULL;
    leat_partition **at = &partitions->at[event->slot];
    if (!*at)
        *at = new_partition(partitions, event);
    if (*at && (*at)->epoch != event->epoch) {
        (*at)->epoch = event->epoch;
        (*at)->is_owned = (*at)->is_set_back = false;
    }
    return *at;
}

void leat_partition_disown(leat_partition *partition)
{
    partition->is_owned = partition->is_unsaved = partition->is_set_back = false;
    partition->token = 0;
    partition->tenure++;
    leat_journal_reset(&partition->journal);
}

/* A decimal number that our scripts wrote; absent: `none`. */
static leat_status read_integer(leat_slice text, int64_t none, int64_t *number)
{
    char digits[24];
    char *end;
    *number = none;
    if (!text.data)
        return LEAT_OK;
    if (!text.size || text.size >= sizeof digits)
        return LEAT_E_FORMAT;
    memcpy(digits, text.data, text.size);
    digits[text.size] = 0;
    *number = strtoll(digits, &end, 10);
    return *end ? LEAT_E_FORMAT : LEAT_OK;
}

/* Somebody else has had it: what is in memory is not the last word any more. */
static leat_status begin_tenure(leat_partition *partition, int64_t applied,
                                leat_slice journal)
{
    partition->tenure++;
    partition->applied = applied;
    partition->is_unsaved = false;
    leat_journal_reset(&partition->journal);
    return leat_journal_load(&partition->journal, journal);
}

leat_status leat_partition_take(leat_partition *partition, const leat_slice *acquired)
{
    int64_t before, applied;
    leat_status status = read_integer(acquired[LEAT_ACQUIRED_BEFORE], 0, &before);
    if (status == LEAT_OK)
        status = read_integer(acquired[LEAT_ACQUIRED_APPLIED], -1, &applied);
    if (status == LEAT_OK && before < 0)
        status = LEAT_E_FORMAT;
    if (status != LEAT_OK)
        return status;
    bool is_ours = partition->token && (uint64_t)before == partition->token;
    partition->token = (uint64_t)before + 1;
    partition->n_writes = 0;
    if (!is_ours)
        status = begin_tenure(partition, applied, acquired[LEAT_ACQUIRED_JOURNAL]);
    partition->is_owned = status == LEAT_OK;
    return status;
}
