#include "worker/health/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lane_meters.h"

typedef struct fixture {
    leat_config config;
    leat_metrics metrics;
    fake_lane lanes[2];
    char *text;
} fixture;

static int set_up(void **state)
{
    static fixture self;
    static const char *topics[] = {"in", "more"};
    static leat_config_lookup lookups[] = {
        {.name = "user"}, {.name = "shop", .format = LEAT_CONFIG_LOOKUP_FEAST}};
    self =
        (fixture){.config = {.model.name = "fraud", .n_lookups = 2, .lookups = lookups}};
    self.config.source.topics.n = 2;
    self.config.source.topics.at = topics;
    self.config.dead_letter.topic = "dead";
    self.config.redis.url = "redis://:hunter2@h";
    self.metrics = (leat_metrics){.config = &self.config, .version = "0123456789ab"};
    self.metrics.health = leat_health_new(2, 1);
    for (int i = 0; i < 2; i++) {
        fake_lane_init(&self.lanes[i]);
        leat_health_add(self.metrics.health, &self.lanes[i].meters);
    }
    *state = &self;
    return 0;
}

static int tear_down(void **state)
{
    fixture *self = *state;
    for (int i = 0; i < 2; i++)
        fake_lane_fini(&self->lanes[i]);
    leat_health_free(self->metrics.health);
    free(self->text);
    return 0;
}

static const char *page(fixture *self)
{
    size_t size;
    const char *type;
    free(self->text);
    FILE *out = open_memstream(&self->text, &size);
    leat_metrics_write(&self->metrics, "", out, &type);
    fclose(out);
    return self->text;
}

static void expect(fixture *self, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (!strstr(page(self), whole))
        fail_msg("'%s' is not in\n%s", line, self->text);
}

static void test_metrics__lanes_are_added_up(void **state)
{
    fixture *self = *state;
    leat_counter_set(&self->lanes[0].meters.predictions, 40);
    leat_counter_set(&self->lanes[1].meters.predictions, 2);
    leat_counter_set(&self->lanes[0].meters.assigned, 4);
    leat_counter_set(&self->lanes[1].meters.assigned, 3);
    leat_counter_set(&self->lanes[1].meters.rebalances, 5);
    expect(
        self,
        "leat_predictions_produced_total{model=\"fraud\",version=\"0123456789ab\"} 42");
    expect(self, "leat_assigned_partitions 7");
    expect(self, "leat_rebalances_total 5");
}

static void test_metrics__feature_records_are_counted_where_there_are_any(void **state)
{
    fixture *self = *state;
    leat_counter_set(&self->lanes[0].meters.feature_records, 7);
    assert_null(strstr(page(self), "leat_feature_records_produced"));
    self->config.sink.features = "rows";
    expect(self, "leat_feature_records_produced_total{model=\"fraud\","
                 "version=\"0123456789ab\"} 7");
}

static void test_metrics__events_are_counted_by_topic(void **state)
{
    fixture *self = *state;
    for (int i = 0; i < 2; i++) {
        fake_lane_own(&self->lanes[i], "in", i, 0);
        leat_counter_set(
            &leat_partition_meters_at(&self->lanes[i].partitions, 0)->consumed, 100);
    }
    expect(self, "leat_records_consumed_total{topic=\"in\"} 200");
    expect(self, "leat_records_consumed_total{topic=\"more\"} 0");
}

static void test_metrics__failures_have_their_stage_and_reason(void **state)
{
    fixture *self = *state;
    leat_counter_set(&self->lanes[0].meters.way.failed[LEAT_STAGE_FEATURES][-LEAT_E_TYPE],
                     3);
    leat_counter_set(&self->lanes[1].meters.way.failed[LEAT_STAGE_DECODE][-LEAT_E_TYPE],
                     4);
    expect(self, "leat_records_failed_total{stage=\"features\",reason=\"E_TYPE\"} 3");
    expect(self, "leat_records_failed_total{stage=\"decode\",reason=\"E_TYPE\"} 4");
    expect(self, "leat_dead_letters_total{reason=\"E_TYPE\"} 7");
    expect(self, "leat_dead_letters_total{reason=\"E_RANGE\"} 0");
}

static void test_metrics__without_a_topic_there_are_no_dead_letters(void **state)
{
    fixture *self = *state;
    self->config.dead_letter.topic = NULL;
    assert_null(strstr(page(self), "leat_dead_letters"));
}

static void test_metrics__lag_is_of_what_is_assigned(void **state)
{
    fixture *self = *state;
    fake_lane_own(&self->lanes[0], "in", 0, 7);
    fake_lane_own(&self->lanes[0], "in", 1, 8);
    leat_counter_set(&leat_partition_meters_at(&self->lanes[0].partitions, 1)->assigned,
                     0);
    expect(self, "leat_consumer_lag{topic=\"in\",partition=\"0\"} 7");
    assert_null(strstr(self->text, "partition=\"1\""));
}

static void test_metrics__a_partition_that_moves_is_shown_once(void **state)
{
    fixture *self = *state;
    for (int i = 0; i < 2; i++)
        fake_lane_own(&self->lanes[i], "in", 5, 7);
    const char *first = strstr(page(self), "partition=\"5\"");
    assert_non_null(first);
    assert_null(strstr(first + 1, "partition=\"5\""));
}

static void test_metrics__values_from_redis_have_their_result(void **state)
{
    fixture *self = *state;
    leat_lookup_stats *first = self->lanes[0].features.lookups.at;
    leat_lookup_stats *second = self->lanes[1].features.lookups.at;
    leat_counter_set(&first[0].values.hits, 5);
    leat_counter_set(&second[0].values.hits, 1);
    leat_counter_set(&second[0].values.unavailable, 6);
    leat_counter_set(&second[1].values.stale, 7);
    leat_counter_set(&second[1].values.failed, 8);
    leat_counter_set(&second[1].keys, 9);
    expect(self, "leat_feature_lookups_total{source=\"user\",result=\"hit\"} 6");
    expect(self, "leat_feature_lookups_total{source=\"user\",result=\"missing\"} 0");
    expect(self, "leat_feature_lookups_total{source=\"user\",result=\"unavailable\"} 6");
    expect(self, "leat_feature_lookups_total{source=\"shop\",result=\"stale\"} 7");
    expect(self, "leat_feature_lookups_total{source=\"shop\",result=\"failed\"} 8");
    expect(self, "leat_feature_keys_total{source=\"shop\"} 9");
}

static void test_metrics__refusals_and_trips_are_summed(void **state)
{
    fixture *self = *state;
    for (int i = 0; i < 2; i++) {
        leat_features_stats *stats = &self->lanes[i].features;
        leat_counter_set(&stats->lookups.refusals[LEAT_REFUSAL_LOADING], 2);
        leat_counter_set(&stats->round_trips, 3);
        leat_counter_set(&stats->connects, 1);
    }
    expect(self, "leat_redis_refusals_total{kind=\"loading\"} 4");
    expect(self, "leat_redis_refusals_total{kind=\"cluster\"} 0");
    expect(self, "leat_redis_round_trips_total 6");
    expect(self, "leat_redis_connects_total 2");
}

static void test_metrics__the_cache_is_shown_where_there_is_one(void **state)
{
    fixture *self = *state;
    assert_null(strstr(page(self), "leat_feature_cache"));
    self->config.redis.cache.entries = 10;
    leat_counter_set(&self->lanes[0].features.lookups.cache.hits, 4);
    leat_counter_set(&self->lanes[1].features.lookups.cache.bytes, 128);
    expect(self, "leat_feature_cache_total{result=\"hit\"} 4");
    expect(self, "leat_feature_cache_bytes 128");
}

static void test_metrics__ages_are_those_of_feast(void **state)
{
    fixture *self = *state;
    leat_distribution_add(&self->lanes[0].features.lookups.at[1].age, &leat_bounds_age,
                          100);
    expect(self, "leat_feature_age_seconds_bucket{source=\"shop\",le=\"60.0\"} 0");
    expect(self, "leat_feature_age_seconds_bucket{source=\"shop\",le=\"300.0\"} 1");
    expect(self, "leat_feature_age_seconds_sum{source=\"shop\"} 100");
    assert_null(strstr(page(self), "leat_feature_age_seconds_bucket{source=\"user\""));
}

static void test_metrics__aggregates_are_summed_over_lanes(void **state)
{
    fixture *self = *state;
    leat_config_aggregate aggregates[] = {{.name = "card_1h"}, {.name = "card_1d"}};
    leat_aggregates_stats stats[2] = {0};
    leat_feed_stats values[2][2] = {0};
    assert_null(strstr(page(self), "aggregate"));
    self->config.n_aggregates = 2;
    self->config.aggregates = aggregates;
    for (int i = 0; i < 2; i++) {
        stats[i].values = values[i];
        leat_counter_set(&values[i][0].hits, 7);
        leat_counter_set(&values[i][1].unavailable, 2);
        leat_counter_set(&stats[i].applied, 5);
        leat_counter_set(&stats[i].lost, 1);
        leat_counter_set(&stats[i].unsaved, 3);
        self->lanes[i].features.aggregates = &stats[i];
    }
    expect(self, "leat_feature_aggregates_total{source=\"card_1h\",result=\"hit\"} 14");
    expect(self,
           "leat_feature_aggregates_total{source=\"card_1d\",result=\"unavailable\"} 4");
    expect(self, "leat_feature_aggregates_total{source=\"card_1d\",result=\"hit\"} 0");
    expect(self, "leat_aggregate_events_total{result=\"applied\"} 10");
    expect(self, "leat_aggregate_events_total{result=\"late\"} 0");
    expect(self, "leat_aggregate_states_total{what=\"lost\"} 2");
    expect(self, "leat_aggregate_unsaved_states 6");
    self->config.n_lookups = 0;
    leat_counter_set(&self->lanes[0].features.connects, 3);
    expect(self, "leat_redis_connects_total 3");
}

static void test_metrics__batches_have_size_and_stages(void **state)
{
    fixture *self = *state;
    leat_distribution_add(&self->lanes[0].meters.way.size, &leat_bounds_events, 256);
    leat_distribution_add(&self->lanes[1].meters.way.stages[LEAT_STAGE_MODEL],
                          &leat_bounds_stage, 2000000);
    expect(self, "leat_batch_size_bucket{le=\"128.0\"} 0");
    expect(self, "leat_batch_size_bucket{le=\"256.0\"} 1");
    expect(self, "leat_batch_size_sum 256");
    expect(self, "leat_stage_duration_seconds_bucket{stage=\"model\",le=\"0.0025\"} 1");
    expect(self, "leat_stage_duration_seconds_sum{stage=\"model\"} 0.002");
    expect(self, "leat_stage_duration_seconds_count{stage=\"decode\"} 0");
}

static void test_metrics__rows_are_shown_where_events_rank(void **state)
{
    fixture *self = *state;
    for (int i = 0; i < 2; i++)
        leat_distribution_add(&self->lanes[i].meters.way.rows, &leat_bounds_events, 6400);
    assert_null(strstr(page(self), "leat_batch_rows"));
    self->config.rank.over = "event.candidates";
    expect(self, "leat_batch_rows_bucket{le=\"4096.0\"} 0");
    expect(self, "leat_batch_rows_bucket{le=\"8192.0\"} 2");
    expect(self, "leat_batch_rows_sum 12800");
}

static void test_metrics__says_whether_it_is_ready_or_halted(void **state)
{
    fixture *self = *state;
    expect(self, "leat_ready 0");
    expect(self, "leat_halted 0");
    leat_health_set(self->metrics.health, LEAT_PHASE_HALTED, "why");
    expect(self, "leat_halted 1");
}

static void test_metrics__the_model_is_shown_once_it_is_loaded(void **state)
{
    fixture *self = *state;
    expect(self, "leat_model_info{model=\"fraud\",version=\"0123456789ab\"} 1");
    atomic_store(&self->metrics.version, NULL);
    assert_null(strstr(page(self), "leat_model"));
}

static void test_metrics__the_process_is_measured(void **state)
{
    fixture *self = *state;
    const char *line = strstr(page(self), "\nprocess_resident_memory_bytes ");
    assert_non_null(line);
    assert_true(strtod(strchr(line, ' '), NULL) > 1e5);
    assert_non_null(strstr(self->text, "\nprocess_start_time_seconds "));
}

static void test_metrics__no_secret_is_shown(void **state)
{
    assert_null(strstr(page(*state), "hunter2"));
}

#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METRICS_TEST(test_metrics__lanes_are_added_up),
        METRICS_TEST(test_metrics__feature_records_are_counted_where_there_are_any),
        METRICS_TEST(test_metrics__events_are_counted_by_topic),
        METRICS_TEST(test_metrics__failures_have_their_stage_and_reason),
        METRICS_TEST(test_metrics__without_a_topic_there_are_no_dead_letters),
        METRICS_TEST(test_metrics__lag_is_of_what_is_assigned),
        METRICS_TEST(test_metrics__a_partition_that_moves_is_shown_once),
        METRICS_TEST(test_metrics__values_from_redis_have_their_result),
        METRICS_TEST(test_metrics__refusals_and_trips_are_summed),
        METRICS_TEST(test_metrics__the_cache_is_shown_where_there_is_one),
        METRICS_TEST(test_metrics__ages_are_those_of_feast),
        METRICS_TEST(test_metrics__aggregates_are_summed_over_lanes),
        METRICS_TEST(test_metrics__batches_have_size_and_stages),
        METRICS_TEST(test_metrics__rows_are_shown_where_events_rank),
        METRICS_TEST(test_metrics__says_whether_it_is_ready_or_halted),
        METRICS_TEST(test_metrics__the_model_is_shown_once_it_is_loaded),
        METRICS_TEST(test_metrics__the_process_is_measured),
        METRICS_TEST(test_metrics__no_secret_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
