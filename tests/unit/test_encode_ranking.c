/* Predictions of events that rank. Golden vectors: golden_prediction.py. */
#include "producers/encode.h"

#include "base/msgpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

static const char golden_ranking[] =
    "\x88\xa2\x69\x64\xb5\x65\x75\x2d\x76\x69\x65\x77\x73\x2f\x33\x2f\x35\x30"
    "\x30\x30\x30\x30\x30\x30\x30\x30\xa5\x6d\x6f\x64\x65\x6c\xa6\x72\x61\x6e"
    "\x6b\x65\x72\xa7\x76\x65\x72\x73\x69\x6f\x6e\xac\x30\x31\x32\x33\x34\x35"
    "\x36\x37\x38\x39\x61\x62\xa7\x72\x61\x6e\x6b\x69\x6e\x67\x93\x82\xa4\x69"
    "\x74\x65\x6d\xcd\x01\x00\xa5\x73\x63\x6f\x72\x65\xca\x3f\x78\x51\xec\x82"
    "\xa4\x69\x74\x65\x6d\xa1\x61\xa5\x73\x63\x6f\x72\x65\xca\x3e\x80\x00\x00"
    "\x82\xa4\x69\x74\x65\x6d\x92\x01\x02\xa5\x73\x63\x6f\x72\x65\xca\x3e\x80"
    "\x00\x00\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7"
    "\x71\x75\x61\x6c\x69\x74\x79\xa9\x64\x65\x66\x61\x75\x6c\x74\x65\x64\xa7"
    "\x6d\x69\x73\x73\x69\x6e\x67\x91\xa5\x70\x72\x69\x63\x65\xa5\x65\x76\x65"
    "\x6e\x74\x81\xa4\x75\x73\x65\x72\xa2\x75\x31";

static const char golden_empty_ranking[] =
    "\x87\xa2\x69\x64\xb5\x65\x75\x2d\x76\x69\x65\x77\x73\x2f\x33\x2f\x35\x30"
    "\x30\x30\x30\x30\x30\x30\x30\x30\xa5\x6d\x6f\x64\x65\x6c\xa6\x72\x61\x6e"
    "\x6b\x65\x72\xa7\x76\x65\x72\x73\x69\x6f\x6e\xac\x30\x31\x32\x33\x34\x35"
    "\x36\x37\x38\x39\x61\x62\xa7\x72\x61\x6e\x6b\x69\x6e\x67\x90\xa4\x74\x69"
    "\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7\x71\x75\x61\x6c\x69"
    "\x74\x79\xa8\x63\x6f\x6d\x70\x6c\x65\x74\x65\xa5\x65\x76\x65\x6e\x74\x81"
    "\xa4\x75\x73\x65\x72\xa2\x75\x31";

enum { N_CAPTURES = 3, OVER = 0, ITEM = 1, USER = 2, MAX_EVENTS = 4 };

static const leat_tensor_spec input = {"x", LEAT_F32, 2, {0, 1}};
static const leat_tensor_spec one_output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_tensor_spec two_doubles = {"y", LEAT_F64, 2, {0, 2}};
static const leat_column column = {.name = "price", .n = 1};
static const leat_path captures[N_CAPTURES] = {
    [OVER] = {.text = "event.page.items"}, [ITEM] = {.text = "candidate.id"}};
static const leat_schema schema = {
    .n_inputs = 1,
    .inputs = &input,
    .n_columns = 1,
    .columns = &column,
    .n_captures = N_CAPTURES,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
    .candidates = {.max = 1000, .capture = OVER, .item = ITEM},
};
static const leat_include includes[] = {{"user", USER}};

static leat_batch batch;
static leat_prediction_spec spec;

static int setup(void **state)
{
    (void)state;
    spec = (leat_prediction_spec){.id_prefix = "eu-",
                                  .model = "ranker",
                                  .version = "0123456789ab",
                                  .shape = LEAT_SHAPE_RANKING,
                                  .top = 3,
                                  .n_includes = 1,
                                  .includes = includes};
    if (leat_batch_init(&batch, MAX_EVENTS))
        return 1;
    return leat_batch_reset(&batch, &schema, &one_output);
}

static int teardown(void **state)
{
    (void)state;
    leat_batch_fini(&batch);
    return 0;
}

static leat_event *add_event(uint32_t n)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "views";
    event->partition = 3;
    event->offset = 5000000000;
    event->has_time = true;
    event->time = (leat_event_time){1700000000, 123000000};
    assert_int_equal(leat_batch_add_rows(&batch, event, n), LEAT_OK);
    leat_slice *own = leat_batch_captures(&batch, event);
    own[OVER] = own[ITEM] = (leat_slice){0};
    own[USER] = (leat_slice){(const uint8_t *)"\xa2u1", 3};
    *leat_batch_missing(&batch, event) = 1;
    event->quality = LEAT_QUALITY_DEFAULTED;
    return event;
}

/* Items are what msgpack can say, one of a kind each. */
static const leat_slice items[] = {{(const uint8_t *)"\xa1"
                                                     "a",
                                    2},
                                   {(const uint8_t *)"\xcd\x01\x00", 3},
                                   {(const uint8_t *)"\x81\xa1k\xc3", 4},
                                   {(const uint8_t *)"\x92\x01\x02", 3}};

static leat_event *add_four(const float *scores)
{
    add_event(2); /* whose rows come first */
    leat_event *event = add_event(4);
    for (uint32_t i = 0; i < 4; i++) {
        leat_batch_row_captures(&batch, event->first + i)[ITEM] = items[i];
        ((float *)batch.output.data)[event->first + i] = scores[i];
    }
    return event;
}

#define EXPECT(record, golden)                                                           \
    do {                                                                                 \
        assert_int_equal((record).size, sizeof(golden) - 1);                             \
        assert_memory_equal((record).data, golden, sizeof(golden) - 1);                  \
    } while (0)

static void test_encode_ranking__as_python_packs_it(void **state)
{
    (void)state;
    leat_event *event = add_four((const float[]){0.25F, 0.97F, -1, 0.25F});
    EXPECT(leat_encode_prediction(&spec, &batch, event), golden_ranking);
}

static void test_encode_ranking__of_nothing_is_empty(void **state)
{
    (void)state;
    leat_event *event = add_event(0);
    *leat_batch_missing(&batch, event) = 0;
    event->quality = LEAT_QUALITY_COMPLETE;
    EXPECT(leat_encode_prediction(&spec, &batch, event), golden_empty_ranking);
}

static void test_encode_ranking__by_a_class_in_doubles(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &schema, &two_doubles), LEAT_OK);
    spec.ranked_by = 1;
    spec.top = 1;
    leat_event *event = add_event(2);
    for (uint32_t i = 0; i < 2; i++)
        leat_batch_row_captures(&batch, i)[ITEM] = items[i];
    memcpy(batch.output.data, (const double[]){9, 0.1, 8, 0.2}, 4 * sizeof(double));
    leat_slice record = leat_encode_prediction(&spec, &batch, event);
    static const char expected[] = "\xa7ranking\x91\x82\xa4item\xcd\x01\x00\xa5score"
                                   "\xcb\x3f\xc9\x99\x99\x99\x99\x99\x9a";
    assert_non_null(memmem(record.data, record.size, expected, sizeof expected - 1));
}

static void test_encode_ranking__one_score_that_is_not_finite(void **state)
{
    (void)state;
    leat_event *event = add_four((const float[]){0, 1, NAN, INFINITY});
    assert_null(leat_encode_prediction(&spec, &batch, event).data);
    assert_int_equal(event->status, LEAT_E_NOT_FINITE);
    assert_int_equal(event->stage, LEAT_STAGE_MODEL);
    assert_string_equal(event->reason, "event.page.items[2]: its score is NaN");
}

/* The arena poisons what lies behind the record, so a bound that is too small is found
 * under AddressSanitizer. */
static void test_encode_ranking__a_thousand_fit_their_bound(void **state)
{
    (void)state;
    spec.top = 1000;
    leat_event *event = add_event(1000);
    for (uint32_t i = 0; i < 1000; i++) {
        leat_batch_row_captures(&batch, i)[ITEM] = items[i % 4];
        ((float *)batch.output.data)[i] = (float)i;
    }
    leat_slice record = leat_encode_prediction(&spec, &batch, event);
    leat_cursor cursor = leat_cursor_over(record);
    assert_int_equal(leat_msgpack_check(&cursor, 0), LEAT_OK);
    assert_ptr_equal(cursor.at, cursor.end);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_encode_ranking__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_python_packs_it),         TEST(of_nothing_is_empty),
        TEST(by_a_class_in_doubles),      TEST(one_score_that_is_not_finite),
        TEST(a_thousand_fit_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
