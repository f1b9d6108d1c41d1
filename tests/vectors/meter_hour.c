/*
 * meter_hour.c - one hour of two whole meters, fed and asked over DLMS; prints every register.
 *
 * The text must be the same octets from every compiler and word size (its hash is checked here), and its
 * registers are those that tests/models/energy_model.py computes. The meters run alone and interleaved, with
 * the gate by call and by link.
 *
 * Input per meter: an LCG, x = x * 6364136223846793005 + 1442695040888963407 mod 2^64, value (x >> 33) mod
 * limit. The order of the draws is that of second().
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/world.h"

#include <inttypes.h>
#include <stdio.h>

#define METERS 2u
#define SECONDS 3600u
#define TEXT_HASH UINT64_C(0xA68EE4D50420A07C)

typedef struct counts {
    unsigned passed;
    unsigned failed;
} counts_t;

typedef struct run {
    world_t world;
    uint64_t state;
    char text[16384];
    size_t length;
    uint64_t hash;
} run_t;

static const uint64_t seeds[METERS] = {20000101, 20991231};

static void check(counts_t *counts, bool good, const char *what, unsigned meter) {
    if (good) {
        counts->passed++;
    } else {
        counts->failed++;
        fprintf(stderr, "m%u: %s\n", meter, what);
    }
}

static uint32_t below(uint64_t *state, uint32_t limit) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % limit);
}

static int32_t between(uint64_t *state, int32_t span) {
    return (int32_t)below(state, 2u * (uint32_t)span + 1u) - span;
}

/* One second: in one of forty a script switches the rate before it; small loads every tenth minute. */
static void second(counts_t *counts, run_t *run, unsigned meter, uint32_t number) {
    world_t *w = &run->world;
    if (below(&run->state, 40) == 0) {
        uint8_t script[] = {0xC3, 1,   0xC1, 0, 9, 0,    0, 10,
                            0,    100, 255,  1, 1, 0x12, 0, (uint8_t)(1u + below(&run->state, 8))};
        static const uint8_t done[] = {0xC7, 1, 0xC1, 0, 0};
        uint8_t answer[64] = {0};
        size_t length = world_ask(w, 0, SAP_MANAGEMENT, script, sizeof script, answer, sizeof answer);
        check(counts, length == sizeof done && memcmp(answer, done, sizeof done) == 0, "script", meter);
    }
    int32_t span = number / 60u % 10u == 9u ? 700 : 30000000;
    for (unsigned p = 0; p < QD_PHASES; p++) {
        qd_phase_quantities_t *phase = &w->now.phase[p];
        phase->valid = below(&run->state, 100) >= 3;
        phase->voltage_mv = below(&run->state, 280001);
        phase->current_ma = below(&run->state, 100001);
        phase->active_power_mw = between(&run->state, span);
        phase->reactive_power_mvar = between(&run->state, span);
    }
    world_run(w, 1);
}

static void print_register(counts_t *counts, run_t *run, unsigned meter, uint8_t c, uint8_t e) {
    const uint8_t get[] = {0xC0, 1, 0xC1, 0, 3, 1, 0, c, 8, e, 255, 2, 0};
    uint8_t answer[64] = {0};
    size_t length = world_ask(&run->world, 1, SAP_LEVEL_1, get, sizeof get, answer, sizeof answer);
    check(counts, length == 9 && answer[3] == 0 && (answer[4] == 5 || answer[4] == 6), "register", meter);
    uint32_t value =
        ((uint32_t)answer[5] << 24) | ((uint32_t)answer[6] << 16) | ((uint32_t)answer[7] << 8) | answer[8];
    int64_t number =
        answer[4] == 5 && value > INT32_MAX ? (int64_t)value - INT64_C(0x100000000) : (int64_t)value;
    run->length += (size_t)snprintf(run->text + run->length, sizeof run->text - run->length,
                                    "m%u 1-0:%u.8.%u %" PRId64 "\n", meter, c, e, number);
}

static void print_meter(counts_t *counts, run_t *run, unsigned meter) {
    static const uint8_t groups[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16};
    static const uint8_t phases[] = {21, 22, 41, 42, 61, 62};
    for (size_t i = 0; i < sizeof groups; i++) {
        for (uint8_t e = 0; e <= 8; e++) {
            print_register(counts, run, meter, groups[i], e);
        }
    }
    for (size_t i = 0; i < sizeof phases; i++) {
        print_register(counts, run, meter, phases[i], 0);
    }
    run->hash = qd_meter_hash(run->world.meter);
    run->length += (size_t)snprintf(run->text + run->length, sizeof run->text - run->length,
                                    "m%u hash %016" PRIx64 "\n", meter, run->hash);
}

static void start(counts_t *counts, run_t *run, unsigned meter, const qd_gate_way_t *gate) {
    qd_meter_release(run, sizeof *run);
    memset(run, 0, sizeof *run);
    run->state = seeds[meter];
    world_blank(&run->world, qd_model_find("st402"));
    run->world.options.gate = gate;
    check(counts, world_start(&run->world) == QD_OK, "start", meter);
    check(counts, world_open(&run->world, 0, SAP_MANAGEMENT), "association of management", meter);
    check(counts, world_open(&run->world, 1, SAP_LEVEL_1), "association of level 1", meter);
}

static bool same(const run_t *one, const run_t *other) {
    return one->hash == other->hash && one->length == other->length &&
           memcmp(one->text, other->text, one->length) == 0;
}

static uint64_t hash_text(uint64_t hash, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001B3);
    }
    return hash;
}

int main(void) {
    static run_t alone[METERS];
    static run_t again[METERS];
    counts_t counts = {0, 0};
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (unsigned m = 0; m < METERS; m++) {
        start(&counts, &alone[m], m, NULL);
        for (uint32_t s = 0; s < SECONDS && counts.failed == 0; s++) {
            second(&counts, &alone[m], m, s);
        }
        print_meter(&counts, &alone[m], m);
        fputs(alone[m].text, stdout);
        hash = hash_text(hash, alone[m].text, alone[m].length);
        check(&counts, world_restart(&alone[m].world) == QD_OK, "restart", m);
        check(&counts, qd_meter_hash(alone[m].world.meter) == alone[m].hash, "hash after restart", m);
    }
    for (unsigned by_link = 0; by_link < 2; by_link++) {
        for (unsigned m = 0; m < METERS; m++) {
            start(&counts, &again[m], m, by_link != 0 ? &qd_gate_by_loopback : NULL);
        }
        for (uint32_t s = 0; s < SECONDS && counts.failed == 0; s++) {
            for (unsigned m = 0; m < METERS; m++) {
                second(&counts, &again[m], m, s);
            }
        }
        for (unsigned m = 0; m < METERS; m++) {
            print_meter(&counts, &again[m], m);
            check(&counts, same(&again[m], &alone[m]),
                  by_link == 0 ? "interleaved as alone" : "by link as by call", m);
        }
    }
    if (hash != TEXT_HASH) {
        fprintf(stderr, "text %016" PRIx64 "\n", hash);
    }
    check(&counts, hash == TEXT_HASH, "the text of every machine", METERS);
    printf("%u passed, %u failed\n", counts.passed, counts.failed);
    return counts.failed == 0 ? 0 : 1;
}
