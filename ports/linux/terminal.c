/*
 * terminal.c - what a serial line stands on: a pty and its link, or a device that nobody else may have.
 *
 * The name of a pty is held by a socket in the abstract name space, which the kernel takes away with its process: so a
 * link that a killed meter has left can be told from one that is in use.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PTY "pty:"
#define PTS "/dev/pts/"

static void set_raw(struct termios *terminal) {
    cfmakeraw(terminal);
    terminal->c_cflag |= CLOCAL | CREAD;
    terminal->c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    terminal->c_cc[VMIN] = 1;
    terminal->c_cc[VTIME] = 0;
}

static speed_t speed_of(uint32_t baud) {
    static const struct {
        uint32_t baud;
        speed_t speed;
    } rows[] = {{300, B300},   {600, B600},     {1200, B1200},   {2400, B2400},   {4800, B4800},
                {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};

    for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        if (rows[n].baud == baud) {
            return rows[n].speed;
        }
    }
    return B9600;
}

void qd_line_terminal_set(int fd, uint32_t baud, uint8_t format) {
    struct termios terminal;

    if (tcgetattr(fd, &terminal) != 0) {
        return;
    }
    set_raw(&terminal);
    if (format == QD_FORMAT_7E1) {
        terminal.c_cflag = (terminal.c_cflag & ~(tcflag_t)(CSIZE | PARODD)) | CS7 | PARENB;
        terminal.c_iflag |= INPCK | IGNPAR; /* an octet that came broken did not come */
    }
    (void)cfsetispeed(&terminal, speed_of(baud));
    (void)cfsetospeed(&terminal, speed_of(baud));
    (void)tcsetattr(fd, TCSANOW, &terminal);
}

/* --- a device --------------------------------------------------------------------------------- */

static qd_status_t open_device(qd_linux_line_t *line, qd_linux_error_t *error) {
    line->fd = open(line->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->fd < 0 && errno == EBUSY) {
        return qd_linux_fault(error, QD_BUSY, "%s: another program has it", line->path);
    }
    if (line->fd < 0) {
        return qd_linux_fault(error, QD_ARGUMENT, "%s: %s; give a port number, pty:PATH or a serial device",
                              line->path, strerror(errno));
    }
    if (tcgetattr(line->fd, &line->before) != 0) {
        return qd_linux_fault(error, QD_ARGUMENT,
                              "%s: is no serial device; give a port number, pty:PATH or one", line->path);
    }
    if (flock(line->fd, LOCK_EX | LOCK_NB) != 0 || ioctl(line->fd, TIOCEXCL) != 0) {
        return qd_linux_fault(error, QD_BUSY, "%s: another program has it", line->path);
    }
    line->restores = true;
    qd_line_terminal_set(line->fd, QD_LINUX_LINE_BAUD, QD_FORMAT_8N1);
    (void)tcflush(line->fd, TCIOFLUSH);
    return QD_OK;
}

/* --- a pty ------------------------------------------------------------------------------------ */

static uint64_t hash_of(const char *text, uint64_t hash) {
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    }
    return hash;
}

/* Two ways to write a path are one name. */
static uint64_t name_of(const char *path) {
    char directory[QD_LINUX_PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1u;

    (void)memcpy(directory, path, length);
    (void)memcpy(directory + length, ".", 2);
    return hash_of(
        slash == NULL ? path : slash + 1,
        hash_of(realpath(directory, real) != NULL ? real : directory, UINT64_C(0xCBF29CE484222325)));
}

static qd_status_t hold_name(qd_linux_line_t *line, qd_linux_error_t *error) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "quadrant-pty-%u-%016llx",
                          (unsigned)getuid(), (unsigned long long)name_of(line->path));

    line->name = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (line->name < 0 ||
        bind(line->name, (const struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1u + (size_t)length)) != 0) {
        return qd_linux_fault(error, QD_BUSY, "%s: another meter has this name; choose another path",
                              line->path);
    }
    return QD_OK;
}

static qd_status_t make_link(qd_linux_line_t *line, qd_linux_error_t *error) {
    char target[sizeof line->target] = "";

    if (readlink(line->path, target, sizeof target - 1) > 0 && strncmp(target, PTS, strlen(PTS)) == 0) {
        (void)unlink(line->path);
    }
    if (symlink(line->target, line->path) == 0) {
        return QD_OK;
    }
    line->target[0] = '\0';
    return errno == EEXIST
               ? qd_linux_fault(error, QD_BUSY, "%s: is there already; remove it, or choose another path",
                                line->path)
               : qd_linux_fault(error, QD_ARGUMENT, "%s: %s; choose another path", line->path,
                                strerror(errno));
}

static qd_status_t open_pty(qd_linux_line_t *line, qd_linux_error_t *error) {
    qd_status_t status = hold_name(line, error);

    if (status != QD_OK) {
        return status;
    }
    line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (line->fd < 0 || grantpt(line->fd) != 0 || unlockpt(line->fd) != 0 ||
        ptsname_r(line->fd, line->target, sizeof line->target) != 0 ||
        fcntl(line->fd, F_SETFL, O_NONBLOCK) != 0) {
        line->target[0] = '\0';
        return qd_linux_fault(error, QD_IO, "%s: no pty: %s", line->path, strerror(errno));
    }
    line->peer = open(line->target, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->peer < 0 || tcgetattr(line->peer, &line->before) != 0) {
        line->target[0] = '\0';
        return qd_linux_fault(error, QD_IO, "%s: no pty: %s", line->path, strerror(errno));
    }
    qd_line_terminal_set(line->peer, QD_LINUX_LINE_BAUD, QD_FORMAT_8N1);
    return make_link(line, error);
}

qd_status_t qd_line_terminal_open(qd_linux_line_t *line, const char *where, qd_linux_error_t *error) {
    bool pty = strncmp(where, PTY, strlen(PTY)) == 0;
    qd_status_t status;

    line->fd = line->peer = line->name = -1;
    if (snprintf(line->path, sizeof line->path, "%s", pty ? where + strlen(PTY) : where) >=
        (int)sizeof line->path) {
        return qd_linux_fault(error, QD_ARGUMENT, "the path of a line is too long");
    }
    status = pty ? open_pty(line, error) : open_device(line, error);
    if (status != QD_OK) {
        qd_line_terminal_close(line);
    }
    return status;
}

static void let_go(int fd) {
    if (fd >= 0) {
        (void)close(fd);
    }
}

void qd_line_terminal_close(qd_linux_line_t *line) {
    char target[sizeof line->target] = "";

    if (line->target[0] != '\0' && readlink(line->path, target, sizeof target - 1) > 0 &&
        strcmp(target, line->target) == 0) {
        (void)unlink(line->path);
    }
    if (line->restores) {
        (void)tcsetattr(line->fd, TCSANOW, &line->before);
        (void)ioctl(line->fd, TIOCNXCL);
    }
    let_go(line->peer);
    let_go(line->fd);
    let_go(line->name);
}
