#include "runtime/document_build.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t size = a_size < b_size ? a_size : b_size;
    int order = size ? memcmp(a, b, size) : 0;
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_members(const void *left, const void *right)
{
    const leat_doc *a = left, *b = right;
    return compare_names(a->name, a->name_size, b->name, b->name_size);
}

const leat_doc *leat_doc_member(const leat_doc *object, const char *name)
{
    if (!object || object->kind != LEAT_DOC_OBJECT || !object->count)
        return NULL;
    leat_doc key = {.name = name, .name_size = strlen(name)};
    return bsearch(&key, object->items, object->count, sizeof key, compare_members);
}

bool leat_doc_is_array(const leat_doc *value)
{
    return value && (value->kind == LEAT_DOC_ARRAY || value->kind == LEAT_DOC_PACKED);
}

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | bytes[i];
    return bits;
}

double leat_packed_number(leat_packing packing, const uint8_t *bytes)
{
    uint64_t bits;
    uint32_t bits32;
    double f64;
    float f32;
    switch (packing) {
    case LEAT_PACKED_HOST_F64:
        memcpy(&f64, bytes, sizeof f64);
        return f64;
    case LEAT_PACKED_F64:
        bits = big_endian(bytes, 8);
        memcpy(&f64, &bits, sizeof f64);
        return f64;
    case LEAT_PACKED_F32:
        bits32 = (uint32_t)big_endian(bytes, 4);
        memcpy(&f32, &bits32, sizeof f32);
        return (double)f32;
    case LEAT_PACKED_I64:
        return (double)(int64_t)big_endian(bytes, 8);
    case LEAT_PACKED_I32:
        return (int32_t)big_endian(bytes, 4);
    case LEAT_PACKED_I16:
        return (int16_t)big_endian(bytes, 2);
    case LEAT_PACKED_I8:
        return (int8_t)*bytes;
    case LEAT_PACKED_U8:
        return *bytes;
    }
    return 0;
}

size_t leat_packing_size(leat_packing packing)
{
    static const uint8_t sizes[] = {
        [LEAT_PACKED_HOST_F64] = 8, [LEAT_PACKED_F64] = 8, [LEAT_PACKED_F32] = 4,
        [LEAT_PACKED_I64] = 8,      [LEAT_PACKED_I32] = 4, [LEAT_PACKED_I16] = 2,
        [LEAT_PACKED_I8] = 1,       [LEAT_PACKED_U8] = 1,
    };
    return sizes[packing];
}

bool leat_doc_number_at(const leat_doc *array, size_t i, double *number)
{
    if (array->kind == LEAT_DOC_PACKED) {
        const uint8_t *bytes = array->packed + i * leat_packing_size(array->packing);
        *number = leat_packed_number(array->packing, bytes);
        return true;
    }
    const leat_doc *item = &array->items[i];
    if (item->kind != LEAT_DOC_NUMBER && item->kind != LEAT_DOC_BOOL)
        return false;
    *number = item->number;
    return true;
}

const char *leat_doc_kind_name(const leat_doc *value)
{
    static const char *const names[] = {
        [LEAT_DOC_NULL] = "null",        [LEAT_DOC_BOOL] = "a bool",
        [LEAT_DOC_NUMBER] = "a number",  [LEAT_DOC_STRING] = "a string",
        [LEAT_DOC_ARRAY] = "an array",   [LEAT_DOC_PACKED] = "an array",
        [LEAT_DOC_OBJECT] = "an object",
    };
    return value ? names[value->kind] : "nothing";
}

leat_status leat_doc_push(leat_doc_stack *stack, const leat_doc *value)
{
    if (stack->n == stack->capacity) {
        size_t capacity = stack->capacity ? stack->capacity * 2 : 64;
        leat_doc *at = realloc(stack->at, capacity * sizeof *at);
        if (!at)
            return LEAT_E_MEMORY;
        stack->at = at;
        stack->capacity = capacity;
    }
    stack->at[stack->n++] = *value;
    return LEAT_OK;
}

static leat_status sort_members(leat_doc *members, size_t count, leat_error *error)
{
    qsort(members, count, sizeof *members, compare_members);
    for (size_t i = 1; i < count; i++)
        if (!compare_members(&members[i - 1], &members[i]))
            return leat_error_set(
                error, LEAT_E_MODEL, "the key \"%.*s\" stands twice in one object",
                members[i].name_size < 64 ? (int)members[i].name_size : 64,
                members[i].name);
    return LEAT_OK;
}

leat_status leat_doc_gather(leat_doc_stack *stack, size_t base, leat_doc *into,
                            leat_error *error)
{
    size_t count = stack->n - base;
    leat_doc *items = leat_arena_calloc(stack->arena, count, sizeof *items);
    if (!items)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    if (count)
        memcpy(items, stack->at + base, count * sizeof *items);
    stack->n = base;
    into->count = count;
    into->items = items;
    return into->kind == LEAT_DOC_OBJECT ? sort_members(items, count, error) : LEAT_OK;
}
