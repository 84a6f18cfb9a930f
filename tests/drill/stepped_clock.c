/* A wall clock that is put forward and back while programs run, as a step of NTP or an
 * administrator does: LD_PRELOAD it, with the path of a file of 8 bytes in STEPPED_CLOCK. They
 * are a signed number of seconds, in the machine's own order, that every question for the time
 * of day is answered with more; monotonic clocks and sleeps know nothing of it, as in a kernel.
 *
 * libfaketime (0.9.10) was tried first: its clock_nanosleep fails for a deadline on a monotonic
 * clock, which is how Python sleeps from 3.11 on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none = 0;
static const volatile int64_t *ahead = &none;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("STEPPED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *seen = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (seen != MAP_FAILED)
        ahead = seen;
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *at, int base)
{
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, at) ? base : 0;
}

/* A deadline by the wall clock, as the kernel will understand it. One by a monotonic clock counts
 * from the start of the machine and is far smaller. */
static struct timespec real(const struct timespec *deadline)
{
    struct timespec at = *deadline;
    if (at.tv_sec > 500000000)
        at.tv_sec -= *ahead;
    return at;
}

int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict deadline)
{
    static int (*next)(sem_t *, const struct timespec *);
    struct timespec at = real(deadline);
    if (!next)
        next = dlsym(RTLD_NEXT, "sem_timedwait");
    return next(sem, &at);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec at = real(deadline);
    if (!next)
        next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return next(condition, mutex, &at);
}
