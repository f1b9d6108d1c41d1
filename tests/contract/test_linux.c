/*
 * test_linux.c - the Linux port against the contract of the ports, and what it promises besides.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "contract/contract.h"
#include "quadrant/linux.h"
#include "quadrant/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

typedef struct bench {
    qd_contract_t contract;
    char path[64];
    qd_linux_dir_t dir;
    qd_linux_fram_t fram;
    qd_linux_flash_t flash;
    qd_block_t block;
    uv_loop_t loop;
    qd_linux_server_t *server;
    int fd;
    bool ended;
} bench_t;

/* --- memory ----------------------------------------------------------------------------------- */

static const qd_block_t *reopen(void *context) {
    bench_t *b = context;
    qd_linux_error_t error;

    CHECK(&b->contract, qd_linux_fram_close(&b->fram) == QD_OK);
    if (qd_linux_fram_open(&b->fram, &b->dir, "fram", 16384, QD_LINUX_SYNC_EACH, &error) != QD_OK) {
        return NULL;
    }
    CHECK(&b->contract, !b->fram.map.created);
    b->block = qd_linux_fram_block(&b->fram);
    return &b->block;
}

static void test_fram(bench_t *b) {
    qd_linux_error_t error;
    qd_linux_fram_t other;
    qd_linux_dir_t second;

    CHECK(&b->contract,
          qd_linux_fram_open(&b->fram, &b->dir, "fram", 16384, QD_LINUX_SYNC_EACH, &error) == QD_OK);
    CHECK(&b->contract, b->fram.map.created);
    b->block = qd_linux_fram_block(&b->fram);
    qd_contract_block(&b->contract, &b->block, reopen, b);
    CHECK(&b->contract,
          qd_linux_fram_open(&other, &b->dir, "fram", 8192, QD_LINUX_SYNC_EACH, &error) == QD_VERSION);
    qd_linux_file_grow(&b->dir, "fram", 8192, 32768);
    CHECK(&b->contract,
          qd_linux_fram_open(&other, &b->dir, "fram", 32768, QD_LINUX_SYNC_EACH, &error) == QD_VERSION);
    CHECK(&b->contract, strstr(error.text, "16384") != NULL);
    CHECK(&b->contract, qd_linux_dir_open(&second, b->path, &error) == QD_BUSY);
    CHECK(&b->contract, strstr(error.text, "in use by process") != NULL);
    CHECK(&b->contract, qd_linux_fram_close(&b->fram) == QD_OK);
    qd_linux_file_grow(&b->dir, "fram", 16384, 16640);
    CHECK(&b->contract,
          qd_linux_fram_open(&other, &b->dir, "fram", 16640, QD_LINUX_SYNC_EACH, &error) == QD_OK);
    CHECK(&b->contract, other.map.octets[16639] == 0 && !other.map.created);
    CHECK(&b->contract, qd_linux_fram_close(&other) == QD_OK);
    CHECK(&b->contract,
          qd_linux_fram_open(&b->fram, NULL, "fram", 16384, QD_LINUX_SYNC_LAST, &error) == QD_OK);
    b->block = qd_linux_fram_block(&b->fram);
    qd_contract_block(&b->contract, &b->block, NULL, NULL);
    CHECK(&b->contract, qd_linux_fram_close(&b->fram) == QD_OK);
}

/* --- flash ------------------------------------------------------------------------------------ */

static bool open_flash(bench_t *b, const qd_linux_dir_t *dir, qd_linux_sync_t sync) {
    qd_linux_error_t error;
    bool good = qd_linux_flash_open(&b->flash, dir, "flash", 65536, sync, &error) == QD_OK;

    if (good) {
        b->block = qd_linux_flash_block(&b->flash);
    }
    return good;
}

static const qd_block_t *reopen_flash(void *context) {
    bench_t *b = context;

    CHECK(&b->contract, qd_linux_flash_close(&b->flash) == QD_OK);
    return open_flash(b, &b->dir, QD_LINUX_SYNC_EACH) ? &b->block : NULL;
}

/* True: the length octets at offset are all of this value. */
static bool all(const bench_t *b, uint32_t offset, uint32_t length, uint8_t value) {
    uint8_t octet;

    for (uint32_t i = 0; i < length; i++) {
        if (b->block.read(b->block.context, offset + i, &octet, 1) != QD_OK || octet != value) {
            return false;
        }
    }
    return true;
}

static qd_status_t erase(const bench_t *b, uint32_t offset) {
    qd_status_t status = b->block.erase_start(b->block.context, offset);

    for (unsigned n = 0; status == QD_OK && n < 10; n++) {
        qd_status_t polled = b->block.erase_poll(b->block.context);

        if (polled != QD_PENDING) {
            return polled;
        }
    }
    return status == QD_OK ? QD_PENDING : status;
}

static void erase_all(bench_t *b) {
    for (uint32_t at = 0; at < b->block.size; at += b->block.erase_size) {
        CHECK(&b->contract, erase(b, at + 5) == QD_OK);
    }
    CHECK(&b->contract, all(b, 0, b->block.size, 0xFF));
}

static void check_cells(bench_t *b) {
    const uint8_t one[2] = {0x5A, 0x00}, two[2] = {0xF0, 0x00}, ones[2] = {0xFF, 0xFF};
    uint8_t got[2];

    CHECK(&b->contract, b->block.program(b->block.context, 8191, one, 2) == QD_OK && b->flash.misused == 0);
    CHECK(&b->contract, b->block.program(b->block.context, 8191, two, 2) == QD_OK && b->flash.misused == 1);
    CHECK(&b->contract, b->block.read(b->block.context, 8191, got, 2) == QD_OK);
    CHECK(&b->contract, got[0] == 0x50 && got[1] == 0x00);
    CHECK(&b->contract, b->block.program(b->block.context, 8191, ones, 2) == QD_OK && b->flash.misused == 2);
    CHECK(&b->contract, all(b, 8191, 1, 0x50) && all(b, 8192, 1, 0x00));
    /* An erase takes its time, is the only one, and leaves the neighbour alone. */
    CHECK(&b->contract, b->block.erase_poll(b->block.context) == QD_OK);
    CHECK(&b->contract, b->block.erase_start(b->block.context, 65536) == QD_ARGUMENT);
    CHECK(&b->contract, b->block.erase_start(b->block.context, 8200) == QD_OK);
    CHECK(&b->contract, b->block.erase_start(b->block.context, 0) == QD_BUSY);
    CHECK(&b->contract, b->block.program(b->block.context, 8191, one, 2) == QD_IO);
    CHECK(&b->contract, b->block.program(b->block.context, 12287, one, 1) == QD_IO);
    CHECK(&b->contract, b->block.program(b->block.context, 8190, one, 1) == QD_OK);
    CHECK(&b->contract, b->block.program(b->block.context, 12288, one, 1) == QD_OK);
    CHECK(&b->contract, b->block.erase_poll(b->block.context) == QD_PENDING);
    CHECK(&b->contract, b->block.erase_poll(b->block.context) == QD_OK);
    CHECK(&b->contract, all(b, 8192, 4096, 0xFF) && all(b, 8190, 1, 0x5A) && all(b, 8191, 1, 0x50));
    CHECK(&b->contract, all(b, 12288, 1, 0x5A));
}

/* A process that was killed between two polls leaves half a block. */
static void check_killed_erase(bench_t *b) {
    pid_t child = fork();
    int how;

    if (child == 0) {
        uint8_t zeros[4096] = {0};

        if (open_flash(b, &b->dir, QD_LINUX_SYNC_LAST)) {
            (void)b->block.program(b->block.context, 4096, zeros, sizeof zeros);
            (void)b->block.erase_start(b->block.context, 4096);
            (void)b->block.erase_poll(b->block.context);
        }
        (void)raise(SIGKILL);
    }
    (void)waitpid(child, &how, 0);
    CHECK(&b->contract, WIFSIGNALED(how) && open_flash(b, &b->dir, QD_LINUX_SYNC_LAST));
    CHECK(&b->contract, all(b, 4096, 2048, 0xFF) && all(b, 6144, 2048, 0x00));
    CHECK(&b->contract, erase(b, 4096) == QD_OK && all(b, 4096, 4096, 0xFF));
}

static void test_flash(bench_t *b) {
    qd_linux_error_t error;
    qd_linux_flash_t other;

    CHECK(&b->contract, open_flash(b, &b->dir, QD_LINUX_SYNC_EACH) && b->flash.map.created);
    CHECK(&b->contract, all(b, 0, 65536, 0xFF));
    CHECK(&b->contract, qd_linux_file_content(&b->dir, "flash", 0) == QD_LINUX_BLANK);
    CHECK(&b->contract, b->block.program(b->block.context, 0, (const uint8_t *)"qdqd", 4) == QD_OK);
    CHECK(&b->contract, b->block.sync(b->block.context) == QD_OK && reopen_flash(b) != NULL);
    CHECK(&b->contract, !b->flash.map.created && all(b, 0, 1, 'q') && all(b, 4, 65532, 0xFF));
    CHECK(&b->contract, qd_linux_file_content(&b->dir, "flash", 0) == QD_LINUX_FILLED);
    erase_all(b);
    CHECK(&b->contract, qd_linux_file_content(&b->dir, "flash", 0) == QD_LINUX_BLANK);
    b->flash.misused = 0;
    check_cells(b);
    CHECK(&b->contract, qd_linux_flash_close(&b->flash) == QD_OK);
    check_killed_erase(b);
    qd_contract_flash(&b->contract, &b->block, reopen_flash, b);
    CHECK(&b->contract, qd_linux_flash_close(&b->flash) == QD_OK);
    CHECK(&b->contract,
          qd_linux_flash_open(&other, &b->dir, "flash", 32768, QD_LINUX_SYNC_EACH, &error) == QD_VERSION);
    CHECK(&b->contract,
          qd_linux_flash_open(&other, &b->dir, "flash", 65537, QD_LINUX_SYNC_EACH, &error) == QD_ARGUMENT);
    CHECK(&b->contract, open_flash(b, NULL, QD_LINUX_SYNC_LAST) && all(b, 0, 65536, 0xFF));
    CHECK(&b->contract, qd_linux_flash_close(&b->flash) == QD_OK);
}

/* A file whose making was killed half way is made anew. */
static void test_half_made_flash(bench_t *b) {
    uint8_t ones[5000];
    int fd = openat(b->dir.fd, "flash", O_RDWR | O_TRUNC);

    (void)memset(ones, 0xFF, sizeof ones);
    CHECK(&b->contract, write(fd, ones, sizeof ones) == (ssize_t)sizeof ones && ftruncate(fd, 65536) == 0);
    (void)close(fd);
    CHECK(&b->contract, open_flash(b, &b->dir, QD_LINUX_SYNC_LAST) && all(b, 0, 65536, 0xFF));
    CHECK(&b->contract, qd_linux_flash_close(&b->flash) == QD_OK);
}

/* What a killed process has programmed is there, without any sync. */
static void test_killed(bench_t *b) {
    qd_linux_error_t error;
    pid_t child = fork();
    uint8_t got[4] = {0};
    int how;

    if (child == 0) {
        if (qd_linux_fram_open(&b->fram, &b->dir, "killed", 8192, QD_LINUX_SYNC_LAST, &error) == QD_OK) {
            b->block = qd_linux_fram_block(&b->fram);
            (void)b->block.program(b->block.context, 100, (const uint8_t *)"qdqd", 4);
        }
        (void)raise(SIGKILL);
    }
    (void)waitpid(child, &how, 0);
    CHECK(&b->contract, WIFSIGNALED(how));
    CHECK(&b->contract,
          qd_linux_fram_open(&b->fram, &b->dir, "killed", 8192, QD_LINUX_SYNC_LAST, &error) == QD_OK);
    b->block = qd_linux_fram_block(&b->fram);
    CHECK(&b->contract, b->block.read(b->block.context, 100, got, 4) == QD_OK && memcmp(got, "qdqd", 4) == 0);
    CHECK(&b->contract, qd_linux_fram_close(&b->fram) == QD_OK);
}

static void damage(bench_t *b, off_t offset) {
    int fd = openat(b->dir.fd, "world", O_RDWR);
    uint8_t octet = 0;

    CHECK(&b->contract, pread(fd, &octet, 1, offset) == 1);
    octet = (uint8_t)~octet;
    CHECK(&b->contract, pwrite(fd, &octet, 1, offset) == 1);
    (void)close(fd);
}

static void test_world(bench_t *b) {
    qd_linux_world_t world;
    qd_linux_error_t error;
    qd_rtc_t rtc;

    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK && !world.known);
    rtc = qd_linux_world_rtc(&world);
    world.start_utc_ms = 5000;
    world.now_us = 2000000;
    qd_contract_rtc(&b->contract, &rtc);
    qd_linux_world_save(&world, 7000, 1);
    qd_linux_world_save(&world, 8000, 2);
    CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK);
    CHECK(&b->contract, world.known && world.state.utc_ms == 8000 && world.state.rtc_set == 1);
    CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
    /* The newer copy is damaged: the older one counts. Then both are. */
    damage(b, 256 * (off_t)(world.sequence & 1u) + 16);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK);
    CHECK(&b->contract, world.known && world.state.utc_ms == 7000);
    CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
    damage(b, 256 * (off_t)(world.sequence & 1u) + 16);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_CORRUPT);
}

/* Each octet of a copy is under its check: whichever rots, the older copy counts. */
static void test_world_rot(bench_t *b) {
    qd_linux_world_t world;
    qd_linux_error_t error;

    (void)unlinkat(b->dir.fd, "world", 0);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK && !world.known);
    qd_linux_world_save(&world, 7000, 1);
    qd_linux_world_save(&world, 8000, 2);
    CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
    for (off_t at = 0; at < 88; at++) {
        damage(b, 256 * (off_t)(world.sequence & 1u) + at);
        CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK);
        CHECK(&b->contract, world.known && world.state.utc_ms == 7000);
        CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
        damage(b, 256 * (off_t)(~world.sequence & 1u) + at);
        CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_OK);
        CHECK(&b->contract, world.known && world.state.utc_ms == 8000);
        CHECK(&b->contract, qd_linux_world_close(&world) == QD_OK);
    }
}

/* Copies of another version are not called damaged. */
static void test_world_version(bench_t *b) {
    qd_linux_world_t world;
    qd_linux_error_t error;
    int fd = openat(b->dir.fd, "world", O_RDWR);

    CHECK(&b->contract, pwrite(fd, "QDW1", 4, 0) == 4 && pwrite(fd, "QDW1", 4, 256) == 4);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_VERSION);
    CHECK(&b->contract, pwrite(fd, "QDX1", 4, 0) == 4);
    CHECK(&b->contract, qd_linux_world_open(&world, &b->dir, "world", &error) == QD_CORRUPT);
    (void)close(fd);
}

static void test_random(bench_t *b) {
    qd_linux_random_t kernel, seeded, again;
    qd_random_t port, same;
    uint8_t one[300], other[300];

    qd_linux_random_open(&kernel, false, 0);
    port = qd_linux_random_port(&kernel);
    qd_contract_random(&b->contract, &port);
    qd_linux_random_open(&seeded, true, 7);
    qd_linux_random_open(&again, true, 7);
    port = qd_linux_random_port(&seeded);
    same = qd_linux_random_port(&again);
    CHECK(&b->contract, port.fill(port.context, one, sizeof one) == QD_OK);
    CHECK(&b->contract, same.fill(same.context, other, sizeof other) == QD_OK);
    CHECK(&b->contract, memcmp(one, other, sizeof one) == 0);
    qd_contract_random(&b->contract, &port);
}

/* --- connections ------------------------------------------------------------------------------ */

static void on_wake(void *context) {
    (void)context;
}

static void turn(bench_t *b) {
    for (unsigned n = 0; n < 4; n++) {
        (void)qd_linux_server_flush(b->server);
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    }
}

static int dial(const bench_t *b) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(qd_linux_server_port(b->server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return -1;
    }
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool peer_connect(void *context) {
    bench_t *b = context;

    b->fd = dial(b);
    b->ended = false;
    turn(b);
    return b->fd >= 0;
}

static void peer_disconnect(void *context) {
    bench_t *b = context;

    (void)close(b->fd);
    turn(b);
    turn(b);
}

static size_t peer_send(void *context, const uint8_t *octets, size_t length) {
    bench_t *b = context;
    ssize_t sent = send(b->fd, octets, length, MSG_NOSIGNAL);

    turn(b);
    return sent > 0 ? (size_t)sent : 0;
}

static size_t peer_receive(void *context, uint8_t *octets, size_t size) {
    bench_t *b = context;
    size_t length = 0;

    turn(b);
    for (unsigned idle = 0; length < size && idle < 20 && !b->ended;) {
        ssize_t got = recv(b->fd, octets + length, size - length, 0);

        b->ended = got == 0;
        length += got > 0 ? (size_t)got : 0;
        if (got < 0) {
            idle++;
            turn(b);
        }
    }
    return length;
}

static bool peer_closed(void *context) {
    bench_t *b = context;
    uint8_t octet;

    return b->ended || peer_receive(b, &octet, 1) == 0;
}

/* What stands in DIR/key, as a status. */
static qd_status_t try_key(bench_t *b, const char *text, mode_t mode, const char *word) {
    qd_linux_error_t error = {""};
    qd_linux_key_t key;
    qd_device_key_t port;
    uint8_t octets[QD_DEVICE_KEY_SIZE];
    qd_status_t status;
    int fd = openat(b->dir.fd, "key", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(&b->contract, write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
    (void)close(fd);
    status = qd_linux_key_open(&key, &b->dir, "key", true, &error);
    port = qd_linux_key_port(&key);
    CHECK(&b->contract, !key.created);
    CHECK(&b->contract, port.get(port.context, octets) == (status == QD_OK ? QD_OK : QD_UNAVAILABLE));
    CHECK(&b->contract,
          status == QD_OK || (strstr(error.text, "/key") != NULL && strstr(error.text, word) != NULL));
    CHECK(&b->contract, status != QD_OK || memcmp(octets,
                                                  "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc"
                                                  "\xdd\xee\xff",
                                                  sizeof octets) == 0);
    return status;
}

static void test_key(bench_t *b) {
    qd_linux_error_t error;
    qd_linux_key_t key, other;
    qd_device_key_t port;
    struct stat found = {0};
    char text[40] = "";
    int fd;

    CHECK(&b->contract,
          qd_linux_key_open(&key, &b->dir, "key", false, &error) == QD_UNAVAILABLE && !key.known);
    CHECK(&b->contract, strstr(error.text, "missing") != NULL && faccessat(b->dir.fd, "key", F_OK, 0) != 0);
    /* What a killed process left is not in the way. */
    CHECK(&b->contract, close(openat(b->dir.fd, "key.new", O_WRONLY | O_CREAT, 0400)) == 0);
    CHECK(&b->contract, qd_linux_key_open(&key, &b->dir, "key", true, &error) == QD_OK && key.created);
    CHECK(&b->contract, faccessat(b->dir.fd, "key.new", F_OK, 0) != 0);
    CHECK(&b->contract, fstatat(b->dir.fd, "key", &found, 0) == 0 && (found.st_mode & 07777) == 0600);
    fd = openat(b->dir.fd, "key", O_RDONLY);
    CHECK(&b->contract, read(fd, text, sizeof text) == 33 && text[32] == '\n');
    CHECK(&b->contract, strspn(text, "0123456789abcdef") == 32);
    (void)close(fd);
    port = qd_linux_key_port(&key);
    qd_contract_key(&b->contract, &port);
    CHECK(&b->contract, qd_linux_key_open(&other, &b->dir, "key", false, &error) == QD_OK && !other.created);
    CHECK(&b->contract, memcmp(key.octets, other.octets, sizeof key.octets) == 0);
    CHECK(&b->contract, qd_linux_key_open(&other, NULL, "key", true, &error) == QD_OK);
    CHECK(&b->contract, memcmp(key.octets, other.octets, sizeof key.octets) != 0);
    qd_linux_key_close(&key);
    CHECK(&b->contract, port.get(port.context, other.octets) == QD_UNAVAILABLE && key.octets[0] == 0);

    CHECK(&b->contract, try_key(b, "00112233445566778899aabbccddeeff\n", 0600, "") == QD_OK);
    CHECK(&b->contract, try_key(b, "00112233445566778899AABBCCDDEEFF", 0400, "") == QD_OK || geteuid() != 0);
    (void)fchmodat(b->dir.fd, "key", 0600, 0);
    CHECK(&b->contract, try_key(b, "", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract, try_key(b, "00112233445566778899aabbccddeef", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract,
          try_key(b, "00112233445566778899aabbccddeef\n", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract,
          try_key(b, "00112233445566778899aabbccddeeff0", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract,
          try_key(b, "00112233445566778899aabbccddeeff\n\n", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract,
          try_key(b, "00112233445566778899aabbccddeefg\n", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract,
          try_key(b, "0x112233445566778899aabbccddeeff\n", 0600, "32 hex digits") == QD_MALFORMED);
    CHECK(&b->contract, try_key(b, "00112233445566778899aabbccddeeff\n", 0640, "chmod 600") == QD_DENIED);
    CHECK(&b->contract, try_key(b, "00112233445566778899aabbccddeeff\n", 0604, "chmod 600") == QD_DENIED);
    (void)unlinkat(b->dir.fd, "key", 0);
    CHECK(&b->contract, mkdirat(b->dir.fd, "key", 0700) == 0);
    CHECK(&b->contract, qd_linux_key_open(&key, &b->dir, "key", true, &error) == QD_MALFORMED);
    CHECK(&b->contract, unlinkat(b->dir.fd, "key", AT_REMOVEDIR) == 0);
}

static void test_channels(bench_t *b) {
    const qd_contract_peer_t peer = {b, peer_connect, peer_disconnect, peer_send, peer_receive, peer_closed};
    const qd_channel_port_t *first, *second;
    qd_linux_error_t error;
    qd_linux_server_t *other;
    uint8_t octet;
    int fds[3];

    CHECK(&b->contract, uv_loop_init(&b->loop) == 0);
    CHECK(&b->contract,
          qd_linux_server_open(&b->server, &b->loop, "127.0.0.1", 0, 2, on_wake, b, &error) == QD_OK);
    first = qd_linux_server_channel(b->server, 0);
    second = qd_linux_server_channel(b->server, 1);
    CHECK(&b->contract, qd_linux_server_channel(b->server, 2) == NULL);
    qd_contract_channel(&b->contract, first, &peer);
    CHECK(&b->contract, qd_linux_server_open(&other, &b->loop, "127.0.0.1", qd_linux_server_port(b->server),
                                             1, on_wake, b, &error) == QD_BUSY);
    CHECK(&b->contract,
          qd_linux_server_open(&other, &b->loop, "nowhere", 0, 1, on_wake, b, &error) == QD_ARGUMENT);
    /* One beyond the pool is accepted and closed; the others stay. */
    for (unsigned n = 0; n < 3; n++) {
        fds[n] = dial(b);
        turn(b);
    }
    CHECK(&b->contract, first->generation(first->context) != 0 && second->generation(second->context) != 0);
    CHECK(&b->contract, recv(fds[2], &octet, 1, 0) == 0);
    CHECK(&b->contract, recv(fds[0], &octet, 1, 0) < 0 && errno == EAGAIN);
    /* Dark: everybody is dropped. */
    qd_linux_server_reset(b->server, true);
    turn(b);
    CHECK(&b->contract, first->generation(first->context) == 0);
    CHECK(&b->contract, recv(fds[0], &octet, 1, 0) == 0 && recv(fds[1], &octet, 1, 0) == 0);
    for (unsigned n = 0; n < 3; n++) {
        (void)close(fds[n]);
    }
    qd_linux_server_close(b->server);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    CHECK(&b->contract, uv_loop_close(&b->loop) == 0);
}

static void answer(void *context, const char *line, char *reply, size_t size) {
    bench_t *b = context;

    (void)snprintf(reply, size, "ok %s", line);
    uv_stop(&b->loop);
}

static void test_control(bench_t *b) {
    qd_linux_control_t *control;
    qd_linux_error_t error;
    char reply[64] = "";
    pid_t child;
    int how;

    CHECK(&b->contract,
          qd_linux_control_ask(b->path, "control", "x", reply, sizeof reply, 100) == QD_UNAVAILABLE);
    CHECK(&b->contract, uv_loop_init(&b->loop) == 0);
    CHECK(&b->contract,
          qd_linux_control_open(&control, &b->loop, &b->dir, "control", answer, b, &error) == QD_OK);
    child = fork();
    if (child == 0) {
        bool good = qd_linux_control_ask(b->path, "control", "load 5", reply, sizeof reply, 5000) == QD_OK;

        _exit(good && strcmp(reply, "ok load 5") == 0 ? 0 : 1);
    }
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    qd_linux_control_close(control);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    (void)waitpid(child, &how, 0);
    CHECK(&b->contract, WIFEXITED(how) && WEXITSTATUS(how) == 0);
    CHECK(&b->contract, uv_loop_close(&b->loop) == 0);
}

static void test_quantities(bench_t *b) {
    static const char text[] = "t_s,u1_v,i1_a,p1_w\n0,230,1,230\n10,230,2,460\n";
    qd_load_player_t player = {.utc_ms = 500};
    qd_quantities_port_t port = qd_load_player_port(&player);
    qd_load_error_t error;
    qd_load_t *load = NULL;

    CHECK(&b->contract, qd_load_parse("text", text, sizeof text - 1, &load, &error) == QD_OK);
    if (load != NULL) {
        player.load = load;
        qd_load_player_start(&player, 0);
        qd_contract_quantities(&b->contract, &port, 100000000);
        qd_load_free(load);
    }
}

int main(void) {
    static bench_t b;
    qd_linux_error_t error;

    (void)strcpy(b.path, "/tmp/quadrant-contract-XXXXXX");
    CHECK(&b.contract, mkdtemp(b.path) != NULL);
    CHECK(&b.contract, qd_linux_dir_open(&b.dir, b.path, &error) == QD_OK);
    test_fram(&b);
    test_flash(&b);
    test_half_made_flash(&b);
    test_killed(&b);
    test_world(&b);
    test_world_rot(&b);
    test_world_version(&b);
    test_random(&b);
    test_key(&b);
    test_channels(&b);
    test_control(&b);
    test_quantities(&b);
    (void)unlinkat(b.dir.fd, "fram", 0);
    (void)unlinkat(b.dir.fd, "flash", 0);
    (void)unlinkat(b.dir.fd, "killed", 0);
    (void)unlinkat(b.dir.fd, "world", 0);
    (void)unlinkat(b.dir.fd, "lock", 0);
    qd_linux_dir_close(&b.dir);
    CHECK(&b.contract, rmdir(b.path) == 0);
    return qd_contract_result(&b.contract);
}
