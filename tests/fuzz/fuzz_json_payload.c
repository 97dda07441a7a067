/* Any text through leat_json_pack, and through jansson: both take it or refuse it, but for
 * what tests/json_twin.h lists, and find the same values. What comes out must be msgpack
 * by the rules for events, and why a text was refused can be told. */
#include "base/msgpack.h"
#include "tests/json_twin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

static void require_msgpack(leat_slice packed)
{
    leat_cursor cursor = leat_cursor_over(packed);
    require(leat_msgpack_check(&cursor, 0) == LEAT_OK && cursor.at == cursor.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static leat_arena arena;
    if (!arena.block_size)
        leat_arena_init(&arena, 1024);
    leat_arena_reset(&arena);
    leat_slice text = {data, (uint32_t)size}, packed = {0};
    leat_json_fault fault;
    leat_error error;
    leat_status status = leat_json_pack(text, &arena, &packed, &fault);
    require(json_twin_agrees(text, status, packed));
    if (status == LEAT_OK)
        require_msgpack(packed);
    else
        require(leat_json_explain(text, &fault, 0, status, &error) == status);
    require(status == LEAT_OK || fault.at <= size);
    return 0;
}
