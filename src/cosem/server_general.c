/*
 * General block transfer: any APDU in pieces, both ways. A request is put together in the staging slot; an answer is
 * the transfer's stream with its prefix, encoded again from the last place that the client has for sure when a block
 * was lost.
 */
#include <string.h>

#include "base/crc.h"
#include "cosem/server.h"

/* Blocks that the server takes at once: each is used up before the next is looked at. */
#define WINDOW 8u
/* Room in front of a block: head and the longest length. */
#define HEAD_MAX (QD_GBT_HEAD + 3u)

static void forget(qd_service_t *service) {
    qd_association_t *association = service->association;
    memset(&association->general, 0, sizeof association->general);
    association->transfer.active = false;
    association->transfer.general = false;
    if (association->staging != QD_STAGING_BLOCKS) {
        association->staging = QD_STAGING_NONE;
    }
}

static qd_status_t give_up(qd_service_t *service, qd_exception_service_t reason) {
    forget(service);
    return qd_service_refuse(service, reason);
}

/* Head in front of the octets from HEAD_MAX on, which close up to it. */
static void put_head(const qd_general_t *g, qd_writer_t *w, bool last, bool streaming) {
    size_t end = w->at;
    const qd_gbt_t head = {last, streaming, WINDOW, g->sent, g->received, {NULL, 0}};
    w->at = 0;
    qd_gbt_encode(w, &head);
    w->at = end;
    qd_stream_close(w, QD_GBT_HEAD, 3);
}

/* Nothing but numbers. */
static qd_status_t acknowledge(qd_service_t *service) {
    qd_general_t *g = &service->association->general;
    const qd_gbt_t ack = {true, false, WINDOW, ++g->sent, g->received, {NULL, 0}};
    service->w->at = 0;
    qd_gbt_encode(service->w, &ack);
    return QD_OK;
}

/* The client has all that was sent. */
static void keep_base(const qd_transfer_t *t, qd_general_t *g) {
    g->start = t->place;
    g->base = g->sent;
    g->based = g->check;
}

/* An answer that is no stream, in one block; it is kept for when that block is lost. */
static qd_status_t send_plain(qd_service_t *service, const uint8_t *answer, size_t length) {
    qd_general_t *g = &service->association->general;
    qd_writer_t *w = service->w;
    service->association->transfer.active = false;
    service->association->transfer.general = false;
    if (length <= sizeof g->answer) {
        g->plain = (uint8_t)length;
        memmove(g->answer, answer, length);
    }
    w->status = QD_OK;
    w->at = HEAD_MAX + length;
    memmove(w->data + HEAD_MAX, answer, length);
    g->base = g->sent++;
    put_head(g, w, true, false);
    return QD_OK;
}

/* The next block of the stream. Blocks that the client has already are passed over, one a call. */
static qd_status_t send_block(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    qd_general_t *g = &service->association->general;
    qd_writer_t *w = service->w;
    if (g->sent == UINT16_MAX) {
        return give_up(service, QD_EXCEPTION_NOT_POSSIBLE);
    }
    w->status = QD_OK;
    w->at = HEAD_MAX;
    qd_status_t status = qd_stream_fill(service, w, service->limit);
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    if (status != QD_OK && status != QD_NO_SPACE) {
        bool first =
            t->kind == QD_REPLY_GET && t->place.stage == QD_STAGE_HEAD && !qd_axdr_is_cut(&t->place.cut);
        if (!first || g->sent != g->base) {
            return give_up(service, QD_EXCEPTION_NOT_POSSIBLE);
        }
        /* There is no value, and nobody has heard of one yet: the plain answer in one block. */
        const uint8_t refused[] = {QD_APDU_GET_RESPONSE, QD_GET_NORMAL, (uint8_t)t->invoke, 1,
                                   qd_server_result(status)};
        return send_plain(service, refused, sizeof refused);
    }
    g->sent++;
    g->check = qd_crc16(g->check, (const uint8_t *)&t->place, sizeof t->place);
    if (g->sent > g->high) {
        g->high = g->sent;
        g->expected = g->check;
    } else if (g->sent == g->high ? g->check != g->expected : status == QD_OK) {
        return give_up(service, QD_EXCEPTION_NOT_POSSIBLE); /* the blocks of before had other ends */
    }
    if (g->sent <= g->until && status == QD_NO_SPACE) {
        if (g->sent == g->until) {
            keep_base(t, g);
        }
        return QD_PENDING;
    }
    g->in_window++;
    g->ended = status == QD_OK;
    t->active = !g->ended;
    service->server->more = t->active && g->in_window < g->window;
    put_head(g, w, g->ended, service->server->more);
    return QD_OK;
}

/* A fresh stream from its prefix on. */
static qd_status_t send_first(qd_service_t *service) {
    qd_transfer_t *t = &service->association->transfer;
    qd_general_t *g = &service->association->general;
    t->active = true;
    t->general = true;
    t->place.stage = QD_STAGE_PREFIX;
    g->high = g->sent;
    g->check = 0;
    keep_base(t, g);
    g->until = 0;
    g->in_window = 0;
    g->ended = false;
    return g->window == 0 ? QD_OK : send_block(service);
}

qd_status_t qd_general_answer(qd_service_t *service) {
    qd_general_t *g = &service->association->general;
    memset(g, 0, sizeof *g);
    g->window = 1; /* what the client takes it says with its first acknowledgement */
    return send_first(service);
}

qd_status_t qd_server_general_next(qd_service_t *service) {
    const qd_transfer_t *t = &service->association->transfer;
    const qd_general_t *g = &service->association->general;
    if (!t->active || !t->general || g->in_window >= g->window) {
        return QD_OK;
    }
    return send_block(service);
}

/* The APDU is whole: what it asks for is answered in general blocks, too. */
static qd_status_t serve_apdu(qd_service_t *service, const uint8_t *apdu, size_t length) {
    qd_association_t *association = service->association;
    qd_writer_t *w = service->w;
    qd_writer_t inner;
    uint16_t limit = service->limit;
    qd_writer_init(&inner, w->data + HEAD_MAX, w->size - HEAD_MAX);
    service->w = &inner;
    service->limit = (uint16_t)(limit - HEAD_MAX);
    service->carried = true;
    qd_status_t status = qd_server_service(service, apdu, length);
    service->w = w;
    service->limit = limit;
    service->carried = false;
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    if (association->staging == QD_STAGING_GENERAL) {
        association->staging =
            association->transfer.active && association->transfer.held ? QD_STAGING_ANSWER : QD_STAGING_NONE;
    }
    if (association->transfer.active && association->transfer.general) {
        return send_first(service);
    }
    if (inner.status != QD_OK) {
        return give_up(service, QD_EXCEPTION_PDU_TOO_LONG);
    }
    return inner.at > 0 ? send_plain(service, inner.data, inner.at) : QD_OK;
}

/* A block of a request that is the next one in order. */
static qd_status_t take_block(qd_service_t *service, const qd_gbt_t *gbt) {
    qd_association_t *association = service->association;
    qd_general_t *g = &association->general;
    qd_associations_t *associations = service->server->associations;
    g->received = gbt->number;
    g->window = gbt->window;
    g->request = service->call.request;
    if (gbt->number == 1u && gbt->last) {
        return serve_apdu(service, gbt->data.data, gbt->data.length);
    }
    qd_status_t status = qd_association_stage(associations, association, QD_STAGING_GENERAL,
                                              service->request->now_ms, &gbt->data, gbt->last);
    if (status != QD_OK) {
        return give_up(service, status == QD_BUSY ? QD_EXCEPTION_NOT_POSSIBLE : QD_EXCEPTION_PDU_TOO_LONG);
    }
    if (gbt->last) {
        return serve_apdu(service, qd_association_staged(associations), association->staged);
    }
    return gbt->streaming ? QD_OK : acknowledge(service);
}

static qd_status_t serve_data(qd_service_t *service, const qd_gbt_t *gbt) {
    qd_general_t *g = &service->association->general;
    if (gbt->number == 1u) {
        forget(service); /* also of what is there: the acknowledgement says where to go on */
        return take_block(service, gbt);
    }
    bool receiving = service->association->staging == QD_STAGING_GENERAL;
    if (receiving && gbt->number == g->received + 1u) {
        return take_block(service, gbt);
    }
    if (!receiving && g->received == 0 && g->sent > 0) {
        return give_up(service, QD_EXCEPTION_NOT_POSSIBLE); /* in the middle of nothing */
    }
    return gbt->streaming ? QD_OK : acknowledge(service);
}

/* What the client has of the answer, and how much of it it takes now. */
static qd_status_t serve_ack(qd_service_t *service, const qd_gbt_t *gbt) {
    qd_transfer_t *t = &service->association->transfer;
    qd_general_t *g = &service->association->general;
    if (service->association->staging == QD_STAGING_GENERAL) {
        return acknowledge(service); /* it asks how far its own blocks have come */
    }
    if (!t->general && g->plain == 0) {
        return QD_OK;
    }
    if (gbt->ack > (g->sent > g->until ? g->sent : g->until) || gbt->ack < g->base) {
        return give_up(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (gbt->number > g->received) {
        g->received = gbt->number;
    }
    g->request = service->call.request;
    g->window = gbt->window;
    g->in_window = 0;
    if (!t->general) {
        if (gbt->ack > g->base) {
            forget(service);
            return QD_OK;
        }
        g->sent = g->base;
        return g->window == 0 ? QD_OK : send_plain(service, g->answer, g->plain);
    }
    if (gbt->ack == g->sent && g->sent >= g->until) {
        if (g->ended) {
            forget(service);
            return QD_OK;
        }
        keep_base(t, g);
    } else {
        t->place = g->start;
        g->check = g->based;
        t->active = true;
        g->sent = g->base;
        g->until = gbt->ack;
        g->ended = false;
    }
    return g->window == 0 ? QD_OK : send_block(service);
}

qd_status_t qd_server_general(qd_service_t *service) {
    qd_association_t *association = service->association;
    qd_reader_t r;
    qd_gbt_t gbt;
    qd_reader_init(&r, service->request->apdu, service->request->length);
    if (qd_gbt_decode(&r, &gbt) != QD_OK) {
        return give_up(service, QD_EXCEPTION_OTHER_REASON);
    }
    if (gbt.last && gbt.streaming) {
        forget(service); /* nothing follows and everything follows: the client gives up */
        return QD_OK;
    }
    if (association->staging == QD_STAGING_LOST && (gbt.number > 1u || gbt.data.length == 0)) {
        return give_up(service, QD_EXCEPTION_NOT_POSSIBLE);
    }
    if (association->general.request == service->call.request) {
        /* The call was here before and its block is taken. */
        if (association->transfer.active && association->transfer.general) {
            return send_block(service);
        }
        return association->staging == QD_STAGING_GENERAL
                   ? serve_apdu(service, qd_association_staged(service->server->associations),
                                association->staged)
                   : serve_apdu(service, gbt.data.data, gbt.data.length);
    }
    return gbt.data.length == 0 ? serve_ack(service, &gbt) : serve_data(service, &gbt);
}
