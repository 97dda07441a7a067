#include "base/zone.h"

#include "base/msgpack.h"
#include "base/zone_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FIRST_YEAR = 1970,
    LAST_YEAR = 2100,
    MAX_FILE = 64 * 1024,
    MAX_NAME = 64,
    HEADER = 44,
    TYPE = 6,           /* bytes of one: offset, whether it is summer time, its name */
    MAX_OFFSET = 93600, /* RFC 8536: from -25 to 26 hours, exclusive */
};

struct leat_zone {
    uint32_t n;
    int64_t *instants; /* [n], ascending: seconds since 1970 */
    int32_t *offsets;  /* [n + 1]: before the first one, and from each one on */
};

int32_t leat_zone_offset(const leat_zone *zone, int64_t seconds)
{
    uint32_t low = 0, high = zone->n; /* how many lie at or before it */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (zone->instants[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return zone->offsets[low];
}

/* ---- a file of the database ---- */

/* What a header counts. A block is that many of each, one behind the other. */
typedef struct block {
    uint32_t n_universal, n_standard, n_leap, n_times, n_types, n_letters;
    const uint8_t *data;
    size_t size;
} block;

static int64_t take_be(const uint8_t *at, unsigned width)
{
    uint64_t number = leat_msgpack_number(at, width, width);
    return width == 8 ? (int64_t)number : (int64_t)(int32_t)(uint32_t)number;
}

/* The header and block at the beginning of `file`; `width` is that of its times. */
static bool find_block(block *found, leat_slice file, unsigned width)
{
    if (file.size < HEADER || memcmp(file.data, "TZif", 4) || file.data[4] < '2')
        return false;
    uint32_t *counts[] = {&found->n_universal, &found->n_standard, &found->n_leap,
                          &found->n_times,     &found->n_types,    &found->n_letters};
    for (int i = 0; i < 6; i++) {
        *counts[i] = (uint32_t)leat_msgpack_number(file.data + 20 + 4 * i, 4, 4);
        if (*counts[i] > MAX_FILE)
            return false;
    }
    found->data = file.data + HEADER;
    found->size = (size_t)found->n_times * (width + 1) + (size_t)found->n_types * TYPE +
                  found->n_letters + (size_t)found->n_leap * (width + 4) +
                  found->n_standard + found->n_universal;
    return found->size <= file.size - HEADER;
}

static bool take_offset(const block *times, uint32_t type, int32_t *offset)
{
    if (type >= times->n_types)
        return false;
    const uint8_t *types = times->data + (size_t)times->n_times * 9;
    *offset = (int32_t)take_be(types + (size_t)type * TYPE, 4);
    return *offset > -MAX_OFFSET && *offset < MAX_OFFSET;
}

/* The first type is what holds before all changes. */
static bool take_times(leat_zone *zone, const block *times)
{
    const uint8_t *types = times->data + (size_t)times->n_times * 8;
    if (!take_offset(times, 0, &zone->offsets[0]))
        return false;
    for (; zone->n < times->n_times; zone->n++) {
        uint32_t i = zone->n;
        zone->instants[i] = take_be(times->data + (size_t)i * 8, 8);
        if (i && zone->instants[i] <= zone->instants[i - 1])
            return false;
        if (!take_offset(times, types[i], &zone->offsets[i + 1]))
            return false;
    }
    return true;
}

/* ---- the years to come ---- */

static void add_change(leat_zone *zone, int64_t instant, int32_t offset)
{
    if (zone->n && instant <= zone->instants[zone->n - 1])
        return;
    zone->instants[zone->n++] = instant;
    zone->offsets[zone->n] = offset;
}

/* In the south the other time ends before it begins. */
static void add_year(leat_zone *zone, const leat_zone_rule *rule, int year)
{
    const int32_t *offsets = rule->offsets;
    int64_t begin = leat_zone_change_at(&rule->begin, year, offsets[0]);
    int64_t end = leat_zone_change_at(&rule->end, year, offsets[1]);
    if (begin < end)
        add_change(zone, begin, offsets[1]);
    add_change(zone, end, offsets[0]);
    if (begin >= end)
        add_change(zone, begin, offsets[1]);
}

/* A line behind the block holds the rule, or nothing where there is none. */
static bool add_years(leat_zone *zone, const uint8_t *at, const uint8_t *end)
{
    leat_zone_rule rule;
    if (at == end || *at++ != '\n')
        return false;
    const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
    if (!line_end)
        return false;
    leat_slice text = {at, (uint32_t)(line_end - at)};
    if (!text.size)
        return true;
    if (!leat_zone_rule_parse(&rule, text))
        return false;
    for (int year = FIRST_YEAR; rule.changes && year <= LAST_YEAR; year++)
        add_year(zone, &rule, year);
    return true;
}

/* ---- reading ---- */

static leat_status fill(leat_zone *zone, leat_arena *arena, leat_slice file)
{
    block narrow, wide;
    if (!find_block(&narrow, file, 4))
        return LEAT_E_CONFIG;
    size_t first = HEADER + narrow.size;
    leat_slice rest = {file.data + first, file.size - (uint32_t)first};
    if (!find_block(&wide, rest, 8) || wide.n_leap)
        return LEAT_E_CONFIG;
    size_t most = wide.n_times + 2 * (LAST_YEAR - FIRST_YEAR + 1);
    zone->instants = leat_arena_calloc(arena, most, sizeof *zone->instants);
    zone->offsets = leat_arena_calloc(arena, most + 1, sizeof *zone->offsets);
    if (!zone->instants || !zone->offsets)
        return LEAT_E_MEMORY;
    bool is_good = take_times(zone, &wide) &&
                   add_years(zone, wide.data + wide.size, rest.data + rest.size);
    return is_good ? LEAT_OK : LEAT_E_CONFIG;
}

leat_status leat_zone_read(const leat_zone **zone, leat_arena *arena, leat_slice file,
                           leat_error *error)
{
    leat_zone *made = leat_arena_calloc(arena, 1, sizeof *made);
    leat_status status = made ? fill(made, arena, file) : LEAT_E_MEMORY;
    *zone = status == LEAT_OK ? made : NULL;
    if (status == LEAT_E_MEMORY)
        return leat_error_set(error, status, "out of memory");
    return status == LEAT_OK
               ? status
               : leat_error_set(error, status,
                                "no zone of version 2 or later without leap seconds");
}

const char *leat_zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder && *folder ? folder : "/usr/share/zoneinfo";
}

/* Nothing outside of the folder. */
static bool is_name(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size < MAX_NAME && *name != '/' && !strstr(name, "..") &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789_+-/") == size;
}

/* No more than `most` bytes; -1 when it cannot be read. */
static ssize_t read_file(const char *path, uint8_t *bytes, size_t most)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    size_t size = 0;
    ssize_t got = 1;
    while (got && size < most) {
        got = read(file, bytes + size, most - size);
        if (got < 0 && errno != EINTR)
            break;
        size += got > 0 ? (size_t)got : 0;
    }
    close(file);
    return got < 0 ? -1 : (ssize_t)size;
}

leat_status leat_zone_load(const leat_zone **zone, leat_arena *arena, const char *name,
                           leat_error *error)
{
    const char *folder = leat_zone_folder();
    char *path = leat_arena_printf(arena, "%s/%s", folder, name);
    uint8_t bytes[MAX_FILE];
    if (!path)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    ssize_t size = is_name(name) ? read_file(path, bytes, sizeof bytes) : -1;
    if (size < 0)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "there is no zone '%.60s' in %.60s; expected one of the "
                              "names of tzdata, such as UTC or Europe/Berlin",
                              name, folder);
    leat_status status =
        leat_zone_read(zone, arena, (leat_slice){bytes, (uint32_t)size}, error);
    return status == LEAT_OK ? status : leat_error_prefix(error, "%.100s: ", path);
}
