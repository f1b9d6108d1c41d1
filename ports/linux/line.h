/*
 * line.h - inside of a serial line: rings and pace in line.c, the terminal behind it in terminal.c. For those only.
 */
#ifndef QD_PORT_LINUX_LINE_H
#define QD_PORT_LINUX_LINE_H

#include "pace.h"
#include "quadrant/linux.h"

#include <termios.h>
#include <uv.h>

#define RING_SIZE 4096u /* power of two: positions run freely */

typedef struct ring {
    uint32_t begin, end;
    uint8_t octets[RING_SIZE];
} ring_t;

struct qd_linux_line {
    qd_channel_port_t port;
    uv_poll_t poll;
    uv_timer_t timer;
    qd_linux_wake_t wake;
    void *context;
    int fd;   /* the meter's end */
    int peer; /* of a pty: the other end; -1: a device */
    int name; /* of a pty: holds the name; -1 */
    struct termios before;
    char path[QD_LINUX_PATH_MAX];
    char target[64]; /* of the link */

    ring_t received, send;
    qd_pace_t in, out;
    uint32_t released; /* received up to here: it is through the line */
    uint32_t credit;   /* octets from send.begin that are through the line */
    uint64_t moved_ns; /* when octets last went to the peer */
    uint64_t every_ms; /* of the timer; 0: it rests */
    uint32_t next_baud;
    int events;
    uint8_t next_format, handles;
    bool changes; /* next_baud and next_format are to come */
    bool blocked, gone, dark, closing;
    bool restores; /* before is what a device had */
};

/* Opens what where says, as qd_linux_line_open. */
qd_status_t qd_line_terminal_open(qd_linux_line_t *line, const char *where, qd_linux_error_t *error);
void qd_line_terminal_set(int fd, uint32_t baud, uint8_t format);
void qd_line_terminal_close(qd_linux_line_t *line);

#endif
