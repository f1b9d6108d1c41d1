#include "app/event.h"

#include <string.h>

#include "app/clock.h"
#include "app/gateway.h"
#include "base/cursor.h"
#include "item/scalar.h"

/* Events held. Those since the last commit wait in the same ring. */
#define EVENT_RING 16u
#define EVENT_RECORD_VERSION 1u

struct qd_event_bus {
    const qd_services_t *services;
    const qd_event_config_t *config;
    qd_event_t ring[EVENT_RING];
    uint32_t next_sequence; /* of the next event */
    uint32_t committed;     /* highest committed sequence */
    uint32_t drained;       /* highest fanned-out sequence */
    uint8_t last[QD_TARGET_COUNT];
    uint16_t count[QD_TARGET_COUNT];
    uint64_t tick_us;
};

static bool goes_to(const qd_event_config_t *config, uint8_t code, size_t target) {
    for (uint8_t i = 0; i < config->row_count; i++) {
        if (config->rows[i].code == code && config->rows[i].target == target) {
            return true;
        }
    }
    return false;
}

static void fan_out(qd_event_bus_t *bus, const qd_event_t *event) {
    for (size_t target = 0; target < QD_TARGET_COUNT; target++) {
        if (goes_to(bus->config, event->code, target)) {
            bus->last[target] = event->code;
            bus->count[target]++;
        }
    }
}

static qd_event_t *slot(qd_event_bus_t *bus, uint32_t sequence) {
    return &bus->ring[sequence % EVENT_RING];
}

/* Oldest sequence that the ring still holds. */
static uint32_t oldest(const qd_event_bus_t *bus) {
    return bus->next_sequence > EVENT_RING ? bus->next_sequence - EVENT_RING : 1u;
}

/*
 * Record: version (1), per target last (1) and count (2), next sequence (4), then the events held,
 * oldest first, of 34 octets each. Consumers' state and the events are one image, so a consumer has
 * seen exactly the events before the record's next sequence.
 */
static qd_status_t load(qd_event_bus_t *bus) {
    uint8_t *image = bus->services->scratch;
    size_t length = 0;
    const qd_records_t *records = bus->services->records;
    qd_status_t status =
        records->read(records->context, QD_RECORD_EVENTS, image, QD_RECORD_EVENTS_SIZE, &length);
    if (status == QD_END || status == QD_CORRUPT) {
        return QD_OK; /* a lost ring loses history, not energy; metrology's journal names the loss */
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
    for (uint32_t s = oldest(bus); s < bus->next_sequence; s++) {
        qd_event_t *event = slot(bus, s);
        event->sequence = s;
        event->cause = qd_reader_u32_le(&r);
        event->snapshot = qd_reader_u32_le(&r);
        event->code = qd_reader_u8(&r);
        event->status = qd_reader_u8(&r);
        event->utc = (qd_utc_t)qd_reader_u64_le(&r);
        event->tick_us = qd_reader_u64_le(&r);
        event->detail = (int64_t)qd_reader_u64_le(&r);
    }
    bus->committed = bus->next_sequence - 1u;
    bus->drained = bus->committed;
    return r.status;
}

static qd_status_t save(const qd_event_bus_t *bus) {
    uint8_t *image = bus->services->scratch;
    qd_writer_t w;
    qd_writer_init(&w, image, QD_RECORD_EVENTS_SIZE);
    qd_writer_u8(&w, EVENT_RECORD_VERSION);
    for (size_t t = 0; t < QD_TARGET_COUNT; t++) {
        /* As they will be when the waiting events have been fanned out. */
        uint8_t last = bus->last[t];
        uint16_t count = bus->count[t];
        for (uint32_t s = bus->drained + 1u; s < bus->next_sequence; s++) {
            const qd_event_t *event = &bus->ring[s % EVENT_RING];
            if (goes_to(bus->config, event->code, t)) {
                last = event->code;
                count++;
            }
        }
        qd_writer_u8(&w, last);
        qd_writer_u16_le(&w, count);
    }
    qd_writer_u32_le(&w, bus->next_sequence);
    for (uint32_t s = oldest(bus); s < bus->next_sequence; s++) {
        const qd_event_t *event = &bus->ring[s % EVENT_RING];
        qd_writer_u32_le(&w, event->cause);
        qd_writer_u32_le(&w, event->snapshot);
        qd_writer_u8(&w, event->code);
        qd_writer_u8(&w, event->status);
        qd_writer_u64_le(&w, (uint64_t)event->utc);
        qd_writer_u64_le(&w, event->tick_us);
        qd_writer_u64_le(&w, (uint64_t)event->detail);
    }
    if (w.status != QD_OK) {
        return w.status;
    }
    const qd_records_t *records = bus->services->records;
    return records->write(records->context, QD_RECORD_EVENTS, image, w.at);
}

static size_t event_size(const void *config) {
    (void)config;
    return sizeof(qd_event_bus_t);
}

static qd_status_t event_init(void *self, const void *config, const qd_services_t *services) {
    qd_event_bus_t *bus = self;
    memset(bus, 0, sizeof *bus);
    bus->services = services;
    bus->config = config;
    bus->next_sequence = 1;
    return load(bus);
}

static qd_status_t event_get(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    const qd_event_bus_t *bus = self;
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

uint32_t qd_event_raise(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause) {
    uint32_t sequence = bus->next_sequence++;
    if (sequence - bus->drained > EVENT_RING) {
        bus->drained = sequence - EVENT_RING; /* overwritten before it was seen */
    }
    qd_event_t *event = slot(bus, sequence);
    memset(event, 0, sizeof *event);
    event->sequence = sequence;
    event->cause = cause;
    event->snapshot = bus->services->gateway->snapshot.number;
    event->code = code;
    event->status = qd_clock_status_octet(bus->services->clock);
    event->utc = qd_clock_utc(bus->services->clock, bus->tick_us);
    event->tick_us = bus->tick_us;
    event->detail = detail;
    return sequence;
}

qd_status_t qd_event_commit(qd_event_bus_t *bus) {
    if (bus->next_sequence - 1u == bus->committed) {
        return QD_END;
    }
    return save(bus);
}

qd_status_t qd_event_drain(qd_event_bus_t *bus, qd_event_t *event) {
    bus->committed = bus->next_sequence - 1u;
    if (bus->drained == bus->committed) {
        return QD_END;
    }
    bus->drained++;
    *event = *slot(bus, bus->drained);
    fan_out(bus, event);
    return QD_OK;
}

qd_status_t qd_event_recent(const qd_event_bus_t *bus, uint32_t n, qd_event_t *event) {
    if (n >= bus->next_sequence - oldest(bus)) {
        return QD_END;
    }
    *event = bus->ring[(bus->next_sequence - 1u - n) % EVENT_RING];
    return QD_OK;
}

const qd_module_t qd_event_module = {
    .name = "event",
    .size = event_size,
    .init = event_init,
    .get = event_get,
    .due = event_due,
};
