#include "worker/demo/count.h"

#include "base/clock.h"
#include "worker/demo/member.h"

#include <math.h>
#include <stdlib.h>

typedef struct leat_fate {
    uint64_t sent_ns;
    uint32_t seen; /* records */
    bool malformed;
} leat_fate;

leat_status leat_count_init(leat_count *count, const leat_world *world, uint64_t n_events)
{
    *count = (leat_count){.world = world, .n_events = n_events};
    count->fates = calloc(n_events + 1, sizeof *count->fates);
    count->latencies = calloc(n_events + 1, sizeof *count->latencies);
    count->judge = calloc(1, world->judge->size + n_events * world->judge->event_size);
    if (count->fates && count->latencies && count->judge)
        return LEAT_OK;
    leat_count_fini(count);
    return LEAT_E_MEMORY;
}

void leat_count_fini(leat_count *count)
{
    free(count->fates);
    free(count->latencies);
    free(count->judge);
    *count = (leat_count){0};
}

void leat_count_sent(leat_count *count, const leat_world_event *event, uint64_t now_ns)
{
    count->world->judge->sent(count->judge, event);
    count->fates[count->sent++] =
        (leat_fate){.sent_ns = now_ns, .malformed = event->malformed};
}

/* ---- reading records ---- */

/* The event that "<prefix><index>" names, NULL when it names none that was sent. */
static leat_fate *find_fate(leat_count *count, const leat_value *id)
{
    const char *prefix = count->world->id_prefix;
    size_t start = strlen(prefix);
    if (id->type != LEAT_VALUE_STR || id->size <= start || id->size > start + 17 ||
        memcmp(id->as.bytes, prefix, start) != 0)
        return NULL;
    uint64_t index = 0;
    for (size_t i = start; i < id->size; i++) {
        if (id->as.bytes[i] < '0' || id->as.bytes[i] > '9')
            return NULL;
        index = index * 10 + (uint64_t)(id->as.bytes[i] - '0');
    }
    return index < count->sent ? &count->fates[index] : NULL;
}

static leat_fate *read_id(leat_count *count, leat_cursor cursor)
{
    leat_value id;
    if (!leat_member_find(&cursor, count->world->id_field) ||
        leat_msgpack_read(&cursor, &id) != LEAT_OK)
        return NULL;
    return find_fate(count, &id);
}

/* ---- counting ---- */

/* Takes down that there is a record of this event; true for the first one. */
static bool is_first(leat_count *count, leat_fate *fate)
{
    if (!fate)
        count->unexpected++;
    else if (fate->seen++)
        count->duplicated++;
    return fate && fate->seen == 1;
}

static void settle(leat_count *count, bool as_expected)
{
    if (as_expected)
        count->settled++;
    else
        count->unexpected++;
}

void leat_count_prediction(leat_count *count, leat_slice value, uint64_t now_ns)
{
    leat_cursor cursor = leat_cursor_over(value);
    leat_fate *fate = leat_member_find(&cursor, "event") ? read_id(count, cursor) : NULL;
    count->predictions++;
    if (!is_first(count, fate))
        return;
    bool is_good =
        !fate->malformed &&
        count->world->judge->take(count->judge, (uint64_t)(fate - count->fates), value);
    settle(count, is_good);
    if (is_good)
        count->latencies[count->n_latencies++] =
            (uint32_t)((now_ns - fate->sent_ns) / 1000);
}

void leat_count_dead_letter(leat_count *count, leat_slice value)
{
    leat_fate *fate = read_id(count, leat_cursor_over(value));
    count->dead_letters++;
    if (is_first(count, fate))
        settle(count, fate->malformed);
}

/* ---- what it says ---- */

static int compare_latencies(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

double leat_count_latency_ms(const leat_count *count, uint64_t window, double share)
{
    uint64_t n = count->n_latencies < window ? count->n_latencies : window;
    uint32_t *sorted = n ? malloc(n * sizeof *sorted) : NULL;
    if (!sorted)
        return NAN;
    memcpy(sorted, count->latencies + count->n_latencies - n, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_latencies);
    double ms = sorted[(uint64_t)(share * (double)(n - 1) + 0.5)] / 1000.0;
    free(sorted);
    return ms;
}
