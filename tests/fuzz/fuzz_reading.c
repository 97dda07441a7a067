/* Any value by any reading into any tensor: the first three bytes say which, the rest is
 * the value. What is refused leaves the elements as they were, and what is taken is taken
 * the same way again. */
#include "base/categories.h"
#include "base/reading.h"
#include "base/zone.h"

#include <stdlib.h>

enum { LENGTH = 3, N_KINDS = LEAT_READING_IDS + 1, N_DTYPES = LEAT_STRING + 1 };

typedef struct elements {
    leat_slice at[LENGTH]; /* the widest there are */
} elements;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static leat_reading reading = {.length = LENGTH, .pad = 1};
static const leat_event event = {.has_time = true, .time = {1700000000, 5}};

static void prepare(void)
{
    static leat_arena arena;
    static const char *const names[] = {"DE", "FR", "12"};
    leat_arena_init(&arena, 1024);
    if (leat_categories_new(&reading.categories, &arena, names, 3) ||
        leat_zone_load(&reading.zone, &arena, "Europe/Berlin", NULL))
        abort();
}

static leat_status put(elements *to, leat_dtype dtype, leat_slice value, bool is_text)
{
    memset(to, 0x5a, sizeof *to);
    return is_text ? leat_reading_put_text(&reading, to, dtype, value, &event)
                   : leat_reading_put(&reading, to, dtype, value, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!reading.zone)
        prepare();
    if (size < 3)
        return 0;
    elements one, two, untouched;
    bool is_text = data[2] & 1;
    leat_dtype dtype = (leat_dtype)(data[1] % N_DTYPES);
    leat_slice value = {data + 3, (uint32_t)(size - 3)};
    reading.kind = (leat_reading_kind)(data[0] % N_KINDS);
    reading.keeps_first = data[2] & 2;
    memset(&untouched, 0x5a, sizeof untouched);
    leat_status status = put(&one, dtype, value, is_text);
    if (put(&two, dtype, value, is_text) != status || memcmp(&one, &two, sizeof one))
        abort();
    if (status != LEAT_OK && memcmp(&one, &untouched, sizeof one))
        abort();
    leat_event_time time;
    if (!leat_event_time_find(&time, value, 5) || time.nanoseconds >= 1000000000 ||
        !*leat_reading_text(&reading, dtype))
        abort();
    return 0;
}
