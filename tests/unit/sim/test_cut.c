/* The cut harness: it passes what is right and finds what is wrong, and says how to see it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/cut.h"

#define FRAM_SIZE 64u
#define BLOCK 32u
#define NOR_SIZE (2u * BLOCK)
#define ROW 8u
#define STEPS 9u

/* A counter in two cells of a FRAM, and a log of its values in a NOR of two blocks. */
typedef struct world {
    uint8_t cells[5 * FRAM_SIZE];
    uint8_t flash[5 * NOR_SIZE + 4 * (NOR_SIZE / BLOCK)];
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t inner, f, n;
    qd_cut_wrap_t wrap;
    uint32_t value, row; /* row: where the next row of the log goes */
    unsigned defect;
} world_t;

static const char *const defects[] = {"drop-sync", "drop-second-cell", "harmless", "breaks"};
enum { DROP_SYNC = 1, DROP_SECOND_CELL, HARMLESS, BREAKS };

static bool drops(void *context, qd_cut_kind_t kind, uint32_t offset, const uint8_t *octets,
                  uint32_t length) {
    const world_t *w = context;

    (void)octets;
    (void)length;
    return (kind == QD_CUT_SYNC && w->defect == DROP_SYNC) ||
           (kind == QD_CUT_PROGRAM && offset > 0 && w->defect == DROP_SECOND_CELL);
}

static void setup(void *context, qd_sim_supply_t *supply, unsigned defect) {
    world_t *w = context;

    w->defect = defect;
    qd_sim_fram_init(&w->fram, w->cells, FRAM_SIZE, 0xff, 1);
    qd_sim_nor_init(&w->nor, w->flash, NOR_SIZE, BLOCK, 2);
    assert_int_equal(qd_sim_fram_attach(&w->fram, supply), QD_OK);
    assert_int_equal(qd_sim_nor_attach(&w->nor, supply), QD_OK);
    qd_sim_fram_port(&w->fram, &w->inner);
    qd_sim_nor_port(&w->nor, &w->n);
    qd_cut_wrap(&w->wrap, &w->inner, drops, w, &w->f);
}

/* --- a value with a check behind it --- */

static uint32_t check_of(uint32_t value) {
    uint32_t x = (value ^ 0x5bd1e995u) * 2654435761u;

    return x ^ x >> 15;
}

static qd_status_t put(const qd_block_t *b, uint32_t offset, uint32_t value) {
    uint32_t words[2] = {value, check_of(value)};
    uint8_t octets[ROW];

    memcpy(octets, words, sizeof octets);
    return b->program(b->context, offset, octets, ROW);
}

/* The value at offset, or 0 when there is none. */
static uint32_t get(const qd_block_t *b, uint32_t offset) {
    uint32_t words[2];
    uint8_t octets[ROW];

    if (b->read(b->context, offset, octets, ROW) != QD_OK) {
        return 0;
    }
    memcpy(words, octets, sizeof words);
    return words[1] == check_of(words[0]) ? words[0] : 0;
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* --- right: cells in turns --- */

static qd_status_t cells_write(world_t *w, uint32_t value) {
    qd_status_t status = put(&w->f, value % 2u * ROW, value);

    return status == QD_OK ? w->f.sync(w->f.context) : status;
}

static uint32_t cells_read(const world_t *w) {
    return larger(get(&w->f, 0), get(&w->f, ROW));
}

static qd_status_t cells_step(void *context, size_t number) {
    const world_t *w = context;

    return w->defect == BREAKS ? QD_BUSY : cells_write(context, (uint32_t)number + 1u);
}

/* What was half written is written again, so that it stays as it was seen. */
static qd_status_t cells_mount(void *context) {
    world_t *w = context;

    w->value = cells_read(w);
    return w->value == 0 ? QD_OK : cells_write(w, w->value);
}

static const char *cells_check(void *context, size_t done) {
    const world_t *w = context;

    if (w->value < done) {
        return "a value was lost";
    }
    if (w->value > done + 1 || w->value > STEPS) {
        return "a value came from nowhere";
    }
    return cells_read(w) == w->value ? NULL : "a value does not stay";
}

/* --- wrong: one cell in place --- */

static qd_status_t one_step(void *context, size_t number) {
    world_t *w = context;
    qd_status_t status = put(&w->f, 0, (uint32_t)number + 1u);

    return status == QD_OK ? w->f.sync(w->f.context) : status;
}

static qd_status_t one_mount(void *context) {
    world_t *w = context;

    w->value = get(&w->f, 0);
    return QD_OK;
}

/* --- right: a log, the other block is erased when one is full --- */

static qd_status_t erase(const qd_block_t *n, uint32_t offset) {
    qd_status_t status = n->erase_start(n->context, offset);

    for (unsigned i = 0; i < 10 && status == QD_OK; i++) {
        status = n->erase_poll(n->context);
        if (status != QD_PENDING) {
            return status;
        }
        status = QD_OK;
    }
    return status;
}

static qd_status_t log_append(world_t *w, uint32_t value) {
    qd_status_t status = QD_OK;

    if (w->row % BLOCK == 0) {
        w->row %= NOR_SIZE;
        status = erase(&w->n, w->row);
    }
    if (status == QD_OK) {
        status = put(&w->n, w->row, value);
    }
    if (status == QD_OK) {
        status = w->n.sync(w->n.context);
    }
    w->row += ROW;
    return status;
}

static uint32_t log_last(const world_t *w, uint32_t *at) {
    uint32_t last = 0;

    for (uint32_t i = 0; i < NOR_SIZE; i += ROW) {
        if (get(&w->n, i) > last) {
            last = get(&w->n, i);
            *at = i;
        }
    }
    return last;
}

/* Goes on in the block that the last row is not in: what follows that row may be half written. */
static qd_status_t log_mount(void *context) {
    world_t *w = context;
    uint32_t at = BLOCK;

    w->value = log_last(w, &at);
    w->row = (at / BLOCK + 1u) % 2u * BLOCK;
    return w->value == 0 ? QD_OK : log_append(w, w->value);
}

static qd_status_t log_step(void *context, size_t number) {
    return log_append(context, (uint32_t)number + 1u);
}

static const char *log_check(void *context, size_t done) {
    world_t *w = context;
    uint32_t at;

    if (w->value < done || w->value > done + 1) {
        return "the log has another last row";
    }
    for (uint32_t value = w->value + 1; value < w->value + 10; value++) {
        if (log_append(w, value) != QD_OK || log_last(w, &at) != value) {
            return "the log does not go on";
        }
    }
    return NULL;
}

/* --- wrong: the block of the last row is erased --- */

static qd_status_t short_step(void *context, size_t number) {
    world_t *w = context;

    w->row = 0;
    return log_append(w, (uint32_t)number + 1u);
}

/* --- both devices: the log is never behind the cells --- */

static qd_status_t both_step(void *context, size_t number) {
    qd_status_t status = log_step(context, number);

    return status == QD_OK ? cells_step(context, number) : status;
}

static qd_status_t late_step(void *context, size_t number) {
    qd_status_t status = cells_step(context, number);

    return status == QD_OK ? log_step(context, number) : status;
}

static qd_status_t both_mount(void *context) {
    qd_status_t status = log_mount(context);

    return status == QD_OK ? cells_mount(context) : status;
}

static const char *both_check(void *context, size_t done) {
    const world_t *w = context;
    const char *why = cells_check(context, done);
    uint32_t at;

    if (why == NULL && log_last(w, &at) < w->value) {
        why = "the log is behind the cells";
    }
    return why;
}

/* Wrong: stands for what it never asked about. */
static qd_status_t boasting_step(void *context, size_t number) {
    (void)cells_step(context, number);
    return QD_OK;
}

static qd_status_t failing_step(void *context, size_t number) {
    return number == 3 ? QD_BUSY : cells_step(context, number);
}

static const char *content(void *context, size_t done) {
    (void)context;
    (void)done;
    return NULL;
}

static qd_status_t endless_step(void *context, size_t number) {
    (void)number;
    for (unsigned i = 0; i < 400; i++) {
        world_t *w = context;

        (void)w->f.sync(w->f.context);
    }
    return QD_OK;
}

enum { CELLS, ONE, LOG, SHORT, BOTH, LATE, BOASTING, FAILING, ENDLESS, SCENARIOS };
static const qd_cut_scenario_t scenarios[SCENARIOS] = {
    {"cells", sizeof(world_t), STEPS, setup, cells_step, cells_mount, cells_check},
    {"one", sizeof(world_t), STEPS, setup, one_step, one_mount, cells_check},
    {"log", sizeof(world_t), STEPS, setup, log_step, log_mount, log_check},
    {"short", sizeof(world_t), STEPS, setup, short_step, log_mount, log_check},
    {"both", sizeof(world_t), STEPS, setup, both_step, both_mount, both_check},
    {"late", sizeof(world_t), STEPS, setup, late_step, both_mount, both_check},
    {"boasting", sizeof(world_t), 1, setup, boasting_step, cells_mount, cells_check},
    {"failing", sizeof(world_t), STEPS, setup, failing_step, cells_mount, cells_check},
    {"endless", sizeof(world_t), STEPS, setup, endless_step, NULL, content},
};
static const qd_cut_program_t toy = {"toy", scenarios, SCENARIOS, defects, 4, 0};

static qd_cut_result_t run(unsigned scenario, qd_cut_options_t options) {
    qd_cut_result_t result = {0};

    options.quiet = true;
    qd_cut_run(&toy, &scenarios[scenario], &options, &result);
    assert_true(result.passed + result.failed >= result.cuts);
    return result;
}

static void what_is_right_passes(void **state) {
    static const unsigned right[] = {CELLS, LOG, BOTH};
    /* A program and a sync each; each fourth row, and so rows 0, 4, 8, an erase with three polls. */
    static const uint32_t operations[] = {2 * STEPS, 2 * STEPS + 3 * 4, 4 * STEPS + 3 * 4};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        qd_cut_result_t all = run(right[i], (qd_cut_options_t){.second = QD_CUT_SECOND_ALL});
        qd_cut_result_t none = run(right[i], (qd_cut_options_t){.second = QD_CUT_SECOND_NONE});
        qd_cut_result_t some = run(right[i], (qd_cut_options_t){.second = QD_CUT_SECOND_SOME});

        assert_string_equal(all.first, "");
        assert_int_equal(all.failed + none.failed + some.failed, 0);
        assert_int_equal(all.operations, operations[i]);
        assert_int_equal(none.cuts, operations[i] * QD_CUT_VARIANTS);
        assert_int_equal(none.passed, none.cuts + QD_SIM_UNSYNCED_COUNT); /* and the end */
        assert_true(some.cuts > 2 * none.cuts);
        assert_int_equal((all.cuts - none.cuts) % QD_CUT_VARIANTS, 0);
        assert_int_equal((all.cuts - none.cuts) / QD_CUT_VARIANTS, some.cuts - none.cuts);
    }
}

static void what_is_wrong_is_found_and_can_be_run_again(void **state) {
    static const unsigned wrong[] = {ONE, SHORT, LATE, BOASTING};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        qd_cut_result_t result = run(wrong[i], (qd_cut_options_t){0});
        qd_cut_options_t again = {0};
        qd_cut_result_t one;
        char name[32], wanted[64];
        unsigned op, variant;

        assert_true(result.failed > 0);
        assert_false(result.broken);
        (void)snprintf(wanted, sizeof wanted, "toy --scenario %s --op ", scenarios[wrong[i]].name);
        assert_int_equal(strncmp(result.first, wanted, strlen(wanted)), 0);
        assert_int_equal(
            sscanf(result.first, "toy --scenario %31s --op %u --variant %u", name, &op, &variant), 3);
        again.op = op;
        again.variant = variant;
        if (strstr(result.first, "--op2") != NULL) {
            assert_int_equal(sscanf(strstr(result.first, "--op2"), "--op2 %u --variant2 %u", &op, &variant),
                             2);
            again.op2 = op;
            again.variant2 = variant;
        }
        one = run(wrong[i], again);
        assert_int_equal(one.cuts, 1);
        assert_int_equal(one.failed, 1);
        assert_int_equal(one.passed, 0);
        assert_string_equal(one.first, result.first);
    }
}

static void a_failure_in_the_second_mount_can_be_run_again(void **state) {
    (void)state;
    /* Every pair alone is the pair in the whole. */
    for (unsigned variant = 0; variant < QD_CUT_VARIANTS; variant++) {
        qd_cut_result_t one =
            run(BOTH, (qd_cut_options_t){.op = 9, .variant = variant, .op2 = 3, .variant2 = 19 - variant});

        assert_int_equal(one.cuts, 1);
        assert_int_equal(one.passed, 1);
    }
    assert_int_equal(run(BOTH, (qd_cut_options_t){.op = 9, .op2 = 100}).failed, 1);
    assert_int_equal(run(BOTH, (qd_cut_options_t){.op = 999}).failed, 1);
}

static void planted_defects_are_found(void **state) {
    (void)state;
    assert_true(run(CELLS, (qd_cut_options_t){.defect = DROP_SYNC}).failed > 0);
    assert_true(run(CELLS, (qd_cut_options_t){.defect = DROP_SECOND_CELL}).failed > 0);
    assert_int_equal(run(CELLS, (qd_cut_options_t){.defect = HARMLESS}).failed, 0);
    assert_int_equal(run(CELLS, (qd_cut_options_t){.defect = DROP_SYNC, .enough = 5}).failed, 5);
    assert_non_null(
        strstr(run(CELLS, (qd_cut_options_t){.defect = DROP_SYNC}).first, " --defect drop-sync: "));
}

static void a_sample_is_the_same_each_time_and_meets_each_operation(void **state) {
    qd_cut_result_t sample = run(BOTH, (qd_cut_options_t){.sample = 20, .second = QD_CUT_SECOND_NONE});
    qd_cut_result_t half = run(BOTH, (qd_cut_options_t){.sample = 2, .second = QD_CUT_SECOND_NONE});
    qd_cut_result_t late = run(LATE, (qd_cut_options_t){.sample = 20});
    qd_cut_result_t again = run(LATE, (qd_cut_options_t){.sample = 20});

    (void)state;
    assert_int_equal(sample.cuts, sample.operations);
    assert_int_equal(half.cuts, 10 * half.operations);
    assert_true(late.failed > 0);
    assert_string_equal(late.first, again.first);
}

static void a_scenario_that_cannot_run_fails(void **state) {
    qd_cut_result_t result = run(FAILING, (qd_cut_options_t){.second = QD_CUT_SECOND_NONE});

    (void)state;
    assert_int_equal(result.failed, 1);
    assert_true(result.broken);
    assert_non_null(strstr(result.first, "without a cut"));
    result = run(ENDLESS, (qd_cut_options_t){.sample = 1000});
    assert_true(result.broken);
    assert_non_null(strstr(result.first, "too many operations"));
}

/* --- the program --- */

/* Runs the program with scenario_count scenarios from first on and the words of line as options. What it
 * prints goes to output. */
static int call(const char *line, size_t first, size_t scenario_count, char *output, size_t size) {
    qd_cut_program_t program = toy;
    char words[128], *argv[16] = {NULL};
    int argc = 1, out = dup(STDOUT_FILENO), status;
    FILE *file = tmpfile();
    size_t length;

    assert_true(file != NULL && out >= 0 && strlen(line) < sizeof words);
    program.scenarios = &scenarios[first];
    program.scenario_count = scenario_count;
    program.defect_count = line[0] == '\0' ? 2 : 4;
    memcpy(words, line, strlen(line) + 1);
    for (char *word = strtok(words, " "); word != NULL && argc < 16; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    (void)fflush(stdout);
    assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
    status = qd_cut_main(&program, argc, argv);
    (void)fflush(stdout);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    (void)close(out);
    rewind(file);
    length = fread(output, 1, size - 1, file);
    output[length] = '\0';
    (void)fclose(file);
    return status;
}

static int status_of(const char *line, size_t first, size_t scenario_count) {
    char output[8192];

    return call(line, first, scenario_count, output, sizeof output);
}

static void the_program_says_what_it_found(void **state) {
    char output[8192];

    (void)state;
    assert_int_equal(call("--scenario cells --op 3 --variant 12", CELLS, 1, output, sizeof output), 0);
    assert_string_equal(output, "cells: 18 operations\n1 cuts, 1 passed, 0 failed\n");
    assert_int_equal(call("--scenario one --op 3 --variant 1", CELLS, 2, output, sizeof output), 1);
    assert_string_equal(output, "toy --scenario one --op 3 --variant 1: a value was lost\n"
                                "one: 18 operations\n1 cuts, 0 passed, 1 failed\n");
    assert_int_equal(call("--scenario cells --second none", CELLS, 1, output, sizeof output), 0);
    assert_string_equal(output, "cells: 18 operations\n360 cuts, 364 passed, 0 failed\n");
    assert_int_equal(call("--scenario cells --second none --sample 20", CELLS, 1, output, sizeof output), 0);
    assert_string_equal(output, "cells: 18 operations\n18 cuts, 22 passed, 0 failed\n");
    assert_int_equal(call("--list", LOG, 1, output, sizeof output), 0);
    assert_string_equal(output, "scenario log                  30 operations\ndefect   drop-sync\n"
                                "defect   drop-second-cell\ndefect   harmless\ndefect   breaks\n");
}

static void the_program_says_by_its_status_how_it_went(void **state) {
    (void)state;
    assert_int_equal(status_of("", CELLS, 1), 0); /* right, and two defects found */
    assert_int_equal(status_of("", CELLS, 2), 1);
    assert_int_equal(status_of("", LOG, 1), 1); /* it has no FRAM that the defects could be in */
    assert_int_equal(status_of("", FAILING, 1), 1);
    assert_int_equal(status_of("--defect drop-sync", CELLS, 1), 0);
    assert_int_equal(status_of("--defect harmless", CELLS, 1), 1);
    assert_int_equal(status_of("--defect breaks", CELLS, 1), 1); /* what needs no cut is no good defect */
    assert_int_equal(status_of("--defect drop-sync --scenario log", CELLS, SCENARIOS), 1);
}

static void wrong_options_are_refused(void **state) {
    static const char *const lines[] = {
        "--op 3 --variant 1", "--scenario none", "--defect none", "--variant 20", "--op -1",
        "--second sometimes", "--sample x",      "--op 3001",     "--nothing 1",  "--scenario",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        pid_t child = fork();
        int how = 0;

        if (child == 0) {
            if (freopen("/dev/null", "w", stderr) == NULL) {
                _exit(1);
            }
            (void)status_of(lines[i], CELLS, 1);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how));
        assert_int_equal(WEXITSTATUS(how), 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_passes),
        cmocka_unit_test(what_is_wrong_is_found_and_can_be_run_again),
        cmocka_unit_test(a_failure_in_the_second_mount_can_be_run_again),
        cmocka_unit_test(planted_defects_are_found),
        cmocka_unit_test(a_sample_is_the_same_each_time_and_meets_each_operation),
        cmocka_unit_test(a_scenario_that_cannot_run_fails),
        cmocka_unit_test(the_program_says_what_it_found),
        cmocka_unit_test(the_program_says_by_its_status_how_it_went),
        cmocka_unit_test(wrong_options_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
