/* What each bucket of a window holds, and what is made of those within reach. */
#include "features/aggregate/state_section.h"

#include <math.h>

/* Of one tally, over the buckets within reach. */
typedef struct totals {
    double n;
    double sum;
    double squares;
    double min;
    double max;
} totals;

/* The first of the records, which stand from old to young, that is younger than `age`. */
static uint32_t first_younger(const uint8_t *records, uint32_t n, uint32_t size,
                              uint16_t newest, uint32_t age)
{
    uint32_t first = 0;
    if (n == 0 || leat_record_age(records, newest) < age)
        return 0;
    while (n > 0) { /* the one looked for is in [first, first + n] */
        uint32_t half = n / 2;
        const uint8_t *middle = records + (size_t)(first + half) * size;
        if (leat_record_age(middle, newest) < age) {
            n = half;
        } else {
            first += half + 1;
            n -= half + 1;
        }
    }
    return first;
}

static bool check(const leat_section *section, const uint8_t *bytes, uint32_t at,
                  uint16_t newest)
{
    uint32_t before = section->kept;
    for (uint32_t i = 0; i < leat_section_count(section, bytes); i++) {
        uint32_t age = leat_record_age(bytes + at + i * section->record, newest);
        if (age >= before)
            return false;
        before = age;
    }
    return true;
}

static double count(const uint8_t *n, uint32_t n_records, uint32_t size)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < n_records; i++, n += size)
        total += leat_get_u32(n);
    return (double)total;
}

static double add_up(const uint8_t *sum, uint32_t n_records, uint32_t size)
{
    double total = 0;
    for (uint32_t i = 0; i < n_records; i++, sum += size)
        total += leat_get_f64(sum);
    return total;
}

static bool has_any(const uint8_t *number, uint32_t n_records, uint32_t size)
{
    for (uint32_t i = 0; i < n_records; i++, number += size)
        if (!isnan(leat_get_f64(number)))
            return true;
    return false;
}

/* A comparison with NaN is false, so buckets without a number need no branch of their own;
 * only where nothing was less than infinity, it is asked whether that was a number. */
static double least(const uint8_t *min, uint32_t n_records, uint32_t size)
{
    const uint8_t *first = min;
    double total = INFINITY;
    for (uint32_t i = 0; i < n_records; i++, min += size) {
        double number = leat_get_f64(min);
        total = number < total ? number : total;
    }
    return total < INFINITY || has_any(first, n_records, size) ? total : NAN;
}

static double greatest(const uint8_t *max, uint32_t n_records, uint32_t size)
{
    const uint8_t *first = max;
    double total = -INFINITY;
    for (uint32_t i = 0; i < n_records; i++, max += size) {
        double number = leat_get_f64(max);
        total = number > total ? number : total;
    }
    return total > -INFINITY || has_any(first, n_records, size) ? total : NAN;
}

/* Chan, Golub and LeVeque (1979), 1.5. */
static void merge(const leat_tally *tally, const uint8_t *record, uint32_t n_records,
                  uint32_t size, totals *all)
{
    for (uint32_t i = 0; i < n_records; i++, record += size) {
        double n = leat_get_u32(record + tally->n);
        double sum = leat_get_f64(record + tally->sum);
        double squares = leat_get_f64(record + tally->squares);
        if (n > 0 && all->n > 0) {
            double apart = n / all->n * all->sum - sum;
            squares += all->n / (n * (all->n + n)) * (apart * apart);
        }
        all->n += n;
        all->sum += sum;
        all->squares += squares;
    }
}

static void total_up(const leat_tally *tally, const uint8_t *first, uint32_t n_records,
                     uint32_t size, totals *all)
{
    if (tally->squares) {
        merge(tally, first, n_records, size, all);
    } else {
        if (tally->n)
            all->n = count(first + tally->n, n_records, size);
        if (tally->sum)
            all->sum = add_up(first + tally->sum, n_records, size);
    }
    if (tally->min)
        all->min = least(first + tally->min, n_records, size);
    if (tally->max)
        all->max = greatest(first + tally->max, n_records, size);
}

static double value_of(leat_aggregate_kind kind, const totals *all)
{
    switch (kind) {
    case LEAT_AGGREGATE_COUNT:
        return all->n;
    case LEAT_AGGREGATE_SUM:
        return all->sum;
    case LEAT_AGGREGATE_MEAN:
        return all->n > 0 ? all->sum / all->n : NAN;
    case LEAT_AGGREGATE_STD:
        return all->n > 1 ? sqrt(all->squares / (all->n - 1)) : NAN;
    case LEAT_AGGREGATE_MIN:
        return all->min;
    default:
        return all->max;
    }
}

static void answer(const leat_section *section, const uint8_t *bytes, uint32_t at,
                   const leat_reach *reach, double *numbers)
{
    const uint8_t *records = bytes + at;
    uint32_t n = leat_section_count(section, bytes), size = section->record;
    uint32_t first = first_younger(records, n, size, reach->newest, reach->end);
    if (reach->from > 0)
        n = first_younger(records, n, size, reach->newest, reach->from);
    n = n > first ? n - first : 0;
    for (uint32_t i = 0; i < section->n_tallies; i++) {
        const leat_tally *tally = &section->tallies[i];
        totals all = {0};
        total_up(tally, records + (size_t)first * size, n, size, &all);
        for (uint32_t k = 0; k < tally->n_aggregates; k++)
            numbers[tally->aggregates[k].answer] =
                value_of(tally->aggregates[k].kind, &all);
    }
}

static void advance(const leat_section *section, leat_state *state, uint32_t at,
                    const leat_moment *moment)
{
    /* Ages are still those of before the step. */
    uint32_t age = section->kept > moment->step ? section->kept - moment->step : 0;
    uint32_t n_old =
        first_younger(state->data + at, leat_section_count(section, state->data),
                      section->record, (uint16_t)(moment->newest - moment->step), age);
    if (n_old > 0)
        leat_section_close(section, state, at, 0, n_old);
}

static void empty(const leat_section *section, uint8_t *record, uint16_t bucket)
{
    memset(record, 0, section->record);
    leat_put_u16(record, bucket);
    for (uint32_t i = 0; i < section->n_tallies; i++) {
        const leat_tally *tally = &section->tallies[i];
        if (tally->min)
            leat_put_f64(record + tally->min, NAN);
        if (tally->max)
            leat_put_f64(record + tally->max, NAN);
    }
}

/* The record of the event's bucket, which may be new. */
static uint8_t *find(const leat_section *section, leat_state *state, uint32_t at,
                     const leat_moment *moment)
{
    uint32_t n = leat_section_count(section, state->data), index = n;
    uint8_t *records = state->data + at, *record;
    while (index > 0) { /* nearly always the last one */
        record = records + (size_t)(index - 1) * section->record;
        uint32_t age = leat_record_age(record, moment->newest);
        if (age == moment->age)
            return record;
        if (age > moment->age)
            break;
        index = first_younger(records, index - 1, section->record, moment->newest,
                              moment->age);
    }
    record = leat_section_open(section, state, at, index);
    empty(section, record, (uint16_t)(moment->newest - moment->age));
    return record;
}

static uint32_t count_one(uint8_t *n)
{
    uint32_t counted = leat_get_u32(n);
    counted += counted < UINT32_MAX;
    leat_put_u32(n, counted);
    return counted;
}

/* The same, 1.3. */
static void add_number(const leat_tally *tally, uint8_t *record, double number)
{
    double n = tally->n ? count_one(record + tally->n) : 0, sum = 0;
    if (tally->sum) {
        sum = leat_get_f64(record + tally->sum) + number;
        leat_put_f64(record + tally->sum, sum);
    }
    if (tally->squares && n > 1) {
        double apart = n * number - sum;
        double squares = leat_get_f64(record + tally->squares);
        squares += apart * apart / (n * (n - 1));
        leat_put_f64(record + tally->squares, squares);
    }
    if (tally->min && !(leat_get_f64(record + tally->min) <= number))
        leat_put_f64(record + tally->min, number);
    if (tally->max && !(leat_get_f64(record + tally->max) >= number))
        leat_put_f64(record + tally->max, number);
}

static void add(const leat_section *section, leat_state *state, uint32_t at,
                const leat_moment *moment, const leat_aggregate_input *inputs)
{
    uint8_t *record = find(section, state, at, moment);
    for (uint32_t i = 0; i < section->n_tallies; i++) {
        const leat_tally *tally = &section->tallies[i];
        bool is_every = tally->input == LEAT_EVERY_EVENT;
        double number = is_every ? 0 : inputs[tally->input].number;
        if (is_every || (inputs[tally->input].is_present && !isnan(number)))
            add_number(tally, record, number);
    }
}

const leat_section_type leat_section_buckets = {check, answer, advance, add};
