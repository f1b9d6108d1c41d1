/*
 * tables.h - the rows a model is written in, as the COSEM face reads them.
 *
 * Purpose: names for items. A model's object table is sorted by OBIS code; families (rates) are one
 * row with several members along value group E.
 * Context: any; constant data.
 */
#ifndef QD_COSEM_TABLES_H
#define QD_COSEM_TABLES_H

#include "cosem/class.h"
#include "item/item.h"

#define QD_CLIENTS_MAX 6u

/* Rights of one client to one object. */
#define QD_RIGHT_READ 0x01u
#define QD_RIGHT_WRITE 0x02u
#define QD_RIGHT_EXECUTE 0x04u
#define QD_RIGHT_WRITE_LOCAL 0x08u /* over local bearers only */
#define QD_RIGHT_EXECUTE_LOCAL 0x10u

/* Rights of all clients, in the order of the client rows. */
typedef struct qd_access_row {
    uint8_t rights[QD_CLIENTS_MAX];
} qd_access_row_t;

#define QD_ROW_LEGALLY_RELEVANT 0x01u
#define QD_ROW_FACTORY 0x02u /* written by the management client in manufacture state, once */

typedef struct qd_object_row {
    qd_obis_t obis;  /* of the first member */
    uint8_t members; /* consecutive values of group E, at least 1; member n has arg + n */
    const qd_class_t *class_row;
    qd_ref_t ref;   /* of the first member's value, or of the object */
    uint8_t type;   /* qd_type_t on the wire of a value (classes 1 and 3) */
    uint8_t unit;   /* qd_unit_t (class 3) */
    int8_t scaler;  /* (class 3) */
    uint8_t access; /* row of the access table */
    uint8_t flags;  /* QD_ROW_* */
} qd_object_row_t;

/* Ways to authenticate, one bit each. */
#define QD_ALLOW_NONE 0x01u     /* lowest level security */
#define QD_ALLOW_LLS 0x02u      /* password */
#define QD_ALLOW_HLS_GMAC 0x20u /* has its place */

/* Who may use a client: the user's number comes as calling-AE-invocation-id. */
typedef struct qd_user_row {
    uint8_t id;
    const char *name;
} qd_user_row_t;

typedef struct qd_client_row {
    const char *name;
    uint16_t sap;
    uint8_t allow_local; /* QD_ALLOW_* over local bearers; 0: no association */
    uint8_t allow_remote;
    bool preestablished;        /* no AARQ; its requests need protected APDUs */
    const char *factory_secret; /* at most 16 characters; NULL: none */
    const qd_user_row_t *users; /* user_list of class 15 version 2 */
    uint8_t user_count;         /* 0: whoever comes is served, whatever its number */
} qd_client_row_t;

typedef enum qd_bearer { QD_BEARER_NETWORK = 0, QD_BEARER_OPTICAL, QD_BEARER_RS485 } qd_bearer_t;

typedef struct qd_channel_row {
    bool local;     /* policy: counts as a local bearer */
    uint8_t bearer; /* qd_bearer_t */
    uint8_t line;   /* its HDLC setup (class 23), 0 the first */
} qd_channel_row_t;

typedef struct qd_cosem_tables {
    const qd_object_row_t *objects; /* sorted by qd_obis_key, families do not overlap */
    uint16_t object_count;
    const qd_access_row_t *access;
    uint8_t access_count;
    const qd_client_row_t *clients;
    uint8_t client_count;
    uint8_t management; /* row of the management client */
    const qd_channel_row_t *channels;
    uint8_t channel_count;
    uint8_t association_count;    /* pool */
    uint16_t receive_pdu;         /* largest APDU that is taken; the server declares it */
    uint16_t transmit_pdu;        /* largest APDU that is sent, whatever the client would take */
    uint16_t staging_size;        /* longest value or APDU that can be put together from blocks */
    uint32_t conformance;         /* of the server */
    uint16_t server_sap;          /* logical device 1 */
    qd_ref_t logical_device_name; /* item that names the logical device */
    uint8_t password_attempts;    /* failures in a row that raise event 46 */
} qd_cosem_tables_t;

#endif
