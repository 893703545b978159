/* SPDX-License-Identifier: Apache-2.0 */
/* A library to preload: system calls on sockets fail now and then, as they do
 * on a machine that is short of something. FLAKY in the environment says which
 * and how often, "recv=0.05,short=0.3,accept=0.1"; they do so only while the
 * file that FLAKY_WHILE names is there.
 *
 *	recv, send	interrupted, or nothing to be had after all
 *	short		fewer bytes than there are, or than there is room for
 *			(and there is no io_uring, which sends past all this)
 *	accept, socket, connect, epoll, nobufs, write
 *			errors that the call has for the lack of descriptors,
 *			memory, ports, or room on the disk
 *	clock		the wall clock is so many hours ahead: it jumps when the
 *			file comes and when it goes
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define LOOK_NS	    1000000 /* how often FLAKY_WHILE is looked for */

static const char *const names[] = {"recv",   "send",	 "short", "accept",
				    "socket", "connect", "epoll", "nobufs",
				    "write",  "clock"};
enum {
	RECV,
	SEND,
	SHORT,
	ACCEPT,
	SOCKET,
	CONNECT,
	EPOLL,
	NOBUFS,
	WRITE,
	CLOCK
};

static double shares[COUNT_OF(names)];
static const char *while_file;
static atomic_int_fast64_t looked_ns;
static atomic_bool on;
static atomic_uint_fast64_t state = 0x9e3779b97f4a7c15u;

__attribute__((constructor)) static void
read_environment(void)
{
	const char *text = getenv("FLAKY");

	while_file = getenv("FLAKY_WHILE");
	for (size_t i = 0; text != NULL && i < COUNT_OF(names); i++) {
		size_t len = strlen(names[i]);

		for (const char *p = text; (p = strstr(p, names[i])) != NULL;
		     p += len) {
			if (p[len] == '=')
				shares[i] = strtod(p + len + 1, NULL);
		}
	}
}

static bool
is_on(void)
{
	struct timespec now;
	struct stat st;
	int64_t now_ns;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (now_ns - looked_ns > LOOK_NS) {
		looked_ns = now_ns;
		on = while_file != NULL && stat(while_file, &st) == 0;
	}
	return on;
}

/* splitmix64 */
static uint64_t
bits(void)
{
	uint64_t z = atomic_fetch_add(&state, 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool
strikes(int what)
{
	return shares[what] > 0 && is_on() &&
	       (double)(bits() >> 11) * 0x1p-53 < shares[what];
}

static bool
fails(int what, const int *errors, size_t count)
{
	if (!strikes(what))
		return false;
	errno = errors[bits() % count];
	return true;
}

#define FAILS(what, ...)                                                       \
	fails(what, (const int[]){__VA_ARGS__},                                \
	      COUNT_OF(((const int[]){__VA_ARGS__})))

static size_t
shorter(size_t len)
{
	return len > 1 && strikes(SHORT) ? 1 + bits() % (len - 1) : len;
}

/* The next one of that name. */
#define REAL(name)                                                             \
	static __typeof__(&name) real;                                         \
	if (real == NULL)                                                      \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	REAL(recv);
	if (FAILS(RECV, EINTR, EAGAIN))
		return -1;
	return real(fd, buf, shorter(len), flags);
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	REAL(recvmsg);
	if (FAILS(RECV, EINTR, EAGAIN))
		return -1;
	return real(fd, msg, flags);
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	REAL(send);
	if (FAILS(SEND, EINTR, EAGAIN) || FAILS(NOBUFS, ENOBUFS, ENOMEM))
		return -1;
	return real(fd, buf, shorter(len), flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct msghdr less = *msg;
	struct iovec first;

	REAL(sendmsg);
	if (FAILS(SEND, EINTR, EAGAIN) || FAILS(NOBUFS, ENOBUFS, ENOMEM))
		return -1;
	if (msg->msg_iovlen == 0 || msg->msg_name != NULL || !strikes(SHORT))
		return real(fd, msg, flags);
	first = msg->msg_iov[0];
	first.iov_len = shorter(first.iov_len);
	less.msg_iov = &first;
	less.msg_iovlen = 1;
	return real(fd, &less, flags);
}

ssize_t
splice(int in, off_t *in_off, int out, off_t *out_off, size_t len,
       unsigned flags)
{
	REAL(splice);
	if (FAILS(RECV, EINTR, EAGAIN))
		return -1;
	return real(in, in_off, out, out_off, shorter(len), flags);
}

int
accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	REAL(accept4);
	if (FAILS(ACCEPT, EMFILE, ENFILE, ECONNABORTED, ENOBUFS, EINTR, EPROTO))
		return -1;
	return real(fd, addr, len, flags);
}

int
socket(int domain, int type, int protocol)
{
	REAL(socket);
	if (FAILS(SOCKET, EMFILE, ENOBUFS))
		return -1;
	return real(domain, type, protocol);
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	REAL(connect);
	if (FAILS(CONNECT, EADDRNOTAVAIL, ENETUNREACH, EAGAIN))
		return -1;
	return real(fd, addr, len);
}

int
epoll_ctl(int ep, int op, int fd, struct epoll_event *event)
{
	REAL(epoll_ctl);
	if (op == EPOLL_CTL_ADD && FAILS(EPOLL, ENOMEM, ENOSPC))
		return -1;
	return real(ep, op, fd, event);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	struct stat st;

	REAL(write);
	if (strikes(WRITE) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		errno = ENOSPC;
		return -1;
	}
	return real(fd, buf, len);
}

long
syscall(long number, ...)
{
	long a[6];
	va_list args;

	REAL(syscall);
	va_start(args, number);
	for (size_t i = 0; i < COUNT_OF(a); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_io_uring_setup) {
		errno = EPERM;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int
clock_gettime(clockid_t id, struct timespec *to)
{
	int result;

	REAL(clock_gettime);
	result = real(id, to);
	if (id == CLOCK_REALTIME && shares[CLOCK] != 0 && is_on())
		to->tv_sec += (time_t)(shares[CLOCK] * 3600);
	return result;
}
