/*
 * line.c - the two DLMS channels, each on a UART: the first with the wrapper, the second with it or, when the fuses say
 * so, the optical head with HDLC at 9600 bit/s.
 *
 * Without carrier a line is always there. The wrapper's octets have no other frame, so this file counts along: when
 * half a frame is followed by half a second of silence the peer has changed, and the generation moves. HDLC knows its
 * links itself: its generation stands. With carrier (a modem, or whatever the host puts there) the generation is that
 * of the calls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define SILENCE_US 500000u
#define HEAD 8u
#define BAUD 9600u

typedef struct line {
    uint32_t uart;
    uint32_t generation;
    uint32_t carrier; /* as last seen; 0: this line has none */
    bool hdlc;
    bool closing; /* ended by the meter; hangs up when all is sent */
    bool closed;
    uint8_t head[HEAD]; /* of the frame that is arriving */
    uint32_t head_have;
    uint32_t body_left;
    uint64_t heard_us; /* when its last octet was taken */
} line_t;

static line_t lines[QD_MPS2_CHANNELS] = {{.uart = 0, .generation = 1}, {.uart = 1, .generation = 1}};

static uint32_t index_of(const line_t *line) {
    return (uint32_t)(line - lines);
}

static void next_peer(line_t *line) {
    line->generation++;
    line->head_have = 0;
    line->body_left = 0;
    line->closing = false;
    line->closed = false;
}

static bool inside_frame(const line_t *line) {
    return !line->hdlc && line->head_have > 0;
}

/* Follows the wrapper's frames: 8 octets, the last two of them the length of what follows. */
static void follow(line_t *line, const uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (line->head_have < HEAD) {
            line->head[line->head_have++] = octets[i];
            line->body_left = line->head_have == HEAD ? (uint32_t)line->head[6] << 8 | line->head[7] : 1u;
        } else {
            line->body_left--;
        }
        if (line->body_left == 0) {
            line->head_have = 0;
        }
    }
}

static bool carrier_moved(const line_t *line) {
    return qd_board_world()->carrier[index_of(line)] != line->carrier;
}

static void look_at_carrier(line_t *line) {
    uint32_t n = index_of(line);
    if (carrier_moved(line)) {
        line->carrier = qd_board_world()->carrier[n];
        qd_uart_clear(line->uart);
        next_peer(line);
        qd_board_world()->seen[n] = line->carrier;
    }
    if (line->closing && qd_uart_sent(line->uart)) {
        line->closing = false;
        line->closed = true;
        qd_board_world()->hangup[n] = line->carrier;
    }
}

static uint32_t generation(void *context) {
    line_t *line = context;
    look_at_carrier(line);
    if (line->carrier != 0) {
        return line->carrier % 2u == 0 || line->closing || line->closed ? 0 : line->generation;
    }
    if (inside_frame(line) && qd_board_tick_us() - line->heard_us > SILENCE_US) {
        next_peer(line);
    }
    return line->generation;
}

static size_t read(void *context, uint8_t *buffer, size_t size) {
    line_t *line = context;
    size_t got = qd_uart_read(line->uart, buffer, size);
    if (got > 0) {
        line->heard_us = qd_board_tick_us();
        if (!line->hdlc) {
            follow(line, buffer, got);
        }
    }
    return got;
}

static size_t write(void *context, const uint8_t *buffer, size_t length) {
    return qd_uart_write(((line_t *)context)->uart, buffer, length);
}

/* A line cannot hang up: it forgets what it has, and the peer has to begin again. */
static void close(void *context) {
    line_t *line = context;
    if (line->carrier != 0) {
        line->closing = true;
        return;
    }
    if (line->hdlc) {
        return;
    }
    uint8_t gone[64];
    while (qd_uart_read(line->uart, gone, sizeof gone) > 0) {
    }
    next_peer(line);
}

static uint32_t now_ms(void *context) {
    (void)context;
    return (uint32_t)(qd_board_tick_us() / 1000u);
}

static void configure(void *context, uint32_t baud, uint8_t format) {
    (void)format; /* the device has no parity; ten bits in either */
    qd_uart_pace(((line_t *)context)->uart, baud);
}

static const qd_channel_port_t wrappers[QD_MPS2_CHANNELS] = {
    {.context = &lines[0], .generation = generation, .read = read, .write = write, .close = close},
    {.context = &lines[1], .generation = generation, .read = read, .write = write, .close = close},
};

static const qd_channel_port_t optical = {.context = &lines[1],
                                          .generation = generation,
                                          .read = read,
                                          .write = write,
                                          .close = close,
                                          .now_ms = now_ms,
                                          .configure = configure,
                                          .framing = QD_FRAMING_HDLC};

static uint32_t nobody(void *context) {
    (void)context;
    return 0;
}

static size_t read_nothing(void *context, uint8_t *buffer, size_t size) {
    (void)context;
    (void)buffer;
    (void)size;
    return 0;
}

static size_t write_nothing(void *context, const uint8_t *buffer, size_t length) {
    (void)context;
    (void)buffer;
    (void)length;
    return 0;
}

/* Of the model's channels that this board does not have. */
static const qd_channel_port_t absent = {.generation = nobody, .read = read_nothing, .write = write_nothing};

void qd_board_channels(const qd_model_t *model, qd_meter_ports_t *ports) {
    uint8_t second = 1;
    lines[1].hdlc = qd_board_fuse(QD_MPS2_FUSE_HDLC);
    while (lines[1].hdlc && second + 1u < qd_model_channel_count(model) &&
           qd_model_channel_bearer(model, second) != QD_MODEL_OPTICAL) {
        second++;
    }
    for (uint8_t n = 0; n < second; n++) {
        ports->channel[n] = &absent;
    }
    ports->channel[0] = &wrappers[0];
    ports->channel[second] = lines[1].hdlc ? &optical : &wrappers[1];
    ports->channel_count = (uint8_t)(second + 1u);
    if (lines[1].hdlc) {
        qd_uart_pace(lines[1].uart, BAUD);
    }
}

bool qd_board_channels_due(void) {
    for (uint32_t n = 0; n < QD_MPS2_CHANNELS; n++) {
        if (qd_uart_waiting(lines[n].uart) > 0 || carrier_moved(&lines[n]) || lines[n].closing) {
            return true;
        }
    }
    return false;
}
