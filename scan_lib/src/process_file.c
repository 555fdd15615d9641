/* SPDX-License-Identifier: MulanPSL-2.0 */
#include "process_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

/* "/proc/2147483647/" and the longest name that we open. */
#define PATH_BYTES 64

bool pid_is_valid(const char *pid)
{
    long value = 0;

    if (pid == NULL || pid[0] < '1' || pid[0] > '9') {
        return false;
    }
    for (const char *at = pid; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        value = value * 10 + (*at - '0');
        if (value > INT_MAX) {
            return false;
        }
    }
    return true;
}

int process_file_open(const char *pid, const char *name, int *fd)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);

    if (length < 0 || (size_t)length >= sizeof(path)) {
        return ENAMETOOLONG;
    }
    do {
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    } while (*fd < 0 && errno == EINTR);
    if (*fd >= 0) {
        return 0;
    }
    const int error = errno;
    if (error != ENOENT) {
        return error;
    }
    (void)snprintf(path, sizeof(path), "/proc/%s", pid);
    return access(path, F_OK) == 0 ? ENOENT : ESRCH;
}

bool process_has_memory(const char *pid)
{
    char byte;
    int fd;

    if (process_file_open(pid, "maps", &fd) != 0) {
        return false;
    }
    const ssize_t got = read(fd, &byte, sizeof(byte));
    (void)close(fd);
    return got == (ssize_t)sizeof(byte);
}
