/*
 * tcp.c - connecting to a host and port.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* NULL: connected. */
static const char *connect_one(qd_wire_t *wire, const struct addrinfo *to, uint32_t start,
                               uint32_t timeout_ms) {
    int one = 1;
    int fault = 0;
    socklen_t size = sizeof fault;

    wire->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol);
    if (wire->fd < 0) {
        return strerror(errno);
    }
    (void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(wire->fd, to->ai_addr, to->ai_addrlen) == 0) {
        return NULL;
    }
    if (errno != EINPROGRESS) {
        return strerror(errno);
    }
    if (qd_wire_wait(wire->fd, POLLOUT, start, timeout_ms) <= 0) {
        return "no answer in time";
    }
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0 || fault != 0) {
        return strerror(fault != 0 ? fault : errno);
    }
    return NULL;
}

const char *qd_tcp_connect(qd_wire_t *wire, const char *host, const char *port, uint32_t timeout_ms) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    const struct addrinfo *at;
    const char *why = "no address";
    uint32_t start = qd_wire_now_ms(NULL);
    int fault = getaddrinfo(host, port, &hints, &list);

    qd_wire_begin(wire, -1, false);
    if (fault != 0) {
        return gai_strerror(fault);
    }
    for (at = list; at != NULL && why != NULL; at = at->ai_next) {
        why = connect_one(wire, at, start, timeout_ms);
        if (why != NULL) {
            qd_wire_close(wire);
        }
    }
    freeaddrinfo(list);
    return why;
}
