/*
 * server.c - a TCP listener with a fixed pool of channels.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "server.h"
#include "fault.h"

#include <stdlib.h>
#include <string.h>

#define BACKLOG 128

/* --- the channel port ------------------------------------------------------------------------- */

static uint32_t port_generation(void *context) {
    const channel_t *channel = context;

    return channel->connection != NULL ? channel->generation : 0;
}

static size_t port_read(void *context, uint8_t *buffer, size_t size) {
    const channel_t *channel = context;

    return channel->connection != NULL ? qd_connection_read(channel->connection, buffer, size) : 0;
}

static size_t port_write(void *context, const uint8_t *buffer, size_t length) {
    const channel_t *channel = context;

    return channel->connection != NULL ? qd_connection_write(channel->connection, buffer, length) : 0;
}

static void port_close(void *context) {
    const channel_t *channel = context;
    connection_t *connection = channel->connection;

    if (connection != NULL) {
        qd_connection_detach(connection);
        connection->finishing = true;
        qd_connection_push(connection);
    }
}

/* The speed of the pace; what was accepted before is still sent at the old one. A host's socket has no parity. */
static void port_configure(void *context, uint32_t baud, uint8_t format) {
    const channel_t *channel = context;
    connection_t *connection = channel->connection;

    (void)format;
    if (connection != NULL && channel->server->paced) {
        connection->next_baud = baud;
        qd_server_pace(channel->server);
    }
}

/* The loop's time: it goes on with the host, whatever the speed of the meter. */
static uint32_t port_now_ms(void *context) {
    const channel_t *channel = context;

    return (uint32_t)uv_now(channel->server->listener.loop);
}

/* --- accepting -------------------------------------------------------------------------------- */

static channel_t *free_channel(const qd_linux_server_t *server) {
    for (uint8_t n = 0; n < server->channels; n++) {
        if (server->channel[n].connection == NULL) {
            return &server->channel[n];
        }
    }
    return NULL;
}

static connection_t *free_connection(const qd_linux_server_t *server) {
    for (uint32_t n = 0; n < server->connections; n++) {
        if (!server->connection[n].used) {
            return &server->connection[n];
        }
    }
    /* Peers that do not take their last octets hold all the spare ones: they lose them now, and the
     * next peer will find room. */
    for (uint32_t n = 0; n < server->connections; n++) {
        if (server->connection[n].channel == NULL) {
            qd_connection_drop(&server->connection[n]);
        }
    }
    return NULL;
}

static void on_refused_closed(uv_handle_t *handle) {
    qd_linux_server_t *server = handle->data;

    free(handle);
    server->handles--;
    qd_server_release(server);
}

/* Takes a peer off the queue and shows it the door; left there it would wait for nothing. */
static void refuse(qd_linux_server_t *server) {
    uv_tcp_t *tcp = malloc(sizeof *tcp);

    if (tcp == NULL || uv_tcp_init(server->listener.loop, tcp) != 0) {
        free(tcp);
        return;
    }
    tcp->data = server;
    server->handles++;
    (void)uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_refused_closed);
}

static void on_connection(uv_stream_t *stream, int status) {
    qd_linux_server_t *server = stream->data;
    channel_t *channel = free_channel(server);
    connection_t *connection = channel != NULL ? free_connection(server) : NULL;

    if (status != 0) {
        return; /* out of file descriptors; libuv has closed that peer */
    }
    if (server->dark || connection == NULL || uv_tcp_init(server->listener.loop, &connection->tcp) != 0) {
        refuse(server);
        return;
    }
    connection->used = true;
    connection->server = server;
    connection->channel = NULL;
    connection->tcp.data = connection;
    server->handles++;
    if (uv_accept(stream, (uv_stream_t *)&connection->tcp) != 0 || !qd_connection_start(connection)) {
        qd_connection_drop(connection);
        return;
    }
    connection->channel = channel;
    channel->connection = connection;
    channel->generation = channel->generation == UINT32_MAX ? 1 : channel->generation + 1;
    server->wake(server->context);
}

/* --- the pace --------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer) {
    qd_linux_server_t *server = timer->data;
    uint64_t now_ns = uv_hrtime();
    bool busy = false;

    for (uint32_t n = 0; n < server->connections; n++) {
        if (server->connection[n].used) {
            busy = qd_connection_turn(&server->connection[n], now_ns) || busy;
        }
    }
    if (!busy && !server->closing) {
        (void)uv_timer_stop(timer);
    }
}

void qd_server_pace(qd_linux_server_t *server) {
    if (server->paced && !server->closing && !uv_is_active((uv_handle_t *)&server->timer)) {
        (void)uv_timer_start(&server->timer, on_timer, QD_PACE_LOOK_MS, QD_PACE_LOOK_MS);
    }
}

/* --- the server ------------------------------------------------------------------------------- */

static void free_server(qd_linux_server_t *server) {
    free(server->channel);
    free(server->connection);
    free(server);
}

void qd_server_release(qd_linux_server_t *server) {
    if (server->closing && server->handles == 0) {
        free_server(server);
    }
}

static void on_own_closed(uv_handle_t *handle) {
    qd_linux_server_t *server = handle->data;

    server->handles--;
    qd_server_release(server);
}

static qd_status_t parse_address(const char *address, uint16_t port, struct sockaddr_storage *to,
                                 qd_linux_error_t *error) {
    if (uv_ip4_addr(address, port, (struct sockaddr_in *)to) == 0 ||
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)to) == 0) {
        return QD_OK;
    }
    return qd_linux_fault(error, QD_ARGUMENT, "%s is no numeric address; try 127.0.0.1 or ::1", address);
}

static qd_status_t listen_on(qd_linux_server_t *server, const struct sockaddr_storage *to,
                             const char *address, uint16_t port, qd_linux_error_t *error) {
    int code = uv_tcp_bind(&server->listener, (const struct sockaddr *)to, 0);

    if (code == 0) {
        code = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    }
    if (code == UV_EADDRINUSE) {
        return qd_linux_fault(error, QD_BUSY, "port %u of %s is taken", port, address);
    }
    if (code == UV_EADDRNOTAVAIL) {
        return qd_linux_fault(error, QD_ARGUMENT, "%s is no address of this machine", address);
    }
    if (code != 0) {
        return qd_linux_fault(error, QD_IO, "port %u of %s: %s", port, address, uv_strerror(code));
    }
    return QD_OK;
}

static qd_linux_server_t *make_server(uint8_t channels) {
    qd_linux_server_t *server = calloc(1, sizeof *server);

    if (server == NULL) {
        return NULL;
    }
    server->channels = channels;
    server->connections = channels + SPARE_CONNECTIONS;
    server->channel = calloc(channels, sizeof *server->channel);
    server->connection = calloc(server->connections, sizeof *server->connection);
    if (server->channel == NULL || server->connection == NULL) {
        free_server(server);
        return NULL;
    }
    for (uint8_t n = 0; n < channels; n++) {
        channel_t *channel = &server->channel[n];

        channel->server = server;
        channel->port.context = channel;
        channel->port.generation = port_generation;
        channel->port.read = port_read;
        channel->port.write = port_write;
        channel->port.close = port_close;
        channel->port.now_ms = port_now_ms;
        channel->port.configure = port_configure;
    }
    return server;
}

qd_status_t qd_linux_server_open(qd_linux_server_t **opened, struct uv_loop_s *loop, const char *address,
                                 uint16_t port, uint8_t channels, qd_linux_wake_t wake, void *context,
                                 qd_linux_error_t *error) {
    struct sockaddr_storage to;
    qd_linux_server_t *server;
    qd_status_t status = parse_address(address, port, &to, error);

    if (status != QD_OK) {
        return status;
    }
    server = make_server(channels);
    if (server == NULL || uv_tcp_init(loop, &server->listener) != 0) {
        if (server != NULL) {
            free_server(server);
        }
        return qd_linux_fault(error, QD_NO_SPACE, "no memory for a listener; run fewer meters");
    }
    server->wake = wake;
    server->context = context;
    server->listener.data = server;
    server->handles = 1;
    server->resting = 1;
    status = listen_on(server, &to, address, port, error);
    if (status != QD_OK) {
        qd_linux_server_close(server);
        return status;
    }
    *opened = server;
    return QD_OK;
}

void qd_linux_server_set_framing(qd_linux_server_t *server, qd_framing_t framing) {
    for (uint8_t n = 0; n < server->channels; n++) {
        server->channel[n].port.framing = (uint8_t)framing;
    }
}

qd_status_t qd_linux_server_set_pace(qd_linux_server_t *server, uint32_t baud) {
    if (!server->paced) {
        if (uv_timer_init(server->listener.loop, &server->timer) != 0) {
            return QD_IO;
        }
        server->timer.data = server;
        server->paced = true;
        server->handles++;
        server->resting++;
    }
    server->baud = baud;
    return QD_OK;
}

uint16_t qd_linux_server_port(const qd_linux_server_t *server) {
    struct sockaddr_storage own;
    int length = (int)sizeof own;

    if (uv_tcp_getsockname(&server->listener, (struct sockaddr *)&own, &length) != 0) {
        return 0;
    }
    return own.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&own)->sin6_port)
                                     : ntohs(((const struct sockaddr_in *)&own)->sin_port);
}

const qd_channel_port_t *qd_linux_server_channel(const qd_linux_server_t *server, uint8_t n) {
    return n < server->channels ? &server->channel[n].port : NULL;
}

uint32_t qd_linux_server_flush(qd_linux_server_t *server) {
    uint32_t waiting = 0;

    if (server->handles <= server->resting) {
        return 0; /* the listener alone: most steps of a meter have nobody to talk to */
    }
    for (const channel_t *channel = server->channel, *end = channel + server->channels; channel < end;
         channel++) {
        connection_t *connection = channel->connection;

        if (connection == NULL) {
            continue;
        }
        if (connection->send_begin != connection->send_end || connection->ended) {
            qd_connection_push(connection);
        }
        if (connection->channel != NULL && connection->send_begin == connection->send_end) {
            waiting += qd_connection_waiting(connection);
        }
    }
    return waiting;
}

void qd_linux_server_reset(qd_linux_server_t *server, bool dark) {
    server->dark = dark;
    for (uint32_t n = 0; n < server->connections; n++) {
        if (server->connection[n].used) {
            qd_connection_drop(&server->connection[n]);
        }
    }
}

void qd_linux_server_close(qd_linux_server_t *server) {
    (void)qd_linux_server_flush(server);
    qd_linux_server_reset(server, true);
    server->closing = true;
    uv_close((uv_handle_t *)&server->listener, on_own_closed);
    if (server->paced) {
        uv_close((uv_handle_t *)&server->timer, on_own_closed);
    }
}
