/* Oracle of what is well-formed: msgpack-c's unpacker. */
#include "worker/demo/recommend_stream.h"
#include "worker/demo/recommend_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <msgpack.h>

enum { N = 20000 };

static void *stream_of(uint64_t seed)
{
    void *stream;
    assert_int_equal(leat_recommend_stream.new(&stream, seed), LEAT_OK);
    return stream;
}

/* What the tests look at of a payload. */
typedef struct view {
    uint32_t item;
    uint32_t n; /* candidates */
    uint32_t candidates[LEAT_RECOMMEND_CANDIDATES];
} view;

static bool is_named(const msgpack_object_kv *member, const char *name)
{
    const msgpack_object_str *key = &member->key.via.str;
    return key->size == strlen(name) && !memcmp(key->ptr, name, key->size);
}

static void read_candidates(const msgpack_object_array *array, view *v)
{
    assert_in_range(array->size, 1, LEAT_RECOMMEND_CANDIDATES);
    v->n = array->size;
    for (uint32_t i = 0; i < array->size; i++)
        v->candidates[i] = (uint32_t)array->ptr[i].via.u64;
}

/* False where it is not one whole map. */
static bool read_view(leat_slice payload, view *v)
{
    msgpack_unpacked unpacked;
    size_t at = 0;
    msgpack_unpacked_init(&unpacked);
    bool is_whole = msgpack_unpack_next(&unpacked, (const char *)payload.data,
                                        payload.size, &at) == MSGPACK_UNPACK_SUCCESS &&
                    at == payload.size && unpacked.data.type == MSGPACK_OBJECT_MAP;
    const msgpack_object_map *map = &unpacked.data.via.map;
    for (uint32_t i = 0; is_whole && i < map->size; i++) {
        if (is_named(&map->ptr[i], "item"))
            v->item = (uint32_t)map->ptr[i].val.via.u64;
        if (is_named(&map->ptr[i], "candidates"))
            read_candidates(&map->ptr[i].val.via.array, v);
    }
    msgpack_unpacked_destroy(&unpacked);
    return is_whole;
}

static uint64_t digest_of(uint64_t seed)
{
    void *stream = stream_of(seed);
    uint64_t digest = 0;
    leat_world_event event;
    for (int i = 0; i < N / 10; i++) {
        leat_recommend_stream.next(stream, &event);
        digest = digest * 31 + leat_slice_hash(event.payload) + event.truth;
    }
    leat_recommend_stream.free(stream);
    return digest;
}

static void test_recommend_stream__same_seed_gives_same_bytes(void **state)
{
    (void)state;
    assert_true(digest_of(7) == digest_of(7));
    assert_true(digest_of(7) != digest_of(8));
}

/* A model knows items by number: they must mean the same to every seed. */
static void test_recommend_stream__there_is_one_shop(void **state)
{
    (void)state;
    void *one = stream_of(1), *other = stream_of(2);
    for (uint32_t i = 0; i < leat_recommend_stream.n_profiles; i++) {
        leat_profile a, b;
        leat_recommend_stream.profile(one, i, &a);
        leat_recommend_stream.profile(other, i, &b);
        assert_string_equal(a.key, b.key);
        assert_true(a.fields[0].value == b.fields[0].value);
    }
    leat_recommend_stream.free(one);
    leat_recommend_stream.free(other);
}

static void check_candidates(const view *v, const leat_world_event *event)
{
    bool seen[LEAT_SHOP_ITEMS + 1] = {0}, has_truth = false;
    assert_int_equal(v->n, LEAT_RECOMMEND_CANDIDATES);
    for (uint32_t i = 0; i < v->n; i++) {
        assert_in_range(v->candidates[i], 1, LEAT_SHOP_ITEMS);
        assert_int_not_equal(v->candidates[i], v->item);
        assert_false(seen[v->candidates[i]]);
        seen[v->candidates[i]] = true;
        has_truth |= v->candidates[i] == event->truth;
    }
    assert_true(has_truth);
    assert_in_range(event->guess, 1, LEAT_RECOMMEND_CANDIDATES);
}

static void test_recommend_stream__candidates_are_once_each_the_true_one_among_them(
    void **state)
{
    (void)state;
    void *stream = stream_of(3);
    leat_world_event event;
    int malformed = 0;
    for (int i = 0; i < N; i++) {
        view v = {0};
        leat_recommend_stream.next(stream, &event);
        malformed += event.malformed;
        if (event.malformed)
            continue;
        assert_true(read_view(event.payload, &v));
        check_candidates(&v, &event);
    }
    assert_in_range(malformed, 5, 40);
    leat_recommend_stream.free(stream);
}

/* What the truth promises comes to pass: a user's next view is of that item. */
static void test_recommend_stream__truth_is_what_the_user_views_next(void **state)
{
    (void)state;
    static uint32_t promised[LEAT_SHOP_USERS];
    int kept = 0;
    void *stream = stream_of(4);
    leat_world_event event;
    for (int i = 0; i < N; i++) {
        view v = {0};
        leat_recommend_stream.next(stream, &event);
        long user = strtol((const char *)event.key.data + 1, NULL, 10);
        if (!event.malformed && promised[user]) {
            assert_true(read_view(event.payload, &v));
            assert_int_equal(v.item, promised[user]);
            kept++;
        }
        promised[user] = event.truth;
    }
    assert_true(kept > N / 2);
    leat_recommend_stream.free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recommend_stream__same_seed_gives_same_bytes),
        cmocka_unit_test(test_recommend_stream__there_is_one_shop),
        cmocka_unit_test(
            test_recommend_stream__candidates_are_once_each_the_true_one_among_them),
        cmocka_unit_test(test_recommend_stream__truth_is_what_the_user_views_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
