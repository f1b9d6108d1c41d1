/*
 * ACCESS: attributes read and written and methods run with one request, in their order. Everything is done first. What is
 * read in front of a SET or an ACTION is kept in the staging slot meanwhile, other values are read when they go out.
 */
#include "cosem/server.h"

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

/* Reads item i: into the slot when not all items behind it are a GET, which is 0 in the choices; else only whether there is
 * a value, which goes out later. QD_PENDING, or what became of it. */
static qd_status_t read_item(qd_service_t *service, uint8_t i) {
    qd_transfer_t *t = &service->association->transfer;
    qd_selected_t *item = &service->association->selection[i];
    bool keeps = t->choices >> (2u * i) >> 2 != 0;
    qd_writer_t w;
    qd_status_t status = QD_OK;
    qd_writer_init(&w, qd_association_staged(service->server->associations), 0);
    if (keeps) {
        status = qd_item_hold(service, &w);
        w.at = t->kept;
    }
    if (status == QD_OK) {
        status = qd_stream_part(service, &w, w.size, (uint8_t)(i + 1u));
    }
    if (status == QD_OK && item->row == QD_SELECTED_REFUSED) {
        status = QD_DENIED;
    }
    if (!keeps) {
        return status == QD_NO_SPACE && item->row != QD_SELECTED_REFUSED ? QD_OK : status;
    }
    if (status == QD_OK) {
        *item = (qd_selected_t){QD_SELECTED_KEPT, (uint8_t)t->begun, (int8_t)(t->begun >> 8)};
        t->begun = (uint16_t)w.at;
    }
    t->kept = status == QD_PENDING ? (uint16_t)w.at : t->begun;
    return status;
}

/* One item; its element of the data list is value. QD_PENDING, or what became of it. */
static qd_status_t do_item(qd_service_t *service, uint8_t i, const qd_view_t *value) {
    const qd_transfer_t *t = &service->association->transfer;
    const qd_selected_t *item = &service->association->selection[i];
    if (item->row == QD_SELECTED_REFUSED) {
        return QD_DENIED;
    }
    switch (qd_stream_spec(t)) {
    case QD_ACCESS_SPEC_GET:
        return read_item(service, i);
    case QD_ACCESS_SPEC_SET:
        return qd_item_put(service, item, value);
    default:
        return qd_item_act(service, item, value);
    }
}

/* The elements are as many as the items, well-formed, and fill their octets. */
static bool values_fit(qd_reader_t r, uint8_t count, bool list) {
    if (list && qd_axdr_get_length(&r) != count) {
        return false;
    }
    for (uint8_t i = 0; i < count; i++) {
        if (qd_axdr_skip(&r) != QD_OK) {
            return false;
        }
    }
    return qd_reader_left(&r) == 0;
}

qd_status_t qd_server_apply(qd_service_t *service, qd_reader_t values, bool list) {
    qd_transfer_t *t = &service->association->transfer;
    bool breaks = (t->invoke & QD_LONG_INVOKE_BREAK_ON_ERROR) != 0; /* a short one has no such bit */
    if (!values_fit(values, t->count, list)) {
        return QD_MALFORMED;
    }
    if (list) {
        (void)qd_axdr_get_length(&values);
    }
    for (uint8_t i = 0; i < t->count; i++) {
        qd_selected_t *item = &service->association->selection[i];
        qd_view_t value;
        (void)qd_item_view(&values, &value);
        if (i < t->place.at) {
            continue; /* done when the call was here before */
        }
        qd_status_t status = do_item(service, i, &value);
        if (status == QD_PENDING) {
            return QD_PENDING;
        }
        if (status != QD_OK && item->row != QD_SELECTED_REFUSED) {
            qd_item_refuse(item, qd_server_result(status));
        }
        t->place = (qd_stream_place_t){.at = (uint8_t)(i + 1u), .stage = QD_STAGE_HEAD};
        if (status != QD_OK && breaks) {
            for (t->place.at = t->count; ++i < t->count;) {
                qd_item_refuse(&service->association->selection[i], QD_ACCESS_OTHER);
            }
        }
    }
    return QD_OK;
}

/* What can not be answered whole is not begun: prefix, counts, specifications, a result and at least null-data for each.
 * The specifications are there for the answer, with their length in front. QD_OK; QD_NO_SPACE; QD_BUSY. */
static qd_status_t prepare(qd_service_t *service, const qd_view_t *specifications) {
    qd_association_t *association = service->association;
    qd_transfer_t *t = &association->transfer;
    qd_writer_t w = {.at = association->staged};
    qd_status_t status = QD_OK;
    if ((t->invoke & QD_LONG_INVOKE_SELF_DESCRIPTIVE) != 0) {
        status = qd_item_hold(service, &w);
        qd_writer_u16(&w, (uint16_t)specifications->length);
        qd_writer_octets(&w, specifications->data, specifications->length);
        status = status == QD_OK ? w.status : status;
    }
    t->begun = t->kept = (uint16_t)w.at;
    bool general = qd_service_has(service, QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER);
    return general || 9u + 3u * t->count + (w.at - association->staged) <= service->limit ? status
                                                                                          : QD_NO_SPACE;
}

/* access-request ::= D9 long-invoke-id-and-priority date-time specifications data */
qd_status_t qd_server_access(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    qd_view_t date_time;
    qd_view_t specifications;
    uint32_t invoke = qd_reader_u32(&service->r);
    (void)qd_view_decode(&service->r, &date_time);
    size_t begin = service->r.at;
    uint16_t count = qd_axdr_get_length(&service->r);
    if (service->r.status != QD_OK || count == 0 || (date_time.length != 0 && date_time.length != 12u)) {
        return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (count > QD_SELECTION_ITEMS) {
        return qd_service_refuse(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    if (t->applied && service->again) {
        return qd_stream_answer(service);
    }
    if (!service->again) {
        qd_stream_begin(service, QD_REPLY_ACCESS, invoke, (uint8_t)count);
        t->choices = 0;
        t->place = (qd_stream_place_t){.stage = QD_STAGE_HEAD};
        if (service->association->staging != QD_STAGING_GENERAL) {
            service->association->staged = 0;
        }
    }
    for (uint16_t i = 0; i < count; i++) {
        if (take_specification(service, (uint8_t)i) != QD_OK) {
            return qd_service_refuse(service, QD_EXCEPTION_OTHER_REASON);
        }
    }
    specifications.data = service->r.data + begin;
    specifications.length = service->r.at - begin;
    qd_status_t status = service->again ? QD_OK : prepare(service, &specifications);
    if (status == QD_OK) {
        status = qd_server_apply(service, service->r, true);
    }
    if (status == QD_OK) {
        t->applied = true;
        return qd_stream_answer(service);
    }
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    return qd_service_refuse(service, status == QD_MALFORMED ? QD_EXCEPTION_OTHER_REASON
                                      : status == QD_BUSY    ? QD_EXCEPTION_NOT_POSSIBLE
                                                             : QD_EXCEPTION_PDU_TOO_LONG);
}
