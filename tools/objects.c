/*
 * objects.c - object lists.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "objects.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX 8192u
#define HEAD "quadrant-objects 1"

/* A walk that remembers whether every element was what the class says. */
typedef struct walk {
    qd_element_iterator_t it;
    bool good;
} walk_t;

static qd_element_t next(walk_t *walk) {
    qd_element_t element = {0};

    if (walk->good && qd_element_next(&walk->it, &element) != QD_OK) {
        walk->good = false;
    }
    return element;
}

static uint16_t group(walk_t *walk, qd_type_t type) {
    qd_element_t element = next(walk);

    if (element.type != type) {
        walk->good = false;
    }
    return walk->good ? element.count : 0u;
}

static int64_t integer(walk_t *walk) {
    qd_element_t element = next(walk);

    switch (element.type) {
    case QD_TYPE_INTEGER:
    case QD_TYPE_LONG:
        return element.scalar.v.i;
    case QD_TYPE_UNSIGNED:
    case QD_TYPE_LONG_UNSIGNED:
    case QD_TYPE_ENUM:
    case QD_TYPE_BOOLEAN: /* method_access of the first versions */
        return (int64_t)element.scalar.v.u;
    default:
        walk->good = false;
        return 0;
    }
}

/* access_selectors ::= null-data | array of integer */
static void skip_selectors(walk_t *walk) {
    qd_element_t element = next(walk);
    uint16_t i;

    if (element.type != QD_TYPE_NULL && element.type != QD_TYPE_ARRAY) {
        walk->good = false;
    }
    for (i = 0; walk->good && i < element.count; i++) {
        (void)integer(walk);
    }
}

static void note(uint8_t mode[QD_INDEX_MAX], int64_t index, int64_t access) {
    if (index >= 0 && index < QD_INDEX_MAX && access >= 0 && access <= 255) {
        mode[index] = (uint8_t)access;
    }
}

/* element ::= structure {class, version, logical_name, structure {attributes, methods}} */
static void take_object(walk_t *walk, qd_object_t *object) {
    qd_element_t name;
    uint16_t count;
    uint16_t i;

    (void)memset(object, 0, sizeof *object);
    walk->good = group(walk, QD_TYPE_STRUCTURE) == 4u && walk->good;
    object->class_id = (uint16_t)integer(walk);
    object->version = (uint8_t)integer(walk);
    name = next(walk);
    if (name.type != QD_TYPE_OCTET_STRING || name.scalar.length != sizeof object->obis.group) {
        walk->good = false;
        return;
    }
    (void)memcpy(object->obis.group, name.scalar.external, sizeof object->obis.group);
    walk->good = group(walk, QD_TYPE_STRUCTURE) == 2u && walk->good;
    count = group(walk, QD_TYPE_ARRAY);
    for (i = 0; walk->good && i < count; i++) {
        int64_t index;

        walk->good = group(walk, QD_TYPE_STRUCTURE) == 3u && walk->good;
        index = integer(walk);
        note(object->attribute, index, integer(walk));
        skip_selectors(walk);
    }
    count = group(walk, QD_TYPE_ARRAY);
    for (i = 0; walk->good && i < count; i++) {
        int64_t index;

        walk->good = group(walk, QD_TYPE_STRUCTURE) == 2u && walk->good;
        index = integer(walk);
        note(object->method, index, integer(walk));
    }
}

const char *qd_objects_decode(qd_objects_t *objects, const uint8_t *data, size_t length) {
    walk_t walk = {.good = true};
    uint16_t count;
    uint16_t i;

    objects->row = NULL;
    objects->count = 0;
    qd_element_begin(&walk.it, data, length);
    count = group(&walk, QD_TYPE_ARRAY);
    if (!walk.good || count > OBJECTS_MAX) {
        return "the object list is no array";
    }
    objects->row = calloc((size_t)count + 1u, sizeof *objects->row);
    if (objects->row == NULL) {
        return "no memory for the object list";
    }
    for (i = 0; walk.good && i < count; i++) {
        take_object(&walk, &objects->row[i]);
    }
    if (!walk.good) {
        qd_objects_free(objects);
        return "the object list is not of the form that class 15 has";
    }
    objects->count = count;
    return NULL;
}

void qd_objects_free(qd_objects_t *objects) {
    free(objects->row);
    objects->row = NULL;
    objects->count = 0;
}

const qd_object_t *qd_objects_find(const qd_objects_t *objects, const qd_obis_t *obis, uint16_t class_id) {
    size_t i;

    for (i = 0; i < objects->count; i++) {
        const qd_object_t *row = &objects->row[i];

        if (memcmp(row->obis.group, obis->group, sizeof obis->group) == 0 &&
            (class_id == 0u || class_id == row->class_id)) {
            return row;
        }
    }
    return NULL;
}

bool qd_object_readable(const qd_object_t *object, int8_t index) {
    uint8_t mode = index >= 0 && index < QD_INDEX_MAX ? object->attribute[index] : 0u;

    return mode == 1u || mode == 3u || mode == 4u || mode == 6u;
}

/* --- the file --------------------------------------------------------------------------------- */

static void store_modes(FILE *file, const uint8_t mode[QD_INDEX_MAX]) {
    int i;

    for (i = 0; i < QD_INDEX_MAX; i++) {
        if (mode[i] != 0u) {
            (void)fprintf(file, " %d=%u", i, mode[i]);
        }
    }
}

bool qd_objects_store(const qd_objects_t *objects, FILE *file, const char *name, uint16_t client_sap) {
    size_t i;

    (void)fprintf(file, HEAD " %s %u\n", name, client_sap);
    for (i = 0; i < objects->count; i++) {
        const qd_object_t *row = &objects->row[i];
        const uint8_t *g = row->obis.group;

        (void)fprintf(file, "%u %u %02X%02X%02X%02X%02X%02X", row->class_id, row->version, g[0], g[1], g[2],
                      g[3], g[4], g[5]);
        store_modes(file, row->attribute);
        (void)fputs(" |", file);
        store_modes(file, row->method);
        (void)fputc('\n', file);
    }
    (void)fprintf(file, "end %zu\n", objects->count);
    return fflush(file) == 0 && ferror(file) == 0;
}

/* number ::= digit+, 0..most; *text is moved behind it */
static bool load_number(char **text, unsigned long most, unsigned long *value) {
    if (**text < '0' || **text > '9') {
        return false;
    }
    *value = strtoul(*text, text, 10); /* beyond the type it is ULONG_MAX */
    return *value <= most;
}

static bool load_character(char **text, char wanted) {
    if (**text != wanted) {
        return false;
    }
    (*text)++;
    return true;
}

/* name ::= twelve hex digits; *text is moved behind them */
static bool load_name(char **text, qd_obis_t *obis) {
    size_t i;

    if (strspn(*text, "0123456789ABCDEFabcdef") != 2u * sizeof obis->group) {
        return false;
    }
    for (i = 0; i < sizeof obis->group; i++) {
        char pair[3] = {(*text)[0], (*text)[1], '\0'};

        obis->group[i] = (uint8_t)strtoul(pair, NULL, 16);
        *text += 2;
    }
    return true;
}

/* modes ::= (" " index "=" mode)*; *text is moved behind them */
static bool load_modes(char **text, uint8_t mode[QD_INDEX_MAX]) {
    while ((*text)[0] == ' ' && (*text)[1] >= '0' && (*text)[1] <= '9') {
        unsigned long index;
        unsigned long access;

        (*text)++;
        if (!load_number(text, QD_INDEX_MAX - 1, &index) || !load_character(text, '=') ||
            !load_number(text, 255, &access) || access == 0u) {
            return false;
        }
        mode[index] = (uint8_t)access;
    }
    return true;
}

static bool load_row(char *line, qd_object_t *row) {
    unsigned long class_id;
    unsigned long version;
    char *text = line;

    (void)memset(row, 0, sizeof *row);
    if (!load_number(&text, 0xFFFFu, &class_id) || class_id == 0u || !load_character(&text, ' ') ||
        !load_number(&text, 255, &version) || !load_character(&text, ' ') || !load_name(&text, &row->obis)) {
        return false;
    }
    row->class_id = (uint16_t)class_id;
    row->version = (uint8_t)version;
    if (!load_modes(&text, row->attribute) || strncmp(text, " |", 2) != 0) {
        return false;
    }
    text += 2;
    return load_modes(&text, row->method) && strcmp(text, "\n") == 0;
}

bool qd_objects_load(qd_objects_t *objects, FILE *file, const char *name, uint16_t client_sap) {
    char line[2048];
    char want[2048];
    bool good;

    objects->count = 0;
    objects->row = calloc(OBJECTS_MAX, sizeof *objects->row);
    (void)snprintf(want, sizeof want, HEAD " %s %u\n", name, client_sap);
    good = objects->row != NULL && fgets(line, sizeof line, file) != NULL && strcmp(line, want) == 0;
    while (good) {
        if (fgets(line, sizeof line, file) == NULL) {
            good = false;
        } else if (strncmp(line, "end ", 4) == 0) {
            (void)snprintf(want, sizeof want, "end %zu\n", objects->count);
            good = strcmp(line, want) == 0 && fgetc(file) == EOF;
            break;
        } else {
            good = objects->count < OBJECTS_MAX && load_row(line, &objects->row[objects->count]);
            objects->count++;
        }
    }
    if (!good) {
        qd_objects_free(objects);
    }
    return good;
}
