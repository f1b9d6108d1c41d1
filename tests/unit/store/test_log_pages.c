/* Ring logs: pages in flash that are authentic and cannot be right. */
#include "log_fixture.h"

/* By docs/storage-logs.md: 9 rows of 24 octets a page, 4 pages a block. */
#define EVENTS_ID 0x301u
#define EVENTS_ROWS 9u
#define EVENTS_ROW 20u
#define RING 5u /* blocks of the events */

static void put_u16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *p, uint32_t value) {
    put_u16(p, (uint16_t)value);
    put_u16(p + 2, (uint16_t)(value >> 16));
}

typedef struct forged {
    uint16_t id;
    uint8_t version;
    uint32_t number, generation, first;
    uint8_t row_size, rows;
} forged_t;

/* A page in flash, sealed as the log would. */
static void forge(world_t *w, uint32_t offset, const forged_t *page) {
    uint8_t *image = malloc(FLASH_SIZE), *at;
    uint8_t sealed[QD_LOG_PAGE_SIZE] = {0};
    uint32_t length = 9u + page->rows * (4u + (uint32_t)page->row_size);
    qd_seal_nonce_t nonce = {page->id, QD_SEAL_SLOT_PAGE, 1, page->number};

    assert_non_null(image);
    assert_true(length <= QD_LOG_PAGE_SIZE - 16u);
    memcpy(image, qd_sim_nor_cells(&w->nor), FLASH_SIZE);
    at = image + offset;
    memset(at, 0xff, QD_LOG_PAGE_SIZE);
    put_u16(at, page->id);
    at[2] = page->version;
    at[3] = (uint8_t)length;
    put_u32(at + 4, page->number);
    put_u32(at + 8, nonce.epoch);
    put_u32(sealed, page->generation);
    put_u32(sealed + 4, page->first);
    sealed[8] = page->row_size;
    assert_int_equal(qd_sealer_crc.seal(NULL, &nonce, sealed, length, at + 16, at + 12), QD_OK);
    qd_sim_nor_load(&w->nor, image);
    free(image);
}

/* In place of page 2, rows 19 .. 27: it is damaged, and never read as rows. */
static void pages_that_do_not_fit_their_head(void **state) {
    static const forged_t pages[] = {{EVENTS_ID + 1, 1, 2, 1, 19, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 2, 2, 1, 19, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 1, 3, 1, 19, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 1, 2, 2, 19, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 1, 2, 1, 10, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 1, 2, 1, 19, EVENTS_ROW - 1, 10},
                                     {EVENTS_ID, 1, 2, 1, 19, EVENTS_ROW, EVENTS_ROWS - 1},
                                     {EVENTS_ID, 1, 2, 1, 19, 0, 57}};
    static const uint8_t lengths[] = {0, 8, 241, 255};

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        world_t *w = world_new();

        world_fill(w, EVENTS, 60, 10);
        forge(w, 2 * PAGE, &pages[i]);
        for (uint32_t row = 1; row <= 60; row++) {
            assert_int_equal(world_read(w, EVENTS, row), row >= 19 && row <= 27 ? QD_CORRUPT : QD_OK);
        }
        world_free(w);
    }
    for (size_t i = 0; i < sizeof lengths; i++) {
        static const forged_t good = {EVENTS_ID, 1, 2, 1, 19, EVENTS_ROW, EVENTS_ROWS};
        world_t *w = world_new();

        world_fill(w, EVENTS, 60, 10);
        forge(w, 2 * PAGE, &good);
        qd_sim_nor_flip(&w->nor, 2 * PAGE + 3,
                        (uint8_t)(qd_sim_nor_cells(&w->nor)[2 * PAGE + 3] ^ lengths[i]));
        assert_int_equal(world_read(w, EVENTS, 19), QD_CORRUPT);
        assert_int_equal(world_read(w, EVENTS, 28), QD_OK);
        world_free(w);
    }
}

/* Behind the newest page, as a head is made again: a page that lies where it cannot lie is none. */
static void pages_out_of_place_are_no_rows(void **state) {
    static const struct {
        uint32_t offset;
        forged_t page;
    } places[] = {
        /* page 8 in the place of page 9, and a block further; rows larger than the layout's */
        {9 * PAGE, {EVENTS_ID, 1, 8, 1, 73, EVENTS_ROW, EVENTS_ROWS}},
        {12 * PAGE, {EVENTS_ID, 1, 8, 1, 73, EVENTS_ROW, EVENTS_ROWS}},
        {8 * PAGE, {EVENTS_ID, 1, 8, 1, 73, EVENTS_ROW + 1, 9}},
        {RING * BLOCK + PAGE, {EVENTS_ID, 1, 8, 1, 73, EVENTS_ROW, EVENTS_ROWS}},
    };
    qd_log_span_t wanted = {0, 0, 0, 0};

    (void)state;
    for (size_t i = 0; i <= sizeof places / sizeof places[0]; i++) {
        world_t *w = world_new();
        qd_log_span_t found;

        world_fill(w, EVENTS, 60, 10);
        if (i > 0) {
            forge(w, places[i - 1].offset, &places[i - 1].page);
        }
        world_spoil_head(w, EVENTS);
        assert_int_equal(world_mount_again(w), QD_OK);
        assert_int_equal(w->lost, 1);
        found = world_span(w, EVENTS);
        wanted = i == 0 ? found : wanted;
        assert_int_equal(found.first, wanted.first);
        assert_int_equal(found.end, wanted.end);
        assert_int_equal(found.generation, wanted.generation);
        world_free(w);
    }
}

/* Pages in front of the newest that do not continue it: the rows begin behind them. */
static void rows_begin_where_they_continue(void **state) {
    static const forged_t pages[] = {{EVENTS_ID, 1, 0, 2, 1, EVENTS_ROW, EVENTS_ROWS},
                                     {EVENTS_ID, 1, 0, 1, 1, EVENTS_ROW - 1, 10},
                                     {EVENTS_ID, 1, 0, 1, 2, EVENTS_ROW, EVENTS_ROWS}};

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        world_t *w = world_new();

        world_fill(w, EVENTS, 60, 10);
        forge(w, 0, &pages[i]);
        world_spoil_head(w, EVENTS);
        assert_int_equal(world_mount_again(w), QD_OK);
        assert_int_equal(world_span(w, EVENTS).first, 1 + EVENTS_ROWS);
        assert_int_equal(world_read(w, EVENTS, 9), QD_END);
        for (uint32_t row = 10; row <= 54; row++) {
            assert_int_equal(world_read(w, EVENTS, row), QD_OK);
        }
        world_free(w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_do_not_fit_their_head),
        cmocka_unit_test(pages_out_of_place_are_no_rows),
        cmocka_unit_test(rows_begin_where_they_continue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
