/*
 * fuzz_load.c - any octets as a load file.
 *
 * Must hold: either a table that can be looked up at every second and has values in their ranges only, or one
 * printable line of error.
 * Planted: a file with L2 alone, two rows or more and a period of 100 s or more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "quadrant/load.h"

static bool printable(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static void look(const qd_load_t *load) {
    static const int64_t seconds[] = {0, 1, -1, 59, 1000000007, INT64_MAX / 2, INT64_MIN / 2};
    qd_quantities_t record;
    uint32_t row = 0;

    FUZZ_MUST(qd_load_rows(load) > 0 && qd_load_period_s(load) > 0 && qd_load_phase_mask(load) != 0);
    for (size_t n = 0; n < sizeof seconds / sizeof seconds[0]; n++) {
        qd_load_at(load, seconds[n], &row, &record);
        FUZZ_MUST(row < qd_load_rows(load));
        FUZZ_MUST(record.frequency_mhz <= 100000u);
        for (unsigned p = 0; p < QD_PHASES; p++) {
            FUZZ_MUST(record.phase[p].voltage_mv <= 1000000u && record.phase[p].current_ma <= 10000000u);
            FUZZ_MUST(record.phase[p].current_angle_ddeg > -1800 &&
                      record.phase[p].current_angle_ddeg <= 1800);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    qd_load_error_t error;
    qd_load_t *load = NULL;
    qd_status_t status = qd_load_parse("fuzz", (const char *)data, size, &load, &error);

    if (status == QD_OK) {
        look(load);
        FUZZ_PLANT(FUZZ_STAGE(qd_load_phase_mask(load) == 2u) && FUZZ_STAGE(qd_load_rows(load) >= 2u) &&
                   FUZZ_STAGE(qd_load_period_s(load) >= 100u));
    } else {
        FUZZ_MUST(load == NULL && error.text[0] != '\0' && printable(error.text));
    }
    qd_load_free(load);
    return 0;
}
