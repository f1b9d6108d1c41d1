#include "base/cursor.h"
#include "metrology/state.h"

#include <string.h>

/*
 * The images of the records; all numbers little-endian. Energy in mJ, remainders in nJ.
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
 * offset  octets  delta record, 42 .. 250 octets; counts only with the base of its number
 *      0       1  layout, 1
 *      1       1  bit 0 clock valid, bit 1 no-load of the sum, bits 2 .. 4 of L1 .. L3
 *      2       4  number of the base
 *      6       4  snapshot number
 *     10       8  UTC in ms at the end of the newest interval
 *     18       4  its uncertainty in ms
 *     22   2 x 4  per output: pulses since the base
 *     30   2 x 4  per output: begun pulse in 1 / 3.6e9
 *     38       4  channels that moved: bits 0 .. 7 the sum under the base's rates, 8 .. 15 L1, and so on
 *     42   n x 6  per channel that moved: energy since the base (4), bits 0 .. 15 of the remainder (2)
 *   42+6n   n/2   bits 16 .. 19 of the remainders, two channels per octet, the lower in bits 0 .. 3
 *
 * offset  octets  sealed record, 18 octets
 *      0       1  layout, 1
 *      1   4 x 2  ct numerator, denominator, vt numerator, denominator
 *      9       1  1: presented for the primary side
 *     10   2 x 4  pulses per kWh and per kvarh
 */
#define LAYOUT 1u
#define BASE_LENGTH 971u
#define DELTA_LIMIT_MJ 0x80000000u
#define BIT_CLOCK 0x01u
#define BIT_NO_LOAD 0x02u
#define BITS_PHASE_NO_LOAD 0x1Cu
#define PHASE_NO_LOAD_AT 2u

/* Where an image of fixed layout grows; its bound is proved at compile time below. A second's delta is
 * written 31 million times a year: compilers turn these stores into one each. */
typedef struct image {
    uint8_t *at;
} image_t;

static inline void put8(image_t *w, uint8_t value) {
    *w->at++ = value;
}

static inline void put16(image_t *w, uint16_t value) {
    w->at[0] = (uint8_t)value;
    w->at[1] = (uint8_t)(value >> 8);
    w->at += 2;
}

static inline void put32(image_t *w, uint32_t value) {
    w->at[0] = (uint8_t)value;
    w->at[1] = (uint8_t)(value >> 8);
    w->at[2] = (uint8_t)(value >> 16);
    w->at[3] = (uint8_t)(value >> 24);
    w->at += 4;
}

static inline void put64(image_t *w, uint64_t value) {
    put32(w, (uint32_t)value);
    put32(w, (uint32_t)(value >> 32));
}

#define DELTA_HEAD 42u
_Static_assert(DELTA_HEAD + QD_MET_CHANNELS * 6u + QD_MET_CHANNELS / 2u <= QD_RECORD_METROLOGY_DELTA_SIZE,
               "the largest delta fits its record");
_Static_assert(BASE_LENGTH <= QD_RECORD_METROLOGY_BASE_SIZE, "the base fits its record");
_Static_assert(QD_MET_SEALED_LENGTH <= QD_RECORD_METROLOGY_SEALED_SIZE, "the parameters fit their record");

typedef struct head {
    uint8_t bits;
    uint32_t base;
    uint32_t snapshot;
    qd_met_clock_t clock;
} head_t;

static void head_put(image_t *w, const qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base) {
    put8(w, LAYOUT);
    put8(w, (uint8_t)((clock->valid ? BIT_CLOCK : 0u) | (m->no_load ? BIT_NO_LOAD : 0u) |
                      m->phase_no_load << PHASE_NO_LOAD_AT));
    put32(w, base);
    put32(w, m->number);
    put64(w, (uint64_t)qd_met_clock_utc(clock, m->tick_us));
    put32(w, qd_met_clock_uncertainty(m, clock, m->tick_us));
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
    head->clock.valid = (head->bits & BIT_CLOCK) != 0;
    head->clock.tick_us = 0;
    if ((head->bits & (uint8_t) ~(BIT_CLOCK | BIT_NO_LOAD | BITS_PHASE_NO_LOAD)) != 0 || !in_range) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

static void no_load_get(qd_metrology_t *m, const head_t *head) {
    m->no_load = (head->bits & BIT_NO_LOAD) != 0;
    m->phase_no_load = (uint32_t)(head->bits & BITS_PHASE_NO_LOAD) >> PHASE_NO_LOAD_AT;
}

static void sealed_put(image_t *w, const qd_met_sealed_t *sealed) {
    for (unsigned i = 0; i < 4; i++) {
        put16(w, sealed->ratio[i]);
    }
    put8(w, sealed->primary);
    put32(w, sealed->pulse_constant[0]);
    put32(w, sealed->pulse_constant[1]);
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

static qd_status_t reader_end(qd_reader_t *r) {
    return r->status == QD_OK && qd_reader_left(r) == 0 ? QD_OK : QD_CORRUPT;
}

size_t qd_met_base_encode(qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base_number) {
    image_t w = {m->scratch};
    head_put(&w, m, clock, base_number);
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        put8(&w, m->rate[c]);
    }
    put32(&w, m->journal_sequence);
    sealed_put(&w, &m->sealed);
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        put64(&w, m->pulse[i].count);
        put32(&w, m->pulse[i].rest);
    }
    for (unsigned row = 0; row < QD_PAGE_COUNT; row++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            put64(&w, (uint64_t)m->registers.mj[row][c]);
        }
    }
    for (unsigned set = 0; set < QD_MET_SETS; set++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            put32(&w, m->rest_nj[set][c]);
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
        if (reader_end(&r) != QD_OK) {
            return QD_CORRUPT;
        }
    }
    *sealed = copy;
    *clock = head.clock;
    no_load_get(m, &head);
    m->number = head.snapshot;
    m->reference.number = head.base;
    if ((int32_t)(journal - m->journal_sequence) > 0) {
        m->journal_sequence = journal; /* the ring was lost; its numbers go on */
    }
    return QD_OK;
}

/* Channels 0..31: the sum under its rates, then the phases. */
static int64_t *channel(qd_metrology_t *m, unsigned index) {
    unsigned c = index % QD_ENERGY_COUNT;
    unsigned row = index < QD_ENERGY_COUNT ? m->rate[c] : QD_RATES + index / QD_ENERGY_COUNT;
    return &m->registers.mj[row][c];
}

void qd_met_reference_take(qd_metrology_t *m) {
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        m->reference.mj[i] = *channel(m, i);
        m->reference.rest_nj[i] = m->rest_nj[i / QD_ENERGY_COUNT][i % QD_ENERGY_COUNT];
    }
    m->reference.pulses[0] = m->pulse[0].count;
    m->reference.pulses[1] = m->pulse[1].count;
    m->reference.rate_generation = m->rate_generation;
    m->touched = 0;
}

/* What of a delta grows with the channels that moved. */
typedef struct moved {
    uint32_t mj[QD_MET_CHANNELS];
    uint32_t rest_nj[QD_MET_CHANNELS];
    uint32_t count;
    uint32_t bitmap;
    bool fits;
} moved_t;

/* Numbers are those of channel() above. */
static void moved_collect(const qd_metrology_t *m, moved_t *moved) {
    const uint32_t *rest = m->rest_nj[0];
    const int64_t *phases = m->registers.mj[QD_PAGE_PHASE(0)];
    uint32_t count = 0;
    uint32_t bitmap = 0;
    uint64_t beyond = 0;
    unsigned i = 0;
    for (uint32_t touched = m->touched; touched != 0; touched >>= 1, i++) {
        if ((touched & 1u) == 0) {
            continue;
        }
        int64_t now = i < QD_ENERGY_COUNT ? m->registers.mj[m->rate[i]][i] : phases[i - QD_ENERGY_COUNT];
        uint64_t mj = (uint64_t)(now - m->reference.mj[i]);
        if (mj != 0 || rest[i] != m->reference.rest_nj[i]) {
            moved->mj[count] = (uint32_t)mj;
            moved->rest_nj[count] = rest[i];
            count++;
            bitmap |= (uint32_t)1 << i;
            beyond |= mj;
        }
    }
    moved->count = count;
    moved->bitmap = bitmap;
    moved->fits = beyond < DELTA_LIMIT_MJ;
}

static size_t moved_put(uint8_t *at, const moved_t *moved) {
    image_t items = {at};
    image_t high = {at + moved->count * 6u};
    for (uint32_t n = 0; n < moved->count; n++) {
        put32(&items, moved->mj[n]);
        put16(&items, (uint16_t)(moved->rest_nj[n] & 0xFFFFu));
    }
    for (uint32_t n = 0; n < moved->count; n += 2u) {
        uint32_t second = n + 1u < moved->count ? moved->rest_nj[n + 1u] : 0;
        put8(&high, (uint8_t)(moved->rest_nj[n] >> 16 | second >> 16 << 4));
    }
    return (size_t)(high.at - at);
}

size_t qd_met_delta_encode(qd_metrology_t *m) {
    moved_t moved;
    moved_collect(m, &moved);
    uint64_t pulses[QD_MET_OUTPUTS] = {m->pulse[0].count - m->reference.pulses[0],
                                       m->pulse[1].count - m->reference.pulses[1]};
    if (!moved.fits || pulses[0] > UINT32_MAX || pulses[1] > UINT32_MAX) {
        return 0;
    }
    image_t w = {m->scratch};
    head_put(&w, m, &m->clock, m->reference.number);
    put32(&w, (uint32_t)pulses[0]);
    put32(&w, (uint32_t)pulses[1]);
    put32(&w, m->pulse[0].rest);
    put32(&w, m->pulse[1].rest);
    put32(&w, moved.bitmap);
    return DELTA_HEAD + moved_put(&m->scratch[DELTA_HEAD], &moved);
}

/* Octets 42 on. Applied to the state when apply is set, else only judged. */
static void delta_channels_get(qd_reader_t *r, qd_metrology_t *m, uint32_t bitmap, bool apply) {
    unsigned n = 0;
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        n += bitmap >> i & 1u;
    }
    const uint8_t *low = qd_reader_octets(r, n * 6u);
    const uint8_t *high = qd_reader_octets(r, (n + 1u) / 2u);
    if (low == NULL || high == NULL) {
        return;
    }
    qd_reader_t items;
    qd_reader_init(&items, low, n * 6u);
    n = 0;
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        if ((bitmap >> i & 1u) == 0) {
            continue;
        }
        uint32_t moved = qd_reader_u32_le(&items);
        uint32_t rest = qd_reader_u16_le(&items);
        rest |= ((uint32_t)high[n / 2u] >> (n % 2u * 4u) & 0xFu) << 16;
        n++;
        if (rest >= QD_MET_NJ_PER_MJ || moved >= DELTA_LIMIT_MJ || *channel(m, i) > INT64_MAX - moved) {
            (void)qd_reader_fail(r, QD_CORRUPT);
        } else if (apply) {
            *channel(m, i) += moved;
            m->rest_nj[i / QD_ENERGY_COUNT][i % QD_ENERGY_COUNT] = rest;
        }
    }
}

qd_status_t qd_met_delta_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                                uint32_t *base_number) {
    qd_reader_t r;
    head_t head;
    uint32_t number[5]; /* pulses, begun pulses, bitmap */
    for (unsigned pass = 0; pass < 2; pass++) {
        qd_reader_init(&r, image, length);
        head_get(&r, &head);
        for (unsigned i = 0; i < 5; i++) {
            number[i] = qd_reader_u32_le(&r);
        }
        delta_channels_get(&r, m, number[4], pass != 0);
        if (reader_end(&r) != QD_OK || number[2] >= QD_MET_MJ_PER_KWH || number[3] >= QD_MET_MJ_PER_KWH) {
            return QD_CORRUPT;
        }
        *base_number = head.base;
        if (head.base != m->reference.number) {
            if ((int32_t)(head.snapshot - m->number) > 0) {
                m->number = head.snapshot; /* the newer base is lost, its numbers stay used */
            }
            return QD_STATE;
        }
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        m->pulse[i].count += number[i];
        m->pulse[i].rest = number[2u + i];
    }
    no_load_get(m, &head);
    m->number = head.snapshot;
    *clock = head.clock;
    return QD_OK;
}

size_t qd_met_sealed_encode(uint8_t image[QD_MET_SEALED_LENGTH], const qd_met_sealed_t *sealed) {
    image_t w = {image};
    put8(&w, LAYOUT);
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
    if (reader_end(&r) != QD_OK) {
        return QD_CORRUPT;
    }
    *sealed = read;
    return QD_OK;
}
