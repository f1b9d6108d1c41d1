#include "base/obis.h"

uint64_t qd_obis_key(const qd_obis_t *obis) {
    const uint8_t *g = obis->group;

    return (uint64_t)((uint32_t)g[0] << 8 | g[1]) << 32 |
           ((uint32_t)g[2] << 24 | (uint32_t)g[3] << 16 | (uint32_t)g[4] << 8 | g[5]);
}
