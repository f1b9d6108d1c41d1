/*
 * link.h - one channel with the wrapper: octets to requests, responses to octets.
 *
 * Purpose: a channel has one receive and one transmit buffer and one request in flight.
 * Source: IEC 62056-47. Context: main context, inside a step. Ownership: buffers live in the arena.
 */
#ifndef QD_COSEM_LINK_H
#define QD_COSEM_LINK_H

#include "cosem/server.h"
#include "protocol/wrapper.h"
#include "quadrant/port/channel.h"

/* Octets of each buffer for a PDU size. */
#define QD_LINK_BUFFER(pdu_size) ((size_t)(pdu_size) + QD_WRAPPER_HEAD)

typedef struct qd_link {
    const qd_channel_port_t *port;
    uint8_t number;
    bool local;
    bool waiting;        /* a request is in receive and not answered yet */
    bool more;           /* further answers go to the same client before the next request is taken */
    uint16_t more_sap;   /* that client */
    uint16_t retries;    /* of the waiting request */
    bool timing;         /* active_ms is known */
    uint32_t now_ms;     /* of the channel, in this step */
    uint32_t active_ms;  /* when the peer was heard last with a whole request, or came */
    uint32_t sequence;   /* of the request that is served next; never the same for two peers */
    uint32_t generation; /* of the peer that the buffers belong to */
    uint32_t discard;    /* octets of an oversized APDU still to be passed over */
    uint8_t *receive;
    uint8_t *transmit;
    uint16_t received;
    uint16_t to_send;
    uint16_t sent;
} qd_link_t;

void qd_link_init(qd_link_t *link, uint8_t number, bool local, const qd_channel_port_t *port,
                  uint8_t *receive, uint8_t *transmit);
/* Sends what the last steps answered, as far as the channel takes it. */
void qd_link_flush(qd_link_t *link);
/* Serves at most one APDU; the answer waits for qd_link_flush. Returns true when there is more to do without waiting for the peer. */
bool qd_link_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us);

#endif
