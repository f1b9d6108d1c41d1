/*
 * pcap.c - captures in the classic pcap format (docs/capture.md).
 *
 * The wrapper is shown as the TCP stream that it was, with headers made for it: LINKTYPE_RAW, documentation addresses,
 * port 4059, right lengths, sequence numbers and checksums. HDLC is one frame a record, from flag to flag, LINKTYPE_USER0.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "trace.h"

#include <string.h>
#include <time.h>

#define MAGIC 0xA1B2C3D4u
#define SNAP_LENGTH 262144u
#define LINKTYPE_RAW 101u
#define LINKTYPE_USER0 147u
#define IP_HEAD 20u
#define TCP_HEAD 20u
#define PART_MAX 16384u /* octets of one TCP segment */
#define CLIENT_PORT 49152u
#define METER_PORT 4059u
#define SYN 0x02u
#define PSH_ACK 0x18u
#define ACK 0x10u

static const uint8_t client_host[4] = {192, 0, 2, 1}; /* TEST-NET-1 */
static const uint8_t meter_host[4] = {192, 0, 2, 2};

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFFu);
}

/* The head of a pcap file says its own octet order: this machine's. */
static bool put_words(FILE *file, const uint32_t *words, size_t count) {
    return fwrite(words, sizeof *words, count, file) == count;
}

bool qd_pcap_head(FILE *file, bool hdlc) {
    const uint16_t version[2] = {2, 4};
    const uint32_t magic = MAGIC;
    const uint32_t rest[4] = {0, 0, SNAP_LENGTH, hdlc ? LINKTYPE_USER0 : LINKTYPE_RAW};

    return put_words(file, &magic, 1) && fwrite(version, sizeof version, 1, file) == 1u &&
           put_words(file, rest, 4);
}

static bool put_record(FILE *file, const uint8_t *head, size_t head_length, const uint8_t *octets,
                       size_t length) {
    struct timespec now;
    uint32_t words[4];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    words[0] = (uint32_t)now.tv_sec;
    words[1] = (uint32_t)(now.tv_nsec / 1000);
    words[2] = (uint32_t)(head_length + length);
    words[3] = words[2];
    return put_words(file, words, 4) && fwrite(head, 1, head_length, file) == head_length &&
           fwrite(octets, 1, length, file) == length;
}

/* Ones' complement sum over octets (RFC 1071), going on from sum. */
static uint32_t add_sum(uint32_t sum, const uint8_t *octets, size_t length) {
    size_t i;

    for (i = 0; i + 1u < length; i += 2u) {
        sum += (uint32_t)octets[i] << 8 | octets[i + 1u];
    }
    return (length & 1u) != 0u ? sum + ((uint32_t)octets[length - 1u] << 8) : sum;
}

static uint16_t end_sum(uint32_t sum) {
    while (sum > 0xFFFFu) {
        sum = (sum & 0xFFFFu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static bool put_segment(qd_trace_t *trace, bool sent, uint8_t flags, const uint8_t *octets, size_t length) {
    uint8_t head[IP_HEAD + TCP_HEAD] = {0x45};
    uint8_t *tcp = head + IP_HEAD;
    uint8_t pseudo[4] = {0, 6};
    uint32_t sum;

    put16(head + 2, (uint32_t)(sizeof head + length));
    head[6] = 0x40; /* not to be cut */
    head[8] = 64;
    head[9] = 6; /* TCP */
    (void)memcpy(head + 12, sent ? client_host : meter_host, 4);
    (void)memcpy(head + 16, sent ? meter_host : client_host, 4);
    put16(head + 10, end_sum(add_sum(0, head, IP_HEAD)));
    put16(tcp, sent ? CLIENT_PORT : METER_PORT);
    put16(tcp + 2, sent ? METER_PORT : CLIENT_PORT);
    put32(tcp + 4, trace->sequence[sent]);
    put32(tcp + 8, (flags & ACK) != 0u ? trace->sequence[!sent] : 0u);
    tcp[12] = TCP_HEAD / 4u << 4;
    tcp[13] = flags;
    put16(tcp + 14, 0xFFFF);
    put16(pseudo + 2, (uint32_t)(TCP_HEAD + length));
    sum = add_sum(add_sum(0, head + 12, 8), pseudo, sizeof pseudo);
    sum = add_sum(add_sum(sum, tcp, TCP_HEAD), octets, length);
    put16(tcp + 16, end_sum(sum));
    trace->sequence[sent] += (uint32_t)length + ((flags & SYN) != 0u ? 1u : 0u);
    return put_record(trace->pcap, head, sizeof head, octets, length);
}

/* The opening of the connection, so that readers know both sequence numbers. */
static bool put_handshake(qd_trace_t *trace) {
    static const uint8_t nothing[1] = {0};

    trace->sequence[0] = 2000;
    trace->sequence[1] = 1000;
    return put_segment(trace, true, SYN, nothing, 0) && put_segment(trace, false, SYN | ACK, nothing, 0) &&
           put_segment(trace, true, ACK, nothing, 0);
}

bool qd_pcap_record(qd_trace_t *trace, bool sent, const uint8_t *octets, size_t length) {
    bool good = true;

    if (trace->hdlc) {
        return put_record(trace->pcap, octets, 0, octets, length);
    }
    if (trace->sequence[1] == 0u) {
        good = put_handshake(trace);
    }
    while (good && length > 0u) {
        size_t part = length < PART_MAX ? length : PART_MAX;

        good = put_segment(trace, sent, PSH_ACK, octets, part);
        octets += part;
        length -= part;
    }
    return good;
}
