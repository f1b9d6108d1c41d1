#include "metrology/image.h"

/*
 * The images of the base and of the sealed parameters; all numbers little-endian. Energy in mJ, remainders in nJ.
 * That of the delta is in delta.c.
 *
 * offset  octets  base record, 971 octets
 *      0       1  layout, 1
 *      1       1  bit 0 clock valid, bit 1 no-load of the sum, bits 2 .. 4 of L1 .. L3
 *      2       4  number of this base
 *      6       4  snapshot number
 *     10       8  UTC in ms at the end of the newest interval
 *     18       4  its uncertainty in ms
 *     22       8  rate in force per channel
 *     30       4  sequence of the newest journal entry
 *     34      17  copy of the sealed parameters (below, without layout)
 *     51  2 x 12  per output: pulses (8), begun pulse in 1 / 3.6e9 (4)
 *     75  96 x 8  registers: rates 0 .. 8, phases L1 .. L3, 8 channels each
 *    843  32 x 4  remainders: sum, L1 .. L3, 8 channels each
 *
 * offset  octets  sealed record, 18 octets
 *      0       1  layout, 1
 *      1   4 x 2  ct numerator, denominator, vt numerator, denominator
 *      9       1  1: presented for the primary side
 *     10   2 x 4  pulses per kWh and per kvarh
 */
#define LAYOUT 1u
#define BASE_LENGTH 971u
#define BITS_HEAD (QD_MET_BIT_CLOCK | QD_MET_BIT_NO_LOAD | QD_MET_BITS_PHASE_NO_LOAD)

_Static_assert(BASE_LENGTH <= QD_RECORD_METROLOGY_BASE_SIZE, "the base fits its record");
_Static_assert(QD_MET_SEALED_LENGTH <= QD_RECORD_METROLOGY_SEALED_SIZE, "the parameters fit their record");

typedef struct head {
    uint8_t bits;
    uint32_t base;
    uint32_t snapshot;
    qd_met_clock_t clock;
} head_t;

static void head_put(qd_met_image_t *w, const qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base) {
    qd_met_put8(w, LAYOUT);
    qd_met_put8(w, qd_met_head_bits(m, clock));
    qd_met_put32(w, base);
    qd_met_put32(w, m->number);
    qd_met_put64(w, (uint64_t)qd_met_clock_utc(clock, m->tick_us));
    qd_met_put32(w, qd_met_clock_uncertainty(m, clock, m->tick_us));
}

static void head_get(qd_reader_t *r, head_t *head) {
    if (qd_reader_u8(r) != LAYOUT) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
    head->bits = qd_reader_u8(r);
    head->base = qd_reader_u32_le(r);
    head->snapshot = qd_reader_u32_le(r);
    int64_t utc_ms = (int64_t)qd_reader_u64_le(r);
    bool in_range = qd_met_clock_in_range(utc_ms);
    head->clock.utc_us = in_range ? utc_ms * 1000 : 0;
    head->clock.uncertainty_ms = qd_reader_u32_le(r);
    head->clock.valid = (head->bits & QD_MET_BIT_CLOCK) != 0;
    head->clock.tick_us = 0;
    if ((head->bits & (uint8_t)~BITS_HEAD) != 0 || !in_range) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

static void sealed_put(qd_met_image_t *w, const qd_met_sealed_t *sealed) {
    for (unsigned i = 0; i < 4; i++) {
        qd_met_put16(w, sealed->ratio[i]);
    }
    qd_met_put8(w, sealed->primary);
    qd_met_put32(w, sealed->pulse_constant[0]);
    qd_met_put32(w, sealed->pulse_constant[1]);
}

static void sealed_get(qd_reader_t *r, qd_met_sealed_t *sealed) {
    bool good = true;
    for (unsigned i = 0; i < 4; i++) {
        sealed->ratio[i] = qd_reader_u16_le(r);
        good = good && sealed->ratio[i] != 0;
    }
    sealed->primary = qd_reader_u8(r);
    good = good && sealed->primary <= 1;
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        sealed->pulse_constant[i] = qd_reader_u32_le(r);
        good = good && sealed->pulse_constant[i] - 1u < 100000u;
    }
    if (!good) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

size_t qd_met_base_encode(qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base_number) {
    qd_met_image_t w = {m->scratch};
    head_put(&w, m, clock, base_number);
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        qd_met_put8(&w, m->rate[c]);
    }
    qd_met_put32(&w, m->journal_sequence);
    sealed_put(&w, &m->sealed);
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        qd_met_put64(&w, m->pulse[i].count);
        qd_met_put32(&w, m->pulse[i].rest);
    }
    for (unsigned row = 0; row < QD_PAGE_COUNT; row++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            qd_met_put64(&w, (uint64_t)m->registers.mj[row][c]);
        }
    }
    for (unsigned set = 0; set < QD_MET_SETS; set++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            qd_met_put32(&w, m->rest_nj[set][c]);
        }
    }
    return BASE_LENGTH;
}

/* Reads everything after the head twice: first to judge it, then into the state. */
static void base_body_get(qd_reader_t *r, qd_metrology_t *m, qd_met_sealed_t *sealed, uint32_t *journal) {
    bool good = true;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        uint8_t rate = qd_reader_u8(r);
        good = good && rate <= QD_RATES;
        if (m != NULL) {
            m->rate[c] = rate;
        }
    }
    *journal = qd_reader_u32_le(r);
    sealed_get(r, sealed);
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        qd_met_pulse_t pulse;
        pulse.count = qd_reader_u64_le(r);
        pulse.rest = qd_reader_u32_le(r);
        good = good && pulse.rest < QD_MET_MJ_PER_KWH;
        if (m != NULL) {
            m->pulse[i] = pulse;
        }
    }
    for (unsigned i = 0; i < QD_PAGE_COUNT * QD_ENERGY_COUNT; i++) {
        int64_t mj = (int64_t)qd_reader_u64_le(r);
        good = good && mj >= 0;
        if (m != NULL) {
            m->registers.mj[i / QD_ENERGY_COUNT][i % QD_ENERGY_COUNT] = mj;
        }
    }
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        uint32_t nj = qd_reader_u32_le(r);
        good = good && nj < QD_MET_NJ_PER_MJ;
        if (m != NULL) {
            m->rest_nj[i / QD_ENERGY_COUNT][i % QD_ENERGY_COUNT] = nj;
        }
    }
    if (!good) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

qd_status_t qd_met_base_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                               qd_met_sealed_t *sealed) {
    qd_reader_t r;
    head_t head;
    qd_met_sealed_t copy;
    uint32_t journal;
    for (unsigned pass = 0; pass < 2; pass++) {
        qd_reader_init(&r, image, length);
        head_get(&r, &head);
        base_body_get(&r, pass == 0 ? NULL : m, &copy, &journal);
        if (qd_met_image_end(&r) != QD_OK) {
            return QD_CORRUPT;
        }
    }
    *sealed = copy;
    *clock = head.clock;
    qd_met_no_load_get(m, head.bits);
    m->number = head.snapshot;
    m->base_number = head.base;
    return QD_OK;
}

size_t qd_met_sealed_encode(uint8_t image[QD_MET_SEALED_LENGTH], const qd_met_sealed_t *sealed) {
    qd_met_image_t w = {image};
    qd_met_put8(&w, LAYOUT);
    sealed_put(&w, sealed);
    return QD_MET_SEALED_LENGTH;
}

qd_status_t qd_met_sealed_decode(const uint8_t *image, size_t length, qd_met_sealed_t *sealed) {
    qd_reader_t r;
    qd_met_sealed_t read;
    qd_reader_init(&r, image, length);
    if (qd_reader_u8(&r) != LAYOUT) {
        return QD_CORRUPT;
    }
    sealed_get(&r, &read);
    if (qd_met_image_end(&r) != QD_OK) {
        return QD_CORRUPT;
    }
    *sealed = read;
    return QD_OK;
}
