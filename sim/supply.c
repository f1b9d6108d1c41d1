#include "medium.h"

#include <string.h>

void qd_sim_supply_init(qd_sim_supply_t *supply) {
    memset(supply, 0, sizeof *supply);
}

void qd_sim_supply_copy(qd_sim_supply_t *copy, const qd_sim_supply_t *supply) {
    *copy = *supply;
    memset(copy->devices, 0, sizeof copy->devices);
    copy->device_count = 0;
}

static void detach(qd_sim_supply_t *supply, const qd_sim_medium_t *medium) {
    uint16_t kept = 0;

    for (uint16_t i = 0; i < supply->device_count; i++) {
        if (supply->devices[i] != medium) {
            supply->devices[kept++] = supply->devices[i];
        }
    }
    supply->device_count = kept;
}

qd_status_t qd_sim_supply_attach(qd_sim_supply_t *supply, qd_sim_medium_t *medium) {
    if (medium->supply == supply) {
        return QD_OK;
    }
    if (supply->device_count == QD_SIM_SUPPLY_DEVICES) {
        return QD_NO_SPACE;
    }
    if (medium->supply != NULL) {
        detach(medium->supply, medium);
    }
    supply->devices[supply->device_count++] = medium;
    medium->supply = supply;
    return QD_OK;
}

void qd_sim_supply_cut(qd_sim_supply_t *supply, uint32_t operation, qd_sim_torn_t torn,
                       qd_sim_unsynced_t unsynced) {
    supply->cut_at = operation;
    supply->cut_torn = (uint8_t)torn;
    supply->cut_unsynced = (uint8_t)unsynced;
}

/* All devices that still live die. */
static void black_out(qd_sim_supply_t *supply, const qd_sim_blow_t *blow) {
    supply->dead = true;
    for (uint16_t i = 0; i < supply->device_count; i++) {
        if (!supply->devices[i]->dead) {
            qd_sim_medium_lose(supply->devices[i], blow);
        }
    }
}

void qd_sim_supply_power_off(qd_sim_supply_t *supply, qd_sim_unsynced_t unsynced) {
    qd_sim_blow_t blow = {.torn = QD_SIM_TORN_HALF, .unsynced = (uint8_t)unsynced};

    if (!supply->dead) {
        black_out(supply, &blow);
    }
}

void qd_sim_supply_fail(qd_sim_medium_t *medium, const qd_sim_blow_t *blow) {
    if (medium->supply != NULL) {
        black_out(medium->supply, blow);
    }
}

void qd_sim_supply_fail_between(qd_sim_medium_t *medium, uint8_t unsynced) {
    qd_sim_blow_t blow = {.torn = QD_SIM_TORN_HALF, .unsynced = unsynced};

    if (!qd_sim_medium_is_dead(medium)) {
        qd_sim_medium_lose(medium, &blow);
        qd_sim_supply_fail(medium, &blow);
    }
}

void qd_sim_supply_restart(qd_sim_supply_t *supply) {
    supply->dead = false;
    supply->limited = false;
    supply->operations = 0;
    supply->cut_at = 0;
    for (uint16_t i = 0; i < supply->device_count; i++) {
        /* A medium is the first member of its device. */
        if (supply->devices[i]->erase_size > 0) {
            qd_sim_nor_restart((qd_sim_nor_t *)(void *)supply->devices[i]);
        } else {
            qd_sim_medium_restart(supply->devices[i]);
        }
    }
}

bool qd_sim_supply_is_dead(const qd_sim_supply_t *supply) {
    return supply->dead;
}

uint32_t qd_sim_supply_operations(const qd_sim_supply_t *supply) {
    return supply->operations;
}

void qd_sim_supply_seed(qd_sim_supply_t *supply, uint64_t seed) {
    for (uint16_t i = 0; i < supply->device_count; i++) {
        qd_sim_medium_seed(supply->devices[i], seed * QD_SIM_SUPPLY_DEVICES + i);
    }
}

/* --- energy ----------------------------------------------------------------------------------------- */

void qd_sim_supply_set_costs(qd_sim_supply_t *supply, const qd_sim_costs_t *costs) {
    supply->costs = *costs;
}

void qd_sim_supply_limit(qd_sim_supply_t *supply, uint64_t energy_nj, qd_sim_unsynced_t unsynced) {
    supply->limited = true;
    supply->energy_nj = energy_nj;
    supply->limit_unsynced = (uint8_t)unsynced;
}

void qd_sim_supply_unlimit(qd_sim_supply_t *supply) {
    supply->limited = false;
}

qd_status_t qd_sim_supply_spend(qd_sim_supply_t *supply, uint64_t energy_nj) {
    if (supply->dead) {
        return QD_IO;
    }
    if (!supply->limited) {
        return QD_OK;
    }
    if (energy_nj > supply->energy_nj) {
        supply->energy_nj = 0;
        qd_sim_supply_power_off(supply, (qd_sim_unsynced_t)supply->limit_unsynced);
        return QD_IO;
    }
    supply->energy_nj -= energy_nj;
    return QD_OK;
}

uint64_t qd_sim_supply_energy_nj(const qd_sim_supply_t *supply) {
    return supply->limited ? supply->energy_nj : UINT64_MAX;
}

static uint64_t cost_of(const qd_sim_costs_t *costs, enum qd_sim_kind kind, uint32_t length) {
    switch (kind) {
    case QD_SIM_PROGRAM:
        return costs->program_nj + (uint64_t)costs->octet_nj * length;
    case QD_SIM_SYNC:
        return costs->sync_nj;
    case QD_SIM_ERASE_START:
        return costs->erase_start_nj;
    case QD_SIM_ERASE_POLL:
        break;
    }
    return costs->erase_poll_nj;
}

/* The bucket holds less than the operation costs: how far does it get? */
static void run_dry(qd_sim_supply_t *supply, enum qd_sim_kind kind, uint32_t length, qd_sim_blow_t *blow) {
    const qd_sim_costs_t *costs = &supply->costs;

    blow->hit = true;
    blow->energy = true;
    blow->torn = QD_SIM_TORN_HALF;
    blow->unsynced = supply->limit_unsynced;
    if (kind == QD_SIM_PROGRAM && supply->energy_nj >= costs->program_nj) {
        blow->begun = true;
        blow->reached = (uint32_t)((supply->energy_nj - costs->program_nj) / costs->octet_nj);
    } else if (kind == QD_SIM_SYNC) {
        blow->begun = true;
        blow->reached = (uint32_t)(supply->energy_nj * length / costs->sync_nj);
    }
    supply->energy_nj = 0;
}

void qd_sim_supply_count(qd_sim_medium_t *medium, enum qd_sim_kind kind, uint32_t length,
                         qd_sim_blow_t *blow) {
    qd_sim_supply_t *supply = medium->supply;
    uint64_t cost;

    memset(blow, 0, sizeof *blow);
    medium->operations++;
    if (medium->operations == medium->cut_at) {
        blow->hit = true;
        blow->torn = medium->cut_torn;
        blow->unsynced = medium->cut_unsynced;
    }
    if (supply == NULL) {
        return;
    }
    supply->operations++;
    if (!blow->hit && supply->operations == supply->cut_at) {
        blow->hit = true;
        blow->torn = supply->cut_torn;
        blow->unsynced = supply->cut_unsynced;
    }
    cost = cost_of(&supply->costs, kind, length);
    if (blow->hit || !supply->limited) {
        return;
    }
    if (cost > supply->energy_nj) {
        run_dry(supply, kind, length, blow);
        return;
    }
    supply->energy_nj -= cost;
}
