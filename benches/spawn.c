/*
 * Starts one program and says what it cost: spawn INPUT OUTPUT PROGRAM [ARGUMENT...]
 *
 * Prints wall nanoseconds (fork to the end), user + system microseconds, peak memory in KiB, and
 * the wait status. A program of its own, because a child's peak memory starts with its parent's.
 * With BENCH_RT set the child runs under SCHED_FIFO, which keeps other loads of the machine out.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec before, after;
    struct rusage cost;
    struct sched_param first = {.sched_priority = 1};
    int status = 0;

    int output = argc < 4 ? -1 : open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (output < 0 || close(0) < 0 || open(argv[1], O_RDONLY) != 0) {
        perror("spawn");
        return 1;
    }
    if (getenv("BENCH_RT") && sched_setscheduler(0, SCHED_FIFO, &first) < 0) {
        perror("spawn: BENCH_RT");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    pid_t child = vfork();
    if (child == 0) {
        dup2(output, 1);
        execv(argv[3], argv + 3);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &cost) != child) {
        perror("spawn");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("%lld %lld %ld %d\n",
           (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec,
           (cost.ru_utime.tv_sec + cost.ru_stime.tv_sec) * 1000000LL + cost.ru_utime.tv_usec +
               cost.ru_stime.tv_usec,
           cost.ru_maxrss, status);
    return 0;
}
