/*
 * system.h - ports of random numbers, power, pulses and the outer system.
 *
 * Context: main context only.
 */
#ifndef QUADRANT_PORT_SYSTEM_H
#define QUADRANT_PORT_SYSTEM_H

#include "quadrant/status.h"
#include "quadrant/types.h"

/* Entropy for challenges, epochs and back-off. QD_OK: buffer filled; QD_IO: no entropy, use none of
 * it. */
typedef struct qd_random {
    void *context;
    qd_status_t (*fill)(void *context, uint8_t *buffer, size_t length);
} qd_random_t;

/*
 * Power states of the meter, in the order in which a failing supply goes through them. A supply may come back
 * from any of them, and may be gone without having shown any.
 */
typedef enum qd_power_state {
    QD_POWER_MAINS = 0, /* all is well */
    QD_POWER_BROWN_OUT, /* notice: the supply fails; what is to be kept must be committed within 10 ms */
    QD_POWER_HOLD_UP,   /* the reserve drives the processor: nothing is written any more */
    QD_POWER_LAST_GASP, /* the reserve ends: nothing is done any more */
    QD_POWER_BATTERY_READING,
    QD_POWER_ASLEEP
} qd_power_state_t;

typedef struct qd_power {
    void *context;
    qd_power_state_t (*state)(void *context);
} qd_power_t;

/* Optical test outputs (LED). count pulses of output became due at the end of this second. */
typedef struct qd_pulse_port {
    void *context;
    void (*emit)(void *context, uint8_t output, uint32_t count);
} qd_pulse_port_t;

/* True while the meter is in manufacture state (factory jumper, before the seal): write-once values
 * may be written then. */
typedef struct qd_factory {
    void *context;
    bool (*open)(void *context);
} qd_factory_t;

#endif
