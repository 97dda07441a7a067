/* tests/unit/onnx_builder.h: ONNX files made by hand, good and bad.
 *
 *   onnx_builder b;
 *   onnx_start(&b);
 *   onnx_input(&b, "x", 1, 2, (int64_t[]){-1, 4});
 *   onnx_node(&b, "Relu", "x", "y");
 *   onnx_output(&b, "y", 1, 2, (int64_t[]){-1, 4});
 *   void *bytes = onnx_pack(&b, &size);
 *   ... free(bytes) ...
 *   onnx_stop(&b);
 *
 * Whatever is returned is a message of protobuf-c, to be spoilt before it is packed. Types
 * are numbers of TensorProto.DataType: 1 float, 7 int64, 11 double.
 */
#ifndef LEAT_TESTS_ONNX_BUILDER_H
#define LEAT_TESTS_ONNX_BUILDER_H

#include "base/arena.h"
#include "runtime/onnx.pb-c.h"

enum { ONNX_MOST = 64 };

typedef struct onnx_builder {
    Leat__Onnx__Model model;
    Leat__Onnx__Graph graph;
    Leat__Onnx__OpsetId *opsets[ONNX_MOST];
    Leat__Onnx__Node *nodes[ONNX_MOST];
    Leat__Onnx__Tensor *tensors[ONNX_MOST];
    Leat__Onnx__ValueInfo *inputs[ONNX_MOST], *outputs[ONNX_MOST];
    leat_arena arena;
} onnx_builder;

/* A model of IR 8 with opset 17 and ai.onnx.ml 3, and an empty graph. */
void onnx_start(onnx_builder *b);
void onnx_stop(onnx_builder *b);

Leat__Onnx__OpsetId *onnx_opset(onnx_builder *b, const char *domain, int64_t version);
/* A length of -1 is free. */
Leat__Onnx__ValueInfo *onnx_input(onnx_builder *b, const char *name, int32_t type,
                                  size_t rank, const int64_t *shape);
Leat__Onnx__ValueInfo *onnx_output(onnx_builder *b, const char *name, int32_t type,
                                   size_t rank, const int64_t *shape);
/* An initialiser of floats, or of int64. */
Leat__Onnx__Tensor *onnx_floats(onnx_builder *b, const char *name, size_t rank,
                                const int64_t *shape, const float *values);
Leat__Onnx__Tensor *onnx_ints(onnx_builder *b, const char *name, size_t rank,
                              const int64_t *shape, const int64_t *values);
/* Names are separated by a space; "-" is absent. */
Leat__Onnx__Node *onnx_node(onnx_builder *b, const char *op_type, const char *inputs,
                            const char *outputs);
Leat__Onnx__Attribute *onnx_int(onnx_builder *b, Leat__Onnx__Node *node, const char *name,
                                int64_t value);

/* On the heap; of exactly that size, so that AddressSanitizer sees what is read behind it.
 */
void *onnx_pack(onnx_builder *b, size_t *size);

#endif
