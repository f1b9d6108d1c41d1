/*
 * gate_link.h - the gate over a byte link: every message framed, numbered and checked.
 *
 * Frame: 0x51, length (2, little-endian, of what follows up to the check), type (1), body, CRC-32 of
 * length to body (4, little-endian). Types: 1 request, 2 reply, 3 snapshot; gate_codec.c gives the
 * bodies. Broken frames are dropped and counted, and the search for a frame goes on behind their first
 * octet; a request without reply is sent again by its owner with the same sequence number, and
 * metrology answers a repeated number with the reply it gave before, so nothing is done twice. The link
 * numbers its requests itself and gives the caller's number back with the reply. HELLO is always
 * answered afresh and begins a new count: a client sends it first, its own restart included.
 * The reply to a set clock comes behind the snapshot that shows it.
 * A lost snapshot is not sent again, the next second brings a newer one; who cannot wait submits
 * QD_GATE_SNAPSHOT.
 * Context: main context on both sides. Ownership: state is the caller's.
 */
#ifndef QD_METROLOGY_GATE_LINK_H
#define QD_METROLOGY_GATE_LINK_H

#include "metrology/gate.h"

#define QD_GATE_FRAME_MAX 512u

/* Moves octets of one direction; may accept or give any part. Returns how many. */
typedef struct qd_gate_pipe {
    void *context;
    size_t (*write)(void *context, const uint8_t *data, size_t length);
    size_t (*read)(void *context, uint8_t *data, size_t size);
} qd_gate_pipe_t;

typedef struct qd_gate_server {
    const qd_gate_t *gate;
    const qd_gate_pipe_t *pipe;
    uint8_t in[QD_GATE_FRAME_MAX];
    uint16_t in_length;
    uint8_t out[2u * QD_GATE_FRAME_MAX]; /* a reply and a snapshot may wait together */
    uint16_t out_length;
    uint16_t out_at;
    uint16_t last_sequence;
    bool have_last;
    bool outstanding;
    qd_gate_reply_t last_reply;
    bool have_snapshot;
    bool resend_snapshot;
    qd_snapshot_t snapshot; /* the newest one polled */
    uint32_t dropped;
} qd_gate_server_t;

typedef struct qd_gate_client {
    const qd_gate_pipe_t *pipe;
    uint8_t in[QD_GATE_FRAME_MAX];
    uint16_t in_length;
    uint8_t out[QD_GATE_FRAME_MAX];
    uint16_t out_length;
    uint16_t out_at;
    qd_snapshot_t snapshot;
    bool have_snapshot;
    bool fresh;
    uint16_t sequence;
    bool outstanding;
    bool have_reply;
    uint16_t polls; /* since the request was sent; it is sent again after 64 */
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    uint32_t dropped;
    qd_gate_t gate;
} qd_gate_client_t;

void qd_gate_server_init(qd_gate_server_t *server, const qd_gate_t *gate, const qd_gate_pipe_t *pipe);
/* Takes what has arrived, answers, sends a new snapshot when there is one. */
void qd_gate_server_pump(qd_gate_server_t *server);
void qd_gate_client_init(qd_gate_client_t *client, const qd_gate_pipe_t *pipe);
/* The gate as seen from the far side. Each poll and reply pumps the link. */
const qd_gate_t *qd_gate_client_gate(qd_gate_client_t *client);

#endif
