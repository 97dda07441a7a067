#include "worker/health/health.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lane_meters.h"

static const uint64_t STALL_NS = 60 * LEAT_SEC;
static const uint64_t NOW_NS = 1000 * LEAT_SEC;

typedef struct fixture {
    leat_health *health;
    fake_lane lanes[2];
} fixture;

static int set_up(void **state)
{
    static fixture self;
    self.health = leat_health_new(2, STALL_NS);
    for (int i = 0; i < 2; i++) {
        fake_lane_init(&self.lanes[i]);
        leat_health_add(self.health, &self.lanes[i].meters);
    }
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    leat_health_free(((fixture *)*state)->health);
    return 0;
}

static void join(fixture *self, int lane, uint64_t assigned)
{
    leat_counter_set(&self->lanes[lane].meters.joined, 1);
    leat_counter_set(&self->lanes[lane].meters.assigned, assigned);
}

static void expect_ready(fixture *self, bool ready, const char *words)
{
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_int_equal(leat_health_is_ready(self->health, out), ready);
    fclose(out);
    assert_string_equal(text, words);
}

static void expect_live(fixture *self, bool live, const char *words)
{
    char text[512] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_int_equal(leat_health_is_live(self->health, NOW_NS, out), live);
    fclose(out);
    assert_string_equal(text, words);
}

static void test_health__lives_before_its_lanes_have_begun(void **state)
{
    expect_live(*state, true, "alive\n");
}

static void test_health__a_lane_that_stands_still_is_named(void **state)
{
    fixture *self = *state;
    leat_counter_set(&self->lanes[0].meters.beat_ns, NOW_NS - STALL_NS);
    leat_counter_set(&self->lanes[1].meters.beat_ns, NOW_NS - STALL_NS - LEAT_SEC);
    expect_live(self, false, "not alive: lane 1 has not moved for 61 s\n");
}

static void test_health__a_lane_that_got_on_meanwhile_is_alive(void **state)
{
    fixture *self = *state;
    leat_counter_set(&self->lanes[0].meters.beat_ns, NOW_NS + 1);
    expect_live(self, true, "alive\n");
}

static void test_health__a_lane_may_wait_as_long_as_the_configuration_says(void **state)
{
    (void)state;
    leat_config config = {.window.max_wait_ns = 60 * LEAT_SEC,
                          .redis.timeout_ns = 5 * LEAT_SEC};
    assert_int_equal(leat_health_stall_ns(&config), 125 * LEAT_SEC);
}

static void test_health__says_what_it_waits_for(void **state)
{
    fixture *self = *state;
    expect_ready(self, false, "not ready: the model is being loaded\n");
    leat_health_set(self->health, LEAT_PHASE_AWAITING, NULL);
    expect_ready(self, false, "not ready: no broker has answered yet\n");
    leat_health_set(self->health, LEAT_PHASE_STARTING, NULL);
    expect_ready(self, false, "not ready: the lanes are being started\n");
}

static void test_health__every_lane_must_have_an_answer(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
    join(self, 0, 8);
    expect_ready(self, false,
                 "not ready: 1 of 2 lanes wait for the answer of their group\n");
    join(self, 1, 0);
    expect_ready(self, true, "ready: 2 lanes, 8 partitions\n");
}

static void test_health__a_lane_that_was_lost_is_not_ready(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
    join(self, 0, 8);
    join(self, 1, 0);
    leat_counter_set(&self->lanes[1].meters.joined, 0);
    assert_false(leat_health_is_ready(self->health, NULL));
}

static void test_health__a_worker_without_lanes_is_not_ready(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
    leat_health_forget(self->health);
    assert_false(leat_health_is_ready(self->health, NULL));
}

static void test_health__a_failing_lane_is_told_before_it_has_ended(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
    join(self, 0, 8);
    join(self, 1, 0);
    leat_error_set(&self->lanes[1].meters.failure, LEAT_E_KAFKA, "the topic is gone");
    atomic_store(&self->lanes[1].meters.failed, true);
    expect_ready(self, false, "not ready: failed: lane 1: the topic is gone\n");
}

static void test_health__halted_says_why_and_lives(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_RUNNING, NULL);
    assert_false(leat_health_is_halted(self->health));
    leat_health_set(self->health, LEAT_PHASE_HALTED, "9 of 10 failed");
    assert_true(leat_health_is_halted(self->health));
    expect_ready(self, false, "not ready: halted: 9 of 10 failed\n");
    expect_live(self, true, "alive\n");
}

static void test_health__draining_is_not_ready(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_DRAINING, NULL);
    expect_ready(self, false, "not ready: draining\n");
}

static void test_health__never_goes_back(void **state)
{
    fixture *self = *state;
    leat_health_set(self->health, LEAT_PHASE_FAILED, "this came first");
    leat_health_set(self->health, LEAT_PHASE_DRAINING, NULL);
    leat_health_set(self->health, LEAT_PHASE_FAILED, "this came later");
    expect_ready(self, false, "not ready: failed: this came first\n");
}

#define HEALTH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEALTH_TEST(test_health__lives_before_its_lanes_have_begun),
        HEALTH_TEST(test_health__a_lane_that_stands_still_is_named),
        HEALTH_TEST(test_health__a_lane_that_got_on_meanwhile_is_alive),
        cmocka_unit_test(test_health__a_lane_may_wait_as_long_as_the_configuration_says),
        HEALTH_TEST(test_health__says_what_it_waits_for),
        HEALTH_TEST(test_health__every_lane_must_have_an_answer),
        HEALTH_TEST(test_health__a_lane_that_was_lost_is_not_ready),
        HEALTH_TEST(test_health__a_worker_without_lanes_is_not_ready),
        HEALTH_TEST(test_health__a_failing_lane_is_told_before_it_has_ended),
        HEALTH_TEST(test_health__halted_says_why_and_lives),
        HEALTH_TEST(test_health__draining_is_not_ready),
        HEALTH_TEST(test_health__never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
