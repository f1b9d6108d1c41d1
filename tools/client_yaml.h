/*
 * client_yaml.h - what reading and writing client.yaml share.
 */
#ifndef QD_TOOLS_CLIENT_YAML_H
#define QD_TOOLS_CLIENT_YAML_H

#include "address.h"

#include <yaml.h>

typedef struct qd_yaml {
    const char *path;
    const char *command;
    yaml_document_t document;
} qd_yaml_t;

/* Loads the file; QD_EXIT_OK: the document is to be deleted. QD_EXIT_CONTACT: there is no such file, not
 * told; else told on stderr. */
int qd_yaml_load(qd_yaml_t *file);
/* One line on stderr with the place of node (NULL: the first line). */
int qd_yaml_complain(const qd_yaml_t *file, const yaml_node_t *node, const char *what);
/* Value of a key in a mapping; NULL: absent. */
yaml_node_t *qd_yaml_lookup(qd_yaml_t *file, const yaml_node_t *mapping, const char *key);
/* NULL: no scalar. */
const char *qd_yaml_text(const yaml_node_t *node);
/* A SAP, 0 when absent. False: there, but no SAP. */
bool qd_yaml_sap(const yaml_node_t *node, uint16_t *sap);

#endif
