/*
 * client_yaml.c - reads client.yaml (docs/client-yaml.md) with libyaml's document API.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qd_yaml_complain(const qd_yaml_t *file, const yaml_node_t *node, const char *what) {
    return qd_complain(file->command, QD_EXIT_OWN, "%s:%lu: %s", file->path,
                       node != NULL ? (unsigned long)node->start_mark.line + 1ul : 1ul, what);
}

yaml_node_t *qd_yaml_lookup(qd_yaml_t *file, const yaml_node_t *mapping, const char *key) {
    const yaml_node_pair_t *pair;

    if (mapping == NULL || mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    for (pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&file->document, pair->key);

        if (name != NULL && name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0) {
            return yaml_document_get_node(&file->document, pair->value);
        }
    }
    return NULL;
}

const char *qd_yaml_text(const yaml_node_t *node) {
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

bool qd_yaml_sap(const yaml_node_t *node, uint16_t *sap) {
    const char *text = qd_yaml_text(node);
    char *end;
    unsigned long value;

    *sap = 0;
    if (node == NULL) {
        return true;
    }
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    value = strtoul(text, &end, 10);
    *sap = (uint16_t)value;
    return *end == '\0' && value > 0u && value <= 0xFFFFu;
}

static int hex_digit(char digit) {
    static const char digits[] = "0123456789abcdef";
    const char *at = digit != '\0' ? strchr(digits, digit >= 'A' && digit <= 'F' ? digit + 32 : digit) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* password: text, or password_hex: octets */
static int take_secret(qd_yaml_t *file, const yaml_node_t *row, qd_address_t *address) {
    const yaml_node_t *plain = qd_yaml_lookup(file, row, "password");
    const yaml_node_t *hex = qd_yaml_lookup(file, row, "password_hex");
    const char *text = qd_yaml_text(plain != NULL ? plain : hex);
    size_t length = text != NULL ? strlen(text) : 0u;
    size_t i;

    if (plain == NULL && hex == NULL) {
        return QD_EXIT_OK;
    }
    if (text == NULL || length > QD_CLIENT_SECRET_MAX * (plain != NULL ? 1u : 2u) ||
        (plain == NULL && length % 2u != 0u)) {
        return qd_yaml_complain(file, plain != NULL ? plain : hex, "a password is text of at most 64 octets");
    }
    if (plain != NULL) {
        (void)memcpy(address->secret, text, length);
        address->secret_length = length;
    } else {
        for (i = 0; i < length; i += 2u) {
            int high = hex_digit(text[i]);
            int low = hex_digit(text[i + 1u]);

            if (high < 0 || low < 0) {
                return qd_yaml_complain(file, hex, "password_hex has digits 0-9 and A-F only");
            }
            address->secret[i / 2u] = (uint8_t)(high * 16 + low);
        }
        address->secret_length = length / 2u;
    }
    address->has_secret = true;
    return QD_EXIT_OK;
}

/* One row of clients that is the one wanted. */
static int take_client(qd_yaml_t *file, const yaml_node_t *row, qd_address_t *address) {
    const yaml_node_t *mechanism = qd_yaml_lookup(file, row, "mechanism");
    const char *text = qd_yaml_text(mechanism);
    const qd_client_identity_t *known;
    int status = take_secret(file, row, address);

    if (status != QD_EXIT_OK) {
        return status;
    }
    known = qd_client_identity_by_sap(address->client_sap);
    address->identity = known != NULL ? known->name : "";
    address->preestablished = known != NULL && known->preestablished;
    if (mechanism == NULL) {
        address->mechanism = address->has_secret ? QD_CLIENT_LLS : QD_CLIENT_LOWEST;
    } else if (text != NULL && strcmp(text, "none") == 0) {
        address->mechanism = QD_CLIENT_LOWEST;
    } else if (text != NULL && strcmp(text, "lls") == 0) {
        address->mechanism = QD_CLIENT_LLS;
    } else if (text != NULL && strcmp(text, "hls-gmac") == 0) {
        address->mechanism = QD_CLIENT_HLS_GMAC;
    } else {
        return qd_yaml_complain(file, mechanism, "mechanism is none, lls or hls-gmac");
    }
    return QD_EXIT_OK;
}

/* Finds the row by name, else by SAP, else public. No such row: the identity's own defaults hold. */
static int find_client(qd_yaml_t *file, const yaml_node_t *root, const char *identity,
                       qd_address_t *address) {
    const yaml_node_t *clients = qd_yaml_lookup(file, root, "clients");
    const yaml_node_item_t *item;
    const char *wanted = identity != NULL ? identity : "public";
    uint16_t sap_wanted = identity == NULL ? address->client_sap : 0u;

    if (clients == NULL) {
        return QD_EXIT_OK;
    }
    if (clients->type != YAML_SEQUENCE_NODE) {
        return qd_yaml_complain(file, clients, "clients is a list");
    }
    for (item = clients->data.sequence.items.start; item < clients->data.sequence.items.top; item++) {
        const yaml_node_t *row = yaml_document_get_node(&file->document, *item);
        const char *name = qd_yaml_text(qd_yaml_lookup(file, row, "name"));
        uint16_t sap;

        if (name == NULL || !qd_yaml_sap(qd_yaml_lookup(file, row, "client"), &sap) || sap == 0u) {
            return qd_yaml_complain(file, row, "a client has a name and a client SAP of 1 to 65535");
        }
        if (sap_wanted != 0u ? sap == sap_wanted : strcmp(name, wanted) == 0) {
            address->client_sap = sap;
            return take_client(file, row, address);
        }
    }
    return QD_EXIT_OK;
}

/* The address, or the one of the ports that is wanted. NULL: there is none. */
static const char *find_port(qd_yaml_t *file, const yaml_node_t *root, const char *which) {
    const yaml_node_t *ports = qd_yaml_lookup(file, root, "ports");

    if (*which == '\0') {
        return qd_yaml_text(qd_yaml_lookup(file, root, "address"));
    }
    return qd_yaml_text(qd_yaml_lookup(file, ports, which));
}

static int take_document(qd_yaml_t *file, const char *identity, qd_address_t *address) {
    const yaml_node_t *root = yaml_document_get_root_node(&file->document);
    const yaml_node_t *version = qd_yaml_lookup(file, root, "version");
    const char *text = find_port(file, root, address->which);
    uint16_t client = address->client_sap;
    uint16_t server = 0;
    int status;

    if (version != NULL && (qd_yaml_text(version) == NULL || strcmp(qd_yaml_text(version), "1") != 0)) {
        return qd_yaml_complain(file, version,
                                "only version 1 of client.yaml is known; use a newer quadrant");
    }
    if (text == NULL && address->which[0] != '\0') {
        return qd_complain(file->command, QD_EXIT_USAGE, "%s has no port %s; see its ports", file->path,
                           address->which);
    }
    if (text == NULL) {
        return qd_yaml_complain(file, root, "no address");
    }
    if (!qd_yaml_sap(qd_yaml_lookup(file, root, "server"), &server)) {
        return qd_yaml_complain(file, root, "server is a SAP of 1 to 65535");
    }
    status = qd_address_parse(text, file->command, address);
    if (status != QD_EXIT_OK) {
        return status;
    }
    if (server != 0u) {
        address->server_sap = server;
    }
    if (client != 0u) {
        address->client_sap = client;
    }
    return find_client(file, root, identity, address);
}

int qd_yaml_load(qd_yaml_t *file) {
    yaml_parser_t parser;
    FILE *stream = fopen(file->path, "rb");
    int status = QD_EXIT_OK;

    if (stream == NULL && errno == ENOENT) {
        return QD_EXIT_CONTACT;
    }
    if (stream == NULL) {
        return qd_complain(file->command, QD_EXIT_OWN, "%s cannot be read: %s; check its rights", file->path,
                           strerror(errno));
    }
    if (!yaml_parser_initialize(&parser)) {
        (void)fclose(stream);
        return qd_complain(file->command, QD_EXIT_OWN, "no memory for reading %s", file->path);
    }
    yaml_parser_set_input_file(&parser, stream);
    if (!yaml_parser_load(&parser, &file->document)) {
        status = qd_complain(file->command, QD_EXIT_OWN, "%s:%lu: %s; mend or remove the file", file->path,
                             (unsigned long)parser.problem_mark.line + 1ul,
                             parser.problem != NULL ? parser.problem : "no YAML");
    }
    yaml_parser_delete(&parser);
    (void)fclose(stream);
    return status;
}

int qd_client_yaml_read(const char *path, const char *command, const char *identity, qd_address_t *address) {
    qd_yaml_t file = {.path = path, .command = command};
    int status = qd_yaml_load(&file);

    if (status == QD_EXIT_CONTACT) {
        return qd_complain(command, status,
                           "%s: no such file; is that meter running? quadrant run --name NAME", path);
    }
    if (status == QD_EXIT_OK) {
        status = take_document(&file, identity, address);
        yaml_document_delete(&file.document);
    }
    return status;
}
