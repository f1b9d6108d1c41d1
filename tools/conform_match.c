/*
 * conform_match.c - patterns of the conformance suite: what an answer may look like.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 24
#define CAPTURES_MAX 16u

typedef enum kind { ONE = 0, SET, REST, BEGIN, END } kind_t;

typedef struct element {
    kind_t kind;
    uint8_t value;
    uint8_t mask;
    uint8_t capture; /* BEGIN, END: which */
    uint8_t set[32]; /* SET: bit per octet */
} element_t;

typedef struct pattern {
    const cf_names_t *names;
    const char *why;
    unsigned depth;
    element_t *at;
    size_t count;
    size_t room;
    char *name[CAPTURES_MAX];
    size_t begin[CAPTURES_MAX];
    size_t end[CAPTURES_MAX];
    unsigned captures;
} pattern_t;

static bool compile(pattern_t *pattern, const char *text, size_t length);

static element_t *add(pattern_t *pattern, kind_t kind) {
    element_t *element;

    if (pattern->count == pattern->room) {
        pattern->room = pattern->room * 2u + 64u;
        pattern->at = realloc(pattern->at, pattern->room * sizeof *pattern->at);
        if (pattern->at == NULL) {
            (void)fputs("quadrant conformance: no memory\n", stderr);
            exit(5);
        }
    }
    element = &pattern->at[pattern->count++];
    (void)memset(element, 0, sizeof *element);
    element->kind = kind;
    return element;
}

static bool octet_of(const char *text, uint8_t *octet) {
    char copy[3] = {text[0], text[1], '\0'};
    char *end;

    *octet = (uint8_t)strtoul(copy, &end, 16);
    return end == copy + 2;
}

static bool fault(pattern_t *pattern, const char *why) {
    if (pattern->why == NULL) {
        pattern->why = why;
    }
    return false;
}

/* [01,03-05]: one octet of these. */
static bool compile_set(pattern_t *pattern, const char *text, size_t length) {
    element_t *element = add(pattern, SET);
    size_t at = 1;

    while (at + 2u < length) {
        uint8_t low;
        uint8_t high;
        unsigned octet;

        if (!octet_of(text + at, &low)) {
            return fault(pattern, "a set is [01,03-05]");
        }
        high = low;
        at += 2u;
        if (text[at] == '-') {
            if (at + 3u >= length || !octet_of(text + at + 1u, &high)) {
                return fault(pattern, "a set is [01,03-05]");
            }
            at += 3u;
        }
        for (octet = low; octet <= high; octet++) {
            element->set[octet / 8u] |= (uint8_t)(1u << octet % 8u);
        }
        at += text[at] == ',' ? 1u : 0u;
    }
    return true;
}

/* <name:4> or <name:*> */
static bool compile_capture(pattern_t *pattern, const char *text, size_t length) {
    const char *colon = memchr(text, ':', length);
    unsigned capture = pattern->captures;
    char *end;
    unsigned long count;

    if (colon == NULL || text[length - 1u] != '>' || capture == CAPTURES_MAX) {
        return fault(pattern, "a capture is <name:N> or <name:*>");
    }
    pattern->name[capture] = calloc(length, 1);
    if (pattern->name[capture] == NULL) {
        return fault(pattern, "no memory");
    }
    (void)memcpy(pattern->name[capture], text + 1, (size_t)(colon - text) - 1u);
    pattern->captures++;
    add(pattern, BEGIN)->capture = (uint8_t)capture;
    if (colon[1] == '*') {
        (void)add(pattern, REST);
    } else {
        for (count = strtoul(colon + 1, &end, 10); count > 0u; count--) {
            (void)add(pattern, ONE); /* mask 0: any */
        }
    }
    add(pattern, END)->capture = (uint8_t)capture;
    return true;
}

static bool compile_hex(pattern_t *pattern, const char *text, size_t length) {
    size_t at = 0;

    while (at < length) {
        element_t *element = add(pattern, ONE);

        if (length - at < 2u) {
            return fault(pattern, "an odd number of digits");
        }
        if (text[at] == '?' && text[at + 1u] == '?') {
            at += 2u;
            continue;
        }
        if (!octet_of(text + at, &element->value)) {
            return fault(pattern, "no octet, ??, *, [..], <name:N>, {...} or @name");
        }
        element->mask = 0xFF;
        at += 2u;
        if (at < length && text[at] == '/') {
            if (length - at < 3u || !octet_of(text + at + 1u, &element->mask)) {
                return fault(pattern, "a mask is 10/F0");
            }
            at += 3u;
        }
    }
    return true;
}

static bool compile_built(pattern_t *pattern, const char *text, size_t length) {
    cf_octets_t copy = {NULL, 0, 0};
    cf_octets_t octets = {NULL, 0, 0};
    const char *why;
    bool good;
    size_t i;

    cf_put(&copy, text, length);
    good = cf_build(pattern->names, (const char *)copy.at, &octets, &why);
    for (i = 0; good && i < octets.length; i++) {
        element_t *element = add(pattern, ONE);

        element->value = octets.at[i];
        element->mask = 0xFF;
    }
    cf_free(&copy);
    cf_free(&octets);
    return good || fault(pattern, why);
}

static size_t token(const char *text, size_t length) {
    char close = text[0] == '{' ? '}' : text[0] == '"' ? '"' : '\0';
    unsigned open = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (close == '\0' && (text[i] == ' ' || text[i] == '\t')) {
            return i;
        }
        open += text[i] == '{' ? 1u : 0u;
        if (i > 0u && text[i] == close && (close != '}' || --open == 0u)) {
            return i + 1u;
        }
    }
    return length;
}

/* A pattern holds patterns by name, DEPTH_MAX deep; match goes one deeper for each * of a pattern. */
// NOLINTBEGIN(misc-no-recursion)
static bool compile_token(pattern_t *pattern, const char *text, size_t length) {
    const char *more;
    bool good;

    switch (text[0]) {
    case '*':
        (void)add(pattern, REST);
        return length == 1u || fault(pattern, "a blank belongs behind *");
    case '[':
        return text[length - 1u] == ']' ? compile_set(pattern, text, length)
                                        : fault(pattern, "a [ without ]");
    case '<':
        return compile_capture(pattern, text, length);
    case '{':
    case '"':
        return compile_built(pattern, text, length);
    case '@':
        more = cf_find(pattern->names, text + 1, length - 1u);
        if (more == NULL || pattern->depth >= DEPTH_MAX) {
            return fault(pattern, "a name that nobody defines");
        }
        pattern->depth++;
        good = compile(pattern, more, strlen(more));
        pattern->depth--;
        return good;
    default:
        return compile_hex(pattern, text, length);
    }
}

static bool compile(pattern_t *pattern, const char *text, size_t length) {
    size_t at = 0;

    while (at < length) {
        size_t size;

        if (text[at] == ' ' || text[at] == '\t') {
            at++;
            continue;
        }
        size = token(text + at, length - at);
        if (!compile_token(pattern, text + at, size)) {
            return false;
        }
        at += size;
    }
    return true;
}

static bool match(pattern_t *pattern, size_t element, const uint8_t *octets, size_t at, size_t length) {
    for (; element < pattern->count; element++) {
        const element_t *want = &pattern->at[element];

        switch (want->kind) {
        case BEGIN:
            pattern->begin[want->capture] = at;
            break;
        case END:
            pattern->end[want->capture] = at;
            break;
        case REST:
            for (; at <= length; at++) {
                if (match(pattern, element + 1u, octets, at, length)) {
                    return true;
                }
            }
            return false;
        case SET:
            if (at >= length || (want->set[octets[at] / 8u] & 1u << octets[at] % 8u) == 0u) {
                return false;
            }
            at++;
            break;
        default:
            if (at >= length || (octets[at] & want->mask) != (want->value & want->mask)) {
                return false;
            }
            at++;
            break;
        }
    }
    return at == length;
}

// NOLINTEND(misc-no-recursion)

bool cf_match(cf_names_t *names, const char *text, const uint8_t *octets, size_t length, const char **why) {
    pattern_t pattern = {.names = names};
    bool good = compile(&pattern, text, strlen(text));
    unsigned i;

    *why = good ? NULL : pattern.why;
    good = good && match(&pattern, 0, octets, 0, length);
    for (i = 0; i < pattern.captures; i++) {
        if (good) {
            cf_define_octets(names, pattern.name[i], octets + pattern.begin[i],
                             pattern.end[i] - pattern.begin[i]);
        }
        free(pattern.name[i]);
    }
    free(pattern.at);
    return good;
}
