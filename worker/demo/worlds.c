/* The table of worlds, and their examples. The configuration, the model and its golden rows
 * that `leat run -c examples/NAME/leat.yaml` reads are the very ones that the demo runs:
 * they are assembled into read-only data, so that the demo needs no file beside the
 * binary. */
#include "worker/demo/cluster.h"
#include "worker/demo/fraud_judge.h"
#include "worker/demo/fraud_payload.h"
#include "worker/demo/fraud_stream.h"
#include "worker/demo/recommend_judge.h"
#include "worker/demo/recommend_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* LEAT_EXAMPLES, the folder of the examples, comes from the build. The compiler does not
 * see that it reads them: the build names them as what this file depends on. */
#define EMBED(symbol, file)                                                              \
    __asm__(".pushsection .rodata\n" #symbol ":\n"                                       \
            ".incbin \"" LEAT_EXAMPLES "/" file "\"\n" #symbol "_end:\n"                 \
            ".byte 0\n"                                                                  \
            ".popsection\n");                                                            \
    extern const char symbol[] __attribute__((visibility("hidden")));                    \
    extern const char symbol##_end[] __attribute__((visibility("hidden")))

#define EMBEDDED(name, symbol)                                                           \
    {                                                                                    \
        name, symbol, symbol##_end                                                       \
    }

EMBED(leat_fraud_yaml, "fraud/leat.yaml");
EMBED(leat_fraud_model, "fraud/fraud.ubj");
EMBED(leat_fraud_golden, "fraud/fraud.golden.ndjson");

EMBED(leat_recommend_yaml, "recommend/leat.yaml");
EMBED(leat_recommend_model, "recommend/recommend.onnx");
EMBED(leat_recommend_golden, "recommend/recommend.golden.ndjson");

static const leat_world worlds[] = {
    {
        .name = "fraud",
        .shows = "card transactions, scored for fraud",
        .n_events = 1000000,
        .max_ahead = LEAT_DEMO_MAX_AHEAD,
        .id_field = LEAT_FRAUD_ID,
        .id_prefix = LEAT_FRAUD_PREFIX,
        .group = "fraud-scorer",
        .events = "transactions",
        .predictions = "predictions",
        .dead_letters = "transactions.dead",
        .stream = &leat_fraud_stream,
        .judge = &leat_fraud_judge,
        .files = {EMBEDDED("leat.yaml", leat_fraud_yaml),
                  EMBEDDED("fraud.ubj", leat_fraud_model),
                  EMBEDDED("fraud.golden.ndjson", leat_fraud_golden)},
    },
    {
        .name = "recommend",
        .shows = "views in a shop: a hundred candidates each, ranked by what came before",
        .n_events = 50000,
        .max_ahead = 512, /* each is a hundred rows */
        .id_field = LEAT_RECOMMEND_ID,
        .id_prefix = LEAT_RECOMMEND_PREFIX,
        .group = "recommender",
        .events = "views",
        .predictions = "recommendations",
        .dead_letters = "views.dead",
        .stream = &leat_recommend_stream,
        .judge = &leat_recommend_judge,
        .files = {EMBEDDED("leat.yaml", leat_recommend_yaml),
                  EMBEDDED("recommend.onnx", leat_recommend_model),
                  EMBEDDED("recommend.golden.ndjson", leat_recommend_golden)},
    },
};

const leat_world *leat_worlds(size_t *n)
{
    *n = sizeof worlds / sizeof worlds[0];
    return worlds;
}

const leat_world *leat_world_find(const char *name)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        if (!strcmp(worlds[i].name, name))
            return &worlds[i];
    return NULL;
}

static leat_status write_file(const char *folder, const leat_example_file *file,
                              leat_error *error)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, file->name);
    size_t size = (size_t)(file->end - file->start);
    FILE *out = fopen(path, "wb");
    int failed = !out || fwrite(file->start, 1, size, out) != size;
    if (out && fclose(out) != 0)
        failed = 1;
    return failed ? leat_error_set(error, LEAT_E_IO, "%s: %s", path, strerror(errno))
                  : LEAT_OK;
}

leat_status leat_world_write_example(const leat_world *world, const char *folder,
                                     leat_error *error)
{
    leat_status status = LEAT_OK;
    for (int i = 0; i < LEAT_EXAMPLE_FILES && status == LEAT_OK; i++)
        status = write_file(folder, &world->files[i], error);
    return status;
}
