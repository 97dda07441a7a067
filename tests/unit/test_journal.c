#include "features/aggregate/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 3, DIGEST = 7 };

typedef struct bed {
    leat_journal journal;
    leat_arena arena;
} bed;

static int set_up(void **state)
{
    static bed only;
    leat_journal_init(&only.journal, DIGEST, N);
    leat_arena_init(&only.arena, 4096);
    *state = &only;
    return 0;
}

static int tear_down(void **state)
{
    bed *b = *state;
    leat_journal_fini(&b->journal);
    leat_arena_fini(&b->arena);
    return 0;
}

/* Answers that tell whose they are. */
static void add(leat_journal *journal, int64_t offset)
{
    double *answers = leat_journal_add(journal, offset);
    assert_non_null(answers);
    for (int i = 0; i < N; i++)
        answers[i] = (double)(offset * 10 + i);
}

static void assert_kept(const leat_journal *journal, int64_t offset, bool is_kept)
{
    const double *answers = leat_journal_find(journal, offset);
    assert_int_equal(answers != NULL, is_kept);
    for (int i = 0; answers && i < N; i++)
        assert_true(answers[i] == (double)(offset * 10 + i));
}

static void test_journal__finds_what_was_added(void **state)
{
    bed *b = *state;
    for (int64_t offset = 0; offset < 5000; offset += 2)
        add(&b->journal, offset);
    for (int64_t offset = -1; offset < 5001; offset++)
        assert_kept(&b->journal, offset, offset >= 0 && offset < 5000 && offset % 2 == 0);
}

static void test_journal__forgets_what_is_committed(void **state)
{
    bed *b = *state;
    for (int64_t offset = 0; offset < 100000; offset++) {
        add(&b->journal, offset);
        leat_journal_forget(&b->journal, offset - 100);
    }
    assert_kept(&b->journal, 99999 - 101, false);
    for (int64_t offset = 99999 - 100; offset < 100000; offset++)
        assert_kept(&b->journal, offset, true);
    assert_true(b->journal.capacity <= 256);
}

static void test_journal__chunks_hold_what_is_not_saved(void **state)
{
    bed *b = *state;
    assert_null(leat_journal_chunk(&b->journal, &b->arena).data);
    add(&b->journal, 1);
    leat_journal_saved(&b->journal);
    assert_null(leat_journal_chunk(&b->journal, &b->arena).data);
    add(&b->journal, 2);
    leat_slice chunk = leat_journal_chunk(&b->journal, &b->arena);
    leat_journal loaded;
    leat_journal_init(&loaded, DIGEST, N);
    assert_int_equal(leat_journal_load(&loaded, chunk), LEAT_OK);
    assert_kept(&loaded, 1, false);
    assert_kept(&loaded, 2, true);
    leat_journal_fini(&loaded);
}

/* [1, 2], and then, since nobody said that it was saved, [1, 2, 3]. */
static void test_journal__what_stands_in_two_chunks_is_taken_once(void **state)
{
    bed *b = *state;
    add(&b->journal, 1);
    add(&b->journal, 2);
    leat_slice first = leat_journal_chunk(&b->journal, &b->arena);
    add(&b->journal, 3);
    leat_slice second = leat_journal_chunk(&b->journal, &b->arena);
    uint8_t *both = leat_arena_alloc(&b->arena, first.size + second.size);
    memcpy(both, first.data, first.size);
    memcpy(both + first.size, second.data, second.size);
    leat_journal loaded;
    leat_journal_init(&loaded, DIGEST, N);
    assert_int_equal(
        leat_journal_load(&loaded, (leat_slice){both, first.size + second.size}),
        LEAT_OK);
    assert_int_equal(loaded.n, 3);
    for (int64_t offset = 1; offset <= 3; offset++)
        assert_kept(&loaded, offset, true);
    leat_journal_fini(&loaded);
}

static void test_journal__answers_of_another_configuration_are_passed_over(void **state)
{
    bed *b = *state;
    add(&b->journal, 1);
    leat_slice chunk = leat_journal_chunk(&b->journal, &b->arena);
    leat_journal other;
    leat_journal_init(&other, DIGEST + 1, N);
    assert_int_equal(leat_journal_load(&other, chunk), LEAT_OK);
    assert_int_equal(other.n, 0);
    leat_journal_fini(&other);
}

static void test_journal__a_chunk_that_is_cut_is_refused(void **state)
{
    bed *b = *state;
    add(&b->journal, 1);
    add(&b->journal, 2);
    leat_slice chunk = leat_journal_chunk(&b->journal, &b->arena);
    for (uint32_t size = 1; size < chunk.size; size++) {
        leat_journal loaded;
        leat_journal_init(&loaded, DIGEST, N);
        assert_int_equal(leat_journal_load(&loaded, (leat_slice){chunk.data, size}),
                         LEAT_E_FORMAT);
        leat_journal_fini(&loaded);
    }
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(test_journal__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_what_was_added),
        TEST(forgets_what_is_committed),
        TEST(chunks_hold_what_is_not_saved),
        TEST(what_stands_in_two_chunks_is_taken_once),
        TEST(answers_of_another_configuration_are_passed_over),
        TEST(a_chunk_that_is_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
