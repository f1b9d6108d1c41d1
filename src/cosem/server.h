/*
 * server.h - the application layer of the COSEM server: one APDU in, one APDU out.
 *
 * Purpose: associations, GET, SET and ACTION with logical names, and the right answer to everything
 * else. Knows no framing. Source: IEC 62056-53.
 * Context: main context, inside a step. Ownership: state is the caller's; octets are used in place.
 */
#ifndef QD_COSEM_SERVER_H
#define QD_COSEM_SERVER_H

#include "cosem/association.h"
#include "cosem/axdr_io.h"
#include "protocol/xdlms.h"

typedef struct qd_server {
    const qd_cosem_tables_t *tables;
    const qd_objects_t *objects;
    qd_associations_t *associations;
    uint32_t requests; /* APDUs answered */
    bool spent; /* a table was read, which takes long: nobody else is served until whoever steps clears it */
    bool more;  /* the answer just written is one of several: see qd_server_apdu */
} qd_server_t;

/* Where a request came from. */
typedef struct qd_request {
    uint8_t channel;
    uint32_t generation;
    bool local;
    uint16_t client_sap;
    uint16_t server_sap;
    uint64_t tick_us;
    uint32_t number; /* of the request, not 0, the same when it is called again */
    const uint8_t *apdu;
    size_t length; /* 0: none; the next of several answers to the last one is wanted */
} qd_request_t;

void qd_server_init(qd_server_t *server, const qd_cosem_tables_t *tables, const qd_objects_t *objects,
                    qd_associations_t *associations);
/*
 * Serves one APDU. The answer is written to response; nothing written means silence. QD_OK: done;
 * QD_PENDING: something is not ready, nothing was written, call again with the same request.
 * server->more afterwards: further answers follow at once (general block transfer that streams). When this one is
 * sent, call again with the same channel, generation and SAPs and length 0, before any request is taken.
 */
qd_status_t qd_server_apdu(qd_server_t *server, const qd_request_t *request, qd_writer_t *response);

/* Data-Access-Result or Action-Result of a status. */
uint8_t qd_server_result(qd_status_t status);

/* --- between the files of the server --- */

/* One request with its association. */
typedef struct qd_service {
    qd_server_t *server;
    const qd_request_t *request;
    qd_association_t *association;
    qd_call_t call;
    qd_reader_t r; /* behind the APDU's tag */
    qd_writer_t *w;
} qd_service_t;

/* Statuses of these: QD_OK: answered (or rightly silent); QD_PENDING. */
qd_status_t qd_server_aarq(qd_server_t *server, const qd_request_t *request, uint8_t client, qd_writer_t *w);
qd_status_t qd_server_get(qd_service_t *service);
qd_status_t qd_server_set(qd_service_t *service);
qd_status_t qd_server_action(qd_service_t *service);
/* Replaces whatever was written by an exception-response. */
qd_status_t qd_server_exception(qd_writer_t *w, qd_exception_state_t state, qd_exception_service_t reason);

#endif
