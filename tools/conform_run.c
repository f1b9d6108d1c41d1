/*
 * conform_run.c - the steps of a test purpose, one after the other, and the verdict.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform.h"
#include "decode.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LOOP_MAX 100000u
#define BLOCKS_MAX 20000u
#define AUTHENTICATION_FAILURE 13u

const char *const cf_verdict_name[4] = {"pass", "fail", "not applicable", "inconclusive"};

cf_verdict_t cf_say_verdict(cf_runner_t *runner, cf_verdict_t verdict, const char *format, ...) {
    char text[1400];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cf_clear(&runner->reason);
    cf_say(&runner->reason, "%s", text);
    return verdict;
}

static cf_verdict_t bad_table(cf_runner_t *runner, const cf_step_t *step, const char *why) {
    return cf_say_verdict(runner, CF_INCONCLUSIVE, "%s, line %u: %s %s: %s", runner->at->table->suite,
                          step->line, step->word, step->text, why);
}

static cf_connection_t *here(cf_runner_t *runner) {
    return &runner->connection[runner->on];
}

static const char *heard_name(cf_heard_t heard) {
    switch (heard) {
    case CF_NOTHING:
        return "silence";
    case CF_CLOSED:
        return "the connection closed";
    case CF_BROKEN:
        return "octets that are no frame, or a frame of another sender or number";
    default:
        return "an answer";
    }
}

/* --- clients and associations ------------------------------------------------------------------------- */

bool cf_client(cf_runner_t *runner, const char *name, size_t length) {
    char key[80];
    char text[400];
    const char *sap;
    const char *mechanism;
    const char *password;
    unsigned long number;

    (void)snprintf(key, sizeof key, "client.%.*s.sap", (int)length, name);
    sap = cf_find(&runner->names, key, strlen(key));
    (void)snprintf(key, sizeof key, "client.%.*s.mechanism", (int)length, name);
    mechanism = cf_find(&runner->names, key, strlen(key));
    if (sap == NULL || mechanism == NULL) {
        return false;
    }
    number = strtoul(sap, NULL, 10);
    (void)snprintf(text, sizeof text, "%04lX", number & 0xFFFFu);
    cf_define(&runner->names, "sap", 3, text);
    (void)snprintf(text, sizeof text, "%02lX", (number << 1 | 1u) & 0xFFu);
    cf_define(&runner->names, "client", 6, text);
    (void)snprintf(key, sizeof key, "password.%.*s", (int)length, name);
    password = cf_find(&runner->names, key, strlen(key));
    (void)snprintf(text, sizeof text, "%s", password != NULL ? password : "");
    cf_define(&runner->names, "password", 8, text);
    cf_define(&runner->names, "auth", 4, strcmp(mechanism, "1") == 0 ? "@auth-lls" : "");
    return true;
}

/* GET of the name of the current association object. */
static bool get_answered(cf_runner_t *runner) {
    cf_octets_t apdu = {NULL, 0, 0};
    const char *why;
    bool good;

    good = cf_build(&runner->names, "@get-own-name", &apdu, &why) &&
           cf_ask(runner, apdu.at, apdu.length) == CF_FRAME &&
           cf_answer(runner, runner->timeout_ms, &apdu) == CF_FRAME &&
           cf_match(&runner->names, "@own-name", apdu.at, apdu.length, &why);
    cf_free(&apdu);
    return good;
}

/* Why there is no association: a wrong password must not look like a faulty meter. */
static cf_verdict_t not_associated(cf_runner_t *runner, cf_heard_t heard, const cf_octets_t *apdu) {
    const char *why;
    unsigned diagnostic;

    if (heard != CF_FRAME) {
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "no association: %s", heard_name(heard));
    }
    if (!cf_match(&runner->names, "@rejected <diagnostic:1> *", apdu->at, apdu->length, &why)) {
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "no association: the AARE does not accept it");
    }
    diagnostic = (unsigned)strtoul(cf_find(&runner->names, "diagnostic", 10), NULL, 16);
    return cf_say_verdict(runner, CF_INCONCLUSIVE, "no association: the meter says %s%s",
                          qd_decode_diagnostic(diagnostic),
                          diagnostic == AUTHENTICATION_FAILURE ? "; is the password right?" : "");
}

cf_verdict_t cf_associate(cf_runner_t *runner) {
    cf_octets_t apdu = {NULL, 0, 0};
    const char *why = NULL;
    cf_verdict_t verdict;
    cf_heard_t heard;
    bool good;

    if (here(runner)->fd < 0) {
        why = cf_open(runner);
        if (why != NULL) {
            return cf_say_verdict(runner, CF_INCONCLUSIVE, "no contact: %s", why);
        }
    }
    if (!cf_build(&runner->names, "@aarq", &apdu, &why)) {
        cf_free(&apdu);
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "AARQ: %s", why);
    }
    heard = cf_ask(runner, apdu.at, apdu.length);
    heard = heard == CF_FRAME ? cf_answer(runner, runner->timeout_ms, &apdu) : heard;
    good = heard == CF_FRAME && cf_match(&runner->names, "@aare-accepted", apdu.at, apdu.length, &why);
    here(runner)->associated = good;
    runner->longest = 0;
    verdict = good ? CF_PASS : not_associated(runner, heard, &apdu);
    cf_free(&apdu);
    return verdict;
}

/* After nonsense a good request must work. */
static cf_verdict_t step_alive(cf_runner_t *runner, const cf_step_t *step) {
    cf_verdict_t verdict = CF_PASS;
    bool anew = strcmp(step->text, "new") == 0;
    bool any = strcmp(step->text, "any") == 0;

    if (any && here(runner)->fd >= 0 && here(runner)->associated && get_answered(runner)) {
        return CF_PASS;
    }
    if (anew || (any && here(runner)->fd < 0)) {
        const char *why;

        cf_close(runner, false);
        why = cf_open(runner);
        if (why != NULL) {
            return cf_say_verdict(runner, CF_FAIL, "line %u: alive: %s", step->line, why);
        }
    }
    if (anew || any || strcmp(step->text, "again") == 0 || !here(runner)->associated) {
        verdict = cf_associate(runner);
    }
    if (verdict == CF_PASS && get_answered(runner)) {
        return CF_PASS;
    }
    return cf_say_verdict(runner, CF_FAIL, "line %u: afterwards a good request is not served", step->line);
}

/* --- answers ------------------------------------------------------------------------------------------ */

static bool next_alternative(const char **text, char *to, size_t size) {
    const char *end = strstr(*text, " | ");
    size_t length = end != NULL ? (size_t)(end - *text) : strlen(*text);

    if (**text == '\0' || length >= size) {
        return false;
    }
    (void)memcpy(to, *text, length);
    to[length] = '\0';
    *text += end != NULL ? length + 3u : length;
    return true;
}

static bool names_silence(const char *text) {
    return strcmp(text, "silence") == 0 || strncmp(text, "silence |", 9) == 0 ||
           strstr(text, "| silence") != NULL;
}

/* Waits for one answer and holds it against the alternatives. */
static cf_verdict_t step_expect(cf_runner_t *runner, const cf_step_t *step, bool frames) {
    uint32_t wait_ms = names_silence(step->text) ? runner->silence_ms : runner->timeout_ms;
    cf_octets_t got = {NULL, 0, 0};
    cf_octets_t shown = {NULL, 0, 0};
    const char *rest = step->text;
    const char *why = NULL;
    char want[1200];
    bool good = false;
    cf_heard_t heard = frames ? cf_hear(runner, wait_ms, &got) : cf_answer(runner, wait_ms, &got);

    while (!good && why == NULL && next_alternative(&rest, want, sizeof want)) {
        if (strcmp(want, "silence") == 0) {
            good = heard == CF_NOTHING;
        } else if (strcmp(want, "closed") == 0) {
            good = heard == CF_CLOSED;
        } else if (strcmp(want, "any") == 0) {
            good = true;
        } else {
            /* What is no frame matches nothing, but a wrong pattern is told in any case. */
            good = cf_match(&runner->names, want, got.at, heard == CF_FRAME ? got.length : 0u, &why) &&
                   heard == CF_FRAME;
        }
    }
    if (why != NULL || good) {
        cf_free(&got);
        return good ? CF_PASS : bad_table(runner, step, why);
    }
    cf_show(runner, &shown, got.at, got.length);
    (void)cf_say_verdict(runner, CF_FAIL, "line %u: expected %s, got %s%s", step->line, step->text,
                         heard == CF_FRAME ? "" : heard_name(heard),
                         heard != CF_FRAME  ? ""
                         : got.length == 0u ? "an empty one"
                                            : (const char *)shown.at);
    cf_free(&shown);
    cf_free(&got);
    return CF_FAIL;
}

/* --- GET with blocks ---------------------------------------------------------------------------------- */

static uint32_t number_at(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* C4 02 id last number(4) 00 length octets. True: taken, *last says whether it was the last. */
static bool take_block(const cf_octets_t *apdu, uint32_t number, cf_octets_t *data, bool *last) {
    size_t count;
    size_t head = 10;

    if (apdu->length < 10u || apdu->at[1] != 2u || apdu->at[8] != 0u || number_at(apdu->at + 4) != number) {
        return false;
    }
    count = apdu->at[9];
    if (count >= 0x80u) {
        size_t octets = count & 0x7Fu;
        size_t i;

        count = 0;
        for (i = 0; i < octets && head < apdu->length; i++) {
            count = count << 8 | apdu->at[head++];
        }
    }
    if (count != apdu->length - head) {
        return false;
    }
    *last = apdu->at[3] != 0u;
    cf_put(data, apdu->at + head, count);
    return true;
}

static cf_verdict_t get_fault(cf_runner_t *runner, const char *what, cf_heard_t heard,
                              const cf_octets_t *apdu) {
    cf_octets_t shown = {NULL, 0, 0};

    cf_show(runner, &shown, apdu->at, apdu->length);
    (void)cf_say_verdict(runner, CF_FAIL, "GET %s: %s %s", what, heard_name(heard),
                         heard == CF_FRAME && shown.at != NULL ? (const char *)shown.at : "");
    cf_free(&shown);
    return CF_FAIL;
}

/* choice: 1 GET of one attribute, 3 of a list; descriptor is what stands behind the invoke-id. */
static cf_verdict_t get(cf_runner_t *runner, uint8_t choice, const uint8_t *descriptor, size_t length,
                        cf_octets_t *data, bool *refused) {
    cf_octets_t apdu = {NULL, 0, 0};
    uint32_t number = 0;
    bool last = false;
    cf_heard_t heard;

    cf_clear(data);
    *refused = false;
    cf_put_1(&apdu, 0xC0);
    cf_put_1(&apdu, choice);
    cf_put_1(&apdu, 0xC1);
    cf_put(&apdu, descriptor, length);
    while (!last && number < BLOCKS_MAX) {
        heard = cf_ask(runner, apdu.at, apdu.length);
        heard = heard == CF_FRAME ? cf_answer(runner, runner->timeout_ms, &apdu) : heard;
        if (heard != CF_FRAME || apdu.length < 4u || apdu.at[0] != 0xC4u || apdu.at[2] != 0xC1u) {
            break;
        }
        if (number == 0u && choice == 3u && apdu.at[1] == 3u) {
            cf_put(data, apdu.at + 3, apdu.length - 3u);
            last = true;
        } else if (number == 0u && apdu.at[1] == 1u && apdu.at[3] <= 1u &&
                   (choice == 1u || apdu.at[3] == 1u)) {
            *refused = apdu.at[3] == 1u;
            cf_put(data, apdu.at + 4, apdu.length - 4u);
            last = true;
        } else if (take_block(&apdu, number + 1u, data, &last)) {
            number++;
            cf_clear(&apdu);
            cf_put(&apdu, "\xC0\x02\xC1", 3);
            cf_put_number(&apdu, number, 4);
        } else {
            break;
        }
    }
    if (!last) {
        cf_octets_t what = {NULL, 0, 0};
        cf_verdict_t verdict;

        cf_put_hex(&what, descriptor, length);
        verdict = get_fault(runner, (const char *)what.at, heard, &apdu);
        cf_free(&what);
        cf_free(&apdu);
        return verdict;
    }
    cf_free(&apdu);
    return CF_PASS;
}

cf_verdict_t cf_get(cf_runner_t *runner, const uint8_t *descriptor, size_t length, cf_octets_t *data,
                    bool *refused) {
    return get(runner, 1, descriptor, length, data, refused);
}

/*
 * getall NAME DESCRIPTOR: the whole value, however many blocks it takes. getlist NAME LIST: so with GET of a list; the
 * name gets the number of the results and the results.
 */
static cf_verdict_t step_getall(cf_runner_t *runner, const cf_step_t *step, bool list) {
    size_t name = strcspn(step->text, " ");
    cf_octets_t descriptor = {NULL, 0, 0};
    cf_octets_t data = {NULL, 0, 0};
    char key[64];
    const char *why;
    bool refused = false;
    cf_verdict_t verdict;

    if (!cf_build(&runner->names, step->text + name, &descriptor, &why)) {
        cf_free(&descriptor);
        return bad_table(runner, step, why);
    }
    verdict = get(runner, list ? 3 : 1, descriptor.at, descriptor.length, &data, &refused);
    if (verdict == CF_PASS && refused) {
        verdict = cf_say_verdict(runner, CF_FAIL, "line %u: GET is refused with %02X", step->line,
                                 data.length > 0u ? data.at[0] : 0u);
    } else if (verdict == CF_PASS && !list && cf_data_measure(data.at, data.length) != data.length) {
        verdict = cf_say_verdict(runner, CF_FAIL, "line %u: the value is no A-XDR element", step->line);
    }
    if (verdict == CF_PASS) {
        uint8_t longest[2] = {(uint8_t)(runner->longest >> 8), (uint8_t)runner->longest};

        (void)snprintf(key, sizeof key, "%.*s", (int)name, step->text);
        cf_define_octets(&runner->names, key, data.at, data.length);
        cf_define_octets(&runner->names, "longest", longest, sizeof longest);
    }
    cf_free(&descriptor);
    cf_free(&data);
    return verdict;
}

/* --- small steps -------------------------------------------------------------------------------------- */

static cf_verdict_t step_send(cf_runner_t *runner, const cf_step_t *step, bool raw) {
    cf_octets_t octets = {NULL, 0, 0};
    cf_verdict_t verdict = CF_PASS;
    const char *why;

    if (!cf_build(&runner->names, step->text, &octets, &why)) {
        verdict = bad_table(runner, step, why);
    } else if (raw) {
        (void)cf_send(runner, octets.at, octets.length); /* a peer that closed meanwhile is heard later */
    } else {
        cf_heard_t heard = cf_ask(runner, octets.at, octets.length);

        if (heard != CF_FRAME && heard != CF_CLOSED) {
            verdict = cf_say_verdict(runner, CF_FAIL, "line %u: the request cannot be sent: %s", step->line,
                                     heard_name(heard));
        }
    }
    cf_free(&octets);
    return verdict;
}

static cf_verdict_t step_let(cf_runner_t *runner, const cf_step_t *step, bool late) {
    size_t name = strcspn(step->text, " \t");
    const char *text = step->text + name + strspn(step->text + name, " \t");
    cf_octets_t octets = {NULL, 0, 0};
    char key[64];
    const char *why;

    if (late) {
        cf_define(&runner->names, step->text, name, text);
        return CF_PASS;
    }
    if (!cf_build(&runner->names, text, &octets, &why)) {
        cf_free(&octets);
        return bad_table(runner, step, why);
    }
    (void)snprintf(key, sizeof key, "%.*s", (int)name, step->text);
    cf_define_octets(&runner->names, key, octets.at, octets.length);
    cf_free(&octets);
    return CF_PASS;
}

/* check, require LEFT OP RIGHT: octets as one big-endian number; = and != compare them as they are. */
static cf_verdict_t step_check(cf_runner_t *runner, const cf_step_t *step, cf_verdict_t otherwise) {
    static const char *const signs[] = {" = ", " != ", " <= ", " < ", " >= ", " > "};
    cf_octets_t side[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    char left[600];
    const char *why = "an operator is missing";
    bool good = false;
    int order = 0;
    size_t sign;

    for (sign = 0; sign < 6u; sign++) {
        const char *at = strstr(step->text, signs[sign]);

        if (at != NULL && (size_t)(at - step->text) < sizeof left) {
            (void)memcpy(left, step->text, (size_t)(at - step->text));
            left[at - step->text] = '\0';
            good = cf_build(&runner->names, left, &side[0], &why) &&
                   cf_build(&runner->names, at + strlen(signs[sign]), &side[1], &why);
            break;
        }
    }
    if (!good) {
        cf_free(&side[0]);
        cf_free(&side[1]);
        return bad_table(runner, step, why);
    }
    if (sign >= 2u && side[0].length < 16u && side[1].length < 16u) {
        uint8_t wide[2][16] = {{0}, {0}};

        (void)memcpy(wide[0] + 16u - side[0].length, side[0].at, side[0].length);
        (void)memcpy(wide[1] + 16u - side[1].length, side[1].at, side[1].length);
        order = memcmp(wide[0], wide[1], 16);
        good = sign == 2u ? order <= 0 : sign == 3u ? order < 0 : sign == 4u ? order >= 0 : order > 0;
    } else {
        bool same = side[0].length == side[1].length && memcmp(side[0].at, side[1].at, side[0].length) == 0;

        good = same == (sign == 0u);
    }
    if (!good) {
        cf_octets_t shown = {NULL, 0, 0};

        cf_show(runner, &shown, side[0].at, side[0].length);
        cf_say(&shown, " against ");
        cf_show(runner, &shown, side[1].at, side[1].length);
        (void)cf_say_verdict(runner, otherwise, "line %u: not so: %s (%s)", step->line, step->text,
                             (const char *)shown.at);
        cf_free(&shown);
    }
    cf_free(&side[0]);
    cf_free(&side[1]);
    return good ? CF_PASS : otherwise;
}

/*
 * part NAME PATH EXPRESSION: an element of a value, its path counted from 0 with dots between, from the end
 * when negative. count NAME EXPRESSION: how many elements it has, as four octets.
 */
static cf_verdict_t step_part(cf_runner_t *runner, const cf_step_t *step, bool count) {
    char name[64];
    char path[64] = "";
    int read = 0;
    cf_octets_t value = {NULL, 0, 0};
    const uint8_t *at;
    size_t length;
    const char *why;
    const char *next = path;
    cf_data_t data = {0, 0, NULL, 0};

    if (count ? sscanf(step->text, "%63s %n", name, &read) < 1
              : sscanf(step->text, "%63s %63s %n", name, path, &read) < 2) {
        return bad_table(runner, step, "a name is missing");
    }
    if (!cf_build(&runner->names, step->text + read, &value, &why)) {
        cf_free(&value);
        return bad_table(runner, step, why);
    }
    at = value.at;
    length = cf_data_open(at, value.length, &data);
    while (length > 0u && *next != '\0') {
        char *end;
        long index = strtol(next, &end, 10);

        index = index < 0 ? index + (long)data.count : index;
        if (data.tag == 0u || data.tag > 2u || index < 0 || (size_t)index >= data.count) {
            length = 0;
            break;
        }
        at = data.body;
        length = cf_data_measure(at, data.body_length);
        for (; index > 0; index--) {
            at += length;
            length = cf_data_measure(at, data.body_length - (size_t)(at - data.body));
        }
        (void)cf_data_open(at, length, &data);
        next = end + (*end == '.' ? 1 : 0);
    }
    if (length > 0u && count) {
        uint8_t octets[4] = {(uint8_t)(data.count >> 24), (uint8_t)(data.count >> 16),
                             (uint8_t)(data.count >> 8), (uint8_t)data.count};

        cf_define_octets(&runner->names, name, octets, 4);
    } else if (length > 0u) {
        cf_define_octets(&runner->names, name, at, length);
    }
    cf_free(&value);
    return length > 0u
               ? CF_PASS
               : cf_say_verdict(runner, CF_FAIL, "line %u: the value has no element %s", step->line, path);
}

/* Appends those elements of an array whose first element is a time from a to b. */
static size_t rows_between(const cf_data_t *array, int64_t a, int64_t b, cf_octets_t *rows) {
    size_t count = 0;
    size_t at = 0;
    size_t i;

    for (i = 0; i < array->count; i++) {
        size_t length = cf_data_measure(array->body + at, array->body_length - at);
        cf_data_t row = {0, 0, NULL, 0};
        int64_t time;

        (void)cf_data_open(array->body + at, length, &row);
        if (row.tag == 2u && cf_data_time(row.body, row.body_length, &time) && time >= a && time <= b) {
            cf_put(rows, array->body + at, length);
            count++;
        }
        at += length;
    }
    return count;
}

/*
 * rows NAME A B EXPRESSION: the rows of an array whose first element is a time from the earlier one of A and B to the later
 * one, in the order in which they stand. Sets @from and @to as well.
 */
static cf_verdict_t step_rows(cf_runner_t *runner, const cf_step_t *step) {
    char name[64];
    char bound[2][64];
    int read = 0;
    cf_octets_t built[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    cf_octets_t rows = {NULL, 0, 0};
    cf_octets_t found = {NULL, 0, 0};
    int64_t time[2] = {0, 0};
    cf_data_t array = {0, 0, NULL, 0};
    const char *why = "a name, two times and a value are wanted";
    bool good = sscanf(step->text, "%63s %63s %63s %n", name, bound[0], bound[1], &read) == 3;
    bool timed = false;
    size_t i;

    for (i = 0; good && i < 3u; i++) {
        good = cf_build(&runner->names, i < 2u ? bound[i] : step->text + read, &built[i], &why);
    }
    if (good && cf_data_time(built[0].at, built[0].length, &time[0]) &&
        cf_data_time(built[1].at, built[1].length, &time[1]) &&
        cf_data_open(built[2].at, built[2].length, &array) > 0u && array.tag == 1u) {
        size_t late = time[0] > time[1] ? 0u : 1u;
        size_t count = rows_between(&array, time[1u - late], time[late], &rows);
        timed = true;
        cf_put_1(&found, 1);
        cf_put_length(&found, count);
        cf_put(&found, rows.at, rows.length);
        cf_define_octets(&runner->names, name, found.at, found.length);
        cf_define_octets(&runner->names, "from", built[1u - late].at, built[1u - late].length);
        cf_define_octets(&runner->names, "to", built[late].at, built[late].length);
    }
    for (i = 0; i < 3u; i++) {
        cf_free(&built[i]);
    }
    cf_free(&rows);
    cf_free(&found);
    return !good   ? bad_table(runner, step, why)
           : timed ? CF_PASS
                   : cf_say_verdict(runner, CF_FAIL, "line %u: a bound is no time, or the value no array",
                                    step->line);
}

/* wait NUMBER [PERCENT] in milliseconds. */
static cf_verdict_t step_wait(cf_runner_t *runner, const cf_step_t *step) {
    size_t first = strcspn(step->text, " ");
    const char *second = step->text + first + strspn(step->text + first, " ");
    long ms;
    long percent = 100;

    if (!cf_number(&runner->names, step->text, first, &ms) ||
        (*second != '\0' && !cf_number(&runner->names, second, strlen(second), &percent))) {
        return bad_table(runner, step, "milliseconds are wanted");
    }
    cf_sleep_ms((uint32_t)(ms * percent / 100));
    return CF_PASS;
}

static cf_verdict_t step_open(cf_runner_t *runner, const cf_step_t *step) {
    const char *why = cf_open(runner);

    return why == NULL ? CF_PASS
                       : cf_say_verdict(runner, CF_FAIL, "line %u: no contact: %s", step->line, why);
}

static cf_verdict_t step_on(cf_runner_t *runner, const cf_step_t *step) {
    long number;

    if (!cf_number(&runner->names, step->text, strlen(step->text), &number) || number < 0 ||
        number >= CF_CONNECTIONS) {
        return bad_table(runner, step, "no such connection");
    }
    runner->on = (size_t)number;
    return CF_PASS;
}

static cf_verdict_t step_as(cf_runner_t *runner, const cf_step_t *step) {
    const char *name = step->text;
    char key[80];
    const char *mechanism;

    if (name[0] == '@') {
        name = cf_find(&runner->names, name + 1, strlen(name + 1));
    }
    if (name == NULL || !cf_client(runner, name, strlen(name))) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "not declared: client %s", step->text);
    }
    (void)snprintf(key, sizeof key, "client.%s.mechanism", name);
    mechanism = cf_find(&runner->names, key, strlen(key));
    (void)snprintf(key, sizeof key, "password.%s", name);
    if (strcmp(mechanism, "1") == 0 && cf_find(&runner->names, key, strlen(key)) == NULL) {
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "no password of client %s is known", name);
    }
    return CF_PASS;
}

/* Names of the case so far lose their meaning: an AARQ is a good one again. */
static cf_verdict_t step_forget(cf_runner_t *runner) {
    const cf_names_t *outer = runner->names.outer;

    cf_names_free(&runner->names);
    runner->names.outer = outer;
    (void)cf_client(runner, "public", 6);
    return CF_PASS;
}

static cf_verdict_t step_slow(cf_runner_t *runner, const cf_step_t *step) {
    long ms = 0;

    if (!cf_number(&runner->names, step->text, strlen(step->text), &ms)) {
        return bad_table(runner, step, "milliseconds are wanted");
    }
    runner->slow_ms = (uint32_t)ms;
    return CF_PASS;
}

static cf_verdict_t run_step(cf_runner_t *runner, const cf_step_t *step) {
    const char *word = step->word;

    if (strcmp(word, "ask") == 0 || strcmp(word, "tx") == 0) {
        return step_send(runner, step, word[0] == 't');
    }
    if (strcmp(word, "expect") == 0 || strcmp(word, "rx") == 0) {
        return step_expect(runner, step, word[0] == 'r');
    }
    if (strcmp(word, "let") == 0 || strcmp(word, "def") == 0) {
        return step_let(runner, step, word[0] == 'd');
    }
    if (strcmp(word, "part") == 0 || strcmp(word, "count") == 0) {
        return step_part(runner, step, word[0] == 'c');
    }
    if (strcmp(word, "rows") == 0) {
        return step_rows(runner, step);
    }
    if (strcmp(word, "close") == 0 || strcmp(word, "reset") == 0) {
        cf_close(runner, word[0] == 'r');
        return CF_PASS;
    }
    if (strcmp(word, "link") == 0) {
        return cf_link(runner)
                   ? CF_PASS
                   : cf_say_verdict(runner, CF_FAIL, "line %u: SNRM is not answered with UA", step->line);
    }
    return strcmp(word, "open") == 0      ? step_open(runner, step)
           : strcmp(word, "on") == 0      ? step_on(runner, step)
           : strcmp(word, "aa") == 0      ? cf_associate(runner)
           : strcmp(word, "as") == 0      ? step_as(runner, step)
           : strcmp(word, "slow") == 0    ? step_slow(runner, step)
           : strcmp(word, "forget") == 0  ? step_forget(runner)
           : strcmp(word, "wait") == 0    ? step_wait(runner, step)
           : strcmp(word, "alive") == 0   ? step_alive(runner, step)
           : strcmp(word, "check") == 0   ? step_check(runner, step, CF_FAIL)
           : strcmp(word, "require") == 0 ? step_check(runner, step, CF_NOT_APPLICABLE)
           : strcmp(word, "getall") == 0  ? step_getall(runner, step, false)
           : strcmp(word, "getlist") == 0 ? step_getall(runner, step, true)
           : strcmp(word, "do") == 0      ? cf_walk(runner, step->text)
                                          : bad_table(runner, step, "no such step");
}

/* --- loops -------------------------------------------------------------------------------------------- */

static size_t end_of(const cf_case_t *row, size_t at, size_t end) {
    unsigned depth = 0;

    for (; at < end; at++) {
        depth += strcmp(row->step[at].word, "for") == 0 ? 1u : 0u;
        if (strcmp(row->step[at].word, "end") == 0 && --depth == 0u) {
            return at;
        }
    }
    return end;
}

/* A loop holds steps, steps hold loops: as deep as a case is written. */
// NOLINTBEGIN(misc-no-recursion)
static cf_verdict_t run_steps(cf_runner_t *runner, size_t from, size_t to);

/* for NAME = A..B: decimal numbers; for NAME in WORD...: texts, @name gives the words of its text. */
static cf_verdict_t run_loop(cf_runner_t *runner, size_t from, size_t to) {
    const cf_step_t *step = &runner->at->step[from];
    size_t name = strcspn(step->text, " ");
    const char *text = step->text + name + strspn(step->text + name, " ");
    cf_verdict_t verdict = CF_PASS;
    char key[64];
    char word[300];
    char *end;
    long low;
    long high;

    (void)snprintf(key, sizeof key, "%.*s", (int)name, step->text);
    if (strncmp(text, "= ", 2) == 0) {
        low = strtol(text + 2, &end, 10);
        high = strtol(end + strspn(end, "."), NULL, 10);
        for (; verdict == CF_PASS && low <= high; low++) {
            (void)snprintf(word, sizeof word, "%ld", low);
            cf_define(&runner->names, key, strlen(key), word);
            verdict = run_steps(runner, from + 1u, to);
        }
        return verdict;
    }
    if (strncmp(text, "in ", 3) != 0) {
        return bad_table(runner, step, "for NAME = A..B or for NAME in WORD...");
    }
    text += 3;
    if (*text == '@') {
        text = cf_find(&runner->names, text + 1, strlen(text + 1));
    }
    while (verdict == CF_PASS && text != NULL && *text != '\0') {
        size_t length = strcspn(text, " ");

        (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
        text += length;
        text += strspn(text, " ");
        cf_define(&runner->names, key, strlen(key), word);
        verdict = run_steps(runner, from + 1u, to);
    }
    return verdict;
}

static cf_verdict_t run_steps(cf_runner_t *runner, size_t from, size_t to) {
    const cf_case_t *row = runner->at;
    cf_verdict_t verdict = CF_PASS;

    while (verdict == CF_PASS && from < to) {
        if (strcmp(row->step[from].word, "for") == 0) {
            size_t end = end_of(row, from, to);

            verdict = run_loop(runner, from, end);
            from = end + 1u;
        } else {
            verdict = run_step(runner, &row->step[from]);
            from++;
        }
    }
    return verdict;
}

// NOLINTEND(misc-no-recursion)

/* --- cases -------------------------------------------------------------------------------------------- */

/* CF_PASS: it can be run. */
static cf_verdict_t applies(cf_runner_t *runner, const cf_case_t *row) {
    bool hdlc = runner->address.framing == CF_HDLC;
    size_t i;

    for (i = 0; i < row->need_count; i++) {
        const char *need = row->needs[i];
        bool absent = need[0] == '!';

        if (cf_declared(&runner->names, need + (absent ? 1 : 0)) == absent) {
            return cf_say_verdict(runner, CF_NOT_APPLICABLE, absent ? "declared: %s" : "not declared: %s",
                                  need + (absent ? 1 : 0));
        }
    }
    if (row->why != NULL) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "%s", row->why);
    }
    if (row->over != NULL && strcmp(row->over, hdlc ? "hdlc" : "wrapper") != 0) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "for %s only", row->over);
    }
    if (row->tcp && runner->address.device[0] != '\0') {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "needs several connections");
    }
    if (row->writes && !runner->do_writes) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "changes the meter: give --writes");
    }
    if (row->is_long && !runner->do_long) {
        return cf_say_verdict(runner, CF_NOT_APPLICABLE, "waits for a long time: give --long");
    }
    return CF_PASS;
}

cf_verdict_t cf_run(cf_runner_t *runner, const cf_case_t *row) {
    cf_verdict_t verdict;
    const char *why;

    cf_names_free(&runner->names);
    runner->names.outer = &row->table->names;
    cf_clear(&runner->story);
    cf_clear(&runner->reason);
    cf_say(&runner->reason, "%s", "");
    cf_say(&runner->story, "%s", "");
    runner->slow_ms = 0;
    runner->on = 0;
    runner->at = row;
    verdict = applies(runner, row);
    if (verdict != CF_PASS) {
        return verdict;
    }
    if (row->step_count == 0u) {
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "declared, but this suite has no steps for it yet");
    }
    if (!cf_client(runner, "public", 6)) {
        return cf_say_verdict(runner, CF_INCONCLUSIVE, "the declaration has no client public");
    }
    why = cf_open(runner);
    verdict = why == NULL ? run_steps(runner, 0, row->step_count)
                          : cf_say_verdict(runner, CF_INCONCLUSIVE, "no contact: %s", why);
    runner->slow_ms = 0;
    for (runner->on = 0; runner->on < CF_CONNECTIONS; runner->on++) {
        if (runner->connection[runner->on].fd >= 0 &&
            (runner->on > 0u || runner->address.device[0] == '\0')) {
            cf_close(runner, false);
        }
    }
    runner->on = 0;
    return verdict;
}
