/*
 * main.c - the meter of this board: start, manufacture, the loop, and a console of a few words on a UART.
 *
 * Every line that the console says is a JSON object with an event, as `quadrant run --json` says them.
 * Words: view, rtc (the chip's time), stop. The event metering comes once, when the first energy since the start is
 * booked; its tick_us counts from the start.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "board.h"

#include <string.h>

/* How this image reaches its metrology: NULL by call. Another way is in an image only when it names it. */
#ifndef QD_FIRMWARE_GATE
#define QD_FIRMWARE_GATE NULL
#endif

/* Of the model that this image is. */
#ifndef QD_FIRMWARE_MODEL
#define QD_FIRMWARE_MODEL qd_model_st402
#endif
extern const qd_model_t QD_FIRMWARE_MODEL;

#define ARENA 32768u
#define FORMAT_HEAD 128u /* octets that a format writes first: a meter is what comes after them */

static _Alignas(8) uint8_t arena[ARENA];
static _Alignas(8) uint8_t metrology[16384] __attribute__((section(".metrology")));

static uint32_t dropped; /* lines */

/* A whole line or none: who does not read the console does not hold up the meter. */
static void say(const qd_text_t *line) {
    if (qd_uart_room(QD_UART_CONTROL) < line->length) {
        dropped++;
        return;
    }
    (void)qd_uart_write(QD_UART_CONTROL, (const uint8_t *)line->octets, line->length);
}

/* Before an end: until all is said, or nobody has listened for a second. */
static void say_out(void) {
    uint64_t until_us = qd_board_tick_us() + 1000000u;
    while (!qd_uart_sent(QD_UART_CONTROL) && qd_board_tick_us() < until_us) {
    }
}

static void field(qd_text_t *line, const char *name, int64_t value) {
    qd_text_add(line, ",\"");
    qd_text_add(line, name);
    qd_text_add(line, "\":");
    qd_text_number(line, value);
}

static void word(qd_text_t *line, const char *name, const char *value) {
    qd_text_add(line, line->length == 0 ? "{\"" : ",\"");
    qd_text_add(line, name);
    qd_text_add(line, "\":\"");
    qd_text_add(line, value);
    qd_text_add(line, "\"");
}

static void say_view(const char *event, const qd_meter_t *meter) {
    qd_text_t line = {.length = 0};
    qd_meter_view_t view;
    qd_meter_get_view(meter, &view);
    word(&line, "event", event);
    field(&line, "utc_ms", qd_meter_utc_ms(meter, qd_board_tick_us()));
    field(&line, "clock_valid", view.clock.valid);
    field(&line, "import_mj", view.import_mj);
    field(&line, "export_mj", view.export_mj);
    field(&line, "commits", view.commits);
    field(&line, "flags", view.flags);
    field(&line, "requests", view.requests);
    field(&line, "entropy", (int64_t)qd_uart_waiting(QD_UART_ENTROPY));
    field(&line, "dropped", dropped);
    field(&line, "stack", qd_stack_size());
    field(&line, "stack_used", qd_stack_used());
    qd_text_add(&line, ",\"hash\":\"");
    qd_text_hex(&line, qd_meter_hash(meter), 16);
    qd_text_add(&line, "\"}\n");
    say(&line);
}

static void say_status(const char *event, qd_status_t status) {
    qd_text_t line = {.length = 0};
    word(&line, "event", event);
    word(&line, "status", qd_status_name(status));
    qd_text_add(&line, "}\n");
    say(&line);
}

static void say_rtc(void) {
    qd_text_t line = {.length = 0};
    const qd_rtc_t *rtc = qd_board_rtc();
    int64_t utc_ms = 0;
    word(&line, "event", "rtc");
    word(&line, "status", qd_status_name(rtc->get(rtc->context, &utc_ms)));
    field(&line, "utc_ms", utc_ms);
    qd_text_add(&line, "}\n");
    say(&line);
}

/* What happened before this start, if it was a fault. */
static void say_fault(void) {
    qd_fault_t fault = qd_fault_last();
    qd_text_t line = {.length = 0};
    if (fault.cause == QD_FAULT_NONE) {
        return;
    }
    word(&line, "event", "fault");
    word(&line, "cause", qd_fault_name(fault.cause));
    field(&line, "pc", fault.pc);
    field(&line, "address", fault.address);
    field(&line, "status", fault.status);
    field(&line, "count", fault.count);
    qd_text_add(&line, "}\n");
    say(&line);
}

static void say_ready(const qd_meter_t *meter) {
    qd_text_t line = {.length = 0};
    (void)meter;
    word(&line, "event", "ready");
    word(&line, "model", qd_model_name(&QD_FIRMWARE_MODEL));
    field(&line, "memory", (int64_t)qd_meter_size(&QD_FIRMWARE_MODEL));
    field(&line, "metrology", (int64_t)qd_meter_metrology_size());
    field(&line, "fram", qd_meter_fram_size(&QD_FIRMWARE_MODEL));
    qd_text_add(&line, "}\n");
    say(&line);
}

static int64_t energy(const qd_meter_t *meter) {
    qd_meter_view_t view;
    qd_meter_get_view(meter, &view);
    return view.import_mj + view.export_mj;
}

static void say_metering(void) {
    qd_text_t line = {.length = 0};
    word(&line, "event", "metering");
    field(&line, "tick_us", (int64_t)qd_board_tick_us());
    qd_text_add(&line, "}\n");
    say(&line);
}

/* Serial number and name as the fuses give them, then the jumper counts no more. Values that stand are kept. */
static void manufacture(qd_meter_t *meter) {
    static const qd_obis_t serial = QD_OBIS(0, 0, 96, 1, 0, 255);
    static const qd_obis_t name = QD_OBIS(0, 0, 42, 0, 0, 255);
    const qd_mps2_fuses_t *fuses = qd_board_fuses();
    if (!qd_board_fuse(QD_MPS2_FUSE_FACTORY) || qd_board_world()->sealed != 0 || fuses->serial_length == 0 ||
        fuses->serial_length > sizeof fuses->serial || fuses->name_length > sizeof fuses->name) {
        return;
    }
    qd_status_t first = qd_meter_provision(meter, &serial, fuses->serial, fuses->serial_length);
    qd_status_t second = qd_meter_provision(meter, &name, fuses->name, fuses->name_length);
    bool good = (first == QD_OK || first == QD_SEALED) &&
                (second == QD_OK || second == QD_SEALED || second == QD_UNDEFINED);
    say_status("manufactured", good ? QD_OK : first != QD_OK ? first : second);
    if (good) {
        qd_board_world()->sealed = 1;
    }
}

/*
 * A meter that has left the factory has registers; when its FRAM has none they are lost, and a new meter that counts
 * from zero in their place would be a lie.
 */
static bool registers_lost(void) {
    const qd_block_t *fram = qd_board_fram();
    const uint32_t size = qd_meter_fram_size(&QD_FIRMWARE_MODEL);
    const qd_factory_t *factory = qd_board_factory();
    if (factory->open(factory->context)) {
        return false;
    }
    uint8_t erased = 0xFF;
    uint8_t other = 0;
    for (uint32_t at = FORMAT_HEAD; at < size && at < fram->size; at++) {
        uint8_t octet = 0;
        if (fram->read(fram->context, at, &octet, 1) != QD_OK) {
            return false; /* qd_meter_init says what is wrong */
        }
        erased &= octet;
        other |= octet;
    }
    return erased == 0xFF || other == 0;
}

static int refuse(qd_status_t status, const char *reason) {
    qd_text_t line = {.length = 0};
    word(&line, "event", "refused");
    word(&line, "status", qd_status_name(status));
    if (reason != NULL) {
        word(&line, "reason", reason);
    }
    qd_text_add(&line, "}\n");
    say(&line);
    say_out();
    return 2;
}

/* The C library's comparison takes 700 octets, for speed that three words do not need. */
static bool says(const char *text, const char *word) {
    while (*word != '\0' && *text == *word) {
        text++;
        word++;
    }
    return *text == *word;
}

/* One word of the console. True: the meter is to stop. */
static bool command(const char *text, const qd_meter_t *meter) {
    if (says(text, "view")) {
        say_view("view", meter);
    }
    if (says(text, "rtc")) {
        say_rtc();
    }
    return says(text, "stop");
}

/* A line's length at most: who sends without end does not hold up the meter. True: it is to stop. */
static bool console(const qd_meter_t *meter) {
    static char text[16];
    static size_t length;
    uint8_t octet;
    for (size_t i = 0; i < sizeof text && qd_uart_read(QD_UART_CONTROL, &octet, 1) == 1; i++) {
        if (octet != '\n') {
            text[length] = (char)octet;
            length += length + 1u < sizeof text ? 1u : 0u;
            continue;
        }
        text[length] = '\0';
        length = 0;
        return command(text, meter);
    }
    return false;
}

static bool work(uint64_t tick_us, uint64_t next_us) {
    return tick_us >= next_us || qd_board_channels_due() || qd_board_quantities_due(tick_us);
}

static int run(qd_meter_t *meter) {
    uint64_t next_us = 0;
    int64_t before_mj = 0;
    bool ready = false;
    bool metering = false;
    while (!console(meter)) {
        uint64_t tick_us = qd_board_tick_us();
        bool supply = qd_board_power_look(tick_us);
        if (supply || work(tick_us, next_us)) {
            (void)qd_meter_step(meter, tick_us, &next_us);
            if (supply) {
                qd_board_power_kept(qd_board_tick_us());
            }
            if (!ready) {
                ready = true;
                /* What stood before: registers are to be seen from the first step on, and no interval has ended by then. */
                before_mj = energy(meter);
                manufacture(meter);
                say_ready(meter);
            }
            if (!metering && energy(meter) != before_mj) {
                metering = true;
                say_metering();
            }
        } else if (qd_uart_waiting(QD_UART_CONTROL) == 0) {
            qd_board_wait(next_us);
        }
        qd_board_random_collect(tick_us);
    }
    qd_status_t status = qd_meter_stop(meter);
    say_view("stopped", meter);
    say_out();
    return status == QD_OK ? 0 : 1;
}

int main(void) {
    qd_meter_ports_t ports = {
        .fram = qd_board_fram(),
        .flash = qd_board_flash(),
        .quantities = qd_board_quantities(),
        .rtc = qd_board_rtc(),
        .random = qd_board_random(),
        .power = qd_board_power(),
        .pulse = qd_board_pulse(),
        .factory = qd_board_factory(),
        .key = qd_board_key(),
    };
    const qd_meter_options_t options = {
        .gate = QD_FIRMWARE_GATE,
        .guard = &qd_guard,
        .metrology_memory = metrology,
        .metrology_size = sizeof metrology,
    };
    qd_meter_t *meter = NULL;
    qd_board_channels(&QD_FIRMWARE_MODEL, &ports);
    say_fault();
    if (registers_lost()) {
        return refuse(QD_CORRUPT, "the meter has left the factory, but its memory is blank");
    }
    qd_status_t status =
        qd_meter_init(arena, sizeof arena, &QD_FIRMWARE_MODEL, &ports, &options, qd_board_tick_us(), &meter);
    if (status != QD_OK) {
        return refuse(status, NULL);
    }
    return run(meter);
}
