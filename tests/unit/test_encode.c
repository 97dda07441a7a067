/* Golden vectors: golden_prediction.py. Oracle of everything else: msgpack-c's unpacker.
 */
#include "producers/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <msgpack.h>
#include <stdio.h>

static const char golden_score[] =
    "\x89\xa2\x69\x64\xbc\x65\x75\x2d\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f"
    "\x6e\x73\x2f\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa5\x6d\x6f"
    "\x64\x65\x6c\xa5\x66\x72\x61\x75\x64\xa7\x76\x65\x72\x73\x69\x6f\x6e\xac"
    "\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x61\x62\xa5\x73\x63\x6f\x72\x65"
    "\xca\x3f\x78\x51\xec\xa8\x64\x65\x63\x69\x73\x69\x6f\x6e\xa5\x62\x6c\x6f"
    "\x63\x6b\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00\xa7"
    "\x71\x75\x61\x6c\x69\x74\x79\xa9\x64\x65\x66\x61\x75\x6c\x74\x65\x64\xa7"
    "\x6d\x69\x73\x73\x69\x6e\x67\x92\xa6\x61\x6d\x6f\x75\x6e\x74\xa7\x61\x76"
    "\x67\x5f\x33\x30\x64\xa5\x65\x76\x65\x6e\x74\x82\xae\x74\x72\x61\x6e\x73"
    "\x61\x63\x74\x69\x6f\x6e\x5f\x69\x64\xa4\x74\x78\x2d\x31\xa4\x63\x61\x72"
    "\x74\x92\x01\x81\xa1\x61\xc0";
static const char golden_double[] =
    "\x86\xa2\x69\x64\xb9\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f\x6e\x73\x2f"
    "\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa5\x6d\x6f\x64\x65\x6c"
    "\xa5\x66\x72\x61\x75\x64\xa7\x76\x65\x72\x73\x69\x6f\x6e\xac\x30\x31\x32"
    "\x33\x34\x35\x36\x37\x38\x39\x61\x62\xa5\x73\x63\x6f\x72\x65\xcb\x3f\xef"
    "\x0a\x3d\x70\xa3\xd7\x0a\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65"
    "\x53\xf1\x00\xa7\x71\x75\x61\x6c\x69\x74\x79\xa8\x63\x6f\x6d\x70\x6c\x65"
    "\x74\x65";
static const char golden_scores[] =
    "\x87\xa2\x69\x64\xb9\x74\x72\x61\x6e\x73\x61\x63\x74\x69\x6f\x6e\x73\x2f"
    "\x33\x2f\x35\x30\x30\x30\x30\x30\x30\x30\x30\x30\xa5\x6d\x6f\x64\x65\x6c"
    "\xa5\x66\x72\x61\x75\x64\xa7\x76\x65\x72\x73\x69\x6f\x6e\xac\x30\x31\x32"
    "\x33\x34\x35\x36\x37\x38\x39\x61\x62\xa6\x73\x63\x6f\x72\x65\x73\x93\xca"
    "\x3e\x00\x00\x00\xca\x3f\x00\x00\x00\xca\x3e\xc0\x00\x00\xa5\x6c\x61\x62"
    "\x65\x6c\x01\xa4\x74\x69\x6d\x65\xd7\xff\x1d\x53\x53\x00\x65\x53\xf1\x00"
    "\xa7\x71\x75\x61\x6c\x69\x74\x79\xa8\x63\x6f\x6d\x70\x6c\x65\x74\x65";

enum { N_COLUMNS = 70, N_CAPTURES = 20, MAX_EVENTS = 4 };

static char names[N_COLUMNS + N_CAPTURES][16];
static leat_column columns[N_COLUMNS];
static const leat_tensor_spec input = {"x", LEAT_F32, 2, {0, N_COLUMNS}};
static const leat_tensor_spec one_output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_tensor_spec three_outputs = {"y", LEAT_F32, 2, {0, 3}};
static const leat_tensor_spec one_double = {"y", LEAT_F64, 1, {0}};
static const leat_tensor_spec two_doubles = {"y", LEAT_F64, 2, {0, 2}};
static const leat_path captures[N_CAPTURES];
static const leat_schema schema = {
    .n_inputs = 1,
    .inputs = &input,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .n_captures = N_CAPTURES,
    .captures = captures,
    .time_capture = LEAT_NO_CAPTURE,
};

static const leat_threshold thresholds[] = {{"review", 0.5}, {"block", 0.9}};
static leat_include includes[N_CAPTURES];

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static leat_batch batch;
static leat_prediction_spec spec;
static msgpack_unpacked unpacked;

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < N_COLUMNS + N_CAPTURES; i++)
        snprintf(names[i], sizeof names[i], "f%d", i);
    for (int i = 0; i < N_COLUMNS; i++)
        columns[i].name = names[i];
    columns[0].name = "amount";
    columns[69].name = "avg_30d";
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        includes[i] = (leat_include){names[N_COLUMNS + i], i};
    spec = (leat_prediction_spec){
        .id_prefix = "",
        .model = "fraud",
        .version = "0123456789ab",
        .shape = LEAT_SHAPE_SCORE,
    };
    msgpack_unpacked_init(&unpacked);
    if (leat_batch_init(&batch, MAX_EVENTS))
        return 1;
    return leat_batch_reset(&batch, &schema, &one_output);
}

static int teardown(void **state)
{
    (void)state;
    msgpack_unpacked_destroy(&unpacked);
    leat_batch_fini(&batch);
    return 0;
}

static leat_event *add_event(void)
{
    leat_event *event = leat_batch_add(&batch);
    event->topic = "transactions";
    event->partition = 3;
    event->offset = 5000000000;
    event->has_time = true;
    event->time = (leat_event_time){1700000000, 123000000};
    assert_int_equal(leat_batch_add_rows(&batch, event, 1), LEAT_OK);
    memset(leat_batch_captures(&batch, event), 0, N_CAPTURES * sizeof(leat_slice));
    memset(leat_batch_missing(&batch, event), 0, batch.missing_words * 8);
    return event;
}

static leat_event *add_scored(float score)
{
    leat_event *event = add_event();
    ((float *)batch.output.data)[event->first] = score;
    return event;
}

static leat_event *add_doubles(const leat_tensor_spec *output, const double *scores)
{
    if (batch.output.spec != output)
        assert_int_equal(leat_batch_reset(&batch, &schema, output), LEAT_OK);
    leat_event *event = add_event();
    uint32_t n = batch.output.row_size;
    memcpy((double *)batch.output.data + (size_t)event->first * n, scores,
           n * sizeof *scores);
    return event;
}

static leat_event *add_scored3(float a, float b, float c)
{
    leat_event *event = add_event();
    float *row = (float *)batch.output.data + 3 * event->first;
    row[0] = a;
    row[1] = b;
    row[2] = c;
    return event;
}

static void set_capture(leat_event *event, uint32_t capture, const char *bytes,
                        size_t size)
{
    leat_batch_captures(&batch, event)[capture] =
        (leat_slice){(const uint8_t *)bytes, (uint32_t)size};
}

#define SET_CAPTURE(event, capture, text)                                                \
    set_capture(event, capture, text, sizeof text - 1)

static void set_missing(leat_event *event, uint32_t column)
{
    leat_batch_missing(&batch, event)[column / 64] |= UINT64_C(1) << column % 64;
}

/* The prediction as msgpack-c reads it; it must be one map and nothing behind it. */
static msgpack_object_map encode(leat_event *event)
{
    leat_slice record = leat_encode_prediction(&spec, &batch, event);
    assert_non_null(record.data);
    size_t at = 0;
    assert_int_equal(
        msgpack_unpack_next(&unpacked, (const char *)record.data, record.size, &at),
        MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(at, record.size);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
    return unpacked.data.via.map;
}

static int text_is(const msgpack_object *object, const char *text)
{
    return object->type == MSGPACK_OBJECT_STR && object->via.str.size == strlen(text) &&
           !memcmp(object->via.str.ptr, text, strlen(text));
}

static const msgpack_object *find(msgpack_object_map map, const char *key)
{
    for (uint32_t i = 0; i < map.size; i++)
        if (text_is(&map.ptr[i].key, key))
            return &map.ptr[i].val;
    return NULL;
}

static const char *decision_of_event(leat_event *event)
{
    static char text[16];
    const msgpack_object *decision = find(encode(event), "decision");
    if (!decision)
        return "none";
    snprintf(text, sizeof text, "%.*s", (int)decision->via.str.size,
             decision->via.str.ptr);
    return text;
}

static const char *decision_of(float score)
{
    return decision_of_event(add_scored(score));
}

static void assert_bytes(leat_slice record, const char *golden, size_t size)
{
    assert_int_equal(record.size, size);
    assert_memory_equal(record.data, golden, size);
}

static void test_encode__every_field_as_python_packs_it(void **state)
{
    (void)state;
    spec.id_prefix = "eu-";
    spec.n_thresholds = 2;
    spec.thresholds = thresholds;
    leat_include two[] = {{"transaction_id", 4}, {"cart", 1}};
    spec.n_includes = 2;
    spec.includes = two;
    leat_event *event = add_scored(0.97f);
    event->quality = LEAT_QUALITY_DEFAULTED;
    set_missing(event, 0);
    set_missing(event, 69);
    SET_CAPTURE(event, 4, "\xa4tx-1");
    SET_CAPTURE(event, 1,
                "\x92\x01\x81\xa1"
                "a\xc0");
    assert_bytes(leat_encode_prediction(&spec, &batch, event), golden_score,
                 sizeof golden_score - 1);
}

static void test_encode__classes_as_python_packs_them(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &schema, &three_outputs), LEAT_OK);
    spec.shape = LEAT_SHAPE_SCORES;
    leat_event *event = add_scored3(0.125f, 0.5f, 0.375f);
    assert_bytes(leat_encode_prediction(&spec, &batch, event), golden_scores,
                 sizeof golden_scores - 1);
}

static void test_encode__a_double_as_python_packs_it(void **state)
{
    (void)state;
    add_doubles(&one_double, &(double){0.25});
    leat_event *event = add_doubles(&one_double, &(double){0.97});
    assert_int_equal(event->first, 1);
    assert_bytes(leat_encode_prediction(&spec, &batch, event), golden_double,
                 sizeof golden_double - 1);
}

static void test_encode__doubles_of_classes_keep_their_bits(void **state)
{
    (void)state;
    spec.shape = LEAT_SHAPE_SCORES;
    double nearly = nextafter(0.5, 1);
    msgpack_object_map map = encode(add_doubles(&two_doubles, (double[]){0.5, nearly}));
    assert_true(find(map, "scores")->via.array.ptr[1].via.f64 == nearly);
    assert_int_equal(find(map, "scores")->via.array.ptr[1].type, MSGPACK_OBJECT_FLOAT64);
    assert_int_equal(find(map, "label")->via.u64, 1);
}

static void test_encode__what_does_not_apply_is_absent(void **state)
{
    (void)state;
    leat_event *event = add_scored(0.25f);
    event->has_time = false;
    msgpack_object_map map = encode(event);
    assert_int_equal(map.size, 5);
    assert_non_null(find(map, "id"));
    assert_non_null(find(map, "model"));
    assert_non_null(find(map, "version"));
    assert_true(find(map, "score")->via.f64 == 0.25);
    assert_true(text_is(find(map, "quality"), "complete"));
}

static void test_encode__each_event_gets_the_score_of_its_row(void **state)
{
    (void)state;
    leat_event *first = add_scored(0.25f);
    leat_event *skipped = leat_batch_add(&batch);
    leat_event *last = add_scored(0.75f);
    last->offset++;
    assert_int_equal(skipped->n, 0);
    assert_true(find(encode(first), "score")->via.f64 == 0.25);
    assert_true(find(encode(last), "score")->via.f64 == 0.75);
    assert_true(text_is(find(encode(last), "id"), "transactions/3/5000000001"));
}

static void test_encode__id_at_the_ends_of_the_range(void **state)
{
    (void)state;
    leat_event *event = add_scored(0);
    event->partition = 0;
    event->offset = 0;
    assert_true(text_is(find(encode(event), "id"), "transactions/0/0"));
    event->partition = INT32_MAX;
    event->offset = INT64_MAX;
    assert_true(text_is(find(encode(event), "id"),
                        "transactions/2147483647/9223372036854775807"));
}

static void test_encode__label_alone(void **state)
{
    (void)state;
    spec.shape = LEAT_SHAPE_LABEL;
    msgpack_object_map map = encode(add_scored(300.0f));
    assert_null(find(map, "score"));
    assert_int_equal(find(map, "label")->via.u64, 300);
}

static void test_encode__label_is_the_first_of_the_largest(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &schema, &three_outputs), LEAT_OK);
    spec.shape = LEAT_SHAPE_SCORES;
    assert_int_equal(find(encode(add_scored3(1, 3, 3)), "label")->via.u64, 1);
    assert_int_equal(find(encode(add_scored3(-1, -2, -0.5f)), "label")->via.u64, 2);
    assert_int_equal(find(encode(add_scored3(0, 0, 0)), "label")->via.u64, 0);
}

static void test_encode__decision_is_the_highest_that_the_score_reaches(void **state)
{
    (void)state;
    spec.n_thresholds = 2;
    spec.thresholds = thresholds;
    assert_string_equal(decision_of(nextafterf(0.5f, 0)), "none");
    assert_string_equal(decision_of(0.5f), "review");
    assert_string_equal(decision_of(nextafterf(0.9f, 0)), "review");
    assert_string_equal(decision_of(0.9f), "block");
}

static void test_encode__a_double_is_held_against_thresholds_as_it_is(void **state)
{
    (void)state;
    spec.n_thresholds = 2;
    spec.thresholds = thresholds;
    double below = nextafter(0.9, 0), at = 0.9;
    assert_string_equal(decision_of_event(add_doubles(&one_double, &below)), "review");
    assert_string_equal(decision_of_event(add_doubles(&one_double, &at)), "block");
}

static void test_encode__decision_wants_one_score(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &schema, &three_outputs), LEAT_OK);
    spec.shape = LEAT_SHAPE_SCORES;
    spec.n_thresholds = 2;
    spec.thresholds = thresholds;
    assert_null(find(encode(add_scored3(1, 1, 1)), "decision"));
}

static void test_encode__time_is_a_timestamp(void **state)
{
    (void)state;
    leat_event *event = add_scored(0);
    event->time = (leat_event_time){5, 0};
    const msgpack_object *time = find(encode(event), "time");
    assert_int_equal(time->type, MSGPACK_OBJECT_EXT);
    assert_int_equal(time->via.ext.type, -1);
    assert_int_equal(time->via.ext.size, 4);
    assert_memory_equal(time->via.ext.ptr, "\0\0\0\5", 4);
}

static void test_encode__every_quality_has_its_name(void **state)
{
    (void)state;
    static const char *const expected[] = {"complete", "defaulted", "stale",
                                           "unavailable"};
    leat_event *event = add_scored(0);
    for (int quality = 0; quality < 4; quality++) {
        event->quality = (leat_quality)quality;
        assert_true(text_is(find(encode(event), "quality"), expected[quality]));
    }
}

static void test_encode__all_columns_missing_are_named_in_order(void **state)
{
    (void)state;
    leat_event *event = add_scored(0);
    for (uint32_t column = 0; column < N_COLUMNS; column++)
        set_missing(event, column);
    const msgpack_object *missing = find(encode(event), "missing");
    assert_int_equal(missing->via.array.size, N_COLUMNS);
    for (uint32_t column = 0; column < N_COLUMNS; column++)
        assert_true(text_is(&missing->via.array.ptr[column], columns[column].name));
}

static void test_encode__included_field_that_is_absent_is_left_out(void **state)
{
    (void)state;
    spec.n_includes = 3;
    spec.includes = includes;
    leat_event *event = add_scored(0);
    SET_CAPTURE(event, 1, "\x2a");
    const msgpack_object *included = find(encode(event), "event");
    assert_int_equal(included->via.map.size, 1);
    assert_int_equal(find(included->via.map, includes[1].name)->via.u64, 42);
}

static void test_encode__more_includes_than_a_small_map_holds(void **state)
{
    (void)state;
    spec.n_includes = N_CAPTURES;
    spec.includes = includes;
    leat_event *event = add_scored(0);
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        SET_CAPTURE(event, i,
                    "\xc4\x03"
                    "bin");
    const msgpack_object *included = find(encode(event), "event");
    assert_int_equal(included->via.map.size, N_CAPTURES);
    for (uint32_t i = 0; i < N_CAPTURES; i++)
        assert_int_equal(included->via.map.ptr[i].val.via.bin.size, 3);
}

/* Under AddressSanitizer the arena poisons what lies behind the record, so a bound that
 * is too small is found here. */
static void test_encode__long_texts_fit_their_bound(void **state)
{
    (void)state;
    static char text[70000];
    memset(text, 'x', sizeof text - 1);
    spec.id_prefix = spec.model = spec.version = text;
    leat_threshold always = {text, -1};
    spec.n_thresholds = 1;
    spec.thresholds = &always;
    leat_include include = {text, 0};
    spec.n_includes = 1;
    spec.includes = &include;
    columns[3].name = text;
    leat_event *event = add_scored(0);
    event->topic = text;
    event->offset = INT64_MAX;
    event->partition = INT32_MAX;
    event->quality = LEAT_QUALITY_UNAVAILABLE;
    set_missing(event, 3);
    SET_CAPTURE(event, 0, "\xc3");
    event->time = (leat_event_time){-1, 1};
    msgpack_object_map map = encode(event);
    assert_int_equal(map.size, 9);
    assert_int_equal(find(map, "time")->via.ext.size, 12);
    assert_int_equal(find(map, "decision")->via.str.size, sizeof text - 1);
}

static void test_encode__many_doubles_fit_their_bound(void **state)
{
    (void)state;
    static const leat_tensor_spec many = {"y", LEAT_F64, 2, {0, 1000}};
    static const double scores[1000];
    spec.shape = LEAT_SHAPE_SCORES;
    msgpack_object_map map = encode(add_doubles(&many, scores));
    assert_int_equal(find(map, "scores")->via.array.size, 1000);
}

static void assert_refused(leat_event *event, const char *reason)
{
    leat_slice record = leat_encode_prediction(&spec, &batch, event);
    assert_null(record.data);
    assert_int_equal(event->status, LEAT_E_NOT_FINITE);
    assert_int_equal(event->stage, LEAT_STAGE_MODEL);
    assert_string_equal(event->reason, reason);
}

static void test_encode__score_that_is_not_finite_marks_the_event(void **state)
{
    (void)state;
    assert_refused(add_scored(NAN), "score 1 of 1 is NaN");
    assert_refused(add_scored(-INFINITY), "score 1 of 1 is -infinity");
    assert_non_null(leat_encode_prediction(&spec, &batch, add_scored(0)).data);
}

static void test_encode__a_double_beyond_float32_is_finite(void **state)
{
    (void)state;
    double large = 1e300, nan = (double)NAN;
    assert_true(find(encode(add_doubles(&one_double, &large)), "score")->via.f64 ==
                large);
    assert_refused(add_doubles(&one_double, &nan), "score 1 of 1 is NaN");
}

static void test_encode__one_class_that_is_not_finite_marks_the_event(void **state)
{
    (void)state;
    assert_int_equal(leat_batch_reset(&batch, &schema, &three_outputs), LEAT_OK);
    spec.shape = LEAT_SHAPE_SCORES;
    assert_refused(add_scored3(0, 1, INFINITY), "score 3 of 3 is infinity");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_encode__every_field_as_python_packs_it),
        TEST(test_encode__classes_as_python_packs_them),
        TEST(test_encode__a_double_as_python_packs_it),
        TEST(test_encode__doubles_of_classes_keep_their_bits),
        TEST(test_encode__what_does_not_apply_is_absent),
        TEST(test_encode__each_event_gets_the_score_of_its_row),
        TEST(test_encode__id_at_the_ends_of_the_range),
        TEST(test_encode__label_alone),
        TEST(test_encode__label_is_the_first_of_the_largest),
        TEST(test_encode__decision_is_the_highest_that_the_score_reaches),
        TEST(test_encode__a_double_is_held_against_thresholds_as_it_is),
        TEST(test_encode__decision_wants_one_score),
        TEST(test_encode__time_is_a_timestamp),
        TEST(test_encode__every_quality_has_its_name),
        TEST(test_encode__all_columns_missing_are_named_in_order),
        TEST(test_encode__included_field_that_is_absent_is_left_out),
        TEST(test_encode__more_includes_than_a_small_map_holds),
        TEST(test_encode__long_texts_fit_their_bound),
        TEST(test_encode__many_doubles_fit_their_bound),
        TEST(test_encode__score_that_is_not_finite_marks_the_event),
        TEST(test_encode__a_double_beyond_float32_is_finite),
        TEST(test_encode__one_class_that_is_not_finite_marks_the_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
