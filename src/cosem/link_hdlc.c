/*
 * link_hdlc.c - secondary station of an HDLC link (IEC 62056-46, unbalanced, normal response mode).
 *
 * The client leads: the meter sends only what a frame with the poll bit asks for. There is no REJ: what got lost is
 * sent again because N(R) still names it, straight from the transmit buffer; segments of a request gather in the
 * receive buffer, and a frame that arrives lies behind them until it is known to be good.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cosem/link_internal.h"

/* Octets that one step takes from the line at most. */
#define OCTETS_MAX 4096u
/* Octets that are moved at once. */
#define CHUNK 64u
/* A serial line brings octets one by one: only then it is the peer's silence, not the time between two of them. */
#define QUIET_MS 3u

/* --- the link --------------------------------------------------------------------------------- */

/* Everything that belonged to a link, and its associations, are gone. */
static void end_link(qd_link_t *link, const qd_server_t *server) {
    qd_link_hdlc_t *h = &link->hdlc;
    h->mode = QD_HDLC_NDM;
    h->assembled = 0;
    h->answer = 0;
    h->burst = 0;
    h->polled = false;
    h->busy = false;
    h->oversized = false;
    h->whole = false;
    h->lone = false;
    link->waiting = false;
    link->more = false;
    link->retries = 0;
    link->sequence++;
    link->generation++;
    qd_associations_sweep(server->associations, link->number, link->generation);
}

static uint16_t smallest(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t least = a < b ? a : b;
    return (uint16_t)(least < c ? least : c);
}

/* As much as both sides can, and what a frame has to carry at least. */
static uint16_t agree_information(uint16_t proposed, uint16_t setup, size_t buffer) {
    uint16_t agreed = smallest(proposed, setup, (uint32_t)buffer);
    agreed = agreed < QD_HDLC_INFORMATION_MAX ? agreed : (uint16_t)QD_HDLC_INFORMATION_MAX;
    return agreed < QD_HDLC_INFORMATION_MIN ? (uint16_t)QD_HDLC_INFORMATION_MIN : agreed;
}

static uint8_t agree_window(uint32_t proposed, uint8_t setup) {
    uint16_t agreed = smallest(proposed, setup, QD_HDLC_WINDOW_MAX);
    return (uint8_t)(agreed == 0 ? 1u : agreed);
}

static void begin_link(qd_link_t *link, const qd_server_t *server, const qd_hdlc_frame_t *frame,
                       const qd_hdlc_address_t *own) {
    qd_link_hdlc_t *h = &link->hdlc;
    const qd_io_line_t *setup = qd_io_line(link->io, link->line);
    qd_hdlc_parameters_t theirs;
    qd_hdlc_parameters_t ours;
    qd_reader_t r;
    qd_writer_t w;
    qd_reader_init(&r, frame->information, frame->length);
    (void)qd_hdlc_parameters_decode(&r, &theirs); /* a broken proposal is none */
    end_link(link, server);
    ours.information_transmit = agree_information(theirs.information_receive, setup->information_transmit,
                                                  QD_HDLC_LLC_SIZE + (size_t)server->tables->transmit_pdu);
    ours.information_receive = agree_information(theirs.information_transmit, setup->information_receive,
                                                 QD_HDLC_LLC_SIZE + (size_t)server->tables->receive_pdu);
    ours.window_transmit = agree_window(theirs.window_receive, setup->window_transmit);
    ours.window_receive = agree_window(theirs.window_transmit, setup->window_receive);
    h->mode = QD_HDLC_NRM;
    h->client = (uint8_t)frame->head.source.upper;
    h->own = *own;
    h->send = h->expected = h->confirmed = 0;
    h->information_transmit = ours.information_transmit;
    h->information_receive = ours.information_receive;
    h->window = (uint8_t)ours.window_transmit;
    h->inactivity_s = setup->inactivity_s;
    link->active_ms = link->now_ms;
    /* Who proposes nothing knows the default; it is told when the line cannot have it. */
    bool told = frame->length > 0 || ours.information_transmit < QD_HDLC_INFORMATION_DEFAULT ||
                ours.information_receive < QD_HDLC_INFORMATION_DEFAULT;
    qd_writer_init(&w, link->transmit, QD_LINK_BUFFER(server->tables->transmit_pdu));
    if (told) {
        qd_hdlc_parameters_encode(&w, &ours);
    }
    qd_link_hdlc_with(link, &w, QD_HDLC_UA);
}

static void send_rejection(qd_link_t *link) {
    const qd_link_hdlc_t *h = &link->hdlc;
    const qd_hdlc_rejection_t rejection = {
        .control = h->control, .send_state = h->send, .receive_state = h->expected, .reasons = h->reasons};
    qd_writer_t w;
    qd_writer_init(&w, link->transmit, QD_HDLC_REJECTION_SIZE);
    qd_hdlc_rejection_encode(&w, &rejection);
    qd_link_hdlc_with(link, &w, QD_HDLC_FRMR);
}

/* From now on only SNRM and DISC count; what the client was in the middle of is void. */
static void reject(qd_link_t *link, uint8_t control, uint8_t reasons) {
    qd_link_hdlc_t *h = &link->hdlc;
    h->mode = QD_HDLC_REJECTED;
    h->control = control;
    h->reasons = reasons;
    h->assembled = 0;
    h->oversized = false;
    link->more = false;
}

/* What the poll bit asks for: the answer from its first octet that is not confirmed, or RR. */
static void respond(qd_link_t *link) {
    qd_link_hdlc_t *h = &link->hdlc;
    if (!h->polled || h->whole) {
        return;
    }
    h->polled = false;
    if (h->mode == QD_HDLC_REJECTED) {
        send_rejection(link);
    } else if (h->answer == 0 || h->busy) {
        qd_link_hdlc_plain(link, h->client, &h->own, QD_HDLC_RR);
    } else {
        h->send = h->confirmed;
        h->next = h->first;
        h->burst = 0;
        qd_link_hdlc_segment(link);
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static bool llc_is_right(const uint8_t *octets, size_t length) {
    return length >= QD_HDLC_LLC_SIZE && octets[0] == QD_HDLC_LLC_LSAP && octets[1] == QD_HDLC_LLC_COMMAND &&
           octets[2] == 0;
}

static void answer_is_ready(qd_link_t *link, size_t length) {
    qd_link_hdlc_t *h = &link->hdlc;
    link->transmit[0] = QD_HDLC_LLC_LSAP;
    link->transmit[1] = QD_HDLC_LLC_RESPONSE;
    link->transmit[2] = 0;
    h->answer = (uint16_t)(QD_HDLC_LLC_SIZE + length);
    h->first = h->next = 0;
}

/* The APDU that I frames have brought. */
static void serve_request(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    qd_link_hdlc_t *h = &link->hdlc;
    const uint8_t *apdu = link->receive + QD_HDLC_LLC_SIZE;
    qd_writer_t response;
    qd_writer_init(&response, link->transmit + QD_HDLC_LLC_SIZE, server->tables->transmit_pdu);
    if (link->more) {
        /* the next of several answers, which needs no request */
        const qd_request_t request = qd_link_request(link, tick_us, link->more_sap, h->own.upper, apdu, 0);
        qd_link_serve(link, server, &request, &response);
        if (link->waiting) {
            return;
        }
    } else if (h->oversized) {
        (void)qd_server_exception(&response, QD_EXCEPTION_NOT_ALLOWED, QD_EXCEPTION_PDU_TOO_LONG);
    } else if (h->assembled > QD_HDLC_LLC_SIZE && llc_is_right(link->receive, h->assembled)) {
        const qd_request_t request = qd_link_request(link, tick_us, h->client, h->own.upper, apdu,
                                                     (size_t)h->assembled - QD_HDLC_LLC_SIZE);
        qd_link_serve(link, server, &request, &response);
        if (link->waiting) {
            return;
        }
    }
    h->whole = false;
    h->oversized = false;
    h->assembled = 0;
    if (response.at > 0) {
        answer_is_ready(link, response.at);
    }
    respond(link);
}

/* The APDU of a UI frame, behind what I frames have brought so far. Nobody hears an answer; where an earlier one waits for its
 * acknowledgement, this one is written behind the request, which is let go by when there is no room. */
static void serve_lone(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    qd_link_hdlc_t *h = &link->hdlc;
    const qd_request_t request = qd_link_request(link, tick_us, h->lone_client, server->tables->server_sap,
                                                 link->receive + h->lone_at + QD_HDLC_LLC_SIZE,
                                                 (size_t)h->lone_length - QD_HDLC_LLC_SIZE);
    size_t end = (size_t)h->lone_at + h->lone_length;
    qd_writer_t response;
    if (h->answer == 0) {
        qd_writer_init(&response, link->transmit, server->tables->transmit_pdu);
    } else {
        qd_writer_init(&response, link->receive + end, QD_LINK_BUFFER(server->tables->receive_pdu) - end);
    }
    if (response.size < QD_RESPONSE_MIN) {
        h->lone = false;
        return;
    }
    const qd_link_t before = *link;
    qd_link_serve(link, server, &request, &response);
    link->active_ms = before.active_ms; /* it may be of anybody, and of another client than the link's */
    link->more = before.more;
    link->more_sap = before.more_sap;
    h->lone = link->waiting;
}

/* Serves what has come whole, if this step may. */
static bool serve(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    qd_link_hdlc_t *h = &link->hdlc;
    if (server->spent) {
        return true; /* the next step */
    }
    if (h->lone) {
        serve_lone(link, server, tick_us);
    } else {
        serve_request(link, server, tick_us);
    }
    if (!link->waiting) {
        h->octet_ms = link->now_ms; /* octets may have waited meanwhile */
    }
    return true;
}

/* --- frames ----------------------------------------------------------------------------------- */

/* How a frame that was received is meant. */
typedef struct qd_heard {
    const qd_hdlc_frame_t *frame;
    qd_hdlc_control_t control;
    qd_hdlc_address_t own; /* to answer with */
    uint8_t client;
    bool everybody; /* to all stations: heard, not answered */
    bool calling;   /* to whoever calls: for the opening of a link only */
} qd_heard_t;

/* The lower address: a point-to-point line needs none, on a shared one it says who is meant. */
static bool lower_is_ours(const qd_link_t *link, qd_heard_t *heard) {
    const qd_hdlc_address_t *to = &heard->frame->head.destination;
    const qd_link_hdlc_t *h = &link->hdlc;
    uint16_t ours = h->mode != QD_HDLC_NDM && h->own.octets != 1
                        ? h->own.lower
                        : qd_io_line(link->io, link->line)->device_address;
    bool shared = link->bearer == QD_BEARER_RS485;
    heard->own = *to;
    if (to->octets == 1) {
        return !shared;
    }
    if (qd_hdlc_is_all_station(to->lower, to->octets)) {
        heard->everybody = true;
        return true;
    }
    if (qd_hdlc_is_calling(to->lower, to->octets) && !shared) {
        heard->calling = true;
        heard->own.lower = ours;
        return true;
    }
    return to->lower == ours;
}

/* True when the frame is for this meter; own octets heard back have source and destination the other way round. */
static bool is_for_us(const qd_link_t *link, const qd_server_t *server, qd_heard_t *heard) {
    const qd_hdlc_head_t *head = &heard->frame->head;
    if (head->source.octets != 1 || head->source.upper == QD_HDLC_NO_STATION ||
        head->source.upper == QD_HDLC_ALL_STATION || !lower_is_ours(link, heard)) {
        return false;
    }
    heard->client = (uint8_t)head->source.upper;
    if (qd_hdlc_is_all_station(head->destination.upper, head->destination.octets)) {
        heard->everybody = true;
        return true;
    }
    return head->destination.upper == server->tables->server_sap;
}

static void on_ui(qd_link_t *link, const qd_heard_t *heard) {
    qd_link_hdlc_t *h = &link->hdlc;
    const qd_hdlc_frame_t *frame = heard->frame;
    if (frame->overflow || frame->head.segmented || frame->length <= QD_HDLC_LLC_SIZE ||
        !llc_is_right(frame->information, frame->length) ||
        !qd_server_is_unconfirmed(frame->information + QD_HDLC_LLC_SIZE, frame->length - QD_HDLC_LLC_SIZE)) {
        return; /* a GET would have no effect; of general blocks, ciphered APDUs and those of ACSE nothing is known here: left alone as well */
    }
    h->lone = true;
    h->lone_client = heard->client;
    h->lone_at = h->assembled;
    h->lone_length = frame->length;
}

/* Takes N(R). False: it names a frame that was not sent. */
static bool acknowledge(qd_link_hdlc_t *h, uint8_t receive) {
    uint32_t outstanding = (uint32_t)(h->send - h->confirmed) & QD_HDLC_SEQUENCE;
    uint32_t frames = (uint32_t)(receive - h->confirmed) & QD_HDLC_SEQUENCE;
    if (frames > outstanding) {
        return false;
    }
    uint32_t first = h->first + frames * h->information_transmit;
    h->confirmed = receive;
    h->first = (uint16_t)first;
    if (first >= h->answer) {
        h->answer = 0; /* all of it has arrived */
        h->send = receive;
        h->first = 0;
    }
    return true;
}

/* Several answers follow each other as the client takes them. */
static void next_answer(qd_link_t *link) {
    if (link->more && link->hdlc.answer == 0) {
        link->hdlc.whole = true;
    }
}

/* One I frame in its turn. */
static void take_segment(qd_link_t *link, const qd_server_t *server, const qd_hdlc_frame_t *frame) {
    qd_link_hdlc_t *h = &link->hdlc;
    size_t end = (size_t)h->assembled + frame->length;
    h->expected = qd_hdlc_after(h->expected);
    if (frame->overflow || end > QD_HDLC_LLC_SIZE + (size_t)server->tables->receive_pdu) {
        h->oversized = true; /* its other segments are taken and not kept */
    }
    if (!h->oversized) {
        h->assembled = (uint16_t)end;
    }
    h->whole = !frame->head.segmented && (h->assembled > 0 || h->oversized);
}

static void on_i(qd_link_t *link, const qd_server_t *server, const qd_heard_t *heard) {
    qd_link_hdlc_t *h = &link->hdlc;
    if (heard->frame->length > h->information_receive) {
        reject(link, heard->frame->head.control, QD_HDLC_REJECT_LENGTH);
    } else if (!acknowledge(h, heard->control.receive)) {
        reject(link, heard->frame->head.control, QD_HDLC_REJECT_RECEIVE);
    } else if (heard->control.send == h->expected && h->answer == 0 && !link->more) {
        /* Out of turn, or before the answer has arrived: not taken, so the client sends it again. */
        take_segment(link, server, heard->frame);
    }
}

static void on_supervision(qd_link_t *link, const qd_heard_t *heard) {
    qd_link_hdlc_t *h = &link->hdlc;
    if (heard->frame->length > 0) {
        reject(link, heard->frame->head.control, QD_HDLC_REJECT_CONTROL | QD_HDLC_REJECT_INFORMATION);
    } else if (!acknowledge(h, heard->control.receive)) {
        reject(link, heard->frame->head.control, QD_HDLC_REJECT_RECEIVE);
    } else {
        h->busy = heard->control.kind == QD_HDLC_RNR;
    }
}

/* A frame of the client that has the link. */
static void on_link(qd_link_t *link, qd_server_t *server, const qd_heard_t *heard) {
    qd_link_hdlc_t *h = &link->hdlc;
    link->active_ms = link->now_ms;
    if (heard->control.kind == QD_HDLC_DISC) {
        qd_hdlc_address_t own = h->own;
        end_link(link, server);
        qd_link_mode_e_rest(link);
        if (heard->control.poll) {
            qd_link_hdlc_plain(link, heard->client, &own, QD_HDLC_UA);
        }
        return;
    }
    h->polled = h->polled || heard->control.poll;
    if (h->mode == QD_HDLC_NRM) {
        switch (heard->control.kind) {
        case QD_HDLC_I:
            h->busy = false;
            on_i(link, server, heard);
            break;
        case QD_HDLC_RR:
        case QD_HDLC_RNR:
            on_supervision(link, heard);
            break;
        default:
            reject(link, heard->frame->head.control, QD_HDLC_REJECT_CONTROL);
            break;
        }
    }
    if (h->mode == QD_HDLC_NRM && heard->control.poll) {
        next_answer(link);
    }
    respond(link);
}

static bool is_response(uint8_t kind) {
    return kind == QD_HDLC_UA || kind == QD_HDLC_DM || kind == QD_HDLC_FRMR;
}

static void on_frame(qd_link_t *link, qd_server_t *server, const qd_hdlc_frame_t *frame) {
    qd_link_hdlc_t *h = &link->hdlc;
    qd_heard_t heard = {.frame = frame};
    if (!is_for_us(link, server, &heard)) {
        return;
    }
    qd_hdlc_control_decode(frame->head.control, &heard.control);
    if (heard.control.kind == QD_HDLC_UI) {
        on_ui(link, &heard);
        return;
    }
    if (heard.everybody) {
        return;
    }
    bool same_client = h->mode != QD_HDLC_NDM && heard.client == h->client;
    if (heard.control.kind == QD_HDLC_SNRM && heard.control.poll && (h->mode == QD_HDLC_NDM || same_client)) {
        if (frame->overflow) {
            h->assembled = 0; /* no room for its parameters behind what had come: next time there is */
            return;
        }
        begin_link(link, server, frame, &heard.own);
        return;
    }
    if (heard.calling) {
        return;
    }
    if (same_client && qd_hdlc_address_same(&heard.own, &h->own)) {
        on_link(link, server, &heard);
    } else if (heard.control.poll && !is_response(heard.control.kind)) {
        qd_link_hdlc_plain(link, heard.client, &heard.own, QD_HDLC_DM); /* a stranger, or nobody has a link */
    }
}

/* --- octets ----------------------------------------------------------------------------------- */

/* Another peer, or none: nothing of the earlier one counts. */
static void start_over(qd_link_t *link, const qd_server_t *server, uint32_t peer) {
    qd_link_hdlc_t *h = &link->hdlc;
    end_link(link, server);
    h->peer = peer;
    h->part = 0;
    h->turned = false;
    link->sent = 0;
    link->timing = false;
    qd_hdlc_receiver_reset(&h->receiver);
    qd_link_mode_e_rest(link);
}

/* Silence ends a link; where nobody has one, a connection, that others may want. */
static void look_at_silence(qd_link_t *link, const qd_server_t *server) {
    qd_link_hdlc_t *h = &link->hdlc;
    if (h->mode != QD_HDLC_NDM) {
        if (qd_link_silent(link, h->inactivity_s)) {
            end_link(link, server);
            qd_link_mode_e_rest(link);
            link->active_ms = link->now_ms;
        }
        return;
    }
    if (h->opening == QD_MODE_E_OPEN) {
        if (qd_link_silent(link, qd_io_line(link->io, link->line)->inactivity_s)) {
            qd_link_mode_e_rest(link);
        }
        return;
    }
    qd_link_mode_e_look(link); /* the set-up may have changed */
    if (link->port->close != NULL && qd_link_silent(link, qd_io_tcp(link->io)->inactivity_s)) {
        link->timing = false;
        link->port->close(link->port->context);
    }
}

/* When the peer is silent behind our answer the line has turned round: the flag before that answer is history. */
static void look_at_turn(qd_link_t *link) {
    qd_link_hdlc_t *h = &link->hdlc;
    uint32_t quiet_ms = link->bearer == QD_BEARER_NETWORK ? 0u : QUIET_MS;
    if (h->turned && link->now_ms - h->octet_ms >= quiet_ms) {
        h->turned = false;
        if (qd_hdlc_receiver_at_flag(&h->receiver)) {
            qd_hdlc_receiver_reset(&h->receiver);
        }
    }
}

/* The next octets of the line, no more than the frame that is arriving can have. */
static qd_hdlc_event_t receive(qd_link_t *link, const qd_server_t *server, size_t *got,
                               qd_hdlc_frame_t *frame) {
    qd_link_hdlc_t *h = &link->hdlc;
    uint8_t chunk[CHUNK];
    size_t wanted = qd_hdlc_receiver_wants(&h->receiver);
    size_t taken = 0;
    *got = link->port->read(link->port->context, chunk, wanted < sizeof chunk ? wanted : sizeof chunk);
    if (*got == 0) {
        return QD_HDLC_NOTHING;
    }
    if (qd_hdlc_receiver_busy(&h->receiver) &&
        link->now_ms - h->octet_ms > qd_io_line(link->io, link->line)->inter_octet_ms) {
        qd_hdlc_receiver_reset(&h->receiver);
    }
    if (link->bearer != QD_BEARER_NETWORK) {
        look_at_turn(link);
    }
    h->turned = false;
    h->octet_ms = link->now_ms;
    qd_hdlc_receiver_place(&h->receiver, link->receive + h->assembled,
                           QD_LINK_BUFFER(server->tables->receive_pdu) - h->assembled);
    /* After a reset the receiver wants less than was read; the rest is noise up to the next flag. */
    qd_hdlc_event_t event = qd_hdlc_receiver_take(&h->receiver, chunk, *got, &taken, frame);
    return event;
}

void qd_link_hdlc_init(qd_link_t *link) {
    qd_hdlc_receiver_init(&link->hdlc.receiver);
    link->hdlc.speed = UINT8_MAX;
}

bool qd_link_hdlc_step(qd_link_t *link, qd_server_t *server, uint64_t tick_us) {
    qd_link_hdlc_t *h = &link->hdlc;
    uint32_t peer = link->port->generation(link->port->context);
    if (peer != h->peer) {
        start_over(link, server, peer);
    }
    if (peer == 0) {
        return false;
    }
    qd_link_look_at_clock(link, tick_us);
    look_at_silence(link, server);
    qd_link_flush(link);
    if (link->to_send > 0 || h->part != 0 || h->whole || h->lone) {
        h->octet_ms = link->now_ms; /* what waits meanwhile has no gap: nobody has looked at the line */
        return link->to_send > 0 || h->part != 0 ? false : serve(link, server, tick_us);
    }
    if (h->opening == QD_MODE_E_SIGN_ON || h->opening == QD_MODE_E_OPTION) {
        return qd_link_mode_e_step(link);
    }
    for (size_t octets = 0; octets < OCTETS_MAX;) {
        qd_hdlc_frame_t frame;
        size_t got = 0;
        if (receive(link, server, &got, &frame) == QD_HDLC_COMPLETE) {
            on_frame(link, server, &frame);
            return h->whole || h->lone ? serve(link, server, tick_us) : true;
        }
        if (got == 0) {
            look_at_turn(link);
            return false;
        }
        octets += got;
    }
    return true;
}
