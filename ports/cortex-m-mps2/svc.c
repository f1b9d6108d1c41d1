/*
 * svc.c - what the application asks of the handlers: the door of metrology, sleep, UARTs, the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define SCB_AIRCR 0xE000ED0Cu

#define CALL_OPEN 0u
#define CALL_CLOSE 1u
#define CALL_WAIT 2u
#define CALL_UART 3u
#define CALL_EXIT 4u

/* Words of an exception's frame. */
#define FRAME_LR 5u
#define FRAME_PC 6u

extern const uint8_t __door_start[], __door_end[];

void qd_svc_entry(void);
void qd_svc(uint32_t *frame);

/* The one instruction that opens, and who has called it stands in lr: svc.c looks at both. */
__attribute__((naked)) static void door_open(void *context) {
    (void)context;
    __asm__ volatile("svc 0\nbx lr");
}

__attribute__((naked)) static void door_close(void *context) {
    (void)context;
    __asm__ volatile("svc 1\nbx lr");
}

const qd_guard_t qd_guard = {NULL, door_open, door_close};

__attribute__((naked)) void qd_call_wait(void) {
    __asm__ volatile("svc 2\nbx lr");
}

__attribute__((naked)) void qd_call_uart(uint32_t uart) {
    (void)uart;
    __asm__ volatile("svc 3\nbx lr");
}

__attribute__((naked, noreturn)) void qd_call_exit(uint32_t status) {
    (void)status;
    __asm__ volatile("svc 4\nb .");
}

static _Noreturn void reset(void) {
    QD_REG(SCB_AIRCR) = 0x05FA0004u;
    for (;;) {
    }
}

_Noreturn void qd_exit(uint32_t status) {
    if (qd_board_fuse(QD_MPS2_FUSE_EXIT)) {
        /* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
        const uint32_t block[2] = {0x20026u, status};
        register uint32_t operation __asm__("r0") = 0x20u;
        register const uint32_t *argument __asm__("r1") = block;
        __asm__ volatile("bkpt 0xAB" ::"r"(operation), "r"(argument) : "memory");
    }
    reset();
}

__attribute__((naked)) void qd_svc_entry(void) {
    __asm__ volatile("tst lr, #4\n"
                     "ite eq\n"
                     "mrseq r0, msp\n"
                     "mrsne r0, psp\n"
                     "b qd_svc\n");
}

static void privilege(bool given) {
    uint32_t control;
    __asm__ volatile("mrs %0, control" : "=r"(control));
    control = given ? control & ~1u : control | 1u;
    __asm__ volatile("msr control, %0\nisb" ::"r"(control) : "memory");
}

/* By the guard's own instruction, called out of the door's functions. */
static bool through_the_door(const uint32_t *frame) {
    uint32_t open = (uint32_t)(uintptr_t)door_open & ~1u;
    uint32_t caller = frame[FRAME_LR] & ~1u;
    return frame[FRAME_PC] == open + 2u && caller >= (uint32_t)(uintptr_t)__door_start &&
           caller < (uint32_t)(uintptr_t)__door_end;
}

/* Interrupts are held while it is looked for work, and end the sleep all the same. */
static void wait(void) {
    __asm__ volatile("cpsid i" ::: "memory");
    if (qd_event == 0) {
        __asm__ volatile("dsb\nwfi" ::: "memory");
    }
    __asm__ volatile("cpsie i\nisb" ::: "memory");
    qd_event = 0;
}

/* The same as an interrupt of the UART, which must not come in between. */
static void serve_uart(uint32_t what) {
    uint32_t uart = what & ~QD_UART_CLEAR;
    if (uart >= QD_UARTS) {
        return;
    }
    __asm__ volatile("cpsid i" ::: "memory");
    if ((what & QD_UART_CLEAR) != 0) {
        qd_uart_forget(uart);
    }
    qd_uart_serve(uart);
    __asm__ volatile("cpsie i" ::: "memory");
}

void qd_svc(uint32_t *frame) {
    uint8_t number = ((const uint8_t *)(uintptr_t)frame[FRAME_PC])[-2];
    switch (number) {
    case CALL_OPEN:
        if (!through_the_door(frame)) {
            qd_fault_stop(QD_FAULT_DOOR, frame, 0);
        }
        privilege(true);
        return;
    case CALL_CLOSE:
        privilege(false);
        return;
    case CALL_WAIT:
        wait();
        return;
    case CALL_UART:
        serve_uart(frame[0]);
        return;
    case CALL_EXIT:
        qd_exit(frame[0]);
    default:
        qd_fault_stop(QD_FAULT_CALL, frame, 0);
    }
}
