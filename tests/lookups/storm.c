/* storm PORT N_ENTITIES TIMEOUT_US CACHE_ENTRIES: batch after batch of lookups, until stdin
 * ends, while tests/lookups/storm.py has Redis die, sleep and refuse.
 *
 * Entity i has v = i and w = 2i + 1, in a HASH and in a map; every seventh is not there. So
 * whatever comes that belongs to another entity is seen. Prints what it saw, as JSON. */
#include "base/clock.h"
#include "base/log.h"
#include "base/pack.h"
#include "features/features.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BATCH = 256, N_COLUMNS = 4, ROOM = 16, PAUSE_MS = 2 };

#define DEFAULT (-1.0)

static const leat_tensor_spec input = {
    .name = "x", .dtype = LEAT_F64, .rank = 2, .shape = {0, N_COLUMNS}};
static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};
static const leat_path captures[] = {{.text = "event.id"}};
static const leat_step v = {.name = {(const uint8_t *)"v", 1}};
static const leat_step w = {.name = {(const uint8_t *)"w", 1}};
static const leat_path paths[] = {
    {.text = "e.v", .name = "e", .n_steps = 1, .steps = &v},
    {.text = "e.w", .name = "e", .n_steps = 1, .steps = &w}};
static const leat_lookup_field hash_fields[] = {{"v", &paths[0], 0}, {"w", &paths[1], 1}};
static const leat_lookup_field map_fields[] = {{"v", &paths[0], 2}, {"w", &paths[1], 3}};

#define KEY(prefix)                                                                      \
    .n_parts = 2, .parts = {                                                             \
                      {.literal = {(const uint8_t *)(prefix), 2}},                       \
                      {.capture = 0},                                                    \
    }

static const leat_lookup_spec lookups[] = {
    {.name = "hash", KEY("h:"), .n_fields = 2, .fields = hash_fields},
    {.name = "map",
     .format = LEAT_LOOKUP_MSGPACK,
     KEY("m:"),
     .n_fields = 2,
     .fields = map_fields},
};

typedef struct storm {
    uint32_t n_entities;
    leat_column columns[N_COLUMNS];
    leat_schema schema;
    leat_batch batch;
    leat_features *features;
    uint32_t ids[BATCH];
    uint8_t packed[BATCH][ROOM];
    uint64_t n_rows, n_foreign, n_wrong_quality, n_failed;
    uint64_t qualities[LEAT_QUALITY_UNAVAILABLE + 1];
    leat_histogram took; /* us */
    uint64_t longest_ns;
} storm;

static void open_storm(storm *s, char **argv)
{
    leat_error error;
    const leat_features_spec spec = {
        .redis = {.host = "127.0.0.1",
                  .port = (uint16_t)atoi(argv[1]),
                  .timeout_ns = strtoull(argv[3], NULL, 10) * 1000},
        .cache = {.entries = (uint32_t)atoi(argv[4]),
                  .bytes = 64 << 20,
                  .ttl_ns = LEAT_SEC / 10,
                  .stale_ns = 5 * LEAT_SEC},
        .n_lookups = 2,
        .lookups = lookups};
    s->n_entities = (uint32_t)atoi(argv[2]);
    for (uint32_t i = 0; i < N_COLUMNS; i++)
        s->columns[i] = (leat_column){.name = "x",
                                      .element = i,
                                      .n = 1,
                                      .has_default = true,
                                      .default_value = DEFAULT};
    s->schema = (leat_schema){.n_inputs = 1,
                              .inputs = &input,
                              .n_columns = N_COLUMNS,
                              .columns = s->columns,
                              .n_captures = 1,
                              .captures = captures,
                              .time_capture = LEAT_NO_CAPTURE};
    if (leat_batch_init(&s->batch, BATCH) != LEAT_OK ||
        leat_features_new(&s->features, &spec, &error) != LEAT_OK) {
        fprintf(stderr, "storm: cannot begin\n");
        exit(1);
    }
}

static double *row_of(const storm *s, uint32_t i)
{
    return (double *)s->batch.inputs[0].data + (size_t)i * N_COLUMNS;
}

/* As the decoder leaves it. */
static void fill(storm *s)
{
    if (leat_batch_reset(&s->batch, &s->schema, &output) != LEAT_OK)
        exit(1);
    for (uint32_t i = 0; i < BATCH; i++) {
        leat_event *event = leat_batch_add(&s->batch);
        if (leat_batch_add_rows(&s->batch, event, 1) != LEAT_OK)
            exit(1);
        s->ids[i] = (uint32_t)random() % s->n_entities;
        uint8_t *end = leat_pack_uint(s->packed[i], s->ids[i]);
        leat_batch_captures(&s->batch, event)[0] =
            (leat_slice){s->packed[i], (uint32_t)(end - s->packed[i])};
        *leat_batch_missing(&s->batch, event) = (1 << N_COLUMNS) - 1;
        for (uint32_t c = 0; c < N_COLUMNS; c++)
            row_of(s, i)[c] = DEFAULT;
    }
}

/* What a lookup may leave: both values of this entity, or both defaults. */
static bool is_own(const double *pair, uint32_t id)
{
    bool is_there = id % 7 && pair[0] == (double)id && pair[1] == 2.0 * id + 1;
    return is_there || (pair[0] == DEFAULT && pair[1] == DEFAULT);
}

static void judge(storm *s, uint32_t i)
{
    const leat_event *event = &s->batch.events[i];
    const double *row = row_of(s, i);
    bool is_whole = row[0] != DEFAULT && row[2] != DEFAULT;
    bool is_there = s->ids[i] % 7;
    s->n_rows++;
    s->n_failed += event->status != LEAT_OK;
    s->qualities[event->quality]++;
    s->n_foreign += !is_own(row, s->ids[i]) || !is_own(row + 2, s->ids[i]);
    if (event->quality == LEAT_QUALITY_COMPLETE)
        s->n_wrong_quality += !is_whole;
    if (event->quality == LEAT_QUALITY_DEFAULTED)
        s->n_wrong_quality += is_there;
    if (event->quality == LEAT_QUALITY_UNAVAILABLE)
        s->n_wrong_quality += is_whole;
}

static void turn(storm *s)
{
    fill(s);
    uint64_t began_ns = leat_now_ns();
    leat_features_send(s->features, &s->batch);
    (void)!leat_features_receive(s->features, &s->batch);
    uint64_t took_ns = leat_now_ns() - began_ns;
    leat_histogram_add(&s->took, took_ns / 1000, 1);
    if (took_ns > s->longest_ns)
        s->longest_ns = took_ns;
    for (uint32_t i = 0; i < BATCH; i++)
        judge(s, i);
}

static bool must_go_on(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, PAUSE_MS) == 0;
}

static void report(const storm *s, double seconds)
{
    uint64_t counts[LEAT_HISTOGRAM_BUCKETS] = {0};
    const leat_features_stats *stats = leat_features_read_stats(s->features);
    leat_histogram_read(&s->took, counts);
    printf("{\"rows\": %lu, \"foreign\": %lu, \"wrong_quality\": %lu, \"failed\": %lu, ",
           s->n_rows, s->n_foreign, s->n_wrong_quality, s->n_failed);
    printf(
        "\"complete\": %lu, \"defaulted\": %lu, \"stale\": %lu, \"unavailable\": %lu, ",
        s->qualities[LEAT_QUALITY_COMPLETE], s->qualities[LEAT_QUALITY_DEFAULTED],
        s->qualities[LEAT_QUALITY_STALE], s->qualities[LEAT_QUALITY_UNAVAILABLE]);
    printf("\"p50_us\": %lu, \"p99_us\": %lu, \"longest_us\": %lu, ",
           leat_histogram_quantile(counts, 0.5), leat_histogram_quantile(counts, 0.99),
           s->longest_ns / 1000);
    printf("\"connects\": %lu, \"connects_per_s\": %.2f, \"seconds\": %.1f}\n",
           leat_counter_read(&stats->connects),
           (double)leat_counter_read(&stats->connects) / seconds, seconds);
}

int main(int argc, char **argv)
{
    static storm s;
    if (argc != 5) {
        fprintf(stderr, "usage: storm PORT N_ENTITIES TIMEOUT_US CACHE_ENTRIES\n");
        return 64;
    }
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    open_storm(&s, argv);
    uint64_t began_ns = leat_now_ns();
    do
        turn(&s);
    while (must_go_on());
    report(&s, (double)(leat_now_ns() - began_ns) / 1e9);
    leat_features_free(s.features);
    leat_batch_fini(&s.batch);
    return 0;
}
