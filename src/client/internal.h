/*
 * internal.h - shared by the files of the client; not for anybody else.
 *
 * Context: as quadrant/client.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_CLIENT_INTERNAL_H
#define QD_CLIENT_INTERNAL_H

#include "base/cursor.h"
#include "quadrant/client.h"

/* --- client.c, link.c: faults */

/* Notes a fault and returns its result; a client that met silence or nonsense is broken from then. */
qd_client_result_t qd_client_fail(qd_client_t *client, qd_client_result_t result, const char *what);
/* Notes a refusal and returns QD_CLIENT_REFUSED. */
qd_client_result_t qd_client_refuse(qd_client_t *client, qd_client_refusal_t refusal, uint8_t state,
                                    uint8_t code, const char *what);

/* --- link.c: an APDU to the meter and one back */

/* The APDU size that this side proposes. */
uint16_t qd_client_receive_pdu(const qd_client_t *client);

/* Where the pieces of a reply are joined: the caller's room. */
typedef struct qd_client_room {
    uint8_t *out; /* NULL: none */
    size_t size;
    size_t at;
} qd_client_room_t;

/* Octets of an APDU that this meter takes, as far as the buffer has room. */
size_t qd_client_apdu_room(const qd_client_t *client);
/* Writer over the place of the APDU in the client's buffer, no longer than the meter takes. */
void qd_client_request(qd_client_t *client, qd_writer_t *w);
/* Octets to out, all or none. QD_CLIENT_OWN: no room. They may lie in the room already, behind its end. */
qd_client_result_t qd_client_join(qd_client_t *client, qd_client_room_t *room, const uint8_t *octets,
                                  size_t length);
/* Sends length octets of the APDU's place; nothing comes back. */
qd_client_result_t qd_client_send(qd_client_t *client, size_t length);
/* Waits for one APDU; *reply stands on its first octet. */
qd_client_result_t qd_client_receive(qd_client_t *client, qd_reader_t *reply);
/* Waits for the answer to what was sent: notifications are passed over, general block transfer is joined behind the
 * end of room (NULL: only what fits one block), exceptions and service errors are QD_CLIENT_REFUSED. */
qd_client_result_t qd_client_answer(qd_client_t *client, qd_client_room_t *room, qd_reader_t *reply);
/* Sends the APDU of w and waits for its answer. */
qd_client_result_t qd_client_exchange(qd_client_t *client, const qd_writer_t *w, qd_client_room_t *room,
                                      qd_reader_t *reply);

/* --- hdlc.c: the same over HDLC */

qd_client_result_t qd_client_hdlc_send(qd_client_t *client, size_t length);
qd_client_result_t qd_client_hdlc_receive(qd_client_t *client, qd_reader_t *reply);

/* --- request.c: requests of any length */

/* A window over an octet stream: what lies before skip and after room octets is counted only. */
typedef struct qd_client_sink {
    uint8_t *to; /* NULL: only counting */
    size_t room;
    size_t skip;
    size_t total; /* octets of the whole stream */
} qd_client_sink_t;

/* One GET, SET or ACTION, or a list of them. */
typedef struct qd_client_job {
    uint8_t tag; /* qd_apdu_tag_t of the request */
    uint8_t invoke;
    bool list;
    const qd_client_item_t *items; /* NULL: refs alone say it */
    size_t count;
    const qd_client_ref_t *refs;
} qd_client_job_t;

/* Makes APDUs as they are needed, from the beginning each time; context is the maker's. */
typedef struct qd_client_source {
    void (*emit)(const void *context, qd_client_sink_t *sink);
    const void *context;
} qd_client_source_t;

void qd_client_sink_octets(qd_client_sink_t *sink, const uint8_t *octets, size_t length);
void qd_client_sink_u8(qd_client_sink_t *sink, uint8_t octet);
void qd_client_sink_length(qd_client_sink_t *sink, size_t length);
/* Octets that the source makes. */
size_t qd_client_source_length(const qd_client_source_t *source);
/* Invoke-Id-And-Priority of the next request. */
uint8_t qd_client_next_invoke(qd_client_t *client);
/* Sends the job as it fits: in one APDU, in the service's blocks, by general block transfer; *reply is the answer to
 * the last of them. */
qd_client_result_t qd_client_ask(qd_client_t *client, const qd_client_job_t *job, qd_client_room_t *room,
                                 qd_reader_t *reply);
/* As it fits one APDU or general block transfer. */
qd_client_result_t qd_client_ask_source(qd_client_t *client, const qd_client_source_t *source,
                                        qd_client_room_t *room, qd_reader_t *reply);
/* Head of a reply: its choice; 0 and a noted violation when it is not the one wanted. */
uint8_t qd_client_choice(qd_client_t *client, qd_reader_t *reply, uint8_t tag, uint8_t invoke);

/* --- gbt.c: general block transfer */

/* Sends what the source makes, block by block; the answer is then waited for with qd_client_answer. */
qd_client_result_t qd_client_gbt_send(qd_client_t *client, const qd_client_source_t *source, size_t length,
                                      qd_client_room_t *room, qd_reader_t *reply);
/* The first block of an answer is in *reply: fetches the others. */
qd_client_result_t qd_client_gbt_receive(qd_client_t *client, qd_client_room_t *room, qd_reader_t *reply);

/* --- results.c: what services share in their replies */

qd_client_result_t qd_client_violation(qd_client_t *client, const char *what);
qd_client_result_t qd_client_refuse_access(qd_client_t *client, uint8_t access);
qd_client_result_t qd_client_succeed(qd_client_t *client);
/* QD_CLIENT_OK when a request may go out now. */
qd_client_result_t qd_client_ready(qd_client_t *client);
/* Get-Data-Result. QD_OK, or QD_MALFORMED. */
qd_status_t qd_client_get_result(qd_reader_t *r, qd_client_value_t *value);

/* Fetches the rest of a reply in blocks of GET (tag C4) or ACTION (C7), the first of which is in reply, into room.
 * *access: the reason when it ends with one. */
qd_client_result_t qd_client_take_blocks(qd_client_t *client, uint8_t tag, uint8_t invoke,
                                         qd_client_room_t *room, qd_reader_t *reply, uint8_t *access);

/* --- names.c */

/* Names of what an association or an exception says; never NULL. */
const char *qd_client_diagnostic_name(uint8_t diagnostic);
const char *qd_client_initiate_name(uint8_t code);
const char *qd_client_exception_name(uint8_t code);

#endif
