#pragma once
#include <stddef.h>
#include <stdint.h>

/* System calls in the words of PorticoLoop. Whatever fails returns -errno. */

/* The executor whose thread this is, or NULL. */
extern _Thread_local const void *px_here_;
static inline const void *px_here(void) { return px_here_; }
static inline void px_set_here(const void *p) { px_here_ = p; }

/* An address and port; family is 4 or 6, bytes are in network order (4 or 16 of them). */
typedef struct {
  uint8_t bytes[16];
  uint32_t scope;
  uint16_t port;
  uint8_t family;
} px_address;

/* What to watch (READ, WRITE, END, EDGE) and what happened (READ, WRITE, END, HANG_UP). END: the
   peer sends no more; HANG_UP: the connection is gone in both directions, or broken. */
enum { PX_READ = 1, PX_WRITE = 2, PX_END = 4, PX_HANG_UP = 8, PX_EDGE = 16 };

typedef struct {
  uint64_t tag;
  uint32_t bits;
} px_event;

int px_poller(void);
int px_poller_add(int poller, int fd, uint32_t bits, uint64_t tag);
int px_poller_remove(int poller, int fd);
/* At most `most` (up to 512) events; 0 on a time-out or a signal. */
int px_poller_wait(int poller, px_event *events, int most, int timeout_ms);

int px_bell(void);
void px_ring(int bell);
void px_hush(int bell);

/* A listening socket, non-blocking. shared: SO_REUSEPORT. */
int px_listen(const px_address *address, int backlog, int shared);
/* A client, non-blocking, TCP_NODELAY. */
int px_accept(int listener, px_address *peer);
/* A socket on its way to the address; its first writability tells (px_socket_error). */
int px_connect(const px_address *address);
int px_socket_error(int fd);
int px_local_address(int fd, px_address *address);
int64_t px_receive(int fd, void *bytes, size_t count);
/* `more`: what comes next follows at once, and may share a packet. */
int64_t px_send(int fd, const void *bytes, size_t count, int more);
int px_shut_down_writing(int fd);
/* Close with a reset, so that the peer sees the cut. */
void px_reset(int fd);
void px_close(int fd);
/* Takes over a listening socket or a connection that came by exec: a program that is started from
   here on does not get it. -EINVAL: it is no socket, or does not listen where it should. */
int px_take_over(int fd, int listens);

/* Addresses of a name; blocks. Returns how many were written, or -1 with *reason set. */
int px_resolve(const char *name, uint16_t port, px_address *found, int most, const char **reason);

uint64_t px_monotonic_ns(void);
int64_t px_wall_us(void);

/* Blocks the signals in the calling thread (before any other starts) and gives a descriptor. */
int px_signals(const int *numbers, int count);
/* The next signal's number, 0 if there is none. */
int px_next_signal(int fd);
void px_ignore_sigpipe(void);

/* Executes this program anew with these arguments, the first one its name, NULL behind the last:
   the child's id. It is killed when the calling thread ends, so that it outlives nobody. */
int px_start_self(char *const *arguments);
/* The same with an empty environment and no descriptor but this one, which is its number 3 (0 to 2
   lead nowhere); it ignores INT, TERM and HUP. */
int px_start_confined(char *const *arguments, int descriptor);
/* Executes a program that is to outlive this one, with these descriptors under their numbers and
   what is blocked in the calling thread blocked. */
int px_start_successor(const char *path, char *const *arguments, char *const *environment,
                       const int *kept, int count);
/* Whether the path leads to the file that this process runs. */
int px_is_self(const char *path);
/* The path of that file, as the kernel knows it; its length. */
int64_t px_self_path(char *path, size_t room);
/* The working directory; its length. */
int64_t px_working_folder(char *path, size_t room);
/* One datagram to the socket at this path; a name that begins with @ is abstract. */
int px_send_datagram(const char *path, const void *bytes, size_t count);
/* Waits until something is to be read, or the end of it. 0: not in time. */
int px_wait_readable(int fd, int timeout_ms);
/* From here on, what descendants leave behind becomes this process's children. */
void px_adopt_orphans(void);
/* The children of the calling thread; how many, at most `most` of which are written. */
int px_children(int *found, int most);
/* Whether the child has ended, and how: 0 no; 1 with the exit status; 2 by the signal *value. */
int px_child_ended(int child, int *value);
/* What ps and top call this process; 15 bytes of it. */
void px_name_process(const char *name);

int px_raise_descriptor_limit(void); /* the limit that is now in force */
int px_open_descriptors(void);
int64_t px_resident_bytes(void);
int px_cpus(void);
/* Becomes this user with its groups; only as root. */
int px_drop_to_user(const char *user);
int px_open_append(const char *path);
int px_random(void *bytes, size_t count);

/* Files that are read and written at a place. */
int px_open_file(const char *path, int create); /* create: new and empty */
int64_t px_file_size(int fd);
int64_t px_read_at(int fd, void *bytes, size_t count, int64_t offset);
int64_t px_write_at(int fd, const void *bytes, size_t count, int64_t offset);
/* Sets aside the first count bytes; grow: the size becomes count. Where the file system cannot,
   only the size is set. */
int px_allocate(int fd, int64_t count, int grow);
int px_truncate(int fd, int64_t count);
int px_synchronise(int fd);
int px_synchronise_folder(const char *path);
/* Whether reading some bytes of each 64 KiB of this part would not wait for the device: 1 or 0. */
int px_is_at_hand(int fd, int64_t from, int64_t to);
/* A descriptor that keeps other processes from claiming the folder; -EWOULDBLOCK if one has it. */
int px_claim_folder(const char *path);
/* Straight from the file to a socket; how many bytes. */
int64_t px_send_file(int socket, int file, int64_t offset, size_t count);
/* Calls found once for each name but "." and "..". */
int px_list_folder(const char *path, void *context, void (*found)(void *context, const char *name));
/* Of the file system that holds the path: bytes in all, and bytes that are free to us. */
int px_disk_space(const char *path, int64_t *total, int64_t *available);

/* Two ends of a connection that keeps messages apart; the first one does not block. */
int px_message_pair(int pair[2]);
/* One message, all of it or none, with up to 8 descriptors. */
int px_send_with(int socket, const void *bytes, size_t count, const int *descriptors, int most);
/* Waits for a message and takes its descriptors, -1 where there are fewer. 0: the peer has gone. */
int64_t px_receive_with(int socket, void *bytes, size_t count, int *descriptors, int most);

/* A file that has no name and lies in memory. */
int px_memory_file(const char *name);
/* For good: nobody writes to it or changes its size any more. */
int px_seal(int fd);
/* For reading, shared; NULL if that cannot be. */
void *px_map(int fd, size_t count);
void px_unmap(void *start, size_t count);
