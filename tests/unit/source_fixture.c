#include "source_fixture.h"

#include <stdio.h>

const leat_schema no_schema = {.n_inputs = 0};
const leat_tensor_spec no_output = {.name = "score", .rank = 2, .shape = {0, 1}};
const leat_window any_window = {MAX_EVENTS, LEAT_MS, 1 << 20};

int set_up(void **state)
{
    static fixture self;
    self = (fixture){
        .mock = mock_cluster_start(), .topics = {"in"}, .out_of_range = "error"};
    rd_kafka_mock_topic_create(self.mock.cluster, "in", PARTITIONS, 1);
    self.properties[0] = (leat_property){
        "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(self.mock.cluster)};
    self.properties[1] = (leat_property){"session.timeout.ms", "6000"};
    self.properties[2] = (leat_property){"heartbeat.interval.ms", "500"};
    self.properties[3] =
        (leat_property){"partition.assignment.strategy", "range,roundrobin"};
    assert_int_equal(leat_batch_init(&self.batch, MAX_EVENTS), LEAT_OK);
    *state = &self;
    return 0;
}

int tear_down(void **state)
{
    fixture *self = *state;
    leat_batch_fini(&self->batch);
    mock_cluster_stop(&self->mock);
    return 0;
}

void produce(fixture *self, int n)
{
    for (int i = 0; i < n; i++) {
        char payload[16];
        int size = snprintf(payload, sizeof payload, "%d", self->n_produced);
        mock_cluster_produce(&self->mock, "in", self->n_produced++ % PARTITIONS, "k",
                             payload, (size_t)size);
    }
}

static leat_source *open_with(fixture *self, leat_start_at start, bool transactional)
{
    const leat_source_spec spec = {
        .n_topics = self->topics[1] ? 2 : 1,
        .topics = self->topics,
        .group = "g",
        .start = start,
        .out_of_range = self->out_of_range,
        .transactional = transactional,
        .common = {N_PROPERTIES, self->properties},
        .part = "test",
    };
    leat_source *source;
    leat_error error;
    assert_int_equal(leat_source_new(&source, &spec, &error), LEAT_OK);
    return source;
}

leat_source *open_source(fixture *self, leat_start_at start)
{
    return open_with(self, start, false);
}

leat_source *open_transactional_source(fixture *self)
{
    return open_with(self, LEAT_START_AT_BEGINNING, true);
}

uint32_t fill(fixture *self, leat_source *source, const leat_window *window)
{
    leat_error error;
    leat_source_release(source, &self->batch);
    assert_int_equal(leat_batch_reset(&self->batch, &no_schema, &no_output), LEAT_OK);
    leat_status status = leat_source_fill(source, &self->batch, window,
                                          leat_now_ns() + 20 * LEAT_MS, &error);
    if (status == LEAT_REBALANCE)
        status = leat_source_rebalance(source, &error);
    if (status < 0)
        print_error("%s\n", error.msg);
    assert_int_equal(status, LEAT_OK);
    return self->batch.n_events;
}

uint32_t fill_some(fixture *self, leat_source *source, const leat_window *window)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (!fill(self, source, window))
        assert_true(leat_now_ns() < deadline_ns);
    return self->batch.n_events;
}

void await_assignment(fixture *self, leat_source *source, uint32_t n)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(source) != n) {
        assert_int_equal(fill(self, source, &any_window), 0);
        assert_true(leat_now_ns() < deadline_ns);
    }
}

void expect_events(fixture *self, leat_source *source, int first, int last)
{
    bool seen[1000] = {false};
    for (int n = 0; n < last - first;) {
        fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++) {
            const leat_event *event = &self->batch.events[i];
            int id = (int)event->offset * PARTITIONS + event->partition;
            assert_in_range(id, first, last - 1);
            n += !seen[id];
            seen[id] = true;
        }
    }
}

void leave(fixture *self, leat_source *source)
{
    leat_error error;
    leat_source_release(source, &self->batch);
    assert_int_equal(leat_source_close(source, leat_now_ns() + HANG_NS, &error), LEAT_OK);
    leat_source_free(source);
}

void crash(fixture *self, leat_source *source)
{
    leat_source_release(source, &self->batch);
    leat_source_free(source);
}
