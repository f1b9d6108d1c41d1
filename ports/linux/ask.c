/*
 * ask.c - the asking side of a control socket.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Connected socket or -1. The path goes through the directory's descriptor, see control.c. */
static int connect_to(const char *dir, const char *name) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int way = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (way < 0) {
        return -1;
    }
    (void)snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/%.64s", way, name);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        fd = -1;
    }
    (void)close(way);
    return fd;
}

static qd_status_t receive_line(int fd, char *reply, size_t size, int64_t until_ms) {
    size_t length = 0;

    while (length + 1 < size) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int64_t left = until_ms - now_ms();
        ssize_t got;

        if (left <= 0 || poll(&waiting, 1, (int)left) == 0) {
            return QD_IO;
        }
        got = recv(fd, reply + length, size - 1 - length, 0);
        if (got <= 0) {
            return QD_IO;
        }
        length += (size_t)got;
        reply[length] = '\0';
        if (strchr(reply, '\n') != NULL) {
            *strchr(reply, '\n') = '\0';
            return QD_OK;
        }
    }
    return QD_IO;
}

qd_status_t qd_linux_control_ask(const char *dir, const char *name, const char *line, char *reply,
                                 size_t size, uint32_t timeout_ms) {
    char out[QD_LINUX_LINE_MAX + 2];
    int fd = connect_to(dir, name);
    int length = snprintf(out, sizeof out, "%s\n", line);
    qd_status_t status = QD_IO;

    if (fd < 0) {
        return QD_UNAVAILABLE;
    }
    if (length < (int)sizeof out && send(fd, out, (size_t)length, MSG_NOSIGNAL) == length) {
        status = receive_line(fd, reply, size, now_ms() + timeout_ms);
    }
    (void)close(fd);
    return status;
}
