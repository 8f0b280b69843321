#define _GNU_SOURCE
#include "CPorticoLinux.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

_Thread_local const void *px_here_;

static int result(int r) { return r < 0 ? -errno : r; }

/* MARK: poller */

int px_poller(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

int px_poller_add(int poller, int fd, uint32_t bits, uint64_t tag) {
  struct epoll_event e = {.data.u64 = tag};
  if (bits & PX_READ) e.events |= EPOLLIN;
  if (bits & PX_WRITE) e.events |= EPOLLOUT;
  if (bits & PX_END) e.events |= EPOLLRDHUP;
  if (bits & PX_EDGE) e.events |= EPOLLET;
  return result(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e));
}

int px_poller_remove(int poller, int fd) {
  return result(epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL));
}

int px_poller_wait(int poller, px_event *events, int most, int timeout_ms) {
  struct epoll_event found[512];
  int n = epoll_wait(poller, found, most < 512 ? most : 512, timeout_ms);
  if (n < 0) return 0; /* EINTR; nothing else can happen to a valid poller */
  for (int i = 0; i < n; i++) {
    uint32_t bits = 0, e = found[i].events;
    if (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) bits |= PX_READ;
    if (e & (EPOLLOUT | EPOLLHUP | EPOLLERR)) bits |= PX_WRITE;
    if (e & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) bits |= PX_END;
    if (e & (EPOLLHUP | EPOLLERR)) bits |= PX_HANG_UP;
    events[i] = (px_event){.tag = found[i].data.u64, .bits = bits};
  }
  return n;
}

int px_bell(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

void px_ring(int bell) {
  uint64_t one = 1;
  (void)!write(bell, &one, sizeof one);
}

void px_hush(int bell) {
  uint64_t count;
  (void)!read(bell, &count, sizeof count);
}

/* MARK: sockets */

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_storage room;
} name_of_socket;

static socklen_t to_socket(const px_address *a, name_of_socket *s) {
  memset(s, 0, sizeof *s);
  if (a->family == 4) {
    s->v4.sin_family = AF_INET;
    s->v4.sin_port = htons(a->port);
    memcpy(&s->v4.sin_addr, a->bytes, 4);
    return sizeof s->v4;
  }
  s->v6.sin6_family = AF_INET6;
  s->v6.sin6_port = htons(a->port);
  s->v6.sin6_scope_id = a->scope;
  memcpy(&s->v6.sin6_addr, a->bytes, 16);
  return sizeof s->v6;
}

static void from_socket(const name_of_socket *s, px_address *a) {
  memset(a, 0, sizeof *a);
  if (s->any.sa_family == AF_INET) {
    a->family = 4;
    a->port = ntohs(s->v4.sin_port);
    memcpy(a->bytes, &s->v4.sin_addr, 4);
  } else if (s->any.sa_family == AF_INET6) {
    a->family = 6;
    a->port = ntohs(s->v6.sin6_port);
    a->scope = s->v6.sin6_scope_id;
    memcpy(a->bytes, &s->v6.sin6_addr, 16);
  }
}

static int close_with(int fd, int error) {
  close(fd);
  return -error;
}

int px_listen(const px_address *address, int backlog, int shared) {
  name_of_socket s;
  socklen_t length = to_socket(address, &s);
  int one = 1, fd = socket(s.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0)
    return close_with(fd, errno);
  if (address->family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind(fd, &s.any, length) < 0 || listen(fd, backlog) < 0) return close_with(fd, errno);
  return fd;
}

int px_accept(int listener, px_address *peer) {
  name_of_socket s;
  socklen_t length = sizeof s;
  int one = 1, fd = accept4(listener, &s.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return -errno;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  from_socket(&s, peer);
  return fd;
}

int px_connect(const px_address *address) {
  name_of_socket s;
  socklen_t length = to_socket(address, &s);
  int one = 1, fd = socket(s.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, &s.any, length) < 0 && errno != EINPROGRESS) return close_with(fd, errno);
  return fd;
}

int px_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
  return -error;
}

int px_local_address(int fd, px_address *address) {
  name_of_socket s;
  socklen_t length = sizeof s;
  if (getsockname(fd, &s.any, &length) < 0) return -errno;
  from_socket(&s, address);
  return 0;
}

int64_t px_receive(int fd, void *bytes, size_t count) {
  ssize_t n = recv(fd, bytes, count, 0);
  return n < 0 ? -errno : n;
}

int64_t px_send(int fd, const void *bytes, size_t count, int more) {
  ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  return n < 0 ? -errno : n;
}

int px_shut_down_writing(int fd) { return result(shutdown(fd, SHUT_WR)); }

void px_reset(int fd) {
  struct linger hard = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close(fd);
}

void px_close(int fd) { close(fd); }

int px_take_over(int fd, int listens) {
  int is = 0;
  socklen_t length = sizeof is;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &length) < 0) return -errno;
  if (is != listens) return -EINVAL;
  return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int px_resolve(const char *name, uint16_t port, px_address *found, int most, const char **reason) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
  int error = getaddrinfo(name, NULL, &hints, &list), count = 0;
  if (error) {
    *reason = gai_strerror(error);
    return -1;
  }
  for (struct addrinfo *each = list; each && count < most; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    from_socket((const name_of_socket *)each->ai_addr, &found[count]);
    found[count++].port = port;
  }
  freeaddrinfo(list);
  return count;
}

/* MARK: clock, signals, process */

uint64_t px_monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t px_wall_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int px_signals(const int *numbers, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, numbers[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  return result(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int px_next_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void px_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

int px_start_self(char *const *arguments) {
  int report[2], error = 0;
  pid_t parent = getpid();
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  pid_t child = fork();
  if (child == 0) {
    /* System calls only: the locks of other threads are as fork has found them. */
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have gone before we asked to be told. */
    if (getppid() != parent) _exit(127);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv("/proc/self/exe", arguments);
    error = errno;
    (void)!write(report[1], &error, sizeof error);
    _exit(127);
  }
  error = child < 0 ? errno : 0;
  close(report[1]);
  /* The pipe closes without a word when exec succeeds. */
  if (child > 0 && read(report[0], &error, sizeof error) > 0) waitpid(child, NULL, 0);
  close(report[0]);
  return error ? -error : child;
}

int px_child_ended(int child, int *value) {
  int status = 0, found = waitpid(child, &status, WNOHANG);
  if (found == 0) return 0;
  if (found < 0) return -errno;
  *value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return WIFSIGNALED(status) ? 2 : 1;
}

void px_name_process(const char *name) { prctl(PR_SET_NAME, name); }

int px_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  /* More than a million would only make the tables of other libraries large. */
  rlim_t wanted = limit.rlim_max < 1048576 ? limit.rlim_max : 1048576;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) < 0)
      return -errno;
  }
  return (int)limit.rlim_cur;
}

int px_open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  if (!folder) return -errno;
  while (readdir(folder)) count++;
  closedir(folder);
  return count - 3; /* ".", ".." and the folder itself */
}

int64_t px_resident_bytes(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return -errno;
  if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
  fclose(file);
  return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

int px_cpus(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int px_drop_to_user(const char *user) {
  errno = 0;
  struct passwd *entry = getpwnam(user);
  if (!entry) return errno ? -errno : -ENOENT;
  if (initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
      setuid(entry->pw_uid) < 0)
    return -errno;
  return 0;
}

int px_open_append(const char *path) {
  return result(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
}

int px_random(void *bytes, size_t count) {
  return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -errno;
}

/* MARK: files */

int px_open_file(const char *path, int create) {
  int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_TRUNC : 0);
  return result(open(path, flags, 0600));
}

int64_t px_file_size(int fd) {
  struct stat s;
  return fstat(fd, &s) < 0 ? -errno : s.st_size;
}

int64_t px_read_at(int fd, void *bytes, size_t count, int64_t offset) {
  ssize_t n;
  do n = pread(fd, bytes, count, offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t px_write_at(int fd, const void *bytes, size_t count, int64_t offset) {
  ssize_t n;
  do n = pwrite(fd, bytes, count, offset);
  while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int px_allocate(int fd, int64_t count, int grow) {
  int n;
  do n = fallocate(fd, grow ? 0 : FALLOC_FL_KEEP_SIZE, 0, count);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EOPNOTSUPP) n = grow ? ftruncate(fd, count) : 0;
  return result(n);
}

int px_truncate(int fd, int64_t count) { return result(ftruncate(fd, count)); }

int px_synchronise(int fd) { return result(fdatasync(fd)); }

int px_synchronise_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int n = result(fsync(fd));
  close(fd);
  return n;
}

static int is_at_hand(int fd, int64_t at) {
  char byte;
  struct iovec into = {&byte, 1};
  return preadv2(fd, &into, 1, at, RWF_NOWAIT) == 1;
}

int px_is_at_hand(int fd, int64_t from, int64_t to) {
  if (from >= to) return 1;
  for (int64_t at = from; at < to; at += 64 << 10)
    if (!is_at_hand(fd, at)) return 0;
  return is_at_hand(fd, to - 1);
}

int px_claim_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int64_t px_send_file(int socket, int file, int64_t offset, size_t count) {
  off_t at = offset;
  ssize_t n = sendfile(socket, file, &at, count);
  return n < 0 ? -errno : n;
}

int px_list_folder(const char *path, void *context,
                   void (*found)(void *context, const char *name)) {
  DIR *folder = opendir(path);
  if (!folder) return -errno;
  struct dirent *entry;
  errno = 0;
  while ((entry = readdir(folder))) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) found(context, entry->d_name);
    errno = 0;
  }
  int error = errno;
  closedir(folder);
  return -error;
}

int px_disk_space(const char *path, int64_t *total, int64_t *available) {
  struct statvfs s;
  if (statvfs(path, &s) < 0) return -errno;
  *total = (int64_t)s.f_blocks * (int64_t)s.f_frsize;
  *available = (int64_t)s.f_bavail * (int64_t)s.f_frsize;
  return 0;
}
