#include "cosem/association.h"

#include <string.h>

#include "app/event.h"
#include "base/cursor.h"
#include "base/octets.h"
#include "item/scalar.h"

#define RECORD_VERSION 1u

static uint8_t text_length(const char *text) {
    uint8_t length = 0;
    while (text != NULL && text[length] != '\0' && length < QD_SECRET_MAX) {
        length++;
    }
    return length;
}

/* Record: version (1), then per client row length (1) and 16 octets. */
static qd_status_t secrets_save(const qd_associations_t *self, uint8_t client, const qd_secret_t *secret) {
    qd_writer_t w;
    qd_writer_init(&w, self->services->scratch, QD_RECORD_SECRETS_SIZE);
    qd_writer_u8(&w, RECORD_VERSION);
    for (uint8_t i = 0; i < QD_CLIENTS_MAX; i++) {
        const qd_secret_t *one = i == client ? secret : &self->secret[i];
        qd_writer_u8(&w, one->length);
        qd_writer_octets(&w, one->octets, QD_SECRET_MAX);
    }
    const qd_records_t *records = self->services->records;
    return records->write(records->context, QD_RECORD_SECRETS, self->services->scratch, w.at);
}

static qd_status_t secrets_load(qd_associations_t *self) {
    size_t length = 0;
    const qd_records_t *records = self->services->records;
    uint8_t *image = self->services->scratch;
    qd_status_t status =
        records->read(records->context, QD_RECORD_SECRETS, image, QD_RECORD_SECRETS_SIZE, &length);
    if (status == QD_END) {
        for (uint8_t i = 0; i < self->tables->client_count; i++) {
            const char *factory = self->tables->clients[i].factory_secret;
            self->secret[i].length = text_length(factory);
            if (factory != NULL) {
                memcpy(self->secret[i].octets, factory, self->secret[i].length);
            }
        }
        return QD_OK;
    }
    if (status != QD_OK) {
        /* Lost passwords must not become the factory's known ones: nobody gets in by password. */
        return status == QD_CORRUPT ? QD_OK : status;
    }
    qd_reader_t r;
    qd_reader_init(&r, image, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    for (uint8_t i = 0; i < QD_CLIENTS_MAX; i++) {
        uint8_t secret_length = qd_reader_u8(&r);
        const uint8_t *octets = qd_reader_octets(&r, QD_SECRET_MAX);
        if (octets != NULL && secret_length <= QD_SECRET_MAX) {
            self->secret[i].length = secret_length;
            memcpy(self->secret[i].octets, octets, QD_SECRET_MAX);
        }
    }
    return QD_OK;
}

static size_t association_size(const void *config) {
    const qd_cosem_tables_t *tables = config;
    return sizeof(qd_associations_t) + tables->association_count * sizeof(qd_association_t) +
           tables->staging_size;
}

static qd_status_t association_init(void *context, const void *config, const qd_services_t *services) {
    qd_associations_t *self = context;
    memset(self, 0, association_size(config));
    self->services = services;
    self->tables = config;
    if (self->tables->client_count > QD_CLIENTS_MAX) {
        return QD_ARGUMENT;
    }
    return secrets_load(self);
}

void qd_associations_bind(qd_associations_t *associations, const qd_objects_t *objects) {
    associations->objects = objects;
    associations->place.client = QD_CLIENT_INTERNAL; /* nobody's list */
    for (uint8_t i = 0; i < associations->tables->client_count; i++) {
        associations->objects_seen[i] = (uint16_t)qd_object_count(objects, i);
    }
}

qd_association_t *qd_association_find(qd_associations_t *associations, uint8_t channel, uint32_t generation,
                                      uint8_t client) {
    for (uint8_t i = 0; i < associations->tables->association_count; i++) {
        qd_association_t *one = &associations->pool[i];
        if (one->used && one->channel == channel && one->generation == generation && one->client == client) {
            return one;
        }
    }
    return NULL;
}

qd_association_t *qd_association_open(qd_associations_t *associations, uint8_t channel, uint32_t generation,
                                      uint8_t client) {
    qd_association_t *one = qd_association_find(associations, channel, generation, client);
    for (uint8_t i = 0; one == NULL && i < associations->tables->association_count; i++) {
        if (!associations->pool[i].used) {
            one = &associations->pool[i];
        }
    }
    if (one != NULL) {
        associations->stager = associations->stager == one ? NULL : associations->stager;
        memset(one, 0, sizeof *one);
        one->used = true;
        one->channel = channel;
        one->generation = generation;
        one->client = client;
        one->user = QD_USER_NONE;
    }
    return one;
}

void qd_association_close(qd_association_t *association) {
    association->used = false;
}

void qd_associations_sweep(qd_associations_t *associations, uint8_t channel, uint32_t generation) {
    for (uint8_t i = 0; i < associations->tables->association_count; i++) {
        qd_association_t *one = &associations->pool[i];
        if (one->used && one->channel == channel && one->generation != generation) {
            one->used = false;
        }
    }
}

/* Whether there is anything that the client may write or run, over any bearer. */
static bool may_change(const qd_cosem_tables_t *tables, uint8_t client) {
    uint8_t rights = 0;
    for (uint8_t i = 0; i < tables->access_count; i++) {
        rights |= tables->access[i].rights[client];
    }
    return (rights & ~QD_RIGHT_READ) != 0;
}

uint8_t *qd_association_staged(qd_associations_t *associations) {
    return (uint8_t *)&associations->pool[associations->tables->association_count];
}

qd_status_t qd_association_stage(qd_associations_t *associations, qd_association_t *association,
                                 qd_staging_t kind, uint32_t now_ms, const qd_view_t *octets, bool last) {
    const qd_cosem_tables_t *tables = associations->tables;
    for (uint8_t i = 0; i < tables->association_count; i++) {
        qd_association_t *one = &associations->pool[i];
        if (one == association || !one->used || one->staging <= QD_STAGING_LOST) {
            continue;
        }
        if (one->staging == QD_STAGING_ANSWER && one->transfer.request != 0) {
            return QD_BUSY; /* it is just being made */
        }
        if (now_ms - associations->staged_ms < QD_STAGING_STILL_MS &&
            (may_change(tables, one->client) || !may_change(tables, association->client))) {
            return QD_BUSY;
        }
        if (one->staging == QD_STAGING_BLOCKS) {
            one->transfer.receiving = false;
            one->transfer.request = 0; /* it comes back: the octets in the slot are not its own */
        }
        one->transfer.active = false;
        one->transfer.general = false;
        one->staging = QD_STAGING_LOST;
    }
    if (association->staging != kind) {
        if (association->staging > QD_STAGING_LOST) {
            return QD_BUSY;
        }
        association->staging = (uint8_t)kind;
        association->staged = 0;
        memset(qd_association_staged(associations), 0,
               tables->staging_size); /* it may have been a password */
    }
    if (octets->length > (size_t)tables->staging_size - association->staged) {
        return QD_NO_SPACE;
    }
    memcpy(qd_association_staged(associations) + association->staged, octets->data, octets->length);
    association->staged = (uint16_t)(association->staged + octets->length);
    if (associations->stager != association || association->staged > associations->staged_most) {
        associations->staged_ms = now_ms;
        associations->staged_most = association->staged;
    }
    associations->stager = last ? NULL : association;
    return QD_OK;
}

bool qd_association_password_fits(qd_associations_t *associations, uint8_t client, const uint8_t *octets,
                                  size_t length) {
    const qd_secret_t *secret = &associations->secret[client];
    uint8_t difference = (uint8_t)(length != secret->length || secret->length == 0);
    for (uint8_t i = 0; i < QD_SECRET_MAX; i++) {
        uint8_t given = i < length ? octets[i] : 0;
        uint8_t wanted = i < secret->length ? secret->octets[i] : 0;
        difference |= (uint8_t)(given ^ wanted);
    }
    if (difference == 0) {
        associations->failures[client] = 0;
        return true;
    }
    if (++associations->failures[client] >= associations->tables->password_attempts) {
        associations->failures[client] = 0;
        (void)qd_event_raise(associations->services->events, QD_EVENT_WRONG_PASSWORD,
                             associations->tables->clients[client].sap, 0);
    }
    return false;
}

static qd_status_t put_secret(qd_associations_t *self, uint8_t client, const qd_source_t *source) {
    qd_secret_t secret = {0};
    uint16_t length = 0;
    if (self->tables->clients[client].factory_secret == NULL) {
        return QD_DENIED; /* this client has no password to change */
    }
    qd_status_t status = qd_source_octets(source, secret.octets, QD_SECRET_MIN, QD_SECRET_MAX, &length);
    secret.length = (uint8_t)length;
    if (status == QD_OK) {
        status = secrets_save(self, client, &secret);
    }
    if (status == QD_OK) {
        self->secret[client] = secret;
        (void)qd_event_raise(self->services->events, QD_EVENT_PARAMETRIZATION, QD_RECORD_SECRETS, 0);
    }
    return status;
}

static qd_status_t association_put(void *context, const qd_call_t *call, qd_ref_t ref,
                                   const qd_source_t *source) {
    qd_associations_t *self = context;
    (void)call;
    uint8_t client = (uint8_t)(ref.arg >> 8);
    if (ref.item != QD_ASSOCIATION_ITEM_CLIENT || (ref.arg & 0xFFu) != 7u ||
        client >= self->tables->client_count) {
        return QD_DENIED;
    }
    return put_secret(self, client, source);
}

static bool client_is_associated(const qd_associations_t *self, uint8_t client) {
    for (uint8_t i = 0; i < self->tables->association_count; i++) {
        if (self->pool[i].used && self->pool[i].client == client) {
            return true;
        }
    }
    return false;
}

/* Client row that a reference is about: the caller's own, or the one named. */
static uint8_t client_of(const qd_call_t *call, qd_ref_t ref) {
    return ref.item == QD_ASSOCIATION_ITEM_CURRENT ? call->client : (uint8_t)(ref.arg >> 8);
}

static qd_status_t association_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    const qd_associations_t *self = context;
    static const uint8_t no_security_setup[6] = {0};
    uint8_t client = client_of(call, ref);
    if (client >= self->tables->client_count) {
        return QD_UNDEFINED;
    }
    switch (ref.arg & 0xFFu) {
    case 8:
        qd_scalar_unsigned(value, QD_TYPE_ENUM, client_is_associated(self, client) ? 2u : 0u);
        return QD_OK;
    case 9:
        qd_scalar_octets(value, QD_TYPE_OCTET_STRING, no_security_setup, sizeof no_security_setup);
        return QD_OK;
    default:
        return QD_UNDEFINED;
    }
}

static qd_status_t association_span(void *context, const qd_call_t *call, qd_ref_t ref, qd_span_t *span) {
    const qd_associations_t *self = context;
    span->first = 0;
    span->generation = 0;
    if (ref.item == QD_ASSOCIATION_ITEM_SAP_LIST) {
        span->end = 1;
        return QD_OK;
    }
    uint8_t client = client_of(call, ref);
    if (client >= self->tables->client_count) {
        return QD_UNDEFINED;
    }
    if ((ref.arg & 0xFFu) == 10u) {
        span->end = self->tables->clients[client].user_count;
        return QD_OK;
    }
    span->end = self->objects_seen[client];
    return (ref.arg & 0xFFu) == 2u ? QD_OK : QD_UNDEFINED;
}

/* The seven arcs of 2.16.756.5.8.kind.number. */
static qd_status_t object_identifier(uint8_t kind, uint8_t number, const qd_sink_t *sink) {
    const uint16_t arcs[7] = {2, 16, 756, 5, 8, kind, number};
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 7);
    for (uint8_t i = 0; status == QD_OK && i < 7; i++) {
        status = qd_sink_integer(sink, i == 2 ? QD_TYPE_LONG_UNSIGNED : QD_TYPE_UNSIGNED, arcs[i]);
    }
    return status;
}

/* structure { client_SAP integer, server_SAP long-unsigned } */
static qd_status_t partners(const qd_associations_t *self, uint8_t client, const qd_sink_t *sink) {
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_INTEGER, self->tables->clients[client].sap);
    }
    return status == QD_OK ? qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, self->tables->server_sap) : status;
}

/* structure { conformance, max_receive_pdu_size, max_send_pdu_size, dlms_version_number,
 * quality_of_service, cyphering_info }; negotiated values for the asking association. */
static qd_status_t context_info(const qd_associations_t *self, const qd_association_t *asking,
                                const qd_sink_t *sink) {
    uint32_t conformance = asking != NULL ? asking->conformance : self->tables->conformance;
    uint16_t send = asking != NULL ? asking->pdu_size : self->tables->transmit_pdu;
    qd_scalar_t bits = {.type = QD_TYPE_BIT_STRING, .length = 24};
    bits.v.octets[0] = (uint8_t)(conformance >> 16);
    bits.v.octets[1] = (uint8_t)(conformance >> 8);
    bits.v.octets[2] = (uint8_t)conformance;
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 6);
    if (status == QD_OK) {
        status = sink->scalar(sink->context, &bits);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, self->tables->receive_pdu);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, send);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_UNSIGNED, 6);
    }
    if (status == QD_OK) {
        status =
            qd_sink_integer(sink, QD_TYPE_INTEGER, (int8_t)(asking != NULL ? asking->quality_of_service : 0));
    }
    return status == QD_OK ? qd_sink_octets(sink, QD_TYPE_OCTET_STRING, bits.v.octets, 0) : status;
}

/* Mechanism that the client associates with: the negotiated one, or what its policy asks for. */
static uint8_t mechanism_of(const qd_associations_t *self, const qd_association_t *asking, uint8_t client) {
    if (asking != NULL) {
        return asking->mechanism;
    }
    return (self->tables->clients[client].allow_local & QD_ALLOW_LLS) != 0 ? 1u : 0u;
}

/* structure { SAP long-unsigned, logical_device_name octet-string } */
static qd_status_t sap_row(const qd_associations_t *self, const qd_call_t *call, const qd_sink_t *sink) {
    qd_ref_t ref = self->tables->logical_device_name;
    const qd_module_instance_t *m = &self->objects->modules[ref.module];
    qd_scalar_t name;
    qd_status_t status = m->module->get(m->state, call, ref, &name);
    if (status == QD_OK) {
        status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    }
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_LONG_UNSIGNED, self->tables->server_sap);
    }
    return status == QD_OK ? sink->scalar(sink->context, &name) : status;
}

/* structure { user_id unsigned, user_name visible-string }; NULL: nobody */
static qd_status_t user_row(const qd_user_row_t *user, const qd_sink_t *sink) {
    const char *name = user != NULL ? user->name : "";
    qd_status_t status = sink->group(sink->context, QD_TYPE_STRUCTURE, 2);
    if (status == QD_OK) {
        status = qd_sink_integer(sink, QD_TYPE_UNSIGNED, user != NULL ? user->id : 0);
    }
    return status == QD_OK ? qd_sink_octets(sink, QD_TYPE_VISIBLE_STRING, (const uint8_t *)name,
                                            (uint16_t)qd_text_length(name))
                           : status;
}

static qd_status_t users_row(const qd_associations_t *self, const qd_association_t *asking, uint8_t client,
                             uint8_t attribute, uint32_t n, const qd_sink_t *sink) {
    const qd_client_row_t *row = &self->tables->clients[client];
    if (attribute == 10u) {
        return n < row->user_count ? user_row(&row->users[n], sink) : QD_END;
    }
    bool known = asking != NULL && asking->user < row->user_count;
    return user_row(known ? &row->users[asking->user] : NULL, sink);
}

static qd_status_t association_row(void *context, const qd_call_t *call, qd_ref_t ref, uint32_t n,
                                   const qd_sink_t *sink) {
    qd_associations_t *self = context;
    if (ref.item == QD_ASSOCIATION_ITEM_SAP_LIST) {
        return n == 0 ? sap_row(self, call, sink) : QD_END;
    }
    uint8_t client = client_of(call, ref);
    if (client >= self->tables->client_count) {
        return QD_UNDEFINED;
    }
    const qd_association_t *asking = ref.item == QD_ASSOCIATION_ITEM_CURRENT ? call->association : NULL;
    switch (ref.arg & 0xFFu) {
    case 2:
        return qd_association_objects_row(self, call, client, n, sink);
    case 3:
        return partners(self, client, sink);
    case 4:
        return object_identifier(1, 1, sink);
    case 5:
        return context_info(self, asking, sink);
    case 6:
        return object_identifier(2, mechanism_of(self, asking, client), sink);
    case 10:
    case 11:
        return users_row(self, asking, client, (uint8_t)ref.arg, n, sink);
    default:
        return QD_UNDEFINED;
    }
}

/* The object list is the only table of this module that has selectors. */
static bool is_object_list(const qd_associations_t *self, const qd_call_t *call, qd_ref_t ref) {
    return ref.item != QD_ASSOCIATION_ITEM_SAP_LIST && (ref.arg & 0xFFu) == 2u &&
           client_of(call, ref) < self->tables->client_count;
}

static qd_status_t association_select(void *context, const qd_call_t *call, qd_ref_t ref, uint8_t selector,
                                      const qd_source_t *source, qd_selection_t *selection) {
    const qd_associations_t *self = context;
    return is_object_list(self, call, ref)
               ? qd_association_objects_select(self, client_of(call, ref), selector, source, selection)
               : QD_SELECTOR;
}

static qd_status_t association_selected(void *context, const qd_call_t *call, qd_ref_t ref,
                                        qd_selection_t *selection, qd_span_t *span, uint32_t *count) {
    return qd_association_objects_selected(context, client_of(call, ref), selection, span, count);
}

static qd_status_t association_pick(void *context, const qd_call_t *call, qd_ref_t ref,
                                    const qd_selection_t *selection, uint32_t *n, const qd_sink_t *sink) {
    return qd_association_objects_pick(context, call, client_of(call, ref), selection, *n, sink);
}

const qd_module_t qd_association_module = {
    .name = "association",
    .size = association_size,
    .init = association_init,
    .get = association_get,
    .span = association_span,
    .row = association_row,
    .select = association_select,
    .selected = association_selected,
    .pick = association_pick,
    .put = association_put,
};
