/*
 * line.c - a serial line: a pty with a name, or a device of the host.
 *
 * This end also keeps the other end of a pty open: else the last peer that closes it would be a hang-up, and poll would
 * report that for ever. What the kernel holds for a peer that does not read is forgotten after a while, so that the
 * next one does not find the answers to its predecessor.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "line.h"
#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define UNREAD_NS UINT64_C(2000000000)
#define BLOCKED_MS 100u

/* --- rings ------------------------------------------------------------------------------------ */

static uint32_t ring_used(const ring_t *ring) {
    return ring->end - ring->begin;
}

static uint32_t ring_put(ring_t *ring, const uint8_t *octets, uint32_t length) {
    uint32_t room = RING_SIZE - ring_used(ring);

    length = length < room ? length : room;
    for (uint32_t i = 0; i < length; i++) {
        ring->octets[(ring->end + i) % RING_SIZE] = octets[i];
    }
    ring->end += length;
    return length;
}

/* The first piece that lies in one, of at most limit octets. */
static uint32_t ring_piece(const ring_t *ring, uint32_t limit) {
    uint32_t straight = RING_SIZE - ring->begin % RING_SIZE;

    return limit < straight ? limit : straight;
}

/* --- what is on the line ---------------------------------------------------------------------- */

static void watch(qd_linux_line_t *line);

static void forget(qd_linux_line_t *line) {
    line->received.begin = line->received.end = line->released = 0;
    line->send.begin = line->send.end = line->credit = 0;
    line->in.busy = line->out.busy = false;
}

/* The peer's side of a pty still holds what it has not read. */
static void forget_unread(qd_linux_line_t *line, uint64_t now_ns) {
    int unread = 0;

    if (line->peer >= 0 && now_ns - line->moved_ns > UNREAD_NS && ioctl(line->peer, FIONREAD, &unread) == 0 &&
        (unread > 0 || line->blocked)) {
        (void)tcflush(line->peer, TCIFLUSH);
        line->send.begin = line->send.end;
        line->credit = 0;
        line->moved_ns = now_ns;
    }
}

/* Nothing of what was accepted is left on this side of the wire. */
static bool all_sent(const qd_linux_line_t *line) {
    int waiting = 0;

    return ring_used(&line->send) == 0 &&
           (line->peer >= 0 || ioctl(line->fd, TIOCOUTQ, &waiting) != 0 || waiting == 0);
}

static void push(qd_linux_line_t *line) {
    while (line->credit > 0 && !line->gone) {
        ssize_t sent = write(line->fd, line->send.octets + line->send.begin % RING_SIZE,
                             ring_piece(&line->send, line->credit));

        if (sent <= 0) {
            line->blocked = true;
            line->gone = sent < 0 && errno != EAGAIN && errno != EINTR;
            break;
        }
        line->blocked = false;
        line->moved_ns = uv_hrtime();
        line->send.begin += (uint32_t)sent;
        line->credit -= (uint32_t)sent;
    }
    line->blocked = line->blocked && line->credit > 0;
}

static void change(qd_linux_line_t *line) {
    if (line->changes && all_sent(line)) {
        line->changes = false;
        if (line->peer < 0) {
            qd_line_terminal_set(line->fd, line->next_baud, line->next_format);
        } else if (line->in.octet_ns != 0) {
            qd_pace_set(&line->in, line->next_baud);
            qd_pace_set(&line->out, line->next_baud);
        }
    }
}

/* Lets octets through as their time comes. True: the meter has something to do. */
static bool turn(qd_linux_line_t *line) {
    uint64_t now_ns = uv_hrtime();
    uint32_t in = qd_pace_through(&line->in, now_ns, line->received.end - line->released);
    uint32_t out = qd_pace_through(&line->out, now_ns, ring_used(&line->send) - line->credit);
    uint32_t before = ring_used(&line->send);

    line->released += in;
    line->credit += out;
    forget_unread(line, now_ns);
    push(line);
    change(line);
    return in > 0 || ring_used(&line->send) < before;
}

static void wake(const qd_linux_line_t *line) {
    if (!line->dark && !line->closing) {
        line->wake(line->context);
    }
}

static void on_timer(uv_timer_t *timer) {
    qd_linux_line_t *line = timer->data;

    if (turn(line)) {
        wake(line);
    }
    watch(line);
}

/* False: nothing more is to be had now. */
static bool take(qd_linux_line_t *line) {
    uint8_t octets[256];
    uint32_t room = RING_SIZE - ring_used(&line->received);
    ssize_t got;

    if (room == 0 || line->gone) {
        return false;
    }
    got = read(line->fd, octets, room < sizeof octets ? room : sizeof octets);
    if (got <= 0) {
        line->gone = got == 0 || (errno != EAGAIN && errno != EINTR);
        return false;
    }
    if (!line->dark) {
        (void)ring_put(&line->received, octets, (uint32_t)got);
    }
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    qd_linux_line_t *line = poll->data;

    if (status < 0) {
        line->gone = true;
    } else if ((events & UV_READABLE) != 0) {
        forget_unread(line, uv_hrtime());
        while (take(line)) {
        }
    }
    if (turn(line) || line->gone) {
        wake(line);
    }
    watch(line);
}

/* Asks the loop for what there is to wait for, and for nothing else: an idle line costs nothing. */
static void watch(qd_linux_line_t *line) {
    bool paced = line->in.busy || line->out.busy;
    int events =
        (ring_used(&line->received) < RING_SIZE ? UV_READABLE : 0) | (line->blocked ? UV_WRITABLE : 0);
    uint64_t every_ms = paced || line->changes ? QD_PACE_LOOK_MS : line->blocked ? BLOCKED_MS : 0;

    if (line->closing) {
        return;
    }
    if (line->gone) {
        events = 0;
        every_ms = 0;
    }
    if (events != line->events) {
        line->events = events;
        (void)(events != 0 ? uv_poll_start(&line->poll, events, on_poll) : uv_poll_stop(&line->poll));
    }
    if (every_ms != line->every_ms) {
        line->every_ms = every_ms;
        (void)(every_ms != 0 ? uv_timer_start(&line->timer, on_timer, every_ms, every_ms)
                             : uv_timer_stop(&line->timer));
    }
}

/* --- the channel port ------------------------------------------------------------------------- */

static uint32_t port_generation(void *context) {
    const qd_linux_line_t *line = context;

    return line->gone ? 0 : 1;
}

static size_t port_read(void *context, uint8_t *buffer, size_t size) {
    qd_linux_line_t *line = context;
    uint32_t length = line->released - line->received.begin;

    length = length < size ? length : (uint32_t)size;
    for (uint32_t i = 0; i < length; i++) {
        buffer[i] = line->received.octets[(line->received.begin + i) % RING_SIZE];
    }
    line->received.begin += length;
    if (length > 0) {
        watch(line);
    }
    return length;
}

static size_t port_write(void *context, const uint8_t *buffer, size_t length) {
    qd_linux_line_t *line = context;

    if (line->gone || line->dark) {
        return 0;
    }
    if (ring_used(&line->send) == 0) {
        forget_unread(line, uv_hrtime());
    }
    return ring_put(&line->send, buffer, length < RING_SIZE ? (uint32_t)length : RING_SIZE);
}

static uint32_t port_now_ms(void *context) {
    const qd_linux_line_t *line = context;

    return (uint32_t)uv_now(line->timer.loop);
}

static void port_configure(void *context, uint32_t baud, uint8_t format) {
    qd_linux_line_t *line = context;

    line->changes = true;
    line->next_baud = baud;
    line->next_format = format;
    change(line);
    watch(line);
}

const qd_channel_port_t *qd_linux_line_channel(const qd_linux_line_t *line) {
    return &line->port;
}

uint32_t qd_linux_line_flush(qd_linux_line_t *line) {
    if (ring_used(&line->send) != 0 || line->changes) {
        (void)turn(line);
        watch(line);
    }
    return ring_used(&line->send) == 0 ? line->released - line->received.begin : 0;
}

void qd_linux_line_reset(qd_linux_line_t *line, bool dark) {
    line->dark = dark;
    if (line->peer >= 0 && dark) {
        (void)tcflush(line->peer, TCIFLUSH);
    }
    forget(line);
    watch(line);
}

/* --- open and close --------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle) {
    qd_linux_line_t *line = handle->data;

    if (--line->handles == 0) {
        qd_line_terminal_close(line);
        free(line);
    }
}

void qd_linux_line_close(qd_linux_line_t *line) {
    (void)qd_linux_line_flush(line);
    line->closing = true;
    uv_close((uv_handle_t *)&line->poll, on_closed);
    uv_close((uv_handle_t *)&line->timer, on_closed);
}

static void fill_port(qd_linux_line_t *line) {
    line->port.context = line;
    line->port.generation = port_generation;
    line->port.read = port_read;
    line->port.write = port_write;
    line->port.now_ms = port_now_ms;
    line->port.configure = port_configure;
    line->port.framing = QD_FRAMING_HDLC;
}

qd_status_t qd_linux_line_open(qd_linux_line_t **opened, struct uv_loop_s *loop, const char *where,
                               uint32_t baud, qd_linux_wake_t wake_meter, void *context,
                               qd_linux_error_t *error) {
    qd_linux_line_t *line = calloc(1, sizeof *line);
    qd_status_t status;

    if (line == NULL) {
        return qd_linux_fault(error, QD_NO_SPACE, "no memory for a line; run fewer meters");
    }
    status = qd_line_terminal_open(line, where, error);
    if (status != QD_OK) {
        free(line);
        return status;
    }
    line->wake = wake_meter;
    line->context = context;
    fill_port(line);
    if (line->peer >= 0) {
        qd_pace_set(&line->in, baud);
        qd_pace_set(&line->out, baud);
    }
    line->poll.data = line->timer.data = line;
    if (uv_poll_init(loop, &line->poll, line->fd) != 0) {
        qd_line_terminal_close(line);
        free(line);
        return qd_linux_fault(error, QD_IO, "%s: cannot be waited for", where);
    }
    (void)uv_timer_init(loop, &line->timer);
    line->handles = 2;
    watch(line);
    *opened = line;
    return QD_OK;
}
