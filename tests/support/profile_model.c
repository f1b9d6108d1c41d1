/*
 * profile_model.c - the ring, and the module that shows it: it stands in the place of the diagnosis module and hands on
 * what is not its own. What is captured first has number 0 in the ring and 1 for whoever reads.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "support/profile_model.h"

#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/services.h"
#include "base/obis.h"
#include "item/scalar.h"

#define ITEM 200u
#define LOOKS 512u
#define TIME 0u
#define STATUS 1u
#define SORTED 9u

enum { BUFFER = 2, CAPTURE_OBJECTS, CAPTURE_PERIOD, SORT_METHOD, SORT_OBJECT, IN_USE, ENTRIES };

static profile_model_t *present;
static qd_module_t beneath;

#define REGISTER_COLUMN(c)                                                                                   \
    { 3, QD_OBIS(1, 0, c, 8, 0, 255), 2, 0 }

static const qd_column_t columns[PM_COLUMNS] = {
    {8, QD_OBIS(0, 0, 1, 0, 0, 255), 2, 0},
    {1, QD_OBIS(0, 0, 96, 10, 1, 255), 2, 0},
    REGISTER_COLUMN(1),
    REGISTER_COLUMN(2),
    REGISTER_COLUMN(3),
    REGISTER_COLUMN(4),
    REGISTER_COLUMN(5),
    REGISTER_COLUMN(6),
    REGISTER_COLUMN(7),
    REGISTER_COLUMN(8),
};

static const pm_row_t *row_of(const profile_model_t *pm, uint32_t n) {
    return &pm->ring[pm->order == PM_FIFO ? n % PM_CAPACITY : pm->shown[n - pm->first]];
}

static int by_value(const void *a, const void *b) {
    uint32_t x = present->ring[*(const uint16_t *)a].value[PM_REGISTERS - 1u];
    uint32_t y = present->ring[*(const uint16_t *)b].value[PM_REGISTERS - 1u];
    int up = (x > y) - (x < y);
    return present->order == PM_LARGEST ? -up : up;
}

static void sort(profile_model_t *pm) {
    uint32_t count = pm->end - pm->first;
    for (uint32_t i = 0; i < count; i++) {
        pm->shown[i] = (uint16_t)((pm->first + i) % PM_CAPACITY);
    }
    qsort(pm->shown, count, sizeof pm->shown[0], by_value);
    pm->generation++;
}

static void add(profile_model_t *pm) {
    uint32_t n = pm->end++;
    pm_row_t *row = &pm->ring[n % PM_CAPACITY];
    row->utc_s = PM_BEGIN_S + PM_PERIOD_S * n;
    row->status = (uint8_t)(n * 37u);
    for (uint32_t k = 0; k + 1u < PM_REGISTERS; k++) {
        row->value[k] = n * (k + 1u) * 7u + k * 1000003u;
    }
    row->value[PM_REGISTERS - 1u] = n * 2654435761u;
    pm->first = pm->end - pm->first > PM_CAPACITY ? pm->end - PM_CAPACITY : pm->first;
}

void profile_model_capture(profile_model_t *pm) {
    add(pm);
    if (pm->order != PM_FIFO) {
        sort(pm);
    }
}

/* --- the table as item/profile.h wants it --- */

static qd_status_t bounds(void *table, qd_profile_rows_t *rows) {
    const profile_model_t *pm = table;
    *rows = (qd_profile_rows_t){pm->first + 1u, pm->end + 1u, pm->generation, pm->first + 1u};
    return QD_OK;
}

static qd_status_t fetch(void *table, uint32_t n) {
    profile_model_t *pm = table;
    if (n <= pm->first || n > pm->end) {
        return QD_END;
    }
    pm->fetched = row_of(pm, n - 1u);
    return QD_OK;
}

static int64_t worth_of(const pm_row_t *row, uint8_t column) {
    return column == TIME ? row->utc_s : column == STATUS ? row->status : row->value[column - 2u];
}

static bool worth(const void *table, uint8_t column, int64_t *value) {
    const profile_model_t *pm = table;
    *value = worth_of(pm->fetched, column);
    return true;
}

static const qd_scalar_t *cells(void *table, uint32_t n) {
    profile_model_t *pm = table;
    const pm_row_t *row = pm->fetched;
    (void)n;
    qd_clock_stamp_next(&pm->stamp, row->utc_s, 0xFF, 0, 0);
    memcpy(pm->cell[TIME].v.octets, pm->stamp.octets, QD_DATE_TIME_SIZE);
    pm->cell[STATUS].v.u = row->status;
    for (unsigned k = 0; k < PM_REGISTERS; k++) {
        pm->cell[STATUS + 1u + k].v.u = row->value[k];
    }
    return pm->cell;
}

/* A binary search that is done in one call. */
static qd_status_t find(profile_model_t *pm, uint8_t column, int64_t value, qd_profile_search_t *search) {
    uint32_t low = pm->first;
    uint32_t high = pm->end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2u;
        if (worth_of(row_of(pm, middle), column) < value) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    search->low = low + 1u;
    return QD_OK;
}

static qd_status_t find_time(void *table, int64_t value, qd_profile_search_t *search) {
    return find(table, TIME, value, search);
}

static qd_status_t find_value(void *table, int64_t value, qd_profile_search_t *search) {
    return find(table, SORTED, value, search);
}

static const qd_profile_t profiles[] = {
    [PM_FIFO] = {PM_COLUMNS, TIME, LOOKS, bounds, fetch, worth, cells, find_time},
    [PM_LARGEST] = {PM_COLUMNS, SORTED, LOOKS, bounds, fetch, worth, cells, NULL},
    [PM_SMALLEST] = {PM_COLUMNS, SORTED, LOOKS, bounds, fetch, worth, cells, find_value},
};

/* --- the module --- */

static qd_status_t pm_init(void *self, const void *config, const qd_services_t *services) {
    present->clock = services->clock;
    return beneath.init(self, config, services);
}

static qd_status_t pm_get(void *self, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    static const uint8_t methods[] = {[PM_FIFO] = 1, [PM_LARGEST] = 3, [PM_SMALLEST] = 4};
    if (ref.item != ITEM) {
        return beneath.get(self, call, ref, value);
    }
    switch (ref.arg & 0xFFu) {
    case CAPTURE_PERIOD:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, present->period_s);
        return QD_OK;
    case SORT_METHOD:
        qd_scalar_unsigned(value, QD_TYPE_ENUM, methods[present->order]);
        return QD_OK;
    case IN_USE:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, present->end - present->first);
        return QD_OK;
    case ENTRIES:
        qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, PM_CAPACITY);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t pm_span(void *self, const qd_call_t *call, qd_ref_t ref, qd_span_t *span) {
    (void)self;
    (void)call;
    if (ref.item != ITEM) {
        return QD_UNDEFINED;
    }
    *span = (qd_span_t){present->first + 1u, present->end + 1u, present->generation};
    if ((ref.arg & 0xFFu) == CAPTURE_OBJECTS) {
        *span = (qd_span_t){0, PM_COLUMNS, 0};
    }
    return QD_OK;
}

static qd_status_t pm_row(void *self, const qd_call_t *call, qd_ref_t ref, uint32_t n,
                          const qd_sink_t *sink) {
    static const qd_column_t none;
    (void)self;
    (void)call;
    if (ref.item != ITEM) {
        return QD_UNDEFINED;
    }
    switch (ref.arg & 0xFFu) {
    case BUFFER:
        return qd_profile_row(&profiles[present->order], present, n, sink);
    case CAPTURE_OBJECTS:
        return n < PM_COLUMNS ? qd_column_give(&columns[n], sink) : QD_END;
    case SORT_OBJECT:
        return qd_column_give(present->order == PM_FIFO ? &none : &columns[SORTED], sink);
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t instant(const void *context, const uint8_t octets[12], bool last, uint32_t *utc_s) {
    return qd_clock_bound(context, octets, last, utc_s);
}

static qd_status_t pm_select(void *self, const qd_call_t *call, qd_ref_t ref, uint8_t selector,
                             const qd_source_t *source, qd_selection_t *selection) {
    const qd_columns_t all = {columns, PM_COLUMNS, TIME, 0x3FEu, instant, present->clock};
    (void)self;
    (void)call;
    return ref.item == ITEM && (ref.arg & 0xFFu) == BUFFER
               ? qd_selection_take(&all, selector, source, selection)
               : QD_SELECTOR;
}

static qd_status_t pm_selected(void *self, const qd_call_t *call, qd_ref_t ref, qd_selection_t *selection,
                               qd_span_t *span, uint32_t *count) {
    (void)self;
    (void)call;
    (void)ref;
    return qd_profile_selected(&profiles[present->order], present, selection, span, count);
}

static qd_status_t pm_pick(void *self, const qd_call_t *call, qd_ref_t ref, const qd_selection_t *selection,
                           uint32_t *n, const qd_sink_t *sink) {
    (void)self;
    (void)call;
    (void)ref;
    return qd_profile_pick(&profiles[present->order], present, selection, n, sink);
}

static qd_status_t pm_put(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    int64_t period = 0;
    if (ref.item != ITEM) {
        return beneath.put(self, call, ref, source);
    }
    if ((ref.arg & 0xFFu) != CAPTURE_PERIOD) {
        return QD_DENIED;
    }
    qd_status_t status = qd_source_integer(source, QD_TYPE_DOUBLE_LONG_UNSIGNED, 0, UINT32_MAX, &period);
    present->period_s = status == QD_OK ? (uint32_t)period : present->period_s;
    return status;
}

static qd_status_t pm_act(void *self, const qd_call_t *call, qd_ref_t ref, const qd_source_t *source) {
    int64_t nothing = 0;
    (void)self;
    (void)call;
    if (ref.item != ITEM) {
        return QD_DENIED;
    }
    qd_status_t status = qd_source_integer(source, QD_TYPE_INTEGER, INT8_MIN, INT8_MAX, &nothing);
    if (status == QD_OK && (ref.arg & 0xFFu) == 1u) {
        present->first = present->end;
        present->generation++;
    } else if (status == QD_OK) {
        profile_model_capture(present);
    }
    return status;
}

void profile_model_make(profile_model_t *pm, pm_order_t order, uint32_t count) {
    static qd_module_t module;
    const qd_object_row_t object = {.obis = QD_OBIS(1, 0, 99, 1, 0, 255),
                                    .members = 1,
                                    .class_row = &qd_class_profile_captured,
                                    .ref = {QD_MODULE_DIAGNOSIS, ITEM, 0}};
    uint16_t at = 0;
    memset(pm, 0, sizeof *pm);
    pm->model = *qd_model_find("st402");
    pm->tables = *pm->model.cosem;
    while (at < pm->tables.object_count &&
           qd_obis_key(&pm->tables.objects[at].obis) < qd_obis_key(&object.obis)) {
        at++;
    }
    memcpy(pm->objects, pm->tables.objects, at * sizeof object);
    pm->objects[at] = object;
    memcpy(pm->objects + at + 1u, pm->tables.objects + at, (pm->tables.object_count - at) * sizeof object);
    /* Whoever reads and writes the register activation has the profile too. */
    for (uint16_t i = 0; i < pm->tables.object_count; i++) {
        if (pm->tables.objects[i].class_row->id == 6) {
            pm->objects[at].access = pm->tables.objects[i].access;
        }
    }
    pm->tables.objects = pm->objects;
    pm->tables.object_count++;
    pm->model.cosem = &pm->tables;
    pm->model.modules[QD_MODULE_ASSOCIATION].config = &pm->tables;
    beneath = *pm->model.modules[QD_MODULE_DIAGNOSIS].module;
    module = beneath;
    module.init = pm_init;
    module.get = pm_get;
    module.span = pm_span;
    module.row = pm_row;
    module.select = pm_select;
    module.selected = pm_selected;
    module.pick = pm_pick;
    module.put = pm_put;
    module.act = pm_act;
    pm->model.modules[QD_MODULE_DIAGNOSIS].module = &module;
    pm->cell[TIME].type = QD_TYPE_OCTET_STRING;
    pm->cell[TIME].length = QD_DATE_TIME_SIZE;
    pm->cell[STATUS].type = QD_TYPE_UNSIGNED;
    for (unsigned k = 0; k < PM_REGISTERS; k++) {
        pm->cell[STATUS + 1u + k].type = QD_TYPE_DOUBLE_LONG_UNSIGNED;
    }
    pm->order = (uint8_t)order;
    pm->period_s = PM_PERIOD_S;
    present = pm;
    for (uint32_t i = 0; i < count; i++) {
        add(pm);
    }
    sort(pm);
}
