#include "cosem/object.h"

#include <string.h>

#include "base/obis.h"
#include "item/scalar.h"

#define GROUP_E 4u

static const qd_object_row_t *row_at(const qd_objects_t *objects, uint16_t row) {
    return &objects->tables->objects[row];
}

qd_status_t qd_object_find(const qd_objects_t *objects, const qd_obis_t *obis, qd_object_t *object) {
    uint64_t key = qd_obis_key(obis);
    uint16_t low = 0;
    uint16_t high = objects->tables->object_count;
    /* The last row that does not begin after the code; the code may be one of its members. */
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2u);
        if (qd_obis_key(&row_at(objects, middle)->obis) <= key) {
            low = (uint16_t)(middle + 1u);
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return QD_UNDEFINED;
    }
    const qd_object_row_t *row = row_at(objects, (uint16_t)(low - 1u));
    uint8_t member = (uint8_t)(obis->group[GROUP_E] - row->obis.group[GROUP_E]);
    bool same = memcmp(obis->group, row->obis.group, GROUP_E) == 0 && obis->group[5] == row->obis.group[5];
    if (!same || member >= row->members) {
        return QD_UNDEFINED;
    }
    object->row = (uint16_t)(low - 1u);
    object->member = member;
    return QD_OK;
}

void qd_object_name(const qd_objects_t *objects, qd_object_t object, qd_obis_t *obis) {
    *obis = row_at(objects, object.row)->obis;
    obis->group[GROUP_E] = (uint8_t)(obis->group[GROUP_E] + object.member);
}

static bool sees(const qd_objects_t *objects, uint16_t row, uint8_t client) {
    return client == QD_CLIENT_INTERNAL ||
           objects->tables->access[row_at(objects, row)->access].rights[client] != 0;
}

uint32_t qd_object_count(const qd_objects_t *objects, uint8_t client) {
    uint32_t count = 0;
    for (uint16_t row = 0; row < objects->tables->object_count; row++) {
        count += sees(objects, row, client) ? row_at(objects, row)->members : 0u;
    }
    return count;
}

uint8_t qd_object_rights(const qd_objects_t *objects, uint16_t row, const qd_call_t *call) {
    if (call->client == QD_CLIENT_INTERNAL) {
        return QD_RIGHT_READ | QD_RIGHT_WRITE | QD_RIGHT_EXECUTE;
    }
    uint8_t given = objects->tables->access[row_at(objects, row)->access].rights[call->client];
    uint8_t rights = given & (QD_RIGHT_READ | QD_RIGHT_WRITE | QD_RIGHT_EXECUTE);
    if (call->local) {
        rights |= (given & QD_RIGHT_WRITE_LOCAL) != 0 ? QD_RIGHT_WRITE : 0u;
        rights |= (given & QD_RIGHT_EXECUTE_LOCAL) != 0 ? QD_RIGHT_EXECUTE : 0u;
    }
    bool factory_row = (row_at(objects, row)->flags & QD_ROW_FACTORY) != 0;
    if (factory_row && call->client == objects->tables->management && objects->factory != NULL &&
        objects->factory->open(objects->factory->context)) {
        rights |= QD_RIGHT_WRITE;
    }
    return rights;
}

const qd_class_attribute_t *qd_object_attribute(const qd_objects_t *objects, uint16_t row, int8_t attribute) {
    const qd_class_t *class_row = row_at(objects, row)->class_row;
    if (attribute < 2 || attribute > class_row->attribute_count + 1) {
        return NULL;
    }
    return &class_row->attributes[attribute - 2];
}

/* Object in the caller's view and of the class that the caller thinks it has. */
static qd_status_t locate(const qd_objects_t *objects, const qd_call_t *call, const qd_item_name_t *name,
                          qd_object_t *object) {
    if (qd_object_find(objects, &name->obis, object) != QD_OK || !sees(objects, object->row, call->client)) {
        return QD_UNDEFINED;
    }
    return row_at(objects, object->row)->class_row->id == name->class_id ? QD_OK : QD_CLASS;
}

qd_status_t qd_object_may_read(const qd_objects_t *objects, const qd_call_t *call, const qd_item_name_t *name,
                               qd_object_t *object) {
    qd_status_t status = locate(objects, call, name, object);
    if (status != QD_OK) {
        return status;
    }
    const qd_class_attribute_t *attribute = qd_object_attribute(objects, object->row, name->index);
    if (attribute == NULL && name->index != 1) {
        return QD_UNDEFINED;
    }
    if (attribute != NULL && (attribute->flags & QD_ATTRIBUTE_SECRET) != 0) {
        return QD_DENIED;
    }
    return (qd_object_rights(objects, object->row, call) & QD_RIGHT_READ) != 0 ? QD_OK : QD_DENIED;
}

qd_status_t qd_object_may_write(const qd_objects_t *objects, const qd_call_t *call,
                                const qd_item_name_t *name, qd_object_t *object) {
    qd_status_t status = locate(objects, call, name, object);
    if (status != QD_OK) {
        return status;
    }
    const qd_class_attribute_t *attribute = qd_object_attribute(objects, object->row, name->index);
    if (attribute == NULL) {
        return name->index == 1 ? QD_DENIED : QD_UNDEFINED;
    }
    bool may = (qd_object_rights(objects, object->row, call) & QD_RIGHT_WRITE) != 0;
    return may && (attribute->flags & QD_ATTRIBUTE_WRITABLE) != 0 ? QD_OK : QD_DENIED;
}

qd_status_t qd_object_may_execute(const qd_objects_t *objects, const qd_call_t *call,
                                  const qd_item_name_t *name, qd_object_t *object) {
    qd_status_t status = locate(objects, call, name, object);
    if (status != QD_OK) {
        return status;
    }
    const qd_class_t *class_row = row_at(objects, object->row)->class_row;
    if (name->index < 1 || name->index > class_row->method_count) {
        return QD_UNDEFINED;
    }
    bool has = (class_row->methods & (1u << (name->index - 1))) != 0;
    bool may = (qd_object_rights(objects, object->row, call) & QD_RIGHT_EXECUTE) != 0;
    return has && may ? QD_OK : QD_DENIED;
}

/* Reference of the object's value, or of an attribute of its own. */
static qd_ref_t reference(const qd_object_row_t *row, uint8_t member, int8_t attribute) {
    qd_ref_t ref = row->ref;
    ref.arg = (uint16_t)(ref.arg + member);
    const qd_class_t *class_row = row->class_row;
    if (class_row->attribute_count >= 1 && class_row->attributes[0].kind == QD_KIND_VALUE) {
        return ref;
    }
    return qd_ref_attribute(ref, (uint8_t)attribute);
}

static const qd_module_instance_t *instance(const qd_objects_t *objects, const qd_object_row_t *row) {
    return &objects->modules[row->ref.module];
}

qd_status_t qd_object_span(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                           int8_t attribute, qd_span_t *span) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_module_instance_t *m = instance(objects, row);
    if (m->module->span == NULL) {
        return QD_UNDEFINED;
    }
    return m->module->span(m->state, call, reference(row, object.member, attribute), span);
}

const qd_module_instance_t *qd_object_table(const qd_objects_t *objects, qd_object_t object, int8_t attribute,
                                            qd_ref_t *ref) {
    const qd_object_row_t *row = row_at(objects, object.row);
    *ref = reference(row, object.member, attribute);
    return instance(objects, row);
}

qd_status_t qd_object_select(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                             int8_t attribute, uint8_t selector, const qd_source_t *source,
                             qd_selection_t *selection) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_class_attribute_t *kind = qd_object_attribute(objects, object.row, attribute);
    const qd_module_instance_t *m = instance(objects, row);
    if (kind == NULL || (kind->flags & QD_ATTRIBUTE_SELECTIVE) == 0 || m->module->select == NULL) {
        return QD_SELECTOR;
    }
    return m->module->select(m->state, call, reference(row, object.member, attribute), selector, source,
                             selection);
}

qd_status_t qd_object_selected(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                               int8_t attribute, qd_selection_t *selection, qd_span_t *span,
                               uint32_t *count) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_module_instance_t *m = instance(objects, row);
    return m->module->selected(m->state, call, reference(row, object.member, attribute), selection, span,
                               count);
}

static qd_status_t give_scalar(const qd_objects_t *objects, const qd_call_t *call, const qd_object_row_t *row,
                               qd_ref_t ref, bool convert, const qd_sink_t *sink) {
    const qd_module_instance_t *m = instance(objects, row);
    qd_scalar_t value;
    if (m->module->get == NULL) {
        return QD_UNDEFINED;
    }
    qd_status_t status = m->module->get(m->state, call, ref, &value);
    if (status == QD_OK && convert && qd_scalar_convert(&value, row->type) != QD_OK) {
        return QD_UNAVAILABLE; /* larger than the wire type of its row can hold */
    }
    return status == QD_OK ? sink->scalar(sink->context, &value) : status;
}

/* structure { scaler integer, unit enum } */
static qd_status_t give_scaler_unit(const qd_objects_t *objects, const qd_object_row_t *row, qd_ref_t ref,
                                    const qd_sink_t *sink) {
    const qd_module_instance_t *m = instance(objects, row);
    int8_t shift = m->module->scale != NULL ? m->module->scale(m->state, ref) : 0;
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_INTEGER, row->scaler + shift);
    }
    return status == QD_OK ? qd_sink_integer(sink, QD_TYPE_ENUM, row->unit) : status;
}

qd_status_t qd_object_give(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                           int8_t attribute, const qd_sink_t *sink) {
    const qd_object_row_t *row = row_at(objects, object.row);
    if (attribute == 1) {
        qd_obis_t name;
        qd_object_name(objects, object, &name);
        return qd_sink_octets(sink, QD_TYPE_OCTET_STRING, name.group, sizeof name.group);
    }
    const qd_class_attribute_t *kind = qd_object_attribute(objects, object.row, attribute);
    if (kind == NULL) {
        return QD_UNDEFINED;
    }
    qd_ref_t ref = reference(row, object.member, attribute);
    const qd_module_instance_t *m = NULL;
    switch ((qd_attribute_kind_t)kind->kind) {
    case QD_KIND_VALUE:
        return give_scalar(objects, call, row, ref, true, sink);
    case QD_KIND_SCALER_UNIT:
        return give_scaler_unit(objects, row, ref, sink);
    case QD_KIND_SCALAR:
        return give_scalar(objects, call, row, ref, false, sink);
    case QD_KIND_RECORD:
        m = instance(objects, row);
        return m->module->row != NULL ? m->module->row(m->state, call, ref, 0, sink) : QD_UNDEFINED;
    case QD_KIND_ROWS:
    default:
        return QD_ARGUMENT; /* given row by row */
    }
}

qd_status_t qd_object_put(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                          int8_t attribute, const qd_source_t *source) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_module_instance_t *m = instance(objects, row);
    if (m->module->put == NULL) {
        return QD_DENIED;
    }
    return m->module->put(m->state, call, reference(row, object.member, attribute), source);
}

qd_status_t qd_object_act(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                          int8_t method, const qd_source_t *source) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_module_instance_t *m = instance(objects, row);
    if (m->module->act == NULL) {
        return QD_DENIED;
    }
    return m->module->act(m->state, call, reference(row, object.member, method), source);
}

qd_status_t qd_object_reply(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                            int8_t method, const qd_sink_t *sink) {
    const qd_object_row_t *row = row_at(objects, object.row);
    const qd_module_instance_t *m = instance(objects, row);
    if (m->module->reply == NULL) {
        return QD_END;
    }
    return m->module->reply(m->state, call, reference(row, object.member, method), sink);
}
