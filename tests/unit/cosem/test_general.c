/*
 * test_general.c - general block transfer: windows, streaming, numbers, blocks that are lost or repeated, both ways.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/meter/expect.h"

#include "app/event.h"
#include "unit/app/fake_logs.h"

#define ALL 0x20FE5Du
#define GENERAL_ONLY 0x20001Du /* no blocks of the services' own */
#define ID_2 "0001 0000600102FF 02"
#define GET_ID_2 "C0 01 C1 " ID_2 " 00"
#define GET_ID_3 "C0 01 C1 0001 0000600103FF 02 00"
#define GET_OBJECTS "C001C1000F0000280000FF0200"
#define SAP SAP_MANAGEMENT
#define LOG_ID 0x0302u

static world_t world;

static void begin(uint32_t conformance, uint16_t pdu_size) {
    expect_world(&world);
    assert_true(world_open_as(&world, 0, SAP, conformance, pdu_size));
}

typedef struct joined {
    uint8_t octets[32768];
    size_t length;
    unsigned blocks;
    unsigned acks;
} joined_t;
static joined_t whole;
static joined_t got;

/* The next block that the meter has sent, after the same head as before; false: none is there. */
typedef struct block {
    uint8_t control;
    uint16_t number;
    uint16_t ack;
    uint8_t data[900];
    size_t length;
} block_t;

static bool next_block(unsigned channel, size_t limit, block_t *b) {
    uint8_t answer[1024];
    size_t length = world_get_apdu(&world, channel, SAP, answer, sizeof answer);
    if (length == 0 || length == WORLD_MISFRAMED) { /* the line may have been full */
        (void)world_step(&world);
        length = world_get_apdu(&world, channel, SAP, answer, sizeof answer);
    }
    if (length == 0) {
        return false;
    }
    assert_in_range(length, 7, limit);
    assert_int_equal(answer[0], 0xE0);
    b->control = answer[1];
    b->number = (uint16_t)(answer[2] << 8 | answer[3]);
    b->ack = (uint16_t)(answer[4] << 8 | answer[5]);
    size_t at = answer[6] < 0x80 ? 7u : answer[6] == 0x81 ? 8u : 9u;
    b->length = answer[6] < 0x80    ? answer[6]
                : answer[6] == 0x81 ? answer[7]
                                    : (size_t)(answer[7] << 8 | answer[8]);
    assert_int_equal(at + b->length, length);
    memcpy(b->data, answer + at, b->length);
    return true;
}

static void say(unsigned channel, const char *apdu) {
    uint8_t octets[1024];
    world_put_apdu(&world, channel, SAP, octets, world_hex(apdu, octets));
    (void)world_step(&world);
}

static void acknowledge(unsigned channel, uint8_t window, uint16_t number, uint16_t ack) {
    const uint8_t apdu[] = {0xE0,
                            (uint8_t)(0x80u | window),
                            (uint8_t)(number >> 8),
                            (uint8_t)number,
                            (uint8_t)(ack >> 8),
                            (uint8_t)ack,
                            0};
    world_put_apdu(&world, channel, SAP, apdu, sizeof apdu);
    (void)world_step(&world);
}

static void join(joined_t *j, const block_t *b) {
    assert_true(j->length + b->length <= sizeof j->octets);
    memcpy(j->octets + j->length, b->data, b->length);
    j->length += b->length;
    j->blocks++;
}

/* Reads to the end; every lose-th block of the line is lost, and what comes behind it in the window, too. */
static void read_general(const char *request, size_t limit, uint8_t window, unsigned lose, joined_t *j) {
    unsigned heard = 0;
    uint16_t last = 0;
    uint16_t number = 1;
    bool ended = false;
    memset(j, 0, sizeof *j);
    say(0, request);
    while (!ended) {
        block_t b;
        bool lost = false;
        unsigned in_window = 0;
        assert_true(j->acks < 20000);
        while (next_block(0, limit, &b)) {
            in_window++;
            assert_in_range(in_window, 1, window);
            assert_int_equal(b.number, last + 1u);
            assert_int_equal(b.control & 0x3F, 8);
            lost = lost || (lose != 0 && ++heard % lose == 0);
            if (!lost) {
                assert_true(b.length > 0);
                join(j, &b);
                last = b.number;
                ended = (b.control & 0x80u) != 0;
                assert_true(!ended || (b.control & 0x40u) == 0);
            } else {
                b.control &= 0x7Fu;
            }
            if ((b.control & 0x40u) == 0) {
                break; /* it waits now */
            }
            if (lost) {
                while (next_block(0, limit, &b)) {
                    in_window++;
                }
                break;
            }
        }
        assert_true(in_window > 0);
        if (!ended) {
            j->acks++;
            acknowledge(0, window, ++number, last);
        }
    }
    assert_int_equal(world.line[0].out_size, 0);
}

static char request_text[128];
static const char *request_of(uint8_t window, const char *apdu) {
    (void)snprintf(request_text, sizeof request_text, "E0 %02X 0001 0000 %02X %s", 0x80u | window,
                   (unsigned)(strlen(apdu) / 2u), apdu);
    return request_text;
}

static void test_short_answers(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "E0 81 0001 0000 0D C001C1 0001 0000600102FF 02 00",
           "E0 88 0001 0001 06 C401C1000900");
    EXPECT(&world, SAP, "E0 81 0001 0000 10 C101C1 0001 0000600102FF 02 00 090141",
           "E0 88 0001 0001 04 C501C100");
    EXPECT(&world, SAP, "E0 81 0001 0000 10 C10181 0001 0000600102FF 02 00 090142", "");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 42");
    EXPECT(&world, SAP, "E0 81 0001 0000 0D C001C1 0003 01000E0700FF 02 00", "E0 88 0001 0001 05 C401C1010B");
    EXPECT(&world, SAP, "E0 81 0001 0000 0D C001C1 0003 FFFFFFFFFFFF 02 00", "E0 88 0001 0001 05 C401C10104");
    /* Inside it nothing but services: no block in a block, no association. */
    EXPECT(&world, SAP, "E0 81 0001 0000 08 E081000100000100", "E0 88 0001 0001 03 D80102");
    EXPECT(&world, SAP, "E0 81 0001 0000 05 6203800100", "E0 88 0001 0001 03 D80202");
    EXPECT(&world, SAP, "E0 81 0001 0000 02 99 00", "E0 88 0001 0001 03 D80202");
    EXPECT(&world, SAP, "E0 81 0001 0000 03 C001C1", "E0 88 0001 0001 03 D80103");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 42");
}

static void test_broken_blocks(void **state) {
    static const char *const broken[] = {"E0",
                                         "E0 81",
                                         "E0 81 0001",
                                         "E0 81 0001 0000",
                                         "E0 81 0001 0000 02 C0",
                                         "E0 81 0001 0000 01 C0 00",
                                         "E0 81 0001 0000 84 00000001 C0"};
    (void)state;
    begin(ALL, 0xFFFF);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        EXPECT(&world, SAP, broken[i], "D8 01 03");
        EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    }
    EXPECT(&world, SAP, "E0 C1 0001 0000 01 C0", ""); /* last and streaming: the client gives up */
    EXPECT(&world, SAP, "E0 81 0002 0001 00", "");    /* nothing is under way */
}

static void test_request_in_pieces(void **state) {
    (void)state;
    begin(ALL, 0xFFFF);
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 01 0002 0001 06 0000600102FF", "E0 88 0002 0002 00");
    EXPECT(&world, SAP, "E0 01 0002 0001 06 0000600102FF", "E0 88 0003 0002 00"); /* repeated: taken once */
    EXPECT(&world, SAP, "E0 01 0004 0001 02 0900", "E0 88 0004 0002 00");         /* one is missing */
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");                           /* that ends it */
    EXPECT(&world, SAP, "E0 81 0003 0002 05 0200090141", "E0 88 0005 0002 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 01 0002 0001 06 0000600102FF", "E0 88 0002 0002 00");
    EXPECT(&world, SAP, "E0 81 0003 0002 05 0200090141", "E0 88 0003 0003 04 C501C100");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 41");
    /* Streamed: silence until the window is spent. A gap in it is told then. */
    EXPECT(&world, SAP, "E0 41 0001 0000 05 C101C1 0001", "");
    EXPECT(&world, SAP, "E0 41 0002 0000 06 0000600102FF", "");
    EXPECT(&world, SAP, "E0 81 0003 0000 05 0200090142", "E0 88 0001 0003 04 C501C100");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 42");
    EXPECT(&world, SAP, "E0 41 0001 0000 05 C101C1 0001", "");
    EXPECT(&world, SAP, "E0 81 0003 0000 05 0200090143", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 41 0002 0001 06 0000600102FF", "");
    EXPECT(&world, SAP, "E0 81 0003 0001 05 0200090143", "E0 88 0002 0003 04 C501C100");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 43");
    /* A first block begins a request, the same one or another: what was there before is not mixed into it. */
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 01 0002 0001 06 0000600102FF", "E0 88 0002 0002 00");
    EXPECT(&world, SAP, "E0 01 0003 0002 05 0200090244", "E0 88 0003 0003 00");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 81 0004 0001 01 45", "E0 88 0002 0001 00");
    EXPECT(&world, SAP, "E0 81 0002 0001 0B 0000600102FF 0200090143", "E0 88 0003 0002 04 C501C100");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 43");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C001C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 81 0002 0001 08 0000600102FF 0200", "E0 88 0002 0002 07 C401C100090143");
    /* Given up in the middle: the rest belongs to nothing. */
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 C1 0002 0001 06 0000600102FF", "");
    EXPECT(&world, SAP, "E0 81 0002 0001 0B 0000600102FF 0200090144", "E0 88 0001 0000 00");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 43");
}

/* A block with an answer that is no stream comes again as long as the client has not said that it has it. */
static void test_short_answer_again(void **state) {
    static const struct {
        const char *request;
        const char *answer; /* behind the two numbers */
    } cases[] = {
        {"E0 81 0001 0000 10 C1 01 C1 " ID_2 " 00 09 01 41", " 04 C501C100"},
        {"E0 81 0001 0000 0D C0 01 C1 0001 0000630909FF 02 00", " 05 C401C10104"},
        {"E0 81 0001 0000 10 C3 01 C1 0009 00000A0064FF 01 01 12 0001", " 05 C701C10000"},
        {"E0 81 0001 0000 07 C0 02 C1 00000001", " 0A C402C101000000010110"},
        {"E0 81 0001 0000 18 C1 02 C1 " ID_2 " 00 00 00000001 05 0906414141", " 07 C502C100000001"},
    };
    char first[64];
    (void)state;
    begin(ALL, 0xFFFF);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned number = 1; number < 5; number++) {
            char ask[64], wanted[64];
            (void)snprintf(ask, sizeof ask, "E0 81 %04u 0000 00", number);
            (void)snprintf(wanted, sizeof wanted, "E0 88 0001 %04u%s", number, cases[i].answer);
            EXPECT(&world, SAP, number == 1 ? cases[i].request : ask, wanted);
        }
        (void)snprintf(first, sizeof first, "E0 88 0001 0001%s", cases[i].answer);
        EXPECT(&world, SAP, "E0 81 0005 0001 00", ""); /* it has it */
        EXPECT(&world, SAP, "E0 81 0006 0000 00", "");
        /* A plain request ends that; a number that was never sent is nonsense. */
        EXPECT(&world, SAP, cases[i].request, first);
        EXPECT(&world, SAP, GET_ID_3, "C4 01 C1 00 09 00");
        EXPECT(&world, SAP, "E0 81 0004 0000 00", "");
        EXPECT(&world, SAP, cases[i].request, first);
        EXPECT(&world, SAP, "E0 81 0002 0002 00", "D8 01 03");
    }
    /* A repeated last block is answered by its number; the answer is still there. */
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT(&world, SAP, "E0 81 0002 0001 0B 0000600102FF 0200090147", "E0 88 0002 0002 04 C501C100");
    EXPECT(&world, SAP, "E0 81 0002 0001 0B 0000600102FF 0200090147", "E0 88 0003 0002 00");
    EXPECT(&world, SAP, "E0 81 0003 0001 00", "E0 88 0002 0003 04 C501C100");
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 01 47");
}

/* The one slot: a second writer is told that it is not possible now; more than it holds is too long. */
static void test_slot(void **state) {
    uint8_t apdu[256];
    uint8_t answer[64];
    (void)state;
    begin(ALL, 0xFFFF);
    assert_true(world_open_as(&world, 1, SAP, ALL, 0xFFFF));
    /* What lay there is of nobody else: an unconfirmed request has no answer that could show it later. */
    EXPECT(&world, SAP, "E0 81 0001 0000 20 D9 00000001 00 02 01 " ID_2 " 02 " ID_2 " 02 00 0901 41", "");
    EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090242", "C5 02 C1 00000001");
    EXPECT(&world, SAP, "E0 81 0002 0000 00", "");
    EXPECT_ON(&world, 1, SAP, "C1 03 C1 01 00000002 01 43", "C5 03 C1 00 00000002");
    EXPECT(&world, SAP, "C1 01 C1 " ID_2 " 00 09 00", "C5 01 C1 00");
    EXPECT(&world, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
    EXPECT_ON(&world, 1, SAP, "E0 01 0001 0000 05 C101C1 0001", "D8 01 01");
    EXPECT_ON(&world, 1, SAP, "C1 02 C1 " ID_2 " 00 00 00000001 03 090241", "C5 03 C1 02 00000001");
    EXPECT_ON(&world, 1, SAP, "E0 81 0001 0000 0D C001C1 0001 0000600102FF 02 00",
              "E0 88 0001 0001 06 C401C1000900");
    for (unsigned block = 2; block <= 6; block++) {
        size_t head = world_hex("E0 01 0000 0000 81 80", apdu);
        apdu[3] = (uint8_t)block;
        memset(apdu + head, 'A', 128);
        size_t length = world_ask(&world, 0, SAP, apdu, head + 128, answer, sizeof answer);
        if (block < 5) {
            assert_int_equal(length, 7);
            assert_int_equal(answer[5], block);
        } else if (block == 5) {
            EXPECT_OCTETS(answer, length, "D8 01 04");
        }
    }
    EXPECT_ON(&world, 1, SAP, "E0 01 0001 0000 05 C101C1 0001", "E0 88 0001 0001 00");
}

/* Whatever size and window, with and without loss: the same octets as in one piece. */
static void test_long_answers(void **state) {
    static const uint16_t sizes[] = {22, 23, 32, 64, 127, 134, 135, 136, 137, 138, 200, 384};
    static const uint8_t windows[] = {1, 2, 5, 63};
    (void)state;
    begin(ALL, 0xFFFF);
    read_general(request_of(63, GET_OBJECTS), 832, 63, 0, &whole);
    EXPECT_OCTETS(whole.octets, 5, "C4 01 C1 00 01");
    assert_true(whole.length > 5000);
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (unsigned w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            for (unsigned lose = 0; lose < 8; lose += 7) {
                assert_true(world_open_as(&world, 0, SAP, ALL, sizes[s]));
                read_general(request_of(windows[w], GET_OBJECTS), sizes[s], windows[w], lose, &got);
                assert_int_equal(got.length, whole.length);
                assert_memory_equal(got.octets, whole.octets, whole.length);
                assert_true(lose != 0 || got.acks == (got.blocks - 1u) / windows[w]);
            }
        }
    }
}

static void test_numbers_of_a_stream(void **state) {
    block_t b;
    (void)state;
    begin(ALL, 32);
    say(0, request_of(3, GET_OBJECTS));
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(next_block(0, 32, &b));
        assert_int_equal(b.control, i < 3 ? 0x48 : 0x08);
        assert_int_equal(b.number, i);
        assert_int_equal(b.ack, 1);
    }
    assert_false(next_block(0, 32, &b));
    block_t third = b;
    acknowledge(0, 1, 2, 2); /* the third was lost */
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 3);
    assert_int_equal(b.ack, 2);
    assert_int_equal(b.control, 0x08);
    assert_int_equal(b.length, third.length);
    assert_memory_equal(b.data, third.data, b.length);
    acknowledge(0, 0, 3, 3); /* no room */
    assert_false(next_block(0, 32, &b));
    world_run(&world, 3);
    assert_false(next_block(0, 32, &b));
    acknowledge(0, 1, 4, 3);
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 4);
    acknowledge(0, 2, 5, 3); /* that one, too */
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 4);
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 5);
    /* A loss told while there is no room is not forgotten. */
    acknowledge(0, 0, 6, 4);
    assert_false(next_block(0, 32, &b));
    acknowledge(0, 1, 7, 4);
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 5);
    /* Numbers that were never sent, and those that were let go. */
    EXPECT(&world, SAP, "E0 81 0008 0006 00", "D8 01 03");
    EXPECT(&world, SAP, "E0 81 0009 0005 00", "");
    say(0, request_of(1, GET_OBJECTS));
    assert_true(next_block(0, 32, &b));
    acknowledge(0, 1, 2, 1);
    assert_true(next_block(0, 32, &b));
    EXPECT(&world, SAP, "E0 81 0003 0000 00", "D8 01 03");
    /* A window of 0 with the request: silence until there is room. */
    say(0, request_of(0, GET_OBJECTS));
    assert_false(next_block(0, 32, &b));
    acknowledge(0, 1, 2, 0);
    assert_true(next_block(0, 32, &b));
    assert_int_equal(b.number, 1);
    EXPECT(&world, SAP, "E0 C0 0003 0001 00", "");
    EXPECT(&world, SAP, "E0 81 0003 0001 00", "");
    /* Any other request ends it. */
    say(0, request_of(1, GET_OBJECTS));
    assert_true(next_block(0, 32, &b));
    EXPECT(&world, SAP, GET_ID_2, "C4 01 C1 00 09 00");
    EXPECT(&world, SAP, "E0 81 0002 0001 00", "");
}

/* The last block may be lost, too. */
static void test_last_block_again(void **state) {
    block_t b;
    block_t again;
    (void)state;
    begin(ALL, 40);
    say(0, request_of(63, "C001C100090000"
                          "0A0064FF0200"));
    unsigned count = 0;
    while (next_block(0, 40, &b)) {
        count++;
    }
    assert_true(count > 2);
    assert_int_equal(b.control, 0x88);
    acknowledge(0, 63, 2, (uint16_t)(count - 1u));
    assert_true(next_block(0, 40, &again));
    assert_int_equal(again.number, count);
    assert_int_equal(again.control, 0x88);
    assert_int_equal(again.length, b.length);
    assert_memory_equal(again.data, b.data, b.length);
    acknowledge(0, 63, 3, (uint16_t)count);
    assert_false(next_block(0, 40, &again));
    acknowledge(0, 63, 4, 1);
    assert_false(next_block(0, 40, &again));
}

/* Without the service's own blocks a plain request is answered in general ones. */
static void test_plain_request(void **state) {
    block_t b;
    (void)state;
    begin(GENERAL_ONLY, 100);
    say(0, "C0 01 C1 000F 0000280000FF 02 00");
    assert_true(next_block(0, 100, &b));
    assert_int_equal(b.number, 1);
    assert_int_equal(b.ack, 0);
    assert_int_equal(b.control, 0x08);
    assert_false(next_block(0, 100, &b));
    acknowledge(0, 2, 1, 1);
    assert_true(next_block(0, 100, &b));
    assert_true(next_block(0, 100, &b));
    assert_int_equal(b.number, 3);
    begin(GENERAL_ONLY, 12);
    say(0, "C0 01 C1 000F 0000280000FF 02 00");
    assert_true(next_block(0, 12, &b));
    assert_int_equal(b.length, 3);
    acknowledge(0, 1, 1, 1);
    assert_true(next_block(0, 12, &b));
}

/* The smallest APDU size carries everything but a service's own blocks, which need 19 inside of general ones. */
static void test_smallest_sizes(void **state) {
    static const struct {
        const char *asked;
        const char *answer;
    } whole_answers[] = {
        {"0D C001C1 0001 0000600103FF 02 00", "C4 01 C1 00 09 00"},
        {"0D C001C1 0001 0000600103FF 03 00", "C4 01 C1 01 04"},
        {"11 C101C1 0001 0000600102FF 02 00 09 02 4142", "C5 01 C1 00"},
        {"0D C001C1 0001 0000600102FF 02 00", "C4 01 C1 00 09 02 4142"},
        {"0D C101C1 0001 0000600102FF 02 00", "D8 01 03"},
        {"19 C104C1 02 0001 0000600102FF 02 00 0001 0000600103FF 02 00 00", "D8 01 03"},
        {"1D C104C1 02 0001 0000600102FF 02 00 0001 0000600103FF 02 00 02 0900 0900", "C5 05 C1 02 00 00"},
        {"10 C301C1 0009 00000A0064FF 01 01 120000", "C7 01 C1 00 00"},
        {"13 D940000001 00 01 01 0001 0000600102FF 02 01 00", "DA 40000001 00 00 01 09 00 01 01 00"},
        {"03 C40101", "D8 02 02"},
    };
    (void)state;
    for (uint16_t size = 12; size <= 24; size++) {
        begin(ALL, size);
        for (size_t i = 0; i < sizeof whole_answers / sizeof whole_answers[0]; i++) {
            char request[160];
            uint8_t wanted[64];
            (void)snprintf(request, sizeof request, "E0 81 0001 0000 %s", whole_answers[i].asked);
            read_general(request, size, 1, 0, &got);
            assert_int_equal(got.length, world_hex(whole_answers[i].answer, wanted));
            assert_memory_equal(got.octets, wanted, got.length);
        }
        bool room = size >= 19;
        read_general("E0 81 0001 0000 15 C102C1 0001 0000600102FF 02 00 01 00000001 02 0900", size, 1, 0,
                     &got);
        EXPECT_OCTETS(got.octets, got.length, room ? "C5 03 C1 00 00000001" : "D8 01 04");
        read_general("E0 81 0001 0000 07 C002C1 00000001", size, 1, 0, &got);
        EXPECT_OCTETS(got.octets, got.length, room ? "C4 02 C1 01 00000001 01 10" : "D8 01 04");
        read_general("E0 81 0001 0000 07 C302C1 00000001", size, 1, 0, &got);
        EXPECT_OCTETS(got.octets, got.length, room ? "C7 01 C1 10 00" : "D8 01 04");
    }
    /* In blocks of its own with nothing around them every size will do. */
    begin(ALL, 12);
    EXPECT(&world, SAP, "C102C1 0001 0000600102FF 02 00 01 00000001 03 090144", "C5 03 C1 00 00000001");
}

/* --- long transfers beside what happens to the log --- */

static fake_logs_t fake;

static void put(uint32_t n) {
    const uint8_t row[20] = {(uint8_t)n, 0x00, 0xC4, 0xFF, 1, 0, 0,    0, 2,    0,
                             0,          0,    0,    0,    0, 0, 0x21, 0, 0x20, 0};
    assert_int_equal(fake.logs.append(&fake, LOG_ID, WORLD_UTC_S + 10 * (int64_t)n, row, sizeof row, NULL),
                     QD_OK);
}

typedef struct reader {
    unsigned channel;
    bool general;
    uint8_t octets[32768];
    size_t length;
    uint32_t block;
    bool done;
    int error; /* result, or 0x100 + reason of an exception */
} reader_t;

static void reader_take(reader_t *r, const uint8_t *answer, size_t length) {
    assert_true(length >= 3);
    if (answer[0] == 0xD8) {
        r->done = true;
        r->error = 0x100 + answer[2];
        return;
    }
    size_t at = r->general ? 7 : 10;
    if (!r->general && answer[8] != 0) {
        r->done = true;
        r->error = answer[9];
        return;
    }
    r->block = r->general ? (uint32_t)(answer[2] << 8 | answer[3]) : (uint32_t)(answer[6] << 8 | answer[7]);
    assert_true(answer[at - 1u] < 0x80);
    memcpy(r->octets + r->length, answer + at, length - at);
    r->length += length - at;
    r->done = r->general ? (answer[1] & 0x80u) != 0 : answer[3] != 0;
}

static void reader_begin(reader_t *r, unsigned channel, bool general) {
    uint8_t answer[256];
    memset(r, 0, sizeof *r);
    r->channel = channel;
    r->general = general;
    r->error = -1;
    assert_true(world_open_as(&world, channel, SAP, ALL, (uint16_t)(70 + 7 * channel)));
    size_t length = world_ask_hex(&world, channel, SAP,
                                  general ? "E0 81 0001 0000 0D C001C1 0007 0000636200FF 02 00"
                                          : "C0 01 C1 0007 0000636200FF 02 00",
                                  answer, sizeof answer);
    reader_take(r, answer, length);
}

static void reader_go(reader_t *r) {
    uint8_t answer[256];
    const uint8_t next[] = {0xC0, 2, 0xC1, 0, 0, (uint8_t)(r->block >> 8), (uint8_t)r->block};
    const uint8_t ack[] = {0xE0, 0x81, 0, 2, (uint8_t)(r->block >> 8), (uint8_t)r->block, 0};
    size_t length = r->general ? world_ask(&world, r->channel, SAP, ack, sizeof ack, answer, sizeof answer)
                               : world_ask(&world, r->channel, SAP, next, sizeof next, answer, sizeof answer);
    reader_take(r, answer, length);
}

/* Rows from first on, each once, as many as the head promised: structure { time, code ... }. */
static void check_rows(const reader_t *r, uint32_t first, uint32_t count) {
    size_t at = r->general ? 4u : 0u;
    assert_int_equal(r->octets[at], 1);
    at += r->octets[at + 1u] < 0x80 ? 2u : r->octets[at + 1u] == 0x81 ? 3u : 4u;
    size_t rows = r->length - at;
    assert_int_equal(rows % count, 0);
    size_t size = rows / count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *row = r->octets + at + i * size;
        assert_int_equal(row[0], 2);
        assert_int_equal(row[2], 9);
        assert_int_equal(row[16], 0x11);
        assert_int_equal(row[17], (uint8_t)(first + i));
    }
}

static reader_t readers[3];

static void three_readers(uint32_t rows) {
    expect_world(&world);
    fake_logs_init(&fake);
    (void)fake_logs_add(&fake, LOG_ID, 510);
    world.meter->services.logs = &fake.logs;
    for (uint32_t i = 0; i < rows; i++) {
        put(i);
    }
    for (unsigned c = 0; c < 3; c++) {
        reader_begin(&readers[c], c, c != 1);
    }
}

/* Rows that are captured meanwhile are not part of it, and those that are stay what they are. */
static void test_three_readers_while_rows_come(void **state) {
    (void)state;
    three_readers(100);
    uint32_t n = 100;
    bool more = true;
    while (more) {
        more = false;
        put(n++);
        for (unsigned c = 0; c < 3; c++) {
            if (!readers[c].done) {
                reader_go(&readers[c]);
                more = true;
            }
        }
    }
    for (unsigned c = 0; c < 3; c++) {
        assert_int_equal(readers[c].error, -1);
        check_rows(&readers[c], 0, 100);
    }
}

/* The log is cleared: result 15 in the service's blocks, an exception in general ones, which have no result. */
static void test_three_readers_when_the_log_is_cleared(void **state) {
    (void)state;
    three_readers(100);
    assert_true(world_open_as(&world, 3, SAP, ALL, 0xFFFF));
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned c = 0; c < 3; c++) {
            reader_go(&readers[c]);
        }
    }
    EXPECT_ON(&world, 3, SAP, "C3 01 C1 0007 0000636200FF 01 01 0F 00", "C7 01 C1 00 00");
    for (unsigned c = 0; c < 3; c++) {
        size_t before = readers[c].length;
        reader_go(&readers[c]);
        assert_true(readers[c].done);
        assert_int_equal(readers[c].error, readers[c].general ? 0x101 : 15);
        assert_int_equal(readers[c].length, before);
    }
}

/* The ring overruns the reader: it ends before a row that is not the one promised. */
static void test_three_readers_overrun(void **state) {
    (void)state;
    three_readers(500);
    for (uint32_t n = 500; n < 700; n++) {
        put(n);
    }
    for (unsigned c = 0; c < 3; c++) {
        reader_go(&readers[c]);
        assert_true(readers[c].done);
        assert_int_equal(readers[c].error, readers[c].general ? 0x101 : 15);
    }
    /* A stream that a lost block brings back to rows that have gone ends as well. */
    three_readers(500);
    for (unsigned i = 0; i < 40; i++) {
        reader_go(&readers[0]);
    }
    uint32_t n = 500;
    for (; n < 520; n++) {
        put(n);
    }
    reader_go(&readers[0]);
    assert_false(readers[0].done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_answers),
        cmocka_unit_test(test_broken_blocks),
        cmocka_unit_test(test_request_in_pieces),
        cmocka_unit_test(test_short_answer_again),
        cmocka_unit_test(test_slot),
        cmocka_unit_test(test_long_answers),
        cmocka_unit_test(test_numbers_of_a_stream),
        cmocka_unit_test(test_last_block_again),
        cmocka_unit_test(test_plain_request),
        cmocka_unit_test(test_smallest_sizes),
        cmocka_unit_test(test_three_readers_while_rows_come),
        cmocka_unit_test(test_three_readers_when_the_log_is_cleared),
        cmocka_unit_test(test_three_readers_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
