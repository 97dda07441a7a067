#include "base/status.h"

static const struct {
    leat_status status;
    leat_class class;
    const char *name;
    const char *text;
} statuses[] = {
#define X(name, value, class, text) {LEAT_##name, LEAT_CLASS_##class, #name, text},
    LEAT_STATUS_LIST(X)
#undef X
};

enum { N_STATUSES = sizeof statuses / sizeof statuses[0] };

static unsigned find(leat_status status)
{
    for (unsigned i = 0; i < N_STATUSES; i++)
        if (statuses[i].status == status)
            return i;
    return 0;
}

const char *leat_status_text(leat_status status)
{
    return statuses[find(status)].text;
}

const char *leat_status_name(leat_status status)
{
    return statuses[find(status)].name;
}

leat_class leat_status_class(leat_status status)
{
    return statuses[find(status)].class;
}
