/*
 * event_state.h - the state of the event module, shared by its files.
 */
#ifndef QD_APP_EVENT_STATE_H
#define QD_APP_EVENT_STATE_H

#include "app/event.h"
#include "item/selection.h"

/* Events of one group: with their rows, sealed records and perhaps a page it takes a good part of a step's time. */
#define QD_EVENT_GROUP 4u

struct qd_event_bus {
    const qd_services_t *services;
    const qd_event_config_t *config;
    qd_event_t ring[QD_EVENT_RING];
    uint32_t next_sequence; /* of the next event */
    uint32_t started;       /* first sequence of this start */
    uint32_t committed;     /* highest committed sequence */
    uint32_t staged;        /* highest sequence in the open group; committed: none is open */
    uint32_t limit;         /* an event that could be staged in part only: the next group ends before it; 0 */
    uint32_t drained;       /* highest sequence that was drained */
    uint32_t lost;
    uint32_t meter_status; /* of the next event */
    uint8_t last[QD_TARGET_COUNT];
    uint16_t count[QD_TARGET_COUNT];
    uint64_t tick_us;
};

/* Class 7 of the logs and the journal; as qd_module_t. */
qd_status_t qd_event_log_get(qd_event_bus_t *bus, qd_ref_t ref, qd_scalar_t *value);
qd_status_t qd_event_log_span(void *self, const qd_call_t *call, qd_ref_t ref, qd_span_t *span);
qd_status_t qd_event_log_row(void *self, const qd_call_t *call, qd_ref_t ref, uint32_t n,
                             const qd_sink_t *sink);
qd_status_t qd_event_log_select(void *self, const qd_call_t *call, qd_ref_t ref, uint8_t selector,
                                const qd_source_t *source, qd_selection_t *selection);
qd_status_t qd_event_log_selected(void *self, const qd_call_t *call, qd_ref_t ref, qd_selection_t *selection,
                                  qd_span_t *span, uint32_t *count);
qd_status_t qd_event_log_pick(void *self, const qd_call_t *call, qd_ref_t ref,
                              const qd_selection_t *selection, uint32_t *n, const qd_sink_t *sink);
qd_status_t qd_event_log_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source);

#endif
