/*
 * tcp.c - POSIX sockets, never blocking longer than asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint32_t now_ms(void *context) {
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

/* Waits for an event until the deadline that began at start. 1 ready, 0 time is up, -1 fault. */
static int wait_for(int fd, short events, uint32_t start, uint32_t timeout_ms) {
    for (;;) {
        struct pollfd poller = {fd, events, 0};
        uint32_t passed = now_ms(NULL) - start;
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

static qd_status_t tcp_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    const qd_tcp_t *tcp = context;
    uint32_t start = now_ms(NULL);

    while (length > 0u) {
        ssize_t sent = send(tcp->fd, octets, length, MSG_NOSIGNAL);

        if (sent > 0) {
            octets += sent;
            length -= (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (wait_for(tcp->fd, POLLOUT, start, timeout_ms) <= 0) {
                return QD_IO;
            }
        } else if (sent < 0 && errno != EINTR) {
            return QD_IO;
        }
    }
    return QD_OK;
}

static qd_status_t tcp_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                               size_t *length) {
    const qd_tcp_t *tcp = context;
    int ready = wait_for(tcp->fd, POLLIN, now_ms(NULL), timeout_ms);
    ssize_t got;

    if (ready <= 0) {
        return ready == 0 ? QD_PENDING : QD_IO;
    }
    got = recv(tcp->fd, octets, size, 0);
    if (got > 0) {
        *length = (size_t)got;
        return QD_OK;
    }
    if (got == 0) {
        return QD_END;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? QD_PENDING : QD_IO;
}

/* NULL: connected. */
static const char *connect_one(qd_tcp_t *tcp, const struct addrinfo *to, uint32_t start,
                               uint32_t timeout_ms) {
    int one = 1;
    int fault = 0;
    socklen_t size = sizeof fault;

    tcp->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (tcp->fd < 0) {
        return strerror(errno);
    }
    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(tcp->fd, to->ai_addr, to->ai_addrlen) == 0) {
        return NULL;
    }
    if (errno != EINPROGRESS) {
        return strerror(errno);
    }
    if (wait_for(tcp->fd, POLLOUT, start, timeout_ms) <= 0) {
        return "no answer in time";
    }
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault != 0) {
        return strerror(fault != 0 ? fault : errno);
    }
    return NULL;
}

const char *qd_tcp_connect(qd_tcp_t *tcp, const char *host, const char *port, uint32_t timeout_ms) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const struct addrinfo *at;
    const char *why = "no address";
    uint32_t start = now_ms(NULL);
    int fault = getaddrinfo(host, port, &hints, &list);

    tcp->fd = -1;
    tcp->transport.context = tcp;
    tcp->transport.send = tcp_send;
    tcp->transport.receive = tcp_receive;
    tcp->transport.now_ms = now_ms;
    if (fault != 0) {
        return gai_strerror(fault);
    }
    for (at = list; at != NULL && why != NULL; at = at->ai_next) {
        why = connect_one(tcp, at, start, timeout_ms);
        if (why != NULL) {
            qd_tcp_close(tcp);
        }
    }
    freeaddrinfo(list);
    return why;
}

void qd_tcp_close(qd_tcp_t *tcp) {
    if (tcp->fd >= 0) {
        (void)close(tcp->fd);
        tcp->fd = -1;
    }
}
