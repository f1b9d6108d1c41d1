/*
 * feeder.c - the measuring element of a board in QEMU: plays a load file into the ring of memory.h.
 *
 * usage: feeder FILE LOAD UTC_MS ORIGIN_S [COUNT]
 * FILE is the memory that QEMU shares, LOAD a load file; UTC_MS and ORIGIN_S are those of qd_load_player_t (the
 * board's time now, and that of load second 0). Without COUNT it feeds one record per second until it is ended;
 * with COUNT as many seconds as fast as the image takes them, and it ends when the last one was taken.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "memory.h"
#include "quadrant/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct feeder {
    volatile qd_mps2_ring_t *ring;
    qd_mps2_record_t *records;
    qd_mps2_record_t *running;
    qd_load_player_t player;
    qd_quantities_port_t port;
} feeder_t;

static uint64_t host_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void sleep_us(uint64_t span_us) {
    const struct timespec span = {(time_t)(span_us / 1000000u), (long)(span_us % 1000000u) * 1000};
    (void)nanosleep(&span, NULL);
}

static qd_mps2_record_t record_of(const qd_quantities_t *from, uint32_t sequence) {
    qd_mps2_record_t record = {
        .sequence = sequence,
        .end_us = from->tick_us,
        .duration_us = from->duration_us,
        .frequency_mhz = from->frequency_mhz,
    };
    for (unsigned i = 0; i < QD_PHASES; i++) {
        const qd_phase_quantities_t *phase = &from->phase[i];
        record.phase[i] = (qd_mps2_phase_t){
            .voltage_mv = phase->voltage_mv,
            .current_ma = phase->current_ma,
            .active_power_mw = phase->active_power_mw,
            .reactive_power_mvar = phase->reactive_power_mvar,
            .voltage_angle_ddeg = phase->voltage_angle_ddeg,
            .current_angle_ddeg = phase->current_angle_ddeg,
            .valid = phase->valid,
        };
    }
    record.sum = qd_mps2_sum(&record);
    return record;
}

/* The slot first, then the count that shows it. */
static void push(feeder_t *feeder, const qd_quantities_t *from) {
    uint32_t sequence = feeder->ring->head;
    feeder->records[sequence % QD_MPS2_RING_SLOTS] = record_of(from, sequence);
    __sync_synchronize();
    feeder->ring->head = sequence + 1u;
}

/* What the next record will be, as a second player sees it. */
static void show_running(feeder_t *feeder) {
    qd_load_player_t ahead = feeder->player;
    qd_quantities_port_t port = qd_load_player_port(&ahead);
    qd_quantities_t record;
    if (port.take(port.context, ahead.end_us, &record) == QD_OK) {
        *feeder->running = record_of(&record, feeder->ring->head);
        __sync_synchronize();
    }
}

static void play(feeder_t *feeder) {
    qd_quantities_t record;
    show_running(feeder);
    for (;;) {
        uint64_t now = host_us();
        if (feeder->player.end_us > now) {
            sleep_us(feeder->player.end_us - now);
            continue;
        }
        if (feeder->port.take(feeder->port.context, now, &record) == QD_OK) {
            push(feeder, &record);
            show_running(feeder);
        }
    }
}

static int play_fast(feeder_t *feeder, unsigned long count) {
    qd_quantities_t record;
    for (unsigned long i = 0; i < count; i++) {
        while (feeder->ring->head - feeder->ring->tail >= QD_MPS2_RING_SLOTS) {
            sleep_us(200);
        }
        if (feeder->port.take(feeder->port.context, feeder->player.end_us, &record) != QD_OK) {
            return 1;
        }
        push(feeder, &record);
    }
    while (feeder->ring->head != feeder->ring->tail) {
        sleep_us(1000);
    }
    return 0;
}

static bool map(const char *path, feeder_t *feeder) {
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    uint8_t *memory = mmap(NULL, QD_MPS2_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    (void)close(file);
    if (memory == MAP_FAILED) {
        return false;
    }
    void *ring = memory + QD_MPS2_RING_AT;
    void *records = memory + QD_MPS2_RING_AT + QD_MPS2_RING_RECORDS;
    void *running = memory + QD_MPS2_RING_AT + QD_MPS2_RING_RUNNING;
    feeder->ring = ring;
    feeder->records = records;
    feeder->running = running;
    return true;
}

int main(int argc, char **argv) {
    static feeder_t feeder;
    qd_load_t *load = NULL;
    qd_load_error_t error;
    if (argc < 5 || argc > 6) {
        (void)fprintf(stderr, "usage: feeder FILE LOAD UTC_MS ORIGIN_S [COUNT]\n");
        return 2;
    }
    if (qd_load_read(argv[2], &load, &error) != QD_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    if (!map(argv[1], &feeder)) {
        (void)fprintf(stderr, "feeder: %s cannot be mapped\n", argv[1]);
        return 2;
    }
    bool fast = argc == 6;
    uint64_t begin_us = fast ? 0 : host_us();
    /* The player's UTC is that of its tick 0. */
    feeder.player.load = load;
    feeder.player.utc_ms = strtoll(argv[3], NULL, 10) - (int64_t)(begin_us / 1000u);
    feeder.player.origin_utc_s = strtoll(argv[4], NULL, 10);
    qd_load_player_start(&feeder.player, begin_us);
    feeder.port = qd_load_player_port(&feeder.player);
    feeder.ring->tail = feeder.ring->head;
    memset(feeder.running, 0, sizeof *feeder.running); /* the old feeder's: its sum fits no more */
    __sync_synchronize();
    feeder.ring->epoch = feeder.ring->epoch + 1u == 0 ? 1u : feeder.ring->epoch + 1u;
    feeder.ring->magic = QD_MPS2_RING_MAGIC;
    if (!fast) {
        play(&feeder);
    }
    int status = play_fast(&feeder, strtoul(argv[5], NULL, 10));
    qd_load_free(load);
    return status;
}
