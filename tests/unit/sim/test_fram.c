/* The simulated FRAM: what a cut leaves, failing operations, wear, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"

#define SIZE 64u

typedef struct fixture {
    uint8_t memory[5 * SIZE];
    qd_sim_fram_t fram;
    qd_block_t port;
} fixture_t;

static void setup(fixture_t *f) {
    assert_int_equal(qd_sim_fram_memory(SIZE), sizeof f->memory);
    qd_sim_fram_init(&f->fram, f->memory, SIZE, 0xff, 7);
    qd_sim_fram_port(&f->fram, &f->port);
}

static qd_status_t program(fixture_t *f, uint32_t offset, uint8_t value, uint32_t length) {
    uint8_t octets[SIZE];

    memset(octets, value, sizeof octets);
    return f->port.program(f->port.context, offset, octets, length);
}

static qd_status_t sync(fixture_t *f) {
    return f->port.sync(f->port.context);
}

/* Number of octets from offset on that are value in the cells. */
static uint32_t run_of(const fixture_t *f, uint32_t offset, uint8_t value) {
    const uint8_t *cells = qd_sim_fram_cells(&f->fram);
    uint32_t n = 0;

    while (offset + n < SIZE && cells[offset + n] == value) {
        n++;
    }
    return n;
}

static uint8_t look(fixture_t *f, uint32_t offset) {
    uint8_t octet;

    assert_int_equal(f->port.read(f->port.context, offset, &octet, 1), QD_OK);
    return octet;
}

static void programs_are_seen_at_once_and_kept_by_sync(void **state) {
    fixture_t f;
    qd_sim_fram_stats_t stats;

    (void)state;
    setup(&f);
    assert_int_equal(f.port.size, SIZE);
    assert_int_equal(f.port.erase_size, 0);
    assert_int_equal(program(&f, 4, 0x11, 8), QD_OK);
    assert_int_equal(look(&f, 4), 0x11);
    assert_int_equal(run_of(&f, 0, 0xff), SIZE);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(run_of(&f, 4, 0x11), 8);
    assert_int_equal(program(&f, 0, 0x22, 4), QD_OK);
    qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
    assert_true(qd_sim_fram_is_dead(&f.fram));
    assert_int_equal(sync(&f), QD_IO);
    assert_int_equal(program(&f, 0, 0, 1), QD_IO);
    qd_sim_fram_get_stats(&f.fram, &stats);
    assert_int_equal(stats.operations, 3);
    assert_int_equal(stats.programs, 2);
    assert_int_equal(stats.syncs, 1);
    assert_int_equal(stats.programmed_octets, 12);
    qd_sim_fram_restart(&f.fram);
    assert_int_equal(look(&f, 0), 0xff);
    assert_int_equal(look(&f, 4), 0x11);
}

static void nothing_outside_of_the_device(void **state) {
    fixture_t f;
    uint8_t octets[2];

    (void)state;
    setup(&f);
    assert_int_equal(program(&f, SIZE - 1, 0, 2), QD_ARGUMENT);
    assert_int_equal(program(&f, SIZE, 0, 1), QD_ARGUMENT);
    assert_int_equal(program(&f, UINT32_MAX, 0, 2), QD_ARGUMENT);
    assert_int_equal(f.port.read(f.port.context, SIZE - 1, octets, 2), QD_ARGUMENT);
    assert_int_equal(f.port.read(f.port.context, UINT32_MAX, octets, 2), QD_ARGUMENT);
    assert_int_equal(program(&f, SIZE, 0, 0), QD_OK);
    assert_int_equal(program(&f, SIZE - 1, 0, 1), QD_OK);
}

static void a_cut_program_is_torn(void **state) {
    static const uint32_t left[QD_SIM_TORN_COUNT] = {0, 4, 8, 9, 0};

    (void)state;
    for (unsigned torn = 0; torn < QD_SIM_TORN_COUNT; torn++) {
        fixture_t f;
        uint8_t octets[9];

        setup(&f);
        assert_int_equal(program(&f, 0, 0x11, 4), QD_OK);
        qd_sim_fram_cut(&f.fram, 2, (qd_sim_torn_t)torn, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(program(&f, 10, 0x00, 9), QD_IO);
        assert_true(qd_sim_fram_is_dead(&f.fram));
        assert_int_equal(f.port.read(f.port.context, 0, octets, 1), QD_IO);
        assert_int_equal(run_of(&f, 0, 0x11), 4);
        assert_int_equal(run_of(&f, 10, 0x00), left[torn]);
        assert_int_equal(run_of(&f, 19, 0xff), SIZE - 19);
    }
}

static void unstable_bits_read_differently_until_programmed_again(void **state) {
    fixture_t f;
    uint8_t first[16], other[16];
    bool differs = false;

    (void)state;
    setup(&f);
    qd_sim_fram_cut(&f.fram, 1, QD_SIM_TORN_UNSTABLE, QD_SIM_UNSYNCED_KEPT);
    assert_int_equal(program(&f, 8, 0x0f, 16), QD_IO);
    qd_sim_fram_restart(&f.fram);
    assert_int_equal(f.port.read(f.port.context, 8, first, 16), QD_OK);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(f.port.read(f.port.context, 8, other, 16), QD_OK);
        differs = differs || memcmp(first, other, 16) != 0;
        for (unsigned k = 0; k < 16; k++) {
            assert_int_equal(other[k] & 0x0f, 0x0f); /* only bits that were to change */
        }
    }
    assert_true(differs);
    assert_int_equal(look(&f, 7), 0xff);
    assert_int_equal(look(&f, 24), 0xff);
    assert_int_equal(program(&f, 8, 0x33, 16), QD_OK);
    assert_int_equal(sync(&f), QD_OK);
    qd_sim_fram_restart(&f.fram);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(look(&f, 8 + i % 16), 0x33);
    }
}

/* Three programs, then a cut in the fourth that leaves nothing of it. Bits: which were kept whole. */
static unsigned kept_of_three(qd_sim_unsynced_t unsynced, uint64_t seed, unsigned *torn) {
    fixture_t f;
    unsigned kept = 0;

    setup(&f);
    qd_sim_fram_init(&f.fram, f.memory, SIZE, 0xff, seed);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(program(&f, 10 * i, 0x40, 8), QD_OK);
    }
    qd_sim_fram_cut(&f.fram, 4, QD_SIM_TORN_NONE, unsynced);
    assert_int_equal(program(&f, 40, 0x40, 8), QD_IO);
    assert_int_equal(run_of(&f, 40, 0x40), 0);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t n = run_of(&f, 10 * i, 0x40);

        kept |= (n == 8 ? 1u : 0u) << i;
        *torn |= (n == 4 ? 1u : 0u) << i;
    }
    return kept;
}

static void what_was_not_synced_is_lost_in_four_ways(void **state) {
    unsigned torn = 0, seen = 0, prefixes = 0;

    (void)state;
    assert_int_equal(kept_of_three(QD_SIM_UNSYNCED_KEPT, 1, &torn), 7);
    assert_int_equal(kept_of_three(QD_SIM_UNSYNCED_LOST, 1, &torn), 0);
    assert_int_equal(torn, 0);
    for (uint64_t seed = 0; seed < 100; seed++) {
        unsigned half = 0, kept = kept_of_three(QD_SIM_UNSYNCED_PREFIX, seed, &half);

        assert_true(kept == 0 || kept == 1 || kept == 3);
        assert_int_equal(half, kept + 1);
        prefixes |= 1u << kept;
        seen |= 1u << kept_of_three(QD_SIM_UNSYNCED_SUBSET, seed, &torn);
    }
    assert_int_equal(prefixes, 0x0b);
    assert_int_equal(seen, 0xff);
}

static void a_cut_sync_is_torn_over_all_that_waits(void **state) {
    static const uint32_t left[QD_SIM_TORN_COUNT] = {0, 6, 11, 12, 0};

    (void)state;
    for (unsigned torn = 0; torn < QD_SIM_TORN_COUNT; torn++) {
        fixture_t f;

        setup(&f);
        assert_int_equal(program(&f, 0, 0x00, 8), QD_OK);
        assert_int_equal(program(&f, 8, 0x00, 4), QD_OK);
        qd_sim_fram_cut(&f.fram, 3, (qd_sim_torn_t)torn, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(sync(&f), QD_IO);
        assert_int_equal(run_of(&f, 0, 0x00), left[torn]);
    }
}

static void operations_fail_as_told(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    qd_sim_fram_fail(&f.fram, 2, 2, QD_IO);
    assert_int_equal(program(&f, 0, 0x11, 8), QD_OK);
    assert_int_equal(program(&f, 16, 0x11, 8), QD_IO);
    assert_int_equal(sync(&f), QD_IO);
    assert_int_equal(run_of(&f, 0, 0x11), 0);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(run_of(&f, 0, 0x11), 8);
    assert_int_equal(run_of(&f, 16, 0x11), 4); /* any prefix, says the port */
    qd_sim_fram_fail(&f.fram, 5, 1, QD_NO_SPACE);
    assert_int_equal(program(&f, 32, 0x11, 8), QD_NO_SPACE);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(run_of(&f, 32, 0x11), 0);
    assert_int_equal(program(&f, 32, 0x11, 8), QD_OK);
}

static void wear_shows(void **state) {
    fixture_t f;
    uint8_t octets[4];

    (void)state;
    setup(&f);
    qd_sim_fram_flip(&f.fram, 5, 0x81);
    qd_sim_fram_flip(&f.fram, SIZE, 0x81);
    assert_int_equal(look(&f, 5), 0x7e);
    assert_int_equal(qd_sim_fram_stick(&f.fram, 5, 0x0c, 0x04), QD_OK);
    assert_int_equal(program(&f, 4, 0x08, 4), QD_OK);
    assert_int_equal(f.port.read(f.port.context, 4, octets, 4), QD_OK);
    assert_int_equal(octets[0], 0x08);
    assert_int_equal(octets[1], 0x04);
    assert_int_equal(octets[2], 0x08);
    for (unsigned i = 1; i < QD_SIM_STUCK; i++) {
        assert_int_equal(qd_sim_fram_stick(&f.fram, i, 1, 1), QD_OK);
    }
    assert_int_equal(qd_sim_fram_stick(&f.fram, 9, 1, 1), QD_NO_SPACE);
}

static void copies_go_their_own_way(void **state) {
    fixture_t f, g;
    uint8_t image[SIZE];

    (void)state;
    setup(&f);
    assert_int_equal(program(&f, 0, 0x11, 8), QD_OK);
    qd_sim_fram_copy(&g.fram, g.memory, &f.fram);
    qd_sim_fram_port(&g.fram, &g.port);
    assert_int_equal(sync(&g), QD_OK);
    assert_int_equal(run_of(&g, 0, 0x11), 8);
    assert_int_equal(run_of(&f, 0, 0x11), 0);
    memset(image, 0x77, sizeof image);
    qd_sim_fram_load(&f.fram, image);
    assert_int_equal(run_of(&f, 0, 0x77), SIZE);
    assert_int_equal(look(&f, 0), 0x77);
    assert_int_equal(look(&g, 0), 0x11);
}

static void a_long_queue_settles_its_oldest(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    for (unsigned i = 0; i < 3 * QD_SIM_PENDING; i++) {
        assert_int_equal(program(&f, i % SIZE, (uint8_t)i, 1), QD_OK);
        assert_int_equal(look(&f, i % SIZE), (uint8_t)i);
    }
    assert_int_equal(sync(&f), QD_OK);
    for (unsigned i = 0; i < SIZE; i++) {
        assert_int_equal(qd_sim_fram_cells(&f.fram)[i], (uint8_t)(3 * QD_SIM_PENDING - SIZE + i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_seen_at_once_and_kept_by_sync),
        cmocka_unit_test(nothing_outside_of_the_device),
        cmocka_unit_test(a_cut_program_is_torn),
        cmocka_unit_test(unstable_bits_read_differently_until_programmed_again),
        cmocka_unit_test(what_was_not_synced_is_lost_in_four_ways),
        cmocka_unit_test(a_cut_sync_is_torn_over_all_that_waits),
        cmocka_unit_test(operations_fail_as_told),
        cmocka_unit_test(wear_shows),
        cmocka_unit_test(copies_go_their_own_way),
        cmocka_unit_test(a_long_queue_settles_its_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
