#include "metrology/state.h"

#include <string.h>

size_t qd_metrology_size(void) {
    return sizeof(qd_metrology_t);
}

static bool config_good(const qd_metrology_config_t *config) {
    bool good = config->wiring <= QD_WIRING_2_WIRE && config->sum <= QD_SUM_PER_PHASE &&
                config->apparent <= QD_APPARENT_ARITHMETIC &&
                config->no_load_leave_mw >= config->no_load_enter_mw && config->fold_period_s >= 1 &&
                config->fold_period_s <= 3600;
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        good = good && config->pulse_constant[i] >= 1 && config->pulse_constant[i] <= 100000u;
    }
    return good;
}

qd_status_t qd_metrology_init(void *memory, size_t size, const qd_metrology_config_t *config,
                              const qd_metrology_ports_t *ports, uint64_t tick_us,
                              qd_metrology_t **metrology) {
    if (memory == NULL || (uintptr_t)memory % _Alignof(qd_metrology_t) != 0 || !config_good(config) ||
        ports->records == NULL || ports->logs == NULL || tick_us >= QD_MET_TICK_LIMIT) {
        return QD_ARGUMENT;
    }
    if (size < sizeof(qd_metrology_t)) {
        return QD_NO_SPACE;
    }
    qd_metrology_t *m = memory;
    memset(m, 0, sizeof *m);
    m->config = config;
    m->ports = *ports;
    m->tick_us = tick_us;
    m->down_utc_ms = INT64_MIN;
    m->base_wanted = true;
    for (unsigned i = 0; i < 4; i++) {
        m->sealed.ratio[i] = 1;
    }
    m->sealed.pulse_constant[0] = config->pulse_constant[0];
    m->sealed.pulse_constant[1] = config->pulse_constant[1];
    qd_status_t status = qd_met_mount(m);
    if (status != QD_OK) {
        return status;
    }
    /* Should the supply fail again before the first commit, its notice stands on this base. */
    if (m->reference.valid && qd_met_fold_early(m)) {
        (void)qd_met_base_write(m, QD_MET_COMMIT, &m->clock);
    }
    /* The state of a start is one of its own: it gets the number after the last stored one, shows up at
     * the first poll and goes into a base at the first commit. */
    qd_met_latch(m);
    m->generation = 1;
    qd_met_gate_init(m);
    *metrology = m;
    return QD_OK;
}

const qd_gate_t *qd_metrology_gate(qd_metrology_t *metrology) {
    return &metrology->gate;
}

uint64_t qd_metrology_pulse_count(const qd_metrology_t *metrology, uint8_t output) {
    return output < QD_MET_OUTPUTS ? metrology->pulse[output].count : 0;
}

static uint64_t hash_u64(uint64_t hash, uint64_t value) {
    for (unsigned i = 0; i < 8; i++) {
        hash = (hash ^ (value >> (8u * i) & 0xFFu)) * 0x100000001B3u;
    }
    return hash;
}

uint64_t qd_metrology_hash(const qd_metrology_t *metrology) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (unsigned row = 0; row < QD_PAGE_COUNT; row++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            hash = hash_u64(hash, (uint64_t)metrology->registers.mj[row][c]);
        }
    }
    for (unsigned set = 0; set < QD_MET_SETS; set++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            hash = hash_u64(hash, metrology->rest_nj[set][c]);
        }
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        hash = hash_u64(hash, metrology->pulse[i].count);
        hash = hash_u64(hash, metrology->pulse[i].rest);
    }
    return hash;
}
