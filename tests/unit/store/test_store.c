/* The store: mounting, records, groups, lost slots, failing devices, other sealers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc.h"
#include "quadrant/sim.h"
#include "store/store.h"

#define SIZE 4096u
#define A 1u
#define B 0x102u
#define C 0xfffeu

static const qd_record_row_t rows[] = {{A, 1}, {B, 100}, {C, 500}};
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

static void prepare(fixture_t *f, uint8_t fill) {
    memset(f, 0, sizeof *f);
    f->layout = layout;
    f->sealer = qd_sealer_crc;
    qd_sim_fram_init(&f->fram, f->cells, SIZE, fill, 1);
    qd_sim_fram_port(&f->fram, &f->port);
}

static qd_status_t mount(fixture_t *f) {
    qd_status_t status =
        qd_store_mount(&f->memory, sizeof f->memory, &f->layout, &f->port, &f->sealer, &f->store);

    if (status == QD_OK || status == QD_END) {
        f->records = qd_store_records(f->store);
    }
    return status;
}

static void setup(fixture_t *f) {
    prepare(f, 0xff);
    assert_int_equal(mount(f), QD_END);
}

static qd_status_t remount(fixture_t *f) {
    qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&f->fram);
    return mount(f);
}

static qd_status_t put(fixture_t *f, uint16_t record, uint8_t value, size_t length) {
    uint8_t octets[600];

    memset(octets, value, sizeof octets);
    return f->records->write(f->records->context, record, octets, length);
}

/* The value that fills a record; -1 when never written, -2 when corrupt, -3 - status for others. */
static int get(fixture_t *f, uint16_t record) {
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

static uint32_t slot_size(uint32_t capacity) {
    return (16u + capacity + 7u) & ~7u;
}

/* Address of a slot, by the page docs/storage.md. */
static uint32_t slot_at(unsigned row, unsigned slot) {
    uint32_t at = 128u + ((16u + 4u + 300u + 12u + 7u) & ~7u);

    for (unsigned i = 0; i < row; i++) {
        at += 2 * slot_size(rows[i].capacity);
    }
    return at + slot * slot_size(rows[row].capacity);
}

static uint32_t operations(const fixture_t *f) {
    qd_sim_fram_stats_t stats;

    qd_sim_fram_get_stats(&f->fram, &stats);
    return stats.operations;
}

/* --- mounting --------------------------------------------------------------------------------------- */

static void a_blank_device_is_formatted_once(void **state) {
    static const uint8_t fills[] = {0x00, 0xff, 0x5a};

    (void)state;
    for (size_t i = 0; i < sizeof fills; i++) {
        fixture_t f;

        prepare(&f, fills[i]);
        assert_int_equal(mount(&f), QD_END);
        assert_int_equal(qd_store_epoch(f.store), 1);
        assert_int_equal(get(&f, A), -1);
        assert_int_equal(get(&f, C), -1);
        for (uint32_t start = 2; start < 6; start++) {
            assert_int_equal(remount(&f), QD_OK);
            assert_int_equal(qd_store_epoch(f.store), start);
            assert_int_equal(get(&f, A), -1);
        }
    }
}

static void assert_refused(fixture_t *f, qd_status_t wanted) {
    uint8_t before[SIZE];

    qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&f->fram);
    memcpy(before, qd_sim_fram_cells(&f->fram), SIZE);
    assert_int_equal(mount(f), wanted);
    assert_int_equal(operations(f), 0);
    assert_memory_equal(before, qd_sim_fram_cells(&f->fram), SIZE);
}

static void foreign_octets_are_refused_and_kept(void **state) {
    /* in the first copy: bits that no format would change there; behind it: anything */
    static const struct {
        uint32_t at;
        uint8_t value;
    } places[] = {{0, 'h'},    {8, 0xfe},   {12, 0x00},   {40, 0x00},       {64, 'q'},
                  {127, 0xfe}, {128, 0x00}, {1000, 0xfe}, {SIZE - 2, 0x7f}, {SIZE - 1, 0xfe}};
    fixture_t f;
    uint8_t image[SIZE];

    (void)state;
    prepare(&f, 0xff);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memset(image, 0xff, sizeof image);
        image[places[i].at] = places[i].value;
        qd_sim_fram_load(&f.fram, image);
        assert_refused(&f, QD_CORRUPT);
    }
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (uint8_t)(i * i + 3u * i);
    }
    qd_sim_fram_load(&f.fram, image);
    assert_refused(&f, QD_CORRUPT);
    memset(image, 0xff, sizeof image);
    memcpy(image, "hello, world", 12);
    qd_sim_fram_load(&f.fram, image);
    assert_refused(&f, QD_CORRUPT);
}

static void another_model_or_layout_is_refused(void **state) {
    static const qd_record_row_t others[] = {{A, 1}, {B, 101}, {C, 500}};
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 5, 100), QD_OK);
    f.layout.model = "unit2";
    assert_refused(&f, QD_MODEL);
    f.layout.model = "uni";
    assert_refused(&f, QD_MODEL);
    f.layout = layout;
    f.layout.version = 4;
    assert_refused(&f, QD_VERSION);
    f.layout = layout;
    f.layout.rows = others;
    assert_refused(&f, QD_VERSION);
    f.layout = layout;
    f.layout.row_count = 2;
    assert_refused(&f, QD_VERSION);
    f.layout = layout;
    f.layout.group_capacity = 299;
    assert_refused(&f, QD_VERSION);
    f.layout = layout;
    f.sealer.tag_size = 5;
    assert_refused(&f, QD_VERSION);
    f.sealer.tag_size = 4;
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, B), 5);
}

static void sizes_are_checked_to_the_octet(void **state) {
    fixture_t f;
    uint32_t need = slot_at(2, 1) + slot_size(500);

    (void)state;
    prepare(&f, 0xff);
    assert_int_equal(qd_store_device_size(&layout, &qd_sealer_crc), need);
    f.port.size = need - 1;
    assert_int_equal(mount(&f), QD_NO_SPACE);
    f.port.size = need;
    assert_int_equal(
        qd_store_mount(&f.memory, qd_store_size(&layout) - 1, &layout, &f.port, &qd_sealer_crc, &f.store),
        QD_NO_SPACE);
    assert_int_equal(operations(&f), 0);
    assert_int_equal(
        qd_store_mount(&f.memory, qd_store_size(&layout), &layout, &f.port, &qd_sealer_crc, &f.store),
        QD_END);
}

static void layouts_that_contradict_themselves(void **state) {
    static const qd_record_row_t unsorted[] = {{2, 1}, {1, 1}}, twice[] = {{1, 1}, {1, 1}}, zero[] = {{0, 1}},
                                 empty[] = {{1, 0}}, large[] = {{1, 2049}}, largest[] = {{1, 2048}};
    const struct {
        const qd_record_row_t *rows;
        uint16_t count;
    } bad[] = {{unsorted, 2}, {twice, 2}, {zero, 1}, {empty, 1}, {large, 1}};
    fixture_t f;

    (void)state;
    prepare(&f, 0xff);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        f.layout.rows = bad[i].rows;
        f.layout.row_count = bad[i].count;
        assert_int_equal(mount(&f), QD_ARGUMENT);
    }
    f.layout = layout;
    f.layout.model = "sixteen letters.";
    assert_int_equal(mount(&f), QD_ARGUMENT);
    f.layout = layout;
    f.sealer.tag_size = 17;
    assert_int_equal(mount(&f), QD_ARGUMENT);
    f.sealer.tag_size = 3;
    assert_int_equal(mount(&f), QD_ARGUMENT);
    f.sealer.tag_size = 4;
    f.layout.group_capacity = UINT16_MAX;
    assert_int_equal(mount(&f), QD_ARGUMENT);
    f.layout = layout;
    assert_int_equal(
        qd_store_mount(f.memory.octets + 1, sizeof f.memory - 1, &layout, &f.port, &f.sealer, &f.store),
        QD_ARGUMENT);
    f.layout.model = "fifteen letters";
    f.layout.rows = largest;
    f.layout.row_count = 1;
    f.layout.group_capacity = 0;
    assert_true(qd_store_size(&f.layout) > sizeof f.memory);
    assert_int_equal(mount(&f), QD_NO_SPACE);
}

static void one_lost_superblock_costs_no_epoch(void **state) {
    (void)state;
    for (uint32_t copy = 0; copy < 2; copy++) {
        fixture_t f;

        setup(&f);
        assert_int_equal(put(&f, B, 9, 10), QD_OK);
        assert_int_equal(remount(&f), QD_OK);
        qd_sim_fram_flip(&f.fram, copy * 64 + 30, 0x40);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(qd_store_epoch(f.store), 3);
        assert_int_equal(get(&f, B), 9);
        qd_sim_fram_flip(&f.fram, (1 - copy) * 64, 1);
        assert_int_equal(remount(&f), QD_OK); /* the first one has been written again */
        assert_int_equal(qd_store_epoch(f.store), 4);
        qd_sim_fram_flip(&f.fram, 0, 1);
        qd_sim_fram_flip(&f.fram, 64, 1);
        assert_refused(&f, QD_CORRUPT);
    }
}

/* --- records ---------------------------------------------------------------------------------------- */

static void records_hold_what_was_written_last(void **state) {
    fixture_t f;
    uint8_t octets[500];
    size_t length = 0;

    (void)state;
    setup(&f);
    for (unsigned i = 1; i < 300; i++) {
        assert_int_equal(put(&f, A, (uint8_t)i, 1), QD_OK);
        assert_int_equal(put(&f, C, (uint8_t)(i + 1), i), QD_OK);
        assert_int_equal(get(&f, A), (uint8_t)i);
        assert_int_equal(get(&f, B), -1);
        if (i % 3 == 0) {
            assert_int_equal(remount(&f), QD_OK);
        }
        assert_int_equal(f.records->read(f.records->context, C, octets, sizeof octets, &length), QD_OK);
        assert_int_equal(length, i);
        assert_int_equal(octets[i - 1], (uint8_t)(i + 1));
    }
}

static void lengths_and_ids_are_checked(void **state) {
    fixture_t f;
    uint8_t octets[100];
    size_t length = 77;
    uint32_t before;

    (void)state;
    setup(&f);
    before = operations(&f);
    assert_int_equal(put(&f, B, 1, 101), QD_NO_SPACE);
    assert_int_equal(put(&f, A, 1, 2), QD_NO_SPACE);
    assert_int_equal(put(&f, A, 1, (size_t)65537), QD_NO_SPACE);
    assert_int_equal(put(&f, 0, 1, 1), QD_UNDEFINED);
    assert_int_equal(put(&f, 2, 1, 1), QD_UNDEFINED);
    assert_int_equal(put(&f, 0xffff, 1, 1), QD_UNDEFINED);
    assert_int_equal(f.records->read(f.records->context, 3, octets, 100, &length), QD_UNDEFINED);
    assert_int_equal(operations(&f), before);
    assert_int_equal(put(&f, B, 1, 100), QD_OK);
    assert_int_equal(f.records->read(f.records->context, B, octets, 99, &length), QD_NO_SPACE);
    assert_int_equal(f.records->read(f.records->context, B, octets, 100, &length), QD_OK);
    assert_int_equal(length, 100);
    assert_int_equal(f.records->write(f.records->context, B, NULL, 0), QD_OK);
    assert_int_equal(f.records->read(f.records->context, B, octets, 0, &length), QD_OK);
    assert_int_equal(length, 0);
    assert_int_equal(remount(&f), QD_OK);
    length = 77;
    assert_int_equal(f.records->read(f.records->context, B, octets, 0, &length), QD_OK);
    assert_int_equal(length, 0);
}

static void a_write_is_one_program_and_one_sync(void **state) {
    fixture_t f;
    qd_store_stats_t first, then;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 50), QD_OK); /* both slots */
    qd_store_get_stats(f.store, &first);
    assert_int_equal(first.commits, 1);
    assert_int_equal(put(&f, B, 2, 50), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.commits, 2);
    assert_int_equal(then.programs - first.programs, 1);
    assert_int_equal(then.syncs - first.syncs, 1);
    assert_int_equal(then.programmed_octets - first.programmed_octets, 66);
    assert_int_equal(then.bad_slots + then.replays, 0);
}

/* --- lost slots ------------------------------------------------------------------------------------- */

static void every_octet_of_a_slot_is_guarded(void **state) {
    fixture_t f;
    uint8_t image[SIZE];
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK); /* slot 0 has 2, slot 1 has 1 */
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    for (uint32_t i = 0; i < 36; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            qd_sim_fram_load(&f.fram, image);
            qd_sim_fram_flip(&f.fram, slot_at(1, 0) + i, (uint8_t)(1u << bit));
            assert_int_equal(mount(&f), QD_OK);
            qd_store_get_stats(f.store, &stats);
            assert_int_equal(stats.bad_slots, 1);
            assert_int_equal(get(&f, B), 1);
            assert_int_equal(remount(&f), QD_OK); /* written again from its twin */
            qd_store_get_stats(f.store, &stats);
            assert_int_equal(stats.bad_slots, 0);
            assert_int_equal(get(&f, B), 1);
        }
    }
}

static void two_lost_slots_are_corrupt_never_zero(void **state) {
    fixture_t f;
    uint8_t octets[100];
    size_t length = 4711;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, A, 3, 1), QD_OK);
    assert_int_equal(put(&f, B, 1, 20), QD_OK); /* a single write: both slots have it */
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 16, 1);
    assert_int_equal(get(&f, B), 1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 1) + 16, 1);
    assert_int_equal(get(&f, B), -2);
    assert_int_equal(remount(&f), QD_OK);
    memset(octets, 0x55, sizeof octets);
    assert_int_equal(f.records->read(f.records->context, B, octets, 100, &length), QD_CORRUPT);
    assert_int_equal(length, 4711);
    assert_int_equal(octets[0], 0x55);
    assert_int_equal(get(&f, A), 3);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), -2); /* stays told */
    assert_int_equal(put(&f, B, 7, 20), QD_OK);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 16, 1);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 7); /* both slots were filled */
}

static void a_slot_lost_while_running_falls_back(void **state) {
    fixture_t f;
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(qd_sim_fram_stick(&f.fram, slot_at(1, 0) + 20, 0xff, 0x99), QD_OK);
    assert_int_equal(get(&f, B), 1);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.bad_slots, 1);
    assert_int_equal(put(&f, B, 3, 20), QD_OK);
    assert_int_equal(get(&f, B), 1); /* the cell stays stuck: the older one still speaks */
    assert_int_equal(put(&f, B, 4, 4), QD_OK);
    assert_int_equal(get(&f, B), 4);
}

/* --- groups ----------------------------------------------------------------------------------------- */

static void a_group_counts_when_it_is_committed(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(qd_txn_commit(f.store), QD_STATE);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_STATE);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 200), QD_OK);
    assert_int_equal(get(&f, B), 2); /* its own writes are seen inside */
    assert_int_equal(get(&f, A), -1);
    assert_int_equal(remount(&f), QD_OK); /* the power goes before the commit */
    assert_int_equal(get(&f, B), 1);
    assert_int_equal(get(&f, C), -1);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 3, 30), QD_OK);
    assert_int_equal(put(&f, C, 3, 200), QD_OK);
    assert_int_equal(put(&f, B, 4, 10), QD_OK); /* the last one counts */
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 3);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 3);
}

static void an_aborted_group_leaves_nothing(void **state) {
    fixture_t f;
    uint32_t before;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    before = operations(&f);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 20), QD_OK);
    qd_txn_abort(f.store);
    assert_int_equal(get(&f, B), 1);
    assert_int_equal(get(&f, C), -1);
    qd_txn_abort(f.store);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(operations(&f), before);
}

static void a_group_has_room_for_what_the_layout_says(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, A, 1, 1), QD_OK);
    assert_int_equal(put(&f, B, 1, 100), QD_OK);
    assert_int_equal(put(&f, C, 1, 200), QD_NO_SPACE);
    assert_int_equal(put(&f, C, 1, 199), QD_OK);
    assert_int_equal(put(&f, B, 2, 100), QD_OK); /* in place of the first */
    assert_int_equal(put(&f, C, 2, 200), QD_NO_SPACE);
    assert_int_equal(get(&f, C), 1);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, A), 1);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, C), 1);
}

static void a_group_of_one_takes_the_short_way(void **state) {
    fixture_t f;
    qd_store_stats_t first, then;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    qd_store_get_stats(f.store, &first);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 1);
    assert_int_equal(then.commits - first.commits, 1);
    first = then;
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 3, 20), QD_OK);
    assert_int_equal(put(&f, C, 3, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 4); /* redo, two slots, retirement */
    assert_int_equal(then.syncs - first.syncs, 2);
    assert_int_equal(then.commits - first.commits, 1);
}

/* --- failing devices -------------------------------------------------------------------------------- */

typedef struct outcome {
    int b, c;
} outcome_t;

/* One write, or a group, with count operations from first on failing. */
static qd_status_t write_failing(fixture_t *f, bool group, uint32_t first, uint32_t count, qd_status_t how) {
    qd_status_t status;

    qd_sim_fram_fail(&f->fram, operations(f) + first, count, how);
    if (!group) {
        status = put(f, B, 2, 20);
    } else {
        assert_int_equal(qd_txn_begin(f->store), QD_OK);
        assert_int_equal(put(f, B, 2, 20), QD_OK);
        assert_int_equal(put(f, C, 2, 20), QD_OK);
        status = qd_txn_commit(f->store);
    }
    return status;
}

static outcome_t outcome(fixture_t *f) {
    outcome_t o = {get(f, B), get(f, C)};

    return o;
}

static void failing_operations_leave_old_or_new(void **state) {
    static const uint32_t counts[] = {1, 2, 3, 100};

    (void)state;
    for (unsigned i = 0; i < 2u * 10u * 4u * 2u * 2u; i++) {
        bool group = i % 2 != 0, again = i / 2 % 2 != 0;
        uint32_t first = 1 + i / 4 % 10, count = counts[i / 40 % 4];
        qd_status_t how = i / 160 != 0 ? QD_NO_SPACE : QD_IO, status;
        fixture_t f;
        outcome_t o;

        setup(&f);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        status = write_failing(&f, group, first, count, how);
        assert_true(status == QD_OK || status == QD_IO || status == how);
        o = outcome(&f);
        assert_int_equal(o.b, status == QD_OK ? 2 : 1);
        assert_int_equal(o.c, status == QD_OK && group ? 2 : 1);
        qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
        if (again) { /* the device works again */
            assert_int_equal(put(&f, C, 3, 20), QD_OK);
            assert_int_equal(get(&f, B), o.b);
            assert_int_equal(put(&f, B, 4, 20), QD_OK);
            assert_int_equal(remount(&f), QD_OK);
            assert_int_equal(get(&f, B), 4);
            assert_int_equal(get(&f, C), 3);
        } else { /* the power goes first */
            assert_int_equal(remount(&f), QD_OK);
            assert_true(get(&f, B) == o.b || (status != QD_OK && get(&f, B) == 2));
            assert_true(!group || get(&f, B) == get(&f, C));
        }
    }
}

static void a_refused_write_does_not_turn_up_later(void **state) {
    (void)state;
    for (unsigned group = 0; group < 2; group++) {
        for (uint32_t first = 1; first <= 2; first++) {
            fixture_t f;

            setup(&f);
            assert_int_equal(put(&f, B, 1, 20), QD_OK);
            assert_int_equal(put(&f, C, 1, 20), QD_OK);
            /* program or sync fails once; the store cleans up behind it */
            assert_int_equal(write_failing(&f, group != 0, first, 1, QD_IO), QD_IO);
            qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_KEPT);
            assert_int_equal(remount(&f), QD_OK);
            assert_int_equal(get(&f, B), 1);
            assert_int_equal(get(&f, C), 1);
        }
    }
}

static void a_first_write_that_fails_was_never_written(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    for (unsigned i = 0; i < 4; i++) {
        qd_sim_fram_fail(&f.fram, operations(&f) + 1 + i % 2, 1, QD_IO);
        assert_int_equal(put(&f, B, 2, 20), QD_IO);
        assert_int_equal(get(&f, B), -1);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), -1);
    }
    assert_int_equal(put(&f, B, 3, 20), QD_OK);
    assert_int_equal(get(&f, B), 3);
}

static void while_a_group_is_not_applied_nothing_else_is_written(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    /* redo program and sync work, everything after them fails */
    assert_int_equal(write_failing(&f, true, 3, 1000, QD_IO), QD_OK);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, C), 2);
    assert_int_equal(put(&f, A, 9, 1), QD_IO);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 9, 1), QD_IO);
    qd_txn_abort(f.store);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(get(&f, B), 2);
    assert_int_equal(get(&f, A), -1);
    qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
    assert_int_equal(put(&f, A, 3, 1), QD_OK);
    assert_int_equal(put(&f, B, 4, 20), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, A), 3);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 2);
}

static void a_mount_that_fails_can_be_done_again(void **state) {
    (void)state;
    for (uint32_t op = 1; op < 12; op++) {
        fixture_t f;
        qd_status_t status;

        setup(&f);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        assert_int_equal(write_failing(&f, true, 3, 1000, QD_IO), QD_OK);
        qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&f.fram);
        qd_sim_fram_fail(&f.fram, op, 1, QD_IO);
        status = mount(&f);
        assert_true(status == QD_OK || status == QD_IO);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), 2);
        assert_int_equal(get(&f, C), 2);
    }
}

/* --- other sealers ---------------------------------------------------------------------------------- */

/* A toy cipher with a tag of 16: enough to see that nothing relies on the CRC sealer's ways. */
static void stream(const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length, uint8_t *out) {
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(in[i] ^ (nonce->record * 7u + nonce->slot * 31u + nonce->epoch * 3u +
                                    nonce->sequence * 11u + i * 13u + 5u));
    }
}

static void toy_tag(const qd_seal_nonce_t *nonce, const uint8_t *sealed, size_t length, uint8_t *tag) {
    uint32_t crc = qd_crc32(nonce->sequence ^ nonce->epoch << 8, sealed, length);

    for (unsigned i = 0; i < 16; i++) {
        tag[i] = (uint8_t)(crc >> i % 4 * 8 ^ i ^ nonce->slot);
    }
}

static qd_status_t toy_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                            uint8_t *out, uint8_t *tag) {
    if (*(const bool *)context) {
        return QD_IO; /* the key is not to be had */
    }
    stream(nonce, in, length, out);
    toy_tag(nonce, out, length, tag);
    return QD_OK;
}

static qd_status_t toy_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                            uint8_t *out, const uint8_t *tag) {
    uint8_t wanted[16];

    if (*(const bool *)context) {
        return QD_IO;
    }
    toy_tag(nonce, in, length, wanted);
    if (memcmp(wanted, tag, 16) != 0) {
        return QD_CORRUPT;
    }
    stream(nonce, in, length, out);
    return QD_OK;
}

static void another_sealer_fits(void **state) {
    fixture_t f;
    bool no_key = false;

    (void)state;
    prepare(&f, 0x00);
    f.sealer = (qd_sealer_t){&no_key, 16, toy_seal, toy_open};
    assert_int_equal(mount(&f), QD_END);
    for (unsigned i = 1; i < 20; i++) {
        assert_int_equal(put(&f, A, (uint8_t)i, 1), QD_OK);
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, (uint8_t)i, 100), QD_OK);
        assert_int_equal(put(&f, C, (uint8_t)i, 10 + i), QD_OK);
        /* every other time the group is left to the next mount */
        qd_sim_fram_fail(&f.fram, operations(&f) + 3, i % 2 * 1000, QD_IO);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, A), (int)i);
        assert_int_equal(get(&f, B), (int)i);
        assert_int_equal(get(&f, C), (int)i);
    }
    no_key = true;
    assert_int_equal(put(&f, A, 99, 1), QD_IO);
    assert_int_equal(get(&f, A), -3 - (int)QD_IO);
    no_key = false;
    assert_int_equal(get(&f, A), 19);
    no_key = true;
    assert_int_equal(remount(&f), QD_IO); /* not corrupt: nothing may be written over it */
    no_key = false;
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, C), 19);
}

static void two_stores_do_not_know_each_other(void **state) {
    fixture_t f, g;

    (void)state;
    setup(&f);
    setup(&g);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, (uint8_t)i, 20), QD_OK);
        assert_int_equal(put(&g, B, (uint8_t)(i + 100), 30), QD_OK);
        assert_int_equal(put(&f, C, (uint8_t)i, 20), QD_OK);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
    }
    assert_int_equal(get(&f, B), 49);
    assert_int_equal(get(&g, B), 149);
    assert_int_equal(get(&g, C), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blank_device_is_formatted_once),
        cmocka_unit_test(foreign_octets_are_refused_and_kept),
        cmocka_unit_test(another_model_or_layout_is_refused),
        cmocka_unit_test(sizes_are_checked_to_the_octet),
        cmocka_unit_test(layouts_that_contradict_themselves),
        cmocka_unit_test(one_lost_superblock_costs_no_epoch),
        cmocka_unit_test(records_hold_what_was_written_last),
        cmocka_unit_test(lengths_and_ids_are_checked),
        cmocka_unit_test(a_write_is_one_program_and_one_sync),
        cmocka_unit_test(every_octet_of_a_slot_is_guarded),
        cmocka_unit_test(two_lost_slots_are_corrupt_never_zero),
        cmocka_unit_test(a_slot_lost_while_running_falls_back),
        cmocka_unit_test(a_group_counts_when_it_is_committed),
        cmocka_unit_test(an_aborted_group_leaves_nothing),
        cmocka_unit_test(a_group_has_room_for_what_the_layout_says),
        cmocka_unit_test(a_group_of_one_takes_the_short_way),
        cmocka_unit_test(failing_operations_leave_old_or_new),
        cmocka_unit_test(a_refused_write_does_not_turn_up_later),
        cmocka_unit_test(a_first_write_that_fails_was_never_written),
        cmocka_unit_test(while_a_group_is_not_applied_nothing_else_is_written),
        cmocka_unit_test(a_mount_that_fails_can_be_done_again),
        cmocka_unit_test(another_sealer_fits),
        cmocka_unit_test(two_stores_do_not_know_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
