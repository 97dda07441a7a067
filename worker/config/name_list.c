#include "worker/config/name_list.h"

#include <stdio.h>
#include <string.h>

void leat_name_list_add(leat_name_list *list, const char *name)
{
    static const char more[] = ", ...";
    size_t used = strlen(list->text), room = sizeof list->text - used;
    const char *between = list->n++ ? ", " : "";
    if (list->is_full)
        return;
    list->is_full = strlen(between) + strlen(name) + sizeof more > room;
    snprintf(list->text + used, room, "%s%s", between, list->is_full ? "..." : name);
}
