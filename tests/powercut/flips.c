/*
 * flips: every bit of a meter's memories, one at a time, and what the meter makes of it.
 *
 * A meter lives for a while, with restarts, settings and events, and loses its supply. On copies of its FRAM and flash
 * one place is spoilt, a meter starts there, looks after its memories for a whole round, meters on and starts once more.
 * Allowed is only:
 *   - refused, with a status that says so and no octet changed;
 *   - registers to the last quantum as they were;
 *   - registers of one commit earlier, a second, and the journal tells of a repair;
 * and with any of them: the settings are what they were, rows of journal and event log are what they were or cannot be
 * read, and what cannot be read is in the error register, the event log and the journal after the round. Any damage of
 * a superblock or a slot is in the journal, and the next start finds none. The energy is the meter world's, computed here.
 *
 * Besides, more than one place: the same octet of both slots of a record, and some dozens at random. Then more may be
 * lost, but no energy appears, none goes without the flag CORRUPT, no row is changed or made up, and it is told.
 *
 * A place that a start and a round on the undamaged image never read cannot change them: of those only a sample is
 * spoilt. What is read is seen at the port.
 *
 *   flips             of mini every 17th octet that is read, each bit; of st402, its event ring rolled over, every 79th,
 *                     inverted and with one random value
 *   flips --full      all of them, and more of the others
 *   flips --model M --memory fram|flash --at N --mask X      one case of one place
 *         --more N --seed N, --twin N                        and of others
 * SPDX-License-Identifier: Apache-2.0
 */
#include "flips_life.h"

#define UNREAD_STEP 61u

/* --- judging ---------------------------------------------------------------------------------------- */

/* Addresses by the page docs/storage.md. */
static uint32_t records_at(const qd_store_layout_t *layout) {
    return SUPERBLOCKS + ((16u + 12u + layout->group_capacity + 4u * layout->row_count + 7u) & ~7u);
}

static uint32_t slot_size(const qd_store_layout_t *layout, uint32_t row) {
    return (SLOT_HEAD + layout->rows[row].capacity + 7u) & ~7u;
}

static uint8_t code_of(unsigned log, const row_t *row) {
    return row->octets[log == 0 ? 32 : 0];
}

static bool tells_of_storage(unsigned log, uint8_t code) {
    return log == 0 ? code == QD_JOURNAL_STORAGE_REPAIRED || code == QD_JOURNAL_STORAGE_LOST ||
                          code == QD_JOURNAL_RECORD_LOST
                    : code == QD_EVENT_MEMORY_ERROR;
}

static const row_t *row_at(const rows_t *rows, uint32_t sequence) {
    static const row_t none = {.status = QD_END};
    uint32_t i = sequence - rows->span.first;
    return sequence >= rows->span.first && sequence < rows->span.end && i < ROWS_MAX ? &rows->row[i] : &none;
}

static bool is_of_a_start(unsigned log, uint8_t code) {
    return log == 0 ? code == QD_JOURNAL_STARTED || tells_of_storage(log, code)
                    : code == QD_EVENT_POWER_DOWN || code == QD_EVENT_POWER_UP ||
                          code == QD_EVENT_PARAMETRIZATION || code == QD_EVENT_CLOCK_INVALID ||
                          tells_of_storage(log, code);
}

/* By the page docs/storage-logs.md. */
static uint32_t page_rows(const rows_t *rows) {
    return (235u - 16u) / (4u + row_at(rows, rows->span.first)->length);
}

/* Rows of before the start are what they were, or lost. With the head of a log and a page both gone, those before the page are
 * out of reach as well; with the head and the newest two pages, numbers of rows come again, and the last ones may be free. */
static const char *judge_log(const flips_t *f, unsigned n, bool strict) {
    const uint32_t end_before = f->end[n];
    const rows_t *had = &f->reference.log[n], *has = &f->seen.log[n];
    /* A log shows so many rows: one more at the end is one less at the begin. */
    if (strict && (has->span.generation != had->span.generation || has->span.end < had->span.end ||
                   has->span.first > had->span.first + (has->span.end - had->span.end))) {
        return "rows are gone";
    }
    uint32_t first = has->span.first > had->span.first ? has->span.first : had->span.first;
    for (uint32_t s = first; s < end_before; s++) {
        const row_t *was = row_at(had, s), *is = row_at(has, s);
        bool same = is->utc_s == was->utc_s && is->length == was->length &&
                    memcmp(is->octets, was->octets, was->length) == 0;
        if (is->status == QD_OK && !same && (strict || !is_of_a_start(n, code_of(n, is)))) {
            return "a row has changed";
        }
        if (s >= has->span.end && !strict && has->unreadable >= 2u * page_rows(had)) {
            return NULL;
        }
        if (is->status != QD_OK && is->status != QD_CORRUPT) {
            return "a row is neither there nor lost";
        }
    }
    return NULL;
}

/* The start added no other rows than an undamaged one, but those that tell of the damage. *told: how many of these. When
 * whole records are lost, rows may be fewer, and numbers are left out. */
static const char *judge_new_rows(const flips_t *f, unsigned n, bool strict, unsigned *told) {
    const rows_t *had = &f->reference.log[n], *has = &f->seen.log[n];
    uint32_t expected = f->end[n];
    for (uint32_t s = f->end[n]; s < has->span.end; s++) {
        const row_t *row = row_at(has, s);
        uint8_t code = code_of(n, row);
        if (row->status == QD_OK && tells_of_storage(n, code)) {
            (*told)++;
        } else if (!strict) {
            if (row->status == QD_OK && !is_of_a_start(n, code)) {
                return "a row is invented";
            }
        } else if (expected >= had->span.end || code != code_of(n, row_at(had, expected))) {
            return "a row is invented";
        } else {
            expected++;
        }
    }
    return expected == had->span.end || !strict ? NULL : "a row of the start is missing";
}

static const char *judge_settings(const flips_t *f) {
    for (size_t i = 0; i < SETTINGS; i++) {
        if (f->seen.length[i] != f->reference.length[i] ||
            (f->seen.length[i] < RECORD_MAX &&
             memcmp(f->seen.setting[i], f->reference.setting[i], f->seen.length[i]) != 0)) {
            return "a setting has changed";
        }
    }
    return NULL;
}

/* Is it an octet that a start looks at: of a superblock, or of a slot? */
static bool is_guarded(const flips_t *f) {
    const qd_store_layout_t *layout = &f->world.meter->layout;
    uint32_t at = records_at(layout);
    if (f->memory == FRAM && f->at < SUPERBLOCKS) {
        return true;
    }
    for (uint32_t i = 0; f->memory == FRAM && i < 2u * layout->row_count; i++) {
        const uint8_t *head = f->image[FRAM] + at;
        uint32_t length = (uint32_t)(head[2] | head[3] << 8);
        bool blank = (head[0] | head[1]) == 0;
        if (f->at >= at && f->at < at + SLOT_HEAD + (blank ? 0 : length)) {
            return true;
        }
        at += slot_size(layout, i / 2u);
    }
    return false;
}

static const char *judge_second_start(flips_t *f) {
    meter_world_t *w = &f->world;
    uint64_t hash = qd_meter_hash(w->meter);
    qd_sim_supply_power_off(&w->supply, QD_SIM_UNSYNCED_LOST);
    qd_sim_supply_restart(&w->supply);
    w->now_us += 9 * MW_SECOND_US;
    if (start(f) != QD_OK || f->seen.hash != hash) {
        return "the next start is another one";
    }
    return f->seen.bad_slots == 0 ? judge_settings(f) : "the damage is there at the next start";
}

static const char *judge_refused(const flips_t *f, qd_status_t status) {
    if (memcmp(qd_sim_fram_cells(&f->world.fram), f->spoilt[FRAM], f->size[FRAM]) != 0 ||
        memcmp(qd_sim_nor_cells(&f->world.nor), f->spoilt[FLASH], f->size[FLASH]) != 0) {
        return "refused, but changed";
    }
    return status == QD_CORRUPT || status == QD_VERSION || status == QD_FOREIGN || status == QD_MODEL
               ? NULL
               : "refused without a reason";
}

/* What stands after the round: rows, and who tells. */
static const char *judge_round(flips_t *f, bool strict, unsigned *told) {
    const char *why = NULL;
    seen_t *s = &f->seen;
    round_of_upkeep(f);
    for (unsigned n = 0; n < 2; n++) {
        see_log(f, n, &s->log[n]);
        why = why == NULL ? judge_log(f, n, strict) : why;
        const char *new_rows = judge_new_rows(f, n, strict, &told[n]);
        why = why == NULL ? new_rows : why;
    }
    uint32_t unreadable = s->log[0].unreadable + s->log[1].unreadable;
    unsigned tellers =
        ((s->errors & QD_ERROR_FLASH) != 0 ? 1u : 0u) + (told[0] != 0 ? 1u : 0u) + (told[1] != 0 ? 1u : 0u);
    /* Register, journal and event log; of dozens of places some may be theirs, but not all three go unheard. */
    if (why == NULL && unreadable > 0 && tellers < (strict ? 3u : 1u)) {
        why = "rows are lost, and nobody tells";
    }
    return why;
}

/* One place: strictly. */
static const char *judge(flips_t *f) {
    seen_t *s = &f->seen;
    unsigned told[2] = {0, 0};
    qd_status_t status = start_spoilt(f);
    if (status != QD_OK) {
        f->refused++;
        return judge_refused(f, status);
    }
    bool exact = s->hash == f->hash[1];
    if (!exact && (s->hash != f->hash[0] || f->memory == FLASH)) {
        return "registers are wrong";
    }
    (exact ? &f->exact : &f->second)[0]++;
    const char *why = judge_settings(f);
    why = why == NULL ? judge_round(f, true, told) : why;
    if (why != NULL) {
        return why;
    }
    if (f->memory == FRAM && s->log[0].unreadable + s->log[1].unreadable > 0) {
        return "rows are lost with one place of the FRAM";
    }
    if ((is_guarded(f) || !exact) && told[0] == 0) {
        return "damage that was repaired is not in the journal";
    }
    return f->memory == FRAM ? judge_second_start(f) : NULL;
}

/* More than one place: much may be lost, but nothing is made up, and it is told. */
static const char *judge_many(flips_t *f) {
    seen_t *s = &f->seen;
    unsigned told[2] = {0, 0};
    qd_status_t status = start_spoilt(f);
    if (status != QD_OK) {
        f->refused++;
        return judge_refused(f, status);
    }
    bool exact = s->hash == f->hash[1], second = s->hash == f->hash[0];
    (exact ? &f->exact : second ? &f->second : &f->worse)[0]++;
    if (s->import_mj > f->import_mj) {
        return "energy appears";
    }
    if (!exact && !second && (s->flags & QD_METER_FLAG_CORRUPT) == 0) {
        return "energy is lost without the flag";
    }
    const char *settled = judge_settings(f);
    const char *why = judge_round(f, false, told);
    for (unsigned n = 0; n < 2 && why == NULL && told[0] == 0; n++) {
        why = judge_log(f, n, true);
    }
    if (why == NULL && settled != NULL && (told[0] == 0 || (s->errors & QD_ERROR_FRAM) == 0)) {
        why = settled;
    }
    return why == NULL && !exact && told[0] == 0 ? "energy is lost, and the journal does not tell" : why;
}

static void judged(flips_t *f, const char *why) {
    if (why != NULL) {
        fail(f, why);
    } else {
        f->passed++;
    }
}

static void one(flips_t *f, memory_t memory, uint32_t at, uint8_t mask, const char *(*by)(flips_t *)) {
    f->memory = memory;
    f->at = at;
    f->mask = mask;
    judged(f, by(f));
}

/* The same octet of both copies, of every pair: of such damage a strict judge has to find some. */
static void pairs(flips_t *f, uint32_t step) {
    const qd_store_layout_t *layout = &f->world.meter->layout;
    uint32_t at = records_at(layout);
    unsigned long strict = 0;
    f->memory = FRAM;
    f->mask = 0x55;
    f->twin = SUPERBLOCKS / 2u;
    for (f->at = 0; f->at < SUPERBLOCKS / 2u; f->at++) {
        judged(f, judge_many(f));
    }
    for (uint32_t row = 0; row < layout->row_count; row++) {
        f->twin = slot_size(layout, row);
        for (uint32_t i = 0; i < f->twin; i += i < SLOT_HEAD ? 1u : step) {
            f->at = at + i;
            judged(f, judge_many(f));
            strict += judge(f) != NULL ? 1u : 0u;
        }
        at += 2u * f->twin;
    }
    f->twin = 0;
    judged(f, strict > 0 ? NULL : "damage of two copies is not found");
}

static void scattered(flips_t *f, unsigned cases) {
    for (unsigned i = 0; i < cases; i++) {
        f->memory = FRAM;
        f->at = i * 89u % f->size[FRAM];
        f->mask = 0x10;
        f->more = 1u + i % 48u;
        f->random = f->seed = i;
        judged(f, judge_many(f));
    }
    f->more = 0;
}

/* --- both meters ------------------------------------------------------------------------------------ */

/* The undamaged image: what every other start is compared with, against the energy that flowed. */
static bool refer(flips_t *f) {
    watch(f);
    f->mask = 0;
    if (start_spoilt(f) != QD_OK || f->seen.import_mj != f->import_mj || f->seen.hash != f->hash[1]) {
        return false;
    }
    round_of_upkeep(f);
    for (unsigned n = 0; n < 2; n++) {
        see_log(f, n, &f->seen.log[n]);
    }
    f->reference = f->seen;
    f->world.ports.fram = &f->world.fram_port;
    f->world.ports.flash = &f->world.nor_port;
    return f->seen.bad_slots == 0 && f->seen.log[0].unreadable + f->seen.log[1].unreadable == 0;
}

static bool begin(flips_t *f, const char *model, bool rolled) {
    qd_meter_release(f, sizeof *f);
    memset(f, 0, sizeof *f);
    f->model = model;
    if (qd_model_find(model) == NULL || !mw_init(&f->world, qd_model_find(model), 11)) {
        return false;
    }
    f->size[FRAM] = qd_meter_fram_size(f->world.model);
    f->size[FLASH] = qd_meter_flash_size(f->world.model, MW_ERASE_SIZE);
    for (unsigned i = 0; i < MEMORIES; i++) {
        f->image[i] = malloc(f->size[i]);
        f->spoilt[i] = malloc(f->size[i]);
        f->read[i] = calloc(f->size[i], 1);
    }
    f->factory = (qd_factory_t){f, factory_open};
    f->world.ports.factory = &f->factory;
    return life(f, rolled) && refer(f);
}

static void end(flips_t *f) {
    for (unsigned i = 0; i < MEMORIES; i++) {
        free(f->image[i]);
        free(f->spoilt[i]);
        free(f->read[i]);
    }
    mw_free(&f->world);
}

/* Every step-th octet that is read, and a few of the others: each bit by itself, or all of them and some. */
static void spoil(flips_t *f, memory_t memory, uint32_t step, bool bits) {
    uint32_t looked_at = 0;
    for (uint32_t at = 0; at < f->size[memory]; at++) {
        bool read = f->read[memory][at] != 0;
        looked_at += read ? 1u : 0u;
        f->unread += read ? 0u : 1u;
        if (read ? looked_at % step != 0 : at % (UNREAD_STEP * step) != 0) {
            continue;
        }
        for (unsigned bit = 0; bits && bit < 8; bit++) {
            one(f, memory, at, (uint8_t)(1u << bit), judge);
        }
        if (!bits) {
            uint8_t other = draw(f);
            one(f, memory, at, 0xFF, judge);
            one(f, memory, at, other != 0 ? other : 1u, judge);
        }
    }
}

static void report(flips_t *f, const char *what) {
    printf("%s, %-8s %6lu exact, %5lu the commit before, %5lu less, %4lu refused\n", f->model, what, f->exact,
           f->second, f->worse, f->refused);
    f->exact = f->second = f->worse = f->refused = 0;
}

static void all(flips_t *f, uint32_t step, bool bits) {
    spoil(f, FRAM, step, bits);
    spoil(f, FLASH, step, bits);
    report(f, bits ? "bits:" : "octets:");
    printf("%s, never read: %lu of %u octets\n", f->model, f->unread,
           (unsigned)(f->size[FRAM] + f->size[FLASH]));
    pairs(f, step);
    report(f, "pairs:");
    scattered(f, step == 1u ? 6000u : 300u);
    report(f, "many:");
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise) {
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return otherwise;
}

static uint32_t number(int argc, char **argv, const char *name, const char *otherwise) {
    return (uint32_t)strtoul(option(argc, argv, name, otherwise), NULL, 0);
}

int main(int argc, char **argv) {
    static flips_t f;
    static const char *const models[] = {"mini", "st402"};
    bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
    const char *only = option(argc, argv, "--model", NULL);
    unsigned long passed = 0, failed = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (only != NULL && strcmp(only, models[i]) != 0) {
            continue;
        }
        if (!begin(&f, models[i], i == 1)) {
            printf("flips: the life of %s goes wrong\n", models[i]);
            failed++;
        } else if (only != NULL) {
            memory_t memory = strcmp(option(argc, argv, "--memory", "fram"), "fram") == 0 ? FRAM : FLASH;
            uint32_t at = number(argc, argv, "--at", "0");
            uint8_t mask = (uint8_t)number(argc, argv, "--mask", "1");
            f.more = (unsigned)number(argc, argv, "--more", "0");
            f.random = f.seed = (unsigned)number(argc, argv, "--seed", "0");
            f.twin = number(argc, argv, "--twin", "0");
            one(&f, memory, at % f.size[memory], mask, f.more != 0 || f.twin != 0 ? judge_many : judge);
        } else {
            all(&f, full ? 1u : i == 0 ? 17u : 79u, i == 0);
        }
        passed += f.passed;
        failed += f.failed;
        end(&f);
    }
    printf("%lu passed, %lu failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
