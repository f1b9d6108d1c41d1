/*
 * model.h - what a model is made of: modules with their configuration, metrology's row, tables.
 * Constant data only; the composition in meter/ brings it to life.
 */
#ifndef QD_MODELS_MODEL_H
#define QD_MODELS_MODEL_H

#include "cosem/tables.h"
#include "metrology/metrology.h"
#include "quadrant/model.h"
#include "store/store.h"

/* Module numbers, the same in every model so that rows can name them. */
enum {
    QD_MODULE_EVENT = 0,
    QD_MODULE_CLOCK,
    QD_MODULE_REGISTERS,
    QD_MODULE_IDENTITY,
    QD_MODULE_TARIFF,
    QD_MODULE_ASSOCIATION,
    QD_MODULE_DIAGNOSIS,
    QD_MODULE_IO,
    QD_MODULE_COUNT
};

typedef struct qd_module_row {
    const qd_module_t *module;
    const void *config;
} qd_module_row_t;

/* An earlier layout of the records that this firmware takes over from, and can hand back to. */
typedef struct qd_model_layout {
    uint16_t version;
    const qd_record_row_t *rows; /* sorted by id */
    uint16_t row_count;
    uint16_t group_capacity;
    const qd_migration_t *up;   /* to the present one */
    const qd_migration_t *down; /* from it */
} qd_model_layout_t;

struct qd_model {
    const char *name;
    const char *title;
    uint16_t layout_version;          /* of its records */
    const qd_model_layout_t *earlier; /* NULL: none */
    uint8_t earlier_count;
    uint8_t phase_mask;
    const qd_metrology_config_t *metrology;
    const qd_cosem_tables_t *cosem;
    qd_module_row_t modules[QD_MODULE_COUNT];
};

extern const qd_model_t qd_model_st402;
extern const qd_model_t qd_model_mini;

#endif
