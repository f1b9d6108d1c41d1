/*
 * profile.h - the buffer of a profile (IEC 62056-62 class 7) for whoever holds the rows.
 *
 * Purpose: counts and gives the rows and columns of a selection. The table says how a row is fetched, what its columns
 * are worth and which of its rows are in the order of a column; all else is the same for every log and profile.
 * Sort object: rows are numbered in the order in which the table shows them, whatever that order is. From row `orderly`
 * on the column `ordered` never falls: a range of it is searched there. All other rows, and ranges of other columns,
 * are looked at one by one, a few per call.
 * Context: main context. Ownership: the table is its module's; selections are the face's.
 */
#ifndef QD_ITEM_PROFILE_H
#define QD_ITEM_PROFILE_H

#include "item/selection.h"

typedef struct qd_profile_rows {
    uint32_t first; /* rows are numbered from 1 on at the lowest: 0 is no row */
    uint32_t end;
    uint32_t generation;
    uint32_t orderly; /* first .. end; end: none is known to be in order */
} qd_profile_rows_t;

/* Progress of a search; all zero: it begins. */
typedef struct qd_profile_search {
    uint32_t low; /* at the end the row that was looked for */
    uint32_t high;
    uint32_t probe;
} qd_profile_search_t;

typedef struct qd_profile {
    uint8_t columns;
    uint8_t ordered; /* column of rows.orderly */
    uint16_t looks;  /* rows that one call looks at */
    /* Rows that are there. QD_OK, QD_UNDEFINED, QD_PENDING, QD_IO. */
    qd_status_t (*bounds)(void *table, qd_profile_rows_t *rows);
    /* Makes row n the table's present one. QD_OK, also for one that is damaged; QD_END: it has gone; QD_PENDING, QD_IO. */
    qd_status_t (*fetch)(void *table, uint32_t n);
    /* What a column of the present row is worth: a number, or s of UTC since 2000-01-01. False: damaged or no number. */
    bool (*worth)(const void *table, uint8_t column, int64_t *value);
    /* All columns of the present row, whose number is n; they are the table's until the next fetch. */
    const qd_scalar_t *(*cells)(void *table, uint32_t n);
    /* Searches the orderly rows for the first one of at least value (their end: none). QD_OK: search->low is it;
     * QD_PENDING: call again. NULL: no row is ever in order. */
    qd_status_t (*find)(void *table, int64_t value, qd_profile_search_t *search);
} qd_profile_t;

/* One row with all columns. QD_OK; QD_END: it has gone; QD_PENDING, QD_IO, the sink's. */
qd_status_t qd_profile_row(const qd_profile_t *profile, void *table, uint32_t n, const qd_sink_t *sink);
/* As qd_module_t.selected and pick. QD_ABORTED: rows that were counted have gone. */
qd_status_t qd_profile_selected(const qd_profile_t *profile, void *table, qd_selection_t *selection,
                                qd_span_t *span, uint32_t *count);
qd_status_t qd_profile_pick(const qd_profile_t *profile, void *table, const qd_selection_t *selection,
                            uint32_t *n, const qd_sink_t *sink);

#endif
