#include "worker/demo/count.h"

#include "base/clock.h"
#include "base/msgpack.h"

#include <math.h>
#include <stdlib.h>

typedef struct leat_fate {
    uint64_t sent_ns;
    float score;   /* of its first prediction; NaN: none */
    uint32_t seen; /* records */
    bool fraud;
    bool malformed;
} leat_fate;

leat_status leat_count_init(leat_count *count, uint64_t n_events)
{
    *count = (leat_count){.n_events = n_events};
    count->fates = calloc(n_events + 1, sizeof *count->fates);
    count->latencies = calloc(n_events + 1, sizeof *count->latencies);
    if (count->fates && count->latencies)
        return LEAT_OK;
    leat_count_fini(count);
    return LEAT_E_MEMORY;
}

void leat_count_fini(leat_count *count)
{
    free(count->fates);
    free(count->latencies);
    *count = (leat_count){0};
}

void leat_count_sent(leat_count *count, bool fraud, bool malformed, uint64_t now_ns)
{
    count->fates[count->sent++] = (leat_fate){
        .sent_ns = now_ns, .score = NAN, .fraud = fraud, .malformed = malformed};
}

/* ---- reading records ---- */

/* The event that "tx-<index>" names, NULL when it names none that was sent. */
static leat_fate *find_fate(leat_count *count, const leat_value *id)
{
    if (id->type != LEAT_VALUE_STR || id->size < 4 || id->size > 20 ||
        memcmp(id->as.bytes, "tx-", 3) != 0)
        return NULL;
    uint64_t index = 0;
    for (uint32_t i = 3; i < id->size; i++) {
        if (id->as.bytes[i] < '0' || id->as.bytes[i] > '9')
            return NULL;
        index = index * 10 + (uint64_t)(id->as.bytes[i] - '0');
    }
    return index < count->sent ? &count->fates[index] : NULL;
}

static bool is_text(const leat_value *value, const char *text)
{
    return value->type == LEAT_VALUE_STR && value->size == strlen(text) &&
           !memcmp(value->as.bytes, text, value->size);
}

/* Enters the map under the cursor and stops at the value of `key`. */
static bool find_member(leat_cursor *cursor, const char *key)
{
    leat_value map, name;
    if (leat_msgpack_read(cursor, &map) != LEAT_OK || map.type != LEAT_VALUE_MAP)
        return false;
    for (uint32_t i = 0; i < map.size; i++) {
        if (leat_msgpack_read(cursor, &name) != LEAT_OK)
            return false;
        if (is_text(&name, key))
            return true;
        if (leat_msgpack_skip(cursor, 1) != LEAT_OK)
            return false;
    }
    return false;
}

static leat_fate *read_transaction_id(leat_count *count, leat_cursor cursor)
{
    leat_value id;
    if (!find_member(&cursor, "transaction_id") ||
        leat_msgpack_read(&cursor, &id) != LEAT_OK)
        return NULL;
    return find_fate(count, &id);
}

/* A member of the prediction itself; false when it has none of that name. */
static bool read_member(leat_slice prediction, const char *key, leat_value *value)
{
    leat_cursor cursor = leat_cursor_over(prediction);
    return find_member(&cursor, key) && leat_msgpack_read(&cursor, value) == LEAT_OK;
}

static float read_score(leat_slice prediction)
{
    leat_value score;
    double number;
    if (!read_member(prediction, "score", &score) ||
        leat_value_number(&score, &number) != LEAT_OK)
        return NAN;
    return (float)number;
}

static bool is_blocked(leat_slice prediction)
{
    leat_value decision;
    return read_member(prediction, "decision", &decision) && is_text(&decision, "block");
}

/* ---- counting ---- */

/* Takes down one record of an event; true when it is the one that had to come. */
static bool settle(leat_count *count, leat_fate *fate, bool as_expected)
{
    if (!fate) {
        count->unexpected++;
        return false;
    }
    if (fate->seen++) {
        count->duplicated++;
        return false;
    }
    if (as_expected)
        count->settled++;
    else
        count->unexpected++;
    return as_expected;
}

static void block(leat_count *count, const leat_fate *fate)
{
    count->blocked[count->n_blocked++ % LEAT_COUNT_BLOCKED] =
        (leat_blocked){(uint64_t)(fate - count->fates), fate->score, fate->fraud};
}

void leat_count_prediction(leat_count *count, leat_slice value, uint64_t now_ns)
{
    leat_cursor cursor = leat_cursor_over(value);
    leat_fate *fate =
        find_member(&cursor, "event") ? read_transaction_id(count, cursor) : NULL;
    float score = read_score(value);
    count->predictions++;
    if (!settle(count, fate, fate && !fate->malformed && score >= 0 && score <= 1))
        return;
    fate->score = score;
    count->latencies[count->n_latencies++] = (uint32_t)((now_ns - fate->sent_ns) / 1000);
    int bin = (int)(score * LEAT_COUNT_BINS);
    count->bins[fate->fraud][bin < LEAT_COUNT_BINS ? bin : LEAT_COUNT_BINS - 1]++;
    if (is_blocked(value))
        block(count, fate);
}

void leat_count_dead_letter(leat_count *count, leat_slice value)
{
    leat_fate *fate = read_transaction_id(count, leat_cursor_over(value));
    count->dead_letters++;
    settle(count, fate, fate && fate->malformed);
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

static int compare_scores(const void *a, const void *b)
{
    const leat_fate *x = *(leat_fate *const *)a, *y = *(leat_fate *const *)b;
    return (x->score > y->score) - (x->score < y->score);
}

/* The events that have a score, by score. NULL: none, or out of memory. */
static const leat_fate **rank(const leat_count *count, uint64_t *n)
{
    const leat_fate **ranked = malloc((count->sent + 1) * sizeof *ranked);
    *n = 0;
    for (uint64_t i = 0; ranked && i < count->sent; i++)
        if (!isnan(count->fates[i].score))
            ranked[(*n)++] = &count->fates[i];
    if (ranked)
        qsort(ranked, *n, sizeof *ranked, compare_scores);
    return ranked;
}

double leat_count_auc(const leat_count *count)
{
    uint64_t n;
    const leat_fate **ranked = rank(count, &n);
    double wins = 0, frauds = 0, genuine = 0;
    for (uint64_t i = 0, end; i < n; i = end) {
        uint64_t tied_frauds = 0;
        for (end = i; end < n && !(ranked[end]->score > ranked[i]->score); end++)
            tied_frauds += ranked[end]->fraud;
        double tied_genuine = (double)(end - i - tied_frauds);
        wins += (double)tied_frauds * (genuine + tied_genuine / 2);
        frauds += (double)tied_frauds;
        genuine += tied_genuine;
    }
    free(ranked);
    return wins / (frauds * genuine); /* 0 / 0 is NaN */
}
