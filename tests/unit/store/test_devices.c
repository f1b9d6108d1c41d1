/* The store on devices that cannot be read, and on octets that are authentic and cannot be right. */
#include "fixture.h"

#include "base/crc.h"
#include "faulty.h"

/* By docs/storage.md: offsets in a copy of the superblock, and of the redo area. */
#define SUPER_SIZE 64u
#define AT_EPOCH 12u
#define AT_SEALED 16u
#define AT_BANK (AT_SEALED + 26u)
#define AT_TAG 44u
#define AT_CRC 60u
#define REDO 128u

typedef struct bench {
    fixture_t f;
    faulty_block_t block;
    faulty_sealer_t sealer;
} bench_t;

static void bench_new(bench_t *b) {
    prepare(&b->f, 0xff);
    faulty_block(&b->block, &b->f.port);
    faulty_sealer(&b->sealer, &b->f.sealer);
}

static void bench_setup(bench_t *b) {
    bench_new(b);
    assert_int_equal(mount(&b->f), QD_END);
    assert_int_equal(put(&b->f, A, 1, 1), QD_OK);
    assert_int_equal(put(&b->f, B, 2, 20), QD_OK);
    assert_int_equal(put(&b->f, B, 3, 20), QD_OK);
    assert_int_equal(put(&b->f, C, 4, 300), QD_OK);
}

static void heal(bench_t *b) {
    b->block.read = b->block.program = (plan_t){0};
    b->sealer.seal = b->sealer.open = (plan_t){0};
}

static void assert_whole(bench_t *b) {
    heal(b);
    assert_int_equal(get(&b->f, A), 1);
    assert_int_equal(get(&b->f, B), 3);
    assert_int_equal(get(&b->f, C), 4);
}

static void put_u16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *p, uint32_t value) {
    put_u16(p, (uint16_t)value);
    put_u16(p + 2, (uint16_t)(value >> 16));
}

/* --- devices that cannot be read ---------------------------------------------------------------------- */

/* Whatever read of a format fails: it is told, and the format is done by the next start. */
static void a_blank_device_that_cannot_be_read(void **state) {
    uint32_t failed = 0, operations_before;
    qd_status_t status = QD_IO;
    bench_t b;

    (void)state;
    for (uint32_t n = 1; status != QD_END; n++) {
        bench_new(&b);
        plan_set(&b.block.read, n, 1, QD_IO);
        status = mount(&b.f);
        operations_before = operations(&b.f);
        failed += status == QD_IO ? 1 : 0;
        assert_true(status == QD_IO || (status == QD_END && b.block.read.calls < n));
        heal(&b);
        assert_int_equal(remount(&b.f), status == QD_IO && operations_before == 0 ? QD_END : QD_OK);
        assert_int_equal(get(&b.f, A), -1);
        assert_int_equal(put(&b.f, A, 5, 1), QD_OK);
        assert_int_equal(remount(&b.f), QD_OK);
        assert_int_equal(get(&b.f, A), 5);
    }
    assert_true(failed > 4);
}

/* A start with work to do: a slot that is bad, a record of which the first write was cut, a group that waits. */
static void prepare_start(bench_t *b) {
    bench_setup(b);
    assert_int_equal(qd_txn_begin(b->f.store), QD_OK);
    assert_int_equal(put(&b->f, A, 1, 1), QD_OK);
    assert_int_equal(put(&b->f, C, 4, 200), QD_OK);
    /* Redo and its sync; the records wait. */
    qd_sim_fram_fail(&b->f.fram, operations(&b->f) + 3, 1000, QD_IO);
    assert_int_equal(qd_txn_commit(b->f.store), QD_OK);
    qd_sim_fram_fail(&b->f.fram, 0, 0, QD_OK);
    qd_sim_fram_flip(&b->f.fram, slot_at(1, 1) + 17, 1);
    qd_sim_fram_power_off(&b->f.fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&b->f.fram);
}

static void a_start_that_cannot_read(void **state) {
    uint32_t failed = 0;
    qd_status_t status = QD_IO;
    bench_t b;

    (void)state;
    for (uint32_t n = 1; status != QD_OK; n++) {
        prepare_start(&b);
        plan_set(&b.block.read, n, 1, QD_IO);
        status = mount(&b.f);
        assert_true(status == QD_IO || (status == QD_OK && b.block.read.calls < n));
        failed += status == QD_IO ? 1 : 0;
        heal(&b);
        assert_int_equal(remount(&b.f), QD_OK);
        assert_int_equal(get(&b.f, B), 3);
        assert_int_equal(get(&b.f, C), 4);
        assert_int_equal(get(&b.f, A), 1);
    }
    assert_true(failed > 15);
}

/* The same with the sealer: no key, no start; and nothing is lost by it. */
static void a_start_without_a_key(void **state) {
    bench_t b;

    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        plan_t *plan = kind == 0 ? &b.sealer.seal : &b.sealer.open;
        bool reached = true;
        uint32_t n;

        for (n = 1; reached; n++) {
            qd_status_t status;

            prepare_start(&b);
            plan_set(plan, n, 1, QD_IO);
            status = mount(&b.f);
            reached = plan->calls >= n;
            assert_true(status == QD_IO || status == QD_OK);
            assert_true(status == QD_OK || reached);
            heal(&b);
            assert_int_equal(remount(&b.f), QD_OK);
            assert_int_equal(get(&b.f, A), 1);
            assert_int_equal(get(&b.f, B), 3);
            assert_int_equal(get(&b.f, C), 4);
        }
        assert_true(n > 5);
    }
}

static void a_record_that_cannot_be_read(void **state) {
    bench_t b;

    (void)state;
    bench_setup(&b);
    for (uint32_t n = 1; n <= 2; n++) { /* its head, and its payload */
        plan_set(&b.block.read, n, 1, QD_IO);
        assert_int_equal(get(&b.f, B), -3 - (int)QD_IO);
        assert_whole(&b);
    }
}

/* A write that cannot be read back is refused, and does not turn up later. */
static void a_write_that_cannot_be_read_back(void **state) {
    bench_t b;

    (void)state;
    for (unsigned group = 0; group < 2; group++) {
        for (uint32_t n = 1; n <= 3; n++) {
            qd_status_t status;

            bench_setup(&b);
            if (group != 0) {
                assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
                assert_int_equal(put(&b.f, A, 7, 1), QD_OK);
            }
            plan_set(&b.block.read, n, 1, QD_IO);
            status = put(&b.f, B, 7, 100);
            if (group != 0) {
                assert_int_equal(status, QD_OK);
                status = qd_txn_commit(b.f.store);
            }
            heal(&b);
            assert_true(status == QD_OK || status == QD_IO);
            assert_true(n > 1 || status == QD_IO);
            assert_int_equal(get(&b.f, B), status == QD_OK ? 7 : 3);
            assert_int_equal(get(&b.f, A), status == QD_OK && group != 0 ? 7 : 1);
            assert_int_equal(remount(&b.f), QD_OK);
            assert_int_equal(get(&b.f, B), status == QD_OK ? 7 : 3);
            assert_int_equal(get(&b.f, A), status == QD_OK && group != 0 ? 7 : 1);
        }
    }
}

/* Something of every kind is wrong; then scrubbing fails in every read, program and sealing once. */
static void scrubbing_that_fails_is_done_again(void **state) {
    bench_t b;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        uint32_t n = 0;
        bool reached;
        plan_t *plan = kind == 0   ? &b.block.read
                       : kind == 1 ? &b.block.program
                       : kind == 2 ? &b.sealer.seal
                                   : &b.sealer.open;

        do {
            qd_scrub_t report;
            qd_status_t status;
            unsigned calls = 0, failed = 0;

            n++;
            bench_setup(&b);
            qd_sim_fram_flip(&b.f.fram, 20, 1);
            qd_sim_fram_flip(&b.f.fram, slot_at(0, 0) + 16, 1);
            qd_sim_fram_flip(&b.f.fram, slot_at(2, 1) + 30, 1);
            plan_set(plan, n, 1, QD_IO);
            do {
                status = qd_store_scrub(b.f.store, &report);
                assert_true(status == QD_OK || status == QD_IO || status == QD_END);
                failed += status == QD_IO ? 1 : 0;
            } while (status != QD_END && calls++ < 40);
            assert_int_equal(status, QD_END);
            assert_true(failed <= 1);
            reached = plan->calls >= n;
            assert_true(failed == 1 || !reached || kind == 3);
            assert_whole(&b);
            do { /* what the failure left */
                status = qd_store_scrub(b.f.store, &report);
                assert_true(status == QD_OK || status == QD_END);
            } while (status != QD_END);
            /* Every copy is whole again: the loss of any one costs nothing. */
            qd_sim_fram_flip(&b.f.fram, SUPER_SIZE + 20, 1);
            qd_sim_fram_flip(&b.f.fram, slot_at(0, 1) + 16, 1);
            qd_sim_fram_flip(&b.f.fram, slot_at(2, 0) + 30, 1);
            assert_int_equal(remount(&b.f), QD_OK);
            assert_whole(&b);
        } while (reached);
        assert_true(n > 3);
    }
}

/* A cell of a superblock that sticks: the other copy is enough, and the store says that it is degraded. */
static void a_superblock_that_does_not_hold(void **state) {
    bench_t b;
    qd_scrub_t report;

    (void)state;
    bench_setup(&b);
    assert_int_equal(qd_sim_fram_stick(&b.f.fram, 3, 0xff, 0x00), QD_OK);
    assert_false(qd_store_degraded(b.f.store));
    assert_int_equal(qd_store_scrub(b.f.store, &report), QD_OK);
    assert_int_equal(report.record, 0);
    assert_false(report.healed);
    assert_true(qd_store_degraded(b.f.store));
    assert_int_equal(remount(&b.f), QD_OK);
    assert_whole(&b);
}

/* A group that could not be opened again after it was sealed: readers wait, and the group is not lost. */
static void a_group_that_waits_cannot_be_read(void **state) {
    bench_t b;
    uint32_t all;

    (void)state;
    bench_setup(&b);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, A, 7, 1), QD_OK);
    assert_int_equal(put(&b.f, B, 7, 20), QD_OK);
    all = UINT32_MAX;
    plan_set(&b.sealer.open, 1, all, QD_IO);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK);
    assert_int_equal(get(&b.f, B), -3 - (int)QD_IO);
    assert_int_equal(put(&b.f, C, 9, 20), QD_IO);
    heal(&b);
    plan_set(&b.block.read, 1, all, QD_IO);
    assert_int_equal(get(&b.f, B), -3 - (int)QD_IO);
    heal(&b);
    assert_int_equal(get(&b.f, A), 7);
    assert_int_equal(get(&b.f, B), 7);
    assert_int_equal(get(&b.f, C), 4);
    assert_int_equal(put(&b.f, C, 9, 20), QD_OK);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(get(&b.f, A), 7);
    assert_int_equal(get(&b.f, B), 7);
    assert_int_equal(get(&b.f, C), 9);
}

/* A failing program in the middle of a group that waits, at the commit of another one. */
static void a_group_behind_one_that_waits(void **state) {
    bench_t b;

    (void)state;
    bench_setup(&b);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, A, 7, 1), QD_OK);
    assert_int_equal(put(&b.f, B, 7, 20), QD_OK);
    plan_set(&b.block.program, 2, UINT32_MAX, QD_IO);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, C, 9, 20), QD_IO);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK); /* it holds nothing */
    heal(&b);
    assert_int_equal(get(&b.f, B), 7);
    assert_int_equal(get(&b.f, C), 4);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(get(&b.f, A), 7);
    assert_int_equal(get(&b.f, B), 7);
    assert_int_equal(get(&b.f, C), 4);
}

/* The records were applied and only the retirement failed: the next group retires it first, or is refused. */
static void a_retirement_that_fails(void **state) {
    bench_t b;

    (void)state;
    bench_setup(&b);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, A, 7, 1), QD_OK);
    assert_int_equal(put(&b.f, B, 7, 20), QD_OK);
    plan_set(&b.block.program, 4, 1, QD_IO);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK);
    assert_int_equal(b.block.program.calls, 4);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, A, 8, 1), QD_OK); /* this retires it */
    assert_int_equal(b.block.program.calls, 5);
    assert_int_equal(put(&b.f, B, 8, 20), QD_OK);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(get(&b.f, A), 8);
    assert_int_equal(get(&b.f, B), 8);
}

/* --- groups: what a reader gets ----------------------------------------------------------------------- */

static void staged_content_is_read_like_any_other(void **state) {
    uint8_t octets[20] = {0xaa};
    size_t length = 99;
    bench_t b;

    (void)state;
    bench_setup(&b);
    assert_int_equal(qd_txn_begin(b.f.store), QD_OK);
    assert_int_equal(put(&b.f, B, 6, 20), QD_OK);
    assert_int_equal(b.f.records->read(b.f.records->context, B, octets, 19, &length), QD_NO_SPACE);
    assert_int_equal(b.f.records->read(b.f.records->context, B, octets, 20, &length), QD_OK);
    assert_int_equal(length, 20);
    assert_int_equal(b.f.records->write(b.f.records->context, B, NULL, 0), QD_OK);
    octets[0] = 0xaa;
    assert_int_equal(b.f.records->read(b.f.records->context, B, octets, 20, &length), QD_OK);
    assert_int_equal(length, 0);
    assert_int_equal(octets[0], 0xaa);
    assert_int_equal(qd_txn_commit(b.f.store), QD_OK);
    assert_int_equal(remount(&b.f), QD_OK);
    length = 99;
    assert_int_equal(b.f.records->read(b.f.records->context, B, octets, 20, &length), QD_OK);
    assert_int_equal(length, 0);
}

/* --- octets that are authentic and cannot be right ---------------------------------------------------- */

/* Seals both copies of the superblock of the first bank again, with another number of octets size at offset at. */
static void forge_super(bench_t *b, uint32_t at, uint32_t value, unsigned size) {
    uint8_t image[SIZE];

    qd_sim_fram_power_off(&b->f.fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&b->f.fram);
    memcpy(image, qd_sim_fram_cells(&b->f.fram), SIZE);
    for (uint8_t copy = 0; copy < 2; copy++) {
        uint8_t *block = image + copy * SUPER_SIZE, octets[4];
        qd_seal_nonce_t nonce = {0, QD_SEAL_SLOT_SUPER, 0, copy};

        put_u32(octets, value);
        memcpy(block + at, octets, size);
        nonce.epoch = (uint32_t)block[AT_EPOCH] | (uint32_t)block[AT_EPOCH + 1] << 8 |
                      (uint32_t)block[AT_EPOCH + 2] << 16 | (uint32_t)block[AT_EPOCH + 3] << 24;
        assert_int_equal(qd_sealer_crc.seal(NULL, &nonce, block + AT_SEALED, AT_TAG - AT_SEALED,
                                            block + AT_SEALED, block + AT_TAG),
                         QD_OK);
        put_u32(block + AT_CRC, qd_crc32(0, block, AT_CRC));
    }
    qd_sim_fram_load(&b->f.fram, image);
}

static void assert_nothing_written(bench_t *b, qd_status_t wanted) {
    uint8_t before[SIZE];

    memcpy(before, qd_sim_fram_cells(&b->f.fram), SIZE);
    assert_int_equal(mount(&b->f), wanted);
    assert_int_equal(operations(&b->f), 0);
    assert_memory_equal(before, qd_sim_fram_cells(&b->f.fram), SIZE);
}

static void the_last_epoch_is_the_end(void **state) {
    static const qd_store_layout_t next = {"unit", 4, rows, 3, 300};
    union {
        max_align_t align;
        uint8_t octets[8192];
    } memory;
    bench_t b;

    (void)state;
    bench_setup(&b);
    forge_super(&b, AT_EPOCH, UINT32_MAX, 4);
    assert_nothing_written(&b, QD_NO_SPACE);
    forge_super(&b, AT_EPOCH, UINT32_MAX - 1, 4);
    assert_int_equal(mount(&b.f), QD_OK);
    assert_int_equal(qd_store_epoch(b.f.store), UINT32_MAX);
    assert_whole(&b);
    /* A migration needs two of them. */
    forge_super(&b, AT_EPOCH, UINT32_MAX - 1, 4);
    b.f.port.size = SIZE;
    assert_int_equal(qd_store_migrate(&memory, sizeof memory, &layout, &next, &b.f.port, &b.f.sealer, NULL),
                     QD_NO_SPACE);
    forge_super(&b, AT_EPOCH, 1000, 4);
    assert_int_equal(mount(&b.f), QD_OK);
    assert_whole(&b);
}

/* A bank that begins in the superblocks or behind the end. */
static void a_bank_out_of_reach(void **state) {
    static const uint16_t banks[] = {0, 1, SIZE / 64u - 1u, SIZE / 64u + 1u, UINT16_MAX};
    bench_t b;

    (void)state;
    bench_setup(&b);
    for (size_t i = 0; i < sizeof banks / sizeof banks[0]; i++) {
        forge_super(&b, AT_BANK, banks[i], 2);
        assert_nothing_written(&b, QD_NO_SPACE);
    }
    forge_super(&b, AT_BANK, 2, 2);
    assert_int_equal(mount(&b.f), QD_OK);
    assert_whole(&b);
}

/* The numbers of a record are used up: it is refused, and the others go on. */
static void the_last_number_of_a_record(void **state) {
    uint8_t image[SIZE];
    bench_t b;

    (void)state;
    bench_setup(&b);
    memcpy(image, qd_sim_fram_cells(&b.f.fram), SIZE);
    for (uint8_t slot = 0; slot < 2; slot++) {
        uint8_t *at = image + slot_at(1, slot);
        qd_seal_nonce_t nonce = {B, slot, 77, UINT32_MAX - 1u + slot};

        put_u32(at + 4, nonce.sequence);
        put_u32(at + 8, nonce.epoch);
        memset(at + 16, 3, 20);
        assert_int_equal(qd_sealer_crc.seal(NULL, &nonce, at + 16, 20, at + 16, at + 12), QD_OK);
    }
    qd_sim_fram_load(&b.f.fram, image);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(put(&b.f, B, 9, 20), QD_NO_SPACE);
    assert_int_equal(put(&b.f, A, 5, 1), QD_OK);
    assert_int_equal(get(&b.f, B), 3);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(get(&b.f, A), 5);
    assert_int_equal(get(&b.f, B), 3);
}

/* A group in the redo area with entries that no layout has: it is not applied, not even in part. */
static void a_group_that_contradicts_itself(void **state) {
    static const struct {
        uint16_t id, length, size; /* size: octets of the area; 0: as long as the entry */
    } entries[] = {{0x55, 1, 0}, {A, 2, 0}, {B, 101, 0}, {B, 100, 50}, {B, 10, 15}, {B, 10, 16}};
    bench_t b;

    (void)state;
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        uint8_t image[SIZE], *area = image + REDO, *at = area + 20;
        uint32_t size = entries[i].size > 0 ? entries[i].size : 4u + entries[i].length;
        qd_seal_nonce_t nonce = {0, QD_SEAL_SLOT_REDO, 77, 1};

        bench_setup(&b);
        memcpy(image, qd_sim_fram_cells(&b.f.fram), SIZE);
        memset(area, 0, 20);
        memcpy(area, "REDO", 4);
        put_u16(area + 6, (uint16_t)size);
        put_u32(area + 8, nonce.sequence);
        put_u32(area + 12, nonce.epoch);
        memset(at, 0x66, size);
        put_u16(at, entries[i].id);
        put_u16(at + 2, entries[i].length);
        assert_int_equal(qd_sealer_crc.seal(NULL, &nonce, at, size, at, area + 16), QD_OK);
        qd_sim_fram_load(&b.f.fram, image);
        assert_int_equal(remount(&b.f), QD_CORRUPT);
        assert_memory_equal(qd_sim_fram_cells(&b.f.fram) + slot_at(0, 0), image + slot_at(0, 0),
                            slot_at(2, 1) - slot_at(0, 0));
    }
}

/* --- migration ---------------------------------------------------------------------------------------- */

static const qd_record_row_t wide_rows[] = {{A, 2, false}, {B, 100, true}, {C, 500, false}};
static const qd_store_layout_t wide = {"unit", 4, wide_rows, 3, 300};
typedef union wide_memory {
    max_align_t align;
    uint8_t octets[8192];
} wide_memory_t;

static qd_status_t widen(bench_t *b, wide_memory_t *memory) {
    b->f.port.size = SIZE;
    return qd_store_migrate(memory, sizeof *memory, &layout, &wide, &b->f.port, &b->f.sealer, NULL);
}

static void a_migration_between_bad_layouts(void **state) {
    static const qd_record_row_t empty[] = {{1, 0, false}};
    static const qd_store_layout_t bad = {"unit", 4, empty, 1, 300};
    wide_memory_t memory;
    bench_t b;

    (void)state;
    bench_setup(&b);
    plan_set(&b.block.read, 1, UINT32_MAX, QD_IO);
    assert_int_equal(qd_store_migrate(&memory, sizeof memory, &bad, &wide, &b.f.port, &b.f.sealer, NULL),
                     QD_ARGUMENT);
    assert_int_equal(qd_store_migrate(&memory, sizeof memory, &layout, &bad, &b.f.port, &b.f.sealer, NULL),
                     QD_ARGUMENT);
    b.f.port.size = qd_store_device_size(&layout, &b.f.sealer) - 1;
    assert_int_equal(qd_store_migrate(&memory, sizeof memory, &layout, &wide, &b.f.port, &b.f.sealer, NULL),
                     QD_NO_SPACE);
    assert_int_equal(b.block.read.calls, 0);
}

/* Something cannot be read at some point: the old store stays, or the new one does, and either is whole. */
static void a_migration_that_cannot_read(void **state) {
    qd_status_t status = QD_IO;
    uint32_t failed = 0;
    wide_memory_t memory;
    bench_t b;

    (void)state;
    for (uint32_t n = 1; status != QD_OK; n++) {
        bench_setup(&b);
        assert_int_equal(remount(&b.f), QD_OK);
        plan_set(&b.block.read, n, 1, QD_IO);
        status = widen(&b, &memory);
        assert_true(status == QD_IO || (status == QD_OK && b.block.read.calls < n));
        failed += status == QD_IO ? 1 : 0;
        heal(&b);
        if (status != QD_OK) {
            /* The last reads are those of the superblock that names the new bank already. */
            qd_status_t stands = remount(&b.f);
            assert_true(stands == QD_OK || stands == QD_VERSION);
            if (stands == QD_OK) {
                assert_whole(&b);
                assert_int_equal(widen(&b, &memory), QD_OK);
            }
        }
        b.f.layout = wide;
        assert_int_equal(remount(&b.f), QD_OK);
        assert_whole(&b);
        assert_int_equal(put(&b.f, A, 9, 2), QD_OK);
    }
    assert_true(failed > 10);
}

/* A record that comes from none and has nobody to make it is never written. */
static void a_migration_to_an_empty_record(void **state) {
    static const qd_migration_row_t none[] = {{B, 0, NULL}};
    static const qd_migration_t migration = {NULL, none, 1};
    wide_memory_t memory;
    bench_t b;

    (void)state;
    bench_setup(&b);
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(
        qd_store_migrate(&memory, sizeof memory, &layout, &wide, &b.f.port, &b.f.sealer, &migration), QD_OK);
    b.f.layout = wide;
    assert_int_equal(remount(&b.f), QD_OK);
    assert_int_equal(get(&b.f, A), 1);
    assert_int_equal(get(&b.f, B), -1);
    assert_int_equal(get(&b.f, C), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blank_device_that_cannot_be_read),
        cmocka_unit_test(a_start_that_cannot_read),
        cmocka_unit_test(a_start_without_a_key),
        cmocka_unit_test(a_record_that_cannot_be_read),
        cmocka_unit_test(a_write_that_cannot_be_read_back),
        cmocka_unit_test(scrubbing_that_fails_is_done_again),
        cmocka_unit_test(a_superblock_that_does_not_hold),
        cmocka_unit_test(a_group_that_waits_cannot_be_read),
        cmocka_unit_test(a_group_behind_one_that_waits),
        cmocka_unit_test(a_retirement_that_fails),
        cmocka_unit_test(staged_content_is_read_like_any_other),
        cmocka_unit_test(the_last_epoch_is_the_end),
        cmocka_unit_test(a_bank_out_of_reach),
        cmocka_unit_test(the_last_number_of_a_record),
        cmocka_unit_test(a_group_that_contradicts_itself),
        cmocka_unit_test(a_migration_between_bad_layouts),
        cmocka_unit_test(a_migration_that_cannot_read),
        cmocka_unit_test(a_migration_to_an_empty_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
