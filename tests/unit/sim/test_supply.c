/* One supply for several devices: one sequence of operations, one death, one bucket of energy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quadrant/sim.h"

#define FRAM_SIZE 64u
#define NOR_SIZE 128u
#define BLOCK 32u

typedef struct fixture {
    uint8_t cells[5 * FRAM_SIZE];
    uint8_t flash[5 * NOR_SIZE + 4 * (NOR_SIZE / BLOCK)];
    qd_sim_supply_t supply;
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t f, n; /* ports */
} fixture_t;

static void setup(fixture_t *x) {
    qd_sim_supply_init(&x->supply);
    qd_sim_fram_init(&x->fram, x->cells, FRAM_SIZE, 0xff, 3);
    qd_sim_nor_init(&x->nor, x->flash, NOR_SIZE, BLOCK, 4);
    assert_int_equal(qd_sim_fram_attach(&x->fram, &x->supply), QD_OK);
    assert_int_equal(qd_sim_nor_attach(&x->nor, &x->supply), QD_OK);
    qd_sim_fram_port(&x->fram, &x->f);
    qd_sim_nor_port(&x->nor, &x->n);
}

static qd_status_t program(const qd_block_t *b, uint32_t offset, uint8_t value, uint32_t length) {
    uint8_t octets[NOR_SIZE];

    memset(octets, value, sizeof octets);
    return b->program(b->context, offset, octets, length);
}

static qd_status_t sync(const qd_block_t *b) {
    return b->sync(b->context);
}

static uint32_t run_in(const uint8_t *octets, uint32_t length, uint8_t value) {
    uint32_t n = 0;

    while (n < length && octets[n] == value) {
        n++;
    }
    return n;
}

/* Number of octets from offset on that are value in the cells. */
static uint32_t in_fram(const fixture_t *x, uint32_t offset, uint8_t value) {
    return run_in(qd_sim_fram_cells(&x->fram) + offset, FRAM_SIZE - offset, value);
}

static uint32_t in_nor(const fixture_t *x, uint32_t offset, uint8_t value) {
    return run_in(qd_sim_nor_cells(&x->nor) + offset, NOR_SIZE - offset, value);
}

static bool all_dead(const fixture_t *x) {
    uint8_t octet;

    return qd_sim_supply_is_dead(&x->supply) && qd_sim_fram_is_dead(&x->fram) &&
           qd_sim_nor_is_dead(&x->nor) && x->f.read(x->f.context, 0, &octet, 1) == QD_IO &&
           x->n.read(x->n.context, 0, &octet, 1) == QD_IO && program(&x->f, 0, 0, 1) == QD_IO &&
           program(&x->n, 0, 0, 1) == QD_IO && sync(&x->f) == QD_IO && sync(&x->n) == QD_IO &&
           x->n.erase_start(x->n.context, 0) == QD_IO && x->n.erase_poll(x->n.context) == QD_IO;
}

/* Operations 1 to 8, four of each device. Returns how many answered well. */
static unsigned script(fixture_t *x) {
    unsigned good = 0;

    good += program(&x->f, 0, 0x11, 8) == QD_OK ? 1 : 0;
    good += program(&x->n, 0, 0x22, 8) == QD_OK ? 1 : 0;
    good += sync(&x->f) == QD_OK ? 1 : 0;
    good += program(&x->f, 8, 0x33, 8) == QD_OK ? 1 : 0;
    good += x->n.erase_start(x->n.context, BLOCK) == QD_OK ? 1 : 0;
    good += x->n.erase_poll(x->n.context) == QD_PENDING ? 1 : 0;
    good += program(&x->f, 16, 0x44, 8) == QD_OK ? 1 : 0;
    good += sync(&x->n) == QD_OK ? 1 : 0;
    return good;
}

static void operations_of_all_devices_count_as_one_sequence(void **state) {
    fixture_t x;
    uint8_t octet;

    (void)state;
    setup(&x);
    assert_int_equal(script(&x), 8);
    assert_int_equal(qd_sim_supply_operations(&x.supply), 8);
    assert_int_equal(x.n.read(x.n.context, 0, &octet, 1), QD_OK);
    assert_int_equal(program(&x.f, FRAM_SIZE, 0, 1), QD_ARGUMENT);
    assert_int_equal(program(&x.n, BLOCK, 0, 1), QD_BUSY);
    assert_int_equal(x.n.erase_start(x.n.context, 0), QD_BUSY);
    assert_int_equal(qd_sim_supply_operations(&x.supply), 8); /* none of those */
    assert_int_equal(x.n.erase_poll(x.n.context), QD_PENDING);
    assert_int_equal(x.n.erase_poll(x.n.context), QD_OK);
    assert_int_equal(x.n.erase_poll(x.n.context), QD_OK); /* nothing runs */
    assert_int_equal(qd_sim_supply_operations(&x.supply), 10);
    qd_sim_nor_fail(&x.nor, 7, 1, QD_IO);
    assert_int_equal(sync(&x.n), QD_IO);
    assert_int_equal(qd_sim_supply_operations(&x.supply), 11); /* failed ones too */
}

static void all_die_in_the_planned_operation(void **state) {
    (void)state;
    for (uint32_t op = 1; op <= 8; op++) {
        fixture_t x;

        setup(&x);
        qd_sim_supply_cut(&x.supply, op, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_LOST);
        assert_int_equal(script(&x), op - 1);
        assert_true(all_dead(&x));
        assert_int_equal(qd_sim_supply_operations(&x.supply), op);
        assert_int_equal(in_fram(&x, 0, 0x11), op == 1 ? 4 : op == 2 ? 0 : op == 3 ? 4 : 8);
        assert_int_equal(in_nor(&x, 0, 0x22), op == 2 ? 4 : op == 8 ? 4 : 0);
        assert_int_equal(in_fram(&x, 8, 0x33), op == 4 ? 4 : 0);
        assert_int_equal(in_fram(&x, 16, 0x44), op == 7 ? 4 : 0);
        qd_sim_supply_restart(&x.supply);
        assert_int_equal(qd_sim_supply_operations(&x.supply), 0);
        assert_int_equal(script(&x), 8); /* the plan is gone, and no erase runs */
    }
}

static void what_others_did_not_sync_goes_by_the_same_policy(void **state) {
    fixture_t x;

    (void)state;
    setup(&x);
    qd_sim_supply_cut(&x.supply, 8, QD_SIM_TORN_ALL, QD_SIM_UNSYNCED_KEPT);
    assert_int_equal(script(&x), 7);
    assert_int_equal(in_fram(&x, 8, 0x33), 8);
    assert_int_equal(in_fram(&x, 16, 0x44), 8);
    assert_int_equal(in_nor(&x, 0, 0x22), 8);
    setup(&x);
    qd_sim_supply_cut(&x.supply, 8, QD_SIM_TORN_NONE, QD_SIM_UNSYNCED_PREFIX);
    assert_int_equal(script(&x), 7);
    /* Either the first half of the first, or the first and the first half of the second. */
    assert_true((in_fram(&x, 8, 0x33) == 4 && in_fram(&x, 16, 0x44) == 0) ||
                (in_fram(&x, 8, 0x33) == 8 && in_fram(&x, 16, 0x44) == 4));
    assert_int_equal(in_nor(&x, 0, 0x22), 0);
}

/* How many of length octets are neither old nor new, or read differently at times. */
static unsigned noisy(const qd_block_t *b, uint32_t offset, uint32_t length) {
    uint8_t first[NOR_SIZE], other[NOR_SIZE];
    bool seen[NOR_SIZE] = {false};
    unsigned n = 0;

    assert_int_equal(b->read(b->context, offset, first, length), QD_OK);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(b->read(b->context, offset, other, length), QD_OK);
        for (uint32_t k = 0; k < length; k++) {
            seen[k] = seen[k] || first[k] != other[k];
        }
    }
    for (uint32_t k = 0; k < length; k++) {
        n += seen[k] ? 1 : 0;
    }
    return n;
}

static void a_block_under_erase_is_half_erased_by_a_cut_elsewhere(void **state) {
    fixture_t x;

    (void)state;
    for (unsigned how = 0; how < 4; how++) {
        setup(&x);
        assert_int_equal(program(&x.n, BLOCK, 0, BLOCK), QD_OK);
        assert_int_equal(sync(&x.n), QD_OK);
        assert_int_equal(x.n.erase_start(x.n.context, BLOCK), QD_OK);
        if (how == 0) {
            qd_sim_supply_cut(&x.supply, 4, QD_SIM_TORN_NONE, QD_SIM_UNSYNCED_KEPT);
            assert_int_equal(program(&x.f, 0, 0, 1), QD_IO);
        } else if (how == 1) {
            qd_sim_fram_power_off(&x.fram, QD_SIM_UNSYNCED_KEPT);
        } else if (how == 2) {
            qd_sim_supply_power_off(&x.supply, QD_SIM_UNSYNCED_KEPT);
        } else {
            qd_sim_fram_cut(&x.fram, 1, QD_SIM_TORN_NONE, QD_SIM_UNSYNCED_KEPT);
            assert_int_equal(sync(&x.f), QD_IO);
        }
        assert_true(all_dead(&x));
        qd_sim_supply_restart(&x.supply);
        assert_true(noisy(&x.n, BLOCK, BLOCK) > BLOCK / 2);
        assert_int_equal(noisy(&x.n, 0, BLOCK) + noisy(&x.n, 2 * BLOCK, BLOCK), 0);
        assert_int_equal(x.n.erase_poll(x.n.context), QD_OK);
    }
}

static void a_device_alone_stays_dead_at_a_dead_supply(void **state) {
    fixture_t x;

    (void)state;
    setup(&x);
    qd_sim_supply_power_off(&x.supply, QD_SIM_UNSYNCED_KEPT);
    qd_sim_fram_restart(&x.fram);
    qd_sim_nor_restart(&x.nor);
    assert_true(all_dead(&x));
    qd_sim_supply_restart(&x.supply);
    assert_false(qd_sim_supply_is_dead(&x.supply));
    assert_int_equal(program(&x.f, 0, 0, 1), QD_OK);
    assert_int_equal(program(&x.n, 0, 0, 1), QD_OK);
}

static void devices_come_and_go(void **state) {
    static uint8_t cells[QD_SIM_SUPPLY_DEVICES + 1][5 * FRAM_SIZE];
    static qd_sim_fram_t fram[QD_SIM_SUPPLY_DEVICES + 1];
    qd_sim_supply_t supply, other;
    qd_block_t port;

    (void)state;
    qd_sim_supply_init(&supply);
    qd_sim_supply_init(&other);
    for (unsigned i = 0; i <= QD_SIM_SUPPLY_DEVICES; i++) {
        qd_sim_fram_init(&fram[i], cells[i], FRAM_SIZE, 0xff, i);
        assert_int_equal(qd_sim_fram_attach(&fram[i], &supply),
                         i < QD_SIM_SUPPLY_DEVICES ? QD_OK : QD_NO_SPACE);
        assert_int_equal(qd_sim_fram_attach(&fram[0], &supply), QD_OK);
    }
    assert_int_equal(qd_sim_fram_attach(&fram[0], &other), QD_OK);
    assert_int_equal(qd_sim_fram_attach(&fram[QD_SIM_SUPPLY_DEVICES], &supply), QD_OK);
    qd_sim_supply_power_off(&supply, QD_SIM_UNSYNCED_KEPT);
    assert_false(qd_sim_fram_is_dead(&fram[0]));
    for (unsigned i = 1; i <= QD_SIM_SUPPLY_DEVICES; i++) {
        assert_true(qd_sim_fram_is_dead(&fram[i]));
    }
    qd_sim_fram_port(&fram[0], &port);
    assert_int_equal(sync(&port), QD_OK);
    assert_int_equal(qd_sim_supply_operations(&other), 1);
    assert_int_equal(qd_sim_supply_operations(&supply), 0);
}

/* --- energy --- */

static const qd_sim_costs_t costs = {
    .program_nj = 100, .octet_nj = 10, .sync_nj = 50, .erase_start_nj = 500, .erase_poll_nj = 300};

static void operations_cost_what_they_cost(void **state) {
    fixture_t x;

    (void)state;
    setup(&x);
    assert_true(qd_sim_supply_energy_nj(&x.supply) == UINT64_MAX);
    qd_sim_supply_set_costs(&x.supply, &costs);
    assert_int_equal(script(&x), 8);
    assert_int_equal(qd_sim_supply_spend(&x.supply, UINT64_MAX), QD_OK);
    qd_sim_supply_limit(&x.supply, 10000, QD_SIM_UNSYNCED_LOST);
    assert_int_equal(program(&x.f, 0, 0, 8), QD_OK);
    assert_int_equal(qd_sim_supply_energy_nj(&x.supply), 9820);
    assert_int_equal(program(&x.n, 0, 0, 1), QD_OK);
    assert_int_equal(qd_sim_supply_energy_nj(&x.supply), 9710);
    assert_int_equal(sync(&x.n), QD_OK);
    assert_int_equal(qd_sim_supply_energy_nj(&x.supply), 9660);
    assert_int_equal(x.n.erase_poll(x.n.context), QD_PENDING); /* that of the script */
    assert_int_equal(x.n.erase_poll(x.n.context), QD_OK);
    assert_int_equal(x.n.erase_start(x.n.context, 0), QD_OK);
    assert_int_equal(qd_sim_supply_energy_nj(&x.supply), 8560);
    assert_int_equal(qd_sim_supply_spend(&x.supply, 8560), QD_OK); /* just empty is not overspent */
    assert_false(qd_sim_supply_is_dead(&x.supply));
    assert_int_equal(qd_sim_supply_spend(&x.supply, 0), QD_OK);
    assert_int_equal(qd_sim_supply_spend(&x.supply, 1), QD_IO);
    assert_true(all_dead(&x));
    assert_int_equal(qd_sim_supply_spend(&x.supply, 0), QD_IO);
    qd_sim_supply_restart(&x.supply);
    assert_true(qd_sim_supply_energy_nj(&x.supply) == UINT64_MAX);
    qd_sim_supply_limit(&x.supply, 0, QD_SIM_UNSYNCED_LOST);
    qd_sim_supply_unlimit(&x.supply);
    assert_int_equal(sync(&x.f), QD_OK);
}

static void a_program_gets_as_far_as_the_energy(void **state) {
    (void)state;
    for (uint32_t energy = 0; energy <= 180; energy++) {
        fixture_t x;
        uint32_t reached = energy < 100 ? 0 : (energy - 100) / 10;

        setup(&x);
        qd_sim_supply_set_costs(&x.supply, &costs);
        assert_int_equal(program(&x.n, 0, 0x70, 4), QD_OK);
        qd_sim_supply_limit(&x.supply, energy, energy % 2 == 0 ? QD_SIM_UNSYNCED_LOST : QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(program(&x.f, 10, 0x00, 8), energy < 180 ? QD_IO : QD_OK);
        if (energy == 180) {
            assert_false(qd_sim_supply_is_dead(&x.supply));
            continue;
        }
        assert_true(all_dead(&x));
        assert_int_equal(qd_sim_supply_energy_nj(&x.supply), 0);
        assert_int_equal(in_fram(&x, 10, 0x00), reached);
        assert_int_equal(in_fram(&x, 10 + reached, 0xff), FRAM_SIZE - 10 - reached);
        assert_int_equal(in_nor(&x, 0, 0x70), energy % 2 == 0 ? 0 : 4);
        qd_sim_supply_restart(&x.supply);
        /* Of the octet that was under way some bits are unstable, of others none. */
        assert_int_equal(noisy(&x.f, 0, 10 + reached) + noisy(&x.f, 11 + reached, 20), 0);
        assert_int_equal(noisy(&x.f, 10 + reached, 1), energy < 100 ? 0 : 1);
    }
}

static void a_sync_and_an_erase_die_of_hunger(void **state) {
    fixture_t x;

    (void)state;
    for (uint32_t energy = 0; energy < 50; energy++) {
        uint32_t reached = 12 * energy / 50;

        setup(&x);
        qd_sim_supply_set_costs(&x.supply, &costs);
        assert_int_equal(program(&x.n, 0, 0x00, 8), QD_OK);
        assert_int_equal(program(&x.n, 8, 0x00, 4), QD_OK);
        qd_sim_supply_limit(&x.supply, energy, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(sync(&x.n), QD_IO);
        assert_int_equal(in_nor(&x, 0, 0x00), reached);
        assert_int_equal(in_nor(&x, reached, 0xff), NOR_SIZE - reached);
        assert_true(all_dead(&x));
        qd_sim_supply_restart(&x.supply);
        assert_int_equal(noisy(&x.n, 0, NOR_SIZE), 1);
        assert_int_equal(noisy(&x.n, reached, 1), 1);
    }
    for (uint32_t energy = 499; energy < 1401; energy += 300) {
        setup(&x);
        qd_sim_supply_set_costs(&x.supply, &costs);
        assert_int_equal(program(&x.n, 0, 0x00, BLOCK), QD_OK);
        assert_int_equal(sync(&x.n), QD_OK);
        qd_sim_supply_limit(&x.supply, energy, QD_SIM_UNSYNCED_KEPT);
        assert_int_equal(x.n.erase_start(x.n.context, 0), energy < 500 ? QD_IO : QD_OK);
        for (uint32_t left = energy + 1; left > 500; left -= 300) {
            assert_int_equal(x.n.erase_poll(x.n.context), left > 800 ? QD_PENDING : QD_IO);
        }
        assert_true(all_dead(&x));
        qd_sim_supply_restart(&x.supply);
        assert_true(noisy(&x.n, 0, BLOCK) > BLOCK / 2);
    }
}

static void a_planned_cut_goes_before_hunger(void **state) {
    fixture_t x;

    (void)state;
    setup(&x);
    qd_sim_supply_set_costs(&x.supply, &costs);
    qd_sim_supply_limit(&x.supply, 5, QD_SIM_UNSYNCED_LOST);
    qd_sim_supply_cut(&x.supply, 1, QD_SIM_TORN_ALL, QD_SIM_UNSYNCED_LOST);
    assert_int_equal(program(&x.f, 0, 0x11, 8), QD_IO);
    assert_int_equal(in_fram(&x, 0, 0x11), 8);
}

static void a_supply_that_runs_dry_between_operations_keeps_to_its_policy(void **state) {
    fixture_t x;

    (void)state;
    for (unsigned kept = 0; kept < 2; kept++) {
        setup(&x);
        assert_int_equal(program(&x.f, 0, 0x11, 8), QD_OK);
        assert_int_equal(program(&x.n, 0, 0x22, 8), QD_OK);
        qd_sim_supply_limit(&x.supply, 5, kept ? QD_SIM_UNSYNCED_KEPT : QD_SIM_UNSYNCED_LOST);
        assert_int_equal(qd_sim_supply_spend(&x.supply, 6), QD_IO);
        assert_int_equal(in_fram(&x, 0, 0x11), kept ? 8 : 0);
        assert_int_equal(in_nor(&x, 0, 0x22), kept ? 8 : 0);
    }
}

/* --- copies --- */

static void a_world_is_copied_with_its_plan(void **state) {
    fixture_t x, y;

    (void)state;
    setup(&x);
    qd_sim_supply_cut(&x.supply, 4, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_LOST);
    assert_int_equal(program(&x.f, 0, 0x11, 8), QD_OK);
    assert_int_equal(program(&x.n, 0, 0x22, 8), QD_OK);
    qd_sim_supply_copy(&y.supply, &x.supply);
    qd_sim_fram_copy(&y.fram, y.cells, &x.fram);
    qd_sim_nor_copy(&y.nor, y.flash, &x.nor);
    qd_sim_fram_port(&y.fram, &y.f);
    assert_int_equal(program(&y.f, 60, 0x33, 1), QD_OK); /* a copy is fed by none */
    assert_int_equal(qd_sim_supply_operations(&x.supply), 2);
    assert_int_equal(qd_sim_supply_operations(&y.supply), 2);
    assert_int_equal(qd_sim_fram_attach(&y.fram, &y.supply), QD_OK);
    assert_int_equal(qd_sim_nor_attach(&y.nor, &y.supply), QD_OK);
    qd_sim_fram_port(&y.fram, &y.f);
    qd_sim_nor_port(&y.nor, &y.n);
    assert_int_equal(sync(&y.f), QD_OK);
    assert_int_equal(sync(&y.n), QD_IO); /* operation 4 */
    assert_true(all_dead(&y));
    assert_int_equal(in_fram(&y, 0, 0x11), 8);
    assert_int_equal(in_nor(&y, 0, 0x22), 4);
    assert_false(qd_sim_supply_is_dead(&x.supply));
    assert_int_equal(qd_sim_supply_operations(&x.supply), 2);
    assert_int_equal(in_fram(&x, 0, 0xff), FRAM_SIZE);
    assert_int_equal(sync(&x.n), QD_OK);
}

/* The way of the cut harness: all of it is saved and put back to the same place. */
static void a_world_is_put_back_in_place(void **state) {
    static fixture_t x, saved;

    (void)state;
    setup(&x);
    assert_int_equal(program(&x.f, 0, 0x11, 8), QD_OK);
    saved = x;
    qd_sim_supply_power_off(&x.supply, QD_SIM_UNSYNCED_LOST);
    assert_true(all_dead(&x));
    x = saved;
    assert_int_equal(sync(&x.f), QD_OK);
    assert_int_equal(in_fram(&x, 0, 0x11), 8);
    assert_int_equal(qd_sim_supply_operations(&x.supply), 2);
}

static void seeds_decide_what_is_random_and_nothing_else(void **state) {
    fixture_t x, y;

    (void)state;
    for (unsigned same = 0; same < 2; same++) {
        setup(&x);
        setup(&y);
        qd_sim_supply_seed(&x.supply, 5);
        qd_sim_supply_seed(&y.supply, same ? 5 : 6);
        qd_sim_supply_cut(&x.supply, 5, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_LOST);
        qd_sim_supply_cut(&y.supply, 5, QD_SIM_TORN_HALF, QD_SIM_UNSYNCED_LOST);
        assert_int_equal(script(&x), 4);
        assert_int_equal(script(&y), 4);
        assert_memory_equal(x.cells, y.cells, sizeof x.cells);
        assert_int_equal(memcmp(x.flash, y.flash, sizeof x.flash) == 0, same);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_of_all_devices_count_as_one_sequence),
        cmocka_unit_test(all_die_in_the_planned_operation),
        cmocka_unit_test(what_others_did_not_sync_goes_by_the_same_policy),
        cmocka_unit_test(a_block_under_erase_is_half_erased_by_a_cut_elsewhere),
        cmocka_unit_test(a_device_alone_stays_dead_at_a_dead_supply),
        cmocka_unit_test(devices_come_and_go),
        cmocka_unit_test(operations_cost_what_they_cost),
        cmocka_unit_test(a_program_gets_as_far_as_the_energy),
        cmocka_unit_test(a_sync_and_an_erase_die_of_hunger),
        cmocka_unit_test(a_planned_cut_goes_before_hunger),
        cmocka_unit_test(a_supply_that_runs_dry_between_operations_keeps_to_its_policy),
        cmocka_unit_test(a_world_is_copied_with_its_plan),
        cmocka_unit_test(a_world_is_put_back_in_place),
        cmocka_unit_test(seeds_decide_what_is_random_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
