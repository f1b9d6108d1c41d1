#include "item/selection.h"

#include <string.h>

#include "item/scalar.h"

#define DATE_TIME_SIZE 12u
#define SELECTOR_RANGE 1u
#define SELECTOR_ENTRY 2u

_Static_assert(sizeof(qd_selection_t) <= 80, "one selection slot");

/* The elements of a descriptor are there or its type is another one. */
static qd_status_t wanted(qd_status_t status) {
    return status == QD_END ? QD_TYPE : status;
}

/* capture_object_definition ::= structure { class_id, logical_name, attribute_index, data_index }; the number of
 * the column that it names. */
static qd_status_t take_column(const qd_columns_t *columns, const qd_source_t *source, uint8_t *number) {
    uint8_t obis[6];
    uint16_t count = 0;
    uint16_t length = 0;
    int64_t class_id = 0;
    int64_t attribute = 0;
    int64_t data = 0;
    qd_status_t status = wanted(qd_source_group(source, QD_TYPE_STRUCTURE, &count));
    if (status == QD_OK && count != 4) {
        return QD_TYPE;
    }
    if (status == QD_OK) {
        status = wanted(qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &class_id));
    }
    if (status == QD_OK) {
        status = wanted(qd_source_octets(source, obis, sizeof obis, sizeof obis, &length));
    }
    if (status == QD_OK) {
        status = wanted(qd_source_integer(source, QD_TYPE_INTEGER, INT8_MIN, INT8_MAX, &attribute));
    }
    if (status == QD_OK) {
        status = wanted(qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &data));
    }
    for (uint8_t i = 0; status == QD_OK && i < columns->count; i++) {
        const qd_column_t *column = &columns->column[i];
        if (column->class_id == class_id && memcmp(column->obis.group, obis, sizeof obis) == 0 &&
            column->attribute == attribute && column->data == data) {
            *number = i;
            return QD_OK;
        }
    }
    return status == QD_OK ? QD_RANGE : status;
}

/* A bound: the octet-string that class 8 has, or the date-time type itself. */
static qd_status_t take_instant(const qd_columns_t *columns, const qd_source_t *source, bool last,
                                int64_t *bound) {
    uint32_t utc_s = 0;
    qd_item_element_t element;
    qd_status_t status = wanted(source->next(source->context, &element));
    if (status != QD_OK) {
        return status;
    }
    if (element.type != QD_TYPE_OCTET_STRING && element.type != QD_TYPE_DATE_TIME) {
        return QD_TYPE;
    }
    if (element.scalar.length != DATE_TIME_SIZE) {
        return QD_RANGE;
    }
    status = columns->instant(columns->context, qd_scalar_data(&element.scalar), last, &utc_s);
    *bound = utc_s;
    return status;
}

/* A bound of a column of numbers: an integer of any type. */
static qd_status_t take_number(const qd_source_t *source, int64_t *bound) {
    qd_item_element_t element;
    qd_status_t status = wanted(source->next(source->context, &element));
    if (status != QD_OK) {
        return status;
    }
    status = qd_scalar_convert(&element.scalar, QD_TYPE_LONG64);
    *bound = element.scalar.v.i;
    return status;
}

static qd_status_t take_bound(const qd_columns_t *columns, const qd_source_t *source, uint8_t column,
                              bool last, int64_t *bound) {
    return column == columns->time ? take_instant(columns, source, last, bound) : take_number(source, bound);
}

/* range_descriptor ::= structure { restricting_object, from_value, to_value, selected_values } */
static qd_status_t take_range(const qd_columns_t *columns, const qd_source_t *source,
                              qd_selection_t *selection) {
    uint8_t restricting = 0;
    uint16_t count = 0;
    qd_status_t status = take_column(columns, source, &restricting);
    if (status == QD_OK && restricting != columns->time && (columns->numbers >> restricting & 1u) == 0) {
        status = QD_RANGE;
    }
    selection->restricting = restricting;
    if (status == QD_OK) {
        status = take_bound(columns, source, restricting, false, &selection->from);
    }
    if (status == QD_OK) {
        status = take_bound(columns, source, restricting, true, &selection->to);
    }
    if (status == QD_OK) {
        status = wanted(qd_source_group(source, QD_TYPE_ARRAY, &count));
    }
    if (status == QD_OK && count > QD_SELECTION_COLUMNS) {
        status = QD_RANGE;
    }
    for (uint16_t i = 0; status == QD_OK && i < count; i++) {
        status = take_column(columns, source, &selection->column[i]);
    }
    selection->kind = QD_SELECT_RANGE;
    selection->columns = (uint8_t)count;
    return status;
}

/* entry_descriptor ::= structure { from_entry, to_entry, from_selected_value, to_selected_value } */
static qd_status_t take_entries(const qd_columns_t *columns, const qd_source_t *source,
                                qd_selection_t *selection) {
    int64_t number[4] = {0};
    qd_status_t status = QD_OK;
    for (uint8_t i = 0; status == QD_OK && i < 4; i++) {
        const qd_type_t type = i < 2 ? QD_TYPE_DOUBLE_LONG_UNSIGNED : QD_TYPE_LONG_UNSIGNED;
        status = wanted(qd_source_integer(source, type, 0, UINT32_MAX, &number[i]));
    }
    if (status != QD_OK) {
        return status;
    }
    if (number[0] == 0 || number[2] == 0 || number[2] > columns->count) {
        return QD_RANGE;
    }
    int64_t last = number[3] == 0 || number[3] > columns->count ? columns->count : number[3];
    bool all = number[2] == 1 && last == columns->count;
    if (!all && (last < number[2] || last - number[2] >= (int64_t)QD_SELECTION_COLUMNS)) {
        return QD_RANGE;
    }
    selection->kind = QD_SELECT_ENTRY;
    selection->from = number[0];
    selection->to = number[1];
    for (int64_t column = number[2]; !all && column <= last; column++) {
        selection->column[selection->columns++] = (uint8_t)(column - 1);
    }
    return QD_OK;
}

qd_status_t qd_selection_take(const qd_columns_t *columns, uint8_t selector, const qd_source_t *source,
                              qd_selection_t *selection) {
    uint16_t count = 0;
    memset(selection, 0, sizeof *selection);
    if (selector != SELECTOR_RANGE && selector != SELECTOR_ENTRY) {
        return QD_SELECTOR;
    }
    qd_status_t status = wanted(qd_source_group(source, QD_TYPE_STRUCTURE, &count));
    if (status == QD_OK && count != 4) {
        status = QD_TYPE;
    }
    if (status != QD_OK) {
        return status;
    }
    return selector == SELECTOR_RANGE ? take_range(columns, source, selection)
                                      : take_entries(columns, source, selection);
}

qd_status_t qd_column_give(const qd_column_t *column, const qd_sink_t *sink) {
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 4);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, column->class_id);
    }
    if (status == QD_OK) {
        status = qd_sink_octets(sink, QD_TYPE_OCTET_STRING, column->obis.group, sizeof column->obis.group);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_INTEGER, column->attribute);
    }
    return status == QD_OK ? qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, column->data) : status;
}
