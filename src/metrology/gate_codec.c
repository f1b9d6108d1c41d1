#include "metrology/gate_codec.h"

#include <string.h>

static void flag_put(qd_writer_t *w, bool flag) {
    qd_writer_u8(w, flag ? 1u : 0u);
}

static bool flag_get(qd_reader_t *r) {
    uint8_t octet = qd_reader_u8(r);
    if (octet > 1) {
        (void)qd_reader_fail(r, QD_MALFORMED);
    }
    return octet == 1;
}

static void i64_put(qd_writer_t *w, int64_t value) {
    qd_writer_u64_le(w, (uint64_t)value);
}

static int64_t i64_get(qd_reader_t *r) {
    return (int64_t)qd_reader_u64_le(r);
}

static void octets_get(qd_reader_t *r, void *to, size_t length) {
    const uint8_t *octets = qd_reader_octets(r, length);
    if (octets != NULL) {
        memcpy(to, octets, length);
    }
}

static void energies_put(qd_writer_t *w, const int64_t mj[QD_ENERGY_COUNT]) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        i64_put(w, mj[c]);
    }
}

static void energies_get(qd_reader_t *r, int64_t mj[QD_ENERGY_COUNT]) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        mj[c] = i64_get(r);
    }
}

static qd_status_t end(qd_reader_t *r) {
    if (r->status == QD_OK && qd_reader_left(r) > 0) {
        return QD_MALFORMED;
    }
    return r->status;
}

/*
 * request = sequence (2) kind (1) body
 * page: snapshot (4) page (1); set clock: UTC ms (8) at us (8) uncertainty ms (4); select rate: 8 rates
 * (8 x 1) from us (8); get and set parameter: parameter (1) value (8); read journal: sequence (4); set
 * pulse: output (1) constant (4); the others have no body.
 */
void qd_gate_request_encode(qd_writer_t *w, const qd_gate_request_t *request) {
    qd_writer_u16_le(w, request->sequence);
    qd_writer_u8(w, request->kind);
    switch ((qd_gate_kind_t)request->kind) {
    case QD_GATE_PAGE:
        qd_writer_u32_le(w, request->u.page.snapshot);
        qd_writer_u8(w, request->u.page.page);
        break;
    case QD_GATE_SET_CLOCK:
        i64_put(w, request->u.set_clock.utc_ms);
        qd_writer_u64_le(w, request->u.set_clock.at_us);
        qd_writer_u32_le(w, request->u.set_clock.uncertainty_ms);
        break;
    case QD_GATE_SELECT_RATE:
        qd_writer_octets(w, request->u.select_rate.rate, sizeof request->u.select_rate.rate);
        qd_writer_u64_le(w, request->u.select_rate.from_us);
        break;
    case QD_GATE_GET_PARAMETER:
    case QD_GATE_SET_PARAMETER:
        qd_writer_u8(w, request->u.parameter.parameter);
        i64_put(w, request->u.parameter.value);
        break;
    case QD_GATE_READ_JOURNAL:
        qd_writer_u32_le(w, request->u.journal.sequence);
        break;
    case QD_GATE_SET_PULSE:
        qd_writer_u8(w, request->u.pulse.output);
        qd_writer_u32_le(w, request->u.pulse.constant);
        break;
    case QD_GATE_HELLO:
    case QD_GATE_SNAPSHOT:
    case QD_GATE_SELF_TEST:
        break;
    }
}

qd_status_t qd_gate_request_decode(qd_reader_t *r, qd_gate_request_t *request) {
    memset(request, 0, sizeof *request);
    request->sequence = qd_reader_u16_le(r);
    request->kind = qd_reader_u8(r);
    switch ((qd_gate_kind_t)request->kind) {
    case QD_GATE_PAGE:
        request->u.page.snapshot = qd_reader_u32_le(r);
        request->u.page.page = qd_reader_u8(r);
        return end(r);
    case QD_GATE_SET_CLOCK:
        request->u.set_clock.utc_ms = i64_get(r);
        request->u.set_clock.at_us = qd_reader_u64_le(r);
        request->u.set_clock.uncertainty_ms = qd_reader_u32_le(r);
        return end(r);
    case QD_GATE_SELECT_RATE:
        octets_get(r, request->u.select_rate.rate, sizeof request->u.select_rate.rate);
        request->u.select_rate.from_us = qd_reader_u64_le(r);
        return end(r);
    case QD_GATE_GET_PARAMETER:
    case QD_GATE_SET_PARAMETER:
        request->u.parameter.parameter = qd_reader_u8(r);
        request->u.parameter.value = i64_get(r);
        return end(r);
    case QD_GATE_READ_JOURNAL:
        request->u.journal.sequence = qd_reader_u32_le(r);
        return end(r);
    case QD_GATE_SET_PULSE:
        request->u.pulse.output = qd_reader_u8(r);
        request->u.pulse.constant = qd_reader_u32_le(r);
        return end(r);
    case QD_GATE_HELLO:
    case QD_GATE_SNAPSHOT:
    case QD_GATE_SELF_TEST:
        return end(r);
    }
    return qd_reader_fail(r, QD_MALFORMED);
}

static void journal_put(qd_writer_t *w, const qd_journal_entry_t *entry) {
    qd_writer_u32_le(w, entry->sequence);
    i64_put(w, entry->utc_ms);
    qd_writer_u8(w, entry->clock_valid);
    qd_writer_u8(w, entry->code);
    qd_writer_u16_le(w, entry->detail);
    qd_writer_u16_le(w, entry->lost);
    i64_put(w, entry->old_value);
    i64_put(w, entry->new_value);
}

static void journal_get(qd_reader_t *r, qd_journal_entry_t *entry) {
    entry->sequence = qd_reader_u32_le(r);
    entry->utc_ms = i64_get(r);
    entry->clock_valid = qd_reader_u8(r);
    entry->code = qd_reader_u8(r);
    entry->detail = qd_reader_u16_le(r);
    entry->lost = qd_reader_u16_le(r);
    entry->old_value = i64_get(r);
    entry->new_value = i64_get(r);
}

/*
 * reply = sequence (2) kind (1) status (1) body
 * hello: version (8) checksum (4) journal entries (2) down noticed (1) down UTC ms (8) pulse constants (2 x 4);
 * page: snapshot (4) page (1) energies (8 x 8); get parameter: value (8); read journal: sequence (4) UTC ms (8)
 * clock valid (1) code (1) detail (2) lost (2) old (8) new (8); self-test: bits (4); the others have no body.
 */
void qd_gate_reply_encode(qd_writer_t *w, const qd_gate_reply_t *reply) {
    qd_writer_u16_le(w, reply->sequence);
    qd_writer_u8(w, reply->kind);
    qd_writer_u8(w, reply->status);
    switch ((qd_gate_kind_t)reply->kind) {
    case QD_GATE_HELLO:
        qd_writer_octets(w, (const uint8_t *)reply->u.hello.version, sizeof reply->u.hello.version);
        qd_writer_u32_le(w, reply->u.hello.checksum);
        qd_writer_u16_le(w, reply->u.hello.journal_entries);
        flag_put(w, reply->u.hello.down_noticed);
        i64_put(w, reply->u.hello.down_utc_ms);
        qd_writer_u32_le(w, reply->u.hello.pulse_constant[0]);
        qd_writer_u32_le(w, reply->u.hello.pulse_constant[1]);
        break;
    case QD_GATE_PAGE:
        qd_writer_u32_le(w, reply->u.page.snapshot);
        qd_writer_u8(w, reply->u.page.page);
        energies_put(w, reply->u.page.energy_mj);
        break;
    case QD_GATE_GET_PARAMETER:
        i64_put(w, reply->u.parameter);
        break;
    case QD_GATE_READ_JOURNAL:
        journal_put(w, &reply->u.journal);
        break;
    case QD_GATE_SELF_TEST:
        qd_writer_u32_le(w, reply->u.self_test);
        break;
    case QD_GATE_SNAPSHOT:
    case QD_GATE_SET_CLOCK:
    case QD_GATE_SELECT_RATE:
    case QD_GATE_SET_PARAMETER:
    case QD_GATE_SET_PULSE:
        break;
    }
}

qd_status_t qd_gate_reply_decode(qd_reader_t *r, qd_gate_reply_t *reply) {
    memset(reply, 0, sizeof *reply);
    reply->sequence = qd_reader_u16_le(r);
    reply->kind = qd_reader_u8(r);
    reply->status = qd_reader_u8(r);
    if (reply->status >= QD_STATUS_COUNT) {
        return qd_reader_fail(r, QD_MALFORMED);
    }
    switch ((qd_gate_kind_t)reply->kind) {
    case QD_GATE_HELLO:
        octets_get(r, reply->u.hello.version, sizeof reply->u.hello.version);
        reply->u.hello.checksum = qd_reader_u32_le(r);
        reply->u.hello.journal_entries = qd_reader_u16_le(r);
        reply->u.hello.down_noticed = flag_get(r);
        reply->u.hello.down_utc_ms = i64_get(r);
        reply->u.hello.pulse_constant[0] = qd_reader_u32_le(r);
        reply->u.hello.pulse_constant[1] = qd_reader_u32_le(r);
        return end(r);
    case QD_GATE_PAGE:
        reply->u.page.snapshot = qd_reader_u32_le(r);
        reply->u.page.page = qd_reader_u8(r);
        energies_get(r, reply->u.page.energy_mj);
        return end(r);
    case QD_GATE_GET_PARAMETER:
        reply->u.parameter = i64_get(r);
        return end(r);
    case QD_GATE_READ_JOURNAL:
        journal_get(r, &reply->u.journal);
        return end(r);
    case QD_GATE_SELF_TEST:
        reply->u.self_test = qd_reader_u32_le(r);
        return end(r);
    case QD_GATE_SNAPSHOT:
    case QD_GATE_SET_CLOCK:
    case QD_GATE_SELECT_RATE:
    case QD_GATE_SET_PARAMETER:
    case QD_GATE_SET_PULSE:
        return end(r);
    }
    return qd_reader_fail(r, QD_MALFORMED);
}

/* quantities = tick us (8) duration us (4) frequency mHz (4) 3 x { U mV (4) I mA (4) P mW (4) Q mvar
 * (4) angle of U (2) angle of I (2) valid (1) } */
static void quantities_put(qd_writer_t *w, const qd_quantities_t *record) {
    qd_writer_u64_le(w, record->tick_us);
    qd_writer_u32_le(w, record->duration_us);
    qd_writer_u32_le(w, record->frequency_mhz);
    for (unsigned p = 0; p < QD_PHASES; p++) {
        const qd_phase_quantities_t *phase = &record->phase[p];
        qd_writer_u32_le(w, phase->voltage_mv);
        qd_writer_u32_le(w, phase->current_ma);
        qd_writer_u32_le(w, (uint32_t)phase->active_power_mw);
        qd_writer_u32_le(w, (uint32_t)phase->reactive_power_mvar);
        qd_writer_u16_le(w, (uint16_t)phase->voltage_angle_ddeg);
        qd_writer_u16_le(w, (uint16_t)phase->current_angle_ddeg);
        flag_put(w, phase->valid);
    }
}

static void quantities_get(qd_reader_t *r, qd_quantities_t *record) {
    record->tick_us = qd_reader_u64_le(r);
    record->duration_us = qd_reader_u32_le(r);
    record->frequency_mhz = qd_reader_u32_le(r);
    for (unsigned p = 0; p < QD_PHASES; p++) {
        qd_phase_quantities_t *phase = &record->phase[p];
        phase->voltage_mv = qd_reader_u32_le(r);
        phase->current_ma = qd_reader_u32_le(r);
        phase->active_power_mw = (int32_t)qd_reader_u32_le(r);
        phase->reactive_power_mvar = (int32_t)qd_reader_u32_le(r);
        phase->voltage_angle_ddeg = (int16_t)qd_reader_u16_le(r);
        phase->current_angle_ddeg = (int16_t)qd_reader_u16_le(r);
        phase->valid = flag_get(r);
    }
}

/* snapshot = number (4) tick us (8) UTC us (8) UTC ms (8) clock valid (1) doubtful (1) uncertainty ms (4)
 * flags (2) rates (8) quantities P mW (8) Q mvar (8) S mVA (8) totals mJ (8 x 8) */
void qd_gate_snapshot_encode(qd_writer_t *w, const qd_snapshot_t *snapshot) {
    qd_writer_u32_le(w, snapshot->number);
    qd_writer_u64_le(w, snapshot->tick_us);
    i64_put(w, snapshot->utc_us);
    i64_put(w, snapshot->utc_ms);
    flag_put(w, snapshot->clock.valid);
    flag_put(w, snapshot->clock.doubtful);
    qd_writer_u32_le(w, snapshot->clock.uncertainty_ms);
    qd_writer_u16_le(w, snapshot->flags);
    qd_writer_octets(w, snapshot->rate, sizeof snapshot->rate);
    quantities_put(w, &snapshot->now);
    i64_put(w, snapshot->active_power_mw);
    i64_put(w, snapshot->reactive_power_mvar);
    i64_put(w, snapshot->apparent_power_mva);
    energies_put(w, snapshot->total_mj);
}

qd_status_t qd_gate_snapshot_decode(qd_reader_t *r, qd_snapshot_t *snapshot) {
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->number = qd_reader_u32_le(r);
    snapshot->tick_us = qd_reader_u64_le(r);
    snapshot->utc_us = i64_get(r);
    snapshot->utc_ms = i64_get(r);
    snapshot->clock.valid = flag_get(r);
    snapshot->clock.doubtful = flag_get(r);
    snapshot->clock.uncertainty_ms = qd_reader_u32_le(r);
    snapshot->flags = qd_reader_u16_le(r);
    octets_get(r, snapshot->rate, sizeof snapshot->rate);
    quantities_get(r, &snapshot->now);
    snapshot->active_power_mw = i64_get(r);
    snapshot->reactive_power_mvar = i64_get(r);
    snapshot->apparent_power_mva = i64_get(r);
    energies_get(r, snapshot->total_mj);
    return end(r);
}
