/*
 * trace.c - frames in readable form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "trace.h"
#include "decode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRAPPER_HEAD 8u
#define LLC 3u
#define AARQ 0x60u

/* --- capture file */

int qd_trace_begin(qd_trace_t *trace, const qd_options_t *options, const qd_address_t *address) {
    int fd;

    trace->hdlc = address->kind != QD_ADDRESS_TCP;
    trace->shown = options->trace;
    if (options->pcap == NULL) {
        return QD_EXIT_OK;
    }
    fd = open(options->pcap, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0600) != 0 || (trace->pcap = fdopen(fd, "wb")) == NULL) {
        int status =
            qd_complain(options->command, QD_EXIT_OWN, "%s cannot be written: %s; give --pcap another file",
                        options->pcap, strerror(errno));

        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    if (address->mechanism == QD_CLIENT_LLS) {
        (void)qd_complain(options->command, 0, "%s holds the password in the clear; keep it to yourself",
                          options->pcap);
    }
    trace->pcap_failed = !qd_pcap_head(trace->pcap, trace->hdlc);
    return QD_EXIT_OK;
}

int qd_trace_end(qd_trace_t *trace, const qd_options_t *options) {
    bool failed = trace->pcap_failed;

    if (trace->pcap == NULL) {
        return QD_EXIT_OK;
    }
    failed = fclose(trace->pcap) != 0 || failed;
    trace->pcap = NULL;
    return failed ? qd_complain(options->command, QD_EXIT_OWN, "%s is not whole; is its disk full?",
                                options->pcap)
                  : QD_EXIT_OK;
}

/* --- HDLC */

typedef struct station {
    unsigned upper;
    unsigned lower;
    unsigned octets;
} station_t;

typedef struct hdlc_frame {
    station_t destination;
    station_t source;
    uint8_t control;
    bool segmented;
    bool whole; /* the fields are there */
    bool length_good;
    bool hcs_good;
    bool fcs_good;
    size_t information; /* where it begins */
    size_t length;      /* of the information */
} hdlc_frame_t;

/* CRC-16/X-25, bit by bit: a trace has time. */
static unsigned crc_of(const uint8_t *octets, size_t length) {
    unsigned crc = 0xFFFFu;
    size_t i;
    int bit;

    for (i = 0; i < length; i++) {
        crc ^= octets[i];
        for (bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0u ? crc >> 1 ^ 0x8408u : crc >> 1;
        }
    }
    return crc ^ 0xFFFFu;
}

static bool check(const uint8_t *frame, size_t from, size_t at) {
    return crc_of(frame + from, at - from) == ((unsigned)frame[at] | (unsigned)frame[at + 1u] << 8);
}

static size_t take_station(const uint8_t *frame, size_t at, size_t end, station_t *station) {
    uint8_t part[4] = {0};

    station->octets = 0;
    while (station->octets < 4u && at < end) {
        part[station->octets++] = frame[at] >> 1;
        if ((frame[at++] & 1u) != 0u) {
            break;
        }
    }
    if (station->octets == 4u) {
        station->upper = (unsigned)part[0] << 7 | part[1];
        station->lower = (unsigned)part[2] << 7 | part[3];
    } else {
        station->upper = part[0];
        station->lower = part[1];
    }
    return at;
}

static void take_frame(const uint8_t *octets, size_t size, hdlc_frame_t *frame) {
    size_t end = size;
    size_t at;

    (void)memset(frame, 0, sizeof *frame);
    if (size < 9u) {
        return;
    }
    end = octets[size - 1u] == 0x7Eu ? size - 1u : size;
    frame->segmented = (octets[1] & 8u) != 0u;
    frame->length_good = ((size_t)(octets[1] & 7u) << 8 | octets[2]) == end - 1u && end < size;
    at = take_station(octets, 3, end, &frame->destination);
    at = take_station(octets, at, end, &frame->source);
    if (at + 3u > end) {
        return;
    }
    frame->control = octets[at++];
    frame->whole = true;
    if (at + 2u == end) {
        frame->hcs_good = true;
        frame->fcs_good = check(octets, 1, at);
        return;
    }
    if (at + 4u > end) {
        frame->whole = false;
        return;
    }
    frame->hcs_good = check(octets, 1, at);
    frame->information = at + 2u;
    frame->length = end - 2u - frame->information;
    frame->fcs_good = check(octets, 1, end - 2u);
}

static const char *control_name(uint8_t control) {
    static const struct {
        uint8_t control;
        const char *name;
    } names[] = {{0x83, "SNRM"}, {0x43, "DISC"}, {0x63, "UA"}, {0x0F, "DM"}, {0x87, "FRMR"}, {0x03, "UI"}};
    size_t i;

    if ((control & 1u) == 0u) {
        return "I";
    }
    if ((control & 0x0Fu) == 0x01u || (control & 0x0Fu) == 0x05u) {
        return (control & 4u) != 0u ? "RNR" : "RR";
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].control == (control & 0xEFu)) {
            return names[i].name;
        }
    }
    return "unknown control field";
}

static void put_station(const station_t *station) {
    if (station->octets == 1u) {
        (void)fprintf(stderr, "%u", station->upper);
    } else {
        (void)fprintf(stderr, "%u/%u", station->upper, station->lower);
    }
}

static void put_parameters(const uint8_t *octets, size_t length) {
    static const char *const names[] = {"information transmit", "information receive", "window transmit",
                                        "window receive"};
    size_t at = 3;

    while (at + 2u <= length && at + 2u + octets[at + 1u] <= length) {
        unsigned long value = 0;
        size_t i;

        for (i = 0; i < octets[at + 1u] && i < 4u; i++) {
            value = value << 8 | octets[at + 2u + i];
        }
        if (octets[at] >= 5u && octets[at] <= 8u) {
            (void)fprintf(stderr, "    %s %lu\n", names[octets[at] - 5u], value);
        } else {
            (void)fprintf(stderr, "    parameter %u\n", octets[at]);
        }
        at += 2u + octets[at + 1u];
    }
}

static void put_rejection(const uint8_t *octets, size_t length) {
    if (length >= 3u) {
        (void)fprintf(stderr, "    rejected control %02X, V(S) %u, V(R) %u, reasons%s%s%s%s%s\n", octets[0],
                      (unsigned)octets[1] >> 1 & 7u, (unsigned)octets[1] >> 5,
                      (octets[2] & 1u) != 0u ? " W" : "", (octets[2] & 2u) != 0u ? " X" : "",
                      (octets[2] & 4u) != 0u ? " Y" : "", (octets[2] & 8u) != 0u ? " Z" : "",
                      (octets[2] & 16u) != 0u ? " V" : "");
    }
}

static void put_head(const hdlc_frame_t *frame) {
    uint8_t control = frame->control;

    (void)fputs("  HDLC ", stderr);
    put_station(&frame->source);
    (void)fputs(" to ", stderr);
    put_station(&frame->destination);
    (void)fprintf(stderr, ", %s", control_name(control));
    if ((control & 1u) == 0u) {
        (void)fprintf(stderr, ", N(S) %u", (unsigned)control >> 1 & 7u);
    }
    if ((control & 1u) == 0u || (control & 3u) == 1u) {
        (void)fprintf(stderr, ", N(R) %u", (unsigned)control >> 5);
    }
    (void)fprintf(stderr, "%s%s, length %s, HCS %s, FCS %s", (control & 0x10u) != 0u ? ", P/F" : "",
                  frame->segmented ? ", S" : "", frame->length_good ? "good" : "BAD",
                  frame->hcs_good ? "good" : "BAD", frame->fcs_good ? "good" : "BAD");
    if (frame->length > 0u) {
        (void)fprintf(stderr, ", %zu octets", frame->length);
    }
    (void)fputc('\n', stderr);
}

/* --- lines */

static void put_hex(const uint8_t *octets, size_t length, size_t gap, size_t secret, size_t secret_end) {
    size_t i;

    for (i = 0; i < length; i++) {
        (void)fputs(i == gap ? "  " : " ", stderr);
        if (i >= secret && i < secret_end) {
            (void)fputs("**", stderr);
        } else {
            (void)fprintf(stderr, "%02X", octets[i]);
        }
    }
    (void)fputc('\n', stderr);
}

static void show_wrapper(bool sent, const uint8_t *frame, size_t length) {
    size_t apdu = length > WRAPPER_HEAD ? length - WRAPPER_HEAD : 0u;
    size_t secret = WRAPPER_HEAD + (sent ? qd_decode_secret(frame + WRAPPER_HEAD, apdu) : apdu);

    (void)fprintf(stderr, "%s %s (%zu):", sent ? "->" : "<-",
                  apdu > 0u ? qd_client_apdu_name(frame + WRAPPER_HEAD, apdu) : "no APDU", apdu);
    put_hex(frame, length, WRAPPER_HEAD, secret, length);
    if (length >= WRAPPER_HEAD) {
        (void)fprintf(stderr, "  wrapper version %u, %u to %u, %u octets\n",
                      (unsigned)(frame[0] << 8 | frame[1]), (unsigned)(frame[2] << 8 | frame[3]),
                      (unsigned)(frame[4] << 8 | frame[5]), (unsigned)(frame[6] << 8 | frame[7]));
    }
    if (apdu > 0u) {
        qd_decode_apdu(stderr, frame + WRAPPER_HEAD, apdu, 2);
    }
}

/* One segment with its turn; a repetition is said, and changes nothing. */
static void show_segment(qd_trace_apdu_t *apdu, const uint8_t *information, const hdlc_frame_t *frame) {
    if ((frame->control >> 1 & 7u) != apdu->next) {
        (void)fputs("    a repetition\n", stderr);
        return;
    }
    apdu->next = (apdu->next + 1u) & 7u;
    if (apdu->length + frame->length <= QD_TRACE_APDU) {
        (void)memcpy(apdu->octets + apdu->length, information, frame->length);
        apdu->length += frame->length;
    }
    if (frame->segmented) {
        (void)fprintf(stderr, "    a segment, %zu octets so far\n", apdu->length);
        return;
    }
    if (apdu->length > LLC) {
        (void)fprintf(stderr, "    LLC %02X %02X %02X, %s (%zu)\n", apdu->octets[0], apdu->octets[1],
                      apdu->octets[2], qd_client_apdu_name(apdu->octets + LLC, apdu->length - LLC),
                      apdu->length - LLC);
        qd_decode_apdu(stderr, apdu->octets + LLC, apdu->length - LLC, 3);
    }
    apdu->length = 0;
}

/* Where the secret of a sent segment begins in its information. A long request may have it in any segment, and so
 * nothing of an association request with a password is shown as octets. */
static size_t secret_of(qd_trace_apdu_t *apdu, const uint8_t *information, const hdlc_frame_t *frame) {
    size_t length = frame->length;
    size_t at;

    if (apdu->length > 0u || (frame->control >> 1 & 7u) != apdu->next) {
        return apdu->secret ? 0u : length;
    }
    if (length <= LLC) {
        return length;
    }
    if (information[LLC] == AARQ && frame->segmented) {
        at = LLC + 2u;
    } else {
        at = LLC + qd_decode_secret(information + LLC, length - LLC);
    }
    apdu->secret = at < length;
    return at;
}

static void show_hdlc(qd_trace_t *trace, bool sent, const uint8_t *octets, size_t length) {
    qd_trace_apdu_t *apdu = &trace->apdu[sent];
    const uint8_t *information;
    hdlc_frame_t frame;
    size_t secret = length;
    bool good;

    take_frame(octets, length, &frame);
    good = frame.whole && frame.length_good && frame.hcs_good && frame.fcs_good;
    information = octets + frame.information;
    if (sent && frame.whole && (frame.control & 1u) == 0u) {
        secret = frame.information + secret_of(apdu, information, &frame);
    }
    (void)fprintf(stderr, "%s %s (%zu):", sent ? "->" : "<-",
                  frame.whole ? control_name(frame.control) : "no frame", length);
    put_hex(octets, length, frame.length > 0u ? frame.information : length, secret,
            frame.information + frame.length);
    if (!frame.whole) {
        (void)fputs("  HDLC frame cut short\n", stderr);
        return;
    }
    put_head(&frame);
    if (!good) {
        return;
    }
    switch (frame.control & 0xEFu) {
    case 0x83:
    case 0x63:
        put_parameters(information, frame.length);
        trace->apdu[0].length = trace->apdu[1].length = 0;
        trace->apdu[0].next = trace->apdu[1].next = 0;
        break;
    case 0x87:
        put_rejection(information, frame.length);
        break;
    default:
        if ((frame.control & 1u) == 0u) {
            show_segment(apdu, information, &frame);
        }
        break;
    }
}

void qd_trace_frame(void *context, bool sent, const uint8_t *frame, size_t length) {
    qd_trace_t *trace = context;

    if (trace->pcap != NULL && !trace->pcap_failed) {
        trace->pcap_failed = !qd_pcap_record(trace, sent, frame, length);
    }
    if (!trace->shown) {
        return;
    }
    (void)fflush(stdout);
    if (trace->hdlc) {
        show_hdlc(trace, sent, frame, length);
    } else {
        show_wrapper(sent, frame, length);
    }
}
