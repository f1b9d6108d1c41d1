/*
 * dir.c - a state directory with one owner.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static qd_status_t make_parents(const char *path, qd_linux_error_t *error) {
    char part[QD_LINUX_PATH_MAX];
    size_t length = strlen(path);

    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        (void)memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return qd_linux_fault(error, QD_IO, "%s: cannot be made: %s; choose another --state", part,
                                  strerror(errno));
        }
    }
    return QD_OK;
}

/* Who holds the lock, for the message; 0: not said. */
static long owner(int fd) {
    char text[24];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);

    text[length > 0 ? length : 0] = '\0';
    return strtol(text, NULL, 10);
}

static qd_status_t take_lock(qd_linux_dir_t *dir, qd_linux_error_t *error) {
    char text[24];
    int length;

    dir->lock = openat(dir->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dir->lock < 0) {
        return qd_linux_fault(error, QD_IO, "%s/lock: %s; check the rights of the directory", dir->path,
                              strerror(errno));
    }
    if (flock(dir->lock, LOCK_EX | LOCK_NB) != 0) {
        return qd_linux_fault(error, QD_BUSY,
                              "%s: in use by process %ld; stop that one or choose another --name or --state",
                              dir->path, owner(dir->lock));
    }
    length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* The lock is what counts; a number that could not be written only makes a poorer message. */
    if (ftruncate(dir->lock, 0) != 0 || pwrite(dir->lock, text, (size_t)length, 0) < 0) {
        return QD_OK;
    }
    return QD_OK;
}

qd_status_t qd_linux_dir_open(qd_linux_dir_t *dir, const char *path, qd_linux_error_t *error) {
    qd_status_t status;
    size_t length = strlen(path);

    dir->fd = -1;
    dir->lock = -1;
    if (length == 0 || length >= sizeof dir->path) {
        return qd_linux_fault(error, QD_IO, "the path of the state directory is empty or too long");
    }
    memcpy(dir->path, path, length + 1);
    status = make_parents(path, error);
    if (status != QD_OK) {
        return status;
    }
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0) {
        return qd_linux_fault(error, QD_IO, "%s: %s; choose another --state", path, strerror(errno));
    }
    status = take_lock(dir, error);
    if (status != QD_OK) {
        qd_linux_dir_close(dir);
    }
    return status;
}

void qd_linux_dir_close(qd_linux_dir_t *dir) {
    if (dir->lock >= 0) {
        (void)close(dir->lock); /* gives the lock back; the file stays, or two could each lock their own */
    }
    if (dir->fd >= 0) {
        (void)close(dir->fd);
    }
    dir->fd = -1;
    dir->lock = -1;
}
