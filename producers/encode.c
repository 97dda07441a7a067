#include "producers/encode.h"

#include "producers/envelope.h"
#include "producers/ranking.h"
#include "producers/scores.h"

enum {
    /* What the fields beside the envelope's take, whatever the event: five keys (34 bytes),
     * the heads of four texts and containers, and the label. */
    FIXED_BYTES = 34 + 4 * LEAT_PACK_HEAD + LEAT_PACK_UINT,

    /* Of a candidate, beside its item: the map's head, two keys, the score. */
    RANKED_BYTES = 1 + 11 + LEAT_PACK_F64,
};

/* A prediction in the making. */
typedef struct prediction {
    leat_envelope envelope;
    const leat_batch *batch;
    leat_scores scores;   /* of an event that is one row */
    const char *decision; /* or NULL */
    leat_ranked *best;    /* [n_best]: of one that ranks */
    uint32_t n_best;
    const leat_slice *captures; /* [schema->n_captures] */
    uint32_t n_includes;        /* that the event has */
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

/* The fields of the event that go along: their number, and their bytes packed. */
static size_t count_includes(prediction *p, const leat_prediction_spec *spec)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < spec->n_includes; i++) {
        const leat_include *include = &spec->includes[i];
        uint32_t size = p->captures[include->capture].size;
        if (!p->captures[include->capture].data)
            continue;
        bytes += LEAT_PACK_HEAD + strlen(include->name) + size;
        p->n_includes++;
    }
    return bytes;
}

/* What the record takes without its scores; counts the includes. */
static size_t fixed_bytes(prediction *p, const leat_prediction_spec *spec)
{
    return FIXED_BYTES + strlen(spec->model) + count_includes(p, spec);
}

static uint8_t *put_score(uint8_t *at, leat_dtype dtype, double score)
{
    return dtype == LEAT_F64 ? leat_pack_f64(at, score) : leat_pack_f32(at, (float)score);
}

static void put_ranking(prediction *p)
{
    leat_envelope *envelope = &p->envelope;
    leat_dtype dtype = p->batch->output.spec->dtype;
    uint32_t first = envelope->event->first;
    LEAT_ENVELOPE_KEY(envelope, "ranking");
    uint8_t *at = leat_pack_array(envelope->at, p->n_best);
    for (uint32_t i = 0; i < p->n_best; i++) {
        leat_slice item = leat_batch_item(p->batch, first + p->best[i].candidate);
        at = leat_pack_str(leat_pack_map(at, 2), "item");
        at = leat_pack_raw(at, item.data, item.size);
        at = put_score(leat_pack_str(at, "score"), dtype, p->best[i].score);
    }
    envelope->at = at;
}

static void put_scores(prediction *p)
{
    leat_envelope *envelope = &p->envelope;
    leat_scores scores = p->scores;
    switch (envelope->spec->shape) {
    case LEAT_SHAPE_SCORE:
        LEAT_ENVELOPE_KEY(envelope, "score");
        envelope->at = put_score(envelope->at, scores.dtype, leat_scores_at(scores, 0));
        break;
    case LEAT_SHAPE_SCORES:
        LEAT_ENVELOPE_KEY(envelope, "scores");
        envelope->at = leat_pack_array(envelope->at, scores.n);
        for (uint32_t i = 0; i < scores.n; i++)
            envelope->at =
                put_score(envelope->at, scores.dtype, leat_scores_at(scores, i));
        LEAT_ENVELOPE_KEY(envelope, "label");
        envelope->at = leat_pack_uint(envelope->at, leat_scores_label(scores));
        break;
    case LEAT_SHAPE_LABEL:
        LEAT_ENVELOPE_KEY(envelope, "label");
        envelope->at = leat_pack_uint(envelope->at, (uint64_t)leat_scores_at(scores, 0));
        break;
    case LEAT_SHAPE_RANKING:
        put_ranking(p);
        break;
    }
}

static void put_includes(leat_envelope *envelope, const prediction *p)
{
    const leat_prediction_spec *spec = envelope->spec;
    if (!p->n_includes)
        return;
    LEAT_ENVELOPE_KEY(envelope, "event");
    envelope->at = leat_pack_map(envelope->at, p->n_includes);
    for (uint32_t i = 0; i < spec->n_includes; i++) {
        const leat_include *include = &spec->includes[i];
        leat_slice value = p->captures[include->capture];
        if (!value.data)
            continue;
        envelope->at = leat_pack_str(envelope->at, include->name);
        envelope->at = leat_pack_raw(envelope->at, value.data, value.size);
    }
}

static void put_text(leat_envelope *envelope, const char *text)
{
    envelope->at = leat_pack_str(envelope->at, text);
}

static leat_slice write_fields(prediction *p)
{
    leat_envelope *envelope = &p->envelope;
    leat_envelope_put_id(envelope);
    LEAT_ENVELOPE_KEY(envelope, "model");
    put_text(envelope, envelope->spec->model);
    leat_envelope_put_version(envelope);
    put_scores(p);
    if (p->decision) {
        LEAT_ENVELOPE_KEY(envelope, "decision");
        put_text(envelope, p->decision);
    }
    leat_envelope_put_worth(envelope);
    put_includes(envelope, p);
    return leat_envelope_seal(envelope);
}

/* ---- a prediction ---- */

/* False: the event is marked. */
static bool check_finite(leat_batch *batch, leat_event *event, leat_scores scores)
{
    uint32_t bad = leat_scores_not_finite(scores);
    if (bad == scores.n)
        return true;
    leat_batch_fail(batch, event, LEAT_STAGE_MODEL, LEAT_E_NOT_FINITE,
                    "score %u of %u is %s", bad + 1, scores.n,
                    leat_score_name(leat_scores_at(scores, bad)));
    return false;
}

/* Opens the record; false when it is not to be had. */
static bool open_scored(prediction *p, const leat_prediction_spec *spec,
                        leat_batch *batch, leat_event *event)
{
    p->scores = leat_scores_of(&batch->output, event->first);
    if (!check_finite(batch, event, p->scores))
        return false;
    if (spec->shape == LEAT_SHAPE_SCORE)
        p->decision = find_decision(spec, p->scores);
    size_t bytes = fixed_bytes(p, spec) + (p->decision ? strlen(p->decision) : 0) +
                   (size_t)p->scores.n * LEAT_PACK_F64;
    return leat_envelope_open(&p->envelope, spec, batch, event, bytes);
}

static bool check_ranked(const leat_prediction_spec *spec, leat_batch *batch,
                         leat_event *event)
{
    const leat_schema *schema = batch->schema;
    uint32_t bad = leat_ranking_not_finite(&batch->output, event, spec->ranked_by);
    if (bad == event->n)
        return true;
    leat_scores scores = leat_scores_of(&batch->output, event->first + bad);
    leat_batch_fail(batch, event, LEAT_STAGE_MODEL, LEAT_E_NOT_FINITE,
                    "%s[%u]: its score is %s",
                    schema->captures[schema->candidates.capture].text, bad,
                    leat_score_name(leat_scores_at(scores, spec->ranked_by)));
    return false;
}

static bool open_ranking(prediction *p, const leat_prediction_spec *spec,
                         leat_batch *batch, leat_event *event)
{
    if (!check_ranked(spec, batch, event))
        return false;
    uint32_t most = event->n < spec->top ? event->n : spec->top;
    p->best = leat_arena_alloc(&batch->arena, most * sizeof *p->best);
    if (!p->best)
        return false;
    p->n_best = leat_ranking_find(&batch->output, event, spec->ranked_by, most, p->best);
    size_t bytes = fixed_bytes(p, spec);
    for (uint32_t i = 0; i < p->n_best; i++)
        bytes += RANKED_BYTES +
                 leat_batch_item(batch, event->first + p->best[i].candidate).size;
    return leat_envelope_open(&p->envelope, spec, batch, event, bytes);
}

leat_slice leat_encode_prediction(const leat_prediction_spec *spec, leat_batch *batch,
                                  leat_event *event)
{
    prediction p = {.batch = batch, .captures = leat_batch_captures(batch, event)};
    bool is_open = spec->shape == LEAT_SHAPE_RANKING
                       ? open_ranking(&p, spec, batch, event)
                       : open_scored(&p, spec, batch, event);
    return is_open ? write_fields(&p) : (leat_slice){0};
}
