/* The directory over a model's object table, and the check of that table. */
#include "base/obis.h"
#include "cosem/object.h"

static const qd_call_t internal_call = {.client = QD_CLIENT_INTERNAL, .local = true};

static qd_status_t directory_find(void *context, const qd_item_name_t *name, qd_ref_t *ref) {
    const qd_objects_t *objects = context;
    qd_object_t object;
    qd_status_t status = qd_object_may_read(objects, &internal_call, name, &object);
    if (status == QD_OK) {
        *ref = objects->tables->objects[object.row].ref;
        ref->arg = (uint16_t)(ref->arg + object.member);
    }
    return status;
}

static qd_status_t directory_name(void *context, qd_ref_t ref, qd_item_name_t *name) {
    const qd_objects_t *objects = context;
    for (uint16_t r = 0; r < objects->tables->object_count; r++) {
        const qd_object_row_t *row = &objects->tables->objects[r];
        if (row->ref.module == ref.module && row->ref.item == ref.item && ref.arg >= row->ref.arg &&
            ref.arg - row->ref.arg < row->members) {
            qd_object_t object = {r, (uint8_t)(ref.arg - row->ref.arg)};
            qd_object_name(objects, object, &name->obis);
            name->class_id = row->class_row->id;
            name->index = 2;
            return QD_OK;
        }
    }
    return QD_UNDEFINED;
}

static qd_status_t directory_put(void *context, const qd_call_t *call, const qd_item_name_t *name,
                                 const qd_source_t *source) {
    const qd_objects_t *objects = context;
    qd_object_t object;
    qd_status_t status = qd_object_may_write(objects, call, name, &object);
    return status == QD_OK ? qd_object_put(objects, call, object, name->index, source) : status;
}

static qd_status_t directory_act(void *context, const qd_call_t *call, const qd_item_name_t *name,
                                 const qd_source_t *source) {
    const qd_objects_t *objects = context;
    qd_object_t object;
    qd_status_t status = qd_object_may_execute(objects, call, name, &object);
    return status == QD_OK ? qd_object_act(objects, call, object, name->index, source) : status;
}

void qd_objects_init(qd_objects_t *objects, const qd_cosem_tables_t *tables,
                     const qd_module_instance_t *modules, uint8_t module_count, const qd_factory_t *factory) {
    objects->tables = tables;
    objects->modules = modules;
    objects->module_count = module_count;
    objects->factory = factory;
    objects->directory.context = objects;
    objects->directory.find = directory_find;
    objects->directory.name = directory_name;
    objects->directory.put = directory_put;
    objects->directory.act = directory_act;
}

qd_status_t qd_objects_check(const qd_objects_t *objects, uint16_t *row) {
    uint64_t next_free = 0;
    for (uint16_t r = 0; r < objects->tables->object_count; r++) {
        const qd_object_row_t *one = &objects->tables->objects[r];
        uint64_t key = qd_obis_key(&one->obis);
        *row = r;
        if ((r > 0 && key < next_free) || one->members == 0 || one->class_row == NULL ||
            one->ref.module >= objects->module_count || one->access >= objects->tables->access_count ||
            one->obis.group[4] + one->members > 256) {
            return QD_ARGUMENT;
        }
        /* Group E is the second lowest octet of the key. */
        next_free = key + ((uint64_t)(one->members - 1u) << 8) + 1u;
    }
    return QD_OK;
}
