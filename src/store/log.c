#include "store/log.h"

#include <stdalign.h>
#include <string.h>

#include "store/log_internal.h"

#define NO_TIME UINT32_MAX
/* Opening a page is most of what a search costs. */
#define FIND_PAGES 4u

size_t qd_log_size(const qd_log_layout_t *layout) {
    return qd_store_round8(sizeof(qd_log_store_t)) + sizeof(qd_log_t) * layout->row_count;
}

uint32_t qd_log_device_size(const qd_log_layout_t *layout, const qd_sealer_t *sealer, uint32_t erase_size) {
    uint32_t blocks = 0;

    if (erase_size < QD_LOG_PAGE_SIZE) {
        return 0;
    }
    for (uint8_t i = 0; i < layout->row_count; i++) {
        blocks += qd_log_ring_size(&layout->rows[i], sealer->tag_size, erase_size / QD_LOG_PAGE_SIZE) +
                  layout->rows[i].spares;
    }
    return blocks * erase_size;
}

static bool is_sound(const qd_log_layout_t *layout, const qd_block_t *flash, const qd_sealer_t *sealer) {
    uint32_t pages = flash->erase_size / QD_LOG_PAGE_SIZE;

    if (layout->row_count > 32 || pages == 0 || pages > UINT16_MAX ||
        flash->erase_size % QD_LOG_PAGE_SIZE != 0 || sealer->tag_size < 4 ||
        sealer->tag_size > QD_SEAL_TAG_MAX) {
        return false;
    }
    for (uint8_t i = 0; i < layout->row_count; i++) {
        const qd_log_row_t *row = &layout->rows[i];

        if (row->id <= (i == 0 ? 0 : row[-1].id) || row->row_size < 1 ||
            row->row_size > QD_LOG_ROW_MAX - QD_LOG_TIME_SIZE || row->spares > QD_LOG_SPARES_MAX ||
            qd_log_ring_size(row, sealer->tag_size, pages) > QD_LOG_SPARE_SPENT) {
            return false;
        }
    }
    return true;
}

/* Index of the row with this id, QD_LOG_NO_LOG if there is none. */
static uint8_t find_log(const qd_log_store_t *store, uint16_t id) {
    for (uint8_t i = 0; i < store->layout->row_count; i++) {
        if (store->layout->rows[i].id == id) {
            return i;
        }
    }
    return QD_LOG_NO_LOG;
}

/* Row of a log whose head is in its state. QD_OK, QD_UNDEFINED, QD_IO. */
static qd_status_t enter(qd_log_store_t *store, uint16_t id, uint8_t *row) {
    *row = find_log(store, id);
    if (*row == QD_LOG_NO_LOG) {
        return QD_UNDEFINED;
    }
    return store->states[*row].loaded || qd_log_head_load(store, *row) == QD_OK ? QD_OK : QD_IO;
}

/* First row that is shown: a log that promises 500 rows shows 500. */
static uint32_t shown(const qd_log_store_t *store, uint8_t row) {
    const qd_log_head_t *head = &store->states[row].head;
    uint32_t rows = store->layout->rows[row].rows;

    return head->end - head->first > rows ? head->end - rows : head->first;
}

/* Statuses of the record store's write that the interface has. */
static qd_status_t of_write(qd_status_t status) {
    return status == QD_OK || status == QD_PENDING || status == QD_NO_SPACE ? status : QD_IO;
}

/* --- append ------------------------------------------------------------------------------------------ */

/* The head is full. Programs the page that is full in it, if its rows are committed and it has a place. */
static qd_status_t make_room(qd_log_store_t *store, uint8_t row) {
    qd_log_t *log = &store->states[row];
    uint32_t last =
        qd_log_row_of(store, &log->head, log->head.page) + qd_log_page_rows(store, log->head.row_size);

    if (last > log->settled) {
        return QD_NO_SPACE;
    }
    if (log->head.page >= log->head.clean || log->attempts > 0) {
        return QD_PENDING;
    }
    return qd_log_work_program(store, row) == QD_OK ? QD_OK : QD_PENDING;
}

static qd_status_t append(void *context, uint16_t id, int64_t utc_s, const uint8_t *octets, uint16_t length,
                          uint32_t *sequence) {
    qd_log_store_t *store = context;
    qd_log_head_t head;
    qd_log_t *log;
    uint8_t row, *at;
    uint32_t rows;
    qd_status_t status = enter(store, id, &row);

    if (status == QD_UNDEFINED) {
        return status;
    }
    if (status == QD_OK) {
        status = qd_log_head_need(store, row);
    }
    if (status != QD_OK) {
        return QD_IO;
    }
    log = &store->states[row];
    if (length != log->head.row_size || utc_s < 0 || utc_s >= (int64_t)NO_TIME) {
        return QD_RANGE;
    }
    if (log->head.end == UINT32_MAX) {
        return QD_NO_SPACE;
    }
    rows = log->head.end - qd_log_row_of(store, &log->head, log->head.page);
    if (log->done_page != log->head.page && rows >= qd_log_head_rows(store, log->head.row_size)) {
        status = make_room(store, row);
        if (status != QD_OK) {
            return status;
        }
    }
    head = log->head;
    if (log->done_page == head.page) {
        qd_log_image_drop(store, row);
        rows -= qd_log_page_rows(store, head.row_size);
        qd_log_head_advance(store, row, &head);
    }
    at = store->image + QD_LOG_FIELDS_SIZE + rows * (QD_LOG_TIME_SIZE + (uint32_t)length);
    qd_le32_put(at, (uint32_t)utc_s);
    memcpy(at + QD_LOG_TIME_SIZE, octets, length);
    if ((uint32_t)utc_s < head.newest) {
        head.orderly = head.end;
    }
    head.newest = (uint32_t)utc_s;
    head.end++;
    status = of_write(qd_log_head_write(store, row, &head));
    if (status == QD_OK) {
        store->stats.rows++;
        if (sequence != NULL) {
            *sequence = head.end - 1;
        }
    }
    return status;
}

static qd_status_t restart(void *context, uint16_t id, uint16_t row_size) {
    qd_log_store_t *store = context;
    qd_log_head_t head;
    uint32_t rows, floor;
    uint8_t row;
    qd_status_t status = enter(store, id, &row);

    if (status != QD_OK) {
        return status;
    }
    if (row_size < 1 || row_size > store->layout->rows[row].row_size) {
        return QD_RANGE;
    }
    head = store->states[row].head;
    rows = head.end - qd_log_row_of(store, &head, head.page);
    /* A page that is full may have been sealed; no other content may follow under its number. */
    if (rows >= qd_log_page_rows(store, head.row_size)) {
        head.page++;
        head.epoch = store->epoch;
    }
    /* Above every number of earlier epochs, also of generations that a lost head has taken with it. */
    floor = store->epoch < UINT32_MAX >> 8 ? store->epoch << 8 : 0;
    head.generation = head.generation + 1 > floor ? head.generation + 1 : floor;
    head.row_size = (uint8_t)row_size;
    head.first = head.end;
    head.base_row = head.end;
    head.base_page = head.page;
    head.orderly = head.end;
    head.newest = 0;
    head.gap = 0;
    store->image_log = row;
    status = of_write(qd_log_head_write(store, row, &head));
    if (status == QD_OK) {
        store->cached_page = QD_LOG_NO_PAGE;
    }
    return status;
}

/* --- read -------------------------------------------------------------------------------------------- */

/* Octets of a row that exists, time first. */
static qd_status_t fetch(qd_log_store_t *store, uint8_t row, uint32_t sequence, const uint8_t **octets) {
    const qd_log_head_t *head = &store->states[row].head;
    uint32_t page = qd_log_page_of(store, head, sequence);
    uint32_t index = sequence - qd_log_row_of(store, head, page);
    qd_status_t status;

    if (page >= head->page) {
        index = sequence - qd_log_row_of(store, head, head->page);
        status = qd_log_head_need(store, row) == QD_OK ? QD_OK : QD_IO;
        *octets = store->image + QD_LOG_FIELDS_SIZE + index * (QD_LOG_TIME_SIZE + (uint32_t)head->row_size);
        return status;
    }
    status = qd_log_page_load(store, row, page);
    *octets = qd_log_page_row(store, row, index);
    return status;
}

static qd_status_t read(void *context, uint16_t id, uint32_t sequence, int64_t *utc_s, uint8_t *octets,
                        size_t size, size_t *length) {
    qd_log_store_t *store = context;
    const uint8_t *found;
    const qd_log_head_t *head;
    uint8_t row;
    qd_status_t status = enter(store, id, &row);

    if (status != QD_OK) {
        return status;
    }
    head = &store->states[row].head;
    if (sequence < shown(store, row) || sequence >= head->end) {
        return QD_END;
    }
    if (head->row_size > size) {
        return QD_NO_SPACE;
    }
    status = fetch(store, row, sequence, &found);
    if (status == QD_OK) {
        *utc_s = (int64_t)qd_le32_get(found);
        memcpy(octets, found + QD_LOG_TIME_SIZE, head->row_size);
        *length = head->row_size;
    }
    return status;
}

static qd_status_t span(void *context, uint16_t id, qd_log_span_t *found) {
    qd_log_store_t *store = context;
    const qd_log_head_t *head;
    uint8_t row;
    qd_status_t status = enter(store, id, &row);

    if (status != QD_OK) {
        return status;
    }
    head = &store->states[row].head;
    found->first = shown(store, row);
    found->end = head->end;
    found->generation = head->generation;
    found->orderly = head->orderly > found->first ? head->orderly : found->first;
    return QD_OK;
}

/* Takes one of the pages that may be opened if the row lies in one that is not open. False: none is left. */
static bool may_fetch(const qd_log_store_t *store, uint8_t row, uint32_t sequence, uint8_t *pages) {
    const qd_log_head_t *head = &store->states[row].head;
    uint32_t page = qd_log_page_of(store, head, sequence);

    if (page >= head->page || (store->cached_page == page && store->cached_log == row)) {
        return true;
    }
    if (*pages == 0) {
        return false;
    }
    (*pages)--;
    return true;
}

/* Time of the first row of at .. end-1 that can be read; at moves there. QD_END: none can; QD_PENDING: more pages
 * than may be opened lie in front of it. */
static qd_status_t time_from(qd_log_store_t *store, uint8_t row, uint32_t *at, uint32_t end, uint8_t *pages,
                             uint32_t *time) {
    const qd_log_head_t *head = &store->states[row].head;
    uint32_t rows = qd_log_page_rows(store, head->row_size);
    const uint8_t *octets;
    qd_status_t status;

    while (*at < end) {
        if (!may_fetch(store, row, *at, pages)) {
            return QD_PENDING;
        }
        status = fetch(store, row, *at, &octets);
        if (status == QD_OK) {
            *time = qd_le32_get(octets);
        }
        if (status != QD_CORRUPT) {
            return status;
        }
        *at += rows - (*at - head->base_row) % rows;
    }
    return QD_END;
}

/* Halves low .. high until it is one row, or no more pages may be opened. */
static qd_status_t halve(qd_log_store_t *store, uint8_t row, int64_t utc_s, uint8_t *pages,
                         qd_log_search_t *search) {
    uint32_t time = 0;

    while (search->low < search->high) {
        uint32_t middle = search->low + (search->high - search->low) / 2;
        uint32_t at = search->probe > middle ? search->probe : middle;
        qd_status_t status = time_from(store, row, &at, search->high, pages, &time);

        search->probe = status == QD_PENDING ? at : 0;
        if (status != QD_OK && status != QD_END) {
            return status;
        }
        if (status == QD_OK && (int64_t)time < utc_s) {
            search->low = at + 1;
        } else {
            search->high = middle; /* rows between middle and at cannot be read */
        }
    }
    return QD_OK;
}

static qd_status_t find(void *context, uint16_t id, int64_t utc_s, qd_log_search_t *search) {
    qd_log_store_t *store = context;
    qd_log_span_t rows;
    uint32_t at, time = 0;
    uint8_t row, pages = FIND_PAGES;
    qd_status_t status = span(store, id, &rows);

    if (status != QD_OK) {
        return status;
    }
    row = find_log(store, id);
    if (search->high == 0) {
        *search = (qd_log_search_t){rows.orderly, rows.end, 0};
    }
    /* Rows may have been dropped since the last call. */
    search->low = search->low > rows.orderly ? search->low : rows.orderly;
    search->high = search->high > search->low ? search->high : search->low;
    status = halve(store, row, utc_s, &pages, search);
    if (status != QD_OK) {
        return status;
    }
    at = search->probe > search->low ? search->probe : search->low;
    status = time_from(store, row, &at, rows.end, &pages, &time);
    search->probe = at;
    if (status == QD_OK || status == QD_END) {
        at = status == QD_OK ? at : rows.end;
        *search = (qd_log_search_t){at, at, 0};
        return QD_OK;
    }
    return status;
}

/* --- the rest ---------------------------------------------------------------------------------------- */

static qd_status_t mount_row(qd_log_store_t *store, uint8_t row, uint32_t *lost) {
    qd_log_t *log = &store->states[row];
    qd_status_t status;

    log->done_page = QD_LOG_NO_PAGE;
    log->stuck_page = QD_LOG_NO_PAGE;
    status = qd_log_head_load(store, row);
    if (status == QD_CORRUPT) {
        *lost |= (uint32_t)1 << row;
        status = qd_log_rebuild(store, row);
    }
    log->settled = log->head.end;
    return status;
}

static qd_log_store_t *carve(uint8_t *memory, const qd_log_layout_t *layout, const qd_records_t *records,
                             const qd_block_t *flash, const qd_sealer_t *sealer, uint32_t epoch) {
    qd_log_store_t *store = (qd_log_store_t *)(void *)memory;
    uint32_t offset = 0;

    memset(memory, 0, qd_log_size(layout));
    store->layout = layout;
    store->records = records;
    store->flash = flash;
    store->sealer = sealer;
    store->logs = (qd_logs_t){store, append, read, span, find, restart};
    store->epoch = epoch;
    store->cached_page = QD_LOG_NO_PAGE;
    store->image_log = QD_LOG_NO_LOG;
    store->pages = (uint16_t)(flash->erase_size / QD_LOG_PAGE_SIZE);
    store->states = (qd_log_t *)(void *)(memory + qd_store_round8(sizeof(qd_log_store_t)));
    for (uint8_t i = 0; i < layout->row_count; i++) {
        qd_log_t *log = &store->states[i];

        log->offset = offset;
        log->blocks = (uint16_t)qd_log_ring_size(&layout->rows[i], sealer->tag_size, store->pages);
        offset += ((uint32_t)log->blocks + layout->rows[i].spares) * flash->erase_size;
    }
    return store;
}

qd_status_t qd_log_mount(void *memory, size_t size, const qd_log_layout_t *layout,
                         const qd_records_t *records, const qd_block_t *flash, const qd_sealer_t *sealer,
                         uint32_t epoch, uint32_t *lost, qd_log_store_t **store) {
    qd_log_store_t *mounted;
    uint32_t heads_lost = 0;
    qd_status_t status = QD_OK;

    if (!is_sound(layout, flash, sealer) || (uintptr_t)memory % alignof(qd_log_store_t) != 0) {
        return QD_ARGUMENT;
    }
    if (size < qd_log_size(layout) || flash->size < qd_log_device_size(layout, sealer, flash->erase_size)) {
        return QD_NO_SPACE;
    }
    mounted = carve(memory, layout, records, flash, sealer, epoch);
    for (uint8_t row = 0; row < layout->row_count && status == QD_OK; row++) {
        status = mount_row(mounted, row, &heads_lost);
    }
    if (lost != NULL) {
        *lost = heads_lost;
    }
    if (status != QD_OK) {
        return status;
    }
    *store = mounted;
    return QD_OK;
}

const qd_logs_t *qd_log_interface(qd_log_store_t *store) {
    return &store->logs;
}

qd_status_t qd_log_group_failed(qd_log_store_t *store) {
    qd_status_t status = QD_OK;

    for (uint8_t row = 0; row < store->layout->row_count; row++) {
        qd_status_t loaded = qd_log_head_load(store, row);

        status = loaded == QD_OK ? status : QD_IO;
        store->states[row].settled = store->states[row].head.end;
    }
    store->cached_page = QD_LOG_NO_PAGE;
    return status;
}

void qd_log_group_committed(qd_log_store_t *store) {
    qd_log_work_settle(store);
}

bool qd_log_degraded(const qd_log_store_t *store) {
    for (uint8_t row = 0; row < store->layout->row_count; row++) {
        if (store->states[row].degraded) {
            return true;
        }
    }
    return false;
}

uint32_t qd_log_opened(const qd_log_store_t *store) {
    return store->stats.opened;
}

void qd_log_get_stats(const qd_log_store_t *store, qd_log_stats_t *stats) {
    *stats = store->stats;
}
