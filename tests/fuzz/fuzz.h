/*
 * fuzz.h - what all fuzz targets share.
 *
 * A property that does not hold traps. With -DQD_PLANTED_FAULT each target traps on one more condition,
 * deep behind its decoder and met by no seed: prove.sh shows that fuzzing finds it, so that a quiet run
 * means something. The condition stands at FUZZ_PLANT in each target.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_FUZZ_H
#define QD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MUST(condition)                                                                                 \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            __builtin_trap();                                                                                \
        }                                                                                                    \
    } while (0)

/* One part of a planted condition. The optimiser may not melt two parts into one comparison: each must stay
 * an edge that the fuzzer sees. */
#define FUZZ_STAGE(condition) ((condition) && fuzz_stage())

static inline int fuzz_stage(void) {
    __asm__ volatile("" ::: "memory");
    return 1;
}

#ifdef QD_PLANTED_FAULT
#define FUZZ_PLANT(condition) FUZZ_MUST(!(condition))
#else
#define FUZZ_PLANT(condition) ((void)(condition))
#endif

#endif
