/*
 * conform_walk.c - test purposes that go through the object list: every object, every attribute.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One object of the list, taken apart. */
typedef struct entry {
    unsigned class_id;
    unsigned version;
    const uint8_t *name;  /* 6 octets */
    cf_data_t attributes; /* array of {integer, enum, selectors} */
} entry_t;

typedef struct walk {
    cf_runner_t *runner;
    const char *client;
    entry_t entry;
    int attribute;
    unsigned mode;
    unsigned done;
    cf_octets_t data;
    bool refused;
} walk_t;

typedef cf_verdict_t (*visit_t)(walk_t *walk);

/* Access modes of class 15 up to version 2. 4 to 6 want an APDU that is authenticated by its cryptography: the
 * runner sends none, and the list neither promises nor forbids what a plain request gets there. */
static bool readable(unsigned mode) {
    return mode == 1u || mode == 3u;
}

static bool unreadable(unsigned mode) {
    return mode == 0u || mode == 2u;
}

static bool writable(unsigned mode) {
    return mode == 2u || mode == 3u;
}

static cf_verdict_t wrong(const walk_t *walk, const char *what) {
    const uint8_t *name = walk->entry.name;

    return cf_say_verdict(walk->runner, CF_FAIL, "%s, class %u, %u-%u:%u.%u.%u.%u attribute %d: %s (%02X)",
                          walk->client, walk->entry.class_id, name[0], name[1], name[2], name[3], name[4],
                          name[5], walk->attribute, what, walk->data.length > 0u ? walk->data.at[0] : 0u);
}

static void descriptor_of(const walk_t *walk, cf_octets_t *descriptor) {
    cf_put_number(descriptor, walk->entry.class_id, 2);
    cf_put(descriptor, walk->entry.name, 6);
    cf_put_1(descriptor, (unsigned)walk->attribute & 0xFFu);
}

static cf_verdict_t get(walk_t *walk) {
    cf_octets_t descriptor = {NULL, 0, 0};
    cf_verdict_t verdict;

    descriptor_of(walk, &descriptor);
    cf_put_1(&descriptor, 0);
    verdict = cf_get(walk->runner, descriptor.at, descriptor.length, &walk->data, &walk->refused);
    cf_free(&descriptor);
    return verdict == CF_PASS ? CF_PASS : wrong(walk, (const char *)walk->runner->reason.at);
}

/* 11 object-unavailable is a value that does not exist at this moment. */
static bool unavailable(const walk_t *walk) {
    return walk->refused && walk->data.length == 1u && walk->data.at[0] == 11u;
}

static cf_verdict_t visit_readable(walk_t *walk) {
    const char *type = cf_class_type(walk->entry.class_id, walk->entry.version, (unsigned)walk->attribute);
    cf_verdict_t verdict;

    if (!readable(walk->mode)) {
        return CF_PASS;
    }
    verdict = get(walk);
    if (verdict != CF_PASS || unavailable(walk)) {
        return verdict;
    }
    walk->done++;
    if (walk->refused) {
        return wrong(walk, "is listed as readable and refused");
    }
    if (cf_data_measure(walk->data.at, walk->data.length) != walk->data.length) {
        return wrong(walk, "is no A-XDR element");
    }
    if (walk->attribute > 0 && type == NULL) {
        return wrong(walk, "is not an attribute of the class");
    }
    return cf_data_suits(walk->data.at, walk->data.length, type) ? CF_PASS
                                                                 : wrong(walk, "has another type or range");
}

static cf_verdict_t visit_unreadable(walk_t *walk) {
    cf_verdict_t verdict;

    if (!unreadable(walk->mode)) {
        return CF_PASS;
    }
    verdict = get(walk);
    walk->done++;
    return verdict != CF_PASS ? verdict
           : walk->refused    ? CF_PASS
                              : wrong(walk, "is not listed as readable and read");
}

static cf_verdict_t visit_name(walk_t *walk) {
    cf_verdict_t verdict;

    if (walk->attribute != 1) {
        return CF_PASS;
    }
    verdict = get(walk);
    walk->done++;
    if (verdict != CF_PASS) {
        return verdict;
    }
    return !walk->refused && walk->data.length == 8u && walk->data.at[0] == 9u && walk->data.at[1] == 6u &&
                   memcmp(walk->data.at + 2, walk->entry.name, 6) == 0
               ? CF_PASS
               : wrong(walk, "is not the logical name");
}

/* The value of a register, extended register, demand register, data. */
static cf_verdict_t visit_choice(walk_t *walk) {
    unsigned class_id = walk->entry.class_id;
    cf_verdict_t verdict;

    if (walk->attribute != 2 || !readable(walk->mode) ||
        (class_id != 1u && class_id != 3u && class_id != 4u && class_id != 5u)) {
        return CF_PASS;
    }
    verdict = get(walk);
    if (verdict != CF_PASS || unavailable(walk)) {
        return verdict;
    }
    walk->done++;
    return cf_data_suits(walk->data.at, walk->data.length, class_id == 1u ? "any" : "simple")
               ? CF_PASS
               : wrong(walk, "has a type that the class does not have");
}

/* Longest APDU that the meter takes, as its AARE said. */
static size_t own_size(const cf_runner_t *runner) {
    cf_octets_t size = {NULL, 0, 0};
    const char *why;
    size_t value = 0;

    if (cf_build(&runner->names, "@server-pdu", &size, &why) && size.length == 2u) {
        value = (size_t)size.at[0] << 8 | size.at[1];
    }
    cf_free(&size);
    return value > 0u ? value : SIZE_MAX;
}

/* What was read is written and read again. A clock's time goes on meanwhile. */
static cf_verdict_t visit_writable(walk_t *walk) {
    cf_octets_t apdu = {NULL, 0, 0};
    cf_octets_t before = {NULL, 0, 0};
    cf_octets_t answer = {NULL, 0, 0};
    cf_verdict_t verdict;
    bool good;

    if (!readable(walk->mode) || !writable(walk->mode) ||
        (walk->entry.class_id == 8u && walk->attribute == 2)) {
        return CF_PASS;
    }
    verdict = get(walk);
    if (verdict != CF_PASS || walk->refused) {
        return verdict == CF_PASS ? wrong(walk, "is refused") : verdict;
    }
    cf_put(&before, walk->data.at, walk->data.length);
    cf_put(&apdu, "\xC1\x01\xC1", 3);
    descriptor_of(walk, &apdu);
    cf_put_1(&apdu, 0);
    cf_put(&apdu, before.at, before.length);
    if (apdu.length > own_size(walk->runner)) { /* the meter says that it takes no such APDU */
        cf_free(&apdu);
        cf_free(&before);
        return CF_PASS;
    }
    good = cf_ask(walk->runner, apdu.at, apdu.length) == CF_FRAME &&
           cf_answer(walk->runner, walk->runner->timeout_ms, &answer) == CF_FRAME && answer.length == 4u &&
           memcmp(answer.at, "\xC5\x01\xC1", 4) == 0;
    walk->done++;
    verdict = good ? get(walk) : wrong(walk, "its own value is not taken");
    if (verdict == CF_PASS &&
        (walk->data.length != before.length || memcmp(walk->data.at, before.at, before.length) != 0)) {
        verdict = wrong(walk, "reads back otherwise than it was written");
    }
    cf_free(&apdu);
    cf_free(&before);
    cf_free(&answer);
    return verdict;
}

/* --- the list ----------------------------------------------------------------------------------------- */

static unsigned number_of(const cf_data_t *data) {
    unsigned value = 0;
    size_t i;

    for (i = 0; i < data->body_length && i < 4u; i++) {
        value = value << 8 | data->body[i];
    }
    return value;
}

/* {class_id, version, logical_name, access_rights {attribute_access, method_access}} */
static bool take_entry(const uint8_t *at, size_t length, entry_t *entry) {
    cf_data_t row;
    cf_data_t part;
    size_t size = cf_data_open(at, length, &row);
    const uint8_t *inner = row.body;
    size_t left = row.body_length;

    if (size == 0u || row.tag != 2u || row.count != 4u) {
        return false;
    }
    size = cf_data_open(inner, left, &part);
    entry->class_id = number_of(&part);
    inner += size;
    left -= size;
    size = cf_data_open(inner, left, &part);
    entry->version = number_of(&part);
    inner += size;
    left -= size;
    size = cf_data_open(inner, left, &part);
    entry->name = part.body;
    if (part.tag != 9u || part.count != 6u) {
        return false;
    }
    inner += size;
    left -= size;
    (void)cf_data_open(inner, left, &part);
    return part.tag == 2u && part.count == 2u &&
           cf_data_open(part.body, part.body_length, &entry->attributes) > 0u && entry->attributes.tag == 1u;
}

static cf_verdict_t walk_attributes(walk_t *walk, visit_t visit) {
    const cf_data_t *list = &walk->entry.attributes;
    cf_verdict_t verdict = CF_PASS;
    size_t at = 0;
    size_t i;

    for (i = 0; i < list->count && verdict == CF_PASS; i++) {
        cf_data_t item;
        cf_data_t id;
        cf_data_t mode;
        size_t size = cf_data_open(list->body + at, list->body_length - at, &item);
        size_t first = cf_data_open(item.body, item.body_length, &id);

        (void)cf_data_open(item.body + first, item.body_length - first, &mode);
        walk->attribute = (int8_t)number_of(&id);
        walk->mode = number_of(&mode);
        verdict = visit(walk);
        at += size;
    }
    return verdict;
}

static cf_verdict_t read_list(cf_runner_t *runner, cf_octets_t *list) {
    bool refused;
    cf_verdict_t verdict =
        cf_get(runner, (const uint8_t *)"\x00\x0F\x00\x00\x28\x00\x00\xFF\x02\x00", 10, list, &refused);

    if (verdict == CF_PASS && (refused || cf_data_measure(list->at, list->length) != list->length)) {
        verdict = cf_say_verdict(runner, CF_FAIL, "the object list cannot be read");
    }
    return verdict;
}

static cf_verdict_t walk_list(walk_t *walk, const cf_octets_t *list, visit_t visit) {
    const cf_case_t *row = walk->runner->at;
    cf_verdict_t verdict = CF_PASS;
    cf_data_t all;
    size_t at = 0;
    size_t i;

    (void)cf_data_open(list->at, list->length, &all);
    for (i = 0; i < all.count && verdict == CF_PASS; i++) {
        size_t size = cf_data_measure(all.body + at, all.body_length - at);
        entry_t entry;

        if (!take_entry(all.body + at, size, &entry)) {
            return cf_say_verdict(walk->runner, CF_FAIL, "entry %zu of the object list is none", i);
        }
        walk->entry = entry;
        if (row->class_id == 0u || (entry.class_id == row->class_id && entry.version == row->version)) {
            verdict = walk_attributes(walk, visit);
        }
        at += size;
    }
    return verdict;
}

/* As each client of the declaration that may associate. */
static cf_verdict_t walk_clients(cf_runner_t *runner, visit_t visit) {
    const char *names = cf_find(&runner->names, "clients", 7);
    cf_octets_t list = {NULL, 0, 0};
    cf_verdict_t verdict = CF_PASS;
    walk_t walk = {.runner = runner};
    unsigned clients = 0;

    while (verdict == CF_PASS && names != NULL && *names != '\0') {
        size_t length = strcspn(names, " ");
        char name[64];
        char key[96];

        (void)snprintf(name, sizeof name, "%.*s", (int)length, names);
        names += length;
        names += strspn(names, " ");
        (void)snprintf(key, sizeof key, "password.%s", name);
        if (!cf_client(runner, name, strlen(name)) || (cf_find(&runner->names, "auth", 4)[0] != '\0' &&
                                                       cf_find(&runner->names, key, strlen(key)) == NULL)) {
            continue;
        }
        cf_close(runner, false);
        walk.client = name;
        verdict = cf_associate(runner);
        verdict = verdict == CF_PASS ? read_list(runner, &list) : verdict;
        verdict = verdict == CF_PASS ? walk_list(&walk, &list, visit) : verdict;
        clients++;
    }
    cf_free(&list);
    cf_free(&walk.data);
    if (verdict != CF_PASS) {
        return verdict;
    }
    if (walk.done == 0u) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "no client sees such an attribute");
    }
    return cf_say_verdict(runner, CF_PASS, "%u attributes as %u clients", walk.done, clients);
}

/* --- lists against each other -------------------------------------------------------------------------- */

static bool list_has(const cf_octets_t *list, const entry_t *wanted) {
    cf_data_t all;
    size_t at = 0;
    size_t i;

    (void)cf_data_open(list->at, list->length, &all);
    for (i = 0; i < all.count; i++) {
        size_t size = cf_data_measure(all.body + at, all.body_length - at);
        entry_t entry;

        if (take_entry(all.body + at, size, &entry) && entry.class_id == wanted->class_id &&
            memcmp(entry.name, wanted->name, 6) == 0) {
            return true;
        }
        at += size;
    }
    return false;
}

/* The list of the public client against that of another: outside of the own list nothing is read. */
static cf_verdict_t own_views(cf_runner_t *runner, const char *other) {
    cf_octets_t mine = {NULL, 0, 0};
    cf_octets_t theirs = {NULL, 0, 0};
    walk_t walk = {.runner = runner, .client = "public", .attribute = 2};
    cf_verdict_t verdict;
    cf_data_t all;
    size_t at = 0;
    size_t i;

    verdict = cf_client(runner, other, strlen(other)) ? cf_associate(runner) : CF_NOT_APPLICABLE;
    verdict = verdict == CF_PASS ? read_list(runner, &theirs) : verdict;
    (void)cf_client(runner, "public", 6);
    cf_close(runner, false);
    verdict = verdict == CF_PASS ? cf_associate(runner) : verdict;
    verdict = verdict == CF_PASS ? read_list(runner, &mine) : verdict;
    if (verdict == CF_PASS) {
        (void)cf_data_open(theirs.at, theirs.length, &all);
        for (i = 0; i < all.count && verdict == CF_PASS; i++) {
            size_t size = cf_data_measure(all.body + at, all.body_length - at);
            entry_t entry;

            if (take_entry(all.body + at, size, &entry) && !list_has(&mine, &entry)) {
                walk.entry = entry;
                walk.done++;
                verdict = get(&walk);
                if (verdict == CF_PASS && !walk.refused) {
                    verdict = wrong(&walk, "is not in the list of this client and read");
                }
            }
            at += size;
        }
    }
    if (verdict == CF_PASS) {
        (void)cf_say_verdict(runner, CF_PASS, "%u objects are hidden", walk.done);
    }
    cf_free(&mine);
    cf_free(&theirs);
    cf_free(&walk.data);
    return verdict;
}

/* contains CLASS OBIS: an expression of 8 octets. */
static cf_verdict_t contains(cf_runner_t *runner, const char *text) {
    cf_octets_t wanted = {NULL, 0, 0};
    cf_octets_t list = {NULL, 0, 0};
    entry_t entry = {0, 0, NULL, {0, 0, NULL, 0}};
    const char *why;
    cf_verdict_t verdict = read_list(runner, &list);

    if (verdict == CF_PASS && (!cf_build(&runner->names, text, &wanted, &why) || wanted.length != 8u)) {
        verdict = cf_say_verdict(runner, CF_INCONCLUSIVE, "contains: class and name are wanted: %s", text);
    } else if (verdict == CF_PASS) {
        entry.class_id = (unsigned)wanted.at[0] << 8 | wanted.at[1];
        entry.name = wanted.at + 2;
        verdict = list_has(&list, &entry) ? CF_PASS
                                          : cf_say_verdict(runner, CF_FAIL, "the object list lacks %s", text);
    }
    cf_free(&wanted);
    cf_free(&list);
    return verdict;
}

cf_verdict_t cf_walk(cf_runner_t *runner, const char *text) {
    static const struct {
        const char *word;
        visit_t visit;
    } visits[] = {{"readable", visit_readable},
                  {"unreadable", visit_unreadable},
                  {"names", visit_name},
                  {"choice", visit_choice},
                  {"writable", visit_writable}};
    size_t i;

    for (i = 0; i < sizeof visits / sizeof visits[0]; i++) {
        if (strcmp(visits[i].word, text) == 0) {
            return walk_clients(runner, visits[i].visit);
        }
    }
    if (strncmp(text, "views ", 6) == 0) {
        return own_views(runner, text + 6);
    }
    if (strncmp(text, "contains ", 9) == 0) {
        return contains(runner, text + 9);
    }
    return cf_say_verdict(runner, CF_INCONCLUSIVE, "do %s: no such walk", text);
}
