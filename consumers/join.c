/* Whether this member waits for the next generation of its group, or is about to.
 *
 * Design notes: why nothing is committed meanwhile
 *
 *   Under the cooperative protocol a member keeps its partitions, and goes on with them, while
 *   it joins again. A broker reads nothing more from a connection before it has answered the
 *   last request, and it answers a JoinGroup when all members have come. So a commit that is
 *   sent behind one is looked at when the group has moved on, and refused for its generation.
 *   librdkafka below 2.10 takes that for the loss of all partitions, of which nothing can be
 *   committed then: 7,500 events came out twice while one worker became eight.
 *
 *   So the lane has to know, and librdkafka does not say. Interceptors of its requests do:
 *
 *   1. A Heartbeat is sent. Its answer may be that the group rebalances.
 *   2. The answer comes. librdkafka's main thread reads it, and asks for a JoinGroup: at once, or
 *      a second after the last one.
 *   3. The JoinGroup is sent.
 *   4. The rebalance callback, also when nothing changes hands: the member has its place.
 *
 *   From 3 to 4 it joins. Between 1 and 3 nobody can tell, so that a commit waits until the
 *   answer is old enough to have been read, and the last JoinGroup to allow the next one. Who
 *   has given partitions up joins again at once, without a Heartbeat: a commit waits a while
 *   after each answer of the lane, too. One that was asked for before all that is sent before:
 *   both go through one queue of the main thread, which looks for what it has to send when it
 *   has emptied that. (So the lane must not ask it something else first, such as which protocol
 *   this is.) What is left: a member that joins since it found a partition that was added, and a
 *   commit that librdkafka sends again by itself. Both end as above, with repetitions.
 *
 *   The eager protocol has no such gap: partitions are given up before the JoinGroup.
 *
 * Design notes: a JoinGroup that nobody was told of
 *
 *   With one exception. When librdkafka finds that a topic has changed while the lane has not
 *   answered its last rebalance yet, it joins again at once, and says nothing (2.0.2, and later ones:
 *   rd_kafka_cgrp_revoke_all_rejoin). What the lane is about to take on, or still has, is the group's to
 *   give to others by then; and whatever it commits from now on goes out under the *new*
 *   generation, and is not refused. So JoinGroups are counted:
 *
 *   1. An assignment comes. The SyncGroup that it is of was the answer to the last JoinGroup.
 *   2. Another JoinGroup is sent, before or after the lane has answered: has_rejoined().
 *   3. An assignment that waits for the lane's answer is dropped; one that it has counts as lost.
 *      Nothing is committed.
 *   4. The next assignment comes, without a revoke. Where the lane polls that before it sees 3, it
 *      is a REPLACE: everything else is lost.
 *
 *   Under the cooperative protocol an assignment may come late: the JoinGroup has claimed it. But a
 *   revoke that is answered after another JoinGroup leaves 2.0.2 in the belief that it still
 *   rebalances, for ever: it hears of no rebalance any more, nor that its membership is lost. There
 *   is no way back from that, so the lane ends.
 */
#include "consumers/source_internal.h"

#include "base/clock.h"

enum { API_JOIN_GROUP = 11, API_HEARTBEAT = 12, API_SYNC_GROUP = 14, LOOK_MS = 20 };

static const uint64_t READ_NS = 100 * LEAT_MS;   /* an answer so old has been read */
static const uint64_t AGAIN_NS = 1700 * LEAT_MS; /* at the latest, it joins again */
static const uint64_t UNANSWERED = UINT64_MAX;

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *broker,
                                           int32_t broker_id, int16_t api,
                                           int16_t version, int32_t correlation_id,
                                           size_t size, void *opaque)
{
    (void)rk, (void)fd, (void)broker, (void)broker_id;
    (void)version, (void)correlation_id, (void)size;
    leat_join *join = opaque;
    if (api == API_JOIN_GROUP) {
        atomic_fetch_add(&join->n_sent, 1);
        atomic_store(&join->is_joining, true);
        atomic_store(&join->joining_ns, leat_now_ns());
    } else if (api == API_HEARTBEAT) {
        atomic_store(&join->heartbeat_ns, UNANSWERED);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_response_received(rd_kafka_t *rk, int fd,
                                                const char *broker, int32_t broker_id,
                                                int16_t api, int16_t version,
                                                int32_t correlation_id, size_t size,
                                                int64_t rtt, rd_kafka_resp_err_t err,
                                                void *opaque)
{
    (void)rk, (void)fd, (void)broker, (void)broker_id, (void)version;
    (void)correlation_id, (void)size, (void)rtt, (void)err;
    leat_join *join = opaque;
    if (api == API_HEARTBEAT)
        atomic_store(&join->heartbeat_ns, leat_now_ns());
    else if (api == API_SYNC_GROUP)
        atomic_store(&join->n_synced, atomic_load(&join->n_sent));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf,
                                  void *opaque, char *why, size_t size)
{
    (void)conf, (void)opaque, (void)why, (void)size;
    leat_client *client = rd_kafka_opaque(rk);
    leat_source *source = client->owner;
    client->is_intercepted = true;
    rd_kafka_resp_err_t err = rd_kafka_interceptor_add_on_request_sent(
        rk, "leat", on_request_sent, &source->join);
    return err ? err
               : rd_kafka_interceptor_add_on_response_received(
                     rk, "leat", on_response_received, &source->join);
}

void leat_source_watch_joins(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_interceptor_add_on_new(conf, "leat", on_new, NULL);
}

/* Once a rebalance waits for the lane's answer, a JoinGroup has to wait for it as well. */
bool leat_source_may_join(const leat_source *source)
{
    const leat_join *join = &source->join;
    if (source->change != LEAT_CHANGE_NONE || !join->keeps_partitions)
        return false;
    uint64_t heartbeat_ns = atomic_load(&join->heartbeat_ns), now = leat_now_ns();
    return atomic_load(&join->is_joining) || heartbeat_ns == UNANSWERED ||
           now < heartbeat_ns + READ_NS || now < join->answered_ns + READ_NS ||
           now < atomic_load(&join->joining_ns) + AGAIN_NS;
}

/* Since the change that came when so many had been sent. */
static bool has_joined_since(const leat_join *join, unsigned n)
{
    unsigned n_sent = atomic_load(&join->n_sent);
    return n_sent != atomic_load(&join->n_synced) || n_sent != n;
}

bool leat_source_has_overtaken(const leat_source *source)
{
    const leat_join *join = &source->join;
    return join->keeps_partitions && has_joined_since(join, join->n_revoked);
}

bool leat_source_has_rejoined(const leat_source *source)
{
    const leat_join *join = &source->join;
    return source->change == LEAT_CHANGE_REPLACE ||
           (!join->keeps_partitions && has_joined_since(join, join->n_assigned));
}

leat_status leat_source_await_join(leat_source *source, uint64_t deadline_ns,
                                   leat_error *error)
{
    leat_status status = LEAT_OK;
    while (status == LEAT_OK && leat_source_may_join(source) &&
           leat_ms_until(deadline_ns))
        status = leat_source_look(source, LOOK_MS, error);
    return status;
}
