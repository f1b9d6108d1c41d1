#include "meter/door.h"

#include <string.h>

/* The door's head keeps metrology's state behind it aligned for any object. */
#define HEAD_SIZE ((sizeof(qd_door_t) + 7u) & ~(size_t)7u)

/* The guard is passed by itself: while the door is being built there is none to ask. */
static void open_door(const qd_guard_t *guard) {
    if (guard != NULL) {
        guard->open(guard->context);
    }
}

static void close_door(const qd_guard_t *guard) {
    if (guard != NULL) {
        guard->close(guard->context);
    }
}

static qd_status_t door_poll(void *context, qd_snapshot_t *snapshot) {
    const qd_door_t *door = context;
    qd_snapshot_t told;
    if (door->guard == NULL) {
        return door->inner->poll(door->inner->context,
                                 snapshot); /* no fence: nothing to keep the copy out of */
    }
    open_door(door->guard);
    qd_status_t status = door->inner->poll(door->inner->context, &told);
    close_door(door->guard);
    if (status == QD_OK || status == QD_END) {
        *snapshot = told;
    }
    return status;
}

static qd_status_t door_submit(void *context, const qd_gate_request_t *request) {
    const qd_door_t *door = context;
    open_door(door->guard);
    qd_status_t status = door->inner->submit(door->inner->context, request);
    close_door(door->guard);
    return status;
}

static qd_status_t door_reply(void *context, qd_gate_reply_t *reply) {
    const qd_door_t *door = context;
    qd_gate_reply_t told;
    open_door(door->guard);
    qd_status_t status = door->inner->reply(door->inner->context, &told);
    close_door(door->guard);
    if (status == QD_OK) {
        *reply = told;
    }
    return status;
}

size_t qd_door_size(void) {
    return HEAD_SIZE + qd_metrology_size();
}

/* With the door open. */
static qd_status_t build(void *memory, size_t size, const qd_guard_t *guard,
                         const qd_metrology_config_t *config, const qd_metrology_ports_t *ports,
                         uint64_t tick_us) {
    qd_door_t *door = memory;
    memset(door, 0, sizeof *door);
    door->guard = guard;
    qd_status_t status = qd_metrology_init((uint8_t *)memory + HEAD_SIZE, size - HEAD_SIZE, config, ports,
                                           tick_us, &door->metrology);
    if (status == QD_OK) {
        door->inner = qd_metrology_gate(door->metrology);
        door->gate = (qd_gate_t){door, door_poll, door_submit, door_reply};
    }
    return status;
}

qd_status_t qd_door_init(void *memory, size_t size, const qd_guard_t *guard,
                         const qd_metrology_config_t *config, const qd_metrology_ports_t *ports,
                         uint64_t tick_us, qd_door_t **door) {
    if (memory == NULL || ((uintptr_t)memory & 7u) != 0) {
        return QD_ARGUMENT;
    }
    if (size < qd_door_size()) {
        return QD_NO_SPACE;
    }
    open_door(guard);
    qd_status_t status = build(memory, size, guard, config, ports, tick_us);
    close_door(guard);
    if (status == QD_OK) {
        *door = memory;
    }
    return status;
}

qd_status_t qd_door_run(const qd_door_t *door, const qd_quantities_t *record) {
    open_door(door->guard);
    qd_status_t status = qd_metrology_run(door->metrology, record);
    close_door(door->guard);
    return status;
}

qd_status_t qd_door_commit(const qd_door_t *door) {
    open_door(door->guard);
    qd_status_t status = qd_metrology_commit(door->metrology);
    close_door(door->guard);
    return status;
}

qd_status_t qd_door_commit_notice(const qd_door_t *door) {
    open_door(door->guard);
    qd_status_t status = qd_metrology_commit_notice(door->metrology);
    close_door(door->guard);
    return status;
}

qd_status_t qd_door_storage_note(const qd_door_t *door, qd_journal_code_t code, uint16_t detail) {
    open_door(door->guard);
    qd_status_t status = qd_metrology_storage_note(door->metrology, code, detail);
    close_door(door->guard);
    return status;
}

void qd_door_commit_failed(const qd_door_t *door) {
    open_door(door->guard);
    qd_metrology_commit_failed(door->metrology);
    close_door(door->guard);
}

const qd_gate_t *qd_door_gate(const qd_door_t *door) {
    return &door->gate;
}

uint64_t qd_door_hash(const qd_door_t *door) {
    open_door(door->guard);
    uint64_t hash = qd_metrology_hash(door->metrology);
    close_door(door->guard);
    return hash;
}

int64_t qd_door_utc_ms(const qd_door_t *door, uint64_t tick_us) {
    open_door(door->guard);
    int64_t utc_ms = qd_metrology_utc_ms(door->metrology, tick_us);
    close_door(door->guard);
    return utc_ms;
}
