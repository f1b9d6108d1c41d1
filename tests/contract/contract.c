/*
 * contract.c - the checks of contract.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "contract.h"

#include <stdio.h>
#include <string.h>

void qd_contract_check(qd_contract_t *contract, bool good, const char *what, const char *file, int line) {
    if (good) {
        contract->passed++;
    } else {
        contract->failed++;
        (void)printf("%s:%d: %s\n", file, line, what);
    }
}

int qd_contract_result(const qd_contract_t *contract) {
    (void)printf("%u passed, %u failed\n", contract->passed, contract->failed);
    return contract->failed == 0 ? 0 : 1;
}

/* --- block ------------------------------------------------------------------------------------ */

static void fill(uint8_t *octets, size_t length, unsigned seed) {
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)(seed + i * 7u + (i >> 5));
    }
}

static bool holds(const qd_block_t *block, uint32_t offset, const uint8_t *octets, uint32_t length) {
    uint8_t got[64];

    return block->read(block->context, offset, got, length) == QD_OK && memcmp(got, octets, length) == 0;
}

static void check_bounds(qd_contract_t *c, const qd_block_t *b) {
    uint8_t octets[64] = {0};

    CHECK(c, b->read(b->context, b->size, octets, 1) == QD_ARGUMENT);
    CHECK(c, b->read(b->context, b->size - 1, octets, 2) == QD_ARGUMENT);
    CHECK(c, b->read(b->context, UINT32_MAX, octets, 2) == QD_ARGUMENT);
    CHECK(c, b->program(b->context, b->size, octets, 1) == QD_ARGUMENT);
    CHECK(c, b->program(b->context, b->size - 1, octets, 2) == QD_ARGUMENT);
    CHECK(c, b->program(b->context, UINT32_MAX - 1, octets, 4) == QD_ARGUMENT);
    CHECK(c, b->read(b->context, b->size - 1, octets, 1) == QD_OK);
}

void qd_contract_block(qd_contract_t *c, const qd_block_t *block, const qd_block_t *(*reopen)(void *),
                       void *context) {
    const uint32_t places[] = {0, 1, 63, 4096 - 32, block->size / 2, block->size - 64};
    uint8_t octets[64], old[64];

    CHECK(c, block->size >= 8192 && block->read != NULL && block->program != NULL && block->sync != NULL);
    CHECK(c, block->erase_size == 0 || (block->erase_start != NULL && block->erase_poll != NULL));
    check_bounds(c, block);
    for (unsigned n = 0; n < sizeof places / sizeof places[0]; n++) {
        fill(octets, sizeof octets, n);
        CHECK(c, block->program(block->context, places[n], octets, sizeof octets) == QD_OK);
        CHECK(c, holds(block, places[n], octets, sizeof octets)); /* visible before the sync */
    }
    CHECK(c, block->sync(block->context) == QD_OK);
    CHECK(c, block->sync(block->context) == QD_OK); /* nothing to do is no fault */
    /* One octet leaves its neighbours alone. */
    CHECK(c, block->read(block->context, places[4], old, sizeof old) == QD_OK);
    old[10] = (uint8_t)~old[10];
    CHECK(c, block->program(block->context, places[4] + 10, &old[10], 1) == QD_OK);
    CHECK(c, holds(block, places[4], old, sizeof old));
    CHECK(c, block->sync(block->context) == QD_OK);
    if (reopen != NULL) {
        block = reopen(context);
        CHECK(c, block != NULL);
        if (block != NULL) {
            CHECK(c, holds(block, places[4], old, sizeof old));
            fill(octets, sizeof octets, 5);
            CHECK(c, holds(block, places[5], octets, sizeof octets));
        }
    }
}

/* --- flash ------------------------------------------------------------------------------------ */

#define POLLS_MAX 1000000u

static bool is_all(const qd_block_t *b, uint32_t offset, uint32_t length, uint8_t value) {
    uint8_t octet;

    for (uint32_t i = 0; i < length; i++) {
        if (b->read(b->context, offset + i, &octet, 1) != QD_OK || octet != value) {
            return false;
        }
    }
    return true;
}

static qd_status_t end_erase(const qd_block_t *b) {
    qd_status_t status = QD_PENDING;

    for (uint32_t i = 0; i < POLLS_MAX && status == QD_PENDING; i++) {
        status = b->erase_poll(b->context);
    }
    return status;
}

static void erase_four(qd_contract_t *c, const qd_block_t *b) {
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(c, b->erase_start(b->context, i * b->erase_size + i * 7u) == QD_OK);
        CHECK(c, end_erase(b) == QD_OK);
    }
    CHECK(c, b->erase_poll(b->context) == QD_OK); /* nothing runs, the last one succeeded */
    CHECK(c, is_all(b, 0, 4 * b->erase_size, 0xff));
}

static void check_bits_fall(qd_contract_t *c, const qd_block_t *b) {
    const uint8_t one[3] = {0xf0, 0x5a, 0xff}, other[3] = {0x3c, 0x5a, 0x81}, both[3] = {0x30, 0x5a, 0x81};
    uint32_t at = b->erase_size - 1; /* astride */

    CHECK(c, b->program(b->context, at, one, 3) == QD_OK);
    CHECK(c, holds(b, at, one, 3)); /* visible before the sync */
    CHECK(c, b->program(b->context, at, other, 3) == QD_OK);
    CHECK(c, holds(b, at, both, 3));
    CHECK(c, b->sync(b->context) == QD_OK);
    CHECK(c, b->sync(b->context) == QD_OK); /* nothing to do is no fault */
    CHECK(c, holds(b, at, both, 3));
    CHECK(c, is_all(b, 0, at, 0xff) && is_all(b, at + 3, b->erase_size, 0xff));
}

/* Block 1 is erased; its neighbours, of which one is being written, do not notice. */
static void check_erase(qd_contract_t *c, const qd_block_t *b) {
    const uint8_t zeros[2] = {0, 0}, mark = 0x5a;
    uint32_t first = b->erase_size, end = 2 * b->erase_size;

    CHECK(c, b->program(b->context, first, zeros, 2) == QD_OK);
    CHECK(c, b->program(b->context, end - 1, zeros, 2) == QD_OK);
    CHECK(c, b->sync(b->context) == QD_OK);
    CHECK(c, b->erase_start(b->context, b->size) == QD_ARGUMENT);
    CHECK(c, b->erase_start(b->context, UINT32_MAX) == QD_ARGUMENT);
    CHECK(c, b->erase_start(b->context, end - 1) == QD_OK);
    if (b->erase_poll(b->context) == QD_PENDING) {
        qd_status_t status = b->program(b->context, first + 5, zeros, 1);

        CHECK(c, b->erase_start(b->context, 0) == QD_BUSY);
        CHECK(c, status == QD_BUSY || status == QD_IO);
    }
    CHECK(c, b->program(b->context, 3 * b->erase_size, &mark, 1) == QD_OK);
    CHECK(c, end_erase(b) == QD_OK);
    CHECK(c, is_all(b, first, b->erase_size, 0xff));
    CHECK(c, is_all(b, first - 1, 1, 0x30) && is_all(b, end, 1, 0x00));
    CHECK(c, is_all(b, 3 * b->erase_size, 1, mark));
}

void qd_contract_flash(qd_contract_t *c, const qd_block_t *flash, const qd_block_t *(*reopen)(void *),
                       void *context) {
    uint8_t octets[64];

    CHECK(c, flash->read != NULL && flash->program != NULL && flash->sync != NULL);
    CHECK(c, flash->erase_start != NULL && flash->erase_poll != NULL);
    CHECK(c, flash->erase_size >= 64 && flash->size >= 4 * flash->erase_size);
    CHECK(c, flash->erase_size > 0 && flash->size % flash->erase_size == 0);
    check_bounds(c, flash);
    erase_four(c, flash);
    check_bits_fall(c, flash);
    check_erase(c, flash);
    fill(octets, sizeof octets, 9);
    CHECK(c, flash->program(flash->context, flash->erase_size, octets, 64) == QD_OK);
    CHECK(c, flash->sync(flash->context) == QD_OK);
    if (reopen != NULL) {
        flash = reopen(context);
        CHECK(c, flash != NULL);
    }
    if (flash != NULL) {
        CHECK(c, holds(flash, flash->erase_size, octets, 64)); /* program after erase */
        CHECK(c, is_all(flash, flash->erase_size + 64, flash->erase_size - 64, 0xff));
        CHECK(c, is_all(flash, 3 * flash->erase_size, 1, 0x5a));
        CHECK(c, flash->erase_poll(flash->context) == QD_OK);
    }
}

/* --- channel ---------------------------------------------------------------------------------- */

static void check_octets(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octets[64], got[64];

    fill(octets, sizeof octets, 3);
    CHECK(c, p->send(p->context, octets, 40) == 40);
    CHECK(c, ch->read(ch->context, got, 16) == 16);
    CHECK(c, ch->read(ch->context, got + 16, 48) == 24);
    CHECK(c, memcmp(got, octets, 40) == 0);
    CHECK(c, ch->read(ch->context, got, 1) == 0);
    CHECK(c, ch->write(ch->context, octets, 30) == 30);
    CHECK(c, ch->write(ch->context, octets + 30, 34) == 34);
    CHECK(c, p->receive(p->context, got, sizeof got) == 64);
    CHECK(c, memcmp(got, octets, 64) == 0);
}

#define FLOOD_MAX 16777216u

/* A peer that does not read: the port takes less and less, and nothing gets lost or mixed. */
static void check_back_pressure(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octets[256], got[256];
    uint32_t sent = 0, received = 0;
    size_t taken;
    bool good = true;

    do {
        for (unsigned i = 0; i < sizeof octets; i++) {
            octets[i] = (uint8_t)((sent + i) % 251u);
        }
        taken = ch->write(ch->context, octets, sizeof octets);
        sent += (uint32_t)taken;
        if (taken < sizeof octets) {
            (void)p->receive(p->context, got, 0); /* lets the port work, takes nothing */
            taken += ch->write(ch->context, octets + taken, 0);
        }
    } while (taken == sizeof octets && sent < FLOOD_MAX);
    CHECK(c, sent > 0 && sent < FLOOD_MAX);
    for (size_t length = 1; received < sent && length > 0;) {
        length = p->receive(p->context, got, sizeof got);
        for (size_t i = 0; i < length; i++) {
            good = good && got[i] == (uint8_t)((received + i) % 251u);
        }
        received += (uint32_t)length;
    }
    CHECK(c, received == sent);
    CHECK(c, good);
    CHECK(c, ch->write(ch->context, octets, 10) == 10); /* there is room again */
    CHECK(c, p->receive(p->context, got, sizeof got) == 10);
}

/* A meter that does not read: the line takes no more, and nothing gets lost. */
static void check_slow_reader(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octets[256], got[256];
    uint32_t sent = 0, received = 0, idle = 0;
    bool good = true;

    while (idle < 3 && sent < FLOOD_MAX) {
        size_t taken;

        for (unsigned i = 0; i < sizeof octets; i++) {
            octets[i] = (uint8_t)((sent + i) % 251u);
        }
        taken = p->send(p->context, octets, sizeof octets);
        sent += (uint32_t)taken;
        idle = taken == 0 ? idle + 1 : 0;
    }
    CHECK(c, sent < FLOOD_MAX);
    for (idle = 0; received < sent && idle < 100;) {
        size_t length = ch->read(ch->context, got, sizeof got);

        for (size_t i = 0; i < length; i++) {
            good = good && got[i] == (uint8_t)((received + i) % 251u);
        }
        received += (uint32_t)length;
        idle = length == 0 ? idle + 1 : 0;
        if (length == 0) {
            (void)p->receive(p->context, octets, 0);
        }
    }
    CHECK(c, received == sent);
    CHECK(c, good);
}

/* The channel's time does not run backwards, and a wrap counts as going on. */
static void check_time(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octet;

    if (ch->now_ms != NULL) {
        uint32_t before_ms = ch->now_ms(ch->context);

        (void)p->receive(p->context, &octet, 0);
        CHECK(c, ch->now_ms(ch->context) - before_ms < 60000u);
    }
}

void qd_contract_channel(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octets[64] = {1, 2, 3}, got[64];
    uint32_t first, second;

    CHECK(c, ch->generation(ch->context) == 0);
    CHECK(c, ch->read(ch->context, got, sizeof got) == 0);
    CHECK(c, p->connect(p->context));
    first = ch->generation(ch->context);
    CHECK(c, first > 0);
    check_octets(c, ch, p);
    check_back_pressure(c, ch, p);
    check_slow_reader(c, ch, p);
    check_time(c, ch, p);
    CHECK(c, ch->generation(ch->context) == first);
    /* Octets of one peer are not read in the name of the next. */
    CHECK(c, p->send(p->context, octets, 3) == 3);
    p->disconnect(p->context);
    (void)ch->read(ch->context, got, sizeof got);
    (void)p->receive(p->context, got, 0);
    CHECK(c, p->connect(p->context));
    second = ch->generation(ch->context);
    CHECK(c, second != 0 && second != first);
    CHECK(c, ch->read(ch->context, got, sizeof got) == 0);
    if (ch->close != NULL) {
        CHECK(c, ch->write(ch->context, octets, 3) == 3);
        ch->close(ch->context);
        CHECK(c, p->receive(p->context, got, sizeof got) == 3); /* what was accepted is sent */
        CHECK(c, p->closed(p->context));
        CHECK(c, ch->generation(ch->context) != second);
    }
    p->disconnect(p->context);
    CHECK(c, ch->generation(ch->context) == 0);
}

void qd_contract_line(qd_contract_t *c, const qd_channel_port_t *ch, const qd_contract_peer_t *p) {
    uint8_t octets[64] = {1, 2, 3}, got[64];

    CHECK(c, ch->framing == QD_FRAMING_HDLC && ch->close == NULL);
    CHECK(c, ch->generation(ch->context) == 1);
    CHECK(c, ch->read(ch->context, got, sizeof got) == 0);
    for (unsigned n = 0; n < 3; n++) { /* who opens and closes is not seen */
        CHECK(c, p->connect(p->context));
        check_octets(c, ch, p);
        p->disconnect(p->context);
        CHECK(c, ch->generation(ch->context) == 1);
    }
    CHECK(c, p->connect(p->context));
    check_back_pressure(c, ch, p);
    check_slow_reader(c, ch, p);
    check_time(c, ch, p);
    if (ch->configure != NULL) { /* what was accepted before goes whole */
        CHECK(c, ch->write(ch->context, octets, 3) == 3);
        ch->configure(ch->context, 300, QD_FORMAT_7E1);
        CHECK(c, p->receive(p->context, got, sizeof got) == 3);
        CHECK(c, got[0] == 1 && got[1] == 2 && got[2] == 3);
        ch->configure(ch->context, 9600, QD_FORMAT_8N1);
        check_octets(c, ch, p);
    }
    p->disconnect(p->context);
    CHECK(c, ch->generation(ch->context) == 1);
}

/* --- the small ones --------------------------------------------------------------------------- */

void qd_contract_rtc(qd_contract_t *c, const qd_rtc_t *rtc) {
    const int64_t wanted = INT64_C(820454400000); /* 2026-01-01 */
    int64_t utc_ms = -1;

    CHECK(c, rtc->set(rtc->context, wanted) == QD_OK);
    CHECK(c, rtc->get(rtc->context, &utc_ms) == QD_OK);
    CHECK(c, utc_ms >= wanted && utc_ms < wanted + 2000);
}

void qd_contract_key(qd_contract_t *contract, const qd_device_key_t *key) {
    uint8_t first[QD_DEVICE_KEY_SIZE + 1] = {0};
    uint8_t second[QD_DEVICE_KEY_SIZE] = {0};
    unsigned differ = 0;

    first[QD_DEVICE_KEY_SIZE] = 0xA5;
    CHECK(contract, key->get(key->context, first) == QD_OK);
    CHECK(contract, first[QD_DEVICE_KEY_SIZE] == 0xA5);
    CHECK(contract, key->get(key->context, second) == QD_OK);
    CHECK(contract, memcmp(first, second, sizeof second) == 0);
    for (unsigned i = 1; i < QD_DEVICE_KEY_SIZE; i++) {
        differ += first[i] != first[0] ? 1u : 0u;
    }
    CHECK(contract, differ > 0); /* erased fuses are no key */
}

void qd_contract_random(qd_contract_t *c, const qd_random_t *random) {
    uint8_t one[600] = {0}, other[600] = {0};
    unsigned different = 0;

    CHECK(c, random->fill(random->context, one, 0) == QD_OK);
    CHECK(c, random->fill(random->context, one, sizeof one) == QD_OK);
    CHECK(c, random->fill(random->context, other, sizeof other) == QD_OK);
    for (size_t i = 0; i < sizeof one; i++) {
        different += one[i] != other[i] ? 1 : 0;
    }
    CHECK(c, different > 550);
}

void qd_contract_quantities(qd_contract_t *c, const qd_quantities_port_t *quantities, uint64_t until_us) {
    qd_quantities_t record;
    uint64_t before_us = 0;
    unsigned records = 0;

    CHECK(c, quantities->take(quantities->context, 0, &record) == QD_END);
    while (quantities->take(quantities->context, until_us, &record) == QD_OK && records < 100000) {
        CHECK(c, record.tick_us <= until_us && record.tick_us > before_us);
        CHECK(c, record.duration_us >= 1 && record.duration_us <= 10000000);
        CHECK(c, record.tick_us - before_us >= record.duration_us); /* no instant is measured twice */
        before_us = record.tick_us;
        records++;
    }
    CHECK(c, records >= 2);
    CHECK(c, quantities->take(quantities->context, until_us, &record) == QD_END);
}
