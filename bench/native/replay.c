/*
 * replay.c - sends recorded wrapper frames over one connection and waits for each answer.
 *
 * replay PORT SETUP LOOP COUNT: the frames of file SETUP once, then those of LOOP, COUNT times round.
 * Frames are self-delimiting: 8 octets of header, the last two of them the length (IEC 62056-47).
 * Prints the nanoseconds that the rounds took and the first answer of each frame of the loop in hex.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER 8u
#define FILE_MAX 65536u
#define ANSWER_MAX (HEADER + 65535u)

typedef struct frames {
    uint8_t octets[FILE_MAX];
    size_t size;
} frames_t;

static frames_t setup;
static frames_t loop;
static uint8_t answer[ANSWER_MAX];

static size_t frame_size(const uint8_t *frame) {
    return HEADER + ((size_t)frame[6] << 8 | frame[7]);
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void load(frames_t *frames, const char *path) {
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        fail(path);
    }
    frames->size = fread(frames->octets, 1, sizeof frames->octets, file);
    (void)fclose(file);
}

static void take(int connection, uint8_t *into, size_t size) {
    while (size > 0) {
        ssize_t count = recv(connection, into, size, 0);

        if (count <= 0) {
            fail("replay: no answer");
        }
        into += count;
        size -= (size_t)count;
    }
}

/* One frame there, one back; the size of the answer. */
static size_t exchange(int connection, const uint8_t *frame, size_t size) {
    if (send(connection, frame, size, 0) != (ssize_t)size) {
        fail("replay: send");
    }
    take(connection, answer, HEADER);
    take(connection, answer + HEADER, frame_size(answer) - HEADER);
    return frame_size(answer);
}

static void round_trip(int connection, const frames_t *frames, int show) {
    size_t at = 0;

    while (at + HEADER <= frames->size) {
        size_t size = frame_size(frames->octets + at);
        size_t got = exchange(connection, frames->octets + at, size);

        at += size;
        if (show) {
            size_t i;

            for (i = HEADER; i < got; i++) {
                (void)printf("%02x", answer[i]);
            }
            (void)printf("\n");
        }
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = 20};
    struct timespec begin, end;
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    long count;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: replay PORT SETUP LOOP COUNT\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load(&setup, argv[2]);
    load(&loop, argv[3]);
    if (connection < 0 || connect(connection, (const struct sockaddr *)&address, sizeof address) != 0) {
        fail("replay: connect");
    }
    (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    round_trip(connection, &setup, 0);
    count = atol(argv[4]);
    if (count > 0) {
        round_trip(connection, &loop, 1);
        count--;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    while (count-- > 0) {
        round_trip(connection, &loop, 0);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)printf("ns %lld\n",
                 (long long)(end.tv_sec - begin.tv_sec) * 1000000000LL + (end.tv_nsec - begin.tv_nsec));
    (void)close(connection);
    return 0;
}
