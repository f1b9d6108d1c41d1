/*
 * cmd_scan.c - quadrant scan: who answers on a bus.
 *
 * Over HDLC every address of the range is called with SNRM; over the wrapper every server SAP with an association.
 * Whoever answers is asked for its logical device name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "present.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define PHYS_FIRST 16u
#define PHYS_LAST 125u /* 126 is the calling station: whoever answers there has an address of its own too */
#define PHYS_MOST 16383u
#define SCAN_TIMEOUT_MS 500u
#define NAME_TEXT 80u
#define SAPS_MAX 256u

typedef struct scan {
    qd_options_t options;
    uint32_t first;
    uint32_t last;
    bool ranged;
    unsigned found;
    unsigned refused;
} scan_t;

static bool parse_range(const char *text, uint32_t most, scan_t *scan) {
    char *end;
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = first;

    if (*text < '0' || *text > '9') {
        return false;
    }
    if (*end == ':' && end[1] >= '0' && end[1] <= '9') {
        last = strtoul(end + 1, &end, 10);
    }
    scan->first = (uint32_t)first;
    scan->last = (uint32_t)last;
    scan->ranged = true;
    return *end == '\0' && first <= last && last <= most;
}

/* The logical device name, "" when it cannot be read. */
static void read_name(qd_session_t *session, char name[NAME_TEXT]) {
    static const qd_client_ref_t ref = {1, QD_OBIS(0, 0, 42, 0, 0, 255), 2};
    qd_client_value_t value;
    qd_element_iterator_t it;
    qd_element_t element;
    size_t i;

    name[0] = '\0';
    if (qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
        return;
    }
    qd_element_begin(&it, value.data, value.length);
    if (qd_element_next(&it, &element) != QD_OK || element.scalar.external == NULL) {
        return;
    }
    for (i = 0; i < element.scalar.length && i + 1u < NAME_TEXT; i++) {
        uint8_t octet = element.scalar.external[i];

        name[i] = (char)(octet >= 0x20u && octet < 0x7Fu ? octet : '?');
    }
    name[i] = '\0';
}

static void put_found(const scan_t *scan, const qd_session_t *session, uint32_t number, const char *name,
                      const char *status) {
    bool hdlc = session->address.kind != QD_ADDRESS_TCP;
    const qd_client_link_t *link = &session->client.link;

    switch (scan->options.format) {
    case QD_FORMAT_JSON:
        (void)printf("{\"version\":1,\"%s\":%u", hdlc ? "phys" : "server", number);
        if (hdlc) {
            (void)printf(",\"information_transmit\":%u,\"information_receive\":%u,\"window_transmit\":%u,"
                         "\"window_receive\":%u",
                         link->information_receive, link->information_transmit, link->window_receive,
                         link->window_transmit);
        }
        (void)fputs(",\"name\":", stdout);
        qd_json_string(stdout, name, strlen(name));
        (void)fputs(",\"status\":", stdout);
        qd_json_string(stdout, status, strlen(status));
        (void)fputs("}\n", stdout);
        break;
    case QD_FORMAT_CSV:
        (void)printf("%u,", number);
        if (hdlc) {
            (void)printf("%u,%u,%u,%u,", link->information_receive, link->information_transmit,
                         link->window_receive, link->window_transmit);
        }
        qd_csv_field(stdout, name, strlen(name));
        (void)fputc(',', stdout);
        qd_csv_field(stdout, status, strlen(status));
        (void)fputc('\n', stdout);
        break;
    default:
        (void)printf("%5u  %-20s", number, *name != '\0' ? name : "-");
        if (hdlc) {
            (void)printf("  sends %u octets, window %u; takes %u octets, window %u",
                         link->information_receive, link->window_receive, link->information_transmit,
                         link->window_transmit);
        }
        (void)printf("%s%s\n", strcmp(status, "ok") == 0 ? "" : "  ",
                     strcmp(status, "ok") == 0 ? "" : status);
        break;
    }
    (void)fflush(stdout);
}

/* One address of the bus. Exit status: only a lost port ends the scan. */
static int call_station(scan_t *scan, qd_session_t *session, uint32_t number) {
    qd_client_config_t config = qd_session_config(session);
    qd_client_t *client = &session->client;
    const char *status = "ok";
    char name[NAME_TEXT] = "";
    qd_client_result_t result;

    config.hdlc.lower = (uint16_t)number;
    if (config.hdlc.information == 0u) { /* the most that there is, to hear what the meter has */
        config.hdlc.information = 2030;
    }
    if (config.hdlc.window == 0u) {
        config.hdlc.window = 7;
    }
    if (qd_client_init(client, &config, session->frame, sizeof session->frame) != QD_OK) {
        return qd_complain(scan->options.command, QD_EXIT_USAGE,
                           "%u does not fit an address of %u octets; give octets=4", number,
                           config.hdlc.octets);
    }
    result = qd_client_connect(client);
    if (result == QD_CLIENT_SILENT && strcmp(qd_client_last_fault(client)->what, "no reply in time") == 0) {
        return QD_EXIT_OK; /* nobody there */
    }
    if (result == QD_CLIENT_SILENT) {
        return qd_session_complain(session, "scan");
    }
    scan->found++;
    if (result == QD_CLIENT_OK && qd_client_open(client) == QD_CLIENT_OK) {
        read_name(session, name);
        (void)qd_client_release(client);
    } else {
        status = qd_client_last_fault(client)->what;
        scan->refused++;
    }
    put_found(scan, session, number, name, status);
    (void)qd_client_disconnect(client);
    return QD_EXIT_OK;
}

static int scan_bus(scan_t *scan, qd_session_t *session) {
    int status = qd_session_reach(session);
    uint32_t number;

    for (number = scan->first; status == QD_EXIT_OK && number <= scan->last; number++) {
        status = call_station(scan, session, number);
    }
    return status;
}

/* One server SAP, on a connection of its own: a meter need not answer a SAP that it does not have. */
static int call_sap(scan_t *scan, qd_session_t *session, uint32_t number) {
    int status = qd_session_reach(session);
    qd_client_config_t config = qd_session_config(session);
    qd_client_t *client = &session->client;
    char name[NAME_TEXT] = "";
    qd_client_result_t result;

    if (status != QD_EXIT_OK) {
        return status;
    }
    config.server_sap = (uint16_t)number;
    (void)qd_client_init(client, &config, session->frame, QD_CLIENT_HEAD + QD_SESSION_PDU);
    result = qd_client_open(client);
    if (result == QD_CLIENT_OK) {
        read_name(session, name);
    }
    if (result != QD_CLIENT_SILENT) {
        scan->found++;
        scan->refused += result != QD_CLIENT_OK ? 1u : 0u;
        put_found(scan, session, number, name,
                  result == QD_CLIENT_OK ? "ok" : qd_client_last_fault(client)->what);
    }
    (void)qd_client_release(client);
    qd_wire_close(&session->wire);
    return QD_EXIT_OK;
}

/* The SAPs of the meter's list (class 17), which the management logical device has. */
static int list_saps(qd_session_t *session, uint16_t saps[SAPS_MAX], size_t *count) {
    static const qd_client_ref_t ref = {17, QD_OBIS(0, 0, 41, 0, 0, 255), 2};
    qd_client_config_t config = qd_session_config(session);
    qd_client_value_t value;
    qd_element_iterator_t it;
    qd_element_t element;
    int status = qd_session_reach(session);

    *count = 0;
    if (status != QD_EXIT_OK) {
        return status;
    }
    (void)qd_client_init(&session->client, &config, session->frame, QD_CLIENT_HEAD + QD_SESSION_PDU);
    if (qd_client_open(&session->client) != QD_CLIENT_OK ||
        qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
        status = qd_session_complain(session, "list of logical devices; give a RANGE to try each");
        qd_wire_close(&session->wire);
        return status;
    }
    qd_element_begin(&it, value.data, value.length);
    while (qd_element_next(&it, &element) == QD_OK && *count < SAPS_MAX) {
        if (element.depth == 2u && element.type == QD_TYPE_LONG_UNSIGNED) {
            saps[(*count)++] = (uint16_t)element.scalar.v.u;
        }
    }
    (void)qd_client_release(&session->client);
    qd_wire_close(&session->wire);
    return QD_EXIT_OK;
}

static int scan_saps(scan_t *scan, qd_session_t *session) {
    uint16_t saps[SAPS_MAX];
    size_t count = 0;
    size_t i;
    uint32_t number;
    int status = QD_EXIT_OK;

    if (!scan->ranged) {
        status = list_saps(session, saps, &count);
        for (i = 0; i < count && status == QD_EXIT_OK; i++) {
            status = call_sap(scan, session, saps[i]);
        }
        return status;
    }
    for (number = scan->first; status == QD_EXIT_OK && number <= scan->last; number++) {
        status = call_sap(scan, session, number);
    }
    return status;
}

static int check(scan_t *scan, const qd_address_t *address) {
    const qd_options_t *options = &scan->options;
    bool hdlc = address->kind != QD_ADDRESS_TCP;

    scan->first = PHYS_FIRST;
    scan->last = PHYS_LAST;
    if (options->argument_count == 2 &&
        !parse_range(options->argument[1], hdlc ? PHYS_MOST : 0xFFFFu, scan)) {
        return qd_complain(options->command, QD_EXIT_USAGE, "%s is no RANGE; give A:B, at most %u",
                           options->argument[1], hdlc ? PHYS_MOST : 0xFFFFu);
    }
    if (options->format == QD_FORMAT_CSV) {
        (void)puts(
            hdlc ? "phys,information_transmit,information_receive,window_transmit,window_receive,name,status"
                 : "server,name,status");
    }
    return QD_EXIT_OK;
}

static int run(scan_t *scan, qd_session_t *session) {
    int status = qd_address_resolve(scan->options.argument[0], &scan->options, &session->address);

    if (status == QD_EXIT_OK) {
        status = check(scan, &session->address);
    }
    if (status == QD_EXIT_OK) {
        status = qd_trace_begin(&session->trace, &scan->options, &session->address);
    }
    if (status == QD_EXIT_OK) {
        status = session->address.kind != QD_ADDRESS_TCP ? scan_bus(scan, session) : scan_saps(scan, session);
    }
    if (status == QD_EXIT_OK && scan->found == 0u) {
        status = qd_complain(scan->options.command, QD_EXIT_CONTACT,
                             "nobody answered; are the line, its speed and the range right?");
    }
    return status;
}

int qd_cmd_scan(int argc, char **argv) {
    static scan_t scan;
    qd_session_t *session;
    int status;

    if (!qd_options_parse(&scan.options, argc, argv)) {
        return QD_EXIT_USAGE;
    }
    if (scan.options.help) {
        return qd_help(scan.options.command);
    }
    if (scan.options.argument_count < 1 || scan.options.argument_count > 2) {
        return qd_complain(scan.options.command, QD_EXIT_USAGE, "give an ADDRESS and at most one RANGE");
    }
    if (!scan.options.timeout_given) {
        scan.options.timeout_ms = SCAN_TIMEOUT_MS;
    }
    if (!scan.options.retries_given) {
        scan.options.retries = 0; /* most addresses are silent */
    }
    session = calloc(1, sizeof *session);
    if (session == NULL || (session->value = malloc(QD_SESSION_VALUE)) == NULL) {
        free(session);
        return qd_complain(scan.options.command, QD_EXIT_OWN, "no memory");
    }
    session->options = &scan.options;
    session->wire.fd = -1;
    status = run(&scan, session);
    return qd_session_close(session, status);
}
