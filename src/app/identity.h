/*
 * identity.h - who this meter is: numbers, names, versions, nominal values, transformer ratio.
 *
 * Source: IEC 62056-61 (codes), firmware version form of IDIS. Context: main context.
 */
#ifndef QD_APP_IDENTITY_H
#define QD_APP_IDENTITY_H

#include "app/services.h"

#define QD_DEVICE_IDS 10u

typedef struct qd_identity_config {
    char software_version[8]; /* V03xxyy of the part that is not legally relevant */
    uint32_t nominal_voltage_v;
    uint32_t nominal_current_a;
    uint32_t nominal_frequency_hz;
    uint32_t maximum_current_a;
} qd_identity_config_t;

/* Items. */
enum {
    QD_IDENTITY_DEVICE_ID = 1,  /* arg 0..9; 0 is the serial number, written once in manufacture */
    QD_IDENTITY_LOGICAL_DEVICE, /* logical device name, 16 octets, written once in manufacture */
    QD_IDENTITY_ELECTRICITY_ID, /* octet-string, at most 16 octets */
    QD_IDENTITY_VERSION_LEGAL,  /* of metrology, asked at the gate */
    QD_IDENTITY_VERSION_OTHER,
    QD_IDENTITY_METER_CONSTANT, /* arg 0 active, 1 reactive; pulses per kWh, asked at the gate */
    QD_IDENTITY_NOMINAL,        /* arg 0 voltage V, 1 current A, 2 frequency Hz, 3 maximum current A */
    QD_IDENTITY_RATIO           /* arg qd_sealed_parameter_t; written in manufacture only */
};

extern const qd_module_t qd_identity_module;

#endif
