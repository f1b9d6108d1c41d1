/*
 * ACCESS: attributes read and written and methods run with one request, in their order. Everything is done first;
 * the values of what is read go out with the answer, so they are those behind all that was written.
 */
#include "cosem/server.h"

#define CHOICE(t, i) (((t)->choices >> (2u * (i)) & 3u) + 1u)

/* Access-Request-Specification of item i. QD_OK; QD_MALFORMED. */
static qd_status_t take_specification(qd_service_t *service, uint8_t i) {
    qd_transfer_t *t = &service->association->transfer;
    uint8_t spec = qd_reader_u8(&service->r);
    bool selection = spec == QD_ACCESS_SPEC_GET_WITH_SELECTION || spec == QD_ACCESS_SPEC_SET_WITH_SELECTION;
    if (spec < QD_ACCESS_SPEC_GET || spec > QD_ACCESS_SPEC_SET_WITH_SELECTION) {
        return QD_MALFORMED;
    }
    spec = (uint8_t)(selection ? spec - 3u : spec);
    t->choices |= (uint32_t)(spec - 1u) << (2u * i);
    if (spec == QD_ACCESS_SPEC_ACTION) {
        return qd_item_take_action(service, i);
    }
    qd_selector_form_t form = selection ? QD_SELECTOR_ALWAYS : QD_SELECTOR_NEVER;
    return spec == QD_ACCESS_SPEC_GET ? qd_item_take_get(service, i, form)
                                      : qd_item_take_set(service, i, form);
}

/* One item; its element of the data list is value. QD_PENDING, or what became of it. */
static qd_status_t do_item(qd_service_t *service, uint8_t i, const qd_view_t *value) {
    const qd_transfer_t *t = &service->association->transfer;
    const qd_selected_t *item = &service->association->selection[i];
    if (item->row == QD_SELECTED_REFUSED) {
        return item->member == QD_ACCESS_SUCCESS ? QD_OK : QD_DENIED;
    }
    switch (CHOICE(t, i)) {
    case QD_ACCESS_SPEC_GET:
        return qd_item_probe_get(service, item, t->selective == i);
    case QD_ACCESS_SPEC_SET:
        return qd_item_put(service, item, value);
    default:
        return qd_item_act(service, item, value);
    }
}

/* The items in their order, behind those that were done when the call was here before. */
static qd_status_t do_items(qd_service_t *service, qd_reader_t values) {
    qd_transfer_t *t = &service->association->transfer;
    bool breaks = (t->invoke & QD_LONG_INVOKE_BREAK_ON_ERROR) != 0;
    for (uint8_t i = 0; i < t->count; i++) {
        qd_selected_t *item = &service->association->selection[i];
        qd_view_t value;
        (void)qd_item_view(&values, &value);
        if (i < t->place.at) {
            continue;
        }
        qd_status_t status = do_item(service, i, &value);
        if (status == QD_PENDING) {
            return QD_PENDING;
        }
        if (status != QD_OK && item->row != QD_SELECTED_REFUSED) {
            qd_item_refuse(item, qd_server_result(status));
        }
        t->place.at++;
        t->place.attribute = 0;
        if (status != QD_OK && breaks) {
            for (t->place.at = t->count; ++i < t->count;) {
                qd_item_refuse(&service->association->selection[i], QD_ACCESS_OTHER);
            }
        }
    }
    return QD_OK;
}

/* The elements are as many as the specifications, well-formed, and fill the APDU. */
static bool values_fit(qd_reader_t r, uint8_t count) {
    if (qd_axdr_get_length(&r) != count) {
        return false;
    }
    for (uint8_t i = 0; i < count; i++) {
        if (qd_axdr_skip(&r) != QD_OK) {
            return false;
        }
    }
    return qd_reader_left(&r) == 0;
}

/* Specifications; a call that comes back leaves what those of done items led to. */
static qd_status_t take_specifications(qd_service_t *service, uint8_t count, bool again) {
    qd_association_t *association = service->association;
    uint32_t choices = association->transfer.choices;
    association->transfer.choices = 0;
    for (uint8_t i = 0; i < count; i++) {
        const qd_selected_t kept = association->selection[i];
        const uint8_t selective = association->transfer.selective;
        if (take_specification(service, i) != QD_OK) {
            return QD_MALFORMED;
        }
        if (again) {
            association->selection[i] = kept;
            association->transfer.selective = selective;
        }
    }
    if (again) {
        association->transfer.choices = choices;
    }
    return QD_OK;
}

/* access-request ::= D9 long-invoke-id-and-priority date-time specifications data */
qd_status_t qd_server_access(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    qd_view_t date_time;
    uint32_t invoke = qd_reader_u32(&service->r);
    (void)qd_view_decode(&service->r, &date_time);
    uint16_t count = qd_axdr_get_length(&service->r);
    bool again = t->request == service->call.request;
    if (service->r.status != QD_OK || count == 0 || (date_time.length != 0 && date_time.length != 12u)) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    /* What can not be answered whole is not begun: prefix, counts, a result and at least null-data for each. */
    bool general = qd_service_has(service, QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER);
    if (count > QD_SELECTION_ITEMS || (!general && 9u + 3u * count > service->limit)) {
        return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    if (!again) {
        qd_stream_begin(service, QD_REPLY_ACCESS, invoke, (uint8_t)count);
    }
    if (take_specifications(service, (uint8_t)count, again) != QD_OK ||
        !values_fit(service->r, (uint8_t)count)) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (!t->applied) {
        (void)qd_axdr_get_length(&service->r);
        if (do_items(service, service->r) == QD_PENDING) {
            return QD_PENDING;
        }
        t->applied = true;
        qd_stream_rewind(t);
    }
    return qd_stream_answer(service);
}
