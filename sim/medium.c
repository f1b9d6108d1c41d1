#include "medium.h"

#include <string.h>

uint8_t *qd_sim_part(const qd_sim_medium_t *medium, enum qd_sim_part part) {
    return medium->memory + (size_t)part * medium->size;
}

/* xorshift64*: small, and the state is part of the device, so that a copy goes on alike. */
uint32_t qd_sim_random(qd_sim_medium_t *medium) {
    medium->random ^= medium->random >> 12;
    medium->random ^= medium->random << 25;
    medium->random ^= medium->random >> 27;
    return (uint32_t)((medium->random * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

void qd_sim_medium_seed(qd_sim_medium_t *medium, uint64_t seed) {
    medium->random = seed * 2 + 1;
}

void qd_sim_medium_init(qd_sim_medium_t *medium, uint8_t *memory, uint32_t size, uint32_t erase_size,
                        uint8_t fill, uint64_t seed) {
    memset(medium, 0, sizeof *medium);
    medium->memory = memory;
    medium->size = size;
    medium->erase_size = erase_size;
    qd_sim_medium_seed(medium, seed);
    memset(memory, 0, (size_t)QD_SIM_PARTS * size);
    memset(qd_sim_part(medium, QD_SIM_CELLS), fill, size);
    memset(qd_sim_part(medium, QD_SIM_VIEW), fill, size);
}

void qd_sim_medium_copy(qd_sim_medium_t *copy, uint8_t *memory, const qd_sim_medium_t *medium) {
    *copy = *medium;
    copy->memory = memory;
    copy->supply = NULL;
    memcpy(memory, medium->memory, (size_t)QD_SIM_LOG * medium->size + medium->log_used);
}

void qd_sim_medium_restart(qd_sim_medium_t *medium) {
    memcpy(qd_sim_part(medium, QD_SIM_VIEW), qd_sim_part(medium, QD_SIM_CELLS), medium->size);
    memcpy(qd_sim_part(medium, QD_SIM_VIEW_NOISE), qd_sim_part(medium, QD_SIM_CELL_NOISE), medium->size);
    medium->operations = 0;
    medium->reads = 0;
    medium->programs = 0;
    medium->programmed_octets = 0;
    medium->syncs = 0;
    medium->pending_count = 0;
    medium->log_used = 0;
    medium->cut_at = 0;
    medium->fail_count = 0;
    medium->erasing = false;
    medium->dead = false;
}

void qd_sim_medium_load(qd_sim_medium_t *medium, const uint8_t *image) {
    memcpy(qd_sim_part(medium, QD_SIM_CELLS), image, medium->size);
    memset(qd_sim_part(medium, QD_SIM_CELL_NOISE), 0, medium->size);
}

void qd_sim_medium_flip(qd_sim_medium_t *medium, uint32_t offset, uint8_t mask) {
    if (offset < medium->size) {
        qd_sim_part(medium, QD_SIM_CELLS)[offset] ^= mask;
        qd_sim_part(medium, QD_SIM_VIEW)[offset] ^= mask;
    }
}

qd_status_t qd_sim_medium_stick(qd_sim_medium_t *medium, uint32_t offset, uint8_t mask, uint8_t value) {
    if (medium->stuck_count == QD_SIM_STUCK) {
        return QD_NO_SPACE;
    }
    medium->stuck[medium->stuck_count].offset = offset;
    medium->stuck[medium->stuck_count].mask = mask;
    medium->stuck[medium->stuck_count].value = (uint8_t)(value & mask);
    medium->stuck_count++;
    return QD_OK;
}

bool qd_sim_medium_is_dead(const qd_sim_medium_t *medium) {
    return medium->dead || (medium->supply != NULL && medium->supply->dead);
}

bool qd_sim_medium_is_outside(const qd_sim_medium_t *medium, uint32_t offset, uint32_t length) {
    return offset > medium->size || length > medium->size - offset;
}

bool qd_sim_medium_fails(const qd_sim_medium_t *medium) {
    return medium->fail_count > 0 && medium->operations >= medium->fail_at &&
           medium->operations - medium->fail_at < medium->fail_count;
}

/* --- the cache -------------------------------------------------------------------------------------- */

/* One octet reaches its cell. */
static void settle(qd_sim_medium_t *medium, uint32_t offset, uint8_t octet, bool unstable) {
    uint8_t *cell = qd_sim_part(medium, QD_SIM_CELLS) + offset;
    uint8_t *noise = qd_sim_part(medium, QD_SIM_CELL_NOISE) + offset;
    bool flash = medium->erase_size > 0;
    uint8_t value = flash ? *cell & octet : octet;

    if (unstable) {
        *noise = (uint8_t)(*noise | ((*cell ^ value) & qd_sim_random(medium)));
        return;
    }
    *cell = value;
    *noise = flash ? *noise & octet : 0;
}

/* The first length octets of a pending program reach the cells. */
static void settle_pending(qd_sim_medium_t *medium, uint16_t number, uint32_t length, bool unstable) {
    const uint8_t *octets = qd_sim_part(medium, QD_SIM_LOG) + medium->pending[number].log;

    for (uint32_t i = 0; i < length; i++) {
        settle(medium, medium->pending[number].offset + i, octets[i], unstable);
    }
}

static void settle_all(qd_sim_medium_t *medium) {
    for (uint16_t i = 0; i < medium->pending_count; i++) {
        settle_pending(medium, i, medium->pending[i].length, false);
    }
    medium->pending_count = 0;
    medium->log_used = 0;
}

static void show(qd_sim_medium_t *medium, uint32_t offset, const uint8_t *octets, uint32_t length) {
    uint8_t *view = qd_sim_part(medium, QD_SIM_VIEW) + offset;
    uint8_t *noise = qd_sim_part(medium, QD_SIM_VIEW_NOISE) + offset;

    for (uint32_t i = 0; i < length; i++) {
        view[i] = medium->erase_size > 0 ? view[i] & octets[i] : octets[i];
        noise[i] = medium->erase_size > 0 ? noise[i] & octets[i] : 0;
    }
}

/* Remembers a program until the next sync. */
static void remember(qd_sim_medium_t *medium, uint32_t offset, const uint8_t *octets, uint32_t length) {
    if (medium->pending_count == QD_SIM_PENDING || length > medium->size - medium->log_used) {
        settle_all(medium);
    }
    medium->pending[medium->pending_count].offset = offset;
    medium->pending[medium->pending_count].length = length;
    medium->pending[medium->pending_count].log = medium->log_used;
    medium->pending_count++;
    memcpy(qd_sim_part(medium, QD_SIM_LOG) + medium->log_used, octets, length);
    medium->log_used += length;
    show(medium, offset, octets, length);
}

/* An octet FF programs nothing into a flash. */
void qd_sim_medium_forget_block(qd_sim_medium_t *medium, uint32_t offset) {
    uint32_t first = offset - offset % medium->erase_size;

    for (uint16_t i = 0; i < medium->pending_count; i++) {
        for (uint32_t k = 0; k < medium->pending[i].length; k++) {
            if (medium->pending[i].offset + k - first < medium->erase_size) {
                qd_sim_part(medium, QD_SIM_LOG)[medium->pending[i].log + k] = 0xff;
            }
        }
    }
}

/* --- cuts ------------------------------------------------------------------------------------------- */

/* How many of length octets a torn operation leaves; unstable ones are touched all. */
static uint32_t torn_length(uint32_t length, const qd_sim_blow_t *blow) {
    if (blow->energy) {
        return blow->reached;
    }
    switch ((qd_sim_torn_t)blow->torn) {
    case QD_SIM_TORN_NONE:
        return 0;
    case QD_SIM_TORN_HALF:
        return length / 2;
    case QD_SIM_TORN_LAST:
        return length > 0 ? length - 1 : 0;
    case QD_SIM_TORN_ALL:
    case QD_SIM_TORN_UNSTABLE:
    case QD_SIM_TORN_COUNT:
        break;
    }
    return length;
}

/* The first count pending programs, as the policy for what was not synced has it. */
static void lose_unsynced(qd_sim_medium_t *medium, uint16_t count, uint8_t unsynced) {
    uint16_t kept = count;

    if (unsynced == QD_SIM_UNSYNCED_PREFIX && count > 0) {
        kept = (uint16_t)(qd_sim_random(medium) % count);
    }
    for (uint16_t i = 0; i < count; i++) {
        uint32_t length = medium->pending[i].length;
        bool chosen = unsynced == QD_SIM_UNSYNCED_KEPT || (unsynced == QD_SIM_UNSYNCED_PREFIX && i <= kept) ||
                      (unsynced == QD_SIM_UNSYNCED_SUBSET && (qd_sim_random(medium) & 1u) != 0);

        if (unsynced == QD_SIM_UNSYNCED_PREFIX && i == kept) {
            length /= 2;
        }
        if (chosen) {
            settle_pending(medium, i, length, false);
        }
    }
}

static void shuffle(qd_sim_medium_t *medium) {
    for (uint16_t i = medium->pending_count; i > 1; i--) {
        uint16_t other = (uint16_t)(qd_sim_random(medium) % i);
        uint32_t offset = medium->pending[other].offset;
        uint32_t length = medium->pending[other].length;
        uint32_t log = medium->pending[other].log;

        medium->pending[other] = medium->pending[i - 1];
        medium->pending[i - 1].offset = offset;
        medium->pending[i - 1].length = length;
        medium->pending[i - 1].log = log;
    }
}

/* Pending programs from first on reach the cells as far as the blow let them. */
static void settle_torn(qd_sim_medium_t *medium, uint16_t first, uint32_t left, const qd_sim_blow_t *blow) {
    bool under_way = blow->energy && blow->begun;

    for (uint16_t i = first; i < medium->pending_count; i++) {
        uint32_t length = medium->pending[i].length < left ? medium->pending[i].length : left;

        settle_pending(medium, i, length, !blow->energy && blow->torn == QD_SIM_TORN_UNSTABLE);
        left -= length;
        if (under_way && length < medium->pending[i].length) {
            settle(medium, medium->pending[i].offset + length,
                   qd_sim_part(medium, QD_SIM_LOG)[medium->pending[i].log + length], true);
            under_way = false;
        }
    }
}

static void cut_program(qd_sim_medium_t *medium, const qd_sim_blow_t *blow) {
    uint16_t last = (uint16_t)(medium->pending_count - 1);

    lose_unsynced(medium, last, blow->unsynced);
    settle_torn(medium, last, torn_length(medium->pending[last].length, blow), blow);
    qd_sim_medium_end(medium, blow->torn);
}

static void cut_sync(qd_sim_medium_t *medium, const qd_sim_blow_t *blow) {
    if (blow->unsynced == QD_SIM_UNSYNCED_SUBSET) {
        shuffle(medium);
    }
    settle_torn(medium, 0, torn_length(medium->log_used, blow), blow);
    qd_sim_medium_end(medium, blow->torn);
}

void qd_sim_medium_lose(qd_sim_medium_t *medium, const qd_sim_blow_t *blow) {
    lose_unsynced(medium, medium->pending_count, blow->unsynced);
    qd_sim_medium_end(medium, blow->torn);
}

void qd_sim_medium_end(qd_sim_medium_t *medium, uint8_t torn) {
    if (medium->erasing) {
        qd_sim_medium_half_erase(medium, torn); /* NONE is as HALF: it had begun */
    }
    medium->pending_count = 0;
    medium->log_used = 0;
    medium->erasing = false;
    medium->dead = true;
}

static void half_erase_octet(qd_sim_medium_t *medium, uint8_t torn, uint8_t *cell, uint8_t *noise) {
    uint32_t choice = qd_sim_random(medium);
    uint8_t quarter = (uint8_t)(choice & choice >> 8);

    switch ((qd_sim_torn_t)torn) {
    case QD_SIM_TORN_LAST:
        *cell = (uint8_t)(*cell | ((choice & 15u) != 0 ? 0xffu : ~(1u << (choice >> 4 & 7u))));
        *noise = 0;
        return;
    case QD_SIM_TORN_ALL:
        *cell = 0xff;
        *noise = 0;
        return;
    case QD_SIM_TORN_UNSTABLE:
        *cell = 0xff;
        *noise = quarter;
        return;
    case QD_SIM_TORN_NONE:
    case QD_SIM_TORN_HALF:
    case QD_SIM_TORN_COUNT:
        break;
    }
    *cell = (uint8_t)(*cell | choice >> 16);
    *noise = quarter;
}

void qd_sim_medium_half_erase(qd_sim_medium_t *medium, uint8_t torn) {
    for (uint32_t i = medium->erase_offset; i < medium->erase_offset + medium->erase_size; i++) {
        half_erase_octet(medium, torn, qd_sim_part(medium, QD_SIM_CELLS) + i,
                         qd_sim_part(medium, QD_SIM_CELL_NOISE) + i);
        qd_sim_part(medium, QD_SIM_VIEW)[i] = qd_sim_part(medium, QD_SIM_CELLS)[i];
        qd_sim_part(medium, QD_SIM_VIEW_NOISE)[i] = qd_sim_part(medium, QD_SIM_CELL_NOISE)[i];
    }
}

/* --- operations ------------------------------------------------------------------------------------- */

void qd_sim_medium_read(qd_sim_medium_t *medium, uint32_t offset, uint8_t *buffer, uint32_t length) {
    const uint8_t *noise = qd_sim_part(medium, QD_SIM_VIEW_NOISE) + offset;

    medium->reads++;
    memcpy(buffer, qd_sim_part(medium, QD_SIM_VIEW) + offset, length);
    for (uint32_t i = 0; i < length; i++) {
        if (noise[i] != 0) {
            buffer[i] = (uint8_t)(buffer[i] ^ (noise[i] & qd_sim_random(medium)));
        }
    }
    for (uint16_t i = 0; i < medium->stuck_count; i++) {
        uint32_t at = medium->stuck[i].offset - offset;

        if (medium->stuck[i].offset >= offset && at < length) {
            buffer[at] = (uint8_t)((buffer[at] & ~medium->stuck[i].mask) | medium->stuck[i].value);
        }
    }
}

qd_status_t qd_sim_medium_program(qd_sim_medium_t *medium, uint32_t offset, const uint8_t *buffer,
                                  uint32_t length) {
    qd_sim_blow_t blow;

    medium->programs++;
    medium->programmed_octets += length;
    qd_sim_supply_count(medium, QD_SIM_PROGRAM, length, &blow);
    if (blow.hit) {
        remember(medium, offset, buffer, length);
        cut_program(medium, &blow);
        qd_sim_supply_fail(medium, &blow);
        return QD_IO;
    }
    if (qd_sim_medium_fails(medium)) {
        if (medium->fail_status == QD_IO) {
            remember(medium, offset, buffer, length / 2);
        }
        return medium->fail_status;
    }
    remember(medium, offset, buffer, length);
    return QD_OK;
}

qd_status_t qd_sim_medium_sync(qd_sim_medium_t *medium) {
    qd_sim_blow_t blow;

    medium->syncs++;
    qd_sim_supply_count(medium, QD_SIM_SYNC, medium->log_used, &blow);
    if (blow.hit) {
        cut_sync(medium, &blow);
        qd_sim_supply_fail(medium, &blow);
        return QD_IO;
    }
    if (qd_sim_medium_fails(medium)) {
        return QD_IO;
    }
    settle_all(medium);
    return QD_OK;
}
