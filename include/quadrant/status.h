/*
 * status.h - the one status type of the firmware.
 *
 * Purpose: every function that can be refused returns a qd_status_t. The names describe what went
 * wrong, not who asked; one table per face turns them into that face's answer (the DLMS
 * data-access-result, the IEC 62056-21 error, the display text).
 * Context: any. Source: IEC 62056-53 (data-access-result), IEC 62056-21 (error messages).
 */
#ifndef QUADRANT_STATUS_H
#define QUADRANT_STATUS_H

typedef enum qd_status {
    QD_OK = 0,
    QD_PENDING,     /* not finished; call again with the same arguments, nothing is applied yet */
    QD_END,         /* no more rows, elements or octets; not a fault */
    QD_TRUNCATED,   /* input ends before the element does */
    QD_MALFORMED,   /* octets that no production of the grammar allows */
    QD_TYPE,        /* well-formed, but another data type is wanted here */
    QD_RANGE,       /* right type, value outside its range */
    QD_UNDEFINED,   /* no such object, attribute, method, record or client in this view */
    QD_CLASS,       /* object exists, but with another interface class or version */
    QD_DENIED,      /* exists, but this client has no right to it */
    QD_SELECTOR,    /* selective access that the attribute does not offer */
    QD_BUSY,        /* cannot be done now; a later try may succeed */
    QD_UNAVAILABLE, /* exists, but has no value now (a phase without measurement) */
    QD_NO_SPACE,    /* the caller's buffer, a pool or a device is full */
    QD_SEALED,      /* write-once or legally sealed value that is already set */
    QD_STATE,       /* not allowed in the present state */
    QD_UNSUPPORTED, /* a known service or option that this meter does not have */
    QD_ABORTED,     /* a long transfer that can no longer be finished consistently */
    QD_IO,          /* a device refused or failed */
    QD_CORRUPT,     /* stored octets that fail their integrity check */
    QD_VERSION,     /* stored by another layout version */
    QD_MODEL,       /* stored by another model */
    QD_FOREIGN,     /* stored under another device's key */
    QD_ARGUMENT,    /* the caller broke the contract of the function */
    QD_STATUS_COUNT
} qd_status_t;

/* Short English name of a status ("range", "no-space"), for logs and tools; never NULL. */
const char *qd_status_name(qd_status_t status);

#endif
