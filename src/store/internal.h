/*
 * internal.h - inside of the store; only src/store includes it.
 *
 * Two state machines share it. A record (slots.c) has two slots, each blank, good or bad; the newest
 * good one is its content. The redo area (group.c) is clean, or holds a group that counts but is not
 * yet applied, or holds octets of which nobody knows whether they count; only a clean one lets
 * another write through, because a later mount would put the group over it.
 */
#ifndef QD_STORE_INTERNAL_H
#define QD_STORE_INTERNAL_H

#include "base/octets.h"
#include "store/store.h"

/* docs/storage.md gives these layouts. */
#define QD_STORE_SUPER_SIZE 64u
#define QD_STORE_HEADER_SIZE 12u
#define QD_STORE_REDO_HEADER_SIZE 16u
#define QD_STORE_ENTRY_SIZE 4u
#define QD_STORE_BANK_UNIT 64u
#define QD_STORE_BANK_FIRST (2u * QD_STORE_SUPER_SIZE)
#define QD_STORE_OWN_RECORD 0u /* in the nonces of superblock and redo area */
#define QD_STORE_CAPACITY_MAX 2048u
#define QD_STORE_NONE UINT16_MAX
/* Octets in front of staging: whatever is sealed there in place goes to the device with its head in one
 * program. */
#define QD_STORE_HEADROOM (QD_STORE_REDO_HEADER_SIZE + QD_SEAL_TAG_MAX)

typedef enum qd_slot_state { QD_SLOT_BLANK = 0, QD_SLOT_GOOD, QD_SLOT_BAD } qd_slot_state_t;

typedef enum qd_redo_state {
    QD_REDO_CLEAN = 0,
    QD_REDO_DOUBTFUL, /* must be retired before anything else is written */
    QD_REDO_PENDING   /* counts; must be applied and retired before anything else is written */
} qd_redo_state_t;

typedef struct qd_record_state {
    uint32_t offset;   /* of slot 0 on the device */
    uint32_t sequence; /* last one used, also by an attempt that failed */
    uint8_t slot[2];   /* qd_slot_state_t */
    uint8_t newest;    /* 0 or 1; means something while one of the slots is good */
    uint8_t worn;      /* bit per slot that did not read back what was written */
} qd_record_state_t;

struct qd_store {
    const qd_store_layout_t *layout;
    const qd_block_t *device;
    const qd_sealer_t *sealer;
    qd_records_t records;
    qd_store_stats_t stats;
    uint32_t epoch;
    uint32_t bank;           /* address of the redo area, the records follow */
    uint32_t group_sequence; /* last one used in this epoch */
    uint32_t staging_size;
    uint32_t staged;     /* octets in staging */
    uint32_t scrub_next; /* place that is verified next */
    uint16_t staged_count;
    uint16_t last_row; /* the one that was programmed last */
    uint8_t blank;     /* the octet that a blank device is made of */
    bool open;         /* a group is */
    bool degraded;     /* something written did not read back */
    bool redo_worn;    /* the redo area is such a thing: it cannot be read in again */
    bool promised;     /* the superblock says that there is a map of the records that were written */
    bool born_dirty;   /* the map on the device lacks some */
    uint16_t map_row;  /* QD_STORE_NONE: the layout has none */
    uint8_t born[QD_STORE_MAP_SIZE]; /* bit per row */
    bool garbled;                    /* staging is no longer, or not wholly, what was staged */
    qd_redo_state_t redo;
    qd_record_state_t *states; /* one per row of the layout */
    uint8_t *staging;          /* entries {id, length, payload}, as in the redo area; sealed in place */
};

typedef struct qd_slot_header {
    uint16_t id;
    uint16_t length;
    uint32_t sequence;
    uint32_t epoch;
} qd_slot_header_t;

static inline size_t qd_store_round8(size_t value) {
    return (value + 7u) & ~(size_t)7u;
}

/* device.c: the device with its statistics. Statuses are those of the port. */
qd_status_t qd_store_program(qd_store_t *store, uint32_t offset, const uint8_t *octets, uint32_t length);
qd_status_t qd_store_sync(qd_store_t *store);
/* Programs and reads back. QD_CORRUPT: other octets came back, the store is degraded from now on. */
qd_status_t qd_store_program_checked(qd_store_t *store, uint32_t offset, const uint8_t *octets,
                                     uint32_t length);
/* True when length octets are all value. */
bool qd_store_is_blank(const uint8_t *octets, size_t length, uint8_t value);

/* store.c */
bool qd_store_is_sound(const qd_store_layout_t *layout, const qd_sealer_t *sealer);
/* Octets of redo area and records. */
uint32_t qd_store_bank_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer);
/* Octets of staging that the layout takes, and of a store with that much. */
size_t qd_store_staging_size(const qd_store_layout_t *layout);
size_t qd_store_memory_size(const qd_store_layout_t *layout, size_t staging_size);
/* Lays the store into memory of qd_store_memory_size octets. */
qd_store_t *qd_store_carve(void *memory, const qd_store_layout_t *layout, size_t staging_size,
                           const qd_block_t *device, const qd_sealer_t *sealer);
/* What a mount does once the superblock was found; statuses as qd_store_mount. */
qd_status_t qd_store_start(qd_store_t *store);

/* superblock.c. Judges the device; sets epoch (the newest committed, 0 for a blank device), bank and
 * blank. QD_OK: a store of this layout; QD_END: blank or a format that was cut; else as qd_store_mount. */
qd_status_t qd_superblock_find(qd_store_t *store);
/* Commits epoch, layout and bank of the store to both copies, one after the other. */
qd_status_t qd_superblock_commit(qd_store_t *store);
/* Verifies one copy and writes it again when it is not what it must be; *healed says so. */
qd_status_t qd_superblock_scrub(qd_store_t *store, uint8_t copy, bool *healed);

/* slots.c */
uint32_t qd_slot_size(const qd_sealer_t *sealer, uint16_t capacity);
/* Index of the row with this id, QD_STORE_NONE if there is none. */
uint16_t qd_slots_find(const qd_store_t *store, uint16_t id);
uint16_t qd_layout_find(const qd_store_layout_t *layout, uint16_t id);
/*
 * Seals payload in place, which lies in staging or behind its head room, and programs it with its head.
 * The octets in front of payload are the same afterwards; payload is what it was with keep, and after a
 * QD_CORRUPT; else it is sealed. QD_OK; QD_CORRUPT: does not read back; or the device's or sealer's.
 */
qd_status_t qd_slot_put(qd_store_t *store, uint32_t offset, const qd_seal_nonce_t *nonce, uint8_t *payload,
                        uint16_t length, bool keep);
/* Verifies both slots of every record. QD_OK, QD_IO. */
qd_status_t qd_slots_scan(qd_store_t *store);
/* Replaces every bad slot that has a good or blank twin, so that a slot that reads differently from
 * time to time cannot become good later, and the older content of a mirrored record that a cut left.
 * QD_OK, or the device's. */
qd_status_t qd_slots_heal(qd_store_t *store);
/* Verifies one slot and heals it, durable on QD_OK. QD_CORRUPT: its record has no good slot. */
qd_status_t qd_slots_scrub(qd_store_t *store, uint16_t row, uint8_t slot, qd_scrub_t *report);
/* Slots of the record that hold what is written. With one of them it is written by the redo area. */
unsigned qd_slots_holding(const qd_store_t *store, uint16_t row);
/* One record, durable on QD_OK; payload lies in staging and is spent, but for QD_CORRUPT: the slot does
 * not hold, the old content stands, and the record now goes through the redo area. */
qd_status_t qd_slots_write(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length);
/* One record without sync, for a group that is safe in the redo area. */
qd_status_t qd_slots_apply(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length);
/* The twin of a mirrored record that was applied and synced; nothing for others. A failure leaves a bad
 * slot, which the next write or mount fills. */
void qd_slots_mirror(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length);
qd_status_t qd_slots_read(qd_store_t *store, uint16_t row, uint8_t *buffer, size_t size, size_t *length);

/* born.c. Notes that the record has been written; saves the map when it has changed and nothing is in the way;
 * loads it at the mount, behind scan and replay, and promises it in the superblock. Statuses are the device's. */
void qd_born_mark(qd_store_t *store, uint16_t row);
qd_status_t qd_born_save(qd_store_t *store);
qd_status_t qd_born_load(qd_store_t *store);

/* group.c */
uint32_t qd_redo_data_size(const qd_store_layout_t *layout);
uint32_t qd_redo_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer);
/* Applies a group that was cut before it was retired; retires whatever is there. */
qd_status_t qd_redo_replay(qd_store_t *store);
/* Brings the redo area to QD_REDO_CLEAN. QD_OK, or the device's. */
qd_status_t qd_redo_settle(qd_store_t *store);
/* Stages one record in the open group. QD_OK, QD_NO_SPACE. */
qd_status_t qd_group_stage(qd_store_t *store, uint16_t id, const uint8_t *payload, uint16_t length);
/* Commits one record without a group. */
qd_status_t qd_group_write(qd_store_t *store, uint16_t id, const uint8_t *payload, uint16_t length);
/* Staged payload of a record: QD_OK; QD_END: it has none; QD_IO: staging was lost and cannot be had
 * again from the redo area. */
qd_status_t qd_group_find(qd_store_t *store, uint16_t id, const uint8_t **payload, uint16_t *length);

#endif
