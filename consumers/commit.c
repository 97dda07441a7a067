/* What is done, and how the group learns of it.
 *
 * Design notes: why not enable.auto.commit
 *
 *   librdkafka's own commits go on past the assignment: 2.0.2 repeats what was stored when a
 *   partition is unassigned, and was seen to send it after it had left the group, as nobody.
 *   A coordinator refuses that where the group has other members, and takes it where it has
 *   none. So every commit is sent from here, by the lane, for partitions that are assigned at
 *   that moment: once a second without waiting for the answer (one at a time, so that an older
 *   one cannot overtake a newer one), and before partitions go, waiting for it.
 *
 * Design notes: the membership that a transaction is committed with
 *
 *   The coordinator refuses a transaction's offsets when they come from a member or generation
 *   that is not the group's, and *takes* them from nobody: no member, generation -1. So the
 *   membership is read when partitions have been assigned, not when a transaction ends: a
 *   consumer that has just lost its session is nobody. An assignment that was lost is answered
 *   before another can come, so what is read then cannot be older than its partitions.
 *
 *   Under the cooperative protocol a membership can end without a word: the group answers a
 *   JoinGroup that it knows no such member, and librdkafka joins again under another name, with
 *   its partitions (2.0.2: rd_kafka_cgrp_handle_JoinGroup). Somebody else may have had them
 *   meanwhile. So the new name is taken for good only with the rebalance that says what the new
 *   member owns, and the lane goes back to what the group has committed: has_lapsed(). Whatever
 *   it commits before that is refused.
 */
#include "consumers/source_internal.h"

#include "base/clock.h"

static const uint64_t COMMIT_EVERY_NS = LEAT_SEC;

/* Whether the coordinator may not know yet where processing goes on. */
static bool is_uncommitted(const leat_slot *slot)
{
    return slot->assigned && slot->commit != LEAT_COMMIT_DONE;
}

static rd_kafka_topic_partition_list_t *uncommitted(leat_source *source)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(16);
    for (uint32_t i = 0; i < source->n_slots; i++) {
        leat_slot *slot = &source->slots[i];
        if (!is_uncommitted(slot))
            continue;
        slot->sent = slot->next;
        rd_kafka_topic_partition_list_add(offsets, slot->topic, slot->partition)->offset =
            slot->next;
    }
    return offsets;
}

/* The group has what was sent. */
static void note_committed(leat_source *source)
{
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].committed < source->slots[i].sent)
            source->slots[i].committed = source->slots[i].sent;
}

/* Slots whose commit stands at `from` move on to `to`. */
static void move_commits(leat_source *source, leat_commit from, leat_commit to)
{
    for (uint32_t i = 0; i < source->n_slots; i++)
        if (source->slots[i].commit == from)
            source->slots[i].commit = to;
}

/* A refusal means that the group has moved on, and its new owner decides; whatever else it is,
 * the next commit says it again. */
static void take_answer(leat_source *source, rd_kafka_event_t *answer)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(answer);
    rd_kafka_event_destroy(answer);
    source->committing = false;
    move_commits(source, LEAT_COMMIT_SENT, err ? LEAT_COMMIT_OWED : LEAT_COMMIT_DONE);
    if (!err)
        note_committed(source);
    if (err)
        leat_log_limited(&source->client.log_limit, 10 * LEAT_SEC, LEAT_LOG_WARN,
                         source->spec.part, "commit: %s; trying again",
                         rd_kafka_err2str(err));
}

static void send_commit(leat_source *source)
{
    rd_kafka_topic_partition_list_t *offsets = uncommitted(source);
    if (offsets->cnt && !rd_kafka_commit_queue(source->consumer, offsets,
                                               source->commit_answers, NULL, NULL)) {
        source->committing = true;
        move_commits(source, LEAT_COMMIT_OWED, LEAT_COMMIT_SENT);
    }
    rd_kafka_topic_partition_list_destroy(offsets);
    source->commit_ns = leat_now_ns() + COMMIT_EVERY_NS;
}

/* librdkafka may know already that the assignment is lost, and would commit as nobody. */
static bool is_member(const leat_source *source)
{
    return source->change != LEAT_CHANGE_LOST && !leat_source_has_rejoined(source) &&
           !rd_kafka_assignment_lost(source->consumer);
}

static void commit_when_due(leat_source *source)
{
    rd_kafka_event_t *answer =
        source->committing ? rd_kafka_queue_poll(source->commit_answers, 0) : NULL;
    if (answer)
        take_answer(source, answer);
    if (!source->committing && leat_now_ns() >= source->commit_ns &&
        !leat_source_may_join(source) && is_member(source))
        send_commit(source);
}

void leat_source_store(leat_source *source, const leat_mark *marks, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        leat_slot *slot = &source->slots[marks[i].slot];
        if (!slot->assigned)
            continue; /* gone since: its new owner decides */
        slot->next = marks[i].next;
        if (source->spec.transactional)
            slot->committed = slot->next; /* by the transaction that settled it */
        else
            slot->commit = LEAT_COMMIT_OWED;
    }
    commit_when_due(source);
}

int64_t leat_source_committed(const void *source, uint32_t slot)
{
    const leat_source *of = source;
    return slot < of->n_slots ? of->slots[slot].committed : -1;
}

leat_status leat_source_commit_list(leat_source *source,
                                    rd_kafka_topic_partition_list_t *offsets,
                                    uint64_t deadline_ns, leat_error *error)
{
    if (!offsets->cnt)
        return LEAT_OK;
    if (leat_source_may_join(source) || leat_source_has_rejoined(source))
        return leat_error_set(error, LEAT_E_KAFKA, "commit: the group rebalances");
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
    leat_status status = leat_source_await_join(source, deadline_ns, error);
    if (status != LEAT_OK)
        return status;
    rd_kafka_topic_partition_list_t *offsets = uncommitted(source);
    status = !offsets->cnt || is_member(source)
                 ? leat_source_commit_list(source, offsets, deadline_ns, error)
                 : leat_error_set(error, LEAT_E_KAFKA, "commit: the assignment was lost");
    rd_kafka_topic_partition_list_destroy(offsets);
    if (status == LEAT_OK) {
        move_commits(source, LEAT_COMMIT_OWED, LEAT_COMMIT_DONE);
        move_commits(source, LEAT_COMMIT_SENT, LEAT_COMMIT_DONE);
        note_committed(source);
    }
    return status;
}

/* ---- for transactions ---- */

void leat_source_forget_group(leat_source *source)
{
    if (source->group)
        rd_kafka_consumer_group_metadata_destroy(source->group);
    rd_kafka_mem_free(source->consumer, source->member);
    source->group = NULL;
    source->member = NULL;
}

/* The group's name for this member; NULL: it is none. For librdkafka to free. */
static char *name_of_member(leat_source *source)
{
    char *member = rd_kafka_memberid(source->consumer);
    if (member && *member)
        return member;
    rd_kafka_mem_free(source->consumer, member);
    return NULL;
}

static void take_group(leat_source *source, char *member)
{
    leat_source_forget_group(source);
    source->member = member;
    if (member)
        source->group = rd_kafka_consumer_group_metadata(source->consumer);
}

static bool is_another(const leat_source *source, const char *member)
{
    return source->member && (!member || strcmp(source->member, member) != 0);
}

void leat_source_note_group(leat_source *source, bool has_kept)
{
    if (!source->spec.transactional)
        return;
    char *member = name_of_member(source);
    source->has_lapsed |= has_kept && is_another(source, member);
    take_group(source, member);
}

void leat_source_renew_group(leat_source *source)
{
    if (!source->spec.transactional)
        return;
    char *member = name_of_member(source);
    if (is_another(source, member))
        rd_kafka_mem_free(source->consumer, member);
    else
        take_group(source, member);
}

bool leat_source_has_lapsed(const leat_source *source)
{
    return source->has_lapsed;
}

const rd_kafka_consumer_group_metadata_t *leat_source_group(const leat_source *source)
{
    return leat_source_has_rejoined(source) ? NULL : source->group;
}

rd_kafka_topic_partition_list_t *leat_source_offsets(const leat_source *source,
                                                     const leat_mark *marks, uint32_t n)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++) {
        const leat_slot *slot = &source->slots[marks[i].slot];
        if (slot->partition >= 0)
            rd_kafka_topic_partition_list_add(offsets, slot->topic, slot->partition)
                ->offset = marks[i].next;
    }
    return offsets;
}
