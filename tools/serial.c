/*
 * serial.c - a serial port or pty with one speed and format, for one program at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

typedef struct rate {
    uint32_t baud;
    speed_t speed;
} rate_t;

static const rate_t rates[] = {{300, B300},      {600, B600},       {1200, B1200},     {2400, B2400},
                               {4800, B4800},    {9600, B9600},     {19200, B19200},   {38400, B38400},
                               {57600, B57600},  {115200, B115200}, {230400, B230400}, {460800, B460800},
                               {921600, B921600}};

static bool find_speed(uint32_t baud, speed_t *speed) {
    size_t i;

    for (i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (rates[i].baud == baud) {
            *speed = rates[i].speed;
            return true;
        }
    }
    return false;
}

/* Octets as they are: no echo, no signals, no flow control. */
static const char *set_line(int fd, speed_t speed, bool seven_even) {
    struct termios line;

    if (tcgetattr(fd, &line) != 0) {
        return "it is no serial port";
    }
    cfmakeraw(&line);
    line.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    line.c_cflag |= CLOCAL | CREAD | (seven_even ? CS7 | PARENB : CS8);
    line.c_iflag &= ~(tcflag_t)(IXON | IXOFF | IXANY | INPCK | ISTRIP);
    if (seven_even) {
        line.c_iflag |= INPCK | ISTRIP;
    }
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    if (cfsetispeed(&line, speed) != 0 || cfsetospeed(&line, speed) != 0 ||
        tcsetattr(fd, TCSANOW, &line) != 0) {
        return strerror(errno);
    }
    (void)tcflush(fd, TCIOFLUSH);
    return NULL;
}

const char *qd_serial_open(qd_wire_t *wire, const char *device, uint32_t baud, bool seven_even) {
    const char *why;
    speed_t speed;
    int fd;

    qd_wire_begin(wire, -1, true);
    if (!find_speed(baud, &speed)) {
        return "no such speed; give baud=9600 or another usual one";
    }
    fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return strerror(errno);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || ioctl(fd, TIOCEXCL) != 0) {
        why = errno == EWOULDBLOCK ? "another program has it" : strerror(errno);
    } else {
        why = set_line(fd, speed, seven_even);
    }
    if (why != NULL) {
        (void)close(fd);
        return why;
    }
    wire->fd = fd;
    return NULL;
}
