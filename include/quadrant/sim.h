/*
 * sim.h - the world around a meter on a desk: devices that fail when they are told to.
 *
 * Purpose: a simulated FRAM with a volatile cache behind the block port. It counts its operations,
 * loses power in the middle of any of them in any of several ways, fails programs, and wears.
 * Everything is deterministic: the same calls and seed give the same octets.
 * Ownership: all memory is the caller's; a device is a plain struct and may be copied.
 * Context: one thread at a time per device.
 */
#ifndef QUADRANT_SIM_H
#define QUADRANT_SIM_H

#include "quadrant/port/block.h"
#include "quadrant/status.h"
#include "quadrant/types.h"

/* What remains of the operation that the cut hits. A program touches its octets; a sync touches all
 * octets programmed since the last one, in order. */
typedef enum qd_sim_torn {
    QD_SIM_TORN_NONE = 0, /* nothing of it */
    QD_SIM_TORN_HALF,     /* the first half of its octets */
    QD_SIM_TORN_LAST,     /* all but the last octet */
    QD_SIM_TORN_ALL,      /* all of it; only the answer is missing */
    QD_SIM_TORN_UNSTABLE, /* of the bits that it was to change, random ones read differently each
                             time until the octet is programmed and synced again */
    QD_SIM_TORN_COUNT
} qd_sim_torn_t;

/* What remains of the programs since the last sync, when the cut hits a program. */
typedef enum qd_sim_unsynced {
    QD_SIM_UNSYNCED_KEPT = 0,
    QD_SIM_UNSYNCED_LOST,
    QD_SIM_UNSYNCED_PREFIX, /* the first ones, the last of them torn in half */
    QD_SIM_UNSYNCED_SUBSET, /* a random choice; on a sync: random order */
    QD_SIM_UNSYNCED_COUNT
} qd_sim_unsynced_t;

#define QD_SIM_FRAM_PENDING 128u /* programs between two syncs; the oldest settles when there are more */
#define QD_SIM_FRAM_STUCK 4u

typedef struct qd_sim_fram_stats {
    uint32_t operations; /* programs and syncs, also failed ones */
    uint32_t reads;
    uint32_t programs;
    uint32_t programmed_octets;
    uint32_t syncs;
} qd_sim_fram_stats_t;

/* State; use the functions. */
typedef struct qd_sim_fram {
    uint8_t *memory;
    uint32_t size;
    uint64_t random;
    qd_sim_fram_stats_t stats;
    uint32_t cut_at;
    uint8_t cut_torn;
    uint8_t cut_unsynced;
    bool dead;
    uint32_t fail_at;
    uint32_t fail_count;
    qd_status_t fail_status;
    uint32_t log_used;
    uint16_t pending_count;
    uint16_t stuck_count;
    struct {
        uint32_t offset;
        uint32_t length;
        uint32_t log;
    } pending[QD_SIM_FRAM_PENDING];
    struct {
        uint32_t offset;
        uint8_t mask;
        uint8_t value;
    } stuck[QD_SIM_FRAM_STUCK];
} qd_sim_fram_t;

/* Octets of memory for a device of size octets. */
size_t qd_sim_fram_memory(uint32_t size);
/* A device of size octets, all of them fill. seed decides every random choice. */
void qd_sim_fram_init(qd_sim_fram_t *fram, void *memory, uint32_t size, uint8_t fill, uint64_t seed);
/* Makes copy an independent device in the same state; memory is as for init. */
void qd_sim_fram_copy(qd_sim_fram_t *copy, void *memory, const qd_sim_fram_t *fram);
/* The port; valid as long as fram stays where it is. */
void qd_sim_fram_port(qd_sim_fram_t *fram, qd_block_t *port);

/* Power fails in operation number operation (counted from 1 since init or restart; 0: never). From
 * then on everything answers QD_IO until restart. */
void qd_sim_fram_cut(qd_sim_fram_t *fram, uint32_t operation, qd_sim_torn_t torn, qd_sim_unsynced_t unsynced);
/* Power fails now, between two operations. */
void qd_sim_fram_power_off(qd_sim_fram_t *fram, qd_sim_unsynced_t unsynced);
/* Power returns: the cache is empty, plans for cuts and failures and the counters are cleared. */
void qd_sim_fram_restart(qd_sim_fram_t *fram);
bool qd_sim_fram_is_dead(const qd_sim_fram_t *fram);

/* Operations first .. first + count - 1 answer status: QD_IO (half of a program is written, a sync
 * does nothing) or QD_NO_SPACE (nothing is written). count 0: none. */
void qd_sim_fram_fail(qd_sim_fram_t *fram, uint32_t first, uint32_t count, qd_status_t status);
/* Flips the bits of mask in the cell. */
void qd_sim_fram_flip(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask);
/* The bits of mask read as those of value from now on. QD_OK; QD_NO_SPACE: too many. */
qd_status_t qd_sim_fram_stick(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask, uint8_t value);

/* The cells, without the cache: what an image file holds. size octets. */
const uint8_t *qd_sim_fram_cells(const qd_sim_fram_t *fram);
/* Replaces cells and cache by an image of size octets. */
void qd_sim_fram_load(qd_sim_fram_t *fram, const uint8_t *image);
void qd_sim_fram_get_stats(const qd_sim_fram_t *fram, qd_sim_fram_stats_t *stats);

#endif
