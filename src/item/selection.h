/*
 * selection.h - some rows and columns out of a table (selective access of IEC 62056-62 class 7).
 *
 * Purpose: the parameters of access selectors 1 (range_descriptor) and 2 (entry_descriptor), checked against
 * the columns of a table and packed; the module that owns the table applies them.
 * Ownership: a selection is plain data of whoever reads (80 octets; it outlives the request, as a long answer
 * does). Context: main context.
 */
#ifndef QD_ITEM_SELECTION_H
#define QD_ITEM_SELECTION_H

#include "item/item.h"

/* Most columns that one selection can name. */
#define QD_SELECTION_COLUMNS 18u
/* Most classes or objects. */
#define QD_SELECTION_NUMBERS 16u

typedef enum qd_selection_kind {
    QD_SELECT_ALL = 0,
    QD_SELECT_RANGE, /* rows whose restricted column lies in from .. to, both included */
    QD_SELECT_ENTRY  /* rows from .. to, counted from 1 for the oldest; to 0: to the last one */
} qd_selection_kind_t;

struct qd_selection {
    int64_t from; /* a number, or s of UTC since 2000-01-01 */
    int64_t to;
    uint32_t request; /* the call whose selection it is: a call that comes back goes on with it */
    union {
        struct {              /* progress of the module that counts the rows; zero at first */
            uint32_t at;      /* row that is looked at next, 0: not begun */
            uint32_t first;   /* first row that was found */
            uint32_t count;   /* rows found */
            uint32_t orderly; /* rows from here on are in the order of the column and need no look */
            uint32_t begin;   /* first row of those from .., 0: not found yet */
            uint32_t low;     /* the search for begin, then for the end: as qd_log_search_t */
            uint32_t high;
            uint32_t probe;
        };
        uint16_t number[QD_SELECTION_NUMBERS]; /* of a list of classes or objects, columns of them */
    };
    uint8_t kind;                         /* qd_selection_kind_t */
    uint8_t restricting;                  /* column of a range */
    uint8_t columns;                      /* columns chosen, 0: all in their order */
    uint8_t column[QD_SELECTION_COLUMNS]; /* their numbers, 0 the first, in the order wanted */
};

/* A column: what is captured (capture_object_definition). */
typedef struct qd_column {
    uint16_t class_id;
    qd_obis_t obis;
    int8_t attribute;
    uint16_t data;
} qd_column_t;

/* The table as a selection sees it. */
typedef struct qd_columns {
    const qd_column_t *column;
    uint8_t count;
    uint8_t time;     /* column of date and time, which a range may restrict */
    uint32_t numbers; /* columns of numbers that a range may restrict as well, bit n the n-th */
    /* Instant of a COSEM date-time that bounds a range, in s since 2000-01-01; fields that are not specified
     * stand for the earliest (last: the latest) instant that fits. QD_OK, QD_RANGE: no date-time. */
    qd_status_t (*instant)(const void *context, const uint8_t octets[12], bool last, uint32_t *utc_s);
    const void *context;
} qd_columns_t;

/*
 * Takes the parameters of an access selector. QD_OK; QD_SELECTOR: no such selector; QD_TYPE: another type or number of
 * elements than the descriptor has; QD_RANGE: the range restricts a column that it may not, a column that
 * the table does not have or too many of them, entry or column 0 as the first, a bound that is no date-time or beyond
 * long64.
 */
qd_status_t qd_selection_take(const qd_columns_t *columns, uint8_t selector, const qd_source_t *source,
                              qd_selection_t *selection);
/* Gives one row of capture_objects: structure { class_id, logical_name, attribute_index, data_index }. The
 * sink's status. */
qd_status_t qd_column_give(const qd_column_t *column, const qd_sink_t *sink);

#endif
