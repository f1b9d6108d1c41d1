/* Three-phase four-wire meter, direct connection, eight rates (MAC ST402D). */
#include "models/st402/tables.h"

static const qd_metrology_config_t metrology = {
    .wiring = QD_WIRING_4_WIRE,
    .sum = QD_SUM_ALGEBRAIC,
    .apparent = QD_APPARENT_VECTOR,
    /* Class 1 must start at 0.004 Ib = 20 mA, 4.6 W on one phase; the gate is half of that. */
    .no_load_enter_mw = 2000,
    .no_load_leave_mw = 2300,
    .pulse_constant = {1000, 1000},
    .clock_drift_ppm = 6, /* 3 minutes a year */
    .clock_doubt_ms = 60000,
    .fold_period_s = 900,
    .version = {'V', '0', '3', '0', '1', '0', '0'},
};

static const qd_registers_config_t registers = {
    .phase_mask = 0x07,
    .nominal_voltage_v = 230,
    .maximum_current_a = 100,
    .energy_modulus = 1000000000,
};

static const qd_identity_config_t identity = {
    .software_version = {'V', '0', '3', '0', '1', '0', '0'},
    .nominal_voltage_v = 230,
    .nominal_current_a = 5,
    .nominal_frequency_hz = 50,
    .maximum_current_a = 100,
};

/* Central European time; last Sundays of March and October. */
static const qd_clock_config_t clock = {
    .time_zone_min = -60,
    .dst_deviation_min = 60,
    .dst_enabled = true,
    .dst_begin = {0xFF, 0xFF, 3, 0xFE, 7, 2, 0, 0, 0, 0x80, 0x00, 0xFF},
    .dst_end = {0xFF, 0xFF, 10, 0xFE, 7, 3, 0, 0, 0, 0x80, 0x00, 0xFF},
    .shift_limit_s = 9,
    .measuring_period_s = 900,
    .clock_base = 1,
};

static const qd_event_row_t event_rows[] = {
    {QD_EVENT_POWER_DOWN, QD_TARGET_STANDARD_LOG},     {QD_EVENT_POWER_UP, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_DST_CHANGED, QD_TARGET_STANDARD_LOG},    {QD_EVENT_CLOCK_OLD, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_CLOCK_NEW, QD_TARGET_STANDARD_LOG},      {QD_EVENT_CLOCK_INVALID, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_ERRORS_CLEARED, QD_TARGET_STANDARD_LOG}, {QD_EVENT_MEMORY_ERROR, QD_TARGET_STANDARD_LOG},
    {QD_EVENT_WRONG_PASSWORD, QD_TARGET_FRAUD_LOG},    {QD_EVENT_PARAMETRIZATION, QD_TARGET_STANDARD_LOG},
};

static const qd_event_config_t events = {
    .rows = event_rows,
    .row_count = sizeof event_rows / sizeof event_rows[0],
    .log = {[QD_TARGET_STANDARD_LOG] = STANDARD_LOG},
    .journal_entries = JOURNAL_ENTRIES,
};

static const qd_script_action_t scripts[] = {
    RATE_SCRIPT(1), RATE_SCRIPT(2), RATE_SCRIPT(3), RATE_SCRIPT(4),
    RATE_SCRIPT(5), RATE_SCRIPT(6), RATE_SCRIPT(7), RATE_SCRIPT(8),
};

static const qd_tariff_config_t tariff = {
    .registers_module = QD_MODULE_REGISTERS,
    .energy_item = QD_REGISTER_ENERGY,
    .rates = 8,
    .channels = QD_ENERGY_COUNT,
    .scripts = scripts,
    .script_actions = sizeof scripts / sizeof scripts[0],
};

/* The policy: who may associate where. Passwords cross in clear, so only local bearers take them;
 * the pre-established client waits for protected APDUs. */
static const qd_client_row_t clients[QD_ST402_CLIENTS] = {
    [QD_ST402_PUBLIC] = {"public", 16, QD_ALLOW_NONE, QD_ALLOW_NONE, false, NULL, NULL, 0},
    [QD_ST402_MANAGEMENT] = {"management", 1, QD_ALLOW_LLS, 0, false, "management-0001", NULL, 0},
    [QD_ST402_PREESTABLISHED] = {"preestablished", 102, 0, 0, true, NULL, NULL, 0},
    [QD_ST402_LEVEL_1] = {"level1", 17, QD_ALLOW_LLS, 0, false, "level-1-0001", NULL, 0},
    [QD_ST402_LEVEL_2] = {"level2", 18, QD_ALLOW_LLS, 0, false, "level-2-0001", NULL, 0},
    [QD_ST402_LEVEL_3] = {"level3", 19, QD_ALLOW_LLS, 0, false, "level-3-0001", NULL, 0},
};

/* TCP counts as local until there is high level security: management could not get in otherwise. */
#define CONNECTIONS 4
static const qd_channel_row_t channels[] = {
    {true, QD_BEARER_NETWORK, 0}, {true, QD_BEARER_NETWORK, 0}, {true, QD_BEARER_NETWORK, 0},
    {true, QD_BEARER_NETWORK, 0}, {true, QD_BEARER_OPTICAL, 0}, {true, QD_BEARER_RS485, 1},
    {true, QD_BEARER_RS485, 2},
};

#define RECEIVE_PDU 384
#define TRANSMIT_PDU 832

/* RS-485: addresses 17 to 116. */
static const qd_io_config_t io = {
    .lines = 3,
    .ports = 2,
    .connections = CONNECTIONS,
    .address_min = 17,
    .address_max = 116,
    .line = LINES_OF_FACTORY(TRANSMIT_PDU, RECEIVE_PDU),
    .port = PORTS_OF_FACTORY,
    .tcp = TCP_OF_FACTORY,
};

static const qd_cosem_tables_t cosem = {
    .objects = qd_st402_objects,
    .object_count = QD_ST402_OBJECTS,
    .access = qd_st402_access,
    .access_count = QD_ST402_ACCESS_ROWS,
    .clients = clients,
    .client_count = QD_ST402_CLIENTS,
    .management = QD_ST402_MANAGEMENT,
    .channels = channels,
    .channel_count = sizeof channels / sizeof channels[0],
    .association_count = 6,
    .receive_pdu = RECEIVE_PDU,
    .transmit_pdu = TRANSMIT_PDU,
    .staging_size = 512,
    .conformance = QD_CONFORMANCE_GENERAL_BLOCK_TRANSFER | QD_CONFORMANCE_ATTRIBUTE_0_SET |
                   QD_CONFORMANCE_PRIORITY | QD_CONFORMANCE_ATTRIBUTE_0_GET | QD_CONFORMANCE_BLOCK_GET |
                   QD_CONFORMANCE_BLOCK_SET | QD_CONFORMANCE_BLOCK_ACTION |
                   QD_CONFORMANCE_MULTIPLE_REFERENCES | QD_CONFORMANCE_ACCESS | QD_CONFORMANCE_GET |
                   QD_CONFORMANCE_SET | QD_CONFORMANCE_SELECTIVE_ACCESS | QD_CONFORMANCE_ACTION,
    .server_sap = 1,
    .logical_device_name = {QD_MODULE_IDENTITY, QD_IDENTITY_LOGICAL_DEVICE, 0},
    .password_attempts = 3,
};

const qd_model_t qd_model_st402 = {
    .name = "st402",
    .title = "ST402, three phases, direct connection, DLMS/COSEM",
    .layout_version = QD_MODEL_LAYOUT_VERSION,
    .earlier = qd_model_earlier_layouts,
    .earlier_count = QD_MODEL_EARLIER_LAYOUTS,
    .phase_mask = 0x07,
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
