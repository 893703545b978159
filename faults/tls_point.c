/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a point of a handshake among records. What is secret by then is
 * told by its place: a flight begins with the first record that cannot belong
 * to the one before. */
#include "faults/tls_point.h"

#define LOOK (TLS_RECORD_HEAD + 6) /* a record's head and its message's */

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION };
enum { CLIENT_HELLO = 1, SESSION_TICKET = 4 };

const char *const tls_at_choices[] = {
    "client_hello", "server_hello", "client_finished", "server_finished", NULL};

unsigned
tls_at_links(enum tls_at at)
{
	return at == TLS_AT_CLIENT_HELLO || at == TLS_AT_CLIENT_FINISHED
	    ? LINK_MASK_UP
	    : LINK_MASK_DOWN;
}

/* A hello in the clear: its version follows the message's head. */
static bool
is_client_hello(const unsigned char *head, size_t len)
{
	return head[0] == HANDSHAKE && len >= LOOK - 1 &&
	    head[TLS_RECORD_HEAD] == CLIENT_HELLO && head[9] == 3;
}

/* Does the flight begin with this record? */
static bool
begins(enum tls_at at, const unsigned char *head, size_t len)
{
	switch (at) {
	case TLS_AT_CLIENT_HELLO:
	case TLS_AT_SERVER_HELLO:
		return true;
	case TLS_AT_CLIENT_FINISHED:
		return head[0] == APPLICATION ||
		    (head[0] == HANDSHAKE && !is_client_hello(head, len));
	case TLS_AT_SERVER_FINISHED:
		return head[0] == APPLICATION ||
		    head[0] == CHANGE_CIPHER_SPEC ||
		    (head[0] == HANDSHAKE &&
			head[TLS_RECORD_HEAD] == SESSION_TICKET);
	}
	return false;
}

/* So many bytes tell what a record is. */
static size_t
needed(const unsigned char *head, size_t len)
{
	if (len == 0 || head[0] != HANDSHAKE)
		return TLS_RECORD_HEAD;
	return LOOK;
}

size_t
tls_point_before(struct tls_point *p, enum tls_at at, const struct bytes *in)
{
	size_t pass = 0;

	while (!p->reached && !p->other && pass < in->len) {
		unsigned char head[LOOK] = {0};
		size_t len;

		if (p->left > 0) {
			size_t n = MIN(p->left, in->len - pass);

			pass += n;
			p->left -= n;
			continue;
		}
		len = bytes_peek(in, pass, head, sizeof(head));
		if (head[0] < CHANGE_CIPHER_SPEC || head[0] > APPLICATION ||
		    (len > 1 && head[1] != 3)) {
			p->other = true;
			break;
		}
		if (len < needed(head, len))
			return pass;
		if (begins(at, head, len))
			p->reached = true;
		else
			p->left = TLS_RECORD_HEAD +
			    ((size_t)head[3] << 8 | head[4]);
	}
	return p->other ? in->len : pass;
}
