/* Models in ONNX. Whatever the bytes: refused, or loaded and then able to score. */
#include "../unit/any_rows.h"
#include "runtime/onnx.h"

/* A file may hold one tensor as well. */
static void read_tensor(const uint8_t *data, size_t size)
{
    leat_arena arena;
    leat_array array;
    leat_arena_init(&arena, 1 << 12);
    (void)leat_onnx_read_tensor(&array, &arena, data, size, NULL);
    leat_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_model *model;
    read_tensor(data, size);
    if (leat_model_parse(&model, data, size, NULL, NULL))
        return 0;
    (void)any_run(model, LEAT_SCORE_PREDICT);
    leat_model_free(model);
    return 0;
}
