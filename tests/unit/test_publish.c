/* Feature records, on librdkafka's in-process cluster. Predictions and dead letters alone:
 * test_sink.c. */
#include "sink_fixture.h"

#include "base/msgpack.h"

static const uint8_t note[4000] = "";
static const leat_tensor_spec inputs[] = {{"x", LEAT_F32, 2, {0, 1}},
                                          {"s", LEAT_STRING, 2, {0, 1}}};
static const leat_tensor_spec output = {"y", LEAT_F32, 2, {0, 1}};
static const leat_column columns[] = {{.name = "amount"}, {.name = "note", .tensor = 1}};
static const leat_schema schema = {
    .n_inputs = 2,
    .inputs = inputs,
    .n_columns = 2,
    .columns = columns,
    .time_capture = LEAT_NO_CAPTURE,
};

static int set_up_features(void **state)
{
    int failed = set_up(state);
    fixture *self = *state;
    self->features_topic = "features";
    rd_kafka_mock_topic_create(self->mock.cluster, "out", 1, 1);
    rd_kafka_mock_topic_create(self->mock.cluster, "features", 1, 1);
    return failed;
}

static void begin(fixture *self)
{
    assert_int_equal(leat_batch_reset(&self->batch, &schema, &output), LEAT_OK);
}

/* Its amount is its number, its note of that size. */
static leat_event *add_noted(fixture *self, uint32_t size)
{
    leat_event *event = add_event(self, 0.5F);
    event->key = (leat_slice){(const uint8_t *)"card", 4};
    ((float *)self->batch.inputs[0].data)[event->first] = (float)event->offset;
    ((leat_slice *)self->batch.inputs[1].data)[event->first] = (leat_slice){note, size};
    *leat_batch_missing(&self->batch, event) = 0;
    return event;
}

static leat_event *add(fixture *self)
{
    return add_noted(self, 1);
}

static void publish_all(fixture *self)
{
    leat_error error;
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
}

static uint64_t n_predictions(const fixture *self)
{
    return leat_counter_read(&leat_sink_read(self->sink)->predictions);
}

static uint64_t n_feature_records(const fixture *self)
{
    return leat_counter_read(&leat_sink_read(self->sink)->feature_records);
}

static uint64_t n_dead_letters(const fixture *self)
{
    return leat_counter_read(&leat_sink_read(self->sink)->dead_letters);
}

/* The next record is of the event of this number. */
static void expect_id(const rd_kafka_message_t *record, void *opaque)
{
    int number = (*(int *)opaque)++;
    char id[16];
    snprintf(id, sizeof id, "in/0/%d", number);
    assert_int_equal(record->key_len, 4);
    assert_memory_equal(record->key, "card", 4);
    assert_non_null(memmem(record->payload, record->len, id, strlen(id)));
}

/* And so is the feature in it. */
static void expect_number(const rd_kafka_message_t *record, void *opaque)
{
    int number = *(int *)opaque;
    expect_id(record, opaque);
    uint8_t feature[12] = "\xa6"
                          "amount\xca";
    uint32_t bits;
    memcpy(&bits, &(float){(float)number}, sizeof bits);
    bits = __builtin_bswap32(bits);
    memcpy(feature + 8, &bits, sizeof bits);
    assert_non_null(memmem(record->payload, record->len, feature, sizeof feature));
}

static void test_publish__a_scored_event_has_a_feature_record(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    begin(self);
    for (int i = 0; i < MAX_EVENTS; i++)
        add(self);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(leat_ledger_in_flight(self->ledger), 2 * MAX_EVENTS);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(n_settled(self), 1);
    assert_int_equal(n_predictions(self), MAX_EVENTS);
    assert_int_equal(n_feature_records(self), MAX_EVENTS);
    int number = 0;
    read_topic(self, "features", MAX_EVENTS, expect_number, &number);
}

static void test_publish__without_a_topic_there_are_none(void **state)
{
    fixture *self = *state;
    self->features_topic = NULL;
    open_sink(self, NULL, 1);
    begin(self);
    add(self);
    publish_all(self);
    assert_int_equal(n_predictions(self), 1);
    assert_int_equal(n_feature_records(self), 0);
}

static void test_publish__what_has_no_score_has_no_feature_record(void **state)
{
    fixture *self = *state;
    open_sink(self, "dead", 1);
    begin(self);
    add(self);
    leat_batch_fail(&self->batch, add(self), LEAT_STAGE_FEATURES, LEAT_E_TYPE, "wrong");
    leat_event *infinite = add(self);
    ((float *)self->batch.output.data)[infinite->first] = 1.0F / 0.0F;
    leat_event *skipped = leat_batch_add(&self->batch);
    skipped->topic = "in";
    skipped->is_skipped = true;
    publish_all(self);
    assert_int_equal(n_predictions(self), 1);
    assert_int_equal(n_feature_records(self), 1);
    assert_int_equal(n_dead_letters(self), 2);
    int number = 0;
    read_topic(self, "features", 1, expect_number, &number);
}

static void test_publish__a_feature_record_that_is_too_large_is_a_dead_letter(
    void **state)
{
    fixture *self = *state;
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    open_sink(self, "dead", 2);
    begin(self);
    const leat_event *event = add_noted(self, sizeof note);
    publish_all(self);
    assert_int_equal(event->status, LEAT_E_TOO_LARGE);
    assert_non_null(strstr(event->reason, "the feature record takes 4"));
    assert_non_null(strstr(event->reason, "message.max.bytes is 3000"));
    assert_int_equal(n_predictions(self), 0);
    assert_int_equal(n_feature_records(self), 0);
    assert_int_equal(n_dead_letters(self), 1);
}

static void test_publish__a_prediction_that_is_too_large_has_no_feature_record(
    void **state)
{
    fixture *self = *state;
    leat_error error;
    static char long_name[4000];
    memset(long_name, 'x', sizeof long_name - 1);
    leat_prediction_spec large = prediction;
    large.model = long_name;
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    open_sink(self, "dead", 2);
    begin(self);
    const leat_event *event = add(self);
    assert_int_equal(leat_sink_publish(self->sink, &large, &self->batch, &error),
                     LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_OK);
    assert_int_equal(event->status, LEAT_E_TOO_LARGE);
    assert_non_null(strstr(event->reason, "the prediction takes 4"));
    assert_int_equal(n_predictions(self), 0);
    assert_int_equal(n_feature_records(self), 0);
    assert_int_equal(n_dead_letters(self), 1);
}

static const rd_kafka_headers_t *one_header(const leat_event *event)
{
    static rd_kafka_headers_t *headers; /* of the event */
    (void)event;
    if (!headers) {
        headers = rd_kafka_headers_new(1);
        rd_kafka_header_add(headers, "note", -1, note, sizeof note);
    }
    return headers;
}

static void test_publish__so_has_one_whose_headers_are_too_large(void **state)
{
    static const char *const passing[] = {"note"};
    fixture *self = *state;
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    self->headers_of = one_header;
    self->n_headers = 1;
    self->headers = passing;
    open_sink(self, "dead", 2);
    begin(self);
    const leat_event *event = add(self);
    publish_all(self);
    assert_int_equal(event->status, LEAT_E_TOO_LARGE);
    assert_int_equal(n_feature_records(self), 0);
    assert_int_equal(n_dead_letters(self), 1);
}

/* Whatever fits by the sink's count fits by librdkafka's: no size is refused by the latter. */
static void test_publish__no_size_is_half_an_event(void **state)
{
    fixture *self = *state;
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    open_sink(self, "dead", 2);
    uint64_t n = 0;
    for (uint32_t size = 2830; size < 2890; size++) {
        begin(self);
        add_noted(self, size);
        publish_all(self);
        n++;
        assert_int_equal(n_predictions(self), n_feature_records(self));
        assert_int_equal(n_predictions(self) + n_dead_letters(self), n);
    }
    assert_in_range(n_predictions(self), 1, n - 1);
}

static void test_publish__one_that_is_too_large_leaves_the_others_alone(void **state)
{
    fixture *self = *state;
    self->properties[1] = (leat_property){"message.max.bytes", "3000"};
    open_sink(self, "dead", 2);
    begin(self);
    add_noted(self, sizeof note);
    add(self);
    add(self);
    publish_all(self);
    assert_int_equal(n_predictions(self), 2);
    assert_int_equal(n_feature_records(self), 2);
    assert_int_equal(n_dead_letters(self), 1);
    int number = 1;
    read_topic(self, "features", 2, expect_number, &number);
    number = 1;
    read_topic(self, "out", 2, expect_id, &number);
}

/* The brokers refuse one of the two records of an event. */
static void test_publish__half_an_event_settles_nothing(void **state)
{
    fixture *self = *state;
    leat_error error;
    open_sink(self, NULL, 1);
    begin(self);
    add(self);
    rd_kafka_mock_push_request_errors(self->mock.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(publish(self, &error), LEAT_OK);
    assert_int_equal(flush(self, &error), LEAT_E_DELIVERY);
    assert_int_equal(n_settled(self), 0);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_publish__##name, set_up_features, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scored_event_has_a_feature_record),
        TEST(without_a_topic_there_are_none),
        TEST(what_has_no_score_has_no_feature_record),
        TEST(a_feature_record_that_is_too_large_is_a_dead_letter),
        TEST(a_prediction_that_is_too_large_has_no_feature_record),
        TEST(so_has_one_whose_headers_are_too_large),
        TEST(no_size_is_half_an_event),
        TEST(one_that_is_too_large_leaves_the_others_alone),
        TEST(half_an_event_settles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
