/*
 * accumulator.c - a thousand million additions against the closed form.
 *
 * The exact energy of n additions of P mW over t us is n * P * t nJ. Powers and durations go round in
 * short cycles, so that the exact sum is known by multiplication, and the remainder after any number of
 * additions with it.
 */
#include "metrology/accumulator.h"

#include <inttypes.h>
#include <stdio.h>

#define NJ_PER_MJ 1000000u

typedef struct term {
    uint64_t power_mw;
    uint32_t duration_us;
} term_t;

static unsigned passed;
static unsigned failed;

static void check(bool good, const char *what) {
    if (good) {
        passed++;
    } else {
        failed++;
        printf("failed: %s\n", what);
    }
}

/* rounds cycles over the terms; every addition's whole mJ are summed as well. */
static void run(const char *what, const term_t *terms, unsigned count, uint32_t rounds) {
    qd_accumulator_t accumulator = {0, 0};
    uint64_t returned = 0;
    uint64_t cycle_whole = 0; /* of one cycle: whole mJ and nJ, exactly */
    uint64_t cycle_nj = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t nj = terms[i].power_mw * terms[i].duration_us;
        cycle_whole += nj / NJ_PER_MJ;
        cycle_nj += nj % NJ_PER_MJ;
    }
    for (uint32_t n = 0; n < rounds; n++) {
        for (unsigned i = 0; i < count; i++) {
            returned += qd_accumulator_add(&accumulator, terms[i].power_mw, terms[i].duration_us);
        }
    }
    uint64_t nj = cycle_nj * rounds;
    uint64_t whole = cycle_whole * rounds + nj / NJ_PER_MJ;
    printf("%s: %" PRIu64 " additions, %" PRId64 " mJ, rest %" PRIu32 " nJ\n", what, (uint64_t)count * rounds,
           accumulator.whole_mj, accumulator.rest_nj);
    check((uint64_t)accumulator.whole_mj == whole, "whole mJ");
    check(accumulator.rest_nj == nj % NJ_PER_MJ, "rest");
    check(returned == whole, "sum of what was returned");
}

int main(void) {
    static const term_t seconds[] = {{1234567, 1000000}};
    static const term_t smallest[] = {{1, 1}};
    static const term_t odd[] = {
        {1, 999999}, {999999, 1}, {230001, 1000001}, {7, 1000000}, {69000000, 333333}};
    static const term_t largest[] = {{UINT64_C(1) << 40, 10000000}, {30000000000, 9999999}, {4294967295, 3}};
    run("one second", seconds, 1, 600000000);
    run("one microsecond", smallest, 1, 200000001);
    run("odd durations", odd, 5, 40000001);
    run("largest", largest, 3, 700003);
    run("none", seconds, 1, 0);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
