/* Where reading starts.
 *
 * Design notes: a start that cannot skip
 *
 *   A partition with a committed offset goes on there. For the others it matters whether
 *   the group has ever committed anything for the topic:
 *
 *   - it has: the partition was added later and begins at its beginning, or events
 *     between its creation and its first owner would be lost;
 *   - it has not, and `start` is the beginning: there is nothing to remember;
 *   - it has not, and `start` is the end: the end must be committed before anyone reads
 *     from it, for every partition of the topic at once. If each owner committed its own,
 *     the second one would find offsets of the topic and take its partitions for added
 *     ones. If everyone committed for all, a slow member would overwrite, with a later
 *     end, the start of one that has already begun to read: a crash of the latter would
 *     then skip. So exactly one member does it, the owner of the topic's partition 0, in
 *     one request, which the coordinator refuses when the group has moved on; the others
 *     wait until the offsets are there.
 */
#include "consumers/source_internal.h"

#include "base/clock.h"

enum { ANSWER_MS = 5000 };

/* One more try later: brokers come and go, and the group has been answered. */
static void not_now(leat_source *source, const char *what, const char *why)
{
    leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                     source->spec.part, "%s: %s; trying again", what, why);
}

/* All partitions of a topic, without offsets; NULL when the brokers did not say. */
static rd_kafka_topic_partition_list_t *partitions_of(leat_source *source,
                                                      const char *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(source->consumer, topic, NULL);
    if (!handle)
        return NULL;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(source->consumer, 0, handle, &metadata, ANSWER_MS);
    rd_kafka_topic_destroy(handle);
    if (err)
        return NULL;
    /* A broker that does not know the topic (yet) must not pass for a topic without
     * partitions, none of which has an offset. */
    bool known = metadata->topic_cnt == 1 && !metadata->topics[0].err;
    int n = known ? metadata->topics[0].partition_cnt : 0;
    if (!n) {
        rd_kafka_metadata_destroy(metadata);
        return NULL;
    }
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(n);
    for (int i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(all, topic,
                                          metadata->topics[0].partitions[i].id);
    rd_kafka_metadata_destroy(metadata);
    return all;
}

rd_kafka_resp_err_t leat_source_fetch_committed(leat_source *source,
                                                rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t err = rd_kafka_committed(source->consumer, list, ANSWER_MS);
    for (int i = 0; !err && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

static bool any_committed(const rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = 0; i < partitions->cnt; i++)
        if (partitions->elems[i].offset >= 0)
            return true;
    return false;
}

static bool owns_first(const leat_source *source, const char *topic,
                       const rd_kafka_topic_partition_list_t *assigning)
{
    if (rd_kafka_topic_partition_list_find((rd_kafka_topic_partition_list_t *)assigning,
                                           topic, 0))
        return true;
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].assigned && source->slots[i].partition == 0 &&
            !strcmp(source->slots[i].topic, topic))
            return true;
    return false;
}

/* Commits the ends of all the topic's partitions, which `all` then carries; false: not now. */
static bool commit_ends(leat_source *source, rd_kafka_topic_partition_list_t *all)
{
    for (int i = 0; i < all->cnt; i++) {
        int64_t low, high;
        rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
            source->consumer, all->elems[i].topic, all->elems[i].partition, &low, &high,
            ANSWER_MS);
        if (err) {
            not_now(source, "the end of a partition", rd_kafka_err2str(err));
            return false;
        }
        all->elems[i].offset = high;
    }
    leat_error refused;
    if (leat_source_commit_list(source, all, leat_now_ns() + ANSWER_MS * LEAT_MS,
                                &refused) == LEAT_OK)
        return true;
    not_now(source, all->elems[0].topic, refused.msg);
    return false;
}

/* Gives the partitions of one topic that have no offset theirs from `all`, or the
 * beginning where `all` has none. */
static void place(rd_kafka_topic_partition_list_t *partitions, const char *topic,
                  rd_kafka_topic_partition_list_t *all)
{
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *at = &partitions->elems[i];
        if (at->offset != RD_KAFKA_OFFSET_INVALID || strcmp(at->topic, topic) != 0)
            continue;
        const rd_kafka_topic_partition_t *known =
            rd_kafka_topic_partition_list_find(all, topic, at->partition);
        at->offset =
            known && known->offset >= 0 ? known->offset : RD_KAFKA_OFFSET_BEGINNING;
    }
}

static void start_topic(leat_source *source, const char *topic,
                        rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *all = partitions_of(source, topic);
    if (!all) {
        not_now(source, topic, "no broker says what partitions it has");
        return;
    }
    rd_kafka_resp_err_t err = leat_source_fetch_committed(source, all);
    bool is_known = !err;
    if (err)
        not_now(source, "committed offsets", rd_kafka_err2str(err));
    else if (!any_committed(all) && source->spec.start == LEAT_START_AT_END)
        is_known = owns_first(source, topic, partitions) && commit_ends(source, all);
    if (is_known)
        place(partitions, topic, all);
    rd_kafka_topic_partition_list_destroy(all);
}

static void forget_offsets(rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = 0; i < partitions->cnt; i++)
        partitions->elems[i].offset = RD_KAFKA_OFFSET_INVALID;
}

/* Each topic is tried once: one that cannot be started, or is another member's to start, holds
 * up none of the others, one of which that member may wait for. */
void leat_source_find_start(leat_source *source,
                            rd_kafka_topic_partition_list_t *partitions)
{
    if (!partitions->cnt)
        return;
    rd_kafka_resp_err_t err = leat_source_fetch_committed(source, partitions);
    if (err) {
        forget_offsets(partitions);
        not_now(source, "committed offsets", rd_kafka_err2str(err));
        return;
    }
    rd_kafka_topic_partition_list_sort(partitions, NULL, NULL);
    const char *tried = "";
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &partitions->elems[i];
        if (at->offset != RD_KAFKA_OFFSET_INVALID || !strcmp(at->topic, tried))
            continue;
        tried = at->topic;
        start_topic(source, tried, partitions);
    }
}
