/* The cut harness: see cut.h. */
#include "support/cut.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/raw_copy.h"

#define LINES_MAX 20u

/* The supply and the world behind it: one piece of memory, saved and put back as one. */
typedef struct run {
    const qd_cut_program_t *program;
    const qd_cut_scenario_t *scenario;
    const qd_cut_options_t *options;
    qd_cut_result_t *result;
    size_t size;
    qd_sim_supply_t *supply;
    void *world;
    uint8_t *live, *before, *after, *dead; /* before and after the step, and after the cut */
} run_t;

typedef struct cut {
    uint32_t op, op2;
    unsigned variant, variant2;
} cut_t;

/* --- judging ---------------------------------------------------------------------------------------- */

static void describe(const run_t *r, const cut_t *cut, const char *why, char *line, size_t size) {
    char second[48] = "", defect[64] = "", op[48] = " (without a cut)";

    if (cut->op != 0) {
        (void)snprintf(op, sizeof op, " --op %u --variant %u", (unsigned)cut->op, cut->variant);
    }
    if (cut->op2 != 0) {
        (void)snprintf(second, sizeof second, " --op2 %u --variant2 %u", (unsigned)cut->op2, cut->variant2);
    }
    if (r->options->defect != 0) {
        (void)snprintf(defect, sizeof defect, " --defect %.40s", r->program->defects[r->options->defect - 1]);
    }
    (void)snprintf(line, size, "%s --scenario %s%s%s%s: %s", r->program->name, r->scenario->name, op, second,
                   defect, why);
}

static void judge(run_t *r, const cut_t *cut, const char *why) {
    char line[sizeof r->result->first];

    if (cut->op != 0) {
        r->result->cuts++;
    }
    if (why == NULL) {
        r->result->passed++;
        return;
    }
    r->result->failed++;
    describe(r, cut, why, line, sizeof line);
    if (r->result->failed == 1) {
        (void)memcpy(r->result->first, line, sizeof line);
    }
    if (!r->options->quiet && r->result->failed <= LINES_MAX) {
        (void)puts(line);
    }
}

static bool is_enough(const run_t *r) {
    return r->options->enough != 0 && r->result->failed >= r->options->enough;
}

/* --- worlds ----------------------------------------------------------------------------------------- */

static void *need(size_t size) {
    void *memory = aligned_alloc(64, size);

    if (memory == NULL) {
        (void)fputs("cut: no memory\n", stderr);
        exit(2);
    }
    memset(memory, 0, size);
    return memory;
}

static void run_open(run_t *r) {
    size_t head = (sizeof(qd_sim_supply_t) + 63) / 64 * 64;

    r->size = head + (r->scenario->world_size + 63) / 64 * 64;
    r->live = need(r->size);
    r->before = need(r->size);
    r->after = need(r->size);
    r->dead = need(r->size);
    r->supply = (qd_sim_supply_t *)(void *)r->live;
    r->world = r->live + head;
    qd_sim_supply_init(r->supply);
    r->scenario->setup(r->world, r->supply, r->options->defect);
}

static void run_close(run_t *r) {
    free(r->live);
    free(r->before);
    free(r->after);
    free(r->dead);
}

static void plan(run_t *r, uint32_t op, unsigned variant) {
    qd_sim_supply_cut(r->supply, op, (qd_sim_torn_t)(variant % (unsigned)QD_SIM_TORN_COUNT),
                      (qd_sim_unsynced_t)(variant / (unsigned)QD_SIM_TORN_COUNT));
}

/* Power is back: mounts and judges. */
static const char *mount_and_check(run_t *r, size_t done) {
    qd_sim_supply_restart(r->supply);
    if (r->scenario->mount != NULL) {
        qd_status_t status = r->scenario->mount(r->world);

        if (status != QD_OK) {
            return qd_status_name(status);
        }
    }
    return r->scenario->check(r->world, done);
}

/* --- cuts ------------------------------------------------------------------------------------------- */

/* Cuts the mount after the cut. False: it has no such operation. */
static bool second_cut(run_t *r, const cut_t *cut, size_t done) {
    raw_copy(r->live, r->dead, r->size);
    qd_sim_supply_restart(r->supply);
    qd_sim_supply_seed(r->supply, (uint64_t)cut->op2 * 1000003u + cut->variant2 + cut->op);
    plan(r, cut->op2, cut->variant2);
    (void)r->scenario->mount(r->world);
    if (!qd_sim_supply_is_dead(r->supply)) {
        return false;
    }
    judge(r, cut, mount_and_check(r, done));
    return true;
}

static void second_cuts(run_t *r, cut_t cut, size_t done) {
    bool all = r->options->second == QD_CUT_SECOND_ALL;

    for (cut.op2 = 1; cut.op2 <= QD_CUT_OPERATIONS_MAX && !is_enough(r); cut.op2++) {
        unsigned turn = (cut.op * 7u + cut.variant * 3u + cut.op2) % QD_CUT_VARIANTS;

        for (unsigned i = 0; i < (all ? QD_CUT_VARIANTS : 1u); i++) {
            cut.variant2 = (turn + i) % QD_CUT_VARIANTS;
            if (!second_cut(r, &cut, done)) {
                return;
            }
        }
    }
}

/* The world stands before the step that has operation cut.op. */
static void first_cut(run_t *r, size_t number, cut_t cut) {
    const qd_cut_options_t *o = r->options;
    size_t done = number;

    raw_copy(r->live, r->before, r->size);
    qd_sim_supply_seed(r->supply, (uint64_t)cut.op * 1000003u + cut.variant);
    plan(r, cut.op, cut.variant);
    if (r->scenario->step(r->world, number) == QD_OK) {
        done++; /* all of it was there before the operation that was cut */
    }
    if (!qd_sim_supply_is_dead(r->supply)) {
        judge(r, &cut, "the cut did not happen");
        return;
    }
    raw_copy(r->dead, r->live, r->size);
    if (o->op2 != 0) {
        cut.op2 = o->op2;
        cut.variant2 = o->variant2;
        if (r->scenario->mount == NULL || !second_cut(r, &cut, done)) {
            judge(r, &cut, "the mount has no such operation");
        }
        return;
    }
    judge(r, &cut, mount_and_check(r, done));
    if (o->op == 0 && r->scenario->mount != NULL && o->second != QD_CUT_SECOND_NONE) {
        second_cuts(r, cut, done);
    }
}

static bool is_chosen(const run_t *r, const cut_t *cut) {
    const qd_cut_options_t *o = r->options;

    if (o->op != 0) {
        return cut->op == o->op && cut->variant == o->variant;
    }
    return o->sample < 2 || (cut->variant + cut->op * UINT64_C(1000003)) % o->sample == 0;
}

/* --- runs ------------------------------------------------------------------------------------------- */

/* The world stands before the step. Goes on to its end; then all cuts in it, and back to its end. */
static const char *run_step(run_t *r, size_t number) {
    cut_t cut = {0, 0, 0, 0};
    uint32_t first = qd_sim_supply_operations(r->supply), last;

    raw_copy(r->before, r->live, r->size);
    if (r->scenario->step(r->world, number) != QD_OK) {
        return "a step fails without a cut";
    }
    last = qd_sim_supply_operations(r->supply);
    r->result->operations = last;
    if (last > QD_CUT_OPERATIONS_MAX) {
        return "the scenario has too many operations";
    }
    raw_copy(r->after, r->live, r->size);
    for (cut.op = first + 1; cut.op <= last; cut.op++) {
        for (cut.variant = 0; cut.variant < QD_CUT_VARIANTS && !is_enough(r); cut.variant++) {
            if (is_chosen(r, &cut)) {
                first_cut(r, number, cut);
            }
        }
    }
    raw_copy(r->live, r->after, r->size);
    return NULL;
}

/* Power fails after the last step, in each way that what was not synced can go. */
static void run_end(run_t *r) {
    static const cut_t none = {0, 0, 0, 0};

    raw_copy(r->after, r->live, r->size);
    for (unsigned i = 0; i < (unsigned)QD_SIM_UNSYNCED_COUNT; i++) {
        raw_copy(r->live, r->after, r->size);
        qd_sim_supply_power_off(r->supply, (qd_sim_unsynced_t)i);
        judge(r, &none, mount_and_check(r, r->scenario->steps));
    }
}

void qd_cut_run(const qd_cut_program_t *program, const qd_cut_scenario_t *scenario,
                const qd_cut_options_t *options, qd_cut_result_t *result) {
    run_t r = {.program = program, .scenario = scenario, .options = options, .result = result};
    cut_t none = {0, 0, 0, 0};
    const char *why = NULL;

    run_open(&r);
    for (size_t i = 0; i < scenario->steps && why == NULL && !is_enough(&r); i++) {
        why = run_step(&r, i);
    }
    if (why != NULL) {
        result->broken = true;
        judge(&r, &none, why);
    } else if (options->op > result->operations) {
        none.op = options->op;
        none.variant = options->variant;
        judge(&r, &none, "the scenario has no such operation");
    } else if (options->op == 0 && !is_enough(&r)) {
        run_end(&r);
    }
    run_close(&r);
}

/* --- the program ------------------------------------------------------------------------------------ */

static const qd_cut_scenario_t *find_scenario(const qd_cut_program_t *program, const char *name) {
    for (size_t i = 0; i < program->scenario_count; i++) {
        if (strcmp(program->scenarios[i].name, name) == 0) {
            return &program->scenarios[i];
        }
    }
    (void)fprintf(stderr, "%s: no such scenario: %s\n", program->name, name);
    exit(2);
}

static unsigned find_defect(const qd_cut_program_t *program, const char *name) {
    for (size_t i = 0; i < program->defect_count; i++) {
        if (strcmp(program->defects[i], name) == 0) {
            return (unsigned)i + 1u;
        }
    }
    (void)fprintf(stderr, "%s: no such defect: %s\n", program->name, name);
    exit(2);
}

static void wrong(const qd_cut_program_t *program, const char *option, const char *value) {
    (void)fprintf(stderr, "%s: wrong option or value: %s %s\n", program->name, option, value);
    exit(2);
}

static uint32_t number(const qd_cut_program_t *program, const char *option, const char *text, uint32_t max) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > max) {
        wrong(program, option, text);
    }
    return (uint32_t)value;
}

typedef struct command {
    qd_cut_options_t options;
    const qd_cut_scenario_t *only;
} command_t;

static void take_option(const qd_cut_program_t *p, command_t *c, const char *option, const char *value) {
    qd_cut_options_t *o = &c->options;

    if (strcmp(option, "--scenario") == 0) {
        c->only = find_scenario(p, value);
    } else if (strcmp(option, "--defect") == 0) {
        o->defect = find_defect(p, value);
    } else if (strcmp(option, "--op") == 0) {
        o->op = number(p, option, value, QD_CUT_OPERATIONS_MAX);
    } else if (strcmp(option, "--op2") == 0) {
        o->op2 = number(p, option, value, QD_CUT_OPERATIONS_MAX);
    } else if (strcmp(option, "--variant") == 0) {
        o->variant = number(p, option, value, QD_CUT_VARIANTS - 1);
    } else if (strcmp(option, "--variant2") == 0) {
        o->variant2 = number(p, option, value, QD_CUT_VARIANTS - 1);
    } else if (strcmp(option, "--sample") == 0) {
        o->sample = number(p, option, value, 1000000);
    } else if (strcmp(option, "--second") == 0 && strcmp(value, "none") == 0) {
        o->second = QD_CUT_SECOND_NONE;
    } else if (strcmp(option, "--second") == 0 && strcmp(value, "all") == 0) {
        o->second = QD_CUT_SECOND_ALL;
    } else if (strcmp(option, "--second") != 0 || strcmp(value, "some") != 0) {
        wrong(p, option, value);
    }
}

static void run_scenarios(const qd_cut_program_t *p, const command_t *c, const qd_cut_options_t *o,
                          qd_cut_result_t *result) {
    for (size_t i = 0; i < p->scenario_count; i++) {
        if (c->only == NULL || c->only == &p->scenarios[i]) {
            qd_cut_run(p, &p->scenarios[i], o, result);
            if (o->defect == 0) {
                (void)printf("%s: %u operations\n", p->scenarios[i].name, (unsigned)result->operations);
            }
        }
    }
}

/* A planted defect need not be found everywhere. */
static void try_defect(const qd_cut_program_t *p, const command_t *c, unsigned defect, bool quiet,
                       qd_cut_result_t *tally) {
    qd_cut_options_t o = c->options;
    qd_cut_result_t found = {0};
    bool good;

    o.defect = defect;
    o.quiet = quiet;
    if (quiet && o.sample < p->sample) {
        o.sample = p->sample; /* a defect that the sample does not find is not well planted */
    }
    o.enough = LINES_MAX;
    run_scenarios(p, c, &o, &found);
    good = found.failed > 0 && !found.broken;
    (void)printf("planted defect %-20s: found %lu times in the first %lu cuts%s\n", p->defects[defect - 1],
                 found.failed, found.cuts, found.broken ? ", but needs no cut" : "");
    if (quiet && found.failed > 0) {
        (void)printf("  first: %s\n", found.first);
    }
    tally->cuts += quiet ? 0 : found.cuts;
    tally->passed += good ? 1 : 0;
    tally->failed += good ? 0 : 1;
}

static int list(const qd_cut_program_t *p) {
    for (size_t i = 0; i < p->scenario_count; i++) {
        qd_cut_options_t o = {.sample = UINT32_MAX, .second = QD_CUT_SECOND_NONE, .quiet = true};
        qd_cut_result_t result = {0};

        qd_cut_run(p, &p->scenarios[i], &o, &result);
        (void)printf("scenario %-20s %u operations\n", p->scenarios[i].name, (unsigned)result.operations);
    }
    for (size_t i = 0; i < p->defect_count; i++) {
        (void)printf("defect   %s\n", p->defects[i]);
    }
    return 0;
}

int qd_cut_main(const qd_cut_program_t *program, int argc, char **argv) {
    command_t c = {.options = {.sample = program->sample}};
    qd_cut_result_t tally = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            return list(program);
        }
        if (strcmp(argv[i], "--full") == 0) {
            c.options.sample = 1;
            continue;
        }
        take_option(program, &c, argv[i], i + 1 < argc ? argv[i + 1] : "");
        i++;
    }
    if (c.options.op != 0 && c.only == NULL) {
        wrong(program, "--op", "(needs --scenario)");
    }
    if (c.options.defect != 0) {
        try_defect(program, &c, c.options.defect, false, &tally);
    } else {
        run_scenarios(program, &c, &c.options, &tally);
        for (unsigned i = 1; i <= program->defect_count && c.only == NULL; i++) {
            try_defect(program, &c, i, true, &tally);
        }
    }
    (void)printf("%lu cuts, %lu passed, %lu failed\n", tally.cuts, tally.passed, tally.failed);
    return tally.failed == 0 ? 0 : 1;
}

/* --- wrappers --------------------------------------------------------------------------------------- */

static qd_status_t wrap_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    qd_cut_wrap_t *wrap = context;

    return wrap->inner.read(wrap->inner.context, offset, buffer, length);
}

static qd_status_t wrap_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    qd_cut_wrap_t *wrap = context;

    if (wrap->drops(wrap->context, QD_CUT_PROGRAM, offset, buffer, length)) {
        return QD_OK;
    }
    return wrap->inner.program(wrap->inner.context, offset, buffer, length);
}

static qd_status_t wrap_sync(void *context) {
    qd_cut_wrap_t *wrap = context;

    return wrap->drops(wrap->context, QD_CUT_SYNC, 0, NULL, 0) ? QD_OK
                                                               : wrap->inner.sync(wrap->inner.context);
}

static qd_status_t wrap_erase_start(void *context, uint32_t offset) {
    qd_cut_wrap_t *wrap = context;

    return wrap->drops(wrap->context, QD_CUT_ERASE, offset, NULL, 0)
               ? QD_OK
               : wrap->inner.erase_start(wrap->inner.context, offset);
}

static qd_status_t wrap_erase_poll(void *context) {
    qd_cut_wrap_t *wrap = context;

    return wrap->inner.erase_poll(wrap->inner.context);
}

void qd_cut_wrap(qd_cut_wrap_t *wrap, const qd_block_t *inner,
                 bool (*drops)(void *, qd_cut_kind_t, uint32_t, const uint8_t *, uint32_t), void *context,
                 qd_block_t *port) {
    bool flash = inner->erase_size > 0;

    wrap->inner = *inner;
    wrap->drops = drops;
    wrap->context = context;
    *port = (qd_block_t){.context = wrap,
                         .size = inner->size,
                         .erase_size = inner->erase_size,
                         .read = wrap_read,
                         .program = wrap_program,
                         .sync = wrap_sync,
                         .erase_start = flash ? wrap_erase_start : NULL,
                         .erase_poll = flash ? wrap_erase_poll : NULL};
}
