/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's socket: dialling, and bytes by TLS or not. */
#ifndef LOAD_CONN_IO_H
#define LOAD_CONN_IO_H

#include <sys/types.h>

#include "load/conn.h"

#define LOAD_IO_AGAIN  (-1) /* nothing now */
#define LOAD_IO_BROKEN (-2) /* reset, or no TLS */

/* Begins with the next address, of those that are left. 0: it is on its way or
 * there; else an errno, and no socket. */
int load_io_dial(struct load_conn *c);
/* What became of it, once the socket says that it is over: 0, or an errno. */
int load_io_dialled(const struct load_conn *c);
/* Bytes that were read; 0: the peer ended its side; or one of those above. */
ssize_t load_io_read(struct load_conn *c, void *to, size_t room);
/* Sends what waits. False: nothing more can be sent, write_error says why. */
bool load_io_flush(struct load_conn *c);
/* A step towards TLS, protocol.ask and the handshake: 1 done, 0 not yet, -1
 * failed. */
int load_io_handshake(struct load_conn *c);
/* Why TLS failed just now; constant. */
const char *load_io_tls_error(const struct load_conn *c);
/* Bytes of ours that the peer's host has not acknowledged (SIOCOUTQ, tcp(7));
 * 0 if the socket is not TCP's. */
size_t load_io_unacknowledged(const struct load_conn *c);
/* Lets go of the socket, its TLS and its event; nothing if there is none. */
void load_io_close(struct load_conn *c);

#endif
