#include "runtime/text_block.h"

#include "base/number.h"

#include <string.h>

bool leat_text_is(leat_text text, const char *expected)
{
    return text.size == strlen(expected) && !memcmp(text.at, expected, text.size);
}

leat_text leat_text_cut(leat_text *rest, char separator)
{
    leat_text cut = *rest;
    const char *end = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
    if (!end) {
        rest->at += rest->size;
        rest->size = 0;
        return cut;
    }
    cut.size = (size_t)(end - cut.at);
    rest->at += cut.size + 1;
    rest->size -= cut.size + 1;
    return cut;
}

leat_text leat_text_line(leat_text *rest)
{
    leat_text line = leat_text_cut(rest, '\n');
    line.size -= line.size && line.at[line.size - 1] == '\r';
    return line;
}

/* How much of a text a message shows. */
static int shown(leat_text text)
{
    return text.size < 40 ? (int)text.size : 40;
}

static leat_status add_line(leat_text_block *block, leat_text line, leat_error *error)
{
    leat_text name = leat_text_cut(&line, '=');
    for (uint32_t i = 0; i < block->n; i++)
        if (block->lines[i].name.size == name.size &&
            !memcmp(block->lines[i].name.at, name.at, name.size))
            return leat_error_set(error, LEAT_E_MODEL, "%.*s stands twice in one block",
                                  shown(name), name.at);
    if (block->n == LEAT_TEXT_MAX_LINES)
        return leat_error_set(error, LEAT_E_MODEL,
                              "%.*s: more than %d lines in one block", shown(name),
                              name.at, LEAT_TEXT_MAX_LINES);
    block->lines[block->n].name = name;
    block->lines[block->n++].value = line;
    return LEAT_OK;
}

leat_status leat_text_block_read(leat_text_block *block, leat_text *rest,
                                 leat_error *error)
{
    leat_status status = LEAT_OK;
    block->n = 0;
    while (!status && rest->size) {
        leat_text line = leat_text_line(rest);
        if (line.size)
            status = add_line(block, line, error);
        else if (block->n)
            break;
    }
    return status;
}

const leat_text *leat_text_find(const leat_text_block *block, const char *name)
{
    for (uint32_t i = 0; i < block->n; i++)
        if (leat_text_is(block->lines[i].name, name))
            return &block->lines[i].value;
    return NULL;
}

/* A whole number between `least` and `most`. */
static bool to_integer(leat_text text, int64_t least, int64_t most, int64_t *integer)
{
    bool negative = text.size && *text.at == '-';
    int64_t value = 0;
    if (text.size == negative || text.size > 12)
        return false;
    for (size_t i = negative; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (text.at[i] - '0');
    }
    *integer = negative ? -value : value;
    return *integer >= least && *integer <= most;
}

leat_status leat_text_get_count(const leat_text_block *block, const char *name,
                                uint32_t absent, uint32_t *count, leat_error *error)
{
    const leat_text *value = leat_text_find(block, name);
    int64_t integer = absent;
    if (value && !to_integer(*value, 0, UINT32_MAX, &integer))
        return leat_error_set(error, LEAT_E_MODEL, "%s: found \"%.*s\", expected a count",
                              name, shown(*value), value->at);
    *count = (uint32_t)integer;
    return LEAT_OK;
}

/* ---- lists */

typedef bool parse_element(leat_text text, void *element);

static bool parse_int(leat_text text, void *element)
{
    int64_t integer;
    bool good = to_integer(text, INT32_MIN, INT32_MAX, &integer);
    if (good)
        *(int32_t *)element = (int32_t)integer;
    return good;
}

static bool parse_word(leat_text text, void *element)
{
    int64_t integer;
    bool good = to_integer(text, 0, UINT32_MAX, &integer);
    if (good)
        *(uint32_t *)element = (uint32_t)integer;
    return good;
}

static bool parse_number(leat_text text, void *element)
{
    if (text.size > UINT32_MAX)
        return false;
    leat_slice slice = {(const uint8_t *)text.at, (uint32_t)text.size};
    return !leat_number_parse(slice, element);
}

/* elements: [count] of `size` bytes each */
static leat_status parse_list(const char *name, leat_text rest, size_t count, size_t size,
                              parse_element *parse, char *elements, leat_error *error)
{
    size_t n = 0;
    while (rest.size) {
        leat_text text = leat_text_cut(&rest, ' ');
        if (!text.size)
            continue;
        if (n < count && !parse(text, elements + n * size))
            return leat_error_set(error, LEAT_E_MODEL,
                                  "%s[%zu]: found \"%.*s\", expected a number", name, n,
                                  shown(text), text.at);
        n++;
    }
    return n == count
               ? LEAT_OK
               : leat_error_set(error, LEAT_E_MODEL,
                                "%s: found %zu numbers, expected %zu", name, n, count);
}

static leat_status get_list(const leat_text_block *block, const char *name, size_t count,
                            size_t size, parse_element *parse, leat_arena *arena,
                            void **elements, leat_error *error)
{
    const leat_text *value = leat_text_find(block, name);
    if (!value && count)
        return leat_error_set(error, LEAT_E_MODEL,
                              "%s: found nothing, expected %zu numbers", name, count);
    /* Each takes a character and a space. */
    if (count > (value ? value->size / 2 + 1 : 0))
        return leat_error_set(error, LEAT_E_MODEL,
                              "%s: found %zu characters, expected %zu numbers", name,
                              value->size, count);
    *elements = leat_arena_calloc(arena, count, size);
    if (!*elements)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    return value ? parse_list(name, *value, count, size, parse, *elements, error)
                 : LEAT_OK;
}

leat_status leat_text_get_ints(const leat_text_block *block, const char *name,
                               size_t count, leat_arena *arena, int32_t **ints,
                               leat_error *error)
{
    void *elements = NULL;
    leat_status status =
        get_list(block, name, count, sizeof **ints, parse_int, arena, &elements, error);
    *ints = elements;
    return status;
}

leat_status leat_text_get_words(const leat_text_block *block, const char *name,
                                size_t count, leat_arena *arena, uint32_t **words,
                                leat_error *error)
{
    void *elements = NULL;
    leat_status status =
        get_list(block, name, count, sizeof **words, parse_word, arena, &elements, error);
    *words = elements;
    return status;
}

leat_status leat_text_get_numbers(const leat_text_block *block, const char *name,
                                  size_t count, leat_arena *arena, double **numbers,
                                  leat_error *error)
{
    void *elements = NULL;
    leat_status status = get_list(block, name, count, sizeof **numbers, parse_number,
                                  arena, &elements, error);
    *numbers = elements;
    return status;
}
