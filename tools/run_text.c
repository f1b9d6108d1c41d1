/*
 * run_text.c - durations, instants and names of quadrant run.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define CENTURY_S 3155760000u
#define DAY_S 86400

bool run_duration_parse(const char *text, uint64_t *us) {
    static const char units[] = "smhd";
    static const uint64_t seconds[] = {1, 60, 3600, DAY_S};
    const char *unit;
    uint64_t value = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 10) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10u + (uint64_t)(text[i] - '0');
    }
    if (strcmp(text + digits, "ms") == 0) {
        *us = value * 1000u;
        return value != 0;
    }
    if (text[digits] != '\0') {
        unit = strchr(units, text[digits]);
        if (unit == NULL || text[digits + 1] != '\0') {
            return false;
        }
        value *= seconds[unit - units];
    }
    if (value == 0 || value > CENTURY_S) {
        return false;
    }
    *us = value * 1000000u;
    return true;
}

/* Days since 2000-01-01 of a Gregorian date; months count from March so that leap days end a year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t months = month > 2 ? month - 3 : month + 9;

    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 1 -
           730425;
}

static bool number(const char **at, unsigned digits, int64_t *value) {
    *value = 0;
    for (unsigned i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return false;
        }
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool sign(const char **at, char wanted) {
    if (**at != wanted) {
        return false;
    }
    (*at)++;
    return true;
}

static bool parse_zone(const char **at, int64_t *seconds) {
    int64_t hours, minutes, direction = **at == '-' ? -1 : 1;

    *seconds = 0;
    if (**at == '\0' || sign(at, 'Z')) {
        return true;
    }
    if (**at != '+' && **at != '-') {
        return false;
    }
    (*at)++;
    if (!number(at, 2, &hours) || !sign(at, ':') || !number(at, 2, &minutes) || hours > 14 || minutes > 59) {
        return false;
    }
    *seconds = direction * (hours * 3600 + minutes * 60);
    return true;
}

bool run_time_parse(const char *text, int64_t *utc_s) {
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year, month, day, hour = 0, minute = 0, second = 0, zone;
    bool leap;

    if (!number(&text, 4, &year) || !sign(&text, '-') || !number(&text, 2, &month) || !sign(&text, '-') ||
        !number(&text, 2, &day) || year < 2000 || year > 2199 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > length[month - 1] + (month == 2 && leap ? 1 : 0)) {
        return false;
    }
    if (*text == 'T' || *text == ' ') {
        text++;
        if (!number(&text, 2, &hour) || !sign(&text, ':') || !number(&text, 2, &minute)) {
            return false;
        }
        if (*text == ':') {
            text++;
            if (!number(&text, 2, &second)) {
                return false;
            }
        }
    }
    if (hour > 23 || minute > 59 || second > 59 || !parse_zone(&text, &zone) || *text != '\0') {
        return false;
    }
    *utc_s = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second - zone;
    return *utc_s >= 0;
}

void run_time_format(int64_t utc_ms, char text[RUN_TIME_SIZE]) {
    int64_t seconds = utc_ms / 1000 - (utc_ms % 1000 < 0 ? 1 : 0);
    int64_t days = seconds / DAY_S - (seconds % DAY_S < 0 ? 1 : 0);
    int64_t rest = seconds - days * DAY_S;
    int64_t year = 2000 + days / 366 - (days < 0 ? 1 : 0); /* never too late a year */
    int64_t month = 1;

    while (days_of(year + 1, 1, 1) <= days) {
        year++;
    }
    while (month < 12 && days_of(year, month + 1, 1) <= days) {
        month++;
    }
    (void)snprintf(text, RUN_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month,
                   (int)(days - days_of(year, month, 1) + 1), (int)(rest / 3600), (int)(rest / 60 % 60),
                   (int)(rest % 60));
}

bool run_name_good(const char *name) {
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(name);

    return length > 0 && length <= RUN_NAME_MAX && *name != '.' && *name != '-' &&
           strspn(name, good) == length;
}

bool run_state_path(const char *command, const char *name, char path[QD_LINUX_PATH_MAX]) {
    char home[QD_PATH_MAX];

    if (!qd_state_home(command, home)) {
        return false;
    }
    if (snprintf(path, QD_LINUX_PATH_MAX, "%s/%s", home, name) >= (int)QD_LINUX_PATH_MAX) {
        (void)qd_complain(command, 0,
                          "the state directory's path is too long; set a shorter QUADRANT_STATE_HOME");
        return false;
    }
    return true;
}

/* FNV-1a */
uint64_t run_hash(const char *text, uint64_t seed) {
    uint64_t hash = UINT64_C(14695981039346656037);

    for (unsigned i = 0; i < 8; i++) {
        hash = (hash ^ ((seed >> (8 * i)) & 0xFFu)) * UINT64_C(1099511628211);
    }
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
    return hash;
}
