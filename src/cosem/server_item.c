/* Items of a request: what their descriptors lead to, and writing and running them. */
#include "cosem/server.h"

#include "item/scalar.h"

static qd_status_t probe_group(void *context, qd_type_t type, uint16_t count) {
    (void)context;
    (void)type;
    (void)count;
    return QD_OK;
}

static qd_status_t probe_scalar(void *context, const qd_scalar_t *scalar) {
    (void)context;
    (void)scalar;
    return QD_OK;
}

const qd_sink_t qd_item_probe = {NULL, probe_group, probe_scalar, NULL};

void qd_item_refuse(qd_selected_t *item, uint8_t result) {
    item->row = QD_SELECTED_REFUSED;
    item->member = result;
}

static void keep(qd_service_t *service, uint8_t n, qd_status_t status, qd_object_t object, int8_t index) {
    qd_selected_t *item = &service->association->selection[n];
    if (service->again) {
        return; /* what was done may have changed it */
    }
    item->row = object.row;
    item->member = object.member;
    item->attribute = index;
    if (status != QD_OK) {
        qd_item_refuse(item, qd_server_result(status));
    }
}

/* End of the slot's part in front of the choices of these items. */
static uint8_t *top(const qd_service_t *service, uint32_t items) {
    qd_selection_t *end = (void *)(qd_association_staged(service->server->associations) +
                                   service->server->tables->staging_size);
    for (; (items &= items - 1u) != 0;) {
        end--;
    }
    return (uint8_t *)end;
}

qd_selection_t *qd_item_choice(const qd_service_t *service, uint8_t n) {
    qd_association_t *association = service->association;
    uint32_t items = association->transfer.selective & ((2u << n) - 1u);
    return items >> n == 0               ? NULL
           : (items & (items - 1u)) == 0 ? &association->choice
                                         : (void *)top(service, items);
}

qd_status_t qd_item_hold(qd_service_t *service, qd_writer_t *w) {
    static const qd_view_t nothing = {(const uint8_t *)&qd_item_probe, 0};
    qd_association_t *association = service->association;
    uint8_t *slot = qd_association_staged(service->server->associations);
    qd_status_t status =
        association->staging == QD_STAGING_GENERAL
            ? QD_OK
            : qd_association_stage(service->server->associations, association, QD_STAGING_ANSWER,
                                   service->request->now_ms, &nothing, true);
    qd_writer_init(w, slot,
                   status != QD_OK ? 0 : (size_t)(top(service, association->transfer.selective) - slot));
    w->at = association->staged;
    association->transfer.held = status == QD_OK;
    return status;
}

/* Selective access of item n; items are taken in their order. */
static qd_status_t take_selection(qd_service_t *service, uint8_t n, qd_object_t object, int8_t attribute,
                                  uint8_t selector, const qd_view_t *parameters) {
    qd_transfer_t *t = &service->association->transfer;
    qd_axdr_source_t source;
    const qd_class_attribute_t *kind = qd_object_attribute(service->server->objects, object.row, attribute);
    if (kind == NULL || (kind->flags & QD_ATTRIBUTE_SELECTIVE) == 0) {
        return QD_SELECTOR;
    }
    if (!qd_service_has(service, QD_CONFORMANCE_SELECTIVE_ACCESS)) {
        return QD_SELECTOR;
    }
    if (service->apart) {
        return QD_BUSY; /* choices belong to the transfer that goes on */
    }
    if (service->again) {
        return QD_OK;
    }
    qd_selection_t *choice = &service->association->choice;
    qd_status_t status = QD_OK;
    if (t->selective != 0) {
        qd_writer_t w;
        status = qd_item_hold(service, &w);
        choice = (void *)(w.data + w.size - sizeof *choice);
        if (status == QD_OK && w.size < w.at + sizeof *choice) {
            status = QD_NO_SPACE;
        }
    }
    if (status != QD_OK) {
        return status;
    }
    qd_axdr_source_init(&source, parameters->data, parameters->length);
    status = qd_object_select(service->server->objects, &service->call, object, attribute, selector,
                              &source.source, choice);
    choice->request = service->call.request;
    if (status == QD_OK) {
        t->selective |= (uint16_t)(1u << n);
    }
    return status;
}

/* Descriptor and what follows it. */
static qd_status_t take(qd_service_t *service, qd_selector_form_t form, qd_item_name_t *name,
                        uint8_t *selector, qd_view_t *parameters) {
    qd_descriptor_t descriptor;
    (void)qd_descriptor_decode(&service->r, &descriptor);
    parameters->data = NULL;
    if (form == QD_SELECTOR_ALWAYS) {
        (void)qd_selector_decode(&service->r, selector, parameters);
    } else if (form == QD_SELECTOR_OPTIONAL) {
        (void)qd_selection_decode(&service->r, selector, parameters);
    }
    name->class_id = descriptor.class_id;
    name->obis = descriptor.obis;
    name->index = descriptor.index;
    return service->r.status;
}

qd_status_t qd_item_take_get(qd_service_t *service, uint8_t n, qd_selector_form_t form) {
    const qd_objects_t *objects = service->server->objects;
    qd_item_name_t name;
    qd_view_t parameters;
    uint8_t selector = 0;
    qd_object_t object = {0, 0};
    if (take(service, form, &name, &selector, &parameters) != QD_OK) {
        return service->r.status;
    }
    int8_t index = name.index;
    if (index == 0) {
        name.index = 1; /* all attributes: each is asked for when it is given */
    }
    qd_status_t status = qd_object_may_read(objects, &service->call, &name, &object);
    if (status == QD_OK && index == 0) {
        bool has = qd_service_has(service, QD_CONFORMANCE_ATTRIBUTE_0_GET);
        status = !has ? QD_DENIED : parameters.data != NULL ? QD_SELECTOR : QD_OK;
    } else if (status == QD_OK && parameters.data != NULL) {
        status = take_selection(service, n, object, index, selector, &parameters);
    }
    keep(service, n, status, object, index);
    return QD_OK;
}

qd_status_t qd_item_take_set(qd_service_t *service, uint8_t n, qd_selector_form_t form) {
    qd_item_name_t name;
    qd_view_t parameters;
    uint8_t selector = 0;
    qd_object_t object = {0, 0};
    if (take(service, form, &name, &selector, &parameters) != QD_OK) {
        return service->r.status;
    }
    int8_t index = name.index;
    if (index == 0) {
        name.index = 1; /* nobody may write it: denied means that the object is there */
    }
    qd_status_t status = qd_object_may_write(service->server->objects, &service->call, &name, &object);
    if (index == 0 && status == QD_DENIED && qd_service_has(service, QD_CONFORMANCE_ATTRIBUTE_0_SET)) {
        status =
            service->apart ? QD_BUSY : QD_OK; /* how far it has come is kept in the transfer, which goes on */
    }
    if (status == QD_OK && parameters.data != NULL) {
        status = QD_SELECTOR;
    }
    keep(service, n, status, object, index);
    return QD_OK;
}

qd_status_t qd_item_take_action(qd_service_t *service, uint8_t n) {
    qd_descriptor_t descriptor;
    qd_object_t object = {0, 0};
    if (qd_descriptor_decode(&service->r, &descriptor) != QD_OK) {
        return service->r.status;
    }
    const qd_item_name_t name = {descriptor.class_id, descriptor.obis, descriptor.index};
    qd_status_t status = qd_object_may_execute(service->server->objects, &service->call, &name, &object);
    keep(service, n, status, object, descriptor.index);
    return QD_OK;
}

qd_status_t qd_item_view(qd_reader_t *r, qd_view_t *value) {
    size_t start = r->at;
    value->data = r->data + start;
    (void)qd_axdr_skip(r);
    value->length = r->at - start;
    return r->status;
}

/* All attributes of an object: structure of one element each, null-data for those that stay as they are. First
 * every right is asked for; then they are written in their order, and the first that fails ends it. */
static qd_status_t put_all(qd_service_t *service, const qd_selected_t *item, const qd_view_t *value) {
    const qd_objects_t *objects = service->server->objects;
    const qd_class_t *class_row = objects->tables->objects[item->row].class_row;
    uint8_t *done = &service->association->transfer.place.attribute;
    qd_object_t object = {item->row, item->member};
    qd_item_name_t name = {.class_id = class_row->id};
    qd_axdr_element_t head;
    qd_reader_t r;
    qd_status_t status = QD_OK;
    qd_object_name(objects, object, &name.obis);
    for (uint8_t writes = *done > 0 ? 1 : 0; writes < 2 && status == QD_OK; writes++) {
        qd_reader_init(&r, value->data, value->length);
        if (qd_axdr_get(&r, &head) != QD_OK || head.type != QD_TYPE_STRUCTURE ||
            head.count != class_row->attribute_count + 1u) {
            return QD_TYPE;
        }
        for (uint8_t a = 1; a <= class_row->attribute_count + 1u && status == QD_OK; a++) {
            qd_view_t element;
            bool null = qd_reader_peek(&r) == QD_TYPE_NULL;
            name.index = (int8_t)a;
            (void)qd_item_view(&r, &element);
            if (null || (writes != 0 && a <= *done)) {
                continue;
            }
            if (writes == 0) {
                status = qd_object_may_write(objects, &service->call, &name, &object);
                continue;
            }
            qd_axdr_source_t source;
            qd_axdr_source_init(&source, element.data, element.length);
            status = qd_object_put(objects, &service->call, object, name.index, &source.source);
            *done = status == QD_OK ? a : *done;
        }
    }
    return status;
}

qd_status_t qd_item_put(qd_service_t *service, const qd_selected_t *item, const qd_view_t *value) {
    qd_object_t object = {item->row, item->member};
    qd_axdr_source_t source;
    if (item->attribute == 0) {
        return put_all(service, item, value);
    }
    qd_axdr_source_init(&source, value->data, value->length);
    return qd_object_put(service->server->objects, &service->call, object, item->attribute, &source.source);
}

qd_status_t qd_item_act(qd_service_t *service, const qd_selected_t *item, const qd_view_t *value) {
    qd_object_t object = {item->row, item->member};
    qd_axdr_source_t source;
    qd_axdr_source_init(&source, value->data, value->length);
    return qd_object_act(service->server->objects, &service->call, object, item->attribute, &source.source);
}
