#include "state_fixture.h"

#include <math.h>

static leat_aggregate aggregates[MOST_AGGREGATES];
static leat_arena arena;
static uint64_t random_state;

leat_sliding_window windows[2];
leat_state_spec spec;
leat_state entity;
double answer[MOST_ANSWERS];

int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    windows[0] = (leat_sliding_window){
        .bucket_ns = SECOND, .late_buckets = 1, .aggregates = aggregates};
    spec = (leat_state_spec){.n_windows = 1, .windows = windows, .n_inputs = 2};
    random_state = 0;
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    leat_state_fini(&entity);
    leat_arena_fini(&arena);
    return 0;
}

void aggregate(leat_aggregate_kind kind, uint32_t n)
{
    leat_aggregate *next = &aggregates[windows[0].n_aggregates++];
    *next = (leat_aggregate){.kind = kind, .n = n, .answer = spec.n_answers};
    spec.n_answers += n;
}

void lay_out(void)
{
    assert_int_equal(leat_state_lay_out(&spec, &arena), LEAT_OK);
}

void only(leat_aggregate_kind kind, uint32_t n)
{
    aggregate(kind, n);
    lay_out();
}

leat_status apply(int64_t time_ns, double number)
{
    const leat_aggregate_input inputs[2] = {
        {number, mixed((uint64_t)(int64_t)(number * 8)), true}, {NAN, 0, false}};
    return leat_state_apply(&spec, &entity, time_ns, inputs);
}

void add(int64_t time_ns, double number)
{
    assert_int_equal(apply(time_ns, number), LEAT_OK);
}

double asked(int64_t time_ns)
{
    leat_state_answer(&spec, &entity, time_ns, answer);
    return answer[0];
}

leat_slice bytes(void)
{
    return (leat_slice){entity.data, entity.size};
}

void assert_checked(leat_status expected)
{
    assert_int_equal(leat_state_check(&spec, bytes()), expected);
}

/* splitmix64 */
uint64_t mixed(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

uint64_t random_below(uint64_t end)
{
    return mixed(random_state++) % end;
}

int64_t next_time(int64_t *latest_ns, uint64_t late)
{
    static const int64_t steps[] = {0,      1,          SECOND / 3,  SECOND,
                                    SECOND, 7 * SECOND, 40 * SECOND, 500 * SECOND};
    uint64_t rare = random_below(20) ? 5 : sizeof steps / sizeof steps[0];
    *latest_ns += steps[random_below(rare)];
    int64_t behind = random_below(5) ? 0 : (int64_t)random_below(late + 1);
    return *latest_ns - behind * SECOND;
}
