/*
 * run_options.c - the command line of quadrant run.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "run"

typedef bool (*setter_t)(run_options_t *options, const char *value);

static bool unsigned_of(const char *text, uint64_t limit, uint64_t *value) {
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *value <= limit;
}

static bool set_name(run_options_t *options, const char *value) {
    options->name = value;
    return run_name_good(value);
}

static bool set_state(run_options_t *options, const char *value) {
    options->state = value;
    return *value != '\0';
}

static bool set_load(run_options_t *options, const char *value) {
    options->load = value;
    return *value != '\0';
}

static bool set_bind(run_options_t *options, const char *value) {
    options->bind = value;
    return *value != '\0';
}

static bool set_wrapper(run_options_t *options, const char *value) {
    uint64_t port = 0;

    options->has_wrapper = unsigned_of(value, 65535, &port);
    options->wrapper = (uint16_t)port;
    return options->has_wrapper;
}

/* A port number, pty:PATH, or the path of a device. */
static bool set_where(run_where_t *where, const char *value) {
    uint64_t port = 0;

    if (where->wanted) {
        return false;
    }
    where->wanted = true;
    where->line = strncmp(value, "pty:", 4) == 0 || strchr(value, '/') != NULL ? value : NULL;
    if (where->line != NULL) {
        return strcmp(value, "pty:") != 0;
    }
    if (!unsigned_of(value, 65535, &port)) {
        return false;
    }
    where->port = (uint16_t)port;
    return true;
}

static bool set_hdlc(run_options_t *options, const char *value) {
    return set_where(&options->hdlc, value) && options->hdlc.line == NULL;
}

static bool set_optical(run_options_t *options, const char *value) {
    return set_where(&options->optical, value);
}

static bool set_rs485(run_options_t *options, const char *value) {
    return set_where(&options->rs485[options->rs485[0].wanted ? 1 : 0], value);
}

static bool set_pace(run_options_t *options, const char *value) {
    uint64_t baud = 0;
    bool good = unsigned_of(value, RUN_PACE_MAX, &baud);

    options->pace = (uint32_t)baud;
    return good && baud >= RUN_PACE_MIN;
}

static bool set_speed(run_options_t *options, const char *value) {
    uint64_t speed = 1;

    if (strcmp(value, "max") == 0) {
        speed = 0;
    } else if (strcmp(value, "real") != 0 && (!unsigned_of(value, RUN_SPEED_MAX, &speed) || speed == 0)) {
        return false;
    }
    options->speed = (uint32_t)speed;
    return true;
}

static bool set_start(run_options_t *options, const char *value) {
    options->has_start = run_time_parse(value, &options->start_utc_s);
    return options->has_start;
}

static bool set_for(run_options_t *options, const char *value) {
    return run_duration_parse(value, &options->for_us);
}

static bool set_seed(run_options_t *options, const char *value) {
    options->has_seed = unsigned_of(value, UINT64_MAX, &options->seed);
    return options->has_seed;
}

static bool set_count(run_options_t *options, const char *value) {
    uint64_t count = 0;

    if (!unsigned_of(value, RUN_COUNT_MAX, &count)) {
        return false;
    }
    options->count = (uint32_t)count;
    return count > 0;
}

static bool set_gate(run_options_t *options, const char *value) {
    bool loopback = strcmp(value, "loopback") == 0;

    options->gate = loopback ? &qd_gate_by_loopback : NULL;
    return loopback || strcmp(value, "call") == 0;
}

static const struct {
    const char *name;
    setter_t set;
    const char *wants;
} valued[] = {
    {"--name", set_name, "letters, digits, dot, dash and underscore, 64 at most"},
    {"--state", set_state, "a directory or none"},
    {"--load", set_load, "a load file, see docs/load-files.md"},
    {"--wrapper", set_wrapper, "a port number, 0 for a free one"},
    {"--hdlc", set_hdlc, "a port number, 0 for a free one, once"},
    {"--optical", set_optical, "a port number, pty:PATH or a serial device, once"},
    {"--rs485", set_rs485, "a port number, pty:PATH or a serial device, twice at most"},
    {"--pace", set_pace, "bits per second, 300 to 115200"},
    {"--speed", set_speed, "real, max or a number from 1 to 100000"},
    {"--start", set_start, "a time such as 2026-01-01T00:00:00Z"},
    {"--for", set_for, "a duration such as 90s, 15m, 12h or 30d"},
    {"--seed", set_seed, "a number"},
    {"--count", set_count, "a number from 1 to 100000"},
    {"--bind", set_bind, "a numeric address such as 127.0.0.1"},
    {"--gate", set_gate, "call or loopback"},
};

#define VALUED (sizeof valued / sizeof valued[0])

static const char *const later[] = {"--scenario", "--waveform", "--map", "--http", "--history", "--display"};

#define LATER (sizeof later / sizeof later[0])

static bool is_option(const char *argument, const char *name) {
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && (argument[length] == '\0' || argument[length] == '=');
}

static bool take_flag(run_options_t *options, const char *argument) {
    if (strcmp(argument, "--json") == 0) {
        options->json = true;
    } else if (strcmp(argument, "--factory") == 0) {
        options->factory = true;
    } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        options->help = true;
    } else {
        return false;
    }
    return true;
}

/* One option with a value. */
static int take_valued(run_options_t *options, int argc, char **argv, int *at) {
    const char *argument = argv[*at], *value;
    size_t n;

    for (n = 0; n < LATER; n++) {
        if (is_option(argument, later[n])) {
            return qd_complain(COMMAND, QD_EXIT_USAGE, "%s is not available yet; leave it away", later[n]);
        }
    }
    for (n = 0; n < VALUED && !is_option(argument, valued[n].name); n++) {
    }
    if (n == VALUED) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "unknown option %s; see quadrant help run", argument);
    }
    value = argument + strlen(valued[n].name);
    if (*value == '=') {
        value++;
    } else if (*at + 1 < argc) {
        value = argv[++*at];
    } else {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s needs a value: %s", valued[n].name, valued[n].wants);
    }
    if (!valued[n].set(options, value)) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s cannot be '%s'; give %s", valued[n].name, value,
                           valued[n].wants);
    }
    return QD_EXIT_OK;
}

static int unknown_model(const char *name) {
    char list[256] = "";

    for (size_t i = 0; i < qd_model_count(); i++) {
        size_t used = strlen(list);

        (void)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                       qd_model_name(qd_model_at(i)));
    }
    return qd_complain(COMMAND, QD_EXIT_USAGE, "no model %s; built in are: %s", name, list);
}

/* What the model has no channel for cannot be opened. */
static int check_line(const run_options_t *options, const run_where_t *where, const char *option,
                      qd_model_bearer_t bearer, unsigned needed) {
    unsigned have = 0;

    for (uint8_t n = 0; n < qd_model_channel_count(options->model); n++) {
        have += qd_model_channel_bearer(options->model, n) == bearer ? 1u : 0u;
    }
    if (where->wanted && have < needed) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s: the model %s has %s such line; leave it away", option,
                           qd_model_name(options->model), have == 0 ? "no" : "only one");
    }
    if (where->wanted && where->line == NULL && where->port != 0 &&
        where->port + options->count - 1 > 65535u) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%lu ports from %u on do not fit below 65536; use %s 0",
                           (unsigned long)options->count, where->port, option);
    }
    if (where->line != NULL && strncmp(where->line, "pty:", 4) != 0 && options->count > 1) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s: one device is for one meter; use pty:PATH or a port",
                           option);
    }
    return QD_EXIT_OK;
}

static int check_lines(const run_options_t *options) {
    int status = check_line(options, &options->hdlc, "--hdlc", QD_MODEL_NETWORK, 2);

    if (status == QD_EXIT_OK) {
        status = check_line(options, &options->optical, "--optical", QD_MODEL_OPTICAL, 1);
    }
    for (unsigned n = 0; n < 2 && status == QD_EXIT_OK; n++) {
        status = check_line(options, &options->rs485[n], "--rs485", QD_MODEL_RS485, n + 1);
    }
    return status;
}

static int check(run_options_t *options, const char *model) {
    options->model = qd_model_find(model);
    if (options->model == NULL) {
        return unknown_model(model);
    }
    if (options->name == NULL) {
        options->name = model;
    }
    if (!options->has_wrapper) {
        options->wrapper = RUN_WRAPPER_PORT;
    }
    if (options->wrapper != 0 && options->wrapper + options->count - 1 > 65535u) {
        return qd_complain(COMMAND, QD_EXIT_USAGE,
                           "%lu ports from %u on do not fit below 65536; use --wrapper 0",
                           (unsigned long)options->count, options->wrapper);
    }
    return check_lines(options);
}

int run_options_parse(run_options_t *options, int argc, char **argv) {
    const char *model = NULL;

    (void)memset(options, 0, sizeof *options);
    options->bind = "127.0.0.1";
    options->count = 1;
    options->speed = 1;
    for (int i = 1; i < argc; i++) {
        int status;

        if (argv[i][0] != '-' && model != NULL) {
            return qd_complain(COMMAND, QD_EXIT_USAGE, "two models, %s and %s; give one", model, argv[i]);
        }
        if (argv[i][0] != '-') {
            model = argv[i];
        } else if (!take_flag(options, argv[i])) {
            status = take_valued(options, argc, argv, &i);
            if (status != QD_EXIT_OK) {
                return status;
            }
        }
    }
    return options->help ? QD_EXIT_OK : check(options, model != NULL ? model : "st402");
}

void run_print_help(void) {
    (void)fputs(
        "Usage: quadrant run [MODEL] [OPTION...]\n\n"
        "A live virtual meter; MODEL is st402 unless given.\n\n"
        "  --name NAME      name of the meter, default the model's\n"
        "  --state DIR      where it keeps its memory; none: it forgets; default by name under\n"
        "                   $QUADRANT_STATE_HOME, $XDG_DATA_HOME/quadrant or ~/.local/share/quadrant\n"
        "  --load FILE      what the house takes (docs/load-files.md); a bare name is also looked\n"
        "                   for among the loads that come along\n"
        "  --wrapper PORT   DLMS over TCP, default 4059; 0 picks a free port\n"
        "  --hdlc PORT      DLMS over TCP with HDLC octet by octet; takes half of the connections that the\n"
        "                   model has; 0 picks a free port\n"
        "  --optical WHERE  the optical head, with HDLC: a TCP port, pty:PATH for a pseudo terminal with\n"
        "                   that name, or a serial device of this machine\n"
        "  --rs485 WHERE    an RS-485 line in the same way; twice for a model that has two\n"
        "  --pace BAUD      TCP ports with HDLC and ptys take the time of a line with so many bit/s\n"
        "  --bind ADDR      address to listen on, default 127.0.0.1\n"
        "  --speed SPEED    real (default); N, so many times faster, 1 to 100000; or max, as fast as it "
        "goes\n"
        "  --start TIME     simulated UTC at the start, never before where the meter was\n"
        "  --for DURATION   stop after so much simulated time: 90s, 15m, 12h, 30d\n"
        "  --seed N         repeatable random numbers, for tests only\n"
        "  --count N        N meters in one process, NAME-1 to NAME-N, ports counted up, ptys PATH-1 to "
        "PATH-N\n"
        "  --factory        leave a new meter in manufacture state until quadrant poke NAME seal\n"
        "  --gate LINK      call (default) or loopback: how the firmware reaches its metrology\n"
        "  --json           one JSON object per line\n\n"
        "Interrupt (Ctrl-C) stops it cleanly; started again it goes on from the same registers.\n",
        stdout);
}
