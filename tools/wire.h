/*
 * wire.h - what carries the octets of the client: a TCP connection, or a serial line.
 */
#ifndef QD_TOOLS_WIRE_H
#define QD_TOOLS_WIRE_H

#include "quadrant/client.h"

#define QD_WIRE_BUFFER 4096u

typedef struct qd_wire {
    int fd;
    bool serial;
    qd_client_transport_t transport; /* its context is this wire */
    size_t at;                       /* octets of the buffer that are given away */
    size_t filled;
    uint8_t buffer[QD_WIRE_BUFFER];
} qd_wire_t;

/* Connects within timeout_ms. NULL: connected; otherwise why not, in English. */
const char *qd_tcp_connect(qd_wire_t *wire, const char *host, const char *port, uint32_t timeout_ms);

/* Opens a serial port or pty for itself alone, with 8N1 or 7E1. NULL: open; otherwise why not. */
const char *qd_serial_open(qd_wire_t *wire, const char *device, uint32_t baud, bool seven_even);

void qd_wire_close(qd_wire_t *wire);

/* For tcp.c and serial.c: the transport of an open descriptor, and waiting for an event until the deadline that began
 * at start: 1 ready, 0 time is up, -1 fault. */
void qd_wire_begin(qd_wire_t *wire, int fd, bool serial);
int qd_wire_wait(int fd, short events, uint32_t start, uint32_t timeout_ms);
uint32_t qd_wire_now_ms(void *context);

#endif
