/* Tariffication script table: the attribute and the method of class 9 over the model's rows. */
#include "app/tariff_state.h"
#include "item/scalar.h"

static uint32_t script_count(const qd_tariff_config_t *config) {
    uint32_t count = 0;
    for (uint8_t i = 0; i < config->script_actions; i++) {
        count += i == 0 || config->scripts[i].script != config->scripts[i - 1u].script ? 1u : 0u;
    }
    return count;
}

/* First action of the n-th script and how many follow; 0 actions: no such script. */
static uint8_t script_at(const qd_tariff_config_t *config, uint32_t n, uint8_t *first) {
    uint32_t index = 0;
    for (uint8_t i = 0; i < config->script_actions; index++) {
        uint8_t end = i;
        while (end < config->script_actions && config->scripts[end].script == config->scripts[i].script) {
            end++;
        }
        if (index == n) {
            *first = i;
            return (uint8_t)(end - i);
        }
        i = end;
    }
    return 0;
}

static void parameter_of(const qd_script_action_t *action, qd_scalar_t *scalar) {
    if (qd_type_is_string(action->type)) {
        qd_scalar_octets(scalar, (qd_type_t)action->type, action->text, action->length);
    } else {
        qd_scalar_integer(scalar, (qd_type_t)action->type, action->number);
    }
}

qd_status_t qd_tariff_scripts_span(const qd_tariff_t *self, qd_span_t *span) {
    span->first = 0;
    span->end = script_count(self->config);
    span->generation = 0;
    return QD_OK;
}

/* structure { service_id enum, class_id long-unsigned, logical_name, index integer, parameter } */
static qd_status_t action_row(const qd_script_action_t *action, const qd_sink_t *sink) {
    qd_scalar_t parameter;
    parameter_of(action, &parameter);
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 5);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_ENUM, action->service);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, action->name.class_id);
    }
    if (status == QD_OK) {
        status = qd_sink_octets(sink, QD_TYPE_OCTET_STRING, action->name.obis.group, 6);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_INTEGER, action->name.index);
    }
    return status == QD_OK ? sink->scalar(sink->context, &parameter) : status;
}

/* structure { script_identifier long-unsigned, actions array } */
qd_status_t qd_tariff_scripts_row(const qd_tariff_t *self, uint32_t n, const qd_sink_t *sink) {
    uint8_t first = 0;
    uint8_t count = script_at(self->config, n, &first);
    if (count == 0) {
        return QD_END;
    }
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, self->config->scripts[first].script);
    }
    if (status == QD_OK) {
        status = sink->group(sink->context, QD_TYPE_ARRAY, count);
    }
    for (uint8_t i = 0; status == QD_OK && i < count; i++) {
        status = action_row(&self->config->scripts[first + i], sink);
    }
    return status;
}

static qd_status_t run_action(qd_tariff_t *self, const qd_call_t *call, const qd_script_action_t *action) {
    const qd_directory_t *directory = self->services->directory;
    qd_scalar_source_t row;
    qd_call_t internal = *call;
    internal.client = QD_CLIENT_INTERNAL;
    qd_scalar_source_init(&row);
    parameter_of(action, &row.scalar);
    if (action->service == 1u) {
        return directory->put(directory->context, &internal, &action->name, &row.source);
    }
    return directory->act(directory->context, &internal, &action->name, &row.source);
}

/* Identifier 0 does nothing. The actions run in order; the first that fails ends the script. */
qd_status_t qd_tariff_scripts_execute(qd_tariff_t *self, const qd_call_t *call, const qd_source_t *source) {
    int64_t script = 0;
    qd_status_t status = qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &script);
    if (status != QD_OK || script == 0) {
        return status;
    }
    if (self->script_runs) {
        return QD_BUSY; /* a script that runs scripts would have no end */
    }
    bool found = false;
    self->script_runs = true;
    for (uint8_t i = 0; status == QD_OK && i < self->config->script_actions; i++) {
        if (self->config->scripts[i].script == script) {
            found = true;
            status = run_action(self, call, &self->config->scripts[i]);
        }
    }
    self->script_runs = false;
    return found ? status : QD_RANGE;
}
