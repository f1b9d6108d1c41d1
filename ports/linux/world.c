/*
 * world.c - simulated time that outlives the process, and the RTC that runs with it.
 *
 * File: two copies of {magic, sequence, state, check}, saved in turn. The layout is this machine's own:
 * the file does not travel.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <string.h>
#include <time.h>

#define MAGIC 0x32574451u       /* "QDW2" */
#define MAGIC_EARLIER 0x574451u /* "QDW" of any version */
#define MAGIC_MASK 0x00FFFFFFu
#define SLOT 256u
#define EPOCH_2000_S INT64_C(946684800)
#define WORDS 10u /* that the check covers */

typedef struct slot {
    uint32_t magic;
    uint32_t sequence;
    qd_linux_world_state_t state;
    uint64_t check;
} slot_t;

_Static_assert(sizeof(slot_t) <= SLOT, "a slot holds one copy");
_Static_assert(offsetof(slot_t, check) == WORDS * sizeof(uint64_t),
               "the check covers whole words, without padding");

/*
 * A save happens in every simulated second, so the check costs a few instructions a word. Each round is a bijection of
 * the word and of what came before: any change within one word is found for certain, any other one but for a
 * chance of 2^-64.
 */
static uint64_t check_of(const slot_t *slot) {
    uint64_t word, check = UINT64_C(0x9E3779B97F4A7C15);

    for (unsigned n = 0; n < WORDS; n++) {
        (void)memcpy(&word, (const uint8_t *)slot + n * sizeof word, sizeof word);
        check = (check ^ word) * UINT64_C(0xD6E8FEB86659FD93);
        check ^= check >> 32;
    }
    return check;
}

static bool load_slot(const qd_linux_world_t *world, uint32_t n, slot_t *slot) {
    (void)memcpy(slot, world->map.octets + (size_t)n * SLOT, sizeof *slot);
    return slot->magic == MAGIC && slot->check == check_of(slot);
}

/* Both copies say that another version of this program wrote them. */
static bool is_other_version(const qd_linux_world_t *world) {
    for (uint32_t n = 0; n < 2; n++) {
        uint32_t magic;

        (void)memcpy(&magic, world->map.octets + (size_t)n * SLOT, sizeof magic);
        if ((magic & MAGIC_MASK) != MAGIC_EARLIER || magic == MAGIC) {
            return false;
        }
    }
    return true;
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
    if (!world->known && is_other_version(world)) {
        (void)qd_linux_map_close(&world->map);
        return qd_linux_fault(
            error, QD_VERSION,
            "%s/%s: was written by another version; run that one, or choose another --name or "
            "--state",
            dir != NULL ? dir->path : "-", name);
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
    slot.magic = MAGIC;
    slot.sequence = world->sequence;
    slot.state = world->state;
    slot.check = 0; /* not covered */
    slot.check = check_of(&slot);
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
