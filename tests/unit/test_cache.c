#include "features/lookup/cache.h"

#include "allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

enum { TTL = 1000, STALE = 500, N_VALUES = 3 };

typedef struct fixture {
    leat_arena arena;
    leat_cache_stats stats;
    leat_cache *cache;
} fixture;

static void open_cache(fixture *f, uint32_t entries, size_t bytes)
{
    const leat_cache_spec spec = {
        .entries = entries, .bytes = bytes, .ttl_ns = TTL, .stale_ns = STALE};
    *f = (fixture){0};
    leat_arena_init(&f->arena, 4096);
    assert_int_equal(leat_cache_new(&f->cache, &spec, &f->stats), LEAT_OK);
}

static void close_cache(fixture *f)
{
    leat_cache_free(f->cache);
    leat_arena_fini(&f->arena);
}

static leat_slice slice_of(const char *text)
{
    return (leat_slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

/* All keys have hashes that are alike, as far as a table looks. */
static leat_cache_key key_of(const char *text)
{
    return (leat_cache_key){.hash = 7, .lookup = 1, .key = slice_of(text)};
}

static void put(fixture *f, const char *key, uint64_t now, const char *value)
{
    leat_slice values[N_VALUES] = {slice_of(value), {0}, slice_of("")};
    leat_cache_key of = key_of(key);
    leat_cache_put(f->cache, &of, now, values, N_VALUES);
}

static leat_cache_age find(fixture *f, const char *key, uint64_t now, leat_slice **values)
{
    leat_cache_key of = key_of(key);
    *values = NULL;
    return leat_cache_find(f->cache, &of, now, &f->arena, values, N_VALUES);
}

static void assert_value(leat_slice found, const char *text)
{
    assert_non_null(found.data);
    assert_int_equal(found.size, strlen(text));
    assert_memory_equal(found.data, text, found.size);
}

static void test_cache__values_come_back_as_they_were(void **state)
{
    fixture f;
    leat_slice *values;
    char large[1000];
    (void)state;
    open_cache(&f, 16, 1 << 16);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    put(&f, "a", 0, "1.5");
    put(&f, "b", 0, large);
    assert_int_equal(find(&f, "a", 0, &values), LEAT_CACHE_FRESH);
    assert_value(values[0], "1.5");
    assert_null(values[1].data);
    assert_value(values[2], "");
    assert_int_equal(find(&f, "b", 0, &values), LEAT_CACHE_FRESH);
    assert_value(values[0], large);
    put(&f, "a", 0, "2");
    assert_int_equal(find(&f, "a", 0, &values), LEAT_CACHE_FRESH);
    assert_value(values[0], "2");
    assert_int_equal(find(&f, "c", 0, &values), LEAT_CACHE_MISS);
    close_cache(&f);
}

static void test_cache__an_entity_that_is_not_there_is_known_too(void **state)
{
    fixture f;
    leat_slice *values;
    leat_cache_key key = key_of("nobody");
    (void)state;
    open_cache(&f, 16, 1 << 16);
    leat_cache_put(f.cache, &key, 0, NULL, N_VALUES);
    assert_int_equal(find(&f, "nobody", 0, &values), LEAT_CACHE_FRESH);
    assert_null(values);
    close_cache(&f);
}

static void test_cache__the_same_key_of_another_lookup_is_another(void **state)
{
    fixture f;
    leat_slice *values;
    (void)state;
    open_cache(&f, 16, 1 << 16);
    put(&f, "a", 0, "1");
    leat_cache_key other = {.hash = 7, .lookup = 2, .key = slice_of("a")};
    assert_int_equal(leat_cache_find(f.cache, &other, 0, &f.arena, &values, N_VALUES),
                     LEAT_CACHE_MISS);
    close_cache(&f);
}

static void test_cache__time_makes_it_stale_and_then_gone(void **state)
{
    fixture f;
    leat_slice *values;
    (void)state;
    open_cache(&f, 16, 1 << 16);
    put(&f, "a", 100, "1");
    assert_int_equal(find(&f, "a", 100 + TTL, &values), LEAT_CACHE_FRESH);
    assert_int_equal(find(&f, "a", 101 + TTL, &values), LEAT_CACHE_STALE);
    assert_value(values[0], "1");
    assert_int_equal(find(&f, "a", 100 + TTL + STALE, &values), LEAT_CACHE_STALE);
    assert_int_equal(find(&f, "a", 101 + TTL + STALE, &values), LEAT_CACHE_MISS);
    put(&f, "a", 5000, "2");
    assert_int_equal(find(&f, "a", 5001, &values), LEAT_CACHE_FRESH);
    assert_int_equal(leat_counter_read(&f.stats.hits), 2);
    assert_int_equal(leat_counter_read(&f.stats.misses), 3);
    close_cache(&f);
}

static void test_cache__what_was_used_gets_a_second_chance(void **state)
{
    fixture f;
    leat_slice *values;
    (void)state;
    open_cache(&f, 3, 1 << 16);
    put(&f, "a", 0, "1");
    put(&f, "b", 0, "2");
    put(&f, "c", 0, "3");
    find(&f, "a", 0, &values);
    put(&f, "d", 0, "4"); /* b goes */
    assert_int_equal(find(&f, "a", 0, &values), LEAT_CACHE_FRESH);
    assert_int_equal(find(&f, "b", 0, &values), LEAT_CACHE_MISS);
    assert_int_equal(find(&f, "d", 0, &values), LEAT_CACHE_FRESH);
    assert_int_equal(leat_counter_read(&f.stats.evicted), 1);
    close_cache(&f);
}

static void test_cache__what_is_too_large_is_not_kept(void **state)
{
    fixture f;
    leat_slice *values;
    char large[3000];
    (void)state;
    open_cache(&f, 16, 1 << 14);
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    put(&f, "a", 0, "1");
    put(&f, "a", 0, large);
    assert_int_equal(find(&f, "a", 0, &values), LEAT_CACHE_MISS); /* nor the old one */
    assert_int_equal(leat_counter_read(&f.stats.evicted), 0);
    close_cache(&f);
}

static void test_cache__cleared_it_is_as_new(void **state)
{
    fixture f;
    leat_slice *values;
    (void)state;
    open_cache(&f, 4, 1 << 14);
    for (int i = 0; i < 10; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        put(&f, key, 0, "1");
    }
    leat_cache_clear(f.cache);
    assert_int_equal(find(&f, "9", 0, &values), LEAT_CACHE_MISS);
    put(&f, "9", 0, "2");
    assert_int_equal(find(&f, "9", 0, &values), LEAT_CACHE_FRESH);
    assert_value(values[0], "2");
    assert_int_equal(leat_counter_read(&f.stats.entries), 1);
    close_cache(&f);
}

/* ---- Beside a naive twin ---- */

enum { N_ENTRIES = 50, N_KEYS = 120, STEPS = 200000, BLOCK = 124, N_BLOCKS = 120 };

/* Knows every key there is, and does by walking all what the cache does by tables. */
typedef struct twin {
    struct {
        uint32_t key;
        uint32_t version; /* of what was put; odd: not there */
        uint64_t read;
        uint32_t blocks;
        bool is_live, is_used;
    } entries[N_ENTRIES];
    uint32_t n_seen, hand, n_evicted;
    uint32_t freed[N_ENTRIES], n_freed;
} twin;

static uint32_t twin_live(const twin *t, uint32_t *blocks)
{
    uint32_t n = 0;
    *blocks = 0;
    for (uint32_t i = 0; i < t->n_seen; i++) {
        n += t->entries[i].is_live;
        *blocks += t->entries[i].is_live ? t->entries[i].blocks : 0;
    }
    return n;
}

static int twin_find(const twin *t, uint32_t key)
{
    for (uint32_t i = 0; i < t->n_seen; i++)
        if (t->entries[i].is_live && t->entries[i].key == key)
            return (int)i;
    return -1;
}

static void twin_drop(twin *t, uint32_t i)
{
    t->entries[i].is_live = false;
    t->freed[t->n_freed++] = i;
}

static void twin_put(twin *t, uint32_t key, uint32_t version, uint64_t now,
                     uint32_t blocks)
{
    int old = twin_find(t, key);
    if (old >= 0)
        twin_drop(t, (uint32_t)old);
    if (blocks > N_BLOCKS / 8)
        return;
    uint32_t taken;
    while (twin_live(t, &taken) == N_ENTRIES || taken + blocks > N_BLOCKS) {
        while (t->hand %= t->n_seen,
               !t->entries[t->hand].is_live || t->entries[t->hand].is_used)
            t->entries[t->hand++].is_used = false;
        twin_drop(t, t->hand++);
        t->n_evicted++;
    }
    uint32_t i = t->n_freed ? t->freed[--t->n_freed] : t->n_seen++;
    t->entries[i].key = key;
    t->entries[i].version = version;
    t->entries[i].read = now;
    t->entries[i].blocks = blocks;
    t->entries[i].is_live = true;
    t->entries[i].is_used = false;
}

static leat_cache_age twin_age(const twin *t, int i, uint64_t now)
{
    uint64_t age = i < 0 ? UINT64_MAX : now - t->entries[i].read;
    return age <= TTL           ? LEAT_CACHE_FRESH
           : age <= TTL + STALE ? LEAT_CACHE_STALE
                                : LEAT_CACHE_MISS;
}

/* The value of a version: its number, and as many more bytes as its size wants. */
static leat_slice value_of(uint32_t version, char room[4096])
{
    uint32_t size = 10 + version * 37 % 2000;
    memset(room, (int)('a' + version % 26), size);
    snprintf(room, 11, "%010u", version);
    room[10] = '-';
    return (leat_slice){(const uint8_t *)room, size < 11 ? 11 : size};
}

static leat_cache_key numbered(uint32_t key, char name[16])
{
    snprintf(name, 16, "key %u", key);
    return (leat_cache_key){
        .hash = key * 2654435761u >> 26, .lookup = key % 3, .key = slice_of(name)};
}

static void check_step(fixture *f, twin *t, uint32_t step, uint64_t now)
{
    char name[16], room[4096];
    uint32_t key_number = (uint32_t)rand() % N_KEYS;
    leat_cache_key key = numbered(key_number, name);
    if (rand() % 3) {
        leat_slice *values = NULL;
        int at = twin_find(t, key_number);
        leat_cache_age age = leat_cache_find(f->cache, &key, now, &f->arena, &values, 1);
        assert_int_equal(age, twin_age(t, at, now));
        if (age == LEAT_CACHE_MISS)
            return;
        t->entries[at].is_used = true;
        uint32_t version = t->entries[at].version;
        assert_int_equal(values == NULL, version % 2);
        if (values)
            assert_true(leat_slice_equal(values[0], value_of(version, room)));
        return;
    }
    leat_slice value = value_of(step, room);
    size_t size = key.key.size + (step % 2 ? 0 : 4 + value.size);
    leat_cache_put(f->cache, &key, now, step % 2 ? NULL : &value, 1);
    twin_put(t, key_number, step, now, (uint32_t)((size + BLOCK - 1) / BLOCK));
}

static void test_cache__does_what_a_naive_twin_does(void **state)
{
    fixture f;
    static twin t;
    uint64_t now = 0;
    size_t warm = 0;
    (void)state;
    srand(1);
    open_cache(&f, N_ENTRIES, N_BLOCKS * 128);
    for (uint32_t step = 0; step < STEPS; step++) {
        now += (uint64_t)rand() % 20;
        leat_arena_reset(&f.arena);
        check_step(&f, &t, step, now);
        if (step == STEPS / 2)
            warm = allocated.calls;
    }
    assert_int_equal(leat_counter_read(&f.stats.evicted), t.n_evicted);
    assert_true(t.n_evicted > STEPS / 20);
    assert_int_equal(allocated.calls, warm);
    close_cache(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache__values_come_back_as_they_were),
        cmocka_unit_test(test_cache__an_entity_that_is_not_there_is_known_too),
        cmocka_unit_test(test_cache__the_same_key_of_another_lookup_is_another),
        cmocka_unit_test(test_cache__time_makes_it_stale_and_then_gone),
        cmocka_unit_test(test_cache__what_was_used_gets_a_second_chance),
        cmocka_unit_test(test_cache__what_is_too_large_is_not_kept),
        cmocka_unit_test(test_cache__cleared_it_is_as_new),
        cmocka_unit_test(test_cache__does_what_a_naive_twin_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
