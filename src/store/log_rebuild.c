#include <string.h>

#include "store/log_internal.h"

/* Pages that the lost head may have held rows of. Their numbers and those of their rows are not used again. */
#define LOST_PAGES 2u

/* Is this where the page would lie? */
static bool is_in_place(const qd_log_store_t *store, uint8_t row, uint32_t block, uint32_t slot,
                        uint32_t number) {
    const qd_log_t *log = &store->states[row];

    return number % store->pages == slot &&
           (block >= log->blocks || number / store->pages % log->blocks == block);
}

/* A page in a spare block says which block it replaces, and that it did so from this page on at least. */
static void note_spare(const qd_log_store_t *store, uint8_t row, qd_log_head_t *head, uint32_t spare,
                       uint32_t number) {
    while (head->remaps <= spare) {
        head->remap_from[head->remaps] = UINT32_MAX;
        head->remap_block[head->remaps] = QD_LOG_SPARE_FREE;
        head->remaps++;
    }
    if (number < head->remap_from[spare]) {
        head->remap_from[spare] = number;
        head->remap_block[spare] = (uint16_t)(number / store->pages % store->states[row].blocks);
    }
}

/* Opens every page that lies in the log's blocks. newest->rows is 0 when there is none. QD_OK, QD_IO. */
static qd_status_t scan(qd_log_store_t *store, uint8_t row, qd_log_head_t *head, qd_log_page_info_t *newest) {
    const qd_log_row_t *kind = &store->layout->rows[row];
    const qd_log_t *log = &store->states[row];
    qd_log_page_info_t info;

    newest->rows = 0;
    for (uint32_t block = 0; block < (uint32_t)log->blocks + kind->spares; block++) {
        for (uint32_t slot = 0; slot < store->pages; slot++) {
            uint32_t offset = log->offset + block * store->flash->erase_size + slot * QD_LOG_PAGE_SIZE;
            qd_status_t status = qd_log_page_open(store, row, offset, QD_LOG_NO_PAGE, &info);

            if (status == QD_CORRUPT) {
                continue;
            }
            if (status != QD_OK) {
                return QD_IO;
            }
            if (info.row_size > kind->row_size || !is_in_place(store, row, block, slot, info.number)) {
                continue;
            }
            if (block >= log->blocks) {
                note_spare(store, row, head, block - log->blocks, info.number);
            }
            if (newest->rows == 0 || info.number > newest->number) {
                *newest = info;
            }
        }
    }
    return QD_OK;
}

/* The oldest page from which on the rows up to the newest page can be counted. QD_OK, QD_IO. */
static qd_status_t find_base(qd_log_store_t *store, uint8_t row, qd_log_head_t *head,
                             const qd_log_page_info_t *newest) {
    uint32_t span = (uint32_t)store->states[row].blocks * store->pages;
    uint32_t page = newest->number >= span ? newest->number - span + 1 : 0;

    head->base_page = newest->number;
    head->base_row = newest->first;
    for (; page < newest->number; page++) {
        qd_log_page_info_t info;
        qd_status_t status =
            qd_log_page_open(store, row, qd_log_page_offset(store, row, head, page), page, &info);

        if (status == QD_OK && info.generation == newest->generation && info.row_size == newest->row_size &&
            info.first == newest->first - (newest->number - page) * newest->rows) {
            head->base_page = page;
            head->base_row = info.first;
            return QD_OK;
        }
        if (status != QD_OK && status != QD_CORRUPT) {
            return QD_IO;
        }
    }
    return QD_OK;
}

/* From which row on times do not fall, and the newest time. After a page that cannot be read the order is not
 * known. QD_OK, QD_IO. */
static qd_status_t find_order(qd_log_store_t *store, uint8_t row, const qd_log_page_info_t *newest) {
    qd_log_head_t *head = &store->states[row].head;

    head->orderly = head->first;
    for (uint32_t sequence = head->first; sequence < newest->first + newest->rows; sequence++) {
        uint32_t page = qd_log_page_of(store, head, sequence);
        uint32_t begin = qd_log_row_of(store, head, page), time;
        qd_status_t status = qd_log_page_load(store, row, page);

        if (status == QD_CORRUPT) {
            head->orderly = begin + newest->rows;
            head->newest = 0;
            sequence = begin + newest->rows - 1u;
            continue;
        }
        if (status != QD_OK) {
            return QD_IO;
        }
        time = qd_le32_get(qd_log_page_row(store, row, sequence - begin));
        head->orderly = time < head->newest ? sequence : head->orderly;
        head->newest = time;
    }
    return QD_OK;
}

qd_status_t qd_log_rebuild(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    qd_log_page_info_t newest = {0};
    qd_log_head_t head;
    uint32_t next = 0, start;
    qd_status_t status;

    qd_log_head_init(store, row, &head);
    status = scan(store, row, &head, &newest);
    if (status == QD_OK && newest.rows > 0) {
        status = find_base(store, row, &head, &newest);
        next = newest.number + 1;
        head.generation = newest.generation;
        head.row_size = newest.row_size;
        head.end = newest.first + newest.rows;
    }
    if (status != QD_OK) {
        return status;
    }
    /* The pages behind the newest may have been programmed in part: go on in a block that will be erased. */
    start = ((next + LOST_PAGES - 1) / store->pages + 1) * store->pages;
    head.end += LOST_PAGES * qd_log_page_rows(store, head.row_size);
    head.page = start;
    head.clean = start;
    if (newest.rows > 0) {
        head.first = head.base_row;
        head.gap_at = next + LOST_PAGES;
        head.gap = (uint16_t)(start - head.gap_at);
        qd_log_head_give_up(store, row, &head, start + store->pages);
    } else {
        head.generation = store->epoch < UINT32_MAX >> 8 ? store->epoch << 8 : 1;
        head.base_page = start;
        head.base_row = head.end;
        head.first = head.end;
        head.orderly = head.end;
    }
    store->idle = false;
    log->head = head;
    if (newest.rows > 0) {
        status = find_order(store, row, &newest);
    }
    if (status == QD_OK) {
        head = log->head;
        store->image_log = row;
        status = qd_log_head_write(store, row, &head) == QD_OK ? QD_OK : QD_IO;
    }
    log->loaded = status == QD_OK;
    return status;
}
