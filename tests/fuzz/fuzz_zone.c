/* Any bytes as a file of the zone database, as a rule, and as the name of a zone. A zone
 * that is taken says something for every time, and no more than a day and two hours. */
#include "base/zone.h"
#include "base/zone_rule.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const leat_zone *zone)
{
    for (int64_t at = -4000000000; at < 8000000000; at += 86400 * 61) {
        int32_t offset = leat_zone_offset(zone, at);
        if (offset <= -93600 || offset >= 93600)
            abort();
    }
    (void)leat_zone_offset(zone, INT64_MIN);
    (void)leat_zone_offset(zone, INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static leat_arena arena;
    static int is_ready;
    if (!is_ready)
        leat_arena_init(&arena, 4096);
    is_ready = 1;
    const leat_zone *zone;
    leat_zone_rule rule;
    leat_slice bytes = {data, (uint32_t)size};
    if (leat_zone_read(&zone, &arena, bytes, NULL) == LEAT_OK)
        ask(zone);
    if (leat_zone_rule_parse(&rule, bytes) && rule.changes)
        (void)leat_zone_change_at(&rule.begin, 2026, rule.offsets[0]);
    leat_error error;
    char name[32] = "";
    if (size && size < sizeof name)
        memcpy(name, data, size);
    if (*name && leat_zone_load(&zone, &arena, name, &error) == LEAT_OK)
        ask(zone);
    leat_arena_reset(&arena);
    return 0;
}
