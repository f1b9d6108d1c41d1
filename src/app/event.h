/*
 * event.h - what happened: one record per event, committed before its effects.
 *
 * Purpose: qd_event_raise appends a record; after the step's commit rows fan it out to consumers
 * (logs, counters, alarm and error bits), each of which sees committed events only.
 * Source: tables 9 and 10 of the three-phase meter (codes). Context: main context.
 */
#ifndef QD_APP_EVENT_H
#define QD_APP_EVENT_H

#include "app/services.h"

typedef enum qd_event_code {
    QD_EVENT_POWER_DOWN = 1,
    QD_EVENT_POWER_UP = 2,
    QD_EVENT_DST_CHANGED = 3,
    QD_EVENT_CLOCK_OLD = 4, /* clock adjusted: detail is the old UTC in seconds */
    QD_EVENT_CLOCK_NEW = 5, /* detail is the new UTC in seconds */
    QD_EVENT_CLOCK_INVALID = 6,
    QD_EVENT_ERRORS_CLEARED = 10, /* detail is the error register before */
    QD_EVENT_MEMORY_ERROR = 14,   /* non-volatile memory; detail: QD_ERROR_* that rose */
    QD_EVENT_WRONG_PASSWORD = 46, /* detail is the client SAP */
    QD_EVENT_PARAMETRIZATION = 47
} qd_event_code_t;

typedef struct qd_event {
    uint32_t sequence; /* from 1, over the meter's life */
    uint32_t cause;    /* sequence of the event that led to this one; 0: none */
    uint32_t snapshot; /* of metrology when it was raised */
    uint8_t code;      /* qd_event_code_t */
    uint8_t status;    /* clock status, bits of class 8 attribute 4 */
    qd_utc_t utc;      /* seconds */
    uint64_t tick_us;
    int64_t detail;
} qd_event_t;

/* Where an event goes; a row per code and target. */
typedef enum qd_event_target {
    QD_TARGET_STANDARD_LOG = 0, /* its event object and its counter */
    QD_TARGET_FRAUD_LOG,
    QD_TARGET_COUNT
} qd_event_target_t;

typedef struct qd_event_row {
    uint8_t code;
    uint8_t target;
} qd_event_row_t;

typedef struct qd_event_config {
    const qd_event_row_t *rows; /* fan-out */
    uint8_t row_count;
} qd_event_config_t;

/* Items; arg is a qd_event_target_t. */
enum {
    QD_EVENT_ITEM_LAST = 1, /* code of the target's last event, unsigned; 0 before the first */
    QD_EVENT_ITEM_COUNT     /* events of the target over the meter's life, long-unsigned, wraps */
};

/* The bus is the state of the event module. */
typedef struct qd_event_bus qd_event_bus_t;

extern const qd_module_t qd_event_module;

/* Appends an event; it reaches its targets after the next commit. Returns its sequence number.
 * When more are raised in one step than the bus holds, the oldest waiting one is dropped. */
uint32_t qd_event_raise(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause);
/* Stages the events that wait; QD_OK, QD_END: none wait, or the write's status. */
qd_status_t qd_event_commit(qd_event_bus_t *bus);
/* After a successful commit: takes the next committed event for fan-out. QD_OK, QD_END. */
qd_status_t qd_event_drain(qd_event_bus_t *bus, qd_event_t *event);
/* The n-th newest event still held, 0 the newest. QD_OK, QD_END. */
qd_status_t qd_event_recent(const qd_event_bus_t *bus, uint32_t n, qd_event_t *event);

#endif
