/* tests/unit/one_node.h: one operator at work, without a graph.
 *
 *   one_node_start(&node, "", "Relu", 13);
 *   float *x = one_node_input(&node, LEAT_F32, 2, (int64_t[]){2, 3});
 *   ... fill x ...
 *   one_node_run(&node);
 *   const float *y = node.outputs[0]->data;
 *   one_node_stop(&node);
 *
 * An input is a constant to load() and shape() when one_node_constant() made it. Outputs
 * and scratch memory are poisoned before the run, so that what an operator leaves out is
 * seen.
 */
#ifndef LEAT_TESTS_ONE_NODE_H
#define LEAT_TESTS_ONE_NODE_H

#include "ops/operator.h"

enum { ONE_NODE_MOST = 24 };

typedef struct one_node {
    const leat_operator *op;
    leat_node node;
    leat_arena arena;
    leat_error error;
    leat_attribute attributes[ONE_NODE_MOST];
    leat_array in[ONE_NODE_MOST], out[ONE_NODE_MOST];
    void *hidden[ONE_NODE_MOST]; /* data of inputs that load and shape may not see */
    const leat_array *inputs[ONE_NODE_MOST];
    leat_array *outputs[ONE_NODE_MOST];
    void *scratch;
} one_node;

/* Fails the test when there is no such operator. It has one output until told. */
void one_node_start(one_node *node, const char *domain, const char *name,
                    uint32_t version);
void one_node_stop(one_node *node);

void one_node_int(one_node *node, const char *name, int64_t value);
void one_node_float(one_node *node, const char *name, float value);
void one_node_text(one_node *node, const char *name, const char *text);
void one_node_ints(one_node *node, const char *name, const int64_t *values, size_t n);
void one_node_floats(one_node *node, const char *name, const float *values, size_t n);
void one_node_texts(one_node *node, const char *name, const char *const *texts, size_t n);
void one_node_tensor(one_node *node, const char *name, const leat_array *tensor);

/* The next input: its zeroed data, to be filled. */
void *one_node_input(one_node *node, leat_dtype dtype, uint32_t rank,
                     const int64_t *shape);
void *one_node_constant(one_node *node, leat_dtype dtype, uint32_t rank,
                        const int64_t *shape);
void one_node_no_input(one_node *node);

void one_node_outputs(one_node *node, uint32_t n);

/* Loads and shapes; its status, with node->error. */
leat_status one_node_try(one_node *node);

/* The same and runs; fails the test where anything is refused. */
void one_node_run(one_node *node);

#endif
