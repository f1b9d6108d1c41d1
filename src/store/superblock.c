#include <string.h>

#include "base/crc.h"
#include "store/internal.h"

#define FORMAT_VERSION 2u
#define AT_FORMAT 8u
#define AT_TAG_SIZE 10u
#define AT_EPOCH 12u
#define AT_SEALED 16u
#define AT_TAG 44u
#define AT_CRC 60u

/* Inside of the sealed part. */
#define SEALED_SIZE (AT_TAG - AT_SEALED)
#define IN_VERSION 0u
#define IN_MODEL 2u
#define MODEL_SIZE 15u
#define IN_BLANK 17u
#define IN_LAYOUT 18u
#define IN_ROWS 22u
#define ROWS_PROMISED 0x8000u /* there is a map of the records that were written */
#define IN_GROUP 24u
#define IN_BANK 26u

static const uint8_t magic[AT_FORMAT] = {'Q', 'D', 'S', 'T', 'O', 'R', 'E', '1'};

typedef enum qd_copy_state { COPY_BAD = 0, COPY_GOOD, COPY_FOREIGN, COPY_OTHER_FORMAT } qd_copy_state_t;

typedef struct qd_copy {
    qd_copy_state_t state;
    uint32_t epoch;
    uint8_t block[QD_STORE_SUPER_SIZE];
    uint8_t opened[SEALED_SIZE];
} qd_copy_t;

/* Addresses follow from these numbers: a store with others must not be read by this layout. */
static uint32_t fingerprint(const qd_store_t *store) {
    const qd_store_layout_t *layout = store->layout;
    uint8_t row[4];
    uint32_t crc = 0;

    for (uint16_t i = 0; i < layout->row_count; i++) {
        qd_le16_put(row, layout->rows[i].id);
        qd_le16_put(row + 2, layout->rows[i].capacity);
        crc = qd_crc32(crc, row, sizeof row);
    }
    return crc;
}

/*
 * The bank is part of the sequence: when a migration was cut while it wrote its first copy, the old store
 * goes on and takes the same epoch with another content. It lies in the other bank. So is the promise of a map, which
 * the first start makes within its epoch.
 */
static qd_seal_nonce_t nonce_of(uint8_t copy, uint32_t epoch, bool first_bank, bool promised) {
    return (qd_seal_nonce_t){QD_STORE_OWN_RECORD, QD_SEAL_SLOT_SUPER, epoch,
                             copy + (first_bank ? 0u : 2u) + (promised ? 4u : 0u)};
}

static void describe(const qd_store_t *store, uint8_t *plain) {
    memset(plain, 0, SEALED_SIZE);
    qd_le16_put(plain + IN_VERSION, store->layout->version);
    memcpy(plain + IN_MODEL, store->layout->model, qd_text_length(store->layout->model));
    plain[IN_BLANK] = store->blank;
    qd_le32_put(plain + IN_LAYOUT, fingerprint(store));
    qd_le16_put(plain + IN_ROWS,
                (uint16_t)(store->layout->row_count | (store->promised ? ROWS_PROMISED : 0u)));
    qd_le16_put(plain + IN_GROUP, store->layout->group_capacity);
    qd_le16_put(plain + IN_BANK, (uint16_t)(store->bank / QD_STORE_BANK_UNIT));
}

/* Nothing in here but the epoch changes from start to start, and what does is in the nonce: doing it again gives
 * the same octets. */
static qd_status_t encode(const qd_store_t *store, uint8_t copy, uint32_t epoch, uint8_t *block) {
    qd_seal_nonce_t nonce = nonce_of(copy, epoch, store->bank == QD_STORE_BANK_FIRST, store->promised);
    qd_status_t status;

    memset(block, 0, QD_STORE_SUPER_SIZE);
    memcpy(block, magic, sizeof magic);
    qd_le16_put(block + AT_FORMAT, FORMAT_VERSION);
    block[AT_TAG_SIZE] = store->sealer->tag_size;
    qd_le32_put(block + AT_EPOCH, epoch);
    describe(store, block + AT_SEALED);
    status = store->sealer->seal(store->sealer->context, &nonce, block + AT_SEALED, SEALED_SIZE,
                                 block + AT_SEALED, block + AT_TAG);
    qd_le32_put(block + AT_CRC, qd_crc32(0, block, AT_CRC));
    return status;
}

static bool is_whole(const uint8_t *block) {
    return memcmp(block, magic, sizeof magic) == 0 &&
           qd_le32_get(block + AT_CRC) == qd_crc32(0, block, AT_CRC);
}

/* Opens a copy under the nonces of either bank, with and without a map. QD_OK: copy->state says what it is; QD_IO. */
static qd_status_t judge(const qd_store_t *store, uint8_t number, qd_copy_t *copy) {
    const qd_sealer_t *sealer = store->sealer;
    qd_status_t status = QD_CORRUPT;

    copy->state = COPY_BAD;
    if (!is_whole(copy->block)) {
        return QD_OK;
    }
    if (qd_le16_get(copy->block + AT_FORMAT) != FORMAT_VERSION) {
        copy->state = COPY_OTHER_FORMAT;
        return QD_OK;
    }
    copy->state = COPY_FOREIGN;
    if (copy->block[AT_TAG_SIZE] != sealer->tag_size) {
        return QD_OK;
    }
    copy->epoch = qd_le32_get(copy->block + AT_EPOCH);
    for (unsigned way = 0; way < 4 && status == QD_CORRUPT; way++) {
        qd_seal_nonce_t nonce = nonce_of(number, copy->epoch, way % 2u == 0, way < 2);

        status = sealer->open(sealer->context, &nonce, copy->block + AT_SEALED, SEALED_SIZE, copy->opened,
                              copy->block + AT_TAG);
    }
    if (status == QD_OK) {
        copy->state = COPY_GOOD;
    }
    return status == QD_CORRUPT ? QD_OK : status;
}

static qd_status_t read_copies(const qd_store_t *store, qd_copy_t *copies) {
    qd_status_t status = QD_OK;

    for (uint8_t i = 0; i < 2 && status == QD_OK; i++) {
        status = store->device->read(store->device->context, i * QD_STORE_SUPER_SIZE, copies[i].block,
                                     QD_STORE_SUPER_SIZE);
        if (status == QD_OK) {
            status = judge(store, i, &copies[i]);
        }
    }
    return status;
}

/* The good copy with the higher epoch, NULL when there is none. */
static const qd_copy_t *newest_of(const qd_copy_t *copies) {
    const qd_copy_t *newest = NULL;

    for (unsigned i = 0; i < 2; i++) {
        if (copies[i].state == COPY_GOOD && (newest == NULL || copies[i].epoch >= newest->epoch)) {
            newest = &copies[i];
        }
    }
    return newest;
}

static bool promises(const qd_copy_t *copy) {
    return (qd_le16_get(copy->opened + IN_ROWS) & ROWS_PROMISED) != 0;
}

/* Is it a store of this model and layout? Sets bank and blank. */
static qd_status_t compare(qd_store_t *store, const uint8_t *opened) {
    uint8_t own[SEALED_SIZE];

    store->blank = opened[IN_BLANK];
    store->bank = qd_le16_get(opened + IN_BANK) * QD_STORE_BANK_UNIT;
    describe(store, own);
    if (memcmp(opened + IN_MODEL, own + IN_MODEL, MODEL_SIZE) != 0) {
        return QD_MODEL;
    }
    if (memcmp(opened, own, SEALED_SIZE) != 0) {
        return QD_VERSION;
    }
    /* Authentic, so the device has become smaller. */
    if (store->bank < QD_STORE_BANK_FIRST || store->bank > store->device->size ||
        store->device->size - store->bank < qd_store_bank_size(store->layout, store->sealer)) {
        return QD_NO_SPACE;
    }
    return QD_OK;
}

/* Everything from offset to the end of the device is the blank octet. QD_OK, QD_CORRUPT, QD_IO. */
static qd_status_t check_blank(qd_store_t *store, uint32_t offset) {
    while (offset < store->device->size) {
        uint32_t left = store->device->size - offset;
        uint32_t length = left < store->staging_size ? left : store->staging_size;
        qd_status_t status = store->device->read(store->device->context, offset, store->staging, length);

        if (status != QD_OK) {
            return status;
        }
        if (!qd_store_is_blank(store->staging, length, store->blank)) {
            return QD_CORRUPT;
        }
        offset += length;
    }
    return QD_OK;
}

/*
 * No copy is whole. A format writes copy 0, syncs, then writes copy 1; so a format that was cut has
 * nothing but blank octets from copy 1 on, and in copy 0 every bit is either blank or what the format
 * wants there. Anything else is somebody else's.
 */
static qd_status_t check_unformatted(qd_store_t *store, const uint8_t *block) {
    uint8_t wanted[QD_STORE_SUPER_SIZE];
    uint8_t strange = 0;
    qd_status_t status =
        store->device->read(store->device->context, store->device->size - 1, &store->blank, 1);

    if (status != QD_OK) {
        return status;
    }
    /* New memory reads as all zeros or all ones; anything else has been written by somebody. */
    if (store->blank != 0x00 && store->blank != 0xFF) {
        return QD_CORRUPT;
    }
    status = encode(store, 0, 1, wanted);
    if (status != QD_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof wanted; i++) {
        strange |= (uint8_t)((block[i] ^ store->blank) & ~(wanted[i] ^ store->blank));
    }
    if (strange != 0) {
        return QD_CORRUPT;
    }
    status = check_blank(store, QD_STORE_SUPER_SIZE);
    return status == QD_OK ? QD_END : status;
}

qd_status_t qd_superblock_find(qd_store_t *store) {
    qd_copy_t copies[2];
    const qd_copy_t *newest;
    qd_status_t status = read_copies(store, copies);

    if (status != QD_OK) {
        return status;
    }
    store->epoch = 0;
    store->promised = false;
    store->bank = QD_STORE_BANK_FIRST;
    /* A newer firmware has begun to write here, and knows best. */
    if (copies[0].state == COPY_OTHER_FORMAT || copies[1].state == COPY_OTHER_FORMAT) {
        return QD_VERSION;
    }
    newest = newest_of(copies);
    if (newest != NULL) {
        store->epoch = newest->epoch;
        store->stats.bad_copies = copies[0].state != COPY_GOOD || copies[1].state != COPY_GOOD ? 1u : 0u;
        store->promised = promises(newest);
        status = compare(store, newest->opened);
        /* A promise that was cut between the copies stands. */
        for (unsigned i = 0; i < 2; i++) {
            store->promised = store->promised || (copies[i].state == COPY_GOOD &&
                                                  copies[i].epoch == newest->epoch && promises(&copies[i]));
        }
        return status;
    }
    if (copies[0].state == COPY_FOREIGN || copies[1].state == COPY_FOREIGN) {
        return QD_FOREIGN;
    }
    return check_unformatted(store, copies[0].block);
}

/* A copy that does not hold leaves the store degraded; the other one has to bear it, *held says how many do. */
static qd_status_t put_copy(qd_store_t *store, uint8_t copy, const uint8_t *block, unsigned *held) {
    uint8_t found[QD_STORE_SUPER_SIZE];
    qd_status_t status = qd_store_program(store, copy * QD_STORE_SUPER_SIZE, block, QD_STORE_SUPER_SIZE);

    if (status == QD_OK) {
        status = qd_store_sync(store);
    }
    if (status == QD_OK) {
        status = store->device->read(store->device->context, copy * QD_STORE_SUPER_SIZE, found, sizeof found);
    }
    if (status == QD_OK && memcmp(found, block, sizeof found) != 0) {
        store->degraded = true;
        return QD_OK;
    }
    *held += status == QD_OK ? 1u : 0u;
    return status;
}

/*
 * Both copies get the epoch before anything is sealed under it: then no single lost copy can make a
 * later start choose the same epoch again. The copy with the older epoch goes first; a cut leaves the
 * other one. When the two were not alike, a cut had left the newer one, perhaps with bits that do not
 * always read the same: it is written again, as it is, before the other one is given up.
 */
qd_status_t qd_superblock_commit(qd_store_t *store) {
    qd_copy_t copies[2];
    const qd_copy_t *newest;
    uint8_t block[QD_STORE_SUPER_SIZE];
    uint8_t first = 0;
    unsigned held = 0;
    qd_status_t status = read_copies(store, copies);

    if (status != QD_OK) {
        return status;
    }
    newest = newest_of(copies);
    if (newest != NULL) {
        first = newest == &copies[0] ? 1 : 0;
        if (copies[first].state != COPY_GOOD || copies[first].epoch != newest->epoch) {
            status = put_copy(store, first ^ 1u, newest->block, &held);
        }
    }
    held = 0;
    for (uint8_t i = 0; i < 2 && status == QD_OK; i++) {
        status = encode(store, first ^ i, store->epoch, block);
        if (status == QD_OK) {
            status = put_copy(store, first ^ i, block, &held);
        }
    }
    return status == QD_OK && held == 0 ? QD_IO : status;
}

qd_status_t qd_superblock_scrub(qd_store_t *store, uint8_t copy, bool *healed) {
    uint8_t wanted[QD_STORE_SUPER_SIZE], found[QD_STORE_SUPER_SIZE] = {0};
    qd_status_t status = encode(store, copy, store->epoch, wanted);

    if (status == QD_OK) {
        status = store->device->read(store->device->context, copy * QD_STORE_SUPER_SIZE, found, sizeof found);
    }
    if (status != QD_OK || memcmp(wanted, found, sizeof found) == 0) {
        return status;
    }
    status = qd_store_program_checked(store, copy * QD_STORE_SUPER_SIZE, wanted, sizeof wanted);
    if (status == QD_OK) {
        status = qd_store_sync(store);
    }
    *healed = status == QD_OK;
    return status == QD_CORRUPT ? QD_OK : status; /* the other copy has it */
}
