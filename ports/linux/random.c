/*
 * random.c - random octets from the kernel, or a repeatable sequence for tests.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/linux.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* splitmix64 */
static uint64_t next_seeded(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static bool refill(qd_linux_random_t *random) {
    size_t at = 0;

    if (random->seeded) {
        for (; at < sizeof random->pool; at += sizeof(uint64_t)) {
            uint64_t value = next_seeded(&random->state);

            (void)memcpy(random->pool + at, &value, sizeof value);
        }
    }
    while (at < sizeof random->pool) {
        ssize_t got = getrandom(random->pool + at, sizeof random->pool - at, 0);

        if (got < 0 && errno != EINTR) {
            return false;
        }
        at += got > 0 ? (size_t)got : 0;
    }
    random->left = sizeof random->pool;
    return true;
}

/* Octets are drawn from a pool: a challenge does not cost a system call. */
static qd_status_t fill(void *context, uint8_t *buffer, size_t length) {
    qd_linux_random_t *random = context;

    while (length > 0) {
        size_t part;
        uint8_t *from;

        if (random->left == 0 && !refill(random)) {
            return QD_IO;
        }
        part = length < random->left ? length : random->left;
        from = random->pool + sizeof random->pool - random->left;
        (void)memcpy(buffer, from, part);
        (void)memset(from, 0, part); /* what was given out is not kept */
        random->left -= part;
        buffer += part;
        length -= part;
    }
    return QD_OK;
}

void qd_linux_random_open(qd_linux_random_t *random, bool seeded, uint64_t seed) {
    (void)memset(random, 0, sizeof *random);
    random->seeded = seeded;
    random->state = seed;
}

qd_random_t qd_linux_random_port(qd_linux_random_t *random) {
    qd_random_t port = {.context = random, .fill = fill};

    return port;
}
