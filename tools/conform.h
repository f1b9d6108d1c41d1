/*
 * conform.h - the conformance suite: tables of test purposes, and the runner that reads them.
 *
 * A table is text (tests/conformance/FORMAT.md). The runner makes frames, check sequences and lengths with
 * code of its own and shares none with src/: it judges the meter as an outsider.
 * Names are texts with their meaning looked up when they are used: first those of the case, then those of
 * the table, then those of the capability declaration.
 */
#ifndef QD_TOOLS_CONFORM_H
#define QD_TOOLS_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- octets --- */

typedef struct cf_octets {
    uint8_t *at;
    size_t length;
    size_t room;
} cf_octets_t;

void cf_clear(cf_octets_t *octets);
void cf_free(cf_octets_t *octets);
void cf_put(cf_octets_t *octets, const void *from, size_t length);
void cf_put_1(cf_octets_t *octets, unsigned octet);
void cf_put_number(cf_octets_t *octets, uint64_t value, size_t width);
/* Length as A-XDR and BER have it in common. */
void cf_put_length(cf_octets_t *octets, size_t length);
/* Hexadecimal with a blank between octets, at the end of to. */
void cf_put_hex(cf_octets_t *to, const uint8_t *from, size_t length);
/* Text at the end of to; to->at always ends with a zero octet that length does not count. */
void cf_say(cf_octets_t *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* CRC of ISO/IEC 13239: polynomial 1021, reflected, start and end inverted. */
uint16_t cf_crc(const uint8_t *from, size_t length);

/* --- names --- */

typedef struct cf_name {
    char *name;
    char *text;
} cf_name_t;

typedef struct cf_names {
    cf_name_t *row;
    size_t count;
    const struct cf_names *outer; /* asked when the name is not here; NULL: nobody */
} cf_names_t;

/* Text of a name; NULL: nobody knows it. */
const char *cf_find(const cf_names_t *names, const char *name, size_t length);
void cf_define(cf_names_t *names, const char *name, size_t length, const char *text);
void cf_define_octets(cf_names_t *names, const char *name, const uint8_t *from, size_t length);
void cf_names_free(cf_names_t *names);
/* A declared capability: known, and not "no", "0" or nothing. */
bool cf_declared(const cf_names_t *names, const char *name);

/* --- expressions --- */

/* Octets of an expression behind what to has. False: why (not freed) says what is wrong with it. */
bool cf_build(const cf_names_t *names, const char *text, cf_octets_t *to, const char **why);
/* A decimal number or a name of one. */
bool cf_number(const cf_names_t *names, const char *text, size_t length, long *number);
/* Do these octets match a pattern? What it captures is defined in names. */
bool cf_match(cf_names_t *names, const char *pattern, const uint8_t *octets, size_t length, const char **why);

/* --- tables --- */

typedef struct cf_step {
    const char *word;
    const char *text;
    unsigned line;
} cf_step_t;

typedef struct cf_case {
    char *id;
    const char *title;
    const char *group;
    const char *confidence; /* A two or more public sources, B one, C memory, O own purpose */
    const char *over;       /* "wrapper", "hdlc"; NULL: both */
    const char *why;        /* reason why it has no steps; NULL */
    bool is_long;
    bool writes;
    bool tcp; /* several connections are needed */
    const char *needs[8];
    size_t need_count;
    cf_step_t *step;
    size_t step_count;
    const struct cf_table *table;
    unsigned class_id; /* of a case per class; 0: none */
    unsigned version;
} cf_case_t;

typedef struct cf_table {
    const char *suite;
    char *text; /* taken apart in place */
    cf_names_t names;
    cf_case_t *row;
    size_t count;
} cf_table_t;

/* Reads a table; capabilities is what its names lie upon. False: told in *why with the line. */
bool cf_table_read(cf_table_t *table, const char *suite, const char *text, size_t length,
                   const cf_names_t *capabilities, char why[160]);
void cf_table_free(cf_table_t *table);
/* Adds the lines NAME TEXT of a declaration. */
bool cf_capabilities_read(cf_names_t *names, const char *text, size_t length, char why[160]);

/* Files that were there when the command was built. */
typedef struct cf_file {
    const char *name;
    const unsigned char *at;
    size_t length;
} cf_file_t;
extern const cf_file_t cf_files[];
const cf_file_t *cf_file_find(const char *name);

/* --- links --- */

#define CF_CONNECTIONS 12

typedef enum cf_framing { CF_WRAPPER = 0, CF_HDLC } cf_framing_t;
typedef enum cf_heard { CF_FRAME = 0, CF_NOTHING, CF_CLOSED, CF_BROKEN } cf_heard_t;

typedef struct cf_connection {
    int fd; /* -1: not open */
    bool linked;
    bool associated;
    bool final;          /* the meter's last frame had the final bit, and nothing was asked since */
    uint8_t send_number; /* V(S), V(R) */
    uint8_t receive_number;
    size_t send_info;  /* longest information field to the meter */
    cf_octets_t heard; /* octets that are not looked at yet */
} cf_connection_t;

typedef struct cf_address {
    char host[256];
    char port[16];
    char device[256]; /* "": TCP */
    uint32_t baud;
    bool seven_even;
    cf_framing_t framing;
} cf_address_t;

typedef struct cf_runner {
    cf_address_t address;
    cf_connection_t connection[CF_CONNECTIONS];
    size_t on;
    uint32_t timeout_ms;
    uint32_t silence_ms;
    uint32_t slow_ms;
    bool trace;
    bool do_long;
    bool do_writes;
    cf_octets_t story; /* text: what was sent and got in this case */
    cf_octets_t reason;
    cf_names_t names; /* of the case that runs */
    const cf_names_t *capabilities;
    const cf_case_t *at;
    size_t longest; /* longest APDU that came since the association */
} cf_runner_t;

uint32_t cf_now_ms(void);
void cf_sleep_ms(uint32_t ms);
/* Octets as hexadecimal for whoever reads: without passwords, and no more than a few hundred. */
void cf_show(const cf_runner_t *runner, cf_octets_t *to, const uint8_t *from, size_t length);

/* All on the connection runner->on. False or a reason: no contact. */
const char *cf_open(cf_runner_t *runner);
/* with_reset: as a peer that dies. */
void cf_close(cf_runner_t *runner, bool with_reset);
bool cf_send(cf_runner_t *runner, const uint8_t *from, size_t length);
/*
 * One frame, taken apart and put together without check sequences and lengths:
 *   wrapper  version (2), source (2), destination (2), APDU
 *   HDLC     format octet without the length (A0 or A8), destination, source, control, information
 * CF_BROKEN: frame holds the octets that are none.
 */
cf_heard_t cf_hear(cf_runner_t *runner, uint32_t wait_ms, cf_octets_t *frame);
/* One APDU to the meter, in what frames it takes; CF_FRAME: sent. */
cf_heard_t cf_ask(cf_runner_t *runner, const uint8_t *apdu, size_t length);
cf_heard_t cf_answer(cf_runner_t *runner, uint32_t wait_ms, cf_octets_t *apdu);
/* SNRM and UA; the wrapper needs none. */
bool cf_link(cf_runner_t *runner);

/* --- running --- */

typedef enum cf_verdict { CF_PASS = 0, CF_FAIL, CF_NOT_APPLICABLE, CF_INCONCLUSIVE } cf_verdict_t;

extern const char *const cf_verdict_name[4];

cf_verdict_t cf_run(cf_runner_t *runner, const cf_case_t *row);
/* The verdict with its reason in runner->reason. */
cf_verdict_t cf_say_verdict(cf_runner_t *runner, cf_verdict_t verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the client whose address and password are used. False: not declared. */
bool cf_client(cf_runner_t *runner, const char *name, size_t length);
/* Opens and associates; CF_PASS, or CF_INCONCLUSIVE with the reason. */
cf_verdict_t cf_associate(cf_runner_t *runner);
/*
 * Asks GET (an APDU expression without C0 01 and invoke-id) and pulls all blocks. data: the encoded value,
 * or one octet with the data-access-result when *refused.
 */
cf_verdict_t cf_get(cf_runner_t *runner, const uint8_t *descriptor, size_t length, cf_octets_t *data,
                    bool *refused);
/* A word behind `do`, see FORMAT.md. */
cf_verdict_t cf_walk(cf_runner_t *runner, const char *text);

/* --- data --- */

typedef struct cf_data {
    uint8_t tag;
    size_t count; /* of elements or octets (bits of a bit-string) */
    const uint8_t *body;
    size_t body_length;
} cf_data_t;

/* Length of the A-XDR element at the front; 0: none is there. */
size_t cf_data_measure(const uint8_t *at, size_t length);
/* Takes the element at the front apart; its length, 0: none is there. */
size_t cf_data_open(const uint8_t *at, size_t length, cf_data_t *data);
/* A date-time or its octet-string as hundredths of a second; without deviation it is taken for UTC. False: it is none. */
bool cf_data_time(const uint8_t *at, size_t length, int64_t *hundredths);
/* Does an element suit a type of tests/conformance/classes.txt? */
bool cf_data_suits(const uint8_t *at, size_t length, const char *type);
/* Type of an attribute; NULL: the class is not in the table. */
const char *cf_class_type(unsigned class_id, unsigned version, unsigned attribute);

#endif
