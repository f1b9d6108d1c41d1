/*
 * fake_logs.h - ring logs in memory for unit tests: rows as they came, with groups, an erase that is in the way
 * and rows that are lost on demand.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_FAKE_LOGS_H
#define QD_TESTS_FAKE_LOGS_H

#include <string.h>

#include "store/logs.h"

#define FAKE_LOGS 4u
#define FAKE_ROWS 2048u
#define FAKE_ROW_MAX 64u

typedef struct fake_row {
    int64_t utc_s;
    uint8_t octets[FAKE_ROW_MAX];
    uint16_t length;
    bool corrupt;
} fake_row_t;

typedef struct fake_log {
    uint16_t id;
    uint32_t capacity;
    uint32_t first;
    uint32_t end;
    uint32_t generation;
    fake_row_t row[FAKE_ROWS]; /* row n at n mod FAKE_ROWS */
} fake_log_t;

typedef struct fake_logs {
    qd_logs_t logs;
    fake_log_t log[FAKE_LOGS];
    uint32_t marked[FAKE_LOGS]; /* end when the group was opened */
    unsigned count;
    qd_status_t append_status; /* of appends, unless QD_OK */
    unsigned appends_allowed;  /* before append_status holds */
    uint16_t refusing;         /* the only log that refuses; 0: all */
    unsigned reads;
    unsigned finds;
} fake_logs_t;

static inline fake_log_t *fake_find(fake_logs_t *fake, uint16_t id) {
    for (unsigned i = 0; i < fake->count; i++) {
        if (fake->log[i].id == id) {
            return &fake->log[i];
        }
    }
    return NULL;
}

static inline qd_status_t fake_append(void *context, uint16_t id, int64_t utc_s, const uint8_t *row,
                                      uint16_t length, uint32_t *sequence) {
    fake_logs_t *fake = context;
    fake_log_t *log = fake_find(fake, id);
    if (log == NULL) {
        return QD_UNDEFINED;
    }
    if (length > FAKE_ROW_MAX || utc_s < 0 || utc_s >= (int64_t)UINT32_MAX) {
        return QD_RANGE;
    }
    if (fake->append_status != QD_OK && (fake->refusing == 0 || fake->refusing == id)) {
        if (fake->appends_allowed == 0) {
            return fake->append_status;
        }
        fake->appends_allowed--;
    }
    fake_row_t *there = &log->row[log->end % FAKE_ROWS];
    memset(there, 0, sizeof *there);
    there->utc_s = utc_s;
    there->length = length;
    memcpy(there->octets, row, length);
    if (sequence != NULL) {
        *sequence = log->end;
    }
    log->end++;
    if (log->end - log->first > log->capacity) {
        log->first = log->end - log->capacity;
    }
    return QD_OK;
}

static inline qd_status_t fake_read(void *context, uint16_t id, uint32_t sequence, int64_t *utc_s,
                                    uint8_t *row, size_t size, size_t *length) {
    fake_logs_t *fake = context;
    fake_log_t *log = fake_find(fake, id);
    fake->reads++;
    if (log == NULL) {
        return QD_UNDEFINED;
    }
    if (sequence < log->first || sequence >= log->end) {
        return QD_END;
    }
    const fake_row_t *there = &log->row[sequence % FAKE_ROWS];
    if (there->corrupt) {
        return QD_CORRUPT;
    }
    if (there->length > size) {
        return QD_NO_SPACE;
    }
    *utc_s = there->utc_s;
    *length = there->length;
    memcpy(row, there->octets, there->length);
    return QD_OK;
}

static inline uint32_t fake_orderly(const fake_log_t *log) {
    uint32_t orderly = log->first;
    for (uint32_t n = log->first + 1u; n < log->end; n++) {
        if (log->row[n % FAKE_ROWS].utc_s < log->row[(n - 1u) % FAKE_ROWS].utc_s) {
            orderly = n;
        }
    }
    return orderly;
}

static inline qd_status_t fake_span(void *context, uint16_t id, qd_log_span_t *span) {
    fake_log_t *log = fake_find(context, id);
    if (log == NULL) {
        return QD_UNDEFINED;
    }
    span->first = log->first;
    span->end = log->end;
    span->generation = log->generation;
    span->orderly = fake_orderly(log);
    return QD_OK;
}

/* Each search takes two calls. */
static inline qd_status_t fake_seek(void *context, uint16_t id, int64_t utc_s, qd_log_search_t *search) {
    fake_logs_t *fake = context;
    fake_log_t *log = fake_find(fake, id);
    fake->finds++;
    if (log == NULL) {
        return QD_UNDEFINED;
    }
    uint32_t n = fake_orderly(log);
    if (search->high == 0) {
        search->low = n;
        search->high = log->end;
        return QD_PENDING;
    }
    while (n < log->end && log->row[n % FAKE_ROWS].utc_s < utc_s) {
        n++;
    }
    search->low = search->high = n;
    return QD_OK;
}

static inline qd_status_t fake_restart(void *context, uint16_t id, uint16_t row_size) {
    fake_log_t *log = fake_find(context, id);
    if (log == NULL) {
        return QD_UNDEFINED;
    }
    if (row_size > FAKE_ROW_MAX) {
        return QD_RANGE;
    }
    log->first = log->end;
    log->generation++;
    return QD_OK;
}

static inline void fake_logs_init(fake_logs_t *fake) {
    memset(fake, 0, sizeof *fake);
    fake->logs = (qd_logs_t){fake, fake_append, fake_read, fake_span, fake_seek, fake_restart};
}

static inline fake_log_t *fake_logs_add(fake_logs_t *fake, uint16_t id, uint32_t capacity) {
    fake_log_t *log = &fake->log[fake->count++];
    log->id = id;
    log->capacity = capacity;
    log->first = log->end = 1;
    return log;
}

/* A group is opened; when it fails, what was appended in it never happened. */
static inline void fake_logs_mark(fake_logs_t *fake) {
    for (unsigned i = 0; i < fake->count; i++) {
        fake->marked[i] = fake->log[i].end;
    }
}

static inline void fake_logs_group_failed(fake_logs_t *fake) {
    for (unsigned i = 0; i < fake->count; i++) {
        fake->log[i].end = fake->marked[i];
    }
}

#endif
