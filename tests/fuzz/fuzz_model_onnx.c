/* Models in ONNX. Whatever the bytes: refused, or loaded and then able to score. */
#include "../unit/any_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_model *model;
    if (leat_model_parse(&model, data, size, NULL, NULL))
        return 0;
    (void)any_run(model, LEAT_SCORE_PREDICT);
    leat_model_free(model);
    return 0;
}
