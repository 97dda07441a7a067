#include "worker/demo/fraud_judge.h"

#include "worker/demo/member.h"
#include "worker/demo/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    N_BINS = 20,   /* of the scores' histogram */
    N_BLOCKED = 4, /* how many of the events to block are remembered */
};

typedef struct opinion {
    float score; /* NaN: none so far */
    bool is_fraud;
} opinion;

typedef struct fraud_judge {
    uint64_t n;               /* sent */
    uint64_t bins[2][N_BINS]; /* of the scores of genuine events, of frauds */
    uint64_t n_blocked;       /* decided "block"; the newest is [(n - 1) % N_BLOCKED] */
    uint64_t blocked[N_BLOCKED];
    opinion opinions[]; /* [n_events] */
} fraud_judge;

static void note_sent(void *judge, const leat_world_event *event)
{
    fraud_judge *j = judge;
    j->opinions[j->n++] = (opinion){.score = NAN, .is_fraud = event->truth};
}

static float read_score(leat_slice prediction)
{
    leat_value score;
    double number;
    if (!leat_member_read(prediction, "score", &score) ||
        leat_value_number(&score, &number) != LEAT_OK)
        return NAN;
    return (float)number;
}

static bool is_blocked(leat_slice prediction)
{
    leat_value decision;
    return leat_member_read(prediction, "decision", &decision) &&
           leat_value_is_text(&decision, "block");
}

static bool take_prediction(void *judge, uint64_t index, leat_slice prediction)
{
    fraud_judge *j = judge;
    float score = read_score(prediction);
    if (!(score >= 0 && score <= 1))
        return false;
    j->opinions[index].score = score;
    int bin = (int)(score * N_BINS);
    j->bins[j->opinions[index].is_fraud][bin < N_BINS ? bin : N_BINS - 1]++;
    if (is_blocked(prediction))
        j->blocked[j->n_blocked++ % N_BLOCKED] = index;
    return true;
}

/* ---- the figure ---- */

static int compare_scores(const void *a, const void *b)
{
    const opinion *x = *(opinion *const *)a, *y = *(opinion *const *)b;
    return (x->score > y->score) - (x->score < y->score);
}

/* Those that have a score, by score. NULL: none, or out of memory. */
static const opinion **rank(const fraud_judge *judge, uint64_t *n)
{
    const opinion **ranked = malloc((judge->n + 1) * sizeof *ranked);
    *n = 0;
    for (uint64_t i = 0; ranked && i < judge->n; i++)
        if (!isnan(judge->opinions[i].score))
            ranked[(*n)++] = &judge->opinions[i];
    if (ranked)
        qsort(ranked, *n, sizeof *ranked, compare_scores);
    return ranked;
}

static double area_under_curve(const fraud_judge *judge)
{
    uint64_t n;
    const opinion **ranked = rank(judge, &n);
    double wins = 0, frauds = 0, genuine = 0;
    for (uint64_t i = 0, end; i < n; i = end) {
        uint64_t tied_frauds = 0;
        for (end = i; end < n && !(ranked[end]->score > ranked[i]->score); end++)
            tied_frauds += ranked[end]->is_fraud;
        double tied_genuine = (double)(end - i - tied_frauds);
        wins += (double)tied_frauds * (genuine + tied_genuine / 2);
        frauds += (double)tied_frauds;
        genuine += tied_genuine;
    }
    free(ranked);
    return wins / (frauds * genuine); /* 0 / 0 is NaN */
}

static uint32_t list_figures(const void *judge, leat_figure figures[LEAT_MAX_FIGURES])
{
    figures[0] = (leat_figure){"auc", "AUC",
                               "scores against the truth: 1 is perfect, 0.5 guessing",
                               area_under_curve(judge)};
    return 1;
}

/* ---- the view ---- */

static void draw_blocked(const fraud_judge *judge, leat_view *view)
{
    for (uint64_t i = 0; i < N_BLOCKED && i < judge->n_blocked; i++) {
        uint64_t index = judge->blocked[(judge->n_blocked - 1 - i) % N_BLOCKED];
        const opinion *blocked = &judge->opinions[index];
        fprintf(view->out, "  %-8s tx-%-10" PRIu64 " score %.3f  %s", i ? "" : "blocked",
                index, (double)blocked->score,
                blocked->is_fraud ? LEAT_VIEW_RED "it was a fraud" LEAT_VIEW_PLAIN
                                  : LEAT_VIEW_FAINT "it was genuine" LEAT_VIEW_PLAIN);
        leat_view_end_line(view);
    }
}

static void draw(const void *judge, leat_view *view)
{
    const fraud_judge *j = judge;
    leat_view_draw_bins(view, "genuine", "score 0 ", j->bins[0], N_BINS, " 1");
    leat_view_draw_bins(view, "frauds", "score 0 ", j->bins[1], N_BINS, " 1");
    draw_blocked(j, view);
}

const leat_judge_ops leat_fraud_judge = {
    .size = sizeof(fraud_judge),
    .event_size = sizeof(opinion),
    .sent = note_sent,
    .take = take_prediction,
    .figures = list_figures,
    .draw = draw,
};
