/*
 * channel.h - port of a byte channel: optical head, RS-485, TCP connection and modem have one shape.
 *
 * Context: main context only. Neither call blocks. Octets of one generation belong to one peer: when
 * generation moves, everything that was agreed with the earlier peer is void.
 */
#ifndef QUADRANT_PORT_CHANNEL_H
#define QUADRANT_PORT_CHANNEL_H

#include "quadrant/status.h"
#include "quadrant/types.h"

/* What frames the octets of a channel carry. */
typedef enum qd_framing {
    QD_FRAMING_WRAPPER = 0, /* IEC 62056-47, over TCP */
    QD_FRAMING_HDLC         /* IEC 62056-46, over a serial line, or over TCP octet by octet */
} qd_framing_t;

/* How a serial line packs an octet. */
typedef enum qd_line_format {
    QD_FORMAT_8N1 = 0, /* HDLC */
    QD_FORMAT_7E1      /* IEC 62056-21, the opening of mode E */
} qd_line_format_t;

typedef struct qd_channel_port {
    void *context;
    /* Number of the present connection, counted from 1; 0: nobody is connected. */
    uint32_t (*generation)(void *context);
    /* Moves up to size received octets to buffer; returns how many, 0 when none wait. */
    size_t (*read)(void *context, uint8_t *buffer, size_t size);
    /* Accepts up to length octets to send; returns how many (fewer: back-pressure, offer the rest
     * again). Octets accepted are sent in order or the generation moves. */
    size_t (*write)(void *context, const uint8_t *buffer, size_t length);
    /* Ends the present connection after what was accepted has been sent; may be NULL on a line. */
    void (*close)(void *context);
    /* The channel's own monotonic milliseconds, for time-outs of the link: they belong to the peer's time,
     * not to the meter's, which may run a thousand times faster. May wrap. All channels of a meter tell the same time;
     * or it is NULL on all of them, and the meter's tick counts. */
    uint32_t (*now_ms)(void *context);
    /* Another speed in bit/s and qd_line_format_t of a serial line, once everything that was accepted before is on
     * the line; octets received from now on come at the new speed. NULL: the line cannot, mode E is not offered.
     * A port without parity of its own may hand over the octets of 7E1 with the parity bit. */
    void (*configure)(void *context, uint32_t baud, uint8_t format);
    uint8_t framing; /* qd_framing_t; constant while the meter runs */
} qd_channel_port_t;

#endif
