/*
 * uart.c - CMSDK UARTs with a ring each way. Only handlers touch the device; the application touches the rings and
 * calls qd_call_uart. Of each ring one side moves head and the other tail, so nobody locks.
 * A full receive ring leaves the octet in the device: the peer waits.
 *
 * The emulator's UARTs have no speed, so one that is a line gets it here: an octet is taken, or goes out, when the time
 * of its ten bits has passed. A timer of its own wakes whoever is on the line, and rests while nobody is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define RING 2048u

#define DATA 0x0u
#define STATE 0x4u
#define CTRL 0x8u
#define INTERRUPT 0xCu
#define BAUD 0x10u
#define TX_FULL 1u
#define RX_FULL 2u
#define ENABLED 0xFu /* both ways, with interrupts */
#define RX_INTERRUPT 8u

/* Looks at a device that is full before the last words are given up: more than 100 octets take at any rate. */
#define PATIENCE 1000000u

typedef struct ring {
    volatile uint32_t head; /* next octet put in */
    volatile uint32_t tail; /* next octet taken out */
    uint8_t octets[RING];
} ring_t;

static ring_t received[QD_UARTS];
static ring_t to_send[QD_UARTS];

/* The second of the board's dual timer, 32 bits, once. */
#define DUAL 0x40002020u
#define DUAL_LOAD 0x0u
#define DUAL_CONTROL 0x8u
#define DUAL_CLEAR 0xCu
#define DUAL_ONCE 0xA3u /* enabled, with its interrupt */
/* Free-running, counts down; qd_board_tick_us starts it. */
#define COUNTER 0x40000004u
#define BITS 10u
#define SHORT 250u /* counts; an alarm is not sooner */

/* The speed of a line. Only handlers touch it but for next_baud. */
typedef struct pace {
    volatile uint32_t next_baud; /* wanted when all is sent */
    uint32_t baud;
    uint32_t octet;               /* counts that an octet takes; 0: as fast as it goes */
    uint32_t in_since, out_since; /* when the octet on the line began */
    uint32_t in_end;              /* when the last one that was taken ended */
    bool in_busy, out_busy;
    bool asked; /* something came in since something went out */
} pace_t;

static pace_t paces[QD_UARTS];

static const uint32_t base[QD_UARTS] = {0x40004000u, 0x40005000u, 0x40006000u, 0x40007000u, 0x40009000u};

static bool full(const ring_t *ring) {
    return ring->head - ring->tail >= RING;
}

static void put(ring_t *ring, uint8_t octet) {
    ring->octets[ring->head % RING] = octet;
    ring->head = ring->head + 1u;
}

void qd_uart_start(void) {
    for (uint32_t i = 0; i < QD_UARTS; i++) {
        QD_REG(base[i] + BAUD) = 16;
        QD_REG(base[i] + CTRL) = ENABLED;
    }
}

void qd_uart_forget(uint32_t uart) {
    received[uart].tail = received[uart].head;
    to_send[uart].tail = to_send[uart].head;
}

/* --- pace ------------------------------------------------------------------------------------- */

static uint32_t count_now(void) {
    return ~QD_REG(COUNTER);
}

/* An octet waits in the device. True: it is whole. */
static bool in_is_whole(pace_t *pace, uint32_t now) {
    if (pace->octet == 0) {
        return true;
    }
    if (!pace->in_busy) {
        pace->in_busy = true;
        pace->in_since = now - pace->in_end < pace->octet ? pace->in_end : now;
    }
    if (now - pace->in_since < pace->octet) {
        return false;
    }
    pace->in_busy = false;
    pace->in_end = pace->in_since + pace->octet;
    pace->asked = true;
    return true;
}

/* How long the line was silent between the last octet of a request and the first of its answer. */
static void note_turn(pace_t *pace, uint32_t now) {
    volatile qd_mps2_world_t *world = qd_board_world();
    uint32_t span_us = (now - pace->in_end) / QD_CLOCK_MHZ;
    if (!pace->asked) {
        return;
    }
    pace->asked = false;
    world->turn_us = span_us;
    world->turn_most_us = span_us > world->turn_most_us ? span_us : world->turn_most_us;
    world->turns = world->turns + 1u;
}

/* An octet waits in the ring. True: it is through. */
static bool out_is_through(pace_t *pace, uint32_t now) {
    if (pace->octet == 0) {
        return true;
    }
    if (!pace->out_busy) {
        pace->out_busy = true;
        pace->out_since = now;
        note_turn(pace, now);
    }
    if (now - pace->out_since < pace->octet) {
        return false;
    }
    pace->out_since += pace->octet;
    return true;
}

static void change_speed(pace_t *pace, const ring_t *out) {
    if (pace->next_baud != pace->baud && out->head == out->tail) {
        pace->baud = pace->next_baud;
        pace->octet = pace->baud == 0 ? 0 : QD_CLOCK_MHZ * 1000000u / pace->baud * BITS;
    }
}

/* The alarm at the end of the octet that ends first. */
static void wind(void) {
    uint32_t now = count_now();
    uint32_t least = UINT32_MAX;
    for (uint32_t n = 0; n < QD_UARTS; n++) {
        const pace_t *pace = &paces[n];
        uint32_t in = pace->in_busy ? now - pace->in_since : 0;
        uint32_t out = pace->out_busy ? now - pace->out_since : 0;
        uint32_t since = in > out ? in : out;
        if (pace->in_busy || pace->out_busy) {
            uint32_t left = since + SHORT < pace->octet ? pace->octet - since : SHORT;
            least = left < least ? left : least;
        }
    }
    QD_REG(DUAL + DUAL_CONTROL) = 0;
    if (least != UINT32_MAX) {
        QD_REG(DUAL + DUAL_LOAD) = least;
        QD_REG(DUAL + DUAL_CONTROL) = DUAL_ONCE;
    }
}

void qd_uart_alarm(void) {
    QD_REG(DUAL + DUAL_CLEAR) = 1;
    for (uint32_t n = 0; n < QD_UARTS; n++) {
        if (paces[n].in_busy || paces[n].out_busy) {
            qd_uart_serve(n);
        }
    }
}

void qd_uart_pace(uint32_t uart, uint32_t baud) {
    paces[uart].next_baud = baud;
    qd_call_uart(uart);
}

/* --- handlers --------------------------------------------------------------------------------- */

void qd_uart_serve(uint32_t uart) {
    uint32_t device = base[uart];
    ring_t *in = &received[uart];
    ring_t *out = &to_send[uart];
    pace_t *pace = &paces[uart];
    bool waits = false;
    /* On before it is looked: an octet that comes while it is off raises nothing later. */
    QD_REG(device + CTRL) = ENABLED;
    QD_REG(device + INTERRUPT) = 3;
    change_speed(pace, out);
    while (!waits && (QD_REG(device + STATE) & RX_FULL) != 0 && !full(in)) {
        waits = !in_is_whole(pace, count_now());
        if (!waits) {
            put(in, (uint8_t)QD_REG(device + DATA));
            qd_event = 1;
        }
    }
    while (out->head != out->tail && (QD_REG(device + STATE) & TX_FULL) == 0 &&
           out_is_through(pace, count_now())) {
        QD_REG(device + DATA) = out->octets[out->tail % RING];
        out->tail = out->tail + 1u;
        qd_event = 1;
    }
    pace->out_busy = pace->out_busy && out->head != out->tail;
    change_speed(pace, out);
    if (waits || full(in)) {
        QD_REG(device + CTRL) = ENABLED & ~RX_INTERRUPT;
    }
    if (pace->octet != 0) {
        wind();
    }
}

size_t qd_uart_read(uint32_t uart, uint8_t *buffer, size_t size) {
    ring_t *ring = &received[uart];
    bool was_full = full(ring);
    size_t given = 0;
    while (given < size && ring->tail != ring->head) {
        buffer[given++] = ring->octets[ring->tail % RING];
        ring->tail = ring->tail + 1u;
    }
    if (was_full && given > 0) {
        qd_call_uart(uart);
    }
    return given;
}

size_t qd_uart_write(uint32_t uart, const uint8_t *buffer, size_t length) {
    ring_t *ring = &to_send[uart];
    size_t taken = 0;
    while (taken < length && !full(ring)) {
        put(ring, buffer[taken++]);
    }
    if (taken > 0) {
        qd_call_uart(uart);
    }
    return taken;
}

size_t qd_uart_waiting(uint32_t uart) {
    return received[uart].head - received[uart].tail;
}

size_t qd_uart_room(uint32_t uart) {
    return RING - (to_send[uart].head - to_send[uart].tail);
}

bool qd_uart_sent(uint32_t uart) {
    return to_send[uart].head == to_send[uart].tail;
}

void qd_uart_clear(uint32_t uart) {
    qd_call_uart(uart | QD_UART_CLEAR);
}

void qd_uart_put(uint32_t uart, const char *text) {
    uint32_t patience = PATIENCE;
    for (; *text != '\0'; text++) {
        while ((QD_REG(base[uart] + STATE) & TX_FULL) != 0) {
            if (--patience == 0) {
                return;
            }
        }
        QD_REG(base[uart] + DATA) = (uint8_t)*text;
    }
}
