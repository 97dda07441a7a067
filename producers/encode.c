#include "producers/encode.h"

#include "producers/envelope.h"
#include "producers/scores.h"

/* What the fields beside the envelope's take, whatever the event: five keys (34 bytes), the
 * heads of four texts and containers, and the label. */
enum { FIXED_BYTES = 34 + 4 * LEAT_PACK_HEAD + LEAT_PACK_UINT };

/* A prediction in the making. */
typedef struct prediction {
    leat_envelope envelope;
    leat_scores scores;
    const char *decision;       /* or NULL */
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

static void put_score(leat_envelope *envelope, leat_scores scores, uint32_t i)
{
    double score = leat_scores_at(scores, i);
    envelope->at = scores.dtype == LEAT_F64 ? leat_pack_f64(envelope->at, score)
                                            : leat_pack_f32(envelope->at, (float)score);
}

static void put_scores(leat_envelope *envelope, leat_scores scores)
{
    switch (envelope->spec->shape) {
    case LEAT_SHAPE_SCORE:
        LEAT_ENVELOPE_KEY(envelope, "score");
        put_score(envelope, scores, 0);
        break;
    case LEAT_SHAPE_SCORES:
        LEAT_ENVELOPE_KEY(envelope, "scores");
        envelope->at = leat_pack_array(envelope->at, scores.n);
        for (uint32_t i = 0; i < scores.n; i++)
            put_score(envelope, scores, i);
        LEAT_ENVELOPE_KEY(envelope, "label");
        envelope->at = leat_pack_uint(envelope->at, leat_scores_label(scores));
        break;
    case LEAT_SHAPE_LABEL:
        LEAT_ENVELOPE_KEY(envelope, "label");
        envelope->at = leat_pack_uint(envelope->at, (uint64_t)leat_scores_at(scores, 0));
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
    put_scores(envelope, p->scores);
    if (p->decision) {
        LEAT_ENVELOPE_KEY(envelope, "decision");
        put_text(envelope, p->decision);
    }
    leat_envelope_put_worth(envelope);
    put_includes(envelope, p);
    return leat_envelope_seal(envelope);
}

leat_slice leat_encode_prediction(const leat_prediction_spec *spec, leat_batch *batch,
                                  leat_event *event)
{
    prediction p = {
        .scores = leat_scores_of(&batch->output, event->first),
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
    size_t bytes = FIXED_BYTES + strlen(spec->model) +
                   (p.decision ? strlen(p.decision) : 0) +
                   (size_t)p.scores.n * LEAT_PACK_F64 + count_includes(&p, spec);
    if (!leat_envelope_open(&p.envelope, spec, batch, event, bytes))
        return (leat_slice){0};
    return write_fields(&p);
}
