/*
 * uart.c - a serial line bit by bit: drivers put levels on it, receivers sample them.
 *
 * Two kinds of instants: a driver's bit ends, a receiver samples. They are taken in the order of time, of equal ones
 * the driver's first; samples lie in the middle of bits, so that decides nothing but for unequal speeds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/sim.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

static uint64_t next_random(uint64_t *state) {
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);

    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static uint64_t bit_ns(const qd_sim_station_t *station) {
    return (NS_PER_S + station->baud / 2u) / station->baud;
}

static uint8_t data_bits(const qd_sim_station_t *station) {
    return station->format == QD_SIM_7E1 ? 7 : 8;
}

/* Even, where there is one. */
static bool has_parity(const qd_sim_station_t *station) {
    return station->format != QD_SIM_8N1;
}

/* Start, data, parity if there is one, stop. */
static uint8_t bit_count(const qd_sim_station_t *station) {
    return (uint8_t)(data_bits(station) + (has_parity(station) ? 3u : 2u));
}

static uint8_t parity_of(uint32_t bits) {
    uint8_t odd = 0;

    for (; bits != 0; bits >>= 1) {
        odd ^= (uint8_t)(bits & 1u);
    }
    return odd;
}

/* --- the wire --------------------------------------------------------------------------------- */

static bool drives(const qd_sim_station_t *station) {
    return station->tx_left > 0;
}

static bool level_of(const qd_sim_station_t *station) {
    return (station->tx_bits & 1u) != 0;
}

/* True: two drivers contradict each other. */
static bool contradicts(const qd_sim_line_t *line, const qd_sim_station_t *station) {
    for (uint8_t n = 0; line->bus && n < line->count; n++) {
        const qd_sim_station_t *other = line->stations[n];

        if (other != station && drives(other) && drives(station) && level_of(other) != level_of(station)) {
            return true;
        }
    }
    return false;
}

/* What a receiver finds at its pins: 1 when nobody drives. */
static bool heard(const qd_sim_line_t *line, const qd_sim_station_t *station) {
    bool zero = false, one = false;

    if (line->bus && !station->echo && drives(station)) {
        return true;
    }
    for (uint8_t n = 0; n < line->count; n++) {
        const qd_sim_station_t *other = line->stations[n];

        if (drives(other) && (other != station || station->echo)) {
            zero = zero || !level_of(other);
            one = one || level_of(other);
        }
    }
    return zero && one ? line->clash_level : !zero;
}

/* --- drivers ---------------------------------------------------------------------------------- */

static void apply_change(qd_sim_station_t *station) {
    if (station->changes && !drives(station) && station->send_begin == station->send_end) {
        station->changes = false;
        station->baud = station->next_baud;
        station->format = station->next_format;
        station->rx_busy = false;
    }
}

/* The next octet, if there is one: its start bit begins at begin_ns. */
static void begin_octet(qd_sim_station_t *station, uint64_t begin_ns) {
    uint8_t data = data_bits(station);
    uint32_t octet;

    if (station->send_begin == station->send_end) {
        apply_change(station);
        return;
    }
    octet = station->send[station->send_begin++ % QD_SIM_STATION_RING] & ((1u << data) - 1u);
    station->tx_bits = (uint16_t)(octet << 1 | 1u << (bit_count(station) - 1u));
    if (has_parity(station)) {
        station->tx_bits = (uint16_t)(station->tx_bits | (uint32_t)parity_of(octet) << (data + 1u));
    }
    station->tx_left = bit_count(station);
    station->tx_break = false;
    station->tx_clash = false;
    station->tx_ns = begin_ns + bit_ns(station);
    station->line->moved = true;
}

/* The present bit is over. */
static void end_bit(qd_sim_station_t *station) {
    station->tx_bits = (uint16_t)(station->tx_bits >> 1);
    station->tx_left--;
    station->line->moved = true;
    if (station->tx_left > 0) {
        station->tx_ns += bit_ns(station);
        return;
    }
    station->stats.sent += station->tx_break ? 0u : 1u;
    station->stats.clashes += station->tx_clash ? 1u : 0u;
    begin_octet(station, station->tx_ns);
}

/* --- receivers -------------------------------------------------------------------------------- */

static void deliver(qd_sim_station_t *station, uint32_t bits) {
    uint8_t data = data_bits(station);
    uint32_t octet = bits >> 1 & ((1u << data) - 1u);
    bool stop = (bits >> (bit_count(station) - 1u) & 1u) != 0;

    if (!stop) {
        station->stats.framing++;
        station->stats.breaks += bits == 0 ? 1u : 0u;
    } else if (has_parity(station) && parity_of(octet) != (bits >> (data + 1u) & 1u)) {
        station->stats.parity++;
    } else {
        station->stats.received++;
        if (station->receive_end - station->receive_begin == QD_SIM_STATION_RING) {
            station->stats.overruns++;
        } else {
            station->receive[station->receive_end++ % QD_SIM_STATION_RING] = (uint8_t)octet;
            station->line->delivered = true;
        }
    }
}

static void sample(qd_sim_line_t *line, qd_sim_station_t *station) {
    bool level = heard(line, station);

    if (line->noise_ppm > 0 && next_random(&line->random) % 1000000u < line->noise_ppm) {
        level = !level;
    }
    if (station->rx_have == 0 && level) {
        station->stats.glitches++;
        station->rx_busy = false;
        return;
    }
    station->rx_bits = (uint16_t)(station->rx_bits | (level ? 1u : 0u) << station->rx_have);
    station->rx_have++;
    station->rx_ns += bit_ns(station);
    if (station->rx_have == bit_count(station)) {
        station->rx_busy = false;
        deliver(station, station->rx_bits);
    }
}

/* A falling edge begins an octet; a line that stays at 0 does not. */
static void look_for_edges(qd_sim_line_t *line) {
    for (uint8_t n = 0; n < line->count; n++) {
        qd_sim_station_t *station = line->stations[n];
        bool level = heard(line, station);

        if (!station->rx_busy && station->rx_level && !level) {
            station->rx_busy = true;
            station->rx_bits = 0;
            station->rx_have = 0;
            station->rx_ns = line->now_ns + bit_ns(station) / 2u;
        }
        station->rx_level = level;
    }
}

/* --- time ------------------------------------------------------------------------------------- */

/* The instant of the next thing that happens at a station; UINT64_MAX: none. */
static uint64_t next_ns(const qd_sim_station_t *station) {
    uint64_t next = UINT64_MAX;

    if (drives(station)) {
        next = station->tx_ns;
    }
    return station->rx_busy && station->rx_ns < next ? station->rx_ns : next;
}

static void start_senders(qd_sim_line_t *line) {
    for (uint8_t n = 0; n < line->count; n++) {
        if (!drives(line->stations[n])) {
            begin_octet(line->stations[n], line->now_ns);
        }
    }
}

/* Who contradicts whom is random, and anew with each bit. */
static void settle(qd_sim_line_t *line) {
    bool clash = false;

    if (!line->moved) {
        return;
    }
    line->moved = false;
    for (uint8_t n = 0; n < line->count; n++) {
        qd_sim_station_t *station = line->stations[n];

        if (contradicts(line, station)) {
            station->tx_clash = true;
            clash = true;
        }
    }
    if (clash) {
        line->clash_level = (next_random(&line->random) & 1u) != 0;
    }
    look_for_edges(line);
}

/* All that happens at line->now_ns. */
static void happen(qd_sim_line_t *line) {
    for (uint8_t n = 0; n < line->count; n++) {
        qd_sim_station_t *station = line->stations[n];

        if (drives(station) && station->tx_ns == line->now_ns) {
            end_bit(station);
        }
    }
    settle(line);
    for (uint8_t n = 0; n < line->count; n++) {
        qd_sim_station_t *station = line->stations[n];

        if (station->rx_busy && station->rx_ns == line->now_ns) {
            sample(line, station);
        }
    }
}

bool qd_sim_line_run(qd_sim_line_t *line, uint64_t until_us) {
    uint64_t until_ns = until_us * NS_PER_US;

    if (until_ns < line->now_ns) {
        return false;
    }
    line->delivered = false;
    start_senders(line);
    settle(line);
    for (;;) {
        uint64_t next = UINT64_MAX;

        for (uint8_t n = 0; n < line->count; n++) {
            uint64_t own = next_ns(line->stations[n]);

            next = own < next ? own : next;
        }
        if (next > until_ns) {
            line->now_ns = until_ns;
            return false;
        }
        line->now_ns = next;
        happen(line);
        if (line->delivered) {
            return true;
        }
    }
}

uint64_t qd_sim_line_now_us(const qd_sim_line_t *line) {
    return line->now_ns / NS_PER_US;
}

bool qd_sim_line_is_silent(const qd_sim_line_t *line) {
    for (uint8_t n = 0; n < line->count; n++) {
        const qd_sim_station_t *station = line->stations[n];

        if (drives(station) || station->rx_busy || station->send_begin != station->send_end) {
            return false;
        }
    }
    return true;
}

/* --- line and stations ------------------------------------------------------------------------ */

void qd_sim_line_init(qd_sim_line_t *line, bool bus, uint64_t seed) {
    (void)memset(line, 0, sizeof *line);
    line->bus = bus;
    line->random = seed;
}

qd_status_t qd_sim_line_add(qd_sim_line_t *line, qd_sim_station_t *station) {
    if (line->count == QD_SIM_STATIONS) {
        return QD_NO_SPACE;
    }
    (void)memset(station, 0, sizeof *station);
    station->line = line;
    station->rx_level = true;
    qd_sim_station_set(station, 9600, QD_SIM_8N1, false);
    line->stations[line->count++] = station;
    return QD_OK;
}

void qd_sim_station_set(qd_sim_station_t *station, uint32_t baud, qd_sim_format_t format, bool echo) {
    station->baud = baud;
    station->format = (uint8_t)format;
    station->echo = echo;
    station->changes = false;
}

void qd_sim_line_noise(qd_sim_line_t *line, uint32_t per_million) {
    line->noise_ppm = per_million;
}

uint32_t qd_sim_station_octet_us(const qd_sim_station_t *station) {
    return (uint32_t)(bit_ns(station) * bit_count(station) / NS_PER_US);
}

size_t qd_sim_station_send(qd_sim_station_t *station, const uint8_t *octets, size_t length) {
    size_t taken = 0;

    while (taken < length && station->send_end - station->send_begin < QD_SIM_STATION_RING) {
        station->send[station->send_end++ % QD_SIM_STATION_RING] = octets[taken++];
    }
    return taken;
}

size_t qd_sim_station_receive(qd_sim_station_t *station, uint8_t *octets, size_t size) {
    size_t given = 0;

    while (given < size && station->receive_begin != station->receive_end) {
        octets[given++] = station->receive[station->receive_begin++ % QD_SIM_STATION_RING];
    }
    return given;
}

bool qd_sim_station_break(qd_sim_station_t *station, uint8_t bits) {
    if (drives(station) || bits == 0) {
        return false;
    }
    station->tx_bits = 0;
    station->tx_left = bits;
    station->tx_break = true;
    station->tx_clash = false;
    station->tx_ns = station->line->now_ns + bit_ns(station);
    station->line->moved = true;
    return true;
}

void qd_sim_station_get_stats(const qd_sim_station_t *station, qd_sim_station_stats_t *stats) {
    *stats = station->stats;
}

/* --- as a channel ----------------------------------------------------------------------------- */

static uint32_t port_generation(void *context) {
    (void)context;
    return 1;
}

static size_t port_read(void *context, uint8_t *buffer, size_t size) {
    return qd_sim_station_receive(context, buffer, size);
}

static size_t port_write(void *context, const uint8_t *buffer, size_t length) {
    return qd_sim_station_send(context, buffer, length);
}

static uint32_t port_now_ms(void *context) {
    const qd_sim_station_t *station = context;

    return (uint32_t)(qd_sim_line_now_us(station->line) / 1000u);
}

static void port_configure(void *context, uint32_t baud, uint8_t format) {
    qd_sim_station_t *station = context;

    station->next_baud = baud;
    station->next_format = format;
    station->changes = true;
    apply_change(station);
}

void qd_sim_station_port(qd_sim_station_t *station, qd_channel_port_t *port) {
    (void)memset(port, 0, sizeof *port);
    port->context = station;
    port->generation = port_generation;
    port->read = port_read;
    port->write = port_write;
    port->now_ms = port_now_ms;
    port->configure = port_configure;
    port->framing = QD_FRAMING_HDLC;
}
