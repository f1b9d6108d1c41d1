#include "metrology/state.h"

#include <string.h>

void qd_met_latch(qd_metrology_t *m) {
    qd_snapshot_t *s = &m->latched;
    s->number = m->number;
    s->tick_us = m->tick_us;
    s->utc_us = qd_met_clock_utc_us(&m->clock, m->tick_us);
    s->utc_ms = qd_met_clock_ms(s->utc_us);
    qd_met_clock_status(m, &s->clock);
    memcpy(s->rate, m->rate, sizeof s->rate);
    s->now = m->now;
    s->active_power_mw = m->active_mw;
    s->reactive_power_mvar = m->reactive_mvar;
    s->apparent_power_mva = m->apparent_mva;
    memcpy(s->total_mj, m->total_mj, sizeof s->total_mj);
    m->pages = m->registers;
    m->latched_generation = m->generation;
}

static qd_status_t poll(void *context, qd_snapshot_t *snapshot) {
    qd_metrology_t *m = context;
    qd_status_t status = QD_END;
    uint16_t flags = (uint16_t)(m->flags | (m->no_load ? QD_METER_FLAG_NO_LOAD : 0u));
    if (m->generation != m->latched_generation) {
        qd_met_number(m);
        qd_met_latch(m);
        status = QD_OK;
    }
    if (flags != m->latched.flags) {
        m->latched.flags = flags;
        status = QD_OK;
    }
    *snapshot = m->latched;
    return status;
}

static qd_status_t submit(void *context, const qd_gate_request_t *request) {
    qd_metrology_t *m = context;
    if (m->outstanding) {
        return QD_BUSY;
    }
    if (request->kind < QD_GATE_HELLO || request->kind > QD_GATE_SELF_TEST) {
        return QD_ARGUMENT;
    }
    m->request = *request;
    memset(&m->reply, 0, sizeof m->reply);
    m->reply.sequence = request->sequence;
    m->reply.kind = request->kind;
    m->outstanding = true;
    m->done = false;
    m->step = 0;
    (void)qd_met_request_continue(m);
    return QD_OK;
}

static qd_status_t reply(void *context, qd_gate_reply_t *out) {
    qd_metrology_t *m = context;
    if (!m->outstanding) {
        return QD_STATE;
    }
    if (qd_met_request_continue(m) == QD_PENDING) {
        return QD_PENDING;
    }
    *out = m->reply;
    m->outstanding = false;
    return QD_OK;
}

void qd_met_gate_init(qd_metrology_t *m) {
    m->gate.context = m;
    m->gate.poll = poll;
    m->gate.submit = submit;
    m->gate.reply = reply;
}
