/*
 * test_sim.c - the simulated FRAM and NOR flash against the contract of the ports.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "contract/contract.h"
#include "quadrant/sim.h"

#include <stdlib.h>

#define NOR_SIZE 32768u
#define NOR_BLOCK 4096u

typedef struct bench {
    qd_sim_fram_t fram;
    qd_sim_nor_t nor;
    qd_block_t block;
} bench_t;

static const qd_block_t *reopen_fram(void *context) {
    bench_t *b = context;

    qd_sim_fram_power_off(&b->fram, QD_SIM_UNSYNCED_LOST);
    qd_sim_fram_restart(&b->fram);
    return &b->block;
}

static const qd_block_t *reopen_nor(void *context) {
    bench_t *b = context;

    qd_sim_nor_power_off(&b->nor, QD_SIM_UNSYNCED_LOST);
    qd_sim_nor_restart(&b->nor);
    return &b->block;
}

int main(void) {
    static bench_t b;
    qd_contract_t contract = {0, 0};
    void *cells = malloc(qd_sim_fram_memory(16384));
    void *flash = malloc(qd_sim_nor_memory(NOR_SIZE, NOR_BLOCK));

    CHECK(&contract, cells != NULL && flash != NULL);
    if (cells != NULL) {
        qd_sim_fram_init(&b.fram, cells, 16384, 0, 1);
        qd_sim_fram_port(&b.fram, &b.block);
        qd_contract_block(&contract, &b.block, reopen_fram, &b);
    }
    for (uint32_t polls = 0; flash != NULL && polls < 3; polls++) {
        qd_sim_nor_init(&b.nor, flash, NOR_SIZE, NOR_BLOCK, 1);
        qd_sim_nor_set_polls(&b.nor, polls);
        qd_sim_nor_port(&b.nor, &b.block);
        qd_contract_flash(&contract, &b.block, reopen_nor, &b);
    }
    free(cells);
    free(flash);
    return qd_contract_result(&contract);
}
