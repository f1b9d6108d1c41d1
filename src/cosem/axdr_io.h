/*
 * axdr_io.h - neutral elements to A-XDR and back.
 *
 * Purpose: a sink that writes a window of a stream: it skips what was sent before and stops when the
 * block is full, so that long values are encoded again and again but never stored.
 * Context: any; state is the caller's.
 */
#ifndef QD_COSEM_AXDR_IO_H
#define QD_COSEM_AXDR_IO_H

#include "item/item.h"
#include "protocol/axdr.h"

typedef struct qd_axdr_sink {
    qd_sink_t sink;
    qd_writer_t *w;
    size_t start;     /* where this block's data begins in w */
    size_t limit;     /* where it must end */
    uint32_t skip;    /* octets of the present unit still to be passed over */
    uint32_t emitted; /* octets of the present unit that are in this or earlier blocks */
} qd_axdr_sink_t;

void qd_axdr_sink_init(qd_axdr_sink_t *sink, qd_writer_t *w, size_t limit);
/* Begins a unit of which offset octets have been sent before. */
void qd_axdr_sink_unit(qd_axdr_sink_t *sink, uint32_t offset);
/* Raw octets of the stream. An element of up to 16 octets is not cut when it can begin the next
 * block whole. QD_OK; QD_NO_SPACE: the block is full, emitted says how far the unit got. */
qd_status_t qd_axdr_sink_emit(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length);

/* Where a row of at most length octets that begins its unit may be encoded in place; NULL: elsewhere, it may not fit. */
uint8_t *qd_axdr_sink_room(const qd_axdr_sink_t *sink, size_t length);
/* A row that is encoded already, there or elsewhere: structures, arrays of at most 127, octet-strings of at most 127
 * octets, null-data, long-unsigned and numbers of one octet. As emit of each element; nothing of the unit may stand
 * before it. */
qd_status_t qd_axdr_sink_encoded(qd_axdr_sink_t *sink, const uint8_t *octets, size_t length);
/* The A-XDR sink behind a neutral one; NULL: it is another. */
qd_axdr_sink_t *qd_axdr_sink_of(const qd_sink_t *sink);

typedef struct qd_axdr_source {
    qd_source_t source;
    qd_reader_t r;
} qd_axdr_source_t;

/* A source over one A-XDR element that was found well-formed; empty: gives one null-data. */
void qd_axdr_source_init(qd_axdr_source_t *source, const uint8_t *octets, size_t length);

#endif
