#include <string.h>

#include "store/internal.h"

uint32_t qd_slot_size(const qd_sealer_t *sealer, uint16_t capacity) {
    return (uint32_t)qd_store_round8(QD_STORE_HEADER_SIZE + (size_t)sealer->tag_size + capacity);
}

uint16_t qd_layout_find(const qd_store_layout_t *layout, uint16_t id) {
    const qd_record_row_t *rows = layout->rows;
    uint16_t low = 0, high = layout->row_count;

    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);

        if (rows[middle].id < id) {
            low = (uint16_t)(middle + 1);
        } else {
            high = middle;
        }
    }
    return low < layout->row_count && rows[low].id == id ? low : QD_STORE_NONE;
}

uint16_t qd_slots_find(const qd_store_t *store, uint16_t id) {
    const qd_store_layout_t *layout = store->layout;

    /* Most writes are of the record that was written last: energy, every second. */
    if (store->last_row < layout->row_count && layout->rows[store->last_row].id == id) {
        return store->last_row;
    }
    return qd_layout_find(layout, id);
}

static uint32_t slot_offset(const qd_store_t *store, uint16_t row, uint8_t slot) {
    return store->states[row].offset +
           (slot == 0 ? 0 : qd_slot_size(store->sealer, store->layout->rows[row].capacity));
}

static bool has_good(const qd_record_state_t *state) {
    return state->slot[0] == QD_SLOT_GOOD || state->slot[1] == QD_SLOT_GOOD;
}

static bool is_worn(const qd_record_state_t *state, uint8_t slot) {
    return (state->worn >> slot & 1u) != 0;
}

/*
 * slot = id length sequence epoch tag payload
 *
 * Reads a slot into out and opens it there.
 * QD_OK; QD_END: blank; QD_CORRUPT; QD_NO_SPACE: longer than size; QD_IO.
 */
static qd_status_t load(const qd_store_t *store, uint16_t row, uint8_t slot, uint8_t *out, size_t size,
                        qd_slot_header_t *header) {
    const qd_record_row_t *kind = &store->layout->rows[row];
    const qd_block_t *device = store->device;
    uint32_t head = QD_STORE_HEADER_SIZE + store->sealer->tag_size;
    uint32_t offset = slot_offset(store, row, slot);
    uint8_t front[QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX];
    qd_seal_nonce_t nonce;
    qd_status_t status = device->read(device->context, offset, front, head);

    if (status != QD_OK) {
        return status;
    }
    if (qd_store_is_blank(front, head, store->blank)) {
        return QD_END;
    }
    header->id = qd_le16_get(front);
    header->length = qd_le16_get(front + 2);
    header->sequence = qd_le32_get(front + 4);
    header->epoch = qd_le32_get(front + 8);
    if (header->id != kind->id || header->length > kind->capacity) {
        return QD_CORRUPT;
    }
    if (header->length > size) {
        return QD_NO_SPACE;
    }
    status = device->read(device->context, offset + head, out, header->length);
    if (status != QD_OK) {
        return status;
    }
    nonce = (qd_seal_nonce_t){header->id, slot, header->epoch, header->sequence};
    return store->sealer->open(store->sealer->context, &nonce, out, header->length, out,
                               front + QD_STORE_HEADER_SIZE);
}

/*
 * The head takes the place of what stands in front of payload for as long as it needs: so there is one
 * program, and no second buffer.
 */
qd_status_t qd_slot_put(qd_store_t *store, uint32_t offset, const qd_seal_nonce_t *nonce, uint8_t *payload,
                        uint16_t length, bool keep) {
    const qd_sealer_t *sealer = store->sealer;
    uint32_t head = QD_STORE_HEADER_SIZE + sealer->tag_size;
    uint8_t displaced[QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX];
    uint8_t *front = payload - head;
    uint8_t *tag = front + QD_STORE_HEADER_SIZE;
    qd_status_t status, opened;

    memcpy(displaced, front, head);
    qd_le16_put(front, nonce->record);
    qd_le16_put(front + 2, length);
    qd_le32_put(front + 4, nonce->sequence);
    qd_le32_put(front + 8, nonce->epoch);
    status = sealer->seal(sealer->context, nonce, payload, length, payload, tag);
    store->garbled = true;
    if (status == QD_OK) {
        status = qd_store_program_checked(store, offset, front, head + length);
        if (keep || status == QD_CORRUPT) {
            opened = sealer->open(sealer->context, nonce, payload, length, payload, tag);
            store->garbled = opened != QD_OK;
            status = opened != QD_OK ? QD_IO : status;
        }
    }
    memcpy(front, displaced, head);
    return status;
}

/*
 * Seals and programs one slot. A number is used up by the attempt, not by the success: octets of a
 * program that failed may lie on the device, and no second seal may share their nonce.
 */
static qd_status_t put(qd_store_t *store, uint16_t row, uint8_t slot, uint8_t *payload, uint16_t length,
                       bool keep) {
    qd_record_state_t *state = &store->states[row];
    qd_seal_nonce_t nonce;
    uint8_t before = state->slot[slot];
    qd_status_t status;

    if (state->sequence == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    state->sequence++;
    nonce = (qd_seal_nonce_t){store->layout->rows[row].id, slot, store->epoch, state->sequence};
    store->last_row = row;
    state->slot[slot] = QD_SLOT_BAD;
    status = qd_slot_put(store, slot_offset(store, row, slot), &nonce, payload, length, keep);
    if (status == QD_NO_SPACE) {
        state->slot[slot] = before; /* the port: nothing was written */
    } else if (status == QD_CORRUPT) {
        state->worn |= (uint8_t)(1u << slot);
    }
    return status;
}

static void accept(qd_store_t *store, uint16_t row, uint8_t slot) {
    store->states[row].slot[slot] = QD_SLOT_GOOD;
    store->states[row].newest = slot;
    qd_born_mark(store, row);
}

/* The older slot; slot 0 while none is good, so that a first write which is cut or fails again and
 * again never spoils both. Never one that is known not to hold, if the other one may. */
static uint8_t target(const qd_record_state_t *state) {
    uint8_t slot = has_good(state) ? (uint8_t)(state->newest ^ 1u) : 0;

    return is_worn(state, slot) && !is_worn(state, slot ^ 1u) ? (uint8_t)(slot ^ 1u) : slot;
}

unsigned qd_slots_holding(const qd_store_t *store, uint16_t row) {
    return 2u - (store->states[row].worn & 1u) - (store->states[row].worn >> 1);
}

/*
 * A write that was refused must not turn up at the next start, and a program or sync that failed may
 * have left all of it on the device. An attempt; if that fails too, the slot is at least overwritten
 * by the next write.
 */
static void spoil(qd_store_t *store, uint16_t row, uint8_t slot) {
    uint32_t head = QD_STORE_HEADER_SIZE + store->sealer->tag_size;
    uint8_t front[QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX];

    if (store->states[row].slot[slot] == QD_SLOT_BAD) {
        memset(front, (uint8_t)~store->blank, head);
        if (qd_store_program(store, slot_offset(store, row, slot), front, head) == QD_OK) {
            (void)qd_store_sync(store);
        }
    }
}

qd_status_t qd_slots_write(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length) {
    qd_record_state_t *state = &store->states[row];
    uint8_t slot = target(state);
    bool twice = store->layout->rows[row].mirrored || state->slot[slot ^ 1u] != QD_SLOT_GOOD;
    qd_status_t status = put(store, row, slot, payload, length, twice);

    if (status == QD_OK) {
        status = qd_store_sync(store);
    }
    if (status != QD_OK) {
        spoil(store, row, slot);
        return status;
    }
    accept(store, row, slot);
    /* The first write fills both slots: from then on the loss of one never looks like "never written"; of
     * a mirrored record every write does. The record is durable already, so a failure here is not one
     * of the write. */
    slot ^= 1u;
    if (twice && put(store, row, slot, payload, length, false) == QD_OK && qd_store_sync(store) == QD_OK) {
        accept(store, row, slot);
    }
    return QD_OK;
}

qd_status_t qd_slots_apply(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length) {
    qd_record_state_t *state = &store->states[row];
    bool mirrored = store->layout->rows[row].mirrored;
    qd_status_t status;

    do {
        uint8_t slot = target(state);
        bool again = mirrored || state->slot[slot ^ 1u] != QD_SLOT_GOOD || store->redo_worn;

        status = put(store, row, slot, payload, length, again);
        if (status == QD_OK) {
            accept(store, row, slot);
        } else if (status == QD_CORRUPT && state->worn == 3) {
            return QD_OK; /* no place is left for it; the other records are not held up */
        }
    } while (status == QD_CORRUPT ||
             (status == QD_OK && !mirrored && state->slot[target(state)] != QD_SLOT_GOOD));
    return status;
}

void qd_slots_mirror(qd_store_t *store, uint16_t row, uint8_t *payload, uint16_t length) {
    qd_record_state_t *state = &store->states[row];
    uint8_t slot = target(state);

    if (store->layout->rows[row].mirrored && state->worn == 0 &&
        put(store, row, slot, payload, length, store->redo_worn) == QD_OK) {
        accept(store, row, slot);
    }
}

qd_status_t qd_slots_read(qd_store_t *store, uint16_t row, uint8_t *buffer, size_t size, size_t *length) {
    qd_record_state_t *state = &store->states[row];
    qd_slot_header_t header;

    while (has_good(state)) {
        qd_status_t status = load(store, row, state->newest, buffer, size, &header);

        if (status == QD_OK) {
            *length = header.length;
        }
        if (status != QD_CORRUPT && status != QD_END) {
            return status;
        }
        /* It was good at mount or when it was written: the memory has lost it since. */
        state->slot[state->newest] = QD_SLOT_BAD;
        store->stats.bad_slots++;
        state->newest ^= 1u;
    }
    return state->slot[0] == QD_SLOT_BLANK || state->slot[1] == QD_SLOT_BLANK ? QD_END : QD_CORRUPT;
}

static qd_status_t scan_row(qd_store_t *store, uint16_t row) {
    qd_record_state_t *state = &store->states[row];
    qd_slot_header_t header;

    for (uint8_t slot = 0; slot < 2; slot++) {
        /* Staging is empty at mount and has room for the largest record. */
        qd_status_t status = load(store, row, slot, store->staging, store->staging_size, &header);

        switch (status) {
        case QD_OK:
            if (!has_good(state) || header.sequence > state->sequence) {
                state->newest = slot;
                state->sequence = header.sequence;
            }
            state->slot[slot] = QD_SLOT_GOOD;
            break;
        case QD_END:
            state->slot[slot] = QD_SLOT_BLANK;
            break;
        case QD_CORRUPT:
            state->slot[slot] = QD_SLOT_BAD;
            store->stats.bad_slots++;
            break;
        default:
            return status;
        }
    }
    return QD_OK;
}

qd_status_t qd_slots_scan(qd_store_t *store) {
    qd_status_t status = QD_OK;

    for (uint16_t row = 0; row < store->layout->row_count && status == QD_OK; row++) {
        status = scan_row(store, row);
    }
    return status;
}

/* A first write that was cut: the record was never written, and stays so. */
static qd_status_t blank_out(qd_store_t *store, uint16_t row, uint8_t slot) {
    uint32_t head = QD_STORE_HEADER_SIZE + store->sealer->tag_size;
    uint8_t front[QD_STORE_HEADER_SIZE + QD_SEAL_TAG_MAX];
    qd_status_t status;

    memset(front, store->blank, head);
    status = qd_store_program(store, slot_offset(store, row, slot), front, head);
    if (status == QD_OK) {
        store->states[row].slot[slot] = QD_SLOT_BLANK;
    }
    return status;
}

/* Does the slot hold what staging holds? When there is no room for both, it is taken for another one.
 * QD_OK: *same says it; or the device's. */
static qd_status_t compare(qd_store_t *store, uint16_t row, uint8_t slot, size_t length, bool *same) {
    uint8_t *payload = store->staging + length;
    qd_slot_header_t header;
    qd_status_t status = load(store, row, slot, payload, store->staging_size - length, &header);

    *same = status == QD_OK && header.length == length && memcmp(payload, store->staging, length) == 0;
    return status == QD_IO ? QD_IO : QD_OK;
}

/* A bad slot, or the older one of a mirrored record; *healed when something was written. */
static qd_status_t heal_slot(qd_store_t *store, uint16_t row, uint8_t slot, bool *healed) {
    qd_record_state_t *state = &store->states[row];
    bool good = state->slot[slot] == QD_SLOT_GOOD;
    bool same = false;
    size_t length;
    qd_status_t status;

    if (state->slot[slot] == QD_SLOT_BAD && state->slot[slot ^ 1u] == QD_SLOT_BLANK) {
        *healed = true;
        return blank_out(store, row, slot);
    }
    if (state->slot[slot ^ 1u] != QD_SLOT_GOOD || is_worn(state, slot) ||
        (good && (!store->layout->rows[row].mirrored || state->newest == slot))) {
        return QD_OK;
    }
    status = qd_slots_read(store, row, store->staging, store->staging_size, &length);
    if (status == QD_OK && good) {
        /* A twin that has become bad since the scan leaves this slot the only one: it stays. */
        status = state->newest == slot ? QD_END : compare(store, row, slot, length, &same);
    }
    if (status == QD_END || same) {
        return QD_OK;
    }
    if (status == QD_OK) {
        status = put(store, row, slot, store->staging, (uint16_t)length, false);
    }
    if (status == QD_OK) {
        accept(store, row, slot);
        *healed = true;
    }
    /* A slot that does not hold costs its record the second place, not the meter its start. */
    return status == QD_CORRUPT ? QD_OK : status;
}

qd_status_t qd_slots_heal(qd_store_t *store) {
    uint32_t before = store->stats.programs;
    qd_status_t status = QD_OK;

    for (uint16_t row = 0; row < store->layout->row_count && status == QD_OK; row++) {
        bool healed = false;

        /* Never both slots of a record before one of them is synced; and what one slot was given is what
         * the other one has. */
        for (uint8_t slot = 0; slot < 2 && status == QD_OK && !healed; slot++) {
            status = heal_slot(store, row, slot, &healed);
        }
    }
    store->garbled = false;
    return status == QD_OK && store->stats.programs != before ? qd_store_sync(store) : status;
}

/* A slot that is known to be bad stays so, however it reads now: a write that was refused may be in it. */
static qd_status_t verify(qd_store_t *store, uint16_t row, uint8_t slot) {
    qd_record_state_t *state = &store->states[row];
    qd_slot_header_t header;
    qd_status_t status = load(store, row, slot, store->staging, store->staging_size, &header);

    if (status != QD_OK && status != QD_END && status != QD_CORRUPT) {
        return status;
    }
    if (state->slot[slot] != QD_SLOT_BAD && status != (state->slot[slot] == QD_SLOT_GOOD ? QD_OK : QD_END)) {
        state->slot[slot] = QD_SLOT_BAD;
        state->newest = (uint8_t)(state->newest == slot ? slot ^ 1u : state->newest);
        store->stats.bad_slots++;
    }
    return QD_OK;
}

qd_status_t qd_slots_scrub(qd_store_t *store, uint16_t row, uint8_t slot, qd_scrub_t *report) {
    qd_record_state_t *state = &store->states[row];
    uint8_t before = state->slot[slot];
    bool was_newest = before == QD_SLOT_GOOD && state->newest == slot;
    qd_status_t status = verify(store, row, slot);

    if (status != QD_OK || state->slot[slot] != QD_SLOT_BAD) {
        return status;
    }
    if (!has_good(state) && (before == QD_SLOT_GOOD || state->slot[slot ^ 1u] == QD_SLOT_BAD)) {
        return QD_CORRUPT;
    }
    status = heal_slot(store, row, slot, &report->healed);
    if (status == QD_OK && report->healed) {
        status = qd_store_sync(store);
        report->reverted = was_newest && !store->layout->rows[row].mirrored;
    }
    /* A twin that was lost as it was read. */
    return status == QD_OK && !has_good(state) && state->slot[slot] == QD_SLOT_BAD ? QD_CORRUPT : status;
}
