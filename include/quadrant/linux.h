/*
 * linux.h - the Linux port: what a host program puts behind the ports of a meter.
 *
 * Purpose: state directories with one owner, FRAM and flash in mapped files, the clocks of a simulated world,
 * random octets, the device key, TCP connections as byte channels and a control socket.
 * Ownership: structs are the caller's; nothing is global, any number of meters runs in one process.
 * Context: one thread, the one that runs the libuv loop.
 * Errors: besides the status, error says in one line what is wrong and what to do.
 */
#ifndef QUADRANT_LINUX_H
#define QUADRANT_LINUX_H

#include "quadrant/port/block.h"
#include "quadrant/port/channel.h"
#include "quadrant/port/key.h"
#include "quadrant/port/rtc.h"
#include "quadrant/port/system.h"

#define QD_LINUX_PATH_MAX 1024u

typedef struct qd_linux_error {
    char text[1536];
} qd_linux_error_t;

/* --- state directory -------------------------------------------------------------------------- */

/* A directory that one process owns at a time: DIR/lock is locked and holds the process number. */
typedef struct qd_linux_dir {
    int fd;
    int lock;
    char path[QD_LINUX_PATH_MAX];
} qd_linux_dir_t;

/* Makes the directory with its parents (mode 0700) unless it is there, and takes the lock. QD_OK;
 * QD_BUSY: another process has it; QD_IO. */
qd_status_t qd_linux_dir_open(qd_linux_dir_t *dir, const char *path, qd_linux_error_t *error);
void qd_linux_dir_close(qd_linux_dir_t *dir);

/* --- mapped file ------------------------------------------------------------------------------ */

/* A file of fixed size in memory. All its space is taken when it is opened: a full disk is an error
 * then and never a fault later. Without a directory (NULL) it is plain memory. */
typedef struct qd_linux_map {
    uint8_t *octets;
    uint32_t size;
    int fd;
    bool created; /* the file was not there before */
    uint32_t dirty_begin, dirty_end;
} qd_linux_map_t;

/* What a file holds; nothing is changed. */
typedef enum qd_linux_content {
    QD_LINUX_ABSENT = 0, /* there is no such file */
    QD_LINUX_EMPTY,      /* it has no octets */
    QD_LINUX_BLANK,      /* as new memory: all 0x00 or all 0xFF */
    QD_LINUX_FILLED      /* anything else; also what cannot be looked at */
} qd_linux_content_t;
/* The first skip octets do not count. */
qd_linux_content_t qd_linux_file_content(const qd_linux_dir_t *dir, const char *name, uint32_t skip);
/* Makes a file of exactly from octets as long as to octets, the new ones zero; any other file is left as it is, also when
 * that fails: opening it then says what is wrong. */
void qd_linux_file_grow(const qd_linux_dir_t *dir, const char *name, uint32_t from, uint32_t to);

/* QD_OK; QD_VERSION: the file is there in another size, left as it was; QD_NO_SPACE: disk full;
 * QD_IO. */
qd_status_t qd_linux_map_open(qd_linux_map_t *map, const qd_linux_dir_t *dir, const char *name, uint32_t size,
                              qd_linux_error_t *error);
/* Copies into the map; what is not there yet when the process is killed is not lost, the kernel has it. */
void qd_linux_map_write(qd_linux_map_t *map, uint32_t offset, const void *octets, uint32_t length);
/* Waits until everything written is on the disk. QD_OK, QD_IO. */
qd_status_t qd_linux_map_sync(qd_linux_map_t *map);
/* Syncs and unmaps. QD_OK; QD_IO: not written, or somebody has removed or cut the file meanwhile. */
qd_status_t qd_linux_map_close(qd_linux_map_t *map);

/* --- FRAM ------------------------------------------------------------------------------------- */

typedef enum qd_linux_sync {
    QD_LINUX_SYNC_EACH = 0, /* a sync waits for the disk: holds when the host loses power */
    QD_LINUX_SYNC_LAST      /* only the closing does: holds when the process is killed */
} qd_linux_sync_t;

typedef struct qd_linux_fram {
    qd_linux_map_t map;
    qd_linux_sync_t sync;
} qd_linux_fram_t;

/* As qd_linux_map_open. */
qd_status_t qd_linux_fram_open(qd_linux_fram_t *fram, const qd_linux_dir_t *dir, const char *name,
                               uint32_t size, qd_linux_sync_t sync, qd_linux_error_t *error);
qd_block_t qd_linux_fram_block(qd_linux_fram_t *fram);
qd_status_t qd_linux_fram_close(qd_linux_fram_t *fram);

/* --- NOR flash -------------------------------------------------------------------------------- */

#define QD_LINUX_FLASH_BLOCK 4096u /* octets that are erased at once */
#define QD_LINUX_FLASH_POLLS 2u    /* polls that an erase takes; each does its share */

/*
 * Flash in a mapped file, as the hardware has it: a program leaves old AND new in the cells, the erase of a block
 * sets all its bits. Wanting to set a bit without an erase is an error of the programmer; the cells do what cells
 * do, the program is answered with QD_OK, and misused counts it: a meter that works leaves it at 0. A program into
 * the block that is being erased is QD_IO and changes nothing; other blocks can be read and programmed meanwhile.
 * A kill between two polls leaves a block half erased.
 */
typedef struct qd_linux_flash {
    qd_linux_map_t map;
    qd_linux_sync_t sync;
    uint32_t erase_at;   /* offset of the block that is being erased */
    uint32_t erase_left; /* polls that it still takes; 0: no erase runs */
    uint32_t misused;    /* programs that wanted to set a bit */
    bool written;        /* something was programmed since it was opened */
} qd_linux_flash_t;

/* As qd_linux_map_open; a new file is all ones. QD_ARGUMENT: size is no multiple of QD_LINUX_FLASH_BLOCK, or 0. */
qd_status_t qd_linux_flash_open(qd_linux_flash_t *flash, const qd_linux_dir_t *dir, const char *name,
                                uint32_t size, qd_linux_sync_t sync, qd_linux_error_t *error);
/* Valid as long as flash. erase_start outside the device is QD_ARGUMENT. */
qd_block_t qd_linux_flash_block(qd_linux_flash_t *flash);
/* As qd_linux_map_close. */
qd_status_t qd_linux_flash_close(qd_linux_flash_t *flash);

/* --- world: time that outlives the process ---------------------------------------------------- */

#define QD_LINUX_MODEL_MAX 24u

/* What DIR/world keeps besides the meter's own memory. Times in ms since 2000-01-01T00:00:00Z. */
typedef struct qd_linux_world_state {
    int64_t utc_ms;        /* simulated UTC when it was saved */
    int64_t host_utc_ms;   /* the host's UTC at that moment */
    int64_t origin_utc_s;  /* UTC in s of load second 0 */
    int64_t rtc_offset_ms; /* what the meter's RTC shows more than utc_ms */
    uint64_t seed;
    char model[QD_LINUX_MODEL_MAX];
    uint8_t rtc_set;      /* the RTC has a time */
    uint8_t manufactured; /* the factory has closed the meter */
    uint8_t formatted;    /* the FRAM has become a meter's; without it that meter is lost */
    uint8_t flashed;      /* the flash holds something; without it that is lost */
    uint8_t reserved[4];  /* 0 */
} qd_linux_world_state_t;

/* The newer of two sealed copies counts; a kill in the middle of a save leaves the other one. */
typedef struct qd_linux_world {
    qd_linux_map_t map;
    qd_linux_world_state_t state;
    uint32_t sequence;
    bool known;           /* there was a saved state */
    int64_t start_utc_ms; /* UTC at tick 0 of this process; the caller sets it */
    uint64_t now_us;      /* tick of this moment; the caller keeps it */
} qd_linux_world_t;

/* QD_OK; QD_CORRUPT: neither copy holds; QD_VERSION: its size, or the copies, are those of another version;
 * QD_NO_SPACE, QD_IO as above. */
qd_status_t qd_linux_world_open(qd_linux_world_t *world, const qd_linux_dir_t *dir, const char *name,
                                qd_linux_error_t *error);
/* UTC at now_us. */
int64_t qd_linux_world_utc_ms(const qd_linux_world_t *world);
/* Writes state with utc_ms and the host's time; cheap enough for every simulated second. */
void qd_linux_world_save(qd_linux_world_t *world, int64_t utc_ms, int64_t host_utc_ms);
qd_status_t qd_linux_world_close(qd_linux_world_t *world);
/* The host's UTC, ms since 2000. */
int64_t qd_linux_host_utc_ms(void);
/* The meter's RTC runs with the world, on its battery also while the meter is off. */
qd_rtc_t qd_linux_world_rtc(qd_linux_world_t *world);

/* --- random ----------------------------------------------------------------------------------- */

typedef struct qd_linux_random {
    bool seeded;
    uint64_t state;
    size_t left;
    uint8_t pool[256];
} qd_linux_random_t;

/* From the kernel; seeded: a repeatable sequence, for tests only. */
void qd_linux_random_open(qd_linux_random_t *random, bool seeded, uint64_t seed);
qd_random_t qd_linux_random_port(qd_linux_random_t *random);

/* --- device key ------------------------------------------------------------------------------- */

/* DIR/key: one line of 32 hex digits, for its owner only (mode 0600). */
typedef struct qd_linux_key {
    uint8_t octets[QD_DEVICE_KEY_SIZE];
    bool known;
    bool created; /* the file was not there before */
} qd_linux_key_t;

/* Reads the key; where there is no file and create is true, makes one from the kernel's random source,
 * which is whole on the disk before this returns. create is for a directory that holds no meter yet: with
 * a new key an old meter's memory cannot be read. Without a directory (NULL) a new key in plain memory.
 * QD_OK; QD_UNAVAILABLE: no such file and create is false; QD_MALFORMED: not 32 hex digits; QD_DENIED:
 * others have rights to the file; QD_NO_SPACE: disk full; QD_IO. Nothing but QD_OK leaves a key. */
qd_status_t qd_linux_key_open(qd_linux_key_t *key, const qd_linux_dir_t *dir, const char *name, bool create,
                              qd_linux_error_t *error);
/* Wipes it from memory; the file stays. */
void qd_linux_key_close(qd_linux_key_t *key);
/* Valid while the struct is where it is; QD_UNAVAILABLE after the closing. */
qd_device_key_t qd_linux_key_port(qd_linux_key_t *key);

/* --- TCP -------------------------------------------------------------------------------------- */

struct uv_loop_s;
typedef struct qd_linux_server qd_linux_server_t;

/* Something happened that the meter wants to know: octets came, there is room again, a peer came or
 * went. Called from the loop; the callee steps the meter and calls qd_linux_server_flush. */
typedef void (*qd_linux_wake_t)(void *context);

/*
 * Listens on address (numeric IPv4 or IPv6) and port (0: a free one) with a pool of channels
 * connections; one beyond it is accepted and closed at once. QD_OK; QD_BUSY: the port is taken;
 * QD_ARGUMENT: no such address here; QD_NO_SPACE; QD_IO.
 */
qd_status_t qd_linux_server_open(qd_linux_server_t **server, struct uv_loop_s *loop, const char *address,
                                 uint16_t port, uint8_t channels, qd_linux_wake_t wake, void *context,
                                 qd_linux_error_t *error);
/* What frames the octets of all its channels have; the wrapper's unless told. Before a meter has the channels. */
void qd_linux_server_set_framing(qd_linux_server_t *server, qd_framing_t framing);
/* Octets both ways take the time that they take on a line of so many bit/s, ten bits each: on the host's own clock, to
 * a millisecond. Before the first peer comes. QD_OK, QD_IO. */
qd_status_t qd_linux_server_set_pace(qd_linux_server_t *server, uint32_t baud);
uint16_t qd_linux_server_port(const qd_linux_server_t *server);
/* Channel n of the pool; stays valid until the server is closed. */
const qd_channel_port_t *qd_linux_server_channel(const qd_linux_server_t *server, uint8_t n);
/* Sends what the meter has written. How many received octets still wait on channels where nothing
 * waits to be sent; on the others there will be a wake when it has gone. */
uint32_t qd_linux_server_flush(qd_linux_server_t *server);
/* Drops all connections at once; dark: later ones too, until called again with false. */
void qd_linux_server_reset(qd_linux_server_t *server, bool dark);
/* Sends what can be sent and closes; the loop must run until it has no handles, which frees server. */
void qd_linux_server_close(qd_linux_server_t *server);

/* --- serial lines ----------------------------------------------------------------------------- */

typedef struct qd_linux_line qd_linux_line_t;

#define QD_LINUX_LINE_BAUD 9600u /* of a device until it is configured */

/*
 * A line with HDLC. where is "pty:PATH" or the path of a serial device.
 *
 * pty: a new pseudo terminal, raw; PATH becomes a symbolic link to it and is removed with the line. A link of that name
 * that a killed process has left is replaced; whatever else is there stays. Who opens and closes it is not seen: this
 * end keeps it open. What the meter has sent and nobody has read for 2 s is gone, as it would be on a wire.
 * Device: 8N1, no flow control, exclusive (lock and TIOCEXCL); its settings come back when the line is closed.
 *
 * A line has no connections: its channel's generation is 1 as long as the device is there, and 0 from the moment that
 * a device is unplugged. Its channel cannot be closed. configure changes a device's speed and format when all is
 * sent, and of a pty the speed of the pace.
 * baud: pace of a pty, as qd_linux_server_set_pace has it; 0: as fast as it goes. A device has a pace of its own.
 * QD_OK; QD_BUSY: somebody else has the device or PATH; QD_ARGUMENT: no such device, or a path that cannot be;
 * QD_NO_SPACE; QD_IO.
 */
qd_status_t qd_linux_line_open(qd_linux_line_t **line, struct uv_loop_s *loop, const char *where,
                               uint32_t baud, qd_linux_wake_t wake, void *context, qd_linux_error_t *error);
/* Stays valid until the line is closed. */
const qd_channel_port_t *qd_linux_line_channel(const qd_linux_line_t *line);
/* As those of a server. */
uint32_t qd_linux_line_flush(qd_linux_line_t *line);
void qd_linux_line_reset(qd_linux_line_t *line, bool dark);
void qd_linux_line_close(qd_linux_line_t *line);

/* --- control ---------------------------------------------------------------------------------- */

#define QD_LINUX_LINE_MAX 256u

typedef struct qd_linux_control qd_linux_control_t;

/* Answers one line (without its end) with one line of at most size - 1 octets. */
typedef void (*qd_linux_control_handler_t)(void *context, const char *line, char *reply, size_t size);

/* A unix socket in the state directory, one line and one answer per connection. QD_OK, QD_NO_SPACE,
 * QD_IO. */
qd_status_t qd_linux_control_open(qd_linux_control_t **control, struct uv_loop_s *loop,
                                  const qd_linux_dir_t *dir, const char *name,
                                  qd_linux_control_handler_t handler, void *context, qd_linux_error_t *error);
/* As qd_linux_server_close; before qd_linux_dir_close. */
void qd_linux_control_close(qd_linux_control_t *control);
/* The other side: sends line to DIR/NAME and waits for the answer. QD_OK; QD_UNAVAILABLE: nobody
 * listens there; QD_IO: no answer in time. */
qd_status_t qd_linux_control_ask(const char *dir, const char *name, const char *line, char *reply,
                                 size_t size, uint32_t timeout_ms);

#endif
