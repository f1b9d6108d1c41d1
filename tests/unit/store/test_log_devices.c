/* Ring logs on devices that cannot be read or are busy, heads that are lost, and heads that cannot be right. */
#include "log_fixture.h"

#include "faulty.h"

/* By docs/storage-logs.md: 9, 1 and 25 rows of 24, 128 and 9 octets a page, 4 pages a block. */
#define EVENTS_ID 0x301u
#define EVENTS_ROWS 9u
#define EVENTS_ROW 20u
#define HEAD_ROWS 14u /* of 24 octets in a head */

typedef struct bench {
    world_t *w;
    faulty_block_t fram, flash;
    faulty_sealer_t sealer;
} bench_t;

static void bench_new(bench_t *b) {
    b->w = world_new();
    faulty_block(&b->fram, &b->w->fram_port);
    faulty_block(&b->flash, &b->w->flash);
    faulty_sealer(&b->sealer, &b->w->sealer);
}

static void heal(bench_t *b) {
    b->fram.read = b->fram.program = b->flash.read = b->flash.program = (plan_t){0};
    b->sealer.seal = b->sealer.open = (plan_t){0};
}

static qd_log_stats_t stats_of(const world_t *w) {
    qd_log_stats_t stats;

    qd_log_get_stats(w->logs_store, &stats);
    return stats;
}

static void put_u16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *p, uint32_t value) {
    put_u16(p, (uint16_t)value);
    put_u16(p + 2, (uint16_t)(value >> 16));
}

/* --- mounting ----------------------------------------------------------------------------------------- */

static void layouts_that_contradict_themselves(void **state) {
    static const qd_log_row_t none[] = {{1, 0, 4, 0}}, zero[] = {{0, 4, 4, 0}},
                              vast[] = {{1, 4, 28u * 4u * 65533u, 0}},
                              fits[] = {{1, 4, 28u * 4u * 65532u, 0}};
    const qd_log_layout_t bad[] = {{none, 1}, {zero, 1}, {vast, 1}}, large = {fits, 1};
    static const uint32_t sizes[] = {0, 255, 257, BLOCK + 1, 0x10000u * PAGE};
    static const uint8_t tags[] = {0, 3, 17};
    qd_log_row_t many[33];
    const qd_log_layout_t too_many = {many, 33};
    world_t *w = world_new();
    qd_log_store_t *store = NULL;
    qd_block_t flash = w->flash;
    qd_sealer_t sealer = w->sealer;

    (void)state;
    for (uint16_t i = 0; i < 33; i++) {
        many[i] = (qd_log_row_t){(uint16_t)(i + 1), 4, 4, 0};
    }
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &too_many, w->records, &flash,
                                  &sealer, 1, NULL, &store),
                     QD_ARGUMENT);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &bad[i], w->records, &flash,
                                      &sealer, 1, NULL, &store),
                         QD_ARGUMENT);
        sealer.tag_size = tags[i];
        assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &flash,
                                      &sealer, 1, NULL, &store),
                         QD_ARGUMENT);
        sealer = w->sealer;
    }
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        flash.erase_size = sizes[i];
        assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &flash,
                                      &sealer, 1, NULL, &store),
                         QD_ARGUMENT);
    }
    flash = w->flash;
    assert_int_equal(qd_log_mount(w->log_memory.octets + 1, sizeof w->log_memory - 1, &log_layout, w->records,
                                  &flash, &sealer, 1, NULL, &store),
                     QD_ARGUMENT);
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &large, w->records, &flash, &sealer,
                                  1, NULL, &store),
                     QD_NO_SPACE);
    assert_null(store);
    /* Nobody has to ask what was lost. */
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &flash,
                                  &sealer, qd_store_epoch(w->store), NULL, &store),
                     QD_OK);
    assert_non_null(store);
    world_free(w);
}

/* A head that another firmware wrote, or none: nothing is made of it, and it stays what it is. */
static void heads_that_contradict_themselves(void **state) {
    /* One octet of a head after 100 rows; 0 .. 3 in front of the words, then the low octets of the words. */
    static const struct {
        uint8_t at, value;
    } changes[] = {{0, 2},    {1, 0},    {1, 21}, {1, 5},  {2, 3},   {12, 0}, {12, 99},
                   {12, 255}, {16, 102}, {19, 1}, {20, 0}, {20, 12}, {29, 1}, {28, 11},
                   {28, 12},  {32, 70},  {35, 1}, {13, 1}, {4, 200}};
    uint8_t head[QD_LOG_HEAD_SIZE], changed[QD_LOG_HEAD_SIZE];
    world_t *w = world_new();
    size_t length = 0;

    (void)state;
    world_fill(w, EVENTS, 100, 10);
    assert_int_equal(w->records->read(w->records->context, EVENTS_ID, head, sizeof head, &length), QD_OK);
    assert_int_equal(head[12], 101);
    assert_int_equal(head[20], 11);
    assert_int_equal(length, 76 + 24);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        memcpy(changed, head, length);
        changed[changes[i].at] = changes[i].value;
        if (changes[i].at == 4) {
            changed[48] = 0; /* a gap from the first page on */
        }
        assert_int_equal(w->records->write(w->records->context, EVENTS_ID, changed, length), QD_OK);
        assert_int_equal(world_mount_again(w), QD_VERSION);
    }
    for (size_t size = 0; size <= length + 1; size += size == 0 ? 75 : size == 75 ? 1 : length - 77) {
        memcpy(changed, head, length);
        changed[length] = 0;
        if (size == length) {
            break;
        }
        assert_int_equal(w->records->write(w->records->context, EVENTS_ID, changed, size), QD_OK);
        assert_int_equal(world_mount_again(w), QD_VERSION);
    }
    assert_int_equal(w->records->write(w->records->context, EVENTS_ID, changed, length + 1), QD_OK);
    assert_int_equal(world_mount_again(w), QD_VERSION);
    assert_int_equal(w->records->write(w->records->context, EVENTS_ID, head, length), QD_OK);
    assert_int_equal(world_mount_again(w), QD_OK);
    world_check_all(w);
    world_free(w);
}

/* The numbers of rows are used up: what there is can be read, and nothing is appended. */
static void the_last_row(void **state) {
    uint8_t head[QD_LOG_HEAD_SIZE], row[EVENTS_ROW] = {7};
    world_t *w = world_new();
    qd_log_span_t rows;
    uint32_t sequence = 0;
    int64_t time = 0;
    size_t length = 0;

    (void)state;
    world_fill(w, EVENTS, 1, 10);
    assert_int_equal(w->records->read(w->records->context, EVENTS_ID, head, sizeof head, &length), QD_OK);
    put_u32(head + 12, UINT32_MAX - 1);
    put_u32(head + 16, UINT32_MAX - 2);
    put_u32(head + 32, UINT32_MAX - 2);
    put_u32(head + 36, UINT32_MAX - 2);
    assert_int_equal(w->records->write(w->records->context, EVENTS_ID, head, length), QD_OK);
    assert_int_equal(world_mount_again(w), QD_OK);
    assert_int_equal(w->logs->append(w->logs->context, EVENTS_ID, 11, row, sizeof row, &sequence), QD_OK);
    assert_int_equal(sequence, UINT32_MAX - 1);
    assert_int_equal(w->logs->append(w->logs->context, EVENTS_ID, 12, row, sizeof row, &sequence),
                     QD_NO_SPACE);
    (void)world_run(w);
    rows = world_span(w, EVENTS);
    assert_int_equal(rows.end, UINT32_MAX);
    assert_int_equal(rows.first, UINT32_MAX - 2);
    assert_int_equal(
        w->logs->read(w->logs->context, EVENTS_ID, UINT32_MAX - 1, &time, row, sizeof row, &length), QD_OK);
    assert_int_equal(time, 11);
    world_free(w);
}

/* Generations beyond what an epoch fits into go on one by one. */
static void generations_of_late_epochs(void **state) {
    world_t *w = world_new();
    uint32_t before;

    (void)state;
    world_fill(w, EVENTS, 20, 10);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t epoch = i == 0 ? UINT32_MAX >> 8 : UINT32_MAX;

        assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records,
                                      &w->flash, &w->sealer, epoch, &w->lost, &w->logs_store),
                         QD_OK);
        w->logs = qd_log_interface(w->logs_store);
        before = world_span(w, EVENTS).generation;
        assert_int_equal(world_restart(w, EVENTS, EVENTS_ROW), QD_OK);
        assert_int_equal(world_span(w, EVENTS).generation, before + 1);
    }
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &w->flash,
                                  &w->sealer, (UINT32_MAX >> 8) - 1, &w->lost, &w->logs_store),
                     QD_OK);
    w->logs = qd_log_interface(w->logs_store);
    assert_int_equal(world_restart(w, EVENTS, EVENTS_ROW), QD_OK);
    assert_int_equal(world_span(w, EVENTS).generation, 0xfffffe00u);
    /* A head that is lost, with nothing in flash. */
    world_fill(w, SMALL, 3, 10);
    world_spoil_head(w, SMALL);
    assert_int_equal(
        qd_store_mount(&w->memory, sizeof w->memory, &record_layout, &w->fram_port, &w->sealer, &w->store),
        QD_OK);
    assert_int_equal(qd_log_mount(&w->log_memory, sizeof w->log_memory, &log_layout, w->records, &w->flash,
                                  &w->sealer, UINT32_MAX >> 8, &w->lost, &w->logs_store),
                     QD_OK);
    assert_int_equal(w->lost, 1u << SMALL);
    w->logs = qd_log_interface(w->logs_store);
    assert_int_equal(world_span(w, SMALL).generation, 1);
    world_free(w);
}

/* --- devices that cannot be read ---------------------------------------------------------------------- */

static void rows_that_cannot_be_read(void **state) {
    uint32_t sequence = 0, first = 0, again = 0;
    uint16_t log = 0;
    bench_t b;

    (void)state;
    bench_new(&b);
    world_fill(b.w, EVENTS, 80, 10);
    for (unsigned i = 0; i < 2; i++) {
        plan_t *plan = i == 0 ? &b.flash.read : &b.sealer.open;

        (void)world_read(b.w, EVENTS, 79); /* from the head, which is then in memory */
        plan_set(plan, 1, 1, QD_IO);
        assert_int_equal(world_read(b.w, EVENTS, 5 + 3 * EVENTS_ROWS * i), QD_IO);
        assert_int_equal(world_read(b.w, EVENTS, 5 + 3 * EVENTS_ROWS * i), QD_OK);
        plan_set(plan, 2, 1, QD_IO);
        assert_int_equal(world_find(b.w, EVENTS_ID, 14, &sequence), QD_IO);
        assert_int_equal(world_find(b.w, EVENTS_ID, 14, &sequence), QD_OK);
        assert_int_equal(sequence, 5);
        /* Scrubbing looks at the same page again. */
        assert_int_equal(qd_log_scrub(b.w->logs_store, &log, &first), QD_OK);
        plan_set(plan, 1, 1, QD_IO);
        assert_int_equal(qd_log_scrub(b.w->logs_store, &log, &again), QD_IO);
        assert_int_equal(qd_log_scrub(b.w->logs_store, &log, &again), QD_OK);
        assert_int_equal(again, first + EVENTS_ROWS);
    }
    heal(&b);
    assert_int_equal(stats_of(b.w).bad_pages, 0);
    world_check_all(b.w);
    world_free(b.w);
}

/* No head can be read: everything says so, and goes on when it can be read again. */
static void heads_that_cannot_be_read(void **state) {
    uint8_t row[EVENTS_ROW] = {0};
    uint32_t sequence = 0;
    uint16_t log = 0;
    int64_t time = 0;
    size_t length = 0;
    qd_log_span_t span;
    const qd_logs_t *logs;
    bench_t b;

    (void)state;
    bench_new(&b);
    logs = b.w->logs;
    world_fill(b.w, EVENTS, 30, 10);
    plan_set(&b.fram.read, 1, UINT32_MAX, QD_IO);
    assert_int_equal(qd_log_group_failed(b.w->logs_store), QD_IO);
    assert_int_equal(logs->append(logs->context, EVENTS_ID, 11, row, sizeof row, &sequence), QD_IO);
    assert_int_equal(logs->read(logs->context, EVENTS_ID, 5, &time, row, sizeof row, &length), QD_IO);
    assert_int_equal(logs->span(logs->context, EVENTS_ID, &span), QD_IO);
    assert_int_equal(world_find(b.w, EVENTS_ID, 20, &sequence), QD_IO);
    assert_int_equal(logs->restart(logs->context, EVENTS_ID, EVENTS_ROW), QD_IO);
    assert_int_equal(qd_log_run(b.w->logs_store), QD_IO);
    assert_int_equal(qd_log_scrub(b.w->logs_store, &log, &sequence), QD_END); /* there is none to look at */
    heal(&b);
    for (unsigned i = 0; i < LOGS; i++) {
        assert_int_equal(qd_log_run(b.w->logs_store), QD_OK);
    }
    assert_int_equal(world_run(b.w), 0);
    world_check_all(b.w);
    world_fill(b.w, EVENTS, 30, 100);
    world_check_all(b.w);
    /* A mount does not begin without them. */
    for (uint32_t n = 1; n <= LOGS; n++) {
        qd_log_store_t *store = NULL;

        plan_set(&b.fram.read, n, UINT32_MAX, QD_IO);
        assert_int_equal(qd_log_mount(&b.w->log_memory, sizeof b.w->log_memory, &log_layout, b.w->records,
                                      &b.w->flash, &b.w->sealer, 9, &b.w->lost, &store),
                         QD_IO);
        assert_null(store);
        heal(&b);
    }
    world_remount(b.w);
    world_check_all(b.w);
    world_free(b.w);
}

/* Two logs: the head in memory is the other one's, and the one that is wanted cannot be read. */
static void a_head_that_is_not_in_memory(void **state) {
    uint8_t row[EVENTS_ROW] = {0};
    uint32_t sequence = 0;
    bench_t b;

    (void)state;
    bench_new(&b);
    world_fill(b.w, EVENTS, 30, 10);
    world_fill(b.w, SMALL, 30, 10);
    assert_int_equal(world_read(b.w, SMALL, 30), QD_OK);
    plan_set(&b.fram.read, 1, 1, QD_IO);
    assert_int_equal(world_read(b.w, EVENTS, 30), QD_IO);
    assert_int_equal(world_read(b.w, EVENTS, 30), QD_OK);
    assert_int_equal(world_read(b.w, SMALL, 30), QD_OK);
    plan_set(&b.fram.read, 1, 1, QD_IO);
    assert_int_equal(b.w->logs->append(b.w->logs->context, EVENTS_ID, 50, row, sizeof row, &sequence), QD_IO);
    assert_int_equal(world_append(b.w, EVENTS, 50), QD_OK);
    world_check_all(b.w);
    world_free(b.w);
}

/* Every kind of failure at every place of a life that wraps around the ring: no row is lost or told twice. */
static void failures_everywhere(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < 6; kind++) {
        bench_t b;
        plan_t *const plans[] = {&b.fram.read,     &b.fram.program, &b.flash.read,
                                 &b.flash.program, &b.sealer.seal,  &b.sealer.open};

        bench_new(&b);
        for (unsigned i = 0; i < 400; i++) {
            qd_status_t status;

            plan_set(plans[kind], 1 + i % 7, 1, QD_IO);
            status = world_append(b.w, i % 3 == 2 ? BIG : EVENTS, i);
            assert_true(status == QD_OK || status == QD_IO);
            for (unsigned runs = i % 5; runs > 0; runs--) {
                (void)qd_log_run(b.w->logs_store);
            }
            heal(&b);
            (void)world_run(b.w);
            if (i % 10 == 0) {
                world_check_all(b.w);
            }
        }
        assert_int_equal(stats_of(b.w).lost_rows, 0);
        assert_int_equal(stats_of(b.w).remaps, 0);
        world_check_all(b.w);
        world_remount(b.w);
        world_check_all(b.w);
        world_free(b.w);
    }
}

/* A flash that has no time: its page waits, and that is no failure of the block. */
static void a_flash_that_is_busy(void **state) {
    static const qd_status_t answers[] = {QD_BUSY, QD_PENDING};
    bench_t b;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        bench_new(&b);
        assert_int_equal(world_run(b.w), 0);
        plan_set(&b.flash.program, 1, UINT32_MAX, answers[i]);
        for (unsigned rows = 0; rows < HEAD_ROWS; rows++) {
            assert_int_equal(world_append(b.w, EVENTS, 10 + rows), QD_OK);
            for (unsigned runs = 0; runs < 5; runs++) {
                assert_true(qd_log_run(b.w->logs_store) != QD_IO);
            }
        }
        assert_int_equal(world_append(b.w, EVENTS, 30), QD_PENDING);
        assert_int_equal(stats_of(b.w).pages, 0);
        heal(&b);
        assert_int_equal(world_append(b.w, EVENTS, 30), QD_OK); /* it programs the page itself */
        assert_int_equal(stats_of(b.w).pages, 1);
        assert_int_equal(stats_of(b.w).remaps, 0);
        world_check(b.w, EVENTS, 0);
        world_free(b.w);
    }
}

/* A full head whose page has failed once waits for the work outside of groups. */
static void an_append_does_not_try_again(void **state) {
    bench_t b;
    uint32_t calls;

    (void)state;
    bench_new(&b);
    assert_int_equal(world_run(b.w), 0);
    for (unsigned rows = 0; rows < HEAD_ROWS; rows++) {
        assert_int_equal(world_append(b.w, EVENTS, 10 + rows), QD_OK);
    }
    qd_log_group_committed(b.w->logs_store);
    plan_set(&b.flash.program, 1, UINT32_MAX, QD_IO);
    assert_int_equal(world_append(b.w, EVENTS, 30), QD_PENDING);
    calls = b.flash.program.calls;
    assert_int_equal(calls, 1);
    assert_int_equal(world_append(b.w, EVENTS, 30), QD_PENDING);
    assert_int_equal(b.flash.program.calls, calls);
    heal(&b);
    assert_int_equal(world_run(b.w), 0);
    assert_int_equal(world_append(b.w, EVENTS, 30), QD_OK);
    world_check(b.w, EVENTS, 0);
    world_free(b.w);
}

/* --- heads that are lost ------------------------------------------------------------------------------ */

/* While the meter runs: found by whoever reads it next, and made again by the work outside of groups. */
static void a_head_lost_while_running(void **state) {
    (void)state;
    for (unsigned runs = 0; runs < 4; runs++) {
        world_t *w = world_new();
        qd_log_span_t before, after;
        unsigned steps = 0;

        world_fill(w, EVENTS, 44, 10);
        /* The page is full, and an erase may run. */
        qd_sim_nor_set_polls(&w->nor, 2);
        assert_int_equal(world_append(w, EVENTS, 100), QD_OK);
        for (unsigned i = 0; i < runs; i++) {
            (void)qd_log_run(w->logs_store);
        }
        before = world_span(w, EVENTS);
        world_spoil_head(w, EVENTS);
        assert_int_equal(qd_log_group_failed(w->logs_store), QD_IO);
        while (qd_log_run(w->logs_store) != QD_END && steps < 100) {
            steps++;
        }
        assert_true(steps < 100);
        after = world_span(w, EVENTS);
        assert_true(after.end >= before.end && after.end < before.end + 4 * EVENTS_ROWS);
        assert_int_equal(after.first, 1);
        for (uint32_t i = 1; i + HEAD_ROWS < before.end; i++) {
            assert_int_equal(world_read(w, EVENTS, i), QD_OK);
        }
        w->model[EVENTS].end = after.end;
        world_fill(w, EVENTS, 300, 1000);
        world_check(w, EVENTS, 0);
        world_free(w);
    }
}

/* An erase has ended for a head that is lost before this could be committed. */
static void a_head_lost_behind_an_erase(void **state) {
    world_t *w = world_new();
    unsigned steps = 0;

    (void)state;
    qd_sim_nor_set_polls(&w->nor, 0);
    assert_int_equal(qd_log_run(w->logs_store), QD_OK);
    assert_int_equal(stats_of(w).erases, 1);
    assert_int_equal(w->records->write(w->records->context, EVENTS_ID, (const uint8_t *)"?", 1), QD_OK);
    world_spoil_head(w, EVENTS);
    assert_int_equal(qd_log_run(w->logs_store), QD_IO);
    while (qd_log_run(w->logs_store) != QD_END && steps < 100) {
        steps++;
    }
    assert_true(steps < 100);
    w->model[EVENTS].end = world_span(w, EVENTS).end;
    w->model[EVENTS].base = w->model[EVENTS].end;
    world_fill(w, EVENTS, 300, 1000);
    world_check(w, EVENTS, 0);
    world_free(w);
}

/* Making a head again fails somewhere: the next start makes the same one. */
static void a_rebuild_that_fails(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        qd_log_span_t wanted = {0, 0, 0, 0}, found;
        bool reached = true;
        uint32_t n;

        for (n = 0; reached; n++) {
            bench_t b;
            plan_t *const plans[] = {&b.flash.read, &b.sealer.open, &b.sealer.seal, &b.fram.program};
            qd_status_t status;
            qd_log_store_t *store = NULL;

            bench_new(&b);
            world_fill(b.w, EVENTS, 60, 10);
            world_spoil_head(b.w, EVENTS);
            assert_int_equal(qd_store_mount(&b.w->memory, sizeof b.w->memory, &record_layout, &b.w->fram_port,
                                            &b.w->sealer, &b.w->store),
                             QD_OK);
            plan_set(plans[kind], n, 1, QD_IO);
            status = qd_log_mount(&b.w->log_memory, sizeof b.w->log_memory, &log_layout, b.w->records,
                                  &b.w->flash, &b.w->sealer, qd_store_epoch(b.w->store), &b.w->lost, &store);
            reached = n == 0 || plans[kind]->calls >= n;
            heal(&b);
            if (n == 0 || !reached) {
                assert_int_equal(status, QD_OK);
                assert_int_equal(b.w->lost, 1);
            } else {
                assert_true(status == QD_IO || status == QD_OK);
            }
            if (status == QD_IO) {
                uint32_t told = b.w->lost;

                assert_null(store);
                assert_int_equal(world_mount_again(b.w), QD_OK);
                assert_int_equal(b.w->lost | told,
                                 1); /* by one of them: it may have been the next log's head */
            } else {
                b.w->logs_store = store;
                b.w->logs = qd_log_interface(store);
            }
            found = world_span(b.w, EVENTS);
            if (n == 0) {
                wanted = found;
                assert_true(found.first == 1 && found.end >= 61);
            }
            assert_int_equal(found.first, wanted.first);
            assert_int_equal(found.end, wanted.end);
            assert_int_equal(found.generation, wanted.generation);
            assert_int_equal(found.orderly, wanted.orderly);
            b.w->model[EVENTS].end = found.end;
            world_fill(b.w, EVENTS, 200, 1000);
            world_check(b.w, EVENTS, 0);
            world_free(b.w);
        }
        assert_true(n > 3);
    }
}

/* What a lost head held is told as lost; the pages that were left out behind it hold nothing and are passed over. */
static void scrubbing_passes_over_the_gap(void **state) {
    world_t *w = world_new();
    uint32_t sequence = 0, pages = 0, next;
    uint16_t log = 0;
    qd_status_t status;

    (void)state;
    world_fill(w, EVENTS, 31, 10); /* three pages and four rows */
    world_spoil_head(w, EVENTS);
    assert_int_equal(world_mount_again(w), QD_OK);
    next = world_span(w, EVENTS).end;
    assert_int_equal(next, 1 + 5 * EVENTS_ROWS);
    w->model[EVENTS].end = next;
    world_fill(w, EVENTS, 2 * EVENTS_ROWS + 1, 1000);
    while ((status = qd_log_scrub(w->logs_store, &log, &sequence)) != QD_END) {
        assert_int_equal(status, pages == 3 || pages == 4 ? QD_CORRUPT : QD_OK);
        assert_int_equal(log, EVENTS_ID);
        assert_int_equal(sequence, 1 + pages * EVENTS_ROWS);
        pages++;
    }
    assert_int_equal(pages, 7);
    world_free(w);
}

/* From which row on times do not fall is found again, and after a damaged page nothing is said of earlier rows. */
static void order_is_found_again(void **state) {
    (void)state;
    for (unsigned damaged = 0; damaged < 2; damaged++) {
        world_t *w = world_new();
        qd_log_span_t span;

        world_fill(w, EVENTS, 20, 100);
        world_fill(w, EVENTS, 60, 50); /* rows 21 .. 80 */
        if (damaged != 0) {
            qd_sim_nor_flip(&w->nor, 4 * PAGE + 60, 1); /* rows 37 .. 45 */
        }
        assert_int_equal(world_span(w, EVENTS).orderly, 21);
        world_spoil_head(w, EVENTS);
        assert_int_equal(world_mount_again(w), QD_OK);
        assert_int_equal(w->lost, 1);
        span = world_span(w, EVENTS);
        assert_int_equal(span.first, 1);
        assert_int_equal(span.orderly, damaged != 0 ? 46 : 21);
        world_free(w);
    }
}

/* Rows of the generation before are not counted along, though their pages are still there. */
static void a_generation_begins_where_it_began(void **state) {
    world_t *w = world_new();
    qd_log_span_t before, after;

    (void)state;
    world_fill(w, EVENTS, 40, 10);
    assert_int_equal(world_restart(w, EVENTS, EVENTS_ROW), QD_OK);
    world_fill(w, EVENTS, 40, 100);
    before = world_span(w, EVENTS);
    assert_int_equal(before.first, 41);
    world_spoil_head(w, EVENTS);
    assert_int_equal(world_mount_again(w), QD_OK);
    after = world_span(w, EVENTS);
    assert_int_equal(after.generation, before.generation);
    assert_int_equal(after.first, 41);
    for (uint32_t i = 41; i + HEAD_ROWS < before.end; i++) {
        assert_int_equal(world_read(w, EVENTS, i), QD_OK);
    }
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_that_contradict_themselves),
        cmocka_unit_test(heads_that_contradict_themselves),
        cmocka_unit_test(the_last_row),
        cmocka_unit_test(generations_of_late_epochs),
        cmocka_unit_test(rows_that_cannot_be_read),
        cmocka_unit_test(heads_that_cannot_be_read),
        cmocka_unit_test(a_head_that_is_not_in_memory),
        cmocka_unit_test(failures_everywhere),
        cmocka_unit_test(a_flash_that_is_busy),
        cmocka_unit_test(an_append_does_not_try_again),
        cmocka_unit_test(a_head_lost_while_running),
        cmocka_unit_test(a_head_lost_behind_an_erase),
        cmocka_unit_test(a_rebuild_that_fails),
        cmocka_unit_test(scrubbing_passes_over_the_gap),
        cmocka_unit_test(order_is_found_again),
        cmocka_unit_test(a_generation_begins_where_it_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
