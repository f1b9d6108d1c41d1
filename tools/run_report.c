/*
 * run_report.c - what quadrant run prints, as text or as JSON lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COMMAND "run"
#define MJ_PER_WH 3600000

/* --- standard output -------------------------------------------------------------------------- */

static bool reader_is_gone(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

/* What waits goes out. False: it is lost, and not because nobody listens any more. */
static bool flush(run_t *run) {
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return true;
    }
    clearerr(stdout);
    run->unheard = run->unheard || !reader_is_gone();
    return !run->unheard;
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void print_json_text(const char *text) {
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)printf("\\%c", *text);
        } else if ((uint8_t)*text < ' ') {
            (void)printf("\\u%04x", (unsigned)(uint8_t)*text);
        } else {
            (void)putchar(*text);
        }
    }
    (void)putchar('"');
}

static void report_client(const run_t *run, const char *line) {
    if (run->options.json) {
        (void)fputs("{\"event\":\"client\",\"line\":", stdout);
        print_json_text(line);
        (void)fputs("}\n", stdout);
    } else {
        (void)printf("  %s\n", line);
    }
}

/* A client of the model that may read registers: the first one with a password that is not management. */
static const char *reader(const run_t *run) {
    qd_model_client_t client;
    const char *name = "management";

    for (size_t i = 0; qd_model_client(run->options.model, i, &client) == QD_OK; i++) {
        if (client.factory_secret != NULL && strcmp(client.name, "management") != 0) {
            return client.name;
        }
    }
    return name;
}

/* Of the ports with HDLC: the public client needs no password. */
static void report_hdlc(const run_t *run, const run_meter_t *meter) {
    char line[RUN_ADDRESS_SIZE + 64];

    for (uint8_t n = 1; n < meter->port_count; n++) {
        (void)snprintf(line, sizeof line, "build/host/quadrant read '%s' 0-0:1.0.0", meter->port[n].address);
        report_client(run, line);
    }
}

static void report_clients(const run_t *run, const run_meter_t *meter) {
    const char *address = meter->port[0].address;
    const char *host = address + strlen("tcp://");
    char line[RUN_ADDRESS_SIZE + 128];

    if (meter->named) {
        (void)snprintf(line, sizeof line, "build/host/quadrant read @%s --as %s", meter->name, reader(run));
    } else if (meter->kept) {
        const char *quote = strpbrk(meter->dir.path, " \t\"$&;()<>|*?#~`\\!{}[]") != NULL ? "'" : "";

        (void)snprintf(line, sizeof line, "build/host/quadrant read %s@%s%s%s --as %s", quote,
                       meter->dir.path, strchr(meter->dir.path, '/') != NULL ? "" : "/", quote, reader(run));
    } else {
        (void)snprintf(line, sizeof line, "build/host/quadrant read %s 0-0:1.0.0", address);
    }
    report_client(run, line);
    (void)snprintf(line, sizeof line, "build/venv/bin/python examples/gurux_read.py --port %u",
                   qd_linux_server_port(meter->port[0].server));
    if (strncmp(host, "127.0.0.1:", 10) != 0) {
        size_t used = strlen(line);
        size_t length = (size_t)(strrchr(host, ':') - host);
        bool bracket = *host == '[';

        (void)snprintf(line + used, sizeof line - used, " --host %.*s", (int)(length - (bracket ? 2 : 0)),
                       host + (bracket ? 1 : 0));
    }
    report_client(run, line);
}

static void report_port(const run_t *run, const run_meter_t *meter, const run_port_t *port) {
    if (!run->options.json) {
        (void)printf("%s: %s %s\n", meter->name, port->name, port->address);
        return;
    }
    (void)printf("{\"event\":\"port\",\"name\":\"%s\",\"model\":\"%s\",\"port\":\"%s\",", meter->name,
                 qd_model_name(run->options.model), port->name);
    if (port->server != NULL) {
        (void)printf("\"number\":%u,", qd_linux_server_port(port->server));
    } else {
        (void)fputs("\"device\":", stdout);
        print_json_text(port->device);
        (void)putchar(',');
    }
    (void)fputs("\"address\":", stdout);
    print_json_text(port->address);
    (void)fputs(",\"state\":", stdout);
    print_json_text(meter->kept ? meter->dir.path : "none");
    (void)fputs("}\n", stdout);
}

bool run_report_ports(run_t *run) {
    for (uint32_t n = 0; n < run->options.count; n++) {
        for (uint8_t i = 0; i < run->meter[n].port_count; i++) {
            report_port(run, &run->meter[n], &run->meter[n].port[i]);
        }
    }
    report_clients(run, &run->meter[0]);
    report_hdlc(run, &run->meter[0]);
    (void)fputs(run->options.json ? "{\"event\":\"ready\"}\n" : "ready\n", stdout);
    if (!flush(run)) {
        (void)qd_complain(COMMAND, 0, "standard output cannot be written; is its disk full?");
        return false;
    }
    return true;
}

/* --- what is measured ------------------------------------------------------------------------- */

/* Energy in mJ as kWh with three decimals, cut. */
static void format_kwh(int64_t mj, char *text, size_t size) {
    int64_t wh = mj / MJ_PER_WH;

    (void)snprintf(text, size, "%" PRId64 ".%03d", wh / 1000, (int)(wh % 1000));
}

/* Thousandths with so many decimals, 0 to 3, cut. */
static void format_milli(int64_t value, unsigned decimals, char *text, size_t size) {
    static const int64_t parts[] = {1000, 100, 10, 1};
    int64_t magnitude = (value < 0 ? -value : value) / parts[decimals];
    int64_t one = 1000 / parts[decimals];

    if (decimals == 0) {
        (void)snprintf(text, size, "%s%" PRId64, value < 0 && magnitude != 0 ? "-" : "", magnitude);
    } else {
        (void)snprintf(text, size, "%s%" PRId64 ".%0*d", value < 0 && magnitude != 0 ? "-" : "",
                       magnitude / one, (int)decimals, (int)(magnitude % one));
    }
}

/* As in src/metrology/gate.h, with what a reader of the lines has to know; no-load is a state like others. */
#define RECORD_LOST 0x0008u
static const struct {
    uint16_t bit;
    const char *word;
} flag_words[] = {
    {0x0001u, "gap"}, {0x0004u, "degraded"}, {RECORD_LOST, "record-lost"}, {0x0010u, "phase-missing"}};

#define FLAG_WORDS (sizeof flag_words / sizeof flag_words[0])

static void print_text(const qd_meter_view_t *view) {
    char time[RUN_TIME_SIZE], cell[32];

    run_time_format(view->utc_ms, time);
    (void)printf("%s%s  U", time, view->clock.valid ? "" : "?");
    for (unsigned n = 0; n < QD_PHASES; n++) {
        const qd_phase_quantities_t *phase = &view->now.phase[n];

        format_milli(phase->voltage_mv, 1, cell, sizeof cell);
        (void)printf(" %5s", phase->valid ? cell : "-");
    }
    (void)fputs(" V  I", stdout);
    for (unsigned n = 0; n < QD_PHASES; n++) {
        const qd_phase_quantities_t *phase = &view->now.phase[n];

        format_milli(phase->current_ma, 2, cell, sizeof cell);
        (void)printf(" %6s", phase->valid ? cell : "-");
    }
    format_milli(view->active_power_mw, 0, cell, sizeof cell);
    (void)printf(" A  P %7s W", cell);
    format_milli(view->reactive_power_mvar, 0, cell, sizeof cell);
    (void)printf("  Q %7s var", cell);
    format_milli(view->now.frequency_mhz, 2, cell, sizeof cell);
    (void)printf("  f %5s Hz", cell);
    format_kwh(view->import_mj, cell, sizeof cell);
    (void)printf("  A+ %11s kWh", cell);
    format_kwh(view->export_mj, cell, sizeof cell);
    (void)printf("  A- %11s kWh  rate %u", cell, view->rate);
    for (size_t n = 0; n < FLAG_WORDS; n++) {
        if ((view->flags & flag_words[n].bit) != 0) {
            (void)printf("  %s", flag_words[n].word);
        }
    }
    (void)putchar('\n');
}

static void print_json(const char *event, const run_meter_t *meter, const qd_meter_view_t *view) {
    static const char *const names[] = {"voltage_mv", "current_ma", "active_power_mw", "reactive_power_mvar"};
    const char *between = "";
    char time[RUN_TIME_SIZE];

    run_time_format(view->utc_ms, time);
    (void)printf("{\"event\":\"%s\",\"name\":\"%s\",\"utc\":\"%s\",\"utc_ms\":%" PRId64 ",\"clock_valid\":%s",
                 event, meter->name, time, view->utc_ms, view->clock.valid ? "true" : "false");
    for (unsigned what = 0; what < 4; what++) {
        (void)printf(",\"%s\":[", names[what]);
        for (unsigned n = 0; n < QD_PHASES; n++) {
            const qd_phase_quantities_t *phase = &view->now.phase[n];
            const int64_t values[] = {phase->voltage_mv, phase->current_ma, phase->active_power_mw,
                                      phase->reactive_power_mvar};

            if (phase->valid) {
                (void)printf("%s%" PRId64, n > 0 ? "," : "", values[what]);
            } else {
                (void)printf("%snull", n > 0 ? "," : "");
            }
        }
        (void)putchar(']');
    }
    (void)printf(",\"total_active_power_mw\":%" PRId64 ",\"total_reactive_power_mvar\":%" PRId64
                 ",\"frequency_mhz\":%" PRIu32 ",\"import_mj\":%" PRId64 ",\"export_mj\":%" PRId64
                 ",\"rate\":%u,\"commits\":%" PRIu32 ",\"requests\":%" PRIu32 ",\"hash\":\"%016" PRIx64
                 "\",\"flags\":[",
                 view->active_power_mw, view->reactive_power_mvar, view->now.frequency_mhz, view->import_mj,
                 view->export_mj, view->rate, view->commits, view->requests,
                 meter->meter != NULL ? qd_meter_hash(meter->meter) : 0);
    for (size_t n = 0; n < FLAG_WORDS; n++) {
        if ((view->flags & flag_words[n].bit) != 0) {
            (void)printf("%s\"%s\"", between, flag_words[n].word);
            between = ",";
        }
    }
    (void)fputs("]}\n", stdout);
}

static void report_dark(const run_meter_t *meter, bool json) {
    char time[RUN_TIME_SIZE];

    run_time_format(meter->world.start_utc_ms + (int64_t)(meter->dark_us / 1000u), time);
    (void)printf(json ? "{\"event\":\"outage\",\"name\":\"%s\",\"since\":\"%s\"}\n"
                      : "%s: mains away since %s\n",
                 meter->name, time);
}

static void report_one(const run_meter_t *meter, const char *event, bool json) {
    qd_meter_view_t view;

    if (meter->meter == NULL) {
        report_dark(meter, json);
        return;
    }
    qd_meter_get_view(meter->meter, &view);
    if (json) {
        print_json(event, meter, &view);
    } else {
        print_text(&view);
    }
}

/* Of many meters the sums. */
static void report_sum(const run_t *run) {
    int64_t power = 0, import = 0, export = 0;
    uint64_t requests = 0;
    uint32_t live = 0;
    char time[RUN_TIME_SIZE], cell[3][32];

    for (uint32_t n = 0; n < run->options.count; n++) {
        qd_meter_view_t view;

        if (run->meter[n].meter != NULL) {
            qd_meter_get_view(run->meter[n].meter, &view);
            power += view.active_power_mw;
            import += view.import_mj;
            export += view.export_mj;
            requests += view.requests;
            live++;
        }
    }
    run_time_format(qd_linux_world_utc_ms(&run->meter[0].world), time);
    format_milli(power, 0, cell[0], sizeof cell[0]);
    format_kwh(import, cell[1], sizeof cell[1]);
    format_kwh(export, cell[2], sizeof cell[2]);
    if (run->options.json) {
        (void)printf(
            "{\"event\":\"measured\",\"utc\":\"%s\",\"meters\":%lu,\"total_active_power_mw\":%" PRId64
            ",\"import_mj\":%" PRId64 ",\"export_mj\":%" PRId64 ",\"requests\":%" PRIu64 "}\n",
            time, (unsigned long)live, power, import, export, requests);
    } else {
        (void)printf("%s  %lu meters  P %s W  A+ %s kWh  A- %s kWh  %" PRIu64 " requests\n", time,
                     (unsigned long)live, cell[0], cell[1], cell[2], requests);
    }
}

void run_report_measured(run_t *run) {
    if (run->options.count > 1) {
        report_sum(run);
    } else {
        report_one(&run->meter[0], "measured", run->options.json);
    }
    (void)flush(run);
}

void run_report_start(run_meter_t *meter) {
    qd_meter_view_t view;

    meter->looked = true;
    qd_meter_get_view(meter->meter, &view);
    if ((view.flags & RECORD_LOST) != 0) {
        (void)qd_complain(
            COMMAND, 0,
            "%s: a record of the state was damaged; the meter goes on with the last good one, see its "
            "journal",
            meter->kept ? meter->dir.path : meter->name);
    }
}

bool run_report_end(run_t *run) {
    for (uint32_t n = 0; n < run->options.count; n++) {
        if (!run->options.json) {
            (void)printf("%s stopped: ", run->meter[n].name);
        }
        report_one(&run->meter[n], "stopped", run->options.json);
    }
    (void)flush(run);
    if (run->unheard) {
        (void)qd_complain(COMMAND, 0, "standard output did not take all lines; is its disk full?");
    }
    return !run->unheard;
}
