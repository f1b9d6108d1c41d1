/*
 * item.h - the dictionary: what can be read, written or done, whoever asks.
 *
 * Purpose: a reference names one value or one table of rows inside a module; a module answers for
 * its references. Faces (COSEM, IEC 62056-21, display) turn names into references and back.
 * Context: main context, inside a step. Ownership: module state lives in the meter's arena.
 */
#ifndef QD_ITEM_ITEM_H
#define QD_ITEM_ITEM_H

#include "quadrant/status.h"
#include "quadrant/types.h"

/* Names one item: the module's number in the model, the item in it, and an argument of the item
 * (rate, phase, attribute, index: the module's header says which). */
typedef struct qd_ref {
    uint8_t module;
    uint8_t item;
    uint16_t arg;
} qd_ref_t;

#define QD_CLIENT_INTERNAL 0xFFu /* the meter itself: scripts and schedules */

/* Who asks, by which way, when. */
typedef struct qd_call {
    uint8_t client; /* row in the model's table of clients, or QD_CLIENT_INTERNAL */
    bool local;     /* bearer counts as local */
    uint64_t tick_us;
    uint32_t request;        /* number of the request, the same when it is called again; 0: the meter's own */
    const void *association; /* of the face that asks; only that face looks at it */
} qd_call_t;

/* One element of a value: a scalar, or the head of an array or structure whose count elements
 * follow. */
typedef struct qd_item_element {
    uint8_t type; /* qd_type_t */
    uint16_t count;
    qd_scalar_t scalar;
} qd_item_element_t;

/* Takes neutral events and turns them into octets, text or digits. A status other than QD_OK ends
 * the giving: QD_NO_SPACE means "enough for now", the giver just returns it. */
typedef struct qd_sink {
    void *context;
    qd_status_t (*group)(void *context, qd_type_t type, uint16_t count);
    qd_status_t (*scalar)(void *context, const qd_scalar_t *scalar);
    /* A structure of scalars at once: those that chosen names by number, or the first count; NULL: the sink takes its
     * head and them one by one. */
    qd_status_t (*structure)(void *context, const qd_scalar_t *scalar, const uint8_t *chosen, uint8_t count);
} qd_sink_t;

/* Gives the elements of a value that was received and is known to be well-formed. QD_END: no more.
 * Strings are views that stay valid during the call that was given the source. */
typedef struct qd_source {
    void *context;
    qd_status_t (*next)(void *context, qd_item_element_t *element);
} qd_source_t;

/* Rows first .. end-1 exist; generation moves when rows are dropped, re-ordered or re-defined. */
typedef struct qd_span {
    uint32_t first;
    uint32_t end;
    uint32_t generation;
} qd_span_t;

/* Rows and columns chosen out of a table; item/selection.h has its members. */
typedef struct qd_selection qd_selection_t;

struct qd_services;
struct qd_event;

/*
 * What a module exports. Functions that a module has no use for are NULL; the caller then answers
 * QD_UNDEFINED. Every function may answer QD_PENDING: nothing has been applied that a second call
 * with the same arguments would apply twice.
 */
typedef struct qd_module {
    const char *name;
    /* Octets of state for this configuration. */
    size_t (*size)(const void *config);
    /* Brings the module to life from its records. QD_OK; QD_ARGUMENT: configuration contradicts
     * itself; QD_IO. */
    qd_status_t (*init)(void *self, const void *config, const struct qd_services *services);
    /* One typed value. QD_OK, QD_UNDEFINED, QD_UNAVAILABLE, QD_PENDING. */
    qd_status_t (*get)(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value);
    /* Power of ten that the value's presentation adds to the scaler of its row (transformer ratio);
     * NULL: 0 for all. */
    int8_t (*scale)(void *self, qd_ref_t ref);
    /* Rows of a table, and one of them. QD_OK; QD_END: no such row any more; QD_PENDING. */
    qd_status_t (*span)(void *self, const qd_call_t *call, qd_ref_t ref, qd_span_t *span);
    qd_status_t (*row)(void *self, const qd_call_t *call, qd_ref_t ref, uint32_t n, const qd_sink_t *sink);
    /*
     * Selective access, for tables that have it; NULL: none has.
     * select: takes the parameters of an access selector. QD_OK; QD_SELECTOR: not of this table; QD_TYPE, QD_RANGE.
     * selected: finds the rows of a selection: span->first is the first one, *count how many there are. QD_PENDING
     * keeps what was found so far in the selection. QD_OK, QD_PENDING, as span.
     * pick: gives the first selected row at or behind *n and says which it was in *n. QD_OK; QD_END: none any
     * more; QD_PENDING: *n has moved behind rows that are not selected, nothing was given; the sink's.
     */
    qd_status_t (*select)(void *self, const qd_call_t *call, qd_ref_t ref, uint8_t selector,
                          const qd_source_t *source, qd_selection_t *selection);
    qd_status_t (*selected)(void *self, const qd_call_t *call, qd_ref_t ref, qd_selection_t *selection,
                            qd_span_t *span, uint32_t *count);
    qd_status_t (*pick)(void *self, const qd_call_t *call, qd_ref_t ref, const qd_selection_t *selection,
                        uint32_t *n, const qd_sink_t *sink);
    /* Writes; the only write path. QD_OK is given after the commit. QD_TYPE, QD_RANGE, QD_SEALED,
     * QD_BUSY, QD_IO: nothing changed. */
    qd_status_t (*put)(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source);
    /* Does; source gives the parameter (a null element when the caller sent none). As put. */
    qd_status_t (*act)(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source);
    /* Gives the return parameters of the method that the call has just run, one element; NULL: none has any. It may
     * be asked several times until the next act, the same is given each time. QD_OK; QD_END: this method has none;
     * the sink's. */
    qd_status_t (*reply)(void *self, const qd_call_t *call, qd_ref_t ref, const qd_sink_t *sink);
    /* Runs what is due; may lower *next_us to when it wants to run again. */
    void (*due)(void *self, uint64_t tick_us, uint64_t *next_us);
    /* A committed event. */
    void (*notice)(void *self, const struct qd_event *event);
} qd_module_t;

/* A reference with its attribute: tables of a class with own attributes use arg = attribute. */
static inline qd_ref_t qd_ref_attribute(qd_ref_t ref, uint8_t attribute) {
    ref.arg = (uint16_t)((ref.arg << 8) | attribute);
    return ref;
}

#endif
