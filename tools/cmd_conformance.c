/*
 * cmd_conformance.c - quadrant conformance: test purposes against any meter, and what came of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"
#include "cli.h"
#include "conform.h"
#include "conform_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND "conformance"
#define TABLES_MAX 16u
#define FILE_MAX (4u * 1024u * 1024u)

typedef struct choice {
    const char *address;
    const char *report;
    const char *only;
    const char *capabilities;
    const char *suite;
    const char *password_file;
    const char *passwords_of;
    uint32_t timeout_ms;
    uint32_t silence_ms;
    bool list;
    bool print_capabilities;
    bool json;
    bool trace;
    bool writes;
    bool do_long;
    bool help;
} choice_t;

typedef struct suite {
    cf_names_t capabilities;
    cf_table_t common;
    cf_table_t table[TABLES_MAX];
    size_t count;
} suite_t;

static int usage(void) {
    (void)printf(
        "Usage: quadrant conformance ADDRESS\n\nTest purposes against any meter, each with its verdict.\n\n"
        "ADDRESS  tcp://HOST:PORT, hdlc+tcp://HOST:PORT, hdlc:DEVICE[?baud=N], or @NAME, a meter that run "
        "started\n"
        "\nOptions\n"
        "  --report FILE          all verdicts as Markdown, with the octets of what failed\n"
        "  --only ID,...          these purposes; a * at the end of ID stands for anything\n"
        "  --suite NAME           purposes (default), negative, all\n"
        "  --list                 what there is, without a meter\n"
        "  --capabilities FILE    what the meter declares: a file, or st402 (default), mini\n"
        "  --print-capabilities   the declaration as it would be used; the beginning of an own one\n"
        "  --writes               also what changes the meter: values, clock, logs\n"
        "  --long                 also what waits for minutes\n"
        "  --password-file FILE   first line is the password of all clients; or set QUADRANT_PASSWORD\n"
        "  --passwords-of @NAME   those of the clients of a meter that run started, when ADDRESS is no "
        "@NAME\n"
        "  --timeout TIME         for one answer, default 5s\n"
        "  --silence TIME         without an octet it is silence, default 2s\n"
        "  --json                 one JSON object per verdict\n"
        "  --trace                all octets on stderr\n"
        "\nExit status 6: a purpose failed or came to no verdict.\n");
    return QD_EXIT_OK;
}

static bool take_word(choice_t *choice, const char *option, const char *value) {
    const struct {
        const char *option;
        const char **to;
    } words[] = {{"--report", &choice->report},
                 {"--only", &choice->only},
                 {"--capabilities", &choice->capabilities},
                 {"--suite", &choice->suite},
                 {"--password-file", &choice->password_file},
                 {"--passwords-of", &choice->passwords_of}};
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].option, option) == 0) {
            *words[i].to = value;
            return true;
        }
    }
    if (strcmp(option, "--timeout") == 0) {
        return qd_duration_parse(value, &choice->timeout_ms);
    }
    return strcmp(option, "--silence") == 0 && qd_duration_parse(value, &choice->silence_ms);
}

static bool take_flag(choice_t *choice, const char *option) {
    const struct {
        const char *option;
        bool *to;
    } flags[] = {{"--list", &choice->list},     {"--print-capabilities", &choice->print_capabilities},
                 {"--json", &choice->json},     {"--trace", &choice->trace},
                 {"--writes", &choice->writes}, {"--long", &choice->do_long},
                 {"--help", &choice->help},     {"-h", &choice->help}};
    size_t i;

    for (i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].option, option) == 0) {
            *flags[i].to = true;
            return true;
        }
    }
    return false;
}

static int parse(choice_t *choice, int argc, char **argv) {
    int i;

    choice->suite = "purposes";
    choice->capabilities = "st402";
    choice->timeout_ms = 5000;
    choice->silence_ms = 2000;
    for (i = 1; i < argc; i++) {
        if (take_flag(choice, argv[i])) {
            continue;
        }
        if (argv[i][0] == '-' && i + 1 < argc && take_word(choice, argv[i], argv[i + 1])) {
            i++;
        } else if (argv[i][0] == '-' || choice->address != NULL) {
            return qd_complain(COMMAND, QD_EXIT_USAGE, "%s is not understood; see quadrant help conformance",
                               argv[i]);
        } else {
            choice->address = argv[i];
        }
    }
    if (choice->address == NULL && !choice->list && !choice->print_capabilities && !choice->help) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "give an ADDRESS; see quadrant help conformance");
    }
    return QD_EXIT_OK;
}

/* --- tables ------------------------------------------------------------------------------------------- */

static int read_file(const char *path, cf_octets_t *to) {
    FILE *file = fopen(path, "rb");
    char part[4096];
    size_t got;

    if (file == NULL) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "%s cannot be read", path);
    }
    cf_put(to, "", 0);
    while (to->length < FILE_MAX && (got = fread(part, 1, sizeof part, file)) > 0u) {
        cf_put(to, part, got);
    }
    (void)fclose(file);
    return QD_EXIT_OK;
}

/* Bits of the conformance block, the first is the most significant. */
static void name_services(cf_names_t *names) {
    static const char *const bits[24] = {"",
                                         "general-protection",
                                         "gbt",
                                         "read",
                                         "write",
                                         "unconfirmed-write",
                                         "delta-value",
                                         "",
                                         "attribute0-set",
                                         "priority",
                                         "attribute0-get",
                                         "get-blocks",
                                         "set-blocks",
                                         "action-blocks",
                                         "multiple",
                                         "information-report",
                                         "data-notification",
                                         "access",
                                         "parameterized",
                                         "get",
                                         "set",
                                         "selective",
                                         "event-notification",
                                         "action"};
    cf_octets_t block = {NULL, 0, 0};
    const char *why;
    unsigned i;

    if (cf_build(names, "@conformance", &block, &why) && block.length == 3u) {
        for (i = 0; i < 24u; i++) {
            char name[64];

            (void)snprintf(name, sizeof name, "service.%s", bits[i]);
            if (bits[i][0] != '\0' && (block.at[i / 8u] & 0x80u >> i % 8u) != 0u) {
                cf_define(names, name, strlen(name), "yes");
            }
        }
    }
    cf_free(&block);
}

static int load_capabilities(suite_t *suite, const char *text) {
    cf_octets_t octets = {NULL, 0, 0};
    char name[64];
    char why[160];
    const cf_file_t *file;
    int status = QD_EXIT_OK;

    (void)snprintf(name, sizeof name, "%s.cap", text);
    file = cf_file_find(name);
    if (file != NULL) {
        cf_put(&octets, file->at, file->length);
        (void)snprintf(name, sizeof name, "%s.ixit", text);
        file = cf_file_find(name);
        if (file != NULL) {
            cf_put(&octets, file->at, file->length);
        }
    } else {
        status = read_file(text, &octets);
    }
    if (status == QD_EXIT_OK &&
        !cf_capabilities_read(&suite->capabilities, (const char *)octets.at, octets.length, why)) {
        status = qd_complain(COMMAND, QD_EXIT_USAGE, "%s", why);
    }
    if (status == QD_EXIT_OK && !cf_declared(&suite->capabilities, "client.public.sap")) {
        status = qd_complain(COMMAND, QD_EXIT_USAGE,
                             "%s is no declaration, or has no client public; --print-capabilities shows one",
                             text);
    }
    cf_free(&octets);
    name_services(&suite->capabilities);
    return status;
}

static bool wanted_suite(const char *suite, const char *file) {
    bool negative = strncmp(file, "negative", 8) == 0;

    return strcmp(suite, "all") == 0 || negative == (strcmp(suite, "negative") == 0);
}

static int load_tables(suite_t *suite, const char *which) {
    const cf_file_t *file = cf_file_find("common.txt");
    char why[160];
    size_t i;

    if (file == NULL || !cf_table_read(&suite->common, "common.txt", (const char *)file->at, file->length,
                                       &suite->capabilities, why)) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", file == NULL ? "the tables are missing" : why);
    }
    for (i = 0; cf_files[i].name != NULL; i++) {
        const char *name = cf_files[i].name;
        size_t length = strlen(name);
        cf_table_t *table = &suite->table[suite->count];

        if (length < 4u || strcmp(name + length - 4u, ".txt") != 0 || strcmp(name, "common.txt") == 0 ||
            strcmp(name, "classes.txt") == 0 || !wanted_suite(which, name) || suite->count == TABLES_MAX) {
            continue;
        }
        if (!cf_table_read(table, name, (const char *)cf_files[i].at, cf_files[i].length,
                           &suite->capabilities, why)) {
            return qd_complain(COMMAND, QD_EXIT_OWN, "%s", why);
        }
        table->names.outer = &suite->common.names;
        suite->count++;
    }
    return QD_EXIT_OK;
}

static bool picked(const char *only, const char *id) {
    if (only == NULL) {
        return true;
    }
    while (*only != '\0') {
        size_t length = strcspn(only, ",");
        bool open = length > 0u && only[length - 1u] == '*';

        if (strncmp(only, id, open ? length - 1u : length) == 0 && (open || id[length] == '\0')) {
            return true;
        }
        only += length + (only[length] == ',' ? 1u : 0u);
    }
    return false;
}

static bool is_pattern(const cf_case_t *row) {
    return row->class_id == 0u && strstr(row->id, "_X_Y") != NULL;
}

static int list(const suite_t *suite, const choice_t *choice) {
    size_t t;
    size_t i;

    for (t = 0; t < suite->count; t++) {
        for (i = 0; i < suite->table[t].count; i++) {
            const cf_case_t *row = &suite->table[t].row[i];

            if (!is_pattern(row) && picked(choice->only, row->id)) {
                (void)printf("%-26s %-3s %s %s\n", row->id, row->group, row->confidence, row->title);
            }
        }
    }
    return QD_EXIT_OK;
}

/* --- who is asked, and with what ---------------------------------------------------------------------- */

/* The password of a client: of client.yaml behind @NAME, else the one that is given. */
static void take_password(suite_t *suite, const choice_t *choice, const char *name) {
    qd_options_t options = {.command = COMMAND, .identity = name, .password_file = choice->password_file};
    qd_address_t address;
    char key[80];

    if (qd_address_resolve(choice->passwords_of, &options, &address) == QD_EXIT_OK && address.has_secret) {
        (void)snprintf(key, sizeof key, "password.%s", name);
        cf_define_octets(&suite->capabilities, key, address.secret, address.secret_length);
    }
}

static void take_given_password(suite_t *suite, const choice_t *choice, const char *name) {
    const char *text = getenv("QUADRANT_PASSWORD");
    cf_octets_t octets = {NULL, 0, 0};
    char key[80];

    if (choice->password_file != NULL) {
        (void)read_file(choice->password_file, &octets);
        octets.length = octets.at != NULL ? strcspn((const char *)octets.at, "\r\n") : 0u;
    } else if (text != NULL) {
        cf_put(&octets, text, strlen(text));
    }
    if (octets.length > 0u) {
        (void)snprintf(key, sizeof key, "password.%s", name);
        cf_define_octets(&suite->capabilities, key, octets.at, octets.length);
    }
    cf_free(&octets);
}

/* For every client that wants one. */
static void take_passwords(suite_t *suite, const choice_t *choice) {
    const char *names = cf_find(&suite->capabilities, "clients", 7);

    while (names != NULL && *names != '\0') {
        size_t length = strcspn(names, " ");
        char name[64];
        char key[96];
        const char *mechanism;

        (void)snprintf(name, sizeof name, "%.*s", (int)length, names);
        names += length;
        names += strspn(names, " ");
        (void)snprintf(key, sizeof key, "client.%s.mechanism", name);
        mechanism = cf_find(&suite->capabilities, key, strlen(key));
        if (mechanism == NULL || strcmp(mechanism, "1") != 0) {
            continue;
        }
        if (choice->passwords_of != NULL) {
            take_password(suite, choice, name);
        } else {
            take_given_password(suite, choice, name);
        }
    }
}

/* What the suite settles itself, and so no address can. */
static int check_query(const char *text) {
    static const char *const settled[] = {"client=", "server=", "info=", "window=", "octets="};
    const char *query = strchr(text, '?');
    size_t i;

    while (query != NULL) {
        query++;
        for (i = 0; i < sizeof settled / sizeof settled[0]; i++) {
            if (strncmp(query, settled[i], strlen(settled[i])) == 0) {
                return qd_complain(
                    COMMAND, QD_EXIT_USAGE,
                    "%s in the address: the purposes choose that; give phys=, baud=, format= or port=",
                    settled[i]);
            }
        }
        query = strchr(query, '&');
    }
    return QD_EXIT_OK;
}

static void define(suite_t *suite, const char *name, const char *text) {
    cf_define(&suite->capabilities, name, strlen(name), text);
}

/* phys= says where on the bus the meter is whose declaration has these addresses at another place. */
static void take_device_address(suite_t *suite, uint16_t phys) {
    bool fits = phys < 0x80u; /* an address of two octets has one for it */
    char two[5], four[9];

    (void)snprintf(two, sizeof two, "02%02X", (phys & 0x7Fu) << 1 | 1u);
    (void)snprintf(four, sizeof four, "0002%02X%02X", (uint32_t)phys >> 7 << 1 & 0xFEu,
                   (phys & 0x7Fu) << 1 | 1u);
    define(suite, "hdlc.server", fits ? two : four);
    if (cf_declared(&suite->capabilities, "hdlc.address-2")) {
        define(suite, "hdlc.address-2", fits ? two : "no");
    }
    if (cf_declared(&suite->capabilities, "hdlc.address-4")) {
        define(suite, "hdlc.address-4", four);
    }
    /* The neighbour whom nobody asks has another address than this one. */
    define(suite, "hdlc.other", phys == 18u ? "0223" : "0225");
}

/* Where passwords are said to be, there are some: not every client by itself is told that there are none. */
static int check_passwords(const choice_t *choice) {
    qd_options_t options = {.command = COMMAND, .identity = "public"};
    qd_address_t address;

    if (choice->password_file != NULL && access(choice->password_file, R_OK) != 0) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "no password can be read from %s: %s",
                           choice->password_file, strerror(errno));
    }
    if (choice->passwords_of == NULL) {
        return QD_EXIT_OK;
    }
    if (choice->passwords_of[0] != '@' && !qd_state_is_path(choice->passwords_of)) {
        return qd_complain(COMMAND, QD_EXIT_USAGE,
                           "--passwords-of %s: give @NAME or a state directory's path", choice->passwords_of);
    }
    return qd_address_resolve(choice->passwords_of, &options, &address);
}

static int resolve(suite_t *suite, choice_t *choice, cf_address_t *to) {
    qd_options_t options = {.command = COMMAND, .identity = "public"};
    qd_address_t address;
    int status = check_query(choice->address);

    if (status == QD_EXIT_OK) {
        status = qd_address_resolve(choice->address, &options, &address);
    }
    if (status != QD_EXIT_OK) {
        return status;
    }
    if (address.state[0] != '\0') {
        choice->passwords_of = choice->address;
    }
    (void)memset(to, 0, sizeof *to);
    to->framing = address.kind == QD_ADDRESS_TCP ? CF_WRAPPER : CF_HDLC;
    (void)snprintf(address.kind == QD_ADDRESS_HDLC ? to->device : to->host, QD_HOST_MAX, "%s", address.host);
    (void)snprintf(to->port, sizeof to->port, "%s", address.port);
    to->baud = address.baud;
    to->seven_even = address.seven_even;
    if (address.phys != 0u) {
        take_device_address(suite, address.phys);
    }
    status = check_passwords(choice);
    if (status == QD_EXIT_OK) {
        take_passwords(suite, choice);
    }
    return status;
}

/* --- running ------------------------------------------------------------------------------------------ */

/* Logical device name and versions, for the report. */
static void identify(cf_runner_t *runner, cf_octets_t *text) {
    static const struct {
        const char *what;
        const char *descriptor;
    } items[] = {{"logical device name", "\x00\x01\x00\x00\x2A\x00\x00\xFF\x02\x00"},
                 {"firmware", "\x00\x01\x01\x00\x00\x02\x00\xFF\x02\x00"},
                 {"serial number", "\x00\x01\x00\x00\x60\x01\x00\xFF\x02\x00"}};
    cf_octets_t data = {NULL, 0, 0};
    size_t i;

    cf_say(text, "%s", "");
    if (!cf_client(runner, "public", 6) || cf_associate(runner) != CF_PASS) {
        cf_close(runner, false);
        return;
    }
    for (i = 0; i < sizeof items / sizeof items[0]; i++) {
        bool refused;

        if (cf_get(runner, (const uint8_t *)items[i].descriptor, 10, &data, &refused) == CF_PASS &&
            !refused && data.length > 2u && (data.at[0] == 9u || data.at[0] == 10u)) {
            size_t k;

            cf_say(text, "| %s | ", items[i].what);
            for (k = 2; k < data.length; k++) {
                cf_say(text, "%c",
                       data.at[k] >= 0x20u && data.at[k] < 0x7Fu && data.at[k] != '|' ? data.at[k] : '.');
            }
            cf_say(text, " |\n");
        }
    }
    cf_close(runner, false);
    cf_free(&data);
}

static int run_all(suite_t *suite, const choice_t *choice, cf_runner_t *runner, cf_report_t *report) {
    cf_octets_t identity = {NULL, 0, 0};
    const char *why;
    unsigned picked_count = 0;
    size_t t;
    size_t i;

    runner->names.outer = &suite->common.names;
    (void)cf_client(runner, "public", 6);
    why = cf_open(runner);
    if (why != NULL) {
        return qd_complain(COMMAND, QD_EXIT_CONTACT,
                           runner->address.framing == CF_HDLC
                               ? "%s: %s; is the meter there and under power, and phys=, baud= and format= "
                                 "right? quadrant scan looks for it"
                               : "%s: %s; is the meter there and under power?",
                           choice->address, why);
    }
    identify(runner, &identity);
    cf_report_head(report, choice->address, choice->capabilities, &identity);
    cf_free(&identity);
    for (t = 0; t < suite->count; t++) {
        for (i = 0; i < suite->table[t].count; i++) {
            const cf_case_t *row = &suite->table[t].row[i];

            if (!is_pattern(row) && picked(choice->only, row->id)) {
                cf_report_row(report, row, cf_run(runner, row), runner);
                picked_count++;
            }
        }
    }
    if (picked_count == 0u) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "no purpose is called %s; --list shows all", choice->only);
    }
    cf_report_end(report);
    return report->count[CF_FAIL] + report->count[CF_INCONCLUSIVE] > 0u ? QD_EXIT_CHECK : QD_EXIT_OK;
}

static int judge(suite_t *suite, choice_t *choice) {
    cf_runner_t *runner = calloc(1, sizeof *runner);
    cf_report_t report = {.json = choice->json};
    int status;
    size_t i;

    if (runner == NULL) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "no memory");
    }
    for (i = 0; i < CF_CONNECTIONS; i++) {
        runner->connection[i].fd = -1;
    }
    runner->timeout_ms = choice->timeout_ms;
    runner->silence_ms = choice->silence_ms;
    runner->trace = choice->trace;
    runner->do_long = choice->do_long;
    runner->do_writes = choice->writes;
    runner->capabilities = &suite->capabilities;
    status = resolve(suite, choice, &runner->address);
    if (status == QD_EXIT_OK && choice->report != NULL) {
        report.file = fopen(choice->report, "w");
        status = report.file != NULL ? QD_EXIT_OK
                                     : qd_complain(COMMAND, QD_EXIT_OWN, "%s cannot be written: %s",
                                                   choice->report, strerror(errno));
    }
    if (status == QD_EXIT_OK) {
        status = run_all(suite, choice, runner, &report);
    }
    if (report.file != NULL && fclose(report.file) != 0) {
        status = qd_complain(COMMAND, QD_EXIT_OWN, "%s cannot be written", choice->report);
    }
    for (i = 0; i < CF_CONNECTIONS; i++) {
        runner->on = i;
        cf_close(runner, false);
        cf_free(&runner->connection[i].heard);
    }
    cf_free(&runner->story);
    cf_free(&runner->reason);
    cf_names_free(&runner->names);
    free(runner);
    return status;
}

static int print_capabilities(const suite_t *suite) {
    size_t i;

    for (i = 0; i < suite->capabilities.count; i++) {
        if (strncmp(suite->capabilities.row[i].name, "service.", 8) != 0) {
            (void)printf("%s %s\n", suite->capabilities.row[i].name, suite->capabilities.row[i].text);
        }
    }
    return QD_EXIT_OK;
}

int qd_cmd_conformance(int argc, char **argv) {
    choice_t choice = {0};
    suite_t *suite;
    int status = parse(&choice, argc, argv);
    size_t i;

    if (status != QD_EXIT_OK || choice.help) {
        return status != QD_EXIT_OK ? status : usage();
    }
    suite = calloc(1, sizeof *suite);
    if (suite == NULL) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "no memory");
    }
    status = load_capabilities(suite, choice.capabilities);
    status = status == QD_EXIT_OK ? load_tables(suite, choice.suite) : status;
    if (status == QD_EXIT_OK) {
        status = choice.print_capabilities ? print_capabilities(suite)
                 : choice.list             ? list(suite, &choice)
                                           : judge(suite, &choice);
    }
    for (i = 0; i < suite->count; i++) {
        cf_table_free(&suite->table[i]);
    }
    cf_table_free(&suite->common);
    cf_names_free(&suite->capabilities);
    free(suite);
    return status;
}
