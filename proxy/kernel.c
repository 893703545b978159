/* SPDX-License-Identifier: Apache-2.0 */
/* Socket options through which the kernel takes part in faults. */
#include "proxy/kernel.h"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif
#ifndef TCP_REPAIR_ON
#define TCP_REPAIR_ON 1
#endif
#ifndef TCP_REPAIR_OFF_NO_WP
#define TCP_REPAIR_OFF_NO_WP (-1) /* without a window probe */
#endif

/* The option of IPv4 acts on IPv6 sockets too, for peers whose addresses are
 * mapped; that of IPv6 does on those alone. */
bool
kernel_discard(int fd, bool on)
{
	int ttl = on ? 255 : 0;
	int v4 = setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof(ttl));
	int v6 =
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl, sizeof(ttl));

	return v4 == 0 || v6 == 0;
}

/* A filter sees a segment from its TCP header on. One without payload passes:
 * the other direction's acknowledgements are not meant. */
bool
kernel_lose(int fd, double probability)
{
	double scaled = probability * 0x1p32;
	uint32_t below = scaled < UINT32_MAX ? (uint32_t)scaled : UINT32_MAX;
	struct sock_filter code[] = {
	    /* X = length of the header, four times its upper half byte */
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
	    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 2),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		     (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, below, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX), /* passes whole */
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {COUNT_OF(code), code};
	int none = 0;

	if (below == 0)
		return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none,
				  sizeof(none)) == 0;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) == 0;
}

bool
kernel_can_lose(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool can;

	if (fd < 0)
		return false;
	can = kernel_lose(fd, 1);
	close(fd);
	return can;
}

uint32_t
kernel_dropped(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	return info[SK_MEMINFO_DROPS];
}

bool
kernel_forget(int fd, bool on)
{
	int value = on ? TCP_REPAIR_ON : TCP_REPAIR_OFF_NO_WP;

	return setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &value, sizeof(value)) ==
	       0;
}
