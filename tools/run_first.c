/*
 * run_first.c - what happens at a start before and right after the meter lives: the world's time,
 * manufacture, and the file that tells clients where to go.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "address.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define COMMAND "run"
#define DAY_S 86400

/* Octets of values that the factory writes. */
#define SERIAL_LENGTH 8
#define LDN_LENGTH 16

#define CLIENTS_MAX 32u

static void begin_new(run_meter_t *meter, int64_t host_ms) {
    const run_options_t *options = &meter->run->options;
    qd_linux_world_state_t *state = &meter->world.state;
    int64_t utc_ms = host_ms;

    if (options->has_start) {
        utc_ms = options->start_utc_s * 1000;
    } else if (options->speed != 1) {
        utc_ms -= utc_ms % 1000; /* nobody compares it with the host's clock, so let seconds be whole */
    }
    (void)memset(state, 0, sizeof *state);
    state->utc_ms = utc_ms;
    state->origin_utc_s = utc_ms / 1000 - utc_ms / 1000 % DAY_S;
    state->rtc_set = 1;
    state->seed = options->seed;
    (void)snprintf(state->model, sizeof state->model, "%s", qd_model_name(options->model));
}

/* At real speed the time without a process was an outage; otherwise no time has passed. */
static int begin_again(run_meter_t *meter, int64_t host_ms) {
    const run_options_t *options = &meter->run->options;
    qd_linux_world_state_t *state = &meter->world.state;
    char was[RUN_TIME_SIZE], wanted[RUN_TIME_SIZE];

    if (options->has_start) {
        if (options->start_utc_s * 1000 < state->utc_ms) {
            run_time_format(options->start_utc_s * 1000, wanted);
            run_time_format(state->utc_ms, was);
            return qd_complain(
                COMMAND, QD_EXIT_USAGE,
                "--start %s lies before %s, where %s was stopped; leave --start away to go on, or "
                "start anew with another --name or --state",
                wanted, was, meter->name);
        }
        state->utc_ms = options->start_utc_s * 1000;
    } else if (options->speed == 1 && host_ms > state->host_utc_ms) {
        state->utc_ms += host_ms - state->host_utc_ms;
    }
    return QD_EXIT_OK;
}

int run_world_begin(run_meter_t *meter) {
    const run_options_t *options = &meter->run->options;
    qd_linux_world_state_t *state = &meter->world.state;
    const char *model = qd_model_name(options->model);
    int64_t host_ms = qd_linux_host_utc_ms();
    int status = run_files_begin(meter);

    if (status != QD_EXIT_OK) {
        return status;
    }
    if (!meter->world.known || !meter->settled) {
        begin_new(meter, host_ms);
        state->manufactured = meter->settled ? 1 : 0; /* a meter that lost its world has left the factory */
    } else if (strcmp(state->model, model) != 0) {
        return qd_complain(
            COMMAND, QD_EXIT_OWN,
            "%s holds a meter of model %s, not %s; run that model, or choose another --name or --state",
            meter->dir.path, state->model, model);
    } else {
        status = begin_again(meter, host_ms);
    }
    meter->world.start_utc_ms = state->utc_ms;
    state->host_utc_ms = host_ms;
    meter->player.utc_ms = state->utc_ms;
    meter->player.origin_utc_s = state->origin_utc_s;
    return status;
}

/* --- manufacture ------------------------------------------------------------------------------ */

static int provision(run_meter_t *meter, const qd_obis_t *obis, const char *text, size_t length) {
    qd_status_t status = qd_meter_provision(meter->meter, obis, (const uint8_t *)text, length);

    /* Already written: the run before was killed between this and the closing of the factory. */
    if (status == QD_OK || status == QD_SEALED || status == QD_UNDEFINED) {
        return QD_EXIT_OK;
    }
    return qd_complain(COMMAND, QD_EXIT_OWN, "%s: the value %s cannot be provisioned: %s", meter->name, text,
                       qd_status_name(status));
}

int run_manufacture(run_meter_t *meter) {
    static const qd_obis_t serial_obis = QD_OBIS(0, 0, 96, 1, 0, 255);
    static const qd_obis_t ldn_obis = QD_OBIS(0, 0, 42, 0, 0, 255);
    qd_linux_world_state_t *state = &meter->world.state;
    char serial[SERIAL_LENGTH + 1], ldn[LDN_LENGTH + 1];
    int status;

    state->formatted = 1;
    if (state->manufactured != 0 || meter->run->options.factory) {
        return QD_EXIT_OK;
    }
    (void)snprintf(serial, sizeof serial, "%08u",
                   (unsigned)(run_hash(meter->name, state->seed) % 100000000u));
    (void)snprintf(ldn, sizeof ldn, "QDT00000%s", serial);
    status = provision(meter, &serial_obis, serial, SERIAL_LENGTH);
    if (status == QD_EXIT_OK) {
        status = provision(meter, &ldn_obis, ldn, LDN_LENGTH);
    }
    if (status == QD_EXIT_OK) {
        state->manufactured = 1;
        meter->factory_open = false;
    }
    return status;
}

/* --- client.yaml ------------------------------------------------------------------------------ */

/* What the factory gave is true for a new meter only: a password may have been changed since. */
int run_write_client_yaml(const run_meter_t *meter) {
    static const char *const mechanisms[] = {"none", "lls", NULL, NULL, NULL, "hls-gmac"};
    qd_client_row_t rows[CLIENTS_MAX];
    qd_model_client_t client;
    qd_client_port_t ports[RUN_PORTS_MAX];
    char path[QD_LINUX_PATH_MAX + 16];
    size_t count = 0;

    while (count < CLIENTS_MAX && qd_model_client(meter->run->options.model, count, &client) == QD_OK) {
        rows[count].name = client.name;
        rows[count].sap = client.sap;
        rows[count].secret = client.factory_secret;
        rows[count].mechanism =
            client.mechanism < sizeof mechanisms / sizeof mechanisms[0] ? mechanisms[client.mechanism] : NULL;
        count++;
    }
    for (size_t n = 0; n < meter->port_count; n++) {
        ports[n].name = meter->port[n].name;
        ports[n].address = meter->port[n].address;
    }
    (void)snprintf(path, sizeof path, "%s/client.yaml", meter->dir.path);
    return qd_client_yaml_write(path, COMMAND, ports, meter->port_count, rows, count, !meter->settled);
}
