/*
 * cut.h - the cut harness: power fails in every operation of a scenario, in every way.
 *
 * A program of tests/powercut lists scenarios and calls qd_cut_main. A scenario has a world (devices, what
 * stands on them, and what it was promised), sets it up on a supply and goes through numbered steps. The
 * harness runs the steps once to count the operations of the devices: programs, syncs, erase starts, erase
 * polls (qd_sim_supply_t), at most QD_CUT_OPERATIONS_MAX. Then, for each operation and each variant
 * (torn + 5 * unsynced, see quadrant/sim.h), it goes back to the start of the step, cuts power in that
 * operation, brings it back, and lets the scenario mount and judge what is there. Then that mount is cut as
 * well, in each of its operations, and what is mounted after that is judged by the same rule.
 *
 *   NAME                              all scenarios, then every planted defect, which must be found;
 *                                     the first case that found it is printed. Defects are looked for in
 *                                     the program's own sample, also with --full
 *   NAME --scenario S                 that one, no defects
 *   NAME --sample K                   one case (operation and variant) in K, in turns
 *   NAME --full                       all cases, if the program samples by itself
 *   NAME --second none|some|all       cuts in the second mount: with none, one (the default) or all variants
 *   NAME [--scenario S] --defect D    with a planted defect: passes when it was found by a cut
 *   NAME --scenario S --op N --variant V [--op2 M --variant2 W] [--defect D]     one case
 *   NAME --list                       scenarios with their numbers of operations, and defects
 *
 * A case that fails prints the line that runs it alone, and what was wrong. The last line is
 * "N cuts, N passed, N failed": a cut is one judged case; what else was judged (the run without a cut, a
 * defect) counts as passed or failed only. Exit status 0, 1 (something failed), 2 (wrong options).
 */
#ifndef QD_TESTS_SUPPORT_CUT_H
#define QD_TESTS_SUPPORT_CUT_H

#include "quadrant/sim.h"

#include <stddef.h>

#define QD_CUT_OPERATIONS_MAX 3000u
#define QD_CUT_VARIANTS ((unsigned)QD_SIM_TORN_COUNT * (unsigned)QD_SIM_UNSYNCED_COUNT)

/*
 * All state of a scenario that changes is in its world: the harness saves the world with its supply octet by
 * octet and puts it back to the same place, so pointers into it stay good, and there is nothing to copy.
 * Nothing in it may be allocated elsewhere, and random choices come from the devices or from constants.
 */
typedef struct qd_cut_scenario {
    const char *name;
    size_t world_size;
    size_t steps;
    /* Makes the world in zeroed memory aligned as max_align_t: devices, attached to supply, and wrappers
     * around them and sealers that have the planted defect (0: none; else its index in the program's list,
     * from 1). A defect of which this scenario knows nothing is none. */
    void (*setup)(void *world, qd_sim_supply_t *supply, unsigned defect);
    /* Step number 0 .. steps - 1. QD_OK: it is done, and the scenario stands for that; anything else: not,
     * which only a cut excuses. */
    qd_status_t (*step)(void *world, size_t number);
    /* What a start after a power failure does; power may fail in it. NULL: check does that, and there are
     * no second cuts. */
    qd_status_t (*mount)(void *world);
    /* Judges what mount has made of the devices; it may go on with them. done steps were done; the one
     * after them may have happened too, as a whole. Returns NULL, or what is wrong. */
    const char *(*check)(void *world, size_t done);
} qd_cut_scenario_t;

typedef struct qd_cut_program {
    const char *name;
    const qd_cut_scenario_t *scenarios;
    size_t scenario_count;
    const char *const *defects; /* the first is number 1 */
    size_t defect_count;
    unsigned sample; /* K when no option says another; 0: all */
} qd_cut_program_t;

int qd_cut_main(const qd_cut_program_t *program, int argc, char **argv);

/* --- the same for a test of the harness itself --- */

typedef enum qd_cut_second { QD_CUT_SECOND_SOME = 0, QD_CUT_SECOND_NONE, QD_CUT_SECOND_ALL } qd_cut_second_t;

typedef struct qd_cut_options {
    uint32_t op, op2; /* 0: all */
    unsigned variant, variant2;
    unsigned sample; /* 0 or 1: all */
    qd_cut_second_t second;
    unsigned defect;
    unsigned long enough; /* stop after so many failed; 0: never */
    bool quiet;
} qd_cut_options_t;

typedef struct qd_cut_result {
    unsigned long cuts, passed, failed;
    uint32_t operations; /* of the scenario without a cut */
    bool broken;         /* a step failed without a cut: no good defect */
    char first[256];     /* what the first case that failed prints */
} qd_cut_result_t;

/* Runs one scenario and adds to result. */
void qd_cut_run(const qd_cut_program_t *program, const qd_cut_scenario_t *scenario,
                const qd_cut_options_t *options, qd_cut_result_t *result);

/* --- for planted defects: a device around a device --- */

typedef enum qd_cut_kind { QD_CUT_PROGRAM, QD_CUT_SYNC, QD_CUT_ERASE } qd_cut_kind_t;

typedef struct qd_cut_wrap {
    qd_block_t inner;
    /* True: the operation answers QD_OK, and nothing is done. octets: NULL, length: 0 but for programs. */
    bool (*drops)(void *context, qd_cut_kind_t kind, uint32_t offset, const uint8_t *octets, uint32_t length);
    void *context;
} qd_cut_wrap_t;

/* Makes port a device that passes on to inner what drops lets through. */
void qd_cut_wrap(qd_cut_wrap_t *wrap, const qd_block_t *inner,
                 bool (*drops)(void *, qd_cut_kind_t, uint32_t, const uint8_t *, uint32_t), void *context,
                 qd_block_t *port);

#endif
