#define _GNU_SOURCE
#include "CPorticoLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processes that are trusted with nothing, and what passes between them and us. */

static int result(int r) { return r < 0 ? -errno : r; }

int px_message_pair(int pair[2]) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -errno;
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  return 0;
}

int px_start_confined(char *const *arguments, int descriptor) {
  static char *const nothing[] = {NULL};
  pid_t parent = getpid();
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return -errno;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  volatile int error = 0;
  /* vfork: nothing of a large process is copied, and this thread waits for exec. The child makes
     system calls only, and writes to nothing but `error`. */
  pid_t child = vfork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    /* It ends with its socket. What a terminal or a service manager sends to the whole group is
       for the parent, which may still need it. A handler cannot run: all are blocked until now,
       and exec resets them. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGTERM, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    if (dup2(nowhere, 0) >= 0 && dup2(nowhere, 1) >= 0 && dup2(nowhere, 2) >= 0) {
      int kept = descriptor == 3 ? fcntl(3, F_SETFD, 0) : dup2(descriptor, 3);
      if (kept >= 0) {
        syscall(SYS_close_range, 4u, ~0u, 0u);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve("/proc/self/exe", arguments, nothing);
      }
    }
    error = errno;
    _exit(127);
  }
  int failure = child < 0 ? errno : error;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child > 0 && failure) waitpid(child, NULL, 0);
  close(nowhere);
  return failure ? -failure : child;
}

int px_send_with(int socket, const void *bytes, size_t count, const int *descriptors, int most) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(8 * sizeof(int))];
  } control;
  if (most < 0 || most > 8) return -EINVAL;
  memset(&control, 0, sizeof control);
  struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (most > 0) {
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE((size_t)most * sizeof(int));
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN((size_t)most * sizeof(int));
    memcpy(CMSG_DATA(rights), descriptors, (size_t)most * sizeof(int));
  }
  ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
  if (n < 0) return -errno;
  return (size_t)n == count ? 0 : -EMSGSIZE;
}

int64_t px_receive_with(int socket, void *bytes, size_t count, int *descriptors, int most) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(8 * sizeof(int))];
  } control;
  struct iovec piece = {.iov_base = bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control.room,
                           .msg_controllen = sizeof control.room};
  for (int i = 0; i < most; i++) descriptors[i] = -1;
  ssize_t n;
  do n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  int found = 0;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    size_t many = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < many; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(each) + i * sizeof(int), sizeof fd);
      if (found < most) descriptors[found++] = fd;
      else close(fd);
    }
  }
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return -EMSGSIZE;
  return n;
}

int px_memory_file(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | 8u /* MFD_NOEXEC_SEAL */);
  /* Before Linux 6.3 the last flag is unknown. */
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return result(fd);
}

int px_seal(int fd) {
  return result(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
}

void *px_map(int fd, size_t count) {
  void *start = mmap(NULL, count, PROT_READ, MAP_SHARED, fd, 0);
  return start == MAP_FAILED ? NULL : start;
}

void px_unmap(void *start, size_t count) { munmap(start, count); }
