/*
 * board.c - the main loop of a board, its tick and its sleep.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

uint64_t qd_board_tick_us(void) {
    /* Read a free-running timer of 64 bits, or widen one of 32 in its overflow interrupt. */
    return 0;
}

void qd_board_wait(uint64_t tick_us) {
    /* Set the compare register to tick_us and wait for an interrupt. An octet on a channel and the end
     * of a measuring interval must end the wait. */
    (void)tick_us;
}

qd_status_t qd_board_run(const qd_model_t *model, void *memory, size_t size) {
    qd_meter_ports_t ports = {
        .fram = qd_board_fram(),
        .flash = qd_board_flash(),
        .quantities = qd_board_quantities(),
        .key = qd_board_key(),
        .rtc = qd_board_rtc(),
        .random = qd_board_random(),
        .power = qd_board_power(),
        .pulse = qd_board_pulse(),
        .factory = qd_board_factory(),
        .channel_count = qd_model_channel_count(model),
    };
    qd_meter_t *meter;
    qd_status_t status;
    uint64_t next_us;

    for (uint8_t n = 0; n < ports.channel_count; n++) {
        ports.channel[n] = qd_board_channel(n);
    }
    status = qd_meter_init(memory, size, model, &ports, NULL, qd_board_tick_us(), &meter);
    while (status == QD_OK || status == QD_IO) {
        /* QD_IO: the commit of this step failed. The meter goes on and tries again; show it if the board
         * has a lamp for it. */
        status = qd_meter_step(meter, qd_board_tick_us(), &next_us);
        qd_board_wait(next_us);
    }
    return status;
}
