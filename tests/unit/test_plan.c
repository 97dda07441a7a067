#include "tiny_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static tiny_model tiny;    /* names its columns amount and avg */
static tiny_model unnamed; /* names none */
static leat_error error;

static int set_up(void **state)
{
    (void)state;
    tiny_model_write(&tiny, "\"amount\",\"avg\"", TINY_LOGISTIC);
    tiny_model_write(&unnamed, "", TINY_LOGISTIC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_model_remove(&tiny);
    tiny_model_remove(&unnamed);
    return 0;
}

static const char good[] =
    "model: {path: m.json, name: fraud}\n"
    "features: {avg: {from: user.avg_30d, default: 2}, amount: {from: event.amount}}\n"
    "lookups: {user: {key: 'u:{event.id}:{event.at}'}}\n"
    "redis: {url: 'redis://r:7/3', timeout: 9ms}\n"
    "sink: {topic: out, include: [event.id, 'event.items[0].sku', key, headers.trace,\n"
    "                             meta.offset], thresholds: {b: 0.9, a: 0.5}}\n";

static leat_plan *plan_of(const tiny_model *model, const char *text)
{
    leat_plan *plan = tiny_model_plan(model, text, &error);
    if (!plan)
        fail_msg("%s", error.msg);
    return plan;
}

static void test_plan__columns_stand_as_the_model_wants_them(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(&tiny, good);
    assert_int_equal(plan->schema.n_columns, 2);
    const leat_column *columns = plan->schema.columns;
    assert_string_equal(columns[0].name, "amount");
    assert_int_equal(columns[0].element, 0);
    assert_string_equal(columns[0].from.text, "event.amount");
    assert_false(columns[0].has_default);
    assert_true(isnan(columns[0].default_value));
    assert_string_equal(columns[1].name, "avg");
    assert_int_equal(columns[1].element, 1);
    assert_true(columns[1].has_default);
    assert_true(columns[1].default_value == 2.0);
    leat_plan_release(plan);
}

static void test_plan__a_path_that_several_want_is_captured_once(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(&tiny, good);
    const leat_key_part *parts = plan->features.lookups[0].parts;
    assert_int_equal(plan->schema.n_captures, 6);
    assert_int_equal(parts[1].capture, plan->prediction.includes[0].capture);
    assert_int_equal(parts[3].capture, plan->schema.time_capture);
    assert_string_equal(plan->schema.captures[parts[3].capture].text, "event.at");
    leat_plan_release(plan);
}

static void test_plan__a_filter(void **state)
{
    (void)state;
    leat_config *config;
    static const char text[] =
        "kafka: {bootstrap.servers: h}\n"
        "source: {topics: [in], where: {event.type: [buy, 7], event.id: x}}\n"
        "model: {path: m.json}\nsink: {topic: out, include: [event.id]}\n"
        "features: {avg: {from: event.b}, amount: {from: event.a}}\n";
    assert_int_equal(
        leat_config_parse(&config, tiny.config, text, sizeof text - 1, &error), LEAT_OK);
    leat_plan *plan;
    assert_int_equal(leat_plan_new(&plan, config, &error), LEAT_OK);
    leat_config_free(config);
    const leat_filter *filter = &plan->schema.filter;
    assert_int_equal(filter->n, 2);
    const leat_condition *type = &filter->conditions[0];
    assert_string_equal(plan->schema.captures[type->capture].text, "event.type");
    assert_int_equal(type->n, 2);
    assert_memory_equal(type->wanted[0].text.data, "buy", 4);
    assert_int_equal(type->wanted[1].number.as.u, 7);
    assert_int_equal(filter->conditions[1].capture, plan->prediction.includes[0].capture);
    leat_plan_release(plan);
}

static void test_plan__lookups(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(&tiny, good);
    assert_int_equal(plan->features.n_lookups, 1);
    const leat_lookup_spec *lookup = &plan->features.lookups[0];
    assert_string_equal(lookup->name, "user");
    assert_int_equal(lookup->n_parts, 4);
    assert_memory_equal(lookup->parts[0].literal.data, "u:", 2);
    assert_null(lookup->parts[1].literal.data);
    assert_int_equal(lookup->n_fields, 1);
    assert_string_equal(lookup->fields[0].path->text, "user.avg_30d");
    assert_int_equal(lookup->fields[0].column, 1);
    assert_string_equal(plan->features.redis.host, "r");
    assert_int_equal(plan->features.redis.port, 7);
    assert_int_equal(plan->features.redis.database, 3);
    assert_int_equal(plan->features.redis.timeout_ns, 9000000);
    leat_plan_release(plan);
}

static void test_plan__prediction(void **state)
{
    (void)state;
    leat_plan *plan = plan_of(&tiny, good);
    const leat_prediction_spec *prediction = &plan->prediction;
    static const char *const names[] = {"id", "sku", "key", "trace", "offset"};
    assert_int_equal(prediction->n_includes, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(prediction->includes[i].name, names[i]);
    assert_string_equal(prediction->model, "fraud");
    assert_int_equal(strlen(prediction->version), 12);
    assert_memory_equal(prediction->version, leat_model_digest(plan->model), 12);
    assert_int_equal(prediction->shape, LEAT_SHAPE_SCORE);
    assert_string_equal(prediction->thresholds[0].decision, "a");
    assert_true(prediction->thresholds[1].min_score == 0.9);
    leat_plan_release(plan);
}

static void test_plan__inputs_order_a_model_without_names(void **state)
{
    (void)state;
    leat_plan *plan =
        plan_of(&unnamed,
                "model: {path: m.json, inputs: {features: [a, z]}}\nsink: {topic: out}\n"
                "features: {z: {from: event.z}, a: {from: event.a}}\n");
    assert_string_equal(plan->schema.columns[0].name, "a");
    assert_string_equal(plan->schema.columns[0].from.text, "event.a");
    leat_plan_release(plan);
}

/* A model with inputs age, visits, amount, card_present of a column each, and rates of two
 * (tests/cli/make_typed_vectors.py). */
static leat_plan *several_inputs(const char *inputs, const char *visits)
{
    char folder[256], text[1024];
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(text, sizeof text,
             "model: {path: %s/tests/cli/typed/numbers.onnx%s}\nsink: {topic: out}\n"
             "features: {low: {from: event.l}, high: {from: event.h}, age: {from: "
             "event.age}, amount: {from: event.a}, card_present: {from: event.c}, "
             "visits: {from: event.v%s}}\n",
             folder, inputs, visits);
    return tiny_model_plan(&tiny, text, &error);
}

static void test_plan__inputs_of_one_column_are_fed_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"age",          "visits", "amount",
                                        "card_present", "high",   "low"};
    leat_plan *plan = several_inputs(", inputs: {rates: [high, low]}", ", default: 3");
    if (!plan)
        fail_msg("%s", error.msg);
    assert_int_equal(plan->schema.n_inputs, 5);
    assert_int_equal(plan->schema.n_columns, 6);
    for (uint32_t i = 0; i < 6; i++) {
        const leat_column *column = &plan->schema.columns[i];
        assert_string_equal(column->name, names[i]);
        assert_int_equal(column->tensor, i < 5 ? i : 4);
        assert_int_equal(column->element, i == 5);
    }
    assert_true(plan->schema.columns[1].default_value == 3);
    leat_plan_release(plan);
}

static void test_plan__an_input_of_one_column_may_be_listed(void **state)
{
    (void)state;
    leat_plan *plan =
        several_inputs(", inputs: {rates: [visits, low], visits: [high]}", "");
    if (!plan)
        fail_msg("%s", error.msg);
    assert_string_equal(plan->schema.columns[1].name, "high");
    assert_string_equal(plan->schema.columns[4].name, "visits");
    leat_plan_release(plan);
}

static void expect_refused(const char *inputs, const char *visits, const char *message)
{
    assert_null(several_inputs(inputs, visits));
    if (!strstr(error.msg, message))
        fail_msg("\"%s\" does not hold \"%s\"", error.msg, message);
}

static void test_plan__refuses_what_does_not_fit_several_inputs(void **state)
{
    (void)state;
    static const char listed[] = ", inputs: {rates: [high, low]}";
    expect_refused("", "",
                   "model.inputs: the model names none of the 2 columns of its input "
                   "'rates'; say which feature each one is, in the order of training:  "
                   "inputs: {rates: [FIRST, SECOND, ...]}");
    expect_refused(", inputs: {rates: [high]}", "",
                   "model.inputs.rates: 1 features are listed, and the model wants 2");
    expect_refused(", inputs: {rate: [high, low]}", "",
                   "the model has no input 'rate'; its inputs are called age, visits, "
                   "amount, card_present, rates");
    expect_refused(", inputs: {rates: [high, visits]}", "",
                   "features.low: the model has no such column; remove it");
    expect_refused(listed, ", default: 0.5",
                   "features.visits.default: 0.5, but the model's input takes an integer "
                   "(i32)");
    expect_refused(listed, ", default: 3e9", "but the model's input takes an integer");
}

static void test_plan__generations_go_up(void **state)
{
    (void)state;
    leat_plan *first = plan_of(&tiny, good);
    leat_plan *second = plan_of(&tiny, good);
    assert_true(second->generation > first->generation);
    leat_plan_release(leat_plan_retain(first));
    assert_int_equal(first->schema.n_columns, 2);
    leat_plan_release(first);
    leat_plan_release(second);
}

typedef struct refusal {
    const char *model, *features, *more; /* lines 3, 4 and from 5 on */
    const char *message;
} refusal;

#define MODEL "model: {path: m.json}"
#define BOTH  "features: {amount: {from: event.a}, avg: {from: event.b}}"

static const refusal refusals[] = {
    {"model: {path: none.json}", BOTH, "sink: {topic: out}",
     "leat.yaml:3:15: model.path: none.json: cannot open: No such file or directory"},
    {MODEL, "features: {avg: {from: event.b}}", "sink: {topic: out}",
     "leat.yaml:4:11: features: no feature for 1 of the model's 2 columns (amount); "
     "write  "
     "amount: {from: event.amount}"},
    {MODEL, "features: {}", "sink: {topic: out}",
     "leat.yaml:4:11: features: no feature for 2 of the model's 2 columns (amount, avg); "
     "write  amount: {from: event.amount}"},
    {MODEL, "", "sink: {topic: out}",
     "leat.yaml:1:1: features: no feature for 2 of the model's 2 columns (amount, avg); "
     "write  amount: {from: event.amount}"},
    {MODEL, "features: {amuont: {from: event.a}, avg: {from: event.b}}",
     "sink: {topic: out}",
     "leat.yaml:4:12: features.amuont: the model has no such column, but wants 'amount'; "
     "rename it"},
    {MODEL,
     "features: {amount: {from: event.a}, avg: {from: event.b}, x: {from: event.c}}",
     "sink: {topic: out}",
     "leat.yaml:4:59: features.x: the model has no such column; remove it"},
    {"model: {path: m.json, inputs: {other: [amount, avg]}}", BOTH, "sink: {topic: out}",
     "leat.yaml:3:32: model.inputs: the model has no input 'other'; its input is called "
     "features"},
    {"model: {path: m.json, inputs: {features: [amount]}}", BOTH, "sink: {topic: out}",
     "leat.yaml:3:32: model.inputs.features: 1 features are listed, and the model wants "
     "2"},
    {"model: {path: m.json, inputs: {features: [avg, amount]}}", BOTH,
     "sink: {topic: out}",
     "leat.yaml:3:32: model.inputs.features: column 0 is 'amount' in the model, not "
     "'avg'; "
     "leave model.inputs out"},
    {"model: {path: m.json, inputs: {a: [avg], b: [amount]}}", BOTH, "sink: {topic: out}",
     "leat.yaml:3:32: model.inputs: the model has no input 'a'; its input is called "
     "features"},
    {"model: {path: m.json, inputs: {features: [amount, avg], b: [amount]}}", BOTH,
     "sink: {topic: out}",
     "leat.yaml:3:57: model.inputs: the model has no input 'b'; its input is called "
     "features"},
    {MODEL, BOTH, "sink: {topic: out, include: [event.a.id, event.b.id]}",
     "leat.yaml:5:29: sink.include: 'event.a.id' and 'event.b.id' would both be called "
     "'id'"},
    {MODEL, BOTH, "sink: {topic: out}\nredis: {url: 'http://h'}",
     "leat.yaml:6:14: redis.url: unknown scheme; expected redis://, rediss:// or "
     "unix://"},
};

static void test_plan__refuses_what_does_not_fit_the_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal *row = &refusals[i];
        char text[512];
        snprintf(text, sizeof text, "%s\n%s\n%s\n", row->model, row->features, row->more);
        assert_null(tiny_model_plan(&tiny, text, &error));
        assert_string_equal(error.msg, row->message);
    }
}

/* The order in which features are written must not decide what a score is. */
static void test_plan__a_model_without_names_wants_them_said(void **state)
{
    (void)state;
    assert_null(
        tiny_model_plan(&unnamed, MODEL "\n" BOTH "\nsink: {topic: out}", &error));
    assert_string_equal(
        error.msg, "leat.yaml:3:15: model.inputs: the model names none of the 2 columns "
                   "of its input 'features'; say which feature each one is, in the order "
                   "of training:  "
                   "inputs: {features: [FIRST, SECOND, ...]}");
}

static void test_plan__thresholds_need_one_score(void **state)
{
    (void)state;
    tiny_model classes;
    tiny_model_write(&classes, "\"amount\",\"avg\"", TINY_TWO_CLASSES);
    static const char text[] = MODEL "\n" BOTH "\nsink: {topic: o, thresholds: {a: 1}}";
    leat_plan *plan = tiny_model_plan(&classes, text, &error);
    tiny_model_remove(&classes);
    assert_null(plan);
    assert_string_equal(error.msg, "leat.yaml:5:30: sink.thresholds: this model "
                                   "(multi:softprob) gives a score for each class, "
                                   "and thresholds need a single score");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__columns_stand_as_the_model_wants_them),
        cmocka_unit_test(test_plan__a_path_that_several_want_is_captured_once),
        cmocka_unit_test(test_plan__a_filter),
        cmocka_unit_test(test_plan__lookups),
        cmocka_unit_test(test_plan__prediction),
        cmocka_unit_test(test_plan__inputs_order_a_model_without_names),
        cmocka_unit_test(test_plan__inputs_of_one_column_are_fed_by_name),
        cmocka_unit_test(test_plan__an_input_of_one_column_may_be_listed),
        cmocka_unit_test(test_plan__refuses_what_does_not_fit_several_inputs),
        cmocka_unit_test(test_plan__generations_go_up),
        cmocka_unit_test(test_plan__refuses_what_does_not_fit_the_model),
        cmocka_unit_test(test_plan__a_model_without_names_wants_them_said),
        cmocka_unit_test(test_plan__thresholds_need_one_score),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
