/* The demo's verdict rests on this counter, so each test plants what it must find. */
#include "worker/demo/count.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <msgpack.h>

enum { N = 100 };

/* 100 events were sent a second apart: every tenth a fraud, number 50 malformed. */
static int sent(void **state)
{
    static leat_count count;
    if (leat_count_init(&count, leat_world_find("fraud"), N) != LEAT_OK)
        return -1;
    for (uint64_t i = 0; i < N; i++) {
        leat_world_event event = {.index = i, .truth = i % 10 == 0, .malformed = i == 50};
        leat_count_sent(&count, &event, i * LEAT_SEC);
    }
    *state = &count;
    return 0;
}

static int done(void **state)
{
    leat_count_fini(*state);
    return 0;
}

static void put_text(msgpack_packer *to, const char *text)
{
    msgpack_pack_str_with_body(to, text, strlen(text));
}

/* A record as the worker publishes it, `wait_ms` after the event was sent. */
static void predict(leat_count *count, uint64_t index, float score, uint64_t wait_ms)
{
    msgpack_sbuffer bytes;
    msgpack_packer to;
    char id[32];
    snprintf(id, sizeof id, "tx-%u", (unsigned)index);
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&to, &bytes, msgpack_sbuffer_write);
    msgpack_pack_map(&to, 5);
    put_text(&to, "id");
    put_text(&to, "transactions/0/1");
    put_text(&to, "missing");
    msgpack_pack_array(&to, 1);
    put_text(&to, "vpn");
    put_text(&to, "score");
    msgpack_pack_float(&to, score);
    put_text(&to, "decision");
    put_text(&to, score >= 0.9f ? "block" : "review");
    put_text(&to, "event");
    msgpack_pack_map(&to, 1);
    put_text(&to, "transaction_id");
    put_text(&to, id);
    leat_slice value = {(const uint8_t *)bytes.data, (uint32_t)bytes.size};
    leat_count_prediction(count, value, index * LEAT_SEC + wait_ms * LEAT_MS);
    msgpack_sbuffer_destroy(&bytes);
}

static void bury(leat_count *count, const char *payload)
{
    leat_count_dead_letter(
        count, (leat_slice){(const uint8_t *)payload, (uint32_t)strlen(payload)});
}

/* The payload of event 50, cut short behind its transaction_id. */
#define MALFORMED_50 "\x82\xaetransaction_id\xa5tx-50\xa4ti"

/* All that should come, except event `but`. */
static void all_but(leat_count *count, uint64_t but)
{
    for (uint64_t i = 0; i < N; i++)
        if (i != but && i != 50)
            predict(count, i, i % 10 == 0 ? 0.8f : 0.1f, i);
    if (but != 50)
        bury(count, MALFORMED_50);
}

static void test_count__everything_once_is_clean(void **state)
{
    leat_count *count = *state;
    all_but(count, N);
    assert_int_equal(leat_count_missing(count), 0);
    assert_int_equal(count->duplicated, 0);
    assert_int_equal(count->unexpected, 0);
    assert_int_equal(count->predictions, 99);
    assert_int_equal(count->dead_letters, 1);
}

static void test_count__planted_loss_is_found(void **state)
{
    leat_count *count = *state;
    all_but(count, 17);
    assert_int_equal(leat_count_missing(count), 1);
    assert_int_equal(count->duplicated, 0);
}

static void test_count__lost_dead_letter_is_found(void **state)
{
    leat_count *count = *state;
    all_but(count, 50);
    assert_int_equal(leat_count_missing(count), 1);
}

static void test_count__planted_duplicates_are_found(void **state)
{
    leat_count *count = *state;
    all_but(count, N);
    predict(count, 17, 0.1f, 0);
    predict(count, 17, 0.1f, 0);
    bury(count, MALFORMED_50);
    assert_int_equal(leat_count_missing(count), 0);
    assert_int_equal(count->duplicated, 3);
}

static void test_count__a_duplicate_hides_no_loss(void **state)
{
    leat_count *count = *state;
    all_but(count, 17);
    predict(count, 18, 0.1f, 0);
    assert_int_equal(leat_count_missing(count), 1);
    assert_int_equal(count->duplicated, 1);
}

static void test_count__good_event_as_dead_letter_is_lost(void **state)
{
    leat_count *count = *state;
    all_but(count, 17);
    bury(count, "\x81\xaetransaction_id\xa5tx-17");
    assert_int_equal(leat_count_missing(count), 1);
    assert_int_equal(count->unexpected, 1);
}

static void test_count__scored_malformed_event_is_lost(void **state)
{
    leat_count *count = *state;
    all_but(count, 50);
    predict(count, 50, 0.1f, 0);
    assert_int_equal(leat_count_missing(count), 1);
    assert_int_equal(count->unexpected, 1);
}

static void test_count__prediction_without_a_score_settles_nothing(void **state)
{
    leat_count *count = *state;
    all_but(count, 17);
    predict(count, 17, NAN, 0);
    assert_int_equal(leat_count_missing(count), 1);
    assert_int_equal(count->unexpected, 1);
}

static void test_count__records_of_no_event_are_unexpected(void **state)
{
    leat_count *count = *state;
    static const char *const strange[] = {
        "",
        "\x90",
        "\x81\xaetransaction_id\xa6tx-100",
        "\x81\xaetransaction_id\xa5xx-17",
        "\x81\xaetransaction_id\xa5tx-1x",
        "\x81\xaetransaction_id\x11",
    };
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
        bury(count, strange[i]);
    assert_int_equal(count->unexpected, 6);
    assert_int_equal(leat_count_missing(count), N);
}

static void test_count__latency_is_from_sending_to_seeing(void **state)
{
    leat_count *count = *state;
    assert_true(isnan(leat_count_latency_ms(count, N, 0.5)));
    for (uint64_t i = 0; i < 11; i++)
        predict(count, i, 0.1f, 10 * i);
    assert_true(leat_count_latency_ms(count, N, 0.0) == 0);
    assert_true(leat_count_latency_ms(count, N, 0.5) == 50);
    assert_true(leat_count_latency_ms(count, N, 1.0) == 100);
    assert_true(leat_count_latency_ms(count, 3, 0.0) == 80);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sent, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_count__everything_once_is_clean),
        TEST(test_count__planted_loss_is_found),
        TEST(test_count__lost_dead_letter_is_found),
        TEST(test_count__planted_duplicates_are_found),
        TEST(test_count__a_duplicate_hides_no_loss),
        TEST(test_count__good_event_as_dead_letter_is_lost),
        TEST(test_count__scored_malformed_event_is_lost),
        TEST(test_count__prediction_without_a_score_settles_nothing),
        TEST(test_count__records_of_no_event_are_unexpected),
        TEST(test_count__latency_is_from_sending_to_seeing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
