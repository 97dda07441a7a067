/* ops/activation.h: the functions that follow a dense layer, on what it left in the cache.
 *
 * Relu is not among them where a product can do it: see leat_gemm_job's floor.
 *
 * Owns:    nothing.
 * Threads: any.
 * Source:  https://onnx.ai/onnx/operators/ for each name; Gelu with approximate "none" and
 *          "tanh".
 */
#ifndef LEAT_OPS_ACTIVATION_H
#define LEAT_OPS_ACTIVATION_H

#include <stddef.h>

typedef struct leat_activation {
    const char *name;
    /* x: [n], changed in place. NULL: none is needed, for floor does it. */
    void (*run)(float *x, size_t n, float alpha);
    float floor; /* what is less becomes it, before run */
} leat_activation;

/* "", Relu, LeakyRelu (by alpha), Sigmoid, Tanh, Gelu, GeluTanh; their names as a
 * NULL-terminated list stand beside them in the same order. */
extern const leat_activation leat_activations[];
extern const char *const leat_activation_names[];

#endif
