/*
 * quantities.c - the measuring element: records out of a ring that the host fills as a DMA would.
 *
 * Records end on the feeder's own time; the first of a feeder is laid on the board's tick, the others keep their
 * distance. A slot that holds another record than the next one, or a sum that does not fit, is an overrun: what was
 * overwritten is counted, and the meter sees a gap.
 * When the supply fails the begun interval is cut: its part is booked, and of its record, should it ever come, what is
 * left.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <string.h>

typedef struct element {
    uint32_t epoch;    /* of the feeder; 0: none yet */
    uint32_t next;     /* sequence of the next record */
    bool anchored;     /* offset_us holds */
    int64_t offset_us; /* tick minus the feeder's time */
    uint64_t last_us;  /* tick at which the newest record given has ended */
    bool cut;          /* of the next record everything before last_us was given */
} element_t;

static element_t element;

static volatile qd_mps2_ring_t *ring(void) {
    return (volatile qd_mps2_ring_t *)(uintptr_t)(QD_SHARED_BASE + QD_MPS2_RING_AT);
}

static const qd_mps2_record_t *slot(uint32_t sequence) {
    return (const qd_mps2_record_t *)(uintptr_t)(QD_SHARED_BASE + QD_MPS2_RING_AT + QD_MPS2_RING_RECORDS) +
           sequence % QD_MPS2_RING_SLOTS;
}

/* A new feeder: whatever the old one left is void. */
static void meet(uint32_t epoch) {
    element.epoch = epoch;
    element.next = ring()->tail;
    element.anchored = false;
    element.cut = false;
}

/* The next record as it stands, past what an overrun took. False: there is none. */
static bool fetch(qd_mps2_record_t *record) {
    uint32_t epoch = ring()->epoch;
    if (ring()->magic != QD_MPS2_RING_MAGIC || epoch == 0) {
        return false;
    }
    if (epoch != element.epoch) {
        meet(epoch);
    }
    for (uint32_t tries = 0; tries < QD_MPS2_RING_SLOTS; tries++) {
        uint32_t head = ring()->head;
        uint32_t waiting = head - element.next;
        if (waiting == 0) {
            return false;
        }
        if (waiting > QD_MPS2_RING_SLOTS) {
            ring()->lost += waiting - QD_MPS2_RING_SLOTS;
            element.next = head - QD_MPS2_RING_SLOTS;
            element.cut = false;
        }
        if (slot(element.next)->sequence == element.next) {
            memcpy(record, slot(element.next), sizeof *record);
            if (record->sequence == element.next && record->sum == qd_mps2_sum(record)) {
                return true;
            }
        }
        /* Overwritten while it was read: it is lost, and the next one may still be whole. */
        ring()->lost++;
        element.next++;
        element.cut = false;
    }
    return false;
}

/* The interval that runs. False: its time or its quantities are not known. */
static bool look_at_running(qd_mps2_record_t *record) {
    memcpy(record, (const void *)(uintptr_t)(QD_SHARED_BASE + QD_MPS2_RING_AT + QD_MPS2_RING_RUNNING),
           sizeof *record);
    return ring()->epoch == element.epoch && record->sequence == element.next &&
           record->sum == qd_mps2_sum(record);
}

static uint64_t tick_of(const qd_mps2_record_t *record, uint64_t tick_us) {
    if (!element.anchored) {
        element.anchored = true;
        /* It ends now, or later when it would reach into what is booked or lies before the start. */
        uint64_t earliest = element.last_us + record->duration_us;
        element.offset_us = (int64_t)((tick_us > earliest ? tick_us : earliest) - record->end_us);
    }
    return record->end_us + (uint64_t)element.offset_us;
}

static void convert(const qd_mps2_record_t *from, uint64_t begin_us, uint64_t end_us, qd_quantities_t *to) {
    memset(to, 0, sizeof *to);
    to->tick_us = end_us;
    to->duration_us = (uint32_t)(end_us - begin_us);
    to->frequency_mhz = from->frequency_mhz;
    for (unsigned i = 0; i < QD_PHASES; i++) {
        const qd_mps2_phase_t *phase = &from->phase[i];
        to->phase[i] = (qd_phase_quantities_t){
            .voltage_mv = phase->voltage_mv,
            .current_ma = phase->current_ma,
            .active_power_mw = phase->active_power_mw,
            .reactive_power_mvar = phase->reactive_power_mvar,
            .voltage_angle_ddeg = phase->voltage_angle_ddeg,
            .current_angle_ddeg = phase->current_angle_ddeg,
            .valid = phase->valid != 0,
        };
    }
}

/* Of a record that was cut the rest begins where the part has ended. */
static uint64_t begin_of(const qd_mps2_record_t *record, uint64_t end_us) {
    uint64_t begin_us = end_us - record->duration_us;
    return element.cut && begin_us < element.last_us ? element.last_us : begin_us;
}

static qd_status_t take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    (void)context;
    qd_mps2_record_t raw;
    while (fetch(&raw)) {
        uint64_t end_us = tick_of(&raw, tick_us);
        if (end_us > tick_us) {
            return QD_END;
        }
        uint64_t begin_us = begin_of(&raw, end_us);
        bool given = element.cut && begin_us >= end_us;
        element.next++;
        element.cut = false;
        ring()->tail = element.next;
        if (given) {
            continue;
        }
        /* Two feeders, or one that stood still and caught up: intervals never overlap. */
        if (begin_us >= end_us || begin_us < element.last_us) {
            ring()->lost++;
            continue;
        }
        element.last_us = end_us;
        convert(&raw, begin_us, end_us, record);
        return QD_OK;
    }
    return QD_END;
}

/* Records that are due come first, as with take. Then the part of the next one: of its record when the host was early,
 * else of the interval that runs. Before a feeder's first record nothing says when it began: there is none. */
static qd_status_t cut(void *context, uint64_t tick_us, qd_quantities_t *record) {
    qd_mps2_record_t raw;
    if (take(context, tick_us, record) == QD_OK) {
        return QD_OK;
    }
    bool known = fetch(&raw) || look_at_running(&raw);
    if (!known || !element.anchored || raw.duration_us == 0) {
        return QD_END;
    }
    uint64_t end_us = raw.end_us + (uint64_t)element.offset_us;
    uint64_t begin_us = begin_of(&raw, end_us);
    end_us = end_us < tick_us ? end_us : tick_us;
    if (begin_us >= end_us || begin_us < element.last_us) {
        return QD_END;
    }
    element.last_us = end_us;
    element.cut = true;
    convert(&raw, begin_us, end_us, record);
    return QD_OK;
}

bool qd_board_quantities_due(uint64_t tick_us) {
    qd_mps2_record_t raw;
    return fetch(&raw) && (!element.anchored || tick_of(&raw, tick_us) <= tick_us);
}

static const qd_quantities_port_t quantities = {.take = take, .cut = cut};

const qd_quantities_port_t *qd_board_quantities(void) {
    return &quantities;
}
