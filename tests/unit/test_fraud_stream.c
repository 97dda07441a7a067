/* Oracle of what is well-formed: msgpack-c's unpacker. */
#include "worker/demo/fraud_stream.h"
#include "worker/demo/fraud_world.h"

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
    assert_int_equal(leat_fraud_stream.new(&stream, seed), LEAT_OK);
    return stream;
}

/* FNV-1a over everything that the stream says. */
static uint64_t digest_of(uint64_t seed)
{
    void *stream = stream_of(seed);
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < N; i++) {
        leat_world_event event;
        leat_fraud_stream.next(stream, &event);
        for (uint32_t b = 0; b < event.payload.size; b++)
            digest = (digest ^ event.payload.data[b]) * UINT64_C(0x100000001b3);
        digest = (digest ^ event.truth) * UINT64_C(0x100000001b3);
    }
    leat_fraud_stream.free(stream);
    return digest;
}

static void test_fraud_stream__same_seed_gives_same_bytes(void **state)
{
    (void)state;
    assert_true(digest_of(7) == digest_of(7));
}

static void test_fraud_stream__seeds_differ(void **state)
{
    (void)state;
    assert_true(digest_of(7) != digest_of(8));
}

/* Fields that are no container, nested ones included. */
static int count_fields(const msgpack_object *object)
{
    int n = 0;
    if (object->type == MSGPACK_OBJECT_MAP)
        for (uint32_t i = 0; i < object->via.map.size; i++)
            n += count_fields(&object->via.map.ptr[i].val);
    else if (object->type == MSGPACK_OBJECT_ARRAY)
        for (uint32_t i = 0; i < object->via.array.size; i++)
            n += count_fields(&object->via.array.ptr[i]);
    else
        n = 1;
    return n;
}

/* Fields of a payload; -1 when it is not one whole msgpack value. */
static int unpack(leat_slice payload)
{
    msgpack_zone zone;
    msgpack_object object;
    size_t at = 0;
    if (!msgpack_zone_init(&zone, 8192))
        return -1;
    msgpack_unpack_return result =
        msgpack_unpack((const char *)payload.data, payload.size, &at, &zone, &object);
    int fields = result == MSGPACK_UNPACK_SUCCESS ? count_fields(&object) : -1;
    msgpack_zone_destroy(&zone);
    return fields;
}

static void test_fraud_stream__good_events_are_whole_maps_of_nearly_30_fields(
    void **state)
{
    (void)state;
    void *stream = stream_of(1);
    leat_world_event event;
    for (int i = 0; i < N; i++) {
        leat_fraud_stream.next(stream, &event);
        if (!event.malformed)
            assert_in_range(unpack(event.payload), 25, 30);
    }
    leat_fraud_stream.free(stream);
}

/* The transaction_id stands first and survives every damage: the counter rests on it. */
static void test_fraud_stream__every_event_begins_with_its_id(void **state)
{
    (void)state;
    void *stream = stream_of(2);
    leat_world_event event;
    for (int i = 0; i < N; i++) {
        char start[32];
        int id_size = snprintf(start, sizeof start, "tx-%d", i);
        int size =
            snprintf(start, sizeof start, "\xaetransaction_id%ctx-%d", 0xa0 | id_size, i);
        leat_fraud_stream.next(stream, &event);
        assert_int_equal(event.index, i);
        assert_memory_equal(event.payload.data + 1, start, (size_t)size);
    }
    leat_fraud_stream.free(stream);
}

static void test_fraud_stream__shares_are_as_promised(void **state)
{
    (void)state;
    void *stream = stream_of(3);
    leat_world_event event;
    int frauds = 0, malformed = 0;
    for (int i = 0; i < N; i++) {
        leat_fraud_stream.next(stream, &event);
        frauds += event.truth == 1;
        malformed += event.malformed;
    }
    assert_in_range(frauds, N * 25 / 1000, N * 35 / 1000);
    assert_in_range(malformed, 5, 40);
    leat_fraud_stream.free(stream);
}

/* What aggregates are to find: a thief pays again and again with one card, within hours
 * of the world's time; a customer seldom twice in an hour. */
static void test_fraud_stream__thieves_come_in_bursts(void **state)
{
    (void)state;
    static int64_t last_ms[LEAT_FRAUD_CARDS];
    int n[2] = {0}, soon[2] = {0};
    void *stream = stream_of(5);
    leat_world_event event;
    for (int i = 0; i < N; i++) {
        leat_fraud_stream.next(stream, &event);
        long card = strtol((const char *)event.key.data + 1, NULL, 10);
        n[event.truth]++;
        soon[event.truth] += last_ms[card] && event.time_ms - last_ms[card] < 3600 * 1000;
        last_ms[card] = event.time_ms;
    }
    assert_true(soon[1] > n[1] / 2);
    assert_true(soon[0] < n[0] / 2);
    leat_fraud_stream.free(stream);
}

static void test_fraud_stream__profiles_survive_as_text(void **state)
{
    (void)state;
    void *stream = stream_of(4);
    int unknown = 0;
    for (uint32_t i = 0; i < leat_fraud_stream.n_profiles; i++) {
        leat_profile profile;
        leat_fraud_stream.profile(stream, i, &profile);
        unknown += !profile.n_fields;
        for (uint32_t f = 0; f < profile.n_fields; f++) {
            char text[64];
            snprintf(text, sizeof text, "%.2f", profile.fields[f].value);
            assert_true(strtod(text, NULL) == profile.fields[f].value);
        }
    }
    assert_in_range(unknown, 1, LEAT_FRAUD_USERS / 10);
    leat_fraud_stream.free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fraud_stream__same_seed_gives_same_bytes),
        cmocka_unit_test(test_fraud_stream__seeds_differ),
        cmocka_unit_test(
            test_fraud_stream__good_events_are_whole_maps_of_nearly_30_fields),
        cmocka_unit_test(test_fraud_stream__every_event_begins_with_its_id),
        cmocka_unit_test(test_fraud_stream__shares_are_as_promised),
        cmocka_unit_test(test_fraud_stream__thieves_come_in_bursts),
        cmocka_unit_test(test_fraud_stream__profiles_survive_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
