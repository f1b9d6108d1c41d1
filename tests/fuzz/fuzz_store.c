/*
 * fuzz_store.c - any octets as the memories of record store and ring logs.
 *
 * Input: 1 octet of choice, then pieces: address (2, little-endian; bit 15: in the flash), length (1), octets. Choice, bit 0:
 * the sealer takes any tag, so that what is behind the check is met too; bit 1: the checks of both superblocks are made to
 * fit; bits 2 and 3: what the pieces lie upon: memories in use (0, 1), blank ones, zeros.
 * Must hold: nothing is read or written outside of the devices, nothing goes on for ever, statuses are those that the
 * headers name; what is refused is not changed; what was mounted can be read, scrubbed, written and mounted again, and
 * shows then what was written.
 * Planted: a lost head of a log, and 'Q' as the first octet of the first record.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "fuzz.h"
#include "store/log.h"
#include "store/store.h"

#define FRAM_SIZE 6144u
#define BLOCK 512u
#define FLASH_SIZE (20u * BLOCK)
#define OPERATIONS_MAX 200000u
#define ROWS_READ_MAX 4096u

#define RECORDS 5u
static const qd_record_row_t records[RECORDS] = {{0x101, 40, true},
                                                 {0x102, 24, false},
                                                 {0x201, 64, false},
                                                 {0x301, QD_LOG_HEAD_SIZE, true},
                                                 {0x302, QD_LOG_HEAD_SIZE, true}};
static const qd_store_layout_t layout = {"fuzz", 1, records, RECORDS, 1400};
#define LOGS 2u
static const qd_log_row_t log_rows[LOGS] = {{0x301, 20, 30, 1}, {0x302, 60, 6, 0}};
static const qd_log_layout_t log_layout = {log_rows, LOGS};

typedef struct memories {
    uint8_t fram[FRAM_SIZE];
    uint8_t flash[FLASH_SIZE];
    uint32_t operations;
} memories_t;

typedef struct machine {
    memories_t memories;
    qd_block_t fram;
    qd_block_t flash;
    qd_sealer_t sealer;
    void *memory;
    void *log_memory;
    qd_store_t *store;
    qd_log_store_t *logs;
    const qd_records_t *records;
    const qd_logs_t *rows;
    uint32_t lost;
} machine_t;

/* --- devices ---------------------------------------------------------------------------------------- */

static void count(memories_t *m, uint32_t size, uint32_t offset, uint32_t length) {
    FUZZ_MUST(offset <= size && length <= size - offset);
    FUZZ_MUST(++m->operations < OPERATIONS_MAX);
}

static qd_status_t fram_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    memories_t *m = context;
    count(m, FRAM_SIZE, offset, length);
    memcpy(buffer, m->fram + offset, length);
    return QD_OK;
}

static qd_status_t fram_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    memories_t *m = context;
    count(m, FRAM_SIZE, offset, length);
    memcpy(m->fram + offset, buffer, length);
    return QD_OK;
}

static qd_status_t flash_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    memories_t *m = context;
    count(m, FLASH_SIZE, offset, length);
    memcpy(buffer, m->flash + offset, length);
    return QD_OK;
}

static qd_status_t flash_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    memories_t *m = context;
    count(m, FLASH_SIZE, offset, length);
    for (uint32_t i = 0; i < length; i++) {
        m->flash[offset + i] &= buffer[i];
    }
    return QD_OK;
}

static qd_status_t flash_erase(void *context, uint32_t offset) {
    memories_t *m = context;
    count(m, FLASH_SIZE, offset, 1);
    memset(m->flash + offset / BLOCK * BLOCK, 0xFF, BLOCK);
    return QD_OK;
}

static qd_status_t nothing(void *context) {
    count(context, FLASH_SIZE, 0, 0);
    return QD_OK;
}

static qd_status_t open_any(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                            uint8_t *out, const uint8_t *tag) {
    (void)context;
    (void)nonce;
    (void)tag;
    memmove(out, in, length);
    return QD_OK;
}

/* --- life ------------------------------------------------------------------------------------------- */

static qd_status_t mount(machine_t *m) {
    qd_status_t status =
        qd_store_mount(m->memory, qd_store_size(&layout), &layout, &m->fram, &m->sealer, &m->store);
    if (status != QD_OK && status != QD_END) {
        return status;
    }
    m->records = qd_store_records(m->store);
    status = qd_log_mount(m->log_memory, qd_log_size(&log_layout), &log_layout, m->records, &m->flash,
                          &m->sealer, qd_store_epoch(m->store), &m->lost, &m->logs);
    FUZZ_MUST(status == QD_OK || status == QD_VERSION);
    m->rows = status == QD_OK ? qd_log_interface(m->logs) : NULL;
    return QD_OK;
}

static void connect(machine_t *m) {
    m->fram = (qd_block_t){.context = &m->memories,
                           .size = FRAM_SIZE,
                           .read = fram_read,
                           .program = fram_program,
                           .sync = nothing};
    m->flash = (qd_block_t){.context = &m->memories,
                            .size = FLASH_SIZE,
                            .erase_size = BLOCK,
                            .read = flash_read,
                            .program = flash_program,
                            .sync = nothing,
                            .erase_start = flash_erase,
                            .erase_poll = nothing};
    m->sealer = qd_sealer_crc;
    if (m->memory == NULL) {
        /* Exactly as long, so that a sanitizer sees the end. */
        m->memory = malloc(qd_store_size(&layout));
        m->log_memory = malloc(qd_log_size(&log_layout));
        FUZZ_MUST(m->memory != NULL && m->log_memory != NULL);
    }
    FUZZ_MUST(qd_store_device_size(&layout, &m->sealer) <= FRAM_SIZE);
    FUZZ_MUST(qd_log_device_size(&log_layout, &m->sealer, BLOCK) <= FLASH_SIZE);
}

/* The row that number n of a log is appended with. */
static void row_of(uint8_t *octets, uint16_t length, uint32_t n) {
    for (uint16_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)(n * 31u + i);
    }
}

/* One group: a record and a row of each log. True: committed, sequence[] has the numbers of the rows. */
static bool write_group(machine_t *m, uint32_t n, uint32_t *sequence) {
    uint8_t octets[QD_LOG_ROW_MAX];
    bool good = true;
    FUZZ_MUST(qd_txn_begin(m->store) == QD_OK);
    row_of(octets, 24, n);
    for (unsigned i = 0; i < 3; i++) {
        FUZZ_MUST(m->records->write(m->records->context, records[i].id, octets, 24) == QD_OK);
    }
    for (unsigned i = 0; i < LOGS && m->rows != NULL; i++) {
        qd_log_span_t span;
        sequence[i] = 0;
        FUZZ_MUST(m->rows->span(m->rows->context, log_rows[i].id, &span) == QD_OK);
        row_of(octets, log_rows[i].row_size, n);
        qd_status_t status = m->rows->append(m->rows->context, log_rows[i].id, (int64_t)n, octets,
                                             log_rows[i].row_size, &sequence[i]);
        /* QD_RANGE: the head that was found has rows of another size. */
        FUZZ_MUST(status == QD_OK || status == QD_PENDING || status == QD_NO_SPACE || status == QD_RANGE);
        sequence[i] = status == QD_OK ? sequence[i] : 0;
    }
    qd_status_t status = qd_txn_commit(m->store);
    good = status == QD_OK;
    FUZZ_MUST(good || status == QD_NO_SPACE || status == QD_IO);
    if (m->rows != NULL && good) {
        qd_log_group_committed(m->logs);
    } else if (m->rows != NULL) {
        FUZZ_MUST(qd_log_group_failed(m->logs) == QD_OK);
    }
    for (unsigned i = 0; m->rows != NULL && i < 4; i++) {
        status = qd_log_run(m->logs);
        FUZZ_MUST(status == QD_OK || status == QD_END || status == QD_IO);
    }
    return good;
}

static void read_records(const machine_t *m) {
    uint8_t octets[512];
    size_t length = 0;
    for (unsigned i = 0; i < RECORDS; i++) {
        qd_status_t status =
            m->records->read(m->records->context, records[i].id, octets, sizeof octets, &length);
        FUZZ_MUST(status == QD_OK || status == QD_END || status == QD_CORRUPT);
        FUZZ_MUST(status != QD_OK || length <= records[i].capacity);
        FUZZ_PLANT(i == 0 && FUZZ_STAGE(m->lost != 0) && FUZZ_STAGE(status == QD_OK) &&
                   FUZZ_STAGE(length > 0) && FUZZ_STAGE(octets[0] == 'Q'));
    }
}

static void read_rows(const machine_t *m) {
    uint8_t octets[QD_LOG_ROW_MAX];
    qd_log_span_t span;
    for (unsigned i = 0; i < LOGS; i++) {
        int64_t utc_s = 0;
        size_t length = 0;
        uint32_t found = 0;
        FUZZ_MUST(m->rows->span(m->rows->context, log_rows[i].id, &span) == QD_OK);
        FUZZ_MUST(span.first <= span.end && span.end - span.first <= ROWS_READ_MAX);
        for (uint32_t s = span.first; s != span.end; s++) {
            qd_status_t status =
                m->rows->read(m->rows->context, log_rows[i].id, s, &utc_s, octets, sizeof octets, &length);
            FUZZ_MUST(status == QD_OK || status == QD_CORRUPT);
            FUZZ_MUST(status != QD_OK || length <= log_rows[i].row_size);
        }
        qd_log_search_t search = {0, 0, 0};
        qd_status_t status = QD_PENDING;
        for (unsigned calls = 0; calls < 1000u && status == QD_PENDING; calls++) {
            status = m->rows->find(m->rows->context, log_rows[i].id, utc_s / 2, &search);
        }
        found = search.low;
        FUZZ_MUST(status == QD_OK);
        FUZZ_MUST(found >= span.first && found <= span.end);
    }
}

static void scrub(const machine_t *m) {
    qd_scrub_t report;
    uint16_t log;
    uint32_t sequence;
    for (unsigned i = 0; i < 2u * (2u * RECORDS + 3u); i++) {
        qd_status_t status = qd_store_scrub(m->store, &report);
        FUZZ_MUST(status == QD_OK || status == QD_CORRUPT || status == QD_END);
    }
    for (unsigned i = 0; m->rows != NULL && i < 2u * (FLASH_SIZE / 256u); i++) {
        qd_status_t status = qd_log_scrub(m->logs, &log, &sequence);
        FUZZ_MUST(status == QD_OK || status == QD_CORRUPT || status == QD_END);
    }
}

/* --- inputs ----------------------------------------------------------------------------------------- */

/* Memories that have been in use for a while. */
static void use(machine_t *m) {
    uint32_t sequence[LOGS];
    memset(&m->memories, 0xFF, sizeof m->memories);
    m->memories.operations = 0;
    connect(m);
    FUZZ_MUST(mount(m) == QD_OK && m->rows != NULL);
    for (uint32_t n = 0; n < 75; n++) {
        FUZZ_MUST(write_group(m, n, sequence) && sequence[0] == n + 1u && sequence[1] == n + 1u);
    }
    m->memories.operations = 0;
}

static void make_fit(uint8_t *fram) {
    for (unsigned copy = 0; copy < 2; copy++) {
        uint32_t crc = qd_crc32(0, fram + copy * 64u, 60);
        for (unsigned i = 0; i < 4; i++) {
            fram[copy * 64u + 60u + i] = (uint8_t)(crc >> (8u * i));
        }
    }
}

static void put_pieces(memories_t *m, const uint8_t *data, size_t size) {
    size_t at = 0;
    while (size - at >= 3u) {
        uint32_t address = (uint32_t)(data[at] | data[at + 1u] << 8);
        uint32_t length = data[at + 2u];
        bool flash = (address & 0x8000u) != 0;
        at += 3u;
        length = length < size - at ? length : (uint32_t)(size - at);
        address = (address & 0x7FFFu) % (flash ? FLASH_SIZE : FRAM_SIZE);
        uint32_t room = (flash ? FLASH_SIZE : FRAM_SIZE) - address;
        memcpy((flash ? m->flash : m->fram) + address, data + at, length < room ? length : room);
        at += length;
    }
}

/* What was written is there after the next mount; a sealer that takes anything cannot promise that. False: nothing is
 * mounted, because the epochs are used up. */
static bool check_written(machine_t *m, bool strict, uint32_t n, const uint32_t *sequence) {
    uint8_t octets[QD_LOG_ROW_MAX], wanted[QD_LOG_ROW_MAX];
    size_t length = 0;
    int64_t utc_s = 0;
    qd_status_t status = mount(m);
    FUZZ_MUST(status == QD_OK || !strict);
    if (status != QD_OK) {
        return false;
    }
    for (unsigned i = 0; strict && i < 3; i++) {
        row_of(wanted, 24, n);
        FUZZ_MUST(m->records->read(m->records->context, records[i].id, octets, sizeof octets, &length) ==
                  QD_OK);
        FUZZ_MUST(length == 24 && memcmp(octets, wanted, length) == 0);
    }
    for (unsigned i = 0; strict && i < LOGS && m->rows != NULL; i++) {
        if (sequence[i] == 0) {
            continue;
        }
        row_of(wanted, log_rows[i].row_size, n);
        FUZZ_MUST(m->rows->read(m->rows->context, log_rows[i].id, sequence[i], &utc_s, octets, sizeof octets,
                                &length) == QD_OK);
        FUZZ_MUST(utc_s == (int64_t)n && length == log_rows[i].row_size &&
                  memcmp(octets, wanted, length) == 0);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static machine_t machine;
    static memories_t used, before;
    static bool ready;
    machine_t *m = &machine;
    uint32_t sequence[LOGS] = {0, 0};
    uint32_t n = 1000;
    if (!ready) {
        use(m);
        used = m->memories;
        ready = true;
    }
    uint8_t choice = size > 0 ? data[0] : 0;
    m->memories = used;
    if ((choice & 0x08u) != 0) {
        memset(&m->memories, (choice & 0x04u) != 0 ? 0x00 : 0xFF, FRAM_SIZE + FLASH_SIZE);
    }
    put_pieces(&m->memories, data + (size > 0), size - (size > 0));
    if ((choice & 0x02u) != 0) {
        make_fit(m->memories.fram);
    }
    m->sealer.open = (choice & 0x01u) != 0 ? open_any : qd_sealer_crc.open;
    before = m->memories;
    qd_status_t status = mount(m);
    if (status != QD_OK) {
        FUZZ_MUST(status == QD_MODEL || status == QD_VERSION || status == QD_FOREIGN ||
                  status == QD_CORRUPT || status == QD_NO_SPACE);
        /* A group that is sealed and makes no sense is only found behind the commit of the epoch. */
        FUZZ_MUST((choice & 0x01u) != 0 || (memcmp(before.fram, m->memories.fram, FRAM_SIZE) == 0 &&
                                            memcmp(before.flash, m->memories.flash, FLASH_SIZE) == 0));
        return 0;
    }
    read_records(m);
    for (unsigned turn = 0; turn < 2; turn++) {
        if (m->rows != NULL) {
            read_rows(m);
        }
        scrub(m);
        bool good = true;
        for (unsigned i = 0; i < 5 && good; i++) {
            good = write_group(m, ++n, sequence);
        }
        FUZZ_MUST(good || (choice & 0x01u) != 0);
        if (!check_written(m, (choice & 0x01u) == 0, n, sequence)) {
            return 0;
        }
    }
    return 0;
}
