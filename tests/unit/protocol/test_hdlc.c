/*
 * test_hdlc.c - frames of IEC 62056-46 as literal octets, both ways, and the receiver in noise.
 *
 * Sources of the frames: jDLMS FcsCalcTest.java and EPRI DLMS-COSEM UnitTest-HDLC-Packet.cpp (check sequences),
 * u9n/dlms-cosem tests/test_hdlc/test_hdlc.py (SNRM, UA, AARQ, AARE). All others were computed by hand from
 * those, with a CRC-16/X-25 that is not ours.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc.h"
#include "protocol/hdlc.h"

#define FRAME_MAX 2200u

static size_t hex(const char *text, uint8_t *octets) {
    size_t n = 0;
    for (; *text != '\0'; text++) {
        unsigned value;
        if (*text != ' ') {
            assert_int_equal(sscanf(text, "%2x", &value), 1);
            octets[n++] = (uint8_t)value;
            text++;
        }
    }
    return n;
}

/* --- octets to frames ------------------------------------------------------------------------- */

static uint8_t information[FRAME_MAX];
static qd_hdlc_receiver_t receiver;
static qd_hdlc_frame_t frame;

static void begin(void) {
    qd_hdlc_receiver_init(&receiver);
    qd_hdlc_receiver_place(&receiver, information, sizeof information);
}

/* Gives octets in pieces of `piece`, as the receiver wants them; counts the frames. */
static unsigned give(const uint8_t *octets, size_t length, size_t piece) {
    unsigned frames = 0;
    for (size_t at = 0; at < length;) {
        size_t now = length - at < piece ? length - at : piece;
        size_t taken = 0;
        size_t wants = qd_hdlc_receiver_wants(&receiver);
        assert_true(wants >= 1);
        qd_hdlc_event_t event = qd_hdlc_receiver_take(&receiver, octets + at, now, &taken, &frame);
        assert_in_range(taken, 1, now);
        assert_true(event != QD_HDLC_COMPLETE || taken >= 1);
        frames += event == QD_HDLC_COMPLETE ? 1u : 0u;
        at += taken;
    }
    return frames;
}

static unsigned give_hex(const char *text) {
    uint8_t octets[FRAME_MAX];
    return give(octets, hex(text, octets), FRAME_MAX);
}

#define SNRM "7E A0 08 02 23 21 93 BD 64 7E"
#define DISC "7E A0 08 02 23 21 53 B1 A2 7E"

typedef struct sample {
    const char *octets;
    uint16_t to_upper, to_lower, from_upper, from_lower;
    uint8_t to_octets, from_octets;
    uint8_t control;
    const char *information;
} sample_t;

static const sample_t samples[] = {
    {SNRM, 1, 17, 16, 0, 2, 1, 0x93, ""},
    {DISC, 1, 17, 16, 0, 2, 1, 0x53, ""},
    {"7E A0 08 21 02 23 73 7A 43 7E", 16, 0, 1, 17, 1, 2, 0x73, ""},
    {"7E A0 08 21 02 23 1F 10 EA 7E", 16, 0, 1, 17, 1, 2, 0x1F, ""},
    {"7E A0 08 02 23 21 11 A7 C3 7E", 1, 17, 16, 0, 2, 1, 0x11, ""},
    {"7E A0 08 21 02 23 11 6E 03 7E", 16, 0, 1, 17, 1, 2, 0x11, ""},
    {"7E A0 08 02 23 21 31 A5 E2 7E", 1, 17, 16, 0, 2, 1, 0x31, ""},
    {"7E A0 1F 02 23 21 93 21 E0 81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01 53 3B 7E", 1,
     17, 16, 0, 2, 1, 0x93, "81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01"},
    {"7E A0 21 02 23 21 93 48 55 81 80 14 05 02 07 EE 06 02 07 EE 07 04 00 00 00 07 08 04 00 00 00 07 4E E9 "
     "7E",
     1, 17, 16, 0, 2, 1, 0x93, "81 80 14 05 02 07 EE 06 02 07 EE 07 04 00 00 00 07 08 04 00 00 00 07"},
    {"7E A0 1F 21 02 23 73 E6 C7 81 80 12 05 01 9A 06 01 9A 07 04 00 00 00 01 08 04 00 00 00 01 CC A2 7E", 16,
     0, 1, 17, 1, 2, 0x73, "81 80 12 05 01 9A 06 01 9A 07 04 00 00 00 01 08 04 00 00 00 01"},
    {"7E A0 08 02 23 21 FF D7 CD 7E", 1, 17, 16, 0, 2, 1, 0xFF, ""},
    {"7E A0 07 03 21 93 0F 01 7E", 1, 0, 16, 0, 1, 1, 0x93, ""},
    {"7E A0 0A 00 02 00 23 21 93 18 71 7E", 1, 17, 16, 0, 4, 1, 0x93, ""},
    {"7E A0 08 04 23 21 93 27 2F 7E", 2, 17, 16, 0, 2, 1, 0x93, ""},
    {"7E A0 08 02 25 21 93 64 B2 7E", 1, 18, 16, 0, 2, 1, 0x93, ""},
    {"7E A0 08 FE FF 21 93 0E AE 7E", 127, 127, 16, 0, 2, 1, 0x93, ""},
    {"7E A0 08 00 01 21 93 48 EB 7E", 0, 0, 16, 0, 2, 1, 0x93, ""},
    {"7E A0 08 02 FD 21 93 A9 FB 7E", 1, 126, 16, 0, 2, 1, 0x93, ""},
    {"7E A0 09 02 23 00 21 93 72 6C 7E", 1, 17, 0, 16, 2, 2, 0x93, ""},
    {"7E A0 0D 21 02 23 97 04 C4 FF 00 01 0D 18 7E", 16, 0, 1, 17, 1, 2, 0x97, "FF 00 01"},
    {"7E A0 2C 02 23 21 10 AF 9F E6 E6 00 60 1D A1 09 06 07 60 85 74 05 08 01 01 BE 10 04 0E 01 00 00 00 06 "
     "5F 1F "
     "04 00 00 7E 1F 04 00 41 5F 7E",
     1, 17, 16, 0, 2, 1, 0x10,
     "E6 E6 00 60 1D A1 09 06 07 60 85 74 05 08 01 01 BE 10 04 0E 01 00 00 00 06 5F 1F 04 00 00 7E 1F 04 00"},
    {"7E A0 38 21 02 23 30 34 E7 E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 02 01 00 A3 05 A1 03 "
     "02 01 "
     "00 BE 10 04 0E 08 00 06 5F 1F 04 00 00 1E 1D 04 C8 00 07 B8 6A 7E",
     16, 0, 1, 17, 1, 2, 0x30,
     "E6 E7 00 61 29 A1 09 06 07 60 85 74 05 08 01 01 A2 03 02 01 00 A3 05 A1 03 02 01 00 BE 10 04 0E 08 00 "
     "06 "
     "5F 1F 04 00 00 1E 1D 04 C8 00 07"},
    {"7E A0 23 03 00 02 00 23 73 C0 48 81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 00 01 08 04 00 00 00 01 "
     "CE 6A "
     "7E",
     1, 0, 1, 17, 1, 4, 0x73, "81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 00 01 08 04 00 00 00 01"},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

static void expect_frame(const sample_t *s) {
    uint8_t wanted[FRAME_MAX];
    size_t length = hex(s->information, wanted);
    assert_int_equal(frame.head.destination.upper, s->to_upper);
    assert_int_equal(frame.head.destination.lower, s->to_lower);
    assert_int_equal(frame.head.destination.octets, s->to_octets);
    assert_int_equal(frame.head.source.upper, s->from_upper);
    assert_int_equal(frame.head.source.lower, s->from_lower);
    assert_int_equal(frame.head.source.octets, s->from_octets);
    assert_int_equal(frame.head.control, s->control);
    assert_false(frame.head.segmented);
    assert_false(frame.overflow);
    assert_int_equal(frame.length, length);
    assert_memory_equal(frame.information, wanted, length);
}

static void frames_are_read(void **state) {
    uint8_t octets[FRAME_MAX];
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t length = hex(samples[i].octets, octets);
        for (size_t piece = 1; piece <= length; piece++) {
            begin();
            assert_int_equal(give(octets, length, piece), 1);
            expect_frame(&samples[i]);
        }
    }
}

static void frames_are_written(void **state) {
    uint8_t wanted[FRAME_MAX];
    uint8_t out[FRAME_MAX];
    uint8_t content[FRAME_MAX];
    qd_writer_t w;
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const sample_t *s = &samples[i];
        const qd_hdlc_head_t head = {.destination = {s->to_upper, s->to_lower, s->to_octets},
                                     .source = {s->from_upper, s->from_lower, s->from_octets},
                                     .control = s->control};
        size_t length = hex(s->octets, wanted);
        size_t inside = hex(s->information, content);
        qd_writer_init(&w, out, sizeof out);
        qd_hdlc_frame_encode(&w, &head, content, inside);
        assert_int_equal(w.status, QD_OK);
        assert_int_equal(w.at, length);
        assert_memory_equal(out, wanted, length);
        for (size_t size = 0; size < length; size++) {
            qd_writer_init(&w, out, size);
            qd_hdlc_frame_encode(&w, &head, content, inside);
            assert_int_equal(w.status, QD_NO_SPACE);
        }
    }
    const qd_hdlc_head_t head = {.destination = {1, 17, 2}, .source = {16, 0, 1}};
    qd_writer_init(&w, out, sizeof out);
    qd_hdlc_frame_encode(&w, &head, content, 2031);
    assert_int_equal(w.status, QD_NO_SPACE);
}

/* Check sequences, low octet first, of octets between flags. */
static void check_sequences_of_others(void **state) {
    static const struct {
        const char *octets, *fcs;
    } rows[] = {
        {"A0 0A 00 02 00 23 21 93", "18 71"},
        {"A0 23 21 00 02 00 23 73 F6 C5 81 80 14 05 02 00 80 06 02 00 80 07 04 00 00 00 01 08 04 00 00 00 01",
         "CE 6A"},
        {"A0 19 95 75 76 78 37 E6 E6 00 C0 01 81 00 08 00 00 01 00 00 FF 02 00", "65 D7"},
        {"A0 1E 75 95 96 6F 67 E6 E7 00 C4 01 81 00 09 0C 07 D2 0C 04 03 0A 06 0B FF 00 78 00", "F3 30"},
        {"A0 27 95 75 98 B8 DB E6 E6 00 C1 01 81 00 08 00 00 01 00 00 FF 02 00 09 0C 07 D2 0C 04 03 0A 06 0B "
         "FF 00 78 "
         "00",
         "62 FB"},
        {"A0 10 75 95 B8 51 01 E6 E7 00 C5 01 81 00", "36 CF"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t octets[80], fcs[2];
        size_t length = hex(rows[i].octets, octets);
        (void)hex(rows[i].fcs, fcs);
        for (size_t cut = 0; cut <= length; cut++) {
            uint16_t crc = qd_crc16(qd_crc16(0, octets, cut), octets + cut, length - cut);
            assert_int_equal(crc, fcs[0] | fcs[1] << 8);
        }
        (void)memcpy(octets + length, fcs, 2);
        assert_int_equal(qd_crc16(0, octets, length + 2), 0x0F47);
    }
}

/* What is no frame is nothing, and the good frame behind it is heard. */
static void broken_frames_are_dropped(void **state) {
    static const char *const broken[] = {
        "7E 80 08 02 23 21 93 DD E1 7E",          /* format type 8 */
        "7E 90 08 02 23 21 93 6D A3 7E",          /* 9 */
        "7E A0 07 02 23 21 93 41 0E 7E",          /* length one too short */
        "7E A0 08 02 23 21 93 BC 64 7E",          /* FCS */
        "7E A0 09 02 22 01 21 93 15 2A 7E",       /* address of three octets */
        "7E A0 0B 00 02 00 22 01 21 93 33 5D 7E", /* of five */
        "A0 08 02 23 21 93 BD 64 7E",             /* no opening flag */
        "7E A0 08 02 23 21 93 BD 64",             /* no closing flag; the next one closes it... */
        ("7E A0 1F 02 23 21 93 20 E0 81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01 9A B2 "
         "7E"), /* HCS */
        "7E A0 02 7E",
        "7E A0 00 7E",
        "7E A0 06 03 21 93 7E",
        "7E A0 01 7E",
        "7E 7E 7E",
        "7E A0 7E",
        "00 FF 55",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        bool closed_by_next = i == 7;
        begin();
        assert_int_equal(give_hex(broken[i]), 0);
        if (!closed_by_next) {
            /* Whatever it waited for: silence ends it. */
            qd_hdlc_receiver_reset(&receiver);
        }
        assert_int_equal(give_hex(SNRM), closed_by_next ? 2 : 1);
        expect_frame(&samples[0]);
    }
    /* A length one too long swallows the closing flag and waits for more, until silence. */
    begin();
    assert_int_equal(give_hex("7E A0 09 02 23 21 93 F9 6F 7E"), 0);
    assert_true(qd_hdlc_receiver_busy(&receiver));
    qd_hdlc_receiver_reset(&receiver);
    assert_false(qd_hdlc_receiver_busy(&receiver));
    assert_int_equal(give_hex(DISC), 1);
    expect_frame(&samples[1]);
    /* Without silence the flag of the next frame closes it, and opens the next. */
    begin();
    assert_int_equal(give_hex("7E A0 09 02 23 21 93 F9 6F 7E"), 0);
    assert_int_equal(give_hex(DISC), 1);
    expect_frame(&samples[1]);
}

/* Each frame with one octet changed is no frame any more (flags and format excepted: other octets decide). */
static void every_changed_octet_is_noticed(void **state) {
    uint8_t octets[FRAME_MAX];
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t length = hex(samples[i].octets, octets);
        for (size_t at = 0; at < length; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                octets[at] ^= (uint8_t)(1u << bit);
                begin();
                assert_int_equal(give(octets, length, length), 0);
                octets[at] ^= (uint8_t)(1u << bit);
            }
        }
        for (size_t cut = 0; cut < length; cut++) {
            begin();
            assert_int_equal(give(octets, cut, FRAME_MAX), 0);
        }
    }
}

static void flags_and_noise(void **state) {
    (void)state;
    begin();
    assert_int_equal(give_hex("7E A0 08 02 23 21 53 B1 A2 7E A0 08 02 23 21 93 BD 64 7E"),
                     2); /* one between */
    expect_frame(&samples[0]);
    assert_true(qd_hdlc_receiver_at_flag(&receiver));
    assert_int_equal(give_hex("7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E 7E" SNRM), 1);
    begin();
    assert_false(qd_hdlc_receiver_at_flag(&receiver));
    assert_int_equal(give_hex("00 FF 55" SNRM), 1);
    assert_int_equal(give_hex("7D 5E 12 7E 33" SNRM), 1);
    qd_hdlc_receiver_reset(&receiver);
    assert_int_equal(give_hex("A0 08 02 23 21 93 BD 64 7E"),
                     0); /* after silence the old flag opens nothing */
}

/* Flags and escapes inside the information are octets like any other. */
static void length_decides(void **state) {
    uint8_t content[2030];
    uint8_t out[FRAME_MAX];
    qd_writer_t w;
    const qd_hdlc_head_t head = {{1, 17, 4}, {16, 0, 1}, 0x10, true};
    (void)state;
    for (size_t i = 0; i < sizeof content; i++) {
        content[i] = i % 3 == 0 ? 0x7E : i % 3 == 1 ? 0x7D : 0xA0;
    }
    for (size_t length = 1; length <= sizeof content; length += length < 40 ? 1 : 199) {
        qd_writer_init(&w, out, sizeof out);
        qd_hdlc_frame_encode(&w, &head, content, length);
        assert_int_equal(w.at, length + 14);
        for (size_t piece = 1; piece < 4; piece++) {
            begin();
            assert_int_equal(give(out, w.at, piece), 1);
            assert_int_equal(frame.length, length);
            assert_true(frame.head.segmented);
            assert_memory_equal(frame.information, content, length);
        }
        /* Without room for it the frame is still told, with what there was room for. */
        begin();
        qd_hdlc_receiver_place(&receiver, information, length - 1);
        information[length - 1] = 0x5A;
        assert_int_equal(give(out, w.at, 7), 1);
        assert_true(frame.overflow);
        assert_int_equal(frame.length, length);
        assert_int_equal(information[length - 1], 0x5A);
        assert_memory_equal(information, content, length - 1);
    }
}

static void an_empty_field_with_its_own_check_sequence(void **state) {
    (void)state;
    begin();
    /* HCS and FCS, nothing between: allowed by the length, and empty */
    uint8_t octets[12] = {0x7E, 0xA0, 0x0A, 0x02, 0x23, 0x21, 0x10};
    uint16_t crc = qd_crc16(0, octets + 1, 6);
    octets[7] = (uint8_t)crc;
    octets[8] = (uint8_t)(crc >> 8);
    crc = qd_crc16(0, octets + 1, 8);
    octets[9] = (uint8_t)crc;
    octets[10] = (uint8_t)(crc >> 8);
    octets[11] = 0x7E;
    assert_int_equal(give(octets, sizeof octets, 12), 1);
    assert_int_equal(frame.length, 0);
    /* One octet between control and FCS is neither. */
    octets[2] = 0x09;
    crc = qd_crc16(0, octets + 1, 7);
    octets[8] = (uint8_t)crc;
    octets[9] = (uint8_t)(crc >> 8);
    octets[10] = 0x7E;
    assert_int_equal(give(octets, 11, 11), 0);
}

/* --- fields ----------------------------------------------------------------------------------- */

static void reserved_addresses(void **state) {
    (void)state;
    assert_true(qd_hdlc_is_all_station(0x7F, 1));
    assert_true(qd_hdlc_is_all_station(0x7F, 2));
    assert_true(qd_hdlc_is_all_station(0x3FFF, 4));
    assert_false(qd_hdlc_is_all_station(0x7F, 4));
    assert_false(qd_hdlc_is_all_station(0x7E, 2));
    assert_true(qd_hdlc_is_calling(0x7E, 2));
    assert_true(qd_hdlc_is_calling(0x3FFE, 4));
    assert_false(qd_hdlc_is_calling(0x7E, 4));
    assert_false(qd_hdlc_is_calling(0x7F, 2));
}

static void addresses_both_ways(void **state) {
    static const struct {
        const char *octets;
        qd_hdlc_address_t address;
    } rows[] = {
        {"21", {16, 0, 1}},
        {"03", {1, 0, 1}},
        {"FF", {127, 0, 1}},
        {"02 23", {1, 17, 2}},
        {"FE FF", {127, 127, 2}},
        {"00 02 00 23", {1, 17, 4}},
        {"FE FE FE FF", {0x3FFF, 0x3FFF, 4}},
        {"02 02 02 03", {129, 129, 4}},
        {"00 01", {0, 0, 2}},
    };
    uint8_t octets[8], out[8];
    qd_hdlc_address_t address;
    qd_reader_t r;
    qd_writer_t w;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = hex(rows[i].octets, octets);
        qd_reader_init(&r, octets, length);
        assert_int_equal(qd_hdlc_address_decode(&r, &address), QD_OK);
        assert_int_equal(r.at, length);
        assert_true(qd_hdlc_address_same(&address, &rows[i].address));
        qd_writer_init(&w, out, sizeof out);
        qd_hdlc_address_encode(&w, &address);
        assert_int_equal(w.at, length);
        assert_memory_equal(out, octets, length);
        for (size_t size = 0; size < length; size++) {
            qd_reader_init(&r, octets, size);
            assert_int_equal(qd_hdlc_address_decode(&r, &address), QD_TRUNCATED);
        }
    }
    qd_reader_init(&r, octets, hex("02 22 01", octets));
    assert_int_equal(qd_hdlc_address_decode(&r, &address), QD_MALFORMED);
    qd_reader_init(&r, octets, hex("00 02 00 22 01", octets));
    assert_int_equal(qd_hdlc_address_decode(&r, &address), QD_MALFORMED);
    const qd_hdlc_address_t one = {1, 17, 2}, two = {1, 17, 4}, three = {1, 18, 2}, four = {2, 17, 2};
    assert_false(qd_hdlc_address_same(&one, &two));
    assert_false(qd_hdlc_address_same(&one, &three));
    assert_false(qd_hdlc_address_same(&one, &four));
}

static void controls_both_ways(void **state) {
    static const struct {
        uint8_t octet, kind, send, receive;
        bool poll;
    } rows[] = {
        {0x10, QD_HDLC_I, 0, 0, true},    {0x00, QD_HDLC_I, 0, 0, false},
        {0x30, QD_HDLC_I, 0, 1, true},    {0x12, QD_HDLC_I, 1, 0, true},
        {0xFE, QD_HDLC_I, 7, 7, true},    {0x54, QD_HDLC_I, 2, 2, true},
        {0x11, QD_HDLC_RR, 0, 0, true},   {0x31, QD_HDLC_RR, 0, 1, true},
        {0x01, QD_HDLC_RR, 0, 0, false},  {0xF1, QD_HDLC_RR, 0, 7, true},
        {0x15, QD_HDLC_RNR, 0, 0, true},  {0x35, QD_HDLC_RNR, 0, 1, true},
        {0x93, QD_HDLC_SNRM, 0, 0, true}, {0x83, QD_HDLC_SNRM, 0, 0, false},
        {0x53, QD_HDLC_DISC, 0, 0, true}, {0x43, QD_HDLC_DISC, 0, 0, false},
        {0x73, QD_HDLC_UA, 0, 0, true},   {0x63, QD_HDLC_UA, 0, 0, false},
        {0x1F, QD_HDLC_DM, 0, 0, true},   {0x97, QD_HDLC_FRMR, 0, 0, true},
        {0x13, QD_HDLC_UI, 0, 0, true},   {0x03, QD_HDLC_UI, 0, 0, false},
    };
    static const uint8_t unknown[] = {0xFF, 0x19, 0x09, 0xBF, 0xAF, 0xA3, 0x0D,
                                      0x1D, 0x33, 0x8F, 0xC3, 0xE3, 0x23};
    qd_hdlc_control_t control;
    unsigned known = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        qd_hdlc_control_decode(rows[i].octet, &control);
        assert_int_equal(control.kind, rows[i].kind);
        assert_int_equal(control.send, rows[i].send);
        assert_int_equal(control.receive, rows[i].receive);
        assert_int_equal(control.poll, rows[i].poll);
        assert_int_equal(qd_hdlc_control_encode(&control), rows[i].octet);
    }
    for (size_t i = 0; i < sizeof unknown; i++) {
        qd_hdlc_control_decode(unknown[i], &control);
        assert_int_equal(control.kind, QD_HDLC_UNKNOWN);
        assert_int_equal(qd_hdlc_control_encode(&control), 0xFF);
    }
    for (unsigned octet = 0; octet < 256; octet++) {
        qd_hdlc_control_decode((uint8_t)octet, &control);
        known += control.kind != QD_HDLC_UNKNOWN ? 1u : 0u;
    }
    assert_int_equal(known, 128 + 2 * 16 + 6 * 2); /* I; RR and RNR; six without numbers */
}

static qd_status_t negotiate(const char *text, qd_hdlc_parameters_t *parameters) {
    uint8_t octets[256];
    qd_reader_t r;
    qd_reader_init(&r, octets, hex(text, octets));
    return qd_hdlc_parameters_decode(&r, parameters);
}

#define EXPECT_PARAMETERS(text, status, it, ir, wt, wr)                                                      \
    do {                                                                                                     \
        qd_hdlc_parameters_t p = {1, 2, 3, 4};                                                               \
        assert_int_equal(negotiate(text, &p), status);                                                       \
        assert_int_equal(p.information_transmit, it);                                                        \
        assert_int_equal(p.information_receive, ir);                                                         \
        assert_int_equal(p.window_transmit, wt);                                                             \
        assert_int_equal(p.window_receive, wr);                                                              \
    } while (0)

static void negotiation(void **state) {
    (void)state;
    EXPECT_PARAMETERS("", QD_OK, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 12 05 01 80 06 01 9A 07 04 00 00 00 02 08 04 00 00 00 01", QD_OK, 128, 154, 2,
                      1);
    EXPECT_PARAMETERS("81 80 14 05 02 07 EE 06 02 07 ED 07 04 00 00 00 07 08 04 00 00 00 06", QD_OK, 2030,
                      2029, 7, 6);
    EXPECT_PARAMETERS("81 80 03 05 01 20", QD_OK, 32, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 06 07 01 07 08 01 03", QD_OK, 128, 128, 7, 3);
    EXPECT_PARAMETERS("81 80 00", QD_OK, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 06 09 01 00 05 01 40", QD_OK, 64, 128, 1, 1); /* unknown: passed over */
    EXPECT_PARAMETERS("81 80 05 09 00 05 01 40", QD_OK, 64, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 03 05 01 40 F0 01 02", QD_OK, 64, 128, 1, 1);      /* user data behind it */
    EXPECT_PARAMETERS("81 80 13 05 01 40", QD_TRUNCATED, 128, 128, 1, 1);       /* length too long */
    EXPECT_PARAMETERS("82 80 03 05 01 40", QD_MALFORMED, 128, 128, 1, 1);       /* format identifier */
    EXPECT_PARAMETERS("81 81 03 05 01 40", QD_MALFORMED, 128, 128, 1, 1);       /* group */
    EXPECT_PARAMETERS("81 80 05 05 01 40 06 00", QD_MALFORMED, 128, 128, 1, 1); /* parameter of no octet */
    EXPECT_PARAMETERS("81 80 05 05 03 00 00 40", QD_MALFORMED, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 07 08 05 00 00 00 00 01", QD_MALFORMED, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81 80 04 05 01 40 06", QD_TRUNCATED, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81", QD_TRUNCATED, 128, 128, 1, 1);
    EXPECT_PARAMETERS("81 80", QD_TRUNCATED, 128, 128, 1, 1);
}

static void agreement_is_written(void **state) {
    static const struct {
        qd_hdlc_parameters_t parameters;
        const char *octets;
    } rows[] = {
        {{128, 128, 1, 1}, "81 80 12 05 01 80 06 01 80 07 04 00 00 00 01 08 04 00 00 00 01"},
        {{2030, 2030, 7, 7}, "81 80 14 05 02 07 EE 06 02 07 EE 07 04 00 00 00 07 08 04 00 00 00 07"},
        {{255, 256, 1, 2}, "81 80 13 05 01 FF 06 02 01 00 07 04 00 00 00 01 08 04 00 00 00 02"},
    };
    uint8_t wanted[32], out[32];
    qd_writer_t w;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = hex(rows[i].octets, wanted);
        qd_writer_init(&w, out, sizeof out);
        qd_hdlc_parameters_encode(&w, &rows[i].parameters);
        assert_int_equal(w.at, length);
        assert_memory_equal(out, wanted, length);
    }
}

static void rejections_both_ways(void **state) {
    static const struct {
        qd_hdlc_rejection_t rejection;
        uint8_t octets[3];
    } rows[] = {
        {{0xFF, false, 0, 0, QD_HDLC_REJECT_CONTROL}, {0xFF, 0x00, 0x01}},
        {{0x10, false, 0, 0, QD_HDLC_REJECT_LENGTH}, {0x10, 0x00, 0x04}},
        {{0x31, false, 0, 0, QD_HDLC_REJECT_RECEIVE}, {0x31, 0x00, 0x08}},
        {{0x54, false, 0, 0, QD_HDLC_REJECT_SEND}, {0x54, 0x00, 0x10}},
        {{0x11, true, 5, 6, QD_HDLC_REJECT_CONTROL | QD_HDLC_REJECT_INFORMATION}, {0x11, 0xDA, 0x03}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[3];
        qd_hdlc_rejection_t got;
        qd_reader_t r;
        qd_writer_t w;
        qd_writer_init(&w, out, sizeof out);
        qd_hdlc_rejection_encode(&w, &rows[i].rejection);
        assert_int_equal(w.at, 3);
        assert_memory_equal(out, rows[i].octets, 3);
        qd_reader_init(&r, out, 3);
        assert_int_equal(qd_hdlc_rejection_decode(&r, &got), QD_OK);
        assert_int_equal(got.control, rows[i].rejection.control);
        assert_int_equal(got.response, rows[i].rejection.response);
        assert_int_equal(got.send_state, rows[i].rejection.send_state);
        assert_int_equal(got.receive_state, rows[i].rejection.receive_state);
        assert_int_equal(got.reasons, rows[i].rejection.reasons);
        qd_reader_init(&r, out, 2);
        assert_int_equal(qd_hdlc_rejection_decode(&r, &got), QD_TRUNCATED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read),
        cmocka_unit_test(frames_are_written),
        cmocka_unit_test(check_sequences_of_others),
        cmocka_unit_test(broken_frames_are_dropped),
        cmocka_unit_test(every_changed_octet_is_noticed),
        cmocka_unit_test(flags_and_noise),
        cmocka_unit_test(length_decides),
        cmocka_unit_test(an_empty_field_with_its_own_check_sequence),
        cmocka_unit_test(reserved_addresses),
        cmocka_unit_test(addresses_both_ways),
        cmocka_unit_test(controls_both_ways),
        cmocka_unit_test(negotiation),
        cmocka_unit_test(agreement_is_written),
        cmocka_unit_test(rejections_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
