/*
 * conform_link.c - connections, frames and APDUs of the conformance suite: TCP and serial lines, wrapper and HDLC.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STORY_MAX 12000u
#define SHOWN_MAX 300u
#define SECRET_LEAST 4u /* so many octets of a password in a row are one, or part of one */
#define SEGMENTS_MAX 4096u
#define FAREWELL_MS 200u

uint32_t cf_now_ms(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

void cf_sleep_ms(uint32_t ms) {
    struct timespec span = {(time_t)(ms / 1000u), (long)(ms % 1000u) * 1000000L};

    while (nanosleep(&span, &span) != 0 && errno == EINTR) {
    }
}

/* --- connections -------------------------------------------------------------------------------------- */

static cf_connection_t *here(cf_runner_t *runner) {
    return &runner->connection[runner->on];
}

static void forget(cf_connection_t *connection) {
    connection->linked = false;
    connection->associated = false;
    connection->send_number = 0;
    connection->receive_number = 0;
    connection->send_info = 128;
    connection->final = false;
}

/* Marks what of octets is part of a password, that a segment may have cut. */
static void hide(const char *digits, const uint8_t *from, size_t length, bool *hidden) {
    cf_octets_t built = {NULL, 0, 0};
    const cf_names_t none = {NULL, 0, NULL};
    const char *why = NULL;
    size_t least, at, begin, run;

    (void)cf_build(&none, digits, &built, &why); /* nothing, when they are no octets */
    least = built.length < SECRET_LEAST ? built.length : SECRET_LEAST;
    for (at = 0; at < length; at++) {
        for (begin = 0; begin < built.length; begin++) {
            for (run = 0;
                 at + run < length && begin + run < built.length && from[at + run] == built.at[begin + run];
                 run++) {
            }
            if (run >= least && run > 0u) {
                (void)memset(hidden + at, true, run);
            }
        }
    }
    cf_free(&built);
}

void cf_show(const cf_runner_t *runner, cf_octets_t *to, const uint8_t *from, size_t length) {
    bool hidden[SHOWN_MAX] = {false};
    size_t shown = length < SHOWN_MAX ? length : SHOWN_MAX;
    size_t i;

    for (i = 0; i < runner->capabilities->count; i++) {
        const cf_name_t *row = &runner->capabilities->row[i];

        if (strncmp(row->name, "password.", 9) == 0) {
            hide(row->text, from, shown, hidden);
        }
    }
    for (i = 0; i < shown; i++) {
        if (i > 0u) {
            cf_say(to, " ");
        }
        if (hidden[i]) {
            cf_say(to, "**");
        } else {
            cf_say(to, "%02X", from[i]);
        }
    }
    if (shown < length) {
        cf_say(to, " ... (%zu octets)", length);
    }
}

static void tell(cf_runner_t *runner, const char *what, const uint8_t *at, size_t length) {
    cf_octets_t line = {NULL, 0, 0};

    cf_say(&line, "%u %-6s ", (unsigned)runner->on, what);
    cf_show(runner, &line, at, length);
    if (runner->trace) {
        (void)fprintf(stderr, "%s\n", (const char *)line.at);
    }
    if (runner->story.length + line.length < STORY_MAX) {
        cf_say(&runner->story, "%s\n", (const char *)line.at);
    }
    cf_free(&line);
}

/* Until the peer has closed too: a meter with few connections must have noticed before the next one comes. */
static void farewell(int fd) {
    uint32_t begin = cf_now_ms();
    uint8_t octets[512];

    (void)shutdown(fd, SHUT_WR);
    while (cf_now_ms() - begin < FAREWELL_MS) {
        struct pollfd poller = {fd, POLLIN, 0};

        if (poll(&poller, 1, (int)FAREWELL_MS) <= 0 || read(fd, octets, sizeof octets) <= 0) {
            return;
        }
    }
}

void cf_close(cf_runner_t *runner, bool with_reset) {
    cf_connection_t *connection = here(runner);

    if (connection->fd >= 0) {
        if (with_reset) {
            struct linger linger = {1, 0};

            (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        tell(runner, with_reset ? "reset" : "close", NULL, 0);
        if (!with_reset && runner->address.device[0] == '\0') {
            farewell(connection->fd);
        }
        (void)close(connection->fd);
        if (with_reset) {
            cf_sleep_ms(FAREWELL_MS / 4u); /* nobody says when the peer has noticed */
        }
        connection->fd = -1;
    }
    cf_clear(&connection->heard);
    forget(connection);
}

/* A known start: disconnect mode. */
static const char *disconnect(cf_runner_t *runner) {
    cf_octets_t frame = {NULL, 0, 0};
    const char *why;
    cf_heard_t heard = CF_NOTHING;
    unsigned i;

    for (i = 0; i < 2u && heard != CF_FRAME; i++) {
        cf_clear(&frame);
        if (!cf_build(&runner->names, "{f @server @client 53}", &frame, &why)) {
            cf_free(&frame);
            return why;
        }
        if (cf_send(runner, frame.at, frame.length)) {
            heard = cf_hear(runner, runner->timeout_ms, &frame);
        }
    }
    cf_free(&frame);
    forget(here(runner));
    return heard == CF_FRAME ? NULL : "DISC is not answered";
}

const char *cf_open(cf_runner_t *runner) {
    cf_connection_t *connection = here(runner);
    const cf_address_t *to = &runner->address;
    const char *why = NULL;
    qd_wire_t wire;

    /* A line stays open, a TCP connection is a new one. */
    if (to->device[0] == '\0') {
        cf_close(runner, false);
        why = qd_tcp_connect(&wire, to->host, to->port, runner->timeout_ms);
        connection->fd = wire.fd;
    } else if (connection->fd < 0) {
        why = qd_serial_open(&wire, to->device, to->baud, to->seven_even);
        connection->fd = wire.fd;
    }
    cf_clear(&connection->heard);
    forget(connection);
    if (why == NULL) {
        tell(runner, "open", NULL, 0);
        why = runner->address.framing == CF_HDLC ? disconnect(runner) : NULL;
    }
    return why;
}

static bool write_some(cf_runner_t *runner, const uint8_t *from, size_t length) {
    uint32_t begin = cf_now_ms();

    while (length > 0u) {
        ssize_t sent = write(here(runner)->fd, from, length);

        if (sent > 0) {
            from += sent;
            length -= (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd poller = {here(runner)->fd, POLLOUT, 0};

            if (cf_now_ms() - begin > runner->timeout_ms) {
                return false;
            }
            (void)poll(&poller, 1, 100);
        } else if (sent >= 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool cf_send(cf_runner_t *runner, const uint8_t *from, size_t length) {
    size_t i;

    tell(runner, "sent", from, length);
    if (here(runner)->fd < 0) {
        return false;
    }
    if (runner->slow_ms == 0u) {
        return write_some(runner, from, length);
    }
    for (i = 0; i < length; i++) {
        if (!write_some(runner, from + i, 1)) {
            return false;
        }
        cf_sleep_ms(runner->slow_ms);
    }
    return true;
}

/* --- frames ------------------------------------------------------------------------------------------- */

static void consume(cf_octets_t *heard, size_t length) {
    (void)memmove(heard->at, heard->at + length, heard->length - length);
    heard->length -= length;
}

/* CF_NOTHING: not whole yet. */
static cf_heard_t take_wrapper(cf_octets_t *heard, cf_octets_t *frame) {
    size_t length;

    if (heard->length < 8u) {
        return CF_NOTHING;
    }
    length = (size_t)heard->at[6] << 8 | heard->at[7];
    if (heard->length < 8u + length) {
        return CF_NOTHING;
    }
    cf_put(frame, heard->at, 6);
    cf_put(frame, heard->at + 8, length);
    consume(heard, 8u + length);
    return CF_FRAME;
}

/* Length of an address whose last octet has bit 0 set; 0: none. */
static size_t address_length(const uint8_t *at, size_t length) {
    size_t i;

    for (i = 0; i < length && i < 4u; i++) {
        if ((at[i] & 1u) != 0u) {
            return i + 1u;
        }
    }
    return 0;
}

static bool checked(const uint8_t *at, size_t length) {
    uint16_t crc = cf_crc(at, length - 2u);

    return at[length - 2u] == (crc & 0xFFu) && at[length - 1u] == crc >> 8;
}

/* Octets between two flags: their canonical form. */
static bool take_hdlc_body(const uint8_t *at, size_t length, cf_octets_t *frame) {
    size_t head;
    size_t part;

    if (length < 7u || (at[0] & 0xF0u) != 0xA0u || ((size_t)(at[0] & 7u) << 8 | at[1]) != length ||
        !checked(at, length)) {
        return false;
    }
    part = address_length(at + 2, length - 5u);
    head = 2u + part;
    part = part > 0u ? address_length(at + head, length - head - 3u) : 0u;
    head += part + 1u; /* with the control octet */
    if (part == 0u || (length > head + 2u && (length < head + 4u || !checked(at, head + 2u)))) {
        return false;
    }
    cf_put_1(frame, at[0] & 0xF8u);
    cf_put(frame, at + 2, head - 2u);
    if (length > head + 2u) {
        cf_put(frame, at + head + 2, length - head - 4u);
    }
    return true;
}

static cf_heard_t take_hdlc(cf_octets_t *heard, cf_octets_t *frame) {
    size_t length;

    while (heard->length > 0u && heard->at[0] == 0x7Eu && heard->length > 1u && heard->at[1] == 0x7Eu) {
        consume(heard, 1);
    }
    if (heard->length == 0u) {
        return CF_NOTHING;
    }
    if (heard->at[0] != 0x7Eu) {
        cf_put(frame, heard->at, heard->length);
        consume(heard, heard->length);
        return CF_BROKEN;
    }
    if (heard->length < 3u) {
        return CF_NOTHING;
    }
    length = (size_t)(heard->at[1] & 7u) << 8 | heard->at[2];
    if (heard->length < length + 2u) {
        return CF_NOTHING;
    }
    if (heard->at[length + 1u] != 0x7Eu || !take_hdlc_body(heard->at + 1, length, frame)) {
        cf_clear(frame);
        cf_put(frame, heard->at, heard->length);
        consume(heard, heard->length);
        return CF_BROKEN;
    }
    consume(heard, length + 1u); /* the flag at the end may begin the next frame */
    return CF_FRAME;
}

static cf_heard_t take_frame(cf_runner_t *runner, cf_octets_t *frame) {
    cf_octets_t *heard = &here(runner)->heard;

    cf_clear(frame);
    return runner->address.framing == CF_HDLC ? take_hdlc(heard, frame) : take_wrapper(heard, frame);
}

cf_heard_t cf_hear(cf_runner_t *runner, uint32_t wait_ms, cf_octets_t *frame) {
    uint32_t begin = cf_now_ms();
    cf_connection_t *connection = here(runner);

    for (;;) {
        cf_heard_t heard = take_frame(runner, frame);
        struct pollfd poller = {connection->fd, POLLIN, 0};
        uint32_t passed = cf_now_ms() - begin;
        uint8_t octets[2048];
        ssize_t got;

        if (heard != CF_NOTHING) {
            tell(runner, heard == CF_FRAME ? "got" : "broken", frame->at, frame->length);
            return heard;
        }
        if (connection->fd < 0) {
            return CF_CLOSED;
        }
        if (passed >= wait_ms || poll(&poller, 1, (int)(wait_ms - passed)) <= 0) {
            if (passed >= wait_ms) {
                tell(runner, "quiet", connection->heard.at, connection->heard.length);
                return connection->heard.length > 1u ? CF_BROKEN : CF_NOTHING;
            }
            continue;
        }
        got = read(connection->fd, octets, sizeof octets);
        if (got > 0) {
            cf_put(&connection->heard, octets, (size_t)got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            tell(runner, "closed", NULL, 0);
            (void)close(connection->fd);
            connection->fd = -1;
            forget(connection);
            return CF_CLOSED;
        }
    }
}

/* --- APDUs -------------------------------------------------------------------------------------------- */

static bool send_built(cf_runner_t *runner, const char *text) {
    cf_octets_t frame = {NULL, 0, 0};
    const char *why;
    bool good = cf_build(&runner->names, text, &frame, &why) && cf_send(runner, frame.at, frame.length);

    cf_free(&frame);
    return good;
}

/* Where information begins in a canonical frame; *control is what stands before it. 0: not from our meter. */
static size_t hdlc_head(const cf_octets_t *frame, uint8_t *control) {
    size_t to = address_length(frame->at + 1, frame->length - 1u);
    size_t from = address_length(frame->at + 1u + to, frame->length - 1u - to);

    if (to == 0u || from == 0u || frame->length < 2u + to + from) {
        return 0;
    }
    *control = frame->at[1u + to + from];
    return 2u + to + from;
}

/* Parameters of UA: how much the meter takes in one information field (its parameter 06). */
static void take_parameters(cf_connection_t *connection, const uint8_t *at, size_t length) {
    size_t i = 3;

    while (length >= 3u && i + 2u <= length && i + 2u + at[i + 1u] <= length) {
        size_t value = 0;
        size_t k;

        for (k = 0; k < at[i + 1u]; k++) {
            value = value << 8 | at[i + 2u + k];
        }
        if (at[i] == 6u && value >= 8u && value <= 2030u) {
            connection->send_info = value;
        }
        i += 2u + at[i + 1u];
    }
}

bool cf_link(cf_runner_t *runner) {
    cf_connection_t *connection = here(runner);
    cf_octets_t frame = {NULL, 0, 0};
    uint8_t control = 0;
    size_t head;
    bool good;

    if (runner->address.framing == CF_WRAPPER) {
        return true;
    }
    good = send_built(runner, "{f @server @client 93}") &&
           cf_hear(runner, runner->timeout_ms, &frame) == CF_FRAME;
    head = good ? hdlc_head(&frame, &control) : 0u;
    good = head > 0u && control == 0x73u;
    if (good) {
        forget(connection);
        take_parameters(connection, frame.at + head, frame.length - head);
        connection->linked = true;
    }
    cf_free(&frame);
    return good;
}

static cf_heard_t ask_hdlc(cf_runner_t *runner, const uint8_t *apdu, size_t length) {
    cf_connection_t *connection = here(runner);
    cf_octets_t info = {NULL, 0, 0};
    cf_octets_t frame = {NULL, 0, 0};
    cf_heard_t heard = CF_FRAME;
    size_t at = 0;

    if (!connection->linked && !cf_link(runner)) {
        return connection->fd < 0 ? CF_CLOSED : CF_NOTHING;
    }
    connection->final = false;
    cf_put(&info, "\xE6\xE6", 3); /* with the zero behind them */
    cf_put(&info, apdu, length);
    while (heard == CF_FRAME && at < info.length) {
        size_t part = info.length - at < connection->send_info ? info.length - at : connection->send_info;
        bool last = at + part == info.length;
        cf_octets_t text = {NULL, 0, 0};
        uint8_t control = 0;

        cf_say(&text, "{%s @server @client %02X ", last ? "f" : "fs",
               (unsigned)connection->receive_number << 5 | 0x10u | (unsigned)connection->send_number << 1);
        cf_put_hex(&text, info.at + at, part);
        cf_say(&text, "}");
        heard = send_built(runner, (const char *)text.at) ? CF_FRAME : CF_CLOSED;
        cf_free(&text);
        connection->send_number = (connection->send_number + 1u) & 7u;
        at += part;
        if (!last && heard == CF_FRAME) {
            heard = cf_hear(runner, runner->timeout_ms, &frame);
            if (heard == CF_FRAME && (hdlc_head(&frame, &control) == 0u || (control & 0x1Fu) != 0x11u ||
                                      control >> 5 != connection->send_number)) {
                heard = CF_BROKEN;
            }
        }
    }
    cf_free(&info);
    cf_free(&frame);
    return heard;
}

cf_heard_t cf_ask(cf_runner_t *runner, const uint8_t *apdu, size_t length) {
    cf_octets_t frame = {NULL, 0, 0};
    cf_octets_t text = {NULL, 0, 0};
    const char *why;
    cf_heard_t heard;

    if (here(runner)->fd < 0) {
        return CF_CLOSED;
    }
    if (runner->address.framing == CF_HDLC) {
        return ask_hdlc(runner, apdu, length);
    }
    cf_say(&text, "0001 @sap @server-sap ");
    cf_put_number(&frame, 0, 0);
    heard = cf_build(&runner->names, (const char *)text.at, &frame, &why) ? CF_FRAME : CF_BROKEN;
    cf_put_number(&frame, length, 2);
    cf_put(&frame, apdu, length);
    heard = heard == CF_FRAME && !cf_send(runner, frame.at, frame.length) ? CF_CLOSED : heard;
    cf_free(&frame);
    cf_free(&text);
    return heard;
}

/* RR with the poll bit. */
static bool poll_on(cf_runner_t *runner) {
    cf_octets_t text = {NULL, 0, 0};
    bool good;

    cf_say(&text, "{f @server @client %02X}", (unsigned)here(runner)->receive_number << 5 | 0x11u);
    good = send_built(runner, (const char *)text.at);
    cf_free(&text);
    return good;
}

/* RR alone means: taken, and there is no answer. */
static cf_heard_t answer_hdlc(cf_runner_t *runner, uint32_t wait_ms, cf_octets_t *apdu) {
    cf_connection_t *connection = here(runner);
    cf_octets_t frame = {NULL, 0, 0};
    cf_heard_t heard = CF_FRAME;
    unsigned segments;
    bool more = true;

    for (segments = 0; more && segments < SEGMENTS_MAX && heard == CF_FRAME; segments++) {
        uint8_t control = 0;
        size_t head;

        if (segments == 0u && connection->final &&
            !poll_on(runner)) { /* the meter may speak when it is polled */
            heard = CF_CLOSED;
            break;
        }
        heard = cf_hear(runner, wait_ms, &frame);
        head = heard == CF_FRAME ? hdlc_head(&frame, &control) : 0u;
        connection->final = head > 0u && (control & 0x10u) != 0u;
        if (head == 0u) {
            heard = heard == CF_FRAME ? CF_BROKEN : heard;
        } else if ((control & 0x0Fu) == 1u) {
            heard = segments == 0u ? CF_NOTHING : CF_BROKEN;
        } else if ((control & 1u) != 0u || (control >> 1 & 7u) != connection->receive_number) {
            heard = CF_BROKEN; /* no I-frame, or not the next one */
        } else {
            connection->receive_number = (connection->receive_number + 1u) & 7u;
            cf_put(apdu, frame.at + head, frame.length - head);
            more = (frame.at[0] & 8u) != 0u;
            if (more && (control & 0x10u) != 0u) {
                heard = poll_on(runner) ? CF_FRAME : CF_CLOSED;
            }
        }
    }
    if (heard == CF_FRAME) {
        if (apdu->length < 3u || memcmp(apdu->at, "\xE6\xE7", 3) != 0) {
            heard = CF_BROKEN;
        } else {
            consume(apdu, 3);
        }
    }
    cf_free(&frame);
    return heard;
}

cf_heard_t cf_answer(cf_runner_t *runner, uint32_t wait_ms, cf_octets_t *apdu) {
    cf_octets_t frame = {NULL, 0, 0};
    cf_octets_t head = {NULL, 0, 0};
    const char *why;
    cf_heard_t heard;

    cf_clear(apdu);
    if (runner->address.framing == CF_HDLC) {
        heard = answer_hdlc(runner, wait_ms, apdu);
    } else {
        heard = cf_hear(runner, wait_ms, &frame);
        if (heard == CF_FRAME) {
            heard = cf_build(&runner->names, "0001 @server-sap @sap", &head, &why) && frame.length >= 6u &&
                            memcmp(frame.at, head.at, 6) == 0
                        ? CF_FRAME
                        : CF_BROKEN;
            cf_put(apdu, frame.at + 6, frame.length - 6u);
        }
    }
    if (heard == CF_FRAME && apdu->length > runner->longest) {
        runner->longest = apdu->length;
    }
    cf_free(&frame);
    cf_free(&head);
    return heard;
}
