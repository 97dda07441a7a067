/* tests/unit/fuse_fixture.h: patterns of nodes, built by hand and run with and without fusion.
 *
 * A builder adds nodes to a graph whose one input is x, [FUSE_ROWS][FUSE_K], or
 * [FUSE_ROWS][2][FUSE_K]. What it made last is the output. check() runs that, and again
 * with each other value as an output too, which fusion must then leave, beside a graph of
 * which all values are outputs, so that nothing in it may be fused.
 */
#ifndef LEAT_TESTS_FUSE_FIXTURE_H
#define LEAT_TESTS_FUSE_FIXTURE_H

#include "runtime/graph.h"

enum { FUSE_ROWS = 3, FUSE_K = 5, FUSE_N = 7, FUSE_MOST = 32 };

typedef struct fuse_network {
    leat_graph graph;
    leat_graph_port input;
    leat_graph_port outputs[FUSE_MOST];
    leat_graph_value *made[FUSE_MOST]; /* by nodes, in their order */
    uint32_t n_made;
    uint32_t rank;
    uint32_t version;
    char kinds[256]; /* the operators that are left: "Dense Relu " */
    float *results[FUSE_MOST];
    size_t counts[FUSE_MOST];
} fuse_network;

typedef void fuse_builder(fuse_network *net, leat_graph_value *x);

/* Constants of any numbers, or of one. */
leat_graph_value *fuse_constant(fuse_network *net, uint32_t rank, const uint32_t *shape);
leat_graph_value *fuse_matrix(fuse_network *net, uint32_t rows, uint32_t columns);
leat_graph_value *fuse_row(fuse_network *net, uint32_t n);
leat_graph_value *fuse_number(fuse_network *net, double x);

/* What a node of one or two inputs makes. */
leat_graph_value *fuse_one(fuse_network *net, const char *op_type, leat_graph_value *x);
leat_graph_value *fuse_two(fuse_network *net, const char *op_type, leat_graph_value *a,
                           leat_graph_value *b);
leat_graph_value *fuse_gemm(fuse_network *net, leat_graph_value *x, leat_graph_value *w,
                            leat_graph_value *c);
leat_graph_value *fuse_batch_norm(fuse_network *net, leat_graph_value *x, uint32_t n);

void fuse_set_int(fuse_network *net, leat_graph_value *of, const char *name,
                  int64_t value);
void fuse_set_float(fuse_network *net, leat_graph_value *of, const char *name,
                    float value);

/* The operators of a loaded graph into net->kinds. */
void fuse_list_kinds(fuse_network *net);

/* `wanted`: the operators that are left of the pattern. check(): rank 2, opset 13. */
void fuse_check_rank(fuse_builder *build, uint32_t rank, uint32_t version,
                     const char *wanted);
void fuse_check(fuse_builder *build, const char *wanted);

#endif
