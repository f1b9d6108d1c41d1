/*
 * event.h - what happened: one row per event in the logs it goes to, committed before its effects.
 *
 * Purpose: qd_event_raise lets an event wait in memory, at most 16 of them; the step's commit appends what waits to the
 * ring log of every target that has one and saves counters and last codes with it, as one group. Only then are
 * events drained: consumers see committed events only. Also the objects of the logs (class 7) and of metrology's
 * integrity journal, with selective access.
 * Repeated events are not drawn together: each is a row.
 * Source: tables 9 and 10 of the three-phase meter (codes). Context: main context.
 */
#ifndef QD_APP_EVENT_H
#define QD_APP_EVENT_H

#include "app/services.h"

typedef enum qd_event_code {
    QD_EVENT_POWER_DOWN = 1,
    QD_EVENT_POWER_UP = 2, /* detail is the duration of the outage in s; 0: not known */
    QD_EVENT_DST_CHANGED = 3,
    QD_EVENT_CLOCK_OLD = 4, /* clock adjusted: detail is the old UTC in seconds */
    QD_EVENT_CLOCK_NEW = 5, /* detail is the new UTC in seconds */
    QD_EVENT_CLOCK_INVALID = 6,
    QD_EVENT_ERRORS_CLEARED = 10, /* detail is the error register before */
    QD_EVENT_MEMORY_ERROR = 14,   /* non-volatile memory; detail: QD_ERROR_* that rose */
    QD_EVENT_WRONG_PASSWORD = 46, /* detail is the client SAP */
    QD_EVENT_PARAMETRIZATION = 47,
    QD_EVENT_LOG_CLEARED = 255 /* detail is the target: it goes to that one only, and is its first entry */
} qd_event_code_t;

typedef struct qd_event {
    uint32_t sequence;     /* from 1, over the meter's life; a number is missing when an event was dropped */
    uint32_t cause;        /* sequence of the event that led to this one; 0: none */
    uint32_t meter_status; /* the error register (0-0:97.97.0) when it was raised */
    uint8_t code;          /* qd_event_code_t */
    uint8_t status;        /* clock status, bits of class 8 attribute 4 */
    int16_t deviation_min; /* UTC minus civil time at utc */
    qd_utc_t utc;          /* seconds; when it happened */
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

/* Log of a target. */
typedef struct qd_event_log_row {
    uint16_t log;     /* id of the ring log with rows of QD_EVENT_ROW_SIZE octets; 0: the target has none */
    uint16_t entries; /* profile_entries: the newest ones are shown, at most the rows that the log promises */
    qd_obis_t event_object; /* name of the column with the event code */
} qd_event_log_row_t;

typedef struct qd_event_config {
    const qd_event_row_t *rows; /* fan-out */
    uint8_t row_count;
    qd_event_log_row_t log[QD_TARGET_COUNT];
    uint16_t journal_entries; /* profile_entries of the journal: what metrology can hold */
} qd_event_config_t;

/*
 * A row of an event log; the log itself keeps its time (UTC in s). Little-endian.
 *
 * offset  octets
 *      0       1  code
 *      1       1  clock status
 *      2       2  deviation in min, signed
 *      4       4  cause
 *      8       8  detail, signed
 *     16       4  meter status
 */
#define QD_EVENT_ROW_SIZE 20u

/* Items. LAST and COUNT take arg = qd_event_target_t; LOG and JOURNAL take arg = attribute or method of class 7, LOG with
 * the target in the high octet. */
enum {
    QD_EVENT_ITEM_LAST = 1, /* code of the target's last event, unsigned; 0 before the first */
    QD_EVENT_ITEM_COUNT,    /* events of the target over the meter's life, long-unsigned, wraps */
    QD_EVENT_ITEM_LOG,
    QD_EVENT_ITEM_JOURNAL
};

/* The bus is the state of the event module. */
typedef struct qd_event_bus qd_event_bus_t;

extern const qd_module_t qd_event_module;

/* Events in memory: those that wait for their commit, and before them the newest committed ones. */
#define QD_EVENT_RING 16u

/* An event of this moment; it reaches its targets after the next commit. Returns its sequence number.
 * When QD_EVENT_RING wait already, the oldest waiting one is dropped and counted. */
uint32_t qd_event_raise(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause);
/* The same with an instant of its own; valid tells whether the clock was valid then. */
uint32_t qd_event_raise_at(qd_event_bus_t *bus, uint8_t code, int64_t detail, uint32_t cause, qd_utc_t utc,
                           bool valid);
/*
 * The events of a start: 1 (power down) with the instant of the last commit before it, 2 (power up) now, with
 * the duration of the outage, which is 0 when it is not known or either end had no valid clock; 6 when the clock
 * is not valid now. down_utc_ms: NULL: there was no commit before, or it is not known when; no event 1 is raised.
 * Returns the sequence of event 2.
 */
uint32_t qd_event_power_start(qd_event_bus_t *bus, const int64_t *down_utc_ms, bool down_valid,
                              uint64_t tick_us);
/* The error register from now on: the meter status of the events that follow. */
void qd_event_status(qd_event_bus_t *bus, uint32_t errors);
/* Events wait for a commit. */
bool qd_event_waits(const qd_event_bus_t *bus);
/*
 * Writes the events that wait, oldest first and four at most, into the group that the caller has opened: their rows, and the
 * record with counters and last codes. A log that is not ready (an erase is in the way, or the group is full) ends it in
 * front of that event, which goes on waiting with all that follow. QD_OK: commit the group; QD_END: none wait;
 * QD_PENDING: not even the first one could be written, or an event into one of its logs only: abort the group and
 * call again later; QD_IO and others: abort the group. Say the outcome with qd_event_committed.
 */
qd_status_t qd_event_commit(qd_event_bus_t *bus);
/* What became of the group after QD_OK of qd_event_commit. durable: its events count and can be drained;
 * otherwise nothing has changed and they wait on. */
void qd_event_committed(qd_event_bus_t *bus, bool durable);
/* Takes the next committed event for its consumers. QD_OK, QD_END. */
qd_status_t qd_event_drain(qd_event_bus_t *bus, qd_event_t *event);
/* The n-th newest event of this start that is still in memory, 0 the newest; some may wait. QD_OK, QD_END. */
qd_status_t qd_event_recent(const qd_event_bus_t *bus, uint32_t n, qd_event_t *event);
/* Events of this start that were dropped before they were committed. */
uint32_t qd_event_lost(const qd_event_bus_t *bus);

#endif
