#define _GNU_SOURCE
#include "CPorticoLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* The process that takes this one's place. */

int px_start_successor(const char *path, char *const *arguments, char *const *environment,
                       const int *kept, int count) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  volatile int error = 0;
  /* vfork: nothing of a large process is copied, and this thread waits for exec. The child has a
     table of descriptors of its own, so that nothing else that is started now gets these. */
  pid_t child = vfork();
  if (child == 0) {
    for (int i = 0; i < count && !error; i++)
      if (fcntl(kept[i], F_SETFD, 0) < 0) error = errno;
    if (!error) {
      /* What is sent to it before it listens to signals waits for that. */
      sigprocmask(SIG_SETMASK, &before, NULL);
      execve(path, arguments, environment);
      error = errno;
    }
    _exit(127);
  }
  int failure = child < 0 ? errno : error;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child > 0 && failure) waitpid(child, NULL, 0);
  return failure ? -failure : child;
}

int px_is_self(const char *path) {
  struct stat named, own;
  if (stat(path, &named) < 0 || stat("/proc/self/exe", &own) < 0) return 0;
  return named.st_dev == own.st_dev && named.st_ino == own.st_ino;
}

int64_t px_self_path(char *path, size_t room) {
  ssize_t n = readlink("/proc/self/exe", path, room);
  return n < 0 ? -errno : n;
}

int64_t px_working_folder(char *path, size_t room) {
  return getcwd(path, room) ? (int64_t)strlen(path) : -errno;
}

int px_send_datagram(const char *path, const void *bytes, size_t count) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length < 2 || length >= sizeof name.sun_path) return -EINVAL;
  memcpy(name.sun_path, path, length);
  if (path[0] == '@') name.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  ssize_t n = sendto(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&name,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
  int error = n < 0 ? errno : 0;
  close(fd);
  return -error;
}

int px_wait_readable(int fd, int timeout_ms) {
  struct pollfd wanted = {.fd = fd, .events = POLLIN};
  int n = poll(&wanted, 1, timeout_ms);
  return n < 0 ? (errno == EINTR ? 0 : -errno) : n > 0;
}

void px_adopt_orphans(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }

int px_children(int *found, int most) {
  FILE *file = fopen("/proc/thread-self/children", "re");
  if (!file) return -errno;
  int count = 0, child;
  while (fscanf(file, "%d", &child) == 1) {
    if (count < most) found[count] = child;
    count++;
  }
  fclose(file);
  return count;
}
