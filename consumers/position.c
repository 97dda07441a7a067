/* Where the source stands in each partition. */
#include "consumers/source_internal.h"

#include "base/clock.h"

#include <stdlib.h>

enum {
    SEEK_MS = 2000,
    AGAIN_MS = 20,
    NO_PARTITION = -1,
    FIRST_WITH_SEEK_MS = 0x020100ff
};

static uint32_t find_slot(const leat_source *source, const char *topic, int32_t partition)
{
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].partition == partition &&
            !strcmp(source->slots[i].topic, topic))
            return i;
    return UINT32_MAX;
}

static int grow_slots(leat_source *source)
{
    uint32_t room = source->max_slots ? 2 * source->max_slots : 64;
    leat_slot *slots = realloc(source->slots, room * sizeof *slots);
    if (!slots)
        return 0;
    source->slots = slots;
    source->max_slots = room;
    return 1;
}

/* Partitions of one topic share its name, so that pointers can be compared. */
static const char *intern(leat_source *source, const char *topic)
{
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (!strcmp(source->slots[i].topic, topic))
            return source->slots[i].topic;
    return leat_arena_strndup(&source->names, topic, strlen(topic));
}

uint32_t leat_source_slot(leat_source *source, const char *topic, int32_t partition)
{
    uint32_t slot = find_slot(source, topic, partition);
    if (slot != UINT32_MAX)
        return slot;
    if (source->n_slots == source->max_slots && !grow_slots(source))
        return UINT32_MAX;
    const char *name = intern(source, topic);
    if (!name || !leat_partition_meters_add(&source->meters, name, partition))
        return UINT32_MAX;
    source->slots[source->n_slots] = (leat_slot){
        .topic = name, .partition = partition, .next = RD_KAFKA_OFFSET_INVALID};
    return source->n_slots++;
}

/* Records of one partition come in runs: the last slot is nearly always the right one. */
uint32_t leat_source_slot_of(leat_source *source, const rd_kafka_message_t *record)
{
    if (source->last_slot < source->n_slots) {
        const leat_slot *last = &source->slots[source->last_slot];
        if (last->handle == record->rkt && last->partition == record->partition)
            return source->last_slot;
    }
    uint32_t slot =
        leat_source_slot(source, rd_kafka_topic_name(record->rkt), record->partition);
    if (slot != UINT32_MAX) {
        source->slots[slot].handle = record->rkt;
        source->last_slot = slot;
    }
    return slot;
}

static void retire(leat_slot *slot)
{
    slot->partition = NO_PARTITION;
    slot->assigned = false;
}

void leat_source_drop_topic(leat_source *source, const char *topic)
{
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].topic == topic)
            retire(&source->slots[i]);
}

uint32_t leat_source_replace_slot(leat_source *source, uint32_t slot, int64_t at)
{
    const char *topic = source->slots[slot].topic;
    int32_t partition = source->slots[slot].partition;
    retire(&source->slots[slot]);
    uint32_t fresh = leat_source_slot(source, topic, partition);
    if (fresh == UINT32_MAX)
        return fresh;
    source->slots[fresh].next = at;
    source->slots[fresh].taken = at;
    source->slots[fresh].assigned = true;
    return fresh;
}

rd_kafka_topic_partition_list_t *leat_source_positions(const leat_source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < source->n_slots; i++) {
        const leat_slot *slot = &source->slots[i];
        if (slot->assigned)
            rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)
                ->offset = slot->taken;
    }
    return list;
}

static leat_status fetch_committed(leat_source *source,
                                   rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t err = list->cnt ? leat_source_fetch_committed(source, list)
                                        : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!err)
        return LEAT_OK;
    leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                     source->spec.part, "committed offsets: %s; trying again",
                     rd_kafka_err2str(err));
    return LEAT_AGAIN;
}

/* With transactions the group alone knows how the last one ended. A partition of which it knows
 * nothing stays at its start. */
static leat_status go_to_committed(leat_source *source)
{
    rd_kafka_topic_partition_list_t *list = leat_source_positions(source);
    leat_status status = fetch_committed(source, list);
    for (int i = 0; status == LEAT_OK && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        uint32_t slot = find_slot(source, at->topic, at->partition);
        if (at->offset >= 0 && slot != UINT32_MAX)
            source->slots[slot].next = at->offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

leat_status leat_source_ask_committed(void *source, uint32_t slot, int64_t *committed)
{
    leat_slot *at = &((leat_source *)source)->slots[slot];
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, at->topic, at->partition);
    leat_status status = fetch_committed(source, one);
    int64_t offset = one->elems[0].offset; /* librdkafka's: some below 0 mean something */
    rd_kafka_topic_partition_list_destroy(one);
    *committed = offset >= 0 ? offset : -1;
    if (status == LEAT_OK && offset > at->next) {
        at->next = at->committed = offset;
        at->commit = LEAT_COMMIT_DONE;
    }
    return status;
}

/* librdkafka below 2.1.0 takes these milliseconds for microseconds (its pull request 4230). */
static int seek_timeout(void)
{
    return rd_kafka_version() < FIRST_WITH_SEEK_MS ? SEEK_MS * 1000 : SEEK_MS;
}

/* One that stops or is paused just now can be told soon. */
static leat_status judge_seek(const rd_kafka_topic_partition_t *at, leat_error *error)
{
    switch (at->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__STATE:
        return LEAT_OK;
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__OUTDATED:
        return LEAT_AGAIN;
    default:
        return leat_error_set(error, LEAT_E_KAFKA, "%s/%d: cannot go to offset %lld: %s",
                              at->topic, (int)at->partition, (long long)at->offset,
                              rd_kafka_err2str(at->err));
    }
}

/* Leaves in the list what could not be told: librdkafka reads it no more (it has reported that
 * there is nothing at the offset), or not yet. */
static leat_status seek(leat_source *source, rd_kafka_topic_partition_list_t *list,
                        leat_error *error)
{
    rd_kafka_error_t *failed =
        rd_kafka_seek_partitions(source->consumer, list, seek_timeout());
    leat_status status = LEAT_OK;
    if (failed && rd_kafka_error_code(failed) != RD_KAFKA_RESP_ERR__TIMED_OUT)
        status = leat_error_set(error, LEAT_E_KAFKA, "seek: %s",
                                rd_kafka_error_string(failed));
    else if (failed)
        status = LEAT_AGAIN;
    rd_kafka_error_destroy(failed);
    for (int i = list->cnt - 1; status == LEAT_OK && i >= 0; i--) {
        status = judge_seek(&list->elems[i], error);
        if (!list->elems[i].err)
            rd_kafka_topic_partition_list_del_by_idx(list, i);
    }
    return status;
}

static leat_status go_to_taken(leat_source *source, leat_error *error)
{
    rd_kafka_topic_partition_list_t *list = leat_source_positions(source);
    leat_status status = list->cnt ? seek(source, list, error) : LEAT_OK;
    if (status == LEAT_OK && list->cnt)
        status = leat_source_read_again(source, list, error);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* A rebalance that is in the queue comes first: to assign anew would answer it, unheard. */
leat_status leat_source_realign(leat_source *source, leat_error *error)
{
    leat_source_clear_held(source);
    leat_status status = leat_source_hear(source, 0, error);
    if (status == LEAT_OK)
        status =
            source->change == LEAT_CHANGE_NONE ? go_to_taken(source, error) : LEAT_AGAIN;
    if (status == LEAT_OK)
        source->is_astray = false;
    if (status == LEAT_AGAIN)
        leat_sleep_ms(AGAIN_MS);
    return status;
}

/* Nothing behind what is settled counts as taken any more. */
leat_status leat_source_rewind(leat_source *source)
{
    if (source->spec.transactional && go_to_committed(source) != LEAT_OK)
        return LEAT_AGAIN;
    leat_source_renew_group(source);
    source->has_lapsed = false;
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].assigned)
            source->slots[i].taken = source->slots[i].next;
    source->is_astray = true;
    return LEAT_OK;
}

uint32_t leat_source_n_assigned(const leat_source *source)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < source->n_slots; i++)
        n += source->slots[i].assigned;
    return n;
}
