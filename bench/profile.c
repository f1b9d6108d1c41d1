/*
 * bench_profile rows N | objects N | ring N: what reading long tables costs.
 *
 * rows: the newest N rows of ten columns, entry by entry through the server; objects: the object list of the management
 * client, N times. Both are for callgrind, which counts the meter's step alone. ring: the whole ring through the C client and the
 * wrapper N times; prints the least time of one in microseconds, and checks each row.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "quadrant/client.h"
#include "support/profile_model.h"
#include "unit/meter/world.h"

static world_t world;
static profile_model_t pm;
static uint8_t buffer[5760u * 64u];

static qd_status_t client_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    (void)context;
    (void)timeout_ms;
    world_put(&world, 0, octets, length);
    (void)world_step(&world);
    return QD_OK;
}

static qd_status_t client_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                  size_t *length) {
    world_line_t *line = &world.line[0];
    (void)context;
    (void)timeout_ms;
    *length = line->out_size < size ? line->out_size : size;
    memcpy(octets, line->out, *length);
    line->out_size -= *length;
    memmove(line->out, line->out + *length, line->out_size);
    return *length > 0 ? QD_OK : QD_PENDING;
}

static uint32_t client_now(void *context) {
    (void)context;
    return 0;
}

static uint64_t now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A row: 02 0A, 14 octets of time, 2 of status, 8 times 5; the last register says which row it is. */
#define ROW_SIZE 58u

static bool good(const qd_client_value_t *value, uint32_t count) {
    size_t head = count > 255u ? 4u : count > 127u ? 3u : 2u;
    bool right = value->length == head + count * ROW_SIZE;
    for (uint32_t i = 0; right && i < count; i++) {
        const uint8_t *row = value->data + head + i * ROW_SIZE;
        uint32_t wanted = (pm.end - count + i) * 2654435761u;
        uint32_t got =
            (uint32_t)row[54] << 24 | (uint32_t)row[55] << 16 | (uint32_t)row[56] << 8 | (uint32_t)row[57];
        right = row[0] == 2 && row[1] == 10 && got == wanted;
    }
    return right;
}

int main(int argc, char **argv) {
    static uint8_t frame[8u + 65535u];
    static const qd_client_transport_t transport = {NULL, client_send, client_receive, client_now};
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    const char *what = argc == 3 ? argv[1] : "";
    const char *password = world_password(SAP_MANAGEMENT);
    const qd_client_config_t config = {.transport = &transport,
                                       .client_sap = SAP_MANAGEMENT,
                                       .server_sap = 1,
                                       .mechanism = QD_CLIENT_LLS,
                                       .secret = (const uint8_t *)password,
                                       .secret_length = strlen(password),
                                       .timeout_ms = 1000};
    const qd_client_ref_t profile = {7, QD_OBIS(1, 0, 99, 1, 0, 255), 2};
    const qd_client_ref_t list = {15, QD_OBIS(0, 0, 40, 0, 0, 255), 2};
    qd_client_t client;
    qd_client_value_t value;
    qd_client_selection_t entries;
    uint8_t descriptor[QD_CLIENT_SELECTION_MAX];
    profile_model_make(&pm, PM_FIFO, PM_CAPACITY + 100u);
    world_blank(&world, &pm.model);
    bool right = count > 0 && world_start(&world) == QD_OK &&
                 qd_client_init(&client, &config, frame, sizeof frame) == QD_OK &&
                 qd_client_open(&client) == QD_CLIENT_OK;
    if (right && strcmp(what, "rows") == 0) {
        (void)qd_client_select_entries(PM_CAPACITY + 1u - (uint32_t)count, 0, descriptor, sizeof descriptor,
                                       &entries);
        right = qd_client_get_selected(&client, &profile, &entries, buffer, sizeof buffer, &value) ==
                    QD_CLIENT_OK &&
                good(&value, (uint32_t)count);
    } else if (right && strcmp(what, "objects") == 0) {
        for (unsigned long i = 0; right && i < count; i++) {
            right = qd_client_get(&client, &list, buffer, sizeof buffer, &value) == QD_CLIENT_OK;
        }
        (void)printf("objects %u\n", right ? (unsigned)value.data[1] == 0x81 ? value.data[2] : 0u : 0u);
    } else if (right && strcmp(what, "ring") == 0) {
        uint64_t least = UINT64_MAX;
        for (unsigned long i = 0; right && i < count; i++) {
            uint64_t begin = now_ns();
            right = qd_client_get(&client, &profile, buffer, sizeof buffer, &value) == QD_CLIENT_OK;
            uint64_t took = now_ns() - begin;
            least = took < least ? took : least;
            right = right && good(&value, PM_CAPACITY);
        }
        (void)printf("ring %llu us\n", (unsigned long long)(least / 1000u));
    } else {
        right = false;
    }
    if (!right) {
        (void)fputs("bench_profile rows|objects|ring COUNT: wrong answer or wrong words\n", stderr);
    }
    return right ? 0 : 1;
}
