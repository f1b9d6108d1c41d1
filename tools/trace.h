/*
 * trace.h - --trace and --pcap: what a client sends and receives, for people and for other programs.
 */
#ifndef QD_TOOLS_TRACE_H
#define QD_TOOLS_TRACE_H

#include "address.h"

#include <stdio.h>

#define QD_TRACE_APDU 70000u

/* An APDU that is put together from segments, one for each direction. */
typedef struct qd_trace_apdu {
    size_t length;
    uint8_t octets[QD_TRACE_APDU];
    unsigned next; /* number of the next I frame */
    bool secret;   /* its octets are not shown */
} qd_trace_apdu_t;

typedef struct qd_trace {
    bool hdlc;
    bool shown;       /* --trace */
    FILE *pcap;       /* --pcap; NULL: none */
    bool pcap_failed; /* a record could not be written */
    uint32_t sequence[2];
    qd_trace_apdu_t apdu[2]; /* received, sent */
} qd_trace_t;

/* Opens the capture, if one is wanted. Exit status, told on stderr. */
int qd_trace_begin(qd_trace_t *trace, const qd_options_t *options, const qd_address_t *address);
/* The client's callback; context is the trace. */
void qd_trace_frame(void *context, bool sent, const uint8_t *frame, size_t length);
/* Closes the capture. Exit status, told on stderr. */
int qd_trace_end(qd_trace_t *trace, const qd_options_t *options);

/* pcap.c: one record. */
bool qd_pcap_head(FILE *file, bool hdlc);
bool qd_pcap_record(qd_trace_t *trace, bool sent, const uint8_t *octets, size_t length);

#endif
