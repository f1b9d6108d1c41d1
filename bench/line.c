/*
 * bench_line INFORMATION WINDOW: a day of 15-minute rows of ten columns over a serial line at 9600 bit/s, in the line's
 * own virtual time: what the C client needs for 96 rows with that information field and window (128 and 1).
 *
 * Prints "day T ms", the share of the rows among the octets from the meter in percent, and how many octets went each
 * way. The line is sim/uart.c, bit by bit; the meter steps every millisecond, and with each octet.
 *
 * bench_line four: a peer on each of four lines reads on and on; prints the longest answer of any of them against that of
 * a peer that is alone, in meter time, from the first octet of the request to the last of the answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "quadrant/client.h"
#include "quadrant/sim.h"
#include "support/profile_model.h"
#include "unit/meter/world.h"

#define CHANNEL 4u /* the optical head */
#define DAY 96u
#define ROW_SIZE 58u
#define STEP_US 1000u

static world_t world;
static profile_model_t pm;
static qd_sim_line_t line;
static qd_sim_station_t meter, master;
static uint64_t begun_us;

/* The next octet, or a millisecond. */
static void pass(uint64_t until_us) {
    uint64_t next_us = qd_sim_line_now_us(&line) + STEP_US;
    (void)qd_sim_line_run(&line, next_us < until_us ? next_us : until_us);
    world.tick_us = begun_us + qd_sim_line_now_us(&line);
    (void)world_step(&world);
}

static qd_status_t client_send(void *context, const uint8_t *octets, size_t length, uint32_t timeout_ms) {
    (void)context;
    (void)timeout_ms;
    for (size_t sent = 0; sent < length;) {
        sent += qd_sim_station_send(&master, octets + sent, length - sent);
        pass(UINT64_MAX / 2000u);
    }
    return QD_OK;
}

static qd_status_t client_receive(void *context, uint8_t *octets, size_t size, uint32_t timeout_ms,
                                  size_t *length) {
    uint64_t until_us = qd_sim_line_now_us(&line) + (uint64_t)timeout_ms * 1000u;
    (void)context;
    do {
        pass(until_us);
        *length = qd_sim_station_receive(&master, octets, size);
    } while (*length == 0 && qd_sim_line_now_us(&line) < until_us);
    return *length > 0 ? QD_OK : QD_PENDING;
}

static uint32_t client_now(void *context) {
    (void)context;
    return (uint32_t)(qd_sim_line_now_us(&line) / 1000u);
}

static bool good(const qd_client_value_t *value) {
    bool right = value->length == 2u + DAY * ROW_SIZE;
    for (uint32_t i = 0; right && i < DAY; i++) {
        const uint8_t *row = value->data + 2u + i * ROW_SIZE;
        uint32_t wanted = (pm.end - DAY + i) * 2654435761u;
        uint32_t got =
            (uint32_t)row[54] << 24 | (uint32_t)row[55] << 16 | (uint32_t)row[56] << 8 | (uint32_t)row[57];
        right = row[0] == 2 && row[1] == 10 && got == wanted;
    }
    return right;
}

static bool read_day(qd_client_t *client) {
    static uint8_t buffer[DAY * ROW_SIZE + 16u];
    const qd_client_ref_t profile = {7, QD_OBIS(1, 0, 99, 1, 0, 255), 2};
    uint8_t descriptor[QD_CLIENT_SELECTION_MAX];
    qd_client_selection_t entries;
    qd_client_value_t value;
    uint64_t begin_us = qd_sim_line_now_us(&line);
    uint32_t in = meter.stats.sent, out = master.stats.sent;
    (void)qd_client_select_entries(PM_CAPACITY + 1u - DAY, 0, descriptor, sizeof descriptor, &entries);
    if (qd_client_get_selected(client, &profile, &entries, buffer, sizeof buffer, &value) != QD_CLIENT_OK ||
        !good(&value)) {
        return false;
    }
    in = meter.stats.sent - in;
    out = master.stats.sent - out;
    (void)printf("day %lu ms\nshare %lu percent\noctets %lu from the meter, %lu to it\n",
                 (unsigned long)((qd_sim_line_now_us(&line) - begin_us) / 1000u),
                 (unsigned long)(DAY * ROW_SIZE * 100u / in), (unsigned long)in, (unsigned long)out);
    return true;
}

/* --- four at once ----------------------------------------------------------------------------- */

#define PEERS 4u
#define READS 200u

typedef struct peer {
    qd_sim_line_t line;
    qd_sim_station_t meter, master;
    uint64_t asked_us, most_us;
    size_t heard;
    unsigned answers;
} peer_t;

static peer_t peers[PEERS];

/* The public client opens, then asks for the logical device name; the wrapper, so that no line waits for another frame. */
static void ask(peer_t *p) {
    static const uint8_t open[] = {0,    1,    0,    16,   0,    1,    0,    31,   0x60, 0x1D,
                                   0xA1, 0x09, 0x06, 0x07, 0x60, 0x85, 0x74, 0x05, 0x08, 0x01,
                                   0x01, 0xBE, 0x10, 0x04, 0x0E, 0x01, 0x00, 0x00, 0x00, 0x06,
                                   0x5F, 0x1F, 0x04, 0x00, 0x00, 0x1E, 0x1D, 0xFF, 0xFF};
    static const uint8_t get[] = {0, 1, 0, 16, 0, 1, 0, 13, 0xC0, 1, 0xC1, 0, 1, 0, 0, 42, 0, 0, 255, 2, 0};
    p->asked_us = qd_sim_line_now_us(&p->line);
    p->heard = 0;
    if (p->answers == 0) {
        (void)qd_sim_station_send(&p->master, open, sizeof open);
    } else {
        (void)qd_sim_station_send(&p->master, get, sizeof get);
    }
}

static bool answered(peer_t *p, uint8_t octets[256]) {
    p->heard += qd_sim_station_receive(&p->master, octets + p->heard, 256u - p->heard);
    return p->heard >= 8u && p->heard == 8u + octets[7];
}

/* The longest answer of any peer, in microseconds; 0: something else came. */
static uint64_t longest(unsigned count) {
    static uint8_t octets[PEERS][256];
    uint64_t most_us = 0;
    world_blank(&world, qd_model_find("st402"));
    for (unsigned n = 0; n < PEERS; n++) {
        memset(&peers[n], 0, sizeof peers[n]);
        qd_sim_line_init(&peers[n].line, false, n);
        (void)qd_sim_line_add(&peers[n].line, &peers[n].master);
        (void)qd_sim_line_add(&peers[n].line, &peers[n].meter);
        qd_sim_station_port(&peers[n].meter, &world.channel[n]);
        world.channel[n].framing = QD_FRAMING_WRAPPER;
    }
    begun_us = world.tick_us;
    if (world_start(&world) != QD_OK) {
        return 0;
    }
    for (unsigned n = 0; n < count; n++) {
        ask(&peers[n]);
    }
    for (uint64_t now_us = 0; peers[0].answers < READS || peers[count - 1u].answers < READS;) {
        now_us += STEP_US;
        for (unsigned n = 0; n < count; n++) {
            while (qd_sim_line_run(&peers[n].line, now_us)) {
            }
        }
        world.tick_us = begun_us + now_us;
        (void)world_step(&world);
        for (unsigned n = 0; n < count; n++) {
            peer_t *p = &peers[n];
            if (answered(p, octets[n])) {
                uint64_t took_us = now_us - p->asked_us;
                p->most_us = p->answers > 0 && took_us > p->most_us ? took_us : p->most_us;
                if (p->answers++ > 0 && octets[n][8] != 0xC4) {
                    return 0;
                }
                ask(p);
            }
        }
        if (now_us > 3600u * WORLD_SECOND) {
            return 0;
        }
    }
    for (unsigned n = 0; n < count; n++) {
        most_us = peers[n].most_us > most_us ? peers[n].most_us : most_us;
    }
    return most_us;
}

static int four(void) {
    uint64_t alone_us = longest(1), together_us = longest(PEERS);
    if (alone_us == 0 || together_us == 0) {
        (void)fputs("bench_line four: wrong answer\n", stderr);
        return 1;
    }
    (void)printf("alone %lu us, four %lu us\n", (unsigned long)alone_us, (unsigned long)together_us);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "four") == 0) {
        return four();
    }
    static uint8_t frame[16384];
    static const qd_client_transport_t transport = {NULL, client_send, client_receive, client_now};
    const char *password = world_password(SAP_MANAGEMENT);
    const qd_client_config_t config = {
        .transport = &transport,
        .client_sap = SAP_MANAGEMENT,
        .server_sap = 1,
        .mechanism = QD_CLIENT_LLS,
        .secret = (const uint8_t *)password,
        .secret_length = strlen(password),
        .timeout_ms = 5000,
        .framing = QD_FRAMING_HDLC,
        .hdlc = {.information = (uint16_t)(argc > 1 ? strtoul(argv[1], NULL, 10) : 128u),
                 .window = (uint8_t)(argc > 2 ? strtoul(argv[2], NULL, 10) : 1u)}};
    qd_client_t client;
    profile_model_make(&pm, PM_FIFO, PM_CAPACITY + 100u);
    world_blank(&world, &pm.model);
    qd_sim_line_init(&line, false, 1);
    (void)qd_sim_line_add(&line, &master);
    (void)qd_sim_line_add(&line, &meter);
    qd_sim_station_port(&meter, &world.channel[CHANNEL]);
    begun_us = world.tick_us;
    bool right = world_start(&world) == QD_OK &&
                 qd_client_init(&client, &config, frame, sizeof frame) == QD_OK &&
                 qd_client_open(&client) == QD_CLIENT_OK && read_day(&client) &&
                 qd_client_release(&client) == QD_CLIENT_OK;
    if (!right) {
        (void)fputs("bench_line INFORMATION WINDOW | four: wrong answer or wrong words\n", stderr);
    }
    return right ? 0 : 1;
}
