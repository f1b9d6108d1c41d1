#include "quadrant/sim.h"

#include <string.h>

/*
 * memory = cells  cell-noise  view  view-noise  log
 *
 * Cells are what a cut leaves. The view is what a reader sees: the cells under the programs that were
 * accepted since the last sync; those wait in the log in their order. Noise marks unstable bits.
 */
enum part { CELLS, CELL_NOISE, VIEW, VIEW_NOISE, LOG, PARTS };

static uint8_t *part(const qd_sim_fram_t *fram, enum part number) {
    return fram->memory + (size_t)number * fram->size;
}

/* xorshift64*: small, and the state is part of the device, so that a copy goes on alike. */
static uint32_t next_random(qd_sim_fram_t *fram) {
    fram->random ^= fram->random >> 12;
    fram->random ^= fram->random << 25;
    fram->random ^= fram->random >> 27;
    return (uint32_t)((fram->random * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

size_t qd_sim_fram_memory(uint32_t size) {
    return (size_t)PARTS * size;
}

void qd_sim_fram_init(qd_sim_fram_t *fram, void *memory, uint32_t size, uint8_t fill, uint64_t seed) {
    memset(fram, 0, sizeof *fram);
    fram->memory = memory;
    fram->size = size;
    fram->random = seed * 2 + 1;
    memset(memory, 0, qd_sim_fram_memory(size));
    memset(part(fram, CELLS), fill, size);
    memset(part(fram, VIEW), fill, size);
}

void qd_sim_fram_copy(qd_sim_fram_t *copy, void *memory, const qd_sim_fram_t *fram) {
    *copy = *fram;
    copy->memory = memory;
    memcpy(memory, fram->memory, (size_t)LOG * fram->size + fram->log_used);
}

/* One octet reaches its cell. */
static void settle(qd_sim_fram_t *fram, uint32_t offset, uint8_t value, bool unstable) {
    uint8_t *cell = part(fram, CELLS) + offset;
    uint8_t *noise = part(fram, CELL_NOISE) + offset;

    if (unstable) {
        *noise = (uint8_t)(*noise | ((*cell ^ value) & next_random(fram)));
        return;
    }
    *cell = value;
    *noise = 0;
}

/* The first length octets of a pending program reach the cells. */
static void settle_pending(qd_sim_fram_t *fram, uint16_t number, uint32_t length, bool unstable) {
    const uint8_t *octets = part(fram, LOG) + fram->pending[number].log;

    for (uint32_t i = 0; i < length; i++) {
        settle(fram, fram->pending[number].offset + i, octets[i], unstable);
    }
}

static void settle_all(qd_sim_fram_t *fram) {
    for (uint16_t i = 0; i < fram->pending_count; i++) {
        settle_pending(fram, i, fram->pending[i].length, false);
    }
    fram->pending_count = 0;
    fram->log_used = 0;
}

/* Remembers a program until the next sync. */
static void remember(qd_sim_fram_t *fram, uint32_t offset, const uint8_t *octets, uint32_t length) {
    if (fram->pending_count == QD_SIM_FRAM_PENDING || length > fram->size - fram->log_used) {
        settle_all(fram);
    }
    fram->pending[fram->pending_count].offset = offset;
    fram->pending[fram->pending_count].length = length;
    fram->pending[fram->pending_count].log = fram->log_used;
    fram->pending_count++;
    memcpy(part(fram, LOG) + fram->log_used, octets, length);
    fram->log_used += length;
    memcpy(part(fram, VIEW) + offset, octets, length);
    memset(part(fram, VIEW_NOISE) + offset, 0, length);
}

/* How many of length octets a torn operation leaves; unstable ones are touched all. */
static uint32_t torn_length(uint32_t length, uint8_t torn) {
    switch ((qd_sim_torn_t)torn) {
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
static void lose_unsynced(qd_sim_fram_t *fram, uint16_t count, uint8_t unsynced) {
    uint16_t kept = count;

    if (unsynced == QD_SIM_UNSYNCED_PREFIX && count > 0) {
        kept = (uint16_t)(next_random(fram) % count);
    }
    for (uint16_t i = 0; i < count; i++) {
        uint32_t length = fram->pending[i].length;
        bool chosen = unsynced == QD_SIM_UNSYNCED_KEPT || (unsynced == QD_SIM_UNSYNCED_PREFIX && i <= kept) ||
                      (unsynced == QD_SIM_UNSYNCED_SUBSET && (next_random(fram) & 1u) != 0);

        if (unsynced == QD_SIM_UNSYNCED_PREFIX && i == kept) {
            length /= 2;
        }
        if (chosen) {
            settle_pending(fram, i, length, false);
        }
    }
}

/* Power is gone: cache and plans with it. */
static void die(qd_sim_fram_t *fram) {
    fram->pending_count = 0;
    fram->log_used = 0;
    fram->dead = true;
}

static void shuffle(qd_sim_fram_t *fram) {
    for (uint16_t i = fram->pending_count; i > 1; i--) {
        uint16_t other = (uint16_t)(next_random(fram) % i);
        uint32_t offset = fram->pending[other].offset;
        uint32_t length = fram->pending[other].length;
        uint32_t log = fram->pending[other].log;

        fram->pending[other] = fram->pending[i - 1];
        fram->pending[i - 1].offset = offset;
        fram->pending[i - 1].length = length;
        fram->pending[i - 1].log = log;
    }
}

static void cut_program(qd_sim_fram_t *fram) {
    uint16_t last = (uint16_t)(fram->pending_count - 1);
    bool unstable = fram->cut_torn == QD_SIM_TORN_UNSTABLE;

    lose_unsynced(fram, last, fram->cut_unsynced);
    settle_pending(fram, last, torn_length(fram->pending[last].length, fram->cut_torn), unstable);
    die(fram);
}

static void cut_sync(qd_sim_fram_t *fram) {
    uint32_t left = torn_length(fram->log_used, fram->cut_torn);

    if (fram->cut_unsynced == QD_SIM_UNSYNCED_SUBSET) {
        shuffle(fram);
    }
    for (uint16_t i = 0; i < fram->pending_count; i++) {
        uint32_t length = fram->pending[i].length < left ? fram->pending[i].length : left;

        settle_pending(fram, i, length, fram->cut_torn == QD_SIM_TORN_UNSTABLE);
        left -= length;
    }
    die(fram);
}

static qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    qd_sim_fram_t *fram = context;
    const uint8_t *view = part(fram, VIEW);
    const uint8_t *noise = part(fram, VIEW_NOISE);

    if (offset > fram->size || length > fram->size - offset) {
        return QD_ARGUMENT;
    }
    if (fram->dead) {
        return QD_IO;
    }
    fram->stats.reads++;
    memcpy(buffer, view + offset, length);
    for (uint32_t i = 0; i < length; i++) {
        if (noise[offset + i] != 0) {
            buffer[i] = (uint8_t)(buffer[i] ^ (noise[offset + i] & next_random(fram)));
        }
    }
    for (uint16_t i = 0; i < fram->stuck_count; i++) {
        uint32_t at = fram->stuck[i].offset - offset;

        if (fram->stuck[i].offset >= offset && at < length) {
            buffer[at] = (uint8_t)((buffer[at] & ~fram->stuck[i].mask) | fram->stuck[i].value);
        }
    }
    return QD_OK;
}

/* True when the operation that was just counted is planned to fail. */
static bool fails(const qd_sim_fram_t *fram) {
    return fram->fail_count > 0 && fram->stats.operations >= fram->fail_at &&
           fram->stats.operations - fram->fail_at < fram->fail_count;
}

static qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_sim_fram_t *fram = context;

    if (offset > fram->size || length > fram->size - offset) {
        return QD_ARGUMENT;
    }
    if (fram->dead) {
        return QD_IO;
    }
    fram->stats.operations++;
    fram->stats.programs++;
    fram->stats.programmed_octets += length;
    if (fails(fram)) {
        if (fram->fail_status == QD_IO) {
            remember(fram, offset, buffer, length / 2);
        }
        return fram->fail_status;
    }
    remember(fram, offset, buffer, length);
    if (fram->stats.operations == fram->cut_at) {
        cut_program(fram);
        return QD_IO;
    }
    return QD_OK;
}

static qd_status_t fram_sync(void *context) {
    qd_sim_fram_t *fram = context;

    if (fram->dead) {
        return QD_IO;
    }
    fram->stats.operations++;
    fram->stats.syncs++;
    if (fails(fram)) {
        return QD_IO;
    }
    if (fram->stats.operations == fram->cut_at) {
        cut_sync(fram);
        return QD_IO;
    }
    settle_all(fram);
    return QD_OK;
}

void qd_sim_fram_port(qd_sim_fram_t *fram, qd_block_t *port) {
    *port = (qd_block_t){.context = fram,
                         .size = fram->size,
                         .erase_size = 0,
                         .read = fram_read,
                         .program = fram_program,
                         .sync = fram_sync,
                         .erase_start = NULL,
                         .erase_poll = NULL};
}

void qd_sim_fram_cut(qd_sim_fram_t *fram, uint32_t operation, qd_sim_torn_t torn,
                     qd_sim_unsynced_t unsynced) {
    fram->cut_at = operation;
    fram->cut_torn = (uint8_t)torn;
    fram->cut_unsynced = (uint8_t)unsynced;
}

void qd_sim_fram_power_off(qd_sim_fram_t *fram, qd_sim_unsynced_t unsynced) {
    if (!fram->dead) {
        lose_unsynced(fram, fram->pending_count, (uint8_t)unsynced);
        die(fram);
    }
}

void qd_sim_fram_restart(qd_sim_fram_t *fram) {
    memcpy(part(fram, VIEW), part(fram, CELLS), fram->size);
    memcpy(part(fram, VIEW_NOISE), part(fram, CELL_NOISE), fram->size);
    memset(&fram->stats, 0, sizeof fram->stats);
    fram->pending_count = 0;
    fram->log_used = 0;
    fram->cut_at = 0;
    fram->fail_count = 0;
    fram->dead = false;
}

bool qd_sim_fram_is_dead(const qd_sim_fram_t *fram) {
    return fram->dead;
}

void qd_sim_fram_fail(qd_sim_fram_t *fram, uint32_t first, uint32_t count, qd_status_t status) {
    fram->fail_at = first;
    fram->fail_count = count;
    fram->fail_status = status;
}

void qd_sim_fram_flip(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask) {
    if (offset < fram->size) {
        part(fram, CELLS)[offset] ^= mask;
        part(fram, VIEW)[offset] ^= mask;
    }
}

qd_status_t qd_sim_fram_stick(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask, uint8_t value) {
    if (fram->stuck_count == QD_SIM_FRAM_STUCK) {
        return QD_NO_SPACE;
    }
    fram->stuck[fram->stuck_count].offset = offset;
    fram->stuck[fram->stuck_count].mask = mask;
    fram->stuck[fram->stuck_count].value = (uint8_t)(value & mask);
    fram->stuck_count++;
    return QD_OK;
}

const uint8_t *qd_sim_fram_cells(const qd_sim_fram_t *fram) {
    return part(fram, CELLS);
}

void qd_sim_fram_load(qd_sim_fram_t *fram, const uint8_t *image) {
    memcpy(part(fram, CELLS), image, fram->size);
    memset(part(fram, CELL_NOISE), 0, fram->size);
    qd_sim_fram_restart(fram);
}

void qd_sim_fram_get_stats(const qd_sim_fram_t *fram, qd_sim_fram_stats_t *stats) {
    *stats = fram->stats;
}
