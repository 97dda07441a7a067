/* An offset that the brokers have no record for: retention was faster than the worker, or the
 * topic is another one by now.
 *
 * Design notes: why not auto.offset.reset
 *
 *   librdkafka goes on by itself where it is told to, but tells nobody, and commits nothing: a
 *   crash before the next commit finds a later end than the one it went on from, and what came
 *   between is skipped. So it only reports (after the records before, in their order), and what
 *   follows is done here: the new place is committed, then said and read. (2.0.2 reads a partition
 *   no more when it has reported, and refuses to seek it: it has to be assigned anew.)
 *
 *   Events of before may still be on their way to the brokers. What becomes of them must not
 *   move the new place, in either direction, so they keep their slot, which nobody stores any
 *   more, and the partition gets a new one.
 */
#include "consumers/source_internal.h"

#include "base/clock.h"

enum { ANSWER_MS = 5000 };

/* Where the topic ends before the offset, it is another one by now, and the old positions must
 * not be committed for it on the way out. */
static leat_status stop(leat_source *source, const rd_kafka_message_t *record,
                        leat_error *error)
{
    uint32_t slot = leat_source_slot_of(source, record);
    int64_t low, high;
    if (slot != UINT32_MAX && source->slots[slot].assigned &&
        !rd_kafka_query_watermark_offsets(source->consumer, source->slots[slot].topic,
                                          record->partition, &low, &high, ANSWER_MS) &&
        source->slots[slot].taken > high)
        leat_source_drop_topic(source, source->slots[slot].topic);
    return leat_error_set(
        error, LEAT_E_KAFKA,
        "%s/%d: the committed offset is out of range (%s); say where to "
        "go on with source.out_of_range: earliest or latest",
        rd_kafka_topic_name(record->rkt), (int)record->partition,
        rd_kafka_message_errstr(record));
}

static leat_status commit(leat_source *source, const leat_slot *slot, int64_t at,
                          leat_error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)->offset = at;
    leat_status status =
        leat_source_commit_list(source, list, leat_now_ns() + ANSWER_MS * LEAT_MS, error);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

static int64_t not_now(leat_source *source, const leat_slot *slot, const char *why)
{
    leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                     source->spec.part, "%s/%d, out of range: %s; trying again",
                     slot->topic, (int)slot->partition, why);
    return slot->taken;
}

/* Where the partition goes on. As long as that cannot be found out and committed, it asks for
 * the same offset again, and is told again that it is out of range. */
static int64_t choose(leat_source *source, const leat_slot *slot)
{
    int64_t low, high;
    rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
        source->consumer, slot->topic, slot->partition, &low, &high, ANSWER_MS);
    if (err)
        return not_now(source, slot, rd_kafka_err2str(err));
    if (low <= slot->taken && slot->taken <= high)
        return slot->taken;
    int64_t at = strcmp(source->spec.out_of_range, "earliest") ? high : low;
    leat_error error;
    if (commit(source, slot, at, &error) != LEAT_OK)
        return not_now(source, slot, error.msg);
    leat_log(
        LEAT_LOG_WARN, source->spec.part,
        "%s/%d: offset %lld is out of range, there is %lld to %lld: going on at %lld, "
        "as source.out_of_range says",
        slot->topic, (int)slot->partition, (long long)slot->taken, (long long)low,
        (long long)high, (long long)at);
    return at;
}

static leat_status read_from(leat_source *source, const leat_slot *slot,
                             leat_error *error)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, slot->topic, slot->partition)->offset =
        slot->taken;
    leat_status status = leat_source_read_again(source, one, error);
    rd_kafka_topic_partition_list_destroy(one);
    return status;
}

leat_status leat_source_go_on(leat_source *source, const rd_kafka_message_t *record,
                              leat_error *error)
{
    if (!strcmp(source->spec.out_of_range, "error"))
        return stop(source, record, error);
    uint32_t slot = leat_source_slot_of(source, record);
    if (slot == UINT32_MAX)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a partition");
    if (!source->slots[slot].assigned)
        return LEAT_OK;
    int64_t at = choose(source, &source->slots[slot]);
    if (at != source->slots[slot].taken)
        slot = leat_source_replace_slot(source, slot, at);
    if (slot == UINT32_MAX)
        return leat_error_set(error, LEAT_E_MEMORY, "no memory for a partition");
    return read_from(source, &source->slots[slot], error);
}
