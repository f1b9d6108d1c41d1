/*
 * expect.h - what unit tests say about a world: octets asked, octets wanted.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_EXPECT_H
#define QD_TESTS_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/meter/world.h"

static inline void expect_octets(const uint8_t *got, size_t length, const char *wanted, const char *file,
                                 int line) {
    uint8_t octets[2048];
    size_t size = world_hex(wanted, octets);
    if (length != size || memcmp(got, octets, size) != 0) {
        printf("%s:%d: wanted %s\n got (%zu)", file, line, wanted, length);
        for (size_t i = 0; i < length && i < sizeof octets; i++) {
            printf(" %02X", got[i]);
        }
        printf("\n");
        _fail(file, line);
    }
}

static inline void expect_answer(world_t *w, unsigned channel, uint16_t sap, const char *asked,
                                 const char *wanted, const char *file, int line) {
    uint8_t answer[2048] = {0};
    size_t length = world_ask_hex(w, channel, sap, asked, answer, sizeof answer);
    expect_octets(answer, length, wanted, file, line);
}

/* The answer to an APDU is exactly this; "" is silence. */
#define EXPECT_ON(w, channel, sap, asked, wanted)                                                            \
    expect_answer(w, channel, sap, asked, wanted, __FILE__, __LINE__)
#define EXPECT(w, sap, asked, wanted) EXPECT_ON(w, 0, sap, asked, wanted)
#define EXPECT_OCTETS(got, length, wanted) expect_octets(got, length, wanted, __FILE__, __LINE__)

/* A meter of the three-phase model on a blank FRAM, started. */
static inline world_t *expect_world(world_t *w) {
    world_blank(w, qd_model_find("st402"));
    assert_int_equal(world_start(w), QD_OK);
    return w;
}

/* The same with an association of the client on channel 0. */
static inline world_t *expect_client(world_t *w, uint16_t sap) {
    expect_world(w);
    assert_true(world_open(w, 0, sap));
    return w;
}

#endif
