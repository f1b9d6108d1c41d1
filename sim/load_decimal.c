/*
 * load_decimal.c - decimal text to integers, without floating point.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load_table.h"

#include <string.h>

#define DIGITS_MAX 13 /* one less than counted; with the padding far from the end of int64_t */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

const char *qd_load_decimal(const char *text, size_t length, unsigned decimals, int64_t minimum,
                            int64_t maximum, int64_t *value) {
    bool negative = false, point = false;
    unsigned digits = 0, counted = 0, after = 0;
    int64_t sum = 0;
    size_t i = 0;

    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        i = 1;
    }
    for (; i < length; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (!is_digit(text[i])) {
            return text[i] == 'e' || text[i] == 'E' ? "an exponent; write a plain decimal such as 0.0015"
                                                    : "not a number; write a plain decimal such as -12.5";
        } else if (point && after == decimals) {
            /* The first digit beyond the resolution decides: half away from zero. */
            sum += text[i] >= '5' ? 1 : 0;
            after++;
            digits++;
        } else if (point && after > decimals) {
            digits++;
        } else {
            counted += sum > 0 ? 1 : 0;
            if (counted > DIGITS_MAX) {
                return "out of range; see docs/load-files.md for the limits";
            }
            sum = sum * 10 + (text[i] - '0');
            after += point ? 1 : 0;
            digits++;
        }
    }
    if (digits == 0) {
        return "not a number; write a plain decimal such as -12.5";
    }
    for (; after < decimals; after++) {
        sum *= 10;
    }
    sum = negative ? -sum : sum;
    if (sum < minimum || sum > maximum) {
        return "out of range; see docs/load-files.md for the limits";
    }
    *value = sum;
    return NULL;
}
