/*
 * link.h - one channel: octets to requests, responses to octets, whatever frames them.
 *
 * Purpose: a channel has one receive and one transmit buffer and one request in flight. The framing is that of
 * its port: the wrapper (IEC 62056-47) or HDLC (IEC 62056-46, secondary station of one link).
 * Context: main context, inside a step. Ownership: link and buffers live in the arena.
 */
#ifndef QD_COSEM_LINK_H
#define QD_COSEM_LINK_H

#include "app/io.h"
#include "cosem/server.h"
#include "protocol/hdlc.h"
#include "protocol/wrapper.h"
#include "quadrant/port/channel.h"

/* Octets of each buffer for a PDU size; HDLC needs less in front of an APDU than the wrapper. */
#define QD_LINK_BUFFER(pdu_size) ((size_t)(pdu_size) + QD_WRAPPER_HEAD)

/* Modes of the link layer. */
typedef enum qd_hdlc_mode {
    QD_HDLC_NDM = 0, /* no link */
    QD_HDLC_NRM,     /* a link */
    QD_HDLC_REJECTED /* a link that only SNRM and DISC bring back to order: a frame was answered with FRMR */
} qd_hdlc_mode_t;

/* Longest frame without information that the meter sends, flags included. */
#define QD_LINK_FRAME 12u

/* State of an HDLC link. Of an answer, octets first .. next-1 of the transmit buffer are sent and not acknowledged. */
typedef struct qd_link_hdlc {
    qd_hdlc_receiver_t receiver;
    uint32_t peer;     /* generation of the port */
    uint32_t octet_ms; /* when the last octet came */
    uint8_t mode;      /* qd_hdlc_mode_t */
    uint8_t client;    /* of the link */
    uint8_t send;      /* V(S) */
    uint8_t expected;  /* V(R) */
    uint8_t confirmed; /* N(S) of the octet at `first` */
    uint8_t window;    /* frames to send in one go */
    uint8_t burst;     /* of them sent already; 0: none is being sent */
    uint8_t part;      /* of the frame that is being sent, 0: none */
    uint8_t control;   /* that was rejected */
    uint8_t reasons;   /* of the rejection */
    bool polled;       /* the client waits for a frame with F */
    bool busy;         /* the client has said RNR */
    bool oversized;    /* the APDU that is being received does not fit */
    bool whole;        /* the APDU of I frames is in receive */
    bool lone;         /* that of a UI frame is */
    uint8_t lone_client;
    bool turned;                   /* something was sent since an octet came */
    uint8_t opening;               /* of mode E, qd_mode_e_t */
    uint8_t speed;                 /* that the line has now, 255: not yet set */
    uint8_t speed_next;            /* that was agreed with the opening */
    uint16_t information_transmit; /* agreed */
    uint16_t information_receive;
    uint16_t inactivity_s; /* of this link */
    uint16_t assembled;    /* octets of the APDU in receive, LLC included */
    uint16_t lone_at;      /* where the information of a UI begins */
    uint16_t lone_length;
    uint16_t answer; /* octets in transmit, LLC included; 0: none */
    uint16_t first;
    uint16_t next;
    uint16_t information_at; /* of the frame that is being sent */
    uint16_t information_length;
    uint16_t crc;
    uint8_t frame_length; /* octets in frame */
    uint8_t frame[QD_LINK_FRAME];
    qd_hdlc_address_t own; /* as the client addresses this link */
} qd_link_hdlc_t;

typedef struct qd_link {
    const qd_channel_port_t *port;
    const qd_io_t *io;
    uint8_t *receive;
    uint8_t *transmit;
    uint8_t number;
    uint8_t bearer; /* qd_bearer_t */
    uint8_t line;
    bool local;
    bool waiting;        /* a request is in receive and not answered yet */
    bool more;           /* further answers go to the same client before the next request is taken */
    bool timing;         /* active_ms is known */
    uint16_t more_sap;   /* that client */
    uint16_t retries;    /* of the waiting request */
    uint32_t now_ms;     /* of the channel, in this step */
    uint32_t active_ms;  /* when the peer was heard last with a whole request or frame, or came */
    uint32_t sequence;   /* of the request that is served next; never the same for two peers */
    uint32_t generation; /* of the peer that the buffers and associations belong to */
    uint16_t received;
    uint16_t to_send;
    uint16_t sent;    /* of the frame or of its part */
    uint32_t discard; /* wrapper: octets of an oversized APDU still to be passed over */
    qd_link_hdlc_t hdlc;
} qd_link_t;

/* row: of the channel. The port says which framing. */
void qd_link_init(qd_link_t *link, uint8_t number, const qd_channel_row_t *row, const qd_io_t *io,
                  const qd_channel_port_t *port, uint8_t *receive, uint8_t *transmit);
/* Sends what the last steps answered, as far as the channel takes it. */
void qd_link_send(qd_link_t *link);
static inline void qd_link_flush(qd_link_t *link) {
    if (link->to_send > 0 || link->hdlc.part != 0) {
        qd_link_send(link);
    }
}
/* Serves at most one APDU; the answer waits for qd_link_flush. Returns true when there is more to do without waiting for the peer. */
bool qd_link_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us);

#endif
