/* GET: normal, next and with list. */
#include "cosem/server.h"

static qd_status_t get_normal(qd_service_t *service, uint8_t invoke) {
    const qd_selected_t *item = &service->association->selection[0];
    qd_stream_begin(service, QD_REPLY_GET, invoke, 1);
    if (qd_item_take_get(service, 0, QD_SELECTOR_OPTIONAL) != QD_OK || qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    return item->row == QD_SELECTED_REFUSED ? qd_stream_error(service, item->member)
                                            : qd_stream_answer(service);
}

static qd_status_t get_list(qd_service_t *service, uint8_t invoke) {
    if (!qd_service_has(service, QD_CONFORMANCE_MULTIPLE_REFERENCES)) {
        return qd_service_refuse(service, QD_EXCEPTION_NOT_SUPPORTED);
    }
    uint16_t count = qd_axdr_get_length(&service->r);
    if (service->r.status != QD_OK || count == 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (count > QD_SELECTION_ITEMS) {
        return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    qd_stream_begin(service, QD_REPLY_GET_LIST, invoke, (uint8_t)count);
    for (uint16_t i = 0; i < count; i++) {
        if (qd_item_take_get(service, (uint8_t)i, QD_SELECTOR_OPTIONAL) != QD_OK) {
            return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
        }
    }
    if (qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    return qd_stream_answer(service);
}

static qd_status_t get_next(qd_service_t *service, uint8_t invoke) {
    qd_transfer_t *t = &service->association->transfer;
    uint32_t block = qd_reader_u32(&service->r);
    if (service->r.status != QD_OK || qd_reader_left(&service->r) != 0) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (service->limit < QD_BLOCKS_LIMIT_MIN) {
        return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    bool get = t->kind == QD_REPLY_GET || t->kind == QD_REPLY_GET_LIST;
    if (!t->active || !get || t->general || QD_INVOKE_ID(t->invoke) != QD_INVOKE_ID(invoke)) {
        qd_stream_begin(service, QD_REPLY_GET, invoke, 1);
        return qd_stream_block_error(service, block, QD_ACCESS_NO_LONG_GET);
    }
    if (block != t->block) {
        return qd_stream_block_error(service, block, QD_ACCESS_BLOCK_NUMBER_INVALID);
    }
    return qd_stream_block(service);
}

qd_status_t qd_server_get(qd_service_t *service) {
    uint8_t choice = qd_reader_u8(&service->r);
    uint8_t invoke = qd_reader_u8(&service->r);
    if (service->again) {
        return qd_stream_answer(service);
    }
    if (service->r.status == QD_OK) {
        switch (choice) {
        case QD_GET_NORMAL:
            return get_normal(service, invoke);
        case QD_GET_NEXT:
            return get_next(service, invoke);
        case QD_GET_WITH_LIST:
            return get_list(service, invoke);
        default:
            break;
        }
    }
    return qd_service_refuse(service, QD_EXCEPTION_NOT_SUPPORTED);
}
