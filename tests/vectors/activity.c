/*
 * activity.c - records of classes 9, 11, 20, 21 and 22 to octets and back.
 *
 * Without arguments: octets that Gurux.DLMS for Python wrote are taken and given again; prints "N passed, N failed".
 * With "-": each line of the input is the name of a shape and octets in hexadecimal digits; the answer is the status's
 * number and the octets as they come back. tests/models/test_activity.py asks so.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "support/activity_octets.h"

#define LINE_MAX 4096u
#define OCTETS_MAX 2000u

/* Names of shapes, and what Gurux.DLMS for Python wrote for a record of each. */
static const char *const recorded[][2] = {
    {"script", "0202120002010302051601120006090600000E0001FF0F040904303030310205160212000609"
               "0600000E0001FF0F030FFF02051601120006090600000E0001FF0F021202BC"},
    {"special_day", "020312EA60090508080703FF11F0"},
    {"season", "020309025337090CFFFF0808FF0000000080000009025737"},
    {"week", "0208090257301100110111021103110411051106"},
    {"day", "0202110101030203090400000000090600000A0064FF12000102030904001E0000090600000A"
            "0064FF1200020203090401000000090600000A0064FF120003"},
    {"action_set", "02020202090600000A0064FF1200000202090600000A006AFF12FFFF"},
    {"value_definition", "020312000309060100010700FF0F02"},
    {"threshold", "05FFFFFFFB"},
    {"execution_time", "020209040F1E00000905FFFF0401FF"},
    {"script_ref", "0202090600000A0001FF120001"},
};

static size_t from_hex(const char *text, uint8_t *octets) {
    unsigned digits = 0;
    size_t length = 0;
    for (; *text != '\0' && length < OCTETS_MAX; text++) {
        unsigned value = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                         : *text >= 'A' && *text <= 'F' ? (unsigned)(*text - 'A' + 10)
                         : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10)
                                                        : 16u;
        if (value == 16u) {
            continue;
        }
        octets[length] = (uint8_t)(digits % 2u == 0 ? value << 4 : octets[length] | value);
        length += digits++ % 2u;
    }
    return length;
}

static const qd_shape_t *shape_of(const char *name) {
    for (const activity_shape_t *row = activity_shapes; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row->shape;
        }
    }
    return NULL;
}

static int serve(void) {
    static char line[LINE_MAX];
    static uint8_t in[OCTETS_MAX];
    static uint8_t out[OCTETS_MAX];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *space = strchr(line, ' ');
        if (space == NULL) {
            return 2;
        }
        *space = '\0';
        const qd_shape_t *shape = shape_of(line);
        if (shape == NULL) {
            return 2;
        }
        size_t length = sizeof out;
        size_t size = from_hex(space + 1, in);
        qd_status_t status = activity_round(shape, in, size, out, &length);
        (void)printf("%d ", (int)status);
        for (size_t i = 0; status == QD_OK && i < length; i++) {
            (void)printf("%02x", out[i]);
        }
        (void)printf("\n");
        (void)fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv) {
    unsigned passed = 0;
    unsigned count = sizeof recorded / sizeof recorded[0];
    if (argc == 2 && strcmp(argv[1], "-") == 0) {
        return serve();
    }
    for (unsigned i = 0; i < count; i++) {
        uint8_t in[OCTETS_MAX];
        uint8_t out[OCTETS_MAX];
        size_t length = sizeof out;
        size_t size = from_hex(recorded[i][1], in);
        bool good = activity_round(shape_of(recorded[i][0]), in, size, out, &length) == QD_OK &&
                    length == size && memcmp(in, out, size) == 0;
        passed += good ? 1u : 0u;
        if (!good) {
            (void)printf("%s: not the same again\n", recorded[i][0]);
        }
    }
    (void)printf("%u passed, %u failed\n", passed, count - passed);
    return passed == count ? 0 : 1;
}
