#include "worker/demo/verdict.h"

#include "worker/demo/grouped.h"

#include <inttypes.h>
#include <math.h>

leat_verdict leat_verdict_of(const leat_count *count, double seconds)
{
    leat_verdict verdict = {
        .events = count->sent,
        .predictions = count->predictions,
        .dead_letters = count->dead_letters,
        .lost = leat_count_missing(count),
        .duplicated = count->duplicated,
        .unexpected = count->unexpected,
        .seconds = seconds,
        .events_per_second = (double)count->settled / seconds,
        .p50_ms = leat_count_latency_ms(count, UINT64_MAX, 0.5),
        .p99_ms = leat_count_latency_ms(count, UINT64_MAX, 0.99),
    };
    verdict.n_figures = count->world->judge->figures(count->judge, verdict.figures);
    return verdict;
}

bool leat_verdict_is_clean(const leat_verdict *verdict)
{
    return !verdict->lost && !verdict->duplicated && !verdict->unexpected;
}

static void print_count(FILE *out, const char *name, uint64_t number, const char *meaning)
{
    char text[LEAT_GROUPED_SIZE];
    fprintf(out, "  %-12s %10s   %s\n", name, leat_grouped(number, text), meaning);
}

void leat_verdict_print(const leat_verdict *verdict, FILE *out)
{
    fputc('\n', out);
    print_count(out, "events", verdict->events, "sent");
    print_count(out, "predictions", verdict->predictions, "one for each good event");
    print_count(out, "dead letters", verdict->dead_letters,
                "one for each malformed event, with the reason");
    print_count(out, "lost", verdict->lost, "events that did not come out");
    print_count(out, "duplicated", verdict->duplicated, "records that came out again");
    if (verdict->unexpected)
        print_count(out, "unexpected", verdict->unexpected,
                    "records that should not be there");
    print_count(out, "rate", (uint64_t)verdict->events_per_second, "events a second");
    fprintf(out, "  %-12s %7.1f ms   half of the predictions were seen so soon\n", "p50",
            verdict->p50_ms);
    fprintf(out, "  %-12s %7.1f ms   99 of 100 were\n", "p99", verdict->p99_ms);
    for (uint32_t i = 0; i < verdict->n_figures; i++) {
        const leat_figure *figure = &verdict->figures[i];
        fprintf(out, "  %-12s %10.4f   %s\n", figure->name, figure->value,
                figure->meaning);
    }
    fputc('\n', out);
}

static void write_number(FILE *out, const char *name, double value)
{
    if (isfinite(value))
        fprintf(out, ",\n  \"%s\": %.4f", name, value);
    else
        fprintf(out, ",\n  \"%s\": null", name);
}

void leat_verdict_write(const leat_verdict *verdict, FILE *out)
{
    fprintf(out,
            "{\n  \"events\": %" PRIu64 ",\n  \"predictions\": %" PRIu64
            ",\n  \"dead_letters\": %" PRIu64 ",\n  \"lost\": %" PRIu64
            ",\n  \"duplicated\": %" PRIu64,
            verdict->events, verdict->predictions, verdict->dead_letters, verdict->lost,
            verdict->duplicated);
    write_number(out, "seconds", verdict->seconds);
    write_number(out, "events_per_second", verdict->events_per_second);
    write_number(out, "p50_ms", verdict->p50_ms);
    write_number(out, "p99_ms", verdict->p99_ms);
    for (uint32_t i = 0; i < verdict->n_figures; i++)
        write_number(out, verdict->figures[i].key, verdict->figures[i].value);
    fputs("\n}\n", out);
}
