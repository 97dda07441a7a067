#include "runtime/sniff.h"

#include <stdbool.h>
#include <string.h>

/* What helps where the framework is known, and where it may be any. */
#define SAVE_XGBOOST "save it with XGBoost's save_model(\"model.json\")"
#define SAVE_ANY                                                                         \
    "save it with save_model (XGBoost, LightGBM) or as ONNX (skl2onnx, torch)"

#define COMPRESSED "this is compressed (joblib?): load it in Python and " SAVE_ANY

/* How other formats begin; zlib, with the level that it compressed at. */
static const struct prefix {
    const char *bytes;
    uint8_t size;
    const char *what;
} prefixes[] = {
    {"CBM1", 4, "CatBoost's binary format is not supported"},
    {"binf", 4,
     "XGBoost's old binary format is not supported: load it there and " SAVE_XGBOOST},
    {"booster[", 8, "this is a text dump, which has no base score: " SAVE_XGBOOST},
    {"[", 1, "this is a JSON list, such as XGBoost's dump_model writes: " SAVE_XGBOOST},
    {"\x80", 1,
     "this is a Python pickle, which could run code: load it in Python and " SAVE_ANY},
    {"\x78\x01", 2, COMPRESSED},
    {"\x78\x5e", 2, COMPRESSED},
    {"\x78\x9c", 2, COMPRESSED},
    {"\x78\xda", 2, COMPRESSED},
    {"\x1f\x8b", 2, "this is gzip: unpack it first"},
    {"PK\x03\x04", 4,
     "this is a zip archive (PyTorch, skops, MLflow?): unpack or convert it"},
    {"\x89HDF", 4, "HDF5 (Keras) is not supported"},
    {"<?xml", 5, "PMML is not supported: " SAVE_ANY},
    {"<PMML", 5, "PMML is not supported: " SAVE_ANY},
};

/* An ONNX file is a protobuf that begins with ir_version, field 1, and goes on with a
 * string (producer_name 2, producer_version 3, domain 4) or the graph 7 or
 * opset_import 8. */
static bool is_onnx(const uint8_t *bytes, size_t size)
{
    return size > 3 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 0x40 &&
           memchr("\x12\x1a\x22\x3a\x42", bytes[2], 5);
}

static leat_status refuse(const uint8_t *bytes, size_t size, leat_error *error)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (size >= prefixes[i].size &&
            !memcmp(bytes, prefixes[i].bytes, prefixes[i].size))
            return leat_error_set(error, LEAT_E_UNSUPPORTED, "%s", prefixes[i].what);
    return leat_error_set(error, LEAT_E_MODEL,
                          "no model format that is known here (it begins with 0x%02x); "
                          "expected XGBoost's JSON or UBJSON, LightGBM's text, or ONNX",
                          bytes[0]);
}

static bool begins(const uint8_t *bytes, size_t size, const char *with)
{
    return size >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

leat_status leat_sniff(leat_model_kind *kind, const uint8_t *bytes, size_t size,
                       leat_error *error)
{
    if (!size)
        return leat_error_set(error, LEAT_E_MODEL, "the file is empty");
    size_t at = 0;
    while (at < size && bytes[at] && strchr(" \t\r\n", bytes[at]))
        at++;
    if (begins(bytes, size, "tree\n") || begins(bytes, size, "tree\r\n"))
        *kind = LEAT_KIND_LIGHTGBM;
    else if (is_onnx(bytes, size))
        *kind = LEAT_KIND_ONNX;
    else if (at == size || bytes[at] != '{')
        return refuse(bytes, size, error);
    else /* A name in UBJSON has its length before it, in JSON a quote. */
        *kind = at + 1 < size && bytes[at + 1] == 'L' ? LEAT_KIND_UBJSON : LEAT_KIND_JSON;
    return LEAT_OK;
}
