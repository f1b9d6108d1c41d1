/*
 * tcp.h - a TCP connection as the client's transport.
 */
#ifndef QD_TOOLS_TCP_H
#define QD_TOOLS_TCP_H

#include "quadrant/client.h"

typedef struct qd_tcp {
    int fd;
    qd_client_transport_t transport; /* its context is this connection */
} qd_tcp_t;

/* Connects within timeout_ms. NULL: connected; otherwise why not, in English. */
const char *qd_tcp_connect(qd_tcp_t *tcp, const char *host, const char *port, uint32_t timeout_ms);
void qd_tcp_close(qd_tcp_t *tcp);

#endif
