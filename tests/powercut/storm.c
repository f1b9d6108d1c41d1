/*
 * storm: ten thousand interruptions of one meter's life.
 *
 * Each interruption is drawn at random: with notice and a reserve that lasts for one small commit, with a reserve that
 * is too small, without notice in the middle of an operation, on a slow ramp that comes and goes, or a storm of
 * resets that cut the start itself again and again. After each of them the meter starts and must have what flowed:
 * all of it with notice, all but at most the energy of one second without, and never less than it showed committed
 * before. The load is the meter world's: its energy is computed here, not there. An st402 has one of its own up to its
 * rated current in three phases, in all quadrants, and now and then a life in which it counts far.
 *
 *   storm [--count N] [--seed S] [--model NAME]
 * A violation prints the command that ends with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "meter_world.h"

#define COUNT 10000u
#define BLIND_COUNT 300u
#define RESETS_MAX 12u
/* What the reserve pays for: one program of 256 octets and its sync, each octet 1 unit, program and sync 20. */
#define OCTET_NJ 1000u
#define PROGRAM_NJ 20000u
#define RESERVE_NJ (256u * OCTET_NJ + 2u * PROGRAM_NJ)
#define NOTICE_US 10000u
#define LONG_LIFE_S 90u
/* A load keeps its kind for so many seconds; each phase has at most 23 kW. */
#define KIND_S 128u
#define RATED_W 23000u
#define IMPORT 0u
#define EXPORT 1u

typedef enum kind { NOTICE = 0, POOR, SUDDEN, RAMP, STORM, KINDS } kind_t;
static const char *const kind_names[KINDS] = {"notice", "poor reserve", "sudden", "slow ramp", "reset storm"};

typedef struct storm {
    meter_world_t world;
    uint64_t random;
    const char *model;
    uint64_t seed;
    bool quiet;
    bool strong; /* the load is this program's */
    bool blind;  /* planted defect: the meter does not hear the notice */
    unsigned number;
    kind_t kind;
    int64_t base_mj[2];  /* A+ and A- when the power came */
    uint64_t on_us;      /* then */
    uint64_t failed_us;  /* the mains failed: what flows in hold-up is not owed */
    int64_t shown_mj[2]; /* committed for sure */
    unsigned long passed, failed;
    unsigned long done[KINDS];
    unsigned long cut_starts;
    int64_t worst_mj;
} storm_t;

static uint32_t draw(storm_t *s, uint32_t below) {
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (uint32_t)((s->random * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % below;
}

static void expect(storm_t *s, bool good, const char *what, int64_t wanted, int64_t got) {
    if (good) {
        s->passed++;
        return;
    }
    s->failed++;
    if (s->failed <= 10 && !s->quiet) {
        printf("interruption %u (%s): %s: wanted %lld, got %lld\n  storm --model %s --seed %llu --count %u\n",
               s->number, kind_names[s->kind], what, (long long)wanted, (long long)got, s->model,
               (unsigned long long)s->seed, s->number + 1u);
    }
}

static uint32_t mixed(const meter_world_t *w, uint64_t number) {
    uint64_t x = (number + 1u) * UINT64_C(0xd6e8feb86659fd93) ^ (w->seed << 17);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(x >> 32);
}

/* W or var of a phase at a second: mostly import near the rated current, or export, or any quadrant in each second. */
static int32_t strong_load(const meter_world_t *w, uint64_t second, unsigned phase, bool reactive) {
    uint32_t x = mixed(w, second * 8u + phase * 2u + (reactive ? 1u : 0u));
    uint32_t kind = mixed(w, second / KIND_S) % 4u;
    if (reactive || kind == 3u) {
        return (int32_t)(x % (2u * RATED_W + 1u)) - (int32_t)RATED_W;
    }
    int32_t watt = (int32_t)(RATED_W - x % 2000u);
    return kind == 2u ? -watt : watt;
}

static int64_t strong_sum(const meter_world_t *w, uint64_t second) {
    int64_t sum = 0;
    for (unsigned p = 0; p < QD_PHASES; p++) {
        sum += strong_load(w, second, p, false);
    }
    return sum;
}

static void strong_fill(const meter_world_t *w, uint64_t begin_us, qd_quantities_t *record) {
    for (unsigned p = 0; p < QD_PHASES; p++) {
        qd_phase_quantities_t *phase = &record->phase[p];
        phase->valid = true;
        phase->voltage_mv = 230000;
        phase->current_ma = 100000;
        phase->active_power_mw = strong_load(w, begin_us / MW_SECOND_US, p, false) * 1000;
        phase->reactive_power_mvar = strong_load(w, begin_us / MW_SECOND_US, p, true) * 1000;
    }
}

static qd_status_t strong_take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    meter_world_t *w = context;
    uint64_t begin_us = w->from_us;
    qd_status_t status = mw_take(context, tick_us, record);
    if (status == QD_OK) {
        strong_fill(w, begin_us, record);
    }
    return status;
}

static qd_status_t strong_cut(void *context, uint64_t tick_us, qd_quantities_t *record) {
    meter_world_t *w = context;
    uint64_t begin_us = w->from_us;
    qd_status_t status = mw_cut(context, tick_us, record);
    if (status == QD_OK) {
        strong_fill(w, begin_us, record);
    }
    return status;
}

/* What flows from one instant to another in this direction, in mJ. */
static int64_t energy_mj(const storm_t *s, unsigned way, uint64_t from_us, uint64_t to_us) {
    int64_t mj = 0;
    if (!s->strong) {
        return way == IMPORT ? mw_energy_mj(&s->world, from_us, to_us) : 0;
    }
    while (from_us < to_us) {
        uint64_t end_us = (from_us / MW_SECOND_US + 1u) * MW_SECOND_US;
        end_us = end_us < to_us ? end_us : to_us;
        int64_t watt = strong_sum(&s->world, from_us / MW_SECOND_US);
        watt = way == EXPORT ? -watt : watt;
        mj += watt > 0 ? watt * (int64_t)(end_us - from_us) / 1000 : 0;
        from_us = end_us;
    }
    return mj;
}

static int64_t shown_mj(const storm_t *s, unsigned way) {
    qd_meter_view_t view;
    qd_meter_get_view(s->world.meter, &view);
    return way == IMPORT ? view.import_mj : view.export_mj;
}

/* Whole seconds of ordinary life; false: power went. */
static bool live(storm_t *s, uint32_t seconds) {
    meter_world_t *w = &s->world;
    for (uint32_t i = 0; i < seconds; i++) {
        uint64_t next_us = (w->now_us / MW_SECOND_US + 1u) * MW_SECOND_US;
        if (mw_step(w, next_us, QD_POWER_MAINS) != QD_OK || qd_sim_supply_is_dead(&w->supply)) {
            return false;
        }
        s->shown_mj[IMPORT] = shown_mj(s, IMPORT);
        s->shown_mj[EXPORT] = shown_mj(s, EXPORT);
    }
    return true;
}

static uint64_t some_ms_later(storm_t *s, uint32_t at_most) {
    return s->world.now_us + (uint64_t)(1u + draw(s, at_most)) * 1000u;
}

/* The supply fails with notice now: a step, ten milliseconds, hold-up, dark. */
static void fail_with_notice(storm_t *s, uint64_t reserve_nj) {
    meter_world_t *w = &s->world;
    s->failed_us = w->now_us;
    qd_sim_supply_limit(&w->supply, reserve_nj, (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
    (void)mw_step(w, w->now_us, s->blind ? QD_POWER_MAINS : QD_POWER_BROWN_OUT);
    for (uint32_t us = 1000; us <= NOTICE_US; us += 1000) {
        qd_power_state_t state = us < NOTICE_US ? QD_POWER_BROWN_OUT : QD_POWER_HOLD_UP;
        (void)mw_step(w, w->now_us + 1000u, s->blind ? QD_POWER_MAINS : state);
    }
    if (!qd_sim_supply_is_dead(&w->supply)) {
        qd_sim_supply_power_off(&w->supply, (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
    }
}

/* Interrupts the life. Returns the instant up to which nothing may be lost; 0: up to a second may. */
static uint64_t interrupt(storm_t *s) {
    meter_world_t *w = &s->world;
    uint64_t noticed_us;
    switch (s->kind) {
    case NOTICE:
        /* past the end of the second: the notice finds two intervals */
        w->now_us = some_ms_later(s, draw(s, 4) == 0 ? 1998 : 998);
        noticed_us = w->now_us;
        fail_with_notice(s, RESERVE_NJ);
        return noticed_us;
    case POOR:
        w->now_us = some_ms_later(s, 998);
        fail_with_notice(s, draw(s, RESERVE_NJ));
        return 0;
    case RAMP:
        for (uint32_t i = 1 + draw(s, 40); i > 0; i--) {
            qd_sim_supply_limit(&w->supply, RESERVE_NJ, QD_SIM_UNSYNCED_LOST);
            (void)mw_step(w, some_ms_later(s, 20), QD_POWER_BROWN_OUT);
            (void)mw_step(w, some_ms_later(s, 9), QD_POWER_HOLD_UP);
            qd_sim_supply_unlimit(&w->supply);
            (void)mw_step(w, some_ms_later(s, 20), QD_POWER_MAINS);
        }
        w->now_us += 1000u;
        noticed_us = w->now_us;
        fail_with_notice(s, RESERVE_NJ);
        return noticed_us;
    case SUDDEN:
    case STORM:
    case KINDS:
        break;
    }
    qd_sim_supply_cut(&w->supply, qd_sim_supply_operations(&w->supply) + 1u + draw(s, 12),
                      (qd_sim_torn_t)draw(s, QD_SIM_TORN_COUNT),
                      (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
    if (live(s, 4)) {
        qd_sim_supply_power_off(&w->supply, (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
        w->now_us = some_ms_later(s, 998);
    }
    s->failed_us = w->now_us;
    return 0;
}

/* Starts until a start holds. */
static bool restart(storm_t *s) {
    meter_world_t *w = &s->world;
    uint32_t resets = s->kind == STORM ? 1u + draw(s, RESETS_MAX) : 0u;
    for (uint32_t i = 0; i < resets; i++) {
        qd_sim_supply_restart(&w->supply);
        qd_sim_supply_cut(&w->supply, 1u + draw(s, 10), (qd_sim_torn_t)draw(s, QD_SIM_TORN_COUNT),
                          (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
        w->now_us = some_ms_later(s, 500);
        (void)mw_start(w);
        if (!qd_sim_supply_is_dead(&w->supply)) {
            qd_sim_supply_power_off(&w->supply, (qd_sim_unsynced_t)draw(s, QD_SIM_UNSYNCED_COUNT));
        }
        s->cut_starts++;
    }
    w->now_us += (uint64_t)draw(s, 100000) * 1000u;
    qd_sim_supply_restart(&w->supply);
    qd_status_t status = mw_start(w);
    expect(s, status == QD_OK, "the meter starts", QD_OK, status);
    return status == QD_OK;
}

/* Also intervals that the resets of a storm booked may be there: at most what flowed between them. */
static void judge(storm_t *s, unsigned way, uint64_t kept_us, uint64_t off_us) {
    int64_t base_mj = s->base_mj[way];
    int64_t got = shown_mj(s, way);
    int64_t flowed = base_mj + energy_mj(s, way, s->on_us, off_us);
    int64_t least = kept_us != 0 ? base_mj + energy_mj(s, way, s->on_us, kept_us) : 0;
    if (kept_us == 0) {
        uint64_t before = s->failed_us > s->on_us + MW_SECOND_US ? s->failed_us - MW_SECOND_US : s->on_us;
        least = base_mj + energy_mj(s, way, s->on_us, before);
        int64_t missing = base_mj + energy_mj(s, way, s->on_us, s->failed_us) - got;
        s->worst_mj = missing > s->worst_mj ? missing : s->worst_mj;
    }
    expect(s, got >= s->shown_mj[way], "energy falls", s->shown_mj[way], got);
    expect(s, got >= least, "energy is lost", least, got);
    expect(s, got <= flowed, "energy appears", flowed, got);
    s->base_mj[way] = got;
    s->shown_mj[way] = got;
}

static bool one(storm_t *s) {
    s->kind = (kind_t)draw(s, KINDS);
    s->done[s->kind]++;
    bool is_long = s->strong && draw(s, 16) == 0;
    bool alive = live(s, draw(s, is_long ? LONG_LIFE_S + 1u : 6u));
    expect(s, alive, "an ordinary second", 1, alive);
    uint64_t kept_us = interrupt(s);
    uint64_t off_us = s->world.now_us;
    if (!restart(s)) {
        return false;
    }
    judge(s, IMPORT, kept_us, off_us);
    judge(s, EXPORT, kept_us, off_us);
    s->on_us = s->world.now_us;
    return true;
}

static unsigned long number(int argc, char **argv, const char *name, unsigned long otherwise) {
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return strtoul(argv[i + 1], NULL, 0);
        }
    }
    return otherwise;
}

static bool begin(storm_t *s, const qd_model_t *model) {
    const qd_sim_costs_t costs = {.program_nj = PROGRAM_NJ, .octet_nj = OCTET_NJ, .sync_nj = PROGRAM_NJ};
    s->random = s->seed * 2u + 1u;
    if (!mw_init(&s->world, model, s->seed)) {
        return false;
    }
    qd_sim_supply_set_costs(&s->world.supply, &costs);
    if (s->strong) {
        s->world.quantities.take = strong_take;
        s->world.quantities.cut = strong_cut;
    }
    s->world.now_us = 5 * MW_SECOND_US;
    s->on_us = s->world.now_us;
    /* The first base of a life is larger than what a reserve pays for. */
    return mw_start(&s->world) == QD_OK && live(s, 2);
}

static bool run(storm_t *s, const qd_model_t *model, unsigned long count) {
    bool goes = begin(s, model);
    for (s->number = 0; s->number < count && goes; s->number++) {
        goes = one(s);
    }
    mw_free(&s->world);
    return goes;
}

int main(int argc, char **argv) {
    static storm_t s, blind;
    s.model = "mini";
    for (int i = 1; i + 1 < argc; i++) {
        s.model = strcmp(argv[i], "--model") == 0 ? argv[i + 1] : s.model;
    }
    s.seed = number(argc, argv, "--seed", 1);
    const qd_model_t *model = qd_model_find(s.model);
    if (model == NULL) {
        printf("storm: no such model: %s\n", s.model);
        return 2;
    }
    s.strong = blind.strong = strcmp(s.model, "st402") == 0;
    bool goes = run(&s, model, number(argc, argv, "--count", COUNT));
    for (unsigned k = 0; k < KINDS; k++) {
        printf("%-14s %lu\n", kind_names[k], s.done[k]);
    }
    printf("starts that were cut %lu, most lost without notice %lld mJ\n", s.cut_starts,
           (long long)s.worst_mj);
    blind.model = s.model;
    blind.seed = s.seed;
    blind.blind = true;
    blind.quiet = true;
    (void)run(&blind, model, BLIND_COUNT);
    expect(&s, blind.failed > 0, "a meter that does not hear the notice is found", 1, 0);
    printf("%lu passed, %lu failed\n", s.passed, s.failed + (goes ? 0u : 1u));
    return s.failed == 0 && goes ? 0 : 1;
}
