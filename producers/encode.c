/* The record is written straight into the batch's arena: first a bound on its size, then
 * every byte once. The map's head is written last, when its fields have been counted. */
#include "producers/encode.h"

#include "base/number.h"
#include "base/pack.h"
#include "producers/scores.h"

#include <assert.h>
#include <stdbool.h>

enum {
    ID_NUMBERS = 1 + 10 + 1 + 20, /* "/partition/offset", at most */

    /* What depends neither on the event nor on the plan: the map's head, its 11 keys (72
     * bytes), the heads of 8 texts and containers, label, time and the longest quality.
     */
    FIXED_BYTES = 1 + 72 + 8 * LEAT_PACK_HEAD + LEAT_PACK_UINT + LEAT_PACK_TIME + 11,
};

/* A prediction in the making. */
typedef struct prediction {
    const leat_prediction_spec *spec;
    const leat_event *event;
    leat_scores scores;
    const char *decision; /* or NULL */

    const leat_column *columns; /* of `missing` */
    const uint64_t *missing;    /* [missing_words] */
    uint32_t missing_words;
    const leat_slice *captures; /* [schema->n_captures] */

    uint8_t *at; /* where the next byte goes */
    uint32_t n_fields;
} prediction;

/* A float32 that reads 0.9 reaches a threshold of 0.9, though the double 0.9 is larger. */
static bool reaches(leat_scores scores, double min_score)
{
    double score = leat_scores_at(scores, 0);
    return score >= (scores.dtype == LEAT_F32 ? (double)(float)min_score : min_score);
}

static const char *find_decision(const leat_prediction_spec *spec, leat_scores scores)
{
    const char *decision = NULL;
    for (uint32_t i = 0; i < spec->n_thresholds; i++)
        if (reaches(scores, spec->thresholds[i].min_score))
            decision = spec->thresholds[i].decision;
    return decision;
}

/* The names of the columns that have no value: their number, and their bytes packed. */
static uint32_t count_missing(const prediction *p, size_t *bytes)
{
    uint32_t n = 0;
    for (uint32_t word = 0; word < p->missing_words; word++)
        for (uint64_t bits = p->missing[word]; bits; bits &= bits - 1, n++) {
            uint32_t column = 64 * word + (uint32_t)__builtin_ctzll(bits);
            *bytes += LEAT_PACK_HEAD + strlen(p->columns[column].name);
        }
    return n;
}

/* The same of the fields that the event has and that go along. */
static uint32_t count_includes(const prediction *p, size_t *bytes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->spec->n_includes; i++) {
        const leat_include *include = &p->spec->includes[i];
        uint32_t size = p->captures[include->capture].size;
        if (!p->captures[include->capture].data)
            continue;
        *bytes += LEAT_PACK_HEAD + strlen(include->name) + size;
        n++;
    }
    return n;
}

#define KEY(p, text) put_key(p, text, sizeof text - 1)

static void put_key(prediction *p, const char *text, uint32_t size)
{
    p->at = leat_pack_raw(leat_pack_str_head(p->at, size), text, size);
    p->n_fields++;
}

static void put_id(prediction *p)
{
    char numbers[ID_NUMBERS];
    char *end = numbers + sizeof numbers;
    char *from = leat_digits_before(end, (uint64_t)p->event->offset);
    *--from = '/';
    from = leat_digits_before(from, (uint32_t)p->event->partition);
    *--from = '/';
    size_t prefix = strlen(p->spec->id_prefix);
    size_t topic = strlen(p->event->topic);
    size_t digits = (size_t)(end - from);
    KEY(p, "id");
    p->at = leat_pack_str_head(p->at, (uint32_t)(prefix + topic + digits));
    p->at = leat_pack_raw(p->at, p->spec->id_prefix, prefix);
    p->at = leat_pack_raw(p->at, p->event->topic, topic);
    p->at = leat_pack_raw(p->at, from, digits);
}

static void put_score(prediction *p, uint32_t i)
{
    double score = leat_scores_at(p->scores, i);
    p->at = p->scores.dtype == LEAT_F64 ? leat_pack_f64(p->at, score)
                                        : leat_pack_f32(p->at, (float)score);
}

static void put_scores(prediction *p)
{
    switch (p->spec->shape) {
    case LEAT_SHAPE_SCORE:
        KEY(p, "score");
        put_score(p, 0);
        break;
    case LEAT_SHAPE_SCORES:
        KEY(p, "scores");
        p->at = leat_pack_array(p->at, p->scores.n);
        for (uint32_t i = 0; i < p->scores.n; i++)
            put_score(p, i);
        KEY(p, "label");
        p->at = leat_pack_uint(p->at, leat_scores_label(p->scores));
        break;
    case LEAT_SHAPE_LABEL:
        KEY(p, "label");
        p->at = leat_pack_uint(p->at, (uint64_t)leat_scores_at(p->scores, 0));
        break;
    }
}

static void put_time(prediction *p)
{
    const leat_event_time *time = &p->event->time;
    if (!p->event->has_time)
        return;
    KEY(p, "time");
    p->at = leat_pack_time(p->at, time->seconds, time->nanoseconds);
}

static void put_quality(prediction *p)
{
    static const char *const names[] = {
        [LEAT_QUALITY_COMPLETE] = "complete",
        [LEAT_QUALITY_DEFAULTED] = "defaulted",
        [LEAT_QUALITY_STALE] = "stale",
        [LEAT_QUALITY_UNAVAILABLE] = "unavailable",
    };
    KEY(p, "quality");
    p->at = leat_pack_str(p->at, names[p->event->quality]);
}

static void put_missing(prediction *p, uint32_t n)
{
    if (!n)
        return;
    KEY(p, "missing");
    p->at = leat_pack_array(p->at, n);
    for (uint32_t word = 0; word < p->missing_words; word++)
        for (uint64_t bits = p->missing[word]; bits; bits &= bits - 1) {
            uint32_t column = 64 * word + (uint32_t)__builtin_ctzll(bits);
            p->at = leat_pack_str(p->at, p->columns[column].name);
        }
}

static void put_includes(prediction *p, uint32_t n)
{
    if (!n)
        return;
    KEY(p, "event");
    p->at = leat_pack_map(p->at, n);
    for (uint32_t i = 0; i < p->spec->n_includes; i++) {
        const leat_include *include = &p->spec->includes[i];
        leat_slice value = p->captures[include->capture];
        if (!value.data)
            continue;
        p->at = leat_pack_str(p->at, include->name);
        p->at = leat_pack_raw(p->at, value.data, value.size);
    }
}

static size_t text_bytes(const prediction *p)
{
    const leat_prediction_spec *spec = p->spec;
    return strlen(spec->id_prefix) + strlen(p->event->topic) + ID_NUMBERS +
           strlen(spec->model) + strlen(spec->version) +
           (p->decision ? strlen(p->decision) : 0);
}

static leat_slice write_map(prediction *p, leat_arena *arena)
{
    size_t bound = FIXED_BYTES + text_bytes(p) + (size_t)p->scores.n * LEAT_PACK_F64;
    uint32_t n_missing = count_missing(p, &bound);
    uint32_t n_includes = count_includes(p, &bound);
    uint8_t *start = leat_arena_alloc(arena, bound);
    if (!start)
        return (leat_slice){0};
    p->at = start + 1;
    put_id(p);
    KEY(p, "model");
    p->at = leat_pack_str(p->at, p->spec->model);
    KEY(p, "version");
    p->at = leat_pack_str(p->at, p->spec->version);
    put_scores(p);
    if (p->decision) {
        KEY(p, "decision");
        p->at = leat_pack_str(p->at, p->decision);
    }
    put_time(p);
    put_quality(p);
    put_missing(p, n_missing);
    put_includes(p, n_includes);
    leat_pack_map(start, p->n_fields);
    assert(p->at <= start + bound);
    return (leat_slice){start, (uint32_t)(p->at - start)};
}

leat_slice leat_encode_prediction(const leat_prediction_spec *spec, leat_batch *batch,
                                  leat_event *event)
{
    prediction p = {
        .spec = spec,
        .event = event,
        .scores = leat_scores_of(&batch->output, event->first),
        .columns = batch->schema->columns,
        .missing = leat_batch_missing(batch, event),
        .missing_words = batch->missing_words,
        .captures = leat_batch_captures(batch, event),
    };
    uint32_t bad = leat_scores_not_finite(p.scores);
    if (bad < p.scores.n) {
        leat_batch_fail(batch, event, LEAT_STAGE_MODEL, LEAT_E_NOT_FINITE,
                        "score %u of %u is %s", bad + 1, p.scores.n,
                        leat_score_name(leat_scores_at(p.scores, bad)));
        return (leat_slice){0};
    }
    if (spec->shape == LEAT_SHAPE_SCORE)
        p.decision = find_decision(spec, p.scores);
    return write_map(&p, &batch->arena);
}
