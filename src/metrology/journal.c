#include "base/cursor.h"
#include "metrology/state.h"

#include <string.h>

/*
 * Row of the log, 34 octets, little-endian:
 *
 * offset  octets
 *      0       4  sequence of the entry, from 1
 *      4       8  UTC in ms
 *     12   2 x 8  old value, new value
 *     28       2  detail
 *     30       2  entries before this one that could not be kept
 *     32       1  code
 *     33       1  1: the clock was valid
 *
 * The sequence is metrology's own: the log numbers rows too, but begins again when its head is lost. An entry gets
 * its number with the append that succeeds. While it waits in the queue the number is 0, or 1 for the entry of the
 * request in hand, which alone may be taken back.
 */
#define UTC_AT 4u
#define LOST_AT 30u
#define TAG_WAITS 0u
#define TAG_REQUEST 1u
#define UTC_S_MAX ((int64_t)UINT32_MAX - 1)
#define DAY_US (24u * QD_MET_HOUR_US)
#define GAP_ENTRIES_MAX 15u

static void number_put(uint8_t *row, uint32_t number) {
    qd_writer_t w;
    qd_writer_init(&w, row, 4);
    qd_writer_u32_le(&w, number);
}

static uint32_t number_get(const uint8_t *row) {
    qd_reader_t r;
    qd_reader_init(&r, row, 4);
    return qd_reader_u32_le(&r);
}

static void queue_shift(qd_metrology_t *m, unsigned from, unsigned count) {
    memmove(&m->queue[from], &m->queue[from + count], (m->queue_count - from - count) * sizeof m->queue[0]);
    m->queue_count = (uint8_t)(m->queue_count - count);
}

bool qd_met_journal_full(const qd_metrology_t *m) {
    return m->queue_count == QD_MET_JOURNAL_QUEUE && m->queue_appended == 0;
}

static uint16_t lost_sum(const qd_metrology_t *m, unsigned more) {
    return (uint16_t)(m->journal_lost + more < UINT16_MAX ? m->journal_lost + more : UINT16_MAX);
}

bool qd_met_journal_add(qd_metrology_t *m, uint8_t code, uint16_t detail, int64_t old_value,
                        int64_t new_value) {
    if (qd_met_journal_full(m)) {
        m->journal_lost = lost_sum(m, 1);
        return false;
    }
    if (m->queue_count == QD_MET_JOURNAL_QUEUE) {
        queue_shift(m, 0, 1);
        m->queue_appended--;
        m->queue_dropped = (uint8_t)(m->queue_dropped < UINT8_MAX ? m->queue_dropped + 1u : UINT8_MAX);
    }
    qd_writer_t w;
    qd_writer_init(&w, m->queue[m->queue_count].octets, QD_LOG_METROLOGY_JOURNAL_ROW);
    qd_writer_u32_le(&w, TAG_WAITS);
    qd_writer_u64_le(&w, (uint64_t)qd_met_clock_utc(&m->clock, m->tick_us));
    qd_writer_u64_le(&w, (uint64_t)old_value);
    qd_writer_u64_le(&w, (uint64_t)new_value);
    qd_writer_u16_le(&w, detail);
    qd_writer_u16_le(&w, m->journal_lost);
    qd_writer_u8(&w, code);
    qd_writer_u8(&w, m->clock.valid ? 1u : 0u);
    m->queue_count++;
    m->journal_lost = 0;
    return true;
}

void qd_met_journal_claim(qd_metrology_t *m) {
    number_put(m->queue[m->queue_count - 1u].octets, TAG_REQUEST);
}

void qd_met_journal_drop(qd_metrology_t *m) {
    for (unsigned i = m->queue_appended; i < m->queue_count; i++) {
        if (number_get(m->queue[i].octets) == TAG_REQUEST) {
            const uint8_t *lost = &m->queue[i].octets[LOST_AT];
            m->journal_lost = lost_sum(m, lost[0] | (unsigned)lost[1] << 8);
            queue_shift(m, i, 1);
            return;
        }
    }
}

static qd_status_t append(qd_metrology_t *m, qd_met_row_t *row) {
    qd_met_row_t numbered = *row;
    qd_reader_t r;
    uint32_t number = m->journal_sequence + 1u;
    number_put(numbered.octets, number);
    qd_reader_init(&r, &row->octets[UTC_AT], 8);
    int64_t utc_s = (int64_t)qd_reader_u64_le(&r) / 1000;
    utc_s = utc_s < 0 ? 0 : utc_s > UTC_S_MAX ? UTC_S_MAX : utc_s;
    qd_status_t status = m->ports.logs->append(m->ports.logs->context, QD_LOG_METROLOGY_JOURNAL, utc_s,
                                               numbered.octets, sizeof numbered.octets, NULL);
    if (status == QD_OK) {
        if (number_get(row->octets) == TAG_REQUEST) {
            m->request_entry = number;
        }
        *row = numbered;
        m->journal_sequence = number;
    }
    return status;
}

qd_status_t qd_met_journal_flush(qd_metrology_t *m) {
    bool moving = false;
    if (!qd_met_journal_waits(m)) {
        return QD_OK;
    }
    qd_met_written(m, 0);
    while (qd_met_journal_waits(m)) {
        qd_status_t status = append(m, &m->queue[m->queue_appended]);
        if (status == QD_NO_SPACE && moving) {
            return QD_PENDING; /* the group has had its share; the next one takes more */
        }
        if (status != QD_OK) {
            return status;
        }
        moving = true;
        m->queue_appended++;
    }
    return QD_OK;
}

void qd_met_journal_gaps(qd_metrology_t *m) {
    if (m->gap_count == 0 || qd_met_journal_full(m) ||
        (m->gap_entries > 0 && m->tick_us - m->gap_entry_us < QD_MET_HOUR_US << (m->gap_entries - 1u))) {
        return;
    }
    (void)qd_met_journal_add(m, QD_JOURNAL_GAP, 0, m->gap_count, (int64_t)m->gap_us);
    m->gap_us = 0;
    m->gap_count = 0;
    m->gap_entries = (uint8_t)(m->gap_entries < GAP_ENTRIES_MAX ? m->gap_entries + 1u : GAP_ENTRIES_MAX);
    m->gap_entry_us = m->tick_us;
}

qd_status_t qd_metrology_storage_note(qd_metrology_t *metrology, qd_journal_code_t code, uint16_t detail) {
    qd_metrology_t *m = metrology;
    if (code != QD_JOURNAL_STORAGE_REPAIRED && code != QD_JOURNAL_STORAGE_LOST) {
        return QD_ARGUMENT;
    }
    if (m->notes == 0 || m->tick_us - m->notes_us >= DAY_US) {
        m->notes = 0;
        m->notes_us = m->tick_us;
    }
    if (m->notes >= QD_MET_NOTES_PER_DAY || qd_met_journal_full(m)) {
        m->notes_more++;
        return QD_OK;
    }
    (void)qd_met_journal_add(m, (uint8_t)code, detail, m->notes_more, 0);
    m->notes_more = 0;
    m->notes++;
    return QD_OK;
}

void qd_met_journal_proven(qd_metrology_t *m) {
    queue_shift(m, 0, m->queue_appended);
    m->queue_appended = 0;
    m->queue_dropped = 0;
}

static qd_status_t span_get(const qd_metrology_t *m, qd_log_span_t *span) {
    return m->ports.logs->span(m->ports.logs->context, QD_LOG_METROLOGY_JOURNAL, span);
}

static qd_status_t row_get(const qd_metrology_t *m, uint32_t at, qd_met_row_t *row, uint32_t *number) {
    int64_t utc_s;
    size_t length = 0;
    qd_status_t status = m->ports.logs->read(m->ports.logs->context, QD_LOG_METROLOGY_JOURNAL, at, &utc_s,
                                             row->octets, sizeof row->octets, &length);
    if (status == QD_OK && length != sizeof row->octets) {
        return QD_CORRUPT;
    }
    *number = status == QD_OK ? number_get(row->octets) : 0;
    return status == QD_NO_SPACE ? QD_CORRUPT : status;
}

/* Number of the newest entry that the log can show. */
static qd_status_t newest_get(const qd_metrology_t *m, uint32_t *number) {
    qd_met_row_t row;
    qd_log_span_t span;
    qd_status_t status = span_get(m, &span);
    *number = 0;
    if (status != QD_OK) {
        return status;
    }
    return span.end == span.first ? QD_END : row_get(m, span.end - 1u, &row, number);
}

/* The log says what of the group it holds; an entry twice is better than none, should it not answer. */
void qd_met_journal_failed(qd_metrology_t *m) {
    uint32_t newest;
    qd_status_t status = newest_get(m, &newest);
    if (m->queue_appended == 0) {
        return;
    }
    while (status == QD_OK && m->queue_appended > 0 && number_get(m->queue[0].octets) <= newest) {
        queue_shift(m, 0, 1);
        m->queue_appended--;
    }
    if (m->queue_appended > 0) {
        m->journal_sequence = number_get(m->queue[0].octets) - 1u;
        m->journal_lost = lost_sum(m, m->queue_dropped);
    }
    for (unsigned i = 0; i < m->queue_appended; i++) {
        number_put(m->queue[i].octets, TAG_WAITS);
    }
    m->queue_appended = 0;
    m->queue_dropped = 0;
}

uint16_t qd_met_journal_count(const qd_metrology_t *m) {
    qd_log_span_t span;
    if (span_get(m, &span) != QD_OK) {
        return 0;
    }
    return (uint16_t)(span.end - span.first > UINT16_MAX ? UINT16_MAX : span.end - span.first);
}

static void entry_get(const qd_met_row_t *row, qd_journal_entry_t *entry) {
    qd_reader_t r;
    qd_reader_init(&r, row->octets, sizeof row->octets);
    entry->sequence = qd_reader_u32_le(&r);
    entry->utc_ms = (int64_t)qd_reader_u64_le(&r);
    entry->old_value = (int64_t)qd_reader_u64_le(&r);
    entry->new_value = (int64_t)qd_reader_u64_le(&r);
    entry->detail = qd_reader_u16_le(&r);
    entry->lost = qd_reader_u16_le(&r);
    entry->code = qd_reader_u8(&r);
    entry->clock_valid = qd_reader_u8(&r);
}

/* Numbers grow with the rows, mostly by one: the place that this gives is the right one, or lies before it. */
qd_status_t qd_met_journal_read(const qd_metrology_t *m, uint32_t sequence, qd_journal_entry_t *entry) {
    qd_met_row_t row;
    qd_log_span_t span;
    uint32_t number;
    qd_status_t status = span_get(m, &span);
    uint32_t age = sequence == 0 ? 0 : m->journal_sequence - sequence;
    if (status != QD_OK || span.end == span.first || (sequence != 0 && sequence > m->journal_sequence)) {
        return status == QD_OK ? QD_UNDEFINED : status;
    }
    uint32_t low = age < span.end - span.first ? span.end - 1u - age : span.first;
    uint32_t high = span.end; /* wanted: low <= row < high */
    uint32_t at = low;
    while (low < high) {
        status = row_get(m, at, &row, &number);
        if (status != QD_OK) {
            return status == QD_END ? QD_UNDEFINED : status;
        }
        if (sequence == 0 || number == sequence) {
            entry_get(&row, entry);
            return QD_OK;
        }
        if (number > sequence) {
            high = at;
        } else {
            low = at + 1u;
        }
        at = low + (high - low) / 2u;
    }
    return QD_UNDEFINED;
}

qd_status_t qd_met_journal_mount(qd_metrology_t *m) {
    return newest_get(m, &m->journal_sequence);
}
