#include "worker/health/metrics.h"

#include "worker/health/exposition.h"
#include "worker/health/metrics_features.h"
#include "worker/health/process.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What a page is written from; the lanes are held while it is. */
typedef struct page {
    const leat_config *config;
    const char *version; /* of the model; NULL before it is loaded */
    uint32_t n_lanes;
    const leat_lane_meters *const *lanes;
    leat_exposition to;
} page;

#define LABELS(...) (&(const leat_labels){{__VA_ARGS__}})

/* ---- sums over the lanes ---- */

static uint64_t sum_at(const page *p, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++)
        sum +=
            leat_counter_read((const leat_counter *)((const char *)p->lanes[i] + offset));
    return sum;
}

#define SUM(p, counter) sum_at(p, offsetof(leat_lane_meters, counter))

static void put_distribution(page *p, size_t offset, const leat_bounds *bounds,
                             const leat_labels *labels)
{
    uint64_t counts[LEAT_MAX_BOUNDS + 1] = {0}, sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++) {
        const leat_distribution *lane =
            (const leat_distribution *)((const char *)p->lanes[i] + offset);
        for (uint32_t at = 0; at <= bounds->n; at++)
            counts[at] += leat_counter_read(&lane->counts[at]);
        sum += leat_counter_read(&lane->sum);
    }
    leat_exposition_histogram(&p->to, labels, bounds, counts, sum);
}

static uint64_t sum_failed(const page *p, int stage, int reason)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++)
        sum += leat_counter_read(&p->lanes[i]->way.failed[stage][reason]);
    return sum;
}

/* ---- families ---- */

static void family(page *p, leat_family_type type, const char *name, const char *help)
{
    leat_exposition_family(&p->to, type, name, help);
}

static void put_one(page *p, leat_family_type type, const char *name, const char *help,
                    uint64_t value)
{
    family(p, type, name, help);
    leat_exposition_count(&p->to, NULL, value);
}

static uint64_t sum_consumed(const page *p, const char *topic)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++) {
        const leat_partition_meters *table = p->lanes[i]->partitions;
        uint32_t n = leat_partition_meters_n(table);
        for (uint32_t at = 0; at < n; at++) {
            const leat_partition_meter *meter = leat_partition_meters_at(table, at);
            if (!strcmp(meter->topic, topic))
                sum += leat_counter_read(&meter->consumed);
        }
    }
    return sum;
}

static void put_produced(page *p, const char *name, const char *help, uint64_t n)
{
    family(p, LEAT_FAMILY_COUNTER, name, help);
    leat_exposition_count(
        &p->to, LABELS({"model", p->config->model.name}, {"version", p->version}), n);
}

static void put_events(page *p)
{
    const leat_strings *topics = &p->config->source.topics;
    family(p, LEAT_FAMILY_COUNTER, "leat_records_consumed",
           "Events taken from a topic and led to their end.");
    for (uint32_t i = 0; i < topics->n; i++)
        leat_exposition_count(&p->to, LABELS({"topic", topics->at[i]}),
                              sum_consumed(p, topics->at[i]));
    put_one(p, LEAT_FAMILY_COUNTER, "leat_records_skipped",
            "Events without a payload, or that the filter leaves out.", SUM(p, skipped));
    if (!p->version)
        return;
    put_produced(p, "leat_predictions_produced", "Predictions handed to the producer.",
                 SUM(p, predictions));
    if (p->config->sink.features)
        put_produced(p, "leat_feature_records_produced",
                     "Feature records handed to the producer.", SUM(p, feature_records));
}

/* A pair of stage and reason is there from its first event on. */
static void put_failed(page *p)
{
    family(p, LEAT_FAMILY_COUNTER, "leat_records_failed",
           "Events that could not be scored, by where and why.");
    for (int stage = 0; stage < LEAT_N_STAGES; stage++)
        for (int reason = 0; reason < LEAT_N_REASONS; reason++) {
            uint64_t failed = sum_failed(p, stage, reason);
            if (failed)
                leat_exposition_count(
                    &p->to,
                    LABELS({"stage", leat_stage_name((leat_stage)stage)},
                           {"reason", leat_status_name((leat_status)-reason)}),
                    failed);
        }
}

/* Every reason is there from the start: a rate sees the first dead letter, too. */
static void put_dead_letters(page *p)
{
#define X(name, value, class, text) {#name, LEAT_CLASS_##class, -(value)},
    static const struct {
        const char *name;
        leat_class class;
        int place;
    } reasons[] = {LEAT_STATUS_LIST(X)};
#undef X
    if (!p->config->dead_letter.topic)
        return;
    family(p, LEAT_FAMILY_COUNTER, "leat_dead_letters",
           "Events handed to the producer as dead letters.");
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].class != LEAT_CLASS_ROW)
            continue;
        uint64_t n = 0;
        for (int stage = 0; stage < LEAT_N_STAGES; stage++)
            n += sum_failed(p, stage, reasons[i].place);
        leat_exposition_count(&p->to, LABELS({"reason", reasons[i].name}), n);
    }
}

static void put_batches(page *p)
{
    family(p, LEAT_FAMILY_HISTOGRAM, "leat_batch_size", "Events in a batch.");
    put_distribution(p, offsetof(leat_lane_meters, way.size), &leat_bounds_events, NULL);
    if (p->config->rank.over) {
        family(p, LEAT_FAMILY_HISTOGRAM, "leat_batch_rows",
               "Candidates of a batch's events: rows that the model was given.");
        put_distribution(p, offsetof(leat_lane_meters, way.rows), &leat_bounds_events,
                         NULL);
    }
    family(p, LEAT_FAMILY_HISTOGRAM, "leat_batch_wait_seconds",
           "From the first event of a batch until its window closed.");
    put_distribution(p, offsetof(leat_lane_meters, way.wait), &leat_bounds_stage, NULL);
    family(p, LEAT_FAMILY_HISTOGRAM, "leat_stage_duration_seconds",
           "How long a batch was in a stage.");
    for (int stage = 0; stage < LEAT_N_STAGES; stage++)
        put_distribution(p,
                         offsetof(leat_lane_meters, way.stages) +
                             (size_t)stage * sizeof(leat_distribution),
                         &leat_bounds_stage,
                         LABELS({"stage", leat_stage_name((leat_stage)stage)}));
    family(p, LEAT_FAMILY_HISTOGRAM, "leat_end_to_end_latency_seconds",
           "From the timestamp of a batch's oldest event to its acknowledgement.");
    put_distribution(p, offsetof(leat_lane_meters, end_to_end), &leat_bounds_end_to_end,
                     NULL);
}

/* ---- partitions ---- */

static int by_name(const void *a, const void *b)
{
    const leat_partition_meter *left = *(const leat_partition_meter *const *)a;
    const leat_partition_meter *right = *(const leat_partition_meter *const *)b;
    int order = strcmp(left->topic, right->topic);
    return order ? order
                 : (left->partition > right->partition) -
                       (left->partition < right->partition);
}

/* The partitions that are assigned, at most `room`. */
static uint32_t gather(const page *p, const leat_partition_meter **found, uint32_t room)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_lanes; i++) {
        const leat_partition_meters *table = p->lanes[i]->partitions;
        uint32_t size = leat_partition_meters_n(table);
        for (uint32_t at = 0; at < size && n < room; at++) {
            const leat_partition_meter *meter = leat_partition_meters_at(table, at);
            if (leat_counter_read(&meter->assigned))
                found[n++] = meter;
        }
    }
    return n;
}

/* While a partition moves, two lanes may both hold it for theirs; it is shown once, since a
 * page with a series twice is refused as a whole. */
static void put_lag(page *p)
{
    uint32_t room = 1;
    for (uint32_t i = 0; i < p->n_lanes; i++)
        room += leat_partition_meters_n(p->lanes[i]->partitions);
    const leat_partition_meter **found =
        calloc(room, sizeof(const leat_partition_meter *));
    uint32_t n = found ? gather(p, found, room) : 0;
    if (n)
        qsort(found, n, sizeof(const leat_partition_meter *), by_name);
    family(p, LEAT_FAMILY_GAUGE, "leat_consumer_lag",
           "Events that wait in an assigned partition, as of its last fetch.");
    for (uint32_t i = 0; i < n; i++) {
        if (i && !by_name(&found[i - 1], &found[i]))
            continue;
        char partition[16];
        snprintf(partition, sizeof partition, "%" PRId32, found[i]->partition);
        leat_exposition_count(
            &p->to, LABELS({"topic", found[i]->topic}, {"partition", partition}),
            leat_counter_read(&found[i]->lag));
    }
    free(found);
}

static void put_group(page *p)
{
    put_lag(p);
    put_one(p, LEAT_FAMILY_GAUGE, "leat_assigned_partitions",
            "Partitions that this worker reads now.", SUM(p, assigned));
    put_one(p, LEAT_FAMILY_COUNTER, "leat_rebalances",
            "Changes of the assignment, one a lane.", SUM(p, rebalances));
    put_one(p, LEAT_FAMILY_COUNTER, "leat_rewinds",
            "Times that a lane went back to what was settled.", SUM(p, rewinds));
}

/* ---- the worker and its process ---- */

static void put_worker(page *p, bool ready, bool halted)
{
    put_one(p, LEAT_FAMILY_GAUGE, "leat_ready", "1 while /readyz answers 200.", ready);
    put_one(p, LEAT_FAMILY_GAUGE, "leat_halted",
            "1 when too many events failed, and the worker halted.", halted);
    family(p, LEAT_FAMILY_INFO, "leat_build", "What this worker is.");
    leat_exposition_count(
        &p->to, LABELS({"version", LEAT_VERSION}, {"librdkafka", rd_kafka_version_str()}),
        1);
    if (!p->version)
        return;
    family(p, LEAT_FAMILY_INFO, "leat_model", "The model that scores.");
    leat_exposition_count(
        &p->to, LABELS({"model", p->config->model.name}, {"version", p->version}), 1);
}

static void put_process(page *p)
{
    leat_process process;
    if (!leat_process_read(&process))
        return;
    family(p, LEAT_FAMILY_COUNTER, "process_cpu_seconds",
           "User and system CPU time spent in seconds.");
    leat_exposition_value(&p->to, NULL, process.cpu_seconds);
    put_one(p, LEAT_FAMILY_GAUGE, "process_resident_memory_bytes",
            "Resident memory size in bytes.", process.resident_bytes);
    put_one(p, LEAT_FAMILY_GAUGE, "process_virtual_memory_bytes",
            "Virtual memory size in bytes.", process.virtual_bytes);
    put_one(p, LEAT_FAMILY_GAUGE, "process_open_fds", "Number of open file descriptors.",
            process.open_fds);
    put_one(p, LEAT_FAMILY_GAUGE, "process_max_fds",
            "Maximum number of open file descriptors.", process.max_fds);
    family(p, LEAT_FAMILY_GAUGE, "process_start_time_seconds",
           "Start time of the process since unix epoch in seconds.");
    leat_exposition_value(&p->to, NULL, process.start_time);
}

void leat_metrics_write(const leat_metrics *metrics, const char *accept, FILE *out,
                        const char **type)
{
    bool ready = leat_health_is_ready(metrics->health, NULL);
    bool halted = leat_health_is_halted(metrics->health);
    page p = {.config = metrics->config};
    leat_exposition_begin(&p.to, out, accept, type);
    p.lanes = leat_health_hold(metrics->health, &p.n_lanes);
    p.version = atomic_load(&metrics->version);
    put_events(&p);
    put_failed(&p);
    put_dead_letters(&p);
    put_batches(&p);
    leat_metrics_put_features(&p.to, p.config, p.n_lanes, p.lanes);
    put_group(&p);
    leat_health_let_go(metrics->health);
    put_worker(&p, ready, halted);
    put_process(&p);
    leat_exposition_end(&p.to);
}
