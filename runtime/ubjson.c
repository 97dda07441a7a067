#include "runtime/document_build.h"

#include <stdlib.h>

struct reader {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    unsigned depth;
    leat_doc_stack stack;
    leat_error *error;
};

static leat_status out_of_memory(struct reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "out of memory");
}

static leat_status unexpected(struct reader *reader, const char *expected)
{
    if (reader->at >= reader->size)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "byte %zu: the file ends, expected %s", reader->at,
                              expected);
    return leat_error_set(reader->error, LEAT_E_MODEL,
                          "byte %zu: found 0x%02x, expected %s", reader->at,
                          reader->bytes[reader->at], expected);
}

static bool next_is(const struct reader *reader, uint8_t byte)
{
    return reader->at < reader->size && reader->bytes[reader->at] == byte;
}

static bool accept(struct reader *reader, uint8_t byte)
{
    bool is = next_is(reader, byte);
    reader->at += is;
    return is;
}

/* What takes `width` bytes each; `L` and eight bytes. Never more than the file still has.
 */
static leat_status read_count(struct reader *reader, size_t width, size_t *count)
{
    if (!accept(reader, 'L'))
        return unexpected(reader, "a count ('L')");
    if (reader->size - reader->at < 8) {
        reader->at = reader->size;
        return unexpected(reader, "the 8 bytes of a count");
    }
    double declared = leat_packed_number(LEAT_PACKED_I64, reader->bytes + reader->at);
    size_t room = (reader->size - reader->at - 8) / width;
    if (declared < 0 || declared > (double)room)
        return leat_error_set(
            reader->error, LEAT_E_MODEL,
            "byte %zu: declares %.0f elements, but the file has room for "
            "%zu",
            reader->at, declared, room);
    reader->at += 8;
    *count = (size_t)declared;
    return LEAT_OK;
}

static leat_status read_text(struct reader *reader, const char **text, size_t *size)
{
    leat_status status = read_count(reader, 1, size);
    if (status)
        return status;
    *text = (const char *)reader->bytes + reader->at;
    reader->at += *size;
    return LEAT_OK;
}

static bool packing_of(uint8_t marker, leat_packing *packing)
{
    static const struct {
        uint8_t marker;
        leat_packing packing;
    } table[] = {
        {'d', LEAT_PACKED_F32}, {'D', LEAT_PACKED_F64}, {'i', LEAT_PACKED_I8},
        {'U', LEAT_PACKED_U8},  {'I', LEAT_PACKED_I16}, {'l', LEAT_PACKED_I32},
        {'L', LEAT_PACKED_I64},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].marker == marker) {
            *packing = table[i].packing;
            return true;
        }
    }
    return false;
}

static leat_status read_packed(struct reader *reader, leat_doc *value)
{
    if (reader->at >= reader->size ||
        !packing_of(reader->bytes[reader->at], &value->packing))
        return unexpected(reader, "the type of an array, one of dDiUIlL");
    reader->at++;
    if (!accept(reader, '#'))
        return unexpected(reader, "'#'");
    size_t width = leat_packing_size(value->packing);
    leat_status status = read_count(reader, width, &value->count);
    if (status)
        return status;
    value->kind = LEAT_DOC_PACKED;
    value->packed = reader->bytes + reader->at;
    reader->at += value->count * width;
    return LEAT_OK;
}

static leat_status read_value(struct reader *reader, leat_doc *value);

static leat_status read_item(struct reader *reader, leat_doc_kind kind)
{
    leat_doc item = {0};
    leat_status status = LEAT_OK;
    if (kind == LEAT_DOC_OBJECT)
        status = read_text(reader, &item.name, &item.name_size);
    if (!status)
        status = read_value(reader, &item);
    if (status)
        return status;
    return leat_doc_push(&reader->stack, &item) ? out_of_memory(reader) : LEAT_OK;
}

/* Items up to a closing bracket. */
static leat_status read_open(struct reader *reader, leat_doc *value, uint8_t close)
{
    size_t base = reader->stack.n;
    while (!accept(reader, close)) {
        leat_status status = read_item(reader, value->kind);
        if (status)
            return status;
    }
    return leat_doc_gather(&reader->stack, base, value, reader->error);
}

static leat_status read_counted(struct reader *reader, leat_doc *value)
{
    size_t base = reader->stack.n, count;
    leat_status status = read_count(reader, 1, &count);
    for (size_t i = 0; !status && i < count; i++)
        status = read_item(reader, value->kind);
    return status ? status : leat_doc_gather(&reader->stack, base, value, reader->error);
}

static leat_status read_array(struct reader *reader, leat_doc *value)
{
    if (accept(reader, '$'))
        return read_packed(reader, value);
    value->kind = LEAT_DOC_ARRAY;
    return accept(reader, '#') ? read_counted(reader, value)
                               : read_open(reader, value, ']');
}

static leat_status read_nested(struct reader *reader, leat_doc *value, uint8_t marker)
{
    if (reader->depth == LEAT_DOC_MAX_DEPTH)
        return leat_error_set(reader->error, LEAT_E_MODEL,
                              "byte %zu: nests deeper than %d levels", reader->at - 1,
                              LEAT_DOC_MAX_DEPTH);
    reader->depth++;
    value->kind = LEAT_DOC_OBJECT;
    leat_status status =
        marker == '{' ? read_open(reader, value, '}') : read_array(reader, value);
    reader->depth--;
    return status;
}

static leat_status read_number(struct reader *reader, leat_doc *value)
{
    leat_packing packing;
    if (!packing_of(reader->bytes[reader->at], &packing))
        return unexpected(reader, "the type of a value, one of {[SZTFdDiUIlL");
    reader->at++;
    size_t size = leat_packing_size(packing);
    if (reader->size - reader->at < size) {
        reader->at = reader->size;
        return unexpected(reader, "the rest of a number");
    }
    value->kind = LEAT_DOC_NUMBER;
    value->number = leat_packed_number(packing, reader->bytes + reader->at);
    reader->at += size;
    return LEAT_OK;
}

static leat_status read_value(struct reader *reader, leat_doc *value)
{
    if (reader->at >= reader->size)
        return unexpected(reader, "a value");
    uint8_t marker = reader->bytes[reader->at];
    switch (marker) {
    case '{':
    case '[':
        reader->at++;
        return read_nested(reader, value, marker);
    case 'S':
        reader->at++;
        value->kind = LEAT_DOC_STRING;
        return read_text(reader, &value->text, &value->count);
    case 'Z':
        reader->at++;
        value->kind = LEAT_DOC_NULL;
        return LEAT_OK;
    case 'T':
    case 'F':
        reader->at++;
        value->kind = LEAT_DOC_BOOL;
        value->number = marker == 'T';
        return LEAT_OK;
    }
    return read_number(reader, value);
}

static leat_status read_root(struct reader *reader, leat_doc *root)
{
    leat_status status = read_value(reader, root);
    if (status)
        return status;
    return reader->at < reader->size ? unexpected(reader, "the end of the file")
                                     : LEAT_OK;
}

leat_status leat_ubjson_read(const leat_doc **out, leat_arena *arena,
                             const uint8_t *bytes, size_t size, leat_error *error)
{
    struct reader reader = {
        .bytes = bytes, .size = size, .stack = {.arena = arena}, .error = error};
    leat_doc *root = leat_arena_calloc(arena, 1, sizeof *root);
    leat_status status = root ? read_root(&reader, root) : out_of_memory(&reader);
    free(reader.stack.at);
    *out = root;
    return status;
}
