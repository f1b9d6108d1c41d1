/*
 * logs.h - ring logs as their users see them: rows with a time, appended at the end, read by sequence.
 *
 * Purpose: the interface that is injected into metrology (integrity journal) and the app's modules (event
 * logs, profiles), so that neither links against the store. Rows of one log have one size; they are numbered
 * from 1 over the life of the log and keep their number for ever. The oldest rows are dropped, whole erase
 * blocks of them, when room is needed; at least the rows that the log's row in the layout promises can be
 * read.
 * An append is durable when it returns QD_OK, except inside an open group (qd_txn_begin): then it becomes
 * durable with the group; when the group fails, it never happened.
 * Context: main context. Ownership: buffers are the caller's and may be reused after the call.
 */
#ifndef QD_STORE_LOGS_H
#define QD_STORE_LOGS_H

#include "quadrant/status.h"
#include "quadrant/types.h"

/* Rows first .. end-1 exist. */
typedef struct qd_log_span {
    uint32_t first;
    uint32_t end;
    uint32_t generation; /* moves when the log is restarted */
    uint32_t orderly;    /* rows orderly .. end-1 are in the order of time: no later one is earlier */
} qd_log_span_t;

/* Progress of a search; all zero: it begins. Between two calls rows may come and go. */
typedef struct qd_log_search {
    uint32_t low;   /* what is looked for lies in low .. high; both are it at the end */
    uint32_t high;  /* 0: not begun */
    uint32_t probe; /* rows from the middle, at the end from low, up to here cannot be read */
} qd_log_search_t;

typedef struct qd_logs {
    void *context;
    /* Appends one row of the log's row size. utc_s: seconds since 2000-01-01T00:00:00Z, 0 .. 2^32-2.
     * QD_OK: *sequence (may be NULL) is its number; QD_PENDING: an erase is in the way, call again in
     * a later step; QD_UNDEFINED: no such log; QD_RANGE: another length, or time; QD_NO_SPACE: the group is full (half
     * a flash page of rows fits into every log in each group, at least one row), or numbers are used up; QD_IO. */
    qd_status_t (*append)(void *context, uint16_t log, int64_t utc_s, const uint8_t *row, uint16_t length,
                          uint32_t *sequence);
    /* Reads one row. *utc_s and *length may not be NULL. QD_OK; QD_END: dropped, or not yet there; QD_CORRUPT: it
     * was there, but its octets fail their check; QD_NO_SPACE: longer than size; QD_UNDEFINED; QD_IO. */
    qd_status_t (*read)(void *context, uint16_t log, uint32_t sequence, int64_t *utc_s, uint8_t *row,
                        size_t size, size_t *length);
    /* QD_OK, QD_UNDEFINED, QD_IO. */
    qd_status_t (*span)(void *context, uint16_t log, qd_log_span_t *span);
    /* The first row of orderly .. end at or after utc_s (end when there is none), by binary search;
     * rows that cannot be read are passed over. A call opens four pages of flash at most. The order must be the
     * same at each call: begin anew when orderly has moved.
     * QD_OK: search->low is the row; QD_PENDING: call again with the same search; QD_UNDEFINED; QD_IO. */
    qd_status_t (*find)(void *context, uint16_t log, int64_t utc_s, qd_log_search_t *search);
    /* Drops all rows, moves the generation; later rows have row_size octets (at most that of the layout).
     * As append; QD_RANGE: row_size. */
    qd_status_t (*restart)(void *context, uint16_t log, uint16_t row_size);
} qd_logs_t;

#endif
