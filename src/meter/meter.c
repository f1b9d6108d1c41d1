/* Composition: carving the memory, bringing the parts to life. */
#include "quadrant/meter.h"

#include <string.h>

#include "app/event.h"
#include "meter/gap.h"
#include "meter/migrate.h"

/* Every record of the meter, and the head of each log, sorted by id; metrology's first. What is written
 * seldom is mirrored, so that one damaged slot loses nothing; the others are replaced within a second or
 * lose history only. */
static const qd_record_row_t record_rows[] = {
    {QD_RECORD_METROLOGY_BASE, QD_RECORD_METROLOGY_BASE_SIZE, true},
    {QD_RECORD_METROLOGY_DELTA, QD_RECORD_METROLOGY_DELTA_SIZE, false},
    {QD_RECORD_METROLOGY_SEALED, QD_RECORD_METROLOGY_SEALED_SIZE, true},
    {QD_RECORD_METROLOGY_CHECKPOINT, QD_RECORD_METROLOGY_CHECKPOINT_SIZE, false},
    {QD_RECORD_IDENTITY, QD_RECORD_IDENTITY_SIZE, true},
    {QD_RECORD_CLOCK, QD_RECORD_CLOCK_SIZE, true},
    {QD_RECORD_TARIFF, QD_RECORD_TARIFF_SIZE, true},
    {QD_RECORD_EVENTS, QD_RECORD_EVENTS_SIZE, false},
    {QD_RECORD_SECRETS, QD_RECORD_SECRETS_SIZE, true},
    {QD_RECORD_DIAGNOSIS, QD_RECORD_DIAGNOSIS_SIZE, true},
    {QD_RECORD_IO, QD_RECORD_IO_SIZE, true},
    {QD_LOG_METROLOGY_JOURNAL, QD_LOG_HEAD_SIZE, true},
    {QD_LOG_EVENTS_STANDARD, QD_LOG_HEAD_SIZE, true},
    {QD_STORE_RECORD_MAP, QD_STORE_MAP_SIZE, true},
};

static const qd_log_row_t log_rows[] = {
    {QD_LOG_METROLOGY_JOURNAL, QD_LOG_METROLOGY_JOURNAL_ROW, QD_LOG_METROLOGY_JOURNAL_ROWS, 1},
    {QD_LOG_EVENTS_STANDARD, QD_EVENT_ROW_SIZE, QD_LOG_EVENTS_STANDARD_ROWS, 1},
};
static const qd_log_layout_t log_layout = {log_rows, sizeof log_rows / sizeof log_rows[0]};

/* The largest group: whatever metrology writes in one commit, with its journal's head. The
 * events of a step, their record and the head of their log, are less. */
#define GROUP_CAPACITY                                                                                       \
    (QD_RECORD_METROLOGY_BASE_SIZE + QD_RECORD_METROLOGY_DELTA_SIZE + QD_RECORD_METROLOGY_SEALED_SIZE +      \
     QD_RECORD_METROLOGY_CHECKPOINT_SIZE + QD_LOG_HEAD_SIZE)

void qd_meter_layout(const qd_model_t *model, qd_store_layout_t *layout) {
    layout->model = model->name;
    layout->version = model->layout_version;
    layout->rows = record_rows;
    layout->row_count = sizeof record_rows / sizeof record_rows[0];
    layout->group_capacity = GROUP_CAPACITY;
}

/* Octets from the arena, aligned for any object; NULL when it only counts or is spent. */
static void *arena_take(qd_arena_t *arena, size_t size) {
    size_t aligned = (size + 7u) & ~(size_t)7u;
    size_t at = arena->used;
    arena->used += aligned + QD_GAP_SIZE;
    if (arena->memory == NULL) {
        return NULL;
    }
    if (arena->used > arena->size) {
        arena->spent = true;
        return NULL;
    }
    if (QD_GAP_SIZE > 0 && arena->gaps) {
        qd_gap_close(arena->memory + at + size, aligned - size + QD_GAP_SIZE);
    }
    return arena->memory + at;
}

/* Memory of each part, in the order in which it is brought to life. */
typedef struct qd_carving {
    qd_meter_t *meter;
    void *store;
    size_t store_size;
    size_t rest; /* octets from there to the end, while nothing behind it lives */
    void *logs;
    size_t logs_size;
    void *metrology; /* the door and what is behind it */
    size_t metrology_size;
    void *module[QD_MODULE_COUNT];
    void *way_state; /* of options.gate */
    qd_link_t *links;
    uint8_t *receive[QD_CHANNELS_MAX];
    uint8_t *transmit[QD_CHANNELS_MAX];
} qd_carving_t;

static void carve(const qd_model_t *model, const qd_meter_options_t *options, qd_arena_t *arena,
                  qd_carving_t *carving) {
    qd_store_layout_t layout;
    qd_meter_layout(model, &layout);
    memset(carving, 0, sizeof *carving);
    carving->meter = arena_take(arena, sizeof(qd_meter_t));
    size_t store_at = arena->used;
    carving->store_size = qd_store_size(&layout);
    carving->store = arena_take(arena, carving->store_size);
    carving->logs_size = qd_log_size(&log_layout);
    carving->logs = arena_take(arena, carving->logs_size);
    if (options->metrology_memory != NULL) {
        carving->metrology = options->metrology_memory;
        carving->metrology_size = options->metrology_size;
    } else {
        carving->metrology_size = qd_door_size();
        carving->metrology = arena_take(arena, carving->metrology_size);
    }
    for (size_t i = 0; i < QD_MODULE_COUNT; i++) {
        carving->module[i] = arena_take(arena, model->modules[i].module->size(model->modules[i].config));
    }
    carving->links = arena_take(arena, model->cosem->channel_count * sizeof(qd_link_t));
    for (uint8_t i = 0; i < model->cosem->channel_count; i++) {
        carving->receive[i] = arena_take(arena, QD_LINK_BUFFER(model->cosem->receive_pdu));
        carving->transmit[i] = arena_take(arena, QD_LINK_BUFFER(model->cosem->transmit_pdu));
    }
    carving->way_state = options->gate != NULL ? arena_take(arena, options->gate->state_size) : NULL;
    carving->rest = arena->used - store_at;
}

static const qd_meter_options_t no_options;

size_t qd_meter_size(const qd_model_t *model) {
    return qd_meter_size_with(model, NULL);
}

size_t qd_meter_size_with(const qd_model_t *model, const qd_meter_options_t *options) {
    qd_arena_t arena = {.memory = NULL};
    qd_carving_t carving;
    carve(model, options != NULL ? options : &no_options, &arena, &carving);
    return arena.used;
}

size_t qd_meter_metrology_size(void) {
    return qd_door_size();
}

uint32_t qd_meter_fram_size(const qd_model_t *model) {
    qd_store_layout_t layout;
    qd_meter_layout(model, &layout);
    return qd_store_migrate_device_size(&layout, &layout, &qd_sealer_gcm_shape);
}

uint32_t qd_meter_flash_size(const qd_model_t *model, uint32_t erase_size) {
    (void)model; /* all models have the same logs */
    return qd_log_device_size(&log_layout, &qd_sealer_gcm_shape, erase_size);
}

static qd_status_t start_metrology(qd_meter_t *meter, const qd_carving_t *carving,
                                   const qd_meter_options_t *options, uint64_t tick_us) {
    const qd_metrology_ports_t ports = {
        .records = qd_store_records(meter->store),
        .logs = qd_log_interface(meter->logs),
        .rtc = meter->ports.rtc,
        .pulse = meter->ports.pulse,
        .factory = meter->ports.factory,
        .boot_epoch = qd_store_epoch(meter->store),
    };
    qd_status_t status = qd_door_init(carving->metrology, carving->metrology_size, options->guard,
                                      meter->model->metrology, &ports, tick_us, &meter->door);
    if (status != QD_OK) {
        return status;
    }
    const qd_gate_t *gate = qd_door_gate(meter->door);
    meter->way = options->gate;
    meter->way_state = carving->way_state;
    if (meter->way != NULL) {
        gate = meter->way->init(meter->way_state, gate);
    }
    qd_gateway_init(&meter->gateway, gate);
    return QD_OK;
}

static qd_status_t start_modules(qd_meter_t *meter, const qd_carving_t *carving) {
    const qd_model_t *model = meter->model;
    qd_services_t *services = &meter->services;
    uint16_t bad_row = 0;
    for (size_t i = 0; i < QD_MODULE_COUNT; i++) {
        meter->modules[i].module = model->modules[i].module;
        meter->modules[i].state = carving->module[i];
    }
    qd_objects_init(&meter->objects, model->cosem, meter->modules, QD_MODULE_COUNT, meter->ports.factory);
    services->records = qd_store_records(meter->store);
    services->logs = qd_log_interface(meter->logs);
    services->gateway = &meter->gateway;
    services->events = carving->module[QD_MODULE_EVENT];
    services->clock = carving->module[QD_MODULE_CLOCK];
    services->directory = &meter->objects.directory;
    services->factory = meter->ports.factory;
    services->scratch = meter->scratch;
    for (size_t i = 0; i < QD_MODULE_COUNT; i++) {
        qd_status_t status =
            model->modules[i].module->init(carving->module[i], model->modules[i].config, services);
        if (status != QD_OK) {
            return status;
        }
    }
    qd_associations_bind(carving->module[QD_MODULE_ASSOCIATION], &meter->objects);
    return qd_objects_check(&meter->objects, &bad_row);
}

static void start_channels(qd_meter_t *meter, const qd_carving_t *carving) {
    const qd_cosem_tables_t *tables = meter->model->cosem;
    meter->links = carving->links;
    qd_server_init(&meter->server, tables, &meter->objects, carving->module[QD_MODULE_ASSOCIATION]);
    for (uint8_t i = 0; i < meter->ports.channel_count; i++) {
        qd_link_init(&meter->links[i], i, &tables->channels[i], carving->module[QD_MODULE_IO],
                     meter->ports.channel[i], carving->receive[i], carving->transmit[i]);
    }
}

static bool ports_complete(const qd_model_t *model, const qd_meter_ports_t *ports) {
    if (ports->fram == NULL || ports->flash == NULL || ports->quantities == NULL || ports->key == NULL ||
        ports->channel_count > model->cosem->channel_count || ports->channel_count > QD_CHANNELS_MAX) {
        return false;
    }
    for (uint8_t i = 0; i < ports->channel_count; i++) {
        if (ports->channel[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* The record store; one of another layout that this model knows is taken over. */
static qd_status_t mount(qd_meter_t *m, const qd_carving_t *carving) {
    qd_status_t status = qd_sealer_gcm_init(&m->sealer, m->ports.key);
    if (status == QD_OK) {
        status = qd_store_mount(carving->store, carving->store_size, &m->layout, m->ports.fram,
                                &m->sealer.sealer, &m->store);
    }
    if (status == QD_VERSION && qd_meter_take_over(m, carving->store, carving->rest) == QD_OK) {
        status = qd_store_mount(carving->store, carving->store_size, &m->layout, m->ports.fram,
                                &m->sealer.sealer, &m->store);
    }
    return status == QD_END ? QD_OK : status;
}

/* Everything that stands on the record store, from the logs up. */
static qd_status_t start(qd_meter_t *m, const qd_carving_t *carving, const qd_meter_options_t *options) {
    uint32_t lost_logs = 0;
    qd_status_t status =
        qd_log_mount(carving->logs, carving->logs_size, m->log_layout, qd_store_records(m->store),
                     m->ports.flash, &m->sealer.sealer, qd_store_epoch(m->store), &lost_logs, &m->logs);
    if (status == QD_OK) {
        status = start_metrology(m, carving, options, m->tick_us);
    }
    if (status == QD_OK) {
        qd_upkeep_start(m, lost_logs);
        status = start_modules(m, carving);
    }
    if (status == QD_OK) {
        start_channels(m, carving);
    }
    return status;
}

void qd_meter_release(void *memory, size_t size) {
    qd_gap_open(memory, size);
}

qd_status_t qd_meter_init(void *memory, size_t size, const qd_model_t *model, const qd_meter_ports_t *ports,
                          const qd_meter_options_t *options, uint64_t tick_us, qd_meter_t **meter) {
    qd_arena_t arena = {.memory = memory, .size = size};
    qd_carving_t carving;
    if (memory == NULL || ((uintptr_t)memory & 7u) != 0 || !ports_complete(model, ports)) {
        return QD_ARGUMENT;
    }
    if (options == NULL) {
        options = &no_options;
    }
    qd_meter_release(memory, size); /* another meter may have been there */
    carve(model, options, &arena, &carving);
    if (arena.spent) {
        return QD_NO_SPACE;
    }
    qd_meter_t *m = carving.meter;
    memset(m, 0, sizeof *m);
    m->model = model;
    m->ports = *ports;
    m->tick_us = tick_us;
    m->interval_us = tick_us;
    qd_meter_layout(model, &m->layout);
    m->log_layout = &log_layout;
    qd_status_t status = mount(m, &carving);
    if (status == QD_OK) {
        status = start(m, &carving, options);
    }
    if (status == QD_OK) {
        *meter = m;
    }
    if (status == QD_OK && QD_GAP_SIZE > 0) {
        /* Not before: a migration has used what is now the other parts as one. */
        arena = (qd_arena_t){.memory = memory, .size = size, .gaps = true};
        carve(model, options, &arena, &carving);
    }
    return status;
}
