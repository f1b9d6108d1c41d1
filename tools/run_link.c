/*
 * run_link.c - a name for a meter whose state is elsewhere: NAME/elsewhere in the state home holds the path of
 * its directory while it runs, so that @NAME finds it.
 *
 * Only a convenience: whatever goes wrong here, the meter runs, and @PATH finds it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE (QD_PATH_MAX + RUN_NAME_MAX + 64u)

static bool make_directories(const char *path) {
    char part[PATH_SIZE];

    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] == '/' || path[i] == '\0') {
            (void)memcpy(part, path, i);
            part[i] = '\0';
            if (mkdir(part, 0700) != 0 && errno != EEXIST) {
                return false;
            }
        }
    }
    return true;
}

static bool holds(const char *directory, const char *name) {
    char path[PATH_SIZE + 16];
    struct stat found;

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return lstat(path, &found) == 0;
}

static bool same_directory(const char *path, int fd) {
    struct stat one, other;

    return stat(path, &one) == 0 && fstat(fd, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static bool is_running(const char *directory) {
    char reply[QD_LINUX_LINE_MAX + 2];

    return qd_linux_control_ask(directory, RUN_CONTROL, "", reply, sizeof reply, 0) != QD_UNAVAILABLE;
}

static bool write_link(const char *directory, const char *target) {
    char path[PATH_SIZE + 16], temporary[PATH_SIZE + 48];
    FILE *file;
    bool good;

    (void)snprintf(path, sizeof path, "%s/" QD_ELSEWHERE, directory);
    (void)snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    file = fopen(temporary, "w");
    if (file == NULL) {
        return false;
    }
    good = fprintf(file, "%s\n", target) > 0;
    good = fclose(file) == 0 && good && rename(temporary, path) == 0;
    if (!good) {
        (void)unlink(temporary);
    }
    return good;
}

/* NAME's own directory in the state home. */
static bool own_path(const run_meter_t *meter, char path[PATH_SIZE]) {
    char home[QD_PATH_MAX];

    if (!qd_state_home(NULL, home)) {
        return false;
    }
    (void)snprintf(path, PATH_SIZE, "%s/%s", home, meter->name);
    return true;
}

void run_link_make(run_meter_t *meter) {
    char path[PATH_SIZE], before[QD_PATH_MAX];
    char *target;

    if (meter->kept && meter->run->options.state == NULL) {
        (void)unlinkat(meter->dir.fd, QD_ELSEWHERE, 0); /* of a namesake that was killed */
        meter->named = true;
    }
    if (!meter->kept || meter->named || !own_path(meter, path)) {
        return;
    }
    if (same_directory(path, meter->dir.fd)) {
        meter->named = true;
        return;
    }
    if (holds(path, "client.yaml") || holds(path, "world") || holds(path, "fram") || holds(path, "flash") ||
        holds(path, "key")) {
        return; /* the name is that of a meter which lives there */
    }
    if (qd_state_elsewhere(path, before) && !same_directory(before, meter->dir.fd) && is_running(before)) {
        return; /* a namesake has it */
    }
    target = realpath(meter->dir.path, NULL);
    if (target != NULL && strlen(target) < QD_PATH_MAX && strchr(target, '\n') == NULL &&
        make_directories(path)) {
        meter->linked = write_link(path, target);
        meter->named = meter->linked;
    }
    free(target);
}

void run_link_remove(run_meter_t *meter) {
    char path[PATH_SIZE], link[PATH_SIZE + 16], target[QD_PATH_MAX];

    if (meter->linked && own_path(meter, path) && qd_state_elsewhere(path, target) &&
        same_directory(target, meter->dir.fd)) {
        (void)snprintf(link, sizeof link, "%s/" QD_ELSEWHERE, path);
        (void)unlink(link);
        (void)rmdir(path);
    }
    meter->linked = false;
}
