/* Finding the event whose record the brokers refuse, against brokers that refuse one. */
#include "worker/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW = 256 };

static const leat_schema no_schema = {.n_inputs = 0};
static const leat_tensor_spec one_score = {.name = "score", .rank = 2, .shape = {0, 1}};
static const leat_window any_window = {.max_events = WINDOW};

static void fill(leat_batch *batch, int64_t first, uint32_t n)
{
    assert_int_equal(leat_batch_reset(batch, &no_schema, &one_score), LEAT_OK);
    for (uint32_t i = 0; i < n; i++) {
        leat_event *event = leat_batch_add(batch);
        event->topic = "in";
        event->offset = first + i;
        assert_int_equal(leat_batch_add_rows(batch, event, 1), LEAT_OK);
    }
}

/* Whether the brokers refuse something of the batch: a poison that is not a dead letter yet. */
static bool is_refused(const leat_batch *batch, int64_t poison)
{
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (batch->events[i].offset == poison && batch->events[i].status == LEAT_OK)
            return true;
    return false;
}

static void test_refusals__one_of_many_is_found_and_the_others_pass(void **state)
{
    (void)state;
    enum { N = 2000, POISON = 777 };
    leat_refusals refusals = {0};
    leat_batch batch;
    leat_error error;
    assert_int_equal(leat_batch_init(&batch, WINDOW), LEAT_OK);
    fill(&batch, 0, 10);
    assert_int_equal(leat_refusals_note(&refusals, &batch, N, "why", &error), LEAT_OK);
    int buried = 0, rounds = 0;
    for (int64_t at = 0; at < POISON + 1 + N; rounds++) {
        fill(&batch, at, leat_refusals_window(&refusals, &any_window).max_events);
        leat_refusals_mark(&refusals, &batch);
        if (is_refused(&batch, POISON)) {
            assert_int_equal(leat_refusals_note(&refusals, &batch, 0, "why", &error),
                             LEAT_OK);
            continue;
        }
        for (uint32_t i = 0; i < batch.n_events; i++)
            buried += batch.events[i].status != LEAT_OK;
        assert_false(leat_refusals_passed(&refusals, &batch));
        at += batch.n_events;
    }
    assert_int_equal(buried, 1);
    assert_in_range(rounds, 1, 8 * WINDOW);
    assert_false(leat_refusals_is_careful(&refusals));
    assert_int_equal(leat_refusals_window(&refusals, &any_window).max_events, WINDOW);
    leat_batch_fini(&batch);
}

/* A search among `n`, with `others` of other partitions before each look at the poison. How often
 * it was said that there is nothing to find. */
static int search_behind(uint32_t n, uint32_t others)
{
    leat_refusals refusals = {0};
    leat_batch batch;
    leat_error error;
    int given_up = 0;
    assert_int_equal(leat_batch_init(&batch, WINDOW), LEAT_OK);
    fill(&batch, 0, 10);
    for (int rounds = 0; is_refused(&batch, 0); rounds++) {
        assert_in_range(rounds, 0, 2 * WINDOW);
        assert_int_equal(leat_refusals_note(&refusals, &batch, n, "why", &error),
                         LEAT_OK);
        for (uint32_t i = 0; i < others; i += batch.n_events) {
            fill(&batch, 1 + i, leat_refusals_window(&refusals, &any_window).max_events);
            if (leat_refusals_is_careful(&refusals)) /* as a lane asks */
                given_up += leat_refusals_passed(&refusals, &batch);
        }
        fill(&batch, 0, leat_refusals_window(&refusals, &any_window).max_events);
        leat_refusals_mark(&refusals, &batch);
    }
    leat_batch_fini(&batch);
    return given_up;
}

static void test_refusals__one_behind_much_of_other_partitions_is_found(void **state)
{
    (void)state;
    assert_int_equal(search_behind(2000, 1500), 0);
}

static void test_refusals__one_behind_more_than_that_is_found(void **state)
{
    (void)state;
    assert_true(search_behind(2000, 2500) > 0);
}

static void test_refusals__a_refused_dead_letter_ends_the_search(void **state)
{
    (void)state;
    leat_refusals refusals = {0};
    leat_batch batch;
    leat_error error;
    assert_int_equal(leat_batch_init(&batch, WINDOW), LEAT_OK);
    fill(&batch, 41, 1);
    assert_int_equal(leat_refusals_note(&refusals, &batch, 10, "why", &error), LEAT_OK);
    assert_int_equal(leat_refusals_note(&refusals, &batch, 10, "why", &error), LEAT_OK);
    leat_refusals_mark(&refusals, &batch);
    assert_int_equal(batch.events[0].status, LEAT_E_REFUSED);
    assert_int_equal(leat_refusals_note(&refusals, &batch, 10, "why not", &error),
                     LEAT_E_DELIVERY);
    assert_string_equal(error.msg, "in/0/41: its dead letter was refused: why not");
    leat_batch_fini(&batch);
}

static void test_refusals__a_bad_event_keeps_what_was_said_of_it(void **state)
{
    (void)state;
    leat_refusals refusals = {0};
    leat_batch batch;
    leat_error error;
    assert_int_equal(leat_batch_init(&batch, WINDOW), LEAT_OK);
    fill(&batch, 5, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(leat_refusals_note(&refusals, &batch, 10, "too large", &error),
                         LEAT_OK);
    leat_batch_fail(&batch, &batch.events[0], LEAT_STAGE_DECODE, LEAT_E_TRUNCATED, "cut");
    leat_refusals_mark(&refusals, &batch);
    assert_string_equal(batch.events[0].reason,
                        "the brokers refused its record: too large; "
                        "and before that: cut");
    leat_batch_fini(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals__one_of_many_is_found_and_the_others_pass),
        cmocka_unit_test(test_refusals__one_behind_much_of_other_partitions_is_found),
        cmocka_unit_test(test_refusals__one_behind_more_than_that_is_found),
        cmocka_unit_test(test_refusals__a_refused_dead_letter_ends_the_search),
        cmocka_unit_test(test_refusals__a_bad_event_keeps_what_was_said_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
