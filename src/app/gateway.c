#include "app/gateway.h"

#include <string.h>

/* Refreshes after which a reply that nobody fetches is thrown away (its peer has gone). */
#define REPLY_PATIENCE 100u

void qd_gateway_init(qd_gateway_t *gateway, const qd_gate_t *gate) {
    memset(gateway, 0, sizeof *gateway);
    gateway->gate = gate;
}

void qd_gateway_refresh(qd_gateway_t *gateway) {
    qd_status_t status = gateway->gate->poll(gateway->gate->context, &gateway->snapshot);
    if (status == QD_OK) {
        gateway->have_snapshot = true;
        gateway->pages_valid = 0;
        gateway->journal_known = 0;
    }
    if (gateway->owner != QD_OWNER_NONE && ++gateway->owner_waits > REPLY_PATIENCE) {
        qd_gate_reply_t reply;
        if (gateway->gate->reply(gateway->gate->context, &reply) != QD_PENDING) {
            gateway->owner = QD_OWNER_NONE;
        }
    }
}

void qd_gateway_request(qd_gate_request_t *request, qd_gate_kind_t kind) {
    memset(request, 0, sizeof *request);
    request->kind = (uint8_t)kind;
}

/* Whether the outstanding request is this one. Members, not octets: padding says nothing. */
static bool same_request(const qd_gateway_t *gateway, const qd_gate_request_t *request) {
    const qd_gate_request_t *there = &gateway->request;
    if (there->kind != request->kind) {
        return false;
    }
    switch (request->kind) {
    case QD_GATE_PAGE:
        return there->u.page.page == request->u.page.page &&
               there->u.page.snapshot == request->u.page.snapshot;
    case QD_GATE_SET_CLOCK:
        return there->u.set_clock.utc_ms == request->u.set_clock.utc_ms &&
               there->u.set_clock.at_us == request->u.set_clock.at_us;
    case QD_GATE_SELECT_RATE:
        return memcmp(there->u.select_rate.rate, request->u.select_rate.rate, QD_ENERGY_COUNT) == 0 &&
               there->u.select_rate.from_us == request->u.select_rate.from_us;
    case QD_GATE_GET_PARAMETER:
        return there->u.parameter.parameter == request->u.parameter.parameter;
    case QD_GATE_SET_PARAMETER:
        return there->u.parameter.parameter == request->u.parameter.parameter &&
               there->u.parameter.value == request->u.parameter.value;
    case QD_GATE_READ_JOURNAL:
        return there->u.journal.sequence == request->u.journal.sequence;
    default:
        return true;
    }
}

/* Pages are kept whoever asked for them: two channels may wait for different ones. */
static void keep_page(qd_gateway_t *gateway, const qd_gate_reply_t *reply) {
    const qd_page_t *page = &reply->u.page;
    if (reply->kind == QD_GATE_PAGE && reply->status == QD_OK && page->snapshot == gateway->snapshot.number &&
        page->page < QD_PAGE_COUNT) {
        memcpy(gateway->pages[page->page], page->energy_mj, sizeof page->energy_mj);
        gateway->pages_valid |= (uint16_t)(1u << page->page);
    }
}

qd_status_t qd_gateway_call(qd_gateway_t *gateway, qd_gateway_owner_t owner, const qd_gate_request_t *request,
                            qd_gate_reply_t *reply) {
    if (gateway->owner == QD_OWNER_NONE) {
        gateway->request = *request;
        gateway->request.sequence = ++gateway->sequence;
        qd_status_t status = gateway->gate->submit(gateway->gate->context, &gateway->request);
        if (status != QD_OK) {
            return status == QD_BUSY ? QD_PENDING : status;
        }
        gateway->owner = owner;
    } else if (gateway->owner != owner) {
        return QD_PENDING;
    }
    gateway->owner_waits = 0;
    qd_status_t status = gateway->gate->reply(gateway->gate->context, reply);
    if (status == QD_PENDING) {
        return QD_PENDING;
    }
    gateway->owner = QD_OWNER_NONE;
    keep_page(gateway, reply);
    if (!same_request(gateway, request)) {
        return QD_PENDING; /* the answer to a question whose asker has gone; ask anew */
    }
    return status == QD_OK ? (qd_status_t)reply->status : status;
}

#define JOURNAL_ENTRIES_KNOWN 0x01u
#define JOURNAL_NEWEST_KNOWN 0x02u

qd_status_t qd_gateway_journal(qd_gateway_t *gateway, uint32_t sequence, qd_journal_entry_t *entry) {
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    qd_gateway_request(&request, QD_GATE_READ_JOURNAL);
    request.u.journal.sequence = sequence;
    qd_status_t status = qd_gateway_call(gateway, QD_OWNER_JOURNAL, &request, &reply);
    if (status == QD_OK) {
        *entry = reply.u.journal;
    }
    return status;
}

qd_status_t qd_gateway_down(qd_gateway_t *gateway, int64_t *utc_ms) {
    qd_gate_request_t request;
    qd_gate_reply_t reply;
    qd_gateway_request(&request, QD_GATE_HELLO);
    qd_status_t status = qd_gateway_call(gateway, QD_OWNER_JOURNAL, &request, &reply);
    if (status != QD_OK) {
        return status;
    }
    *utc_ms = reply.u.hello.down_utc_ms;
    return *utc_ms != INT64_MIN ? QD_OK : QD_UNAVAILABLE;
}

qd_status_t qd_gateway_journal_span(qd_gateway_t *gateway, uint32_t *first, uint32_t *end) {
    if ((gateway->journal_known & JOURNAL_ENTRIES_KNOWN) == 0) {
        qd_gate_request_t request;
        qd_gate_reply_t reply;
        qd_gateway_request(&request, QD_GATE_HELLO);
        qd_status_t status = qd_gateway_call(gateway, QD_OWNER_JOURNAL, &request, &reply);
        if (status != QD_OK) {
            return status;
        }
        gateway->journal_entries = reply.u.hello.journal_entries;
        gateway->journal_known |= JOURNAL_ENTRIES_KNOWN;
    }
    if ((gateway->journal_known & JOURNAL_NEWEST_KNOWN) == 0) {
        qd_journal_entry_t newest = {0};
        qd_status_t status = qd_gateway_journal(gateway, 0, &newest);
        if (status != QD_OK && status != QD_UNDEFINED) {
            return status;
        }
        gateway->journal_newest = status == QD_OK ? newest.sequence : 0;
        gateway->journal_known |= JOURNAL_NEWEST_KNOWN;
    }
    /* The two answers may be of different moments. */
    uint32_t count = gateway->journal_newest < gateway->journal_entries ? gateway->journal_newest
                                                                        : gateway->journal_entries;
    *end = gateway->journal_newest + 1u;
    *first = *end - count;
    return QD_OK;
}

qd_status_t qd_gateway_page(qd_gateway_t *gateway, uint8_t page, const int64_t **energy_mj) {
    if (page >= QD_PAGE_COUNT) {
        return QD_UNDEFINED;
    }
    if (!gateway->have_snapshot) {
        return QD_UNAVAILABLE;
    }
    *energy_mj = gateway->pages[page];
    if ((gateway->pages_valid & (1u << page)) != 0) {
        return QD_OK;
    }
    qd_gate_request_t request;
    qd_gateway_request(&request, QD_GATE_PAGE);
    request.u.page.snapshot = gateway->snapshot.number;
    request.u.page.page = page;
    qd_gate_reply_t reply;
    qd_status_t status = qd_gateway_call(gateway, QD_OWNER_PAGES, &request, &reply);
    if (status == QD_OK) {
        return (gateway->pages_valid & (1u << page)) != 0 ? QD_OK : QD_PENDING;
    }
    /* The snapshot moved on between question and answer: ask again under the new number. */
    return status == QD_UNDEFINED || status == QD_STATE ? QD_PENDING : status;
}

qd_status_t qd_gateway_parameter(qd_gateway_t *gateway, uint8_t parameter, int64_t *value) {
    if (parameter >= QD_SEALED_PARAMETER_COUNT) {
        return QD_UNDEFINED;
    }
    if ((gateway->parameters_valid & (1u << parameter)) == 0) {
        qd_gate_request_t request;
        qd_gateway_request(&request, QD_GATE_GET_PARAMETER);
        request.u.parameter.parameter = parameter;
        qd_gate_reply_t reply;
        qd_status_t status = qd_gateway_call(gateway, QD_OWNER_IDENTITY, &request, &reply);
        if (status != QD_OK) {
            return status;
        }
        gateway->parameter[parameter] = reply.u.parameter;
        gateway->parameters_valid |= (uint8_t)(1u << parameter);
    }
    *value = gateway->parameter[parameter];
    return QD_OK;
}
