/*
 * cut_store: the store alone, with a power cut in every program and every sync.
 *
 * A scenario of single writes, groups, restarts, scrubbing and migrations up and down runs on a simulated
 * FRAM. For every operation of it
 * and every way to tear one (variant = torn + 5 * unsynced, see quadrant/sim.h) power fails there; the
 * device is copied, a second store mounts the copy, and it must show the state before or after the step
 * that was cut, as a whole. Then that mount is cut itself, in every operation; and the scenario goes on
 * to its end on a copy. After a cut in a migration the second cut hits the next attempt, and the mount
 * behind it. No sealer nonce may come twice in any of these histories, but for the same octets of a
 * superblock. Between two of the mounts an octet of a slot of a mirrored record is spoilt, which must
 * change nothing.
 *
 *   cut_store                            all of it, then every planted defect, which must be found
 *   cut_store --all                      as well every variant for the cut in the second mount
 *   cut_store --op N --variant V [--op2 M --variant2 W]     one case
 *   cut_store --defect NAME              with a planted defect: fails
 *   cut_store --image FILE [--op N --variant V]   writes the image, prints what a mount must find in it
 */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quadrant/sim.h"
#include "store/store.h"

#define DEVICE_SIZE 2816u
#define KINDS 6u
#define ROWS 5u
#define CAPACITY_MAX 200u
#define VARIANTS ((unsigned)QD_SIM_TORN_COUNT * (unsigned)QD_SIM_UNSYNCED_COUNT)
#define FIRST_BANK 128u
#define GROUP 332u
#define GROUP_DATA (GROUP + 4u * ROWS)
#define ALL_OPERATIONS UINT32_MAX

/* The records of both layouts; a capacity of 0: not in this one. */
static const struct kind_row {
    uint16_t id;
    uint16_t capacity[2];
    bool mirrored;
} kinds[KINDS] = {{1, {20, 20}, false}, {2, {40, 48}, true},
                  {3, {64, 0}, false},  {5, {CAPACITY_MAX, CAPACITY_MAX}, true},
                  {7, {0, 24}, false},  {9, {8, 8}, false}};

static const qd_record_row_t rows_7[ROWS] = {
    {1, 20, false}, {2, 40, true}, {3, 64, false}, {5, CAPACITY_MAX, true}, {9, 8, false},
};
static const qd_record_row_t rows_8[ROWS] = {
    {1, 20, false}, {2, 48, true}, {5, CAPACITY_MAX, true}, {7, 24, false}, {9, 8, false},
};
static const qd_record_row_t plain_rows[ROWS] = {
    {1, 20, false}, {2, 40, false}, {3, 64, false}, {5, CAPACITY_MAX, false}, {9, 8, false},
};
static const qd_store_layout_t layouts[2] = {{"cut", 7, rows_7, ROWS, GROUP},
                                             {"cut", 8, rows_8, ROWS, GROUP}};
static const qd_store_layout_t plain_layout = {"cut", 7, plain_rows, ROWS, GROUP};

enum kind { MOUNT, WRITE, GROUP_OF, ABORT, MIGRATE, SCRUB, DAMAGE };

/* Indices of kinds, in the order of their writes; of DAMAGE the number of slot and copy. */
static const struct step {
    enum kind kind;
    unsigned count;
    unsigned rows[6];
} script[] = {
    {MOUNT, 0, {0}},          {WRITE, 1, {0}},
    {WRITE, 1, {0}},          {GROUP_OF, 2, {1, 2}},
    {GROUP_OF, 0, {0}},       {WRITE, 1, {3}},
    {GROUP_OF, 3, {0, 1, 3}}, {WRITE, 1, {0}},
    {WRITE, 1, {1}},          {MOUNT, 0, {0}},
    {GROUP_OF, 1, {2}},       {ABORT, 3, {0, 1, 2}},
    {GROUP_OF, 2, {5, 0}},    {WRITE, 1, {5}},
    {WRITE, 1, {0}},          {GROUP_OF, 5, {0, 1, 2, 3, 5}},
    {GROUP_OF, 3, {2, 1, 2}}, {MOUNT, 0, {0}},
    {WRITE, 1, {2}},          {WRITE, 1, {2}},
    {GROUP_OF, 2, {3, 2}},    {WRITE, 1, {3}},
    {GROUP_OF, 2, {0, 5}},    {WRITE, 1, {5}},
    {DAMAGE, 0, {0}},         {SCRUB, 0, {0}},
    {DAMAGE, 1, {0}},         {MIGRATE, 0, {0}},
    {MOUNT, 0, {0}},          {GROUP_OF, 3, {1, 4, 0}},
    {WRITE, 1, {4}},          {MIGRATE, 0, {0}},
    {MOUNT, 0, {0}},          {WRITE, 1, {2}},
    {GROUP_OF, 2, {1, 0}},    {WRITE, 1, {5}},
};
#define STEPS (sizeof script / sizeof script[0])

static const char *const defects[] = {
    "none",
    "drop-sync",       /* no sync does anything */
    "drop-redo",       /* the redo area is not written */
    "drop-redo-sync",  /* records are applied before the redo area is durable */
    "drop-retire",     /* a group stays in the redo area */
    "drop-apply-sync", /* the redo area is retired before the records are durable */
    "drop-epoch",      /* the boot epoch is not written again */
    "one-slot",        /* both slots are the same octets */
    "no-check",        /* every tag fits */
    "no-mirror",       /* no record is mirrored */
    "drop-flip-sync",  /* the superblock names a bank that is not durable yet */
    "stale-bank",      /* a bank is not made blank before it is used again */
    "drop-scrub",      /* scrubbing does nothing */
};
enum defect {
    NO_DEFECT,
    DROP_SYNC,
    DROP_REDO,
    DROP_REDO_SYNC,
    DROP_RETIRE,
    DROP_APPLY_SYNC,
    DROP_EPOCH,
    ONE_SLOT,
    NO_CHECK,
    NO_MIRROR,
    DROP_FLIP_SYNC,
    STALE_BANK,
    DROP_SCRUB,
    DEFECTS
};

/* How often each record was written, and the layout: all that there is to know of the contents. */
typedef struct state {
    unsigned version[KINDS];
    unsigned layout;
} state_t;

#define SUPERS 512u

/* One seal of a superblock; the same nonce may come again, with the same octets. */
typedef struct super {
    uint64_t number;
    uint32_t check;
} super_t;

/* What one line of history has sealed and been promised; indices are record ids. */
typedef struct history {
    uint64_t last[10][2];
    uint32_t highest[10];
    uint32_t committed[10];
    uint32_t epoch;
    unsigned supers;
    super_t super[SUPERS];
    bool reused;
} history_t;

typedef struct world {
    qd_sim_fram_t fram;
    uint8_t *cells;
    uint8_t *memory;
    size_t memory_size;
    qd_block_t inner;
    qd_block_t device;
    qd_sealer_t sealer;
    qd_store_t *store;
    history_t history;
    enum defect defect;
    unsigned layout; /* of the store that is mounted */
    bool migrating;
    uint32_t last_program;
    unsigned group_syncs; /* since the last program of the redo area; 0: the next one is the first */
} world_t;

typedef struct tally {
    unsigned long passed, failed;
    bool quiet;
} tally_t;

typedef struct cut {
    uint32_t op, op2;
    unsigned variant, variant2;
} cut_t;

/* --- devices and sealers with planted defects ------------------------------------------------------- */

static bool is_zero(const uint8_t *octets, uint32_t length) {
    for (uint32_t i = 0; i < length; i++) {
        if (octets[i] != 0) {
            return false;
        }
    }
    return true;
}

static uint32_t slot_size(unsigned layout, unsigned kind) {
    return kinds[kind].capacity[layout] == 0 ? 0 : (12u + 4u + kinds[kind].capacity[layout] + 7u) & ~7u;
}

/* The first layout lies in the first bank, the second one at the end of the device. */
static uint32_t bank_of(unsigned layout) {
    uint32_t size = (16u + 4u + GROUP_DATA + 7u) & ~7u;

    for (unsigned i = 0; i < KINDS; i++) {
        size += 2 * slot_size(layout, i);
    }
    return layout == 0 ? FIRST_BANK : (DEVICE_SIZE - size) / 64u * 64u;
}

static uint32_t slot_at(unsigned layout, unsigned kind, unsigned slot) {
    uint32_t at = bank_of(layout) + ((16u + 4u + GROUP_DATA + 7u) & ~7u);

    for (unsigned i = 0; i < kind; i++) {
        at += 2 * slot_size(layout, i);
    }
    return at + slot * slot_size(layout, kind);
}

/* Offset in slot 0 when offset is in slot 1. */
static uint32_t fold_slots(uint32_t offset) {
    for (unsigned i = 0; i < 2 * KINDS; i++) {
        uint32_t first = slot_at(i / KINDS, i % KINDS, 0), size = slot_size(i / KINDS, i % KINDS);

        if (offset >= first + size && offset < first + 2 * size) {
            return offset - size;
        }
    }
    return offset;
}

static qd_status_t device_read(void *context, uint32_t offset, uint8_t *buffer, uint32_t length) {
    world_t *world = context;

    if (world->defect == ONE_SLOT) {
        offset = fold_slots(offset);
    }
    return world->inner.read(world->inner.context, offset, buffer, length);
}

static qd_status_t device_program(void *context, uint32_t offset, const uint8_t *buffer, uint32_t length) {
    world_t *world = context;
    bool redo = !world->migrating && offset == bank_of(world->layout);
    bool retire = redo && is_zero(buffer, length);

    world->last_program = offset;
    if (world->defect == STALE_BANK && world->migrating && buffer[0] == 0xff && buffer[length - 1] == 0xff) {
        return QD_OK;
    }
    if (redo) {
        world->group_syncs = retire ? 2 : 0;
    }
    if ((world->defect == DROP_REDO && redo && !retire) || (world->defect == DROP_RETIRE && retire) ||
        (world->defect == DROP_EPOCH && offset < FIRST_BANK && world->history.epoch > 0)) {
        return QD_OK;
    }
    if (world->defect == ONE_SLOT) {
        offset = fold_slots(offset);
    }
    return world->inner.program(world->inner.context, offset, buffer, length);
}

static qd_status_t device_sync(void *context) {
    world_t *world = context;

    unsigned number = world->group_syncs++;

    if (world->defect == DROP_SYNC || (world->defect == DROP_REDO_SYNC && number == 0) ||
        (world->defect == DROP_APPLY_SYNC && number == 1) ||
        (world->defect == DROP_FLIP_SYNC && world->migrating && world->last_program >= FIRST_BANK)) {
        return QD_OK;
    }
    return world->inner.sync(world->inner.context);
}

/* The same nonce twice, with other octets? */
static bool is_reused(history_t *history, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length) {
    super_t seen = {(uint64_t)nonce->epoch << 32 | nonce->sequence, 5381};

    for (size_t i = 0; i < length; i++) {
        seen.check = seen.check * 33u ^ in[i];
    }
    for (unsigned i = 0; i < history->supers; i++) {
        if (history->super[i].number == seen.number) {
            return history->super[i].check != seen.check;
        }
    }
    if (history->supers == SUPERS) {
        return true;
    }
    history->super[history->supers++] = seen;
    return false;
}

static qd_status_t seal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                        uint8_t *out, uint8_t *tag) {
    world_t *world = context;
    history_t *history = &world->history;
    uint64_t number = (uint64_t)nonce->epoch << 32 | nonce->sequence;

    if (nonce->record == 0 && nonce->slot == QD_SEAL_SLOT_SUPER) {
        history->reused = history->reused || is_reused(history, nonce, in, length);
        return qd_sealer_crc.seal(qd_sealer_crc.context, nonce, in, length, out, tag);
    }
    if (number <= history->last[nonce->record][nonce->slot] ||
        (nonce->record != 0 && nonce->sequence <= history->committed[nonce->record])) {
        history->reused = true;
    }
    history->last[nonce->record][nonce->slot] = number;
    if (nonce->sequence > history->highest[nonce->record]) {
        history->highest[nonce->record] = nonce->sequence;
    }
    return qd_sealer_crc.seal(qd_sealer_crc.context, nonce, in, length, out, tag);
}

static qd_status_t unseal(void *context, const qd_seal_nonce_t *nonce, const uint8_t *in, size_t length,
                          uint8_t *out, const uint8_t *tag) {
    world_t *world = context;
    qd_status_t status = qd_sealer_crc.open(qd_sealer_crc.context, nonce, in, length, out, tag);

    if (status != QD_OK && world->defect == NO_CHECK) {
        memcpy(out, in, length);
        return QD_OK;
    }
    return status;
}

/* --- worlds ----------------------------------------------------------------------------------------- */

static void *need(size_t size) {
    void *memory = aligned_alloc(alignof(max_align_t), (size + 63) / 64 * 64);

    if (memory == NULL) {
        fputs("cut_store: no memory\n", stderr);
        exit(2);
    }
    return memory;
}

static void wire(world_t *world) {
    qd_sim_fram_port(&world->fram, &world->inner);
    world->device = (qd_block_t){.context = world,
                                 .size = DEVICE_SIZE,
                                 .read = device_read,
                                 .program = device_program,
                                 .sync = device_sync};
    world->sealer = (qd_sealer_t){.context = world, .tag_size = 4, .seal = seal, .open = unseal};
    world->store = NULL;
}

static void world_new(world_t *world, enum defect defect) {
    memset(world, 0, sizeof *world);
    world->cells = need(qd_sim_fram_memory(DEVICE_SIZE));
    world->memory_size = qd_store_migrate_size(&layouts[0], &layouts[1]);
    world->memory = need(world->memory_size);
    world->defect = defect;
    world->group_syncs = 2;
    qd_sim_fram_init(&world->fram, world->cells, DEVICE_SIZE, 0xff, 1);
    wire(world);
}

static void world_free(world_t *world) {
    free(world->cells);
    free(world->memory);
}

/* to becomes what from is, after its power came back. Buffers stay those of to. */
static void world_copy(world_t *to, const world_t *from) {
    qd_sim_fram_copy(&to->fram, to->cells, &from->fram);
    qd_sim_fram_restart(&to->fram);
    to->history = from->history;
    to->defect = from->defect;
    to->layout = from->layout;
    to->migrating = false;
    to->group_syncs = 2;
    wire(to);
}

/* --- content ---------------------------------------------------------------------------------------- */

static size_t content(unsigned layout, unsigned kind, unsigned version, uint8_t *octets) {
    unsigned capacity = kinds[kind].capacity[kinds[kind].capacity[0] == 0 ? 1 : 0];
    size_t length = capacity - (version * 5u + kind) % (capacity / 2u + 1u);

    if (version == 3 && kind == 2) {
        length = 0;
    }
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)(version * 37u + kind * 11u + i * (version + 1u));
    }
    if (kind == 1 && layout == 1) {
        memcpy(octets + length, "appendix", 8);
        length += 8;
    }
    return length;
}

static qd_status_t append(void *context, const uint8_t *old, size_t old_length, uint8_t *made, size_t size,
                          size_t *length) {
    (void)context;
    (void)size;
    memcpy(made, old, old_length);
    memcpy(made + old_length, "appendix", 8);
    *length = old_length + 8;
    return QD_OK;
}

static qd_status_t strip(void *context, const uint8_t *old, size_t old_length, uint8_t *made, size_t size,
                         size_t *length) {
    (void)context;
    (void)size;
    if (old_length < 8) {
        return QD_MALFORMED;
    }
    *length = old_length - 8;
    memcpy(made, old, *length);
    return QD_OK;
}

/* What a store sealed after its power was gone never reached the device. */
static void forget_uncommitted(world_t *world) {
    memcpy(world->history.highest, world->history.committed, sizeof world->history.highest);
}

static qd_status_t mount(world_t *world) {
    qd_store_t *store = NULL;
    qd_status_t status = QD_VERSION;

    forget_uncommitted(world);
    for (unsigned i = 0; i < 2 && status == QD_VERSION; i++) {
        const qd_store_layout_t *layout = &layouts[world->layout];

        if (world->defect == NO_MIRROR && world->layout == 0) {
            layout = &plain_layout;
        }
        status =
            qd_store_mount(world->memory, world->memory_size, layout, &world->device, &world->sealer, &store);
        world->layout ^= status == QD_VERSION ? 1u : 0u;
    }
    if (status != QD_OK && status != QD_END) {
        return status;
    }
    world->store = store;
    if (qd_store_epoch(store) <= world->history.epoch) {
        world->history.reused = true;
    }
    world->history.epoch = qd_store_epoch(store);
    return status;
}

/* To the other layout than that of the state. QD_VERSION: it has it already. */
static qd_status_t migrate(world_t *world, unsigned from) {
    static const qd_migration_row_t up_rows[] = {{2, 2, append}}, down_rows[] = {{2, 2, strip}};
    const qd_migration_t migration = {NULL, from == 0 ? up_rows : down_rows, 1};
    qd_status_t status;

    forget_uncommitted(world);
    world->store = NULL;
    world->layout = from;
    world->migrating = true;
    status = qd_store_migrate(world->memory, world->memory_size, &layouts[from], &layouts[from ^ 1u],
                              &world->device, &world->sealer, &migration);
    world->migrating = false;
    return status;
}

static qd_status_t scrub(world_t *world) {
    qd_status_t status = QD_OK;
    qd_scrub_t report;

    while (world->defect != DROP_SCRUB && status == QD_OK) {
        status = qd_store_scrub(world->store, &report);
    }
    return status == QD_END ? QD_OK : status;
}

/* One bit of a slot of a mirrored record and of a superblock copy. */
static qd_status_t damage(world_t *world, unsigned number) {
    if (qd_sim_fram_is_dead(&world->fram)) {
        return QD_IO;
    }
    qd_sim_fram_flip(&world->fram, slot_at(world->layout, 1, number) + 14u, 0x20);
    qd_sim_fram_flip(&world->fram, number * 64u + 20u, 0x04);
    world->history.committed[2] = 0; /* the spoilt slot may have had the highest */
    world->history.highest[2] = 0;
    return QD_OK;
}

/* NULL when the store shows exactly this state. */
static const char *differs(world_t *world, const state_t *state) {
    const qd_records_t *records = qd_store_records(world->store);
    uint8_t found[CAPACITY_MAX], wanted[CAPACITY_MAX];

    if (world->layout != state->layout) {
        return "another layout";
    }
    for (unsigned row = 0; row < KINDS; row++) {
        size_t length = 0;
        qd_status_t status = records->read(records->context, kinds[row].id, found, sizeof found, &length);

        if (kinds[row].capacity[state->layout] == 0) {
            if (status != QD_UNDEFINED) {
                return "a record that the layout does not have";
            }
            continue;
        }
        if (state->version[row] == 0) {
            if (status != QD_END) {
                return "a record that was never written has a content";
            }
            continue;
        }
        if (status != QD_OK) {
            return qd_status_name(status);
        }
        if (length != content(state->layout, row, state->version[row], wanted) ||
            memcmp(found, wanted, length) != 0) {
            return "a record has another content";
        }
    }
    return NULL;
}

/* --- the scenario ----------------------------------------------------------------------------------- */

static qd_status_t write_rows(world_t *world, const struct step *step, state_t *after) {
    const qd_records_t *records = qd_store_records(world->store);
    uint8_t octets[CAPACITY_MAX];

    for (unsigned i = 0; i < step->count; i++) {
        unsigned row = step->rows[i];
        size_t length = content(after->layout, row, ++after->version[row], octets);
        qd_status_t status = records->write(records->context, kinds[row].id, octets, length);

        if (status != QD_OK) {
            return status;
        }
    }
    return QD_OK;
}

/* Does one step. *after: the state once it is done. */
static qd_status_t do_step(world_t *world, const struct step *step, const state_t *before, state_t *after) {
    qd_status_t status = QD_OK;

    *after = *before;
    switch (step->kind) {
    case MOUNT:
        status = mount(world);
        return status == QD_END ? QD_OK : status;
    case WRITE:
        return write_rows(world, step, after);
    case MIGRATE:
        status = migrate(world, before->layout);
        after->layout = before->layout ^ 1u;
        for (unsigned i = 0; i < KINDS; i++) {
            after->version[i] = kinds[i].capacity[after->layout] == 0 ? 0 : before->version[i];
        }
        return status;
    case SCRUB:
        return scrub(world);
    case DAMAGE:
        return damage(world, step->count);
    case GROUP_OF:
        status = qd_txn_begin(world->store);
        if (status == QD_OK) {
            status = write_rows(world, step, after);
        }
        return status == QD_OK ? qd_txn_commit(world->store) : status;
    case ABORT:
        status = qd_txn_begin(world->store);
        if (status == QD_OK) {
            status = write_rows(world, step, after);
        }
        qd_txn_abort(world->store);
        *after = *before;
        return status;
    }
    return status;
}

/* A record that is not there begins anew. */
static void forget_dropped(world_t *world, const state_t *state) {
    for (unsigned i = 0; i < KINDS; i++) {
        if (state->version[i] == 0) {
            world->history.committed[kinds[i].id] = 0;
            world->history.highest[kinds[i].id] = 0;
        }
    }
}

/* Goes on at step from until something fails or the script ends. Returns the step it stands at. */
static size_t play(world_t *world, size_t from, state_t *before, state_t *after) {
    size_t at = from;

    forget_dropped(world, before);
    while (at < STEPS && do_step(world, &script[at], before, after) == QD_OK) {
        *before = *after;
        /* A first write is durable with its first slot; power may be gone in its second. */
        if (!qd_sim_fram_is_dead(&world->fram)) {
            memcpy(world->history.committed, world->history.highest, sizeof world->history.committed);
        }
        forget_dropped(world, before);
        at++;
    }
    return at;
}

/* --- the judge -------------------------------------------------------------------------------------- */

static void judge(tally_t *tally, const cut_t *cut, const char *why) {
    if (why == NULL) {
        tally->passed++;
        return;
    }
    tally->failed++;
    if (tally->quiet || tally->failed > 20) {
        return;
    }
    printf("cut_store --op %u --variant %u", (unsigned)cut->op, cut->variant);
    if (cut->op2 != 0) {
        printf(" --op2 %u --variant2 %u", (unsigned)cut->op2, cut->variant2);
    }
    printf(": %s\n", why);
}

/* Mounts and says which of the two states is there; before and after may be the same. */
static const char *mount_and_match(world_t *world, const state_t *before, const state_t *after,
                                   bool *is_after) {
    qd_status_t status = mount(world);
    const char *why;

    if (status != QD_OK && status != QD_END) {
        return qd_status_name(status);
    }
    why = differs(world, after);
    *is_after = why == NULL;
    if (why != NULL && differs(world, before) == NULL) {
        why = NULL;
    }
    if (why == NULL && world->history.reused) {
        why = "an epoch or a nonce came twice";
    }
    return why;
}

/* Spoils one octet of one slot of each mirrored record that was written; the cases take turns. */
static void spoil_mirrored(world_t *world, const state_t *state, uint32_t number) {
    for (unsigned row = 0; row < KINDS; row++) {
        if (kinds[row].mirrored && state->version[row] > 0) {
            qd_sim_fram_flip(&world->fram, slot_at(state->layout, row, number % 2u) + number / 2u % 17u,
                             (uint8_t)(1u << number % 8u));
            world->history.committed[kinds[row].id] = 0; /* the spoilt slot may have had the highest */
        }
    }
}

/* The state that one mount showed must be that of the next, and of the one after damage. */
static const char *check_stays(world_t *world, const state_t *state, const cut_t *cut) {
    const char *why = NULL;
    bool same;

    for (unsigned i = 0; i < 2 && why == NULL; i++) {
        qd_sim_fram_power_off(&world->fram, QD_SIM_UNSYNCED_LOST);
        qd_sim_fram_restart(&world->fram);
        if (i == 1) {
            spoil_mirrored(world, state, cut->op + cut->variant + cut->op2 + cut->variant2);
        }
        why = mount_and_match(world, state, state, &same);
    }
    return why;
}

/* The scenario goes on to its end. */
static const char *check_goes_on(world_t *world, size_t step, const state_t *before, const state_t *after,
                                 bool is_after) {
    state_t now = is_after ? *after : *before, next;
    size_t from = is_after && script[step].kind != MOUNT ? step + 1 : step;

    if (play(world, from, &now, &next) != STEPS) {
        return "the scenario does not go on";
    }
    if (world->history.reused) {
        return "an epoch or a nonce came twice";
    }
    return differs(world, &now);
}

static qd_sim_torn_t torn_of(unsigned variant) {
    return (qd_sim_torn_t)(variant % (unsigned)QD_SIM_TORN_COUNT);
}

static qd_sim_unsynced_t unsynced_of(unsigned variant) {
    return (qd_sim_unsynced_t)(variant / (unsigned)QD_SIM_TORN_COUNT);
}

typedef struct judged {
    size_t step;
    state_t before, after;
} judged_t;

/* Cuts the mount that follows the cut of world in operation cut->op2. Returns false when the mount has
 * fewer operations than that. */
static bool second_cut(const world_t *world, world_t *copy, const judged_t *j, const cut_t *cut,
                       tally_t *tally) {
    bool is_after;
    const char *why;

    world_copy(copy, world);
    qd_sim_fram_cut(&copy->fram, cut->op2, torn_of(cut->variant2), unsynced_of(cut->variant2));
    if (script[j->step].kind == MIGRATE) {
        (void)migrate(copy, j->before.layout);
    }
    if (!qd_sim_fram_is_dead(&copy->fram)) {
        (void)mount(copy);
    }
    if (!qd_sim_fram_is_dead(&copy->fram)) {
        return false;
    }
    qd_sim_fram_restart(&copy->fram);
    why = mount_and_match(copy, &j->before, &j->after, &is_after);
    if (why == NULL) {
        why = check_stays(copy, is_after ? &j->after : &j->before, cut);
    }
    judge(tally, cut, why);
    return true;
}

/* World stands after its cut. cut.op2: 0 for this case alone, ALL_OPERATIONS for all second cuts too. */
static void first_cut(const world_t *world, world_t *copy, const judged_t *j, cut_t cut, bool all,
                      tally_t *tally) {
    uint32_t only = cut.op2;
    unsigned stride = all ? 1u : 3u;
    bool is_after;
    const char *why;

    cut.op2 = 0;
    if (only == 0 || only == ALL_OPERATIONS) {
        world_copy(copy, world);
        why = mount_and_match(copy, &j->before, &j->after, &is_after);
        if (why == NULL) {
            why = check_stays(copy, is_after ? &j->after : &j->before, &cut);
        }
        if (why == NULL) {
            why = check_goes_on(copy, j->step, &j->before, &j->after, is_after);
        }
        judge(tally, &cut, why);
    } else {
        cut.op2 = only;
        (void)second_cut(world, copy, j, &cut, tally);
    }
    if (only != ALL_OPERATIONS) {
        return;
    }
    for (cut.op2 = 1; cut.op2 < 1000; cut.op2++) {
        /* A third of the variants for each operation, another third for the next: all tear kinds. */
        for (cut.variant2 = all ? 0u : (cut.op + cut.op2) % 3u; cut.variant2 < VARIANTS;
             cut.variant2 += stride) {
            if (!second_cut(world, copy, j, &cut, tally)) {
                return;
            }
        }
    }
}

static uint32_t scenario_operations(world_t *world, state_t *final) {
    state_t before = {{0}, 0}, after;
    qd_sim_fram_stats_t stats;

    if (play(world, 0, &before, &after) != STEPS || world->history.reused) {
        return 0;
    }
    if (differs(world, &before) != NULL) {
        return 0;
    }
    *final = before;
    qd_sim_fram_get_stats(&world->fram, &stats);
    return stats.operations;
}

/* Runs the scenario with a cut; leaves world dead. */
static void play_cut(world_t *world, enum defect defect, const cut_t *cut, judged_t *j) {
    memset(&world->history, 0, sizeof world->history);
    memset(&j->before, 0, sizeof j->before);
    qd_sim_fram_init(&world->fram, world->cells, DEVICE_SIZE, 0xff, cut->op * 100u + cut->variant);
    world->defect = defect;
    world->layout = 0;
    wire(world);
    world->group_syncs = 2;
    qd_sim_fram_cut(&world->fram, cut->op, torn_of(cut->variant), unsynced_of(cut->variant));
    j->step = play(world, 0, &j->before, &j->after);
    /* A cut in what a write does after it is durable is noticed by the next step. */
    if (j->step == STEPS) {
        j->step--;
        j->after = j->before;
    }
}

static void run(enum defect defect, const cut_t *only, bool all, tally_t *tally, uint32_t *operations) {
    world_t world, copy;
    state_t final;
    judged_t j;
    cut_t cut;

    world_new(&world, defect);
    world_new(&copy, defect);
    *operations = scenario_operations(&world, &final);
    if (*operations == 0) {
        cut = (cut_t){0, 0, 0, 0};
        judge(tally, &cut, "the scenario fails without a cut");
    }
    /* A planted defect need not be found everywhere. */
    for (cut.op = 1; cut.op <= *operations && !(tally->quiet && tally->failed >= 100); cut.op++) {
        for (cut.variant = 0; cut.variant < VARIANTS; cut.variant++) {
            if (only != NULL && (only->op != cut.op || only->variant != cut.variant)) {
                continue;
            }
            cut.op2 = only != NULL ? only->op2 : ALL_OPERATIONS;
            cut.variant2 = only != NULL ? only->variant2 : 0;
            play_cut(&world, defect, &cut, &j);
            first_cut(&world, &copy, &j, cut, all, tally);
        }
    }
    world_free(&world);
    world_free(&copy);
}

/* --- images for the reader -------------------------------------------------------------------------- */

static int write_image(const char *path, const cut_t *cut) {
    world_t world;
    judged_t j;
    uint8_t octets[CAPACITY_MAX];
    FILE *file;

    world_new(&world, NO_DEFECT);
    play_cut(&world, NO_DEFECT, cut, &j);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(qd_sim_fram_cells(&world.fram), 1, DEVICE_SIZE, file) != DEVICE_SIZE ||
        fclose(file) != 0) {
        perror(path);
        return 2;
    }
    qd_sim_fram_restart(&world.fram);
    wire(&world);
    if (mount(&world) != QD_OK) {
        return 1;
    }
    printf("layout %u bank %u\n", (unsigned)layouts[world.layout].version, (unsigned)bank_of(world.layout));
    printf("epoch %u\n", (unsigned)qd_store_epoch(world.store) - 1u);
    for (unsigned row = 0; row < ROWS; row++) {
        const qd_record_row_t *rows = layouts[world.layout].rows;
        const qd_records_t *records = qd_store_records(world.store);
        size_t length = 0;
        qd_status_t status = records->read(records->context, rows[row].id, octets, sizeof octets, &length);

        printf("%u ", (unsigned)rows[row].id);
        for (size_t i = 0; status == QD_OK && i < length; i++) {
            printf("%02x", octets[i]);
        }
        puts(status == QD_OK ? "" : qd_status_name(status));
    }
    world_free(&world);
    return 0;
}

/* --- main ------------------------------------------------------------------------------------------- */

static enum defect find_defect(const char *name) {
    for (unsigned i = 0; i < DEFECTS; i++) {
        if (strcmp(defects[i], name) == 0) {
            return (enum defect)i;
        }
    }
    fprintf(stderr, "cut_store: no such defect: %s\n", name);
    exit(2);
}

static void try_defects(tally_t *tally) {
    for (unsigned i = DROP_SYNC; i < DEFECTS; i++) {
        tally_t found = {0, 0, true};
        uint32_t operations;

        run((enum defect)i, NULL, false, &found, &operations);
        printf("planted defect %-16s: found %lu times in the first %lu cases\n", defects[i], found.failed,
               found.passed + found.failed);
        tally->passed += found.failed > 0 ? 1 : 0;
        tally->failed += found.failed > 0 ? 0 : 1;
    }
}

int main(int argc, char **argv) {
    cut_t only = {0, 0, 0, 0};
    enum defect defect = NO_DEFECT;
    const char *image = NULL;
    bool all = false;
    tally_t tally = {0, 0, false};
    uint32_t operations = 0;

    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "--all") == 0) {
            all = true;
            continue;
        }
        if (strcmp(argv[i], "--op") == 0) {
            only.op = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--variant") == 0) {
            only.variant = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--op2") == 0) {
            only.op2 = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--variant2") == 0) {
            only.variant2 = (unsigned)strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--defect") == 0) {
            defect = find_defect(value);
        } else if (strcmp(argv[i], "--image") == 0) {
            image = value;
        } else {
            fprintf(stderr, "cut_store: no such option: %s\n", argv[i]);
            return 2;
        }
        i++;
    }
    if (image != NULL) {
        return write_image(image, &only);
    }
    run(defect, only.op != 0 ? &only : NULL, all, &tally, &operations);
    printf("%u operations, %u variants each\n", (unsigned)operations, VARIANTS);
    if (defect == NO_DEFECT && only.op == 0) {
        try_defects(&tally);
    }
    printf("%lu cuts, %lu passed, %lu failed\n", tally.passed + tally.failed, tally.passed, tally.failed);
    return tally.failed == 0 ? 0 : 1;
}
