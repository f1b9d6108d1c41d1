/*
 * plain.c - the least that a program of tests/vectors needs on the board: a start, printf to a UART, an exit code.
 *
 * Privileged, without interrupts and without the memory protection unit. Standard output goes to UART 0; the exit
 * code to the host by semihosting.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define UART 0x40004000u

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
extern uint32_t __stack_end[];
extern char end[], __ram_end[];

int main(int count, char **words);
void qd_reset(void);
_Noreturn void _exit(int status);
int _write(int file, const char *octets, int length);
int _read(int file, char *octets, int length);
int _close(int file);
int _fstat(int file, struct stat *status);
int _isatty(int file);
int _lseek(int file, int offset, int whence);
int _kill(int process, int number);
int _getpid(void);
void *_sbrk(ptrdiff_t more);

_Noreturn void _exit(int status) {
    const uint32_t block[2] = {0x20026u, (uint32_t)status};
    register uint32_t operation __asm__("r0") = 0x20u;
    register const uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" ::"r"(operation), "r"(argument) : "memory");
    for (;;) {
    }
}

static void fault(void) {
    (void)_write(1, "fault\n", 6);
    _exit(70);
}

typedef union vector {
    uint32_t *stack;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.stack = __stack_end}, {.handler = qd_reset}, {.handler = fault}, {.handler = fault},
    {.handler = fault},     {.handler = fault},    {.handler = fault},
};

void qd_reset(void) {
    static char name[] = "program";
    static char *given[2] = {name, NULL};
    uint32_t words = (uint32_t)((uintptr_t)__data_end - (uintptr_t)__data_start) / 4u;
    for (uint32_t i = 0; i < words; i++) {
        __data_start[i] = __data_load[i];
    }
    words = (uint32_t)((uintptr_t)__bss_end - (uintptr_t)__bss_start) / 4u;
    for (uint32_t i = 0; i < words; i++) {
        __bss_start[i] = 0;
    }
    REG(UART + 0x10u) = 16;
    REG(UART + 8u) = 1;
    int status = main(1, given);
    (void)fflush(NULL);
    _exit(status);
}

int _write(int file, const char *octets, int length) {
    (void)file;
    for (int i = 0; i < length; i++) {
        while ((REG(UART + 4u) & 1u) != 0) {
        }
        REG(UART) = (uint8_t)octets[i];
    }
    return length;
}

int _read(int file, char *octets, int length) {
    (void)file;
    (void)octets;
    (void)length;
    return 0;
}

int _close(int file) {
    (void)file;
    return 0;
}

int _fstat(int file, struct stat *status) {
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file) {
    (void)file;
    return 1;
}

int _lseek(int file, int offset, int whence) {
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

int _kill(int process, int number) {
    (void)process;
    (void)number;
    return -1;
}

int _getpid(void) {
    return 1;
}

/* For printf's buffer only. */
void *_sbrk(ptrdiff_t more) {
    static char *top = end;
    char *old = top;
    if (more > __ram_end - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += more;
    return old;
}
