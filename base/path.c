#include "base/path.h"

#include <ctype.h>

/* What is read: `at` goes along `text`, and errors name its column. */
typedef struct reader {
    const char *text;
    const char *at;
    leat_arena *arena;
    leat_error *error;
    uint32_t n_steps;
    leat_step steps[LEAT_MAX_PATH_STEPS];
} reader;

static leat_status expected(const reader *in, const char *what)
{
    return leat_error_set(in->error, LEAT_E_CONFIG, "path '%s', column %d: expected %s",
                          in->text, (int)(in->at - in->text) + 1, what);
}

static leat_status no_memory(const reader *in)
{
    return leat_error_set(in->error, LEAT_E_MEMORY, "path '%s': out of memory", in->text);
}

static bool is_bare(char c)
{
    return (unsigned char)c > ' ' && c != '\x7f' && !strchr(".[]\"", c);
}

/* A name in quotes; \" and \\ stand for the character behind the backslash. */
static leat_status read_quoted(reader *in, leat_slice *name)
{
    char *copy = leat_arena_alloc(in->arena, strlen(in->at));
    if (!copy)
        return no_memory(in);
    uint32_t size = 0;
    for (in->at++; *in->at != '"'; in->at++) {
        if (*in->at == '\\')
            in->at++;
        if (!*in->at)
            return expected(in, "a closing quote");
        copy[size++] = *in->at;
    }
    in->at++;
    *name = (leat_slice){(const uint8_t *)copy, size};
    return LEAT_OK;
}

static leat_status read_name(reader *in, const char *what, leat_slice *name)
{
    if (*in->at == '"')
        return read_quoted(in, name);
    const char *start = in->at;
    while (*in->at && is_bare(*in->at))
        in->at++;
    if (in->at == start)
        return expected(in, what);
    *name = (leat_slice){(const uint8_t *)start, (uint32_t)(in->at - start)};
    return LEAT_OK;
}

static leat_status read_member(reader *in, const char *what, leat_slice *name)
{
    if (*in->at != '.')
        return expected(in, "'.'");
    in->at++;
    return read_name(in, what, name);
}

static leat_status read_index(reader *in, uint32_t *index)
{
    in->at++;
    if (!isdigit((unsigned char)*in->at))
        return expected(in, "a number in brackets");
    uint64_t number = 0;
    for (; isdigit((unsigned char)*in->at); in->at++) {
        number = number * 10 + (uint64_t)(*in->at - '0');
        if (number > UINT32_MAX)
            return expected(in, "a number below 2^32");
    }
    if (*in->at != ']')
        return expected(in, "']'");
    in->at++;
    *index = (uint32_t)number;
    return LEAT_OK;
}

static leat_status read_step(reader *in)
{
    if (in->n_steps == LEAT_MAX_PATH_STEPS)
        return expected(in, "the end: a path has at most 16 steps");
    leat_step *step = &in->steps[in->n_steps++];
    *step = (leat_step){.is_index = *in->at == '['};
    if (step->is_index)
        return read_index(in, &step->index);
    if (*in->at != '.')
        return expected(in, "'.', '[' or the end");
    return read_member(in, "a name", &step->name);
}

/* The first step of the others is a name, since what stands at the top is a map. */
static leat_status read_first_step(reader *in, const leat_path *path)
{
    in->n_steps = 0;
    if (path->root == LEAT_ROOT_CANDIDATE)
        return LEAT_OK;
    in->steps[in->n_steps++] = (leat_step){0};
    return read_member(in, "the name of a field", &in->steps[0].name);
}

static leat_status read_steps(reader *in, leat_path *path)
{
    leat_status status = read_first_step(in, path);
    while (status == LEAT_OK && *in->at)
        status = read_step(in);
    if (status != LEAT_OK)
        return status;
    size_t size = in->n_steps * sizeof *in->steps;
    leat_step *steps = leat_arena_alloc(in->arena, size);
    if (!steps)
        return no_memory(in);
    memcpy(steps, in->steps, size);
    path->steps = steps;
    path->n_steps = in->n_steps;
    return LEAT_OK;
}

static leat_status keep_name(reader *in, leat_slice name, const char **kept)
{
    *kept = leat_arena_strndup(in->arena, (const char *)name.data, name.size);
    return *kept ? LEAT_OK : no_memory(in);
}

static leat_status read_header(reader *in, leat_path *path)
{
    leat_slice name;
    leat_status status = read_member(in, "the name of a header", &name);
    return status == LEAT_OK ? keep_name(in, name, &path->name) : status;
}

static bool is_word(leat_slice name, const char *word)
{
    return name.size == strlen(word) && !memcmp(name.data, word, name.size);
}

static leat_status read_meta(reader *in, leat_path *path)
{
    static const char *const words[] = {"topic", "partition", "offset", "timestamp"};
    static const char what[] = "topic, partition, offset or timestamp";
    leat_slice name;
    leat_status status = read_member(in, what, &name);
    if (status != LEAT_OK)
        return status;
    for (int i = 0; i < 4; i++) {
        if (is_word(name, words[i])) {
            path->meta = (leat_meta)i;
            return LEAT_OK;
        }
    }
    in->at -= name.size;
    return expected(in, what);
}

static leat_root find_root(leat_slice name)
{
    static const char *const words[] = {"event", "key", "headers", "meta", "candidate"};
    for (int i = 0; i < 5; i++)
        if (is_word(name, words[i]))
            return (leat_root)i;
    return LEAT_ROOT_NAMED;
}

static leat_status read_rest(reader *in, leat_slice first, leat_path *path)
{
    leat_status status;
    path->root = find_root(first);
    switch (path->root) {
    case LEAT_ROOT_KEY:
        return LEAT_OK;
    case LEAT_ROOT_HEADERS:
        return read_header(in, path);
    case LEAT_ROOT_META:
        return read_meta(in, path);
    case LEAT_ROOT_NAMED:
        status = keep_name(in, first, &path->name);
        return status == LEAT_OK ? read_steps(in, path) : status;
    case LEAT_ROOT_EVENT:
    case LEAT_ROOT_CANDIDATE:
    default:
        return read_steps(in, path);
    }
}

leat_status leat_path_parse(leat_path *path, leat_arena *arena, const char *text,
                            leat_error *error)
{
    const char *kept = leat_arena_strndup(arena, text, strlen(text));
    reader in = {.text = text, .at = text, .arena = arena, .error = error};
    if (!kept)
        return no_memory(&in);
    in.text = in.at = kept;
    *path = (leat_path){.text = kept};
    leat_slice first;
    leat_status status = read_name(
        &in, "event, candidate, key, headers, meta, or the name of a lookup", &first);
    if (status == LEAT_OK)
        status = read_rest(&in, first, path);
    if (status == LEAT_OK && *in.at)
        status = expected(&in, "the end");
    return status;
}

static bool step_equal(const leat_step *a, const leat_step *b)
{
    return a->is_index == b->is_index &&
           (a->is_index ? a->index == b->index : leat_slice_equal(a->name, b->name));
}

bool leat_path_equal(const leat_path *a, const leat_path *b)
{
    if (a->root != b->root || a->n_steps != b->n_steps)
        return false;
    if (a->root == LEAT_ROOT_META)
        return a->meta == b->meta;
    if (a->root == LEAT_ROOT_HEADERS)
        return !strcmp(a->name, b->name);
    for (uint32_t i = 0; i < a->n_steps; i++)
        if (!step_equal(&a->steps[i], &b->steps[i]))
            return false;
    return true;
}
