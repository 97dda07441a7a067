/* The source: windows, coordinates. */
#include "consumers/source_internal.h"
#include "source_fixture.h"

static void test_source__window_closes_at_max_events(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window three = {3, 10 * LEAT_SEC, 1 << 20};
    assert_int_equal(fill_some(self, source, &three), 3);
    leave(self, source);
}

static void test_source__window_closes_at_max_bytes(void **state)
{
    fixture *self = *state;
    produce(self, 10);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window four_bytes = {MAX_EVENTS, 10 * LEAT_SEC, 4}; /* "k" and one digit */
    assert_int_equal(fill_some(self, source, &four_bytes), 2);
    leave(self, source);
}

static void test_source__an_oversize_event_is_a_batch_of_its_own(void **state)
{
    fixture *self = *state;
    char large[100] = "";
    produce(self, 2);
    mock_cluster_produce(&self->mock, "in", 0, "k", large, sizeof large);
    mock_cluster_produce(&self->mock, "in", 0, "k", "x", 1);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    const leat_window small = {MAX_EVENTS, 200 * LEAT_MS, 50};
    uint32_t n_large = 0, n_events = 0;
    while (n_events < 4) {
        n_events += fill_some(self, source, &small);
        for (uint32_t i = 0; i < self->batch.n_events; i++)
            if (self->batch.events[i].payload.size == sizeof large) {
                n_large++;
                assert_int_equal(self->batch.n_events, 1);
            }
    }
    assert_int_equal(n_large, 1);
    leave(self, source);
}

static void test_source__window_closes_at_max_wait(void **state)
{
    fixture *self = *state;
    produce(self, 1);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    assert_int_equal(fill_some(self, source, &any_window), 1);
    leave(self, source);
}

static void test_source__an_event_keeps_its_coordinates_and_key(void **state)
{
    fixture *self = *state;
    produce(self, 2);
    mock_cluster_produce(&self->mock, "in", 1, "card-7", "payload", 7);
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    bool found = false;
    while (!found) {
        fill_some(self, source, &any_window);
        for (uint32_t i = 0; i < self->batch.n_events; i++) {
            const leat_event *event = &self->batch.events[i];
            if (event->partition != 1 || event->offset != 1)
                continue;
            found = true;
            assert_string_equal(event->topic, "in");
            assert_memory_equal(event->key.data, "card-7", 6);
            assert_memory_equal(event->payload.data, "payload", 7);
            assert_true(event->timestamp > 0);
        }
    }
    leave(self, source);
}

/* One that rd_kafka_new refuses, when it has called interceptors: they are freed twice if the
 * configuration is destroyed. */
static void test_source__a_configuration_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const char *const topic = "in";
    static const leat_property mixed = {"partition.assignment.strategy",
                                        "cooperative-sticky,range"};
    const leat_source_spec spec = {.n_topics = 1,
                                   .topics = &topic,
                                   .group = "g",
                                   .out_of_range = "error",
                                   .common = {1, &mixed},
                                   .part = "test"};
    leat_source *source = NULL;
    leat_error error;
    assert_int_equal(leat_source_new(&source, &spec, &error), LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "partition.assignment.strategy"));
}

/* Of a lane that goes back, and comes to no fill. */
static void test_source__who_waits_hears_of_refused_credentials(void **state)
{
    fixture *self = *state;
    leat_source *source = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, source, PARTITIONS);
    leat_client_end(&source->client, source->consumer, RD_KAFKA_RESP_ERR__AUTHENTICATION,
                    "as from librdkafka");
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    leat_error error;
    leat_status status;
    while ((status = leat_source_keep_alive(source, &error)) == LEAT_OK)
        assert_true(leat_now_ns() < deadline_ns);
    assert_int_equal(status, LEAT_E_CONFIG);
    assert_non_null(strstr(error.msg, "credentials"));
    leave(self, source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source__a_configuration_is_refused_with_a_reason),
        SOURCE_TEST(test_source__who_waits_hears_of_refused_credentials),
        SOURCE_TEST(test_source__window_closes_at_max_events),
        SOURCE_TEST(test_source__window_closes_at_max_bytes),
        SOURCE_TEST(test_source__an_oversize_event_is_a_batch_of_its_own),
        SOURCE_TEST(test_source__window_closes_at_max_wait),
        SOURCE_TEST(test_source__an_event_keeps_its_coordinates_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
