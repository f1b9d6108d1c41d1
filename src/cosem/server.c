#include "cosem/server.h"

#include <string.h>

void qd_server_init(qd_server_t *server, const qd_cosem_tables_t *tables, const qd_objects_t *objects,
                    qd_associations_t *associations) {
    server->tables = tables;
    server->objects = objects;
    server->associations = associations;
    server->requests = 0;
    server->spent = false;
    server->more = false;
}

/* The one table from statuses to Data-Access-Result and Action-Result. */
static const uint8_t results[QD_STATUS_COUNT] = {
    [QD_OK] = QD_ACCESS_SUCCESS,
    [QD_PENDING] = QD_ACCESS_TEMPORARY_FAILURE,
    [QD_END] = QD_ACCESS_OTHER,
    [QD_TRUNCATED] = QD_ACCESS_TYPE_UNMATCHED,
    [QD_MALFORMED] = QD_ACCESS_TYPE_UNMATCHED,
    [QD_TYPE] = QD_ACCESS_TYPE_UNMATCHED,
    [QD_RANGE] = QD_ACCESS_OTHER,
    [QD_UNDEFINED] = QD_ACCESS_OBJECT_UNDEFINED,
    [QD_CLASS] = QD_ACCESS_OBJECT_CLASS_INCONSISTENT,
    [QD_DENIED] = QD_ACCESS_READ_WRITE_DENIED,
    [QD_SELECTOR] = QD_ACCESS_SCOPE_VIOLATED,
    [QD_BUSY] = QD_ACCESS_TEMPORARY_FAILURE,
    [QD_UNAVAILABLE] = QD_ACCESS_OBJECT_UNAVAILABLE,
    [QD_NO_SPACE] = QD_ACCESS_OTHER,
    [QD_SEALED] = QD_ACCESS_READ_WRITE_DENIED,
    [QD_STATE] = QD_ACCESS_TEMPORARY_FAILURE,
    [QD_UNSUPPORTED] = QD_ACCESS_OTHER,
    [QD_ABORTED] = QD_ACCESS_LONG_GET_ABORTED,
    [QD_IO] = QD_ACCESS_HARDWARE_FAULT,
    [QD_CORRUPT] = QD_ACCESS_HARDWARE_FAULT,
    [QD_VERSION] = QD_ACCESS_OTHER,
    [QD_MODEL] = QD_ACCESS_OTHER,
    [QD_FOREIGN] = QD_ACCESS_OTHER,
    [QD_ARGUMENT] = QD_ACCESS_OTHER,
};

uint8_t qd_server_result(qd_status_t status) {
    return (unsigned)status < QD_STATUS_COUNT ? results[status] : (uint8_t)QD_ACCESS_OTHER;
}

qd_status_t qd_server_exception(qd_writer_t *w, qd_exception_state_t state, qd_exception_service_t reason) {
    w->at = 0;
    w->status = QD_OK;
    qd_exception_encode(w, state, reason);
    return QD_OK;
}

static bool client_by_sap(const qd_cosem_tables_t *tables, uint16_t sap, uint8_t *client) {
    for (uint8_t i = 0; i < tables->client_count; i++) {
        if (tables->clients[i].sap == sap) {
            *client = i;
            return true;
        }
    }
    return false;
}

bool qd_service_has(const qd_service_t *service, uint32_t conformance) {
    return (service->association->conformance & conformance) != 0;
}

qd_status_t qd_service_refuse(qd_service_t *service, qd_exception_service_t reason) {
    qd_association_t *association = service->association;
    association->transfer.active = false;
    association->transfer.receiving = false;
    association->transfer.general = false;
    if (association->staging == QD_STAGING_BLOCKS) {
        association->staging = QD_STAGING_NONE;
    }
    return qd_server_exception(service->w, QD_EXCEPTION_NOT_ALLOWED, reason);
}

/* A service of its conformance bit; every row needs an association. */
typedef struct qd_service_row {
    uint8_t tag;
    uint8_t
        invoke_at; /* where Invoke-Id-And-Priority, or the first octet of the long one, stands; 0: nowhere */
    uint32_t conformance;
    qd_status_t (*serve)(qd_service_t *service);
} qd_service_row_t;

static const qd_service_row_t services[] = {
    {QD_APDU_GET_REQUEST, 2, QD_CONFORMANCE_GET, qd_server_get},
    {QD_APDU_SET_REQUEST, 2, QD_CONFORMANCE_SET, qd_server_set},
    {QD_APDU_ACTION_REQUEST, 2, QD_CONFORMANCE_ACTION, qd_server_action},
    {QD_APDU_ACCESS_REQUEST, 1, QD_CONFORMANCE_ACCESS, qd_server_access},
    {QD_APDU_GENERAL_BLOCK_TRANSFER, 0, QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER, qd_server_general},
};

/* Services that exist but are not offered; anything else is no service at all. */
static bool tag_is_known(uint8_t tag) {
    static const uint8_t known[] = {QD_APDU_INITIATE_REQUEST,
                                    0x05,
                                    0x06,
                                    0x16,
                                    0x18,
                                    0xC8,
                                    0xC9,
                                    0xCB,
                                    0xD0,
                                    0xD1,
                                    0xD3,
                                    0xDB,
                                    0xDC,
                                    0xDD,
                                    0xDF};
    for (size_t i = 0; i < sizeof known; i++) {
        if (known[i] == tag) {
            return true;
        }
    }
    return false;
}

static qd_status_t serve_release(qd_association_t *association, const qd_request_t *request, qd_writer_t *w) {
    qd_reader_t r;
    qd_release_t release;
    qd_reader_init(&r, request->apdu, request->length);
    if (association == NULL || qd_release_decode(&r, QD_ACSE_TAG_RLRQ, &release) != QD_OK) {
        return qd_server_exception(w, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_NOT_SUPPORTED);
    }
    qd_association_close(association);
    const qd_release_t answer = {.has_reason = true, .reason = 0};
    qd_release_encode(w, QD_ACSE_TAG_RLRE, &answer);
    return QD_OK;
}

/* Whether the request goes beside a transfer under another invoke-id that lives on. */
static bool is_apart(const qd_service_t *service, const uint8_t *apdu, uint8_t invoke_at) {
    const qd_transfer_t *t = &service->association->transfer;
    bool runs = t->active || t->receiving;
    bool same = t->kind != QD_REPLY_ACCESS && invoke_at == 2u &&
                QD_INVOKE_ID(t->invoke) == QD_INVOKE_ID(apdu[invoke_at]);
    return runs && !same && !service->carried && (apdu[invoke_at] & QD_INVOKE_HIGH_PRIORITY) != 0 &&
           qd_service_has(service, QD_CONFORMANCE_PRIORITY);
}

/* Beside a running transfer: its room is taken, so only what needs none of its own is served. */
static qd_status_t serve_apart(qd_service_t *service, const qd_service_row_t *row, uint8_t choice) {
    qd_association_t *real = service->association;
    qd_association_t spare = *real;
    bool simple = row->invoke_at == 2u &&
                  (choice == 1u || (row->tag == QD_APDU_GET_REQUEST && choice <= QD_GET_WITH_LIST));
    if (!simple) {
        return qd_server_exception(service->w, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_NOT_POSSIBLE);
    }
    spare.conformance &=
        ~(QD_CONFORMANCE_BLOCK_GET | QD_CONFORMANCE_BLOCK_ACTION | QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER);
    spare.staging = QD_STAGING_NONE;
    memset(&spare.transfer, 0, sizeof spare.transfer);
    service->association = &spare;
    service->apart = true;
    qd_status_t status = row->serve(service);
    service->association = real;
    service->apart = false;
    return status;
}

static const qd_service_row_t *service_of(const uint8_t *apdu, size_t length) {
    for (size_t i = 0; length > 0 && i < sizeof services / sizeof services[0]; i++) {
        if (services[i].tag == apdu[0]) {
            return &services[i];
        }
    }
    return NULL;
}

bool qd_server_is_unconfirmed(const uint8_t *apdu, size_t length) {
    const qd_service_row_t *row = service_of(apdu, length);
    /* A GET without an answer would be nothing: whatever its service class says, and many clients say 0, it is answered. */
    return row != NULL && row->tag != QD_APDU_GET_REQUEST && row->invoke_at != 0 && length > row->invoke_at &&
           (apdu[row->invoke_at] & QD_INVOKE_CONFIRMED) == 0;
}

/* A service that the association has. */
static qd_status_t serve_row(qd_service_t *service, const qd_service_row_t *row, const uint8_t *apdu,
                             size_t length) {
    qd_association_t *association = service->association;
    qd_transfer_t *t = &association->transfer;
    if (row->invoke_at == 0) {
        return row->serve(service);
    }
    qd_reader_init(&service->r, apdu + 1, length - 1u);
    if (length > row->invoke_at && is_apart(service, apdu, row->invoke_at)) {
        return serve_apart(service, row, apdu[1]);
    }
    if (!service->carried) {
        association->general.plain = 0;
        if (association->staging == QD_STAGING_GENERAL || association->staging == QD_STAGING_LOST) {
            association->staging = QD_STAGING_NONE; /* a request in pieces that was left for this one */
        }
    }
    service->again = t->request == service->call.request;
    qd_status_t status = row->serve(service);
    if (status == QD_PENDING) {
        return status;
    }
    t->request = 0;
    if (qd_server_is_unconfirmed(apdu, length)) {
        t->active = false; /* nobody can ask for the rest of an answer that nobody gets */
        t->general = false;
    }
    if (association->staging == QD_STAGING_ANSWER && !t->active) {
        association->staging = QD_STAGING_NONE;
    }
    return status;
}

qd_status_t qd_server_service(qd_service_t *service, const uint8_t *apdu, size_t length) {
    const qd_service_row_t *row = service_of(apdu, length);
    qd_status_t status = QD_OK;
    if (row == NULL || (row->invoke_at == 0 && service->carried)) {
        bool known = row != NULL || tag_is_known(length > 0 ? apdu[0] : 0);
        status = qd_server_exception(service->w, known ? QD_EXCEPTION_NOT_ALLOWED : QD_EXCEPTION_UNKNOWN,
                                     QD_EXCEPTION_NOT_SUPPORTED);
    } else if (service->association == NULL || !qd_service_has(service, row->conformance)) {
        status = qd_server_exception(service->w, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_NOT_SUPPORTED);
    } else {
        status = serve_row(service, row, apdu, length);
    }
    if (qd_server_is_unconfirmed(apdu, length)) {
        service->w->at = 0; /* an unconfirmed service has its effect and no answer */
        service->w->status = QD_OK;
    }
    return status;
}

static qd_status_t serve(qd_server_t *server, const qd_request_t *request, uint8_t client,
                         qd_association_t *association, qd_writer_t *w) {
    qd_service_t service = {.server = server, .request = request, .association = association, .w = w};
    service.call.client = client;
    service.call.local = request->local;
    service.call.tick_us = request->tick_us;
    service.call.request = request->number;
    service.call.association = association;
    if (association != NULL) {
        service.limit = w->size < association->pdu_size ? (uint16_t)w->size : association->pdu_size;
    }
    if (request->length == 0) {
        return association != NULL ? qd_server_general_next(&service) : QD_OK;
    }
    qd_status_t status = qd_server_service(&service, request->apdu, request->length);
    if (status == QD_OK && association != NULL && w->at > association->pdu_size) {
        w->status = QD_NO_SPACE;
    }
    return status;
}

qd_status_t qd_server_apdu(qd_server_t *server, const qd_request_t *request, qd_writer_t *response) {
    uint8_t client = QD_CLIENTS_MAX;
    response->at = 0;
    response->status = QD_OK;
    server->more = false;
    /* Octets for another logical device are not ours to answer. */
    if (request->server_sap != server->tables->server_sap) {
        return QD_OK;
    }
    bool known = client_by_sap(server->tables, request->client_sap, &client);
    qd_association_t *association = NULL;
    if (known) {
        association =
            qd_association_find(server->associations, request->channel, request->generation, client);
    }
    qd_status_t status = QD_OK;
    uint8_t tag = request->length > 0 ? request->apdu[0] : 0;
    if (tag == QD_ACSE_TAG_AARQ) {
        status = qd_server_aarq(server, request, known ? client : QD_CLIENTS_MAX, response);
    } else if (tag == QD_ACSE_TAG_RLRQ) {
        status = serve_release(association, request, response);
    } else {
        status = serve(server, request, client, association, response);
    }
    if (status == QD_PENDING) {
        response->at = 0;
        return QD_PENDING;
    }
    if (response->status != QD_OK) {
        (void)qd_server_exception(response, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_PDU_TOO_LONG);
    }
    server->requests++;
    return QD_OK;
}
