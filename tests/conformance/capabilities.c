/*
 * capabilities.c - what a model declares, from its tables.
 *
 *   capabilities table MODEL     lines for the conformance suite: tests/conformance/MODEL.cap
 *   capabilities markdown MODEL  docs/capabilities-MODEL.md
 *
 * `make capabilities` writes the files; a test compares those that are committed with fresh ones.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "app/identity.h"
#include "app/io.h"
#include "models/model.h"
#include "quadrant/client.h"

#include <stdio.h>
#include <string.h>

#define CLASSES_MAX 64u

static const char *class_name(uint16_t id) {
    static const struct {
        uint16_t id;
        const char *name;
    } names[] = {{1, "data"},
                 {3, "register"},
                 {4, "extended register"},
                 {5, "demand register"},
                 {6, "register activation"},
                 {7, "profile generic"},
                 {8, "clock"},
                 {9, "script table"},
                 {11, "special days table"},
                 {15, "association LN"},
                 {17, "SAP assignment"},
                 {18, "image transfer"},
                 {19, "IEC local port setup"},
                 {20, "activity calendar"},
                 {21, "register monitor"},
                 {22, "single action schedule"},
                 {23, "IEC HDLC setup"},
                 {40, "push setup"},
                 {41, "TCP-UDP setup"},
                 {64, "security setup"},
                 {70, "disconnect control"},
                 {71, "limiter"},
                 {72, "M-Bus client"}};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].id == id) {
            return names[i].name;
        }
    }
    return "";
}

static const qd_io_config_t *lines_of(const qd_model_t *model) {
    return model->modules[QD_MODULE_IO].config;
}

static unsigned channels_of(const qd_cosem_tables_t *cosem, qd_bearer_t bearer) {
    unsigned count = 0;
    uint8_t i;

    for (i = 0; i < cosem->channel_count; i++) {
        count += cosem->channels[i].bearer == (uint8_t)bearer ? 1u : 0u;
    }
    return count;
}

static bool has_hdlc(const qd_model_t *model) {
    return channels_of(model->cosem, QD_BEARER_OPTICAL) + channels_of(model->cosem, QD_BEARER_RS485) > 0u;
}

/* Classes in the order of their numbers, each once. */
static size_t classes_of(const qd_cosem_tables_t *cosem, const qd_class_t *found[CLASSES_MAX]) {
    size_t count = 0;
    uint16_t i;

    for (i = 0; i < cosem->object_count; i++) {
        const qd_class_t *row = cosem->objects[i].class_row;
        size_t at = 0;

        while (at < count &&
               (found[at]->id < row->id || (found[at]->id == row->id && found[at]->version < row->version))) {
            at++;
        }
        if ((at < count && found[at]->id == row->id && found[at]->version == row->version) ||
            count == CLASSES_MAX) {
            continue;
        }
        (void)memmove(&found[at + 1u], &found[at], (count - at) * sizeof found[0]);
        found[at] = row;
        count++;
    }
    return count;
}

static unsigned mechanisms_of(uint8_t allow, unsigned number) {
    return ((unsigned)allow >> number & 1u) != 0u;
}

/* --- lines for the suite ------------------------------------------------------------------------------ */

static void table_of_clients(const qd_cosem_tables_t *cosem) {
    unsigned mechanism;
    uint8_t i;

    (void)printf("clients");
    for (i = 0; i < cosem->client_count; i++) {
        if (!cosem->clients[i].preestablished && cosem->clients[i].allow_local != 0u) {
            (void)printf(" %s", cosem->clients[i].name);
        }
    }
    (void)printf("\n");
    for (i = 0; i < cosem->client_count; i++) {
        const qd_client_row_t *client = &cosem->clients[i];

        if (client->allow_local == 0u) {
            continue;
        }
        (void)printf("client.%s.sap %u\n", client->name, client->sap);
        for (mechanism = 0; mechanism < 8u; mechanism++) {
            if (mechanisms_of(client->allow_local, mechanism)) {
                (void)printf("client.%s.mechanism %u\n", client->name, mechanism);
            }
        }
        if (client->user_count > 0u) {
            (void)printf("user-list yes\n");
        }
    }
    for (mechanism = 0; mechanism < 8u; mechanism++) {
        bool any = false;

        for (i = 0; i < cosem->client_count; i++) {
            any = any || mechanisms_of(cosem->clients[i].allow_local, mechanism);
        }
        (void)printf("mechanism.%u %s\n", mechanism, any ? "yes" : "no");
    }
}

static void table_of_lines(const qd_model_t *model) {
    const qd_io_config_t *io = lines_of(model);
    unsigned address = io->line.device_address;

    if (!has_hdlc(model)) {
        return;
    }
    /* Upper address 1 (the logical device), lower address in one octet of two, and in two of four. */
    (void)printf("hdlc.server %02X%02X\nhdlc.address-1 %02X\nhdlc.address-2 %02X%02X\n", 2u,
                 address << 1 | 1u, 3u, 2u, address << 1 | 1u);
    (void)printf("hdlc.address-4 0002%02X%02X\n", address >> 7 << 1, (address & 0x7Fu) << 1 | 1u);
    (void)printf("hdlc.other %02X%02X\n", 2u, (address + 1u) << 1 | 1u); /* nobody's */
    (void)printf("hdlc.calling yes\nhdlc.inter-octet-ms %u\nhdlc.inactivity-ms %lu\n",
                 io->line.inter_octet_ms, (unsigned long)io->line.inactivity_s * 1000u);
    (void)printf("hdlc.window-4 %s\n", io->line.window_transmit >= 4u ? "yes" : "no");
}

static int table(const qd_model_t *model) {
    const qd_cosem_tables_t *cosem = model->cosem;
    const qd_class_t *classes[CLASSES_MAX];
    size_t count = classes_of(cosem, classes);
    size_t i;

    (void)printf("# What %s declares. Made by `make capabilities` from the tables of the model.\n",
                 model->name);
    (void)printf("model %s\nprofile.wrapper yes\nprofile.hdlc %s\n", model->name,
                 has_hdlc(model) ? "yes" : "no");
    (void)printf("tcp.connections %u\ntcp.inactivity-ms %lu\n", channels_of(cosem, QD_BEARER_NETWORK),
                 (unsigned long)lines_of(model)->tcp.inactivity_s * 1000u);
    table_of_lines(model);
    (void)printf("associations %u\nserver-size %04X\nanswer-size %04X\n", cosem->association_count,
                 cosem->receive_pdu, cosem->transmit_pdu);
    (void)printf("conformance %02lX %02lX %02lX\ncontext.1 yes\n",
                 (unsigned long)cosem->conformance >> 16 & 0xFFu,
                 (unsigned long)cosem->conformance >> 8 & 0xFFu, (unsigned long)cosem->conformance & 0xFFu);
    table_of_clients(cosem);
    (void)printf("classes");
    for (i = 0; i < count; i++) {
        (void)printf(" %u/%u", classes[i]->id, classes[i]->version);
    }
    (void)printf("\n");
    for (i = 0; i < count; i++) {
        (void)printf("class.%u yes\n", classes[i]->id);
    }
    return 0;
}

/* --- the page ----------------------------------------------------------------------------------------- */

static void page_of_links(const qd_model_t *model) {
    const qd_cosem_tables_t *cosem = model->cosem;
    const qd_io_config_t *io = lines_of(model);

    (void)printf("\n## Profiles\n\n| item | declared |\n|---|---|\n");
    (void)printf("| wrapper over TCP | yes |\n| HDLC, three layers | %s |\n", has_hdlc(model) ? "yes" : "no");
    (void)printf("| UDP, PLC, M-Bus | no |\n\n## HDLC\n\n| item | declared |\n|---|---|\n");
    if (has_hdlc(model)) {
        (void)printf("| lines | %u optical, %u RS-485 |\n", channels_of(cosem, QD_BEARER_OPTICAL),
                     channels_of(cosem, QD_BEARER_RS485));
        (void)printf("| server address | 1, 2 or 4 octets; upper 1, lower %u, settable %u to %u |\n",
                     io->line.device_address, io->address_min, io->address_max);
        (void)printf("| information field, transmit and receive | %u, %u octets |\n",
                     io->line.information_transmit, io->line.information_receive);
        (void)printf("| window, transmit and receive | %u, %u |\n", io->line.window_transmit,
                     io->line.window_receive);
        (void)printf("| inter-octet time-out | %u ms |\n| inactivity time-out | %u s |\n",
                     io->line.inter_octet_ms, io->line.inactivity_s);
    } else {
        (void)printf("| all | not applicable |\n");
    }
    (void)printf("\n## TCP\n\n| item | declared |\n|---|---|\n| port | %u |\n", io->tcp.port);
    (void)printf("| connections at once | %u |\n", channels_of(cosem, QD_BEARER_NETWORK));
    (void)printf("| inactivity time-out | %u s |\n", io->tcp.inactivity_s);
}

static void page_of_clients(const qd_cosem_tables_t *cosem) {
    uint8_t i;

    (void)printf(
        "\n## Associations\n\nLogical device SAP %u. %u associations at once. Context 1 (logical names, no "
        "ciphering).\n\n",
        cosem->server_sap, cosem->association_count);
    (void)printf(
        "| client | SAP | mechanisms over local bearers | over remote bearers | pre-established | users |\n"
        "|---|---|---|---|---|---|\n");
    for (i = 0; i < cosem->client_count; i++) {
        const qd_client_row_t *client = &cosem->clients[i];
        uint8_t allow[2] = {client->allow_local, client->allow_remote};
        unsigned side;

        (void)printf("| %s | %u |", client->name, client->sap);
        for (side = 0; side < 2u; side++) {
            (void)printf(" %s%s%s%s |", allow[side] == 0u ? "no association" : "",
                         (allow[side] & QD_ALLOW_NONE) != 0u ? "0 none " : "",
                         (allow[side] & QD_ALLOW_LLS) != 0u ? "1 LLS " : "",
                         (allow[side] & QD_ALLOW_HLS_GMAC) != 0u ? "5 HLS GMAC" : "");
        }
        (void)printf(" %s | %u |\n", client->preestablished ? "yes" : "no", client->user_count);
    }
    (void)printf("\n## Conformance block\n\n| bit | service | declared |\n|---|---|---|\n");
    for (i = 0; i < QD_CLIENT_CONFORMANCE_BITS; i++) {
        (void)printf("| %u | %s | %s |\n", i, qd_client_conformance_name((uint8_t)i),
                     (cosem->conformance & 0x800000u >> i) != 0u ? "yes" : "no");
    }
}

static void print_obis(const qd_object_row_t *row) {
    const uint8_t *group = row->obis.group;

    (void)printf("%u-%u:%u.%u.%u", group[0], group[1], group[2], group[3], group[4]);
    if (row->members > 1u) {
        (void)printf(" to .%u", group[4] + row->members - 1u);
    }
}

static void page_of_objects(const qd_cosem_tables_t *cosem) {
    static const char letters[] = "rwxWX"; /* in the order of the bits */
    uint16_t i;

    (void)printf(
        "\n## Objects\n\nr read, w write, x execute; W, X over local bearers only. L: legally relevant, F: "
        "written in\nmanufacture state.\n\n| object | class |");
    for (i = 0; i < cosem->client_count; i++) {
        (void)printf(" %s |", cosem->clients[i].name);
    }
    (void)printf(" flags |\n|---|---|");
    for (i = 0; i <= cosem->client_count; i++) {
        (void)printf("---|");
    }
    (void)printf("\n");
    for (i = 0; i < cosem->object_count; i++) {
        const qd_object_row_t *row = &cosem->objects[i];
        uint8_t client;

        (void)printf("| ");
        print_obis(row);
        (void)printf(" | %u |", row->class_row->id);
        for (client = 0; client < cosem->client_count; client++) {
            uint8_t rights = cosem->access[row->access].rights[client];
            unsigned bit;

            (void)printf(" ");
            for (bit = 0; bit < 5u; bit++) {
                if (((unsigned)rights >> bit & 1u) != 0u) {
                    (void)printf("%c", letters[bit]);
                }
            }
            (void)printf(" |");
        }
        (void)printf(" %s%s |\n", (row->flags & QD_ROW_LEGALLY_RELEVANT) != 0u ? "L" : "",
                     (row->flags & QD_ROW_FACTORY) != 0u ? "F" : "");
    }
}

static void page_of_classes(const qd_cosem_tables_t *cosem) {
    const qd_class_t *classes[CLASSES_MAX];
    size_t count = classes_of(cosem, classes);
    size_t i;

    (void)printf("\n## Classes\n\n| class | version | attributes | writable | selective | methods |\n"
                 "|---|---|---|---|---|---|\n");
    for (i = 0; i < count; i++) {
        const qd_class_t *row = classes[i];
        uint8_t a;

        (void)printf("| %u %s | %u | 1 to %u |", row->id, class_name(row->id), row->version,
                     row->attribute_count + 1u);
        for (a = 0; a < row->attribute_count; a++) {
            if ((row->attributes[a].flags & QD_ATTRIBUTE_WRITABLE) != 0u) {
                (void)printf(" %u", a + 2u);
            }
        }
        (void)printf(" |");
        for (a = 0; a < row->attribute_count; a++) {
            if ((row->attributes[a].flags & QD_ATTRIBUTE_SELECTIVE) != 0u) {
                (void)printf(" %u", a + 2u);
            }
        }
        (void)printf(" |");
        for (a = 0; a < row->method_count; a++) {
            if ((row->methods >> a & 1u) != 0u) {
                (void)printf(" %u", a + 1u);
            }
        }
        (void)printf(" |\n");
    }
}

static int markdown(const qd_model_t *model) {
    const qd_cosem_tables_t *cosem = model->cosem;
    const qd_identity_config_t *identity = model->modules[QD_MODULE_IDENTITY].config;

    (void)printf(
        "# Capabilities of %s\n\nMade by `make capabilities` from the tables of the model; do not edit. What "
        "the words mean is in\n[conformance.md](conformance.md).\n\n",
        model->name);
    (void)printf("## Identity\n\n| item | declared |\n|---|---|\n| type | %s |\n", model->title);
    (void)printf("| logical device name | 16 octets, from personalisation |\n| firmware | %.8s |\n",
                 identity->software_version);
    page_of_links(model);
    page_of_clients(cosem);
    (void)printf("\n## Limits\n\n| item | declared |\n|---|---|\n| APDU received | %u octets |\n"
                 "| APDU sent | %u octets |\n| passwords wrong in a row until event 46 | %u |\n",
                 cosem->receive_pdu, cosem->transmit_pdu, cosem->password_attempts);
    (void)printf("\n## Security\n\nNo security suite, no ciphering, no certificates.\n");
    page_of_classes(cosem);
    page_of_objects(cosem);
    (void)printf(
        "\n## Not there\n\nImage transfer, push, disconnector, limiter, M-Bus, prepayment: no object is "
        "declared for them.\n\n## Do not test\n\nNothing.\n");
    return 0;
}

int main(int argc, char **argv) {
    const qd_model_t *model = argc == 3 ? qd_model_find(argv[2]) : NULL;

    if (model != NULL && strcmp(argv[1], "table") == 0) {
        return table(model);
    }
    if (model != NULL && strcmp(argv[1], "markdown") == 0) {
        return markdown(model);
    }
    (void)fprintf(stderr, "usage: capabilities table|markdown MODEL\n");
    return 2;
}
