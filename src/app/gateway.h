/*
 * gateway.h - the app's one seat at metrology's gate.
 *
 * Purpose: holds the newest snapshot and the detail pages that belong to it, and serialises the
 * requests of the modules (one may be outstanding at the gate).
 * Context: main context.
 */
#ifndef QD_APP_GATEWAY_H
#define QD_APP_GATEWAY_H

#include "metrology/gate.h"

/* Who asked: a reply belongs to its owner. */
typedef enum qd_gateway_owner {
    QD_OWNER_NONE = 0,
    QD_OWNER_PAGES,
    QD_OWNER_CLOCK,
    QD_OWNER_TARIFF,
    QD_OWNER_IDENTITY,
    QD_OWNER_JOURNAL
} qd_gateway_owner_t;

typedef struct qd_gateway {
    const qd_gate_t *gate;
    qd_snapshot_t snapshot;
    bool have_snapshot;
    uint16_t pages_valid; /* bit per page, of the present snapshot */
    int64_t pages[QD_PAGE_COUNT][QD_ENERGY_COUNT];
    qd_gateway_owner_t owner; /* of the outstanding request */
    uint16_t owner_waits;     /* refreshes since its reply came and nobody fetched it */
    uint16_t sequence;
    qd_gate_request_t request;                    /* the outstanding one */
    int64_t parameter[QD_SEALED_PARAMETER_COUNT]; /* last read */
    uint8_t parameters_valid;                     /* bit per parameter */
    uint8_t journal_known;                        /* bits: 1 entries, 2 newest; under the present snapshot */
    uint16_t journal_entries;                     /* that metrology holds */
    uint32_t journal_newest;                      /* sequence, 0: none */
} qd_gateway_t;

void qd_gateway_init(qd_gateway_t *gateway, const qd_gate_t *gate);
/* Takes the newest snapshot; once per step, so that everything answered in a step is of one. */
void qd_gateway_refresh(qd_gateway_t *gateway);
/* Registers of one page of the present snapshot. QD_OK: *energy_mj points at them until the next
 * refresh; QD_PENDING: asked for, come again; QD_UNDEFINED: no such page; QD_UNAVAILABLE: metrology
 * has not spoken yet. */
qd_status_t qd_gateway_page(qd_gateway_t *gateway, uint8_t page, const int64_t **energy_mj);
/* A sealed parameter. QD_OK, QD_PENDING, QD_UNDEFINED. */
qd_status_t qd_gateway_parameter(qd_gateway_t *gateway, uint8_t parameter, int64_t *value);
/* UTC in ms of metrology's last commit before this start. QD_OK, QD_PENDING; QD_UNAVAILABLE: not known. */
qd_status_t qd_gateway_down(qd_gateway_t *gateway, int64_t *utc_ms);
/* Entries first .. end-1 of the integrity journal, as of the present snapshot. QD_OK, QD_PENDING. */
qd_status_t qd_gateway_journal_span(qd_gateway_t *gateway, uint32_t *first, uint32_t *end);
/* One entry of it. QD_OK, QD_PENDING; QD_UNDEFINED: evicted, or not yet there; QD_CORRUPT: it is lost. */
qd_status_t qd_gateway_journal(qd_gateway_t *gateway, uint32_t sequence, qd_journal_entry_t *entry);
/* An empty request of a kind. */
void qd_gateway_request(qd_gate_request_t *request, qd_gate_kind_t kind);
/* Sends a request and fetches its reply: QD_PENDING until it is there, then the reply's own status.
 * While pending call again with the same request. */
qd_status_t qd_gateway_call(qd_gateway_t *gateway, qd_gateway_owner_t owner, const qd_gate_request_t *request,
                            qd_gate_reply_t *reply);

#endif
