#include <string.h>

#include "app/io.h"
#include "models/model.h"

static const qd_model_t *const models[] = {&qd_model_st402, &qd_model_mini};

size_t qd_model_count(void) {
    return sizeof models / sizeof models[0];
}

const qd_model_t *qd_model_at(size_t index) {
    return index < qd_model_count() ? models[index] : NULL;
}

/* strcmp without the C library's locale baggage; names are short. */
static bool same_text(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const qd_model_t *qd_model_find(const char *name) {
    for (size_t i = 0; name != NULL && i < qd_model_count(); i++) {
        if (same_text(models[i]->name, name)) {
            return models[i];
        }
    }
    return NULL;
}

const char *qd_model_name(const qd_model_t *model) {
    return model->name;
}

const char *qd_model_title(const qd_model_t *model) {
    return model->title;
}

uint8_t qd_model_channel_count(const qd_model_t *model) {
    return model->cosem->channel_count;
}

/* The two enumerations say the same, one to the firmware and one to its hosts. */
qd_model_bearer_t qd_model_channel_bearer(const qd_model_t *model, uint8_t channel) {
    switch (model->cosem->channels[channel].bearer) {
    case QD_BEARER_OPTICAL:
        return QD_MODEL_OPTICAL;
    case QD_BEARER_RS485:
        return QD_MODEL_RS485;
    default:
        return QD_MODEL_NETWORK;
    }
}

uint16_t qd_model_device_address(const qd_model_t *model) {
    const qd_io_config_t *io = model->modules[QD_MODULE_IO].config;

    return io->line.device_address;
}

uint8_t qd_model_phase_mask(const qd_model_t *model) {
    return model->phase_mask;
}

qd_status_t qd_model_client(const qd_model_t *model, size_t index, qd_model_client_t *client) {
    if (index >= model->cosem->client_count) {
        return QD_END;
    }
    const qd_client_row_t *row = &model->cosem->clients[index];
    client->name = row->name;
    client->sap = row->sap;
    client->mechanism = (row->allow_local & QD_ALLOW_LLS) != 0 ? 1u : 0u;
    client->preestablished = row->preestablished;
    client->factory_secret = row->factory_secret;
    return QD_OK;
}
