/*
 * key.c - the device key in a file of the state directory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS (2u * QD_DEVICE_KEY_SIZE)

static qd_status_t make(qd_linux_key_t *key, qd_linux_error_t *error) {
    size_t at = 0;

    while (at < sizeof key->octets) {
        ssize_t got = getrandom(key->octets + at, sizeof key->octets - at, 0);

        if (got < 0 && errno != EINTR) {
            return qd_linux_fault(error, QD_IO, "no device key: the kernel gives no random octets: %s",
                                  strerror(errno));
        }
        at += got > 0 ? (size_t)got : 0;
    }
    key->created = true;
    return QD_OK;
}

static bool write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t put = write(fd, text, length);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        text += put > 0 ? put : 0;
        length -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* Whole under its name, or not there at all: a half key would be a lost meter. */
static qd_status_t store(const qd_linux_key_t *key, const qd_linux_dir_t *dir, const char *name,
                         qd_linux_error_t *error) {
    char temporary[64];
    char text[DIGITS + 2];
    bool good;
    int code;
    int fd;

    for (size_t i = 0; i < sizeof key->octets; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", key->octets[i]);
    }
    text[DIGITS] = '\n';
    (void)snprintf(temporary, sizeof temporary, "%.50s.new", name);
    (void)unlinkat(dir->fd, temporary, 0); /* of somebody who was killed here */
    fd = openat(dir->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    good = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text, DIGITS + 1) && fsync(fd) == 0 &&
           renameat(dir->fd, temporary, dir->fd, name) == 0 && fsync(dir->fd) == 0;
    code = errno;
    explicit_bzero(text, sizeof text);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!good) {
        (void)unlinkat(dir->fd, temporary, 0);
        return qd_linux_fault(
            error, code == ENOSPC || code == EDQUOT ? QD_NO_SPACE : QD_IO,
            "%s/%s: the device key cannot be written: %s; make room or choose another --state", dir->path,
            name, strerror(code));
    }
    return QD_OK;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse(qd_linux_key_t *key, const char *text, size_t length) {
    if (length != DIGITS && !(length == DIGITS + 1 && text[DIGITS] == '\n')) {
        return false;
    }
    for (size_t i = 0; i < sizeof key->octets; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        key->octets[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static qd_status_t check_file(int fd, const qd_linux_dir_t *dir, const char *name, qd_linux_error_t *error) {
    struct stat found;

    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        return qd_linux_fault(error, QD_MALFORMED, "%s/%s: is not a file; put the meter's key there",
                              dir->path, name);
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return qd_linux_fault(
            error, QD_DENIED,
            "%s/%s: others have rights to the device key (mode %04o); chmod 600 it, if nobody has seen it",
            dir->path, name, (unsigned)(found.st_mode & 07777));
    }
    return QD_OK;
}

static qd_status_t load(qd_linux_key_t *key, int fd, const qd_linux_dir_t *dir, const char *name,
                        qd_linux_error_t *error) {
    char text[DIGITS + 3];
    size_t length = 0;
    ssize_t got = 1;
    bool good;
    qd_status_t status = check_file(fd, dir, name, error);

    if (status != QD_OK) {
        return status;
    }
    while (got != 0 && length < sizeof text) {
        got = read(fd, text + length, sizeof text - length);
        if (got < 0 && errno != EINTR) {
            return qd_linux_fault(error, QD_IO, "%s/%s: the device key cannot be read: %s", dir->path, name,
                                  strerror(errno));
        }
        length += got > 0 ? (size_t)got : 0;
    }
    good = parse(key, text, length);
    explicit_bzero(text, sizeof text);
    if (!good) {
        return qd_linux_fault(
            error, QD_MALFORMED,
            "%s/%s: a device key is one line of %u hex digits; put the meter's own key back", dir->path, name,
            (unsigned)DIGITS);
    }
    return QD_OK;
}

static qd_status_t find(qd_linux_key_t *key, const qd_linux_dir_t *dir, const char *name, bool create,
                        qd_linux_error_t *error) {
    qd_status_t status;
    int fd = openat(dir->fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        status = load(key, fd, dir, name, error);
        (void)close(fd);
        return status;
    }
    if (errno != ENOENT) {
        return qd_linux_fault(error, QD_IO, "%s/%s: the device key cannot be opened: %s", dir->path, name,
                              strerror(errno));
    }
    if (!create) {
        return qd_linux_fault(
            error, QD_UNAVAILABLE,
            "%s/%s: the device key is missing and nothing of this meter can be read without it; put it back "
            "from a copy, or start a new meter with another --name",
            dir->path, name);
    }
    status = make(key, error);
    return status == QD_OK ? store(key, dir, name, error) : status;
}

qd_status_t qd_linux_key_open(qd_linux_key_t *key, const qd_linux_dir_t *dir, const char *name, bool create,
                              qd_linux_error_t *error) {
    qd_status_t status;

    (void)memset(key, 0, sizeof *key);
    status = dir == NULL ? make(key, error) : find(key, dir, name, create, error);
    if (status != QD_OK) {
        qd_linux_key_close(key);
        return status;
    }
    key->known = true;
    return QD_OK;
}

void qd_linux_key_close(qd_linux_key_t *key) {
    explicit_bzero(key, sizeof *key);
}

static qd_status_t get(void *context, uint8_t octets[QD_DEVICE_KEY_SIZE]) {
    const qd_linux_key_t *key = context;

    if (!key->known) {
        return QD_UNAVAILABLE;
    }
    (void)memcpy(octets, key->octets, sizeof key->octets);
    return QD_OK;
}

qd_device_key_t qd_linux_key_port(qd_linux_key_t *key) {
    qd_device_key_t port = {.context = key, .get = get};

    return port;
}
