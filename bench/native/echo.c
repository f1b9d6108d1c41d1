/*
 * echo.c - the bare minimum of a TCP server on libuv: what comes in goes out.
 *
 * The yardstick of the benches: what sockets and loop cost before any meter does anything.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

typedef struct peer {
    uv_tcp_t tcp;
    uv_write_t request;
    char octets[4096];
} peer_t;

static void closed(uv_handle_t *handle) {
    free(handle->data);
}

static void buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *space) {
    peer_t *peer = handle->data;

    (void)wanted;
    *space = uv_buf_init(peer->octets, sizeof peer->octets);
}

static void received(uv_stream_t *stream, ssize_t count, const uv_buf_t *space) {
    if (count < 0) {
        uv_close((uv_handle_t *)stream, closed);
    } else if (count > 0) {
        uv_buf_t answer = uv_buf_init(space->base, (unsigned)count);

        /* As a meter does: at once, and with the loop's help only when the socket is full. */
        (void)uv_try_write(stream, &answer, 1);
    }
}

static void connected(uv_stream_t *server, int status) {
    peer_t *peer = status == 0 ? calloc(1, sizeof *peer) : NULL;

    if (peer == NULL) {
        return;
    }
    (void)uv_tcp_init(server->loop, &peer->tcp);
    peer->tcp.data = peer;
    if (uv_accept(server, (uv_stream_t *)&peer->tcp) != 0) {
        uv_close((uv_handle_t *)&peer->tcp, closed);
        return;
    }
    (void)uv_tcp_nodelay(&peer->tcp, 1);
    (void)uv_read_start((uv_stream_t *)&peer->tcp, buffer, received);
}

static void stop(uv_signal_t *handle, int number) {
    (void)number;
    uv_stop(handle->loop);
}

int main(void) {
    uv_loop_t *loop = uv_default_loop();
    uv_signal_t interrupt;
    uv_tcp_t server;
    struct sockaddr_in address;
    int size = sizeof address;

    (void)uv_ip4_addr("127.0.0.1", 0, &address);
    (void)uv_tcp_init(loop, &server);
    if (uv_tcp_bind(&server, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&server, 16, connected) != 0 ||
        uv_tcp_getsockname(&server, (struct sockaddr *)&address, &size) != 0) {
        (void)fprintf(stderr, "echo: cannot listen\n");
        return 1;
    }
    (void)uv_signal_init(loop, &interrupt);
    (void)uv_signal_start(&interrupt, stop, SIGINT);
    (void)printf("%u\n", (unsigned)((address.sin_port & 0xFFu) << 8 | address.sin_port >> 8));
    (void)fflush(stdout);
    (void)uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}
