/*
 * wire.c - octets out and in, never blocking longer than asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint32_t qd_wire_now_ms(void *context) {
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

int qd_wire_wait(int fd, short events, uint32_t start, uint32_t timeout_ms) {
    for (;;) {
        struct pollfd poller = {fd, events, 0};
        uint32_t passed = qd_wire_now_ms(NULL) - start;
        int ready;

        if (passed > timeout_ms) {
            return 0;
        }
        ready = poll(&poller, 1, (int)(timeout_ms - passed));
        if (ready >= 0 || errno != EINTR) {
            return ready;
        }
    }
}

static qd_status_t wire_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    const qd_wire_t *wire = context;
    uint32_t start = qd_wire_now_ms(NULL);

    while (length > 0u) {
        ssize_t sent =
            wire->serial ? write(wire->fd, octets, length) : send(wire->fd, octets, length, MSG_NOSIGNAL);

        if (sent > 0) {
            octets += sent;
            length -= (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (qd_wire_wait(wire->fd, POLLOUT, start, timeout_ms) <= 0) {
                return QD_IO;
            }
        } else if (sent < 0 && errno != EINTR) {
            return QD_IO;
        }
    }
    return QD_OK;
}

/* More octets into the empty buffer. */
static qd_status_t fill(qd_wire_t *wire, uint32_t timeout_ms) {
    int ready = qd_wire_wait(wire->fd, POLLIN, qd_wire_now_ms(NULL), timeout_ms);
    ssize_t got;

    if (ready <= 0) {
        return ready == 0 ? QD_PENDING : QD_IO;
    }
    got = read(wire->fd, wire->buffer, sizeof wire->buffer);
    if (got > 0) {
        wire->at = 0;
        wire->filled = (size_t)got;
        return QD_OK;
    }
    if (got == 0) {
        return QD_END;
    }
    if (wire->serial && errno == EIO) {
        return QD_END; /* the other end of a pty is gone */
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? QD_PENDING : QD_IO;
}

static qd_status_t wire_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                size_t *length) {
    qd_wire_t *wire = context;
    qd_status_t status = wire->at < wire->filled ? QD_OK : fill(wire, timeout_ms);
    size_t left = wire->filled - wire->at;

    if (status != QD_OK) {
        return status;
    }
    *length = left < size ? left : size;
    (void)memcpy(octets, wire->buffer + wire->at, *length);
    wire->at += *length;
    return QD_OK;
}

void qd_wire_begin(qd_wire_t *wire, int fd, bool serial) {
    wire->fd = fd;
    wire->serial = serial;
    wire->at = 0;
    wire->filled = 0;
    wire->transport.context = wire;
    wire->transport.send = wire_send;
    wire->transport.receive = wire_receive;
    wire->transport.now_ms = qd_wire_now_ms;
}

void qd_wire_close(qd_wire_t *wire) {
    if (wire->fd >= 0) {
        if (wire->serial) {
            (void)ioctl(wire->fd, TIOCNXCL);
        }
        (void)close(wire->fd);
        wire->fd = -1;
    }
}
