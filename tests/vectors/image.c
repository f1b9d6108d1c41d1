/*
 * image: the same life of a meter leaves the same octets on every machine.
 *
 * Runs each model through twenty minutes with restarts, a clock that is set and a failing supply, and prints
 * check sums of its registers and of both memories. The lines of x86-64, 32-bit and Cortex-M must be the same;
 * what counts as passed here is that the registers have what flowed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc.h"
#include "powercut/meter_world.h"

#define LIVES 6u
#define SECONDS 200u

static meter_world_t world;

static unsigned long passed, failed;

static void expect(bool good, const char *what) {
    passed += good ? 1u : 0u;
    failed += good ? 0u : 1u;
    if (!good) {
        printf("%s: not as it must be\n", what);
    }
}

static void live(uint32_t seconds) {
    for (uint32_t i = 0; i < seconds; i++) {
        uint64_t next_us = (world.now_us / MW_SECOND_US + 1u) * MW_SECOND_US;
        expect(mw_step(&world, next_us, QD_POWER_MAINS) == QD_OK, "a second");
    }
}

static void run(const qd_model_t *model) {
    int64_t flowed_mj = 0;
    if (!mw_init(&world, model, 7)) {
        expect(false, "memory");
        return;
    }
    world.now_us = 3 * MW_SECOND_US;
    for (uint32_t i = 0; i < LIVES; i++) {
        uint64_t on_us = world.now_us;
        expect(mw_start(&world) == QD_OK, "a start");
        expect(mw_import_mj(&world) == flowed_mj, "the energy");
        live(SECONDS + i);
        world.now_us += 337000u;
        (void)mw_step(&world, world.now_us, QD_POWER_BROWN_OUT);
        flowed_mj += mw_energy_mj(&world, on_us, world.now_us);
        qd_sim_supply_power_off(&world.supply, QD_SIM_UNSYNCED_LOST);
        world.now_us += 90500000u;
        qd_sim_supply_restart(&world.supply);
    }
    printf("image %s registers %08lx%08lx fram %08lx flash %08lx\n", qd_model_name(model),
           (unsigned long)(qd_meter_hash(world.meter) >> 32),
           (unsigned long)(qd_meter_hash(world.meter) & 0xffffffffu),
           (unsigned long)qd_crc32(0, qd_sim_fram_cells(&world.fram), world.fram_port.size),
           (unsigned long)qd_crc32(0, qd_sim_nor_cells(&world.nor), world.nor_port.size));
    mw_free(&world);
}

int main(void) {
    for (size_t i = 0; i < qd_model_count(); i++) {
        run(qd_model_at(i));
    }
    printf("%lu passed, %lu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
