#include <string.h>

#include "base/crc.h"
#include "store/internal.h"

#define FORMAT_VERSION 1u
#define MODEL_SIZE 16u
#define AT_FORMAT 8u
#define AT_VERSION 10u
#define AT_MODEL 12u
#define AT_EPOCH 28u
#define AT_LAYOUT 32u
#define AT_ROWS 36u
#define AT_GROUP 38u
#define AT_TAG 40u
#define AT_BLANK 41u
#define AT_CRC 60u

static const uint8_t magic[AT_FORMAT] = {'Q', 'D', 'S', 'T', 'O', 'R', 'E', '1'};

/* Addresses follow from these numbers: a store with others must not be read by this layout. */
static uint32_t fingerprint(const qd_store_t *store) {
    const qd_store_layout_t *layout = store->layout;
    uint8_t row[4];
    uint32_t crc = 0;

    for (uint16_t i = 0; i < layout->row_count; i++) {
        qd_store_put_u16(row, layout->rows[i].id);
        qd_store_put_u16(row + 2, layout->rows[i].capacity);
        crc = qd_crc32(crc, row, sizeof row);
    }
    return crc;
}

static void encode(const qd_store_t *store, uint32_t epoch, uint8_t *block) {
    memset(block, 0, QD_STORE_SUPER_SIZE);
    memcpy(block, magic, sizeof magic);
    qd_store_put_u16(block + AT_FORMAT, FORMAT_VERSION);
    qd_store_put_u16(block + AT_VERSION, store->layout->version);
    memcpy(block + AT_MODEL, store->layout->model, strlen(store->layout->model));
    qd_store_put_u32(block + AT_EPOCH, epoch);
    qd_store_put_u32(block + AT_LAYOUT, fingerprint(store));
    qd_store_put_u16(block + AT_ROWS, store->layout->row_count);
    qd_store_put_u16(block + AT_GROUP, store->layout->group_capacity);
    block[AT_TAG] = store->sealer->tag_size;
    block[AT_BLANK] = store->blank;
    qd_store_put_u32(block + AT_CRC, qd_crc32(0, block, AT_CRC));
}

static bool is_good(const uint8_t *block) {
    return memcmp(block, magic, sizeof magic) == 0 &&
           qd_store_get_u32(block + AT_CRC) == qd_crc32(0, block, AT_CRC);
}

/* Is it a store of this model and layout? */
static qd_status_t compare(const qd_store_t *store, const uint8_t *block) {
    uint8_t own[QD_STORE_SUPER_SIZE];

    if (qd_store_get_u16(block + AT_FORMAT) != FORMAT_VERSION) {
        return QD_VERSION;
    }
    encode(store, 0, own);
    if (memcmp(block + AT_MODEL, own + AT_MODEL, MODEL_SIZE) != 0) {
        return QD_MODEL;
    }
    if (memcmp(block + AT_VERSION, own + AT_VERSION, 2) != 0 ||
        memcmp(block + AT_LAYOUT, own + AT_LAYOUT, AT_BLANK - AT_LAYOUT) != 0) {
        return QD_VERSION;
    }
    return QD_OK;
}

/* Everything from offset to the end of the device is the blank octet. QD_OK, QD_CORRUPT, QD_IO. */
static qd_status_t check_blank(qd_store_t *store, uint32_t offset) {
    while (offset < store->device->size) {
        uint32_t left = store->device->size - offset;
        uint32_t length = left < store->scratch_size ? left : store->scratch_size;
        qd_status_t status = store->device->read(store->device->context, offset, store->scratch, length);

        if (status != QD_OK) {
            return status;
        }
        if (!qd_store_is_blank(store->scratch, length, store->blank)) {
            return QD_CORRUPT;
        }
        offset += length;
    }
    return QD_OK;
}

/*
 * No copy is good. A format writes copy 0, syncs, then writes copy 1; so a format that was cut has
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
    encode(store, 1, wanted);
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
    uint8_t blocks[2][QD_STORE_SUPER_SIZE];
    const uint8_t *newest = NULL;
    qd_status_t status = store->device->read(store->device->context, 0, blocks[0], sizeof blocks);

    if (status != QD_OK) {
        return status;
    }
    for (size_t i = 0; i < 2; i++) {
        if (is_good(blocks[i]) && (newest == NULL || qd_store_get_u32(blocks[i] + AT_EPOCH) >
                                                         qd_store_get_u32(newest + AT_EPOCH))) {
            newest = blocks[i];
        }
    }
    if (newest == NULL) {
        store->epoch = 0;
        return check_unformatted(store, blocks[0]);
    }
    store->epoch = qd_store_get_u32(newest + AT_EPOCH);
    store->blank = newest[AT_BLANK];
    return compare(store, newest);
}

/*
 * Both copies get the epoch before anything is sealed under it: then no single lost copy can make a
 * later start choose the same epoch again. The copy with the older epoch goes first; a cut leaves the
 * other one.
 */
qd_status_t qd_superblock_commit(qd_store_t *store) {
    uint8_t block[QD_STORE_SUPER_SIZE], present[QD_STORE_SUPER_SIZE];
    uint32_t first = 0;
    qd_status_t status = store->device->read(store->device->context, 0, present, sizeof present);

    if (status != QD_OK) {
        return status;
    }
    if (store->epoch > 1 && is_good(present) && qd_store_get_u32(present + AT_EPOCH) == store->epoch - 1) {
        first = 1;
    }
    encode(store, store->epoch, block);
    for (uint32_t i = 0; i < 2 && status == QD_OK; i++) {
        uint32_t offset = (first ^ i) * QD_STORE_SUPER_SIZE;

        status = qd_store_program(store, offset, block, sizeof block);
        if (status == QD_OK) {
            status = qd_store_sync(store);
        }
    }
    return status;
}
