/*
 * pace.h - octets at the speed of a line, where the host has none: TCP ports and ptys. For ports/linux only.
 *
 * Each direction of a line is one pace. An octet is through when the time of its ten bits has passed since the one
 * before it, or since it came when the line was idle.
 */
#ifndef QD_PORT_LINUX_PACE_H
#define QD_PORT_LINUX_PACE_H

#include "quadrant/linux.h"

#define QD_PACE_LOOK_MS 1u /* how often a line that is busy is looked at */

typedef struct qd_pace {
    uint64_t octet_ns; /* 0: as fast as it goes */
    uint64_t begun_ns; /* when the octet that is on the line began */
    bool busy;
} qd_pace_t;

/* baud 0: as fast as it goes. What is on the line goes on. */
void qd_pace_set(qd_pace_t *pace, uint32_t baud);
/* Of waiting octets, how many are through at now_ns; they are not counted again. */
uint32_t qd_pace_through(qd_pace_t *pace, uint64_t now_ns, uint32_t waiting);

#endif
