/* tests/unit/sink_fixture.h: a sink on librdkafka's in-process cluster, and transactions on
 * it, for errors that a healthy broker never makes. Real Kafka has the last word in
 * tests/integration. */
#ifndef LEAT_TESTS_SINK_FIXTURE_H
#define LEAT_TESTS_SINK_FIXTURE_H

#include "base/clock.h"
#include "producers/transaction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock_cluster.h"

enum { MAX_EVENTS = 8, MAX_TICKETS = 4, MAX_PROPERTIES = 4 };

#define HANG_NS (60 * LEAT_SEC) /* a guard, never waited out */

/* The numbers that the protocol gives its requests. */
typedef enum api_key {
    API_PRODUCE = 0,
    API_FIND_COORDINATOR = 10,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28,
} api_key;

extern const leat_prediction_spec prediction;

typedef struct fixture {
    mock_cluster mock;
    leat_property properties[MAX_PROPERTIES];
    leat_ledger *ledger;
    leat_sink *sink;
    leat_batch batch;
    int64_t n_events;
    const char *features_topic; /* NULL: no feature records */
    size_t n_headers;           /* that pass on */
    const char *const *headers;
    leat_headers_of *headers_of;
    const char *transactional_id;
    leat_transaction_spec spec;
    leat_transaction *transaction;
    rd_kafka_consumer_group_metadata_t *group;
    rd_kafka_topic_partition_list_t *offsets;
} fixture;

int set_up(void **state);
int tear_down(void **state);

void open_sink(fixture *self, const char *dead_letter_topic, size_t n_properties);

void reset(fixture *self);
leat_event *add_event(fixture *self, float score);
leat_status publish(fixture *self, leat_error *error);
leat_status flush(fixture *self, leat_error *error);
uint32_t n_settled(fixture *self);

/* Hands the first n records of partition 0 to `take`, in their order. */
typedef void take_record(const rd_kafka_message_t *record, void *opaque);
void read_topic(fixture *self, const char *topic, int n, take_record *take, void *opaque);

/* A sink that is transactional, and its transactions; the first restore() is the caller's. */
void open_transactions(fixture *self, size_t n_properties);

/* As a lane takes back: the ledger is cleared, and restore() called until it says more than
 * AGAIN. */
leat_status restore(fixture *self, leat_error *error);

/* Opens a transaction and publishes one event in it. */
leat_status publish_within(fixture *self, leat_error *error);

/* With the offset of that event. OK: it is settled. */
leat_status commit_within(fixture *self, uint64_t within_ns, leat_error *error);

/* Both, with time enough for any machine. */
leat_status run_transaction(fixture *self, leat_error *error);

uint64_t n_reopened(const fixture *self);

#endif
