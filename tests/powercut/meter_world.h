/*
 * meter_world.h - a whole meter with everything around it: simulated memories at one supply, a load whose energy is
 * known to the millijoule, a clock with a reserve, a supply that fails as it is told.
 *
 * The load is a whole number of watts that changes with every second of the world; instants are whole milliseconds. So
 * every interval is a whole number of mJ, and what the meter should have counted is a sum of integers that shares no
 * code with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_METER_WORLD_H
#define QD_TESTS_METER_WORLD_H

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter/meter_state.h"
#include "quadrant/meter.h"
#include "quadrant/sim.h"

#define MW_SECOND_US UINT64_C(1000000)
#define MW_MEMORY 40960u
#ifndef MW_ERASE_SIZE
#define MW_ERASE_SIZE 4096u
#endif
#define MW_START_UTC_MS INT64_C(821793600000) /* 2026-01-15T12:00:00Z */

typedef struct meter_world {
    alignas(max_align_t) uint8_t memory[MW_MEMORY];
    const qd_model_t *model;
    qd_sim_supply_t supply; /* its own */
    qd_sim_supply_t *outer; /* one that feeds it instead; NULL: none */
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    uint8_t *fram_memory;
    uint8_t *nor_memory;
    qd_block_t fram_port;
    qd_block_t nor_port;
    qd_quantities_port_t quantities;
    qd_rtc_t rtc;
    qd_power_t power;
    qd_device_key_t key;
    qd_meter_ports_t ports;
    qd_power_state_t state;
    uint64_t now_us;  /* of the world; also the meter's tick */
    uint64_t from_us; /* begin of the running interval */
    uint64_t seed;
    int64_t rtc_offset_ms; /* the RTC shows the world's time and this */
    qd_meter_t *meter;     /* NULL: off */
} meter_world_t;

/* W at a second of the world, 200 to 4295. */
static inline uint32_t mw_watt(const meter_world_t *w, uint64_t second) {
    uint64_t x = (second + 1u) * UINT64_C(0x9e3779b97f4a7c15) ^ w->seed;
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return 200u + (uint32_t)(x >> 52);
}

/* What flows from one instant to another, in mJ. */
static inline int64_t mw_energy_mj(const meter_world_t *w, uint64_t from_us, uint64_t to_us) {
    int64_t mj = 0;
    while (from_us < to_us) {
        uint64_t end_us = (from_us / MW_SECOND_US + 1u) * MW_SECOND_US;
        end_us = end_us < to_us ? end_us : to_us;
        mj += (int64_t)(mw_watt(w, from_us / MW_SECOND_US) * (end_us - from_us) / 1000u);
        from_us = end_us;
    }
    return mj;
}

static inline qd_status_t mw_interval(meter_world_t *w, uint64_t end_us, qd_quantities_t *record) {
    uint32_t watt = mw_watt(w, w->from_us / MW_SECOND_US);
    memset(record, 0, sizeof *record);
    record->tick_us = end_us;
    record->duration_us = (uint32_t)(end_us - w->from_us);
    record->frequency_mhz = 50000;
    record->phase[0].valid = true;
    record->phase[0].voltage_mv = 230000;
    record->phase[0].current_ma = watt * 1000u / 230u;
    record->phase[0].active_power_mw = (int32_t)(watt * 1000u);
    w->from_us = end_us;
    return QD_OK;
}

static inline qd_status_t mw_take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    meter_world_t *w = context;
    uint64_t end_us = (w->from_us / MW_SECOND_US + 1u) * MW_SECOND_US;
    return end_us > tick_us ? QD_END : mw_interval(w, end_us, record);
}

static inline qd_status_t mw_cut(void *context, uint64_t tick_us, qd_quantities_t *record) {
    meter_world_t *w = context;
    return w->from_us >= tick_us ? QD_END : mw_interval(w, tick_us, record);
}

static inline int64_t mw_rtc_ms(const meter_world_t *w) {
    return MW_START_UTC_MS + (int64_t)(w->now_us / 1000u) + w->rtc_offset_ms;
}

static inline qd_status_t mw_rtc_get(void *context, int64_t *utc_ms) {
    *utc_ms = mw_rtc_ms(context);
    return QD_OK;
}

static inline qd_status_t mw_rtc_set(void *context, int64_t utc_ms) {
    meter_world_t *w = context;
    if (qd_sim_fram_is_dead(&w->fram)) {
        return QD_IO; /* nothing runs any more that could set it */
    }
    w->rtc_offset_ms += utc_ms - mw_rtc_ms(w);
    return QD_OK;
}

static inline qd_power_state_t mw_power_state(void *context) {
    return ((const meter_world_t *)context)->state;
}

static inline qd_status_t mw_key_get(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    (void)context;
    for (uint8_t i = 0; i < QD_DEVICE_KEY_SIZE; i++) {
        key[i] = (uint8_t)(0xA0u + i);
    }
    return QD_OK;
}

/* Ports and supply belong to this place in memory: after every init and copy. */
static inline void mw_connect(meter_world_t *w) {
    qd_sim_supply_t *supply = w->outer != NULL ? w->outer : &w->supply;
    qd_sim_fram_port(&w->fram, &w->fram_port);
    qd_sim_nor_port(&w->nor, &w->nor_port);
    (void)qd_sim_fram_attach(&w->fram, supply);
    (void)qd_sim_nor_attach(&w->nor, supply);
    w->quantities = (qd_quantities_port_t){w, mw_take, mw_cut};
    w->rtc = (qd_rtc_t){w, mw_rtc_get, mw_rtc_set};
    w->power = (qd_power_t){w, mw_power_state};
    w->key = (qd_device_key_t){w, mw_key_get};
    memset(&w->ports, 0, sizeof w->ports);
    w->ports.fram = &w->fram_port;
    w->ports.flash = &w->nor_port;

    w->ports.quantities = &w->quantities;
    w->ports.rtc = &w->rtc;
    w->ports.power = &w->power;
    w->ports.key = &w->key;
}

/* A meter fresh from the factory, off, in memory that the caller has: qd_sim_fram_memory of fram_size, which is what
 * the model needs or more, and qd_sim_nor_memory of what it needs. outer: the supply that feeds it; NULL: its own. */
static inline void mw_init_at(meter_world_t *w, const qd_model_t *model, uint64_t seed,
                              qd_sim_supply_t *outer, uint32_t fram_size, void *fram_memory,
                              void *nor_memory) {
    qd_meter_release(w->memory, sizeof w->memory);
    memset(w, 0, sizeof *w);
    w->model = model;
    w->seed = seed;
    w->outer = outer;
    w->fram_memory = fram_memory;
    w->nor_memory = nor_memory;
    qd_sim_supply_init(&w->supply);
    qd_sim_fram_init(&w->fram, fram_memory, fram_size, 0, seed);
    qd_sim_nor_init(&w->nor, nor_memory, qd_meter_flash_size(model, MW_ERASE_SIZE), MW_ERASE_SIZE, seed + 1u);
    mw_connect(w);
}

static inline size_t mw_nor_memory(const qd_model_t *model) {
    return qd_sim_nor_memory(qd_meter_flash_size(model, MW_ERASE_SIZE), MW_ERASE_SIZE);
}

/* The same in memory of its own, until mw_free. False: there is none. */
static inline bool mw_init(meter_world_t *w, const qd_model_t *model, uint64_t seed) {
    void *fram_memory = malloc(qd_sim_fram_memory(qd_meter_fram_size(model)));
    void *nor_memory = malloc(mw_nor_memory(model));
    if (fram_memory == NULL || nor_memory == NULL) {
        free(fram_memory);
        free(nor_memory);
        return false;
    }
    mw_init_at(w, model, seed, NULL, qd_meter_fram_size(model), fram_memory, nor_memory);
    return true;
}

static inline void mw_free(meter_world_t *w) {
    free(w->fram_memory);
    free(w->nor_memory);
}

/* Power comes. */
static inline qd_status_t mw_start(meter_world_t *w) {
    uint64_t next_us = 0;
    qd_meter_release(w->memory, sizeof w->memory);
    memset(w->memory, 0xA5, sizeof w->memory);
    w->state = QD_POWER_MAINS;
    w->from_us = w->now_us;
    w->meter = NULL;
    qd_status_t status =
        qd_meter_init(w->memory, sizeof w->memory, w->model, &w->ports, NULL, w->now_us, &w->meter);
    return status == QD_OK ? qd_meter_step(w->meter, w->now_us, &next_us) : status;
}

/* One step at an instant of the world. */
static inline qd_status_t mw_step(meter_world_t *w, uint64_t now_us, qd_power_state_t state) {
    uint64_t next_us = 0;
    w->now_us = now_us;
    w->state = state;
    return qd_meter_step(w->meter, now_us, &next_us);
}

static inline int64_t mw_import_mj(const meter_world_t *w) {
    qd_meter_view_t view;
    qd_meter_get_view(w->meter, &view);
    return view.import_mj;
}

#endif
