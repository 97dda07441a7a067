#include "worker/demo/recommend_judge.h"

#include "worker/demo/member.h"
#include "worker/demo/recommend_stream.h"
#include "worker/demo/view.h"

#include <math.h>

enum { TOP = 10 };

typedef struct next_view {
    uint32_t item;
    uint32_t guess; /* its place by popularity */
} next_view;

typedef struct recommend_judge {
    uint64_t n_sent;
    uint64_t n; /* predictions */
    /* Of each place, from 1 on, how often the true item had it: in rankings, and by
     * popularity. */
    uint64_t places[TOP + 1];
    uint64_t guesses[TOP + 1];
    next_view views[]; /* [n_events] */
} recommend_judge;

static void note_sent(void *judge, const leat_world_event *event)
{
    recommend_judge *j = judge;
    j->views[j->n_sent++] = (next_view){event->truth, event->guess};
}

/* ---- reading rankings ---- */

/* The item of the ranking's entry under the cursor; false: it is no entry. */
static bool read_item(leat_cursor *cursor, double *item)
{
    leat_cursor entry = *cursor;
    leat_value value;
    return leat_member_find(&entry, "item") &&
           leat_msgpack_read(&entry, &value) == LEAT_OK &&
           leat_value_number(&value, item) == LEAT_OK &&
           leat_msgpack_skip(cursor, 1) == LEAT_OK;
}

/* The place of the item, 0 where it is not among the first ten; false: no ranking. */
static bool read_place(leat_slice prediction, uint32_t wanted, uint32_t *place)
{
    leat_value ranking;
    leat_cursor cursor = leat_cursor_over(prediction);
    *place = 0;
    if (!leat_member_find(&cursor, "ranking") ||
        leat_msgpack_read(&cursor, &ranking) != LEAT_OK ||
        ranking.type != LEAT_VALUE_ARRAY || !ranking.size)
        return false;
    for (uint32_t i = 0; i < ranking.size && i < TOP; i++) {
        double item;
        if (!read_item(&cursor, &item))
            return false;
        if (item == wanted && !*place)
            *place = i + 1;
    }
    return true;
}

static bool take_prediction(void *judge, uint64_t index, leat_slice prediction)
{
    recommend_judge *j = judge;
    const next_view *view = &j->views[index];
    uint32_t place;
    if (!read_place(prediction, view->item, &place))
        return false;
    j->n++;
    if (place)
        j->places[place]++;
    if (view->guess <= TOP)
        j->guesses[view->guess]++;
    return true;
}

/* ---- the figures ---- */

static double hit_rate(const recommend_judge *judge, const uint64_t *places)
{
    uint64_t hits = 0;
    for (int i = 1; i <= TOP; i++)
        hits += places[i];
    return (double)hits / (double)judge->n; /* 0 / 0 is NaN */
}

static double ndcg(const recommend_judge *judge)
{
    double gain = 0;
    for (int i = 1; i <= TOP; i++)
        gain += (double)judge->places[i] / log2(1 + i);
    return gain / (double)judge->n;
}

static uint32_t list_figures(const void *judge, leat_figure figures[LEAT_MAX_FIGURES])
{
    const recommend_judge *j = judge;
    const leat_figure all[] = {
        {"hit_rate", "hit rate", "what was viewed next is among the ten recommended",
         hit_rate(j, j->places)},
        {"ndcg", "NDCG", "the same, the first places counting most", ndcg(j)},
        {"hit_rate_popular", "popular", "the hit rate of the ten most viewed candidates",
         hit_rate(j, j->guesses)},
        {"hit_rate_random", "random", "the hit rate of any ten candidates",
         (double)TOP / LEAT_RECOMMEND_CANDIDATES},
    };
    memcpy(figures, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static void draw(const void *judge, leat_view *view)
{
    const recommend_judge *j = judge;
    leat_view_draw_bins(view, "viewed", "place 1 ", j->places + 1, TOP,
                        " 10   of what is viewed next, as it was ranked");
    leat_view_draw_bins(view, "popular", "place 1 ", j->guesses + 1, TOP,
                        " 10   by views of late alone");
}

const leat_judge_ops leat_recommend_judge = {
    .size = sizeof(recommend_judge),
    .event_size = sizeof(next_view),
    .sent = note_sent,
    .take = take_prediction,
    .figures = list_figures,
    .draw = draw,
};
