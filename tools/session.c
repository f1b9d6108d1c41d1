/*
 * session.c - connect, associate, trace, object list with its cache.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_TEXT 80u

int qd_session_status(qd_client_result_t result) {
    switch (result) {
    case QD_CLIENT_OK:
        return QD_EXIT_OK;
    case QD_CLIENT_REFUSED:
        return QD_EXIT_REFUSED;
    case QD_CLIENT_SILENT:
        return QD_EXIT_CONTACT;
    case QD_CLIENT_VIOLATION:
        return QD_EXIT_PROTOCOL;
    case QD_CLIENT_OWN:
        break;
    }
    return QD_EXIT_OWN;
}

int qd_session_complain(const qd_session_t *session, const char *about) {
    const qd_client_fault_t *fault = qd_client_last_fault(&session->client);
    const char *command = session->options->command;
    int status = qd_session_status(fault->result);

    switch (fault->result) {
    case QD_CLIENT_REFUSED:
        return qd_complain(command, status, "%s: the meter refused: %s", about, fault->what);
    case QD_CLIENT_SILENT:
        return qd_complain(command, status,
                           "%s: %s; is the meter there and under power, and client and server%s right? a "
                           "longer --timeout may help",
                           about, fault->what,
                           session->client.config.framing == QD_FRAMING_HDLC ? ", phys=, baud= and format="
                                                                             : "");
    case QD_CLIENT_VIOLATION:
        return qd_complain(command, status, "%s: protocol violation: %s; --trace shows the octets", about,
                           fault->what);
    case QD_CLIENT_OK:
    case QD_CLIENT_OWN:
        break;
    }
    return qd_complain(command, status, "%s: %s", about, fault->what);
}

/* What to say about a refused association: the cure is often known. */
static int complain_association(const qd_session_t *session) {
    const qd_client_fault_t *fault = qd_client_last_fault(&session->client);

    if (fault->result == QD_CLIENT_REFUSED && fault->refusal == QD_REFUSAL_LINK) {
        return qd_complain(session->options->command, QD_EXIT_REFUSED,
                           "the meter refused the link: %s; wait a moment and try again", fault->what);
    }
    if (fault->result == QD_CLIENT_REFUSED && fault->refusal == QD_REFUSAL_ASSOCIATION &&
        (fault->code == 13u || fault->code == 14u)) {
        return qd_complain(session->options->command, QD_EXIT_REFUSED,
                           "the meter refused client %u: %s; check --as and the password",
                           session->address.client_sap, fault->what);
    }
    return qd_session_complain(session, "association");
}

int qd_session_reach(qd_session_t *session) {
    const qd_options_t *options = session->options;
    const qd_address_t *address = &session->address;
    const char *why;

    if (address->kind == QD_ADDRESS_HDLC) {
        why = qd_serial_open(&session->wire, address->host, address->baud, address->seven_even);
        return why == NULL ? QD_EXIT_OK
                           : qd_complain(options->command, QD_EXIT_CONTACT, "%s cannot be opened: %s",
                                         address->host, why);
    }
    why = qd_tcp_connect(&session->wire, address->host, address->port, options->timeout_ms);
    return why == NULL ? QD_EXIT_OK
                       : qd_complain(options->command, QD_EXIT_CONTACT,
                                     "no contact with %s port %s: %s; is the meter running?", address->host,
                                     address->port, why);
}

qd_client_config_t qd_session_config(qd_session_t *session) {
    const qd_address_t *address = &session->address;
    const qd_options_t *options = session->options;
    qd_client_config_t config = {.transport = &session->wire.transport,
                                 .trace = options->trace || options->pcap != NULL ? qd_trace_frame : NULL,
                                 .trace_context = &session->trace,
                                 .client_sap = address->client_sap,
                                 .server_sap = address->server_sap,
                                 .mechanism = address->mechanism,
                                 .preestablished = address->preestablished,
                                 .secret = address->secret,
                                 .secret_length = address->secret_length,
                                 .timeout_ms = options->timeout_ms};

    if (address->kind != QD_ADDRESS_TCP) {
        config.framing = QD_FRAMING_HDLC;
        config.hdlc.lower = address->phys;
        config.hdlc.octets = address->octets;
        config.hdlc.window = address->window;
        config.hdlc.information = address->information;
        config.hdlc.retries = (uint8_t)options->retries;
        config.receive_pdu = QD_SESSION_PDU;
    }
    return config;
}

/* After the port is reached: the client, its link and its association. */
static int associate(qd_session_t *session) {
    qd_client_config_t config = qd_session_config(session);

    /* over the wrapper the room of HDLC is no room */
    if (qd_client_init(&session->client, &config, session->frame,
                       session->address.kind == QD_ADDRESS_TCP ? QD_CLIENT_HEAD + QD_SESSION_PDU
                                                               : sizeof session->frame) != QD_OK) {
        return qd_complain(session->options->command, QD_EXIT_USAGE,
                           "client %u, server %u and phys %u do not fit an HDLC address%s", config.client_sap,
                           config.server_sap, config.hdlc.lower,
                           config.hdlc.octets != 0u ? " of so few octets" : "; a client is 1 to 127");
    }
    if (qd_client_open(&session->client) != QD_CLIENT_OK) {
        return complain_association(session);
    }
    session->open = true;
    return QD_EXIT_OK;
}

int qd_session_open(const qd_options_t *options, const char *address, qd_session_t **out) {
    qd_session_t *session = calloc(1, sizeof *session);
    int status;

    if (session == NULL || (session->value = malloc(QD_SESSION_VALUE)) == NULL) {
        free(session);
        return qd_complain(options->command, QD_EXIT_OWN, "no memory");
    }
    session->options = options;
    session->wire.fd = -1;
    status = qd_address_resolve(address, options, &session->address);
    if (status == QD_EXIT_OK) {
        status = qd_session_reach(session);
    }
    if (status == QD_EXIT_OK) {
        status = qd_trace_begin(&session->trace, options, &session->address);
    }
    if (status == QD_EXIT_OK) {
        status = associate(session);
    }
    if (status != QD_EXIT_OK) {
        return qd_session_close(session, status);
    }
    *out = session;
    return QD_EXIT_OK;
}

int qd_session_close(qd_session_t *session, int status) {
    int captured;

    if (session == NULL) {
        return status;
    }
    if (session->open) {
        (void)qd_client_release(&session->client); /* what was wanted is done; closing says the same */
    }
    if (session->client.buffer != NULL) {
        (void)qd_client_disconnect(&session->client);
    }
    captured = qd_trace_end(&session->trace, session->options);
    qd_wire_close(&session->wire);
    qd_objects_free(&session->objects);
    free(session->value);
    free(session);
    return status == QD_EXIT_OK ? captured : status;
}

/* --- the object list -------------------------------------------------------------------------- */

static bool append(char path[QD_PATH_MAX], const char *part) {
    size_t length = strlen(path);

    return (size_t)snprintf(path + length, QD_PATH_MAX - length, "%s", part) < QD_PATH_MAX - length;
}

static bool make_directory(const char *path) {
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* Directory of the cache: the meter's state directory, else the user's cache. */
static bool cache_directory(const qd_session_t *session, char path[QD_PATH_MAX]) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    path[0] = '\0';
    if (session->address.state[0] != '\0') {
        return append(path, session->address.state);
    }
    if (cache != NULL && *cache != '\0') {
        return append(path, cache) && make_directory(path) && append(path, "/quadrant") &&
               make_directory(path);
    }
    return home != NULL && *home != '\0' && append(path, home) && append(path, "/.cache") &&
           make_directory(path) && append(path, "/quadrant") && make_directory(path);
}

/* The logical device name as a word: letters and digits stay, all else is %XX. False: not readable. */
static bool device_name(qd_session_t *session, char name[NAME_TEXT]) {
    static const qd_client_ref_t ref = {1, QD_OBIS(0, 0, 42, 0, 0, 255), 2};
    qd_client_value_t value;
    qd_element_iterator_t it;
    qd_element_t element;
    size_t at = 0;
    uint16_t i;

    if (qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
        return false;
    }
    qd_element_begin(&it, value.data, value.length);
    if (qd_element_next(&it, &element) != QD_OK || element.scalar.external == NULL ||
        element.scalar.length == 0u) {
        return false;
    }
    for (i = 0; i < element.scalar.length && at + 4u < NAME_TEXT; i++) {
        uint8_t octet = element.scalar.external[i];
        bool plain = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
                     (octet >= 'a' && octet <= 'z');

        at += (size_t)snprintf(name + at, NAME_TEXT - at, plain ? "%c" : "%%%02X", octet);
    }
    return true;
}

static bool cache_path(qd_session_t *session, const char *name, char path[QD_PATH_MAX]) {
    char file[NAME_TEXT + 32u];

    (void)snprintf(file, sizeof file, "/objects-%s-%u.txt", name, session->address.client_sap);
    return cache_directory(session, path) && append(path, file);
}

/* Written beside and renamed, so that no other call ever sees half of it. A cache that cannot be
 * written is no fault. */
static void store(const qd_session_t *session, const char *path, const char *name) {
    char temporary[QD_PATH_MAX + 32u];
    FILE *file;
    bool good;

    (void)snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    file = fopen(temporary, "w");
    if (file == NULL) {
        return;
    }
    good = qd_objects_store(&session->objects, file, name, session->address.client_sap);
    good = fclose(file) == 0 && good;
    if (!good || rename(temporary, path) != 0) {
        (void)unlink(temporary);
    }
}

static int read_objects(qd_session_t *session) {
    static const qd_client_ref_t ref = {15, QD_OBIS(0, 0, 40, 0, 0, 255), 2};
    qd_client_value_t value;
    const char *why;

    if (qd_client_get(&session->client, &ref, session->value, QD_SESSION_VALUE, &value) != QD_CLIENT_OK) {
        if (qd_client_last_fault(&session->client)->result == QD_CLIENT_REFUSED) {
            return qd_complain(session->options->command, QD_EXIT_REFUSED,
                               "the meter refused its object list: %s; give the class, as 8/0-0:1.0.0",
                               qd_client_last_fault(&session->client)->what);
        }
        return qd_session_complain(session, "object list");
    }
    why = qd_objects_decode(&session->objects, value.data, value.length);
    if (why != NULL) {
        return qd_complain(session->options->command, QD_EXIT_PROTOCOL, "%s", why);
    }
    session->objects_fresh = true;
    return QD_EXIT_OK;
}

int qd_session_objects(qd_session_t *session, bool fresh) {
    char name[NAME_TEXT];
    char path[QD_PATH_MAX];
    bool cached;
    int status;

    if (session->objects.row != NULL && (session->objects_fresh || !fresh)) {
        return QD_EXIT_OK;
    }
    qd_objects_free(&session->objects);
    cached = device_name(session, name) && cache_path(session, name, path);
    if (cached && !fresh) {
        FILE *file = fopen(path, "r");

        if (file != NULL) {
            bool good = qd_objects_load(&session->objects, file, name, session->address.client_sap);

            (void)fclose(file);
            if (good) {
                return QD_EXIT_OK;
            }
        }
    }
    status = read_objects(session);
    if (status == QD_EXIT_OK && cached) {
        store(session, path, name);
    }
    return status;
}

/* SAP of the client whose association object this is; 0: none. */
static uint16_t association_sap(const qd_session_t *session, const qd_obis_t *obis) {
    static const uint16_t saps[] = {0, 1, 0, 0, 17, 18, 19};
    static const qd_obis_t first = QD_OBIS(0, 0, 40, 0, 0, 255);
    qd_obis_t start = *obis;

    start.group[4] = 0;
    if (memcmp(&start, &first, sizeof first) != 0 || obis->group[4] >= sizeof saps / sizeof saps[0]) {
        return 0;
    }
    return obis->group[4] == 0u ? session->address.client_sap : saps[obis->group[4]];
}

int qd_session_keep_password(const qd_session_t *session, const qd_client_ref_t *ref, const uint8_t *value,
                             size_t length) {
    uint16_t sap = association_sap(session, &ref->obis);
    char path[QD_PATH_MAX + 16u];
    qd_element_iterator_t it;
    qd_element_t element;
    int status;

    if (session->address.state[0] == '\0' || ref->class_id != 15u || ref->index != 7 || sap == 0u) {
        return QD_EXIT_OK;
    }
    qd_element_begin(&it, value, length);
    if (qd_element_next(&it, &element) != QD_OK || element.type != QD_TYPE_OCTET_STRING ||
        element.scalar.external == NULL || element.scalar.length > QD_CLIENT_SECRET_MAX) {
        return QD_EXIT_OK;
    }
    (void)snprintf(path, sizeof path, "%s/client.yaml", session->address.state);
    status = qd_client_yaml_password(path, session->options->command, sap, element.scalar.external,
                                     element.scalar.length);
    return status == QD_EXIT_OK
               ? status
               : qd_complain(session->options->command, status,
                             "the meter has the new password of client %u; write it into %s by hand", sap,
                             path);
}

int qd_session_find_class(qd_session_t *session, qd_client_ref_t *ref) {
    const qd_object_t *object;
    int status;

    if (ref->class_id != 0u) {
        return QD_EXIT_OK;
    }
    status = qd_session_objects(session, false);
    if (status != QD_EXIT_OK) {
        return status;
    }
    object = qd_objects_find(&session->objects, &ref->obis, 0);
    if (object == NULL && !session->objects_fresh) { /* the cache may be older than the meter's list */
        status = qd_session_objects(session, true);
        if (status != QD_EXIT_OK) {
            return status;
        }
        object = qd_objects_find(&session->objects, &ref->obis, 0);
    }
    if (object == NULL) {
        return QD_EXIT_REFUSED;
    }
    ref->class_id = object->class_id;
    return QD_EXIT_OK;
}
