#include "metrology/state.h"

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
        /* A new number even when the last try failed: no delta on the device can bear it. Until the
         * write has succeeded there is no base to count from, so that a failure leads to a base. */
        qd_met_number(m);
        m->reference.number++;
        m->reference.valid = false;
        length = qd_met_base_encode(m, clock, m->reference.number);
        qd_met_reference_take(m);
        m->since_base_us = 0;
        m->staged_generation = m->generation;
    }
    qd_status_t status = qd_met_stage(m, owner, QD_RECORD_METROLOGY_BASE, length);
    if (status == QD_OK) {
        m->reference.valid = true;
        qd_met_written(m, QD_MET_WRITTEN_BASE);
        m->committed_generation = m->staged_generation;
    }
    return status;
}

static bool base_due(const qd_metrology_t *m) {
    return !m->reference.valid || m->reference.rate_generation != m->rate_generation ||
           m->since_base_us >= (uint64_t)m->config->fold_period_s * 1000000u;
}

static qd_status_t energy_write(qd_metrology_t *m) {
    size_t length = 0;
    if (m->owner == QD_MET_NOBODY) {
        qd_met_number(m);
        length = base_due(m) ? 0 : qd_met_delta_encode(m);
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
    size_t length = qd_met_delta_encode(m);
    if (length == 0 || base_due(m)) {
        return QD_OK; /* too far already: an ordinary one comes soon */
    }
    qd_status_t status = qd_met_stage(m, QD_MET_COMMIT, QD_RECORD_METROLOGY_DELTA, length);
    m->delta_dirty = status != QD_OK;
    return status;
}

/* What is written seldom. A failure leaves it due; energy comes first. */
static bool rest_write(qd_metrology_t *m) {
    bool good = true;
    if (m->delta_dirty && m->reference.valid) {
        good = delta_replace(m) == QD_OK;
    }
    if (m->sealed_dirty) {
        good = sealed_write(m) == QD_OK && good;
    }
    if (m->journal_dirty || m->since_checkpoint_us >= QD_MET_CHECKPOINT_US) {
        good = qd_met_journal_write(m) == QD_OK && good;
    }
    return good;
}

qd_status_t qd_metrology_commit(qd_metrology_t *metrology) {
    qd_metrology_t *m = metrology;
    bool request_works = m->outstanding && !m->done;
    if (m->owner == QD_MET_REQUEST) {
        return QD_BUSY;
    }
    /* A request may be about to take its journal entry back, which must be the newest then. */
    if (m->gap_count > 0 && !m->journal_busy && !request_works) {
        qd_met_journal_gap(m);
    }
    if (m->owner == QD_MET_NOBODY && m->generation == m->committed_generation && !m->journal_dirty &&
        !m->sealed_dirty) {
        return QD_END;
    }
    qd_met_written(m, 0);
    qd_status_t status = QD_OK;
    if (m->owner != QD_MET_NOBODY || m->generation != m->committed_generation) {
        status = energy_write(m);
    }
    if (status == QD_PENDING) {
        return status;
    }
    m->flags &= (uint16_t)~QD_METER_FLAG_DEGRADED;
    if (status != QD_OK || !rest_write(m)) {
        m->flags |= QD_METER_FLAG_DEGRADED;
    }
    m->unproven_closed = true;
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
    if ((m->unproven & QD_MET_WRITTEN_JOURNAL) != 0) {
        m->journal_dirty = true;
    }
}
