/*
 * hostile.c - an application that does what it must not, one thing per run, chosen by a letter on the console.
 *
 * The meter lives, then: r writes a metrology register; d opens the door from outside by its own instruction, g by
 * the guard's; c writes code; x executes from RAM; k writes what the handlers keep; f writes fuses; s runs down the
 * stack; n does nothing. Who comes back from his deed says "alive" and ends with 0 after n and 99 after all others.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <string.h>

extern const qd_model_t qd_model_st402;

static _Alignas(8) uint8_t arena[32768];
static _Alignas(8) uint8_t metrology[16384] __attribute__((section(".metrology")));

static void say(const char *text) {
    (void)qd_uart_write(QD_UART_CONTROL, (const uint8_t *)text, strlen(text));
    while (!qd_uart_sent(QD_UART_CONTROL)) {
    }
}

static qd_meter_t *begin(void) {
    static qd_meter_ports_t ports;
    qd_meter_options_t options = {
        .guard = &qd_guard, .metrology_memory = metrology, .metrology_size = sizeof metrology};
    qd_meter_t *meter = NULL;
    ports.fram = qd_board_fram();
    ports.flash = qd_board_flash();
    ports.quantities = qd_board_quantities();
    ports.rtc = qd_board_rtc();
    ports.key = qd_board_key();
    if (qd_meter_init(arena, sizeof arena, &qd_model_st402, &ports, &options, qd_board_tick_us(), &meter) !=
        QD_OK) {
        return NULL;
    }
    return meter;
}

__attribute__((noipa)) static void write_word(uintptr_t address) {
    *(volatile uint32_t *)address = 0x4711u;
}

static void execute_from_ram(void) {
    static volatile uint16_t code[2] = {0x4770u, 0x4770u}; /* bx lr */
    union {
        uintptr_t address;
        void (*function)(void);
    } target = {.address = (uintptr_t)code | 1u};
    target.function();
}

/* The compiler may not see that this ends nowhere. */
__attribute__((noinline)) static uint32_t deeper(volatile uint32_t *from) {
    volatile uint32_t room[32];
    room[0] = *from + 1u;
    uint32_t below = room[0] == 0 ? 0 : deeper(room);
    return below + room[0];
}

static void deed(uint8_t letter) {
    static volatile uint32_t seed;
    switch (letter) {
    case 'r':
        write_word((uintptr_t)metrology + 512u);
        return;
    case 'd':
        __asm__ volatile("svc 0" ::: "memory");
        write_word((uintptr_t)metrology + 512u);
        return;
    case 'g':
        qd_guard.open(qd_guard.context);
        write_word((uintptr_t)metrology + 512u);
        return;
    case 'c':
        write_word(0x400u);
        return;
    case 'x':
        execute_from_ram();
        return;
    case 'k':
        write_word(0x20000000u);
        return;
    case 'f':
        write_word(QD_SHARED_BASE + QD_MPS2_FUSES_AT);
        return;
    case 's':
        seed = deeper(&seed);
        return;
    default:
        return;
    }
}

int main(void) {
    uint8_t letter = 0;
    uint64_t next_us = 0;
    qd_fault_t last = qd_fault_last();
    qd_meter_t *meter = begin();
    if (meter == NULL || qd_meter_step(meter, qd_board_tick_us(), &next_us) != QD_OK) {
        say("no meter\n");
        return 98;
    }
    say("{\"event\":\"ready\",\"last\":\"");
    say(qd_fault_name(last.cause));
    say("\"}\n");
    while (qd_uart_read(QD_UART_CONTROL, &letter, 1) != 1) {
        qd_board_wait(qd_board_tick_us() + 10000u);
    }
    deed(letter);
    say("{\"event\":\"alive\"}\n");
    if (qd_meter_step(meter, qd_board_tick_us(), &next_us) != QD_OK || qd_meter_stop(meter) != QD_OK) {
        return 97;
    }
    return letter == 'n' ? 0 : 99;
}
