/*
 * test_link_hdlc_transfer.c - information over an HDLC link, octet by octet: segments, windows, what gets lost.
 *
 * Names in capitals are test purposes of the conformance suite.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "unit/cosem/hdlc_line.h"

#define AARQ "E6E600 601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400"
#define AARE "E6E700 6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400 007E1D01800007"
#define GET_NAME "E6E600 C001C1000100002A0000FF0200"
#define NAME "E6E700 C401C10009 10 51445430303030303030303030303030"
#define GET_SAPS "E6E600 C001C2001100002900 00FF0200"
#define SAPS "E6E700 C401C200010102021200010910 51445430303030303030303030303030"
#define NO_ASSOCIATION "E6E700 D80102"

#define TO "02 23 21 "
#define FROM "21 02 23 "
#define OFFER(octets, window) "8180 12 0501" octets "0601" octets "07040000000" window "08040000000" window

static world_t world;

static void start(const char *offer) {
    line_world(&world);
    line_put(&world, 0, TO "93", offer, false);
    HEAR(&world, 0, FROM "73", offer);
}

static void start_associated(const char *offer) {
    start(offer);
    if (offer[0] == '\0') {
        TELL(&world, 0, TO "10", AARQ, FROM "30", AARE);
    }
}

/* Everything that comes back to one frame, frame by frame; each has to stand on its own. Its information is added. */
static uint8_t gathered[4096];
static size_t gathered_size;
static unsigned frames_heard;
static uint8_t last_control;
static bool last_segmented;

static void gather(unsigned largest) {
    const world_line_t *line = &world.line[0];
    size_t at = 0;
    frames_heard = 0;
    (void)world_step(&world);
    while (at < line->out_size) {
        const uint8_t *f = line->out + at;
        size_t length = (size_t)((f[1] & 7u) << 8 | f[2]);
        assert_int_equal(f[0], 0x7E);
        assert_int_equal(f[1] & 0xF0, 0xA0);
        assert_int_equal(f[length + 1], 0x7E);
        assert_int_equal(line_crc(f + 1, length - 2), f[length - 1] | f[length] << 8);
        if (length > 8) {
            assert_int_equal(line_crc(f + 1, 6), f[7] | f[8] << 8);
            assert_in_range(length - 10, 1, largest);
            memcpy(gathered + gathered_size, f + 9, length - 10);
            gathered_size += length - 10;
        }
        last_control = f[6];
        last_segmented = (f[1] & 8u) != 0;
        frames_heard++;
        at += length + 2;
        assert_true(at <= line->out_size);
        assert_int_equal((last_control & 0x10) != 0, at == line->out_size); /* F on the last one only */
    }
    world.line[0].out_size = 0;
}

/* --- HDLC_INFO -------------------------------------------------------------------------------- */

static void hdlc_info_p1(void **state) {
    static const char *const pieces[] = {"E6E600 601D", "A1090607608574 05", "080101BE10040E01000000065F1F04",
                                         "00007E1F0400"};
    (void)state;
    start("");
    TELL(&world, 0, TO "10", AARQ, FROM "30", AARE);
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    /* In segments, each of them acknowledged. */
    start("");
    for (unsigned i = 0; i < 3; i++) {
        static const char *const heads[] = {TO "10", TO "12", TO "14"}, *const back[] = {FROM "31", FROM "51",
                                                                                         FROM "71"};
        line_put(&world, 0, heads[i], pieces[i], true);
        HEAR(&world, 0, back[i], "");
        SILENCE(&world, 0);
    }
    TELL(&world, 0, TO "16", pieces[3], FROM "90", AARE);
    TELL(&world, 0, TO "38", GET_NAME, FROM "B2", NAME);
    /* A first piece that is shorter than the LLC. */
    start("");
    line_put(&world, 0, TO "10", "E6", true);
    HEAR(&world, 0, FROM "31", "");
    line_put(&world, 0, TO "12", "E600", true);
    HEAR(&world, 0, FROM "51", "");
    TELL(&world, 0, TO "14", "601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400", FROM "70",
         AARE);
}

static void hdlc_info_n1(void **state) {
    (void)state;
    start(OFFER("20", "1"));
    /* 33 octets where 32 were agreed */
    TELL(&world, 0, TO "10", "E6E600 601DA109060760857405080101BE10040E01000000065F1F0400007E1F04", FROM "97",
         "100004");
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
}

static void hdlc_info_n2(void **state) {
    (void)state;
    start("");
    TELL(&world, 0, TO "31", "", FROM "97", "310008");
    TELL(&world, 0, TO "11", "", FROM "97", "310008"); /* Q_HDLC_22: until SNRM or DISC */
    TELL(&world, 0, TO "10", AARQ, FROM "97", "310008");
    TELL_SILENT(&world, 0, TO "00", AARQ);
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "10", AARQ, FROM "30", AARE);
    TELL(&world, 0, TO "52", GET_NAME, FROM "97", "522208"); /* V(S) 1, V(R) 1 */
    TELL(&world, 0, TO "53", "", FROM "73", "");
    TELL(&world, 0, TO "11", "", FROM "1F", "");
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "11", "00", FROM "97", "110003"); /* information where none may be */
}

static void hdlc_info_n3(void **state) {
    (void)state;
    start("");
    TELL(&world, 0, TO "12", AARQ, FROM "11", "");
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
    start("");
    TELL(&world, 0, TO "12", AARQ, FROM "11", "");
    TELL(&world, 0, TO "10", AARQ, FROM "30", AARE);
}

static void hdlc_ndmop_n1(void **state) {
    (void)state;
    line_world(&world);
    TELL(&world, 0, TO "10", AARQ, FROM "1F", "");
    TELL_SILENT(&world, 0, TO "00", AARQ);
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
}

/* --- Q_HDLC ----------------------------------------------------------------------------------- */

/* Q_HDLC_04: an object that does not exist, with flags and escapes in its name. */
static void no_stuffing(void **state) {
    (void)state;
    start_associated("");
    TELL(&world, 0, TO "32", "E6E600 C001C10001 7E7D7E7D7E7E 02 00", FROM "52", "E6E700 C401C10104");
}

/* Q_HDLC_05 */
static void snrm_in_nrm(void **state) {
    (void)state;
    start_associated("");
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    TELL(&world, 0, TO "54", GET_NAME, FROM "74", NAME);
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "11", "", FROM "11", "");
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
}

/* Q_HDLC_06 */
static void without_poll(void **state) {
    (void)state;
    start_associated("");
    TELL_SILENT(&world, 0, TO "21", "");
    TELL(&world, 0, TO "31", "", FROM "31", "");
    TELL_SILENT(&world, 0, TO "22", GET_NAME); /* served, and given when the client asks */
    TELL(&world, 0, TO "31", "", FROM "52", NAME);
}

/* Q_HDLC_07, Q_HDLC_11, Q_HDLC_14: a list of objects in segments, paused, lost, repeated. */
static void long_answer(void **state) {
    uint8_t first[160];
    (void)state;
    start_associated("");
    gathered_size = 0;
    line_put(&world, 0, TO "32", "E6E600 C001C1000F0000280000FF0200", false);
    gather(128);
    assert_int_equal(frames_heard, 1);
    assert_int_equal(last_control, 0x52);
    assert_true(last_segmented);
    assert_int_equal(gathered_size, 128);
    static const uint8_t begin[] = {0xE6, 0xE7, 0x00, 0xC4, 0x01, 0xC1, 0x00, 0x01};
    assert_memory_equal(gathered, begin, sizeof begin);
    memcpy(first, gathered, 128);
    /* the client is not ready */
    TELL(&world, 0, TO "55", "", FROM "51", "");
    TELL(&world, 0, TO "55", "", FROM "51", "");
    gathered_size = 0;
    line_put(&world, 0, TO "51", "", false);
    gather(128);
    assert_int_equal(last_control, 0x54);
    assert_int_equal(gathered_size, 128);
    assert_int_not_equal(memcmp(gathered, first, 3), 0); /* the LLC stands in the first only */
    memcpy(first, gathered, 128);
    /* it got lost: N(R) still names it */
    for (unsigned i = 0; i < 3; i++) {
        gathered_size = 0;
        line_put(&world, 0, TO "51", "", false);
        gather(128);
        assert_int_equal(last_control, 0x54);
        assert_memory_equal(gathered, first, 128);
    }
    /* A request before the answer has arrived is not taken; the answer comes again. */
    gathered_size = 0;
    line_put(&world, 0, TO "54", GET_NAME, false);
    gather(128);
    assert_int_equal(last_control, 0x54);
    assert_memory_equal(gathered, first, 128);
    uint8_t receive = 3;
    while (last_segmented) {
        char head[16];
        uint8_t expected = (uint8_t)(0x50u | (unsigned)receive << 1);
        (void)snprintf(head, sizeof head, TO "%02X", (unsigned)receive << 5 | 0x11u);
        line_put(&world, 0, head, "", false);
        gather(128);
        assert_int_equal(last_control, expected);
        receive = (uint8_t)((receive + 1u) & 7u);
    }
    assert_true(gathered_size > 128);
}

/* The whole object list, for any agreement, is the same. */
static size_t object_list(const char *offer, unsigned largest, unsigned window, uint8_t *whole) {
    uint8_t send = 1, receive = 1;
    unsigned rounds = 0;
    char head[16];
    line_world(&world);
    line_put(&world, 0, TO "93", offer, false);
    gather(32);
    assert_int_equal(last_control, 0x73);
    /* The association in segments as well, no longer than was agreed: the first 32 octets, and the rest. */
    line_put(&world, 0, TO "10", "E6E600 601DA109060760857405080101BE10040E01000000065F1F0400007E", true);
    HEAR(&world, 0, FROM "31", "");
    gathered_size = 0;
    line_put(&world, 0, TO "12", "1F 0400", false);
    gather(largest);
    send = 2;
    receive = (uint8_t)frames_heard;
    while (last_segmented) {
        (void)snprintf(head, sizeof head, TO "%02X", (unsigned)((receive & 7u) << 5 | 0x11u));
        line_put(&world, 0, head, "", false);
        gather(largest);
        receive = (uint8_t)(receive + frames_heard);
    }
    gathered_size = 0;
    (void)snprintf(head, sizeof head, TO "%02X",
                   (unsigned)((receive & 7u) << 5 | (unsigned)send << 1 | 0x10u));
    line_put(&world, 0, head, "E6E600 C001C1000F0000280000FF0200", false);
    do {
        gather(largest);
        assert_in_range(frames_heard, 1, window);
        receive = (uint8_t)(receive + frames_heard);
        assert_int_equal(last_control >> 1 & 7, (receive - 1u) & 7u);
        assert_int_equal(last_control >> 5, 3);
        if (last_segmented) {
            assert_int_equal(frames_heard, window);
            (void)snprintf(head, sizeof head, TO "%02X", (unsigned)((receive & 7u) << 5 | 0x11u));
            line_put(&world, 0, head, "", false);
        }
        rounds++;
        assert_true(rounds < 200);
    } while (last_segmented);
    memcpy(whole, gathered, gathered_size);
    return gathered_size;
}

/* Q_HDLC_11, Q_HDLC_15 */
static void windows(void **state) {
    static const struct {
        const char *offer;
        unsigned largest, window;
    } rows[] = {
        {OFFER("20", "1"), 32, 1},  {OFFER("20", "2"), 32, 2},
        {OFFER("20", "7"), 32, 7},  {OFFER("40", "4"), 64, 4},
        {OFFER("80", "1"), 128, 1}, {OFFER("80", "7"), 128, 7},
        {OFFER("7F", "3"), 127, 3}, {"8180 14 050207EE 060207EE 070400000007 080400000007", 835, 7},
    };
    static uint8_t wanted[4096], got[4096];
    (void)state;
    size_t length = object_list("", 128, 1, wanted);
    assert_true(length > 260);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(object_list(rows[i].offer, rows[i].largest, rows[i].window, got), length);
        assert_memory_equal(got, wanted, length);
    }
}

/* Of a window some frames arrive: the others come again, from the first that is missing. */
static void part_of_a_window(void **state) {
    uint8_t second[64];
    (void)state;
    line_world(&world);
    line_put(&world, 0, TO "93", OFFER("40", "4"), false);
    HEAR(&world, 0, FROM "73", OFFER("40", "4"));
    TELL(&world, 0, TO "10", AARQ, FROM "30", AARE);
    gathered_size = 0;
    line_put(&world, 0, TO "32", "E6E600 C001C1000F0000280000FF0200", false);
    gather(64);
    assert_int_equal(frames_heard, 4);
    assert_int_equal(last_control, 0x58);
    memcpy(second, gathered + 64, 64);
    gathered_size = 0;
    line_put(&world, 0, TO "51", "", false); /* the first only */
    gather(64);
    assert_int_equal(frames_heard, 4);
    assert_int_equal(last_control, 0x5A);
    assert_memory_equal(gathered, second, 64);
    TELL(&world, 0, TO "F1", "", FROM "97", "F14C08"); /* N(R) 7 was never sent: V(S) is 6 */
}

/* Q_HDLC_12 */
static void numbers_wrap(void **state) {
    (void)state;
    start_associated("");
    for (unsigned i = 1; i < 40; i++) {
        char to[16], from[16];
        unsigned n = i & 7u;
        (void)snprintf(to, sizeof to, TO "%02X", n << 5 | n << 1 | 0x10u);
        (void)snprintf(from, sizeof from, FROM "%02X", ((n + 1u) & 7u) << 5 | n << 1 | 0x10u);
        TELL(&world, 0, to, GET_NAME, from, NAME);
    }
}

/* Q_HDLC_13: executed once. A clock's shift by one minute can be counted. */
static void repeated_request(void **state) {
    (void)state;
    start_associated("");
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    uint32_t served = world.meter->server.requests;
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME); /* the same again, from the transmit buffer */
    assert_int_equal(world.meter->server.requests, served);
    TELL(&world, 0, TO "51", "", FROM "51", "");
    TELL(&world, 0, TO "52", GET_SAPS, FROM "51", ""); /* an old number with a new request: not taken */
    assert_int_equal(world.meter->server.requests, served);
    TELL(&world, 0, TO "54", GET_SAPS, FROM "74", SAPS);
    assert_int_equal(world.meter->server.requests, served + 1);
}

/* Requests in a window of the client's: frames that are missing are sent again by the client, and only those. */
static void window_of_the_client(void **state) {
    (void)state;
    start(OFFER("20", "7"));
    line_put(&world, 0, TO "00", "E6E600 601DA109", true);
    line_put(&world, 0, TO "02", "060760857405080101BE10040E01000000", true);
    SILENCE(&world, 0);
    TELL(&world, 0, TO "16", "00007E1F0400", FROM "51", ""); /* one was lost */
    line_put(&world, 0, TO "04", "065F1F04", true);
    SILENCE(&world, 0);
    line_put(&world, 0, TO "16", "00007E1F0400", false);
    gathered_size = 0;
    gather(32);
    uint8_t wanted[64];
    assert_int_equal(gathered_size, world_hex(AARE, wanted));
    assert_memory_equal(gathered, wanted, gathered_size);
    assert_int_equal(last_control, 0x92);
}

/* Q_HDLC_16, Q_HDLC_17 */
static void llc_and_empty(void **state) {
    (void)state;
    start_associated("");
    uint32_t served = world.meter->server.requests;
    TELL(&world, 0, TO "32", "E6E700 C001C1000100002A0000FF0200", FROM "51", "");
    TELL(&world, 0, TO "34", "000000 C001C1000100002A0000FF0200", FROM "71", "");
    TELL(&world, 0, TO "36", "E6E6", FROM "91", "");
    TELL(&world, 0, TO "38", "E6E600", FROM "B1", "");
    TELL(&world, 0, TO "3A", "", FROM "D1", "");
    assert_int_equal(world.meter->server.requests, served);
    TELL(&world, 0, TO "3C", GET_NAME, FROM "F2", NAME);
}

/* An APDU that no buffer holds: its segments are taken, and it is answered as over the wrapper. */
static void oversized(void **state) {
    static const char chunk[] = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF001122334455"
                                "66778899AABBCCDDEEFF0011";
    (void)state;
    start_associated("");
    for (unsigned i = 0; i < 9; i++) {
        char to[16], from[16];
        (void)snprintf(to, sizeof to, TO "%02X", 0x30u | ((i + 1u) & 7u) << 1);
        (void)snprintf(from, sizeof from, FROM "%02X", ((i + 2u) & 7u) << 5 | 0x11u);
        line_put(&world, 0, to, i == 0 ? "E6E600C10117" : chunk, true);
        HEAR(&world, 0, from, "");
    }
    TELL(&world, 0, TO "34", "00", FROM "72", "E6E700 D80104");
    TELL(&world, 0, TO "56", GET_NAME, FROM "94", NAME);
}

/* Q_HDLC_10, Q_HDLC_23: UI is heard and never answered; the unconfirmed one has its effect. */
static void ui_frames(void **state) {
    (void)state;
    start_associated("");
    uint32_t served = world.meter->server.requests;
    TELL_SILENT(&world, 0, TO "13", GET_NAME);
    TELL_SILENT(&world, 0, TO "03", GET_NAME);
    TELL_SILENT(&world, 0, TO "03", AARQ);
    /* General blocks, whatever is in them, release, answers, ciphered and foreign services, half an APDU. */
    static const char *const not_served[] = {"E0 81 0001 0000 10 C1 01 C1 0008 0000010000FF 03 00 10 0011",
                                             "E0 81 0001 0000 10 C1 01 81 0008 0000010000FF 03 00 10 0011",
                                             "E0 01 0001 0000 03 C00181",
                                             "C0 01 81 0001 00002A0000FF 02 00",
                                             "62 00",
                                             "61 00",
                                             "01 00",
                                             "05 00",
                                             "16 00",
                                             "C2 00 00",
                                             "C8 03 000000",
                                             "CB 03 000000",
                                             "D3 03 000000",
                                             "DB 00 03 000000",
                                             "DD 03 000000",
                                             "DF 00",
                                             "00 00 00",
                                             "FF 00 00",
                                             "C1 01",
                                             "C0",
                                             "D9",
                                             "D9 C0000001 00 00 00"};
    for (size_t i = 0; i < sizeof not_served / sizeof not_served[0]; i++) {
        char ui[128];
        (void)snprintf(ui, sizeof ui, "E6E600 %s", not_served[i]);
        TELL_SILENT(&world, 0, TO "03", ui);
        TELL_SILENT(&world, 0, TO "13", ui);
    }
    TELL_SILENT(&world, 0, TO "03", "E6E700 C10181000100002A0000FF02000900");
    TELL_SILENT(&world, 0, TO "03", "E6E6");
    TELL_SILENT(&world, 0, TO "03", "");
    assert_int_equal(world.meter->server.requests, served);
    TELL_SILENT(&world, 0, TO "13", "E6E600 C10181000100002A0000FF02000900");
    assert_int_equal(world.meter->server.requests, served + 1);
    TELL_SILENT(&world, 0, "FE FF 21 13", "E6E600 C10181000100002A0000FF02000900");
    TELL_SILENT(&world, 0, "02 FF 21 03", "E6E600 C10181000100002A0000FF02000900");
    TELL_SILENT(&world, 0, "FE 23 21 03", "E6E600 C10181000100002A0000FF02000900");
    assert_int_equal(world.meter->server.requests, served + 4);
    TELL_SILENT(&world, 0, "04 FF 21 03", "E6E600 C10181000100002A0000FF02000900");
    TELL_SILENT(&world, 0, "02 25 21 03", "E6E600 C10181000100002A0000FF02000900");
    assert_int_equal(world.meter->server.requests, served + 4);
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME); /* the link has not noticed, */
    TELL_SILENT(&world, 0, "FE FF 21 13", "E6E600 C10181000100002A0000FF02000900");
    TELL(&world, 0, TO "31", "", FROM "52", NAME); /* nor has an answer that waits for its acknowledgement, */
    line_put(&world, 0, TO "54", "E6E600 C001C20011", true);
    HEAR(&world, 0, FROM "71", "");
    TELL_SILENT(&world, 0, "FE FF 03 13", "E6E600 C10181000100002A0000FF02000900");
    TELL(&world, 0, TO "56", "0000290000FF0200", FROM "94", SAPS); /* nor half a request */
    /* Without a link it is heard as well. */
    TELL(&world, 0, TO "53", "", FROM "73", "");
    served = world.meter->server.requests;
    TELL_SILENT(&world, 0, "FE FF 21 13", "E6E600 C10181000100002A0000FF02000900");
    assert_int_equal(world.meter->server.requests, served + 1);
}

/* However much room a UI leaves behind itself, the answer that waits for its acknowledgement stays what it is. */
static void ui_beside_an_answer(void **state) {
    char ui[2048];
    (void)state;
    for (unsigned length = 360; length <= 384; length++) {
        start_associated("");
        TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
        uint32_t served = world.meter->server.requests;
        /* Sixteen methods, whose results take more than there is; the last parameter fills the frame. */
        int at = snprintf(ui, sizeof ui, "E6E600 C3 03 01 10 ");
        for (unsigned i = 0; i < 16; i++) {
            at += snprintf(ui + at, sizeof ui - (size_t)at, "0009 00000A0064FF 01 ");
        }
        unsigned rest = length - 3u - 4u - 16u * 9u - 1u - 15u - 4u;
        at += snprintf(ui + at, sizeof ui - (size_t)at, "10 %030u 09 82 %04X ", 0u, rest);
        for (unsigned i = 0; i < rest; i++) {
            at += snprintf(ui + at, sizeof ui - (size_t)at, "00");
        }
        TELL_SILENT(&world, 0, TO "03", ui);
        assert_in_range(world.meter->server.requests, served, served + 1);
        TELL(&world, 0, TO "31", "", FROM "52", NAME);
    }
}

/* A port that takes and gives one octet at a time, and sometimes nothing. */
static void back_pressure(void **state) {
    (void)state;
    start_associated("");
    world.line[0].read_most = 1;
    world.line[0].write_most = 1;
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NAME);
    world.line[0].blocked = true;
    line_put(&world, 0, TO "54", GET_SAPS, false);
    SILENCE(&world, 0);
    world_run(&world, 3);
    SILENCE(&world, 0);
    world.line[0].blocked = false;
    HEAR(&world, 0, FROM "74", SAPS);
    SILENCE(&world, 0);
    /* What the peer says meanwhile waits, and its pauses do not count. */
    world.line[0].blocked = true;
    line_put(&world, 0, TO "76", GET_NAME, false);
    SILENCE(&world, 0);
    line_put(&world, 0, TO "98", GET_SAPS, false);
    SILENCE(&world, 0);
    world.line[0].now_ms += 1000;
    world.line[0].blocked = false;
    HEAR(&world, 0, FROM "96", NAME);
    HEAR(&world, 0, FROM "B8", SAPS);
    SILENCE(&world, 0);
}

/* Associations of several clients do not meet: one link is one client. */
static void links_and_associations(void **state) {
    (void)state;
    start_associated("");
    TELL(&world, 0, TO "53", "", FROM "73", "");
    TELL(&world, 0, TO "93", "", FROM "73", "");
    TELL(&world, 0, TO "10", GET_NAME, FROM "30", NO_ASSOCIATION);
    /* On another line the same client is another peer. */
    TELL(&world, 5, TO "93", "", FROM "73", "");
    TELL(&world, 5, TO "10", AARQ, FROM "30", AARE);
    TELL(&world, 0, TO "32", GET_NAME, FROM "52", NO_ASSOCIATION);
    TELL(&world, 5, TO "32", GET_NAME, FROM "52", NAME);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hdlc_info_p1),     cmocka_unit_test(hdlc_info_n1),
        cmocka_unit_test(hdlc_info_n2),     cmocka_unit_test(hdlc_info_n3),
        cmocka_unit_test(hdlc_ndmop_n1),    cmocka_unit_test(no_stuffing),
        cmocka_unit_test(snrm_in_nrm),      cmocka_unit_test(without_poll),
        cmocka_unit_test(long_answer),      cmocka_unit_test(windows),
        cmocka_unit_test(part_of_a_window), cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(repeated_request), cmocka_unit_test(window_of_the_client),
        cmocka_unit_test(llc_and_empty),    cmocka_unit_test(oversized),
        cmocka_unit_test(ui_frames),        cmocka_unit_test(ui_beside_an_answer),
        cmocka_unit_test(back_pressure),    cmocka_unit_test(links_and_associations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
