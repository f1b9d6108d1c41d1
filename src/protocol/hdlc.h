/*
 * hdlc.h - frames of the HDLC based data link layer (IEC 62056-46, ISO/IEC 13239 frame format type 3).
 *
 * Purpose: addresses, format, control field, check sequences, parameter negotiation, FRMR information, and a
 * receiver that finds frames in octets as they come; both stations of a line use it. It knows no state of a
 * link and no time: whoever owns the line tells the receiver when a frame has been cut by silence.
 * There is no octet stuffing: the length field says where a frame ends.
 * Context: any. Ownership: buffers are the caller's; a frame's information points into the caller's buffer.
 */
#ifndef QD_PROTOCOL_HDLC_H
#define QD_PROTOCOL_HDLC_H

#include "base/cursor.h"

#define QD_HDLC_FLAG 0x7Eu

/* Octets of a frame before its information, opening flag and HCS included, and after it. */
#define QD_HDLC_HEAD_MAX 14u
#define QD_HDLC_TAIL 3u /* FCS and closing flag */

/* Information field and window: what is agreed when nothing is proposed, and the limits. */
#define QD_HDLC_INFORMATION_DEFAULT 128u
#define QD_HDLC_INFORMATION_MIN 32u
#define QD_HDLC_INFORMATION_MAX 2030u
#define QD_HDLC_WINDOW_DEFAULT 1u
#define QD_HDLC_WINDOW_MAX 7u

/* Frame and sequence numbers count modulo 8. */
#define QD_HDLC_SEQUENCE 7u

/* LLC in front of the first segment of an APDU: 3 octets, to the server and from it (IEC 62056-46). */
#define QD_HDLC_LLC_SIZE 3u
#define QD_HDLC_LLC_LSAP 0xE6u
#define QD_HDLC_LLC_COMMAND 0xE6u
#define QD_HDLC_LLC_RESPONSE 0xE7u

/* Reserved addresses (IEC 62056-46). The wide ones are those of 14 bits, in addresses of four octets. */
#define QD_HDLC_NO_STATION 0u
#define QD_HDLC_MANAGEMENT 1u /* upper: management logical device, or the client's management process */
#define QD_HDLC_CALLING 0x7Eu /* lower: the physical device that calls, whatever its address */
#define QD_HDLC_CALLING_WIDE 0x3FFEu
#define QD_HDLC_ALL_STATION 0x7Fu
#define QD_HDLC_ALL_STATION_WIDE 0x3FFFu

/* A server has upper (logical device) and lower (physical device), a client upper only. */
typedef struct qd_hdlc_address {
    uint16_t upper;
    uint16_t lower; /* 0 with one octet */
    uint8_t octets; /* 1: upper of 7 bits; 2: upper and lower of 7 bits; 4: upper and lower of 14 bits */
} qd_hdlc_address_t;

/* QD_OK; QD_TRUNCATED; QD_MALFORMED: not 1, 2 or 4 octets. */
qd_status_t qd_hdlc_address_decode(qd_reader_t *r, qd_hdlc_address_t *address);
/* Bits that do not fit into the octets are left out; another number of octets than 1, 2, 4 is taken as 4. */
void qd_hdlc_address_encode(qd_writer_t *w, const qd_hdlc_address_t *address);
bool qd_hdlc_address_same(const qd_hdlc_address_t *a, const qd_hdlc_address_t *b);
/* Is this half (upper or lower) of an address of so many octets the all-station, the calling-station one? */
bool qd_hdlc_is_all_station(uint16_t half, uint8_t octets);
bool qd_hdlc_is_calling(uint16_t half, uint8_t octets);

typedef enum qd_hdlc_kind {
    QD_HDLC_I = 0,
    QD_HDLC_RR,
    QD_HDLC_RNR,
    QD_HDLC_SNRM,
    QD_HDLC_DISC,
    QD_HDLC_UA,
    QD_HDLC_DM,
    QD_HDLC_FRMR,
    QD_HDLC_UI,
    QD_HDLC_UNKNOWN /* not in the set of IEC 62056-46: REJ, SREJ, XID and the rest */
} qd_hdlc_kind_t;

typedef struct qd_hdlc_control {
    uint8_t kind;    /* qd_hdlc_kind_t */
    bool poll;       /* P in a command, F in a response */
    uint8_t send;    /* N(S) of an I frame */
    uint8_t receive; /* N(R) of I, RR, RNR */
} qd_hdlc_control_t;

void qd_hdlc_control_decode(uint8_t octet, qd_hdlc_control_t *control);
/* QD_HDLC_UNKNOWN gives FF. */
uint8_t qd_hdlc_control_encode(const qd_hdlc_control_t *control);

/* What stands before the information. */
typedef struct qd_hdlc_head {
    qd_hdlc_address_t destination;
    qd_hdlc_address_t source;
    uint8_t control;
    bool segmented; /* S: more segments of this APDU follow */
} qd_hdlc_head_t;

/*
 * Writes everything before information of length octets: flag, format, addresses, control, HCS; with
 * length 0 the whole frame (at most QD_HDLC_HEAD_MAX octets and a flag). Returns the check sequence so far: the caller
 * feeds it the information with qd_crc16 and ends the frame with qd_hdlc_tail_encode. So the
 * information need not be copied.
 */
uint16_t qd_hdlc_head_encode(qd_writer_t *w, const qd_hdlc_head_t *head, size_t length);
/* FCS and closing flag. */
void qd_hdlc_tail_encode(qd_writer_t *w, uint16_t fcs);
/* A whole frame. A length beyond QD_HDLC_INFORMATION_MAX sets the writer's status to QD_NO_SPACE. */
void qd_hdlc_frame_encode(qd_writer_t *w, const qd_hdlc_head_t *head, const uint8_t *information,
                          size_t length);

/* Proposed with SNRM, agreed with UA; seen by the sender of the group. */
typedef struct qd_hdlc_parameters {
    uint16_t information_transmit;
    uint16_t information_receive;
    uint32_t window_transmit;
    uint32_t window_receive;
} qd_hdlc_parameters_t;

/* No information at all: 128 octets and window 1. */
void qd_hdlc_parameters_default(qd_hdlc_parameters_t *parameters);
/*
 * Information of SNRM or UA; what it does not name is as by default. Numbers are as sent, whatever the
 * limits. QD_OK (also without any octet); QD_MALFORMED, QD_TRUNCATED: no group of parameters, or a broken
 * one: parameters are the default.
 */
qd_status_t qd_hdlc_parameters_decode(qd_reader_t *r, qd_hdlc_parameters_t *parameters);
void qd_hdlc_parameters_encode(qd_writer_t *w, const qd_hdlc_parameters_t *parameters);

/* Reasons of a rejection. */
#define QD_HDLC_REJECT_CONTROL 0x01u     /* W: control field undefined or not implemented */
#define QD_HDLC_REJECT_INFORMATION 0x02u /* X: information where none may be */
#define QD_HDLC_REJECT_LENGTH 0x04u      /* Y: information longer than agreed */
#define QD_HDLC_REJECT_RECEIVE 0x08u     /* Z: N(R) that nobody sent */
#define QD_HDLC_REJECT_SEND 0x10u        /* V: N(S) outside of the window */

/* Information of FRMR. */
#define QD_HDLC_REJECTION_SIZE 3u
typedef struct qd_hdlc_rejection {
    uint8_t control;       /* of the rejected frame */
    bool response;         /* C/R: it was a response */
    uint8_t send_state;    /* V(S) */
    uint8_t receive_state; /* V(R) */
    uint8_t reasons;       /* QD_HDLC_REJECT_* */
} qd_hdlc_rejection_t;

void qd_hdlc_rejection_encode(qd_writer_t *w, const qd_hdlc_rejection_t *rejection);
/* QD_OK; QD_TRUNCATED. */
qd_status_t qd_hdlc_rejection_decode(qd_reader_t *r, qd_hdlc_rejection_t *rejection);

/* A frame whose check sequences are right. */
typedef struct qd_hdlc_frame {
    qd_hdlc_head_t head;
    const uint8_t *information;
    uint16_t length; /* of the information */
    bool overflow;   /* there was no room for all of it; what information holds is its beginning */
} qd_hdlc_frame_t;

typedef enum qd_hdlc_event {
    QD_HDLC_NOTHING = 0, /* all octets taken, no frame yet */
    QD_HDLC_COMPLETE,    /* *frame is one */
    QD_HDLC_DROPPED      /* something that was no frame has ended; nothing to do */
} qd_hdlc_event_t;

typedef struct qd_hdlc_receiver {
    uint8_t *information; /* of the caller */
    uint16_t room;
    uint16_t length; /* of the information */
    uint16_t at;     /* octets of it that have come */
    uint16_t left;   /* octets of the frame still to come, closing flag excluded */
    uint16_t crc;
    uint8_t state;
    uint8_t source_at; /* in head, 0: destination not yet complete */
    uint8_t control_at;
    uint8_t have; /* octets in head */
    uint8_t head[QD_HDLC_HEAD_MAX - 1u];
} qd_hdlc_receiver_t;

void qd_hdlc_receiver_init(qd_hdlc_receiver_t *receiver);
/* Where the information of the next frame goes; between frames only: at the start, and after an event. */
void qd_hdlc_receiver_place(qd_hdlc_receiver_t *receiver, uint8_t *information, size_t room);
/*
 * Takes octets up to the end of one frame. *taken says how many (always at least 1 of length > 0); the rest is to
 * be given again. *frame is set with QD_HDLC_COMPLETE only; its information stays until the next octet is given. One
 * flag may end a frame and begin the next.
 */
qd_hdlc_event_t qd_hdlc_receiver_take(qd_hdlc_receiver_t *receiver, const uint8_t *octets, size_t length,
                                      size_t *taken, qd_hdlc_frame_t *frame);
/* Octets that can be given without going beyond the frame that is arriving: for those who read from a line
 * just what they can use. At least 1. */
size_t qd_hdlc_receiver_wants(const qd_hdlc_receiver_t *receiver);
/* True after a flag and inside of a frame: silence longer than the inter-octet time-out ends it. */
bool qd_hdlc_receiver_busy(const qd_hdlc_receiver_t *receiver);
/* True when the last octet was a flag: a frame may begin without another one. */
bool qd_hdlc_receiver_at_flag(const qd_hdlc_receiver_t *receiver);
/* Forgets what has come of a frame; the next one begins with a flag. */
void qd_hdlc_receiver_reset(qd_hdlc_receiver_t *receiver);

#endif
