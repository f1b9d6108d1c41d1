/*
 * load.c - reads a load file into its table.
 *
 *   file   = { comment } head { row | comment }
 *   head   = name { "," name }           names in any order, t_s and one whole phase at least
 *   row    = cell { "," cell }           as many as names; an empty cell is a missing value
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "load_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns: the second, then U, I, P, Q of the phases, then the frequency. */
enum { SECOND = 0, VOLTAGE = 1, CURRENT = 4, POWER = 7, REACTIVE = 10, FREQUENCY = 13, COLUMNS = 14 };

typedef struct column {
    const char *name;
    unsigned decimals;
    int64_t minimum, maximum;
} column_t;

#define POWER_MAX INT64_C(2000000000)

static const column_t columns[COLUMNS] = {
    {"t_s", 0, 0, QD_LOAD_SECOND_MAX},
    {"u1_v", 3, 0, 1000000},
    {"u2_v", 3, 0, 1000000},
    {"u3_v", 3, 0, 1000000},
    {"i1_a", 3, 0, 10000000},
    {"i2_a", 3, 0, 10000000},
    {"i3_a", 3, 0, 10000000},
    {"p1_w", 3, -POWER_MAX, POWER_MAX},
    {"p2_w", 3, -POWER_MAX, POWER_MAX},
    {"p3_w", 3, -POWER_MAX, POWER_MAX},
    {"q1_var", 3, -POWER_MAX, POWER_MAX},
    {"q2_var", 3, -POWER_MAX, POWER_MAX},
    {"q3_var", 3, -POWER_MAX, POWER_MAX},
    {"f_hz", 3, 0, 100000},
};

#define NOMINAL_MHZ 50000u

typedef struct parser {
    const char *name;
    qd_load_error_t *error;
    const char *at, *end; /* text still to come */
    const char *line;     /* the present line */
    size_t length;
    uint32_t number;        /* of the present line, from 1 */
    unsigned cells;         /* of the head */
    uint8_t order[COLUMNS]; /* column of each cell */
    bool there[COLUMNS];
    uint32_t capacity;
    qd_load_t *load;
} parser_t;

static qd_status_t fault(parser_t *p, const char *column, qd_status_t status, const char *what) {
    (void)snprintf(p->error->text, sizeof p->error->text, "%s:%lu:%s: %s", p->name, (unsigned long)p->number,
                   column, what);
    return status;
}

static qd_status_t no_memory(parser_t *p) {
    return fault(p, "-", QD_NO_SPACE, "no memory for the table; use a shorter file");
}

/* The next line that is neither comment nor blank. QD_END: none is left. */
static qd_status_t next_line(parser_t *p) {
    while (p->at < p->end) {
        const char *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));

        p->number++;
        p->line = p->at;
        p->length = (size_t)((stop != NULL ? stop : p->end) - p->at);
        p->at = stop != NULL ? stop + 1 : p->end;
        if (p->length > 0 && p->line[p->length - 1] == '\r') {
            p->length--;
        }
        if (p->length > QD_LOAD_LINE_MAX) {
            return fault(p, "-", QD_RANGE, "line longer than 1024 octets; is this a load file?");
        }
        if (p->length > 0 && p->line[0] != '#') {
            return QD_OK;
        }
    }
    return QD_END;
}

/* Cuts the next cell off the line, without blanks around it. False: none is left. */
static bool next_cell(const char **at, const char *end, const char **cell, size_t *length) {
    const char *stop, *last;

    if (*at > end) {
        return false;
    }
    stop = memchr(*at, ',', (size_t)(end - *at));
    last = stop != NULL ? stop : end;
    for (*cell = *at; *cell < last && (**cell == ' ' || **cell == '\t'); (*cell)++) {
    }
    *at = last + 1;
    while (last > *cell && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    *length = (size_t)(last - *cell);
    return true;
}

static unsigned column_by_name(const char *name, size_t length) {
    unsigned c;

    for (c = 0; c < COLUMNS; c++) {
        if (strlen(columns[c].name) == length && memcmp(columns[c].name, name, length) == 0) {
            break;
        }
    }
    return c;
}

/* A phase is there with U, I and P, or not at all. */
static qd_status_t check_phases(parser_t *p) {
    for (unsigned phase = 0; phase < QD_PHASES; phase++) {
        static const unsigned needed[3] = {VOLTAGE, CURRENT, POWER};
        unsigned found = 0, missing = 0;

        for (unsigned n = 0; n < 3; n++) {
            if (p->there[needed[n] + phase]) {
                found++;
            } else {
                missing = needed[n] + phase;
            }
        }
        if ((found > 0 || p->there[REACTIVE + phase]) && found < 3) {
            return fault(p, columns[missing].name, QD_MALFORMED,
                         "column is missing; a phase needs u, i and p, or no column at all");
        }
        if (found == 3) {
            p->load->phase_mask = (uint8_t)(p->load->phase_mask | 1u << phase);
        }
    }
    if (p->load->phase_mask == 0) {
        return fault(p, "u1_v", QD_MALFORMED, "no phase at all; add u1_v, i1_a and p1_w");
    }
    return QD_OK;
}

/* A name from the file for a message; what a terminal could take for a command is not shown. */
static void show(const char *cell, size_t length, char *name, size_t size) {
    size_t i;

    for (i = 0; i < length && i + 1 < size; i++) {
        name[i] = cell[i] >= ' ' && cell[i] <= '~' ? cell[i] : '?';
    }
    name[i] = '\0';
}

static qd_status_t parse_head(parser_t *p) {
    const char *at, *cell;
    size_t length;
    qd_status_t status = next_line(p);

    if (status != QD_OK) {
        return status == QD_END ? fault(p, "-", QD_MALFORMED, "no head row; start with t_s,u1_v,i1_a,p1_w")
                                : status;
    }
    for (at = p->line; next_cell(&at, p->line + p->length, &cell, &length);) {
        unsigned c = column_by_name(cell, length);
        char name[32];

        if (length == 0) {
            return fault(p, "-", QD_MALFORMED, "a column without a name; is there a comma too many?");
        }
        if (c == COLUMNS) {
            show(cell, length, name, sizeof name);
            return fault(p, name, QD_MALFORMED, "no such column; docs/load-files.md lists them");
        }
        if (p->there[c]) {
            return fault(p, columns[c].name, QD_MALFORMED, "column is there twice; remove one");
        }
        p->there[c] = true;
        p->order[p->cells++] = (uint8_t)c;
    }
    if (!p->there[SECOND]) {
        return fault(p, columns[SECOND].name, QD_MALFORMED, "column is missing; add the second of each row");
    }
    return check_phases(p);
}

/* I against U: a current that lags (Q > 0 with P > 0) has a negative angle, as L2 lags L1. */
static int16_t current_angle(int64_t p, int64_t q) {
    long angle =
        p == 0 && q == 0 ? 0 : lround(atan2(-(double)q, (double)p) * (1800.0 / 3.14159265358979323846));

    return (int16_t)(angle == -1800 ? 1800 : angle);
}

/* value[c] is what the row has in column c, given[c] whether it has anything. */
static void fill_row(const parser_t *p, const int64_t *value, const bool *given, qd_load_row_t *row) {
    static const int16_t nominal[QD_PHASES] = {0, -1200, 1200};
    bool live = false;

    (void)memset(row, 0, sizeof *row);
    row->second = (uint32_t)value[SECOND];
    for (unsigned n = 0; n < QD_PHASES; n++) {
        qd_phase_quantities_t *phase = &row->phase[n];

        if (!given[VOLTAGE + n] || !given[CURRENT + n] || !given[POWER + n] ||
            (p->there[REACTIVE + n] && !given[REACTIVE + n])) {
            continue;
        }
        phase->valid = true;
        phase->voltage_mv = (uint32_t)value[VOLTAGE + n];
        phase->current_ma = (uint32_t)value[CURRENT + n];
        phase->active_power_mw = (int32_t)value[POWER + n];
        phase->reactive_power_mvar = (int32_t)value[REACTIVE + n];
        phase->voltage_angle_ddeg = nominal[n];
        phase->current_angle_ddeg = current_angle(value[POWER + n], value[REACTIVE + n]);
        live = live || phase->voltage_mv > 0;
    }
    if (live) {
        row->frequency_mhz = given[FREQUENCY] ? (uint32_t)value[FREQUENCY] : NOMINAL_MHZ;
    }
}

static qd_status_t parse_cells(parser_t *p, int64_t *value, bool *given) {
    const char *at = p->line, *cell, *wrong;
    size_t length;
    unsigned n = 0;

    while (next_cell(&at, p->line + p->length, &cell, &length)) {
        const column_t *column;

        if (n == p->cells) {
            return fault(p, "-", QD_MALFORMED,
                         "more cells than names in the head; a comma too many, or a decimal comma?");
        }
        column = &columns[p->order[n]];
        if (length > 0) {
            wrong = qd_load_decimal(cell, length, column->decimals, column->minimum, column->maximum,
                                    &value[p->order[n]]);
            if (wrong != NULL) {
                return fault(p, column->name, QD_RANGE, wrong);
            }
            given[p->order[n]] = true;
        }
        n++;
    }
    if (n < p->cells) {
        return fault(p, columns[p->order[n]].name, QD_MALFORMED,
                     "cell is missing; a value that is not known is an empty cell between its commas");
    }
    return QD_OK;
}

static qd_status_t check_second(parser_t *p, const int64_t *value, const bool *given) {
    const qd_load_t *load = p->load;

    if (!given[SECOND]) {
        return fault(p, columns[SECOND].name, QD_MALFORMED, "no second; every row needs one");
    }
    if (load->rows == 0 && value[SECOND] != 0) {
        return fault(p, columns[SECOND].name, QD_RANGE, "the first row is not at 0; start the file there");
    }
    if (load->rows > 0 && value[SECOND] <= load->row[load->rows - 1].second) {
        return fault(p, columns[SECOND].name, QD_RANGE,
                     "not later than the row before; sort the rows, remove doubles");
    }
    return QD_OK;
}

static qd_status_t parse_row(parser_t *p) {
    int64_t value[COLUMNS] = {0};
    bool given[COLUMNS] = {false};
    qd_load_t *load = p->load;
    qd_status_t status = parse_cells(p, value, given);

    if (status == QD_OK) {
        status = check_second(p, value, given);
    }
    if (status != QD_OK) {
        return status;
    }
    if (load->rows == QD_LOAD_ROWS_MAX) {
        return fault(p, "-", QD_NO_SPACE, "more than 2000000 rows; use longer intervals or fewer days");
    }
    if (load->rows == p->capacity) {
        uint32_t capacity = p->capacity == 0 ? 64 : p->capacity * 2;
        qd_load_row_t *grown = realloc(load->row, capacity * sizeof *grown);

        if (grown == NULL) {
            return no_memory(p);
        }
        load->row = grown;
        p->capacity = capacity;
    }
    fill_row(p, value, given, &load->row[load->rows++]);
    return QD_OK;
}

static qd_status_t parse(parser_t *p) {
    qd_load_t *load = p->load;
    qd_status_t status = parse_head(p);

    if (status != QD_OK) {
        return status;
    }
    while ((status = next_line(p)) == QD_OK) {
        status = parse_row(p);
        if (status != QD_OK) {
            return status;
        }
    }
    if (status != QD_END) {
        return status;
    }
    if (load->rows == 0) {
        return fault(p, "t_s", QD_MALFORMED, "no rows below the head; add one at least");
    }
    load->period_s = 1;
    if (load->rows > 1) {
        uint32_t last = load->row[load->rows - 1].second;

        load->period_s = last + (last - load->row[load->rows - 2].second);
    }
    return QD_OK;
}

qd_status_t qd_load_parse(const char *name, const char *text, size_t length, qd_load_t **load,
                          qd_load_error_t *error) {
    parser_t p = {.name = name, .error = error};
    qd_status_t status;

    error->text[0] = '\0';
    if (length > QD_LOAD_SIZE_MAX) {
        return fault(&p, "-", QD_NO_SPACE, "file larger than 512 MiB; use longer intervals or fewer days");
    }
    p.load = calloc(1, sizeof *p.load);
    if (p.load == NULL) {
        return no_memory(&p);
    }
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3; /* byte order mark of spreadsheet programs */
        length -= 3;
    }
    p.at = text;
    p.end = text + length;
    status = parse(&p);
    if (status != QD_OK) {
        qd_load_free(p.load);
        return status;
    }
    *load = p.load;
    return QD_OK;
}

void qd_load_free(qd_load_t *load) {
    if (load != NULL) {
        free(load->row);
        free(load);
    }
}
