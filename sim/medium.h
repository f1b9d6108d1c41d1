/*
 * medium.h - what the simulated FRAM and NOR have in common: cells, volatile cache, cuts, wear.
 *
 * memory = cells  cell-noise  view  view-noise  log  [what the device adds]
 *
 * Cells are what a cut leaves. The view is what a reader sees: the cells under the programs that were
 * accepted since the last sync; those wait in the log in their order. Noise marks unstable bits.
 */
#ifndef QUADRANT_SIM_MEDIUM_H
#define QUADRANT_SIM_MEDIUM_H

#include "quadrant/sim.h"

enum qd_sim_part {
    QD_SIM_CELLS,
    QD_SIM_CELL_NOISE,
    QD_SIM_VIEW,
    QD_SIM_VIEW_NOISE,
    QD_SIM_LOG,
    QD_SIM_PARTS
};
enum qd_sim_kind { QD_SIM_PROGRAM, QD_SIM_SYNC, QD_SIM_ERASE_START, QD_SIM_ERASE_POLL };

/* How power failed. */
typedef struct qd_sim_blow {
    bool hit;    /* the operation that was just counted is the one */
    bool energy; /* by an empty bucket: reached counts, torn is HALF, which it is for a block under erase */
    bool begun;  /* the energy went beyond reached octets: the next one was under way */
    uint8_t torn;
    uint8_t unsynced;
    uint32_t reached;
} qd_sim_blow_t;

uint8_t *qd_sim_part(const qd_sim_medium_t *medium, enum qd_sim_part part);
uint32_t qd_sim_random(qd_sim_medium_t *medium);

void qd_sim_medium_init(qd_sim_medium_t *medium, uint8_t *memory, uint32_t size, uint32_t erase_size,
                        uint8_t fill, uint64_t seed);
void qd_sim_medium_copy(qd_sim_medium_t *copy, uint8_t *memory, const qd_sim_medium_t *medium);
void qd_sim_medium_seed(qd_sim_medium_t *medium, uint64_t seed);
void qd_sim_medium_restart(qd_sim_medium_t *medium);
void qd_sim_medium_load(qd_sim_medium_t *medium, const uint8_t *image);
void qd_sim_medium_flip(qd_sim_medium_t *medium, uint32_t offset, uint8_t mask);
qd_status_t qd_sim_medium_stick(qd_sim_medium_t *medium, uint32_t offset, uint8_t mask, uint8_t value);
bool qd_sim_medium_is_dead(const qd_sim_medium_t *medium);
bool qd_sim_medium_is_outside(const qd_sim_medium_t *medium, uint32_t offset, uint32_t length);
/* True when the operation that was just counted is planned to fail. */
bool qd_sim_medium_fails(const qd_sim_medium_t *medium);

/* Within the device, with power, and with what was unsynced in the view; the callers have checked. */
void qd_sim_medium_read(qd_sim_medium_t *medium, uint32_t offset, uint8_t *buffer, uint32_t length);
qd_status_t qd_sim_medium_program(qd_sim_medium_t *medium, uint32_t offset, const uint8_t *buffer,
                                  uint32_t length);
qd_status_t qd_sim_medium_sync(qd_sim_medium_t *medium);

/* The block under erase becomes what an erase that had begun and was torn so leaves. */
void qd_sim_medium_half_erase(qd_sim_medium_t *medium, uint8_t torn);
/* Programs that wait leave the block alone from now on. */
void qd_sim_medium_forget_block(qd_sim_medium_t *medium, uint32_t offset);
/* This device alone is without power: what was not synced goes as blow says, then see ..._end. */
void qd_sim_medium_lose(qd_sim_medium_t *medium, const qd_sim_blow_t *blow);
/* This device is dead; what was synced or settled stays. A block under erase is half-erased. */
void qd_sim_medium_end(qd_sim_medium_t *medium, uint8_t torn);

/* Counts an operation of the device, also at its supply, and takes its energy. length: octets of a program,
 * octets that wait for a sync. */
void qd_sim_supply_count(qd_sim_medium_t *medium, enum qd_sim_kind kind, uint32_t length,
                         qd_sim_blow_t *blow);
/* The device is dead; so are all others at its supply from now on. */
void qd_sim_supply_fail(qd_sim_medium_t *medium, const qd_sim_blow_t *blow);
/* Power fails for the device and all others at its supply between two operations. */
void qd_sim_supply_fail_between(qd_sim_medium_t *medium, uint8_t unsynced);
qd_status_t qd_sim_supply_attach(qd_sim_supply_t *supply, qd_sim_medium_t *medium);

#endif
