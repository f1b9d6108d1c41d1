#include "metrology/state.h"

/* A delta has 16 bits for the snapshot's number and 8 for the journal entries since its base. */
#define NUMBERS_MAX 30000u
#define ENTRIES_MAX 200u

qd_status_t qd_met_stage(qd_metrology_t *m, qd_met_owner_t owner, uint16_t record, size_t length) {
    if (m->owner == QD_MET_NOBODY) {
        m->owner = (uint8_t)owner;
        m->staged_record = record;
        m->staged_length = (uint16_t)length;
    }
    qd_status_t status =
        m->ports.records->write(m->ports.records->context, m->staged_record, m->scratch, m->staged_length);
    if (status != QD_PENDING) {
        m->owner = QD_MET_NOBODY;
    }
    return status;
}

void qd_met_written(qd_metrology_t *m, uint8_t bits) {
    if (m->unproven_closed) {
        m->unproven = 0;
        m->unproven_closed = false;
        qd_met_journal_proven(m);
    }
    m->unproven |= bits;
}

void qd_met_number(qd_metrology_t *m) {
    if (m->generation != m->numbered_generation) {
        m->number++;
        m->numbered_generation = m->generation;
    }
}

qd_status_t qd_met_base_write(qd_metrology_t *m, qd_met_owner_t owner, const qd_met_clock_t *clock) {
    size_t length = 0;
    if (m->owner != QD_MET_NOBODY && m->owner != owner) {
        return QD_BUSY;
    }
    if (m->owner == QD_MET_NOBODY) {
        /* A new number even when the last try failed: no delta on the device can bear it. */
        qd_met_number(m);
        m->base_number++;
        length = qd_met_base_encode(m, clock, m->base_number);
        m->since_base_us = 0;
        m->staged_generation = m->generation;
        m->base_waited = false;
    }
    qd_status_t status = qd_met_stage(m, owner, QD_RECORD_METROLOGY_BASE, length);
    if (status == QD_OK) {
        qd_met_reference_take(m, m->base_waited);
        m->base_wanted = false;
        m->checkpoint_dirty = true;
        qd_met_written(m, QD_MET_WRITTEN_BASE);
        m->committed_generation = m->staged_generation;
    } else if (status == QD_PENDING) {
        m->base_waited = true;
    } else {
        /* It may yet turn up at the next start: nothing may count from the one before. */
        m->reference.valid = false;
    }
    return status;
}

static inline bool too_far(const qd_metrology_t *m) {
    return m->rate_changed || m->number - m->reference.snapshot > NUMBERS_MAX ||
           m->journal_sequence - m->reference.journal > ENTRIES_MAX;
}

static bool base_due(const qd_metrology_t *m) {
    return m->base_wanted || !m->reference.valid || too_far(m) ||
           m->since_base_us >= (uint64_t)m->config->fold_period_s * 1000000u;
}

/* An ordinary delta leaves room for the channels that the next intervals can move, as it does for their energy, so
 * that what a notice writes stays within its bound: else the commit folds. Twelve move per interval, and at most 16
 * when each phase has its own quadrant in the sum. */
static bool moved_too_many(const qd_metrology_t *m, uint32_t moved) {
    return moved > (m->config->sum == QD_SUM_PER_PHASE ? QD_MET_MOVED_MAX_PER_PHASE : QD_MET_MOVED_MAX);
}

bool qd_met_fold_early(const qd_metrology_t *m) {
    uint32_t moved = 0;
    for (uint32_t left = m->touched; left != 0; left &= left - 1u) {
        moved++;
    }
    return too_far(m) || moved_too_many(m, moved) || qd_met_energy_far(m);
}

static size_t delta_make(qd_metrology_t *m) {
    uint32_t moved;
    size_t length = base_due(m) ? 0 : qd_met_delta_encode(m, m->scratch, false, &moved);
    return length > 0 && moved_too_many(m, moved) ? 0 : length;
}

static qd_status_t energy_write(qd_metrology_t *m) {
    size_t length = 0;
    if (m->owner == QD_MET_NOBODY) {
        qd_met_number(m);
        length = delta_make(m);
        m->staged_generation = m->generation;
    }
    if (m->owner == QD_MET_NOBODY ? length == 0 : m->staged_record == QD_RECORD_METROLOGY_BASE) {
        return qd_met_base_write(m, QD_MET_COMMIT, &m->clock);
    }
    qd_status_t status = qd_met_stage(m, QD_MET_COMMIT, QD_RECORD_METROLOGY_DELTA, length);
    if (status == QD_OK) {
        m->committed_generation = m->staged_generation;
    }
    return status;
}

static qd_status_t sealed_write(qd_metrology_t *m) {
    uint8_t image[QD_MET_SEALED_LENGTH];
    size_t length = qd_met_sealed_encode(image, &m->sealed);
    qd_status_t status =
        m->ports.records->write(m->ports.records->context, QD_RECORD_METROLOGY_SEALED, image, length);
    m->sealed_dirty = status != QD_OK;
    if (status == QD_OK) {
        qd_met_written(m, QD_MET_WRITTEN_SEALED);
    }
    return status;
}

/* A delta upon the base that was just written. */
static qd_status_t delta_replace(qd_metrology_t *m) {
    size_t length = delta_make(m);
    if (length == 0) {
        return QD_OK; /* too far already: an ordinary one comes soon */
    }
    qd_status_t status = qd_met_stage(m, QD_MET_COMMIT, QD_RECORD_METROLOGY_DELTA, length);
    m->delta_dirty = status != QD_OK;
    return status;
}

/* What is written seldom. A failure leaves it due; energy comes first. */
static bool rest_write(qd_metrology_t *m, bool checkpoint_due) {
    bool good = true;
    if (m->delta_dirty && m->reference.valid) {
        good = delta_replace(m) == QD_OK;
    }
    if (m->sealed_dirty) {
        good = sealed_write(m) == QD_OK && good;
    }
    if (checkpoint_due) {
        good = qd_met_checkpoint_write(m) == QD_OK && good;
    }
    qd_status_t journal = qd_met_journal_flush(m);
    return (journal == QD_OK || journal == QD_PENDING) && good;
}

qd_status_t qd_metrology_commit(qd_metrology_t *metrology) {
    qd_metrology_t *m = metrology;
    if (m->owner == QD_MET_REQUEST) {
        return QD_BUSY;
    }
    qd_met_journal_gaps(m);
    if (m->owner == QD_MET_NOBODY && m->generation == m->committed_generation && !qd_met_journal_waits(m) &&
        !m->sealed_dirty) {
        return QD_END;
    }
    qd_met_written(m, 0);
    bool checkpoint_due =
        m->checkpoint_dirty; /* of the base of an earlier commit: that one was long enough */
    qd_status_t status = QD_OK;
    if (m->owner != QD_MET_NOBODY || m->generation != m->committed_generation) {
        status = energy_write(m);
    }
    if (status == QD_PENDING) {
        return status;
    }
    m->flags &= (uint16_t)~QD_METER_FLAG_DEGRADED;
    if (status != QD_OK || !rest_write(m, checkpoint_due)) {
        m->flags |= QD_METER_FLAG_DEGRADED;
    }
    m->unproven_closed = true;
    return status;
}

qd_status_t qd_metrology_commit_notice(qd_metrology_t *metrology) {
    qd_metrology_t *m = metrology;
    uint8_t image[QD_RECORD_METROLOGY_DELTA_SIZE];
    uint32_t moved;
    if (!m->reference.valid) {
        return QD_STATE;
    }
    qd_met_number(m);
    size_t length = qd_met_delta_encode(m, image, true, &moved);
    if (length == 0) {
        return QD_STATE;
    }
    /* What was under way shows an older state: should the supply come back, it is made anew. */
    if (m->owner != QD_MET_NOBODY && m->staged_record == QD_RECORD_METROLOGY_BASE) {
        m->base_wanted = true;
    }
    m->owner = QD_MET_NOBODY;
    qd_status_t status =
        m->ports.records->write(m->ports.records->context, QD_RECORD_METROLOGY_DELTA, image, length);
    if (status != QD_OK) {
        m->flags |= QD_METER_FLAG_DEGRADED;
        return status;
    }
    m->committed_generation = m->generation;
    if (qd_met_fold_early(m)) {
        /* Should the supply come back, the notice after this one needs its room again. */
        m->base_wanted = true;
        m->committed_generation = m->generation - 1u;
    }
    return status;
}

void qd_metrology_commit_failed(qd_metrology_t *metrology) {
    qd_metrology_t *m = metrology;
    m->flags |= QD_METER_FLAG_DEGRADED;
    m->committed_generation = m->generation - 1u;
    if ((m->unproven & QD_MET_WRITTEN_BASE) != 0) {
        m->reference.valid = false;
    }
    if ((m->unproven & QD_MET_WRITTEN_SEALED) != 0) {
        m->sealed_dirty = true;
    }
    if ((m->unproven & QD_MET_WRITTEN_CHECKPOINT) != 0) {
        m->checkpoint_dirty = true;
    }
    qd_met_journal_failed(m);
}
