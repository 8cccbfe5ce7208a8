/* as_user UID GID PROGRAM [ARGUMENT]...: becomes this user, and then this program. */

#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 4)
        return 126;
    /* Else we are that user already. */
    if (geteuid() == 0 && (setgroups(0, NULL) || setgid(atoi(argv[2])) || setuid(atoi(argv[1])))) {
        perror("as_user");
        return 126;
    }
    /* A process that is being started may have a program open that was just written. */
    time_t in_vain = time(NULL) + 300;
    do {
        execvp(argv[3], argv + 3);
        sched_yield();
    } while (errno == ETXTBSY && time(NULL) < in_vain);
    perror(argv[3]);
    return 127;
}
