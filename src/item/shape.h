/*
 * shape.h - structures of COSEM attributes both ways between C structs and neutral elements, by tables.
 *
 * Purpose: a shape is a list of steps in the order of the elements; one walk gives a record to a sink or takes it from a
 * source. What comes in is checked step by step: type, number of elements, range, length, and that dates and times are
 * such.
 * Bounds: arrays within arrays QD_SHAPE_DEPTH deep; each array has its most.
 * Ownership: records are the caller's; a record that was refused holds what was taken so far.
 * Context: any.
 */
#ifndef QD_ITEM_SHAPE_H
#define QD_ITEM_SHAPE_H

#include "item/item.h"

#define QD_SHAPE_DEPTH 3u

typedef enum qd_shape_op {
    QD_SHAPE_STRUCTURE = 0, /* maximum elements follow */
    QD_SHAPE_ARRAY,         /* of at most maximum; steps of its element follow */
    QD_SHAPE_NUMBER,        /* of that type, minimum .. maximum */
    QD_SHAPE_OCTETS,        /* octet-string of exactly maximum octets */
    QD_SHAPE_NAME,          /* octet-string of minimum .. maximum octets, behind an octet with its length */
    QD_SHAPE_DATE,          /* octet-string of 5: year, month, day, weekday, each may be a wildcard */
    QD_SHAPE_TIME,          /* octet-string of 4 */
    QD_SHAPE_DATE_TIME,     /* octet-string of 12 */
    QD_SHAPE_ANY            /* qd_any_t: an integer of any type, or octets of at most QD_ANY_OCTETS */
} qd_shape_op_t;

typedef struct qd_shape_step {
    uint8_t op;    /* qd_shape_op_t */
    uint8_t type;  /* qd_type_t of a number */
    uint8_t width; /* octets of the number in the record, 1 or 2 */
    uint8_t steps; /* of an array's element */
    uint16_t
        offset; /* in the record, or in the element of the array around it; of an array: of its uint8_t count */
    uint16_t base; /* of an array: of its first element */
    uint16_t size; /* of an array: octets of an element */
    int16_t minimum;
    uint16_t maximum;
} qd_shape_step_t;

typedef struct qd_shape {
    const qd_shape_step_t *step;
    uint8_t count;
} qd_shape_t;

#define QD_ANY_OCTETS 16u

typedef struct qd_any {
    uint8_t type;   /* qd_type_t: null-data, an integer type or a string type */
    uint8_t length; /* of a string */
    uint8_t octets[QD_ANY_OCTETS];
    int64_t number; /* of an integer; those of long64-unsigned keep their bits */
} qd_any_t;

/* The sink's status. */
qd_status_t qd_shape_give(const qd_shape_t *shape, const void *record, const qd_sink_t *sink);
/* QD_OK; QD_TYPE: another type or number of elements; QD_RANGE: a number, length or date that does not fit, or too many. */
qd_status_t qd_shape_take(const qd_shape_t *shape, const qd_source_t *source, void *record);
/* An array of at most most records of size octets each: all of an attribute that is given row by row. As take. */
qd_status_t qd_shape_take_rows(const qd_shape_t *shape, const qd_source_t *source, void *records, size_t size,
                               uint16_t most, uint16_t *count);

#endif
