#define _GNU_SOURCE
#include "CPorticoSeccomp.h"
#include <errno.h>
#include <malloc.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int limit(int what, rlim_t bytes) {
  struct rlimit both = {.rlim_cur = bytes, .rlim_max = bytes};
  return setrlimit(what, &both) < 0 ? -errno : 0;
}

/* Bytes of address space in use. */
static uint64_t space(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  if (fscanf(file, "%lu", &pages) != 1) pages = 0;
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int filter(void) {
  static const int allowed[] = {
      /* its messages, its files */
      SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(recvmsg),
      SCMP_SYS(sendmsg), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(ftruncate), SCMP_SYS(close),
      /* memory; mapping and protecting below, without execution */
      SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
      /* locks, clocks, random numbers, what the C library asks of itself */
      SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
      SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getpid), SCMP_SYS(gettid),
      SCMP_SYS(sysinfo), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
      SCMP_SYS(restart_syscall),
      /* the end, also by abort */
      SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)};
  /* Tried by libraries that can do without. */
  static const int refused[] = {SCMP_SYS(open),   SCMP_SYS(openat),     SCMP_SYS(access),
                                SCMP_SYS(stat),   SCMP_SYS(newfstatat), SCMP_SYS(statx),
                                SCMP_SYS(ioctl),  SCMP_SYS(clone),      SCMP_SYS(clone3),
                                SCMP_SYS(fcntl),  SCMP_SYS(readlink),   SCMP_SYS(prctl),
                                SCMP_SYS(rseq),   SCMP_SYS(prlimit64),  SCMP_SYS(getrusage),
                                SCMP_SYS(uname),  SCMP_SYS(rt_sigaction)};
  scmp_filter_ctx rules = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (!rules) return -ENOMEM;
  int error = 0;
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed && !error; i++)
    error = seccomp_rule_add(rules, SCMP_ACT_ALLOW, allowed[i], 0);
  for (size_t i = 0; i < sizeof refused / sizeof *refused && !error; i++)
    error = seccomp_rule_add(rules, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
  if (!error)
    error = seccomp_rule_add(rules, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  if (!error)
    error = seccomp_rule_add(rules, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                             SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  if (!error) error = seccomp_load(rules);
  seccomp_release(rules);
  return error;
}

int psc_confine(uint64_t memory, uint64_t file) {
  /* One arena, grown in place: what is freed goes back, and no arena reserves address space. */
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  int error = limit(RLIMIT_CORE, 0);
  if (!error) error = limit(RLIMIT_FSIZE, file);
  /* Its socket, the two files of a job, and one to spare. */
  if (!error) error = limit(RLIMIT_NOFILE, 16);
  if (!error) error = limit(RLIMIT_AS, space() + memory);
  if (!error && prctl(PR_SET_DUMPABLE, 0) < 0) error = -errno;
  return error ? error : filter();
}
