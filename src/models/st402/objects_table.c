/* Object table of the three-phase model: sorted by OBIS code (groups A, B, C, D, E). */
#include "models/st402/tables.h"

enum {
    READ_ALL = 0, /* every authenticated client reads */
    READ_PUBLIC,
    CLOCK_RIGHTS,
    TARIFF_RIGHTS,
    CONFIGURATION, /* management, and level 3 over local bearers */
    MANAGEMENT,
    CURRENT, /* the asking association itself */
    ASSOCIATIONS,
    LOGS /* management clears them */
};

/* Columns as the client rows: public, management, pre-established, level 1, level 2, level 3. */
const qd_access_row_t qd_st402_access[] = {
    [READ_ALL] = {{0, R, 0, R, R, R}},
    [READ_PUBLIC] = {{R, R, 0, R, R, R}},
    [CLOCK_RIGHTS] = {{R, R | W | X, W | X, R | W | X, R | W | X, R | W | X}},
    [TARIFF_RIGHTS] = {{0, R | W | X, 0, R, R | W | X, R | W | X}},
    [CONFIGURATION] = {{0, R | W | X, 0, R, R, R | WL}},
    [MANAGEMENT] = {{0, R | W, 0, R, R, R}},
    [CURRENT] = {{R, R | X, 0, R | X, R | X, R | X}},
    [ASSOCIATIONS] = {{0, R | W | X, 0, R, R, R}},
    [LOGS] = {{0, R | X, 0, R, R, R}},
};
_Static_assert(sizeof qd_st402_access / sizeof qd_st402_access[0] == QD_ST402_ACCESS_ROWS, "count the rows");

#define RATES 8

/* What a phase shows; p is the phase, c the value group of its active power import. */
#define PHASE_ROWS(c, p)                                                                                     \
    NOW((c) + 0, QD_REGISTER_PHASE_P_IMPORT, p, U32, QD_UNIT_W, 0),                                          \
        ENERGY_OF_PHASE((c) + 0, QD_REGISTER_PHASE_IMPORT, p),                                               \
        NOW((c) + 1, QD_REGISTER_PHASE_P_EXPORT, p, U32, QD_UNIT_W, 0),                                      \
        ENERGY_OF_PHASE((c) + 1, QD_REGISTER_PHASE_EXPORT, p),                                               \
        NOW((c) + 2, QD_REGISTER_PHASE_Q_IMPORT, p, U32, QD_UNIT_VAR, 0),                                    \
        NOW((c) + 3, QD_REGISTER_PHASE_Q_EXPORT, p, U32, QD_UNIT_VAR, 0),                                    \
        NOW((c) + 8, QD_REGISTER_PHASE_S, p, U32, QD_UNIT_VA, 0),                                            \
        NOW((c) + 10, QD_REGISTER_PHASE_CURRENT, p, U32, QD_UNIT_A, -3),                                     \
        NOW((c) + 11, QD_REGISTER_PHASE_VOLTAGE, p, U16, QD_UNIT_V, -1),                                     \
        NOW((c) + 12, QD_REGISTER_PHASE_POWER_FACTOR, p, I16, QD_UNIT_NONE, -3),                             \
        NOW((c) + 13, QD_REGISTER_PHASE_FREQUENCY, p, U16, QD_UNIT_HZ, -3)

#define ASSOCIATION_OF(e, client_row, access_row)                                                            \
    OBJECT(0, 0, 40, 0, e, qd_class_association_ln, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_CLIENT,       \
           client_row, access_row)

const qd_object_row_t qd_st402_objects[] = {
    OBJECT(0, 0, 1, 0, 0, qd_class_clock, QD_MODULE_CLOCK, QD_CLOCK_ITEM_OBJECT, 0, CLOCK_RIGHTS),
    OBJECT(0, 0, 10, 0, 100, qd_class_script_table, QD_MODULE_TARIFF, QD_TARIFF_ITEM_SCRIPTS, 0,
           TARIFF_RIGHTS),
    OBJECT(0, 0, 14, 0, 1, qd_class_register_activation, QD_MODULE_TARIFF, QD_TARIFF_ITEM_ACTIVATION, 0,
           TARIFF_RIGHTS),
    OBJECT(0, 0, 40, 0, 0, qd_class_association_ln, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_CURRENT, 0,
           CURRENT),
    ASSOCIATION_OF(1, QD_ST402_MANAGEMENT, ASSOCIATIONS),
    ASSOCIATION_OF(2, QD_ST402_PUBLIC, READ_PUBLIC),
    ASSOCIATION_OF(3, QD_ST402_PREESTABLISHED, READ_ALL),
    ASSOCIATION_OF(4, QD_ST402_LEVEL_1, ASSOCIATIONS),
    ASSOCIATION_OF(5, QD_ST402_LEVEL_2, ASSOCIATIONS),
    ASSOCIATION_OF(6, QD_ST402_LEVEL_3, ASSOCIATIONS),
    OBJECT(0, 0, 41, 0, 0, qd_class_sap_assignment, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_SAP_LIST, 0,
           READ_PUBLIC),
    DATA(0, 0, 42, 0, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_LOGICAL_DEVICE, 0, OCTETS, READ_PUBLIC, FACTORY),
    DATA(0, 0, 96, 1, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_DEVICE_ID, 0, OCTETS, READ_PUBLIC, FACTORY),
    DATA(0, 0, 96, 1, 1, 9, QD_MODULE_IDENTITY, QD_IDENTITY_DEVICE_ID, 1, OCTETS, MANAGEMENT, 0),
    DATA(0, 0, 96, 11, 0, 2, QD_MODULE_EVENT, QD_EVENT_ITEM_LAST, 0, U8, READ_ALL, 0),
    DATA(0, 0, 96, 14, 0, 1, QD_MODULE_TARIFF, QD_TARIFF_ITEM_RATE, 0, U8, READ_ALL, 0),
    DATA(0, 0, 96, 15, 0, 2, QD_MODULE_EVENT, QD_EVENT_ITEM_COUNT, 0, U16, READ_ALL, 0),
    DATA(0, 0, 97, 97, 0, 1, QD_MODULE_DIAGNOSIS, QD_DIAGNOSIS_ITEM_ERRORS, 0, U32, CONFIGURATION, 0),
    EVENT_LOG(0, QD_TARGET_STANDARD_LOG, LOGS),
    JOURNAL(READ_ALL),
    DATA(1, 0, 0, 0, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_ELECTRICITY_ID, 0, OCTETS, MANAGEMENT, 0),
    DATA(1, 0, 0, 2, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_VERSION_LEGAL, 0, OCTETS, READ_PUBLIC, LEGAL),
    REGISTER(1, 0, 0, 3, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_METER_CONSTANT, 0, U32, QD_UNIT_PER_WH, -3,
             READ_ALL, LEGAL),
    REGISTER(1, 0, 0, 3, 1, 1, QD_MODULE_IDENTITY, QD_IDENTITY_METER_CONSTANT, 1, U32, QD_UNIT_PER_VARH, -3,
             READ_ALL, LEGAL),
    DATA(1, 0, 0, 4, 2, 1, QD_MODULE_IDENTITY, QD_IDENTITY_RATIO, QD_SEALED_CT_NUMERATOR, U16, READ_ALL,
         LEGAL | FACTORY),
    DATA(1, 0, 0, 4, 3, 1, QD_MODULE_IDENTITY, QD_IDENTITY_RATIO, QD_SEALED_VT_NUMERATOR, U16, READ_ALL,
         LEGAL | FACTORY),
    DATA(1, 0, 0, 4, 5, 1, QD_MODULE_IDENTITY, QD_IDENTITY_RATIO, QD_SEALED_CT_DENOMINATOR, U16, READ_ALL,
         LEGAL | FACTORY),
    DATA(1, 0, 0, 4, 6, 1, QD_MODULE_IDENTITY, QD_IDENTITY_RATIO, QD_SEALED_VT_DENOMINATOR, U16, READ_ALL,
         LEGAL | FACTORY),
    REGISTER(1, 0, 0, 6, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_NOMINAL, 0, U16, QD_UNIT_V, 0, READ_ALL, 0),
    REGISTER(1, 0, 0, 6, 1, 1, QD_MODULE_IDENTITY, QD_IDENTITY_NOMINAL, 1, U16, QD_UNIT_A, 0, READ_ALL, 0),
    REGISTER(1, 0, 0, 6, 2, 1, QD_MODULE_IDENTITY, QD_IDENTITY_NOMINAL, 2, U16, QD_UNIT_HZ, 0, READ_ALL, 0),
    REGISTER(1, 0, 0, 6, 3, 1, QD_MODULE_IDENTITY, QD_IDENTITY_NOMINAL, 3, U16, QD_UNIT_A, 0, READ_ALL, 0),
    DATA(1, 0, 0, 9, 1, 1, QD_MODULE_CLOCK, QD_CLOCK_ITEM_LOCAL_TIME, 0, OCTETS, READ_ALL, 0),
    DATA(1, 0, 0, 9, 2, 1, QD_MODULE_CLOCK, QD_CLOCK_ITEM_LOCAL_DATE, 0, OCTETS, READ_ALL, 0),
    REGISTER(1, 0, 0, 9, 11, 1, QD_MODULE_CLOCK, QD_CLOCK_ITEM_SHIFT_LIMIT, 0, U16, QD_UNIT_SECOND, 0,
             CONFIGURATION, 0),
    NOW(1, QD_REGISTER_P_IMPORT, 0, U32, QD_UNIT_W, 0),
    ENERGY(1, RATES, QD_REGISTER_ENERGY + QD_ENERGY_A_IMPORT, QD_UNIT_WH),
    NOW(2, QD_REGISTER_P_EXPORT, 0, U32, QD_UNIT_W, 0),
    ENERGY(2, RATES, QD_REGISTER_ENERGY + QD_ENERGY_A_EXPORT, QD_UNIT_WH),
    NOW(3, QD_REGISTER_Q_IMPORT, 0, U32, QD_UNIT_VAR, 0),
    ENERGY(3, RATES, QD_REGISTER_R_IMPORT, QD_UNIT_VARH),
    NOW(4, QD_REGISTER_Q_EXPORT, 0, U32, QD_UNIT_VAR, 0),
    ENERGY(4, RATES, QD_REGISTER_R_EXPORT, QD_UNIT_VARH),
    ENERGY(5, RATES, QD_REGISTER_ENERGY + QD_ENERGY_R1, QD_UNIT_VARH),
    ENERGY(6, RATES, QD_REGISTER_ENERGY + QD_ENERGY_R2, QD_UNIT_VARH),
    ENERGY(7, RATES, QD_REGISTER_ENERGY + QD_ENERGY_R3, QD_UNIT_VARH),
    ENERGY(8, RATES, QD_REGISTER_ENERGY + QD_ENERGY_R4, QD_UNIT_VARH),
    NOW(9, QD_REGISTER_S_IMPORT, 0, U32, QD_UNIT_VA, 0),
    ENERGY(9, RATES, QD_REGISTER_ENERGY + QD_ENERGY_S_IMPORT, QD_UNIT_VAH),
    NOW(10, QD_REGISTER_S_EXPORT, 0, U32, QD_UNIT_VA, 0),
    ENERGY(10, RATES, QD_REGISTER_ENERGY + QD_ENERGY_S_EXPORT, QD_UNIT_VAH),
    NOW(13, QD_REGISTER_POWER_FACTOR, 0, I16, QD_UNIT_NONE, -3),
    NOW(14, QD_REGISTER_FREQUENCY, 0, U16, QD_UNIT_HZ, -3),
    NOW(15, QD_REGISTER_P_ABSOLUTE, 0, U32, QD_UNIT_W, 0),
    ENERGY(15, RATES, QD_REGISTER_A_ABSOLUTE, QD_UNIT_WH),
    NOW(16, QD_REGISTER_P_NET, 0, I32, QD_UNIT_W, 0),
    ENERGY_SIGNED(16, RATES, QD_REGISTER_A_NET, QD_UNIT_WH),
    PHASE_ROWS(21, 0),
    PHASE_ROWS(41, 1),
    PHASE_ROWS(61, 2),
    ANGLE(10, QD_REGISTER_PHASE_VOLTAGE_ANGLE, 1),
    ANGLE(20, QD_REGISTER_PHASE_VOLTAGE_ANGLE, 2),
    ANGLE(40, QD_REGISTER_PHASE_CURRENT_ANGLE, 0),
    ANGLE(51, QD_REGISTER_PHASE_CURRENT_ANGLE, 1),
    ANGLE(62, QD_REGISTER_PHASE_CURRENT_ANGLE, 2),
    NOW(90, QD_REGISTER_CURRENT_SUM, 0, U32, QD_UNIT_A, -3),
    DATA(1, 1, 0, 2, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_VERSION_OTHER, 0, OCTETS, READ_PUBLIC, 0),
};
_Static_assert(sizeof qd_st402_objects / sizeof qd_st402_objects[0] == QD_ST402_OBJECTS, "count the rows");
