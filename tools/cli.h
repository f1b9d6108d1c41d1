/*
 * cli.h - what all subcommands share: options, exit status, errors.
 *
 * Words: an ADDRESS names a meter's port, an ITEM an attribute or method, a VALUE what is written.
 */
#ifndef QD_TOOLS_CLI_H
#define QD_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of every subcommand. */
typedef enum qd_exit {
    QD_EXIT_OK = 0,
    QD_EXIT_REFUSED = 1, /* the meter said no */
    QD_EXIT_USAGE = 2,
    QD_EXIT_CONTACT = 3,  /* no contact or no answer in time */
    QD_EXIT_PROTOCOL = 4, /* the peer broke the protocol */
    QD_EXIT_OWN = 5,
    QD_EXIT_CHECK = 6 /* a check or bench failed */
} qd_exit_t;

typedef enum qd_format { QD_FORMAT_TEXT = 0, QD_FORMAT_JSON, QD_FORMAT_CSV } qd_format_t;

#define QD_ARGUMENTS_MAX 256

typedef struct qd_options {
    const char *command;
    const char *identity;      /* --as; NULL: not given */
    const char *password_file; /* --password-file; NULL: not given */
    qd_format_t format;
    bool trace;
    bool help;
    uint32_t timeout_ms;
    uint32_t interval_ms; /* watch */
    uint32_t count;       /* watch; 0: until interrupted */
    const char *from;     /* events; NULL: not given */
    const char *to;
    const char *entries;
    const char *columns; /* profile; NULL: all */
    const char *pcap;    /* --pcap; NULL: no capture */
    uint32_t retries;    /* HDLC */
    bool timeout_given;
    bool retries_given;
    int argument_count; /* what is not an option, in order */
    const char *argument[QD_ARGUMENTS_MAX];
} qd_options_t;

/* argv[0] is the subcommand. False: told on stderr, exit with QD_EXIT_USAGE. */
bool qd_options_parse(qd_options_t *options, int argc, char **argv);

/* One line on stderr, "quadrant COMMAND: ...", with a newline added; returns status. */
int qd_complain(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "5", "0.5", "5s", "500ms" as milliseconds; false: none of them, or beyond a day. */
bool qd_duration_parse(const char *text, uint32_t *milliseconds);

/* Subcommands: argv[0] is the name; the result is the exit status. */
int qd_cmd_objects(int argc, char **argv);
int qd_cmd_read(int argc, char **argv);
int qd_cmd_watch(int argc, char **argv);
int qd_cmd_set(int argc, char **argv);
int qd_cmd_call(int argc, char **argv);
int qd_cmd_events(int argc, char **argv);
int qd_cmd_profile(int argc, char **argv);
int qd_cmd_scan(int argc, char **argv);
int qd_cmd_run(int argc, char **argv);
int qd_cmd_poke(int argc, char **argv);
int qd_cmd_conformance(int argc, char **argv);

/* Prints the help of one subcommand to stdout. */
int qd_help(const char *command);

#endif
