#include "base/cursor.h"
#include "metrology/state.h"

#include <string.h>

/*
 * The record is the ring itself; entry n lies in slot (n - 1) mod 52.
 *
 * offset  octets  journal record, 1,528 octets, always written whole
 *      0       1  layout, 1
 *      1       1  0
 *      2       2  entries held, 0 .. 52
 *      4       4  sequence of the newest entry
 *      8   8 x 8  checkpoint: totals of the channels in mJ when the record was written
 *     72  52x28   slots: UTC ms (8), old value (8), new value (8), detail (2), code (1), clock valid (1)
 */
#define LAYOUT 1u

static uint8_t *slot(qd_metrology_t *m, uint32_t sequence) {
    return &m->journal[QD_MET_JOURNAL_HEAD + (sequence - 1u) % QD_MET_JOURNAL_SLOTS * QD_MET_JOURNAL_ENTRY];
}

static void entry_put(uint8_t *octets, const qd_journal_entry_t *entry) {
    qd_writer_t w;
    qd_writer_init(&w, octets, QD_MET_JOURNAL_ENTRY);
    qd_writer_u64_le(&w, (uint64_t)entry->utc_ms);
    qd_writer_u64_le(&w, (uint64_t)entry->old_value);
    qd_writer_u64_le(&w, (uint64_t)entry->new_value);
    qd_writer_u16_le(&w, entry->detail);
    qd_writer_u8(&w, entry->code);
    qd_writer_u8(&w, entry->clock_valid);
}

void qd_met_journal_append(qd_metrology_t *m, uint8_t code, uint16_t detail, int64_t old_value,
                           int64_t new_value) {
    qd_journal_entry_t entry = {.sequence = m->journal_sequence + 1u,
                                .utc_ms = qd_met_clock_utc(&m->clock, m->tick_us),
                                .clock_valid = m->clock.valid ? 1u : 0u,
                                .code = code,
                                .detail = detail,
                                .old_value = old_value,
                                .new_value = new_value};
    uint8_t *octets = slot(m, entry.sequence);
    memcpy(m->journal_undo, octets, sizeof m->journal_undo);
    m->journal_undo_count = m->journal_count;
    entry_put(octets, &entry);
    m->journal_sequence = entry.sequence;
    if (m->journal_count < QD_MET_JOURNAL_SLOTS) {
        m->journal_count++;
    }
    m->journal_dirty = true;
}

void qd_met_journal_undo(qd_metrology_t *m) {
    memcpy(slot(m, m->journal_sequence), m->journal_undo, sizeof m->journal_undo);
    m->journal_count = m->journal_undo_count;
    m->journal_sequence--;
    m->journal_dirty = true;
    m->journal_busy = false;
}

void qd_met_journal_gap(qd_metrology_t *m) {
    qd_journal_entry_t newest;
    /* Every start appends an entry, so a newest entry that is a gap is one of this start. A measuring
     * element that stutters then fills one entry and not the whole ring. */
    if (qd_met_journal_read(m, 0, &newest) == QD_OK && newest.code == QD_JOURNAL_GAP) {
        newest.old_value += m->gap_count;
        newest.new_value += (int64_t)m->gap_us;
        entry_put(slot(m, newest.sequence), &newest);
        m->journal_dirty = true;
    } else {
        qd_met_journal_append(m, QD_JOURNAL_GAP, 0, m->gap_count, (int64_t)m->gap_us);
    }
    m->gap_us = 0;
    m->gap_count = 0;
}

qd_status_t qd_met_journal_read(const qd_metrology_t *m, uint32_t sequence, qd_journal_entry_t *entry) {
    if (sequence == 0) {
        sequence = m->journal_sequence;
    }
    /* Age 0 is the newest; sequences ahead of it wrap to huge ages. */
    if (m->journal_sequence - sequence >= m->journal_count) {
        return QD_UNDEFINED;
    }
    qd_reader_t r;
    size_t at = QD_MET_JOURNAL_HEAD + (sequence - 1u) % QD_MET_JOURNAL_SLOTS * QD_MET_JOURNAL_ENTRY;
    qd_reader_init(&r, &m->journal[at], QD_MET_JOURNAL_ENTRY);
    entry->sequence = sequence;
    entry->utc_ms = (int64_t)qd_reader_u64_le(&r);
    entry->old_value = (int64_t)qd_reader_u64_le(&r);
    entry->new_value = (int64_t)qd_reader_u64_le(&r);
    entry->detail = qd_reader_u16_le(&r);
    entry->code = qd_reader_u8(&r);
    entry->clock_valid = qd_reader_u8(&r);
    return QD_OK;
}

qd_status_t qd_met_journal_write(qd_metrology_t *m) {
    if (!m->journal_busy) {
        qd_writer_t w;
        qd_writer_init(&w, m->journal, QD_MET_JOURNAL_HEAD);
        qd_writer_u8(&w, LAYOUT);
        qd_writer_u8(&w, 0);
        qd_writer_u16_le(&w, m->journal_count);
        qd_writer_u32_le(&w, m->journal_sequence);
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            qd_writer_u64_le(&w, (uint64_t)m->total_mj[c]);
        }
    }
    qd_status_t status = m->ports.records->write(m->ports.records->context, QD_RECORD_METROLOGY_JOURNAL,
                                                 m->journal, sizeof m->journal);
    m->journal_busy = status == QD_PENDING;
    m->journal_dirty = status != QD_OK;
    if (status == QD_OK) {
        m->since_checkpoint_us = 0;
        qd_met_written(m, QD_MET_WRITTEN_JOURNAL);
    }
    return status;
}

qd_status_t qd_met_journal_mount(qd_metrology_t *m) {
    size_t length = 0;
    qd_status_t status = m->ports.records->read(m->ports.records->context, QD_RECORD_METROLOGY_JOURNAL,
                                                m->journal, sizeof m->journal, &length);
    if (status == QD_OK) {
        qd_reader_t r;
        qd_reader_init(&r, m->journal, length);
        uint8_t layout = qd_reader_u8(&r);
        (void)qd_reader_u8(&r);
        m->journal_count = qd_reader_u16_le(&r);
        m->journal_sequence = qd_reader_u32_le(&r);
        if (length == sizeof m->journal && layout == LAYOUT && m->journal_count <= QD_MET_JOURNAL_SLOTS &&
            m->journal_count <= m->journal_sequence) {
            return QD_OK;
        }
        status = QD_CORRUPT;
    }
    memset(m->journal, 0, sizeof m->journal);
    m->journal_count = 0;
    m->journal_sequence = 0;
    return status;
}

void qd_met_journal_checkpoint(const qd_metrology_t *m, int64_t total_mj[QD_ENERGY_COUNT]) {
    qd_reader_t r;
    qd_reader_init(&r, &m->journal[8], QD_ENERGY_COUNT * sizeof(int64_t));
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        int64_t value = (int64_t)qd_reader_u64_le(&r);
        total_mj[c] = value < 0 ? 0 : value;
    }
}
