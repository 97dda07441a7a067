/* A feast.types.Value is read off the wire by hand: it is a message of one field, and a
 * library would build an object with every value on the heap to hand out a number.
 *
 * Wire format: https://protobuf.dev/programming-guides/encoding/
 */
#include "features/lookup/feast.h"

#include "base/msgpack.h"
#include "base/pack.h"

typedef enum wire {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
} wire;

/* What an element of a value is. */
typedef enum kind {
    KIND_NONE, /* not known here */
    KIND_BYTES,
    KIND_STRING,
    KIND_INT32,
    KIND_INT64,
    KIND_DOUBLE,
    KIND_FLOAT,
    KIND_BOOL,
} kind;

enum { NULL_FIELD = 19, ELEMENT_FIELD = 1 };

/* The fields of Value. A list or set is a message of its own, whose field 1 repeats. */
static const struct {
    kind of;
    bool is_list;
} fields[] = {
    [1] = {KIND_BYTES, false},   [2] = {KIND_STRING, false},
    [3] = {KIND_INT32, false},   [4] = {KIND_INT64, false},
    [5] = {KIND_DOUBLE, false},  [6] = {KIND_FLOAT, false},
    [7] = {KIND_BOOL, false},    [8] = {KIND_INT64, false}, /* unix_timestamp */
    [11] = {KIND_BYTES, true},   [12] = {KIND_STRING, true},
    [13] = {KIND_INT32, true},   [14] = {KIND_INT64, true},
    [15] = {KIND_DOUBLE, true},  [16] = {KIND_FLOAT, true},
    [17] = {KIND_BOOL, true},    [18] = {KIND_INT64, true}, /* unix_timestamp */
    [22] = {KIND_BYTES, true},                              /* sets */
    [23] = {KIND_STRING, true},  [24] = {KIND_INT32, true},
    [25] = {KIND_INT64, true},   [26] = {KIND_DOUBLE, true},
    [27] = {KIND_FLOAT, true},   [28] = {KIND_BOOL, true},
    [29] = {KIND_INT64, true},   [32] = {KIND_STRING, false}, /* json, as its text */
    [33] = {KIND_STRING, true},  [36] = {KIND_STRING, false}, /* uuid, time_uuid */
    [37] = {KIND_STRING, false}, [38] = {KIND_STRING, true},
    [39] = {KIND_STRING, true},  [40] = {KIND_STRING, true},
    [41] = {KIND_STRING, true},  [44] = {KIND_STRING, false}, /* decimal, as its text */
    [45] = {KIND_STRING, true},  [46] = {KIND_STRING, true},
};
enum { N_FIELDS = sizeof fields / sizeof fields[0] };

static wire wire_of(kind of)
{
    static const wire wires[] = {
        [KIND_BYTES] = WIRE_BYTES,    [KIND_STRING] = WIRE_BYTES,
        [KIND_INT32] = WIRE_VARINT,   [KIND_INT64] = WIRE_VARINT,
        [KIND_DOUBLE] = WIRE_FIXED64, [KIND_FLOAT] = WIRE_FIXED32,
        [KIND_BOOL] = WIRE_VARINT,
    };
    return wires[of];
}

/* ---- the wire ---- */

/* What is left of a message. */
typedef struct message {
    const uint8_t *at;
    const uint8_t *end;
} message;

/* One field, or one element of a packed list. */
typedef struct field {
    uint32_t number;
    wire wire;
    uint64_t integer; /* VARINT, FIXED64, FIXED32: the bits */
    leat_slice bytes; /* BYTES */
} field;

static message message_over(leat_slice bytes)
{
    return (message){bytes.data, bytes.data + bytes.size};
}

static bool read_varint(message *in, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 70 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        if (shift < 64)
            *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_little(message *in, uint64_t *value, unsigned size)
{
    if ((size_t)(in->end - in->at) < size)
        return false;
    *value = 0;
    for (unsigned i = 0; i < size; i++)
        *value |= (uint64_t)in->at[i] << 8 * i;
    in->at += size;
    return true;
}

static bool read_bytes(message *in, leat_slice *bytes)
{
    uint64_t size;
    if (!read_varint(in, &size) || size > (uint64_t)(in->end - in->at))
        return false;
    *bytes = (leat_slice){in->at, (uint32_t)size};
    in->at += size;
    return true;
}

/* What stands behind a field's tag. */
static bool read_content(message *in, field *found)
{
    switch (found->wire) {
    case WIRE_VARINT:
        return read_varint(in, &found->integer);
    case WIRE_FIXED64:
        return read_little(in, &found->integer, 8);
    case WIRE_FIXED32:
        return read_little(in, &found->integer, 4);
    case WIRE_BYTES:
        return read_bytes(in, &found->bytes);
    default:
        return false; /* groups, which nobody writes any more */
    }
}

static bool read_field(message *in, field *found)
{
    uint64_t tag;
    if (!read_varint(in, &tag) || tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
        return false;
    *found = (field){.number = (uint32_t)(tag >> 3), .wire = (wire)(tag & 7)};
    return read_content(in, found);
}

/* ---- values ---- */

static leat_status refuse(leat_error *error)
{
    return leat_error_set(error, LEAT_E_FORMAT, "the bytes are no value of Feast");
}

/* At most twice the bytes that it was read from, and a head. */
static uint8_t *pack(uint8_t *at, kind of, const field *found)
{
    float narrow;
    double wide;
    uint32_t bits = (uint32_t)found->integer;
    switch (of) {
    case KIND_BYTES:
        at = leat_pack_bin_head(at, found->bytes.size);
        return leat_pack_raw(at, found->bytes.data, found->bytes.size);
    case KIND_STRING:
        at = leat_pack_str_head(at, found->bytes.size);
        return leat_pack_raw(at, found->bytes.data, found->bytes.size);
    case KIND_INT32:
        return leat_pack_int(at, (int32_t)bits);
    case KIND_DOUBLE:
        memcpy(&wide, &found->integer, sizeof wide);
        return leat_pack_f64(at, wide);
    case KIND_FLOAT:
        memcpy(&narrow, &bits, sizeof narrow);
        return leat_pack_f32(at, narrow);
    case KIND_BOOL:
        return leat_pack_bool(at, found->integer != 0);
    case KIND_INT64:
    case KIND_NONE:
    default:
        return leat_pack_int(at, (int64_t)found->integer);
    }
}

static leat_status check(kind of, const field *found, leat_error *error)
{
    if (found->wire != wire_of(of))
        return refuse(error);
    if (of == KIND_STRING && !leat_utf8_valid(found->bytes.data, found->bytes.size))
        return leat_error_set(error, LEAT_E_UTF8, "a string is not valid UTF-8");
    return LEAT_OK;
}

/* The next element of a list: one of several in a packed field, or a field of its own. */
static leat_status next_element(message *list, message *packed, kind of, field *found,
                                leat_error *error)
{
    if (packed->at == packed->end) {
        if (!read_field(list, found) || found->number != ELEMENT_FIELD)
            return refuse(error);
        if (found->wire != WIRE_BYTES || wire_of(of) == WIRE_BYTES)
            return check(of, found, error);
        *packed = message_over(found->bytes);
        if (!found->bytes.size)
            return LEAT_MORE; /* a packed field of no elements */
    }
    found->wire = wire_of(of);
    return read_content(packed, found) ? LEAT_OK : refuse(error);
}

/* Counts the elements where `at` is NULL, else packs them. */
static leat_status walk_list(leat_slice bytes, kind of, uint8_t **at, uint32_t *n,
                             leat_error *error)
{
    message list = message_over(bytes), packed = {0};
    while (list.at < list.end || packed.at < packed.end) {
        field found;
        leat_status status = next_element(&list, &packed, of, &found, error);
        if (status < 0)
            return status;
        if (status == LEAT_MORE)
            continue;
        if (at)
            *at = pack(*at, of, &found);
        else
            ++*n;
    }
    return LEAT_OK;
}

static leat_status pack_list(uint8_t **at, kind of, leat_slice bytes, leat_error *error)
{
    uint32_t n = 0;
    leat_status status = walk_list(bytes, of, NULL, &n, error);
    if (status != LEAT_OK)
        return status;
    *at = leat_pack_array(*at, n);
    return walk_list(bytes, of, at, &n, error);
}

static leat_status pack_field(uint8_t **at, const field *found, leat_error *error)
{
    uint32_t number = found->number;
    kind of = number < N_FIELDS ? fields[number].of : KIND_NONE;
    if (number == NULL_FIELD) {
        *at = leat_pack_nil(*at);
        return LEAT_OK;
    }
    if (of == KIND_NONE)
        return leat_error_set(error, LEAT_E_TYPE,
                              "a value of Feast's type %u is not supported", number);
    if (fields[number].is_list)
        return found->wire == WIRE_BYTES ? pack_list(at, of, found->bytes, error)
                                         : refuse(error);
    leat_status status = check(of, found, error);
    if (status == LEAT_OK)
        *at = pack(*at, of, found);
    return status;
}

/* Of several fields the last one counts, as protobuf has it. */
leat_status leat_feast_value(leat_slice bytes, leat_arena *arena, leat_slice *packed,
                             leat_error *error)
{
    message in = message_over(bytes);
    field found = {.number = NULL_FIELD};
    while (in.at < in.end)
        if (!read_field(&in, &found))
            return refuse(error);
    uint8_t *start = leat_arena_alloc(arena, 2 * (size_t)bytes.size + 2 * LEAT_PACK_HEAD);
    if (!start)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    uint8_t *at = start;
    leat_status status = pack_field(&at, &found, error);
    *packed = (leat_slice){start, (uint32_t)(at - start)};
    return status;
}

leat_status leat_feast_time(leat_slice bytes, leat_event_time *time, leat_error *error)
{
    enum { SECONDS = 1, NANOS = 2 };
    message in = message_over(bytes);
    *time = (leat_event_time){0};
    while (in.at < in.end) {
        field found;
        if (!read_field(&in, &found))
            return leat_error_set(error, LEAT_E_FORMAT, "the bytes are no timestamp");
        if (found.number == SECONDS && found.wire == WIRE_VARINT)
            time->seconds = (int64_t)found.integer;
        if (found.number == NANOS && found.wire == WIRE_VARINT &&
            found.integer < 1000000000)
            time->nanoseconds = (uint32_t)found.integer;
    }
    return LEAT_OK;
}
