#include "ops/forest_ranker_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SET_BYTES = 1 << 26,         /* of all sets' bits */
    NAN_RANK_LEFT = LEAT_RANK_LEAST, /* on the left of every cut */
    NAN_RANK_RIGHT = LEAT_RANK_MOST, /* on the right of every cut */
};

/* ---- the columns ---- */

/* A split on its way to a column. */
struct question {
    leat_split split;
    const leat_set *set; /* NULL: numeric */
    size_t index;
};

/* NaN is above all numbers, -0.0 is 0.0. */
static int compare_bounds(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) - isnan(b) : (a > b) - (a < b);
}

static int compare_sets(const leat_set *a, const leat_set *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    int order = 0;
    for (uint32_t i = 0; !order && i < a->n; i++)
        order = compare_bounds(a->bounds[i], b->bounds[i]);
    return order;
}

static int compare_columns(const struct question *a, const struct question *b)
{
    if (!a->set != !b->set)
        return a->set ? 1 : -1;
    if (a->split.feature != b->split.feature)
        return a->split.feature < b->split.feature ? -1 : 1;
    return (int)a->split.missing - (int)b->split.missing;
}

static int compare_questions(const void *a, const void *b)
{
    const struct question *x = a, *y = b;
    int order = compare_columns(x, y);
    if (order)
        return order;
    return x->set ? compare_sets(x->set, y->set)
                  : compare_bounds(x->split.bound, y->split.bound);
}

static int8_t rank_of_missing(uint8_t missing)
{
    return missing == LEAT_NAN_RIGHT || missing == LEAT_ZERO_RIGHT ? NAN_RANK_RIGHT
                                                                   : NAN_RANK_LEFT;
}

/* Puts every split to its column and cut; columns: [n_splits] at most. */
static uint32_t assign(const struct question *questions, size_t n,
                       struct leat_rank_column *columns, leat_ask *asks,
                       uint32_t *n_numeric)
{
    uint32_t n_columns = 0;
    *n_numeric = 0;
    for (size_t i = 0; i < n; i++) {
        const struct question *question = &questions[i];
        struct leat_rank_column *column = n_columns ? &columns[n_columns - 1] : NULL;
        int is_new = !i || compare_questions(question - 1, question);
        int other = !i || compare_columns(question - 1, question);
        if (other || (is_new && (question->set || column->n_bounds == LEAT_CUTS))) {
            column = &columns[n_columns++];
            *column = (struct leat_rank_column){.feature = question->split.feature,
                                                .missing = question->split.missing};
            *n_numeric += !question->set;
        }
        column->n_bounds += (uint32_t)is_new;
        asks[question->index] = (leat_ask){
            .column = n_columns - 1,
            .cut = (int8_t)((int)column->n_bounds - 1 - LEAT_RANK_BIAS),
        };
    }
    return n_columns;
}

static size_t padded(uint32_t n_bounds)
{
    return (n_bounds + LEAT_SEGMENT - 1) / LEAT_SEGMENT * (size_t)LEAT_SEGMENT;
}

/* A column's cuts are its bounds in their order. The last segment has no pivot, even when it
 * is full: a number beyond it would be looked for behind the column. */
static void fill_bounds(leat_ranker *ranker, const struct question *questions, size_t n,
                        const leat_ask *asks)
{
    for (size_t i = 0; i < n && !questions[i].set; i++) {
        leat_ask ask = asks[questions[i].index];
        const struct leat_rank_column *column = &ranker->columns[ask.column];
        size_t place = (size_t)(ask.cut + LEAT_RANK_BIAS);
        leat_put_number(ranker->dtype, ranker->bounds,
                        column->first + LEAT_SEGMENT + place, questions[i].split.bound);
        if (place % LEAT_SEGMENT == LEAT_SEGMENT - 1 && place + 1 < column->n_bounds)
            leat_put_number(ranker->dtype, ranker->bounds,
                            column->first + place / LEAT_SEGMENT,
                            questions[i].split.bound);
    }
}

static leat_status lay_bounds(leat_ranker *ranker, leat_arena *arena,
                              const struct question *questions, size_t n,
                              const leat_ask *asks)
{
    size_t total = 0;
    for (uint32_t c = 0; c < ranker->n_numeric; c++) {
        ranker->columns[c].first = total;
        total += LEAT_SEGMENT + padded(ranker->columns[c].n_bounds);
    }
    ranker->bounds = leat_arena_aligned(arena, total * leat_dtype_size(ranker->dtype));
    if (!ranker->bounds)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < total; i++)
        leat_put_number(ranker->dtype, ranker->bounds, i, NAN);
    fill_bounds(ranker, questions, n, asks);
    return LEAT_OK;
}

/* bounds: [n_bounds], ascending; heap: [2^n_levels] */
static void fill_heap(const float *bounds, uint32_t n_bounds, uint32_t n_levels,
                      float *heap)
{
    heap[0] = NAN;
    for (uint32_t level = 0; level < n_levels; level++) {
        const uint32_t first = 1u << level, half = 1u << (n_levels - 1 - level);
        for (uint32_t i = 0; i < first; i++) {
            uint32_t place = (2 * i + 1) * half - 1;
            heap[first + i] = place < n_bounds ? bounds[place] : NAN;
        }
    }
}

static leat_status lay_heaps(leat_ranker *ranker, leat_arena *arena)
{
    size_t total = 0;
    for (uint32_t c = 0; c < ranker->n_numeric; c++) {
        struct leat_rank_column *column = &ranker->columns[c];
        column->heap = total;
        column->n_levels = LEAT_HEAP_LEVELS;
        while (1u << column->n_levels <= column->n_bounds)
            column->n_levels++;
        total += (size_t)1 << column->n_levels;
    }
    ranker->heaps = leat_arena_aligned(arena, total * sizeof *ranker->heaps);
    if (!ranker->heaps)
        return LEAT_E_MEMORY;
    for (uint32_t c = 0; c < ranker->n_numeric; c++) {
        const struct leat_rank_column *column = &ranker->columns[c];
        fill_heap((const float *)ranker->bounds + column->first + LEAT_SEGMENT,
                  column->n_bounds, column->n_levels, ranker->heaps + column->heap);
    }
    return LEAT_OK;
}

/* ---- sets ---- */

static int compare_doubles(const void *a, const void *b)
{
    return compare_bounds(*(const double *)a, *(const double *)b);
}

/* All bounds that questions[n], of one feature, have: sorted, each once. */
static leat_status new_scale(struct leat_rank_scale *scale, leat_arena *arena,
                             const struct question *questions, size_t n)
{
    size_t total = 0, at = 0;
    uint32_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        total += questions[i].set->n;
    double *bounds = leat_arena_calloc(arena, total + 1, sizeof *bounds);
    if (!bounds || total > UINT32_MAX)
        return LEAT_E_MEMORY;
    for (size_t i = 0; i < n; at += questions[i++].set->n)
        for (uint32_t b = 0; b < questions[i].set->n; b++)
            bounds[at + b] = questions[i].set->bounds[b];
    qsort(bounds, total, sizeof *bounds, compare_doubles);
    for (size_t i = 0; i < total; i++)
        if (!i || bounds[i] > bounds[distinct - 1])
            bounds[distinct++] = bounds[i];
    *scale = (struct leat_rank_scale){questions->split.feature, distinct, bounds};
    return LEAT_OK;
}

/* The bit of a place stands when the numbers there lie behind an odd count of bounds. */
static void fill_members(const struct leat_rank_scale *scale, const leat_set *set,
                         uint8_t *members)
{
    for (uint32_t place = 1, passed = 0; place <= scale->n; place++) {
        while (passed < set->n && set->bounds[passed] <= scale->bounds[place - 1])
            passed++;
        members[place / 8] |= (uint8_t)((passed & 1) << place % 8);
    }
}

/* questions[n], of one feature, all with sets, to their columns. */
static leat_status lay_feature(leat_ranker *ranker, leat_arena *arena, uint32_t scale,
                               const struct question *questions, size_t n,
                               const leat_ask *asks, uint64_t *bytes, leat_error *error)
{
    const struct leat_rank_scale *on = &ranker->scales[scale];
    leat_status status = new_scale(&ranker->scales[scale], arena, questions, n);
    for (size_t i = 0; !status && i < n; i++) {
        struct leat_rank_column *column =
            &ranker->columns[asks[questions[i].index].column];
        if (column->members)
            continue;
        size_t size = on->n / 8 + 1;
        *bytes += size;
        if (*bytes > MAX_SET_BYTES)
            return leat_error_set(error, LEAT_E_UNSUPPORTED,
                                  "sets of categories of more than %d MiB",
                                  MAX_SET_BYTES >> 20);
        uint8_t *members = leat_arena_calloc(arena, size, 1);
        if (!members)
            return LEAT_E_MEMORY;
        fill_members(on, questions[i].set, members);
        column->members = members;
        column->scale = scale;
    }
    return status;
}

static leat_status lay_sets(leat_ranker *ranker, leat_arena *arena,
                            const struct question *questions, size_t n,
                            const leat_ask *asks, leat_error *error)
{
    uint64_t bytes = 0;
    uint32_t n_scales = 0;
    size_t first = 0, end;
    while (first < n && !questions[first].set)
        first++;
    ranker->scales = leat_arena_calloc(arena, ranker->n_columns - ranker->n_numeric + 1,
                                       sizeof *ranker->scales);
    leat_status status = ranker->scales ? LEAT_OK : LEAT_E_MEMORY;
    for (; !status && first < n; first = end) {
        end = first;
        while (end < n && questions[end].split.feature == questions[first].split.feature)
            end++;
        status = lay_feature(ranker, arena, n_scales++, questions + first, end - first,
                             asks, &bytes, error);
    }
    return status;
}

/* ---- building ---- */

/* What zero and NaN rank as: by the way of the column's splits where they are missing,
 * else as the number zero does. */
static void settle_missing(leat_ranker *ranker, struct leat_rank_column *column)
{
    const int zero_is_missing =
        column->missing == LEAT_ZERO_LEFT || column->missing == LEAT_ZERO_RIGHT;
    uint32_t place = 0;
    if (column->members) {
        const struct leat_rank_scale *scale = &ranker->scales[column->scale];
        place = leat_place_on(scale->bounds, scale->n, 0);
        place = column->members[place / 8] >> place % 8 & 1;
    } else {
        for (uint32_t i = 0; i < column->n_bounds; i++)
            place += leat_number_at(ranker->dtype, ranker->bounds,
                                    column->first + LEAT_SEGMENT + i) <= 0;
    }
    column->zero_rank = zero_is_missing ? rank_of_missing(column->missing)
                                        : (int8_t)((int)place - LEAT_RANK_BIAS);
    column->nan_rank = column->missing == LEAT_NAN_ZERO
                           ? column->zero_rank
                           : rank_of_missing(column->missing);
}

static leat_status lay_columns(leat_ranker *ranker, leat_arena *arena,
                               const struct question *questions, size_t n, leat_ask *asks,
                               leat_error *error)
{
    struct leat_rank_column *columns = calloc(n + 1, sizeof *columns);
    if (!columns)
        return LEAT_E_MEMORY;
    ranker->n_columns = assign(questions, n, columns, asks, &ranker->n_numeric);
    ranker->columns =
        leat_arena_calloc(arena, ranker->n_columns + 1, sizeof *ranker->columns);
    if (ranker->columns)
        memcpy(ranker->columns, columns, ranker->n_columns * sizeof *columns);
    free(columns);
    if (!ranker->columns)
        return LEAT_E_MEMORY;
    if (ranker->n_columns > LEAT_MAX_COLUMNS)
        return leat_error_set(error, LEAT_E_UNSUPPORTED,
                              "the splits ask %u different columns: %d are supported",
                              ranker->n_columns, LEAT_MAX_COLUMNS);
    leat_status status = lay_bounds(ranker, arena, questions, n, asks);
    if (!status && ranker->dtype == LEAT_F32)
        status = lay_heaps(ranker, arena);
    if (!status)
        status = lay_sets(ranker, arena, questions, n, asks, error);
    for (uint32_t c = 0; !status && c < ranker->n_columns; c++)
        settle_missing(ranker, &ranker->columns[c]);
    return status;
}

leat_status leat_ranker_new(leat_ranker **out, leat_arena *arena,
                            const leat_ranker_spec *spec, leat_ask *asks,
                            leat_error *error)
{
    leat_ranker *ranker = leat_arena_calloc(arena, 1, sizeof *ranker);
    struct question *questions = calloc(spec->n_splits + 1, sizeof *questions);
    leat_status status = LEAT_E_MEMORY;
    if (!ranker || !questions)
        goto out;
    ranker->dtype = spec->dtype;
    ranker->zero = spec->zero;
    ranker->n_features = spec->n_features;
    for (size_t i = 0; i < spec->n_splits; i++)
        questions[i] = (struct question){
            .split = spec->splits[i],
            .set = spec->splits[i].set == LEAT_NO_SET ? NULL
                                                      : &spec->sets[spec->splits[i].set],
            .index = i,
        };
    qsort(questions, spec->n_splits, sizeof *questions, compare_questions);
    status = lay_columns(ranker, arena, questions, spec->n_splits, asks, error);
    *out = ranker;
out:
    free(questions);
    return status == LEAT_E_MEMORY ? leat_error_set(error, status, "out of memory")
                                   : status;
}
