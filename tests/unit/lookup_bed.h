/* A batch as the decoder leaves it for the features: two entities, three columns.
 *
 * Lookup "user" feeds `average` and `count` (default 7) from the key "user:<user>", lookup
 * "shop" feeds `rating` from "{shop}:<shop>:v1". One input of float32 holds them, of
 * integers or of strings.
 *
 * Threads: the test's.
 */
#ifndef LEAT_TESTS_LOOKUP_BED_H
#define LEAT_TESTS_LOOKUP_BED_H

#include "features/features.h"
#include "redis_bed.h"

enum { AVERAGE, COUNT, RATING, N_COLUMNS };
enum { USER, SHOP, N_CAPTURES };

#define COUNT_DEFAULT 7.0F

typedef struct lookup_bed {
    leat_batch batch;
    leat_features *features;
    leat_lookup_spec lookups[2];
    leat_cache_spec cache;
    real_redis server; /* set up and torn down with the bed */
} lookup_bed;

/* For cmocka: a bed of 16 events beside a real Redis; a HASH, or maps in a string. */
int lookup_bed_set_up(void **state);
int lookup_bed_set_up_msgpack(void **state);
int lookup_bed_set_up_json(void **state);
int lookup_bed_tear_down(void **state);

/* With `cache` set before, a cache. */
void lookup_bed_open(lookup_bed *bed, leat_redis_spec redis, leat_lookup_format format,
                     uint32_t max_events);
void lookup_bed_close(lookup_bed *bed);

/* The next batch; of integers where asked for; of events that rank shops. */
void lookup_bed_clear(lookup_bed *bed);
void lookup_bed_clear_to_ranking(lookup_bed *bed);
void lookup_bed_clear_to_integers(lookup_bed *bed);
void lookup_bed_clear_to_strings(lookup_bed *bed);

/* msgpack in the batch's arena, with room for a reader: a text, or bytes as they are. */
const char *lookup_bed_text(lookup_bed *bed, const char *string);
const char *lookup_bed_raw(lookup_bed *bed, const char *bytes, size_t size);

/* An event with a row of defaults; the entities are msgpack, NULL for none. */
leat_event *lookup_bed_add(lookup_bed *bed, const char *user, const char *shop);

/* An event that ranks: a row for each of n shops. */
leat_event *lookup_bed_add_candidates(lookup_bed *bed, const char *user,
                                      const char *const *shops, uint32_t n);

/* send, and receive once; must not wait. */
void lookup_bed_run(lookup_bed *bed);

void lookup_bed_set_policy(lookup_bed *bed, leat_on_unavailable policy);

/* From now on lookup "user" has a field `at` that says when, and at most a minute is fresh. */
void lookup_bed_set_age(lookup_bed *bed);

/* The event's first row, [N_COLUMNS]; the others lie behind it. */
float *lookup_bed_row(const lookup_bed *bed, const leat_event *event);
leat_slice *lookup_bed_strings(const lookup_bed *bed, const leat_event *event);
int64_t *lookup_bed_integers(const lookup_bed *bed, const leat_event *event);
void lookup_bed_assert_row(const lookup_bed *bed, const leat_event *event, float average,
                           float count, float rating);

/* With an age: bob, whose 1 and 2 were written at 1700000000, is fresh for a minute; eve, of
 * whom nobody knows when, never is. */
void lookup_bed_assert_ages(lookup_bed *bed);

#endif
