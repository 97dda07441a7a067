#include "worker/demo/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

typedef struct dump_file {
    char path[PATH_MAX];
    FILE *file;
} dump_file;

static leat_status complain(const char *path, leat_error *error)
{
    return leat_error_set(error, LEAT_E_IO, "%s: %s", path, strerror(errno));
}

static leat_status open_file(dump_file *to, const char *folder, const char *name,
                             leat_error *error)
{
    snprintf(to->path, sizeof to->path, "%s/%s", folder, name);
    to->file = fopen(to->path, "wb");
    return to->file ? LEAT_OK : complain(to->path, error);
}

/* What was written is there, or the first failure is told. */
static leat_status close_file(dump_file *to, leat_status status, leat_error *error)
{
    int failed = to->file && ferror(to->file);
    if (to->file && fclose(to->file) != 0)
        failed = 1;
    return failed && status == LEAT_OK ? complain(to->path, error) : status;
}

static leat_status dump_events(const char *folder, const leat_stream_ops *ops,
                               void *stream, uint64_t n_events, leat_error *error)
{
    dump_file events = {0}, labels = {0};
    leat_status status = open_file(&events, folder, "events.msgpack", error);
    if (status == LEAT_OK)
        status = open_file(&labels, folder, "labels", error);
    for (uint64_t i = 0; i < n_events && status == LEAT_OK; i++) {
        leat_world_event event;
        ops->next(stream, &event);
        if (event.malformed)
            continue;
        fwrite(event.payload.data, 1, event.payload.size, events.file);
        fprintf(labels.file, "%" PRIu32 "\n", event.truth);
    }
    status = close_file(&events, status, error);
    return close_file(&labels, status, error);
}

static void put_profile(FILE *file, const leat_profile *profile)
{
    fprintf(file, "HSET %s", profile->key);
    for (uint32_t i = 0; i < profile->n_fields; i++)
        fprintf(file, " %s %.2f", profile->fields[i].name, profile->fields[i].value);
    putc('\n', file);
}

static leat_status dump_profiles(const char *folder, const leat_stream_ops *ops,
                                 const void *stream, leat_error *error)
{
    dump_file to = {0};
    leat_status status = open_file(&to, folder, "profiles.redis", error);
    for (uint32_t i = 0; i < ops->n_profiles && status == LEAT_OK; i++) {
        leat_profile profile;
        ops->profile(stream, i, &profile);
        if (profile.n_fields)
            put_profile(to.file, &profile);
    }
    return close_file(&to, status, error);
}

leat_status leat_demo_dump(const leat_world *world, const char *folder, uint64_t n_events,
                           uint64_t seed, leat_error *error)
{
    const leat_stream_ops *ops = world->stream;
    void *stream;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return complain(folder, error);
    if (ops->new (&stream, seed) != LEAT_OK)
        return leat_error_set(error, LEAT_E_MEMORY, "out of memory");
    leat_status status = dump_profiles(folder, ops, stream, error);
    if (status == LEAT_OK)
        status = dump_events(folder, ops, stream, n_events, error);
    ops->free(stream);
    return status;
}
