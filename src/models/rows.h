/*
 * rows.h - shorthand for the rows of object tables. Only model tables include it.
 */
#ifndef QD_MODELS_ROWS_H
#define QD_MODELS_ROWS_H

#include "app/clock.h"
#include "app/diagnosis.h"
#include "app/event.h"
#include "app/identity.h"
#include "app/io.h"
#include "app/registers.h"
#include "app/tariff.h"
#include "cosem/association.h"
#include "models/layouts.h"
#include "models/model.h"
#include "protocol/xdlms.h"

#define R QD_RIGHT_READ
#define W QD_RIGHT_WRITE
#define X QD_RIGHT_EXECUTE
#define WL QD_RIGHT_WRITE_LOCAL

#define LEGAL QD_ROW_LEGALLY_RELEVANT
#define FACTORY QD_ROW_FACTORY

/* Object of a class with attributes of its own: arg is the high octet of its references. */
#define OBJECT(a, b, c, d, e, class_row, module, item, arg, access_row)                                      \
    { QD_OBIS(a, b, c, d, e, 255), 1, &(class_row), {module, item, arg}, 0, QD_UNIT_NONE, 0, access_row, 0 }

/* Log of a target of the events, and the configuration of the standard one. */
#define EVENT_LOG(e, target, access_row)                                                                     \
    OBJECT(0, 0, 99, 98, e, qd_class_profile_generic, QD_MODULE_EVENT, QD_EVENT_ITEM_LOG, target, access_row)
#define STANDARD_LOG                                                                                         \
    { QD_LOG_EVENTS_STANDARD, QD_LOG_EVENTS_STANDARD_ROWS, QD_OBIS(0, 0, 96, 11, 0, 255) }
/* Metrology's integrity journal; E from 128 on is the manufacturer's. */
#define JOURNAL(access_row)                                                                                  \
    OBJECT(0, 0, 99, 98, 128, qd_class_profile_generic, QD_MODULE_EVENT, QD_EVENT_ITEM_JOURNAL, 0, access_row)
#define JOURNAL_ENTRIES QD_LOG_METROLOGY_JOURNAL_ROWS

/* Data (class 1) and Register (class 3); members along group E. */
#define DATA(a, b, c, d, e, members, module, item, arg, type, access_row, flags)                             \
    {                                                                                                        \
        QD_OBIS(a, b, c, d, e, 255), members, &qd_class_data, {module, item, arg}, type, QD_UNIT_NONE, 0,    \
            access_row, flags                                                                                \
    }
#define REGISTER(a, b, c, d, e, members, module, item, arg, type, unit, scaler, access_row, flags)           \
    {                                                                                                        \
        QD_OBIS(a, b, c, d, e, 255), members, &qd_class_register, {module, item, arg}, type, unit, scaler,   \
            access_row, flags                                                                                \
    }

#define U8 QD_TYPE_UNSIGNED
#define U16 QD_TYPE_LONG_UNSIGNED
#define U32 QD_TYPE_DOUBLE_LONG_UNSIGNED
#define I16 QD_TYPE_LONG
#define I32 QD_TYPE_DOUBLE_LONG
#define OCTETS QD_TYPE_OCTET_STRING

/* Energy with its total (E = 0) and `rates` rate registers; resolution Wh, varh, VAh. */
#define ENERGY(c, rates, item, unit)                                                                         \
    REGISTER(1, 0, c, 8, 0, (rates) + 1, QD_MODULE_REGISTERS, item, 0, U32, unit, 0, READ_ALL, LEGAL)
#define ENERGY_SIGNED(c, rates, item, unit)                                                                  \
    REGISTER(1, 0, c, 8, 0, (rates) + 1, QD_MODULE_REGISTERS, item, 0, I32, unit, 0, READ_ALL, LEGAL)
#define ENERGY_OF_PHASE(c, item, phase)                                                                      \
    REGISTER(1, 0, c, 8, 0, 1, QD_MODULE_REGISTERS, item, phase, U32, QD_UNIT_WH, 0, READ_ALL, LEGAL)
/* Instantaneous value of the sum (arg 0) or of a phase. */
#define NOW(c, item, arg, type, unit, scaler)                                                                \
    REGISTER(1, 0, c, 7, 0, 1, QD_MODULE_REGISTERS, item, arg, type, unit, scaler, READ_ALL, 0)
#define ANGLE(e, item, phase)                                                                                \
    REGISTER(1, 0, 81, 7, e, 1, QD_MODULE_REGISTERS, item, phase, I16, QD_UNIT_DEGREE, -1, READ_ALL, 0)

/* Set-up of a line and of a local port; the first is line 0 and port 0. */
#define HDLC_SETUP(b, line, access_row)                                                                      \
    OBJECT(0, b, 22, 0, 0, qd_class_hdlc_setup, QD_MODULE_IO, QD_IO_ITEM_LINE, line, access_row)
#define LOCAL_PORT(e, port, access_row)                                                                      \
    OBJECT(0, 0, 20, 0, e, qd_class_local_port, QD_MODULE_IO, QD_IO_ITEM_PORT, port, access_row)
#define TCP_SETUP(access_row)                                                                                \
    OBJECT(0, 0, 25, 0, 0, qd_class_tcp_setup, QD_MODULE_IO, QD_IO_ITEM_TCP, 0, access_row)

/* Lines of the factory: 9,600 bit/s, and as much of an APDU in one frame as the buffers hold. */
#define LINES_OF_FACTORY(transmit, receive)                                                                  \
    {                                                                                                        \
        .information_transmit = (transmit) + 3, .information_receive = (receive) + 3, .inter_octet_ms = 25,  \
        .inactivity_s = 120, .device_address = 17, .speed = 5, .window_transmit = 7, .window_receive = 7     \
    }
/* Direct HDLC; mode E would open with 300 bit/s. */
#define PORTS_OF_FACTORY                                                                                     \
    { .mode = QD_IO_DIRECT_HDLC, .default_speed = 0, .proposed_speed = 5, .response_time = 1 }
#define TCP_OF_FACTORY                                                                                       \
    { .port = 4059, .segment_size = 576, .inactivity_s = 180 }

/* Script n activates mask "000n" of the energy registers, n 1 to 8. */
#define RATE_SCRIPT(n)                                                                                       \
    {                                                                                                        \
        .script = (n), .service = 1, .name = {6, QD_OBIS(0, 0, 14, 0, 1, 255), 4}, .type = OCTETS,           \
        .length = 4, .text = {                                                                               \
            '0',                                                                                             \
            '0',                                                                                             \
            '0',                                                                                             \
            '0' + (n)                                                                                        \
        }                                                                                                    \
    }

#endif
