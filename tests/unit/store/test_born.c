/*
 * test_born.c - octets that turn blank are lost and not "never written".
 *
 * A sector of zeros is what a memory, a file system or a hand leaves; no single flipped bit shows it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"
#include "store/store.h"

#define SIZE 4096u
#define SLOT(capacity) ((12u + 4u + (capacity) + 7u) & ~7u)

static const qd_record_row_t rows[] = {
    {1, 20, true}, {2, 40, false}, {7, 60, true}, {QD_STORE_RECORD_MAP, QD_STORE_MAP_SIZE, true}};
static const qd_store_layout_t layout = {"born", 1, rows, 4, 160};
static const qd_record_row_t later_rows[] = {{1, 20, true},
                                             {2, 48, false},
                                             {5, 8, true},
                                             {7, 60, true},
                                             {QD_STORE_RECORD_MAP, QD_STORE_MAP_SIZE, true}};
static const qd_store_layout_t later = {"born", 2, later_rows, 5, 160};

static uint64_t memory[512];
static uint8_t device_memory[5u * SIZE];
static uint8_t image[SIZE];
static qd_sim_fram_t fram;
static qd_block_t port;
static qd_store_t *store;

static qd_status_t mount(const qd_store_layout_t *as) {
    qd_sim_fram_power_off(&fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&fram);
    return qd_store_mount(memory, sizeof memory, as, &port, &qd_sealer_crc, &store);
}

static void fresh(uint8_t fill) {
    qd_sim_fram_init(&fram, device_memory, SIZE, fill, 1);
    qd_sim_fram_port(&fram, &port);
    assert_int_equal(mount(&layout), QD_END);
}

static qd_status_t put(uint16_t record, uint8_t value) {
    uint8_t content[20];
    memset(content, value, sizeof content);
    return qd_store_records(store)->write(store, record, content, sizeof content);
}

/* The value of a record's octets, or its status below zero. */
static int get(uint16_t record) {
    uint8_t content[64];
    size_t length = 0;
    qd_status_t status = qd_store_records(store)->read(store, record, content, sizeof content, &length);
    return status == QD_OK ? content[0] : -(int)status;
}

/* Address of a record's slots by the page: superblocks, redo area, then the records. */
static uint32_t slots_of(uint16_t record, uint32_t *octets) {
    uint32_t at = 128u + ((16u + 4u + 160u + 4u * 4u + 7u) & ~7u);
    for (unsigned i = 0; i < 4; i++) {
        *octets = 2u * SLOT(rows[i].capacity);
        if (rows[i].id == record) {
            return at;
        }
        at += *octets;
    }
    return 0;
}

static void wipe(uint16_t record, uint8_t value) {
    uint32_t octets = 0;
    uint32_t at = slots_of(record, &octets);
    qd_sim_fram_power_off(&fram, QD_SIM_UNSYNCED_LOST);
    memcpy(image, qd_sim_fram_cells(&fram), SIZE);
    memset(image + at, value, octets);
    qd_sim_fram_load(&fram, image);
}

static void test_a_record_that_turned_blank_is_lost(void **state) {
    static const uint8_t fills[] = {0x00, 0xFF};
    (void)state;
    for (unsigned f = 0; f < 2; f++) {
        for (unsigned r = 0; r < 3; r++) {
            fresh(fills[f]);
            assert_int_equal(put(rows[r].id, 9), QD_OK);
            wipe(rows[r].id, fills[f]);
            assert_int_equal(mount(&layout), QD_OK);
            for (unsigned other = 0; other < 3; other++) {
                assert_int_equal(get(rows[other].id), other == r ? -(int)QD_CORRUPT : -(int)QD_END);
            }
            /* It stays lost until it is written. */
            assert_int_equal(mount(&layout), QD_OK);
            assert_int_equal(get(rows[r].id), -(int)QD_CORRUPT);
            assert_int_equal(put(rows[r].id, 10), QD_OK);
            assert_int_equal(mount(&layout), QD_OK);
            assert_int_equal(get(rows[r].id), 10);
        }
    }
}

static void test_groups_are_noted_as_well(void **state) {
    (void)state;
    fresh(0);
    assert_int_equal(qd_txn_begin(store), QD_OK);
    assert_int_equal(put(1, 3), QD_OK);
    assert_int_equal(put(2, 4), QD_OK);
    assert_int_equal(qd_txn_commit(store), QD_OK);
    wipe(2, 0);
    assert_int_equal(mount(&layout), QD_OK);
    assert_int_equal(get(1), 3);
    assert_int_equal(get(2), -(int)QD_CORRUPT);
    assert_int_equal(get(7), -(int)QD_END);
}

/* Without its map a store believes nothing that is blank. */
static void test_a_lost_map_proves_nothing(void **state) {
    (void)state;
    fresh(0);
    assert_int_equal(put(1, 3), QD_OK);
    wipe(QD_STORE_RECORD_MAP, 0);
    assert_int_equal(mount(&layout), QD_OK);
    assert_int_equal(get(1), 3);
    assert_int_equal(get(2), -(int)QD_CORRUPT);
    /* All of the bank. */
    qd_sim_fram_power_off(&fram, QD_SIM_UNSYNCED_LOST);
    memcpy(image, qd_sim_fram_cells(&fram), SIZE);
    memset(image + 128, 0, SIZE - 128u);
    qd_sim_fram_load(&fram, image);
    assert_int_equal(mount(&layout), QD_OK);
    for (unsigned r = 0; r < 3; r++) {
        assert_int_equal(get(rows[r].id), -(int)QD_CORRUPT);
    }
}

/* A first start that is cut anywhere is a first start again, and no record counts as lost. */
static void test_a_first_start_that_is_cut(void **state) {
    (void)state;
    fresh(0xFF);
    uint32_t operations = fram.medium.operations;
    assert_true(operations > 8);
    for (uint32_t cut = 1; cut <= operations; cut++) {
        for (unsigned variant = 0; variant < QD_SIM_TORN_COUNT * QD_SIM_UNSYNCED_COUNT; variant++) {
            qd_sim_fram_init(&fram, device_memory, SIZE, 0xFF, cut * 32u + variant);
            qd_sim_fram_port(&fram, &port);
            qd_sim_fram_cut(&fram, cut, (qd_sim_torn_t)(variant % QD_SIM_TORN_COUNT),
                            (qd_sim_unsynced_t)(variant / QD_SIM_TORN_COUNT));
            (void)qd_store_mount(memory, sizeof memory, &layout, &port, &qd_sealer_crc, &store);
            qd_status_t status = mount(&layout);
            assert_true(status == QD_OK || status == QD_END);
            for (unsigned r = 0; r < 3; r++) {
                assert_int_equal(get(rows[r].id), -(int)QD_END);
            }
            assert_int_equal(put(7, 1), QD_OK);
            assert_int_equal(mount(&layout), QD_OK);
            assert_int_equal(get(7), 1);
        }
    }
}

static void test_a_migration_takes_the_map_along(void **state) {
    (void)state;
    fresh(0);
    assert_int_equal(put(2, 5), QD_OK);
    assert_int_equal(put(7, 6), QD_OK);
    wipe(2, 0);
    assert_int_equal(qd_store_migrate(memory, sizeof memory, &layout, &later, &port, &qd_sealer_crc, NULL),
                     QD_OK);
    assert_int_equal(mount(&later), QD_OK);
    assert_int_equal(get(1), -(int)QD_END);
    assert_int_equal(get(2), -(int)QD_CORRUPT); /* lost before, lost after */
    assert_int_equal(get(5), -(int)QD_END);
    assert_int_equal(get(7), 6);
    assert_int_equal(qd_store_migrate(memory, sizeof memory, &later, &layout, &port, &qd_sealer_crc, NULL),
                     QD_OK);
    wipe(7, 0);
    assert_int_equal(mount(&layout), QD_OK);
    assert_int_equal(get(1), -(int)QD_END);
    assert_int_equal(get(7), -(int)QD_CORRUPT);
}

/* One copy of the superblock has a cell that sticks: the start goes on with the other and says that something is
 * wrong; with both there is none. */
static void test_a_superblock_that_does_not_hold(void **state) {
    (void)state;
    for (unsigned copy = 0; copy < 2; copy++) {
        fresh(0xFF);
        assert_int_equal(put(1, 3), QD_OK);
        assert_int_equal(qd_sim_fram_stick(&fram, copy * 64u + 20u, 0xFF, 0x5A), QD_OK);
        assert_int_equal(mount(&layout), QD_OK);
        assert_true(qd_store_degraded(store));
        assert_int_equal(get(1), 3);
        assert_int_equal(mount(&layout), QD_OK);
        assert_int_equal(get(1), 3);
        assert_int_equal(qd_sim_fram_stick(&fram, (copy ^ 1u) * 64u + 21u, 0xFF, 0x5A), QD_OK);
        assert_int_not_equal(mount(&layout), QD_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_that_turned_blank_is_lost),
        cmocka_unit_test(test_groups_are_noted_as_well),
        cmocka_unit_test(test_a_lost_map_proves_nothing),
        cmocka_unit_test(test_a_first_start_that_is_cut),
        cmocka_unit_test(test_a_migration_takes_the_map_along),
        cmocka_unit_test(test_a_superblock_that_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
