#include "metrology/state.h"

#include <string.h>

#define BASE_BIT 0x1u
#define DELTA_BIT 0x2u
#define SEALED_BIT 0x4u
#define CHECKPOINT_BIT 0x8u
#define JOURNAL_BIT 0x10u

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

/* Both copies of the base are gone: the last totals that were kept go on, under no rate. */
static void base_replace(qd_metrology_t *m, const qd_met_checkpoint_t *checkpoint) {
    memcpy(m->registers.mj[0], checkpoint->total_mj, sizeof checkpoint->total_mj);
    m->base_number = checkpoint->base;
    m->number = checkpoint->snapshot;
    m->entries_known = checkpoint->journal;
}

/* Base and delta. Sets the bits of what was lost; *clock is what was last committed. */
static qd_status_t energy_mount(qd_metrology_t *m, const qd_met_checkpoint_t *checkpoint, unsigned *lost,
                                qd_met_sealed_t *copy, qd_met_clock_t *clock, bool *stored) {
    size_t length;
    bool ahead = false;
    qd_status_t base = load(m, QD_RECORD_METROLOGY_BASE, &length);
    if (base == QD_OK) {
        base = qd_met_base_decode(m, m->scratch, length, clock, copy);
    }
    *stored = base == QD_OK;
    if (*stored) {
        qd_met_reference_take(m, false);
        m->entries_known = m->reference.journal;
    }
    qd_status_t delta = fatal(base) ? base : load(m, QD_RECORD_METROLOGY_DELTA, &length);
    if (fatal(delta)) {
        return delta;
    }
    if (base == QD_CORRUPT || (base == QD_END && (delta != QD_END || checkpoint->base != 0))) {
        *lost |= BASE_BIT;
        base_replace(m, checkpoint);
    }
    if (delta == QD_OK) {
        delta = qd_met_delta_decode(m, m->scratch, length, clock, &ahead);
    }
    if (delta == QD_CORRUPT) {
        *lost |= DELTA_BIT;
        m->delta_dirty = true;
    } else if (ahead) {
        *lost |= BASE_BIT; /* the store found only an older copy of the base: what came between is lost */
    }
    return base;
}

/* The newest entry that a record knows of must be there. */
static qd_status_t journal_mount(qd_metrology_t *m, unsigned *lost) {
    qd_status_t status = qd_met_journal_mount(m);
    if (status == QD_UNDEFINED) {
        return QD_ARGUMENT;
    }
    if ((int32_t)(m->entries_known - m->journal_sequence) > 0 || (status != QD_OK && status != QD_END)) {
        *lost |= JOURNAL_BIT;
        m->journal_sequence = m->entries_known > m->journal_sequence ? m->entries_known : m->journal_sequence;
    }
    return status == QD_END ? QD_END : QD_OK;
}

static void losses_journal(qd_metrology_t *m, unsigned lost) {
    static const uint16_t record[5] = {QD_RECORD_METROLOGY_BASE, QD_RECORD_METROLOGY_DELTA,
                                       QD_RECORD_METROLOGY_SEALED, QD_RECORD_METROLOGY_CHECKPOINT,
                                       QD_LOG_METROLOGY_JOURNAL};
    for (unsigned i = 0; i < 5; i++) {
        if ((lost >> i & 1u) != 0) {
            m->flags |= QD_METER_FLAG_CORRUPT;
            (void)qd_met_journal_add(m, QD_JOURNAL_RECORD_LOST, record[i], 0, 0);
        }
    }
}

static void start_journal(qd_metrology_t *m, unsigned lost, bool blank) {
    if (blank) {
        (void)qd_met_journal_add(m, QD_JOURNAL_FORMATTED, 0, 0, 0);
    }
    losses_journal(m, lost);
    (void)qd_met_journal_add(m, QD_JOURNAL_STARTED, m->down_noticed ? 1u : 0u, m->down_utc_ms,
                             m->ports.boot_epoch);
    /* A failure here is not one of the start: the entries wait for the next commit. */
    (void)qd_met_journal_flush(m);
}

qd_status_t qd_met_mount(qd_metrology_t *m) {
    unsigned lost = 0;
    bool stored = false;
    qd_met_clock_t clock;
    qd_met_sealed_t copy;
    qd_met_checkpoint_t kept;
    qd_status_t checkpoint = classify(qd_met_checkpoint_load(m, &kept));
    qd_status_t sealed = fatal(checkpoint) ? checkpoint : sealed_mount(m);
    qd_status_t base = fatal(sealed) ? sealed : energy_mount(m, &kept, &lost, &copy, &clock, &stored);
    if (fatal(base)) {
        return base;
    }
    qd_status_t journal = journal_mount(m, &lost);
    if (journal == QD_ARGUMENT) {
        return journal;
    }
    if (sealed == QD_CORRUPT) {
        lost |= SEALED_BIT;
        if (stored) {
            m->sealed = copy;
        }
        m->sealed_dirty = true;
    }
    if (checkpoint == QD_CORRUPT) {
        lost |= CHECKPOINT_BIT;
        m->checkpoint_dirty = true;
    }
    qd_met_totals_derive(m);
    m->down_utc_ms = stored ? qd_met_clock_ms(clock.utc_us) : INT64_MIN;
    qd_met_clock_start(m, stored ? &clock : NULL);
    start_journal(m, lost, lost == 0 && journal == QD_END && base == QD_END && sealed == QD_END);
    return QD_OK;
}
