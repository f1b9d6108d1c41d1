#include <string.h>

#include "store/log_internal.h"

/*
 * page = id version length number epoch tag sealed
 * sealed = generation first row-size rows
 *
 * What stands in front of the tag is in the nonce, or makes the tag fail when it is wrong.
 */
#define AT_VERSION 2u
#define AT_LENGTH 3u
#define AT_NUMBER 4u
#define AT_EPOCH 8u
#define AT_TAG QD_LOG_PAGE_HEAD_SIZE
#define CHUNK 64u

uint32_t qd_log_ring_size(const qd_log_row_t *row, uint8_t tag_size, uint32_t pages) {
    uint32_t rows = (QD_LOG_PAGE_SIZE - QD_LOG_PAGE_HEAD_SIZE - QD_LOG_PAGE_INNER_SIZE - tag_size) /
                    (QD_LOG_TIME_SIZE + (uint32_t)row->row_size) * pages;

    /* One block is being filled and the one after it is erased: neither counts. */
    return row->rows / rows + (row->rows % rows != 0 ? 1u : 0u) + 2u;
}

uint32_t qd_log_page_offset(const qd_log_store_t *store, uint8_t row, const qd_log_head_t *head,
                            uint32_t page) {
    const qd_log_t *log = &store->states[row];
    uint32_t place = page / store->pages % log->blocks;
    uint32_t block = place, from = 0;

    /* The newest replacement that had begun when the page was written counts. */
    for (uint32_t i = 0; i < head->remaps; i++) {
        if (head->remap_block[i] == place && page >= head->remap_from[i] && head->remap_from[i] >= from) {
            block = log->blocks + i;
            from = head->remap_from[i];
        }
    }
    return log->offset + block * store->flash->erase_size + page % store->pages * QD_LOG_PAGE_SIZE;
}

static uint8_t *inner(qd_log_store_t *store) {
    return store->page + AT_TAG + store->sealer->tag_size;
}

qd_status_t qd_log_page_open(qd_log_store_t *store, uint8_t row, uint32_t offset, uint32_t number,
                             qd_log_page_info_t *info) {
    const qd_sealer_t *sealer = store->sealer;
    uint8_t *octets = inner(store);
    uint32_t length;
    qd_seal_nonce_t nonce;
    qd_status_t status;

    store->cached_page = QD_LOG_NO_PAGE;
    if (store->flash->read(store->flash->context, offset, store->page, QD_LOG_PAGE_SIZE) != QD_OK) {
        return QD_IO;
    }
    length = store->page[AT_LENGTH];
    nonce.record = qd_le16_get(store->page);
    nonce.slot = QD_SEAL_SLOT_PAGE;
    nonce.epoch = qd_le32_get(store->page + AT_EPOCH);
    nonce.sequence = qd_le32_get(store->page + AT_NUMBER);
    if (nonce.record != store->layout->rows[row].id || store->page[AT_VERSION] != QD_LOG_VERSION ||
        length < QD_LOG_PAGE_INNER_SIZE ||
        length > QD_LOG_PAGE_SIZE - QD_LOG_PAGE_HEAD_SIZE - sealer->tag_size ||
        (number != QD_LOG_NO_PAGE && nonce.sequence != number)) {
        return QD_CORRUPT;
    }
    store->stats.opened++;
    status = sealer->open(sealer->context, &nonce, octets, length, octets, store->page + AT_TAG);
    if (status != QD_OK) {
        return status == QD_CORRUPT ? QD_CORRUPT : QD_IO;
    }
    info->number = nonce.sequence;
    info->generation = qd_le32_get(octets);
    info->first = qd_le32_get(octets + 4);
    info->row_size = octets[8];
    info->rows = (uint8_t)((length - QD_LOG_PAGE_INNER_SIZE) / (QD_LOG_TIME_SIZE + (uint32_t)info->row_size));
    return info->row_size > 0 && info->rows == qd_log_page_rows(store, info->row_size) ? QD_OK : QD_CORRUPT;
}

qd_status_t qd_log_page_load(qd_log_store_t *store, uint8_t row, uint32_t page) {
    const qd_log_head_t *head = &store->states[row].head;
    qd_log_page_info_t info;
    qd_status_t status;

    if (store->cached_page == page && store->cached_log == row) {
        return QD_OK;
    }
    status = qd_log_page_open(store, row, qd_log_page_offset(store, row, head, page), page, &info);
    if (status == QD_OK && (info.generation != head->generation || info.row_size != head->row_size ||
                            info.first != qd_log_row_of(store, head, page))) {
        status = QD_CORRUPT;
    }
    if (status == QD_OK) {
        store->cached_page = page;
        store->cached_log = row;
    }
    store->stats.bad_pages += status == QD_CORRUPT ? 1u : 0u;
    return status;
}

const uint8_t *qd_log_page_row(const qd_log_store_t *store, uint8_t row, uint32_t index) {
    return store->page + AT_TAG + store->sealer->tag_size + QD_LOG_PAGE_INNER_SIZE +
           index * (QD_LOG_TIME_SIZE + (uint32_t)store->states[row].head.row_size);
}

/*
 * Composes and seals the page. Nothing of it may depend on what the head holds besides its rows: it may hold
 * more when the page is programmed again, and a nonce stands for one content only.
 * Returns its octets in flash; 0: the sealer failed.
 */
static uint32_t seal(qd_log_store_t *store, uint8_t row) {
    const qd_log_head_t *head = &store->states[row].head;
    const qd_sealer_t *sealer = store->sealer;
    uint32_t size = qd_log_page_rows(store, head->row_size) * (QD_LOG_TIME_SIZE + (uint32_t)head->row_size);
    uint32_t length = QD_LOG_PAGE_INNER_SIZE + size;
    qd_seal_nonce_t nonce = {store->layout->rows[row].id, QD_SEAL_SLOT_PAGE, head->epoch, head->page};
    uint8_t *octets = inner(store);

    store->cached_page = QD_LOG_NO_PAGE;
    qd_le16_put(store->page, nonce.record);
    store->page[AT_VERSION] = QD_LOG_VERSION;
    store->page[AT_LENGTH] = (uint8_t)length;
    qd_le32_put(store->page + AT_NUMBER, nonce.sequence);
    qd_le32_put(store->page + AT_EPOCH, nonce.epoch);
    qd_le32_put(octets, head->generation);
    qd_le32_put(octets + 4, qd_log_row_of(store, head, head->page));
    octets[8] = head->row_size;
    memcpy(octets + QD_LOG_PAGE_INNER_SIZE, store->image + QD_LOG_FIELDS_SIZE, size);
    if (sealer->seal(sealer->context, &nonce, octets, length, octets, store->page + AT_TAG) != QD_OK) {
        return 0;
    }
    return QD_LOG_PAGE_HEAD_SIZE + sealer->tag_size + length;
}

static qd_status_t compare(qd_log_store_t *store, uint32_t offset, uint32_t length) {
    uint8_t octets[CHUNK];

    for (uint32_t at = 0; at < length; at += CHUNK) {
        uint32_t part = length - at < CHUNK ? length - at : CHUNK;

        if (store->flash->read(store->flash->context, offset + at, octets, part) != QD_OK) {
            return QD_IO;
        }
        if (memcmp(octets, store->page + at, part) != 0) {
            return QD_CORRUPT;
        }
    }
    return QD_OK;
}

qd_status_t qd_log_page_program(qd_log_store_t *store, uint8_t row) {
    const qd_block_t *flash = store->flash;
    const qd_log_head_t *head = &store->states[row].head;
    uint32_t offset = qd_log_page_offset(store, row, head, head->page);
    uint32_t length = seal(store, row);
    qd_status_t status;

    if (length == 0) {
        return QD_IO;
    }
    status = flash->program(flash->context, offset, store->page, length);
    if (status == QD_OK) {
        status = flash->sync(flash->context);
    }
    if (status != QD_OK) {
        /* A device that erases may have no time. */
        return status == QD_BUSY || status == QD_PENDING ? QD_PENDING : QD_IO;
    }
    return compare(store, offset, length);
}

/* First page at or behind page that holds rows in flash; head->page: there is none. */
static uint32_t next_used(const qd_log_store_t *store, const qd_log_head_t *head, uint32_t page) {
    uint32_t first = qd_log_page_of(store, head, head->first);

    page = page > first ? page : first;
    if (head->gap > 0 && page >= head->gap_at && page - head->gap_at < head->gap) {
        page = head->gap_at + head->gap;
    }
    return page < head->page ? page : head->page;
}

qd_status_t qd_log_scrub(qd_log_store_t *store, uint16_t *log, uint32_t *sequence) {
    while (store->scrub_log < store->layout->row_count) {
        uint8_t row = store->scrub_log;
        const qd_log_head_t *head = &store->states[row].head;
        uint32_t page = next_used(store, head, store->scrub_page);
        qd_status_t status;

        if (!store->states[row].loaded || page >= head->page) {
            store->scrub_log++;
            store->scrub_page = 0;
            continue;
        }
        store->cached_page = QD_LOG_NO_PAGE;
        status = qd_log_page_load(store, row, page);
        if (status == QD_OK || status == QD_CORRUPT) {
            store->scrub_page = page + 1;
            *log = store->layout->rows[row].id;
            *sequence = qd_log_row_of(store, head, page);
            return status;
        }
        return QD_IO;
    }
    store->scrub_log = 0;
    store->scrub_page = 0;
    return QD_END;
}
