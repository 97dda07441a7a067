/* ops/forest_bits_turn.h: the numbers of the leaves that rows end in, as logic on bits.
 *
 * Internal to ops/forest_bits_*.c. LEAT_BITS_TURN(name, target, type, load, select) defines
 *
 *   name(splits, depth, answers, turns)   turns: [depth] of type
 *
 * where bit r of turns[l] stands when row r goes right at level l. The answers of a level
 * are halved by the turn above it, then by the one above that, until one is left. `type`
 * is any vector of bits, load(answers, condition) gives the answers to a condition,
 * select(turn, right, left) takes each bit from right or left.
 */
#ifndef LEAT_OPS_FOREST_BITS_TURN_H
#define LEAT_OPS_FOREST_BITS_TURN_H

#include "ops/forest_bits.h"

#define LEAT_BITS_TURN(name, target, type, load, select)                                 \
    target __attribute__((always_inline)) static inline void name(                       \
        const uint16_t *splits, uint32_t depth, const uint32_t *answers, type *turns)    \
    {                                                                                    \
        type left[1 << (LEAT_BITS_DEPTH - 2)];                                           \
        if (depth)                                                                       \
            turns[0] = load(answers, *splits++);                                         \
        for (uint32_t level = 1; level < depth; level++) {                               \
            uint32_t n = 1u << (level - 1);                                              \
            for (uint32_t i = 0; i < n; i++, splits += 2)                                \
                left[i] = select(turns[level - 1], load(answers, splits[1]),             \
                                 load(answers, splits[0]));                              \
            for (uint32_t above = level - 1; above-- > 0;)                               \
                for (uint32_t i = 0; i < 1u << above; i++)                               \
                    left[i] = select(turns[above], left[2 * i + 1], left[2 * i]);        \
            turns[level] = left[0];                                                      \
        }                                                                                \
    }

/* LEAT_BITS_PARTS(name, target, type, load) defines the same for a tree of any shape:
 *
 *   name(tree, answers, turns)   turns: [tree->depth] of type
 *
 * A child stands behind its parent, so one pass hands all rows down. Then the odd leaves
 * together are the lowest bit of the number, and with pairs of leaves taken for one the
 * odd pairs are the bit above it. */
#define LEAT_BITS_PARTS(name, target, type, load)                                        \
    target __attribute__((noinline)) static void name(                                   \
        const leat_bits_tree *tree, const uint32_t *answers, type *turns)                \
    {                                                                                    \
        type part[2 * LEAT_BITS_LEAF], *leaf = part + LEAT_BITS_LEAF;                    \
        uint32_t n_leaves = 1u << tree->depth;                                           \
        memset(leaf + tree->n_splits + 1, 0,                                             \
               (n_leaves - tree->n_splits - 1) * sizeof *leaf);                          \
        memset(part, 0xff, sizeof *part);                                                \
        for (uint32_t split = 0; split < tree->n_splits; split++) {                      \
            const uint16_t *child = tree->children + 2 * split;                          \
            type right = part[split] & load(answers, tree->splits[split]);               \
            part[child[0]] = part[split] ^ right;                                        \
            part[child[1]] = right;                                                      \
        }                                                                                \
        for (uint32_t level = tree->depth; level-- > 0;) {                               \
            type odd = leaf[1];                                                          \
            leaf[0] |= leaf[1];                                                          \
            n_leaves /= 2;                                                               \
            for (uint32_t i = 1; i < n_leaves; i++) {                                    \
                odd |= leaf[2 * i + 1];                                                  \
                leaf[i] = leaf[2 * i] | leaf[2 * i + 1];                                 \
            }                                                                            \
            turns[level] = odd;                                                          \
        }                                                                                \
    }

#endif
