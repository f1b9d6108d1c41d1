/*
 * conform_table.c - tables of test purposes and capability declarations, see tests/conformance/FORMAT.md.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"open",   "close", "reset", "on",      "link",   "aa",     "ask",
                                    "expect", "tx",    "rx",    "slow",    "wait",   "let",    "def",
                                    "for",    "end",   "alive", "as",      "check",  "getall", "getlist",
                                    "do",     "part",  "count", "require", "forget", "rows"};

static void *grow(void *rows, size_t count, size_t size) {
    void *more = realloc(rows, (count + 1u) * size);

    if (more == NULL) {
        (void)fputs("quadrant conformance: no memory\n", stderr);
        exit(5);
    }
    (void)memset((char *)more + count * size, 0, size);
    return more;
}

/* Cuts the first word off; *rest is what follows it. */
static char *word_of(char *line, char **rest) {
    char *end;

    line += strspn(line, " \t");
    end = line + strcspn(line, " \t");
    *rest = end + strspn(end, " \t");
    *end = '\0';
    return line;
}

/* The next line without its end, joined with those that follow a \ at its end. NULL: the last was it. */
static char *line_of(char **text, unsigned *number) {
    char *line = *text;
    char *at = line;

    if (*line == '\0') {
        return NULL;
    }
    for (;;) {
        char *end = at + strcspn(at, "\n");
        char *last = end;

        (*number)++;
        *text = *end != '\0' ? end + 1 : end;
        while (last > at && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r')) {
            last--;
        }
        if (last > at && last[-1] == '\\' && *end != '\0') {
            (void)memset(last - 1, ' ', (size_t)(end - last) + 2u);
            at = end + 1;
            continue;
        }
        *last = '\0';
        return line;
    }
}

static bool known(const char *word) {
    size_t i;

    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool take_flag(cf_case_t *row, char *text) {
    while (*text != '\0') {
        char *flag = word_of(text, &text);

        if (strcmp(flag, "long") == 0) {
            row->is_long = true;
        } else if (strcmp(flag, "writes") == 0) {
            row->writes = true;
        } else if (strcmp(flag, "connections") == 0) {
            row->tcp = true;
        } else {
            return false;
        }
    }
    return true;
}

/* One line of a case. False: unknown. */
static bool take(cf_case_t *row, const char *word, char *text, unsigned number) {
    if (strcmp(word, "title") == 0) {
        row->title = text;
    } else if (strcmp(word, "confidence") == 0) {
        row->confidence = text;
    } else if (strcmp(word, "over") == 0) {
        row->over = text;
        return strcmp(text, "wrapper") == 0 || strcmp(text, "hdlc") == 0;
    } else if (strcmp(word, "why") == 0) {
        row->why = text;
    } else if (strcmp(word, "flags") == 0) {
        return take_flag(row, text);
    } else if (strcmp(word, "needs") == 0) {
        while (*text != '\0' && row->need_count < sizeof row->needs / sizeof row->needs[0]) {
            row->needs[row->need_count++] = word_of(text, &text);
        }
        return *text == '\0';
    } else if (known(word)) {
        row->step = grow(row->step, row->step_count, sizeof *row->step);
        row->step[row->step_count].word = word;
        row->step[row->step_count].text = text;
        row->step[row->step_count].line = number;
        row->step_count++;
    } else {
        return false;
    }
    return true;
}

/* Does another case have this id? */
static bool twice(const cf_table_t *table) {
    size_t i;

    for (i = 0; i + 1u < table->count; i++) {
        if (strcmp(table->row[i].id, table->row[table->count - 1u].id) == 0) {
            return true;
        }
    }
    return false;
}

static cf_case_t *begin_case(cf_table_t *table, const char *id, const char *group, const char *over) {
    cf_case_t *row;

    table->row = grow(table->row, table->count, sizeof *table->row);
    row = &table->row[table->count++];
    row->id = strdup(id);
    row->title = "";
    row->confidence = "O";
    row->group = group;
    row->over = over;
    row->table = table;
    return row;
}

/* COSEM_X_Y/1 becomes one case for each class that is declared. */
static void spread(cf_table_t *table, const cf_names_t *capabilities) {
    const char *classes = cf_find(capabilities, "classes", 7);
    size_t count = table->count;
    size_t i;

    for (i = 0; i < count; i++) {
        const char *mark = strstr(table->row[i].id, "_X_Y");
        const char *at = classes;

        while (mark != NULL && at != NULL && *at != '\0') {
            char *end;
            unsigned long class_id = strtoul(at, &end, 10);
            unsigned long version = *end == '/' ? strtoul(end + 1, &end, 10) : 0u;
            cf_case_t *row;
            char id[64];

            (void)snprintf(id, sizeof id, "%.*s_%lu_%lu%s", (int)(mark - table->row[i].id), table->row[i].id,
                           class_id, version, mark + 4);
            table->row = grow(table->row, table->count, sizeof *table->row);
            row = &table->row[table->count++];
            *row = table->row[i];
            row->id = strdup(id);
            row->class_id = (unsigned)class_id;
            row->version = (unsigned)version;
            mark = strstr(table->row[i].id, "_X_Y");
            at = end + strspn(end, " ");
        }
    }
}

bool cf_table_read(cf_table_t *table, const char *suite, const char *from, size_t length,
                   const cf_names_t *capabilities, char why[160]) {
    const char *group = "";
    const char *over = NULL;
    cf_case_t *row = NULL;
    unsigned number = 0;
    char *text;
    char *line;

    (void)memset(table, 0, sizeof *table);
    table->suite = suite;
    table->names.outer = capabilities;
    table->text = calloc(length + 1u, 1);
    if (table->text == NULL) {
        (void)snprintf(why, 160, "no memory");
        return false;
    }
    (void)memcpy(table->text, from, length);
    text = table->text;
    while ((line = line_of(&text, &number)) != NULL) {
        char *rest;
        char *word = word_of(line, &rest);
        bool good = true;

        if (*word == '\0' || *word == '#') {
            continue;
        }
        if (strcmp(word, "case") == 0) {
            row = begin_case(table, rest, group, over);
            good = *rest != '\0' && !twice(table);
        } else if (strcmp(word, "group") == 0) {
            group = rest;
            over = NULL;
            row = NULL;
        } else if (row == NULL && strcmp(word, "over") == 0) {
            over = rest;
        } else if (row == NULL && strcmp(word, "def") == 0) {
            char *name = word_of(rest, &rest);

            cf_define(&table->names, name, strlen(name), rest);
        } else {
            good = row != NULL && take(row, word, rest, number);
        }
        if (!good) {
            (void)snprintf(why, 160, "%s, line %u: %s is not known here or comes twice", suite, number, word);
            return false;
        }
    }
    spread(table, capabilities);
    return true;
}

void cf_table_free(cf_table_t *table) {
    size_t i;

    for (i = 0; i < table->count; i++) {
        free(table->row[i].id);
        if (table->row[i].class_id == 0u) {
            free(table->row[i].step); /* a case per class shares the steps of its pattern */
        }
    }
    free(table->row);
    cf_names_free(&table->names);
    free(table->text);
    (void)memset(table, 0, sizeof *table);
}

bool cf_capabilities_read(cf_names_t *names, const char *from, size_t length, char why[160]) {
    cf_octets_t copy = {NULL, 0, 0};
    unsigned number = 0;
    char *text;
    char *line;
    bool good = true;

    cf_put(&copy, from, length);
    text = (char *)copy.at;
    while (good && (line = line_of(&text, &number)) != NULL) {
        char *rest;
        char *word = word_of(line, &rest);

        if (*word == '\0' || *word == '#') {
            continue;
        }
        cf_define(names, word, strlen(word), rest);
    }
    (void)snprintf(why, 160, "capabilities, line %u", number);
    cf_free(&copy);
    return good;
}
