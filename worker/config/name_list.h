/* worker/config/name_list.h: names in a message, as many as it has room for: "a, b, ...".
 *
 * Owns:    nothing; a list is the caller's storage, and begins as {0}.
 * Threads: any.
 */
#ifndef LEAT_WORKER_NAME_LIST_H
#define LEAT_WORKER_NAME_LIST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct leat_name_list {
    char text[104];
    bool is_full;
    uint32_t n; /* of all, with those that had no room */
} leat_name_list;

void leat_name_list_add(leat_name_list *list, const char *name);

#endif
