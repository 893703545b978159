/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of the load generator: the loopback interface and nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

#define BACKLOG		   4096
#define CONNECT_TIMEOUT_MS 5000

static struct sockaddr_in
net_loopback(int64_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static void
net_set_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int
net_listen(int64_t port)
{
	struct sockaddr_in address = net_loopback(port);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		load_die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (port == 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, BACKLOG) != 0)
		load_die("listen");
	return fd;
}

int
net_connect_begin(int64_t port)
{
	struct sockaddr_in address = net_loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		load_die("socket");
	net_set_nodelay(fd);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

int
net_connect(int64_t port)
{
	int fd = net_connect_begin(port), error = 0;
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(error);

	if (fd < 0)
		load_die("connect");
	if (poll(&wait, 1, CONNECT_TIMEOUT_MS) != 1) {
		errno = ETIMEDOUT;
		load_die("connect");
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		errno = error;
		load_die("connect");
	}
	return fd;
}

int
net_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		net_set_nodelay(fd);
	return fd;
}

void
net_watch(int epfd, int fd, uint32_t events, void *ptr)
{
	struct epoll_event event = {.events = events, .data = {.ptr = ptr}};

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) != 0)
		load_die("epoll_ctl");
}

void
net_rewatch(int epfd, int fd, uint32_t events, void *ptr)
{
	struct epoll_event event = {.events = events, .data = {.ptr = ptr}};

	if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) != 0)
		load_die("epoll_ctl");
}

int
net_epoll(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	if (epfd < 0)
		load_die("epoll_create1");
	return epfd;
}
