#include "runtime/text_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static leat_arena arena;
static leat_error error;

static int begin(void **state)
{
    (void)state;
    leat_arena_init(&arena, 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

static leat_text_block read_block(const char *text)
{
    leat_text_block block;
    leat_text rest = {text, strlen(text)};
    if (leat_text_block_read(&block, &rest, &error))
        fail_msg("%s", error.msg);
    return block;
}

static void test_text_block__ends_at_an_empty_line(void **state)
{
    (void)state;
    const char *text = "\n\na=1\nb=2\n\n\nc=3";
    leat_text rest = {text, strlen(text)};
    leat_text_block block;
    assert_int_equal(leat_text_block_read(&block, &rest, &error), LEAT_OK);
    assert_int_equal(block.n, 2);
    assert_int_equal(leat_text_block_read(&block, &rest, &error), LEAT_OK);
    assert_int_equal(block.n, 1);
    assert_true(leat_text_is(*leat_text_find(&block, "c"), "3"));
    assert_int_equal(leat_text_block_read(&block, &rest, &error), LEAT_OK);
    assert_int_equal(block.n, 0);
}

static void test_text_block__finds_by_name(void **state)
{
    (void)state;
    leat_text_block block = read_block("a=1\r\naverage_output\r\nb==2=\r\n\r\nc=3\r\n");
    assert_int_equal(block.n, 3);
    assert_true(leat_text_is(*leat_text_find(&block, "a"), "1"));
    assert_true(leat_text_is(*leat_text_find(&block, "average_output"), ""));
    assert_true(leat_text_is(*leat_text_find(&block, "b"), "=2="));
    assert_null(leat_text_find(&block, "c"));
    assert_null(leat_text_find(&block, "average"));
}

static void test_text_block__refuses_a_name_that_stands_twice(void **state)
{
    (void)state;
    const char *text = "a=1\nb=2\na=3\n";
    leat_text rest = {text, strlen(text)};
    leat_text_block block;
    assert_int_equal(leat_text_block_read(&block, &rest, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg, "a stands twice in one block");
}

static void test_text_block__holds_so_many_lines(void **state)
{
    (void)state;
    char text[LEAT_TEXT_MAX_LINES * 8 + 16] = "";
    for (int i = 0; i < LEAT_TEXT_MAX_LINES; i++)
        sprintf(text + strlen(text), "k%d=v\n", i);
    assert_int_equal(read_block(text).n, LEAT_TEXT_MAX_LINES);
    strcat(text, "last=v\n");
    leat_text rest = {text, strlen(text)};
    leat_text_block block;
    assert_int_equal(leat_text_block_read(&block, &rest, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg, "last: more than 40 lines in one block");
}

static void test_text_block__counts(void **state)
{
    (void)state;
    leat_text_block block =
        read_block("a=4294967295\nb=-1\nc=\nd=1.5\ne=99999999999999\n");
    uint32_t count;
    assert_int_equal(leat_text_get_count(&block, "a", 0, &count, &error), LEAT_OK);
    assert_int_equal(count, UINT32_MAX);
    assert_int_equal(leat_text_get_count(&block, "none", 7, &count, &error), LEAT_OK);
    assert_int_equal(count, 7);
    for (const char *name = "b\0c\0d\0e\0"; *name; name += 2)
        assert_int_equal(leat_text_get_count(&block, name, 0, &count, &error),
                         LEAT_E_MODEL);
    assert_string_equal(error.msg, "e: found \"99999999999999\", expected a count");
}

static void test_text_block__lists_of_integers(void **state)
{
    (void)state;
    leat_text_block block =
        read_block("a=1 -2  2147483647 -2147483648 \n"
                   "words=0 4294967295\nbad=1 2x\nlarge=2147483648\n");
    int32_t *ints;
    uint32_t *words;
    assert_int_equal(leat_text_get_ints(&block, "a", 4, &arena, &ints, &error), LEAT_OK);
    assert_memory_equal(ints, ((int32_t[]){1, -2, INT32_MAX, INT32_MIN}), 16);
    assert_int_equal(leat_text_get_words(&block, "words", 2, &arena, &words, &error),
                     LEAT_OK);
    assert_memory_equal(words, ((uint32_t[]){0, UINT32_MAX}), 8);
    assert_int_equal(leat_text_get_ints(&block, "bad", 2, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_string_equal(error.msg, "bad[1]: found \"2x\", expected a number");
    assert_int_equal(leat_text_get_ints(&block, "large", 1, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_int_equal(leat_text_get_words(&block, "a", 4, &arena, &words, &error),
                     LEAT_E_MODEL);
}

static void test_text_block__numbers_are_exact(void **state)
{
    (void)state;
    leat_text_block block = read_block("a=0.1 -1.0000000180025095e-35 1e300 inf nan\n");
    double *numbers;
    assert_int_equal(leat_text_get_numbers(&block, "a", 5, &arena, &numbers, &error),
                     LEAT_OK);
    assert_true(numbers[0] == 0.1 && numbers[1] == (double)-1e-35f &&
                numbers[2] == 1e300 && isinf(numbers[3]) && isnan(numbers[4]));
}

static void test_text_block__lists_have_the_length_that_is_asked_for(void **state)
{
    (void)state;
    leat_text_block block = read_block("a=1 2 3\nnone=\n");
    int32_t *ints;
    assert_int_equal(leat_text_get_ints(&block, "a", 2, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_string_equal(error.msg, "a: found 3 numbers, expected 2");
    assert_int_equal(leat_text_get_ints(&block, "a", 4, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_int_equal(leat_text_get_ints(&block, "a", SIZE_MAX, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_int_equal(leat_text_get_ints(&block, "b", 1, &arena, &ints, &error),
                     LEAT_E_MODEL);
    assert_string_equal(error.msg, "b: found nothing, expected 1 numbers");
    assert_int_equal(leat_text_get_ints(&block, "none", 0, &arena, &ints, &error),
                     LEAT_OK);
    assert_int_equal(leat_text_get_ints(&block, "b", 0, &arena, &ints, &error), LEAT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_block__ends_at_an_empty_line),
        cmocka_unit_test(test_text_block__finds_by_name),
        cmocka_unit_test(test_text_block__refuses_a_name_that_stands_twice),
        cmocka_unit_test(test_text_block__holds_so_many_lines),
        cmocka_unit_test(test_text_block__counts),
        cmocka_unit_test(test_text_block__lists_of_integers),
        cmocka_unit_test(test_text_block__numbers_are_exact),
        cmocka_unit_test(test_text_block__lists_have_the_length_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
