/*
 * session.h - one subcommand's talk with one meter.
 */
#ifndef QD_TOOLS_SESSION_H
#define QD_TOOLS_SESSION_H

#include "address.h"
#include "cli.h"
#include "objects.h"
#include "trace.h"
#include "wire.h"

#define QD_SESSION_PDU 4096u            /* largest APDU that is proposed */
#define QD_SESSION_VALUE (512u * 1024u) /* longest value that is read */

typedef struct qd_session {
    const qd_options_t *options;
    qd_address_t address;
    qd_wire_t wire;
    qd_trace_t trace;
    qd_client_t client;
    bool open;
    qd_objects_t objects; /* loaded when first needed */
    bool objects_fresh;   /* read from the meter in this session */
    uint8_t *value;       /* QD_SESSION_VALUE octets */
    uint8_t frame[QD_CLIENT_HEAD + QD_SESSION_PDU + QD_CLIENT_HDLC_ROOM(2030u)];
} qd_session_t;

/* Reaches the port of a resolved address, without a word to the meter. Exit status, told on stderr. */
int qd_session_reach(qd_session_t *session);
/* The client's configuration for this session. */
qd_client_config_t qd_session_config(qd_session_t *session);

/* Connects and associates. *session is set with QD_EXIT_OK only; otherwise told on stderr. */
int qd_session_open(const qd_options_t *options, const char *address, qd_session_t **session);
/* Releases and frees; NULL is fine. Returns status, or why the capture is not whole. */
int qd_session_close(qd_session_t *session, int status);

/* Exit status of a result. */
int qd_session_status(qd_client_result_t result);
/* Tells the client's last fault about something on stderr; its exit status. */
int qd_session_complain(const qd_session_t *session, const char *about);

/* The object list, from the cache or from the meter; fresh: from the meter. Exit status, told. */
int qd_session_objects(qd_session_t *session, bool fresh);
/* A password that was written to an association object of a meter known by name goes into its client.yaml
 * too: value is the written attribute. Exit status, told; nothing to do is QD_EXIT_OK. */
int qd_session_keep_password(const qd_session_t *session, const qd_client_ref_t *ref, const uint8_t *value,
                             size_t length);
/* Fills the class of a reference from the object list when it is 0. Exit status: QD_EXIT_REFUSED, not
 * told, when the association has no such object. */
int qd_session_find_class(qd_session_t *session, qd_client_ref_t *ref);

#endif
