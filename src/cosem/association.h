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
#include "cosem/axdr_io.h"
#include "cosem/object.h"
#include "item/selection.h"
#include "protocol/acse.h"

#define QD_SECRET_MAX 16u
#define QD_SECRET_MIN 8u
#define QD_SELECTION_ITEMS 16u

/* One item of a GET, packed: 16 of them fill the 64 octets of a selection slot. */
typedef struct qd_selected {
    uint16_t
        row; /* of the object table; QD_SELECTED_REFUSED: result is in member; QD_SELECTED_KEPT: in both where */
    uint8_t member;
    int8_t attribute;
} qd_selected_t;
#define QD_SELECTED_REFUSED 0xFFFFu
/* Its value is in the staging slot. */
#define QD_SELECTED_KEPT 0xFFFEu

/* What an answer consists of; its octets are a stream that is encoded anew from where it stands. */
typedef enum qd_reply {
    QD_REPLY_GET = 0, /* one value */
    QD_REPLY_GET_LIST,
    QD_REPLY_SET, /* one result; while its blocks are collected */
    QD_REPLY_SET_LIST,
    QD_REPLY_SET_LAST_LIST, /* results, and the number of the last block */
    QD_REPLY_ACTION,
    QD_REPLY_ACTION_LIST,
    QD_REPLY_ACCESS
} qd_reply_t;

/* Where such a stream stands. Of a list that is applied, place.at and .attribute say how far that is. */
typedef struct qd_stream_place {
    uint32_t next; /* row of the present table */
    uint32_t generation;
    uint16_t left;     /* rows of it that are still to be given */
    qd_axdr_cut_t cut; /* what of the present unit is sent */
    uint8_t at;        /* present item */
    uint8_t
        attribute; /* of an item that stands for all attributes: the present one, 0: their structure's head */
    uint16_t stage; /* which unit of the item: server_stream.c; no octet of a place is without a meaning */
} qd_stream_place_t;

/* The one long answer, or long request, of an association. */
typedef struct qd_transfer {
    bool active;      /* more of the answer is to be asked for */
    bool receiving;   /* blocks of a request are collected */
    bool applied : 1; /* everything asked for is done; only the answer is not out */
    bool held : 1;    /* parts of the answer are in the staging slot */
    bool general;     /* the answer goes out in general blocks, also again after the last one */
    uint8_t kind;     /* qd_reply_t */
    uint8_t count;
    uint16_t selective; /* items whose rows are chosen, bit n the n-th: qd_item_choice */
    uint32_t invoke;    /* Invoke-Id-And-Priority, long with ACCESS */
    union {
        uint32_t block; /* number of the block sent, or taken, last */
        struct { /* of ACCESS, in the staging slot behind the request and a copy of its specifications: */
            uint16_t begun; /* where the value that is being kept begins */
            uint16_t kept;  /* where it has come to */
        };
    };
    uint32_t request; /* call that was begun: it goes on where it was when it is called again */
    uint32_t choices; /* of ACCESS: 2 bits per item, a choice less 1 */
    qd_stream_place_t place;
} qd_transfer_t;

/* Longest answer that is no stream: the error of a GET's next block. */
#define QD_PLAIN_ANSWER 10u

/* Numbers of a general block transfer, each direction counts its own blocks from 1. */
typedef struct qd_general {
    uint32_t request;  /* call whose block was taken already */
    uint16_t received; /* last block taken in order */
    uint16_t sent;     /* last block sent */
    uint16_t base;     /* last one that the client has for sure: start is the place behind it */
    uint16_t until;    /* one that the client has, although the stream stands in front of its end */
    uint16_t high;     /* last block ever sent */
    uint16_t expected; /* check over the places where the blocks up to that one ended */
    uint16_t check;    /* the same over those up to the last one sent */
    uint16_t based;    /* and up to base */
    uint8_t window;    /* blocks that the client takes at once */
    uint8_t in_window; /* of those, sent */
    bool ended;        /* the last one was sent */
    uint8_t plain;     /* octets of an answer that is no stream, which one block brought; 0: there is none */
    uint8_t answer[QD_PLAIN_ANSWER];
    qd_stream_place_t start;
} qd_general_t;

/* What an association has in the staging slot: one association at a time has something. */
typedef enum qd_staging {
    QD_STAGING_NONE = 0,
    QD_STAGING_LOST, /* it had, and another one has the slot since */
    QD_STAGING_GENERAL,
    QD_STAGING_BLOCKS,
    QD_STAGING_ANSWER /* nothing of a request; what belongs to its answer lies behind it with GENERAL, too */
} qd_staging_t;
/* A request in pieces that has not grown for so long gives way to another one. */
#define QD_STAGING_STILL_MS 10000u

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
    uint16_t staged;            /* octets in the staging slot */
    uint8_t staging;            /* qd_staging_t */
    qd_transfer_t transfer;
    qd_general_t general;
    qd_selected_t selection[QD_SELECTION_ITEMS];
    qd_selection_t choice; /* rows and columns of the first item with selective access */
} qd_association_t;

typedef struct qd_secret {
    uint8_t length; /* 0: none, association by password refused */
    uint8_t octets[QD_SECRET_MAX];
} qd_secret_t;

/* Where the object list that was read last stands: the object of number n is the first one of a row. */
typedef struct qd_place {
    const qd_selection_t *selection;
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
    const qd_association_t *stager; /* that took the staging slot last; NULL: its request was whole */
    uint32_t staged_ms;             /* when its request grew last */
    uint16_t staged_most;           /* octets that it has had there; beginning anew is no growth */
    qd_association_t pool[];        /* tables->association_count of them, then the staging slot */
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
/* The staging slot, tables->staging_size octets. It is held by the association whose staging says so: what ends
 * an association frees it. */
uint8_t *qd_association_staged(qd_associations_t *associations);
/* Takes the slot for requests of a kind, or goes on in it: adds octets; last: the request is whole. now_ms: of the channels.
 * QD_OK; QD_NO_SPACE; QD_BUSY: another one holds it, or this one does for another kind. What an earlier one had there is gone. Who holds it loses it between two
 * of its blocks: when its request has not grown for QD_STAGING_STILL_MS, or when no access row lets its client change
 * anything and the new one's may. */
qd_status_t qd_association_stage(qd_associations_t *associations, qd_association_t *association,
                                 qd_staging_t kind, uint32_t now_ms, const qd_view_t *octets, bool last);
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
