/*
 * map.c - a file of fixed size in memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void clean(qd_linux_map_t *map) {
    map->dirty_begin = UINT32_MAX;
    map->dirty_end = 0;
}

qd_linux_content_t qd_linux_file_content(const qd_linux_dir_t *dir, const char *name, uint32_t skip) {
    uint8_t part[4096];
    struct stat found;
    bool zeros = true, ones = true;
    off_t at = (off_t)skip;
    ssize_t length;
    int fd = openat(dir->fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? QD_LINUX_ABSENT : QD_LINUX_FILLED;
    }
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        (void)close(fd);
        return QD_LINUX_FILLED;
    }
    if (found.st_size == 0) {
        (void)close(fd);
        return QD_LINUX_EMPTY;
    }
    while ((zeros || ones) && (length = pread(fd, part, sizeof part, at)) != 0) {
        for (ssize_t i = 0; i < length; i++) {
            zeros = zeros && part[i] == 0x00;
            ones = ones && part[i] == 0xFF;
        }
        zeros = zeros && length > 0;
        ones = ones && length > 0;
        at += length;
    }
    (void)close(fd);
    return zeros || ones ? QD_LINUX_BLANK : QD_LINUX_FILLED;
}

void qd_linux_file_grow(const qd_linux_dir_t *dir, const char *name, uint32_t from, uint32_t to) {
    struct stat found;
    int fd = openat(dir->fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == (off_t)from && to > from) {
        (void)posix_fallocate(fd, 0, (off_t)to);
    }
    (void)close(fd);
}

static qd_status_t open_file(qd_linux_map_t *map, const qd_linux_dir_t *dir, const char *name,
                             qd_linux_error_t *error) {
    struct stat found;
    int code;

    map->fd = openat(dir->fd, name, O_RDWR | O_CLOEXEC);
    if (map->fd < 0 && errno == ENOENT) {
        map->fd = openat(dir->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        map->created = map->fd >= 0;
    }
    if (map->fd < 0 || fstat(map->fd, &found) != 0) {
        return qd_linux_fault(error, QD_IO, "%s/%s: %s; check the rights of the file", dir->path, name,
                              strerror(errno));
    }
    if (!S_ISREG(found.st_mode)) {
        return qd_linux_fault(error, QD_IO, "%s/%s: is no file; remove it or choose another --state",
                              dir->path, name);
    }
    /* A run that died between making the file and taking its space left it empty. */
    map->created = map->created || found.st_size == 0;
    if (!map->created && found.st_size != (off_t)map->size) {
        return qd_linux_fault(
            error, QD_VERSION,
            "%s/%s: has %lld octets where this model takes %lu: it was cut, or another model or version "
            "wrote "
            "it; put the file back from a copy, run that one, or choose another --name or --state",
            dir->path, name, (long long)found.st_size, (unsigned long)map->size);
    }
    code = posix_fallocate(map->fd, 0, (off_t)map->size);
    if (code != 0) {
        return qd_linux_fault(error, code == ENOSPC || code == EDQUOT ? QD_NO_SPACE : QD_IO,
                              "%s/%s: cannot take %lu octets: %s; make room or choose another --state",
                              dir->path, name, (unsigned long)map->size, strerror(code));
    }
    return QD_OK;
}

static qd_status_t open_memory(qd_linux_map_t *map, qd_linux_error_t *error) {
    map->octets = calloc(1, map->size);
    map->created = true;
    return map->octets != NULL ? QD_OK : qd_linux_fault(error, QD_NO_SPACE, "no memory; run fewer meters");
}

qd_status_t qd_linux_map_open(qd_linux_map_t *map, const qd_linux_dir_t *dir, const char *name, uint32_t size,
                              qd_linux_error_t *error) {
    qd_status_t status;
    void *memory;

    (void)memset(map, 0, sizeof *map);
    map->size = size;
    map->fd = -1;
    clean(map);
    if (dir == NULL) {
        return open_memory(map, error);
    }
    status = open_file(map, dir, name, error);
    if (status == QD_OK) {
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map->fd, 0);
        if (memory == MAP_FAILED) {
            status =
                qd_linux_fault(error, QD_IO, "%s/%s: cannot be mapped: %s", dir->path, name, strerror(errno));
        } else {
            map->octets = memory;
        }
    }
    if (status != QD_OK && map->fd >= 0) {
        if (map->created) {
            (void)unlinkat(dir->fd, name, 0);
        }
        (void)close(map->fd);
        map->fd = -1;
    }
    return status;
}

void qd_linux_map_write(qd_linux_map_t *map, uint32_t offset, const void *octets, uint32_t length) {
    (void)memcpy(map->octets + offset, octets, length);
    map->dirty_begin = offset < map->dirty_begin ? offset : map->dirty_begin;
    map->dirty_end = offset + length > map->dirty_end ? offset + length : map->dirty_end;
}

qd_status_t qd_linux_map_sync(qd_linux_map_t *map) {
    size_t page, begin;

    if (map->fd < 0 || map->dirty_end == 0) {
        return QD_OK;
    }
    page = (size_t)sysconf(_SC_PAGESIZE);
    begin = map->dirty_begin & ~(page - 1);
    if (msync(map->octets + begin, map->dirty_end - begin, MS_SYNC) != 0) {
        return QD_IO;
    }
    clean(map);
    return QD_OK;
}

qd_status_t qd_linux_map_close(qd_linux_map_t *map) {
    qd_status_t status = QD_OK;
    struct stat found;

    if (map->octets == NULL) {
        return QD_OK;
    }
    if (map->fd < 0) {
        free(map->octets);
    } else {
        status = qd_linux_map_sync(map);
        /* Somebody took the file away or cut it: what was written has no home. */
        if (fstat(map->fd, &found) != 0 || found.st_nlink == 0 || found.st_size != (off_t)map->size) {
            status = QD_IO;
        }
        (void)munmap(map->octets, map->size);
        (void)close(map->fd);
    }
    map->octets = NULL;
    map->fd = -1;
    return status;
}
