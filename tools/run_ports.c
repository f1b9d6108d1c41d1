/*
 * run_ports.c - where a meter is reached: listeners and lines, and which of its channels each has.
 *
 * The model's channels of the network come first. Without --hdlc the wrapper's listener has them all, with it the
 * second half is that of HDLC. Each line has a channel of its own. A channel that nobody opened is cut off at the end
 * of the row, or dead in between.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <stdio.h>
#include <string.h>

#define COMMAND "run"

/* --- a channel that nobody can reach ---------------------------------------------------------- */

static uint32_t dead_generation(void *context) {
    (void)context;
    return 0;
}

static size_t dead_read(void *context, uint8_t *buffer, size_t size) {
    (void)context;
    (void)buffer;
    (void)size;
    return 0;
}

static size_t dead_write(void *context, const uint8_t *buffer, size_t length) {
    (void)context;
    (void)buffer;
    (void)length;
    return 0;
}

static const qd_channel_port_t dead = {.generation = dead_generation, .read = dead_read, .write = dead_write};

void run_ports_connect(run_meter_t *meter) {
    qd_meter_ports_t *ports = &meter->ports;

    ports->channel_count = 0;
    for (uint8_t n = 0; n < QD_CHANNELS_MAX; n++) {
        ports->channel[n] = &dead;
    }
    for (uint8_t n = 0; n < meter->port_count; n++) {
        const run_port_t *port = &meter->port[n];
        uint8_t end = (uint8_t)(port->channel + port->channels);

        for (uint8_t i = 0; i < port->channels; i++) {
            ports->channel[port->channel + i] = port->server != NULL
                                                    ? qd_linux_server_channel(port->server, i)
                                                    : qd_linux_line_channel(port->line);
        }
        ports->channel_count = end > ports->channel_count ? end : ports->channel_count;
    }
}

/* --- opening ---------------------------------------------------------------------------------- */

static void on_wake(void *context) {
    run_meter_t *meter = context;

    if (meter->meter != NULL) {
        run_meter_run(meter, run_now_us(meter->run, meter));
        run_loop_arm(meter->run, meter);
    }
}

/* The option of both RS-485 lines is one. */
static int option_length(const run_port_t *port) {
    return (int)strcspn(port->name, "-");
}

/* On a bus the device has to be named. */
static void add_device(const run_meter_t *meter, run_port_t *port, bool bus) {
    size_t used = strlen(port->address);

    if (bus) {
        (void)snprintf(port->address + used, sizeof port->address - used, "?phys=%u",
                       qd_model_device_address(meter->run->options.model));
    }
}

static void write_address(const run_meter_t *meter, run_port_t *port, const char *scheme) {
    const char *host = meter->run->options.bind;
    bool six = strchr(host, ':') != NULL;

    /* Who listens everywhere is reached here. */
    if (strcmp(host, "0.0.0.0") == 0) {
        host = "127.0.0.1";
    } else if (strcmp(host, "::") == 0) {
        host = "::1";
    }
    (void)snprintf(port->address, sizeof port->address, "%s://%s%.60s%s:%u", scheme, six ? "[" : "", host,
                   six ? "]" : "", qd_linux_server_port(port->server));
}

static int open_listener(run_meter_t *meter, run_port_t *port, uint16_t number, qd_framing_t framing) {
    const run_options_t *options = &meter->run->options;
    qd_linux_error_t error;
    qd_status_t status = qd_linux_server_open(&port->server, &meter->run->loop, options->bind, number,
                                              port->channels, on_wake, meter, &error);

    if (status != QD_OK) {
        port->server = NULL;
        return status == QD_BUSY ? qd_complain(COMMAND, QD_EXIT_OWN, "%s; --%.*s 0 picks a free one",
                                               error.text, option_length(port), port->name)
                                 : qd_complain(COMMAND, status == QD_ARGUMENT ? QD_EXIT_USAGE : QD_EXIT_OWN,
                                               "%s", error.text);
    }
    meter->port_count++;
    qd_linux_server_set_framing(port->server, framing);
    if (framing == QD_FRAMING_HDLC && options->pace != 0 &&
        qd_linux_server_set_pace(port->server, options->pace) != QD_OK) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "the event loop takes no timer");
    }
    write_address(meter, port, framing == QD_FRAMING_HDLC ? "hdlc+tcp" : "tcp");
    return QD_EXIT_OK;
}

static int open_line(run_meter_t *meter, run_port_t *port, const char *where, uint32_t index) {
    const run_options_t *options = &meter->run->options;
    char path[QD_LINUX_PATH_MAX];
    qd_linux_error_t error;
    qd_status_t status;
    int length = options->count > 1 ? snprintf(path, sizeof path, "%s-%lu", where, (unsigned long)index + 1ul)
                                    : snprintf(path, sizeof path, "%s", where);

    if (length >= (int)sizeof path) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "--%.*s: the path is too long; give a shorter one",
                           option_length(port), port->name);
    }
    status = qd_linux_line_open(&port->line, &meter->run->loop, path, options->pace, on_wake, meter, &error);
    if (status != QD_OK) {
        port->line = NULL;
        return qd_complain(COMMAND, status == QD_ARGUMENT ? QD_EXIT_USAGE : QD_EXIT_OWN, "%s", error.text);
    }
    meter->port_count++;
    (void)snprintf(port->address, sizeof port->address, "hdlc:%s",
                   strncmp(path, "pty:", 4) == 0 ? path + 4 : path);
    (void)snprintf(port->device, sizeof port->device, "%s", port->address + strlen("hdlc:"));
    return QD_EXIT_OK;
}

/* A line on the model's which-th channel of this bearer. */
static int open_where(run_meter_t *meter, const run_where_t *where, const char *name,
                      qd_model_bearer_t bearer, unsigned which, uint32_t index) {
    const qd_model_t *model = meter->run->options.model;
    run_port_t *port = &meter->port[meter->port_count];
    int status;

    if (!where->wanted) {
        return QD_EXIT_OK;
    }
    port->name = name;
    port->channels = 1;
    for (uint8_t n = 0; n < qd_model_channel_count(model); n++) {
        if (qd_model_channel_bearer(model, n) == bearer && which-- == 0) {
            port->channel = n;
        }
    }
    status = where->line != NULL
                 ? open_line(meter, port, where->line, index)
                 : open_listener(meter, port, where->port == 0 ? 0 : (uint16_t)(where->port + index),
                                 QD_FRAMING_HDLC);
    add_device(meter, port, status == QD_EXIT_OK && bearer == QD_MODEL_RS485);
    return status;
}

static int open_network(run_meter_t *meter, uint32_t index) {
    const run_options_t *options = &meter->run->options;
    run_port_t *wrapper = &meter->port[0];
    run_port_t *hdlc = &meter->port[1];
    uint8_t channels = 0;
    int status;

    while (channels < qd_model_channel_count(options->model) &&
           qd_model_channel_bearer(options->model, channels) == QD_MODEL_NETWORK) {
        channels++;
    }
    wrapper->name = "wrapper";
    wrapper->channels = options->hdlc.wanted ? (uint8_t)(channels - channels / 2u) : channels;
    status = open_listener(meter, wrapper, options->wrapper == 0 ? 0 : (uint16_t)(options->wrapper + index),
                           QD_FRAMING_WRAPPER);
    if (status != QD_EXIT_OK || !options->hdlc.wanted) {
        return status;
    }
    hdlc->name = "hdlc";
    hdlc->channel = wrapper->channels;
    hdlc->channels = channels / 2u;
    return open_listener(meter, hdlc, options->hdlc.port == 0 ? 0 : (uint16_t)(options->hdlc.port + index),
                         QD_FRAMING_HDLC);
}

int run_ports_open(run_meter_t *meter, uint32_t index) {
    const run_options_t *options = &meter->run->options;
    int status = open_network(meter, index);

    if (status == QD_EXIT_OK) {
        status = open_where(meter, &options->optical, "optical", QD_MODEL_OPTICAL, 0, index);
    }
    if (status == QD_EXIT_OK) {
        status = open_where(meter, &options->rs485[0], "rs485", QD_MODEL_RS485, 0, index);
    }
    if (status == QD_EXIT_OK) {
        status = open_where(meter, &options->rs485[1], "rs485-2", QD_MODEL_RS485, 1, index);
    }
    return status;
}

/* --- running ---------------------------------------------------------------------------------- */

uint32_t run_ports_flush(run_meter_t *meter) {
    uint32_t waiting = 0;

    for (const run_port_t *port = meter->port, *end = port + meter->port_count; port < end; port++) {
        waiting +=
            port->server != NULL ? qd_linux_server_flush(port->server) : qd_linux_line_flush(port->line);
    }
    return waiting;
}

void run_ports_reset(run_meter_t *meter, bool dark) {
    for (uint8_t n = 0; n < meter->port_count; n++) {
        if (meter->port[n].server != NULL) {
            qd_linux_server_reset(meter->port[n].server, dark);
        } else {
            qd_linux_line_reset(meter->port[n].line, dark);
        }
    }
}

void run_ports_close(run_meter_t *meter) {
    for (uint8_t n = 0; n < meter->port_count; n++) {
        if (meter->port[n].server != NULL) {
            qd_linux_server_close(meter->port[n].server);
        } else {
            qd_linux_line_close(meter->port[n].line);
        }
    }
    meter->port_count = 0;
}
