/*
 * metrology.h - the legally relevant part: quantities in, energy out.
 *
 * Purpose: turns one-second quantities into exact energy quanta (1 mJ, the remainder below it kept),
 * books them per phase and per rate, keeps UTC, sealed parameters, pulses and the integrity journal,
 * and keeps its own records. Only meter/ calls this header; everybody else goes through gate.h.
 * Ownership: all state is in the memory given to qd_metrology_init.
 * Context: qd_metrology_run is the measuring context; all others the main context.
 */
#ifndef QD_METROLOGY_METROLOGY_H
#define QD_METROLOGY_METROLOGY_H

#include "metrology/gate.h"
#include "quadrant/port/rtc.h"
#include "quadrant/port/system.h"
#include "store/records.h"

/* Record ids of metrology; the composition gives them these capacities. */
#define QD_RECORD_METROLOGY_BASE 0x0101u   /* all registers, remainders and the clock */
#define QD_RECORD_METROLOGY_DELTA 0x0102u  /* what came since the base; at most 256 octets */
#define QD_RECORD_METROLOGY_SEALED 0x0103u /* sealed parameters and pulse constants */
#define QD_RECORD_METROLOGY_JOURNAL 0x0104u
#define QD_RECORD_METROLOGY_BASE_SIZE 1024u
#define QD_RECORD_METROLOGY_DELTA_SIZE 256u
#define QD_RECORD_METROLOGY_SEALED_SIZE 64u
#define QD_RECORD_METROLOGY_JOURNAL_SIZE 1536u

typedef enum qd_wiring {
    QD_WIRING_4_WIRE = 0, /* three elements, phase to neutral */
    QD_WIRING_3_WIRE,     /* two elements, L1 and L3 against L2 (Aron); element L2 is not judged */
    QD_WIRING_2_WIRE      /* one element, L1 */
} qd_wiring_t;

typedef enum qd_sum {
    QD_SUM_ALGEBRAIC = 0, /* direction and quadrant of the summed P and Q */
    QD_SUM_PER_PHASE      /* each phase books its own direction and quadrant; sums of those */
} qd_sum_t;

typedef enum qd_apparent {
    QD_APPARENT_VECTOR = 0, /* S = sqrt(P^2 + Q^2) of the sum */
    QD_APPARENT_ARITHMETIC  /* S = sum of U * I of the phases */
} qd_apparent_t;

/* A model's row. Constant; outlives the meter. */
typedef struct qd_metrology_config {
    qd_wiring_t wiring;
    qd_sum_t sum;
    qd_apparent_t apparent;
    uint32_t no_load_enter_mw;   /* |P| and |Q| of the sum below: nothing is booked, no pulses */
    uint32_t no_load_leave_mw;   /* one of them at or above: booking goes on; >= enter */
    uint32_t pulse_constant[2];  /* factory values: per kWh, per kvarh, secondary */
    uint16_t clock_drift_ppm;    /* growth of the uncertainty */
    uint32_t clock_doubt_ms;     /* uncertainty from which the clock is doubtful */
    uint32_t fold_period_s;      /* at most this long between two base records, 1 .. 3600 */
    char version[8];             /* V03xxyy */
} qd_metrology_config_t;

typedef struct qd_metrology_ports {
    const qd_records_t *records;
    const qd_rtc_t *rtc;         /* NULL: clock starts invalid */
    const qd_pulse_port_t *pulse; /* NULL: pulses are only counted */
    const qd_factory_t *factory; /* NULL: sealed */
    uint32_t boot_epoch;
} qd_metrology_ports_t;

typedef struct qd_metrology qd_metrology_t;

size_t qd_metrology_size(void);
/* Mounts its records (or starts from zero). QD_OK; QD_NO_SPACE: memory too small; QD_ARGUMENT: the
 * config contradicts itself; QD_IO. A lost record does not stop the start: flag and journal. */
qd_status_t qd_metrology_init(void *memory, size_t size, const qd_metrology_config_t *config,
                              const qd_metrology_ports_t *ports, uint64_t tick_us,
                              qd_metrology_t **metrology);
/* Books one record. Never touches storage. QD_OK; QD_RANGE: duration or values outside the port's
 * ranges, nothing booked, gap flagged; QD_ARGUMENT: ends before the last one did. */
qd_status_t qd_metrology_run(qd_metrology_t *metrology, const qd_quantities_t *record);
/* Writes what came since the last commit (delta record; base record when due) through the records
 * interface, joins an open group. Numbers a new snapshot. QD_OK; QD_END: nothing new; else the
 * write's status: metering goes on, flag DEGRADED, the next commit contains it. */
qd_status_t qd_metrology_commit(qd_metrology_t *metrology);
/* The door of this metrology by function calls; valid as long as it. */
const qd_gate_t *qd_metrology_gate(qd_metrology_t *metrology);
/* FNV-1a hash over all registers and remainders in a fixed order, for proofs of identity. */
uint64_t qd_metrology_hash(const qd_metrology_t *metrology);
/* UTC in ms at tick_us by this clock. */
int64_t qd_metrology_utc_ms(const qd_metrology_t *metrology, uint64_t tick_us);

#endif
