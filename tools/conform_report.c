/*
 * conform_report.c - what a run of the conformance suite has found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conform_report.h"

#include <string.h>
#include <time.h>

static void put_json(FILE *to, const char *text) {
    (void)fputc('"', to);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            (void)fprintf(to, "\\%c", c);
        } else if (c == '\n') {
            (void)fputs("\\n", to);
        } else if (c < 0x20u) {
            (void)fprintf(to, "\\u%04x", c);
        } else {
            (void)fputc(c, to);
        }
    }
    (void)fputc('"', to);
}

/* A cell of a Markdown table. */
static void put_cell(FILE *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            (void)fputc('\\', to);
        }
        (void)fputc(*text == '\n' ? ' ' : *text, to);
    }
}

void cf_report_head(cf_report_t *report, const char *address, const char *declaration,
                    const cf_octets_t *identity) {
    time_t now = time(NULL);
    struct tm utc;
    char text[32];

    if (report->file == NULL) {
        return;
    }
    (void)gmtime_r(&now, &utc);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)fprintf(report->file, "# Conformance report\n\n| | |\n|---|---|\n| date | %s |\n| address | ",
                  text);
    put_cell(report->file, address);
    (void)fprintf(report->file, " |\n| declaration | ");
    put_cell(report->file, declaration);
    (void)fprintf(report->file, " |\n%s\n", identity->at != NULL ? (const char *)identity->at : "");
    (void)fprintf(report->file, "A stand-in for the conformance test of the DLMS UA, not a certificate.\n\n"
                                "| id | verdict | purpose | why |\n|---|---|---|---|\n");
}

void cf_report_row(cf_report_t *report, const cf_case_t *row, cf_verdict_t verdict,
                   const cf_runner_t *runner) {
    const char *reason = runner->reason.at != NULL ? (const char *)runner->reason.at : "";
    const char *story = runner->story.at != NULL ? (const char *)runner->story.at : "";
    bool bad = verdict == CF_FAIL || verdict == CF_INCONCLUSIVE;

    report->count[verdict]++;
    if (report->json) {
        (void)printf("{\"event\": \"verdict\", \"id\": ");
        put_json(stdout, row->id);
        (void)printf(", \"group\": \"%s\", \"verdict\": \"%s\", \"purpose\": ", row->group,
                     cf_verdict_name[verdict]);
        put_json(stdout, row->title);
        (void)printf(", \"reason\": ");
        put_json(stdout, reason);
        if (bad) {
            (void)printf(", \"octets\": ");
            put_json(stdout, story);
        }
        (void)printf("}\n");
    } else {
        (void)printf("%-26s %-14s %s%s%s\n", row->id, cf_verdict_name[verdict], row->title,
                     *reason != '\0' ? ": " : "", reason);
        if (bad) {
            (void)printf("%s", story);
        }
    }
    (void)fflush(stdout);
    if (report->file != NULL) {
        (void)fprintf(report->file, "| %s | %s | ", row->id, cf_verdict_name[verdict]);
        put_cell(report->file, row->title);
        (void)fprintf(report->file, " | ");
        put_cell(report->file, reason);
        (void)fprintf(report->file, " |\n");
        if (bad) {
            cf_say(&report->failures, "\n### %s: %s\n\n%s\n\n```\n%s```\n", row->id, cf_verdict_name[verdict],
                   reason, story);
        }
    }
}

void cf_report_end(cf_report_t *report) {
    char line[160];
    const unsigned *count = report->count;

    (void)snprintf(line, sizeof line, "%u passed, %u failed, %u not applicable", count[CF_PASS],
                   count[CF_FAIL], count[CF_NOT_APPLICABLE]);
    if (count[CF_INCONCLUSIVE] > 0u) {
        (void)snprintf(line + strlen(line), sizeof line - strlen(line), ", %u inconclusive",
                       count[CF_INCONCLUSIVE]);
    }
    if (report->json) {
        (void)printf("{\"event\": \"summary\", \"passed\": %u, \"failed\": %u, \"not_applicable\": %u, "
                     "\"inconclusive\": %u}\n",
                     count[CF_PASS], count[CF_FAIL], count[CF_NOT_APPLICABLE], count[CF_INCONCLUSIVE]);
    } else {
        (void)printf("%s\n", line);
    }
    if (report->file != NULL) {
        (void)fprintf(report->file, "\n%s\n%s%s", line, report->failures.length > 0u ? "\n## Octets\n" : "",
                      report->failures.length > 0u ? (const char *)report->failures.at : "");
    }
    cf_free(&report->failures);
}
