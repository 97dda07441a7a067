/* runtime/onnx_parts.h: what the files of the ONNX reader share.
 *
 * Internal to the reader. The messages are protobuf-c's, from runtime/onnx.proto.
 *
 * Owns:    nothing; what is read lives in the graph's arena.
 * Threads: one (main).
 * Fails:   as onnx.h says.
 */
#ifndef LEAT_RUNTIME_ONNX_PARTS_H
#define LEAT_RUNTIME_ONNX_PARTS_H

#include "runtime/onnx.h"

struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
struct Leat__Onnx__Attribute;
struct Leat__Onnx__Tensor;

/* Unpacks a message; it is given back with leat_onnx_release. (onnx_unpack.c) */
leat_status leat_onnx_unpack(struct ProtobufCMessage **message,
                             const struct ProtobufCMessageDescriptor *type,
                             const void *bytes, size_t size, leat_error *error);
void leat_onnx_release(struct ProtobufCMessage *message);

/* The type of an element, by its number in TensorProto.DataType. (onnx_tensor.c) */
leat_status leat_onnx_dtype(int32_t number, leat_dtype *dtype, leat_error *error);

/* Shape and elements, copied into the arena. (onnx_tensor.c) */
leat_status leat_onnx_copy_tensor(leat_array *array, leat_arena *arena,
                                  const struct Leat__Onnx__Tensor *tensor,
                                  leat_error *error);

/* (onnx_attribute.c) */
leat_status leat_onnx_copy_attribute(leat_attribute *attribute, leat_arena *arena,
                                     const struct Leat__Onnx__Attribute *from,
                                     leat_error *error);

/* The text as a copy, "" when it is NULL; refused where it is not UTF-8. `what` is for the
 * message. (onnx.c) */
leat_status leat_onnx_copy_text(const char **copy, leat_arena *arena, const char *text,
                                const char *what, leat_error *error);

#endif
