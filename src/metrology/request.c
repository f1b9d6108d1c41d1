#include "base/crc.h"
#include "metrology/state.h"

#include <string.h>

enum { STEP_BEGIN = 0, STEP_JOURNAL, STEP_RECORD };

static qd_status_t finish(qd_metrology_t *m, qd_status_t status) {
    m->reply.status = (uint8_t)status;
    m->done = true;
    return QD_OK;
}

/* A refusal is told in the journal; that the journal cannot be written now does not change it. */
static qd_status_t refuse(qd_metrology_t *m, qd_status_t status, uint8_t code, uint16_t detail,
                          int64_t old_value, int64_t new_value) {
    (void)qd_met_journal_add(m, code, detail, old_value, new_value);
    (void)qd_met_journal_flush(m);
    return finish(m, status);
}

static qd_status_t hello(qd_metrology_t *m) {
    memcpy(m->reply.u.hello.version, m->config->version, sizeof m->reply.u.hello.version);
    m->reply.u.hello.checksum = 0;
    m->reply.u.hello.journal_entries = qd_met_journal_count(m);
    m->reply.u.hello.down_noticed = m->down_noticed;
    m->reply.u.hello.down_utc_ms = m->down_utc_ms;
    m->reply.u.hello.pulse_constant[0] = m->sealed.pulse_constant[0];
    m->reply.u.hello.pulse_constant[1] = m->sealed.pulse_constant[1];
    return finish(m, QD_OK);
}

static qd_status_t page(qd_metrology_t *m) {
    uint32_t snapshot = m->request.u.page.snapshot;
    uint8_t number = m->request.u.page.page;
    if (number >= QD_PAGE_COUNT || (snapshot != 0 && snapshot != m->latched.number)) {
        return finish(m, QD_UNDEFINED);
    }
    m->reply.u.page.snapshot = m->latched.number;
    m->reply.u.page.page = number;
    memcpy(m->reply.u.page.energy_mj, m->pages.mj[number], sizeof m->reply.u.page.energy_mj);
    return finish(m, QD_OK);
}

static qd_status_t select_rate(qd_metrology_t *m) {
    const qd_rate_selection_t *selection = &m->request.u.select_rate;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        if (selection->rate[c] > QD_RATES) {
            return finish(m, QD_RANGE);
        }
    }
    if (selection->from_us != 0 && selection->from_us < m->tick_us) {
        return refuse(m, QD_RANGE, QD_JOURNAL_RATE_REFUSED, 0, (int64_t)m->tick_us,
                      (int64_t)selection->from_us);
    }
    if (selection->from_us <= m->tick_us) {
        m->waiting = false;
        qd_met_rates_set(m, selection->rate);
        m->generation++;
        return finish(m, QD_OK);
    }
    if (m->waiting && selection->from_us > m->selection.from_us) {
        return finish(m, QD_BUSY);
    }
    m->selection = *selection;
    m->waiting = true;
    return finish(m, QD_OK);
}

static int64_t parameter(const qd_met_sealed_t *sealed, uint8_t which) {
    return which == QD_SEALED_PRIMARY ? sealed->primary : sealed->ratio[which];
}

static qd_status_t get_parameter(qd_metrology_t *m) {
    uint8_t which = m->request.u.parameter.parameter;
    if (which >= QD_SEALED_PARAMETER_COUNT) {
        return finish(m, QD_UNDEFINED);
    }
    m->reply.u.parameter = parameter(&m->sealed, which);
    return finish(m, QD_OK);
}

static bool factory_open(const qd_metrology_t *m) {
    return m->ports.factory != NULL && m->ports.factory->open(m->ports.factory->context);
}

/* Journal first: a power cut between the two leaves an entry without effect, which can be explained,
 * and not an effect without an entry, which cannot. */
static void journal_ahead(qd_metrology_t *m, uint8_t code, uint16_t detail, int64_t old_value,
                          int64_t new_value) {
    /* There is room: the request was not begun without. */
    (void)qd_met_journal_add(m, code, detail, old_value, new_value);
    qd_met_journal_claim(m);
    m->step = STEP_JOURNAL;
}

static bool set_parameter_begin(qd_metrology_t *m) {
    uint8_t which = m->request.u.parameter.parameter;
    int64_t value = m->request.u.parameter.value;
    if (which >= QD_SEALED_PARAMETER_COUNT) {
        (void)finish(m, QD_UNDEFINED);
        return false;
    }
    int64_t old = parameter(&m->sealed, which);
    if (!factory_open(m)) {
        (void)refuse(m, QD_SEALED, QD_JOURNAL_PARAMETER_REFUSED, which, old, value);
        return false;
    }
    bool flag = which == QD_SEALED_PRIMARY;
    if (value < (flag ? 0 : 1) || value > (flag ? 1 : 65535)) {
        (void)finish(m, QD_RANGE);
        return false;
    }
    m->new_sealed = m->sealed;
    if (flag) {
        m->new_sealed.primary = (uint8_t)value;
    } else {
        m->new_sealed.ratio[which] = (uint16_t)value;
    }
    journal_ahead(m, QD_JOURNAL_PARAMETER, which, old, value);
    return true;
}

static bool set_pulse_begin(qd_metrology_t *m) {
    uint8_t output = m->request.u.pulse.output;
    uint32_t value = m->request.u.pulse.constant;
    if (output >= QD_MET_OUTPUTS) {
        (void)finish(m, QD_UNDEFINED);
        return false;
    }
    uint32_t old = m->sealed.pulse_constant[output];
    if (!factory_open(m)) {
        (void)refuse(m, QD_SEALED, QD_JOURNAL_PARAMETER_REFUSED, (uint16_t)(QD_MET_DETAIL_PULSE + output),
                     old, value);
        return false;
    }
    if (value < 1 || value > 100000u) {
        (void)finish(m, QD_RANGE);
        return false;
    }
    m->new_sealed = m->sealed;
    m->new_sealed.pulse_constant[output] = value;
    journal_ahead(m, QD_JOURNAL_PULSE, output, old, value);
    return true;
}

static bool set_clock_begin(qd_metrology_t *m) {
    int64_t utc_ms = m->request.u.set_clock.utc_ms;
    uint64_t at_us = m->request.u.set_clock.at_us;
    if (!qd_met_clock_in_range(utc_ms) || at_us >= QD_MET_TICK_LIMIT) {
        (void)finish(m, QD_RANGE);
        return false;
    }
    m->new_clock.utc_us = utc_ms * 1000;
    m->new_clock.tick_us = at_us;
    m->new_clock.uncertainty_ms = m->request.u.set_clock.uncertainty_ms;
    m->new_clock.valid = true;
    if (!qd_met_clock_in_range(qd_met_clock_utc(&m->new_clock, m->tick_us))) {
        (void)finish(m, QD_RANGE);
        return false;
    }
    journal_ahead(m, QD_JOURNAL_CLOCK_SET, 0, qd_met_clock_utc(&m->clock, at_us), utc_ms);
    return true;
}

static qd_status_t sealed_write(qd_metrology_t *m) {
    size_t length = 0;
    if (m->owner == QD_MET_COMMIT) {
        return QD_PENDING;
    }
    if (m->owner == QD_MET_NOBODY) {
        length = qd_met_sealed_encode(m->scratch, &m->new_sealed);
    }
    qd_status_t status = qd_met_stage(m, QD_MET_REQUEST, QD_RECORD_METROLOGY_SEALED, length);
    if (status == QD_OK) {
        m->sealed = m->new_sealed;
        m->sealed_dirty = false;
        qd_met_written(m, QD_MET_WRITTEN_SEALED);
    }
    return status;
}

/* Base with the new clock, then the RTC, then memory. */
static qd_status_t clock_write(qd_metrology_t *m) {
    qd_status_t status = qd_met_base_write(m, QD_MET_REQUEST, &m->new_clock);
    if (status != QD_OK) {
        return status == QD_BUSY ? QD_PENDING : status;
    }
    if (m->ports.rtc != NULL) {
        uint64_t at_us = m->new_clock.tick_us > m->tick_us ? m->new_clock.tick_us : m->tick_us;
        if (m->ports.rtc->set(m->ports.rtc->context, qd_met_clock_utc(&m->new_clock, at_us)) != QD_OK) {
            /* The base bears a clock that is not in force: the next commit replaces it. */
            m->base_wanted = true;
            m->committed_generation = m->generation - 1u;
            return QD_IO;
        }
    }
    m->clock = m->new_clock;
    m->generation++;
    return QD_OK;
}

static qd_status_t work(qd_metrology_t *m) {
    qd_status_t status = QD_OK;
    if (m->step == STEP_JOURNAL) {
        status = qd_met_journal_flush(m);
        if (status == QD_OK) {
            m->step = STEP_RECORD;
        }
    }
    if (m->step == STEP_RECORD) {
        status = m->request.kind == QD_GATE_SET_CLOCK ? clock_write(m) : sealed_write(m);
    }
    if (status == QD_PENDING) {
        return status;
    }
    if (status != QD_OK && m->step == STEP_JOURNAL) {
        qd_met_journal_drop(m); /* what is in no log needs no explanation */
    } else if (status != QD_OK) {
        (void)qd_met_journal_add(m, QD_JOURNAL_WITHOUT_EFFECT, (uint16_t)status, m->request_entry, 0);
        (void)qd_met_journal_flush(m);
    }
    return finish(m, status);
}

static qd_status_t self_test(qd_metrology_t *m) {
    static const uint8_t digits[9] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    uint32_t failed = (m->flags & QD_METER_FLAG_DEGRADED) != 0 ? QD_SELF_TEST_STORAGE : 0u;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        int64_t sum = 0;
        for (unsigned r = 0; r < QD_MET_RATE_ROWS; r++) {
            sum += m->registers.mj[r][c];
        }
        if (sum != m->total_mj[c]) {
            failed |= QD_SELF_TEST_TOTALS;
        }
        for (unsigned set = 0; set < QD_MET_SETS; set++) {
            if (m->rest_nj[set][c] >= QD_MET_NJ_PER_MJ) {
                failed |= QD_SELF_TEST_REMAINDERS;
            }
        }
    }
    /* 123,456,789 mW for 1,234,567 us are 152,415,677.625363 mJ; half a mJ is there already. */
    qd_accumulator_t known = {1, 500000u};
    if (qd_accumulator_add(&known, 123456789u, 1234567u) != 152415678u || known.whole_mj != 152415679 ||
        known.rest_nj != 125363u || qd_crc32(0, digits, sizeof digits) != 0xCBF43926u) {
        failed |= QD_SELF_TEST_ARITHMETIC;
    }
    m->reply.u.self_test = failed;
    return finish(m, QD_OK);
}

static qd_status_t begin(qd_metrology_t *m) {
    switch ((qd_gate_kind_t)m->request.kind) {
    case QD_GATE_HELLO:
        return hello(m);
    case QD_GATE_SNAPSHOT:
        return finish(m, QD_OK);
    case QD_GATE_PAGE:
        return page(m);
    case QD_GATE_SET_CLOCK:
        return set_clock_begin(m) ? work(m) : QD_OK;
    case QD_GATE_SELECT_RATE:
        return select_rate(m);
    case QD_GATE_GET_PARAMETER:
        return get_parameter(m);
    case QD_GATE_SET_PARAMETER:
        return set_parameter_begin(m) ? work(m) : QD_OK;
    case QD_GATE_READ_JOURNAL:
        return finish(m, qd_met_journal_read(m, m->request.u.journal.sequence, &m->reply.u.journal));
    case QD_GATE_SET_PULSE:
        return set_pulse_begin(m) ? work(m) : QD_OK;
    case QD_GATE_SELF_TEST:
        return self_test(m);
    }
    return finish(m, QD_ARGUMENT);
}

qd_status_t qd_met_request_continue(qd_metrology_t *m) {
    if (m->done) {
        return QD_OK;
    }
    if (m->step != STEP_BEGIN) {
        return work(m);
    }
    bool sealed = m->request.kind == QD_GATE_SET_PARAMETER || m->request.kind == QD_GATE_SET_PULSE;
    bool writes = m->request.kind == QD_GATE_SET_CLOCK || (sealed && factory_open(m));
    if (writes && qd_met_journal_full(m)) {
        qd_status_t status = qd_met_journal_flush(m);
        if (qd_met_journal_full(m)) {
            return status == QD_PENDING ? status : finish(m, status);
        }
    }
    return begin(m);
}
