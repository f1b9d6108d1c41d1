/*
 * value.h - VALUE on the command line: type:text or JSON.
 */
#ifndef QD_TOOLS_VALUE_H
#define QD_TOOLS_VALUE_H

#include "quadrant/client.h"

/* True: the types must come from the attribute's present value. */
bool qd_value_wants_types(const char *text);

/*
 * Encodes text to out. like (length octets, NULL: none) is the present value, which gives JSON its
 * types. NULL: *used octets written; otherwise what is wrong, in English.
 */
const char *qd_value_encode(const char *text, const uint8_t *like, size_t like_length, uint8_t *out,
                            size_t size, size_t *used);

/* Writes one scalar from a type's short name and its text. NULL, or what is wrong. */
const char *qd_value_scalar(qd_element_writer_t *writer, const char *type, const char *text, size_t length);

/* Octets of 2026-03-29T02:00:00+01:00; deviation and seconds may be missing, fields may be "*".
 * False: no date-time. */
bool qd_date_time_parse(const char *text, size_t length, uint8_t octets[12]);

/* JSON with types from like, or spelt. As qd_value_encode. */
const char *qd_json_encode(const char *text, const uint8_t *like, size_t like_length,
                           qd_element_writer_t *writer);

#endif
