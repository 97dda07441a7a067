/* The values that were applied last: u16 bucket, f64. */
#include "features/aggregate/state_section.h"

#include <math.h>

static bool check(const leat_section *section, const uint8_t *bytes, uint32_t at,
                  uint16_t newest)
{
    (void)section, (void)bytes, (void)at, (void)newest;
    return true; /* in the order of applying, which may be any */
}

static void answer_one(const leat_section *section, const uint8_t *first, uint32_t n,
                       const leat_reach *reach, double *numbers, uint32_t n_numbers)
{
    uint32_t filled = 0;
    for (uint32_t i = n > n_numbers ? n - n_numbers : 0; i < n; i++) {
        const uint8_t *record = first + (size_t)i * section->record;
        if (leat_record_age(record, reach->newest) < reach->end)
            numbers[filled++] = leat_get_f64(record + sizeof(uint16_t));
    }
    while (filled < n_numbers)
        numbers[filled++] = NAN;
}

static void answer(const leat_section *section, const uint8_t *bytes, uint32_t at,
                   const leat_reach *reach, double *numbers)
{
    uint32_t n = leat_section_count(section, bytes);
    for (uint32_t i = 0; i < section->n_aggregates; i++) {
        const leat_aggregate *aggregate = &section->aggregates[i];
        answer_one(section, bytes + at, n, reach, numbers + aggregate->answer,
                   aggregate->n);
    }
}

static void advance(const leat_section *section, leat_state *state, uint32_t at,
                    const leat_moment *moment)
{
    uint32_t n = leat_section_count(section, state->data), n_kept = 0;
    uint8_t *records = state->data + at;
    uint16_t newest_before = (uint16_t)(moment->newest - moment->step);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *record = records + (size_t)i * section->record;
        if (leat_record_age(record, newest_before) + moment->step >= section->kept)
            continue;
        if (n_kept < i)
            memcpy(records + (size_t)n_kept * section->record, record, section->record);
        n_kept++;
    }
    if (n_kept < n)
        leat_section_close(section, state, at, n_kept, n - n_kept);
}

static void add(const leat_section *section, leat_state *state, uint32_t at,
                const leat_moment *moment, const leat_aggregate_input *inputs)
{
    const leat_aggregate_input *input = &inputs[section->input];
    if (!input->is_present || isnan(input->number))
        return;
    uint32_t n = leat_section_count(section, state->data), size = section->record;
    uint8_t *records = state->data + at, *record;
    if (n == section->most) {
        record = records + (size_t)(n - 1) * size;
        memmove(records, records + size, (size_t)(n - 1) * size);
    } else {
        record = leat_section_open(section, state, at, n);
    }
    leat_put_u16(record, (uint16_t)(moment->newest - moment->age));
    leat_put_f64(record + sizeof(uint16_t), input->number);
}

const leat_section_type leat_section_values = {check, answer, advance, add};
