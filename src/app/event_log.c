/*
 * The logs as objects of class 7: rows out of the ring logs, and out of metrology's journal through its gate.
 * A row that is corrupt is given with null-data and event code 0 where its place among the others is known; where
 * only its time would tell whether it belongs to a range, it is left out.
 */
#include <string.h>

#include "app/clock.h"
#include "app/event_state.h"
#include "app/gateway.h"
#include "base/cursor.h"
#include "item/profile.h"
#include "item/scalar.h"

/* Rows that one call looks at; the rest is for the next one. A page of the log holds nine of them, one of the journal
 * five, and opening a page is what a look costs. */
#define LOOK_MAX 16u

#define COLUMN_TIME 0u
#define COLUMN_CODE 1u
#define LOG_COLUMNS 3u
#define JOURNAL_COLUMNS 6u

enum { ATTRIBUTE_BUFFER = 2, CAPTURE_OBJECTS, CAPTURE_PERIOD, SORT_METHOD, SORT_OBJECT, IN_USE, ENTRIES };
#define METHOD_RESET 1u
#define SORT_FIFO 1u

#define CLOCK_COLUMN                                                                                         \
    { 8, QD_OBIS(0, 0, 1, 0, 0, 255), 2, 0 }
#define DATA_COLUMN(c, d, e)                                                                                 \
    { 1, QD_OBIS(0, 0, c, d, e, 255), 2, 0 }

static const qd_column_t log_columns[LOG_COLUMNS] = {
    CLOCK_COLUMN,
    DATA_COLUMN(96, 11, 0), /* the configuration has its name */
    DATA_COLUMN(97, 97, 0),
};

/* Time, entry number, code, detail, old and new value; names from the manufacturer's part of the event objects. */
static const qd_column_t journal_columns[JOURNAL_COLUMNS] = {
    CLOCK_COLUMN,
    DATA_COLUMN(96, 15, 128),
    DATA_COLUMN(96, 11, 128),
    DATA_COLUMN(96, 11, 129),
    DATA_COLUMN(96, 11, 130),
    DATA_COLUMN(96, 11, 131),
};

/* One row, of either table. */
typedef struct fetched {
    bool corrupt;
    int64_t utc_ms;
    uint8_t hundredths;
    uint8_t status;
    int16_t deviation_min;
    union {
        struct {
            uint8_t code;
            uint32_t meter_status;
        } event;
        qd_journal_entry_t journal;
    } u;
} fetched_t;

/* What is read, and the row of it that was fetched last. */
typedef struct table {
    const qd_event_bus_t *bus;
    qd_ref_t ref;
    fetched_t row;
    qd_scalar_t cell[JOURNAL_COLUMNS];
} table_t;

static bool is_journal(qd_ref_t ref) {
    return ref.item == QD_EVENT_ITEM_JOURNAL;
}

static const qd_event_log_row_t *log_of(const qd_event_bus_t *bus, qd_ref_t ref) {
    size_t target = ref.arg >> 8;
    bool there =
        ref.item == QD_EVENT_ITEM_LOG && target < QD_TARGET_COUNT && bus->config->log[target].log != 0;
    return there ? &bus->config->log[target] : NULL;
}

/* The rows that are shown. For the journal no order of time is known. */
static qd_status_t bounds(const qd_event_bus_t *bus, qd_ref_t ref, qd_profile_rows_t *rows) {
    qd_log_span_t whole = {0};
    qd_log_span_t *span = &whole;
    uint32_t entries = bus->config->journal_entries;
    qd_status_t status = QD_OK;
    if (is_journal(ref)) {
        status = qd_gateway_journal_span(bus->services->gateway, &span->first, &span->end);
        span->orderly = span->end;
    } else {
        const qd_logs_t *logs = bus->services->logs;
        const qd_event_log_row_t *row = log_of(bus, ref);
        if (row == NULL) {
            return QD_UNDEFINED;
        }
        entries = row->entries;
        if (logs != NULL) { /* without logs there are no rows */
            status = logs->span(logs->context, row->log, span);
        }
    }
    if (status == QD_OK && span->end - span->first > entries) {
        span->first = span->end - entries;
    }
    *rows = (qd_profile_rows_t){span->first, span->end, span->generation, span->orderly};
    return status;
}

static qd_status_t table_bounds(void *context, qd_profile_rows_t *rows) {
    const table_t *table = context;
    return bounds(table->bus, table->ref, rows);
}

static qd_status_t fetch_event(const qd_event_bus_t *bus, qd_ref_t ref, uint32_t n, fetched_t *row) {
    uint8_t octets[QD_EVENT_ROW_SIZE];
    size_t length = 0;
    int64_t utc = 0;
    const qd_logs_t *logs = bus->services->logs;
    qd_status_t status =
        logs->read(logs->context, log_of(bus, ref)->log, n, &utc, octets, sizeof octets, &length);
    if (status == QD_CORRUPT || (status == QD_OK && length != sizeof octets)) {
        row->corrupt = true;
        return QD_OK;
    }
    qd_reader_t r;
    qd_reader_init(&r, octets, length);
    row->utc_ms = utc * 1000;
    row->hundredths = 0xFF;
    row->u.event.code = qd_reader_u8(&r);
    row->status = qd_reader_u8(&r);
    row->deviation_min = (int16_t)qd_reader_u16_le(&r);
    (void)qd_reader_octets(&r, 12); /* cause and detail have no column */
    row->u.event.meter_status = qd_reader_u32_le(&r);
    return status;
}

static qd_status_t fetch_journal(const qd_event_bus_t *bus, uint32_t n, fetched_t *row) {
    qd_status_t status = qd_gateway_journal(bus->services->gateway, n, &row->u.journal);
    if (status == QD_CORRUPT) {
        row->corrupt = true;
        return QD_OK;
    }
    if (status != QD_OK) {
        return status == QD_UNDEFINED ? QD_END : status;
    }
    bool dst = false;
    int64_t utc_ms = row->u.journal.utc_ms;
    row->utc_ms = utc_ms;
    row->hundredths = (uint8_t)((utc_ms % 1000 + 1000) % 1000 / 10);
    row->deviation_min =
        qd_clock_deviation(bus->services->clock, (utc_ms - (utc_ms % 1000 + 1000) % 1000) / 1000, &dst);
    row->status =
        (uint8_t)((row->u.journal.clock_valid != 0 ? 0u : QD_CLOCK_INVALID) | (dst ? QD_CLOCK_DST : 0u));
    return QD_OK;
}

static qd_status_t table_fetch(void *context, uint32_t n) {
    table_t *table = context;
    memset(&table->row, 0, sizeof table->row);
    return is_journal(table->ref) ? fetch_journal(table->bus, n, &table->row)
                                  : fetch_event(table->bus, table->ref, n, &table->row);
}

/* Only the column of the time is asked for. */
static bool table_worth(const void *context, uint8_t column, int64_t *value) {
    const table_t *table = context;
    int64_t utc_ms = table->row.utc_ms;
    *value = (utc_ms - (utc_ms % 1000 + 1000) % 1000) / 1000;
    return column == COLUMN_TIME && !table->row.corrupt;
}

/* Time, code, meter status. */
static void event_cells(const fetched_t *row, qd_scalar_t *cell) {
    qd_scalar_unsigned(&cell[COLUMN_CODE], QD_TYPE_UNSIGNED, row->u.event.code);
    qd_scalar_unsigned(&cell[2], QD_TYPE_DOUBLE_LONG_UNSIGNED, row->u.event.meter_status);
}

static void journal_cells(const qd_journal_entry_t *entry, qd_scalar_t *cell) {
    qd_scalar_unsigned(&cell[1], QD_TYPE_DOUBLE_LONG_UNSIGNED, entry->sequence);
    qd_scalar_unsigned(&cell[2], QD_TYPE_UNSIGNED, entry->code);
    qd_scalar_unsigned(&cell[3], QD_TYPE_LONG_UNSIGNED, entry->detail);
    qd_scalar_integer(&cell[4], QD_TYPE_LONG64, entry->old_value);
    qd_scalar_integer(&cell[5], QD_TYPE_LONG64, entry->new_value);
}

static uint8_t column_count(qd_ref_t ref) {
    return is_journal(ref) ? JOURNAL_COLUMNS : LOG_COLUMNS;
}

/* A damaged row: no event has the code 0; the journal's numbers are the places of its entries. */
static void damaged_cells(qd_ref_t ref, uint32_t n, qd_scalar_t *cell) {
    for (uint8_t i = 0; i < column_count(ref); i++) {
        qd_scalar_null(&cell[i]);
    }
    qd_scalar_unsigned(&cell[is_journal(ref) ? 2u : COLUMN_CODE], QD_TYPE_UNSIGNED, 0);
    if (is_journal(ref)) {
        qd_scalar_unsigned(&cell[1], QD_TYPE_DOUBLE_LONG_UNSIGNED, n);
    }
}

static const qd_scalar_t *table_cells(void *context, uint32_t n) {
    table_t *table = context;
    const fetched_t *row = &table->row;
    uint8_t octets[QD_DATE_TIME_SIZE];
    if (row->corrupt) {
        damaged_cells(table->ref, n, table->cell);
        return table->cell;
    }
    int64_t utc_ms = row->utc_ms - (row->utc_ms % 1000 + 1000) % 1000;
    qd_clock_stamp(utc_ms / 1000, row->hundredths, row->deviation_min, row->status, octets);
    qd_scalar_octets(&table->cell[COLUMN_TIME], QD_TYPE_OCTET_STRING, octets, sizeof octets);
    if (is_journal(table->ref)) {
        journal_cells(&row->u.journal, table->cell);
    } else {
        event_cells(row, table->cell);
    }
    return table->cell;
}

/* One call's share of the search for the first row at or after an instant. */
static qd_status_t table_find(void *context, int64_t utc_s, qd_profile_search_t *search) {
    const table_t *table = context;
    const qd_logs_t *logs = table->bus->services->logs;
    qd_log_search_t progress = {search->low, search->high, search->probe};
    qd_status_t status = logs->find(logs->context, log_of(table->bus, table->ref)->log, utc_s, &progress);
    *search = (qd_profile_search_t){progress.low, progress.high, progress.probe};
    return status;
}

static const qd_profile_t log_profile = {LOG_COLUMNS, COLUMN_TIME, LOOK_MAX,    table_bounds,
                                         table_fetch, table_worth, table_cells, table_find};
static const qd_profile_t journal_profile = {JOURNAL_COLUMNS, COLUMN_TIME, LOOK_MAX,    table_bounds,
                                             table_fetch,     table_worth, table_cells, NULL};

static const qd_profile_t *profile_of(qd_ref_t ref) {
    return is_journal(ref) ? &journal_profile : &log_profile;
}

static qd_column_t column_at(const qd_event_bus_t *bus, qd_ref_t ref, uint8_t n) {
    qd_column_t column = is_journal(ref) ? journal_columns[n] : log_columns[n];
    if (!is_journal(ref) && n == COLUMN_CODE) {
        column.obis = log_of(bus, ref)->event_object;
    }
    return column;
}

qd_status_t qd_event_log_get(qd_event_bus_t *bus, qd_ref_t ref, qd_scalar_t *value) {
    qd_profile_rows_t span = {0};
    qd_status_t status = QD_OK;
    if (!is_journal(ref) && log_of(bus, ref) == NULL) {
        return QD_UNDEFINED;
    }
    switch (ref.arg & 0xFFu) {
    case CAPTURE_PERIOD:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, 0);
        return QD_OK;
    case SORT_METHOD:
        qd_scalar_unsigned(value, QD_TYPE_ENUM, SORT_FIFO);
        return QD_OK;
    case IN_USE:
        status = bounds(bus, ref, &span);
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, span.end - span.first);
        return status;
    case ENTRIES:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED,
                           is_journal(ref) ? bus->config->journal_entries : log_of(bus, ref)->entries);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

qd_status_t qd_event_log_span(void *self, const qd_call_t *call, qd_ref_t ref, qd_span_t *span) {
    const qd_event_bus_t *bus = self;
    qd_profile_rows_t rows = {0};
    (void)call;
    if (!is_journal(ref) && log_of(bus, ref) == NULL) {
        return QD_UNDEFINED;
    }
    if ((ref.arg & 0xFFu) == CAPTURE_OBJECTS) {
        span->first = 0;
        span->end = column_count(ref);
        span->generation = 0;
        return QD_OK;
    }
    qd_status_t status = bounds(bus, ref, &rows);
    span->first = rows.first;
    span->end = rows.end;
    span->generation = rows.generation;
    return status;
}

qd_status_t qd_event_log_row(void *self, const qd_call_t *call, qd_ref_t ref, uint32_t n,
                             const qd_sink_t *sink) {
    const qd_event_bus_t *bus = self;
    (void)call;
    if (!is_journal(ref) && log_of(bus, ref) == NULL) {
        return QD_UNDEFINED;
    }
    if ((ref.arg & 0xFFu) == SORT_OBJECT) {
        const qd_column_t none = {0};
        return qd_column_give(&none, sink);
    }
    if ((ref.arg & 0xFFu) == CAPTURE_OBJECTS) {
        if (n >= column_count(ref)) {
            return QD_END;
        }
        const qd_column_t column = column_at(bus, ref, (uint8_t)n);
        return qd_column_give(&column, sink);
    }
    table_t table = {.bus = bus, .ref = ref};
    return qd_profile_row(profile_of(ref), &table, n, sink);
}

static qd_status_t instant(const void *context, const uint8_t octets[12], bool last, uint32_t *utc_s) {
    return qd_clock_bound(context, octets, last, utc_s);
}

qd_status_t qd_event_log_select(void *self, const qd_call_t *call, qd_ref_t ref, uint8_t selector,
                                const qd_source_t *source, qd_selection_t *selection) {
    const qd_event_bus_t *bus = self;
    qd_column_t column[JOURNAL_COLUMNS];
    (void)call;
    if ((!is_journal(ref) && log_of(bus, ref) == NULL) || (ref.arg & 0xFFu) != ATTRIBUTE_BUFFER) {
        return QD_SELECTOR;
    }
    for (uint8_t i = 0; i < column_count(ref); i++) {
        column[i] = column_at(bus, ref, i);
    }
    const qd_columns_t columns = {column, column_count(ref), COLUMN_TIME, 0, instant, bus->services->clock};
    return qd_selection_take(&columns, selector, source, selection);
}

qd_status_t qd_event_log_selected(void *self, const qd_call_t *call, qd_ref_t ref, qd_selection_t *selection,
                                  qd_span_t *span, uint32_t *count) {
    table_t table = {.bus = self, .ref = ref};
    (void)call;
    return qd_profile_selected(profile_of(ref), &table, selection, span, count);
}

qd_status_t qd_event_log_pick(void *self, const qd_call_t *call, qd_ref_t ref,
                              const qd_selection_t *selection, uint32_t *n, const qd_sink_t *sink) {
    table_t table = {.bus = self, .ref = ref};
    (void)call;
    return qd_profile_pick(profile_of(ref), &table, selection, n, sink);
}

/* integer(0), of which only the type matters; or none */
static qd_status_t take_nothing(const qd_source_t *source) {
    qd_item_element_t element;
    qd_status_t status = source->next(source->context, &element);
    if (status != QD_OK) {
        return status == QD_END ? QD_OK : status;
    }
    return element.type == QD_TYPE_INTEGER || element.type == QD_TYPE_NULL ? QD_OK : QD_TYPE;
}

qd_status_t qd_event_log_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    qd_event_bus_t *bus = self;
    const qd_logs_t *logs = bus->services->logs;
    const qd_event_log_row_t *row = log_of(bus, ref);
    (void)call;
    if (row == NULL) {
        return is_journal(ref) ? QD_DENIED : QD_UNDEFINED;
    }
    if ((ref.arg & 0xFFu) != METHOD_RESET) {
        return QD_DENIED;
    }
    qd_status_t status = take_nothing(source);
    if (status == QD_OK && logs == NULL) {
        return QD_UNAVAILABLE;
    }
    if (status == QD_OK && qd_event_waits(bus)) {
        return QD_PENDING; /* what happened before belongs to the old entries */
    }
    if (status == QD_OK) {
        status = logs->restart(logs->context, row->log, QD_EVENT_ROW_SIZE);
    }
    if (status == QD_OK) {
        (void)qd_event_raise(bus, QD_EVENT_LOG_CLEARED, ref.arg >> 8, 0);
    }
    return status;
}
