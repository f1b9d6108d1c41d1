#include "base/cursor.h"
#include "metrology/state.h"

#include <string.h>

/*
 * offset  octets  checkpoint record, 88 octets, little-endian
 *      0       1  layout, 1
 *      1       1  1: the clock was valid
 *      2       2  0
 *      4       4  number of the newest base
 *      8       4  snapshot number
 *     12       4  sequence of the newest journal entry
 *     16       8  UTC in ms at the end of the newest interval
 *     24   8 x 8  totals of the channels in mJ
 */
#define LAYOUT 1u
#define LENGTH 88u

_Static_assert(LENGTH <= QD_RECORD_METROLOGY_CHECKPOINT_SIZE, "the checkpoint fits its record");

qd_status_t qd_met_checkpoint_write(qd_metrology_t *m) {
    uint8_t image[LENGTH];
    qd_writer_t w;
    qd_writer_init(&w, image, sizeof image);
    qd_writer_u8(&w, LAYOUT);
    qd_writer_u8(&w, m->clock.valid ? 1u : 0u);
    qd_writer_u16_le(&w, 0);
    qd_writer_u32_le(&w, m->base_number);
    qd_writer_u32_le(&w, m->number);
    qd_writer_u32_le(&w, m->journal_sequence);
    qd_writer_u64_le(&w, (uint64_t)qd_met_clock_utc(&m->clock, m->tick_us));
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        qd_writer_u64_le(&w, (uint64_t)m->total_mj[c]);
    }
    qd_status_t status = m->ports.records->write(m->ports.records->context, QD_RECORD_METROLOGY_CHECKPOINT,
                                                 image, sizeof image);
    m->checkpoint_dirty = status != QD_OK;
    if (status == QD_OK) {
        qd_met_written(m, QD_MET_WRITTEN_CHECKPOINT);
    }
    return status;
}

qd_status_t qd_met_checkpoint_load(qd_metrology_t *m, qd_met_checkpoint_t *checkpoint) {
    uint8_t image[QD_RECORD_METROLOGY_CHECKPOINT_SIZE];
    size_t length = 0;
    bool good = true;
    memset(checkpoint, 0, sizeof *checkpoint);
    qd_status_t status = m->ports.records->read(m->ports.records->context, QD_RECORD_METROLOGY_CHECKPOINT,
                                                image, sizeof image, &length);
    if (status != QD_OK) {
        return status;
    }
    qd_met_checkpoint_t read;
    qd_reader_t r;
    qd_reader_init(&r, image, length);
    good = qd_reader_u8(&r) == LAYOUT;
    good = qd_reader_u8(&r) <= 1 && good;
    good = qd_reader_u16_le(&r) == 0 && good;
    read.base = qd_reader_u32_le(&r);
    read.snapshot = qd_reader_u32_le(&r);
    read.journal = qd_reader_u32_le(&r);
    (void)qd_reader_u64_le(&r); /* the UTC is for whoever examines a dead meter */
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        read.total_mj[c] = (int64_t)qd_reader_u64_le(&r);
        good = good && read.total_mj[c] >= 0;
    }
    if (!good || r.status != QD_OK || qd_reader_left(&r) != 0) {
        return QD_CORRUPT;
    }
    *checkpoint = read;
    return QD_OK;
}
