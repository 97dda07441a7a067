#include "base/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX_EVENTS = 4 };

static const leat_tensor_spec inputs[] = {{"x", LEAT_F32, 2, {0, 3}},
                                          {"h", LEAT_F64, 3, {0, 2, 5}}};
static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 2}};
static const leat_column columns[70];
static const leat_path captures[2];
static const leat_schema schema = {
    .n_inputs = 2,
    .inputs = inputs,
    .n_columns = 70,
    .columns = columns,
    .n_captures = 2,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
};
static leat_batch batch;

static int setup(void **state)
{
    (void)state;
    if (leat_batch_init(&batch, MAX_EVENTS) != LEAT_OK)
        return 1;
    return leat_batch_reset(&batch, &schema, &output) != LEAT_OK;
}

static int teardown(void **state)
{
    (void)state;
    leat_batch_fini(&batch);
    return 0;
}

static void test_batch__tensors_have_the_shapes_of_the_schema(void **state)
{
    (void)state;
    assert_int_equal(batch.inputs[0].row_size, 3);
    assert_int_equal(batch.inputs[1].row_size, 10);
    assert_int_equal(batch.output.row_size, 2);
    assert_int_equal((uintptr_t)batch.inputs[0].data % 64, 0);
    assert_int_equal((uintptr_t)batch.inputs[1].data % 64, 0);
    memset(batch.inputs[0].data, 1, MAX_EVENTS * 3 * sizeof(float));
    memset(batch.inputs[1].data, 2, MAX_EVENTS * 10 * sizeof(double));
    memset(batch.output.data, 3, MAX_EVENTS * 2 * sizeof(float));
    assert_int_equal(*(uint8_t *)batch.inputs[0].data, 1);
}

static void test_batch__takes_so_many_events_and_no_more(void **state)
{
    (void)state;
    for (int64_t i = 0; i < MAX_EVENTS; i++)
        leat_batch_add(&batch)->offset = i;
    assert_null(leat_batch_add(&batch));
    for (uint32_t i = 0; i < MAX_EVENTS; i++) {
        assert_int_equal(batch.events[i].offset, i);
        assert_int_equal(leat_batch_event_index(&batch, &batch.events[i]), i);
    }
}

static void test_batch__rows_follow_one_another(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        leat_event *event = leat_batch_add(&batch);
        assert_int_equal(leat_batch_add_rows(&batch, event, 1), LEAT_OK);
        assert_int_equal(event->first, i);
        assert_int_equal(event->n, 1);
    }
    assert_int_equal(batch.n_rows, 3);
}

/* What was written stays where it belongs, wherever the tensors move. */
static void test_batch__rows_grow_beyond_events(void **state)
{
    (void)state;
    uint32_t n_rows = 0;
    for (uint32_t i = 0; i < MAX_EVENTS; i++) {
        leat_event *event = leat_batch_add(&batch);
        assert_int_equal(leat_batch_add_rows(&batch, event, 100 * i), LEAT_OK);
        assert_int_equal(event->first, n_rows);
        assert_int_equal(event->n, 100 * i);
        for (; n_rows < event->first + event->n; n_rows++) {
            ((float *)batch.inputs[0].data)[3 * n_rows + 2] = (float)n_rows;
            ((double *)batch.inputs[1].data)[10 * n_rows + 9] = n_rows;
        }
    }
    assert_int_equal(batch.n_rows, 600);
    assert_true(batch.max_rows >= 600);
    memset(batch.output.data, 1, batch.max_rows * 2 * sizeof(float));
    for (uint32_t i = 0; i < n_rows; i++) {
        assert_true(((float *)batch.inputs[0].data)[3 * i + 2] == (float)i);
        assert_true(((double *)batch.inputs[1].data)[10 * i + 9] == i);
    }
}

static void test_batch__room_for_rows_stays(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_add_rows(&batch, leat_batch_add(&batch), 1000), LEAT_OK);
    uint32_t max_rows = batch.max_rows;
    const void *data = batch.inputs[0].data;
    assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
    assert_int_equal(leat_batch_add_rows(&batch, leat_batch_add(&batch), 1000), LEAT_OK);
    assert_int_equal(batch.max_rows, max_rows);
    assert_ptr_equal(batch.inputs[0].data, data);
}

static void test_batch__rows_that_no_memory_holds(void **state)
{
    (void)state;
    leat_event *event = leat_batch_add(&batch);
    assert_int_equal(leat_batch_add_rows(&batch, event, UINT32_MAX), LEAT_E_MEMORY);
    assert_int_equal(event->n, 0);
    assert_int_equal(batch.n_rows, 0);
    assert_int_equal(leat_batch_add_rows(&batch, event, 1), LEAT_OK);
    *(float *)batch.inputs[0].data = 1;
}

static void test_batch__rows_are_given_back(void **state)
{
    (void)state;
    leat_event *one = leat_batch_add(&batch), *other = leat_batch_add(&batch);
    assert_int_equal(leat_batch_add_rows(&batch, one, 2), LEAT_OK);
    assert_int_equal(leat_batch_add_rows(&batch, other, 5), LEAT_OK);
    leat_batch_drop_rows(&batch, other);
    assert_int_equal(other->n, 0);
    assert_int_equal(batch.n_rows, 2);
}

/* Those of rows are there only where events rank, and move along. */
static void test_batch__captures_of_rows(void **state)
{
    (void)state;
    leat_schema ranking = schema;
    ranking.candidates.max = 100;
    assert_int_equal(leat_batch_reset(&batch, &ranking, &output), LEAT_OK);
    leat_event *one = leat_batch_add(&batch), *other = leat_batch_add(&batch);
    assert_int_equal(leat_batch_add_rows(&batch, one, 2), LEAT_OK);
    leat_batch_row_captures(&batch, 1)[1].size = 7;
    assert_int_equal(leat_batch_add_rows(&batch, other, 100), LEAT_OK);
    assert_int_equal(leat_batch_row_captures(&batch, 1)[1].size, 7);
    leat_batch_row_captures(&batch, 101)[1].size = 8;
}

static void test_batch__captures_and_missing_belong_to_one_event(void **state)
{
    (void)state;
    assert_int_equal(batch.missing_words, 2);
    leat_event *one = leat_batch_add(&batch), *other = leat_batch_add(&batch);
    assert_int_equal(
        leat_batch_captures(&batch, other) - leat_batch_captures(&batch, one), 2);
    assert_int_equal(leat_batch_missing(&batch, other) - leat_batch_missing(&batch, one),
                     2);
}

static void test_batch__a_reset_empties_it(void **state)
{
    (void)state;
    leat_event *event = leat_batch_add(&batch);
    assert_int_equal(leat_batch_add_rows(&batch, event, 1), LEAT_OK);
    leat_batch_fail(&batch, event, LEAT_STAGE_MODEL, LEAT_E_NOT_FINITE, "why");
    const void *data = batch.inputs[0].data;
    assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
    assert_int_equal(batch.n_events, 0);
    assert_int_equal(batch.n_rows, 0);
    assert_ptr_equal(batch.inputs[0].data, data);
    event = leat_batch_add(&batch);
    assert_int_equal(event->status, LEAT_OK);
    assert_null(event->reason);
    assert_int_equal(event->n, 0);
}

static void test_batch__another_schema_lays_it_out_again(void **state)
{
    (void)state;
    const leat_schema narrow = {
        .n_inputs = 1, .inputs = inputs, .n_columns = 3, .columns = columns};
    assert_int_equal(leat_batch_reset(&batch, &narrow, &output), LEAT_OK);
    assert_ptr_equal(batch.schema, &narrow);
    assert_int_equal(batch.missing_words, 1);
    const leat_tensor_spec leaves = {"leaves", LEAT_F32, 2, {0, 500}};
    assert_int_equal(leat_batch_reset(&batch, &narrow, &leaves), LEAT_OK);
    assert_int_equal(batch.output.row_size, 500);
}

static void test_batch__the_first_mark_stands(void **state)
{
    (void)state;
    leat_event *event = leat_batch_add(&batch);
    leat_batch_fail(&batch, event, LEAT_STAGE_DECODE, LEAT_E_TYPE, "%s is %d", "a", 1);
    leat_batch_fail(&batch, event, LEAT_STAGE_MODEL, LEAT_E_NOT_FINITE, "later");
    assert_int_equal(event->status, LEAT_E_TYPE);
    assert_int_equal(event->stage, LEAT_STAGE_DECODE);
    assert_string_equal(event->reason, "a is 1");
}

static void test_batch__a_long_reason_is_cut(void **state)
{
    (void)state;
    leat_event *event = leat_batch_add(&batch);
    leat_batch_fail(&batch, event, LEAT_STAGE_DECODE, LEAT_E_TYPE, "%1000d", 1);
    assert_true(strlen(event->reason) >= 100 && strlen(event->reason) < 1000);
}

static void test_batch__stages_have_names(void **state)
{
    (void)state;
    assert_string_equal(leat_stage_name(LEAT_STAGE_DECODE), "decode");
    assert_string_equal(leat_stage_name(LEAT_STAGE_PUBLISH), "publish");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_batch__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tensors_have_the_shapes_of_the_schema),
        TEST(takes_so_many_events_and_no_more),
        TEST(rows_follow_one_another),
        TEST(rows_grow_beyond_events),
        TEST(room_for_rows_stays),
        TEST(rows_that_no_memory_holds),
        TEST(rows_are_given_back),
        TEST(captures_of_rows),
        TEST(captures_and_missing_belong_to_one_event),
        TEST(a_reset_empties_it),
        TEST(another_schema_lays_it_out_again),
        TEST(the_first_mark_stands),
        TEST(a_long_reason_is_cut),
        TEST(stages_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
