/* tests/unit/source_fixture.h: a source on librdkafka's in-process cluster, for the tests of
 * its rooms. Real Kafka has the last word in tests/integration. */
#ifndef LEAT_TESTS_SOURCE_FIXTURE_H
#define LEAT_TESTS_SOURCE_FIXTURE_H

#include "base/clock.h"
#include "consumers/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock_cluster.h"

enum { PARTITIONS = 2, MAX_EVENTS = 64, N_PROPERTIES = 4 };

#define HANG_NS (60 * LEAT_SEC) /* a guard, never waited out */

extern const leat_schema no_schema;
extern const leat_tensor_spec no_output;
extern const leat_window any_window;

typedef struct fixture {
    mock_cluster mock;
    leat_property properties[N_PROPERTIES];
    leat_batch batch;
    int n_produced;
    const char *topics[2], *out_of_range; /* of the sources to come */
} fixture;

int set_up(void **state);
int tear_down(void **state);

#define SOURCE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Events 0, 1, 2, ... to the partitions in turn. */
void produce(fixture *self, int n);

leat_source *open_source(fixture *self, leat_start_at start);
leat_source *open_transactional_source(fixture *self);

/* One fill, with rebalances answered; events stay in the batch. */
uint32_t fill(fixture *self, leat_source *source, const leat_window *window);
uint32_t fill_some(fixture *self, leat_source *source, const leat_window *window);
void await_assignment(fixture *self, leat_source *source, uint32_t n);

/* Reads until every event in [first, last) was seen; none outside may come. */
void expect_events(fixture *self, leat_source *source, int first, int last);

/* Out of the group in good order, or as a crash would have it: nothing is committed. */
void leave(fixture *self, leat_source *source);
void crash(fixture *self, leat_source *source);

#endif
