#include "features/lookup/blob.h"

#include "base/msgpack.h"

/* A place in the map: the paths joined where they share their first steps. */
typedef struct node node;
struct node {
    leat_step step;   /* from its parent */
    const char *text; /* the first path that leads here, for messages */
    node *first_child;
    node *last_child;
    node *next;     /* of the same parent */
    node *expected; /* the child that is likely to come next: blobs keep their order */
    bool is_end;    /* of a path */
    leat_slice value;
};

struct leat_blob {
    node top;
    uint32_t n;
    node **ends; /* [n]: of each path */
};

typedef struct walk {
    leat_cursor cursor;
    leat_error *error;
} walk;

/* ---- making ---- */

static bool is_step(const node *child, const leat_step *step)
{
    return child->step.is_index == step->is_index &&
           (step->is_index ? child->step.index == step->index
                           : leat_slice_equal(child->step.name, step->name));
}

/* Where the step leads; made where it did not lead anywhere. */
static leat_status step_down(node **place, leat_arena *arena, const leat_path *path,
                             const leat_step *step, leat_error *error)
{
    node *parent = *place, *first = parent->first_child;
    for (node *child = first; child; child = child->next)
        if (is_step(child, step)) {
            *place = child;
            return LEAT_OK;
        }
    if (first && first->step.is_index != step->is_index)
        return leat_error_set(error, LEAT_E_CONFIG,
                              "'%s' and '%s': one takes a map for what the other takes "
                              "for an array",
                              first->text, path->text);
    node *child = leat_arena_calloc(arena, 1, sizeof *child);
    if (!child)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    *child = (node){.step = *step, .text = path->text};
    *(first ? &parent->last_child->next : &parent->first_child) = child;
    *place = parent->last_child = child;
    return LEAT_OK;
}

static leat_status add_path(node **end, leat_arena *arena, const leat_path *path,
                            leat_error *error)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < path->n_steps && status == LEAT_OK; i++)
        status = step_down(end, arena, path, &path->steps[i], error);
    (*end)->is_end = true;
    return status;
}

leat_status leat_blob_new(leat_blob **blob, leat_arena *arena,
                          const leat_path *const *paths, uint32_t n, leat_error *error)
{
    leat_blob *made = leat_arena_calloc(arena, 1, sizeof *made);
    if (made)
        made->ends = leat_arena_calloc(arena, n, sizeof(node *));
    if (!made || !made->ends)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    made->n = n;
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        made->ends[i] = &made->top;
        status = add_path(&made->ends[i], arena, paths[i], error);
    }
    *blob = made;
    return status;
}

/* ---- walking ---- */

static leat_status visit(walk *w, node *place, uint32_t depth);

static void forget(node *place)
{
    place->value = (leat_slice){0};
    for (node *child = place->first_child; child; child = child->next)
        forget(child);
}

static leat_status refuse(const walk *w, leat_status status)
{
    return leat_msgpack_explain(&w->cursor, 0, status, w->error);
}

/* A value whose inside nobody wants: nearly all are numbers. */
static leat_status pass(walk *w, uint32_t depth)
{
    leat_value value;
    const uint8_t *at = w->cursor.at;
    if (leat_msgpack_read_at(&at, w->cursor.end, &value) == LEAT_OK &&
        value.type < LEAT_VALUE_STR) {
        w->cursor.at = at;
        return LEAT_OK;
    }
    leat_status status = leat_msgpack_check(&w->cursor, depth);
    return status == LEAT_OK ? LEAT_OK : refuse(w, status);
}

static node *find_member(node *place, const leat_value *key)
{
    leat_slice name = {key->as.bytes, key->size};
    node *child = place->expected;
    if (!child || !leat_slice_equal(child->step.name, name)) {
        child = place->first_child;
        while (child && !leat_slice_equal(child->step.name, name))
            child = child->next;
    }
    if (child)
        place->expected = child->next;
    return child;
}

/* The key of a pair; NULL in `member` when nobody wants what follows. */
static leat_status read_key(walk *w, node *place, node **member, uint32_t depth)
{
    leat_cursor start = w->cursor;
    leat_value key;
    *member = NULL;
    leat_status status = leat_msgpack_read_at(&w->cursor.at, w->cursor.end, &key);
    if (status != LEAT_OK)
        return refuse(w, status);
    bool is_name = key.type == LEAT_VALUE_STR || key.type == LEAT_VALUE_BIN;
    if (is_name)
        *member = find_member(place, &key);
    if (*member)
        return LEAT_OK; /* its bytes are those of a path */
    w->cursor = start;
    return pass(w, depth);
}

static leat_status visit_map(walk *w, node *place, uint32_t n, uint32_t depth)
{
    leat_status status = LEAT_OK;
    place->expected = place->first_child;
    for (; n && status == LEAT_OK; n--) {
        node *member;
        status = read_key(w, place, &member, depth);
        if (status == LEAT_OK)
            status = member ? visit(w, member, depth) : pass(w, depth);
    }
    return status;
}

static leat_status visit_array(walk *w, const node *place, uint32_t n, uint32_t depth)
{
    leat_status status = LEAT_OK;
    for (uint32_t i = 0; i < n && status == LEAT_OK; i++) {
        node *child = place->first_child;
        while (child && child->step.index != i)
            child = child->next;
        status = child ? visit(w, child, depth) : pass(w, depth);
    }
    return status;
}

/* The value of a place that others lie below. */
static leat_status visit_inner(walk *w, node *place, uint32_t depth)
{
    bool is_array = place->first_child->step.is_index;
    leat_value value;
    leat_status status = leat_msgpack_read(&w->cursor, &value);
    if (status != LEAT_OK)
        return refuse(w, status);
    if (value.type == LEAT_VALUE_NIL)
        return LEAT_OK;
    if (value.type == LEAT_VALUE_MAP && !is_array)
        return visit_map(w, place, value.size, depth + 1);
    if (value.type == LEAT_VALUE_ARRAY && is_array)
        return visit_array(w, place, value.size, depth + 1);
    return leat_error_set(w->error, LEAT_E_TYPE, "%s: expected %s on the way, found %s",
                          place->first_child->text, is_array ? "an array" : "a map",
                          leat_value_type_text(value.type));
}

static leat_status visit(walk *w, node *place, uint32_t depth)
{
    const uint8_t *start = w->cursor.at;
    if (place->first_child)
        forget(place); /* of equal keys the last one counts */
    leat_status status =
        place->first_child ? visit_inner(w, place, depth) : pass(w, depth);
    if (status == LEAT_OK && place->is_end)
        place->value = (leat_slice){start, (uint32_t)(w->cursor.at - start)};
    return status;
}

leat_status leat_blob_walk(leat_blob *blob, leat_slice bytes, leat_slice *values,
                           leat_error *error)
{
    walk w = {.cursor = leat_cursor_over(bytes), .error = error};
    leat_value top;
    forget(&blob->top);
    leat_status status = leat_msgpack_read(&w.cursor, &top);
    if (status != LEAT_OK)
        return refuse(&w, status);
    if (top.type != LEAT_VALUE_MAP)
        return leat_error_set(error, LEAT_E_TYPE, "expected a map, found %s",
                              leat_value_type_text(top.type));
    status = visit_map(&w, &blob->top, top.size, 1);
    if (status == LEAT_OK && w.cursor.at < w.cursor.end)
        status = refuse(&w, LEAT_E_TRAILING);
    for (uint32_t i = 0; i < blob->n; i++)
        values[i] = blob->ends[i]->value;
    return status;
}
