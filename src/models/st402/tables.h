/*
 * tables.h - what the files of this model share.
 */
#ifndef QD_MODELS_ST402_TABLES_H
#define QD_MODELS_ST402_TABLES_H

#include "models/rows.h"

/* Rows of the client table. */
enum {
    QD_ST402_PUBLIC = 0,
    QD_ST402_MANAGEMENT,
    QD_ST402_PREESTABLISHED,
    QD_ST402_LEVEL_1,
    QD_ST402_LEVEL_2,
    QD_ST402_LEVEL_3,
    QD_ST402_CLIENTS
};

#define QD_ST402_ACCESS_ROWS 9u
#define QD_ST402_OBJECTS 103u

extern const qd_access_row_t qd_st402_access[];
extern const qd_object_row_t qd_st402_objects[];

#endif
