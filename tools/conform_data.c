/*
 * conform_data.c - A-XDR data as the conformance suite reads them, and the types of the classes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 16

/* Octets of a length field and its value; 0: none. */
static size_t length_field(const uint8_t *at, size_t length, size_t *value) {
    size_t count;
    size_t i;

    if (length == 0u) {
        return 0;
    }
    if (at[0] < 0x80u) {
        *value = at[0];
        return 1;
    }
    count = at[0] & 0x7Fu;
    if (count == 0u || count > 4u || length < 1u + count) {
        return 0;
    }
    *value = 0;
    for (i = 0; i < count; i++) {
        *value = *value << 8 | at[1u + i];
    }
    return 1u + count;
}

static size_t fixed_size(uint8_t tag) {
    switch (tag) {
    case 3:  /* boolean */
    case 13: /* bcd */
    case 15: /* integer */
    case 17: /* unsigned */
    case 22: /* enum */
        return 1;
    case 16: /* long */
    case 18: /* long-unsigned */
        return 2;
    case 5: /* double-long */
    case 6: /* double-long-unsigned */
    case 23:
        return 4;
    case 20: /* long64 */
    case 21: /* long64-unsigned */
    case 24:
        return 8;
    case 25: /* date-time */
        return 12;
    case 26: /* date */
        return 5;
    case 27: /* time */
        return 4;
    default:
        return 0;
    }
}

/* An element holds elements, NESTING_MAX deep at the most. */
// NOLINTBEGIN(misc-no-recursion)
static size_t measure(const uint8_t *at, size_t length, unsigned depth, cf_data_t *data) {
    size_t size = 0;
    size_t head;
    size_t i;

    if (length == 0u || depth > NESTING_MAX) {
        return 0;
    }
    data->tag = at[0];
    data->count = 0;
    data->body = at + 1;
    data->body_length = fixed_size(at[0]);
    if (at[0] == 0u) { /* null-data */
        return 1;
    }
    if (data->body_length > 0u) {
        return 1u + data->body_length <= length ? 1u + data->body_length : 0u;
    }
    head = length_field(at + 1, length - 1u, &data->count);
    if (head == 0u) {
        return 0;
    }
    data->body = at + 1u + head;
    head++;
    if (at[0] == 1u || at[0] == 2u) { /* array, structure */
        for (i = 0; i < data->count; i++) {
            cf_data_t inner;
            size_t part = measure(at + head + size, length - head - size, depth + 1u, &inner);

            if (part == 0u) {
                return 0;
            }
            size += part;
        }
    } else if (at[0] == 9u || at[0] == 10u || at[0] == 12u) {
        size = data->count;
    } else if (at[0] == 4u) { /* bit-string */
        size = (data->count + 7u) / 8u;
    } else {
        return 0;
    }
    data->body_length = size;
    return size <= length - head ? head + size : 0u;
}

size_t cf_data_open(const uint8_t *at, size_t length, cf_data_t *data) {
    return measure(at, length, 0, data);
}

size_t cf_data_measure(const uint8_t *at, size_t length) {
    cf_data_t data;

    return measure(at, length, 0, &data);
}

bool cf_data_time(const uint8_t *at, size_t length, int64_t *hundredths) {
    cf_data_t data;
    const uint8_t *t;
    int64_t year;
    int64_t month;
    int64_t days;
    int64_t deviation;

    if (cf_data_open(at, length, &data) == 0u || (data.tag != 9u && data.tag != 25u) ||
        data.body_length != 12u) {
        return false;
    }
    t = data.body;
    if (t[0] == 0xFFu || t[2] < 1u || t[2] > 12u || t[3] < 1u || t[3] > 31u || t[5] > 23u || t[6] > 59u ||
        t[7] > 59u) {
        return false;
    }
    month = t[2] > 2u ? t[2] - 3 : t[2] + 9; /* the year begins with March: its leap day is the last one */
    year = (t[0] << 8 | t[1]) - (t[2] > 2u ? 0 : 1);
    days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + t[3] - 1;
    deviation = (int16_t)(t[9] << 8 | t[10]);
    deviation = deviation == INT16_MIN ? 0 : deviation;
    *hundredths =
        (((days * 24 + t[5]) * 60 + t[6] + deviation) * 60 + t[7]) * 100 + (t[8] == 0xFFu ? 0 : t[8]);
    return true;
}

/* --- types -------------------------------------------------------------------------------------------- */

typedef struct type_word {
    const char *word;
    const char *tags; /* each a character */
} type_word_t;

static const type_word_t type_words[] = {
    {"octets", "\x09"},
    {"text", "\x0A"},
    {"utf8", "\x0C"},
    {"bits", "\x04"},
    {"bool", "\x03"},
    {"enum", "\x16"},
    {"u8", "\x11"},
    {"u16", "\x12"},
    {"u32", "\x06"},
    {"u64", "\x15"},
    {"i8", "\x0F"},
    {"i16", "\x10"},
    {"i32", "\x05"},
    {"i64", "\x14"},
    {"array", "\x01"},
    {"structure", "\x02"},
    {"number", "\x11\x12\x06\x15\x0F\x10\x05\x14\x17\x18"},
    {"simple", "\x11\x12\x06\x15\x0F\x10\x05\x14\x17\x18\x03\x04\x09\x0A\x0C\x0D\x16\x19\x1A\x1B"}};

/* Length of the type at the front, up to a comma, | or ) that is not its own. */
static size_t type_length(const char *type) {
    size_t i;
    unsigned open = 0;

    for (i = 0; type[i] != '\0'; i++) {
        if (open == 0u && (type[i] == ',' || type[i] == '|' || type[i] == ')')) {
            break;
        }
        open += type[i] == '(' ? 1u : 0u;
        open -= type[i] == ')' ? 1u : 0u;
    }
    return i;
}

static bool suits(const uint8_t *at, size_t length, const char *type, unsigned depth);

/* (6) of octets, (1-7) of numbers. */
static bool within(const cf_data_t *data, const char *range) {
    char *end;
    unsigned long low = strtoul(range, &end, 10);
    unsigned long high = *end == '-' ? strtoul(end + 1, &end, 10) : low;
    uint64_t value = 0;
    size_t i;

    if (data->tag == 9u || data->tag == 10u || data->tag == 12u || data->tag == 4u) {
        return data->count >= low && data->count <= high;
    }
    for (i = 0; i < data->body_length; i++) {
        value = value << 8 | data->body[i];
    }
    return value >= low && value <= high;
}

/* Elements of an array or a structure. */
static bool inside(const cf_data_t *data, const char *types, unsigned depth) {
    size_t at = 0;
    size_t i;

    for (i = 0; i < data->count; i++) {
        size_t size = cf_data_measure(data->body + at, data->body_length - at);

        if (*types == ')' || *types == '\0' || !suits(data->body + at, size, types, depth)) {
            return false;
        }
        at += size;
        if (data->tag == 2u) {
            for (;;) { /* over all alternatives of this element */
                types += type_length(types);
                if (*types != '|') {
                    break;
                }
                types++;
            }
            types += *types == ',' ? 1 : 0;
        }
    }
    return data->tag == 1u || *types == ')' || *types == '\0';
}

static bool suits_one(const uint8_t *at, size_t length, const char *type, unsigned depth) {
    size_t word = strcspn(type, "(|,)");
    cf_data_t data;
    size_t i;

    if (cf_data_open(at, length, &data) != length || length == 0u) {
        return false;
    }
    if (word == 3u && memcmp(type, "any", 3) == 0) {
        return true;
    }
    if (word == 4u && memcmp(type, "null", 4) == 0) {
        return data.tag == 0u;
    }
    for (i = 0; i < sizeof type_words / sizeof type_words[0]; i++) {
        const type_word_t *row = &type_words[i];

        if (strlen(row->word) == word && memcmp(row->word, type, word) == 0) {
            if (data.tag == 0u || strchr(row->tags, data.tag) == NULL) {
                return false;
            }
            if (type[word] != '(') {
                return true;
            }
            return data.tag <= 2u ? inside(&data, type + word + 1u, depth + 1u)
                                  : within(&data, type + word + 1u);
        }
    }
    return false;
}

static bool suits(const uint8_t *at, size_t length, const char *type, unsigned depth) {
    if (depth > NESTING_MAX) {
        return false;
    }
    for (;;) {
        if (suits_one(at, length, type, depth)) {
            return true;
        }
        type += type_length(type);
        if (*type != '|') {
            return false;
        }
        type++;
    }
}

// NOLINTEND(misc-no-recursion)

bool cf_data_suits(const uint8_t *at, size_t length, const char *type) {
    return suits(at, length, type, 0);
}

/* The table is text: "class ID VERSION", then "ATTRIBUTE TYPE" for each. */
const char *cf_class_type(unsigned class_id, unsigned version, unsigned attribute) {
    static char type[512];
    const cf_file_t *file = cf_file_find("classes.txt");
    const char *at = file != NULL ? (const char *)file->at : "";
    bool mine = false;

    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        char *end;
        char text[512];

        if (length < sizeof text) {
            (void)memcpy(text, at, length);
            text[length] = '\0';
            if (strncmp(text, "class ", 6) == 0) {
                mine = strtoul(text + 6, &end, 10) == class_id && strtoul(end, NULL, 10) == version;
            } else if (mine && strtoul(text, &end, 10) == attribute && *end == ' ') {
                (void)memcpy(type, end + 1, strlen(end + 1) + 1u);
                return type;
            }
        }
        at += length + (at[length] == '\n' ? 1u : 0u);
    }
    return NULL;
}
