/*
 * mpu.c - who may touch what.
 *
 * A region with a higher number holds where two overlap. What no region names is closed to the application and
 * open to handlers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define MPU_CTRL 0xE000ED94u
#define MPU_RNR 0xE000ED98u
#define MPU_RBAR 0xE000ED9Cu
#define MPU_RASR 0xE000EDA0u

#define NEVER_EXECUTED (1u << 28)
#define NO_ACCESS (0u << 24)
#define HANDLERS_WRITE (2u << 24) /* the application reads */
#define ALL_WRITE (3u << 24)
#define ALL_READ (6u << 24)
#define MEMORY (1u << 17 | 1u << 16 | 1u << 18) /* normal, write-back, shareable */
#define DEVICE (1u << 16 | 1u << 18)
/* 2^n octets, n at least 5. */
#define SIZE(n) (((n)-1u) << 1 | 1u)

extern uint32_t __stack_fence[];

typedef struct region {
    uint32_t base;
    uint32_t attributes;
} region_t;

void qd_mpu_start(void) {
    const region_t regions[] = {
        {0x00000000u, SIZE(19u) | ALL_READ | MEMORY},                        /* code and constants */
        {0x20000000u, SIZE(22u) | ALL_WRITE | MEMORY | NEVER_EXECUTED},      /* RAM */
        {0x20000000u, SIZE(12u) | HANDLERS_WRITE | MEMORY | NEVER_EXECUTED}, /* of the handlers */
        {0x20004000u, SIZE(14u) | HANDLERS_WRITE | MEMORY | NEVER_EXECUTED}, /* metrology */
        {QD_SHARED_BASE, SIZE(24u) | ALL_WRITE | MEMORY | NEVER_EXECUTED},   /* FRAM, flash, ring */
        {QD_SHARED_BASE + QD_MPS2_FUSES_AT, SIZE(12u) | ALL_READ | MEMORY | NEVER_EXECUTED},
        {0x40000000u, SIZE(19u) | ALL_WRITE | DEVICE | NEVER_EXECUTED}, /* timers, UARTs, I2C */
        {(uint32_t)(uintptr_t)__stack_fence, SIZE(8u) | NO_ACCESS | MEMORY | NEVER_EXECUTED},
    };
    for (uint32_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        QD_REG(MPU_RNR) = i;
        QD_REG(MPU_RBAR) = regions[i].base;
        QD_REG(MPU_RASR) = regions[i].attributes;
    }
    /* Handlers see the rest as if there were no unit; in a hard fault it is off. */
    QD_REG(MPU_CTRL) = 5;
    __asm__ volatile("dsb\nisb" ::: "memory");
}
