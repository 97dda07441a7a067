/* ops/attribute.h: the attributes of a node, asked for by name.
 *
 * Whoever loads a node asks for each attribute that its operator knows; what nobody asked
 * for is an attribute that is not supported, and refused by name. A getter takes the value
 * for the case that the attribute is absent.
 *
 * Owns:    nothing; attributes live in the model's arena.
 * Threads: one (main).
 * Fails:   E_MODEL where an attribute has another type than the operator's definition says.
 */
#ifndef LEAT_OPS_ATTRIBUTE_H
#define LEAT_OPS_ATTRIBUTE_H

#include "base/error.h"
#include "base/slice.h"
#include "ops/array.h"

/* The numbers are ONNX's AttributeProto.AttributeType. */
typedef enum leat_attribute_kind {
    LEAT_ATTRIBUTE_OTHER = 0, /* named, never read, like a graph */
    LEAT_ATTRIBUTE_FLOAT = 1,
    LEAT_ATTRIBUTE_INT = 2,
    LEAT_ATTRIBUTE_STRING = 3,
    LEAT_ATTRIBUTE_TENSOR = 4,
    LEAT_ATTRIBUTE_GRAPH = 5,
    LEAT_ATTRIBUTE_FLOATS = 6,
    LEAT_ATTRIBUTE_INTS = 7,
    LEAT_ATTRIBUTE_STRINGS = 8,
} leat_attribute_kind;

typedef struct leat_attribute {
    const char *name;
    leat_attribute_kind kind;
    bool used;
    size_t n; /* 1, or the length of a list */
    union {
        const float *floats;       /* [n] */
        const int64_t *ints;       /* [n] */
        const leat_slice *strings; /* [n] */
        const leat_array *tensor;
    };
} leat_attribute;

struct leat_node;

/* The attribute of that name and kind, marked as used; NULL in *found when it is absent. */
leat_status leat_attribute_get(struct leat_node *node, const char *name,
                               leat_attribute_kind kind,
                               const leat_attribute **found) LEAT_MUST_CHECK;

leat_status leat_attribute_int(struct leat_node *node, const char *name, int64_t absent,
                               int64_t *value) LEAT_MUST_CHECK;

leat_status leat_attribute_float(struct leat_node *node, const char *name, float absent,
                                 float *value) LEAT_MUST_CHECK;

/* One of the words of a NULL-terminated list, as its index; `absent` is an index too. */
leat_status leat_attribute_word(struct leat_node *node, const char *name,
                                const char *const *words, uint32_t absent,
                                uint32_t *value) LEAT_MUST_CHECK;

/* An integer that is one of ONNX's TensorProto.DataType, as a dtype. */
leat_status leat_attribute_dtype(struct leat_node *node, const char *name,
                                 leat_dtype absent, leat_dtype *value) LEAT_MUST_CHECK;

/* Lists; *n is 0 and the pointer NULL when absent. */
leat_status leat_attribute_ints(struct leat_node *node, const char *name,
                                const int64_t **ints, size_t *n) LEAT_MUST_CHECK;
leat_status leat_attribute_floats(struct leat_node *node, const char *name,
                                  const float **floats, size_t *n) LEAT_MUST_CHECK;
leat_status leat_attribute_strings(struct leat_node *node, const char *name,
                                   const leat_slice **strings, size_t *n) LEAT_MUST_CHECK;
leat_status leat_attribute_tensor(struct leat_node *node, const char *name,
                                  const leat_array **tensor) LEAT_MUST_CHECK;

/* E_UNSUPPORTED with the name of the first attribute that nobody asked for. */
leat_status leat_attributes_all_used(struct leat_node *node) LEAT_MUST_CHECK;

#endif
