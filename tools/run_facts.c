/*
 * run_facts.c - what quadrant poke says to a running meter.
 *
 * Answers begin with a word that poke turns into its exit status: ok, usage, refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_MAX_W 1000000

typedef struct answer {
    char *text;
    size_t size;
} answer_t;

typedef void (*fact_t)(run_meter_t *meter, const char *value, answer_t *answer);

static void say(answer_t *answer, const char *word, const char *text) {
    (void)snprintf(answer->text, answer->size, "%s %s", word, text);
}

/* Bit of L1 .. L3; 0: told. */
static uint8_t phase_of(const char *value, answer_t *answer) {
    if (value[0] == 'L' && value[1] >= '1' && value[1] <= '3' && value[2] == '\0') {
        return (uint8_t)(1u << (value[1] - '1'));
    }
    say(answer, "usage", "give a phase: L1, L2 or L3");
    return 0;
}

static void say_phase(answer_t *answer, const char *value, const char *what) {
    char text[48];

    (void)snprintf(text, sizeof text, "%.2s %s", value, what);
    say(answer, "ok", text);
}

static void drop_phase(run_meter_t *meter, const char *value, answer_t *answer) {
    uint8_t phase = phase_of(value, answer);

    if (phase != 0) {
        meter->player.facts.dropped = (uint8_t)(meter->player.facts.dropped | phase);
        say_phase(answer, value, "has no voltage");
    }
}

static void restore_phase(run_meter_t *meter, const char *value, answer_t *answer) {
    uint8_t phase = phase_of(value, answer);

    if (phase != 0) {
        meter->player.facts.dropped = (uint8_t)(meter->player.facts.dropped & ~phase);
        say_phase(answer, value, "has voltage");
    }
}

static void swap_ct(run_meter_t *meter, const char *value, answer_t *answer) {
    uint8_t phase = phase_of(value, answer);

    if (phase != 0) {
        meter->player.facts.reversed = (uint8_t)(meter->player.facts.reversed ^ phase);
        say_phase(answer, value,
                  (meter->player.facts.reversed & phase) != 0 ? "is connected the wrong way round"
                                                              : "is connected the right way round");
    }
}

static void set_load(run_meter_t *meter, const char *value, answer_t *answer) {
    char text[64];
    char *end;
    long watt;

    if (strcmp(value, "off") == 0) {
        meter->player.facts.constant = false;
        say(answer, "ok", "load as in the file");
        return;
    }
    watt = strtol(value, &end, 10);
    if (end == value || *end != '\0' || watt < -LOAD_MAX_W || watt > LOAD_MAX_W) {
        say(answer, "usage", "give a total in W from -1000000 to 1000000, or off");
        return;
    }
    meter->player.facts.constant = true;
    meter->player.facts.total_w = (int32_t)watt;
    (void)snprintf(text, sizeof text, "load of %ld W on all phases together", watt);
    say(answer, "ok", text);
}

/* False: told. */
static bool supply_is_good(const run_meter_t *meter, answer_t *answer) {
    if (meter->meter == NULL || meter->supply.state != QD_POWER_MAINS) {
        say(answer, "refused", "the mains are away already");
        return false;
    }
    return true;
}

static void outage(run_meter_t *meter, const char *value, answer_t *answer) {
    uint64_t length_us;
    char text[96];

    if (!run_duration_parse(value, &length_us)) {
        say(answer, "usage", "give a duration such as 30s, 5m or 2h");
    } else if (supply_is_good(meter, answer)) {
        run_supply_fail(meter, run_now_us(meter->run, meter), length_us, true);
        run_loop_arm(meter->run, meter);
        (void)snprintf(text, sizeof text, "mains away for %.16s of simulated time, with notice", value);
        say(answer, "ok", text);
    }
}

static void brown_out(run_meter_t *meter, const char *value, answer_t *answer) {
    uint64_t length_us;
    char text[96];

    if (!run_duration_parse(value, &length_us) || !run_supply_is_dip(length_us)) {
        say(answer, "usage", "give a duration of at most 200ms, which the reserve lasts; outage is longer");
    } else if (supply_is_good(meter, answer)) {
        run_supply_fail(meter, run_now_us(meter->run, meter), length_us, false);
        run_loop_arm(meter->run, meter);
        (void)snprintf(text, sizeof text, "supply too low for %.16s of simulated time", value);
        say(answer, "ok", text);
    }
}

static void power_cut(run_meter_t *meter, const char *value, answer_t *answer) {
    uint64_t length_us = 0, now_us;
    char text[96];

    if (*value != '\0' && !run_duration_parse(value, &length_us)) {
        say(answer, "usage", "give a duration such as 30s, 5m or 2h, or none");
    } else if (meter->meter == NULL) {
        say(answer, "refused", "the mains are away already");
    } else {
        now_us = run_now_us(meter->run, meter);
        run_meter_cut(meter, now_us, now_us + length_us);
        run_loop_arm(meter->run, meter);
        (void)snprintf(text, sizeof text, "power cut without notice, mains back %s%.16s",
                       length_us == 0 ? "at once" : "after ", value);
        say(answer, "ok", text);
    }
}

static void seal(run_meter_t *meter, const char *value, answer_t *answer) {
    (void)value;
    if (!meter->factory_open) {
        say(answer, "refused", "the meter is sealed already");
        return;
    }
    meter->factory_open = false;
    meter->world.state.manufactured = 1;
    qd_linux_world_save(&meter->world, meter->world.state.utc_ms, meter->world.state.host_utc_ms);
    say(answer, "ok", "sealed; write-once values stay as they are");
}

typedef enum value_of_fact { VALUE_NONE = 0, VALUE_NEEDED, VALUE_POSSIBLE } value_of_fact_t;

/* run NULL: a fact that later parts of the meter give a meaning. */
static const struct {
    const char *name;
    fact_t run;
    value_of_fact_t value;
} facts[] = {
    {"drop-phase", drop_phase, VALUE_NEEDED},
    {"restore-phase", restore_phase, VALUE_NEEDED},
    {"swap-ct", swap_ct, VALUE_NEEDED},
    {"load", set_load, VALUE_NEEDED},
    {"outage", outage, VALUE_NEEDED},
    {"brown-out", brown_out, VALUE_NEEDED},
    {"power-cut", power_cut, VALUE_POSSIBLE},
    {"seal", seal, VALUE_NONE},
    {"cover", NULL, VALUE_NEEDED},
    {"terminal-cover", NULL, VALUE_NEEDED},
    {"magnet", NULL, VALUE_NEEDED},
    {"button", NULL, VALUE_NEEDED},
    {"key", NULL, VALUE_NEEDED},
    {"card", NULL, VALUE_NEEDED},
    {"clock-fault", NULL, VALUE_NEEDED},
};

void run_facts_answer(void *context, const char *line, char *reply, size_t size) {
    run_meter_t *meter = context;
    answer_t answer = {.text = reply, .size = size};
    const char *space = strchr(line, ' ');
    const char *value = space != NULL ? space + 1 : "";
    size_t length = space != NULL ? (size_t)(space - line) : strlen(line);
    size_t n;

    for (n = 0; n < sizeof facts / sizeof facts[0]; n++) {
        if (strlen(facts[n].name) == length && memcmp(facts[n].name, line, length) == 0) {
            break;
        }
    }
    if (n == sizeof facts / sizeof facts[0]) {
        say(&answer, "usage",
            "no such fact; there are drop-phase, restore-phase, swap-ct, load, outage, brown-out, power-cut "
            "and seal");
    } else if (facts[n].run == NULL) {
        say(&answer, "usage", "this fact is not available yet");
    } else if (facts[n].value == VALUE_NEEDED && *value == '\0') {
        say(&answer, "usage", "this fact needs a value; see quadrant help poke");
    } else if (facts[n].value == VALUE_NONE && *value != '\0') {
        say(&answer, "usage", "this fact takes no value");
    } else {
        facts[n].run(meter, value, &answer);
    }
}
