/*
 * state.h - what the files of metrology share; nobody else includes it but their tests.
 *
 * Context: as metrology.h.
 */
#ifndef QD_METROLOGY_STATE_H
#define QD_METROLOGY_STATE_H

#include "metrology/accumulator.h"
#include "metrology/metrology.h"

#define QD_MET_RATE_ROWS (QD_RATES + 1u)                /* unallocated and the rates */
#define QD_MET_SETS (QD_PHASES + 1u)                    /* the sum and the phases */
#define QD_MET_CHANNELS (QD_MET_SETS * QD_ENERGY_COUNT) /* all that have a remainder: 32 */
#define QD_MET_OUTPUTS 2u
#define QD_MET_MJ_PER_KWH 3600000000u
#define QD_MET_NJ_PER_MJ 1000000u
#define QD_MET_TICK_LIMIT ((uint64_t)1 << 63)
#define QD_MET_JITTER_US 100000u /* shorter pauses between intervals are timing, not gaps */

#define QD_MET_JOURNAL_HEAD 72u
#define QD_MET_JOURNAL_ENTRY 28u
#define QD_MET_JOURNAL_SLOTS 52u
#define QD_MET_JOURNAL_SIZE (QD_MET_JOURNAL_HEAD + QD_MET_JOURNAL_SLOTS * QD_MET_JOURNAL_ENTRY)
/* A checkpoint of the totals is written with the journal at least this often. */
#define QD_MET_CHECKPOINT_US 86400000000u
#define QD_MET_SEALED_LENGTH 18u
#define QD_MET_DETAIL_PULSE 0x100u

/* Rows: rates 0..8, phases L1..L3: the order of the detail pages. */
typedef struct qd_met_registers {
    int64_t mj[QD_PAGE_COUNT][QD_ENERGY_COUNT];
} qd_met_registers_t;

typedef struct qd_met_pulse {
    uint64_t count;
    uint32_t rest; /* of a pulse, in 1 / QD_MET_MJ_PER_KWH */
} qd_met_pulse_t;

typedef struct qd_met_clock {
    int64_t utc_us;
    uint64_t tick_us;        /* at which utc_us held */
    uint32_t uncertainty_ms; /* then */
    bool valid;
} qd_met_clock_t;

typedef struct qd_met_sealed {
    uint16_t ratio[4]; /* QD_SEALED_CT_NUMERATOR .. QD_SEALED_VT_DENOMINATOR */
    uint8_t primary;
    uint32_t pulse_constant[QD_MET_OUTPUTS];
} qd_met_sealed_t;

/* What deltas count from: the values of the newest base record. */
typedef struct qd_met_reference {
    uint32_t number;
    uint32_t rate_generation;
    bool valid; /* the base is on the device */
    int64_t mj[QD_MET_CHANNELS];
    uint32_t rest_nj[QD_MET_CHANNELS];
    uint64_t pulses[QD_MET_OUTPUTS];
} qd_met_reference_t;

#define QD_MET_WRITTEN_BASE 0x1u
#define QD_MET_WRITTEN_SEALED 0x2u
#define QD_MET_WRITTEN_JOURNAL 0x4u

/* Who has an image in the scratch buffer that the store has not finished with. */
typedef enum qd_met_owner { QD_MET_NOBODY = 0, QD_MET_COMMIT, QD_MET_REQUEST } qd_met_owner_t;

struct qd_metrology {
    const qd_metrology_config_t *config;
    qd_metrology_ports_t ports;
    qd_gate_t gate;

    /* energy */
    qd_met_registers_t registers;
    uint32_t rest_nj[QD_MET_SETS][QD_ENERGY_COUNT]; /* the sum, L1, L2, L3 */
    int64_t total_mj[QD_ENERGY_COUNT];              /* always the sum over the rates; not stored */
    qd_met_pulse_t pulse[QD_MET_OUTPUTS];
    uint8_t rate[QD_ENERGY_COUNT];
    uint32_t rate_generation; /* counts changes of rate: a delta knows one rate per channel only */
    bool waiting;             /* for the instant of selection */
    qd_rate_selection_t selection;

    /* the newest interval */
    qd_quantities_t now;
    int64_t active_mw;
    int64_t reactive_mvar;
    int64_t apparent_mva;
    uint32_t root[QD_MET_SETS]; /* newest apparent powers: where the next square roots start */
    uint64_t tick_us;
    bool measured;          /* an interval was booked since the start */
    bool no_load;           /* the sum is below the threshold */
    uint32_t phase_no_load; /* phases that are, one bit each */
    uint16_t flags;         /* all but QD_METER_FLAG_NO_LOAD */
    uint64_t gap_us;        /* not yet journalled */
    uint32_t gap_count;

    qd_met_clock_t clock;
    qd_met_sealed_t sealed;

    /* snapshots */
    uint32_t number;
    uint32_t generation;          /* of the state */
    uint32_t numbered_generation; /* that number belongs to */
    uint32_t latched_generation;
    uint32_t committed_generation; /* newest that is in the records */
    qd_snapshot_t latched;
    qd_met_registers_t pages;

    /* records */
    qd_met_reference_t reference;
    uint32_t
        touched; /* channels with a booking since the reference, numbered as there: others did not move */
    uint64_t since_base_us;
    uint64_t since_checkpoint_us;
    bool journal_dirty;
    bool journal_busy; /* the store has not finished with the ring: it must not change */
    bool sealed_dirty;
    bool delta_dirty;     /* it was lost: written once even if nothing moved, or it is lost at each start */
    uint8_t unproven;     /* QD_MET_WRITTEN bits since the last commit's end: in a group that may yet fail */
    bool unproven_closed; /* that commit has ended: the next write belongs to another group */
    uint8_t owner;        /* qd_met_owner_t of scratch */
    uint16_t staged_record;
    uint16_t staged_length;
    uint32_t staged_generation;
    uint8_t scratch[QD_RECORD_METROLOGY_BASE_SIZE];
    uint8_t journal[QD_MET_JOURNAL_SIZE]; /* the record's image is the ring */
    uint32_t journal_sequence;            /* of the newest entry */
    uint16_t journal_count;

    /* the request in hand */
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    uint8_t step;
    bool outstanding;
    bool done;
    uint8_t journal_undo[QD_MET_JOURNAL_ENTRY];
    uint16_t journal_undo_count;
    qd_met_clock_t new_clock;
    qd_met_sealed_t new_sealed;
};

/* energy.c: the total of a channel from its rates, after a mount. */
void qd_met_totals_derive(qd_metrology_t *m);
/* Puts rates in force. */
void qd_met_rates_set(qd_metrology_t *m, const uint8_t rate[QD_ENERGY_COUNT]);

/* clock.c: UTC in us (the ends of int64_t stand for what is beyond them), and in whole ms rounded down. */
int64_t qd_met_clock_utc_us(const qd_met_clock_t *clock, uint64_t tick_us);
static inline int64_t qd_met_clock_ms(int64_t utc_us) {
    return utc_us / 1000 - (utc_us % 1000 < 0 ? 1 : 0);
}
int64_t qd_met_clock_utc(const qd_met_clock_t *clock, uint64_t tick_us);
uint32_t qd_met_clock_uncertainty(const qd_metrology_t *m, const qd_met_clock_t *clock, uint64_t tick_us);
void qd_met_clock_status(const qd_metrology_t *m, qd_clock_status_t *status);
/* Reads the RTC. stored: the last committed clock, or NULL. */
void qd_met_clock_start(qd_metrology_t *m, const qd_met_clock_t *stored);
bool qd_met_clock_in_range(int64_t utc_ms);

/* journal.c */
void qd_met_journal_append(qd_metrology_t *m, uint8_t code, uint16_t detail, int64_t old_value,
                           int64_t new_value);
/* Appends a gap, or adds it to the newest entry when that is one of this start. */
void qd_met_journal_gap(qd_metrology_t *m);
/* Takes the newest entry back; only straight after its append. */
void qd_met_journal_undo(qd_metrology_t *m);
qd_status_t qd_met_journal_read(const qd_metrology_t *m, uint32_t sequence, qd_journal_entry_t *entry);
/* Writes the ring. Clears or sets journal_dirty. */
qd_status_t qd_met_journal_write(qd_metrology_t *m);
/* QD_OK; QD_END: never written; QD_CORRUPT: empty ring; others: the read's. */
qd_status_t qd_met_journal_mount(qd_metrology_t *m);
/* The totals at the last write of the journal. */
void qd_met_journal_checkpoint(const qd_metrology_t *m, int64_t total_mj[QD_ENERGY_COUNT]);

/* images.c: encoders return the length of the image in scratch; decoders QD_OK or QD_CORRUPT and
 * change nothing then. */
size_t qd_met_base_encode(qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base_number);
qd_status_t qd_met_base_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                               qd_met_sealed_t *sealed);
/* 0: a channel has moved too far for a delta. */
size_t qd_met_delta_encode(qd_metrology_t *m);
/* QD_STATE: the delta belongs to another base, *base_number says which. */
qd_status_t qd_met_delta_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                                uint32_t *base_number);
size_t qd_met_sealed_encode(uint8_t image[QD_MET_SEALED_LENGTH], const qd_met_sealed_t *sealed);
qd_status_t qd_met_sealed_decode(const uint8_t *image, size_t length, qd_met_sealed_t *sealed);
void qd_met_reference_take(qd_metrology_t *m);

/* mount.c */
qd_status_t qd_met_mount(qd_metrology_t *m);

/* commit.c: sends the image in scratch on its way, or goes on with it (QD_PENDING before). */
qd_status_t qd_met_stage(qd_metrology_t *m, qd_met_owner_t owner, uint16_t record, size_t length);
/* Builds and writes a base with this clock, or goes on with it. QD_BUSY: scratch is another's. */
qd_status_t qd_met_base_write(qd_metrology_t *m, qd_met_owner_t owner, const qd_met_clock_t *clock);
/* Notes a write that succeeded, alone or as part of a group. */
void qd_met_written(qd_metrology_t *m, uint8_t bits);
/* Gives the present state its number. */
void qd_met_number(qd_metrology_t *m);

/* request.c: works on the request in hand; QD_PENDING or QD_OK (reply complete). */
qd_status_t qd_met_request_continue(qd_metrology_t *m);

/* gate_direct.c: the latch is also set at the start, so that pages exist before the first poll. */
void qd_met_latch(qd_metrology_t *m);
void qd_met_gate_init(qd_metrology_t *m);

#endif
