#include "metrology/gate_link.h"
#include "base/crc.h"
#include "metrology/gate_codec.h"

#include <string.h>

#define MARK 0x51u
#define FRAME_HEAD 3u                 /* mark and length */
#define FRAME_SHELL (FRAME_HEAD + 4u) /* and the check */
#define BODY_MAX (QD_GATE_FRAME_MAX - FRAME_SHELL)
#define RESEND_POLLS 64u

enum { FRAME_REQUEST = 1, FRAME_REPLY = 2, FRAME_SNAPSHOT = 3 };

/* What a side does with the body of a good frame; QD_OK, or it counts as dropped. */
typedef qd_status_t (*take_t)(void *side, uint8_t type, qd_reader_t *body);

/* A frame begins at the writer's place: mark and room for the length. */
static size_t frame_begin(qd_writer_t *w, uint8_t type) {
    size_t start = w->at;
    qd_writer_u8(w, MARK);
    qd_writer_u16_le(w, 0);
    qd_writer_u8(w, type);
    return start;
}

static void frame_end(qd_writer_t *w, size_t start) {
    qd_writer_t length;
    if (w->status != QD_OK) {
        w->at = start; /* no part of a frame ever leaves */
        return;
    }
    qd_writer_init(&length, w->data + start + 1u, 2);
    qd_writer_u16_le(&length, (uint16_t)(w->at - start - FRAME_HEAD));
    qd_writer_u32_le(w, qd_crc32(0, w->data + start + 1u, w->at - start - 1u));
    if (w->status != QD_OK) {
        w->at = start;
    }
}

/* Octets of in that are finished with: those before a frame or a frame's beginning, a frame that was
 * taken, the first octet of a broken one. 0: more must arrive first. */
static size_t frame_scan(const uint8_t *in, size_t length, void *side, take_t take, uint32_t *dropped) {
    size_t skip = 0;
    while (skip < length && in[skip] != MARK) {
        skip++;
    }
    if (skip > 0 || length < FRAME_HEAD) {
        return skip;
    }
    qd_reader_t r;
    qd_reader_init(&r, in + 1, length - 1u);
    size_t body = qd_reader_u16_le(&r);
    if (body < 1 || body > BODY_MAX) {
        (*dropped)++;
        return 1;
    }
    if (length < body + FRAME_SHELL) {
        return 0;
    }
    qd_reader_t content;
    const uint8_t *octets = qd_reader_octets(&r, body);
    uint32_t check = qd_reader_u32_le(&r);
    if (check != qd_crc32(0, in + 1, body + 2u)) {
        (*dropped)++;
        return 1; /* a good frame may begin inside what a wrong length made of this one */
    }
    qd_reader_init(&content, octets, body);
    uint8_t type = qd_reader_u8(&content);
    if (take(side, type, &content) != QD_OK) {
        (*dropped)++;
    }
    return body + FRAME_SHELL;
}

/* Reads until nothing more comes; every good frame goes to take. */
static void frames_read(const qd_gate_pipe_t *pipe, uint8_t in[QD_GATE_FRAME_MAX], uint16_t *in_length,
                        void *side, take_t take, uint32_t *dropped) {
    size_t got;
    do {
        got = pipe->read(pipe->context, in + *in_length, QD_GATE_FRAME_MAX - *in_length);
        *in_length = (uint16_t)(*in_length + got);
        size_t done;
        do {
            done = frame_scan(in, *in_length, side, take, dropped);
            *in_length = (uint16_t)(*in_length - done);
            memmove(in, in + done, *in_length);
        } while (done > 0);
    } while (got > 0);
}

static void out_flush(const qd_gate_pipe_t *pipe, const uint8_t *out, uint16_t *at, uint16_t *length) {
    if (*at < *length) {
        *at = (uint16_t)(*at + pipe->write(pipe->context, out + *at, (size_t)(*length - *at)));
    }
    if (*at >= *length) {
        *at = 0;
        *length = 0;
    }
}

/* --- the side of metrology --- */

static bool server_room(const qd_gate_server_t *s) {
    return sizeof s->out - s->out_length >= QD_GATE_FRAME_MAX;
}

static void server_writer(qd_gate_server_t *s, qd_writer_t *w) {
    qd_writer_init(w, s->out, sizeof s->out);
    w->at = s->out_length;
}

static void server_reply(qd_gate_server_t *s, const qd_gate_reply_t *reply) {
    qd_writer_t w;
    /* Without room the reply is not queued: the client asks again and gets it from last_reply. */
    if (!server_room(s)) {
        return;
    }
    server_writer(s, &w);
    size_t start = frame_begin(&w, FRAME_REPLY);
    qd_gate_reply_encode(&w, reply);
    frame_end(&w, start);
    s->out_length = (uint16_t)w.at;
}

static void server_snapshot(qd_gate_server_t *s) {
    /* Replies have the first right to the room; a snapshot that must wait is replaced by a newer one. */
    if (s->out_length > QD_GATE_FRAME_MAX / 2u) {
        return;
    }
    qd_status_t status = s->gate->poll(s->gate->context, &s->snapshot);
    s->have_snapshot = s->have_snapshot || status != QD_PENDING;
    if (status == QD_OK || (s->resend_snapshot && s->have_snapshot)) {
        qd_writer_t w;
        server_writer(s, &w);
        size_t start = frame_begin(&w, FRAME_SNAPSHOT);
        qd_gate_snapshot_encode(&w, &s->snapshot);
        frame_end(&w, start);
        s->out_length = (uint16_t)w.at;
        s->resend_snapshot = false;
    }
}

static void server_finish(qd_gate_server_t *s) {
    qd_gate_reply_t reply;
    if (s->outstanding && s->gate->reply(s->gate->context, &reply) == QD_OK) {
        s->outstanding = false;
        s->last_reply = reply;
        s->have_last = true;
        /* Who reads the clock as soon as it is set finds the new one. */
        if (reply.kind == QD_GATE_SET_CLOCK) {
            server_snapshot(s);
        }
        server_reply(s, &reply);
    }
}

static qd_status_t server_take(void *side, uint8_t type, qd_reader_t *body) {
    qd_gate_server_t *s = side;
    qd_gate_request_t request;
    if (type != FRAME_REQUEST) {
        return QD_MALFORMED;
    }
    qd_status_t status = qd_gate_request_decode(body, &request);
    if (status != QD_OK) {
        return status;
    }
    if (s->outstanding && request.sequence == s->last_sequence) {
        return QD_OK; /* in work; the reply goes out when there is one */
    }
    if (s->have_last && request.kind != QD_GATE_HELLO && request.sequence == s->last_sequence &&
        request.kind == s->last_reply.kind) {
        server_reply(s, &s->last_reply);
        return QD_OK;
    }
    qd_gate_reply_t refused = {.sequence = request.sequence, .kind = request.kind};
    status = s->gate->submit(s->gate->context, &request);
    if (status != QD_OK) {
        refused.status = (uint8_t)status;
        server_reply(s, &refused);
        return QD_OK;
    }
    if (request.kind == QD_GATE_SNAPSHOT) {
        s->resend_snapshot = true;
    }
    s->last_sequence = request.sequence;
    s->have_last = false;
    s->outstanding = true;
    server_finish(s);
    return QD_OK;
}

void qd_gate_server_init(qd_gate_server_t *server, const qd_gate_t *gate, const qd_gate_pipe_t *pipe) {
    memset(server, 0, sizeof *server);
    server->gate = gate;
    server->pipe = pipe;
}

void qd_gate_server_pump(qd_gate_server_t *server) {
    qd_gate_server_t *s = server;
    out_flush(s->pipe, s->out, &s->out_at, &s->out_length);
    frames_read(s->pipe, s->in, &s->in_length, s, server_take, &s->dropped);
    server_finish(s);
    server_snapshot(s);
    out_flush(s->pipe, s->out, &s->out_at, &s->out_length);
}

/* --- the side of the application --- */

static qd_status_t client_take(void *side, uint8_t type, qd_reader_t *body) {
    qd_gate_client_t *c = side;
    qd_status_t status;
    if (type == FRAME_SNAPSHOT) {
        qd_snapshot_t snapshot;
        status = qd_gate_snapshot_decode(body, &snapshot);
        if (status == QD_OK) {
            c->snapshot = snapshot;
            c->have_snapshot = true;
            c->fresh = true;
        }
        return status;
    }
    qd_gate_reply_t reply;
    status = type == FRAME_REPLY ? qd_gate_reply_decode(body, &reply) : QD_MALFORMED;
    if (status != QD_OK) {
        return status;
    }
    /* A second reply to a request sent twice, or one to a request of an earlier life: a good frame that
     * nobody waits for. */
    if (!c->outstanding || c->have_reply || reply.sequence != c->sequence || reply.kind != c->request.kind) {
        return QD_OK;
    }
    c->reply = reply;
    c->reply.sequence = c->request.sequence;
    c->have_reply = true;
    return QD_OK;
}

/* Queues the request under the link's own number; only into an empty buffer, so never in parts. */
static void client_send(qd_gate_client_t *c) {
    qd_writer_t w;
    qd_gate_request_t numbered = c->request;
    if (c->out_length > 0) {
        return;
    }
    numbered.sequence = c->sequence;
    qd_writer_init(&w, c->out, sizeof c->out);
    size_t start = frame_begin(&w, FRAME_REQUEST);
    qd_gate_request_encode(&w, &numbered);
    frame_end(&w, start);
    c->out_length = (uint16_t)w.at;
    c->out_at = 0;
    c->polls = 0;
}

static void client_pump(qd_gate_client_t *c) {
    if (c->outstanding && !c->have_reply) {
        c->polls++;
        if (c->polls >= RESEND_POLLS) {
            client_send(c);
        }
    }
    out_flush(c->pipe, c->out, &c->out_at, &c->out_length);
    frames_read(c->pipe, c->in, &c->in_length, c, client_take, &c->dropped);
}

static qd_status_t client_poll(void *context, qd_snapshot_t *snapshot) {
    qd_gate_client_t *c = context;
    client_pump(c);
    if (!c->have_snapshot) {
        return QD_PENDING;
    }
    *snapshot = c->snapshot;
    bool fresh = c->fresh;
    c->fresh = false;
    return fresh ? QD_OK : QD_END;
}

static qd_status_t client_submit(void *context, const qd_gate_request_t *request) {
    qd_gate_client_t *c = context;
    if (c->outstanding) {
        return QD_BUSY;
    }
    if (request->kind < QD_GATE_HELLO || request->kind > QD_GATE_SELF_TEST) {
        return QD_ARGUMENT;
    }
    c->request = *request;
    c->sequence++;
    c->outstanding = true;
    c->have_reply = false;
    c->polls = RESEND_POLLS; /* goes out at once, or as soon as an older frame has left */
    client_send(c);
    out_flush(c->pipe, c->out, &c->out_at, &c->out_length);
    return QD_OK;
}

static qd_status_t client_reply(void *context, qd_gate_reply_t *reply) {
    qd_gate_client_t *c = context;
    if (!c->outstanding) {
        return QD_STATE;
    }
    client_pump(c);
    if (!c->have_reply) {
        return QD_PENDING;
    }
    *reply = c->reply;
    c->outstanding = false;
    c->have_reply = false;
    return QD_OK;
}

void qd_gate_client_init(qd_gate_client_t *client, const qd_gate_pipe_t *pipe) {
    memset(client, 0, sizeof *client);
    client->pipe = pipe;
    client->gate.context = client;
    client->gate.poll = client_poll;
    client->gate.submit = client_submit;
    client->gate.reply = client_reply;
}

const qd_gate_t *qd_gate_client_gate(qd_gate_client_t *client) {
    return &client->gate;
}
