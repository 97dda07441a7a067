#include "ops/forest_layout.h"
static leat_status compile(void **state, const leat_forest *forest, leat_error *error)
{
    (void)forest;
    (void)error;
    *state = NULL;
    return LEAT_OK;
}
const leat_evaluator leat_forest_bits = {"register", compile, NULL, NULL};
