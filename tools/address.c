/*
 * address.c - from ADDRESS and options to host, port, client and password.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PORT "4059"

static int bad_address(const char *command, const char *text, const char *why) {
    return qd_complain(command, QD_EXIT_USAGE,
                       "%s: %s; give tcp://HOST:PORT, hdlc+tcp://HOST:PORT, hdlc:DEVICE or @NAME", text, why);
}

/* A decimal number of length digits, at most most. */
static bool parse_number(const char *text, size_t length, uint32_t most, uint32_t *number) {
    uint32_t value = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10u + (uint32_t)(text[i] - '0');
        if (value > most) {
            return false;
        }
    }
    *number = value;
    return length > 0u;
}

static bool parse_sap(const char *text, size_t length, uint16_t *sap) {
    uint32_t value;

    if (!parse_number(text, length, 0xFFFFu, &value) || value == 0u) {
        return false;
    }
    *sap = (uint16_t)value;
    return true;
}

/* One parameter of the query with its value. */
typedef struct parameter {
    const char *name; /* with its = */
    const char *bounds;
} parameter_t;

static bool take_octets(const char *text, size_t length, qd_address_t *address) {
    uint32_t value;

    if (!parse_number(text, length, 4, &value) || value == 0u || value == 3u) {
        return false;
    }
    address->octets = (uint8_t)value;
    return true;
}

static bool take_format(const char *text, size_t length, qd_address_t *address) {
    address->seven_even = length == 3u && memcmp(text, "7E1", 3) == 0;
    return address->seven_even || (length == 3u && memcmp(text, "8N1", 3) == 0);
}

static bool take_which(const char *text, size_t length, qd_address_t *address) {
    if (length == 0u || length >= sizeof address->which) {
        return false;
    }
    (void)memcpy(address->which, text, length);
    address->which[length] = '\0';
    return true;
}

static bool take_parameter(size_t n, const char *text, size_t length, qd_address_t *address) {
    uint32_t value = 0;
    bool good;

    switch (n) {
    case 0:
        return parse_sap(text, length, &address->client_sap);
    case 1:
        return parse_sap(text, length, &address->server_sap);
    case 2:
        good = parse_number(text, length, 0x3FFF, &value);
        address->phys = (uint16_t)value;
        return good;
    case 3:
        good = parse_number(text, length, 4000000, &address->baud);
        return good && address->baud > 0u;
    case 4:
        return take_format(text, length, address);
    case 5:
        good = parse_number(text, length, 2030, &value);
        address->information = (uint16_t)value;
        return good && value >= 32u;
    case 6:
        good = parse_number(text, length, 7, &value);
        address->window = (uint8_t)value;
        return good && value > 0u;
    case 7:
        return take_octets(text, length, address);
    case 8:
        return take_which(text, length, address);
    default: /* device: of IEC 62056-21, kept for addresses that are shared with it */
        return length > 0u;
    }
}

/* query ::= name=value (& name=value)* */
static int parse_query(const char *query, const char *command, qd_address_t *address) {
    static const parameter_t parameters[] = {{"client=", "1 to 65535"},
                                             {"server=", "1 to 65535"},
                                             {"phys=", "0 to 16383"},
                                             {"baud=", "300 to 4000000"},
                                             {"format=", "8N1 or 7E1"},
                                             {"info=", "32 to 2030"},
                                             {"window=", "1 to 7"},
                                             {"octets=", "1, 2 or 4"},
                                             {"port=", "a port of client.yaml"},
                                             {"device=", "an IEC 62056-21 device address"}};
    size_t n;

    while (*query != '\0') {
        size_t length = strcspn(query, "&");

        for (n = 0; n < sizeof parameters / sizeof parameters[0] &&
                    strncmp(query, parameters[n].name, strlen(parameters[n].name)) != 0;
             n++) {
        }
        if (n == sizeof parameters / sizeof parameters[0]) {
            return qd_complain(command, QD_EXIT_USAGE,
                               "%.*s in the address: give client=, server=, phys=, baud=, format=, info=, "
                               "window=, octets= or port=",
                               (int)length, query);
        }
        if (!take_parameter(n, query + strlen(parameters[n].name), length - strlen(parameters[n].name),
                            address)) {
            return qd_complain(command, QD_EXIT_USAGE, "%.*s in the address: it can be %s", (int)length,
                               query, parameters[n].bounds);
        }
        query += length;
        query += *query == '&' ? 1 : 0;
    }
    return QD_EXIT_OK;
}

/* authority ::= HOST [: PORT] | [ IPv6 ] [: PORT] */
static bool parse_authority(const char *text, size_t length, qd_address_t *address) {
    const char *host = text;
    const char *colon;
    size_t host_length;
    size_t port_length = 0;
    uint16_t port;

    if (length > 0u && text[0] == '[') {
        const char *close = memchr(text, ']', length);

        if (close == NULL) {
            return false;
        }
        host = text + 1;
        host_length = (size_t)(close - host);
        colon = close + 1 < text + length ? close + 1 : NULL;
        if (colon != NULL && *colon != ':') {
            return false;
        }
    } else {
        colon = memchr(text, ':', length);
        host_length = colon != NULL ? (size_t)(colon - text) : length;
    }
    if (host_length == 0u || host_length >= QD_HOST_MAX) {
        return false;
    }
    (void)memcpy(address->host, host, host_length);
    address->host[host_length] = '\0';
    (void)strcpy(address->port, DEFAULT_PORT);
    if (colon != NULL) {
        port_length = length - (size_t)(colon + 1 - text);
        if (!parse_sap(colon + 1, port_length, &port)) {
            return false;
        }
        (void)snprintf(address->port, sizeof address->port, "%u", port);
    }
    return true;
}

/* hdlc:DEVICE[?query] */
static int parse_device(const char *text, const char *command, qd_address_t *address) {
    const char *device = text + strlen("hdlc:");
    size_t length = strcspn(device, "?");

    if (length == 0u || length >= sizeof address->host) {
        return bad_address(command, text, "no device");
    }
    address->kind = QD_ADDRESS_HDLC;
    (void)memcpy(address->host, device, length);
    address->host[length] = '\0';
    return device[length] == '?' ? parse_query(device + length + 1, command, address) : QD_EXIT_OK;
}

int qd_address_parse(const char *text, const char *command, qd_address_t *address) {
    static const char *const later[] = {"iec21+tcp://", "iec21:"};
    const char *rest;
    size_t length;
    size_t i;

    for (i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (strncmp(text, later[i], strlen(later[i])) == 0) {
            return bad_address(command, text, "this kind of port is not built in yet");
        }
    }
    if (strncmp(text, "hdlc:", 5) == 0) {
        return parse_device(text, command, address);
    }
    address->kind = strncmp(text, "hdlc+", 5) == 0 ? QD_ADDRESS_HDLC_TCP : QD_ADDRESS_TCP;
    rest = address->kind == QD_ADDRESS_HDLC_TCP ? text + 5 : text;
    if (strncmp(rest, "tcp://", 6) != 0) {
        return bad_address(command, text, "no address");
    }
    rest += 6;
    length = strcspn(rest, "?/");
    if (!parse_authority(rest, length, address)) {
        return bad_address(command, text, "no host and port");
    }
    rest += length;
    rest += *rest == '/' ? 1 : 0;
    if (*rest != '\0' && *rest != '?') {
        return bad_address(command, text, "octets after the port");
    }
    return *rest == '?' ? parse_query(rest + 1, command, address) : QD_EXIT_OK;
}

bool qd_state_home(const char *command, char path[QD_PATH_MAX]) {
    const char *own = getenv("QUADRANT_STATE_HOME");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int length;

    if (own != NULL && *own != '\0') {
        length = snprintf(path, QD_PATH_MAX, "%s", own);
    } else if (data != NULL && *data != '\0') {
        length = snprintf(path, QD_PATH_MAX, "%s/quadrant", data);
    } else if (home != NULL && *home != '\0') {
        length = snprintf(path, QD_PATH_MAX, "%s/.local/share/quadrant", home);
    } else {
        if (command != NULL) {
            (void)qd_complain(command, 0, "no home directory is known; set QUADRANT_STATE_HOME");
        }
        return false;
    }
    if (length < 0 || (size_t)length >= QD_PATH_MAX) {
        if (command != NULL) {
            (void)qd_complain(command, 0,
                              "the state directory's path is too long; set a shorter QUADRANT_STATE_HOME");
        }
        return false;
    }
    return true;
}

static bool good_name(const char *name) {
    return *name != '\0' && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name);
}

bool qd_state_elsewhere(const char *directory, char path[QD_PATH_MAX]) {
    char link[QD_PATH_MAX + 128u];
    FILE *file;
    bool good;

    (void)snprintf(link, sizeof link, "%s/" QD_ELSEWHERE, directory);
    file = fopen(link, "r");
    good = file != NULL && fgets(path, QD_PATH_MAX, file) != NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (good) {
        path[strcspn(path, "\n")] = '\0';
    }
    return good && path[0] == '/';
}

bool qd_state_is_path(const char *text) {
    return text[strcspn(text, ":/?")] == '/';
}

/* What lives in the directory itself goes before a path to elsewhere. */
static void follow(char path[QD_PATH_MAX]) {
    char own[QD_PATH_MAX + 16u], target[QD_PATH_MAX];

    (void)snprintf(own, sizeof own, "%s/client.yaml", path);
    if (access(own, F_OK) != 0 && qd_state_elsewhere(path, target)) {
        memcpy(path, target, strlen(target) + 1u);
    }
}

int qd_state_of(const char *command, const char *text, size_t length, char path[QD_PATH_MAX]) {
    char name[QD_PATH_MAX];
    char home[QD_PATH_MAX];

    if (length > 0u && *text == '@') {
        text++;
        length--;
    }
    if (length >= sizeof name) {
        return qd_complain(command, QD_EXIT_USAGE, "the name or path of the meter is too long");
    }
    (void)memcpy(name, text, length);
    name[length] = '\0';
    if (strchr(name, '/') != NULL) {
        memcpy(path, name, length + 1u);
        return QD_EXIT_OK;
    }
    if (!good_name(name)) {
        return qd_complain(command, QD_EXIT_USAGE,
                           "%s is no name of a meter; it has letters, digits, dot, dash and underscore",
                           name);
    }
    if (!qd_state_home(command, home)) {
        return QD_EXIT_OWN;
    }
    if (snprintf(path, QD_PATH_MAX, "%s/%s", home, name) >= (int)QD_PATH_MAX) {
        return qd_complain(command, QD_EXIT_USAGE,
                           "the state directory's path is too long; set a shorter QUADRANT_STATE_HOME");
    }
    follow(path);
    return QD_EXIT_OK;
}

/* What the command line says goes before what client.yaml says. */
static void overlay(const qd_address_t *said, qd_address_t *address) {
    address->server_sap = said->server_sap != 0u ? said->server_sap : address->server_sap;
    address->client_sap = said->client_sap != 0u ? said->client_sap : address->client_sap;
    address->phys = said->phys != 0u ? said->phys : address->phys;
    address->baud = said->baud != 0u ? said->baud : address->baud;
    address->information = said->information != 0u ? said->information : address->information;
    address->window = said->window != 0u ? said->window : address->window;
    address->octets = said->octets != 0u ? said->octets : address->octets;
    address->seven_even = said->seven_even || address->seven_even;
}

/* @NAME, @PATH or PATH, [?query] */
static int resolve_state(const char *text, const qd_options_t *options, qd_address_t *address) {
    char path[QD_PATH_MAX + 16u];
    size_t length = strcspn(text, "?");
    qd_address_t said;
    int status = qd_state_of(options->command, text, length, address->state);

    if (status == QD_EXIT_OK && text[length] == '?') {
        status = parse_query(text + length + 1, options->command, address);
    }
    if (status != QD_EXIT_OK) {
        return status;
    }
    said = *address;
    (void)snprintf(path, sizeof path, "%s/client.yaml", address->state);
    status = qd_client_yaml_read(path, options->command, options->identity, address);
    overlay(&said, address);
    return status;
}

/* The first line of a file. */
static int read_password(const char *path, const char *command, qd_address_t *address) {
    char line[QD_CLIENT_SECRET_MAX + 3u];
    FILE *file = fopen(path, "r");
    size_t length;

    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        if (file != NULL) {
            (void)fclose(file);
        }
        return qd_complain(command, QD_EXIT_USAGE, "no password can be read from %s", path);
    }
    (void)fclose(file);
    length = strcspn(line, "\r\n");
    if (length > QD_CLIENT_SECRET_MAX) {
        return qd_complain(command, QD_EXIT_USAGE, "the password in %s is longer than %u octets", path,
                           QD_CLIENT_SECRET_MAX);
    }
    (void)memcpy(address->secret, line, length);
    address->secret_length = length;
    address->has_secret = true;
    return QD_EXIT_OK;
}

static int take_password(const qd_options_t *options, qd_address_t *address) {
    const char *text = getenv("QUADRANT_PASSWORD");

    if (options->password_file != NULL) {
        return read_password(options->password_file, options->command, address);
    }
    if (text != NULL && *text != '\0') {
        if (strlen(text) > QD_CLIENT_SECRET_MAX) {
            return qd_complain(options->command, QD_EXIT_USAGE, "QUADRANT_PASSWORD is longer than %u octets",
                               QD_CLIENT_SECRET_MAX);
        }
        address->secret_length = strlen(text);
        (void)memcpy(address->secret, text, address->secret_length);
        address->has_secret = true;
    }
    return QD_EXIT_OK;
}

/* Who asks: --as, else the SAP, else public. A file's row may have said more already. */
static int take_identity(const qd_options_t *options, qd_address_t *address) {
    const qd_client_identity_t *identity = NULL;

    if (options->identity != NULL) {
        identity = qd_client_identity_by_name(options->identity);
        if (identity == NULL && address->identity == NULL) {
            return qd_complain(
                options->command, QD_EXIT_USAGE,
                "no client %s; --as public, management, level1, level2, level3 or preestablished",
                options->identity);
        }
        if (identity != NULL && address->client_sap != 0u && address->client_sap != identity->sap &&
            address->state[0] == '\0') {
            return qd_complain(options->command, QD_EXIT_USAGE,
                               "client=%u in the address is not --as %s; give one", address->client_sap,
                               options->identity);
        }
    } else if (address->client_sap != 0u) {
        identity = qd_client_identity_by_sap(address->client_sap);
    } else {
        identity = qd_client_identity_by_name("public");
    }
    if (identity != NULL) {
        address->client_sap = address->client_sap != 0u ? address->client_sap : identity->sap;
        if (address->identity == NULL) {
            address->mechanism = identity->mechanism;
        }
        address->preestablished = identity->preestablished;
        address->identity = identity->name;
    } else if (address->identity == NULL) {
        address->mechanism = address->has_secret ? QD_CLIENT_LLS : QD_CLIENT_LOWEST;
    }
    return QD_EXIT_OK;
}

int qd_address_resolve(const char *text, const qd_options_t *options, qd_address_t *address) {
    int status;

    (void)memset(address, 0, sizeof *address);
    if (text[0] == '@' || qd_state_is_path(text)) {
        status = resolve_state(text, options, address);
    } else {
        status = qd_address_parse(text, options->command, address);
    }
    if (status != QD_EXIT_OK) {
        return status;
    }
    if (address->which[0] != '\0' && address->state[0] == '\0') {
        return qd_complain(options->command, QD_EXIT_USAGE,
                           "port=%s in the address: only @NAME has ports with names", address->which);
    }
    if (address->server_sap == 0u) {
        address->server_sap = 1;
    }
    if (address->baud == 0u) {
        address->baud = 9600;
    }
    status = take_password(options, address);
    if (status == QD_EXIT_OK) {
        status = take_identity(options, address);
    }
    if (status == QD_EXIT_OK && address->mechanism == QD_CLIENT_LLS && !address->has_secret) {
        status =
            qd_complain(options->command, QD_EXIT_USAGE,
                        "client %s (%u) needs a password; give --password-file FILE or set QUADRANT_PASSWORD",
                        address->identity != NULL ? address->identity : "", address->client_sap);
    }
    return status;
}
