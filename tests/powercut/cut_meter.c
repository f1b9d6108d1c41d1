/*
 * cut_meter: metrology on the store, with a power cut in every program and every sync.
 *
 * Ten minutes of metering in both directions, with bases, deltas, groups with a record of the
 * application, rates that change inside of a second, a clock set forward and back, and restarts. In
 * every operation and for every variant (torn + 5 * unsynced, see quadrant/sim.h) power fails; a second
 * meter starts on a copy. It must have the energy of the second that was being committed or of the one
 * before, exactly, with totals equal to the sums of the rates, a journal without a hole, and go on. Every eleventh
 * second is committed as with notice of the supply's end, among them one in which a rate changes.
 * Besides, every octet of every slot of base and delta is spoilt, one at a time, in the images of some
 * seconds many fold periods after the start: what a meter loses by that is at most the last second.
 *
 *   cut_meter                      all of it, then planted defects, which must be found
 *   cut_meter --op N --variant V [--op2 M --variant2 W]      one case
 *   cut_meter --defect NAME        with a planted defect: fails
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/metrology.h"
#include "quadrant/sim.h"
#include "store/log.h"
#include "store/store.h"

#define SECONDS 600u
#define INTERVAL_US 999937u
#define DEVICE_SIZE 10240u
#define MEMORY_SIZE 10240u
#define ERASE_SIZE 4096u
#define FLASH_SIZE (8u * ERASE_SIZE)
#define FLASH_MEMORY (6u * FLASH_SIZE)
#define RECORD_APP 0x0201u
#define APP_SIZE 40u
#define NOTICE_EVERY 11u
#define NOTICE_AT 7u /* second 40, in which a rate changes, is one of them */
#define REDO_OFFSET 128u
#define VARIANTS ((unsigned)QD_SIM_TORN_COUNT * (unsigned)QD_SIM_UNSYNCED_COUNT)
#define ALL_OPERATIONS UINT32_MAX
#define START_MS 800000000000

#define ROWS(base_mirrored)                                                                                  \
    {                                                                                                        \
        {QD_RECORD_METROLOGY_BASE, QD_RECORD_METROLOGY_BASE_SIZE, base_mirrored},                            \
            {QD_RECORD_METROLOGY_DELTA, QD_RECORD_METROLOGY_DELTA_SIZE, false},                              \
            {QD_RECORD_METROLOGY_SEALED, QD_RECORD_METROLOGY_SEALED_SIZE, false},                            \
            {QD_RECORD_METROLOGY_CHECKPOINT, QD_RECORD_METROLOGY_CHECKPOINT_SIZE, false},                    \
            {RECORD_APP, APP_SIZE, false}, {QD_LOG_METROLOGY_JOURNAL, QD_LOG_HEAD_SIZE, true},               \
    }
static const qd_record_row_t rows[] = ROWS(true);
static const qd_record_row_t plain_rows[] = ROWS(false);
static const qd_store_layout_t layout = {"cut-meter", 1, rows, 6, 3000};
static const qd_store_layout_t plain_layout = {"cut-meter", 1, plain_rows, 6, 3000};
static const qd_log_row_t log_rows[] = {
    {QD_LOG_METROLOGY_JOURNAL, QD_LOG_METROLOGY_JOURNAL_ROW, QD_LOG_METROLOGY_JOURNAL_ROWS, 1}};
static const qd_log_layout_t log_layout = {log_rows, 1};

static const qd_metrology_config_t config = {.wiring = QD_WIRING_4_WIRE,
                                             .sum = QD_SUM_ALGEBRAIC,
                                             .apparent = QD_APPARENT_VECTOR,
                                             .pulse_constant = {1000, 1000},
                                             .clock_drift_ppm = 20,
                                             .clock_doubt_ms = 1000,
                                             .fold_period_s = 60,
                                             .version = "V030101"};

static const char *const defects[] = {"none", "drop-sync", "drop-redo", "late-redo", "no-mirror"};
enum defect { NO_DEFECT, DROP_SYNC, DROP_REDO, LATE_REDO, NO_MIRROR, DEFECTS };

/* A whole meter in one piece: all state is in memory that it was given, so copying the piece back to
 * its place brings back the moment of the copy. */
typedef struct world {
    alignas(max_align_t) uint8_t store_memory[MEMORY_SIZE];
    alignas(max_align_t) uint8_t metrology_memory[MEMORY_SIZE];
    alignas(max_align_t) uint8_t log_memory[MEMORY_SIZE];
    uint8_t cells[5u * DEVICE_SIZE];
    uint8_t flash_cells[FLASH_MEMORY];
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t flash;
    qd_block_t inner;
    qd_block_t device;
    qd_rtc_t rtc;
    int64_t rtc_ms; /* at tick 0 of this start */
    uint64_t tick_us;
    qd_store_t *store;
    qd_log_store_t *logs;
    qd_metrology_t *metrology;
    enum defect defect;
    unsigned syncs; /* since the last program of the redo area */
} world_t;

/* What is true at the end of a second. */
typedef struct truth {
    uint64_t hash;
    int64_t total_mj[QD_ENERGY_COUNT];
    int64_t page_mj[QD_PAGE_COUNT][QD_ENERGY_COUNT];
    uint32_t number;
    uint32_t app;
    int64_t utc_ms;
} truth_t;

typedef struct cut {
    uint32_t op, op2;
    unsigned variant, variant2;
} cut_t;

typedef struct tally {
    unsigned long passed, failed;
    bool quiet;
} tally_t;

/* --- ports ------------------------------------------------------------------------------------------ */

static qd_status_t device_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    world_t *world = context;

    return world->inner.read(world->inner.context, offset, buffer, length);
}

static qd_status_t device_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    world_t *world = context;

    if (offset == REDO_OFFSET && buffer[0] != 0) {
        world->syncs = 0;
        if (world->defect == DROP_REDO) {
            return QD_OK;
        }
    }
    return world->inner.program(world->inner.context, offset, buffer, length);
}

static qd_status_t device_sync(void *context) {
    world_t *world = context;

    if (world->defect == DROP_SYNC || (world->defect == LATE_REDO && world->syncs++ == 0)) {
        return QD_OK;
    }
    return world->inner.sync(world->inner.context);
}

static qd_status_t rtc_get(void *context, int64_t *utc_ms) {
    const world_t *world = context;

    *utc_ms = world->rtc_ms + (int64_t)(world->tick_us / 1000u);
    return QD_OK;
}

static qd_status_t rtc_set(void *context, int64_t utc_ms) {
    world_t *world = context;

    world->rtc_ms = utc_ms - (int64_t)(world->tick_us / 1000u);
    return QD_OK;
}

static void wire(world_t *world) {
    qd_sim_fram_port(&world->fram, &world->inner);
    qd_sim_nor_port(&world->nor, &world->flash);
    world->device = (qd_block_t){.context = world,
                                 .size = DEVICE_SIZE,
                                 .read = device_read,
                                 .program = device_program,
                                 .sync = device_sync};
    world->rtc = (qd_rtc_t){world, rtc_get, rtc_set};
    world->syncs = 1;
}

/* to becomes from after a moment without power. */
static void world_copy(world_t *to, const world_t *from) {
    qd_sim_fram_copy(&to->fram, to->cells, &from->fram);
    qd_sim_fram_restart(&to->fram);
    qd_sim_nor_copy(&to->nor, to->flash_cells, &from->nor);
    qd_sim_nor_power_off(&to->nor, QD_SIM_UNSYNCED_LOST);
    qd_sim_nor_restart(&to->nor);
    to->rtc_ms = from->rtc_ms;
    to->tick_us = from->tick_us;
    to->defect = from->defect;
    wire(to);
}

/* --- one second ------------------------------------------------------------------------------------- */

static qd_status_t start(world_t *world) {
    qd_metrology_ports_t ports = {.rtc = &world->rtc};
    qd_status_t status = qd_store_mount(world->store_memory, sizeof world->store_memory,
                                        world->defect == NO_MIRROR ? &plain_layout : &layout, &world->device,
                                        &qd_sealer_crc, &world->store);

    if (status != QD_OK && status != QD_END) {
        return status;
    }
    ports.records = qd_store_records(world->store);
    status = qd_log_mount(world->log_memory, sizeof world->log_memory, &log_layout, ports.records,
                          &world->flash, &qd_sealer_crc, qd_store_epoch(world->store), NULL, &world->logs);
    if (status != QD_OK) {
        return status;
    }
    ports.logs = qd_log_interface(world->logs);
    ports.boot_epoch = qd_store_epoch(world->store);
    return qd_metrology_init(world->metrology_memory, sizeof world->metrology_memory, &config, &ports,
                             world->tick_us, &world->metrology);
}

/* Powers that change sign and quadrant, from the number of the second alone. */
static int32_t power(unsigned second, unsigned phase, unsigned kind) {
    uint32_t x = (second / 7u * 31u + phase * 17u + kind * 7u + 1u) * 2654435761u;

    return (int32_t)(x >> 8) % 6000000 - (second / 50u % 3u == 2u ? 5000000 : 1000000);
}

static qd_quantities_t quantities(const world_t *world, unsigned second) {
    qd_quantities_t record = {.tick_us = world->tick_us, .duration_us = INTERVAL_US, .frequency_mhz = 50000};

    for (unsigned i = 0; i < QD_PHASES; i++) {
        record.phase[i].valid = true;
        record.phase[i].voltage_mv = 230000;
        record.phase[i].current_ma = 20000;
        record.phase[i].active_power_mw = power(second, i, 0);
        record.phase[i].reactive_power_mvar = power(second, i, 1);
    }
    return record;
}

static qd_status_t ask(world_t *world, const qd_gate_request_t *request, qd_gate_reply_t *reply) {
    const qd_gate_t *gate = qd_metrology_gate(world->metrology);
    qd_status_t status = gate->submit(gate->context, request);

    if (status == QD_OK) {
        status = gate->reply(gate->context, reply);
    }
    return status == QD_OK ? (qd_status_t)reply->status : status;
}

static qd_status_t requests(world_t *world, unsigned second) {
    qd_gate_request_t request = {.sequence = (uint16_t)second};
    qd_gate_reply_t reply;

    if (second % 90u == 40u) {
        request.kind = QD_GATE_SELECT_RATE;
        memset(request.u.select_rate.rate, (int)(second / 90u % (QD_RATES + 1u)), QD_ENERGY_COUNT);
        request.u.select_rate.from_us = world->tick_us + INTERVAL_US / 3u;
        return ask(world, &request, &reply);
    }
    if (second == 301u || second == 451u) {
        request.kind = QD_GATE_SET_CLOCK;
        request.u.set_clock.utc_ms = START_MS + (second == 301u ? 7200000 : 86400) + (int64_t)second * 1000;
        request.u.set_clock.at_us = world->tick_us;
        request.u.set_clock.uncertainty_ms = 10;
        return ask(world, &request, &reply);
    }
    return QD_OK;
}

static qd_status_t commit(world_t *world, unsigned second) {
    const qd_records_t *records = qd_store_records(world->store);
    uint8_t app[APP_SIZE] = {(uint8_t)second, (uint8_t)(second >> 8)};
    qd_status_t status;

    if (second % NOTICE_EVERY == NOTICE_AT) {
        return qd_metrology_commit_notice(world->metrology);
    }
    /* Every fifth second the meter commits as a group with the application, in between alone. */
    if (second % 5u != 0) {
        return qd_metrology_commit(world->metrology);
    }
    status = qd_txn_begin(world->store);
    if (status == QD_OK) {
        status = qd_metrology_commit(world->metrology);
    }
    if (status == QD_OK) {
        status = records->write(records->context, RECORD_APP, app, sizeof app);
    }
    if (status == QD_OK) {
        status = qd_txn_commit(world->store);
    }
    if (status == QD_OK) {
        qd_log_group_committed(world->logs);
    }
    return status;
}

/* What the meter does besides: pages of the journal go to flash. */
static qd_status_t background(world_t *world) {
    qd_status_t status = qd_log_run(world->logs);

    return status == QD_END ? QD_OK : status;
}

/* Second 0 is the first start; 350 and 500 are restarts. */
static qd_status_t do_second(world_t *world, unsigned second) {
    qd_quantities_t record;
    qd_status_t status;

    if (second == 0 || second == 350u || second == 500u) {
        return start(world);
    }
    world->tick_us += INTERVAL_US;
    record = quantities(world, second);
    status = qd_metrology_run(world->metrology, &record);
    if (status == QD_OK) {
        status = requests(world, second);
    }
    if (status == QD_OK) {
        status = commit(world, second);
    }
    return status == QD_OK ? background(world) : status;
}

/* --- truth ------------------------------------------------------------------------------------------ */

/* Every entry since the first is there; so many as here are never evicted. */
static bool journal_whole(world_t *world) {
    qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_READ_JOURNAL};
    qd_gate_reply_t reply;
    bool good = ask(world, &request, &reply) == QD_OK;

    for (uint32_t left = good ? reply.u.journal.sequence : 0; left > 0 && good; left--) {
        request.u.journal.sequence = left;
        good = ask(world, &request, &reply) == QD_OK && reply.u.journal.sequence == left &&
               reply.u.journal.lost == 0;
    }
    return good;
}

/* What the meter shows, through its gate. NULL, or what is wrong with it. */
static const char *observe(world_t *world, truth_t *seen) {
    const qd_gate_t *gate = qd_metrology_gate(world->metrology);
    const qd_records_t *records = qd_store_records(world->store);
    qd_snapshot_t snapshot;
    uint8_t app[APP_SIZE] = {0};
    size_t length;
    qd_status_t status = gate->poll(gate->context, &snapshot);

    if (status != QD_OK && status != QD_END) {
        return "no snapshot";
    }
    if ((snapshot.flags & (QD_METER_FLAG_CORRUPT | QD_METER_FLAG_DEGRADED)) != 0) {
        return "a record was lost or could not be written";
    }
    seen->hash = qd_metrology_hash(world->metrology);
    seen->number = snapshot.number;
    seen->utc_ms = qd_metrology_utc_ms(world->metrology, world->tick_us);
    memcpy(seen->total_mj, snapshot.total_mj, sizeof seen->total_mj);
    for (unsigned page = 0; page < QD_PAGE_COUNT; page++) {
        qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_PAGE};
        qd_gate_reply_t reply;

        request.u.page.page = (uint8_t)page;
        if (ask(world, &request, &reply) != QD_OK) {
            return "no page";
        }
        memcpy(seen->page_mj[page], reply.u.page.energy_mj, sizeof seen->page_mj[page]);
    }
    if (!journal_whole(world)) {
        return "an entry of the journal is missing";
    }
    status = records->read(records->context, RECORD_APP, app, sizeof app, &length);
    seen->app = (uint32_t)app[0] | (uint32_t)app[1] << 8;
    return status == QD_OK || status == QD_END ? NULL : "the application's record is lost";
}

/* A+ and A- by themselves: the sum of power times time, booked by the sign of each second. */
static bool truth_is_true(const truth_t *truth, unsigned second) {
    int64_t sum[2] = {0, 0};

    for (unsigned i = 1; i <= second; i++) {
        int64_t p = 0;

        if (i == 350u || i == 500u) {
            continue;
        }
        for (unsigned phase = 0; phase < QD_PHASES; phase++) {
            p += power(i, phase, 0);
        }
        sum[p < 0] += (p < 0 ? -p : p) * INTERVAL_US;
    }
    return truth->total_mj[QD_ENERGY_A_IMPORT] == sum[0] / 1000000 &&
           truth->total_mj[QD_ENERGY_A_EXPORT] == sum[1] / 1000000;
}

static const char *check_sums(const truth_t *seen) {
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        int64_t sum = 0;

        for (unsigned rate = 0; rate <= QD_RATES; rate++) {
            sum += seen->page_mj[rate][c];
        }
        if (sum != seen->total_mj[c]) {
            return "a total is not the sum of its rates";
        }
    }
    return NULL;
}

static const char *check_bounds(const truth_t *seen, const truth_t *before, const truth_t *now) {
    for (unsigned page = 0; page < QD_PAGE_COUNT; page++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            if (seen->page_mj[page][c] < before->page_mj[page][c]) {
                return "energy was lost that had been committed";
            }
            if (seen->page_mj[page][c] > now->page_mj[page][c]) {
                return "energy appeared";
            }
        }
    }
    return NULL;
}

static bool near(int64_t a, int64_t b) {
    return a - b < 2500 && b - a < 2500;
}

/* --- the judge -------------------------------------------------------------------------------------- */

static void judge(tally_t *tally, const cut_t *cut, unsigned second, const char *why) {
    if (why == NULL) {
        tally->passed++;
        return;
    }
    tally->failed++;
    if (tally->quiet || tally->failed > 20) {
        return;
    }
    printf("cut_meter --op %u --variant %u", (unsigned)cut->op, cut->variant);
    if (cut->op2 != 0) {
        printf(" --op2 %u --variant2 %u", (unsigned)cut->op2, cut->variant2);
    }
    printf(": second %u: %s\n", second, why);
}

/* Two more seconds on the meter that was started after the cut. */
static const char *check_goes_on(world_t *copy, truth_t *seen) {
    truth_t later;
    const char *why;

    for (unsigned i = 0; i < 2; i++) {
        qd_quantities_t record;

        copy->tick_us += INTERVAL_US;
        record = quantities(copy, 1);
        if (qd_metrology_run(copy->metrology, &record) != QD_OK ||
            qd_metrology_commit(copy->metrology) != QD_OK) {
            return "the meter does not go on";
        }
    }
    why = observe(copy, &later);
    if (why == NULL && (later.number <= seen->number || later.hash == seen->hash)) {
        why = "nothing is counted after the start";
    }
    return why;
}

/* Starts a meter on the copy and compares it with the truth of the second that was cut and the one before. */
static const char *start_and_match(world_t *copy, unsigned second, const truth_t *before,
                                   const truth_t *now) {
    truth_t seen;
    const char *why;
    qd_status_t status = start(copy);

    if (status != QD_OK) {
        return qd_status_name(status);
    }
    why = observe(copy, &seen);
    if (why == NULL) {
        why = check_sums(&seen);
    }
    if (why == NULL) {
        why = check_bounds(&seen, before, now);
    }
    if (why == NULL && seen.hash != before->hash && seen.hash != now->hash) {
        why = "the registers are those of no second";
    }
    if (why == NULL && before->hash != now->hash && second % 5u == 0 &&
        seen.app != (seen.hash == now->hash ? now->app : before->app)) {
        why = "one half of a group";
    }
    if (why == NULL && seen.number < before->number) {
        why = "the number of the snapshot went back";
    }
    if (why == NULL && second > 0 && !near(seen.utc_ms, before->utc_ms) && !near(seen.utc_ms, now->utc_ms)) {
        why = "the clock is neither the old nor the new one";
    }
    return why == NULL ? check_goes_on(copy, &seen) : why;
}

static qd_sim_torn_t torn_of(unsigned variant) {
    return (qd_sim_torn_t)(variant % (unsigned)QD_SIM_TORN_COUNT);
}

static qd_sim_unsynced_t unsynced_of(unsigned variant) {
    return (qd_sim_unsynced_t)(variant / (unsigned)QD_SIM_TORN_COUNT);
}

/* Cuts the second start too. false: it has no such operation. */
static bool second_cut(const world_t *world, world_t *copy, unsigned second, const truth_t *truth,
                       const cut_t *cut, tally_t *tally) {
    world_copy(copy, world);
    qd_sim_fram_cut(&copy->fram, cut->op2, torn_of(cut->variant2), unsynced_of(cut->variant2));
    (void)start(copy);
    if (!qd_sim_fram_is_dead(&copy->fram)) {
        return false;
    }
    qd_sim_fram_restart(&copy->fram);
    judge(tally, cut, second, start_and_match(copy, second, &truth[0], &truth[1]));
    return true;
}

static void first_cut(const world_t *world, world_t *copy, unsigned second, const truth_t *truth, cut_t cut,
                      tally_t *tally) {
    uint32_t only = cut.op2;

    if (only == 0 || only == ALL_OPERATIONS) {
        cut.op2 = 0;
        world_copy(copy, world);
        judge(tally, &cut, second, start_and_match(copy, second, &truth[0], &truth[1]));
    } else {
        (void)second_cut(world, copy, second, truth, &cut, tally);
    }
    /* One variant of the second cut per operation and case; the cases take turns. */
    for (cut.op2 = 1; only == ALL_OPERATIONS; cut.op2++) {
        cut.variant2 = (cut.op * 7u + cut.variant * 3u + cut.op2) % VARIANTS;
        if (!second_cut(world, copy, second, truth, &cut, tally)) {
            return;
        }
    }
}

/* --- the scenario ----------------------------------------------------------------------------------- */

typedef struct run {
    world_t *world, *saved, *copy;
    tally_t *tally;
    const cut_t *only;
    truth_t truth[2]; /* before the second and after it */
} run_t;

/* All cuts inside of one second; world stands before it, in saved too. */
static void cut_second(run_t *r, unsigned second, uint32_t first, uint32_t last) {
    cut_t cut;

    for (cut.op = first; cut.op <= last; cut.op++) {
        for (cut.variant = 0; cut.variant < VARIANTS; cut.variant++) {
            if (r->only != NULL && (r->only->op != cut.op || r->only->variant != cut.variant)) {
                continue;
            }
            cut.op2 = r->only != NULL ? r->only->op2 : ALL_OPERATIONS;
            cut.variant2 = r->only != NULL ? r->only->variant2 : 0;
            memcpy(r->world, r->saved, sizeof *r->world);
            qd_sim_fram_seed(&r->world->fram, (uint64_t)cut.op * 1000003u + cut.variant);
            qd_sim_fram_cut(&r->world->fram, cut.op, torn_of(cut.variant), unsynced_of(cut.variant));
            (void)do_second(r->world, second);
            if (!qd_sim_fram_is_dead(&r->world->fram)) {
                judge(r->tally, &cut, second, "the cut did not happen");
                continue;
            }
            first_cut(r->world, r->copy, second, r->truth, cut, r->tally);
        }
    }
}

/* Of row 0 or 1, by the page docs/storage.md. */
static uint32_t slot_size(unsigned row) {
    return (12u + 4u + rows[row].capacity + 7u) & ~7u;
}

static uint32_t slot_at(unsigned row, unsigned slot) {
    uint32_t redo = (16u + 4u + layout.group_capacity + 4u * layout.row_count + 7u) & ~7u;

    return REDO_OFFSET + redo + (row == 0 ? 0 : 2u * slot_size(0)) + slot * slot_size(row);
}

/* A meter on the image of this moment with one octet spoilt. */
static const char *start_spoilt(run_t *r, uint32_t offset, unsigned second) {
    truth_t seen;
    const char *why;

    world_copy(r->copy, r->world);
    qd_sim_fram_flip(&r->copy->fram, offset, (uint8_t)(1u << (offset + second) % 8u));
    if (start(r->copy) != QD_OK) {
        return "no start after damage";
    }
    why = observe(r->copy, &seen);
    if (why == NULL && seen.hash != r->truth[0].hash && seen.hash != r->truth[1].hash) {
        why = "one damaged octet costs more than a second";
    }
    if (why == NULL && offset < slot_at(1, 0) && seen.hash != r->truth[1].hash) {
        why = "one damaged octet of a base costs energy";
    }
    return why;
}

/* World stands at the end of the second; nothing of it is waiting for a sync but retirements. */
static void spoil_second(run_t *r, unsigned second) {
    static const cut_t none = {0, 0, 0, 0};

    for (unsigned slot = 0; slot < 4; slot++) {
        uint32_t first = slot_at(slot / 2u, slot % 2u);

        for (uint32_t i = 0; i < slot_size(slot / 2u); i++) {
            judge(r->tally, &none, second, start_spoilt(r, first + i, second));
        }
    }
}

static uint32_t operations(const world_t *world) {
    qd_sim_fram_stats_t stats;

    qd_sim_fram_get_stats(&world->fram, &stats);
    return stats.operations;
}

/* A planted defect need not be found everywhere. */
static bool found_enough(const tally_t *tally) {
    return tally->quiet && tally->failed >= 100;
}

static uint32_t run_all(run_t *r, enum defect defect) {
    static const cut_t none = {0, 0, 0, 0};
    uint32_t done = 0;

    memset(r->world, 0, sizeof *r->world);
    memset(r->truth, 0, sizeof r->truth);
    qd_sim_fram_init(&r->world->fram, r->world->cells, DEVICE_SIZE, 0xff, 1);
    qd_sim_nor_init(&r->world->nor, r->world->flash_cells, FLASH_SIZE, ERASE_SIZE, 1);
    r->world->rtc_ms = START_MS;
    r->world->defect = defect;
    wire(r->world);
    for (unsigned second = 0; second < SECONDS && !found_enough(r->tally); second++) {
        const char *why = NULL;
        uint32_t last;

        memcpy(r->saved, r->world, sizeof *r->saved);
        if (do_second(r->world, second) != QD_OK) {
            why = "the scenario fails without a cut";
        }
        last = operations(r->world);
        if (why == NULL) {
            why = observe(r->world, &r->truth[1]);
        }
        if (why == NULL && !truth_is_true(&r->truth[1], second)) {
            why = "the meter counts wrong without a cut";
        }
        if (second == 0) {
            r->truth[0] = r->truth[1];
            r->truth[0].number = 0;
        }
        if (why != NULL) {
            judge(r->tally, &none, second, why);
            return done;
        }
        cut_second(r, second, done + 1, last);
        /* Undo the last cut: once more without one. */
        memcpy(r->world, r->saved, sizeof *r->world);
        (void)do_second(r->world, second);
        if (r->only == NULL && second > 120u && second % 53u < 2u) {
            spoil_second(r, second);
        }
        (void)observe(r->world, &r->truth[0]);
        done = last;
    }
    return done;
}

/* --- main ------------------------------------------------------------------------------------------- */

static world_t *need(void) {
    world_t *world = aligned_alloc(64, (sizeof(world_t) + 63) / 64 * 64);

    if (world == NULL) {
        fputs("cut_meter: no memory\n", stderr);
        exit(2);
    }
    memset(world, 0, sizeof *world);
    return world;
}

static enum defect find_defect(const char *name) {
    for (unsigned i = 0; i < DEFECTS; i++) {
        if (strcmp(defects[i], name) == 0) {
            return (enum defect)i;
        }
    }
    fprintf(stderr, "cut_meter: no such defect: %s\n", name);
    exit(2);
}

int main(int argc, char **argv) {
    cut_t only = {0, 0, 0, 0};
    enum defect defect = NO_DEFECT;
    tally_t tally = {0, 0, false};
    run_t r = {need(), need(), need(), &tally, NULL, {{0}}};
    uint32_t done;

    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long number = strtoul(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--op") == 0) {
            only.op = (uint32_t)number;
        } else if (strcmp(argv[i], "--variant") == 0) {
            only.variant = (unsigned)number;
        } else if (strcmp(argv[i], "--op2") == 0) {
            only.op2 = (uint32_t)number;
        } else if (strcmp(argv[i], "--variant2") == 0) {
            only.variant2 = (unsigned)number;
        } else if (strcmp(argv[i], "--defect") == 0) {
            defect = find_defect(argv[i + 1]);
        } else {
            fprintf(stderr, "cut_meter: no such option: %s\n", argv[i]);
            return 2;
        }
    }
    r.only = only.op != 0 ? &only : NULL;
    done = run_all(&r, defect);
    printf("%u operations, %u variants each\n", (unsigned)done, VARIANTS);
    for (unsigned i = DROP_SYNC; defect == NO_DEFECT && only.op == 0 && i < DEFECTS; i++) {
        tally_t found = {0, 0, true};

        r.tally = &found;
        (void)run_all(&r, (enum defect)i);
        printf("planted defect %-12s: found %lu times in the first %lu cases\n", defects[i], found.failed,
               found.passed + found.failed);
        tally.passed += found.failed > 0 ? 1 : 0;
        tally.failed += found.failed > 0 ? 0 : 1;
    }
    free(r.world);
    free(r.saved);
    free(r.copy);
    printf("%lu passed, %lu failed\n", tally.passed, tally.failed);
    return tally.failed == 0 ? 0 : 1;
}
