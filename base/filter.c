#include "base/filter.h"

#include "base/element.h"

leat_filter_value leat_filter_value_of(leat_slice text)
{
    int64_t integer;
    double number;
    leat_filter_value wanted = {.text = text};
    if (leat_element_parse(&integer, LEAT_I64, text) == LEAT_OK)
        wanted.number = (leat_value){
            .type = integer < 0 ? LEAT_VALUE_INT : LEAT_VALUE_UINT, .as.i = integer};
    else if (leat_element_parse(&number, LEAT_F64, text) == LEAT_OK)
        wanted.number = (leat_value){.type = LEAT_VALUE_DOUBLE, .as.f = number};
    return wanted;
}

static bool is_integer(const leat_value *value)
{
    return value->type == LEAT_VALUE_UINT || value->type == LEAT_VALUE_INT;
}

static bool is_number(const leat_value *value, const leat_value *wanted)
{
    double one, other;
    if (is_integer(value) && is_integer(wanted))
        return value->type == wanted->type && value->as.u == wanted->as.u;
    return leat_value_number(value, &one) == LEAT_OK &&
           leat_value_number(wanted, &other) == LEAT_OK && one == other;
}

static bool is_text(const leat_slice *wanted, const void *text, uint32_t size)
{
    return leat_slice_equal(*wanted, (leat_slice){text, size});
}

static bool is_wanted(const leat_value *value, const leat_filter_value *wanted)
{
    switch (value->type) {
    case LEAT_VALUE_STR:
        return is_text(&wanted->text, value->as.bytes, value->size);
    case LEAT_VALUE_BOOL:
        return value->as.u ? is_text(&wanted->text, "true", 4)
                           : is_text(&wanted->text, "false", 5);
    case LEAT_VALUE_UINT:
    case LEAT_VALUE_INT:
    case LEAT_VALUE_FLOAT:
    case LEAT_VALUE_DOUBLE:
        return is_number(value, &wanted->number);
    default:
        return false;
    }
}

static bool holds(const leat_condition *condition, leat_slice capture)
{
    leat_cursor cursor = leat_cursor_over(capture);
    leat_value value;
    if (!capture.data || leat_msgpack_read(&cursor, &value) != LEAT_OK)
        return false;
    for (uint32_t i = 0; i < condition->n; i++)
        if (is_wanted(&value, &condition->wanted[i]))
            return true;
    return false;
}

bool leat_filter_matches(const leat_filter *filter, const leat_slice *captures)
{
    for (uint32_t i = 0; i < filter->n; i++)
        if (!holds(&filter->conditions[i], captures[filter->conditions[i].capture]))
            return false;
    return true;
}
