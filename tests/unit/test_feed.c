/* Of an event of three rows: a column with NaN, one of two elements, one without NaN. */
#include "features/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RATE, SIZE, COUNT, N_COLUMNS, WIDTH = 3 };

static const leat_tensor_spec inputs[] = {
    {.name = "x", .dtype = LEAT_F32, .rank = 2, .shape = {0, WIDTH}},
    {.name = "n", .dtype = LEAT_I64, .rank = 2, .shape = {0, 1}},
};
static const leat_tensor_spec output = {.name = "y", .rank = 2, .shape = {0, 1}};
static const leat_column columns[N_COLUMNS] = {
    [RATE] = {.name = "rate", .element = 0, .n = 1},
    [SIZE] = {.name = "size", .element = 1, .n = 2},
    [COUNT] = {.name = "count", .tensor = 1, .n = 1},
};
static const leat_schema schema = {.n_inputs = 2,
                                   .inputs = inputs,
                                   .n_columns = N_COLUMNS,
                                   .columns = columns,
                                   .time_capture = LEAT_NO_CAPTURE};

typedef struct fixture {
    leat_batch batch;
    leat_feed_stats stats;
    leat_feed feed;
} fixture;

/* An event of three rows, as the decoder leaves it, behind another. */
static int set_up(void **state)
{
    static fixture only;
    only = (fixture){0};
    assert_int_equal(leat_batch_init(&only.batch, 2), LEAT_OK);
    assert_int_equal(leat_batch_reset(&only.batch, &schema, &output), LEAT_OK);
    leat_event *event = leat_batch_add(&only.batch);
    assert_int_equal(leat_batch_add_rows(&only.batch, event, 1), LEAT_OK);
    event = leat_batch_add(&only.batch);
    assert_int_equal(leat_batch_add_rows(&only.batch, event, 3), LEAT_OK);
    for (uint32_t i = 0; i < 4 * WIDTH; i++)
        ((float *)only.batch.inputs[0].data)[i] = -1;
    *leat_batch_missing(&only.batch, event) = (1 << N_COLUMNS) - 1;
    only.feed = (leat_feed){.batch = &only.batch,
                            .event = event,
                            .first = 1,
                            .end = 4,
                            .kind = "lookup",
                            .stats = &only.stats};
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    leat_batch_fini(&((fixture *)*state)->batch);
    return 0;
}

static uint64_t missing(const fixture *self)
{
    return *leat_batch_missing(&self->batch, self->feed.event);
}

static void give(fixture *self, float value)
{
    *(float *)self->feed.at = value;
    assert_true(leat_feed_settle(&self->feed, LEAT_OK));
}

static void expect_rows(const fixture *self, uint32_t element, const float expected[4])
{
    for (uint32_t row = 0; row < 4; row++)
        assert_float_equal(((float *)self->batch.inputs[0].data)[row * WIDTH + element],
                           expected[row], 0);
}

#define EXPECT_COUNTED(counter, n)                                                       \
    assert_int_equal(leat_counter_read(&self->stats.counter), n)

static void test_feed__a_value_is_all_rows(void **state)
{
    fixture *self = *state;
    leat_feed_open(&self->feed, "user.size", SIZE);
    ((float *)self->feed.at)[1] = 6;
    give(self, 5);
    expect_rows(self, 0, (float[]){-1, -1, -1, -1});
    expect_rows(self, 1, (float[]){-1, 5, 5, 5});
    expect_rows(self, 2, (float[]){-1, 6, 6, 6});
    assert_int_equal(missing(self), 1 << RATE | 1 << COUNT);
    assert_int_equal(self->feed.event->quality, LEAT_QUALITY_COMPLETE);
    EXPECT_COUNTED(hits, 1);
}

static void feed_row(fixture *self, uint32_t row)
{
    self->feed.first = row;
    self->feed.end = row + 1;
    leat_feed_open(&self->feed, "item.rate", RATE);
}

static void test_feed__row_by_row_one_without_is_missing(void **state)
{
    for (uint32_t without = 1; without < 4; without++) {
        fixture *self = *state;
        float expected[] = {-1, 2, 2, 2};
        expected[without] = -1;
        for (uint32_t row = 1; row < 4; row++) {
            feed_row(self, row);
            if (row == without)
                assert_true(leat_feed_settle(&self->feed, LEAT_E_MISSING));
            else
                give(self, 2);
        }
        expect_rows(self, 0, expected);
        assert_int_equal(missing(self) & 1 << RATE, 1 << RATE);
        assert_int_equal(self->feed.event->quality, LEAT_QUALITY_DEFAULTED);
        EXPECT_COUNTED(hits, 2);
        EXPECT_COUNTED(missing, 1);
        tear_down(state);
        set_up(state);
    }
}

static void test_feed__row_by_row_none_is_missing(void **state)
{
    fixture *self = *state;
    for (uint32_t row = 1; row < 4; row++) {
        feed_row(self, row);
        give(self, 2);
    }
    assert_int_equal(missing(self) & 1 << RATE, 0);
}

static void test_feed__what_is_stale_is_counted_so(void **state)
{
    fixture *self = *state;
    self->feed.is_stale = true;
    leat_feed_open(&self->feed, "user.rate", RATE);
    give(self, 1);
    EXPECT_COUNTED(stale, 1);
    EXPECT_COUNTED(hits, 0);
}

static void test_feed__an_integer_that_is_missing_fails_the_event(void **state)
{
    fixture *self = *state;
    leat_feed_open(&self->feed, "user.count", COUNT);
    assert_true(leat_feed_settle(&self->feed, LEAT_E_MISSING));
    assert_int_equal(self->feed.event->status, LEAT_E_MISSING);
    assert_string_equal(
        self->feed.event->reason,
        "lookup user.count is missing; i64 has no NaN, and the feature no "
        "default");
    EXPECT_COUNTED(missing, 1);
}

static void test_feed__unavailable_is_what_the_policy_says(void **state)
{
    static const leat_status expected[] = {
        [LEAT_UNAVAILABLE_DEFAULT] = LEAT_OK,
        [LEAT_UNAVAILABLE_WAIT] = LEAT_E_UNANSWERED,
        [LEAT_UNAVAILABLE_DEAD_LETTER] = LEAT_E_UNANSWERED,
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        fixture *self = *state;
        self->feed.on_unavailable = (leat_on_unavailable)i;
        leat_feed_open(&self->feed, "user.rate", RATE);
        leat_feed_pass(&self->feed, LEAT_QUALITY_UNAVAILABLE);
        assert_int_equal(self->feed.event->status, expected[i]);
        assert_int_equal(self->feed.event->quality, LEAT_QUALITY_UNAVAILABLE);
        assert_int_equal(missing(self) & 1 << RATE, 1 << RATE);
        EXPECT_COUNTED(unavailable, 1);
        if (expected[i])
            assert_string_equal(self->feed.event->reason,
                                "lookup user.rate is unavailable: Redis did not answer");
        tear_down(state);
        set_up(state);
    }
}

/* Redis said that there is none: no policy is about that. */
static void test_feed__missing_is_not_unavailable(void **state)
{
    fixture *self = *state;
    self->feed.on_unavailable = LEAT_UNAVAILABLE_DEAD_LETTER;
    leat_feed_open(&self->feed, "user.rate", RATE);
    leat_feed_pass(&self->feed, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(self->feed.event->status, LEAT_OK);
    EXPECT_COUNTED(missing, 1);
    EXPECT_COUNTED(unavailable, 0);
}

static void test_feed__a_worse_quality_stands(void **state)
{
    fixture *self = *state;
    leat_feed_open(&self->feed, "user.rate", RATE);
    leat_feed_pass(&self->feed, LEAT_QUALITY_UNAVAILABLE);
    leat_feed_pass(&self->feed, LEAT_QUALITY_DEFAULTED);
    assert_int_equal(self->feed.event->quality, LEAT_QUALITY_UNAVAILABLE);
}

static void expect_refused(fixture *self, leat_status status, const char *reason)
{
    leat_feed_open(&self->feed, "user.count", COUNT);
    assert_false(leat_feed_settle(&self->feed, status));
    leat_feed_refuse(&self->feed, status, "1e30");
    assert_int_equal(self->feed.event->status, status);
    assert_string_equal(self->feed.event->reason, reason);
    EXPECT_COUNTED(failed, 1);
}

static void test_feed__a_value_of_another_type_is_refused(void **state)
{
    expect_refused(*state, LEAT_E_TYPE,
                   "lookup user.count is 1e30, which is not an integer");
}

static void test_feed__a_value_out_of_range_is_refused(void **state)
{
    expect_refused(*state, LEAT_E_RANGE,
                   "lookup user.count is 1e30, which is out of the range of i64");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_feed__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_all_rows),
        TEST(row_by_row_one_without_is_missing),
        TEST(row_by_row_none_is_missing),
        TEST(what_is_stale_is_counted_so),
        TEST(an_integer_that_is_missing_fails_the_event),
        TEST(unavailable_is_what_the_policy_says),
        TEST(missing_is_not_unavailable),
        TEST(a_worse_quality_stands),
        TEST(a_value_of_another_type_is_refused),
        TEST(a_value_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
