#include "worker/demo/recommend_judge.h"
#include "worker/demo/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <msgpack.h>

enum { N = 10 };

/* Ten events: the item viewed next is 100 + its index, its place by popularity the index,
 * the last one's 50. */
static int sent(void **state)
{
    *state = calloc(1, leat_recommend_judge.size + N * leat_recommend_judge.event_size);
    if (!*state)
        return -1;
    for (uint32_t i = 0; i < N; i++) {
        leat_world_event event = {
            .index = i, .truth = 100 + i, .guess = i < 9 ? i + 1 : 50};
        leat_recommend_judge.sent(*state, &event);
    }
    return 0;
}

static int done(void **state)
{
    free(*state);
    return 0;
}

static void put_text(msgpack_packer *to, const char *text)
{
    msgpack_pack_str_with_body(to, text, strlen(text));
}

/* A ranking of `n` items: 1, 2, 3..., and in place `place`, where there is one, `item`. */
static bool rank(void *judge, uint64_t index, uint32_t n, uint32_t item, uint32_t place)
{
    msgpack_sbuffer bytes;
    msgpack_packer to;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&to, &bytes, msgpack_sbuffer_write);
    msgpack_pack_map(&to, 1);
    put_text(&to, "ranking");
    msgpack_pack_array(&to, n);
    for (uint32_t i = 1; i <= n; i++) {
        msgpack_pack_map(&to, 2);
        put_text(&to, "item");
        msgpack_pack_uint32(&to, i == place ? item : i);
        put_text(&to, "score");
        msgpack_pack_float(&to, (float)-i);
    }
    leat_slice value = {(const uint8_t *)bytes.data, (uint32_t)bytes.size};
    bool is_taken = leat_recommend_judge.take(judge, index, value);
    msgpack_sbuffer_destroy(&bytes);
    return is_taken;
}

static double figure(const void *judge, const char *key)
{
    leat_figure figures[LEAT_MAX_FIGURES];
    uint32_t n = leat_recommend_judge.figures(judge, figures);
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(figures[i].key, key))
            return figures[i].value;
    fail_msg("there is no %s", key);
    return NAN;
}

static void test_recommend_judge__hits_are_of_the_first_ten(void **state)
{
    assert_true(isnan(figure(*state, "hit_rate")));
    assert_true(rank(*state, 0, 10, 100, 1));
    assert_true(rank(*state, 1, 10, 101, 10));
    assert_true(rank(*state, 2, 12, 102, 11));
    assert_true(rank(*state, 9, 10, 0, 0));
    assert_true(figure(*state, "hit_rate") == 0.5);
    assert_true(figure(*state, "hit_rate_popular") == 0.75);
    assert_true(figure(*state, "hit_rate_random") == 0.1);
}

static void test_recommend_judge__ndcg_is_a_discount_by_place(void **state)
{
    rank(*state, 0, 10, 100, 1);
    rank(*state, 1, 10, 101, 3);
    rank(*state, 2, 10, 0, 0);
    rank(*state, 3, 10, 0, 0);
    assert_true(fabs(figure(*state, "ndcg") - (1 + 0.5) / 4) < 1e-12);
}

static void test_recommend_judge__a_prediction_has_a_ranking(void **state)
{
    static const char *const strange[] = {
        "",
        "\x90",
        "\x81\xa5score\x01",
        "\x81\xa7ranking\x01",
        "\x81\xa7ranking\x91\x01",
        "\x81\xa7ranking\x91\x81\xa5score\x01",
        "\x81\xa7ranking\x91\x81\xa4item\xa1x",
    };
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        assert_false(leat_recommend_judge.take(*state, 0, leat_slice_of(strange[i])));
    assert_false(rank(*state, 0, 0, 0, 0));
    assert_true(isnan(figure(*state, "hit_rate")));
}

static void test_recommend_judge__places_are_shown(void **state)
{
    char *text = NULL;
    size_t size;
    leat_view view = {.out = open_memstream(&text, &size)};
    rank(*state, 1, 10, 101, 1);
    leat_recommend_judge.draw(*state, &view);
    fclose(view.out);
    assert_non_null(strstr(text, "viewed   place 1 \u2588\u00b7"));
    assert_non_null(strstr(text, "popular  place 1 \u00b7\u2588\u00b7"));
    assert_int_equal(view.n_lines, 2);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sent, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_recommend_judge__hits_are_of_the_first_ten),
        TEST(test_recommend_judge__ndcg_is_a_discount_by_place),
        TEST(test_recommend_judge__a_prediction_has_a_ranking),
        TEST(test_recommend_judge__places_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
