/*
 * world.h - a whole meter in memory: FRAM, clock, measuring element and channels are plain arrays.
 *
 * Needs no test framework: unit tests, vectors and fuzz targets use it alike. A test scripts a channel by
 * putting octets of the wrapper into it and looks at what the meter wrote.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_WORLD_H
#define QD_TESTS_WORLD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "meter/meter_state.h"

#define WORLD_CHANNELS 7u
#define WORLD_ERASE 4096u
#define WORLD_FLASH (24u * WORLD_ERASE)
#define WORLD_SECOND UINT64_C(1000000)
/* 2026-01-15T12:00:00Z, a Thursday: 9511 days and a half after 2000-01-01. */
#define WORLD_UTC_S INT64_C(821793600)

#define SAP_PUBLIC 16u
#define SAP_MANAGEMENT 1u
#define SAP_LEVEL_1 17u
#define SAP_LEVEL_2 18u
#define SAP_LEVEL_3 19u

typedef struct world_line {
    uint8_t in[4096]; /* to the meter */
    size_t in_size;
    size_t in_at;
    uint8_t out[8192]; /* from the meter */
    size_t out_size;
    uint32_t generation;
    unsigned closes;
    size_t read_most;  /* octets per read; 0: all */
    size_t write_most; /* octets per write; 0: all */
    bool blocked;      /* accepts nothing */
    uint32_t now_ms;
} world_line_t;

typedef struct world {
    union {
        max_align_t align;
        uint8_t octets[40960];
    } memory;
    uint8_t cells[32768];
    unsigned programs;
    qd_status_t fram_status; /* of program and sync, unless QD_OK */
    qd_block_t fram;
    uint8_t flash_cells[WORLD_FLASH]; /* an erase takes no time */
    qd_block_t flash;
    qd_quantities_t now; /* phases of the next interval */
    bool feeding;        /* one interval per second */
    uint64_t fed_us;     /* end of the newest interval given */
    qd_quantities_port_t quantities;
    int64_t rtc_ms;
    bool rtc_valid;
    qd_rtc_t rtc;
    bool factory_open;
    qd_factory_t factory;
    qd_power_state_t power_state;
    qd_power_t power;
    qd_device_key_t key;
    world_line_t line[WORLD_CHANNELS];
    qd_channel_port_t channel[WORLD_CHANNELS];
    const qd_model_t *model;
    qd_meter_ports_t ports;
    qd_meter_options_t options;
    uint64_t tick_us;
    qd_meter_t *meter;
} world_t;

static inline qd_status_t world_fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    world_t *w = context;
    memcpy(buffer, w->cells + offset, length);
    return QD_OK;
}

static inline qd_status_t world_fram_program(void *context, uint32_t offset, const uint8_t *buffer,
                                             uint32_t length) {
    world_t *w = context;
    if (w->fram_status == QD_OK) {
        memcpy(w->cells + offset, buffer, length);
        w->programs++;
    }
    return w->fram_status;
}

static inline qd_status_t world_fram_sync(void *context) {
    return ((world_t *)context)->fram_status;
}

static inline qd_status_t world_flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    world_t *w = context;
    memcpy(buffer, w->flash_cells + offset, length);
    return QD_OK;
}

static inline qd_status_t world_flash_program(void *context, uint32_t offset, const uint8_t *buffer,
                                              uint32_t length) {
    world_t *w = context;
    for (uint32_t i = 0; i < length; i++) {
        w->flash_cells[offset + i] &= buffer[i];
    }
    return QD_OK;
}

static inline qd_status_t world_flash_idle(void *context) {
    (void)context;
    return QD_OK;
}

static inline qd_status_t world_flash_erase(void *context, uint32_t offset) {
    world_t *w = context;
    memset(w->flash_cells + offset / WORLD_ERASE * WORLD_ERASE, 0xFF, WORLD_ERASE);
    return QD_OK;
}

static inline qd_status_t world_take(void *context, uint64_t tick_us, qd_quantities_t *record) {
    world_t *w = context;
    if (!w->feeding || w->fed_us + WORLD_SECOND > tick_us) {
        return QD_END;
    }
    w->fed_us += WORLD_SECOND;
    *record = w->now;
    record->tick_us = w->fed_us;
    record->duration_us = (uint32_t)WORLD_SECOND;
    return QD_OK;
}

/* What came since the newest interval, ended early. */
static inline qd_status_t world_cut(void *context, uint64_t tick_us, qd_quantities_t *record) {
    world_t *w = context;
    if (!w->feeding || w->fed_us >= tick_us) {
        return QD_END;
    }
    *record = w->now;
    record->tick_us = tick_us;
    record->duration_us = (uint32_t)(tick_us - w->fed_us);
    w->fed_us = tick_us;
    return QD_OK;
}

static inline qd_power_state_t world_power_state(void *context) {
    return ((const world_t *)context)->power_state;
}

static inline qd_status_t world_rtc_get(void *context, int64_t *utc_ms) {
    const world_t *w = context;
    *utc_ms = w->rtc_valid ? w->rtc_ms : 0;
    return w->rtc_valid ? QD_OK : QD_UNAVAILABLE;
}

static inline qd_status_t world_rtc_set(void *context, int64_t utc_ms) {
    world_t *w = context;
    w->rtc_ms = utc_ms;
    w->rtc_valid = true;
    return QD_OK;
}

/* 000102...0F */
static inline qd_status_t world_key(void *context, uint8_t key[QD_DEVICE_KEY_SIZE]) {
    (void)context;
    for (uint8_t i = 0; i < QD_DEVICE_KEY_SIZE; i++) {
        key[i] = i;
    }
    return QD_OK;
}

static inline bool world_factory_open(void *context) {
    return ((world_t *)context)->factory_open;
}

static inline uint32_t world_line_generation(void *context) {
    return ((world_line_t *)context)->generation;
}

static inline size_t world_line_read(void *context, uint8_t *buffer, size_t size) {
    world_line_t *line = context;
    size_t length = line->in_size - line->in_at;
    length = length < size ? length : size;
    length = line->read_most != 0 && length > line->read_most ? line->read_most : length;
    memcpy(buffer, line->in + line->in_at, length);
    line->in_at += length;
    if (line->in_at == line->in_size) {
        line->in_at = line->in_size = 0;
    }
    return length;
}

static inline size_t world_line_write(void *context, const uint8_t *buffer, size_t length) {
    world_line_t *line = context;
    size_t room = line->blocked ? 0 : sizeof line->out - line->out_size;
    length = length < room ? length : room;
    length = line->write_most != 0 && length > line->write_most ? line->write_most : length;
    memcpy(line->out + line->out_size, buffer, length);
    line->out_size += length;
    return length;
}

static inline void world_line_close(void *context) {
    world_line_t *line = context;
    line->closes++;
    line->generation = 0;
    line->in_at = line->in_size = 0;
}

/* The peer's time stands still unless a test moves it. */
static inline uint32_t world_line_now_ms(void *context) {
    const world_line_t *line = context;
    return line->now_ms;
}

/* A world without history: blank FRAM, clock right, every channel connected, nothing flows. */
static inline void world_blank(world_t *w, const qd_model_t *model) {
    qd_meter_release(&w->memory, sizeof w->memory);
    memset(w, 0, sizeof *w);
    memset(w->cells, 0xFF, sizeof w->cells);
    w->model = model;
    w->tick_us = WORLD_SECOND;
    w->rtc_ms = WORLD_UTC_S * 1000;
    w->rtc_valid = true;
    w->fram = (qd_block_t){.context = w,
                           .size = sizeof w->cells,
                           .read = world_fram_read,
                           .program = world_fram_program,
                           .sync = world_fram_sync};
    memset(w->flash_cells, 0xFF, sizeof w->flash_cells);
    w->flash = (qd_block_t){.context = w,
                            .size = sizeof w->flash_cells,
                            .erase_size = WORLD_ERASE,
                            .read = world_flash_read,
                            .program = world_flash_program,
                            .sync = world_flash_idle,
                            .erase_start = world_flash_erase,
                            .erase_poll = world_flash_idle};
    w->quantities = (qd_quantities_port_t){w, world_take, world_cut};
    w->rtc = (qd_rtc_t){w, world_rtc_get, world_rtc_set};
    w->factory = (qd_factory_t){w, world_factory_open};
    w->ports.fram = &w->fram;
    w->ports.flash = &w->flash;
    w->ports.quantities = &w->quantities;
    w->ports.rtc = &w->rtc;
    w->ports.factory = &w->factory;
    w->power = (qd_power_t){w, world_power_state};
    w->ports.power = &w->power;
    w->key = (qd_device_key_t){w, world_key};
    w->ports.key = &w->key;
    w->ports.channel_count = qd_model_channel_count(model);
    for (unsigned i = 0; i < WORLD_CHANNELS; i++) {
        w->line[i].generation = 1;
        w->channel[i] = (qd_channel_port_t){.context = &w->line[i],
                                            .generation = world_line_generation,
                                            .read = world_line_read,
                                            .write = world_line_write,
                                            .close = world_line_close,
                                            .now_ms = world_line_now_ms};
        w->ports.channel[i] = i < w->ports.channel_count ? &w->channel[i] : NULL;
    }
    w->now.frequency_mhz = 50000;
    w->feeding = true;
}

/* Steps at the present tick until the meter has nothing more to do. The first status that is not QD_OK. */
static inline qd_status_t world_step(world_t *w) {
    qd_status_t first = QD_OK;
    uint64_t next_us = 0;
    for (unsigned i = 0; i < 3000u; i++) {
        qd_status_t status = qd_meter_step(w->meter, w->tick_us, &next_us);
        first = first == QD_OK ? status : first;
        if (next_us > w->tick_us) {
            break;
        }
    }
    return first;
}

/* Switches the meter on with what its FRAM holds. */
static inline qd_status_t world_start(world_t *w) {
    w->fed_us = w->tick_us;
    qd_status_t status =
        qd_meter_init(&w->memory, sizeof w->memory, w->model, &w->ports, &w->options, w->tick_us, &w->meter);
    return status == QD_OK ? world_step(w) : status;
}

/* Power off and on again: memory is lost, the reserve keeps the clock. */
static inline qd_status_t world_restart(world_t *w) {
    w->rtc_ms = qd_meter_utc_ms(w->meter, w->tick_us);
    qd_meter_release(&w->memory, sizeof w->memory);
    memset(&w->memory, 0xA5, sizeof w->memory);
    for (unsigned i = 0; i < WORLD_CHANNELS; i++) {
        w->line[i].generation++;
    }
    return world_start(w);
}

static inline void world_run(world_t *w, uint32_t seconds) {
    for (uint32_t i = 0; i < seconds; i++) {
        w->tick_us += WORLD_SECOND;
        (void)world_step(w);
    }
}

/* The time of the peers, which is another one than the meter's: on all channels. */
static inline void world_wait(world_t *w, uint32_t seconds) {
    for (size_t i = 0; i < WORLD_CHANNELS; i++) {
        w->line[i].now_ms += seconds * 1000u;
    }
    (void)world_step(w);
}

static inline size_t world_hex(const char *text, uint8_t *octets) {
    size_t digits = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            continue;
        }
        uint8_t value = (uint8_t)(*text <= '9' ? *text - '0' : *text - 'A' + 10);
        octets[digits / 2u] = (uint8_t)(digits % 2u == 0 ? value << 4 : octets[digits / 2u] | value);
        digits++;
    }
    return digits / 2u;
}

/* Puts octets into a channel as they are. */
static inline void world_put(world_t *w, unsigned channel, const uint8_t *octets, size_t length) {
    world_line_t *line = &w->line[channel];
    if (length <= sizeof line->in - line->in_size) {
        memcpy(line->in + line->in_size, octets, length);
        line->in_size += length;
    }
}

/* Puts an APDU into a channel, from a client to logical device 1. */
static inline void world_put_apdu(world_t *w, unsigned channel, uint16_t sap, const uint8_t *apdu,
                                  size_t length) {
    const uint8_t head[8] = {0, 1, (uint8_t)(sap >> 8),    (uint8_t)sap,
                             0, 1, (uint8_t)(length >> 8), (uint8_t)length};
    world_put(w, channel, head, sizeof head);
    world_put(w, channel, apdu, length);
}

#define WORLD_MISFRAMED SIZE_MAX

/* Takes the first APDU that the meter wrote for the client; its length, 0: nothing is there. */
static inline size_t world_get_apdu(world_t *w, unsigned channel, uint16_t sap, uint8_t *apdu, size_t size) {
    world_line_t *line = &w->line[channel];
    const uint8_t head[6] = {0, 1, 0, 1, (uint8_t)(sap >> 8), (uint8_t)sap};
    if (line->out_size == 0) {
        return 0;
    }
    size_t length = (size_t)((line->out[6] << 8) | line->out[7]);
    if (line->out_size < 8u + length || length > size || memcmp(line->out, head, sizeof head) != 0) {
        return WORLD_MISFRAMED;
    }
    memcpy(apdu, line->out + 8, length);
    line->out_size -= 8u + length;
    memmove(line->out, line->out + 8u + length, line->out_size);
    return length;
}

static inline size_t world_ask(world_t *w, unsigned channel, uint16_t sap, const uint8_t *apdu, size_t length,
                               uint8_t *answer, size_t size) {
    world_put_apdu(w, channel, sap, apdu, length);
    (void)world_step(w);
    return world_get_apdu(w, channel, sap, answer, size);
}

static inline size_t world_ask_hex(world_t *w, unsigned channel, uint16_t sap, const char *apdu,
                                   uint8_t *answer, size_t size) {
    uint8_t octets[2048];
    return world_ask(w, channel, sap, octets, world_hex(apdu, octets), answer, size);
}

/* AARQ with the lowest level (password NULL) or a password. */
static inline size_t world_aarq(const char *password, uint32_t conformance, uint16_t pdu_size,
                                uint8_t *apdu) {
    static const uint8_t context[] = {0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1};
    static const uint8_t lls[] = {0x8A, 2, 7, 0x80, 0x8B, 7, 0x60, 0x85, 0x74, 5, 8, 2, 1};
    const uint8_t initiate[] = {0xBE,
                                0x10,
                                4,
                                0x0E,
                                1,
                                0,
                                0,
                                0,
                                6,
                                0x5F,
                                0x1F,
                                4,
                                0,
                                (uint8_t)(conformance >> 16),
                                (uint8_t)(conformance >> 8),
                                (uint8_t)conformance,
                                (uint8_t)(pdu_size >> 8),
                                (uint8_t)pdu_size};
    size_t at = 2;
    memcpy(apdu + at, context, sizeof context);
    at += sizeof context;
    if (password != NULL) {
        uint8_t length = (uint8_t)strlen(password);
        memcpy(apdu + at, lls, sizeof lls);
        at += sizeof lls;
        apdu[at++] = 0xAC;
        apdu[at++] = (uint8_t)(length + 2u);
        apdu[at++] = 0x80;
        apdu[at++] = length;
        memcpy(apdu + at, password, length);
        at += length;
    }
    memcpy(apdu + at, initiate, sizeof initiate);
    at += sizeof initiate;
    apdu[0] = 0x60;
    apdu[1] = (uint8_t)(at - 2u);
    return at;
}

#define WORLD_CONFORMANCE 0x00121Du /* blocks of GET, lists, GET, SET, selective access, ACTION */

static inline const char *world_password(uint16_t sap) {
    return sap == SAP_MANAGEMENT ? "management-0001"
           : sap == SAP_LEVEL_1  ? "level-1-0001"
           : sap == SAP_LEVEL_2  ? "level-2-0001"
           : sap == SAP_LEVEL_3  ? "level-3-0001"
                                 : NULL;
}

/* Opens an association; true when the meter accepts it. */
static inline bool world_open_as(world_t *w, unsigned channel, uint16_t sap, uint32_t conformance,
                                 uint16_t pdu_size) {
    static const uint8_t accepted[] = {0xA2, 3, 2, 1, 0};
    uint8_t apdu[128];
    uint8_t answer[128];
    size_t length = world_aarq(world_password(sap), conformance, pdu_size, apdu);
    size_t got = world_ask(w, channel, sap, apdu, length, answer, sizeof answer);
    return got > 18u && got <= sizeof answer && answer[0] == 0x61 &&
           memcmp(answer + 13, accepted, sizeof accepted) == 0;
}

static inline bool world_open(world_t *w, unsigned channel, uint16_t sap) {
    return world_open_as(w, channel, sap, WORLD_CONFORMANCE, 0xFFFF);
}

static inline void *world_module(const world_t *w, unsigned module) {
    return w->meter->modules[module].state;
}

/* As the meter's own scripts would, at the present tick. */
static inline qd_call_t world_call(const world_t *w) {
    const qd_call_t call = {.client = QD_CLIENT_INTERNAL, .local = true, .tick_us = w->tick_us};
    return call;
}

#endif
