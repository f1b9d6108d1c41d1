/*
 * bench.c - instructions of a whole meter on the Cortex-M4, step by step.
 *
 * Runs under -icount shift=0, where an instruction takes a nanosecond, and looks at SysTick (25 MHz: a count is 40
 * instructions); nothing interrupts it. Devices are arrays, as in the unit tests; records are sealed with AES-GCM.
 * Lines: NAME times least mean most, in instructions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/world.h"

#include <stdio.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYST_CSR 0xE000E010u
#define SYST_RVR 0xE000E014u
#define SYST_CVR 0xE000E018u
#define INSTRUCTIONS 40u
#define SECONDS 600u

typedef struct figure {
    const char *name;
    uint32_t times;
    uint32_t least;
    uint32_t most;
    uint64_t sum;
} figure_t;

static world_t world;

static uint32_t count(void) {
    return REG(SYST_CVR);
}

static void add(figure_t *figure, uint32_t from) {
    uint32_t instructions = ((from - count()) & 0xFFFFFFu) * INSTRUCTIONS;
    figure->least = figure->times == 0 || instructions < figure->least ? instructions : figure->least;
    figure->most = instructions > figure->most ? instructions : figure->most;
    figure->sum += instructions;
    figure->times++;
}

static void show(const figure_t *figure) {
    printf("%s %lu %lu %lu %lu\n", figure->name, (unsigned long)figure->times, (unsigned long)figure->least,
           (unsigned long)(figure->sum / figure->times), (unsigned long)figure->most);
}

static qd_status_t key_get(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    (void)context;
    memset(key, 0x5A, QD_DEVICE_KEY_SIZE);
    return QD_OK;
}

static const qd_device_key_t device_key = {.get = key_get};

/* The base record lies elsewhere than the delta: who programs the most octets has folded. */
static unsigned programmed;
static qd_status_t (*program)(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length);

static qd_status_t counting_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    programmed += length;
    return program(context, offset, buffer, length);
}

static void prepare(void) {
    world_blank(&world, qd_model_find("st402"));
    program = world.fram.program;
    world.fram.program = counting_program;
    world.ports.key = &device_key;
    for (unsigned i = 0; i < QD_PHASES; i++) {
        world.now.phase[i] = (qd_phase_quantities_t){230000, 5000, 1104000, 322000, 0, 163, true};
    }
}

static bool steps(void) {
    figure_t ordinary = {.name = "step"};
    figure_t fold = {.name = "step-fold"};
    uint64_t next_us = 0;
    for (unsigned i = 0; i < SECONDS; i++) {
        world.tick_us += WORLD_SECOND;
        programmed = 0;
        uint32_t from = count();
        if (qd_meter_step(world.meter, world.tick_us, &next_us) != QD_OK) {
            return false;
        }
        add(programmed >= QD_RECORD_METROLOGY_BASE_SIZE ? &fold : &ordinary, from);
    }
    if (fold.times == 0 || ordinary.times == 0) {
        return false;
    }
    show(&ordinary);
    show(&fold);
    return true;
}

static bool reads(void) {
    figure_t get = {.name = "get"};
    uint8_t apdu[64];
    uint64_t next_us = 0;
    size_t length = world_hex("C0 01 C1 0003 0100010800FF 02 00", apdu);
    for (unsigned i = 0; i < 100u; i++) {
        size_t before = world.line[0].out_size;
        world_put_apdu(&world, 0, SAP_MANAGEMENT, apdu, length);
        uint32_t from = count();
        (void)qd_meter_step(world.meter, world.tick_us, &next_us);
        add(&get, from);
        if (world.line[0].out_size < before + 13u || world.line[0].out[8] != 0xC4u ||
            world.line[0].out[11] != 0) {
            return false;
        }
        world.line[0].in_size = world.line[0].in_at = 0;
        world.line[0].out_size = 0;
    }
    show(&get);
    return true;
}

int main(void) {
    figure_t format = {.name = "format"};
    figure_t mount = {.name = "mount"};
    REG(SYST_RVR) = 0xFFFFFFu;
    REG(SYST_CVR) = 0;
    REG(SYST_CSR) = 5;
    prepare();
    world.fed_us = world.tick_us;
    uint32_t from = count();
    qd_status_t status = qd_meter_init(&world.memory, sizeof world.memory, world.model, &world.ports,
                                       &world.options, world.tick_us, &world.meter);
    add(&format, from);
    if (status != QD_OK || world_step(&world) != QD_OK) {
        return 1;
    }
    show(&format);
    world_run(&world, 100);
    (void)qd_meter_stop(world.meter);
    from = count();
    status = qd_meter_init(&world.memory, sizeof world.memory, world.model, &world.ports, &world.options,
                           world.tick_us, &world.meter);
    add(&mount, from);
    if (status != QD_OK || world_step(&world) != QD_OK) {
        return 1;
    }
    show(&mount);
    return steps() && world_open(&world, 0, SAP_MANAGEMENT) && reads() ? 0 : 1;
}
