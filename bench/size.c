/*
 * size.c - memory of one meter of every model, as its caller must give it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "quadrant/meter.h"
#include "quadrant/model.h"

#include <stdio.h>

int main(void) {
    size_t i;

    for (i = 0; i < qd_model_count(); i++) {
        const qd_model_t *model = qd_model_at(i);

        (void)printf("%s memory %zu fram %lu\n", qd_model_name(model), qd_meter_size(model),
                     (unsigned long)qd_meter_fram_size(model));
    }
    return 0;
}
