/*
 * run_meter.c - one meter with its world: started, stepped, cut from the mains, stopped.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "run"
#define LOST 0xA5     /* what a memory without supply may hold as well as anything else */
#define ROUNDS_MAX 16 /* APDUs of pipelining peers before others have their turn */

/* --- ports ------------------------------------------------------------------------------------ */

static bool factory_is_open(void *context) {
    const run_meter_t *meter = context;

    return meter->factory_open;
}

static qd_power_state_t power_state(void *context) {
    const run_meter_t *meter = context;

    return meter->supply.state;
}

static void connect_ports(run_meter_t *meter) {
    qd_meter_ports_t *ports = &meter->ports;

    meter->block = qd_linux_fram_block(&meter->fram);
    meter->flash_block = qd_linux_flash_block(&meter->flash);
    meter->rtc = qd_linux_world_rtc(&meter->world);
    meter->key_port = qd_linux_key_port(&meter->key);
    meter->random_port = qd_linux_random_port(&meter->random);
    meter->quantities = qd_load_player_port(&meter->player);
    meter->factory.context = meter;
    meter->factory.open = factory_is_open;
    meter->power.context = meter;
    meter->power.state = power_state;
    ports->fram = &meter->block;
    ports->key = &meter->key_port;
    ports->flash = &meter->flash_block;
    ports->quantities = &meter->quantities;
    ports->rtc = &meter->rtc;
    ports->random = &meter->random_port;
    ports->power = &meter->power;
    ports->factory = &meter->factory;
    run_ports_connect(meter);
}

/* --- starting --------------------------------------------------------------------------------- */

static int complain_init(const run_meter_t *meter, qd_status_t status) {
    const char *path = meter->kept ? meter->dir.path : meter->name;
    const char *why = "the meter does not start";

    switch (status) {
    case QD_MODEL:
        why = "the state belongs to another model; run that model";
        break;
    case QD_VERSION:
        why = "the state was written by another version of the firmware; run that version";
        break;
    case QD_FOREIGN:
        why = "the state was stored under another device's key; put fram and key of one meter back together";
        break;
    case QD_CORRUPT:
        why = "the state is damaged, it is neither blank nor a store; put a copy back";
        break;
    case QD_NO_SPACE:
        why = "the memory of the meter is too small for its model";
        break;
    default:
        break;
    }
    return qd_complain(COMMAND, QD_EXIT_OWN, "%s/fram: %s, or choose another --name or --state (%s)", path,
                       why, qd_status_name(status));
}

/* Mains come: the meter finds itself in its FRAM. */
static qd_status_t power_up(run_meter_t *meter, uint64_t tick_us) {
    qd_meter_options_t options = {.gate = meter->run->options.gate};
    qd_status_t status;

    meter->world.now_us = tick_us;
    meter->last_us = tick_us;
    meter->player.off = false;
    run_supply_start(meter);
    qd_load_player_start(&meter->player, tick_us);
    status = qd_meter_init(meter->memory, meter->size, meter->run->options.model, &meter->ports, &options,
                           tick_us, &meter->meter);
    if (status != QD_OK) {
        meter->meter = NULL;
        return status;
    }
    meter->next_us = tick_us;
    meter->looked = false;
    run_ports_reset(meter, false);
    return QD_OK;
}

static int open_directory(run_meter_t *meter) {
    const run_options_t *options = &meter->run->options;
    char path[QD_LINUX_PATH_MAX];
    qd_linux_error_t error;

    meter->dir.fd = -1;
    meter->dir.lock = -1;
    if (options->state != NULL && strcmp(options->state, "none") == 0) {
        return QD_EXIT_OK;
    }
    if (options->state == NULL) {
        if (!run_state_path(COMMAND, meter->name, path)) {
            return QD_EXIT_OWN;
        }
    } else if (snprintf(path, sizeof path, "%s%s%s", options->state, options->count > 1 ? "/" : "",
                        options->count > 1 ? meter->name : "") >= (int)sizeof path) {
        return qd_complain(COMMAND, QD_EXIT_USAGE, "--state: the path is too long; give a shorter one");
    }
    if (qd_linux_dir_open(&meter->dir, path, &error) != QD_OK) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", error.text);
    }
    meter->kept = true;
    return QD_EXIT_OK;
}

/* World first: it knows the model, and says it better than the size of another model's FRAM. */
static int open_memory(run_meter_t *meter) {
    const run_options_t *options = &meter->run->options;
    int status = run_world_begin(meter);

    if (status != QD_EXIT_OK) {
        return status;
    }
    if (options->factory && meter->world.state.manufactured != 0) {
        return qd_complain(
            COMMAND, QD_EXIT_USAGE,
            "%s has left the factory and is sealed; choose another --name or --state for --factory",
            meter->name);
    }
    /* A kill between this and the end of manufacture leaves a FRAM that the next start may take over. */
    if (!meter->settled) {
        qd_linux_world_save(&meter->world, meter->world.state.utc_ms, meter->world.state.host_utc_ms);
    }
    status = run_files_open(meter);
    if (status != QD_EXIT_OK) {
        return status;
    }
    meter->factory_open = meter->world.state.manufactured == 0;
    qd_linux_random_open(&meter->random, options->has_seed,
                         run_hash(meter->name, options->seed) + meter->world.sequence);
    meter->size = qd_meter_size_with(options->model, &(qd_meter_options_t){.gate = options->gate});
    meter->memory = calloc(1, meter->size);
    return meter->memory != NULL
               ? QD_EXIT_OK
               : qd_complain(COMMAND, QD_EXIT_OWN, "no memory for %s; run fewer meters", meter->name);
}

static int open_network(run_meter_t *meter, uint32_t index) {
    qd_linux_error_t error;
    int status = run_ports_open(meter, index);

    if (status != QD_EXIT_OK) {
        return status;
    }
    run_ports_reset(meter, true); /* until the mains are there */
    if (meter->kept && qd_linux_control_open(&meter->control, &meter->run->loop, &meter->dir, RUN_CONTROL,
                                             run_facts_answer, meter, &error) != QD_OK) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", error.text);
    }
    return QD_EXIT_OK;
}

int run_meter_open(run_meter_t *meter) {
    uint32_t index = (uint32_t)(meter - meter->run->meter);
    int status = open_directory(meter);
    qd_status_t started;

    meter->player.load = meter->run->load;
    if (status == QD_EXIT_OK) {
        status = open_memory(meter);
    }
    if (status == QD_EXIT_OK) {
        status = open_network(meter, index);
    }
    if (status != QD_EXIT_OK) {
        return status;
    }
    connect_ports(meter);
    started = power_up(meter, 0);
    if (started != QD_OK) {
        return complain_init(meter, started);
    }
    status = run_manufacture(meter);
    run_files_save(meter);
    if (status == QD_EXIT_OK && meter->kept) {
        status = run_write_client_yaml(meter);
    }
    if (status == QD_EXIT_OK) {
        run_link_make(meter);
    }
    return status;
}

/* --- running ---------------------------------------------------------------------------------- */

uint64_t run_meter_due_us(const run_meter_t *meter) {
    uint64_t due;

    if (meter->meter == NULL) {
        return meter->restored_us;
    }
    due = meter->next_us < meter->player.end_us ? meter->next_us : meter->player.end_us;
    return due < meter->supply.next_us ? due : meter->supply.next_us;
}

static void tell_trouble(run_meter_t *meter, qd_status_t status) {
    if (status != QD_OK && !meter->troubled) {
        (void)qd_complain(COMMAND, 0, "%s: a step failed (%s); the meter goes on and tries again",
                          meter->name, qd_status_name(status));
    }
    meter->troubled = status != QD_OK;
}

/* Steps until the meter has taken what its peers have sent, or does not want more for now. */
static void step(run_meter_t *meter, uint64_t tick_us) {
    uint32_t before = UINT32_MAX;

    meter->world.now_us = tick_us;
    meter->last_us = tick_us;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        qd_status_t status = qd_meter_step(meter->meter, tick_us, &meter->next_us);
        uint32_t waiting = run_ports_flush(meter);

        if (status != QD_OK || meter->troubled) {
            tell_trouble(meter, status);
        }
        /* A meter that asks to run again at once gets it here: a trip through the timer costs more. */
        if (meter->next_us > tick_us && (waiting == 0 || waiting >= before)) {
            break;
        }
        before = waiting;
    }
    if (meter->next_us <= tick_us) {
        meter->next_us = tick_us + 1;
    }
}

static void restore(run_meter_t *meter, uint64_t tick_us) {
    qd_status_t status = power_up(meter, tick_us);

    if (status != QD_OK) {
        (void)complain_init(meter, status);
        meter->restored_us = UINT64_MAX;
        meter->run->stop = true;
    }
}

void run_meter_run(run_meter_t *meter, uint64_t tick_us) {
    if (meter->meter == NULL) {
        if (tick_us >= meter->restored_us) {
            restore(meter, tick_us);
        }
        return;
    }
    run_supply_turn(meter, tick_us);
    if (meter->meter == NULL) {
        return;
    }
    /* The world's time goes first: after a kill between the two a second may be lost, but none is
     * lived twice. */
    if (tick_us >= meter->player.end_us) {
        meter->world.now_us = meter->player.end_us;
        run_files_save(meter);
        meter->run->records += meter == meter->run->meter ? 1 : 0;
    }
    step(meter, tick_us);
    meter->player.facts.dead = meter->supply.dead; /* from the interval on that this step has begun */
    if (!meter->looked) {
        run_report_start(meter);
    }
}

void run_meter_cut(run_meter_t *meter, uint64_t tick_us, uint64_t restored_us) {
    meter->dark_us = meter->supply.state == QD_POWER_MAINS ? tick_us : meter->supply.since_us;
    qd_meter_release(meter->memory, meter->size);
    (void)memset(meter->memory, LOST, meter->size);
    meter->meter = NULL;
    meter->player.off = true;
    meter->restored_us = restored_us;
    run_ports_reset(meter, true);
}

/* --- stopping --------------------------------------------------------------------------------- */

void run_meter_finish(run_meter_t *meter, uint64_t tick_us) {
    uint64_t next_us;
    qd_status_t status;

    tick_us = tick_us > meter->last_us ? tick_us : meter->last_us;
    meter->world.now_us = tick_us;
    run_files_save(meter);
    if (meter->meter == NULL) {
        return;
    }
    if (meter->supply.state != QD_POWER_MAINS) {
        run_supply_return(meter, tick_us); /* or the meter would not write any more */
    }
    qd_load_player_cut(&meter->player, tick_us);
    (void)qd_meter_step(meter->meter, tick_us, &next_us);
    (void)run_ports_flush(meter);
    status = qd_meter_stop(meter->meter);
    if (status != QD_OK) {
        tell_trouble(meter, status);
    }
}

void run_meter_close_network(run_meter_t *meter) {
    if (meter->control != NULL) {
        qd_linux_control_close(meter->control);
    }
    meter->control = NULL;
    run_ports_close(meter);
}

int run_meter_close(run_meter_t *meter) {
    bool good = run_files_close(meter);

    run_link_remove(meter);
    free(meter->memory);
    meter->memory = NULL;
    qd_linux_dir_close(&meter->dir);
    return good ? QD_EXIT_OK : QD_EXIT_OWN;
}
