#include "ops/simd.h"

/* Linked to a test: its operators see no more than LIMIT, a leat_simd. */
__attribute__((constructor)) static void limit_simd(void)
{
    leat_simd_limit(LIMIT);
}
