/*
 * uart.c - CMSDK UARTs with a ring each way. Only handlers touch the device; the application touches the rings and
 * calls qd_call_uart. Of each ring one side moves head and the other tail, so nobody locks.
 * A full receive ring leaves the octet in the device: the peer waits.
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

void qd_uart_serve(uint32_t uart) {
    uint32_t device = base[uart];
    ring_t *in = &received[uart];
    ring_t *out = &to_send[uart];
    QD_REG(device + INTERRUPT) = 3;
    while ((QD_REG(device + STATE) & RX_FULL) != 0 && !full(in)) {
        put(in, (uint8_t)QD_REG(device + DATA));
        qd_event = 1;
    }
    while (out->head != out->tail && (QD_REG(device + STATE) & TX_FULL) == 0) {
        QD_REG(device + DATA) = out->octets[out->tail % RING];
        out->tail = out->tail + 1u;
        qd_event = 1;
    }
    QD_REG(device + CTRL) = full(in) ? ENABLED & ~RX_INTERRUPT : ENABLED;
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
