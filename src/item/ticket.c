#include "item/ticket.h"

/* The meter's own calls carry no number; they are one requester. */
#define OWN_REQUEST UINT32_MAX

qd_ticket_turn_t qd_ticket_enter(qd_ticket_t *ticket, const qd_call_t *call) {
    uint32_t request = call->request == 0 ? OWN_REQUEST : call->request;
    if (ticket->request == request) {
        if (!ticket->done) {
            return QD_TICKET_CONTINUE;
        }
        ticket->request = 0;
        return QD_TICKET_DONE;
    }
    if (ticket->request != 0 && !ticket->done) {
        return QD_TICKET_WAIT;
    }
    ticket->request = request;
    ticket->done = false;
    return QD_TICKET_START;
}

qd_status_t qd_ticket_leave(qd_ticket_t *ticket, qd_status_t status) {
    if (status != QD_PENDING) {
        ticket->request = 0;
    }
    return status;
}

void qd_ticket_finish(qd_ticket_t *ticket, qd_status_t status) {
    if (status != QD_PENDING) {
        ticket->done = true;
        ticket->result = status;
    }
}

bool qd_ticket_open(const qd_ticket_t *ticket) {
    return ticket->request != 0 && !ticket->done;
}
