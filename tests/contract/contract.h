/*
 * contract.h - what every port must do, whoever implements it: checks for a board's own devices.
 *
 * A program of tests/contract makes the devices, calls these functions and ends with
 * qd_contract_result. Each check that fails is a line on stdout.
 */
#ifndef QD_TESTS_CONTRACT_H
#define QD_TESTS_CONTRACT_H

#include "quadrant/port/block.h"
#include "quadrant/port/channel.h"
#include "quadrant/port/key.h"
#include "quadrant/port/quantities.h"
#include "quadrant/port/rtc.h"
#include "quadrant/port/system.h"

typedef struct qd_contract {
    unsigned passed, failed;
} qd_contract_t;

void qd_contract_check(qd_contract_t *contract, bool good, const char *what, const char *file, int line);
#define CHECK(contract, condition) qd_contract_check((contract), (condition), #condition, __FILE__, __LINE__)

/* Prints "N passed, N failed"; the exit status. */
int qd_contract_result(const qd_contract_t *contract);

/* A device that is written without erase. Overwrites it. reopen gives the device after power was away
 * (NULL: not tried). */
void qd_contract_block(qd_contract_t *contract, const qd_block_t *block, const qd_block_t *(*reopen)(void *),
                       void *context);

/* A flash of at least four blocks; erases and programs the first four. reopen as above. */
void qd_contract_flash(qd_contract_t *contract, const qd_block_t *flash, const qd_block_t *(*reopen)(void *),
                       void *context);

/* The other end of a channel: what a peer does. Every function lets the port do its work (turns its
 * loop, waits for its line) before it returns. */
typedef struct qd_contract_peer {
    void *context;
    bool (*connect)(void *context);
    void (*disconnect)(void *context);
    /* Sends up to length octets; how many the line took. */
    size_t (*send)(void *context, const uint8_t *octets, size_t length);
    /* Receives what is there, up to size. */
    size_t (*receive)(void *context, uint8_t *octets, size_t size);
    /* True: the port has ended the connection. */
    bool (*closed)(void *context);
} qd_contract_peer_t;

void qd_contract_channel(qd_contract_t *contract, const qd_channel_port_t *channel,
                         const qd_contract_peer_t *peer);
/* A line with HDLC: no connections, whoever comes and goes. closed of the peer is not called. */
void qd_contract_line(qd_contract_t *contract, const qd_channel_port_t *channel,
                      const qd_contract_peer_t *peer);
/* Sets the clock. */
void qd_contract_rtc(qd_contract_t *contract, const qd_rtc_t *rtc);
void qd_contract_random(qd_contract_t *contract, const qd_random_t *random);
/* A key that is set: the same each time. */
void qd_contract_key(qd_contract_t *contract, const qd_device_key_t *key);
/* Takes records up to until_us, which must bring at least two. */
void qd_contract_quantities(qd_contract_t *contract, const qd_quantities_port_t *quantities,
                            uint64_t until_us);

#endif
