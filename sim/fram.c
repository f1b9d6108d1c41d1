#include "medium.h"

size_t qd_sim_fram_memory(uint32_t size) {
    return (size_t)QD_SIM_PARTS * size;
}

void qd_sim_fram_init(qd_sim_fram_t *fram, void *memory, uint32_t size, uint8_t fill, uint64_t seed) {
    qd_sim_medium_init(&fram->medium, memory, size, 0, fill, seed);
}

void qd_sim_fram_copy(qd_sim_fram_t *copy, void *memory, const qd_sim_fram_t *fram) {
    qd_sim_medium_copy(&copy->medium, memory, &fram->medium);
}

static qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    qd_sim_fram_t *fram = context;

    if (qd_sim_medium_is_outside(&fram->medium, offset, length)) {
        return QD_ARGUMENT;
    }
    if (qd_sim_medium_is_dead(&fram->medium)) {
        return QD_IO;
    }
    qd_sim_medium_read(&fram->medium, offset, buffer, length);
    return QD_OK;
}

static qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_sim_fram_t *fram = context;

    if (qd_sim_medium_is_outside(&fram->medium, offset, length)) {
        return QD_ARGUMENT;
    }
    if (qd_sim_medium_is_dead(&fram->medium)) {
        return QD_IO;
    }
    return qd_sim_medium_program(&fram->medium, offset, buffer, length);
}

static qd_status_t fram_sync(void *context) {
    qd_sim_fram_t *fram = context;

    return qd_sim_medium_is_dead(&fram->medium) ? QD_IO : qd_sim_medium_sync(&fram->medium);
}

void qd_sim_fram_port(qd_sim_fram_t *fram, qd_block_t *port) {
    *port = (qd_block_t){.context = fram,
                         .size = fram->medium.size,
                         .erase_size = 0,
                         .read = fram_read,
                         .program = fram_program,
                         .sync = fram_sync,
                         .erase_start = NULL,
                         .erase_poll = NULL};
}

qd_status_t qd_sim_fram_attach(qd_sim_fram_t *fram, qd_sim_supply_t *supply) {
    return qd_sim_supply_attach(supply, &fram->medium);
}

void qd_sim_fram_cut(qd_sim_fram_t *fram, uint32_t operation, qd_sim_torn_t torn,
                     qd_sim_unsynced_t unsynced) {
    fram->medium.cut_at = operation;
    fram->medium.cut_torn = (uint8_t)torn;
    fram->medium.cut_unsynced = (uint8_t)unsynced;
}

void qd_sim_fram_power_off(qd_sim_fram_t *fram, qd_sim_unsynced_t unsynced) {
    qd_sim_supply_fail_between(&fram->medium, (uint8_t)unsynced);
}

void qd_sim_fram_restart(qd_sim_fram_t *fram) {
    qd_sim_medium_restart(&fram->medium);
}

bool qd_sim_fram_is_dead(const qd_sim_fram_t *fram) {
    return qd_sim_medium_is_dead(&fram->medium);
}

void qd_sim_fram_seed(qd_sim_fram_t *fram, uint64_t seed) {
    qd_sim_medium_seed(&fram->medium, seed);
}

void qd_sim_fram_fail(qd_sim_fram_t *fram, uint32_t first, uint32_t count, qd_status_t status) {
    fram->medium.fail_at = first;
    fram->medium.fail_count = count;
    fram->medium.fail_status = status;
}

void qd_sim_fram_flip(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask) {
    qd_sim_medium_flip(&fram->medium, offset, mask);
}

qd_status_t qd_sim_fram_stick(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask, uint8_t value) {
    return qd_sim_medium_stick(&fram->medium, offset, mask, value);
}

const uint8_t *qd_sim_fram_cells(const qd_sim_fram_t *fram) {
    return qd_sim_part(&fram->medium, QD_SIM_CELLS);
}

void qd_sim_fram_load(qd_sim_fram_t *fram, const uint8_t *image) {
    qd_sim_medium_load(&fram->medium, image);
    qd_sim_medium_restart(&fram->medium);
}

void qd_sim_fram_get_stats(const qd_sim_fram_t *fram, qd_sim_fram_stats_t *stats) {
    stats->operations = fram->medium.operations;
    stats->reads = fram->medium.reads;
    stats->programs = fram->medium.programs;
    stats->programmed_octets = fram->medium.programmed_octets;
    stats->syncs = fram->medium.syncs;
}
