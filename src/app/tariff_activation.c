/* Register activation: the attributes and methods of class 6 over the tariff table. */
#include <string.h>

#include "app/tariff_state.h"
#include "item/scalar.h"

enum { ATTRIBUTE_ASSIGNMENT = 2, ATTRIBUTE_MASKS = 3, ATTRIBUTE_ACTIVE = 4 };
enum { METHOD_ADD_REGISTER = 1, METHOD_ADD_MASK = 2, METHOD_DELETE_MASK = 3 };

qd_status_t qd_tariff_activation_get(const qd_tariff_t *self, uint8_t attribute, qd_scalar_t *value) {
    if (attribute != ATTRIBUTE_ACTIVE) {
        return QD_UNDEFINED;
    }
    const qd_tariff_table_t *table = &self->now;
    if (table->active == QD_TARIFF_NO_MASK) {
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, table->mask[0].name, 0);
    } else {
        const qd_tariff_mask_t *mask = &table->mask[table->active];
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, mask->name, mask->name_length);
    }
    return QD_OK;
}

qd_status_t qd_tariff_activation_span(const qd_tariff_t *self, uint8_t attribute, qd_span_t *span) {
    span->first = 0;
    span->generation = self->generation;
    span->end = attribute == ATTRIBUTE_ASSIGNMENT ? self->now.assignment_count : self->now.mask_count;
    return attribute == ATTRIBUTE_ASSIGNMENT || attribute == ATTRIBUTE_MASKS ? QD_OK : QD_UNDEFINED;
}

/* structure { class_id long-unsigned, logical_name octet-string(6) } */
static qd_status_t assignment_row(const qd_tariff_t *self, const qd_tariff_assignment_t *one,
                                  const qd_sink_t *sink) {
    qd_ref_t ref = {self->config->registers_module, (uint8_t)(self->config->energy_item + one->channel),
                    one->rate};
    qd_item_name_t name;
    const qd_directory_t *directory = self->services->directory;
    qd_status_t status = directory->name(directory->context, ref, &name);
    if (status == QD_OK) {
        status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, name.class_id);
    }
    if (status == QD_OK) {
        status = qd_sink_octets(sink, QD_TYPE_OCTET_STRING, name.obis.group, 6);
    }
    return status;
}

/* structure { mask_name octet-string, index_list array of unsigned } */
static qd_status_t mask_row(const qd_tariff_mask_t *mask, const qd_sink_t *sink) {
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    if (status == QD_OK) {
        status = qd_sink_octets(sink, QD_TYPE_OCTET_STRING, mask->name, mask->name_length);
    }
    if (status == QD_OK) {
        status = sink->group(sink->context, QD_TYPE_ARRAY, mask->count);
    }
    for (uint8_t i = 0; status == QD_OK && i < mask->count; i++) {
        status = qd_sink_integer(sink, QD_TYPE_UNSIGNED, mask->index[i]);
    }
    return status;
}

qd_status_t qd_tariff_activation_row(const qd_tariff_t *self, uint8_t attribute, uint32_t n,
                                     const qd_sink_t *sink) {
    if (attribute == ATTRIBUTE_ASSIGNMENT) {
        return n < self->now.assignment_count ? assignment_row(self, &self->now.assignment[n], sink) : QD_END;
    }
    return n < self->now.mask_count ? mask_row(&self->now.mask[n], sink) : QD_END;
}

/* Only rate registers of the energy channels can be switched; others have no rate axis. */
static qd_status_t take_assignment(const qd_tariff_t *self, const qd_source_t *source,
                                   qd_tariff_assignment_t *one) {
    qd_item_name_t name = {.index = 2};
    qd_ref_t ref;
    uint16_t count = 0;
    int64_t class_id = 0;
    qd_status_t status = qd_source_group(source, QD_TYPE_STRUCTURE, &count);
    if (status == QD_OK && count != 2) {
        return QD_TYPE;
    }
    if (status == QD_OK) {
        status = qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &class_id);
    }
    if (status == QD_OK) {
        status = qd_source_octets(source, name.obis.group, 6, 6, &count);
    }
    if (status != QD_OK) {
        return status;
    }
    name.class_id = (uint16_t)class_id;
    const qd_directory_t *directory = self->services->directory;
    if (directory->find(directory->context, &name, &ref) != QD_OK ||
        ref.module != self->config->registers_module || ref.item < self->config->energy_item ||
        ref.item >= self->config->energy_item + QD_ENERGY_COUNT || ref.arg < 1 || ref.arg > QD_RATES) {
        return QD_RANGE;
    }
    one->channel = (uint8_t)(ref.item - self->config->energy_item);
    one->rate = (uint8_t)ref.arg;
    return QD_OK;
}

static qd_status_t take_mask(const qd_tariff_table_t *table, const qd_source_t *source,
                             qd_tariff_mask_t *mask) {
    uint16_t count = 0;
    memset(mask, 0, sizeof *mask);
    qd_status_t status = qd_source_group(source, QD_TYPE_STRUCTURE, &count);
    if (status == QD_OK && count != 2) {
        return QD_TYPE;
    }
    if (status == QD_OK) {
        status = qd_source_octets(source, mask->name, 1, QD_TARIFF_MASK_NAME_MAX, &count);
        mask->name_length = (uint8_t)count;
    }
    if (status == QD_OK) {
        status = qd_source_group(source, QD_TYPE_ARRAY, &count);
    }
    if (status == QD_OK && count > QD_TARIFF_MASK_REGISTERS_MAX) {
        return QD_RANGE;
    }
    for (uint8_t i = 0; status == QD_OK && i < count; i++) {
        int64_t index = 0;
        status = qd_source_integer(source, QD_TYPE_UNSIGNED, 1, table->assignment_count, &index);
        mask->index[i] = (uint8_t)index;
        mask->count++;
    }
    return status;
}

static uint8_t mask_by_name(const qd_tariff_table_t *table, const uint8_t *name, uint16_t length) {
    for (uint8_t i = 0; i < table->mask_count; i++) {
        if (table->mask[i].name_length == length && memcmp(table->mask[i].name, name, length) == 0) {
            return i;
        }
    }
    return QD_TARIFF_NO_MASK;
}

/* Every mask must still name registers, each channel once, also those that are not active now. */
static qd_status_t check_table(const qd_tariff_table_t *table) {
    uint8_t rate[QD_ENERGY_COUNT];
    for (uint8_t m = 0; m < table->mask_count; m++) {
        memset(rate, 0, sizeof rate);
        for (uint8_t i = 0; i < table->mask[m].count; i++) {
            if (table->mask[m].index[i] > table->assignment_count) {
                return QD_RANGE;
            }
            uint8_t channel = table->assignment[table->mask[m].index[i] - 1u].channel;
            if (rate[channel]++ != 0) {
                return QD_RANGE;
            }
        }
        if (mask_by_name(table, table->mask[m].name, table->mask[m].name_length) != m) {
            return QD_RANGE; /* two masks of one name */
        }
    }
    return QD_OK;
}

static qd_status_t put_assignments(qd_tariff_t *self, const qd_source_t *source) {
    uint16_t count = 0;
    qd_status_t status = qd_source_group(source, QD_TYPE_ARRAY, &count);
    if (status == QD_OK && count > QD_TARIFF_ASSIGNMENTS_MAX) {
        return QD_RANGE;
    }
    self->next.assignment_count = 0;
    for (uint16_t i = 0; status == QD_OK && i < count; i++) {
        status = take_assignment(self, source, &self->next.assignment[i]);
        self->next.assignment_count++;
    }
    return status;
}

static qd_status_t put_masks(qd_tariff_t *self, const qd_source_t *source) {
    uint16_t count = 0;
    qd_tariff_mask_t active = {0};
    bool has_active = self->now.active != QD_TARIFF_NO_MASK;
    if (has_active) {
        active = self->now.mask[self->now.active];
    }
    qd_status_t status = qd_source_group(source, QD_TYPE_ARRAY, &count);
    if (status == QD_OK && count > QD_TARIFF_MASKS_MAX) {
        return QD_RANGE;
    }
    self->next.mask_count = 0;
    for (uint16_t i = 0; status == QD_OK && i < count; i++) {
        status = take_mask(&self->next, source, &self->next.mask[i]);
        self->next.mask_count++;
    }
    if (status == QD_OK && has_active) {
        self->next.active = mask_by_name(&self->next, active.name, active.name_length);
        if (self->next.active == QD_TARIFF_NO_MASK) {
            return QD_RANGE; /* the active mask cannot be taken away */
        }
    }
    return status;
}

static qd_status_t put_active(qd_tariff_t *self, const qd_source_t *source) {
    qd_scalar_t scalar;
    qd_status_t status = qd_source_scalar(source, QD_TYPE_OCTET_STRING, &scalar);
    if (status == QD_OK) {
        self->next.active = mask_by_name(&self->next, qd_scalar_data(&scalar), scalar.length);
        status = self->next.active == QD_TARIFF_NO_MASK ? QD_RANGE : QD_OK;
    }
    return status;
}

static qd_status_t build_put(qd_tariff_t *self, uint8_t attribute, const qd_source_t *source) {
    qd_status_t status = QD_DENIED;
    self->next_is_parametrization = attribute != ATTRIBUTE_ACTIVE;
    switch (attribute) {
    case ATTRIBUTE_ASSIGNMENT:
        status = put_assignments(self, source);
        break;
    case ATTRIBUTE_MASKS:
        status = put_masks(self, source);
        break;
    case ATTRIBUTE_ACTIVE:
        status = put_active(self, source);
        break;
    default:
        break;
    }
    return status == QD_OK ? check_table(&self->next) : status;
}

qd_status_t qd_tariff_activation_put(qd_tariff_t *self, const qd_call_t *call, uint8_t attribute,
                                     const qd_source_t *source) {
    return qd_tariff_change(self, call, build_put, attribute, source);
}

static qd_status_t add_register(qd_tariff_t *self, const qd_source_t *source) {
    if (self->next.assignment_count >= QD_TARIFF_ASSIGNMENTS_MAX) {
        return QD_RANGE;
    }
    return take_assignment(self, source, &self->next.assignment[self->next.assignment_count++]);
}

/* A mask of a name that exists replaces it. */
static qd_status_t add_mask(qd_tariff_t *self, const qd_source_t *source) {
    qd_tariff_mask_t mask;
    qd_status_t status = take_mask(&self->next, source, &mask);
    if (status != QD_OK) {
        return status;
    }
    uint8_t at = mask_by_name(&self->next, mask.name, mask.name_length);
    if (at == QD_TARIFF_NO_MASK) {
        if (self->next.mask_count >= QD_TARIFF_MASKS_MAX) {
            return QD_RANGE;
        }
        at = self->next.mask_count++;
    }
    self->next.mask[at] = mask;
    return QD_OK;
}

static qd_status_t delete_mask(qd_tariff_t *self, const qd_source_t *source) {
    qd_scalar_t scalar;
    qd_status_t status = qd_source_scalar(source, QD_TYPE_OCTET_STRING, &scalar);
    if (status != QD_OK) {
        return status;
    }
    uint8_t at = mask_by_name(&self->next, qd_scalar_data(&scalar), scalar.length);
    if (at == QD_TARIFF_NO_MASK || at == self->next.active) {
        return QD_RANGE; /* unknown, or in use */
    }
    qd_tariff_table_t *table = &self->next;
    for (uint8_t i = at; i + 1u < table->mask_count; i++) {
        table->mask[i] = table->mask[i + 1u];
    }
    table->mask_count--;
    if (table->active != QD_TARIFF_NO_MASK && table->active > at) {
        table->active--;
    }
    return QD_OK;
}

static qd_status_t build_act(qd_tariff_t *self, uint8_t method, const qd_source_t *source) {
    qd_status_t status = QD_UNDEFINED;
    self->next_is_parametrization = true;
    switch (method) {
    case METHOD_ADD_REGISTER:
        status = add_register(self, source);
        break;
    case METHOD_ADD_MASK:
        status = add_mask(self, source);
        break;
    case METHOD_DELETE_MASK:
        status = delete_mask(self, source);
        break;
    default:
        break;
    }
    return status == QD_OK ? check_table(&self->next) : status;
}

qd_status_t qd_tariff_activation_act(qd_tariff_t *self, const qd_call_t *call, uint8_t method,
                                     const qd_source_t *source) {
    return qd_tariff_change(self, call, build_act, method, source);
}
