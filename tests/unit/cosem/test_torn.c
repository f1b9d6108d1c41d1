/*
 * test_torn.c - values that change between the blocks of a transfer: no element is made of two of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "cosem/axdr_io.h"
#include "item/scalar.h"

#define ALL 0x20FE5Du
#define SAP SAP_MANAGEMENT
#define DEVICE_ADDRESS "0013 0000140000FF 06 00"
#define CLOCK "0008 0000010000FF "
#define ABORTED 15
#define EXCEPTION 0x100 /* and its reason */

static world_t world;

/* --- a sink, and values that a test makes --- */

#define ELEMENTS 24u
#define OCTETS 64u
#define SNAPSHOTS 200u

/* In their order; count is that of a group, or octets of a string. */
typedef struct element {
    uint8_t type;
    uint16_t count;
    uint64_t number;
    uint8_t octets[OCTETS];
} element_t;

typedef struct value {
    element_t element[ELEMENTS];
    size_t count;
} value_t;

typedef struct joined {
    uint8_t octets[2048];
    size_t length;
    unsigned blocks;
    qd_status_t status;
} joined_t;

static uint32_t seed;
static uint32_t any(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static qd_status_t give(const value_t *v, const qd_sink_t *sink) {
    qd_status_t status = QD_OK;
    for (size_t i = 0; i < v->count && status == QD_OK; i++) {
        const element_t *e = &v->element[i];
        if (e->type == QD_TYPE_ARRAY || e->type == QD_TYPE_STRUCTURE) {
            status = sink->group(sink->context, (qd_type_t)e->type, e->count);
        } else if (e->type == QD_TYPE_OCTET_STRING) {
            status = qd_sink_octets(sink, QD_TYPE_OCTET_STRING, e->octets, e->count);
        } else {
            qd_scalar_t scalar;
            qd_scalar_unsigned(&scalar, (qd_type_t)e->type, e->number);
            status = sink->scalar(sink->context, &scalar);
        }
    }
    return status;
}

/* The next block of at most size octets. */
static void next_block(const value_t *v, size_t size, qd_axdr_cut_t *cut, joined_t *j) {
    uint8_t block[256];
    qd_writer_t w;
    qd_axdr_sink_t sink;
    qd_writer_init(&w, block, sizeof block);
    qd_axdr_sink_init(&sink, &w, size);
    qd_axdr_sink_unit(&sink, cut);
    j->status = give(v, &sink.sink);
    if (j->status == QD_OK && sink.from != NULL) {
        j->status = QD_ABORTED;
    }
    assert_true(w.at <= size);
    memcpy(j->octets + j->length, block, w.at);
    j->length += w.at;
    j->blocks++;
    *cut = sink.cut;
}

/* The element's octets, written by hand. */
static size_t encoded(const element_t *e, uint8_t *to) {
    size_t width = e->type == 0x15 ? 8 : e->type == 0x06 ? 4 : e->type == 0x12 ? 2 : e->type == 0x11 ? 1 : 0;
    to[0] = e->type;
    if (e->type == 0) {
        return 1;
    }
    if (width == 0) {
        assert_true(e->count < 0x80);
        to[1] = (uint8_t)e->count;
        memcpy(to + 2, e->octets, e->type == 9 ? e->count : 0u);
        return 2u + (e->type == 9 ? e->count : 0u);
    }
    for (size_t i = 0; i < width; i++) {
        to[1 + i] = (uint8_t)(e->number >> (8u * (width - 1u - i)));
    }
    return 1 + width;
}

static size_t length_of(const uint8_t *octets) {
    switch (octets[0]) {
    case 0:
        return 1;
    case 0x15:
        return 9;
    case 0x06:
        return 5;
    case 0x12:
        return 3;
    case 9:
        return 2u + octets[1];
    default:
        return 2;
    }
}

static void fill(element_t *e) {
    e->number = (uint64_t)any(1u << 20) << 40 | (uint64_t)any(1u << 20) << 20 | any(1u << 20);
    for (size_t i = 0; i < OCTETS; i++) {
        e->octets[i] = (uint8_t)any(256);
    }
}

/* A structure of numbers, strings and arrays of pairs. */
static void random_value(value_t *v) {
    static const uint8_t types[] = {0, 0x06, 0x15, 0x11, 0x12, 9, 9, QD_TYPE_ARRAY};
    uint16_t members = (uint16_t)(1u + any(6));
    memset(v, 0, sizeof *v);
    v->element[v->count++] = (element_t){.type = QD_TYPE_STRUCTURE, .count = members};
    for (uint16_t i = 0; i < members; i++) {
        element_t *e = &v->element[v->count++];
        e->type = types[any(sizeof types)];
        fill(e);
        e->count = (uint16_t)(e->type == 9 ? any(44) : 0u);
        if (e->type == QD_TYPE_ARRAY) {
            e->count = (uint16_t)any(3);
            for (uint16_t k = 0; k < e->count; k++) {
                v->element[v->count] = (element_t){.type = 0x12};
                fill(&v->element[v->count++]);
            }
        }
    }
}

/* Some values move on; sometimes a string gets another length, or the whole thing another shape. */
static void move_on(value_t *v) {
    for (size_t i = 0; i < v->count; i++) {
        element_t *e = &v->element[i];
        if (any(6) != 0 || e->type == QD_TYPE_ARRAY || e->type == QD_TYPE_STRUCTURE) {
            continue;
        }
        if (any(4) == 0) {
            fill(e);
        } else {
            e->number++;
            e->octets[any(OCTETS)]++;
        }
        if (e->type == 9 && any(3) == 0) {
            e->count = (uint16_t)any(44);
        }
    }
    if (any(12) == 0) {
        random_value(v);
    }
}

/* The joined octets are one structure, and each of its elements is one that was there. */
static void check_joined(const joined_t *j, const value_t *seen, size_t count) {
    size_t at = 0;
    size_t open = 1;
    for (size_t i = 0; open > 0; i++) {
        uint8_t octets[OCTETS + 4];
        bool was = false;
        assert_true(at < j->length);
        size_t length = length_of(j->octets + at);
        assert_true(at + length <= j->length);
        for (size_t s = 0; s < count && !was; s++) {
            was = i < seen[s].count && encoded(&seen[s].element[i], octets) == length &&
                  memcmp(octets, j->octets + at, length) == 0;
        }
        assert_true(was);
        open = open - 1u + (j->octets[at] == 1 || j->octets[at] == 2 ? j->octets[at + 1] : 0u);
        at += length;
    }
    assert_int_equal(at, j->length);
}

static void test_any_value_that_changes_anywhere(void **state) {
    static value_t seen[SNAPSHOTS];
    static joined_t j;
    unsigned ended = 0;
    unsigned aborted = 0;
    (void)state;
    seed = 3;
    for (unsigned round = 0; round < 20000; round++) {
        qd_axdr_cut_t cut = {0};
        size_t size = 1u + any(40);
        bool moves = any(8) != 0;
        size_t count = 1;
        j.length = 0;
        j.blocks = 0;
        random_value(&seen[0]);
        for (;;) {
            next_block(&seen[count - 1], size, &cut, &j);
            if (j.status != QD_NO_SPACE) {
                break;
            }
            assert_true(j.length > 0 && count < SNAPSHOTS);
            if (moves && any(4) == 0) {
                seen[count] = seen[count - 1];
                move_on(&seen[count++]);
            }
        }
        if (j.status == QD_OK) {
            check_joined(&j, seen, count);
            ended += count > 1;
        } else {
            assert_int_equal(j.status, QD_ABORTED);
            assert_true(count > 1);
            aborted++;
        }
    }
    assert_true(ended > 1000 && aborted > 1000);
}

/* A number of 64 bits that moves while it is cut; one that is given whole moves freely. */
static void test_number_of_64_bits(void **state) {
    static const size_t sizes[] = {2, 3, 8, 9, 11};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        value_t v = {.count = 2};
        joined_t j = {.length = 0};
        qd_axdr_cut_t cut = {0};
        v.element[0] = (element_t){.type = QD_TYPE_STRUCTURE, .count = 1};
        v.element[1] = (element_t){.type = 0x15, .number = 0x00000000FFFFFFFFu};
        for (size_t k = 0; (k == 0 || j.status == QD_NO_SPACE) && k < 20; k++) {
            next_block(&v, sizes[i], &cut, &j);
            if (cut.elements == 1 && cut.octets >= 6) {
                v.element[1].number = UINT64_C(0x0000000100000000);
            }
        }
        assert_int_equal(j.status, sizes[i] < 9 ? QD_ABORTED : QD_OK);
    }
}

/* The array in the middle loses a row that is already given, and one that is not. */
static void test_array_that_shrinks(void **state) {
    (void)state;
    for (uint16_t from = 0; from < 2; from++) {
        value_t v = {.count = 7};
        joined_t j = {.length = 0};
        qd_axdr_cut_t cut = {0};
        v.element[0] = (element_t){.type = QD_TYPE_STRUCTURE, .count = 2};
        v.element[1] = (element_t){.type = QD_TYPE_ARRAY, .count = 4};
        for (size_t i = 2; i < 7; i++) {
            v.element[i] = (element_t){.type = 0x12, .number = i};
        }
        /* Head of the structure alone, or heads of both and the first row. */
        next_block(&v, from == 0 ? 2 : 7, &cut, &j);
        assert_int_equal(j.status, QD_NO_SPACE);
        assert_int_equal(cut.elements, from == 0 ? 1 : 3);
        v.element[1].count = 3;
        v.count = 6;
        next_block(&v, 100, &cut, &j);
        assert_int_equal(j.status, from == 0 ? QD_OK : QD_ABORTED);
    }
}

/* --- the whole meter --- */

typedef struct reading {
    uint8_t octets[2048];
    size_t length;
    unsigned blocks;
    int error; /* -1: none */
} reading_t;

static void take(const uint8_t *answer, size_t length, reading_t *r, bool *more) {
    bool general = answer[0] == 0xE0;
    size_t at = general ? 7 : 10;
    *more = false;
    assert_true(length >= 3);
    if (answer[0] == 0xD8) {
        r->error = EXCEPTION + answer[2];
        return;
    }
    if (!general && answer[8] != 0) {
        r->error = answer[9];
        return;
    }
    assert_true(general || answer[1] == 2);
    assert_int_equal(at + answer[at - 1u], length);
    memcpy(r->octets + r->length, answer + at, length - at);
    r->length += length - at;
    r->blocks++;
    *more = general ? (answer[1] & 0x80u) == 0 : answer[3] == 0;
}

static void read_first(const char *request, reading_t *r, bool *more) {
    uint8_t answer[256];
    memset(r, 0, sizeof *r);
    r->error = -1;
    size_t length = world_ask_hex(&world, 0, SAP, request, answer, sizeof answer);
    take(answer, length, r, more);
}

static void read_next(bool general, reading_t *r, bool *more) {
    uint8_t answer[256];
    uint8_t n = (uint8_t)r->blocks;
    const uint8_t next[] = {0xC0, 2, 0xC1, 0, 0, 0, n};
    const uint8_t ack[] = {0xE0, 0x81, 0, (uint8_t)(n + 1u), 0, n, 0};
    size_t length = general ? world_ask(&world, 0, SAP, ack, sizeof ack, answer, sizeof answer)
                            : world_ask(&world, 0, SAP, next, sizeof next, answer, sizeof answer);
    take(answer, length, r, more);
}

static void set_address(unsigned octets, char digit) {
    char request[160];
    int at = snprintf(request, sizeof request, "C1 01 C1 " DEVICE_ADDRESS " 09 %02X ", octets);
    for (unsigned i = 0; i < octets; i++) {
        at += snprintf(request + at, sizeof request - (size_t)at, "3%c", digit);
    }
    EXPECT_ON(&world, 1, SAP, request, "C5 01 C1 00");
}

static void begin(uint16_t pdu_size) {
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP, ALL, pdu_size));
    assert_true(world_open(&world, 1, SAP));
}

#define GENERAL(length, apdu) "E0 81 0001 0000 " length apdu
#define GET_ADDRESS "C0 01 C1 " DEVICE_ADDRESS
#define GENERAL_ADDRESS GENERAL("0D", GET_ADDRESS)

/* Set between the blocks by another client: shorter, longer, other, and the same again, behind any of the blocks. */
static void test_string_set_between_blocks(void **state) {
    static const struct {
        unsigned octets;
        char digit;
    } sets[] = {{8, '2'}, {16, '2'}, {1, '2'}, {10, '1'}, {16, '1'}};
    (void)state;
    for (unsigned round = 0; round < 2u * 3u * sizeof sets / sizeof sets[0]; round++) {
        bool general = round % 2u != 0;
        unsigned behind = 1u + round / 2u % 3u;
        unsigned octets = sets[round / 6u].octets;
        char digit = sets[round / 6u].digit;
        size_t head = general ? 4 : 0;
        bool more = true;
        bool same = true;
        reading_t r;
        begin(general ? 20 : 15); /* 10 octets, and 5 */
        set_address(16, '1');
        read_first(general ? GENERAL_ADDRESS : GET_ADDRESS, &r, &more);
        while (more) {
            if (r.blocks == behind) {
                set_address(octets, digit);
                same = octets == 16 && digit == '1';
            }
            read_next(general, &r, &more);
        }
        if (same) {
            assert_int_equal(r.error, -1);
        } else if (r.error == -1) { /* only the head had been given */
            assert_int_equal(octets, 16);
            assert_int_equal(behind, 1);
        } else {
            assert_int_equal(r.error, general ? EXCEPTION + 1 : ABORTED);
        }
        if (r.error == -1) {
            assert_int_equal(r.length, head + 18u);
            assert_int_equal(r.octets[head + 1u], 16);
            for (size_t i = 2; i < 18; i++) {
                assert_int_equal(r.octets[head + i], same ? '1' : digit);
            }
        }
        /* The association has not suffered. */
        EXPECT(&world, SAP, "C0 01 C1 0001 0000600102FF 02 00", "C4 01 C1 00 09 00");
    }
}

/* A second passes behind any of the blocks: the time is one of those two, or there is none. */
static void test_clock_across_a_second(void **state) {
    unsigned ended = 0;
    (void)state;
    for (unsigned round = 0; round < 13u * 8u; round++) {
        uint16_t pdu_size = (uint16_t)(12u + round / 8u);
        unsigned behind = round % 8u;
        bool more = true;
        reading_t r;
        begin(pdu_size);
        world_run(&world, 59); /* 12:00:59 */
        read_first("C0 03 C1 02 0003 0100010800FF 02 00 " CLOCK "02 00", &r, &more);
        while (more) {
            if (r.blocks == behind) {
                world_run(&world, 1);
            }
            read_next(false, &r, &more);
        }
        if (r.error == -1) {
            uint8_t before[22];
            uint8_t after[22];
            (void)world_hex("02 00 06 00000000 00 09 0C 07EA010F 04 0D003B00 FFC4 00", before);
            (void)world_hex("02 00 06 00000000 00 09 0C 07EA010F 04 0D010000 FFC4 00", after);
            assert_int_equal(r.length, 22);
            assert_true(memcmp(r.octets, before, 22) == 0 || memcmp(r.octets, after, 22) == 0);
            ended += behind > 0 && memcmp(r.octets, after, 22) == 0;
        } else {
            assert_int_equal(r.error, ABORTED);
            assert_true(behind > 0 && pdu_size < 24);
        }
    }
    assert_true(ended > 10);
}

/* All attributes of the clock: the time moves on, and as long as it is not cut that does not matter. */
static void test_all_attributes_while_time_goes_on(void **state) {
    unsigned ended = 0;
    (void)state;
    for (uint16_t pdu_size = 12; pdu_size < 60; pdu_size++) {
        bool more = true;
        reading_t r;
        begin(pdu_size);
        read_first("C0 01 C1 " CLOCK "00 00", &r, &more);
        while (more) {
            world_run(&world, 1);
            read_next(false, &r, &more);
        }
        assert_true(r.error == -1 || r.error == ABORTED);
        assert_true(pdu_size < 26 || r.error == -1);
        if (r.error == -1) {
            ended++;
            assert_int_equal(r.octets[0], 2);
            EXPECT_OCTETS(r.octets + 2, 8, "09 06 0000010000FF");
            EXPECT_OCTETS(r.octets + 10, 2, "09 0C");
            EXPECT_OCTETS(r.octets + 24, 1, "10");
        }
    }
    assert_true(ended >= 34);
}

/* The client lost the second block of a window, and the string has another length now: the blocks that follow do not
 * fit the first one any more. */
static void test_lost_block_of_a_string_that_was_set(void **state) {
    static const unsigned lengths[] = {16, 8, 15, 9};
    static const char *const request = "E0 83 0001 0000 0D " GET_ADDRESS;
    static const char *const lost = "E0 83 0002 0001 00";
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t answer[256];
        begin(20);
        set_address(16, '1');
        size_t length = world_ask_hex(&world, 0, SAP, request, answer, sizeof answer);
        EXPECT_OCTETS(answer, length, "E0 48 0001 0001 0B C401C100 0910 3131313131");
        while (world_get_apdu(&world, 0, SAP, answer, sizeof answer) > 0) {
        }
        set_address(lengths[i], '1');
        length = world_ask_hex(&world, 0, SAP, lost, answer, sizeof answer);
        EXPECT_OCTETS(answer, length, i == 0 ? "E0 88 0002 0002 0B 3131313131313131313131" : "D8 01 01");
        assert_int_equal(world_get_apdu(&world, 0, SAP, answer, sizeof answer), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_value_that_changes_anywhere),
        cmocka_unit_test(test_number_of_64_bits),
        cmocka_unit_test(test_array_that_shrinks),
        cmocka_unit_test(test_string_set_between_blocks),
        cmocka_unit_test(test_clock_across_a_second),
        cmocka_unit_test(test_all_attributes_while_time_goes_on),
        cmocka_unit_test(test_lost_block_of_a_string_that_was_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
