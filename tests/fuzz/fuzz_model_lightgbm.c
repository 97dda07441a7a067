/* Models in LightGBM's text. Whatever the bytes: refused, or loaded and then able to score. */
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load_and_run(data, size);
    return 0;
}
