#include "features/redis/refusal.h"

static const struct {
    const char *word; /* that the reply begins with */
    leat_refusal refusal;
} words_of[] = {
    {"WRONGTYPE", LEAT_REFUSAL_WRONGTYPE}, {"LOADING", LEAT_REFUSAL_LOADING},
    {"READONLY", LEAT_REFUSAL_READONLY},   {"NOAUTH", LEAT_REFUSAL_NOAUTH},
    {"NOPERM", LEAT_REFUSAL_NOPERM},       {"MOVED", LEAT_REFUSAL_CLUSTER},
    {"ASK", LEAT_REFUSAL_CLUSTER},         {"CLUSTERDOWN", LEAT_REFUSAL_CLUSTER},
    {"CROSSSLOT", LEAT_REFUSAL_CLUSTER},
};

leat_refusal leat_refusal_of(leat_slice words)
{
    const uint8_t *space = words.size ? memchr(words.data, ' ', words.size) : NULL;
    leat_slice first = {words.data, space ? (uint32_t)(space - words.data) : words.size};
    for (size_t i = 0; i < sizeof words_of / sizeof words_of[0]; i++) {
        leat_slice word = {(const uint8_t *)words_of[i].word,
                           (uint32_t)strlen(words_of[i].word)};
        if (leat_slice_equal(first, word))
            return words_of[i].refusal;
    }
    return LEAT_REFUSAL_OTHER;
}

const char *leat_refusal_name(leat_refusal refusal)
{
    static const char *const names[] = {
        [LEAT_REFUSAL_OTHER] = "other",     [LEAT_REFUSAL_WRONGTYPE] = "wrongtype",
        [LEAT_REFUSAL_LOADING] = "loading", [LEAT_REFUSAL_READONLY] = "readonly",
        [LEAT_REFUSAL_NOAUTH] = "noauth",   [LEAT_REFUSAL_NOPERM] = "noperm",
        [LEAT_REFUSAL_CLUSTER] = "cluster",
    };
    return names[refusal];
}
