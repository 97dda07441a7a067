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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SOURCE_TEST(test_rebalance__two_members_share_and_the_last_one_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
