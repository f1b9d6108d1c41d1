/*
 * cut_scenarios: a whole meter under named scenarios, with a power cut in every operation of all its memories.
 *
 * Each scenario is a script of seconds, requests of a peer, resets and supplies that fail; tests/support/cut.h says how
 * it is cut, and meter_life.h what is true of the meter that starts afterwards. Then the meter goes on, is switched off
 * and on again twice, and must show the same each time.
 *
 * The options are those of tests/support/cut.h. Without any, one case in SAMPLE; --full: all.
 */
#define MW_ERASE_SIZE 512u
#include "meter_life.h"
#include "support/cut.h"

#define MODEL "mini"
#define SAMPLE 61u
/* What the reserve pays for: one program of 256 octets and its sync. */
#define OCTET_NJ 1000u
#define PROGRAM_NJ 20000u
#define RESERVE_NJ (256u * OCTET_NJ + 2u * PROGRAM_NJ)
#define OFF_US UINT64_C(1234000)
#define STEP_US UINT64_C(100000)

static const char *const defects[] = {
    "skipped-retire", /* the redo area is never cleaned */
    "reused-nonce",   /* the epoch of a start is not committed */
    "unsynced-write", /* no sync does anything */
    "erase-before-commit", /* with a block of the journal the one behind it is erased, whose rows nothing gave up */
    "dropped-notice", /* nobody says that the supply fails */
};
enum { SKIPPED_RETIRE = 1, REUSED_NONCE, UNSYNCED_WRITE, ERASE_BEFORE_COMMIT, DROPPED_NOTICE };

typedef enum kind {
    SECOND, /* value: so many in one step, 0: one */
    GAP,    /* a second without a measurement, then one with */
    RESET,  /* the processor starts again, the supply stays */
    CYCLE,  /* off between two operations, and on; value: what becomes of what was not synced */
    CLOCK,  /* a peer sets it by value seconds */
    RATE,   /* a peer selects rate value */
    TABLE,  /* a peer writes the register assignments, of version value */
    MASKS,  /* and the masks */
    NOTICE, /* the supply fails with notice and a reserve */
    POOR,   /* with notice and value octets too little reserve */
    RAMP,   /* it fails and comes back value times */
    STORM,  /* value starts with reserves that do not suffice */
    VERSION /* a firmware with layout version value, 1 or 2, is started */
} kind_t;

typedef struct step {
    kind_t kind;
    int32_t value;
} step_t;

typedef struct scenario {
    const step_t *steps;
    size_t count;
    bool values;      /* a peer reads back what was written */
    unsigned journal; /* rows to begin with, at least */
    unsigned erases;  /* at least, or the scenario is not what it is for */
} scenario_t;

typedef struct scene {
    life_t life;
    const scenario_t *scenario;
    qd_model_t models[2]; /* the same but for their layout versions, which are 1 and 2 */
    qd_model_layout_t earlier;
    unsigned erases; /* before the first step */
    unsigned defect;
    bool armed;
    qd_cut_wrap_t fram_wrap, nor_wrap;
    qd_block_t fram, nor;
} scene_t;

/* --- devices with a tap and defects --- */

static bool drops_fram(void *context, qd_cut_kind_t kind, uint32_t offset, const uint8_t *octets,
                       uint32_t length) {
    scene_t *w = context;
    bool drop = false;
    if (w->armed && kind == QD_CUT_SYNC) {
        drop = w->defect == UNSYNCED_WRITE;
    } else if (w->armed && kind == QD_CUT_PROGRAM) {
        drop = (w->defect == SKIPPED_RETIRE && offset == LIFE_BANK && octets[0] == 0) ||
               (w->defect == REUSED_NONCE && offset < LIFE_BANK);
    }
    if (!drop && kind == QD_CUT_PROGRAM && !life_dead(&w->life)) {
        life_watch_fram(&w->life, offset, octets, length);
    }
    return drop;
}

/* Erases the block behind the one at offset as well, in the journal's ring. */
static void erase_ahead(scene_t *w, uint32_t offset) {
    const qd_block_t *nor = &w->nor_wrap.inner;
    uint32_t pages = MW_ERASE_SIZE / QD_LOG_PAGE_SIZE;
    uint32_t rows = (235u - LIFE_TAG) / (4u + QD_LOG_METROLOGY_JOURNAL_ROW) * pages;
    uint32_t blocks = (QD_LOG_METROLOGY_JOURNAL_ROWS + rows - 1u) / rows + 2u;
    uint32_t block = offset / MW_ERASE_SIZE;
    if (block < blocks && nor->erase_start(nor->context, (block + 1u) % blocks * MW_ERASE_SIZE) == QD_OK) {
        while (nor->erase_poll(nor->context) == QD_PENDING) {
            /* nothing else to do */
        }
    }
}

static bool drops_nor(void *context, qd_cut_kind_t kind, uint32_t offset, const uint8_t *octets,
                      uint32_t length) {
    scene_t *w = context;
    if (w->armed && w->defect == ERASE_BEFORE_COMMIT && kind == QD_CUT_ERASE) {
        erase_ahead(w, offset);
    }
    if (kind == QD_CUT_PROGRAM && !life_dead(&w->life)) {
        life_watch_page(&w->life, octets, length);
    }
    return w->armed && w->defect == UNSYNCED_WRITE && kind == QD_CUT_SYNC;
}

static qd_power_state_t all_is_well(void *context) {
    (void)context;
    return QD_POWER_MAINS;
}

/* --- the supply --- */

/* The cut that the harness has planned has happened. */
static bool is_cut(const life_t *l) {
    return life_dead(l) && l->supply->cut_at != 0 && l->supply->operations >= l->supply->cut_at;
}

/* Off, and on again without a start; count and plan of the harness go on. What chance leaves in the memories is the same
 * in every run, so that the operations that follow are. */
static void cycle(life_t *l, unsigned unsynced) {
    qd_sim_supply_t *supply = l->supply;
    qd_sim_supply_seed(supply, l->w.now_us);
    uint32_t operations = supply->operations, at = supply->cut_at;
    qd_sim_torn_t torn = (qd_sim_torn_t)supply->cut_torn;
    qd_sim_unsynced_t rest = (qd_sim_unsynced_t)supply->cut_unsynced;
    if (!life_dead(l)) {
        qd_sim_supply_power_off(supply, (qd_sim_unsynced_t)(unsynced % (unsigned)QD_SIM_UNSYNCED_COUNT));
    }
    qd_sim_supply_restart(supply);
    qd_sim_supply_cut(supply, at, torn, rest);
    supply->operations = operations;
    l->w.now_us += OFF_US;
}

/* --- steps --- */

static qd_status_t seconds(life_t *l, int32_t count) {
    uint64_t end_us = (l->w.now_us / MW_SECOND_US + (uint64_t)(count > 1 ? count : 1)) * MW_SECOND_US;
    l->w.now_us = end_us - MW_SECOND_US > l->w.now_us ? end_us - MW_SECOND_US : l->w.now_us;
    return life_second(l);
}

static qd_status_t gap(life_t *l) {
    uint64_t next_us = (l->w.now_us / MW_SECOND_US + 1u) * MW_SECOND_US;
    l->w.now_us = next_us;
    l->w.from_us = next_us;
    l->flowed_us = next_us;
    return life_second(l);
}

static void put_date_time(uint8_t octets[12], int64_t utc_s) {
    static const uint8_t days_of[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = utc_s / 86400, second = utc_s % 86400;
    unsigned year = 2000, month = 0;
    for (;; year++) {
        int64_t days = year % 4u == 0 ? 366 : 365; /* to 2099 */
        if (day < days) {
            break;
        }
        day -= days;
    }
    for (;; month++) {
        int64_t days = days_of[month] + (month == 1 && year % 4u == 0 ? 1 : 0);
        if (day < days) {
            break;
        }
        day -= days;
    }
    const uint8_t value[12] = {(uint8_t)(year >> 8),
                               (uint8_t)year,
                               (uint8_t)(month + 1u),
                               (uint8_t)(day + 1),
                               0xFF,
                               (uint8_t)(second / 3600),
                               (uint8_t)(second / 60 % 60),
                               (uint8_t)(second % 60),
                               0,
                               0,
                               0,
                               0};
    memcpy(octets, value, sizeof value);
}

static qd_status_t set_clock(life_t *l, int32_t by_s) {
    uint8_t data[14] = {9, 12};
    l->w.now_us += STEP_US;
    int64_t target_s = mw_rtc_ms(&l->w) / 1000 + by_s;
    l->target_ms = target_s * 1000;
    l->next_offset_ms = l->w.rtc_offset_ms + l->target_ms - mw_rtc_ms(&l->w);
    put_date_time(data + 2, target_s);
    if (!life_open(l) || !life_set(l, 8, life_clock, 2, data, sizeof data)) {
        return QD_IO;
    }
    if (l->w.rtc_offset_ms != l->next_offset_ms || !life_is_journaled(l, l->target_ms)) {
        life_wrong(l, "a clock set was answered and is not there");
    }
    l->offset_ms = l->next_offset_ms;
    return QD_OK;
}

/* Writes the value that is perhaps there; with success it is there for sure. */
static qd_status_t put_value(life_t *l, life_value_t *v) {
    l->w.now_us += STEP_US;
    if (!life_open(l) || !life_set(l, 6, life_activation, v->attribute, v->octets[1], v->length[1])) {
        return QD_IO;
    }
    memcpy(v->octets[0], v->octets[1], v->length[1]);
    v->length[0] = v->length[1];
    v->length[1] = 0;
    return QD_OK;
}

static qd_status_t set_rate(life_t *l, uint8_t rate) {
    life_value_t *v = &l->values[2];
    const uint8_t name[6] = {9, 4, '0', '0', '0', (uint8_t)('0' + rate)};
    memcpy(v->octets[1], name, sizeof name);
    v->length[1] = sizeof name;
    l->next_rate = rate;
    qd_status_t status = put_value(l, v);
    if (status == QD_OK) {
        l->rate = rate;
    }
    return status;
}

/* The first four as the factory has them, so that the masks of the factory stay good. */
static qd_status_t set_table(life_t *l, unsigned version) {
    life_value_t *v = &l->values[0];
    unsigned count = version % 2u == 0 ? 36u : 34u;
    uint8_t *at = v->octets[1];
    *at++ = 1;
    *at++ = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        unsigned channel = i < 4u ? i % 2u : (i + version) % 2u;
        unsigned rate = i < 4u ? i / 2u : (i / 3u + version) % 2u;
        const uint8_t one[13] = {
            2, 2, 0x12, 0, 3, 9, 6, 1, 0, (uint8_t)(1u + channel), 8, (uint8_t)(1u + rate), 255};
        memcpy(at, one, sizeof one);
        at += sizeof one;
    }
    v->length[1] = (uint16_t)(at - v->octets[1]);
    return put_value(l, v);
}

static qd_status_t set_masks(life_t *l, unsigned version) {
    life_value_t *v = &l->values[1];
    uint8_t *at = v->octets[1];
    *at++ = 1;
    *at++ = 8;
    for (unsigned i = 0; i < 8u; i++) {
        unsigned import = i < 2u ? 1u + 2u * i : 1u + 2u * ((i + version) % 2u);
        unsigned export = i < 2u ? 2u + 2u * i : 2u + 2u * (i / 2u % 2u);
        uint8_t length = i < 2u ? 4 : 8;
        const uint8_t head[4] = {2, 2, 9, length};
        const uint8_t name[8] = {'0', '0', '0', (uint8_t)('1' + i), 'v', (uint8_t)('0' + version), '-', '-'};
        const uint8_t rest[6] = {1, 2, 0x11, (uint8_t)import, 0x11, (uint8_t) export};
        memcpy(at, head, sizeof head);
        memcpy(at + 4, name, length);
        memcpy(at + 4 + length, rest, sizeof rest);
        at += 4u + length + 6u;
    }
    v->length[1] = (uint16_t)(at - v->octets[1]);
    return put_value(l, v);
}

/* A step in a supply that fails. False: the planned cut has come. */
static bool fading(life_t *l, uint64_t after_us, qd_power_state_t state) {
    l->w.now_us += after_us;
    (void)mw_step(&l->w, l->w.now_us, state);
    return !is_cut(l);
}

/* The supply fails a part of a second from now. The meter hears of it, and what flowed until then is to be kept. */
static bool notice(life_t *l, uint64_t reserve_nj) {
    life_flow(l, l->w.now_us + 3u * STEP_US);
    qd_sim_supply_seed(l->supply, l->w.now_us);
    qd_sim_supply_limit(l->supply, reserve_nj, QD_SIM_UNSYNCED_LOST);
    if (!fading(l, 3u * STEP_US, QD_POWER_BROWN_OUT)) {
        return false;
    }
    if (!life_dead(l)) {
        life_keep(l);
    } else if (reserve_nj >= RESERVE_NJ) {
        life_wrong(l, "the reserve does not suffice");
    }
    return true;
}

static qd_status_t fail_with_notice(life_t *l, uint64_t reserve_nj, unsigned unsynced) {
    if (!notice(l, reserve_nj)) {
        return QD_IO;
    }
    for (unsigned ms = 1; ms <= 10u; ms++) {
        if (!fading(l, 1000u, ms < 10u ? QD_POWER_BROWN_OUT : QD_POWER_HOLD_UP)) {
            return QD_IO;
        }
    }
    cycle(l, unsynced);
    return life_start(l);
}

static qd_status_t ramp(life_t *l, int32_t times) {
    for (int32_t i = 0; i < times; i++) {
        if (!notice(l, RESERVE_NJ) || !fading(l, 5000u, QD_POWER_HOLD_UP)) {
            return QD_IO;
        }
        qd_sim_supply_unlimit(l->supply);
        if (!fading(l, 5000u, QD_POWER_MAINS)) {
            return QD_IO;
        }
    }
    return seconds(l, 0);
}

static qd_status_t storm(life_t *l, int32_t starts) {
    for (int32_t i = 0; i < starts; i++) {
        cycle(l, (unsigned)i);
        qd_sim_supply_limit(l->supply, (uint64_t)(i + 1) * 41777u,
                            (qd_sim_unsynced_t)(i % (int32_t)QD_SIM_UNSYNCED_COUNT));
        (void)life_start(l);
        if (is_cut(l)) {
            return QD_IO;
        }
    }
    cycle(l, 0);
    return life_start(l);
}

/* Firmware with version 2 takes over the records of version 1 when it starts; before one with version 1 comes it hands
 * them back. Until then it is version 2 that starts, whatever it has done. */
static qd_status_t change_version(scene_t *w, int32_t version) {
    life_t *l = &w->life;
    qd_status_t status = QD_OK;
    l->w.now_us += STEP_US;
    if (version == 1) {
        status = qd_meter_hand_back(l->w.memory, sizeof l->w.memory, &w->models[1], &l->w.ports, 1);
    }
    if (status == QD_OK) {
        l->w.model = &w->models[version - 1];
        status = life_start(l);
    }
    return status;
}

static qd_status_t do_step(scene_t *w, const step_t *step) {
    life_t *l = &w->life;
    switch (step->kind) {
    case SECOND:
        return seconds(l, step->value);
    case GAP:
        return gap(l);
    case RESET:
        l->w.now_us += STEP_US;
        return life_start(l);
    case CYCLE:
        cycle(l, (unsigned)step->value);
        return life_start(l);
    case CLOCK:
        return set_clock(l, step->value);
    case RATE:
        return set_rate(l, (uint8_t)step->value);
    case TABLE:
        return set_table(l, (unsigned)step->value);
    case MASKS:
        return set_masks(l, (unsigned)step->value);
    case NOTICE:
        return fail_with_notice(l, RESERVE_NJ, (unsigned)step->value);
    case POOR:
        return fail_with_notice(l, RESERVE_NJ - (uint64_t)step->value * OCTET_NJ, 0);
    case RAMP:
        return ramp(l, step->value);
    case STORM:
        return storm(l, step->value);
    case VERSION:
        return change_version(w, step->value);
    }
    return QD_ARGUMENT;
}

/* --- the scenarios --- */

#define S                                                                                                    \
    { SECOND, 0 }
static const step_t counting[] = {S, S,         S,        {SECOND, 3}, S, S, {GAP, 0},    S, S, {RATE, 2},  S,
                                  S, {RATE, 1}, {GAP, 0}, S,           S, S, {SECOND, 7}, S, S, {RESET, 0}, S,
                                  S, S,         {GAP, 0}, {GAP, 0},    S, S, S,           S};
static const step_t clock_set[] = {
    {CLOCK, 3600},        S, {CLOCK, -7200}, {CLOCK, 5},   S, S, {CLOCK, 86400 * 30}, S, {GAP, 0},
    {CLOCK, -86400 * 45}, S, {CLOCK, 1},     {CLOCK, 900}, S, S};
static const step_t rate_switch[] = {{RATE, 2}, S,           S, {RATE, 1},  S, {RATE, 2}, {RATE, 1}, S,
                                     {RATE, 2}, {GAP, 0},    S, {RESET, 0}, S, {RATE, 1}, S,         S,
                                     {RATE, 2}, {SECOND, 4}, S};
static const step_t block_write[] = {{TABLE, 2}, S,        {MASKS, 3}, S,          {TABLE, 5}, {MASKS, 4},
                                     {RATE, 2},  {GAP, 0}, S,          {TABLE, 8}, S,          {MASKS, 7},
                                     {RATE, 1},  {GAP, 0}, {TABLE, 3}, S};
static const step_t ring_rollover[] = {{CLOCK, 11},
                                       {CLOCK, 12},
                                       S,
                                       {CLOCK, 13},
                                       {CLOCK, 14},
                                       S,
                                       {CLOCK, 15},
                                       {CLOCK, 16},
                                       S,
                                       {CLOCK, 17},
                                       {CLOCK, 18},
                                       S,
                                       S,
                                       {CLOCK, 19},
                                       {CLOCK, 20},
                                       S,
                                       {RESET, 0},
                                       {CLOCK, 21},
                                       S,
                                       S,
                                       {CLOCK, 22},
                                       {CLOCK, 23},
                                       S,
                                       {CLOCK, 24},
                                       {CLOCK, 25},
                                       S,
                                       {CLOCK, 26},
                                       {CLOCK, 27},
                                       S,
                                       S,
                                       S};
static const step_t mount_after_mount[] = {{RESET, 0}, {RESET, 0}, S,          {RESET, 0}, {CYCLE, 1},
                                           {CYCLE, 2}, S,          {CYCLE, 3}, {CYCLE, 0}, {RATE, 2},
                                           {RESET, 0}, {CYCLE, 1}, {GAP, 0},   {CYCLE, 2}, {CYCLE, 3},
                                           {RESET, 0}, S};
static const step_t brown_out_storm[] = {
    S,           {NOTICE, 0}, S,           {NOTICE, 1}, {NOTICE, 2}, S,           {POOR, 250},
    S,           {RAMP, 5},   {NOTICE, 3}, S,           {STORM, 8},  S,           {RATE, 2},
    {NOTICE, 1}, S,           {POOR, 100}, {RAMP, 3},   {STORM, 4},  {NOTICE, 0}, S};
static const step_t migration[] = {{RATE, 2}, {VERSION, 2}, S, S, {GAP, 0}, {VERSION, 1}, S, {TABLE, 4}, S};
#undef S

enum {
    COUNTING,
    CLOCK_SET,
    RATE_SWITCH,
    BLOCK_WRITE,
    RING_ROLLOVER,
    MIGRATION,
    MOUNT_AFTER_MOUNT,
    BROWN_OUT_STORM,
    SCENARIOS
};
#define STEPS(steps) steps, sizeof(steps) / sizeof(steps)[0]
static const scenario_t scripts[SCENARIOS] = {
    [COUNTING] = {STEPS(counting), false, 0, 0},
    [CLOCK_SET] = {STEPS(clock_set), false, 0, 0},
    [RATE_SWITCH] = {STEPS(rate_switch), true, 0, 0},
    [BLOCK_WRITE] = {STEPS(block_write), true, 0, 0},
    [RING_ROLLOVER] = {STEPS(ring_rollover), false, 225, 2},
    [MIGRATION] = {STEPS(migration), true, 0, 0},
    [MOUNT_AFTER_MOUNT] = {STEPS(mount_after_mount), true, 0, 0},
    [BROWN_OUT_STORM] = {STEPS(brown_out_storm), false, 0, 0},
};

static qd_status_t step(void *context, size_t number) {
    scene_t *w = context;
    qd_status_t status = do_step(w, &w->scenario->steps[number]);
    qd_sim_nor_stats_t stats;
    qd_sim_nor_get_stats(&w->life.w.nor, &stats);
    if (status == QD_OK && number + 1u == w->scenario->count && w->scenario->erases > 0 &&
        stats.erases < w->erases + w->scenario->erases) {
        status = QD_STATE;
    }
    return status;
}

static qd_status_t mount(void *context) {
    scene_t *w = context;
    w->life.w.now_us += OFF_US;
    return life_start(&w->life);
}

/* The meter has been started and judged by mount. It goes on, and two more starts show the same. */
static const char *check(void *context, size_t done) {
    scene_t *w = context;
    life_t *l = &w->life;
    qd_status_t status = QD_OK;
    (void)done;
    if (w->scenario->values && l->wrong == NULL) {
        life_judge_values(l);
    }
    for (unsigned i = 0; i < 2u && l->wrong == NULL && status == QD_OK; i++) {
        status = life_second(l);
        if (status == QD_OK && i > 0) {
            status = life_second(l);
        }
        if (status == QD_OK) {
            cycle(l, QD_SIM_UNSYNCED_LOST);
            status = life_start(l);
        }
    }
    if (status != QD_OK) {
        life_wrong(l, qd_status_name(status));
    }
    return l->wrong;
}

/* The journal goes round its ring. */
static bool fill_journal(life_t *l, unsigned rows) {
    bool good = true;
    while (good && l->logs[0].end < rows) {
        good = set_clock(l, 60) == QD_OK && life_second(l) == QD_OK && life_second(l) == QD_OK;
    }
    return good;
}

static void setup(scene_t *w, qd_sim_supply_t *supply, unsigned defect, unsigned number) {
    static const qd_migration_t nothing_changes = {NULL, NULL, 0};
    qd_store_layout_t layout;
    static const qd_sim_costs_t costs = {
        .program_nj = PROGRAM_NJ, .octet_nj = OCTET_NJ, .sync_nj = PROGRAM_NJ};
    life_t *l = &w->life;
    size_t head = (sizeof *w + 63u) & ~(size_t)63u;
    w->scenario = &scripts[number];
    w->defect = defect;
    qd_sim_supply_set_costs(supply, &costs);
    for (unsigned i = 0; i < 2u; i++) {
        w->models[i] = *qd_model_find(MODEL);
        w->models[i].layout_version = (uint16_t)(1u + i);
    }
    qd_meter_layout(&w->models[0], &layout);
    w->earlier = (qd_model_layout_t){
        1, layout.rows, layout.row_count, layout.group_capacity, &nothing_changes, &nothing_changes};
    w->models[1].earlier = &w->earlier;
    w->models[1].earlier_count = 1;
    life_init(l, &w->models[0], supply, (uint8_t *)w + head);
    qd_cut_wrap(&w->fram_wrap, &l->w.fram_port, drops_fram, w, &w->fram);
    qd_cut_wrap(&w->nor_wrap, &l->w.nor_port, drops_nor, w, &w->nor);
    l->w.ports.fram = &w->fram;
    l->w.ports.flash = &w->nor;
    if (defect == DROPPED_NOTICE) {
        l->w.power.state = all_is_well;
    }
    l->w.now_us = 5u * MW_SECOND_US;
    bool good = life_start(l) == QD_OK;
    for (unsigned i = 0; i < 3u; i++) {
        good = good && life_second(l) == QD_OK;
    }
    life_judge_values(l);
    good = good && fill_journal(l, w->scenario->journal);
    if (!good) {
        life_wrong(l, "the meter does not come to life");
    }
    qd_sim_nor_stats_t stats;
    qd_sim_nor_get_stats(&l->w.nor, &stats);
    w->erases = stats.erases;
    supply->operations = 0;
    w->armed = true;
    l->any_errors =
        defect == REUSED_NONCE; /* scrubbing finds the superblocks, too; here it is to be the nonce */
}

#define SETUP(name, number)                                                                                  \
    static void setup_##name(void *world, qd_sim_supply_t *supply, unsigned defect) {                        \
        setup(world, supply, defect, number);                                                                \
    }
SETUP(counting, COUNTING)
SETUP(clock_set, CLOCK_SET)
SETUP(rate_switch, RATE_SWITCH)
SETUP(block_write, BLOCK_WRITE)
SETUP(ring_rollover, RING_ROLLOVER)
SETUP(migration, MIGRATION)
SETUP(mount_after_mount, MOUNT_AFTER_MOUNT)
SETUP(brown_out_storm, BROWN_OUT_STORM)

int main(int argc, char **argv) {
    size_t size = ((sizeof(scene_t) + 63u) & ~(size_t)63u) + life_memory(qd_model_find(MODEL));
    qd_cut_scenario_t scenarios[SCENARIOS] = {
        [COUNTING] = {"counting", size, 0, setup_counting, step, mount, check},
        [CLOCK_SET] = {"clock-set", size, 0, setup_clock_set, step, mount, check},
        [RATE_SWITCH] = {"rate-switch", size, 0, setup_rate_switch, step, mount, check},
        [BLOCK_WRITE] = {"block-write", size, 0, setup_block_write, step, mount, check},
        [RING_ROLLOVER] = {"ring-rollover", size, 0, setup_ring_rollover, step, mount, check},
        [MIGRATION] = {"migration", size, 0, setup_migration, step, mount, check},
        [MOUNT_AFTER_MOUNT] = {"mount-after-mount", size, 0, setup_mount_after_mount, step, mount, check},
        [BROWN_OUT_STORM] = {"brown-out-storm", size, 0, setup_brown_out_storm, step, mount, check},
    };
    for (unsigned i = 0; i < SCENARIOS; i++) {
        scenarios[i].steps = scripts[i].count;
    }
    const qd_cut_program_t program = {
        "cut_scenarios", scenarios, SCENARIOS, defects, sizeof defects / sizeof defects[0], SAMPLE};
    return qd_cut_main(&program, argc, argv);
}
