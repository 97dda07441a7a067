/* Every truncation and every flipped bit of small models: refused, or loaded and then
 * able to score three rows. Under AddressSanitizer nothing may be read out of its bounds,
 * so each corrupted file stands in an allocation of exactly its size.
 * --sample flips every ninth bit. */
#include "any_rows.h"
#include "model_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static unsigned loaded, refused;
static unsigned step = 1; /* from one flipped bit to the next */

static void feed(const uint8_t *bytes, size_t size)
{
    leat_model *model;
    leat_error error = {.msg = ""};
    if (leat_model_parse(&model, bytes, size, NULL, &error)) {
        assert_true(error.code < 0 && error.msg[0]);
        refused++;
        return;
    }
    assert_int_equal(any_run(model, LEAT_SCORE_PREDICT), LEAT_OK);
    assert_int_equal(any_run(model, LEAT_SCORE_LEAVES), LEAT_OK);
    leat_model_free(model);
    loaded++;
}

static void feed_truncations(const uint8_t *bytes, size_t size)
{
    for (size_t end = 0; end < size; end++) {
        uint8_t *copy = malloc(end + !end);
        memcpy(copy, bytes, end);
        feed(copy, end);
        free(copy);
    }
}

static void feed_bit_flips(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    for (size_t bit = 0; bit < size * 8; bit += step) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        feed(copy, size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(copy);
}

/* `end` begins what a model can do without; NULL where that is nothing. */
static void corrupt(const char *path, const char *end)
{
    size_t size;
    uint8_t *bytes = (uint8_t *)read_file(path, &size);
    size_t needed = end ? (size_t)(strstr((char *)bytes, end) - (char *)bytes) : size;
    assert_true(size <= 16384 && needed <= size);
    loaded = refused = 0;
    feed(bytes, size);
    assert_int_equal(loaded, 1);
    feed_truncations(bytes, size);
    assert_int_equal(loaded, 1 + size - needed);
    feed_bit_flips(bytes, needed);
    assert_int_equal(loaded + refused, 1 + size + (needed * 8 + step - 1) / step);
    assert_true(refused > needed && loaded > 1);
    free(bytes);
}

static void test_model_corruption__json(void **state)
{
    (void)state;
    corrupt(GOLDEN "binary-1.7.4.json", NULL);
}

static void test_model_corruption__ubjson_with_pruned_nodes(void **state)
{
    (void)state;
    corrupt(GOLDEN "pruned-1.7.4.ubj", NULL);
}

static void test_model_corruption__ubjson_with_categories(void **state)
{
    (void)state;
    corrupt(GOLDEN "categories-3.2.0.ubj", NULL);
}

/* Behind the last tree stand importances and parameters. */
#define AFTER_TREES "\n\nfeature_importances:"

static void test_model_corruption__lightgbm_with_categories(void **state)
{
    (void)state;
    corrupt(GOLDEN "categories-4.7.0.lgb", AFTER_TREES);
}

static void test_model_corruption__lightgbm_with_linear_leaves(void **state)
{
    (void)state;
    corrupt(GOLDEN "linear-4.7.0.lgb", AFTER_TREES);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--sample"))
        step = 9;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_corruption__json),
        cmocka_unit_test(test_model_corruption__ubjson_with_pruned_nodes),
        cmocka_unit_test(test_model_corruption__ubjson_with_categories),
        cmocka_unit_test(test_model_corruption__lightgbm_with_categories),
        cmocka_unit_test(test_model_corruption__lightgbm_with_linear_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
