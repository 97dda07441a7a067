/* features/aggregate/state_table.h: the states that a lane keeps in memory.
 *
 * Entities whose events come through one partition change nowhere else while the lane has
 * it, so their states need not be read again. The table is bounded by bytes: the state
 * that was used longest ago goes first. One that Redis does not have yet (unsaved) stays,
 * as long as all of these take less than a quarter: when Redis is back they are written in
 * one command.
 *
 * Owns:    the states and their keys.
 * Threads: one lane.
 * Fails:   NULL when out of memory. Nothing is allocated once the table is full, but to
 *          let a state grow.
 */
#ifndef LEAT_FEATURES_STATE_TABLE_H
#define LEAT_FEATURES_STATE_TABLE_H

#include "features/aggregate/state.h"

#include <stdbool.h>

/* Whose state it is. States of another tenure are other states. */
typedef struct leat_state_key {
    uint32_t entity; /* which of the configuration's */
    uint32_t slot;   /* of its partition */
    uint32_t tenure;
    leat_slice text; /* the entity's name */
} leat_state_key;

typedef struct leat_shared_state leat_shared_state;

typedef struct leat_kept_state leat_kept_state;
struct leat_kept_state {
    leat_state state;
    leat_state_key key;
    leat_shared_state *shared; /* of the batch's arena; NULL: this lane's alone */
    bool is_known; /* read from Redis, or absent there; until then it is a place alone */
    bool is_asked; /* Redis is asked for it in the batch under way */
    bool is_unsaved; /* Redis does not have it as it is here */

    /* the table's */
    uint32_t hash;
    uint32_t key_capacity;
    uint64_t batch; /* that used it last: it stays until the next one */
    size_t bytes;   /* as they count in the table */
    leat_kept_state *next_in_slot;
    leat_kept_state *older, *newer; /* of the list that it is in */
};

typedef struct leat_state_list {
    leat_kept_state *oldest, *newest;
} leat_state_list;

typedef struct leat_state_table {
    size_t max_bytes;
    size_t bytes;
    size_t unsaved_bytes; /* of these */
    uint64_t batch;
    uint64_t n_lost; /* unsaved states that had to go */
    uint32_t n;
    uint32_t n_unsaved; /* of these */
    uint32_t n_slots;   /* a power of two */
    leat_kept_state **slots;
    leat_kept_state *spare; /* to be used again, by next_in_slot */
    leat_state_list saved, unsaved;
} leat_state_table;

void leat_state_table_init(leat_state_table *table, size_t max_bytes);
void leat_state_table_fini(leat_state_table *table);

/* A batch begins: what it finds or adds stays until the next one begins. */
void leat_state_table_begin(leat_state_table *table);

/* The state, or a place for it that is not known yet. */
leat_kept_state *leat_state_table_get(leat_state_table *table, leat_state_key key);

/* Its state has changed: it is unsaved, and may have grown. */
void leat_state_table_changed(leat_state_table *table, leat_kept_state *kept);

/* Redis has all that was unsaved. */
void leat_state_table_saved(leat_state_table *table);

/* Takes a state out. */
void leat_state_table_drop(leat_state_table *table, leat_kept_state *kept);

#endif
