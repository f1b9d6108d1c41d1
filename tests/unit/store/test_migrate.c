/* The store: the superblock's seal, banks, migration, and every bit of an image. */
#include "fixture.h"

#include "base/crc.h"

/* --- keys ------------------------------------------------------------------------------------------- */

/* The CRC under a key: enough to tell one device from another. */
static qd_status_t keyed_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                              uint8_t *out, uint8_t *tag) {
    qd_status_t status = qd_sealer_crc.seal(NULL, nonce, in, length, out, tag);

    for (unsigned i = 0; i < 4; i++) {
        tag[i] ^= ((const uint8_t *)context)[i];
    }
    return status;
}

static qd_status_t keyed_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                              uint8_t *out, const uint8_t *tag) {
    uint8_t plain[4];

    for (unsigned i = 0; i < 4; i++) {
        plain[i] = (uint8_t)(tag[i] ^ ((const uint8_t *)context)[i]);
    }
    return qd_sealer_crc.open(NULL, nonce, in, length, out, plain);
}

static uint8_t key_one[4] = {1, 2, 3, 4}, key_other[4] = {1, 2, 3, 5};

static void with_key(fixture_t *f, uint8_t *key) {
    f->sealer = (qd_sealer_t){key, 4, keyed_seal, keyed_open};
}

static void assert_kept(fixture_t *f, qd_status_t wanted) {
    uint8_t before[SIZE];

    qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&f->fram);
    memcpy(before, qd_sim_fram_cells(&f->fram), SIZE);
    assert_int_equal(mount(f), wanted);
    assert_int_equal(operations(f), 0);
    assert_memory_equal(before, qd_sim_fram_cells(&f->fram), SIZE);
}

static void a_memory_of_another_device_is_refused(void **state) {
    fixture_t f;

    (void)state;
    prepare(&f, 0xff);
    with_key(&f, key_one);
    assert_int_equal(mount(&f), QD_END);
    assert_int_equal(put(&f, B, 7, 20), QD_OK);
    with_key(&f, key_other);
    assert_kept(&f, QD_FOREIGN);
    f.sealer = qd_sealer_crc; /* another kind */
    assert_kept(&f, QD_FOREIGN);
    f.sealer.tag_size = 12;
    assert_kept(&f, QD_FOREIGN);
    with_key(&f, key_other);
    qd_sim_fram_flip(&f.fram, 20, 1); /* one copy damaged: still somebody else's */
    assert_kept(&f, QD_FOREIGN);
    with_key(&f, key_one);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), 7);
    qd_sim_fram_flip(&f.fram, 20, 1);
    qd_sim_fram_flip(&f.fram, 64 + 20, 1);
    assert_kept(&f, QD_CORRUPT);
    with_key(&f, key_other);
    assert_kept(&f, QD_CORRUPT);
}

/* A copy that somebody else wrote, whole, does not count beside a good one. */
static void a_foreign_copy_beside_a_good_one(void **state) {
    fixture_t f, g;
    uint8_t image[SIZE];

    (void)state;
    prepare(&f, 0xff);
    with_key(&f, key_one);
    assert_int_equal(mount(&f), QD_END);
    assert_int_equal(put(&f, B, 7, 20), QD_OK);
    prepare(&g, 0xff);
    with_key(&g, key_other);
    assert_int_equal(mount(&g), QD_END);
    assert_int_equal(remount(&g), QD_OK);
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    memcpy(image, qd_sim_fram_cells(&g.fram), 64);
    qd_sim_fram_load(&f.fram, image);
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(qd_store_epoch(f.store), 2);
    assert_int_equal(get(&f, B), 7);
    /* a copy in the other's place is nobody's */
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    memcpy(image + 64, image, 64);
    memset(image, 0, 64);
    qd_sim_fram_load(&f.fram, image);
    assert_kept(&f, QD_FOREIGN);
}

static void another_format_is_left_alone(void **state) {
    static const uint8_t numbers[] = {0, 1, 3, 255};

    (void)state;
    for (unsigned i = 0; i < 2 * sizeof numbers; i++) {
        fixture_t f;
        uint8_t image[SIZE], *block = image + 64 * (i % 2);
        uint32_t crc;

        setup(&f);
        assert_int_equal(put(&f, B, 7, 20), QD_OK);
        memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
        block[8] = numbers[i / 2];
        crc = qd_crc32(0, block, 60);
        for (unsigned k = 0; k < 4; k++) {
            block[60 + k] = (uint8_t)(crc >> 8 * k);
        }
        qd_sim_fram_load(&f.fram, image);
        assert_kept(&f, QD_VERSION);
    }
}

static void a_flipped_bit_of_a_superblock_is_survived(void **state) {
    fixture_t f;
    uint8_t image[SIZE];

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, B, 7, 20), QD_OK);
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    for (unsigned i = 0; i < 8 * 128; i++) {
        qd_sim_fram_load(&f.fram, image);
        qd_sim_fram_flip(&f.fram, i / 8, (uint8_t)(1u << i % 8));
        assert_int_equal(mount(&f), QD_OK);
        assert_int_equal(qd_store_epoch(f.store), 2);
        assert_int_equal(get(&f, B), 7);
    }
}

static void a_device_that_became_smaller(void **state) {
    fixture_t f;

    (void)state;
    setup(&f);
    f.port.size = qd_store_device_size(&layout, &qd_sealer_crc);
    assert_int_equal(remount(&f), QD_OK);
    f.port.size--;
    assert_kept(&f, QD_NO_SPACE);
    f.port.size = SIZE;
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(qd_store_migrate(&f.memory, sizeof f.memory, &layout, &layout, &f.port, &f.sealer, NULL),
                     QD_OK);
    assert_int_equal(mount(&f), QD_OK); /* in the bank at the end */
    f.port.size = SIZE - 64;
    assert_kept(&f, QD_NO_SPACE);
    f.port.size = SIZE;
    assert_int_equal(remount(&f), QD_OK);
}

/* --- every bit -------------------------------------------------------------------------------------- */

/* A: 1 octet written twice; B: twice; C: once. Any one bit: the newest, the one before, or told. */
static void judge_flip(fixture_t *f, uint32_t at, int a, int a_before, int b, int b_before, int c) {
    int found;

    assert_int_equal(mount(f), QD_OK);
    found = get(f, A);
    assert_true(found == a || found == a_before);
    found = get(f, B);
    assert_true(found == b || found == b_before);
    assert_int_equal(get(f, C), c);
    assert_true(at < SIZE);
}

static void every_bit_of_an_image(void **state) {
    fixture_t f;
    uint8_t image[SIZE];

    (void)state;
    setup(&f);
    for (uint8_t i = 1; i < 3; i++) {
        assert_int_equal(put(&f, A, i, 1), QD_OK);
        assert_int_equal(put(&f, B, (uint8_t)(i + 10), 20), QD_OK);
    }
    assert_int_equal(put(&f, C, 21, 30), QD_OK);
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    for (uint32_t i = 0; i < 8 * SIZE; i++) {
        qd_sim_fram_load(&f.fram, image);
        qd_sim_fram_flip(&f.fram, i / 8, (uint8_t)(1u << i % 8));
        judge_flip(&f, i / 8, 2, 1, 12, 11, 21);
    }
}

/* The same with a group that waits in the redo area: a bit of it costs the whole group, or nothing. */
static void every_bit_of_an_image_with_a_group(void **state) {
    fixture_t f;
    uint8_t image[SIZE];

    (void)state;
    setup(&f);
    assert_int_equal(put(&f, A, 1, 1), QD_OK);
    assert_int_equal(put(&f, B, 11, 20), QD_OK);
    assert_int_equal(put(&f, C, 21, 30), QD_OK);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, A, 2, 1), QD_OK);
    assert_int_equal(put(&f, B, 12, 20), QD_OK);
    qd_sim_fram_fail(&f.fram, operations(&f) + 3, 1000, QD_IO);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    memcpy(image, qd_sim_fram_cells(&f.fram), SIZE);
    for (uint32_t i = 0; i < 8 * SIZE; i++) {
        /* but for the two octets of its head that mean nothing */
        bool redo = i / 8 >= 128 && i / 8 < 128 + 20 + 4 + 1 + 4 + 20 && i / 16 != 132 / 2;

        qd_sim_fram_load(&f.fram, image);
        qd_sim_fram_flip(&f.fram, i / 8, (uint8_t)(1u << i % 8));
        judge_flip(&f, i / 8, redo ? 1 : 2, redo ? 1 : 2, redo ? 11 : 12, redo ? 11 : 12, 21);
    }
}

/* --- migration -------------------------------------------------------------------------------------- */

#define D 0x300u

static const qd_record_row_t new_rows[] = {{A, 2, false}, {B, 60, true}, {D, 40, false}};
static const qd_store_layout_t new_layout = {"unit", 4, new_rows, 3, 100};

/* Twice as many octets of the same value. */
static qd_status_t twice(void *context, const uint8_t *old, size_t old_length, uint8_t *content, size_t size,
                         size_t *length) {
    (void)context;
    assert_true(2 * old_length <= size);
    memcpy(content, old, old_length);
    memcpy(content + old_length, old, old_length);
    *length = 2 * old_length;
    return QD_OK;
}

static qd_status_t half(void *context, const uint8_t *old, size_t old_length, uint8_t *content, size_t size,
                        size_t *length) {
    (void)context;
    (void)size;
    memcpy(content, old, old_length / 2);
    *length = old_length / 2;
    return QD_OK;
}

static qd_status_t fixed(void *context, const uint8_t *old, size_t old_length, uint8_t *content, size_t size,
                         size_t *length) {
    assert_null(old);
    assert_int_equal(old_length, 0);
    assert_int_equal(size, 40);
    memset(content, 0x44, 5);
    *length = 5;
    return *(const qd_status_t *)context;
}

static qd_status_t answer = QD_OK;
static const qd_migration_row_t up_rows[] = {{B, B, twice}, {D, 0, fixed}}, down_rows[] = {{B, B, half}};
static const qd_migration_t up = {&answer, up_rows, 2}, down = {NULL, down_rows, 1};

static qd_status_t migrate(fixture_t *f, bool is_up) {
    const qd_store_layout_t *from = is_up ? &layout : &new_layout, *to = is_up ? &new_layout : &layout;

    qd_sim_fram_power_off(&f->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&f->fram);
    return qd_store_migrate(&f->memory, qd_store_migrate_size(from, to), from, to, &f->port, &f->sealer,
                            is_up ? &up : &down);
}

static void setup_old(fixture_t *f) {
    setup(f);
    assert_int_equal(put(f, A, 1, 1), QD_OK);
    assert_int_equal(put(f, B, 2, 20), QD_OK);
    assert_int_equal(put(f, B, 3, 21), QD_OK);
    assert_int_equal(put(f, C, 4, 30), QD_OK);
}

static void a_store_goes_up_and_down(void **state) {
    fixture_t f;
    uint8_t octets[100];
    size_t length = 0;

    (void)state;
    setup_old(&f);
    for (unsigned i = 0; i < 4; i++) {
        f.layout = new_layout;
        assert_kept(&f, QD_VERSION);
        assert_int_equal(migrate(&f, true), QD_OK);
        assert_int_equal(migrate(&f, true), QD_VERSION); /* it is done */
        assert_int_equal(mount(&f), QD_OK);
        assert_int_equal(get(&f, A), 1);
        assert_int_equal(get(&f, D), 0x44);
        assert_int_equal(get(&f, C), -3 - (int)QD_UNDEFINED);
        assert_int_equal(f.records->read(f.records->context, B, octets, sizeof octets, &length), QD_OK);
        assert_int_equal(length, 42);
        assert_int_equal(octets[41], 3 + i);
        assert_int_equal(put(&f, B, (uint8_t)(4 + i), 42), QD_OK);
        assert_int_equal(put(&f, D, 9, 40), QD_OK);
        assert_int_equal(remount(&f), QD_OK);
        f.layout = layout;
        assert_kept(&f, QD_VERSION);
        assert_int_equal(migrate(&f, false), QD_OK);
        assert_int_equal(mount(&f), QD_OK);
        assert_int_equal(get(&f, A), 1);
        assert_int_equal(f.records->read(f.records->context, B, octets, sizeof octets, &length), QD_OK);
        assert_int_equal(length, 21);
        assert_int_equal(octets[20], 4 + i);
        assert_int_equal(get(&f, C), -1); /* dropped on the way up: nothing of the old bank is left */
        assert_int_equal(put(&f, C, 5, 30), QD_OK);
    }
}

/* Either slot of the new records alone is enough. */
static void both_slots_are_written(void **state) {
    (void)state;
    for (uint32_t slot = 0; slot < 2; slot++) {
        fixture_t f;
        uint32_t bank, at;

        setup_old(&f);
        assert_int_equal(migrate(&f, true), QD_OK);
        bank = (SIZE - (qd_store_device_size(&new_layout, &qd_sealer_crc) - 128)) / 64 * 64;
        at = bank + ((20 + 112 + 7) & ~7u) + 2 * slot_size(2);
        f.layout = new_layout;
        qd_sim_fram_flip(&f.fram, at + slot * slot_size(60) + 16, 1);
        assert_int_equal(mount(&f), QD_OK);
        assert_int_equal(get(&f, B), 3);
    }
}

static void a_group_that_waits_goes_along(void **state) {
    fixture_t f;

    (void)state;
    setup_old(&f);
    assert_int_equal(qd_txn_begin(f.store), QD_OK);
    assert_int_equal(put(&f, A, 8, 1), QD_OK);
    assert_int_equal(put(&f, B, 9, 20), QD_OK);
    qd_sim_fram_fail(&f.fram, operations(&f) + 3, 1000, QD_IO);
    assert_int_equal(qd_txn_commit(f.store), QD_OK);
    assert_int_equal(migrate(&f, true), QD_OK);
    f.layout = new_layout;
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, A), 8);
    assert_int_equal(get(&f, B), 9);
}

static void a_lost_record_stays_lost(void **state) {
    fixture_t f;

    (void)state;
    setup_old(&f);
    qd_sim_fram_flip(&f.fram, slot_at(1, 0) + 17, 1);
    qd_sim_fram_flip(&f.fram, slot_at(1, 1) + 17, 1);
    assert_int_equal(migrate(&f, true), QD_OK);
    f.layout = new_layout;
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, A), 1);
    assert_int_equal(get(&f, B), -2);
    assert_int_equal(remount(&f), QD_OK);
    assert_int_equal(get(&f, B), -2);
}

/* The nonces that were used, each with a sum of what was sealed under it. */
static struct {
    unsigned count;
    qd_seal_nonce_t nonce[400];
    uint32_t sum[400];
    unsigned again;
    bool reused;
} watched;

static qd_status_t watching_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in,
                                 size_t length, uint8_t *out, uint8_t *tag) {
    uint32_t sum = qd_crc32(0, in, length);

    (void)context;
    for (unsigned i = 0; i < watched.count; i++) {
        const qd_seal_nonce_t *seen = &watched.nonce[i];

        if (seen->record == nonce->record && seen->slot == nonce->slot && seen->epoch == nonce->epoch &&
            seen->sequence == nonce->sequence) {
            watched.again++;
            watched.reused = watched.reused || watched.sum[i] != sum;
        }
    }
    assert_true(watched.count < 400);
    watched.nonce[watched.count] = *nonce;
    watched.sum[watched.count++] = sum;
    return qd_sealer_crc.seal(NULL, nonce, in, length, out, tag);
}

/* A migration cut in each of its operations, the old store mounted in between, and a migration again. */
static void no_nonce_seals_two_things(void **state) {
    unsigned cuts = 0;

    (void)state;
    for (uint32_t op = 1; cuts + 1 == op; op++) {
        fixture_t f;

        memset(&watched, 0, sizeof watched);
        prepare(&f, 0xff);
        f.sealer = (qd_sealer_t){NULL, 4, watching_seal, qd_sealer_crc.open};
        assert_int_equal(mount(&f), QD_END);
        assert_int_equal(put(&f, A, 1, 1), QD_OK);
        assert_int_equal(put(&f, B, 3, 20), QD_OK);
        assert_int_equal(put(&f, C, 4, 30), QD_OK);
        qd_sim_fram_flip(&f.fram, slot_at(1, 1) + 17, 1); /* healed under the epoch of the migration */
        qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&f.fram);
        qd_sim_fram_cut(&f.fram, op, QD_SIM_TORN_LAST, QD_SIM_UNSYNCED_KEPT);
        (void)qd_store_migrate(&f.memory, sizeof f.memory, &layout, &new_layout, &f.port, &f.sealer, &up);
        cuts += qd_sim_fram_is_dead(&f.fram) ? 1u : 0u;
        f.layout = layout;
        if (remount(&f) == QD_OK) {
            assert_int_equal(get(&f, B), 3);
            assert_int_equal(put(&f, B, 5, 20), QD_OK);
            assert_int_equal(migrate(&f, true), QD_OK);
        }
        f.layout = new_layout;
        assert_int_equal(remount(&f), QD_OK);
        assert_int_equal(get(&f, A), 1);
        assert_false(watched.reused);
    }
    assert_true(cuts > 15);
}

static void assert_old(fixture_t *f) {
    f->layout = layout;
    assert_int_equal(remount(f), QD_OK);
    assert_int_equal(get(f, A), 1);
    assert_int_equal(get(f, B), 3);
    assert_int_equal(get(f, C), 4);
}

static void a_migration_that_is_refused_changes_nothing(void **state) {
    static const qd_migration_row_t unknown[] = {{D, 0x7777, twice}}, longer[] = {{B, C, NULL}};
    static const qd_record_row_t small_rows[] = {{B, 10, false}};
    static const qd_record_row_t large_rows[] = {{B, 700, false}};
    const qd_store_layout_t small = {"unit", 5, small_rows, 1, 10}, large = {"unit", 6, large_rows, 1, 10};
    const qd_migration_t bad = {NULL, unknown, 1}, none = {NULL, longer, 1};
    fixture_t f;
    uint8_t before[SIZE];
    uint32_t full = qd_store_migrate_device_size(&layout, &new_layout, &qd_sealer_crc);

    (void)state;
    setup_old(&f);
    memcpy(before, qd_sim_fram_cells(&f.fram), SIZE);
    f.port.size = qd_store_device_size(&layout, &qd_sealer_crc) + 100;
    assert_int_equal(migrate(&f, true), QD_NO_SPACE);
    f.port.size = SIZE;
    assert_int_equal(qd_store_migrate(&f.memory, qd_store_migrate_size(&layout, &new_layout) - 1, &layout,
                                      &new_layout, &f.port, &f.sealer, &up),
                     QD_NO_SPACE);
    assert_int_equal(
        qd_store_migrate(f.memory.octets + 1, 4000, &layout, &new_layout, &f.port, &f.sealer, &up),
        QD_ARGUMENT);
    assert_memory_equal(before, qd_sim_fram_cells(&f.fram), SIZE);
    assert_int_equal(
        qd_store_migrate(&f.memory, sizeof f.memory, &layout, &new_layout, &f.port, &f.sealer, &bad),
        QD_ARGUMENT);
    assert_old(&f);
    assert_int_equal(qd_store_migrate(&f.memory, sizeof f.memory, &layout, &small, &f.port, &f.sealer, NULL),
                     QD_RANGE);
    assert_old(&f);
    assert_int_equal(qd_store_migrate(&f.memory, sizeof f.memory, &layout, &small, &f.port, &f.sealer, &none),
                     QD_RANGE);
    assert_old(&f);
    answer = QD_CORRUPT;
    assert_int_equal(migrate(&f, true), QD_MALFORMED);
    assert_old(&f);
    answer = QD_END;
    f.port.size = full;
    assert_true(full < SIZE);
    assert_int_equal(migrate(&f, true), QD_OK);
    answer = QD_OK;
    f.layout = new_layout;
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, D), -1);
    assert_int_equal(
        qd_store_migrate(&f.memory, sizeof f.memory, &new_layout, &large, &f.port, &f.sealer, NULL),
        QD_NO_SPACE);
    assert_int_equal(mount(&f), QD_OK);
    assert_int_equal(get(&f, A), 1);
    assert_int_equal(migrate(&f, false), QD_OK); /* and back on the same device */
    prepare(&f, 0xff);
    assert_int_equal(migrate(&f, true), QD_END);
    assert_int_equal(operations(&f), 0);
}

/* Failing operations: the old store or the new one. */
static void a_migration_that_fails_leaves_one_of_both(void **state) {
    unsigned stayed = 0, went = 0;

    (void)state;
    for (uint32_t op = 1; op < 30; op++) {
        fixture_t f;
        qd_status_t status;

        setup_old(&f);
        qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&f.fram);
        qd_sim_fram_fail(&f.fram, op, 1, QD_IO);
        status = qd_store_migrate(&f.memory, sizeof f.memory, &layout, &new_layout, &f.port, &f.sealer, &up);
        assert_true(status == QD_OK || status == QD_IO);
        qd_sim_fram_power_off(&f.fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&f.fram);
        f.layout = new_layout;
        if (mount(&f) == QD_VERSION) {
            assert_int_equal(status, QD_IO);
            assert_old(&f);
            stayed++;
        } else {
            assert_int_equal(get(&f, A), 1);
            assert_int_equal(get(&f, B), 3);
            assert_int_equal(get(&f, D), 0x44);
            went++;
        }
    }
    assert_true(stayed > 5);
    assert_true(went > 5);
}

/* A cell that sticks in the new bank costs a slot; two of one record keep the store where it is. */
static void a_bank_that_does_not_hold(void **state) {
    (void)state;
    for (unsigned count = 1; count <= 2; count++) {
        fixture_t f;
        uint32_t bank = (SIZE - (qd_store_device_size(&new_layout, &qd_sealer_crc) - 128)) / 64 * 64;
        uint32_t at = bank + ((20 + 112 + 7) & ~7u) + 2 * slot_size(2);

        setup_old(&f);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(qd_sim_fram_stick(&f.fram, at + i * slot_size(60) + 13, 0xff, 0x5a), QD_OK);
        }
        assert_int_equal(migrate(&f, true), count == 1 ? QD_OK : QD_IO);
        if (count == 2) {
            assert_old(&f);
            continue;
        }
        f.layout = new_layout;
        assert_int_equal(mount(&f), QD_OK);
        assert_int_equal(get(&f, B), 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memory_of_another_device_is_refused),
        cmocka_unit_test(a_foreign_copy_beside_a_good_one),
        cmocka_unit_test(another_format_is_left_alone),
        cmocka_unit_test(a_flipped_bit_of_a_superblock_is_survived),
        cmocka_unit_test(a_device_that_became_smaller),
        cmocka_unit_test(every_bit_of_an_image),
        cmocka_unit_test(every_bit_of_an_image_with_a_group),
        cmocka_unit_test(a_store_goes_up_and_down),
        cmocka_unit_test(both_slots_are_written),
        cmocka_unit_test(a_group_that_waits_goes_along),
        cmocka_unit_test(a_lost_record_stays_lost),
        cmocka_unit_test(a_migration_that_is_refused_changes_nothing),
        cmocka_unit_test(a_migration_that_fails_leaves_one_of_both),
        cmocka_unit_test(no_nonce_seals_two_things),
        cmocka_unit_test(a_bank_that_does_not_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
