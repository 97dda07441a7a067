/* ops/kernels.h: kernels of a walk, one per type of element, from one formula.
 *
 * Internal to ops/. A formula says what an element of the output is made of: x and y, the
 * elements of the inputs. It is compiled for every type that an operator is defined for;
 * a family of kernels is a table by dtype, in which NULL means "not defined".
 *
 * Owns:    nothing.
 * Threads: any.
 */
#ifndef LEAT_OPS_KERNELS_H
#define LEAT_OPS_KERNELS_H

#include "ops/walk.h"

typedef struct leat_kernels {
    leat_walk_kernel *of[LEAT_STRING + 1]; /* by the dtype of input 0 */
    bool tells; /* the output is bool, not what the inputs are */
} leat_kernels;

/* load() of operators whose inputs, all of them, have one dtype. Leaves a
 * leat_kernels_state with the kernel of that dtype. */
leat_status leat_kernels_load(leat_node *node, const leat_kernels *kernels);

typedef struct leat_kernels_state {
    leat_walk_kernel *kernel;
} leat_kernels_state;

/* run() of operators with as many inputs as the kernel takes. */
void leat_kernels_run(const leat_call *call);

/* run() of operators that take any number of inputs, two by two from the left. */
void leat_kernels_run_variadic(const leat_call *call);

/* A load() for a row of an operator table: load_Add for Add_kernels. */
#define LEAT_KERNELS_LOAD(name)                                                          \
    static leat_status load_##name(leat_node *node)                                      \
    {                                                                                    \
        return leat_kernels_load(node, &name##_kernels);                                 \
    }

/* The first case is the one that networks are made of; written apart, each is a loop that
 * the compiler turns into SIMD. */
#define LEAT_BINARY(name, left, right, result, formula)                                  \
    static void name(const void *const *in, const ptrdiff_t *step, void *out, size_t n)  \
    {                                                                                    \
        const left *a = in[0];                                                           \
        const right *b = in[1];                                                          \
        result *to = out;                                                                \
        if (step[0] && step[1]) {                                                        \
            for (size_t i = 0; i < n; i++) {                                             \
                const left x = a[i];                                                     \
                const right y = b[i];                                                    \
                to[i] = (result)(formula);                                               \
            }                                                                            \
        } else if (step[0]) {                                                            \
            const right y = *b;                                                          \
            for (size_t i = 0; i < n; i++) {                                             \
                const left x = a[i];                                                     \
                to[i] = (result)(formula);                                               \
            }                                                                            \
        } else {                                                                         \
            const left x = *a;                                                           \
            for (size_t i = 0; i < n; i++) {                                             \
                const right y = b[(ptrdiff_t)i * step[1]];                               \
                to[i] = (result)(formula);                                               \
            }                                                                            \
        }                                                                                \
    }

#endif
