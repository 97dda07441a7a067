/* Models in UBJSON. Whatever the bytes: refused, or loaded and then able to score. */
#include "fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_arena arena;
    const leat_doc *root;
    leat_arena_init(&arena, 4096);
    if (!leat_ubjson_read(&root, &arena, data, size, NULL))
        touch(root);
    leat_arena_fini(&arena);
    load_and_run(data, size);
    return 0;
}
