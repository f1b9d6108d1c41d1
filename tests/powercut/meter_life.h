/*
 * meter_life.h - a meter's life as the tests know it: what flowed, what was promised, what a peer was told.
 *
 * Nothing here is computed by the meter. Energy is the sum of a load that is known (meter_world.h), kept in two states per
 * rate: what was committed for sure, and what was flowing into the commit that is going on. A meter that starts must
 * show one of the two, whole. What a peer wrote is kept the same way, by the octets that it sent; rows of logs by
 * a hash of each; time by what the RTC shows. life_judge compares all of it with a meter and takes over which state it has.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef QD_TESTS_METER_LIFE_H
#define QD_TESTS_METER_LIFE_H

#include "app/diagnosis.h"
#include "app/event.h"
#include "meter_world.h"
#include "unit/meter/world.h"

#define LIFE_RATES 9u /* 0: unallocated */
#define LIFE_LOGS 2u
#define LIFE_ROWS 1024u /* of a log that are remembered, the newest */
#define LIFE_VALUE 512u
#define LIFE_NONCES 64u
/* By docs/storage.md. */
#define LIFE_BANK 128u
#define LIFE_TAG 12u
#define LIFE_ROW_CODE 32u /* in a row of the integrity journal */
#define LIFE_ROW_NEW 20u

typedef struct life_log {
    uint16_t id;
    uint32_t promised; /* rows that can always be read once there were as many */
    uint32_t first, end;
    uint32_t hash[LIFE_ROWS];
} life_log_t;

/* An attribute that a peer writes: as it answers to a GET, or as it was sent. */
typedef struct life_value {
    uint8_t attribute; /* of the register activation */
    uint16_t length[2];
    uint8_t octets[2][LIFE_VALUE]; /* for sure, and perhaps */
} life_value_t;

/* The newest nonce of a redo area, slot or log, and a check of what was sealed under it. */
typedef struct life_nonce {
    uint32_t offset[2]; /* in the first bank and in the other one */
    uint16_t record;
    uint32_t epoch, sequence, check;
} life_nonce_t;

typedef struct life {
    meter_world_t w;
    qd_sim_supply_t *supply;
    const char *wrong; /* the first thing that was */
    bool any_errors;   /* the error register does not matter */
    world_line_t line;
    qd_channel_port_t channel;
    bool is_open; /* the peer has an association */
    /* A+ in mJ per rate: committed, and with what flowed until flowed_us. */
    int64_t kept_mj[LIFE_RATES];
    int64_t flowed_mj[LIFE_RATES];
    uint64_t flowed_us;
    uint8_t rate, next_rate; /* in force, or perhaps */
    int64_t offset_ms;       /* of the RTC, for sure */
    int64_t next_offset_ms;  /* or perhaps */
    int64_t target_ms;       /* the UTC that makes it so, for the journal */
    life_value_t values[3];
    life_log_t logs[LIFE_LOGS];
    life_nonce_t nonces[LIFE_NONCES];
    unsigned nonce_count;
    life_nonce_t pages[LIFE_LOGS];
} life_t;

static inline void life_wrong(life_t *l, const char *what) {
    l->wrong = l->wrong == NULL ? what : l->wrong;
}

static inline uint32_t life_hash(const uint8_t *octets, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ octets[i]) * 16777619u;
    }
    return hash;
}

static inline uint32_t life_u32(const uint8_t *octets) {
    return (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 |
           (uint32_t)octets[3] << 24;
}

static inline bool life_dead(const life_t *l) {
    return qd_sim_supply_is_dead(l->supply);
}

/* --- nonces --- */

static inline void life_nonce_place(life_t *l, uint32_t offset, uint16_t record) {
    l->nonces[l->nonce_count++] = (life_nonce_t){.offset = {offset, 0}, .record = record};
}

/* The other bank ends with the device. */
static inline void life_nonce_banks(life_t *l, uint32_t bank_size) {
    uint32_t other = (l->w.ports.fram->size - bank_size) & ~63u;
    for (unsigned i = 0; i < l->nonce_count; i++) {
        l->nonces[i].offset[1] = l->nonces[i].offset[0] - LIFE_BANK + other;
    }
}

/* Where the pieces of the record store lie. */
static inline void life_nonce_places(life_t *l) {
    qd_store_layout_t layout;
    uint32_t largest = 0, data, at;
    qd_meter_layout(l->w.model, &layout);
    for (uint16_t i = 0; i < layout.row_count; i++) {
        largest = layout.rows[i].capacity > largest ? layout.rows[i].capacity : largest;
    }
    data = layout.group_capacity + 4u * (uint32_t)layout.row_count;
    data = data > 4u + largest ? data : 4u + largest;
    life_nonce_place(l, LIFE_BANK, 0);
    at = LIFE_BANK + ((16u + LIFE_TAG + data + 7u) & ~7u);
    for (uint16_t i = 0; i < layout.row_count; i++) {
        uint32_t size = (12u + LIFE_TAG + layout.rows[i].capacity + 7u) & ~7u;
        life_nonce_place(l, at, layout.rows[i].id);
        life_nonce_place(l, at + size, layout.rows[i].id);
        at += 2u * size;
    }
    life_nonce_banks(l, at - LIFE_BANK);
}

/* Epochs and sequences of one place only rise; the same nonce only with the same octets. */
static inline void life_nonce_seen(life_t *l, life_nonce_t *n, uint32_t epoch, uint32_t sequence,
                                   uint32_t check) {
    bool same = epoch == n->epoch && sequence == n->sequence;
    if (same ? check != n->check : epoch < n->epoch || (epoch == n->epoch && sequence < n->sequence)) {
        life_wrong(l, "a nonce came twice");
    }
    n->epoch = epoch;
    n->sequence = sequence;
    n->check = check;
}

static inline void life_watch_fram(life_t *l, uint32_t offset, const uint8_t *octets, uint32_t length) {
    for (unsigned i = 0; i < l->nonce_count && length > 16u + LIFE_TAG; i++) {
        life_nonce_t *n = &l->nonces[i];
        if (n->offset[0] != offset && n->offset[1] != offset) {
            continue;
        }
        if (i == 0 && memcmp(octets, "REDO", 4) == 0) {
            life_nonce_seen(l, n, life_u32(octets + 12), life_u32(octets + 8), life_hash(octets, length));
        } else if (i > 0 && (life_u32(octets) & 0xFFFFu) == n->record) {
            life_nonce_seen(l, n, life_u32(octets + 8), life_u32(octets + 4), life_hash(octets, length));
        }
        return;
    }
}

static inline void life_watch_page(life_t *l, const uint8_t *octets, uint32_t length) {
    for (unsigned i = 0; i < LIFE_LOGS && length > 12u + LIFE_TAG; i++) {
        if ((life_u32(octets) & 0xFFFFu) == l->logs[i].id) {
            life_nonce_t *n = &l->pages[i];
            uint32_t number = life_u32(octets + 4);
            /* A page keeps the epoch in which it was begun: numbers rise, not epochs. */
            if (number == n->sequence && n->check != 0 && life_u32(octets + 8) == n->epoch &&
                life_hash(octets, length) != n->check) {
                life_wrong(l, "a page was sealed twice under one nonce");
            }
            *n = (life_nonce_t){{0, 0}, 0, life_u32(octets + 8), number, life_hash(octets, length)};
        }
    }
}

/* --- energy --- */

static inline void life_flow(life_t *l, uint64_t now_us) {
    l->flowed_mj[l->rate] += mw_energy_mj(&l->w, l->flowed_us, now_us);
    l->flowed_us = now_us;
}

static inline void life_keep(life_t *l) {
    memcpy(l->kept_mj, l->flowed_mj, sizeof l->kept_mj);
}

/* A+ of every rate and the total, as the gate shows them. */
static inline bool life_registers(life_t *l, int64_t rate_mj[LIFE_RATES], qd_snapshot_t *snapshot) {
    const qd_gate_t *gate = qd_door_gate(l->w.meter->door);
    qd_status_t status = gate->poll(gate->context, snapshot);
    for (unsigned i = 0; i < LIFE_RATES && (status == QD_OK || status == QD_END); i++) {
        qd_gate_request_t request = {.sequence = 1, .kind = QD_GATE_PAGE};
        qd_gate_reply_t reply;
        request.u.page.page = QD_PAGE_RATE(i);
        status = gate->submit(gate->context, &request);
        status = status == QD_OK ? gate->reply(gate->context, &reply) : status;
        if (status == QD_OK) {
            rate_mj[i] = reply.u.page.energy_mj[QD_ENERGY_A_IMPORT];
        }
    }
    return status == QD_OK;
}

static inline void life_judge_energy(life_t *l) {
    int64_t got[LIFE_RATES] = {0}, sum = 0;
    qd_snapshot_t snapshot;
    if (!life_registers(l, got, &snapshot)) {
        life_wrong(l, "no registers");
        return;
    }
    for (unsigned i = 0; i < LIFE_RATES; i++) {
        sum += got[i];
        if (got[i] < l->kept_mj[i]) {
            life_wrong(l, "energy was lost that had been committed");
        }
        if (got[i] > l->flowed_mj[i]) {
            life_wrong(l, "energy appeared");
        }
    }
    if (memcmp(got, l->kept_mj, sizeof got) != 0 && memcmp(got, l->flowed_mj, sizeof got) != 0) {
        life_wrong(l, "part of a commit is there");
    }
    if (sum != snapshot.total_mj[QD_ENERGY_A_IMPORT]) {
        life_wrong(l, "a total is not the sum of its rates");
    }
    if ((snapshot.flags & (QD_METER_FLAG_CORRUPT | QD_METER_FLAG_DEGRADED)) != 0) {
        life_wrong(l, "a record was lost or could not be written");
    }
    if (snapshot.rate[QD_ENERGY_A_IMPORT] != l->rate && snapshot.rate[QD_ENERGY_A_IMPORT] != l->next_rate) {
        life_wrong(l, "another rate is in force");
    }
    l->rate = snapshot.rate[QD_ENERGY_A_IMPORT];
    memcpy(l->kept_mj, got, sizeof got);
    memcpy(l->flowed_mj, got, sizeof got);
}

/* --- logs --- */

/* One row; false: it cannot be read. */
static inline bool life_row(life_t *l, const life_log_t *log, uint32_t sequence, uint8_t row[128],
                            size_t *length) {
    const qd_logs_t *logs = qd_log_interface(l->w.meter->logs);
    int64_t utc_s = 0;
    qd_status_t status = logs->read(logs->context, log->id, sequence, &utc_s, row + 8, 120, length);
    memcpy(row, &utc_s, sizeof utc_s);
    *length += 8u;
    return status == QD_OK;
}

static inline void life_judge_journal_row(life_t *l, const uint8_t *row, uint32_t *before) {
    uint8_t code = row[8 + LIFE_ROW_CODE];
    if (code == QD_JOURNAL_RECORD_LOST || code == QD_JOURNAL_STORAGE_LOST) {
        life_wrong(l, "the journal tells of a loss");
    }
    if (life_u32(row + 8) <= *before) {
        life_wrong(l, "the journal is not in order");
    }
    *before = life_u32(row + 8);
}

/* Every row that could be read before can be read; takes over what is there. */
static inline void life_judge_log(life_t *l, life_log_t *log) {
    const qd_logs_t *logs = qd_log_interface(l->w.meter->logs);
    qd_log_span_t span;
    uint32_t before = 0, clock_set = 0;
    uint8_t row[128];
    size_t length = 0;
    if (logs->span(logs->context, log->id, &span) != QD_OK) {
        life_wrong(l, "a log has no span");
        return;
    }
    if (span.end < log->end) {
        life_wrong(l, "the newest rows of a log are gone");
    }
    if (span.first > log->first && span.end - span.first < log->promised) {
        life_wrong(l, "a log has fewer rows than it promises");
    }
    if (span.first < log->first) {
        life_wrong(l, "rows that were dropped are back");
    }
    for (uint32_t s = span.first; s < span.end && l->wrong == NULL; s++) {
        if (!life_row(l, log, s, row, &length)) {
            life_wrong(l, "a row cannot be read");
            return;
        }
        uint32_t hash = life_hash(row, length);
        if (s >= log->first && s < log->end && hash != log->hash[s % LIFE_ROWS]) {
            life_wrong(l, "a row has another content");
        }
        log->hash[s % LIFE_ROWS] = hash;
        if (log->id == QD_LOG_METROLOGY_JOURNAL) {
            life_judge_journal_row(l, row, &before);
        } else if (row[8] == QD_EVENT_CLOCK_NEW) {
            /* Each clock set of a scenario has a target of its own. */
            if (life_u32(row + 16) == clock_set) {
                life_wrong(l, "an event is there twice");
            }
            clock_set = life_u32(row + 16);
        }
    }
    log->first = span.first;
    log->end = span.end;
}

/* --- time --- */

/* A clock set with this target is in the journal's newest rows. */
static inline bool life_is_journaled(life_t *l, int64_t target_ms) {
    const qd_logs_t *logs = qd_log_interface(l->w.meter->logs);
    const life_log_t *log = &l->logs[0];
    qd_log_span_t span = {0, 0, 0, 0};
    uint8_t row[128], wanted[8];
    size_t length = 0;
    (void)logs->span(logs->context, log->id, &span);
    for (unsigned i = 0; i < 8; i++) {
        wanted[i] = (uint8_t)((uint64_t)target_ms >> (8u * i));
    }
    for (uint32_t s = span.end; s > span.first && s + 12u > span.end; s--) {
        if (life_row(l, log, s - 1u, row, &length) && row[8 + LIFE_ROW_CODE] == QD_JOURNAL_CLOCK_SET &&
            memcmp(row + 8 + LIFE_ROW_NEW, wanted, sizeof wanted) == 0) {
            return true;
        }
    }
    return false;
}

static inline void life_judge_time(life_t *l) {
    int64_t off_ms = qd_meter_utc_ms(l->w.meter, l->w.now_us) - mw_rtc_ms(&l->w);
    if (off_ms < -1 || off_ms > 1) {
        life_wrong(l, "the clock is not the RTC's");
    }
    if (l->w.rtc_offset_ms != l->offset_ms) {
        if (l->w.rtc_offset_ms != l->next_offset_ms) {
            life_wrong(l, "the clock shows neither the old nor the new time");
        } else if (!life_is_journaled(l, l->target_ms)) {
            life_wrong(l, "the clock was set without an entry in the journal");
        }
        l->offset_ms = l->w.rtc_offset_ms;
    }
}

static inline void life_judge_errors(life_t *l) {
    const qd_module_instance_t *m = &l->w.meter->modules[QD_MODULE_DIAGNOSIS];
    uint32_t errors = qd_diagnosis_errors(m->state);
    if (!l->any_errors && (errors & (QD_ERROR_FRAM | QD_ERROR_FLASH | QD_ERROR_INITIALIZATION)) != 0) {
        life_wrong(l, "the error register tells of memory");
    }
}

/* The meter, which has just been started or has ended a second, against all that is known. */
static inline void life_judge(life_t *l) {
    life_judge_energy(l);
    for (unsigned i = 0; i < LIFE_LOGS; i++) {
        life_judge_log(l, &l->logs[i]);
    }
    life_judge_time(l);
    life_judge_errors(l);
}

/* --- the peer --- */

/* What the meter writes when power has gone is written by nobody. */
static inline size_t life_line_write(void *context, const uint8_t *buffer, size_t length) {
    life_t *l = context;
    return life_dead(l) ? length : world_line_write(&l->line, buffer, length);
}

static inline size_t life_line_read(void *context, uint8_t *buffer, size_t size) {
    return world_line_read(&((life_t *)context)->line, buffer, size);
}

static inline uint32_t life_line_generation(void *context) {
    return ((const life_t *)context)->line.generation;
}

static inline uint32_t life_line_now_ms(void *context) {
    (void)context;
    return 0;
}

static inline void life_plug(life_t *l) {
    l->line.generation++;
    l->line.in_at = l->line.in_size = l->line.out_size = 0;
    l->is_open = false;
}

/* Puts one APDU of the management client and steps until there is an answer; its length, 0: none. */
static inline size_t life_ask(life_t *l, const uint8_t *apdu, size_t length, uint8_t *answer, size_t size) {
    const uint8_t head[8] = {0, 1, 0, SAP_MANAGEMENT, 0, 1, (uint8_t)(length >> 8), (uint8_t)length};
    size_t got = 0;
    memcpy(l->line.in, head, sizeof head);
    memcpy(l->line.in + sizeof head, apdu, length);
    l->line.in_at = 0;
    l->line.in_size = sizeof head + length;
    l->line.out_size = 0;
    for (unsigned i = 0; i < 20u && l->line.out_size == 0 && !life_dead(l); i++) {
        (void)mw_step(&l->w, l->w.now_us, QD_POWER_MAINS);
    }
    if (l->line.out_size > 8u && l->line.out_size - 8u <= size) {
        got = l->line.out_size - 8u;
        memcpy(answer, l->line.out + 8, got);
    }
    return got;
}

static inline bool life_open(life_t *l) {
    uint8_t apdu[128], answer[128];
    if (!l->is_open) {
        size_t length = world_aarq(world_password(SAP_MANAGEMENT), WORLD_CONFORMANCE, 0xFFFF, apdu);
        length = life_ask(l, apdu, length, answer, sizeof answer);
        l->is_open = length > 18u && answer[0] == 0x61 && answer[17] == 0;
    }
    return l->is_open;
}

/* SET of an attribute; true: success was heard. */
static inline bool life_set(life_t *l, uint16_t class_id, const uint8_t obis[6], uint8_t attribute,
                            const uint8_t *data, size_t length) {
    uint8_t apdu[LIFE_VALUE + 16] = {0xC1, 1, 0xC1, (uint8_t)(class_id >> 8), (uint8_t)class_id};
    uint8_t answer[64];
    memcpy(apdu + 5, obis, 6);
    apdu[11] = attribute;
    apdu[12] = 0;
    memcpy(apdu + 13, data, length);
    length = life_ask(l, apdu, 13u + length, answer, sizeof answer);
    return length == 4u && answer[0] == 0xC5 && answer[3] == 0;
}

static const uint8_t life_activation[6] = {0, 0, 14, 0, 1, 255};
static const uint8_t life_clock[6] = {0, 0, 1, 0, 0, 255};

/* GET of an attribute of the register activation; 0: refused. */
static inline size_t life_get(life_t *l, uint8_t attribute, uint8_t *data, size_t size) {
    uint8_t apdu[13] = {0xC0, 1, 0xC1, 0, 6};
    uint8_t answer[600];
    memcpy(apdu + 5, life_activation, 6);
    apdu[11] = attribute;
    size_t length = life_ask(l, apdu, sizeof apdu, answer, sizeof answer);
    if (length <= 4u || length - 4u > size || answer[0] != 0xC4 || answer[1] != 1 || answer[3] != 0) {
        return 0;
    }
    memcpy(data, answer + 4, length - 4u);
    return length - 4u;
}

/* What a peer reads is what one was told, or what one had asked for and heard nothing of; from now on for sure. */
static inline void life_judge_values(life_t *l) {
    uint8_t data[LIFE_VALUE];
    if (!life_open(l)) {
        life_wrong(l, "no association");
        return;
    }
    for (unsigned i = 0; i < 3u && l->wrong == NULL; i++) {
        life_value_t *v = &l->values[i];
        size_t length = life_get(l, v->attribute, data, sizeof data);
        bool sure = v->length[0] == 0 || (length == v->length[0] && memcmp(data, v->octets[0], length) == 0);
        if (!sure && (length == 0 || length != v->length[1] || memcmp(data, v->octets[1], length) != 0)) {
            life_wrong(l, "a value is neither old nor new");
        }
        v->length[0] = (uint16_t)length;
        memcpy(v->octets[0], data, length);
        v->length[1] = 0;
    }
    /* The masks of the factory and of this test: 000n is rate n. */
    if (l->values[2].octets[0][l->values[2].length[0] - 1u] != '0' + l->rate) {
        life_wrong(l, "the rate in force is not that of the active mask");
    }
}

/* --- a start, a second --- */

/* What comes with a start: nothing flows into a meter that is off, and nobody is connected. */
static inline qd_status_t life_start(life_t *l) {
    l->flowed_us = l->w.now_us;
    life_plug(l);
    qd_status_t status = mw_start(&l->w);
    if (status == QD_OK && !life_dead(l)) {
        life_judge(l);
        l->next_rate = l->rate;
    }
    return status;
}

static inline qd_status_t life_second(life_t *l) {
    uint64_t end_us = (l->w.now_us / MW_SECOND_US + 1u) * MW_SECOND_US;
    life_flow(l, end_us);
    qd_status_t status = mw_step(&l->w, end_us, QD_POWER_MAINS);
    if (status == QD_OK) {
        life_keep(l);
        if (!life_dead(l)) {
            life_judge(l);
        }
    }
    return status;
}

static inline size_t life_fram_memory(const qd_model_t *model) {
    return (qd_sim_fram_memory(qd_meter_fram_size(model)) + 63u) & ~(size_t)63u;
}

/* Octets of memory for life_init. */
static inline size_t life_memory(const qd_model_t *model) {
    return life_fram_memory(model) + mw_nor_memory(model);
}

/* A meter fresh from the factory on this supply, off. */
static inline void life_init(life_t *l, const qd_model_t *model, qd_sim_supply_t *supply, void *memory) {
    mw_init_at(&l->w, model, 1, supply, qd_meter_fram_size(model), memory,
               (uint8_t *)memory + life_fram_memory(model));
    l->supply = supply;
    l->channel = (qd_channel_port_t){.context = l,
                                     .generation = life_line_generation,
                                     .read = life_line_read,
                                     .write = life_line_write,
                                     .now_ms = life_line_now_ms};
    l->w.ports.channel[0] = &l->channel;
    l->w.ports.channel_count = 1;
    l->values[0].attribute = 2;
    l->values[1].attribute = 3;
    l->values[2].attribute = 4;
    l->logs[0] = (life_log_t){.id = 0x0301, .promised = 200, .first = 1, .end = 1};
    l->logs[1] = (life_log_t){.id = 0x0302, .promised = 500, .first = 1, .end = 1};
    l->rate = 1;
    l->next_rate = 1;
    life_nonce_places(l);
}

#endif
