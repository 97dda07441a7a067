#include "runtime/onnx_parts.h"

#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>

/* protobuf-c allocates a structure for every message that a file holds, be it empty, and
 * goes through a repeated message once more each time it meets it. So what it takes is
 * counted, never what it gives back: that bounds its memory as well as its time.
 *
 * The dearest byte of an honest file is an element of a list of small integers, two bytes
 * of the file for which protobuf-c notes 48, in blocks that double. An empty node takes
 * some 200 for two. */
enum { BYTES_PER_BYTE = 128, BYTES_FOR_ALL = 1 << 16 };

static void *take(void *data, size_t size)
{
    size_t *left = data;
    if (size > *left)
        return NULL;
    *left -= size;
    return malloc(size);
}

static void give_back(void *data, void *memory)
{
    (void)data;
    free(memory);
}

static ProtobufCAllocator allocator_of(size_t *left)
{
    return (ProtobufCAllocator){.alloc = take, .free = give_back, .allocator_data = left};
}

leat_status leat_onnx_unpack(ProtobufCMessage **message,
                             const ProtobufCMessageDescriptor *type, const void *bytes,
                             size_t size, leat_error *error)
{
    const size_t most = SIZE_MAX / BYTES_PER_BYTE - BYTES_FOR_ALL;
    size_t left = (size < most ? size : most) * BYTES_PER_BYTE + BYTES_FOR_ALL;
    ProtobufCAllocator allocator = allocator_of(&left);
    *message = protobuf_c_message_unpack(type, &allocator, size, bytes);
    return *message ? LEAT_OK
                    : leat_error_set(error, LEAT_E_MODEL,
                                     "the protobuf is malformed or truncated");
}

void leat_onnx_release(ProtobufCMessage *message)
{
    size_t none = 0;
    ProtobufCAllocator allocator = allocator_of(&none);
    if (message)
        protobuf_c_message_free_unpacked(message, &allocator);
}
