#include "features/aggregate/state.h"

#include "features/aggregate/state_section.h"

#include <math.h>
#include <stdlib.h>

void leat_state_fini(leat_state *state)
{
    free(state->data);
    *state = (leat_state){0};
}

/* left - right, which is not negative, but may be more than an int64_t holds. */
static uint64_t buckets_between(int64_t left, int64_t right)
{
    return (uint64_t)left - (uint64_t)right;
}

static uint32_t at_most(uint64_t number, uint32_t most)
{
    return number < most ? (uint32_t)number : most;
}

/* Whether the records stand within the bytes, and none is older than what is kept. */
static bool check_section(const leat_section *section, leat_slice bytes, uint64_t at,
                          uint16_t newest)
{
    uint32_t n = leat_section_count(section, bytes.data);
    if (n > section->most || at + (uint64_t)n * section->record > bytes.size)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (leat_record_age(bytes.data + at + (uint64_t)i * section->record, newest) >=
            section->kept)
            return false;
    return section->type->check(section, bytes.data, (uint32_t)at, newest);
}

leat_status leat_state_check(const leat_state_spec *spec, leat_slice bytes)
{
    const leat_state_layout *layout = spec->layout;
    uint64_t at = layout->head_size;
    if (bytes.size < at || leat_get_u32(bytes.data + LEAT_STATE_MARK_AT) != layout->mark)
        return LEAT_E_FORMAT;
    int64_t time_ns = leat_get_i64(bytes.data + LEAT_STATE_TIME_AT);
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        const leat_window_layout *window = &layout->windows[w];
        uint16_t newest = (uint16_t)leat_bucket_of(time_ns, window);
        if (window->last && leat_get_i64(bytes.data + window->last) > time_ns)
            return LEAT_E_FORMAT;
        for (uint32_t i = 0; i < window->n_sections; i++) {
            if (!check_section(&window->sections[i], bytes, at, newest))
                return LEAT_E_FORMAT;
            at += leat_section_size(&window->sections[i], bytes.data);
        }
    }
    return at == bytes.size ? LEAT_OK : LEAT_E_FORMAT;
}

/* Room for so many bytes and what an event adds; doubled, so that it is seldom asked for. */
static leat_status reserve(const leat_state_layout *layout, leat_state *state,
                           uint32_t size)
{
    uint64_t needed = (uint64_t)size + layout->growth, capacity = state->capacity;
    if (needed <= capacity)
        return LEAT_OK;
    capacity = needed > 2 * capacity ? needed : 2 * capacity;
    if (capacity > UINT32_MAX)
        return LEAT_E_MEMORY;
    uint8_t *data = realloc(state->data, capacity);
    if (!data)
        return LEAT_E_MEMORY;
    state->data = data;
    state->capacity = (uint32_t)capacity;
    return LEAT_OK;
}

leat_status leat_state_load(const leat_state_spec *spec, leat_state *state,
                            leat_slice bytes)
{
    leat_status status = reserve(spec->layout, state, bytes.size);
    if (status != LEAT_OK)
        return status;
    memcpy(state->data, bytes.data, bytes.size);
    state->size = bytes.size;
    return LEAT_OK;
}

/* `bucket` sees itself and the 59 before it. */
static leat_reach reach_of(int64_t newest, int64_t bucket)
{
    leat_reach reach = {.newest = (uint16_t)newest, .end = LEAT_WINDOW_BUCKETS};
    if (bucket >= newest) {
        reach.end -= at_most(buckets_between(bucket, newest), LEAT_WINDOW_BUCKETS);
    } else {
        reach.from = at_most(buckets_between(newest, bucket), UINT16_MAX + 1);
        reach.end += reach.from;
    }
    return reach;
}

/* left - right, which may be more than an int64_t holds. */
static double seconds_between(int64_t left, int64_t right)
{
    double ns = left >= right ? (double)((uint64_t)left - (uint64_t)right)
                              : -(double)((uint64_t)right - (uint64_t)left);
    return ns / 1e9;
}

static void answer_since(const leat_window_layout *window, const uint8_t *bytes,
                         const leat_reach *reach, int64_t newest, int64_t time_ns,
                         double *answer)
{
    if (!window->last)
        return;
    int64_t last_ns = leat_get_i64(bytes + window->last);
    bool is_seen = buckets_between(newest, leat_bucket_of(last_ns, window)) < reach->end;
    for (uint32_t i = 0; i < window->n_since; i++)
        answer[window->since[i].answer] =
            is_seen ? seconds_between(time_ns, last_ns) : NAN;
}

void leat_state_answer(const leat_state_spec *spec, const leat_state *state,
                       int64_t time_ns, double *answer)
{
    const leat_state_layout *layout = spec->layout;
    const uint8_t *bytes = state->size ? state->data : layout->empty;
    int64_t latest_ns = leat_get_i64(bytes + LEAT_STATE_TIME_AT);
    uint32_t at = layout->head_size;
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        const leat_window_layout *window = &layout->windows[w];
        int64_t newest = leat_bucket_of(latest_ns, window);
        leat_reach reach = {0};
        if (state->size)
            reach = reach_of(newest, leat_bucket_of(time_ns, window));
        for (uint32_t i = 0; i < window->n_sections; i++) {
            const leat_section *section = &window->sections[i];
            section->type->answer(section, bytes, at, &reach, answer);
            at += leat_section_size(section, bytes);
        }
        answer_since(window, bytes, &reach, newest, time_ns, answer);
    }
}

static leat_moment moment_of(const leat_window_layout *window, int64_t before_ns,
                             int64_t latest_ns, int64_t time_ns)
{
    int64_t newest = leat_bucket_of(latest_ns, window);
    int64_t before = leat_bucket_of(before_ns, window),
            bucket = leat_bucket_of(time_ns, window);
    return (leat_moment){.newest = (uint16_t)newest,
                         .step = at_most(buckets_between(newest, before), UINT16_MAX + 1),
                         .age = at_most(buckets_between(newest, bucket), UINT16_MAX + 1)};
}

/* Returns whether it took the event in. */
static bool apply_to(const leat_window_layout *window, leat_state *state, uint32_t *at,
                     const leat_moment *moment, int64_t time_ns,
                     const leat_aggregate_input *inputs)
{
    bool is_kept = moment->age < window->kept;
    for (uint32_t i = 0; i < window->n_sections; i++) {
        const leat_section *section = &window->sections[i];
        if (moment->step > 0)
            section->type->advance(section, state, *at, moment);
        if (is_kept)
            section->type->add(section, state, *at, moment, inputs);
        *at += leat_section_size(section, state->data);
    }
    if (is_kept && window->last)
        leat_put_i64(state->data + window->last, time_ns);
    return is_kept;
}

leat_status leat_state_apply(const leat_state_spec *spec, leat_state *state,
                             int64_t time_ns, const leat_aggregate_input *inputs)
{
    const leat_state_layout *layout = spec->layout;
    bool is_new = state->size == 0, is_kept = false;
    uint32_t at = layout->head_size;
    leat_status status = reserve(layout, state, is_new ? at : state->size);
    if (status != LEAT_OK)
        return status;
    if (is_new) {
        memcpy(state->data, layout->empty, at);
        leat_put_i64(state->data + LEAT_STATE_TIME_AT, time_ns);
        state->size = at;
    }
    int64_t before_ns = leat_get_i64(state->data + LEAT_STATE_TIME_AT);
    int64_t latest_ns = time_ns > before_ns ? time_ns : before_ns;
    leat_put_i64(state->data + LEAT_STATE_TIME_AT, latest_ns);
    for (uint32_t w = 0; w < spec->n_windows; w++) {
        const leat_window_layout *window = &layout->windows[w];
        leat_moment moment = moment_of(window, before_ns, latest_ns, time_ns);
        is_kept |= apply_to(window, state, &at, &moment, time_ns, inputs);
    }
    return is_kept ? LEAT_OK : LEAT_MORE;
}
