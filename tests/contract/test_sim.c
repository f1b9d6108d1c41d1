/*
 * test_sim.c - the simulated FRAM against the contract of the ports.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "contract/contract.h"
#include "quadrant/sim.h"

#include <stdlib.h>

int main(void) {
    static qd_sim_fram_t fram;
    qd_contract_t contract = {0, 0};
    void *memory = malloc(qd_sim_fram_memory(16384));
    qd_block_t block;

    CHECK(&contract, memory != NULL);
    if (memory != NULL) {
        qd_sim_fram_init(&fram, memory, 16384, 0, 1);
        qd_sim_fram_port(&fram, &block);
        qd_contract_block(&contract, &block, NULL, NULL);
    }
    free(memory);
    return qd_contract_result(&contract);
}
