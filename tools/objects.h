/*
 * objects.h - an association's object list: decoded, and kept in a file from one call to the next.
 *
 * The file is text: a head with the meter's logical device name and the client, a row per object, an
 * end with their number. What is not exactly so is thrown away and read again.
 */
#ifndef QD_TOOLS_OBJECTS_H
#define QD_TOOLS_OBJECTS_H

#include "quadrant/client.h"

#include <stdio.h>

#define QD_INDEX_MAX 64 /* attribute and method numbers that are kept */

typedef struct qd_object {
    uint16_t class_id;
    uint8_t version;
    qd_obis_t obis;
    uint8_t attribute[QD_INDEX_MAX]; /* access mode by attribute number; 0: none */
    uint8_t method[QD_INDEX_MAX];
} qd_object_t;

typedef struct qd_objects {
    qd_object_t *row; /* NULL: not loaded */
    size_t count;
} qd_objects_t;

/* From attribute 2 of the association. NULL: taken; otherwise what is wrong with it. */
const char *qd_objects_decode(qd_objects_t *objects, const uint8_t *data, size_t length);
void qd_objects_free(qd_objects_t *objects);
/* NULL: no such object. class_id 0: any. */
const qd_object_t *qd_objects_find(const qd_objects_t *objects, const qd_obis_t *obis, uint16_t class_id);

/* True: read and whole. name: the logical device name as in the head. */
bool qd_objects_load(qd_objects_t *objects, FILE *file, const char *name, uint16_t client_sap);
bool qd_objects_store(const qd_objects_t *objects, FILE *file, const char *name, uint16_t client_sap);

/* May this attribute be read, as far as the list says? */
bool qd_object_readable(const qd_object_t *object, int8_t index);

#endif
