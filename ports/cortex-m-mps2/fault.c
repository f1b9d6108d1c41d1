/*
 * fault.c - the end of a program that has gone wrong: kept for the next start, told in one line, stopped.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define SCB_CFSR 0xE000ED28u
#define SCB_HFSR 0xE000ED2Cu
#define SCB_MMFAR 0xE000ED34u
#define SCB_BFAR 0xE000ED38u
#define MMFAR_VALID 0x00000080u
#define BFAR_VALID 0x00008000u
#define STACKING 0x00001010u /* the frame could not be written */

#define MAGIC 0x544C4651u
#define EXIT_FAULT 70u

extern uint32_t __stack_start[], __stack_end[];

void qd_fault_entry(void);
void qd_fault_handle(const uint32_t *frame);

static qd_fault_t kept QD_RETAINED;

const char *qd_fault_name(uint32_t cause) {
    switch (cause) {
    case QD_FAULT_NONE:
        return "none";
    case QD_FAULT_HARD:
        return "hard";
    case QD_FAULT_MEMORY:
        return "memory";
    case QD_FAULT_BUS:
        return "bus";
    case QD_FAULT_USAGE:
        return "usage";
    case QD_FAULT_DOOR:
        return "door";
    case QD_FAULT_CALL:
        return "call";
    case QD_FAULT_INTERRUPT:
        return "interrupt";
    default:
        return "unknown";
    }
}

qd_fault_t qd_fault_last(void) {
    qd_fault_t last = kept;
    if (last.magic != MAGIC) {
        last = (qd_fault_t){.cause = QD_FAULT_NONE};
    }
    return last;
}

_Noreturn void qd_fault_stop(uint32_t cause, const uint32_t *frame, uint32_t address) {
    qd_text_t line = {.length = 0};
    if (kept.magic != MAGIC) {
        kept.magic = MAGIC;
        kept.count = 0;
    }
    kept.cause = cause;
    kept.pc = frame != NULL ? frame[6] : 0;
    kept.address = address;
    kept.status = QD_REG(SCB_CFSR);
    kept.count++;
    qd_text_add(&line, "fault ");
    qd_text_add(&line, qd_fault_name(cause));
    qd_text_add(&line, " pc 0x");
    qd_text_hex(&line, kept.pc, 8);
    qd_text_add(&line, " address 0x");
    qd_text_hex(&line, kept.address, 8);
    qd_text_add(&line, " status 0x");
    qd_text_hex(&line, kept.status, 8);
    qd_text_add(&line, "\n");
    qd_uart_put(QD_UART_CONSOLE, line.octets);
    qd_exit(EXIT_FAULT);
}

__attribute__((naked)) void qd_fault_entry(void) {
    __asm__ volatile("tst lr, #4\n"
                     "ite eq\n"
                     "mrseq r0, msp\n"
                     "mrsne r0, psp\n"
                     "b qd_fault_handle\n");
}

/* A frame on the application's stack lies there wholly, or is not looked at. */
static bool frame_good(const uint32_t *frame) {
    return (QD_REG(SCB_CFSR) & STACKING) == 0 && frame + 8 <= __stack_end && frame >= __stack_start;
}

void qd_fault_handle(const uint32_t *frame) {
    uint32_t cause;
    uint32_t status = QD_REG(SCB_CFSR);
    uint32_t address = 0;
    __asm__ volatile("mrs %0, ipsr" : "=r"(cause));
    if ((status & MMFAR_VALID) != 0) {
        address = QD_REG(SCB_MMFAR);
    } else if ((status & BFAR_VALID) != 0) {
        address = QD_REG(SCB_BFAR);
    }
    qd_fault_stop(cause, frame_good(frame) ? frame : NULL, address);
}
