/*
 * The least a safe delivery into an mbox can do: standard input is appended to the file named,
 * under the locks mutt honours (fcntl on the whole file, then FILE.lock by link), with the
 * check that the path still names the locked file, and it is on the disk at exit 0. No parsing, no
 * quoting, no ticket: `tickets deliver` is measured by how little it adds to this.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    _exit(75);
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    char own[4096], dotlock[4096], tail[2];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat ours, there;
    time_t now = time(NULL);
    ssize_t got;
    size_t length;

    if (argc != 2)
        _exit(75);
    length = (size_t)sprintf(buffer, "From bench@example.net %s", asctime(gmtime(&now)));
    while ((got = read(0, buffer + length, sizeof buffer - 1 - length)) > 0)
        length += (size_t)got;
    buffer[length++] = '\n';

    int file = open(argv[1], O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 || fcntl(file, F_OFD_SETLK, &whole) < 0)
        die("lock");
    snprintf(own, sizeof own, "%s.%d", argv[1], (int)getpid());
    snprintf(dotlock, sizeof dotlock, "%s.lock", argv[1]);
    int lock = open(own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (lock < 0 || link(own, dotlock) < 0)
        die("dotlock");
    close(lock);
    unlink(own);
    if (fstat(file, &ours) < 0 || stat(argv[1], &there) < 0 || ours.st_ino != there.st_ino)
        die("moved");
    if (ours.st_size > 1 && (pread(file, tail, 2, ours.st_size - 2) != 2 || memcmp(tail, "\n\n", 2)))
        die("torn");
    if (write(file, buffer, length) != (ssize_t)length || fsync(file) < 0)
        die("write");
    unlink(dotlock);
    return 0;
}
