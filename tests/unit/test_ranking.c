#include "producers/ranking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_ROWS = 400 };

static const leat_tensor_spec floats = {"y", LEAT_F32, 2, {0, 1}};
static const leat_tensor_spec classes = {"y", LEAT_F64, 2, {0, 3}};
static leat_ranked best[MAX_ROWS];

/* The rows behind the first three, which are another event's. */
static uint32_t rank(const float *scores, uint32_t n, uint32_t top)
{
    float rows[MAX_ROWS + 3] = {1e9F, 1e9F, 1e9F};
    leat_tensor output = {.spec = &floats, .row_size = 1, .data = rows};
    leat_event event = {.first = 3, .n = n};
    for (uint32_t i = 0; i < n; i++)
        rows[3 + i] = scores[i];
    return leat_ranking_find(&output, &event, 0, top, best);
}

static void expect(const uint32_t *candidates, uint32_t n, const float *scores)
{
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(best[i].candidate, candidates[i]);
        assert_true((float)best[i].score == scores[candidates[i]]);
    }
}

static void test_ranking__the_best_come_first(void **state)
{
    (void)state;
    const float scores[] = {0.25F, -1, 0.75F, 0.5F, 0};
    assert_int_equal(rank(scores, 5, 3), 3);
    expect((const uint32_t[]){2, 3, 0}, 3, scores);
}

static void test_ranking__of_fewer_than_asked_for_all(void **state)
{
    (void)state;
    const float scores[] = {1, 3, 2};
    assert_int_equal(rank(scores, 3, 10), 3);
    expect((const uint32_t[]){1, 2, 0}, 3, scores);
    assert_int_equal(rank(scores, 0, 10), 0);
    assert_int_equal(rank(scores, 1, 1), 1);
}

static void test_ranking__of_equals_the_first_in_the_event(void **state)
{
    (void)state;
    const float scores[] = {0, 1, -0.0F, 1, 1, 0};
    assert_int_equal(rank(scores, 6, 2), 2);
    expect((const uint32_t[]){1, 3}, 2, scores);
    assert_int_equal(rank(scores, 6, 6), 6);
    expect((const uint32_t[]){1, 3, 4, 0, 2, 5}, 6, scores);
}

static void test_ranking__by_one_of_several_scores(void **state)
{
    (void)state;
    double rows[] = {9, 1, 5, 8, 3, 5, 7, 2, 5};
    leat_tensor output = {.spec = &classes, .row_size = 3, .data = rows};
    leat_event event = {.first = 0, .n = 3};
    assert_int_equal(leat_ranking_find(&output, &event, 1, 2, best), 2);
    assert_int_equal(best[0].candidate, 1);
    assert_int_equal(best[1].candidate, 2);
    rows[5] = NAN;
    assert_int_equal(leat_ranking_not_finite(&output, &event, 1), 3);
    assert_int_equal(leat_ranking_not_finite(&output, &event, 2), 1);
}

/* What a stable sort would say. */
static int by_score(const void *left, const void *right)
{
    const leat_ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->candidate < b->candidate ? -1 : 1;
}

static void test_ranking__as_a_sort(void **state)
{
    (void)state;
    float scores[MAX_ROWS];
    leat_ranked sorted[MAX_ROWS];
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        uint32_t n = (random >> 8) % MAX_ROWS, top = 1 + (random >> 20) % 40;
        for (uint32_t i = 0; i < n; i++) {
            random = random * 1664525 + 1013904223;
            scores[i] = (float)((random >> 16) % 50);
            sorted[i] = (leat_ranked){i, (double)scores[i]};
        }
        random = random * 1664525 + 1013904223;
        if (n)
            qsort(sorted, n, sizeof *sorted, by_score);
        uint32_t found = rank(scores, n, top);
        assert_int_equal(found, n < top ? n : top);
        for (uint32_t i = 0; i < found; i++) {
            assert_int_equal(best[i].candidate, sorted[i].candidate);
            assert_true(best[i].score == sorted[i].score);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking__the_best_come_first),
        cmocka_unit_test(test_ranking__of_fewer_than_asked_for_all),
        cmocka_unit_test(test_ranking__of_equals_the_first_in_the_event),
        cmocka_unit_test(test_ranking__by_one_of_several_scores),
        cmocka_unit_test(test_ranking__as_a_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
