/*
 * fixture.h - a store on a simulated FRAM, and short words for using it.
 */
#ifndef QD_TESTS_STORE_FIXTURE_H
#define QD_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"
#include "store/store.h"

#define SIZE 4096u
#define A 1u
#define B 0x102u
#define C 0xfffeu

static const qd_record_row_t rows[] = {{A, 1, false}, {B, 100, false}, {C, 500, false}};
/* The same with B mirrored: the addresses do not move. */
static const qd_record_row_t mirrored_rows[] = {{A, 1, false}, {B, 100, true}, {C, 500, false}};
static const qd_store_layout_t layout = {"unit", 3, rows, 3, 300};

typedef struct fixture {
    union {
        max_align_t align;
        uint8_t octets[4096];
    } memory;
    uint8_t cells[5 * SIZE];
    qd_sim_fram_t fram;
    qd_block_t port;
    qd_store_layout_t layout;
    qd_sealer_t sealer;
    qd_store_t *store;
    const qd_records_t *records;
} fixture_t;

static inline void prepare(fixture_t *f, uint8_t fill) {
    memset(f, 0, sizeof *f);
    f->layout = layout;
    f->sealer = qd_sealer_crc;
    qd_sim_fram_init(&f->fram, f->cells, SIZE, fill, 1);
    qd_sim_fram_port(&f->fram, &f->port);
}

static inline qd_status_t mount(fixture_t *f) {
    qd_status_t status =
        qd_store_mount(&f->memory, sizeof f->memory, &f->layout, &f->port, &f->sealer, &f->store);

    if (status == QD_OK || status == QD_END) {
        f->records = qd_store_records(f->store);
    }
    return status;
}

static inline void setup(fixture_t *f) {
    prepare(f, 0xff);
    assert_int_equal(mount(f), QD_END);
}

static inline qd_status_t remount(fixture_t *f) {
    qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&f->fram);
    return mount(f);
}

static inline qd_status_t put(fixture_t *f, uint16_t record, uint8_t value, size_t length) {
    uint8_t octets[600];

    memset(octets, value, sizeof octets);
    return f->records->write(f->records->context, record, octets, length);
}

/* The value that fills a record; -1 when never written, -2 when corrupt, -3 - status for others. */
static inline int get(fixture_t *f, uint16_t record) {
    uint8_t octets[600];
    size_t length = 0;
    qd_status_t status = f->records->read(f->records->context, record, octets, sizeof octets, &length);

    if (status != QD_OK) {
        return status == QD_END ? -1 : status == QD_CORRUPT ? -2 : -3 - (int)status;
    }
    assert_true(length > 0);
    for (size_t i = 1; i < length; i++) {
        assert_int_equal(octets[i], octets[0]);
    }
    return octets[0];
}

static inline uint32_t slot_size(uint32_t capacity) {
    return (16u + capacity + 7u) & ~7u;
}

/* Address of a slot, by the page docs/storage.md. */
static inline uint32_t slot_at(unsigned row, unsigned slot) {
    uint32_t at = 128u + ((16u + 4u + 504u + 7u) & ~7u);

    for (unsigned i = 0; i < row; i++) {
        at += 2 * slot_size(rows[i].capacity);
    }
    return at + slot * slot_size(rows[row].capacity);
}

static inline uint32_t operations(const fixture_t *f) {
    qd_sim_fram_stats_t stats;

    qd_sim_fram_get_stats(&f->fram, &stats);
    return stats.operations;
}

#endif
