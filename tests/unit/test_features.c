#include "features/features.h"

#include "allocations.h"
#include "base/clock.h"
#include "base/log.h"
#include "lookup_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- A real Redis ---- */

static void test_features__an_outage_is_unavailable_and_ends(void **state)
{
    lookup_bed *f = *state;
    real_redis_kill(&f->server);
    leat_event *event = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, event, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);
    assert_int_equal(event->status, LEAT_OK);
    assert_int_equal(*leat_batch_missing(&f->batch, event), 7);
    real_redis_restart(&f->server);
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    do {
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
        lookup_bed_clear(f);
        event = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
        lookup_bed_run(f);
    } while (event->quality == LEAT_QUALITY_UNAVAILABLE);
    lookup_bed_assert_row(f, event, 1, 2, NAN);
}

/* ---- A false one ---- */

/* User n has avg n and count n. The answer about user 2 waits at the gate. */
static void serve_tardy(int fd, int n, void *context)
{
    const int *gate = context;
    char key[64], byte;
    (void)n;
    while (fake_read(fd, 1, key)) {
        if (!strchr(key, ':')) { /* the PING of a new connection */
            fake_write(fd, "+PONG\r\n");
            continue;
        }
        const char *id = strchr(key, ':') + 1;
        if (!strcmp(id, "2") && read(gate[0], &byte, 1) != 1)
            return;
        fake_write(fd, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(id), id, strlen(id),
                   id);
    }
}

static void receive(lookup_bed *f)
{
    assert_int_equal(leat_features_receive(f->features, &f->batch), LEAT_OK);
}

static leat_event *send_user(lookup_bed *f, int id)
{
    char user[16];
    snprintf(user, sizeof user, "%d", id);
    lookup_bed_clear(f);
    leat_event *event = lookup_bed_add(f, lookup_bed_text(f, user), NULL);
    leat_features_send(f->features, &f->batch);
    return event;
}

/* Batch 2 gives up before its answer comes, and the answer comes just when batch 3 has
 * sent its question. A connection that were used on would tell user 3 what belongs to
 * user 2. */
static void test_features__no_entity_ever_gets_anothers_features(void **state)
{
    int gate[2];
    fake_redis fake;
    lookup_bed own = {0};
    leat_event *event;
    (void)state;
    assert_return_code(pipe(gate), 0);
    fake_redis_start(&fake, serve_tardy, gate);
    leat_redis_spec spec = fake_redis_spec(&fake);
    spec.timeout_ns = 100 * LEAT_MS;
    lookup_bed_open(&own, spec, LEAT_LOOKUP_HASH, 4);
    event = send_user(&own, 2);
    receive(&own);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);

    uint64_t give_up_ns = leat_now_ns() + 20 * LEAT_SEC;
    int id = 3;
    event = send_user(&own, id);
    assert_int_equal(write(gate[1], "", 1), 1);
    receive(&own);
    while (event->quality == LEAT_QUALITY_UNAVAILABLE) {
        lookup_bed_assert_row(&own, event, NAN, COUNT_DEFAULT, NAN);
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
        event = send_user(&own, ++id);
        receive(&own);
    }
    lookup_bed_assert_row(&own, event, (float)id, (float)id, NAN);
    lookup_bed_close(&own);
    fake_redis_stop(&fake);
    close(gate[0]);
    close(gate[1]);
}

/* ---- Policies ---- */

static void test_features__dead_letter_fails_what_is_unanswered(void **state)
{
    lookup_bed *f = *state;
    lookup_bed_set_policy(f, LEAT_UNAVAILABLE_DEAD_LETTER);
    real_redis_kill(&f->server);
    leat_event *event = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *nobody = lookup_bed_add(f, NULL, NULL);
    lookup_bed_run(f);
    assert_int_equal(event->status, LEAT_E_UNANSWERED);
    assert_int_equal(event->stage, LEAT_STAGE_FEATURES);
    assert_string_equal(event->reason,
                        "lookup user.avg is unavailable: Redis did not answer");
    assert_int_equal(nobody->status, LEAT_OK); /* nothing was asked for it */
    real_redis_restart(&f->server);
}

/* A refusal that no waiting mends. */
static void check_wrong_type(lookup_bed *f, leat_on_unavailable policy)
{
    lookup_bed_set_policy(f, policy);
    real_redis_do(&f->server, "SET user:bob text");
    real_redis_do(&f->server, "HSET user:eve avg 1 count 2");
    leat_event *wrong = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_event *right = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, right, 1, 2, NAN);
    assert_int_equal(wrong->status, LEAT_E_UNANSWERED);
    assert_non_null(
        strstr(wrong->reason, "lookup user: key \"user:bob\": WRONGTYPE Operation"));
}

static void test_features__dead_letter_has_redis_own_words(void **state)
{
    check_wrong_type(*state, LEAT_UNAVAILABLE_DEAD_LETTER);
}

static void test_features__wait_does_not_wait_for_another_type(void **state)
{
    check_wrong_type(*state, LEAT_UNAVAILABLE_WAIT);
}

/* Calls until something else than AGAIN comes; how many it took. */
static int wait_for_redis(lookup_bed *f)
{
    uint64_t give_up_ns = leat_now_ns() + 30 * LEAT_SEC;
    leat_status status;
    int n = 0;
    while ((status = leat_features_receive(f->features, &f->batch)) == LEAT_AGAIN) {
        assert_true(leat_now_ns() < give_up_ns);
        poll(NULL, 0, 10);
        n++;
    }
    assert_int_equal(status, LEAT_OK);
    return n;
}

static void test_features__wait_takes_nothing_until_redis_answers(void **state)
{
    enum { TRIES = 1000 };
    lookup_bed *f = *state;
    lookup_bed_set_policy(f, LEAT_UNAVAILABLE_WAIT);
    real_redis_kill(&f->server);
    leat_event *event = lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_features_send(f->features, &f->batch);
    assert_int_equal(leat_features_receive(f->features, &f->batch), LEAT_AGAIN);
    size_t held = leat_arena_footprint(&f->batch.arena);
    for (int i = 0; i < TRIES; i++)
        assert_int_equal(leat_features_receive(f->features, &f->batch), LEAT_AGAIN);
    assert_int_equal(leat_arena_footprint(&f->batch.arena), held);
    lookup_bed_assert_row(f, event, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(event->quality, LEAT_QUALITY_COMPLETE);

    real_redis_restart(&f->server);
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    wait_for_redis(f);
    lookup_bed_assert_row(f, event, 1, 2, NAN);
    assert_int_equal(event->status, LEAT_OK);
}

static void test_features__another_batch_may_follow_one_that_was_given_up(void **state)
{
    lookup_bed *f = *state;
    lookup_bed_set_policy(f, LEAT_UNAVAILABLE_WAIT);
    real_redis_kill(&f->server);
    lookup_bed_add(f, lookup_bed_text(f, "bob"), NULL);
    leat_features_send(f->features, &f->batch);
    assert_int_equal(leat_features_receive(f->features, &f->batch), LEAT_AGAIN);
    real_redis_restart(&f->server);
    real_redis_do(&f->server, "HSET user:bob avg 1 count 2");
    real_redis_do(&f->server, "HSET user:eve avg 3 count 4");
    lookup_bed_clear(f);
    leat_event *event = lookup_bed_add(f, lookup_bed_text(f, "eve"), NULL);
    leat_features_send(f->features, &f->batch);
    wait_for_redis(f);
    lookup_bed_assert_row(f, event, 3, 4, NAN);
}

/* A server that is loading its data says so a few times, in a connection that stays. */
static void serve_loading(int fd, int n, void *context)
{
    int *left = context;
    char key[64];
    (void)n;
    while (fake_read(fd, 1, key)) {
        if (!strchr(key, ':'))
            fake_write(fd, "+PONG\r\n");
        else if ((*left)-- > 0)
            fake_write(fd, "-LOADING Redis is loading the dataset in memory\r\n");
        else
            fake_write(fd, "*2\r\n$1\r\n5\r\n$1\r\n6\r\n");
    }
}

/* Every key of a cluster without slots is refused. */
static void test_features__a_cluster_is_counted_by_name(void **state)
{
    real_redis server;
    lookup_bed own = {0};
    (void)state;
    real_redis_start_cluster_node(&server);
    lookup_bed_open(&own, real_redis_unix_spec(&server), LEAT_LOOKUP_HASH, 4);
    leat_event *event = lookup_bed_add(&own, lookup_bed_text(&own, "bob"), NULL);
    lookup_bed_run(&own);
    assert_int_equal(event->quality, LEAT_QUALITY_UNAVAILABLE);
    const leat_features_stats *stats = leat_features_read_stats(own.features);
    assert_int_equal(leat_counter_read(&stats->lookups.refusals[LEAT_REFUSAL_CLUSTER]),
                     1);
    lookup_bed_close(&own);
    real_redis_stop(&server);
}

static void test_features__wait_goes_on_while_redis_is_loading(void **state)
{
    int left = 3;
    fake_redis fake;
    lookup_bed own = {0};
    (void)state;
    fake_redis_start(&fake, serve_loading, &left);
    lookup_bed_open(&own, fake_redis_spec(&fake), LEAT_LOOKUP_HASH, 4);
    lookup_bed_set_policy(&own, LEAT_UNAVAILABLE_WAIT);
    leat_event *event = lookup_bed_add(&own, lookup_bed_text(&own, "1"), NULL);
    leat_features_send(own.features, &own.batch);
    assert_int_equal(wait_for_redis(&own), 3);
    lookup_bed_assert_row(&own, event, 5, 6, NAN);
    const leat_features_stats *stats = leat_features_read_stats(own.features);
    assert_int_equal(leat_counter_read(&stats->connects), 1);
    lookup_bed_close(&own);
    fake_redis_stop(&fake);
}

/* Batches of one size, over and over. */
static void test_features__a_warm_batch_allocates_nothing(void **state)
{
    enum { N = 2000, ROUNDS = 6 };
    real_redis *server = &((lookup_bed *)*state)->server;
    lookup_bed large = {0};
    size_t calls[ROUNDS];
    lookup_bed_open(&large, real_redis_unix_spec(server), LEAT_LOOKUP_HASH, N);
    real_redis_do(server, "HSET user:7 avg 1 count 2");
    for (int round = 0; round < ROUNDS; round++) {
        calls[round] = allocated.calls;
        lookup_bed_clear(&large);
        for (int i = 0; i < N; i++) {
            char user[16];
            snprintf(user, sizeof user, "%d", i);
            lookup_bed_add(&large, lookup_bed_text(&large, user), NULL);
        }
        lookup_bed_run(&large);
        calls[round] = allocated.calls - calls[round];
    }
    assert_true(calls[0] > 0);
    assert_int_equal(calls[ROUNDS - 1], 0);
    lookup_bed_close(&large);
}

int main(void)
{
#define REAL(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up, lookup_bed_tear_down)
    const struct CMUnitTest tests[] = {
        REAL(test_features__an_outage_is_unavailable_and_ends),
        REAL(test_features__a_warm_batch_allocates_nothing),
        REAL(test_features__dead_letter_fails_what_is_unanswered),
        REAL(test_features__dead_letter_has_redis_own_words),
        REAL(test_features__wait_does_not_wait_for_another_type),
        REAL(test_features__wait_takes_nothing_until_redis_answers),
        REAL(test_features__another_batch_may_follow_one_that_was_given_up),
        cmocka_unit_test(test_features__a_cluster_is_counted_by_name),
        cmocka_unit_test(test_features__wait_goes_on_while_redis_is_loading),
        cmocka_unit_test(test_features__no_entity_ever_gets_anothers_features),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
