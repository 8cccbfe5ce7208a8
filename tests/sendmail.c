/* The sendmail of the tests: keeps its arguments (in the first line) and the message in `sent` beside it, whole or
 * not at all. It is started thousands of times, and a shell with cat and mv takes ten times as long.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEMPFAIL = 75 };

int main(int argc, char **argv)
{
    static char bytes[1 << 16];
    char name[128], part[sizeof name + 16], sent[sizeof name + 16], *end = strrchr(argv[0], '/');
    ssize_t length;
    int file, i;

    if (!end)
        return TEMPFAIL;
    *end = 0;
    if (chdir(argv[0]) != 0)
        return TEMPFAIL;
    /* A name that was taken once stays taken: numbers of processes come again. */
    snprintf(name, sizeof name, "%d", getpid());
    for (;; strcat(name, ".")) {
        snprintf(sent, sizeof sent, "sent.tmp/%s", name);
        if ((file = open(sent, O_WRONLY | O_CREAT | O_EXCL, 0666)) >= 0)
            break;
        if (strlen(name) > 99)
            return TEMPFAIL;
    }
    close(file);
    snprintf(sent, sizeof sent, "sent/%s", name);
    snprintf(part, sizeof part, "sent.tmp/%s.part", name);
    if ((file = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0)
        return TEMPFAIL;
    for (i = 1; i < argc; i++)
        if (dprintf(file, "%s%s", i > 1 ? " " : "", argv[i]) < 0)
            return TEMPFAIL;
    if (write(file, "\n", 1) != 1)
        return TEMPFAIL;
    while ((length = read(0, bytes, sizeof bytes)) > 0)
        if (write(file, bytes, length) != length)
            return TEMPFAIL;
    if (length < 0 || close(file) != 0)
        return TEMPFAIL;
    return renameat(AT_FDCWD, part, AT_FDCWD, sent) == 0 ? 0 : TEMPFAIL;
}
