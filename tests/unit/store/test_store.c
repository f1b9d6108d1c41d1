/* The store: mounting, records, lost slots. */
#include "fixture.h"

/* --- mounting --------------------------------------------------------------------------------------- */

/* One value everywhere that no new memory has: somebody wrote it. */
static void an_even_device_of_another_value_is_refused(void **state) {
    fixture_t f;

    (void)state;
    prepare(&f, 0x5a);
    assert_int_equal(mount(&f), QD_CORRUPT);
}

static void a_blank_device_is_formatted_once(void **state) {
    static const uint8_t fills[] = {0x00, 0xff};

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
    } places[] = {{0, 'h'},    {8, 0xfd},   {12, 0x00},   {40, 0x00},       {64, 'q'},
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
    static const qd_record_row_t others[] = {{A, 1, false}, {B, 101, false}, {C, 500, false}};
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
    assert_refused(&f, QD_FOREIGN);
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
    static const qd_record_row_t unsorted[] = {{2, 1, false}, {1, 1, false}},
                                 twice[] = {{1, 1, false}, {1, 1, false}}, zero[] = {{0, 1, false}},
                                 empty[] = {{1, 0, false}}, large[] = {{1, 2049, false}},
                                 largest[] = {{1, 2048, false}};
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
    f.port.size = 2 * SIZE; /* nothing is read: the memory is looked at first */
    assert_int_equal(
        qd_store_mount(&f.memory, qd_store_size(&f.layout) - 1, &f.layout, &f.port, &f.sealer, &f.store),
        QD_NO_SPACE);
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
    assert_false(qd_store_degraded(f.store));
    assert_int_equal(put(&f, B, 3, 20), QD_OK); /* the cell stays stuck, the other slot takes it */
    assert_int_equal(get(&f, B), 3);
    assert_true(qd_store_degraded(f.store));
}

/* --- cells that stick ------------------------------------------------------------------------------- */

/* One slot that does not hold: the record goes on in the other one, and no cut costs more than the write. */
static void a_record_goes_on_in_one_slot(void **state) {
    (void)state;
    for (uint32_t cut = 0; cut < 9; cut++) {
        fixture_t f;
        int found;

        prepare(&f, 0xff);
        f.layout.rows = cut % 2 != 0 ? mirrored_rows : rows;
        assert_int_equal(mount(&f), QD_END);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(qd_sim_fram_stick(&f.fram, slot_at(1, 1) + 13, 0xff, 0x5a), QD_OK);
        for (uint8_t i = 2; i < 6; i++) {
            assert_int_equal(put(&f, B, i, 20), QD_OK);
            assert_int_equal(get(&f, B), i);
        }
        assert_true(qd_store_degraded(f.store));
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), 5);
        qd_sim_fram_cut(&f.fram, operations(&f) + cut, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_LOST);
        (void)put(&f, B, 6, 20);
        assert_int_equal(remount(&f), QD_OK);
        found = get(&f, B);
        assert_true(found == 6 || (found == 5 && cut > 0));
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, 7, 20), QD_OK);
        assert_int_equal(put(&f, C, 7, 20), QD_OK);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(get(&f, B), 7);
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, B), 7);
        assert_int_equal(get(&f, C), 7);
    }
}

static void a_record_without_a_slot_does_not_hold_up_others(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(qd_sim_fram_stick(&f.fram, slot_at(1, 0) + 13, 0xff, 0x5a), QD_OK);
    assert_int_equal(qd_sim_fram_stick(&f.fram, slot_at(1, 1) + 13, 0xff, 0x5a), QD_OK);
    (void)put(&f, B, 2, 20);
    assert_int_equal(put(&f, B, 3, 20), QD_IO);
    assert_int_equal(get(&f, B), -2);
    assert_int_equal(put(&f, C, 3, 20), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 4, 20), QD_OK);
    assert_int_equal(put(&f, C, 4, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(get(&f, C), 4);
    assert_int_equal(put(&f, A, 4, 1), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), -2);
    assert_int_equal(get(&f, C), 4);
}

/* Groups lose their protection, not their effect. */
static void a_redo_area_that_does_not_hold(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    assert_int_equal(qd_sim_fram_stick(&f.fram, 128 + 40, 0xff, 0x5a), QD_OK);
    for (uint8_t i = 2; i < 5; i++) {
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, i, 20), QD_OK);
        assert_int_equal(put(&f, C, i, 20), QD_OK);
        qd_sim_fram_fail(&f.fram, operations(&f) + 3, i == 3 ? 100 : 0, QD_IO);
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(get(&f, B), i);
        assert_int_equal(get(&f, C), i);
        qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
        assert_true(qd_store_degraded(f.store));
    }
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 4);
    assert_int_equal(get(&f, C), 4);
}

/* --- scrubbing -------------------------------------------------------------------------------------- */

typedef struct round {
    unsigned places, healed, reverted, lost;
    uint16_t record;
} round_t;

static round_t scrub(fixture_t *f) {
    round_t round = {0, 0, 0, 0, 0};
    qd_scrub_t report;
    qd_status_t status;

    while ((status = qd_store_scrub(f->store, &report)) != QD_END) {
        assert_true(status == QD_OK || status == QD_CORRUPT);
        round.places++;
        round.healed += report.healed ? 1u : 0u;
        round.reverted += report.reverted ? 1u : 0u;
        round.lost += status == QD_CORRUPT ? 1u : 0u;
        if (report.healed || status == QD_CORRUPT) {
            round.record = report.record;
        }
        assert_true(round.places < 100);
    }
    return round;
}

static void scrubbing_finds_nothing_in_a_sound_store(void **state) {
    fixture_t f;
    round_t round;
    uint32_t before;
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    before = operations(&f);
    for (unsigned i = 0; i < 3; i++) {
        round = scrub(&f);
        assert_int_equal(round.places, 8);
        assert_int_equal(round.healed + round.lost, 0);
    }
    assert_int_equal(operations(&f), before);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.scrubbed, 24);
    assert_int_equal(stats.healed + stats.lost, 0);
}

/* Every bit of superblocks and of the slots of a record, one after the other, in one run. */
static void scrubbing_heals_a_flipped_bit(void **state) {
    fixture_t f;
    round_t round;
    qd_store_stats_t stats;
    unsigned healed = 0;

    (void)state;
    prepare(&f, 0xff);
    f.layout.rows = mirrored_rows;
    assert_int_equal(mount(&f), QD_END);
    assert_int_equal(put(&f, B, 9, 20), QD_OK);
    for (unsigned i = 0; i < 8u * (128u + 72u); i++) {
        uint32_t octet = i / 8u;
        uint32_t at = octet < 128 ? octet : slot_at(1, octet % 2u) + (octet - 128u) / 2u;

        qd_sim_fram_flip(&f.fram, at, (uint8_t)(1u << i % 8u));
        round = scrub(&f);
        assert_int_equal(round.healed, 1);
        assert_int_equal(round.reverted + round.lost, 0);
        assert_int_equal(round.record, octet < 128 ? 0 : B);
        healed++;
        assert_int_equal(get(&f, B), 9);
    }
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.healed, healed);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(qd_store_epoch(f.store), 2);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.bad_slots, 0);
    assert_int_equal(get(&f, B), 9);
}

static void scrubbing_tells_what_it_cannot_heal(void **state) {
    fixture_t f;
    round_t round;
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1); /* the newest: 1 is left */
    round = scrub(&f);
    assert_int_equal(round.healed, 1);
    assert_int_equal(round.reverted, 1);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.bad_slots, 1);
    assert_int_equal(stats.healed, 1);
    assert_int_equal(get(&f, B), 1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 1) + 20, 1);
    for (unsigned i = 0; i < 2; i++) {
        round = scrub(&f);
        assert_true(round.lost > 0);
        assert_int_equal(round.record, B);
        assert_int_equal(round.healed, 0);
        assert_int_equal(get(&f, B), -2);
    }
    qd_sim_fram_flip(&f.fram, slot_at(2, 1) + 3, 1); /* garbage where nothing was written */
    round = scrub(&f);
    assert_int_equal(round.healed, 1);
    assert_int_equal(get(&f, C), -1);
    assert_int_equal(put(&f, B, 5, 20), QD_OK);
    assert_int_equal(scrub(&f).lost, 0);
}

static void a_first_slot_alone_is_not_made_blank(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    qd_sim_fram_fail(&f.fram, operations(&f) + 3, 1, QD_NO_SPACE); /* slot 1 stays blank */
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1);
    assert_int_equal(scrub(&f).lost, 1);
}

static void scrubbing_waits_for_groups(void **state) {
    fixture_t f;
    qd_scrub_t report;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(qd_store_scrub(f.store, &report), QD_STATE);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 20), QD_OK);
    qd_sim_fram_fail(&f.fram, operations(&f) + 3, 1000, QD_IO);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(qd_store_scrub(f.store, &report), QD_IO);
    assert_int_equal(get(&f, C), 2);
    qd_sim_fram_fail(&f.fram, 0, 0, QD_OK);
    assert_int_equal(scrub(&f).lost, 0);
    assert_int_equal(get(&f, B), 2);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(qd_store_scrub(f.store, &report), QD_OK);
    }
    qd_sim_fram_fail(&f.fram, operations(&f) + 1, 2, QD_IO);
    assert_int_equal(qd_store_scrub(f.store, &report), QD_IO);
    assert_int_equal(qd_store_scrub(f.store, &report), QD_IO);
    assert_int_equal(qd_store_scrub(f.store, &report), QD_OK);
    assert_true(report.healed);
    assert_int_equal(report.record, B);
}

static void a_slot_speaks_for_its_place_only(void **state) {
    fixture_t f;
    uint8_t image[SIZE];
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    memcpy(image + slot_at(1, 1), image + slot_at(1, 0), slot_size(100));
    memset(image + slot_at(1, 0), 0x12, 16);
    qd_sim_fram_load(&f.fram, image);
    assert_int_equal(mount(&f), QD_OK);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.bad_slots, 2);
    assert_int_equal(get(&f, B), -2);
}

static void a_torn_first_write_stays_forgotten(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    qd_sim_fram_fail(&f.fram, operations(&f) + 3, 1, QD_NO_SPACE); /* slot 1 stays blank */
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(get(&f, B), 1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), -1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1); /* the octet reads well again */
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), -1);
}

static void a_clean_start_writes_the_superblocks_only(void **state) {
    fixture_t f;
    qd_store_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 2, 20), QD_OK);
    assert_int_equal(put(&f, C, 2, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(put(&f, C, 3, 20), QD_OK);
    assert_int_equal(remount(&f), QD_OK);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.programs, 2);
    assert_int_equal(stats.syncs, 2);
    assert_int_equal(stats.programmed_octets, 128);
    assert_int_equal(stats.replays + stats.bad_slots, 0);
}

/* --- mirrored records ------------------------------------------------------------------------------- */

static void setup_mirrored(fixture_t *f) {
    prepare(f, 0xff);
    f->layout.rows = mirrored_rows;
    assert_int_equal(mount(f), QD_END);
}

/* Every octet of both slots of B, one after the other, in an image that was never damaged before. */
static void assert_no_slot_is_alone(fixture_t *f, int value) {
    uint8_t image[SIZE];

    memcpy(image, qd_sim_fram_cells(&f->fram), SIZE);
    for (unsigned i = 0; i < 2u * 36u; i++) {
        qd_sim_fram_load(&f->fram, image);
        qd_sim_fram_flip(&f->fram, slot_at(1, i % 2u) + i / 2u, (uint8_t)(1u << i % 8u));
        assert_int_equal(mount(f), QD_OK);
        assert_int_equal(get(f, B), value);
        /* healed: now the other one may go */
        qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_flip(&f->fram, slot_at(1, (i + 1u) % 2u) + i / 2u, 0x10);
        assert_int_equal(remount(f), QD_OK);
        assert_int_equal(get(f, B), value);
    }
    qd_sim_fram_load(&f->fram, image);
    assert_int_equal(mount(f), QD_OK);
}

static void a_mirrored_record_is_in_both_slots(void **state) {
    fixture_t f;
    qd_store_stats_t first, then;

    (void)state;
    setup_mirrored(&f);
    for (uint8_t value = 1; value < 4; value++) {
        assert_int_equal(put(&f, B, value, 20), QD_OK);
        assert_no_slot_is_alone(&f, value);
    }
    qd_store_get_stats(f.store, &first);
    assert_int_equal(put(&f, B, 4, 20), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 2);
    assert_int_equal(then.syncs - first.syncs, 2);
    assert_int_equal(then.commits - first.commits, 1);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 5, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK); /* a group of one */
    assert_no_slot_is_alone(&f, 5);
    assert_int_equal(put(&f, C, 1, 20), QD_OK);
    qd_store_get_stats(f.store, &first);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, B, 6, 20), QD_OK);
    assert_int_equal(put(&f, C, 6, 20), QD_OK);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    qd_store_get_stats(f.store, &then);
    assert_int_equal(then.programs - first.programs, 5); /* redo, three slots, retirement */
    assert_int_equal(then.syncs - first.syncs, 3);
    assert_no_slot_is_alone(&f, 6);
    assert_int_equal(get(&f, C), 6);
}

/* The second program or its sync fails: not a failed write; the next one makes up for it. */
static void a_mirror_that_fails_is_no_failed_write(void **state) {
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        bool group = i % 2u != 0;
        uint32_t nth = (group ? 6u : 3u) + i / 2u % 2u; /* group: redo, sync, two slots, sync */
        fixture_t f;

        setup_mirrored(&f);
        assert_int_equal(put(&f, B, 1, 20), QD_OK);
        assert_int_equal(put(&f, C, 1, 20), QD_OK);
        qd_sim_fram_fail(&f.fram, operations(&f) + nth, 1, i < 4 ? QD_IO : QD_NO_SPACE);
        assert_int_equal(qd_txn_begin(f.store), QD_OK);
        assert_int_equal(put(&f, B, 2, 20), QD_OK);
        if (group) {
            assert_int_equal(put(&f, C, 2, 20), QD_OK);
        }
        assert_int_equal(qd_txn_commit(f.store), QD_OK);
        assert_int_equal(get(&f, B), 2);
        assert_int_equal(get(&f, C), group ? 2 : 1);
        if (i / 2u % 2u == 0) {
            assert_int_equal(put(&f, B, 3, 20), QD_OK);
        } else {
            assert_int_equal(remount(&f), QD_OK);
        }
        assert_no_slot_is_alone(&f, i / 2u % 2u == 0 ? 3 : 2);
    }
}

/* A cut between the two programs, or a record that was not mirrored before: the start makes it so. */
static void a_start_mirrors_what_a_cut_left(void **state) {
    fixture_t f;
    qd_store_stats_t stats;

    (void)state;
    setup_mirrored(&f);
    assert_int_equal(put(&f, B, 1, 20), QD_OK);
    qd_sim_fram_cut(&f.fram, operations(&f) + 3, QD_SIM_TORN_NONE, QD_SIM_UNSYNCED_LOST);
    (void)put(&f, B, 2, 20);
    qd_sim_fram_restart(&f.fram);
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, B), 2);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.bad_slots, 0);
    assert_int_equal(stats.programs, 3);
    assert_no_slot_is_alone(&f, 2);
    qd_store_get_stats(f.store, &stats);
    assert_int_equal(stats.programs, 2); /* nothing left to do */
    setup(&f);
    for (uint8_t value = 1; value < 4; value++) {
        assert_int_equal(put(&f, B, value, (size_t)(22 - value)), QD_OK);
    }
    f.layout.rows = mirrored_rows;
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 3);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 20, 1);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 3);
}

/* No room to compare two contents: one slot is written again at each start, never both. */
static void long_mirrored_records(void **state) {
    static const qd_record_row_t one[] = {{B, 100, true}};
    fixture_t f;
    qd_store_stats_t stats;

    (void)state;
    prepare(&f, 0xff);
    f.layout.rows = one;
    f.layout.row_count = 1;
    f.layout.group_capacity = 10;
    assert_int_equal(mount(&f), QD_END);
    assert_int_equal(put(&f, B, 1, 90), QD_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(remount(&f), QD_OK);
        qd_store_get_stats(f.store, &stats);
        assert_int_equal(stats.programs, 3); /* superblocks and one slot */
        assert_int_equal(get(&f, B), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blank_device_is_formatted_once),
        cmocka_unit_test(an_even_device_of_another_value_is_refused),
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
        cmocka_unit_test(a_record_goes_on_in_one_slot),
        cmocka_unit_test(a_record_without_a_slot_does_not_hold_up_others),
        cmocka_unit_test(a_redo_area_that_does_not_hold),
        cmocka_unit_test(scrubbing_finds_nothing_in_a_sound_store),
        cmocka_unit_test(scrubbing_heals_a_flipped_bit),
        cmocka_unit_test(scrubbing_tells_what_it_cannot_heal),
        cmocka_unit_test(a_first_slot_alone_is_not_made_blank),
        cmocka_unit_test(scrubbing_waits_for_groups),
        cmocka_unit_test(a_slot_speaks_for_its_place_only),
        cmocka_unit_test(a_torn_first_write_stays_forgotten),
        cmocka_unit_test(a_clean_start_writes_the_superblocks_only),
        cmocka_unit_test(a_mirrored_record_is_in_both_slots),
        cmocka_unit_test(a_mirror_that_fails_is_no_failed_write),
        cmocka_unit_test(a_start_mirrors_what_a_cut_left),
        cmocka_unit_test(long_mirrored_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
