/* Partitions that come and go, and leaving. */
#include "source_fixture.h"

static void test_rebalance__two_members_share_and_the_last_one_takes_over(void **state)
{
    fixture *self = *state;
    leat_source *first = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, first, PARTITIONS);
    leat_source *second = open_source(self, LEAT_START_AT_BEGINNING);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    while (leat_source_n_assigned(first) != 1 || leat_source_n_assigned(second) != 1) {
        fill(self, first, &any_window);
        fill(self, second, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
    leave(self, first);
    await_assignment(self, second, PARTITIONS);
    produce(self, 10);
    expect_events(self, second, 0, 10);
    leave(self, second);
}

/* As a lane that waits for its brokers: it only keeps its membership. */
static void wait_for_revoke(fixture *self, leat_source *waiting, leat_source *joining)
{
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    leat_error error;
    while (leat_source_pending(waiting) != LEAT_CHANGE_REVOKE) {
        assert_int_equal(leat_source_keep_alive(waiting, &error), LEAT_OK);
        fill(self, joining, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    }
}

static void test_rebalance__what_was_paused_goes_on_when_it_comes_back(void **state)
{
    fixture *self = *state;
    leat_source *first = open_source(self, LEAT_START_AT_BEGINNING);
    await_assignment(self, first, PARTITIONS);
    leat_source *second = open_source(self, LEAT_START_AT_BEGINNING);
    wait_for_revoke(self, first, second);
    leave(self, second);
    uint64_t deadline_ns = leat_now_ns() + HANG_NS;
    do {
        fill(self, first, &any_window);
        assert_true(leat_now_ns() < deadline_ns);
    } while (leat_source_n_assigned(first) != PARTITIONS);
    await_assignment(self, first, PARTITIONS);
    produce(self, 10);
    expect_events(self, first, 0, 10);
    leave(self, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_rebalance__two_members_share_and_the_last_one_takes_over),
        SOURCE_TEST(test_rebalance__what_was_paused_goes_on_when_it_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
