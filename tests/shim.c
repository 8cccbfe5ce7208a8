/* Loaded before libc: a clock that is ahead, files that a copy of a store has from its original,
 * an index that is taken away, and a disk that takes less than it was given.
 *
 *   SHIM_LATER=SECONDS   so much later it is
 *   SHIM_STAMPS=FILE     lines of six numbers: the inode and ctime (seconds, nanoseconds) that a
 *                        file has, and those it is to have as long as nobody changes it
 *   SHIM_KIND=NUMBER     every file system is of this type, as statfs(2) names it
 *   SHIM_NOSYNC=1        nothing is synced, which takes no time
 *   SHIM_GONE=N          before the Nth lock is asked for or given back, somebody takes SHIM_INDEX
 *                        away, which is a path, and puts PATH.other in its place if that exists
 *   SHIM_DISK=DIRECTORY  what lies below is on the disk that the rest is about
 *   SHIM_WRITES=FILE     for each write to it, the number of bytes is noted there
 *   SHIM_SHORT=half      each write takes half of the bytes it is given, but at least one
 *   SHIM_SHORT=one       each write takes one byte
 *   SHIM_SHORT=N         the Nth write takes half
 *   SHIM_EINTR=1         every other write is interrupted before it takes any
 *   SHIM_ROOM=BYTES      so many bytes are taken, whatever file they go to; then the disk is full
 *
 * A byte that is said to be written is written: all but the amount is the kernel's business.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct stamp {
    unsigned long long inode;
    long long sec;
    unsigned nsec;
};

static struct {
    struct stamp has, told;
} known[1024];
static int many;
static long later, room = -1, nth;
static const char *disk, *writes, *database;
static int half, one, interrupt, nosync, calls, gone;

__attribute__((constructor)) static void begin(void)
{
    const char *value;
    FILE *file;

    if ((value = getenv("SHIM_LATER")))
        later = atol(value);
    if ((value = getenv("SHIM_ROOM")))
        room = atol(value);
    if ((value = getenv("SHIM_SHORT"))) {
        half = !strcmp(value, "half");
        one = !strcmp(value, "one");
        nth = atol(value);
    }
    interrupt = getenv("SHIM_EINTR") != NULL;
    nosync = getenv("SHIM_NOSYNC") != NULL;
    disk = getenv("SHIM_DISK");
    writes = getenv("SHIM_WRITES");
    if ((value = getenv("SHIM_GONE")))
        gone = atoi(value);
    database = getenv("SHIM_INDEX");
    if (!(value = getenv("SHIM_STAMPS")) || !(file = fopen(value, "re")))
        return;
    while (many < (int)(sizeof known / sizeof *known)
           && fscanf(file, "%llu %lld %u %llu %lld %u", &known[many].has.inode,
                     &known[many].has.sec, &known[many].has.nsec, &known[many].told.inode,
                     &known[many].told.sec, &known[many].told.nsec) == 6)
        many++;
    fclose(file);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = syscall(SYS_clock_gettime, id, now);

    if (result == 0 && id == CLOCK_REALTIME)
        now->tv_sec += later;
    return result;
}

int statfs(const char *path, struct statfs *found)
{
    int result = syscall(SYS_statfs, path, found);
    const char *kind = getenv("SHIM_KIND");

    if (result == 0 && kind)
        found->f_type = strtol(kind, NULL, 0);
    return result;
}

int statfs64(const char *path, struct statfs64 *found)
{
    return statfs(path, (struct statfs *)found);
}

int statx(int dir, const char *path, int flags, unsigned mask, struct statx *found)
{
    int result = syscall(SYS_statx, dir, path, flags, mask, found);
    int i;

    for (i = 0; result == 0 && i < many; i++) {
        if (known[i].has.inode != found->stx_ino)
            continue;
        found->stx_ino = known[i].told.inode;
        if (known[i].has.sec == found->stx_ctime.tv_sec
            && known[i].has.nsec == found->stx_ctime.tv_nsec) {
            found->stx_ctime.tv_sec = known[i].told.sec;
            found->stx_ctime.tv_nsec = known[i].told.nsec;
        }
        break;
    }
    return result;
}

/* What stat(2) and its like found, as it is to be told. */
static int told(int result, struct stat *found)
{
    int i;

    for (i = 0; result == 0 && i < many; i++) {
        if (known[i].has.inode != found->st_ino)
            continue;
        found->st_ino = known[i].told.inode;
        if (known[i].has.sec == found->st_ctim.tv_sec && known[i].has.nsec == found->st_ctim.tv_nsec) {
            found->st_ctim.tv_sec = known[i].told.sec;
            found->st_ctim.tv_nsec = known[i].told.nsec;
        }
        break;
    }
    return result;
}

int fstatat(int dir, const char *path, struct stat *found, int flags)
{
    return told(syscall(SYS_newfstatat, dir, path, found, flags), found);
}

/* On 64 bits both structures are the same. */
int fstatat64(int dir, const char *path, struct stat64 *found, int flags)
{
    return fstatat(dir, path, (struct stat *)found, flags);
}

int fstat(int file, struct stat *found)
{
    return told(syscall(SYS_fstat, file, found), found);
}

int fstat64(int file, struct stat64 *found)
{
    return fstat(file, (struct stat *)found);
}

int stat(const char *path, struct stat *found)
{
    return fstatat(AT_FDCWD, path, found, 0);
}

int stat64(const char *path, struct stat64 *found)
{
    return stat(path, (struct stat *)found);
}

int lstat(const char *path, struct stat *found)
{
    return fstatat(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW);
}

int lstat64(const char *path, struct stat64 *found)
{
    return lstat(path, (struct stat *)found);
}

int fsync(int file)
{
    return nosync ? 0 : syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    return nosync ? 0 : syscall(SYS_fdatasync, file);
}

/* What `reindex` of another process does, or somebody who deletes the index by hand. */
static void take_away(void)
{
    char other[PATH_MAX];

    snprintf(other, sizeof other, "%s-journal", database);
    unlink(other);
    snprintf(other, sizeof other, "%s.other", database);
    if (rename(other, database) != 0)
        unlink(database);
}

int fcntl64(int file, int command, ...)
{
    va_list rest;
    void *argument;

    va_start(rest, command);
    argument = va_arg(rest, void *);
    va_end(rest);
    if ((command == F_SETLK || command == F_SETLKW) && database && --gone == 0)
        take_away();
    return syscall(SYS_fcntl, file, command, argument);
}

int fcntl(int file, int command, ...)
{
    va_list rest;
    void *argument;

    va_start(rest, command);
    argument = va_arg(rest, void *);
    va_end(rest);
    return fcntl64(file, command, argument);
}

static int is_on_disk(int file)
{
    char name[64], path[PATH_MAX];
    ssize_t length;

    if (!disk)
        return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    length = readlink(name, path, sizeof path);
    return length > 0 && (size_t)length > strlen(disk) && !strncmp(path, disk, strlen(disk));
}

/* How many of `count` bytes are taken; -1 and errno if none. */
static ssize_t taken(int file, size_t count)
{
    size_t most = count;

    if (count == 0 || !is_on_disk(file))
        return count;
    calls++;
    if (writes) {
        char line[32];
        int to = open(writes, O_WRONLY | O_APPEND | O_CLOEXEC);
        int length = snprintf(line, sizeof line, "%zu\n", count);

        if (to < 0 || syscall(SYS_write, to, line, length) != length)
            abort();
        close(to);
    }
    if (interrupt && calls % 2) {
        errno = EINTR;
        return -1;
    }
    if (half || calls == nth)
        most = count / 2;
    if (one)
        most = 1;
    if (most == 0)
        most = 1;
    if (room >= 0) {
        if (room == 0) {
            errno = ENOSPC;
            return -1;
        }
        if (most > (size_t)room)
            most = room;
        room -= most;
    }
    return most;
}

ssize_t write(int file, const void *bytes, size_t count)
{
    ssize_t most = taken(file, count);

    return most < 0 ? -1 : syscall(SYS_write, file, bytes, most);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at)
{
    ssize_t most = taken(file, count);

    return most < 0 ? -1 : syscall(SYS_pwrite64, file, bytes, most, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at)
{
    return pwrite64(file, bytes, count, at);
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
    int i;

    if (!is_on_disk(file))
        return syscall(SYS_writev, file, pieces, count);
    /* A short write may end after the first piece. */
    for (i = 0; i < count; i++)
        if (pieces[i].iov_len > 0)
            return write(file, pieces[i].iov_base, pieces[i].iov_len);
    return 0;
}
