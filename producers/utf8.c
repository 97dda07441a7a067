#include "producers/utf8.h"

#include "base/msgpack.h"

/* The bytes of the character at `at`, or 0 when there is none. */
static size_t character_size(const uint8_t *at, size_t left)
{
    for (size_t size = 1; size <= 4 && size <= left; size++)
        if (leat_utf8_valid(at, size))
            return size;
    return 0;
}

size_t leat_utf8_repair(char *copy, size_t room, const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t left = strlen(text);
    size_t used = 0;
    while (left) {
        size_t size = character_size((const uint8_t *)text, left);
        const char *from = size ? text : replacement;
        size_t n = size ? size : sizeof replacement - 1;
        if (used + n >= room)
            break;
        memcpy(copy + used, from, n);
        used += n;
        text += size ? size : 1;
        left -= size ? size : 1;
    }
    copy[used] = 0;
    return used;
}
