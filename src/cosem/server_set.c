/* SET and ACTION, normal: the request is understood wholly before anything is touched. */
#include "cosem/server.h"

static qd_status_t exception(qd_service_t *service, qd_exception_service_t reason) {
    return qd_server_exception(service->w, QD_EXCEPTION_NOT_ALLOWED, reason);
}

/* One A-XDR element that ends where the APDU ends. */
static qd_status_t take_value(qd_service_t *service, qd_view_t *value) {
    value->data = service->r.data + service->r.at;
    value->length = qd_reader_left(&service->r);
    if (qd_axdr_skip(&service->r) != QD_OK) {
        return service->r.status;
    }
    return qd_reader_left(&service->r) == 0 ? QD_OK : QD_MALFORMED;
}

static qd_status_t answer(qd_service_t *service, uint8_t tag, uint8_t invoke, qd_status_t status) {
    service->w->at = 0;
    qd_writer_u8(service->w, tag);
    qd_writer_u8(service->w, 1); /* normal */
    qd_writer_u8(service->w, invoke);
    qd_writer_u8(service->w, qd_server_result(status));
    if (tag == QD_APDU_ACTION_RESPONSE) {
        qd_writer_u8(service->w, 0); /* no return parameters */
    }
    return QD_OK;
}

qd_status_t qd_server_set(qd_service_t *service) {
    qd_descriptor_t descriptor;
    qd_view_t parameters;
    qd_view_t value;
    qd_object_t object;
    uint8_t selector = 0;
    uint8_t choice = qd_reader_u8(&service->r);
    uint8_t invoke = qd_reader_u8(&service->r);
    service->association->transfer.active = false;
    if (service->r.status != QD_OK || choice != QD_SET_NORMAL) {
        return exception(service, QD_EXCEPTION_NOT_SUPPORTED);
    }
    if (qd_descriptor_decode(&service->r, &descriptor) != QD_OK ||
        qd_selection_decode(&service->r, &selector, &parameters) != QD_OK ||
        take_value(service, &value) != QD_OK) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    const qd_item_name_t name = {descriptor.class_id, descriptor.obis, descriptor.index};
    qd_status_t status = qd_object_may_write(service->server->objects, &service->call, &name, &object);
    if (status == QD_OK && parameters.data != NULL) {
        status = QD_SELECTOR;
    }
    if (status == QD_OK) {
        qd_axdr_source_t source;
        qd_axdr_source_init(&source, value.data, value.length);
        status =
            qd_object_put(service->server->objects, &service->call, object, descriptor.index, &source.source);
    }
    return status == QD_PENDING ? QD_PENDING : answer(service, QD_APDU_SET_RESPONSE, invoke, status);
}

qd_status_t qd_server_action(qd_service_t *service) {
    qd_descriptor_t descriptor;
    qd_view_t value = {NULL, 0};
    qd_object_t object;
    uint8_t choice = qd_reader_u8(&service->r);
    uint8_t invoke = qd_reader_u8(&service->r);
    service->association->transfer.active = false;
    if (service->r.status != QD_OK || choice != QD_ACTION_NORMAL) {
        return exception(service, QD_EXCEPTION_NOT_SUPPORTED);
    }
    (void)qd_descriptor_decode(&service->r, &descriptor);
    uint8_t has_parameters = qd_reader_u8(&service->r);
    if (service->r.status != QD_OK || has_parameters > 1u ||
        (has_parameters == 1u ? take_value(service, &value) != QD_OK : qd_reader_left(&service->r) != 0)) {
        return exception(service, QD_EXCEPTION_OTHER_REASON);
    }
    const qd_item_name_t name = {descriptor.class_id, descriptor.obis, descriptor.index};
    qd_status_t status = qd_object_may_execute(service->server->objects, &service->call, &name, &object);
    if (status == QD_OK) {
        qd_axdr_source_t source;
        qd_axdr_source_init(&source, value.data, value.length);
        status =
            qd_object_act(service->server->objects, &service->call, object, descriptor.index, &source.source);
    }
    return status == QD_PENDING ? QD_PENDING : answer(service, QD_APDU_ACTION_RESPONSE, invoke, status);
}
