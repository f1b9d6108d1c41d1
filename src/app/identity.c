#include "app/identity.h"

#include <string.h>

#include "app/event.h"
#include "app/gateway.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define TEXT_MAX 16u
#define TEXTS (QD_DEVICE_IDS + 2u)
#define TEXT_LOGICAL_DEVICE QD_DEVICE_IDS
#define TEXT_ELECTRICITY_ID (QD_DEVICE_IDS + 1u)
#define RECORD_VERSION 1u

typedef struct qd_identity_text {
    uint8_t length; /* 0: not set */
    uint8_t octets[TEXT_MAX];
} qd_identity_text_t;

typedef struct qd_identity {
    const qd_services_t *services;
    const qd_identity_config_t *config;
    qd_identity_text_t text[TEXTS];
    bool hello_known;
    qd_gate_reply_t hello;
} qd_identity_t;

/* A meter without a name still has to answer with one of the right form. */
static const uint8_t unnamed[TEXT_MAX] = "QDT0000000000000";

/* Record: version (1), then per text its length (1) and 16 octets. `index` is given as `text`. */
static qd_status_t save_with(const qd_identity_t *self, uint8_t index, const qd_identity_text_t *text) {
    qd_writer_t w;
    qd_writer_init(&w, self->services->scratch, QD_RECORD_IDENTITY_SIZE);
    qd_writer_u8(&w, RECORD_VERSION);
    for (uint8_t i = 0; i < TEXTS; i++) {
        const qd_identity_text_t *one = i == index ? text : &self->text[i];
        qd_writer_u8(&w, one->length);
        qd_writer_octets(&w, one->octets, TEXT_MAX);
    }
    const qd_records_t *records = self->services->records;
    return records->write(records->context, QD_RECORD_IDENTITY, self->services->scratch, w.at);
}

static qd_status_t identity_init(void *context, const void *config, const qd_services_t *services) {
    qd_identity_t *self = context;
    memset(self, 0, sizeof *self);
    self->services = services;
    self->config = config;
    size_t length = 0;
    const qd_records_t *records = services->records;
    qd_status_t status = records->read(records->context, QD_RECORD_IDENTITY, services->scratch,
                                       QD_RECORD_IDENTITY_SIZE, &length);
    if (status == QD_END || status == QD_CORRUPT) {
        return QD_OK;
    }
    if (status != QD_OK) {
        return status;
    }
    qd_reader_t r;
    qd_reader_init(&r, services->scratch, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    for (uint8_t i = 0; i < TEXTS; i++) {
        uint8_t text_length = qd_reader_u8(&r);
        const uint8_t *octets = qd_reader_octets(&r, TEXT_MAX);
        if (octets == NULL || text_length > TEXT_MAX) {
            return QD_CORRUPT;
        }
        self->text[i].length = text_length;
        memcpy(self->text[i].octets, octets, TEXT_MAX);
    }
    return QD_OK;
}

/* Version and pulse constants cannot change while the meter runs: asked once. */
static qd_status_t ask_hello(qd_identity_t *self) {
    if (self->hello_known) {
        return QD_OK;
    }
    qd_gate_request_t request;
    qd_gateway_request(&request, QD_GATE_HELLO);
    qd_status_t status = qd_gateway_call(self->services->gateway, QD_OWNER_IDENTITY, &request, &self->hello);
    self->hello_known = status == QD_OK;
    return status;
}

static void give_version(const char *version, qd_scalar_t *value) {
    uint16_t length = 0;
    while (length < 8 && version[length] != '\0') {
        length++;
    }
    qd_scalar_octets(value, QD_TYPE_OCTET_STRING, (const uint8_t *)version, length);
}

static qd_status_t get_nominal(const qd_identity_config_t *config, uint16_t which, qd_scalar_t *value) {
    const uint32_t nominal[] = {config->nominal_voltage_v, config->nominal_current_a,
                                config->nominal_frequency_hz, config->maximum_current_a};
    if (which >= sizeof nominal / sizeof nominal[0]) {
        return QD_UNDEFINED;
    }
    qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, nominal[which]);
    return QD_OK;
}

static qd_status_t text_index(qd_ref_t ref, uint8_t *index) {
    switch (ref.item) {
    case QD_IDENTITY_DEVICE_ID:
        *index = (uint8_t)ref.arg;
        return ref.arg < QD_DEVICE_IDS ? QD_OK : QD_UNDEFINED;
    case QD_IDENTITY_LOGICAL_DEVICE:
        *index = TEXT_LOGICAL_DEVICE;
        return QD_OK;
    case QD_IDENTITY_ELECTRICITY_ID:
        *index = TEXT_ELECTRICITY_ID;
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t identity_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    qd_identity_t *self = context;
    uint8_t index = 0;
    int64_t parameter = 0;
    qd_status_t status = QD_OK;
    if (text_index(ref, &index) == QD_OK) {
        const qd_identity_text_t *text = &self->text[index];
        bool nameless = index == TEXT_LOGICAL_DEVICE && text->length == 0;
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, nameless ? unnamed : text->octets,
                         nameless ? TEXT_MAX : text->length);
        return QD_OK;
    }
    switch (ref.item) {
    case QD_IDENTITY_VERSION_LEGAL:
        status = ask_hello(self);
        if (status == QD_OK) {
            give_version(self->hello.u.hello.version, value);
        }
        return status;
    case QD_IDENTITY_VERSION_OTHER:
        give_version(self->config->software_version, value);
        return QD_OK;
    case QD_IDENTITY_METER_CONSTANT:
        status = ref.arg > 1 ? QD_UNDEFINED : ask_hello(self);
        if (status == QD_OK) {
            qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED,
                               self->hello.u.hello.pulse_constant[ref.arg]);
        }
        return status;
    case QD_IDENTITY_NOMINAL:
        return get_nominal(self->config, ref.arg, value);
    case QD_IDENTITY_RATIO:
        status = qd_gateway_parameter(self->services->gateway, (uint8_t)ref.arg, &parameter);
        qd_scalar_unsigned(value, QD_TYPE_LONG_UNSIGNED, (uint64_t)parameter);
        return status;
    default:
        return QD_UNDEFINED;
    }
}

static bool printable(const qd_identity_text_t *text) {
    for (uint8_t i = 0; i < text->length; i++) {
        if (text->octets[i] < 0x20 || text->octets[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

/* FLAG manufacturer id: three capital letters, then 13 characters. */
static bool names_logical_device(const qd_identity_text_t *text) {
    for (uint8_t i = 0; i < 3; i++) {
        if (text->octets[i] < 'A' || text->octets[i] > 'Z') {
            return false;
        }
    }
    return text->length == TEXT_MAX;
}

static qd_status_t put_text(qd_identity_t *self, uint8_t index, const qd_source_t *source) {
    qd_identity_text_t text = {0};
    uint16_t length = 0;
    bool once = index == 0 || index == TEXT_LOGICAL_DEVICE;
    if (once && (self->text[index].length != 0 || !qd_services_in_factory(self->services))) {
        return QD_SEALED;
    }
    qd_status_t status = qd_source_octets(source, text.octets, once ? 1u : 0u, TEXT_MAX, &length);
    if (status != QD_OK) {
        return status;
    }
    text.length = (uint8_t)length;
    if ((once && !printable(&text)) || (index == TEXT_LOGICAL_DEVICE && !names_logical_device(&text))) {
        return QD_RANGE;
    }
    status = save_with(self, index, &text);
    if (status == QD_OK) {
        self->text[index] = text;
        if (!once) {
            (void)qd_event_raise(self->services->events, QD_EVENT_PARAMETRIZATION, QD_RECORD_IDENTITY, 0);
        }
    }
    return status;
}

static qd_status_t put_ratio(qd_identity_t *self, uint8_t parameter, const qd_source_t *source) {
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    qd_gateway_request(&request, QD_GATE_SET_PARAMETER);
    qd_status_t status =
        qd_source_integer(source, QD_TYPE_LONG_UNSIGNED, 0, UINT16_MAX, &request.u.parameter.value);
    if (status != QD_OK) {
        return status;
    }
    request.u.parameter.parameter = parameter;
    status = qd_gateway_call(self->services->gateway, QD_OWNER_IDENTITY, &request, &reply);
    if (status == QD_OK) {
        self->services->gateway->parameters_valid = 0;
    }
    return status;
}

static qd_status_t identity_put(void *context, const qd_call_t *call, qd_ref_t ref,
                                const qd_source_t *source) {
    (void)call;
    qd_identity_t *self = context;
    uint8_t index = 0;
    if (text_index(ref, &index) == QD_OK) {
        return put_text(self, index, source);
    }
    if (ref.item == QD_IDENTITY_RATIO) {
        return put_ratio(self, (uint8_t)ref.arg, source);
    }
    return QD_DENIED;
}

static size_t identity_size(const void *config) {
    (void)config;
    return sizeof(qd_identity_t);
}

const qd_module_t qd_identity_module = {
    .name = "identity",
    .size = identity_size,
    .init = identity_init,
    .get = identity_get,
    .put = identity_put,
};
