/*
 * query.h - which rows and columns of a profile are wanted; shared by profile and events.
 */
#ifndef QD_TOOLS_QUERY_H
#define QD_TOOLS_QUERY_H

#include "session.h"

#define QD_QUERY_OCTETS 2048u

/* One captured attribute. */
typedef struct qd_column {
    qd_client_ref_t ref;
    uint16_t data_index;
} qd_column_t;

typedef struct qd_query {
    bool chosen; /* something of the below was said */
    bool range;  /* from and to, else entries */
    uint8_t from[12];
    uint8_t to[12];
    uint32_t first; /* entries, 1 the oldest; last 0: to the newest */
    uint32_t last;
    uint32_t column; /* columns, 1 the first; last_column 0: to the last */
    uint32_t last_column;
    uint8_t octets[QD_QUERY_OCTETS];
    qd_client_selection_t selection;
} qd_query_t;

/* From --from, --to, --entries and --columns. Exit status, told on stderr. */
int qd_query_parse(const qd_options_t *options, qd_query_t *query);
/* Writes the selection; columns and the one with the clock are needed for a range and for chosen columns only. False:
 * too many columns. */
bool qd_query_select(qd_query_t *query, const qd_column_t *columns, size_t count, const qd_column_t *clock);
/* Reads the buffer, by selection where one was chosen. Exit status, told on stderr. */
int qd_query_read(qd_session_t *session, const qd_client_ref_t *ref, const qd_query_t *query,
                  const char *name, qd_client_value_t *value);

#endif
