/*
 * fixture.h - a metrology on records in memory, with switches for every fault of a store.
 */
#ifndef QD_TESTS_METROLOGY_FIXTURE_H
#define QD_TESTS_METROLOGY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrology/state.h"

#define SECOND 1000000u

typedef struct slot {
    uint8_t octets[2048];
    size_t length; /* 0: never written */
} slot_t;

typedef struct fake_store {
    slot_t slot[4];
    slot_t staged[4];
    bool group;
    qd_status_t read_status[4];  /* returned instead of reading, unless QD_OK */
    qd_status_t write_status[4]; /* returned instead of writing, unless QD_OK */
    unsigned pending;            /* so many writes answer QD_PENDING first */
    uint8_t pending_octets[2048];
    unsigned writes[4];
    size_t longest[4];
} fake_store_t;

#define FAKE_ROWS 320u
#define FAKE_FIRST 11u /* rows of the log have numbers of their own */

/* The journal's log: an array. Rows of an open group are those from durable on. */
typedef struct fake_log {
    uint8_t rows[FAKE_ROWS][QD_LOG_METROLOGY_JOURNAL_ROW];
    uint32_t first;
    uint32_t end;
    uint32_t durable;
    int64_t utc_s;
    qd_status_t append_status; /* returned instead of appending, unless QD_OK */
    qd_status_t read_status;
    qd_status_t span_status;
    unsigned pending; /* so many appends answer QD_PENDING first */
    unsigned room;    /* rows that a group can take; 0: any */
    unsigned appends;
} fake_log_t;

typedef struct fixture {
    union {
        max_align_t align;
        uint8_t octets[16384];
    } memory;
    fake_store_t store;
    qd_records_t records;
    fake_log_t log;
    qd_logs_t logs;
    int64_t rtc_ms;
    qd_status_t rtc_get;
    qd_status_t rtc_set;
    unsigned rtc_sets;
    qd_rtc_t rtc;
    uint64_t pulses[2];
    qd_pulse_port_t pulse;
    bool open;
    qd_factory_t factory;
    qd_metrology_config_t config;
    qd_metrology_ports_t ports;
    qd_metrology_t *m;
    const qd_gate_t *gate;
    uint64_t tick_us;
} fixture_t;

static inline unsigned fake_index(uint16_t record) {
    assert_in_range(record, QD_RECORD_METROLOGY_BASE, QD_RECORD_METROLOGY_CHECKPOINT);
    return record - QD_RECORD_METROLOGY_BASE;
}

static inline qd_status_t fake_read(void *context, uint16_t record, uint8_t *buffer, size_t size,
                                    size_t *length) {
    fake_store_t *s = context;
    unsigned i = fake_index(record);
    if (s->read_status[i] != QD_OK) {
        return s->read_status[i];
    }
    if (s->slot[i].length == 0) {
        return QD_END;
    }
    if (s->slot[i].length > size) {
        return QD_NO_SPACE;
    }
    memcpy(buffer, s->slot[i].octets, s->slot[i].length);
    *length = s->slot[i].length;
    return QD_OK;
}

static inline qd_status_t fake_write(void *context, uint16_t record, const uint8_t *buffer, size_t length) {
    static const size_t capacity[4] = {QD_RECORD_METROLOGY_BASE_SIZE, QD_RECORD_METROLOGY_DELTA_SIZE,
                                       QD_RECORD_METROLOGY_SEALED_SIZE, QD_RECORD_METROLOGY_CHECKPOINT_SIZE};
    fake_store_t *s = context;
    unsigned i = fake_index(record);
    assert_true(length > 0 && length <= capacity[i]);
    if (s->write_status[i] != QD_OK) {
        return s->write_status[i];
    }
    if (s->pending > 0) {
        s->pending--;
        memcpy(s->pending_octets, buffer, length);
        if (s->pending > 0) {
            return QD_PENDING;
        }
    }
    slot_t *slot = s->group ? &s->staged[i] : &s->slot[i];
    memcpy(slot->octets, buffer, length);
    slot->length = length;
    s->writes[i]++;
    s->longest[i] = length > s->longest[i] ? length : s->longest[i];
    return QD_OK;
}

static inline qd_status_t fake_append(void *context, uint16_t log, int64_t utc_s, const uint8_t *row,
                                      uint16_t length, uint32_t *sequence) {
    fake_log_t *l = context;
    assert_int_equal(log, QD_LOG_METROLOGY_JOURNAL);
    assert_int_equal(length, QD_LOG_METROLOGY_JOURNAL_ROW);
    assert_true(utc_s >= 0 && utc_s < UINT32_MAX);
    assert_null(sequence);
    if (l->append_status != QD_OK) {
        return l->append_status;
    }
    if (l->pending > 0) {
        l->pending--;
        return QD_PENDING;
    }
    if (l->room > 0 && l->end - l->durable >= l->room) {
        return QD_NO_SPACE;
    }
    memcpy(l->rows[l->end++ % FAKE_ROWS], row, length);
    if (l->end - l->first > QD_LOG_METROLOGY_JOURNAL_ROWS) {
        l->first = l->end - QD_LOG_METROLOGY_JOURNAL_ROWS;
    }
    l->utc_s = utc_s;
    l->appends++;
    return QD_OK;
}

static inline qd_status_t fake_row(void *context, uint16_t log, uint32_t sequence, int64_t *utc_s,
                                   uint8_t *row, size_t size, size_t *length) {
    fake_log_t *l = context;
    assert_int_equal(log, QD_LOG_METROLOGY_JOURNAL);
    assert_true(size >= QD_LOG_METROLOGY_JOURNAL_ROW);
    if (l->read_status != QD_OK) {
        return l->read_status;
    }
    if (sequence < l->first || sequence >= l->end) {
        return QD_END;
    }
    *utc_s = l->utc_s;
    *length = QD_LOG_METROLOGY_JOURNAL_ROW;
    memcpy(row, l->rows[sequence % FAKE_ROWS], *length);
    return QD_OK;
}

static inline qd_status_t fake_span(void *context, uint16_t log, qd_log_span_t *span) {
    fake_log_t *l = context;
    assert_int_equal(log, QD_LOG_METROLOGY_JOURNAL);
    *span = (qd_log_span_t){l->first, l->end, 1, l->first};
    return l->span_status;
}

/* A group over records and log. */
static inline void group_begin(fixture_t *f) {
    memset(f->store.staged, 0, sizeof f->store.staged);
    f->store.group = true;
    f->log.durable = f->log.end;
}

static inline void group_end(fixture_t *f, bool commit) {
    for (unsigned i = 0; i < 4 && commit; i++) {
        if (f->store.staged[i].length > 0) {
            f->store.slot[i] = f->store.staged[i];
        }
    }
    f->store.group = false;
    f->log.end = commit ? f->log.end : f->log.durable;
}

static inline qd_status_t fake_rtc_get(void *context, int64_t *utc_ms) {
    fixture_t *f = context;
    *utc_ms = f->rtc_get == QD_OK ? f->rtc_ms : 0;
    return f->rtc_get;
}

static inline qd_status_t fake_rtc_set(void *context, int64_t utc_ms) {
    fixture_t *f = context;
    if (f->rtc_set == QD_OK) {
        f->rtc_ms = utc_ms;
        f->rtc_get = QD_OK;
        f->rtc_sets++;
    }
    return f->rtc_set;
}

static inline void fake_emit(void *context, uint8_t output, uint32_t count) {
    fixture_t *f = context;
    f->pulses[output] += count;
}

static inline bool fake_open(void *context) {
    fixture_t *f = context;
    return f->open;
}

/* Ports and config, nothing started; the store is blank. */
static inline void fixture_prepare(fixture_t *f) {
    memset(f, 0, sizeof *f);
    f->records = (qd_records_t){&f->store, fake_read, fake_write};
    f->log.first = f->log.end = f->log.durable = FAKE_FIRST;
    f->logs = (qd_logs_t){.context = &f->log, .append = fake_append, .read = fake_row, .span = fake_span};
    f->rtc = (qd_rtc_t){f, fake_rtc_get, fake_rtc_set};
    f->rtc_ms = 800000000000;
    f->pulse = (qd_pulse_port_t){f, fake_emit};
    f->factory = (qd_factory_t){f, fake_open};
    f->config = (qd_metrology_config_t){.wiring = QD_WIRING_4_WIRE,
                                        .sum = QD_SUM_ALGEBRAIC,
                                        .apparent = QD_APPARENT_VECTOR,
                                        .pulse_constant = {1000, 1000},
                                        .clock_drift_ppm = 20,
                                        .clock_doubt_ms = 1000,
                                        .fold_period_s = 60,
                                        .version = "V030101"};
    f->ports = (qd_metrology_ports_t){&f->records, &f->logs, &f->rtc, &f->pulse, &f->factory, 7};
}

/* to becomes from, with ports of its own. */
static inline void fixture_copy(fixture_t *to, const fixture_t *from) {
    *to = *from;
    to->records.context = &to->store;
    to->logs.context = &to->log;
    to->ports.records = &to->records;
    to->ports.logs = &to->logs;
}

static inline void fixture_start(fixture_t *f) {
    assert_true(sizeof f->memory >= qd_metrology_size());
    assert_int_equal(
        qd_metrology_init(&f->memory, sizeof f->memory, &f->config, &f->ports, f->tick_us, &f->m), QD_OK);
    f->gate = qd_metrology_gate(f->m);
}

static inline void fixture_new(fixture_t *f) {
    fixture_prepare(f);
    fixture_start(f);
}

/* The same power in no phase but L1. */
static inline qd_quantities_t one_phase(fixture_t *f, int32_t p_mw, int32_t q_mvar, uint32_t duration_us) {
    qd_quantities_t record = {.tick_us = f->tick_us + duration_us, .duration_us = duration_us};
    for (unsigned i = 0; i < QD_PHASES; i++) {
        record.phase[i].valid = true;
        record.phase[i].voltage_mv = 230000;
    }
    record.phase[0].active_power_mw = p_mw;
    record.phase[0].reactive_power_mvar = q_mvar;
    record.phase[0].current_ma = 5000;
    return record;
}

static inline void fixture_run(fixture_t *f, const qd_quantities_t *record) {
    assert_int_equal(qd_metrology_run(f->m, record), QD_OK);
    f->tick_us = record->tick_us;
}

static inline void run_one(fixture_t *f, int32_t p_mw, int32_t q_mvar, uint32_t duration_us) {
    qd_quantities_t record = one_phase(f, p_mw, q_mvar, duration_us);
    fixture_run(f, &record);
}

static inline qd_status_t ask(const qd_gate_t *gate, const qd_gate_request_t *request,
                              qd_gate_reply_t *reply) {
    assert_int_equal(gate->submit(gate->context, request), QD_OK);
    assert_int_equal(gate->reply(gate->context, reply), QD_OK);
    assert_int_equal(reply->sequence, request->sequence);
    assert_int_equal(reply->kind, request->kind);
    return (qd_status_t)reply->status;
}

static inline qd_status_t select_all(fixture_t *f, uint8_t rate, uint64_t from_us) {
    qd_gate_request_t request = {.sequence = 5, .kind = QD_GATE_SELECT_RATE};
    qd_gate_reply_t reply;
    memset(request.u.select_rate.rate, rate, sizeof request.u.select_rate.rate);
    request.u.select_rate.from_us = from_us;
    return ask(f->gate, &request, &reply);
}

static inline qd_status_t set_clock(fixture_t *f, int64_t utc_ms, uint64_t at_us, uint32_t uncertainty_ms) {
    qd_gate_request_t request = {.sequence = 6, .kind = QD_GATE_SET_CLOCK};
    qd_gate_reply_t reply;
    request.u.set_clock.utc_ms = utc_ms;
    request.u.set_clock.at_us = at_us;
    request.u.set_clock.uncertainty_ms = uncertainty_ms;
    return ask(f->gate, &request, &reply);
}

static inline qd_status_t set_parameter(fixture_t *f, uint8_t parameter, int64_t value) {
    qd_gate_request_t request = {.sequence = 7, .kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    request.u.parameter.parameter = parameter;
    request.u.parameter.value = value;
    return ask(f->gate, &request, &reply);
}

static inline int64_t get_parameter(fixture_t *f, uint8_t parameter) {
    qd_gate_request_t request = {.sequence = 8, .kind = QD_GATE_GET_PARAMETER};
    qd_gate_reply_t reply;
    request.u.parameter.parameter = parameter;
    assert_int_equal(ask(f->gate, &request, &reply), QD_OK);
    return reply.u.parameter;
}

static inline qd_status_t read_journal(fixture_t *f, uint32_t sequence, qd_journal_entry_t *entry) {
    qd_gate_request_t request = {.sequence = 9, .kind = QD_GATE_READ_JOURNAL};
    qd_gate_reply_t reply;
    request.u.journal.sequence = sequence;
    qd_status_t status = ask(f->gate, &request, &reply);
    *entry = reply.u.journal;
    return status;
}

static inline qd_journal_entry_t newest_entry(fixture_t *f) {
    qd_journal_entry_t entry;
    assert_int_equal(read_journal(f, 0, &entry), QD_OK);
    return entry;
}

static inline qd_snapshot_t poll_snapshot(fixture_t *f) {
    qd_snapshot_t snapshot;
    qd_status_t status = f->gate->poll(f->gate->context, &snapshot);
    assert_true(status == QD_OK || status == QD_END);
    return snapshot;
}

/* UTC in ms at a tick, as a reader of snapshots computes it; no instant of these tests is before 2000. */
static inline int64_t utc_shown(const qd_snapshot_t *s, uint64_t tick_us) {
    assert_int_equal(s->utc_ms, s->utc_us / 1000);
    return (s->utc_us + (int64_t)(tick_us - s->tick_us)) / 1000;
}

static inline int64_t total(fixture_t *f, qd_energy_t channel) {
    return f->m->total_mj[channel];
}

#endif
