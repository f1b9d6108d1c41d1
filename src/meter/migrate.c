#include "meter/migrate.h"

static void earlier_layout(const qd_model_t *model, const qd_model_layout_t *earlier,
                           qd_store_layout_t *layout) {
    qd_meter_layout(model, layout);
    layout->version = earlier->version;
    layout->rows = earlier->rows;
    layout->row_count = earlier->row_count;
    layout->group_capacity = earlier->group_capacity;
}

uint32_t qd_meter_fram_size_earlier(const qd_model_t *model, uint8_t n) {
    qd_store_layout_t layout;
    if (n >= model->earlier_count) {
        return 0;
    }
    earlier_layout(model, &model->earlier[n], &layout);
    return qd_store_migrate_device_size(&layout, &layout, &qd_sealer_gcm_shape);
}

qd_status_t qd_meter_take_over(qd_meter_t *meter, void *memory, size_t size) {
    const qd_model_t *model = meter->model;
    qd_status_t status = QD_VERSION;
    for (uint8_t i = 0; i < model->earlier_count && status == QD_VERSION; i++) {
        qd_store_layout_t layout;
        earlier_layout(model, &model->earlier[i], &layout);
        status = qd_store_migrate(memory, size, &layout, &meter->layout, meter->ports.fram,
                                  &meter->sealer.sealer, model->earlier[i].up);
    }
    return status;
}

qd_status_t qd_meter_hand_back(void *memory, size_t size, const qd_model_t *model,
                               const qd_meter_ports_t *ports, uint16_t version) {
    qd_store_layout_t present;
    qd_store_layout_t layout;
    qd_sealer_gcm_t sealer;
    if (memory == NULL || ((uintptr_t)memory & 7u) != 0 || ports->fram == NULL || ports->key == NULL) {
        return QD_ARGUMENT;
    }
    qd_status_t status = qd_sealer_gcm_init(&sealer, ports->key);
    if (status != QD_OK) {
        return status;
    }
    qd_meter_layout(model, &present);
    status = QD_UNDEFINED;
    for (uint8_t i = 0; i < model->earlier_count && status == QD_UNDEFINED; i++) {
        if (model->earlier[i].version == version) {
            earlier_layout(model, &model->earlier[i], &layout);
            status = qd_store_migrate(memory, size, &present, &layout, ports->fram, &sealer.sealer,
                                      model->earlier[i].down);
        }
    }
    qd_gcm_wipe(&sealer.gcm);
    return status;
}
