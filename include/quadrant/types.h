/*
 * types.h - values that cross every border: OBIS codes, units, typed scalars, instants.
 *
 * Source: IEC 62056-61 (OBIS), IEC 62056-62 (common data types and units).
 * Context: any; plain data, owned by whoever declares it.
 */
#ifndef QUADRANT_TYPES_H
#define QUADRANT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OBIS code, six value groups A-B:C.D.E.F in octets 0 to 5. */
typedef struct qd_obis {
    uint8_t group[6];
} qd_obis_t;

#define QD_OBIS(a, b, c, d, e, f)                                                                            \
    {                                                                                                        \
        { (a), (b), (c), (d), (e), (f) }                                                                     \
    }

/* Common data types with their A-XDR tags (IEC 62056-62, common data types). */
typedef enum qd_type {
    QD_TYPE_NULL = 0,
    QD_TYPE_ARRAY = 1,
    QD_TYPE_STRUCTURE = 2,
    QD_TYPE_BOOLEAN = 3,
    QD_TYPE_BIT_STRING = 4,
    QD_TYPE_DOUBLE_LONG = 5,          /* signed, 32 bits */
    QD_TYPE_DOUBLE_LONG_UNSIGNED = 6, /* 32 bits */
    QD_TYPE_OCTET_STRING = 9,
    QD_TYPE_VISIBLE_STRING = 10,
    QD_TYPE_UTF8_STRING = 12,
    QD_TYPE_BCD = 13,
    QD_TYPE_INTEGER = 15,       /* signed, 8 bits */
    QD_TYPE_LONG = 16,          /* signed, 16 bits */
    QD_TYPE_UNSIGNED = 17,      /* 8 bits */
    QD_TYPE_LONG_UNSIGNED = 18, /* 16 bits */
    QD_TYPE_COMPACT_ARRAY = 19,
    QD_TYPE_LONG64 = 20,          /* signed, 64 bits */
    QD_TYPE_LONG64_UNSIGNED = 21, /* 64 bits */
    QD_TYPE_ENUM = 22,
    QD_TYPE_FLOAT32 = 23,
    QD_TYPE_FLOAT64 = 24,
    QD_TYPE_DATE_TIME = 25,
    QD_TYPE_DATE = 26,
    QD_TYPE_TIME = 27
} qd_type_t;

/* Units (IEC 62056-62, enumeration of the physical unit). */
typedef enum qd_unit {
    QD_UNIT_MINUTE = 6,
    QD_UNIT_SECOND = 7,
    QD_UNIT_DEGREE = 8,
    QD_UNIT_CELSIUS = 9,
    QD_UNIT_W = 27,
    QD_UNIT_VA = 28,
    QD_UNIT_VAR = 29,
    QD_UNIT_WH = 30,
    QD_UNIT_VAH = 31,
    QD_UNIT_VARH = 32,
    QD_UNIT_A = 33,
    QD_UNIT_V = 35,
    QD_UNIT_HZ = 44,
    QD_UNIT_PER_WH = 45,   /* active energy meter constant */
    QD_UNIT_PER_VARH = 46, /* reactive energy meter constant */
    QD_UNIT_PERCENT = 56,
    QD_UNIT_NONE = 255
} qd_unit_t;

/* Longest octet or bit string that travels inside a scalar by value. */
#define QD_SCALAR_INLINE 16u

/*
 * One typed value. Integers, booleans and enums are in i (signed types) or u (all others).
 * Strings have length octets (a bit string: length bits) either by value in octets (external ==
 * NULL) or at external, which then stays valid until the next step of the meter that gave it.
 */
typedef struct qd_scalar {
    uint8_t type;    /* qd_type_t */
    uint16_t length; /* octets; bits for QD_TYPE_BIT_STRING; 0 for numbers */
    union {
        int64_t i;
        uint64_t u;
        uint8_t octets[QD_SCALAR_INLINE];
    } v;
    const uint8_t *external;
} qd_scalar_t;

/*
 * UTC instant in seconds since 2000-01-01T00:00:00Z. 64 bits: years 2038 and 2106 are ordinary.
 */
typedef int64_t qd_utc_t;

/* How far the clock may be believed (IEC 62056-62 class 8, attribute 4). */
typedef struct qd_clock_status {
    bool valid;              /* false: never set, or reserve exhausted */
    bool doubtful;           /* uncertainty exceeds the model's limit */
    uint32_t uncertainty_ms; /* estimated, grows with time since the last set */
} qd_clock_status_t;

#endif
