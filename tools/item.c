/*
 * item.c - ITEM and OBIS codes as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "item.h"

#include <stdio.h>
#include <string.h>

/* Digits up to limit; *text is moved behind them. */
static bool number(const char **text, unsigned limit, unsigned *value) {
    const char *at = *text;
    unsigned sum = 0;

    if (*at < '0' || *at > '9') {
        return false;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        sum = sum * 10u + (unsigned)(*at - '0');
        if (sum > limit) {
            return false;
        }
    }
    *text = at;
    *value = sum;
    return true;
}

/* obis ::= A - B : C . D . E [(. | *) F] */
bool qd_obis_parse(const char *text, qd_obis_t *obis, const char **end) {
    static const char separators[] = "-:..";
    unsigned value;
    size_t i;

    for (i = 0; i < 5u; i++) {
        if (!number(&text, 255, &value)) {
            return false;
        }
        obis->group[i] = (uint8_t)value;
        if (i < 4u && *text++ != separators[i]) {
            return false;
        }
    }
    obis->group[5] = 255;
    if (*text == '.' || *text == '*') {
        text++;
        if (!number(&text, 255, &value)) {
            return false;
        }
        obis->group[5] = (uint8_t)value;
    }
    *end = text;
    return true;
}

bool qd_item_parse(const char *text, qd_item_t *item) {
    const char *slash = strchr(text, '/');
    const char *at = text;
    unsigned value = 0;

    item->text = text;
    item->ref.class_id = 0;
    item->ref.index = 2;
    item->has_index = false;
    if (slash != NULL) {
        if (!number(&at, 0xFFFF, &value) || at != slash || value == 0u) {
            return false;
        }
        item->ref.class_id = (uint16_t)value;
        at++;
    }
    if (!qd_obis_parse(at, &item->ref.obis, &at)) {
        return false;
    }
    if (*at == ':') {
        bool negative = at[1] == '-';

        at += negative ? 2 : 1;
        if (!number(&at, negative ? 128u : 127u, &value)) {
            return false;
        }
        item->ref.index = (int8_t)(negative ? -(int)value : (int)value);
        item->has_index = true;
    }
    return *at == '\0';
}

void qd_obis_print(const qd_obis_t *obis, char text[QD_OBIS_TEXT]) {
    const uint8_t *g = obis->group;

    (void)snprintf(text, QD_OBIS_TEXT, "%u-%u:%u.%u.%u.%u", g[0], g[1], g[2], g[3], g[4], g[5]);
}
