/* What the keys of a feature demand of one another. */
#include "worker/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static leat_error error;

/* A configuration with one feature, `a`, in line 5. */
static leat_config *load(const char *feature)
{
    char text[1024];
    leat_config *config;
    snprintf(text, sizeof text,
             "kafka: {bootstrap.servers: h}\nsource: {topics: [in]}\n"
             "model: {path: m.ubj}\nsink: {topic: out}\nfeatures: {a: {from: event.a%s}}",
             feature);
    return leat_config_parse(&config, "leat.yaml", text, strlen(text), &error) ? NULL
                                                                               : config;
}

static void test_config_features__defaults(void **state)
{
    (void)state;
    leat_config *config = load("");
    if (!config)
        fail_msg("%s", error.msg);
    const leat_config_feature *feature = config->features;
    assert_false(feature->has_default || feature->has_as || feature->has_categories);
    assert_null(feature->zone);
    assert_int_equal(leat_config_feature_length(feature), 1);
    leat_config_free(config);
}

static void test_config_features__reads_every_key(void **state)
{
    (void)state;
    leat_config *config =
        load(", as: ids, length: 50, pad: -9223372036854775808, keep: first");
    if (!config)
        fail_msg("%s", error.msg);
    const leat_config_feature *feature = config->features;
    assert_int_equal(feature->as, LEAT_AS_IDS);
    assert_int_equal(leat_config_feature_length(feature), 50);
    assert_true(feature->pad == INT64_MIN);
    assert_int_equal(feature->keep, LEAT_KEEP_FIRST);
    leat_config_free(config);

    config = load(", as: hour, zone: Europe/Berlin, default: 3");
    if (!config)
        fail_msg("%s", error.msg);
    feature = config->features;
    assert_int_equal(feature->as, LEAT_AS_HOUR);
    assert_string_equal(feature->zone, "Europe/Berlin");
    assert_true(feature->default_value.is_number && feature->default_value.number == 3);
    leat_config_free(config);

    config = load(", categories: [DE, '', NO], default: ''");
    if (!config)
        fail_msg("%s", error.msg);
    feature = config->features;
    assert_int_equal(feature->categories.n, 3);
    assert_string_equal(feature->categories.at[2], "NO");
    assert_false(feature->default_value.is_number);
    leat_config_free(config);
}

static void test_config_features__sequences_are_cut_at_their_beginning(void **state)
{
    (void)state;
    leat_config *config = load(", as: ids, length: 2");
    if (!config)
        fail_msg("%s", error.msg);
    assert_int_equal(config->features->keep, LEAT_KEEP_LAST);
    assert_int_equal(config->features->pad, 0);
    leat_config_free(config);
}

static void test_config_features__refuses_what_makes_no_sense(void **state)
{
    (void)state;
    static const struct {
        const char *feature, *message;
    } mistakes[] = {
        {", as: hours", "5:35: features.a.as: expected one of number, hour, weekday, "
                        "seconds_since, ids, found 'hours'; did you mean 'hour'?"},
        {", as: hour, zone: Europe/Berln",
         "5:47: features.a.zone: there is no zone 'Europe/Berln' in /usr/share/zoneinfo; "
         "expected one of the names of tzdata, such as UTC or Europe/Berlin; did you "
         "mean 'Europe/Berlin'?"},
        {", zone: UTC", "5:37: features.a.zone: only an hour and a weekday have a zone; "
                        "write  as: hour  beside it, or remove it"},
        {", as: seconds_since, zone: UTC", "5:56: features.a.zone: only an hour and a "
                                           "weekday have a zone; write  as: hour  "
                                           "beside it, or remove it"},
        {", as: ids", "5:35: features.a.as: ids need a length: how many elements of the "
                      "model's input they fill; write  length: 50  beside it"},
        {", as: ids, length: 0",
         "5:48: features.a.length: expected a whole number, from 1 to 65536, found '0'"},
        {", as: ids, length: 3, default: 0",
         "5:60: features.a.default: a sequence that is missing is all pad; write  pad:  "
         "in its place"},
        {", length: 3", "5:39: features.a.length: is for sequences; write  as: ids  "
                        "beside it, or remove it"},
        {", pad: 3", "5:36: features.a.pad: is for sequences; write  as: ids  beside it, "
                     "or remove it"},
        {", as: hour, keep: last", "5:47: features.a.keep: is for sequences; write  as: "
                                   "ids  beside it, or remove it"},
        {", as: ids, length: 3, pad: x",
         "5:56: features.a.pad: expected a whole number, found 'x'"},
        {", as: ids, length: 3, pad: 1.5",
         "5:56: features.a.pad: expected a whole number, found '1.5'"},
        {", categories: [DE], as: hour",
         "5:43: features.a.categories: a category is read as such; remove  as,  or the "
         "categories"},
        {", categories: []", "5:43: features.a.categories: the list is empty; write the "
                             "strings in the order of their codes"},
        {", categories: [DE, FR, DE]", "5:52: features.a.categories: 'DE' stands twice"},
        {", categories: DE", "5:43: features.a.categories: expected a list, found 'DE'; "
                             "write it in brackets: [...]"},
        {", categories: [DE], default: 0",
         "5:58: features.a.default: '0' is none of the categories"},
        {", default: [1]",
         "5:40: features.a.default: expected a number or text, found a list"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        assert_null(load(mistakes[i].feature));
        assert_int_equal(error.code, LEAT_E_CONFIG);
        assert_string_equal(error.msg + strlen("leat.yaml:"), mistakes[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_features__defaults),
        cmocka_unit_test(test_config_features__reads_every_key),
        cmocka_unit_test(test_config_features__sequences_are_cut_at_their_beginning),
        cmocka_unit_test(test_config_features__refuses_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
