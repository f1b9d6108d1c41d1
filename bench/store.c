/*
 * bench_store commit N | mount N: what the storage of the three-phase meter costs.
 *
 * commit: N ordinary seconds; counted are the instructions inside of the commit, on memory that is an array. mount: a meter whose event log has
 * gone round is started N times; prints the least time of a start in microseconds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <time.h>

#include "app/event.h"
#include "tests/powercut/meter_world.h"

#define ROWS 1200u /* more than the log holds */

static meter_world_t world;

/* Memory that costs nothing but its copying: the simulator's would be most of what is counted. */
static uint8_t cells[65536];

static qd_status_t cells_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    (void)context;
    memcpy(buffer, cells + offset, length);
    return QD_OK;
}

static qd_status_t cells_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    (void)context;
    memcpy(cells + offset, buffer, length);
    return QD_OK;
}

static qd_status_t cells_sync(void *context) {
    (void)context;
    return QD_OK;
}

static const qd_block_t plain = {
    .size = sizeof cells, .read = cells_read, .program = cells_program, .sync = cells_sync};

/* Three phases with reactive power: twelve registers move in every second. */
static qd_status_t three_phases(void *context, uint64_t tick_us, qd_quantities_t *record) {
    qd_status_t status = mw_take(context, tick_us, record);
    if (status == QD_OK) {
        record->phase[0].reactive_power_mvar = record->phase[0].active_power_mw / 3;
        record->phase[1] = record->phase[0];
        record->phase[2] = record->phase[0];
    }
    return status;
}

static bool second(void) {
    return mw_step(&world, (world.now_us / MW_SECOND_US + 1u) * MW_SECOND_US, QD_POWER_MAINS) == QD_OK;
}

static bool fill(void) {
    qd_event_bus_t *bus = world.meter->modules[QD_MODULE_EVENT].state;
    for (uint32_t i = 0; i < ROWS; i++) {
        (void)qd_event_raise(bus, QD_EVENT_PARAMETRIZATION, i, 0);
        if (!second()) {
            return false;
        }
    }
    return true;
}

static uint64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool mounts(unsigned long count) {
    uint64_t least = UINT64_MAX;
    bool good = fill();
    for (unsigned long i = 0; i < count && good; i++) {
        qd_sim_supply_power_off(&world.supply, QD_SIM_UNSYNCED_LOST);
        qd_sim_supply_restart(&world.supply);
        uint64_t begin = now_ns();
        good = mw_start(&world) == QD_OK;
        uint64_t took = now_ns() - begin;
        least = took < least ? took : least;
    }
    printf("mount %llu us\n", (unsigned long long)(least / 1000u));
    return good;
}

int main(int argc, char **argv) {
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    bool good = count > 0 && mw_init(&world, qd_model_find("st402"), 1);
    if (good && strcmp(argv[1], "commit") == 0) {
        world.ports.fram = &plain;
        world.quantities.take = three_phases;
    }
    good = good && mw_start(&world) == QD_OK && second();
    if (good && strcmp(argv[1], "mount") == 0) {
        good = mounts(count);
    } else {
        for (unsigned long i = 0; i < count && good; i++) {
            good = second();
        }
    }
    if (!good) {
        printf("bench_store: wrong arguments, or the meter does not run\n");
        return 1;
    }
    mw_free(&world);
    return 0;
}
