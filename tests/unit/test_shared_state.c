#include "features/aggregate/shared_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static leat_arena arena;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static const leat_slice body = {(const uint8_t *)"state", 5};

static leat_shared_state *read_back(leat_slice bytes)
{
    leat_shared_state *shared;
    leat_slice rest;
    assert_int_equal(leat_shared_state_read(&shared, &arena, bytes, &rest), LEAT_OK);
    assert_true(!bytes.data || leat_slice_equal(rest, body));
    return shared;
}

static bool note(leat_shared_state *shared, uint64_t partition, int64_t offset)
{
    bool is_new;
    assert_int_equal(leat_shared_state_note(shared, &arena, partition, offset, &is_new),
                     LEAT_OK);
    return is_new;
}

static void test_shared_state__knows_what_it_has_seen(void **state)
{
    (void)state;
    leat_shared_state *shared = read_back((leat_slice){0});
    for (uint64_t partition = 0; partition < 50; partition++) {
        assert_true(note(shared, partition, (int64_t)partition));
        assert_false(note(shared, partition, (int64_t)partition));
    }
    shared = read_back(leat_shared_state_write(shared, &arena, body));
    for (uint64_t partition = 0; partition < 50; partition++) {
        assert_false(note(shared, partition, (int64_t)partition));
        assert_false(note(shared, partition, 0));
        assert_true(note(shared, partition, (int64_t)partition + 1));
    }
}

static void test_shared_state__each_write_is_another_version(void **state)
{
    (void)state;
    leat_slice first = leat_shared_state_write(read_back((leat_slice){0}), &arena, body);
    leat_slice second = leat_shared_state_write(read_back(first), &arena, body);
    assert_memory_equal(read_back(first)->version.data, first.data, 8);
    assert_memory_not_equal(first.data, second.data, 8);
}

static void test_shared_state__partitions_have_names_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(leat_state_mark_id("a", 1), leat_state_mark_id("a", 1));
    assert_int_not_equal(leat_state_mark_id("a", 1), leat_state_mark_id("a", 2));
    assert_int_not_equal(leat_state_mark_id("a", 1), leat_state_mark_id("b", 1));
}

/* Its version is what stands there, so that it can be written over. */
static void test_shared_state__a_head_that_is_cut_is_refused(void **state)
{
    (void)state;
    leat_shared_state *shared = read_back((leat_slice){0});
    note(shared, 1, 1);
    leat_slice whole = leat_shared_state_write(shared, &arena, body);
    for (uint32_t size = 0; size < whole.size - body.size; size++) {
        leat_slice rest;
        assert_int_equal(leat_shared_state_read(&shared, &arena,
                                                (leat_slice){whole.data, size}, &rest),
                         LEAT_E_FORMAT);
        assert_int_equal(shared->version.size, size < 8 ? size : 8);
        assert_memory_equal(shared->version.data, whole.data, shared->version.size);
        assert_int_equal(shared->n_marks, 0);
    }
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_shared_state__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_what_it_has_seen),
        TEST(each_write_is_another_version),
        TEST(partitions_have_names_of_their_own),
        TEST(a_head_that_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
