/*
 * meter.h - a whole meter: how large, how started, how run.
 *
 * Purpose: what a board or a host program calls. All state lives in the memory that the caller
 * gives; two meters in one program behave as in two.
 * Context: every call from the main context of that meter.
 */
#ifndef QUADRANT_METER_H
#define QUADRANT_METER_H

#include "quadrant/model.h"
#include "quadrant/port/block.h"
#include "quadrant/port/channel.h"
#include "quadrant/port/guard.h"
#include "quadrant/port/key.h"
#include "quadrant/port/quantities.h"
#include "quadrant/port/rtc.h"
#include "quadrant/port/system.h"

#define QD_CHANNELS_MAX 8u

/* The world of one meter. Constant while the meter runs; the structs stay the caller's. */
typedef struct qd_meter_ports {
    const qd_block_t *fram;                            /* required */
    const qd_block_t *flash;                           /* required; of the logs, with erase blocks */
    const qd_quantities_port_t *quantities;            /* required */
    const qd_device_key_t *key;                        /* required; asked once, at the start */
    const qd_rtc_t *rtc;                               /* NULL: no reserve, clock invalid at each start */
    const qd_random_t *random;                         /* NULL: no challenges, HLS refused */
    const qd_power_t *power;                           /* NULL: always on mains */
    const qd_pulse_port_t *pulse;                      /* NULL: pulses are only counted */
    const qd_factory_t *factory;                       /* NULL: sealed */
    const qd_channel_port_t *channel[QD_CHANNELS_MAX]; /* in the order of the model's channel rows */
    uint8_t channel_count;                             /* at most qd_model_channel_count() */
} qd_meter_ports_t;

/* How the application reaches metrology when it does not just call it. An image has the code of the ways it names. */
typedef struct qd_gate_way qd_gate_way_t;
/* Every message framed and checked as between two images, through a byte loopback inside the meter. */
extern const qd_gate_way_t qd_gate_by_loopback;

typedef struct qd_meter_options {
    const qd_gate_way_t *gate; /* NULL: by call, in one image */
    const qd_guard_t *guard;   /* NULL: no fence around metrology's memory */
    /* Memory of its own for metrology, aligned to 8 octets, qd_meter_metrology_size() of them, written only while
     * the guard is open. NULL: it lies in the memory of qd_meter_init. */
    void *metrology_memory;
    size_t metrology_size;
} qd_meter_options_t;

typedef struct qd_meter qd_meter_t;

/* Octets of memory that a meter of this model takes. */
size_t qd_meter_size(const qd_model_t *model);
/* The same with options: a gate by loopback needs room for its frames, metrology with memory of its own none
 * here. options may be NULL. */
size_t qd_meter_size_with(const qd_model_t *model, const qd_meter_options_t *options);
/* Octets for metrology in options.metrology_memory. */
size_t qd_meter_metrology_size(void);
/* Octets of FRAM that its records take, with room for those of another layout while they change over. */
uint32_t qd_meter_fram_size(const qd_model_t *model);
/* The same of the n-th earlier layout that the model knows, n from 0; 0: there is none. A smaller memory of that size is taken
 * over once it has been made as large as the present layout wants. */
uint32_t qd_meter_fram_size_earlier(const qd_model_t *model, uint8_t n);
/* Octets of flash with erase blocks of erase_size that its logs take. */
uint32_t qd_meter_flash_size(const qd_model_t *model, uint32_t erase_size);
/*
 * Carves the memory (aligned to 8 octets) and starts the meter. tick_us: monotonic time now. options may be NULL.
 * QD_OK; QD_UNAVAILABLE: there is no device key; QD_NO_SPACE: memory, FRAM or flash too small; QD_MODEL,
 * QD_VERSION: FRAM belongs to another model or layout version; QD_FOREIGN: FRAM was written under another
 * device's key; QD_CORRUPT: FRAM is neither blank nor a store; QD_ARGUMENT: a required port is missing or
 * the model's tables contradict themselves; QD_IO. Only QD_OK sets *meter.
 */
qd_status_t qd_meter_init(void *memory, size_t size, const qd_model_t *model, const qd_meter_ports_t *ports,
                          const qd_meter_options_t *options, uint64_t tick_us, qd_meter_t **meter);
/*
 * Does what is due at tick_us (which never runs backwards) and says in *next_us when it wants to run
 * again at the latest; octets on a channel are a reason to call earlier. QD_OK; QD_IO: the commit of
 * this step failed, the meter goes on and tries again; QD_ARGUMENT: time ran backwards.
 */
qd_status_t qd_meter_step(qd_meter_t *meter, uint64_t tick_us, uint64_t *next_us);
/* Commits what there is; the memory may be given back afterwards. QD_OK, QD_IO. */
qd_status_t qd_meter_stop(qd_meter_t *meter);
/* Gives the memory of a meter back, stopped or not, before anything but qd_meter_init or the end of its life happens to it.
 * Only a build with AddressSanitizer needs it: it closes the gaps between the parts of a meter. */
void qd_meter_release(void *memory, size_t size);

/* A look at the meter for whoever runs it; display is another matter. */
typedef struct qd_meter_view {
    int64_t utc_ms;
    qd_clock_status_t clock;
    int16_t deviation_min; /* civil time minus UTC is -deviation */
    qd_quantities_t now;
    int64_t active_power_mw;
    int64_t reactive_power_mvar;
    int64_t import_mj; /* A+ total */
    int64_t export_mj; /* A- total */
    uint8_t rate;      /* in force for A+; 0 unallocated */
    uint32_t commits;
    uint16_t flags;    /* of metrology's snapshot */
    uint32_t requests; /* APDUs answered since start */
} qd_meter_view_t;
void qd_meter_get_view(const qd_meter_t *meter, qd_meter_view_t *view);
/* Hash over all registers and remainders of metrology, for proofs of identity. */
uint64_t qd_meter_hash(const qd_meter_t *meter);
/* UTC of the meter at tick_us, ms since 2000-01-01. */
int64_t qd_meter_utc_ms(const qd_meter_t *meter, uint64_t tick_us);

/*
 * Hands the FRAM back to an earlier layout version of its records, before an older firmware is put on the device; no
 * meter may run on it. memory: qd_meter_size() octets, aligned to 8. A cut anywhere leaves the present records or the
 * earlier ones, complete. QD_OK; QD_UNDEFINED: this model knows no such version; QD_END: the FRAM is blank;
 * QD_VERSION, QD_MODEL, QD_FOREIGN, QD_CORRUPT, QD_NO_SPACE, QD_IO as qd_meter_init; QD_RANGE: a content does not
 * fit into its earlier record: the present records stand.
 */
qd_status_t qd_meter_hand_back(void *memory, size_t size, const qd_model_t *model,
                               const qd_meter_ports_t *ports, uint16_t version);

/*
 * Manufacture: writes one write-once value, as the factory does before it seals the meter.
 * QD_OK; QD_SEALED: factory port closed or value already set; QD_UNDEFINED: no such value in this
 * model; QD_RANGE: length or characters not allowed; QD_IO.
 */
qd_status_t qd_meter_provision(qd_meter_t *meter, const qd_obis_t *obis, const uint8_t *octets,
                               size_t length);

#endif
