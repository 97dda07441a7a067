#include "base/tensor.h"

#include "base/slice.h"

uint32_t leat_tensor_row_size(const leat_tensor_spec *spec)
{
    uint32_t size = 1;
    for (uint32_t axis = 1; axis < spec->rank; axis++)
        size *= spec->shape[axis];
    return size;
}

static const struct {
    size_t size;
    const char *name;
} dtypes[] = {
    [LEAT_F32] = {sizeof(float), "f32"},
    [LEAT_F64] = {sizeof(double), "f64"},
    [LEAT_I64] = {sizeof(int64_t), "i64"},
    [LEAT_I32] = {sizeof(int32_t), "i32"},
    [LEAT_BOOL] = {sizeof(uint8_t), "bool"},
    [LEAT_STRING] = {sizeof(leat_slice), "string"},
};

size_t leat_dtype_size(leat_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *leat_dtype_name(leat_dtype dtype)
{
    return dtypes[dtype].name;
}
