/*
 * start.c - vectors, the way from reset to main, and the painted stack.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define PAINT 0xA5A5A5A5u

#define SCB_SHCSR 0xE000ED24u
#define SCB_CCR 0xE000ED14u
#define SCB_SHPR2 0xE000ED1Cu
#define NVIC_ISER 0xE000E100u
#define NVIC_IPR 0xE000E400u
#define TIMER1 0x40001000u

#define IRQ_TIMER1 9u
#define IRQ_DUAL 10u
#define IRQ_COUNT 32u

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
extern uint32_t __kernel_bss_start[], __kernel_bss_end[];
extern uint32_t __stack_start[], __stack_end[], __handler_stack_end[];

void qd_reset(void);
void qd_fault_entry(void);
void qd_svc_entry(void);

volatile uint32_t qd_event QD_KERNEL;

static void unexpected(void) {
    qd_fault_stop(QD_FAULT_INTERRUPT, NULL, 0);
}

static void uart0(void) {
    qd_uart_serve(0);
}

static void uart1(void) {
    qd_uart_serve(1);
}

static void uart2(void) {
    qd_uart_serve(2);
}

static void uart3(void) {
    qd_uart_serve(3);
}

static void uart4(void) {
    qd_uart_serve(4);
}

/* The alarm of qd_board_wait: once, then it stands. */
static void timer1(void) {
    QD_REG(TIMER1) = 0;
    QD_REG(TIMER1 + 0xCu) = 1;
    qd_event = 1;
}

typedef union vector {
    uint32_t *stack;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16u + IRQ_COUNT] = {
    [0] = {.stack = __handler_stack_end},
    [1] = {.handler = qd_reset},
    [2] = {.handler = unexpected},
    [3] = {.handler = qd_fault_entry},
    [4] = {.handler = qd_fault_entry},
    [5] = {.handler = qd_fault_entry},
    [6] = {.handler = qd_fault_entry},
    [7] = {.handler = unexpected},
    [8] = {.handler = unexpected},
    [9] = {.handler = unexpected},
    [10] = {.handler = unexpected},
    [11] = {.handler = qd_svc_entry},
    [12] = {.handler = unexpected},
    [13] = {.handler = unexpected},
    [14] = {.handler = unexpected},
    [15] = {.handler = unexpected},
    [16] = {.handler = uart0},
    [17] = {.handler = uart0},
    [18] = {.handler = uart1},
    [19] = {.handler = uart1},
    [20] = {.handler = uart2},
    [21] = {.handler = uart2},
    [22] = {.handler = unexpected},
    [23] = {.handler = unexpected},
    [24] = {.handler = unexpected},
    [16 + IRQ_TIMER1] = {.handler = timer1},
    [16 + IRQ_DUAL] = {.handler = qd_uart_alarm},
    [27] = {.handler = unexpected},
    [28] = {.handler = unexpected},
    [29] = {.handler = unexpected},
    [30] = {.handler = unexpected},
    [31] = {.handler = unexpected},
    [32] = {.handler = unexpected},
    [33] = {.handler = unexpected},
    [34] = {.handler = uart3},
    [35] = {.handler = uart3},
    [36] = {.handler = uart4},
    [37] = {.handler = uart4},
};

uint32_t qd_stack_size(void) {
    return (uint32_t)((uintptr_t)__stack_end - (uintptr_t)__stack_start);
}

uint32_t qd_stack_used(void) {
    uint32_t words = qd_stack_size() / 4u;
    uint32_t clean = 0;
    while (clean < words && __stack_start[clean] == PAINT) {
        clean++;
    }
    return 4u * (words - clean);
}

static void interrupts_start(void) {
    /* Calls below interrupts, so that an interrupt can end the sleep of a call. */
    QD_REG(SCB_SHPR2) = 0xC0000000u;
    for (unsigned i = 0; i < IRQ_COUNT; i += 4u) {
        QD_REG(NVIC_IPR + i) = 0x80808080u;
    }
    QD_REG(NVIC_ISER) = 0x0000003Fu | 1u << IRQ_TIMER1 | 1u << IRQ_DUAL | 0xFu << 18;
    /* Memory, bus and usage faults as themselves; a division by zero is one. */
    QD_REG(SCB_SHCSR) |= 0x00070000u;
    QD_REG(SCB_CCR) |= 0x00000010u;
}

static void run_main(void) {
    qd_call_exit((uint32_t)main());
}

/* Thread mode: own stack, no privilege, and on to the program. */
__attribute__((naked, noreturn, noipa)) static void drop(uint32_t stack, void (*program)(void)) {
    (void)stack;
    (void)program;
    __asm__ volatile("msr psp, r0\n"
                     "movs r2, #3\n"
                     "msr control, r2\n"
                     "isb\n"
                     "mov lr, #0\n"
                     "bx r1\n");
}

static uint32_t words_between(const uint32_t *start, const uint32_t *end) {
    return (uint32_t)((uintptr_t)end - (uintptr_t)start) / 4u;
}

static void fill(uint32_t *start, const uint32_t *end, uint32_t value) {
    uint32_t words = words_between(start, end);
    for (uint32_t i = 0; i < words; i++) {
        start[i] = value;
    }
}

void qd_reset(void) {
    uint32_t words = words_between(__data_start, __data_end);
    for (uint32_t i = 0; i < words; i++) {
        __data_start[i] = __data_load[i];
    }
    fill(__bss_start, __bss_end, 0);
    fill(__kernel_bss_start, __kernel_bss_end, 0);
    fill(__stack_start, __stack_end, PAINT);
    qd_uart_start();
    interrupts_start();
    qd_mpu_start();
    drop((uint32_t)(uintptr_t)__stack_end, run_main);
}
