#include <stdalign.h>
#include <string.h>

#include "store/internal.h"

/* A migration under way; the old store is mounted in store. */
typedef struct qd_move {
    qd_store_t *store;
    const qd_store_layout_t *to;
    const qd_migration_t *migration;
    uint32_t bank;
    uint8_t born[QD_STORE_MAP_SIZE]; /* records that the new bank holds, or has lost */
    uint32_t sequence;               /* of slot 0; above all that the old bank has used in this epoch */
} qd_move_t;

static size_t largest(const qd_store_layout_t *layout) {
    size_t size = 0;

    for (uint16_t i = 0; i < layout->row_count; i++) {
        size = layout->rows[i].capacity > size ? layout->rows[i].capacity : size;
    }
    return size;
}

/* An old content and a new one side by side, or what the old store wants for itself. */
static size_t staging_size(const qd_store_layout_t *from, const qd_store_layout_t *to) {
    size_t both = qd_store_round8(largest(from) + largest(to));
    size_t own = qd_store_staging_size(from);

    return both > own ? both : own;
}

size_t qd_store_migrate_size(const qd_store_layout_t *from, const qd_store_layout_t *to) {
    size_t move = qd_store_memory_size(from, staging_size(from, to));
    size_t later = qd_store_size(to);

    return move > later ? move : later;
}

static uint32_t round_unit(uint32_t value) {
    return (value + QD_STORE_BANK_UNIT - 1) / QD_STORE_BANK_UNIT * QD_STORE_BANK_UNIT;
}

uint32_t qd_store_migrate_device_size(const qd_store_layout_t *one, const qd_store_layout_t *other,
                                      const qd_sealer_t *sealer) {
    return round_unit(qd_store_device_size(one, sealer)) + round_unit(qd_store_bank_size(other, sealer));
}

/* The other end of the device. QD_OK; QD_NO_SPACE: the banks would overlap, or lie out of reach. */
static qd_status_t choose_bank(qd_move_t *move) {
    const qd_store_t *store = move->store;
    uint32_t size = qd_store_bank_size(move->to, store->sealer);
    uint32_t end = store->device->size;

    move->bank = QD_STORE_BANK_FIRST;
    if (store->bank == QD_STORE_BANK_FIRST) {
        if (end < size) {
            return QD_NO_SPACE;
        }
        move->bank = (end - size) / QD_STORE_BANK_UNIT * QD_STORE_BANK_UNIT;
        if (move->bank < store->bank + qd_store_bank_size(store->layout, store->sealer) ||
            move->bank / QD_STORE_BANK_UNIT > UINT16_MAX) {
            return QD_NO_SPACE;
        }
        return QD_OK;
    }
    return move->bank + size <= store->bank ? QD_OK : QD_NO_SPACE;
}

/*
 * The bank may hold the octets of an earlier store: slots with tags that fit, a group in the redo area.
 * Nothing of them may be there when the superblock points here.
 */
static qd_status_t blank_bank(const qd_move_t *move) {
    qd_store_t *store = move->store;
    uint32_t end = move->bank + qd_store_bank_size(move->to, store->sealer);
    qd_status_t status = QD_OK;

    memset(store->staging, store->blank, store->staging_size);
    for (uint32_t at = move->bank; at < end && status == QD_OK;) {
        uint32_t part = end - at < store->staging_size ? end - at : store->staging_size;

        status = qd_store_program(store, at, store->staging, part);
        at += part;
    }
    return status;
}

static const qd_migration_row_t *find_row(const qd_migration_t *migration, uint16_t id) {
    for (uint16_t i = 0; migration != NULL && i < migration->row_count; i++) {
        if (migration->rows[i].id == id) {
            return &migration->rows[i];
        }
    }
    return NULL;
}

/*
 * The new content of a record at the beginning of staging; the old one lies behind it while it is needed.
 * QD_OK; QD_END: never written; QD_CORRUPT: lost; QD_RANGE; or the transform's or device's.
 */
static qd_status_t make(const qd_move_t *move, const qd_record_row_t *kind, size_t *length) {
    qd_store_t *store = move->store;
    const qd_migration_row_t *rule = find_row(move->migration, kind->id);
    uint16_t from = rule != NULL ? rule->from : kind->id;
    bool transform = rule != NULL && rule->transform != NULL;
    uint16_t row = qd_layout_find(store->layout, from);
    uint8_t *old = store->staging + (transform ? kind->capacity : 0);
    size_t old_length = 0;
    qd_status_t status;

    if (from == 0) {
        if (!transform) {
            return QD_END;
        }
        old = NULL;
    } else if (row == QD_STORE_NONE) {
        return rule != NULL ? QD_ARGUMENT : QD_END;
    } else {
        status =
            qd_slots_read(store, row, old, store->staging_size - (size_t)(old - store->staging), &old_length);
        if (status != QD_OK) {
            return status;
        }
    }
    *length = old_length;
    if (transform) {
        status = rule->transform(move->migration->context, old, old_length, store->staging, kind->capacity,
                                 length);
        /* A transform that cannot read its old content gives a reason, not a lost record. */
        if (status != QD_OK) {
            return status == QD_CORRUPT ? QD_MALFORMED : status;
        }
    }
    return *length > kind->capacity ? QD_RANGE : QD_OK;
}

/* Neither blank nor good: a record that was lost stays told as lost. */
static qd_status_t put_lost(qd_store_t *store, uint32_t offset) {
    uint8_t front[QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX];

    memset(front, (uint8_t)~store->blank, sizeof front);
    return qd_store_program(store, offset, front, QD_STORE_HEADER_SIZE + store->sealer->tag_size);
}

/* The map of the new bank; records have other rows there. */
static qd_status_t put_map(const qd_move_t *move, uint32_t offset, uint32_t size) {
    qd_store_t *store = move->store;
    qd_status_t status = QD_OK;

    memcpy(store->staging, move->born, sizeof move->born);
    for (uint8_t slot = 0; slot < 2 && status == QD_OK; slot++) {
        qd_seal_nonce_t nonce = {QD_STORE_RECORD_MAP, slot, store->epoch, move->sequence + slot};

        status =
            qd_slot_put(store, offset + slot * size, &nonce, store->staging, sizeof move->born, slot == 0);
    }
    return status == QD_CORRUPT ? QD_IO : status;
}

/* Both slots of one record. One that does not hold is the next mount's to find. */
static qd_status_t move_record(qd_move_t *move, uint16_t row, uint32_t offset) {
    const qd_record_row_t *kind = &move->to->rows[row];
    qd_store_t *store = move->store;
    uint32_t size = qd_slot_size(store->sealer, kind->capacity);
    size_t length = 0;
    unsigned held = 0;
    qd_status_t made = make(move, kind, &length);
    qd_status_t status = QD_OK;

    if (made != QD_OK && made != QD_CORRUPT) {
        return made == QD_END ? QD_OK : made;
    }
    if (row < 8u * sizeof move->born) {
        move->born[row / 8u] = (uint8_t)(move->born[row / 8u] | 1u << (row % 8u));
    }
    for (uint8_t slot = 0; slot < 2 && status == QD_OK; slot++) {
        qd_seal_nonce_t nonce = {kind->id, slot, store->epoch, move->sequence + slot};

        if (made == QD_CORRUPT) {
            status = put_lost(store, offset + slot * size);
            held = 1;
            continue;
        }
        status =
            qd_slot_put(store, offset + slot * size, &nonce, store->staging, (uint16_t)length, slot == 0);
        held += status == QD_OK ? 1u : 0u;
        status = status == QD_CORRUPT ? QD_OK : status;
    }
    return status == QD_OK && held == 0 ? QD_IO : status;
}

static qd_status_t fill_bank(qd_move_t *move) {
    qd_store_t *store = move->store;
    uint32_t offset = move->bank + qd_redo_size(move->to, store->sealer);
    qd_status_t status = blank_bank(move);

    for (uint16_t i = 0; i < store->layout->row_count; i++) {
        if (store->states[i].sequence > move->sequence) {
            move->sequence = store->states[i].sequence;
        }
    }
    if (move->sequence >= UINT32_MAX - 2u) {
        return QD_NO_SPACE;
    }
    move->sequence++;
    for (uint16_t i = 0; i < move->to->row_count && status == QD_OK; i++) {
        uint32_t size = qd_slot_size(store->sealer, move->to->rows[i].capacity);

        /* The last row: all others are there. */
        status = move->to->rows[i].id == QD_STORE_RECORD_MAP ? put_map(move, offset, size)
                                                             : move_record(move, i, offset);
        offset += 2 * size;
    }
    return status == QD_OK ? qd_store_sync(store) : status;
}

/* The new bank counts from the moment that one copy names it. */
static qd_status_t change_over(const qd_move_t *move) {
    qd_store_t *store = move->store;

    if (store->epoch == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    store->epoch++;
    store->layout = move->to;
    store->promised = qd_layout_find(move->to, QD_STORE_RECORD_MAP) != QD_STORE_NONE;
    store->bank = move->bank;
    return qd_superblock_commit(store);
}

qd_status_t qd_store_migrate(void *memory, size_t size, const qd_store_layout_t *from,
                             const qd_store_layout_t *to, const qd_block_t *device, const qd_sealer_t *sealer,
                             const qd_migration_t *migration) {
    qd_move_t move = {.to = to, .migration = migration};
    qd_status_t status;

    if (!qd_store_is_sound(from, sealer) || !qd_store_is_sound(to, sealer) ||
        (uintptr_t)memory % alignof(qd_store_t) != 0) {
        return QD_ARGUMENT;
    }
    if (size < qd_store_migrate_size(from, to) || device->size < qd_store_device_size(from, sealer)) {
        return QD_NO_SPACE;
    }
    move.store = qd_store_carve(memory, from, staging_size(from, to), device, sealer);
    status = qd_superblock_find(move.store);
    if (status == QD_OK) {
        status = choose_bank(&move);
    }
    if (status == QD_OK) {
        status = qd_store_start(move.store);
    }
    if (status == QD_OK) {
        status = fill_bank(&move);
    }
    return status == QD_OK ? change_over(&move) : status;
}
