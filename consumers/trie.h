/* consumers/trie.h: the wanted paths of a payload, or of a candidate, joined where they
 * share their first steps.
 *
 * A node is a place in the value. What it feeds are its targets: columns and captures.
 * Targets stand in the order of a walk from the root, so those of a node and of
 * everything below it are one range, [first, end), of which [first, own_end) are its own.
 *
 * Owns:    everything lives in the arena.
 * Threads: new: any; the nodes are immutable, their memos belong to one lane.
 * Fails:   E_MEMORY; E_CONFIG where one path takes a map for what another takes for an
 *          array.
 */
#ifndef LEAT_CONSUMERS_TRIE_H
#define LEAT_CONSUMERS_TRIE_H

#include "base/schema.h"
#include "consumers/key_memo.h"

typedef struct leat_target {
    const leat_path *path;
    bool is_capture;
    uint32_t index; /* of the column, or of the capture */

    /* of a column */
    uint32_t tensor;
    leat_dtype dtype;
    size_t offset; /* bytes into the tensor's row */
} leat_target;

typedef struct leat_node leat_node;
struct leat_node {
    leat_step step;   /* from its parent */
    const char *text; /* the path that leads here, for messages */
    const leat_target *first, *own_end, *end;
    const leat_target *number;  /* of a node that feeds one column of floats and nothing
                                   else */
    const leat_target *capture; /* likewise, one capture */
    bool feeds_columns;         /* below itself */
    bool is_array;              /* its children are elements, and not members of a map */
    uint32_t n_children;
    const leat_node *children;     /* [n_children], by index where it is an array */
    uint32_t n_slots;              /* a power of two */
    const leat_node *const *slots; /* [n_slots], children by hash of their names */
    leat_key_memo *memo;           /* of a map */
};

/* Sorts targets[n]; their paths are all of one root, which `text` is for messages. Where no
 * path goes on from there, the root node takes a map. */
leat_status leat_trie_new(const leat_node **root, leat_arena *arena, const char *text,
                          leat_target *targets, uint32_t n,
                          leat_error *error) LEAT_MUST_CHECK;

/* The member of that name, or NULL. */
const leat_node *leat_trie_member(const leat_node *node, const uint8_t *name,
                                  uint32_t size);

#endif
