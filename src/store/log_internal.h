/*
 * log_internal.h - inside of the ring logs; only src/store/log*.c include it.
 *
 * Pages are numbered from 0 over the life of a log; the number says where a page lies (log_page.c). A head is
 * the record of one log, decoded; what is committed is in the record store, and nothing is programmed or erased
 * but what a head read back from there allows (log_work.c).
 */
#ifndef QD_STORE_LOG_INTERNAL_H
#define QD_STORE_LOG_INTERNAL_H

#include "store/internal.h"
#include "store/log.h"

/* docs/storage-logs.md gives these layouts. */
#define QD_LOG_VERSION 1u
#define QD_LOG_FIELDS_SIZE 76u    /* of the head in front of its rows */
#define QD_LOG_PAGE_HEAD_SIZE 12u /* plain, in front of the tag */
#define QD_LOG_PAGE_INNER_SIZE 9u /* sealed, in front of the rows */
#define QD_LOG_TIME_SIZE 4u
#define QD_LOG_NO_PAGE UINT32_MAX
#define QD_LOG_NO_LOG UINT8_MAX
/* Blocks of the ring that a spare block replaces which is not in use, or not usable any more. */
#define QD_LOG_SPARE_FREE 0xffffu
#define QD_LOG_SPARE_SPENT 0xfffeu
#define QD_LOG_ATTEMPTS 2u /* of a program or an erase, until the block is given up */

typedef struct qd_log_head {
    uint32_t generation;
    uint32_t end;       /* sequence of the next row */
    uint32_t first;     /* rows before it are given up */
    uint32_t page;      /* being filled; its rows and those after it are in the head */
    uint32_t epoch;     /* that page is sealed under */
    uint32_t base_page; /* first page of the generation, and its first row */
    uint32_t base_row;
    uint32_t orderly;
    uint32_t newest;                         /* time of the newest row */
    uint32_t clean;                          /* pages from page to here lie in blocks known to be erased */
    uint32_t gap_at;                         /* pages gap_at .. gap_at + gap - 1 hold no rows */
    uint32_t remap_from[QD_LOG_SPARES_MAX];  /* first page that lies in spare block i */
    uint16_t remap_block[QD_LOG_SPARES_MAX]; /* the one of the ring that it replaces */
    uint16_t gap;
    uint8_t row_size; /* without the time */
    uint8_t remaps;   /* spare blocks that the head says something about */
} qd_log_head_t;

typedef struct qd_log {
    qd_log_head_t head; /* as last written, in an open group as staged */
    uint32_t offset;    /* of the log's first block on the device */
    uint32_t settled;   /* rows before it are known to be committed */
    uint32_t done_page; /* needs no program any more: programmed since the mount, or lost */
    uint32_t
        stuck_page; /* while this page was filled, the block ahead could not be erased and no spare was left */
    uint16_t blocks;  /* of the ring, without spares */
    uint8_t attempts; /* that failed, of the next program or erase */
    bool loaded;      /* head is valid */
    bool degraded;
} qd_log_t;

typedef enum qd_log_erase { QD_LOG_ERASE_NONE = 0, QD_LOG_ERASE_RUNS, QD_LOG_ERASE_ENDED } qd_log_erase_t;

struct qd_log_store {
    const qd_log_layout_t *layout;
    const qd_records_t *records;
    const qd_block_t *flash;
    const qd_sealer_t *sealer;
    qd_logs_t logs;
    qd_log_stats_t stats;
    uint32_t epoch;
    uint32_t cached_page; /* opened in page, QD_LOG_NO_PAGE: none */
    uint32_t erase_from;  /* first page of the log that the erase is for */
    uint32_t scrub_page;
    uint16_t pages;     /* in an erase block */
    uint8_t cached_log; /* row of the layout */
    uint8_t image_log;  /* row whose head is in image; QD_LOG_NO_LOG: none */
    uint8_t erase_log;
    uint8_t erase; /* qd_log_erase_t */
    uint8_t turn;  /* the log that run looks at first */
    uint8_t scrub_log;
    bool idle;                       /* no log has anything to do until a head changes */
    uint8_t image[QD_LOG_HEAD_SIZE]; /* head of image_log as in its record */
    uint8_t page[QD_LOG_PAGE_SIZE];  /* as in flash; its sealed part opened when it is the cached one */
    qd_log_t *states;
};

/* log_head.c */
/* Rows in a full page, and in a full head, for rows of this size. */
uint32_t qd_log_page_rows(const qd_log_store_t *store, uint8_t row_size);
uint32_t qd_log_head_rows(const qd_log_store_t *store, uint8_t row_size);
/* The page that holds a row of the generation; the first row of a page (of the one after a gap, for a page in it). */
uint32_t qd_log_page_of(const qd_log_store_t *store, const qd_log_head_t *head, uint32_t sequence);
uint32_t qd_log_row_of(const qd_log_store_t *store, const qd_log_head_t *head, uint32_t page);
/* A log that was never written. */
void qd_log_head_init(qd_log_store_t *store, uint8_t row, qd_log_head_t *head);
/* Reads the head from the record store into image and state. QD_OK (also when it was never written);
 * QD_CORRUPT: lost; QD_VERSION; QD_IO. */
qd_status_t qd_log_head_load(qd_log_store_t *store, uint8_t row);
/* Brings the head into image and state if it is not there. As qd_log_head_load. */
qd_status_t qd_log_head_need(qd_log_store_t *store, uint8_t row);
/* Writes image, whose rows are ready, with these fields; state becomes head on QD_OK. As records->write. */
qd_status_t qd_log_head_write(qd_log_store_t *store, uint8_t row, const qd_log_head_t *head);
/* Begins the next page in head; drop: octets of rows at the begin of image leave it. */
void qd_log_head_advance(const qd_log_store_t *store, uint8_t row, qd_log_head_t *head);
/* Removes the rows of the page before from image, whose fields are still those of state. */
void qd_log_image_drop(qd_log_store_t *store, uint8_t row);
/* Gives up the rows of the blocks that are erased while this head fills its page. */
void qd_log_head_give_up(const qd_log_store_t *store, uint8_t row, qd_log_head_t *head, uint32_t page);

/* log_page.c */
/* Erase blocks of a log's ring. */
uint32_t qd_log_ring_size(const qd_log_row_t *row, uint8_t tag_size, uint32_t pages);
/* Where a page lies. */
uint32_t qd_log_page_offset(const qd_log_store_t *store, uint8_t row, const qd_log_head_t *head,
                            uint32_t page);
/* What a page says of itself, once it is opened. */
typedef struct qd_log_page_info {
    uint32_t number;
    uint32_t generation;
    uint32_t first;
    uint8_t row_size;
    uint8_t rows;
} qd_log_page_info_t;
/* Reads and opens what lies at offset into store->page. number: the page wanted, QD_LOG_NO_PAGE: any. QD_OK;
 * QD_CORRUPT: not a whole page of this log, or another one; QD_IO. */
qd_status_t qd_log_page_open(qd_log_store_t *store, uint8_t row, uint32_t offset, uint32_t number,
                             qd_log_page_info_t *info);
/* Brings the page of the generation into the cache. As qd_log_page_open; a corrupt one is counted. */
qd_status_t qd_log_page_load(qd_log_store_t *store, uint8_t row, uint32_t page);
/* Octets of row number index of the cached page, time first. */
const uint8_t *qd_log_page_row(const qd_log_store_t *store, uint8_t row, uint32_t index);
/* Seals, programs and reads back the page being filled, from the head in image, which is committed. QD_OK;
 * QD_CORRUPT: it does not read back; QD_PENDING; QD_IO. */
qd_status_t qd_log_page_program(qd_log_store_t *store, uint8_t row);

/* log_work.c */
/* Programs the full page of a log whose rows are committed and whose block is clean. QD_OK: it is done;
 * QD_PENDING; QD_IO. */
qd_status_t qd_log_work_program(qd_log_store_t *store, uint8_t row);
void qd_log_work_settle(qd_log_store_t *store);

/* log_rebuild.c */
/* Makes a head from what the pages in flash say, and commits it. QD_OK, QD_IO. */
qd_status_t qd_log_rebuild(qd_log_store_t *store, uint8_t row);

#endif
