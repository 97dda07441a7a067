#include "worker/demo/fraud_judge.h"
#include "worker/demo/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <msgpack.h>

enum { N = 100 };

/* 100 events were sent: every tenth a fraud. */
static int sent(void **state)
{
    *state = calloc(1, leat_fraud_judge.size + N * leat_fraud_judge.event_size);
    if (!*state)
        return -1;
    for (uint64_t i = 0; i < N; i++) {
        leat_world_event event = {.index = i, .truth = i % 10 == 0};
        leat_fraud_judge.sent(*state, &event);
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

static bool predict(void *judge, uint64_t index, float score)
{
    msgpack_sbuffer bytes;
    msgpack_packer to;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&to, &bytes, msgpack_sbuffer_write);
    msgpack_pack_map(&to, 2);
    put_text(&to, "score");
    msgpack_pack_float(&to, score);
    put_text(&to, "decision");
    put_text(&to, score >= 0.9f ? "block" : "review");
    leat_slice value = {(const uint8_t *)bytes.data, (uint32_t)bytes.size};
    bool is_taken = leat_fraud_judge.take(judge, index, value);
    msgpack_sbuffer_destroy(&bytes);
    return is_taken;
}

static double auc_of(const void *judge)
{
    leat_figure figures[LEAT_MAX_FIGURES];
    assert_int_equal(leat_fraud_judge.figures(judge, figures), 1);
    assert_string_equal(figures[0].key, "auc");
    return figures[0].value;
}

/* Pairs of fraud and genuine: (0.9, 0.5, 0.5) against (0.5, 0.1): 1 1, 1/2 1, 1/2 1. */
static void test_fraud_judge__auc_is_the_share_of_pairs_in_order(void **state)
{
    predict(*state, 0, 0.9f);
    assert_true(isnan(auc_of(*state)));
    predict(*state, 10, 0.5f);
    predict(*state, 20, 0.5f);
    predict(*state, 1, 0.5f);
    predict(*state, 2, 0.1f);
    assert_true(fabs(auc_of(*state) - 5.0 / 6) < 1e-12);
}

static void test_fraud_judge__score_is_a_probability(void **state)
{
    assert_true(predict(*state, 0, 0));
    assert_true(predict(*state, 1, 1));
    assert_false(predict(*state, 2, NAN));
    assert_false(predict(*state, 3, 1.01f));
    assert_false(predict(*state, 4, -0.01f));
    assert_false(leat_fraud_judge.take(*state, 5, (leat_slice){0}));
}

static void test_fraud_judge__the_newest_blocked_are_shown(void **state)
{
    char *text = NULL;
    size_t size;
    leat_view view = {.out = open_memstream(&text, &size)};
    for (uint64_t i = 0; i < 11; i++)
        predict(*state, i, i == 9 ? 0.5f : 0.95f);
    leat_fraud_judge.draw(*state, &view);
    fclose(view.out);
    const char *newest = strstr(text, "tx-10 "), *before = strstr(text, "tx-8 ");
    assert_true(newest && before && newest < before);
    assert_non_null(strstr(newest, "it was a fraud"));
    assert_null(strstr(text, "tx-9 "));
    assert_null(strstr(text, "tx-5 "));
    assert_int_equal(view.n_lines, 2 + 4);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sent, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fraud_judge__auc_is_the_share_of_pairs_in_order),
        TEST(test_fraud_judge__score_is_a_probability),
        TEST(test_fraud_judge__the_newest_blocked_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
