#include "worker/health/exposition.h"

#include <inttypes.h>
#include <string.h>

void leat_exposition_begin(leat_exposition *to, FILE *out, const char *accept,
                           const char **type)
{
    bool open = strcasestr(accept, "application/openmetrics-text") != NULL;
    *to = (leat_exposition){.out = out, .is_open_metrics = open};
    *type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                 : "text/plain; version=0.0.4; charset=utf-8";
}

/* What a sample's name ends in, and in the older format the family's too. */
static const char *ending(leat_family_type type)
{
    return type == LEAT_FAMILY_COUNTER ? "_total"
           : type == LEAT_FAMILY_INFO  ? "_info"
                                       : "";
}

void leat_exposition_family(leat_exposition *to, leat_family_type type, const char *name,
                            const char *help)
{
    static const char *const types[] = {"counter", "gauge", "info", "histogram"};
    to->type = type;
    to->name = name;
    bool open = to->is_open_metrics;
    const char *tail = open ? "" : ending(type);
    const char *text = type == LEAT_FAMILY_INFO && !open ? "gauge" : types[type];
    fprintf(to->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, tail, help, name, tail,
            text);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            putc(*text, out);
    }
}

/* "name{a="b",le="1.0"} "; `bound` NULL: no le. */
static void put_name(const leat_exposition *to, const char *tail,
                     const leat_labels *labels, const char *bound)
{
    fprintf(to->out, "%s%s", to->name, tail);
    const char *before = "{";
    for (int i = 0; labels && labels->at[i].name; i++, before = ",") {
        fprintf(to->out, "%s%s=\"", before, labels->at[i].name);
        put_escaped(to->out, labels->at[i].value);
        putc('"', to->out);
    }
    if (bound) {
        fprintf(to->out, "%sle=\"%s\"", before, bound);
        before = ",";
    }
    fputs(*before == ',' ? "} " : " ", to->out);
}

void leat_exposition_count(leat_exposition *to, const leat_labels *labels, uint64_t value)
{
    put_name(to, ending(to->type), labels, NULL);
    fprintf(to->out, "%" PRIu64 "\n", value);
}

void leat_exposition_value(leat_exposition *to, const leat_labels *labels, double value)
{
    put_name(to, ending(to->type), labels, NULL);
    fprintf(to->out, "%.15g\n", value);
}

/* A float by its look, as both formats write bounds now: "1.0". */
static const char *print_bound(const leat_bounds *bounds, uint32_t at, char text[32])
{
    if (at == bounds->n)
        return "+Inf";
    int size = snprintf(text, 32, "%.9g", (double)bounds->at[at] * bounds->scale);
    if (!strpbrk(text, ".e"))
        snprintf(text + size, 32 - (size_t)size, ".0");
    return text;
}

void leat_exposition_histogram(leat_exposition *to, const leat_labels *labels,
                               const leat_bounds *bounds,
                               const uint64_t counts[LEAT_MAX_BOUNDS + 1], uint64_t sum)
{
    uint64_t n = 0;
    char text[32];
    for (uint32_t i = 0; i <= bounds->n; i++) {
        n += counts[i];
        put_name(to, "_bucket", labels, print_bound(bounds, i, text));
        fprintf(to->out, "%" PRIu64 "\n", n);
    }
    put_name(to, "_sum", labels, NULL);
    fprintf(to->out, "%.15g\n", (double)sum * bounds->scale);
    put_name(to, "_count", labels, NULL);
    fprintf(to->out, "%" PRIu64 "\n", n);
}

void leat_exposition_end(leat_exposition *to)
{
    if (to->is_open_metrics)
        fputs("# EOF\n", to->out);
}
