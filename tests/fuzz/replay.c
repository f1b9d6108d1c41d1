/*
 * replay.c - runs a fuzz target over the files of directories, without a fuzzer.
 *
 * Usage: replay_fuzz_NAME DIRECTORY... Prints "N passed, N failed"; a fault of the target ends the program
 * with its signal, after the file's name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned passed;
static unsigned failed;

static void replay(const char *path) {
    struct stat info;
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size;

    if (file != NULL && fstat(fileno(file), &info) == 0 && info.st_size >= 0) {
        size = (size_t)info.st_size;
        data = malloc(size > 0u ? size : 1u); /* exactly as long, so that a sanitizer sees the end */
        if (data != NULL && fread(data, 1, size, file) == size) {
            (void)fprintf(stderr, "%s\r", path);
            (void)LLVMFuzzerTestOneInput(data, size);
            passed++;
        } else {
            failed++;
        }
    } else {
        failed++;
    }
    free(data);
    if (file != NULL) {
        (void)fclose(file);
    }
}

static void replay_directory(const char *directory) {
    struct dirent **names = NULL;
    int count = scandir(directory, &names, NULL, alphasort);
    int i;

    if (count < 0) {
        (void)fprintf(stderr, "%s: cannot be read\n", directory);
        failed++;
        return;
    }
    for (i = 0; i < count; i++) {
        char path[4096];

        if (names[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]->d_name);
            replay(path);
        }
        free(names[i]);
    }
    free(names);
}

int main(int argc, char **argv) {
    int i;

    for (i = 1; i < argc; i++) {
        replay_directory(argv[i]);
    }
    (void)printf("%u passed, %u failed\n", passed, failed);
    return failed > 0u || passed == 0u;
}
