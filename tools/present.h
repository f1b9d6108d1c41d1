/*
 * present.h - values as people and programs want to read them.
 */
#ifndef QD_TOOLS_PRESENT_H
#define QD_TOOLS_PRESENT_H

#include "cli.h"
#include "quadrant/client.h"

#include <stdio.h>

/* Scaler and unit that belong to a value; known false: the attribute has none. */
typedef struct qd_scale {
    bool known;
    int8_t scaler;
    uint8_t unit;
} qd_scale_t;

/* One row of read, watch and call. */
typedef struct qd_row {
    const char *item;
    qd_client_ref_t ref;
    qd_scale_t scale;
    const uint8_t *data; /* NULL: no value */
    size_t length;
    const char *status; /* "ok" or the reason */
    const char *at;     /* time of reading; NULL: not shown */
} qd_row_t;

/* Head of the format, if it has one. */
void qd_present_head(FILE *to, qd_format_t format, bool with_time);
void qd_present_row(FILE *to, qd_format_t format, const qd_row_t *row);

/* The value of a row alone, with its scaler: as text, or as JSON. */
void qd_present_value(FILE *to, const qd_row_t *row, bool json);
/* Unit of a row's scale; number is room for the name of one without a symbol. */
const char *qd_present_unit(const qd_row_t *row, char number[16]);
/* A field of RFC 4180: quoted when it must be. */
void qd_csv_field(FILE *to, const char *text, size_t length);

#define QD_DECIMAL_TEXT 160u
/* integer x 10^scaler exactly: 1234, -1 gives "123.4". */
void qd_decimal_print(uint64_t magnitude, bool negative, int8_t scaler, char text[QD_DECIMAL_TEXT]);

#define QD_DATE_TIME_TEXT 80u
/* True: 12 octets that are a date-time. text is ISO 8601 with deviation, "*" for what is not specified;
 * status the clock status, "" when all is well. */
bool qd_date_time_print(const uint8_t *octets, size_t length, char text[QD_DATE_TIME_TEXT],
                        char status[QD_DATE_TIME_TEXT]);

/* A JSON string with its quotes. */
void qd_json_string(FILE *to, const char *text, size_t length);

#endif
