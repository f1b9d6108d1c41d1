/*
 * board.h - a board that has nothing: where porting begins. docs/porting.md is the way through it.
 */
#ifndef QD_PORT_TEMPLATE_BOARD_H
#define QD_PORT_TEMPLATE_BOARD_H

#include "quadrant/meter.h"
#include "quadrant/port/key.h"

/* Each gives one port of the board; the struct stays valid for ever. */
const qd_block_t *qd_board_fram(void);
const qd_block_t *qd_board_flash(void);
const qd_quantities_port_t *qd_board_quantities(void);
const qd_rtc_t *qd_board_rtc(void);
const qd_random_t *qd_board_random(void);
const qd_power_t *qd_board_power(void);
const qd_pulse_port_t *qd_board_pulse(void);
const qd_factory_t *qd_board_factory(void);
const qd_device_key_t *qd_board_key(void);
const qd_channel_port_t *qd_board_channel(uint8_t n);

/* Monotonic microseconds since the start; never backwards, no jumps when UTC is set. */
uint64_t qd_board_tick_us(void);
/* Sleeps until tick_us or until an interrupt has work, whichever is first. */
void qd_board_wait(uint64_t tick_us);

/* Starts a meter of model in memory and runs it; returns only when it cannot be started. */
qd_status_t qd_board_run(const qd_model_t *model, void *memory, size_t size);

#endif
