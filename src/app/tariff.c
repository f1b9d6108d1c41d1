#include "app/tariff.h"

#include <string.h>

#include "app/event.h"
#include "app/gateway.h"
#include "app/tariff_state.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define RECORD_VERSION 1u

qd_status_t qd_tariff_rates(const qd_tariff_table_t *table, uint8_t rate[QD_ENERGY_COUNT]) {
    memset(rate, 0, QD_ENERGY_COUNT);
    if (table->active == QD_TARIFF_NO_MASK) {
        return QD_OK;
    }
    const qd_tariff_mask_t *mask = &table->mask[table->active];
    for (uint8_t i = 0; i < mask->count; i++) {
        const qd_tariff_assignment_t *one = &table->assignment[mask->index[i] - 1u];
        if (rate[one->channel] != 0) {
            return QD_RANGE;
        }
        rate[one->channel] = one->rate;
    }
    return QD_OK;
}

/* As delivered: every channel has every rate, mask "000n" names rate n of all channels. */
static void table_default(const qd_tariff_config_t *config, qd_tariff_table_t *table) {
    memset(table, 0, sizeof *table);
    for (uint8_t rate = 1; rate <= config->rates; rate++) {
        qd_tariff_mask_t *mask = &table->mask[table->mask_count++];
        mask->name_length = 4;
        memcpy(mask->name, "0000", 4);
        mask->name[3] = (uint8_t)('0' + rate);
        for (uint8_t channel = 0; channel < config->channels; channel++) {
            qd_tariff_assignment_t *one = &table->assignment[table->assignment_count++];
            one->channel = channel;
            one->rate = rate;
            mask->index[mask->count++] = table->assignment_count;
        }
    }
}

/*
 * Record: version, number of assignments, number of masks, active mask (1 each), then per assignment
 * channel and rate (1 each), then per mask name length (1), name (8), count (1), indexes (8).
 */
static qd_status_t table_save(const qd_tariff_t *self, const qd_tariff_table_t *table) {
    qd_writer_t w;
    qd_writer_init(&w, self->services->scratch, QD_RECORD_TARIFF_SIZE);
    qd_writer_u8(&w, RECORD_VERSION);
    qd_writer_u8(&w, table->assignment_count);
    qd_writer_u8(&w, table->mask_count);
    qd_writer_u8(&w, table->active);
    for (uint8_t i = 0; i < table->assignment_count; i++) {
        qd_writer_u8(&w, table->assignment[i].channel);
        qd_writer_u8(&w, table->assignment[i].rate);
    }
    for (uint8_t i = 0; i < table->mask_count; i++) {
        const qd_tariff_mask_t *mask = &table->mask[i];
        qd_writer_u8(&w, mask->name_length);
        qd_writer_octets(&w, mask->name, QD_TARIFF_MASK_NAME_MAX);
        qd_writer_u8(&w, mask->count);
        qd_writer_octets(&w, mask->index, QD_TARIFF_MASK_REGISTERS_MAX);
    }
    const qd_records_t *records = self->services->records;
    return records->write(records->context, QD_RECORD_TARIFF, self->services->scratch, w.at);
}

static void mask_load(qd_reader_t *r, const qd_tariff_table_t *table, qd_tariff_mask_t *mask) {
    mask->name_length = qd_reader_u8(r);
    const uint8_t *name = qd_reader_octets(r, QD_TARIFF_MASK_NAME_MAX);
    mask->count = qd_reader_u8(r);
    const uint8_t *index = qd_reader_octets(r, QD_TARIFF_MASK_REGISTERS_MAX);
    if (index == NULL || name == NULL || mask->name_length > QD_TARIFF_MASK_NAME_MAX ||
        mask->count > QD_TARIFF_MASK_REGISTERS_MAX) {
        (void)qd_reader_fail(r, QD_CORRUPT);
        return;
    }
    memcpy(mask->name, name, QD_TARIFF_MASK_NAME_MAX);
    memcpy(mask->index, index, QD_TARIFF_MASK_REGISTERS_MAX);
    for (uint8_t i = 0; i < mask->count; i++) {
        if (mask->index[i] < 1 || mask->index[i] > table->assignment_count) {
            (void)qd_reader_fail(r, QD_CORRUPT);
        }
    }
}

static qd_status_t table_load(const qd_services_t *services, qd_tariff_table_t *table) {
    size_t length = 0;
    const qd_records_t *records = services->records;
    qd_status_t status =
        records->read(records->context, QD_RECORD_TARIFF, services->scratch, QD_RECORD_TARIFF_SIZE, &length);
    if (status != QD_OK) {
        return status;
    }
    qd_reader_t r;
    qd_reader_init(&r, services->scratch, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    table->assignment_count = qd_reader_u8(&r);
    table->mask_count = qd_reader_u8(&r);
    table->active = qd_reader_u8(&r);
    if (table->assignment_count > QD_TARIFF_ASSIGNMENTS_MAX || table->mask_count > QD_TARIFF_MASKS_MAX ||
        (table->active != QD_TARIFF_NO_MASK && table->active >= table->mask_count)) {
        return QD_CORRUPT;
    }
    for (uint8_t i = 0; i < table->assignment_count; i++) {
        table->assignment[i].channel = qd_reader_u8(&r);
        table->assignment[i].rate = qd_reader_u8(&r);
        if (table->assignment[i].channel >= QD_ENERGY_COUNT || table->assignment[i].rate > QD_RATES) {
            return QD_CORRUPT;
        }
    }
    for (uint8_t i = 0; i < table->mask_count; i++) {
        mask_load(&r, table, &table->mask[i]);
    }
    return r.status == QD_TRUNCATED ? QD_CORRUPT : r.status;
}

static qd_status_t select_rates(qd_tariff_t *self, const qd_tariff_table_t *table) {
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    qd_gateway_request(&request, QD_GATE_SELECT_RATE);
    qd_status_t status = qd_tariff_rates(table, request.u.select_rate.rate);
    return status == QD_OK ? qd_gateway_call(self->services->gateway, QD_OWNER_TARIFF, &request, &reply)
                           : status;
}

/* Gate first, then the record. When that write fails or power goes before it, the table in force is
 * enforced again: the client was not told of a success. */
static qd_status_t apply_next(qd_tariff_t *self) {
    qd_status_t status = select_rates(self, &self->next);
    if (status != QD_OK) {
        return status;
    }
    status = table_save(self, &self->next);
    self->agreed = status == QD_OK;
    if (status == QD_OK) {
        self->now = self->next;
        self->generation++;
        if (self->next_is_parametrization) {
            (void)qd_event_raise(self->services->events, QD_EVENT_PARAMETRIZATION, QD_RECORD_TARIFF, 0);
        }
        /* Nothing has been booked under it yet, but it is in force from the newest interval on. */
        (void)qd_tariff_rates(&self->now, self->services->gateway->snapshot.rate);
    }
    return status;
}

qd_status_t qd_tariff_change(qd_tariff_t *self, const qd_call_t *call, qd_tariff_build_t build, uint8_t index,
                             const qd_source_t *source) {
    qd_status_t status = QD_PENDING;
    switch (qd_ticket_enter(&self->ticket, call)) {
    case QD_TICKET_WAIT:
        return QD_PENDING;
    case QD_TICKET_DONE:
        return self->ticket.result;
    case QD_TICKET_CONTINUE:
        status = apply_next(self);
        break;
    case QD_TICKET_START:
    default:
        self->next = self->now;
        status = build(self, index, source);
        if (status == QD_OK) {
            status = apply_next(self);
        }
        break;
    }
    return qd_ticket_leave(&self->ticket, status);
}

static size_t tariff_size(const void *config) {
    (void)config;
    return sizeof(qd_tariff_t);
}

static qd_status_t tariff_init(void *context, const void *config, const qd_services_t *services) {
    qd_tariff_t *self = context;
    memset(self, 0, sizeof *self);
    self->services = services;
    self->config = config;
    if (self->config->rates > QD_RATES || self->config->channels > QD_TARIFF_MASK_REGISTERS_MAX ||
        self->config->rates * self->config->channels > QD_TARIFF_ASSIGNMENTS_MAX) {
        return QD_ARGUMENT;
    }
    qd_status_t status = table_load(services, &self->now);
    if (status == QD_END || status == QD_CORRUPT) {
        table_default(self->config, &self->now);
        return QD_OK;
    }
    return status;
}

/* Metrology keeps its own record of the rate; when the two differ after a cut, the table wins. */
static void agree(qd_tariff_t *self, uint64_t tick_us, uint64_t *next_us) {
    uint8_t rate[QD_ENERGY_COUNT];
    const qd_snapshot_t *snapshot = &self->services->gateway->snapshot;
    if (qd_tariff_rates(&self->now, rate) != QD_OK) {
        return;
    }
    qd_status_t status = QD_OK;
    if (memcmp(snapshot->rate, rate, QD_ENERGY_COUNT) != 0) {
        status = select_rates(self, &self->now);
    }
    self->agreed = status == QD_OK;
    if (status == QD_PENDING) {
        *next_us = tick_us;
    }
}

static void tariff_due(void *context, uint64_t tick_us, uint64_t *next_us) {
    qd_tariff_t *self = context;
    if (!self->services->gateway->have_snapshot) {
        return;
    }
    if (qd_ticket_open(&self->ticket)) {
        qd_ticket_finish(&self->ticket, apply_next(self));
    } else if (!self->agreed) {
        agree(self, tick_us, next_us);
    }
}

static qd_status_t tariff_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    const qd_tariff_t *self = context;
    if (ref.item == QD_TARIFF_ITEM_ACTIVATION) {
        return qd_tariff_activation_get(self, (uint8_t)ref.arg, value);
    }
    if (ref.item == QD_TARIFF_ITEM_RATE) {
        uint8_t rate[QD_ENERGY_COUNT];
        qd_status_t status = qd_tariff_rates(&self->now, rate);
        qd_scalar_unsigned(value, QD_TYPE_UNSIGNED, rate[QD_ENERGY_A_IMPORT]);
        return status;
    }
    return QD_UNDEFINED;
}

static qd_status_t tariff_span(void *context, const qd_call_t *call, qd_ref_t ref, qd_span_t *span) {
    (void)call;
    const qd_tariff_t *self = context;
    if (ref.item == QD_TARIFF_ITEM_ACTIVATION) {
        return qd_tariff_activation_span(self, (uint8_t)ref.arg, span);
    }
    return ref.item == QD_TARIFF_ITEM_SCRIPTS ? qd_tariff_scripts_span(self, span) : QD_UNDEFINED;
}

static qd_status_t tariff_row(void *context, const qd_call_t *call, qd_ref_t ref, uint32_t n,
                              const qd_sink_t *sink) {
    (void)call;
    const qd_tariff_t *self = context;
    if (ref.item == QD_TARIFF_ITEM_ACTIVATION) {
        return qd_tariff_activation_row(self, (uint8_t)ref.arg, n, sink);
    }
    return ref.item == QD_TARIFF_ITEM_SCRIPTS ? qd_tariff_scripts_row(self, n, sink) : QD_UNDEFINED;
}

static qd_status_t tariff_put(void *context, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_tariff_t *self = context;
    if (ref.item != QD_TARIFF_ITEM_ACTIVATION) {
        return QD_DENIED;
    }
    return qd_tariff_activation_put(self, call, (uint8_t)ref.arg, source);
}

static qd_status_t tariff_act(void *context, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_tariff_t *self = context;
    if (ref.item == QD_TARIFF_ITEM_ACTIVATION) {
        return qd_tariff_activation_act(self, call, (uint8_t)ref.arg, source);
    }
    if (ref.item == QD_TARIFF_ITEM_SCRIPTS && ref.arg == 1) {
        return qd_tariff_scripts_execute(self, call, source);
    }
    return QD_UNDEFINED;
}

const qd_module_t qd_tariff_module = {
    .name = "tariff",
    .size = tariff_size,
    .init = tariff_init,
    .get = tariff_get,
    .span = tariff_span,
    .row = tariff_row,
    .put = tariff_put,
    .act = tariff_act,
    .due = tariff_due,
};
