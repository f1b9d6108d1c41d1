/* The simulated NOR flash: bits only fall, erases take polls, and power fails in all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"

#define SIZE 256u
#define BLOCK 64u
#define BLOCKS 4u

typedef struct fixture {
    uint8_t memory[5 * SIZE + 4 * BLOCKS];
    qd_sim_nor_t nor;
    qd_block_t port;
} fixture_t;

static void setup_with(fixture_t *f, uint64_t seed) {
    assert_int_equal(qd_sim_nor_memory(SIZE, BLOCK), sizeof f->memory);
    qd_sim_nor_init(&f->nor, f->memory, SIZE, BLOCK, seed);
    qd_sim_nor_port(&f->nor, &f->port);
}

static void setup(fixture_t *f) {
    setup_with(f, 7);
}

static qd_status_t program(fixture_t *f, uint32_t offset, uint8_t value, uint32_t length) {
    uint8_t octets[SIZE];

    memset(octets, value, sizeof octets);
    return f->port.program(f->port.context, offset, octets, length);
}

static qd_status_t sync(fixture_t *f) {
    return f->port.sync(f->port.context);
}

static qd_status_t start(fixture_t *f, uint32_t offset) {
    return f->port.erase_start(f->port.context, offset);
}

static qd_status_t poll(fixture_t *f) {
    return f->port.erase_poll(f->port.context);
}

static uint8_t look(fixture_t *f, uint32_t offset) {
    uint8_t octet;

    assert_int_equal(f->port.read(f->port.context, offset, &octet, 1), QD_OK);
    return octet;
}

static uint8_t cell(const fixture_t *f, uint32_t offset) {
    return qd_sim_nor_cells(&f->nor)[offset];
}

static qd_sim_nor_stats_t stats(const fixture_t *f) {
    qd_sim_nor_stats_t s;

    qd_sim_nor_get_stats(&f->nor, &s);
    return s;
}

/* Number of octets from offset on that are value in the cells. */
static uint32_t run_of(const fixture_t *f, uint32_t offset, uint8_t value) {
    uint32_t n = 0;

    while (offset + n < SIZE && cell(f, offset + n) == value) {
        n++;
    }
    return n;
}

/* Block 1 all zero, synced; blocks 0 and 2 with a mark at their edges. */
static void fill_block(fixture_t *f) {
    assert_int_equal(program(f, BLOCK, 0x00, BLOCK), QD_OK);
    assert_int_equal(program(f, BLOCK - 1, 0x5a, 1), QD_OK);
    assert_int_equal(program(f, 2 * BLOCK, 0xa5, 1), QD_OK);
    assert_int_equal(sync(f), QD_OK);
}

static qd_status_t erase(fixture_t *f, uint32_t offset) {
    qd_status_t status = start(f, offset);

    for (unsigned i = 0; i < 10 && (status == QD_OK || status == QD_PENDING); i++) {
        status = poll(f);
        if (status != QD_PENDING) {
            break;
        }
    }
    return status;
}

static void it_is_blank_and_its_port_says_so(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(f.port.size, SIZE);
    assert_int_equal(f.port.erase_size, BLOCK);
    assert_int_equal(run_of(&f, 0, 0xff), SIZE);
    assert_int_equal(look(&f, SIZE - 1), 0xff);
    assert_int_equal(poll(&f), QD_OK);
    assert_int_equal(stats(&f).operations, 0);
    assert_int_equal(stats(&f).reads, 1);
}

static void nothing_outside_of_the_device(void **state) {
    fixture_t f;
    uint8_t octets[2];

    (void)state;
    setup(&f);
    assert_int_equal(program(&f, SIZE - 1, 0, 2), QD_ARGUMENT);
    assert_int_equal(program(&f, UINT32_MAX, 0, 2), QD_ARGUMENT);
    assert_int_equal(f.port.read(f.port.context, SIZE, octets, 1), QD_ARGUMENT);
    assert_int_equal(f.port.read(f.port.context, UINT32_MAX, octets, 2), QD_ARGUMENT);
    assert_int_equal(start(&f, SIZE), QD_ARGUMENT);
    assert_int_equal(start(&f, UINT32_MAX), QD_ARGUMENT);
    assert_int_equal(stats(&f).operations, 0);
    assert_int_equal(program(&f, SIZE - 1, 0, 1), QD_OK);
    assert_int_equal(start(&f, SIZE - 1), QD_OK);
}

static void a_program_only_clears_bits(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    assert_int_equal(program(&f, 4, 0xcc, 4), QD_OK);
    assert_int_equal(look(&f, 4), 0xcc);
    assert_int_equal(program(&f, 4, 0xc8, 2), QD_OK); /* clears one more: fine */
    assert_int_equal(stats(&f).violations, 0);
    assert_int_equal(program(&f, 5, 0xaa, 2), QD_OK); /* wants bits back */
    assert_int_equal(stats(&f).violations, 1);
    assert_int_equal(look(&f, 4), 0xc8);
    assert_int_equal(look(&f, 5), 0x88); /* cc, c8, aa */
    assert_int_equal(look(&f, 6), 0x88); /* cc, aa */
    assert_int_equal(look(&f, 7), 0xcc);
    assert_int_equal(run_of(&f, 0, 0xff), SIZE);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(cell(&f, 4), 0xc8);
    assert_int_equal(cell(&f, 5), 0x88);
    assert_int_equal(cell(&f, 6), 0x88);
    assert_int_equal(cell(&f, 7), 0xcc);
    assert_int_equal(cell(&f, 8), 0xff);
    assert_int_equal(program(&f, 4, 0xff, 1), QD_OK);
    assert_int_equal(stats(&f).violations, 2);
    assert_int_equal(stats(&f).programs, 4);
    assert_int_equal(stats(&f).programmed_octets, 9);
    assert_int_equal(stats(&f).syncs, 1);
    assert_int_equal(stats(&f).operations, 5);
}

static void an_erase_takes_its_polls(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    fill_block(&f);
    for (uint32_t polls = 1; polls < 5; polls++) {
        qd_sim_nor_set_polls(&f.nor, polls);
        assert_int_equal(start(&f, BLOCK + 17), QD_OK);
        assert_int_equal(start(&f, 3 * BLOCK), QD_BUSY);
        assert_int_equal(run_of(&f, BLOCK, polls == 1 ? 0x00 : 0xff) >= BLOCK, 1);
        for (uint32_t i = 1; i < polls; i++) {
            assert_int_equal(poll(&f), QD_PENDING);
        }
        assert_int_equal(poll(&f), QD_OK);
        assert_int_equal(poll(&f), QD_OK);
        assert_int_equal(cell(&f, BLOCK - 1), 0x5a);
        assert_int_equal(run_of(&f, BLOCK, 0xff), BLOCK);
        assert_int_equal(cell(&f, 2 * BLOCK), 0xa5);
        assert_int_equal(look(&f, BLOCK), 0xff);
    }
    assert_int_equal(stats(&f).erases, 4);
    assert_int_equal(stats(&f).polls, 1 + 2 + 3 + 4);
    assert_int_equal(stats(&f).operations, 4 + 4 + 10);
    assert_int_equal(stats(&f).erases_max, 4);
    assert_int_equal(qd_sim_nor_erases(&f.nor, 0), 0);
    assert_int_equal(qd_sim_nor_erases(&f.nor, 1), 4);
    assert_int_equal(qd_sim_nor_erases(&f.nor, BLOCKS), 0);
    qd_sim_nor_set_polls(&f.nor, 0);
    assert_int_equal(program(&f, BLOCK, 0, 1), QD_OK);
    assert_int_equal(start(&f, BLOCK), QD_OK);
    assert_int_equal(look(&f, BLOCK), 0xff);
    assert_int_equal(start(&f, 0), QD_OK);
    assert_int_equal(look(&f, BLOCK - 1), 0xff);
}

static void a_block_under_erase_is_of_no_use(void **state) {
    fixture_t f;
    uint8_t first[BLOCK + 2], other[BLOCK + 2];

    (void)state;
    setup(&f);
    fill_block(&f);
    assert_int_equal(start(&f, BLOCK), QD_OK);
    assert_int_equal(program(&f, BLOCK, 0, 1), QD_BUSY);
    assert_int_equal(program(&f, 2 * BLOCK - 1, 0, 1), QD_BUSY);
    assert_int_equal(program(&f, BLOCK - 1, 0, 2), QD_BUSY);
    assert_int_equal(stats(&f).programs, 3);
    assert_int_equal(f.port.read(f.port.context, BLOCK - 1, first, sizeof first), QD_OK);
    assert_int_equal(f.port.read(f.port.context, BLOCK - 1, other, sizeof other), QD_OK);
    assert_memory_not_equal(first + 1, other + 1, BLOCK);
    assert_int_equal(first[0], 0x5a);
    assert_int_equal(first[BLOCK + 1], 0xa5);
    /* The others work. */
    assert_int_equal(program(&f, BLOCK - 2, 0x33, 1), QD_OK);
    assert_int_equal(program(&f, 2 * BLOCK, 0x25, 1), QD_OK);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(cell(&f, BLOCK - 2), 0x33);
    assert_int_equal(cell(&f, 2 * BLOCK), 0x25);
    assert_int_equal(poll(&f), QD_PENDING); /* nor did the sync end it */
    assert_int_equal(cell(&f, BLOCK), 0x00);
}

static void an_erase_forgets_what_waits_for_its_block(void **state) {
    fixture_t f;
    uint8_t octets[4] = {1, 2, 3, 4};

    (void)state;
    setup(&f);
    assert_int_equal(f.port.program(f.port.context, BLOCK - 2, octets, 4), QD_OK); /* astride */
    assert_int_equal(f.port.program(f.port.context, 2 * BLOCK - 2, octets, 4), QD_OK);
    assert_int_equal(erase(&f, BLOCK), QD_OK);
    assert_int_equal(run_of(&f, 0, 0xff), SIZE); /* the rest still waits */
    assert_int_equal(look(&f, BLOCK - 1), 2);
    assert_int_equal(look(&f, BLOCK), 0xff);
    assert_int_equal(program(&f, BLOCK, 0x70, 1), QD_OK);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(cell(&f, BLOCK - 2), 1);
    assert_int_equal(cell(&f, BLOCK - 1), 2);
    assert_int_equal(cell(&f, BLOCK), 0x70);
    assert_int_equal(run_of(&f, BLOCK + 1, 0xff), BLOCK - 1);
    assert_int_equal(cell(&f, 2 * BLOCK), 3);
    assert_int_equal(cell(&f, 2 * BLOCK + 1), 4);
    assert_int_equal(stats(&f).violations, 0);
}

static void a_cut_program_is_torn(void **state) {
    static const uint32_t left[QD_SIM_TORN_COUNT] = {0, 4, 8, 9, 0};

    (void)state;
    for (unsigned torn = 0; torn < QD_SIM_TORN_COUNT; torn++) {
        fixture_t f;

        setup(&f);
        assert_int_equal(program(&f, 10, 0xf0, 4), QD_OK);
        qd_sim_nor_cut(&f.nor, 2, (qd_sim_torn_t)torn, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(program(&f, 12, 0x3c, 9), QD_IO);
        assert_true(qd_sim_nor_is_dead(&f.nor));
        assert_int_equal(sync(&f), QD_IO);
        assert_int_equal(start(&f, 0), QD_IO);
        assert_int_equal(poll(&f), QD_IO);
        assert_int_equal(cell(&f, 10), 0xf0);
        assert_int_equal(cell(&f, 12), left[torn] > 0 ? 0x30 : 0xf0);
        assert_int_equal(cell(&f, 13), left[torn] > 0 ? 0x30 : 0xf0);
        assert_int_equal(run_of(&f, 14, 0x3c), left[torn] > 2 ? left[torn] - 2 : 0);
        assert_int_equal(run_of(&f, 21, 0xff), SIZE - 21);
    }
}

static void what_was_not_synced_goes_by_the_policy(void **state) {
    unsigned seen = 0;

    (void)state;
    for (unsigned way = 0; way < QD_SIM_UNSYNCED_COUNT; way++) {
        for (uint64_t seed = 0; seed < 60; seed++) {
            fixture_t f;
            unsigned kept = 0, half = 0;

            setup_with(&f, seed);
            for (uint32_t i = 0; i < 3; i++) {
                assert_int_equal(program(&f, 10 * i, 0x40, 8), QD_OK);
            }
            qd_sim_nor_cut(&f.nor, 4, QD_SIM_TORN_NONE, (qd_sim_unsynced_t)way);
            /* Any operation is hit, also that of an erase. */
            assert_int_equal(seed % 2 == 0 ? start(&f, 3 * BLOCK) : program(&f, 40, 0, 8), QD_IO);
            assert_int_equal(run_of(&f, 40, 0xff), SIZE - 40);
            for (uint32_t i = 0; i < 3; i++) {
                kept |= (run_of(&f, 10 * i, 0x40) == 8 ? 1u : 0u) << i;
                half |= (run_of(&f, 10 * i, 0x40) == 4 ? 1u : 0u) << i;
            }
            if (way == QD_SIM_UNSYNCED_KEPT) {
                assert_int_equal(kept, 7);
            } else if (way == QD_SIM_UNSYNCED_LOST) {
                assert_int_equal(kept | half, 0);
            } else if (way == QD_SIM_UNSYNCED_PREFIX) {
                assert_int_equal(half, kept + 1);
            } else {
                seen |= 1u << kept;
            }
        }
    }
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
        qd_sim_nor_cut(&f.nor, 3, (qd_sim_torn_t)torn, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(sync(&f), QD_IO);
        assert_int_equal(run_of(&f, 0, 0x00), left[torn]);
    }
}

/* Which bits of length octets at offset are not the same in 32 reads. */
static void find_unstable(fixture_t *f, uint32_t offset, uint32_t length, uint8_t *masks) {
    uint8_t first[SIZE], other[SIZE];

    memset(masks, 0, length);
    assert_int_equal(f->port.read(f->port.context, offset, first, length), QD_OK);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(f->port.read(f->port.context, offset, other, length), QD_OK);
        for (uint32_t k = 0; k < length; k++) {
            masks[k] = (uint8_t)(masks[k] | (first[k] ^ other[k]));
        }
    }
}

static unsigned bits_of(const uint8_t *octets, uint32_t length) {
    unsigned n = 0;

    for (uint32_t i = 0; i < 8 * length; i++) {
        n += (unsigned)octets[i / 8] >> i % 8 & 1u;
    }
    return n;
}

static void unstable_bits_stay_until_they_are_zero_or_erased(void **state) {
    fixture_t f;
    uint8_t masks[16];

    (void)state;
    setup(&f);
    qd_sim_nor_cut(&f.nor, 1, QD_SIM_TORN_UNSTABLE, QD_SIM_UNSYNCED_KEPT);
    assert_int_equal(program(&f, 8, 0x0f, 16), QD_IO);
    qd_sim_nor_restart(&f.nor);
    find_unstable(&f, 8, 16, masks);
    assert_true(bits_of(masks, 16) > 10);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(masks[i] & 0x0f, 0); /* only bits that were to fall */
    }
    assert_int_equal(program(&f, 8, 0xff, 16), QD_OK); /* programs nothing */
    find_unstable(&f, 8, 16, masks);
    assert_true(bits_of(masks, 16) > 10);
    assert_int_equal(program(&f, 8, 0x0f, 8), QD_OK);
    assert_int_equal(stats(&f).violations, 0);
    assert_int_equal(sync(&f), QD_OK);
    qd_sim_nor_restart(&f.nor);
    find_unstable(&f, 8, 16, masks);
    assert_int_equal(bits_of(masks, 8), 0);
    assert_true(bits_of(masks + 8, 8) > 4);
    assert_int_equal(look(&f, 8), 0x0f);
    assert_int_equal(erase(&f, 0), QD_OK);
    find_unstable(&f, 8, 16, masks);
    assert_int_equal(bits_of(masks, 16), 0);
    assert_int_equal(look(&f, 8), 0xff);
}

/* A cut of an erase of zeros in operation 4 + polls (4: its start). */
static void cut_erase(fixture_t *f, uint32_t polls, qd_sim_torn_t torn) {
    setup(f);
    fill_block(f);
    qd_sim_nor_cut(&f->nor, 5 + polls, torn, QD_SIM_UNSYNCED_LOST);
    assert_int_equal(start(f, BLOCK), polls == 0 ? QD_IO : QD_OK);
    for (uint32_t i = 1; i <= polls; i++) {
        assert_int_equal(poll(f), i == polls ? QD_IO : QD_PENDING);
    }
    assert_true(qd_sim_nor_is_dead(&f->nor));
    assert_int_equal(run_of(f, 0, 0xff), BLOCK - 1);
    assert_int_equal(cell(f, BLOCK - 1), 0x5a);
    assert_int_equal(cell(f, 2 * BLOCK), 0xa5);
    assert_int_equal(run_of(f, 2 * BLOCK + 1, 0xff), 2 * BLOCK - 1);
}

static void a_cut_erase_leaves_half_a_block(void **state) {
    fixture_t f;
    uint8_t masks[BLOCK];

    (void)state;
    for (uint32_t polls = 0; polls < 4; polls++) {
        for (unsigned torn = 0; torn < QD_SIM_TORN_COUNT; torn++) {
            unsigned set, unstable;

            cut_erase(&f, polls, (qd_sim_torn_t)torn);
            set = bits_of(qd_sim_nor_cells(&f.nor) + BLOCK, BLOCK);
            qd_sim_nor_restart(&f.nor);
            assert_int_equal(poll(&f), QD_OK);
            find_unstable(&f, BLOCK, BLOCK, masks);
            unstable = bits_of(masks, BLOCK);
            if (torn == QD_SIM_TORN_NONE && polls == 0) {
                assert_int_equal(set + unstable, 0);
                continue;
            }
            if (torn == QD_SIM_TORN_NONE || torn == QD_SIM_TORN_HALF) {
                assert_in_range(set, 150, 362); /* 256 of 512, 9 sigma */
                assert_in_range(unstable, 50, 206);
            } else if (torn == QD_SIM_TORN_LAST) {
                assert_in_range(set, 8 * BLOCK - 30, 8 * BLOCK - 1);
                assert_int_equal(unstable, 0);
            } else {
                assert_int_equal(set, 8 * BLOCK);
                assert_in_range(unstable, torn == QD_SIM_TORN_ALL ? 0 : 50,
                                torn == QD_SIM_TORN_ALL ? 0 : 206);
            }
            /* Until it is erased to its end. */
            assert_int_equal(erase(&f, BLOCK), QD_OK);
            find_unstable(&f, BLOCK, BLOCK, masks);
            assert_int_equal(bits_of(masks, BLOCK), 0);
            assert_int_equal(run_of(&f, BLOCK, 0xff), BLOCK);
            assert_int_equal(qd_sim_nor_erases(&f.nor, 1), 2);
        }
    }
}

static void power_fails_for_a_running_erase_in_any_operation(void **state) {
    fixture_t f;
    uint8_t masks[BLOCK];

    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        setup(&f);
        fill_block(&f);
        assert_int_equal(start(&f, BLOCK), QD_OK);
        qd_sim_nor_cut(&f.nor, 6, QD_SIM_TORN_NONE, QD_SIM_UNSYNCED_KEPT);
        if (how == 0) {
            assert_int_equal(program(&f, 0, 0, 4), QD_IO);
            assert_int_equal(cell(&f, 0), 0xff);
        } else if (how == 1) {
            assert_int_equal(sync(&f), QD_IO);
        } else if (how == 2) {
            qd_sim_nor_power_off(&f.nor, QD_SIM_UNSYNCED_KEPT);
        }
        qd_sim_nor_restart(&f.nor); /* 3: without a word */
        find_unstable(&f, BLOCK, BLOCK, masks);
        assert_in_range(bits_of(masks, BLOCK), 50, 206);
        assert_in_range(bits_of(qd_sim_nor_cells(&f.nor) + BLOCK, BLOCK), 150, 362);
        assert_int_equal(poll(&f), QD_OK);
        assert_int_equal(start(&f, 0), QD_OK); /* nothing runs */
    }
}

static void operations_fail_as_told(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    qd_sim_nor_fail(&f.nor, 2, 3, QD_IO);
    assert_int_equal(program(&f, 0, 0x11, 8), QD_OK);
    assert_int_equal(program(&f, 16, 0x11, 8), QD_IO);
    assert_int_equal(sync(&f), QD_IO);
    assert_int_equal(start(&f, 0), QD_IO);
    assert_int_equal(poll(&f), QD_OK); /* none was started */
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(run_of(&f, 0, 0x11), 8);
    assert_int_equal(run_of(&f, 16, 0x11), 4); /* any prefix, says the port */
    assert_int_equal(qd_sim_nor_erases(&f.nor, 0), 0);
    qd_sim_nor_fail(&f.nor, 6, 1, QD_NO_SPACE);
    assert_int_equal(program(&f, 32, 0x11, 8), QD_NO_SPACE);
    assert_int_equal(sync(&f), QD_OK);
    assert_int_equal(run_of(&f, 32, 0xff), SIZE - 32);
    qd_sim_nor_fail(&f.nor, 9, 1, QD_IO);
    assert_int_equal(start(&f, 0), QD_OK);
    assert_int_equal(poll(&f), QD_IO);
    assert_int_equal(poll(&f), QD_IO); /* still the last result */
    assert_true(run_of(&f, 0, 0x11) < 8);
    assert_int_equal(erase(&f, 0), QD_OK);
    assert_int_equal(run_of(&f, 0, 0xff), SIZE);
}

static void erases_fail_as_told(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    fill_block(&f);
    qd_sim_nor_fail_erases(&f.nor, 2, 2);
    for (unsigned i = 1; i <= 4; i++) {
        bool good = i == 1 || i == 4;

        assert_int_equal(start(&f, BLOCK), QD_OK);
        assert_int_equal(poll(&f), QD_PENDING);
        assert_int_equal(poll(&f), QD_PENDING);
        assert_int_equal(poll(&f), good ? QD_OK : QD_IO);
        if (good) {
            assert_int_equal(run_of(&f, BLOCK, 0xff), BLOCK);
        }
        assert_int_equal(program(&f, BLOCK, 0, BLOCK), QD_OK);
        assert_int_equal(sync(&f), QD_OK);
    }
    assert_int_equal(stats(&f).erases, 4);
    qd_sim_nor_restart(&f.nor);
    qd_sim_nor_fail_erases(&f.nor, 2, UINT32_MAX);
    assert_int_equal(erase(&f, BLOCK), QD_OK);
    assert_int_equal(erase(&f, BLOCK), QD_IO);
    assert_int_equal(erase(&f, BLOCK), QD_IO);
    qd_sim_nor_restart(&f.nor);
    assert_int_equal(poll(&f), QD_OK);
    assert_int_equal(erase(&f, BLOCK), QD_OK);
}

/* A bit that is 0 at times only is not set against the rules. */
static void unstable_zeros_are_no_violation(void **state) {
    uint32_t met = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        fixture_t f;
        uint8_t masks[BLOCK];

        setup_with(&f, seed);
        fill_block(&f);
        assert_int_equal(start(&f, BLOCK), QD_OK);
        qd_sim_nor_power_off(&f.nor, QD_SIM_UNSYNCED_KEPT);
        qd_sim_nor_restart(&f.nor);
        find_unstable(&f, BLOCK, BLOCK, masks);
        for (uint32_t i = 0; i < BLOCK; i++) {
            uint8_t zeros = (uint8_t)~cell(&f, BLOCK + i);
            uint32_t before = stats(&f).violations;

            assert_int_equal(program(&f, BLOCK + i, 0xff, 1), QD_OK);
            assert_int_equal(stats(&f).violations - before, (zeros & ~masks[i]) != 0);
            met += zeros != 0 && (zeros & ~masks[i]) == 0 ? 1 : 0;
        }
    }
    assert_true(met > 0);
}

static void a_cut_sync_may_take_any_order(void **state) {
    unsigned seen = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        fixture_t f;

        setup_with(&f, seed);
        assert_int_equal(program(&f, 0, 0x00, 8), QD_OK);
        assert_int_equal(program(&f, 20, 0x00, 8), QD_OK);
        qd_sim_nor_cut(&f.nor, 3, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_SUBSET);
        assert_int_equal(sync(&f), QD_IO);
        assert_int_equal(run_of(&f, 0, 0x00) + run_of(&f, 20, 0x00), 8);
        seen |= run_of(&f, 0, 0x00) == 8 ? 1u : 0u;
        seen |= run_of(&f, 20, 0x00) == 8 ? 2u : 0u;
    }
    assert_int_equal(seen, 3);
}

static void blocks_wear_out(void **state) {
    fixture_t f;
    uint8_t before[BLOCK];

    (void)state;
    setup(&f);
    qd_sim_nor_set_wear(&f.nor, 3, QD_SIM_WORN_FAILS);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(program(&f, BLOCK, 0, BLOCK), QD_OK);
        assert_int_equal(erase(&f, BLOCK), i <= 3 ? QD_OK : QD_IO);
        qd_sim_nor_restart(&f.nor); /* wear stays */
    }
    assert_int_equal(qd_sim_nor_erases(&f.nor, 1), 5);
    assert_int_equal(stats(&f).erases_max, 5);
    assert_int_equal(stats(&f).erases, 0);
    assert_int_equal(erase(&f, 0), QD_OK); /* the others are young */
    memset(before, 0xff, sizeof before);
    qd_sim_nor_set_wear(&f.nor, 5, QD_SIM_WORN_STUCK);
    for (unsigned i = 1; i <= 10; i++) {
        const uint8_t *cells = qd_sim_nor_cells(&f.nor) + BLOCK;

        assert_int_equal(erase(&f, BLOCK), QD_OK);
        assert_int_equal(bits_of(cells, BLOCK), 8 * BLOCK - (i < 8 ? i : 8));
        for (unsigned k = 0; k < BLOCK; k++) {
            assert_int_equal(cells[k] & ~before[k], 0); /* what is stuck stays so */
            assert_int_equal(look(&f, BLOCK + k), cells[k]);
        }
        memcpy(before, cells, sizeof before);
    }
    assert_int_equal(run_of(&f, 0, 0xff) >= BLOCK, 1);
}

static void single_bits_flip_and_stick(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    qd_sim_nor_flip(&f.nor, 5, 0x81);
    qd_sim_nor_flip(&f.nor, SIZE, 0x81);
    assert_int_equal(look(&f, 5), 0x7e);
    assert_int_equal(cell(&f, 5), 0x7e);
    assert_int_equal(qd_sim_nor_stick(&f.nor, 5, 0x0c, 0x04), QD_OK);
    assert_int_equal(look(&f, 5), 0x76);
    assert_int_equal(erase(&f, 0), QD_OK);
    assert_int_equal(look(&f, 5), 0xf7);
    assert_int_equal(look(&f, 4), 0xff);
    for (unsigned i = 1; i < QD_SIM_STUCK; i++) {
        assert_int_equal(qd_sim_nor_stick(&f.nor, i, 1, 1), QD_OK);
    }
    assert_int_equal(qd_sim_nor_stick(&f.nor, 9, 1, 1), QD_NO_SPACE);
}

static void copies_go_their_own_way(void **state) {
    fixture_t f, g;
    uint8_t image[SIZE];

    (void)state;
    setup(&f);
    fill_block(&f);
    assert_int_equal(program(&f, 0, 0x11, 8), QD_OK);
    assert_int_equal(start(&f, BLOCK), QD_OK);
    assert_int_equal(poll(&f), QD_PENDING);
    qd_sim_nor_copy(&g.nor, g.memory, &f.nor);
    qd_sim_nor_port(&g.nor, &g.port);
    assert_int_equal(poll(&g), QD_PENDING);
    assert_int_equal(poll(&g), QD_OK); /* the erase goes on in the copy */
    assert_int_equal(sync(&g), QD_OK);
    assert_int_equal(run_of(&g, 0, 0x11), 8);
    assert_int_equal(run_of(&g, BLOCK, 0xff), BLOCK);
    assert_int_equal(run_of(&f, 0, 0x11), 0);
    assert_int_equal(run_of(&f, BLOCK, 0x00), BLOCK);
    assert_int_equal(erase(&g, BLOCK), QD_OK);
    assert_int_equal(qd_sim_nor_erases(&g.nor, 1), 2);
    assert_int_equal(qd_sim_nor_erases(&f.nor, 1), 1);
    memset(image, 0x77, sizeof image);
    qd_sim_nor_load(&f.nor, image);
    assert_int_equal(run_of(&f, 0, 0x77), SIZE);
    assert_int_equal(look(&f, BLOCK), 0x77);
    assert_int_equal(look(&g, 0), 0x11);
}

static void the_same_seed_gives_the_same_octets(void **state) {
    fixture_t f, g;

    (void)state;
    cut_erase(&f, 1, QD_SIM_TORN_HALF);
    cut_erase(&g, 1, QD_SIM_TORN_HALF);
    assert_memory_equal(f.memory, g.memory, sizeof f.memory);
    setup(&f);
    setup(&g);
    qd_sim_nor_seed(&g.nor, 8);
    fill_block(&f);
    fill_block(&g);
    assert_int_equal(start(&f, BLOCK), QD_OK);
    assert_int_equal(start(&g, BLOCK), QD_OK);
    qd_sim_nor_power_off(&f.nor, QD_SIM_UNSYNCED_KEPT);
    qd_sim_nor_power_off(&g.nor, QD_SIM_UNSYNCED_KEPT);
    assert_memory_not_equal(qd_sim_nor_cells(&f.nor), qd_sim_nor_cells(&g.nor), SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_blank_and_its_port_says_so),
        cmocka_unit_test(nothing_outside_of_the_device),
        cmocka_unit_test(a_program_only_clears_bits),
        cmocka_unit_test(an_erase_takes_its_polls),
        cmocka_unit_test(a_block_under_erase_is_of_no_use),
        cmocka_unit_test(an_erase_forgets_what_waits_for_its_block),
        cmocka_unit_test(a_cut_program_is_torn),
        cmocka_unit_test(what_was_not_synced_goes_by_the_policy),
        cmocka_unit_test(a_cut_sync_is_torn_over_all_that_waits),
        cmocka_unit_test(unstable_bits_stay_until_they_are_zero_or_erased),
        cmocka_unit_test(a_cut_erase_leaves_half_a_block),
        cmocka_unit_test(power_fails_for_a_running_erase_in_any_operation),
        cmocka_unit_test(operations_fail_as_told),
        cmocka_unit_test(erases_fail_as_told),
        cmocka_unit_test(unstable_zeros_are_no_violation),
        cmocka_unit_test(a_cut_sync_may_take_any_order),
        cmocka_unit_test(blocks_wear_out),
        cmocka_unit_test(single_bits_flip_and_stick),
        cmocka_unit_test(copies_go_their_own_way),
        cmocka_unit_test(the_same_seed_gives_the_same_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
