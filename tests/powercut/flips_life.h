/*
 * flips_life.h - a meter whose memories are spoilt: its life until then, what a start and a round of upkeep show.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_FLIPS_LIFE_H
#define QD_TESTS_FLIPS_LIFE_H

#include "meter_world.h"

#include "app/diagnosis.h"
#include "app/event.h"
#include "item/scalar.h"

#define FRAM_MAX 32768u
#define ROWS_MAX 1200u
#define ROW_MAX 40u
#define RECORD_MAX 512u
#define SUPERBLOCKS 128u
#define SLOT_HEAD 24u /* with a tag of 12 */
#define ROLLED_EVENTS 1100u
#define PRINTED 12u

static const uint16_t settings[] = {QD_RECORD_METROLOGY_SEALED, QD_RECORD_IDENTITY, QD_RECORD_CLOCK,
                                    QD_RECORD_TARIFF, QD_RECORD_SECRETS};
#define SETTINGS (sizeof settings / sizeof settings[0])
static const uint16_t log_ids[2] = {QD_LOG_METROLOGY_JOURNAL, QD_LOG_EVENTS_STANDARD};

typedef struct row {
    qd_status_t status; /* QD_END: not there */
    uint8_t length;
    int64_t utc_s;
    uint8_t octets[ROW_MAX];
} row_t;

typedef struct rows {
    qd_log_span_t span;
    uint32_t unreadable;
    row_t row[ROWS_MAX]; /* from span.first on */
} rows_t;

/* What a start shows, and what stands after the round. */
typedef struct seen {
    uint64_t hash;
    int64_t import_mj;
    uint16_t flags;
    uint32_t bad_slots;
    uint32_t errors;
    uint16_t length[SETTINGS];
    uint8_t setting[SETTINGS][RECORD_MAX];
    rows_t log[2];
} seen_t;

typedef enum memory { FRAM = 0, FLASH, MEMORIES } memory_t;

typedef struct flips {
    meter_world_t world;
    qd_factory_t factory;
    bool sealed;
    uint8_t *image[MEMORIES];
    uint8_t *read[MEMORIES]; /* 1: a start and a round look at this octet */
    uint32_t size[MEMORIES];
    qd_block_t port[MEMORIES]; /* that sees what is read */
    const char *model;
    uint64_t hash[2];      /* of the second before the last one of the life, and of that */
    uint64_t last_hash[2]; /* of any life */
    int64_t import_mj;
    int64_t owed_mj;
    uint64_t on_us, off_us;
    int64_t rtc_offset_ms;
    uint32_t end[2]; /* of the logs, when the supply went */
    uint64_t random;
    seen_t reference, seen;
    memory_t memory; /* of the case */
    uint32_t at;
    uint8_t mask;
    unsigned more; /* places besides, at random; or with twin: the same place of the other slot */
    unsigned seed; /* of those places */
    uint32_t twin;
    uint8_t *spoilt[MEMORIES]; /* the image of the case */
    unsigned long passed, failed, refused, exact, second, worse, unread;
} flips_t;

static inline void fail(flips_t *f, const char *what) {
    f->failed++;
    if (f->failed <= PRINTED) {
        printf("%s\n  flips --model %s --memory %s --at %u --mask 0x%02x --more %u --seed %u --twin %u\n",
               what, f->model, f->memory == FRAM ? "fram" : "flash", (unsigned)f->at, f->mask, f->more,
               f->seed, (unsigned)f->twin);
    }
}

static inline uint8_t draw(flips_t *f) {
    f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint8_t)(f->random >> 56);
}

/* --- the life --------------------------------------------------------------------------------------- */

static inline bool factory_open(void *context) {
    return !((const flips_t *)context)->sealed;
}

static inline bool live(flips_t *f, uint32_t seconds) {
    meter_world_t *w = &f->world;
    for (uint32_t i = 0; i < seconds; i++) {
        uint64_t end_us = (w->now_us / MW_SECOND_US + 1u) * MW_SECOND_US;
        if (mw_step(w, end_us, QD_POWER_MAINS) != QD_OK) {
            return false;
        }
        f->last_hash[0] = f->last_hash[1];
        f->last_hash[1] = qd_meter_hash(w->meter);
    }
    return true;
}

static inline bool set(flips_t *f, const qd_obis_t *obis, int8_t attribute, const qd_scalar_t *value,
                       bool act) {
    meter_world_t *w = &f->world;
    const qd_call_t call = {.client = QD_CLIENT_INTERNAL, .local = true, .tick_us = w->now_us};
    qd_scalar_source_t given;
    qd_object_t object;
    qd_status_t status = qd_object_find(&w->meter->objects, obis, &object);
    for (unsigned tries = 0; status == QD_OK && tries < 8; tries++) {
        qd_scalar_source_init(&given);
        given.scalar = *value;
        status = act ? qd_object_act(&w->meter->objects, &call, object, attribute, &given.source)
                     : qd_object_put(&w->meter->objects, &call, object, attribute, &given.source);
        if (status != QD_PENDING) {
            break;
        }
        (void)live(f, 1);
        status = QD_OK;
    }
    return status == QD_OK;
}

/* Every setting gets a value that is not the factory's. */
static inline bool settle(flips_t *f) {
    static const qd_obis_t clock = {{0, 0, 1, 0, 0, 255}}, scripts = {{0, 0, 10, 0, 100, 255}},
                           serial = {{0, 0, 96, 1, 0, 255}}, client = {{0, 0, 40, 0, 1, 255}};
    static const uint8_t password[] = "not the factory";
    qd_scalar_t value;
    bool good = qd_meter_provision(f->world.meter, &serial, (const uint8_t *)"QDT00000042", 11) == QD_OK &&
                live(f, 2);
    f->sealed = true;
    qd_scalar_integer(&value, QD_TYPE_LONG, -120);
    good = good && set(f, &clock, 3, &value, false) && live(f, 2);
    qd_scalar_unsigned(&value, QD_TYPE_LONG_UNSIGNED, 2);
    good = good && set(f, &scripts, 1, &value, true) && live(f, 2);
    qd_scalar_octets(&value, QD_TYPE_OCTET_STRING, password, sizeof password - 1u);
    good = good && set(f, &client, 7, &value, false) && live(f, 2);
    qd_scalar_integer(&value, QD_TYPE_LONG, 5);
    return good && set(f, &clock, 6, &value, true) && live(f, 2);
}

static inline bool switch_off_and_on(flips_t *f) {
    meter_world_t *w = &f->world;
    f->owed_mj += mw_energy_mj(w, f->on_us, w->now_us);
    qd_sim_supply_power_off(&w->supply, QD_SIM_UNSYNCED_KEPT);
    w->now_us += 77 * MW_SECOND_US;
    qd_sim_supply_restart(&w->supply);
    f->on_us = w->now_us;
    return mw_start(w) == QD_OK;
}

static inline bool raise(flips_t *f, uint32_t events) {
    qd_event_bus_t *bus = f->world.meter->modules[QD_MODULE_EVENT].state;
    for (uint32_t i = 0; i < events; i++) {
        (void)qd_event_raise(bus, QD_EVENT_PARAMETRIZATION, i * 7919, 0);
        if (i % 4u == 3u && !live(f, 1)) {
            return false;
        }
    }
    return live(f, 8);
}

/* From the factory to the last power cut; what the registers must have is in import_mj. */
static inline bool life(flips_t *f, bool rolled) {
    meter_world_t *w = &f->world;
    w->now_us = 5 * MW_SECOND_US;
    f->on_us = w->now_us;
    if (mw_start(w) != QD_OK || !live(f, 30) || !settle(f) || !switch_off_and_on(f) || !live(f, 300) ||
        !raise(f, rolled ? ROLLED_EVENTS : 30u)) {
        return false;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (!switch_off_and_on(f) || !live(f, 920)) {
            return false;
        }
    }
    f->import_mj = f->owed_mj + mw_energy_mj(w, f->on_us, w->now_us);
    for (unsigned n = 0; n < 2; n++) {
        const qd_logs_t *logs = qd_log_interface(w->meter->logs);
        qd_log_span_t span;
        if (logs->span(logs->context, log_ids[n], &span) != QD_OK) {
            return false;
        }
        f->end[n] = span.end;
    }
    qd_sim_supply_power_off(&w->supply, QD_SIM_UNSYNCED_KEPT);
    memcpy(f->image[FRAM], qd_sim_fram_cells(&w->fram), f->size[FRAM]);
    memcpy(f->image[FLASH], qd_sim_nor_cells(&w->nor), f->size[FLASH]);
    memcpy(f->hash, f->last_hash, sizeof f->hash);
    f->off_us = w->now_us;
    f->rtc_offset_ms = w->rtc_offset_ms;
    return true;
}

/* --- what a start shows ----------------------------------------------------------------------------- */

static inline qd_status_t see_read(flips_t *f, memory_t memory, const qd_block_t *inner, uint32_t offset,
                                   uint8_t *buffer, uint32_t length) {
    memset(f->read[memory] + offset, 1, length);
    return inner->read(inner->context, offset, buffer, length);
}

static inline qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    flips_t *f = context;
    return see_read(f, FRAM, &f->world.fram_port, offset, buffer, length);
}

static inline qd_status_t flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    flips_t *f = context;
    return see_read(f, FLASH, &f->world.nor_port, offset, buffer, length);
}

static inline qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer,
                                       uint32_t length) {
    const qd_block_t *inner = &((flips_t *)context)->world.fram_port;
    return inner->program(inner->context, offset, buffer, length);
}

static inline qd_status_t fram_sync(void *context) {
    const qd_block_t *inner = &((flips_t *)context)->world.fram_port;
    return inner->sync(inner->context);
}

static inline qd_status_t flash_program(void *context, uint32_t offset, const uint8_t *buffer,
                                        uint32_t length) {
    const qd_block_t *inner = &((flips_t *)context)->world.nor_port;
    return inner->program(inner->context, offset, buffer, length);
}

static inline qd_status_t flash_sync(void *context) {
    const qd_block_t *inner = &((flips_t *)context)->world.nor_port;
    return inner->sync(inner->context);
}

static inline qd_status_t flash_erase(void *context, uint32_t offset) {
    const qd_block_t *inner = &((flips_t *)context)->world.nor_port;
    return inner->erase_start(inner->context, offset);
}

static inline qd_status_t flash_poll(void *context) {
    const qd_block_t *inner = &((flips_t *)context)->world.nor_port;
    return inner->erase_poll(inner->context);
}

static inline void watch(flips_t *f) {
    f->port[FRAM] = (qd_block_t){
        .context = f, .size = f->size[FRAM], .read = fram_read, .program = fram_program, .sync = fram_sync};
    f->port[FLASH] = (qd_block_t){.context = f,
                                  .size = f->size[FLASH],
                                  .erase_size = MW_ERASE_SIZE,
                                  .read = flash_read,
                                  .program = flash_program,
                                  .sync = flash_sync,
                                  .erase_start = flash_erase,
                                  .erase_poll = flash_poll};
    f->world.ports.fram = &f->port[FRAM];
    f->world.ports.flash = &f->port[FLASH];
}

static inline void see_log(const flips_t *f, unsigned n, rows_t *rows) {
    const qd_logs_t *logs = qd_log_interface(f->world.meter->logs);
    (void)logs->span(logs->context, log_ids[n], &rows->span);
    rows->unreadable = 0;
    for (uint32_t i = 0; i < ROWS_MAX && rows->span.first + i < rows->span.end; i++) {
        row_t *row = &rows->row[i];
        size_t length = 0;
        row->status = logs->read(logs->context, log_ids[n], rows->span.first + i, &row->utc_s, row->octets,
                                 sizeof row->octets, &length);
        row->length = (uint8_t)length;
        rows->unreadable += row->status != QD_OK ? 1u : 0u;
    }
}

/* Everything of the memories is looked at; then a second is metered. */
static inline void round_of_upkeep(flips_t *f) {
    meter_world_t *w = &f->world;
    uint32_t places = f->size[FLASH] / QD_LOG_PAGE_SIZE; /* more than the records have */
    for (uint32_t i = 0; i < places; i++) {
        qd_upkeep_run(w->meter, w->now_us + (uint64_t)i * QD_UPKEEP_PERIOD_US);
    }
    (void)live(f, 24); /* erases are in the way, perhaps */
    f->seen.errors = qd_diagnosis_errors(w->meter->modules[QD_MODULE_DIAGNOSIS].state);
}

static inline qd_status_t start(flips_t *f) {
    meter_world_t *w = &f->world;
    qd_meter_view_t view;
    qd_store_stats_t stats;
    seen_t *s = &f->seen;
    qd_status_t status = mw_start(w);
    if (status != QD_OK) {
        return status;
    }
    qd_meter_get_view(w->meter, &view);
    qd_store_get_stats(w->meter->store, &stats);
    s->hash = qd_meter_hash(w->meter);
    s->import_mj = view.import_mj;
    s->flags = view.flags;
    s->bad_slots = stats.bad_slots;
    const qd_records_t *records = qd_store_records(w->meter->store);
    for (size_t i = 0; i < SETTINGS; i++) {
        size_t length = 0;
        qd_status_t got = records->read(records->context, settings[i], s->setting[i], RECORD_MAX, &length);
        s->length[i] = got == QD_OK ? (uint16_t)length : got == QD_END ? 0xFFFEu : 0xFFFFu;
    }
    return QD_OK;
}

/* A start on the image with the places of the case spoilt; mask 0: none is. */
static inline qd_status_t start_spoilt(flips_t *f) {
    meter_world_t *w = &f->world;
    for (unsigned i = 0; i < MEMORIES; i++) {
        memcpy(f->spoilt[i], f->image[i], f->size[i]);
    }
    f->spoilt[f->memory][f->at] ^= f->mask;
    f->spoilt[f->memory][f->at + f->twin] ^= f->twin != 0 ? f->mask : 0;
    for (unsigned i = 0; i < f->more; i++) {
        memory_t memory = (draw(f) & 3u) == 0 ? FLASH : FRAM;
        uint32_t at = ((uint32_t)draw(f) << 16 | (uint32_t)draw(f) << 8 | draw(f)) % f->size[memory];
        f->spoilt[memory][at] ^= draw(f);
    }
    qd_sim_supply_restart(&w->supply);
    qd_sim_fram_load(&w->fram, f->spoilt[FRAM]);
    qd_sim_nor_load(&w->nor, f->spoilt[FLASH]);
    w->now_us = f->off_us + 60 * MW_SECOND_US;
    w->rtc_offset_ms = f->rtc_offset_ms;
    return start(f);
}

#endif
