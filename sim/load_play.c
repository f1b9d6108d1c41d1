/*
 * load_play.c - lookup in a load table, and the player that makes it a quantities port.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load_table.h"

#include <string.h>

#define SECOND_US 1000000u

uint32_t qd_load_rows(const qd_load_t *load) {
    return load->rows;
}

uint32_t qd_load_period_s(const qd_load_t *load) {
    return load->period_s;
}

uint8_t qd_load_phase_mask(const qd_load_t *load) {
    return load->phase_mask;
}

/* The last row at or before second, which is within the period. */
static uint32_t search(const qd_load_t *load, uint32_t second) {
    uint32_t low = 0, high = load->rows;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (load->row[middle].second <= second) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool holds(const qd_load_t *load, uint32_t row, uint32_t second) {
    return row < load->rows && load->row[row].second <= second &&
           (row + 1 == load->rows || load->row[row + 1].second > second);
}

void qd_load_at(const qd_load_t *load, int64_t second, uint32_t *row, qd_quantities_t *record) {
    int64_t rest = second % (int64_t)load->period_s;
    uint32_t position = (uint32_t)(rest < 0 ? rest + load->period_s : rest);

    if (!holds(load, *row, position)) {
        *row = holds(load, *row + 1, position) ? *row + 1 : search(load, position);
    }
    (void)memcpy(record->phase, load->row[*row].phase, sizeof record->phase);
    record->frequency_mhz = load->row[*row].frequency_mhz;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void apply_constant(const qd_load_facts_t *facts, qd_quantities_t *record) {
    int64_t left = (int64_t)facts->total_w * 1000;
    int32_t phases = 0;

    for (unsigned n = 0; n < QD_PHASES; n++) {
        phases += record->phase[n].valid && record->phase[n].voltage_mv > 0 ? 1 : 0;
    }
    for (unsigned n = 0; n < QD_PHASES; n++) {
        qd_phase_quantities_t *phase = &record->phase[n];
        int64_t power, current;

        if (!phase->valid || phase->voltage_mv == 0) {
            continue;
        }
        power = left / phases; /* what does not divide goes to the last phase */
        left -= power;
        phases--;
        current = (power < 0 ? -power : power) * 1000 / phase->voltage_mv;
        phase->active_power_mw = (int32_t)power;
        phase->reactive_power_mvar = 0;
        phase->current_ma = (uint32_t)(current > 10000000 ? 10000000 : current);
        phase->current_angle_ddeg = power < 0 ? 1800 : 0;
    }
}

static void reverse(qd_phase_quantities_t *phase) {
    int angle = phase->current_angle_ddeg + (phase->current_angle_ddeg > 0 ? -1800 : 1800);

    phase->active_power_mw = -phase->active_power_mw;
    phase->reactive_power_mvar = -phase->reactive_power_mvar;
    phase->current_angle_ddeg = (int16_t)(phase->current_ma == 0 ? 0 : angle);
}

static void apply_facts(const qd_load_facts_t *facts, qd_quantities_t *record) {
    bool live = false;

    /* A lost phase is measured, and there is nothing on it. */
    for (unsigned n = 0; n < QD_PHASES; n++) {
        if ((facts->dead || (facts->dropped >> n & 1u) != 0) && record->phase[n].valid) {
            (void)memset(&record->phase[n], 0, sizeof record->phase[n]);
            record->phase[n].valid = true;
        }
    }
    if (facts->constant) {
        apply_constant(facts, record);
    }
    for (unsigned n = 0; n < QD_PHASES; n++) {
        if ((facts->reversed >> n & 1u) != 0 && record->phase[n].valid) {
            reverse(&record->phase[n]);
        }
        live = live || (record->phase[n].valid && record->phase[n].voltage_mv > 0);
    }
    if (!live) {
        record->frequency_mhz = 0;
    }
}

/* --- player ----------------------------------------------------------------------------------- */

/* UTC at a tick in microseconds since 2000; negative before. */
static int64_t utc_us(const qd_load_player_t *player, uint64_t tick_us) {
    return player->utc_ms * 1000 + (int64_t)tick_us;
}

static int64_t floor_seconds(int64_t us) {
    int64_t rest = us % SECOND_US;

    return (us - rest) / SECOND_US - (rest < 0 ? 1 : 0);
}

void qd_load_player_start(qd_load_player_t *player, uint64_t tick_us) {
    int64_t us = utc_us(player, tick_us);

    player->begin_us = tick_us;
    player->end_us = tick_us + (uint64_t)((floor_seconds(us) + 1) * SECOND_US - us);
}

void qd_load_player_cut(qd_load_player_t *player, uint64_t tick_us) {
    if (tick_us > player->begin_us && tick_us < player->end_us) {
        player->end_us = tick_us;
    }
}

static qd_status_t take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    qd_load_player_t *player = context;
    int64_t second;

    if (player->off || tick_us < player->end_us) {
        return QD_END;
    }
    second = floor_seconds(utc_us(player, player->begin_us)) - player->origin_utc_s;
    qd_load_at(player->load, second, &player->row, record);
    if (player->facts.dead || player->facts.dropped != 0 || player->facts.reversed != 0 ||
        player->facts.constant) {
        apply_facts(&player->facts, record);
    }
    record->tick_us = player->end_us;
    record->duration_us = (uint32_t)(player->end_us - player->begin_us);
    qd_load_player_start(player, player->end_us);
    return QD_OK;
}

/* Records that are due already come first; each call gives one. */
static qd_status_t cut(void *context, uint64_t tick_us, qd_quantities_t *record) {
    qd_load_player_t *player = context;

    if (tick_us <= player->begin_us) {
        return QD_END;
    }
    qd_load_player_cut(player, tick_us);
    return take(context, tick_us, record);
}

qd_quantities_port_t qd_load_player_port(qd_load_player_t *player) {
    qd_quantities_port_t port = {.context = player, .take = take, .cut = cut};

    return port;
}
