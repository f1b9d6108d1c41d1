/*
 * text.c - numbers and words in a line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

static void add(qd_text_t *text, char c) {
    if (text->length + 1u < sizeof text->octets) {
        text->octets[text->length++] = c;
        text->octets[text->length] = '\0';
    }
}

void qd_text_add(qd_text_t *text, const char *more) {
    while (*more != '\0') {
        add(text, *more++);
    }
}

void qd_text_number(qd_text_t *text, int64_t value) {
    char digits[20];
    unsigned n = 0;
    uint64_t left = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    do {
        digits[n++] = (char)('0' + left % 10u);
        left /= 10u;
    } while (left != 0);
    if (value < 0) {
        add(text, '-');
    }
    while (n > 0) {
        add(text, digits[--n]);
    }
}

void qd_text_hex(qd_text_t *text, uint64_t value, unsigned digits) {
    while (digits > 0) {
        digits--;
        add(text, "0123456789abcdef"[value >> (4u * digits) & 15u]);
    }
}
