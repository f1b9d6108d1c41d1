/*
 * run_guard.c - a state file that is cut under a running meter: its memory is gone, and the kernel says so with
 * SIGBUS. The process says which one and ends; a step pays nothing for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const run_t *guarded; /* a signal has no context */

/* Only calls that a signal handler may make from here on. */
static void say(const char *text) {
    size_t length = strlen(text);

    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, text, length);

        if (written <= 0) {
            return;
        }
        text += written;
        length -= (size_t)written;
    }
}

static bool lies_in(const qd_linux_map_t *map, uintptr_t at) {
    uintptr_t begin = (uintptr_t)map->octets;

    return map->octets != NULL && map->fd >= 0 && at >= begin && at - begin < map->size;
}

/* The file of this meter whose memory that is, or NULL. */
static const char *file_of(const run_meter_t *meter, uintptr_t at) {
    if (lies_in(&meter->fram.map, at)) {
        return "/fram";
    }
    if (lies_in(&meter->flash.map, at)) {
        return "/flash";
    }
    return lies_in(&meter->world.map, at) ? "/world" : NULL;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    uintptr_t at = (uintptr_t)info->si_addr;

    (void)context;
    for (uint32_t n = 0; guarded->meter != NULL && n < guarded->options.count; n++) {
        const run_meter_t *meter = &guarded->meter[n];
        const char *name = file_of(meter, at);

        if (name != NULL) {
            say("quadrant run: ");
            say(meter->dir.path);
            say(name);
            say(": was cut, or its disk fails, while the meter ran; check the disk and put the state "
                "directory "
                "back from a copy\n");
            _exit(QD_EXIT_OWN);
        }
    }
    (void)signal(number, SIG_DFL); /* not ours: happens again, and ends the process as ever */
}

void run_guard(const run_t *run) {
    struct sigaction action;

    (void)memset(&action, 0, sizeof action);
    (void)sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_fault;
    action.sa_flags = run != NULL ? SA_SIGINFO : 0;
    if (run == NULL) {
        action.sa_handler = SIG_DFL;
    }
    guarded = run;
    (void)sigaction(SIGBUS, &action, NULL);
}
