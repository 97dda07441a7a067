/* Every truncation and every flipped bit of small ONNX models, as test_model_corruption.c
 * does it with forests. */
#include "any_rows.h"
#include "model_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static unsigned loaded, refused;
static unsigned step = 1; /* from one flipped bit to the next */

/* From an allocation of exactly its size. */
static void feed(const uint8_t *bytes, size_t size)
{
    leat_model *model;
    leat_error error = {.msg = ""};
    uint8_t *copy = malloc(size + !size);
    memcpy(copy, bytes, size);
    leat_status status = leat_model_parse(&model, copy, size, NULL, &error);
    free(copy);
    if (status) {
        assert_true(error.code < 0 && error.msg[0]);
        refused++;
        return;
    }
    assert_int_equal(any_run(model, LEAT_SCORE_PREDICT), LEAT_OK);
    leat_model_free(model);
    loaded++;
}

static void corrupt(const char *path)
{
    size_t size;
    uint8_t *bytes = (uint8_t *)read_file(path, &size);
    loaded = refused = 0;
    feed(bytes, size);
    assert_int_equal(loaded, 1);
    for (size_t end = 0; end < size; end++)
        feed(bytes, end);
    for (size_t bit = 0; bit < size * 8; bit += step) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        feed(bytes, size);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(loaded + refused, 1 + size + (size * 8 + step - 1) / step);
    assert_true(refused > size / 2 && loaded > 1);
    free(bytes);
}

static void test_onnx_corruption__layers(void **state)
{
    (void)state;
    corrupt(GOLDEN "onnx/tower.onnx");
}

static void test_onnx_corruption__a_sequence(void **state)
{
    (void)state;
    corrupt(GOLDEN "onnx/sequence.onnx");
}

static void test_onnx_corruption__trees(void **state)
{
    (void)state;
    corrupt(GOLDEN "onnx/trees.onnx");
}

static void test_onnx_corruption__patterns(void **state)
{
    (void)state;
    corrupt(GOLDEN "onnx/patterns.onnx");
}

static void test_onnx_corruption__fields_of_every_type(void **state)
{
    (void)state;
    corrupt(GOLDEN "onnx/fields.onnx");
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--sample"))
        step = 9;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_corruption__layers),
        cmocka_unit_test(test_onnx_corruption__a_sequence),
        cmocka_unit_test(test_onnx_corruption__trees),
        cmocka_unit_test(test_onnx_corruption__patterns),
        cmocka_unit_test(test_onnx_corruption__fields_of_every_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
