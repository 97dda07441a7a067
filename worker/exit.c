#include "worker/commands.h"

#include <stdio.h>
#include <sysexits.h>

int leat_exit_code(leat_status status)
{
    if (status >= LEAT_OK)
        return EX_OK;
    switch (status) {
    case LEAT_E_USAGE:
        return EX_USAGE;
    case LEAT_E_NO_INPUT:
        return EX_NOINPUT;
    case LEAT_E_MODEL:
    case LEAT_E_HALTED:
        return EX_DATAERR;
    case LEAT_E_CONFIG:
    case LEAT_E_UNSUPPORTED:
        return EX_CONFIG;
    default:
        break;
    }
    switch (leat_status_class(status)) {
    case LEAT_CLASS_ROW:
        return EX_DATAERR;
    case LEAT_CLASS_RETRY:
        return EX_UNAVAILABLE;
    default:
        return EX_SOFTWARE;
    }
}

int leat_complain(const leat_error *error)
{
    fprintf(stderr, "leat: %s\n", error->msg);
    return leat_exit_code(error->code);
}

int leat_complain_of_file(const leat_error *error)
{
    int code = leat_complain(error);
    return code == EX_CONFIG ? EX_DATAERR : code;
}
