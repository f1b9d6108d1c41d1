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

/* Smallest APDU that a client may say it takes, and so room for any answer in blocks. */
#define QD_RESPONSE_MIN 12u

/* Where a request came from. */
typedef struct qd_request {
    uint8_t channel;
    uint32_t generation;
    bool local;
    uint16_t client_sap;
    uint16_t server_sap;
    uint64_t tick_us;
    uint32_t now_ms; /* of the channel */
    uint32_t number; /* of the request, not 0, the same when it is called again */
    const uint8_t *apdu;
    size_t length; /* 0: none; the next of several answers to the last one is wanted */
} qd_request_t;

void qd_server_init(qd_server_t *server, const qd_cosem_tables_t *tables, const qd_objects_t *objects,
                    qd_associations_t *associations);
/*
 * Serves one APDU. The answer is written to response, which has room for QD_RESPONSE_MIN octets at least; nothing written means silence. QD_OK: done;
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
    qd_association_t *association; /* a copy when apart */
    qd_call_t call;
    qd_reader_t r; /* behind the APDU's tag */
    qd_writer_t *w;
    uint16_t limit; /* octets that the answer may have */
    bool carried;   /* the request came in general blocks, and the answer goes so */
    bool apart;     /* of high priority, served beside a transfer that goes on */
    bool again; /* the call was here before: its items are taken, and done up to where the transfer stands */
} qd_service_t;

/* Stages of an item's stream. */
enum {
    QD_STAGE_PREFIX = 0, /* what stands in front of the data; in general blocks it is part of the stream */
    QD_STAGE_COUNT,      /* of a list */
    QD_STAGE_HEAD,       /* choice or result, and an array's head or the whole value */
    QD_STAGE_ROWS,
    QD_STAGE_TAIL, /* what stands behind the items */
    QD_STAGE_END
};

/* Octets of the longest answer that is not cut: the error of a GET's next block. A plain APDU always has them, one in
 * general blocks not below an APDU size of 19. */
#define QD_BLOCKS_LIMIT_MIN 10u

/* Statuses of these: QD_OK: answered (or rightly silent); QD_PENDING. */
qd_status_t qd_server_aarq(qd_server_t *server, const qd_request_t *request, uint8_t client, qd_writer_t *w);
qd_status_t qd_server_get(qd_service_t *service);
qd_status_t qd_server_set(qd_service_t *service);
qd_status_t qd_server_action(qd_service_t *service);
qd_status_t qd_server_access(qd_service_t *service);
/* A general block; its APDU, when it is whole, is served by qd_server_service. */
qd_status_t qd_server_general(qd_service_t *service);
qd_status_t qd_server_service(qd_service_t *service, const uint8_t *apdu, size_t length);
/* The next general block of a stream that goes on by itself. */
qd_status_t qd_server_general_next(qd_service_t *service);
/* Replaces whatever was written by an exception-response. */
qd_status_t qd_server_exception(qd_writer_t *w, qd_exception_state_t state, qd_exception_service_t reason);
/* The same for what the association's state allows, and ends its transfer. */
qd_status_t qd_service_refuse(qd_service_t *service, qd_exception_service_t reason);
bool qd_service_has(const qd_service_t *service, uint32_t conformance);
/* A SET, ACTION or ACCESS of service class 0, to which nobody gets an answer, neither a result nor a refusal. */
bool qd_server_is_unconfirmed(const uint8_t *apdu, size_t length);

/* server_stream.c: a transfer without anything in it, for a fresh request. */
void qd_stream_begin(qd_service_t *service, qd_reply_t kind, uint32_t invoke, uint8_t count);
/* Where the data of its answer begins. */
void qd_stream_rewind(qd_transfer_t *t);
/* The transfer's answer: whole, or its first block, service's own or general; or QD_EXCEPTION_PDU_TOO_LONG. */
qd_status_t qd_stream_answer(qd_service_t *service);
/* The next block of the service's own. */
qd_status_t qd_stream_block(qd_service_t *service);
/* Answers of a service that has no data. */
qd_status_t qd_stream_error(qd_service_t *service, uint8_t result);
qd_status_t qd_stream_block_error(qd_service_t *service, uint32_t block, uint8_t result);
/* Fills w up to limit with what comes next of the stream: QD_OK: it has ended; QD_NO_SPACE: w is full; QD_PENDING:
 * call again, nothing is in w that need be; others: it can not go on. */
qd_status_t qd_stream_fill(qd_service_t *service, qd_writer_t *w, size_t limit);
/* What the present item is: QD_ACCESS_SPEC_GET, _SET or _ACTION. */
uint8_t qd_stream_spec(const qd_transfer_t *t);
/* The same up to the item end; QD_PENDING: call again behind what is in w. */
qd_status_t qd_stream_part(qd_service_t *service, qd_writer_t *w, size_t limit, uint8_t end);
/* Puts the length of data from start + reserved in front of it, in as many octets as it takes. */
void qd_stream_close(qd_writer_t *w, size_t start, size_t reserved);
/* Starts general blocks with the present transfer, without a block received before. */
qd_status_t qd_general_answer(qd_service_t *service);

/* What follows a descriptor: nothing, selective access behind a presence octet, or selective access. */
typedef enum qd_selector_form {
    QD_SELECTOR_NEVER = 0,
    QD_SELECTOR_OPTIONAL,
    QD_SELECTOR_ALWAYS
} qd_selector_form_t;

/* server_item.c: Cosem-Attribute- or Method-Descriptor of item n: where it leads, or why not. QD_OK or the reader's
 * status. */
qd_status_t qd_item_take_get(qd_service_t *service, uint8_t n, qd_selector_form_t form);
qd_status_t qd_item_take_set(qd_service_t *service, uint8_t n, qd_selector_form_t form);
qd_status_t qd_item_take_action(qd_service_t *service, uint8_t n);
void qd_item_refuse(qd_selected_t *item, uint8_t result);
/* Writes or runs an item with one well-formed element; data NULL: none. */
qd_status_t qd_item_put(qd_service_t *service, const qd_selected_t *item, const qd_view_t *value);
qd_status_t qd_item_act(qd_service_t *service, const qd_selected_t *item, const qd_view_t *value);
/* server_access.c: writes, runs or reads the transfer's items in their order, behind those that were done when the call was
 * here before. Values are as many, in a list of them or bare. QD_OK: each has its result; QD_PENDING; QD_MALFORMED. */
qd_status_t qd_server_apply(qd_service_t *service, qd_reader_t values, bool list);
/* The choice of item n, NULL: none. The first one's is the association's, the others' are at the end of the staging slot. */
qd_selection_t *qd_item_choice(const qd_service_t *service, uint8_t n);
/* Takes the staging slot for parts of the answer, until it is out; w writes behind the request up to the choices. QD_OK;
 * QD_BUSY: another association has it, w takes nothing. */
qd_status_t qd_item_hold(qd_service_t *service, qd_writer_t *w);
/* A sink that takes everything. */
extern const qd_sink_t qd_item_probe;
/* One element, skipped. */
qd_status_t qd_item_view(qd_reader_t *r, qd_view_t *value);

#endif
