/*
 * client_yaml_write.c - changes client.yaml and leaves what it does not know (docs/client-yaml.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client_yaml.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "# What a key means is in docs/client-yaml.md. Passwords stay at a new start, comments do not.\n"

/* --- changing the document -------------------------------------------------------------------- */

static int scalar(qd_yaml_t *file, const char *text, yaml_scalar_style_t style) {
    return yaml_document_add_scalar(&file->document, NULL, (const yaml_char_t *)text, -1, style);
}

/* Adds a pair; 0 for a node that could not be made is passed on by libyaml as a failure. */
static bool append(qd_yaml_t *file, int mapping, const char *key, int value) {
    int name = scalar(file, key, YAML_PLAIN_SCALAR_STYLE);

    return name != 0 && value != 0 &&
           yaml_document_append_mapping_pair(&file->document, mapping, name, value);
}

static int mapping_index(qd_yaml_t *file, const yaml_node_t *node) {
    return (int)(node - file->document.nodes.start) + 1;
}

/* The pair gets another value, never the old node another text: an alias may stand for it elsewhere. */
static bool put(qd_yaml_t *file, int mapping, const char *key, const char *text, yaml_scalar_style_t style) {
    int value = scalar(file, text, style);
    yaml_node_t *node = yaml_document_get_node(&file->document, mapping);
    yaml_node_pair_t *pair;

    for (pair = node->data.mapping.pairs.start; value != 0 && pair < node->data.mapping.pairs.top; pair++) {
        const char *name = qd_yaml_text(yaml_document_get_node(&file->document, pair->key));

        if (name != NULL && strcmp(name, key) == 0) {
            pair->value = value;
            return true;
        }
    }
    return append(file, mapping, key, value);
}

static void drop(qd_yaml_t *file, int mapping, const char *key) {
    yaml_node_t *node = yaml_document_get_node(&file->document, mapping);
    yaml_node_pair_t *to = node->data.mapping.pairs.start;
    yaml_node_pair_t *from;

    for (from = to; from < node->data.mapping.pairs.top; from++) {
        const char *name = qd_yaml_text(yaml_document_get_node(&file->document, from->key));

        if (name == NULL || strcmp(name, key) != 0) {
            *to++ = *from;
        }
    }
    node->data.mapping.pairs.top = to;
}

/* All ports of this start, and none of the one before. One port alone is the address. */
static bool put_ports(qd_yaml_t *file, const qd_client_port_t *ports, size_t count) {
    int mapping;
    bool good;

    drop(file, 1, "ports");
    if (count < 2) {
        return true;
    }
    mapping = yaml_document_add_mapping(&file->document, NULL, YAML_BLOCK_MAPPING_STYLE);
    good = append(file, 1, "ports", mapping);
    for (size_t i = 0; good && i < count; i++) {
        good = put(file, mapping, ports[i].name, ports[i].address, YAML_PLAIN_SCALAR_STYLE);
    }
    return good;
}

/* Text where it is plain, else hex digits. */
static bool put_secret(qd_yaml_t *file, int row, const uint8_t *secret, size_t length) {
    char text[2u * QD_CLIENT_SECRET_MAX + 1u] = "";
    bool plain = true;

    for (size_t i = 0; i < length; i++) {
        plain = plain && secret[i] >= ' ' && secret[i] <= '~';
    }
    for (size_t i = 0; i < length; i++) {
        (void)snprintf(text + (plain ? i : 2u * i), 3, plain ? "%c" : "%02X", secret[i]);
    }
    drop(file, row, plain ? "password_hex" : "password");
    return put(file, row, plain ? "password" : "password_hex", text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* Index of the row of a client; 0: there is none. Rows that are none are passed over. */
static int find_row(qd_yaml_t *file, int clients, const char *name, uint16_t sap) {
    const yaml_node_t *list = yaml_document_get_node(&file->document, clients);
    const yaml_node_item_t *item;

    for (item = list->data.sequence.items.start; item < list->data.sequence.items.top; item++) {
        const yaml_node_t *row = yaml_document_get_node(&file->document, *item);
        const char *text = qd_yaml_text(qd_yaml_lookup(file, row, "name"));
        uint16_t own;

        if ((qd_yaml_sap(qd_yaml_lookup(file, row, "client"), &own) && own == sap) ||
            (text != NULL && name != NULL && strcmp(text, name) == 0)) {
            return *item;
        }
    }
    return 0;
}

static int add_row(qd_yaml_t *file, int clients, const char *name, const char *mechanism, uint16_t sap) {
    int row = yaml_document_add_mapping(&file->document, NULL, YAML_BLOCK_MAPPING_STYLE);
    char number[8];

    (void)snprintf(number, sizeof number, "%u", sap);
    return row != 0 && put(file, row, "name", name, YAML_PLAIN_SCALAR_STYLE) &&
                   put(file, row, "client", number, YAML_PLAIN_SCALAR_STYLE) &&
                   (mechanism == NULL || put(file, row, "mechanism", mechanism, YAML_PLAIN_SCALAR_STYLE)) &&
                   yaml_document_append_sequence_item(&file->document, clients, row)
               ? row
               : 0;
}

/* Index of the list of clients, made when it is missing; 0: told. */
static int clients_of(qd_yaml_t *file) {
    yaml_node_t *root = yaml_document_get_root_node(&file->document);
    const yaml_node_t *found = qd_yaml_lookup(file, root, "clients");
    int clients;

    if (root->type != YAML_MAPPING_NODE) {
        (void)qd_yaml_complain(file, root, "no keys and values; mend or remove the file");
        return 0;
    }
    if (found != NULL && found->type != YAML_SEQUENCE_NODE) {
        (void)qd_yaml_complain(file, found, "clients is a list; mend or remove the file");
        return 0;
    }
    if (found != NULL) {
        return mapping_index(file, found);
    }
    clients = yaml_document_add_sequence(&file->document, NULL, YAML_BLOCK_SEQUENCE_STYLE);
    return append(file, 1, "clients", clients) ? clients : 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Takes the document. */
static bool emit(qd_yaml_t *file, FILE *stream) {
    yaml_emitter_t emitter;
    bool good;

    if (!yaml_emitter_initialize(&emitter)) {
        yaml_document_delete(&file->document);
        return false;
    }
    yaml_emitter_set_output_file(&emitter, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    good = yaml_emitter_dump(&emitter, &file->document) != 0 && yaml_emitter_close(&emitter) != 0;
    yaml_emitter_delete(&emitter);
    return good;
}

/* Beside it first, then renamed. Takes the document. */
static int save(qd_yaml_t *file) {
    char temporary[QD_PATH_MAX + 48u];
    FILE *stream = NULL;
    bool good;
    int fd;

    (void)snprintf(temporary, sizeof temporary, "%s.%ld", file->path, (long)getpid());
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    good = fd >= 0 && fchmod(fd, 0600) == 0;
    stream = good ? fdopen(fd, "w") : NULL;
    if (stream == NULL && fd >= 0) {
        (void)close(fd);
    }
    if (stream != NULL) {
        (void)fputs(HEAD, stream);
        good = emit(file, stream) && ferror(stream) == 0;
    } else {
        yaml_document_delete(&file->document);
        good = false;
    }
    good = good && fflush(stream) == 0 && fsync(fd) == 0;
    good = stream != NULL && fclose(stream) == 0 && good;
    if (good && rename(temporary, file->path) == 0) {
        return QD_EXIT_OK;
    }
    (void)unlink(temporary);
    return qd_complain(file->command, QD_EXIT_OWN, "%s cannot be written; is the disk full?", file->path);
}

static int give_up(qd_yaml_t *file) {
    yaml_document_delete(&file->document);
    return QD_EXIT_OWN;
}

static int no_memory(qd_yaml_t *file) {
    (void)qd_complain(file->command, 0, "no memory for writing %s", file->path);
    return give_up(file);
}

/* A document with a root; the file's unless anew or there is none. */
static int begin(qd_yaml_t *file, bool anew) {
    int status = anew ? QD_EXIT_CONTACT : qd_yaml_load(file);

    if (status == QD_EXIT_OK && yaml_document_get_root_node(&file->document) == NULL) {
        yaml_document_delete(&file->document); /* an empty file has nothing to keep */
        status = QD_EXIT_CONTACT;
    }
    if (status != QD_EXIT_CONTACT) {
        return status;
    }
    if (!yaml_document_initialize(&file->document, NULL, NULL, NULL, 1, 1)) {
        return qd_complain(file->command, QD_EXIT_OWN, "no memory for writing %s", file->path);
    }
    return yaml_document_add_mapping(&file->document, NULL, YAML_BLOCK_MAPPING_STYLE) == 1 &&
                   put(file, 1, "version", "1", YAML_PLAIN_SCALAR_STYLE)
               ? QD_EXIT_OK
               : no_memory(file);
}

int qd_client_yaml_write(const char *path, const char *command, const qd_client_port_t *ports,
                         size_t port_count, const qd_client_row_t *rows, size_t count, bool anew) {
    qd_yaml_t file = {.path = path, .command = command};
    const yaml_node_t *version;
    int status = begin(&file, anew);
    int clients;
    bool good;

    if (status != QD_EXIT_OK) {
        return status;
    }
    version = qd_yaml_lookup(&file, yaml_document_get_root_node(&file.document), "version");
    if (version != NULL && (qd_yaml_text(version) == NULL || strcmp(qd_yaml_text(version), "1") != 0)) {
        (void)qd_yaml_complain(&file, version,
                               "only version 1 of client.yaml is known; use a newer quadrant");
        return give_up(&file);
    }
    good = yaml_document_get_root_node(&file.document)->type != YAML_MAPPING_NODE ||
           (put(&file, 1, "address", ports[0].address, YAML_PLAIN_SCALAR_STYLE) &&
            put_ports(&file, ports, port_count) &&
            (qd_yaml_lookup(&file, yaml_document_get_root_node(&file.document), "server") != NULL ||
             put(&file, 1, "server", "1", YAML_PLAIN_SCALAR_STYLE)));
    if (!good) {
        return no_memory(&file);
    }
    clients = clients_of(&file);
    if (clients == 0) {
        return give_up(&file);
    }
    for (size_t i = 0; i < count; i++) {
        const char *secret = rows[i].secret;
        int row;

        if (find_row(&file, clients, rows[i].name, rows[i].sap) != 0) {
            continue;
        }
        row = add_row(&file, clients, rows[i].name, rows[i].mechanism, rows[i].sap);
        if (row == 0 ||
            (secret != NULL && !put_secret(&file, row, (const uint8_t *)secret, strlen(secret)))) {
            return no_memory(&file);
        }
    }
    return save(&file);
}

int qd_client_yaml_password(const char *path, const char *command, uint16_t sap, const uint8_t *secret,
                            size_t length) {
    qd_yaml_t file = {.path = path, .command = command};
    const qd_client_identity_t *known = qd_client_identity_by_sap(sap);
    char name[16];
    int status = begin(&file, false);
    int clients;
    int row;

    if (status != QD_EXIT_OK) {
        return status;
    }
    clients = clients_of(&file);
    if (clients == 0) {
        return give_up(&file);
    }
    (void)snprintf(name, sizeof name, "client%u", sap);
    row = find_row(&file, clients, NULL, sap);
    if (row == 0) {
        row = add_row(&file, clients, known != NULL ? known->name : name, NULL, sap);
    }
    if (row == 0 || !put_secret(&file, row, secret, length)) {
        return no_memory(&file);
    }
    return save(&file);
}
