/*
 * hdlc_line.h - a client's end of an HDLC line in octets: frames written down without their check sequences, which
 * are computed here bit by bit.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_HDLC_LINE_H
#define QD_TESTS_HDLC_LINE_H

#include "unit/meter/expect.h"

static inline uint16_t line_crc(const uint8_t *octets, size_t length) {
    uint32_t crc = 0xFFFFu;
    for (size_t i = 0; i < length; i++) {
        crc ^= octets[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0x8408u : 0);
        }
    }
    return (uint16_t)~crc;
}

/* head: addresses and control; more: S bit. */
static inline size_t line_frame(const char *head, const uint8_t *information, size_t length, bool more,
                                uint8_t *out) {
    size_t at = 3;
    uint16_t crc;
    at += world_hex(head, out + at);
    size_t total = at - 1 + 2 + (length > 0 ? 2 + length : 0);
    out[0] = 0x7E;
    out[1] = (uint8_t)(0xA0u | (more ? 8u : 0u) | total >> 8);
    out[2] = (uint8_t)total;
    if (length > 0) {
        crc = line_crc(out + 1, at - 1);
        out[at++] = (uint8_t)crc;
        out[at++] = (uint8_t)(crc >> 8);
        memcpy(out + at, information, length);
        at += length;
    }
    crc = line_crc(out + 1, at - 1);
    out[at++] = (uint8_t)crc;
    out[at++] = (uint8_t)(crc >> 8);
    out[at++] = 0x7E;
    return at;
}

static inline void line_put(world_t *w, unsigned channel, const char *head, const char *information,
                            bool more) {
    uint8_t content[2100], out[2200];
    size_t length = world_hex(information, content);
    world_put(w, channel, out, line_frame(head, content, length, more, out));
}

static inline void line_expect(world_t *w, unsigned channel, const char *head, const char *information,
                               bool more, const char *file, int line) {
    uint8_t content[2100], wanted[2200];
    world_line_t *from = &w->line[channel];
    (void)world_step(w);
    size_t length = line_frame(head, content, world_hex(information, content), more, wanted);
    if (from->out_size < length || memcmp(from->out, wanted, length) != 0) {
        printf("%s:%d: wanted %s | %s\n got (%zu)", file, line, head, information, from->out_size);
        for (size_t i = 0; i < from->out_size && i < 120; i++) {
            printf(" %02X", from->out[i]);
        }
        printf("\n");
        _fail(file, line);
    }
    from->out_size -= length;
    memmove(from->out, from->out + length, from->out_size);
}

static inline void line_silent(world_t *w, unsigned channel, const char *file, int line) {
    (void)world_step(w);
    if (w->line[channel].out_size != 0) {
        printf("%s:%d: silence wanted\n got (%zu)", file, line, w->line[channel].out_size);
        for (size_t i = 0; i < w->line[channel].out_size && i < 120; i++) {
            printf(" %02X", w->line[channel].out[i]);
        }
        printf("\n");
        _fail(file, line);
    }
}

/* One frame from the meter, in its turn. */
#define HEAR(w, channel, head, information)                                                                  \
    line_expect(w, channel, head, information, false, __FILE__, __LINE__)
#define HEAR_MORE(w, channel, head, information)                                                             \
    line_expect(w, channel, head, information, true, __FILE__, __LINE__)
#define SILENCE(w, channel) line_silent(w, channel, __FILE__, __LINE__)
/* A frame to the meter and the one frame that comes back. */
#define TELL(w, channel, head, information, answer_head, answer)                                             \
    do {                                                                                                     \
        line_put(w, channel, head, information, false);                                                      \
        HEAR(w, channel, answer_head, answer);                                                               \
        SILENCE(w, channel);                                                                                 \
    } while (0)
#define TELL_SILENT(w, channel, head, information)                                                           \
    do {                                                                                                     \
        line_put(w, channel, head, information, false);                                                      \
        SILENCE(w, channel);                                                                                 \
    } while (0)

/* A three-phase meter whose channel 0 (point to point), 5 and 6 (shared lines) carry HDLC. */
static inline void line_world(world_t *w) {
    world_blank(w, qd_model_find("st402"));
    w->channel[0].framing = QD_FRAMING_HDLC;
    w->channel[4].framing = QD_FRAMING_HDLC;
    w->channel[5].framing = QD_FRAMING_HDLC;
    w->channel[6].framing = QD_FRAMING_HDLC;
    assert_int_equal(world_start(w), QD_OK);
}

#endif
