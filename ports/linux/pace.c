/*
 * pace.c - octets at the speed of a line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pace.h"

#define BITS UINT64_C(10) /* 8N1 and 7E1 alike */
#define NS_PER_S UINT64_C(1000000000)

void qd_pace_set(qd_pace_t *pace, uint32_t baud) {
    pace->octet_ns = baud == 0 ? 0 : (BITS * NS_PER_S + baud / 2u) / baud;
}

uint32_t qd_pace_through(qd_pace_t *pace, uint64_t now_ns, uint32_t waiting) {
    uint64_t through;

    if (pace->octet_ns == 0 || waiting == 0) {
        pace->busy = false;
        return waiting;
    }
    if (!pace->busy) {
        pace->busy = true;
        pace->begun_ns = now_ns;
        return 0;
    }
    through = (now_ns - pace->begun_ns) / pace->octet_ns;
    if (through >= waiting) {
        pace->busy = false;
        return waiting;
    }
    pace->begun_ns += through * pace->octet_ns;
    return (uint32_t)through;
}
