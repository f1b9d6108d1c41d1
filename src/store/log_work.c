#include "store/log_internal.h"

/*
 * What is done outside of groups. A program and an erase each stand on a head that was just read back from
 * the record store: even if somebody forgot to say that a group has failed, nothing of it reaches the flash. (The
 * one exception is an append in a group that has no room left: it programs rows that were settled before.)
 */

void qd_log_work_settle(qd_log_store_t *store) {
    for (uint8_t row = 0; row < store->layout->row_count; row++) {
        store->states[row].settled = store->states[row].head.end;
    }
}

/* The spare block that is used next; the layout's number of them when none is left. */
static uint8_t free_spare(const qd_log_store_t *store, uint8_t row) {
    const qd_log_head_t *head = &store->states[row].head;
    uint8_t spare = 0;

    while (spare < head->remaps && head->remap_block[spare] != QD_LOG_SPARE_FREE) {
        spare++;
    }
    return spare;
}

static bool has_spare(const qd_log_store_t *store, uint8_t row) {
    return free_spare(store, row) < store->layout->rows[row].spares;
}

/* The block of page from is replaced by the next spare one, which has to be erased first. */
static qd_status_t remap(qd_log_store_t *store, uint8_t row, uint32_t from) {
    qd_log_t *log = &store->states[row];
    uint16_t block = (uint16_t)(from / store->pages % log->blocks);
    uint8_t spare;
    qd_log_head_t head;
    qd_status_t status = qd_log_head_load(store, row);

    if (status != QD_OK) {
        return status;
    }
    head = log->head;
    spare = free_spare(store, row);
    for (uint32_t i = 0; i < head.remaps; i++) {
        /* It has failed before it held a page. */
        if (head.remap_block[i] == block && head.remap_from[i] >= from) {
            head.remap_block[i] = QD_LOG_SPARE_SPENT;
        }
    }
    head.remap_from[spare] = from;
    head.remap_block[spare] = block;
    head.remaps = spare < head.remaps ? head.remaps : (uint8_t)(spare + 1u);
    head.clean = from;
    status = qd_log_head_write(store, row, &head);
    if (status == QD_OK) {
        log->attempts = 0;
        store->stats.remaps++;
    }
    return status;
}

/* The page has no place: its rows are read from the head while they are there, and then lost. */
static void lose(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];

    log->done_page = log->head.page;
    log->degraded = true;
    log->attempts = 0;
    store->stats.lost_rows += qd_log_page_rows(store, log->head.row_size);
}

qd_status_t qd_log_work_program(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    qd_status_t status = qd_log_page_program(store, row);

    if (status == QD_PENDING) {
        return status;
    }
    if (status == QD_OK) {
        log->done_page = log->head.page;
        log->attempts = 0;
        log->degraded = log->stuck_page != QD_LOG_NO_PAGE;
        store->stats.pages++;
        return QD_OK;
    }
    log->attempts++;
    return QD_IO;
}

static qd_status_t program(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    qd_status_t status;

    if (log->attempts >= QD_LOG_ATTEMPTS) {
        if (has_spare(store, row)) {
            return remap(store, row, log->head.page);
        }
        lose(store, row);
        return QD_OK;
    }
    status = qd_log_head_load(store, row);
    if (status == QD_OK && log->head.page < log->head.clean &&
        log->head.end - qd_log_row_of(store, &log->head, log->head.page) >=
            qd_log_page_rows(store, log->head.row_size)) {
        status = qd_log_work_program(store, row);
    }
    return status == QD_PENDING ? QD_OK : status;
}

/* The page was programmed and another one is full already. */
static qd_status_t advance(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    qd_log_head_t head;
    qd_status_t status = qd_log_head_load(store, row);

    if (status == QD_OK && log->done_page == log->head.page) {
        head = log->head;
        qd_log_image_drop(store, row);
        qd_log_head_advance(store, row, &head);
        status = qd_log_head_write(store, row, &head);
    }
    return status;
}

/* First page of what is erased next; beyond the block after the one in use: nothing is. */
static uint32_t next_dirty(const qd_log_store_t *store, const qd_log_head_t *head) {
    uint32_t begin = head->page - head->page % store->pages;

    return head->clean > begin ? head->clean : begin;
}

static qd_status_t erase_start(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    qd_log_head_t head;
    uint32_t from;
    qd_status_t status = qd_log_head_load(store, row);

    if (status != QD_OK) {
        return status;
    }
    head = log->head;
    from = next_dirty(store, &head);
    if (log->attempts >= QD_LOG_ATTEMPTS) {
        if (has_spare(store, row)) {
            return remap(store, row, from);
        }
        /* Tried again when the next page is filled. */
        log->stuck_page = head.page;
        log->degraded = true;
        log->attempts = 0;
        return QD_OK;
    }
    qd_log_head_give_up(store, row, &head, from);
    if (head.first != log->head.first) {
        return qd_log_head_write(store, row, &head);
    }
    store->cached_page = QD_LOG_NO_PAGE;
    status = store->flash->erase_start(store->flash->context, qd_log_page_offset(store, row, &head, from));
    if (status == QD_OK) {
        store->stats.erases++;
        store->erase = QD_LOG_ERASE_RUNS;
        store->erase_log = row;
        store->erase_from = from;
    } else if (status == QD_BUSY || status == QD_PENDING) {
        /* One that was begun before a reset of the processor: nobody else asks how it goes. */
        (void)store->flash->erase_poll(store->flash->context);
    } else {
        log->attempts++;
        return QD_IO;
    }
    return QD_OK;
}

/* The erase has ended; only now may its block count as clean. */
static qd_status_t erase_commit(qd_log_store_t *store) {
    uint8_t row = store->erase_log;
    qd_log_t *log = &store->states[row];
    qd_log_head_t head;
    qd_status_t status = qd_log_head_load(store, row);

    if (status != QD_OK) {
        /* A head that is lost is made again from the flash, and erases what it needs. */
        store->erase = status == QD_CORRUPT ? QD_LOG_ERASE_NONE : store->erase;
        return QD_IO;
    }
    head = log->head;
    if (next_dirty(store, &head) == store->erase_from) {
        head.clean = store->erase_from - store->erase_from % store->pages + store->pages;
        status = qd_log_head_write(store, row, &head);
    }
    if (status == QD_OK) {
        store->erase = QD_LOG_ERASE_NONE;
        log->attempts = 0;
        log->stuck_page = QD_LOG_NO_PAGE;
        log->degraded = false;
    }
    return status;
}

static qd_status_t erase_poll(qd_log_store_t *store) {
    qd_status_t status;

    if (store->erase == QD_LOG_ERASE_RUNS) {
        status = store->flash->erase_poll(store->flash->context);
        if (status == QD_PENDING) {
            return QD_OK;
        }
        if (status != QD_OK) {
            store->erase = QD_LOG_ERASE_NONE;
            store->states[store->erase_log].attempts++;
            return QD_IO;
        }
        store->erase = QD_LOG_ERASE_ENDED;
    }
    return erase_commit(store);
}

/* QD_END: this log has nothing to do. */
static qd_status_t work(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    const qd_log_head_t *head = &log->head;
    uint32_t rows, page_rows;

    if (!log->loaded) {
        qd_status_t status = qd_log_head_load(store, row);

        return status == QD_CORRUPT ? qd_log_rebuild(store, row) : status;
    }
    rows = head->end - qd_log_row_of(store, head, head->page);
    page_rows = qd_log_page_rows(store, head->row_size);
    if (log->done_page == head->page) {
        if (rows >= 2 * page_rows) {
            return advance(store, row);
        }
    } else if (rows >= page_rows) {
        if (head->page < head->clean) {
            return program(store, row);
        }
        if (log->stuck_page == head->page) {
            lose(store, row);
            return QD_OK;
        }
    }
    if (log->stuck_page != head->page &&
        next_dirty(store, head) < head->page - head->page % store->pages + 2 * store->pages) {
        return erase_start(store, row);
    }
    return QD_END;
}

qd_status_t qd_log_run(qd_log_store_t *store) {
    uint8_t count = store->layout->row_count;

    if (store->idle) {
        return QD_END;
    }
    qd_log_work_settle(store);
    if (store->erase != QD_LOG_ERASE_NONE) {
        return erase_poll(store);
    }
    for (uint8_t i = 0; i < count; i++) {
        uint8_t row = (uint8_t)((store->turn + i) % count);
        qd_status_t status = work(store, row);

        if (status != QD_END) {
            store->turn = (uint8_t)((row + 1u) % count);
            return status == QD_OK ? QD_OK : QD_IO;
        }
    }
    store->idle = true;
    return QD_END;
}
