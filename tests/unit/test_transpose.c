#include "twin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { RANK = 6, ROUNDS = 60 };

/* ---- Transpose ---- */

static void shuffle(int64_t *perm, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = twin_dice(i + 1);
        perm[i] = perm[at];
        perm[at] = i;
    }
}

static void check_transpose(leat_dtype dtype, bool given)
{
    int64_t shape[RANK], perm[RANK];
    const uint32_t rank = twin_dice(RANK + 1);
    one_node node;
    twin_shape(shape, rank, 4);
    shuffle(perm, rank);
    one_node_start(&node, "", "Transpose", 13);
    twin_input(&node, dtype, rank, shape);
    if (given)
        one_node_ints(&node, "perm", perm, rank);
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t index[LEAT_ARRAY_RANK], source[LEAT_ARRAY_RANK];
        twin_index(out, i, index);
        for (uint32_t axis = 0; axis < rank; axis++)
            source[given ? perm[axis] : rank - 1 - axis] = index[axis];
        twin_same("Transpose", i, twin_get(out, i),
                  twin_get(&node.in[0], twin_element(&node.in[0], source)), 0);
    }
    one_node_stop(&node);
}

static void test_transpose__axes_are_put_into_any_order(void **state)
{
    (void)state;
    for (leat_dtype dtype = LEAT_F32; dtype <= LEAT_BOOL; dtype++)
        for (int round = 0; round < ROUNDS; round++)
            check_transpose(dtype, round % 4 != 0);
}

static void test_transpose__what_is_no_permutation_is_refused(void **state)
{
    (void)state;
    static const int64_t perms[][3] = {{0, 0, 1}, {0, 1, 3}, {-1, 0, 1}};
    for (size_t i = 0; i < 3; i++) {
        one_node node;
        one_node_start(&node, "", "Transpose", 13);
        one_node_input(&node, LEAT_F32, 3, (int64_t[]){1, 2, 3});
        one_node_ints(&node, "perm", perms[i], 3);
        twin_refused(&node, LEAT_E_MODEL, "no permutation of 3 axes");
        one_node_stop(&node);
    }
    one_node node;
    one_node_start(&node, "", "Transpose", 13);
    one_node_input(&node, LEAT_F32, 3, (int64_t[]){1, 2, 3});
    one_node_ints(&node, "perm", (int64_t[]){1, 0}, 2);
    twin_refused(&node, LEAT_E_MODEL, "no permutation of 3 axes");
    one_node_stop(&node);
}

/* ---- DepthToSpace and SpaceToDepth, b to a side ---- */

enum { N = 2, C = 3, H = 2, W = 4, B = 2 };

static void check_depth_to_space(const char *mode, bool depth_first)
{
    one_node node;
    one_node_start(&node, "", "DepthToSpace", 13);
    one_node_int(&node, "blocksize", B);
    one_node_text(&node, "mode", mode);
    const leat_array *in =
        twin_input(&node, LEAT_F32, 4, (int64_t[]){N, C * B * B, H, W});
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    twin_same_shape(out, 4, (int64_t[]){N, C, H * B, W * B});
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(out, i, at);
        const uint32_t block = at[2] % B * B + at[3] % B;
        const uint32_t depth = depth_first ? at[1] * B * B + block : block * C + at[1];
        const uint32_t source[] = {at[0], depth, at[2] / B, at[3] / B, 0, 0, 0, 0};
        twin_same("DepthToSpace", i, twin_get(out, i),
                  twin_get(in, twin_element(in, source)), 0);
    }
    one_node_stop(&node);
}

static void test_transpose__depth_becomes_space_in_either_order(void **state)
{
    (void)state;
    check_depth_to_space("DCR", false);
    check_depth_to_space("CRD", true);
}

static void test_transpose__space_becomes_depth(void **state)
{
    (void)state;
    one_node node;
    one_node_start(&node, "", "SpaceToDepth", 13);
    one_node_int(&node, "blocksize", B);
    const leat_array *in =
        twin_input(&node, LEAT_F32, 4, (int64_t[]){N, C, H * B, W * B});
    one_node_run(&node);
    const leat_array *out = &node.out[0];
    twin_same_shape(out, 4, (int64_t[]){N, C * B * B, H, W});
    for (size_t i = 0; i < leat_array_count(out); i++) {
        uint32_t at[LEAT_ARRAY_RANK];
        twin_index(out, i, at);
        const uint32_t block = at[1] / C;
        const uint32_t source[] = {
            at[0], at[1] % C, at[2] * B + block / B, at[3] * B + block % B, 0, 0, 0, 0};
        twin_same("SpaceToDepth", i, twin_get(out, i),
                  twin_get(in, twin_element(in, source)), 0);
    }
    one_node_stop(&node);
}

static void refuse(const char *name, int64_t block, const int64_t *shape,
                   const char *words)
{
    one_node node;
    one_node_start(&node, "", name, 13);
    one_node_int(&node, "blocksize", block);
    one_node_input(&node, LEAT_F32, 4, shape);
    twin_refused(&node, LEAT_E_MODEL, words);
    one_node_stop(&node);
}

static void test_transpose__blocks_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    refuse("DepthToSpace", 2, (int64_t[]){1, 6, 2, 2}, "f32[1,6,2,2] has no blocks of 2");
    refuse("SpaceToDepth", 2, (int64_t[]){1, 4, 3, 2}, "f32[1,4,3,2] has no blocks of 2");
    refuse("SpaceToDepth", 0, (int64_t[]){1, 4, 2, 2}, "blocksize is 0");
    refuse("DepthToSpace", 65536, (int64_t[]){1, 4, 2, 2}, "blocksize is 65536");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transpose__axes_are_put_into_any_order),
        cmocka_unit_test(test_transpose__what_is_no_permutation_is_refused),
        cmocka_unit_test(test_transpose__depth_becomes_space_in_either_order),
        cmocka_unit_test(test_transpose__space_becomes_depth),
        cmocka_unit_test(test_transpose__blocks_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
