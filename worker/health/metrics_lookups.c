#include "worker/health/metrics_lookups.h"

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

/* Where the counter of lookup i stands. */
static size_t of_lookup(uint32_t i, size_t offset)
{
    return offsetof(leat_features_stats, lookups.at) + i * sizeof(leat_lookup_stats) +
           offset;
}

#define OF(i, counter) of_lookup(i, offsetof(leat_lookup_stats, counter))

static void put_results(const page *p)
{
    static const struct {
        const char *result;
        size_t offset;
    } results[] = {
        {"hit", offsetof(leat_lookup_stats, hits)},
        {"missing", offsetof(leat_lookup_stats, missing)},
        {"stale", offsetof(leat_lookup_stats, stale)},
        {"unavailable", offsetof(leat_lookup_stats, unavailable)},
        {"failed", offsetof(leat_lookup_stats, failed)},
    };
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_feature_lookups",
                           "Values that features asked for, one an event and feature.");
    for (uint32_t i = 0; i < p->config->n_lookups; i++)
        for (size_t j = 0; j < sizeof results / sizeof results[0]; j++)
            leat_exposition_count(p->to,
                                  LABELS({"source", p->config->lookups[i].name},
                                         {"result", results[j].result}),
                                  sum_at(p, of_lookup(i, results[j].offset)));
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

static void put_redis(const page *p)
{
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_refusals",
                           "Commands of lookups that Redis refused.");
    for (uint32_t i = 0; i < LEAT_N_REFUSALS; i++)
        leat_exposition_count(p->to, LABELS({"kind", leat_refusal_name((leat_refusal)i)}),
                              sum_at(p, offsetof(leat_features_stats, lookups.refusals) +
                                            i * sizeof(leat_counter)));
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_round_trips",
                           "Batches that Redis answered whole.");
    leat_exposition_count(p->to, NULL, SUM(p, round_trips));
    leat_exposition_family(p->to, LEAT_FAMILY_COUNTER, "leat_redis_connects",
                           "Tries to connect to Redis.");
    leat_exposition_count(p->to, NULL, SUM(p, connects));
}

void leat_metrics_put_lookups(leat_exposition *to, const leat_config *config, uint32_t n,
                              const leat_lane_meters *const *lanes)
{
    const page p = {to, config, n, lanes};
    if (!config->n_lookups)
        return;
    put_results(&p);
    put_ages(&p);
    if (config->redis.cache.entries)
        put_cache(&p);
    put_redis(&p);
}
