/*
 * memory.h - what lies where in the 16 MiB that the board shares with the host by a file: non-volatile memory,
 * what the factory has written, the world's words, and the measuring element's ring.
 *
 * Purpose: one description for the image, which finds it at 0x21000000, and for programs of the host, which map
 * the file. All numbers are little-endian, all offsets octets from the beginning.
 * Context: each word has one writer, named with it. Source: format of this project.
 */
#ifndef QD_MPS2_MEMORY_H
#define QD_MPS2_MEMORY_H

#include <stdint.h>
#include <string.h>

#define QD_MPS2_FILE_SIZE 0x1000000u

#define QD_MPS2_FRAM_AT 0x0u
#define QD_MPS2_FRAM_SIZE 0x8000u
#define QD_MPS2_FLASH_AT 0x10000u
#define QD_MPS2_FLASH_SIZE 0x100000u
#define QD_MPS2_FLASH_BLOCK 0x1000u
#define QD_MPS2_FUSES_AT 0x200000u
#define QD_MPS2_WORLD_AT 0x201000u
#define QD_MPS2_RING_AT 0x210000u

/* Written by the host before the start; the image can only read it. */
#define QD_MPS2_FUSES_MAGIC 0x53465551u /* "QUFS" */
#define QD_MPS2_FUSE_KEY 0x01u          /* key is set */
#define QD_MPS2_FUSE_FACTORY 0x02u      /* the factory's jumper is in */
#define QD_MPS2_FUSE_EXIT 0x04u /* an end is told to the host (semihosting); else a fault is a reset */
#define QD_MPS2_FUSE_HDLC                                                                                    \
    0x10u /* the second channel is the optical head with HDLC, else the wrapper as the first */

typedef struct qd_mps2_fuses {
    uint32_t magic;
    uint32_t flags;
    uint8_t key[16];
    uint8_t serial_length; /* 0: none to be written */
    uint8_t name_length;
    uint8_t serial[30]; /* written at the first start, then the meter is sealed */
    uint8_t name[32];   /* logical device name */
} qd_mps2_fuses_t;

#define QD_MPS2_CHANNELS 2u

/* The world around the board. */
typedef struct qd_mps2_world {
    /* Host: carrier of each channel: 0: none is told, the line is always there; odd: somebody is connected; even:
     * nobody is. Counts on with each change. */
    uint32_t carrier[QD_MPS2_CHANNELS];
    uint32_t power; /* host: qd_power_state_t */
    uint32_t reserved;
    /* Image: the carrier that it has seen; octets of the peer before it are gone then. */
    uint32_t seen[QD_MPS2_CHANNELS];
    /* Image: the carrier whose connection it has ended. */
    uint32_t hangup[QD_MPS2_CHANNELS];
    uint32_t pulses[2]; /* image: since the start */
    uint32_t sealed;    /* image: 1: the factory has been left */
    /* Image: the newest notice of the supply. Low words of its tick in microseconds: when it last saw the mains, when
     * it saw that they fail, and when what it had was committed; then notices counts on. */
    uint32_t good_us;
    uint32_t seen_us;
    uint32_t kept_us;
    uint32_t notices;
    /* Image: of the line with HDLC, the time from the end of the last octet of a request to the beginning of the first
     * of its answer: the latest, the longest since the start, and how many. */
    uint32_t turn_us;
    uint32_t turn_most_us;
    uint32_t turns;
} qd_mps2_world_t;

/*
 * The ring: records of intervals, as a DMA of the measuring element would lay them down. The host fills a slot and
 * then counts head; the image takes and then counts tail. A host that does not wait for tail overruns: the image
 * then finds another sequence than it expects, or a sum that does not fit, and goes on with the oldest slot; what
 * is lost is a gap of the meter.
 */
#define QD_MPS2_RING_MAGIC 0x474E5251u /* "QRNG" */
#define QD_MPS2_RING_SLOTS 4096u
#define QD_MPS2_RING_RECORDS 0x1000u /* behind QD_MPS2_RING_AT */

/*
 * The interval that runs, in the form of a record and behind QD_MPS2_RING_AT as well: its sequence is that of the
 * record to come, its end the planned one, its quantities the mean so far. The host lays it down anew after each
 * record; the image only reads it, and only for a supply that fails: it books the part that has passed, and of the
 * record of that sequence what is left. The mean so far has to be that of the whole interval (as it is in a load
 * file), else the part is an estimate that nothing corrects. A sum that does not fit: nothing is known.
 */
#define QD_MPS2_RING_RUNNING 0x100u

typedef struct qd_mps2_ring {
    uint32_t magic; /* host */
    uint32_t epoch; /* host: another one with each start of the feeder, not 0 */
    uint32_t head;  /* host: sequence of the next record */
    uint32_t tail;  /* image: sequence of the next one that it will take */
    uint32_t lost;  /* image: records that an overrun took */
} qd_mps2_ring_t;

typedef struct qd_mps2_phase {
    uint32_t voltage_mv;
    uint32_t current_ma;
    int32_t active_power_mw;
    int32_t reactive_power_mvar;
    int16_t voltage_angle_ddeg;
    int16_t current_angle_ddeg;
    uint32_t valid;
} qd_mps2_phase_t;

typedef struct qd_mps2_record {
    uint32_t sequence;
    uint32_t sum;    /* FNV-1a, 32 bits, over sequence and all that follows this field */
    uint64_t end_us; /* on the feeder's own time */
    uint32_t duration_us;
    uint32_t frequency_mhz;
    qd_mps2_phase_t phase[3];
} qd_mps2_record_t;

static inline uint32_t qd_mps2_sum(const qd_mps2_record_t *record) {
    uint8_t octets[sizeof *record];
    uint32_t sum = 0x811C9DC5u;
    memcpy(octets, record, sizeof octets);
    for (uint32_t i = 0; i < sizeof *record; i++) {
        if (i < 4u || i >= 8u) {
            sum = (sum ^ octets[i]) * 0x01000193u;
        }
    }
    return sum;
}

#endif
