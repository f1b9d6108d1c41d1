#include "app/registers.h"

#include <string.h>

#include "app/gateway.h"
#include "base/integer.h"
#include "item/scalar.h"

#define MJ_PER_WH 3600000u
/* A register must hold this many hours of maximum power (IEC 62052-11 asks for less). */
#define REGISTER_HOURS 4000u

/* What the transformer ratio does to a value. */
typedef enum qd_kind {
    KIND_NONE = 0,
    KIND_ENERGY,
    KIND_POWER,
    KIND_VOLTAGE,
    KIND_CURRENT,
    KIND_COUNT
} qd_kind_t;

typedef struct qd_ratio {
    uint64_t numerator;
    uint64_t denominator;
} qd_ratio_t;

typedef struct qd_registers {
    const qd_services_t *services;
    const qd_registers_config_t *config;
    bool ratios_known;
    qd_ratio_t ratio[KIND_COUNT];
    int8_t scale[KIND_COUNT];
    uint64_t scale_divisor[KIND_COUNT];
} qd_registers_t;

static const uint8_t item_kind[] = {
    [QD_REGISTER_ENERGY + 0] = KIND_ENERGY,     [QD_REGISTER_ENERGY + 1] = KIND_ENERGY,
    [QD_REGISTER_ENERGY + 2] = KIND_ENERGY,     [QD_REGISTER_ENERGY + 3] = KIND_ENERGY,
    [QD_REGISTER_ENERGY + 4] = KIND_ENERGY,     [QD_REGISTER_ENERGY + 5] = KIND_ENERGY,
    [QD_REGISTER_ENERGY + 6] = KIND_ENERGY,     [QD_REGISTER_ENERGY + 7] = KIND_ENERGY,
    [QD_REGISTER_R_IMPORT] = KIND_ENERGY,       [QD_REGISTER_R_EXPORT] = KIND_ENERGY,
    [QD_REGISTER_A_ABSOLUTE] = KIND_ENERGY,     [QD_REGISTER_A_NET] = KIND_ENERGY,
    [QD_REGISTER_PHASE_IMPORT] = KIND_ENERGY,   [QD_REGISTER_PHASE_EXPORT] = KIND_ENERGY,
    [QD_REGISTER_P_IMPORT] = KIND_POWER,        [QD_REGISTER_P_EXPORT] = KIND_POWER,
    [QD_REGISTER_Q_IMPORT] = KIND_POWER,        [QD_REGISTER_Q_EXPORT] = KIND_POWER,
    [QD_REGISTER_S_IMPORT] = KIND_POWER,        [QD_REGISTER_S_EXPORT] = KIND_POWER,
    [QD_REGISTER_P_ABSOLUTE] = KIND_POWER,      [QD_REGISTER_P_NET] = KIND_POWER,
    [QD_REGISTER_PHASE_P_IMPORT] = KIND_POWER,  [QD_REGISTER_PHASE_P_EXPORT] = KIND_POWER,
    [QD_REGISTER_PHASE_Q_IMPORT] = KIND_POWER,  [QD_REGISTER_PHASE_Q_EXPORT] = KIND_POWER,
    [QD_REGISTER_PHASE_S] = KIND_POWER,         [QD_REGISTER_PHASE_VOLTAGE] = KIND_VOLTAGE,
    [QD_REGISTER_PHASE_CURRENT] = KIND_CURRENT, [QD_REGISTER_CURRENT_SUM] = KIND_CURRENT,
};

static qd_kind_t kind_of(uint8_t item) {
    return item < sizeof item_kind ? (qd_kind_t)item_kind[item] : KIND_NONE;
}

static int8_t scale_for(uint64_t maximum, uint64_t limit, uint64_t *divisor) {
    int8_t scale = 0;
    *divisor = 1;
    while (maximum / *divisor >= limit && scale < 12) {
        *divisor *= 10u;
        scale++;
    }
    return scale;
}

static uint64_t through(const qd_ratio_t *ratio, uint64_t value) {
    uint64_t quotient = 0;
    if (ratio->numerator == ratio->denominator) {
        return value;
    }
    (void)qd_muldiv_u64(value, ratio->numerator, ratio->denominator, &quotient, NULL);
    return quotient;
}

/* Reads the sealed ratio through the gate and fixes how coarse each kind has to be so that its type
 * holds the largest value. QD_OK, QD_PENDING. */
static qd_status_t learn_ratios(qd_registers_t *self) {
    int64_t p[QD_SEALED_PARAMETER_COUNT];
    for (size_t i = 0; i < QD_SEALED_PARAMETER_COUNT; i++) {
        qd_status_t status = qd_gateway_parameter(self->services->gateway, (uint8_t)i, &p[i]);
        if (status != QD_OK) {
            return status;
        }
    }
    bool primary = p[QD_SEALED_PRIMARY] != 0;
    const qd_ratio_t one = {1, 1};
    qd_ratio_t ct = {(uint64_t)p[QD_SEALED_CT_NUMERATOR], (uint64_t)p[QD_SEALED_CT_DENOMINATOR]};
    qd_ratio_t vt = {(uint64_t)p[QD_SEALED_VT_NUMERATOR], (uint64_t)p[QD_SEALED_VT_DENOMINATOR]};
    qd_ratio_t both = {ct.numerator * vt.numerator, ct.denominator * vt.denominator};
    self->ratio[KIND_NONE] = one;
    self->ratio[KIND_ENERGY] = primary ? both : one;
    self->ratio[KIND_POWER] = self->ratio[KIND_ENERGY];
    self->ratio[KIND_VOLTAGE] = primary ? vt : one;
    self->ratio[KIND_CURRENT] = primary ? ct : one;
    uint64_t volts = through(&self->ratio[KIND_VOLTAGE], self->config->nominal_voltage_v);
    uint64_t amperes = through(&self->ratio[KIND_CURRENT], self->config->maximum_current_a);
    uint64_t watts = 3u * (volts + 1u) * (amperes + 1u);
    uint64_t *divisor = self->scale_divisor;
    divisor[KIND_NONE] = 1;
    self->scale[KIND_NONE] = 0;
    self->scale[KIND_ENERGY] =
        scale_for(watts * REGISTER_HOURS, self->config->energy_modulus, &divisor[KIND_ENERGY]);
    self->scale[KIND_POWER] = scale_for(watts * 2u, INT32_MAX, &divisor[KIND_POWER]);
    self->scale[KIND_VOLTAGE] = scale_for(volts * 15u, UINT16_MAX, &divisor[KIND_VOLTAGE]);
    self->scale[KIND_CURRENT] = scale_for(amperes * 2000u, INT32_MAX, &divisor[KIND_CURRENT]);
    self->ratios_known = true;
    return QD_OK;
}

/* Presented value of a magnitude: times the ratio, in units of `unit`, truncated. The product has 128
 * bits: a few GWh on the primary side do not fit 64 in mJ. */
static uint64_t present(const qd_registers_t *self, qd_kind_t kind, uint64_t magnitude, uint32_t unit) {
    const qd_ratio_t *ratio = &self->ratio[kind];
    uint64_t value = magnitude;
    if (ratio->numerator == ratio->denominator) {
        value /= unit;
    } else {
        (void)qd_muldiv_u64(magnitude, ratio->numerator, ratio->denominator * unit, &value, NULL);
    }
    return self->scale_divisor[kind] == 1u ? value : value / self->scale_divisor[kind];
}

static int64_t present_signed(const qd_registers_t *self, qd_kind_t kind, int64_t value, uint32_t unit) {
    if (value < 0) {
        return -(int64_t)present(self, kind, (uint64_t)-value, unit);
    }
    return (int64_t)present(self, kind, (uint64_t)value, unit);
}

static void give_energy(const qd_registers_t *self, int64_t energy_mj, bool is_signed, qd_scalar_t *value) {
    int64_t presented = present_signed(self, KIND_ENERGY, energy_mj, MJ_PER_WH);
    presented %= (int64_t)self->config->energy_modulus;
    qd_scalar_integer(value, is_signed ? QD_TYPE_DOUBLE_LONG : QD_TYPE_DOUBLE_LONG_UNSIGNED, presented);
}

/* Energy of one rate (or of the total, rate 0) by channel. */
static qd_status_t rate_energies(const qd_registers_t *self, uint16_t rate, const int64_t **energy_mj) {
    if (rate == 0) {
        *energy_mj = self->services->gateway->snapshot.total_mj;
        return QD_OK;
    }
    if (rate > QD_RATES) {
        return QD_UNDEFINED;
    }
    return qd_gateway_page(self->services->gateway, QD_PAGE_RATE(rate), energy_mj);
}

static qd_status_t get_energy(const qd_registers_t *self, qd_ref_t ref, qd_scalar_t *value) {
    const int64_t *e = NULL;
    qd_status_t status = rate_energies(self, ref.arg, &e);
    if (status != QD_OK) {
        return status;
    }
    switch (ref.item) {
    case QD_REGISTER_R_IMPORT:
        give_energy(self, e[QD_ENERGY_R1] + e[QD_ENERGY_R2], false, value);
        break;
    case QD_REGISTER_R_EXPORT:
        give_energy(self, e[QD_ENERGY_R3] + e[QD_ENERGY_R4], false, value);
        break;
    case QD_REGISTER_A_ABSOLUTE:
        give_energy(self, e[QD_ENERGY_A_IMPORT] + e[QD_ENERGY_A_EXPORT], false, value);
        break;
    case QD_REGISTER_A_NET:
        give_energy(self, e[QD_ENERGY_A_IMPORT] - e[QD_ENERGY_A_EXPORT], true, value);
        break;
    default:
        give_energy(self, e[ref.item - QD_REGISTER_ENERGY], false, value);
        break;
    }
    return QD_OK;
}

static bool phase_exists(const qd_registers_t *self, uint16_t phase) {
    return phase < QD_PHASES && (self->config->phase_mask & (1u << phase)) != 0;
}

static qd_status_t get_phase_energy(const qd_registers_t *self, qd_ref_t ref, qd_scalar_t *value) {
    if (!phase_exists(self, ref.arg)) {
        return QD_UNDEFINED;
    }
    const int64_t *e = NULL;
    qd_status_t status = qd_gateway_page(self->services->gateway, QD_PAGE_PHASE(ref.arg), &e);
    if (status == QD_OK) {
        give_energy(self, e[ref.item == QD_REGISTER_PHASE_IMPORT ? QD_ENERGY_A_IMPORT : QD_ENERGY_A_EXPORT],
                    false, value);
    }
    return status;
}

static void give_power(const qd_registers_t *self, int64_t power_mw, qd_scalar_t *value) {
    qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED,
                       power_mw <= 0 ? 0 : present(self, KIND_POWER, (uint64_t)power_mw, 1000));
}

/* cos phi with sign of P; without apparent power it is 1 by convention. */
static void give_power_factor(int64_t active_mw, int64_t apparent_mva, qd_scalar_t *value) {
    int64_t factor = 1000;
    if (apparent_mva > 0) {
        factor = active_mw * 1000 / apparent_mva;
        factor = factor > 1000 ? 1000 : factor;
        factor = factor < -1000 ? -1000 : factor;
    }
    qd_scalar_integer(value, QD_TYPE_LONG, factor);
}

static qd_status_t get_current_sum(const qd_registers_t *self, qd_scalar_t *value) {
    uint64_t sum_ma = 0;
    for (uint8_t i = 0; i < QD_PHASES; i++) {
        const qd_phase_quantities_t *phase = &self->services->gateway->snapshot.now.phase[i];
        sum_ma += phase_exists(self, i) && phase->valid ? phase->current_ma : 0u;
    }
    qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, present(self, KIND_CURRENT, sum_ma, 1));
    return QD_OK;
}

/* Whether any element measured in the newest interval: nothing measured is not the same as nothing. */
static bool something_measured(const qd_registers_t *self) {
    for (uint16_t i = 0; i < QD_PHASES; i++) {
        if (phase_exists(self, i) && self->services->gateway->snapshot.now.phase[i].valid) {
            return true;
        }
    }
    return false;
}

static qd_status_t get_sum(const qd_registers_t *self, uint8_t item, qd_scalar_t *value) {
    const qd_snapshot_t *s = &self->services->gateway->snapshot;
    if (!something_measured(self)) {
        return QD_UNAVAILABLE;
    }
    int64_t p = s->active_power_mw;
    int64_t q = s->reactive_power_mvar;
    switch (item) {
    case QD_REGISTER_P_IMPORT:
        give_power(self, p, value);
        return QD_OK;
    case QD_REGISTER_P_EXPORT:
        give_power(self, -p, value);
        return QD_OK;
    case QD_REGISTER_Q_IMPORT:
        give_power(self, q, value);
        return QD_OK;
    case QD_REGISTER_Q_EXPORT:
        give_power(self, -q, value);
        return QD_OK;
    case QD_REGISTER_S_IMPORT:
        give_power(self, p >= 0 ? s->apparent_power_mva : 0, value);
        return QD_OK;
    case QD_REGISTER_S_EXPORT:
        give_power(self, p < 0 ? s->apparent_power_mva : 0, value);
        return QD_OK;
    case QD_REGISTER_P_ABSOLUTE:
        give_power(self, p < 0 ? -p : p, value);
        return QD_OK;
    case QD_REGISTER_P_NET:
        qd_scalar_integer(value, QD_TYPE_DOUBLE_LONG, present_signed(self, KIND_POWER, p, 1000));
        return QD_OK;
    case QD_REGISTER_POWER_FACTOR:
        give_power_factor(p, s->apparent_power_mva, value);
        return QD_OK;
    case QD_REGISTER_FREQUENCY:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, s->now.frequency_mhz);
        return s->now.frequency_mhz == 0 ? QD_UNAVAILABLE : QD_OK;
    default:
        return get_current_sum(self, value);
    }
}

static qd_status_t get_phase(const qd_registers_t *self, qd_ref_t ref, qd_scalar_t *value) {
    if (!phase_exists(self, ref.arg)) {
        return QD_UNDEFINED;
    }
    const qd_quantities_t *now = &self->services->gateway->snapshot.now;
    const qd_phase_quantities_t *phase = &now->phase[ref.arg];
    if (!phase->valid) {
        return QD_UNAVAILABLE;
    }
    int64_t apparent_mva = (int64_t)((uint64_t)phase->voltage_mv * phase->current_ma / 1000u);
    switch (ref.item) {
    case QD_REGISTER_PHASE_P_IMPORT:
        give_power(self, phase->active_power_mw, value);
        return QD_OK;
    case QD_REGISTER_PHASE_P_EXPORT:
        give_power(self, -(int64_t)phase->active_power_mw, value);
        return QD_OK;
    case QD_REGISTER_PHASE_Q_IMPORT:
        give_power(self, phase->reactive_power_mvar, value);
        return QD_OK;
    case QD_REGISTER_PHASE_Q_EXPORT:
        give_power(self, -(int64_t)phase->reactive_power_mvar, value);
        return QD_OK;
    case QD_REGISTER_PHASE_S:
        give_power(self, apparent_mva, value);
        return QD_OK;
    case QD_REGISTER_PHASE_VOLTAGE:
        qd_scalar_unsigned(value, QD_TYPE_LONG_UNSIGNED, present(self, KIND_VOLTAGE, phase->voltage_mv, 100));
        return QD_OK;
    case QD_REGISTER_PHASE_CURRENT:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED,
                           present(self, KIND_CURRENT, phase->current_ma, 1));
        return QD_OK;
    case QD_REGISTER_PHASE_POWER_FACTOR:
        give_power_factor(phase->active_power_mw, apparent_mva, value);
        return QD_OK;
    case QD_REGISTER_PHASE_FREQUENCY:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, now->frequency_mhz);
        return now->frequency_mhz == 0 ? QD_UNAVAILABLE : QD_OK;
    case QD_REGISTER_PHASE_VOLTAGE_ANGLE:
        qd_scalar_integer(value, QD_TYPE_LONG, phase->voltage_angle_ddeg);
        return QD_OK;
    default:
        qd_scalar_integer(value, QD_TYPE_LONG, phase->current_angle_ddeg);
        return QD_OK;
    }
}

static qd_status_t registers_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    qd_registers_t *self = context;
    if (!self->services->gateway->have_snapshot) {
        return QD_PENDING;
    }
    if (!self->ratios_known) {
        qd_status_t status = learn_ratios(self);
        if (status != QD_OK) {
            return status;
        }
    }
    if (ref.item >= QD_REGISTER_ENERGY && ref.item <= QD_REGISTER_A_NET) {
        return get_energy(self, ref, value);
    }
    if (ref.item == QD_REGISTER_PHASE_IMPORT || ref.item == QD_REGISTER_PHASE_EXPORT) {
        return get_phase_energy(self, ref, value);
    }
    if (ref.item >= QD_REGISTER_PHASE_P_IMPORT && ref.item <= QD_REGISTER_PHASE_CURRENT_ANGLE) {
        return get_phase(self, ref, value);
    }
    if (ref.item >= QD_REGISTER_P_IMPORT && ref.item <= QD_REGISTER_CURRENT_SUM) {
        return get_sum(self, ref.item, value);
    }
    return QD_UNDEFINED;
}

static int8_t registers_scale(void *context, qd_ref_t ref) {
    qd_registers_t *self = context;
    return self->ratios_known || learn_ratios(self) == QD_OK ? self->scale[kind_of(ref.item)] : 0;
}

static size_t registers_size(const void *config) {
    (void)config;
    return sizeof(qd_registers_t);
}

static qd_status_t registers_init(void *context, const void *config, const qd_services_t *services) {
    qd_registers_t *self = context;
    memset(self, 0, sizeof *self);
    self->services = services;
    self->config = config;
    return self->config->energy_modulus == 0 || self->config->energy_modulus > 0x80000000u ? QD_ARGUMENT
                                                                                           : QD_OK;
}

/* A ratio that the factory changed counts from the next step on. */
static void registers_due(void *context, uint64_t tick_us, uint64_t *next_us) {
    qd_registers_t *self = context;
    if (self->services->gateway->parameters_valid != (1u << QD_SEALED_PARAMETER_COUNT) - 1u) {
        self->ratios_known = false;
    }
    if (!self->ratios_known) {
        if (learn_ratios(self) == QD_PENDING) {
            *next_us = tick_us;
        }
    }
}

const qd_module_t qd_registers_module = {
    .name = "registers",
    .size = registers_size,
    .init = registers_init,
    .get = registers_get,
    .scale = registers_scale,
    .due = registers_due,
};
