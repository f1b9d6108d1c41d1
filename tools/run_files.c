/*
 * run_files.c - the files of a state directory that hold a meter: world, key, fram and flash.
 *
 * One rule: where a meter with registers was, nothing of it is made anew. A meter was here when fram has more than the
 * head of a format, or the world knows of one. Then key, fram and flash must be there; a world alone that is lost can
 * be given with --start. Rows in a flash without fram and world are of a meter, too. All of this is looked at before any
 * file is made or changed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#define COMMAND "run"
#define FORMAT_HEAD 128u  /* octets that a format writes first: a meter is what comes after them */
#define SYNC_EACH_MAX 16u /* meters whose every commit can wait for the disk */
#define KEY_FILE "key"
#define WORLD_FILE "world"
#define FRAM_FILE "fram"
#define FLASH_FILE "flash"

uint32_t run_flash_size(const qd_model_t *model) {
    return qd_meter_flash_size(model, QD_LINUX_FLASH_BLOCK);
}

static const char *content_name(qd_linux_content_t content) {
    static const char *const names[] = {"missing", "empty", "blank"};

    return content < QD_LINUX_FILLED ? names[content] : "not a meter's";
}

/* What a meter had is gone, and one that began without it in its place would be a lie. */
static int complain_lost(const run_meter_t *meter, const char *name, qd_linux_content_t content,
                         const char *what) {
    return qd_complain(
        COMMAND, QD_EXIT_OWN,
        "%s/%s: is %s, but a meter with %s was here; put the file back from a copy, or begin anew by "
        "removing the directory %s or with another --name or --state",
        meter->dir.path, name, content_name(content), what, meter->dir.path);
}

/* The meter's time is gone; the host's could lie before it. */
static int complain_world(const run_meter_t *meter, qd_linux_content_t world) {
    return qd_complain(COMMAND, QD_EXIT_OWN,
                       "%s/" WORLD_FILE
                       ": is %s, so the time of the meter in fram is not known; put the file back "
                       "from a copy, or give --start TIME not earlier than the meter's last time",
                       meter->dir.path, content_name(world));
}

static int complain_rows(const run_meter_t *meter) {
    return qd_complain(COMMAND, QD_EXIT_OWN,
                       "%s/" FLASH_FILE
                       ": holds rows of a meter whose fram and world are gone; put them back from "
                       "a copy, or begin anew by removing the directory %s or with another --name or --state",
                       meter->dir.path, meter->dir.path);
}

static int open_world_file(run_meter_t *meter) {
    qd_linux_error_t error;

    if (meter->world.map.octets == NULL &&
        qd_linux_world_open(&meter->world, meter->kept ? &meter->dir : NULL, WORLD_FILE, &error) != QD_OK) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", error.text);
    }
    return QD_EXIT_OK;
}

/* What the directory holds against the rule; opens a world that is there, which changes nothing. */
static int check(run_meter_t *meter) {
    const qd_linux_dir_t *dir = &meter->dir;
    const qd_linux_world_state_t *state = &meter->world.state;
    qd_linux_content_t fram = qd_linux_file_content(dir, FRAM_FILE, FORMAT_HEAD);
    qd_linux_content_t world = qd_linux_file_content(dir, WORLD_FILE, 0);
    qd_linux_content_t flash = qd_linux_file_content(dir, FLASH_FILE, 0);
    bool flashes = run_flash_size(meter->run->options.model) > 0;

    if (fram == QD_LINUX_FILLED && world != QD_LINUX_FILLED && !meter->run->options.has_start) {
        return complain_world(meter, world);
    }
    if (world == QD_LINUX_FILLED && open_world_file(meter) != QD_EXIT_OK) {
        return QD_EXIT_OWN;
    }
    /* A first start that was killed before the meter lived leaves a world that knows of none. */
    if (fram != QD_LINUX_FILLED && (state->manufactured != 0 || state->formatted != 0)) {
        return complain_lost(meter, FRAM_FILE, fram, "registers");
    }
    if (fram != QD_LINUX_FILLED && !meter->world.known && flash == QD_LINUX_FILLED && flashes) {
        return complain_rows(meter);
    }
    meter->settled = fram == QD_LINUX_FILLED;
    meter->flashed = flash == QD_LINUX_FILLED;
    if (meter->settled && flashes &&
        (flash < QD_LINUX_BLANK || (flash == QD_LINUX_BLANK && state->flashed != 0))) {
        return complain_lost(meter, FLASH_FILE, flash, "logs");
    }
    return QD_EXIT_OK;
}

int run_files_begin(run_meter_t *meter) {
    qd_linux_error_t error;
    int status = meter->kept ? check(meter) : QD_EXIT_OK;

    if (status != QD_EXIT_OK) {
        return status;
    }
    if (qd_linux_key_open(&meter->key, meter->kept ? &meter->dir : NULL, KEY_FILE, !meter->settled, &error) !=
        QD_OK) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", error.text);
    }
    return open_world_file(meter);
}

/* No meter has ever lived on what a first start that was killed has left in the flash. */
static void clear_flash(run_meter_t *meter) {
    const qd_block_t flash = qd_linux_flash_block(&meter->flash);

    for (uint32_t at = 0; at < flash.size; at += flash.erase_size) {
        (void)flash.erase_start(flash.context, at);
        while (flash.erase_poll(flash.context) == QD_PENDING) {
        }
    }
}

int run_files_open(run_meter_t *meter) {
    const run_options_t *options = &meter->run->options;
    const qd_linux_dir_t *dir = meter->kept ? &meter->dir : NULL;
    uint32_t flash_size = run_flash_size(options->model);
    qd_linux_sync_t sync =
        options->speed == 1 && options->count <= SYNC_EACH_MAX ? QD_LINUX_SYNC_EACH : QD_LINUX_SYNC_LAST;
    qd_linux_error_t error;

    /* The memory that an earlier version made may be smaller than this one wants. */
    for (uint8_t n = 0; dir != NULL && qd_meter_fram_size_earlier(options->model, n) != 0; n++) {
        qd_linux_file_grow(dir, FRAM_FILE, qd_meter_fram_size_earlier(options->model, n),
                           qd_meter_fram_size(options->model));
    }
    if (qd_linux_fram_open(&meter->fram, dir, FRAM_FILE, qd_meter_fram_size(options->model), sync, &error) !=
            QD_OK ||
        (flash_size > 0 &&
         qd_linux_flash_open(&meter->flash, dir, FLASH_FILE, flash_size, sync, &error) != QD_OK)) {
        return qd_complain(COMMAND, QD_EXIT_OWN, "%s", error.text);
    }
    if (meter->flashed && !meter->settled && flash_size > 0) {
        clear_flash(meter);
        meter->flashed = false;
    }
    return QD_EXIT_OK;
}

void run_files_save(run_meter_t *meter) {
    if (meter->flashed || meter->flash.written) {
        meter->world.state.flashed = 1;
    }
    qd_linux_world_save(&meter->world, qd_linux_world_utc_ms(&meter->world), qd_linux_host_utc_ms());
}

bool run_files_close(run_meter_t *meter) {
    bool good = qd_linux_fram_close(&meter->fram) == QD_OK;

    good = qd_linux_flash_close(&meter->flash) == QD_OK && good;
    good = qd_linux_world_close(&meter->world) == QD_OK && good;
    qd_linux_key_close(&meter->key);
    if (meter->flash.misused > 0) {
        (void)qd_complain(
            COMMAND, 0,
            "%s: %lu programs wanted to set bits of the flash, which only an erase does; this is an error "
            "of the meter, please report it",
            meter->name, (unsigned long)meter->flash.misused);
    }
    if (!good) {
        (void)qd_complain(
            COMMAND, 0,
            "%s: the disk does not take the state, or fram, flash or world was removed or cut; check "
            "them before the next start",
            meter->dir.path);
    }
    return good;
}
