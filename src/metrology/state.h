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

#define QD_MET_HOUR_US UINT64_C(3600000000)
/* Entries in RAM: those that wait for the log, and those whose group may yet fail. A start has six at most. */
#define QD_MET_JOURNAL_QUEUE 6u
/* Entries about storage per day; more of them are only counted. */
#define QD_MET_NOTES_PER_DAY 8u
/* An ordinary delta has at most so many channels, so that one more interval fits the octets of a notice, and two do
 * while the rates stay. */
#define QD_MET_MOVED_MAX 13u
#define QD_MET_MOVED_MAX_PER_PHASE 12u
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

/* What deltas count from: the values of the newest base record that is on the device. */
typedef struct qd_met_reference {
    uint32_t number;
    uint32_t snapshot; /* number of the state in it */
    uint32_t journal;  /* newest entry then */
    bool valid;        /* it is on the device */
    bool mixed;        /* rates changed more than once, with energy between: no delta can tell that */
    uint8_t rate[QD_ENERGY_COUNT];
    int64_t mj[QD_MET_CHANNELS]; /* channels of the sum: under rate */
    int64_t
        other_mj[QD_ENERGY_COUNT]; /* of a channel whose rate changed since: under the rate in force now */
    uint32_t rest_nj[QD_MET_CHANNELS];
    uint64_t pulses[QD_MET_OUTPUTS];
} qd_met_reference_t;

/* One entry as the row of the log. */
typedef struct qd_met_row {
    uint8_t octets[QD_LOG_METROLOGY_JOURNAL_ROW];
} qd_met_row_t;

/* What goes on when both copies of the base are lost. */
typedef struct qd_met_checkpoint {
    uint32_t base;     /* number of the base that it followed */
    uint32_t snapshot; /* number of the state */
    uint32_t journal;  /* newest entry */
    int64_t total_mj[QD_ENERGY_COUNT];
} qd_met_checkpoint_t;

#define QD_MET_WRITTEN_BASE 0x1u
#define QD_MET_WRITTEN_SEALED 0x2u
#define QD_MET_WRITTEN_CHECKPOINT 0x4u

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
    bool rate_changed; /* since the base: an ordinary delta knows one rate per channel only */
    bool waiting;      /* for the instant of selection */
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
    uint8_t gap_entries;   /* of this start, at most 15 are counted */
    uint64_t gap_entry_us; /* when the last of them was made */

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
    uint32_t base_number; /* of the newest base that was tried */
    bool base_wanted;     /* whatever the others say */
    bool base_waited;     /* the store took its time: channels moved between image and success */
    bool checkpoint_dirty;
    bool sealed_dirty;
    bool delta_dirty;     /* it was lost: written once even if nothing moved, or it is lost at each start */
    uint8_t unproven;     /* QD_MET_WRITTEN bits since the last commit's end: in a group that may yet fail */
    bool unproven_closed; /* that commit has ended: the next write belongs to another group */
    uint8_t owner;        /* qd_met_owner_t of scratch */
    uint16_t staged_record;
    uint16_t staged_length;
    uint32_t staged_generation;
    uint8_t scratch[QD_RECORD_METROLOGY_BASE_SIZE];

    /* integrity journal */
    uint32_t journal_sequence; /* of the newest entry in the log */
    uint32_t entries_known;    /* of the newest entry that a record knows of, at the start */
    qd_met_row_t queue[QD_MET_JOURNAL_QUEUE];
    uint8_t queue_count;
    uint8_t queue_appended; /* so many in front are in the log, perhaps by a group that may fail */
    uint8_t queue_dropped;  /* of those in front, so many had to make room */
    uint32_t request_entry; /* number of the entry of the request in hand */
    uint16_t journal_lost;  /* entries for which there was no room; the next one tells it */
    uint8_t notes;          /* entries about storage since notes_us */
    uint32_t notes_more;    /* left out, since the last one */
    uint64_t notes_us;

    /* the last life */
    int64_t down_utc_ms;
    bool down_noticed;

    /* the request in hand */
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    uint8_t step;
    bool outstanding;
    bool done;
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

/* journal.c: puts an entry into the queue; false: no room, it counts as lost. */
bool qd_met_journal_add(qd_metrology_t *m, uint8_t code, uint16_t detail, int64_t old_value,
                        int64_t new_value);
/* The newest entry of the queue is that of the request in hand. */
void qd_met_journal_claim(qd_metrology_t *m);
/* Takes the entry of the request in hand back, if it still waits. */
void qd_met_journal_drop(qd_metrology_t *m);
/* Appends what waits to the log. QD_OK: nothing waits any more; else the log's status. */
qd_status_t qd_met_journal_flush(qd_metrology_t *m);
static inline bool qd_met_journal_waits(const qd_metrology_t *m) {
    return m->queue_count > m->queue_appended;
}
/* True while the queue cannot take an entry. */
bool qd_met_journal_full(const qd_metrology_t *m);
/* The gaps gathered become an entry when it is time for one. */
void qd_met_journal_gaps(qd_metrology_t *m);
/* What was appended before counts for good. */
void qd_met_journal_proven(qd_metrology_t *m);
/* The group failed: what the log does not hold waits again. */
void qd_met_journal_failed(qd_metrology_t *m);
/* Entries that can be read. */
uint16_t qd_met_journal_count(const qd_metrology_t *m);
/* QD_OK; QD_UNDEFINED: no such entry; QD_CORRUPT, QD_IO. 0: the newest. */
qd_status_t qd_met_journal_read(const qd_metrology_t *m, uint32_t sequence, qd_journal_entry_t *entry);
/* Finds the number of the newest entry. QD_OK; QD_END: the log is empty; QD_ARGUMENT: there is none; QD_CORRUPT,
 * QD_IO: it cannot be read. */
qd_status_t qd_met_journal_mount(qd_metrology_t *m);

/* images.c: encoders return the length of the image in scratch; decoders QD_OK or QD_CORRUPT and
 * change nothing then. */
size_t qd_met_base_encode(qd_metrology_t *m, const qd_met_clock_t *clock, uint32_t base_number);
qd_status_t qd_met_base_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                               qd_met_sealed_t *sealed);
/* The base whose image is in scratch is on the device: deltas count from it. waited: bookings may have come
 * since the image was made. */
void qd_met_reference_take(qd_metrology_t *m, bool waited);
/* Encodes the delta to at, which has room for QD_RECORD_METROLOGY_DELTA_SIZE octets; *moved: its channels. 0: a
 * delta cannot hold it. Only a notice may tell of rates that changed since the base. */
size_t qd_met_delta_encode(const qd_metrology_t *m, uint8_t *at, bool notice, uint32_t *moved);
/* QD_OK; QD_CORRUPT; QD_STATE: belongs to another base, *base_ahead: to a newer one. */
qd_status_t qd_met_delta_decode(qd_metrology_t *m, const uint8_t *image, size_t length, qd_met_clock_t *clock,
                                bool *base_ahead);
/* True when a channel moved further since the base than an ordinary delta tells. The rates are the base's. */
bool qd_met_energy_far(const qd_metrology_t *m);
size_t qd_met_sealed_encode(uint8_t image[QD_MET_SEALED_LENGTH], const qd_met_sealed_t *sealed);
qd_status_t qd_met_sealed_decode(const uint8_t *image, size_t length, qd_met_sealed_t *sealed);

/* checkpoint.c */
qd_status_t qd_met_checkpoint_write(qd_metrology_t *m);
/* Reads it. QD_OK, QD_END, QD_CORRUPT, or the read's. */
qd_status_t qd_met_checkpoint_load(qd_metrology_t *m, qd_met_checkpoint_t *checkpoint);

/* mount.c */
qd_status_t qd_met_mount(qd_metrology_t *m);

/* commit.c: sends the image in scratch on its way, or goes on with it (QD_PENDING before). */
qd_status_t qd_met_stage(qd_metrology_t *m, qd_met_owner_t owner, uint16_t record, size_t length);
/* Builds and writes a base with this clock, or goes on with it. QD_BUSY: scratch is another's. */
qd_status_t qd_met_base_write(qd_metrology_t *m, qd_met_owner_t owner, const qd_met_clock_t *clock);
/* True when a delta of the present state leaves no room for the intervals of a notice. */
bool qd_met_fold_early(const qd_metrology_t *m);
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
