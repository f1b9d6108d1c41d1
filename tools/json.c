/*
 * json.c - JSON to A-XDR, with the types spelt in it or taken from a value that is like it.
 *
 * Two passes: the text becomes a row of nodes in the order of the text, then the nodes are written
 * beside the elements of the like value. Nesting is a stack of fixed depth.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "value.h"

#include "item.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 4096u
#define LIKE_MAX 4096u
#define TEXT_MAX 4096u

typedef enum kind { KIND_WORD, KIND_STRING, KIND_ARRAY, KIND_OBJECT } kind_t;

typedef struct node {
    kind_t kind;
    uint16_t count; /* members; of an object, keys and values */
    char *text;     /* words and strings, unescaped, 0 at the end */
} node_t;

typedef struct json {
    const char *at;
    const char *fault;
    node_t *node;
    size_t nodes;
    char *text; /* room for all unescaped text */
    size_t text_at;
    qd_element_t *like;
    size_t likes;
    qd_element_writer_t *writer;
} json_t;

/* --- first pass ------------------------------------------------------------------------------- */

static void fail(json_t *json, const char *what) {
    if (json->fault == NULL) {
        json->fault = what;
    }
}

static void skip_space(json_t *json) {
    json->at += strspn(json->at, " \t\r\n");
}

static node_t *add(json_t *json, kind_t kind) {
    static const node_t empty = {KIND_WORD, 0, NULL};
    node_t *node;

    if (json->nodes == NODES_MAX) {
        fail(json, "the JSON has too many parts");
        return NULL;
    }
    node = &json->node[json->nodes++];
    *node = empty;
    node->kind = kind;
    return node;
}

/* \uXXXX below 80 hex only: what a meter's strings hold. */
static char escaped(json_t *json) {
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    char c = *json->at;
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    char hex[5] = {0};
    char *end;
    unsigned long code;

    if (found != NULL) {
        json->at++;
        return to[found - from];
    }
    if (c == 'u' && strnlen(json->at, 5) == 5u) {
        (void)memcpy(hex, json->at + 1, 4);
        code = strtoul(hex, &end, 16);
        if (*end == '\0' && code > 0u && code < 0x80u) {
            json->at += 5;
            return (char)code;
        }
    }
    fail(json, "an escape in the JSON that is not known");
    return '?';
}

static void read_string(json_t *json) {
    node_t *node = add(json, KIND_STRING);
    size_t start = json->text_at;

    json->at++;
    while (json->fault == NULL && *json->at != '"') {
        char c = *json->at;

        if ((unsigned char)c < 0x20u) {
            fail(json, "a string in the JSON has no end");
            return;
        }
        json->at++;
        json->text[json->text_at++] = c == '\\' ? escaped(json) : c;
    }
    if (json->fault == NULL && node != NULL) {
        json->at++;
        json->text[json->text_at++] = '\0';
        node->text = json->text + start;
    }
}

static void read_word(json_t *json) {
    node_t *node = add(json, KIND_WORD);
    size_t length = strspn(json->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    if (length == 0u || node == NULL) {
        fail(json, "VALUE is neither type:text nor JSON; quadrant help set lists the types");
        return;
    }
    (void)memcpy(json->text + json->text_at, json->at, length);
    node->text = json->text + json->text_at;
    json->text_at += length;
    json->text[json->text_at++] = '\0';
    json->at += length;
}

/* Where the reader stands inside one group. */
typedef struct open_group {
    size_t node;
    bool key; /* the next member of an object is a key */
} open_group_t;

/* Before a member: separators and ends. True: a member follows. */
static bool before_member(json_t *json, const open_group_t *group) {
    const node_t *node = &json->node[group->node];
    bool object = node->kind == KIND_OBJECT;

    skip_space(json);
    if (*json->at == (object ? '}' : ']') && !(object && !group->key)) {
        json->at++;
        return false;
    }
    if (node->count > 0u) {
        char wanted = object && !group->key ? ':' : ',';

        if (*json->at != wanted) {
            fail(json, "the JSON lacks a comma, a colon or a closing bracket");
            return false;
        }
        json->at++;
        skip_space(json);
    }
    if (object && group->key && *json->at != '"') {
        fail(json, "a key in the JSON is not in quotes");
    }
    return json->fault == NULL;
}

static void read_nodes(json_t *json) {
    open_group_t open[QD_ELEMENT_DEPTH_MAX * 2u];
    size_t depth = 0;

    do {
        char c;

        if (depth > 0u) {
            open_group_t *group = &open[depth - 1u];

            if (!before_member(json, group)) {
                depth--;
                continue;
            }
            json->node[group->node].count++;
            group->key = !group->key;
        }
        skip_space(json);
        c = *json->at;
        if (c == '[' || c == '{') {
            if (depth == sizeof open / sizeof open[0]) {
                fail(json, "the JSON is nested too deep");
                return;
            }
            open[depth].node = json->nodes;
            open[depth].key = c == '{';
            depth++;
            json->at++;
            (void)add(json, c == '[' ? KIND_ARRAY : KIND_OBJECT);
        } else if (c == '"') {
            read_string(json);
        } else {
            read_word(json);
        }
    } while (depth > 0u && json->fault == NULL);
    skip_space(json);
    if (*json->at != '\0') {
        fail(json, *json->at == ':' ? "no such type before the colon; quadrant help set lists the types"
                                    : "octets after the JSON");
    }
}

/* --- second pass ------------------------------------------------------------------------------ */

#define NO_LIKE ((size_t)-1)

/* The element after everything inside element n. */
static size_t after(const json_t *json, size_t n) {
    size_t next = n + 1u;

    while (next < json->likes && json->like[next].depth > json->like[n].depth) {
        next++;
    }
    return next;
}

static const char *short_name(uint8_t tag) {
    switch (tag) {
    case QD_TYPE_BOOLEAN:
        return "bool";
    case QD_TYPE_UNSIGNED:
        return "u8";
    case QD_TYPE_LONG_UNSIGNED:
        return "u16";
    case QD_TYPE_DOUBLE_LONG_UNSIGNED:
        return "u32";
    case QD_TYPE_LONG64_UNSIGNED:
        return "u64";
    case QD_TYPE_INTEGER:
        return "i8";
    case QD_TYPE_LONG:
        return "i16";
    case QD_TYPE_DOUBLE_LONG:
        return "i32";
    case QD_TYPE_LONG64:
        return "i64";
    case QD_TYPE_ENUM:
        return "enum";
    case QD_TYPE_BCD:
        return "bcd";
    case QD_TYPE_VISIBLE_STRING:
        return "text";
    case QD_TYPE_UTF8_STRING:
        return "utf8";
    case QD_TYPE_BIT_STRING:
        return "bits";
    default:
        return NULL;
    }
}

/* A string where the meter has an octet-string: a logical name, a date-time, hex digits or text, by the
 * form of both. */
static void write_octets(json_t *json, const node_t *node, const qd_element_t *like) {
    size_t length = strlen(node->text);
    qd_scalar_t scalar = {.type = QD_TYPE_OCTET_STRING};
    uint8_t octets[12];
    qd_obis_t obis;
    const char *end;

    if (length > TEXT_MAX) {
        fail(json, "a string is longer than 4096 characters");
        return;
    }
    if (like->scalar.length == sizeof octets && qd_date_time_parse(node->text, length, octets)) {
        scalar.external = octets;
        scalar.length = sizeof octets;
    } else if (like->scalar.length == sizeof obis.group && qd_obis_parse(node->text, &obis, &end) &&
               *end == '\0') {
        scalar.external = obis.group;
        scalar.length = sizeof obis.group;
    } else {
        scalar.external = (const uint8_t *)node->text;
        scalar.length = (uint16_t)length;
    }
    qd_element_write_scalar(json->writer, &scalar);
}

/* A word or string without a type of its own. */
static void write_plain(json_t *json, const node_t *node, size_t like) {
    const qd_element_t *element = like != NO_LIKE && like < json->likes ? &json->like[like] : NULL;
    const char *type = element != NULL ? short_name(element->type) : NULL;
    bool word = node->kind == KIND_WORD;
    const char *why = NULL;

    if (word && strcmp(node->text, "null") == 0) {
        type = "null";
        why = qd_value_scalar(json->writer, type, "", 0);
    } else if (!word && element != NULL && element->type == QD_TYPE_OCTET_STRING) {
        write_octets(json, node, element);
    } else if (type != NULL) {
        why = qd_value_scalar(json->writer, type, node->text, strlen(node->text));
    } else if (word && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)) {
        why = qd_value_scalar(json->writer, "bool", node->text, strlen(node->text));
    } else {
        why = "the type is not known; spell it, as u16:5 or {\"u16\": 5}";
    }
    if (why != NULL) {
        fail(json, why);
    }
}

typedef struct writing {
    uint16_t left;
    bool array;  /* every member is like the first */
    size_t like; /* of the next member */
} writing_t;

static void open_writing(json_t *json, writing_t *writing, const node_t *node, bool array, size_t like) {
    qd_element_write_group(json->writer, array ? QD_TYPE_ARRAY : QD_TYPE_STRUCTURE, node->count);
    writing->left = node->count;
    writing->array = array;
    writing->like =
        like != NO_LIKE && like + 1u < json->likes && json->like[like].count > 0u ? like + 1u : NO_LIKE;
}

/* {"type": value}: the value's node, and for groups whether it is an array. */
static size_t write_typed(json_t *json, size_t n, writing_t *writing, bool *group) {
    const node_t *key;
    const node_t *value;

    *group = false;
    if (json->node[n].count != 2u || n + 2u >= json->nodes) {
        fail(json, "a JSON object is {\"type\": value}");
        return n;
    }
    key = &json->node[n + 1u];
    value = &json->node[n + 2u];
    if (strcmp(key->text, "array") == 0 || strcmp(key->text, "structure") == 0) {
        if (value->kind != KIND_ARRAY) {
            fail(json, "an array or structure is a list in brackets");
        } else {
            *group = true;
            open_writing(json, writing, value, key->text[0] == 'a', NO_LIKE);
        }
    } else if (value->kind == KIND_WORD || value->kind == KIND_STRING) {
        const char *text = strcmp(key->text, "null") == 0 ? "" : value->text;
        const char *why = qd_value_scalar(json->writer, key->text, text, strlen(text));

        if (why != NULL) {
            fail(json, why);
        }
    } else {
        fail(json, "this type has no list or object as value");
    }
    return n + 2u;
}

static void write_nodes(json_t *json) {
    writing_t stack[QD_ELEMENT_DEPTH_MAX];
    size_t depth = 0;
    size_t n;

    for (n = 0; n < json->nodes && json->fault == NULL; n++) {
        const node_t *node = &json->node[n];
        size_t like = json->likes > 0u ? 0u : NO_LIKE;
        writing_t next = {0};
        bool group = false;

        if (depth > 0u) {
            writing_t *writing = &stack[depth - 1u];

            like = writing->like;
            writing->left--;
            if (like != NO_LIKE && !writing->array) {
                writing->like = after(json, like);
            }
        }
        if (node->kind == KIND_OBJECT) {
            n = write_typed(json, n, &next, &group);
        } else if (node->kind == KIND_ARRAY) {
            bool known = like != NO_LIKE && like < json->likes;

            group = true;
            open_writing(json, &next, node, !(known && json->like[like].type == QD_TYPE_STRUCTURE), like);
        } else {
            write_plain(json, node, like);
        }
        if (group) {
            if (depth == QD_ELEMENT_DEPTH_MAX) {
                fail(json, "the JSON is nested too deep");
                return;
            }
            stack[depth++] = next;
        }
        while (depth > 0u && stack[depth - 1u].left == 0u) {
            depth--;
        }
    }
}

static void read_like(json_t *json, const uint8_t *like, size_t length) {
    qd_element_iterator_t it;

    if (like == NULL) {
        return;
    }
    qd_element_begin(&it, like, length);
    while (json->likes < LIKE_MAX && qd_element_next(&it, &json->like[json->likes]) == QD_OK) {
        json->likes++;
    }
}

const char *qd_json_encode(const char *text, const uint8_t *like, size_t like_length,
                           qd_element_writer_t *writer) {
    json_t json = {.at = text, .writer = writer};

    json.node = calloc(NODES_MAX, sizeof *json.node);
    json.like = calloc(LIKE_MAX, sizeof *json.like);
    json.text = calloc(2u, strlen(text) + 1u); /* each node adds a 0 to at least one character */
    if (json.node == NULL || json.like == NULL || json.text == NULL) {
        fail(&json, "no memory");
    } else {
        read_like(&json, like, like_length);
        read_nodes(&json);
        write_nodes(&json);
    }
    free(json.node);
    free(json.like);
    free(json.text);
    return json.fault;
}
