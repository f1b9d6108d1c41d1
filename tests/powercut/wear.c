/*
 * wear: what twenty years of a load profile and an event log cost the devices.
 *
 * A profile of ten channels, a row of 60 octets every five minutes, and twenty events a day, on a simulated NOR flash
 * with erase blocks of 4 KiB that last 10,000 cycles. Every block must stay under half of them. Prints what is
 * programmed per octet of rows, and how often blocks are erased.
 *
 *   wear [--years N]
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quadrant/sim.h"
#include "store/log.h"
#include "store/store.h"

#define BLOCK 4096u
#define FRAM_SIZE 8192u
#define CYCLES_MAX 5000u
#define PROFILE 0x301u
#define EVENTS 0x302u
#define PROFILE_ROW 60u
#define EVENT_ROW 20u
#define ROWS_A_DAY 288u
#define EVENTS_A_DAY 20u
#define DAY_S 86400u

static const qd_record_row_t record_rows[] = {{PROFILE, QD_LOG_HEAD_SIZE, true},
                                              {EVENTS, QD_LOG_HEAD_SIZE, true}};
static const qd_store_layout_t record_layout = {"wear", 1, record_rows, 2, 2 * QD_LOG_HEAD_SIZE};
/* 30 days, and 500 events. */
static const qd_log_row_t log_rows[] = {{PROFILE, PROFILE_ROW, 30 * ROWS_A_DAY, 1},
                                        {EVENTS, EVENT_ROW, 500, 1}};
static const qd_log_layout_t log_layout = {log_rows, 2};

typedef struct world {
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t fram_port, flash;
    qd_store_t *store;
    qd_log_store_t *logs_store;
    const qd_logs_t *logs;
    uint64_t rows, row_octets;
} world_t;

static void *need(size_t size) {
    void *memory = aligned_alloc(alignof(max_align_t), (size + 63) / 64 * 64);

    if (memory == NULL) {
        fputs("wear: no memory\n", stderr);
        exit(2);
    }
    return memory;
}

static void must(qd_status_t status, const char *what) {
    if (status != QD_OK && status != QD_END) {
        printf("%s: %s\n0 passed, 1 failed\n", what, qd_status_name(status));
        exit(1);
    }
}

static void start(world_t *w) {
    uint32_t size = qd_log_device_size(&log_layout, &qd_sealer_crc, BLOCK);
    size_t store_size = qd_store_size(&record_layout), logs_size = qd_log_size(&log_layout);

    memset(w, 0, sizeof *w);
    qd_sim_fram_init(&w->fram, need(qd_sim_fram_memory(FRAM_SIZE)), FRAM_SIZE, 0xff, 1);
    qd_sim_nor_init(&w->nor, need(qd_sim_nor_memory(size, BLOCK)), size, BLOCK, 2);
    qd_sim_fram_port(&w->fram, &w->fram_port);
    qd_sim_nor_port(&w->nor, &w->flash);
    must(qd_store_mount(need(store_size), store_size, &record_layout, &w->fram_port, &qd_sealer_crc,
                        &w->store),
         "store");
    must(qd_log_mount(need(logs_size), logs_size, &log_layout, qd_store_records(w->store), &w->flash,
                      &qd_sealer_crc, qd_store_epoch(w->store), NULL, &w->logs_store),
         "logs");
    w->logs = qd_log_interface(w->logs_store);
    printf("RAM %zu octets, flash %u blocks\n", logs_size, (unsigned)(size / BLOCK));
}

static void append(world_t *w, uint16_t log, uint32_t time, uint16_t length) {
    uint8_t row[PROFILE_ROW];
    qd_status_t status = QD_OK;

    memset(row, (uint8_t)time, sizeof row);
    memcpy(row, &time, sizeof time);
    must(w->logs->append(w->logs->context, log, time, row, length, NULL), "append");
    w->rows++;
    w->row_octets += length + 4u;
    while (status == QD_OK) {
        status = qd_log_run(w->logs_store);
    }
    must(status, "run");
}

static void live(world_t *w, uint32_t days) {
    for (uint32_t day = 0; day < days; day++) {
        for (uint32_t row = 0; row < ROWS_A_DAY; row++) {
            uint32_t time = day * DAY_S + row * (DAY_S / ROWS_A_DAY);

            append(w, PROFILE, time, PROFILE_ROW);
            if (row % 14 == 0 && row / 14 < EVENTS_A_DAY) {
                append(w, EVENTS, time, EVENT_ROW);
            }
        }
    }
}

/* Is the newest day there? */
static bool is_readable(const world_t *w) {
    qd_log_span_t span;
    uint8_t row[PROFILE_ROW];
    int64_t time;
    size_t length;

    if (w->logs->span(w->logs->context, PROFILE, &span) != QD_OK ||
        span.end - span.first > log_rows[0].rows || span.end - span.first < ROWS_A_DAY) {
        return false;
    }
    for (uint32_t i = span.first; i < span.end; i++) {
        if (w->logs->read(w->logs->context, PROFILE, i, &time, row, sizeof row, &length) != QD_OK ||
            time != (int64_t)(i - 1) * (DAY_S / ROWS_A_DAY)) {
            return false;
        }
    }
    return true;
}

static unsigned judge(const char *what, bool good) {
    printf("%s: %s\n", what, good ? "yes" : "no");
    return good ? 0 : 1;
}

/* Erases of the blocks from .. end-1. */
static uint32_t erases(const world_t *w, const char *name, uint32_t from, uint32_t end) {
    uint32_t low = UINT32_MAX, high = 0;

    for (uint32_t i = from; i < end; i++) {
        uint32_t count = qd_sim_nor_erases(&w->nor, i);

        low = count < low ? count : low;
        high = count > high ? count : high;
    }
    printf("%s: %u blocks, erases per block %u to %u\n", name, (unsigned)(end - from), (unsigned)low,
           (unsigned)high);
    return high;
}

int main(int argc, char **argv) {
    static world_t w;
    uint32_t years = 20, blocks, events, high;
    qd_sim_fram_stats_t fram;
    qd_sim_nor_stats_t nor;
    qd_log_stats_t logs;
    unsigned failed = 0;

    if (argc == 3 && strcmp(argv[1], "--years") == 0) {
        years = (uint32_t)strtoul(argv[2], NULL, 10);
    }
    start(&w);
    live(&w, years * 365u + years / 4u);
    qd_sim_fram_get_stats(&w.fram, &fram);
    qd_sim_nor_get_stats(&w.nor, &nor);
    qd_log_get_stats(w.logs_store, &logs);
    printf("%u years, %lu rows, %lu octets of rows\n", (unsigned)years, (unsigned long)w.rows,
           (unsigned long)w.row_octets);
    printf("flash: %u octets programmed, %.2f per octet of rows\n", (unsigned)nor.programmed_octets,
           (double)nor.programmed_octets / (double)w.row_octets);
    printf("FRAM: %.0f octets programmed per row, %.2f programs\n",
           (double)fram.programmed_octets / (double)w.rows, (double)fram.programs / (double)w.rows);
    /* The log of fewer blocks lies behind the other. */
    blocks = w.flash.size / BLOCK;
    events = qd_log_device_size(&(qd_log_layout_t){log_rows + 1, 1}, &qd_sealer_crc, BLOCK) / BLOCK;
    high = erases(&w, "profile", 0, blocks - events - 1);
    (void)erases(&w, "profile, spare", blocks - events - 1, blocks - events);
    failed += judge("profile under half of its cycles", high < CYCLES_MAX);
    high = erases(&w, "events", blocks - events, blocks - 1);
    (void)erases(&w, "events, spare", blocks - 1, blocks);
    failed += judge("events under half of their cycles", high < CYCLES_MAX);
    failed += judge("no bit set without an erase", nor.violations == 0);
    failed += judge("no block given up", logs.remaps + logs.lost_rows == 0);
    failed += judge("newest rows readable", is_readable(&w));
    printf("%u passed, %u failed\n", 5 - failed, failed);
    return failed == 0 ? 0 : 1;
}
