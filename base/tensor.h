/* base/tensor.h: a named, typed block of numbers, row-major, whose first axis is the row.
 *
 * Owns:    nothing; the data belongs to the batch or session that made it.
 * Threads: one at a time.
 */
#ifndef LEAT_BASE_TENSOR_H
#define LEAT_BASE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

enum { LEAT_MAX_RANK = 4 };

typedef enum leat_dtype {
    LEAT_F32,
    LEAT_F64,
    LEAT_I64,
    LEAT_I32,
    LEAT_BOOL,   /* a byte, 0 or 1 */
    LEAT_STRING, /* an element is a leat_slice */
} leat_dtype;

/* What a tensor looks like, without its data. */
typedef struct leat_tensor_spec {
    const char *name;
    leat_dtype dtype;
    uint32_t rank;                 /* 1 to LEAT_MAX_RANK, the row axis included */
    uint32_t shape[LEAT_MAX_RANK]; /* shape[0] is 0: as many rows as the batch has */
} leat_tensor_spec;

typedef struct leat_tensor {
    const leat_tensor_spec *spec;
    uint32_t row_size; /* elements in a row */
    void *data;        /* [rows][row_size], 64-byte aligned */
} leat_tensor;

/* Elements in a row: the product of shape[1..rank). */
uint32_t leat_tensor_row_size(const leat_tensor_spec *spec);

/* Bytes of one element. */
size_t leat_dtype_size(leat_dtype dtype);

/* "f32", "f64", "i64", "i32", "bool", "string". */
const char *leat_dtype_name(leat_dtype dtype);

#endif
