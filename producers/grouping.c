#include "producers/grouping.h"

void leat_grouping_learn(leat_grouping *grouping, const rd_kafka_message_t *record)
{
    if (record->rkt == grouping->topic &&
        record->partition >= (int32_t)grouping->n_partitions)
        grouping->n_partitions = (uint32_t)record->partition + 1;
}

static uint8_t group_of(const leat_event *event, const rd_kafka_topic_t *topic,
                        uint32_t n_groups)
{
    if (!event->key.data || n_groups == 1)
        return 0;
    return (uint8_t)rd_kafka_msg_partitioner_murmur2(
        topic, event->key.data, event->key.size, (int32_t)n_groups, NULL, NULL);
}

uint32_t leat_grouping_apply(leat_grouping *grouping, leat_batch *batch,
                             leat_event **events)
{
    bool is_worth_it =
        grouping->n_partitions && grouping->n_partitions <= LEAT_MAX_GROUPS;
    uint32_t n_groups = is_worth_it ? grouping->n_partitions : 1;
    uint32_t next[LEAT_MAX_GROUPS + 1] = {0}; /* of each group: its place in `events` */
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (leat_event_is_scored(&batch->events[i]))
            next[1 + (grouping->of[i] =
                          group_of(&batch->events[i], grouping->topic, n_groups))]++;
    for (uint32_t group = 0; group < n_groups; group++)
        next[group + 1] += next[group];
    uint32_t n = next[n_groups];
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (leat_event_is_scored(&batch->events[i]))
            events[next[grouping->of[i]]++] = &batch->events[i];
    return n;
}
