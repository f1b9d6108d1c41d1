/*
 * raw_copy.h - copies of memory in which a meter lives, with the gaps between its parts that nobody else may touch when
 * AddressSanitizer watches (src/meter/gap.h). A copy that is put back lies where it came from, so the gaps still fit.
 */
#ifndef QD_TESTS_RAW_COPY_H
#define QD_TESTS_RAW_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "meter/gap.h"

#ifdef __clang__
#define QD_RAW __attribute__((no_sanitize("address")))
#else
#define QD_RAW __attribute__((no_sanitize_address))
#endif

/* The sanitizer looks at memcpy itself, wherever it is called. */
QD_RAW static inline void raw_copy(void *to, const void *from, size_t size) {
    volatile uint8_t *into = to;
    const volatile uint8_t *out = from;
    size_t i = 0;
    if (QD_GAP_SIZE == 0) {
        memcpy(to, from, size);
        return;
    }
    for (; i + 8u <= size && ((uintptr_t)to & 7u) == 0 && ((uintptr_t)from & 7u) == 0; i += 8u) {
        *(volatile uint64_t *)(void *)((uint8_t *)to + i) =
            *(const volatile uint64_t *)(const void *)((const uint8_t *)from + i);
    }
    for (; i < size; i++) {
        into[i] = out[i];
    }
}

#endif
