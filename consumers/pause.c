/* Nothing is fetched while the lane waits for something else.
 *
 * librdkafka keeps a partition paused past its assignment: when it is given up and comes back,
 * it is still paused, and nobody would resume it. So what is paused is resumed before the
 * assignment changes.
 *
 * Pausing drops what librdkafka has in its queue, and not records alone: the report that a
 * partition is out of range comes once, and if it is dropped nobody reads the partition any more.
 * So the next fill realigns (position.c). */
#include "consumers/source_internal.h"

typedef rd_kafka_resp_err_t act_on(rd_kafka_t *consumer,
                                   rd_kafka_topic_partition_list_t *partitions);

static void act_on_all(const leat_source *source, act_on *act)
{
    rd_kafka_topic_partition_list_t *all;
    if (rd_kafka_assignment(source->consumer, &all))
        return;
    act(source->consumer, all);
    rd_kafka_topic_partition_list_destroy(all);
}

void leat_source_pause(leat_source *source)
{
    if (source->paused)
        return;
    act_on_all(source, rd_kafka_pause_partitions);
    source->paused = true;
    source->is_astray = true;
}

void leat_source_resume(leat_source *source)
{
    if (!source->paused)
        return;
    act_on_all(source, rd_kafka_resume_partitions);
    source->paused = false;
}
