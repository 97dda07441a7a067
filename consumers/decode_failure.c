#include "consumers/decode_internal.h"

const char *leat_decode_found(const leat_value *value)
{
    bool is_time = value->type == LEAT_VALUE_EXT && value->ext_type == -1;
    return leat_value_type_text(is_time ? LEAT_VALUE_TIME : value->type);
}

void leat_decode_blame(leat_decoder *decoder, leat_status status, const char *path,
                       const char *expected, const char *found)
{
    if (decoder->failure.status != LEAT_OK)
        return;
    decoder->failure.status = status;
    decoder->failure.path = path;
    decoder->failure.expected = expected;
    decoder->failure.found = found;
}

void leat_decode_explain(const leat_decoder *decoder, leat_batch *batch,
                         leat_event *event)
{
    leat_error why;
    leat_status status = decoder->failure.status;
    const uint8_t *payload = decoder->payload.data;
    leat_cursor cursor = {payload, decoder->failure.at, decoder->end};
    const char *path = decoder->failure.path;
    const char *expected = decoder->failure.expected;
    const leat_schema *schema = decoder->schema;
    if (status == LEAT_E_TYPE)
        leat_error_set(&why, status, "%s: expected %s, found %s%s", path, expected,
                       decoder->failure.found,
                       *payload == '{' ? " (the payload looks like JSON)" : "");
    else if (status == LEAT_E_RANGE)
        leat_error_set(&why, status, "%s: the number is out of the range of %s", path,
                       expected);
    else if (status == LEAT_E_MISSING && !expected)
        leat_error_set(&why, status, "%s: missing; it names the candidate in the ranking",
                       path);
    else if (status == LEAT_E_MISSING)
        leat_error_set(&why, status,
                       "%s: missing; %s has no NaN, and the feature no default", path,
                       expected);
    else
        leat_msgpack_explain(&cursor, 0, status, &why);
    if (decoder->candidate_index != LEAT_NO_CANDIDATE)
        leat_error_prefix(&why,
                          "%s[%u]: ", schema->captures[schema->candidates.capture].text,
                          decoder->candidate_index);
    leat_batch_fail(batch, event, LEAT_STAGE_DECODE, status, "%s", why.msg);
}
