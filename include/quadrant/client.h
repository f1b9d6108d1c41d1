/*
 * client.h - the other side of the protocol: a DLMS client over the wrapper of the TCP profile or over HDLC.
 *
 * Purpose: opens an association, reads, writes and calls methods, one request at a time; knows no
 * sockets: the caller injects a transport. Also the reading and writing of A-XDR elements and the
 * names that a tool prints.
 * A request is never executed twice: over HDLC what is repeated carries its sequence number, over the wrapper
 * nothing is repeated.
 * Source: IEC 62056-53 (services, A-XDR), IEC 62056-46 (HDLC), IEC 62056-47 (wrapper).
 * Ownership: all state is in qd_client_t and in the buffer that the caller gives; no other memory is
 * used. Views in results point into buffers of the caller.
 * Context: main context; a call returns after the reply, the time-out or the first fault.
 * Bounds: over the wrapper one reply takes at most the configured time-out; over HDLC each frame of it does, times one
 * more than the retries. A long GET ends at the first block that brings nothing or when the caller's buffer is full.
 */
#ifndef QUADRANT_CLIENT_H
#define QUADRANT_CLIENT_H

#include "quadrant/port/channel.h"
#include "quadrant/status.h"
#include "quadrant/types.h"

/* --- outcome ---------------------------------------------------------------------------------- */

/* What became of a request. Refusal, silence and nonsense are three different things. */
typedef enum qd_client_result {
    QD_CLIENT_OK = 0,
    QD_CLIENT_REFUSED,   /* the meter answered, and the answer is no; the association goes on */
    QD_CLIENT_SILENT,    /* no answer in time, or the connection is gone */
    QD_CLIENT_VIOLATION, /* the peer broke the protocol */
    QD_CLIENT_OWN        /* own failure: a buffer too small, a wrong argument, an unsupported option */
} qd_client_result_t;

typedef enum qd_client_refusal {
    QD_REFUSAL_NONE = 0,
    QD_REFUSAL_ASSOCIATION, /* AARE: result and code (diagnostic, provider's with bit 7) */
    QD_REFUSAL_INITIATE,    /* ConfirmedServiceError: code */
    QD_REFUSAL_EXCEPTION,   /* ExceptionResponse: state and code (service-error) */
    QD_REFUSAL_ACCESS,      /* code is the data-access-result or action-result */
    QD_REFUSAL_LINK         /* HDLC: the meter answered SNRM with DM */
} qd_client_refusal_t;

/* The last fault of a client. */
typedef struct qd_client_fault {
    qd_client_result_t result;
    qd_client_refusal_t refusal;
    uint8_t state; /* association result or exception's state-error */
    uint8_t code;
    const char *what; /* short English text or the standard's name, never NULL */
} qd_client_fault_t;

/* --- transport -------------------------------------------------------------------------------- */

/*
 * What the caller injects. Every function gets context.
 * send: all octets, within timeout_ms. QD_OK; QD_IO: connection lost or not accepted in time.
 * receive: 1 to size octets, at most timeout_ms from now. QD_OK with *length > 0; QD_PENDING: none
 * came; QD_END: the peer closed; QD_IO.
 * now_ms: monotonic milliseconds; may wrap around.
 */
typedef struct qd_client_transport {
    void *context;
    qd_status_t (*send)(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms);
    qd_status_t (*receive)(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms, size_t *length);
    uint32_t (*now_ms)(void *context);
} qd_client_transport_t;

/* Sees every whole frame: of the wrapper head and APDU, of HDLC from flag to flag, also one with wrong check sequences. */
typedef void (*qd_client_trace_t)(void *context, bool sent, const uint8_t *frame, size_t length);

/* --- who is asking ---------------------------------------------------------------------------- */

typedef enum qd_client_mechanism {
    QD_CLIENT_LOWEST = 0,  /* no authentication */
    QD_CLIENT_LLS = 1,     /* a password */
    QD_CLIENT_HLS_GMAC = 5 /* has its place; qd_client_open answers QD_CLIENT_OWN until it is built */
} qd_client_mechanism_t;

typedef struct qd_client_identity {
    const char *name; /* as in --as */
    uint16_t sap;
    uint8_t mechanism;   /* qd_client_mechanism_t */
    bool preestablished; /* no AARQ and no RLRQ */
} qd_client_identity_t;

/* The six clients of the meters: public, management, level1, level2, level3, preestablished. */
#define QD_CLIENT_IDENTITIES 6u
/* Identity number n, or NULL beyond the last. */
const qd_client_identity_t *qd_client_identity_at(size_t n);
/* Identity by name; NULL: no such name. */
const qd_client_identity_t *qd_client_identity_by_name(const char *name);
/* Identity by SAP; NULL: not one of the six. */
const qd_client_identity_t *qd_client_identity_by_sap(uint16_t sap);

/* --- the client ------------------------------------------------------------------------------- */

#define QD_CLIENT_HEAD 8u                /* octets of the wrapper's head */
#define QD_CLIENT_BUFFER_MIN (8u + 128u) /* smallest buffer that qd_client_init takes */
#define QD_CLIENT_LIST_MAX 64u           /* most attributes of one qd_client_get_list */
#define QD_CLIENT_SECRET_MAX 64u         /* longest password */
#define QD_CLIENT_PDU_MIN 12u            /* smallest APDU size that may be proposed */
/* What HDLC takes of the buffer besides, for one frame with so many octets of information. */
#define QD_CLIENT_HDLC_ROOM(information) ((information) + 24u)

/* HDLC: zero means the default in brackets. */
typedef struct qd_client_hdlc {
    uint16_t lower; /* physical device [0] */
    uint8_t octets; /* of the server's address: 1, 2 or 4 [as few as hold it]; the upper half is server_sap */
    uint8_t window; /* proposed both ways, 1 to 7 [1] */
    uint16_t information; /* proposed both ways, 32 to 2030 [128] */
    uint8_t retries;      /* repetitions after silence; 0: none */
    uint32_t octet_ms;    /* silence inside a frame that ends it [500] */
} qd_client_hdlc_t;

typedef struct qd_client_config {
    const qd_client_transport_t *transport;
    qd_client_trace_t trace; /* NULL: none */
    void *trace_context;
    uint16_t client_sap;
    uint16_t server_sap;
    uint8_t mechanism; /* qd_client_mechanism_t */
    bool preestablished;
    const uint8_t *secret; /* of the mechanism; stays the caller's, read by qd_client_open only */
    size_t secret_length;
    uint32_t timeout_ms; /* for one reply, over HDLC for one frame; 0 counts as 1 */
    uint8_t framing;     /* qd_framing_t */
    qd_client_hdlc_t hdlc;
    uint16_t
        receive_pdu; /* proposed: longest APDU that is taken, from QD_CLIENT_PDU_MIN; 0: as the buffer has room */
    uint32_t conformance; /* services proposed; 0: all that the client has */
} qd_client_config_t;

typedef enum qd_client_state {
    QD_CLIENT_CLOSED = 0,
    QD_CLIENT_ASSOCIATED,
    QD_CLIENT_BROKEN /* silence or a violation: nothing more can be asked on this connection */
} qd_client_state_t;

/* What the two stations agreed with SNRM and UA, as the client sees it; and the state of the link. */
typedef struct qd_client_link {
    bool connected;
    uint16_t information_transmit;
    uint16_t information_receive;
    uint8_t window_transmit;
    uint8_t window_receive;
    uint8_t send_state;    /* V(S): number of the next I frame */
    uint8_t receive_state; /* V(R) */
    bool final;            /* the meter has said all: the turn is ours */
    bool complete;         /* the last segment of a reply is there */
    uint8_t outstanding;   /* I frames that the meter has not acknowledged */
    uint8_t replaced;      /* APDUs that came where one reply was due */
    uint16_t raw;          /* octets of the frame that arrives */
    size_t received;       /* octets of a reply, its LLC included */
} qd_client_link_t;

/* Block numbers of general block transfer. */
typedef struct qd_client_gbt {
    uint16_t sent;
    uint16_t received;
} qd_client_gbt_t;

/* Fields are read by the functions below; a caller declares it and keeps off. */
typedef struct qd_client {
    qd_client_config_t config;
    uint8_t *buffer; /* one APDU, first the request, then the reply; over HDLC a frame behind it */
    size_t size;
    size_t room; /* octets of the APDU's place */
    qd_client_link_t link;
    qd_client_gbt_t gbt;
    uint32_t start_ms;    /* when the request went out */
    uint32_t conformance; /* negotiated */
    uint16_t peer_pdu;    /* longest APDU that the meter takes; 0: no limit said */
    uint8_t invoke;
    uint8_t state; /* qd_client_state_t */
    qd_client_fault_t fault;
} qd_client_t;

/* A COSEM attribute or method. */
typedef struct qd_client_ref {
    uint16_t class_id;
    qd_obis_t obis;
    int8_t index;
} qd_client_ref_t;

/* One A-XDR element as it came, or why there is none. */
typedef struct qd_client_value {
    uint8_t access;      /* data-access-result or action-result; 0: success */
    const uint8_t *data; /* NULL when refused or when there is no return value */
    size_t length;
} qd_client_value_t;

/* size octets at buffer hold one APDU at a time, and over HDLC a frame; what is left for the APDU is proposed as its
 * largest size. QD_OK; QD_ARGUMENT: a pointer is missing, the buffer is below QD_CLIENT_BUFFER_MIN (over HDLC
 * QD_CLIENT_HDLC_ROOM more), or a number of the configuration is outside of its bounds. */
qd_status_t qd_client_init(qd_client_t *client, const qd_client_config_t *config, uint8_t *buffer,
                           size_t size);

/* HDLC: connects the link, SNRM and UA; qd_client_open does so when it has not been done. Over the wrapper QD_CLIENT_OK.
 * QD_CLIENT_REFUSED: the meter answered DM. */
qd_client_result_t qd_client_connect(qd_client_t *client);
/* HDLC: ends the link with DISC, whatever state the client is in; one that is not connected: QD_CLIENT_OK. */
qd_client_result_t qd_client_disconnect(qd_client_t *client);

/* Opens the association (nothing is sent for a pre-established one). Afterwards the fault says why
 * not. A refused association leaves the client closed; it may be opened again. */
qd_client_result_t qd_client_open(qd_client_t *client);

/* Releases the association, and ends an HDLC link. Closed or pre-established: no APDU is sent, QD_CLIENT_OK. */
qd_client_result_t qd_client_release(qd_client_t *client);

/* True: the meter agreed to GET with a list of attributes. */
bool qd_client_has_list(const qd_client_t *client);

/* How many attributes one GET with list may ask for, 0 when the service was not agreed. */
size_t qd_client_list_capacity(const qd_client_t *client);

/*
 * Reads one attribute; blocks are fetched and joined in out. QD_CLIENT_OK: value views out;
 * QD_CLIENT_REFUSED: value->access says why, or is 0 when the meter answered with an exception.
 */
qd_client_result_t qd_client_get(qd_client_t *client, const qd_client_ref_t *ref, uint8_t *out, size_t size,
                                 qd_client_value_t *value);

/* Selective access: parameters of an access selector, one A-XDR element. */
typedef struct qd_client_selection {
    uint8_t selector; /* 1 range, 2 entry */
    const uint8_t *data;
    size_t length;
} qd_client_selection_t;

/* True: the meter agreed to selective access. */
bool qd_client_has_selection(const qd_client_t *client);

/* As qd_client_get, of the rows and columns that the selection chooses; NULL: of all. */
qd_client_result_t qd_client_get_selected(qd_client_t *client, const qd_client_ref_t *ref,
                                          const qd_client_selection_t *selection, uint8_t *out, size_t size,
                                          qd_client_value_t *value);

#define QD_CLIENT_SELECTION_MAX 64u /* octets of the two descriptors below */

/*
 * Parameters of selector 1: rows whose clock (attribute 2 of class 8, 0-0:1.0.0) lies from one COSEM date-time to another,
 * both included, with all columns; of selector 2: entries from to to, counted from 1, to 0: to the last, with all columns.
 * The descriptor is written to out. QD_OK; QD_NO_SPACE.
 */
qd_status_t qd_client_select_range(const uint8_t from[12], const uint8_t to[12], uint8_t *out, size_t size,
                                   qd_client_selection_t *selection);
qd_status_t qd_client_select_entries(uint32_t from, uint32_t to, uint8_t *out, size_t size,
                                     qd_client_selection_t *selection);

/*
 * Reads count (1 to qd_client_list_capacity) attributes with one request. QD_CLIENT_OK: each of
 * values[count] has its own access; QD_CLIENT_REFUSED: the request as a whole was refused.
 */
qd_client_result_t qd_client_get_list(qd_client_t *client, const qd_client_ref_t *refs, size_t count,
                                      uint8_t *out, size_t size, qd_client_value_t *values);

/* One entry of a list: what is asked, and the parameters that its service wants. */
typedef struct qd_client_item {
    qd_client_ref_t ref;
    const qd_client_selection_t *selection; /* GET and SET; NULL: none */
    const uint8_t *data;                    /* SET and ACTION: one A-XDR element; NULL: none */
    size_t length;
} qd_client_item_t;

/* Writes one attribute: data is one A-XDR element, in blocks when it is longer than the meter takes at once.
 * QD_CLIENT_REFUSED: as qd_client_get, the reason is in the fault. */
qd_client_result_t qd_client_set(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                 size_t length);

/* Calls a method; data NULL: without parameter. A return value is copied to out; value->data is NULL
 * when there is none. */
qd_client_result_t qd_client_call(qd_client_t *client, const qd_client_ref_t *ref, const uint8_t *data,
                                  size_t length, uint8_t *out, size_t size, qd_client_value_t *value);

/* GET of count items with their selections; else as qd_client_get_list. */
qd_client_result_t qd_client_get_items(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                       uint8_t *out, size_t size, qd_client_value_t *values);
/* SET of count items (1 to QD_CLIENT_LIST_MAX) with one request; access[count] has a data-access-result each. */
qd_client_result_t qd_client_set_list(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                      uint8_t *access);
/* ACTION of count methods with one request; values[count] as in qd_client_get_list, out holds what they return. */
qd_client_result_t qd_client_call_list(qd_client_t *client, const qd_client_item_t *items, size_t count,
                                       uint8_t *out, size_t size, qd_client_value_t *values);

/* SET or, when action is true, ACTION that the meter does not answer: QD_CLIENT_OK says that it was sent. */
qd_client_result_t qd_client_tell(qd_client_t *client, const qd_client_item_t *item, bool action);

/* Services of the items of ACCESS. */
typedef enum qd_client_access_service {
    QD_CLIENT_ACCESS_GET = 1,
    QD_CLIENT_ACCESS_SET = 2,
    QD_CLIENT_ACCESS_ACTION = 3
} qd_client_access_service_t;

/* services[count] says which each item is. break_on_error: nothing is done after the first refusal. Each of
 * values[count] has its own access; data of a SET and of an ACTION without return value is null-data.
 * QD_CLIENT_OWN: the meter did not agree to ACCESS. */
qd_client_result_t qd_client_access(qd_client_t *client, const uint8_t *services,
                                    const qd_client_item_t *items, size_t count, bool break_on_error,
                                    uint8_t *out, size_t size, qd_client_value_t *values);

/* The last fault; result QD_CLIENT_OK when the last call succeeded. */
const qd_client_fault_t *qd_client_last_fault(const qd_client_t *client);

/* --- A-XDR elements --------------------------------------------------------------------------- */

#define QD_ELEMENT_DEPTH_MAX 16u

/* One element. An array or structure is its head; its count elements follow, one level deeper. */
typedef struct qd_element {
    uint8_t type;  /* qd_type_t */
    uint8_t depth; /* 0: outermost */
    uint16_t count;
    qd_scalar_t scalar; /* strings by view in external */
} qd_element_t;

typedef struct qd_element_iterator {
    const uint8_t *data;
    size_t size;
    size_t at;
    uint8_t depth;
    bool started;
    uint16_t left[QD_ELEMENT_DEPTH_MAX]; /* elements still to come, per level */
    qd_status_t status;
} qd_element_iterator_t;

/* Walks one element with everything in it. */
void qd_element_begin(qd_element_iterator_t *it, const uint8_t *data, size_t size);
/* QD_OK; QD_END: all was given; QD_TRUNCATED, QD_MALFORMED (also too deep, and octets left over),
 * QD_UNSUPPORTED (compact array). A fault stays. */
qd_status_t qd_element_next(qd_element_iterator_t *it, qd_element_t *element);

/* Writing, with a sticky status as in QD_NO_SPACE and QD_ARGUMENT. */
typedef struct qd_element_writer {
    uint8_t *data;
    size_t size;
    size_t at;
    qd_status_t status;
} qd_element_writer_t;

void qd_element_write_begin(qd_element_writer_t *writer, uint8_t *data, size_t size);
/* Head of an array or structure of count elements, which the caller writes next. */
void qd_element_write_group(qd_element_writer_t *writer, qd_type_t type, uint16_t count);
/* Any other type; see qd_scalar_t. */
void qd_element_write_scalar(qd_element_writer_t *writer, const qd_scalar_t *scalar);

/* --- names ------------------------------------------------------------------------------------ */

/* The standard's name of a data-access-result or action-result ("read-write-denied"); never NULL. */
const char *qd_client_access_name(uint8_t access);
/* The standard's name of a data type ("double-long-unsigned"); never NULL. */
const char *qd_client_type_name(uint8_t type);
/* The standard's name of a service of the conformance block, by its bit from the left, 0 to 23 ("get" is 19); never NULL. */
#define QD_CLIENT_CONFORMANCE_BITS 24u
const char *qd_client_conformance_name(uint8_t bit);
/* Symbol of a unit ("kWh" has a scaler: this says "Wh"); "" for none, "unit-N" is not said: NULL
 * when the number is not in the table. */
const char *qd_client_unit_name(uint8_t unit);
/* Name of an APDU ("get-request-normal"); never NULL. */
const char *qd_client_apdu_name(const uint8_t *apdu, size_t length);

#endif
