/* A configuration is read in three steps: the YAML text becomes a tree, the references in
 * it are replaced, and the tree is walked along the table, which fills the struct. What
 * is wrong is refused where it stands, and the first mistake ends the load. */
#include "worker/config/config.h"

#include "worker/config/config_check.h"
#include "worker/config/config_substitute.h"
#include "worker/config/config_value.h"
#include "worker/config/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_FILE = 1024 * 1024,
    MAX_ENTRIES = 10000, /* of one map or list */
};

static leat_status read_value(leat_config_context *context, const leat_key *key,
                              leat_yaml *node, char *base);

static leat_status no_memory(leat_config_context *context)
{
    return leat_error_set(context->error, LEAT_E_MEMORY, "%s: out of memory",
                          context->config->file);
}

/* Every scalar that is a value; keys are left as they are. */
static leat_status substitute(leat_config_context *context, leat_yaml *node)
{
    leat_config *config = context->config;
    for (uint32_t i = 0; i < node->n; i++) {
        leat_yaml_entry *entry = &node->entries[i];
        bool named = entry->key && context->depth < LEAT_CONFIG_MAX_TRAIL;
        if (named)
            context->trail[context->depth++] = entry->key;
        leat_status status = substitute(context, &entry->value);
        context->depth -= named;
        if (status)
            return status;
    }
    if (node->type != LEAT_YAML_SCALAR)
        return LEAT_OK;
    const char *text = node->text;
    leat_error why;
    leat_status status =
        leat_config_substitute(&node->text, &config->arena, text, config->file, &why);
    if (status)
        return leat_config_refuse(context, status, node->place, "%s", why.msg);
    if (node->text != text)
        node->hidden = text;
    return LEAT_OK;
}

static leat_status refuse_unknown(leat_config_context *context, const leat_key *section,
                                  const leat_yaml_entry *entry)
{
    char allowed[160] = "";
    leat_nearest nearest = leat_nearest_to(entry->key);
    for (const leat_key *key = section->keys; key->name; key++) {
        if (key->type == LEAT_KEY_LATER)
            continue;
        leat_nearest_offer(&nearest, key->name);
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%s", used ? ", " : "",
                 key->name);
    }
    if (nearest.best)
        return leat_config_refuse(context, LEAT_E_CONFIG, entry->place,
                                  "unknown key '%.60s'; did you mean '%s'?", entry->key,
                                  nearest.best);
    return leat_config_refuse(context, LEAT_E_CONFIG, entry->place,
                              "unknown key '%.60s'; allowed here: %s", entry->key,
                              allowed);
}

static leat_status check_known(leat_config_context *context, const leat_key *section,
                               const leat_yaml *node)
{
    for (uint32_t i = 0; i < node->n; i++) {
        const leat_key *key = section->keys;
        while (key->name && strcmp(key->name, node->entries[i].key))
            key++;
        if (!key->name)
            return refuse_unknown(context, section, &node->entries[i]);
    }
    return LEAT_OK;
}

/* A key that is absent, or null: its default. */
static leat_status read_absent(leat_config_context *context, const leat_key *key,
                               leat_place place, char *base)
{
    if (key->required)
        return leat_config_refuse(context, LEAT_E_CONFIG, place, "is required: %s%s%s",
                                  leat_key_type_text(key->type),
                                  !key->element                ? ""
                                  : key->type == LEAT_KEY_LIST ? ", each item "
                                                               : " of names, each ",
                                  key->element ? leat_key_type_text(key->element->type)
                                               : "");
    leat_yaml none = {.type = LEAT_YAML_MAP, .place = place};
    if (key->type == LEAT_KEY_SECTION)
        return read_value(context, key, &none, base);
    if (!key->fallback)
        return LEAT_OK;
    leat_yaml fallback = {.place = place, .quoted = true, .text = key->fallback};
    return leat_config_read_scalar(context, key, &fallback, base + key->offset);
}

static leat_status read_key(leat_config_context *context, const leat_key *key,
                            const leat_yaml *section, char *base)
{
    leat_yaml_entry *entry = leat_yaml_find(section, key->name);
    if (!entry || leat_yaml_is_null(&entry->value))
        return read_absent(context, key, entry ? entry->place : section->place, base);
    if (key->type == LEAT_KEY_LATER)
        return leat_config_refuse(context, LEAT_E_UNSUPPORTED, entry->place,
                                  "not supported yet");
    if (key->present)
        *(bool *)(base + key->present) = true;
    return read_value(context, key, &entry->value, base);
}

static leat_status read_section(leat_config_context *context, const leat_key *section,
                                const leat_yaml *node, char *base)
{
    leat_status status = check_known(context, section, node);
    for (const leat_key *key = section->keys; key->name && !status; key++) {
        context->trail[context->depth++] = key->name;
        status = read_key(context, key, node, base);
        context->depth--;
    }
    return status;
}

/* One array element a name: the name, its place, and what the element's row reads. */
static leat_status read_map(leat_config_context *context, const leat_key *key,
                            const leat_yaml *node, char *base)
{
    char *array = leat_arena_calloc(&context->config->arena, node->n, key->size);
    if (!array)
        return no_memory(context);
    uint32_t *count = (uint32_t *)(base + key->offset);
    memcpy(base + key->at, &array, sizeof array); /* whatever it points to */
    for (uint32_t i = 0; i < node->n; i++) {
        leat_yaml_entry *entry = &node->entries[i];
        if (leat_yaml_is_null(&entry->value))
            continue;
        char *element = array + key->size * (*count)++;
        *(const char **)element = entry->key;
        *(leat_place *)(element + key->place) = entry->place;
        if (!*entry->key)
            return leat_config_refuse(context, LEAT_E_CONFIG, entry->place,
                                      "a name is empty");
        context->trail[context->depth++] = entry->key;
        leat_status status = read_value(context, key->element, &entry->value, element);
        context->depth--;
        if (status)
            return status;
    }
    return LEAT_OK;
}

static leat_status check_item(leat_config_context *context, const leat_strings *strings,
                              const leat_yaml *item)
{
    const char *text = strings->at[strings->n];
    char found[64];
    for (uint32_t i = 0; i < strings->n; i++)
        if (!strcmp(strings->at[i], text))
            return leat_config_refuse(context, LEAT_E_CONFIG, item->place,
                                      "%s stands twice", leat_yaml_describe(item, found));
    return LEAT_OK;
}

static leat_status read_list(leat_config_context *context, const leat_key *key,
                             const leat_yaml *node, char *base)
{
    leat_strings *strings = (leat_strings *)(base + key->offset);
    strings->at = leat_arena_calloc(&context->config->arena, node->n, sizeof(char *));
    if (!strings->at)
        return no_memory(context);
    for (; strings->n < node->n; strings->n++) {
        const leat_yaml *item = &node->entries[strings->n].value;
        leat_status status = leat_yaml_is_null(item)
                                 ? leat_config_mismatch(context, key->element, item)
                                 : leat_config_read_scalar(context, key->element, item,
                                                           &strings->at[strings->n]);
        if (!status)
            status = check_item(context, strings, item);
        if (status)
            return status;
    }
    if (key->required && !strings->n)
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place,
                                  "the list is empty");
    return LEAT_OK;
}

/* A single item as the list that it is. */
static leat_status read_one(leat_config_context *context, const leat_key *key,
                            const leat_yaml *node, char *base)
{
    leat_yaml_entry item = {.place = node->place, .value = *node};
    leat_yaml list = {
        .type = LEAT_YAML_LIST, .place = node->place, .n = 1, .entries = &item};
    return read_list(context, key, &list, base);
}

/* The row's offsets are from `base`: the configuration, or an element of a map. */
static leat_status read_value(leat_config_context *context, const leat_key *key,
                              leat_yaml *node, char *base)
{
    bool is_map = key->type == LEAT_KEY_SECTION || key->type == LEAT_KEY_MAP;
    bool is_list = key->type == LEAT_KEY_LIST;
    char found[64];
    if (!is_map && !is_list)
        return leat_config_read_scalar(context, key, node, base + key->offset);
    if (is_list && node->type == LEAT_YAML_SCALAR && key->or_one)
        return read_one(context, key, node, base);
    if (is_list && node->type == LEAT_YAML_SCALAR)
        return leat_config_refuse(
            context, LEAT_E_CONFIG, node->place,
            "expected a list, found %s; write it in brackets: [...]",
            leat_yaml_describe(node, found));
    if (node->type != (is_map ? LEAT_YAML_MAP : LEAT_YAML_LIST))
        return leat_config_mismatch(context, key, node);
    if (node->n > MAX_ENTRIES)
        return leat_config_refuse(context, LEAT_E_CONFIG, node->place,
                                  "has %u entries; at most %d are allowed", node->n,
                                  MAX_ENTRIES);
    if (is_list)
        return read_list(context, key, node, base);
    return key->type == LEAT_KEY_MAP ? read_map(context, key, node, base)
                                     : read_section(context, key, node, base);
}

static leat_status fill(leat_config *config, const char *text, size_t size,
                        leat_error *error)
{
    leat_config_context context = {.config = config, .error = error};
    leat_status status =
        leat_yaml_parse(&config->root, &config->arena, config->file, text, size, error);
    if (!status)
        status = substitute(&context, &config->root);
    if (status)
        return status;
    context.probe = rd_kafka_conf_new();
    status = read_value(&context, &leat_config_table, &config->root, (char *)config);
    rd_kafka_conf_destroy(context.probe);
    return status ? status : leat_config_check(&context);
}

leat_status leat_config_parse(leat_config **config, const char *file, const char *text,
                              size_t size, leat_error *error)
{
    *config = NULL;
    leat_config *made = calloc(1, sizeof *made);
    if (!made)
        return leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", file);
    leat_arena_init(&made->arena, 16 * 1024);
    made->file = leat_arena_strndup(&made->arena, file, strlen(file));
    leat_status status = made->file
                             ? fill(made, text, size, error)
                             : leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    if (!status)
        *config = made;
    else
        leat_config_free(made);
    return status;
}

/* All of the file, which may be a pipe, so its size is not asked for. */
static leat_status read_file(const char *path, char *text, size_t *size,
                             leat_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return leat_error_set(error, LEAT_E_NO_INPUT, "%s: cannot open: %s", path,
                              strerror(errno));
    ssize_t got = 0;
    for (*size = 0; *size <= MAX_FILE; *size += (size_t)got) {
        got = read(file, text + *size, MAX_FILE + 1 - *size);
        if (got < 0 && errno == EINTR)
            got = 0;
        else if (got <= 0)
            break;
    }
    int why = errno;
    close(file);
    if (got < 0)
        return leat_error_set(error, LEAT_E_NO_INPUT, "%s: cannot read: %s", path,
                              strerror(why));
    if (*size > MAX_FILE)
        return leat_error_set(error, LEAT_E_CONFIG, "%s: larger than 1 MiB", path);
    return LEAT_OK;
}

leat_status leat_config_load(leat_config **config, const char *path, leat_error *error)
{
    *config = NULL;
    if (!path)
        path = getenv("LEAT_CONFIG");
    if (!path || !*path)
        return leat_error_set(error, LEAT_E_USAGE,
                              "no configuration: give -c FILE, or set LEAT_CONFIG");
    char *text = malloc(MAX_FILE + 1);
    if (!text)
        return leat_error_set(error, LEAT_E_MEMORY, "%s: out of memory", path);
    size_t size = 0;
    leat_status status = read_file(path, text, &size, error);
    if (!status)
        status = leat_config_parse(config, path, text, size, error);
    free(text);
    return status;
}

void leat_config_free(leat_config *config)
{
    if (!config)
        return;
    leat_arena_fini(&config->arena);
    free(config);
}

leat_place leat_config_place(const leat_config *config, const char *key)
{
    const leat_yaml *node = &config->root;
    leat_place place = node->place;
    while (*key) {
        char name[64];
        size_t size = strcspn(key, ".");
        snprintf(name, sizeof name, "%.*s", (int)size, key);
        const leat_yaml_entry *entry = leat_yaml_find(node, name);
        if (!entry)
            break;
        node = &entry->value;
        place = node->place;
        key += size + (key[size] == '.');
    }
    return place;
}
