/*
 * directory.h - items by their standard name, for modules that work by reference.
 *
 * Purpose: scripts, schedules, profiles and monitors name attributes and methods as {class, logical
 * name, index}; the directory finds, reads, writes and executes them, so that no module needs to
 * know another. Rights of clients are not asked here: who may set the reference was asked before.
 * Context: main context.
 */
#ifndef QD_ITEM_DIRECTORY_H
#define QD_ITEM_DIRECTORY_H

#include "item/item.h"

typedef struct qd_item_name {
    uint16_t class_id;
    qd_obis_t obis;
    int8_t index; /* attribute or method */
} qd_item_name_t;

typedef struct qd_directory {
    void *context;
    /* Reference of an attribute that is one value. QD_OK, QD_UNDEFINED, QD_CLASS. */
    qd_status_t (*find)(void *context, const qd_item_name_t *name, qd_ref_t *ref);
    /* Name of the attribute 2 whose value is at ref. QD_OK, QD_UNDEFINED. */
    qd_status_t (*name)(void *context, qd_ref_t ref, qd_item_name_t *name);
    /* As qd_module_t.put and act; also QD_UNDEFINED, QD_CLASS, QD_DENIED (not writable by class). */
    qd_status_t (*put)(void *context, const qd_call_t *call, const qd_item_name_t *name,
                       const qd_source_t *source);
    qd_status_t (*act)(void *context, const qd_call_t *call, const qd_item_name_t *name,
                       const qd_source_t *source);
} qd_directory_t;

#endif
