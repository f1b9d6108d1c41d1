#include "app/diagnosis.h"

#include <string.h>

#include "app/event.h"
#include "base/cursor.h"
#include "item/scalar.h"

#define RECORD_VERSION 1u
#define MEMORY_BITS (QD_ERROR_FRAM | QD_ERROR_FLASH)

struct qd_diagnosis {
    const qd_services_t *services;
    uint32_t errors;  /* latched */
    uint32_t present; /* as last reported */
    bool dirty;       /* errors are not in the record yet */
};

/* Record: version (1), error register (4). */
static qd_status_t save(const qd_diagnosis_t *self, uint32_t errors) {
    uint8_t image[5];
    qd_writer_t w;
    qd_writer_init(&w, image, sizeof image);
    qd_writer_u8(&w, RECORD_VERSION);
    qd_writer_u32_le(&w, errors);
    const qd_records_t *records = self->services->records;
    return records->write(records->context, QD_RECORD_DIAGNOSIS, image, w.at);
}

static void latch(qd_diagnosis_t *self, uint32_t errors) {
    self->errors = errors;
    qd_event_status(self->services->events, errors);
}

static qd_status_t diagnosis_init(void *context, const void *config, const qd_services_t *services) {
    (void)config;
    qd_diagnosis_t *self = context;
    uint8_t image[QD_RECORD_DIAGNOSIS_SIZE];
    size_t length = 0;
    memset(self, 0, sizeof *self);
    self->services = services;
    const qd_records_t *records = services->records;
    qd_status_t status = records->read(records->context, QD_RECORD_DIAGNOSIS, image, sizeof image, &length);
    if (status == QD_CORRUPT) {
        latch(self, QD_ERROR_FRAM); /* what it said is lost, and that is an error of its own */
        self->dirty = true;
        return QD_OK;
    }
    if (status != QD_OK) {
        return status == QD_END ? QD_OK : status;
    }
    qd_reader_t r;
    qd_reader_init(&r, image, length);
    if (qd_reader_u8(&r) != RECORD_VERSION) {
        return QD_VERSION;
    }
    latch(self, qd_reader_u32_le(&r));
    return r.status;
}

void qd_diagnosis_report(qd_diagnosis_t *diagnosis, uint32_t present) {
    uint32_t rising = present & ~diagnosis->errors;
    diagnosis->present = present;
    if (rising == 0) {
        return;
    }
    latch(diagnosis, diagnosis->errors | rising);
    diagnosis->dirty = true;
    if ((rising & MEMORY_BITS) != 0) {
        (void)qd_event_raise(diagnosis->services->events, QD_EVENT_MEMORY_ERROR, rising & MEMORY_BITS, 0);
    }
}

uint32_t qd_diagnosis_errors(const qd_diagnosis_t *diagnosis) {
    return diagnosis->errors;
}

static qd_status_t diagnosis_get(void *context, const qd_call_t *call, qd_ref_t ref, qd_scalar_t *value) {
    (void)call;
    const qd_diagnosis_t *self = context;
    if (ref.item != QD_DIAGNOSIS_ITEM_ERRORS) {
        return QD_UNDEFINED;
    }
    qd_scalar_unsigned(value, QD_TYPE_DOUBLE_LONG_UNSIGNED, self->errors);
    return QD_OK;
}

static qd_status_t diagnosis_put(void *context, const qd_call_t *call, qd_ref_t ref,
                                 const qd_source_t *source) {
    (void)call;
    qd_diagnosis_t *self = context;
    int64_t value = 0;
    if (ref.item != QD_DIAGNOSIS_ITEM_ERRORS) {
        return QD_UNDEFINED;
    }
    qd_status_t status = qd_source_integer(source, QD_TYPE_DOUBLE_LONG_UNSIGNED, 0, 0, &value);
    if (status == QD_OK) {
        status = save(self, self->present);
    }
    if (status == QD_OK) {
        (void)qd_event_raise(self->services->events, QD_EVENT_ERRORS_CLEARED, self->errors, 0);
        latch(self, self->present);
        self->dirty = false;
    }
    return status;
}

static void diagnosis_due(void *context, uint64_t tick_us, uint64_t *next_us) {
    (void)tick_us;
    (void)next_us;
    qd_diagnosis_t *self = context;
    if (self->dirty) {
        self->dirty = save(self, self->errors) != QD_OK;
    }
}

static size_t diagnosis_size(const void *config) {
    (void)config;
    return sizeof(qd_diagnosis_t);
}

const qd_module_t qd_diagnosis_module = {
    .name = "diagnosis",
    .size = diagnosis_size,
    .init = diagnosis_init,
    .get = diagnosis_get,
    .put = diagnosis_put,
    .due = diagnosis_due,
};
