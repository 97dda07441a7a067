#include "worker/config/config_value.h"

#include "base/element.h"
#include "base/path.h"
#include "worker/config/config_kafka.h"
#include "worker/config/config_substitute.h"
#include "worker/config/key_template.h"
#include "worker/config/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef leat_status reader(leat_config_context *context, const leat_key *key,
                           const leat_yaml *node, void *field);

leat_status leat_config_refuse(leat_config_context *context, leat_status code,
                               leat_place place, const char *format, ...)
{
    char trail[128] = "";
    for (uint32_t i = 0; i < context->depth; i++) {
        size_t used = strlen(trail);
        snprintf(trail + used, sizeof trail - used, "%s%.60s", i ? "." : "",
                 context->trail[i]);
    }
    char msg[sizeof context->error->msg];
    va_list args;
    va_start(args, format);
    vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    return leat_place_refuse(context->error, code, context->config->file, place, "%s%s%s",
                             trail, *trail ? ": " : "", msg);
}

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

/* "a whole number from 1 to 9", "one of: a, b". */
static void describe_wanted(const leat_key *key, char *text, size_t size)
{
    int used = snprintf(text, size, "%s%s%s", key->word ? key->word : "",
                        key->word ? " or " : "", leat_key_type_text(key->type));
    if (key->max)
        snprintf(text + used, size - (size_t)used, ", from %s to %s", key->min, key->max);
    if (!key->choices)
        return;
    used = snprintf(text, size, "one of");
    for (const leat_choice *choice = key->choices; choice->word; choice++)
        if (!choice->later)
            used += snprintf(text + used, size - (size_t)used, "%s %s",
                             choice == key->choices ? "" : ",", choice->word);
}

static leat_status mismatch(leat_config_context *context, const leat_key *key,
                            const leat_yaml *node, const char *hint)
{
    char wanted[128], found[64];
    describe_wanted(key, wanted, sizeof wanted);
    return leat_config_refuse(context, LEAT_E_CONFIG, node->place,
                              "expected %s, found %s%s", wanted,
                              leat_yaml_describe(node, found), hint);
}

leat_status leat_config_mismatch(leat_config_context *context, const leat_key *key,
                                 const leat_yaml *node)
{
    return mismatch(context, key, node, "");
}

static leat_status read_text(leat_config_context *context, const leat_key *key,
                             const leat_yaml *node, void *field)
{
    if (!*node->text && !(key->fallback && !*key->fallback))
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place,
                                  "expected %s, found an empty one",
                                  leat_key_type_text(key->type));
    *(const char **)field = node->text;
    return LEAT_OK;
}

static leat_status read_topic(leat_config_context *context, const leat_key *key,
                              const leat_yaml *node, void *field)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    const char *text = node->text;
    size_t size = strlen(text);
    char found[64];
    if (!size || size > 249 || strspn(text, allowed) != size || !strcmp(text, ".") ||
        !strcmp(text, ".."))
        return leat_config_refuse(
            context, LEAT_E_CONFIG, node->place,
            "%s is no name of a topic: 1 to 249 of letters, digits, "
            "'.', '_' and '-'",
            leat_yaml_describe(node, found));
    return read_text(context, key, node, field);
}

static leat_status read_file(leat_config_context *context, const leat_key *key,
                             const leat_yaml *node, void *field)
{
    leat_status status = read_text(context, key, node, field);
    if (status)
        return status;
    const char *path =
        leat_config_beside(&context->config->arena, context->config->file, node->text);
    *(const char **)field = path;
    return path ? LEAT_OK : no_memory(context);
}

static leat_status read_digest(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    size_t size = strlen(node->text);
    if (size != 64 || strspn(node->text, "0123456789abcdefABCDEF") != size)
        return leat_config_mismatch(context, key, node);
    char *digest = leat_arena_strndup(&context->config->arena, node->text, size);
    if (!digest)
        return no_memory(context);
    for (char *at = digest; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    *(const char **)field = digest;
    return LEAT_OK;
}

/* Why `path` cannot be the value of such a key, or NULL. */
static const char *path_misfit(leat_key_paths paths, const leat_path *path)
{
    bool is_event = path->root == LEAT_ROOT_EVENT;
    bool is_named = path->root == LEAT_ROOT_NAMED;
    bool is_meta = path->root == LEAT_ROOT_META;
    bool is_candidate = path->root == LEAT_ROOT_CANDIDATE;
    if ((paths == LEAT_PATHS_EVENT && (is_named || is_candidate)) ||
        (paths == LEAT_PATHS_ROW && is_named))
        return "is not of the event; allowed are event.NAME, key, headers.NAME, "
               "meta.topic and such";
    if (paths == LEAT_PATHS_ARRAY && !is_event)
        return "is not of the payload; allowed is event.NAME";
    if (paths == LEAT_PATHS_CANDIDATE && !is_candidate)
        return "is not of the candidate; allowed are candidate and candidate.NAME";
    if (paths == LEAT_PATHS_TIME && !is_event &&
        !(is_meta && path->meta == LEAT_META_TIMESTAMP))
        return "is no time; allowed are event.NAME and meta.timestamp";
    return NULL;
}

static bool is_declared(const leat_config_context *context, const char *section,
                        const char *name)
{
    const leat_yaml_entry *entry = leat_yaml_find(&context->config->root, section);
    return entry && leat_yaml_find(&entry->value, name);
}

static const char *write_hint(char hint[LEAT_NEAREST_HINT], const char *name,
                              const char *part)
{
    snprintf(hint, LEAT_NEAREST_HINT, "; write %.60s.%s", name, part);
    return hint;
}

/* A bare "amount" is meant as a field of the event, when it reads well as one; the name of a
 * lookup or an aggregate lacks its field. */
static const char *path_hint(leat_config_context *context, const char *text,
                             char hint[LEAT_NEAREST_HINT])
{
    if (is_declared(context, "lookups", text))
        return write_hint(hint, text, "FIELD");
    if (is_declared(context, "aggregates", text))
        return write_hint(hint, text, "VALUE");
    leat_arena *arena = &context->config->arena;
    leat_path path;
    const char *meant = leat_arena_printf(arena, "event.%s", text);
    leat_nearest nearest = {0};
    if (meant && strncmp(text, "event", 5) && !leat_path_parse(&path, arena, meant, NULL))
        nearest.best = meant;
    return leat_nearest_hint(&nearest, hint);
}

static leat_status read_path(leat_config_context *context, const leat_key *key,
                             const leat_yaml *node, void *field)
{
    leat_path path;
    leat_error why;
    char found[64], hint[LEAT_NEAREST_HINT];
    leat_status status =
        leat_path_parse(&path, &context->config->arena, node->text, &why);
    if (status == LEAT_E_MEMORY)
        return no_memory(context);
    if (status)
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place, "%s%s", why.msg,
                                  path_hint(context, node->text, hint));
    const char *misfit = path_misfit(key->paths, &path);
    if (misfit)
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place, "%s %s",
                                  leat_yaml_describe(node, found), misfit);
    *(const char **)field = node->text;
    return LEAT_OK;
}

static leat_status read_template(leat_config_context *context, const leat_key *key,
                                 const leat_yaml *node, void *field)
{
    leat_status status = read_text(context, key, node, field);
    if (status)
        return status;
    leat_key_template parsed;
    leat_error why;
    status = leat_key_template_parse(&parsed, &context->config->arena, node->text, &why);
    if (status == LEAT_E_MEMORY)
        return no_memory(context);
    return status ? leat_config_refuse(context, LEAT_E_CONFIG, node->place, "%s", why.msg)
                  : LEAT_OK;
}

static leat_status read_property(leat_config_context *context, const leat_key *key,
                                 const leat_yaml *node, void *field)
{
    (void)key;
    char why[200];
    leat_property_probe probe = {.name = context->trail[context->depth - 1],
                                 .value = node->text,
                                 .secret = node->hidden != NULL};
    if (!leat_config_try_property(context->probe, &probe, why, sizeof why))
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place, "%s", why);
    *(const char **)field = node->text;
    return LEAT_OK;
}

typedef struct unit {
    const char *name;
    uint64_t scale;
} unit;

static const unit durations[] = {
    {"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", 1000000000},
    {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}, {0},
};
static const unit sizes[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {0},
};
static const unit counts[] = {{"", 1}, {0}};

/* Digits and a unit. */
static bool parse_measure(const char *text, const unit *units, uint64_t *value)
{
    if (!isdigit((unsigned char)*text))
        return false;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    for (; !errno && units->name; units++)
        if (!strcmp(end, units->name))
            return !__builtin_mul_overflow(number, units->scale, value);
    return false;
}

static leat_status read_bounded(leat_config_context *context, const leat_key *key,
                                const leat_yaml *node, const unit *units, uint64_t *value)
{
    uint64_t min, max;
    bool fits = parse_measure(key->min, units, &min) &&
                parse_measure(key->max, units, &max) &&
                parse_measure(node->text, units, value) && *value >= min && *value <= max;
    return fits ? LEAT_OK : leat_config_mismatch(context, key, node);
}

static leat_status read_duration(leat_config_context *context, const leat_key *key,
                                 const leat_yaml *node, void *field)
{
    return read_bounded(context, key, node, durations, field);
}

static leat_status read_size(leat_config_context *context, const leat_key *key,
                             const leat_yaml *node, void *field)
{
    return read_bounded(context, key, node, sizes, field);
}

static leat_status read_integer(leat_config_context *context, const leat_key *key,
                                const leat_yaml *node, void *field)
{
    uint64_t value = 0;
    leat_status status = LEAT_OK;
    if (!key->word || strcmp(node->text, key->word))
        status = read_bounded(context, key, node, counts, &value);
    *(uint32_t *)field = (uint32_t)value;
    return status;
}

static leat_status read_signed(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    size_t size = strlen(node->text);
    leat_slice text = {(const uint8_t *)node->text, (uint32_t)size};
    bool is_plain = strspn(node->text, "-0123456789") == size;
    return is_plain && leat_element_parse(field, LEAT_I64, text) == LEAT_OK
               ? LEAT_OK
               : leat_config_mismatch(context, key, node);
}

/* Finite, also as a float. */
static bool parse_number(const char *text, double *number)
{
    char *end;
    size_t size = strlen(text);
    *number = strtod(text, &end);
    return size && strspn(text, "+-.0123456789eE") == size && !*end &&
           isfinite((float)*number);
}

static leat_status read_number(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    double number;
    bool fits = parse_number(node->text, &number) &&
                (!key->max ||
                 (number >= strtod(key->min, NULL) && number <= strtod(key->max, NULL)));
    if (!fits)
        return leat_config_mismatch(context, key, node);
    *(double *)field = number;
    return LEAT_OK;
}

static leat_status read_scalar(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    (void)context;
    (void)key;
    leat_config_scalar *scalar = field;
    scalar->text = node->text;
    scalar->is_number = parse_number(node->text, &scalar->number);
    return LEAT_OK;
}

static leat_status read_listen(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    return leat_address_parse(field, node->text)
               ? LEAT_OK
               : leat_config_mismatch(context, key, node);
}

static leat_status read_choice(leat_config_context *context, const leat_key *key,
                               const leat_yaml *node, void *field)
{
    leat_nearest nearest = leat_nearest_to(node->text);
    int index = 0;
    for (const leat_choice *choice = key->choices; choice->word; choice++, index++) {
        if (!choice->later)
            leat_nearest_offer(&nearest, choice->word);
        if (strcmp(node->text, choice->word))
            continue;
        if (choice->later)
            return leat_config_refuse(context, LEAT_E_UNSUPPORTED, node->place,
                                      "'%s' is not supported yet", choice->word);
        if (!key->unstored)
            *(int *)field = index;
        return LEAT_OK;
    }
    char hint[LEAT_NEAREST_HINT];
    return mismatch(context, key, node, leat_nearest_hint(&nearest, hint));
}

leat_status leat_config_read_scalar(leat_config_context *context, const leat_key *key,
                                    const leat_yaml *node, void *field)
{
    static reader *const readers[] = {
        [LEAT_KEY_TEXT] = read_text,         [LEAT_KEY_TOPIC] = read_topic,
        [LEAT_KEY_FILE] = read_file,         [LEAT_KEY_DIGEST] = read_digest,
        [LEAT_KEY_PATH] = read_path,         [LEAT_KEY_TEMPLATE] = read_template,
        [LEAT_KEY_PROPERTY] = read_property, [LEAT_KEY_DURATION] = read_duration,
        [LEAT_KEY_SIZE] = read_size,         [LEAT_KEY_INTEGER] = read_integer,
        [LEAT_KEY_NUMBER] = read_number,     [LEAT_KEY_CHOICE] = read_choice,
        [LEAT_KEY_LISTEN] = read_listen,     [LEAT_KEY_SIGNED] = read_signed,
        [LEAT_KEY_SCALAR] = read_scalar,
    };
    if (node->type != LEAT_YAML_SCALAR)
        return leat_config_mismatch(context, key, node);
    return readers[key->type](context, key, node, field);
}
