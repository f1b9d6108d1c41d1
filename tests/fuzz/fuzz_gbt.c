/*
 * fuzz_gbt.c - general block transfer: pieces of any APDU in any order, acknowledgements, windows.
 *
 * Input: pieces, each 1 octet of choice, 1 of length and its octets. Choice bits 0 and 1: the next block in order; the
 * last one again; the octets as an APDU of their own; an acknowledgement of what was heard. Bit 2: last block. Bit 3:
 * streaming. Bits 4 and 5: window 0, 1, 3 or 63. Bit 6: a block is missing in front of it (or an older number is
 * acknowledged). Bit 7: on the other channel.
 * Must hold: every answer is no longer than the size that was agreed; the blocks of a stream are numbered one by one
 * and are no more than the window; registers stay as they are; afterwards the one staging slot is free again.
 * Planted: a time zone west of Greenwich of an odd number of minutes that came in at least two blocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"

#include "app/clock_state.h"
#include "support/raw_copy.h"
#include "unit/meter/world.h"

#define CONFORMANCE 0x20FE5Du
#define PDU_SIZE 64u
#define PIECES_MAX 24u

typedef struct peer {
    uint16_t sent;  /* number of the block sent last */
    uint16_t heard; /* of the meter's block heard last */
} peer_t;

static const uint8_t windows[] = {0, 1, 3, 63};

/* A meter with two associations; every input finds it as it was, at the same place. */
static void begin(world_t *w) {
    static world_t fresh;
    static bool ready;
    if (!ready) {
        world_blank(w, qd_model_find("st402"));
        w->feeding = false;
        FUZZ_MUST(world_start(w) == QD_OK);
        for (unsigned i = 0; i < 2; i++) {
            FUZZ_MUST(world_open_as(w, i, SAP_MANAGEMENT, CONFORMANCE, PDU_SIZE));
        }
        raw_copy(&fresh, w, sizeof fresh);
        ready = true;
    }
    raw_copy(w, &fresh, sizeof fresh);
}

/* What was answered: any APDU no longer than agreed, blocks of a stream in the order of their numbers. */
static void hear(world_t *w, unsigned channel, peer_t *peer, unsigned window) {
    uint8_t answer[1024];
    unsigned blocks = 0;
    bool streams = false;
    uint16_t before = 0;
    for (;;) {
        size_t length = world_get_apdu(w, channel, SAP_MANAGEMENT, answer, sizeof answer);
        if (length == 0) {
            break;
        }
        FUZZ_MUST(length <= PDU_SIZE);
        FUZZ_MUST(!streams || answer[0] == 0xE0 || answer[0] == 0xD8);
        if (answer[0] != 0xE0) {
            streams = false;
            continue;
        }
        FUZZ_MUST(length >= 7u && answer[6] == length - 7u);
        uint16_t number = (uint16_t)(answer[2] << 8 | answer[3]);
        FUZZ_MUST(!streams || number == before + 1u);
        FUZZ_MUST((answer[1] & 0xC0u) != 0xC0u);
        streams = (answer[1] & 0x40u) != 0;
        before = number;
        blocks += answer[6] != 0;
        peer->heard = number;
    }
    FUZZ_MUST(!streams);
    FUZZ_MUST(blocks <= 1u || blocks <= window);
}

static void say(world_t *w, peer_t *peers, uint8_t choice, const uint8_t *octets, size_t length) {
    unsigned channel = choice >> 7;
    peer_t *peer = &peers[channel];
    uint8_t window = windows[choice >> 4 & 3u];
    unsigned way = choice & 3u;
    if (way == 2u) {
        world_put_apdu(w, channel, SAP_MANAGEMENT, octets, length);
    } else {
        bool skips = (choice & 0x40u) != 0;
        uint16_t ack = (uint16_t)(way == 3u && skips && peer->heard > 0 ? peer->heard - 1u : peer->heard);
        uint8_t apdu[7 + 127];
        uint8_t control =
            (uint8_t)(window | ((choice & 4u) != 0 ? 0x80u : 0u) | ((choice & 8u) != 0 ? 0x40u : 0u));
        length = way == 3u ? 0 : length < 127u ? length : 127u;
        peer->sent = (uint16_t)(peer->sent + (way == 1u ? 0u : way == 0 && skips ? 2u : 1u));
        const uint8_t head[7] = {0xE0,
                                 control,
                                 (uint8_t)(peer->sent >> 8),
                                 (uint8_t)peer->sent,
                                 (uint8_t)(ack >> 8),
                                 (uint8_t)ack,
                                 (uint8_t)length};
        memcpy(apdu, head, sizeof head);
        memcpy(apdu + sizeof head, octets, length);
        world_put_apdu(w, channel, SAP_MANAGEMENT, apdu, sizeof head + length);
        if (way != 3u && (choice & 4u) != 0) {
            peer->sent = 0; /* the next one begins another request */
        }
    }
    (void)world_step(w);
    hear(w, channel, peer, way == 2u ? 1u : 63u);
}

static void planted(const world_t *w) {
    const qd_clock_t *clock = world_module(w, QD_MODULE_CLOCK);
    const qd_associations_t *associations = world_module(w, QD_MODULE_ASSOCIATION);
    FUZZ_PLANT(FUZZ_STAGE(associations->pool[0].general.received > 1u) &&
               FUZZ_STAGE(clock->settings.rule.time_zone_min > 0) &&
               FUZZ_STAGE(clock->settings.rule.time_zone_min % 2 == 1));
    (void)clock;
    (void)associations;
}

/* Whatever was left in the middle, a new request of another association gets the slot. */
static void check_afterwards(world_t *w) {
    static const uint8_t release[] = {0x62, 3, 0x80, 1, 0};
    static const uint8_t first[] = {0xE0, 1, 0, 1, 0, 0, 5, 0xC0, 1, 0xC1, 0, 3};
    static const uint8_t rest[] = {0xE0, 0x81, 0, 2, 0, 1, 8, 1, 0, 1, 8, 0, 255, 1, 0};
    static const uint8_t name[] = {0xE0, 0x88, 0, 2, 0, 2, 12, 0xC4, 1, 0xC1, 0, 9, 6, 1, 0, 1, 8, 0, 255};
    uint8_t answer[64];
    for (unsigned i = 0; i < 2; i++) {
        (void)world_ask(w, i, SAP_MANAGEMENT, release, sizeof release, answer, sizeof answer);
    }
    if (!world_open_as(w, 2, SAP_MANAGEMENT, CONFORMANCE, PDU_SIZE)) {
        return; /* it has changed its password */
    }
    FUZZ_MUST(world_ask(w, 2, SAP_MANAGEMENT, first, sizeof first, answer, sizeof answer) == 7u);
    FUZZ_MUST(world_ask(w, 2, SAP_MANAGEMENT, rest, sizeof rest, answer, sizeof answer) == sizeof name);
    FUZZ_MUST(memcmp(answer, name, sizeof name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world_t world;
    peer_t peers[2] = {{0, 0}, {0, 0}};
    begin(&world);
    uint64_t hash = qd_meter_hash(world.meter);
    size_t at = 0;
    for (unsigned i = 0; i < PIECES_MAX && size - at >= 2u; i++) {
        size_t length = data[at + 1u];
        uint8_t choice = data[at];
        at += 2u;
        length = length < size - at ? length : size - at;
        say(&world, peers, choice, data + at, length);
        at += length;
        planted(&world);
    }
    FUZZ_MUST(qd_meter_hash(world.meter) == hash);
    check_afterwards(&world);
    return 0;
}
