/*
 * log.h - ring logs on a flash memory, with the newest rows in the record store.
 *
 * Purpose: qd_logs_t for any number of logs. The newest rows of a log, a page and a half of them at most, are the
 * content of one record (the log's head), so that an append takes part in transactions like any other write. A page that is
 * full is programmed to flash as one sealed piece and the head begins the next one; its octets are decided by
 * what is committed, so that programming it again after a cut programs the same octets. Erase blocks are used
 * in turn; the one ahead is erased before it is needed, only after the commit that gives up its rows, and its being
 * erased is itself committed before it is used: nobody ever trusts a block because it looks erased.
 * A block that fails is replaced by one of the log's spare blocks from the failing page on.
 * docs/storage-logs.md gives every octet.
 * Context: main context. Ownership: state and buffers live in memory that the caller gives.
 */
#ifndef QD_STORE_LOG_H
#define QD_STORE_LOG_H

#include "quadrant/port/block.h"
#include "store/logs.h"
#include "store/records.h"
#include "store/sealer.h"

#define QD_LOG_PAGE_SIZE 256u /* octets of flash that are programmed at once, head and tag included */
/* Largest row with its time; capacity of the head record of every log: its fields, and rows for a page and a half,
 * so that a group may append half a page of rows to a log whatever the page being filled holds already. */
#define QD_LOG_ROW_MAX 128u
#define QD_LOG_HEAD_SIZE 424u
#define QD_LOG_SPARES_MAX 4u

typedef struct qd_log_row {
    /* Of the head record in the record store's layout, which has QD_LOG_HEAD_SIZE octets and is mirrored: a head that
     * a damaged slot brings back from before would give the same page another content. */
    uint16_t id;
    uint16_t row_size; /* largest row in octets, without its time, 1 .. QD_LOG_ROW_MAX - 4 */
    uint32_t rows;     /* rows that can always be read once there were as many, with rows of that size */
    uint8_t spares;    /* erase blocks that wait for others to fail, 0 .. 4 */
} qd_log_row_t;

typedef struct qd_log_layout {
    const qd_log_row_t *rows; /* sorted by id; order decides the addresses */
    uint8_t row_count;
} qd_log_layout_t;

typedef struct qd_log_stats {
    uint32_t rows;      /* appended since the mount */
    uint32_t pages;     /* programmed */
    uint32_t opened;    /* pages, to be read */
    uint32_t erases;    /* started */
    uint32_t bad_pages; /* found corrupt by a read or by scrubbing */
    uint32_t remaps;    /* blocks given up for a spare one since the mount */
    uint32_t lost_rows; /* of pages that could not be programmed anywhere */
} qd_log_stats_t;

typedef struct qd_log_store qd_log_store_t;

/* Octets of memory for qd_log_mount, aligned as for any object. */
size_t qd_log_size(const qd_log_layout_t *layout);
/* Octets of flash with erase blocks of this size. */
uint32_t qd_log_device_size(const qd_log_layout_t *layout, const qd_sealer_t *sealer, uint32_t erase_size);
/*
 * Mounts all logs. records: the record store, mounted, with the head records; epoch: its boot epoch. A log
 * whose head was never written is empty; one whose head is lost goes on behind the newest page that flash holds
 * (at most a page and a half of rows is lost, two pages of row numbers are left out and read as QD_CORRUPT; *lost,
 * which may be NULL, has the bit of its row), and a restart that only the head knew of is undone.
 * QD_OK; QD_ARGUMENT: layout or device contradict themselves; QD_NO_SPACE: memory or device too small;
 * QD_VERSION: a head of another layout version; QD_IO.
 */
qd_status_t qd_log_mount(void *memory, size_t size, const qd_log_layout_t *layout,
                         const qd_records_t *records, const qd_block_t *flash, const qd_sealer_t *sealer,
                         uint32_t epoch, uint32_t *lost, qd_log_store_t **store);
/* The interface for the users of the logs; valid as long as the store. */
const qd_logs_t *qd_log_interface(qd_log_store_t *store);
/* One piece of background work outside of any group: programs a page that is full, starts or polls an erase,
 * or commits that it ended. At most one program or one poll. QD_OK: there may be more to do; QD_END: idle; QD_IO: a
 * device failed, see the stats; it is tried again. */
qd_status_t qd_log_run(qd_log_store_t *store);
/* Verifies the next page that holds rows, in turn. QD_OK: good; QD_CORRUPT: *log and *sequence (first row) say
 * what is lost; QD_END: it was the last one, the next call begins again; QD_IO. */
qd_status_t qd_log_scrub(qd_log_store_t *store, uint16_t *log, uint32_t *sequence);
/* The group that was open has been committed: pages that it filled may be programmed by the next append that
 * needs the room. qd_log_run implies it. */
void qd_log_group_committed(qd_log_store_t *store);
/* The group that was open has failed or was aborted: what was appended in it never happened. QD_OK, QD_IO. */
qd_status_t qd_log_group_failed(qd_log_store_t *store);
/* True while a page cannot be programmed or a block not be erased and no spare one is left. */
bool qd_log_degraded(const qd_log_store_t *store);
void qd_log_get_stats(const qd_log_store_t *store, qd_log_stats_t *stats);
/* Pages opened since the mount, as in the statistics; wraps. A measure of what reading has cost. */
uint32_t qd_log_opened(const qd_log_store_t *store);

#endif
