#include "features/aggregate/state_layout.h"

#include "features/aggregate/state_bytes.h"

#include <stdlib.h>

/* Aggregates of one family and input are worked out together. */
typedef enum family { BUCKETS, PAIRS, VALUES, SINCE } family;

static family family_of(const leat_aggregate *aggregate)
{
    switch (aggregate->kind) {
    case LEAT_AGGREGATE_DISTINCT:
        return PAIRS;
    case LEAT_AGGREGATE_LAST:
        return VALUES;
    case LEAT_AGGREGATE_SINCE_LAST:
        return SINCE;
    default:
        return BUCKETS;
    }
}

static bool sees_every_event(const leat_aggregate *aggregate)
{
    return aggregate->kind == LEAT_AGGREGATE_COUNT ||
           aggregate->kind == LEAT_AGGREGATE_SINCE_LAST;
}

static int by_family_and_input(const void *left, const void *right)
{
    const leat_aggregate *a = left, *b = right;
    if (family_of(a) != family_of(b))
        return family_of(a) < family_of(b) ? -1 : 1;
    if (a->input != b->input)
        return a->input < b->input ? -1 : 1;
    return a->answer < b->answer ? -1 : a->answer > b->answer;
}

/* A window's aggregates in the order in which they are worked out. */
static const leat_aggregate *sort(const leat_sliding_window *window, leat_arena *arena)
{
    leat_aggregate *sorted =
        leat_arena_calloc(arena, window->n_aggregates + 1, sizeof *sorted);
    if (!sorted)
        return NULL;
    for (uint32_t i = 0; i < window->n_aggregates; i++) {
        sorted[i] = window->aggregates[i];
        if (sees_every_event(&sorted[i]))
            sorted[i].input = LEAT_EVERY_EVENT;
    }
    qsort(sorted, window->n_aggregates, sizeof *sorted, by_family_and_input);
    return sorted;
}

/* How many from the first of `n` on are of its family and input. */
static uint32_t span(const leat_aggregate *first, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && family_of(&first[i]) == family_of(first) &&
           first[i].input == first->input)
        i++;
    return i;
}

/* Finds each of a tally's numbers a place behind `size`. */
static void place(leat_tally *tally, uint32_t *size)
{
    bool of[LEAT_AGGREGATE_SINCE_LAST + 1] = {false};
    for (uint32_t i = 0; i < tally->n_aggregates; i++)
        of[tally->aggregates[i].kind] = true;
    bool std = of[LEAT_AGGREGATE_STD], mean = of[LEAT_AGGREGATE_MEAN] || std;
    const struct {
        bool is_needed;
        uint32_t bytes;
        uint32_t *place;
    } numbers[] = {
        {of[LEAT_AGGREGATE_COUNT] || mean, sizeof(uint32_t), &tally->n},
        {of[LEAT_AGGREGATE_SUM] || mean, sizeof(double), &tally->sum},
        {std, sizeof(double), &tally->squares},
        {of[LEAT_AGGREGATE_MIN], sizeof(double), &tally->min},
        {of[LEAT_AGGREGATE_MAX], sizeof(double), &tally->max},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!numbers[i].is_needed)
            continue;
        *numbers[i].place = *size;
        *size += numbers[i].bytes;
    }
}

/* One section for all aggregates that are made of buckets; how many those are. */
static uint32_t lay_out_buckets(leat_section *section, leat_tally *tallies,
                                const leat_aggregate *sorted, uint32_t n)
{
    uint32_t i = 0;
    section->type = &leat_section_buckets;
    section->most = section->kept;
    section->record = sizeof(uint16_t);
    section->tallies = tallies;
    while (i < n && family_of(&sorted[i]) == BUCKETS) {
        leat_tally *tally = &tallies[section->n_tallies++];
        tally->input = sorted[i].input;
        tally->n_aggregates = span(&sorted[i], n - i);
        tally->aggregates = &sorted[i];
        place(tally, &section->record);
        i += tally->n_aggregates;
    }
    return i;
}

static uint32_t lay_out_input(leat_section *section, const leat_aggregate *first,
                              uint32_t n)
{
    bool is_pairs = family_of(first) == PAIRS;
    section->type = is_pairs ? &leat_section_pairs : &leat_section_values;
    section->record = sizeof(uint16_t) + (is_pairs ? 6 : sizeof(double));
    section->most = is_pairs ? LEAT_DISTINCT_PAIRS : 0;
    section->input = first->input;
    section->aggregates = first;
    section->n_aggregates = span(first, n);
    for (uint32_t i = 0; !is_pairs && i < section->n_aggregates; i++)
        if (section->most < first[i].n)
            section->most = first[i].n;
    return section->n_aggregates;
}

static void lay_out_sections(leat_window_layout *window, leat_section *sections,
                             leat_tally *tallies, const leat_aggregate *sorted,
                             const leat_sliding_window *of)
{
    window->sections = sections;
    for (uint32_t i = 0; i < of->n_aggregates;) {
        const leat_aggregate *first = &sorted[i];
        if (family_of(first) == SINCE) {
            window->since = first;
            window->n_since = of->n_aggregates - i;
            return;
        }
        leat_section *section = &sections[window->n_sections++];
        section->kept = window->kept;
        section->late = of->late_buckets;
        if (family_of(first) == BUCKETS)
            i += lay_out_buckets(section, tallies, first, of->n_aggregates - i);
        else
            i += lay_out_input(section, first, of->n_aggregates - i);
    }
}

/* Gives a window and its sections their places in the head. */
static void place_in_head(leat_state_layout *layout, leat_window_layout *window,
                          leat_section *sections)
{
    if (window->n_since) {
        window->last = layout->head_size;
        layout->head_size += (uint32_t)sizeof(int64_t);
    }
    for (uint32_t i = 0; i < window->n_sections; i++) {
        sections[i].head = layout->head_size;
        bool is_pairs = sections[i].type == &leat_section_pairs;
        layout->head_size += is_pairs ? LEAT_PAIRS_HEAD : LEAT_SECTION_HEAD;
        layout->growth += sections[i].record;
    }
}

static leat_status lay_out_window(leat_state_layout *layout, leat_window_layout *window,
                                  const leat_sliding_window *of, leat_arena *arena)
{
    uint32_t n = of->n_aggregates;
    const leat_aggregate *sorted = sort(of, arena);
    leat_section *sections = leat_arena_calloc(arena, n + 1, sizeof *sections);
    leat_tally *tallies = leat_arena_calloc(arena, n + 1, sizeof *tallies);
    if (!sorted || !sections || !tallies)
        return LEAT_E_MEMORY;
    window->bucket_ns = (int64_t)of->bucket_ns;
    window->kept = LEAT_WINDOW_BUCKETS + of->late_buckets;
    lay_out_sections(window, sections, tallies, sorted, of);
    place_in_head(layout, window, sections);
    return LEAT_OK;
}

static uint64_t mix(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* A byte of format, and 24 bits of what a state means. */
static uint32_t mark_of(const leat_state_spec *spec)
{
    enum { FORMAT = 1 };
    uint64_t hash = mix(spec->meaning, spec->n_windows);
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        const leat_sliding_window *window = &spec->windows[w];
        hash = mix(mix(hash, window->bucket_ns), window->late_buckets);
        hash = mix(hash, window->n_aggregates);
        for (uint32_t i = 0; i < window->n_aggregates; i++) {
            const leat_aggregate *aggregate = &window->aggregates[i];
            bool has_n = aggregate->kind == LEAT_AGGREGATE_LAST;
            hash = mix(mix(hash, aggregate->kind), has_n ? aggregate->n : 1);
            hash = mix(hash, sees_every_event(aggregate) ? 0 : aggregate->input);
        }
    }
    return (uint32_t)(hash >> 40) << 8 | FORMAT;
}

leat_status leat_state_lay_out(leat_state_spec *spec, leat_arena *arena)
{
    leat_state_layout *layout = leat_arena_calloc(arena, 1, sizeof *layout);
    leat_window_layout *windows =
        leat_arena_calloc(arena, spec->n_windows + 1, sizeof *windows);
    if (!layout || !windows)
        return LEAT_E_MEMORY;
    layout->mark = mark_of(spec);
    layout->windows = windows;
    layout->head_size = LEAT_STATE_HEAD;
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        leat_status status =
            lay_out_window(layout, &windows[w], &spec->windows[w], arena);
        if (status != LEAT_OK)
            return status;
    }
    uint8_t *empty = leat_arena_calloc(arena, 1, layout->head_size);
    if (!empty)
        return LEAT_E_MEMORY;
    leat_put_u32(empty + LEAT_STATE_MARK_AT, layout->mark);
    layout->empty = empty;
    spec->layout = layout;
    return LEAT_OK;
}
