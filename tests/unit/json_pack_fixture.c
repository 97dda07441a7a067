#include "json_pack_fixture.h"

#include "base/msgpack.h"
#include "tests/json_twin.h"

#include <stdlib.h>

leat_arena arena;
leat_json_fault fault;

int set_up(void **state)
{
    (void)state;
    leat_arena_init(&arena, 4096);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    leat_arena_fini(&arena);
    return 0;
}

leat_status pack(leat_slice text, leat_slice *packed)
{
    uint8_t *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.size);
    *packed = (leat_slice){0};
    leat_arena_reset(&arena);
    leat_status status =
        leat_json_pack((leat_slice){copy, text.size}, &arena, packed, &fault);
    free(copy);
    return status;
}

void expect_agreement(leat_slice text)
{
    leat_slice packed;
    leat_status status = pack(text, &packed);
    if (!json_twin_agrees(text, status, packed))
        fail_msg("%.*s: jansson does not agree", (int)text.size, text.data);
    leat_cursor cursor = leat_cursor_over(packed);
    if (status == LEAT_OK && (leat_msgpack_check(&cursor, 0) || cursor.at != cursor.end))
        fail_msg("%.*s: is no valid msgpack", (int)text.size, text.data);
}
