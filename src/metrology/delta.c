#include "metrology/image.h"

#include <string.h>

/*
 * The image of the delta; all numbers little-endian. Energy in mJ, remainders in nJ.
 *
 * offset  octets  delta record, 34 .. 232 octets as a rule; counts only with the base of its number
 *      0       1  layout, 2
 *      1       1  bit 0 clock valid, bit 1 no-load of the sum, bits 2 .. 4 of L1 .. L3, bit 5 written with notice
 *                 of the supply's end, bit 6 rates changed since the base
 *      2       2  number of the base, bits 0 .. 15
 *      4       2  snapshot number, bits 0 .. 15; at most 30,000 above that of the base
 *      6       6  UTC in ms at the end of the newest interval
 *     12       3  its uncertainty in ms; 2^24 - 1: as much or more, or unknown
 *     15   2 x 3  per output: pulses since the base
 *     21   2 x 4  per output: begun pulse in 1 / 3.6e9
 *     29       4  channels that moved: bits 0 .. 7 the sum under the base's rates, 8 .. 15 L1, and so on
 *     33       1  journal entries since the base
 *     34   n x 6  per channel that moved: energy since the base (4), bits 0 .. 15 of the remainder (2); bit 31 of
 *                 the energy, of a channel of the sum: it has energy under its new rate as well
 *   34+6n   n/2   bits 16 .. 19 of the remainders, two channels per octet, the lower in bits 0 .. 3
 *      ..       4  with bit 6: rates in force, two channels per octet, the lower in bits 0 .. 3
 *      ..   m x 4  with bit 6: per channel with bit 31: energy under its new rate since the base
 */
#define DELTA_LIMIT_MJ 0x80000000u
/* A channel of an ordinary delta stays below this, so that what a notice adds fits: 2^30 mJ in one second are 1,073 kW,
 * in two 536 kW. No pulses are too many while the energy fits: at 100,000 per kWh the
 * four channels of reactive energy, under two rates each, make 715,828. A power of two, as is the one above. */
#define ORDINARY_LIMIT_MJ 0x40000000u
#define BITS_HEAD (QD_MET_BIT_CLOCK | QD_MET_BIT_NO_LOAD | QD_MET_BITS_PHASE_NO_LOAD | BIT_NOTICE | BIT_RATES)
#define DELTA_LAYOUT 2u
#define BIT_NOTICE 0x20u
#define BIT_RATES 0x40u
#define BIT_OTHER 0x80000000u
#define U24_MAX 0xFFFFFFu

#define DELTA_HEAD 34u
#define DELTA_RATES 4u
/* So many channels move in one interval: P, Q and S of the sum and of each phase. */
#define INTERVAL_CHANNELS (3u * QD_MET_SETS)
#define DELTA_LENGTH(channels, others)                                                                       \
    (DELTA_HEAD + (channels)*6u + ((channels) + 1u) / 2u + DELTA_RATES + (others)*4u)
_Static_assert(DELTA_LENGTH(QD_MET_CHANNELS, 0u) - DELTA_RATES <= QD_RECORD_METROLOGY_DELTA_SIZE,
               "the largest ordinary delta fits its record");
_Static_assert(DELTA_LENGTH(QD_MET_MOVED_MAX + INTERVAL_CHANNELS, 3u) <= QD_METROLOGY_NOTICE_MAX,
               "an interval more than an ordinary delta fits a notice");
/* In two intervals six channels of a set move at most: both directions, two quadrants. One of a set whose third quadrant
 * moved before makes seven of it, four before (two quadrants of one direction) eight: 29 of 13 before, as of 12 with
 * quadrants per phase, where all eight of the sum may move. Where nothing but reactive power moved before they are 30. */
_Static_assert(DELTA_LENGTH(30u, 0u) - DELTA_RATES <= QD_METROLOGY_NOTICE_MAX,
               "two intervals more fit a notice when the rates stay");
_Static_assert(DELTA_LENGTH(29u, 7u) <= QD_RECORD_METROLOGY_DELTA_SIZE &&
                   DELTA_LENGTH(28u, 8u) <= QD_RECORD_METROLOGY_DELTA_SIZE,
               "and the record when they change");
/* Of the base in scratch. */
static int64_t base_register(const qd_metrology_t *m, unsigned row, unsigned c) {
    return (int64_t)qd_le64_get(&m->scratch[QD_MET_BASE_REGISTERS_AT + (row * QD_ENERGY_COUNT + c) * 8u]);
}

/* Channels 0..31: the sum under its rates, then the phases. */
static int64_t *channel(qd_metrology_t *m, unsigned index) {
    unsigned c = index % QD_ENERGY_COUNT;
    unsigned row = index < QD_ENERGY_COUNT ? m->rate[c] : QD_RATES + index / QD_ENERGY_COUNT;
    return &m->registers.mj[row][c];
}

/* Rates that changed while the store was busy. */
static void rates_compare(qd_metrology_t *m) {
    qd_met_reference_t *reference = &m->reference;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        m->rate_changed = m->rate_changed || m->rate[c] != reference->rate[c];
        reference->other_mj[c] = base_register(m, m->rate[c], c);
        for (unsigned row = 0; row < QD_MET_RATE_ROWS; row++) {
            if (row != m->rate[c] && row != reference->rate[c] &&
                m->registers.mj[row][c] != base_register(m, row, c)) {
                reference->mixed = true;
            }
        }
    }
}

void qd_met_reference_take(qd_metrology_t *m, bool waited) {
    qd_met_reference_t *reference = &m->reference;
    reference->number = qd_le32_get(&m->scratch[QD_MET_BASE_NUMBER_AT]);
    reference->snapshot = qd_le32_get(&m->scratch[QD_MET_BASE_SNAPSHOT_AT]);
    reference->journal = qd_le32_get(&m->scratch[QD_MET_BASE_JOURNAL_AT]);
    memcpy(reference->rate, &m->scratch[QD_MET_BASE_RATES_AT], sizeof reference->rate);
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        unsigned c = i % QD_ENERGY_COUNT;
        unsigned row = i < QD_ENERGY_COUNT ? reference->rate[c] : QD_RATES + i / QD_ENERGY_COUNT;
        reference->mj[i] = base_register(m, row, c);
        reference->rest_nj[i] = qd_le32_get(&m->scratch[QD_MET_BASE_RESTS_AT + i * 4u]);
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        reference->pulses[i] = qd_le64_get(&m->scratch[QD_MET_BASE_PULSES_AT + i * 12u]);
    }
    reference->valid = true;
    reference->mixed = false;
    m->rate_changed = false;
    m->touched = 0;
    if (waited) {
        m->touched = UINT32_MAX;
        rates_compare(m);
    }
}

/* What of a delta grows with the channels that moved. */
typedef struct moved {
    uint8_t high[QD_MET_CHANNELS + 1u]; /* bits 16 .. 19 of the remainders */
    uint32_t count;
    uint32_t bitmap;
    uint32_t others; /* bits of channels with energy under a new rate */
    bool fits;
} moved_t;

/* Energy of a channel of the sum under the rate that it has since the base. */
static uint64_t other_mj(const qd_metrology_t *m, unsigned c) {
    return m->rate[c] == m->reference.rate[c]
               ? 0
               : (uint64_t)(m->registers.mj[m->rate[c]][c] - m->reference.other_mj[c]);
}

/* Puts the items, 6 octets each. Numbers are those of channel() above, under the base's rates. others of moved is set. Made twice: what a notice
 * alone needs is not asked twelve times in every second. */
static inline void moved_collect(const qd_metrology_t *m, moved_t *moved, uint8_t *items, bool with_others,
                                 uint64_t limit_mj) {
    const uint32_t *rest = m->rest_nj[0];
    const int64_t *phases = m->registers.mj[QD_PAGE_PHASE(0)];
    qd_met_image_t w = {items};
    uint32_t count = 0;
    uint32_t bitmap = 0;
    uint64_t beyond = 0;
    for (uint32_t touched = m->touched; touched != 0; touched &= touched - 1u) {
        unsigned i = (unsigned)__builtin_ctz(touched);
        int64_t now =
            i < QD_ENERGY_COUNT ? m->registers.mj[m->reference.rate[i]][i] : phases[i - QD_ENERGY_COUNT];
        uint64_t mj = (uint64_t)(now - m->reference.mj[i]);
        uint32_t other = with_others ? moved->others >> i & 1u : 0u;
        if (mj != 0 || rest[i] != m->reference.rest_nj[i] || other != 0) {
            qd_met_put32(&w, (uint32_t)mj | other << 31);
            qd_met_put16(&w, (uint16_t)(rest[i] & 0xFFFFu));
            moved->high[count] = (uint8_t)(rest[i] >> 16);
            count++;
            bitmap |= (uint32_t)1 << i;
            beyond |= mj;
        }
    }
    moved->high[count] = 0;
    moved->count = count;
    moved->bitmap = bitmap;
    moved->fits = beyond < limit_mj;
}

/* What stands behind the items. Returns the octets of both. */
static size_t moved_put(uint8_t *at, const moved_t *moved) {
    qd_met_image_t w = {at + moved->count * 6u};
    for (uint32_t n = 0; n < moved->count; n += 2u) {
        qd_met_put8(&w, (uint8_t)(moved->high[n] | (unsigned)moved->high[n + 1u] << 4));
    }
    return (size_t)(w.at - at);
}

/* Which channels have energy under a new rate. false: it is too much for the format. */
static bool others_collect(const qd_metrology_t *m, moved_t *moved) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        uint64_t mj = other_mj(m, c);
        moved->others |= mj != 0 ? (uint32_t)1 << c : 0u;
        if (mj > UINT32_MAX) {
            return false;
        }
    }
    return !m->reference.mixed;
}

static size_t others_put(uint8_t *at, const qd_metrology_t *m, const moved_t *moved) {
    qd_met_image_t w = {at};
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c += 2u) {
        qd_met_put8(&w, (uint8_t)(m->rate[c] | (unsigned)m->rate[c + 1u] << 4));
    }
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        if ((moved->others >> c & 1u) != 0) {
            qd_met_put32(&w, (uint32_t)other_mj(m, c));
        }
    }
    return (size_t)(w.at - at);
}

static void delta_head_put(qd_met_image_t *w, const qd_metrology_t *m, unsigned bits) {
    uint64_t utc_ms = (uint64_t)qd_met_clock_utc(&m->clock, m->tick_us);
    uint32_t uncertainty = qd_met_clock_uncertainty(m, &m->clock, m->tick_us);
    qd_met_put8(w, DELTA_LAYOUT);
    qd_met_put8(w, (uint8_t)(qd_met_head_bits(m, &m->clock) | bits));
    qd_met_put16(w, (uint16_t)m->reference.number);
    qd_met_put16(w, (uint16_t)m->number);
    qd_met_put32(w, (uint32_t)utc_ms);
    qd_met_put16(w, (uint16_t)(utc_ms >> 32));
    qd_met_put24(w, uncertainty < U24_MAX ? uncertainty : U24_MAX);
}

size_t qd_met_delta_encode(const qd_metrology_t *m, uint8_t *at, bool notice, uint32_t *moved_count) {
    moved_t moved;
    unsigned bits = notice ? BIT_NOTICE : 0u;
    moved.others = 0;
    if (notice && m->rate_changed) {
        bits |= BIT_RATES;
        if (!others_collect(m, &moved)) {
            return 0;
        }
    }
    uint64_t limit_mj = notice ? DELTA_LIMIT_MJ : ORDINARY_LIMIT_MJ;
    if (moved.others != 0) {
        moved_collect(m, &moved, at + DELTA_HEAD, true, limit_mj);
    } else {
        moved_collect(m, &moved, at + DELTA_HEAD, false, limit_mj);
    }
    uint64_t pulses[QD_MET_OUTPUTS] = {m->pulse[0].count - m->reference.pulses[0],
                                       m->pulse[1].count - m->reference.pulses[1]};
    uint32_t entries = m->journal_sequence - m->reference.journal;
    if (!moved.fits || (pulses[0] | pulses[1]) > U24_MAX) {
        return 0;
    }
    qd_met_image_t w = {at};
    delta_head_put(&w, m, bits);
    qd_met_put24(&w, (uint32_t)pulses[0]);
    qd_met_put24(&w, (uint32_t)pulses[1]);
    qd_met_put32(&w, m->pulse[0].rest);
    qd_met_put32(&w, m->pulse[1].rest);
    qd_met_put32(&w, moved.bitmap);
    qd_met_put8(&w, (uint8_t)(entries < UINT8_MAX ? entries : UINT8_MAX));
    size_t length = DELTA_HEAD + moved_put(w.at, &moved);
    *moved_count = moved.count;
    if ((bits & BIT_RATES) != 0) {
        size_t room = QD_RECORD_METROLOGY_DELTA_SIZE - length;
        size_t others = DELTA_RATES;
        for (uint32_t left = moved.others; left != 0; left &= left - 1u) {
            others += 4u;
        }
        if (others > room) {
            return 0;
        }
        length += others_put(at + length, m, &moved);
    }
    return length;
}

bool qd_met_energy_far(const qd_metrology_t *m) {
    uint64_t beyond = 0;
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        unsigned c = i % QD_ENERGY_COUNT;
        unsigned row = i < QD_ENERGY_COUNT ? m->reference.rate[c] : QD_RATES + i / QD_ENERGY_COUNT;
        beyond |= (uint64_t)(m->registers.mj[row][c] - m->reference.mj[i]);
    }
    return beyond >= ORDINARY_LIMIT_MJ;
}

/* Octets 0 .. 33 of a delta. */
typedef struct delta_head {
    uint8_t bits;
    uint16_t base;
    uint16_t snapshot;
    uint8_t entries;
    qd_met_clock_t clock;
    uint32_t pulses[QD_MET_OUTPUTS];
    uint32_t rest[QD_MET_OUTPUTS];
    uint32_t bitmap;
} delta_head_t;

static uint32_t reader_u24(qd_reader_t *r) {
    uint32_t low = qd_reader_u16_le(r);
    return low | (uint32_t)qd_reader_u8(r) << 16;
}

static void delta_head_get(qd_reader_t *r, delta_head_t *head) {
    bool good = qd_reader_u8(r) == DELTA_LAYOUT;
    head->bits = qd_reader_u8(r);
    head->base = qd_reader_u16_le(r);
    head->snapshot = qd_reader_u16_le(r);
    uint64_t utc_ms = qd_reader_u32_le(r);
    utc_ms |= (uint64_t)qd_reader_u16_le(r) << 32;
    uint32_t uncertainty = reader_u24(r);
    good = good && (head->bits & (uint8_t)~BITS_HEAD) == 0;
    good = good && qd_met_clock_in_range((int64_t)utc_ms);
    head->clock.utc_us = good ? (int64_t)utc_ms * 1000 : 0;
    head->clock.tick_us = 0;
    head->clock.uncertainty_ms = uncertainty < U24_MAX ? uncertainty : UINT32_MAX;
    head->clock.valid = (head->bits & QD_MET_BIT_CLOCK) != 0;
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        head->pulses[i] = reader_u24(r);
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        head->rest[i] = qd_reader_u32_le(r);
        good = good && head->rest[i] < QD_MET_MJ_PER_KWH;
    }
    head->bitmap = qd_reader_u32_le(r);
    head->entries = qd_reader_u8(r);
    if (!good) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

/* Octets 34 on, without those of new rates. Applied to the state when apply is set, else only judged. Returns the
 * channels with energy under a new rate. */
static uint32_t delta_channels_get(qd_reader_t *r, qd_metrology_t *m, uint32_t bitmap, bool apply) {
    unsigned n = 0;
    uint32_t others = 0;
    for (unsigned i = 0; i < QD_MET_CHANNELS; i++) {
        n += bitmap >> i & 1u;
    }
    const uint8_t *low = qd_reader_octets(r, n * 6u);
    const uint8_t *high = qd_reader_octets(r, (n + 1u) / 2u);
    if (low == NULL || high == NULL) {
        return 0;
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
        if (i < QD_ENERGY_COUNT && (moved & BIT_OTHER) != 0) {
            others |= (uint32_t)1 << i;
            moved &= ~BIT_OTHER;
        }
        if (rest >= QD_MET_NJ_PER_MJ || moved >= DELTA_LIMIT_MJ || *channel(m, i) > INT64_MAX - moved) {
            (void)qd_reader_fail(r, QD_CORRUPT);
        } else if (apply) {
            *channel(m, i) += moved;
            m->rest_nj[i / QD_ENERGY_COUNT][i % QD_ENERGY_COUNT] = rest;
        }
    }
    return others;
}

/* Rates that changed since the base, and the energy under them. */
static void delta_others_get(qd_reader_t *r, qd_metrology_t *m, uint32_t others, bool apply) {
    uint8_t rate[QD_ENERGY_COUNT];
    bool good = true;
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c += 2u) {
        uint8_t pair = qd_reader_u8(r);
        rate[c] = pair & 0x0Fu;
        rate[c + 1u] = pair >> 4;
        good = good && rate[c] <= QD_RATES && rate[c + 1u] <= QD_RATES;
    }
    if (apply) {
        qd_met_rates_set(m, rate);
    }
    for (unsigned c = 0; c < QD_ENERGY_COUNT && good; c++) {
        if ((others >> c & 1u) != 0) {
            uint32_t mj = qd_reader_u32_le(r);
            good = m->registers.mj[rate[c]][c] <= INT64_MAX - mj;
            m->registers.mj[rate[c]][c] += apply && good ? mj : 0;
        }
    }
    if (!good) {
        (void)qd_reader_fail(r, QD_CORRUPT);
    }
}

qd_status_t qd_met_delta_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                                bool *base_ahead) {
    qd_reader_t r;
    delta_head_t head;
    *base_ahead = false;
    for (unsigned pass = 0; pass < 2; pass++) {
        bool apply = pass != 0;
        qd_reader_init(&r, image, length);
        delta_head_get(&r, &head);
        uint32_t others = delta_channels_get(&r, m, head.bitmap, apply);
        if ((head.bits & BIT_RATES) != 0) {
            delta_others_get(&r, m, others, apply);
        } else if (others != 0) {
            (void)qd_reader_fail(&r, QD_CORRUPT);
        }
        if (qd_met_image_end(&r) != QD_OK) {
            return QD_CORRUPT;
        }
        uint16_t base_step = (uint16_t)(head.base - m->base_number);
        uint16_t step = (uint16_t)(head.snapshot - m->number);
        if (!m->reference.valid || base_step != 0) {
            *base_ahead = base_step != 0 && base_step < 0x8000u;
            m->base_number += *base_ahead ? base_step : 0u;
            m->number += step < 0x8000u ? step : 0u; /* a newer base is lost, its numbers stay used */
            return QD_STATE;
        }
        if (apply) {
            m->number += step;
        }
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        m->pulse[i].count += head.pulses[i];
        m->pulse[i].rest = head.rest[i];
    }
    qd_met_no_load_get(m, head.bits);
    m->touched = head.bitmap;
    m->entries_known = m->reference.journal + head.entries;
    m->down_noticed = (head.bits & BIT_NOTICE) != 0;
    *clock = head.clock;
    return QD_OK;
}
