#include "meter/upkeep.h"

#include "app/diagnosis.h"
#include "app/event.h"
#include "meter/meter_state.h"

/* Places of a whole round: superblock copies and two slots per record. */
#define PLACES(meter) (2u * (meter)->layout.row_count + 3u)

static void note(const qd_meter_t *meter, qd_journal_code_t code, uint16_t detail) {
    (void)qd_door_storage_note(meter->door, code, detail);
}

static uint32_t bit_of(const qd_meter_t *meter, uint16_t record) {
    for (uint16_t i = 0; i < meter->layout.row_count; i++) {
        if (meter->layout.rows[i].id == record) {
            return UINT32_C(1) << (i % 32u);
        }
    }
    return 0;
}

/* A record that is lost stays so until it is written again; it is told once. */
static void record_lost(qd_meter_t *meter, uint16_t record) {
    uint32_t bit = bit_of(meter, record);
    if ((meter->upkeep.lost_records & bit) == 0) {
        meter->upkeep.lost_records |= bit;
        meter->upkeep.was_lost = true;
        note(meter, QD_JOURNAL_STORAGE_LOST, record);
    }
}

/* Verifies one place of the record store. False: a round is complete, or it cannot be done now. */
static bool scrub_record(qd_meter_t *meter) {
    qd_scrub_t found;
    qd_status_t status = qd_store_scrub(meter->store, &found);
    if (status == QD_CORRUPT) {
        record_lost(meter, found.record);
        return true;
    }
    if (status != QD_OK) {
        return false;
    }
    if (found.healed) {
        note(meter, QD_JOURNAL_STORAGE_REPAIRED, found.record);
    }
    meter->upkeep.lost_records &= ~bit_of(meter, found.record);
    return true;
}

/* Pages have no second copy: what is lost is told, once more only when it has become more. */
static void scrub_page(qd_meter_t *meter) {
    qd_upkeep_t *upkeep = &meter->upkeep;
    uint16_t log = 0;
    uint32_t sequence = 0;
    qd_status_t status = qd_log_scrub(meter->logs, &log, &sequence);
    if (status == QD_CORRUPT && upkeep->bad_pages < UINT16_MAX) {
        upkeep->bad_pages++;
        if (upkeep->bad_pages > upkeep->told_pages) {
            upkeep->told_pages = upkeep->bad_pages;
            note(meter, QD_JOURNAL_STORAGE_LOST, log);
        }
    }
    if (status == QD_END) {
        upkeep->told_pages = upkeep->bad_pages;
        upkeep->bad_pages = 0;
    }
}

void qd_upkeep_start(qd_meter_t *meter, uint32_t lost_logs) {
    qd_store_stats_t stats;
    qd_store_get_stats(meter->store, &stats);
    for (uint8_t i = 0; i < meter->log_layout->row_count; i++) {
        if ((lost_logs >> i & 1u) != 0) {
            record_lost(meter, meter->log_layout->rows[i].id);
        }
    }
    if (stats.bad_slots + stats.bad_copies == 0) {
        return;
    }
    /* Which of them the mount could not mend is found at once and not within the next round. */
    uint32_t lost = meter->upkeep.lost_records;
    for (uint32_t i = 0; i < PLACES(meter) && scrub_record(meter); i++) {
    }
    uint32_t beyond = 0; /* slots that nothing could mend: two of each lost record */
    for (lost |= meter->upkeep.lost_records; lost != 0; lost &= lost - 1u) {
        beyond += 2u;
    }
    if (stats.bad_slots > beyond || stats.bad_copies != 0) {
        note(meter, QD_JOURNAL_STORAGE_REPAIRED, QD_UPKEEP_AT_START);
    }
}

/* Records of the application are settings: without one its module runs with the factory's. */
static bool lost_settings(const qd_meter_t *meter) {
    for (uint16_t i = 0; i < meter->layout.row_count; i++) {
        if ((meter->upkeep.lost_records >> (i % 32u) & 1u) != 0 && meter->layout.rows[i].id >> 8 == 0x02u) {
            return true;
        }
    }
    return false;
}

static uint32_t errors(const qd_meter_t *meter) {
    const qd_snapshot_t *snapshot = &meter->gateway.snapshot;
    const qd_upkeep_t *upkeep = &meter->upkeep;
    uint32_t present = 0;
    if (!meter->gateway.have_snapshot) {
        return 0;
    }
    if (!snapshot->clock.valid) {
        present |= QD_ERROR_CLOCK;
    }
    /* A head that was lost has been made anew by now, and rows are gone all the same. */
    if (upkeep->was_lost || upkeep->lost_records != 0 || qd_store_degraded(meter->store) ||
        (snapshot->flags & (QD_METER_FLAG_CORRUPT | QD_METER_FLAG_DEGRADED)) != 0) {
        present |= QD_ERROR_FRAM;
    }
    if (upkeep->lost_records != 0 && lost_settings(meter)) {
        present |= QD_ERROR_INITIALIZATION;
    }
    if (upkeep->bad_pages != 0 || upkeep->told_pages != 0 || qd_log_degraded(meter->logs)) {
        present |= QD_ERROR_FLASH;
    }
    return present;
}

/* Events that were raised faster than they could be written: what is missing in the log is told in the journal. */
static void tell_lost_events(qd_meter_t *meter) {
    const qd_event_config_t *config = meter->model->modules[QD_MODULE_EVENT].config;
    uint32_t lost = qd_event_lost(meter->modules[QD_MODULE_EVENT].state);
    if (lost != meter->upkeep.lost_events) {
        meter->upkeep.lost_events = lost;
        uint16_t log = config->log[QD_TARGET_STANDARD_LOG].log;
        note(meter, QD_JOURNAL_STORAGE_LOST, log != 0 ? log : QD_RECORD_EVENTS);
    }
}

void qd_upkeep_run(qd_meter_t *meter, uint64_t tick_us) {
    qd_upkeep_t *upkeep = &meter->upkeep;
    const qd_snapshot_t *snapshot = &meter->gateway.snapshot;
    bool same = upkeep->flags == snapshot->flags && upkeep->clock_valid == snapshot->clock.valid;
    tell_lost_events(meter);
    if (tick_us >= upkeep->next_us) {
        upkeep->next_us = tick_us + QD_UPKEEP_PERIOD_US;
        (void)scrub_record(meter);
        scrub_page(meter);
    } else if (same) {
        return; /* nothing is said that was not said in the second before */
    }
    upkeep->flags = snapshot->flags;
    upkeep->clock_valid = snapshot->clock.valid;
    qd_diagnosis_report(meter->modules[QD_MODULE_DIAGNOSIS].state, errors(meter));
    upkeep->was_lost = upkeep->was_lost && !meter->gateway.have_snapshot;
}
