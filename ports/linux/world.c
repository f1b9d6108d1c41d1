/*
 * world.c - simulated time that outlives the process, and the RTC that runs with it.
 *
 * File: two copies of {magic, sequence, state, CRC-32}, saved in turn. The layout is this machine's own:
 * the file does not travel.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <string.h>
#include <time.h>

#define MAGIC 0x31574451u /* "QDW1" */
#define SLOT 256u
#define EPOCH_2000_S INT64_C(946684800)

typedef struct slot {
    uint32_t magic;
    uint32_t sequence;
    qd_linux_world_state_t state;
    uint32_t crc;
    uint32_t padding;
} slot_t;

_Static_assert(sizeof(slot_t) <= SLOT, "a slot holds one copy");

static void crc_table(uint32_t table[256]) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;

        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ ((value & 1u) != 0 ? 0xEDB88320u : 0u);
        }
        table[i] = value;
    }
}

static uint32_t crc_of(const qd_linux_world_t *world, const slot_t *slot) {
    const uint8_t *octet = (const uint8_t *)slot;
    uint32_t crc = 0xFFFFFFFFu;

    for (size_t i = 0; i < offsetof(slot_t, crc); i++) {
        crc = (crc >> 8) ^ world->crc[(crc ^ octet[i]) & 0xFFu];
    }
    return ~crc;
}

static bool load_slot(const qd_linux_world_t *world, uint32_t n, slot_t *slot) {
    (void)memcpy(slot, world->map.octets + (size_t)n * SLOT, sizeof *slot);
    return slot->magic == MAGIC && slot->crc == crc_of(world, slot);
}

static bool is_blank(const qd_linux_map_t *map) {
    for (uint32_t i = 0; i < map->size; i++) {
        if (map->octets[i] != 0) {
            return false;
        }
    }
    return true;
}

qd_status_t qd_linux_world_open(qd_linux_world_t *world, const qd_linux_dir_t *dir, const char *name,
                                qd_linux_error_t *error) {
    qd_status_t status;
    slot_t slot;

    (void)memset(world, 0, sizeof *world);
    crc_table(world->crc);
    status = qd_linux_map_open(&world->map, dir, name, 2 * SLOT, error);
    if (status != QD_OK) {
        return status;
    }
    for (uint32_t n = 0; n < 2; n++) {
        if (load_slot(world, n, &slot) && (!world->known || (int32_t)(slot.sequence - world->sequence) > 0)) {
            world->known = true;
            world->sequence = slot.sequence;
            world->state = slot.state;
            world->state.model[QD_LINUX_MODEL_MAX - 1] = '\0';
        }
    }
    if (!world->known && !is_blank(&world->map)) {
        (void)qd_linux_map_close(&world->map);
        return qd_linux_fault(error, QD_CORRUPT,
                              "%s/%s: neither copy of the world's time is whole; put the file back from a "
                              "copy, or remove it and give "
                              "--start TIME",
                              dir != NULL ? dir->path : "-", name);
    }
    return QD_OK;
}

int64_t qd_linux_world_utc_ms(const qd_linux_world_t *world) {
    return world->start_utc_ms + (int64_t)(world->now_us / 1000u);
}

void qd_linux_world_save(qd_linux_world_t *world, int64_t utc_ms, int64_t host_utc_ms) {
    slot_t slot;

    world->state.utc_ms = utc_ms;
    world->state.host_utc_ms = host_utc_ms;
    world->sequence++;
    (void)memset(&slot, 0, sizeof slot);
    slot.magic = MAGIC;
    slot.sequence = world->sequence;
    slot.state = world->state;
    slot.crc = crc_of(world, &slot);
    qd_linux_map_write(&world->map, (world->sequence & 1u) * SLOT, &slot, sizeof slot);
}

qd_status_t qd_linux_world_close(qd_linux_world_t *world) {
    return qd_linux_map_close(&world->map);
}

int64_t qd_linux_host_utc_ms(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (now.tv_sec - EPOCH_2000_S) * 1000 + now.tv_nsec / 1000000;
}

static qd_status_t rtc_get(void *context, int64_t *utc_ms) {
    const qd_linux_world_t *world = context;

    *utc_ms = world->state.rtc_set != 0 ? qd_linux_world_utc_ms(world) + world->state.rtc_offset_ms : 0;
    return world->state.rtc_set != 0 ? QD_OK : QD_UNAVAILABLE;
}

static qd_status_t rtc_set(void *context, int64_t utc_ms) {
    qd_linux_world_t *world = context;

    world->state.rtc_offset_ms = utc_ms - qd_linux_world_utc_ms(world);
    world->state.rtc_set = 1;
    qd_linux_world_save(world, world->state.utc_ms, world->state.host_utc_ms);
    return QD_OK;
}

qd_rtc_t qd_linux_world_rtc(qd_linux_world_t *world) {
    qd_rtc_t rtc = {.context = world, .get = rtc_get, .set = rtc_set};

    return rtc;
}
