#include "metrology/state.h"

#define BASE_BIT 0x1u
#define DELTA_BIT 0x2u
#define SEALED_BIT 0x4u
#define JOURNAL_BIT 0x8u

/* The read as the start sees it: what cannot be understood counts as corrupt, a store without the
 * record is the composition's error, everything else a device that does not answer. */
static qd_status_t classify(qd_status_t status) {
    switch (status) {
    case QD_OK:
    case QD_END:
        return status;
    case QD_CORRUPT:
    case QD_NO_SPACE:
    case QD_VERSION:
        return QD_CORRUPT;
    case QD_UNDEFINED:
        return QD_ARGUMENT;
    default:
        return QD_IO;
    }
}

static bool fatal(qd_status_t status) {
    return status == QD_ARGUMENT || status == QD_IO;
}

static qd_status_t load(qd_metrology_t *m, uint16_t record, size_t *length) {
    *length = 0;
    return classify(
        m->ports.records->read(m->ports.records->context, record, m->scratch, sizeof m->scratch, length));
}

static qd_status_t sealed_mount(qd_metrology_t *m) {
    size_t length;
    qd_status_t status = load(m, QD_RECORD_METROLOGY_SEALED, &length);
    return status == QD_OK ? qd_met_sealed_decode(m->scratch, length, &m->sealed) : status;
}

/* Both copies of the base are gone: the last totals that the journal saw go on, under no rate. */
static void base_replace(qd_metrology_t *m) {
    qd_met_journal_checkpoint(m, m->registers.mj[0]);
}

/* Base and delta. Sets the bits of what was lost; *clock is what was last committed. */
static qd_status_t energy_mount(qd_metrology_t *m, unsigned *lost, qd_met_sealed_t *copy,
                                qd_met_clock_t *clock, bool *stored) {
    size_t length;
    uint32_t delta_base = 0;
    qd_status_t base = load(m, QD_RECORD_METROLOGY_BASE, &length);
    if (base == QD_OK) {
        base = qd_met_base_decode(m, m->scratch, length, clock, copy);
    }
    qd_status_t delta = fatal(base) ? base : load(m, QD_RECORD_METROLOGY_DELTA, &length);
    if (fatal(delta)) {
        return delta;
    }
    *stored = base == QD_OK;
    if (base != QD_OK && (base == QD_CORRUPT || delta != QD_END)) {
        *lost |= BASE_BIT;
        base_replace(m);
    }
    if (delta == QD_OK) {
        /* Without a base the number 0 stands, which no base has: the delta is judged, never applied. */
        delta = qd_met_delta_decode(m, m->scratch, length, clock, &delta_base);
    }
    if (delta == QD_CORRUPT) {
        *lost |= DELTA_BIT;
        m->delta_dirty = true;
    } else if (delta == QD_STATE && (int32_t)(delta_base - m->reference.number) > 0) {
        /* The store found only an older copy of the base: what came between is lost. */
        *lost |= BASE_BIT;
        m->reference.number = delta_base;
    }
    return base;
}

static void losses_journal(qd_metrology_t *m, unsigned lost) {
    static const uint16_t record[4] = {QD_RECORD_METROLOGY_BASE, QD_RECORD_METROLOGY_DELTA,
                                       QD_RECORD_METROLOGY_SEALED, QD_RECORD_METROLOGY_JOURNAL};
    for (unsigned i = 0; i < 4; i++) {
        if ((lost >> i & 1u) != 0) {
            m->flags |= QD_METER_FLAG_CORRUPT;
            qd_met_journal_append(m, QD_JOURNAL_RECORD_LOST, record[i], 0, 0);
        }
    }
}

qd_status_t qd_met_mount(qd_metrology_t *m) {
    unsigned lost = 0;
    bool stored = false;
    qd_met_clock_t clock;
    qd_met_sealed_t copy;
    qd_status_t journal = classify(qd_met_journal_mount(m));
    qd_status_t sealed = fatal(journal) ? journal : sealed_mount(m);
    qd_status_t base = fatal(sealed) ? sealed : energy_mount(m, &lost, &copy, &clock, &stored);
    if (fatal(base)) {
        return base;
    }
    /* The journal is written before the first base, so a base without it has lost it. */
    if (journal == QD_CORRUPT || (journal == QD_END && base != QD_END)) {
        lost |= JOURNAL_BIT;
    }
    if (sealed == QD_CORRUPT) {
        lost |= SEALED_BIT;
        if (stored) {
            m->sealed = copy;
        }
        m->sealed_dirty = true;
    }
    qd_met_totals_derive(m);
    qd_met_clock_start(m, stored ? &clock : NULL);
    if (journal == QD_END && base == QD_END && sealed == QD_END) {
        qd_met_journal_append(m, QD_JOURNAL_FORMATTED, 0, 0, 0);
    }
    losses_journal(m, lost);
    qd_met_journal_append(m, QD_JOURNAL_STARTED, 0, 0, m->ports.boot_epoch);
    /* A failure here is not one of the start: the ring stays dirty and goes with the next commit. */
    (void)qd_met_journal_write(m);
    return QD_OK;
}
