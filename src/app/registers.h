/*
 * registers.h - what was measured, in presented units.
 *
 * Purpose: the one place where quanta and quantities become the units of the registers: integers,
 * truncated, for the primary or secondary side by the sealed ratio. The resolutions are fixed: Wh,
 * varh, VAh, W, var, VA, 0.1 V, 1 mA, 1 mHz, 0.1 degree, 0.001 for power factors; with a transformer
 * ratio each kind may be coarser by the power of ten that scale() tells.
 * Context: main context.
 */
#ifndef QD_APP_REGISTERS_H
#define QD_APP_REGISTERS_H

#include "app/services.h"
#include "metrology/gate.h"

typedef struct qd_registers_config {
    uint8_t phase_mask; /* elements that exist: bit 0 L1 */
    uint32_t nominal_voltage_v;
    uint32_t maximum_current_a;
    uint32_t energy_modulus; /* energy registers roll over from modulus - 1 to 0; at most 2^31 */
} qd_registers_config_t;

/* Items. QD_REGISTER_ENERGY + qd_energy_t and the derived energies take arg 0 total, 1..8 rate;
 * those of a phase take arg 0..2. */
enum {
    QD_REGISTER_ENERGY = 1,   /* .. 8: one per energy channel */
    QD_REGISTER_R_IMPORT = 9, /* R+ = R1 + R2 */
    QD_REGISTER_R_EXPORT,     /* R- = R3 + R4 */
    QD_REGISTER_A_ABSOLUTE,   /* A+ plus A- */
    QD_REGISTER_A_NET,        /* A+ minus A-, signed */
    QD_REGISTER_PHASE_IMPORT, /* A+ of a phase */
    QD_REGISTER_PHASE_EXPORT,
    QD_REGISTER_P_IMPORT,
    QD_REGISTER_P_EXPORT,
    QD_REGISTER_Q_IMPORT,
    QD_REGISTER_Q_EXPORT,
    QD_REGISTER_S_IMPORT,
    QD_REGISTER_S_EXPORT,
    QD_REGISTER_P_ABSOLUTE,
    QD_REGISTER_P_NET,        /* signed */
    QD_REGISTER_POWER_FACTOR, /* P / S, signed as P */
    QD_REGISTER_FREQUENCY,
    QD_REGISTER_PHASE_P_IMPORT,
    QD_REGISTER_PHASE_P_EXPORT,
    QD_REGISTER_PHASE_Q_IMPORT,
    QD_REGISTER_PHASE_Q_EXPORT,
    QD_REGISTER_PHASE_S,
    QD_REGISTER_PHASE_VOLTAGE,
    QD_REGISTER_PHASE_CURRENT,
    QD_REGISTER_PHASE_POWER_FACTOR,
    QD_REGISTER_PHASE_FREQUENCY,
    QD_REGISTER_PHASE_VOLTAGE_ANGLE, /* U of the phase to U L1 */
    QD_REGISTER_PHASE_CURRENT_ANGLE, /* I of the phase to its U */
    QD_REGISTER_CURRENT_SUM
};

extern const qd_module_t qd_registers_module;

#endif
