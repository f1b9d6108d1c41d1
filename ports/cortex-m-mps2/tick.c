/*
 * tick.c - monotonic microseconds from a free-running timer, and sleep until one of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define TIMER0 0x40000000u
#define TIMER1 0x40001000u
#define CTRL 0x0u
#define VALUE 0x4u
#define RELOAD 0x8u
#define RUNS 1u
#define INTERRUPTS 8u

/* The world has no interrupt: it is looked at this often. Of the 10 ms from the supply's notice on this may go by. */
#define LOOK_US 2000u

/* The counter goes round in 171 s; somebody asks at least every second. */
uint64_t qd_board_tick_us(void) {
    static uint64_t elapsed;
    static uint32_t last;
    static bool running;
    if (!running) {
        running = true;
        QD_REG(TIMER0 + RELOAD) = UINT32_MAX;
        QD_REG(TIMER0 + CTRL) = RUNS;
        last = QD_REG(TIMER0 + VALUE);
    }
    uint32_t now = QD_REG(TIMER0 + VALUE);
    elapsed += last - now; /* it counts down */
    last = now;
    return elapsed / QD_CLOCK_MHZ;
}

void qd_board_wait(uint64_t tick_us) {
    uint64_t now = qd_board_tick_us();
    if (tick_us <= now) {
        return;
    }
    uint64_t span = tick_us - now < LOOK_US ? tick_us - now : LOOK_US;
    QD_REG(TIMER1 + RELOAD) = (uint32_t)span * QD_CLOCK_MHZ;
    QD_REG(TIMER1 + CTRL) = RUNS | INTERRUPTS;
    qd_call_wait();
    QD_REG(TIMER1 + CTRL) = 0;
}
