/* SPDX-License-Identifier: Apache-2.0 */
/* UDP on a worker: its ports. A port belongs to one worker for life, with all
 * its sessions, so that clients are numbered in the order in which their
 * datagrams came, and nothing is shared. */
#include "proxy/udp.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/protocol.h"

struct mail_port {
	struct mail mail;
	struct opened_listener opened;
};

static void
deliver_port(struct mail *mail, void *arg)
{
	struct mail_port *m = CONTAINER_OF(mail, struct mail_port, mail);
	struct worker *w = arg;
	struct udp_port *port;

	if (w->udp == NULL) {
		w->udp = xcalloc(1, sizeof(*w->udp));
		TAILQ_INIT(&w->udp->ports);
		w->udp->batch = udp_batch_new();
	}
	port = udp_port_new(w, &m->opened);
	TAILQ_INSERT_TAIL(&w->udp->ports, port, entry);
	free(m);
}

void
worker_post_port(struct worker *w, const struct opened_listener *opened)
{
	struct mail_port *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_port;
	m->opened = *opened;
	mailbox_post(&w->mailbox, &m->mail);
}

static void
reconcile(struct worker *w)
{
	struct udp_port *port, *next;

	if (w->udp == NULL)
		return;
	for (port = TAILQ_FIRST(&w->udp->ports); port != NULL; port = next) {
		next = TAILQ_NEXT(port, entry);
		if (udp_port_reconcile(port))
			continue;
		TAILQ_REMOVE(&w->udp->ports, port, entry);
		udp_port_free(port);
	}
}

static void
fini(struct worker *w)
{
	struct udp_port *port;

	if (w->udp == NULL)
		return;
	while ((port = TAILQ_FIRST(&w->udp->ports)) != NULL) {
		TAILQ_REMOVE(&w->udp->ports, port, entry);
		udp_port_free(port);
	}
	udp_batch_free(w->udp->batch);
	free(w->udp);
	w->udp = NULL;
}

const struct protocol_ops udp_protocol = {
    .reconcile = reconcile,
    .fini = fini,
};

/* The ports are those of UDP: just the flows are others. */
const struct protocol_ops dns_protocol = {.accept = NULL};
