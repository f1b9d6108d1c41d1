#include "base/integer.h"
#include "metrology/state.h"

#include <string.h>

/* What one element or the sum feeds: three channels and their powers. */
typedef struct feed {
    uint8_t active;
    uint8_t reactive;
    uint8_t apparent;
    uint64_t active_mw;
    uint64_t reactive_mvar;
    uint64_t apparent_mva;
} feed_t;

static uint64_t magnitude(int64_t value) {
    return value < 0 ? (uint64_t)-value : (uint64_t)value;
}

/* Elements that take part, one bit per phase. */
static unsigned elements(qd_wiring_t wiring) {
    switch (wiring) {
    case QD_WIRING_4_WIRE:
        return 0x7u;
    case QD_WIRING_3_WIRE:
        return 0x5u;
    case QD_WIRING_2_WIRE:
        break;
    }
    return 0x1u;
}

/* IEC 62053-23, annex C. Zero counts as positive: an element that only magnetises is importing. */
static void feed_set(feed_t *feed, int64_t p, int64_t q, uint64_t s) {
    feed->active = p >= 0 ? QD_ENERGY_A_IMPORT : QD_ENERGY_A_EXPORT;
    feed->apparent = p >= 0 ? QD_ENERGY_S_IMPORT : QD_ENERGY_S_EXPORT;
    if (q >= 0) {
        feed->reactive = p >= 0 ? QD_ENERGY_R1 : QD_ENERGY_R2;
    } else {
        feed->reactive = p >= 0 ? QD_ENERGY_R4 : QD_ENERGY_R3;
    }
    feed->active_mw = magnitude(p);
    feed->reactive_mvar = magnitude(q);
    feed->apparent_mva = s;
}

/*
 * floor(square root), Newton's steps from the last interval's root. After the first step x is never
 * below the result (arithmetic and geometric mean), so the first step that does not go down has it:
 * the start decides how long it takes, not what comes out.
 */
static uint32_t root_near(uint64_t value, uint32_t start) {
    if (value >> 62 != 0 || start < 4u || value / start > 2u * (uint64_t)start ||
        value / start < start / 2u) {
        return qd_isqrt_u64(value);
    }
    uint64_t x = (start + value / start) / 2u;
    for (;;) {
        uint64_t next = (x + value / x) / 2u;
        if (next >= x) {
            return (uint32_t)x;
        }
        x = next;
    }
}

/* The squares of two sums of three elements need 67 bits; two bits of resolution are given up there. */
static uint64_t apparent_vector(uint64_t p, uint64_t q, uint32_t *root) {
    if (((p | q) >> 31) != 0) {
        p >>= 2;
        q >>= 2;
        return (uint64_t)qd_isqrt_u64(p * p + q * q) << 2;
    }
    *root = root_near(p * p + q * q, *root);
    return *root;
}

static uint64_t apparent_of_phase(const qd_phase_quantities_t *phase, qd_apparent_t apparent,
                                  uint32_t *root) {
    if (apparent == QD_APPARENT_ARITHMETIC) {
        return (uint64_t)phase->voltage_mv * phase->current_ma / 1000u;
    }
    return apparent_vector(magnitude(phase->active_power_mw), magnitude(phase->reactive_power_mvar), root);
}

static bool phase_in_range(const qd_phase_quantities_t *phase) {
    return phase->voltage_mv <= 1000000u && phase->current_ma <= 10000000u &&
           phase->active_power_mw >= -2000000000 && phase->active_power_mw <= 2000000000 &&
           phase->reactive_power_mvar >= -2000000000 && phase->reactive_power_mvar <= 2000000000 &&
           phase->voltage_angle_ddeg >= -1800 && phase->voltage_angle_ddeg <= 1800 &&
           phase->current_angle_ddeg >= -1800 && phase->current_angle_ddeg <= 1800;
}

static qd_status_t record_check(const qd_metrology_t *m, const qd_quantities_t *record) {
    if (record->duration_us < 1 || record->duration_us > 10000000u || record->tick_us >= QD_MET_TICK_LIMIT) {
        return QD_RANGE;
    }
    for (unsigned p = 0; p < QD_PHASES; p++) {
        if (record->phase[p].valid && !phase_in_range(&record->phase[p])) {
            return QD_RANGE;
        }
    }
    if (record->tick_us < m->tick_us || (m->measured && record->tick_us == m->tick_us)) {
        return QD_ARGUMENT;
    }
    return QD_OK;
}

static void feed_add(uint64_t power[QD_ENERGY_COUNT], const feed_t *feed) {
    power[feed->active] += feed->active_mw;
    power[feed->reactive] += feed->reactive_mvar;
    power[feed->apparent] += feed->apparent_mva;
}

/* Adds to one channel under one row of the registers; returns the whole mJ that came up. The caller notes
 * the channel in touched. */
static uint64_t channel_add(qd_metrology_t *m, unsigned row, unsigned set, unsigned channel, uint64_t power,
                            uint32_t duration_us) {
    qd_accumulator_t accumulator = {m->registers.mj[row][channel], m->rest_nj[set][channel]};
    uint64_t whole = qd_accumulator_add(&accumulator, power, duration_us);
    m->registers.mj[row][channel] = accumulator.whole_mj;
    m->rest_nj[set][channel] = accumulator.rest_nj;
    return whole;
}

static void phase_book(qd_metrology_t *m, unsigned phase, const feed_t *feed, uint32_t duration_us) {
    unsigned row = QD_PAGE_PHASE(phase);
    (void)channel_add(m, row, phase + 1u, feed->active, feed->active_mw, duration_us);
    (void)channel_add(m, row, phase + 1u, feed->reactive, feed->reactive_mvar, duration_us);
    (void)channel_add(m, row, phase + 1u, feed->apparent, feed->apparent_mva, duration_us);
    uint32_t channels =
        (uint32_t)1 << feed->active | (uint32_t)1 << feed->reactive | (uint32_t)1 << feed->apparent;
    m->touched |= channels << (phase + 1u) * QD_ENERGY_COUNT;
}

/* Books the sum under the rates in force and adds to the energy that the test outputs show. */
static void sum_book(qd_metrology_t *m, const uint64_t power[QD_ENERGY_COUNT], uint32_t duration_us,
                     uint64_t output_mj[QD_MET_OUTPUTS]) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        if (power[c] == 0) {
            continue;
        }
        m->touched |= (uint32_t)1 << c;
        uint64_t whole = channel_add(m, m->rate[c], 0, c, power[c], duration_us);
        m->total_mj[c] += (int64_t)whole;
        if (c <= QD_ENERGY_A_EXPORT) {
            output_mj[0] += whole;
        } else if (c <= QD_ENERGY_R4) {
            output_mj[1] += whole;
        }
    }
}

/* Books the interval, cut at the instant of a waiting selection: both parts carry the same remainder,
 * so together they are what the whole interval would have been. */
static void sum_book_cut(qd_metrology_t *m, const uint64_t power[QD_ENERGY_COUNT],
                         const qd_quantities_t *record, uint64_t output_mj[QD_MET_OUTPUTS]) {
    uint32_t duration = record->duration_us;
    if (m->waiting && m->selection.from_us <= record->tick_us) {
        uint64_t after = record->tick_us - m->selection.from_us;
        uint32_t second = after < duration ? (uint32_t)after : duration;
        if (second < duration) {
            sum_book(m, power, duration - second, output_mj);
        }
        m->waiting = false;
        qd_met_rates_set(m, m->selection.rate);
        duration = second;
    }
    if (duration > 0) {
        sum_book(m, power, duration, output_mj);
    }
}

static void pulses_emit(qd_metrology_t *m, const uint64_t output_mj[QD_MET_OUTPUTS]) {
    for (unsigned output = 0; output < QD_MET_OUTPUTS; output++) {
        qd_met_pulse_t *pulse = &m->pulse[output];
        uint64_t sum = output_mj[output] * m->sealed.pulse_constant[output] + pulse->rest;
        uint64_t due = 0;
        if (sum >= QD_MET_MJ_PER_KWH) {
            due = sum / QD_MET_MJ_PER_KWH;
            sum -= due * QD_MET_MJ_PER_KWH;
        }
        pulse->rest = (uint32_t)sum;
        pulse->count += due;
        if (due > 0 && m->ports.pulse != NULL) {
            m->ports.pulse->emit(m->ports.pulse->context, (uint8_t)output, (uint32_t)due);
        }
    }
}

/* Of the sum or of one phase; before: what was judged of it in the last interval. */
static bool no_load_judge(const qd_metrology_t *m, bool before, uint64_t p, uint64_t q) {
    uint32_t limit = before ? m->config->no_load_leave_mw : m->config->no_load_enter_mw;
    return p < limit && q < limit;
}

/* A pause between intervals is energy that nobody measured: it is told, never estimated. */
static void gap_watch(qd_metrology_t *m, const qd_quantities_t *record) {
    uint64_t passed = record->tick_us - m->tick_us;
    if (passed > (uint64_t)record->duration_us + QD_MET_JITTER_US) {
        m->flags |= QD_METER_FLAG_GAP;
        m->gap_us += passed - record->duration_us;
        m->gap_count++;
    }
}

/* Sums of the elements, and their feeds. Returns the mask of the elements with valid values, and judges
 * the no-load of each. */
static unsigned elements_read(qd_metrology_t *m, const qd_quantities_t *record, feed_t feed[QD_PHASES],
                              uint64_t judged[2]) {
    unsigned wanted = elements(m->config->wiring);
    unsigned live = 0;
    unsigned no_load = 0;
    m->active_mw = 0;
    m->reactive_mvar = 0;
    m->apparent_mva = 0;
    for (unsigned p = 0; p < QD_PHASES; p++) {
        const qd_phase_quantities_t *phase = &record->phase[p];
        if ((wanted >> p & 1u) == 0) {
            continue;
        }
        bool before = (m->phase_no_load >> p & 1u) != 0;
        if (!phase->valid) {
            no_load |= (unsigned)no_load_judge(m, before, 0, 0) << p;
            continue;
        }
        live |= 1u << p;
        feed_set(&feed[p], phase->active_power_mw, phase->reactive_power_mvar,
                 apparent_of_phase(phase, m->config->apparent, &m->root[p + 1u]));
        m->active_mw += phase->active_power_mw;
        m->reactive_mvar += phase->reactive_power_mvar;
        m->apparent_mva += (int64_t)feed[p].apparent_mva;
        judged[0] += feed[p].active_mw;
        judged[1] += feed[p].reactive_mvar;
        no_load |= (unsigned)no_load_judge(m, before, feed[p].active_mw, feed[p].reactive_mvar) << p;
    }
    m->phase_no_load = no_load;
    m->flags &= (uint16_t)~QD_METER_FLAG_PHASE_INVALID;
    if (live != wanted) {
        m->flags |= QD_METER_FLAG_PHASE_INVALID;
    }
    return live;
}

static void interval_book(qd_metrology_t *m, const qd_quantities_t *record) {
    feed_t feed[QD_PHASES];
    uint64_t power[QD_ENERGY_COUNT] = {0};
    uint64_t judged[2] = {0, 0};
    uint64_t output_mj[QD_MET_OUTPUTS] = {0, 0};
    unsigned live = elements_read(m, record, feed, judged);

    if (m->config->sum == QD_SUM_ALGEBRAIC) {
        feed_t sum;
        judged[0] = magnitude(m->active_mw);
        judged[1] = magnitude(m->reactive_mvar);
        if (m->config->apparent == QD_APPARENT_VECTOR) {
            m->apparent_mva = (int64_t)apparent_vector(judged[0], judged[1], &m->root[0]);
        }
        feed_set(&sum, m->active_mw, m->reactive_mvar, (uint64_t)m->apparent_mva);
        feed_add(power, &sum);
    }
    m->no_load = no_load_judge(m, m->no_load, judged[0], judged[1]);
    for (unsigned p = 0; p < QD_PHASES; p++) {
        if ((live >> p & 1u) == 0) {
            continue;
        }
        if ((m->phase_no_load >> p & 1u) == 0) {
            phase_book(m, p, &feed[p], record->duration_us);
        }
        if (m->config->sum == QD_SUM_PER_PHASE) {
            feed_add(power, &feed[p]);
        }
    }
    if (m->no_load) {
        memset(power, 0, sizeof power);
    }
    sum_book_cut(m, power, record, output_mj);
    pulses_emit(m, output_mj);
}

qd_status_t qd_metrology_run(qd_metrology_t *metrology, const qd_quantities_t *record) {
    qd_metrology_t *m = metrology;
    qd_status_t status = record_check(m, record);
    if (status != QD_OK) {
        if (status == QD_RANGE) {
            m->flags |= QD_METER_FLAG_GAP;
            m->generation++;
        }
        return status;
    }
    gap_watch(m, record);
    interval_book(m, record);
    m->now = *record;
    m->tick_us = record->tick_us;
    m->measured = true;
    m->since_base_us += record->duration_us;
    m->generation++;
    return QD_OK;
}

void qd_met_rates_set(qd_metrology_t *m, const uint8_t rate[QD_ENERGY_COUNT]) {
    qd_met_reference_t *reference = &m->reference;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        if (rate[c] == m->rate[c]) {
            continue;
        }
        m->rate_changed = true;
        /* A notice can tell of one change: energy under the base's rate, and under the one in force. */
        if (m->rate[c] != reference->rate[c] && m->registers.mj[m->rate[c]][c] != reference->other_mj[c]) {
            reference->mixed = true;
        }
        m->rate[c] = rate[c];
        reference->other_mj[c] = m->registers.mj[rate[c]][c];
    }
}

void qd_met_totals_derive(qd_metrology_t *m) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        m->total_mj[c] = 0;
        for (unsigned r = 0; r < QD_MET_RATE_ROWS; r++) {
            m->total_mj[c] += m->registers.mj[r][c];
        }
    }
}
