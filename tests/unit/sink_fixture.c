#include "sink_fixture.h"

static const leat_schema no_schema = {.n_inputs = 0};
static const leat_tensor_spec one_score = {.name = "score", .rank = 2, .shape = {0, 1}};

const leat_prediction_spec prediction = {
    .id_prefix = "", .model = "m", .version = "0123456789ab", .shape = LEAT_SHAPE_SCORE};

static const rd_kafka_headers_t *no_headers(const leat_event *event)
{
    (void)event;
    return NULL;
}

int set_up(void **state)
{
    static fixture self;
    self = (fixture){.mock = mock_cluster_start(),
                     .headers_of = no_headers,
                     .spec = {.max_wait_ns = HANG_NS, .max_events = 100, .part = "test"}};
    self.properties[0] = (leat_property){
        "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(self.mock.cluster)};
    assert_int_equal(leat_batch_init(&self.batch, MAX_EVENTS), LEAT_OK);
    assert_int_equal(leat_ledger_new(&self.ledger, MAX_TICKETS), LEAT_OK);
    self.group = rd_kafka_consumer_group_metadata_new("g");
    self.offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(self.offsets, "in", 0);
    *state = &self;
    return 0;
}

int tear_down(void **state)
{
    fixture *self = *state;
    leat_transaction_free(self->transaction);
    leat_sink_free(self->sink);
    leat_ledger_free(self->ledger);
    leat_batch_fini(&self->batch);
    rd_kafka_topic_partition_list_destroy(self->offsets);
    rd_kafka_consumer_group_metadata_destroy(self->group);
    mock_cluster_stop(&self->mock);
    return 0;
}

void open_sink(fixture *self, const char *dead_letter_topic, size_t n_properties)
{
    const leat_sink_spec spec = {
        .topic = "out",
        .features_topic = self->features_topic,
        .dead_letter_topic = dead_letter_topic,
        .n_headers = self->n_headers,
        .headers = self->headers,
        .headers_of = self->headers_of,
        .dead_letter = {.connector = "leat:g", .task = "0"},
        .transactional_id = self->transactional_id,
        .common = {n_properties, self->properties},
        .part = "test",
        .max_events = MAX_EVENTS,
    };
    leat_error error;
    assert_int_equal(leat_sink_new(&self->sink, &spec, self->ledger, &error), LEAT_OK);
}

void reset(fixture *self)
{
    assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &one_score), LEAT_OK);
}

leat_event *add_event(fixture *self, float score)
{
    leat_event *event = leat_batch_add(&self->batch);
    event->topic = "in";
    event->offset = self->n_events++;
    event->timestamp = 1700000000000;
    event->payload = (leat_slice){(const uint8_t *)"\x80", 1};
    assert_int_equal(leat_batch_add_rows(&self->batch, event, 1), LEAT_OK);
    ((float *)self->batch.output.data)[event->first] = score;
    return event;
}

leat_status publish(fixture *self, leat_error *error)
{
    return leat_sink_publish(self->sink, &prediction, &self->batch, error);
}

leat_status flush(fixture *self, leat_error *error)
{
    return leat_sink_flush(self->sink, leat_now_ns() + HANG_NS, error);
}

uint32_t n_settled(fixture *self)
{
    const leat_mark *marks;
    return leat_ledger_settled(self->ledger, &marks, NULL, NULL);
}

void read_topic(fixture *self, const char *topic, int n, take_record *take, void *opaque)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", self->properties[0].value, why,
                      sizeof why);
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof why);
    rd_kafka_t *reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    assert_non_null(reader);
    rd_kafka_topic_partition_list_t *from = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(from, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(reader, from), 0);
    uint64_t hang_ns = leat_now_ns() + HANG_NS;
    while (n && leat_now_ns() < hang_ns) {
        rd_kafka_message_t *record = rd_kafka_consumer_poll(reader, 100);
        if (record && !record->err) {
            take(record, opaque);
            n--;
        }
        if (record)
            rd_kafka_message_destroy(record);
    }
    assert_int_equal(n, 0);
    rd_kafka_topic_partition_list_destroy(from);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
}

/* ---- transactions ---- */

void open_transactions(fixture *self, size_t n_properties)
{
    leat_error error;
    self->transactional_id = "leat-0";
    open_sink(self, NULL, n_properties);
    assert_int_equal(
        leat_transaction_new(&self->transaction, &self->spec, self->sink, &error),
        LEAT_OK);
}

leat_status restore(fixture *self, leat_error *error)
{
    leat_ledger_clear(self->ledger);
    uint64_t hang_ns = leat_now_ns() + HANG_NS;
    leat_status status = LEAT_AGAIN;
    while (status == LEAT_AGAIN && leat_now_ns() < hang_ns)
        status = leat_transaction_restore(self->transaction, error);
    return status;
}

leat_status publish_within(fixture *self, leat_error *error)
{
    leat_status status = leat_transaction_begin(self->transaction, 1);
    if (status != LEAT_OK)
        return status;
    reset(self);
    add_event(self, 0.5F);
    return publish(self, error);
}

leat_status commit_within(fixture *self, uint64_t within_ns, leat_error *error)
{
    self->offsets->elems[0].offset = self->n_events;
    leat_status status = leat_transaction_commit(
        self->transaction, self->offsets, self->group, leat_now_ns() + within_ns, error);
    if (status == LEAT_OK)
        n_settled(self);
    return status;
}

leat_status run_transaction(fixture *self, leat_error *error)
{
    leat_status status = publish_within(self, error);
    return status == LEAT_OK ? commit_within(self, HANG_NS, error) : status;
}

uint64_t n_reopened(const fixture *self)
{
    return leat_counter_read(&leat_sink_read(self->sink)->producers_reopened);
}
