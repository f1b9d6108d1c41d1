/*
 * sim.h - the world around a meter on a desk: devices that fail when they are told to.
 *
 * Purpose: a simulated FRAM and a simulated NOR flash with a volatile cache behind the block port, and
 * the supply that feeds them; and a serial line bit by bit behind the channel port. They count their operations, lose power in the middle of any of them in any
 * of several ways, fail programs and erases, and wear. Everything is deterministic: the same calls and
 * seeds give the same octets.
 * Ownership: all memory is the caller's; a device is a plain struct. Structs and their memory may be saved
 * and put back to the same addresses octet by octet; to another address they go by the copy functions.
 * Context: one thread at a time per device, and per supply with its devices.
 */
#ifndef QUADRANT_SIM_H
#define QUADRANT_SIM_H

#include "quadrant/port/block.h"
#include "quadrant/port/channel.h"
#include "quadrant/status.h"
#include "quadrant/types.h"

/* What remains of the operation that the cut hits. A program touches its octets; a sync touches all
 * octets programmed since the last one, in order. What remains of a block under erase is said at
 * qd_sim_nor_t. */
typedef enum qd_sim_torn {
    QD_SIM_TORN_NONE = 0, /* nothing of it */
    QD_SIM_TORN_HALF,     /* the first half of its octets */
    QD_SIM_TORN_LAST,     /* all but the last octet */
    QD_SIM_TORN_ALL,      /* all of it; only the answer is missing */
    QD_SIM_TORN_UNSTABLE, /* of the bits that it was to change, random ones read differently each
                             time until the octet is programmed and synced again (in a NOR: until the
                             bit is programmed to 0 or the block erased) */
    QD_SIM_TORN_COUNT
} qd_sim_torn_t;

/* What remains of the programs since the last sync, when the cut hits another operation. */
typedef enum qd_sim_unsynced {
    QD_SIM_UNSYNCED_KEPT = 0,
    QD_SIM_UNSYNCED_LOST,
    QD_SIM_UNSYNCED_PREFIX, /* the first ones, the last of them torn in half */
    QD_SIM_UNSYNCED_SUBSET, /* a random choice; on a sync: random order */
    QD_SIM_UNSYNCED_COUNT
} qd_sim_unsynced_t;

#define QD_SIM_PENDING 128u /* programs between two syncs; the oldest settle when there are more */
#define QD_SIM_STUCK 8u
#define QD_SIM_SUPPLY_DEVICES 4u

/* --- what FRAM and NOR have in common; state, use the functions of the devices --- */

typedef struct qd_sim_medium {
    uint8_t *memory;
    uint32_t size;
    uint32_t erase_size; /* 0: programs also set bits */
    uint64_t random;
    struct qd_sim_supply *supply; /* NULL: none */
    uint32_t operations;          /* programs, syncs, erase starts and erase polls, also failed ones */
    uint32_t reads;
    uint32_t programs;
    uint32_t programmed_octets;
    uint32_t syncs;
    uint32_t cut_at;
    uint8_t cut_torn;
    uint8_t cut_unsynced;
    bool dead;
    bool erasing;
    uint32_t erase_offset; /* of the block under erase */
    uint32_t fail_at;
    uint32_t fail_count;
    qd_status_t fail_status;
    uint32_t log_used;
    uint16_t pending_count;
    uint16_t stuck_count;
    struct {
        uint32_t offset;
        uint32_t length;
        uint32_t log;
    } pending[QD_SIM_PENDING];
    struct {
        uint32_t offset;
        uint8_t mask;
        uint8_t value;
    } stuck[QD_SIM_STUCK];
} qd_sim_medium_t;

/* --- supply --- */

/* What operations take out of the bucket, in nanojoules. */
typedef struct qd_sim_costs {
    uint32_t program_nj; /* a program, besides its octets */
    uint32_t octet_nj;   /* each octet of a program */
    uint32_t sync_nj;
    uint32_t erase_start_nj;
    uint32_t erase_poll_nj;
} qd_sim_costs_t;

/*
 * One supply for all devices of one meter. It counts the operations of its devices (programs, syncs, erase
 * starts, and erase polls while an erase runs; also failed ones) in one sequence, and when it dies all of
 * them die. It dies
 *   - in a planned operation (qd_sim_supply_cut): the device of that operation keeps of it what the plan
 *     says, every device keeps of what was not synced what the plan says, and a block under erase anywhere
 *     is left half-erased;
 *   - in the operation that overspends its bucket (qd_sim_supply_limit): a program keeps the octets whose
 *     energy was there, a sync the same share of the octets that waited, and in the octet after them the
 *     bits that were to change are unstable; a block under erase is left as by QD_SIM_TORN_HALF;
 *   - between two operations: qd_sim_supply_spend, qd_sim_supply_power_off;
 *   - with one of its devices (qd_sim_fram_cut, qd_sim_nor_cut, .._power_off).
 * A device that is attached to none has a supply of its own without a limit.
 *
 * Copying a world to another place: qd_sim_supply_copy, then for each device its copy function and its
 * attach function, to the copy of the supply. A copy of a device is attached to none.
 */
typedef struct qd_sim_supply {
    qd_sim_medium_t *devices[QD_SIM_SUPPLY_DEVICES];
    uint16_t device_count;
    bool dead;
    bool limited;
    uint32_t operations;
    uint32_t cut_at;
    uint8_t cut_torn;
    uint8_t cut_unsynced;
    uint8_t limit_unsynced;
    uint64_t energy_nj;
    qd_sim_costs_t costs;
} qd_sim_supply_t;

/* A supply without devices, plans and limit; nothing costs anything. */
void qd_sim_supply_init(qd_sim_supply_t *supply);
/* Makes copy a supply in the same state (counter, plan, bucket), but without devices. */
void qd_sim_supply_copy(qd_sim_supply_t *copy, const qd_sim_supply_t *supply);
/* Power fails in operation number operation (counted from 1 since init or restart; 0: never). */
void qd_sim_supply_cut(qd_sim_supply_t *supply, uint32_t operation, qd_sim_torn_t torn,
                       qd_sim_unsynced_t unsynced);
/* Power fails now, between two operations. */
void qd_sim_supply_power_off(qd_sim_supply_t *supply, qd_sim_unsynced_t unsynced);
/* Power returns: counter, plan and limit are cleared, and all devices restart (qd_sim_fram_restart,
 * qd_sim_nor_restart). Costs stay. */
void qd_sim_supply_restart(qd_sim_supply_t *supply);
bool qd_sim_supply_is_dead(const qd_sim_supply_t *supply);
/* Operations since init or restart. */
uint32_t qd_sim_supply_operations(const qd_sim_supply_t *supply);
/* New seeds for the random choices of all devices; nothing else changes. */
void qd_sim_supply_seed(qd_sim_supply_t *supply, uint64_t seed);

void qd_sim_supply_set_costs(qd_sim_supply_t *supply, const qd_sim_costs_t *costs);
/* From now on there is a bucket with so much energy. unsynced: what happens to programs that were not
 * synced when it is overspent. */
void qd_sim_supply_limit(qd_sim_supply_t *supply, uint64_t energy_nj, qd_sim_unsynced_t unsynced);
/* No limit any more (the mains are back before the bucket was empty). */
void qd_sim_supply_unlimit(qd_sim_supply_t *supply);
/* Time passes and takes energy. QD_OK; QD_IO: the supply is dead, perhaps by this. A bucket that is just
 * empty is not overspent. Without a limit nothing happens. */
qd_status_t qd_sim_supply_spend(qd_sim_supply_t *supply, uint64_t energy_nj);
/* What is left in the bucket; UINT64_MAX without a limit. */
uint64_t qd_sim_supply_energy_nj(const qd_sim_supply_t *supply);

/* --- FRAM --- */

typedef struct qd_sim_fram_stats {
    uint32_t operations; /* programs and syncs, also failed ones */
    uint32_t reads;
    uint32_t programs;
    uint32_t programmed_octets;
    uint32_t syncs;
} qd_sim_fram_stats_t;

/* State; use the functions. */
typedef struct qd_sim_fram {
    qd_sim_medium_t medium;
} qd_sim_fram_t;

/* Octets of memory for a device of size octets. */
size_t qd_sim_fram_memory(uint32_t size);
/* A device of size octets, all of them fill. seed decides every random choice. */
void qd_sim_fram_init(qd_sim_fram_t *fram, void *memory, uint32_t size, uint8_t fill, uint64_t seed);
/* Makes copy an independent device in the same state, attached to no supply; memory is as for init. */
void qd_sim_fram_copy(qd_sim_fram_t *copy, void *memory, const qd_sim_fram_t *fram);
/* The port; valid as long as fram stays where it is. */
void qd_sim_fram_port(qd_sim_fram_t *fram, qd_block_t *port);
/* From now on supply feeds fram; both stay where they are. Content and counters of both stay.
 * QD_OK, also when it does already; QD_NO_SPACE: QD_SIM_SUPPLY_DEVICES are attached. */
qd_status_t qd_sim_fram_attach(qd_sim_fram_t *fram, qd_sim_supply_t *supply);

/* Power fails in operation number operation of this device (counted from 1 since init or restart; 0:
 * never), also for all others at its supply. From then on everything answers QD_IO until restart. A cut
 * goes before a planned failure of the same operation and before an empty bucket. */
void qd_sim_fram_cut(qd_sim_fram_t *fram, uint32_t operation, qd_sim_torn_t torn, qd_sim_unsynced_t unsynced);
/* Power fails now, between two operations, also for all others at its supply. */
void qd_sim_fram_power_off(qd_sim_fram_t *fram, qd_sim_unsynced_t unsynced);
/* Power returns: the cache is empty, plans for cuts and failures and the counters are cleared. A device at
 * a dead supply stays dead: see qd_sim_supply_restart. */
void qd_sim_fram_restart(qd_sim_fram_t *fram);
bool qd_sim_fram_is_dead(const qd_sim_fram_t *fram);
/* Another seed for the random choices from now on. */
void qd_sim_fram_seed(qd_sim_fram_t *fram, uint64_t seed);

/* Operations first .. first + count - 1 answer status: QD_IO (half of a program is written, a sync
 * does nothing) or QD_NO_SPACE (nothing is written). count 0: none. */
void qd_sim_fram_fail(qd_sim_fram_t *fram, uint32_t first, uint32_t count, qd_status_t status);
/* Flips the bits of mask in the cell. */
void qd_sim_fram_flip(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask);
/* The bits of mask read as those of value from now on. QD_OK; QD_NO_SPACE: QD_SIM_STUCK octets have some. */
qd_status_t qd_sim_fram_stick(qd_sim_fram_t *fram, uint32_t offset, uint8_t mask, uint8_t value);

/* The cells, without the cache: what an image file holds. size octets. */
const uint8_t *qd_sim_fram_cells(const qd_sim_fram_t *fram);
/* Replaces cells and cache by an image of size octets, and restarts. */
void qd_sim_fram_load(qd_sim_fram_t *fram, const uint8_t *image);
void qd_sim_fram_get_stats(const qd_sim_fram_t *fram, qd_sim_fram_stats_t *stats);

/* --- NOR flash --- */

typedef struct qd_sim_nor_stats {
    uint32_t operations; /* programs, syncs, erase starts, and erase polls while an erase ran; also failed */
    uint32_t reads;
    uint32_t programs;
    uint32_t programmed_octets;
    uint32_t syncs;
    uint32_t erases;     /* started */
    uint32_t polls;      /* while an erase ran */
    uint32_t violations; /* programs that would have set a bit */
    uint32_t erases_max; /* of the block with the most, over the life of the device */
} qd_sim_nor_stats_t;

/* What becomes of a block that has worn out. */
typedef enum qd_sim_worn {
    QD_SIM_WORN_FAILS = 0, /* erase_poll answers QD_IO at the end, random bits are not erased */
    QD_SIM_WORN_STUCK /* erase_poll answers QD_OK, but one bit more with each erase, at most 8, stays 0 */
} qd_sim_worn_t;

/*
 * NOR flash; state, use the functions.
 *
 * Program: clears bits only: a cell becomes cell AND octet. A program that would have set a bit leaves it
 * 0, answers QD_OK and counts as one violation. Programs wait in a volatile cache until sync, as those of
 * the FRAM do. QD_BUSY, and nothing done or counted: it touches the block under erase.
 * Read: of the block under erase reads random octets and answers QD_OK.
 * Erase: erase_start starts that of the block that holds offset: QD_OK; QD_BUSY: one runs (not counted);
 * QD_ARGUMENT: outside the device. Programs into the block that were not synced are forgotten, others go
 * on waiting. erase_poll answers QD_PENDING until the number of polls that qd_sim_nor_set_polls says
 * (3 unless told), then QD_OK: all of the block is FF, without a sync; or QD_IO: it failed, and the block
 * is half-erased. When no erase runs it repeats the last result (QD_OK after a restart) and is not counted.
 * Sync neither waits for an erase nor ends it.
 *
 * When power fails while a block is under erase (in erase_start, in a poll or in any other operation), the
 * way the operation is torn says what the block is:
 *   NONE      as before, when it was erase_start; else as HALF
 *   HALF      each bit that was 0 is 1 or still 0 at random, and a random quarter of all bits read
 *             differently each time
 *   LAST      FF but for a few random bits that stay 0; all of them read the same each time
 *   ALL       erased to the end; only the answer is missing
 *   UNSTABLE  FF, but a random quarter of all bits read differently each time
 * and so it stays until an erase of it gets to its end. A power failure between operations leaves HALF.
 */
typedef struct qd_sim_nor {
    qd_sim_medium_t medium;
    uint32_t polls_needed;
    uint32_t polls_done; /* of the erase that runs */
    qd_status_t erase_result;
    uint32_t erases;
    uint32_t polls;
    uint32_t violations;
    uint32_t wear_limit;
    uint8_t wear_how;
    uint32_t erase_fail_at;
    uint32_t erase_fail_count;
    bool erase_fails; /* the one that runs */
} qd_sim_nor_t;

/* Octets of memory for a device of size octets in blocks of erase_size, which divides size. */
size_t qd_sim_nor_memory(uint32_t size, uint32_t erase_size);
/* A device, all FF, no block ever erased. seed decides every random choice. */
void qd_sim_nor_init(qd_sim_nor_t *nor, void *memory, uint32_t size, uint32_t erase_size, uint64_t seed);
/* As qd_sim_fram_copy. */
void qd_sim_nor_copy(qd_sim_nor_t *copy, void *memory, const qd_sim_nor_t *nor);
/* The port; valid as long as nor stays where it is. */
void qd_sim_nor_port(qd_sim_nor_t *nor, qd_block_t *port);
/* As qd_sim_fram_attach. */
qd_status_t qd_sim_nor_attach(qd_sim_nor_t *nor, qd_sim_supply_t *supply);

/* As those of the FRAM. Restart also ends an erase (as a power failure does), and clears erase_poll's last result; what was erased
 * how often, limits of wear and the number of polls stay. */
void qd_sim_nor_cut(qd_sim_nor_t *nor, uint32_t operation, qd_sim_torn_t torn, qd_sim_unsynced_t unsynced);
void qd_sim_nor_power_off(qd_sim_nor_t *nor, qd_sim_unsynced_t unsynced);
void qd_sim_nor_restart(qd_sim_nor_t *nor);
bool qd_sim_nor_is_dead(const qd_sim_nor_t *nor);
void qd_sim_nor_seed(qd_sim_nor_t *nor, uint64_t seed);

/* Polls until an erase ends, from the next erase on. 0: it ends in erase_start. */
void qd_sim_nor_set_polls(qd_sim_nor_t *nor, uint32_t polls);
/* Operations first .. first + count - 1 answer status, as qd_sim_fram_fail. An erase_start that fails does
 * nothing; an erase_poll that fails answers QD_IO, ends the erase and leaves the block as QD_SIM_TORN_HALF.
 * count 0: none. */
void qd_sim_nor_fail(qd_sim_nor_t *nor, uint32_t first, uint32_t count, qd_status_t status);
/* Erases first .. first + count - 1 (started, counted from 1 since init or restart) run and end with QD_IO;
 * the block is left as QD_SIM_TORN_HALF. count 0: none. */
void qd_sim_nor_fail_erases(qd_sim_nor_t *nor, uint32_t first, uint32_t count);
/* A block that was erased erases times has worn out: every further erase of it ends as how says.
 * 0: blocks do not wear, as after init. */
void qd_sim_nor_set_wear(qd_sim_nor_t *nor, uint32_t erases, qd_sim_worn_t how);
/* Flips the bits of mask in the cell. */
void qd_sim_nor_flip(qd_sim_nor_t *nor, uint32_t offset, uint8_t mask);
/* The bits of mask read as those of value from now on. QD_OK; QD_NO_SPACE: QD_SIM_STUCK octets have some. */
qd_status_t qd_sim_nor_stick(qd_sim_nor_t *nor, uint32_t offset, uint8_t mask, uint8_t value);

/* The cells, without the cache; those of a block under erase are as before it. size octets. */
const uint8_t *qd_sim_nor_cells(const qd_sim_nor_t *nor);
/* Replaces cells and cache by an image of size octets, and restarts. */
void qd_sim_nor_load(qd_sim_nor_t *nor, const uint8_t *image);
void qd_sim_nor_get_stats(const qd_sim_nor_t *nor, qd_sim_nor_stats_t *stats);
/* How often erases of block number block were started over the life of the device; 0 beyond its end. */
uint32_t qd_sim_nor_erases(const qd_sim_nor_t *nor, uint32_t block);

/* --- serial line ------------------------------------------------------------------------------ */

/* Formats of a station; the first two are qd_line_format_t. */
typedef enum qd_sim_format { QD_SIM_8N1 = 0, QD_SIM_7E1, QD_SIM_8E1, QD_SIM_FORMAT_COUNT } qd_sim_format_t;

#define QD_SIM_STATIONS 8u
#define QD_SIM_STATION_RING 1024u /* octets each way; a full receive ring loses octets, as a UART does */

/* What a station has sent and heard since it was added. */
typedef struct qd_sim_station_stats {
    uint32_t sent;     /* octets that are wholly on the line */
    uint32_t received; /* octets taken, also those that were lost in a full ring */
    uint32_t parity;   /* octets dropped for their parity bit */
    uint32_t framing;  /* octets dropped for a stop bit that was none, breaks among them */
    uint32_t breaks;   /* octets of nothing but zeros without a stop bit */
    uint32_t glitches; /* start bits that were gone in their middle */
    uint32_t overruns; /* octets lost in a full ring */
    uint32_t clashes;  /* octets sent while somebody else drove the line the other way */
} qd_sim_station_stats_t;

/* One UART with its driver and receiver; state, use the functions. */
typedef struct qd_sim_station {
    struct qd_sim_line *line;
    uint32_t baud, next_baud;
    uint8_t format, next_format;
    bool changes, echo;
    qd_sim_station_stats_t stats;
    /* Sending: the bits of one octet, the first of them lowest. */
    uint64_t tx_ns; /* when the present bit ends */
    uint16_t tx_bits;
    uint8_t tx_left; /* bits of the octet that are not over; 0: the driver is off */
    bool tx_break, tx_clash;
    /* Receiving: samples in the middle of each bit after a falling edge. */
    uint64_t rx_ns; /* of the next sample */
    uint16_t rx_bits;
    uint8_t rx_have;
    bool rx_busy, rx_level;
    uint32_t send_begin, send_end, receive_begin, receive_end;
    uint8_t send[QD_SIM_STATION_RING];
    uint8_t receive[QD_SIM_STATION_RING];
} qd_sim_station_t;

/*
 * One line with up to QD_SIM_STATIONS stations, in virtual time. Every bit of every driver is on it for its time;
 * every receiver finds start bits by their edge and samples at its own speed and format: so a wrong format, a wrong
 * speed, a break and two that speak at once do what they do on a wire. Where two drivers contradict each other the
 * level is random, anew with each bit of either.
 * Bus (RS-485, two wires): all hear all. A station hears itself when it has echo; without echo its receiver is off
 * while its driver is on. No bus (optical head, RS-232): each station hears the others, and itself only with echo.
 */
typedef struct qd_sim_line {
    qd_sim_station_t *stations[QD_SIM_STATIONS];
    uint64_t now_ns;
    uint64_t random;
    uint32_t noise_ppm;
    uint8_t count;
    bool bus, clash_level, delivered, moved;
} qd_sim_line_t;

/* A silent line at time 0. seed decides every random choice. */
void qd_sim_line_init(qd_sim_line_t *line, bool bus, uint64_t seed);
/* A station of the caller's memory, 9600 bit/s 8N1 without echo. QD_OK; QD_NO_SPACE: QD_SIM_STATIONS are there. */
qd_status_t qd_sim_line_add(qd_sim_line_t *line, qd_sim_station_t *station);
void qd_sim_station_set(qd_sim_station_t *station, uint32_t baud, qd_sim_format_t format, bool echo);
/* Of a million bits that a receiver samples, how many are turned over. */
void qd_sim_line_noise(qd_sim_line_t *line, uint32_t per_million);
/* Time goes on until until_us or, if that is earlier, the first octet that some station has received whole: then true.
 * Nothing moves backwards: an until_us that has passed does nothing. */
bool qd_sim_line_run(qd_sim_line_t *line, uint64_t until_us);
uint64_t qd_sim_line_now_us(const qd_sim_line_t *line);
/* True: nobody drives the line, and nobody has anything to send. */
bool qd_sim_line_is_silent(const qd_sim_line_t *line);
/* How long an octet of the station is on the line. */
uint32_t qd_sim_station_octet_us(const qd_sim_station_t *station);
/* Octets to send; how many the ring took. The first bit begins with the next run. */
size_t qd_sim_station_send(qd_sim_station_t *station, const uint8_t *octets, size_t length);
/* Octets that came whole and right. */
size_t qd_sim_station_receive(qd_sim_station_t *station, uint8_t *octets, size_t size);
/* Holds the line at 0 for bits bit times, 1 to 200, unless the station is sending: then false. */
bool qd_sim_station_break(qd_sim_station_t *station, uint8_t bits);
void qd_sim_station_get_stats(const qd_sim_station_t *station, qd_sim_station_stats_t *stats);
/* The station as a meter's channel: HDLC, generation 1, no close; configure takes effect when all is sent. Valid as long
 * as the station stays where it is. */
void qd_sim_station_port(qd_sim_station_t *station, qd_channel_port_t *port);

#endif
