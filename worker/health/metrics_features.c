#include "worker/health/metrics_features.h"

/* What the families are written from. */
typedef struct page {
    leat_exposition *to;
    const leat_config *config;
    uint32_t n_lanes;
    const leat_lane_meters *const *lanes;
} page;

#define LABELS(...) (&(const leat_labels){{__VA_ARGS__}})

/* Of the counter at that offset in leat_features_stats. */
static uint64_t sum_at(const page *p, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++) {
        const char *stats = (const char *)p->lanes[i]->features;
        sum += stats ? leat_counter_read((const leat_counter *)(stats + offset)) : 0;
    }
    return sum;
}

#define SUM(p, counter) sum_at(p, offsetof(leat_features_stats, counter))

/* ---- values ---- */

/* Of source i; NULL: the lane has none. */
typedef const leat_feed_stats *values_of(const leat_features_stats *stats, uint32_t i);

static const leat_feed_stats *of_lookup(const leat_features_stats *stats, uint32_t i)
{
    return &stats->lookups.at[i].values;
}

static const leat_feed_stats *of_aggregate(const leat_features_stats *stats, uint32_t i)
{
    return stats->aggregates ? &stats->aggregates->values[i] : NULL;
}

static uint64_t sum_values(const page *p, values_of *of, uint32_t i, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t lane = 0; lane < p->n_lanes; lane++) {
        const leat_features_stats *stats = p->lanes[lane]->features;
        const char *values = stats ? (const char *)of(stats, i) : NULL;
        sum += values ? leat_counter_read((const leat_counter *)(values + offset)) : 0;
    }
    return sum;
}

static void put_values(const page *p, const char *source, values_of *of, uint32_t i)
{
    static const struct {
        const char *result;
        size_t offset;
    } results[] = {
        {"hit", offsetof(leat_feed_stats, hits)},
        {"missing", offsetof(leat_feed_stats, missing)},
        {"stale", offsetof(leat_feed_stats, stale)},
        {"unavailable", offsetof(leat_feed_stats, unavailable)},
        {"failed", offsetof(leat_feed_stats, failed)},
    };
    for (size_t j = 0; j < sizeof results / sizeof results[0]; j++)
        leat_exposition_count(p->to,
                              LABELS({"source", source}, {"result", results[j].result}),
                              sum_values(p, of, i, results[j].offset));
}

/* ---- lookups ---- */

/* Where the counter of lookup i stands. */
#define OF(i, counter)                                                                   \
    (offsetof(leat_features_stats, lookups.at) + (i) * sizeof(leat_lookup_stats) +       \
     offsetof(leat_lookup_stats, counter))

static void put_sources(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_feature_lookups",
                           "Values that features asked for, one an event and feature.");
    for (uint32_t i = 0; i < p->config->n_lookups; i++)
        put_values(p, p->config->lookups[i].name, of_lookup, i);
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_feature_keys",
                           "Entities that Redis was asked for, each once a batch.");
    for (uint32_t i = 0; i < p->config->n_lookups; i++)
        leat_exposition_count(p->to, LABELS({"source", p->config->lookups[i].name}),
                              sum_at(p, OF(i, keys)));
}

static void put_ages(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_HISTOGRAM, "leat_feature_age_seconds",
                           "How long ago what was read had been written.");
    for (uint32_t i = 0; i < p->config->n_lookups; i++) {
        uint64_t counts[LEAT_MAX_BOUNDS + 1] = {0};
        const leat_config_lookup *lookup = &p->config->lookups[i];
        if (lookup->format != LEAT_CONFIG_LOOKUP_FEAST && !lookup->time)
            continue;
        for (uint32_t at = 0; at <= leat_bounds_age.n; at++)
            counts[at] = sum_at(p, OF(i, age.counts) + at * sizeof(leat_counter));
        leat_exposition_histogram(p->to, LABELS({"source", p->config->lookups[i].name}),
                                  &leat_bounds_age, counts, sum_at(p, OF(i, age.sum)));
    }
}

static void put_cache(const page *p)
{
    leat_exposition_family(
        p->to, LEAT_FAMILY_COUNTER, "leat_feature_cache",
        "Entities that the cache was asked for, and those it dropped.");
    leat_exposition_count(p->to, LABELS({"result", "hit"}), SUM(p, lookups.cache.hits));
    leat_exposition_count(p->to, LABELS({"result", "miss"}),
                          SUM(p, lookups.cache.misses));
    leat_exposition_count(p->to, LABELS({"result", "evicted"}),
                          SUM(p, lookups.cache.evicted));
    leat_exposition_family(p->to, LEAT_FAMILY_GAUGE, "leat_feature_cache_entries",
                           "Entities in the caches of all lanes.");
    leat_exposition_count(p->to, NULL, SUM(p, lookups.cache.entries));
    leat_exposition_family(p->to, LEAT_FAMILY_GAUGE, "leat_feature_cache_bytes",
                           "What the caches of all lanes hold.");
    leat_exposition_count(p->to, NULL, SUM(p, lookups.cache.bytes));
}

static void put_refusals(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_refusals",
                           "Commands of lookups that Redis refused.");
    for (uint32_t i = 0; i < LEAT_N_REFUSALS; i++)
        leat_exposition_count(p->to, LABELS({"kind", leat_refusal_name((leat_refusal)i)}),
                              sum_at(p, offsetof(leat_features_stats, lookups.refusals) +
                                            i * sizeof(leat_counter)));
}

static void put_lookups(const page *p)
{
    put_sources(p);
    put_ages(p);
    if (p->config->redis.cache.entries)
        put_cache(p);
    put_refusals(p);
}

/* ---- aggregates ---- */

static uint64_t sum_aggregates(const page *p, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++) {
        const leat_features_stats *stats = p->lanes[i]->features;
        if (stats && stats->aggregates)
            sum += leat_counter_read(
                (const leat_counter *)((const char *)stats->aggregates + offset));
    }
    return sum;
}

typedef struct labelled_counter {
    const char *value; /* of the label */
    size_t offset;     /* in leat_aggregates_stats */
} labelled_counter;

#define OF_AGGREGATES(counter) offsetof(leat_aggregates_stats, counter)

static void put_labelled(const page *p, const char *label,
                         const labelled_counter *counters, size_t n)
{
    for (size_t i = 0; i < n; i++)
        leat_exposition_count(p->to, LABELS({label, counters[i].value}),
                              sum_aggregates(p, counters[i].offset));
}

static void put_states(const page *p)
{
    static const labelled_counter results[] = {
        {"applied", OF_AGGREGATES(applied)},
        {"repeated", OF_AGGREGATES(repeated)},
        {"unanswered", OF_AGGREGATES(unanswered)},
        {"late", OF_AGGREGATES(late)},
        {"unavailable", OF_AGGREGATES(unavailable)},
    };
    static const labelled_counter states[] = {
        {"read", OF_AGGREGATES(reads)},
        {"overtaken", OF_AGGREGATES(conflicts)},
        {"lost", OF_AGGREGATES(lost)},
    };
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_aggregate_events",
                           "Events by what became of them in an entity's state.");
    put_labelled(p, "result", results, sizeof results / sizeof results[0]);
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_aggregate_states",
                           "States by what happened.");
    put_labelled(p, "what", states, sizeof states / sizeof states[0]);
}

static void put_aggregates(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_feature_aggregates",
                           "Values that features took from aggregates, one an event and "
                           "feature.");
    for (uint32_t i = 0; i < p->config->n_aggregates; i++)
        put_values(p, p->config->aggregates[i].name, of_aggregate, i);
    put_states(p);
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_aggregate_writes",
                           "Writes of a batch's states that Redis has taken.");
    leat_exposition_count(p->to, NULL, sum_aggregates(p, OF_AGGREGATES(writes)));
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_aggregate_fenced_batches",
                           "Batches given up, since another worker had the partition.");
    leat_exposition_count(p->to, NULL, sum_aggregates(p, OF_AGGREGATES(fenced)));
    leat_exposition_family(p->to, LEAT_FAMILY_GAUGE, "leat_aggregate_unsaved_states",
                           "States in memory that Redis does not have.");
    leat_exposition_count(p->to, NULL, sum_aggregates(p, OF_AGGREGATES(unsaved)));
}

/* ---- Redis ---- */

static void put_redis(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_round_trips",
                           "Batches that Redis answered whole.");
    leat_exposition_count(p->to, NULL, SUM(p, round_trips));
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_connects",
                           "Tries to connect to Redis.");
    leat_exposition_count(p->to, NULL, SUM(p, connects));
}

void leat_metrics_put_features(leat_exposition *to, const leat_config *config, uint32_t n,
                               const leat_lane_meters *const *lanes)
{
    const page p = {to, config, n, lanes};
    if (config->n_lookups)
        put_lookups(&p);
    if (config->n_aggregates)
        put_aggregates(&p);
    if (config->n_lookups || config->n_aggregates)
        put_redis(&p);
}
