/*
 * conform_octets.c - octets, names and expressions of the conformance suite.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 24 /* of names in names */
#define WIDTH_MAX 8  /* octets of a number */

/* --- octets ------------------------------------------------------------------------------------------- */

void cf_clear(cf_octets_t *octets) {
    octets->length = 0;
}

void cf_free(cf_octets_t *octets) {
    free(octets->at);
    (void)memset(octets, 0, sizeof *octets);
}

static void reserve(cf_octets_t *octets, size_t more) {
    size_t room = octets->length + more + 64u;

    if (octets->at == NULL || octets->length + more >= octets->room) {
        octets->at = realloc(octets->at, room > 64u ? room * 2u : 64u);
        octets->room = room > 64u ? room * 2u : 64u;
        if (octets->at == NULL) {
            (void)fputs("quadrant conformance: no memory\n", stderr);
            exit(5);
        }
    }
}

void cf_put(cf_octets_t *octets, const void *from, size_t length) {
    reserve(octets, length);
    if (length > 0u) {
        (void)memcpy(octets->at + octets->length, from, length);
    }
    octets->length += length;
    octets->at[octets->length] = 0;
}

void cf_put_1(cf_octets_t *octets, unsigned octet) {
    uint8_t one = (uint8_t)octet;

    cf_put(octets, &one, 1);
}

void cf_put_number(cf_octets_t *octets, uint64_t value, size_t width) {
    while (width > 0u) {
        width--;
        cf_put_1(octets, (unsigned)(value >> (8u * width)) & 0xFFu);
    }
}

void cf_put_length(cf_octets_t *octets, size_t length) {
    if (length < 0x80u) {
        cf_put_1(octets, (unsigned)length);
    } else if (length < 0x100u) {
        cf_put_1(octets, 0x81);
        cf_put_number(octets, length, 1);
    } else {
        cf_put_1(octets, 0x82);
        cf_put_number(octets, length, 2);
    }
}

void cf_put_hex(cf_octets_t *to, const uint8_t *from, size_t length) {
    size_t i;

    for (i = 0; i < length; i++) {
        cf_say(to, i > 0u ? " %02X" : "%02X", from[i]);
    }
}

void cf_say(cf_octets_t *to, const char *format, ...) {
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    reserve(to, (size_t)length);
    va_start(arguments, format);
    (void)vsnprintf((char *)to->at + to->length, (size_t)length + 1u, format, arguments);
    va_end(arguments);
    to->length += (size_t)length;
}

uint16_t cf_crc(const uint8_t *from, size_t length) {
    unsigned crc = 0xFFFF;
    size_t i;

    for (i = 0; i < length; i++) {
        unsigned bit;

        crc ^= from[i];
        for (bit = 0; bit < 8u; bit++) {
            crc = (crc & 1u) != 0u ? crc >> 1 ^ 0x8408u : crc >> 1;
        }
    }
    return (uint16_t)(crc ^ 0xFFFFu);
}

/* --- names -------------------------------------------------------------------------------------------- */

const char *cf_find(const cf_names_t *names, const char *name, size_t length) {
    for (; names != NULL; names = names->outer) {
        size_t i;

        for (i = names->count; i > 0u; i--) {
            const cf_name_t *row = &names->row[i - 1u];

            if (strlen(row->name) == length && memcmp(row->name, name, length) == 0) {
                return row->text;
            }
        }
    }
    return NULL;
}

static char *copy_of(const char *text, size_t length) {
    cf_octets_t copy = {NULL, 0, 0};

    cf_put(&copy, text, length);
    return (char *)copy.at;
}

void cf_define(cf_names_t *names, const char *name, size_t length, const char *text) {
    cf_name_t *row;
    size_t i;

    for (i = 0; i < names->count; i++) {
        row = &names->row[i];
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0) {
            char *old = row->text; /* the new text may lie in it */

            row->text = copy_of(text, strlen(text));
            free(old);
            return;
        }
    }
    row = realloc(names->row, (names->count + 1u) * sizeof *row);
    if (row == NULL) {
        (void)fputs("quadrant conformance: no memory\n", stderr);
        exit(5);
    }
    names->row = row;
    row[names->count].name = copy_of(name, length);
    row[names->count].text = copy_of(text, strlen(text));
    names->count++;
}

void cf_define_octets(cf_names_t *names, const char *name, const uint8_t *from, size_t length) {
    cf_octets_t text = {NULL, 0, 0};

    cf_put(&text, "", 0);
    cf_put_hex(&text, from, length);
    cf_define(names, name, strlen(name), (const char *)text.at);
    cf_free(&text);
}

void cf_names_free(cf_names_t *names) {
    size_t i;

    for (i = 0; i < names->count; i++) {
        free(names->row[i].name);
        free(names->row[i].text);
    }
    free(names->row);
    names->row = NULL;
    names->count = 0;
}

bool cf_declared(const cf_names_t *names, const char *name) {
    const char *text = cf_find(names, name, strlen(name));

    return text != NULL && *text != '\0' && strcmp(text, "no") != 0 && strcmp(text, "0") != 0;
}

/* --- expressions -------------------------------------------------------------------------------------- */

typedef struct builder {
    const cf_names_t *names;
    const char *why;
    unsigned depth;
} builder_t;

/* An expression holds expressions; DEPTH_MAX and the length of a line bound how deep. */
// NOLINTBEGIN(misc-no-recursion)
static bool build(builder_t *builder, const char *text, size_t length, cf_octets_t *to);

static size_t blanks(const char *text, size_t length) {
    size_t i = 0;

    while (i < length && (text[i] == ' ' || text[i] == '\t')) {
        i++;
    }
    return i;
}

/* Length of the token at the front: {...} with all that is in it, "text", or up to a blank. */
static size_t token(const char *text, size_t length) {
    size_t i = 0;
    unsigned open = 0;

    if (length > 0u && text[0] == '"') {
        for (i = 1; i < length && text[i] != '"'; i++) {
        }
        return i < length ? i + 1u : length;
    }
    for (; i < length; i++) {
        if (text[i] == '{') {
            open++;
        } else if (text[i] == '}') {
            if (open == 0u) {
                return i;
            }
            open--;
            if (open == 0u) {
                return i + 1u;
            }
        } else if (open == 0u && (text[i] == ' ' || text[i] == '\t' || (i > 0u && text[i] == '"'))) {
            return i;
        }
    }
    return i;
}

bool cf_number(const cf_names_t *names, const char *text, size_t length, long *number) {
    char copy[32];
    char *end;

    if (length > 0u && text[0] == '@') {
        text = cf_find(names, text + 1, length - 1u);
        length = text != NULL ? strlen(text) : 0u;
    }
    if (length == 0u || length >= sizeof copy) {
        return false;
    }
    (void)memcpy(copy, text, length);
    copy[length] = '\0';
    *number = strtol(copy, &end, 10);
    return *end == '\0';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool build_hex(builder_t *builder, const char *text, size_t length, cf_octets_t *to) {
    size_t i;

    if (length % 2u != 0u) {
        builder->why = "an odd number of digits";
        return false;
    }
    for (i = 0; i < length; i += 2u) {
        int high = hex_digit(text[i]);
        int low = hex_digit(text[i + 1u]);

        if (high < 0 || low < 0) {
            builder->why = "neither octets nor {...}, @name or \"text\"";
            return false;
        }
        cf_put_1(to, (unsigned)(high * 16 + low));
    }
    return true;
}

static bool build_name(builder_t *builder, const char *name, size_t length, cf_octets_t *to) {
    const char *text = cf_find(builder->names, name, length);
    bool good;

    if (text == NULL || builder->depth >= DEPTH_MAX) {
        builder->why = text == NULL ? "a name that nobody defines" : "names in names without end";
        return false;
    }
    builder->depth++;
    good = build(builder, text, strlen(text), to);
    builder->depth--;
    return good;
}

static void put_checked(cf_octets_t *to, const cf_octets_t *body, unsigned error) {
    unsigned crc = (unsigned)cf_crc(body->at, body->length) ^ error;

    cf_put(to, body->at, body->length);
    cf_put_1(to, crc & 0xFFu);
    cf_put_1(to, crc >> 8);
}

/* Flag, format, address part, HCS, information, FCS, flag. The head is destination, source and control. */
static void put_frame(cf_octets_t *to, const cf_octets_t *head, const cf_octets_t *info, unsigned format) {
    cf_octets_t front = {NULL, 0, 0};
    cf_octets_t body = {NULL, 0, 0};
    size_t length = 2u + head->length + 2u + (info->length > 0u ? info->length + 2u : 0u);

    cf_put_number(&front, (uint64_t)format << 8 | length, 2);
    cf_put(&front, head->at, head->length);
    if (info->length > 0u) {
        put_checked(&body, &front, 0);
        cf_put(&body, info->at, info->length);
    } else {
        cf_put(&body, front.at, front.length);
    }
    cf_put_1(to, 0x7E);
    put_checked(to, &body, 0);
    cf_put_1(to, 0x7E);
    cf_free(&front);
    cf_free(&body);
}

/* Macros whose first arguments are octets, each one token: those into head, the rest into body. */
static bool build_arguments(builder_t *builder, const char *text, size_t length, unsigned count,
                            cf_octets_t *head, cf_octets_t *body) {
    size_t at = 0;
    unsigned i;

    cf_put(body, "", 0);
    for (i = 0; i < count; i++) {
        size_t size;

        at += blanks(text + at, length - at);
        size = token(text + at, length - at);
        if (size == 0u || !build(builder, text + at, size, head)) {
            return false;
        }
        at += size;
    }
    return build(builder, text + at, length - at, body);
}

static bool build_frame(builder_t *builder, const char *text, size_t length, unsigned format,
                        cf_octets_t *to) {
    cf_octets_t head = {NULL, 0, 0};
    cf_octets_t info = {NULL, 0, 0};
    bool good = build_arguments(builder, text, length, 3u, &head, &info);

    if (good) {
        put_frame(to, &head, &info, format);
    } else if (builder->why == NULL) {
        builder->why = "a frame needs destination, source and control";
    }
    cf_free(&head);
    cf_free(&info);
    return good;
}

static bool build_wrapped(builder_t *builder, const char *text, size_t length, cf_octets_t *to) {
    cf_octets_t head = {NULL, 0, 0};
    cf_octets_t body = {NULL, 0, 0};
    bool good = build_arguments(builder, text, length, 2u, &head, &body);

    if (good) {
        cf_put_number(to, 1, 2);
        cf_put(to, head.at, head.length);
        cf_put_number(to, body.length, 2);
        cf_put(to, body.at, body.length);
    }
    cf_free(&head);
    cf_free(&body);
    return good;
}

/* {and A B}: bit by bit, as long as the shorter. */
static bool build_and(builder_t *builder, const char *text, size_t length, cf_octets_t *to) {
    cf_octets_t side[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    size_t at = blanks(text, length);
    size_t size = token(text + at, length - at);
    bool good = build(builder, text + at, size, &side[0]) &&
                build(builder, text + at + size, length - at - size, &side[1]);
    size_t i;

    for (i = 0; good && i < side[0].length && i < side[1].length; i++) {
        cf_put_1(to, side[0].at[i] & (unsigned)side[1].at[i]);
    }
    cf_free(&side[0]);
    cf_free(&side[1]);
    return good;
}

typedef struct macro {
    const char *name;
    unsigned numbers; /* numbers in front of the octets */
} macro_t;

static const macro_t macros[] = {{"l", 0},   {"fcs", 0}, {"badfcs", 0}, {"n1", 1},   {"n2", 1},
                                 {"n4", 1},  {"rep", 1}, {"cut", 1},    {"drop", 1}, {"del", 1},
                                 {"xor", 2}, {"add", 2}, {"length", 1}, {"bit", 2}};

/* An octet's place: from the end when negative. */
static bool place(builder_t *builder, long index, size_t length, size_t *at) {
    if (index < 0) {
        index += (long)length;
    }
    *at = (size_t)index;
    if (index < 0 || *at >= length) {
        builder->why = "no octet is at this place";
        return false;
    }
    return true;
}

static bool apply(builder_t *builder, const char *name, const long *number, cf_octets_t *body,
                  cf_octets_t *to) {
    size_t at = 0;

    if (strcmp(name, "l") == 0) {
        cf_put_length(to, body->length);
    } else if (strcmp(name, "fcs") == 0 || strcmp(name, "badfcs") == 0) {
        put_checked(to, body, name[0] == 'b' ? 1u : 0u);
        return true;
    } else if (name[0] == 'n') {
        cf_put_number(to, (uint64_t)number[0], (size_t)(name[1] - '0'));
    } else if (strcmp(name, "rep") == 0) {
        long i;

        for (i = 1; i < number[0]; i++) {
            cf_put(to, body->at, body->length);
        }
        body->length = number[0] > 0 ? body->length : 0u;
    } else if (strcmp(name, "cut") == 0) {
        body->length = (size_t)number[0] < body->length ? (size_t)number[0] : body->length;
    } else if (strcmp(name, "drop") == 0) {
        at = (size_t)number[0] < body->length ? (size_t)number[0] : body->length;
        cf_put(to, body->at + at, body->length - at);
        return true;
    } else if (strcmp(name, "bit") == 0) { /* bit N of W octets, 0 the most significant */
        if (number[1] < 1 || number[1] > WIDTH_MAX || number[0] < 0 || number[0] >= 8 * number[1]) {
            builder->why = "no such bit";
            return false;
        }
        for (at = 0; at < (size_t)number[1]; at++) {
            cf_put_1(to, at == (size_t)number[0] / 8u ? 0x80u >> number[0] % 8 : 0u);
        }
    } else if (strcmp(name, "length") == 0) {
        if (number[0] < 1 || number[0] > WIDTH_MAX) {
            builder->why = "a number has 1 to 8 octets";
            return false;
        }
        cf_put_number(to, body->length, (size_t)number[0]);
        return true;
    } else if (!place(builder, number[0], body->length, &at)) {
        return false;
    } else if (strcmp(name, "xor") == 0) {
        body->at[at] = (uint8_t)(body->at[at] ^ (unsigned)number[1]);
    } else if (strcmp(name, "add") == 0) {
        body->at[at] = (uint8_t)((long)body->at[at] + number[1]);
    } else { /* del */
        cf_put(to, body->at, at);
        cf_put(to, body->at + at + 1u, body->length - at - 1u);
        return true;
    }
    cf_put(to, body->at, body->length);
    return true;
}

/* What is between { and }. */
static bool build_macro(builder_t *builder, const char *text, size_t length, cf_octets_t *to) {
    cf_octets_t body = {NULL, 0, 0};
    size_t at = token(text, length);
    long number[2] = {0, 0};
    bool good = true;
    unsigned i;
    size_t m;

    if ((at == 1u && text[0] == 'f') || (at == 2u && memcmp(text, "fs", 2) == 0)) {
        return build_frame(builder, text + at, length - at, at == 1u ? 0xA0u : 0xA8u, to);
    }
    if (at == 1u && text[0] == 'w') {
        return build_wrapped(builder, text + at, length - at, to);
    }
    if (at == 3u && memcmp(text, "and", 3) == 0) {
        return build_and(builder, text + at, length - at, to);
    }
    for (m = 0; m < sizeof macros / sizeof macros[0]; m++) {
        if (strlen(macros[m].name) == at && memcmp(macros[m].name, text, at) == 0) {
            break;
        }
    }
    if (m == sizeof macros / sizeof macros[0]) {
        builder->why = "no such {...}";
        return false;
    }
    for (i = 0; i < macros[m].numbers; i++) {
        size_t size;

        at += blanks(text + at, length - at);
        size = token(text + at, length - at);
        if (!cf_number(builder->names, text + at, size, &number[i])) {
            builder->why = "a number is missing in {...}";
            return false;
        }
        at += size;
    }
    cf_put(&body, "", 0);
    good = build(builder, text + at, length - at, &body) && apply(builder, macros[m].name, number, &body, to);
    cf_free(&body);
    return good;
}

static bool build(builder_t *builder, const char *text, size_t length, cf_octets_t *to) {
    size_t at = blanks(text, length);

    while (at < length) {
        size_t size = token(text + at, length - at);
        bool good;

        if (size == 0u) {
            builder->why = "a } too many";
            return false;
        }
        if (text[at] == '{') {
            good = text[at + size - 1u] == '}' && size > 2u &&
                   build_macro(builder, text + at + 1u, size - 2u, to);
            builder->why = good || builder->why != NULL ? builder->why : "a { without its }";
        } else if (text[at] == '@') {
            good = build_name(builder, text + at + 1u, size - 1u, to);
        } else if (text[at] == '"') {
            good = size >= 2u && text[at + size - 1u] == '"';
            if (good) {
                cf_put(to, text + at + 1u, size - 2u);
            }
            builder->why = good ? builder->why : "a text without its end";
        } else {
            good = build_hex(builder, text + at, size, to);
        }
        if (!good) {
            return false;
        }
        at += size;
        at += blanks(text + at, length - at);
    }
    return true;
}

// NOLINTEND(misc-no-recursion)

bool cf_build(const cf_names_t *names, const char *text, cf_octets_t *to, const char **why) {
    builder_t builder = {names, NULL, 0};
    bool good;

    cf_put(to, "", 0);
    good = build(&builder, text, strlen(text), to);
    *why = builder.why != NULL ? builder.why : "not readable";
    return good;
}
