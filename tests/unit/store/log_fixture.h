/*
 * log_fixture.h - three ring logs on a simulated NOR flash, their heads on a simulated FRAM, and a model that knows
 * every row that was ever appended.
 */
#ifndef QD_TESTS_STORE_LOG_FIXTURE_H
#define QD_TESTS_STORE_LOG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"
#include "store/log.h"
#include "store/store.h"

#define FRAM_SIZE 8192u
#define BLOCK 1024u
#define PAGE 256u
#define FLASH_SIZE (64u * BLOCK)
#define LOGS 3u
#define EVENTS 0u
#define BIG 1u
#define SMALL 2u
#define PLAIN 0x100u
#define MODEL_ROWS 8192u

static const qd_record_row_t record_rows[] = {{PLAIN, 40, false},
                                              {0x301, QD_LOG_HEAD_SIZE, true},
                                              {0x302, QD_LOG_HEAD_SIZE, true},
                                              {0x303, QD_LOG_HEAD_SIZE, true}};
static const qd_store_layout_t record_layout = {"log", 1, record_rows, 4, 1400};
static const qd_log_row_t log_rows[LOGS] = {{0x301, 20, 90, 2}, {0x302, 124, 6, 0}, {0x303, 5, 300, 1}};
static const qd_log_layout_t log_layout = {log_rows, LOGS};

/* Row number n of a log: what it was appended with. */
typedef struct model_row {
    uint32_t time;
    uint32_t seed;
} model_row_t;

typedef struct model_log {
    model_row_t rows[MODEL_ROWS]; /* by sequence - 1 */
    uint32_t end;
    uint32_t base; /* first row of the generation */
    uint16_t row_size;
} model_log_t;

typedef struct world {
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t fram_port;
    qd_block_t flash;
    qd_sealer_t sealer;
    qd_store_t *store;
    const qd_records_t *records;
    qd_log_store_t *logs_store;
    const qd_logs_t *logs;
    uint32_t lost;
    union {
        max_align_t align;
        uint8_t octets[8192];
    } memory;
    union {
        max_align_t align;
        uint8_t octets[2048];
    } log_memory;
    uint8_t *cells[2];
    model_log_t model[LOGS];
    model_log_t before[LOGS]; /* when the group was opened */
    uint32_t seed;
} world_t;

static inline qd_status_t world_mount(world_t *w) {
    qd_status_t status =
        qd_store_mount(&w->memory, sizeof w->memory, &record_layout, &w->fram_port, &w->sealer, &w->store);

    if (status != QD_OK && status != QD_END) {
        return status;
    }
    w->records = qd_store_records(w->store);
    status = qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &w->flash,
                          &w->sealer, qd_store_epoch(w->store), &w->lost, &w->logs_store);
    w->logs = status == QD_OK ? qd_log_interface(w->logs_store) : NULL;
    return status;
}

static inline world_t *world_new(void) {
    world_t *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->cells[0] = malloc(qd_sim_fram_memory(FRAM_SIZE));
    w->cells[1] = malloc(qd_sim_nor_memory(FLASH_SIZE, BLOCK));
    w->sealer = qd_sealer_crc;
    qd_sim_fram_init(&w->fram, w->cells[0], FRAM_SIZE, 0xff, 1);
    qd_sim_nor_init(&w->nor, w->cells[1], FLASH_SIZE, BLOCK, 2);
    qd_sim_fram_port(&w->fram, &w->fram_port);
    qd_sim_nor_port(&w->nor, &w->flash);
    for (unsigned i = 0; i < LOGS; i++) {
        w->model[i].end = 1;
        w->model[i].base = 1;
        w->model[i].row_size = log_rows[i].row_size;
    }
    assert_int_equal(world_mount(w), QD_OK);
    assert_int_equal(w->lost, 0);
    return w;
}

static inline void world_free(world_t *w) {
    free(w->cells[0]);
    free(w->cells[1]);
    free(w);
}

/* Power off and on again. */
static inline qd_status_t world_mount_again(world_t *w) {
    qd_sim_fram_power_off(&w->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_nor_power_off(&w->nor, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&w->fram);
    qd_sim_nor_restart(&w->nor);
    return world_mount(w);
}

static inline void world_remount(world_t *w) {
    assert_int_equal(world_mount_again(w), QD_OK);
}

static inline void row_octets(uint8_t *octets, uint16_t size, uint32_t seed) {
    for (uint16_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        octets[i] = (uint8_t)(seed >> 24);
    }
}

/* Appends; the model follows when it succeeds. */
static inline qd_status_t world_append(world_t *w, unsigned log, uint32_t time) {
    model_log_t *model = &w->model[log];
    uint8_t octets[QD_LOG_ROW_MAX];
    uint32_t sequence = 0;
    qd_status_t status;

    w->seed++;
    row_octets(octets, model->row_size, w->seed);
    status = w->logs->append(w->logs->context, log_rows[log].id, time, octets, model->row_size, &sequence);
    if (status == QD_OK) {
        assert_int_equal(sequence, model->end);
        assert_true(model->end <= MODEL_ROWS);
        model->rows[model->end - 1] = (model_row_t){time, w->seed};
        model->end++;
    }
    return status;
}

static inline qd_status_t world_restart(world_t *w, unsigned log, uint16_t row_size) {
    model_log_t *model = &w->model[log];
    qd_status_t status = w->logs->restart(w->logs->context, log_rows[log].id, row_size);

    if (status == QD_OK) {
        model->base = model->end;
        model->row_size = row_size;
    }
    return status;
}

/* Runs until there is nothing to do. Returns the number of QD_IO on the way. */
static inline unsigned world_run(world_t *w) {
    unsigned failed = 0;

    for (unsigned i = 0; i < 10000; i++) {
        qd_status_t status = qd_log_run(w->logs_store);

        if (status == QD_END) {
            return failed;
        }
        assert_true(status == QD_OK || status == QD_IO);
        failed += status == QD_IO ? 1 : 0;
    }
    fail_msg("it never ends");
    return failed;
}

static inline qd_log_span_t world_span(world_t *w, unsigned log) {
    qd_log_span_t span;

    assert_int_equal(w->logs->span(w->logs->context, log_rows[log].id, &span), QD_OK);
    return span;
}

/* A search from its begin to its end. */
static inline qd_status_t world_find(world_t *w, uint16_t id, int64_t time, uint32_t *sequence) {
    qd_log_search_t search = {0, 0, 0};
    qd_status_t status = QD_PENDING;

    for (unsigned i = 0; i < 1000 && status == QD_PENDING; i++) {
        status = w->logs->find(w->logs->context, id, time, &search);
    }
    *sequence = search.low;
    return status;
}

static inline qd_status_t world_read(world_t *w, unsigned log, uint32_t sequence) {
    const model_log_t *model = &w->model[log];
    uint8_t octets[QD_LOG_ROW_MAX], wanted[QD_LOG_ROW_MAX];
    size_t length = 0;
    int64_t time = -1;
    qd_status_t status =
        w->logs->read(w->logs->context, log_rows[log].id, sequence, &time, octets, sizeof octets, &length);

    if (status == QD_OK) {
        assert_int_equal(length, model->row_size);
        assert_int_equal(time, model->rows[sequence - 1].time);
        row_octets(wanted, model->row_size, model->rows[sequence - 1].seed);
        assert_memory_equal(octets, wanted, length);
    }
    return status;
}

/* What find has to answer when every row can be read. */
static inline uint32_t model_find(const model_log_t *model, uint32_t orderly, uint32_t end, uint32_t time) {
    while (orderly < end && model->rows[orderly - 1].time < time) {
        orderly++;
    }
    return orderly;
}

static inline uint32_t model_orderly(const model_log_t *model, uint32_t first) {
    uint32_t orderly = model->base;

    for (uint32_t i = model->base + 1; i < model->end; i++) {
        orderly = model->rows[i - 1].time < model->rows[i - 2].time ? i : orderly;
    }
    return orderly > first ? orderly : first;
}

/* Everything that the interface shows of a log is what the model knows; corrupt: rows that may be so. */
static inline void world_check(world_t *w, unsigned log, uint32_t corrupt) {
    const model_log_t *model = &w->model[log];
    qd_log_span_t span = world_span(w, log);
    uint32_t held = model->end - model->base;
    uint32_t bad = 0;

    assert_int_equal(span.end, model->end);
    assert_true(span.end - span.first == (held < log_rows[log].rows ? held : log_rows[log].rows));
    assert_int_equal(world_read(w, log, span.end), QD_END);
    assert_int_equal(world_read(w, log, span.first - 1), QD_END);
    for (uint32_t i = span.first; i < span.end; i++) {
        qd_status_t status = world_read(w, log, i);

        if (status == QD_CORRUPT && bad < corrupt) {
            bad++;
            continue;
        }
        assert_int_equal(status, QD_OK);
    }
    assert_int_equal(span.orderly, model_orderly(model, span.first));
    for (uint32_t i = 0; i < 5 && bad == 0; i++) {
        uint32_t time = span.end > span.first
                            ? model->rows[span.first - 1 + (i * 37u) % (span.end - span.first)].time + i % 2
                            : i;
        uint32_t sequence = 0;

        assert_int_equal(world_find(w, log_rows[log].id, time, &sequence), QD_OK);
        assert_int_equal(sequence, model_find(model, span.orderly, span.end, time));
    }
}

static inline void world_check_all(world_t *w) {
    for (unsigned log = 0; log < LOGS; log++) {
        world_check(w, log, 0);
    }
}

static inline void world_begin(world_t *w) {
    memcpy(w->before, w->model, sizeof w->model);
    assert_int_equal(qd_txn_begin(w->store), QD_OK);
}

static inline void world_commit(world_t *w) {
    assert_int_equal(qd_txn_commit(w->store), QD_OK);
    qd_log_group_committed(w->logs_store);
}

static inline void world_abort(world_t *w) {
    qd_txn_abort(w->store);
    assert_int_equal(qd_log_group_failed(w->logs_store), QD_OK);
    memcpy(w->model, w->before, sizeof w->model);
}

static inline void world_fill(world_t *w, unsigned log, unsigned rows, uint32_t time) {
    for (unsigned i = 0; i < rows; i++) {
        assert_int_equal(world_append(w, log, time + i), QD_OK);
        (void)world_run(w);
    }
}

/* Both slots of a head; it is the record at row + 1. */
static inline void world_spoil_head(world_t *w, unsigned log) {
    uint32_t slot = (12u + 4u + QD_LOG_HEAD_SIZE + 7u) & ~7u;
    uint32_t end = qd_store_device_size(&record_layout, &w->sealer);

    for (unsigned i = 0; i < 2; i++) {
        qd_sim_fram_flip(&w->fram, end - (LOGS - log) * 2 * slot + i * slot + 2, 0x55);
    }
}

#endif
