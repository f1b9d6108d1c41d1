/*
 * cli.c - options, durations and complaints.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000u

int qd_complain(const char *command, int status, const char *format, ...) {
    va_list list;

    (void)fflush(stdout); /* keeps a row and the complaint about it in order */
    (void)fprintf(stderr, "quadrant %s: ", command);
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
    return status;
}

bool qd_duration_parse(const char *text, uint32_t *milliseconds) {
    uint64_t value = 0;
    uint64_t scale = 1000;
    bool digits = false;

    for (; *text >= '0' && *text <= '9' && value <= DAY_MS; text++) {
        value = value * 10u + (uint64_t)(*text - '0');
        digits = true;
    }
    value *= 1000u;
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            scale /= 10u;
            value += (uint64_t)(*text - '0') * scale;
            digits = true;
        }
    }
    if (strcmp(text, "ms") == 0) {
        value /= 1000u;
    } else if (*text != '\0' && strcmp(text, "s") != 0) {
        return false;
    }
    if (!digits || value > DAY_MS) {
        return false;
    }
    *milliseconds = (uint32_t)value;
    return true;
}

/* The value of an option: after '=' or the next argument. NULL: there is none. */
static const char *option_value(const char *name, int argc, char **argv, int *at) {
    const char *argument = argv[*at];
    size_t length = strlen(name);

    if (argument[length] == '=') {
        return argument + length + 1;
    }
    if (*at + 1 < argc) {
        (*at)++;
        return argv[*at];
    }
    return NULL;
}

static bool is_option(const char *argument, const char *name) {
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && (argument[length] == '\0' || argument[length] == '=');
}

/* Options without a value. */
static bool take_flag(qd_options_t *options, const char *argument) {
    if (strcmp(argument, "--json") == 0) {
        options->format = QD_FORMAT_JSON;
    } else if (strcmp(argument, "--csv") == 0) {
        options->format = QD_FORMAT_CSV;
    } else if (strcmp(argument, "--trace") == 0) {
        options->trace = true;
    } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        options->help = true;
    } else {
        return false;
    }
    return true;
}

static bool set_count(const char *text, uint32_t *count) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > UINT32_MAX) {
        return false;
    }
    *count = (uint32_t)value;
    return true;
}

/* Options with a value. False: told on stderr. */
static bool take_option(qd_options_t *options, int argc, char **argv, int *at) {
    static const char *const names[] = {"--as",      "--password-file", "--timeout", "--interval",
                                        "--count",   "--from",          "--to",      "--entries",
                                        "--columns", "--pcap",          "--retries"};
    const char *argument = argv[*at];
    const char *value = NULL;
    size_t n;
    bool good = true;

    for (n = 0; n < sizeof names / sizeof names[0] && !is_option(argument, names[n]); n++) {
    }
    if (n == sizeof names / sizeof names[0]) {
        (void)qd_complain(options->command, 0, "unknown option %s; see quadrant help %s", argument,
                          options->command);
        return false;
    }
    value = option_value(names[n], argc, argv, at);
    if (value == NULL) {
        (void)qd_complain(options->command, 0, "%s needs a value", names[n]);
        return false;
    }
    switch (n) {
    case 0:
        options->identity = value;
        break;
    case 1:
        options->password_file = value;
        break;
    case 2:
        good = qd_duration_parse(value, &options->timeout_ms) && options->timeout_ms > 0u;
        options->timeout_given = true;
        break;
    case 3:
        good = qd_duration_parse(value, &options->interval_ms);
        break;
    case 4:
        good = set_count(value, &options->count);
        break;
    case 5:
        options->from = value;
        break;
    case 6:
        options->to = value;
        break;
    case 7:
        options->entries = value;
        break;
    case 8:
        options->columns = value;
        break;
    case 9:
        options->pcap = value;
        break;
    default:
        good = set_count(value, &options->retries) && options->retries <= 100u;
        options->retries_given = true;
        break;
    }
    if (!good) {
        (void)qd_complain(options->command, 0, "%s cannot be %s; give a positive number such as 5 or 500ms",
                          names[n], value);
    }
    return good;
}

bool qd_options_parse(qd_options_t *options, int argc, char **argv) {
    bool only_arguments = false;
    int i;

    (void)memset(options, 0, sizeof *options);
    options->command = argv[0];
    options->timeout_ms = 5000;
    options->interval_ms = 1000;
    options->retries = 2;
    for (i = 1; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0' &&
                   !(argv[i][1] >= '0' && argv[i][1] <= '9')) {
            if (!take_flag(options, argv[i]) && !take_option(options, argc, argv, &i)) {
                return false;
            }
        } else if (options->argument_count == QD_ARGUMENTS_MAX) {
            (void)qd_complain(options->command, 0, "more than %d arguments; split the call",
                              QD_ARGUMENTS_MAX);
            return false;
        } else {
            options->argument[options->argument_count++] = argv[i];
        }
    }
    return true;
}
