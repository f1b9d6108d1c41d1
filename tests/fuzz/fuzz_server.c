/*
 * fuzz_server.c - a whole meter that is sent anything by clients who are let in.
 *
 * Input: pieces, each 1 octet of choice, 1 of length and its octets. The choice tells the channel (bit 0), how
 * the octets are put (bits 1 and 2: an APDU of management, level 3 or public; 3: octets of the wrapper) and
 * whether a quarter of a second passes (bit 6).
 * Must hold: registers and their remainders do not change when nothing is measured; every answer is a good
 * frame; afterwards a new client is served, and a restart finds the same registers.
 * Planted: a time zone west of Greenwich of 4 n + 1 minutes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "app/clock_state.h"
#include "unit/meter/world.h"

#define PDU_SIZE 200u
#define PIECES_MAX 16u
#define CONFORMANCE 0x20FE5Du /* everything that the meter has */

static const uint16_t saps[] = {SAP_MANAGEMENT, SAP_LEVEL_3, SAP_PUBLIC};

/* A meter with some energy and all clients on channel 0 and 1; the passwords are those of the factory. */
static void begin(world_t *w, world_t *fresh) {
    static bool ready;
    if (!ready) {
        world_blank(fresh, qd_model_find("st402"));
        FUZZ_MUST(world_start(fresh) == QD_OK);
        fresh->now.phase[0] =
            (qd_phase_quantities_t){.voltage_mv = 230000, .active_power_mw = 36000000, .valid = true};
        world_run(fresh, 20);
        FUZZ_MUST(qd_meter_stop(fresh->meter) == QD_OK);
        ready = true;
    }
    world_blank(w, qd_model_find("st402"));
    memcpy(w->cells, fresh->cells, sizeof w->cells);
    w->feeding = false;
    FUZZ_MUST(world_start(w) == QD_OK);
    for (unsigned i = 0; i < 3; i++) {
        FUZZ_MUST(world_open_as(w, 0, saps[i], CONFORMANCE, PDU_SIZE));
        w->line[0].out_size = 0;
    }
    FUZZ_MUST(world_open_as(w, 1, SAP_MANAGEMENT, CONFORMANCE, PDU_SIZE));
}

/* Whole frames from logical device 1; how many octets they have. */
static size_t check_frames(const world_line_t *line, bool cut) {
    size_t at = 0;
    while (at < line->out_size) {
        const uint8_t *head = line->out + at;
        size_t left = line->out_size - at;
        if (cut && left < 8u) {
            break;
        }
        FUZZ_MUST(left > 8u);
        size_t length = (size_t)((head[6] << 8) | head[7]);
        FUZZ_MUST(head[0] == 0 && head[1] == 1 && head[2] == 0 && head[3] == 1);
        FUZZ_MUST(length > 0 && length <= 832u);
        if (cut && left < 8u + length) {
            break;
        }
        FUZZ_MUST(left >= 8u + length);
        at += 8u + length;
    }
    return at;
}

/* Everything written is frames; what the line had no room for follows. */
static void check_answers(world_t *w, unsigned channel) {
    world_line_t *line = &w->line[channel];
    for (unsigned times = 0; line->out_size == sizeof line->out; times++) {
        FUZZ_MUST(times < 100u);
        size_t whole = check_frames(line, true);
        line->out_size -= whole;
        memmove(line->out, line->out + whole, line->out_size);
        (void)world_step(w);
    }
    FUZZ_MUST(check_frames(line, false) == line->out_size);
    line->out_size = 0;
}

static void say(world_t *w, uint8_t choice, const uint8_t *octets, size_t length) {
    unsigned channel = choice & 1u;
    unsigned way = (choice >> 1) % 4u;
    if (way == 3u) {
        world_put(w, channel, octets, length);
    } else {
        world_put_apdu(w, channel, saps[way], octets, length);
    }
    if ((choice & 0x40u) != 0) {
        w->tick_us += 250000u;
    }
    (void)world_step(w);
    check_answers(w, channel);
}

static void planted(const world_t *w) {
    const qd_clock_t *clock = world_module(w, QD_MODULE_CLOCK);
    FUZZ_PLANT(FUZZ_STAGE(clock->settings.rule.time_zone_min > 0) &&
               FUZZ_STAGE(clock->settings.rule.time_zone_min % 4 == 1));
    (void)clock;
}

/* A client that comes afterwards finds the meter as it should be. */
static void check_afterwards(world_t *w) {
    static const uint8_t get[] = {0xC0, 1, 0xC1, 0, 3, 1, 0, 1, 8, 0, 255, 1, 0};
    static const uint8_t name[] = {0xC4, 1, 0xC1, 0, 9, 6, 1, 0, 1, 8, 0, 255};
    static const uint8_t saps_of[] = {0xC0, 1, 0xC1, 0, 17, 0, 0, 41, 0, 0, 255, 1, 0};
    static const uint8_t saps_name[] = {0xC4, 1, 0xC1, 0, 9, 6, 0, 0, 41, 0, 0, 255};
    uint8_t answer[64];
    for (unsigned i = 0; i < 2; i++) {
        w->line[i].generation += 2u;
        w->line[i].in_size = w->line[i].in_at = 0;
    }
    (void)world_step(w);
    w->line[0].out_size = 0;
    w->line[1].out_size = 0;
    FUZZ_MUST(world_open(w, 0, SAP_PUBLIC));
    size_t length = world_ask(w, 0, SAP_PUBLIC, saps_of, sizeof saps_of, answer, sizeof answer);
    FUZZ_MUST(length == sizeof saps_name && memcmp(answer, saps_name, length) == 0);
    /* Management may have changed its password, but then it did so itself. */
    if (world_open(w, 2, SAP_MANAGEMENT)) {
        length = world_ask(w, 2, SAP_MANAGEMENT, get, sizeof get, answer, sizeof answer);
        FUZZ_MUST(length == sizeof name && memcmp(answer, name, length) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world_t world;
    static world_t fresh;
    begin(&world, &fresh);
    uint64_t hash = qd_meter_hash(world.meter);
    size_t at = 0;
    for (unsigned i = 0; i < PIECES_MAX && size - at >= 2u; i++) {
        size_t length = data[at + 1u];
        uint8_t choice = data[at];
        at += 2u;
        length = length < size - at ? length : size - at;
        say(&world, choice, data + at, length);
        at += length;
        planted(&world);
    }
    FUZZ_MUST(qd_meter_hash(world.meter) == hash);
    check_afterwards(&world);
    FUZZ_MUST(qd_meter_hash(world.meter) == hash);
    FUZZ_MUST(world_restart(&world) == QD_OK);
    FUZZ_MUST(qd_meter_hash(world.meter) == hash);
    return 0;
}
