/* The smallest meter that counts and answers: one phase, two rates, twenty-two rows. It shows that a
 * model is nothing but tables. */
#include "models/rows.h"

enum { PUBLIC = 0, MANAGEMENT, CLIENTS };
enum { READ_ALL = 0, CLOCK_RIGHTS, CURRENT };

#define RATES 2

static const qd_access_row_t access[] = {
    [READ_ALL] = {{R, R}},
    [CLOCK_RIGHTS] = {{R, R | W | X}},
    [CURRENT] = {{R, R | X}},
};

static const qd_object_row_t objects[] = {
    OBJECT(0, 0, 1, 0, 0, qd_class_clock, QD_MODULE_CLOCK, QD_CLOCK_ITEM_OBJECT, 0, CLOCK_RIGHTS),
    OBJECT(0, 0, 10, 0, 100, qd_class_script_table, QD_MODULE_TARIFF, QD_TARIFF_ITEM_SCRIPTS, 0,
           CLOCK_RIGHTS),
    OBJECT(0, 0, 14, 0, 1, qd_class_register_activation, QD_MODULE_TARIFF, QD_TARIFF_ITEM_ACTIVATION, 0,
           CLOCK_RIGHTS),
    OBJECT(0, 0, 40, 0, 0, qd_class_association_ln, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_CURRENT, 0,
           CURRENT),
    OBJECT(0, 0, 40, 0, 1, qd_class_association_ln, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_CLIENT,
           MANAGEMENT, CLOCK_RIGHTS),
    OBJECT(0, 0, 41, 0, 0, qd_class_sap_assignment, QD_MODULE_ASSOCIATION, QD_ASSOCIATION_ITEM_SAP_LIST, 0,
           READ_ALL),
    DATA(0, 0, 42, 0, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_LOGICAL_DEVICE, 0, OCTETS, READ_ALL, FACTORY),
    DATA(0, 0, 96, 1, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_DEVICE_ID, 0, OCTETS, READ_ALL, FACTORY),
    DATA(0, 0, 96, 11, 0, 1, QD_MODULE_EVENT, QD_EVENT_ITEM_LAST, 0, U8, READ_ALL, 0),
    DATA(0, 0, 96, 14, 0, 1, QD_MODULE_TARIFF, QD_TARIFF_ITEM_RATE, 0, U8, READ_ALL, 0),
    EVENT_LOG(0, QD_TARGET_STANDARD_LOG, CLOCK_RIGHTS),
    JOURNAL(READ_ALL),
    DATA(1, 0, 0, 2, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_VERSION_LEGAL, 0, OCTETS, READ_ALL, LEGAL),
    REGISTER(1, 0, 0, 3, 0, 1, QD_MODULE_IDENTITY, QD_IDENTITY_METER_CONSTANT, 0, U32, QD_UNIT_PER_WH, -3,
             READ_ALL, LEGAL),
    NOW(1, QD_REGISTER_P_IMPORT, 0, U32, QD_UNIT_W, 0),
    ENERGY(1, RATES, QD_REGISTER_ENERGY + QD_ENERGY_A_IMPORT, QD_UNIT_WH),
    NOW(2, QD_REGISTER_P_EXPORT, 0, U32, QD_UNIT_W, 0),
    ENERGY(2, RATES, QD_REGISTER_ENERGY + QD_ENERGY_A_EXPORT, QD_UNIT_WH),
    NOW(13, QD_REGISTER_POWER_FACTOR, 0, I16, QD_UNIT_NONE, -3),
    NOW(14, QD_REGISTER_FREQUENCY, 0, U16, QD_UNIT_HZ, -3),
    NOW(31, QD_REGISTER_PHASE_CURRENT, 0, U32, QD_UNIT_A, -3),
    NOW(32, QD_REGISTER_PHASE_VOLTAGE, 0, U16, QD_UNIT_V, -1),
};
_Static_assert(sizeof objects / sizeof objects[0] == 22, "twenty-two rows");

static const qd_metrology_config_t metrology = {
    .wiring = QD_WIRING_2_WIRE,
    .sum = QD_SUM_ALGEBRAIC,
    .apparent = QD_APPARENT_VECTOR,
    .no_load_enter_mw = 2000,
    .no_load_leave_mw = 2300,
    .pulse_constant = {1000, 1000},
    .clock_drift_ppm = 20,
    .clock_doubt_ms = 60000,
    .fold_period_s = 900,
    .version = {'V', '0', '1', '0', '1', '0', '0'},
};

static const qd_registers_config_t registers = {
    .phase_mask = 0x01,
    .nominal_voltage_v = 230,
    .maximum_current_a = 60,
    .energy_modulus = 1000000000,
};

static const qd_identity_config_t identity = {
    .software_version = {'V', '0', '1', '0', '1', '0', '0'},
    .nominal_voltage_v = 230,
    .nominal_current_a = 5,
    .nominal_frequency_hz = 50,
    .maximum_current_a = 60,
};

static const qd_clock_config_t clock = {
    .time_zone_min = 0,
    .dst_deviation_min = 60,
    .dst_enabled = false,
    .dst_begin = {0xFF, 0xFF, 3, 0xFE, 7, 1, 0, 0, 0, 0x80, 0x00, 0xFF},
    .dst_end = {0xFF, 0xFF, 10, 0xFE, 7, 2, 0, 0, 0, 0x80, 0x00, 0xFF},
    .shift_limit_s = 9,
    .measuring_period_s = 900,
    .clock_base = 1,
};

static const qd_event_row_t event_rows[] = {
    {QD_EVENT_POWER_DOWN, QD_TARGET_STANDARD_LOG},   {QD_EVENT_POWER_UP, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_CLOCK_OLD, QD_TARGET_STANDARD_LOG},    {QD_EVENT_CLOCK_NEW, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_MEMORY_ERROR, QD_TARGET_STANDARD_LOG}, {QD_EVENT_PARAMETRIZATION, QD_TARGET_STANDARD_LOG},
};

static const qd_event_config_t events = {
    .rows = event_rows,
    .row_count = sizeof event_rows / sizeof event_rows[0],
    .log = {[QD_TARGET_STANDARD_LOG] = STANDARD_LOG},
    .journal_entries = JOURNAL_ENTRIES,
};

static const qd_script_action_t scripts[] = {RATE_SCRIPT(1), RATE_SCRIPT(2)};

static const qd_tariff_config_t tariff = {
    .registers_module = QD_MODULE_REGISTERS,
    .energy_item = QD_REGISTER_ENERGY,
    .rates = RATES,
    .channels = 2, /* A+ and A- */
    .scripts = scripts,
    .script_actions = sizeof scripts / sizeof scripts[0],
};

static const qd_client_row_t clients[CLIENTS] = {
    [PUBLIC] = {"public", 16, QD_ALLOW_NONE, QD_ALLOW_NONE, false, NULL, NULL, 0},
    [MANAGEMENT] = {"management", 1, QD_ALLOW_LLS, 0, false, "management-0001", NULL, 0},
};

static const qd_channel_row_t channels[] = {
    {true, QD_BEARER_NETWORK, 0}, {true, QD_BEARER_NETWORK, 0}, {true, QD_BEARER_OPTICAL, 0}};

#define PDU 512

static const qd_io_config_t io = {
    .lines = 1,
    .ports = 1,
    .connections = 2,
    .address_min = 16,
    .address_max = 125,
    .line = LINES_OF_FACTORY(PDU, PDU),
    .port = PORTS_OF_FACTORY,
    .tcp = TCP_OF_FACTORY,
};

static const qd_cosem_tables_t cosem = {
    .objects = objects,
    .object_count = sizeof objects / sizeof objects[0],
    .access = access,
    .access_count = sizeof access / sizeof access[0],
    .clients = clients,
    .client_count = CLIENTS,
    .management = MANAGEMENT,
    .channels = channels,
    .channel_count = sizeof channels / sizeof channels[0],
    .association_count = 2,
    .receive_pdu = PDU,
    .transmit_pdu = PDU,
    .staging_size = 256,
    .conformance = QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER | QD_CONFORMANCE_ATTRIBUTE_0_SET |
                   QD_CONFORMANCE_PRIORITY | QD_CONFORMANCE_ATTRIBUTE_0_GET | QD_CONFORMANCE_BLOCK_GET |
                   QD_CONFORMANCE_BLOCK_SET | QD_CONFORMANCE_BLOCK_ACTION |
                   QD_CONFORMANCE_MULTIPLE_REFERENCES | QD_CONFORMANCE_ACCESS | QD_CONFORMANCE_GET |
                   QD_CONFORMANCE_SET | QD_CONFORMANCE_SELECTIVE_ACCESS | QD_CONFORMANCE_ACTION,
    .server_sap = 1,
    .logical_device_name = {QD_MODULE_IDENTITY, QD_IDENTITY_LOGICAL_DEVICE, 0},
    .password_attempts = 3,
};

const qd_model_t qd_model_mini = {
    .name = "mini",
    .title = "mini, one phase, twenty-two rows",
    .layout_version = QD_MODEL_LAYOUT_VERSION,
    .earlier = qd_model_earlier_layouts,
    .earlier_count = QD_MODEL_EARLIER_LAYOUTS,
    .phase_mask = 0x01,
    .metrology = &metrology,
    .cosem = &cosem,
    .modules =
        {
            [QD_MODULE_EVENT] = {&qd_event_module, &events},
            [QD_MODULE_CLOCK] = {&qd_clock_module, &clock},
            [QD_MODULE_REGISTERS] = {&qd_registers_module, &registers},
            [QD_MODULE_IDENTITY] = {&qd_identity_module, &identity},
            [QD_MODULE_TARIFF] = {&qd_tariff_module, &tariff},
            [QD_MODULE_ASSOCIATION] = {&qd_association_module, &cosem},
            [QD_MODULE_DIAGNOSIS] = {&qd_diagnosis_module, NULL},
            [QD_MODULE_IO] = {&qd_io_module, &io},
        },
};
