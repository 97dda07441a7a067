#include "worker/health/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char text[4096];
static leat_exposition to;
static const char *type;

static void begin(const char *accept)
{
    memset(text, 0, sizeof text);
    leat_exposition_begin(&to, fmemopen(text, sizeof text, "w"), accept, &type);
}

static const char *end(void)
{
    leat_exposition_end(&to);
    fclose(to.out);
    return text;
}

static void test_exposition__a_counter(void **state)
{
    (void)state;
    begin("");
    leat_exposition_family(&to, LEAT_FAMILY_COUNTER, "leat_x", "Help.");
    leat_exposition_count(&to, &(const leat_labels){{{"a", "1"}, {"b", "2"}}},
                          UINT64_MAX);
    assert_string_equal(end(), "# HELP leat_x_total Help.\n"
                               "# TYPE leat_x_total counter\n"
                               "leat_x_total{a=\"1\",b=\"2\"} 18446744073709551615\n");
    assert_string_equal(type, "text/plain; version=0.0.4; charset=utf-8");
}

static void test_exposition__open_metrics_names_the_family_without_its_ending(
    void **state)
{
    (void)state;
    begin("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    leat_exposition_family(&to, LEAT_FAMILY_COUNTER, "leat_x", "Help.");
    leat_exposition_count(&to, NULL, 7);
    leat_exposition_family(&to, LEAT_FAMILY_INFO, "leat_build", "Help.");
    leat_exposition_count(&to, NULL, 1);
    assert_string_equal(end(), "# HELP leat_x Help.\n"
                               "# TYPE leat_x counter\n"
                               "leat_x_total 7\n"
                               "# HELP leat_build Help.\n"
                               "# TYPE leat_build info\n"
                               "leat_build_info 1\n"
                               "# EOF\n");
    assert_string_equal(type,
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

static void test_exposition__information_is_a_gauge_in_the_older_format(void **state)
{
    (void)state;
    begin("");
    leat_exposition_family(&to, LEAT_FAMILY_INFO, "leat_build", "Help.");
    leat_exposition_count(&to, NULL, 1);
    assert_string_equal(end(), "# HELP leat_build_info Help.\n"
                               "# TYPE leat_build_info gauge\n"
                               "leat_build_info 1\n");
}

static void test_exposition__values_of_labels_are_escaped(void **state)
{
    (void)state;
    begin("");
    leat_exposition_family(&to, LEAT_FAMILY_GAUGE, "leat_x", "Help.");
    leat_exposition_value(&to, &(const leat_labels){{{"a", "q\"b\\n\nf"}}}, 0.5);
    assert_non_null(strstr(end(), "leat_x{a=\"q\\\"b\\\\n\\nf\"} 0.5\n"));
}

static void test_exposition__a_histogram_adds_its_counts_up(void **state)
{
    (void)state;
    static const leat_bounds bounds = {1e-9, 2, {50000, 1000000000}};
    const uint64_t counts[LEAT_MAX_BOUNDS + 1] = {3, 2, 1};
    begin("");
    leat_exposition_family(&to, LEAT_FAMILY_HISTOGRAM, "leat_x", "Help.");
    leat_exposition_histogram(&to, &(const leat_labels){{{"a", "1"}}}, &bounds, counts,
                              UINT64_C(2500000000));
    assert_string_equal(end(), "# HELP leat_x Help.\n"
                               "# TYPE leat_x histogram\n"
                               "leat_x_bucket{a=\"1\",le=\"5e-05\"} 3\n"
                               "leat_x_bucket{a=\"1\",le=\"1.0\"} 5\n"
                               "leat_x_bucket{a=\"1\",le=\"+Inf\"} 6\n"
                               "leat_x_sum{a=\"1\"} 2.5\n"
                               "leat_x_count{a=\"1\"} 6\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposition__a_counter),
        cmocka_unit_test(
            test_exposition__open_metrics_names_the_family_without_its_ending),
        cmocka_unit_test(test_exposition__information_is_a_gauge_in_the_older_format),
        cmocka_unit_test(test_exposition__values_of_labels_are_escaped),
        cmocka_unit_test(test_exposition__a_histogram_adds_its_counts_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
