/*
 * association.h - who is associated with what: the pool of associations, passwords, and the objects
 * of classes 15 and 17 that show them.
 *
 * Purpose: an association belongs to a client on one channel and to that channel's present peer.
 * Context: main context. Ownership: the pool and the passwords are the module's state in the arena.
 */
#ifndef QD_COSEM_ASSOCIATION_H
#define QD_COSEM_ASSOCIATION_H

#include "app/services.h"
#include "cosem/object.h"
#include "item/selection.h"

#define QD_SECRET_MAX 16u
#define QD_SECRET_MIN 8u
#define QD_SELECTION_ITEMS 16u

/* One item of a GET, packed: 16 of them fill the 64 octets of a selection slot. */
typedef struct qd_selected {
    uint16_t row; /* of the object table; QD_SELECTED_REFUSED: result is in member */
    uint8_t member;
    int8_t attribute;
} qd_selected_t;
#define QD_SELECTED_REFUSED 0xFFFFu
/* No item of the transfer has selective access. */
#define QD_SELECTED_NONE 0xFFu

/* Cursor of a long GET. */
typedef struct qd_transfer {
    bool active;
    bool list; /* GET with list: item count and choices are part of the stream */
    bool count_given;
    bool head_given; /* of the present item: choice, and array head or whole value */
    uint8_t invoke;
    uint8_t count;
    uint8_t at;        /* present item */
    uint8_t selective; /* item whose rows are chosen by the association's choice; QD_SELECTED_NONE */
    uint32_t next;     /* row of the present item */
    uint32_t left;     /* rows of it that are still to be given */
    uint32_t generation;
    uint32_t offset; /* octets of the present unit already sent */
    uint32_t block;  /* number of the block sent last */
} qd_transfer_t;

#define QD_USER_NONE 0xFFu

typedef struct qd_association {
    bool used;
    uint8_t client;
    uint8_t channel;
    uint8_t mechanism;
    uint32_t generation; /* of the channel */
    uint32_t conformance;
    uint16_t pdu_size;          /* largest APDU to send */
    uint8_t quality_of_service; /* as proposed */
    uint8_t user;               /* row of the client's users, QD_USER_NONE */
    qd_transfer_t transfer;
    qd_selected_t selection[QD_SELECTION_ITEMS];
    qd_selection_t choice; /* rows and columns of the one item with selective access */
} qd_association_t;

typedef struct qd_secret {
    uint8_t length; /* 0: none, association by password refused */
    uint8_t octets[QD_SECRET_MAX];
} qd_secret_t;

/* Where the object list that was read last stands: the object of number n is the first one of a row. */
typedef struct qd_place {
    uint32_t request; /* of its selection; 0: the whole list */
    uint32_t n;
    uint16_t row;
    uint8_t client;
} qd_place_t;

typedef struct qd_associations {
    const qd_services_t *services;
    const qd_cosem_tables_t *tables;
    const qd_objects_t *objects;
    qd_secret_t secret[QD_CLIENTS_MAX];
    uint8_t failures[QD_CLIENTS_MAX];      /* wrong passwords in a row */
    uint16_t objects_seen[QD_CLIENTS_MAX]; /* how many objects each client sees */
    qd_place_t place;
    qd_association_t pool[]; /* tables->association_count of them */
} qd_associations_t;

/* Items; OBJECT takes arg = attribute, CLIENT arg = client row * 256 + attribute. */
enum { QD_ASSOCIATION_ITEM_CURRENT = 1, QD_ASSOCIATION_ITEM_CLIENT, QD_ASSOCIATION_ITEM_SAP_LIST };

/* Its configuration is the model's qd_cosem_tables_t. */
extern const qd_module_t qd_association_module;

/* Object lists need the object table, which needs the modules: bound after all are started. */
void qd_associations_bind(qd_associations_t *associations, const qd_objects_t *objects);

/* The association of a client on a channel's present peer; NULL: none. */
qd_association_t *qd_association_find(qd_associations_t *associations, uint8_t channel, uint32_t generation,
                                      uint8_t client);
/* A fresh one in place of any the client had there. NULL: the pool is spent. */
qd_association_t *qd_association_open(qd_associations_t *associations, uint8_t channel, uint32_t generation,
                                      uint8_t client);
void qd_association_close(qd_association_t *association);
/* Ends what belonged to earlier peers of a channel. */
void qd_associations_sweep(qd_associations_t *associations, uint8_t channel, uint32_t generation);
/* Compares in time that does not depend on the octets. Counts failures and raises event 46 when the
 * model's number of failures in a row is reached. */
bool qd_association_password_fits(qd_associations_t *associations, uint8_t client, const uint8_t *octets,
                                  size_t length);

/* --- the object list, attribute 2 of class 15; client is the one whose list it is --- */

/* The n-th row with its access rights. QD_OK; QD_END: there is none; the sink's. */
qd_status_t qd_association_objects_row(qd_associations_t *associations, const qd_call_t *call, uint8_t client,
                                       uint32_t n, const qd_sink_t *sink);
/* Selectors: 1 all without rights, 2 those of up to 16 classes without rights, 3 up to 16 named ones, 4 one; those that
 * the client does not see are left out. As qd_module_t.select, selected and pick. */
qd_status_t qd_association_objects_select(const qd_associations_t *associations, uint8_t client,
                                          uint8_t selector, const qd_source_t *source,
                                          qd_selection_t *selection);
qd_status_t qd_association_objects_selected(const qd_associations_t *associations, uint8_t client,
                                            const qd_selection_t *selection, qd_span_t *span,
                                            uint32_t *count);
qd_status_t qd_association_objects_pick(qd_associations_t *associations, const qd_call_t *call,
                                        uint8_t client, const qd_selection_t *selection, uint32_t n,
                                        const qd_sink_t *sink);

#endif
