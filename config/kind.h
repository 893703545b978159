/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration knows of a fault kind: its name, its parameters and
 * where it may stand. faults/fault.h adds what the kind does; the loader is
 * handed a lookup and never includes it. */
#ifndef CONFIG_KIND_H
#define CONFIG_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "config/diag.h"
#include "config/field.h"

/* conf_kind.flags */
#define KIND_CONNECTION 0x01u /* decides about connections, on any route */
#define KIND_HTTP_ONLY	0x02u /* needs protocol = "http" */
#define KIND_NO_STREAM	0x04u /* has no direction; `stream` is refused */
#define KIND_LISTENER	0x08u /* without per-flow conditions: at the port */
#define KIND_MAY_STALL	0x10u /* may hold bytes without a wake-up */
#define KIND_HIDDEN	0x20u /* made by partitions, not written by users */
#define KIND_DELAYS	0x40u /* its delays are measured: stage_delayed() */
#define KIND_STREAM_ONLY   0x80u /* no meaning for datagrams: udp and dns */
#define KIND_DATAGRAM_ONLY 0x100u /* needs protocol = "udp" or "dns" */
#define KIND_DNS_ONLY	   0x200u /* needs protocol = "dns" */
#define KIND_NO_DNS	   0x400u /* needs flows of many datagrams */
#define KIND_TLS	0x800u /* acts on TLS records: stands below TLS */
#define KIND_TLS_SERVER 0x1000u /* acts on our side of a client's handshake */
#define KIND_AT_OPEN	0x2000u /* at = "open" means something to it */

struct conf_fault;

struct conf_kind {
	const char *name;    /* keyword in configuration and API */
	const char *summary; /* one line, no final dot */
	const char *details; /* paragraphs of the reference page; or NULL */
	const char *example; /* a fault group as a file would hold it */
	const struct conf_field *fields;
	size_t params_size;
	unsigned flags;
	/* Checks what single fields cannot; reports to diag at where. NULL:
	 * nothing to check. */
	void (*check)(const void *params, const struct conf_where *where,
	    struct conf_diag *diag);
	/* If the fault acts on the head of a request and never later, so that
	 * no condition on the answer can be known in time: what to write for it
	 * to wait, constant. NULL: it waits. Not asked where `at` says when;
	 * a slot of NULL: no fault of this kind is that early. */
	const char *(*early)(const struct conf_fault *f);
};

/* Why the kind cannot stand on a route of this protocol (enum conf_protocol),
 * and what was expected; constant text. NULL: it can. */
const char *conf_kind_unfit(const struct conf_kind *kind, int protocol);

/* True if a field that all faults take means to the kind what it means to all:
 * it is about what the kind has, and none of its own has that name. */
bool conf_kind_takes(const struct conf_kind *kind, const char *field) PURE;

/* All kinds, in alphabetical order. */
struct conf_kinds {
	const struct conf_kind *const *items; /* borrowed */
	size_t count;
};

/* The kind called `name` among those that users may write, or NULL; then
 * `hint`, which comes empty, says what was expected. It is to be finished in
 * any case. */
const struct conf_kind *conf_kind_find(const struct conf_kinds *kinds,
    const char *name, struct str *hint);

#endif
