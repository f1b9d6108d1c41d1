/*
 * load_file.c - a load file from the file system.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static qd_status_t fault(const char *path, qd_load_error_t *error, const char *what, const char *advice) {
    (void)snprintf(error->text, sizeof error->text, "%s: %s; %s", path, what, advice);
    return QD_IO;
}

/* All of a file that may be a pipe: its size is known when it has ended. */
static char *read_all(FILE *file, size_t *length) {
    size_t capacity = 65536;
    char *text = malloc(capacity);

    *length = 0;
    while (text != NULL) {
        *length += fread(text + *length, 1, capacity - *length, file);
        if (*length < capacity || capacity > QD_LOAD_SIZE_MAX) {
            return text;
        }
        capacity *= 2;
        char *grown = realloc(text, capacity);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
    }
    return NULL;
}

qd_status_t qd_load_read(const char *path, qd_load_t **load, qd_load_error_t *error) {
    FILE *file = fopen(path, "rb");
    qd_status_t status;
    size_t length;
    char *text;
    int code;

    if (file == NULL) {
        return fault(path, error, strerror(errno), "check the path of the load file");
    }
    errno = 0;
    text = read_all(file, &length);
    code = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (text == NULL || code != 0) {
        free(text);
        return fault(path, error, text == NULL ? "no memory" : strerror(code), "check the load file");
    }
    status = qd_load_parse(path, text, length, load, error);
    free(text);
    return status;
}
