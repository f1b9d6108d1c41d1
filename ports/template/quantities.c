/*
 * quantities.c - the measuring element.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

/* Gives the oldest finished interval, one per second. Ticks are those of qd_board_tick_us; intervals may
 * leave gaps but never overlap. QD_IO when the element does not answer: the meter flags the gap. */
static qd_status_t take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    (void)context;
    (void)tick_us;
    (void)record;
    return QD_END;
}

static const qd_quantities_port_t quantities = {.context = NULL, .take = take};

const qd_quantities_port_t *qd_board_quantities(void) {
    return &quantities;
}
