/* ops/forest_bits_turn.h: the turns that rows take through a tree, as logic on bits.
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
        const uint16_t *splits, uint32_t depth, const uint64_t *answers, type *turns)    \
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

#endif
