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

#include "app/event.h"

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

/* Steps at the present tick until nothing is left to do. */
static void drain(figure_t *figure) {
    uint64_t next_us = world.tick_us;
    for (unsigned i = 0; i < 1000u && next_us <= world.tick_us; i++) {
        uint32_t from = count();
        (void)qd_meter_step(world.meter, world.tick_us, &next_us);
        add(figure, from);
    }
}

static void raise(unsigned events) {
    for (unsigned i = 0; i < events; i++) {
        (void)qd_event_raise(world_module(&world, QD_MODULE_EVENT), QD_EVENT_PARAMETRIZATION, i, 0);
    }
}

/* Bursts until the log is full and drops its oldest rows. */
static bool bursts(void) {
    figure_t figure = {.name = "events-8"};
    for (unsigned i = 0; i < 80u; i++) {
        world.tick_us += WORLD_SECOND;
        raise(8);
        drain(&figure);
    }
    show(&figure);
    return !qd_event_waits(world_module(&world, QD_MODULE_EVENT));
}

/* One request in a second that also books and commits, and what its answer takes. The octet at `at` of the answer. */
static uint8_t ask(figure_t *figure, const uint8_t *apdu, size_t length, size_t at) {
    uint8_t answer[4096];
    world.tick_us += WORLD_SECOND;
    world_put_apdu(&world, 0, SAP_MANAGEMENT, apdu, length);
    drain(figure);
    size_t got = world_get_apdu(&world, 0, SAP_MANAGEMENT, answer, sizeof answer);
    return got == WORLD_MISFRAMED || got <= at ? 0xFFu : answer[at];
}

/* A long GET to its end: its first answer and the blocks behind it. */
static bool long_read(const char *request, figure_t *first, figure_t *blocks) {
    uint8_t apdu[128];
    size_t length = world_hex(request, apdu);
    uint8_t last = ask(first, apdu, length, 3);
    for (uint8_t block = 1; last == 0 && block < 100u; block++) {
        const uint8_t next[] = {0xC0, 2, 0xC1, 0, 0, 0, block};
        last = ask(blocks, next, sizeof next, 3);
    }
    return last == 1;
}

/* The whole event log; all of it by time, and of its middle the codes only; all of it by number. */
static bool tables(void) {
#define BUFFER "C0 01 C1 0007 0000636200FF 02 "
#define CLOCK "0204 12 0008 09060000010000FF 0F02 120000 "
#define BOUND(year) "090C " year " 01 01 FF 00 00 00 FF 8000 FF "
#define CODES "0101 0204 12 0001 09060000600B00FF 0F02 120000"
    figure_t range = {.name = "range-read"};
    figure_t entry = {.name = "entry-read"};
    figure_t first = {.name = "buffer-get"};
    figure_t block = {.name = "block-get"};
    if (!long_read(BUFFER "01 01 0204 " CLOCK BOUND("07EA") BOUND("07EB") "0100", &range, &range) ||
        !long_read(BUFFER "01 01 0204 " CLOCK BOUND("07EA") BOUND("07EB") CODES, &range, &range) ||
        !long_read(BUFFER "01 02 0204 06 00000001 06 00000000 12 0001 12 0000", &entry, &entry) ||
        !long_read(BUFFER "01 02 0204 06 00000001 06 00000000 12 0002 12 0002", &entry, &entry) ||
        !long_read(BUFFER "00", &first, &block)) {
        return false;
    }
    show(&range);
    show(&entry);
    show(&first);
    show(&block);
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
    return steps() && world_open(&world, 0, SAP_MANAGEMENT) && reads() && bursts() && tables() ? 0 : 1;
}
