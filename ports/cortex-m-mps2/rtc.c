/*
 * rtc.c - a DS1338 on I2C, its two lines moved by hand. It knows seconds and the years 2000 to 2099.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#define SET 0x4002A000u   /* written: lines to let go; read: their state */
#define CLEAR 0x4002A004u /* written: lines to pull down */
#define CLOCK_LINE 1u
#define DATA_LINE 2u

#define CHIP 0x68u
#define REGISTERS 8u
#define CONTROL 7u
#define CLOCK_HALTED 0x80u       /* in the seconds */
#define OSCILLATOR_STOPPED 0x20u /* in the control register */
#define DAY_S 86400
#define YEARS_END_S INT64_C(3155760000) /* 2100-01-01 */

/* Half a period of 100 kHz at least; the device here has no lower bound, a real one has. */
static void half(void) {
    for (unsigned i = 0; i < 30u; i++) {
        __asm__ volatile("nop");
    }
}

static void let_go(uint32_t lines) {
    QD_REG(SET) = lines;
    half();
}

static void pull(uint32_t lines) {
    QD_REG(CLEAR) = lines;
    half();
}

static void start(void) {
    let_go(DATA_LINE);
    let_go(CLOCK_LINE);
    pull(DATA_LINE);
    pull(CLOCK_LINE);
}

static void stop(void) {
    pull(DATA_LINE);
    let_go(CLOCK_LINE);
    let_go(DATA_LINE);
}

static bool bit(bool out) {
    if (out) {
        let_go(DATA_LINE);
    } else {
        pull(DATA_LINE);
    }
    let_go(CLOCK_LINE);
    bool in = (QD_REG(SET) & DATA_LINE) != 0;
    pull(CLOCK_LINE);
    return in;
}

/* True: acknowledged. */
static bool send(uint8_t octet) {
    for (unsigned i = 0; i < 8u; i++) {
        (void)bit((octet & 0x80u >> i) != 0);
    }
    return !bit(true);
}

static uint8_t receive(bool more) {
    unsigned octet = 0;
    for (unsigned i = 0; i < 8u; i++) {
        octet = octet << 1 | (bit(true) ? 1u : 0u);
    }
    (void)bit(!more);
    return (uint8_t)octet;
}

static bool read_registers(uint8_t values[REGISTERS]) {
    start();
    bool there = send(CHIP << 1) && send(0);
    start();
    there = there && send(CHIP << 1 | 1u);
    for (unsigned i = 0; there && i < REGISTERS; i++) {
        values[i] = receive(i + 1u < REGISTERS);
    }
    stop();
    return there;
}

static bool write_register(uint8_t number, uint8_t value) {
    start();
    bool there = send(CHIP << 1) && send(number) && send(value);
    stop();
    return there;
}

/* Halted while it is set, and by way of a first of the month: at no time does it hold a day that there is not,
 * which some chips would put right. The seconds let it run. */
static bool write_registers(const uint8_t values[REGISTERS]) {
    static const uint8_t order[] = {6, 5, 4, 3, 2, 1, CONTROL, 0};
    bool there = write_register(0, CLOCK_HALTED) && write_register(4, 1);
    for (unsigned i = 0; there && i < sizeof order; i++) {
        there = write_register(order[i], values[order[i]]);
    }
    return there;
}

static unsigned decimal(uint8_t bcd) {
    return (unsigned)(bcd >> 4) * 10u + (bcd & 15u);
}

static uint8_t bcd(unsigned value) {
    return (uint8_t)(value / 10u << 4 | value % 10u);
}

/* Within 2000 to 2099 every fourth year has a leap day. */
static unsigned month_days(unsigned year, unsigned month) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1u] + (month == 2u && year % 4u == 0 ? 1u : 0u);
}

static qd_status_t get(void *context, int64_t *utc_ms) {
    (void)context;
    uint8_t r[REGISTERS];
    *utc_ms = 0;
    if (!read_registers(r)) {
        return QD_IO;
    }
    unsigned year = decimal(r[6]);
    unsigned month = decimal(r[5] & 0x1Fu);
    unsigned day = decimal(r[4] & 0x3Fu);
    if ((r[0] & CLOCK_HALTED) != 0 || (r[CONTROL] & OSCILLATOR_STOPPED) != 0 || month < 1u || month > 12u ||
        day < 1u || day > month_days(year, month)) {
        return QD_UNAVAILABLE;
    }
    int64_t days = (int64_t)year * 365 + (year + 3u) / 4u + day - 1;
    for (unsigned m = 1; m < month; m++) {
        days += month_days(year, m);
    }
    unsigned second = decimal(r[2] & 0x3Fu) * 3600u + decimal(r[1] & 0x7Fu) * 60u + decimal(r[0] & 0x7Fu);
    *utc_ms = (days * DAY_S + second) * 1000;
    return QD_OK;
}

static qd_status_t set(void *context, int64_t utc_ms) {
    (void)context;
    int64_t utc_s = utc_ms / 1000;
    if (utc_ms < 0 || utc_s >= YEARS_END_S) {
        return QD_IO;
    }
    unsigned second = (unsigned)(utc_s % DAY_S);
    unsigned day = (unsigned)(utc_s / DAY_S);
    uint8_t r[REGISTERS];
    r[0] = bcd(second % 60u);
    r[1] = bcd(second / 60u % 60u);
    r[2] = bcd(second / 3600u);
    r[3] = (uint8_t)((day + 6u) % 7u + 1u); /* 2000-01-01 was a Saturday; 1 is Sunday */
    unsigned year = 0;
    while (day >= (year % 4u == 0 ? 366u : 365u)) {
        day -= year % 4u == 0 ? 366u : 365u;
        year++;
    }
    unsigned month = 1;
    while (day >= month_days(year, month)) {
        day -= month_days(year, month);
        month++;
    }
    r[4] = bcd(day + 1u);
    r[5] = bcd(month);
    r[6] = bcd(year);
    r[CONTROL] = 0;
    return write_registers(r) ? QD_OK : QD_IO;
}

static const qd_rtc_t rtc = {.get = get, .set = set};

const qd_rtc_t *qd_board_rtc(void) {
    return &rtc;
}
