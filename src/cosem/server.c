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

/* Invoke-Id-And-Priority stands behind tag and choice. */
#define INVOKE_AT 2u

/* A service of its conformance bit; every row needs an association. */
typedef struct qd_service_row {
    uint8_t tag;
    uint32_t conformance;
    qd_status_t (*serve)(qd_service_t *service);
} qd_service_row_t;

static const qd_service_row_t services[] = {
    {QD_APDU_GET_REQUEST, QD_CONFORMANCE_GET, qd_server_get},
    {QD_APDU_SET_REQUEST, QD_CONFORMANCE_SET, qd_server_set},
    {QD_APDU_ACTION_REQUEST, QD_CONFORMANCE_ACTION, qd_server_action},
};

/* Services that exist but are not offered; anything else is no service at all. */
static bool tag_is_known(uint8_t tag) {
    static const uint8_t known[] = {QD_APDU_INITIATE_REQUEST,
                                    0x05,
                                    0x06,
                                    0x16,
                                    0x18,
                                    QD_APDU_ACCESS_REQUEST,
                                    QD_APDU_GENERAL_BLOCK_TRANSFER,
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

static qd_status_t serve(qd_server_t *server, const qd_request_t *request, uint8_t client,
                         qd_association_t *association, qd_writer_t *w) {
    uint8_t tag = request->apdu[0];
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        if (services[i].tag != tag) {
            continue;
        }
        if (association == NULL || (association->conformance & services[i].conformance) == 0) {
            return qd_server_exception(w, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_NOT_SUPPORTED);
        }
        qd_service_t service = {.server = server, .request = request, .association = association, .w = w};
        service.call.client = client;
        service.call.local = request->local;
        service.call.tick_us = request->tick_us;
        service.call.request = request->number;
        service.call.association = association;
        qd_reader_init(&service.r, request->apdu + 1, request->length - 1u);
        qd_status_t status = services[i].serve(&service);
        if (request->length > INVOKE_AT && (request->apdu[INVOKE_AT] & QD_INVOKE_CONFIRMED) == 0) {
            w->at = 0; /* an unconfirmed service has its effect and no answer */
        }
        return status;
    }
    return qd_server_exception(w, tag_is_known(tag) ? QD_EXCEPTION_NOT_ALLOWED : QD_EXCEPTION_UNKNOWN,
                               QD_EXCEPTION_NOT_SUPPORTED);
}

qd_status_t qd_server_apdu(qd_server_t *server, const qd_request_t *request, qd_writer_t *response) {
    uint8_t client = QD_CLIENTS_MAX;
    response->at = 0;
    response->status = QD_OK;
    server->more = false;
    /* Octets for another logical device, or none at all, are not ours to answer. */
    if (request->length == 0 || request->server_sap != server->tables->server_sap) {
        return QD_OK;
    }
    bool known = client_by_sap(server->tables, request->client_sap, &client);
    qd_association_t *association = NULL;
    if (known) {
        association =
            qd_association_find(server->associations, request->channel, request->generation, client);
    }
    qd_status_t status = QD_OK;
    if (request->apdu[0] == QD_ACSE_TAG_AARQ) {
        status = qd_server_aarq(server, request, known ? client : QD_CLIENTS_MAX, response);
    } else if (request->apdu[0] == QD_ACSE_TAG_RLRQ) {
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
