/*
 * cmd_run.c - quadrant run: a live virtual meter, or many.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND "run"
#define DEFAULT_LOAD "house_january_3ph_pv.csv"

#ifndef QD_DATA_DIR
#define QD_DATA_DIR "data"
#endif

static bool exists(const char *path) {
    struct stat found;

    return stat(path, &found) == 0;
}

/* The folder of what comes along: as set, as built, or beside a build directory in the source tree. */
static void data_path(const char *file, char path[QD_LINUX_PATH_MAX]) {
    const char *set = getenv("QUADRANT_DATA");
    char own[QD_LINUX_PATH_MAX / 2];
    ssize_t length;

    (void)snprintf(path, QD_LINUX_PATH_MAX, "%s/loads/%s", set != NULL && *set != '\0' ? set : QD_DATA_DIR,
                   file);
    if ((set != NULL && *set != '\0') || exists(path)) {
        return;
    }
    length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    if (length > 0 && strrchr(own, '/') != NULL) {
        *strrchr(own, '/') = '\0';
        (void)snprintf(path, QD_LINUX_PATH_MAX, "%s/../../data/loads/%.255s", own, file);
    }
}

/* The file as given, or a bare name among the loads that come along. */
static int load_open(run_t *run) {
    const char *given = run->options.load;
    char path[QD_LINUX_PATH_MAX];
    qd_load_error_t error;
    struct stat found;

    data_path(given != NULL ? given : DEFAULT_LOAD, path);
    if (given != NULL && (strchr(given, '/') != NULL || exists(given) || !exists(path))) {
        (void)snprintf(path, sizeof path, "%s", given);
    }
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode)) { /* a pipe might never end */
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s: is no file; give a load file, see docs/load-files.md",
                           path);
    }
    if (qd_load_read(path, &run->load, &error) == QD_OK) {
        return QD_EXIT_OK;
    }
    if (given == NULL) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s, or set QUADRANT_DATA to the folder that has loads/",
                           error.text);
    }
    return qd_complain(COMMAND, QD_EXIT_USAGE, "%s", error.text);
}

/* A meter takes eight or so descriptors, and a bit more per peer. */
static void raise_descriptors(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int open_meters(run_t *run, uint32_t *opened) {
    const run_options_t *options = &run->options;

    run->meter = calloc(options->count, sizeof *run->meter);
    if (run->meter == NULL) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "no memory for %lu meters", (unsigned long)options->count);
    }
    for (*opened = 0; *opened < options->count;) {
        run_meter_t *meter = &run->meter[*opened];
        int status;

        meter->run = run;
        if (options->count > 1) {
            (void)snprintf(meter->name, sizeof meter->name, "%s-%lu", options->name,
                           (unsigned long)*opened + 1ul);
        } else {
            (void)snprintf(meter->name, sizeof meter->name, "%s", options->name);
        }
        (*opened)++;
        status = run_meter_open(meter);
        if (status != QD_EXIT_OK) {
            return status;
        }
    }
    return QD_EXIT_OK;
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static int close_meters(run_t *run, uint32_t opened, int status) {
    for (uint32_t n = 0; n < opened; n++) {
        run_meter_close_network(&run->meter[n]);
    }
    /* Servers and control sockets are closing by now; what is left are the loop's own handles. */
    uv_walk(&run->loop, close_handle, NULL);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    for (uint32_t n = 0; n < opened; n++) {
        int closed = run_meter_close(&run->meter[n]);

        status = status == QD_EXIT_OK ? closed : status;
    }
    run_guard(NULL);
    free(run->meter);
    return status;
}

static int run_all(run_t *run) {
    uint32_t opened = 0;
    int status = QD_EXIT_OK;

    if (uv_timer_init(&run->loop, &run->timer) != 0 || uv_signal_init(&run->loop, &run->interrupt) != 0 ||
        uv_signal_init(&run->loop, &run->terminate) != 0) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "the event loop does not start; are descriptors left?");
    }
    run_guard(run);
    status = open_meters(run, &opened);
    if (status == QD_EXIT_OK) {
        run_loop_listen(run);
        status = run_report_ports(run) ? QD_EXIT_OK : QD_EXIT_OWN;
    }
    if (status == QD_EXIT_OK) {
        run_loop(run);
        for (uint32_t n = 0; n < opened; n++) {
            run_meter_finish(&run->meter[n], run->tick_us);
            status = run->meter[n].troubled ? QD_EXIT_OWN : status;
        }
        if (!run_report_end(run)) {
            status = QD_EXIT_OWN;
        }
    }
    return close_meters(run, opened, status);
}

int qd_cmd_run(int argc, char **argv) {
    run_t *run = calloc(1, sizeof *run);
    int status;

    if (run == NULL) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "no memory");
    }
    status = run_options_parse(&run->options, argc, argv);
    if (status == QD_EXIT_OK && run->options.help) {
        run_print_help();
    } else if (status == QD_EXIT_OK) {
        (void)signal(SIGPIPE, SIG_IGN); /* who reads our lines may go; the meter stays */
        raise_descriptors();
        status = load_open(run);
        if (status == QD_EXIT_OK && uv_loop_init(&run->loop) == 0) {
            status = run_all(run);
            (void)uv_loop_close(&run->loop);
        }
    }
    qd_load_free(run->load);
    free(run);
    return status;
}
