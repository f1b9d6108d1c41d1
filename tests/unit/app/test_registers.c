/*
 * test_registers.c - quanta to presented units: truncation, roll-over, transformer ratios, signs.
 *
 * 1 Wh is 3,600,000 mJ. Registers of metrology are set to the value under test, read over DLMS.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/registers.h"
#include "metrology/state.h"

#define WH INT64_C(3600000)

static world_t world;

static void energy(unsigned channel, int64_t mj) {
    qd_metrology_t *m = world.meter->door->metrology;
    m->registers.mj[1][channel] = mj;
    m->total_mj[channel] = mj;
    m->generation++;
    world_run(&world, 1);
}

static qd_status_t get(uint8_t number, uint16_t arg, qd_scalar_t *value) {
    const qd_call_t call = world_call(&world);
    const qd_ref_t ref = {QD_MODULE_REGISTERS, number, arg};
    return qd_registers_module.get(world_module(&world, QD_MODULE_REGISTERS), &call, ref, value);
}

static int64_t number(uint8_t item, uint16_t arg) {
    qd_scalar_t value;
    assert_int_equal(get(item, arg, &value), QD_OK);
    return value.v.i;
}

static int8_t shift(uint8_t item) {
    const qd_ref_t ref = {QD_MODULE_REGISTERS, item, 0};
    return qd_registers_module.scale(world_module(&world, QD_MODULE_REGISTERS), ref);
}

static void seal(uint8_t parameter, int64_t value) {
    const qd_gate_t *gate = qd_metrology_gate(world.meter->door->metrology);
    qd_gate_request_t request = {.kind = QD_GATE_SET_PARAMETER};
    qd_gate_reply_t reply;
    request.u.parameter.parameter = parameter;
    request.u.parameter.value = value;
    assert_int_equal(gate->submit(gate->context, &request), QD_OK);
    assert_int_equal(gate->reply(gate->context, &reply), QD_OK);
    assert_int_equal(reply.status, QD_OK);
}

static void ratio(int64_t ct, int64_t ct_by, int64_t vt, int64_t vt_by, bool primary) {
    world_blank(&world, qd_model_find("st402"));
    world.factory_open = true;
    assert_int_equal(world_start(&world), QD_OK);
    seal(QD_SEALED_CT_NUMERATOR, ct);
    seal(QD_SEALED_CT_DENOMINATOR, ct_by);
    seal(QD_SEALED_VT_NUMERATOR, vt);
    seal(QD_SEALED_VT_DENOMINATOR, vt_by);
    seal(QD_SEALED_PRIMARY, primary);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
}

static void test_watt_hours_are_truncated(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    energy(QD_ENERGY_A_IMPORT, WH - 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 0);
    energy(QD_ENERGY_A_IMPORT, WH);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 1), 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 2), 0);
    energy(QD_ENERGY_A_IMPORT, 2 * WH - 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 1);
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        energy(c, (int64_t)(c + 10u) * WH + WH - 1);
    }
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        assert_int_equal(number((uint8_t)(QD_REGISTER_ENERGY + c), 0), c + 10);
        assert_int_equal(number((uint8_t)(QD_REGISTER_ENERGY + c), 1), c + 10);
    }
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 01000A0801FF 02 00", "C4 01 C1 00 06 00000011");
}

/* Derived energies are sums before they are truncated, and signed ones go towards zero. */
static void test_derived_energies(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    energy(QD_ENERGY_R1, 5 * WH - 1);
    energy(QD_ENERGY_R2, 7 * WH + 1);
    energy(QD_ENERGY_R3, 100 * WH + WH / 2);
    energy(QD_ENERGY_R4, 200 * WH + WH / 2 - 1);
    energy(QD_ENERGY_A_IMPORT, 5 * WH);
    energy(QD_ENERGY_A_EXPORT, 9 * WH - 1);
    assert_int_equal(number(QD_REGISTER_R_IMPORT, 0), 12);
    assert_int_equal(number(QD_REGISTER_R_EXPORT, 0), 300);
    assert_int_equal(number(QD_REGISTER_R_EXPORT, 1), 300);
    assert_int_equal(number(QD_REGISTER_A_ABSOLUTE, 0), 13);
    assert_int_equal(number(QD_REGISTER_A_NET, 0), -3);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100100800FF 02 00", "C4 01 C1 00 05 FFFFFFFD");
    energy(QD_ENERGY_A_EXPORT, 6 * WH - 1);
    assert_int_equal(number(QD_REGISTER_A_NET, 0), 0);
    energy(QD_ENERGY_A_EXPORT, 1);
    assert_int_equal(number(QD_REGISTER_A_NET, 1), 4);
}

/* 999,999,999 Wh is followed by 0. */
static void test_roll_over(void **state) {
    const int64_t modulus = INT64_C(1000000000) * WH;
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    energy(QD_ENERGY_A_IMPORT, modulus - 1);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 3B9AC9FF");
    energy(QD_ENERGY_A_IMPORT, modulus);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 00000000");
    energy(QD_ENERGY_A_IMPORT, 3 * modulus + 42 * WH);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 42);
    energy(QD_ENERGY_A_IMPORT, 0);
    energy(QD_ENERGY_A_EXPORT, modulus + 7 * WH);
    assert_int_equal(number(QD_REGISTER_A_NET, 0), -7);
    assert_int_equal(number(QD_REGISTER_A_ABSOLUTE, 0), 7);
}

static void test_no_ratio_no_shift(void **state) {
    (void)state;
    ratio(4000, 5, 1100, 1, false);
    energy(QD_ENERGY_A_IMPORT, 1000 * WH);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 1000);
    for (uint8_t item = QD_REGISTER_ENERGY; item <= QD_REGISTER_CURRENT_SUM; item++) {
        assert_int_equal(shift(item), 0);
    }
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 03 00", "C4 01 C1 00 02 02 0F 00 16 1E");
}

/* 4000/5: 55 MW at most, so the register counts kWh. */
static void test_current_transformer(void **state) {
    (void)state;
    ratio(4000, 5, 1, 1, true);
    energy(QD_ENERGY_A_IMPORT, 1000 * WH);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 03 00", "C4 01 C1 00 02 02 0F 03 16 1E");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 00000320");
    energy(QD_ENERGY_A_IMPORT, 1000 * WH - 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 799);
    energy(QD_ENERGY_A_IMPORT, WH * 5 / 4);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 1);
    energy(QD_ENERGY_A_IMPORT, WH * 5 / 4 - 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 0);
    /* 4000 hours of 80 kA through three phases of 230 V stay below the roll-over. */
    energy(QD_ENERGY_A_IMPORT, 4000 * INT64_C(69000) * WH);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 4000 * 55200);
    world.now.phase[1] = (qd_phase_quantities_t){
        .voltage_mv = 230000, .current_ma = 5000, .active_power_mw = 1150000, .valid = true};
    world_run(&world, 1);
    assert_int_equal(number(QD_REGISTER_P_IMPORT, 0), 920000);
    assert_int_equal(number(QD_REGISTER_PHASE_CURRENT, 1), 4000000);
    assert_int_equal(number(QD_REGISTER_PHASE_VOLTAGE, 1), 2300);
    assert_int_equal(shift(QD_REGISTER_P_IMPORT), 0);
    assert_int_equal(shift(QD_REGISTER_PHASE_CURRENT), 0);
    assert_int_equal(shift(QD_REGISTER_POWER_FACTOR), 0);
}

/* 110 kV and 4000/5: 253 kV at 80 kA are 60 GW, so MWh, 100 W, 10 V. */
static void test_both_transformers(void **state) {
    (void)state;
    ratio(4000, 5, 1100, 1, true);
    energy(QD_ENERGY_A_IMPORT, 1000 * WH);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 03 00", "C4 01 C1 00 02 02 0F 06 16 1E");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010800FF 02 00", "C4 01 C1 00 06 00000370");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100010700FF 03 00", "C4 01 C1 00 02 02 0F 02 16 1B");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100340700FF 03 00", "C4 01 C1 00 02 02 0F 01 16 23");
    energy(QD_ENERGY_A_IMPORT, 1000 * WH - 1);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 879);
    world.now.phase[1] = (qd_phase_quantities_t){
        .voltage_mv = 230000, .current_ma = 5000, .active_power_mw = -1150000, .valid = true};
    world_run(&world, 1);
    assert_int_equal(number(QD_REGISTER_P_EXPORT, 0), 10120000);
    assert_int_equal(number(QD_REGISTER_P_NET, 0), -10120000);
    assert_int_equal(number(QD_REGISTER_PHASE_VOLTAGE, 1), 25300);
    assert_int_equal(number(QD_REGISTER_PHASE_CURRENT, 1), 4000000);
    assert_int_equal(number(QD_REGISTER_PHASE_S, 1), 10120000);
}

/* The registers hold 4000 hours of the largest load: 276 MWh on the meter's side of the transformers. */
static void test_both_transformers_for_long(void **state) {
    static const int64_t kwh[] = {5822, 5823, 5824, 10000, 100000, 276000};
    (void)state;
    ratio(4000, 5, 1100, 1, true);
    for (size_t i = 0; i < sizeof kwh / sizeof kwh[0]; i++) {
        energy(QD_ENERGY_A_IMPORT, kwh[i] * 1000 * WH);
        assert_int_equal(number(QD_REGISTER_ENERGY, 0), kwh[i] * 880);
    }
}

static void phases(int32_t p1, int32_t p2, int32_t p3, int32_t q) {
    const int32_t p[3] = {p1, p2, p3};
    for (unsigned i = 0; i < 3; i++) {
        world.now.phase[i] = (qd_phase_quantities_t){.voltage_mv = 230099,
                                                     .current_ma = 10000 + i,
                                                     .active_power_mw = p[i],
                                                     .reactive_power_mvar = i == 0 ? q : 0,
                                                     .voltage_angle_ddeg = (int16_t)(i * 1200 - 1200),
                                                     .current_angle_ddeg = (int16_t)(300 - i * 400),
                                                     .valid = true};
    }
    world_run(&world, 1);
}

static void test_powers_and_their_signs(void **state) {
    (void)state;
    expect_world(&world);
    phases(1999999, 0, 0, -2999999);
    assert_int_equal(number(QD_REGISTER_P_IMPORT, 0), 1999);
    assert_int_equal(number(QD_REGISTER_P_EXPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_P_NET, 0), 1999);
    assert_int_equal(number(QD_REGISTER_P_ABSOLUTE, 0), 1999);
    assert_int_equal(number(QD_REGISTER_Q_IMPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_Q_EXPORT, 0), 2999);
    assert_int_equal(number(QD_REGISTER_S_IMPORT, 0), 3605); /* sqrt(2^2 + 3^2) = 3.60555 */
    assert_int_equal(number(QD_REGISTER_S_EXPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_PHASE_P_IMPORT, 0), 1999);
    assert_int_equal(number(QD_REGISTER_PHASE_P_EXPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_PHASE_Q_IMPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_PHASE_Q_EXPORT, 0), 2999);
    phases(-1000000, 2500000, -3500999, 4000000);
    assert_int_equal(number(QD_REGISTER_P_IMPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_P_EXPORT, 0), 2000);
    assert_int_equal(number(QD_REGISTER_P_NET, 0), -2000);
    assert_int_equal(number(QD_REGISTER_P_ABSOLUTE, 0), 2000);
    assert_int_equal(number(QD_REGISTER_Q_IMPORT, 0), 4000);
    assert_int_equal(number(QD_REGISTER_Q_EXPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_S_IMPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_S_EXPORT, 0), 4472);
    assert_int_equal(number(QD_REGISTER_POWER_FACTOR, 0), -447);
    assert_int_equal(number(QD_REGISTER_PHASE_P_IMPORT, 1), 2500);
    assert_int_equal(number(QD_REGISTER_PHASE_P_EXPORT, 2), 3500);
    phases(0, 0, -999, 0);
    assert_int_equal(number(QD_REGISTER_P_NET, 0), 0);
}

static void test_quantities_of_the_phases(void **state) {
    qd_scalar_t value;
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    phases(1234567, -1234567, 2400000, 0);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(number(QD_REGISTER_PHASE_VOLTAGE, i), 2300);
        assert_int_equal(number(QD_REGISTER_PHASE_CURRENT, i), 10000 + i);
        assert_int_equal(number(QD_REGISTER_PHASE_S, i), i == 0 ? 2300 : 2301);
        assert_int_equal(number(QD_REGISTER_PHASE_VOLTAGE_ANGLE, i), i * 1200 - 1200);
        assert_int_equal(number(QD_REGISTER_PHASE_CURRENT_ANGLE, i), 300 - i * 400);
        assert_int_equal(number(QD_REGISTER_PHASE_FREQUENCY, i), 50000);
    }
    /* 1234.567 / 2300.99 is 0.53653; beyond 1 is 1. */
    assert_int_equal(number(QD_REGISTER_PHASE_POWER_FACTOR, 0), 536);
    assert_int_equal(number(QD_REGISTER_PHASE_POWER_FACTOR, 1), -536);
    assert_int_equal(number(QD_REGISTER_PHASE_POWER_FACTOR, 2), 1000);
    assert_int_equal(number(QD_REGISTER_CURRENT_SUM, 0), 30003);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100510733FF 02 00", "C4 01 C1 00 10 FF9C");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 010051070AFF 02 00", "C4 01 C1 00 10 0000");
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100350700FF 02 00", "C4 01 C1 00 10 FDE8");
    assert_int_equal(get(QD_REGISTER_PHASE_VOLTAGE, 3, &value), QD_UNDEFINED);
    assert_int_equal(get(QD_REGISTER_PHASE_IMPORT, 3, &value), QD_UNDEFINED);
    assert_int_equal(get(QD_REGISTER_ENERGY, 9, &value), QD_UNDEFINED);
    assert_int_equal(get(0, 0, &value), QD_UNDEFINED);
    assert_int_equal(get(QD_REGISTER_CURRENT_SUM + 1, 0, &value), QD_UNDEFINED);
    world.now.phase[1].valid = false;
    world.now.frequency_mhz = 0;
    world_run(&world, 1);
    assert_int_equal(get(QD_REGISTER_PHASE_VOLTAGE, 1, &value), QD_UNAVAILABLE);
    assert_int_equal(get(QD_REGISTER_PHASE_FREQUENCY, 0, &value), QD_UNAVAILABLE);
    assert_int_equal(get(QD_REGISTER_FREQUENCY, 0, &value), QD_UNAVAILABLE);
    assert_int_equal(number(QD_REGISTER_CURRENT_SUM, 0), 20002);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 0100340700FF 02 00", "C4 01 C1 01 0B");
}

/* Without load the factor is 1 by convention. */
static void test_power_factor_without_load(void **state) {
    (void)state;
    expect_world(&world);
    phases(0, 0, 0, 0);
    world_run(&world, 1);
    assert_int_equal(number(QD_REGISTER_POWER_FACTOR, 0), 1000);
}

static void test_energy_of_the_phases(void **state) {
    (void)state;
    expect_client(&world, SAP_MANAGEMENT);
    phases(36000000, -72000000, 108000000, 0);
    world_run(&world, 9); /* 36, 72 and 108 kW for 10 s */
    assert_int_equal(number(QD_REGISTER_PHASE_IMPORT, 0), 100);
    assert_int_equal(number(QD_REGISTER_PHASE_EXPORT, 0), 0);
    assert_int_equal(number(QD_REGISTER_PHASE_IMPORT, 1), 0);
    assert_int_equal(number(QD_REGISTER_PHASE_EXPORT, 1), 200);
    assert_int_equal(number(QD_REGISTER_PHASE_IMPORT, 2), 300);
    assert_int_equal(number(QD_REGISTER_ENERGY, 0), 200);
    EXPECT(&world, SAP_MANAGEMENT, "C0 01 C1 0003 01002A0800FF 02 00", "C4 01 C1 00 06 000000C8");
}

/* One phase only: the others are not there. */
static void test_phases_that_do_not_exist(void **state) {
    qd_scalar_t value;
    (void)state;
    world_blank(&world, qd_model_find("mini"));
    assert_int_equal(world_start(&world), QD_OK);
    phases(1000000, 1000000, 1000000, 0);
    assert_int_equal(number(QD_REGISTER_PHASE_VOLTAGE, 0), 2300);
    assert_int_equal(get(QD_REGISTER_PHASE_VOLTAGE, 1, &value), QD_UNDEFINED);
    assert_int_equal(get(QD_REGISTER_PHASE_IMPORT, 2, &value), QD_UNDEFINED);
    assert_int_equal(number(QD_REGISTER_CURRENT_SUM, 0), 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watt_hours_are_truncated),
        cmocka_unit_test(test_derived_energies),
        cmocka_unit_test(test_roll_over),
        cmocka_unit_test(test_no_ratio_no_shift),
        cmocka_unit_test(test_current_transformer),
        cmocka_unit_test(test_both_transformers),
        cmocka_unit_test(test_both_transformers_for_long),
        cmocka_unit_test(test_powers_and_their_signs),
        cmocka_unit_test(test_quantities_of_the_phases),
        cmocka_unit_test(test_power_factor_without_load),
        cmocka_unit_test(test_energy_of_the_phases),
        cmocka_unit_test(test_phases_that_do_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
