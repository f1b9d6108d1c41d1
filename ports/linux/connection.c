/*
 * connection.c - one TCP connection: bounded buffers, back-pressure both ways, no memory per request.
 *
 * Receiving: libuv reads straight into the buffer and stops when it is full, so that the peer's TCP
 * window closes. Sending: one write at a time is left to libuv, the rest waits in the ring.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define KEEPALIVE_S 30u
#define UNACKNOWLEDGED_MS 60000 /* a peer that is gone without a word is given up after this */

static void on_closed(uv_handle_t *handle) {
    connection_t *connection = handle->data;
    qd_linux_server_t *server = connection->server;

    connection->used = false;
    server->handles--;
    qd_server_release(server);
}

void qd_connection_drop(connection_t *connection) {
    qd_connection_detach(connection);
    if (!uv_is_closing((uv_handle_t *)&connection->tcp)) {
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

void qd_connection_detach(connection_t *connection) {
    if (connection->channel != NULL) {
        connection->channel->connection = NULL;
        connection->channel = NULL;
    }
}

/* The caller's meter may use the channel, even close the connection, before this returns. */
static void wake(const connection_t *connection) {
    if (connection->channel != NULL) {
        connection->server->wake(connection->server->context);
    }
}

/* --- receiving -------------------------------------------------------------------------------- */

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    connection_t *connection = handle->data;

    (void)suggested;
    if (connection->received_end == RECEIVE_SIZE && connection->received_begin > 0) {
        connection->received_end -= connection->received_begin;
        connection->released -= connection->received_begin;
        (void)memmove(connection->received, connection->received + connection->received_begin,
                      connection->received_end);
        connection->received_begin = 0;
    }
    buffer->base = (char *)connection->received + connection->received_end;
    buffer->len = RECEIVE_SIZE - connection->received_end;
}

static void stop_reading(connection_t *connection) {
    (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    connection->reading = false;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    connection_t *connection = stream->data;

    (void)buffer;
    if (length == 0) {
        return;
    }
    if (connection->finishing) {
        /* The last octets are on their way; what the peer still says is not for us. */
        if (length < 0) {
            qd_connection_drop(connection);
        }
        return;
    }
    if (length == UV_EOF) {
        /* What came before the end is still answered: the peer may have closed one direction only. */
        connection->ended = true;
        stop_reading(connection);
        qd_connection_push(connection);
        wake(connection);
    } else if (length < 0) {
        qd_connection_drop(connection);
    } else {
        connection->received_end += (uint32_t)length;
        if (connection->received_end - connection->received_begin == RECEIVE_SIZE) {
            stop_reading(connection);
        }
        if (connection->in.octet_ns == 0) {
            connection->released =
                connection->received_end; /* what the pace would say, without a look at the clock */
        } else {
            connection->released += qd_pace_through(&connection->in, uv_hrtime(),
                                                    connection->received_end - connection->released);
            if (connection->in.busy) {
                qd_server_pace(connection->server);
            }
        }
        if (qd_connection_waiting(connection) > 0) {
            wake(connection);
        }
    }
}

static void start_reading(connection_t *connection) {
    if (uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read) == 0) {
        connection->reading = true;
    }
}

uint32_t qd_connection_waiting(const connection_t *connection) {
    return connection->released - connection->received_begin;
}

size_t qd_connection_read(connection_t *connection, uint8_t *buffer, size_t size) {
    size_t length = qd_connection_waiting(connection);

    length = length < size ? length : size;
    if (length == 0) {
        return 0;
    }
    (void)memcpy(buffer, connection->received + connection->received_begin, length);
    connection->received_begin += (uint32_t)length;
    if (connection->received_begin == connection->received_end) {
        connection->received_begin = 0;
        connection->received_end = 0;
        connection->released = 0;
    }
    if (!connection->reading && !connection->ended) {
        start_reading(connection);
    }
    return length;
}

/* --- sending ---------------------------------------------------------------------------------- */

size_t qd_connection_write(connection_t *connection, const uint8_t *buffer, size_t length) {
    uint32_t room = SEND_SIZE - (connection->send_end - connection->send_begin);
    uint32_t at = connection->send_end % SEND_SIZE;
    size_t first;

    length = length < room ? length : room;
    first = length < SEND_SIZE - at ? length : SEND_SIZE - at;
    (void)memcpy(connection->send + at, buffer, first);
    if (first < length) {
        (void)memcpy(connection->send, buffer + first, length - first);
    }
    connection->send_end += (uint32_t)length;
    if (connection->out.octet_ns != 0) {
        connection->credit +=
            qd_pace_through(&connection->out, uv_hrtime(),
                            connection->send_end - connection->send_begin - connection->credit);
        qd_server_pace(connection->server);
    }
    return length;
}

/* Octets that wait and whose time has come. */
static uint32_t sendable(const connection_t *connection) {
    return connection->out.octet_ns != 0 ? connection->credit : connection->send_end - connection->send_begin;
}

static void sent_so_far(connection_t *connection, uint32_t length) {
    connection->send_begin += length;
    connection->credit -= length < connection->credit ? length : connection->credit;
}

/* The octets that may go, in one or two pieces. */
static unsigned pieces(connection_t *connection, uv_buf_t piece[2]) {
    uint32_t length = sendable(connection);
    uint32_t at = connection->send_begin % SEND_SIZE;
    uint32_t first = length < SEND_SIZE - at ? length : SEND_SIZE - at;

    piece[0] = uv_buf_init((char *)connection->send + at, first);
    if (first == length) {
        return 1;
    }
    piece[1] = uv_buf_init((char *)connection->send, length - first);
    return 2;
}

static void on_written(uv_write_t *request, int status) {
    connection_t *connection = request->data;

    connection->writing = false;
    if (uv_is_closing((uv_handle_t *)&connection->tcp)) {
        return;
    }
    if (status != 0) {
        qd_connection_drop(connection);
        return;
    }
    sent_so_far(connection, connection->in_flight);
    qd_connection_push(connection);
    wake(connection);
}

/* Nothing waits any more: a connection that one side has ended is closed. */
static void settle(connection_t *connection) {
    bool drained = connection->received_begin == connection->received_end;

    if (connection->finishing || (connection->ended && drained)) {
        qd_connection_drop(connection);
    }
}

void qd_connection_push(connection_t *connection) {
    uv_buf_t piece[2];
    unsigned count;
    int sent;

    if (connection->writing || uv_is_closing((uv_handle_t *)&connection->tcp)) {
        return;
    }
    if (connection->send_begin == connection->send_end) {
        settle(connection);
        return;
    }
    if (sendable(connection) == 0) {
        return; /* the pace will bring it */
    }
    count = pieces(connection, piece);
    sent = uv_try_write((uv_stream_t *)&connection->tcp, piece, count);
    if (sent < 0 && sent != UV_EAGAIN) {
        qd_connection_drop(connection);
        return;
    }
    sent_so_far(connection, sent > 0 ? (uint32_t)sent : 0);
    if (connection->send_begin == connection->send_end) {
        settle(connection);
        return;
    }
    if (sendable(connection) == 0) {
        return;
    }
    count = pieces(connection, piece);
    connection->request.data = connection;
    if (uv_write(&connection->request, (uv_stream_t *)&connection->tcp, piece, count, on_written) != 0) {
        qd_connection_drop(connection);
        return;
    }
    connection->writing = true;
    connection->in_flight = sendable(connection);
}

bool qd_connection_turn(connection_t *connection, uint64_t now_ns) {
    uint32_t in = qd_pace_through(&connection->in, now_ns, connection->received_end - connection->released);
    uint32_t out = qd_pace_through(&connection->out, now_ns,
                                   connection->send_end - connection->send_begin - connection->credit);

    connection->released += in;
    connection->credit += out;
    if (out > 0) {
        qd_connection_push(connection);
    }
    if (in > 0 || out > 0) {
        wake(connection);
    }
    if (connection->next_baud != 0 && connection->send_begin == connection->send_end) {
        qd_pace_set(&connection->in, connection->next_baud);
        qd_pace_set(&connection->out, connection->next_baud);
        connection->next_baud = 0;
    }
    return connection->used && (connection->in.busy || connection->out.busy || connection->next_baud != 0);
}

bool qd_connection_start(connection_t *connection) {
    int fd, limit = UNACKNOWLEDGED_MS;

    connection->tcp.data = connection;
    connection->received_begin = connection->received_end = 0;
    connection->send_begin = connection->send_end = 0;
    connection->released = connection->credit = connection->next_baud = 0;
    connection->in.busy = connection->out.busy = false;
    qd_pace_set(&connection->in, connection->server->baud);
    qd_pace_set(&connection->out, connection->server->baud);
    connection->reading = connection->writing = connection->ended = connection->finishing = false;
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    (void)uv_tcp_keepalive(&connection->tcp, 1, KEEPALIVE_S);
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    }
    start_reading(connection);
    return connection->reading;
}
