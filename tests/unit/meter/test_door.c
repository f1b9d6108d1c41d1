/*
 * test_door.c - a whole meter whose metrology lies in memory that is closed outside of the door.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include <sys/mman.h>

#define SCRIPT(n) "C3 01 C1 0009 00000A0064FF 01 01 12 00" n
#define ACTION_OK "C7 01 C1 00 00"

static world_t world;

/* Metrology's memory on pages of its own, writable only between open and close: a write past the door, or a door
 * that is left open, ends this program. */
typedef struct fence {
    void *page;
    size_t size;
    bool is_open;
    unsigned opened;
} fence_t;

static void fence_open(void *context) {
    fence_t *fence = context;
    assert_false(fence->is_open);
    fence->is_open = true;
    fence->opened++;
    assert_int_equal(mprotect(fence->page, fence->size, PROT_READ | PROT_WRITE), 0);
}

static void fence_close(void *context) {
    fence_t *fence = context;
    assert_true(fence->is_open);
    fence->is_open = false;
    assert_int_equal(mprotect(fence->page, fence->size, PROT_READ), 0);
}

static void fenced(const qd_gate_way_t *gate) {
    fence_t fence = {.size = 16384};
    const qd_guard_t guard = {&fence, fence_open, fence_close};
    fence.page = mmap(NULL, fence.size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(fence.page != MAP_FAILED);
    world_blank(&world, qd_model_find("st402"));
    const qd_meter_options_t options = {gate, &guard, fence.page, qd_meter_metrology_size()};
    assert_in_range(qd_meter_metrology_size(), 1, fence.size);
    assert_true(qd_meter_size_with(world.model, &options) + qd_meter_metrology_size() <=
                qd_meter_size_with(world.model, &(qd_meter_options_t){.gate = gate}) + 8u);
    world.options = options;
    world.options.metrology_size--;
    assert_int_equal(world_start(&world), QD_NO_SPACE);
    world.options.metrology_size++;
    world.options.metrology_memory = (uint8_t *)fence.page + 4;
    assert_int_equal(world_start(&world), QD_ARGUMENT);
    world.options.metrology_memory = fence.page;
    assert_int_equal(fence.opened, 0);
    assert_int_equal(world_start(&world), QD_OK);
    world.now.phase[0] = (qd_phase_quantities_t){230000, 5000, 1104000, 322000, 0, 163, true};
    world_run(&world, 100);
    assert_true(world_open(&world, 0, SAP_MANAGEMENT));
    EXPECT(&world, SAP_MANAGEMENT, SCRIPT("03"), ACTION_OK);
    EXPECT(&world, SAP_MANAGEMENT, "C1 01 C1 0008 0000010000FF 02 00 09 0C 07EA010F04 0E000000 FFC400",
           "C5 01 C1 00");
    world.fram_status = QD_IO;
    world_run(&world, 2);
    world.fram_status = QD_OK;
    world_run(&world, 100);
    uint64_t hash = qd_meter_hash(world.meter);
    assert_int_equal(qd_meter_stop(world.meter), QD_OK);
    assert_int_equal(world_restart(&world), QD_OK);
    assert_true(qd_meter_hash(world.meter) == hash);
    assert_true(fence.opened > 200 && !fence.is_open);
    world.options = (qd_meter_options_t){0};
    assert_int_equal(munmap(fence.page, fence.size), 0);
}

static void test_nothing_goes_past_the_door(void **state) {
    (void)state;
    fenced(NULL);
    fenced(&qd_gate_by_loopback);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_goes_past_the_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
