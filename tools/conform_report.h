/*
 * conform_report.h - what a run of the conformance suite has found, as text, Markdown and JSON.
 */
#ifndef QD_TOOLS_CONFORM_REPORT_H
#define QD_TOOLS_CONFORM_REPORT_H

#include "conform.h"

typedef struct cf_report {
    FILE *file; /* Markdown; NULL: none is wanted */
    bool json;
    bool quiet_passes;    /* a line for what did not pass only */
    unsigned count[4];    /* per verdict */
    cf_octets_t failures; /* Markdown with the octets of each failure */
} cf_report_t;

void cf_report_head(cf_report_t *report, const char *address, const char *declaration,
                    const cf_octets_t *identity);
void cf_report_row(cf_report_t *report, const cf_case_t *row, cf_verdict_t verdict,
                   const cf_runner_t *runner);
/* The summary line; frees what the report holds. */
void cf_report_end(cf_report_t *report);

#endif
