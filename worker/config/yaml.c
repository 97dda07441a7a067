#include "worker/config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* The tree is built from libyaml's events rather than with its document loader: the
 * loader resolves aliases, which is how a few lines become billions of nodes, and forgets
 * where they stood. */
typedef struct yaml_reader {
    yaml_parser_t parser;
    leat_arena *arena;
    const char *file;
    const char *text;
    leat_error *error;
    uint32_t depth;
} yaml_reader;

leat_status leat_place_refuse(leat_error *error, leat_status code, const char *file,
                              leat_place place, const char *format, ...)
{
    char msg[sizeof error->msg];
    va_list args;
    va_start(args, format);
    vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    return leat_error_set(error, code, "%s:%u:%u: %s", file, place.line, place.column,
                          msg);
}

static leat_status no_memory(yaml_reader *reader)
{
    return leat_error_set(reader->error, LEAT_E_MEMORY, "%s: out of memory",
                          reader->file);
}

static leat_place place_of(yaml_mark_t mark)
{
    return (leat_place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml gives bytes that are no text by their offset alone. */
static leat_place place_at(const char *text, size_t offset)
{
    leat_place place = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        place.column++;
        if (text[i] == '\n')
            place = (leat_place){place.line + 1, 1};
    }
    return place;
}

/* libyaml's words for what people trip over most, in ours. */
static const char *plain_words(const char *problem)
{
    static const char *const words[][2] = {
        {"found character that cannot start any token",
         "a value cannot begin with this character: quote it, and indent with spaces, "
         "not with tabs"},
        {"mapping values are not allowed in this context",
         "a ':' is not allowed here: check the indentation, and quote a value that holds "
         "': '"},
        {"did not find expected ',' or '}'",
         "expected ',' or '}': quote a value that holds [ or {"},
        {"did not find expected key", "expected a key here: check the indentation"},
        {"could not find expected ':'", "expected 'key: value'; there is no ':'"},
        {"found unexpected end of stream", "the file ends before the closing quote"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(problem, words[i][0]))
            return words[i][1];
    static const char lead[] = "did not find ";
    bool leads = !strncmp(problem, lead, sizeof lead - 1);
    return leads ? problem + sizeof lead - 1 : problem;
}

static leat_status refuse_syntax(yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(reader);
    leat_place place = parser->error == YAML_READER_ERROR
                           ? place_at(reader->text, parser->problem_offset)
                           : place_of(parser->problem_mark);
    char began[48] = "";
    if (parser->context && parser->context_mark.line + 1 < place.line)
        snprintf(began, sizeof began, " (in what begins on line %zu)",
                 parser->context_mark.line + 1);
    return leat_place_refuse(reader->error, LEAT_E_CONFIG, reader->file, place,
                             "not valid YAML: %s%s",
                             plain_words(parser->problem ? parser->problem : "?"), began);
}

static leat_status next_event(yaml_reader *reader, yaml_event_t *event)
{
    if (!yaml_parser_parse(&reader->parser, event))
        return refuse_syntax(reader);
    return LEAT_OK;
}

static leat_status refuse(yaml_reader *reader, const yaml_event_t *event, const char *why)
{
    return leat_place_refuse(reader->error, LEAT_E_CONFIG, reader->file,
                             place_of(event->start_mark), "%s", why);
}

/* The anchor and tag of an event that begins a node. */
static leat_status check_plainness(yaml_reader *reader, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT)
        return refuse(reader, event,
                      "anchors (&) and aliases (*) are not allowed: repeat the value, or "
                      "quote a text that begins so");
    if (tag)
        return refuse(reader, event,
                      "tags (!) are not allowed: quote a text that begins so");
    return LEAT_OK;
}

static leat_status copy_scalar(yaml_reader *reader, const yaml_event_t *event,
                               const char **text)
{
    size_t size = event->data.scalar.length;
    const char *value = (const char *)event->data.scalar.value;
    if (memchr(value, 0, size))
        return refuse(reader, event, "a text holds a NUL character");
    *text = leat_arena_strndup(reader->arena, value, size);
    return *text ? LEAT_OK : no_memory(reader);
}

/* Room doubles, so the arena holds at most as much again in outgrown copies. */
static leat_yaml_entry *append(yaml_reader *reader, leat_yaml *node)
{
    uint32_t n = node->n;
    if (!(n & (n - 1))) {
        uint32_t room = n ? 2 * n : 1;
        leat_yaml_entry *grown =
            leat_arena_calloc(reader->arena, room, sizeof *node->entries);
        if (!grown)
            return NULL;
        if (n)
            memcpy(grown, node->entries, n * sizeof *grown);
        node->entries = grown;
    }
    return &node->entries[node->n++];
}

static int by_key(const void *a, const void *b)
{
    const leat_yaml_entry *left = *(const leat_yaml_entry *const *)a;
    const leat_yaml_entry *right = *(const leat_yaml_entry *const *)b;
    int order = strcmp(left->key, right->key);
    return order ? order : (left > right) - (left < right);
}

/* Sorted, so that a map of a hundred thousand keys is no trap either. */
static leat_status check_doubles(yaml_reader *reader, const leat_yaml *map)
{
    if (map->n < 2)
        return LEAT_OK;
    const leat_yaml_entry **sorted =
        leat_arena_calloc(reader->arena, map->n, sizeof *sorted);
    if (!sorted)
        return no_memory(reader);
    for (uint32_t i = 0; i < map->n; i++)
        sorted[i] = &map->entries[i];
    qsort(sorted, map->n, sizeof *sorted, by_key);
    for (uint32_t i = 1; i < map->n; i++)
        if (!strcmp(sorted[i - 1]->key, sorted[i]->key))
            return leat_place_refuse(reader->error, LEAT_E_CONFIG, reader->file,
                                     sorted[i]->place,
                                     "'%s' stands twice, first on line %u",
                                     sorted[i]->key, sorted[i - 1]->place.line);
    return LEAT_OK;
}

static leat_status read_node(yaml_reader *reader, const yaml_event_t *event,
                             leat_yaml *node);

/* The key whose event was read, and its value. */
static leat_status read_pair(yaml_reader *reader, const yaml_event_t *key, leat_yaml *map)
{
    leat_status status = check_plainness(reader, key);
    if (status)
        return status;
    if (key->type != YAML_SCALAR_EVENT)
        return refuse(reader, key, "a key must be text");
    leat_yaml_entry *entry = append(reader, map);
    if (!entry)
        return no_memory(reader);
    entry->place = place_of(key->start_mark);
    status = copy_scalar(reader, key, &entry->key);
    yaml_event_t event;
    if (!status)
        status = next_event(reader, &event);
    if (status)
        return status;
    status = read_node(reader, &event, &entry->value);
    yaml_event_delete(&event);
    return status;
}

static leat_status read_item(yaml_reader *reader, const yaml_event_t *event,
                             leat_yaml *list)
{
    leat_yaml_entry *entry = append(reader, list);
    if (!entry)
        return no_memory(reader);
    entry->place = place_of(event->start_mark);
    return read_node(reader, event, &entry->value);
}

/* Everything up to the event that closes the list or map. */
static leat_status read_entries(yaml_reader *reader, leat_yaml *node)
{
    bool is_map = node->type == LEAT_YAML_MAP;
    for (;;) {
        yaml_event_t event;
        leat_status status = next_event(reader, &event);
        if (status)
            return status;
        bool end =
            event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        if (!end)
            status = is_map ? read_pair(reader, &event, node)
                            : read_item(reader, &event, node);
        yaml_event_delete(&event);
        if (status)
            return status;
        if (end)
            return is_map ? check_doubles(reader, node) : LEAT_OK;
    }
}

static leat_status read_node(yaml_reader *reader, const yaml_event_t *event,
                             leat_yaml *node)
{
    leat_status status = check_plainness(reader, event);
    if (status)
        return status;
    node->place = place_of(event->start_mark);
    if (event->type == YAML_SCALAR_EVENT) {
        node->type = LEAT_YAML_SCALAR;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return copy_scalar(reader, event, &node->text);
    }
    node->type = event->type == YAML_MAPPING_START_EVENT ? LEAT_YAML_MAP : LEAT_YAML_LIST;
    if (reader->depth == LEAT_YAML_MAX_DEPTH)
        return refuse(reader, event, "nests too deep");
    reader->depth++;
    status = read_entries(reader, node);
    reader->depth--;
    return status;
}

/* Takes the stream apart: its one document's root goes to `root`. */
static leat_status read_stream(yaml_reader *reader, leat_yaml *root)
{
    bool have_root = false;
    for (bool end = false; !end;) {
        yaml_event_t event;
        leat_status status = next_event(reader, &event);
        if (status)
            return status;
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && have_root)
            status = refuse(reader, &event,
                            "a second document begins here: one file "
                            "holds one configuration");
        bool frame = end || event.type == YAML_STREAM_START_EVENT ||
                     event.type == YAML_DOCUMENT_START_EVENT ||
                     event.type == YAML_DOCUMENT_END_EVENT;
        if (!status && !frame) {
            status = read_node(reader, &event, root);
            have_root = true;
        }
        yaml_event_delete(&event);
        if (status)
            return status;
    }
    return LEAT_OK;
}

leat_status leat_yaml_parse(leat_yaml *root, leat_arena *arena, const char *file,
                            const char *text, size_t size, leat_error *error)
{
    *root = (leat_yaml){.type = LEAT_YAML_MAP, .place = {1, 1}};
    yaml_reader reader = {.arena = arena, .file = file, .text = text, .error = error};
    if (!yaml_parser_initialize(&reader.parser))
        return no_memory(&reader);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    leat_status status = read_stream(&reader, root);
    yaml_parser_delete(&reader.parser);
    if (!status && leat_yaml_is_null(root))
        *root = (leat_yaml){.type = LEAT_YAML_MAP, .place = root->place};
    return status;
}

leat_yaml_entry *leat_yaml_find(const leat_yaml *map, const char *key)
{
    if (map->type == LEAT_YAML_MAP)
        for (uint32_t i = 0; i < map->n; i++)
            if (!strcmp(map->entries[i].key, key))
                return &map->entries[i];
    return NULL;
}

bool leat_yaml_is_null(const leat_yaml *node)
{
    if (node->type != LEAT_YAML_SCALAR || node->quoted)
        return false;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (!strcmp(node->text, nulls[i]))
            return true;
    return false;
}

const char *leat_yaml_describe(const leat_yaml *node, char buffer[64])
{
    if (node->type != LEAT_YAML_SCALAR)
        return node->type == LEAT_YAML_LIST ? "a list" : "a map";
    if (leat_yaml_is_null(node))
        return "nothing";
    const char *text = node->hidden ? node->hidden : node->text;
    int written =
        snprintf(buffer, 64, node->hidden ? "what %.40s%s stands for" : "'%.40s%s'", text,
                 strlen(text) > 40 ? "..." : "");
    for (int i = 0; i < written; i++)
        if ((unsigned char)buffer[i] < ' ' || buffer[i] == 0x7f)
            buffer[i] = '?';
    return buffer;
}
