/*
 * io.h - how the meter's lines are set up: local ports (class 19), HDLC (class 23), TCP (class 41).
 *
 * Purpose: keeps what a client may set about a line and hands it to whoever runs the line. What is set holds from
 * the next link or connection; the present one keeps what it began with.
 * Source: IEC 62056-62 classes 19, 23 and 41; IEC 62056-46 for the limits. Context: main context.
 */
#ifndef QD_APP_IO_H
#define QD_APP_IO_H

#include "app/services.h"

#define QD_IO_LINES 3u /* HDLC lines: 0 optical, 1 and 2 RS-485 */
#define QD_IO_PORTS 2u /* local ports: 0 optical, 1 RS-485, which both lines share */
#define QD_IO_TEXT_MAX 16u

/* Speeds are the enumeration of class 23: 0 is 300 bit/s, 5 is 9,600, 9 is 115,200. */
#define QD_IO_SPEEDS 10u

/* Opening of a local port. */
typedef enum qd_io_mode {
    QD_IO_MODE_E = 0, /* IEC 62056-21 opening sequence, then HDLC */
    QD_IO_DIRECT_HDLC
} qd_io_mode_t;

/* One line (class 23). What a client may negotiate goes up to these and to what the buffers hold. */
typedef struct qd_io_line {
    uint16_t information_transmit; /* octets, 32 to 2,030 */
    uint16_t information_receive;
    uint16_t inter_octet_ms; /* 20 to 6,000; silence inside of a frame that ends it */
    uint16_t inactivity_s;   /* silence that ends the link; 0: none does */
    uint16_t device_address; /* lower HDLC address */
    uint8_t speed;
    uint8_t window_transmit; /* 1 to 7 */
    uint8_t window_receive;
} qd_io_line_t;

/* One local port (class 19). */
typedef struct qd_io_port {
    uint8_t mode;           /* qd_io_mode_t */
    uint8_t default_speed;  /* at which mode E opens */
    uint8_t proposed_speed; /* to which it changes */
    uint8_t response_time;  /* 0: 20 ms, 1: 200 ms */
    uint8_t address_length;
    uint8_t address[QD_IO_TEXT_MAX]; /* of the device, in the opening of mode E */
} qd_io_port_t;

/* TCP (class 41). Port and segment size are for the stack below; a host that gives ports itself asks nobody. */
typedef struct qd_io_tcp {
    uint16_t port;
    uint16_t segment_size;
    uint16_t inactivity_s; /* a silent connection is closed after this; 0: never */
} qd_io_tcp_t;

typedef struct qd_io_config {
    uint8_t lines;        /* at most QD_IO_LINES */
    uint8_t ports;        /* at most QD_IO_PORTS */
    uint8_t connections;  /* of TCP at once */
    uint16_t address_min; /* of device_address */
    uint16_t address_max;
    qd_io_line_t line; /* of the factory, for every line */
    qd_io_port_t port;
    qd_io_tcp_t tcp;
} qd_io_config_t;

typedef struct qd_io qd_io_t;

/* Items; each is an object whose attributes are in the low octet of arg. */
enum {
    QD_IO_ITEM_PORT = 1, /* high octet of arg: port */
    QD_IO_ITEM_LINE,     /* high octet of arg: line */
    QD_IO_ITEM_TCP
};

/* Speed of the enumeration in bit/s. */
uint32_t qd_io_baud(uint8_t speed);
/* Set-up of a line; one that the configuration does not have is the first. */
const qd_io_line_t *qd_io_line(const qd_io_t *io, uint8_t line);
/* Set-up of the local port that a line belongs to. */
const qd_io_port_t *qd_io_port(const qd_io_t *io, uint8_t line);
const qd_io_tcp_t *qd_io_tcp(const qd_io_t *io);

extern const qd_module_t qd_io_module;

#endif
