#include "worker/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char smallest[] = "kafka: {bootstrap.servers: 'localhost:9092'}\n"
                               "source: {topics: [in]}\n"
                               "model: {path: models/fraud.ubj}\n"
                               "sink: {topic: out}\n";

static const char largest[] =
    "kafka:\n"
    "  bootstrap.servers: a:9092,b:9092\n"
    "  linger.ms: 5\n"
    "  enable.ssl.certificate.verification: true\n"
    "source:\n"
    "  topics: [one, two]\n"
    "  group: 7\n"
    "  format: json\n"
    "  time: event.at\n"
    "  start: earliest\n"
    "  out_of_range: latest\n"
    "  id_prefix: eu/\n"
    "  kafka: {fetch.wait.max.ms: 20}\n"
    "window: {max_events: 65536, max_wait: 0ms, max_bytes: 256MiB}\n"
    "model:\n"
    "  name: NO\n"
    "  path: /models/m.json\n"
    "  sha256: 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "  golden: golden.ndjson\n"
    "  inputs: {x: [b, a]}\n"
    "features:\n"
    "  b: {from: 'event.items[0].price', default: -1.5e2}\n"
    "  a: {from: user.age}\n"
    "lookups:\n"
    "  user: {key: 'user:{event.id}', format: hash, on_unavailable: default}\n"
    "redis: {url: 'redis://r:1', timeout: 250us}\n"
    "sink:\n"
    "  topic: out\n"
    "  include: [event.id, key]\n"
    "  features: rows\n"
    "  headers: [traceparent]\n"
    "  thresholds: {block: 0.9, review: 0.5}\n"
    "  kafka: {compression.type: lz4}\n"
    "dead_letter: {topic: dead, style: connect, max_rate: 0.25}\n"
    "delivery: at_least_once\n"
    "lanes: 3\n"
    "http: {listen: '[::1]:0'}\n";

static leat_config *parse(const char *text)
{
    leat_config *config;
    leat_error error = {0};
    if (leat_config_parse(&config, "etc/leat.yaml", text, strlen(text), &error))
        fail_msg("%s", error.msg);
    return config;
}

/* The smallest configuration and one more line. */
static leat_config *parse_with(const char *more)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s\n", smallest, more);
    return parse(text);
}

static void test_config__defaults(void **state)
{
    (void)state;
    leat_config *config = parse(smallest);
    assert_int_equal(config->source.format, LEAT_PAYLOAD_MSGPACK);
    assert_string_equal(config->source.group, "leat-fraud");
    assert_string_equal(config->source.time, "meta.timestamp");
    assert_int_equal(config->source.start, LEAT_START_LATEST);
    assert_int_equal(config->source.out_of_range, LEAT_OUT_OF_RANGE_STOP);
    assert_string_equal(config->source.id_prefix, "");
    assert_int_equal(config->window.max_events, 256);
    assert_int_equal(config->window.max_wait_ns, 2000000);
    assert_int_equal(config->window.max_bytes, 4 << 20);
    assert_string_equal(config->model.name, "fraud");
    assert_null(config->model.sha256);
    assert_null(config->model.golden);
    assert_string_equal(config->redis.url, "redis://localhost:6379");
    assert_int_equal(config->redis.timeout_ns, 5000000);
    assert_null(config->dead_letter.topic);
    assert_true(config->dead_letter.max_rate == 0.5);
    assert_int_equal(config->lanes, 0);
    char address[LEAT_ADDRESS_TEXT];
    assert_string_equal(leat_address_print(&config->http.listen, address),
                        "127.0.0.1:9464");
    assert_false(config->http.is_written);
    assert_int_equal(config->n_features + config->n_lookups + config->model.n_inputs, 0);
    leat_config_free(config);
}

static void test_config__reads_every_key_of_the_clients(void **state)
{
    (void)state;
    leat_config *config = parse(largest);
    assert_int_equal(config->kafka.n, 3);
    assert_string_equal(config->kafka.at[0].name, "bootstrap.servers");
    assert_string_equal(config->kafka.at[0].value, "a:9092,b:9092");
    assert_string_equal(config->kafka.at[2].value, "true");
    assert_int_equal(config->kafka.at[1].place.line, 3);
    assert_int_equal(config->source.topics.n, 2);
    assert_string_equal(config->source.topics.at[1], "two");
    assert_int_equal(config->source.format, LEAT_PAYLOAD_JSON);
    assert_string_equal(config->source.group, "7");
    assert_string_equal(config->source.time, "event.at");
    assert_int_equal(config->source.start, LEAT_START_EARLIEST);
    assert_int_equal(config->source.out_of_range, LEAT_OUT_OF_RANGE_LATEST);
    assert_string_equal(config->source.id_prefix, "eu/");
    assert_string_equal(config->source.kafka.at[0].value, "20");
    assert_int_equal(config->window.max_events, 65536);
    assert_int_equal(config->window.max_wait_ns, 0);
    assert_int_equal(config->window.max_bytes, 256 << 20);
    assert_string_equal(config->redis.url, "redis://r:1");
    assert_int_equal(config->redis.timeout_ns, 250000);
    assert_string_equal(config->dead_letter.topic, "dead");
    assert_string_equal(config->sink.kafka.at[0].name, "compression.type");
    assert_true(config->dead_letter.max_rate == 0.25);
    assert_int_equal(config->lanes, 3);
    char address[LEAT_ADDRESS_TEXT];
    assert_string_equal(leat_address_print(&config->http.listen, address), "[::1]:0");
    assert_true(config->http.is_written);
    leat_config_free(config);
}

static void test_config__reads_every_key_of_the_model(void **state)
{
    (void)state;
    leat_config *config = parse(largest);
    assert_string_equal(config->model.name, "NO");
    assert_string_equal(config->model.path, "/models/m.json");
    assert_string_equal(
        config->model.sha256,
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_string_equal(config->model.golden, "etc/golden.ndjson");
    assert_int_equal(config->model.n_inputs, 1);
    assert_string_equal(config->model.inputs[0].columns.at[1], "a");
    assert_int_equal(config->n_features, 2);
    assert_string_equal(config->features[0].name, "b");
    assert_string_equal(config->features[0].from, "event.items[0].price");
    assert_true(config->features[0].has_default);
    assert_true(config->features[0].default_value.number == -150.0);
    assert_false(config->features[1].has_default);
    assert_int_equal(config->features[1].place.line, 23);
    assert_string_equal(config->lookups[0].key, "user:{event.id}");
    assert_string_equal(config->sink.include.at[1], "key");
    assert_string_equal(config->sink.headers.at[0], "traceparent");
    assert_string_equal(config->sink.features, "rows");
    leat_config_free(config);
}

static void test_config__thresholds_ascend_however_they_are_written(void **state)
{
    (void)state;
    leat_config *config = parse(largest);
    assert_int_equal(config->sink.n_thresholds, 2);
    assert_string_equal(config->sink.thresholds[0].decision, "review");
    assert_string_equal(config->sink.thresholds[1].decision, "block");
    leat_config_free(config);
}

static void test_config__null_is_as_if_absent(void **state)
{
    (void)state;
    leat_config *config = parse_with("window: null\nrank: null\nhttp:\nlanes: ~\n"
                                     "redis: {url: null, timeout: null, cache: null}\n"
                                     "features: {a: null}\ndead_letter: {topic: null}");
    assert_int_equal(config->window.max_events, 256);
    assert_string_equal(config->redis.url, "redis://localhost:6379");
    assert_int_equal(config->n_features, 0);
    assert_null(config->dead_letter.topic);
    leat_config_free(config);
}

static void test_config__a_null_property_is_not_set(void **state)
{
    (void)state;
    leat_config *config =
        parse("kafka: {sasl.password: null, bootstrap.servers: h}\n"
              "source: {topics: [in]}\nmodel: {path: m}\nsink: {topic: out}\n");
    assert_int_equal(config->kafka.n, 1);
    assert_string_equal(config->kafka.at[0].name, "bootstrap.servers");
    leat_config_free(config);
}

static void test_config__types_are_resolved_after_substitution(void **state)
{
    (void)state;
    setenv("LEAT_TEST_N", "12", 1);
    leat_config *config = parse_with("window: {max_events: '${LEAT_TEST_N}', "
                                     "max_wait: '${LEAT_TEST_N}ms'}\n"
                                     "lanes: ${LEAT_TEST_ABSENT:-4}");
    assert_int_equal(config->window.max_events, 12);
    assert_int_equal(config->window.max_wait_ns, 12000000);
    assert_int_equal(config->lanes, 4);
    leat_config_free(config);
}

static void test_config__an_empty_variable_in_plain_text_is_null(void **state)
{
    (void)state;
    setenv("LEAT_TEST_EMPTY", "", 1);
    leat_config *config = parse_with("redis: {url: $EMPTY}\nlanes: ${LEAT_TEST_EMPTY}");
    assert_string_equal(config->redis.url, "$EMPTY");
    assert_int_equal(config->lanes, 0);
    leat_config_free(config);
}

static void test_config__a_variable_cannot_bring_structure(void **state)
{
    (void)state;
    setenv("LEAT_TEST_YAML", "x\nlanes: 3", 1);
    leat_config *config = parse_with("redis:\n  url: ${LEAT_TEST_YAML}");
    assert_int_equal(config->lanes, 0);
    assert_string_equal(config->redis.url, "x\nlanes: 3");
    leat_config_free(config);
}

static void test_config__knows_the_place_of_a_key(void **state)
{
    (void)state;
    leat_config *config = parse(largest);
    leat_place place = leat_config_place(config, "redis.url");
    assert_int_equal(place.line, 26);
    assert_int_equal(place.column, 14);
    leat_config_free(config);
}

static void test_config__an_absent_key_stands_where_its_section_is(void **state)
{
    (void)state;
    leat_config *config = parse(smallest);
    assert_int_equal(leat_config_place(config, "sink.include").line, 4);
    assert_int_equal(leat_config_place(config, "redis.url").line, 1);
    leat_config_free(config);
}

static void test_config__a_file_that_is_absent(void **state)
{
    (void)state;
    leat_config *config;
    leat_error error;
    assert_int_equal(leat_config_load(&config, "/nowhere/leat.yaml", &error),
                     LEAT_E_NO_INPUT);
    assert_string_equal(error.msg,
                        "/nowhere/leat.yaml: cannot open: No such file or directory");
}

static void test_config__a_folder_is_no_file(void **state)
{
    (void)state;
    leat_config *config;
    leat_error error;
    assert_int_equal(leat_config_load(&config, "/", &error), LEAT_E_NO_INPUT);
    assert_string_equal(error.msg, "/: cannot read: Is a directory");
}

static void test_config__an_endless_file_is_refused(void **state)
{
    (void)state;
    leat_config *config;
    leat_error error;
    assert_int_equal(leat_config_load(&config, "/dev/zero", &error), LEAT_E_CONFIG);
    assert_string_equal(error.msg, "/dev/zero: larger than 1 MiB");
}

static void test_config__is_found_by_the_environment(void **state)
{
    (void)state;
    char path[] = "/tmp/leat-config-XXXXXX";
    int file = mkstemp(path);
    assert_int_equal(write(file, smallest, sizeof smallest - 1), sizeof smallest - 1);
    close(file);
    setenv("LEAT_CONFIG", path, 1);
    leat_config *config;
    leat_error error;
    assert_int_equal(leat_config_load(&config, NULL, &error), LEAT_OK);
    assert_string_equal(config->file, path);
    leat_config_free(config);
    unlink(path);
    unsetenv("LEAT_CONFIG");
    assert_int_equal(leat_config_load(&config, NULL, &error), LEAT_E_USAGE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__defaults),
        cmocka_unit_test(test_config__reads_every_key_of_the_clients),
        cmocka_unit_test(test_config__reads_every_key_of_the_model),
        cmocka_unit_test(test_config__thresholds_ascend_however_they_are_written),
        cmocka_unit_test(test_config__null_is_as_if_absent),
        cmocka_unit_test(test_config__a_null_property_is_not_set),
        cmocka_unit_test(test_config__types_are_resolved_after_substitution),
        cmocka_unit_test(test_config__an_empty_variable_in_plain_text_is_null),
        cmocka_unit_test(test_config__a_variable_cannot_bring_structure),
        cmocka_unit_test(test_config__knows_the_place_of_a_key),
        cmocka_unit_test(test_config__an_absent_key_stands_where_its_section_is),
        cmocka_unit_test(test_config__a_file_that_is_absent),
        cmocka_unit_test(test_config__a_folder_is_no_file),
        cmocka_unit_test(test_config__an_endless_file_is_refused),
        cmocka_unit_test(test_config__is_found_by_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
