/*
 * gate.h - the only door of metrology: messages in, snapshots out.
 *
 * Purpose: everything that the rest of the meter may know of or ask from the legally relevant part.
 * The messages are plain data with sequence numbers; they cross a function call (gate_direct) or a
 * framed link with check sequence between two images (gate_link). WELMEC 7.2: protective interface.
 * Snapshot numbers: each state of the registers that is shown by a poll or taken by a commit gets the
 * next number, once; the record of that state carries the same number, whichever of poll and commit
 * comes first. Numbers never go back within a life of the records; after a power cut the last one may
 * be given again, to another state.
 * Requests that write (set clock, set parameter, set pulse) journal first, then write, then apply; a
 * power cut between leaves a journal entry without effect, never an effect without entry. An entry stays:
 * when the write behind it fails, a second entry says so. Outside a
 * group their reply says that they are durable; inside an open group they are in force with the reply
 * and durable with the group, or, when that fails, with the next one that does not.
 * Units: energy in mJ (1 mJ = 1 mW s, and likewise mvar s, mVA s), secondary side of transformers.
 * Context: main context on the application's side.
 */
#ifndef QD_METROLOGY_GATE_H
#define QD_METROLOGY_GATE_H

#include "quadrant/port/quantities.h"
#include "quadrant/status.h"
#include "quadrant/types.h"

#define QD_RATES 8u /* rate registers; index 0 of every rate axis is "unallocated" */

/* Energy channels of a register set. Quadrants as in IEC 62053-23, annex C. */
typedef enum qd_energy {
    QD_ENERGY_A_IMPORT = 0, /* A+ */
    QD_ENERGY_A_EXPORT,     /* A- */
    QD_ENERGY_R1,
    QD_ENERGY_R2,
    QD_ENERGY_R3,
    QD_ENERGY_R4,
    QD_ENERGY_S_IMPORT, /* S+ */
    QD_ENERGY_S_EXPORT, /* S- */
    QD_ENERGY_COUNT
} qd_energy_t;

/* Detail pages: 0 unallocated, 1..8 rates, 9..11 phases L1..L3. */
#define QD_PAGE_RATE(rate) ((uint8_t)(rate))
#define QD_PAGE_PHASE(phase) ((uint8_t)(QD_RATES + 1u + (phase)))
#define QD_PAGE_COUNT (QD_RATES + 1u + QD_PHASES)

typedef enum qd_sealed_parameter {
    QD_SEALED_CT_NUMERATOR = 0, /* 1 .. 65535 */
    QD_SEALED_CT_DENOMINATOR,   /* 1 .. 65535 */
    QD_SEALED_VT_NUMERATOR,     /* 1 .. 65535 */
    QD_SEALED_VT_DENOMINATOR,   /* 1 .. 65535 */
    QD_SEALED_PRIMARY,          /* 1: registers are presented for the primary side, 0: secondary */
    QD_SEALED_PARAMETER_COUNT
} qd_sealed_parameter_t;

/* Bits of qd_snapshot_t.flags. */
#define QD_METER_FLAG_GAP 0x0001u           /* an interval without a record since start */
#define QD_METER_FLAG_NO_LOAD 0x0002u       /* the sum is below the no-load threshold now */
#define QD_METER_FLAG_DEGRADED 0x0004u      /* last commit failed; metering goes on in memory */
#define QD_METER_FLAG_CORRUPT 0x0008u       /* a record was lost at mount; see the journal */
#define QD_METER_FLAG_PHASE_INVALID 0x0010u /* a phase gave no valid values in this interval */

/* Presented at each snapshot; small. */
typedef struct qd_snapshot {
    uint32_t number;  /* of this state; energy and pages belong to it */
    uint64_t tick_us; /* end of the newest interval contained */
    int64_t utc_us;   /* UTC at tick_us, since 2000-01-01; at a tick t it is utc_us + t - tick_us */
    int64_t utc_ms;   /* the same in whole ms, rounded down */
    qd_clock_status_t clock;
    uint16_t flags;
    uint8_t rate[QD_ENERGY_COUNT];     /* rate in force per channel, 0 unallocated */
    qd_quantities_t now;               /* newest record, as measured */
    int64_t active_power_mw;           /* of the sum, signed; measured, also below no-load */
    int64_t reactive_power_mvar;       /* signed */
    int64_t apparent_power_mva;        /* not signed; direction is that of active power */
    int64_t total_mj[QD_ENERGY_COUNT]; /* sum of unallocated and all rates */
} qd_snapshot_t;

typedef struct qd_page {
    uint32_t snapshot; /* number of the snapshot that it belongs to */
    uint8_t page;
    int64_t energy_mj[QD_ENERGY_COUNT];
} qd_page_t;

typedef struct qd_journal_entry {
    uint32_t sequence; /* from 1 */
    int64_t utc_ms;
    uint8_t clock_valid;
    uint8_t code; /* qd_journal_code_t */
    uint16_t detail;
    uint16_t lost; /* entries before this one that could not be kept, at most 65535 */
    int64_t old_value;
    int64_t new_value;
} qd_journal_entry_t;

typedef enum qd_journal_code {
    QD_JOURNAL_FORMATTED = 1, /* first start on blank memory */
    /* new_value: boot epoch; old_value: UTC of the last commit before, ms, INT64_MIN: unknown; detail 1: that one
     * was made with notice of the supply's end */
    QD_JOURNAL_STARTED,
    QD_JOURNAL_CLOCK_SET,         /* old and new UTC, ms */
    QD_JOURNAL_PARAMETER,         /* detail: qd_sealed_parameter_t */
    QD_JOURNAL_PARAMETER_REFUSED, /* detail: parameter; attempt while sealed */
    QD_JOURNAL_RECORD_LOST,       /* detail: id of record or log; last good value went on */
    QD_JOURNAL_GAP,               /* old_value: gaps in this entry; new_value: their microseconds */
    QD_JOURNAL_PULSE,             /* pulse configuration changed, detail: output */
    QD_JOURNAL_RATE_REFUSED,      /* old_value: end of the newest interval; new_value: from_us */
    QD_JOURNAL_WITHOUT_EFFECT,   /* old_value: sequence of the entry whose write failed; detail: its status */
    QD_JOURNAL_STORAGE_REPAIRED, /* detail: as the composition says; old_value: such entries left out */
    QD_JOURNAL_STORAGE_LOST      /* detail: id of the log that lost a page; old_value as above */
} qd_journal_code_t;

/*
 * Status of the reply per kind, besides QD_OK and the write's status (QD_IO, QD_NO_SPACE):
 * HELLO, SNAPSHOT, SELF_TEST: none. PAGE: QD_UNDEFINED: no such page, or the snapshot is not the one
 * polled last. SET_CLOCK: QD_RANGE: not within 2000-01-01 .. 9999-12-31, or at_us >= 2^63.
 * SELECT_RATE: QD_RANGE: no such rate, or from_us lies before the end of the newest interval (journal
 * RATE_REFUSED); QD_BUSY: a selection for an earlier instant waits. GET_PARAMETER: QD_UNDEFINED.
 * SET_PARAMETER, SET_PULSE: QD_UNDEFINED: no such parameter or output; QD_SEALED: the factory is
 * closed (journal PARAMETER_REFUSED, detail of a pulse constant: 0x100 + output); QD_RANGE.
 * READ_JOURNAL: QD_UNDEFINED: evicted, never kept, or not yet there; QD_CORRUPT: it was there; QD_IO.
 */
typedef enum qd_gate_kind {
    QD_GATE_HELLO = 1,
    QD_GATE_SNAPSHOT, /* by calls: nothing to do; over a link: send the snapshot once more */
    QD_GATE_PAGE,
    QD_GATE_SET_CLOCK,
    QD_GATE_SELECT_RATE,
    QD_GATE_GET_PARAMETER,
    QD_GATE_SET_PARAMETER,
    QD_GATE_READ_JOURNAL,
    QD_GATE_SET_PULSE,
    QD_GATE_SELF_TEST
} qd_gate_kind_t;

/*
 * Rate from an instant on; from_us 0 means "from the end of the newest interval". One selection waits
 * for its instant; one with the same or an earlier instant (now included) replaces it, a later one is
 * refused with QD_BUSY. The rates in force survive a restart, a waiting selection does not.
 */
typedef struct qd_rate_selection {
    uint8_t rate[QD_ENERGY_COUNT]; /* 0 unallocated, 1 .. 8 */
    uint64_t from_us;              /* monotonic; metrology splits the quantum there */
} qd_rate_selection_t;

typedef struct qd_gate_request {
    uint16_t sequence;
    uint8_t kind; /* qd_gate_kind_t */
    union {
        struct {
            uint32_t snapshot; /* 0: the newest */
            uint8_t page;
        } page;
        struct {
            int64_t utc_ms;
            uint64_t at_us;          /* monotonic instant at which utc_ms held */
            uint32_t uncertainty_ms; /* of the time given */
        } set_clock;
        qd_rate_selection_t select_rate;
        struct {
            uint8_t parameter;
            int64_t value;
        } parameter;
        struct {
            uint32_t sequence; /* 0: the newest */
        } journal;
        struct {
            uint8_t output;    /* 0 active, 1 reactive */
            uint32_t constant; /* pulses per kWh or kvarh, secondary, 1 .. 100,000 */
        } pulse;
    } u;
} qd_gate_request_t;

#define QD_SELF_TEST_TOTALS 0x01u     /* totals are not the sums of their rates */
#define QD_SELF_TEST_REMAINDERS 0x02u /* a remainder is not below 1 mJ */
#define QD_SELF_TEST_ARITHMETIC 0x04u /* known answers of the accumulator and the check sequence */
#define QD_SELF_TEST_STORAGE 0x08u    /* the last commit failed */

typedef struct qd_gate_reply {
    uint16_t sequence; /* of the request */
    uint8_t kind;
    uint8_t status; /* qd_status_t */
    union {
        struct {
            char version[8];          /* IDIS form V03xxyy, not terminated when 8 long */
            uint32_t checksum;        /* of the legally relevant code; 0 while not known */
            uint16_t journal_entries; /* that can be read; at most 65535 */
            bool down_noticed;        /* the last commit before this start was made with notice */
            int64_t down_utc_ms;      /* UTC of that commit; INT64_MIN: unknown */
            uint32_t pulse_constant[2];
        } hello;
        qd_page_t page;
        int64_t parameter;
        qd_journal_entry_t journal;
        uint32_t self_test; /* QD_SELF_TEST_..., 0: all good */
    } u;
} qd_gate_reply_t;

/*
 * The door. One request may be outstanding; its reply must be fetched before the next submit.
 */
typedef struct qd_gate {
    void *context;
    /* Copies the newest snapshot and latches its pages. QD_OK: new since the last poll; QD_END: same as
     * before (copied all the same); QD_PENDING: none has arrived yet. */
    qd_status_t (*poll)(void *context, qd_snapshot_t *snapshot);
    /* QD_OK: accepted; QD_BUSY: one is outstanding; QD_ARGUMENT: unknown kind. */
    qd_status_t (*submit)(void *context, const qd_gate_request_t *request);
    /* QD_OK: *reply filled, its status says what became of the request; QD_PENDING: not yet;
     * QD_STATE: nothing is outstanding. */
    qd_status_t (*reply)(void *context, qd_gate_reply_t *reply);
} qd_gate_t;

#endif
