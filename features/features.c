#include "features/features.h"

#include "base/clock.h"
#include "features/redis/redis.h"

#include <stdlib.h>

#define WARM_UP_NS LEAT_SEC

/* At least, for a batch that waits: one that the time-out is always too short for would
 * otherwise wait forever. */
#define PATIENCE_NS (200 * LEAT_MS)

/* How far a batch has come. */
typedef enum phase {
    BEGUN, /* partitions have to be acquired first */
    ASKED,
    TAKEN, /* to be written */
} phase;

struct leat_features {
    leat_redis *redis;
    uint64_t timeout_ns;
    phase phase;     /* of the batch that is under way */
    bool asks_again; /* the questions of the batch that is under way */
    leat_lookups *lookups;
    leat_aggregates *aggregates; /* NULL: none */
    leat_features_stats stats;
};

static void ask(leat_features *features, leat_batch *batch)
{
    features->phase = ASKED;
    features->asks_again = false;
    leat_redis_reset(features->redis);
    if (features->aggregates)
        leat_aggregates_ask(features->aggregates, batch, features->redis);
    leat_lookups_ask(features->lookups, features->redis, batch);
    if (leat_redis_n_asked(features->redis))
        leat_redis_send(features->redis, features->timeout_ns);
}

/* Asks, once partitions are acquired, if they have to be. */
static void begin(leat_features *features, leat_batch *batch)
{
    leat_aggregates *aggregates = features->aggregates;
    if (aggregates)
        leat_aggregates_acquire(aggregates, batch, features->redis, features->timeout_ns);
    if (!aggregates || !leat_aggregates_must_acquire(aggregates))
        ask(features, batch);
}

void leat_features_send(leat_features *features, leat_batch *batch)
{
    features->phase = BEGUN;
    if (features->aggregates)
        leat_aggregates_begin(features->aggregates, batch);
    begin(features, batch);
}

/* Whether a part has to wait on for answers of the batch. */
static bool wait_for_answers(leat_features *features)
{
    leat_redis *redis = features->redis;
    uint64_t patience_ns =
        features->timeout_ns > PATIENCE_NS ? features->timeout_ns : PATIENCE_NS;
    if (features->asks_again)
        leat_redis_send_again(redis, patience_ns);
    if (leat_redis_n_asked(redis) && leat_redis_receive(redis) == LEAT_OK)
        leat_counter_add(&features->stats.round_trips, 1);
    features->asks_again =
        leat_lookups_must_wait(features->lookups, redis) ||
        (features->aggregates && leat_aggregates_must_wait(features->aggregates, redis));
    return features->asks_again;
}

static void take(leat_features *features, leat_batch *batch)
{
    features->phase = TAKEN;
    if (features->aggregates)
        leat_aggregates_take(features->aggregates, batch, features->redis);
    leat_lookups_take(features->lookups, features->redis, batch);
}

static leat_status write_aggregates(leat_features *features, leat_batch *batch)
{
    if (!features->aggregates)
        return LEAT_OK;
    leat_status status = leat_aggregates_write(features->aggregates, batch,
                                               features->redis, features->timeout_ns);
    if (status != LEAT_AGAIN)
        leat_aggregates_fill(features->aggregates, batch);
    return status;
}

leat_status leat_features_receive(leat_features *features, leat_batch *batch)
{
    leat_status status = LEAT_AGAIN;
    if (features->phase == BEGUN)
        begin(features, batch);
    if (features->phase == ASKED && !wait_for_answers(features))
        take(features, batch);
    if (features->phase == TAKEN)
        status = write_aggregates(features, batch);
    leat_counter_set(&features->stats.connects, leat_redis_n_connects(features->redis));
    return status;
}

void leat_features_follow(leat_features *features, leat_commits commits)
{
    if (features->aggregates)
        leat_aggregates_follow(features->aggregates, commits);
}

leat_status leat_features_adopt(leat_features *features, const leat_features_spec *spec,
                                leat_error *error)
{
    return leat_lookups_adopt(features->lookups, spec->lookups, spec->n_lookups, error);
}

static leat_status open_parts(leat_features *features, const leat_features_spec *spec,
                              leat_error *error)
{
    features->timeout_ns = spec->redis.timeout_ns;
    leat_status status = leat_redis_new(&features->redis, &spec->redis, error);
    if (status != LEAT_OK)
        return status;
    if (spec->aggregates) {
        status = leat_aggregates_new(&features->aggregates, spec->aggregates,
                                     spec->is_alone, error);
        if (status != LEAT_OK)
            return status;
        features->stats.aggregates = leat_aggregates_read(features->aggregates);
    }
    status = leat_lookups_new(&features->lookups, &spec->cache, &features->stats.lookups);
    if (status != LEAT_OK)
        return leat_error_set(error, status, "features: out of memory");
    status = leat_features_adopt(features, spec, error);
    if (status != LEAT_OK)
        return status;
    /* The first batch should not be the one that waits for names and handshakes. A Redis
     * that is away has been logged, and is tried again. */
    if (spec->n_lookups || !spec->is_alone)
        (void)!leat_redis_ping(features->redis, WARM_UP_NS);
    return LEAT_OK;
}

leat_status leat_features_new(leat_features **features, const leat_features_spec *spec,
                              leat_error *error)
{
    leat_features *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "features: out of memory");
    leat_status status = open_parts(made, spec, error);
    if (status == LEAT_OK)
        *features = made;
    else
        leat_features_free(made);
    return status;
}

void leat_features_free(leat_features *features)
{
    if (!features)
        return;
    leat_aggregates_free(features->aggregates);
    leat_lookups_free(features->lookups);
    leat_redis_free(features->redis);
    free(features);
}

const leat_features_stats *leat_features_read_stats(const leat_features *features)
{
    return &features->stats;
}
