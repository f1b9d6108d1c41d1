/*
 * class.h - what an interface class looks like: attributes, their kinds and rights, methods.
 *
 * Purpose: one constant row per class and version (IEC 62056-62); the object layer serves every
 * class through its row, so a new class is a new table.
 * Context: any.
 */
#ifndef QD_COSEM_CLASS_H
#define QD_COSEM_CLASS_H

#include "quadrant/types.h"

/* How an attribute's value comes about. Attribute 1, the logical name, is everybody's. */
typedef enum qd_attribute_kind {
    QD_KIND_VALUE = 0,   /* the value row itself: reference of the object row, wire type of the row */
    QD_KIND_SCALER_UNIT, /* structure { scaler, unit } of the object row */
    QD_KIND_SCALAR,      /* module's get with the attribute in the reference */
    QD_KIND_ROWS,        /* array: module's rows */
    QD_KIND_RECORD       /* one row of the module, without array around it */
} qd_attribute_kind_t;

#define QD_ATTRIBUTE_WRITABLE 0x01u
#define QD_ATTRIBUTE_SECRET 0x02u         /* never readable */
#define QD_ATTRIBUTE_SELECTIVE 0x04u      /* access selectors 1 and 2 */
#define QD_ATTRIBUTE_SELECTIVE_LIST 0x0Cu /* access selectors 1 to 4 */

typedef struct qd_class_attribute {
    uint8_t kind; /* qd_attribute_kind_t; of attribute number position + 2 */
    uint8_t flags;
} qd_class_attribute_t;

typedef struct qd_class {
    uint16_t id;
    uint8_t version;
    uint8_t attribute_count; /* without attribute 1 */
    const qd_class_attribute_t *attributes;
    uint8_t method_count; /* of the class */
    uint32_t methods;     /* bit n-1: this meter has method n */
} qd_class_t;

extern const qd_class_t qd_class_data;                   /* 1, version 0 */
extern const qd_class_t qd_class_register;               /* 3, version 0 */
extern const qd_class_t qd_class_register_activation;    /* 6, version 0 */
extern const qd_class_t qd_class_profile_captured;       /* 7, version 1: captured by period or by method */
extern const qd_class_t qd_class_profile_generic;        /* 7, version 1 */
extern const qd_class_t qd_class_clock;                  /* 8, version 0 */
extern const qd_class_t qd_class_script_table;           /* 9, version 0 */
extern const qd_class_t qd_class_special_days_table;     /* 11, version 0 */
extern const qd_class_t qd_class_association_ln;         /* 15, version 1 */
extern const qd_class_t qd_class_association_ln_2;       /* 15, version 2: with users */
extern const qd_class_t qd_class_sap_assignment;         /* 17, version 0 */
extern const qd_class_t qd_class_local_port;             /* 19, version 1 */
extern const qd_class_t qd_class_activity_calendar;      /* 20, version 0 */
extern const qd_class_t qd_class_register_monitor;       /* 21, version 0 */
extern const qd_class_t qd_class_single_action_schedule; /* 22, version 0 */
extern const qd_class_t qd_class_hdlc_setup;             /* 23, version 1 */
extern const qd_class_t qd_class_tcp_setup;              /* 41, version 0 */

#endif
