/*
 * tariff_state.h - state of the tariff module, shared by its two files.
 */
#ifndef QD_APP_TARIFF_STATE_H
#define QD_APP_TARIFF_STATE_H

#include "app/tariff.h"
#include "item/ticket.h"
#include "metrology/gate.h"

#define QD_TARIFF_NO_MASK 0xFFu

typedef struct qd_tariff_assignment {
    uint8_t channel; /* qd_energy_t */
    uint8_t rate;    /* 1 .. 8 */
} qd_tariff_assignment_t;

typedef struct qd_tariff_mask {
    uint8_t name_length;
    uint8_t name[QD_TARIFF_MASK_NAME_MAX];
    uint8_t count;
    uint8_t index[QD_TARIFF_MASK_REGISTERS_MAX]; /* from 1, into the assignments */
} qd_tariff_mask_t;

typedef struct qd_tariff_table {
    uint8_t assignment_count;
    uint8_t mask_count;
    uint8_t active; /* index of the active mask or QD_TARIFF_NO_MASK */
    qd_tariff_assignment_t assignment[QD_TARIFF_ASSIGNMENTS_MAX];
    qd_tariff_mask_t mask[QD_TARIFF_MASKS_MAX];
} qd_tariff_table_t;

typedef struct qd_tariff {
    const qd_services_t *services;
    const qd_tariff_config_t *config;
    qd_tariff_table_t now;
    qd_tariff_table_t next;       /* being built by a put or act; becomes now after its commit */
    bool next_is_parametrization; /* more than another active mask */
    bool agreed;                  /* metrology has the rates of the table in force */
    qd_ticket_t ticket;           /* of the change under way */
    uint32_t generation;
    bool script_runs;
} qd_tariff_t;

/* Rate per energy channel under the active mask. QD_OK; QD_RANGE: a channel would count in two. */
qd_status_t qd_tariff_rates(const qd_tariff_table_t *table, uint8_t rate[QD_ENERGY_COUNT]);
/* Changes self->next as a put of attribute index or an act of method index asks for. */
typedef qd_status_t (*qd_tariff_build_t)(qd_tariff_t *self, uint8_t index, const qd_source_t *source);
/* Builds the next table once and makes it the one in force, however often the call comes back. */
qd_status_t qd_tariff_change(qd_tariff_t *self, const qd_call_t *call, qd_tariff_build_t build, uint8_t index,
                             const qd_source_t *source);
/* Class 9. */
qd_status_t qd_tariff_scripts_span(const qd_tariff_t *self, qd_span_t *span);
qd_status_t qd_tariff_scripts_row(const qd_tariff_t *self, uint32_t n, const qd_sink_t *sink);
qd_status_t qd_tariff_scripts_execute(qd_tariff_t *self, const qd_call_t *call, const qd_source_t *source);
/* Class 6. */
qd_status_t qd_tariff_activation_get(const qd_tariff_t *self, uint8_t attribute, qd_scalar_t *value);
qd_status_t qd_tariff_activation_span(const qd_tariff_t *self, uint8_t attribute, qd_span_t *span);
qd_status_t qd_tariff_activation_row(const qd_tariff_t *self, uint8_t attribute, uint32_t n,
                                     const qd_sink_t *sink);
qd_status_t qd_tariff_activation_put(qd_tariff_t *self, const qd_call_t *call, uint8_t attribute,
                                     const qd_source_t *source);
qd_status_t qd_tariff_activation_act(qd_tariff_t *self, const qd_call_t *call, uint8_t method,
                                     const qd_source_t *source);

#endif
