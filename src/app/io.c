/*
 * io.c - set-up of local ports, HDLC lines and TCP.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "app/io.h"

#include <string.h>

#include "app/event.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define RECORD_VERSION 1u

#define INTER_OCTET_MIN 20
#define INTER_OCTET_MAX 6000
#define INFORMATION_MIN 32
#define INFORMATION_MAX 2030
#define WINDOW_MAX 7
/* The smallest segment that every IPv4 host takes: 68 octets without the heads of IP and TCP. */
#define SEGMENT_MIN 28

typedef struct qd_io_setup {
    qd_io_line_t line[QD_IO_LINES];
    qd_io_port_t port[QD_IO_PORTS];
    qd_io_tcp_t tcp;
} qd_io_setup_t;

struct qd_io {
    const qd_services_t *services;
    const qd_io_config_t *config;
    qd_io_setup_t setup;
};

uint32_t qd_io_baud(uint8_t speed) {
    static const uint32_t bauds[QD_IO_SPEEDS] = {300,  600,   1200,  2400,  4800,
                                                 9600, 19200, 38400, 57600, 115200};
    return bauds[speed < QD_IO_SPEEDS ? speed : QD_IO_SPEEDS - 1u];
}

const qd_io_line_t *qd_io_line(const qd_io_t *io, uint8_t line) {
    return &io->setup.line[line < io->config->lines ? line : 0];
}

const qd_io_port_t *qd_io_port(const qd_io_t *io, uint8_t line) {
    return &io->setup.port[line > 0 && io->config->ports > 1 ? 1 : 0];
}

const qd_io_tcp_t *qd_io_tcp(const qd_io_t *io) {
    return &io->setup.tcp;
}

/* --- numbers: where each attribute lies, of what type, within what ------------------------------ */

typedef struct qd_io_number {
    uint8_t item;
    uint8_t attribute;
    uint8_t type;   /* qd_type_t */
    uint8_t offset; /* in the struct of the item */
    uint8_t octets; /* 1 or 2 */
    uint16_t minimum;
    uint16_t maximum;
} qd_io_number_t;

#define LINE(n, type, field, octets, minimum, maximum)                                                       \
    { QD_IO_ITEM_LINE, n, type, offsetof(qd_io_line_t, field), octets, minimum, maximum }
#define PORT(n, field, maximum)                                                                              \
    { QD_IO_ITEM_PORT, n, QD_TYPE_ENUM, offsetof(qd_io_port_t, field), 1, 0, maximum }
#define TCP(n, field, minimum)                                                                               \
    { QD_IO_ITEM_TCP, n, QD_TYPE_LONG_UNSIGNED, offsetof(qd_io_tcp_t, field), 2, minimum, UINT16_MAX }

static const qd_io_number_t numbers[] = {
    LINE(2, QD_TYPE_ENUM, speed, 1, 0, QD_IO_SPEEDS - 1u),
    LINE(3, QD_TYPE_UNSIGNED, window_transmit, 1, 1, WINDOW_MAX),
    LINE(4, QD_TYPE_UNSIGNED, window_receive, 1, 1, WINDOW_MAX),
    LINE(5, QD_TYPE_LONG_UNSIGNED, information_transmit, 2, INFORMATION_MIN, INFORMATION_MAX),
    LINE(6, QD_TYPE_LONG_UNSIGNED, information_receive, 2, INFORMATION_MIN, INFORMATION_MAX),
    LINE(7, QD_TYPE_LONG_UNSIGNED, inter_octet_ms, 2, INTER_OCTET_MIN, INTER_OCTET_MAX),
    LINE(8, QD_TYPE_LONG_UNSIGNED, inactivity_s, 2, 0, UINT16_MAX),
    LINE(9, QD_TYPE_LONG_UNSIGNED, device_address, 2, 0, 0), /* within what the model says */
    PORT(2, mode, QD_IO_DIRECT_HDLC),
    PORT(3, default_speed, QD_IO_SPEEDS - 1u),
    PORT(4, proposed_speed, QD_IO_SPEEDS - 1u),
    PORT(5, response_time, 1),
    TCP(2, port, 1),
    TCP(4, segment_size, SEGMENT_MIN),
    TCP(6, inactivity_s, 0),
};

static const qd_io_number_t *number_of(uint8_t item, uint8_t attribute) {
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].item == item && numbers[i].attribute == attribute) {
            return &numbers[i];
        }
    }
    return NULL;
}

/* The struct that an item's attributes are in; NULL: there is none. */
static uint8_t *place_of(const qd_io_config_t *config, qd_io_setup_t *setup, qd_ref_t ref) {
    uint8_t n = (uint8_t)(ref.arg >> 8);
    switch (ref.item) {
    case QD_IO_ITEM_LINE:
        return n < config->lines ? (uint8_t *)&setup->line[n] : NULL;
    case QD_IO_ITEM_PORT:
        return n < config->ports ? (uint8_t *)&setup->port[n] : NULL;
    case QD_IO_ITEM_TCP:
        return (uint8_t *)&setup->tcp;
    default:
        return NULL;
    }
}

static uint16_t number_get(const qd_io_number_t *number, const uint8_t *place) {
    uint16_t value = place[number->offset];
    if (number->octets == 2) {
        memcpy(&value, place + number->offset, sizeof value);
    }
    return value;
}

static void number_put(const qd_io_number_t *number, uint8_t *place, uint16_t value) {
    if (number->octets == 2) {
        memcpy(place + number->offset, &value, sizeof value);
    } else {
        place[number->offset] = (uint8_t)value;
    }
}

/* --- the record ------------------------------------------------------------------------------- */

/* The numbers of one struct in the order of their attributes, to w or, without it, from r. */
static void move_numbers(uint8_t item, uint8_t *place, qd_writer_t *w, qd_reader_t *r) {
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const qd_io_number_t *number = &numbers[i];
        if (number->item != item) {
            continue;
        }
        if (w == NULL) {
            number_put(number, place, number->octets == 2 ? qd_reader_u16_le(r) : qd_reader_u8(r));
        } else if (number->octets == 2) {
            qd_writer_u16_le(w, number_get(number, place));
        } else {
            qd_writer_u8(w, (uint8_t)number_get(number, place));
        }
    }
}

static void move_address(qd_io_port_t *port, qd_writer_t *w, qd_reader_t *r) {
    if (w != NULL) {
        qd_writer_u8(w, port->address_length);
        qd_writer_octets(w, port->address, QD_IO_TEXT_MAX);
        return;
    }
    uint8_t length = qd_reader_u8(r);
    const uint8_t *address = qd_reader_octets(r, QD_IO_TEXT_MAX);
    if (address == NULL || length > QD_IO_TEXT_MAX) {
        (void)qd_reader_fail(r, QD_CORRUPT);
        return;
    }
    port->address_length = length;
    memcpy(port->address, address, QD_IO_TEXT_MAX);
}

/* Record: version (1), per line its numbers, per port its numbers, the length of the address (1) and its 16
 * octets, the numbers of TCP; all in the order of the attributes. */
static void move_setup(qd_io_setup_t *setup, qd_writer_t *w, qd_reader_t *r) {
    for (uint8_t i = 0; i < QD_IO_LINES; i++) {
        move_numbers(QD_IO_ITEM_LINE, (uint8_t *)&setup->line[i], w, r);
    }
    for (uint8_t i = 0; i < QD_IO_PORTS; i++) {
        move_numbers(QD_IO_ITEM_PORT, (uint8_t *)&setup->port[i], w, r);
        move_address(&setup->port[i], w, r);
    }
    move_numbers(QD_IO_ITEM_TCP, (uint8_t *)&setup->tcp, w, r);
}

static qd_status_t save(const qd_io_t *self, qd_io_setup_t *setup) {
    qd_writer_t w;
    qd_writer_init(&w, self->services->scratch, QD_RECORD_IO_SIZE);
    qd_writer_u8(&w, RECORD_VERSION);
    move_setup(setup, &w, NULL);
    const qd_records_t *records = self->services->records;
    return records->write(records->context, QD_RECORD_IO, self->services->scratch, w.at);
}

/* What was never set, or is lost, is as the factory left it: a meter that nobody can reach helps nobody. */
static void load_factory(qd_io_t *self) {
    for (uint8_t i = 0; i < QD_IO_LINES; i++) {
        self->setup.line[i] = self->config->line;
    }
    for (uint8_t i = 0; i < QD_IO_PORTS; i++) {
        self->setup.port[i] = self->config->port;
    }
    self->setup.tcp = self->config->tcp;
}

static qd_status_t load(qd_io_t *self) {
    size_t length = 0;
    qd_reader_t r;
    const qd_records_t *records = self->services->records;
    qd_status_t status =
        records->read(records->context, QD_RECORD_IO, self->services->scratch, QD_RECORD_IO_SIZE, &length);
    load_factory(self);
    if (status != QD_OK) {
        return status == QD_END || status == QD_CORRUPT ? QD_OK : status;
    }
    qd_reader_init(&r, self->services->scratch, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    move_setup(&self->setup, NULL, &r);
    if (r.status != QD_OK) {
        load_factory(self);
    }
    return QD_OK;
}

static qd_status_t io_init(void *context, const void *config, const qd_services_t *services) {
    qd_io_t *self = context;
    memset(self, 0, sizeof *self);
    self->services = services;
    self->config = config;
    if (self->config->lines == 0 || self->config->lines > QD_IO_LINES || self->config->ports == 0 ||
        self->config->ports > QD_IO_PORTS) {
        return QD_ARGUMENT;
    }
    return load(self);
}

/* --- items ------------------------------------------------------------------------------------ */

/* Attributes that are no numbers, or are nobody's to set. */
static qd_status_t get_other(const qd_io_t *self, qd_ref_t ref, qd_scalar_t *value) {
    static const uint8_t no_object[6] = {0};
    uint8_t attribute = (uint8_t)ref.arg;
    if (ref.item == QD_IO_ITEM_TCP && attribute == 3) {
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, no_object, sizeof no_object); /* no IP set-up object */
        return QD_OK;
    }
    if (ref.item == QD_IO_ITEM_TCP && attribute == 5) {
        qd_scalar_unsigned(value, QD_TYPE_UNSIGNED, self->config->connections);
        return QD_OK;
    }
    if (ref.item == QD_IO_ITEM_PORT && attribute == 6) {
        const qd_io_port_t *port = &self->setup.port[ref.arg >> 8];
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, port->address, port->address_length);
        return QD_OK;
    }
    if (ref.item == QD_IO_ITEM_PORT && attribute >= 7 && attribute <= 9) {
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, no_object, 0); /* no passwords of IEC 62056-21 */
        return QD_OK;
    }
    return QD_UNDEFINED;
}

static qd_status_t io_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    qd_io_t *self = context;
    const qd_io_number_t *number = number_of(ref.item, (uint8_t)ref.arg);
    const uint8_t *place = place_of(self->config, &self->setup, ref);
    (void)call;
    if (place == NULL) {
        return QD_UNDEFINED;
    }
    if (number == NULL) {
        return get_other(self, ref, value);
    }
    qd_scalar_unsigned(value, (qd_type_t)number->type, number_get(number, place));
    return QD_OK;
}

/* IEC 62056-21: what stands between the signs of a request. */
static qd_status_t take_address(const qd_source_t *source, qd_io_port_t *port) {
    uint16_t length = 0;
    qd_status_t status = qd_source_octets(source, port->address, 0, QD_IO_TEXT_MAX, &length);
    for (uint16_t i = 0; status == QD_OK && i < length; i++) {
        uint8_t c = port->address[i];
        bool fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' ';
        status = fits ? QD_OK : QD_RANGE;
    }
    port->address_length = (uint8_t)length;
    return status;
}

static qd_status_t take_number(const qd_io_t *self, const qd_io_number_t *number, const qd_source_t *source,
                               uint8_t *place) {
    int64_t value = 0;
    bool address = number->item == QD_IO_ITEM_LINE && number->attribute == 9;
    qd_status_t status = qd_source_integer(source, (qd_type_t)number->type,
                                           address ? self->config->address_min : number->minimum,
                                           address ? self->config->address_max : number->maximum, &value);
    if (status == QD_OK) {
        number_put(number, place, (uint16_t)value);
    }
    return status;
}

static qd_status_t io_put(void *context, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_io_t *self = context;
    qd_io_setup_t setup = self->setup;
    const qd_io_number_t *number = number_of(ref.item, (uint8_t)ref.arg);
    uint8_t *place = place_of(self->config, &setup, ref);
    qd_status_t status = QD_DENIED;
    (void)call;
    if (place == NULL) {
        return QD_UNDEFINED;
    }
    if (number != NULL) {
        status = take_number(self, number, source, place);
    } else if (ref.item == QD_IO_ITEM_PORT && (ref.arg & 0xFFu) == 6u) {
        status = take_address(source, &setup.port[ref.arg >> 8]);
    }
    if (status == QD_OK) {
        status = save(self, &setup);
    }
    if (status == QD_OK) {
        self->setup = setup;
        (void)qd_event_raise(self->services->events, QD_EVENT_PARAMETRIZATION, QD_RECORD_IO, 0);
    }
    return status;
}

static size_t io_size(const void *config) {
    (void)config;
    return sizeof(qd_io_t);
}

const qd_module_t qd_io_module = {
    .name = "io",
    .size = io_size,
    .init = io_init,
    .get = io_get,
    .put = io_put,
};
