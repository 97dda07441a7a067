/* Golden vectors: golden_prediction.py. */
#include "producers/encode_features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "allocations.h"
#include "base/msgpack.h"
#include "base/reading.h"

static const char golden_features[] =
    "\x86\xa2\x69\x64\xbc\x65\x75\x2d\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f"
    "\x6e\x73\x2f\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa7\x76\x65"
    "\x72\x73\x69\x6f\x6e\xac\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x61\x62"
    "\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7\x71\x75"
    "\x61\x6c\x69\x74\x79\xa9\x64\x65\x66\x61\x75\x6c\x74\x65\x64\xa7\x6d\x69"
    "\x73\x73\x69\x6e\x67\x92\xa4\x68\x6f\x75\x72\xa4\x6e\x6f\x6e\x65\xa8\x66"
    "\x65\x61\x74\x75\x72\x65\x73\x8c\xa6\x61\x6d\x6f\x75\x6e\x74\xca\x41\x48"
    "\x00\x00\xa4\x72\x61\x74\x65\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a\xa4\x68"
    "\x6f\x75\x72\xc0\xa5\x63\x6f\x75\x6e\x74\xcf\x00\x20\x00\x00\x00\x00\x00"
    "\x01\xa3\x6c\x6f\x77\xd2\x80\x00\x00\x00\xa6\x6f\x6e\x6c\x69\x6e\x65\xc3"
    "\xa7\x63\x6f\x75\x6e\x74\x72\x79\xa2\x44\x45\xa3\x72\x61\x77\xc4\x02\xff"
    "\x00\xa4\x6e\x6f\x6e\x65\xc0\xa3\x62\x69\x67\xd3\x80\x00\x00\x00\x00\x00"
    "\x00\x00\xa5\x65\x6d\x70\x74\x79\xa0\xa5\x69\x74\x65\x6d\x73\x93\x07\xff"
    "\x00";

static const char golden_rows[] =
    "\x87\xa2\x69\x64\xbc\x65\x75\x2d\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f"
    "\x6e\x73\x2f\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa7\x76\x65"
    "\x72\x73\x69\x6f\x6e\xac\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x61\x62"
    "\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7\x71\x75"
    "\x61\x6c\x69\x74\x79\xa9\x64\x65\x66\x61\x75\x6c\x74\x65\x64\xa7\x6d\x69"
    "\x73\x73\x69\x6e\x67\x92\xa4\x68\x6f\x75\x72\xa4\x6e\x6f\x6e\x65\xa5\x69"
    "\x74\x65\x6d\x73\x92\xa3\x61\x2d\x31\xc0\xa4\x72\x6f\x77\x73\x92\x8c\xa6"
    "\x61\x6d\x6f\x75\x6e\x74\xca\x41\x48\x00\x00\xa4\x72\x61\x74\x65\xcb\x3f"
    "\xb9\x99\x99\x99\x99\x99\x9a\xa4\x68\x6f\x75\x72\xc0\xa5\x63\x6f\x75\x6e"
    "\x74\xcf\x00\x20\x00\x00\x00\x00\x00\x01\xa3\x6c\x6f\x77\xd2\x80\x00\x00"
    "\x00\xa6\x6f\x6e\x6c\x69\x6e\x65\xc3\xa7\x63\x6f\x75\x6e\x74\x72\x79\xa2"
    "\x44\x45\xa3\x72\x61\x77\xc4\x02\xff\x00\xa4\x6e\x6f\x6e\x65\xc0\xa3\x62"
    "\x69\x67\xd3\x80\x00\x00\x00\x00\x00\x00\x00\xa5\x65\x6d\x70\x74\x79\xa0"
    "\xa5\x69\x74\x65\x6d\x73\x93\x07\xff\x00\x8c\xa6\x61\x6d\x6f\x75\x6e\x74"
    "\xca\xbf\x00\x00\x00\xa4\x72\x61\x74\x65\xcb\x3f\xb9\x99\x99\x99\x99\x99"
    "\x9a\xa4\x68\x6f\x75\x72\xc0\xa5\x63\x6f\x75\x6e\x74\xcf\x00\x20\x00\x00"
    "\x00\x00\x00\x01\xa3\x6c\x6f\x77\xd2\x80\x00\x00\x00\xa6\x6f\x6e\x6c\x69"
    "\x6e\x65\xc3\xa7\x63\x6f\x75\x6e\x74\x72\x79\xa2\x44\x45\xa3\x72\x61\x77"
    "\xc4\x02\xff\x00\xa4\x6e\x6f\x6e\x65\xc0\xa3\x62\x69\x67\xd3\x80\x00\x00"
    "\x00\x00\x00\x00\x00\xa5\x65\x6d\x70\x74\x79\xa0\xa5\x69\x74\x65\x6d\x73"
    "\x93\x07\xff\x00";

static const char golden_no_rows[] =
    "\x86\xa2\x69\x64\xbc\x65\x75\x2d\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f"
    "\x6e\x73\x2f\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa7\x76\x65"
    "\x72\x73\x69\x6f\x6e\xac\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x61\x62"
    "\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7\x71\x75"
    "\x61\x6c\x69\x74\x79\xa8\x63\x6f\x6d\x70\x6c\x65\x74\x65\xa5\x69\x74\x65"
    "\x6d\x73\x90\xa4\x72\x6f\x77\x73\x90";

enum { MAX_EVENTS = 4 };

static const leat_tensor_spec inputs[] = {
    {"x", LEAT_F32, 2, {0, 2}},   {"d", LEAT_F64, 2, {0, 1}},
    {"n", LEAT_I64, 2, {0, 2}},   {"i", LEAT_I32, 2, {0, 1}},
    {"b", LEAT_BOOL, 1, {0}},     {"s", LEAT_STRING, 2, {0, 4}},
    {"ids", LEAT_I64, 2, {0, 3}},
};
static const leat_reading sequence = {.kind = LEAT_READING_IDS, .length = 3};
static const leat_tensor_spec output = {"y", LEAT_F32, 1, {0}};

/* Not in the order of the inputs. */
static const leat_column columns[] = {
    {.name = "amount", .tensor = 0, .element = 1},
    {.name = "rate", .tensor = 1, .element = 0},
    {.name = "hour", .tensor = 0, .element = 0},
    {.name = "count", .tensor = 2, .element = 0},
    {.name = "low", .tensor = 3, .element = 0},
    {.name = "online", .tensor = 4, .element = 0},
    {.name = "country", .tensor = 5, .element = 1},
    {.name = "raw", .tensor = 5, .element = 0},
    {.name = "none", .tensor = 5, .element = 2},
    {.name = "big", .tensor = 2, .element = 1},
    {.name = "empty", .tensor = 5, .element = 3},
    {.name = "items", .tensor = 6, .n = 3, .reading = &sequence},
};
enum { N_COLUMNS = sizeof columns / sizeof columns[0], HOUR = 2, NONE = 8 };

static const leat_schema schema = {
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .inputs = inputs,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .time_capture = LEAT_NO_CAPTURE,
};
static const leat_path captures[1];
static const leat_schema ranking = {
    .n_inputs = sizeof inputs / sizeof inputs[0],
    .inputs = inputs,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .n_captures = 1,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
    .candidates = {.max = 10},
};
static const leat_prediction_spec spec = {
    .id_prefix = "eu-", .model = "fraud", .version = "0123456789ab"};

static leat_batch batch;

static int setup(void **state)
{
    (void)state;
    return leat_batch_init(&batch, MAX_EVENTS) ||
           leat_batch_reset(&batch, &schema, &output);
}

static int teardown(void **state)
{
    (void)state;
    leat_batch_fini(&batch);
    return 0;
}

static void fill_row(uint32_t row, float amount)
{
    float *x = (float *)batch.inputs[0].data + 2 * row;
    x[0] = NAN;
    x[1] = amount;
    ((double *)batch.inputs[1].data)[row] = 0.1;
    int64_t *n = (int64_t *)batch.inputs[2].data + 2 * row;
    n[0] = (INT64_C(1) << 53) + 1;
    n[1] = INT64_MIN;
    ((int32_t *)batch.inputs[3].data)[row] = INT32_MIN;
    ((uint8_t *)batch.inputs[4].data)[row] = 1;
    leat_slice *s = (leat_slice *)batch.inputs[5].data + 4 * row;
    s[0] = (leat_slice){(const uint8_t *)"\xff", 2};
    s[1] = (leat_slice){(const uint8_t *)"DE", 2};
    s[2] = (leat_slice){0};
    s[3] = (leat_slice){(const uint8_t *)"", 0};
    memcpy((int64_t *)batch.inputs[6].data + 3 * row, (int64_t[]){7, -1, 0},
           3 * sizeof(int64_t));
}

/* Of so many rows, all of that amount. */
static leat_event *add_rows(float amount, uint32_t n)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "transactions";
    event->partition = 3;
    event->offset = 5000000000;
    event->has_time = true;
    event->time = (leat_event_time){1700000000, 123000000};
    assert_int_equal(leat_batch_add_rows(&batch, event, n), LEAT_OK);
    for (uint32_t i = 0; i < n; i++)
        fill_row(event->first + i, amount);
    event->quality = n ? LEAT_QUALITY_DEFAULTED : LEAT_QUALITY_COMPLETE;
    *leat_batch_missing(&batch, event) = n ? 1U << HOUR | 1U << NONE : 0;
    return event;
}

static leat_event *add_event(float amount)
{
    return add_rows(amount, 1);
}

static leat_slice encode(const leat_event *event)
{
    leat_slice record = leat_encode_features(&spec, &batch, event);
    assert_non_null(record.data);
    leat_cursor cursor = leat_cursor_over(record);
    assert_int_equal(leat_msgpack_check(&cursor, 0), LEAT_OK);
    assert_ptr_equal(cursor.at, cursor.end);
    return record;
}

#define EXPECT(record, golden) expect(record, golden, sizeof golden - 1)

static void expect(leat_slice record, const char *golden, size_t size)
{
    assert_int_equal(record.size, size);
    assert_memory_equal(record.data, golden, size);
}

static void test_encode_features__every_type_as_python_packs_it(void **state)
{
    (void)state;
    add_event(0);
    EXPECT(encode(add_event(12.5F)), golden_features);
}

static void test_encode_features__an_event_that_ranks_has_items_and_rows(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &ranking, &output), LEAT_OK);
    add_rows(0, 3);
    leat_event *event = add_rows(12.5F, 2);
    fill_row(event->first + 1, -0.5F);
    *leat_batch_row_captures(&batch, event->first) = (leat_slice){(const uint8_t *)"\xa3"
                                                                                   "a-1",
                                                                  4};
    *leat_batch_row_captures(&batch, event->first + 1) = (leat_slice){0};
    EXPECT(encode(event), golden_rows);
}

static void test_encode_features__there_may_be_nothing_to_rank(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &ranking, &output), LEAT_OK);
    EXPECT(encode(add_rows(0, 0)), golden_no_rows);
}

static void test_encode_features__what_does_not_apply_is_absent(void **state)
{
    (void)state;
    leat_event *event = add_event(1);
    event->has_time = false;
    *leat_batch_missing(&batch, event) = 0;
    leat_slice record = encode(event);
    assert_int_equal(record.data[0], 0x84); /* id, version, quality, features */
}

static void test_encode_features__infinities_stay(void **state)
{
    (void)state;
    leat_event *event = add_event(-INFINITY);
    leat_slice record = encode(event);
    const char *found = memmem(record.data, record.size, "amount", 6);
    assert_non_null(found);
    assert_memory_equal(found + 6, "\xca\xff\x80\0\0", 5);
}

static void test_encode_features__a_warm_batch_asks_the_heap_for_nothing(void **state)
{
    (void)state;
    encode(add_event(1));
    assert_int_equal(leat_batch_reset(&batch, &schema, &output), LEAT_OK);
    size_t calls = allocated.calls;
    encode(add_event(1));
    assert_int_equal(allocated.calls, calls);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_encode_features__##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_as_python_packs_it),
        TEST(an_event_that_ranks_has_items_and_rows),
        TEST(there_may_be_nothing_to_rank),
        TEST(what_does_not_apply_is_absent),
        TEST(infinities_stay),
        TEST(a_warm_batch_asks_the_heap_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
