#include <string.h>

#include "store/log_internal.h"

/* Offsets of the fields in the record. */
#define AT_VERSION 0u
#define AT_ROW_SIZE 1u
#define AT_REMAPS 2u
#define AT_GAP 4u
#define AT_WORDS 8u
#define WORDS 11u
#define AT_REMAP (AT_WORDS + 4u * WORDS)
#define REMAP_SIZE 6u

_Static_assert(AT_REMAP + QD_LOG_SPARES_MAX * REMAP_SIZE == QD_LOG_FIELDS_SIZE, "as in docs/storage-logs.md");

static uint32_t stride(uint8_t row_size) {
    return QD_LOG_TIME_SIZE + (uint32_t)row_size;
}

uint32_t qd_log_page_rows(const qd_log_store_t *store, uint8_t row_size) {
    return (QD_LOG_PAGE_SIZE - QD_LOG_PAGE_HEAD_SIZE - QD_LOG_PAGE_INNER_SIZE - store->sealer->tag_size) /
           stride(row_size);
}

/* Never more than two pages: a rebuilt head leaves out so many numbers. */
uint32_t qd_log_head_rows(const qd_log_store_t *store, uint8_t row_size) {
    uint32_t rows = (QD_LOG_HEAD_SIZE - QD_LOG_FIELDS_SIZE) / stride(row_size);
    uint32_t limit = 2 * qd_log_page_rows(store, row_size);

    return rows < limit ? rows : limit;
}

uint32_t qd_log_page_of(const qd_log_store_t *store, const qd_log_head_t *head, uint32_t sequence) {
    uint32_t page = head->base_page + (sequence - head->base_row) / qd_log_page_rows(store, head->row_size);

    return page + (head->gap > 0 && page >= head->gap_at ? head->gap : 0u);
}

uint32_t qd_log_row_of(const qd_log_store_t *store, const qd_log_head_t *head, uint32_t page) {
    uint32_t pages = page - head->base_page;

    if (page <= head->base_page) {
        return head->base_row;
    }
    if (head->gap > 0 && page > head->gap_at) {
        pages -= page - head->gap_at < head->gap ? page - head->gap_at : head->gap;
    }
    return head->base_row + pages * qd_log_page_rows(store, head->row_size);
}

void qd_log_head_init(qd_log_store_t *store, uint8_t row, qd_log_head_t *head) {
    *head = (qd_log_head_t){.generation = 1,
                            .end = 1,
                            .first = 1,
                            .epoch = store->epoch,
                            .base_row = 1,
                            .orderly = 1,
                            .row_size = (uint8_t)store->layout->rows[row].row_size};
}

/* The words of a record, in their order. */
static void words_of(qd_log_head_t *head, uint32_t *words[WORDS]) {
    words[0] = &head->generation;
    words[1] = &head->end;
    words[2] = &head->first;
    words[3] = &head->page;
    words[4] = &head->epoch;
    words[5] = &head->base_page;
    words[6] = &head->base_row;
    words[7] = &head->orderly;
    words[8] = &head->newest;
    words[9] = &head->clean;
    words[10] = &head->gap_at;
}

static uint32_t rows_in(const qd_log_store_t *store, const qd_log_head_t *head) {
    return head->end - qd_log_row_of(store, head, head->page);
}

static size_t image_size(const qd_log_store_t *store, const qd_log_head_t *head) {
    return QD_LOG_FIELDS_SIZE + (size_t)rows_in(store, head) * stride(head->row_size);
}

static void encode(uint8_t *image, const qd_log_head_t *head) {
    qd_log_head_t copy = *head;
    uint32_t *words[WORDS];

    words_of(&copy, words);
    memset(image, 0, QD_LOG_FIELDS_SIZE);
    image[AT_VERSION] = QD_LOG_VERSION;
    image[AT_ROW_SIZE] = head->row_size;
    image[AT_REMAPS] = head->remaps;
    qd_le16_put(image + AT_GAP, head->gap);
    for (uint32_t i = 0; i < WORDS; i++) {
        qd_le32_put(image + AT_WORDS + 4 * i, *words[i]);
    }
    for (uint32_t i = 0; i < head->remaps; i++) {
        qd_le32_put(image + AT_REMAP + REMAP_SIZE * i, head->remap_from[i]);
        qd_le16_put(image + AT_REMAP + REMAP_SIZE * i + 4, head->remap_block[i]);
    }
}

/* The tag has been checked: what contradicts itself was written by something else. */
static qd_status_t decode(const qd_log_store_t *store, uint8_t row, const uint8_t *image, size_t length,
                          qd_log_head_t *head) {
    const qd_log_row_t *kind = &store->layout->rows[row];
    uint32_t *words[WORDS];

    memset(head, 0, sizeof *head);
    if (length < QD_LOG_FIELDS_SIZE || image[AT_VERSION] != QD_LOG_VERSION || image[AT_ROW_SIZE] == 0 ||
        image[AT_ROW_SIZE] > kind->row_size || image[AT_REMAPS] > kind->spares) {
        return QD_VERSION;
    }
    words_of(head, words);
    head->row_size = image[AT_ROW_SIZE];
    head->remaps = image[AT_REMAPS];
    head->gap = qd_le16_get(image + AT_GAP);
    for (uint32_t i = 0; i < WORDS; i++) {
        *words[i] = qd_le32_get(image + AT_WORDS + 4 * i);
    }
    for (uint32_t i = 0; i < head->remaps; i++) {
        head->remap_from[i] = qd_le32_get(image + AT_REMAP + REMAP_SIZE * i);
        head->remap_block[i] = qd_le16_get(image + AT_REMAP + REMAP_SIZE * i + 4);
    }
    if (head->page < head->base_page || head->first < head->base_row || head->first > head->end ||
        qd_log_row_of(store, head, head->page) > head->end ||
        rows_in(store, head) > qd_log_head_rows(store, head->row_size) || image_size(store, head) != length) {
        return QD_VERSION;
    }
    return QD_OK;
}

qd_status_t qd_log_head_load(qd_log_store_t *store, uint8_t row) {
    const qd_records_t *records = store->records;
    qd_log_t *log = &store->states[row];
    qd_log_head_t head;
    size_t length = 0;
    qd_status_t status;

    store->image_log = QD_LOG_NO_LOG;
    store->idle = false;
    log->loaded = false;
    status = records->read(records->context, store->layout->rows[row].id, store->image, sizeof store->image,
                           &length);
    if (status == QD_END) {
        qd_log_head_init(store, row, &head);
        status = QD_OK;
    } else if (status == QD_OK) {
        status = decode(store, row, store->image, length, &head);
    } else {
        status = status == QD_CORRUPT || status == QD_PENDING ? status : QD_IO;
    }
    if (status == QD_OK) {
        store->image_log = row;
        log->head = head;
        log->loaded = true;
    }
    return status;
}

qd_status_t qd_log_head_need(qd_log_store_t *store, uint8_t row) {
    return store->image_log == row && store->states[row].loaded ? QD_OK : qd_log_head_load(store, row);
}

qd_status_t qd_log_head_write(qd_log_store_t *store, uint8_t row, const qd_log_head_t *head) {
    const qd_records_t *records = store->records;
    qd_status_t status;

    store->idle = false;
    encode(store->image, head);
    status =
        records->write(records->context, store->layout->rows[row].id, store->image, image_size(store, head));
    if (status != QD_OK) {
        store->image_log = QD_LOG_NO_LOG;
        return status;
    }
    store->states[row].head = *head;
    return QD_OK;
}

void qd_log_head_give_up(const qd_log_store_t *store, uint8_t row, qd_log_head_t *head, uint32_t page) {
    uint32_t block = page / store->pages;
    uint32_t ring = store->states[row].blocks;

    /* The block that is erased lies where the block one ring before it lay. */
    if (block >= ring) {
        uint32_t kept = qd_log_row_of(store, head, (block - ring + 1) * store->pages);

        head->first = kept > head->first ? kept : head->first;
        head->first = head->first < head->end ? head->first : head->end;
    }
}

void qd_log_head_advance(const qd_log_store_t *store, uint8_t row, qd_log_head_t *head) {
    head->page++;
    head->epoch = store->epoch;
    qd_log_head_give_up(store, row, head, head->page + store->pages);
}

void qd_log_image_drop(qd_log_store_t *store, uint8_t row) {
    const qd_log_head_t *head = &store->states[row].head;
    size_t size = (size_t)qd_log_page_rows(store, head->row_size) * stride(head->row_size);
    uint8_t *rows = store->image + QD_LOG_FIELDS_SIZE;

    memmove(rows, rows + size, image_size(store, head) - QD_LOG_FIELDS_SIZE - size);
}
