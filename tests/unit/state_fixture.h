/* tests/unit/state_fixture.h: a spec that is put together aggregate by aggregate, and one
 * entity. Buckets last a second, so that the window is a minute. */
#ifndef LEAT_TESTS_STATE_FIXTURE_H
#define LEAT_TESTS_STATE_FIXTURE_H

#include "features/aggregate/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define START  (INT64_C(1700000000) * SECOND)

enum { MOST_AGGREGATES = 16, MOST_ANSWERS = 100 };

extern leat_sliding_window windows[2];
extern leat_state_spec spec; /* of the first window and two inputs */
extern leat_state entity;
extern double answer[MOST_ANSWERS];

int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Of input 0, in the first window; n numbers. */
void aggregate(leat_aggregate_kind kind, uint32_t n);

/* When all are named. */
void lay_out(void);

/* A spec of one aggregate. */
void only(leat_aggregate_kind kind, uint32_t n);

/* An event whose input 0 is that number. */
leat_status apply(int64_t time_ns, double number);

/* One that must be taken. */
void add(int64_t time_ns, double number);

/* Fills the answer; its first number. */
double asked(int64_t time_ns);

leat_slice bytes(void);
void assert_checked(leat_status expected);

/* A hash. */
uint64_t mixed(uint64_t number);

/* One after the other, the same in every run; below `end`. */
uint64_t random_below(uint64_t end);

/* The time of the next event of a stream that has bursts, pauses and late events, by at
 * most `late` buckets. */
int64_t next_time(int64_t *latest_ns, uint64_t late);

#endif
