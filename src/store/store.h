/*
 * store.h - records that survive a power cut at any program and any sync.
 *
 * Purpose: twin-slot records on an octet-writable memory (FRAM) and transactions over several of
 * them. A single record is written to its older slot; a group of records goes through a redo area:
 * redo written and synced, records applied and synced, redo retired; mount replays a redo that was not
 * retired. Inside of an open group a reader sees what was staged.
 * A slot that the memory loses after it was written is told from the others by its tag; its twin goes on,
 * which is the content before, or the same content when the record is mirrored.
 * A write or commit that fails leaves the old content, and what it may have left on the device is
 * overwritten if the device lets it; only when power goes before that may it turn up at the next start.
 * All numbers in the image are little-endian; docs/storage.md gives every octet.
 * Context: main context. Ownership: state and buffers live in memory that the caller gives.
 */
#ifndef QD_STORE_STORE_H
#define QD_STORE_STORE_H

#include "quadrant/port/block.h"
#include "store/records.h"
#include "store/sealer.h"

typedef struct qd_record_row {
    uint16_t id;       /* 1 .. 65535, unique; 0 is the store's own */
    uint16_t capacity; /* largest payload in octets, 1 .. 2048 */
    bool mirrored;     /* both slots hold every content: no single damaged slot loses anything */
} qd_record_row_t;

typedef struct qd_store_layout {
    const char *model;           /* at most 15 characters; stored and compared at mount */
    uint16_t version;            /* layout version of the model's records */
    const qd_record_row_t *rows; /* sorted by id; order decides the addresses */
    uint16_t row_count;
    uint16_t group_capacity; /* payload octets of the largest group; with 4 per row at most 65,535 */
} qd_store_layout_t;

typedef struct qd_store_stats {
    uint32_t commits;
    uint32_t programs;
    uint32_t programmed_octets;
    uint32_t syncs;
    uint32_t replays;   /* redo areas replayed at mount, 0 or 1 */
    uint32_t bad_slots; /* slots found corrupt, at mount or by a read */
} qd_store_stats_t;

typedef struct qd_store qd_store_t;

/* Octets of memory for qd_store_mount, aligned as for any object. */
size_t qd_store_size(const qd_store_layout_t *layout);
/* Octets that the layout takes on the device with this sealer. */
uint32_t qd_store_device_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer);
/*
 * Mounts the device, formatting one that is blank (all octets 00 or all FF). *store is set on QD_OK and
 * QD_END. QD_OK: mounted, records as last committed; QD_END: device was blank, now formatted;
 * QD_MODEL, QD_VERSION: written by another model or layout version, nothing changed; QD_CORRUPT:
 * neither blank nor a store, nothing changed; QD_NO_SPACE: device or memory too small; QD_IO;
 * QD_ARGUMENT: the layout contradicts itself, memory not aligned.
 * Commits a new boot epoch before it writes anything else; replays a group that was cut, and writes
 * again every slot that was found bad and has a good twin, and of a mirrored record the older slot if it
 * has another content. A format that was cut is done again.
 */
qd_status_t qd_store_mount(void *memory, size_t size, const qd_store_layout_t *layout,
                           const qd_block_t *device, const qd_sealer_t *sealer, qd_store_t **store);
/* The interface for the store's users; valid as long as the store. */
const qd_records_t *qd_store_records(qd_store_t *store);
/* Opens a group: writes are staged. QD_OK; QD_STATE: one is open already. */
qd_status_t qd_txn_begin(qd_store_t *store);
/* Commits the group (none staged: nothing is written). QD_OK; QD_IO, QD_NO_SPACE (the medium):
 * nothing of the group counts, the old contents stand; QD_STATE: none is open. The group is closed in
 * every case. A group that is durable in the redo area counts: if the device fails while it is applied,
 * readers get it from memory and every write is refused until the rest could be done. */
qd_status_t qd_txn_commit(qd_store_t *store);
/* Forgets what was staged and closes the group. */
void qd_txn_abort(qd_store_t *store);
void qd_store_get_stats(const qd_store_t *store, qd_store_stats_t *stats);
/* Number of this start, counted from 1. */
uint32_t qd_store_epoch(const qd_store_t *store);

#endif
