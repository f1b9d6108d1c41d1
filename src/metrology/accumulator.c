#include "metrology/accumulator.h"

#define NJ_PER_MJ 1000000u

uint64_t qd_accumulator_add(qd_accumulator_t *accumulator, uint64_t power_mw, uint32_t duration_us) {
    /* One second is the rule and needs no 64-bit division, which a Cortex-M does in software. */
    if (duration_us == NJ_PER_MJ) {
        accumulator->whole_mj += (int64_t)power_mw;
        return power_mw;
    }
    uint64_t nj = power_mw * duration_us + accumulator->rest_nj;
    uint64_t whole = nj / NJ_PER_MJ;
    accumulator->rest_nj = (uint32_t)(nj - whole * NJ_PER_MJ);
    accumulator->whole_mj += (int64_t)whole;
    return whole;
}
