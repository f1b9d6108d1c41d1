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
 * Whatever is written is read back at once. A slot that does not hold it is given up for the content, and
 * its record goes through the redo area from then on; the store is degraded, and goes on.
 * The records lie in one of two banks; qd_store_migrate (migrate.c) writes them under another layout into
 * the other one and changes over with one commit of the superblock.
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

/*
 * The store's own record, if the layout has a row for it (mirrored, QD_STORE_MAP_SIZE octets; as the largest id the
 * last row): which of the others, 64 at most, were ever written. With it a record whose slots have become
 * blank is lost and not "never written". Users leave it alone.
 */
#define QD_STORE_RECORD_MAP 0xFFFFu
#define QD_STORE_MAP_SIZE 8u

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
    uint32_t replays;    /* redo areas replayed at mount, 0 or 1 */
    uint32_t bad_slots;  /* slots found corrupt, at mount, by a read or by scrubbing */
    uint32_t bad_copies; /* of the superblock that the mount found corrupt and wrote again, 0 or 1 */
    uint32_t scrubbed;   /* places verified: superblock copies and slots */
    uint32_t healed;     /* of them written again */
    uint32_t lost;       /* found without a good slot, in every round again */
} qd_store_stats_t;

/* What one call of qd_store_scrub looked at. */
typedef struct qd_scrub {
    uint16_t record; /* 0: a copy of the superblock */
    uint8_t slot;    /* or copy */
    bool healed;     /* it was bad and has been written again */
    bool reverted;   /* it had the newest content: the record has the one before now */
} qd_scrub_t;

/* One record of a new layout. */
typedef struct qd_migration_row {
    uint16_t id;   /* in the new layout */
    uint16_t from; /* in the old layout; 0: from none */
    /* Makes the new content of size octets at most. old: NULL with from 0. Not called when the old record was
     * never written (the new one is not either) or is lost (the new one is as well). QD_OK; QD_END: the
     * new record shall be as if it had never been written; anything else ends the migration. NULL: the
     * content stays what it is. */
    qd_status_t (*transform)(void *context, const uint8_t *old, size_t old_length, uint8_t *content,
                             size_t size, size_t *length);
} qd_migration_row_t;

/* Records of the new layout without a row here keep the content of their id, if the old layout has
 * it; records that only the old layout has are dropped. */
typedef struct qd_migration {
    void *context;
    const qd_migration_row_t *rows;
    uint16_t row_count;
} qd_migration_t;

typedef struct qd_store qd_store_t;

/* Octets of memory for qd_store_mount, aligned as for any object. */
size_t qd_store_size(const qd_store_layout_t *layout);
/* Octets that the layout takes on the device with this sealer: superblocks and one bank. */
uint32_t qd_store_device_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer);
/* The same with room for the other bank: a device of that size can be migrated from one layout to the other
 * and back. */
uint32_t qd_store_migrate_device_size(const qd_store_layout_t *one, const qd_store_layout_t *other,
                                      const qd_sealer_t *sealer);
/*
 * Mounts the device, formatting one that is blank (all octets 00 or all FF). *store is set on QD_OK and
 * QD_END. QD_OK: mounted, records as last committed; QD_END: device was blank, now formatted;
 * QD_MODEL, QD_VERSION: written by another model, layout or format version; QD_FOREIGN: stored under
 * another device's key or by another kind of sealer; QD_CORRUPT: neither blank nor a store; in all of
 * these nothing was changed. QD_NO_SPACE: device or memory too small, or no epoch is left; QD_IO: of
 * device or sealer; QD_ARGUMENT: the layout contradicts itself, memory not aligned.
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
/*
 * Verifies the next place, in turn: the two copies of the superblock, then each slot of each record. One
 * that is bad is written again from its twin, durably. QD_OK; QD_CORRUPT: report->record has no good slot
 * left, nothing was changed; QD_END: a round is complete, nothing was looked at; QD_STATE: a group is
 * open; QD_IO, QD_NO_SPACE: the same place comes again. Uses the memory of groups.
 */
qd_status_t qd_store_scrub(qd_store_t *store, qd_scrub_t *report);
/* True once something written did not read back, and while a group waits in the redo area. */
bool qd_store_degraded(const qd_store_t *store);
void qd_store_get_stats(const qd_store_t *store, qd_store_stats_t *stats);
/* Octets programmed since the mount, as in the statistics; wraps. A measure of what writing has cost. */
uint32_t qd_store_programmed(const qd_store_t *store);
/* Number of this start, counted from 1. */
uint32_t qd_store_epoch(const qd_store_t *store);

/* Octets of memory for qd_store_migrate; at least what either layout's store takes. */
size_t qd_store_migrate_size(const qd_store_layout_t *from, const qd_store_layout_t *to);
/*
 * Takes a device with layout from to layout to; for when qd_store_mount said QD_VERSION. Mounts it with
 * from, writes every record to the other bank under the new layout, and changes over; a cut anywhere
 * leaves the old store or the new one, complete. memory holds nothing afterwards: mount with to.
 * QD_OK: it is a store of layout to; QD_END: the device is blank; QD_MODEL, QD_VERSION, QD_FOREIGN,
 * QD_CORRUPT: as qd_store_mount of from; QD_NO_SPACE: memory too small, or no room for both banks; in
 * these nothing was changed. QD_RANGE: a content is longer than its new record; QD_ARGUMENT: layout or
 * migration contradicts itself; or what a transform returned: the old store stands. QD_IO: the old store
 * stands, or the new one does: the next mount knows.
 */
qd_status_t qd_store_migrate(void *memory, size_t size, const qd_store_layout_t *from,
                             const qd_store_layout_t *to, const qd_block_t *device, const qd_sealer_t *sealer,
                             const qd_migration_t *migration);

#endif
