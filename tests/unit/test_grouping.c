#include "producers/grouping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_EVENTS = 64, N_PARTITIONS = 5, N_KEYS = 12 };

static const leat_schema schema;
static const leat_tensor_spec output = {"y", LEAT_F32, 1, {0}};

/* Topics are known by their handles, and nothing is asked of them. */
static char handles[2];
#define PREDICTIONS ((rd_kafka_topic_t *)&handles[0])
#define OTHERS      ((rd_kafka_topic_t *)&handles[1])

typedef struct fixture {
    leat_batch batch;
    uint8_t of[MAX_EVENTS];
    leat_grouping grouping;
    leat_event *events[MAX_EVENTS];
    uint32_t n;
    char keys[N_KEYS][8];
} fixture;

static int set_up(void **state)
{
    fixture *self = *state = calloc(1, sizeof *self);
    self->grouping = (leat_grouping){.topic = PREDICTIONS, .of = self->of};
    for (uint32_t i = 0; i < N_KEYS; i++)
        snprintf(self->keys[i], sizeof self->keys[i], "card-%u", i);
    return leat_batch_init(&self->batch, MAX_EVENTS) != LEAT_OK ||
           leat_batch_reset(&self->batch, &schema, &output) != LEAT_OK;
}

static int tear_down(void **state)
{
    fixture *self = *state;
    leat_batch_fini(&self->batch);
    free(self);
    return 0;
}

static leat_event *add(fixture *self, const char *key)
{
    leat_event *event = leat_batch_add(&self->batch);
    event->offset = self->batch.n_events;
    event->n = 1;
    if (key)
        event->key = (leat_slice){(const uint8_t *)key, (uint32_t)strlen(key)};
    return event;
}

/* As many events as a batch takes, of all keys in turn, or in another order. */
static void fill(fixture *self, uint32_t stride)
{
    for (uint32_t i = 0; i < MAX_EVENTS; i++)
        add(self, self->keys[i * stride % N_KEYS]);
}

static void learn(fixture *self, int32_t partition)
{
    const rd_kafka_message_t record = {.rkt = PREDICTIONS, .partition = partition};
    leat_grouping_learn(&self->grouping, &record);
}

static void apply(fixture *self)
{
    self->n = leat_grouping_apply(&self->grouping, &self->batch, self->events);
}

static int32_t partition_of(const leat_event *event)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, event->key.data, event->key.size,
                                            N_PARTITIONS, NULL, NULL);
}

static void assert_applied_as_it_is(fixture *self)
{
    apply(self);
    assert_int_equal(self->n, MAX_EVENTS);
    for (uint32_t i = 0; i < self->n; i++)
        assert_ptr_equal(self->events[i], &self->batch.events[i]);
}

static void test_grouping__one_partition_comes_after_another(void **state)
{
    fixture *self = *state;
    learn(self, N_PARTITIONS - 1);
    fill(self, 1);
    apply(self);
    assert_int_equal(self->n, MAX_EVENTS);
    uint32_t n_changes = 0, n_seen = 0;
    bool seen[N_PARTITIONS] = {false};
    for (uint32_t i = 0; i < self->n; i++) {
        int32_t partition = partition_of(self->events[i]);
        n_changes += i && partition != partition_of(self->events[i - 1]);
        n_seen += !seen[partition];
        seen[partition] = true;
    }
    assert_true(n_seen > 1);
    assert_int_equal(n_changes, n_seen - 1);
}

static void test_grouping__within_a_partition_the_order_stands(void **state)
{
    fixture *self = *state;
    learn(self, N_PARTITIONS - 1);
    fill(self, 7);
    apply(self);
    for (uint32_t i = 1; i < self->n; i++)
        if (partition_of(self->events[i]) == partition_of(self->events[i - 1]))
            assert_true(self->events[i]->offset > self->events[i - 1]->offset);
}

/* Whatever is believed of the partitions: a producer may have a partitioner of its own. */
static void test_grouping__events_of_a_key_keep_their_order(void **state)
{
    fixture *self = *state;
    fill(self, 5);
    for (int32_t n_seen = 0; n_seen < 2 * LEAT_MAX_GROUPS; n_seen++) {
        int64_t last[N_KEYS] = {0};
        apply(self);
        assert_int_equal(self->n, MAX_EVENTS);
        for (uint32_t i = 0; i < self->n; i++) {
            uint32_t key = (uint32_t)(self->events[i]->offset - 1) * 5 % N_KEYS;
            assert_true(self->events[i]->offset > last[key]);
            last[key] = self->events[i]->offset;
        }
        learn(self, n_seen);
    }
}

static void test_grouping__only_what_has_a_prediction(void **state)
{
    fixture *self = *state;
    learn(self, N_PARTITIONS - 1);
    add(self, self->keys[0])->is_skipped = true;
    leat_event *scored = add(self, self->keys[1]);
    add(self, self->keys[2])->status = LEAT_E_TYPE;
    leat_event *has_nothing_to_rank = add(self, self->keys[1]);
    has_nothing_to_rank->n = 0;
    apply(self);
    assert_int_equal(self->n, 2);
    assert_ptr_equal(self->events[0], scored);
    assert_ptr_equal(self->events[1], has_nothing_to_rank);
}

static void test_grouping__as_it_is_where_nothing_is_known(void **state)
{
    fixture *self = *state;
    fill(self, 1);
    assert_applied_as_it_is(self);
}

static void test_grouping__other_topics_teach_nothing(void **state)
{
    fixture *self = *state;
    const rd_kafka_message_t record = {.rkt = OTHERS, .partition = N_PARTITIONS - 1};
    leat_grouping_learn(&self->grouping, &record);
    fill(self, 1);
    assert_applied_as_it_is(self);
}

static void test_grouping__as_it_is_among_too_many_partitions(void **state)
{
    fixture *self = *state;
    learn(self, LEAT_MAX_GROUPS);
    fill(self, 1);
    assert_applied_as_it_is(self);
}

static void test_grouping__events_without_a_key_stay_in_order(void **state)
{
    fixture *self = *state;
    learn(self, N_PARTITIONS - 1);
    for (uint32_t i = 0; i < MAX_EVENTS; i++)
        add(self, NULL);
    assert_applied_as_it_is(self);
}

#define GROUPING_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GROUPING_TEST(test_grouping__one_partition_comes_after_another),
        GROUPING_TEST(test_grouping__within_a_partition_the_order_stands),
        GROUPING_TEST(test_grouping__events_of_a_key_keep_their_order),
        GROUPING_TEST(test_grouping__only_what_has_a_prediction),
        GROUPING_TEST(test_grouping__as_it_is_where_nothing_is_known),
        GROUPING_TEST(test_grouping__other_topics_teach_nothing),
        GROUPING_TEST(test_grouping__as_it_is_among_too_many_partitions),
        GROUPING_TEST(test_grouping__events_without_a_key_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
