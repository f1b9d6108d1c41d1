#include "app/event.h"

#include <string.h>

#include "app/clock.h"
#include "app/event_state.h"
#include "app/gateway.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define EVENT_RECORD_VERSION 2u
/* The last second that a ring log can bear. */
#define LOG_UTC_MAX ((int64_t)UINT32_MAX - 1)

static bool goes_to(const qd_event_config_t *config, const qd_event_t *event, size_t target) {
    if (event->code == QD_EVENT_LOG_CLEARED) {
        return event->detail == (int64_t)target;
    }
    for (uint8_t i = 0; i < config->row_count; i++) {
        if (config->rows[i].code == event->code && config->rows[i].target == target) {
            return true;
        }
    }
    return false;
}

static qd_event_t *slot(qd_event_bus_t *bus, uint32_t sequence) {
    return &bus->ring[sequence % QD_EVENT_RING];
}

/* Oldest sequence that the ring still holds. */
static uint32_t oldest(const qd_event_bus_t *bus) {
    return bus->next_sequence - bus->started > QD_EVENT_RING ? bus->next_sequence - QD_EVENT_RING
                                                             : bus->started;
}

/* Oldest event that waits; next_sequence when none does. */
static uint32_t first_waiting(const qd_event_bus_t *bus) {
    uint32_t held = oldest(bus);
    return bus->committed + 1u > held ? bus->committed + 1u : held;
}

/* Counters and last codes as they are with the events from .. to. */
static void count_up(const qd_event_bus_t *bus, uint32_t from, uint32_t to, uint8_t last[QD_TARGET_COUNT],
                     uint16_t count[QD_TARGET_COUNT]) {
    memcpy(last, bus->last, sizeof bus->last);
    memcpy(count, bus->count, sizeof bus->count);
    for (uint32_t s = from; s <= to; s++) {
        const qd_event_t *event = &bus->ring[s % QD_EVENT_RING];
        for (size_t target = 0; target < QD_TARGET_COUNT; target++) {
            if (goes_to(bus->config, event, target)) {
                last[target] = event->code;
                count[target]++;
            }
        }
    }
}

/* Record: version (1), per target last (1) and count (2), next sequence (4). */
static qd_status_t load(qd_event_bus_t *bus) {
    uint8_t image[QD_RECORD_EVENTS_SIZE];
    size_t length = 0;
    const qd_records_t *records = bus->services->records;
    qd_status_t status = records->read(records->context, QD_RECORD_EVENTS, image, sizeof image, &length);
    if (status == QD_END || status == QD_CORRUPT) {
        return QD_OK; /* lost counters begin anew; the logs have what happened */
    }
    if (status != QD_OK) {
        return status;
    }
    qd_reader_t r;
    qd_reader_init(&r, image, length);
    if (qd_reader_u8(&r) != EVENT_RECORD_VERSION) {
        return QD_VERSION;
    }
    for (size_t t = 0; t < QD_TARGET_COUNT; t++) {
        bus->last[t] = qd_reader_u8(&r);
        bus->count[t] = qd_reader_u16_le(&r);
    }
    bus->next_sequence = qd_reader_u32_le(&r);
    return r.status;
}

/* The record as it is when the events up to `staged` are committed. */
static qd_status_t save(const qd_event_bus_t *bus, uint32_t staged) {
    uint8_t image[QD_RECORD_EVENTS_SIZE];
    uint8_t last[QD_TARGET_COUNT];
    uint16_t count[QD_TARGET_COUNT];
    count_up(bus, first_waiting(bus), staged, last, count);
    qd_writer_t w;
    qd_writer_init(&w, image, sizeof image);
    qd_writer_u8(&w, EVENT_RECORD_VERSION);
    for (size_t t = 0; t < QD_TARGET_COUNT; t++) {
        qd_writer_u8(&w, last[t]);
        qd_writer_u16_le(&w, count[t]);
    }
    qd_writer_u32_le(&w, staged + 1u);
    const qd_records_t *records = bus->services->records;
    return records->write(records->context, QD_RECORD_EVENTS, image, w.at);
}

/* Appends one event to the log of every target that has one. QD_OK; *part: some have it already when another
 * refuses. */
static qd_status_t append(const qd_event_bus_t *bus, const qd_event_t *event, bool *part) {
    uint8_t row[QD_EVENT_ROW_SIZE];
    const qd_logs_t *logs = bus->services->logs;
    qd_status_t status = QD_OK;
    *part = false;
    qd_writer_t w;
    qd_writer_init(&w, row, sizeof row);
    qd_writer_u8(&w, event->code);
    qd_writer_u8(&w, event->status);
    qd_writer_u16_le(&w, (uint16_t)event->deviation_min);
    qd_writer_u32_le(&w, event->cause);
    qd_writer_u64_le(&w, (uint64_t)event->detail);
    qd_writer_u32_le(&w, event->meter_status);
    int64_t utc = event->utc < 0 ? 0 : event->utc > LOG_UTC_MAX ? LOG_UTC_MAX : event->utc;
    for (size_t target = 0; logs != NULL && target < QD_TARGET_COUNT; target++) {
        if (bus->config->log[target].log == 0 || !goes_to(bus->config, event, target)) {
            continue;
        }
        status = logs->append(logs->context, bus->config->log[target].log, utc, row, sizeof row, NULL);
        if (status != QD_OK) {
            return status;
        }
        *part = true;
    }
    return QD_OK;
}

bool qd_event_waits(const qd_event_bus_t *bus) {
    return bus->committed + 1u != bus->next_sequence; /* whatever the ring has dropped of them */
}

qd_status_t qd_event_commit(qd_event_bus_t *bus) {
    uint32_t first = first_waiting(bus);
    uint32_t end = bus->limit > first && bus->limit < bus->next_sequence ? bus->limit : bus->next_sequence;
    end = end - first > QD_EVENT_GROUP ? first + QD_EVENT_GROUP : end;
    bus->limit = 0;
    bus->staged = bus->committed;
    if (first == bus->next_sequence) {
        return QD_END;
    }
    uint32_t next = first;
    for (; next != end; next++) {
        bool part = false;
        qd_status_t status = append(bus, slot(bus, next), &part);
        if (status != QD_OK && status != QD_PENDING && status != QD_NO_SPACE) {
            return status;
        }
        if (status != QD_OK && part) {
            bus->limit = next; /* its row in one log must not stand without the other */
            return QD_PENDING;
        }
        if (status != QD_OK) {
            break;
        }
    }
    if (next == first) {
        return QD_PENDING;
    }
    qd_status_t status = save(bus, next - 1u);
    bus->staged = status == QD_OK ? next - 1u : bus->committed;
    return status;
}

void qd_event_committed(qd_event_bus_t *bus, bool durable) {
    if (durable && bus->staged != bus->committed) {
        count_up(bus, first_waiting(bus), bus->staged, bus->last, bus->count);
        bus->committed = bus->staged;
    }
    bus->staged = bus->committed;
}

qd_status_t qd_event_drain(qd_event_bus_t *bus, qd_event_t *event) {
    uint32_t held = oldest(bus);
    bus->drained = bus->drained + 1u < held ? held - 1u : bus->drained;
    if (bus->drained >= bus->committed) {
        return QD_END;
    }
    bus->drained++;
    *event = *slot(bus, bus->drained);
    return QD_OK;
}

qd_status_t qd_event_recent(const qd_event_bus_t *bus, uint32_t n, qd_event_t *event) {
    if (n >= bus->next_sequence - oldest(bus)) {
        return QD_END;
    }
    *event = bus->ring[(bus->next_sequence - 1u - n) % QD_EVENT_RING];
    return QD_OK;
}

void qd_event_status(qd_event_bus_t *bus, uint32_t errors) {
    bus->meter_status = errors;
}

uint32_t qd_event_lost(const qd_event_bus_t *bus) {
    return bus->lost;
}

uint32_t qd_event_raise_at(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause, qd_utc_t utc,
                           bool valid) {
    const qd_clock_t *clock = bus->services->clock;
    const qd_snapshot_t *snapshot = &bus->services->gateway->snapshot;
    bool dst = false;
    if (bus->next_sequence - first_waiting(bus) == QD_EVENT_RING) {
        bus->lost++; /* the oldest waiting one is overwritten */
    }
    uint32_t sequence = bus->next_sequence++;
    qd_event_t *event = slot(bus, sequence);
    memset(event, 0, sizeof *event);
    event->sequence = sequence;
    event->cause = cause;
    event->code = code;
    event->utc = utc;
    event->detail = detail;
    event->deviation_min = qd_clock_deviation(clock, utc, &dst);
    event->status = (uint8_t)((valid ? 0u : QD_CLOCK_INVALID) | (dst ? QD_CLOCK_DST : 0u) |
                              (snapshot->clock.doubtful ? QD_CLOCK_DOUBTFUL : 0u));
    event->meter_status = bus->meter_status;
    return sequence;
}

uint32_t qd_event_raise(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause) {
    return qd_event_raise_at(bus, code, detail, cause, qd_clock_utc(bus->services->clock, bus->tick_us),
                             bus->services->gateway->snapshot.clock.valid);
}

uint32_t qd_event_power_start(qd_event_bus_t *bus, const int64_t *down_utc_ms, bool down_valid,
                              uint64_t tick_us) {
    bool valid = bus->services->gateway->snapshot.clock.valid;
    qd_utc_t up = qd_clock_utc(bus->services->clock, tick_us);
    uint32_t cause = 0;
    int64_t duration = 0;
    bus->tick_us = tick_us;
    if (down_utc_ms != NULL) {
        qd_utc_t down = *down_utc_ms / 1000 - (*down_utc_ms % 1000 < 0 ? 1 : 0);
        cause = qd_event_raise_at(bus, QD_EVENT_POWER_DOWN, 0, 0, down, down_valid);
        duration = down_valid && valid && up > down ? up - down : 0;
    }
    cause = qd_event_raise_at(bus, QD_EVENT_POWER_UP, duration, cause, up, valid);
    if (!valid) {
        (void)qd_event_raise_at(bus, QD_EVENT_CLOCK_INVALID, 0, cause, up, valid);
    }
    return cause;
}

static size_t event_size(const void *config) {
    (void)config;
    return sizeof(qd_event_bus_t);
}

/* Every log of the configuration is one that the meter has. */
static qd_status_t check_logs(const qd_event_bus_t *bus) {
    const qd_logs_t *logs = bus->services->logs;
    for (size_t target = 0; logs != NULL && target < QD_TARGET_COUNT; target++) {
        qd_log_span_t span;
        uint16_t log = bus->config->log[target].log;
        if (log != 0 && logs->span(logs->context, log, &span) != QD_OK) {
            return QD_ARGUMENT;
        }
    }
    return QD_OK;
}

static qd_status_t event_init(void *self, const void *config, const qd_services_t *services) {
    qd_event_bus_t *bus = self;
    memset(bus, 0, sizeof *bus);
    bus->services = services;
    bus->config = config;
    bus->next_sequence = 1;
    qd_status_t status = load(bus);
    bus->started = bus->next_sequence;
    bus->committed = bus->next_sequence - 1u;
    bus->staged = bus->committed;
    bus->drained = bus->committed;
    return status == QD_OK ? check_logs(bus) : status;
}

static qd_status_t event_get(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    qd_event_bus_t *bus = self;
    if (ref.item == QD_EVENT_ITEM_LOG || ref.item == QD_EVENT_ITEM_JOURNAL) {
        return qd_event_log_get(bus, ref, value);
    }
    if (ref.arg >= QD_TARGET_COUNT) {
        return QD_UNDEFINED;
    }
    switch (ref.item) {
    case QD_EVENT_ITEM_LAST:
        qd_scalar_unsigned(value, QD_TYPE_UNSIGNED, bus->last[ref.arg]);
        return QD_OK;
    case QD_EVENT_ITEM_COUNT:
        qd_scalar_unsigned(value, QD_TYPE_LONG_UNSIGNED, bus->count[ref.arg]);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static void event_due(void *self, uint64_t tick_us, uint64_t *next_us) {
    (void)next_us;
    qd_event_bus_t *bus = self;
    bus->tick_us = tick_us;
}

const qd_module_t qd_event_module = {
    .name = "event",
    .size = event_size,
    .init = event_init,
    .get = event_get,
    .span = qd_event_log_span,
    .row = qd_event_log_row,
    .select = qd_event_log_select,
    .selected = qd_event_log_selected,
    .pick = qd_event_log_pick,
    .act = qd_event_log_act,
    .due = event_due,
};
