/*
 * integer.h - exact integer arithmetic that C lacks on 32-bit targets. Context: any.
 */
#ifndef QD_BASE_INTEGER_H
#define QD_BASE_INTEGER_H

#include "quadrant/status.h"
#include "quadrant/types.h"

/* floor(a * b / c) over a 128-bit product. c > 0. QD_OK; QD_RANGE: the quotient exceeds 64 bits
 * (*quotient is UINT64_MAX then). remainder may be NULL. */
qd_status_t qd_muldiv_u64(uint64_t a, uint64_t b, uint64_t c, uint64_t *quotient, uint64_t *remainder);
/* floor(square root). */
uint32_t qd_isqrt_u64(uint64_t value);
/* Angle of the vector (x, y) in tenths of a degree, -1799..1800, error at most one tenth;
 * 0 for the zero vector. Integers only. */
int16_t qd_atan2_ddeg(int64_t y, int64_t x);

#endif
