/* Where the source stands in each partition: slots, what is stored, committed, rewound. */
#include "consumers/source_internal.h"

#include "base/clock.h"

#include <stdlib.h>

enum { SEEK_TIMEOUT_MS = 10000 };

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

void leat_source_store(leat_source *source, const leat_mark *marks, uint32_t n)
{
    if (!n)
        return;
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++) {
        leat_slot *slot = &source->slots[marks[i].slot];
        if (!slot->assigned)
            continue; /* gone since: its new owner decides */
        slot->next = marks[i].next;
        slot->moved = true;
        rd_kafka_topic_partition_list_add(offsets, slot->topic, slot->partition)->offset =
            slot->next;
    }
    /* A partition that librdkafka gave up by itself refuses: its new owner decides. */
    rd_kafka_resp_err_t err = rd_kafka_offsets_store(source->consumer, offsets);
    if (err)
        leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                         source->spec.part, "offsets not stored: %s",
                         rd_kafka_err2str(err));
    rd_kafka_topic_partition_list_destroy(offsets);
}

leat_status leat_source_commit_list(leat_source *source,
                                    rd_kafka_topic_partition_list_t *offsets,
                                    uint64_t deadline_ns, leat_error *error)
{
    if (!offsets->cnt)
        return LEAT_OK;
    /* A queue for this commit alone: an answer that comes too late must not be taken for
     * that of the next one. */
    rd_kafka_queue_t *answers = rd_kafka_queue_new(source->consumer);
    rd_kafka_resp_err_t err =
        rd_kafka_commit_queue(source->consumer, offsets, answers, NULL, NULL);
    rd_kafka_event_t *answer =
        err ? NULL : rd_kafka_queue_poll(answers, leat_ms_until(deadline_ns));
    bool late = !err && !answer;
    if (answer)
        err = rd_kafka_event_error(answer);
    rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(answers);
    if (late)
        return leat_error_set(error, LEAT_E_TIMEOUT,
                              "commit: the coordinator did not answer in time");
    if (err)
        return leat_error_set(error, LEAT_E_KAFKA, "commit: %s", rd_kafka_err2str(err));
    return LEAT_OK;
}

leat_status leat_source_commit(leat_source *source, uint64_t deadline_ns,
                               leat_error *error)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < source->n_slots; i++) {
        const leat_slot *slot = &source->slots[i];
        if (slot->assigned && slot->moved)
            rd_kafka_topic_partition_list_add(offsets, slot->topic, slot->partition)
                ->offset = slot->next;
    }
    leat_status status = leat_source_commit_list(source, offsets, deadline_ns, error);
    rd_kafka_topic_partition_list_destroy(offsets);
    for (uint32_t i = 0; status == LEAT_OK && i < source->n_slots; i++)
        source->slots[i].moved = false;
    return status;
}

static rd_kafka_topic_partition_list_t *assigned_positions(const leat_source *source)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < source->n_slots; i++) {
        const leat_slot *slot = &source->slots[i];
        if (slot->assigned)
            rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)
                ->offset = slot->next;
    }
    return list;
}

/* A partition that was assigned a moment ago and does not fetch yet (STATE) has read
 * nothing: it begins where it was told to. */
static leat_status sought(const rd_kafka_topic_partition_list_t *list, leat_error *error)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        if (at->err && at->err != RD_KAFKA_RESP_ERR__STATE)
            return leat_error_set(error, LEAT_E_KAFKA, "rewind %s/%d: %s", at->topic,
                                  (int)at->partition, rd_kafka_err2str(at->err));
    }
    return LEAT_OK;
}

leat_status leat_source_rewind(leat_source *source, leat_error *error)
{
    for (uint32_t i = source->first_held; i < source->n_held; i++)
        rd_kafka_message_destroy(source->held[i]);
    source->first_held = source->n_held = 0;
    rd_kafka_topic_partition_list_t *back = assigned_positions(source);
    rd_kafka_error_t *failed =
        back->cnt ? rd_kafka_seek_partitions(source->consumer, back, SEEK_TIMEOUT_MS)
                  : NULL;
    leat_status status = failed ? leat_error_set(error, LEAT_E_KAFKA, "rewind: %s",
                                                 rd_kafka_error_string(failed))
                                : sought(back, error);
    rd_kafka_error_destroy(failed);
    rd_kafka_topic_partition_list_destroy(back);
    return status;
}

uint32_t leat_source_n_assigned(const leat_source *source)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < source->n_slots; i++)
        n += source->slots[i].assigned;
    return n;
}
