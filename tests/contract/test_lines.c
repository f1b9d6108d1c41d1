/*
 * test_lines.c - serial lines of the Linux port against the contract: ptys, devices, and the pace of both and of TCP.
 * A device is stood for by the far end of a pty that the test has made itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "contract/contract.h"
#include "quadrant/linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

typedef struct bench {
    qd_contract_t contract;
    char folder[64];
    char path[96];  /* of the pty's name */
    char where[96]; /* the same as --optical has it */
    uv_loop_t loop;
    qd_linux_line_t *line;
    const qd_channel_port_t *channel;
    int master; /* of a device: the wire's other end */
    int fd;
    unsigned wakes;
} bench_t;

static void on_wake(void *context) {
    bench_t *b = context;

    b->wakes++;
}

/* The kernel carries octets through a pty in its own time. */
static void turn(bench_t *b) {
    for (unsigned n = 0; n < 6; n++) {
        (void)usleep(1000);
        (void)qd_linux_line_flush(b->line);
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    }
}

static bool pty_connect(void *context) {
    bench_t *b = context;
    struct termios terminal;

    b->fd = open(b->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    CHECK(&b->contract, tcgetattr(b->fd, &terminal) == 0);
    CHECK(&b->contract, (terminal.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG)) == 0); /* raw as it was found */
    CHECK(&b->contract,
          (terminal.c_oflag & OPOST) == 0 && (terminal.c_iflag & (tcflag_t)(IXON | ICRNL)) == 0);
    turn(b);
    return b->fd >= 0;
}

static void pty_disconnect(void *context) {
    bench_t *b = context;

    (void)close(b->fd);
    turn(b);
}

static bool device_connect(void *context) {
    bench_t *b = context;

    b->fd = b->master;
    turn(b);
    return true;
}

static void device_disconnect(void *context) {
    turn(context);
}

/* Until the port says that octets are there: on a busy host that may be late. In the dark nothing comes. */
static size_t peer_send(void *context, const uint8_t *octets, size_t length) {
    bench_t *b = context;
    unsigned before = b->wakes;
    ssize_t sent = write(b->fd, octets, length);

    turn(b);
    for (unsigned n = 0; n < 10 && b->wakes == before; n++) {
        turn(b);
    }
    return sent > 0 ? (size_t)sent : 0;
}

static size_t peer_receive(void *context, uint8_t *octets, size_t size) {
    bench_t *b = context;
    size_t have = 0;

    turn(b);
    for (unsigned idle = 0; have < size && idle < 6;) {
        ssize_t got = read(b->fd, octets + have, size - have);

        have += got > 0 ? (size_t)got : 0;
        idle = got > 0 ? 0 : idle + 1;
        turn(b);
    }
    return have;
}

static bool open_line(bench_t *b, const char *where, uint32_t baud) {
    qd_linux_error_t error = {""};
    bool good = qd_linux_line_open(&b->line, &b->loop, where, baud, on_wake, b, &error) == QD_OK;

    if (!good) {
        (void)printf("%s\n", error.text);
    } else {
        b->channel = qd_linux_line_channel(b->line);
    }
    return good;
}

static void close_line(bench_t *b) {
    qd_linux_line_close(b->line);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
}

static void test_pty(bench_t *b) {
    const qd_contract_peer_t peer = {b, pty_connect, pty_disconnect, peer_send, peer_receive, NULL};
    struct stat found;

    CHECK(&b->contract, open_line(b, b->where, 0));
    CHECK(&b->contract, lstat(b->path, &found) == 0 && S_ISLNK(found.st_mode));
    qd_contract_line(&b->contract, b->channel, &peer);
    close_line(b);
    CHECK(&b->contract, lstat(b->path, &found) != 0 && errno == ENOENT);
}

/* Whose name it is, and what becomes of one that a killed process has left. */
static void test_names(bench_t *b) {
    qd_linux_error_t error;
    qd_linux_line_t *other;
    struct stat found;
    char beside[128];
    int fd;

    CHECK(&b->contract, symlink("/dev/pts/999999", b->path) == 0);
    CHECK(&b->contract, open_line(b, b->where, 0));
    CHECK(&b->contract, stat(b->path, &found) == 0 && S_ISCHR(found.st_mode));
    CHECK(&b->contract, qd_linux_line_open(&other, &b->loop, b->where, 0, on_wake, b, &error) == QD_BUSY);
    (void)snprintf(beside, sizeof beside, "pty:%s/./line", b->folder);
    CHECK(&b->contract, qd_linux_line_open(&other, &b->loop, beside, 0, on_wake, b, &error) == QD_BUSY);
    CHECK(&b->contract, stat(b->path, &found) == 0); /* the loser took nothing away */
    close_line(b);
    fd = open(b->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)close(fd);
    CHECK(&b->contract, qd_linux_line_open(&other, &b->loop, b->where, 0, on_wake, b, &error) == QD_BUSY);
    CHECK(&b->contract, stat(b->path, &found) == 0 && S_ISREG(found.st_mode));
    (void)unlink(b->path);
    (void)snprintf(beside, sizeof beside, "pty:%s/none/line", b->folder);
    CHECK(&b->contract, qd_linux_line_open(&other, &b->loop, beside, 0, on_wake, b, &error) == QD_ARGUMENT);
    /* Another's link is not ours to remove. */
    CHECK(&b->contract, open_line(b, b->where, 0));
    CHECK(&b->contract, unlink(b->path) == 0 && symlink("/dev/null", b->path) == 0);
    close_line(b);
    CHECK(&b->contract, lstat(b->path, &found) == 0 && unlink(b->path) == 0);
}

/* Answers that nobody took are gone after a while, and the next peer does not find them. */
static void test_unread(bench_t *b) {
    uint8_t got[8];

    CHECK(&b->contract, open_line(b, b->where, 0));
    CHECK(&b->contract, b->channel->write(b->channel->context, (const uint8_t *)"old", 3) == 3);
    turn(b);
    (void)usleep(2100000);
    CHECK(&b->contract, pty_connect(b));
    CHECK(&b->contract, b->channel->write(b->channel->context, (const uint8_t *)"new", 3) == 3);
    CHECK(&b->contract, peer_receive(b, got, sizeof got) == 3 && memcmp(got, "new", 3) == 0);
    pty_disconnect(b);
    /* Dark: what comes then is not for the meter. */
    qd_linux_line_reset(b->line, true);
    CHECK(&b->contract, pty_connect(b) && peer_send(b, (const uint8_t *)"x", 1) == 1);
    qd_linux_line_reset(b->line, false);
    CHECK(&b->contract, b->channel->read(b->channel->context, got, sizeof got) == 0);
    CHECK(&b->contract, peer_send(b, (const uint8_t *)"y", 1) == 1);
    CHECK(&b->contract, b->channel->read(b->channel->context, got, sizeof got) == 1 && got[0] == 'y');
    pty_disconnect(b);
    close_line(b);
}

static void test_device(bench_t *b) {
    const qd_contract_peer_t peer = {b, device_connect, device_disconnect, peer_send, peer_receive, NULL};
    struct termios terminal;
    qd_linux_error_t error;
    qd_linux_line_t *other;
    char name[64];
    int slave;

    b->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    CHECK(&b->contract, b->master >= 0 && grantpt(b->master) == 0 && unlockpt(b->master) == 0);
    CHECK(&b->contract, ptsname_r(b->master, name, sizeof name) == 0);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(&b->contract, flock(slave, LOCK_EX | LOCK_NB) == 0);
    CHECK(&b->contract, qd_linux_line_open(&other, &b->loop, name, 0, on_wake, b, &error) == QD_BUSY);
    CHECK(&b->contract, flock(slave, LOCK_UN) == 0);
    CHECK(&b->contract, open_line(b, name, 0));
    CHECK(&b->contract, tcgetattr(slave, &terminal) == 0 && cfgetispeed(&terminal) == B9600 &&
                            (terminal.c_cflag & (tcflag_t)(CSIZE | PARENB)) == CS8);
    qd_contract_line(&b->contract, b->channel, &peer);
    b->channel->configure(b->channel->context, 300, QD_FORMAT_7E1);
    turn(b);
    CHECK(&b->contract, tcgetattr(slave, &terminal) == 0 && cfgetospeed(&terminal) == B300);
    /* A pty keeps 8 bits whatever it is told; the parity it does note. */
    CHECK(&b->contract, (terminal.c_iflag & INPCK) != 0);
    /* Unplugged. */
    (void)close(slave);
    (void)close(b->master);
    turn(b);
    turn(b);
    CHECK(&b->contract, b->channel->generation(b->channel->context) == 0);
    CHECK(&b->contract, b->channel->write(b->channel->context, (const uint8_t *)"x", 1) == 0);
    close_line(b);
    CHECK(&b->contract,
          qd_linux_line_open(&other, &b->loop, "/dev/null", 0, on_wake, b, &error) == QD_ARGUMENT);
    CHECK(&b->contract,
          qd_linux_line_open(&other, &b->loop, "/dev/nothing", 0, on_wake, b, &error) == QD_ARGUMENT);
}

/* --- pace ------------------------------------------------------------------------------------- */

#define OCTETS 96u /* 100 ms at 9600 bit/s */

static double since(uint64_t begun_ns) {
    return (double)(uv_hrtime() - begun_ns) / 1e6;
}

/* Octets to the meter, then back; how long each way took. */
static void measure(bench_t *b, const qd_channel_port_t *channel, void (*flush)(bench_t *),
                    double took_ms[2]) {
    uint8_t octets[OCTETS] = {0x7E}, got[OCTETS];
    uint64_t begun_ns = uv_hrtime();
    size_t have = 0;

    CHECK(&b->contract, write(b->fd, octets, sizeof octets) == (ssize_t)sizeof octets);
    while (have < OCTETS && since(begun_ns) < 5000.0) {
        flush(b);
        have += channel->read(channel->context, got, sizeof got - have);
    }
    took_ms[0] = since(begun_ns);
    CHECK(&b->contract, have == OCTETS);
    begun_ns = uv_hrtime();
    CHECK(&b->contract, channel->write(channel->context, octets, sizeof octets) == OCTETS);
    for (have = 0; have < OCTETS && since(begun_ns) < 5000.0;) {
        ssize_t more;

        flush(b);
        more = read(b->fd, got, sizeof got - have);
        have += more > 0 ? (size_t)more : 0;
    }
    took_ms[1] = since(begun_ns);
    CHECK(&b->contract, have == OCTETS);
}

static void flush_line(bench_t *b) {
    (void)qd_linux_line_flush(b->line);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

static qd_linux_server_t *server;

static void flush_server(bench_t *b) {
    (void)qd_linux_server_flush(server);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
}

/* The floor is exact, but for the clock that is looked at; the ceiling forgives a host that is busy. */
static void check_pace(bench_t *b, const double took_ms[2], double wanted_ms) {
    for (unsigned n = 0; n < 2; n++) {
        CHECK(&b->contract, took_ms[n] >= wanted_ms - 1.0 && took_ms[n] < wanted_ms + 400.0);
    }
}

static void test_pace(bench_t *b) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    const qd_channel_port_t *channel;
    qd_linux_error_t error;
    double took_ms[2];

    CHECK(&b->contract, open_line(b, b->where, 9600) && pty_connect(b));
    measure(b, b->channel, flush_line, took_ms);
    check_pace(b, took_ms, 100.0);
    b->channel->configure(b->channel->context, 19200, QD_FORMAT_8N1);
    measure(b, b->channel, flush_line, took_ms);
    check_pace(b, took_ms, 50.0);
    CHECK(&b->contract, b->wakes > 20);
    pty_disconnect(b);
    close_line(b);

    CHECK(&b->contract,
          qd_linux_server_open(&server, &b->loop, "127.0.0.1", 0, 1, on_wake, b, &error) == QD_OK);
    qd_linux_server_set_framing(server, QD_FRAMING_HDLC);
    CHECK(&b->contract, qd_linux_server_set_pace(server, 9600) == QD_OK);
    channel = qd_linux_server_channel(server, 0);
    CHECK(&b->contract, channel->framing == QD_FRAMING_HDLC);
    to.sin_port = htons(qd_linux_server_port(server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    b->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(&b->contract, connect(b->fd, (const struct sockaddr *)&to, sizeof to) == 0);
    (void)fcntl(b->fd, F_SETFL, O_NONBLOCK);
    measure(b, channel, flush_server, took_ms);
    check_pace(b, took_ms, 100.0);
    channel->configure(channel->context, 4800, QD_FORMAT_8N1);
    for (unsigned n = 0; n < 10; n++) {
        (void)usleep(1000);
        flush_server(b);
    }
    measure(b, channel, flush_server, took_ms);
    check_pace(b, took_ms, 200.0);
    (void)close(b->fd);
    qd_linux_server_close(server);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
}

int main(void) {
    static bench_t b;

    (void)strcpy(b.folder, "/tmp/quadrant-lines-XXXXXX");
    CHECK(&b.contract, mkdtemp(b.folder) != NULL);
    (void)snprintf(b.path, sizeof b.path, "%s/line", b.folder);
    (void)snprintf(b.where, sizeof b.where, "pty:%s/line", b.folder);
    CHECK(&b.contract, uv_loop_init(&b.loop) == 0);
    test_pty(&b);
    test_names(&b);
    test_unread(&b);
    test_device(&b);
    test_pace(&b);
    CHECK(&b.contract, uv_loop_close(&b.loop) == 0);
    CHECK(&b.contract, rmdir(b.folder) == 0);
    return qd_contract_result(&b.contract);
}
