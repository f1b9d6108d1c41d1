/*
 * The object list of class 15: which objects a client sees, in the order of the table, and what it may do with them.
 * A list has no state but the place that was given last: a row is found from there, not from the table's start. A row
 * is put together in one piece, because it has some forty elements.
 */
#include <string.h>

#include "cosem/association.h"
#include "cosem/axdr_io.h"
#include "item/scalar.h"

/* Access selectors of the object list. */
enum { SELECT_WITHOUT_RIGHTS = 1, SELECT_CLASSES, SELECT_OBJECTS, SELECT_OBJECT };

/* Most octets of a row: 11 attributes, one of them with four selectors, and 6 methods. */
#define ROW_MAX 160u
/* Octets in front of the logical name's six. */
#define HEAD 9u

/* structure { attribute_id integer, access_mode enum, access_selectors }; the selectors are an array of integer, or
 * null-data: none. All functions here return the end. */
static uint8_t *put_attribute(uint8_t *at, unsigned flags, uint8_t number, unsigned read, unsigned write) {
    static const uint8_t form[8] = {QD_TYPE_STRUCTURE, 3, QD_TYPE_INTEGER, 0, QD_TYPE_ENUM, 0, QD_TYPE_NULL};
    __builtin_memcpy(at, form, sizeof form); /* one octet too many is one store instead of three */
    at[3] = number;
    at[5] = (uint8_t)(((flags & QD_ATTRIBUTE_SECRET) != 0 ? 0u : read) |
                      ((flags & QD_ATTRIBUTE_WRITABLE) != 0 ? write : 0u));
    if ((flags & QD_ATTRIBUTE_SELECTIVE) == 0) {
        return at + 7;
    }
    uint8_t count = (flags & QD_ATTRIBUTE_SELECTIVE_LIST) == QD_ATTRIBUTE_SELECTIVE_LIST ? 4u : 2u;
    at[6] = QD_TYPE_ARRAY;
    at[7] = count;
    at += 8;
    for (uint8_t i = 1; i <= count; i++) {
        *at++ = QD_TYPE_INTEGER;
        *at++ = i;
    }
    return at;
}

/* structure { method_id integer, access_mode enum } */
static uint8_t *put_method(uint8_t *at, uint8_t number, bool may) {
    at[0] = QD_TYPE_STRUCTURE;
    at[1] = 2;
    at[2] = QD_TYPE_INTEGER;
    at[3] = number;
    at[4] = QD_TYPE_ENUM;
    at[5] = may;
    return at + 6;
}

/* structure { attribute_access array, method_access array }; NULL: both empty */
static uint8_t *put_rights(uint8_t *at, const qd_class_t *class_row, uint8_t rights) {
    unsigned read = (rights & QD_RIGHT_READ) != 0 ? 1u : 0u;
    unsigned write = (rights & QD_RIGHT_WRITE) != 0 ? 2u : 0u;
    uint8_t attributes = class_row != NULL ? (uint8_t)(class_row->attribute_count + 1u) : 0u;
    uint8_t methods = class_row != NULL ? class_row->method_count : 0u;
    uint32_t may = (rights & QD_RIGHT_EXECUTE) != 0 && class_row != NULL ? class_row->methods : 0u;
    *at++ = QD_TYPE_STRUCTURE;
    *at++ = 2;
    *at++ = QD_TYPE_ARRAY;
    *at++ = attributes;
    for (uint8_t i = 1; i <= attributes; i++) {
        at = put_attribute(at, i > 1u ? class_row->attributes[i - 2u].flags : 0u, i, read, write);
    }
    *at++ = QD_TYPE_ARRAY;
    *at++ = methods;
    for (uint8_t i = 1; i <= methods; i++, may >>= 1) {
        at = put_method(at, i, (may & 1u) != 0);
    }
    return at;
}

/* structure { class_id, version, logical_name, access_rights } */
static qd_status_t give(const qd_associations_t *self, const qd_call_t *call, uint8_t client,
                        qd_object_t object, bool with_rights, const qd_sink_t *sink) {
    const qd_class_t *class_row = self->tables->objects[object.row].class_row;
    const uint8_t *obis = self->tables->objects[object.row].obis.group;
    qd_axdr_sink_t *out = qd_axdr_sink_of(sink);
    uint8_t elsewhere[ROW_MAX];
    uint8_t rights = 0;
    if (out == NULL) {
        return QD_UNSUPPORTED; /* only the face that has associations asks for their lists */
    }
    uint8_t *octets = qd_axdr_sink_room(out, ROW_MAX);
    octets = octets != NULL ? octets : elsewhere;
    octets[0] = QD_TYPE_STRUCTURE;
    octets[1] = 4;
    octets[2] = QD_TYPE_LONG_UNSIGNED;
    octets[3] = (uint8_t)(class_row->id >> 8);
    octets[4] = (uint8_t)class_row->id;
    octets[5] = QD_TYPE_UNSIGNED;
    octets[6] = class_row->version;
    octets[7] = QD_TYPE_OCTET_STRING;
    octets[8] = 6;
    __builtin_memcpy(octets + HEAD, obis, 6);
    octets[HEAD + 4u] = (uint8_t)(obis[4] + object.member);
    if (with_rights) {
        const qd_call_t as_client = {.client = client, .local = call->local};
        rights = qd_object_rights(self->objects, object.row, &as_client);
    }
    const uint8_t *end = put_rights(octets + HEAD + 6u, with_rights ? class_row : NULL, rights);
    return qd_axdr_sink_encoded(out, octets, (size_t)(end - octets));
}

static bool sees(const qd_cosem_tables_t *tables, uint16_t row, uint8_t client) {
    return tables->access[tables->objects[row].access].rights[client] != 0;
}

/* Whether a row of the table belongs to a selection; NULL: to the whole list. */
static bool chosen(const qd_cosem_tables_t *tables, uint16_t row, const qd_selection_t *selection) {
    if (selection == NULL || selection->kind != SELECT_CLASSES) {
        return true;
    }
    for (uint8_t i = 0; i < selection->columns; i++) {
        if (tables->objects[row].class_row->id == selection->number[i]) {
            return true;
        }
    }
    return false;
}

/* The n-th object of a list, found from the place that was found last when it is the same list. QD_OK, QD_END. */
static qd_status_t seek(qd_associations_t *self, uint8_t client, const qd_selection_t *selection, uint32_t n,
                        qd_object_t *object) {
    qd_place_t *place = &self->place;
    uint32_t request = selection != NULL ? selection->request : 0;
    if (place->client != client || place->selection != selection || place->request != request ||
        place->n > n) {
        *place = (qd_place_t){.selection = selection, .request = request, .client = client};
    }
    const qd_cosem_tables_t *tables = self->tables;
    uint32_t member = n - place->n;
    for (uint16_t row = place->row; row < tables->object_count; row++) {
        uint8_t members = tables->objects[row].members;
        if (!sees(tables, row, client) || !chosen(tables, row, selection)) {
            continue;
        }
        if (member < members) {
            place->row = row;
            place->n = n - member;
            *object = (qd_object_t){row, (uint8_t)member};
            return QD_OK;
        }
        member -= members;
    }
    place->client = QD_CLIENT_INTERNAL; /* nobody's list */
    return QD_END;
}

qd_status_t qd_association_objects_row(qd_associations_t *self, const qd_call_t *call, uint8_t client,
                                       uint32_t n, const qd_sink_t *sink) {
    qd_object_t object;
    qd_status_t status = seek(self, client, NULL, n, &object);
    return status == QD_OK ? give(self, call, client, object, true, sink) : status;
}

/* The elements of a selector are there or its type is another one. */
static qd_status_t wanted(qd_status_t status) {
    return status == QD_END ? QD_TYPE : status;
}

/* array of class_id long-unsigned */
static qd_status_t take_classes(const qd_source_t *source, qd_selection_t *selection) {
    uint16_t count = 0;
    qd_status_t status = wanted(qd_source_group(source, QD_TYPE_ARRAY, &count));
    if (status == QD_OK && count > QD_SELECTION_NUMBERS) {
        status = QD_RANGE;
    }
    for (uint16_t i = 0; status == QD_OK && i < count; i++) {
        int64_t class_id = 0;
        status = wanted(qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &class_id));
        selection->number[i] = (uint16_t)class_id;
    }
    selection->columns = (uint8_t)count;
    return status;
}

/* structure { class_id, logical_name }; an object that the client does not see is left out */
static qd_status_t take_object(const qd_associations_t *self, uint8_t client, const qd_source_t *source,
                               qd_selection_t *selection) {
    uint16_t count = 0;
    uint16_t length = 0;
    int64_t class_id = 0;
    qd_obis_t obis;
    qd_object_t object;
    qd_status_t status = wanted(qd_source_group(source, QD_TYPE_STRUCTURE, &count));
    if (status == QD_OK && count != 2) {
        return QD_TYPE;
    }
    if (status == QD_OK) {
        status = wanted(qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &class_id));
    }
    if (status == QD_OK) {
        status = wanted(qd_source_octets(source, obis.group, sizeof obis.group, sizeof obis.group, &length));
    }
    if (status == QD_OK && qd_object_find(self->objects, &obis, &object) == QD_OK &&
        sees(self->tables, object.row, client) &&
        self->tables->objects[object.row].class_row->id == class_id) {
        selection->number[selection->columns] = object.row;
        selection->column[selection->columns++] = object.member;
    }
    return status;
}

qd_status_t qd_association_objects_select(const qd_associations_t *self, uint8_t client, uint8_t selector,
                                          const qd_source_t *source, qd_selection_t *selection) {
    uint16_t count = 1;
    qd_status_t status = QD_OK;
    qd_scalar_t nothing;
    memset(selection, 0, sizeof *selection);
    selection->kind = selector;
    switch (selector) {
    case SELECT_WITHOUT_RIGHTS:
        return wanted(qd_source_scalar(source, QD_TYPE_NULL, &nothing));
    case SELECT_CLASSES:
        return take_classes(source, selection);
    case SELECT_OBJECTS:
        status = wanted(qd_source_group(source, QD_TYPE_ARRAY, &count));
        break;
    case SELECT_OBJECT:
        break;
    default:
        return QD_SELECTOR;
    }
    if (status == QD_OK && count > QD_SELECTION_NUMBERS) {
        status = QD_RANGE;
    }
    for (uint16_t i = 0; status == QD_OK && i < count; i++) {
        status = take_object(self, client, source, selection);
    }
    return status;
}

qd_status_t qd_association_objects_selected(const qd_associations_t *self, uint8_t client,
                                            const qd_selection_t *selection, qd_span_t *span,
                                            uint32_t *count) {
    *span = (qd_span_t){0, self->objects_seen[client], 0};
    *count = selection->kind == SELECT_WITHOUT_RIGHTS ? span->end : selection->columns;
    if (selection->kind == SELECT_CLASSES) {
        *count = 0;
        for (uint16_t row = 0; row < self->tables->object_count; row++) {
            *count += sees(self->tables, row, client) && chosen(self->tables, row, selection)
                          ? self->tables->objects[row].members
                          : 0u;
        }
    }
    return QD_OK;
}

qd_status_t qd_association_objects_pick(qd_associations_t *self, const qd_call_t *call, uint8_t client,
                                        const qd_selection_t *selection, uint32_t n, const qd_sink_t *sink) {
    qd_object_t object;
    if (selection->kind == SELECT_OBJECTS || selection->kind == SELECT_OBJECT) {
        if (n >= selection->columns) {
            return QD_END;
        }
        object = (qd_object_t){selection->number[n], selection->column[n]};
        return give(self, call, client, object, true, sink);
    }
    qd_status_t status = seek(self, client, selection, n, &object);
    return status == QD_OK ? give(self, call, client, object, false, sink) : status;
}
