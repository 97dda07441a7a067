#include "runtime/document_get.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

const leat_doc *leat_doc_find(const leat_doc *value, const char *path)
{
    char name[64];
    while (*path) {
        size_t size = strcspn(path, ".");
        memcpy(name, path, size);
        name[size] = 0;
        value = leat_doc_member(value, name);
        path += size + (path[size] == '.');
    }
    return value;
}

leat_status leat_doc_unexpected(const char *path, const leat_doc *found,
                                const char *expected, leat_error *error)
{
    if (found && found->kind == LEAT_DOC_STRING)
        return leat_error_set(error, LEAT_E_MODEL, "%s: found \"%.*s\", expected %s",
                              path, found->count < 32 ? (int)found->count : 32,
                              found->text, expected);
    return leat_error_set(error, LEAT_E_MODEL, "%s: found %s, expected %s", path,
                          leat_doc_kind_name(found), expected);
}

bool leat_doc_is_text(const leat_doc *value, const char *text)
{
    return value && value->kind == LEAT_DOC_STRING && value->count == strlen(text) &&
           !memcmp(value->text, text, value->count);
}

leat_status leat_doc_get_text(const leat_doc *base, const char *path,
                              const leat_doc **text, leat_error *error)
{
    *text = leat_doc_find(base, path);
    return *text && (*text)->kind == LEAT_DOC_STRING
               ? LEAT_OK
               : leat_doc_unexpected(path, *text, "a string", error);
}

bool leat_doc_to_count(const leat_doc *text, uint32_t *count)
{
    double number;
    if (!text || text->kind != LEAT_DOC_STRING || text->count > 32)
        return false;
    leat_slice digits = {(const uint8_t *)text->text, (uint32_t)text->count};
    if (leat_number_parse(digits, &number) || !(number >= 0 && number <= UINT32_MAX) ||
        number != floor(number))
        return false;
    *count = (uint32_t)number;
    return true;
}

leat_status leat_doc_get_count(const leat_doc *base, const char *path, uint32_t absent,
                               uint32_t *count, leat_error *error)
{
    *count = absent;
    const leat_doc *text = leat_doc_find(base, path);
    if (!text || leat_doc_to_count(text, count))
        return LEAT_OK;
    return leat_doc_unexpected(path, text, "a count in a string", error);
}

leat_status leat_doc_get_array(const leat_doc *base, const char *path, size_t count,
                               const leat_doc **array, leat_error *error)
{
    *array = leat_doc_find(base, path);
    if (!leat_doc_is_array(*array))
        return leat_doc_unexpected(path, *array, "an array", error);
    if ((*array)->count != count)
        return leat_error_set(error, LEAT_E_MODEL, "%s: found %zu elements, expected %zu",
                              path, (*array)->count, count);
    return LEAT_OK;
}

leat_status leat_doc_get_number(const char *path, const leat_doc *array, size_t i,
                                double *number, leat_error *error)
{
    return leat_doc_number_at(array, i, number)
               ? LEAT_OK
               : leat_error_set(error, LEAT_E_MODEL,
                                "%s[%zu]: found %s, expected a number", path, i,
                                leat_doc_kind_name(&array->items[i]));
}

leat_status leat_doc_get_ints(const leat_doc *base, const char *path, size_t count,
                              int32_t *ints, leat_error *error)
{
    const leat_doc *array;
    leat_status status = leat_doc_get_array(base, path, count, &array, error);
    for (size_t i = 0; !status && i < count; i++) {
        double number;
        status = leat_doc_get_number(path, array, i, &number, error);
        if (!status &&
            !(number >= INT32_MIN && number <= INT32_MAX && number == trunc(number)))
            status = leat_error_set(error, LEAT_E_MODEL,
                                    "%s[%zu]: %g is no 32-bit integer", path, i, number);
        if (!status)
            ints[i] = (int32_t)number;
    }
    return status;
}

leat_status leat_doc_get_floats(const leat_doc *base, const char *path, size_t count,
                                double *floats, leat_error *error)
{
    const leat_doc *array;
    leat_status status = leat_doc_get_array(base, path, count, &array, error);
    for (size_t i = 0; !status && i < count; i++) {
        double number = 0;
        status = leat_doc_get_number(path, array, i, &number, error);
        floats[i] = (double)(float)number;
    }
    return status;
}
