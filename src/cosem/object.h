/*
 * object.h - objects by name: finding them, asking rights, giving and taking attributes.
 *
 * Context: main context, inside a step.
 */
#ifndef QD_COSEM_OBJECT_H
#define QD_COSEM_OBJECT_H

#include "cosem/tables.h"
#include "item/directory.h"
#include "quadrant/port/system.h"

/* A module's code and its state. */
typedef struct qd_module_instance {
    const qd_module_t *module;
    void *state;
} qd_module_instance_t;

/* The dictionary of one meter: rows and the modules that answer for them. */
typedef struct qd_objects {
    const qd_cosem_tables_t *tables;
    const qd_module_instance_t *modules; /* by module number */
    uint8_t module_count;
    const qd_factory_t *factory; /* NULL: sealed */
    qd_directory_t directory;
} qd_objects_t;

/* One object: a row and a member of its family. */
typedef struct qd_object {
    uint16_t row;
    uint8_t member;
} qd_object_t;

void qd_objects_init(qd_objects_t *objects, const qd_cosem_tables_t *tables,
                     const qd_module_instance_t *modules, uint8_t module_count, const qd_factory_t *factory);
/* QD_OK; QD_ARGUMENT: rows out of order, overlapping, or naming modules or access rows that do not
 * exist (*row says which). */
qd_status_t qd_objects_check(const qd_objects_t *objects, uint16_t *row);

/* QD_OK, QD_UNDEFINED. */
qd_status_t qd_object_find(const qd_objects_t *objects, const qd_obis_t *obis, qd_object_t *object);
void qd_object_name(const qd_objects_t *objects, qd_object_t object, qd_obis_t *obis);
/* How many objects the client sees. */
uint32_t qd_object_count(const qd_objects_t *objects, uint8_t client);

/* Rights of the caller: QD_RIGHT_READ, _WRITE and _EXECUTE as they hold over its bearer now. */
uint8_t qd_object_rights(const qd_objects_t *objects, uint16_t row, const qd_call_t *call);
/* Row of an attribute; attribute 1 and those the class lacks give NULL. */
const qd_class_attribute_t *qd_object_attribute(const qd_objects_t *objects, uint16_t row, int8_t attribute);

/* Whether the caller may read, write or run it. QD_OK; QD_UNDEFINED: not in its view, or the class
 * has no such attribute or method; QD_CLASS; QD_DENIED. */
qd_status_t qd_object_may_read(const qd_objects_t *objects, const qd_call_t *call, const qd_item_name_t *name,
                               qd_object_t *object);
qd_status_t qd_object_may_write(const qd_objects_t *objects, const qd_call_t *call,
                                const qd_item_name_t *name, qd_object_t *object);
qd_status_t qd_object_may_execute(const qd_objects_t *objects, const qd_call_t *call,
                                  const qd_item_name_t *name, qd_object_t *object);

/* Rows of an attribute of kind QD_KIND_ROWS. As qd_module_t.span. */
qd_status_t qd_object_span(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                           int8_t attribute, qd_span_t *span);
/* One row of it. As qd_module_t.row. */
/* Whose row and pick give them, and what to call them with: a table whose span is known has a row. */
const qd_module_instance_t *qd_object_table(const qd_objects_t *objects, qd_object_t object, int8_t attribute,
                                            qd_ref_t *ref);
/* Selective access to them. As qd_module_t.select and selected; QD_SELECTOR: the attribute or the module
 * has none. */
qd_status_t qd_object_select(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                             int8_t attribute, uint8_t selector, const qd_source_t *source,
                             qd_selection_t *selection);
qd_status_t qd_object_selected(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                               int8_t attribute, qd_selection_t *selection, qd_span_t *span, uint32_t *count);
/* The whole value of an attribute of any other kind. QD_OK, QD_UNAVAILABLE, QD_PENDING, or the
 * sink's status. */
qd_status_t qd_object_give(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                           int8_t attribute, const qd_sink_t *sink);
/* As qd_module_t.put and act. */
qd_status_t qd_object_put(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                          int8_t attribute, const qd_source_t *source);
qd_status_t qd_object_act(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                          int8_t method, const qd_source_t *source);
/* Return parameters. As qd_module_t.reply; QD_END also when the module has none. */
qd_status_t qd_object_reply(const qd_objects_t *objects, const qd_call_t *call, qd_object_t object,
                            int8_t method, const qd_sink_t *sink);

#endif
