/*
 * run_loop.c - simulated time against the host's clock, and who has to run when.
 *
 * At max speed the loop belongs to the simulation, which looks at sockets every POLL_ROUNDS rounds or
 * POLL_NS. At real speed and multiples of it it belongs to libuv; one timer stands at the earliest
 * moment that any meter named and is left alone by requests, which seldom change that.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run.h"

#define POLL_ROUNDS 1000u
#define CLOCK_ROUNDS 64u
#define POLL_NS 10000000u
#define SLIP_NS UINT64_C(5000000000) /* a factor that the host cannot keep is given up after this */
#define TELL_NS UINT64_C(1000000000)
#define TELL_EARLY_NS                                                                                        \
    UINT64_C(100000000) /* timers are never early, so a line may come a bit before its second */

static uint64_t host_us(const run_t *run) {
    uint64_t now = uv_hrtime();

    return now > run->anchor_ns ? (now - run->anchor_ns) / 1000u * run->options.speed : 0;
}

static uint64_t next_due(const run_t *run) {
    uint64_t due = UINT64_MAX;

    for (uint32_t n = 0; n < run->options.count; n++) {
        uint64_t own = run_meter_due_us(&run->meter[n]);

        due = own < due ? own : due;
    }
    return due;
}

uint64_t run_now_us(const run_t *run, const run_meter_t *meter) {
    uint64_t now = run->options.speed == 0 ? run->tick_us : host_us(run);
    uint64_t due = run_meter_due_us(meter);

    now = now < due ? now : due;
    now = now < run->end_us ? now : run->end_us;
    return now > meter->last_us ? now : meter->last_us;
}

/* Does what is due up to limit_us, for a while. True: something is left. */
static bool drive(run_t *run, uint64_t limit_us) {
    uint64_t begun = uv_hrtime();

    for (uint32_t round = 1; !run->stop; round++) {
        uint64_t due = next_due(run);

        if (due > limit_us || due > run->end_us) {
            return false;
        }
        run->tick_us = due > run->tick_us ? due : run->tick_us;
        for (uint32_t n = 0; n < run->options.count; n++) {
            if (run->options.count == 1 || run_meter_due_us(&run->meter[n]) <= due) {
                run_meter_run(&run->meter[n], run->tick_us);
            }
        }
        if (round == POLL_ROUNDS || (round % CLOCK_ROUNDS == 0 && uv_hrtime() - begun > POLL_NS) ||
            (run->options.count > CLOCK_ROUNDS && uv_hrtime() - begun > POLL_NS)) {
            return true;
        }
    }
    return false;
}

static void tell(run_t *run) {
    uint64_t now = uv_hrtime();

    if (run->records != run->told && now - run->told_ns >= TELL_NS - TELL_EARLY_NS) {
        run->told = run->records;
        run->told_ns = now;
        run_report_measured(run);
    }
}

static void on_timer(uv_timer_t *timer);

/* The timer at a tick; in the past: as soon as sockets had their turn. */
static void arm(run_t *run, uint64_t due_us) {
    uint64_t now = host_us(run);
    uint64_t wait_ms = 0;

    due_us = due_us < run->end_us ? due_us : run->end_us;
    if (due_us > now) {
        wait_ms = ((due_us - now) / run->options.speed + 999u) / 1000u;
    }
    run->armed_us = due_us;
    uv_update_time(&run->loop);
    (void)uv_timer_start(&run->timer, on_timer, wait_ms, 0);
}

void run_loop_arm(run_t *run, const run_meter_t *meter) {
    uint64_t due = run_meter_due_us(meter);

    if (run->options.speed != 0 && due < run->armed_us) {
        arm(run, due);
    }
}

static void on_timer(uv_timer_t *timer) {
    run_t *run = timer->data;
    uint64_t now = host_us(run);
    bool left = drive(run, now);

    tell(run);
    if (run->stop || (!left && now >= run->end_us)) {
        run->stop = true;
        uv_stop(&run->loop);
        return;
    }
    if (left && run->options.speed > 1 && now - run->tick_us > SLIP_NS / 1000u * run->options.speed) {
        run->anchor_ns = uv_hrtime() - run->tick_us / run->options.speed * 1000u;
    }
    arm(run, next_due(run));
}

static void on_signal(uv_signal_t *signal, int number) {
    run_t *run = signal->data;

    (void)number;
    run->stop = true;
    uv_stop(&run->loop);
}

static void loop_at_max(run_t *run) {
    while (!run->stop) {
        if (!drive(run, UINT64_MAX) && !run->stop) {
            run->stop = true;
        }
        (void)uv_run(&run->loop, UV_RUN_NOWAIT);
        tell(run);
    }
}

void run_loop_listen(run_t *run) {
    run->interrupt.data = run;
    run->terminate.data = run;
    (void)uv_signal_start(&run->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&run->terminate, on_signal, SIGTERM);
}

void run_loop(run_t *run) {
    run->timer.data = run;
    run->end_us = run->options.for_us > 0 ? run->options.for_us : UINT64_MAX;
    run->told_ns = uv_hrtime();
    run->anchor_ns = run->told_ns;
    if (run->options.speed == 0) {
        loop_at_max(run);
        if (run->end_us != UINT64_MAX && next_due(run) > run->end_us) {
            run->tick_us = run->end_us;
        }
        return;
    }
    arm(run, 0);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    run->tick_us = host_us(run) < run->end_us ? host_us(run) : run->end_us;
    if (run->tick_us > next_due(run)) {
        run->tick_us = next_due(run); /* what the host did not reach has not happened */
    }
}
