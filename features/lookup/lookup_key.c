#include "features/lookup/lookup_key.h"

#include "features/key_text.h"

leat_status leat_lookup_key(leat_batch *batch, leat_event *event,
                            const leat_slice *captures, const leat_question *question,
                            leat_slice *key)
{
    const leat_lookup_spec *spec = question->spec;
    leat_slice pieces[LEAT_MAX_KEY_PARTS];
    for (uint32_t i = 0; i < spec->n_parts; i++) {
        const leat_key_part *part = &spec->parts[i];
        leat_value value;
        pieces[i] = part->literal;
        if (part->literal.data)
            continue;
        leat_status status =
            leat_key_text(&batch->arena, captures[part->capture], &pieces[i], &value);
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
