/* Answers rebalances in the lane's loop; source.h has the essay. */
#include "consumers/source_internal.h"

#include "base/clock.h"

static const uint64_t START_AGAIN_NS = 200 * LEAT_MS;

static leat_change change_of_revoke(leat_source *source)
{
    source->join.n_revoked = atomic_load(&source->join.n_sent);
    return rd_kafka_assignment_lost(source->consumer) ? LEAT_CHANGE_LOST
                                                      : LEAT_CHANGE_REVOKE;
}

/* The eager protocol assigns all anew, after everything was given up; see join.c. */
static leat_change change_of_assign(leat_source *source)
{
    source->join.n_assigned = atomic_load(&source->join.n_sent);
    return !source->join.keeps_partitions && leat_source_n_assigned(source)
               ? LEAT_CHANGE_REPLACE
               : LEAT_CHANGE_ASSIGN;
}

/* Runs within consumer_poll: takes down what happens, makes the poll return, no more. */
void leat_source_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                              rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    leat_source *source = ((leat_client *)opaque)->owner;
    atomic_store(&source->join.is_joining, false);
    leat_source_forget(&source->changing);
    source->changing = rd_kafka_topic_partition_list_copy(partitions);
    source->change = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
                         ? change_of_assign(source)
                         : change_of_revoke(source);
    rd_kafka_yield(rk);
}

leat_change leat_source_pending(const leat_source *source)
{
    return source->change;
}

static bool is_cooperative(const leat_source *source)
{
    const char *protocol = rd_kafka_rebalance_protocol(source->consumer);
    return protocol && !strcmp(protocol, "COOPERATIVE");
}

static leat_status answered(rd_kafka_error_t *failed, rd_kafka_resp_err_t err,
                            leat_error *error)
{
    leat_status status = LEAT_OK;
    if (failed) {
        status = leat_error_set(error, LEAT_E_KAFKA, "rebalance: %s",
                                rd_kafka_error_string(failed));
        rd_kafka_error_destroy(failed);
    } else if (err) {
        status =
            leat_error_set(error, LEAT_E_KAFKA, "rebalance: %s", rd_kafka_err2str(err));
    }
    return status;
}

/* Of the eager protocol, which knows no other way, all partitions; what was fetched ahead is
 * fetched again. */
static leat_status assign_all_anew(leat_source *source, leat_error *error)
{
    leat_source_clear_held(source);
    rd_kafka_topic_partition_list_t *all = leat_source_positions(source);
    leat_status status = answered(NULL, rd_kafka_assign(source->consumer, all), error);
    rd_kafka_topic_partition_list_destroy(all);
    return status;
}

static leat_status tell_assigned(leat_source *source,
                                 const rd_kafka_topic_partition_list_t *partitions,
                                 leat_error *error)
{
    if (is_cooperative(source))
        return answered(rd_kafka_incremental_assign(source->consumer, partitions),
                        RD_KAFKA_RESP_ERR_NO_ERROR, error);
    return assign_all_anew(source, error);
}

static leat_status take_on(leat_source *source,
                           const rd_kafka_topic_partition_list_t *partitions,
                           leat_error *error)
{
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &partitions->elems[i];
        uint32_t slot = leat_source_slot(source, at->topic, at->partition);
        if (slot == UINT32_MAX)
            return leat_error_set(error, LEAT_E_MEMORY, "no memory for a partition");
        source->slots[slot].next = at->offset;
        source->slots[slot].taken = at->offset;
        source->slots[slot].sent = source->slots[slot].committed = at->offset;
        source->slots[slot].assigned = true;
        source->slots[slot].epoch++;
        source->slots[slot].commit = LEAT_COMMIT_DONE;
    }
    leat_log(LEAT_LOG_INFO, source->spec.part, "assigned %d partition%s, now has %u",
             partitions->cnt, partitions->cnt == 1 ? "" : "s",
             leat_source_n_assigned(source));
    return tell_assigned(source, partitions, error);
}

/* Answers the group and takes nothing on: an unanswered assignment would keep the next
 * rebalance from being heard. */
static leat_status take_nothing(leat_source *source, leat_error *error)
{
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
    leat_status status = tell_assigned(source, none, error);
    rd_kafka_topic_partition_list_destroy(none);
    return status;
}

/* It is the next assignment that counts. */
static leat_status drop_late(leat_source *source, leat_error *error)
{
    leat_log(LEAT_LOG_INFO, source->spec.part,
             "an assignment came too late: the group has moved on");
    return answered(NULL, rd_kafka_assign(source->consumer, NULL), error);
}

/* Moves partitions whose start is known by now out of those that wait for it. */
static rd_kafka_topic_partition_list_t *take_known(leat_source *source)
{
    rd_kafka_topic_partition_list_t *waiting = source->starting;
    leat_source_find_start(source, waiting);
    source->start_again_ns = leat_now_ns() + START_AGAIN_NS;
    rd_kafka_topic_partition_list_t *known =
        rd_kafka_topic_partition_list_new(waiting->cnt);
    for (int i = waiting->cnt - 1; i >= 0; i--) {
        const rd_kafka_topic_partition_t *at = &waiting->elems[i];
        if (at->offset == RD_KAFKA_OFFSET_INVALID)
            continue;
        rd_kafka_topic_partition_list_add(known, at->topic, at->partition)->offset =
            at->offset;
        rd_kafka_topic_partition_list_del_by_idx(waiting, i);
    }
    if (!waiting->cnt)
        leat_source_forget(&source->starting);
    return known;
}

/* Takes on what can be started; AGAIN when that is none of what waits. */
static leat_status start(leat_source *source, leat_error *error)
{
    rd_kafka_topic_partition_list_t *known = take_known(source);
    leat_status status = LEAT_AGAIN;
    if (!is_cooperative(source) && leat_source_has_rejoined(source)) {
        leat_source_forget(&source->starting);
        status = drop_late(source, error);
    } else if (known->cnt || !source->starting) {
        status = take_on(source, known, error);
    }
    rd_kafka_topic_partition_list_destroy(known);
    return status;
}

/* What comes waits for its start beside what waits for it already: under the cooperative
 * protocol the group speaks of what is new alone. */
static void await_start(leat_source *source)
{
    if (source->starting && is_cooperative(source)) {
        for (int i = 0; i < source->changing->cnt; i++) {
            const rd_kafka_topic_partition_t *at = &source->changing->elems[i];
            rd_kafka_topic_partition_list_add(source->starting, at->topic, at->partition);
        }
        leat_source_forget(&source->changing);
        return;
    }
    leat_source_forget(&source->starting);
    source->starting = source->changing; /* moved */
    source->changing = NULL;
}

static leat_status assign(leat_source *source, leat_error *error)
{
    await_start(source);
    leat_status status = start(source, error);
    return status == LEAT_AGAIN ? take_nothing(source, error) : status;
}

leat_status leat_source_start_waiting(leat_source *source, leat_error *error)
{
    if (leat_now_ns() < source->start_again_ns)
        return LEAT_OK;
    leat_status status = start(source, error);
    return status == LEAT_AGAIN ? LEAT_OK : status;
}

leat_status leat_source_read_again(leat_source *source,
                                   rd_kafka_topic_partition_list_t *partitions,
                                   leat_error *error)
{
    if (!is_cooperative(source))
        return assign_all_anew(source, error);
    leat_status status =
        answered(rd_kafka_incremental_unassign(source->consumer, partitions),
                 RD_KAFKA_RESP_ERR_NO_ERROR, error);
    if (status == LEAT_OK)
        status = answered(rd_kafka_incremental_assign(source->consumer, partitions),
                          RD_KAFKA_RESP_ERR_NO_ERROR, error);
    return status;
}

static void drop_held(leat_source *source)
{
    if (!source->held)
        return;
    uint32_t slot = leat_source_slot_of(source, source->held);
    if (slot == UINT32_MAX || !source->slots[slot].assigned)
        leat_source_clear_held(source);
}

bool leat_source_is_left_behind(leat_source *source)
{
    if (source->change != LEAT_CHANGE_NONE || !leat_source_has_rejoined(source) ||
        !leat_source_n_assigned(source))
        return false;
    source->change = LEAT_CHANGE_LOST;
    source->changing = leat_source_positions(source);
    return true;
}

/* Leaves in the list what librdkafka was told to read: partitions that still waited for
 * their start were never given to it. */
static void let_go(leat_source *source, rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = partitions->cnt - 1; i >= 0; i--) {
        const rd_kafka_topic_partition_t *at = &partitions->elems[i];
        uint32_t slot = leat_source_slot(source, at->topic, at->partition);
        if (source->starting)
            rd_kafka_topic_partition_list_del(source->starting, at->topic, at->partition);
        if (slot != UINT32_MAX && source->slots[slot].assigned)
            source->slots[slot].assigned = false;
        else
            rd_kafka_topic_partition_list_del_by_idx(partitions, i);
    }
    if (source->starting && !source->starting->cnt)
        leat_source_forget(&source->starting);
    drop_held(source);
}

static leat_status revoke(leat_source *source, bool lost, leat_error *error)
{
    bool is_overtaken = !lost && leat_source_has_overtaken(source);
    rd_kafka_topic_partition_list_t *gone = source->changing; /* moved */
    source->changing = NULL;
    let_go(source, gone);
    leat_log(lost ? LEAT_LOG_WARN : LEAT_LOG_INFO, source->spec.part,
             "%s %d partition%s, now has %u", lost ? "lost" : "gave up", gone->cnt,
             gone->cnt == 1 ? "" : "s", leat_source_n_assigned(source));
    leat_status status =
        is_cooperative(source)
            ? answered(rd_kafka_incremental_unassign(source->consumer, gone),
                       RD_KAFKA_RESP_ERR_NO_ERROR, error)
            : answered(NULL, rd_kafka_assign(source->consumer, NULL), error);
    rd_kafka_topic_partition_list_destroy(gone);
    if (status == LEAT_OK && is_overtaken)
        status = leat_error_set(error, LEAT_E_KAFKA,
                                "a topic changed while partitions were given up; "
                                "librdkafka %s hears nothing of its group after that",
                                rd_kafka_version_str());
    return status;
}

static leat_status replace(leat_source *source, leat_error *error)
{
    rd_kafka_topic_partition_list_t *gone = leat_source_positions(source);
    let_go(source, gone);
    leat_log(LEAT_LOG_WARN, source->spec.part, "lost %d partition%s to a new assignment",
             gone->cnt, gone->cnt == 1 ? "" : "s");
    rd_kafka_topic_partition_list_destroy(gone);
    return assign(source, error);
}

leat_status leat_source_decline(leat_source *source, leat_error *error)
{
    if (source->change != LEAT_CHANGE_ASSIGN && source->change != LEAT_CHANGE_REPLACE)
        return leat_source_rebalance(source, error);
    source->change = LEAT_CHANGE_NONE;
    return take_nothing(source, error);
}

static leat_status answer(leat_source *source, leat_change change, leat_error *error)
{
    switch (change) {
    case LEAT_CHANGE_ASSIGN:
        return assign(source, error);
    case LEAT_CHANGE_REVOKE:
    case LEAT_CHANGE_LOST:
        return revoke(source, change == LEAT_CHANGE_LOST, error);
    case LEAT_CHANGE_REPLACE:
        return replace(source, error);
    case LEAT_CHANGE_NONE:
        break;
    }
    return LEAT_OK;
}

leat_status leat_source_rebalance(leat_source *source, leat_error *error)
{
    leat_change change = source->change;
    source->change = LEAT_CHANGE_NONE;
    leat_source_resume(source);
    bool had_some = leat_source_n_assigned(source);
    leat_status status = answer(source, change, error);
    source->join.keeps_partitions = is_cooperative(source);
    source->join.answered_ns = leat_now_ns();
    source->is_astray = source->join.keeps_partitions; /* librdkafka has paused them */
    leat_source_note_group(source, had_some && source->join.keeps_partitions &&
                                       leat_source_n_assigned(source));
    return status;
}
