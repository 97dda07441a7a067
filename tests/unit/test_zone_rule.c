#include "base/zone_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool parse(leat_zone_rule *rule, const char *text)
{
    return leat_zone_rule_parse(
        rule, (leat_slice){(const uint8_t *)text, (uint32_t)strlen(text)});
}

static leat_zone_rule rule_of(const char *text)
{
    leat_zone_rule rule;
    if (!parse(&rule, text))
        fail_msg("refused: %s", text);
    return rule;
}

static int64_t begin_of(const char *text, int year)
{
    leat_zone_rule rule = rule_of(text);
    return leat_zone_change_at(&rule.begin, year, rule.offsets[0]);
}

static void test_zone_rule__the_years_of_berlin(void **state)
{
    (void)state;
    leat_zone_rule rule = rule_of("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_true(rule.changes);
    assert_int_equal(rule.offsets[0], 3600);
    assert_int_equal(rule.offsets[1], 7200);
    /* 2026-03-29 01:00 and 2026-10-25 01:00 UTC */
    assert_int_equal(leat_zone_change_at(&rule.begin, 2026, 3600), 1774746000);
    assert_int_equal(leat_zone_change_at(&rule.end, 2026, 7200), 1792890000);
}

static void test_zone_rule__no_other_time(void **state)
{
    (void)state;
    leat_zone_rule rule = rule_of("<+0530>-5:30");
    assert_false(rule.changes);
    assert_int_equal(rule.offsets[0], 19800);
    rule = rule_of("EST5");
    assert_int_equal(rule.offsets[0], -18000);
}

/* Dublin has its standard time in summer; Greenland changes on the day before. */
static void test_zone_rule__offsets_and_times_of_any_sign(void **state)
{
    (void)state;
    leat_zone_rule rule = rule_of("IST-1GMT0,M10.5.0,M3.5.0/1");
    assert_int_equal(rule.offsets[0], 3600);
    assert_int_equal(rule.offsets[1], 0);
    rule = rule_of("<-02>2<-01>,M3.5.0/-1,M10.5.0/0:30:15");
    assert_int_equal(rule.begin.time, -3600);
    assert_int_equal(rule.end.time, 1815);
}

/* 2024 is a leap year, 2025 is none; days in UTC, at midnight. */
static void test_zone_rule__days_of_every_form(void **state)
{
    (void)state;
    assert_int_equal(begin_of("AAA0BBB,J59/0,J365", 2024), 1709078400);    /* 02-28 */
    assert_int_equal(begin_of("AAA0BBB,J60/0,J365", 2024), 1709251200);    /* 03-01 */
    assert_int_equal(begin_of("AAA0BBB,J60/0,J365", 2025), 1740787200);    /* 03-01 */
    assert_int_equal(begin_of("AAA0BBB,59/0,J365", 2024), 1709164800);     /* 02-29 */
    assert_int_equal(begin_of("AAA0BBB,59/0,J365", 2025), 1740787200);     /* 03-01 */
    assert_int_equal(begin_of("AAA0BBB,0/0,J365", 2025), 1735689600);      /* 01-01 */
    assert_int_equal(begin_of("AAA0BBB,M2.1.6/0,J365", 2025), 1738368000); /* 02-01 */
    assert_int_equal(begin_of("AAA0BBB,M2.5.5/0,J365", 2025), 1740700800); /* 02-28 */
    assert_int_equal(begin_of("AAA0BBB,M2.4.6/0,J365", 2025), 1740182400); /* 02-22 */
    assert_int_equal(begin_of("AAA0BBB,M2.5.6/0,J365", 2025), 1740182400); /* no fifth */
}

static void test_zone_rule__what_is_no_rule(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "CE-1",
        "CET",
        "CET-1CEST",
        "CET-25",
        "CET-1CEST,M3",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.1.0,J1",
        "CET-1 CEST",
        "<CET-1",
        "CET-1CEST,M3.6.0,J1",
        "CET-1CEST,J366,J1",
        "CET1:60",
        "CET-1CEST,J0,1",
        "CET-1CEST,J1,J2x",
        "CET-1CEST,J1/168,J2",
    };
    leat_zone_rule rule;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (parse(&rule, texts[i]))
            fail_msg("taken: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone_rule__the_years_of_berlin),
        cmocka_unit_test(test_zone_rule__no_other_time),
        cmocka_unit_test(test_zone_rule__offsets_and_times_of_any_sign),
        cmocka_unit_test(test_zone_rule__days_of_every_form),
        cmocka_unit_test(test_zone_rule__what_is_no_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
