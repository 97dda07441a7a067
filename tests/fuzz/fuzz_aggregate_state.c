/* Whatever stands in Redis: a state is refused, or can be asked and told about events, and
 * what comes of it is a state again. The first bytes choose a spec and make the events. */
#include "features/aggregate/state_bytes.h"
#include "features/aggregate/state_describe.h"
#include "features/aggregate/state_layout.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_SPECS = 4, N_EVENTS = 4, N_ANSWERS = 32 };

static const leat_aggregate of_all[] = {
    {LEAT_AGGREGATE_COUNT, 0, 1, 0},      {LEAT_AGGREGATE_SUM, 0, 1, 1},
    {LEAT_AGGREGATE_MEAN, 0, 1, 2},       {LEAT_AGGREGATE_MIN, 0, 1, 3},
    {LEAT_AGGREGATE_MAX, 0, 1, 4},        {LEAT_AGGREGATE_STD, 0, 1, 5},
    {LEAT_AGGREGATE_DISTINCT, 1, 1, 6},   {LEAT_AGGREGATE_LAST, 0, 3, 7},
    {LEAT_AGGREGATE_SINCE_LAST, 0, 1, 10}};
static const leat_aggregate of_buckets[] = {{LEAT_AGGREGATE_SUM, 1, 1, 11},
                                            {LEAT_AGGREGATE_MAX, 0, 1, 12}};
static const leat_aggregate of_pairs[] = {{LEAT_AGGREGATE_DISTINCT, 0, 1, 13},
                                          {LEAT_AGGREGATE_DISTINCT, 1, 1, 14}};
static const leat_aggregate of_values[] = {{LEAT_AGGREGATE_LAST, 0, 2, 15},
                                           {LEAT_AGGREGATE_LAST, 1, 9, 17}};
static const leat_sliding_window windows[] = {{60, 1, 9, of_all},
                                              {1, LEAT_LATE_BUCKETS, 2, of_buckets},
                                              {INT64_MAX, 0, 2, of_pairs},
                                              {7, 1, 2, of_pairs},
                                              {7, 100, 2, of_values}};
static leat_state_spec specs[N_SPECS] = {
    {.n_windows = 1, .windows = windows},
    {.n_windows = 2, .windows = windows},
    {.n_windows = 1, .windows = windows + 3},
    {.n_windows = 5, .windows = windows},
};

/* What there is to begin with decides about the rest of the input. */
typedef struct opening {
    uint8_t spec;
    uint8_t n_events;
    struct {
        int64_t time_ns;
        double number;
        uint64_t hash;
    } events[N_EVENTS];
} opening;

static void lay_out(void)
{
    static leat_arena arena;
    if (specs[0].layout)
        return;
    leat_arena_init(&arena, 4096);
    for (uint32_t i = 0; i < N_SPECS; i++) {
        specs[i].n_inputs = 2;
        specs[i].n_answers = N_ANSWERS;
        if (leat_state_lay_out(&specs[i], &arena) != LEAT_OK)
            abort();
    }
}

static void must_be(bool is_so)
{
    if (!is_so)
        abort();
}

static void apply(const leat_state_spec *spec, leat_state *state, const opening *open)
{
    double answer[N_ANSWERS];
    for (uint32_t i = 0; i < open->n_events % (N_EVENTS + 1); i++) {
        const leat_aggregate_input inputs[2] = {
            {open->events[i].number, open->events[i].hash, true},
            {open->events[i].number, open->events[i].hash >> 48, i % 2 == 0}};
        int64_t time_ns = open->events[i].time_ns;
        leat_state_answer(spec, state, time_ns, answer);
        must_be(leat_state_apply(spec, state, time_ns, inputs) >= 0);
        leat_slice bytes = {state->data, state->size};
        must_be(leat_state_check(spec, bytes) == LEAT_OK);
    }
}

static void look(const leat_state_spec *spec, const leat_state *state, int64_t time_ns)
{
    static const char *words[N_ANSWERS];
    static leat_arena arena;
    const leat_state_names names = {words, words};
    double answer[N_ANSWERS];
    leat_slice map;
    if (!words[0])
        leat_arena_init(&arena, 4096);
    for (uint32_t i = 0; i < N_ANSWERS; i++)
        words[i] = "word";
    leat_arena_reset(&arena);
    leat_state_answer(spec, state, time_ns, answer);
    must_be(leat_state_describe(spec, &names, state, time_ns, &arena, &map) == LEAT_OK);
}

/* A block of exactly that size, so that a byte read beyond it is seen. */
static leat_slice with_mark(const leat_state_spec *spec, const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + sizeof(uint32_t));
    must_be(bytes != NULL);
    leat_put_u32(bytes, spec->layout->mark);
    memcpy(bytes + sizeof(uint32_t), data, size);
    return (leat_slice){bytes, (uint32_t)(size + sizeof(uint32_t))};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    opening open;
    leat_state state = {0};
    if (size < sizeof open)
        return 0;
    lay_out();
    memcpy(&open, data, sizeof open);
    const leat_state_spec *spec = &specs[open.spec % N_SPECS];
    leat_slice bytes = with_mark(spec, data + sizeof open, size - sizeof open);
    bool is_state = leat_state_check(spec, bytes) == LEAT_OK;
    if (is_state) {
        leat_state exact = {(uint8_t *)(uintptr_t)bytes.data, bytes.size, bytes.size};
        look(spec, &exact, open.events[0].time_ns);
        must_be(leat_state_load(spec, &state, bytes) == LEAT_OK);
    }
    if (is_state || size == sizeof open)
        apply(spec, &state, &open);
    leat_state_fini(&state);
    free((void *)(uintptr_t)bytes.data);
    return 0;
}
