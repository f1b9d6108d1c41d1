#include "medium.h"

#include <string.h>

#define STUCK_BITS_MAX 8u

/* After the parts of the medium: how often each block was erased, 4 octets each in any alignment. */
static uint8_t *wear_at(const qd_sim_nor_t *nor, uint32_t block) {
    return nor->medium.memory + (size_t)QD_SIM_PARTS * nor->medium.size + 4u * (size_t)block;
}

static uint32_t blocks(const qd_sim_nor_t *nor) {
    return nor->medium.size / nor->medium.erase_size;
}

size_t qd_sim_nor_memory(uint32_t size, uint32_t erase_size) {
    return (size_t)QD_SIM_PARTS * size + 4u * (size_t)(size / erase_size);
}

void qd_sim_nor_init(qd_sim_nor_t *nor, void *memory, uint32_t size, uint32_t erase_size, uint64_t seed) {
    memset(nor, 0, sizeof *nor);
    qd_sim_medium_init(&nor->medium, memory, size, erase_size, 0xff, seed);
    memset(wear_at(nor, 0), 0, 4u * (size_t)blocks(nor));
    nor->polls_needed = 3;
    nor->erase_result = QD_OK;
}

void qd_sim_nor_copy(qd_sim_nor_t *copy, void *memory, const qd_sim_nor_t *nor) {
    *copy = *nor;
    qd_sim_medium_copy(&copy->medium, memory, &nor->medium);
    memcpy(wear_at(copy, 0), wear_at(nor, 0), 4u * (size_t)blocks(nor));
}

uint32_t qd_sim_nor_erases(const qd_sim_nor_t *nor, uint32_t block) {
    uint32_t count = 0;

    if (block < blocks(nor)) {
        memcpy(&count, wear_at(nor, block), sizeof count);
    }
    return count;
}

/* --- read, program, sync ---------------------------------------------------------------------------- */

/* True when the block under erase has one of the octets. */
static bool is_under_erase(const qd_sim_nor_t *nor, uint32_t offset, uint32_t length) {
    const qd_sim_medium_t *medium = &nor->medium;

    return medium->erasing && length > 0 && offset < medium->erase_offset + medium->erase_size &&
           offset + length > medium->erase_offset;
}

static qd_status_t nor_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    qd_sim_nor_t *nor = context;

    if (qd_sim_medium_is_outside(&nor->medium, offset, length)) {
        return QD_ARGUMENT;
    }
    if (qd_sim_medium_is_dead(&nor->medium)) {
        return QD_IO;
    }
    qd_sim_medium_read(&nor->medium, offset, buffer, length);
    for (uint32_t i = 0; i < length; i++) {
        if (is_under_erase(nor, offset + i, 1)) {
            buffer[i] = (uint8_t)qd_sim_random(&nor->medium);
        }
    }
    return QD_OK;
}

/* A bit that is 0 and reads so each time is to become 1. */
static bool would_set(const qd_sim_nor_t *nor, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    const uint8_t *view = qd_sim_part(&nor->medium, QD_SIM_VIEW) + offset;
    const uint8_t *noise = qd_sim_part(&nor->medium, QD_SIM_VIEW_NOISE) + offset;

    for (uint32_t i = 0; i < length; i++) {
        if ((buffer[i] & ~view[i] & ~noise[i] & 0xff) != 0) {
            return true;
        }
    }
    return false;
}

static qd_status_t nor_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_sim_nor_t *nor = context;

    if (qd_sim_medium_is_outside(&nor->medium, offset, length)) {
        return QD_ARGUMENT;
    }
    if (qd_sim_medium_is_dead(&nor->medium)) {
        return QD_IO;
    }
    if (is_under_erase(nor, offset, length)) {
        return QD_BUSY;
    }
    nor->violations += would_set(nor, offset, buffer, length) ? 1 : 0;
    return qd_sim_medium_program(&nor->medium, offset, buffer, length);
}

static qd_status_t nor_sync(void *context) {
    qd_sim_nor_t *nor = context;

    return qd_sim_medium_is_dead(&nor->medium) ? QD_IO : qd_sim_medium_sync(&nor->medium);
}

/* --- erase ------------------------------------------------------------------------------------------ */

static uint32_t count_wear(qd_sim_nor_t *nor, uint32_t block) {
    uint32_t count = qd_sim_nor_erases(nor, block) + 1;

    memcpy(wear_at(nor, block), &count, sizeof count);
    return count;
}

/* The same bits each time, one more with each erase beyond the limit. */
static void leave_stuck_bits(qd_sim_nor_t *nor, uint32_t count) {
    qd_sim_medium_t *medium = &nor->medium;
    uint32_t place = (medium->erase_offset / medium->erase_size + 1u) * 2654435761u;

    for (uint32_t i = 0; i < count && i < STUCK_BITS_MAX; i++) {
        uint32_t at = medium->erase_offset + ((place >> 8) + i) % medium->erase_size;
        uint8_t mask = (uint8_t)(1u << ((place >> 4) + i) % 8u);

        qd_sim_part(medium, QD_SIM_CELLS)[at] &= (uint8_t)~mask;
        qd_sim_part(medium, QD_SIM_VIEW)[at] &= (uint8_t)~mask;
    }
}

static qd_status_t finish(qd_sim_nor_t *nor) {
    qd_sim_medium_t *medium = &nor->medium;
    uint32_t count = qd_sim_nor_erases(nor, medium->erase_offset / medium->erase_size);
    bool worn = nor->wear_limit > 0 && count > nor->wear_limit;

    if (nor->erase_fails || (worn && nor->wear_how == QD_SIM_WORN_FAILS)) {
        qd_sim_medium_half_erase(medium, QD_SIM_TORN_HALF);
        nor->erase_result = QD_IO;
    } else {
        qd_sim_medium_half_erase(medium, QD_SIM_TORN_ALL);
        if (worn) {
            leave_stuck_bits(nor, count - nor->wear_limit);
        }
        nor->erase_result = QD_OK;
    }
    medium->erasing = false;
    return nor->erase_result;
}

static void begin(qd_sim_nor_t *nor, uint32_t offset) {
    nor->medium.erasing = true;
    nor->medium.erase_offset = offset - offset % nor->medium.erase_size;
    nor->polls_done = 0;
    nor->erases++;
    nor->erase_fails =
        nor->erases >= nor->erase_fail_at && nor->erases - nor->erase_fail_at < nor->erase_fail_count;
    (void)count_wear(nor, offset / nor->medium.erase_size);
    qd_sim_medium_forget_block(&nor->medium, offset);
}

static qd_status_t nor_erase_start(void *context, uint32_t offset) {
    qd_sim_nor_t *nor = context;
    qd_sim_medium_t *medium = &nor->medium;
    qd_sim_blow_t blow;

    if (offset >= medium->size) {
        return QD_ARGUMENT;
    }
    if (qd_sim_medium_is_dead(medium)) {
        return QD_IO;
    }
    if (medium->erasing) {
        return QD_BUSY;
    }
    qd_sim_supply_count(medium, QD_SIM_ERASE_START, 0, &blow);
    if (blow.hit) {
        if (blow.torn != QD_SIM_TORN_NONE) {
            begin(nor, offset);
        }
        qd_sim_medium_lose(medium, &blow);
        qd_sim_supply_fail(medium, &blow);
        return QD_IO;
    }
    if (qd_sim_medium_fails(medium)) {
        return medium->fail_status;
    }
    begin(nor, offset);
    if (nor->polls_needed == 0) {
        (void)finish(nor);
    }
    return QD_OK;
}

static qd_status_t nor_erase_poll(void *context) {
    qd_sim_nor_t *nor = context;
    qd_sim_medium_t *medium = &nor->medium;
    qd_sim_blow_t blow;

    if (qd_sim_medium_is_dead(medium)) {
        return QD_IO;
    }
    if (!medium->erasing) {
        return nor->erase_result;
    }
    nor->polls++;
    nor->polls_done++;
    qd_sim_supply_count(medium, QD_SIM_ERASE_POLL, 0, &blow);
    if (blow.hit) {
        qd_sim_medium_lose(medium, &blow);
        qd_sim_supply_fail(medium, &blow);
        return QD_IO;
    }
    if (qd_sim_medium_fails(medium)) {
        nor->erase_fails = true;
        return finish(nor);
    }
    return nor->polls_done >= nor->polls_needed ? finish(nor) : QD_PENDING;
}

void qd_sim_nor_port(qd_sim_nor_t *nor, qd_block_t *port) {
    *port = (qd_block_t){.context = nor,
                         .size = nor->medium.size,
                         .erase_size = nor->medium.erase_size,
                         .read = nor_read,
                         .program = nor_program,
                         .sync = nor_sync,
                         .erase_start = nor_erase_start,
                         .erase_poll = nor_erase_poll};
}

/* --- plans and looks -------------------------------------------------------------------------------- */

qd_status_t qd_sim_nor_attach(qd_sim_nor_t *nor, qd_sim_supply_t *supply) {
    return qd_sim_supply_attach(supply, &nor->medium);
}

void qd_sim_nor_cut(qd_sim_nor_t *nor, uint32_t operation, qd_sim_torn_t torn, qd_sim_unsynced_t unsynced) {
    nor->medium.cut_at = operation;
    nor->medium.cut_torn = (uint8_t)torn;
    nor->medium.cut_unsynced = (uint8_t)unsynced;
}

void qd_sim_nor_power_off(qd_sim_nor_t *nor, qd_sim_unsynced_t unsynced) {
    qd_sim_supply_fail_between(&nor->medium, (uint8_t)unsynced);
}

void qd_sim_nor_restart(qd_sim_nor_t *nor) {
    if (nor->medium.erasing) {
        qd_sim_medium_half_erase(&nor->medium, QD_SIM_TORN_HALF);
    }
    qd_sim_medium_restart(&nor->medium);
    nor->polls_done = 0;
    nor->erase_result = QD_OK;
    nor->erases = 0;
    nor->polls = 0;
    nor->violations = 0;
    nor->erase_fail_count = 0;
    nor->erase_fails = false;
}

bool qd_sim_nor_is_dead(const qd_sim_nor_t *nor) {
    return qd_sim_medium_is_dead(&nor->medium);
}

void qd_sim_nor_seed(qd_sim_nor_t *nor, uint64_t seed) {
    qd_sim_medium_seed(&nor->medium, seed);
}

void qd_sim_nor_set_polls(qd_sim_nor_t *nor, uint32_t polls) {
    nor->polls_needed = polls;
}

void qd_sim_nor_fail(qd_sim_nor_t *nor, uint32_t first, uint32_t count, qd_status_t status) {
    nor->medium.fail_at = first;
    nor->medium.fail_count = count;
    nor->medium.fail_status = status;
}

void qd_sim_nor_fail_erases(qd_sim_nor_t *nor, uint32_t first, uint32_t count) {
    nor->erase_fail_at = first;
    nor->erase_fail_count = count;
}

void qd_sim_nor_set_wear(qd_sim_nor_t *nor, uint32_t erases, qd_sim_worn_t how) {
    nor->wear_limit = erases;
    nor->wear_how = (uint8_t)how;
}

void qd_sim_nor_flip(qd_sim_nor_t *nor, uint32_t offset, uint8_t mask) {
    qd_sim_medium_flip(&nor->medium, offset, mask);
}

qd_status_t qd_sim_nor_stick(qd_sim_nor_t *nor, uint32_t offset, uint8_t mask, uint8_t value) {
    return qd_sim_medium_stick(&nor->medium, offset, mask, value);
}

const uint8_t *qd_sim_nor_cells(const qd_sim_nor_t *nor) {
    return qd_sim_part(&nor->medium, QD_SIM_CELLS);
}

void qd_sim_nor_load(qd_sim_nor_t *nor, const uint8_t *image) {
    nor->medium.erasing = false;
    qd_sim_medium_load(&nor->medium, image);
    qd_sim_nor_restart(nor);
}

void qd_sim_nor_get_stats(const qd_sim_nor_t *nor, qd_sim_nor_stats_t *stats) {
    stats->operations = nor->medium.operations;
    stats->reads = nor->medium.reads;
    stats->programs = nor->medium.programs;
    stats->programmed_octets = nor->medium.programmed_octets;
    stats->syncs = nor->medium.syncs;
    stats->erases = nor->erases;
    stats->polls = nor->polls;
    stats->violations = nor->violations;
    stats->erases_max = 0;
    for (uint32_t i = 0; i < blocks(nor); i++) {
        uint32_t count = qd_sim_nor_erases(nor, i);

        stats->erases_max = count > stats->erases_max ? count : stats->erases_max;
    }
}
