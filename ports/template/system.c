/*
 * system.c - clock, random numbers, power, pulses and the factory jumper.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

/* Milliseconds of UTC since 2000. QD_UNAVAILABLE after the reserve was exhausted: a chip says so with its
 * oscillator-stop flag. */
static qd_status_t rtc_get(void *context, int64_t *utc_ms) {
    (void)context;
    *utc_ms = 0;
    return QD_UNAVAILABLE;
}

/* Sets the chip and clears its oscillator-stop flag. */
static qd_status_t rtc_set(void *context, int64_t utc_ms) {
    (void)context;
    (void)utc_ms;
    return QD_IO;
}

/* True random octets of a generator whose health test passes. Never a counter, never a time: QD_IO
 * refuses secure associations, which is right without entropy. */
static qd_status_t random_fill(void *context, uint8_t *buffer, size_t length) {
    (void)context;
    (void)buffer;
    (void)length;
    return QD_IO;
}

/* Where the energy comes from now. */
static qd_power_state_t power_state(void *context) {
    (void)context;
    return QD_POWER_MAINS;
}

/* Lets a lamp blink count times, spread over the next second by a timer. */
static void pulse_emit(void *context, uint8_t output, uint32_t count) {
    (void)context;
    (void)output;
    (void)count;
}

/* The factory jumper, read at each call: it may be pulled while the meter runs. */
static bool factory_open(void *context) {
    (void)context;
    return false;
}

static const qd_rtc_t rtc = {.context = NULL, .get = rtc_get, .set = rtc_set};
static const qd_random_t entropy = {.context = NULL, .fill = random_fill};
static const qd_power_t power = {.context = NULL, .state = power_state};
static const qd_pulse_port_t pulse = {.context = NULL, .emit = pulse_emit};
static const qd_factory_t factory = {.context = NULL, .open = factory_open};

const qd_rtc_t *qd_board_rtc(void) {
    return &rtc;
}

const qd_random_t *qd_board_random(void) {
    return &entropy;
}

const qd_power_t *qd_board_power(void) {
    return &power;
}

const qd_pulse_port_t *qd_board_pulse(void) {
    return &pulse;
}

const qd_factory_t *qd_board_factory(void) {
    return &factory;
}
