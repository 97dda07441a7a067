/* From what a feature says about its value to how the value is read.
 *
 * What the input of the model takes decides where the feature says nothing: strings as
 * they are; categories, where the model carries them; else numbers. */
#include "worker/plan_builder.h"

#include "base/categories.h"
#include "base/column.h"
#include "base/element.h"
#include "base/reading.h"
#include "base/zone.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A column in the making. */
typedef struct making {
    leat_plan_builder *builder;
    const leat_config_feature *feature;
    leat_column *column;
    leat_dtype dtype;
    leat_model_categories own; /* the model's; n = 0: none */
    leat_reading reading;
} making;

#define REFUSE(m, key, format, ...)                                                      \
    LEAT_PLAN_REFUSE((m)->builder,                                                       \
                     leat_config_feature_place((m)->builder->config, (m)->feature, key), \
                     "features.%.60s." key ": " format, (m)->feature->name, __VA_ARGS__)

static leat_reading_kind kind_of(const making *m)
{
    static const leat_reading_kind kinds[] = {
        [LEAT_AS_NUMBER] = LEAT_READING_NUMBER,
        [LEAT_AS_HOUR] = LEAT_READING_HOUR,
        [LEAT_AS_WEEKDAY] = LEAT_READING_WEEKDAY,
        [LEAT_AS_SECONDS_SINCE] = LEAT_READING_SECONDS_SINCE,
        [LEAT_AS_IDS] = LEAT_READING_IDS,
    };
    if (m->feature->has_as)
        return kinds[m->feature->as];
    if (m->dtype == LEAT_STRING)
        return LEAT_READING_TEXT;
    return m->feature->has_categories || m->own.n ? LEAT_READING_CATEGORY
                                                  : LEAT_READING_NUMBER;
}

/* ---- what makes no sense ---- */

/* What the input takes. */
static leat_status check_input(making *m)
{
    const leat_config_feature *feature = m->feature;
    if (m->dtype == LEAT_STRING && feature->has_as)
        return REFUSE(m, "as", "%s", "the model's input takes strings; remove it");
    if (m->dtype == LEAT_STRING && feature->has_categories)
        return REFUSE(m, "categories", "%s",
                      "the model's input takes the strings themselves; remove them");
    if (m->dtype == LEAT_BOOL && feature->has_categories)
        return REFUSE(m, "categories", "%s", "the model's input takes a bool");
    if (m->dtype == LEAT_BOOL && m->reading.kind != LEAT_READING_NUMBER)
        return REFUSE(m, "as", "%s", "the model's input takes a bool");
    return LEAT_OK;
}

/* A topic's name spells nothing else, and a number is no text. */
static leat_status check_source(making *m)
{
    const leat_path *from = &m->column->from;
    bool is_text = m->reading.kind == LEAT_READING_TEXT;
    if (from->root != LEAT_ROOT_META)
        return LEAT_OK;
    if (from->meta == LEAT_META_TOPIC && !is_text &&
        m->reading.kind != LEAT_READING_CATEGORY)
        return REFUSE(m, "from",
                      "%s is text, and the model's input takes %s; write  categories:  "
                      "beside it",
                      from->text, leat_reading_text(&m->reading, m->dtype));
    if (from->meta != LEAT_META_TOPIC && is_text)
        return REFUSE(m, "from", "%s is a number, and the model's input takes strings",
                      from->text);
    return LEAT_OK;
}

/* "0", "1", "2"...: each category is its own code. */
static bool are_codes(const leat_model_categories *own)
{
    char digits[12];
    for (uint32_t i = 0; i < own->n; i++) {
        snprintf(digits, sizeof digits, "%" PRIu32, i);
        if (strcmp(own->names[i], digits) != 0)
            return false;
    }
    return true;
}

/* The model's own categories win; the configuration may repeat them, but not differ. */
static leat_status check_own(making *m)
{
    const leat_strings *listed = &m->feature->categories;
    if (!m->own.n)
        return LEAT_OK;
    if (m->feature->has_as && m->feature->as != LEAT_AS_NUMBER && !are_codes(&m->own))
        return REFUSE(m, "as",
                      "the model knows this column by %u categories, '%.40s' and so on; "
                      "remove it, or write  as: number  where the value is a "
                      "category's code",
                      m->own.n, m->own.names[0]);
    for (uint32_t i = 0; i < listed->n; i++)
        if (i >= m->own.n || strcmp(listed->at[i], m->own.names[i]) != 0)
            return REFUSE(m, "categories",
                          "category %u is '%.40s' in the model, not '%.40s'; leave the "
                          "categories out",
                          i, i < m->own.n ? m->own.names[i] : "none", listed->at[i]);
    if (listed->n && listed->n < m->own.n)
        return REFUSE(m, "categories",
                      "%u are listed, and the model has %u; leave the categories out",
                      listed->n, m->own.n);
    return LEAT_OK;
}

/* ---- what a reading needs ---- */

static leat_status build_zone(making *m)
{
    leat_error why;
    if (!m->feature->zone)
        return LEAT_OK;
    leat_status status = leat_zone_load(&m->reading.zone, &m->builder->plan->arena,
                                        m->feature->zone, &why);
    return status ? REFUSE(m, "zone", "%s", why.msg) : LEAT_OK;
}

static leat_status build_categories(making *m)
{
    const leat_strings *listed = &m->feature->categories;
    leat_status status = leat_categories_new(
        &m->reading.categories, &m->builder->plan->arena,
        m->own.n ? m->own.names : listed->at, m->own.n ? m->own.n : listed->n);
    return status ? leat_plan_no_memory(m->builder) : LEAT_OK;
}

/* A pad is an id like the others: what the input would round is another one. */
static leat_status build_ids(making *m)
{
    char digits[24];
    uint64_t element;
    leat_reading one = {.kind = LEAT_READING_IDS, .length = 1};
    int size = snprintf(digits, sizeof digits, "%" PRId64, m->feature->pad);
    leat_slice text = {(const uint8_t *)digits, (uint32_t)size};
    m->reading.length = m->column->n;
    m->reading.pad = m->feature->pad;
    m->reading.keeps_first = m->feature->keep == LEAT_KEEP_FIRST;
    return leat_reading_put_text(&one, &element, m->dtype, text, NULL)
               ? REFUSE(m, "pad", "%s, but the model's input takes %s", digits,
                        leat_dtype_name(m->dtype))
               : LEAT_OK;
}

static leat_status build_parts(making *m)
{
    switch (m->reading.kind) {
    case LEAT_READING_HOUR:
    case LEAT_READING_WEEKDAY:
        return build_zone(m);
    case LEAT_READING_CATEGORY:
        return build_categories(m);
    case LEAT_READING_IDS:
        return build_ids(m);
    default:
        return LEAT_OK;
    }
}

/* A number of the event needs no reading: the decoder writes it on its way. */
static leat_status keep_reading(making *m)
{
    leat_column *column = m->column;
    bool is_named = column->from.root == LEAT_ROOT_NAMED;
    if (m->reading.kind == LEAT_READING_NUMBER && !leat_path_is_text(&column->from))
        return LEAT_OK;
    leat_reading *kept = leat_arena_alloc(&m->builder->plan->arena, sizeof *kept);
    if (!kept)
        return leat_plan_no_memory(m->builder);
    *kept = m->reading;
    column->reading = kept;
    column->capture =
        is_named ? LEAT_NO_CAPTURE : leat_plan_capture(m->builder, &column->from);
    return LEAT_OK;
}

/* ---- defaults ---- */

static leat_status build_default_category(making *m)
{
    const char *text = m->feature->default_value.text;
    uint32_t place;
    leat_slice name = {(const uint8_t *)text, (uint32_t)strlen(text)};
    if (!leat_categories_find(m->reading.categories, name, &place))
        return REFUSE(m, "default", "'%.60s' is none of the categories", text);
    m->column->default_value = place;
    return LEAT_OK;
}

/* One that the input can hold. As a double it may have been rounded to an integer from
 * 2^53 on. */
static leat_status build_default_number(making *m)
{
    uint64_t element;
    const leat_config_scalar *scalar = &m->feature->default_value;
    bool is_exact = leat_dtype_has_nan(m->dtype) || fabs(scalar->number) < 0x1p53;
    m->column->default_value = scalar->number;
    if (scalar->is_number && is_exact &&
        leat_column_put_default(m->column, &element, m->dtype) == LEAT_OK)
        return LEAT_OK;
    return REFUSE(m, "default", "%.60s, but the model's input takes %s (%s)",
                  scalar->text, leat_dtype_text(m->dtype), leat_dtype_name(m->dtype));
}

static leat_status build_default(making *m)
{
    leat_column *column = m->column;
    column->has_default = m->feature->has_default;
    column->default_value = NAN;
    if (!column->has_default)
        return LEAT_OK;
    if (m->reading.kind == LEAT_READING_CATEGORY)
        return build_default_category(m);
    if (m->dtype != LEAT_STRING)
        return build_default_number(m);
    const char *text = m->feature->default_value.text;
    uint32_t size = (uint32_t)strlen(text);
    const char *copy = leat_arena_strndup(&m->builder->plan->arena, text, size);
    column->default_text = (leat_slice){(const uint8_t *)copy, size};
    return copy ? LEAT_OK : leat_plan_no_memory(m->builder);
}

leat_status leat_plan_build_reading(leat_plan_builder *builder,
                                    const leat_config_feature *feature,
                                    leat_column *column)
{
    static leat_status (*const steps[])(making *) = {
        check_input, check_source, check_own, build_parts, keep_reading, build_default,
    };
    const leat_model *model = builder->plan->model;
    making m = {.builder = builder,
                .feature = feature,
                .column = column,
                .dtype = builder->inputs[column->tensor].dtype};
    if (model && column->tensor == 0)
        m.own = leat_model_column_categories(model, column->element);
    m.reading.kind = kind_of(&m);
    leat_status status = LEAT_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && !status; i++)
        status = steps[i](&m);
    return status;
}
