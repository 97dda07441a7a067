#include "worker/demo/view.h"

#include "base/clock.h"
#include "worker/demo/grouped.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum {
    BAR_CELLS = 32,
    RECENT = 4096, /* predictions that the latency shown is of */
};

#define HIDE_CURSOR "\x1b[?25l"
#define SHOW_CURSOR "\x1b[?25h"
#define CLEAR_LINE  "\x1b[K"
#define GREEN       "\x1b[32m"

void leat_view_init(leat_view *view, FILE *out)
{
    bool live = isatty(fileno(out));
    *view = (leat_view){
        .out = out, .live = live, .period_ns = live ? LEAT_SEC / 5 : LEAT_SEC};
    if (live)
        fputs(HIDE_CURSOR, out);
}

void leat_view_close(leat_view *view)
{
    if (view->live)
        fputs(SHOW_CURSOR, view->out);
    fflush(view->out);
    view->live = false;
}

/* ---- lines on a terminal ---- */

void leat_view_end_line(leat_view *view)
{
    fputs(CLEAR_LINE "\n", view->out);
    view->n_lines++;
}

/* A block as high as the share of eight steps; a dot for nothing at all. */
static const char *block(double share)
{
    static const char *const blocks[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (!(share > 0))
        return blocks[0];
    return blocks[share < 1 ? 1 + (int)(share * 8) : 8];
}

static void draw_progress(leat_view *view, const leat_count *count)
{
    char done[LEAT_GROUPED_SIZE], all[LEAT_GROUPED_SIZE];
    uint64_t cells = count->settled * BAR_CELLS / count->n_events;
    fputs("  events   " GREEN, view->out);
    for (uint64_t i = 0; i < BAR_CELLS; i++)
        fputs(i < cells ? "█" : "░", view->out);
    fputs(LEAT_VIEW_PLAIN, view->out);
    fprintf(view->out, "  %s of %s", leat_grouped(count->settled, done),
            leat_grouped(count->n_events, all));
    leat_view_end_line(view);
}

static void draw_rates(leat_view *view)
{
    char now[LEAT_GROUPED_SIZE];
    double highest = 1;
    for (int i = 0; i < LEAT_VIEW_RATES; i++)
        highest = fmax(highest, view->rates[i]);
    fputs("  rate     ", view->out);
    for (int i = 0; i < LEAT_VIEW_RATES; i++)
        fputs(block(view->rates[i] / highest), view->out);
    fprintf(view->out, "    %s a second",
            leat_grouped((uint64_t)view->rates[LEAT_VIEW_RATES - 1], now));
    leat_view_end_line(view);
}

static void draw_latency(leat_view *view, const leat_count *count)
{
    fprintf(view->out, "  latency  p50 %.1f ms   p99 %.1f ms   from sending to seeing",
            leat_count_latency_ms(count, RECENT, 0.5),
            leat_count_latency_ms(count, RECENT, 0.99));
    leat_view_end_line(view);
}

/* Logarithmic, since one bin may hold nearly all. */
void leat_view_draw_bins(leat_view *view, const char *name, const char *before,
                         const uint64_t *bins, uint32_t n, const char *behind)
{
    uint64_t most = 1;
    for (uint32_t i = 0; i < n; i++)
        most = bins[i] > most ? bins[i] : most;
    fprintf(view->out, "  %-8s %s", name, before);
    for (uint32_t i = 0; i < n; i++)
        fputs(block(log1p((double)bins[i]) / log1p((double)most)), view->out);
    fputs(behind, view->out);
    leat_view_end_line(view);
}

static void draw(leat_view *view, const leat_count *count)
{
    if (view->n_lines)
        fprintf(view->out, "\x1b[%uA", view->n_lines);
    view->n_lines = 0;
    draw_progress(view, count);
    draw_rates(view);
    draw_latency(view, count);
    fprintf(view->out, "  refused  %" PRIu64 " malformed events, as dead letters",
            count->dead_letters);
    leat_view_end_line(view);
    count->world->judge->draw(count->judge, view);
}

static void print_line(leat_view *view, const leat_count *count)
{
    char done[LEAT_GROUPED_SIZE], all[LEAT_GROUPED_SIZE], rate[LEAT_GROUPED_SIZE];
    fprintf(view->out, "  %s of %s events, %s a second, p99 %.1f ms\n",
            leat_grouped(count->settled, done), leat_grouped(count->n_events, all),
            leat_grouped((uint64_t)view->rates[LEAT_VIEW_RATES - 1], rate),
            leat_count_latency_ms(count, RECENT, 0.99));
}

void leat_view_show(leat_view *view, const leat_count *count, uint64_t now_ns)
{
    if (now_ns < view->next_ns)
        return;
    memmove(view->rates, view->rates + 1, sizeof view->rates - sizeof view->rates[0]);
    view->rates[LEAT_VIEW_RATES - 1] =
        view->last_ns ? (double)(count->settled - view->last_settled) * 1e9 /
                            (double)(now_ns - view->last_ns)
                      : 0;
    if (view->live)
        draw(view, count);
    else if (view->last_ns)
        print_line(view, count);
    fflush(view->out);
    view->last_ns = now_ns;
    view->last_settled = count->settled;
    view->next_ns = now_ns + view->period_ns;
}
