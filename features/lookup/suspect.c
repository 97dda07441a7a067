#include "features/lookup/suspect.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

#define PERIOD_NS (60 * LEAT_SEC)

void leat_suspect_note(leat_suspect *suspect, const char *lookup, leat_slice key,
                       uint64_t now_ns)
{
    if (now_ns < suspect->next_ns || suspect->size || !key.size ||
        key.size > LEAT_MAX_SUSPECT)
        return;
    suspect->next_ns = now_ns + PERIOD_NS;
    snprintf(suspect->lookup, sizeof suspect->lookup, "%s", lookup);
    memcpy(suspect->key, key.data, key.size);
    suspect->size = key.size;
}

void leat_suspect_ask(leat_suspect *suspect, leat_redis *redis)
{
    suspect->is_asked = false;
    if (!suspect->size || !leat_redis_n_asked(redis))
        return;
    char head[40];
    int n = snprintf(head, sizeof head, "*2\r\n$4\r\nTYPE\r\n$%u\r\n", suspect->size);
    const leat_slice pieces[] = {{(const uint8_t *)head, (uint32_t)n},
                                 {suspect->key, suspect->size},
                                 {(const uint8_t *)"\r\n", 2}};
    suspect->command = leat_redis_n_asked(redis);
    suspect->is_asked = leat_redis_ask(redis, pieces, sizeof pieces / sizeof pieces[0],
                                       LEAT_REPLY_TEXT, 0) == LEAT_OK;
}

static bool is_word(leat_slice text, const char *word)
{
    return text.size == strlen(word) && !memcmp(text.data, word, text.size);
}

void leat_suspect_take(leat_suspect *suspect, const leat_redis *redis)
{
    if (!suspect->is_asked || leat_redis_kind(redis, suspect->command) == LEAT_REPLY_NONE)
        return;
    suspect->size = 0;
    suspect->is_asked = false;
    if (leat_redis_kind(redis, suspect->command) != LEAT_REPLY_TEXT)
        return; /* TYPE may be refused to this user */
    leat_slice type = leat_redis_value(redis, suspect->command, 0);
    if (!is_word(type, "none") && !is_word(type, "string"))
        leat_log(LEAT_LOG_WARN, "redis",
                 "lookup %s: WRONGTYPE: a key that was asked for is a %.*s, and this "
                 "format reads strings: it counts as missing",
                 suspect->lookup, (int)type.size, (const char *)type.data);
}
