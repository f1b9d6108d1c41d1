/*
 * cmd_poke.c - quadrant poke: the world of a running meter.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define COMMAND "poke"
#define TIMEOUT_MS 5000u

static void print_help(void) {
    (void)fputs(
        "Usage: quadrant poke NAME FACT [VALUE]\n\n"
        "Changes the world of a meter that quadrant run started. NAME is its name or, with a slash in it,\n"
        "its state directory.\n\n"
        "  drop-phase L2      no voltage on a phase\n"
        "  restore-phase L2   voltage again\n"
        "  swap-ct L1         turns the current transformer of a phase round; once more turns it back\n"
        "  load 4500          a constant total in W instead of the load file; load off ends it\n"
        "  outage 30s         mains away for so much simulated time; the meter gets its notice\n"
        "  brown-out 200ms    its supply is too low for a moment that the reserve outlasts\n"
        "  power-cut [30s]    mains away without notice, for so long or back at once\n"
        "  seal               ends the manufacture state of a meter started with --factory\n\n"
        "What was changed here is forgotten when the process ends, the seal excepted.\n",
        stdout);
}

/* "ok TEXT", "usage TEXT" or "refused TEXT" */
static int take_answer(const char *fact, const char *answer) {
    static const struct {
        const char *word;
        int status;
    } words[] = {{"usage ", QD_EXIT_USAGE}, {"refused ", QD_EXIT_REFUSED}};

    if (strncmp(answer, "ok ", 3) == 0) {
        (void)printf("%s\n", answer + 3);
        return QD_EXIT_OK;
    }
    for (size_t n = 0; n < sizeof words / sizeof words[0]; n++) {
        if (strncmp(answer, words[n].word, strlen(words[n].word)) == 0) {
            return qd_complain(COMMAND, words[n].status, "%s: %s", fact, answer + strlen(words[n].word));
        }
    }
    return qd_complain(COMMAND, QD_EXIT_PROTOCOL, "an answer that makes no sense: %s", answer);
}

int qd_cmd_poke(int argc, char **argv) {
    char path[QD_PATH_MAX], line[QD_LINUX_LINE_MAX], reply[QD_LINUX_LINE_MAX + 2];
    int status, length;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help();
            return QD_EXIT_OK;
        }
        if (strncmp(argv[i], "--", 2) == 0) {
            return qd_complain(COMMAND, QD_EXIT_USAGE, "unknown option %s; see quadrant help poke", argv[i]);
        }
    }
    if (argc < 3 || argc > 4) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "give NAME FACT [VALUE]; see quadrant help poke");
    }
    status = qd_state_of(COMMAND, argv[1], strlen(argv[1]), path);
    if (status != QD_EXIT_OK) {
        return status;
    }
    length = snprintf(line, sizeof line, "%s%s%s", argv[2], argc > 3 ? " " : "", argc > 3 ? argv[3] : "");
    if (length >= (int)sizeof line - 1 || strpbrk(line, "\r\n") != NULL) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "fact and value are one line of at most 250 octets");
    }
    switch (qd_linux_control_ask(path, RUN_CONTROL, line, reply, sizeof reply, TIMEOUT_MS)) {
    case QD_OK:
        return take_answer(argv[2], reply);
    case QD_UNAVAILABLE:
        return qd_complain(COMMAND, QD_EXIT_CONTACT, "no meter runs in %s; quadrant run starts one", path);
    default:
        return qd_complain(COMMAND, QD_EXIT_CONTACT, "the meter in %s does not answer", path);
    }
}
