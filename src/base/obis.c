#include "base/obis.h"

uint64_t qd_obis_key(const qd_obis_t *obis) {
    uint64_t key = 0;

    for (size_t i = 0; i < sizeof obis->group; i++) {
        key = key << 8 | obis->group[i];
    }
    return key;
}
