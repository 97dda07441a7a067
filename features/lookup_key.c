#include "features/lookup_key.h"

#include "base/msgpack.h"

#include <inttypes.h>

static leat_slice print_integer(leat_arena *arena, const leat_value *value)
{
    return leat_slice_of(value->type == LEAT_VALUE_INT
                             ? leat_arena_printf(arena, "%" PRId64, value->as.i)
                             : leat_arena_printf(arena, "%" PRIu64, value->as.u));
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

leat_slice leat_slice_join(leat_arena *arena, const leat_slice *pieces, uint32_t n)
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

leat_status leat_lookup_key(leat_batch *batch, leat_event *event,
                            const leat_question *question, leat_slice *key)
{
    const leat_lookup_spec *spec = question->spec;
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
    *key = leat_slice_join(&batch->arena, pieces, spec->n_parts);
    return key->data ? LEAT_OK : LEAT_E_MEMORY;
}

const char *leat_show(leat_slice bytes, char shown[LEAT_SHOWN_SIZE])
{
    enum { MOST = 32 };
    uint32_t n = bytes.size < MOST ? bytes.size : MOST;
    for (uint32_t i = 0; i < n; i++)
        shown[i] =
            (char)(bytes.data[i] >= ' ' && bytes.data[i] < 0x7f ? bytes.data[i] : '?');
    memcpy(shown + n, "...", 4);
    if (n == bytes.size)
        shown[n] = 0;
    return shown;
}
