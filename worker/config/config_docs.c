#include "worker/config/config_docs.h"

#include "worker/config/config_table.h"

/* What may stand there: "a whole number, from 1 to 9", "`a`, `b`", "a list of text". */
static void print_type(FILE *out, const leat_key *key)
{
    if (key->type == LEAT_KEY_CHOICE) {
        for (const leat_choice *choice = key->choices; choice->word; choice++)
            fprintf(out, "%s`%s`%s", choice == key->choices ? "" : ", ", choice->word,
                    choice->later ? " (not supported yet)" : "");
        return;
    }
    if (key->or_one) {
        print_type(out, key->element);
        fputs(" or a list of it", out);
        return;
    }
    if (key->word)
        fprintf(out, "`%s` or ", key->word);
    fputs(leat_key_type_text(key->type), out);
    if (key->max)
        fprintf(out, ", from %s to %s", key->min, key->max);
    if (!key->element || key->element->type == LEAT_KEY_SECTION)
        return;
    fprintf(out, "%s", key->type == LEAT_KEY_LIST ? ", each item " : " of names, each ");
    print_type(out, key->element);
}

static void print_default(FILE *out, const leat_key *key)
{
    if (key->required)
        fputs("required", out);
    else if (key->default_text)
        fputs(key->default_text, out);
    else if (key->fallback)
        fprintf(out, "`%s`", *key->fallback ? key->fallback : "\"\"");
    else
        fputs("none", out);
}

static void print_key(FILE *out, const char *section, const leat_key *key)
{
    fprintf(out, "| `%s%s` | ", section, key->name);
    if (key->type == LEAT_KEY_LATER) {
        fprintf(out, "not supported yet | | %s |\n", key->help);
        return;
    }
    print_type(out, key);
    fputs(" | ", out);
    print_default(out, key);
    fprintf(out, " | %s |\n", key->help);
}

/* The keys within a key: its own, or those of each element. */
static const leat_key *keys_within(const leat_key *key)
{
    return key->element ? key->element->keys : key->keys;
}

/* A map within a section: the keys of its elements stand below it. */
static void print_within(FILE *out, const char *section, const leat_key *key)
{
    char within[96];
    snprintf(within, sizeof within, "%s%s.%s", section, key->name,
             key->element ? "NAME." : "");
    for (const leat_key *inner = keys_within(key); inner->name; inner++)
        print_key(out, within, inner);
}

static void print_table(FILE *out, const char *section, const leat_key *keys)
{
    fputs("\n| key | value | default | meaning |\n|---|---|---|---|\n", out);
    for (const leat_key *key = keys; key->name; key++)
        if (*section || !keys_within(key)) {
            print_key(out, section, key);
            if (keys_within(key))
                print_within(out, section, key);
        }
}

void leat_config_print_keys(FILE *out)
{
    const leat_key *keys = leat_config_table.keys;
    fputs("\n### At the top\n", out);
    print_table(out, "", keys);
    for (const leat_key *key = keys; key->name; key++) {
        if (!keys_within(key))
            continue;
        char section[64];
        snprintf(section, sizeof section, "%s.%s", key->name,
                 key->element ? "NAME." : "");
        fprintf(out, "\n### %s\n\n%s\n", key->name, key->help);
        print_table(out, section, keys_within(key));
    }
}
