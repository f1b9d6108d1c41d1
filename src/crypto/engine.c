/*
 * engine.c - which of BearSSL's implementations a target uses: the only place that chooses.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypto/internal.h"

#ifdef QD_NO_DATA_CACHE

/* The target's build says so (cmake/arm-none-eabi.cmake): a table look-up takes the same time wherever it goes. Tables
 * are then as safe as bit slicing, and several times faster. A core with a data cache, or flash behind one that serves
 * data, must not set it. */
qd_gcm_engine_t qd_gcm_engine_best(void) {
    qd_gcm_engine_t engine = {&br_aes_big_ctr_vtable, br_ghash_ctmul, 16};

    return engine;
}

#else

#if UINTPTR_MAX > 0xFFFFFFFFu
static const qd_gcm_engine_t portable = {&br_aes_ct64_ctr_vtable, br_ghash_ctmul64, 64};
#else
static const qd_gcm_engine_t portable = {&br_aes_ct_ctr_vtable, br_ghash_ctmul, 32};
#endif

/* Both questions are answered "no" where the processor is another one. */
qd_gcm_engine_t qd_gcm_engine_best(void) {
    qd_gcm_engine_t engine = portable;
    const br_block_ctr_class *ctr = br_aes_x86ni_ctr_get_vtable();
    br_ghash ghash = br_ghash_pclmul_get();

    if (ctr != NULL) {
        engine.ctr = ctr;
        engine.stride = 64;
    }
    if (ghash != NULL) {
        engine.ghash = ghash;
    }
    return engine;
}

#endif
