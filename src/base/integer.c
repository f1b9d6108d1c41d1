#include "base/integer.h"

/* 64 x 64 -> 128 bits from four 32-bit products. */
static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low) {
    uint64_t a_low = (uint32_t)a, a_high = a >> 32;
    uint64_t b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t bottom = a_low * b_low;
    uint64_t cross = a_high * b_low + (bottom >> 32);
    uint64_t middle = a_low * b_high + (uint32_t)cross;

    *high = a_high * b_high + (cross >> 32) + (middle >> 32);
    *low = middle << 32 | (uint32_t)bottom;
}

/* One 32-bit digit of the quotient (high:next) / divisor; divisor normalised, high < divisor. */
static uint64_t digit(uint64_t high, uint32_t next, uint64_t divisor, uint64_t *rest) {
    uint64_t top = divisor >> 32;
    uint64_t bottom = (uint32_t)divisor;
    uint64_t q = high / top;
    uint64_t r = high % top;

    /* The guess from the upper digit is at most two too large (Knuth, 4.3.1, theorem B). */
    while (q > UINT32_MAX || q * bottom > (r << 32 | next)) {
        q--;
        r += top;
        if (r > UINT32_MAX) {
            break;
        }
    }
    *rest = (high << 32 | next) - q * divisor;
    return q;
}

/* (high:low) / divisor with high < divisor, so that the quotient has 64 bits. */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *remainder) {
    unsigned shift = 0;
    uint64_t upper, rest;

    while ((divisor & UINT64_C(1) << 63) == 0) {
        divisor <<= 1;
        shift++;
    }
    if (shift > 0) {
        high = high << shift | low >> (64 - shift);
        low <<= shift;
    }
    upper = digit(high, (uint32_t)(low >> 32), divisor, &rest);
    low = digit(rest, (uint32_t)low, divisor, &rest);
    *remainder = rest >> shift;
    return upper << 32 | low;
}

qd_status_t qd_muldiv_u64(uint64_t a, uint64_t b, uint64_t c, uint64_t *quotient, uint64_t *remainder) {
    uint64_t high, low, rest;

    multiply(a, b, &high, &low);
    if (high >= c) {
        *quotient = UINT64_MAX;
        if (remainder != NULL) {
            *remainder = 0;
        }
        return QD_RANGE;
    }
    if (high == 0) {
        *quotient = low / c;
        rest = low % c;
    } else {
        *quotient = divide(high, low, c, &rest);
    }
    if (remainder != NULL) {
        *remainder = rest;
    }
    return QD_OK;
}

uint32_t qd_isqrt_u64(uint64_t value) {
    uint64_t root = 0;
    uint64_t bit = UINT64_C(1) << 62;

    /* Digit by digit: no division, no start value, no overflow at the top of the range. */
    while (bit > value) {
        bit >>= 2;
    }
    while (bit != 0) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return (uint32_t)root;
}

/* CORDIC works on lengths below 2^28: the gain of 1.647 and a sum of two stay inside int32_t. */
#define CORDIC_BITS 28u
#define CORDIC_STEPS 18

static uint64_t magnitude(int64_t value) {
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

int16_t qd_atan2_ddeg(int64_t y, int64_t x) {
    /* atan(2^-i) in 2^-16 of a tenth of a degree. */
    static const int32_t angles[CORDIC_STEPS] = {
        29491200, 17409672, 9198793, 4669451, 2343786, 1173036, 586661, 293348, 146676,
        73339,    36669,    18335,   9167,    4584,    2292,    1146,   573,    286,
    };
    uint64_t width = magnitude(x), height = magnitude(y);
    uint64_t larger = width > height ? width : height;
    int32_t across, up, angle = 0;

    if (larger == 0) {
        return 0;
    }
    /* Short vectors are stretched, long ones shortened: the resolution does not depend on length. */
    while (larger >= UINT64_C(1) << CORDIC_BITS) {
        larger >>= 1;
        width >>= 1;
        height >>= 1;
    }
    while (larger < UINT64_C(1) << (CORDIC_BITS - 1)) {
        larger <<= 1;
        width <<= 1;
        height <<= 1;
    }
    across = (int32_t)width;
    up = (int32_t)height;
    /* In the first quadrant the steps turn the vector onto the x axis and add up what they turned. */
    for (unsigned i = 0; i < CORDIC_STEPS; i++) {
        int32_t across_part = across / (1 << i);
        int32_t up_part = up / (1 << i);

        if (up > 0) {
            across += up_part;
            up -= across_part;
            angle += angles[i];
        } else {
            across -= up_part;
            up += across_part;
            angle -= angles[i];
        }
    }
    angle = (angle < 0 ? 0 : angle + 0x8000) >> 16;
    if (x < 0) {
        angle = 1800 - angle;
    }
    if (y < 0) {
        angle = -angle;
    }
    return (int16_t)(angle == -1800 ? 1800 : angle);
}
