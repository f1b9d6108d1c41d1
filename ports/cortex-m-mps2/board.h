/*
 * board.h - the parts of the port for QEMU's mps2-an386, a Cortex-M4 without anything but its timers and UARTs.
 *
 * Purpose: how the files of this folder find each other. The application runs unprivileged in thread mode; what
 * needs more goes through qd_call_* (svc.c). docs/porting.md has the memory map.
 */
#ifndef QD_MPS2_BOARD_H
#define QD_MPS2_BOARD_H

#include "memory.h"
#include "quadrant/meter.h"
#include "quadrant/port/key.h"

#define QD_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define QD_SHARED_BASE 0x21000000u
#define QD_CLOCK_MHZ 25u

#define QD_UART_ENTROPY 2u
#define QD_UART_CONTROL 3u
#define QD_UART_CONSOLE 4u
#define QD_UARTS 5u

/* What the handlers keep; the application can read it only. */
#define QD_KERNEL __attribute__((section(".kernel.bss")))
#define QD_RETAINED __attribute__((section(".kernel.retained")))

/* --- start.c, mpu.c --------------------------------------------------------------------------- */

/* The program: entered unprivileged, on the painted stack, behind the fence. What it returns is the exit code. */
int main(void);
/* Regions on; the rest of the start runs behind them. */
void qd_mpu_start(void);
/* Octets of the application's stack, and how many have ever been used. */
uint32_t qd_stack_size(void);
uint32_t qd_stack_used(void);

/* --- fault.c ---------------------------------------------------------------------------------- */

typedef enum qd_fault_cause {
    QD_FAULT_NONE = 0,
    QD_FAULT_HARD = 3,
    QD_FAULT_MEMORY = 4,
    QD_FAULT_BUS = 5,
    QD_FAULT_USAGE = 6,
    QD_FAULT_DOOR = 16, /* the door was opened from outside of it */
    QD_FAULT_CALL,      /* no such call */
    QD_FAULT_INTERRUPT  /* one that nobody serves */
} qd_fault_cause_t;

typedef struct qd_fault {
    uint32_t magic;
    uint32_t cause;   /* qd_fault_cause_t */
    uint32_t pc;      /* 0: not known */
    uint32_t address; /* that was touched; 0: not known */
    uint32_t status;  /* CFSR */
    uint32_t count;   /* since power on */
} qd_fault_t;

const char *qd_fault_name(uint32_t cause);
/* The fault before this start, once; cause QD_FAULT_NONE: there was none. */
qd_fault_t qd_fault_last(void);
/* From a handler: keeps it, prints it and ends. frame: of the exception, NULL when not to be trusted. */
_Noreturn void qd_fault_stop(uint32_t cause, const uint32_t *frame, uint32_t address);

/* --- svc.c: calls of the application ---------------------------------------------------------- */

extern const qd_guard_t qd_guard;
/* Sleeps until an interrupt has had work since the last wait. */
void qd_call_wait(void);
/* Sends what is in the transmit ring of a UART and takes what its receive ring has room for. */
#define QD_UART_CLEAR 0x100u /* with the number: forgets both rings first */
void qd_call_uart(uint32_t uart);
/* Ends the program: tells the host when fuses say so, else resets. */
_Noreturn void qd_call_exit(uint32_t status);
/* From handlers and the start only. */
_Noreturn void qd_exit(uint32_t status);
extern volatile uint32_t qd_event; /* an interrupt has had work */

/* --- uart.c ----------------------------------------------------------------------------------- */

void qd_uart_start(void);
/* Handler mode. */
void qd_uart_serve(uint32_t uart);
void qd_uart_forget(uint32_t uart);
void qd_uart_alarm(void);
size_t qd_uart_read(uint32_t uart, uint8_t *buffer, size_t size);
size_t qd_uart_write(uint32_t uart, const uint8_t *buffer, size_t length);
size_t qd_uart_waiting(uint32_t uart); /* octets received and not read */
size_t qd_uart_room(uint32_t uart);    /* octets that qd_uart_write would take */
bool qd_uart_sent(uint32_t uart);      /* nothing waits to be sent */
void qd_uart_clear(uint32_t uart);     /* forgets both rings */
/* Octets take the time of a line with so many bit/s, once all that waits is sent; 0: as fast as they go. */
void qd_uart_pace(uint32_t uart, uint32_t baud);
/* Without interrupts and rings, for the last words; what a peer that does not read keeps out is dropped. */
void qd_uart_put(uint32_t uart, const char *text);

/* --- text.c: lines without a C library -------------------------------------------------------- */

typedef struct qd_text {
    char octets[400];
    size_t length;
} qd_text_t;
void qd_text_add(qd_text_t *text, const char *more);
void qd_text_number(qd_text_t *text, int64_t value);
void qd_text_hex(qd_text_t *text, uint64_t value, unsigned digits);

/* --- ports ------------------------------------------------------------------------------------ */

uint64_t qd_board_tick_us(void);
void qd_board_wait(uint64_t tick_us);
const qd_block_t *qd_board_fram(void);
const qd_block_t *qd_board_flash(void);
const qd_quantities_port_t *qd_board_quantities(void);
bool qd_board_quantities_due(uint64_t tick_us);
const qd_rtc_t *qd_board_rtc(void);
const qd_random_t *qd_board_random(void);
void qd_board_random_collect(uint64_t tick_us);
const qd_power_t *qd_board_power(void);
/* Looks at the supply; the port says what was seen here. True: it has changed, the meter is to step at once. */
bool qd_board_power_look(uint64_t tick_us);
/* The step after a change is done: of a notice the world is told so. */
void qd_board_power_kept(uint64_t tick_us);
const qd_pulse_port_t *qd_board_pulse(void);
const qd_factory_t *qd_board_factory(void);
const qd_device_key_t *qd_board_key(void);
/* Fills in the channels of the ports for this model. */
void qd_board_channels(const qd_model_t *model, qd_meter_ports_t *ports);
bool qd_board_channels_due(void);

static inline const qd_mps2_fuses_t *qd_board_fuses(void) {
    return (const qd_mps2_fuses_t *)(uintptr_t)(QD_SHARED_BASE + QD_MPS2_FUSES_AT);
}
static inline volatile qd_mps2_world_t *qd_board_world(void) {
    return (volatile qd_mps2_world_t *)(uintptr_t)(QD_SHARED_BASE + QD_MPS2_WORLD_AT);
}
static inline bool qd_board_fuse(uint32_t flag) {
    const qd_mps2_fuses_t *fuses = qd_board_fuses();
    return fuses->magic == QD_MPS2_FUSES_MAGIC && (fuses->flags & flag) != 0;
}

#endif
