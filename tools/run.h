/*
 * run.h - inside of quadrant run: options, one meter with its world, the loop. For tools/run_*.c,
 * cmd_run.c and cmd_poke.c only.
 */
#ifndef QD_TOOLS_RUN_H
#define QD_TOOLS_RUN_H

#include "cli.h"
#include "quadrant/linux.h"
#include "quadrant/load.h"
#include "quadrant/meter.h"

#include <uv.h>

#define RUN_NAME_MAX 64u
#define RUN_SPEED_MAX 100000u
#define RUN_COUNT_MAX 100000u
#define RUN_WRAPPER_PORT 4059u
#define RUN_PACE_MIN 300u
#define RUN_PACE_MAX 115200u
#define RUN_CONTROL "control" /* socket in the state directory */

#define RUN_PORTS_MAX 5u /* wrapper, HDLC, optical, two RS-485 */

/* Where a port with HDLC is: a TCP port, pty:PATH or a serial device. */
typedef struct run_where {
    const char *line; /* the latter two; NULL: port counts */
    uint16_t port;
    bool wanted;
} run_where_t;

typedef struct run_options {
    const qd_model_t *model;
    const char *name;
    const char *state; /* NULL: by name under the state home; "none": memory only */
    const char *load;  /* NULL: the default house */
    const char *bind;
    uint64_t for_us;     /* 0: until stopped */
    int64_t start_utc_s; /* since 2000 */
    uint64_t seed;
    uint32_t count;
    uint32_t speed; /* 0: max; 1: real */
    uint32_t pace;  /* bit/s; 0: as fast as it goes */
    uint16_t wrapper;
    run_where_t hdlc, optical, rs485[2];
    bool has_start, has_seed, has_wrapper, json, factory, help;
    const qd_gate_way_t *gate;
} run_options_t;

typedef struct run run_t;

/* The supply of a meter that has its memory. */
typedef struct run_supply {
    qd_power_state_t state;
    bool dead;         /* the mains are away for the loads as well: nothing at the terminals */
    uint64_t since_us; /* tick of the notice */
    uint64_t next_us;  /* tick of the next change; UINT64_MAX: none */
    uint64_t off_us;   /* the reserve ends */
    uint64_t back_us;  /* the mains come back */
} run_supply_t;

/* "tcp://127.0.0.1:4059", or with the path of a line */
#define RUN_ADDRESS_SIZE (QD_LINUX_PATH_MAX + 96u)

/* A port that is open, and its channels. */
typedef struct run_port {
    const char *name; /* "wrapper", "hdlc", "optical", "rs485", "rs485-2" */
    qd_linux_server_t *server;
    qd_linux_line_t *line;          /* one of the two */
    char device[QD_LINUX_PATH_MAX]; /* of a line: its path */
    uint8_t channel;                /* the first of them */
    uint8_t channels;
    char address[RUN_ADDRESS_SIZE];
} run_port_t;

/* One meter with everything around it. */
typedef struct run_meter {
    run_t *run;
    char name[RUN_NAME_MAX + 16];
    bool kept;    /* has a state directory */
    bool settled; /* was a meter before this start */
    bool flashed; /* its flash held something before this start */
    bool named;   /* @NAME finds it */
    bool linked;  /* by a path in the state home */
    qd_linux_dir_t dir;
    qd_linux_fram_t fram;
    qd_linux_flash_t flash;
    qd_linux_key_t key;
    qd_linux_world_t world;
    qd_linux_random_t random;
    run_port_t port[RUN_PORTS_MAX]; /* the first is the wrapper */
    uint8_t port_count;
    qd_linux_control_t *control;
    qd_load_player_t player;

    qd_block_t block;
    qd_block_t flash_block;
    qd_rtc_t rtc;
    qd_random_t random_port;
    qd_device_key_t key_port;
    qd_quantities_port_t quantities;
    qd_power_t power;
    qd_factory_t factory;
    qd_meter_ports_t ports;
    bool factory_open;
    run_supply_t supply;

    void *memory;
    size_t size;
    qd_meter_t *meter;    /* NULL: mains away */
    uint64_t last_us;     /* tick of the latest step */
    uint64_t next_us;     /* the meter wants to run then */
    uint64_t dark_us;     /* mains went away then */
    uint64_t restored_us; /* and come back then */
    bool troubled;        /* the latest step failed, and that was told */
    bool looked;          /* run_report_start has looked since the mains came */
} run_meter_t;

struct run {
    run_options_t options;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t interrupt, terminate;
    qd_load_t *load;
    run_meter_t *meter;
    uint64_t anchor_ns; /* host time of tick 0, moved when the host cannot keep up */
    uint64_t tick_us;   /* how far the simulation is */
    uint64_t armed_us;  /* tick for which the timer is set */
    uint64_t end_us;    /* UINT64_MAX: none */
    uint64_t records;   /* seconds measured by meter 0 */
    uint64_t told;      /* of which the last line told */
    uint64_t told_ns;
    bool stop;
    bool unheard; /* standard output did not take a line */
};

/* --- run_options.c */

/* QD_EXIT_OK, or QD_EXIT_USAGE, told on stderr. */
int run_options_parse(run_options_t *options, int argc, char **argv);
void run_print_help(void);

/* --- run_text.c */

/* "200ms", "90s", "15m", "12h", "30d", a number alone is seconds; false: none of them, zero or beyond 100 years. */
bool run_duration_parse(const char *text, uint64_t *us);
/* ISO 8601 date with optional time and zone (none: UTC), seconds since 2000. */
bool run_time_parse(const char *text, int64_t *utc_s);
/* "2026-01-01T00:00:00Z" */
#define RUN_TIME_SIZE 40u
void run_time_format(int64_t utc_ms, char text[RUN_TIME_SIZE]);
/* Letters, digits, dot, dash, underscore, not beginning with a dot or dash. */
bool run_name_good(const char *name);
/* State directory of NAME; false: told on stderr. */
bool run_state_path(const char *command, const char *name, char path[QD_LINUX_PATH_MAX]);
uint64_t run_hash(const char *text, uint64_t seed);

/* --- run_meter.c */

/* Everything from the directory to the started meter. QD_EXIT_OK or the exit status, told on stderr;
 * then run_meter_close cleans up. */
int run_meter_open(run_meter_t *meter);
/* When the meter has to run next. */
uint64_t run_meter_due_us(const run_meter_t *meter);
/* Does what is due at tick_us. */
void run_meter_run(run_meter_t *meter, uint64_t tick_us);
/* The meter loses its memory at tick_us, without notice, until restored_us; connections are dropped. */
void run_meter_cut(run_meter_t *meter, uint64_t tick_us, uint64_t restored_us);
/* Last interval, last commit; the meter stays readable by view. */
void run_meter_finish(run_meter_t *meter, uint64_t tick_us);
void run_meter_close_network(run_meter_t *meter);
/* QD_EXIT_OK or QD_EXIT_OWN, told on stderr. */
int run_meter_close(run_meter_t *meter);

/* --- run_supply.c: how the mains fail with notice; run_meter.c calls the rest */

/* True: the reserve outlasts it, and the meter keeps its memory. */
bool run_supply_is_dip(uint64_t length_us);
/* The mains fail at tick_us for length_us, and the meter gets its notice. dead: no load takes anything meanwhile. */
void run_supply_fail(run_meter_t *meter, uint64_t tick_us, uint64_t length_us, bool dead);
/* The meter was started. */
void run_supply_start(run_meter_t *meter);
/* What is due at tick_us, before the step; the meter may have lost its memory then. */
void run_supply_turn(run_meter_t *meter, uint64_t tick_us);
/* The mains are back at tick_us, before the step. */
void run_supply_return(run_meter_t *meter, uint64_t tick_us);

/* --- run_ports.c: listeners and lines */

/* Opens what the options want; QD_EXIT_OK or the exit status, told on stderr. Nobody is let in before the reset. */
int run_ports_open(run_meter_t *meter, uint32_t index);
/* Gives the channels to the meter. */
void run_ports_connect(run_meter_t *meter);
/* As qd_linux_server_flush and qd_linux_server_reset, for all of them. */
uint32_t run_ports_flush(run_meter_t *meter);
void run_ports_reset(run_meter_t *meter, bool dark);
void run_ports_close(run_meter_t *meter);

/* --- run_files.c: which files make a meter */

/* Octets of flash that the logs of a model take; 0: it has none. */
uint32_t run_flash_size(const qd_model_t *model);
/* Looks whether the files are of one meter, or a new one; opens key and world. QD_EXIT_OK or the exit status, told on
 * stderr; then no file was changed. */
int run_files_begin(run_meter_t *meter);
/* After run_world_begin: opens FRAM and flash. QD_EXIT_OK or the exit status, told on stderr. */
int run_files_open(run_meter_t *meter);
/* The world's time of this moment, and what it knows of the other files. */
void run_files_save(run_meter_t *meter);
/* False: told on stderr. */
bool run_files_close(run_meter_t *meter);

/* --- run_first.c: what happens once in the life of a meter */

/* Opens key and world; its time, and whether the files are of one meter. QD_EXIT_OK or the exit status,
 * told on stderr; then no file was changed. */
int run_world_begin(run_meter_t *meter);
/* Serial number and logical device name; closes the factory unless --factory. */
int run_manufacture(run_meter_t *meter);
/* client.yaml in the state directory. */
int run_write_client_yaml(const run_meter_t *meter);

/* --- run_link.c: @NAME for a state directory elsewhere */

void run_link_make(run_meter_t *meter);
void run_link_remove(run_meter_t *meter);

/* --- run_loop.c */

/* From here on a signal ends the loop cleanly, also one that comes before it. */
void run_loop_listen(run_t *run);
/* Runs until the end of --for, a signal or nothing is left. */
void run_loop(run_t *run);
/* The tick of this moment, never beyond what meter still has to do. */
uint64_t run_now_us(const run_t *run, const run_meter_t *meter);
/* Lets the loop wake up for meter in time. */
void run_loop_arm(run_t *run, const run_meter_t *meter);

/* --- run_facts.c */

/* Handler of the control socket; context is a run_meter_t. */
void run_facts_answer(void *context, const char *line, char *reply, size_t size);

/* --- run_guard.c */

/* Tells a state file that is cut under one of these meters, and ends the process; NULL: no more. */
void run_guard(const run_t *run);

/* --- run_report.c */

/* False: standard output takes nothing, told on stderr. A reader that went away is no fault. */
bool run_report_ports(run_t *run);
void run_report_measured(run_t *run);
/* False: some line was not taken, told on stderr. */
bool run_report_end(run_t *run);
/* One line on stderr when the meter lost a record of its state; once after each start. */
void run_report_start(run_meter_t *meter);

#endif
