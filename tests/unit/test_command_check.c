/* leat check as a whole: what it prints and returns. The brokers live in the test. */
#include "worker/commands.h"

#include "captured.h"
#include "tiny_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mock_cluster.h"

static tiny_model tiny;
static mock_cluster mock;
static char said[CAPTURED_SIZE];

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"a\",\"b\"", TINY_LOGISTIC);
    tiny_model_put(&tiny, "golden.ndjson", "{\"row\": [0, 1], \"score\": 0.26894143}\n");
    mock = mock_cluster_start();
    rd_kafka_mock_topic_create(mock.cluster, "in", 2, 1);
    rd_kafka_mock_topic_create(mock.cluster, "out", 2, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mock_cluster_stop(&mock);
    tiny_model_remove(&tiny);
    return 0;
}

/* Runs `leat check` on the configuration; what it printed is in `said`. */
static int check(const char *brokers, const char *sink, const char *more, char *option)
{
    char text[512];
    snprintf(text, sizeof text,
             "kafka: {bootstrap.servers: '%s'}\nsource: {topics: [in]}\n"
             "model: {path: m.json, golden: golden.ndjson}\nsink: {topic: %s}\n"
             "features: {a: {from: event.a}, b: {from: event.b}}\n%s\n",
             brokers, sink, more);
    tiny_model_put(&tiny, "leat.yaml", text);
    char *argv[] = {"check", "--config", tiny.config, option, NULL};
    return captured_run(leat_command_check, argv, said);
}

static void assert_said(const char *words)
{
    if (!strstr(said, words))
        fail_msg("'%s' is not in:\n%s", words, said);
}

static void test_check__all_is_well(void **state)
{
    (void)state;
    assert_int_equal(
        check(rd_kafka_mock_cluster_bootstraps(mock.cluster), "out", "", NULL), 0);
    assert_said("ok    configuration  ");
    assert_said("XGBoost JSON, binary:logistic, 1 trees, 2 columns, version ");
    assert_said("all 1 scores are as expected");
    assert_said("ok    brokers ");
    assert_null(strstr(said, "FAIL"));
}

static void test_check__a_topic_is_missing(void **state)
{
    (void)state;
    assert_int_equal(
        check(rd_kafka_mock_cluster_bootstraps(mock.cluster), "oot", "", NULL), 78);
    assert_said("FAIL  brokers ");
    assert_said("there is no topic 'oot'");
    assert_said("did you mean 'out'?");
}

static void test_check__the_topic_of_feature_records_is_named(void **state)
{
    (void)state;
    const char *brokers = rd_kafka_mock_cluster_bootstraps(mock.cluster);
    assert_int_equal(check(brokers, "out, features: rows", "", NULL), 78);
    assert_said("ok    feature log    rows: a record of 2 features for each prediction");
    assert_said("sink.features: there is no topic 'rows'");
    rd_kafka_mock_topic_create(mock.cluster, "rows", 2, 1);
    assert_int_equal(check(brokers, "out, features: rows", "", NULL), 0);
}

static void test_check__nobody_answers(void **state)
{
    (void)state;
    assert_int_equal(check("localhost:1", "out", "", NULL), 69);
    assert_said("no broker of localhost:1 answers: ");
}

static void test_check__offline_asks_nobody(void **state)
{
    (void)state;
    assert_int_equal(check("localhost:1", "out", "", "--offline"), 0);
    assert_null(strstr(said, "brokers"));
}

static void test_check__a_wrong_score_is_a_matter_of_data(void **state)
{
    (void)state;
    tiny_model_put(&tiny, "golden.ndjson", "{\"row\": [0, 1], \"score\": 0.5}\n");
    int code = check("localhost:1", "out", "", "--offline");
    tiny_model_put(&tiny, "golden.ndjson", "{\"row\": [0, 1], \"score\": 0.26894143}\n");
    assert_int_equal(code, 65);
    assert_said("FAIL  model  ");
    assert_said("score 0.5 is expected");
}

static void test_check__a_mistake_ends_it(void **state)
{
    (void)state;
    assert_int_equal(check("localhost:1", "out", "lnaes: 3", NULL), 78);
    assert_said("FAIL  configuration  ");
    assert_said("leat.yaml:6:1: unknown key 'lnaes'; did you mean 'lanes'?");
}

static void test_check__a_mistake_that_the_plan_finds_is_the_configurations(void **state)
{
    (void)state;
    assert_int_equal(check("localhost:1", "out", "redis: {url: cache:6379}", "--offline"),
                     78);
    assert_said("FAIL  configuration  ");
    assert_said("leat.yaml:6:14: redis.url: expected redis://");
    assert_null(strstr(said, "ok    configuration"));
    assert_null(strstr(said, "model"));
}

static void test_check__usage(void **state)
{
    (void)state;
    assert_int_equal(check("localhost:1", "out", "", "--nope"), 64);
    assert_int_equal(check("localhost:1", "out", "", "more"), 64);
    assert_int_equal(check("localhost:1", "out", "", "--help"), 0);
    assert_said("usage: leat check");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__all_is_well),
        cmocka_unit_test(test_check__a_topic_is_missing),
        cmocka_unit_test(test_check__the_topic_of_feature_records_is_named),
        cmocka_unit_test(test_check__nobody_answers),
        cmocka_unit_test(test_check__offline_asks_nobody),
        cmocka_unit_test(test_check__a_wrong_score_is_a_matter_of_data),
        cmocka_unit_test(test_check__a_mistake_ends_it),
        cmocka_unit_test(test_check__a_mistake_that_the_plan_finds_is_the_configurations),
        cmocka_unit_test(test_check__usage),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
