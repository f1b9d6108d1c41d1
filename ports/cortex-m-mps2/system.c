/*
 * system.c - entropy, power, pulses, the factory's jumper, the device key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <string.h>

/* --- entropy: the board has no generator, a UART brings octets of the host's ------------------ */

#define POOL 64u
#define ASK_AGAIN_US 1000000u

static uint64_t asked_us;
static bool asked;

/* Keeps the pool, which is the ring of the UART, filled; never waits. */
void qd_board_random_collect(uint64_t tick_us) {
    static const uint8_t request[] = "random 64\n";
    if (qd_uart_waiting(QD_UART_ENTROPY) >= POOL) {
        asked = false;
        return;
    }
    if (!asked || tick_us - asked_us > ASK_AGAIN_US) {
        asked = true;
        asked_us = tick_us;
        (void)qd_uart_write(QD_UART_ENTROPY, request, sizeof request - 1u);
    }
}

/* Octets are used once. A source that repeats itself is none. */
static qd_status_t fill(void *context, uint8_t *buffer, size_t length) {
    (void)context;
    if (length > qd_uart_waiting(QD_UART_ENTROPY)) {
        return QD_IO;
    }
    (void)qd_uart_read(QD_UART_ENTROPY, buffer, length);
    for (size_t i = 5; i < length; i++) {
        if (memcmp(buffer + i - 5, buffer + i - 4, 5) == 0) {
            memset(buffer, 0, length);
            return QD_IO;
        }
    }
    return QD_OK;
}

/* --- the rest --------------------------------------------------------------------------------- */

/* As it was when it was last looked at: the loop steps the meter for each change, so none is seen in passing. */
static qd_power_state_t supply;
static bool noticed; /* it fails, and the step for that is not done */

bool qd_board_power_look(uint64_t tick_us) {
    uint32_t word = qd_board_world()->power;
    qd_power_state_t now = word <= QD_POWER_ASLEEP ? (qd_power_state_t)word : QD_POWER_MAINS;
    bool moved = now != supply;
    if (now == QD_POWER_MAINS) {
        qd_board_world()->good_us = (uint32_t)tick_us;
    } else if (supply == QD_POWER_MAINS) {
        qd_board_world()->seen_us = (uint32_t)tick_us;
        noticed = true;
    }
    supply = now;
    return moved;
}

void qd_board_power_kept(uint64_t tick_us) {
    if (noticed) {
        noticed = false;
        qd_board_world()->kept_us = (uint32_t)tick_us;
        qd_board_world()->notices++;
    }
}

static qd_power_state_t power_state(void *context) {
    (void)context;
    return supply;
}

static void pulse_emit(void *context, uint8_t output, uint32_t count) {
    (void)context;
    if (output < 2u) {
        qd_board_world()->pulses[output] += count;
    }
}

static bool factory_open(void *context) {
    (void)context;
    return qd_board_fuse(QD_MPS2_FUSE_FACTORY) && qd_board_world()->sealed == 0;
}

static qd_status_t key_get(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    (void)context;
    if (!qd_board_fuse(QD_MPS2_FUSE_KEY)) {
        return QD_UNAVAILABLE;
    }
    memcpy(key, qd_board_fuses()->key, QD_DEVICE_KEY_SIZE);
    return QD_OK;
}

static const qd_random_t entropy = {.fill = fill};
static const qd_power_t power = {.state = power_state};
static const qd_pulse_port_t pulse = {.emit = pulse_emit};
static const qd_factory_t factory = {.open = factory_open};
static const qd_device_key_t device_key = {.get = key_get};

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

const qd_device_key_t *qd_board_key(void) {
    return &device_key;
}
