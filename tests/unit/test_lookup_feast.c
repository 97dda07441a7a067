/* What Feast would have written for driver 1001 of my_project, read through the stage. */
#include "features/lookup/lookup_format.h"

#include "base/log.h"
#include "lookup_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WRITTEN 1700000000 /* what `stamp` says */

static const char key[] = "\x01\0\0\0\x02\0\0\0\x09\0\0\0driver_id\x04\0\0\0\x08\0\0\0"
                          "\xe9\x03\0\0\0\0\0\0my_project";
static const char stamp[] = "\x08\x80\xe2\xcf\xaa\x06";

static const leat_feast_join join = {.name = "driver_id", .capture = USER};
static const leat_step conv_rate = {.name = {(const uint8_t *)"conv_rate", 9}};
static const leat_step trips = {.name = {(const uint8_t *)"other:trips", 11}};
static const leat_path paths[] = {
    {.text = "driver.conv_rate", .n_steps = 1, .steps = &conv_rate},
    {.text = "driver.\"other:trips\"", .n_steps = 1, .steps = &trips}};
static const leat_lookup_field fields[] = {{&paths[0], AVERAGE}, {&paths[1], COUNT}};

/* HSET key, field of 4 bytes or _ts:view, value. */
static void put(lookup_bed *f, const char *field, size_t field_size, const char *value,
                size_t size)
{
    real_redis_do(&f->server, "HSET %b %b %b", key, sizeof key - 1, field, field_size,
                  value, size);
}

static void put_time(lookup_bed *f, const char *view)
{
    put(f, view, strlen(view), stamp, sizeof stamp - 1);
}

static leat_slice hashed(const char *name, char bytes[4])
{
    uint32_t hash =
        leat_murmur3_32((leat_slice){(const uint8_t *)name, (uint32_t)strlen(name)}, 0);
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(hash >> 8 * i);
    return (leat_slice){(const uint8_t *)bytes, 4};
}

static leat_status open_feast(lookup_bed *f, const char *view, uint64_t max_age_ns)
{
    leat_error error;
    const leat_lookup_spec lookup = {
        .name = "driver",
        .format = LEAT_LOOKUP_FEAST,
        .feast = {.project = "my_project",
                  .version = 3,
                  .view = view,
                  .n_joins = 1,
                  .joins = &join},
        .max_age_ns = max_age_ns,
        .n_fields = 2,
        .fields = fields,
    };
    f->lookups[0] = lookup;
    const leat_features_spec spec = {.n_lookups = 1, .lookups = f->lookups};
    return leat_features_adopt(f->features, &spec, &error);
}

static leat_event *add_driver(lookup_bed *f, int64_t seconds)
{
    leat_event *event = lookup_bed_add(f, lookup_bed_raw(f, "\xcd\x03\xe9", 3), NULL);
    event->has_time = true;
    event->time.seconds = seconds;
    return event;
}

static void write_driver(lookup_bed *f)
{
    char name[4];
    hashed("driver_hourly_stats:conv_rate", name);
    assert_memory_equal(name, "\x61\x60\xe3\xda", 4);
    put(f, name, 4, "\x35\0\0\0\x3f", 5);
    hashed("other:trips", name);
    put(f, name, 4, "\x20\x96\x01", 3);
}

static void test_lookup_feast__values_reach_their_columns(void **state)
{
    lookup_bed *f = *state;
    write_driver(f);
    assert_int_equal(open_feast(f, "driver_hourly_stats", 0), LEAT_OK);
    leat_event *event = add_driver(f, WRITTEN);
    leat_event *none = lookup_bed_add(f, lookup_bed_raw(f, "\x07", 1), NULL);
    lookup_bed_run(f);
    lookup_bed_assert_row(f, event, 0.5F, 150, NAN);
    lookup_bed_assert_row(f, none, NAN, COUNT_DEFAULT, NAN);
    assert_int_equal(none->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_lookup_feast__old_values_are_missing_by_view(void **state)
{
    lookup_bed *f = *state;
    write_driver(f);
    put_time(f, "_ts:driver_hourly_stats");
    assert_int_equal(open_feast(f, "driver_hourly_stats", 60 * UINT64_C(1000000000)),
                     LEAT_OK);
    leat_event *young = add_driver(f, WRITTEN + 60);
    leat_event *old = add_driver(f, WRITTEN + 61);
    leat_event *before = add_driver(f, WRITTEN - 1000);
    lookup_bed_run(f);
    /* nobody knows when the other view was written */
    lookup_bed_assert_row(f, young, 0.5F, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, old, NAN, COUNT_DEFAULT, NAN);
    lookup_bed_assert_row(f, before, 0.5F, COUNT_DEFAULT, NAN);
    assert_int_equal(old->quality, LEAT_QUALITY_DEFAULTED);
    const leat_distribution *age =
        &leat_features_read_stats(f->features)->lookups.at[0].age;
    assert_int_equal(leat_counter_read(&age->counts[leat_bounds_age.n]), 1); /* old */
}

static void test_lookup_feast__what_is_no_value_fails_its_events(void **state)
{
    lookup_bed *f = *state;
    char name[4];
    write_driver(f);
    hashed("other:trips", name);
    put(f, name, 4, "\x20\x96", 2);
    assert_int_equal(open_feast(f, "driver_hourly_stats", 0), LEAT_OK);
    leat_event *event = add_driver(f, WRITTEN);
    lookup_bed_run(f);
    assert_int_equal(event->status, LEAT_E_FORMAT);
    assert_non_null(strstr(event->reason, "driver_id"));
    assert_non_null(
        strstr(event->reason, "driver.\"other:trips\": the bytes are no value"));
}

static void test_lookup_feast__a_join_key_of_another_type_fails_the_event(void **state)
{
    lookup_bed *f = *state;
    assert_int_equal(open_feast(f, "v", 0), LEAT_OK);
    leat_event *event = lookup_bed_add(f, lookup_bed_raw(f, "\xc3", 1), NULL);
    leat_event *absent = lookup_bed_add(f, NULL, NULL);
    lookup_bed_run(f);
    assert_int_equal(event->status, LEAT_E_TYPE);
    assert_string_equal(event->reason,
                        "lookup driver: event.user is not what the join key driver_id "
                        "takes: a string, bytes, an integer or a timestamp");
    assert_int_equal(absent->status, LEAT_OK);
    assert_int_equal(absent->quality, LEAT_QUALITY_DEFAULTED);
}

static void test_lookup_feast__a_field_without_a_view_is_refused(void **state)
{
    assert_int_equal(open_feast(*state, NULL, 0), LEAT_E_CONFIG);
}

int main(void)
{
#define REAL(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, lookup_bed_set_up, lookup_bed_tear_down)
    const struct CMUnitTest tests[] = {
        REAL(test_lookup_feast__values_reach_their_columns),
        REAL(test_lookup_feast__old_values_are_missing_by_view),
        REAL(test_lookup_feast__what_is_no_value_fails_its_events),
        REAL(test_lookup_feast__a_join_key_of_another_type_fails_the_event),
        REAL(test_lookup_feast__a_field_without_a_view_is_refused),
    };
    leat_log_open(LEAT_LOG_TEXT, LEAT_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
