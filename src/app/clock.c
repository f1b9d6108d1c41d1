#include "app/clock.h"

#include <string.h>

#include "app/clock_state.h"
#include "app/event.h"
#include "app/gateway.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define RECORD_VERSION 1u

/*
 * Record: version (1), zone (2), DST deviation (1), DST enabled (1), DST begin (12), DST end (12),
 * shift limit (2). Little-endian.
 */
static qd_status_t settings_save(const qd_clock_t *clock, const qd_clock_settings_t *settings) {
    uint8_t image[QD_RECORD_CLOCK_SIZE];
    qd_writer_t w;
    qd_writer_init(&w, image, sizeof image);
    qd_writer_u8(&w, RECORD_VERSION);
    qd_writer_u16_le(&w, (uint16_t)settings->rule.time_zone_min);
    qd_writer_u8(&w, (uint8_t)settings->rule.deviation_min);
    qd_writer_u8(&w, settings->rule.enabled ? 1u : 0u);
    qd_writer_octets(&w, settings->rule.begin, QD_DATE_TIME_SIZE);
    qd_writer_octets(&w, settings->rule.end, QD_DATE_TIME_SIZE);
    qd_writer_u16_le(&w, settings->shift_limit_s);
    const qd_records_t *records = clock->services->records;
    return records->write(records->context, QD_RECORD_CLOCK, image, w.at);
}

static void settings_default(const qd_clock_config_t *config, qd_clock_settings_t *settings) {
    settings->rule.time_zone_min = config->time_zone_min;
    settings->rule.deviation_min = config->dst_deviation_min;
    settings->rule.enabled = config->dst_enabled;
    memcpy(settings->rule.begin, config->dst_begin, QD_DATE_TIME_SIZE);
    memcpy(settings->rule.end, config->dst_end, QD_DATE_TIME_SIZE);
    settings->shift_limit_s = config->shift_limit_s;
}

static qd_status_t settings_load(qd_clock_t *clock) {
    uint8_t image[QD_RECORD_CLOCK_SIZE];
    size_t length = 0;
    const qd_records_t *records = clock->services->records;
    settings_default(clock->config, &clock->settings);
    qd_status_t status = records->read(records->context, QD_RECORD_CLOCK, image, sizeof image, &length);
    if (status == QD_END || status == QD_CORRUPT) {
        return QD_OK; /* the model's settings stand */
    }
    if (status != QD_OK) {
        return status;
    }
    qd_reader_t r;
    qd_reader_init(&r, image, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    qd_clock_settings_t *settings = &clock->settings;
    settings->rule.time_zone_min = (int16_t)qd_reader_u16_le(&r);
    settings->rule.deviation_min = (int8_t)qd_reader_u8(&r);
    settings->rule.enabled = qd_reader_u8(&r) != 0;
    const uint8_t *begin = qd_reader_octets(&r, QD_DATE_TIME_SIZE);
    const uint8_t *end = qd_reader_octets(&r, QD_DATE_TIME_SIZE);
    settings->shift_limit_s = qd_reader_u16_le(&r);
    if (r.status != QD_OK) {
        settings_default(clock->config, settings);
        return QD_OK;
    }
    memcpy(settings->rule.begin, begin, QD_DATE_TIME_SIZE);
    memcpy(settings->rule.end, end, QD_DATE_TIME_SIZE);
    return QD_OK;
}

/* Looks at the rule for an instant; a change of daylight saving is an event. */
static void look_at_dst(qd_clock_t *clock, qd_utc_t utc) {
    bool first = clock->dst_minute < 0;
    bool active = qd_dst_active(&clock->settings.rule, utc);
    clock->dst_minute = utc / 60;
    if (active != clock->dst && !first) {
        (void)qd_event_raise(clock->services->events, QD_EVENT_DST_CHANGED, active ? 1 : 0, 0);
    }
    clock->dst = active;
}

/* What follows a change of UTC: events 4 and 5 when it exceeds the limit or ends invalidity. */
static void clock_was_set(qd_clock_t *clock) {
    const qd_clock_change_t *change = &clock->change;
    int64_t utc_ms = change->request.u.set_clock.utc_ms;
    int64_t shift_ms = utc_ms - change->before_ms;
    int64_t limit_ms = (int64_t)clock->settings.shift_limit_s * 1000;
    if (!change->was_valid || shift_ms > limit_ms || shift_ms < -limit_ms) {
        /* Each bears the time that it tells of. */
        qd_utc_t old = qd_clock_seconds(change->before_ms);
        qd_utc_t new = qd_clock_seconds(utc_ms);
        qd_event_bus_t *events = clock->services->events;
        uint32_t cause = qd_event_raise_at(events, QD_EVENT_CLOCK_OLD, old, 0, old, change->was_valid);
        (void)qd_event_raise_at(events, QD_EVENT_CLOCK_NEW, new, cause, new, true);
    }
    look_at_dst(clock, qd_clock_seconds(utc_ms));
}

/* Goes on with the change that was built. */
static qd_status_t clock_change_continue(qd_clock_t *clock) {
    qd_gate_reply_t reply;
    qd_status_t status =
        qd_gateway_call(clock->services->gateway, QD_OWNER_CLOCK, &clock->change.request, &reply);
    if (status == QD_OK) {
        qd_gateway_refresh(clock->services->gateway);
        clock_was_set(clock);
    }
    return status;
}

static qd_status_t clock_change_start(qd_clock_t *clock, uint64_t tick_us, int64_t utc_ms) {
    qd_clock_change_t *change = &clock->change;
    if (utc_ms < 0) {
        return QD_RANGE;
    }
    qd_gateway_request(&change->request, QD_GATE_SET_CLOCK);
    change->request.u.set_clock.utc_ms = utc_ms;
    change->request.u.set_clock.at_us = tick_us;
    change->request.u.set_clock.uncertainty_ms = 1000;
    change->before_ms = qd_clock_utc_ms(clock, tick_us);
    change->was_valid = clock->services->gateway->snapshot.clock.valid;
    return clock_change_continue(clock);
}

static qd_status_t settings_apply(qd_clock_t *clock, const qd_clock_settings_t *settings) {
    qd_status_t status = settings_save(clock, settings);
    if (status == QD_OK) {
        clock->settings = *settings;
        clock->dst_minute = -1;
        (void)qd_event_raise(clock->services->events, QD_EVENT_PARAMETRIZATION, QD_RECORD_CLOCK, 0);
    }
    return status;
}

static qd_status_t object_get(const qd_clock_t *clock, uint64_t tick_us, uint8_t attribute,
                              qd_scalar_t *value) {
    const qd_clock_settings_t *settings = &clock->settings;
    uint8_t octets[QD_DATE_TIME_SIZE];
    switch (attribute) {
    case 2:
        qd_clock_date_time(clock, qd_clock_utc_ms(clock, tick_us), octets);
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, octets, QD_DATE_TIME_SIZE);
        return QD_OK;
    case 3:
        qd_scalar_integer(value, QD_TYPE_LONG, settings->rule.time_zone_min);
        return QD_OK;
    case 4:
        qd_scalar_unsigned(value, QD_TYPE_UNSIGNED, qd_clock_status_octet(clock));
        return QD_OK;
    case 5:
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, settings->rule.begin, QD_DATE_TIME_SIZE);
        return QD_OK;
    case 6:
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, settings->rule.end, QD_DATE_TIME_SIZE);
        return QD_OK;
    case 7:
        qd_scalar_integer(value, QD_TYPE_INTEGER, settings->rule.deviation_min);
        return QD_OK;
    case 8:
        qd_scalar_unsigned(value, QD_TYPE_BOOLEAN, settings->rule.enabled ? 1u : 0u);
        return QD_OK;
    case 9:
        qd_scalar_unsigned(value, QD_TYPE_ENUM, clock->config->clock_base);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t clock_get(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    const qd_clock_t *clock = self;
    uint8_t octets[QD_DATE_TIME_SIZE];
    switch (ref.item) {
    case QD_CLOCK_ITEM_OBJECT:
        return object_get(clock, call->tick_us, (uint8_t)ref.arg, value);
    case QD_CLOCK_ITEM_LOCAL_TIME:
        qd_clock_date_time(clock, qd_clock_utc_ms(clock, call->tick_us), octets);
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, octets + 5, 4);
        return QD_OK;
    case QD_CLOCK_ITEM_LOCAL_DATE:
        qd_clock_date_time(clock, qd_clock_utc_ms(clock, call->tick_us), octets);
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, octets, 5);
        return QD_OK;
    case QD_CLOCK_ITEM_SHIFT_LIMIT:
        qd_scalar_unsigned(value, QD_TYPE_LONG_UNSIGNED, clock->settings.shift_limit_s);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t take_date_time(const qd_source_t *source, uint8_t octets[QD_DATE_TIME_SIZE]) {
    qd_scalar_t scalar;
    qd_item_element_t element;
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_TYPE : status;
    }
    scalar = element.scalar;
    /* Clients send either the octet-string that the class defines or the date-time type itself. */
    if (element.type != QD_TYPE_OCTET_STRING && element.type != QD_TYPE_DATE_TIME) {
        return QD_TYPE;
    }
    if (scalar.length != QD_DATE_TIME_SIZE) {
        return QD_RANGE;
    }
    memcpy(octets, qd_scalar_data(&scalar), QD_DATE_TIME_SIZE);
    return QD_OK;
}

/* A way to name the new UTC. */
typedef qd_status_t (*qd_clock_target_t)(const qd_clock_t *clock, const qd_call_t *call,
                                         const qd_source_t *source, int64_t *utc_ms);

/* The only way to change UTC. The target is named once, however often the call has to come back. */
static qd_status_t clock_set(qd_clock_t *clock, const qd_call_t *call, qd_clock_target_t target,
                             const qd_source_t *source) {
    int64_t utc_ms = 0;
    qd_status_t status = QD_PENDING;
    switch (qd_ticket_enter(&clock->ticket, call)) {
    case QD_TICKET_WAIT:
        return QD_PENDING;
    case QD_TICKET_DONE:
        return clock->ticket.result;
    case QD_TICKET_CONTINUE:
        status = clock_change_continue(clock);
        break;
    case QD_TICKET_START:
    default:
        status = target(clock, call, source, &utc_ms);
        if (status == QD_OK) {
            status = clock_change_start(clock, call->tick_us, utc_ms);
        }
        break;
    }
    return qd_ticket_leave(&clock->ticket, status);
}

static qd_status_t target_time(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                               int64_t *utc_ms) {
    (void)call;
    uint8_t octets[QD_DATE_TIME_SIZE];
    qd_status_t status = take_date_time(source, octets);
    return status == QD_OK ? qd_clock_parse(clock, octets, utc_ms) : status;
}

static qd_status_t put_dst_rule(uint8_t octets[QD_DATE_TIME_SIZE], const qd_source_t *source) {
    uint8_t given[QD_DATE_TIME_SIZE];
    qd_status_t status = take_date_time(source, given);
    if (status == QD_OK) {
        status = qd_dst_check(given);
    }
    if (status == QD_OK) {
        memcpy(octets, given, QD_DATE_TIME_SIZE);
    }
    return status;
}

static qd_status_t object_put(qd_clock_t *clock, const qd_call_t *call, uint8_t attribute,
                              const qd_source_t *source) {
    qd_clock_settings_t settings = clock->settings;
    qd_status_t status = QD_UNDEFINED;
    qd_scalar_t scalar;
    int64_t number = 0;
    switch (attribute) {
    case 2:
        return clock_set(clock, call, target_time, source);
    case 3:
        status = qd_source_integer(source, QD_TYPE_LONG, -720, 840, &number);
        settings.rule.time_zone_min = (int16_t)number;
        break;
    case 5:
        status = put_dst_rule(settings.rule.begin, source);
        break;
    case 6:
        status = put_dst_rule(settings.rule.end, source);
        break;
    case 7:
        status = qd_source_integer(source, QD_TYPE_INTEGER, -120, 120, &number);
        settings.rule.deviation_min = (int8_t)number;
        break;
    case 8:
        status = qd_source_scalar(source, QD_TYPE_BOOLEAN, &scalar);
        settings.rule.enabled = status == QD_OK && scalar.v.u != 0;
        break;
    default:
        break;
    }
    return status == QD_OK ? settings_apply(clock, &settings) : status;
}

static qd_status_t clock_put(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_clock_t *clock = self;
    if (ref.item == QD_CLOCK_ITEM_OBJECT) {
        return object_put(clock, call, (uint8_t)ref.arg, source);
    }
    if (ref.item == QD_CLOCK_ITEM_SHIFT_LIMIT) {
        qd_clock_settings_t settings = clock->settings;
        int64_t number = 0;
        qd_status_t status = qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &number);
        settings.shift_limit_s = (uint16_t)number;
        return status == QD_OK ? settings_apply(clock, &settings) : status;
    }
    return QD_DENIED;
}

/* Parameter of the adjusting methods: integer(0), of which only the type matters; or none. */
static qd_status_t take_nothing(const qd_source_t *source) {
    qd_item_element_t element;
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_OK : status;
    }
    return element.type == QD_TYPE_INTEGER || element.type == QD_TYPE_NULL ? QD_OK : QD_TYPE;
}

/* Nearest multiple of period_s of civil time; half a period goes forward. */
static qd_status_t nearest(const qd_clock_t *clock, uint64_t tick_us, const qd_source_t *source,
                           uint32_t period_s, int64_t *utc_ms) {
    int64_t now_ms = qd_clock_utc_ms(clock, tick_us);
    int64_t offset_ms = (int64_t)qd_clock_deviation(clock, qd_clock_seconds(now_ms), NULL) * 60000;
    int64_t local_ms = now_ms - offset_ms;
    int64_t period_ms = (int64_t)period_s * 1000;
    *utc_ms = (local_ms + period_ms / 2) / period_ms * period_ms + offset_ms;
    return take_nothing(source);
}

static qd_status_t target_quarter(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                                  int64_t *utc_ms) {
    return nearest(clock, call->tick_us, source, 900, utc_ms);
}

static qd_status_t target_period(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                                 int64_t *utc_ms) {
    return nearest(clock, call->tick_us, source, clock->config->measuring_period_s, utc_ms);
}

static qd_status_t target_minute(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                                 int64_t *utc_ms) {
    return nearest(clock, call->tick_us, source, 60, utc_ms);
}

static qd_status_t act_preset(qd_clock_t *clock, const qd_source_t *source) {
    uint16_t count = 0;
    int64_t instants[3];
    qd_status_t status = qd_source_group(source, QD_TYPE_STRUCTURE, &count);
    if (status != QD_OK) {
        return status;
    }
    if (count != 3) {
        return QD_TYPE;
    }
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t octets[QD_DATE_TIME_SIZE];
        status = take_date_time(source, octets);
        if (status == QD_OK) {
            status = qd_clock_parse(clock, octets, &instants[i]);
        }
        if (status != QD_OK) {
            return status;
        }
    }
    if (instants[1] > instants[2]) {
        return QD_RANGE;
    }
    memcpy(clock->preset_ms, instants, sizeof instants);
    clock->has_preset = true;
    return QD_OK;
}

static qd_status_t target_preset(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                                 int64_t *utc_ms) {
    int64_t now_ms = qd_clock_utc_ms(clock, call->tick_us);
    qd_status_t status = take_nothing(source);
    *utc_ms = clock->preset_ms[0];
    if (status != QD_OK) {
        return status;
    }
    return !clock->has_preset || now_ms < clock->preset_ms[1] || now_ms > clock->preset_ms[2] ? QD_STATE
                                                                                              : QD_OK;
}

static qd_status_t act_adjust_to_preset(qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source) {
    qd_status_t status = clock_set(clock, call, target_preset, source);
    if (status == QD_OK) {
        clock->has_preset = false;
    }
    return status;
}

static qd_status_t target_shift(const qd_clock_t *clock, const qd_call_t *call, const qd_source_t *source,
                                int64_t *utc_ms) {
    int64_t seconds = 0;
    qd_status_t status = qd_source_integer(source, QD_TYPE_LONG, -900, 900, &seconds);
    *utc_ms = qd_clock_utc_ms(clock, call->tick_us) + seconds * 1000;
    return status;
}

static qd_status_t clock_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_clock_t *clock = self;
    if (ref.item != QD_CLOCK_ITEM_OBJECT) {
        return QD_UNDEFINED;
    }
    switch (ref.arg) {
    case 1:
        return clock_set(clock, call, target_quarter, source);
    case 2:
        return clock_set(clock, call, target_period, source);
    case 3:
        return clock_set(clock, call, target_minute, source);
    case 4:
        return act_adjust_to_preset(clock, call, source);
    case 5:
        return act_preset(clock, source);
    case 6:
        return clock_set(clock, call, target_shift, source);
    default:
        return QD_UNDEFINED;
    }
}

static size_t clock_size(const void *config) {
    (void)config;
    return sizeof(qd_clock_t);
}

static qd_status_t clock_init(void *self, const void *config, const qd_services_t *services) {
    qd_clock_t *clock = self;
    memset(clock, 0, sizeof *clock);
    clock->services = services;
    clock->config = config;
    clock->dst_minute = -1;
    if (qd_dst_check(clock->config->dst_begin) != QD_OK || qd_dst_check(clock->config->dst_end) != QD_OK ||
        clock->config->measuring_period_s == 0) {
        return QD_ARGUMENT;
    }
    return settings_load(clock);
}

static void clock_due(void *self, uint64_t tick_us, uint64_t *next_us) {
    (void)next_us;
    qd_clock_t *clock = self;
    if (!clock->services->gateway->have_snapshot) {
        return;
    }
    if (qd_ticket_open(&clock->ticket)) {
        qd_ticket_finish(&clock->ticket, clock_change_continue(clock));
    }
    /* Rules name whole minutes: once a minute is enough. */
    qd_utc_t utc = qd_clock_utc(clock, tick_us);
    if (utc / 60 == clock->dst_minute) {
        return;
    }
    look_at_dst(clock, utc);
}

const qd_module_t qd_clock_module = {
    .name = "clock",
    .size = clock_size,
    .init = clock_init,
    .get = clock_get,
    .put = clock_put,
    .act = clock_act,
    .due = clock_due,
};
