/* Whatever stands under a key: the wanted values are msgpack values that lie in it, or it is
 * refused with a reason. The first byte says whether it is msgpack or JSON. */
#include "base/json_pack.h"
#include "base/msgpack.h"
#include "features/lookup/blob.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {"u.a",      "u.m",        "u.m.x",
                                    "u.m.l[1]", "u.m.l[3].y", "u.\"\""};
enum { N = sizeof texts / sizeof texts[0] };

static leat_blob *blob;

static void make_blob(void)
{
    static leat_arena arena;
    static leat_path paths[N];
    const leat_path **wanted;
    leat_error error;
    leat_arena_init(&arena, 4096);
    wanted = leat_arena_calloc(&arena, N, sizeof *wanted);
    for (uint32_t i = 0; i < N; i++) {
        if (leat_path_parse(&paths[i], &arena, texts[i], &error) != LEAT_OK)
            abort();
        wanted[i] = &paths[i];
    }
    if (leat_blob_new(&blob, &arena, wanted, N, &error) != LEAT_OK)
        abort();
}

static void check_value(leat_slice whole, leat_slice value)
{
    if (!value.data)
        return;
    leat_cursor cursor = leat_cursor_over(value);
    if (value.data < whole.data || value.data + value.size > whole.data + whole.size ||
        leat_msgpack_check(&cursor, 0) != LEAT_OK || cursor.at != cursor.end)
        abort();
}

static void walk(leat_slice bytes)
{
    leat_slice values[N];
    leat_error error = {.code = LEAT_OK};
    leat_status status = leat_blob_walk(blob, bytes, values, &error);
    if (status != LEAT_OK && (error.code != status || !error.msg[0]))
        abort();
    for (uint32_t i = 0; status == LEAT_OK && i < N; i++)
        check_value(bytes, values[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leat_arena arena;
    leat_json_fault fault;
    if (!blob)
        make_blob();
    if (!size)
        return 0;
    leat_slice bytes = {data + 1, (uint32_t)size - 1};
    leat_arena_init(&arena, 4096);
    if (data[0] % 2 == 0 || leat_json_pack(bytes, &arena, &bytes, &fault) == LEAT_OK)
        walk(bytes);
    leat_arena_fini(&arena);
    return 0;
}
