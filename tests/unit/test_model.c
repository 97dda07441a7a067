#include "model_files.h"
#include "runtime/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BINARY        GOLDEN "binary-1.7.4.json"
#define BINARY_SHA256 "ed3e731b3f0b08056a5096edf6ad1817c412377a109294fdbf6fd9150f502e6f"

static leat_model *open_model(const char *path)
{
    leat_model *model;
    leat_error error;
    if (leat_model_open(&model, path, NULL, &error))
        fail_msg("%s", error.msg);
    return model;
}

static void expect_refused(const char *bytes, size_t size, leat_status status,
                           const char *msg)
{
    leat_model *model;
    leat_error error;
    assert_int_equal(leat_model_parse(&model, bytes, size, NULL, &error), status);
    assert_string_equal(error.msg, msg);
}

static void test_model__tells_what_it_is(void **state)
{
    (void)state;
    leat_model *model = open_model(BINARY);
    leat_model_facts facts;
    leat_model_describe(model, &facts);
    assert_string_equal(leat_model_format(model), "XGBoost JSON");
    assert_string_equal(leat_model_objective(model), "binary:logistic");
    assert_string_equal(leat_model_digest(model), BINARY_SHA256);
    assert_int_equal(leat_model_n_inputs(model), 1);
    assert_int_equal(leat_model_inputs(model)->shape[1], 4);
    assert_int_equal(leat_model_output(model)->shape[1], 1);
    assert_int_equal(leat_model_output_kind(model), LEAT_OUTPUT_SCORE);
    assert_int_equal(facts.file_bytes, 2850);
    assert_int_equal(facts.n_trees, 2);
    assert_int_equal(facts.n_leaves, 15);
    assert_int_equal(facts.max_depth, 3);
    leat_model_free(model);
}

static void test_model__tells_classes_from_a_score(void **state)
{
    (void)state;
    leat_model *model = open_model(GOLDEN "classes-3.2.0.ubj");
    assert_string_equal(leat_model_format(model), "XGBoost UBJSON");
    assert_int_equal(leat_model_output_kind(model), LEAT_OUTPUT_SCORES);
    assert_int_equal(leat_model_output(model)->shape[1], 3);
    leat_model_free(model);
}

static void test_model__softmax_gives_a_label(void **state)
{
    (void)state;
    size_t size;
    leat_model *model;
    char *text = read_file(GOLDEN "classes-1.7.4.json", &size);
    char *changed = replace(text, "multi:softprob", "multi:softmax");
    assert_int_equal(leat_model_parse(&model, changed, size - 1, NULL, NULL), LEAT_OK);
    assert_int_equal(leat_model_output_kind(model), LEAT_OUTPUT_LABEL);
    assert_int_equal(leat_model_output(model)->shape[1], 1);
    leat_model_free(model);
    free(text);
    free(changed);
}

static void test_model__must_have_the_pinned_digest(void **state)
{
    (void)state;
    leat_model *model;
    leat_error error;
    leat_model_options options = {.sha256 = BINARY_SHA256};
    assert_int_equal(leat_model_open(&model, BINARY, &options, &error), LEAT_OK);
    leat_model_free(model);
    options.sha256 = "0badc0de";
    assert_int_equal(leat_model_open(&model, BINARY, &options, &error), LEAT_E_MODEL);
    assert_string_equal(error.msg,
                        BINARY ": sha256 is " BINARY_SHA256 ", but 0badc0de is pinned");
}

static void test_model__names_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    leat_model *model;
    leat_error error;
    assert_int_equal(leat_model_open(&model, "no/such.json", NULL, &error),
                     LEAT_E_NO_INPUT);
    assert_string_equal(error.msg,
                        "no/such.json: cannot open: No such file or directory");
    assert_int_equal(leat_model_open(&model, "tests", NULL, &error), LEAT_E_NO_INPUT);
    assert_string_equal(error.msg, "tests: not a file");
}

static void test_model__puts_the_path_before_every_message(void **state)
{
    (void)state;
    leat_model *model;
    leat_error error;
    assert_int_equal(leat_model_open(&model, GOLDEN "make.py", NULL, &error),
                     LEAT_E_MODEL);
    assert_string_equal(
        error.msg,
        GOLDEN "make.py: no model format that is known here (it begins with 0x22); "
               "expected XGBoost's JSON or UBJSON, LightGBM's text, or ONNX");
    assert_int_equal(leat_model_open(&model, GOLDEN "make.py", NULL, NULL), LEAT_E_MODEL);
}

static void test_model__refuses_other_formats_by_name(void **state)
{
    (void)state;
#define REFUSED(bytes, msg)                                                              \
    expect_refused(bytes, sizeof(bytes) - 1, LEAT_E_UNSUPPORTED, msg)
    REFUSED(
        "\x80\x04\x95",
        "this is a Python pickle, which could run code: load it in Python and save it "
        "with save_model (XGBoost, LightGBM) or as ONNX (skl2onnx, torch)");
    REFUSED("\x78\x5e\x01", "this is compressed (joblib?): load it in Python and save it "
                            "with save_model (XGBoost, LightGBM) or as ONNX (skl2onnx, "
                            "torch)");
    REFUSED("<?xml version", "PMML is not supported: save it with save_model "
                             "(XGBoost, LightGBM) or as ONNX (skl2onnx, torch)");
    REFUSED("CBM1\x01", "CatBoost's binary format is not supported");
    REFUSED("binf\x01", "XGBoost's old binary format is not supported: load it there and "
                        "save it with XGBoost's save_model(\"model.json\")");
    REFUSED("{\"oblivious_trees\":[]}", "CatBoost's JSON is not supported");
    REFUSED("{\"name\":\"tree\",\"tree_info\":[]}",
            "this is LightGBM's dump_model: use save_model(\"model.txt\")");
    REFUSED("[{\"nodeid\":0}]",
            "this is a JSON list, such as XGBoost's dump_model writes: "
            "save it with XGBoost's save_model(\"model.json\")");
}

static void test_model__refuses_what_is_no_model(void **state)
{
    (void)state;
    expect_refused("", 0, LEAT_E_MODEL, "the file is empty");
    expect_refused("\x08\x08\x12\x05skl2o", 9, LEAT_E_MODEL, "there is no graph");
    expect_refused(" \n ", 3, LEAT_E_MODEL,
                   "no model format that is known here (it begins with 0x20); expected "
                   "XGBoost's JSON or UBJSON, LightGBM's text, or ONNX");
    expect_refused("{\"a\":1}", 7, LEAT_E_MODEL,
                   "no key \"learner\": expected what XGBoost's save_model writes");
    expect_refused("{", 1, LEAT_E_MODEL, "byte 1: the file ends, expected a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__tells_what_it_is),
        cmocka_unit_test(test_model__tells_classes_from_a_score),
        cmocka_unit_test(test_model__softmax_gives_a_label),
        cmocka_unit_test(test_model__must_have_the_pinned_digest),
        cmocka_unit_test(test_model__names_a_file_that_cannot_be_read),
        cmocka_unit_test(test_model__puts_the_path_before_every_message),
        cmocka_unit_test(test_model__refuses_other_formats_by_name),
        cmocka_unit_test(test_model__refuses_what_is_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
