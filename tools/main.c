/*
 * main.c - the quadrant command: a table of subcommands and their help.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef QUADRANT_VERSION
#define QUADRANT_VERSION "0"
#endif

typedef struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *summary;
    const char *text; /* what help adds; NULL: the command prints its own */
} command_t;

#define COMMON                                                                                               \
    "\nADDRESS  tcp://HOST:PORT, hdlc+tcp://HOST:PORT, hdlc:DEVICE, or @NAME, a meter that run started; "    \
    "with\n"                                                                                                 \
    "         ?client=16&server=1&phys=17&baud=9600&format=8N1&info=128&window=1&octets=2 as wanted, and\n"  \
    "         @NAME?port=hdlc for another port of that meter\n"                                              \
    "ITEM     1-0:1.8.0, 1-0:1.8.0.255:2 or 3/1-0:1.8.0:2 (class/OBIS:attribute)\n"                          \
    "\nOptions\n"                                                                                            \
    "  --as CLIENT            public (default), management, level1, level2, level3, preestablished\n"        \
    "  --password-file FILE   first line is the password; or set QUADRANT_PASSWORD\n"                        \
    "  --json, --csv          one JSON object per row; comma-separated values with a head\n"                 \
    "  --timeout TIME         for one answer, over HDLC for one frame, default 5s\n"                         \
    "  --retries N            HDLC: repetitions after silence, default 2\n"                                  \
    "  --trace                frames and APDUs, as hex and decoded, on stderr; passwords are not shown\n"    \
    "  --pcap FILE            frames for Wireshark; FILE then holds passwords (see docs/capture.md)\n"

static const command_t commands[] = {
    {"run", qd_cmd_run, "[MODEL]", "a live virtual meter", NULL},
    {"poke", qd_cmd_poke, "NAME FACT [VALUE]", "the world of a running meter", NULL},
    {"objects", qd_cmd_objects, "ADDRESS", "the association's object list",
     "Prints class, version, OBIS code, access rights and name of every object that this client may "
     "see.\n" COMMON},
    {"read", qd_cmd_read, "ADDRESS [ITEM...]", "values with scaler and unit applied",
     "Without ITEM all registers (class 3) and the clock. A refused item is a row with its reason.\n" COMMON},
    {"watch", qd_cmd_watch, "ADDRESS [ITEM...]", "as read, again and again",
     "Reads until interrupted.\n" COMMON "  --interval TIME        from one reading to the next, default 1s\n"
     "  --count N              stop after N readings\n"},
    {"set", qd_cmd_set, "ADDRESS ITEM VALUE", "writes an attribute",
     "VALUE is type:text or JSON. Types: u8 u16 u32 u64 i8 i16 i32 i64 enum bcd (a number), bool (true, "
     "false),\n"
     "octets (hex), text, utf8, bits (0 and 1), date-time (2026-03-29T02:00+01:00), date, time, null.\n"
     "JSON takes its types from the attribute's present value, or spells them: {\"u16\": 5},\n"
     "{\"structure\": [{\"u8\": 1}, {\"octets\": \"0A0B\"}]}. Numbers are raw, without the scaler.\n" COMMON},
    {"call", qd_cmd_call, "ADDRESS ITEM:METHOD [VALUE]", "runs a method",
     "Without VALUE the parameter is integer 0, as most methods want it; none sends no parameter at all.\n"
     "VALUE as in set, a plain number where the class fixes the type; other JSON must\n"
     "spell its types.\n" COMMON},
    {"profile", qd_cmd_profile, "ADDRESS ITEM", "rows of a profile (class 7)",
     "ITEM is the OBIS code of any profile. Every column has the name of what it captures, and its unit and\n"
     "scaler where this client may read them.\n" COMMON
     "  --from TIME, --to TIME first and last moment, as in events\n"
     "  --entries A:B          entries A to B, 1 the oldest; A: alone goes to the newest\n"
     "  --columns A:B          columns A to B, 1 the first; A alone is one column (needs --entries)\n"},
    {"scan", qd_cmd_scan, "ADDRESS [RANGE]", "who answers on a bus",
     "RANGE is A:B, or one number. HDLC: physical devices, default 16:125. tcp://: server SAPs; without "
     "RANGE\n"
     "the meter is asked for its list. A short --timeout makes it quick (default 500ms here, and no "
     "retries).\n"
     "Prints what answers with its parameters, and its logical device name where this client may read "
     "it.\n" COMMON},
    {"events", qd_cmd_events, "ADDRESS [LOG]", "rows of an event log",
     "LOG is standard (default), journal (the integrity journal), fraud, disconnector, mbus, quality, "
     "communication,\n"
     "firmware, security, load or an OBIS code. An outage is told with the power up that ended it.\n" COMMON
     "  --from TIME, --to TIME first and last moment, such as 2026-03-29T02:00 or 2026-03-29T02:00:00+01:00; "
     "without\n"
     "                         deviation in the meter's own time\n"
     "  --entries A:B          entries A to B, 1 the oldest; A: alone goes to the newest\n"},
    {"conformance", qd_cmd_conformance, "ADDRESS", "test purposes against any meter", NULL},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static const command_t *find(const char *name) {
    size_t i;

    for (i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int list_commands(FILE *to, int status) {
    size_t i;

    (void)fprintf(to, "quadrant %s\n\nUsage: quadrant COMMAND [ARGUMENT...]\n\n", QUADRANT_VERSION);
    for (i = 0; i < COMMANDS; i++) {
        (void)fprintf(to, "  %-11s %-26s %s\n", commands[i].name, commands[i].usage, commands[i].summary);
    }
    (void)fprintf(to, "  %-11s %-26s %s\n", "help", "[COMMAND]", "this list, or all about one command");
    (void)fprintf(
        to, "\nExit status: 0 ok, 1 refused by the meter, 2 usage, 3 no contact, 4 protocol violation by the "
            "peer,\n5 own failure, 6 a check failed.\n");
    return status;
}

int qd_help(const char *name) {
    const command_t *command = find(name);

    if (command == NULL) {
        return qd_complain("help", QD_EXIT_USAGE, "no command %s; quadrant help lists all", name);
    }
    if (command->text == NULL) {
        char option[] = "--help";
        char word[24];
        char *arguments[] = {word, option, NULL};

        (void)snprintf(word, sizeof word, "%s", command->name);
        return command->run(2, arguments);
    }
    (void)printf("Usage: quadrant %s %s\n\n%s.\n\n%s", command->name, command->usage, command->summary,
                 command->text);
    return QD_EXIT_OK;
}

/* A file that is opened must not become the standard output of somebody who has none. */
static void hold_standard_files(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", O_RDWR);
        }
    }
}

static int run_command(int argc, char **argv) {
    const command_t *command;

    if (argc < 2) {
        return list_commands(stderr, QD_EXIT_USAGE);
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return argc > 2 ? qd_help(argv[2]) : list_commands(stdout, QD_EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("quadrant %s\n", QUADRANT_VERSION);
        return QD_EXIT_OK;
    }
    command = find(argv[1]);
    if (command == NULL) {
        return qd_complain(argv[1], QD_EXIT_USAGE, "no such command; quadrant help lists all");
    }
    return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv) {
    int status;

    hold_standard_files();
    status = run_command(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == QD_EXIT_OK) {
        status = qd_complain(argc > 1 ? argv[1] : "help", QD_EXIT_OWN,
                             "standard output cannot be written; is its disk full?");
    }
    return status;
}
