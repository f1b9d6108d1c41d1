/*
 * metrology.h - the legally relevant part: quantities in, energy out.
 *
 * Purpose: turns one-second quantities into exact energy quanta (1 mJ, the remainder below it kept),
 * books them per phase and per rate, keeps UTC, sealed parameters, pulses and the integrity journal,
 * and keeps its own records. Only meter/ calls this header; everybody else goes through gate.h.
 *
 * Signs (IEC 62053-23, annex C): P >= 0 is import, P < 0 export; Q >= 0 goes to R1 with P >= 0 and to
 * R2 with P < 0; Q < 0 goes to R3 with P < 0 and to R4 with P >= 0. Every channel counts magnitudes.
 * The direction of S is that of P. A phase without valid values adds nothing, and the sum is that of
 * the others.
 *
 * Remainders: one per channel of the sum and one per channel of each phase, in nJ below 1 mJ. They
 * belong to the channel, not to a rate: the mJ that a remainder completes is booked under the rate in
 * force then, so the rates always add up to the exact total. They survive rate switches, no-load and
 * restarts.
 * Ownership: all state is in the memory given to qd_metrology_init.
 * Context: qd_metrology_run is the measuring context; all others the main context.
 */
#ifndef QD_METROLOGY_METROLOGY_H
#define QD_METROLOGY_METROLOGY_H

#include "metrology/gate.h"
#include "quadrant/port/rtc.h"
#include "quadrant/port/system.h"
#include "store/logs.h"
#include "store/records.h"

/* Record ids of metrology; the composition gives them these capacities. */
#define QD_RECORD_METROLOGY_BASE 0x0101u   /* all registers, remainders and the clock */
#define QD_RECORD_METROLOGY_DELTA 0x0102u  /* what came since the base */
#define QD_RECORD_METROLOGY_SEALED 0x0103u /* sealed parameters and pulse constants */
/* Totals, for when both copies of the base are lost. */
#define QD_RECORD_METROLOGY_CHECKPOINT 0x0104u
#define QD_RECORD_METROLOGY_BASE_SIZE 1024u
#define QD_RECORD_METROLOGY_DELTA_SIZE 256u
#define QD_RECORD_METROLOGY_SEALED_SIZE 64u
#define QD_RECORD_METROLOGY_CHECKPOINT_SIZE 96u
/* Largest delta of a notice: with the slot's head of 12 octets and a tag of 12 they are 256. */
#define QD_METROLOGY_NOTICE_MAX 232u

/* Integrity journal: a log of rows of this many octets, of which this many can always be read. */
#define QD_LOG_METROLOGY_JOURNAL 0x0301u
#define QD_LOG_METROLOGY_JOURNAL_ROW 34u
#define QD_LOG_METROLOGY_JOURNAL_ROWS 200u

typedef enum qd_wiring {
    QD_WIRING_4_WIRE = 0, /* three elements, phase to neutral */
    QD_WIRING_3_WIRE,     /* two elements, L1 and L3 against L2 (Aron); element L2 is not judged */
    QD_WIRING_2_WIRE      /* one element, L1 */
} qd_wiring_t;

typedef enum qd_sum {
    QD_SUM_ALGEBRAIC = 0, /* direction and quadrant of the summed P and Q */
    QD_SUM_PER_PHASE      /* each phase books its own direction, quadrant and S; sums of those */
} qd_sum_t;

typedef enum qd_apparent {
    /* S = sqrt(P^2 + Q^2): of each phase, and of the sum (with QD_SUM_PER_PHASE: the sum of the
     * phases'). Whole mVA, truncated; of sums from 2^31 mW or mvar on in steps of 4 mVA. */
    QD_APPARENT_VECTOR = 0,
    /* S = U * I of each phase, whole mVA, truncated; of the sum: their sum. With two elements this
     * counts 2 / sqrt(3) too much at balance: such models want the vector. */
    QD_APPARENT_ARITHMETIC
} qd_apparent_t;

/* A model's row. Constant; outlives the meter. */
typedef struct qd_metrology_config {
    qd_wiring_t wiring;
    qd_sum_t sum;
    qd_apparent_t apparent;
    /* No-load is judged for the sum and for each phase by itself: while both |P| and |Q| are below
     * enter nothing is booked in the registers of that one; from one of them at or above leave
     * (>= enter) on booking goes on. Pulses follow the sum. The sum is judged by the summed P and Q, with
     * QD_SUM_PER_PHASE by the sums of the phases' magnitudes, and contains every phase whatever was
     * judged of that. A phase without valid values is judged as 0. 0, 0: off. */
    uint32_t no_load_enter_mw;
    uint32_t no_load_leave_mw;
    uint32_t pulse_constant[2]; /* factory values: per kWh, per kvarh, secondary, 1 .. 100,000 */
    uint16_t clock_drift_ppm;   /* growth of the uncertainty */
    uint32_t clock_doubt_ms;    /* uncertainty from which the clock is doubtful */
    uint32_t fold_period_s;     /* at most this long between two base records, 1 .. 3600 */
    char version[8];            /* V03xxyy */
} qd_metrology_config_t;

typedef struct qd_metrology_ports {
    const qd_records_t *records;
    const qd_logs_t *logs;        /* holds QD_LOG_METROLOGY_JOURNAL; its appends join the groups of records */
    const qd_rtc_t *rtc;          /* NULL: clock starts invalid */
    const qd_pulse_port_t *pulse; /* NULL: pulses are only counted */
    const qd_factory_t *factory;  /* NULL: sealed */
    uint32_t boot_epoch;
} qd_metrology_ports_t;

typedef struct qd_metrology qd_metrology_t;

size_t qd_metrology_size(void);
/*
 * Mounts its records (or starts from zero) and appends to the journal. memory is aligned as for any
 * object; tick_us < 2^63. QD_OK; QD_NO_SPACE: memory too small; QD_ARGUMENT: the config contradicts
 * itself, or records or logs are missing or lack one of metrology's; QD_IO: a record could not be read.
 * A lost record does not stop the start: flag QD_METER_FLAG_CORRUPT until the next start and a journal
 * entry. Delta lost: the base stands. Base lost: the totals of the checkpoint go on as unallocated energy.
 * Sealed parameters lost: their copy in the base goes on. Journal lost, in part or as a whole, or not to be read:
 * its numbers go on.
 * Clock: the RTC's; without it the last committed UTC, invalid; before any 2001-01-01, invalid.
 */
qd_status_t qd_metrology_init(void *memory, size_t size, const qd_metrology_config_t *config,
                              const qd_metrology_ports_t *ports, uint64_t tick_us,
                              qd_metrology_t **metrology);
/* Books one record, of any duration of the port's range. Never touches storage. QD_OK; QD_RANGE: duration or
 * values outside the port's ranges, nothing booked, gap flagged; QD_ARGUMENT: ends at or before the end of the
 * last one (or before the start of the meter), nothing booked. More than 100 ms between two intervals are a gap:
 * flag until the next start and a journal entry: the first one at the next commit, those that follow gathered
 * for 1, 2, 4, ... hours since the last entry, so that an element that stutters cannot fill the journal. */
qd_status_t qd_metrology_run(qd_metrology_t *metrology, const qd_quantities_t *record);
/*
 * Writes what came since the last commit (delta record; base record when due) through the records
 * interface, joins an open group. QD_OK; QD_END: nothing new; QD_PENDING: call again; QD_BUSY: a gate
 * request has a write under way, fetch its reply first; else the write's status: metering goes on,
 * flag DEGRADED, the next commit contains it.
 * Writes BASE or DELTA; after it, when due, SEALED and CHECKPOINT (in the commit behind a base), and appends the
 * journal entries that wait. A group needs room for BASE and SEALED and six entries of the journal besides the app's
 * records, and for CHECKPOINT and DELTA too when requests are submitted inside it. A log that answers QD_PENDING
 * keeps its entries waiting, which is no fault.
 */
qd_status_t qd_metrology_commit(qd_metrology_t *metrology);
/* The group that the last qd_metrology_commit joined has failed as a whole, and with it what gate
 * requests wrote in it; the records and logs show what held before. The next commit contains everything once more: a base that was in that group is
 * written again as a base (with a new number), because no delta may stand on a base that is not on the
 * device. Sets flag DEGRADED. */
void qd_metrology_commit_failed(qd_metrology_t *metrology);
/*
 * The supply fails: writes the delta record and nothing else, and marks it as written with notice. For outside of
 * groups. Does not mind a write or a request that is under way: that may go on when the supply comes back, then with
 * an ordinary commit before the next notice. It stands on the base of the start as on any other.
 * Length: at most QD_METROLOGY_NOTICE_MAX octets with one interval since the last commit (or the start), and with two
 * (a whole one and the begun one) when no rate changed; with two and a change of rates at most
 * QD_RECORD_METROLOGY_DELTA_SIZE. Energy: at least 2^30 mJ per channel since the last commit fit: 1,073 kW for one
 * second, 536 kW for two, which is 15 and 7 times 3 x 230 V x 100 A.
 * QD_OK, also when nothing is new; QD_STATE: it does not fit: no base is on the device that it could stand on (before
 * the first commit of a life and after one that failed), more energy or more intervals than above, or energy under three
 * rates of one channel since the base: nothing was written, qd_metrology_commit does it with a base; else the write's
 * status.
 */
qd_status_t qd_metrology_commit_notice(qd_metrology_t *metrology);
/*
 * Tells the journal what the composition found in storage; the entry goes with the next commit. code:
 * QD_JOURNAL_STORAGE_REPAIRED, QD_JOURNAL_STORAGE_LOST. More than eight a day are counted in the next one.
 * QD_OK; QD_ARGUMENT: another code.
 */
qd_status_t qd_metrology_storage_note(qd_metrology_t *metrology, qd_journal_code_t code, uint16_t detail);
/* The door of this metrology by function calls; valid as long as it. */
const qd_gate_t *qd_metrology_gate(qd_metrology_t *metrology);
/*
 * FNV-1a hash (64 bits, octet by octet) for proofs of identity, over numbers of 8 octets, little-endian:
 * registers of rates 0..8, of phases L1..L3 (8 channels each); remainders of the sum and of L1..L3
 * (8 each); pulse count and remainder of output 0, of output 1.
 */
uint64_t qd_metrology_hash(const qd_metrology_t *metrology);
/* UTC in ms at tick_us (< 2^63) by this clock. */
int64_t qd_metrology_utc_ms(const qd_metrology_t *metrology, uint64_t tick_us);
/* Pulses of output 0 or 1 since the first start. */
uint64_t qd_metrology_pulse_count(const qd_metrology_t *metrology, uint8_t output);

#endif
