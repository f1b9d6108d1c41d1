/*
 * server.h - inside of a TCP server: connections behind channels. For ports/linux/server*.c only.
 *
 * A channel is what the meter knows; a connection is a socket with its buffers. A channel that was
 * closed is free for the next peer at once, while its connection still sends its last octets.
 */
#ifndef QD_PORT_LINUX_SERVER_H
#define QD_PORT_LINUX_SERVER_H

#include "pace.h"
#include "quadrant/linux.h"

#include <uv.h>

#define RECEIVE_SIZE 2048u
#define SEND_SIZE 4096u /* power of two: positions in the ring run freely */
#define SPARE_CONNECTIONS 4u

typedef struct channel channel_t;

typedef struct connection {
    uv_tcp_t tcp;
    uv_write_t request;
    qd_linux_server_t *server;
    channel_t *channel; /* NULL: the meter is done with it */
    bool used, reading, writing, ended, finishing;
    uint32_t received_begin, received_end;
    uint32_t send_begin, send_end;
    uint32_t in_flight; /* octets from send_begin that libuv is writing */
    qd_pace_t in, out;
    uint32_t released;  /* received up to here: it is through the line */
    uint32_t credit;    /* octets from send_begin that are through the line */
    uint32_t next_baud; /* when all is sent; 0: as it is */
    uint8_t received[RECEIVE_SIZE];
    uint8_t send[SEND_SIZE];
} connection_t;

struct channel {
    qd_channel_port_t port;
    qd_linux_server_t *server;
    connection_t *connection; /* NULL: nobody */
    uint32_t generation;      /* of the present or latest peer */
};

struct qd_linux_server {
    uv_tcp_t listener;
    uv_timer_t timer; /* of a paced server, while octets are on a line */
    qd_linux_wake_t wake;
    void *context;
    channel_t *channel;
    connection_t *connection;
    uint32_t connections; /* in the pool */
    uint32_t handles;     /* of this server that libuv still has */
    uint32_t resting;     /* of them that no peer has brought */
    uint32_t baud;        /* 0: as fast as it goes */
    uint8_t channels;
    bool dark, closing, paced;
};

/* Starts with an accepted socket; false: it is already gone. */
bool qd_connection_start(connection_t *connection);
/* Takes the meter's side away: no more octets to or from it. */
void qd_connection_detach(connection_t *connection);
/* Hands octets to the kernel; what it does not take follows when it does. Ends a finished one. */
void qd_connection_push(connection_t *connection);
/* Closes at once; the memory is free when libuv has let go. */
void qd_connection_drop(connection_t *connection);
/* Frees the server when it is closing and libuv has nothing of it any more. */
void qd_server_release(qd_linux_server_t *server);

/* Octets that the meter can read. */
uint32_t qd_connection_waiting(const connection_t *connection);
/* Lets octets through as their time comes. True: some are still on the line. */
bool qd_connection_turn(connection_t *connection, uint64_t now_ns);
/* Octets have come onto a paced line: looks at it until they are through. */
void qd_server_pace(qd_linux_server_t *server);
size_t qd_connection_read(connection_t *connection, uint8_t *buffer, size_t size);
size_t qd_connection_write(connection_t *connection, const uint8_t *buffer, size_t length);

#endif
