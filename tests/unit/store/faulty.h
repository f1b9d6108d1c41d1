/*
 * faulty.h - a block device and a sealer that fail when they are told to, also as they read: the simulated memories
 * only fail what changes them.
 */
#ifndef QD_TESTS_STORE_FAULTY_H
#define QD_TESTS_STORE_FAULTY_H

#include "quadrant/port/block.h"
#include "store/sealer.h"

/* Calls first .. first + count - 1, counted from 1, answer status instead of doing anything. */
typedef struct plan {
    uint32_t calls, first, count;
    qd_status_t status;
} plan_t;

static inline void plan_set(plan_t *plan, uint32_t first, uint32_t count, qd_status_t status) {
    *plan = (plan_t){0, first, count, status};
}

static inline qd_status_t plan_next(plan_t *plan) {
    plan->calls++;
    return plan->calls >= plan->first && plan->calls - plan->first < plan->count ? plan->status : QD_OK;
}

typedef struct faulty_block {
    qd_block_t inner;
    plan_t read, program;
} faulty_block_t;

static inline qd_status_t faulty_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    faulty_block_t *faulty = context;
    qd_status_t status = plan_next(&faulty->read);

    return status == QD_OK ? faulty->inner.read(faulty->inner.context, offset, buffer, length) : status;
}

static inline qd_status_t faulty_program(void *context, uint32_t offset, const uint8_t *buffer,
                                         uint32_t length) {
    faulty_block_t *faulty = context;
    qd_status_t status = plan_next(&faulty->program);

    return status == QD_OK ? faulty->inner.program(faulty->inner.context, offset, buffer, length) : status;
}

static inline qd_status_t faulty_sync(void *context) {
    faulty_block_t *faulty = context;

    return faulty->inner.sync(faulty->inner.context);
}

static inline qd_status_t faulty_erase_start(void *context, uint32_t offset) {
    faulty_block_t *faulty = context;

    return faulty->inner.erase_start(faulty->inner.context, offset);
}

static inline qd_status_t faulty_erase_poll(void *context) {
    faulty_block_t *faulty = context;

    return faulty->inner.erase_poll(faulty->inner.context);
}

/* port goes through faulty from now on. */
static inline void faulty_block(faulty_block_t *faulty, qd_block_t *port) {
    *faulty = (faulty_block_t){.inner = *port};
    *port = (qd_block_t){faulty,         port->size,  port->erase_size,   faulty_read,
                         faulty_program, faulty_sync, faulty_erase_start, faulty_erase_poll};
}

typedef struct faulty_sealer {
    plan_t seal, open;
} faulty_sealer_t;

static inline qd_status_t faulty_seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in,
                                      size_t length, uint8_t *out, uint8_t *tag) {
    faulty_sealer_t *faulty = context;
    qd_status_t status = plan_next(&faulty->seal);

    return status == QD_OK ? qd_sealer_crc.seal(NULL, nonce, in, length, out, tag) : status;
}

static inline qd_status_t faulty_open(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in,
                                      size_t length, uint8_t *out, const uint8_t *tag) {
    faulty_sealer_t *faulty = context;
    qd_status_t status = plan_next(&faulty->open);

    return status == QD_OK ? qd_sealer_crc.open(NULL, nonce, in, length, out, tag) : status;
}

static inline void faulty_sealer(faulty_sealer_t *faulty, qd_sealer_t *sealer) {
    *faulty = (faulty_sealer_t){0};
    *sealer = (qd_sealer_t){faulty, 4, faulty_seal, faulty_open};
}

#endif
