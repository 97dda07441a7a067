#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {"m.json", "golden.ndjson", "leat.yaml"};

static const char head[] =
    "{\"learner\":{\"attributes\":{},\"feature_names\":[%s],\"feature_types\":[],"
    "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":"
    "\"1\","
    "\"num_trees\":\"%d\"},\"tree_info\":[%s],\"trees\":[";

static const char tree[] =
    "%s{\"base_weights\":[0,0,0],\"categories\":[],\"categories_nodes\":[],"
    "\"categories_segments\":[],\"categories_sizes\":[],\"default_left\":[0,0,0],"
    "\"id\":%d,\"left_children\":[1,-1,-1],\"loss_changes\":[0,0,0],"
    "\"parents\":[2147483647,0,0],\"right_children\":[2,-1,-1],"
    "\"split_conditions\":[0.5,-1,1],\"split_indices\":[0,0,0],\"split_type\":[0,0,0],"
    "\"sum_hessian\":[0,0,0],\"tree_param\":{\"num_deleted\":\"0\","
    "\"num_feature\":\"2\",\"num_nodes\":\"3\",\"size_leaf_vector\":\"0\"}}";

static const char tail[] =
    "]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"5E-1\","
    "\"num_class\":\"%d\",\"num_feature\":\"2\",\"num_target\":\"1\"},"
    "\"objective\":{\"name\":\"%s\",\"%s\":{\"num_class\":\"%d\","
    "\"scale_pos_weight\":\"1\"}}},\"version\":[1,7,4]}";

void tiny_model_put(const tiny_model *tiny, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", tiny->folder, name);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

void tiny_model_write(tiny_model *tiny, const char *names, tiny_kind kind)
{
    bool two = kind == TINY_TWO_CLASSES;
    char text[4096];
    strcpy(tiny->folder, "/tmp/leat-tiny-XXXXXX");
    if (!mkdtemp(tiny->folder))
        abort();
    snprintf(tiny->config, sizeof tiny->config, "%s/leat.yaml", tiny->folder);
    int used = snprintf(text, sizeof text, head, names, two ? 2 : 1, two ? "0,1" : "0");
    for (int i = 0; i <= two; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, tree, i ? "," : "", i);
    snprintf(text + used, sizeof text - (size_t)used, tail, two ? 2 : 0,
             two ? "multi:softprob" : "binary:logistic",
             two ? "softmax_multiclass_param" : "reg_loss_param", two ? 2 : 0);
    tiny_model_put(tiny, "m.json", text);
}

void tiny_model_remove(const tiny_model *tiny)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", tiny->folder, files[i]);
        unlink(path);
    }
    rmdir(tiny->folder);
}

/* The folder's name differs from run to run. */
static void cut_folder(const tiny_model *tiny, char *text)
{
    size_t size = strlen(tiny->folder) + 1;
    for (char *at; (at = strstr(text, tiny->folder));)
        memmove(at, at + size, strlen(at + size) + 1);
}

leat_plan *tiny_model_plan(const tiny_model *tiny, const char *text, leat_error *error)
{
    char whole[2048];
    snprintf(whole, sizeof whole,
             "kafka: {bootstrap.servers: h}\n"
             "%s%s\n",
             strstr(text, "source:") ? "" : "source: {topics: [in], time: event.at}\n",
             text);
    leat_config *config;
    leat_plan *plan = NULL;
    leat_status status =
        leat_config_parse(&config, tiny->config, whole, strlen(whole), error);
    if (!status)
        status = leat_plan_new(&plan, config, error);
    leat_config_free(config);
    if (status)
        cut_folder(tiny, error->msg);
    return plan;
}
