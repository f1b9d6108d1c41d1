/*
 * clock_state.h - the clock module's own state; only src/app/clock.c, src/app/clock_time.c and their tests look inside.
 */
#ifndef QD_APP_CLOCK_STATE_H
#define QD_APP_CLOCK_STATE_H

#include "app/dst.h"
#include "item/ticket.h"
#include "metrology/gate.h"

typedef struct qd_clock_settings {
    qd_dst_rule_t rule;
    uint16_t shift_limit_s;
} qd_clock_settings_t;

/* A change of UTC under way. */
typedef struct qd_clock_change {
    qd_gate_request_t request;
    int64_t before_ms; /* UTC when it was asked for */
    bool was_valid;
} qd_clock_change_t;

struct qd_clock {
    const qd_services_t *services;
    const qd_clock_config_t *config;
    qd_clock_settings_t settings;
    qd_ticket_t ticket; /* of the change */
    qd_clock_change_t change;
    int64_t preset_ms[3]; /* time, begin and end of its validity */
    bool has_preset;      /* lost with power, as the validity interval is short */
    bool dst;             /* in force as of dst_minute */
    int64_t dst_minute;   /* UTC minute of the last look; -1: look again */
};

/* Whole seconds of an instant in ms, rounded towards the past. */
qd_utc_t qd_clock_seconds(int64_t utc_ms);

#endif
