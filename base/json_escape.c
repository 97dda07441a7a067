#include "base/json_escape.h"

uint8_t leat_json_escape(uint8_t letter)
{
    static const uint8_t meanings[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    return meanings[letter];
}

static int32_t hex_digit(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int32_t leat_json_hex(const uint8_t *digits)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int32_t worth = hex_digit(digits[i]);
        if (worth < 0)
            return -1;
        code = code << 4 | worth;
    }
    return code;
}

uint32_t leat_json_surrogates(int32_t high, int32_t low)
{
    if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0;
    return 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
}

uint8_t *leat_utf8_put(uint8_t *to, uint32_t code)
{
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *to++ = (uint8_t)(leads[more] | code >> (6 * more));
    while (more--)
        *to++ = (uint8_t)(0x80 | (code >> (6 * more) & 0x3f));
    return to;
}
