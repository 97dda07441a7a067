#include "worker/demo/recommend_stream.h"

#include "worker/demo/payload.h"
#include "worker/demo/recommend_world.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    START_SECONDS = 1767225600, /* the stream's clock begins on 2026-01-01 */
    MEAN_GAP_MS = 600,  /* between two views; a user's are some 20 minutes apart */
    OF_FAVOURITES = 30, /* candidates; */
    BY_POPULARITY = 40, /* the rest is any */
};

#define MALFORMED_SHARE 0.001
#define TYPE            "pageview"

typedef struct recommend_stream {
    leat_random random;
    uint64_t next_index;
    int64_t now_ms;
    leat_shop shop;
    uint64_t shown[LEAT_SHOP_ITEMS + 1]; /* by which event last, counted from 1 */
    uint32_t candidates[LEAT_RECOMMEND_CANDIDATES];
    char key[16];
    leat_payload payload; /* of the last event */
} recommend_stream;

static leat_status new_stream(void **stream, uint64_t seed)
{
    recommend_stream *s = *stream = calloc(1, sizeof *s);
    if (!s)
        return LEAT_E_MEMORY;
    s->random.state = seed;
    s->now_ms = (int64_t)START_SECONDS * 1000;
    leat_shop_make(&s->shop, &s->random);
    return LEAT_OK;
}

/* ---- candidates ---- */

static uint32_t find_candidate(recommend_stream *s, const leat_shop_user *user, int place)
{
    uint32_t favourite = (uint32_t)place % LEAT_SHOP_FAVOURITES;
    if (place < OF_FAVOURITES)
        return leat_shop_draw_from(&s->shop, &s->random, user->favourites[favourite]);
    if (place < OF_FAVOURITES + BY_POPULARITY)
        return leat_shop_draw(&s->shop, &s->random);
    return 1 + leat_random_below(&s->random, LEAT_SHOP_ITEMS);
}

/* Each once, the true one at any place, never the one that is viewed. One that was drawn
 * already becomes any other. */
static void find_candidates(recommend_stream *s, const leat_shop_user *user,
                            uint32_t next)
{
    uint64_t now = s->next_index + 1;
    uint32_t place = leat_random_below(&s->random, LEAT_RECOMMEND_CANDIDATES);
    s->shown[user->at] = s->shown[next] = now;
    for (int i = 0; i < LEAT_RECOMMEND_CANDIDATES; i++) {
        uint32_t item = find_candidate(s, user, i);
        while (s->shown[item] == now)
            item = 1 + leat_random_below(&s->random, LEAT_SHOP_ITEMS);
        s->shown[item] = now;
        s->candidates[i] = item;
    }
    s->candidates[place] = next;
}

/* The place of an item by popularity. */
static uint32_t guess(const recommend_stream *s, uint32_t item)
{
    uint32_t place = 1;
    for (int i = 0; i < LEAT_RECOMMEND_CANDIDATES; i++)
        place +=
            s->shop.items[s->candidates[i]].popularity > s->shop.items[item].popularity;
    return place;
}

/* ---- events ---- */

static void write_payload(recommend_stream *s, uint32_t item)
{
    static const char *const devices[] = {"app", "desktop", "mobile"};
    msgpack_packer to;
    leat_payload_begin(&s->payload, &to, 7, LEAT_RECOMMEND_ID, LEAT_RECOMMEND_PREFIX,
                       s->next_index);
    leat_put_time(&to, "time", s->now_ms);
    leat_put_string(&to, "type", TYPE);
    leat_put_string(&to, "user", s->key);
    leat_put_string(&to, "device", devices[s->next_index % 3]);
    leat_put_integer(&to, "item", item);
    leat_put_array(&to, "candidates", LEAT_RECOMMEND_CANDIDATES);
    for (int i = 0; i < LEAT_RECOMMEND_CANDIDATES; i++)
        msgpack_pack_uint32(&to, s->candidates[i]);
}

static void next_event(void *stream, leat_world_event *event)
{
    recommend_stream *s = stream;
    uint32_t number = leat_random_below(&s->random, LEAT_SHOP_USERS);
    leat_shop_user *user = &s->shop.users[number];
    s->now_ms += 1 + (int64_t)leat_random_wait(&s->random, MEAN_GAP_MS);
    snprintf(s->key, sizeof s->key, "u%05u", number);
    uint32_t next = leat_shop_next(&s->shop, &s->random, user);
    find_candidates(s, user, next);
    write_payload(s, user->at);
    user->at = next;
    bool malformed = leat_random_chance(&s->random, MALFORMED_SHARE);
    if (malformed)
        leat_payload_damage(&s->payload, TYPE, &s->random);
    *event = (leat_world_event){
        .index = s->next_index++,
        .time_ms = s->now_ms,
        .malformed = malformed,
        .truth = next,
        .guess = guess(s, next),
        .key = leat_slice_of(s->key),
        .payload = {s->payload.bytes, s->payload.size},
    };
}

static void find_profile(const void *stream, uint32_t number, leat_profile *profile)
{
    const recommend_stream *s = stream;
    leat_shop_profile(&s->shop, number + 1, profile);
}

const leat_stream_ops leat_recommend_stream = {
    .new = new_stream,
    .free = free,
    .next = next_event,
    .n_profiles = LEAT_SHOP_ITEMS,
    .profile = find_profile,
};
