/*
 * item.h - ITEM on the command line: [CLASS/]A-B:C.D.E[.F][:INDEX].
 */
#ifndef QD_TOOLS_ITEM_H
#define QD_TOOLS_ITEM_H

#include "quadrant/client.h"

typedef struct qd_item {
    const char *text;    /* as given */
    qd_client_ref_t ref; /* class_id 0: not given */
    bool has_index;
} qd_item_t;

/* False: no such form. F is 255 and the index 2 when left out. */
bool qd_item_parse(const char *text, qd_item_t *item);

#define QD_OBIS_TEXT 32u
/* "1-0:1.8.0.255" */
void qd_obis_print(const qd_obis_t *obis, char text[QD_OBIS_TEXT]);
/* The reverse; F may be left out. False: no OBIS code; *end is where the text goes on. */
bool qd_obis_parse(const char *text, qd_obis_t *obis, const char **end);

#endif
