#include "worker/config/key_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static leat_arena arena;
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

/* The parts as text: literals as they are, paths in angles. */
static const char *parts_of(const char *text)
{
    static char shown[256];
    leat_key_template template;
    if (leat_key_template_parse(&template, &arena, text, &error))
        return error.msg;
    shown[0] = 0;
    for (uint32_t i = 0; i < template.n_parts; i++) {
        const leat_template_part *part = &template.parts[i];
        size_t used = strlen(shown);
        if (part->literal.data)
            snprintf(shown + used, sizeof shown - used, "%.*s|", (int)part->literal.size,
                     (const char *)part->literal.data);
        else
            snprintf(shown + used, sizeof shown - used, "<%s>|", part->path.text);
    }
    return shown;
}

static void test_key_template__parts(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"user:{event.user_id}", "user:|<event.user_id>|"},
        {"{event.a}{key}", "<event.a>|<key>|"},
        {"{event.a[0].b}:x", "<event.a[0].b>|:x|"},
        {"{headers.tenant}/{meta.topic}", "<headers.tenant>|/|<meta.topic>|"},
        {"global", "global|"},
        {"{{a}}", "{a}|"},
        {"{{{event.a}}}", "{|<event.a>|}|"},
        {"}}{event.a}{{", "}|<event.a>|{|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(parts_of(cases[i][0]), cases[i][1]);
}

static void test_key_template__stray_braces(void **state)
{
    (void)state;
    assert_string_equal(parts_of("a}b"), "a '}' without its '{'; write }} for a brace");
    assert_string_equal(parts_of("a{b"), "a '{' without its '}'; write {{ for a brace");
    assert_string_equal(parts_of("{"), "a '{' without its '}'; write {{ for a brace");
}

static void test_key_template__bad_paths(void **state)
{
    (void)state;
    leat_key_template template;
    static const char *const texts[] = {"{}", "{event}", "{event.}", "{user.id}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(leat_key_template_parse(&template, &arena, texts[i], &error),
                         LEAT_E_CONFIG);
}

static void test_key_template__at_most_sixteen_parts(void **state)
{
    (void)state;
    char text[128] = "";
    for (int i = 0; i < LEAT_MAX_KEY_PARTS; i++)
        strcat(text, "{key}");
    leat_key_template template;
    assert_int_equal(leat_key_template_parse(&template, &arena, text, &error), LEAT_OK);
    strcat(text, ":");
    assert_int_equal(leat_key_template_parse(&template, &arena, text, &error),
                     LEAT_E_CONFIG);
}

static void test_key_template__forgotten_braces_are_noticed(void **state)
{
    (void)state;
    assert_string_equal(parts_of("user:event.id"),
                        "a path of the event stands in braces: {event.NAME}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_key_template__parts),
        TEST(test_key_template__stray_braces),
        TEST(test_key_template__bad_paths),
        TEST(test_key_template__at_most_sixteen_parts),
        TEST(test_key_template__forgotten_braces_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
