/*
 * element.c - the public face of the A-XDR codec.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "client/internal.h"
#include "protocol/axdr.h"

void qd_element_begin(qd_element_iterator_t *it, const uint8_t *data, size_t size) {
    qd_element_iterator_t empty = {0};

    *it = empty;
    it->data = data;
    it->size = size;
}

static qd_status_t end(qd_element_iterator_t *it, qd_status_t status) {
    it->status = status;
    return status;
}

qd_status_t qd_element_next(qd_element_iterator_t *it, qd_element_t *element) {
    qd_reader_t r;
    qd_axdr_element_t got;

    if (it->status != QD_OK) {
        return it->status;
    }
    while (it->depth > 0u && it->left[it->depth - 1u] == 0u) {
        it->depth--;
    }
    if (it->started && it->depth == 0u) {
        return end(it, it->at == it->size ? QD_END : QD_MALFORMED);
    }
    qd_reader_init(&r, it->data + it->at, it->size - it->at);
    if (qd_axdr_get(&r, &got) != QD_OK) {
        return end(it, r.status);
    }
    element->type = got.type;
    element->depth = it->depth;
    element->count = got.count;
    element->scalar = got.scalar;
    it->at += r.at;
    it->started = true;
    if (it->depth > 0u) {
        it->left[it->depth - 1u]--;
    }
    if (got.type == QD_TYPE_ARRAY || got.type == QD_TYPE_STRUCTURE) {
        if (it->depth == QD_ELEMENT_DEPTH_MAX) {
            return end(it, QD_MALFORMED);
        }
        it->left[it->depth++] = got.count;
    }
    return QD_OK;
}

void qd_element_write_begin(qd_element_writer_t *writer, uint8_t *data, size_t size) {
    writer->data = data;
    writer->size = size;
    writer->at = 0;
    writer->status = QD_OK;
}

static void take(qd_element_writer_t *writer, const qd_writer_t *w) {
    writer->at += w->status == QD_OK ? w->at : 0u;
    writer->status = w->status;
}

void qd_element_write_group(qd_element_writer_t *writer, qd_type_t type, uint16_t count) {
    qd_writer_t w;

    if (writer->status == QD_OK) {
        qd_writer_init(&w, writer->data + writer->at, writer->size - writer->at);
        qd_axdr_put_group(&w, type, count);
        take(writer, &w);
    }
}

void qd_element_write_scalar(qd_element_writer_t *writer, const qd_scalar_t *scalar) {
    qd_writer_t w;

    if (writer->status == QD_OK) {
        qd_writer_init(&w, writer->data + writer->at, writer->size - writer->at);
        qd_axdr_put_scalar(&w, scalar);
        take(writer, &w);
    }
}
