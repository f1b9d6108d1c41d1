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

/* Where the blocks so far have cut a unit. Its values may move on before the next block, but not its shape, and not
 * the element that is cut. */
typedef struct qd_axdr_cut {
    uint16_t elements; /* given whole; a long string is two: its head and its content */
    uint16_t octets;   /* of the element behind them */
    uint16_t check;    /* over the heads among those elements and those octets */
} qd_axdr_cut_t;

static inline bool qd_axdr_is_cut(const qd_axdr_cut_t *cut) {
    return (cut->elements | cut->octets) != 0;
}

typedef struct qd_axdr_sink {
    qd_sink_t sink;
    qd_writer_t *w;
    size_t start; /* where this block's data begins in w */
    size_t limit; /* where it must end */
    const qd_axdr_cut_t
        *from; /* what of the present unit is in earlier blocks, as long as it is passed over; else NULL */
    qd_axdr_cut_t cut; /* how far the present unit got */
} qd_axdr_sink_t;

void qd_axdr_sink_init(qd_axdr_sink_t *sink, qd_writer_t *w, size_t limit);
/* Begins a unit of which the blocks before have what stands before the cut; from stays the caller's. A unit that ends
 * while sink->from is still there has become shorter: the stream can not go on. */
static inline void qd_axdr_sink_unit(qd_axdr_sink_t *sink, const qd_axdr_cut_t *from) {
    sink->from = qd_axdr_is_cut(from) ? from : NULL;
    sink->cut = (qd_axdr_cut_t){0};
}

/* Raw octets of the stream, which are as fixed as a head. An element of up to 16 octets is not cut when it can begin
 * the next block whole. QD_OK; QD_NO_SPACE: the block is full, cut says how far the unit got; QD_ABORTED: the unit is
 * not the one that was cut. So do all elements of the sink. */
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
