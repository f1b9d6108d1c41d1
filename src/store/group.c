#include <string.h>

#include "store/internal.h"

/* "REDO" in the image. */
#define REDO_MARK 0x4f444552u
#define AT_ZERO 4u
#define AT_LENGTH 6u
#define AT_SEQUENCE 8u
#define AT_EPOCH 12u

uint32_t qd_redo_data_size(const qd_store_layout_t *layout) {
    uint32_t size = layout->group_capacity + (uint32_t)QD_STORE_ENTRY_SIZE * layout->row_count;

    /* A record of which one slot no longer holds goes through the redo area, whatever its size. */
    for (uint16_t i = 0; i < layout->row_count; i++) {
        uint32_t one = QD_STORE_ENTRY_SIZE + (uint32_t)layout->rows[i].capacity;

        size = one > size ? one : size;
    }
    return size;
}

uint32_t qd_redo_size(const qd_store_layout_t *layout, const qd_sealer_t *sealer) {
    return (uint32_t)qd_store_round8(QD_STORE_REDO_HEADER_SIZE + (size_t)sealer->tag_size +
                                     qd_redo_data_size(layout));
}

/* Offset in staging of a record's entry; store->staged when it has none. */
static uint32_t find_entry(const qd_store_t *store, uint16_t id) {
    uint32_t at = 0;

    while (at < store->staged && qd_le16_get(store->staging + at) != id) {
        at += QD_STORE_ENTRY_SIZE + qd_le16_get(store->staging + at + 2);
    }
    return at;
}

static void append(qd_store_t *store, uint16_t id, const uint8_t *payload, uint16_t length) {
    uint8_t *entry = store->staging + store->staged;

    qd_le16_put(entry, id);
    qd_le16_put(entry + 2, length);
    if (length > 0) {
        memcpy(entry + QD_STORE_ENTRY_SIZE, payload, length);
    }
    store->staged += QD_STORE_ENTRY_SIZE + (uint32_t)length;
    store->staged_count++;
}

qd_status_t qd_group_stage(qd_store_t *store, uint16_t id, const uint8_t *payload, uint16_t length) {
    uint32_t at = find_entry(store, id);
    uint32_t old = 0;
    uint8_t *entry = store->staging + at;

    if (at < store->staged) {
        old = QD_STORE_ENTRY_SIZE + (uint32_t)qd_le16_get(entry + 2);
    }
    /* The limit counts payload only, so that a model can add up its capacities. */
    if (store->staged - old - QD_STORE_ENTRY_SIZE * (store->staged_count - (old > 0 ? 1u : 0u)) + length >
        store->layout->group_capacity) {
        return QD_NO_SPACE;
    }
    if (old > 0) {
        store->staged -= old;
        store->staged_count--;
        memmove(entry, entry + old, store->staged - at);
    }
    append(store, id, payload, length);
    return QD_OK;
}

static void forget(qd_store_t *store) {
    store->staged = 0;
    store->staged_count = 0;
    store->garbled = false;
}

/*
 * redo = "REDO" zero length sequence epoch tag sealed-entries; entry = id length payload
 *
 * The entries are sealed where they are, written, and opened again: so staging is the only buffer. A redo
 * area that does not hold what was written is no reason to write nothing at all any more: the group goes
 * on without its protection, and the store is degraded.
 */
static qd_status_t write_redo(qd_store_t *store) {
    const qd_sealer_t *sealer = store->sealer;
    uint32_t head = QD_STORE_REDO_HEADER_SIZE + sealer->tag_size;
    uint8_t *front = store->staging - head;
    uint8_t *tag = front + QD_STORE_REDO_HEADER_SIZE;
    qd_seal_nonce_t nonce = {QD_STORE_OWN_RECORD, QD_SEAL_SLOT_REDO, store->epoch, 0};
    qd_status_t status;

    if (store->group_sequence == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    store->group_sequence++;
    nonce.sequence = store->group_sequence;
    qd_le32_put(front, REDO_MARK);
    qd_le16_put(front + AT_ZERO, 0);
    qd_le16_put(front + AT_LENGTH, (uint16_t)store->staged);
    qd_le32_put(front + AT_SEQUENCE, nonce.sequence);
    qd_le32_put(front + AT_EPOCH, nonce.epoch);
    status = sealer->seal(sealer->context, &nonce, store->staging, store->staged, store->staging, tag);
    if (status != QD_OK) {
        return status;
    }
    store->redo = QD_REDO_DOUBTFUL;
    status = qd_store_program_checked(store, store->bank, front, head + store->staged);
    store->redo_worn = status == QD_CORRUPT;
    if (status == QD_OK || status == QD_CORRUPT) {
        status = qd_store_sync(store);
    }
    if (status == QD_OK) {
        store->garbled = sealer->open(sealer->context, &nonce, store->staging, store->staged, store->staging,
                                      tag) != QD_OK;
        status = store->garbled && store->redo_worn ? QD_IO : QD_OK;
    }
    return status;
}

/*
 * The whole head, so that a cut in here is told from a clean area. Not synced: nothing written later is
 * durable before a sync, and that sync makes this durable too; until then a replay changes nothing.
 */
static qd_status_t retire(qd_store_t *store) {
    static const uint8_t zeros[QD_STORE_REDO_HEADER_SIZE + QD_SEAL_TAG_MAX] = {0};
    uint32_t head = QD_STORE_REDO_HEADER_SIZE + store->sealer->tag_size;
    qd_status_t status = qd_store_program(store, store->bank, zeros, head);

    if (status == QD_OK) {
        store->redo = QD_REDO_CLEAN;
    }
    return status;
}

/* One pass over the staged records: their older slots, or the twins of those that are mirrored. */
static qd_status_t apply_pass(qd_store_t *store, bool twins) {
    qd_status_t status = QD_OK;

    for (uint32_t at = 0; at < store->staged && status == QD_OK;) {
        uint16_t row = qd_slots_find(store, qd_le16_get(store->staging + at));
        uint16_t length = qd_le16_get(store->staging + at + 2);
        uint8_t *payload = store->staging + at + QD_STORE_ENTRY_SIZE;

        if (twins) {
            qd_slots_mirror(store, row, payload, length);
        } else {
            status = qd_slots_apply(store, row, payload, length);
        }
        at += QD_STORE_ENTRY_SIZE + (uint32_t)length;
    }
    return status;
}

static qd_status_t apply(qd_store_t *store) {
    qd_status_t status = apply_pass(store, false);
    uint32_t programs;

    if (status == QD_OK) {
        status = qd_store_sync(store);
    }
    programs = store->stats.programs;
    if (status == QD_OK) {
        status = apply_pass(store, true);
    }
    if (status == QD_OK && store->stats.programs != programs) {
        status = qd_store_sync(store);
    }
    if (status == QD_OK) {
        store->redo = QD_REDO_DOUBTFUL;
        forget(store);
    }
    return status;
}

/* Counts the entries of a redo area that passed its check; a wrong one was written by a defect, not by a
 * cut. */
static bool is_sound(qd_store_t *store) {
    uint32_t at = 0;
    uint16_t count = 0;

    while (store->staged - at >= QD_STORE_ENTRY_SIZE) {
        uint16_t row = qd_slots_find(store, qd_le16_get(store->staging + at));
        uint16_t length = qd_le16_get(store->staging + at + 2);

        if (row == QD_STORE_NONE || length > store->layout->rows[row].capacity ||
            length > store->staged - at - QD_STORE_ENTRY_SIZE) {
            return false;
        }
        at += QD_STORE_ENTRY_SIZE + (uint32_t)length;
        count++;
    }
    store->staged_count = count;
    return at == store->staged;
}

/* Opens the redo area into staging. QD_OK; QD_END: clean; QD_CORRUPT: torn, it does not count; QD_IO. */
static qd_status_t load_redo(qd_store_t *store) {
    const qd_block_t *device = store->device;
    const qd_sealer_t *sealer = store->sealer;
    uint32_t head = QD_STORE_REDO_HEADER_SIZE + sealer->tag_size;
    uint8_t front[QD_STORE_REDO_HEADER_SIZE + QD_SEAL_TAG_MAX];
    uint32_t length;
    qd_seal_nonce_t nonce = {QD_STORE_OWN_RECORD, QD_SEAL_SLOT_REDO, 0, 0};
    qd_status_t status = device->read(device->context, store->bank, front, head);

    if (status != QD_OK) {
        return status;
    }
    if (qd_store_is_blank(front, head, 0) || qd_store_is_blank(front, head, store->blank)) {
        return QD_END;
    }
    length = qd_le16_get(front + AT_LENGTH);
    if (qd_le32_get(front) != REDO_MARK || length > qd_redo_data_size(store->layout)) {
        return QD_CORRUPT;
    }
    status = device->read(device->context, store->bank + head, store->staging, length);
    if (status != QD_OK) {
        return status;
    }
    nonce.sequence = qd_le32_get(front + AT_SEQUENCE);
    nonce.epoch = qd_le32_get(front + AT_EPOCH);
    status = sealer->open(sealer->context, &nonce, store->staging, length, store->staging,
                          front + QD_STORE_REDO_HEADER_SIZE);
    if (status == QD_OK) {
        store->staged = length;
        store->garbled = false;
    }
    return status;
}

/* Staging of a pending group, which sealing in place has used up. QD_OK, QD_IO. A redo area that was good
 * and is no longer has nothing more to give: the records are what they are. */
static qd_status_t restore(qd_store_t *store) {
    qd_status_t status = store->garbled ? load_redo(store) : QD_OK;

    if (status == QD_CORRUPT || status == QD_END) {
        store->degraded = true;
        store->redo = QD_REDO_DOUBTFUL;
        forget(store);
        return QD_OK;
    }
    return status == QD_OK ? QD_OK : QD_IO;
}

qd_status_t qd_group_find(qd_store_t *store, uint16_t id, const uint8_t **payload, uint16_t *length) {
    uint32_t at;

    if (restore(store) != QD_OK) {
        return QD_IO;
    }
    at = find_entry(store, id);
    if (at >= store->staged) {
        return QD_END;
    }
    *length = qd_le16_get(store->staging + at + 2);
    *payload = store->staging + at + QD_STORE_ENTRY_SIZE;
    return QD_OK;
}

qd_status_t qd_redo_settle(qd_store_t *store) {
    qd_status_t status = QD_OK;

    if (store->redo == QD_REDO_PENDING) {
        status = restore(store);
        if (status == QD_OK && store->redo == QD_REDO_PENDING) {
            status = apply(store);
        }
    }
    if (status == QD_OK && store->redo == QD_REDO_DOUBTFUL) {
        status = retire(store);
    }
    return status;
}

qd_status_t qd_redo_replay(qd_store_t *store) {
    qd_status_t status = load_redo(store);

    switch (status) {
    case QD_OK:
        if (!is_sound(store)) {
            return QD_CORRUPT;
        }
        store->redo = QD_REDO_PENDING;
        store->stats.replays++;
        break;
    case QD_END:
        return QD_OK;
    case QD_CORRUPT:
        /* Retired all the same: octets that read differently from time to time must not count later,
         * over what was written in between. */
        store->redo = QD_REDO_DOUBTFUL;
        break;
    default:
        return status;
    }
    return qd_redo_settle(store);
}

qd_status_t qd_txn_begin(qd_store_t *store) {
    if (store->open) {
        return QD_STATE;
    }
    store->open = true;
    return QD_OK;
}

static qd_status_t commit_by_redo(qd_store_t *store) {
    qd_status_t status = write_redo(store);

    if (status != QD_OK) {
        /* An attempt to make sure that a group which was refused does not turn up at the next start. */
        forget(store);
        (void)qd_redo_settle(store);
        return status;
    }
    /* The group counts from here on. What fails now is made up for by the next write or mount;
     * until then staging is what a reader sees. */
    store->redo = QD_REDO_PENDING;
    (void)qd_redo_settle(store);
    return QD_OK;
}

static qd_status_t commit_staged(qd_store_t *store) {
    uint16_t row = qd_slots_find(store, qd_le16_get(store->staging));
    unsigned holding = qd_slots_holding(store, row);
    qd_status_t status;

    if (store->staged_count > 1 || holding == 1) {
        return commit_by_redo(store);
    }
    status =
        qd_slots_write(store, row, store->staging + QD_STORE_ENTRY_SIZE, qd_le16_get(store->staging + 2));
    if (status == QD_CORRUPT && holding == 2) {
        return commit_by_redo(store);
    }
    forget(store);
    return status == QD_CORRUPT ? QD_IO : status;
}

qd_status_t qd_group_write(qd_store_t *store, uint16_t id, const uint8_t *payload, uint16_t length) {
    append(store, id, payload, length);
    return commit_staged(store);
}

qd_status_t qd_txn_commit(qd_store_t *store) {
    qd_status_t status = QD_OK;

    if (!store->open) {
        return QD_STATE;
    }
    store->open = false;
    /* While an earlier group is pending, staging is its, and this one has been refused every write. */
    if (store->redo != QD_REDO_PENDING && store->staged_count > 0) {
        status = qd_redo_settle(store);
        if (status != QD_OK) {
            forget(store);
            return status;
        }
        status = commit_staged(store);
        store->stats.commits += status == QD_OK ? 1u : 0u;
        if (store->born_dirty) {
            (void)qd_born_save(store); /* the group counts without it */
        }
    }
    return status;
}

void qd_txn_abort(qd_store_t *store) {
    store->open = false;
    if (store->redo != QD_REDO_PENDING) {
        forget(store);
    }
}
