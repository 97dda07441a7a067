/* runtime/sniff.h: what kind of file the bytes are, whatever its name says.
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_RUNTIME_SNIFF_H
#define LEAT_RUNTIME_SNIFF_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum leat_model_kind {
    LEAT_KIND_JSON,
    LEAT_KIND_UBJSON,
    LEAT_KIND_LIGHTGBM,
    LEAT_KIND_ONNX,
} leat_model_kind;

/* E_UNSUPPORTED for a format that is known by name, with what to do about it; E_MODEL for
 * one that is not. */
leat_status leat_sniff(leat_model_kind *kind, const uint8_t *bytes, size_t size,
                       leat_error *error) LEAT_MUST_CHECK;

#endif
