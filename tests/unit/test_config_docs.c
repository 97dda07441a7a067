/* docs/configuration.md and the table of keys must say the same. After a change of the
 * table, `test_config_docs --write` brings the document up to date. */
#include "worker/config/config.h"
#include "worker/config/config_docs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "docs/configuration.md";
static const char mark[] = "from worker/config/config_table.c -->\n";
static const char end_mark[] = "<!-- end of keys -->\n";

static char *read_document(void)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s: run this from the project's root\n", path);
        exit(1);
    }
    char *text = calloc(1, 1 << 20);
    if (!text || fread(text, 1, (1 << 20) - 1, file) == 0)
        exit(1);
    fclose(file);
    return text;
}

/* The document with the keys as the table has them. */
static char *made_document(const char *document)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);
    const char *start = strstr(document, mark) + strlen(mark);
    fwrite(document, 1, (size_t)(start - document), out);
    leat_config_print_keys(out);
    fprintf(out, "\n%s", strstr(document, end_mark));
    fclose(out);
    return made;
}

static void test_config_docs__the_keys_are_up_to_date(void **state)
{
    (void)state;
    char *document = read_document();
    char *made = made_document(document);
    bool same = !strcmp(document, made);
    free(document);
    free(made);
    if (!same)
        fail_msg(
            "%s is behind worker/config/config_table.c: run test_config_docs --write",
            path);
}

static void test_config_docs__the_example_is_a_configuration(void **state)
{
    (void)state;
    char *document = read_document();
    static const char fence[] = "```yaml\n";
    const char *start = strstr(document, fence) + strlen(fence);
    leat_config *config;
    leat_error error;
    leat_status status = leat_config_parse(
        &config, path, start, (size_t)(strstr(start, "```") - start), &error);
    free(document);
    if (status)
        fail_msg("%s", error.msg);
    assert_int_equal(config->n_features, 2);
    leat_config_free(config);
}

static int write_document(void)
{
    char *document = read_document();
    char *made = made_document(document);
    FILE *file = fopen(path, "w");
    int failed = !file || fputs(made, file) < 0 || fclose(file);
    free(document);
    free(made);
    return failed;
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_docs__the_keys_are_up_to_date),
        cmocka_unit_test(test_config_docs__the_example_is_a_configuration),
    };
    if (argc > 1 && !strcmp(argv[1], "--write"))
        return write_document();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
