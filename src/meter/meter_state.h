/*
 * meter_state.h - the parts of one meter, side by side in its arena.
 */
#ifndef QD_METER_METER_STATE_H
#define QD_METER_METER_STATE_H

#include "app/gateway.h"
#include "app/services.h"
#include "cosem/link.h"
#include "meter/door.h"
#include "meter/sealer_gcm.h"
#include "meter/supply.h"
#include "meter/upkeep.h"
#include "metrology/gate_link.h"
#include "models/model.h"
#include "quadrant/meter.h"
#include "store/log.h"
#include "store/store.h"

/* Carves a memory front to back; with memory NULL it only counts. */
typedef struct qd_arena {
    uint8_t *memory;
    size_t size;
    size_t used;
    bool spent; /* something did not fit */
    bool gaps;  /* what is between the parts is closed: gap.h */
} qd_arena_t;

/* A way to metrology's gate other than calling it; its state lies in the meter's memory. */
struct qd_gate_way {
    size_t state_size;
    /* Gives the gate that the application uses; gate is metrology's own. */
    const qd_gate_t *(*init)(void *state, const qd_gate_t *gate);
    /* Lets metrology's end answer what has come. */
    void (*pump)(void *state);
};

struct qd_meter {
    const qd_model_t *model;
    qd_meter_ports_t ports;
    qd_supply_t supply;
    qd_store_layout_t layout; /* the store reads it as long as it lives */
    qd_sealer_gcm_t sealer;
    qd_store_t *store;
    qd_log_store_t *logs;
    const qd_log_layout_t *log_layout;
    qd_upkeep_t upkeep;
    qd_door_t *door;          /* to metrology */
    const qd_gate_way_t *way; /* NULL: gate by call */
    void *way_state;
    qd_gateway_t gateway;
    qd_services_t services;
    qd_objects_t objects;
    qd_module_instance_t modules[QD_MODULE_COUNT];
    qd_server_t server;
    qd_link_t *links;     /* one per channel of the model */
    uint64_t tick_us;     /* of the last step */
    uint64_t interval_us; /* end of the newest interval booked, or the start */
    uint64_t modules_us;  /* when the modules ran last */
    bool started;         /* events of the start have been raised */
    uint8_t scratch[QD_SCRATCH_SIZE];
};

/* The store's layout of a model. */
void qd_meter_layout(const qd_model_t *model, qd_store_layout_t *layout);

#endif
