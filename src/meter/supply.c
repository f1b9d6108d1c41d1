#include "meter/supply.h"

/* The reserve still drives a write in these states. */
static bool may_write(qd_power_state_t state) {
    return state == QD_POWER_BROWN_OUT || state == QD_POWER_HOLD_UP;
}

qd_supply_phase_t qd_supply_look(qd_supply_t *supply, qd_power_state_t state, uint64_t tick_us,
                                 uint64_t *away_us) {
    if (state == QD_POWER_MAINS) {
        bool away = supply->failing && tick_us - supply->since_us >= QD_SUPPLY_DIP_US;
        *away_us = supply->since_us;
        supply->failing = false;
        return away ? QD_SUPPLY_BACK : QD_SUPPLY_GOOD;
    }
    if (!supply->failing) {
        supply->failing = true;
        supply->kept = false;
        supply->tries = QD_SUPPLY_TRIES;
        supply->since_us = tick_us;
    }
    if (supply->kept || supply->tries == 0 || !may_write(state)) {
        return QD_SUPPLY_QUIET;
    }
    supply->tries--;
    return QD_SUPPLY_NOTICE;
}

void qd_supply_committed(qd_supply_t *supply, bool good) {
    supply->kept = good;
}
