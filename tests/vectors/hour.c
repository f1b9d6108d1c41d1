/*
 * hour.c - one hour of varied quantities; prints every register, remainder and hash.
 *
 * The text must be the same octets from every compiler and word size, and the same lines as
 * tests/models/energy_model.py computes with Python's integers. Needs src/base and src/metrology only.
 *
 * Input: an LCG, x = x * 6364136223846793005 + 1442695040888963407 mod 2^64, value (x >> 33) mod limit.
 * The order of the draws is that of hour(), selection_draw() and phase_draw().
 */
#include "metrology/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define METERS 6u
#define RECORDS 4u
#define START_US UINT64_C(5000000)
#define HOUR_US UINT64_C(3600000000)

typedef struct store {
    uint8_t octets[RECORDS][2048];
    size_t length[RECORDS];
    uint8_t row[QD_LOG_METROLOGY_JOURNAL_ROW]; /* the newest; nobody asks for others here */
    uint32_t end;
} store_t;

typedef union memory {
    max_align_t align;
    uint8_t octets[16384];
} memory_t;

typedef struct counts {
    unsigned passed;
    unsigned failed;
} counts_t;

static void check(counts_t *counts, bool good, const char *what, unsigned meter) {
    if (good) {
        counts->passed++;
    } else {
        counts->failed++;
        fprintf(stderr, "m%u: %s\n", meter, what);
    }
}

static qd_status_t store_read(void *context, uint16_t record, uint8_t *buffer, size_t size, size_t *length) {
    store_t *store = context;
    unsigned i = record - QD_RECORD_METROLOGY_BASE;
    if (store->length[i] == 0) {
        return QD_END;
    }
    if (store->length[i] > size) {
        return QD_NO_SPACE;
    }
    memcpy(buffer, store->octets[i], store->length[i]);
    *length = store->length[i];
    return QD_OK;
}

static qd_status_t store_write(void *context, uint16_t record, const uint8_t *buffer, size_t length) {
    store_t *store = context;
    unsigned i = record - QD_RECORD_METROLOGY_BASE;
    memcpy(store->octets[i], buffer, length);
    store->length[i] = length;
    return QD_OK;
}

static qd_status_t log_append(void *context, uint16_t log, int64_t utc_s, const uint8_t *row, uint16_t length,
                              uint32_t *sequence) {
    store_t *store = context;
    (void)log;
    (void)utc_s;
    (void)sequence;
    memcpy(store->row, row, length);
    store->end++;
    return QD_OK;
}

static qd_status_t log_read(void *context, uint16_t log, uint32_t sequence, int64_t *utc_s, uint8_t *row,
                            size_t size, size_t *length) {
    const store_t *store = context;
    (void)log;
    if (sequence + 1u != store->end || size < sizeof store->row) {
        return QD_END;
    }
    *utc_s = 0;
    *length = sizeof store->row;
    memcpy(row, store->row, sizeof store->row);
    return QD_OK;
}

static qd_status_t log_span(void *context, uint16_t log, qd_log_span_t *span) {
    const store_t *store = context;
    (void)log;
    *span = (qd_log_span_t){store->end > 1u ? store->end - 1u : 1u, store->end, 1, 1};
    return QD_OK;
}

static uint32_t below(uint64_t *state, uint32_t limit) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*state >> 33) % limit);
}

static int32_t between(uint64_t *state, int32_t span) {
    return (int32_t)below(state, 2u * (uint32_t)span + 1u) - span;
}

static void phase_draw(uint64_t *state, unsigned index, qd_phase_quantities_t *phase) {
    int32_t span = 30000000;
    int32_t factor = 1;
    memset(phase, 0, sizeof *phase);
    phase->valid = below(state, 100) >= 3;
    phase->voltage_mv = below(state, 280001);
    phase->current_ma = below(state, 100001);
    if (index / 60u % 10u == 9u) {
        span = 700; /* around the no-load threshold */
    } else if (index % 500u == 7u) {
        span = 1000000000; /* beyond what fits 32 bits as a sum */
    }
    if (index % 500u == 7u) {
        factor = 2;
    }
    phase->active_power_mw = between(state, span) * factor;
    phase->reactive_power_mvar = between(state, span) * factor;
}

/* Draws a selection of rates in one interval of ten and hands it to all meters. */
static void selection_draw(uint64_t *state, uint64_t end_us, uint32_t duration_us,
                           qd_metrology_t *meter[METERS]) {
    qd_gate_request_t request = {.kind = QD_GATE_SELECT_RATE};
    qd_gate_reply_t reply;
    if (below(state, 10) != 0) {
        return;
    }
    uint32_t kind = below(state, 4);
    if (kind == 1) {
        request.u.select_rate.from_us = end_us + duration_us;
    } else if (kind > 1) {
        request.u.select_rate.from_us = end_us + 1u + below(state, 3000000);
    }
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        request.u.select_rate.rate[c] = (uint8_t)below(state, QD_RATES + 1u);
    }
    for (unsigned i = 0; i < METERS; i++) {
        const qd_gate_t *gate = qd_metrology_gate(meter[i]);
        (void)gate->submit(gate->context, &request);
        (void)gate->reply(gate->context, &reply); /* a refusal is part of the vector */
    }
}

static void print_meter(unsigned n, const qd_metrology_t *m) {
    for (unsigned r = 0; r < QD_MET_RATE_ROWS; r++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            printf("m%u rate %u channel %u %" PRId64 "\n", n, r, c, m->registers.mj[r][c]);
        }
    }
    for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
        printf("m%u rest %u %" PRIu32 "\n", n, c, m->rest_nj[0][c]);
    }
    for (unsigned p = 0; p < QD_PHASES; p++) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            printf("m%u phase %u channel %u %" PRId64 " %" PRIu32 "\n", n, p, c,
                   m->registers.mj[QD_PAGE_PHASE(p)][c], m->rest_nj[p + 1u][c]);
        }
    }
    for (unsigned i = 0; i < QD_MET_OUTPUTS; i++) {
        printf("m%u pulse %u %" PRIu64 " %" PRIu32 "\n", n, i, m->pulse[i].count, m->pulse[i].rest);
    }
    printf("m%u hash %016" PRIx64 "\n", n, qd_metrology_hash(m));
}

static void invariants(counts_t *counts, unsigned n, qd_metrology_t *m, const qd_metrology_config_t *config,
                       const qd_metrology_ports_t *ports) {
    static memory_t again;
    qd_gate_request_t request = {.kind = QD_GATE_SELF_TEST};
    qd_gate_reply_t reply = {.status = QD_IO};
    const qd_gate_t *gate = qd_metrology_gate(m);
    qd_metrology_t *copy = NULL;
    check(counts, gate->submit(gate->context, &request) == QD_OK, "self-test", n);
    check(counts, gate->reply(gate->context, &reply) == QD_OK && reply.u.self_test == 0, "self-test result",
          n);
    check(counts, qd_metrology_init(&again, sizeof again, config, ports, 0, &copy) == QD_OK, "restart", n);
    check(counts, copy != NULL && qd_metrology_hash(copy) == qd_metrology_hash(m), "hash after restart", n);
    check(counts, m->now.tick_us == START_US + HOUR_US, "end of the hour", n);
    if (config->sum == QD_SUM_PER_PHASE) {
        for (unsigned c = 0; c < QD_ENERGY_COUNT; c++) {
            int64_t phases = 0;
            uint64_t rest = 0;
            for (unsigned p = 0; p < QD_PHASES; p++) {
                phases += m->registers.mj[QD_PAGE_PHASE(p)][c];
                rest += m->rest_nj[p + 1u][c];
            }
            phases += (int64_t)(rest / QD_MET_NJ_PER_MJ);
            rest %= QD_MET_NJ_PER_MJ;
            /* A phase may be below the no-load threshold while the sum is not, never the reverse. */
            bool same = m->total_mj[c] == phases && m->rest_nj[0][c] == rest;
            bool more = m->total_mj[c] > phases || (m->total_mj[c] == phases && m->rest_nj[0][c] > rest);
            check(counts, same || (more && config->wiring != QD_WIRING_2_WIRE), "sum of the phases", n);
        }
    }
}

#define ROW(wiring, sum, apparent, fold)                                                                     \
    {                                                                                                        \
        QD_WIRING_##wiring, QD_SUM_##sum, QD_APPARENT_##apparent, 500, 900, {10000, 3200}, 20, 1000, fold,   \
            "V030101"                                                                                        \
    }

static const qd_metrology_config_t configs[METERS] = {
    ROW(4_WIRE, ALGEBRAIC, VECTOR, 60),       ROW(4_WIRE, PER_PHASE, ARITHMETIC, 7),
    ROW(3_WIRE, ALGEBRAIC, VECTOR, 60),       ROW(2_WIRE, PER_PHASE, VECTOR, 60),
    ROW(4_WIRE, ALGEBRAIC, ARITHMETIC, 3600), ROW(4_WIRE, PER_PHASE, VECTOR, 1),
};

/* The hour; returns how many intervals it had. */
static unsigned hour(counts_t *counts, qd_metrology_t *meter[METERS]) {
    uint64_t state = 20000101;
    uint64_t end_us = START_US;
    unsigned index = 0;
    for (; end_us < START_US + HOUR_US && counts->failed == 0; index++) {
        qd_quantities_t record = {.frequency_mhz = 50000};
        record.duration_us = below(&state, 8) < 5 ? 1000000 : 1 + below(&state, 2000000);
        if (record.duration_us > START_US + HOUR_US - end_us) {
            record.duration_us = (uint32_t)(START_US + HOUR_US - end_us);
        }
        selection_draw(&state, end_us, record.duration_us, meter);
        for (unsigned p = 0; p < QD_PHASES; p++) {
            phase_draw(&state, index, &record.phase[p]);
        }
        end_us += record.duration_us;
        record.tick_us = end_us;
        for (unsigned i = 0; i < METERS; i++) {
            check(counts, qd_metrology_run(meter[i], &record) == QD_OK, "run", i);
            check(counts, qd_metrology_commit(meter[i]) == QD_OK, "commit", i);
        }
    }
    return index;
}

int main(void) {
    static memory_t memory[METERS];
    static store_t store[METERS];
    qd_records_t records[METERS];
    qd_logs_t logs[METERS];
    qd_metrology_ports_t ports[METERS];
    qd_metrology_t *meter[METERS];
    counts_t counts = {0, 0};

    for (unsigned i = 0; i < METERS; i++) {
        records[i] = (qd_records_t){&store[i], store_read, store_write};
        store[i].end = 1;
        logs[i] = (qd_logs_t){.context = &store[i], .append = log_append, .read = log_read, .span = log_span};
        ports[i] = (qd_metrology_ports_t){.records = &records[i], .logs = &logs[i], .boot_epoch = 1};
        qd_status_t status =
            qd_metrology_init(&memory[i], sizeof memory[i], &configs[i], &ports[i], START_US, &meter[i]);
        check(&counts, status == QD_OK, "start", i);
    }
    if (counts.failed == 0) {
        printf("intervals %u\n", hour(&counts, meter));
    }
    for (unsigned i = 0; i < METERS && counts.failed == 0; i++) {
        print_meter(i, meter[i]);
        invariants(&counts, i, meter[i], &configs[i], &ports[i]);
    }
    printf("%u passed, %u failed\n", counts.passed, counts.failed);
    return counts.failed == 0 ? 0 : 1;
}
