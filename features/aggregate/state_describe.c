#include "features/aggregate/state_describe.h"

#include "base/pack.h"
#include "features/aggregate/state_section.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { TIME_TEXT = 40, NS = 1000000000 };

/* What is looked at, and where the next value goes. */
typedef struct description {
    const leat_state_spec *spec;
    const leat_state_names *names;
    const leat_state *state;
    int64_t latest_ns;
    const double *answer;
    uint8_t *end;
} description;

static void put_count(description *of, const char *name, uint64_t count)
{
    of->end = leat_pack_str(of->end, name);
    of->end = leat_pack_uint(of->end, count);
}

static void put_time(description *of, const char *name, int64_t time_ns)
{
    char date[TIME_TEXT], text[TIME_TEXT];
    long ns = (long)(time_ns % NS);
    time_t seconds = (time_t)(time_ns / NS - (ns < 0));
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof text, "%.19s.%09ldZ", date, ns < 0 ? ns + NS : ns);
    of->end = leat_pack_str(leat_pack_str(of->end, name), text);
}

/* The time at which a record's bucket begins. */
static void put_bucket(description *of, const char *name,
                       const leat_window_layout *window, const uint8_t *record)
{
    int64_t newest = leat_bucket_of(of->latest_ns, window), begin_ns;
    int64_t bucket = newest - leat_record_age(record, (uint16_t)newest);
    if (__builtin_mul_overflow(bucket, window->bucket_ns, &begin_ns))
        begin_ns = INT64_MIN;
    put_time(of, name, begin_ns);
}

static void put_buckets(description *of, const leat_window_layout *window,
                        const leat_section *section, uint32_t at)
{
    const uint8_t *oldest = of->state->data + at;
    uint32_t n = leat_section_count(section, of->state->data);
    put_count(of, "buckets", n);
    put_bucket(of, "oldest", window, oldest);
    put_bucket(of, "newest", window, oldest + (size_t)(n - 1) * section->record);
}

static void put_pairs(description *of, const leat_section *section)
{
    const uint8_t *head = of->state->data + section->head;
    for (uint32_t i = 0; i < section->n_aggregates; i++) {
        const char *name = of->names->aggregates[section->aggregates[i].answer];
        of->end = leat_pack_map(leat_pack_str(of->end, name), 2);
        put_count(of, "kept", leat_section_count(section, of->state->data));
        put_count(of, "of", UINT64_C(1) << head[LEAT_PAIRS_LEVEL]);
    }
}

static void put_values(description *of, const leat_sliding_window *window)
{
    of->end = leat_pack_map(leat_pack_str(of->end, "values"), window->n_aggregates);
    for (uint32_t i = 0; i < window->n_aggregates; i++) {
        const leat_aggregate *aggregate = &window->aggregates[i];
        uint32_t n = aggregate->kind == LEAT_AGGREGATE_LAST ? aggregate->n : 1;
        of->end = leat_pack_str(of->end, of->names->aggregates[aggregate->answer]);
        if (n > 1)
            of->end = leat_pack_array(of->end, n);
        for (const double *number = &of->answer[aggregate->answer]; n > 0; n--, number++)
            of->end =
                isnan(*number) ? leat_pack_nil(of->end) : leat_pack_f64(of->end, *number);
    }
}

/* What a window shows of its sections, where there is something. */
typedef struct contents {
    const leat_section *buckets; /* NULL: none */
    uint32_t buckets_at;
    uint32_t n_distinct; /* aggregates */
} contents;

static contents look(const description *of, const leat_window_layout *window,
                     uint32_t *at)
{
    contents found = {0};
    for (uint32_t i = 0; i < window->n_sections && of->state->size; i++) {
        const leat_section *section = &window->sections[i];
        uint32_t size = leat_section_size(section, of->state->data);
        if (section->type == &leat_section_pairs)
            found.n_distinct += section->n_aggregates;
        if (section->type == &leat_section_buckets && size > 0) {
            found.buckets = section;
            found.buckets_at = *at;
        }
        *at += size;
    }
    return found;
}

static void put_window(description *of, uint32_t w, uint32_t *at)
{
    const leat_window_layout *window = &of->spec->layout->windows[w];
    contents found = look(of, window, at);
    uint32_t n_keys = 3U + (found.buckets ? 3 : 0) + (found.n_distinct ? 1 : 0);
    of->end = leat_pack_map(of->end, n_keys);
    of->end = leat_pack_str(of->end, "name");
    of->end = leat_pack_str(of->end, of->names->windows[w]);
    of->end = leat_pack_str(of->end, "bucket_seconds");
    of->end = leat_pack_f64(of->end, (double)window->bucket_ns / NS);
    if (found.buckets)
        put_buckets(of, window, found.buckets, found.buckets_at);
    put_values(of, &of->spec->windows[w]);
    if (!found.n_distinct)
        return;
    of->end = leat_pack_map(leat_pack_str(of->end, "pairs"), found.n_distinct);
    for (uint32_t i = 0; i < window->n_sections; i++)
        if (window->sections[i].type == &leat_section_pairs)
            put_pairs(of, &window->sections[i]);
}

/* How many bytes the map may have. */
static size_t bound(const leat_state_spec *spec, const leat_state_names *names)
{
    enum { FIXED = 256, OF_AGGREGATE = 64 };
    size_t size = FIXED + (size_t)spec->n_answers * LEAT_PACK_F64;
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        const leat_sliding_window *window = &spec->windows[w];
        size += FIXED + strlen(names->windows[w]);
        for (uint32_t i = 0; i < window->n_aggregates; i++) {
            const char *name = names->aggregates[window->aggregates[i].answer];
            size += OF_AGGREGATE + 2 * strlen(name);
        }
    }
    return size;
}

leat_status leat_state_describe(const leat_state_spec *spec,
                                const leat_state_names *names, const leat_state *state,
                                int64_t time_ns, leat_arena *arena, leat_slice *map)
{
    uint32_t at = spec->layout->head_size;
    double *answer = leat_arena_calloc(arena, spec->n_answers + 1, sizeof *answer);
    uint8_t *begin = leat_arena_alloc(arena, bound(spec, names));
    if (!answer || !begin)
        return LEAT_E_MEMORY;
    leat_state_answer(spec, state, time_ns, answer);
    description of = {.spec = spec,
                      .names = names,
                      .state = state,
                      .answer = answer,
                      .end = leat_pack_map(begin, state->size ? 3 : 1)};
    if (state->size) {
        of.latest_ns = leat_get_i64(state->data + LEAT_STATE_TIME_AT);
        put_time(&of, "latest", of.latest_ns);
        put_count(&of, "bytes", state->size);
    }
    of.end = leat_pack_array(leat_pack_str(of.end, "windows"), spec->n_windows);
    for (uint32_t w = 0; w < spec->n_windows; w++)
        put_window(&of, w, &at);
    *map = (leat_slice){begin, (uint32_t)(of.end - begin)};
    return LEAT_OK;
}
