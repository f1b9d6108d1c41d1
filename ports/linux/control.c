/*
 * control.c - a unix socket in the state directory: one line in, one line out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define BACKLOG 8
#define PEERS 8u /* at a time; one more is closed */

struct qd_linux_control {
    uv_pipe_t listener;
    qd_linux_control_handler_t handler;
    void *context;
    uint32_t peers;
    bool closing, listener_gone;
    struct peer *first;
};

typedef struct peer {
    uv_pipe_t pipe;
    qd_linux_control_t *control;
    struct peer *next;
    size_t length;
    char line[QD_LINUX_LINE_MAX];
} peer_t;

static void release(qd_linux_control_t *control) {
    if (control->closing && control->listener_gone && control->peers == 0) {
        free(control);
    }
}

static void on_peer_closed(uv_handle_t *handle) {
    peer_t *peer = handle->data;
    qd_linux_control_t *control = peer->control;
    peer_t **at = &control->first;

    while (*at != peer) {
        at = &(*at)->next;
    }
    *at = peer->next;
    free(peer);
    control->peers--;
    release(control);
}

static void drop(peer_t *peer) {
    if (!uv_is_closing((uv_handle_t *)&peer->pipe)) {
        uv_close((uv_handle_t *)&peer->pipe, on_peer_closed);
    }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    peer_t *peer = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(peer->line + peer->length, (unsigned)(sizeof peer->line - peer->length));
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    peer_t *peer = stream->data;
    char reply[QD_LINUX_LINE_MAX + 1];
    char *end;

    (void)buffer;
    if (length == 0) {
        return;
    }
    if (length < 0) {
        drop(peer);
        return;
    }
    peer->length += (size_t)length;
    end = memchr(peer->line, '\n', peer->length);
    if (end == NULL) {
        if (peer->length == sizeof peer->line) {
            drop(peer);
        }
        return;
    }
    *end = '\0';
    reply[0] = '\0';
    peer->control->handler(peer->control->context, peer->line, reply, sizeof reply - 1);
    end = reply + strlen(reply);
    *end++ = '\n';
    uv_buf_t out = uv_buf_init(reply, (unsigned)(end - reply));
    (void)uv_try_write(stream, &out, 1); /* a line fits an empty socket */
    drop(peer);
}

static void on_connection(uv_stream_t *stream, int status) {
    qd_linux_control_t *control = stream->data;
    peer_t *peer = status == 0 ? calloc(1, sizeof *peer) : NULL;

    if (peer == NULL || uv_pipe_init(stream->loop, &peer->pipe, 0) != 0) {
        free(peer);
        return;
    }
    peer->control = control;
    peer->pipe.data = peer;
    peer->next = control->first;
    control->first = peer;
    control->peers++;
    if (uv_accept(stream, (uv_stream_t *)&peer->pipe) != 0 || control->peers > PEERS ||
        uv_read_start((uv_stream_t *)&peer->pipe, on_allocate, on_read) != 0) {
        drop(peer);
    }
}

static void on_listener_closed(uv_handle_t *handle) {
    qd_linux_control_t *control = handle->data;

    control->listener_gone = true;
    release(control);
}

qd_status_t qd_linux_control_open(qd_linux_control_t **opened, struct uv_loop_s *loop,
                                  const qd_linux_dir_t *dir, const char *name,
                                  qd_linux_control_handler_t handler, void *context,
                                  qd_linux_error_t *error) {
    qd_linux_control_t *control = calloc(1, sizeof *control);
    char path[64];
    int code;

    if (control == NULL || uv_pipe_init(loop, &control->listener, 0) != 0) {
        free(control);
        return qd_linux_fault(error, QD_NO_SPACE, "no memory for the control socket");
    }
    control->handler = handler;
    control->context = context;
    control->listener.data = control;
    /* A socket's path has 107 octets at most and a state directory may be deeper: the way through the
     * directory's descriptor is always short. A socket left by a killed process is in the way. */
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir->fd, name);
    (void)unlinkat(dir->fd, name, 0);
    code = uv_pipe_bind(&control->listener, path);
    if (code == 0) {
        code = uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection);
    }
    if (code != 0) {
        qd_linux_control_close(control);
        return qd_linux_fault(error, QD_IO, "%s/%s: %s; choose another --state", dir->path, name,
                              uv_strerror(code));
    }
    *opened = control;
    return QD_OK;
}

void qd_linux_control_close(qd_linux_control_t *control) {
    control->closing = true;
    for (peer_t *peer = control->first; peer != NULL; peer = peer->next) {
        drop(peer);
    }
    uv_close((uv_handle_t *)&control->listener, on_listener_closed); /* libuv unlinks the path */
}
