#include "item/profile.h"

#include "item/scalar.h"

/* Progress of a selection whose rows have all been found; it is asked for again when the answer needs blocks. */
#define LOOKED UINT32_MAX

/* structure of the chosen columns of the present row; selection NULL: of all */
static qd_status_t give(const qd_profile_t *profile, void *table, uint32_t n, const qd_selection_t *selection,
                        const qd_sink_t *sink) {
    const uint8_t *chosen = selection != NULL && selection->columns != 0 ? selection->column : NULL;
    uint8_t columns = chosen != NULL ? selection->columns : profile->columns;
    return qd_sink_structure(sink, profile->cells(table, n), chosen, columns);
}

qd_status_t qd_profile_row(const qd_profile_t *profile, void *table, uint32_t n, const qd_sink_t *sink) {
    qd_status_t status = profile->fetch(table, n);
    return status == QD_OK ? give(profile, table, n, NULL, sink) : status;
}

/* Whether rows in order say where the range begins and ends. */
static bool is_searched(const qd_profile_t *profile, const qd_selection_t *selection) {
    return profile->find != NULL && selection->restricting == profile->ordered;
}

/* Whether the present row is within the range. Rows that are in order count by their place, damaged ones too. */
static bool within(const qd_profile_t *profile, const void *table, const qd_selection_t *selection,
                   uint32_t n) {
    int64_t value = 0;
    if (!profile->worth(table, selection->restricting, &value)) {
        return n >= selection->orderly;
    }
    return value >= selection->from && value <= selection->to;
}

/* Rows from .. to, counted from 1. */
static void select_entries(const qd_profile_rows_t *rows, qd_selection_t *selection) {
    uint32_t in_use = rows->end - rows->first;
    uint32_t from = (uint32_t)selection->from;
    uint32_t to = selection->to == 0 || selection->to > in_use ? in_use : (uint32_t)selection->to;
    selection->first = rows->first + (from - 1u);
    selection->count = from <= to ? to - from + 1u : 0;
    selection->first = selection->count != 0 ? selection->first : rows->first;
    selection->orderly = 0;
}

/* Looks at rows that are in no order, a few per call. */
static qd_status_t look(const qd_profile_t *profile, void *table, const qd_profile_rows_t *rows,
                        qd_selection_t *selection) {
    if (selection->at == 0) {
        selection->at = rows->first;
        selection->orderly = rows->orderly > rows->first ? rows->orderly : rows->first;
    }
    if (selection->at < rows->first) {
        return QD_ABORTED; /* rows that were counted have gone */
    }
    for (uint32_t looked = 0; selection->at < selection->orderly; looked++, selection->at++) {
        if (looked == profile->looks) {
            return QD_PENDING;
        }
        qd_status_t status = profile->fetch(table, selection->at);
        if (status != QD_OK) {
            return status == QD_END ? QD_ABORTED : status;
        }
        if (within(profile, table, selection, selection->at)) {
            selection->first = selection->count == 0 ? selection->at : selection->first;
            selection->count++;
        }
    }
    return QD_OK;
}

/* One call's share of the search for the first row of at least a value. QD_OK: *n is it. */
static qd_status_t seek(const qd_profile_t *profile, void *table, int64_t value, qd_selection_t *selection,
                        uint32_t *n) {
    qd_profile_search_t progress = {selection->low, selection->high, selection->probe};
    qd_status_t status = profile->find(table, value, &progress);
    *n = progress.low;
    if (status == QD_OK) {
        progress = (qd_profile_search_t){0};
    }
    selection->low = progress.low;
    selection->high = progress.high;
    selection->probe = progress.probe;
    return status;
}

/* Adds the rows that are in order: one call searches for their first one, another for their end. */
static qd_status_t search(const qd_profile_t *profile, void *table, const qd_profile_rows_t *rows,
                          qd_selection_t *selection) {
    if (selection->orderly >= rows->end) {
        return QD_OK;
    }
    if (selection->begin == 0) {
        qd_status_t found = seek(profile, table, selection->from, selection, &selection->begin);
        selection->begin = found == QD_OK ? selection->begin : 0;
        return found == QD_OK ? QD_PENDING : found;
    }
    uint32_t end = rows->end;
    qd_status_t status =
        selection->to < INT64_MAX ? seek(profile, table, selection->to + 1, selection, &end) : QD_OK;
    if (status != QD_OK) {
        return status;
    }
    uint32_t from = selection->begin < selection->orderly ? selection->orderly : selection->begin;
    end = end > rows->end ? rows->end : end;
    if (from < end) {
        selection->first = selection->count == 0 ? from : selection->first;
        selection->count += end - from;
    }
    return QD_OK;
}

qd_status_t qd_profile_selected(const qd_profile_t *profile, void *table, qd_selection_t *selection,
                                qd_span_t *span, uint32_t *count) {
    qd_profile_rows_t rows;
    qd_status_t status = profile->bounds(table, &rows);
    if (status != QD_OK) {
        return status;
    }
    rows.orderly = is_searched(profile, selection) ? rows.orderly : rows.end;
    if (selection->kind == QD_SELECT_ENTRY) {
        select_entries(&rows, selection);
    } else if (selection->from <= selection->to && selection->at != LOOKED) {
        bool looked_before = selection->at != 0;
        status = look(profile, table, &rows, selection);
        /* The order may have been broken while this took several calls: then the rest is in no order either. */
        if (status == QD_OK && looked_before && rows.orderly > selection->orderly) {
            selection->orderly = rows.orderly;
            selection->begin = selection->low = selection->high = selection->probe = 0;
            status = QD_PENDING;
        }
        if (status == QD_OK) {
            status = search(profile, table, &rows, selection);
            selection->at = status == QD_OK ? LOOKED : selection->at;
        }
    }
    span->first = selection->count != 0 ? selection->first : rows.end;
    span->end = rows.end;
    span->generation = rows.generation;
    *count = selection->count;
    return status;
}

qd_status_t qd_profile_pick(const qd_profile_t *profile, void *table, const qd_selection_t *selection,
                            uint32_t *n, const qd_sink_t *sink) {
    for (uint32_t looked = 0; looked < profile->looks; looked++, (*n)++) {
        qd_status_t status = profile->fetch(table, *n);
        if (status != QD_OK) {
            return status;
        }
        if (selection->kind == QD_SELECT_ENTRY || within(profile, table, selection, *n)) {
            return give(profile, table, *n, selection, sink);
        }
    }
    return QD_PENDING;
}
