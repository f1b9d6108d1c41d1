/*
 * address.h - ADDRESS on the command line, and the state directory's client.yaml behind @NAME.
 */
#ifndef QD_TOOLS_ADDRESS_H
#define QD_TOOLS_ADDRESS_H

#include "cli.h"
#include "quadrant/client.h"

#define QD_PATH_MAX 1024u
#define QD_HOST_MAX 256u

/* How octets go to a meter. */
typedef enum qd_address_kind {
    QD_ADDRESS_TCP = 0,  /* tcp://: the wrapper */
    QD_ADDRESS_HDLC_TCP, /* hdlc+tcp:// */
    QD_ADDRESS_HDLC      /* hdlc:DEVICE, a serial port or pty */
} qd_address_kind_t;

typedef struct qd_address {
    uint8_t kind;           /* qd_address_kind_t */
    char host[QD_HOST_MAX]; /* HDLC: the DEVICE, if it is one */
    char port[8];
    char which[32];       /* of @NAME: the port in client.yaml; "": its address */
    uint32_t baud;        /* 0: not said, 9600 */
    bool seven_even;      /* 7E1, else 8N1 */
    uint16_t phys;        /* physical device: the lower half of an HDLC address */
    uint16_t information; /* HDLC; 0: not said */
    uint8_t window;
    uint8_t octets;
    uint16_t client_sap; /* 0: not said */
    uint16_t server_sap;
    const char *identity; /* name of one of the six; NULL: none of them */
    uint8_t mechanism;    /* qd_client_mechanism_t */
    bool preestablished;
    uint8_t secret[QD_CLIENT_SECRET_MAX];
    size_t secret_length;
    bool has_secret;
    char state[QD_PATH_MAX]; /* state directory of @NAME or a path; "" for a plain address */
} qd_address_t;

/*
 * Turns text and the options into a port, a client and its password. The exit status, told on stderr
 * unless QD_EXIT_OK.
 */
int qd_address_resolve(const char *text, const qd_options_t *options, qd_address_t *address);

/* Directory of the state of all meters; false: told on stderr (command NULL: not told). */
bool qd_state_home(const char *command, char path[QD_PATH_MAX]);

#define QD_ELSEWHERE "elsewhere" /* in NAME/ of the state home: the path of the state, see tools/run_link.c */
/* The path that directory/elsewhere holds; false: there is none. */
bool qd_state_elsewhere(const char *directory, char path[QD_PATH_MAX]);
/* True: text means a state directory by its path, not an address and not a name. */
bool qd_state_is_path(const char *text);
/* State directory of NAME or PATH, with or without @ before it; length octets of text count. Exit status,
 * told on stderr. */
int qd_state_of(const char *command, const char *text, size_t length, char path[QD_PATH_MAX]);

/* Reads client.yaml of a state directory for one client (identity NULL: the SAP rules; neither: public).
 * See docs/client-yaml.md. */
int qd_client_yaml_read(const char *path, const char *command, const char *identity, qd_address_t *address);

/* One client in client.yaml. */
typedef struct qd_client_row {
    const char *name;
    const char *mechanism; /* NULL: not said */
    const char *secret;    /* NULL: none */
    uint16_t sap;
} qd_client_row_t;

/* One port of a meter in client.yaml. */
typedef struct qd_client_port {
    const char *name;
    const char *address;
} qd_client_port_t;

/* Writes the file with these ports; the first of them is its address. Clients that it has stay as they are, of rows the others are added;
 * anew: what it has is forgotten. Nobody ever sees half of it, and it is the owner's alone. */
int qd_client_yaml_write(const char *path, const char *command, const qd_client_port_t *ports,
                         size_t port_count, const qd_client_row_t *rows, size_t count, bool anew);
/* The same file with another password for the client with this SAP. */
int qd_client_yaml_password(const char *path, const char *command, uint16_t sap, const uint8_t *secret,
                            size_t length);

/* tcp://HOST:PORT, hdlc+tcp://HOST:PORT or hdlc:DEVICE, [?client=..&server=..&phys=..] */
int qd_address_parse(const char *text, const char *command, qd_address_t *address);

#endif
