/*
 * dictionary_events.c - names of events and of entries of the integrity journal.
 *
 * Source: tables 9 and 10 of the three-phase meter; docs/legally-relevant.md for the journal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dictionary.h"

#include <stddef.h>

typedef struct code_name {
    uint8_t code;
    const char *name;
} code_name_t;

/* clang-format off */
static const code_name_t events[] = {
    { 1, "power down" },
    { 2, "power up" },
    { 3, "DST enabled or disabled" },
    { 4, "clock adjusted old value" },
    { 5, "clock adjusted new value" },
    { 6, "clock invalid" },
    { 7, "replace battery" },
    { 8, "battery voltage low" },
    { 9, "TOU activated" },
    { 10, "error register cleared" },
    { 11, "alarm register cleared" },
    { 12, "program memory error" },
    { 13, "RAM error" },
    { 14, "non-volatile memory error" },
    { 15, "watchdog error" },
    { 16, "measurement system error" },
    { 17, "firmware ready for activation" },
    { 18, "firmware activated" },
    { 19, "passive TOU programmed" },
    { 20, "external alert" },
    { 40, "terminal cover removed" },
    { 41, "terminal cover closed" },
    { 42, "strong DC field" },
    { 43, "strong DC field end" },
    { 44, "meter cover removed" },
    { 45, "meter cover closed" },
    { 46, "wrong password n times" },
    { 47, "parametrization" },
    { 48, "global key changed" },
    { 49, "decryption or authentication failure" },
    { 50, "replay attack" },
    { 51, "firmware verification failed" },
    { 52, "unexpected consumption" },
    { 59, "ready for manual reconnection" },
    { 60, "manual disconnection" },
    { 61, "manual reconnection" },
    { 62, "remote disconnection" },
    { 63, "remote reconnection" },
    { 64, "local disconnection" },
    { 65, "limiter threshold exceeded" },
    { 66, "limiter threshold ok" },
    { 67, "limiter threshold changed" },
    { 68, "disconnect reconnect failure" },
    { 69, "local reconnection" },
    { 70, "fuse L1 exceeded" },
    { 71, "fuse L1 ok" },
    { 72, "fuse L2 exceeded" },
    { 73, "fuse L2 ok" },
    { 74, "fuse L3 exceeded" },
    { 75, "fuse L3 ok" },
    { 76, "undervoltage L1" },
    { 77, "undervoltage L2" },
    { 78, "undervoltage L3" },
    { 79, "overvoltage L1" },
    { 80, "overvoltage L2" },
    { 81, "overvoltage L3" },
    { 82, "missing voltage L1" },
    { 83, "missing voltage L2" },
    { 84, "missing voltage L3" },
    { 85, "normal voltage L1" },
    { 86, "normal voltage L2" },
    { 87, "normal voltage L3" },
    { 88, "phase sequence reversal" },
    { 89, "missing neutral" },
    { 90, "phase asymmetry" },
    { 91, "current reversal" },
    { 92, "bad voltage quality L1" },
    { 93, "bad voltage quality L2" },
    { 94, "bad voltage quality L3" },
    { 100, "M-Bus comm error ch1" },
    { 101, "M-Bus comm ok ch1" },
    { 105, "M-Bus new device ch1" },
    { 110, "M-Bus comm error ch2" },
    { 111, "M-Bus comm ok ch2" },
    { 115, "M-Bus new device ch2" },
    { 120, "M-Bus comm error ch3" },
    { 121, "M-Bus comm ok ch3" },
    { 125, "M-Bus new device ch3" },
    { 130, "M-Bus comm error ch4" },
    { 131, "M-Bus comm ok ch4" },
    { 135, "M-Bus new device ch4" },
    { 140, "no connection timeout" },
    { 141, "modem initialization failure" },
    { 142, "SIM card failure" },
    { 143, "SIM card ok" },
    { 144, "GSM registration failure" },
    { 145, "GPRS registration failure" },
    { 146, "PDP context established" },
    { 147, "PDP context destroyed" },
    { 148, "PDP context failure" },
    { 149, "modem software reset" },
    { 150, "modem hardware reset" },
    { 151, "GSM outgoing connection" },
    { 152, "GSM incoming connection" },
    { 153, "GSM hang up" },
    { 154, "diagnostic failure" },
    { 155, "user initialization failure" },
    { 156, "signal quality low" },
    { 157, "auto answer calls exceeded" },
    { 158, "local communication attempt" },
    { 200, "irregular legally relevant part reset" },
    { 201, "external to internal tariff" },
    { 202, "internal to external tariff" },
    { 204, "image transfer aborted" },
    { 205, "image transfer aborted optical" },
    { 209, "remote billing capture" },
    { 210, "manual billing capture" },
    { 214, "power factor under limit" },
    { 215, "power factor over limit" },
    { 218, "electric shock fraud" },
    { 223, "regular billing capture" },
    { 228, "current without voltage L1" },
    { 229, "current without voltage L2" },
    { 230, "current without voltage L3" },
    { 236, "unusually long signal processing" },
    { 240, "firmware wrong type" },
    { 241, "firmware bad signature" },
    { 242, "firmware ready optical" },
    { 243, "firmware activated optical" },
    { 244, "firmware verification failed optical" },
    { 245, "firmware wrong type optical" },
    { 246, "firmware bad signature optical" },
    { 249, "user authentication ok" },
    { 251, "phase bypass with neutral" },
    { 254, "profile cleared" },
    { 255, "event log cleared" },
};

static const code_name_t entries[] = {
    { 1, "first start" },
    { 2, "start" },
    { 3, "clock set" },
    { 4, "parameter set" },
    { 5, "parameter refused" },
    { 6, "record lost" },
    { 7, "gap" },
    { 8, "pulse constant set" },
    { 9, "rate refused" },
};
/* clang-format on */

static const char *find(const code_name_t *rows, size_t count, uint64_t code) {
    size_t i;

    for (i = 0; i < count; i++) {
        if (rows[i].code == code) {
            return rows[i].name;
        }
    }
    return "";
}

const char *qd_dictionary_event(uint64_t code) {
    return find(events, sizeof events / sizeof events[0], code);
}

const char *qd_dictionary_journal(uint64_t code) {
    return find(entries, sizeof entries / sizeof entries[0], code);
}
