/* From events to keys, from keys to one pipeline, from replies to columns.
 *
 * ask() gives every key that is new in the batch the next command of the pipeline, and
 * notes for each event and lookup which command that was; take() only has to follow the
 * notes. All of it lies in the batch's arena, so it goes when the batch goes.
 *
 * Nothing is written for a value that is missing or unavailable: the decoder has put the
 * default (or NaN) into the row already, and its bit in `missing` stands until a value
 * clears it.
 */
#include "features/lookup.h"

#include "base/clock.h"
#include "base/element.h"
#include "base/log.h"
#include "features/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOG_PERIOD_NS (60 * LEAT_SEC)

/* A lookup as it is asked: what stands around the key never changes. */
typedef struct question {
    const leat_lookup_spec *spec;
    leat_slice head; /* "*<n>\r\n$5\r\nHMGET\r\n" */
    leat_slice tail; /* the fields */
} question;

/* A key of the batch; the n-th one is the n-th command of ours. */
typedef struct asked_key {
    leat_slice text;
    uint32_t hash;
    uint32_t lookup;
} asked_key;

/* What an event and lookup wait for: a command, or one of these. */
#define NOT_ASKED UINT32_MAX
#define NO_KEY    (UINT32_MAX - 1)

struct leat_lookups {
    leat_arena arena; /* the questions */
    uint32_t n;
    question *questions;
    leat_lookup_stats *stats;
    leat_log_limit refused;

    /* of the batch under way, in its arena */
    uint32_t first_command;
    uint32_t n_keys;
    asked_key *keys;
    uint32_t *slots; /* index of a key + 1; open addressing */
    uint32_t slot_mask;
    uint32_t *waits; /* [n_events][n]; NULL when there was no memory */
};

/* ---- Keys ---- */

static uint32_t hash_key(leat_slice text, uint32_t lookup)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ lookup; /* FNV-1a */
    for (uint32_t i = 0; i < text.size; i++)
        hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

static leat_slice print_integer(leat_arena *arena, const leat_value *value)
{
    char *text = value->type == LEAT_VALUE_INT
                     ? leat_arena_printf(arena, "%" PRId64, value->as.i)
                     : leat_arena_printf(arena, "%" PRIu64, value->as.u);
    return (leat_slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

/* The text of a captured value in a key. The decoder has checked it: it can be read. */
static leat_status capture_text(leat_arena *arena, leat_slice capture, leat_slice *text,
                                leat_value *value)
{
    leat_cursor cursor = leat_cursor_over(capture);
    if (!capture.data || leat_msgpack_read(&cursor, value) != LEAT_OK)
        return LEAT_E_MISSING;
    switch (value->type) {
    case LEAT_VALUE_NIL:
        return LEAT_E_MISSING;
    case LEAT_VALUE_STR:
    case LEAT_VALUE_BIN:
        *text = (leat_slice){value->as.bytes, value->size};
        return LEAT_OK;
    case LEAT_VALUE_BOOL:
    case LEAT_VALUE_INT:
    case LEAT_VALUE_UINT:
        *text = print_integer(arena, value);
        return text->data ? LEAT_OK : LEAT_E_MEMORY;
    default:
        return LEAT_E_TYPE;
    }
}

static leat_slice join(leat_arena *arena, const leat_slice *pieces, uint32_t n)
{
    size_t size = 0;
    for (uint32_t i = 0; i < n; i++)
        size += pieces[i].size;
    uint8_t *joined = size <= UINT32_MAX ? leat_arena_alloc(arena, size) : NULL;
    if (!joined)
        return (leat_slice){0};
    uint8_t *to = joined;
    for (uint32_t i = 0; i < n; i++) {
        if (pieces[i].size)
            memcpy(to, pieces[i].data, pieces[i].size);
        to += pieces[i].size;
    }
    return (leat_slice){joined, (uint32_t)size};
}

/* The key of one event: OK, E_MEMORY, E_MISSING when a part of it is; E_TYPE marks the
 * event. */
static leat_status build_key(leat_batch *batch, leat_event *event,
                             const leat_lookup_spec *spec, leat_slice *key)
{
    leat_slice pieces[LEAT_MAX_KEY_PARTS];
    const leat_slice *captures = leat_batch_captures(batch, event);
    for (uint32_t i = 0; i < spec->n_parts; i++) {
        const leat_key_part *part = &spec->parts[i];
        leat_value value;
        pieces[i] = part->literal;
        if (part->literal.data)
            continue;
        leat_status status =
            capture_text(&batch->arena, captures[part->capture], &pieces[i], &value);
        if (status == LEAT_E_TYPE)
            leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_TYPE,
                            "lookup %s: %s is %s; a key takes a string, an integer or a "
                            "bool",
                            spec->name, batch->schema->captures[part->capture].text,
                            leat_value_type_text(value.type));
        if (status != LEAT_OK)
            return status;
    }
    *key = join(&batch->arena, pieces, spec->n_parts);
    return key->data ? LEAT_OK : LEAT_E_MEMORY;
}

/* ---- Asking ---- */

static leat_status ask(const leat_lookups *lookups, leat_redis *redis,
                       const asked_key *key)
{
    const question *asked = &lookups->questions[key->lookup];
    char size[16];
    int n = snprintf(size, sizeof size, "$%u\r\n", key->text.size);
    leat_slice pieces[] = {asked->head,
                           {(const uint8_t *)size, (uint32_t)n},
                           key->text,
                           {(const uint8_t *)"\r\n", 2},
                           asked->tail};
    return leat_redis_ask(redis, pieces, sizeof pieces / sizeof pieces[0],
                          LEAT_REPLY_VALUES, asked->spec->n_fields);
}

static bool is_same(const asked_key *a, const asked_key *b)
{
    return a->hash == b->hash && a->lookup == b->lookup &&
           leat_slice_equal(a->text, b->text);
}

/* The command that asks for this key: the one under way, or a new one. */
static uint32_t find_command(leat_lookups *lookups, leat_redis *redis, leat_slice text,
                             uint32_t lookup)
{
    asked_key key = {text, hash_key(text, lookup), lookup};
    for (uint32_t at = key.hash;; at++) {
        uint32_t *slot = &lookups->slots[at & lookups->slot_mask];
        if (*slot && is_same(&lookups->keys[*slot - 1], &key))
            return lookups->first_command + *slot - 1;
        if (*slot)
            continue;
        if (ask(lookups, redis, &key) != LEAT_OK)
            return NOT_ASKED;
        lookups->keys[lookups->n_keys] = key;
        *slot = ++lookups->n_keys;
        return lookups->first_command + *slot - 1;
    }
}

/* At most half of the slots fill, so that a search always ends at an empty one. */
static bool lay_table(leat_lookups *lookups, leat_batch *batch)
{
    size_t most = (size_t)batch->n_events * lookups->n;
    size_t n_slots = 4;
    while (n_slots < 2 * most)
        n_slots *= 2;
    lookups->n_keys = 0;
    lookups->slot_mask = (uint32_t)(n_slots - 1);
    lookups->keys = leat_arena_alloc(&batch->arena, most * sizeof(asked_key));
    lookups->slots = leat_arena_calloc(&batch->arena, n_slots, sizeof(uint32_t));
    lookups->waits = leat_arena_calloc(&batch->arena, most, sizeof(uint32_t));
    if (!lookups->keys || !lookups->slots)
        lookups->waits = NULL;
    return lookups->waits != NULL;
}

static bool takes_part(const leat_event *event)
{
    return event->status == LEAT_OK && event->n > 0;
}

static void ask_for_event(leat_lookups *lookups, leat_redis *redis, leat_batch *batch,
                          leat_event *event)
{
    uint32_t *waits =
        lookups->waits + (size_t)leat_batch_event_index(batch, event) * lookups->n;
    for (uint32_t i = 0; i < lookups->n && takes_part(event); i++) {
        leat_slice key;
        leat_status status = build_key(batch, event, lookups->questions[i].spec, &key);
        waits[i] = status == LEAT_OK          ? find_command(lookups, redis, key, i)
                   : status == LEAT_E_MISSING ? NO_KEY
                                              : NOT_ASKED;
        leat_counter_add(&lookups->stats->lookups, status == LEAT_OK);
    }
}

void leat_lookups_ask(leat_lookups *lookups, leat_redis *redis, leat_batch *batch)
{
    lookups->first_command = leat_redis_n_asked(redis);
    if (!lookups->n || !lay_table(lookups, batch))
        return;
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (takes_part(&batch->events[i]))
            ask_for_event(lookups, redis, batch, &batch->events[i]);
    leat_counter_add(&lookups->stats->keys, lookups->n_keys);
}

/* ---- Answers ---- */

static void lower_quality(leat_event *event, leat_quality quality)
{
    if (event->quality < quality)
        event->quality = quality;
}

static leat_dtype dtype_of(const leat_batch *batch, const leat_lookup_field *field)
{
    return batch->schema->inputs[batch->schema->columns[field->column].tensor].dtype;
}

static void pass_without_field(leat_lookups *lookups, leat_batch *batch,
                               leat_event *event, const leat_lookup_spec *spec,
                               const leat_lookup_field *field, leat_quality quality)
{
    const leat_column *column = &batch->schema->columns[field->column];
    leat_dtype dtype = dtype_of(batch, field);
    lower_quality(event, quality);
    leat_counter_add(quality == LEAT_QUALITY_UNAVAILABLE ? &lookups->stats->unavailable
                                                         : &lookups->stats->missing,
                     1);
    if (!column->has_default && !leat_dtype_has_nan(dtype))
        leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, LEAT_E_MISSING,
                        "lookup %s: field %s is %s; %s has no NaN, and the feature no "
                        "default",
                        spec->name, field->name,
                        quality == LEAT_QUALITY_UNAVAILABLE ? "unavailable" : "missing",
                        leat_dtype_name(dtype));
}

static void pass_without(leat_lookups *lookups, leat_batch *batch, leat_event *event,
                         const leat_lookup_spec *spec, leat_quality quality)
{
    for (uint32_t i = 0; i < spec->n_fields; i++)
        pass_without_field(lookups, batch, event, spec, &spec->fields[i], quality);
}

/* The number that the text spells, into the column of all rows of the event. */
static leat_status store(leat_batch *batch, const leat_event *event, uint32_t index,
                         leat_slice text)
{
    const leat_column *column = &batch->schema->columns[index];
    const leat_tensor *tensor = &batch->inputs[column->tensor];
    size_t size = leat_dtype_size(tensor->spec->dtype);
    size_t stride = tensor->row_size * size;
    uint8_t *first =
        (uint8_t *)tensor->data + event->first * stride + column->element * size;
    leat_status status = leat_element_parse(first, tensor->spec->dtype, text);
    if (status != LEAT_OK)
        return status;
    for (uint32_t i = 1; i < event->n; i++)
        memcpy(first + i * stride, first, size);
    leat_batch_missing(batch, event)[index / 64] &= ~(UINT64_C(1) << index % 64);
    return LEAT_OK;
}

/* A text from Redis in a reason: short, and printable whatever it holds. */
static void fail_text(leat_batch *batch, leat_event *event, const leat_lookup_spec *spec,
                      const leat_lookup_field *field, leat_slice text, leat_status status)
{
    leat_dtype dtype = dtype_of(batch, field);
    bool is_beyond = status == LEAT_E_RANGE;
    char shown[33];
    uint32_t n = text.size < sizeof shown - 1 ? text.size : (uint32_t)sizeof shown - 1;
    for (uint32_t i = 0; i < n; i++)
        shown[i] =
            (char)(text.data[i] >= ' ' && text.data[i] < 0x7f ? text.data[i] : '?');
    shown[n] = 0;
    leat_batch_fail(batch, event, LEAT_STAGE_FEATURES, status,
                    "lookup %s: field %s holds \"%s\"%s, which is %s%s", spec->name,
                    field->name, shown, n < text.size ? "..." : "",
                    is_beyond ? "out of the range of " : "not ",
                    is_beyond ? leat_dtype_name(dtype) : leat_dtype_text(dtype));
}

static void take_values(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch,
                        leat_event *event, const leat_lookup_spec *spec, uint32_t command)
{
    for (uint32_t i = 0; i < spec->n_fields; i++) {
        const leat_lookup_field *field = &spec->fields[i];
        leat_slice text = leat_redis_value(redis, command, i);
        leat_status status =
            text.data ? store(batch, event, field->column, text) : LEAT_E_MISSING;
        if (status == LEAT_E_MISSING)
            pass_without_field(lookups, batch, event, spec, field,
                               LEAT_QUALITY_DEFAULTED);
        else if (status != LEAT_OK)
            fail_text(batch, event, spec, field, text, status);
        leat_counter_add(&lookups->stats->hits, status == LEAT_OK);
        if (event->status != LEAT_OK)
            return;
    }
}

static void report_refusal(leat_lookups *lookups, const leat_redis *redis,
                           const leat_lookup_spec *spec, uint32_t command)
{
    leat_slice words = leat_redis_value(redis, command, 0);
    leat_log_limited(&lookups->refused, LOG_PERIOD_NS, LEAT_LOG_WARN, "redis",
                     "lookup %s: refused: %.*s", spec->name,
                     words.size < 200 ? (int)words.size : 200, (const char *)words.data);
}

static void take_answer(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch,
                        leat_event *event, const leat_lookup_spec *spec, uint32_t command)
{
    if (command == NO_KEY) {
        pass_without(lookups, batch, event, spec, LEAT_QUALITY_DEFAULTED);
        return;
    }
    leat_reply_kind kind =
        command == NOT_ASKED ? LEAT_REPLY_NONE : leat_redis_kind(redis, command);
    if (kind == LEAT_REPLY_VALUES) {
        take_values(lookups, redis, batch, event, spec, command);
        return;
    }
    if (kind == LEAT_REPLY_ERROR)
        report_refusal(lookups, redis, spec, command);
    pass_without(lookups, batch, event, spec, LEAT_QUALITY_UNAVAILABLE);
}

static void take_for_event(leat_lookups *lookups, const leat_redis *redis,
                           leat_batch *batch, leat_event *event)
{
    const uint32_t *waits =
        lookups->waits
            ? lookups->waits + (size_t)leat_batch_event_index(batch, event) * lookups->n
            : NULL;
    for (uint32_t i = 0; i < lookups->n && takes_part(event); i++)
        take_answer(lookups, redis, batch, event, lookups->questions[i].spec,
                    waits ? waits[i] : NOT_ASKED);
}

void leat_lookups_take(leat_lookups *lookups, const leat_redis *redis, leat_batch *batch)
{
    for (uint32_t i = 0; lookups->n && i < batch->n_events; i++)
        if (takes_part(&batch->events[i]))
            take_for_event(lookups, redis, batch, &batch->events[i]);
}

/* ---- From plan to questions ---- */

static leat_slice text_slice(const char *text)
{
    return (leat_slice){(const uint8_t *)text, text ? (uint32_t)strlen(text) : 0};
}

static leat_status prepare(leat_arena *arena, question *asked,
                           const leat_lookup_spec *spec)
{
    leat_slice *fields = leat_arena_calloc(arena, spec->n_fields, sizeof *fields);
    asked->spec = spec;
    asked->head = text_slice(
        leat_arena_printf(arena, "*%u\r\n$5\r\nHMGET\r\n", spec->n_fields + 2));
    if (!asked->head.data || !fields)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < spec->n_fields; i++) {
        const char *name = spec->fields[i].name;
        fields[i] =
            text_slice(leat_arena_printf(arena, "$%zu\r\n%s\r\n", strlen(name), name));
        if (!fields[i].data)
            return LEAT_E_MEMORY;
    }
    asked->tail = join(arena, fields, spec->n_fields);
    return asked->tail.data ? LEAT_OK : LEAT_E_MEMORY;
}

leat_status leat_lookups_adopt(leat_lookups *lookups, const leat_lookup_spec *specs,
                               uint32_t n_specs)
{
    leat_arena_reset(&lookups->arena);
    lookups->n = 0;
    lookups->questions =
        leat_arena_calloc(&lookups->arena, n_specs, sizeof *lookups->questions);
    if (!lookups->questions)
        return LEAT_E_MEMORY;
    for (uint32_t i = 0; i < n_specs; i++) {
        if (!specs[i].n_fields)
            continue; /* feeds nothing */
        question *asked = &lookups->questions[lookups->n++];
        if (prepare(&lookups->arena, asked, &specs[i]) != LEAT_OK) {
            lookups->n = 0;
            return LEAT_E_MEMORY;
        }
    }
    return LEAT_OK;
}

leat_status leat_lookups_new(leat_lookups **lookups, leat_lookup_stats *stats)
{
    leat_lookups *made = calloc(1, sizeof *made);
    if (!made)
        return LEAT_E_MEMORY;
    made->stats = stats;
    leat_arena_init(&made->arena, 4096);
    *lookups = made;
    return LEAT_OK;
}

void leat_lookups_free(leat_lookups *lookups)
{
    if (!lookups)
        return;
    leat_arena_fini(&lookups->arena);
    free(lookups);
}
