#include "metrology/state.h"

#define UTC_2001_MS ((int64_t)366 * 86400 * 1000)          /* 2000 was a leap year */
#define UTC_LIMIT_MS ((int64_t)20 * 146097 * 86400 * 1000) /* 10000-01-01: 20 cycles of 400 years */

bool qd_met_clock_in_range(int64_t utc_ms) {
    return utc_ms >= 0 && utc_ms < UTC_LIMIT_MS;
}

int64_t qd_met_clock_utc_us(const qd_met_clock_t *clock, uint64_t tick_us) {
    /* Ticks are below 2^63, so their difference is one of int64_t; only the sum may be beyond. */
    int64_t passed_us = (int64_t)(tick_us - clock->tick_us);
    if (clock->utc_us > 0 && passed_us > INT64_MAX - clock->utc_us) {
        return INT64_MAX;
    }
    if (clock->utc_us < 0 && passed_us < INT64_MIN - clock->utc_us) {
        return INT64_MIN;
    }
    return clock->utc_us + passed_us;
}

int64_t qd_met_clock_utc(const qd_met_clock_t *clock, uint64_t tick_us) {
    return qd_met_clock_ms(qd_met_clock_utc_us(clock, tick_us));
}

static uint32_t saturate(uint64_t ms) {
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

uint32_t qd_met_clock_uncertainty(const qd_metrology_t *m, const qd_met_clock_t *clock, uint64_t tick_us) {
    if (!clock->valid) {
        return UINT32_MAX;
    }
    uint64_t passed_s = tick_us > clock->tick_us ? (tick_us - clock->tick_us) / 1000000u : 0;
    return saturate(clock->uncertainty_ms + passed_s * m->config->clock_drift_ppm / 1000u);
}

void qd_met_clock_status(const qd_metrology_t *m, qd_clock_status_t *status) {
    status->valid = m->clock.valid;
    status->uncertainty_ms = qd_met_clock_uncertainty(m, &m->clock, m->tick_us);
    status->doubtful = !status->valid || status->uncertainty_ms >= m->config->clock_doubt_ms;
}

void qd_met_clock_start(qd_metrology_t *m, const qd_met_clock_t *stored) {
    qd_met_clock_t *clock = &m->clock;
    int64_t rtc_ms = 0;
    clock->tick_us = m->tick_us;
    clock->utc_us = stored != NULL ? stored->utc_us : UTC_2001_MS * 1000;
    clock->uncertainty_ms = UINT32_MAX;
    clock->valid = false;
    if (m->ports.rtc == NULL || m->ports.rtc->get(m->ports.rtc->context, &rtc_ms) != QD_OK ||
        !qd_met_clock_in_range(rtc_ms)) {
        return;
    }
    clock->utc_us = rtc_ms * 1000;
    clock->valid = true;
    clock->uncertainty_ms = 0;
    if (stored == NULL || !stored->valid) {
        return;
    }
    /* The RTC drifted while the meter was off; one that went back is wrong by at least so much. */
    int64_t stored_ms = stored->utc_us / 1000;
    uint64_t away = rtc_ms < stored_ms
                        ? (uint64_t)(stored_ms - rtc_ms)
                        : (uint64_t)(rtc_ms - stored_ms) / 1000u * m->config->clock_drift_ppm / 1000u;
    clock->uncertainty_ms = saturate(stored->uncertainty_ms + away);
}

int64_t qd_metrology_utc_ms(const qd_metrology_t *metrology, uint64_t tick_us) {
    return qd_met_clock_utc(&metrology->clock, tick_us);
}
