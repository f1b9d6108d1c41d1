/*
 * load.h - load files: what a simulated house takes and gives, second by second.
 *
 * Purpose: reads a CSV file (docs/load-files.md) into a table that never changes and that any number
 * of meters share, and plays it as a quantities port, with the facts of a running world on top: a
 * lost phase, a reversed transformer, a constant load.
 * Source: format of this project; signs and ranges of port/quantities.h.
 * Context: host only; the table is read-only after it was made, a player belongs to one meter.
 * Bounds: QD_LOAD_ROWS_MAX rows; a lookup that moves forward costs a step or two, any other one a
 * binary search.
 */
#ifndef QUADRANT_LOAD_H
#define QUADRANT_LOAD_H

#include "quadrant/port/quantities.h"
#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_LOAD_ROWS_MAX 2000000u
#define QD_LOAD_LINE_MAX 1024u      /* octets of one line, without its end */
#define QD_LOAD_SIZE_MAX 536870912u /* octets of one file */
#define QD_LOAD_SECOND_MAX 2000000000u
#define QD_LOAD_ERROR_SIZE 320u

typedef struct qd_load qd_load_t;

/* Why a file was refused: one line, "file:line:column: what is wrong; what to do". */
typedef struct qd_load_error {
    char text[QD_LOAD_ERROR_SIZE];
} qd_load_error_t;

/*
 * Makes a table from length octets of text; name is only for messages. QD_OK: *load is the caller's,
 * to be given back with qd_load_free; QD_MALFORMED, QD_RANGE: error says where and why; QD_NO_SPACE:
 * no memory or too large.
 */
qd_status_t qd_load_parse(const char *name, const char *text, size_t length, qd_load_t **load,
                          qd_load_error_t *error);
/* The same from a file; QD_IO: it cannot be read. */
qd_status_t qd_load_read(const char *path, qd_load_t **load, qd_load_error_t *error);
/* NULL is allowed. */
void qd_load_free(qd_load_t *load);

uint32_t qd_load_rows(const qd_load_t *load);
/* Seconds until the file starts again; at least 1. */
uint32_t qd_load_period_s(const qd_load_t *load);
/* Phases that the file has: bit 0 L1, bit 1 L2, bit 2 L3. */
uint8_t qd_load_phase_mask(const qd_load_t *load);

/*
 * Quantities in force in load second (any number, negative ones too; the file repeats every
 * qd_load_period_s). *row is the caller's memory between calls, 0 before the first one. Fills phases
 * and frequency of record, not its times.
 */
void qd_load_at(const qd_load_t *load, int64_t second, uint32_t *row, qd_quantities_t *record);

/* --- playing ---------------------------------------------------------------------------------- */

/* What happened to the world; zero is nothing. */
typedef struct qd_load_facts {
    uint8_t dropped;  /* phases without voltage: bit 0 L1 .. */
    bool dead;        /* the mains are away: no phase has voltage */
    uint8_t reversed; /* phases whose current transformer sits the wrong way round */
    bool constant;    /* total_w instead of the file's power */
    int32_t total_w;  /* -1,000,000 .. 1,000,000, in equal parts on the phases that are there */
} qd_load_facts_t;

/*
 * Plays a load. Load second 0 is at origin_utc_s. Records end at full seconds of UTC; the first one
 * after qd_load_player_start may be shorter. A record has the quantities of the load second in which
 * it begins.
 */
typedef struct qd_load_player {
    const qd_load_t *load;
    int64_t utc_ms;       /* UTC, ms since 2000, at tick 0 */
    int64_t origin_utc_s; /* UTC, s since 2000, of load second 0 */
    uint64_t begin_us;    /* tick at which the next record begins */
    uint64_t end_us;      /* and ends */
    uint32_t row;
    qd_load_facts_t facts;
    bool off; /* no mains: no records */
} qd_load_player_t;

/* Starts (again, after an outage) at tick_us; facts stay. load, utc_ms and origin_utc_s are set. */
void qd_load_player_start(qd_load_player_t *player, uint64_t tick_us);
/* Ends the running interval at tick_us, before a clean stop: the record can be taken at once. */
void qd_load_player_cut(qd_load_player_t *player, uint64_t tick_us);
/* The port of a player; stays valid as long as the player. Its cut gives records that are due already first, one a
 * call, then the part of the running second; the rest of that second is the next record. */
qd_quantities_port_t qd_load_player_port(qd_load_player_t *player);

#endif
