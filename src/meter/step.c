/*
 * One step, one order: measured intervals, gate, modules, commit, fan-out of committed events,
 * channels. Consumers see committed events only; a peer hears success after the commit.
 */
#include <string.h>

#include "app/clock.h"
#include "app/event.h"
#include "item/scalar.h"
#include "meter/meter_state.h"

/* Intervals booked in one step at most; the rest waits for the next one, which is due at once. */
#define INTERVALS_MAX 8u
#define INTERVAL_US 1000000u
/* Rounds of them that a notice waits for. */
#define LATE_MAX 16u
/* Rounds of messages in which the start's questions are answered; a dozen are needed by link. */
#define SETTLE_ROUNDS 64u

/* Octets that the commit of a second programs when nothing is special. */
#define COMMIT_ORDINARY 512u

static qd_event_bus_t *events_of(qd_meter_t *meter) {
    return meter->modules[QD_MODULE_EVENT].state;
}

/* Books what has been measured. Returns how many intervals. */
static uint8_t measure(qd_meter_t *meter, uint64_t tick_us) {
    qd_quantities_t record;
    uint8_t booked = 0;
    const qd_quantities_port_t *port = meter->ports.quantities;
    while (booked < INTERVALS_MAX && port->take(port->context, tick_us, &record) == QD_OK) {
        (void)qd_door_run(meter->door, &record);
        meter->interval_us = record.tick_us;
        booked++;
    }
    return booked;
}

static void run_modules(qd_meter_t *meter, uint64_t tick_us, uint64_t *next_us) {
    for (size_t i = 0; i < QD_MODULE_COUNT; i++) {
        const qd_module_instance_t *m = &meter->modules[i];
        if (m->module->due != NULL) {
            m->module->due(m->state, tick_us, next_us);
        }
    }
}

/* Hands committed events to whoever wants to know. */
static void fan_out(qd_meter_t *meter) {
    qd_event_t event;
    while (qd_event_drain(events_of(meter), &event) == QD_OK) {
        for (size_t i = 0; i < QD_MODULE_COUNT; i++) {
            const qd_module_instance_t *m = &meter->modules[i];
            if (m->module->notice != NULL) {
                m->module->notice(m->state, &event);
            }
        }
    }
}

static bool failed(qd_status_t status) {
    /* Nothing new, still writing, or a request of the gate has the record: none of them is a fault. */
    return status != QD_OK && status != QD_END && status != QD_PENDING && status != QD_BUSY;
}

/* What metrology writes is one group: registers, clock, journal and sealed values of one instant. */
static qd_status_t commit_metrology(qd_meter_t *meter) {
    qd_status_t status = qd_txn_begin(meter->store);
    if (status != QD_OK) {
        return status;
    }
    qd_status_t staged = qd_door_commit(meter->door);
    status = qd_txn_commit(meter->store);
    if (status == QD_OK) {
        qd_log_group_committed(meter->logs);
    } else {
        (void)qd_log_group_failed(meter->logs);
        qd_door_commit_failed(meter->door);
        return status;
    }
    return failed(staged) ? QD_IO : QD_OK;
}

/* The supply fails: what was measured, the begun interval included, in one small write. */
static qd_status_t commit_notice(qd_meter_t *meter, uint64_t tick_us) {
    qd_quantities_t record;
    const qd_quantities_port_t *port = meter->ports.quantities;
    for (uint8_t i = 0; i < LATE_MAX && measure(meter, tick_us) == INTERVALS_MAX; i++) {
        /* a late step: the rest of what was measured */
    }
    if (port->cut != NULL && port->cut(port->context, tick_us, &record) == QD_OK) {
        (void)qd_door_run(meter->door, &record);
        meter->interval_us = record.tick_us;
    }
    qd_status_t status = qd_door_commit_notice(meter->door);
    if (status == QD_STATE) {
        status = commit_metrology(meter); /* nothing to stand on yet, in the first second: the long way */
    }
    qd_supply_committed(&meter->supply, !failed(status));
    return failed(status) ? QD_IO : QD_OK;
}

/* Commits the events that wait, rows and counters as one group, and fans them out. */
static qd_status_t commit_events(qd_meter_t *meter, bool *done) {
    qd_event_bus_t *bus = events_of(meter);
    qd_status_t status = qd_txn_begin(meter->store);
    if (status != QD_OK) {
        return QD_IO;
    }
    status = qd_event_commit(bus);
    if (status == QD_OK) {
        status = qd_txn_commit(meter->store);
    } else {
        qd_txn_abort(meter->store);
    }
    qd_event_committed(bus, status == QD_OK);
    if (status == QD_OK) {
        qd_log_group_committed(meter->logs);
        fan_out(meter);
        *done = true;
    } else {
        (void)qd_log_group_failed(meter->logs);
    }
    return failed(status) ? QD_IO : QD_OK;
}

/* *done: events were committed; others may wait for the next group. */
static inline qd_status_t commit_waiting(qd_meter_t *meter, bool *done) {
    *done = false;
    return qd_event_waits(events_of(meter)) ? commit_events(meter, done) : QD_OK;
}

/* Newest snapshot to the modules, and what they have to do under it. */
static void run_under_snapshot(qd_meter_t *meter, uint64_t tick_us, uint64_t *next_us) {
    if (meter->way != NULL) {
        meter->way->pump(meter->way_state);
    }
    qd_gateway_refresh(&meter->gateway);
    run_modules(meter, tick_us, next_us);
}

/* The instant of the last commit before this start; by link that takes a few messages. */
static bool ask_down(qd_meter_t *meter, int64_t *down_ms) {
    qd_status_t status = QD_PENDING;
    for (uint8_t i = 0; i < SETTLE_ROUNDS && status == QD_PENDING; i++) {
        if (meter->way != NULL) {
            meter->way->pump(meter->way_state);
        }
        status = qd_gateway_down(&meter->gateway, down_ms);
    }
    return status == QD_OK;
}

/* At the start the modules have questions to metrology; they are settled before the first interval
 * counts, however many messages that takes. */
static void settle(qd_meter_t *meter, uint64_t tick_us) {
    uint64_t next_us = tick_us;
    for (uint8_t i = 0; i < SETTLE_ROUNDS && next_us <= tick_us; i++) {
        next_us = tick_us + INTERVAL_US;
        run_under_snapshot(meter, tick_us, &next_us);
    }
    if (!meter->gateway.have_snapshot) {
        return;
    }
    meter->started = true;
    qd_upkeep_run(meter,
                  tick_us); /* what the start has lost is in the register before anything else is told */
    int64_t down_ms = 0;
    bool known = ask_down(meter, &down_ms);
    (void)qd_event_power_start(events_of(meter), known ? &down_ms : NULL, known, tick_us);
}

/* What the supply allows now; one that was away is told. */
static qd_supply_phase_t look_at_supply(qd_meter_t *meter, uint64_t tick_us) {
    const qd_power_t *port = meter->ports.power;
    uint64_t away_us = 0;
    if (port == NULL) {
        return QD_SUPPLY_GOOD;
    }
    qd_supply_phase_t phase = qd_supply_look(&meter->supply, port->state(port->context), tick_us, &away_us);
    if (phase == QD_SUPPLY_BACK) {
        const qd_clock_t *clock = meter->modules[QD_MODULE_CLOCK].state;
        uint32_t down = qd_event_raise_at(events_of(meter), QD_EVENT_POWER_DOWN, 0, 0,
                                          qd_clock_utc(clock, away_us), meter->gateway.snapshot.clock.valid);
        (void)qd_event_raise(events_of(meter), QD_EVENT_POWER_UP, (int64_t)((tick_us - away_us) / 1000000u),
                             down);
    }
    return phase;
}

/* True: there is more to do. Only one table is read in a step. */
static bool serve_channels(qd_meter_t *meter, uint64_t tick_us) {
    bool more = false;
    const qd_link_t *end = meter->links + meter->ports.channel_count;
    meter->server.spent = false;
    for (qd_link_t *link = meter->links; link < end; link++) {
        more = qd_link_step(link, &meter->server, tick_us) || more;
    }
    return more;
}

/* Answers peers. What that raised is committed before any of them hears of it. */
static inline qd_status_t serve(qd_meter_t *meter, uint64_t tick_us, uint64_t *next_us) {
    bool done = false;
    if (serve_channels(meter, tick_us)) {
        *next_us = tick_us;
    }
    if (meter->server.spent && qd_event_waits(events_of(meter))) {
        *next_us = tick_us; /* which begins with them */
        return QD_OK;
    }
    qd_status_t status = commit_waiting(meter, &done);
    if (done && qd_event_waits(events_of(meter))) {
        *next_us = tick_us;
        return status;
    }
    const qd_link_t *end = meter->links + meter->ports.channel_count;
    for (qd_link_t *link = meter->links; link < end; link++) {
        qd_link_flush(link);
    }
    return status;
}

qd_status_t qd_meter_step(qd_meter_t *meter, uint64_t tick_us, uint64_t *next_us) {
    qd_status_t status = QD_OK;
    bool failing = meter->supply.failing;
    if (tick_us < meter->tick_us) {
        return QD_ARGUMENT;
    }
    meter->tick_us = tick_us;
    switch (look_at_supply(meter, tick_us)) {
    case QD_SUPPLY_NOTICE:
        *next_us = tick_us + QD_SUPPLY_POLL_US;
        return commit_notice(meter, tick_us);
    case QD_SUPPLY_QUIET:
        (void)measure(meter, tick_us);
        *next_us = tick_us + QD_SUPPLY_POLL_US;
        return QD_OK;
    case QD_SUPPLY_GOOD:
    case QD_SUPPLY_BACK:
        break;
    }
    if (!meter->started) {
        settle(meter, tick_us);
    }
    uint8_t booked = measure(meter, tick_us);
    *next_us = booked == INTERVALS_MAX ? tick_us : meter->interval_us + INTERVAL_US;
    if (*next_us < tick_us) {
        *next_us = tick_us + INTERVAL_US; /* nothing is measured now: ask again in a second */
    }
    bool spent = false;
    /* After a notice what was measured since, and a base when the next notice needs one. */
    if (booked > 0 || failing) {
        uint32_t before = qd_store_programmed(meter->store);
        status = commit_metrology(meter);
        spent = qd_store_programmed(meter->store) - before > COMMIT_ORDINARY;
    }
    (void)qd_log_run(meter->logs);
    /* Civil time goes on even when nothing can be measured. */
    if (booked > 0 || meter->way != NULL || tick_us - meter->modules_us >= INTERVAL_US) {
        meter->modules_us = tick_us;
        run_under_snapshot(meter, tick_us, next_us);
        qd_upkeep_run(meter, tick_us);
    }
    if (spent) {
        *next_us = tick_us; /* events and peers have the next step: the longest one is no sum of all works */
        return status;
    }
    bool done = false;
    qd_status_t events = commit_waiting(meter, &done);
    if (done) {
        *next_us = tick_us; /* so have peers, and events left over, when a group was committed */
        return status != QD_OK ? status : events;
    }
    qd_status_t late = serve(meter, tick_us, next_us);
    return status != QD_OK ? status : events != QD_OK ? events : late;
}

qd_status_t qd_meter_stop(qd_meter_t *meter) {
    qd_status_t status = commit_metrology(meter);
    qd_status_t events = QD_OK;
    bool done = true;
    for (unsigned i = 0; i < QD_EVENT_RING && events == QD_OK && done;
         i++) { /* each group takes one at least */
        events = commit_waiting(meter, &done);
    }
    return status != QD_OK ? status : events;
}

void qd_meter_get_view(const qd_meter_t *meter, qd_meter_view_t *view) {
    const qd_snapshot_t *s = &meter->gateway.snapshot;
    const qd_clock_t *clock = meter->modules[QD_MODULE_CLOCK].state;
    memset(view, 0, sizeof *view);
    view->utc_ms = s->utc_ms;
    view->clock = s->clock;
    view->deviation_min = qd_clock_deviation(clock, s->utc_ms / 1000, NULL);
    view->now = s->now;
    view->active_power_mw = s->active_power_mw;
    view->reactive_power_mvar = s->reactive_power_mvar;
    view->import_mj = s->total_mj[QD_ENERGY_A_IMPORT];
    view->export_mj = s->total_mj[QD_ENERGY_A_EXPORT];
    view->rate = s->rate[QD_ENERGY_A_IMPORT];
    view->commits = s->number;
    view->flags = s->flags;
    view->requests = meter->server.requests;
}

uint64_t qd_meter_hash(const qd_meter_t *meter) {
    return qd_door_hash(meter->door);
}

int64_t qd_meter_utc_ms(const qd_meter_t *meter, uint64_t tick_us) {
    return qd_door_utc_ms(meter->door, tick_us);
}

qd_status_t qd_meter_provision(qd_meter_t *meter, const qd_obis_t *obis, const uint8_t *octets,
                               size_t length) {
    qd_object_t object;
    const qd_call_t call = {.client = QD_CLIENT_INTERNAL, .local = true, .tick_us = meter->tick_us};
    qd_scalar_source_t given;
    if (length > UINT16_MAX) {
        return QD_RANGE;
    }
    if (qd_object_find(&meter->objects, obis, &object) != QD_OK ||
        (meter->model->cosem->objects[object.row].flags & QD_ROW_FACTORY) == 0) {
        return QD_UNDEFINED;
    }
    if (!qd_services_in_factory(&meter->services)) {
        return QD_SEALED;
    }
    qd_scalar_source_init(&given);
    qd_scalar_octets(&given.scalar, QD_TYPE_OCTET_STRING, octets, (uint16_t)length);
    return qd_object_put(&meter->objects, &call, object, 2, &given.source);
}
