/*
 * run_supply.c - the supply of a virtual meter: mains, a failure with notice, the reserve, nothing.
 *
 * What a real power supply does: the mains fail, a comparator says so (brown-out), what the capacitors hold lasts for
 * HOLD_US more, and then the processor stops where it is. The mains may be back before that.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#define NOTICE_US UINT64_C(10000) /* from the notice until nothing is written any more */
#define HOLD_US UINT64_C(200000)  /* the reserve lasts so much longer */

void run_supply_start(run_meter_t *meter) {
    meter->supply = (run_supply_t){.state = QD_POWER_MAINS, .next_us = UINT64_MAX};
    meter->player.facts.dead = false;
}

static uint64_t earlier(uint64_t one_us, uint64_t other_us) {
    return one_us < other_us ? one_us : other_us;
}

bool run_supply_is_dip(uint64_t length_us) {
    return length_us <= HOLD_US;
}

void run_supply_fail(run_meter_t *meter, uint64_t tick_us, uint64_t length_us, bool dead) {
    run_supply_t *supply = &meter->supply;

    supply->state = QD_POWER_BROWN_OUT;
    supply->dead = dead;
    supply->since_us = tick_us;
    supply->off_us = tick_us + NOTICE_US + HOLD_US;
    supply->back_us = tick_us + length_us;
    supply->next_us = earlier(tick_us + NOTICE_US, supply->back_us);
    run_meter_run(meter, tick_us);
}

void run_supply_return(run_meter_t *meter, uint64_t tick_us) {
    /* What flows from here on is a record of its own. */
    qd_load_player_cut(&meter->player, tick_us);
    meter->supply = (run_supply_t){.state = QD_POWER_MAINS, .next_us = UINT64_MAX};
}

void run_supply_turn(run_meter_t *meter, uint64_t tick_us) {
    run_supply_t *supply = &meter->supply;

    if (tick_us < supply->next_us) {
        return;
    }
    if (tick_us >= earlier(supply->back_us, supply->off_us)) {
        if (supply->back_us <= supply->off_us) {
            run_supply_return(meter, tick_us);
        } else {
            run_meter_cut(meter, tick_us, supply->back_us);
        }
        return;
    }
    supply->state = QD_POWER_HOLD_UP;
    supply->next_us = earlier(supply->back_us, supply->off_us);
}
