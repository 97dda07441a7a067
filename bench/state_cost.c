/* state_cost [TURNS]: what an entity's state costs: nanoseconds to answer an event and to
 * apply one, and bytes, for some windows of an hour. JSON, medians of TURNS (default 9). */
#include "bench/side/side.h"
#include "features/aggregate/state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_AGGREGATES = 4, MOST_TURNS = 99, EVENTS = 20000, LAST = 50 };

#define BUCKET INT64_C(60000000000)
#define START  (INT64_C(1700000000) * INT64_C(1000000000))

typedef struct bench_case {
    const char *name;
    uint64_t n_values; /* different ones */
    uint32_t n_aggregates;
    leat_aggregate aggregates[MOST_AGGREGATES];
} bench_case;

static const bench_case cases[] = {
    {"count", 1, 1, {{LEAT_AGGREGATE_COUNT, 0, 1, 0}}},
    {"count_sum_mean_max",
     1,
     4,
     {{LEAT_AGGREGATE_COUNT, 0, 1, 0},
      {LEAT_AGGREGATE_SUM, 0, 1, 1},
      {LEAT_AGGREGATE_MEAN, 0, 1, 2},
      {LEAT_AGGREGATE_MAX, 0, 1, 3}}},
    {"std", 1, 1, {{LEAT_AGGREGATE_STD, 0, 1, 0}}},
    {"distinct_of_10", 10, 1, {{LEAT_AGGREGATE_DISTINCT, 0, 1, 0}}},
    {"distinct_of_200", 200, 1, {{LEAT_AGGREGATE_DISTINCT, 0, 1, 0}}},
    {"distinct_of_100000", 100000, 1, {{LEAT_AGGREGATE_DISTINCT, 0, 1, 0}}},
    {"last_50", 1, 1, {{LEAT_AGGREGATE_LAST, 0, LAST, 0}}},
    {"since_last", 1, 1, {{LEAT_AGGREGATE_SINCE_LAST, 0, 1, 0}}},
};

/* An entity whose events come `step_ns` apart. */
typedef struct run {
    leat_state_spec spec;
    leat_state state;
    uint64_t n_values;
    int64_t time_ns;
    int64_t step_ns;
    uint64_t random;
    double answer[LAST];
} run;

static uint64_t next_random(run *self)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random;
}

static void apply(run *self)
{
    uint64_t value = next_random(self) % self->n_values;
    leat_aggregate_input input = {(double)(self->random >> 40),
                                  (value + 1) * UINT64_C(0x9e3779b97f4a7c15), true};
    self->time_ns += self->step_ns;
    if (leat_state_apply(&self->spec, &self->state, self->time_ns, &input) != LEAT_OK)
        bench_give_up("apply", "an event was not taken");
}

static void answer(run *self)
{
    leat_state_answer(&self->spec, &self->state, self->time_ns + 1, self->answer);
}

static double ns_of(run *self, void (*work)(run *self))
{
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < EVENTS; i++)
        work(self);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = (double)(end.tv_sec - begin.tv_sec) * 1e9;
    return (ns + (double)(end.tv_nsec - begin.tv_nsec)) / EVENTS;
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(run *self, void (*work)(run *self), int turns)
{
    double ns[MOST_TURNS];
    for (int i = 0; i < turns; i++)
        ns[i] = ns_of(self, work);
    qsort(ns, (size_t)turns, sizeof *ns, by_size);
    return ns[turns / 2];
}

/* Events that are `step_ns` apart, once the window is full of them. */
static void measure(const bench_case *of, const char *pace, int64_t step_ns, int turns)
{
    leat_arena arena;
    leat_sliding_window window = {(uint64_t)BUCKET, 1, of->n_aggregates, of->aggregates};
    run self = {.spec = {.n_windows = 1, .windows = &window, .n_inputs = 1},
                .n_values = of->n_values,
                .time_ns = START,
                .step_ns = step_ns,
                .random = 88172645463325252};
    self.spec.n_answers = LAST;
    leat_arena_init(&arena, 4096);
    if (leat_state_lay_out(&self.spec, &arena) != LEAT_OK)
        bench_give_up("lay_out", "no memory");
    for (int i = 0; i < EVENTS; i++)
        apply(&self);
    double applied_ns = median(&self, apply, turns);
    printf("\"%s_%s_apply_ns\": %.1f, ", of->name, pace, applied_ns);
    printf("\"%s_%s_answer_ns\": %.1f, ", of->name, pace, median(&self, answer, turns));
    printf("\"%s_%s_bytes\": %u", of->name, pace, self.state.size);
    leat_state_fini(&self.state);
    leat_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int64_t step_ns;
    } paces[] = {
        {"once", 100 * BUCKET}, {"hourly_4", 15 * BUCKET}, {"busy", BUCKET / 100}};
    enum { N_PACES = sizeof paces / sizeof paces[0] };
    int turns = argc > 1 ? atoi(argv[1]) : 9;
    if (turns < 1 || turns > MOST_TURNS)
        bench_give_up("TURNS", "is a number from 1 to 99");
    printf("{");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int k = 0; k < N_PACES; k++) {
            printf(i || k ? ",\n " : "");
            measure(&cases[i], paces[k].name, paces[k].step_ns, turns);
        }
    }
    printf("}\n");
    return 0;
}
