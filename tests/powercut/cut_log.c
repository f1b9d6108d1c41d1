/*
 * cut_log: two ring logs with their heads in the record store, with a power cut in every operation of both devices.
 *
 * The scenario goes round the rings several times: rows alone and in groups over both logs, groups that fail, new
 * generations and starts. After each cut every row that was committed is there, in its order, once, and nothing
 * else is; no page is sealed twice with different content; and the logs go on from there for more than one
 * erase block without a block given up. The options are those of tests/support/cut.h, and
 *
 *   cut_log --image FILE STEPS    writes the flash after so many steps, prints the heads and what is to be found
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/log.h"
#include "store/store.h"
#include "support/cut.h"

#define FRAM_SIZE 4096u
#define BLOCK 512u
#define RING 4u
#define LOG_BLOCKS (RING + 1u)
#define LOGS 2u
#define FLASH_SIZE (LOGS * LOG_BLOCKS * BLOCK)
#define ROWS_MAX 320u
#define GO_ON 14u
#define SAMPLE 3u /* one case in so many, unless --full is given */
#define RUNS_MAX 200u
#define PAGES_MAX 128u
/* In a head, by docs/storage-logs.md. */
#define AT_ROW_SIZE 1u
#define AT_FIRST 16u
#define AT_PAGE 20u
#define AT_EPOCH 24u
#define AT_BASE_PAGE 28u
#define AT_BASE_ROW 32u
#define ROW_OCTETS 231u /* of a page */

static const qd_record_row_t record_rows[LOGS] = {{0x301, QD_LOG_HEAD_SIZE, true},
                                                  {0x302, QD_LOG_HEAD_SIZE, true}};
static const qd_store_layout_t record_layout = {"cutlog", 1, record_rows, LOGS, 2 * QD_LOG_HEAD_SIZE};
/* 3 and 9 rows a page, 2 pages a block. */
static const qd_log_row_t log_rows[LOGS] = {{0x301, 60, 12, 1}, {0x302, 20, 36, 1}};
static const qd_log_layout_t log_layout = {log_rows, LOGS};

static const char *const defects[] = {
    "erase-before-commit", /* with a block the one behind it is erased, whose rows nothing has given up */
    "unsynced-page",       /* no sync of the flash does anything */
    "clean-early",         /* an erase is said to have ended while it runs */
    "epoch-of-start",      /* a page is programmed again under the epoch of the later start */
};
enum { ERASE_BEFORE_COMMIT = 1, UNSYNCED_PAGE, CLEAN_EARLY, EPOCH_OF_START };

enum kind { ONE, GROUP, ABORT, RUN, RESTART, MOUNT };

/* a, b: rows for the logs; of a restart: the log and the row size. */
typedef struct step {
    enum kind kind;
    unsigned a, b;
} step_t;

static const step_t script[] = {
    {ONE, 1, 0},     {RUN, 0, 0},   {GROUP, 2, 3}, {GROUP, 1, 3},    {RUN, 0, 0},   {ABORT, 2, 4},
    {GROUP, 2, 6},   {ONE, 1, 0},   {RUN, 0, 0},   {GROUP, 2, 5},    {ONE, 0, 1},   {RUN, 0, 0},
    {ONE, 1, 0},     {GROUP, 2, 5}, {RUN, 0, 0},   {MOUNT, 0, 0},    {GROUP, 2, 5}, {GROUP, 1, 4},
    {RUN, 0, 0},     {ABORT, 2, 5}, {GROUP, 2, 5}, {RUN, 0, 0},      {GROUP, 2, 5}, {RUN, 0, 0},
    {GROUP, 2, 5},   {RUN, 0, 0},   {GROUP, 2, 5}, {ONE, 1, 0},      {RUN, 0, 0},   {GROUP, 2, 5},
    {RUN, 0, 0},     {GROUP, 2, 5}, {RUN, 0, 0},   {RESTART, 0, 44}, {GROUP, 2, 5}, {RUN, 0, 0},
    {GROUP, 2, 5},   {RUN, 0, 0},   {GROUP, 2, 5}, {RUN, 0, 0},      {GROUP, 2, 5}, {RUN, 0, 0},
    {RESTART, 1, 9}, {GROUP, 2, 5}, {RUN, 0, 0},   {GROUP, 2, 5},    {RUN, 0, 0},   {RESTART, 0, 60},
    {GROUP, 2, 5},   {RUN, 0, 0},   {GROUP, 2, 6}, {RUN, 0, 0},      {ABORT, 1, 1}, {RUN, 0, 0},
};
#define STEPS (sizeof script / sizeof script[0])

/* All that there is to know of a log: row number n was made of seed[n - 1]. */
typedef struct model_log {
    uint16_t seed[ROWS_MAX];
    uint32_t end;
    uint32_t base;
    uint16_t row_size;
} model_log_t;

typedef struct world {
    uint8_t cells[5 * FRAM_SIZE];
    uint8_t blocks[5 * FLASH_SIZE + 4 * (FLASH_SIZE / BLOCK)];
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t fram_port, inner, flash;
    qd_records_t records;
    qd_sealer_t sealer;
    qd_store_t *store;
    qd_log_store_t *logs_store;
    const qd_logs_t *logs;
    union {
        max_align_t align;
        uint8_t octets[4096];
    } memory;
    union {
        max_align_t align;
        uint8_t octets[2048];
    } log_memory;
    struct {
        uint32_t epoch;
        uint32_t check;
    } sealed[LOGS][PAGES_MAX];
    bool reused;
    bool early;   /* a block was erased whose rows nothing had given up */
    bool erasing; /* of clean-early: an erase that was said to have ended */
    unsigned defect;
    model_log_t model[LOGS], other[LOGS]; /* scratch of the judge */
} world_t;

/* --- planted defects -------------------------------------------------------------------------------- */

static qd_status_t finish_erase(world_t *w) {
    qd_status_t status = QD_PENDING;

    w->erasing = false;
    while (status == QD_PENDING) {
        status = w->inner.erase_poll(w->inner.context);
    }
    return status;
}

static qd_status_t flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    world_t *w = context;

    return w->inner.read(w->inner.context, offset, buffer, length);
}

static qd_status_t flash_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    world_t *w = context;
    qd_status_t status = w->erasing ? finish_erase(w) : QD_OK;

    return status == QD_OK ? w->inner.program(w->inner.context, offset, buffer, length) : status;
}

static qd_status_t flash_sync(void *context) {
    world_t *w = context;

    return w->defect == UNSYNCED_PAGE ? QD_OK : w->inner.sync(w->inner.context);
}

static uint32_t word(const uint8_t *octets) {
    return octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 | (uint32_t)octets[3] << 24;
}

/* Does the head that is committed still count on a page in this block of the ring? No spare block is in use. */
static bool is_needed(const world_t *w, uint32_t log, uint32_t place) {
    const qd_records_t *records = qd_store_records(w->store);
    uint8_t head[QD_LOG_HEAD_SIZE];
    uint32_t page;
    size_t length;

    if (records->read(records->context, log_rows[log].id, head, sizeof head, &length) != QD_OK) {
        return false;
    }
    page = word(head + AT_BASE_PAGE) +
           (word(head + AT_FIRST) - word(head + AT_BASE_ROW)) / (ROW_OCTETS / (4u + head[AT_ROW_SIZE]));
    for (; page < word(head + AT_PAGE); page++) {
        if (page / (BLOCK / QD_LOG_PAGE_SIZE) % RING == place) {
            return true;
        }
    }
    return false;
}

static qd_status_t flash_erase_start(void *context, uint32_t offset) {
    world_t *w = context;
    uint32_t log = offset / (LOG_BLOCKS * BLOCK), place = offset / BLOCK % LOG_BLOCKS;
    qd_status_t status = w->erasing ? finish_erase(w) : QD_OK;

    w->early = w->early || is_needed(w, log, place);
    if (w->defect == ERASE_BEFORE_COMMIT && place < RING && status == QD_OK) {
        status = w->inner.erase_start(w->inner.context, (log * LOG_BLOCKS + (place + 1) % RING) * BLOCK);
        status = status == QD_OK ? finish_erase(w) : status;
    }
    return status == QD_OK ? w->inner.erase_start(w->inner.context, offset) : status;
}

static qd_status_t flash_erase_poll(void *context) {
    world_t *w = context;

    if (w->defect == CLEAN_EARLY) {
        w->erasing = true;
        return QD_OK;
    }
    return w->inner.erase_poll(w->inner.context);
}

static qd_status_t records_read(void *context, uint16_t record, uint8_t *buffer, size_t size,
                                size_t *length) {
    world_t *w = context;
    const qd_records_t *records = qd_store_records(w->store);
    qd_status_t status = records->read(records->context, record, buffer, size, length);

    if (status == QD_OK && w->defect == EPOCH_OF_START) {
        buffer[AT_EPOCH] = (uint8_t)qd_store_epoch(w->store);
    }
    return status;
}

static qd_status_t records_write(void *context, uint16_t record, const uint8_t *buffer, size_t length) {
    world_t *w = context;
    const qd_records_t *records = qd_store_records(w->store);

    return records->write(records->context, record, buffer, length);
}

static qd_status_t seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, uint8_t *tag) {
    world_t *w = context;
    qd_status_t status = qd_sealer_crc.seal(qd_sealer_crc.context, nonce, in, length, out, tag);

    if (nonce->slot == QD_SEAL_SLOT_PAGE) {
        unsigned log = nonce->record - log_rows[0].id;
        uint32_t check;

        memcpy(&check, tag, sizeof check);
        if (log >= LOGS || nonce->sequence >= PAGES_MAX ||
            (w->sealed[log][nonce->sequence].epoch == nonce->epoch &&
             w->sealed[log][nonce->sequence].check != check)) {
            w->reused = true;
            return status;
        }
        w->sealed[log][nonce->sequence].epoch = nonce->epoch;
        w->sealed[log][nonce->sequence].check = check;
    }
    return status;
}

static qd_status_t unseal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                          uint8_t *out, const uint8_t *tag) {
    (void)context;
    return qd_sealer_crc.open(qd_sealer_crc.context, nonce, in, length, out, tag);
}

/* --- the world -------------------------------------------------------------------------------------- */

static qd_status_t start(world_t *w) {
    qd_status_t status =
        qd_store_mount(&w->memory, sizeof w->memory, &record_layout, &w->fram_port, &w->sealer, &w->store);
    uint32_t lost = 0;

    if (status != QD_OK && status != QD_END) {
        return status;
    }
    status = qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, &w->records, &w->flash,
                          &w->sealer, qd_store_epoch(w->store), &lost, &w->logs_store);
    if (status != QD_OK) {
        return status;
    }
    w->logs = qd_log_interface(w->logs_store);
    return lost == 0 ? QD_OK : QD_CORRUPT;
}

static qd_status_t run(world_t *w) {
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        qd_status_t status = qd_log_run(w->logs_store);

        if (status != QD_OK) {
            return status == QD_END ? QD_OK : status;
        }
    }
    return QD_BUSY;
}

static void setup(void *context, qd_sim_supply_t *supply, unsigned defect) {
    world_t *w = context;

    w->defect = defect;
    qd_sim_fram_init(&w->fram, w->cells, FRAM_SIZE, 0xff, 1);
    qd_sim_nor_init(&w->nor, w->blocks, FLASH_SIZE, BLOCK, 2);
    qd_sim_nor_set_polls(&w->nor, 2);
    (void)qd_sim_fram_attach(&w->fram, supply);
    (void)qd_sim_nor_attach(&w->nor, supply);
    qd_sim_fram_port(&w->fram, &w->fram_port);
    qd_sim_nor_port(&w->nor, &w->inner);
    w->flash = (qd_block_t){.context = w,
                            .size = FLASH_SIZE,
                            .erase_size = BLOCK,
                            .read = flash_read,
                            .program = flash_program,
                            .sync = flash_sync,
                            .erase_start = flash_erase_start,
                            .erase_poll = flash_erase_poll};
    w->records = (qd_records_t){w, records_read, records_write};
    w->sealer = (qd_sealer_t){.context = w, .tag_size = 4, .seal = seal, .open = unseal};
    (void)start(w);
}

/* --- rows ------------------------------------------------------------------------------------------- */

static void row_octets(uint16_t seed, uint8_t *octets, uint16_t size) {
    for (uint16_t i = 0; i < size; i++) {
        octets[i] = (uint8_t)(seed * 31u + i * (seed % 7u + 1u) + (seed >> 6));
    }
}

static uint32_t row_time(uint16_t seed) {
    return 1000u + seed;
}

static qd_status_t append(world_t *w, unsigned log, uint16_t row_size, uint16_t seed) {
    uint8_t octets[QD_LOG_ROW_MAX];

    row_octets(seed, octets, row_size);
    return w->logs->append(w->logs->context, log_rows[log].id, row_time(seed), octets, row_size, NULL);
}

static void model_row(model_log_t *log, uint16_t seed) {
    if (log->end <= ROWS_MAX) {
        log->seed[log->end - 1] = seed;
    }
    log->end++;
}

static uint16_t seed_of(size_t number, unsigned log, unsigned row) {
    return (uint16_t)(1u + number * 16u + log * 8u + row);
}

/* The logs after the first done steps. */
static void model_after(model_log_t *model, size_t done) {
    for (unsigned i = 0; i < LOGS; i++) {
        model[i] = (model_log_t){.end = 1, .base = 1, .row_size = log_rows[i].row_size};
    }
    for (size_t number = 0; number < done && number < STEPS; number++) {
        const step_t *step = &script[number];

        if (step->kind == RESTART) {
            model[step->a].base = model[step->a].end;
            model[step->a].row_size = (uint16_t)step->b;
        } else if (step->kind == ONE || step->kind == GROUP) {
            for (unsigned row = 0; row < step->a; row++) {
                model_row(&model[0], seed_of(number, 0, row));
            }
            for (unsigned row = 0; row < step->b; row++) {
                model_row(&model[1], seed_of(number, 1, row));
            }
        }
    }
}

/* --- the scenario ----------------------------------------------------------------------------------- */

static qd_status_t append_rows(world_t *w, size_t number) {
    const step_t *step = &script[number];
    qd_status_t status = QD_OK;

    model_after(w->model, number);
    for (unsigned i = 0; i < step->a && status == QD_OK; i++) {
        status = append(w, 0, w->model[0].row_size, seed_of(number, 0, i));
    }
    for (unsigned i = 0; i < step->b && status == QD_OK; i++) {
        status = append(w, 1, w->model[1].row_size, seed_of(number, 1, i));
    }
    return status;
}

static qd_status_t group(world_t *w, size_t number, bool commit) {
    qd_status_t status = qd_txn_begin(w->store);

    if (status == QD_OK) {
        status = append_rows(w, number);
    }
    if (!commit) {
        qd_txn_abort(w->store);
        return status == QD_OK ? qd_log_group_failed(w->logs_store) : status;
    }
    return status == QD_OK ? qd_txn_commit(w->store) : status;
}

static qd_status_t do_step(void *context, size_t number) {
    world_t *w = context;
    const step_t *step = &script[number];

    switch (step->kind) {
    case ONE:
        return append_rows(w, number);
    case GROUP:
        return group(w, number, true);
    case ABORT:
        return group(w, number, false);
    case RUN:
        return run(w);
    case RESTART:
        return w->logs->restart(w->logs->context, log_rows[step->a].id, (uint16_t)step->b);
    case MOUNT:
        return start(w);
    }
    return QD_STATE;
}

static qd_status_t mount(void *context) {
    world_t *w = context;
    qd_status_t status;

    w->erasing = false;
    status = start(w);
    return status == QD_OK ? run(w) : status;
}

/* --- the judge -------------------------------------------------------------------------------------- */

/* NULL when the log shows exactly these rows. */
static const char *differs(const world_t *w, unsigned log, const model_log_t *model) {
    uint32_t held = model->end - model->base;
    uint32_t shown = held < log_rows[log].rows ? held : log_rows[log].rows;
    qd_log_span_t span;

    if (w->logs->span(w->logs->context, log_rows[log].id, &span) != QD_OK || span.end != model->end) {
        return "another row is the newest";
    }
    if (span.end - span.first != shown || span.orderly != span.first) {
        return "another row is the oldest";
    }
    for (uint32_t i = span.first; i < span.end; i++) {
        uint8_t octets[QD_LOG_ROW_MAX], wanted[QD_LOG_ROW_MAX];
        int64_t time = 0;
        size_t length = 0;
        qd_status_t status =
            w->logs->read(w->logs->context, log_rows[log].id, i, &time, octets, sizeof octets, &length);

        if (status != QD_OK) {
            return "a row cannot be read";
        }
        row_octets(model->seed[i - 1], wanted, model->row_size);
        if (length != model->row_size || time != (int64_t)row_time(model->seed[i - 1]) ||
            memcmp(octets, wanted, length) != 0) {
            return "a row is another one";
        }
    }
    return NULL;
}

static const char *all_differ(const world_t *w, const model_log_t *model) {
    const char *why = NULL;

    for (unsigned log = 0; log < LOGS && why == NULL; log++) {
        why = differs(w, log, &model[log]);
    }
    return why;
}

/* Rows for more than a block of each log. */
static const char *go_on(world_t *w, model_log_t *model) {
    for (unsigned i = 0; i < GO_ON; i++) {
        for (unsigned log = 0; log < LOGS; log++) {
            for (unsigned row = 0; row < (log == 0 ? 1u : 2u); row++) {
                uint16_t seed = seed_of(STEPS + i, log, row);

                if (append(w, log, model[log].row_size, seed) != QD_OK) {
                    return "a row is refused later";
                }
                model_row(&model[log], seed);
            }
        }
        if (run(w) != QD_OK) {
            return "work fails later";
        }
    }
    return all_differ(w, model);
}

static const char *check(void *context, size_t done) {
    world_t *w = context;
    qd_sim_nor_stats_t flash;
    qd_log_stats_t logs;
    const char *why;

    model_after(w->model, done);
    model_after(w->other, done + 1);
    why = all_differ(w, w->model);
    if (why != NULL && all_differ(w, w->other) == NULL) {
        memcpy(w->model, w->other, sizeof w->model);
        why = NULL;
    }
    if (why == NULL) {
        why = go_on(w, w->model);
    }
    if (why == NULL) {
        qd_sim_nor_get_stats(&w->nor, &flash);
        qd_log_get_stats(w->logs_store, &logs);
        if (w->reused) {
            why = "a page was sealed twice with different content";
        } else if (w->early) {
            why = "a block was erased whose rows were not given up";
        } else if (flash.violations > 0) {
            why = "a program wanted to set a bit";
        } else if (logs.remaps + logs.lost_rows + logs.bad_pages > 0) {
            why = "a block was given up";
        }
    }
    return why;
}

/* --- images ----------------------------------------------------------------------------------------- */

static void print_octets(const uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) {
        printf("%02x", octets[i]);
    }
    printf("\n");
}

/* What a reader has to find: heads as they are, rows as the scenario appended them. */
static void print_expected(const world_t *w, const model_log_t *model) {
    const qd_records_t *records = qd_store_records(w->store);
    uint8_t octets[QD_LOG_HEAD_SIZE];
    size_t length = 0;

    for (unsigned log = 0; log < LOGS; log++) {
        uint32_t held = model[log].end - model[log].base;
        uint32_t shown = held < log_rows[log].rows ? held : log_rows[log].rows;

        if (records->read(records->context, log_rows[log].id, octets, sizeof octets, &length) == QD_OK) {
            printf("head %u ", log_rows[log].id);
            print_octets(octets, length);
        }
        for (uint32_t i = model[log].end - shown; i < model[log].end; i++) {
            printf("row %u %u %u ", log_rows[log].id, (unsigned)i,
                   (unsigned)row_time(model[log].seed[i - 1]));
            row_octets(model[log].seed[i - 1], octets, model[log].row_size);
            print_octets(octets, model[log].row_size);
        }
    }
}

/* Plays so many steps, on a flash with a cell that cannot be cleared: a spare block comes into use. */
static int write_image(const char *path, size_t steps) {
    static union {
        max_align_t align;
        world_t world;
    } memory;
    static qd_sim_supply_t supply;
    world_t *w = &memory.world;
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;

    qd_sim_supply_init(&supply);
    setup(w, &supply, 0);
    (void)qd_sim_nor_stick(&w->nor, 2 * BLOCK + QD_LOG_PAGE_SIZE, 0xff, 0xff);
    for (size_t i = 0; i < steps && i < STEPS && good; i++) {
        unsigned tries = 0;

        /* What fails is tried again by the next run. */
        while (do_step(w, i) != QD_OK && good) {
            good = script[i].kind == RUN && ++tries < 5;
        }
    }
    model_after(w->model, steps);
    good = good && fwrite(qd_sim_nor_cells(&w->nor), 1, FLASH_SIZE, file) == FLASH_SIZE;
    if (file != NULL) {
        good = fclose(file) == 0 && good;
    }
    if (good) {
        print_expected(w, w->model);
    }
    return good ? 0 : 2;
}

int main(int argc, char **argv) {
    static const qd_cut_scenario_t scenarios[] = {
        {"ring-roll-over", sizeof(world_t), STEPS, setup, do_step, mount, check},
    };
    static const qd_cut_program_t program = {"cut_log", scenarios, 1, defects, 4, SAMPLE};

    if (argc == 4 && strcmp(argv[1], "--image") == 0) {
        return write_image(argv[2], strtoul(argv[3], NULL, 10));
    }
    return qd_cut_main(&program, argc, argv);
}
