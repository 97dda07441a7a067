#include "base/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX_TICKETS = 4 };

typedef struct place {
    uint32_t slot;
    int64_t offset;
} place;

static leat_ledger *new_ledger(void)
{
    leat_ledger *ledger;
    assert_int_equal(leat_ledger_new(&ledger, MAX_TICKETS), LEAT_OK);
    return ledger;
}

/* Opens a ticket for events at these places, published as `n_records` records. */
static leat_ticket *publish(leat_ledger *ledger, const place *places, uint32_t n,
                            uint32_t n_records)
{
    leat_batch batch;
    assert_int_equal(leat_batch_init(&batch, 16), LEAT_OK);
    for (uint32_t i = 0; i < n; i++) {
        leat_event *event = leat_batch_add(&batch);
        event->slot = places[i].slot;
        event->offset = places[i].offset;
        event->timestamp = -1;
    }
    leat_ticket *ticket;
    assert_int_equal(leat_ledger_open(ledger, &batch, &ticket), LEAT_OK);
    for (uint32_t i = 0; i < n_records; i++)
        leat_ledger_expect(ledger, ticket, 10);
    leat_ticket_seal(ticket);
    leat_batch_fini(&batch);
    return ticket;
}

static void expect_marks(leat_ledger *ledger, const leat_mark *expected, uint32_t n)
{
    const leat_mark *marks;
    assert_int_equal(leat_ledger_settled(ledger, &marks, NULL, NULL), n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(marks[i].slot, expected[i].slot);
        assert_int_equal(marks[i].next, expected[i].next);
    }
}

static void test_ledger__settles_last_plus_one_of_each_partition(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    const place places[] = {{0, 10}, {1, 5}, {0, 11}, {1, 6}, {0, 12}};
    uint64_t sequence = publish(ledger, places, 5, 2)->sequence;
    leat_ledger_acknowledge(ledger, sequence);
    expect_marks(ledger, NULL, 0);
    leat_ledger_acknowledge(ledger, sequence);
    expect_marks(ledger, (leat_mark[]){{0, 13}, {1, 7}}, 2);
    assert_true(leat_ledger_is_empty(ledger));
    leat_ledger_free(ledger);
}

static void test_ledger__settles_only_the_acknowledged_prefix(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    uint64_t first = publish(ledger, &(place){0, 0}, 1, 1)->sequence;
    uint64_t second = publish(ledger, &(place){0, 1}, 1, 1)->sequence;
    leat_ledger_acknowledge(ledger, second);
    expect_marks(ledger, NULL, 0);
    leat_ledger_acknowledge(ledger, first);
    expect_marks(ledger, (leat_mark[]){{0, 2}}, 1);
    leat_ledger_free(ledger);
}

static void test_ledger__hands_a_mark_out_once(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    leat_ledger_acknowledge(ledger, publish(ledger, &(place){3, 7}, 1, 1)->sequence);
    expect_marks(ledger, (leat_mark[]){{3, 8}}, 1);
    expect_marks(ledger, NULL, 0);
    leat_ledger_free(ledger);
}

static void test_ledger__a_ticket_without_records_settles_by_itself(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    publish(ledger, &(place){0, 41}, 1, 0);
    expect_marks(ledger, (leat_mark[]){{0, 42}}, 1);
    leat_ledger_free(ledger);
}

static void test_ledger__an_unsealed_ticket_never_settles(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    leat_batch batch;
    assert_int_equal(leat_batch_init(&batch, 1), LEAT_OK);
    leat_batch_add(&batch)->offset = 0;
    leat_ticket *ticket;
    assert_int_equal(leat_ledger_open(ledger, &batch, &ticket), LEAT_OK);
    leat_ledger_expect(ledger, ticket, 1);
    leat_ledger_acknowledge(ledger, ticket->sequence);
    expect_marks(ledger, NULL, 0);
    assert_false(leat_ledger_is_whole(ledger));
    leat_ticket_seal(ticket);
    assert_true(leat_ledger_is_whole(ledger));
    expect_marks(ledger, (leat_mark[]){{0, 1}}, 1);
    assert_true(leat_ledger_is_whole(ledger));
    leat_batch_fini(&batch);
    leat_ledger_free(ledger);
}

static void test_ledger__a_late_acknowledgement_touches_nobody(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    uint64_t late = publish(ledger, &(place){0, 0}, 1, 1)->sequence;
    leat_ledger_clear(ledger);
    /* Fill the ring so that one of these tickets uses the memory of the cleared one. */
    uint64_t sequences[MAX_TICKETS];
    for (uint32_t i = 0; i < MAX_TICKETS; i++)
        sequences[i] = publish(ledger, &(place){0, (int64_t)i}, 1, 1)->sequence;
    assert_false(leat_ledger_knows(ledger, late));
    for (uint32_t i = 0; i < MAX_TICKETS; i++)
        leat_ledger_acknowledge(ledger, late);
    expect_marks(ledger, NULL, 0);
    assert_int_equal(leat_ledger_in_flight(ledger), MAX_TICKETS);
    for (uint32_t i = 0; i < MAX_TICKETS; i++)
        leat_ledger_acknowledge(ledger, sequences[i]);
    expect_marks(ledger, (leat_mark[]){{0, MAX_TICKETS}}, 1);
    leat_ledger_free(ledger);
}

static void test_ledger__clear_forgets_marks_not_handed_out(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    leat_ledger_acknowledge(ledger, publish(ledger, &(place){0, 9}, 1, 1)->sequence);
    leat_ledger_clear(ledger);
    expect_marks(ledger, NULL, 0);
    assert_int_equal(leat_ledger_bytes(ledger), 0);
    leat_ledger_free(ledger);
}

static void test_ledger__full_says_again(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    leat_batch batch = {0};
    leat_ticket *ticket;
    for (uint32_t i = 0; i < MAX_TICKETS; i++)
        publish(ledger, &(place){0, (int64_t)i}, 1, 1);
    assert_true(leat_ledger_is_full(ledger));
    assert_int_equal(leat_ledger_open(ledger, &batch, &ticket), LEAT_AGAIN);
    leat_ledger_free(ledger);
}

static void test_ledger__open_tickets_keep_their_marks_when_partitions_come(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    uint64_t first = publish(ledger, (place[]){{3, 7}, {1, 2}}, 2, 1)->sequence;
    uint64_t second = publish(ledger, (place[]){{200, 5}, {3, 8}}, 2, 1)->sequence;
    leat_ledger_acknowledge(ledger, first);
    expect_marks(ledger, (leat_mark[]){{1, 3}, {3, 8}}, 2);
    leat_ledger_acknowledge(ledger, second);
    expect_marks(ledger, (leat_mark[]){{3, 9}, {200, 6}}, 2);
    leat_ledger_free(ledger);
}

static void test_ledger__all_marks_stay_until_they_are_settled(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    uint64_t first = publish(ledger, (place[]){{0, 10}, {1, 3}}, 2, 1)->sequence;
    uint64_t second = publish(ledger, (place[]){{0, 11}}, 1, 1)->sequence;
    const leat_mark *marks;
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(leat_ledger_all(ledger, &marks), 2);
        assert_int_equal(marks[0].next, 12);
        assert_int_equal(marks[1].next, 4);
    }
    expect_marks(ledger, NULL, 0);
    leat_ledger_acknowledge(ledger, first);
    leat_ledger_acknowledge(ledger, second);
    expect_marks(ledger, (leat_mark[]){{0, 12}, {1, 4}}, 2);
    assert_int_equal(leat_ledger_all(ledger, &marks), 0);
    leat_ledger_free(ledger);
}

static void test_ledger__counts_what_is_on_its_way(void **state)
{
    (void)state;
    leat_ledger *ledger = new_ledger();
    uint64_t sequence = publish(ledger, &(place){0, 0}, 1, 2)->sequence;
    assert_int_equal(leat_ledger_in_flight(ledger), 2);
    assert_int_equal(leat_ledger_bytes(ledger), 20);
    leat_ledger_acknowledge(ledger, sequence);
    leat_ledger_acknowledge(ledger, sequence);
    assert_int_equal(leat_ledger_in_flight(ledger), 0);
    expect_marks(ledger, (leat_mark[]){{0, 1}}, 1);
    assert_int_equal(leat_ledger_bytes(ledger), 0);
    leat_ledger_free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ledger__settles_last_plus_one_of_each_partition),
        cmocka_unit_test(test_ledger__settles_only_the_acknowledged_prefix),
        cmocka_unit_test(test_ledger__hands_a_mark_out_once),
        cmocka_unit_test(test_ledger__a_ticket_without_records_settles_by_itself),
        cmocka_unit_test(test_ledger__an_unsealed_ticket_never_settles),
        cmocka_unit_test(test_ledger__a_late_acknowledgement_touches_nobody),
        cmocka_unit_test(test_ledger__clear_forgets_marks_not_handed_out),
        cmocka_unit_test(test_ledger__full_says_again),
        cmocka_unit_test(test_ledger__open_tickets_keep_their_marks_when_partitions_come),
        cmocka_unit_test(test_ledger__all_marks_stay_until_they_are_settled),
        cmocka_unit_test(test_ledger__counts_what_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
