/*
 * ticket.h - a change that takes several steps, and whose it is.
 *
 * Purpose: a put or act that is pending is called again until it is done. The ticket tells the
 * second call of the same request from the first call of another, keeps the result for a requester
 * who comes back, and lets the module finish a change whose requester has gone.
 * Context: main context.
 */
#ifndef QD_ITEM_TICKET_H
#define QD_ITEM_TICKET_H

#include "item/item.h"

typedef struct qd_ticket {
    uint32_t request; /* 0: nobody's */
    bool done;        /* result waits for its requester */
    qd_status_t result;
} qd_ticket_t;

/* What a call finds. */
typedef enum qd_ticket_turn {
    QD_TICKET_START,    /* a fresh request: build it; the ticket is the caller's now */
    QD_TICKET_CONTINUE, /* go on with what was built */
    QD_TICKET_WAIT,     /* another request is under way: answer QD_PENDING */
    QD_TICKET_DONE      /* finished meanwhile: answer ticket->result; the ticket is free */
} qd_ticket_turn_t;

qd_ticket_turn_t qd_ticket_enter(qd_ticket_t *ticket, const qd_call_t *call);
/* The requester leaves with a status: anything but QD_PENDING frees the ticket. Returns status. */
qd_status_t qd_ticket_leave(qd_ticket_t *ticket, qd_status_t status);
/* The module itself went on with it: a final status is kept for the requester. */
void qd_ticket_finish(qd_ticket_t *ticket, qd_status_t status);
/* True while something has to be finished. */
bool qd_ticket_open(const qd_ticket_t *ticket);

#endif
