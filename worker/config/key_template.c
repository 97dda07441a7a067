#include "worker/config/key_template.h"

#include <string.h>

static leat_template_part *add_part(leat_key_template *template, leat_error *error)
{
    if (template->n_parts < LEAT_MAX_KEY_PARTS)
        return &template->parts[template->n_parts++];
    leat_error_set(error, LEAT_E_CONFIG, "a key has at most %d parts",
                   LEAT_MAX_KEY_PARTS);
    return NULL;
}

/* Text up to the next path, doubled braces made single. */
static leat_status parse_literal(leat_key_template *template, leat_arena *arena,
                                 const char **at, leat_error *error)
{
    leat_template_part *part = add_part(template, error);
    if (!part)
        return LEAT_E_CONFIG;
    char *literal = leat_arena_alloc(arena, strlen(*at));
    if (!literal)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    uint32_t size = 0;
    const char *text = *at;
    for (; *text; text++) {
        bool brace = *text == '{' || *text == '}';
        if (brace && text[1] != *text)
            break;
        text += brace;
        literal[size++] = *text;
    }
    *at = text;
    part->literal = (leat_slice){(const uint8_t *)literal, size};
    return LEAT_OK;
}

/* {path}, whose brace `*at` stands on. */
static leat_status parse_path(leat_key_template *template, leat_arena *arena,
                              const char **at, leat_error *error)
{
    const char *start = *at + 1;
    const char *end = strchr(start, '}');
    if (**at == '}' || !end)
        return leat_error_set(error, LEAT_E_CONFIG,
                              **at == '}'
                                  ? "a '}' without its '{'; write }} for a brace"
                                  : "a '{' without its '}'; write {{ for a brace");
    leat_template_part *part = add_part(template, error);
    if (!part)
        return LEAT_E_CONFIG;
    const char *text = leat_arena_strndup(arena, start, (size_t)(end - start));
    if (!text)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    *part = (leat_template_part){0};
    *at = end + 1;
    leat_status status = leat_path_parse(&part->path, arena, text, error);
    bool is_bare = status == LEAT_E_CONFIG && !strpbrk(text, ".[\"");
    if (is_bare || (!status && part->path.root == LEAT_ROOT_NAMED))
        status = leat_error_set(error, LEAT_E_CONFIG,
                                "'%.60s' names nothing of the event; write {event.NAME}, "
                                "{key}, {headers.NAME} or {meta.topic}",
                                text);
    return status;
}

leat_status leat_key_template_parse(leat_key_template *template, leat_arena *arena,
                                    const char *text, leat_error *error)
{
    template->n_parts = 0;
    leat_status status = LEAT_OK;
    for (const char *at = text; *at && !status;) {
        bool doubled = at[0] == at[1];
        status = (*at == '{' || *at == '}') && !doubled
                     ? parse_path(template, arena, &at, error)
                     : parse_literal(template, arena, &at, error);
    }
    if (!status && !strchr(text, '{') && strstr(text, "event."))
        status = leat_error_set(error, LEAT_E_CONFIG,
                                "a path of the event stands in braces: {event.NAME}");
    return status;
}
