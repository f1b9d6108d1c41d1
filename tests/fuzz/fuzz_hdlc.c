/*
 * fuzz_hdlc.c - a whole meter at the end of four HDLC lines, on which anything is said.
 *
 * Input: records, each 1 octet of choice, 1 of length n and n octets. Choice, bits 0-1: the line (a connection, the
 * optical port, both shared lines); bits 2-3: octets as they are; a frame whose first octet is the control field; an I
 * frame in its turn with the LLC in front; or time and peers (first octet: bit 0 another peer, bit 1 none, then one, bits
 * 2-7 in pairs how many times 31, 496 and 7936 ms pass); bit 4: the management client instead of the public one; bit 5: to
 * another station; bit 6: the next record comes before the meter has its turn; bit 7: an AARQ of that client instead of
 * the octets of an I frame.
 * Must hold: all that is sent is frames with good check sequences from the meter's own address; nobody is answered who
 * has not spoken, nothing that was for another station, no UI frame and no frame without P; no information field and no
 * window above what UA has agreed, no APDU above the size of the AARQ; associations are those of a link that is there and of
 * its client; a step comes to an end; registers stay as they are, and afterwards every line serves a new client.
 * Planted: a link on a shared line with a window of 3 or more and an information field below 40.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "cosem/association.h"
#include "unit/meter/world.h"

#define LINES 4u
#define RECORDS_MAX 40u
#define STEPS_MAX 3000u
#define CONFORMANCE 0x20FE5Du
#define PDU_SIZE 200u
#define PDU_LARGEST 832u
#define LLC 3u

/* What the harness knows of one line. */
typedef struct seen {
    unsigned channel;
    bool raw;       /* octets came that it has not framed: it does not know who was meant */
    bool spoken[2]; /* public, management */
    bool awaits;    /* something that may be answered was said since the last turn */
    unsigned field; /* agreed, from the meter */
    unsigned window;
    unsigned number; /* of the next I frame to the meter */
    unsigned due;    /* of the next one from it */
    size_t apdu;     /* octets of the present one, LLC included */
    size_t apdu_most;
} seen_t;

static const uint8_t address_of[2] = {0x21, 0x03};
static const uint16_t sap_of[2] = {SAP_PUBLIC, SAP_MANAGEMENT};

static uint16_t crc(const uint8_t *octets, size_t length) {
    unsigned value = 0xFFFFu;
    while (length-- > 0u) {
        value ^= *octets++;
        for (int bit = 0; bit < 8; bit++) {
            value = (value & 1u) != 0u ? value >> 1 ^ 0x8408u : value >> 1;
        }
    }
    return (uint16_t)~value;
}

static void put_crc(uint8_t *frame, size_t *at) {
    uint16_t value = crc(frame + 1, *at - 1u);
    frame[(*at)++] = (uint8_t)value;
    frame[(*at)++] = (uint8_t)(value >> 8);
}

static void put_frame(world_t *w, const seen_t *line, unsigned client, bool foreign, uint8_t control,
                      const uint8_t *information, size_t length) {
    uint8_t frame[600] = {0x7E, 0xA0, 0, 0x02, foreign ? 0x27 : 0x23, address_of[client], control};
    size_t at = 7;
    size_t total = 8u + (length > 0u ? length + 2u : 0u);
    frame[1] |= (uint8_t)(total >> 8);
    frame[2] = (uint8_t)total;
    put_crc(frame, &at);
    if (length > 0u) {
        memcpy(frame + at, information, length);
        at += length;
        put_crc(frame, &at);
    }
    frame[at++] = 0x7E;
    world_put(w, line->channel, frame, at);
}

/* UA 81 80 length {05 field, 06, 07 window, 08}; without it the default. */
static void hear_agreed(seen_t *line, const uint8_t *information, size_t length) {
    line->field = 128;
    line->window = 1;
    line->number = line->due = 0;
    line->apdu = 0;
    for (size_t at = 3; at + 1u < length;) {
        unsigned value = 0;
        size_t size = information[at + 1u];
        FUZZ_MUST(size <= length - at - 2u);
        for (size_t i = 0; i < size; i++) {
            value = value << 8 | information[at + 2u + i];
        }
        line->field = information[at] == 5u ? value : line->field;
        line->window = information[at] == 7u ? value : line->window;
        at += 2u + size;
    }
    FUZZ_MUST(line->field >= 32u && line->field <= 2030u && line->window >= 1u && line->window <= 7u);
}

/* One frame of the meter; its length. */
static size_t hear_frame(seen_t *line, const uint8_t *out, size_t left, unsigned *burst) {
    FUZZ_MUST(left >= 9u && out[0] == 0x7Eu && (out[1] & 0xF0u) == 0xA0u);
    size_t length = (size_t)((out[1] & 7u) << 8 | out[2]);
    FUZZ_MUST(length >= 7u && length + 2u <= left && out[length + 1u] == 0x7Eu);
    FUZZ_MUST(crc(out + 1, length - 2u) == (uint16_t)(out[length - 1u] | out[length] << 8));
    FUZZ_MUST((out[3] & 1u) != 0u); /* clients have addresses of one octet */
    FUZZ_MUST(line->raw || (out[3] == address_of[0] && line->spoken[0]) ||
              (out[3] == address_of[1] && line->spoken[1]));
    size_t at = 4;
    while (at < 8u && (out[at] & 1u) == 0u) {
        at++;
    }
    at++;
    FUZZ_MUST(at == 5u || at == 6u || at == 8u);
    FUZZ_MUST(at == 5u   ? out[4] == 0x03u
              : at == 6u ? out[4] == 0x02u && out[5] == 0x23u
                         : out[5] == 0x02u && out[7] == 0x23u);
    uint8_t control = out[at++];
    size_t information = 0;
    if (length + 1u > at + 2u) {
        FUZZ_MUST(crc(out + 1, at - 1u) == (uint16_t)(out[at] | out[at + 1u] << 8));
        FUZZ_MUST(length - 1u > at + 2u);
        information = length - 1u - at - 2u;
    }
    if ((control & 0xEFu) == 0x63u) {
        hear_agreed(line, out + at + 2u, information);
    } else if ((control & 1u) == 0u) {
        bool more = (out[1] & 8u) != 0u;
        FUZZ_MUST(information > 0u && information <= line->field && ++*burst <= line->window);
        bool next = (control >> 1 & 7u) == line->due;
        if (next) {
            line->due = (line->due + 1u) & 7u;
            line->apdu += information;
            FUZZ_MUST(line->apdu <= line->apdu_most);
            line->apdu = more ? line->apdu : 0;
        }
    } else {
        FUZZ_MUST(information == 0u || ((control & 0xEFu) == 0x87u && information == 3u));
    }
    *burst = (control & 0x10u) != 0u
                 ? 0u
                 : *burst; /* F ends its turn; the next record may have given it another */
    return length + 2u;
}

/* Everything that a line says in one turn. */
static void hear(world_t *w, seen_t *line) {
    world_line_t *from = &w->line[line->channel];
    unsigned burst = 0;
    FUZZ_MUST(line->raw || line->awaits || from->out_size == 0u);
    for (size_t at = 0; at < from->out_size;) {
        at += hear_frame(line, from->out + at, from->out_size - at, &burst);
    }
    from->out_size = 0;
}

/* Associations live in a link, and are its client's. */
static void check_associations(const world_t *w) {
    const qd_associations_t *all = world_module(w, QD_MODULE_ASSOCIATION);
    for (unsigned i = 0; i < all->tables->association_count; i++) {
        const qd_association_t *one = &all->pool[i];
        if (one->used) {
            const qd_link_t *link = &w->meter->links[one->channel];
            FUZZ_MUST(link->hdlc.mode != QD_HDLC_NDM && one->generation == link->generation);
            FUZZ_MUST(all->tables->clients[one->client].sap == link->hdlc.client);
        }
    }
}

static void turn(world_t *w, seen_t *lines) {
    uint64_t next_us = 0;
    unsigned steps = 0;
    do {
        FUZZ_MUST(++steps < STEPS_MAX);
        (void)qd_meter_step(w->meter, w->tick_us, &next_us);
    } while (next_us <= w->tick_us);
    for (unsigned i = 0; i < LINES; i++) {
        hear(w, &lines[i]);
        lines[i].awaits = false;
    }
    check_associations(w);
}

/* A peer that has said nothing so far. */
static void meet(seen_t *line) {
    const seen_t fresh = {.channel = line->channel, .field = 128, .window = 1, .apdu_most = LLC + PDU_SIZE};
    *line = fresh;
}

static void pass(world_t *w, seen_t *lines, seen_t *line, uint8_t what) {
    world_line_t *at = &w->line[line->channel];
    if ((what & 3u) != 0u) {
        at->in_at = at->in_size = 0;
        at->generation = (what & 2u) != 0u ? 0u : at->generation + 1u;
        turn(w, lines);
        meet(line);
    }
    if ((what & 2u) != 0u) {
        at->generation = (unsigned)(w->tick_us / 1000u) | 1u;
    }
    uint32_t ms = 0;
    for (unsigned i = what >> 2, part = 31; i > 0u; i >>= 2, part *= 16u) {
        ms += (i & 3u) * part;
    }
    for (unsigned i = 0; i < WORLD_CHANNELS; i++) {
        w->line[i].now_ms += ms;
    }
    w->tick_us += (uint64_t)ms * 1000u;
}

static void say_i(world_t *w, seen_t *line, unsigned client, uint8_t choice, const uint8_t *octets,
                  size_t length) {
    uint8_t information[LLC + 256u] = {0xE6, 0xE6, 0x00};
    if ((choice & 0x80u) != 0u) {
        length = world_aarq(world_password(sap_of[client]), CONFORMANCE, PDU_SIZE, information + LLC);
    } else {
        memcpy(information + LLC, octets, length);
        if (length > 0u && octets[0] == 0x60u) {
            line->apdu_most = LLC + PDU_LARGEST; /* an AARQ of its own making */
        }
    }
    put_frame(w, line, client, (choice & 0x20u) != 0u, (uint8_t)(line->due << 5 | 0x10u | line->number << 1),
              information, LLC + length);
    line->number = (line->number + 1u) & 7u;
}

static void say(world_t *w, seen_t *lines, uint8_t choice, const uint8_t *octets, size_t length) {
    seen_t *line = &lines[choice & 3u];
    unsigned client = (choice >> 4) & 1u;
    bool foreign = (choice & 0x20u) != 0u;
    bool polls = true;
    switch ((choice >> 2) & 3u) {
    case 0:
        world_put(w, line->channel, octets, length);
        line->raw = line->raw || length > 0u;
        line->apdu_most = LLC + PDU_LARGEST;
        break;
    case 1:
        if (length == 0u) {
            return;
        }
        put_frame(w, line, client, foreign, octets[0], octets + 1, length - 1u);
        if ((octets[0] & 1u) == 0u) {
            line->apdu_most = LLC + PDU_LARGEST;
        }
        polls = (octets[0] & 0x10u) != 0u && (octets[0] & 0xEFu) != 0x03u;
        break;
    case 2:
        say_i(w, line, client, choice, octets, length);
        break;
    default:
        pass(w, lines, line, length > 0u ? octets[0] : 0u);
        return;
    }
    line->spoken[client] = line->spoken[client] || (polls && !foreign);
    line->awaits = line->awaits || (polls && !foreign);
    if ((choice & 0x40u) == 0u) {
        turn(w, lines);
    }
}

static void planted(const world_t *w) {
    const qd_link_hdlc_t *h = &w->meter->links[5].hdlc;
    FUZZ_PLANT(FUZZ_STAGE(h->mode == QD_HDLC_NRM) && FUZZ_STAGE(h->window >= 3u) &&
               FUZZ_STAGE(h->information_transmit < 40u));
    (void)h;
}

/* What a client that comes afterwards gets: UA, an association, and the name of the meter's registers. */
static void check_afterwards(world_t *w, seen_t *lines) {
    static const uint8_t get[] = {0xC0, 1, 0xC1, 0, 17, 0, 0, 41, 0, 0, 255, 1, 0};
    for (unsigned i = 0; i < LINES; i++) {
        world_line_t *at = &w->line[lines[i].channel];
        at->in_at = at->in_size = 0;
        at->generation += 2u;
    }
    turn(w, lines);
    for (unsigned i = 0; i < LINES; i++) {
        seen_t *line = &lines[i];
        const qd_link_hdlc_t *h = &w->meter->links[line->channel].hdlc;
        meet(line);
        line->spoken[0] = true;
        for (unsigned step = 0; step < 3u; step++) {
            line->awaits = true;
            if (step == 0u) {
                put_frame(w, line, 0, false, 0x93, NULL, 0);
            } else {
                say_i(w, line, 0, step == 1u ? 0x80u : 0u, get, sizeof get);
            }
            turn(w, lines);
            FUZZ_MUST(h->mode == QD_HDLC_NRM && line->due == step);
        }
    }
}

static void begin(world_t *w, seen_t *lines) {
    static const unsigned channels[LINES] = {0, 4, 5, 6};
    world_blank(w, qd_model_find("st402"));
    w->feeding = false;
    for (unsigned i = 0; i < LINES; i++) {
        lines[i].channel = channels[i];
        meet(&lines[i]);
        w->channel[channels[i]].framing = QD_FRAMING_HDLC;
    }
    FUZZ_MUST(world_start(w) == QD_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world_t world;
    static seen_t lines[LINES];
    size_t at = 0;
    begin(&world, lines);
    uint64_t hash = qd_meter_hash(world.meter);
    for (unsigned i = 0; i < RECORDS_MAX && size - at >= 2u; i++) {
        uint8_t choice = data[at];
        size_t length = data[at + 1u];
        at += 2u;
        length = length < size - at ? length : size - at;
        say(&world, lines, choice, data + at, length);
        at += length;
        planted(&world);
    }
    turn(&world, lines);
    check_afterwards(&world, lines);
    FUZZ_MUST(qd_meter_hash(world.meter) == hash);
    return 0;
}
